//! A workbook given back with its findings in it: the same package, but for the sheet's colours and its notes. Every part
//! that has nothing to do with these is copied as it is packed, without being unpacked.

use std::collections::HashSet;
use std::io::{self, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, System, ZipArchive, ZipWriter};

use super::comments::{self, Comments, Note};
use super::copy::{Annotated, Copy, NOTES, cut, is_of_merged, note_text, paint_of, row_of, told};
use super::mended::{Altering, Mended};
use super::sheet::{Mark, Sheet, relationships};
use super::styles::Styles;
use super::unwritten::Unwritten;
use super::xml::{Token, Tokens, appended, text};
use crate::finding::Finding;
use crate::roster::{Row, resolved, sheet_part, stored_part};
use crate::text::guarded;

const TYPES: &str = "[Content_Types].xml";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// The largest part that is read as a whole, unpacked, in bytes: styles and notes, never a sheet.
const MAX_PART: u64 = 256 << 20;

/// A workbook's kind by what its package says it is, and the ending of such a file.
const KINDS: [(&str, &str); 4] = [
    ("spreadsheetml.sheet.main+xml", "xlsx"),
    ("ms-excel.sheet.macroEnabled.main+xml", "xlsm"),
    ("spreadsheetml.template.main+xml", "xltx"),
    ("ms-excel.template.macroEnabled.main+xml", "xltm"),
];

/// The ending that a workbook's file must have, for a spreadsheet opens it under no other.
pub(super) fn ending<R: Read + Seek>(bytes: R) -> Option<&'static str> {
    let mut archive = ZipArchive::new(bytes).ok()?;
    let types = read(&mut archive, TYPES).ok()?;
    KINDS.iter().find(|(kind, _)| types.contains(kind)).map(|(_, ending)| *ending)
}

/// A relation of a part.
struct Relation {
    id: String,
    /// The last word of its type: `comments`.
    kind: String,
    /// The part that it leads to, as it is called in the archive.
    part: Option<String>,
}

/// What of the package has to do with colours and notes.
struct Parts {
    sheet: String,
    relations: String,
    relations_text: Option<String>,
    /// The sheet's part of comments, and its text.
    comments: Option<(String, String)>,
    /// The drawings of the sheet in the old form: by their relation, their part and its text.
    drawings: Vec<(String, String, String)>,
    styles: String,
    /// What has to be told of a part of styles that there is not yet: the workbook's relations.
    styles_of: Option<(String, String)>,
    types: String,
    is_strict: bool,
    /// A relation's name that is free.
    free_id: String,
    /// A number by which no comments and no drawing are called.
    free_number: usize,
    /// A block of numbers of shapes that is free.
    free_block: u32,
}

/// Writes the workbook with its findings in it.
pub(super) fn write(
    copy: &Copy<'_>,
    sheet: &str,
    mut file: impl Write + Seek,
    annotated: &mut Annotated,
) -> Result<(), Unwritten> {
    let mut archive = ZipArchive::new(copy.roster.bytes()).map_err(damaged)?;
    let (parts, mut styles) = Parts::find(&mut archive, sheet)?;
    let ours = parts.comments.as_ref().is_some_and(|(_, text)| Comments::has_ours(text));
    if copy.says_nothing() && !ours && !styles.has_ours() && copy.ours.is_none() {
        io::copy(&mut copy.roster.bytes(), &mut file)?;
        return Ok(());
    }
    let mut zip = ZipWriter::new(file);
    put(&mut zip, TYPES, &parts.types_with_notes()?)?;
    let edited = parts.edited();
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(damaged)?;
        if !edited.contains(part.name().map_err(damaged)?.as_ref()) {
            zip.raw_copy_file(part).map_err(damaged)?;
        }
    }
    let mut notes = Vec::new();
    let part = archive.by_name(&parts.sheet).map_err(damaged)?;
    // Beyond this a ZIP archive needs to be told beforehand.
    let is_large = part.size() > u64::from(u32::MAX) / 2;
    zip.start_file(&parts.sheet, options().large_file(is_large)).map_err(damaged)?;
    let mut out = Sheet::new(part, &mut zip, &mut styles);
    copy.mark(&mut out, &mut notes, annotated)?;
    let drawing = parts.drawing_to_be(&notes);
    let copied = out.finish(drawing.as_deref())?;
    annotated.without_colour = copied.unpainted;
    put(&mut zip, &parts.styles, &styles.written())?;
    if let Some((relations, text)) = &parts.styles_of {
        put(&mut zip, relations, text)?;
    }
    parts.put_notes(&mut zip, &notes, copied.drawing.or(drawing), annotated)?;
    zip.finish().map_err(damaged)?;
    Ok(())
}

