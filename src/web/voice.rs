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
        Setting::Region => "the region, in a terminal",
        Setting::EndpointUrl => "the endpoint, in a terminal",
        Setting::Rehearsal => "the rehearsal",
        Setting::DryRun => "the plan",
        Setting::Ledger => "the ledger, in a terminal",
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
