//! What helps, in the words of the command line: each [`Remedy`] with its flags.

use super::meant::Typed;
use super::meant_changes::TypedChanges;
use super::meant_leavers::TypedLeavers;
use super::retype;
use crate::error::{Failure, Remedy};

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
        Some(Remedy::OneOfSheets { .. } | Remedy::PlanAgain) | None => return failure,
    };
    failure.hint(hint)
}

/// The same of a list of leavers.
pub(super) fn of_leavers(failure: Failure, typed: &TypedLeavers) -> Failure {
    let hint = match (&failure.remedy, &typed.args.ledger) {
        (None | Some(Remedy::OneOfSheets { .. } | Remedy::PlanAgain), _) => return failure,
        (Some(_), Some(_)) => {
            "nobody was deleted; leave --ledger out: a list and a rehearsal of it have a ledger each"
        }
        (Some(_), None) => "nobody was deleted; name another ledger with --ledger",
    };
    failure.hint(hint)
}

/// The same of a comparison or an update.
pub(super) fn of_changes(failure: Failure, typed: &TypedChanges) -> Failure {
    let hint = match (&failure.remedy, &typed.shared.ledger) {
        (None | Some(Remedy::OneOfSheets { .. } | Remedy::PlanAgain), _) => return failure,
        (Some(_), Some(_)) => {
            "nothing was sent; leave --ledger out: an import, an update and a rehearsal have a ledger each"
        }
        (Some(_), None) => "nothing was sent; name another ledger with --ledger",
    };
    failure.hint(hint)
}
