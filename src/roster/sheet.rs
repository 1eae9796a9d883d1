//! What a sheet shows and hides: hidden rows and columns, merged cells. The reader of cells tells nothing of these, so
//! the sheet's XML is read once more, as a stream.

use std::collections::HashSet;
use std::io::{BufReader, Read, Seek};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;

/// The most merged ranges and hidden stretches of columns that are looked at; a roster has none.
const MOST: usize = 100_000;
/// More hidden rows than a sheet has rows.
const MOST_ROWS: usize = 1 << 21;

/// What there is to know of a sheet besides its cells. Rows and columns count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Hidden stretches of columns, both ends included.
    pub(super) hidden_columns: Vec<(u32, u32)>,
    /// The hidden rows that hold something, in order.
    pub(super) hidden_rows: Vec<u32>,
    /// Merged ranges of more than one cell, by their first row.
    pub(super) merged: Vec<Merged>,
    /// Cells with a formula and no value, in order: row and column. A program wrote them, and no spreadsheet has computed
    /// them yet.
    pub(super) uncomputed: Vec<(u32, u32)>,
}

/// A merged range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Merged {
    pub(super) first_row: u32,
    pub(super) last_row: u32,
    pub(super) first_column: u32,
    pub(super) last_column: u32,
}

impl Form {
    /// Where none of these stands in a sheet, it has an empty form.
    pub(super) const WORDS: [&'static str; 6] = ["hidden", "mergeCell", "<f>", "<f ", ":f>", ":f "];

    /// Reads the form of a sheet below its header (a row counted from 0), where its part is among those that may have
    /// one. `None` where the part cannot be found or read to its end, or has more of such things than any roster: what
    /// cannot be known is then not said.
    pub(super) fn read<R: Read + Seek>(
        archive: &mut ZipArchive<R>,
        sheet: &str,
        header: u32,
        marked: &HashSet<String>,
    ) -> Option<Self> {
        let path = sheet_part(archive, sheet)?;
        let part = stored_part(archive, &path)?;
        let mut form = Self::default();
        if !marked.contains(&part) {
            return Some(form);
        }
        let (mut row, mut next, mut is_hidden, mut is_said) = (0, 0, false, false);
        let mut cell = Computed::default();
        each_node(archive, &part, |node| {
            let Node::Element(element) = node else {
                cell.has_text |= cell.in_value;
                return Some(());
            };
            let name = element.local_name();
            let name = name.as_ref();
            if matches!(name, "c" | "row" | "mergeCells") {
                form.uncomputed.extend(cell.missing(row).filter(|_| form.uncomputed.len() < MOST));
            }
            match name {
                "row" => {
                    row = number(element, "r").map_or(next, |shown| shown.saturating_sub(1));
                    next = row.saturating_add(1);
                    is_hidden = switch(element, "hidden");
                    is_said = false;
                    cell = Computed::default();
                }
                "c" => cell = cell.next(element),
                "f" => cell.has_formula = true,
                "v" | "t" => {
                    cell.in_value = true;
                    if is_hidden && !is_said && row > header {
                        is_said = true;
                        form.hidden_rows.push(row);
                    }
                }
                "col" if switch(element, "hidden") => {
                    let (from, to) = (number(element, "min")?, number(element, "max")?);
                    form.hidden_columns.push((from.checked_sub(1)?, to.checked_sub(1)?));
                }
                "mergeCell" => {
                    let merged = range(&attribute(element, "ref")?)?;
                    if (merged.first_row, merged.first_column) != (merged.last_row, merged.last_column) {
                        form.merged.push(merged);
                    }
                }
                _ => {}
            }
            let is_roster =
                form.merged.len() + form.hidden_columns.len() < MOST && form.hidden_rows.len() < MOST_ROWS;
            is_roster.then_some(())
        })?;
        form.uncomputed.extend(cell.missing(row));
        form.merged.sort_unstable();
        form.hidden_rows.sort_unstable();
        form.hidden_rows.dedup();
        Some(form)
    }
}

/// What is seen of the cell that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Computed {
    column: u32,
    next: u32,
    has_formula: bool,
    /// Whether its formula makes text: then no text is a text too.
    makes_text: bool,
    in_value: bool,
    has_text: bool,
}

impl Computed {
    fn next(self, element: &BytesStart<'_>) -> Self {
        let place = attribute(element, "r").and_then(|place| self::place(&place));
        let column = place.map_or(self.next, |(_, column)| column);
        let makes_text = attribute(element, "t").is_some_and(|kind| kind == "str");
        Self { column, next: column.saturating_add(1), makes_text, ..Self::default() }
    }

    /// Where it stands, if it has a formula and no value.
    fn missing(&mut self, row: u32) -> Option<(u32, u32)> {
        let has_value = self.has_text || (self.makes_text && self.in_value);
        (std::mem::take(&mut self.has_formula) && !has_value).then_some((row, self.column))
    }
}

