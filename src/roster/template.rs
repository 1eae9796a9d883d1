//! The empty roster to fill in, as CSV and as a workbook. `templates/` has what this writes, byte for byte.

use std::io::Cursor;

use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook,
    Worksheet, XlsxError,
};
use zip::{System, ZipArchive};

use super::field::Field;
use crate::agent::IdentityType;
use crate::error::Failure;
use crate::text::{Voice, worded};

/// The date that every workbook of ours is dated with, so that the same content is the same bytes.
const DATED: (u16, u8, u8) = (2026, 1, 1);
/// The rows that the lists of allowed words reach.
const LISTED_ROWS: u32 = 10_000;

/// The columns of the template for an identity type: those of the console's own template of 2024, in its order; for
/// EXISTING_DIRECTORY, which the console has none for, those that such a user can have (CreateUser's documentation: names
/// and e-mail addresses come from the directory).
pub(crate) fn fields(identity: IdentityType) -> Vec<Field> {
    let is_there = |field: &Field| match field {
        Field::PersistentConnection | Field::VoiceEnhancement => false,
        field if field.is_beyond_the_console() => false,
        Field::Email | Field::Password => identity == IdentityType::ConnectManaged,
        Field::DirectoryUserId => identity == IdentityType::ExistingDirectory,
        Field::FirstName | Field::LastName | Field::SecondaryEmail | Field::Mobile => {
            identity != IdentityType::ExistingDirectory
        }
        _ => true,
    };
    Field::ALL.into_iter().filter(is_there).collect()
}

/// The template as CSV: the header alone, with a byte order mark and LF as the console's own has them. Excel reads it as
/// UTF-8 for the mark.
pub(crate) fn csv(identity: IdentityType) -> String {
    let headers: Vec<&str> = fields(identity).into_iter().map(Field::header).collect();
    format!("\u{FEFF}{}\n", headers.join(","))
}

/// The template as a workbook: a sheet to fill in, whose columns are text, and one that says how.
pub(crate) fn workbook(identity: IdentityType, voice: &dyn Voice) -> Result<Vec<u8>, Failure> {
    build(identity, voice).map_err(made)
}

/// A workbook of text cells, the first row a header: what `samples/roster.xlsx` is.
pub fn workbook_of<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Result<Vec<u8>, Failure> {
    let build = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = dated()?;
        let sheet = workbook.add_worksheet().set_name("Users")?;
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(cells) {
                let format = if row == 0 { heading() } else { text() };
                sheet.write_string_with_format(row, column, cell, &format)?;
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        saved(&mut workbook)
    };
    build().map_err(made)
}

fn made(error: XlsxError) -> Failure {
    Failure::stopped("the workbook cannot be made").because(error)
}

fn build(identity: IdentityType, voice: &dyn Voice) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = dated()?;
    let fields = fields(identity);
    fill_in(workbook.add_worksheet().set_name("Users")?, &fields)?;
    let help = workbook.add_worksheet().set_name("How to fill this in")?;
    explain(help, &fields, identity)?;
    let below = u32::try_from(fields.len()).unwrap_or(u32::MAX).saturating_add(2);
    for (row, note) in (below..).zip(NOTES) {
        help.write_string(row, 0, worded(note, voice))?;
    }
    saved(&mut workbook)
}

pub(crate) fn dated() -> Result<Workbook, XlsxError> {
    let (year, month, day) = DATED;
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(year, month, day)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    Ok(workbook)
}

/// The bytes of a workbook: the same for the same content on every system.
pub(crate) fn saved(workbook: &mut Workbook) -> Result<Vec<u8>, XlsxError> {
    let mut bytes = workbook.save_to_buffer()?;
    say_unix(&mut bytes)?;
    Ok(bytes)
}

/// Writes into the entry of every part that a Unix made it. Each entry names the system in the upper byte of its field
/// "version made by" (PKWARE's APPNOTE, 4.4.2.2), at 5 from its beginning; the writer puts the one that it was built for
/// there, and has no option for it. The permissions beside it are the same everywhere, and of that system already.
fn say_unix(bytes: &mut [u8]) -> Result<(), XlsxError> {
    let mut entries = Vec::new();
    let mut archive = ZipArchive::new(Cursor::new(&*bytes))?;
    for part in 0..archive.len() {
        entries.push(archive.by_index_raw(part)?.central_header_start());
    }
    for entry in entries {
        let system = usize::try_from(entry).ok().and_then(|entry| bytes.get_mut(entry.saturating_add(5)));
        if let Some(system) = system {
            *system = System::Unix.into();
        }
    }
    Ok(())
}

pub(crate) fn text() -> Format {
    Format::new().set_num_format("@")
}

