//! Ledgers as an import writes them, made without one.

use std::fs;
use std::path::Path;

use headcount::agent::Fingerprint;
use headcount::ledger::{Attempt, Entry, Kind, Nonce, RowState, Unexecuted, VERSION};

/// Names that want to be something else: a page, a formula, a terminal, a ticket.
pub const HOSTILE: [&str; 12] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "a\u{202e}gnp.exe",
    "ana\u{1b}[31m",
    "<!--<script>",
    "`|x|` @everyone",
    "row\r\n2",
    "\u{feff}\u{200b}zoë'",
];

pub const LEDGER: &str = "roster.csv.ledger.jsonl";

/// A ledger as an import writes it. The times are steps of half a second.
pub struct Made {
    lines: Vec<u8>,
    tick: u64,
    attempt: Option<Attempt>,
}

impl Made {
    pub fn new() -> Self {
        let mut made = Self { lines: Vec::new(), tick: 0, attempt: None };
        let at = made.now();
        made.add(&Entry {
            version: Some(VERSION),
            run: Some("0d9c6b7e-run".into()),
            roster: Some("/data/roster.csv".into()),
            digest: Some("sha256:aa".into()),
            instance: Some("arn:aws:connect:eu-central-1:123456789012:instance/i-1".into()),
            tool: Some("headcount 0.1.0".into()),
            at: Some(at.into()),
            ..Entry::of(Kind::Ledger)
        });
        made.session();
        made
    }

    fn now(&mut self) -> String {
        self.tick += 500;
        headcount::clock::rfc3339(
            std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_795_444_693_000 + self.tick),
        )
    }

    fn add(&mut self, entry: &Entry) {
        entry.write_to(&mut self.lines);
    }

    fn session(&mut self) {
        self.tick += 3_600_000;
        let at = self.now();
        self.add(&Entry {
            session: Some(format!("s-{}", self.tick).into()),
            host: Some("ops-7".into()),
            pid: Some(4711),
            roster: Some("/data/roster.csv".into()),
            digest: Some("sha256:bb".into()),
            tool: Some("headcount 0.1.0".into()),
            profile: Some("prod".into()),
            at: Some(at.into()),
            ..Entry::of(Kind::Session)
        });
    }

    pub fn plan(&mut self, user: &str, row: u32) {
        self.add(&Entry::row(user, row.into(), Some(Fingerprint::of(row.into()))));
    }

    fn intent(&mut self, user: &str) {
        let attempt = Attempt::after(self.attempt);
        self.attempt = Some(attempt);
        let at = self.now();
        self.add(&Entry::intent(user, attempt, Some(Nonce::of(attempt.number().into())), at));
    }

    fn outcome(&mut self, user: &str, state: RowState, with: impl FnOnce(&mut Entry)) {
        let at = self.now();
        let mut entry = Entry { attempt: self.attempt, ..Entry::outcome(user, state, at) };
        with(&mut entry);
        self.add(&entry);
    }

    pub fn created(&mut self, user: &str) {
        self.intent(user);
        let id = format!("00000000-0000-4000-8000-{:012}", self.attempt.map_or(0, Attempt::number));
        self.outcome(user, RowState::Created, |entry| entry.id = Some(id.into()));
    }

    /// An undo begins, of a run that was told these words.
    pub fn undo(&mut self, settings: &[&str]) {
        self.tick += 3_600_000;
        let at = self.now();
        self.add(&Entry {
            session: Some("an undo".into()),
            host: Some("ops-7".into()),
            pid: Some(4712),
            roster: Some("/data/roster.csv".into()),
            settings: Some(settings.iter().map(|word| (*word).to_owned()).collect()),
            at: Some(at.into()),
            ..Entry::of(Kind::Session)
        });
    }

    /// The deletion of a user is announced.
    pub fn deleting(&mut self, user: &str, id: &str) {
        let attempt = Attempt::after(self.attempt);
        self.attempt = Some(attempt);
        let at = self.now();
        self.add(&Entry::delete_intent(user, attempt, id, at));
    }

    /// What came of a deletion, with a code and a message where it is left.
    pub fn of_deletion(&mut self, user: &str, state: RowState, left: Option<(&str, &str)>) {
        let at = self.now();
        self.add(&Entry {
            attempt: self.attempt,
            code: left.map(|(code, _)| code.into()),
            message: left.map(|(_, message)| message.into()),
            ..Entry::outcome_of_delete(user, state, at)
        });
    }

    pub fn throttled(&mut self, user: &str) {
        self.intent(user);
        self.outcome(user, RowState::Pending, |entry| {
            entry.unexecuted = Some(Unexecuted::Throttled);
            entry.code = Some("TooManyRequestsException".into());
        });
    }

    pub fn failed(&mut self, user: &str, state: RowState, code: &'static str, message: &str) {
        self.intent(user);
        let message = message.to_owned();
        self.outcome(user, state, |entry| {
            entry.code = Some(code.into());
            entry.message = Some(message.into());
        });
    }

    pub fn end(&mut self, exit: u8) {
        let at = self.now();
        self.add(&Entry { exit: Some(exit), at: Some(at.into()), ..Entry::of(Kind::End) });
    }

    pub fn write(&self, folder: &Path) {
        fs::write(folder.join(LEDGER), &self.lines).unwrap();
    }
}

/// Everything that can happen to a row, to eight of them and to those with hostile names.
pub fn eventful() -> Made {
    let mut made = Made::new();
    let users = ["ana", "ben", "cem", "dora", "eve", "finn", "gwen", "hal"];
    for (row, user) in (2..).zip(users.iter().chain(&HOSTILE)) {
        made.plan(user, row);
    }
    made.created("ana");
    made.throttled("ben");
    made.created("ben");
    made.failed("cem", RowState::Rejected, "InvalidRequestException", "cem: bad `phone` 12");
    made.failed("dora", RowState::Exists, "DuplicateResourceException", "user u-9 has no tag of headcount");
    // Unclear, then sent again: the lost request had made nobody.
    made.failed("eve", RowState::InDoubt, "HTTP 500", "the service failed");
    made.created("eve");
    // Unclear to the end.
    made.failed("finn", RowState::InDoubt, "HTTP 502", "no answer");
    // The process is killed between the intent and its outcome; the next finds the user by its tag.
    made.intent("gwen");
    made.session();
    made.outcome("gwen", RowState::Created, |entry| {
        entry.recovered = true;
        entry.id = Some("u-gwen".into());
    });
    for user in HOSTILE {
        let message = format!("{user} is refused: </script><b>{user}");
        made.failed(user, RowState::Rejected, "InvalidParameterException", &message);
    }
    made.end(4);
    made
}
