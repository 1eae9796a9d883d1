//! A rehearsal that somebody holds: planned, run, paused, gone on with, told of, by whoever has no terminal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use headcount::cli::in_terminal::InTerminal;
use headcount::cli::voice::Flags;
use headcount::clock::{Clock, SteadyClock, Zone};
use headcount::connect::Credentials;
use headcount::error::Failure;
use headcount::exit::Exit;
use headcount::job::{
    Around, Lanes, Refused, Rehearsals, RunStands, RunTold, ToRehearse, Told, Turns, World,
};
use headcount::ledger::{RowState, peek};
use headcount::report::file::Form;
use headcount::simulator::{ACCESS_KEY_ID, InProcess, SECRET_ACCESS_KEY, Spec, World as Connect};
use serde_json::Value;
use tempfile::TempDir;

use crate::stage::row;

/// What was told, and whoever tells something in return.
#[derive(Default)]
struct Page {
    lines: Mutex<Vec<Value>>,
    runs: Mutex<Vec<(Duration, RunTold)>>,
    answers: Mutex<Option<Answer>>,
    rehearsals: OnceLock<Rehearsals>,
}

/// Hears each line; done once it says so.
type Answer = Box<dyn FnMut(&Rehearsals, &Value) -> bool + Send>;

/// A folder, and whoever rehearses in it: on a clock that is paused, and without sockets.
struct Desk {
    folder: Arc<TempDir>,
    page: Arc<Page>,
}

impl Desk {
    fn at(folder: Arc<TempDir>) -> Self {
        let page = Arc::new(Page::default());
        let started = UNIX_EPOCH + Duration::from_secs(1_795_444_693);
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::starting_at(started));
        let of_world = Arc::clone(&clock);
        let (heard, of_told) = (Arc::downgrade(&page), Arc::clone(&clock));
        let around = Around {
            turns: Turns::default(),
            world: Arc::new(move |events, stop| {
                tokio::time::pause();
                let clock = Arc::clone(&of_world);
                let nobody = InProcess::new(
                    Connect::new(Spec::default(), clock.now()),
                    Arc::clone(&clock),
                    Duration::from_secs(30),
                );
                let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
                World {
                    clock,
                    lanes: Arc::new(Lanes::within(Arc::new(nobody), credentials)),
                    events,
                    stop,
                    host: "here".into(),
                    state: None,
                    nonces: headcount::ledger::drawn(),
                    seed: 5,
                    voice: &Flags,
                }
            }),
            clock,
            zone: Zone::default(),
            voice: Arc::new(Flags),
            terminal: Arc::new(InTerminal),
            told: Arc::new(move |told| {
                let Some(page) = heard.upgrade() else { return };
                match told {
                    Told::Line(line) => page.hears(serde_json::from_str(&line).unwrap()),
                    Told::Run(told) => {
                        let at = of_told.now().duration_since(started).unwrap();
                        page.runs.lock().unwrap().push((at, *told));
                    }
                }
            }),
        };
        assert!(page.rehearsals.set(Rehearsals::new(around)).is_ok());
        Self { folder, page }
    }

    fn new() -> Self {
        Self::at(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// With a roster of so many people.
    fn of(people: usize) -> Self {
        let desk = Self::new();
        let rows: Vec<String> = (0..people).map(|person| row(&format!("user{person}"))).collect();
        desk.write("roster.csv", &rows);
        desk
    }

    fn write(&self, name: &str, rows: &[String]) {
        std::fs::write(self.path(name), crate::stage::HEADER.to_owned() + &rows.concat()).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn asked(&self) -> ToRehearse {
        ToRehearse { roster: self.path("roster.csv"), ..ToRehearse::default() }
    }

    fn rough(&self) -> ToRehearse {
        ToRehearse { is_rough: true, seed: 7, ..self.asked() }
    }

    fn ledger(&self) -> PathBuf {
        self.path("roster.csv.simulate.ledger.jsonl")
    }

    fn rehearsals(&self) -> &Rehearsals {
        self.page.rehearsals.get().unwrap()
    }

    /// Does something each time that a line is told, until that says that it is done.
    fn answer(&self, answer: impl FnMut(&Rehearsals, &Value) -> bool + Send + 'static) {
        *self.page.answers.lock().unwrap() = Some(Box::new(answer));
    }

    /// Pauses when so many were created.
    fn pause_after(&self, created: usize) {
        let mut seen = 0;
        self.answer(move |rehearsals, line| {
            seen += usize::from(line["event"] == "created");
            seen == created && rehearsals.pause().is_ok()
        });
    }

    /// Plans it, and runs it to its end.
    fn run(&self, asked: ToRehearse) -> RunTold {
        let plan = self.rehearsals().plan(asked).unwrap();
        self.rehearsals().start(&plan.id, plan.rows.to_create).unwrap();
        self.ended()
    }

    /// Where it stands once nothing is at work.
    fn ended(&self) -> RunTold {
        self.rehearsals().wait();
        self.rehearsals().now().unwrap().unwrap()
    }

    /// The names of the events, each run of equal ones once.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for line in &*self.page.lines.lock().unwrap() {
            names.push(line["event"].as_str().unwrap().to_owned());
        }
        names.dedup();
        names
    }
}

