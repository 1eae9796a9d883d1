//! A sheet's part with some cells marked: read and written as a stream, row by row, and byte for byte where nothing is
//! marked.

use std::io::{Read, Write};

use super::styles::{Paint, Styles};
use super::unwritten::Unwritten;
use super::xml::{self, Tag, Token, Tokens};
use crate::roster::{cell_place, column_letters};

/// The base of the types of relations, and of the attribute that names one.
pub(super) fn relationships(is_strict: bool) -> &'static str {
    if is_strict {
        "http://purl.oclc.org/ooxml/officeDocument/relationships"
    } else {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    }
}

/// What happens to one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The cell's column, counted from 0.
    pub(super) column: u32,
    /// Its colour; `None` leaves it as it is.
    pub(super) paint: Option<Paint>,
    /// What it says from now on: for a column of ours alone.
    pub(super) text: Option<String>,
}

/// What there was to know of the sheet once it was copied.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// The relation by which it has its notes' drawing already.
    pub(super) drawing: Option<String>,
    /// How many cells could not be coloured.
    pub(super) unpainted: u64,
    /// How many formulas texts have taken the place of.
    pub(super) formulas: u64,
}

/// A sheet on its way from one package into the other.
pub(super) struct Sheet<'s, R: Read, W> {
    tokens: Tokens<R>,
    out: W,
    styles: &'s mut Styles,
    /// What stands before the names of elements.
    prefix: String,
    is_strict: bool,
    /// Stretches of columns that have a format of their own: both ends, from 1, and the format.
    columns: Vec<(u32, u32, u32)>,
    is_in_data: bool,
    /// The row whose tag has been read and not been written.
    open: Option<Open>,
    /// The number of the row before it.
    last: u64,
    unpainted: u64,
    formulas: u64,
}

struct Open {
    number: u64,
    tag: String,
    is_empty: bool,
}

/// Elements of a sheet that stand behind the drawing of its notes (ECMA-376 part 1, CT_Worksheet). `AlternateContent` has
/// controls or objects in it, which do too.
const BEHIND: [&[u8]; 9] = [
    b"legacyDrawingHF",
    b"drawingHF",
    b"picture",
    b"oleObjects",
    b"controls",
    b"webPublishItems",
    b"tableParts",
    b"extLst",
    b"AlternateContent",
];

impl<'s, R: Read, W: Write> Sheet<'s, R, W> {
    pub(super) fn new(part: R, out: W, styles: &'s mut Styles) -> Self {
        Self {
            tokens: Tokens::new(part),
            out,
            styles,
            prefix: String::new(),
            is_strict: false,
            columns: Vec::new(),
            is_in_data: false,
            open: None,
            last: 0,
            unpainted: 0,
            formulas: 0,
        }
    }

    /// Copies up to a row (counted from 1) and marks its cells, which are in the order of their columns. Rows come in
    /// order too.
    pub(super) fn mark(&mut self, row: u64, marks: &[Mark]) -> Result<(), Unwritten> {
        let tag = if self.find(row)? {
            self.open.take()
        } else {
            let tag = format!("<{}row r=\"{row}\"/>", self.prefix);
            Some(Open { number: row, tag, is_empty: true })
        };
        tag.map_or(Ok(()), |open| self.row(open, marks))
    }

    /// Copies up to a row (counted from 1) and leaves nothing in it: the rows below keep their numbers, by which formulas,
    /// merged cells and formats of the sheet name them.
    pub(super) fn empty(&mut self, row: u64) -> Result<(), Unwritten> {
        if !self.find(row)? {
            return Ok(());
        }
        let Some(open) = self.open.take() else { return Ok(()) };
        self.last = open.number;
        self.out.write_all(open.tag.as_bytes())?;
        if open.is_empty {
            return Ok(());
        }
        loop {
            match self.tokens.next()? {
                Token::Start | Token::Empty if self.tokens.name() == b"f" => {
                    self.count_formula()?;
                }
                Token::End if self.tokens.name() == b"row" => {
                    self.out.write_all(self.tokens.raw())?;
                    return Ok(());
                }
                Token::Eof => return Err(Unwritten::NotInPlace("its sheet ends too early")),
                _ => {}
            }
        }
    }

