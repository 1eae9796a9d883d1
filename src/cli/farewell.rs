//! What is said when a run has ended: how it went, why it stopped and what to do about it, and the commands that go on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::import::{Format, Shared};
use super::listed;
use super::meant::Typed;
use super::output;
use super::retype::{self, Line};
use super::voice::Flags;
use crate::exit::Exit;
use crate::failed::Left;
use crate::job::Few;
use crate::ledger::{self, Calls, Counts, OtherRun, SeenCounts, StepCounts, beside};
use crate::plan::Remedy;
use crate::stop::Stop;
use crate::text;

/// A run that has ended, as far as there is something to say of it.
pub(super) struct Farewell<'f> {
    pub(super) typed: &'f Typed,
    /// The instance's ARN.
    pub(super) arn: &'f str,
    pub(super) exit: Exit,
    pub(super) counts: Counts,
    pub(super) steps: StepCounts,
    /// CreateUser calls of this session.
    pub(super) calls: Calls,
    pub(super) took: Duration,
    /// How the created rows are seen.
    pub(super) seen: SeenCounts,
    /// How many of the drifted somebody has changed on the instance.
    pub(super) changed_there: u64,
    /// What puts right those who were compared before it began.
    pub(super) remedies: Vec<Remedy>,
    /// Rows that were in doubt, and were created with what the roster no longer asks for.
    pub(super) settled_otherwise: Few,
    pub(super) reason: Option<Stop>,
    /// The other run that made most of those who have the names of rows.
    pub(super) other_run: Option<Others>,
    /// The file of the failed rows; `None` where it cannot be written.
    pub(super) left: Option<Left>,
    pub(super) room: Room,
}

/// The other run that made most of those who have the names of rows.
pub(super) struct Others {
    pub(super) other: OtherRun,
    /// Its ledger, where that is at hand.
    pub(super) ledger: Option<PathBuf>,
}

/// The room for users that the instance had.
pub(super) struct Room {
    /// Users that were there before, where they could be counted.
    pub(super) users: Option<u64>,
    /// The applied quota, where it was read.
    pub(super) allowed: Option<u64>,
    /// Users that this session has made.
    pub(super) made: u64,
}

/// A line on stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Broken between words where the terminal is not as wide.
    Talk(String),
    /// Never broken: it is there to be pasted.
    Command(&'static str, String),
}

/// What resumes, wherever a run ends early: the one place that says it.
pub(super) fn say_resume(resume: &Line) {
    say(&resume_with(resume));
}

pub(super) fn resume_with(resume: &Line) -> Said {
    Said::Command("resume with: ", resume.to_string())
}

pub(super) fn say(said: &Said) {
    match said {
        Said::Talk(line) => output::say(line),
        Said::Command(what, line) => output::say_whole(&format!("{what}{line}")),
    }
}

