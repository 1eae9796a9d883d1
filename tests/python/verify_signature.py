"""A server that takes nothing but what botocore itself would have sent.

For every request it recomputes the signature with botocore's SigV4Auth, finds the operation in botocore's model,
validates the parameters (see model_check), serialises them with botocore's own serialiser, and compares the result
with what came: method, URL, content type, target, body. Answers 403 to a wrong signature, 400 to anything else that
differs, and a small valid answer otherwise.

    verify_signature.py ACCESS_KEY SECRET TOKEN|- REGION

Prints its port, then one line of JSON for every request, and ends when its standard input is closed.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.awsrequest
import botocore.serialize
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials

import model_check

ACCESS_KEY, SECRET, TOKEN, REGION = sys.argv[1:5]
CREDENTIALS = Credentials(ACCESS_KEY, SECRET, None if TOKEN == "-" else TOKEN)

ID = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
ANSWERS = {
    "CreateUser": {"UserId": "u-1", "UserArn": "arn:u-1"},
    "DescribeInstance": {"Instance": {"Id": ID, "IdentityManagementType": "SAML", "CreatedTime": 1.7e9}},
    "ListInstances": {"InstanceSummaryList": [{"Id": ID, "InstanceAlias": "centre"}]},
    "ListUsers": {"UserSummaryList": [{"Id": "u-1", "Username": "ana", "LastModifiedTime": 1.7e9}]},
    "SearchUsers": {"Users": [{"Id": "u-1", "Username": "ana"}], "ApproximateTotalCount": 1},
    "DescribeUser": {"User": {"Id": "u-1", "Username": "ana", "Tags": None}},
    "ListRoutingProfiles": {"RoutingProfileSummaryList": [{"Id": "r-1", "Name": "Basic"}], "NextToken": None},
    "ListSecurityProfiles": {"SecurityProfileSummaryList": [{"Id": "s-1", "Name": "Agent"}], "NextToken": "n+/="},
    "SearchUserHierarchyGroups": {"UserHierarchyGroups": [{"Id": "h-1", "Name": "Earth", "LevelId": "1"}]},
    "ListUserHierarchyGroups": {"UserHierarchyGroupSummaryList": [{"Id": "h-1", "Name": "Earth"}]},
    "DescribeUserHierarchyGroup": {"HierarchyGroup": {"Id": "h-1", "Name": "Earth", "LevelId": "1"}},
    "AssociateUserProficiencies": None,
    "ListUserProficiencies": {
        "UserProficiencyList": [{"AttributeName": "Language", "AttributeValue": "German", "Level": 4.0}],
        "NextToken": None,
    },
    "SearchPredefinedAttributes": {
        "PredefinedAttributes": [{"Name": "Language", "Values": {"StringList": ["German"]}}],
        "ApproximateTotalCount": 1,
    },
    "SearchQuickConnects": {
        "QuickConnects": [
            {
                "QuickConnectARN": "arn:q-1",
                "QuickConnectId": "q-1",
                "Name": "Ana, desk",
                "QuickConnectConfig": {
                    "QuickConnectType": "USER",
                    "UserConfig": {"UserId": "u-1", "ContactFlowId": "f-1"},
                },
                "Tags": None,
                "LastModifiedTime": 1.7e9,
            },
            {
                "QuickConnectId": "q-2",
                "Name": "Billing",
                "QuickConnectConfig": {
                    "QuickConnectType": "QUEUE",
                    "QueueConfig": {"QueueId": "u-1", "ContactFlowId": "f-1"},
                },
            },
        ],
        "ApproximateTotalCount": 2,
    },
    "GetCurrentUserData": {
        "UserDataList": [
            {
                "User": {"Id": "u-1", "Arn": "arn:u-1"},
                "RoutingProfile": {"Id": "r-1"},
                "Status": {"StatusName": "Lunch", "StatusArn": "arn:s-1", "StatusStartTimestamp": 1.7e9},
                "MaxSlotsByChannel": {"VOICE": 1},
                "Contacts": [],
            },
            {"User": {"Id": "u-2"}, "Status": None},
        ],
        "NextToken": None,
        "ApproximateTotalCount": 2,
    },
    "DeleteQuickConnect": None,
    "DeleteAllEntitySessions": {},
    "DeleteUser": None,
    "UpdateUserIdentityInfo": None,
    "UpdateUserConfig": None,
    "UpdateUserPhoneConfig": None,
    "UpdateUserRoutingProfile": None,
    "UpdateUserSecurityProfiles": None,
    "UpdateUserHierarchy": None,
    "UpdateUserProficiencies": None,
    "DisassociateUserProficiencies": None,
    "TagResource": None,
    "UntagResource": None,
    "GetServiceQuota": {"Quota": {"ServiceCode": "connect", "QuotaCode": "L-CBDEE3E4", "Value": 2.0}},
}


def signature_of(method, url, headers, body, service):
    """Recomputes the Authorization header over just the headers that were said to be signed."""
    said = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body)
    for name in said:
        if name not in ("host", "x-amz-date", "x-amz-security-token"):
            request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    request.context["signing"] = {}
    auth = SigV4Auth(CREDENTIALS, service, REGION)
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    if CREDENTIALS.token:
        request.headers["X-Amz-Security-Token"] = CREDENTIALS.token
    canonical = auth.canonical_request(request)
    to_sign = auth.string_to_sign(request, canonical)
    scope = f"Credential={auth.scope(request)}"
    signed = f"SignedHeaders={auth.signed_headers(auth.headers_to_sign(request))}"
    return f"AWS4-HMAC-SHA256 {scope}, {signed}, Signature={auth.signature(to_sign, request)}", canonical


def operation_of(method, path, headers):
    """Finds the operation and the labels of its URI."""
    target = headers.get("x-amz-target")
    if target:
        prefix, name = target.split(".")
        service = model_check.service("service-quotas")
        assert service.metadata["targetPrefix"] == prefix, f"unknown target {target}"
        return service, service.operation_model(name), {}
    service = model_check.service("connect")
    parts = path.split("/")
    for name in ANSWERS:
        if name not in service.operation_names:
            continue
        operation = service.operation_model(name)
        template = operation.http["requestUri"].split("/")
        if operation.http["method"] != method or len(template) != len(parts):
            continue
        labels = {t[1:-1]: unquote(p) for t, p in zip(template, parts) if t.startswith("{")}
        if all(t.startswith("{") or t == p for t, p in zip(template, parts)):
            return service, operation, labels
    raise AssertionError(f"no operation has {method} {path}")


def parameters_of(operation, labels, query, body):
    """Reads the parameters back, in the model's order."""
    sent = dict(body)
    given = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(key, []).append(value)
    for name, shape in operation.input_shape.members.items():
        where = shape.serialization.get("location")
        wire_name = shape.serialization.get("name", name)
        if where == "uri":
            sent[name] = labels[wire_name]
        elif where == "querystring" and wire_name in given:
            texts = given.pop(wire_name)
            if shape.type_name == "list":
                sent[name] = texts
                continue
            assert len(texts) == 1, f"{wire_name} stands {len(texts)} times in the query"
            sent[name] = int(texts[0]) if shape.type_name == "integer" else texts[0]
    assert not given, f"unknown in the query: {given}"
    ordered = {name: sent.pop(name) for name in operation.input_shape.members if name in sent}
    assert not sent, f"unknown members: {sorted(sent)}"
    return ordered


