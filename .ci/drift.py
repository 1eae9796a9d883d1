"""Says what has changed in the service's own model since it was read for this program.

    python3 .ci/drift.py              compares the botocore that is installed with the digest; prints each difference
    python3 .ci/drift.py --renew      the same, and then writes the digest anew

Walks from the operations that `src/connect/operation.rs` names through every shape that they reach, and compares every
shape, member, constraint, error and sentence of the documentation with `.ci/connect-model.txt`. Exit 0: nothing differs.
1: something does. 2: it could not be found out.

The digest is also where the version of the model is written down: rules that cite "the model" mean that one. Before
it is renewed, each difference is looked at: what does `src/validate/`, `src/simulator/` or a page say of it?

Needs Python 3.9 or newer and the files of botocore, of which no code is run.
"""

import argparse
import gzip
import html
import importlib.util
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIGEST = ROOT / ".ci/connect-model.txt"
SOURCE = ROOT / "src/connect/operation.rs"

# An operation of which one of these is a part may do what this program does or watches for, in use or not: a batch of
# users, a password that can be set, a way to sign people out.
WATCHED = ("Agent", "Entity", "Import", "Password", "Proficienc", "Replicat", "User")

# Members of a shape that are told line by line, or not at all.
APART = {"documentation", "members", "required", "enum", "member", "key", "value"}


class Unreadable(Exception):
    """What could not be read, in a sentence."""


def read(path):
    """A file of JSON, packed or not, as botocore has it."""
    for name, opened in ((path.with_name(path.name + ".gz"), gzip.open), (path, open)):
        if name.exists():
            try:
                with opened(name, "rt", encoding="utf-8") as file:
                    return json.load(file)
            except (OSError, EOFError, ValueError) as error:
                raise Unreadable(f"{name} cannot be read: {error}") from error
    raise Unreadable(f"{path} is not there, packed or not: is this a folder of botocore?")


def in_use(source):
    """The operations in use, by the service that has them, as the source of the calls names them."""
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"{source} cannot be read: {error.strerror}") from error
    names = re.findall(r'Self::(\w+) => "\1"', text)
    if not names:
        raise Unreadable(f"{source} names no operations: has the way it does changed?")
    of_quotas = set(re.findall(r"Self::(\w+) => Service::ServiceQuotas", text))
    services = {"connect": [name for name in names if name not in of_quotas]}
    if of_quotas:
        services["service-quotas"] = sorted(of_quotas)
    return services


def sentences(documentation):
    """The sentences of a text in HTML, without its marks."""
    text = re.sub(r"</?(?:p|ul|ol|li|dl|dt|dd|note|important|br)\b[^>]*>", "\n", documentation)
    for block in html.unescape(re.sub(r"<[^>]*>", "", text)).split("\n"):
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", " ".join(block.split())):
            if sentence:
                yield sentence


def plain(value):
    """A constraint as one word or as JSON."""
    return value if isinstance(value, str) and value == " ".join(value.split()) else json.dumps(value, sort_keys=True)


def of_shape(shape):
    """The lines of a shape, and the names of those that it is made of. A member's begin with a dot and its name."""
    lines, parts = [], []
    for constraint in sorted(set(shape) - APART):
        lines.append(f"{constraint} {plain(shape[constraint])}")
    lines += [f"requires {member}" for member in shape.get("required", [])]
    lines += [f"allows {value}" for value in shape.get("enum", [])]
    lines += [f"says: {sentence}" for sentence in sentences(shape.get("documentation", ""))]
    for word in ("member", "key", "value"):
        if word in shape:
            lines.append(f"each {word} is {shape[word]['shape']}")
            parts.append(shape[word]["shape"])
    for member, of in shape.get("members", {}).items():
        lines.append(f".{member} is {of['shape']}")
        for constraint in sorted(set(of) - {"shape", "documentation"}):
            lines.append(f".{member} {constraint} {plain(of[constraint])}")
        lines += [f".{member} says: {sentence}" for sentence in sentences(of.get("documentation", ""))]
        parts.append(of["shape"])
    return lines, parts


def of_operation(operation):
    """The lines of an operation, and the shapes that it begins with."""
    http = operation["http"]
    lines, parts = [f"is {http['method']} {http['requestUri']}"], []
    for word in ("input", "output"):
        if word in operation:
            lines.append(f"{word} {operation[word]['shape']}")
            parts.append(operation[word]["shape"])
    for error in operation.get("errors", []):
        lines.append(f"fails with {error['shape']}")
        parts.append(error["shape"])
    for other in sorted(set(operation) - {"name", "http", "input", "output", "errors", "documentation"}):
        lines.append(f"{other} {plain(operation[other])}")
    lines += [f"says: {sentence}" for sentence in sentences(operation.get("documentation", ""))]
    return lines, parts