impl Farewell<'_> {
    /// The result in one line, for people: programs have events.
    pub(super) fn tell_result(&self) {
        if self.typed.shared.format == Format::Human {
            output::told(&summary(&self.counts, &self.steps, self.calls, self.took));
        }
    }

    /// Says the rest, on stderr.
    pub(super) fn say(&self) {
        self.lines().iter().for_each(say);
    }

    fn lines(&self) -> Vec<Said> {
        let mut lines = self.why_stopped();
        lines.extend(self.passwords());
        lines.extend(self.of_rehearsal());
        lines.extend(self.of_files());
        lines.extend(self.of_settled());
        lines.extend(self.of_seen());
        lines.extend(self.of_differing());
        lines.extend(self.of_steps());
        lines.extend(self.of_pending());
        lines.extend(self.of_another_run());
        lines.extend(self.of_failed());
        lines.extend(self.of_undo());
        let is_early = matches!(self.exit, Exit::Interrupted | Exit::Stopped | Exit::Unsettled);
        if is_early && !self.is_left_to_import() && !self.is_left_to_undo() {
            lines.push(resume_with(&retype::resume(&self.typed.words)));
        }
        lines
    }

    /// What is to be said of one of several targets: the rest is said of all.
    pub(super) fn of_one_target(&self) -> Vec<Said> {
        let mut lines = self.why_stopped();
        lines.extend(self.passwords());
        lines.extend(self.of_settled());
        lines.extend(self.of_seen());
        lines.extend(self.of_differing());
        lines.extend(self.of_steps());
        lines.extend(self.of_another_run());
        lines.extend(self.of_undo());
        lines
    }

    /// People were told in full when it began to stop, while requests under way were awaited; a name is enough here.
    fn why_stopped(&self) -> Vec<Said> {
        let Some(stop) = &self.reason else { return Vec::new() };
        let stopped = match (self.typed.shared.format, stop) {
            (Format::Json, _) => Some(format!("stopped: {}", text::plain(&stop.to_string()))),
            (Format::Human, Stop::Interrupted) => None,
            (Format::Human, _) => Some(format!("stopped: {}", name_of(stop))),
        };
        let mut hint = hint_for(stop, &self.room, self.arn).map(|hint| format!("hint: {hint}"));
        if let (Some(hint), Stop::Ledger { message }) = (&mut hint, stop)
            && (message.contains("cannot be written") || message.contains("cannot be synced"))
        {
            *hint += "; ";
            *hint += &text::worded(&ledger::goes_on(&self.typed.ledger), &Flags);
        }
        stopped.into_iter().chain(hint).map(Said::Talk).collect()
    }

    /// Where the passwords are that were made.
    fn passwords(&self) -> Option<Said> {
        let passwords = &self.typed.shared.passwords;
        let kept_in = passwords.kept_in(self.typed.shared.rehearsal.simulate);
        let out = kept_in.filter(|_| self.counts.created > 0)?;
        let what = match passwords.recipients.is_empty() {
            true => "the passwords that were made: ",
            false => "the passwords that were made, with --identity-file and the key: ",
        };
        Some(Said::Command(what, retype::credentials(&out, &self.typed.ledger).to_string()))
    }

    /// The files that a rehearsal has beside the roster: once it did all, nobody needs them, and an import has others.
    fn of_rehearsal(&self) -> Option<Said> {
        let Shared { rehearsal, passwords, .. } = &self.typed.shared;
        if !rehearsal.simulate || self.exit != Exit::Done {
            return None;
        }
        let ledger = &self.typed.ledger;
        let mut files = vec![shown(ledger), shown(&beside::world_of(ledger, &[]))];
        files.extend(passwords.kept_in(true).map(|made| shown(&made)));
        let last = files.pop()?;
        let files = files.join(", ");
        Some(Said::Talk(format!("the rehearsal is over; its own files can be deleted: {files} and {last}")))
    }

    /// Files of failed rows that were removed, or are in the way.
    fn of_files(&self) -> Vec<Said> {
        self.left.as_ref().map(of_files).unwrap_or_default()
    }

    /// Rows whose lost answer had made a user with older cells than the roster's.
    fn of_settled(&self) -> Vec<Said> {
        let Few { first, more } = &self.settled_otherwise;
        let note = |user: &String| {
            format!(
                "note: `{}` was in doubt, and was created with what the roster no longer asks for: it drifted",
                text::plain(user)
            )
        };
        let more = (*more > 0).then(|| format!("note: so it is with {} more", text::grouped(*more)));
        first.iter().map(note).chain(more).map(Said::Talk).collect()
    }

    /// Created users that are not as they were made, and what lists all of them.
    fn of_seen(&self) -> Vec<Said> {
        let told = listed::told(&self.seen);
        if told.is_empty() {
            return Vec::new();
        }
        let counts: Vec<_> = told.iter().map(|(n, word)| format!("{} {word}", text::grouped(*n))).collect();
        let words: Vec<_> = told.iter().map(|(_, word)| *word).collect();
        let line = format!("of the created: {}; the next line lists them", counts.join(", "));
        let list = retype::status(self.typed, &words.join(",")).to_string();
        vec![Said::Talk(line), Said::Command("list with: ", list)]
    }

    /// Those who are there and are not as the roster has them, and what puts them right.
    fn of_differing(&self) -> Vec<Said> {
        if self.typed.update.is_some() {
            return Vec::new(); // which follows
        }
        let mut lines = Vec::new();
        let others = self.counts.exists + self.seen.drifted.saturating_sub(self.changed_there);
        if others > 0 {
            let how = match others {
                1 => {
                    "is there and not as the roster says; if that is who is meant, the next line puts it right"
                }
                _ => {
                    "are there and not as the roster has them; if they are who is meant, the next line puts them right"
                }
            };
            let who = text::people(others);
            lines.push(Said::Talk(format!("{who} {how}, and with --dry-run it says how")));
            let addresses = self.remedies.contains(&Remedy::RightWithAddresses);
            // Of whoever was compared since it began nothing is known here.
            let is_all = self.counts.exists == 0 && addresses && !self.remedies.contains(&Remedy::Right);
            lines.extend((!is_all).then(|| remedy(self.typed, self.arn, Remedy::Right)));
            lines.extend(addresses.then(|| remedy(self.typed, self.arn, Remedy::RightWithAddresses)));
        }
        let back = self.remedies.iter().find(|one| matches!(one, Remedy::Back { .. }));
        if let Some(back) = back {
            let (who, them) = match self.changed_there {
                1 => ("somebody has changed 1 person".to_owned(), "it"),
                many => (format!("somebody has changed {}", text::people(many)), "them"),
            };
            lines.push(Said::Talk(format!(
                "{who} on the instance since; the next line puts {them} back as the roster has {them}, and with --dry-run it \
                 says how"
            )));
            lines.push(remedy(self.typed, self.arn, *back));
        }
        lines
    }

    /// Users that were made and have not got what follows.
    fn of_steps(&self) -> Vec<Said> {
        if self.steps.rejected == 0 {
            return Vec::new();
        }
        let users = text::count(self.steps.rejected, "user");
        let missing = match self.seen.missing {
            0 => "",
            _ => " (--recreate-missing makes anew who is missing)",
        };
        let line = format!(
            "{users} created without the proficiencies asked for; mend them in the roster, then run the next line{missing}"
        );
        vec![Said::Talk(line), self.retry_with(None)]
    }

    /// Rows that a retry does not send.
    fn of_pending(&self) -> Vec<Said> {
        if !self.is_left_to_import() {
            return Vec::new();
        }
        let rows = text::count(self.counts.pending, "row");
        let are = if self.counts.pending == 1 { "is" } else { "are" };
        let line = format!("{rows} {are} pending, which retry does not send; run the next line for them");
        let import = retype::import(self.typed, self.arn).to_string();
        vec![Said::Talk(line), Said::Command("import with: ", import)]
    }

    /// Users of whom an undo has not said whether they were deleted: nothing that an import does settles it.
    fn of_undo(&self) -> Vec<Said> {
        if self.counts.unconfirmed == 0 {
            return Vec::new();
        }
        let line = format!(
            "of {} an undo has not said whether they were deleted, and nothing is sent for them; the next line settles it",
            text::people(self.counts.unconfirmed)
        );
        let undo = retype::undo_of(&self.typed.ledger).to_string();
        vec![Said::Talk(line), Said::Command("undo with: ", undo)]
    }

    /// Whether all that is left over is what only an undo settles.
    fn is_left_to_undo(&self) -> bool {
        let Counts { pending, in_doubt, unconfirmed, .. } = self.counts;
        self.reason.is_none() && unconfirmed > 0 && pending + in_doubt + self.steps.pending == 0
    }

    /// Whether all that a retry has left over is what only an import sends.
    fn is_left_to_import(&self) -> bool {
        self.typed.retry.is_some() && self.reason.is_none() && self.counts.pending > 0
    }

    /// Rows whose names have users of one other run: no names that are to be changed.
    fn of_another_run(&self) -> Vec<Said> {
        let Some(Others { other: OtherRun { run, there, exists, of, is_copy }, ledger }) = &self.other_run
        else {
            return Vec::new();
        };
        let (made, of, run) = (text::grouped(there + exists), text::grouped(*of), text::plain(run));
        let by = match ledger {
            _ if *is_copy => {
                "by this run with another copy of this ledger; that copy is what knows them".to_owned()
            }
            Some(ledger) => format!("by run {run}; its ledger, {}, is what knows them", shown(ledger)),
            None => format!("by run {run}; its ledger is what knows them: look for that one"),
        };
        let mut lines = vec![Said::Talk(format!("{made} of {of} who are there already were made {by}"))];
        if *exists > 0 {
            let rows = text::count(*exists, "row");
            let are = match (*is_copy, *exists) {
                (true, 1) => "is that copy's",
                (true, _) => "are that copy's",
                (false, 1) => "differs from whom it made",
                (false, _) => "differ from whom it made",
            };
            let list = retype::status(self.typed, "exists").to_string();
            lines.push(Said::Talk(format!(
                "{rows} {are}: no other name is needed, and nothing is sent; the next line lists how each stands"
            )));
            lines.push(Said::Command("list with: ", list));
        }
        lines
    }

    /// Rows whose names are taken by somebody that no one other run is known for.
    fn taken(&self) -> u64 {
        self.counts.exists - self.other_run.as_ref().map_or(0, |others| others.other.exists)
    }

    /// Where the failed rows are, and what sends them again.
    fn of_failed(&self) -> Vec<Said> {
        let counts = &self.counts;
        let failed = self.taken() + counts.rejected + counts.invalid;
        if let Some((left, file)) = self.left.as_ref().and_then(|left| Some((left, left.file.as_deref()?))) {
            return self.of_failed_file(left, file);
        }
        if failed > 0 {
            let rows = text::count(failed, "row");
            let line = format!("{rows} failed; mend the roster, then run the next line");
            return vec![Said::Talk(line), self.retry_with(None)];
        }
        let is_of_part = self.typed.retry.as_ref().is_some_and(|retry| retry.is_of_part);
        if is_of_part && counts.pending + counts.in_doubt == 0 {
            return vec![Said::Talk(format!(
                "nothing more is needed of {}: remove it, there may be passwords in it",
                shown(&self.typed.roster)
            ))];
        }
        Vec::new()
    }

    fn of_failed_file(&self, left: &Left, file: &Path) -> Vec<Said> {
        let rows = text::count(left.rows, "row");
        let mut lines = vec![format!("{rows} failed, with the reasons in {}", shown(file))];
        if left.elsewhere > 0 {
            let rows = text::count(left.elsewhere, "more row");
            lines.push(format!("{rows} failed that {} does not have", shown(&self.typed.roster)));
        }
        let exists = self.taken();
        if exists > 0 {
            let has = if exists == 1 { "has a username that is" } else { "have usernames that are" };
            let rows = text::count(exists, "row");
            lines.push(format!(
                "{rows} {has} taken: give another there; `--code DuplicateResourceException` tries the same again"
            ));
        }
        let (them, passwords) = if left.rows == 1 {
            ("it", " and type the password in again, it is blank")
        } else {
            ("them", " and type the passwords in again, they are blank")
        };
        let types_in = left.has_blanks && !self.typed.shared.passwords.is_given();
        let passwords = if types_in { passwords } else { "" };
        lines.push(format!("mend {them} there{passwords}; then run the next line"));
        lines.into_iter().map(Said::Talk).chain([self.retry_with(Some(file))]).collect()
    }

    fn retry_with(&self, file: Option<&Path>) -> Said {
        Said::Command("retry with: ", retype::retry(self.typed, file).to_string())
    }
}

