"""boto3_import.py ROSTER.csv INSTANCE THREADS: creates a roster's users with boto3 and its standard retries."""

import concurrent.futures
import csv
import sys

import boto3
from botocore.config import Config


def main():
    roster, instance, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    config = Config(retries={"mode": "standard", "max_attempts": 3}, max_pool_connections=threads)
    connect = boto3.client("connect", config=config)
    routing = {p["Name"]: p["Id"] for p in connect.list_routing_profiles(InstanceId=instance)["RoutingProfileSummaryList"]}
    security = {p["Name"]: p["Id"] for p in connect.list_security_profiles(InstanceId=instance)["SecurityProfileSummaryList"]}

    def create(row):
        connect.create_user(
            InstanceId=instance,
            Username=row["user login"],
            Password=row["password"],
            IdentityInfo={"FirstName": row["first name"], "LastName": row["last name"]},
            PhoneConfig={"PhoneType": "SOFT_PHONE", "AutoAccept": True},
            RoutingProfileId=routing[row["routing profile name"]],
            SecurityProfileIds=[security[name] for name in row["security profile name"].split("|")],
            Tags={"headcount:run": "00000000-0000-0000-0000-000000000000/" + row["user login"]},
        )

    with open(roster, newline="") as file, concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(create, row) for row in csv.DictReader(file)]:
            future.result()


main()
