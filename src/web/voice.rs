//! How the page names what can be set: by where it is on its screens, or where it is not, as something for a terminal.

use crate::text::{Setting, Voice};

/// The page's words.
#[derive(Clone, Copy, Debug)]
pub struct OnPage;

impl Voice for OnPage {
    fn word(&self, setting: Setting, value: &str) -> String {
        let place = place(setting);
        // The map is made there, and no file is named.
        if value.is_empty() || setting == Setting::ColumnMap {
            place.to_owned()
        } else {
            format!("{place}: {value}")
        }
    }

    fn fix(&self, code: &str, hint: &str) -> Option<String> {
        let (_, fix) = FIXES.iter().find(|(known, _)| *known == code)?;
        // Of a number it depends on the number what is said.
        if code.ends_with("-not-e164") && !hint.contains(Setting::PhoneRegion.name()) {
            return None;
        }
        // What may be meant is worth more than any rule.
        let meant = hint.split_once("? ").filter(|(meant, _)| meant.starts_with("did you mean"));
        Some(match meant {
            Some((meant, _)) => format!("{meant}? {}", upper(fix)),
            None => (*fix).to_owned(),
        })
    }
}

/// What mends what can be mended on the page, where the words for a terminal would be none for it.
#[rustfmt::skip]
const FIXES: [(&str, &str); 16] = [
    ("header-found", "nothing to do if that row is the header; else choose it in Columns"),
    ("sheet-found", "nothing to do if that sheet is the roster; else choose it in Columns"),
    ("unknown-column", "say in Columns what it is, or that it is not imported"),
    ("misspelt-column", "say in Columns what it is, or correct the header"),
    ("merged-columns", "nothing to do while they agree; else leave one of them out, in Columns"),
    ("columns-disagree", "make the cells equal, empty one of them, or leave one of the columns out, in Columns"),
    ("column-missing", "say in Columns which column has it, or give everybody the same there"),
    ("hidden-columns", "show them in the spreadsheet and look; what is not meant is left out in Columns"),
    ("encoding-guessed", "look at the names; where they are wrong, choose another encoding in Columns, at `text as`"),
    ("encoding-unclear", "look at the names, and choose the encoding in which they are right, in Columns, at `text as`"),
    ("undecodable-text", "type the letters again; where all of the file is so, choose another encoding in Columns, at `text as`"),
    ("password-missing", "type one, or have the import make those that are missing: Columns, Passwords"),
    ("password-not-allowed", "empty the column, or say in Columns, Settings how the instance knows its users"),
    ("directory-user-id-not-allowed", "empty the column, or say in Columns, Settings how the instance knows its users"),
    ("mobile-not-e164", "write it with + and the country's number; or choose the country in Columns, Settings, and national numbers are read"),
    ("phone-number-not-e164", "write it with + and the country's number; or choose the country in Columns, Settings, and national numbers are read"),
];

/// With a capital letter.
fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

const fn place(setting: Setting) -> &'static str {
    match setting {
        Setting::ColumnMap => "the step Columns",
        Setting::Encoding => "Columns, text as",
        Setting::Sheet => "Columns, sheet",
        Setting::HeaderRow => "Columns, header in row",
        Setting::PhoneRegion => "Settings, phone numbers of",
        Setting::IdentityType => "Settings, users are known by",
        Setting::SavedDirectory => "Settings, names of the instance",
        Setting::MadePasswords => "Settings, passwords are made",
        // In a terminal alone.
        Setting::OtherRoster => "another roster, in a terminal",
        Setting::Instance => "the instance, in a terminal",
        Setting::Targets => "a file of targets, in a terminal",
        Setting::FailedTargetsSkipped => "leaving out targets that fail, in a terminal",
        Setting::Region => "the region, in a terminal",
        Setting::EndpointUrl => "the endpoint, in a terminal",
        Setting::Rehearsal => "the rehearsal",
        Setting::DryRun => "the plan",
        Setting::Ledger => "the ledger, in a terminal",
        Setting::StandBy => "standing by, in a terminal",
        Setting::TakeOver => "taking a ledger over, in a terminal",
        Setting::PlannedAnew => "another roster for the run, in a terminal",
        Setting::PartialRun => "a run of part, in a terminal",
        Setting::Untagged => "a run without the tag, in a terminal",
        Setting::LetThrough => "letting an error through, in a terminal",
        Setting::ProbableAccepted => "taking the probable for certain, in a terminal",
        Setting::PasswordVariable => "a variable with one password, in a terminal",
        Setting::PasswordCommand => "a command for the password, in a terminal",
        Setting::CredentialsFile => "the file of made passwords, in a terminal",
        Setting::Recipient => "a recipient of made passwords, in a terminal",
        Setting::Identities => "the keys of made passwords, in a terminal",
        Setting::DriftOverwritten => "overwriting what has changed, in a terminal",
        Setting::ActionsObeyed => "obeying the column of actions, in a terminal",
        Setting::MostDeleted => "how many may be deleted, in a terminal",
        Setting::Output => "the file to write, in a terminal",
        Setting::MissingRecreated => "making the missing again, in a terminal",
        Setting::DeletedRecreated => "making the deleted again, in a terminal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::codes;

    #[test]
    fn what_is_said_of_a_fault_on_the_page_names_nothing_of_a_terminal() {
        for (code, fix) in FIXES {
            let code = codes::find(code).unwrap_or_else(|| panic!("{code}"));
            assert!(!fix.contains("--") && !fix.contains("headcount"), "{}: {fix}", code.id);
        }
        let hint = format!("did you mean `tags`? Correct the header, or {}", codes::MISSPELT_COLUMN.fix);
        let told = OnPage.fix("misspelt-column", &hint).unwrap();
        assert_eq!(told, "did you mean `tags`? Say in Columns what it is, or correct the header");
        assert_eq!(OnPage.fix("mobile-not-e164", "take the extension out"), None);
    }
}
