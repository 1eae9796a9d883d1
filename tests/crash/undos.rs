//! The crash matrix of undo: a run is imported with kills and in every weather, people are at work in the console, requests
//! arrive late, ledgers are copied; then it is undone, killed wherever it matters, and undone again until it is done.
//! Afterwards nobody was deleted but whom the ledger proves its own, as it left them and not in use; where the end was said
//! to be clean nobody of the run is there, whatever arrives late; and the ledger says what is true.
//!
//! `HEADCOUNT_CRASH_UNDOS=3000` runs that many cases, `HEADCOUNT_CRASH_UNDO=N` one alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount::clock::Clock as _;
use headcount::crash::{DELETE_POINTS, Sabotage};
use headcount::lane::backoff::Random;
use headcount::simulator::{Odds, Operation, Pace, Spec, Weather, World};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::case::{Crash, Row, Sky};
use crate::stage::{Ended, ForwardClock, Stage, foreign, read};
use crate::{RESUMES, number, report_of, runtime, workers};

/// How many people a roster has.
const PEOPLE: usize = 7;

/// Longer than any request of ours is let in, and than it takes until everybody is seen.
const UNTIL_ALL_IS_SETTLED: Duration = Duration::from_secs(16 * 60);

/// Where an import dies that leaves something open.
const IMPORT_POINTS: [&str; 8] = [
    "plan-recorded",
    "append-torn",
    "sync-after",
    "send-before",
    "answer-unread",
    "answer-unmarked",
    "outcome-queued",
    "close-before",
];

/// What somebody does in the console to one of the users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Changes,
    TakesTheTag,
    /// It begins with the run's id, as the right one does.
    ForgesTheTag,
    /// The tag of the next row's user.
    TagsAsAnother,
    MakesAnew,
    Copies,
    LeadsTo,
    SignsIn,
    Deletes,
}

impl Deed {
    const ALL: [Deed; 9] = [
        Deed::Changes,
        Deed::TakesTheTag,
        Deed::ForgesTheTag,
        Deed::TagsAsAnother,
        Deed::MakesAnew,
        Deed::Copies,
        Deed::LeadsTo,
        Deed::SignsIn,
        Deed::Deletes,
    ];
}

/// How the ledger is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    None,
    /// After the import: the run is undone by the copy, then by the ledger itself.
    Whole,
    /// In the midst of the import, which goes on in both; the run is undone by the copy, then by the ledger itself.
    Split,
    /// The importing process sleeps with a request that it is about to send; the run is undone by a copy; then it wakes.
    Asleep,
}

/// A case: everything is drawn from its number.
#[derive(Clone, Debug)]
struct Case {
    number: u64,
    imports: Vec<Crash>,
    sky: Sky,
    /// Requests are held on their way.
    late: bool,
    undos: Vec<Crash>,
    /// Who is at work in the console before the first undo, and after it.
    deeds: [Vec<(usize, Deed)>; 2],
    copies: Copies,
    /// So long after the import the first undo begins.
    pause: Duration,
    flags: BTreeSet<&'static str>,
    protects: BTreeSet<usize>,
    /// An import goes on with the ledger after the first undo.
    imports_halfway: bool,
    /// The service does not let go of whom quick connects lead to.
    connects_hold: bool,
    /// Somebody else's users.
    strangers: BTreeSet<usize>,
    seed: u64,
}

/// How many cases it takes to have met every point in every weather.
const POINTS_AND_SKIES: u64 = (DELETE_POINTS.len() * Sky::ALL.len()) as u64;

fn name(at: usize) -> String {
    format!("agent{at:02}")
}

fn passage(point: &str, dice: &mut Random) -> u64 {
    let most = match point {
        "append-before" | "append-torn" | "sync-before" | "sync-after" => 6,
        point if point.starts_with("delete-") || IMPORT_POINTS[3..7].contains(&point) => 5,
        _ => 1,
    };
    1 + dice.next_u64() % most
}

