"""Holds the embedded Connect against boto3: `simulator.py SECTION LINE`, where LINE is what `headcount simulate
--format json` printed. Each section starts on a fresh instance, checks for itself and prints that it is done."""

import json
import sys
import threading
import time
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

TOLD = json.loads(sys.argv[2])
INSTANCE = TOLD["instance_id"]
ARN = TOLD["instance_arn"]


def client(service="connect", read_timeout=30, attempts=1, **keys):
    retries = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(retries=retries, read_timeout=read_timeout, max_pool_connections=4)
    return boto3.client(service, config=config, **keys)


CONNECT = client()


def profiles(operation, **where):
    pages = CONNECT.get_paginator(operation).paginate(InstanceId=INSTANCE, **where)
    items = [item for page in pages for key, value in page.items() if key.endswith("SummaryList") for item in value]
    return {item["Name"]: item["Id"] for item in items}


def stubbornly(call, *args, **members):
    """The answer in the end: for what is read before the weather is the subject."""
    while True:
        try:
            return call(*args, **members)
        except (ClientError, ConnectionClosedError, ReadTimeoutError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in LASTING:
                raise
            time.sleep(0.2)


LASTING = ("InvalidSignatureException", "UnrecognizedClientException", "ResourceNotFoundException")
ROUTING = stubbornly(profiles, "list_routing_profiles")
SECURITY = stubbornly(profiles, "list_security_profiles")


def request(username, **members):
    asked = {
        "InstanceId": INSTANCE,
        "Username": username,
        "IdentityInfo": {"FirstName": "Ada", "LastName": "Byron"},
        "SecurityProfileIds": [SECURITY["Agent"]],
        "RoutingProfileId": ROUTING["Basic Routing Profile"],
    }
    if TOLD["identity"] == "CONNECT_MANAGED":
        asked["Password"] = "Analytical-1"
    asked.update(members)
    return {name: value for name, value in asked.items() if value is not None}


def create(username, **members):
    return CONNECT.create_user(**request(username, **members))["UserId"]


def refused(call, *args, **members):
    """The code, status and message of the refusal that must come."""
    try:
        answer = call(*args, **members)
    except ClientError as error:
        found = error.response
        assert found["ResponseMetadata"]["RequestId"], found
        return found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"], found["Error"]["Message"]
    raise AssertionError(f"not refused: {answer}")


def stats(operation="CreateUser"):
    with urllib.request.urlopen(TOLD["stats_url"]) as answer:
        counts = json.load(answer)["operations"].get(operation, {})
    assert counts["called"] == counts["throttled"] + counts["refused"] + counts["executed"], counts
    return counts


def exact(username):
    condition = {"FieldName": "Username", "Value": username, "ComparisonType": "EXACT"}
    return {"StringCondition": condition}


def round_trip():
    groups = CONNECT.search_user_hierarchy_groups(InstanceId=INSTANCE)["UserHierarchyGroups"]
    assert [group["LevelId"] for group in groups].count("0") == 1, "the hidden root"
    path = {tuple(level["Name"] for level in group.get("HierarchyPath", {}).values()): group for group in groups}
    team = path[("EMEA", "Germany", "Berlin", "Support", "Team A")]
    leaves = profiles("list_user_hierarchy_groups")
    assert "Team A" in leaves and "Root" not in leaves
    shown = CONNECT.describe_user_hierarchy_group(InstanceId=ARN, HierarchyGroupId=team["Arn"])["HierarchyGroup"]
    assert shown["HierarchyPath"] == team["HierarchyPath"]

    sent = {
        "IdentityInfo": {
            "FirstName": "Grace",
            "LastName": "Höpper",
            "Email": "grace@example.com",
            "SecondaryEmail": "hopper@example.org",
            "Mobile": "+4915112345678",
        },
        "SecurityProfileIds": [SECURITY["Agent"], SECURITY["QualityAnalyst"]],
        "RoutingProfileId": ROUTING["Billing Voice"],
        "HierarchyGroupId": team["Id"],
        "AutoAcceptConfigs": [
            {"Channel": "VOICE", "AutoAccept": True, "AgentFirstCallbackAutoAccept": True},
            {"Channel": "CHAT", "AutoAccept": False},
        ],
        "AfterContactWorkConfigs": [
            {"Channel": "VOICE", "AfterContactWorkConfig": {"AfterContactWorkTimeLimit": 30}},
            {"Channel": "TASK", "AfterContactWorkConfig": {"AfterContactWorkTimeLimit": 0}},
        ],
        "PhoneNumberConfigs": [{"Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": "+493012345"}],
        "PersistentConnectionConfigs": [{"Channel": "VOICE", "PersistentConnection": True}],
        "VoiceEnhancementConfigs": [{"Channel": "VOICE", "VoiceEnhancementMode": "NOISE_SUPPRESSION"}],
        "Tags": {"headcount:run": "r/1", "Kostenstelle": "4711 Süd"},
    }
    user_id = create("grace@example.com", **sent)
    shown = CONNECT.describe_user(InstanceId=INSTANCE, UserId=user_id)["User"]
    assert {name: shown[name] for name in sent} == sent, shown
    assert shown["Arn"] == f"{ARN}/agent/{user_id}" and shown["Username"] == "grace@example.com"
    assert shown["LastModifiedTime"].year >= 2020 and shown["LastModifiedRegion"] == TOLD["region"]
    assert "Password" not in json.dumps(shown, default=str)

    found = CONNECT.search_users(InstanceId=INSTANCE, SearchCriteria=exact("grace@example.com"))
    assert found["ApproximateTotalCount"] == 1
    [found] = found["Users"]
    assert found["IdentityInfo"] == {"FirstName": "Grace", "LastName": "Höpper"}
    work = [config["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"] for config in found["AfterContactWorkConfigs"]]
    assert work == [30_000, 0], "a search gives milliseconds"
    assert found["Tags"] == sent["Tags"]

    arns = {
        "InstanceId": ARN,
        "RoutingProfileId": f"{ARN}/routing-profile/{ROUTING['Billing Voice']}",
        "SecurityProfileIds": [f"{ARN}/security-profile/{SECURITY['Agent']}"],
        "HierarchyGroupId": team["Arn"],
    }
    by_arn = CONNECT.describe_user(InstanceId=ARN, UserId=f"{ARN}/agent/{create('by.arn', **arns)}")["User"]
    assert by_arn["RoutingProfileId"] == ROUTING["Billing Voice"] and by_arn["HierarchyGroupId"] == team["Id"]
    softphone = {"PhoneType": "SOFT_PHONE", "AutoAccept": False, "AfterContactWorkTimeLimit": 0, "DeskPhoneNumber": ""}
    assert by_arn["PhoneConfig"] == softphone | {"PersistentConnection": False}, by_arn
    assert by_arn["DirectoryUserId"] and by_arn["Tags"] == {}, "what the service fills in"
    above = {"Value": path[("EMEA",)]["Id"], "HierarchyGroupMatchType": "WITH_CHILD_GROUPS"}
    both = CONNECT.search_users(InstanceId=INSTANCE, SearchCriteria={"HierarchyGroupCondition": above})["Users"]
    assert [user["Username"] for user in both] == ["grace@example.com", "by.arn"]

    unknown = "00000000-0000-4000-8000-000000000000"
    for members in (
        {"InstanceId": unknown},
        {"RoutingProfileId": unknown},
        {"SecurityProfileIds": [unknown]},
        {"HierarchyGroupId": unknown},
        {"HierarchyGroupId": next(group["Id"] for group in groups if group["LevelId"] == "0")},
        {"RoutingProfileId": "Billing Voice"},
    ):
        assert refused(create, "nobody", **members)[:2] == ("ResourceNotFoundException", 404), members

    CONNECT.delete_user(InstanceId=INSTANCE, UserId=user_id)
    assert refused(CONNECT.delete_user, InstanceId=INSTANCE, UserId=user_id)[:2] == ("ResourceNotFoundException", 404)
    create("grace@example.com")


def throttling():
    """Forty calls as fast as they go: the burst of five comes through, and then two a second and no more."""
    codes = []
    started = time.monotonic()
    for number in range(40):
        try:
            create(f"agent{number}")
        except ClientError as error:
            codes.append((error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]))
    took = time.monotonic() - started
    assert codes and set(codes) == {("TooManyRequestsException", 429)}, codes
    counts = stats()
    assert counts["called"] == 40 and counts["throttled"] == len(codes)
    assert 5 <= counts["executed"] <= 5 + 2 * took + 1, (counts, took)
    assert stats("ListRoutingProfiles")["throttled"] == 0, "every operation has a bucket of its own"