/// Writes the workbook with cells changed: all parts but its sheet as they are packed. The order in which formulas are
/// computed goes, which a spreadsheet finds out by itself: it would name formulas that are no more.
pub(super) fn write_mended(
    mended: &Mended<'_>,
    sheet: &str,
    file: impl Write + Seek,
    said: &mut Vec<String>,
) -> Result<(), Unwritten> {
    let mut archive = ZipArchive::new(mended.roster.bytes()).map_err(damaged)?;
    let (parts, mut styles) = Parts::find(&mut archive, sheet)?;
    let (_, _, of_package) = relations_of(&mut archive, "")?;
    let workbook = of_package.iter().find(|relation| relation.kind == "officeDocument");
    let workbook = workbook.and_then(|relation| relation.part.clone()).unwrap_or_default();
    let (of_workbook, workbook_text, relations) = relations_of(&mut archive, &workbook)?;
    let chain = relations.into_iter().find(|relation| relation.kind == "calcChain");
    let chain_part = chain.as_ref().and_then(|chain| chain.part.clone());
    let mut edited = HashSet::from([parts.sheet.as_str()]);
    let mut texts = Vec::new();
    if let (Some(chain), Some(part), Some(text)) = (&chain, &chain_part, &workbook_text) {
        edited.extend([TYPES, of_workbook.as_str(), part.as_str()]);
        texts.push((
            TYPES,
            without(&read(&mut archive, TYPES)?, "Override", "PartName", &format!("/{part}"))?,
        ));
        texts.push((of_workbook.as_str(), without(text, "Relationship", "Id", &chain.id)?));
    }
    let mut zip = ZipWriter::new(file);
    for (part, text) in &texts {
        put(&mut zip, part, text)?;
    }
    let stale = styles.has_ours();
    if stale {
        edited.insert(&parts.styles);
    }
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(damaged)?;
        if !edited.contains(part.name().map_err(damaged)?.as_ref()) {
            zip.raw_copy_file(part).map_err(damaged)?;
        }
    }
    let part = archive.by_name(&parts.sheet).map_err(damaged)?;
    let is_large = part.size() > u64::from(u32::MAX) / 2;
    zip.start_file(&parts.sheet, options().large_file(is_large)).map_err(damaged)?;
    let mut out = Sheet::new(part, &mut zip, &mut styles);
    let says = |(column, text): (u32, String)| Mark { column, paint: None, text: Some(text) };
    for (row, altering) in mended.alterings() {
        match altering {
            // Those that are added come behind the last.
            Altering::Cells(_) if mended.edits.is_added(row) => {}
            Altering::Cells(cells) => {
                row_of(row)?;
                let marks: Vec<Mark> = cells.into_iter().map(says).collect();
                out.mark(row, &marks)?;
            }
            Altering::Emptied => out.empty(row)?,
        }
    }
    let last = mended.roster.in_memory().and_then(|held| held.numbers().last().copied());
    for (row, cells) in mended.added(last.unwrap_or(mended.roster.header_row())) {
        row_of(row)?;
        let marks: Vec<Mark> = cells.into_iter().map(says).collect();
        out.mark(row, &marks)?;
    }
    let copied = out.finish(None)?;
    Mended::say_formulas(copied.formulas, said);
    if stale {
        put(&mut zip, &parts.styles, &styles.written())?;
    }
    zip.finish().map_err(damaged)?;
    Ok(())
}

