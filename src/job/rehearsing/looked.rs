//! Where a run stands by its ledger alone: one that is over, one whose process has ended, one of a terminal.

use std::path::Path;

use super::around::{Around, name_of};
use super::log::Log;
use super::told::{CauseTold, FailedTold, RowTold, RowsTold, RunStands, RunTold};
use crate::error::Failure;
use crate::exit::Exit;
use crate::finding::codes;
use crate::ledger::{self, Gathered, RowState, State};
use crate::report::standing::{Lately, is_complete};

/// What a ledger tells of its run; `None` where there is none, or nothing stands in it.
///
/// # Errors
/// Exit 2 where it cannot be read, 4 where it is damaged.
pub(super) fn look(ledger: &Path, around: &Around) -> Result<Option<RunTold>, Failure> {
    if std::fs::metadata(ledger).map_or(true, |there| there.len() == 0) {
        return Ok(None);
    }
    let turn = around.turns.next();
    let gathered =
        ledger::gather(&ledger.into(), (Lately::default(), Log::default()), |own, entry, before| {
            own.0.take(entry);
            own.1.take_entry(entry, before);
        })?;
    let Gathered { state, own: (lately, log), at_work, .. } = gathered;
    let rows = state.counts(at_work);
    let pace =
        at_work.then(|| lately.pace(&state.session.at, around.clock.now(), rows.pending + rows.in_doubt));
    let whose = || ledger::whose(&state.session);
    let (stands, why) = match lately.exit {
        _ if at_work => (RunStands::Elsewhere, Some(format!("{} is at work with it", whose()))),
        Some(exit) => (stands_after(exit, is_complete(&state, &rows)), None),
        None if is_complete(&state, &rows) => (RunStands::Ended, None),
        None => (RunStands::Stopped, Some(format!("{} has not said that it ended", whose()))),
    };
    let failed = rows.failed();
    Ok(Some(RunTold {
        turn,
        state: stands,
        ledger: name_of(ledger),
        rows,
        calls: state.calls,
        seconds_left: pace.and_then(|pace| pace.seconds_left),
        rate: pace.map(|pace| pace.rate),
        log: log.lines(),
        exit: lately.exit.filter(|_| !at_work),
        why,
        report: None,
        failed: (failed > 0).then_some(FailedTold { rows: failed, file: None }),
        causes: if at_work { Vec::new() } else { causes(ledger, around)? },
        resume: around.terminal.resume(ledger, &state).unwrap_or_default(),
    }))
}

/// How a run stands that has ended with this exit code. One that was paused when nothing was left to do is over.
pub(super) fn stands_after(exit: u8, is_complete: bool) -> RunStands {
    match exit {
        code if code == Exit::Interrupted.code() && is_complete => RunStands::Ended,
        code if code == Exit::Interrupted.code() => RunStands::Paused,
        code if code == Exit::Stopped.code() || code == Exit::Bug.code() => RunStands::Stopped,
        _ => RunStands::Ended,
    }
}

/// What failed, by what the failures have in common.
pub(super) fn causes(ledger: &Path, around: &Around) -> Result<Vec<CauseTold>, Failure> {
    let account = around.account(ledger, &*around.voice)?;
    let told = account.causes.into_iter().map(|cause| CauseTold {
        title: codes::find(&cause.code).map(|code| code.title),
        code: cause.code,
        rows: cause.rows.len() as u64,
        advice: cause.advice,
    });
    Ok(told.collect())
}

/// Rows that stand so, in the order of the spreadsheet.
pub(super) fn rows(state: &State, at_work: bool, is_asked: impl Fn(RowState) -> bool) -> Vec<RowTold> {
    let told = |at: ledger::Place| {
        let record = state.record(at);
        let stands = record.stands(at_work);
        let detail = state.detail(at);
        (!record.dropped && is_asked(stands)).then(|| RowTold {
            n: record.row,
            user: state.user(at).to_owned(),
            state: stands,
            code: detail.and_then(|detail| detail.code.clone()),
            message: detail.and_then(|detail| detail.message.clone()),
        })
    };
    let mut rows: Vec<RowTold> = state.places().filter_map(told).collect();
    rows.sort_by_key(|row| row.n);
    rows
}

/// So many of them from this one on.
pub(super) fn part_of(rows: Vec<RowTold>, from: usize, count: usize) -> RowsTold {
    RowsTold { total: rows.len() as u64, rows: rows.into_iter().skip(from).take(count).collect() }
}
