//! Before a shared ledger is written: is anybody at work with it? Watched, waited for, or asked to hand over.

use std::time::Duration;

use super::log::SharedLedger;
use super::segments::Lease;
use super::watch::{Life, Takes, Watch};
use crate::clock::{Moment, SILENCE};
use crate::error::{Failure, Remedy};
use crate::ledger::numbers::Place;
use crate::ledger::reader::fold;
use crate::ledger::words::RowState;
use crate::text::{grouped, path_word, program, shell_line};

/// How far one goes who finds a ledger in use that is to be asked for or waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Until it may be taken.
    Free,
    /// Until it is known whether somebody alive has it: nobody is stopped for a run that is then refused.
    Known,
}

/// What happened to whoever stood by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stood {
    /// The ledger may be taken.
    Free,
    /// Somebody alive has it, who is not to be asked or waited for before it is known what for.
    Held,
    /// It was asked to stop before.
    Stopped,
}

impl SharedLedger {
    /// Waits until the ledger may be taken, or it is known that it is not. `own` says who waits; `tell` is told what is waited for, `stops` asked whether to
    /// go on.
    ///
    /// # Errors
    /// Exit 4 where somebody is at work with it, and is not waited for.
    pub(crate) fn stand_by(
        &self,
        own: &str,
        until: Until,
        tell: &mut dyn FnMut(String),
        stops: &dyn Fn() -> bool,
    ) -> Result<Stood, Failure> {
        let around = self.around.clone();
        let (timing, clock) = (around.timing, &around.clock);
        let Some(named) = self.named()? else {
            self.found_free(None);
            return Ok(Stood::Free);
        };
        let mut watch = Watch::default();
        let mut asked: Option<(u64, Moment)> = None;
        let begun = clock.moment();
        let mut told: Option<Moment> = None;
        loop {
            if stops() {
                return Ok(Stood::Stopped);
            }
            let seen = self.seen(&named.run)?;
            // Who was watched until nobody had it, or whoever had it was dead, is not watched for as long again.
            if self.is_as_found(&seen) {
                return Ok(Stood::Free);
            }
            let now = clock.moment();
            let life = watch.look(&seen, now, timing.stale);
            let who = seen
                .lease
                .as_ref()
                .map_or_else(|| "a process that has said no more".to_owned(), Lease::to_string);
            match life {
                Life::Free => {
                    self.found_free(Some(seen.signs()));
                    return Ok(Stood::Free);
                }
                Life::Dead => {
                    self.found_free(Some(seen.signs()));
                    if let Some(lease) = &seen.lease {
                        self.found_dead(format!("{} on {}", lease.who, lease.host));
                    }
                    tell(format!("{who} is no longer heard of, and the ledger is taken over"));
                    return Ok(Stood::Free);
                }
                Life::Alive | Life::Unknown => {}
            }
            if until == Until::Known && matches!(self.takes, Takes::Asks | Takes::Waits) {
                if life == Life::Alive {
                    self.found_taken();
                    return Ok(Stood::Held);
                }
                if told.is_none_or(|told| now.since(told) >= SILENCE) {
                    told = Some(now);
                    around.trouble.told(now);
                    tell(self.is_watched(&who, now.since(begun)));
                }
                (around.pause)(timing.poll);
                continue;
            }
            match self.takes {
                Takes::Now => return Ok(Stood::Free),
                Takes::WhereDead if life == Life::Alive => return Err(self.in_use(&named.run, &who)),
                Takes::Asks => {
                    let epoch = seen.lease.as_ref().map_or(0, |lease| lease.epoch);
                    match asked {
                        Some((of, since)) if of == epoch => {
                            let is_late = now.since(since) >= timing.reaction && life == Life::Alive;
                            if is_late && watch.still_for(now) < timing.stale {
                                return Err(self.does_not_react(&who));
                            }
                        }
                        _ => {
                            self.again(|| self.segments.ask(&named.run, epoch, own))
                                .map_err(|fault| self.failed("ask for", fault))?;
                            asked = Some((epoch, now));
                        }
                    }
                }
                Takes::WhereDead | Takes::Waits => {}
            }
            if told.is_none_or(|told| now.since(told) >= SILENCE) {
                told = Some(now);
                around.trouble.told(now);
                tell(self.waits_for(&who, life, now.since(begun)));
            }
            (around.pause)(timing.poll);
        }
    }

    fn waits_for(&self, who: &str, life: Life, since: Duration) -> String {
        let so_far = since.as_secs();
        match self.takes {
            Takes::Waits => format!("standing by for {so_far} s: {who} is at work"),
            Takes::Asks => format!("{who} was asked {so_far} s ago to hand over"),
            Takes::WhereDead | Takes::Now if life == Life::Unknown => self.is_watched(who, since),
            Takes::WhereDead | Takes::Now => format!("{who} has the ledger"),
        }
    }

    fn is_watched(&self, who: &str, since: Duration) -> String {
        format!(
            "{who} has the ledger; whether it is alive is watched, {} of {} s",
            since.as_secs(),
            self.around.timing.stale.as_secs()
        )
    }

    /// Somebody alive has it: who, since when, and how far.
    pub(super) fn in_use(&self, run: &str, who: &str) -> Failure {
        let how_far = self.how_far(run).map_or_else(String::new, |(done, rows)| {
            format!("; {} of {} rows are done", grouped(done), grouped(rows))
        });
        let url = self.url().to_string();
        Failure::stopped(format!("the ledger is in use by {who}{how_far}: `{url}`")).hint(format!(
            "nothing was sent; see how far it is with: {}; ⟦stand-by⟧ waits until it ends or dies, ⟦take-over⟧ asks it to \
             hand over",
            shell_line([program(), "status", &path_word(std::path::Path::new(&url))])
        ))
        .remedy(Remedy::WaitOrTakeOver { ledger: url })
    }

    fn does_not_react(&self, who: &str) -> Failure {
        let seconds = self.around.timing.reaction.as_secs();
        let what = format!(
            "{who} is alive and was asked to hand over {seconds} s ago, and goes on: `{}`",
            self.url()
        );
        Failure::stopped(what).hint("nothing was sent; ⟦take-over now⟧ takes the ledger from it: what it has under way is then settled")
    }

    /// How many rows need nothing more, and of how many.
    fn how_far(&self, run: &str) -> Option<(u64, u64)> {
        let contents = self.contents(run).ok()?;
        let name = std::path::PathBuf::from(self.url().to_string());
        let state =
            fold(&contents.lines[..], contents.lines.len() as u64, &name, (), |(), _, _| {}).ok()?.state;
        let is_done =
            |at: &Place| !matches!(state.record(*at).stands(true), RowState::Pending | RowState::InDoubt);
        let rows: Vec<Place> = state.places().filter(|at| !state.record(*at).dropped).collect();
        Some((rows.iter().filter(|at| is_done(at)).count() as u64, rows.len() as u64))
    }
}
