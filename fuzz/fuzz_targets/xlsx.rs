//! A workbook whose parts are the input: packed anew each time, so that what is fuzzed is the XML and not the checksum of
//! an archive. Parts are separated by a NUL: sheet, shared strings, styles, workbook. Bytes that begin as an archive are
//! taken for one.

#![no_main]

use headcount::roster::Options;
use headcount_fuzz::exhaust;
use libfuzzer_sys::fuzz_target;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

fuzz_target!(init: let_calamine_panic(), |bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        return exhaust(bytes, &Options::default(), "");
    }
    let mut parts = bytes.split(|byte| *byte == 0);
    let mut part = |plain: String| {
        let given = parts.next().unwrap_or_default();
        if given.is_empty() { plain.into_bytes() } else { given.to_vec() }
    };
    let relation = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{OFFICE}/{kind}" Target="{target}"/>"#)
    };
    let relations = |inner: String| format!(r#"<Relationships xmlns="{PACKAGE}">{inner}</Relationships>"#).into_bytes();
    let files = [
        ("xl/worksheets/sheet1.xml", part(format!(r#"<worksheet xmlns="{MAIN}"><sheetData/></worksheet>"#))),
        ("xl/sharedStrings.xml", part(format!(r#"<sst xmlns="{MAIN}"><si><t>user login</t></si></sst>"#))),
        ("xl/styles.xml", part(format!(r#"<styleSheet xmlns="{MAIN}"/>"#))),
        (
            "xl/workbook.xml",
            part(format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
            )),
        ),
        ("_rels/.rels", relations(relation("r1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                relation("r1", "worksheet", "worksheets/sheet1.xml")
                    + &relation("r2", "sharedStrings", "sharedStrings.xml")
                    + &relation("r3", "styles", "styles.xml"),
            ),
        ),
    ];
    exhaust(&stored(&files), &Options::default(), "");
});

/// The crate that reads the cells may panic on a thread of its own, which is an error like any other (see
/// `src/roster/xlsx.rs`). A panic that comes from anywhere else, or that nobody catches, is still a finding.
fn let_calamine_panic() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|location| location.file().contains("/calamine-")) {
            abort(info);
        }
    }));
}

/// A ZIP archive of these files, not compressed.
fn stored(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (at, size) = (archive.len() as u32, bytes.len() as u32);
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc32(bytes).to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size, number) = (archive.len() as u32, directory.len() as u32, files.len() as u16);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(number.to_le_bytes());
    archive.extend(number.to_le_bytes());
    archive.extend(size.to_le_bytes());
    archive.extend(at.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
