//! What an import is going to do, before it does it: counts, room, time.

use std::path::Path;
use std::time::Duration;

use super::import::Chosen;
use super::words;
use crate::directory::{Directory, Found};
use crate::error::Failure;
use crate::import::{START, default_burst};
use crate::ledger::State;
use crate::plan::{Decision, Plan, StepDecision, Wanted};
use crate::roster::Roster;

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
}

/// What an import is going to do, before it does it.
pub(super) struct Outlook {
    pub(super) to_send: u64,
    /// Rows to send whose exact name is on the instance already.
    there: u64,
    /// Rows to send whose name is there in another case.
    variants: Vec<(String, String)>,
    pub(super) users: u64,
    /// The applied quota, where it was read.
    pub(super) allowed: Option<u64>,
    pace: Chosen,
}

impl Outlook {
    pub(super) fn of(plan: &Plan, wanted: &Wanted, directory: &Directory, pace: Chosen) -> Self {
        let mut outlook = Self {
            to_send: plan.to_send(),
            there: 0,
            variants: Vec::new(),
            users: directory.users.as_ref().map_or(0, |users| users.len() as u64),
            allowed: directory.quotas.users_per_instance.map(|quota| quota as u64),
            pace,
        };
        if let Some(users) = &directory.users {
            for user in plan.sending(wanted) {
                match users.find(user) {
                    Found::Exact(_) => outlook.there += 1,
                    Found::Variant(name, _) => outlook.variants.push((user.to_owned(), name.to_owned())),
                    Found::Nothing => {}
                }
            }
        }
        outlook
    }

    pub(super) fn new_users(&self) -> u64 {
        self.to_send - self.there
    }

    fn time(&self) -> Duration {
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
                if scene.rehearsal { "embedded Connect: " } else { "" },
                instance.alias.as_deref().map_or_else(
                    || instance.arn.clone(),
                    |alias| format!("{} ({})", words::plain(alias), instance.arn)
                ),
                instance.identity
            ),
            format!("plan      {}", self.plan_words(plan)),
        ];
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
            plan.steps_named(wanted, StepDecision::Drift),
            "was created, and its proficiencies have changed in the roster since: the user keeps those it has",
        );
        let told = [
            (
                Decision::Drift,
                "was created and has changed in the roster since: the user keeps the cells it was made with",
            ),
            (
                Decision::Missing,
                "was created and is not to be seen on the instance (deleted, or too new to be listed): --recreate-missing sends it again",
            ),
        ];
        for (decision, what) in told {
            tell(&mut lines, plan.named(wanted, decision), what);
        }
        tell(
            &mut lines,
            plan.gone(Decision::Orphan).map(|at| state.user(at)),
            "was created and is gone from the roster: nothing is deleted",
        );
        tell(
            &mut lines,
            plan.gone(Decision::Drop).map(|at| state.user(at)),
            "is gone from the roster and was never created: dropped",
        );
        words::wrapped(&lines.join("\n"), columns, INDENT)
    }

    fn plan_words(&self, plan: &Plan) -> String {
        let parts = [
            (self.new_users(), "to create"),
            (self.there, "there already"),
            (
                plan.count(Decision::Settle)
                    + plan.count(Decision::SettleChanged)
                    + plan.count(Decision::LookUp),
                "to settle",
            ),
            (plan.count(Decision::Keep) + plan.count(Decision::Drift), "done"),
            (plan.count(Decision::Skip), "invalid, skipped"),
        ];
        let told: Vec<_> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{} {what}", words::grouped(*n)))
            .collect();
        if told.is_empty() { "nothing to do".into() } else { told.join(", ") }
    }
}

/// At most ten rows by name, then how many more.
fn tell<'a>(lines: &mut Vec<String>, users: impl Iterator<Item = &'a str>, what: &str) {
    let mut more = 0_u64;
    for (at, user) in users.enumerate() {
        if at < 10 {
            lines.push(format!("note: `{}` {what}", words::plain(user)));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        lines.push(format!("note: so it is with {more} more"));
    }
}