/// A part of the package's own without the elements of this name whose attribute says this.
fn without(part: &str, element: &str, attribute: &str, value: &str) -> Result<String, Unwritten> {
    let (mut tokens, mut out, mut skipping) = (Tokens::new(part.as_bytes()), Vec::new(), false);
    loop {
        let token = tokens.next()?;
        match token {
            Token::Eof => break,
            Token::Start | Token::Empty if tokens.name() == element.as_bytes() => {
                let is_it =
                    tokens.tag()?.value(attribute).is_some_and(|found| found.eq_ignore_ascii_case(value));
                if is_it {
                    skipping = token == Token::Start;
                    continue;
                }
            }
            Token::End if skipping && tokens.name() == element.as_bytes() => {
                skipping = false;
                continue;
            }
            _ => {}
        }
        if !skipping {
            out.extend_from_slice(tokens.raw());
        }
    }
    String::from_utf8(out).map_err(|_| Unwritten::NotInPlace("a part of its package is damaged"))
}

impl Copy<'_> {
    /// Whether there is nothing to mark.
    fn says_nothing(&self) -> bool {
        self.checked.findings.is_empty() && self.checked.not_kept == 0
    }

    /// Marks the cells of the header and of every row, and gathers their notes.
    fn mark<R: Read, W: Write>(
        &self,
        sheet: &mut Sheet<'_, R, W>,
        notes: &mut Vec<Note>,
        annotated: &mut Annotated,
    ) -> Result<(), Unwritten> {
        let header = self.roster.header_row();
        let (marks, of_header) = self.header_marks(header);
        sheet.mark(header, &marks)?;
        notes.extend(of_header);
        self.each(|row, findings| {
            annotated.count(row, findings);
            if findings.is_empty() && self.ours.is_none() {
                return Ok(());
            }
            let mut of_cells = self.by_cell(row, findings);
            of_cells.sort_by_key(|(column, _)| *column);
            let mut marks = Vec::new();
            for (column, findings) in of_cells {
                marks.push(Mark { column, paint: paint_of(&findings), text: None });
                if notes.len() < NOTES {
                    let cell = (row_of(row.number)?, column);
                    notes.push(Note { cell, text: note_text(&findings, self.voice) });
                } else {
                    annotated.without_note += 1;
                }
            }
            if let Some(ours) = self.ours {
                let all: Vec<&Finding> = findings.iter().collect();
                let text = cut(&guarded(&told(findings, self.voice))).0.to_owned();
                marks.push(Mark { column: ours, paint: paint_of(&all), text: Some(text) });
                marks.sort_by_key(|mark| mark.column);
            }
            sheet.mark(row.number, &marks)
        })
    }

    /// The marks of the header: the findings of the file as a whole, in their columns or else where the first field stands.
    fn header_marks(&self, header: u64) -> (Vec<Mark>, Vec<Note>) {
        let findings = &self.checked.findings;
        let of_file = &findings[..findings.partition_point(|finding| finding.row.is_none())];
        let lead = self.lead();
        let mut of_cells: Vec<(u32, Vec<&Finding>)> = vec![(lead, Vec::new())];
        for finding in of_file {
            let headers = &self.roster.columns().headers;
            let named = |at: &&usize| headers.get(**at) == finding.column.as_ref();
            let column = self.own.iter().find(named).map_or(lead, |&at| u32::try_from(at).unwrap_or(lead));
            match of_cells.iter_mut().find(|(of, _)| *of == column) {
                Some((_, findings)) => findings.push(finding),
                None => of_cells.push((column, vec![finding])),
            }
        }
        of_cells.sort_by_key(|(column, _)| *column);
        let row = u32::try_from(header.saturating_sub(1)).unwrap_or(0);
        let (mut marks, mut notes) = (Vec::new(), Vec::new());
        for (column, findings) in of_cells {
            let mut text = note_text(&findings, self.voice);
            if column == lead {
                text = format!("{}\n\n{text}", self.checked_in_all()).trim_end().to_owned();
            }
            marks.push(Mark { column, paint: paint_of(&findings), text: None });
            notes.push(Note { cell: (row, column), text });
        }
        (marks, notes)
    }
}