impl Page {
    fn hears(&self, line: Value) {
        let answer = self.answers.lock().unwrap().take();
        if let Some(mut answer) = answer
            && !answer(self.rehearsals.get().unwrap(), &line)
        {
            *self.answers.lock().unwrap() = Some(answer);
        }
        self.lines.lock().unwrap().push(line);
    }
}

/// The program itself, in a folder.
fn headcount(folder: &Path, words: &[&str]) -> std::process::Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_headcount"));
    program.args(words).current_dir(folder).env_clear().env("TZ", "UTC");
    program.output().unwrap()
}

/// The one line of this event.
fn event(output: &std::process::Output, name: &str) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.rfind(|line| line["event"] == name).unwrap_or_else(|| {
        panic!("no {name}: {text}{}", String::from_utf8_lossy(&output.stderr));
    })
}

fn sample(desk: &Desk, name: &str) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
    std::fs::copy(from, desk.path(name)).unwrap();
    desk.path(name)
}

fn failure<T>(refused: Result<T, Refused>) -> Failure {
    match refused {
        Err(Refused::Failed(failure)) => failure,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was done"),
    }
}

/// Where each row of a ledger stands.
fn standing(ledger: &Path) -> BTreeMap<String, RowState> {
    let (state, _) = peek(&ledger.into()).unwrap();
    state.places().map(|at| (state.user(at).to_owned(), state.record(at).settled_state())).collect()
}

#[test]
fn a_plan_is_what_a_dry_run_of_the_command_says_and_leaves_no_file() {
    for (name, skips_invalid) in [("roster.csv", false), ("mistakes.csv", true)] {
        let desk = Desk::new();
        let asked = ToRehearse { roster: sample(&desk, name), skips_invalid, ..ToRehearse::default() };
        let plan = desk.rehearsals().plan(asked).unwrap();
        assert_eq!(desk.files(), [name], "nothing is written");
        // As it is shown: the command that is pasted does the same.
        let words: Vec<&str> = plan.rehearsal_command.split(' ').skip(1).collect();
        assert_eq!(words[0], "import");
        let file = desk.path(name).display().to_string();
        assert!(words.contains(&file.as_str()), "{words:?}");
        let ran = headcount(desk.folder.path(), &[&words[..], &["--dry-run", "--format", "json"]].concat());
        let planned = event(&ran, "planned");
        let told = serde_json::to_value(&plan).unwrap();
        assert_eq!(told["rows"], planned["rows"], "{name}");
        assert_eq!(told["seconds"], planned["seconds"]);
        assert_eq!((&told["roster"], &told["instance"]), (&name.into(), &"rehearsal".into()));
        assert!(!plan.names.routing_profiles.is_empty() && plan.room[0].to_come == plan.rows.to_create);
    }
}

#[test]
fn a_roster_with_errors_is_planned_only_where_they_are_left_out() {
    let desk = Desk::new();
    let asked = ToRehearse { roster: sample(&desk, "mistakes.csv"), ..ToRehearse::default() };
    let failure = failure(desk.rehearsals().plan(asked));
    assert_eq!(failure.exit, Exit::Findings);
    let missing = ToRehearse { roster: desk.path("nobody.csv"), ..ToRehearse::default() };
    assert_eq!(self::failure(desk.rehearsals().plan(missing)).exit, Exit::Usage);
}

