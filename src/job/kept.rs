//! Where an update or a list of leavers has kept everybody as they were.

use std::path::{Path, PathBuf};

use crate::export;
use crate::ledger::{Job, State};

/// The newest file of everybody as they were before the job of this ledger; `None` where none is there, and for an import,
/// before which nobody was.
pub(crate) fn kept_before(state: &State, ledger: &Path) -> Option<PathBuf> {
    let State { header, session, .. } = state;
    let roster = Path::new(if session.roster.is_empty() { &header.roster } else { &session.roster });
    let named = |number: u32| match header.job? {
        Job::Update => {
            let later = if number == 1 { String::new() } else { format!(".{number}") };
            Some(export::path_before(roster, &format!("{}{later}", header.run)))
        }
        Job::Remove => Some(export::path_of_leavers(roster, state.is_rehearsal(ledger), number)),
    };
    (1..).map_while(|number| named(number).filter(|file| file.exists())).last()
}