impl Parts {
    fn find<R: Read + Seek>(archive: &mut ZipArchive<R>, sheet: &str) -> Result<(Self, Styles), Unwritten> {
        let missing = || Unwritten::NotInPlace("its sheet is not where its package says");
        let path = sheet_part(archive, sheet).ok_or_else(missing)?;
        let part = stored_part(archive, &path).ok_or_else(missing)?;
        let root = root_of(archive, &part)?;
        let is_strict = root.contains("http://purl.oclc.org/ooxml/spreadsheetml/main");
        let namespace = if is_strict {
            "http://purl.oclc.org/ooxml/spreadsheetml/main"
        } else {
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        };
        let (relations, relations_text, of_sheet) = relations_of(archive, &part)?;
        let mut drawings = Vec::new();
        for relation in of_sheet.iter().filter(|relation| relation.kind == "vmlDrawing") {
            if let Some(part) = &relation.part {
                drawings.push((relation.id.clone(), part.clone(), read(archive, part)?));
            }
        }
        let comments = of_sheet.iter().find(|relation| relation.kind == "comments");
        let comments = match comments.and_then(|relation| relation.part.clone()) {
            Some(part) => Some((part.clone(), read(archive, &part)?)),
            None => None,
        };
        let mut types = read(archive, TYPES)?;
        let (_, _, of_package) = relations_of(archive, "")?;
        let workbook = of_package.iter().find(|relation| relation.kind == "officeDocument");
        let workbook = workbook.and_then(|relation| relation.part.clone()).ok_or_else(missing)?;
        let (of_workbook, text, relations_of_workbook) = relations_of(archive, &workbook)?;
        let styles = relations_of_workbook.iter().find(|relation| relation.kind == "styles");
        let (styles, styles_text, styles_of) = match styles.and_then(|relation| relation.part.clone()) {
            Some(part) => {
                let text = read(archive, &part)?;
                (part, text, None)
            }
            None => {
                let part = free_name(archive, "xl/styles", 0);
                let kind = format!("{}/styles", relationships(is_strict));
                let relation = relation(&free_id(&relations_of_workbook), &kind, &part);
                types = with_type(&types, &part, "spreadsheetml.styles+xml")?;
                let text = added(&text.unwrap_or_else(no_relations), &relation)?;
                (part, Styles::none(namespace), Some((of_workbook, text)))
            }
        };
        let styles_part = styles;
        let styles = Styles::read(styles_text)?;
        let free_block = free_block(archive)?;
        let is_free = |number: &usize| {
            let taken = |name: &str| stored_part(archive, name).is_some();
            !taken(&notes_part(*number)) && !taken(&drawing_part(*number))
        };
        let free_number = (1..).find(is_free).unwrap_or(1);
        let parts = Self {
            sheet: part,
            relations,
            relations_text,
            comments,
            drawings,
            styles: styles_part,
            styles_of,
            types,
            is_strict,
            free_id: free_id(&of_sheet),
            free_number,
            free_block,
        };
        Ok((parts, styles))
    }

    /// The parts that are not copied as they are.
    fn edited(&self) -> HashSet<&str> {
        let mut edited = HashSet::from([TYPES, &self.sheet, &self.relations, &self.styles]);
        edited.extend(self.comments.as_ref().map(|(part, _)| part.as_str()));
        edited.extend(self.drawings.iter().map(|(_, part, _)| part.as_str()));
        edited.extend(self.styles_of.as_ref().map(|(part, _)| part.as_str()));
        edited
    }

    /// The types of the parts, those of notes among them.
    fn types_with_notes(&self) -> Result<String, Unwritten> {
        let mut types = self.types.clone();
        let has_drawings = types.to_ascii_lowercase().contains("extension=\"vml\"");
        if !has_drawings {
            let vml = "<Default Extension=\"vml\" ContentType=\"application/vnd.openxmlformats-officedocument.vmlDrawing\"/>";
            types = added(&types, vml)?;
        }
        match &self.comments {
            Some(_) => Ok(types),
            None => with_type(&types, &notes_part(self.free_number), "spreadsheetml.comments+xml"),
        }
    }

    /// The name of the relation by which the sheet will have its drawing of notes, where it has none yet.
    fn drawing_to_be(&self, notes: &[Note]) -> Option<String> {
        (!notes.is_empty()).then(|| self.free_id.clone())
    }