def of_service(botocore, service, names):
    """All of a service as pairs of what is told of and what is told: its version, what could be of use, and all that is
    reached from the operations in use."""
    folder = botocore / "data" / service
    versions = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if not versions:
        raise Unreadable(f"{folder} has no version of the service")
    model = read(folder / versions[-1] / "service-2.json")
    operations, shapes = model["operations"], model["shapes"]
    pairs = {(service, f"is of {versions[-1]}")}
    pairs |= {(f"{service} operations", name) for name in operations if any(word in name for word in WATCHED)}
    # Codes are known by what they mean, also those of operations that are not called yet.
    for name, shape in shapes.items():
        if shape.get("exception"):
            status = plain(shape.get("error", {}).get("httpStatusCode", "without a status"))
            pairs.add((f"{service} exceptions", f"{name} {status}"))
    waiting, seen = [], set()
    for name in names:
        if name in operations:
            lines, parts = of_operation(operations[name])
            pairs |= {(f"{service} {name}", line) for line in lines}
            waiting += parts
    while waiting:  # ends, for a shape is walked once, and there are finitely many
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            lines, parts = of_shape(shapes[name])
            pairs |= {(f"{service} {name}", line) for line in lines}
            waiting += parts
    return pairs


def version_of(botocore):
    """The version that the package's own file names."""
    path = botocore / "__init__.py"
    try:
        found = re.search(r"^__version__ = ['\"]([^'\"]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    if not found:
        raise Unreadable(f"{path} names no version")
    return found[1]


def installed():
    """The folder of the botocore that this Python has."""
    found = importlib.util.find_spec("botocore")
    if not found:
        raise Unreadable("this Python has no botocore: `python3 -m pip install botocore` in an environment of its own")
    return Path(found.origin).parent


def kept(path):
    """The version and the pairs of a digest: a line tells of the last one before it that is not indented."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}; `--renew` makes it") from error
    versions, pairs, of = [], set(), None
    for line in lines:
        if line.startswith("botocore "):
            versions.append(line[len("botocore "):])
        elif line.startswith("  ") and of:
            pairs.add((of, line[2:]))
        elif line and not line.startswith("#"):
            of = line
    if len(versions) != 1:
        raise Unreadable(f"{path} does not name one version of botocore; `--renew` makes it anew")
    return versions[0], pairs


def told(before, now):
    """The differences, what is no more before what is new of the same thing."""

    def line(mark, of, text):
        return f"{mark} {of}{'' if text.startswith('.') else ' '}{text}"

    changes = [((of, text.split(" ")[0], 0, text), line("-", of, text)) for of, text in before - now]
    changes += [((of, text.split(" ")[0], 1, text), line("+", of, text)) for of, text in now - before]
    return [text for _, text in sorted(changes)]


def written(version, now):
    """The digest: a paragraph for each thing that is told of."""
    lines, last = [HEAD + f"botocore {version}"], None
    for of, text in sorted(now):
        if of != last:
            lines += ["", of]
            last = of
        lines.append("  " + text)
    return "\n".join(lines) + "\n"


HEAD = """\
# What the service's own model says of the operations in use: every shape, member, constraint, error and sentence.
# Read by `.ci/drift.py`, written by `.ci/drift.py --renew`. The texts are botocore's (Apache-2.0).
"""


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--renew", action="store_true", help="write the digest anew, after the differences are told")
    parser.add_argument("--botocore", type=Path, help="the package's folder [default: the one of this Python]")
    parser.add_argument("--digest", type=Path, default=DIGEST, help="[default: .ci/connect-model.txt]")
    parser.add_argument("--source", type=Path, default=SOURCE, help="[default: src/connect/operation.rs]")
    asked = parser.parse_args(arguments)
    botocore = asked.botocore or installed()
    version, now = version_of(botocore), set()
    for service, names in in_use(asked.source).items():
        now |= of_service(botocore, service, names)
    old, before = kept(asked.digest) if asked.digest.exists() or not asked.renew else ("none", set())
    changes = told(before, now)
    print(f"{len(changes)} lines differ between botocore {old} (the digest) and {version}")
    # A digest that is made for the first time differs by all that it has.
    for line in changes if before else []:
        print(line)
    if asked.renew:
        asked.digest.write_text(written(version, now), encoding="utf-8", newline="\n")
        print(f"written: {asked.digest}")
        return 0
    return 1 if changes else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Unreadable as unreadable:
        print(f"error: {unreadable}", file=sys.stderr)
        sys.exit(2)
    except (KeyError, TypeError, AttributeError) as odd:
        print(f"error: the model is not of the form that it had: {odd!r}", file=sys.stderr)
        sys.exit(2)
