//! A rehearsal and an import keep ledgers of their own: one that is given the other's is told so, and what is meant instead.

use super::meant::{Job, Kept};
use super::retype;
use crate::error::Failure;

/// Fails where an import has a rehearsal's ledger, or a rehearsal an import's, before anybody is asked anything.
///
/// # Errors
/// Exit 4; the command that is meant is said.
pub(super) fn refuse(job: &Job) -> Result<(), Failure> {
    let instance = job.shared.instance.instance.as_deref();
    match (job.kept, job.shared.rehearsal.simulate, instance) {
        (Some(Kept::Import), true, _) => Err(an_imports(job)),
        // Without an instance, which one it is comes first.
        (Some(Kept::Rehearsal), false, Some(instance)) => Err(a_rehearsals(job, instance)),
        _ => Ok(()),
    }
}

/// A rehearsal that went on with it would take its users for gone.
fn an_imports(job: &Job) -> Failure {
    let ledger = job.ledger.display();
    let next = retype::import_anew(job, "");
    Failure::stopped(format!("the ledger is an import's, and this is a rehearsal: `{ledger}`"))
        .hint(format!("nothing was sent; a rehearsal has a ledger of its own: rehearse with: {next}"))
}

/// An import that went on with it would take users for made that nobody has made.
fn a_rehearsals(job: &Job, instance: &str) -> Failure {
    let ledger = job.ledger.display();
    let next = retype::import_anew(job, instance);
    let file = if job.has_usual_ledger() { ", FILE being another file" } else { "" };
    Failure::stopped(format!("the ledger is a rehearsal's, and this is none: `{ledger}`"))
        .hint(format!("nothing was sent; an import has a ledger of its own{file}: import with: {next}"))
}
