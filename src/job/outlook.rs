//! What a job is going to do, before it does it: counts, room, time. Numbers and names alone; the words are a screen's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::few::Few;
use super::pace::Chosen;
use super::supply::PasswordsPlanned;
use super::there::{Made, There};
use crate::directory::{Directory, Found, Instance, Lookup};
use crate::error::Failure;
use crate::event::Forecast;
use crate::finding::{LeftOut, LetThrough, Logins};
use crate::lane::pace::{START, default_burst};
use crate::ledger::{RowState, State};
use crate::plan::{Decision, Plan, Remedy, StepDecision, Wanted};
use crate::roster::Roster;
use crate::text::{count, grouped};
use crate::validate::NamesUsed;

/// What a job is going to do.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The roster.
    pub(crate) roster: PathBuf,
    /// Which known template its header is.
    pub(crate) template: Option<&'static str>,
    /// How many rows it has.
    pub(crate) total: u64,
    /// Which other rows of it a column map leaves out.
    pub(crate) left_out: Vec<LeftOut>,
    /// Where the logins come from; `None` where no template makes any.
    pub(crate) logins: Option<Logins>,
    /// The instance.
    pub instance: Instance,
    /// Whether that is an embedded Connect.
    pub is_rehearsal: bool,
    /// The ledger's file.
    pub(crate) ledger: PathBuf,
    /// Where the passwords come from that the roster has not; `None` where all come from there.
    pub passwords: Option<PasswordsPlanned>,
    /// What the roster names of the instance.
    pub names: NamesFound,
    /// The directory file that they were looked up in; `None` where the instance itself was asked.
    pub(crate) names_from: Option<PathBuf>,
    /// Rows of the roster that a request may leave for.
    pub to_send: u64,
    /// Rows that are only looked up: they are in doubt, and the roster no longer asks for them.
    pub(crate) to_look_up: u64,
    /// What is done with how many rows.
    pub rows: Forecast,
    /// Rows to send whose exact name is on the instance already, those in doubt among them.
    pub there: u64,
    /// How those of them stand against their rows who were compared.
    pub(crate) met: There,
    /// Those whom the ledger made before, as they stand against their rows.
    pub(crate) made: Made,
    /// Users on the instance; `None` where they could not be read.
    pub users: Option<u64>,
    /// The applied quota of users, where it was read.
    pub allowed: Option<u64>,
    /// CreateUser's pace.
    pub pace: Chosen,
    /// What follows the creates; `None` where nothing does.
    pub(crate) follows: Option<Follows>,
    /// The first rows to send whose name is there in another case, each with that name.
    pub(crate) case_variants: Vec<(String, String)>,
    /// The errors of the roster that are let through.
    pub(crate) let_through: LetThrough,
    /// Rows of which something is to be said.
    pub remarks: Remarks,
}

/// What the roster names of the instance: each name with the id that it stands for. A name that stands for none is an
/// error of its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesFound {
    /// Routing profiles.
    pub routing_profiles: Vec<(String, String)>,
    /// Security profiles.
    pub(crate) security_profiles: Vec<(String, String)>,
    /// Hierarchy groups, by their paths.
    pub(crate) hierarchy: Vec<(String, String)>,
}

/// Proficiencies that are given beside the creates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Follows {
    /// To so many users who were created before.
    pub(crate) before: u64,
    /// To so many who are to come.
    pub(crate) to_come: u64,
    /// So many calls a second.
    pub(crate) rate: f64,
}

/// Rows of which something is to be said, by what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Created, and their proficiencies have changed in the roster since.
    pub(crate) steps_drifted: Few,
    /// Created, and changed in the roster since.
    pub(crate) drifted: Few,
    /// Created, and not to be seen on the instance.
    pub(crate) missing: Few,
    /// Created, gone from the instance, and on a list of leavers.
    pub(crate) departed: Few,
    /// The ledger of one such list.
    pub(crate) departed_by: Option<PathBuf>,
    /// Created, gone from the instance, and to be made anew.
    pub(crate) missing_anew: Few,
    /// Deleted by an undo, and left so.
    pub(crate) undone: Few,
    /// Deleted by an undo, and to be made anew.
    pub(crate) undone_anew: Few,
    /// Their deletion by an undo is not settled.
    pub(crate) undoing: Few,
    /// Created, and the instance has the name under another id.
    pub(crate) replaced: Few,
    /// Created, and gone from the roster.
    pub(crate) orphaned: Few,
    /// Gone from the roster, and never created.
    pub dropped: Few,
    /// Asked for by a name that a file of failed rows has mended: the first of them, each with the name that it goes by.
    pub(crate) renamed: Vec<(String, String)>,
    /// How many more.
    pub(crate) more_renamed: u64,
}

/// By what an outlook is made.
pub(super) struct Sources<'s> {
    pub(super) plan: &'s Plan,
    pub(super) wanted: &'s Wanted,
    pub(super) state: &'s State,
    pub(super) directory: &'s Directory,
    pub(super) roster: &'s Roster,
    pub(super) names: &'s NamesUsed,
}

