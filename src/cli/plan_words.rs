//! What an import is going to do, before it does it: counts, room, time.

use std::path::Path;
use std::time::Duration;

use super::import::Chosen;
use super::words;
use crate::directory::{Directory, Found, Lookup};
use crate::error::Failure;
use crate::event::Forecast;
use crate::lane::pace::{START, default_burst};
use crate::ledger::{RowState, State};
use crate::plan::{Decision, Plan, StepDecision, Wanted};
use crate::roster::Roster;
use crate::validate::NamesUsed;

/// The documented default of users per instance (L-9A46857E).
const DOCUMENTED_USERS: u64 = 500;

/// Where the second column of the plan stands.
const INDENT: usize = 10;

/// What the plan is told about.
pub(super) struct Scene<'s> {
    pub(super) roster: &'s Roster,
    pub(super) rehearsal: bool,
    pub(super) ledger: &'s Path,
    /// Where the passwords come from that the roster does not have.
    pub(super) passwords: Option<String>,
    pub(super) directory: &'s Directory,
    pub(super) plan: &'s Plan,
    pub(super) wanted: &'s Wanted,
    pub(super) state: &'s State,
    /// What the roster names of the instance.
    pub(super) names: &'s NamesUsed,
    /// Whether each name is listed with the id that it stands for.
    pub(super) lists_names: bool,
}

/// What an import is going to do, before it does it.
pub(super) struct Outlook {
    pub(super) to_send: u64,
    /// What is done with how many rows.
    pub(super) rows: Forecast,
    /// Rows to send whose exact name is on the instance already, those in doubt among them.
    there: u64,
    /// Rows to send whose name is there in another case.
    variants: Vec<(String, String)>,
    pub(super) users: u64,
    /// The applied quota, where it was read.
    pub(super) allowed: Option<u64>,
    pace: Chosen,
}

impl Outlook {
    pub(super) fn of(
        plan: &Plan,
        wanted: &Wanted,
        state: &State,
        directory: &Directory,
        pace: Chosen,
    ) -> Self {
        let mut outlook = Self {
            to_send: plan.to_send(),
            rows: Forecast {
                to_settle: plan.count(Decision::LookUp),
                missing: plan.count(Decision::Missing),
                invalid: plan.count(Decision::Skip),
                ..Forecast::default()
            },
            there: 0,
            variants: Vec::new(),
            users: directory.users.as_ref().map_or(0, |users| users.len() as u64),
            allowed: directory.quotas.users_per_instance.map(|quota| quota as u64),
            pace,
        };
        let rows = &mut outlook.rows;
        for (user, decision) in plan.sending(wanted) {
            let found = directory.users.as_ref().map_or(Found::Nothing, |users| users.find(user));
            let is_there = matches!(found, Found::Exact(_));
            outlook.there += u64::from(is_there);
            match decision {
                Decision::Settle | Decision::SettleChanged => rows.to_settle += 1,
                _ if is_there => rows.there += 1,
                _ => rows.to_create += 1,
            }
            if let Found::Variant(name, _) = found {
                outlook.variants.push((user.to_owned(), name.to_owned()));
            }
        }
        for stands in plan.kept(wanted, state) {
            match stands {
                RowState::Created => rows.done += 1,
                RowState::InDoubt | RowState::Pending => rows.pending += 1,
                RowState::Exists | RowState::Rejected | RowState::Invalid => rows.failed += 1,
            }
        }
        outlook
    }

    pub(super) fn new_users(&self) -> u64 {
        self.to_send - self.there
    }

    /// Calls a second.
    pub(super) fn rate(&self) -> f64 {
        self.pace.rate
    }

    pub(super) fn time(&self) -> Duration {
        let waited = self.new_users().saturating_sub(u64::from(self.pace.burst)) as f64 / self.pace.rate;
        Duration::from_secs_f64(waited.min(1e9))
    }

    /// What cannot fit an applied quota that was read does not start.
    pub(super) fn has_room(&self) -> Result<(), Failure> {
        let Some(allowed) = self.allowed else { return Ok(()) };
        let after = self.users + self.new_users();
        if after <= allowed {
            return Ok(());
        }
        Err(Failure::stopped(format!(
            "the instance has not room for this roster: {} there and {} to create, {} too many for its quota of {} (L-9A46857E)",
            words::count(self.users, "user"),
            words::grouped(self.new_users()),
            words::grouped(after - allowed),
            words::grouped(allowed)
        ))
        .hint("ask for more in Service Quotas (Amazon Connect, users per instance), or create as many as fit with --allow-partial"))
    }