    /// Counts a formula that goes. Others may be copies of it, which would be none any more.
    fn count_formula(&mut self) -> Result<(), Unwritten> {
        let tag = self.tokens.tag()?;
        if tag.attribute("ref").is_some() {
            return Err(Unwritten::NotInPlace("a formula that would go is that of other cells as well"));
        }
        self.formulas += 1;
        Ok(())
    }

    /// Copies what is left. Where notes are to be drawn, by the relation of this name, and the sheet has none yet, says so
    /// in it.
    pub(super) fn finish(mut self, notes: Option<&str>) -> Result<Copied, Unwritten> {
        self.find(u64::MAX)?;
        let mut copied = Copied { drawing: None, unpainted: 0, formulas: self.formulas };
        let (mut depth, mut is_said) = (0_u32, notes.is_none());
        // What is held is the end of the rows.
        let mut is_behind_rows = false;
        loop {
            let token = self.tokens.next()?;
            match token {
                Token::Start | Token::Empty if depth == 0 => {
                    let name = self.tokens.name();
                    if name == b"legacyDrawing" {
                        copied.drawing = self.tokens.tag()?.value("id").map(|id| id.into_owned());
                        is_said = true;
                    } else if !is_said && BEHIND.contains(&name) {
                        self.say_notes(notes.unwrap_or_default())?;
                        is_said = true;
                    }
                }
                Token::End if depth == 0 && is_behind_rows && !is_said => {
                    self.say_notes(notes.unwrap_or_default())?;
                    is_said = true;
                }
                Token::Eof => break,
                _ => {}
            }
            match token {
                Token::Start => depth += 1,
                Token::End if is_behind_rows => depth = depth.saturating_sub(1),
                Token::End => is_behind_rows = true,
                _ => {}
            }
            self.out.write_all(self.tokens.raw())?;
        }
        copied.unpainted = self.unpainted;
        Ok(copied)
    }

    fn say_notes(&mut self, id: &str) -> Result<(), Unwritten> {
        let (prefix, base) = (&self.prefix, relationships(self.is_strict));
        Ok(write!(self.out, "<{prefix}legacyDrawing xmlns:r=\"{base}\" r:id=\"{}\"/>", xml::text(id))?)
    }

    /// Copies what stands before a row; whether the row is there. It is open then.
    fn find(&mut self, row: u64) -> Result<bool, Unwritten> {
        loop {
            if let Some(open) = self.open.take_if(|open| open.number < row) {
                self.row(open, &[])?;
            }
            if let Some(open) = &self.open {
                return Ok(open.number == row);
            }
            match self.tokens.next()? {
                token @ (Token::Start | Token::Empty) => {
                    if self.is_in_data && self.tokens.name() == b"row" {
                        self.open = Some(self.opened(token == Token::Empty)?);
                        continue;
                    }
                    self.before_rows(token)?;
                }
                Token::End if self.is_in_data && self.tokens.name() == b"sheetData" => {
                    self.tokens.hold();
                    return Ok(false);
                }
                Token::End | Token::Other => {}
                Token::Eof => return Err(Unwritten::NotInPlace("its sheet ends too early")),
            }
            self.out.write_all(self.tokens.raw())?;
        }
    }

    /// Learns what the rows need to know from a tag that stands before them.
    fn before_rows(&mut self, token: Token) -> Result<(), Unwritten> {
        match self.tokens.name() {
            b"worksheet" => {
                let tag = self.tokens.tag()?;
                self.prefix = tag.prefix().to_owned();
                self.is_strict = tag.0.contains("http://purl.oclc.org/ooxml/spreadsheetml/main");
            }
            b"col" => {
                let tag = self.tokens.tag()?;
                let [from, to, style] = ["min", "max", "style"].map(|name| tag.number(name));
                self.columns.extend(from.zip(to).zip(style).map(|((from, to), style)| (from, to, style)));
            }
            b"sheetData" if token == Token::Start => self.is_in_data = true,
            b"sheetData" => return Err(Unwritten::NotInPlace("its sheet has no rows")),
            _ => {}
        }
        Ok(())
    }

