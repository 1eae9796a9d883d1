//! What must be true at the end of a case. Reads the ledger by itself, with none of the program's code.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use headcount::connect::model::User;
use serde_json::Value;

use crate::case::Row;

/// The ledger as its lines say it.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) run: String,
    /// By username.
    pub(crate) rows: BTreeMap<String, ToldRow>,
    /// The process that each attempt belongs to.
    pub(crate) pids: HashMap<u64, u32>,
    pub(crate) violations: Vec<String>,
}

/// What the ledger says of one username.
#[derive(Default)]
pub(crate) struct ToldRow {
    pub(crate) attempts: BTreeSet<u64>,
    /// The newest attempt has no outcome.
    pub(crate) open: bool,
    pub(crate) dropped: bool,
    pub(crate) state: String,
    pub(crate) recovered: bool,
    pub(crate) id: String,
    pub(crate) message: String,
}

impl Told {
    pub(crate) fn read(text: &str) -> Self {
        let mut told = Self::default();
        if text.is_empty() {
            told.violations.push("there is no ledger, or nothing is in it".into());
        } else if !text.ends_with('\n') {
            told.violations.push("the ledger does not end with a whole line".into());
        }
        let mut pid = 0;
        for (number, line) in text.lines().enumerate() {
            match serde_json::from_str::<Value>(line) {
                Ok(entry) => told.take(&entry, &mut pid),
                Err(error) => told.violations.push(format!("line {} of the ledger: {error}", number + 1)),
            }
        }
        told
    }

    fn take(&mut self, entry: &Value, pid: &mut u32) {
        let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
        let user = text("user");
        let attempt = entry["attempt"].as_u64();
        match text("type").as_str() {
            "ledger" => self.run = text("run"),
            "session" => *pid = entry["pid"].as_u64().unwrap_or_default() as u32,
            "row" => {
                let row = self.rows.entry(user).or_default();
                row.dropped = false;
                if !matches!(row.state.as_str(), "created" | "in_doubt") {
                    row.state = "pending".into();
                }
            }
            "dropped" => self.rows.entry(user).or_default().dropped = true,
            "intent" => {
                let attempt = attempt.unwrap_or_default();
                if self.pids.insert(attempt, *pid).is_some() {
                    self.violations.push(format!("attempt {attempt} was made twice"));
                }
                let row = self.rows.entry(user).or_default();
                if row.state.is_empty() {
                    self.violations.push(format!("attempt {attempt} is of a row that was never planned"));
                }
                row.attempts.insert(attempt);
                row.open = true;
            }
            "outcome" => {
                let row = self.rows.entry(user).or_default();
                if attempt.is_some_and(|attempt| !row.attempts.contains(&attempt)) {
                    self.violations.push(format!("an outcome is of attempt {attempt:?}, which was not made"));
                }
                row.open = false;
                row.state = text("state");
                row.recovered = entry["recovered"].as_bool().unwrap_or_default();
                row.id = text("id");
                row.message = text("message");
            }
            "end" => {}
            other => self.violations.push(format!("a record of type `{other}`")),
        }
    }

    /// What `status` and the exit code must be made from.
    pub(crate) fn count(&self, state: &str) -> usize {
        self.rows.values().filter(|row| !row.dropped && row.state() == state).count()
    }
}

impl ToldRow {
    /// With no process at work an open intent is in doubt.
    pub(crate) fn state(&self) -> &str {
        if self.open && self.state != "created" { "in_doubt" } else { &self.state }
    }
}

/// The exit code that the contract asks for, from where the rows stand; `stopped` where a run said that it stopped.
pub(crate) fn exit_code(told: &Told, stopped: bool) -> i32 {
    if stopped || told.count("pending") > 0 {
        4
    } else if told.count("in_doubt") > 0 {
        6
    } else if told.count("exists") + told.count("rejected") + told.count("invalid") > 0 {
        1
    } else {
        0
    }
}

/// All that can be seen at the end.
pub(crate) struct Scene<'a> {
    pub(crate) told: &'a Told,
    pub(crate) everyone: &'a [User],
    pub(crate) foreign: &'a [User],
    /// The roster of each process, by its number.
    pub(crate) rosters: &'a HashMap<u32, Vec<Row>>,
    pub(crate) last: &'a [Row],
    /// CreateUser calls that made a user.
    pub(crate) executed: u64,
    pub(crate) variants_clash: bool,
    /// An older copy of the ledger was put back: what it forgot cannot be claimed, and is said to be so.
    pub(crate) restored: bool,
    /// Some requests left without a tag: what they made cannot be proved, and may stay in doubt.
    pub(crate) untagged: bool,
}

const TAG: &str = "headcount:run";