impl Outlook {
    /// How many are named of rows that differ from users in case alone.
    const VARIANTS: usize = 10;

    pub(super) fn of(from: &Sources<'_>, ledger: &Path, pace: Chosen) -> Self {
        let Sources { plan, wanted, state, directory, roster, names } = from;
        let mut outlook = Self {
            roster: roster.path().to_owned(),
            template: roster.recognised(),
            total: wanted.len() as u64,
            left_out: Vec::new(),
            logins: None,
            instance: directory.instance.clone(),
            is_rehearsal: false,
            ledger: ledger.to_owned(),
            passwords: None,
            names: NamesFound::of(names, directory),
            names_from: None,
            to_send: plan.to_send(),
            to_look_up: plan.gone(Decision::LookUp).count() as u64,
            rows: Forecast {
                to_settle: plan.count(Decision::LookUp),
                missing: plan.count(Decision::Missing),
                replaced: plan.count(Decision::Replaced),
                left: plan.count(Decision::Departed),
                invalid: plan.count(Decision::Skip),
                ..Forecast::default()
            },
            there: 0,
            met: There::default(),
            made: Made::default(),
            users: directory.users.as_ref().map(|users| users.len() as u64),
            allowed: directory.quotas.users_per_instance.map(|quota| quota as u64),
            pace,
            follows: Follows::of(plan, wanted, directory),
            case_variants: Vec::new(),
            let_through: LetThrough::default(),
            remarks: Remarks::of(plan, wanted, state),
        };
        outlook.rows.anew = outlook.remarks.missing_anew.count() + outlook.remarks.undone_anew.count();
        outlook.count_sent(plan, wanted, directory);
        outlook.count_kept(plan, wanted, state);
        outlook
    }

    /// Counts the rows that a request may leave for.
    fn count_sent(&mut self, plan: &Plan, wanted: &Wanted, directory: &Directory) {
        let rows = &mut self.rows;
        for (user, decision) in plan.sending(wanted) {
            let found = directory.users.as_ref().map_or(Found::Nothing, |users| users.find(user));
            let is_there = matches!(found, Found::Exact(_));
            self.there += u64::from(is_there);
            match decision {
                Decision::Settle | Decision::SettleChanged => rows.to_settle += 1,
                _ if is_there => rows.there += 1,
                _ => rows.to_create += 1,
            }
            if let Found::Variant(name, _) = found
                && self.case_variants.len() < Self::VARIANTS
            {
                self.case_variants.push((user.to_owned(), name.to_owned()));
            }
        }
    }

    /// Counts the rows that are left as they stand.
    fn count_kept(&mut self, plan: &Plan, wanted: &Wanted, state: &State) {
        for stands in plan.kept(wanted, state) {
            match stands {
                RowState::Created | RowState::Updated => self.rows.done += 1,
                RowState::InDoubt | RowState::Pending => self.rows.pending += 1,
                RowState::Deleted => self.rows.deleted += 1,
                RowState::Unconfirmed => self.rows.unconfirmed += 1,
                RowState::There => self.rows.there += 1,
                RowState::Exists | RowState::Rejected | RowState::Invalid | RowState::Skipped => {
                    self.rows.failed += 1;
                }
            }
        }
    }

    /// Users that will be there once all is done, and are not yet.
    pub fn new_users(&self) -> u64 {
        self.to_send - self.there
    }

    /// The ledger of another run, where it is at hand and known to have made those who are there.
    pub(crate) fn ledger_of(&self, run: &str) -> Option<PathBuf> {
        let of_run = self.met.of_run.as_ref().filter(|of_run| of_run.run == run)?;
        of_run.ledger.clone()
    }

    /// The commands that make of those who are there what the roster asks for.
    pub(crate) fn remedies(&self) -> Vec<Remedy> {
        let Remarks { drifted, steps_drifted, .. } = &self.remarks;
        let Made { remedies, same, differ, is_partial, .. } = &self.made;
        // Of whom not all was looked at, any cell of the row may have changed.
        let is_seen = same + differ.len() as u64 > 0 && !is_partial;
        let changed = if is_seen { steps_drifted.count() } else { drifted.count() + steps_drifted.count() };
        let right = self.met.others || changed > 0 || remedies.contains(&Remedy::Right);
        let addresses = self.met.addresses || remedies.contains(&Remedy::RightWithAddresses);
        let back = remedies.iter().find(|one| matches!(one, Remedy::Back { .. }));
        let [right, addresses] = [(right, Remedy::Right), (addresses, Remedy::RightWithAddresses)]
            .map(|(is_due, remedy)| is_due.then_some(remedy));
        right.into_iter().chain(addresses).chain(back.copied()).collect()
    }

    /// Whether anything is done of which somebody may want to be asked before.
    pub fn is_worth_asking(&self) -> bool {
        self.to_send + self.to_look_up > 0
    }