def duplicate_and_quota():
    create("ada.byron")
    assert refused(create, "ada.byron")[:2] == ("DuplicateResourceException", 409)
    create("Ada.Byron")
    found = CONNECT.search_users(InstanceId=INSTANCE, SearchCriteria=exact("ada.byron"))["Users"]
    assert [user["Username"] for user in found] == ["ada.byron", "Ada.Byron"], "a search ignores case"
    last = [create(f"agent{number}") for number in range(5)][-1]
    assert refused(create, "one.too.many")[:2] == ("LimitExceededException", 429)
    assert stats()["throttled"] == 0, "a full instance is no throttling"
    CONNECT.delete_user(InstanceId=INSTANCE, UserId=last)
    create("one.too.many")


def pagination():
    patient = client(attempts=20)  # the reads have their two a second too
    names = [f"agent{number}" for number in range(23)]
    for name in names:
        create(name)
    for size in (1000, 7, 23):
        pages = list(patient.get_paginator("list_users").paginate(InstanceId=INSTANCE, PaginationConfig={"PageSize": size}))
        assert [user["Username"] for page in pages for user in page["UserSummaryList"]] == names
        assert len(pages) == -(-len(names) // size)
    pages = list(patient.get_paginator("search_users").paginate(InstanceId=INSTANCE, PaginationConfig={"PageSize": 10}))
    assert [user["Username"] for page in pages for user in page["Users"]] == names
    groups = patient.get_paginator("search_user_hierarchy_groups").paginate(
        InstanceId=INSTANCE, PaginationConfig={"PageSize": 4}
    )
    ids = [group["Id"] for page in groups for group in page["UserHierarchyGroups"]]
    assert len(ids) == len(set(ids)) > 20
    assert profiles("list_security_profiles", PaginationConfig={"PageSize": 2}) == SECURITY

    token = patient.list_users(InstanceId=INSTANCE, MaxResults=5)["NextToken"]
    second = patient.list_users(InstanceId=INSTANCE, MaxResults=5, NextToken=token)["UserSummaryList"]
    assert [user["Username"] for user in second] == names[5:10]
    for bad in ("2", token[:-3], token.replace("+", " ")):
        assert refused(patient.list_users, InstanceId=INSTANCE, NextToken=bad)[:2] == ("InvalidRequestException", 400)
    assert refused(patient.search_users, InstanceId=INSTANCE, NextToken=token)[:2] == ("InvalidRequestException", 400)
    for call, most in (("list_users", 1000), ("search_users", 500), ("search_user_hierarchy_groups", 100)):
        code = refused(getattr(patient, call), InstanceId=INSTANCE, MaxResults=most + 1)[:2]
        assert code == ("InvalidParameterException", 400), call
    assert refused(CONNECT.list_instances, MaxResults=11)[:2] == ("InvalidParameterException", 400)


def identity():
    kind = TOLD["identity"]
    assert CONNECT.describe_instance(InstanceId=INSTANCE)["Instance"]["IdentityManagementType"] == kind
    create("ada")
    names = {"FirstName": "Ada", "LastName": "Byron"}
    mail = names | {"Email": "ada@example.com"}
    if kind == "CONNECT_MANAGED":
        answer = refused(create, "grace", Password=None)
        assert answer == ("InvalidRequestException", 400, "Required parameter missing: Password"), answer
        code, _, message = refused(create, "grace", Password="canary canary 1A")
        assert code == "InvalidParameterException" and "canary" not in message
        create("with.mail", IdentityInfo=mail)
    else:
        assert refused(create, "grace", Password="Analytical-1")[0] == "InvalidRequestException"
    if kind == "SAML":
        assert refused(create, "grace", IdentityInfo=mail)[0] == "InvalidRequestException"
        assert refused(create, "grace", DirectoryUserId="d-1")[0] == "InvalidRequestException"
        create("a" * 64)
    else:
        create("a" * 20)
        assert refused(create, "a" * 21)[0] == "InvalidParameterException"
    if kind == "EXISTING_DIRECTORY":
        create("no.names", IdentityInfo=None, DirectoryUserId="d-1")
    else:
        assert refused(create, "grace", IdentityInfo={"FirstName": "Grace"})[0] == "InvalidRequestException"
    if kind == "SAML":
        create("grace@nowhere")  # as Salesforce's contact centres name their users
    else:
        assert refused(create, "grace@nowhere")[0] == "InvalidParameterException"


def signature():
    def call(**keys):
        return refused(client(**keys).list_users, InstanceId=INSTANCE)[:2]

    good = {"aws_access_key_id": TOLD["access_key_id"], "aws_secret_access_key": TOLD["secret_access_key"]}
    assert call(**good | {"aws_secret_access_key": "another"}) == ("InvalidSignatureException", 403)
    assert call(**good | {"aws_access_key_id": "AKIAOTHER"}) == ("UnrecognizedClientException", 403)
    assert call(**good | {"aws_session_token": "nobody's"}) == ("UnrecognizedClientException", 403)
    assert call(**good | {"region_name": "us-east-1"}) == ("InvalidSignatureException", 403)
    client(**good | {"aws_session_token": "headcount//simulated+session==1"}).list_users(InstanceId=ARN)
    anonymous = boto3.client("connect", config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
    assert refused(anonymous.list_users, InstanceId=INSTANCE)[:2] == ("MissingAuthenticationTokenException", 403)
    assert stats("ListUsers") == {"called": 6, "throttled": 0, "refused": 5, "executed": 1, "lost": 0}


def quotas():
    quota = client("service-quotas")

    def value(code, **where):
        return quota.get_service_quota(ServiceCode="connect", QuotaCode=code, **where)["Quota"]["Value"]

    assert value("L-CBDEE3E4") == 8.0
    assert value("L-9A46857E", ContextId=ARN) == 750.0
    for asked in ({"QuotaCode": "L-9A46857E"}, {"QuotaCode": "L-00000000"}):
        answer = refused(quota.get_service_quota, ServiceCode="connect", **asked)
        assert answer[:2] == ("NoSuchResourceException", 400), answer


def tags_and_proficiencies():
    user = create("ada", Tags={"team": "A"})
    arn = f"{ARN}/agent/{user}"
    CONNECT.tag_resource(resourceArn=arn, tags={"site": "Berlin/Mitte"})
    assert CONNECT.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "A", "site": "Berlin/Mitte"}
    assert refused(CONNECT.tag_resource, resourceArn=arn, tags={"aws:x": "y"})[0] == "InvalidParameterException"
    where = {"InstanceId": INSTANCE, "UserId": user}
    skill = {"AttributeName": "Language", "AttributeValue": "German", "Level": 4.0}
    CONNECT.associate_user_proficiencies(**where, UserProficiencies=[skill])
    assert CONNECT.list_user_proficiencies(**where)["UserProficiencyList"] == [skill]
    for bad, code in (
        (skill, "InvalidRequestException"),
        (skill | {"AttributeValue": "Klingon"}, "ResourceNotFoundException"),
        (skill | {"AttributeValue": "French", "Level": 2.5}, "InvalidParameterException"),
    ):
        assert refused(CONNECT.associate_user_proficiencies, **where, UserProficiencies=[bad])[0] == code, bad


def described(user):
    return CONNECT.describe_user(InstanceId=INSTANCE, UserId=user)["User"]


def updates():
    """Every call that changes a user, of one who has all there is; the instance replaces, merges, or cannot clear."""
    global CONNECT
    CONNECT = client(attempts=20)  # the reads have their two a second
    kind = sys.argv[3]
    goes, clears = kind in ("replace", "strict"), kind in ("replace", "merge")
    info = {"FirstName": "Ada", "LastName": "Byron", "Email": "a@example.com", "Mobile": "+441632960000"}
    work = [
        {"Channel": channel, "AfterContactWorkConfig": {"AfterContactWorkTimeLimit": seconds}}
        for channel, seconds in (("VOICE", 30), ("CHAT", 60))
    ]
    user = create("ada", IdentityInfo=info, AfterContactWorkConfigs=work, Tags={"team": "A"})
    where, arn = {"InstanceId": INSTANCE, "UserId": user}, f"{ARN}/agent/{user}"
    before = described(user)

    names = {"FirstName": "Augusta", "LastName": "King"}
    CONNECT.update_user_identity_info(**where, IdentityInfo=names)
    assert described(user)["IdentityInfo"] == (names if goes else info | names)
    CONNECT.update_user_identity_info(**where, IdentityInfo=info)
    if kind == "strict":
        emptied = refused(CONNECT.update_user_identity_info, **where, IdentityInfo=info | {"Mobile": ""})
        assert emptied[:2] == ("InvalidParameterException", 400), emptied
    else:
        CONNECT.update_user_identity_info(**where, IdentityInfo=info | {"Mobile": ""})
        assert ("Mobile" in described(user)["IdentityInfo"]) != clears

    chat = {"Channel": "CHAT", "AfterContactWorkConfig": {"AfterContactWorkTimeLimit": 90}}
    CONNECT.update_user_config(**where, AfterContactWorkConfigs=[chat])
    left = {entry["Channel"]: entry["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"] for entry in described(user)["AfterContactWorkConfigs"]}
    assert left == ({"CHAT": 90} if goes else {"VOICE": 30, "CHAT": 90}), left
    found = CONNECT.search_users(InstanceId=INSTANCE, SearchCriteria=exact("ada"))
    limits = [entry["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"] for entry in found["Users"][0]["AfterContactWorkConfigs"]]
    assert 90_000 in limits and found["ApproximateTotalCount"] == 1, found
    accept = {"Channel": "VOICE", "AutoAccept": True, "AgentFirstCallbackAutoAccept": True}
    voice = {"Channel": "VOICE"}
    CONNECT.update_user_config(
        **where,
        AutoAcceptConfigs=[accept],
        PhoneNumberConfigs=[voice | {"PhoneType": "DESK_PHONE", "PhoneNumber": "+12065550100"}],
        PersistentConnectionConfigs=[voice | {"PersistentConnection": True}],
        VoiceEnhancementConfigs=[voice | {"VoiceEnhancementMode": "NOISE_SUPPRESSION"}],
    )
    shown = described(user)
    assert shown["AutoAcceptConfigs"] == [accept] and shown["VoiceEnhancementConfigs"][0]["VoiceEnhancementMode"]
    assert refused(CONNECT.update_user_config, **where, AutoAcceptConfigs=[accept | {"Channel": "FAX"}])[1] == 400

    desk = {"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+12065550101", "AfterContactWorkTimeLimit": 15}
    CONNECT.update_user_phone_config(**where, PhoneConfig=desk)
    shown = described(user)
    assert "AfterContactWorkConfigs" not in shown and shown["PhoneConfig"]["AfterContactWorkTimeLimit"] == 15

    CONNECT.update_user_routing_profile(**where, RoutingProfileId=ROUTING["Billing Voice"])
    CONNECT.update_user_security_profiles(**where, SecurityProfileIds=[SECURITY["Admin"], SECURITY["Supervisor"]])
    assert refused(CONNECT.update_user_security_profiles, **where, SecurityProfileIds=["x"])[1] == 404
    group = CONNECT.list_user_hierarchy_groups(InstanceId=INSTANCE)["UserHierarchyGroupSummaryList"][0]["Id"]
    CONNECT.update_user_hierarchy(**where, HierarchyGroupId=group)
    shown = described(user)
    assert shown["RoutingProfileId"] == ROUTING["Billing Voice"] and shown["HierarchyGroupId"] == group
    assert shown["SecurityProfileIds"] == [SECURITY["Admin"], SECURITY["Supervisor"]]
    if kind == "strict":
        assert refused(CONNECT.update_user_hierarchy, **where)[:2] == ("InvalidRequestException", 400)
    else:
        CONNECT.update_user_hierarchy(**where)
        assert ("HierarchyGroupId" in described(user)) != clears

    CONNECT.tag_resource(resourceArn=arn, tags={"site": "Berlin/Mitte", "team": "B"})
    CONNECT.untag_resource(resourceArn=arn, tagKeys=["site", "nobody's"[:6]])
    assert described(user)["Tags"] == {"team": "B"}
    assert refused(CONNECT.untag_resource, resourceArn=arn, tagKeys=["aws:x"])[0] == "InvalidParameterException"

    skill = {"AttributeName": "Language", "AttributeValue": "German"}
    assert refused(CONNECT.update_user_proficiencies, **where, UserProficiencies=[skill | {"Level": 2.0}])[1] == 400
    CONNECT.associate_user_proficiencies(**where, UserProficiencies=[skill | {"Level": 4.0}])
    CONNECT.update_user_proficiencies(**where, UserProficiencies=[skill | {"Level": 2.0}])
    assert CONNECT.list_user_proficiencies(**where)["UserProficiencyList"] == [skill | {"Level": 2.0}]
    CONNECT.disassociate_user_proficiencies(**where, UserProficiencies=[skill])
    assert CONNECT.list_user_proficiencies(**where)["UserProficiencyList"] == []

    after = described(user)
    assert after["LastModifiedTime"] > before["LastModifiedTime"]
    for same in ("Id", "Arn", "Username", "DirectoryUserId"):
        assert after[same] == before[same], same
    nobody = {"InstanceId": INSTANCE, "UserId": "00000000-0000-4000-8000-000000000000"}
    assert refused(CONNECT.update_user_hierarchy, **nobody)[:2] == ("ResourceNotFoundException", 404)


def rough_updates():
    """One change after the other in rough weather, each until it is seen: none is lost, and settings are crossed."""
    user = stubbornly_there("ada")
    where, seen = {"InstanceId": INSTANCE, "UserId": user}, set()

    def attempt(call, **members):
        while True:
            try:
                return call(**where, **members)
            except ClientError as error:
                seen.add(error.response["Error"]["Code"])
                time.sleep(0.05)
            except (ConnectionClosedError, ReadTimeoutError) as error:
                seen.add(type(error).__name__)

    impatient = client(read_timeout=2)
    for number in range(150):
        accept = [{"Channel": "VOICE", "AutoAccept": number % 2 == 0}]
        attempt(impatient.update_user_config, AutoAcceptConfigs=accept)
        attempt(impatient.update_user_routing_profile, RoutingProfileId=ROUTING["Sales" if number % 2 else "Billing Voice"])
    deadline = time.monotonic() + 30
    while True:
        shown = stubbornly(CONNECT.describe_user, **where)["User"]
        right = shown["RoutingProfileId"] == ROUTING["Sales"] and shown["AutoAcceptConfigs"][0]["AutoAccept"] is False
        if right:
            break
        assert time.monotonic() < deadline, shown
        time.sleep(0.5)
    assert stats("UpdateUserConfig")["lost"] > 0 and stats("UpdateUserRoutingProfile")["lost"] > 0
    assert seen >= {"ConditionalOperationFailedException", "InternalServiceException", "ConnectionClosedError"}, seen


def stubbornly_there(username):
    """The id of a user who was made whatever the weather, and is seen."""
    try:
        return create(username)
    except (ClientError, ConnectionClosedError, ReadTimeoutError, KeyError):
        time.sleep(0.2)
    while True:
        found = stubbornly(CONNECT.search_users, InstanceId=INSTANCE, SearchCriteria=exact(username))["Users"]
        if found:
            return found[0]["Id"]
        try:
            return create(username)
        except (ClientError, ConnectionClosedError, ReadTimeoutError, KeyError):
            time.sleep(0.5)


def rough_weather():
    """Every name is tried until it is there or taken; in the end each is there once, whatever was lost on the way."""
    seen = set()
    impatient = client(read_timeout=2)

    def attempt(name):
        while True:
            try:
                impatient.create_user(**request(name))["UserId"]
                return
            except ClientError as error:
                code = error.response["Error"]["Code"]
                seen.add(code)
                if code == "DuplicateResourceException":
                    return
                assert code in ("ThrottlingException", "TooManyRequestsException", "InternalServiceException"), code
            except (ConnectionClosedError, ReadTimeoutError) as error:
                seen.add(type(error).__name__)
            except KeyError:
                seen.add("200 without a UserId")

    names = [f"agent{number}" for number in range(300)]
    workers = [threading.Thread(target=lambda part=names[first::4]: [attempt(n) for n in part]) for first in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counts = stats()
    assert counts["executed"] == len(names) and counts["lost"] > 0 and counts["throttled"] > 0, counts
    assert seen >= {
        "ThrottlingException",
        "TooManyRequestsException",
        "InternalServiceException",
        "DuplicateResourceException",
        "ConnectionClosedError",
    }, seen


{
    section.__name__: section
    for section in (
        round_trip,
        throttling,
        duplicate_and_quota,
        pagination,
        identity,
        signature,
        quotas,
        tags_and_proficiencies,
        rough_weather,
        updates,
        rough_updates,
    )
}[sys.argv[1]]()
print(f"{sys.argv[1]} done")
