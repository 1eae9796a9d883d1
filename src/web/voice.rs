//! How the page names what can be set: by where it is on its screens, or where it is not, by the command line's own flags.

use crate::text::{Setting, Voice};

/// The page's words.
#[derive(Clone, Copy, Debug)]
pub struct OnPage;

impl Voice for OnPage {
    fn word(&self, setting: Setting, value: &str) -> String {
        let place = place(setting);
        if value.is_empty() { place.to_owned() } else { format!("{place}: {value}") }
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
        Setting::OtherRoster => "--roster",
        Setting::Instance => "--instance",
        Setting::Region => "--region",
        Setting::EndpointUrl => "--endpoint-url",
        Setting::Rehearsal => "--simulate",
        Setting::DryRun => "--dry-run",
        Setting::Ledger => "--ledger",
        Setting::PartialRun => "--allow-partial",
        Setting::Untagged => "--no-provenance-tag",
        Setting::LetThrough => "--allow",
        Setting::ProbableAccepted => "--accept-probable",
        Setting::PasswordVariable => "--password-from-env",
        Setting::PasswordCommand => "--password-command",
        Setting::CredentialsFile => "--credentials-out",
        Setting::Recipient => "--recipient",
        Setting::Identities => "--identity-file",
        Setting::DriftOverwritten => "--overwrite-drift",
        Setting::ActionsObeyed => "--actions",
        Setting::MostDeleted => "--max",
        Setting::Output => "-o",
        Setting::MissingRecreated => "--recreate-missing",
        Setting::DeletedRecreated => "--recreate-deleted",
    }
}