    /// The row whose tag was just read. One that does not say its number is known by its first cell, as the reader knows
    /// it; else it is the next.
    fn opened(&mut self, is_empty: bool) -> Result<Open, Unwritten> {
        let tag = self.tokens.tag()?;
        let (told, tag) = (tag.number("r").map(u64::from), tag.0.to_owned());
        let mut number = told;
        if number.is_none() && !is_empty {
            let next = self.tokens.next()?;
            if matches!(next, Token::Start | Token::Empty) && self.tokens.name() == b"c" {
                let place = self.tokens.tag()?.attribute("r").and_then(cell_place);
                number = place.map(|(row, _)| u64::from(row) + 1);
            }
            self.tokens.hold();
        }
        Ok(Open { number: number.unwrap_or(self.last + 1), tag, is_empty })
    }

    /// Copies a row, its cells marked.
    fn row(&mut self, open: Open, marks: &[Mark]) -> Result<(), Unwritten> {
        self.last = open.number;
        let tag = Tag(&open.tag);
        if open.is_empty && marks.is_empty() {
            return Ok(self.out.write_all(tag.0.as_bytes())?);
        }
        // It says how far the cells reach, to spare the reader a look; a cell beyond would make it untrue.
        let is_beyond = |mark: &Mark| {
            let (from, to) = tag.attribute("spans")?.split_once(':')?;
            let reach = from.trim().parse::<u32>().ok()?..=to.trim().parse().ok()?;
            Some(!reach.contains(&(mark.column + 1)))
        };
        let shown = if marks.iter().any(|mark| is_beyond(mark) == Some(true)) {
            tag.without("spans")
        } else {
            tag.0.to_owned()
        };
        let has_format = matches!(tag.attribute("customFormat"), Some("1" | "true"));
        let format = tag.number("s").filter(|_| has_format);
        let mut marks = marks.iter().peekable();
        if open.is_empty {
            let opening = shown.strip_suffix("/>").unwrap_or(&shown).trim_end();
            write!(self.out, "{opening}>")?;
            for mark in marks {
                self.insert(open.number, mark, format)?;
            }
            return Ok(write!(self.out, "</{}row>", self.prefix)?);
        }
        self.out.write_all(shown.as_bytes())?;
        let mut next = 0;
        loop {
            let token = self.tokens.next()?;
            match (token, self.tokens.name()) {
                (Token::Start | Token::Empty, b"c") => {
                    let place = self.tokens.tag()?.attribute("r").and_then(cell_place);
                    let column = place.map_or(next, |(_, column)| column);
                    next = column + 1;
                    while let Some(mark) = marks.next_if(|mark| mark.column < column) {
                        self.insert(open.number, mark, format)?;
                    }
                    let mark = marks.next_if(|mark| mark.column == column);
                    self.cell(open.number, token, mark)?;
                }
                // The row's end, or what stands behind its cells.
                (Token::Start | Token::Empty | Token::End, name) => {
                    let is_end = token == Token::End && name == b"row";
                    for mark in marks.by_ref() {
                        self.insert(open.number, mark, format)?;
                    }
                    self.out.write_all(self.tokens.raw())?;
                    if is_end {
                        return Ok(());
                    }
                }
                (Token::Eof, _) => return Err(Unwritten::NotInPlace("its sheet ends too early")),
                (Token::Other, _) => self.out.write_all(self.tokens.raw())?,
            }
        }
    }

    /// Copies the cell whose tag was just read, marked.
    fn cell(&mut self, row: u64, token: Token, mark: Option<&Mark>) -> Result<(), Unwritten> {
        let tag = self.tokens.tag()?;
        let format = tag.number("s").unwrap_or(0);
        let stale = self.styles.is_ours(format).then_some(Paint::None);
        let paint = mark.and_then(|mark| mark.paint).or(stale);
        let painted = paint.and_then(|paint| self.styles.painted(format, paint));
        self.unpainted += u64::from(paint.is_some() && painted.is_none());
        if let Some((mark, text)) = mark.and_then(|mark| Some((mark, mark.text.as_deref()?))) {
            self.say(row, mark.column, painted.unwrap_or(format), text)?;
            return if token == Token::Start { self.skip_cell() } else { Ok(()) };
        }
        match painted {
            Some(painted) => write!(self.out, "{}", tag.with("s", &painted.to_string()))?,
            None => self.out.write_all(self.tokens.raw())?,
        }
        if token == Token::Start { self.rest_of_cell() } else { Ok(()) }
    }