    /// Writes the notes, their drawing, and how the sheet comes to both. `drawing` is the relation by which it has the
    /// drawing.
    fn put_notes<W: Write + Seek>(
        &self,
        zip: &mut ZipWriter<W>,
        notes: &[Note],
        drawing: Option<String>,
        annotated: &mut Annotated,
    ) -> Result<(), Unwritten> {
        let base = relationships(self.is_strict);
        let (comments_part, before) = match &self.comments {
            Some((part, text)) => (part.clone(), text.clone()),
            None => (notes_part(self.free_number), Comments::none(self.namespace())),
        };
        let comments =
            Comments::of(&before, notes).ok_or(Unwritten::NotInPlace("its part of comments is damaged"))?;
        annotated.without_note += comments.unsaid;
        put(zip, &comments_part, &comments.text)?;
        let mut relations = String::new();
        if self.comments.is_none() {
            let id = format!("{}c", self.free_id);
            relations += &relation(&id, &format!("{base}/comments"), &comments_part);
        }
        let is_there = |id: &String| self.drawings.iter().any(|(of, ..)| of == id);
        let damaged = || Unwritten::NotInPlace("the drawing of its notes is damaged");
        for (id, part, text) in &self.drawings {
            let is_it = drawing.as_ref() == Some(id);
            let drawn = || comments::drawn(text, &comments.gone, &comments.new, self.free_block);
            put(zip, part, &if is_it { drawn().ok_or_else(damaged)? } else { text.clone() })?;
        }
        if let Some(id) = drawing.filter(|id| !is_there(id)) {
            let part = drawing_part(self.free_number);
            let none = comments::no_drawing();
            let drawn = comments::drawn(&none, &comments.gone, &comments.new, self.free_block);
            put(zip, &part, &drawn.ok_or_else(damaged)?)?;
            relations += &relation(&id, &format!("{base}/vmlDrawing"), &part);
        }
        let before = self.relations_text.clone().unwrap_or_else(no_relations);
        put(zip, &self.relations, &added(&before, &relations)?)
    }

    fn namespace(&self) -> &'static str {
        if self.is_strict {
            "http://purl.oclc.org/ooxml/spreadsheetml/main"
        } else {
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        }
    }
}

fn notes_part(number: usize) -> String {
    format!("xl/comments{number}.xml")
}

fn drawing_part(number: usize) -> String {
    format!("xl/drawings/vmlDrawing{number}.vml")
}

/// A part's name that is free, beginning so.
fn free_name<R: Read + Seek>(archive: &ZipArchive<R>, stem: &str, from: usize) -> String {
    let name =
        |number: usize| if number == 0 { format!("{stem}.xml") } else { format!("{stem}{number}.xml") };
    let free = (from..).map(name).find(|name| stored_part(archive, name).is_none());
    free.unwrap_or_else(|| name(from))
}

/// The name of a relation that none of these has.
fn free_id(relations: &[Relation]) -> String {
    let is_free = |id: &String| {
        let clashes = |relation: &Relation| relation.id == *id || relation.id == format!("{id}c");
        !relations.iter().any(clashes)
    };
    (1..).map(|number| format!("rIdHeadcount{number}")).find(is_free).unwrap_or_default()
}

/// The first block of numbers of shapes that no drawing of the workbook has.
fn free_block<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<u32, Unwritten> {
    let names: Vec<String> = archive.file_names().flatten().map(|name| name.to_string()).collect();
    let mut last = 0;
    for name in names.iter().filter(|name| name.to_ascii_lowercase().ends_with(".vml")) {
        last = comments::blocks(&read(archive, name)?).max().unwrap_or(0).max(last);
    }
    Ok(last.saturating_add(1))
}

fn relation(id: &str, kind: &str, part: &str) -> String {
    format!("<Relationship Id=\"{}\" Type=\"{kind}\" Target=\"/{}\"/>", text(id), text(part))
}

fn no_relations() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"{RELATIONS}\"></Relationships>"
    )
}

/// A part of the package's own with more elements in it, which get the prefix that its root has.
fn added(part: &str, elements: &str) -> Result<String, Unwritten> {
    let damaged = || Unwritten::NotInPlace("a part of its package is damaged");
    let mut tokens = Tokens::new(part.as_bytes());
    let prefix = loop {
        match tokens.next()? {
            Token::Start | Token::Empty => break tokens.tag()?.prefix().to_owned(),
            Token::Eof => return Err(damaged()),
            Token::Other | Token::End => {}
        }
    };
    appended(part, &elements.replace('<', &format!("<{prefix}"))).ok_or_else(damaged)
}

