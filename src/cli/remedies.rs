//! What helps, in the words of the command line: each [`Remedy`] with its flags.

use std::ffi::OsString;
use std::path::Path;

use super::meant::Typed;
use super::meant_changes::TypedChanges;
use super::meant_leavers::TypedLeavers;
use super::retype;
use crate::error::{Failure, Remedy};

/// A failure with the commands that wait for whoever has a shared ledger, and that ask them for it, where it is one of that:
/// of any command, as it was typed.
pub(super) fn of_sharing(failure: Failure, words: &[OsString]) -> Failure {
    let Some(Remedy::WaitOrTakeOver { ledger }) = &failure.remedy else { return failure };
    let look = retype::status_of(Path::new(ledger));
    let mut lines = vec![
        format!("nothing was sent; see how far it is with: {look}"),
        format!("wait until it ends or dies with: {}", retype::taking(words, "--wait")),
        format!("ask it to hand over with: {}", retype::taking(words, "--take-over")),
    ];
    // Behind the first may stand what is said of several targets.
    lines.extend(failure.hint.iter().flat_map(|hint| hint.lines().skip(1)).map(str::to_owned));
    failure.hint(lines.join("\n"))
}

/// A failure of an import or a retry with the command that helps, where it is one that only what was typed can tell.
pub(super) fn worded(failure: Failure, typed: &Typed) -> Failure {
    let hint = match &failure.remedy {
        Some(Remedy::RehearsalsLedger) => {
            let next = retype::import_anew(typed, "");
            format!("nothing was sent; a rehearsal has a ledger of its own: rehearse with: {next}")
        }
        Some(Remedy::ImportsLedger { instance }) => {
            let next = retype::import_anew(typed, instance);
            let file = if typed.has_usual_ledger() { ", FILE being another file" } else { "" };
            format!("nothing was sent; an import has a ledger of its own{file}: import with: {next}")
        }
        Some(
            Remedy::OneOfSheets { .. } | Remedy::PlanAgain | Remedy::Region | Remedy::WaitOrTakeOver { .. },
        )
        | None => {
            return failure;
        }
    };
    failure.hint(hint)
}

/// The same of a list of leavers.
pub(super) fn of_leavers(failure: Failure, typed: &TypedLeavers) -> Failure {
    let hint = match (&failure.remedy, &typed.args.ledger) {
        (Some(Remedy::RehearsalsLedger | Remedy::ImportsLedger { .. }), Some(_)) => {
            "nobody was deleted; leave --ledger out: a list and a rehearsal of it have a ledger each"
        }
        (Some(Remedy::RehearsalsLedger | Remedy::ImportsLedger { .. }), None) => {
            "nobody was deleted; name another ledger with --ledger"
        }
        (Some(_) | None, _) => return failure,
    };
    failure.hint(hint)
}

/// The same of a comparison or an update.
pub(super) fn of_changes(failure: Failure, typed: &TypedChanges) -> Failure {
    let hint = match (&failure.remedy, &typed.shared.ledger) {
        (Some(Remedy::RehearsalsLedger | Remedy::ImportsLedger { .. }), Some(_)) => {
            "nothing was sent; leave --ledger out: an import, an update and a rehearsal have a ledger each"
        }
        (Some(Remedy::RehearsalsLedger | Remedy::ImportsLedger { .. }), None) => {
            "nothing was sent; name another ledger with --ledger"
        }
        (Some(_) | None, _) => return failure,
    };
    failure.hint(hint)
}
