//! Copies of rosters that nobody thought of.

use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;
use crate::agent::IdentityType;
use crate::cli::voice::Flags;
use crate::finding::Finding;
use crate::roster::Options;
use crate::validate::{Rules, check};

const HEADERS: [&str; 7] =
    ["user login", "first name", "last name", "routing profile", "security profile", "phone number", "notes"];

/// A cell as some program may write it, at this place; `at` is empty where it says no place.
fn cell(kind: u8, at: &str, style: u8, prefix: &str) -> String {
    let place = if at.is_empty() { String::new() } else { format!(" r=\"{at}\"") };
    let style = if style == 0 { String::new() } else { format!(" s='{}'", style % 4) };
    let p = prefix;
    let inline =
        |text: &str| format!("<{p}c{place}{style} t=\"inlineStr\"><{p}is><{p}t>{text}</{p}t></{p}is></{p}c>");
    let value = |kind: &str, value: &str| format!("<{p}c {kind}{place}{style}><{p}v>{value}</{p}v></{p}c>");
    match kind % 14 {
        0 => String::new(),
        1 => format!("<{p}c{place}{style}/>"),
        2 => value("t='n'", "231"),
        3 => value("", "46349"),
        4 => value("t='b'", "1"),
        5 => value("t='e'", "#N/A"),
        6 => format!("<{p}c{place}{style}><{p}f>LOWER(A1)</{p}f><{p}v/></{p}c>"),
        7 => value("t='str'", "ann"),
        8 => inline(" ann "),
        9 => inline("bob &amp; &lt;co&gt;"),
        10 => inline("_x0041_gnes"),
        11 => format!(
            "<{p}c{place}{style} t='inlineStr'><{p}is><{p}r><{p}t>Zo</{p}t></{p}r><{p}r><{p}t>ë</{p}t></{p}r></{p}is></{p}c>"
        ),
        12 => value("", "12065550142"),
        _ => inline("Agent"),
    }
}

/// A row: the gap before it, whether it is hidden, and the kind and the style of each of its cells.
type Made = (u8, bool, Vec<(u8, u8)>);