    /// The plan as people read it, in lines of `columns` columns.
    pub(super) fn words(&self, scene: &Scene, columns: usize) -> String {
        let Scene { roster, directory, plan, wanted, state, .. } = scene;
        let instance = &directory.instance;
        let mut lines = vec![
            format!(
                "roster    {}: {}{}",
                words::plain(&roster.path().display().to_string()),
                words::count(wanted.len() as u64, "row"),
                roster.recognised().map(|name| format!(", {name}")).unwrap_or_default()
            ),
            format!(
                "instance  {}{}, {}",
                words::plain(instance.alias.as_deref().unwrap_or(&instance.arn)),
                if scene.rehearsal { " (embedded Connect)" } else { "" },
                instance.identity
            ),
        ];
        if instance.alias.is_some() {
            lines.push(format!("          {}", instance.arn));
        }
        lines.push(format!("plan      {}", plan_words(&self.rows)));
        name_lines(scene, &mut lines);
        let allowed = match self.allowed {
            Some(allowed) => format!("of {} ", words::grouped(allowed)),
            None => String::new(),
        };
        lines.push(format!(
            "users     {} {allowed}there, {} to come",
            words::grouped(self.users),
            words::grouped(self.new_users())
        ));
        if self.allowed.is_none() && self.users + self.new_users() > DOCUMENTED_USERS {
            lines.push(format!("warning: the quota of users per instance could not be read; its default is {DOCUMENTED_USERS}"));
        }
        if self.to_send > 0 {
            let time = words::duration(self.time());
            lines.push(format!("time      about {time} {}", self.pace.words()));
        }
        lines.push(format!("ledger    {}", words::plain(&scene.ledger.display().to_string())));
        if let Some(passwords) = &scene.passwords {
            lines.push(format!("passwords {}", words::plain(passwords)));
        }
        for (user, name) in self.variants.iter().take(10) {
            lines.push(format!(
                "warning: `{}` differs only in case from `{}`, who is on the instance: usernames are case-sensitive",
                words::plain(user),
                words::plain(name)
            ));
        }
        let (before, to_come) = plan.steps_to_do(wanted);
        if before + to_come > 0 {
            let rate = directory.quotas.associate_user_proficiencies_rate.unwrap_or(START);
            let burst = u64::from(default_burst(rate));
            let seconds = (before + to_come).saturating_sub(burst) as f64 / rate;
            let among = if before > 0 {
                format!(", {} created before", words::grouped(before))
            } else {
                String::new()
            };
            lines.push(format!(
                "follows   proficiencies for {}{among}: about {} at {rate} calls a second, beside the creates",
                words::count(before + to_come, "user"),
                words::duration(Duration::from_secs_f64(seconds.min(1e9)))
            ));
        }
        tell(
            &mut lines,
            NOTE,
            plan.steps_named(wanted, StepDecision::Drift),
            "was created, and its proficiencies have changed in the roster since: the user keeps those it has",
        );
        tell(
            &mut lines,
            NOTE,
            plan.named(wanted, Decision::Drift),
            "was created and has changed in the roster since: the user keeps the cells it was made with",
        );
        tell(
            &mut lines,
            "warning",
            plan.named(wanted, Decision::Missing),
            "was created and is not to be seen on the instance (deleted, or too new to be listed): --recreate-missing sends it again",
        );
        tell(
            &mut lines,
            NOTE,
            plan.gone(Decision::Orphan).map(|at| state.user(at)),
            "was created and is gone from the roster: nothing is deleted",
        );
        tell(
            &mut lines,
            NOTE,
            plan.gone(Decision::Drop).map(|at| state.user(at)),
            "is gone from the roster and was never created: dropped",
        );
        words::wrapped(&lines.join("\n"), columns, INDENT)
    }
}

/// The plan in one line. Every row of the roster is counted once.
fn plan_words(rows: &Forecast) -> String {
    let parts = [
        (rows.to_create, "to create"),
        (rows.there, "there already"),
        (rows.to_settle, "to settle"),
        (rows.done, "done"),
        (rows.failed, "failed before"),
        (rows.pending, "left pending"),
        (rows.missing, "gone from the instance"),
        (rows.invalid, "invalid, skipped"),
    ];
    let told: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", words::grouped(*n)))
        .collect();
    if told.is_empty() { "nothing to do".into() } else { told.join(", ") }
}

const NOTE: &str = "note";

/// What the roster names, as the instance has it: how many, and each with its id where that is asked for.
fn name_lines(scene: &Scene, lines: &mut Vec<String>) {
    let (names, directory) = (scene.names, scene.directory);
    let found = |lookup: Lookup| match lookup {
        Lookup::Found(id) => Some(id.to_owned()),
        _ => None, // an error of its row
    };
    let routing = names.routing_profiles.iter();
    let security = names.security_profiles.iter();
    let groups = names.hierarchy.iter();
    let kinds: [(&str, Vec<(String, String)>); 3] = [
        (
            "routing profile",
            routing
                .filter_map(|name| Some((name.clone(), found(directory.routing_profile(name))?)))
                .collect(),
        ),
        (
            "security profile",
            security
                .filter_map(|name| Some((name.clone(), found(directory.security_profile(name))?)))
                .collect(),
        ),
        (
            "hierarchy group",
            groups
                .filter_map(|path| {
                    let id = found(directory.hierarchy_group(path.iter().map(String::as_str)))?;
                    Some((path.join("|"), id))
                })
                .collect(),
        ),
    ];
    let told: Vec<String> = kinds
        .iter()
        .filter(|(_, found)| !found.is_empty())
        .map(|(what, found)| words::count(found.len() as u64, what))
        .collect();
    if told.is_empty() {
        return;
    }
    lines.push(format!("names     {} found on the instance", told.join(", ")));
    if scene.lists_names {
        let named = kinds.iter().flat_map(|(_, found)| found);
        lines.extend(named.map(|(name, id)| format!("          {id}  {}", words::plain(name))));
    }
}

/// At most ten rows by name, then how many more.
fn tell<'a>(lines: &mut Vec<String>, word: &str, users: impl Iterator<Item = &'a str>, what: &str) {
    let mut more = 0_u64;
    for (at, user) in users.enumerate() {
        if at < 10 {
            lines.push(format!("{word}: `{}` {what}", words::plain(user)));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        lines.push(format!("{word}: so it is with {more} more"));
    }
}