pub(crate) fn heading() -> Format {
    text()
        .set_bold()
        .set_background_color(Color::RGB(0x00D9_E2F3))
        .set_border_bottom(FormatBorder::Thin)
        .set_text_wrap()
        .set_align(FormatAlign::Top)
}

fn fill_in(sheet: &mut Worksheet, fields: &[Field]) -> Result<(), XlsxError> {
    for (column, field) in (0..).zip(fields) {
        sheet.set_column_format(column, &text())?;
        sheet.set_column_width(column, 22)?;
        sheet.write_string_with_format(0, column, field.header(), &heading())?;
        if let Some(words) = words(*field) {
            let list = DataValidation::new()
                .allow_list_strings(words)?
                .set_error_title("Not one of the words")?
                .set_error_message(format!("Write {}, or leave the cell empty.", words.join(" or ")))?;
            sheet.add_data_validation(1, column, LISTED_ROWS, column, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn explain(sheet: &mut Worksheet, fields: &[Field], identity: IdentityType) -> Result<(), XlsxError> {
    let wrapped = text().set_text_wrap().set_align(FormatAlign::Top);
    for (column, (title, width)) in
        (0..).zip([("Column", 34), ("Needed", 12), ("What goes in", 80), ("Example", 44)])
    {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, title, &heading())?;
    }
    for (row, field) in (1..).zip(fields) {
        let (needed, what, example) = help(*field, identity);
        for (column, cell) in (0..).zip([field.header(), needed, what, example]) {
            sheet.write_string_with_format(row, column, cell, &wrapped)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

const NOTES: [&str; 5] = [
    "One row a person, on the sheet `Users`. Leave its first row as it is; blank rows are passed over.",
    "Names of profiles and hierarchy groups are written exactly as Amazon Connect has them: case counts.",
    "Cells are formatted as text on purpose: as numbers, telephone numbers lose their plus sign and leading zeros.",
    "Check the sheet before anything is sent: headcount validate FILE.xlsx",
    "Then create the users: headcount import FILE.xlsx ⟦instance ID⟧",
];

/// The words of a column that has but a few.
fn words(field: Field) -> Option<&'static [&'static str]> {
    match field {
        Field::PhoneType | Field::PhoneTypeVoice => Some(&["soft", "desk"]),
        field if field.is_yes_no() => Some(&["yes", "no"]),
        Field::VoiceEnhancement => Some(&["none", "isolate voice", "suppress noise"]),
        _ => None,
    }
}

/// Whether a column is needed, what goes in, and an example.
pub(super) fn help(field: Field, identity: IdentityType) -> (&'static str, &'static str, &'static str) {
    let is_saml = identity == IdentityType::Saml;
    match field {
        Field::FirstName => ("yes", "The given name, at most 255 characters.", "Zoë"),
        Field::LastName if identity == IdentityType::ConnectManaged => {
            ("yes", "The family name, at most 256 characters.", "Müller")
        }
        Field::LastName => ("yes", "The family name, at most 300 characters.", "Müller"),
        Field::Email => ("advised", "The e-mail address: where password resets go.", "zoe@example.com"),
        Field::SecondaryEmail => {
            ("no", "Gets every notification but password resets.", "zoe.home@example.com")
        }
        Field::Mobile => ("no", "With a plus sign and the country code, without spaces.", "+12065550142"),
        Field::Password => (
            "yes",
            "8 to 64 characters without spaces, with a small letter, a capital and a digit. Everyone another.",
            "Lantern-Reef-7",
        ),
        Field::Username if is_saml => (
            "yes",
            "At most 64 letters, digits and . _ - @, written exactly as the identity provider sends it: case counts.",
            "zoe.mueller@example.com",
        ),
        Field::Username => (
            "yes",
            "At most 20 letters, digits and . _ - @; case counts. An @ only in a whole address.",
            "zoe.mueller",
        ),
        Field::DirectoryUserId => (
            "sometimes",
            "The user's id in the directory, where Amazon Connect cannot look it up itself.",
            "S-1-5-21-1004336348-1177238915-682003330-512",
        ),
        Field::RoutingProfile => {
            ("yes", "The name of one routing profile, or its id or ARN.", "Basic Routing Profile")
        }
        Field::SecurityProfiles => (
            "yes",
            "One to ten names of security profiles with | between them, or ids or ARNs.",
            "Agent|QualityAnalyst",
        ),
        Field::Hierarchy => (
            "no",
            "The path to a hierarchy group, top level first, with | between at most five levels.",
            "EMEA|Germany|Berlin",
        ),
        Field::PhoneType => ("no", "soft for the browser's phone, desk for a telephone.", "soft"),
        Field::PhoneNumber => (
            "for desk",
            "The desk phone's number with a plus sign and the country code, without spaces.",
            "+493023125042",
        ),
        Field::AutoAccept => ("no", "yes: calls connect by themselves; for soft phones only.", "no"),
        Field::AfterContactWork => {
            ("no", "Seconds for after contact work, a whole number to 2000000; 0 for no limit.", "30")
        }
        Field::PersistentConnection => ("no", "yes: the line stays open between calls.", "no"),
        Field::VoiceEnhancement => ("no", "none, isolate voice or suppress noise.", "none"),
        Field::Tags => ("no", "key|value, with || between tags; at most 49.", "site|Berlin||language|de"),
        Field::AutoAcceptVoice => ("no", "yes: calls connect by themselves; for soft phones only.", "yes"),
        Field::AutoAcceptChat => ("no", "yes: chats connect by themselves.", "yes"),
        Field::AutoAcceptTask => ("no", "yes: tasks are accepted by themselves.", "no"),
        Field::AutoAcceptEmail => ("no", "yes: e-mails are accepted by themselves.", "no"),
        Field::AutoAcceptCallback => (
            "no",
            "yes: agent-first callbacks connect by themselves; needs auto accept voice as well.",
            "yes",
        ),
        Field::AfterContactWorkVoice => {
            ("no", "Seconds of after-contact work after a call, up to 2000000; 0 for no limit.", "60")
        }
        Field::AfterContactWorkChat => (
            "no",
            "Seconds of after-contact work after a chat; what is above 5400 ends after 90 minutes, 0 for no limit.",
            "30",
        ),
        Field::AfterContactWorkTask => {
            ("no", "Seconds of after-contact work after a task, up to 2000000; 0 for no limit.", "0")
        }
        Field::AfterContactWorkEmail => {
            ("no", "Seconds of after-contact work after an e-mail, up to 2000000; 0 for no limit.", "0")
        }
        Field::AfterContactWorkCallback => (
            "no",
            "Seconds of after-contact work after an agent-first callback; needs ACW timeout voice as well.",
            "90",
        ),
        Field::PhoneTypeVoice => {
            ("no", "soft for the browser's phone, desk for a telephone; in place of phone type.", "desk")
        }
        Field::PhoneNumberVoice => (
            "no",
            "The desk phone's number with a plus sign and the country code; needs phone type voice as well.",
            "+12065550100",
        ),
        Field::PersistentConnectionVoice => {
            ("no", "yes: the line stays open between calls; in place of persistent connection.", "no")
        }
        Field::Proficiencies => (
            "no",
            "attribute:value:level, with | between them; level 1 to 5, at most 10. Given after the user is created.",
            "Language:German:4|Product:Mobile:2",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::voice::Flags;
    use crate::roster::Options;
    use crate::roster::tests::{read, read_all};

    #[test]
    fn the_template_of_each_identity_type_is_a_roster_that_we_know() {
        let table = [
            (IdentityType::ConnectManaged, "Amazon Connect console template, CONNECT_MANAGED (2024)"),
            (IdentityType::Saml, "Amazon Connect console template, SAML (2024)"),
            (IdentityType::ExistingDirectory, "headcount template, EXISTING_DIRECTORY"),
        ];
        for (identity, name) in table {
            for file in [csv(identity).into_bytes(), workbook(identity, &Flags).unwrap()] {
                let roster = read(&file, &Options::default());
                assert_eq!(roster.recognised(), Some(name));
                assert_eq!(roster.findings(), []);
                assert_eq!(read_all(&roster).len(), 0);
            }
        }
    }

    #[test]
    fn a_workbook_says_the_same_system_wherever_it_is_written() {
        let systems = |bytes: &[u8]| {
            let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
            let all: Vec<System> =
                (0..archive.len()).map(|part| archive.by_index_raw(part).unwrap().system()).collect();
            all
        };
        let package = |system: System| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for (part, text) in [("xl/workbook.xml", "<a/>"), ("xl/styles.xml", "<b/>")] {
                let options = zip::write::SimpleFileOptions::default().unix_permissions(0o600).system(system);
                zip.start_file(part, options).unwrap();
                std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
            }
            zip.finish().unwrap().into_inner()
        };
        let (mut ours, unix) = (package(System::Dos), package(System::Unix));
        assert_ne!(ours, unix);
        say_unix(&mut ours).unwrap();
        assert_eq!(ours, unix, "in nothing but the system");
        let template = workbook(IdentityType::Saml, &Flags).unwrap();
        let systems = systems(&template);
        assert!(systems.len() > 8 && systems.iter().all(|system| *system == System::Unix), "{systems:?}");
    }

    #[test]
    fn the_help_covers_every_column_of_every_template() {
        for identity in IdentityType::ALL {
            for field in Field::ALL {
                let (needed, what, example) = help(field, identity);
                assert!(!needed.is_empty() && what.ends_with('.') && !example.is_empty());
            }
        }
    }
}
