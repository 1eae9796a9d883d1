//! Reads who is there already, and holds them against the rows, before anything is sent.

use std::time::Duration;

use super::check::Checked;
use super::there::{Makers, Met};
use crate::agent::{Differing, RowNumber};
use crate::apply;
use crate::connect::{CallError, Operation};
use crate::directory::Directory;
use crate::error::Failure;
use crate::event::Event;
use crate::lane::verdict::is_not_permitted;
use crate::plan::{Decision, Plan, Resolution, Wanted};
use crate::roster::Row;
use crate::user::{self, Held, NamesOfIds};
use crate::validate::{self, RowCheck};
use crate::waits::WaitFor;

impl Checked {
    /// Reads those who are there of the rows that are to be sent, at most so many, and holds them against their rows.
    ///
    /// One call each, as the list has said their ids. Nothing of it may fail a run that would do without: what cannot be
    /// read is not compared, and that is said.
    ///
    /// # Errors
    /// Exit 5 where the job was asked to stop meanwhile; exit 4 where the roster cannot be read once more.
    pub(super) async fn meet(&self, plan: &Plan, run: &str, most: usize) -> Result<Met, Failure> {
        let Self { job, roster, reached, pass, world } = self;
        let directory = &reached.directory;
        let mut met = Met::default();
        let all = met_names(plan, &pass.wanted, directory);
        if all == 0 {
            return Ok(met);
        }
        let to_compare = all.min(most as u64);
        let (lane, names) = (&reached.lane, NamesOfIds::of(directory));
        let waits = lane.waits();
        let _at_work = waits.at_work();
        let waiting = waits.on(WaitFor::Pages, words(0, to_compare), None);
        let rate = lane.pace(Operation::DescribeUser).rate();
        let rules = job.rules(directory);
        let check = RowCheck::new(roster.columns(), &rules);
        let (mut rows, mut row, mut makers) = (roster.rows()?, Row::default(), Makers::default());
        let mut done = 0;
        while done < to_compare && rows.read(&mut row)? {
            let username = validate::username(&row, roster.columns());
            let Some(id) = listed(plan, &pass.wanted, directory, username) else { continue };
            let Some(agent) = validate::agent_by(&check, &row) else { continue };
            let Some(body) = user::create_user(&agent, directory) else { continue };
            let proficiencies = user::proficiencies(&agent);
            let proficiencies = (!proficiencies.is_empty()).then_some(proficiencies);
            let asked = user::Asked { body: &body, proficiencies: proficiencies.as_deref() };
            let left = Duration::try_from_secs_f64((to_compare - done) as f64 / rate).unwrap_or_default();
            waiting.is(words(done, to_compare), Some(lane.moment() + left));
            let read = apply::read_there(username, id, Some(asked), lane, &directory.instance.id);
            let read = world.unless_stopped(async { Ok(read.await) }).await?;
            done += 1;
            match read {
                Ok(None) => {} // gone since it was listed: the row is sent
                Ok(Some(found)) => {
                    let held = Held::against(asked, &found, directory.instance.identity, &names);
                    world.tell(Event::Compared {
                        row: agent.row,
                        user: username.to_owned(),
                        id: id.to_owned(),
                        equal: held.is_equal(),
                        differs: held.differs.clone(),
                    });
                    let who = (agent.row, username);
                    changes(who, &held).into_iter().for_each(|change| world.tell(change));
                    met.there.takes(username, &held, run);
                    makers.takes(&held, &found);
                    met.found.insert(username.to_owned(), found);
                }
                Err(error) => {
                    world.warn(uncompared(&error));
                    break;
                }
            }
        }
        met.there.not_compared = all - done.min(all);
        met.there.of_run = makers.most().map(|of_run| of_run.sought(job.roster(), &job.ledger));
        Ok(met)
    }
}

/// Somebody who is there as lines of a plan have them: one a cell that differs, or one where nothing does. An import leaves
/// those who differ, and says so.
fn changes((row, user): (RowNumber, &str), held: &Held) -> Vec<Event> {
    let of = |one: Option<&Differing>, resolution: Resolution, code| Event::Change {
        user: user.to_owned(),
        row,
        group: one.map(|one| one.group),
        cell: one.map(|one| one.member.clone()),
        from: one.and_then(|one| one.there.clone()),
        to: one.and_then(|one| one.wanted.clone()),
        decision: resolution.word(),
        code,
    };
    match held.differs.as_slice() {
        [] if held.is_equal() => vec![of(None, Resolution::Same, None)],
        [] => vec![of(None, Resolution::Skip, Some("not-compared"))],
        differs => differs.iter().map(|one| of(Some(one), Resolution::Skip, Some("exists"))).collect(),
    }
}

/// How many rows to send have their exact name on the instance; those in doubt aside, which are settled and not compared.
fn met_names(plan: &Plan, wanted: &Wanted, directory: &Directory) -> u64 {
    let Some(users) = &directory.users else { return 0 };
    let is_met = |(user, decision): &(&str, Decision)| is_new(*decision) && users.get(user).is_some();
    plan.sending(wanted).filter(is_met).count() as u64
}

/// The id under which a row's exact name is on the instance, where the row is to be sent.
fn listed<'d>(plan: &Plan, wanted: &Wanted, directory: &'d Directory, username: &str) -> Option<&'d str> {
    plan.of(wanted, username).filter(|decision| is_new(*decision))?;
    directory.users.as_ref()?.get(username).map(|id| &**id)
}

fn is_new(decision: Decision) -> bool {
    matches!(decision, Decision::Add | Decision::Send | Decision::Replace)
}

fn words(done: u64, all: u64) -> String {
    format!("who is there already is compared with the roster, {done} of {all} so far")
}

fn uncompared(error: &CallError) -> String {
    if is_not_permitted(error) {
        "connect:DescribeUser is not permitted, so whether those who are there already are as the roster has them is \
         not known"
            .to_owned()
    } else {
        format!("those who are there already are not all compared with the roster before it begins: {error}")
    }
}