    fn rest_of_cell(&mut self) -> Result<(), Unwritten> {
        loop {
            let token = self.tokens.next()?;
            self.out.write_all(self.tokens.raw())?;
            match token {
                Token::End if self.tokens.name() == b"c" => return Ok(()),
                Token::Eof => return Err(Unwritten::NotInPlace("its sheet ends too early")),
                _ => {}
            }
        }
    }

    fn skip_cell(&mut self) -> Result<(), Unwritten> {
        loop {
            match self.tokens.next()? {
                Token::Start | Token::Empty if self.tokens.name() == b"f" => {
                    self.count_formula()?;
                }
                Token::End if self.tokens.name() == b"c" => return Ok(()),
                Token::Eof => return Err(Unwritten::NotInPlace("its sheet ends too early")),
                _ => {}
            }
        }
    }

    /// Adds a cell that the sheet does not have: an empty one, unless it is to say something. It looks as its row or its
    /// column would have made it.
    fn insert(&mut self, row: u64, mark: &Mark, of_row: Option<u32>) -> Result<(), Unwritten> {
        let within = |&&(from, to, _): &&(u32, u32, u32)| (from..=to).contains(&(mark.column + 1));
        let of_column = self.columns.iter().find(within).map(|(_, _, style)| *style);
        let format = of_row.or(of_column).unwrap_or(0);
        let painted = mark.paint.and_then(|paint| self.styles.painted(format, paint));
        self.unpainted += u64::from(mark.paint.is_some() && painted.is_none());
        self.say(row, mark.column, painted.unwrap_or(format), mark.text.as_deref().unwrap_or(""))
    }