#[test]
fn one_that_is_paused_when_nothing_is_left_is_over() {
    let desk = Desk::of(3);
    desk.pause_after(3);
    let ended = desk.run(desk.asked());
    assert_eq!((ended.state, ended.exit, ended.rows.created), (RunStands::Ended, Some(5), 3));
    assert!(ended.log[0].text.starts_with("ended: 3 of 3"), "{:?}", ended.log);
    assert!(matches!(desk.rehearsals().go_on(), Err(Refused::Nothing)));
}

#[test]
fn in_rough_weather_it_is_paused_gone_on_with_and_everybody_is_made_once() {
    let desk = Desk::of(8);
    desk.pause_after(3);
    let paused = desk.run(desk.rough());
    assert_eq!((paused.state, paused.exit, &paused.why), (RunStands::Paused, Some(5), &None));
    assert!((3..8).contains(&paused.rows.created), "{:?}", paused.rows);
    assert!(paused.log[0].text.starts_with("paused: "), "{:?}", paused.log);
    assert!(paused.log.iter().any(|line| line.text.starts_with("pausing: ")));
    let gone_on = desk.rehearsals().go_on().unwrap();
    assert_eq!(gone_on.state, RunStands::Running);
    assert_eq!(gone_on.rows.total, 8);
    let ended = desk.ended();
    assert_eq!((ended.state, ended.exit, ended.rows.created), (RunStands::Ended, Some(0), 8));
    assert!(ended.failed.is_none() && ended.causes.is_empty());
    let told = |begins: &str| ended.log.iter().position(|line| line.text.starts_with(begins)).unwrap();
    assert!(told("ended: 8 of 8") < told("went on: "), "the newest first: {:?}", ended.log);
    assert!(told("went on: ") < told("paused: ") && told("paused: ") < told("began: 8 rows"));
    assert!(matches!(desk.rehearsals().go_on(), Err(Refused::Nothing)), "nothing is left");
    let world = std::fs::read_to_string(desk.path("roster.csv.simulate.world.jsonl")).unwrap();
    assert_eq!(world.matches("\"created\"").count(), 8, "nobody is there twice");
    let names = desk.names();
    assert_eq!(names.iter().filter(|name| *name == "started").count(), 2);
    assert_eq!(names.iter().filter(|name| *name == "ended").count(), 2);

    // What was told last while it ran is what the ledger says.
    let runs = desk.page.runs.lock().unwrap();
    let (_, last) = runs.last().unwrap();
    assert_eq!((last.state, last.rows), (RunStands::Ended, ended.rows));
    assert_eq!(last.calls, peek(&desk.ledger().into()).map(|_| ended.calls).unwrap());

    // And a terminal that rehearses the same comes to the same.
    let other = Desk::of(8);
    let ran = headcount(
        other.folder.path(),
        &["import", "roster.csv", "--simulate", "--rate", "1000", "--format", "json"],
    );
    assert_eq!(event(&ran, "ended")["exit"], 0);
    assert_eq!(standing(&desk.ledger()), standing(&other.ledger()));
}

#[test]
fn it_is_told_where_it_stands_at_most_four_times_a_second_and_never_behind_what_was_told() {
    let desk = Desk::of(60);
    desk.run(desk.rough());
    let runs = desk.page.runs.lock().unwrap();
    assert!(runs.len() > 10, "only {}", runs.len());
    let (_, all) = runs.split_last().unwrap();
    for pair in all.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= Duration::from_millis(250), "{:?} {:?}", pair[0].0, pair[1].0);
        let sum = |told: &RunTold| {
            let rows = told.rows;
            rows.pending + rows.in_doubt + rows.created + rows.exists + rows.rejected + rows.invalid
        };
        assert_eq!(sum(&pair[0].1), 60, "{:?}", pair[0].1.rows);
        assert!(pair[0].1.rows.created <= pair[1].1.rows.created);
        assert!(pair[0].1.log.len() <= 200);
    }
    assert!(all.iter().any(|(_, told)| told.rate.is_some() && told.seconds_left.is_some()));
}

