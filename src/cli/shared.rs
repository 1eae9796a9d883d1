//! The warning of a file of passwords that others may read, because of where it is. On Unix a file is its owner's by itself,
//! and there is none.

use std::path::Path;

use super::settings;
use crate::disk::Reach;
use crate::text::plain;

/// What is to be said of a file in which passwords are in the clear; `None` where it is its owner's alone.
pub(super) fn warning(path: &Path) -> Option<String> {
    settings::reach_of(path).map(|reach| words(reach, path))
}

fn words(reach: Reach, path: &Path) -> String {
    let shown = plain(&path.display().to_string());
    let who = match reach {
        Reach::Share => "is on a share: whoever may open that folder can read the passwords in it",
        Reach::Machine => {
            "is outside of your user folder, %USERPROFILE%: others of this machine may read the passwords in it"
        }
    };
    format!("warning: `{shown}` {who}; encrypt them with --recipient, or keep the file in your user folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_others_may_read_is_told_with_who_and_what_to_do() {
        for (reach, who) in [(Reach::Share, "is on a share"), (Reach::Machine, "%USERPROFILE%")] {
            let told = words(reach, Path::new("pw.jsonl"));
            assert!(told.starts_with("warning: `pw.jsonl`"), "{told}");
            assert!(told.contains(who) && told.contains("--recipient"), "{told}");
        }
    }

    #[test]
    fn what_is_in_a_temporary_folder_of_unix_is_its_owners() {
        if cfg!(unix) {
            assert_eq!(warning(Path::new("/tmp/pw.jsonl")), None);
        }
    }
}