fn crash_at(points: &[&'static str], dice: &mut Random) -> Crash {
    let point = points[(dice.next_u64() % points.len() as u64) as usize];
    Crash { point, passage: passage(point, dice) }
}

impl Case {
    fn numbered(number: u64) -> Self {
        let mut dice = Random::seeded(number.wrapping_mul(0x9E37_79B9).wrapping_add(0x00DD_0BEE));
        let point = DELETE_POINTS[(number % DELETE_POINTS.len() as u64) as usize];
        let sky = Sky::ALL[((number / DELETE_POINTS.len() as u64) % Sky::ALL.len() as u64) as usize];
        let mut undos = Vec::new();
        if point.starts_with("repair") {
            undos.push(Crash { point: "append-torn", passage: 1 + dice.next_u64() % 4 });
        }
        undos.push(Crash { point, passage: passage(point, &mut dice) });
        undos
            .extend((0..dice.next_u64() % 3).map(|_| crash_at(DELETE_POINTS, &mut dice)).collect::<Vec<_>>());
        let imports = (0..dice.next_u64() % 3).map(|_| crash_at(&IMPORT_POINTS, &mut dice)).collect();
        let copies = match dice.next_u64() % 10 {
            0 => Copies::Whole,
            1 => Copies::Split,
            2 if cfg!(unix) => Copies::Asleep,
            _ => Copies::None,
        };
        // A third of the cases has nobody in the console, so that they can end with nobody left.
        let at_work = if dice.next_u64().is_multiple_of(3) { 0.0 } else { 0.3 };
        let mut deeds = [Vec::new(), Vec::new()];
        for at in 0..PEOPLE {
            if dice.fraction() < at_work {
                let deed = Deed::ALL[(dice.next_u64() % Deed::ALL.len() as u64) as usize];
                deeds[usize::from(dice.fraction() < 0.3)].push((at, deed));
            }
        }
        let mut drawn = |chance: f64| dice.fraction() < chance;
        let flags = ["--even-if-changed", "--even-if-signed-in", "--with-quick-connects"];
        let flags = flags.into_iter().filter(|_| drawn(0.2)).collect();
        let protects = (0..PEOPLE).filter(|_| drawn(at_work / 4.0)).collect();
        let (late, imports_halfway, connects_hold) = (drawn(0.4), drawn(0.3), drawn(0.3));
        let is_soon = drawn(0.6);
        let strangers = (0..PEOPLE).filter(|_| drawn(at_work / 6.0)).collect();
        let pause = if is_soon { Duration::from_secs(dice.next_u64() % 60) } else { UNTIL_ALL_IS_SETTLED };
        let seed = dice.next_u64();
        Self {
            number,
            imports,
            sky,
            late,
            undos,
            deeds,
            copies,
            pause,
            flags,
            protects,
            imports_halfway,
            connects_hold,
            strangers,
            seed,
        }
    }

    fn weather(&self) -> Weather {
        let weather = self.sky.weather();
        let late = if self.late { 0.2 } else { 0.0 };
        let deletes = Odds { expired: 0.0, garbled: 0.0, ..weather.creates };
        Weather {
            creates: Odds { late, ..weather.creates },
            deletes: Odds { late: late / 2.0, ..deletes },
            late: Duration::from_secs(400),
            ..weather
        }
    }

    /// How long a change in the console stays unseen.
    fn lag(&self) -> Duration {
        match self.sky {
            Sky::Lag => Duration::from_secs(241),
            Sky::Rough => Duration::from_secs(21),
            _ => Duration::ZERO,
        }
    }

    /// Whoever undoes stops at the first clean end, as people do: what arrives after it is found by no undo after it.
    fn ends_when_clean(&self) -> bool {
        self.seed.is_multiple_of(3)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What was done in the console, to which users by their ids.
#[derive(Default)]
struct Console {
    done: BTreeMap<String, BTreeSet<Deed>>,
    /// What was done when a deletion might have left already and been held on its way: the deletion knows nothing of it.
    too_late: BTreeSet<(String, Deed)>,
    /// Those who were made there, by their ids: their names.
    made: BTreeMap<String, String>,
    deleted: BTreeSet<String>,
}

struct Scene {
    stage: Stage,
    /// What the embedded Connect writes down.
    journal: PathBuf,
    _kept: tempfile::TempDir,
}

fn set(runtime: &Runtime, case: &Case) -> Scene {
    let clock = Arc::new(ForwardClock::default());
    let spec = Spec {
        pace: Pace::UNLIMITED,
        weather: case.weather(),
        search_lag: if case.sky == Sky::Lag { Duration::from_secs(240) } else { Duration::ZERO },
        quick_connects_hold: case.connects_hold,
        seed: case.seed,
        ..Spec::default()
    };
    let instance = spec.instance_arn();
    let kept = tempfile::tempdir().expect("a folder");
    clock.told_in(kept.path().join("clock"));
    let journal = kept.path().join("world.jsonl");
    let now = clock.now();
    let mut world = World::remembering(spec, now, &journal).expect("a world");
    for at in &case.strangers {
        world.plant(foreign(&name(*at)), now);
    }
    let stage = Stage::of(runtime, world, clock, instance, 1);
    write_files(&stage, case);
    Scene { stage, journal, _kept: kept }
}

fn write_files(stage: &Stage, case: &Case) {
    let row = |at: usize| Row { user: name(at), last_name: "Before".into() };
    stage.write_roster(&(0..PEOPLE).map(row).collect::<Vec<_>>());
    let protected: String = case.protects.iter().map(|at| name(*at) + "\n").collect();
    std::fs::write(protect_file(stage), protected).expect("written");
}

fn protect_file(stage: &Stage) -> PathBuf {
    stage.folder.path().join("protect.txt")
}

/// Somebody is at work in the console.
fn work(stage: &Stage, case: &Case, deeds: &[(usize, Deed)], console: &mut Console) {
    let announced: BTreeSet<String> =
        Ledger::read(&ledger_of(stage)).rows.into_values().flat_map(|row| row.announced).collect();
    let now = stage.clock.now();
    let mut world = stage.running.world();
    let has = |world: &World, name: &str| world.everyone().find(|user| user.username == name).cloned();
    for (at, deed) in deeds {
        let name = name(*at);
        let Some(user) = has(&world, &name) else { continue };
        let id = user.id.clone();
        match deed {
            Deed::Changes => world.edit(&name, now, |user| {
                user.identity_info.get_or_insert_default().last_name = Some("Console".into());
            }),
            Deed::TakesTheTag => world.edit(&name, now, |user| drop(user.tags.remove("headcount:run"))),
            Deed::ForgesTheTag => world.edit(&name, now, |user| {
                if let Some(tag) = user.tags.get_mut("headcount:run") {
                    let run = tag.split_once('/').map_or_else(String::new, |(run, _)| run.to_owned());
                    *tag = format!("{run}/1.00000000000000ab");
                }
            }),
            Deed::TagsAsAnother => {
                let another = has(&world, &crate::undos::name((at + 1) % PEOPLE));
                let tag = another.and_then(|user| user.tags.get("headcount:run").cloned());
                if tag.is_none() || tag == user.tags.get("headcount:run").cloned() {
                    continue;
                }
                world.edit(&name, now, |user| {
                    user.tags.extend(tag.map(|tag| ("headcount:run".to_owned(), tag)))
                });
            }
            Deed::MakesAnew => {
                world.make_anew(&name, now);
                console.deleted.insert(id.clone());
                console.made.extend(has(&world, &name).map(|user| (user.id, name.clone())));
            }
            Deed::Copies => {
                let copy = format!("copy.of.{name}");
                world.copy(&name, &copy, now);
                console.made.extend(has(&world, &copy).map(|user| (user.id, copy.clone())));
            }
            Deed::LeadsTo => world.add_quick_connect(&format!("Desk of {name}"), &name),
            Deed::SignsIn => world.sign_in(&name, "Available"),
            Deed::Deletes => {
                world.remove(&name);
                console.deleted.insert(id.clone());
            }
        }
        let is_new = console.done.entry(id.clone()).or_default().insert(*deed);
        if is_new && case.late && announced.contains(&id) {
            console.too_late.insert((id, *deed));
        }
    }
}

/// What a ledger says of one row, in the judge's own words.
#[derive(Clone, Debug, Default)]
struct Told {
    state: String,
    id: String,
    /// The tags of its attempts.
    tags: BTreeSet<String>,
    /// The ids whose deletion was announced.
    announced: BTreeSet<String>,
    /// It says what was asked for.
    says_what: bool,
}

#[derive(Clone, Debug, Default)]
struct Ledger {
    run: String,
    rows: BTreeMap<String, Told>,
}

impl Ledger {
    fn read(text: &str) -> Self {
        let mut ledger = Self::default();
        for line in text.lines() {
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
            let kind = text("type");
            if kind == "ledger" {
                ledger.run = text("run");
            }
            let Some(user) = entry["user"].as_str() else { continue };
            let row = ledger.rows.entry(user.to_owned()).or_default();
            row.says_what |= entry["as"].is_object();
            let is_delete = entry["op"] == "delete";
            match (kind.as_str(), is_delete) {
                ("row", _) if row.state.is_empty() => row.state = "pending".into(),
                ("intent", false) => {
                    row.state = "in_doubt".into();
                    row.id.clear();
                    let attempt = entry["attempt"].as_u64().unwrap_or_default();
                    row.tags.insert(format!("{}/{attempt}.{}", ledger.run, text("nonce")));
                }
                ("intent", true) => {
                    row.state = "unconfirmed".into();
                    row.announced.insert(text("id"));
                }
                ("outcome", true) => {
                    let state = text("state");
                    row.says_what &= state != "deleted";
                    row.state = if matches!(state.as_str(), "skipped" | "rejected") {
                        "created".into()
                    } else {
                        state
                    };
                }
                ("outcome", false) => {
                    row.state = text("state");
                    if !text("id").is_empty() {
                        row.id = text("id");
                    }
                }
                _ => {}
            }
        }
        ledger
    }

    fn has_tag(&self, user: &str, tag: &str) -> bool {
        self.rows.get(user).is_some_and(|row| row.tags.contains(tag))
    }

    fn count(&self, state: &str) -> usize {
        self.rows.values().filter(|row| row.state == state).count()
    }
}

/// What the embedded Connect has written down.
#[derive(Default)]
struct Course {
    /// The users whom the API made: id, name, tag.
    made: Vec<(String, String, String)>,
    /// The ids that are gone.
    gone: BTreeSet<String>,
}

fn course(journal: &Path) -> Course {
    let mut course = Course::default();
    for line in read(journal).lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
        if let Some(id) = entry["deleted"]["id"].as_str() {
            course.gone.insert(id.to_owned());
        }
        let user = &entry["created"]["user"];
        if let (Some(id), Some(name)) = (user["Id"].as_str(), user["Username"].as_str()) {
            let tag = user["Tags"]["headcount:run"].as_str().unwrap_or_default();
            course.made.push((id.to_owned(), name.to_owned(), tag.to_owned()));
        }
    }
    course
}

#[derive(Default)]
struct Verdict {
    violations: Vec<String>,
    aborted: Vec<&'static str>,
    processes: u64,
    deleted: u64,
    /// Requests that arrived when nobody thought of them any more, and what they came to.
    is_clean: bool,
    log: String,
}

impl Verdict {
    fn ended(&mut self, what: &str, crash: Option<&Crash>, ended: &Ended) {
        self.processes += 1;
        let Ended { code, stdout, stderr, .. } = ended;
        self.log.push_str(&format!("--- {what} ({crash:?}): {code:?}\n{stdout}{stderr}"));
        match (code, crash) {
            (None, Some(crash)) => self.aborted.push(crash.point),
            (None, None) => self.violations.push(format!("{what} died: {stderr}")),
            (Some(70), _) => self.violations.push(format!("{what} broke: {stderr}")),
            _ => {}
        }
    }
}

/// The ledger of a stage, whatever its name is by now.
fn ledger_of(stage: &Stage) -> String {
    let own = read(&stage.ledger());
    if !own.is_empty() {
        return own;
    }
    let mut undone: Vec<PathBuf> = std::fs::read_dir(stage.folder.path())
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains(".undone-"))
        .collect();
    undone.sort();
    undone.last().map(|path| read(path)).unwrap_or_default()
}

fn deletions(stage: &Stage) -> u64 {
    stage.running.stats().of(Operation::DeleteUser).called
}

/// Imports until nothing kills it any more.
fn import(stage: &Stage, crashes: &[Crash], word: Option<&str>, verdict: &mut Verdict) {
    for crash in crashes.iter().map(Some).chain([None, None]) {
        let ended = stage.import(2, crash, word);
        verdict.ended("import", crash, &ended);
        if ended.code.is_some_and(|code| matches!(code, 0 | 1)) {
            return;
        }
    }
}

/// How a run was undone.
struct Undone {
    code: Option<i32>,
}

/// Undoes the run until nothing kills it any more and nothing is open, or nothing changes.
fn undo(
    scene: &Scene,
    stage: &Stage,
    case: &Case,
    console: &mut Console,
    word: Option<&str>,
    verdict: &mut Verdict,
) -> Undone {
    let text = ledger_of(stage);
    let run = Ledger::read(&text).run;
    if run.is_empty() {
        return Undone { code: None }; // the import has not come to have a ledger
    }
    let mut flags: Vec<String> = case.flags.iter().map(|flag| (*flag).to_owned()).collect();
    if !case.protects.is_empty() {
        flags.extend(["--protect".into(), protect_file(stage).display().to_string()]);
    }
    // Nobody waits here: whoever begins to is ended, and comes back when it is time.
    let waits = Crash { point: "delete-waits", passage: 1 };
    let mut code = None;
    for process in 0..case.undos.len() + 1 + RESUMES {
        let crash = match process {
            0 => Some(&waits),
            _ => case.undos.get(process - 1),
        };
        if process == 1 {
            stage.clock.forward(UNTIL_ALL_IS_SETTLED);
            work(stage, case, &case.deeds[1], console);
            stage.clock.forward(case.lag());
            if case.imports_halfway {
                import_halfway(scene, stage, word, verdict);
                stage.clock.forward(UNTIL_ALL_IS_SETTLED);
            }
        }
        if process > case.undos.len() + 1 {
            stage.calm_down();
            stage.clock.forward(UNTIL_ALL_IS_SETTLED);
        }
        let ended = stage.undo(&run, &flags, crash, word);
        verdict.ended("undo", crash, &ended);
        code = ended.code;
        let is_through = process > case.undos.len() || (case.ends_when_clean() && code == Some(0));
        let is_over = is_through && matches!(code, Some(0 | 1));
        if is_over || process > case.undos.len() + 4 {
            break;
        }
    }
    Undone { code }
}

/// An import on a ledger that is undone in part makes nobody anew.
fn import_halfway(scene: &Scene, stage: &Stage, word: Option<&str>, verdict: &mut Verdict) {
    // Where nothing is left its name is free, and the same import is another one.
    if read(&stage.ledger()).is_empty() {
        return;
    }
    stage.running.world().let_arrive(stage.clock.now());
    let before = Ledger::read(&ledger_of(stage));
    let made = course(&scene.journal).made.len();
    let ended = stage.import(2, None, word);
    verdict.ended("import half-way", None, &ended);
    for (_, name, _) in course(&scene.journal).made.drain(..).skip(made) {
        let state = before.rows.get(&name).map(|row| row.state.as_str()).unwrap_or_default();
        if matches!(state, "deleted" | "created" | "unconfirmed") {
            verdict.violations.push(format!("{name}: {state}, and an import made it anew"));
        }
    }
}

fn play(runtime: &Runtime, case: &Case, sabotage: Option<Sabotage>) -> Verdict {
    let scene = set(runtime, case);
    let stage = &scene.stage;
    let word = sabotage.map(Sabotage::word);
    let (mut verdict, mut console) = (Verdict::default(), Console::default());
    let mut copy = None;
    let mut asleep = None;
    match case.copies {
        Copies::None | Copies::Whole => import(stage, &case.imports, word, &mut verdict),
        Copies::Split => {
            let first = case.imports.first().cloned();
            let first = first.unwrap_or(Crash { point: "answer-unmarked", passage: 2 });
            verdict.ended("import", Some(&first), &stage.import(2, Some(&first), word));
            let other = stage.copy();
            write_files(&other, case);
            import(&other, &[], word, &mut verdict);
            import(stage, &[], word, &mut verdict);
            copy = Some(other);
        }
        Copies::Asleep => {
            let hold = Crash { point: "send-before", passage: 1 + case.seed % 5 };
            let begun = stage.begin(2, None, Some(&hold), word);
            begun.holds();
            asleep = Some(begun);
        }
    }
    if matches!(case.copies, Copies::Whole | Copies::Asleep) {
        let other = stage.copy();
        write_files(&other, case);
        copy = Some(other);
    }
    work(stage, case, &case.deeds[0], &mut console);
    stage.clock.forward(case.pause + case.lag());
    if let Some(copy) = &copy {
        let undone = undo(&scene, copy, case, &mut console, word, &mut verdict);
        judge(&scene, &[copy], case, &console, &undone, &mut verdict);
        if let Some(begun) = asleep {
            begun.wake();
            verdict.ended("import that slept", None, &begun.end());
            judge(&scene, &[copy], case, &console, &undone, &mut verdict);
        }
        stage.running.world().set_weather(case.weather());
    }
    let undone = undo(&scene, stage, case, &mut console, word, &mut verdict);
    let all: Vec<&Stage> = copy.iter().chain([stage]).collect();
    judge(&scene, &all, case, &console, &undone, &mut verdict);
    verdict.is_clean = undone.code == Some(0);
    // Once more: nothing is deleted.
    if verdict.violations.is_empty() && sabotage.is_none() && matches!(undone.code, Some(0 | 1)) {
        let before = deletions(stage);
        let calm =
            Case { undos: Vec::new(), deeds: Default::default(), imports_halfway: false, ..case.clone() };
        let again = undo(&scene, stage, &calm, &mut console, word, &mut verdict);
        if (again.code, deletions(stage)) != (undone.code, before) {
            let (more, was, is) = (deletions(stage) - before, undone.code, again.code);
            verdict.violations.push(format!("undone again: {more} deletions, exit {is:?} after {was:?}"));
        }
    }
    verdict.log.push_str(&format!("--- journal\n{}", read(&scene.journal)));
    verdict
}

/// Everything that is not as it must be, by the ledgers that have undone so far; the last of them is this stage's.
fn judge(
    scene: &Scene,
    by: &[&Stage],
    case: &Case,
    console: &Console,
    undone: &Undone,
    verdict: &mut Verdict,
) {
    let [.., stage] = by else { return };
    let world = || stage.running.world();
    stage.clock.forward(UNTIL_ALL_IS_SETTLED);
    world().let_arrive(stage.clock.now());
    let ledgers: Vec<Ledger> = by.iter().map(|stage| Ledger::read(&ledger_of(stage))).collect();
    let course = course(&scene.journal);
    let everyone = stage.everyone();
    let mut found = Vec::new();
    let of = |id: &str| course.made.iter().find(|(made, ..)| made == id);
    let deleted: Vec<&String> = course.gone.iter().filter(|id| !console.deleted.contains(*id)).collect();
    verdict.deleted = deleted.len() as u64;
    for id in deleted {
        let Some((_, name, tag)) = of(id) else {
            let name = console.made.get(id).cloned().unwrap_or_else(|| "a stranger".into());
            // Of an answer that was lost no id is known: whoever has the name and the tag is taken for its user. That
            // another ledger learns of another id later, its import having slept, changes nothing.
            let rows = ledgers.iter().filter_map(|ledger| ledger.rows.get(&name));
            let mut announcing = rows.filter(|row| row.announced.contains(id)).peekable();
            let is_lost =
                announcing.peek().is_some() && announcing.all(|row| row.id.is_empty() || row.id == *id);
            if !is_lost || !console.made.contains_key(id) {
                found.push(format!("{name}: not made by the run, and deleted"));
            }
            continue;
        };
        let mut say = |what: &str| found.push(format!("{name}: {what}"));
        if !ledgers.iter().any(|ledger| ledger.has_tag(name, tag)) {
            say("made by an attempt of another ledger, and deleted");
        }
        if !ledgers.iter().any(|ledger| ledger.rows.get(name).is_some_and(|row| row.announced.contains(id))) {
            say("deleted, and no ledger has announced it");
        }
        if case.protects.iter().any(|at| crate::undos::name(*at) == *name) {
            say("protected, and deleted");
        }
        for deed in console.done.get(id).into_iter().flatten() {
            let is_lifted = match deed {
                Deed::Changes => case.has("--even-if-changed"),
                Deed::TakesTheTag | Deed::ForgesTheTag | Deed::TagsAsAnother => false,
                Deed::LeadsTo => case.has("--with-quick-connects"),
                Deed::SignsIn => case.has("--even-if-signed-in"),
                Deed::MakesAnew | Deed::Copies | Deed::Deletes => true,
            };
            if !is_lifted && !console.too_late.contains(&(id.clone(), *deed)) {
                say(&format!("deleted, although somebody in the console {deed:?}"));
            }
        }
    }
    let there = |id: &str| everyone.iter().any(|user| user.id == id);
    if let Some(own) = ledgers.last() {
        for (name, row) in &own.rows {
            let mut say = |what: String| found.push(format!("{name}: {what}"));
            let still =
                || course.made.iter().find(|(id, of, tag)| of == name && row.tags.contains(tag) && there(id));
            match row.state.as_str() {
                "deleted" => {
                    // Whom somebody has tagged as another's is not known again.
                    if let Some((id, ..)) = still()
                        && !console.done.contains_key(id)
                    {
                        say(format!("deleted by the ledger, and there: {id}"));
                    }
                }
                // Whoever ends with 6 has not come to say it.
                "created"
                    if !row.id.is_empty()
                        && !there(&row.id)
                        && !console.deleted.contains(&row.id)
                        && undone.code != Some(6) =>
                {
                    say(format!("created by the ledger, and not there: {}", row.id));
                }
                _ => {}
            }
        }
        if undone.code == Some(0) {
            let open: Vec<_> = ["created", "in_doubt", "unconfirmed"]
                .into_iter()
                .filter(|state| own.count(state) > 0)
                .collect();
            if !open.is_empty() {
                found.push(format!("exit 0, and the ledger has rows that are {open:?}"));
            }
            for (id, name, tag) in course.made.iter().filter(|(id, ..)| there(id)) {
                if own.has_tag(name, tag) && !console.done.contains_key(id) {
                    found.push(format!("{name}: exit 0, and it is there"));
                }
            }
        }
        // Of whom nobody has done anything everybody is gone, unless it was said that something is open.
        for (id, name, tag) in course.made.iter().filter(|(id, ..)| there(id)) {
            // Of whom it is not known what was asked for nobody can say that they are as they were made.
            let is_ours = own.rows.get(name).is_some_and(|row| row.id == *id && row.says_what)
                && own.has_tag(name, tag);
            let is_left = case.protects.iter().any(|at| crate::undos::name(*at) == *name);
            if undone.code == Some(1) && is_ours && !is_left && !console.done.contains_key(id) {
                found.push(format!("{name}: nothing stands against it, and it is there"));
            }
        }
    }
    if !matches!(undone.code, None | Some(0 | 1 | 6)) {
        found.push(format!("it ended with {:?}", undone.code));
    }
    let has_copy = console.done.values().flatten().any(|deed| matches!(deed, Deed::MakesAnew | Deed::Copies));
    if undone.code == Some(6) && !has_copy {
        found.push("something is open for ever".into());
    }
    for one in found {
        if !verdict.violations.contains(&one) {
            verdict.violations.push(one);
        }
    }
    verdict.log.push_str(&format!("--- ledger\n{}", ledger_of(stage)));
}

fn play_all(
    numbers: impl Iterator<Item = u64> + Send,
    sabotage: Option<Sabotage>,
    enough: u64,
) -> Vec<(Case, Verdict)> {
    let runtime = runtime();
    let (numbers, played, failed) = (Mutex::new(numbers), Mutex::new(Vec::new()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| {
                while failed.load(Ordering::SeqCst) < enough {
                    let Some(number) = numbers.lock().expect("a lock").next() else { return };
                    let case = Case::numbered(number);
                    let verdict = play(&runtime, &case, sabotage);
                    failed.fetch_add(u64::from(!verdict.violations.is_empty()), Ordering::SeqCst);
                    let mut played = played.lock().expect("a lock");
                    played.push((case, verdict));
                    if played.len().is_multiple_of(100) {
                        println!("{} cases", played.len());
                    }
                }
            });
        }
    });
    played.into_inner().expect("a lock")
}