#[test]
fn of_all_that_is_told_of_a_run_its_last_word_has_the_latest_turn() {
    let desk = Desk::of(12);
    let answered: Arc<Mutex<Option<RunTold>>> = Arc::default();
    let (answer, mut created) = (Arc::clone(&answered), 0);
    desk.answer(move |rehearsals, line| {
        created += usize::from(line["event"] == "created");
        if created == 3 {
            *answer.lock().unwrap() = rehearsals.pause().ok();
        }
        created == 3
    });
    let now = desk.run(desk.asked());
    let told: Vec<u64> = desk.page.runs.lock().unwrap().iter().map(|(_, told)| told.turn).collect();
    assert!(told.is_sorted() && told.windows(2).all(|two| two[0] != two[1]), "{told:?}");
    let answered = answered.lock().unwrap().take().unwrap();
    assert_eq!(answered.state, RunStands::Pausing);
    let (_, last) = desk.page.runs.lock().unwrap().pop().unwrap();
    assert_eq!(last.state, RunStands::Paused);
    assert!(answered.turn < last.turn, "an answer that comes late is known to be older");
    assert!(last.turn < now.turn, "whoever asks later is told later");
}

#[test]
fn one_is_at_work_at_a_time() {
    let desk = Desk::of(5);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (asked, telling) = (desk.asked(), Arc::clone(&heard));
    desk.answer(move |rehearsals, line| {
        if line["event"] != "created" {
            return false;
        }
        let refused = [
            rehearsals.start("1", 1).map(drop),
            rehearsals.go_on().map(drop),
            rehearsals.plan(asked.clone()).map(drop),
            rehearsals.retry(&[], &[], None).map(drop),
            rehearsals.of(asked.clone()),
        ];
        let is_busy = refused.iter().map(|refused| matches!(refused, Err(Refused::Busy)));
        telling.lock().unwrap().extend(is_busy);
        telling.lock().unwrap().push(rehearsals.is_running());
        true
    });
    let ended = desk.run(desk.asked());
    assert_eq!(ended.rows.created, 5);
    assert_eq!(*heard.lock().unwrap(), [true; 6]);
    assert!(!desk.rehearsals().is_running());
    assert!(matches!(desk.rehearsals().pause(), Err(Refused::Nothing)));
}

#[test]
fn only_what_was_planned_is_run() {
    let desk = Desk::of(3);
    let rehearsals = desk.rehearsals();
    let old = rehearsals.plan(desk.asked()).unwrap();
    let plan = rehearsals.plan(desk.asked()).unwrap();
    let refused = |id: &str, confirm: u64| match rehearsals.start(id, confirm) {
        Err(Refused::NotAsPlanned { planned, asked }) => (planned, asked),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&old.id, 3), (3, 3), "another plan");
    assert_eq!(refused(&plan.id, 4), (3, 4), "another number");
    // Another row, and then another cell: the number is as it was.
    desk.write("roster.csv", &["user0", "user1", "user2", "user3"].map(row));
    assert_eq!(refused(&plan.id, 3), (3, 4));
    desk.write("roster.csv", &["user0", "user1", "user9"].map(row));
    assert_eq!(refused(&plan.id, 3).0, 3);
    assert!(rehearsals.now().unwrap().is_none(), "nothing was begun");
    desk.write("roster.csv", &["user0", "user1", "user2"].map(row));
    let plan = rehearsals.plan(desk.asked()).unwrap();
    assert!(rehearsals.start(&plan.id, 3).is_ok());
    assert_eq!(desk.ended().rows.created, 3);
    assert_eq!(refused(&plan.id, 3).1, 3, "a plan is run once");
}

#[test]
fn what_a_process_has_left_that_was_killed_is_told_and_gone_on_with() {
    let desk = Desk::of(20);
    let left = Arc::new(tempfile::tempdir().unwrap());
    let (from, to) = (Arc::clone(&desk.folder), Arc::clone(&left));
    let mut seen = 0;
    desk.answer(move |_, line| {
        seen += usize::from(line["event"] == "created");
        if seen < 8 {
            return false;
        }
        // As a disk has it of whom nothing more came: the ledger first, for what it says the world has.
        for name in ["roster.csv", "roster.csv.simulate.ledger.jsonl", "roster.csv.simulate.world.jsonl"] {
            std::fs::copy(from.path().join(name), to.path().join(name)).unwrap();
        }
        true
    });
    desk.run(desk.rough());
    let after = Desk::at(left);
    after.rehearsals().of(after.rough()).unwrap();
    let told = after.rehearsals().now().unwrap().unwrap();
    assert_eq!((told.state, told.exit, told.rows.total), (RunStands::Stopped, None, 20));
    // What was told may not be on the disk yet; that it was to be sent is.
    let known = told.rows.created + told.rows.in_doubt;
    assert!((8..20).contains(&known) && told.rows.created > 0, "{:?}", told.rows);
    assert!(told.why.unwrap().ends_with("has not said that it ended"));
    assert!(told.resume.starts_with("headcount import "), "{}", told.resume);
    after.rehearsals().go_on().unwrap();
    let ended = after.ended();
    assert_eq!((ended.state, ended.rows.created), (RunStands::Ended, 20));
    let world = std::fs::read_to_string(after.path("roster.csv.simulate.world.jsonl")).unwrap();
    assert_eq!(world.matches("\"created\"").count(), 20, "nobody is there twice");
}

