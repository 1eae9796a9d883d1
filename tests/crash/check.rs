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
    /// Of all attempts.
    numbers: BTreeSet<u64>,
    /// The process that each attempt belongs to.
    pub(crate) pids: HashMap<Attempt, u32>,
    pub(crate) violations: Vec<String>,
}

/// An attempt as a tag has it, behind the run: its number and its own random bits.
pub(crate) type Attempt = String;

/// What the ledger says of one username.
#[derive(Default)]
pub(crate) struct ToldRow {
    pub(crate) attempts: BTreeSet<Attempt>,
    /// The same by their numbers alone.
    numbers: BTreeSet<u64>,
    /// The newest attempt has no outcome.
    pub(crate) open: bool,
    pub(crate) dropped: bool,
    pub(crate) state: String,
    /// Whoever has the name was equal to the row when they were compared: that is no failure.
    equal: bool,
    pub(crate) recovered: bool,
    pub(crate) id: String,
    pub(crate) message: String,
}

impl Told {
    /// What a ledger says while a process may have died in the middle of a line: one without its end is not yet a line, and
    /// is cut off by whoever opens it next.
    pub(crate) fn whole_lines(text: &str) -> Self {
        Self::read(&text[..text.rfind('\n').map_or(0, |end| end + 1)])
    }

    pub(crate) fn read(text: &str) -> Self {
        let mut told = Self::default();
        if text.is_empty() {
            told.violations.push("there is no ledger, or nothing is in it".into());
        } else if !text.ends_with('\n') {
            told.violations.push("the ledger does not end with a whole line".into());
        }
        let mut pid = 0;
        for (number, line) in text.lines().enumerate() {
            if !is_whole(line) {
                told.violations
                    .push(format!("line {} of the ledger is not as its checksum says", number + 1));
            }
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
                    row.equal = false;
                }
            }
            "dropped" => self.rows.entry(user).or_default().dropped = true,
            "intent" => {
                let number = attempt.unwrap_or_default();
                let attempt = format!("{number}.{}", text("nonce"));
                if !self.numbers.insert(number) {
                    self.violations.push(format!("attempt {number} was made twice"));
                }
                self.pids.insert(attempt.clone(), *pid);
                let row = self.rows.entry(user).or_default();
                if row.state.is_empty() {
                    self.violations.push(format!("attempt {attempt} is of a row that was never planned"));
                }
                row.numbers.insert(number);
                row.attempts.insert(attempt);
                row.open = true;
            }
            "outcome" => {
                let row = self.rows.entry(user).or_default();
                if attempt.is_some_and(|attempt| !row.numbers.contains(&attempt)) {
                    self.violations.push(format!("an outcome is of attempt {attempt:?}, which was not made"));
                }
                row.open = false;
                row.state = text("state");
                row.equal = entry["equal"].as_bool().unwrap_or_default();
                if row.equal && (row.state != "exists" || text("message").contains(A_COPY)) {
                    self.violations.push(format!("equal, and not somebody else's: {entry}"));
                }
                row.recovered = entry["recovered"].as_bool().unwrap_or_default();
                row.id = text("id");
                row.message = text("message");
            }
            // Nobody deletes a user here, so nobody else can have the name of one that was created.
            "seen" => {
                let row = self.rows.entry(user).or_default();
                if row.state != "created" || entry["as"] == "replaced" {
                    let what = format!("a user is seen as {}, and its row is {}", entry["as"], row.state());
                    self.violations.push(what);
                }
            }
            "end" => {}
            other => self.violations.push(format!("a record of type `{other}`")),
        }
    }

    /// How many attempts were meant.
    pub(crate) fn attempts(&self) -> usize {
        self.numbers.len()
    }

    /// The process of the attempt that made a user, where this ledger has it.
    pub(crate) fn process_of(&self, user: &User) -> Option<u32> {
        let attempt = user.tags.get(TAG)?.strip_prefix(&self.run)?.strip_prefix('/')?;
        self.pids.get(attempt).copied()
    }

    /// What `status` and the exit code must be made from.
    pub(crate) fn count(&self, state: &str) -> usize {
        self.rows.values().filter(|row| !row.dropped && row.state() == state).count()
    }
}

impl Told {
    /// How many rows have a name that somebody has who is not as they ask for.
    fn differing(&self) -> usize {
        self.count("exists") - self.rows.values().filter(|row| !row.dropped && row.is_there()).count()
    }
}

impl ToldRow {
    /// Whether whoever has the name is what the row asks for.
    fn is_there(&self) -> bool {
        self.state() == "exists" && self.equal
    }

    /// Whether it says that a copy made the user.
    pub(crate) fn leaves_to_a_copy(&self) -> bool {
        self.state() == "exists" && self.message.contains(A_COPY)
    }

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
    } else if told.differing() + told.count("rejected") + told.count("invalid") > 0 {
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
    /// An older copy of the ledger was put back, or more than one went on: what this ledger did not make, or has
    /// forgotten, it cannot claim, and says so.
    pub(crate) has_copies: bool,
    /// Some requests left without a tag: what they made cannot be proved, and may stay in doubt.
    pub(crate) untagged: bool,
    /// Nobody has all the passwords that were sent, so that every further import is refused: what is not settled stays so.
    pub(crate) is_refused: bool,
}