/// Files of failed rows that were removed, or are in the way.
pub(super) fn of_files(left: &Left) -> Vec<Said> {
    let removed = left.removed.iter();
    // Where some have failed again, they are in another file.
    let why = match left.file {
        Some(_) => "the rows that have failed are in the new one",
        None => "its rows no longer stand so",
    };
    let removed = removed.map(|path| format!("removed {}: {why}", shown(path)));
    let spared = left.spared.iter().map(|path| {
        format!("{} is not overwritten: it is not an untouched copy of headcount's", shown(path))
    });
    let held = left.held.iter().map(|path| output::held(path));
    removed.chain(spared).chain(held).map(Said::Talk).collect()
}

/// A command that makes of those who are there what the roster asks for.
pub(super) fn remedy(typed: &Typed, arn: &str, remedy: Remedy) -> Said {
    let what = match remedy {
        Remedy::Right => "update with: ",
        Remedy::RightWithAddresses => "update, addresses too, with: ",
        Remedy::Back { .. } => "put back with: ",
    };
    Said::Command(what, retype::update(typed, arn, remedy).to_string())
}

pub(super) fn shown(path: &Path) -> String {
    format!("`{}`", text::plain(&path.display().to_string()))
}

pub(super) fn summary(counts: &Counts, steps: &StepCounts, calls: Calls, took: Duration) -> String {
    format!(
        "{}; {}, {} throttled; {}\n",
        of_counts(counts, steps),
        text::count(calls.sent, "CreateUser call"),
        text::grouped(calls.throttled),
        text::duration(took)
    )
}