#[test]
fn what_is_at_work_elsewhere_is_told_with_whose_it_is_and_not_touched() {
    let desk = Desk::of(4);
    desk.run(desk.asked());
    desk.write("roster.csv", &["user0", "user1", "user2", "user3", "new"].map(row));
    let plan = desk.rehearsals().plan(desk.asked()).unwrap();
    assert_eq!((plan.rows.done, plan.rows.to_create), (4, 1));
    let held = std::fs::File::options().read(true).append(true).open(desk.ledger()).unwrap();
    held.lock().unwrap();
    let told = desk.rehearsals().now().unwrap().unwrap();
    assert_eq!((told.state, told.rows.created), (RunStands::Elsewhere, 4));
    let why = told.why.unwrap();
    assert!(why.contains(&format!("process {} on here", std::process::id())), "{why}");
    assert_eq!(failure(desk.rehearsals().start(&plan.id, 1)).exit, Exit::Stopped);
    drop(held);
    assert_eq!(desk.rehearsals().now().unwrap().unwrap().state, RunStands::Ended);
    assert_eq!(desk.rehearsals().start(&plan.id, 1).unwrap().rows.pending, 1);
    assert_eq!(desk.ended().rows.created, 5);
}

/// A roster of which the service, in which a name is taken by another, refuses a row.
fn with_a_failure() -> (Desk, RunTold) {
    let desk = Desk::of(2);
    // The instance is as one that has the name of somebody else: made in a rehearsal of another ledger, which is lost.
    desk.run(desk.asked());
    std::fs::remove_file(desk.ledger()).unwrap();
    let other = row("user1").replace("Silva", "Souza");
    desk.write("roster.csv", &[row("new0"), other, row("new1")]);
    let ended = desk.run(desk.asked());
    (desk, ended)
}

#[test]
fn what_failed_is_told_by_its_row_and_only_that_is_sent_again() {
    let (desk, ended) = with_a_failure();
    assert_eq!((ended.state, ended.exit), (RunStands::Ended, Some(1)));
    assert_eq!((ended.rows.created, ended.rows.exists), (2, 1), "{:?}", ended.rows);
    assert_eq!(ended.failed.unwrap().file.as_deref(), Some("roster.csv.simulate.failed.csv"));
    assert_eq!((ended.causes.len(), ended.causes[0].rows), (1, 1));
    assert!(ended.causes[0].advice.ends_with('.'), "{:?}", ended.causes);
    assert!(ended.log.iter().any(|line| line.text.starts_with("row 3, user1: the name is another's")));
    let rehearsals = desk.rehearsals();
    let failed = rehearsals.failed().unwrap();
    assert_eq!((failed.len(), failed[0].n, failed[0].state), (1, 3.into(), RowState::Exists));
    assert!(failed[0].message.is_some() && failed[0].user == "user1");
    let created = rehearsals.rows(Some(RowState::Created), 1, 5).unwrap();
    assert_eq!((created.total, created.rows.len(), created.rows[0].user.as_str()), (2, 1, "new1"));

    // Without a word of it, whose name is taken is left; a state that no row has picks none.
    assert!(matches!(rehearsals.retry(&[RowState::Rejected], &[], None), Err(Refused::Nothing)));
    let called = ended.calls.sent;
    rehearsals.retry(&[RowState::Exists], &[], None).unwrap();
    let again = desk.ended();
    assert_eq!((again.rows.exists, again.rows.created), (1, 2));
    assert_eq!(again.calls.sent, called, "who has the name is looked at, and nothing is sent");
    let told = again.log.iter().filter(|line| line.text.contains("row 3, user1: the name is another's"));
    assert_eq!(told.count(), 2, "{:?}", again.log);

    // Mended in a copy: one of the same people, under the name that is hers.
    desk.write("roster.mended.csv", &[row("new0"), row("user7"), row("new1")]);
    rehearsals.retry(&[], &[], Some(desk.path("roster.mended.csv"))).unwrap();
    let mended = desk.ended();
    assert_eq!(
        (mended.exit, mended.rows.created, mended.calls.sent),
        (Some(0), 3, called + 1),
        "{mended:?} {:?}",
        rehearsals.rows(None, 0, 9)
    );
    let own = "roster.mended.csv.simulate.ledger.jsonl";
    assert!(!desk.path(own).exists(), "it goes on in its roster's ledger");
    let copy = ToRehearse {
        copy_of: Some(desk.path("roster.csv")),
        roster: desk.path("roster.mended.csv"),
        ..desk.asked()
    };
    let plan = rehearsals.plan(copy).unwrap();
    assert_eq!((plan.rows.done, plan.rows.to_create), (3, 0));
    let ledger = |name: &str| format!(" --ledger {}", desk.path(name).display());
    assert!(plan.command.contains(&ledger("roster.csv.ledger.jsonl")), "{}", plan.command);
    assert!(plan.rehearsal_command.contains(&ledger("roster.csv.simulate.ledger.jsonl")));
}