    /// Writes a cell of text.
    fn say(&mut self, row: u64, column: u32, format: u32, text: &str) -> Result<(), Unwritten> {
        let (prefix, letters) = (&self.prefix, column_letters(column as usize));
        write!(self.out, "<{prefix}c r=\"{letters}{row}\" s=\"{format}\"")?;
        if text.is_empty() {
            return Ok(self.out.write_all(b"/>")?);
        }
        let text = xml::text(text);
        let opening = format!(" t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">");
        Ok(write!(self.out, "{opening}{text}</{prefix}t></{prefix}is></{prefix}c>")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLES: &str = "<styleSheet><fills><fill/></fills><cellXfs><xf/><xf/><xf/></cellXfs></styleSheet>";

    /// The sheet with these marks: row, column, what it says.
    fn marked(sheet: &str, marks: &[(u64, u32, Option<&str>)], notes: Option<&str>) -> String {
        let mut styles = Styles::read(STYLES.to_owned()).unwrap_or_else(|_| panic!("no styles"));
        let mut out = Vec::new();
        let mut copy = Sheet::new(sheet.as_bytes(), &mut out, &mut styles);
        for of_row in marks.chunk_by(|a, b| a.0 == b.0) {
            let marks: Vec<Mark> = of_row
                .iter()
                .map(|&(_, column, text)| Mark {
                    column,
                    paint: Some(Paint::Error),
                    text: text.map(str::to_owned),
                })
                .collect();
            copy.mark(of_row[0].0, &marks).unwrap_or_else(|_| panic!("not marked"));
        }
        copy.finish(notes).unwrap_or_else(|_| panic!("not copied"));
        String::from_utf8(out).unwrap()
    }

    fn sheet(rows: &str) -> String {
        format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
    }

    #[test]
    fn a_sheet_without_marks_is_the_same_byte_for_byte() {
        let text = "<?xml version='1.0'?>\n<x:worksheet xmlns:x='m'><x:cols><x:col min='1' max='2' style='1'/></x:cols>\
                    <x:sheetData>\n <x:row r='2' ><x:c r='A2' t='s'><x:v>0</x:v></x:c ></x:row>\
                    <x:row/></x:sheetData><x:extLst/></x:worksheet>\n";
        assert_eq!(marked(text, &[], None), text);
    }

    #[test]
    fn a_cell_is_marked_where_it_stands_and_made_where_it_is_missing() {
        let table = [
            (
                "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>5</v></c></row>",
                "<row r=\"1\"><c r=\"A1\" s=\"3\"><v>5</v></c></row>",
            ),
            ("<row><c><v>5</v></c></row>", "<row><c s=\"3\"><v>5</v></c></row>"),
            ("<row><c r='A1' t='s'/></row>", "<row><c s=\"3\" r='A1' t='s'/></row>"),
            ("<row><c r='B1'/></row>", "<row><c r=\"A1\" s=\"3\"/><c r='B1'/></row>"),
            ("<row r='1'/>", "<row r='1'><c r=\"A1\" s=\"3\"/></row>"),
            ("<row r='1' spans='2:3' ht='1'/>", "<row r='1' ht='1'><c r=\"A1\" s=\"3\"/></row>"),
            ("<row r='2'/>", "<row r=\"1\"><c r=\"A1\" s=\"3\"/></row><row r='2'/>"),
            ("", "<row r=\"1\"><c r=\"A1\" s=\"3\"/></row>"),
            ("<row r='1'><extLst/></row>", "<row r='1'><c r=\"A1\" s=\"3\"/><extLst/></row>"),
            (
                "<row r='1' s='2' customFormat='1'/>",
                "<row r='1' s='2' customFormat='1'><c r=\"A1\" s=\"3\"/></row>",
            ),
        ];
        for (before, after) in table {
            assert_eq!(marked(&sheet(before), &[(1, 0, None)], None), sheet(after), "{before}");
        }
    }

    #[test]
    fn rows_and_cells_without_references_are_counted_as_the_reader_counts_them() {
        let rows =
            "<row><c/><c/></row><row r='4'><c/></row><row><c/><c r='D5'/><c/></row><row><c r='A9'/></row>";
        let marks = [(1, 1, None), (4, 0, None), (5, 4, None), (9, 0, None)];
        assert_eq!(
            marked(&sheet(rows), &marks, None),
            sheet(
                "<row><c/><c s=\"3\"/></row><row r='4'><c s=\"3\"/></row><row><c/><c r='D5'/><c s=\"3\"/></row>\
                 <row><c s=\"3\" r='A9'/></row>"
            )
        );
    }

    #[test]
    fn a_cell_of_ours_says_something_else_and_the_others_stay() {
        let rows =
            "<row r='1'><c r='A1'><v>1</v></c><c r='B1' s='1' t='inlineStr'><is><t>old</t></is></c></row>";
        let after = "<row r='1'><c r='A1'><v>1</v></c><c r=\"B1\" s=\"3\" t=\"inlineStr\"><is>\
                     <t xml:space=\"preserve\">a &lt; b</t></is></c></row>";
        assert_eq!(marked(&sheet(rows), &[(1, 1, Some("a < b"))], None), sheet(after));
    }

    #[test]
    fn the_drawing_of_notes_stands_where_the_schema_has_it() {
        let drawing = "<legacyDrawing xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
                       r:id=\"n1\"/>";
        let table = [
            ("", drawing.to_owned()),
            ("<pageMargins/><drawing/>", format!("<pageMargins/><drawing/>{drawing}")),
            (
                "<pageMargins/><tableParts><tablePart/></tableParts><extLst/>",
                format!("<pageMargins/>{drawing}<tableParts><tablePart/></tableParts><extLst/>"),
            ),
            ("<legacyDrawing r:id='x'/><tableParts/>", "<legacyDrawing r:id='x'/><tableParts/>".to_owned()),
        ];
        for (before, after) in table {
            let text = |rest: &str| format!("<worksheet><sheetData><row/></sheetData>{rest}</worksheet>");
            assert_eq!(marked(&text(before), &[], Some("n1")), text(&after));
        }
    }
}