/// Where all rows stand, in one line.
pub(super) fn of_counts(counts: &Counts, steps: &StepCounts) -> String {
    let mut parts =
        vec![format!("{} of {} created", text::grouped(counts.created), text::count(counts.total, "row"))];
    for (number, what) in [
        (counts.recovered, "of them recovered"),
        (counts.there, "there already and equal"),
        (counts.exists, if counts.exists == 1 { "exists already" } else { "exist already" }),
        (counts.rejected, "rejected"),
        (counts.invalid, "invalid"),
        (counts.in_doubt, "in doubt"),
        (counts.pending, "pending"),
        (counts.deleted, "undone"),
        (counts.unconfirmed, "of whom an undo has not said whether they were deleted"),
        (steps.done, "with proficiencies given"),
        (steps.rejected, "with proficiencies rejected"),
        (steps.pending, "with proficiencies pending"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", text::grouped(number)));
        }
    }
    parts.join(", ")
}

/// A reason to stop, for those who have read it in full.
pub(super) fn name_of(stop: &Stop) -> &'static str {
    match stop {
        Stop::Interrupted => "interrupted",
        Stop::Full { .. } => "the instance is full",
        Stop::Denied { .. } | Stop::StepDenied { .. } | Stop::ChangeDenied { .. } => "not permitted",
        Stop::Credentials { .. } => "not signed in",
        Stop::Skew { .. } => "a wrong clock",
        Stop::NoInstance => "no such instance",
        Stop::NotConnect { .. } => "a proxy or gateway in between",
        Stop::AllRejected { .. } => "nothing is accepted",
        Stop::Outage { .. } => "an outage",
        Stop::HandedOver { .. } => "handed over",
        Stop::Ledger { .. } => "no ledger to write to",
        Stop::Passwords { .. } => "no file to keep passwords in",
        Stop::Untold { .. } => "nowhere to write the events",
        Stop::Roster { .. } => "another roster than was planned",
        Stop::Another { .. } => "another target stopped",
    }
}

