//! How the command line names what can be set: by its flags.

use crate::text::{Setting, Voice};

/// The flags of the command line.
#[derive(Clone, Copy, Debug)]
pub struct Flags;

impl Voice for Flags {
    fn word(&self, setting: Setting, value: &str) -> String {
        let flag = flag(setting);
        if value.is_empty() { flag.to_owned() } else { format!("{flag} {value}") }
    }
}

const fn flag(setting: Setting) -> &'static str {
    match setting {
        Setting::ColumnMap => "--columns",
        Setting::Encoding => "--encoding",
        Setting::Sheet => "--sheet",
        Setting::HeaderRow => "--header-row",
        Setting::PhoneRegion => "--phone-region",
        Setting::OtherRoster => "--roster",
        Setting::Instance => "--instance",
        Setting::Targets => "--targets",
        Setting::FailedTargetsSkipped => "--skip-failed-targets",
        Setting::Region => "--region",
        Setting::EndpointUrl => "--endpoint-url",
        Setting::IdentityType => "--identity",
        Setting::SavedDirectory => "--directory",
        Setting::Rehearsal => "--simulate",
        Setting::DryRun => "--dry-run",
        Setting::Ledger => "--ledger",
        Setting::StandBy => "--wait",
        Setting::TakeOver => "--take-over",
        Setting::PlannedAnew => "--replan",
        Setting::PartialRun => "--allow-partial",
        Setting::Untagged => "--no-provenance-tag",
        Setting::LetThrough => "--allow",
        Setting::MissingRecreated => "--recreate-missing",
        Setting::DeletedRecreated => "--recreate-deleted",
        Setting::ProbableAccepted => "--accept-probable",
        Setting::MadePasswords => "--generate-passwords",
        Setting::PasswordVariable => "--password-from-env",
        Setting::PasswordCommand => "--password-command",
        Setting::CredentialsFile => "--credentials-out",
        Setting::Recipient => "--recipient",
        Setting::Identities => "--identity-file",
        Setting::DriftOverwritten => "--overwrite-drift",
        Setting::ActionsObeyed => "--actions",
        Setting::MostDeleted => "--max",
        Setting::Output => "-o",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::command_line;
    use super::*;
    use crate::finding::codes;
    use crate::text::{marks, worded};

    /// The flags of all commands, each with whether it takes a value.
    fn known() -> HashSet<(String, bool)> {
        let line = command_line();
        let arguments = line.get_subcommands().flat_map(clap::Command::get_arguments);
        arguments
            .flat_map(|argument| {
                let long = argument.get_long().map(|long| format!("--{long}"));
                let short = argument.get_short().map(|short| format!("-{short}"));
                let takes_value = argument.get_action().takes_values();
                long.into_iter().chain(short).map(move |flag| (flag, takes_value))
            })
            .collect()
    }

    #[test]
    fn each_setting_is_a_flag_of_its_own_that_a_command_has() {
        let known = known();
        let mut said = HashSet::new();
        for setting in Setting::ALL {
            let flag = Flags.word(*setting, "");
            let takes_value = known.contains(&(flag.clone(), true));
            assert!(
                takes_value || known.contains(&(flag.clone(), false)),
                "{setting:?}: no command has {flag}"
            );
            assert_eq!(Flags.word(*setting, "VALUE"), format!("{flag} VALUE"));
            assert!(said.insert(flag), "{setting:?} is said like another");
        }
    }

    #[test]
    fn nothing_that_is_said_of_a_finding_has_a_mark_left_and_only_fixes_have_any() {
        let known = known();
        let mut number = 0;
        for code in codes::all() {
            let others = [code.title, code.why, code.source];
            assert_eq!(others.into_iter().flat_map(marks).count(), 0, "{}", code.id);
            for mark in marks(code.fix) {
                let flag = flag(mark.setting).to_owned();
                assert!(
                    mark.value.is_empty() || known.contains(&(flag, true)),
                    "{}: {}",
                    code.id,
                    mark.whole
                );
                number += 1;
            }
            for said in [code.told_fix(&Flags).into_owned(), code.explanation(&Flags)] {
                assert!(!said.contains(['⟦', '⟧']), "{}: {said}", code.id);
            }
        }
        assert!(number > 10, "only {number} marks were found");
        assert_eq!(
            worded(codes::PASSWORD_MISSING.fix, &Flags),
            "fill in a first password, or have one made for each user: `headcount import` with \
             `--generate-passwords --credentials-out FILE`"
        );
    }
}