#[test]
fn a_report_is_the_one_that_the_command_writes() {
    let (desk, _) = with_a_failure();
    let forms = [
        (Form::Html, "html"),
        (Form::Xlsx, "xlsx"),
        (Form::Md, "md"),
        (Form::Csv, "csv"),
        (Form::Json, "json"),
    ];
    let ledger = desk.ledger().display().to_string();
    // What differs is when it was made.
    let same = |bytes: Vec<u8>| {
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        let begins =
            ["report of <time", "<dt>Report made</dt>", "\"made\": ", "| Report made |", "report of "];
        for begin in begins {
            while let Some(at) = text.find(begin) {
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                text.replace_range(at..end, "");
            }
        }
        text
    };
    for (form, end) in forms {
        let (ours, theirs) = (format!("ours.{end}"), format!("theirs.{end}"));
        assert_eq!(desk.rehearsals().report(form, &desk.path(&ours)).unwrap(), ours);
        let ran = headcount(desk.folder.path(), &["report", &ledger, "-o", &theirs]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let [ours, theirs] = [ours, theirs].map(|name| std::fs::read(desk.path(&name)).unwrap());
        match form {
            Form::Xlsx => assert!(ours.len().abs_diff(theirs.len()) < 64, "{} {}", ours.len(), theirs.len()),
            _ => {
                let (ours, theirs) = (same(ours), same(theirs));
                for (one, other) in ours.lines().zip(theirs.lines()) {
                    assert_eq!(one, other, "{end}");
                }
                assert_eq!(ours, theirs, "{end}");
            }
        }
    }
    assert_eq!(desk.rehearsals().now().unwrap().unwrap().report.as_deref(), Some("ours.json"));
    let failure = failure(desk.rehearsals().report(Form::Csv, &desk.path("roster.csv")));
    assert_eq!(failure.exit, Exit::Usage, "a roster is not written over");
}

/// What a line says, but for what is of one run alone.
fn without_what_is_of_one_run(mut line: Value) -> Value {
    let members = line.as_object_mut().unwrap();
    for of_one in ["run", "id", "ledger", "seconds"] {
        members.remove(of_one);
    }
    line
}

#[test]
fn what_is_told_is_line_by_line_what_the_command_tells_programs() {
    let desk = Desk::new();
    let twice = row("user0").replace("user0@", "other@");
    desk.write("roster.csv", &[row("user0"), row("us er"), twice, row("user1"), row("user2")]);
    let asked = ToRehearse { skips_invalid: true, ..desk.asked() };
    let plan = desk.rehearsals().plan(asked).unwrap();
    assert!(desk.names().is_empty(), "a plan is answered, and not told");
    desk.rehearsals().start(&plan.id, plan.rows.to_create).unwrap();
    desk.rehearsals().wait();
    let other = Desk::new();
    std::fs::copy(desk.path("roster.csv"), other.path("roster.csv")).unwrap();
    let command = ["import", "roster.csv", "--simulate", "--skip-invalid", "--format", "json"];
    let ran = headcount(other.folder.path(), &command);
    let text = String::from_utf8(ran.stdout).unwrap();
    let theirs = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let theirs: Vec<Value> = theirs.map(without_what_is_of_one_run).collect();
    let ours = std::mem::take(&mut *desk.page.lines.lock().unwrap());
    let ours: Vec<Value> = ours.into_iter().map(without_what_is_of_one_run).collect();
    assert_eq!(ours, theirs);
    let of = |name: &str| ours.iter().filter(|line| line["event"] == name).count();
    assert!(of("finding") > 0 && of("created") == 2 && of("ended") == 1, "{ours:#?}");
}

#[test]
fn nobody_goes_on_with_more_than_was_left_and_a_new_plan_does() {
    let desk = Desk::of(8);
    desk.pause_after(3);
    let paused = desk.run(desk.asked());
    assert_eq!(paused.state, RunStands::Paused);
    let people: Vec<String> = (0..12).map(|person| row(&format!("user{person}"))).collect();
    desk.write("roster.csv", &people);
    let left = 8 - paused.rows.created;
    match desk.rehearsals().go_on() {
        Err(Refused::NotAsPlanned { planned, asked }) => assert_eq!((planned, asked), (left, left + 4)),
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.rehearsals().now().unwrap().unwrap().state, RunStands::Paused, "it is as it was");
    assert_eq!(desk.run(desk.asked()).rows.created, 12);
}

#[test]
fn who_is_gone_from_the_roster_is_said_in_the_plan() {
    let desk = Desk::of(2);
    desk.run(desk.asked());
    desk.write("roster.csv", &[row("user0"), row("USER1")]);
    let plan = desk.rehearsals().plan(desk.asked()).unwrap();
    assert_eq!((plan.rows.done, plan.rows.to_create), (1, 1));
    let [variant, gone] = &plan.warnings[..] else { panic!("{:?}", plan.warnings) };
    assert!(variant.starts_with("`USER1` differs only in case from `user1`"), "{variant}");
    assert_eq!(gone, "`user1` was created and is gone from the roster: nothing is deleted");
}

#[test]
fn passwords_that_are_made_are_kept_in_a_file_and_told_nobody() {
    let desk = Desk::new();
    let rows = ["user0", "user1"].map(|user| crate::stage::row_with(user, ""));
    desk.write("roster.csv", &rows);
    let ended = desk.run(ToRehearse { makes_passwords: true, ..desk.asked() });
    assert_eq!(ended.rows.created, 2);
    let kept = std::fs::read_to_string(desk.path("roster.csv.passwords.simulate.jsonl")).unwrap();
    let passwords: Vec<String> = kept
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["password"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(passwords.len(), 2);
    let mut told = serde_json::to_string(&ended).unwrap();
    told += &serde_json::to_string(&desk.rehearsals().rows(None, 0, 9).unwrap()).unwrap();
    desk.page.lines.lock().unwrap().iter().for_each(|line| told += &line.to_string());
    for (_, run) in &*desk.page.runs.lock().unwrap() {
        told += &serde_json::to_string(run).unwrap();
    }
    assert!(told.contains("user1") && !passwords.iter().any(|password| told.contains(password.as_str())));
}

#[test]
fn what_the_program_holds_rehearses_on_this_machine() {
    let desk = Desk::of(3);
    let (told, heard) = std::sync::mpsc::channel();
    let told = Mutex::new(told);
    let rehearsals = headcount::cli::in_terminal::rehearsals(
        Arc::new(Flags),
        Arc::new(move |said| told.lock().unwrap().send(said).unwrap()),
    );
    let plan = rehearsals.plan(desk.asked()).unwrap();
    assert_eq!((plan.rows.to_create, desk.files().len()), (3, 1));
    assert_eq!(rehearsals.start(&plan.id, 3).unwrap().rows.total, 3);
    rehearsals.beat();
    rehearsals.wait();
    let ended = rehearsals.now().unwrap().unwrap();
    assert_eq!((ended.state, ended.exit, ended.rows.created), (RunStands::Ended, Some(0), 3));
    drop(rehearsals);
    let lines = heard.iter().filter(|said| matches!(said, Told::Line(line) if line.contains("\"created\"")));
    assert!(lines.count() >= 3);
}