#[test]
fn a_run_is_undone_with_proof_wherever_the_process_dies_and_whatever_arrives_late() {
    let alone = number("HEADCOUNT_CRASH_UNDO");
    let runs = number("HEADCOUNT_CRASH_UNDOS").unwrap_or(30);
    // The sample has every point once, and one weather after the other.
    let sampled = |at: u64| if runs < POINTS_AND_SKIES { at * (DELETE_POINTS.len() as u64 + 1) } else { at };
    let numbers: Vec<u64> = alone.map_or_else(|| (0..runs).map(sampled).collect(), |number| vec![number]);
    let played = play_all(numbers.into_iter(), None, 20);
    let mut aborted: BTreeMap<&str, u64> = BTreeMap::new();
    for point in played.iter().flat_map(|(_, verdict)| &verdict.aborted) {
        *aborted.entry(point).or_default() += 1;
    }
    let sum = |of: fn(&Verdict) -> u64| played.iter().map(|(_, verdict)| of(verdict)).sum::<u64>();
    println!(
        "{} cases, {} processes, {} of them killed, {} users deleted, {} cases with nobody left\n{aborted:#?}",
        played.len(),
        sum(|verdict| verdict.processes),
        aborted.values().sum::<u64>(),
        sum(|verdict| verdict.deleted),
        sum(|verdict| u64::from(verdict.is_clean)),
    );
    let report: String = played
        .iter()
        .map(|(case, Verdict { violations, log, .. })| {
            report_of("undo", case.number, &case.to_string(), violations, log, alone.is_some())
        })
        .collect();
    if let (Some(_), Some((_, verdict)), true) = (alone, played.first(), report.is_empty()) {
        println!("{}", verdict.log);
    }
    assert!(report.is_empty(), "{report}");
    if alone.is_none() && runs >= POINTS_AND_SKIES {
        let never: Vec<_> = DELETE_POINTS.iter().filter(|point| !aborted.contains_key(*point)).collect();
        assert!(never.is_empty(), "no process died at {never:?}");
    }
}