/// The types of the parts, and of one more.
fn with_type(types: &str, part: &str, kind: &str) -> Result<String, Unwritten> {
    let kind = format!("application/vnd.openxmlformats-officedocument.{kind}");
    added(types, &format!("<Override PartName=\"/{}\" ContentType=\"{kind}\"/>", text(part)))
}

/// The relations of a part (of the package itself where it is the empty name): the part they stand in, its text, and what
/// they are.
fn relations_of<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    part: &str,
) -> Result<(String, Option<String>, Vec<Relation>), Unwritten> {
    let clean = part.replace('\\', "/");
    let (folder, name) = clean.rsplit_once('/').unwrap_or(("", &clean));
    let path = resolved(folder, &format!("_rels/{name}.rels"));
    let Some(stored) = stored_part(archive, &path) else { return Ok((path, None, Vec::new())) };
    let text = read(archive, &stored)?;
    let (mut tokens, mut relations) = (Tokens::new(text.as_bytes()), Vec::new());
    loop {
        match tokens.next()? {
            Token::Start | Token::Empty if tokens.name() == b"Relationship" => {
                let tag = tokens.tag()?;
                let value = |name: &str| tag.value(name).unwrap_or_default().into_owned();
                let target = resolved(folder, &value("Target"));
                relations.push(Relation {
                    id: value("Id"),
                    kind: value("Type").rsplit('/').next().unwrap_or_default().to_owned(),
                    part: stored_part(archive, &target),
                });
            }
            Token::Eof => break,
            _ => {}
        }
    }
    Ok((stored, Some(text), relations))
}

/// The tag that opens a part's root.
fn root_of<R: Read + Seek>(archive: &mut ZipArchive<R>, part: &str) -> Result<String, Unwritten> {
    let mut tokens = Tokens::new(archive.by_name(part).map_err(damaged)?);
    loop {
        match tokens.next()? {
            Token::Start | Token::Empty => return Ok(tokens.tag()?.0.to_owned()),
            Token::Eof => return Err(Unwritten::NotInPlace("its sheet is empty")),
            Token::Other | Token::End => {}
        }
    }
}

/// A part's text.
fn read<R: Read + Seek>(archive: &mut ZipArchive<R>, part: &str) -> Result<String, Unwritten> {
    let part = archive.by_name(part).map_err(damaged)?;
    let mut bytes = Vec::new();
    part.take(MAX_PART + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_PART {
        return Err(Unwritten::NotInPlace("one of its parts is too large"));
    }
    String::from_utf8(bytes).map_err(|_| Unwritten::NotInPlace("one of its parts is not in UTF-8"))
}

fn options() -> SimpleFileOptions {
    // The system is named, or the same roster would be other bytes on Windows.
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).system(System::Unix)
}

fn put<W: Write + Seek>(zip: &mut ZipWriter<W>, part: &str, text: &str) -> Result<(), Unwritten> {
    zip.start_file(part, options()).map_err(damaged)?;
    Ok(zip.write_all(text.as_bytes())?)
}

fn damaged(error: zip::result::ZipError) -> Unwritten {
    match error {
        zip::result::ZipError::Io(error) => Unwritten::Io(error),
        error => Unwritten::Io(io::Error::other(error)),
    }
}

/// The findings of a row by the cell that each is about.
impl Copy<'_> {
    fn by_cell<'f>(&self, row: &Row, findings: &'f [Finding]) -> Vec<(u32, Vec<&'f Finding>)> {
        let mut of_cells: Vec<(u32, Vec<&Finding>)> = Vec::new();
        for finding in findings {
            let place = self.place_of(row, finding).filter(|_| !is_of_merged(finding));
            let column = place.and_then(|place| u32::try_from(self.own[place]).ok());
            let column = column.unwrap_or_else(|| self.lead());
            match of_cells.iter_mut().find(|(of, _)| *of == column) {
                Some((_, findings)) => findings.push(finding),
                None => of_cells.push((column, vec![finding])),
            }
        }
        of_cells
    }
}