/// What to do about a reason to stop, where nobody is created.
pub(super) fn hint_without_creating(stop: &Stop, arn: &str) -> Option<String> {
    match stop {
        Stop::Denied { .. } => Some(format!(
            "look at `aws sts get-caller-identity`; `headcount policy update ROSTER --instance {arn}` prints all that an \
             update needs"
        )),
        stop => hint_for(stop, &Room { users: None, allowed: None, made: 0 }, arn),
    }
}

/// What to do about a reason to stop.
fn hint_for(stop: &Stop, room: &Room, arn: &str) -> Option<String> {
    Some(match stop {
        Stop::Full { .. } => {
            let allowed = room.allowed.map_or_else(
                || "its quota could not be read".to_owned(),
                |n| format!("its quota is {}", text::grouped(n)),
            );
            let users = room.users.map_or_else(
                || "users who could not be counted".to_owned(),
                |users| text::count(users, "user"),
            );
            format!(
                "the instance had {users} before this run, which created {}, and {allowed} (L-9A46857E, users per instance): \
                 ask for more in Service Quotas, then resume",
                text::grouped(room.made)
            )
        }
        Stop::Denied { code, .. } if code.contains("AccessDenied") => format!(
            "creating tagged users needs both connect:CreateUser and connect:TagResource; `headcount policy --instance {}` \
             prints all that is needed, and --no-provenance-tag does without the second",
            arn
        ),
        Stop::Denied { .. } => "look at `aws sts get-caller-identity`, the region and the instance".into(),
        Stop::StepDenied { .. } => format!(
            "proficiencies need connect:AssociateUserProficiencies; `headcount policy --for import-with-proficiencies \
             --instance {}` prints all that is needed",
            arn
        ),
        Stop::ChangeDenied { operation, .. } => format!(
            "it needs connect:{operation}; `headcount policy update ROSTER --instance {arn}` prints all that an update needs, \
             and --only leaves groups out"
        ),
        Stop::Credentials { .. } => "sign in again, as with `aws sso login`, then resume".into(),
        Stop::Skew { .. } => "set this machine's clock, then resume".into(),
        Stop::NoInstance => {
            "look at --instance and --region: `aws connect list-instances` prints both".into()
        }
        Stop::NotConnect { .. } => {
            "what was sent stays in doubt and is settled by the next run: look at the proxy, --endpoint-url \
             and the sign-in page of the network, then resume"
                .into()
        }
        Stop::AllRejected { .. } => {
            "the fault is not in single rows: mend it, then run the failed rows with retry".into()
        }
        Stop::Outage { .. } => "nothing was lost: resume when the service answers again".into(),
        Stop::HandedOver { .. } => {
            "nothing is left in doubt; see how far it is with `headcount status`, or take it back with --take-over".into()
        }
        Stop::Ledger { .. } => {
            "requests under way were awaited; what they did is settled by the next run".into()
        }
        Stop::Passwords { .. } => {
            "nothing was sent without a record of its password: mend that, then resume".into()
        }
        Stop::Untold { .. } => {
            "what was done is in the ledger: free some space for the events, then resume".into()
        }
        Stop::Roster { .. } | Stop::Interrupted | Stop::Another { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::super::settings::Named;
    use super::super::{Cli, Command, command_line};
    use super::*;
    use crate::job::Before;
    use crate::ledger::{Entry, Kind, State};

    const ARN: &str = "arn:aws:connect:eu-west-2:123456789012:instance/i";

    fn job(typed: &[&str]) -> Typed {
        let words = typed.iter().map(Into::into).collect();
        let matches = command_line().try_get_matches_from(typed).unwrap();
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Import(args) => Typed::import(*args, words).unwrap(),
            Command::Retry(args) => {
                let mut state = State::default();
                let of = |kind| Entry {
                    instance: Some(ARN.into()),
                    roster: Some("/r.csv".into()),
                    ..Entry::of(kind)
                };
                state.apply(&of(Kind::Ledger));
                let before = Before::says(&args.ledger().unwrap(), &state);
                Typed::retry_of(*args, before, Named::default(), words).unwrap()
            }
            _ => panic!("no job: {typed:?}"),
        }
    }

    fn of(typed: &Typed) -> Farewell<'_> {
        Farewell {
            typed,
            arn: ARN,
            exit: Exit::Done,
            counts: Counts { total: 5, created: 5, ..Counts::default() },
            steps: StepCounts::default(),
            calls: Calls::default(),
            took: Duration::ZERO,
            seen: SeenCounts::default(),
            changed_there: 0,
            remedies: Vec::new(),
            settled_otherwise: Few::default(),
            other_run: None,
            reason: None,
            left: Some(Left::default()),
            room: Room { users: Some(2), allowed: Some(7), made: 5 },
        }
    }

    fn text(farewell: &Farewell<'_>) -> String {
        let line = |said: Said| match said {
            Said::Talk(line) => line + "\n",
            Said::Command(what, line) => format!("{what}{line}\n"),
        };
        farewell.lines().into_iter().map(line).collect()
    }

    #[test]
    fn of_a_run_that_did_all_there_is_nothing_to_say() {
        let job = job(&["headcount", "import", "r.csv"]);
        assert_eq!(text(&of(&job)), "");
    }

    #[test]
    fn a_rehearsal_that_did_all_names_the_files_that_can_be_deleted() {
        let typed =
            ["headcount", "import", "r.csv", "--simulate", "--generate-passwords", "--credentials-out", "pw"];
        let job = job(&typed);
        insta::assert_snapshot!(text(&of(&job)), @r"
        the passwords that were made: headcount credentials pw.simulate --ledger r.csv.simulate.ledger.jsonl
        the rehearsal is over; its own files can be deleted: `r.csv.simulate.ledger.jsonl`, `r.csv.simulate.world.jsonl` and `pw.simulate`
        ");
        // What is to be mended and retried needs them.
        assert!(!text(&Farewell { exit: Exit::SomeFailed, ..of(&job) }).contains("deleted"));
    }

    #[test]
    fn a_run_that_stops_says_why_what_to_do_and_once_what_resumes() {
        let typed = ["headcount", "import", "r.csv", "--instance", ARN, "--generate-passwords"];
        let job = job(&[&typed[..], &["--credentials-out", "made.jsonl", "--recipient", "age1x"]].concat());
        let full = Stop::Full { message: "limit".into() };
        insta::assert_snapshot!(text(&Farewell { exit: Exit::Stopped, reason: Some(full), ..of(&job) }), @r"
        stopped: the instance is full
        hint: the instance had 2 users before this run, which created 5, and its quota is 7 (L-9A46857E, users per instance): ask for more in Service Quotas, then resume
        the passwords that were made, with --identity-file and the key: headcount credentials made.jsonl --ledger r.csv.ledger.jsonl
        resume with: headcount import r.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --generate-passwords --credentials-out made.jsonl --recipient age1x
        ");
        let interrupted = Farewell { exit: Exit::Interrupted, reason: Some(Stop::Interrupted), ..of(&job) };
        assert_eq!(text(&interrupted).matches("resume with: ").count(), 1);
    }

    #[test]
    fn what_a_retry_leaves_pending_is_imported_and_not_resumed() {
        let job = job(&["headcount", "retry", "r.csv.ledger.jsonl", "--settle-timeout", "9"]);
        let counts = Counts { total: 3, created: 1, pending: 1, rejected: 1, ..Counts::default() };
        insta::assert_snapshot!(text(&Farewell { exit: Exit::Stopped, counts, left: None, ..of(&job) }), @r"
        1 row is pending, which retry does not send; run the next line for them
        import with: headcount import /r.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --ledger r.csv.ledger.jsonl --settle-timeout 9
        1 row failed; mend the roster, then run the next line
        retry with: headcount retry r.csv.ledger.jsonl --settle-timeout 9
        ");
    }

    #[test]
    fn failed_rows_are_said_with_their_file_and_what_is_to_be_done_there() {
        let job = job(&["headcount", "retry", "r.csv.ledger.jsonl", "--roster", "part.csv"]);
        let counts = Counts { total: 5, created: 2, exists: 2, rejected: 1, ..Counts::default() };
        let left = Left {
            file: Some("part.csv.failed.csv".into()),
            rows: 2,
            has_blanks: true,
            elsewhere: 1,
            spared: vec!["theirs.csv".into()],
            removed: vec!["old.csv".into()],
            held: vec!["open.csv".into()],
        };
        insta::assert_snapshot!(text(&Farewell { exit: Exit::SomeFailed, counts, left: Some(left), ..of(&job) }), @r"
        removed `old.csv`: the rows that have failed are in the new one
        `theirs.csv` is not overwritten: it is not an untouched copy of headcount's
        `open.csv` is open in another program, and stays as it was; close it in Excel before the next time
        2 people are there and not as the roster has them; if they are who is meant, the next line puts them right, and with --dry-run it says how
        update with: headcount update /r.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --base r.csv.ledger.jsonl
        2 rows failed, with the reasons in `part.csv.failed.csv`
        1 more row failed that `part.csv` does not have
        2 rows have usernames that are taken: give another there; `--code DuplicateResourceException` tries the same again
        mend them there and type the passwords in again, they are blank; then run the next line
        retry with: headcount retry r.csv.ledger.jsonl --roster part.csv.failed.csv
        ");
    }
}