/// Plays cases that a careless undo would get wrong, and expects the invariants to notice by these words.
fn is_noticed(sabotage: Sabotage, is_such: fn(&Case) -> bool, words: &str) {
    let numbers = (0..).filter(|number| is_such(&Case::numbered(*number))).take(48);
    let played = play_all(numbers, Some(sabotage), 4);
    let found: Vec<_> = played.iter().flat_map(|(_, verdict)| &verdict.violations).collect();
    assert!(
        found.iter().any(|what| what.contains(words)),
        "{} cases, and this was noticed: {found:#?}",
        played.len()
    );
}

fn has_deed(case: &Case, deed: Deed) -> bool {
    case.deeds[0].iter().any(|(_, done)| *done == deed)
}

#[test]
fn to_delete_whoever_has_the_name_is_noticed() {
    let such = |case: &Case| has_deed(case, Deed::MakesAnew);
    is_noticed(Sabotage::UndoByUsername, such, "not made by the run, and deleted");
}

#[test]
fn to_wait_for_no_request_is_noticed() {
    let such = |case: &Case| {
        let is_soon = case.late && case.pause < Duration::from_secs(30);
        is_soon && case.copies == Copies::None && case.ends_when_clean()
    };
    is_noticed(Sabotage::UndoWithoutWait, such, "deleted by the ledger, and there");
}

#[test]
fn to_sign_when_a_request_leaves_is_noticed() {
    let such = |case: &Case| case.copies == Copies::Asleep;
    is_noticed(Sabotage::SignedWhenSent, such, "and it is there");
}

#[test]
fn to_take_a_tag_that_begins_like_ours_for_proof_is_noticed() {
    let such = |case: &Case| has_deed(case, Deed::ForgesTheTag);
    is_noticed(Sabotage::TagByPrefix, such, "somebody in the console ForgesTheTag");
}
