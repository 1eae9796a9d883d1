"""A workbook as HR keeps it, and what an annotated or a mended copy changed in it, told by openpyxl.

    annotated.py make FILE
    annotated.py resave BEFORE AFTER
    annotated.py compare BEFORE AFTER      prints what is different as JSON
    annotated.py mended BEFORE AFTER       prints the cells whose values are different as JSON; all else must be the same
"""

import datetime
import json
import sys

import openpyxl
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table


def make(path):
    book = openpyxl.Workbook()
    book.active.title = "Agents"
    sheet = book.active
    sheet.append(["first name", "last name", "user login", "routing profile", "security profile", "phone number", "Start"])
    date = datetime.date(2026, 11, 23)
    sheet.append(["Ada", "Lovelace", 231, "Basic", "Agent", 12065550142, date])
    sheet.append(["Grace", "Hopper", "grace hopper", "Basic", "Agent", None, date])
    sheet.append(["Zoë", "Müller", "zoe", "Basic", "Agent", "+12065550143", date])
    sheet.append(["Max", None, date, "Basic", "Agent", None, date])
    sheet.append(["Joan", "O'Neill", '="jo"&"an"', "Basic", "Agent", None, date])
    sheet["C2"].fill = PatternFill("solid", fgColor="FFDDEEFF")
    sheet["C2"].font = Font(bold=True, color="FF112233")
    sheet["C2"].alignment = Alignment(wrap_text=True)
    sheet["C2"].number_format = "#,##0"
    sheet["C3"].protection = Protection(locked=False)
    sheet["C3"].comment = Comment("ask her", "Ann")
    sheet["A4"].comment = Comment("new since May", "Ann")
    sheet.column_dimensions["B"].hidden = True
    sheet.column_dimensions["A"].width = 33
    sheet.row_dimensions[4].hidden = True
    sheet.merge_cells("D5:D6")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = "A1:G6"
    sheet.protection.sheet = True
    sheet.conditional_formatting.add("F2:F6", CellIsRule(operator="equal", formula=['""'], font=Font(italic=True)))
    choice = DataValidation(type="list", formula1='"Basic,Care"')
    choice.add("D2:D6")
    sheet.add_data_validation(choice)
    other = book.create_sheet("Notes")
    other["A1"] = "kept"
    other["A1"].comment = Comment("on another sheet", "Bob")
    other.append(["name", "value"])
    other.append(["a", 1])
    other.add_table(Table(displayName="T1", ref="A2:B3"))
    book.create_sheet("Old").sheet_state = "hidden"
    book.save(path)


def resave(before, after):
    openpyxl.load_workbook(before).save(after)


def form(book):
    sheets = {}
    for sheet in book.worksheets:
        sheets[sheet.title] = {
            "state": sheet.sheet_state,
            "freeze": sheet.freeze_panes,
            "filter": sheet.auto_filter.ref,
            "protected": sheet.protection.sheet,
            "merged": sorted(str(one) for one in sheet.merged_cells.ranges),
            "tables": sorted(sheet.tables),
            "rules": [str(one.sqref) for one in sheet.conditional_formatting],
            "validations": [str(one.sqref) for one in sheet.data_validations.dataValidation],
            "columns": sorted(key for key, one in sheet.column_dimensions.items() if one.hidden),
            "rows": sorted(key for key, one in sheet.row_dimensions.items() if one.hidden),
        }
    return sheets


def cells(book):
    found = {}
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                found[sheet.title, cell.coordinate] = cell
    return found


def compare(before, after):
    one, two = openpyxl.load_workbook(before), openpyxl.load_workbook(after)
    assert form(one) == form(two), (form(one), form(two))
    old, new = cells(one), cells(two)
    colours, notes = {}, {}
    for place, cell in new.items():
        was = old.get(place)
        assert was is not None or cell.value is None, place
        if was is not None:
            for member in ("value", "data_type", "number_format", "font", "border", "alignment", "protection"):
                assert repr(getattr(was, member)) == repr(getattr(cell, member)), (place, member)
        if was is None or repr(was.fill) != repr(cell.fill):
            colours["!".join(place)] = cell.fill.fgColor.rgb
        if cell.comment is not None and (was is None or was.comment is None or was.comment.text != cell.comment.text):
            notes["!".join(place)] = cell.comment.text
        if was is not None and was.comment is not None:
            assert cell.comment is not None and cell.comment.author == was.comment.author, place
            assert cell.comment.text.startswith(was.comment.text), place
    assert set(old) <= set(new)
    print(json.dumps({"colours": colours, "notes": notes}))


def mended(before, after):
    one, two = openpyxl.load_workbook(before), openpyxl.load_workbook(after)
    assert form(one) == form(two), (form(one), form(two))
    widths = [{sheet.title: {key: it.width for key, it in sheet.column_dimensions.items()} for sheet in book} for book in (one, two)]
    assert widths[0] == widths[1], widths
    old, new = cells(one), cells(two)
    assert set(old) == set(new), set(old) ^ set(new)
    values = {}
    for place, was in old.items():
        cell = new[place]
        for member in ("number_format", "font", "border", "alignment", "protection", "fill", "comment"):
            assert repr(getattr(was, member)) == repr(getattr(cell, member)), (place, member)
        if was.value != cell.value:
            values["!".join(place)] = cell.value
    print(json.dumps(values))


if __name__ == "__main__":
    {"make": make, "resave": resave, "compare": compare, "mended": mended}[sys.argv[1]](*sys.argv[2:])
