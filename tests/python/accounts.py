"""Holds several instances behind one address against boto3: `accounts.py LINE`, where LINE is what `headcount simulate
--format json` printed. Checks for itself and prints that it is done."""

import datetime
import json
import pathlib
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TOLD = json.loads(sys.argv[1])
BERLIN, PARIS, AUSTIN = TOLD["instances"]
ROLE = "arn:aws:iam::222222222222:role/HeadcountImport"
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})


def keys(answer):
    found = answer["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def refused(call, *args, **members):
    """The code and status of the refusal that must come."""
    try:
        answer = call(*args, **members)
    except ClientError as error:
        found = error.response
        assert found["ResponseMetadata"]["RequestId"], found
        return found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"not refused: {answer}")


def create(connect, instance, username):
    """The status of an attempt to create a user."""
    instance = instance["instance_id"]
    if instance not in PROFILES:
        routing = connect.list_routing_profiles(InstanceId=instance)["RoutingProfileSummaryList"][0]["Id"]
        security = connect.list_security_profiles(InstanceId=instance)["SecurityProfileSummaryList"][0]["Id"]
        PROFILES[instance] = {"RoutingProfileId": routing, "SecurityProfileIds": [security]}
    person = {"Password": "Analytical-1", "IdentityInfo": {"FirstName": "Ada", "LastName": "Byron"}}
    try:
        connect.create_user(InstanceId=instance, Username=username, **person, **PROFILES[instance])
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    return 200


PROFILES = {}
sts = boto3.client("sts", config=ONCE)
asked = {"RoleArn": ROLE, "RoleSessionName": "headcount"}
assert refused(sts.assume_role, **asked) == ("AccessDenied", 403)
assert refused(sts.assume_role, **asked, ExternalId="Sesame") == ("AccessDenied", 403)
assert refused(sts.assume_role, **asked, ExternalId="sesame", DurationSeconds=3601) == ("ValidationError", 400)
assert refused(sts.assume_role, RoleArn=ROLE, RoleSessionName="no spaces") == ("ValidationError", 400)
assert refused(sts.get_caller_identity) == ("InvalidAction", 400)
forged = boto3.client("sts", config=ONCE, aws_secret_access_key="another", aws_access_key_id=TOLD["access_key_id"])
assert refused(forged.assume_role, **asked, ExternalId="sesame") == ("SignatureDoesNotMatch", 403)
stranger = boto3.client("sts", config=ONCE, aws_secret_access_key="s", aws_access_key_id="AKIAOTHER")
assert refused(stranger.assume_role, **asked, ExternalId="sesame") == ("InvalidClientTokenId", 403)

answer = sts.assume_role(**asked, ExternalId="sesame", DurationSeconds=900)
left = answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
assert datetime.timedelta(minutes=14) < left <= datetime.timedelta(minutes=15), left
assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::222222222222:assumed-role/HeadcountImport/headcount"
own = boto3.client("connect", config=ONCE)
other = boto3.client("connect", config=ONCE, region_name="us-east-1", **keys(answer))
assert [one["Arn"] for one in other.list_instances()["InstanceSummaryList"]] == [AUSTIN["instance_arn"]]
incomplete = {name: value for name, value in keys(answer).items() if name != "aws_session_token"}
incomplete = boto3.client("connect", config=ONCE, region_name="us-east-1", **incomplete)
assert refused(incomplete.list_instances) == ("UnrecognizedClientException", 403)
assert refused(own.describe_instance, InstanceId=AUSTIN["instance_id"]) == ("ResourceNotFoundException", 404)

# From one role into the next, an hour at most.
chained = boto3.client("sts", config=ONCE, **keys(answer))
back = {"RoleArn": BERLIN["role_arn"], "RoleSessionName": "back"}
assert refused(chained.assume_role, **back, DurationSeconds=3601) == ("ValidationError", 400)
again = boto3.client("connect", config=ONCE, **keys(chained.assume_role(**back)))
assert len(again.list_instances()["InstanceSummaryList"]) == 2

# A burst of five for both instances of the one account, and as much for the other.
here = [create(own, PARIS, "ada")] + [create(own, BERLIN, f"u{n}") for n in range(6)]
assert here == [200] * 5 + [429] * 2, here
assert create(own, PARIS, "grace") == 429
there = [create(other, AUSTIN, f"u{n}") for n in range(6)]
assert there == [200] * 5 + [429], there

# The same by a profile, as people have it.
home = pathlib.Path.home() / ".aws"
home.mkdir(exist_ok=True)
(home / "config").write_text(
    "[profile austin]\nrole_arn = %s\nexternal_id = sesame\ncredential_source = Environment\n" % ROLE
)
connect = boto3.Session(profile_name="austin", region_name="us-east-1").client("connect", config=ONCE)
assert connect.describe_instance(InstanceId=AUSTIN["instance_arn"])["Instance"]["InstanceAlias"] == "austin"

quotas = boto3.client("service-quotas", config=ONCE)
users = {"ServiceCode": "connect", "QuotaCode": "L-9A46857E"}
assert quotas.get_service_quota(**users, ContextId=PARIS["instance_arn"])["Quota"]["Value"] == 2.0
assert refused(quotas.get_service_quota, **users, ContextId=AUSTIN["instance_arn"])[0] == "NoSuchResourceException"
print("accounts done")
