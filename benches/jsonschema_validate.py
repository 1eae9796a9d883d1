"""Checks the rows of a CSV by a JSON Schema that fastjsonschema compiles to Python code: `... SCHEMA.json ROSTER.csv`.

The fastest validator that Python has for it, for `validate.rs`. Blank cells are null, as qsv has them.
"""

import csv
import json
import sys

import fastjsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
check = fastjsonschema.compile(schema)
of_integers = {name for name, rule in schema["properties"].items() if "integer" in rule["type"]}
invalid = 0
with open(sys.argv[2], encoding="utf-8-sig", newline="") as file:
    for row in csv.DictReader(file):
        try:
            check({name: (int(cell) if name in of_integers else cell) if cell else None for name, cell in row.items()})
        except (ValueError, fastjsonschema.JsonSchemaException):
            invalid += 1
print(invalid)
