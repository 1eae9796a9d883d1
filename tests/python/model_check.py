"""Checks parameters against botocore's model of the service, more strictly than botocore does.

botocore itself enforces types, required members and minimum lengths. This adds maximum lengths, patterns, enums and
unknown members. Run as a program it reads lines of {"operation": …, "parameters": {…}} and prints for each the list
of faults, then one line with every path of CreateUser's input that was met and every path that the model has.
"""

import json
import re
import sys
import unicodedata

import botocore.session
import botocore.validate

_SESSION = botocore.session.get_session()
_SERVICES = {}


def service(name):
    if name not in _SERVICES:
        _SERVICES[name] = _SESSION.get_service_model(name)
    return _SERVICES[name]


def faults(shape, value):
    """Returns what is wrong with the value, as a list of sentences."""
    found = botocore.validate.ParamValidator().validate(value, shape)
    report = [found.generate_report()] if found.has_errors() else []
    return report + list(_strict(shape, value, ""))


def _strict(shape, value, path):
    kind = shape.type_name
    if kind == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name}: the model has no such member"
            else:
                yield from _strict(shape.members[name], member, f"{path}.{name}")
        return
    if kind == "list":
        yield from _size(shape, len(value), path)
        for index, item in enumerate(value):
            yield from _strict(shape.member, item, f"{path}[{index}]")
    elif kind == "map":
        yield from _size(shape, len(value), path)
        for key, item in value.items():
            yield from _strict(shape.key, key, f"{path} key {key}")
            yield from _strict(shape.value, item, f"{path}.{key}")
    elif kind == "string":
        yield from _size(shape, len(value), path)
        allowed = shape.metadata.get("enum")
        if allowed and value not in allowed:
            yield f"{path}: {value} is none of {allowed}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(_python(pattern), value):
            yield f"{path}: does not match {pattern}"
    elif kind in ("integer", "long", "float", "double"):
        yield from _size(shape, value, path)


def _size(shape, size, path):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{path}: {size} is below {low}"
    if high is not None and size > high:
        yield f"{path}: {size} is above {high}"


_PYTHON = {}


def _python(pattern):
    """Writes a pattern of the model as one that Python knows."""
    if pattern not in _PYTHON:
        written = pattern
        # The password's pattern stands between slashes.
        if written.startswith("/") and written.endswith("/"):
            written = written[1:-1]
        # The mobile number's is escaped twice: as it stands it asks for a backslash.
        written = written.replace("\\\\", "\\")
        for category in "LNZ":
            written = written.replace("\\p{%s}" % category, _category(category) if f"\\p{{{category}}}" in written else "")
        # AWS matches the whole value.
        _PYTHON[pattern] = re.compile(r"\A(?:%s)\Z" % written.replace("$", r"\Z"))
    return _PYTHON[pattern]


def _category(letter):
    ranges, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(letter)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)


def paths(shape, prefix=""):
    """Every path that the model has below a shape."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield f"{prefix}.{name}"
            yield from paths(member, f"{prefix}.{name}")
    elif shape.type_name == "list":
        yield from paths(shape.member, prefix)


def met(value, prefix=""):
    """Every path that a value has."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{prefix}.{name}"
            if name != "Tags":
                yield from met(member, f"{prefix}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from met(item, prefix)


def main():
    connect = service("connect")
    seen = set()
    for line in sys.stdin:
        case = json.loads(line)
        shape = connect.operation_model(case["operation"]).input_shape
        print(json.dumps(faults(shape, case["parameters"])))
        if case["operation"] == "CreateUser":
            seen.update(met(case["parameters"]))
    known = set(paths(connect.operation_model("CreateUser").input_shape))
    print(json.dumps({"missing": sorted(known - seen), "unknown": sorted(seen - known)}))


if __name__ == "__main__":
    main()
