//! A run that was kept in a file is put into a table: all of it, or nothing that anybody goes on with.
//!
//! The first line, without which a log is none, is put last. Whoever comes before that finds a log without a beginning, and
//! goes on with nothing of it; whoever was cut off on the way puts what is missing behind what stands.

use super::joined::Begins;
use super::log::{Landed, SharedLedger, pieces};
use super::segments::{Lease, Named, Segment};
use crate::error::Failure;
use crate::ledger::undone;

/// What stands of a run in a table, also where it has no beginning yet.
#[derive(Default)]
struct Standing {
    /// The lines of the first segment.
    first: Option<String>,
    /// All others.
    rest: Vec<u8>,
    /// The number of the last segment.
    tip: u64,
    /// A segment that is missing between two others.
    hole: Option<u64>,
}

impl SharedLedger {
    /// Puts all lines of a run under its name. `digests` are those that its roster has had. Put again after it was cut off, it
    /// is put to its end; put once more after that, nothing is done.
    ///
    /// # Errors
    /// Exit 4 where the name is another run's, the run or its roster is there under another name, what stands of it is not
    /// what is put, or the table cannot be reached.
    pub(crate) fn put_whole(
        &self,
        named: &Named,
        digests: &[String],
        lines: &[u8],
        by: &Lease,
    ) -> Result<(), Failure> {
        let run = &named.run;
        self.has_room_for(named, digests)?;
        let failed = |fault| self.failed("write", fault);
        let end = lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |at| at + 1);
        let (first, rest) = lines.split_at(end);
        let there = self.standing(run)?;
        let is_same_first = there.first.as_ref().is_none_or(|line| line.as_bytes() == first);
        if there.first.is_some() && is_same_first && there.rest.starts_with(rest) {
            return self.claimed(named);
        }
        if !is_same_first || there.hole.is_some() || !rest.starts_with(&there.rest) {
            return Err(self.is_not_it(named));
        }
        let mut tip = there.tip.max(1);
        let behind = pieces(&rest[there.rest.len()..]).map_err(|why| {
            Failure::stopped(format!("the ledger cannot be kept in a table: `{}`", self.url())).because(why)
        })?;
        for piece in behind {
            let segment = Segment { number: tip + 1, nonce: self.id()?, lines: piece.to_owned() };
            if let Landed::No(_) = self.put(run, &segment).map_err(failed)? {
                return Err(self.is_not_it(named));
            }
            tip += 1;
        }
        self.claimed(named)?;
        // Nobody is at work with it: whoever joins it need not watch first.
        let lease = Lease { epoch: tip, session: self.id()?, free: true, ..by.clone() };
        self.take(run, &lease).map_err(failed)?;
        if there.first.is_none() {
            let text = String::from_utf8_lossy(first).into_owned();
            let segment = Segment { number: 1, nonce: self.id()?, lines: text };
            if let Landed::No(theirs) = self.put(run, &segment).map_err(failed)?
                && theirs.lines != segment.lines
            {
                return Err(self.is_not_it(named));
            }
        }
        Ok(())
    }

    /// Fails where the run would stand beside itself, or in another's place.
    fn has_room_for(&self, named: &Named, digests: &[String]) -> Result<(), Failure> {
        let join = |there: &Named| {
            let url = self.naming(&there.name).url().typed();
            format!("nothing was moved; join that run with ⟦ledger {url}⟧")
        };
        let runs = self.runs()?;
        if let Some(there) = runs.iter().find(|there| there.name == named.name && there.run != named.run) {
            let what = format!(
                "the table has another run of this name, begun with `{}` at {}: `{}`",
                there.roster,
                there.at,
                self.url()
            );
            return Err(Failure::stopped(what).hint(format!(
                "nothing was moved; give the run a name of its own, as in {}/NAME",
                self.url().of_table()
            )));
        }
        if let Some(there) = runs.iter().find(|there| there.run == named.run && there.name != named.name) {
            let what = format!("the run is in the table already, as `{}`", there.name);
            return Err(Failure::stopped(what).hint(join(there)));
        }
        match runs.iter().find(|there| is_twin(there, named, digests)) {
            None => Ok(()),
            Some(there) => Err(Failure::stopped(a_twin(there)).hint(join(there))),
        }
    }

    /// Fails where a new run is about to begin in a table that has one of the same instance and roster: two people who start
    /// one roster under two names would make two runs of it.
    pub(crate) fn is_no_twin(&self, of: &Begins) -> Result<(), Failure> {
        let Begins { job, instance, target, digest, .. } = of.clone();
        let name = self.name()?.to_owned();
        let digests = [digest];
        let own = Named { name, job, instance, ..Named::default() };
        let Some(there) = self.runs()?.into_iter().find(|there| is_twin(there, &own, &digests)) else {
            return Ok(());
        };
        let url = self.url().naming(&there.name);
        // What several targets are given finds the runs of all.
        let url = target.map(|target| url.of_all_targets(&target)).unwrap_or(url).typed();
        Err(Failure::stopped(a_twin(&there)).hint(format!("nothing was sent; join it with ⟦ledger {url}⟧")))
    }

    /// Gives the run its name.
    fn claimed(&self, named: &Named) -> Result<(), Failure> {
        let claimed =
            self.again(|| self.segments.claim(named)).map_err(|fault| self.failed("name", fault))?;
        // A condition that fails may have failed because the run has it already.
        if claimed || self.named()?.is_some_and(|there| there.run == named.run) {
            return Ok(());
        }
        Err(Failure::stopped(format!("another run was given this name just now: `{}`", self.url()))
            .hint("nobody goes on with what was put; give the run another name"))
    }

    fn is_not_it(&self, named: &Named) -> Failure {
        let what =
            format!("what the table has of run {} is not what the file has: `{}`", named.run, self.url());
        Failure::stopped(what).hint(
            "the file is not moved; it is a copy that went on by itself, or the table's has gone on: compare the two with \
             `headcount ledger pull`",
        )
    }

    fn standing(&self, run: &str) -> Result<Standing, Failure> {
        let mut there = Standing::default();
        // From where an answer was lost on, and not from the beginning.
        let read = self.again(|| {
            let from = there.tip + 1;
            self.segments.read(run, from, &mut |segment| {
                if segment.number == 1 {
                    there.first = Some(segment.lines);
                    there.tip = 1;
                    return;
                }
                if segment.number != there.tip.max(1) + 1 {
                    there.hole.get_or_insert(there.tip.max(1) + 1);
                }
                there.tip = segment.number;
                there.rest.extend_from_slice(segment.lines.as_bytes());
            })
        });
        read.map_err(|fault| self.failed("read", fault))?;
        Ok(there)
    }
}

/// Whether a run of a table is of the same instance, command and roster as another one. Its own name may be there, and nothing
/// in it yet: whoever gave it ended right then.
fn is_twin(there: &Named, own: &Named, digests: &[String]) -> bool {
    there.name != own.name
        && there.run != own.run
        && there.instance == own.instance
        && there.job == own.job
        && digests.contains(&there.digest)
        && !undone::is_named_in_table(&there.name)
}

fn a_twin(there: &Named) -> String {
    format!(
        "this roster is a run of the table already, `{}`, begun with `{}` at {}",
        there.name, there.roster, there.at
    )
}