impl Scene<'_> {
    /// Everything that is not as it must be.
    pub(crate) fn violations(&self) -> Vec<String> {
        let mut found = self.told.violations.clone();
        let ours: Vec<&User> = self.everyone.iter().filter(|user| self.is_ours(user)).collect();
        if ours.len() as u64 != self.executed {
            found.push(format!("{} users were made, {} are there", self.executed, ours.len()));
        }
        for foreign in self.foreign {
            if !self.everyone.contains(foreign) {
                found.push(format!("another's user was changed: {}", foreign.username));
            }
        }
        for user in ours {
            found.extend(self.accounted(user).into_iter().map(|what| format!("{}: {what}", user.username)));
        }
        for row in self.last {
            match self.told.rows.get(&row.user) {
                None => found.push(format!("{}: the ledger does not know the row", row.user)),
                Some(told) if told.dropped => found.push(format!("{}: dropped, and in the roster", row.user)),
                Some(_) => {}
            }
        }
        for (user, row) in &self.told.rows {
            found.extend(self.true_of(user, row).map(|what| format!("{user}: {what}")));
        }
        found
    }

    fn is_ours(&self, user: &User) -> bool {
        !self.foreign.iter().any(|foreign| foreign.id == user.id)
    }

    /// A user that we made is a row of this ledger, created, by an attempt of its own, with the cells that the roster of
    /// that attempt's process had.
    fn accounted(&self, user: &User) -> Vec<String> {
        let Some(row) = self.told.rows.get(&user.username) else {
            let told = "made, and not in the ledger".to_owned();
            return if self.restored { Vec::new() } else { vec![told] };
        };
        let forgotten = match row.state() {
            "exists" | "in_doubt" => row.message.contains("older copy"),
            "pending" => row.dropped,
            state => state == "rejected",
        };
        if self.restored && forgotten || self.untagged && row.state() == "in_doubt" {
            return Vec::new();
        }
        let mut found = Vec::new();
        if row.state() != "created" || row.dropped {
            found.push(format!("made, and the ledger says {} ({})", row.state(), row.message));
        }
        let Some(tag) = user.tags.get(TAG) else {
            if !self.untagged {
                found.push("made without a tag".into());
            }
            return found;
        };
        let attempt = tag.strip_prefix(&format!("{}/", self.told.run)).and_then(|n| n.parse().ok());
        match attempt.filter(|attempt| row.attempts.contains(attempt)) {
            None => found.push(format!("made by {tag}, an attempt that the ledger has not of this row")),
            Some(_) if self.restored => {} // the number may have been given anew
            Some(attempt) => {
                let roster = self.told.pids.get(&attempt).and_then(|pid| self.rosters.get(pid));
                let planned = roster.and_then(|rows| rows.iter().find(|row| row.user == user.username));
                let has = user.identity_info.as_ref().and_then(|identity| identity.last_name.as_deref());
                if planned.map(|row| row.last_name.as_str()) != has {
                    found.push(format!("attempt {attempt} was of {planned:?}, the user has {has:?}"));
                }
            }
        }
        found
    }

    /// Where the ledger says a row stands is so.
    fn true_of(&self, user: &str, row: &ToldRow) -> Option<String> {
        let there = self.everyone.iter().find(|one| one.username == user);
        let is_ours = there.is_some_and(|one| self.is_ours(one));
        let wanted = self.last.iter().any(|row| row.user == user);
        match row.state() {
            "created" if !is_ours => Some(format!("created, and on the instance is {there:?}")),
            "created" if there.is_some_and(|one| one.id != row.id) => Some("created under another id".into()),
            "exists" if is_ours && self.restored && row.message.contains("older copy") => None,
            "exists" if is_ours => Some(format!("exists, and it is ours: {}", row.message)),
            "exists" if there.is_some_and(|one| row.message.contains(&one.id)) => None,
            "exists" => {
                // Nobody of the exact name could be seen, but a variant. Whoever has the name may have come later, too.
                let is_variant =
                    |one: &&User| one.username != user && one.username.eq_ignore_ascii_case(user);
                let variant = self.everyone.iter().find(is_variant);
                match variant.filter(|_| self.variants_clash || there.is_some()) {
                    Some(one) if row.message.contains(&format!("`{}`", one.username)) => None,
                    _ => Some(format!("exists, and it is not so: {}, there is {there:?}", row.message)),
                }
            }
            "rejected" if is_ours && !self.restored => Some("rejected, and it is there".into()),
            // A row that left the roster while in doubt may stay so: nothing is sent for it any more, and neither that
            // it cannot be found nor that another has its name is an answer. Where it was made, it is found.
            "in_doubt" if self.untagged => None,
            "in_doubt" if self.restored && !wanted && row.message.contains("older copy") => None,
            "in_doubt" if wanted || is_ours => Some(format!("still in doubt: {}", row.message)),
            "pending" if !row.dropped => Some("still pending".into()),
            _ => None,
        }
    }
}