def difference(method, url, headers, body):
    """Returns the operation's name, and what differs from botocore's own request for the same parameters."""
    split = urlsplit(url)
    service, operation, labels = operation_of(method, split.path, headers)
    parameters = parameters_of(operation, labels, split.query, json.loads(body) if body else {})
    faults = model_check.faults(operation.input_shape, parameters)
    serializer = botocore.serialize.create_serializer(service.metadata["protocol"], include_validation=False)
    wanted = serializer.serialize_to_request(parameters, operation)
    botocore.awsrequest.prepare_request_dict(wanted, f"{split.scheme}://{split.netloc}")
    prepared = botocore.awsrequest.create_request_object(wanted).prepare()
    if prepared.method != method:
        faults.append(f"method {method}, not {prepared.method}")
    if prepared.url != url:
        faults.append(f"URL {url}, not {prepared.url}")
    theirs = {name.lower(): value for name, value in wanted["headers"].items()}
    for name in ("content-type", "x-amz-target"):
        if headers.get(name) != theirs.get(name):
            faults.append(f"{name} {headers.get(name)}, not {theirs.get(name)}")
    their_body = wanted["body"]
    if (json.loads(body) if body else {}) != (json.loads(their_body) if their_body else {}):
        faults.append(f"body {body}, not {their_body}")
    return operation.name, faults


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = f"http://{headers['host']}{self.path}"
        service = "servicequotas" if "x-amz-target" in headers else "connect"
        name, faults, canonical = "?", [], ""
        try:
            expected, canonical = signature_of(self.command, url, headers, body, service)
            if headers.get("x-amz-security-token") != CREDENTIALS.token:
                status, faults = 403, ["another session token"]
            elif headers["authorization"] != expected:
                status, faults = 403, [f"{headers['authorization']} is not {expected}"]
            else:
                name, faults = difference(self.command, url, headers, body)
                status = 400 if faults else 200
        except Exception as error:  # a request that cannot even be read is one that botocore would not send
            status, faults = 400, [repr(error)]
        print(json.dumps({"operation": name, "status": status, "path": self.path, "faults": faults}), flush=True)
        if faults:
            kind = "SignatureDoesNotMatch" if status == 403 else "NotWhatBotocoreSends"
            self.reply(status, {"message": "; ".join(faults) + "\n" + canonical}, kind)
        else:
            self.reply(200, ANSWERS[name])

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def reply(self, status, value, kind=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind + ":http://internal.amazon.com/coral/")
        self.send_header("x-amzn-RequestId", "request-1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