/// A workbook of these rows.
fn workbook(rows: &[Made], has_places: bool, prefix: &str, has_styles: bool) -> Vec<u8> {
    let p = prefix;
    let xmlns = if p.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{}", p.trim_end_matches(':')) };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut data = format!("<{p}row r=\"1\">");
    for header in HEADERS {
        data += &format!("<{p}c t=\"inlineStr\"><{p}is><{p}t>{header}</{p}t></{p}is></{p}c>");
    }
    data += &format!("</{p}row>");
    let mut number = 1;
    for (gap, hidden, cells) in rows {
        number += if has_places { 1 + u32::from(gap % 3) } else { 1 };
        let told = if has_places { format!(" r=\"{number}\"") } else { String::new() };
        let hidden = if *hidden { " hidden=\"1\"" } else { "" };
        data += &format!("<{p}row{told}{hidden} spans='1:3'>");
        for (column, (kind, style)) in cells.iter().enumerate() {
            let at = format!("{}{number}", crate::roster::column_letters(column));
            // Without its place no cell can be left out.
            let kind = if has_places || kind % 14 != 0 { *kind } else { 1 };
            data += &cell(kind, if has_places { &at } else { "" }, *style, p);
        }
        data += &format!("</{p}row>");
    }
    let sheet =
        format!("<{p}worksheet {xmlns}=\"{main}\"><{p}sheetData>{data}</{p}sheetData></{p}worksheet>");
    let styles = format!(
        "<styleSheet xmlns=\"{main}\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"0000\"/></numFmts>\
         <fonts><font/></fonts><fills count=\"1\"><fill><patternFill/></fill></fills><borders><border/></borders>\
         <cellStyleXfs><xf/></cellStyleXfs><cellXfs count=\"4\"><xf/><xf numFmtId=\"49\" applyNumberFormat=\"1\"/>\
         <xf numFmtId=\"14\" applyNumberFormat=\"1\"/><xf numFmtId=\"164\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
    );
    let package = "http://schemas.openxmlformats.org/package/2006";
    let of_styles = format!("<Relationship Id=\"r2\" Type=\"{office}/styles\" Target=\"styles.xml\"/>");
    let of_styles = if has_styles { of_styles } else { String::new() };
    let parts = [
        ("[Content_Types].xml", format!("<Types xmlns=\"{package}/content-types\"/>")),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" \
                 Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/>\
                 </sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" \
                 Target=\"worksheets/sheet1.xml\"/>{of_styles}</Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet),
        ("docProps/odd.bin", "\u{1}\u{2}".to_owned()),
        ("xl/styles.xml", styles),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts.iter().take(if has_styles { 7 } else { 6 }) {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What is found in a roster.
fn found(bytes: &[u8]) -> Option<(Roster, Checked)> {
    let roster = Roster::from_memory(bytes.to_vec(), &Options::default(), "").ok()?;
    let checked = check(&roster, &Rules::new(IdentityType::Saml), &mut |_| {}).ok()?;
    Some((roster, checked))
}

fn copied(bytes: &[u8], ending: &str) -> Option<(Vec<Finding>, Vec<u8>, Annotated)> {
    let (roster, checked) = found(bytes)?;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join(Path::new("out").with_extension(ending));
    let kind = Kind::of(&out).unwrap_or_else(|failure| panic!("{}", failure.what));
    let annotated = write(&roster, &Rules::new(IdentityType::Saml), &checked, kind, &out, &Flags);
    let annotated = annotated.unwrap_or_else(|failure| panic!("{}: {:?}", failure.what, failure.hint));
    Some((checked.findings, std::fs::read(out).unwrap(), annotated))
}

fn part(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = Vec::new();
    archive.by_name(name).ok()?.read_to_end(&mut text).unwrap();
    Some(text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_copy_of_any_workbook_has_the_faults_of_the_workbook(
        rows in prop::collection::vec(
            (any::<u8>(), any::<bool>(), prop::collection::vec((any::<u8>(), any::<u8>()), 1..8)),
            0..8,
        ),
        has_places in any::<bool>(),
        is_prefixed in any::<bool>(),
        has_styles in any::<bool>(),
    ) {
        let book = workbook(&rows, has_places, if is_prefixed { "x:" } else { "" }, has_styles);
        let (before, copy, annotated) = copied(&book, "xlsx").expect("a roster");
        prop_assert_eq!(annotated.anew, None);
        let (after, again, _) = copied(&copy, "xlsx").expect("a roster still");
        prop_assert_eq!(&before, &after);
        prop_assert_eq!(&before, &found(&again).expect("a roster still").1.findings);
        for name in ["docProps/odd.bin", "xl/workbook.xml", "_rels/.rels"] {
            prop_assert_eq!(part(&book, name), part(&copy, name), "{}", name);
        }
    }

    #[test]
    fn a_copy_of_any_csv_has_the_faults_of_the_csv(
        rows in prop::collection::vec("[aZ@+,;\"\r\n 1_éß\u{200B}|=-]{0,24}", 0..8),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        form in 0..4_u8,
    ) {
        let text = format!("{}{end}{}", HEADERS.join(","), rows.join(end));
        let latin = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        let bytes: Vec<u8> = match form {
            0 => text.into_bytes(),
            1 => format!("\u{FEFF}{text}").into_bytes(),
            2 => text.chars().map(latin).collect(),
            _ => format!("\u{FEFF}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        };
        if let Some((before, copy, _)) = copied(&bytes, "csv") {
            let (after, again, _) = copied(&copy, "csv").expect("a roster still");
            prop_assert_eq!(&before, &after);
            prop_assert_eq!(copy, again, "a copy of a copy is the copy");
        }
    }
}