const TAG: &str = "headcount:run";

/// What is said of a user that another copy of the ledger made.
pub(crate) const A_COPY: &str = "another copy of this ledger is, or was, at work";

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
        for row in self.last.iter().filter(|_| !self.is_refused) {
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

    /// Whether a process of this case made it, with this ledger or with a copy.
    fn is_ours(&self, user: &User) -> bool {
        !self.foreign.iter().any(|foreign| foreign.id == user.id)
    }

    /// The attempt that made a user, where it is one that this ledger has of the user's row.
    fn made_by<'u>(&self, user: &'u User) -> Option<&'u str> {
        let attempt = user.tags.get(TAG)?.strip_prefix(&self.told.run)?.strip_prefix('/')?;
        let row = self.told.rows.get(&user.username)?;
        row.attempts.contains(attempt).then_some(attempt)
    }

    /// Whether this ledger made a user, as far as it can know.
    fn is_made_here(&self, user: &User) -> bool {
        let is_untagged = self.untagged && !user.tags.contains_key(TAG);
        self.made_by(user).is_some() || is_untagged && self.is_ours(user)
    }

    /// A user that we made is a row of this ledger, created, by an attempt of its own, with the cells that the roster of
    /// that attempt's process had.
    fn accounted(&self, user: &User) -> Vec<String> {
        if self.has_copies && !self.is_made_here(user) {
            return self.left_to_the_copy(user).into_iter().collect();
        }
        let Some(row) = self.told.rows.get(&user.username) else {
            return vec!["made, and not in the ledger".to_owned()];
        };
        if (self.untagged || self.is_refused) && row.state() == "in_doubt" {
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
        let Some(attempt) = self.made_by(user) else {
            found.push(format!("made by {tag}, an attempt that the ledger has not of this row"));
            return found;
        };
        let roster = self.told.pids.get(attempt).and_then(|pid| self.rosters.get(pid));
        let planned = roster.and_then(|rows| rows.iter().find(|row| row.user == user.username));
        let has = user.identity_info.as_ref().and_then(|identity| identity.last_name.as_deref());
        if planned.map(|row| row.last_name.as_str()) != has {
            found.push(format!("attempt {attempt} was of {planned:?}, the user has {has:?}"));
        }
        found
    }

    /// A user that this ledger did not make is claimed by none of its rows.
    fn left_to_the_copy(&self, user: &User) -> Option<String> {
        let row = self.told.rows.get(&user.username)?;
        match row.state() {
            "exists" | "rejected" | "invalid" => None,
            "in_doubt" | "pending" if self.is_refused => None,
            "in_doubt" | "pending" if !self.last.iter().any(|row| row.user == user.username) => None,
            state => Some(format!("made by {:?}, and the ledger says {state}", user.tags.get(TAG))),
        }
    }

    /// Where the ledger says a row stands is so.
    fn true_of(&self, user: &str, row: &ToldRow) -> Option<String> {
        let there = self.everyone.iter().find(|one| one.username == user);
        let is_made_here = there.is_some_and(|one| self.is_made_here(one));
        let is_a_copys = there.is_some_and(|one| self.is_ours(one)) && !is_made_here;
        let wanted = self.last.iter().any(|row| row.user == user);
        match row.state() {
            "created" if !is_made_here => Some(format!("created, and on the instance is {there:?}")),
            "created" if there.is_some_and(|one| one.id != row.id) => Some("created under another id".into()),
            "exists" if is_made_here => Some(format!("exists, and it is ours: {}", row.message)),
            "exists" if is_a_copys && !self.says_whose(there?, &row.message) => {
                Some(format!("exists, and it is not said that a copy made it: {}", row.message))
            }
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
            "rejected" if is_made_here => Some("rejected, and it is there".into()),
            // A row that left the roster while in doubt may stay so: nothing is sent for it any more, and neither that
            // it cannot be found nor that another has its name is an answer. Where it was made, it is found.
            "in_doubt" if self.untagged => None,
            "in_doubt" | "pending" if self.is_refused => None,
            "in_doubt" if wanted || is_made_here => Some(format!("still in doubt: {}", row.message)),
            "pending" if !row.dropped => Some("still pending".into()),
            _ => None,
        }
    }

    /// Whether a row's message says that a copy made the user: of this run, or of one that was begun anew.
    fn says_whose(&self, user: &User, message: &str) -> bool {
        let tag = user.tags.get(TAG).map_or("", String::as_str);
        let said = if tag.starts_with(&self.told.run) { A_COPY } else { "was made by another run" };
        // A case variant that was seen first is what is said where the exact name came to light later.
        message.contains(said) || message.contains("differs from")
    }
}

/// Whether a line ends with the CRC-32 of all that stands before, computed bit by bit.
fn is_whole(line: &str) -> bool {
    let Some((covered, sum)) = line.rsplit_once(",\"crc\":\"") else { return false };
    let sum_of = |sum: u32, byte: u8| {
        let shift = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
        (0..8).fold(sum ^ u32::from(byte), |sum, _| shift(sum))
    };
    sum == format!("{:08x}\"}}", !covered.bytes().fold(!0, sum_of))
}