/// Where in the archive a sheet stands: the package names its workbook, the workbook its sheets, and its relations
/// their parts.
pub(crate) fn sheet_part<R: Read + Seek>(archive: &mut ZipArchive<R>, sheet: &str) -> Option<String> {
    let mut workbook = None;
    each(archive, "_rels/.rels", |element| {
        if attribute(element, "Type").is_some_and(|kind| kind.ends_with("/relationships/officeDocument")) {
            workbook = attribute(element, "Target");
        }
        Some(())
    })?;
    let workbook = resolve("", &workbook?);
    let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let mut relation = None;
    each(archive, &workbook, |element| {
        if element.local_name().as_ref() == "sheet" && attribute(element, "name").as_deref() == Some(sheet) {
            relation = relation.take().or(attribute(element, "id"));
        }
        Some(())
    })?;
    let (relation, mut target) = (relation?, None);
    each(archive, &resolve(folder, &format!("_rels/{name}.rels")), |element| {
        if attribute(element, "Id").as_deref() == Some(&relation) {
            target = attribute(element, "Target");
        }
        Some(())
    })?;
    Some(resolve(folder, &target?))
}

/// A part's name as it stands in the archive.
pub(crate) fn stored_part<R: Read + Seek>(archive: &ZipArchive<R>, path: &str) -> Option<String> {
    let is_it = |name: &str| name.replace('\\', "/").trim_start_matches('/').eq_ignore_ascii_case(path);
    Some(archive.file_names().flatten().find(|name| is_it(name))?.to_string())
}

/// What a part is made of, as far as it is looked at.
enum Node<'n> {
    Element(&'n BytesStart<'n>),
    /// Text that is not empty. The text of a formula stands before its cell's value, and is none of it.
    Text,
}

/// Calls for each element of a part; ends early, with `None`, where the call says so or the part is damaged.
fn each<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    path: &str,
    mut on_element: impl FnMut(&BytesStart<'_>) -> Option<()>,
) -> Option<()> {
    each_node(archive, path, |node| match node {
        Node::Element(element) => on_element(element),
        Node::Text => Some(()),
    })
}

/// The same for elements and text.
fn each_node<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    path: &str,
    mut on_node: impl FnMut(Node<'_>) -> Option<()>,
) -> Option<()> {
    let exact = stored_part(archive, path)?;
    let part = archive.by_name(&exact).ok()?;
    let mut reader = Reader::from_reader(BufReader::with_capacity(64 << 10, part));
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(element) | Event::Empty(element) => on_node(Node::Element(&element))?,
            Event::Text(text) if text.as_bytes().iter().all(u8::is_ascii_whitespace) => {}
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => on_node(Node::Text)?,
            Event::Eof => return Some(()),
            _ => {}
        }
    }
}

/// A path within the package, from the folder of the part that names it.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !matches!(*part, "" | "."));
    parts.join("/")
}

/// An attribute by its name without a prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

fn number(element: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(element, name)?.trim().parse().ok()
}

fn switch(element: &BytesStart<'_>, name: &str) -> bool {
    attribute(element, name).is_some_and(|value| matches!(value.trim(), "1" | "true" | "on"))
}

/// Reads `B2:B5`.
fn range(text: &str) -> Option<Merged> {
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    let ((first_row, first_column), (last_row, last_column)) = (place(from)?, place(to)?);
    (first_row <= last_row && first_column <= last_column).then_some(Merged {
        first_row,
        last_row,
        first_column,
        last_column,
    })
}

/// Reads `$B$2`: row and column, counted from 0.
pub(crate) fn place(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().replace('$', "");
    let split = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = text.split_at(split);
    let mut column: u32 = 0;
    for letter in letters.bytes() {
        let value =
            letter.is_ascii_alphabetic().then(|| u32::from(letter.to_ascii_uppercase() - b'A') + 1)?;
        column = column.checked_mul(26)?.checked_add(value)?;
    }
    Some((digits.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_ranges_are_read_and_nonsense_is_not() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("$XFD$1048576"), Some((1_048_575, 16_383)));
        for text in ["", "A", "1", "A0", "A1B", "ÄA1", "AAAAAAAAAAAA1", "A99999999999"] {
            assert_eq!(place(text), None, "{text}");
        }
        let (first_row, last_row, first_column, last_column) = (1, 4, 1, 1);
        assert_eq!(range("B2:B5"), Some(Merged { first_row, last_row, first_column, last_column }));
        assert_eq!(range("B5:B2"), None);
    }

    #[test]
    fn a_path_is_resolved_within_the_package() {
        let table = [
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("", "/xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "../sheets\\a.xml", "sheets/a.xml"),
            ("", "../../a.xml", "a.xml"),
        ];
        for (folder, target, path) in table {
            assert_eq!(resolve(folder, target), path);
        }
    }
}