    /// How long the creates will take.
    pub fn time(&self) -> Duration {
        time_of(self.new_users(), self.pace.burst, self.pace.rate)
    }

    /// How long the creates of several take that share one pace.
    pub(super) fn time_together(of: &[&Self]) -> Duration {
        let new = of.iter().map(|outlook| outlook.new_users()).sum();
        let slowest = of
            .iter()
            .map(|outlook| outlook.pace)
            .reduce(|one, other| if other.rate < one.rate { other } else { one });
        slowest.map_or(Duration::ZERO, |pace| time_of(new, pace.burst, pace.rate))
    }

    /// Fails where the rows do not fit an applied quota that was read.
    ///
    /// # Errors
    /// Exit 4.
    pub(super) fn has_room(&self) -> Result<(), Failure> {
        // Of nobody knows how many there is nothing to be said.
        let (Some(allowed), Some(users)) = (self.allowed, self.users) else { return Ok(()) };
        let after = users + self.new_users();
        if after <= allowed {
            return Ok(());
        }
        let too_many = after - allowed;
        Err(Failure::stopped(format!(
            "the instance has not room for this roster: {} there and {} to create, {} too many for its quota of {} (L-9A46857E)",
            count(users, "user"),
            grouped(self.new_users()),
            grouped(too_many),
            grouped(allowed)
        ))
        .hint("ask for more in Service Quotas (Amazon Connect, users per instance), or create as many as fit with ⟦partial-run⟧"))
    }
}

impl NamesFound {
    fn of(names: &NamesUsed, directory: &Directory) -> Self {
        let found = |lookup: Lookup<'_>| match lookup {
            Lookup::Found(id) => Some(id.to_owned()),
            _ => None,
        };
        let routing = |name: &String| Some((name.clone(), found(directory.routing_profile(name))?));
        let security = |name: &String| Some((name.clone(), found(directory.security_profile(name))?));
        let group = |path: &Vec<String>| {
            let id = found(directory.hierarchy_group(path.iter().map(String::as_str)))?;
            Some((path.join("|"), id))
        };
        Self {
            routing_profiles: names.routing_profiles.iter().filter_map(routing).collect(),
            security_profiles: names.security_profiles.iter().filter_map(security).collect(),
            hierarchy: names.hierarchy.iter().filter_map(group).collect(),
        }
    }
}

impl Follows {
    fn of(plan: &Plan, wanted: &Wanted, directory: &Directory) -> Option<Self> {
        let (before, to_come) = plan.steps_to_do(wanted);
        let rate = directory.quotas.associate_user_proficiencies_rate.unwrap_or(START);
        (before + to_come > 0).then_some(Self { before, to_come, rate })
    }

    /// How long it will take by itself.
    pub(crate) fn time(&self) -> Duration {
        time_of(self.before + self.to_come, default_burst(self.rate), self.rate)
    }
}

impl Remarks {
    /// Of those who are gone from this target's part of the roster these alone are gone from all of it.
    pub(super) fn gone_but_moved<'u>(&mut self, gone: impl Iterator<Item = &'u str>) {
        self.orphaned = Few::of(gone);
    }

    fn of(plan: &Plan, wanted: &Wanted, state: &State) -> Self {
        let mut renamed = plan.renamed(wanted, state);
        let first = renamed.by_ref().take(Few::NAMED).map(|(was, now)| (was.to_owned(), now.to_owned()));
        let (first, more) = (first.collect(), renamed.count() as u64);
        let few = |stands: RowState, is_sent: bool| {
            let rows = plan.standing(wanted, state, stands).filter(|(_, decided)| decided.sends() == is_sent);
            Few::of(rows.map(|(user, _)| user))
        };
        Self {
            departed: Few::of(plan.named(wanted, Decision::Departed)),
            departed_by: None, // whoever read it says so
            missing_anew: few(RowState::Created, true),
            undone: few(RowState::Deleted, false),
            undone_anew: few(RowState::Deleted, true),
            undoing: few(RowState::Unconfirmed, false),
            renamed: first,
            more_renamed: more,
            steps_drifted: Few::of(plan.steps_named(wanted, StepDecision::Drift)),
            drifted: Few::of(plan.named(wanted, Decision::Drift)),
            missing: Few::of(plan.named(wanted, Decision::Missing)),
            replaced: Few::of(plan.named(wanted, Decision::Replaced)),
            orphaned: Few::of(plan.gone(Decision::Orphan).map(|at| state.user(at))),
            dropped: Few::of(plan.gone(Decision::Drop).map(|at| state.user(at))),
        }
    }
}

/// How long so many calls take after a rest.
fn time_of(calls: u64, burst: u32, rate: f64) -> Duration {
    const LONGEST: f64 = 1e9; // seconds: no quota is so low that it matters
    let waited = calls.saturating_sub(u64::from(burst)) as f64 / rate;
    Duration::from_secs_f64(waited.min(LONGEST))
}
