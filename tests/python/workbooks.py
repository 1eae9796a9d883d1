"""Workbooks by another hand: openpyxl writes `people.json` as plain ones, and one with all that a sheet can hide."""

import datetime
import json

from openpyxl import Workbook

people = json.load(open("people.json", encoding="utf-8"))


def typed(cell):
    return int(cell) if cell.isdigit() else cell


plain = Workbook()
for row in people:
    plain.active.append([typed(cell) for cell in row])
plain.save("plain.xlsx")

write_only = Workbook(write_only=True)
sheet = write_only.create_sheet("People")
for row in people:
    sheet.append([typed(cell) for cell in row])
write_only.save("write_only.xlsx")

odd = Workbook()
sheet = odd.active
sheet.append(["first name", "last name", "user login", "routing profile", "security profiles", "mobile"])
sheet.append(["Ann", "Lee", 71, "Care", "Agent", None])
sheet["C2"].number_format = "0000"
sheet.append(["Bob", "Kay", "bob", "Care", "Agent", None])
sheet.append(["Cid", "Ray", "cid", None, "Agent", None])
sheet.append(["Dan", datetime.date(2026, 11, 23), "dan", "Care", "Agent", 4930231250])
sheet.merge_cells("D3:D4")
sheet.column_dimensions["B"].hidden = True
sheet.row_dimensions[3].hidden = True
odd.create_sheet("Lists").sheet_state = "hidden"
odd.create_sheet("Deep").sheet_state = "veryHidden"
odd.save("odd.xlsx")
