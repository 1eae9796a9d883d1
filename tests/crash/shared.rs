//! The matrix of a ledger that machines share: one to three of them, killed, held for three times as long as it takes to be
//! taken for dead, cut off from their table, in the weather of both services. Nothing may be lost, doubled or guessed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use headcount::connect::model::User;
use headcount::crash::{SHARED_POINTS, Sabotage};
use headcount::lane::backoff::Random;
use headcount::simulator::{Fault, Operation};
use tokio::runtime::Runtime;

use crate::case::{Case, Crash, Row, Sky};
use crate::check::{Scene, Told, exit_code};
use crate::stage::{Ended, PASSWORD, Stage};
use crate::table::{EngineSky, Tables};
use crate::{number, report_of, runtime, workers};

/// Beats are so many times as fast as they are.
const BEATS: u32 = 45;
/// Who has not been heard of for so long is dead.
const STALE: Duration = Duration::from_millis(45_000 / BEATS as u64);
/// A minute, as fast.
const MINUTE: Duration = Duration::from_millis(60_000 / BEATS as u64);
/// How often a machine begins again, at most.
const BEGINNINGS: usize = 14;

/// Points of today's that a shared ledger passes too.
const TODAY: [&str; 11] = [
    "plan-before",
    "plan-recorded",
    "passwords-begun",
    "password-before",
    "password-torn",
    "password-after",
    "send-before",
    "answer-unread",
    "look-before",
    "look-after",
    "settled",
];

/// What befalls the first machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    /// It is killed at its point.
    Killed,
    /// It is held there, and goes on when it was long taken for dead.
    Held,
    /// Its table is away for a minute from there on.
    Away,
}

/// One case.
#[derive(Clone, Debug)]
struct Shared {
    number: u64,
    crash: Crash,
    blow: Blow,
    machines: usize,
    engine: EngineSky,
    /// The instance's weather, its people and the rest.
    case: Case,
}

fn points() -> Vec<&'static str> {
    let mut points: Vec<&str> = SHARED_POINTS.to_vec();
    points.extend(TODAY.iter().filter(|point| !SHARED_POINTS.contains(point)));
    points
}

impl Shared {
    /// The first cases have every point with every blow; then come the skies.
    fn numbered(number: u64) -> Self {
        let mut dice = Random::seeded(number.wrapping_mul(0x9E37_79B9).wrapping_add(0x5EED));
        let points = points();
        let point = points[(number % points.len() as u64) as usize];
        let round = number / points.len() as u64;
        let blow = [Blow::Killed, Blow::Held, Blow::Away][((round + number) % 3) as usize];
        let machines = 1 + ((round / 3 + number) % 3) as usize;
        let engine = EngineSky::ALL[(dice.next_u64() % 8) as usize];
        let engine = if point == "segment-unclear" && engine == EngineSky::Calm {
            EngineSky::Unanswered
        } else {
            engine
        };
        let sky = Sky::ALL[(dice.next_u64() % 9) as usize];
        let mut case = Case::numbered(dice.next_u64() % 100_000);
        case.sky = sky;
        case.search_lag = if sky == Sky::Lag { Duration::from_secs(240) } else { Duration::ZERO };
        case.generates = point.starts_with("password");
        case.after = case.before.clone();
        let most = match point {
            "plan-before" | "plan-recorded" | "passwords-begun" | "lease-before" | "lease-after"
            | "close-before" | "close-after" => 1,
            "look-before" | "look-after" | "settled" | "segment-unclear" => 2,
            _ => 10,
        };
        let crash = Crash { point, passage: 1 + dice.next_u64() % most };
        Self { number, crash, blow, machines, engine, case }
    }
}

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, crash: Crash { point, passage }, blow, machines, engine, case } = self;
        write!(
            f,
            "shared {number}: {blow:?} at {point}:{passage}, {machines} machines, table {engine:?}; {case}"
        )
    }
}

/// What became of a case.
#[derive(Default)]
struct Verdict {
    violations: Vec<String>,
    /// Whether the blow fell.
    fell: bool,
    processes: u64,
    killed: u64,
    taken_over: u64,
    recovered: usize,
    log: String,
}

struct Play<'p> {
    tables: &'p Tables,
    name: String,
    shared: &'p Shared,
    sabotage: Option<&'static str>,
    rosters: Mutex<HashMap<u32, Vec<Row>>>,
    verdict: Mutex<Verdict>,
}

impl Play<'_> {
    fn url(&self) -> String {
        format!("dynamodb://{}/run?region=eu-west-1", self.name)
    }

    fn note(&self, machine: usize, ended: &Ended) {
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.processes += 1;
        verdict.killed += u64::from(ended.code.is_none());
        let is_taken = ended.stderr.contains("was taken over by");
        verdict.taken_over += u64::from(is_taken);
        // Nobody is fenced by nobody.
        let own = format!("was taken over by process {} on", ended.pid);
        if ended.stderr.contains(&own) {
            verdict.violations.push(format!("process {} was fenced by itself", ended.pid));
        }
        if ended.stderr.contains("panicked") || ended.code == Some(70) || ended.stderr.contains("HUNG") {
            verdict.violations.push(format!("process {} broke: {}", ended.pid, ended.stderr));
        }
        verdict.log.push_str(&format!(
            "--- machine {machine}, process {}: {:?}\n{}{}",
            ended.pid, ended.code, ended.stdout, ended.stderr
        ));
        let rows = self.shared.case.before.clone();
        self.rosters.lock().unwrap_or_else(PoisonError::into_inner).insert(ended.pid, rows);
    }

    /// What a machine does until all is done: begins, and begins again.
    fn machine(&self, machine: usize, stage: &Stage) {
        let Shared { crash, blow, case, .. } = self.shared;
        for beginning in 0..BEGINNINGS {
            let is_struck = machine == 0 && beginning == 0;
            let (killed, held) = match (is_struck, blow) {
                (false, _) => (None, None),
                (true, Blow::Killed) => (Some(crash), None),
                (true, Blow::Held | Blow::Away) => (None, Some(crash)),
            };
            let begun = stage.begin_shared(
                (&self.tables.url, &self.url(), BEATS),
                (case.concurrency, machine > 0 || beginning > 0),
                (killed, held),
                self.sabotage,
            );
            if held.is_some() && begun.holds() {
                self.verdict.lock().unwrap_or_else(PoisonError::into_inner).fell = true;
                let (_held, passes) = mpsc::channel::<()>();
                if *blow == Blow::Away {
                    self.tables.set_away(&self.name, true);
                    begun.wake();
                    let _ = passes.recv_timeout(MINUTE);
                    self.tables.set_away(&self.name, false);
                } else {
                    let _ = passes.recv_timeout(STALE * 3);
                    begun.wake();
                }
            }
            let ended = begun.end();
            if ended.code.is_none() && killed.is_some() {
                self.verdict.lock().unwrap_or_else(PoisonError::into_inner).fell = true;
            }
            self.note(machine, &ended);
            // What cannot be settled in this weather is settled once it is calm.
            if matches!(ended.code, Some(0 | 1 | 6)) {
                return;
            }
        }
    }
}

/// Plays a case to its end and judges it.
fn play(runtime: &Runtime, tables: &Tables, shared: &Shared, sabotage: Option<Sabotage>) -> Verdict {
    static TABLE: AtomicU64 = AtomicU64::new(0);
    let name = format!("case-{}-{}", shared.number, TABLE.fetch_add(1, Ordering::SeqCst));
    tables.make(&name, shared.engine, shared.case.seed);
    let case = &shared.case;
    let stage = Stage::set(runtime, case);
    stage.write_roster(&case.before);
    let foreign: Vec<User> = stage.everyone();
    let word = sabotage.map(Sabotage::word);
    let play = Play {
        tables,
        name: name.clone(),
        shared,
        sabotage: word,
        rosters: Mutex::default(),
        verdict: Mutex::default(),
    };
    let machines: Vec<Stage> = (1..shared.machines).map(|_| stage.copy()).collect();
    machines.iter().for_each(|machine| machine.write_roster(&case.before));
    std::thread::scope(|scope| {
        for (at, machine) in std::iter::once(&stage).chain(&machines).enumerate() {
            let play = &play;
            scope.spawn(move || play.machine(at, machine));
        }
    });
    // A calm day, on which all is settled.
    stage.calm_down();
    tables.set_sky(&name, EngineSky::Calm);
    let mut finished = false;
    for _ in 0..6 {
        stage.clock.forward(Duration::from_secs(600));
        let begun = stage.begin_shared(
            (&tables.url, &play.url(), BEATS),
            (case.concurrency, true),
            (None, None),
            word,
        );
        let ended = begun.end();
        play.note(0, &ended);
        let told = Told::read(&tables.lines(&name).0);
        let stopped = ended.stderr.lines().any(|line| line.starts_with("stopped:"));
        let due = exit_code(&told, stopped);
        let could_start = !ended.stderr.lines().any(|line| line.starts_with("error:"));
        if could_start && ended.code.is_some_and(|code| code != due) {
            let mut verdict = play.verdict.lock().unwrap_or_else(PoisonError::into_inner);
            verdict.violations.push(format!("exit {:?}, and {due} is due", ended.code));
        }
        if matches!(ended.code, Some(0 | 1)) {
            finished = true;
            break;
        }
    }
    let (text, has_hole) = tables.lines(&name);
    tables.drop_table(&name);
    let mut verdict = play.verdict.into_inner().unwrap_or_else(PoisonError::into_inner);
    let rosters = play.rosters.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !finished {
        verdict.violations.push("it did not come to an end".into());
    }
    if has_hole {
        verdict.violations.push("a segment is missing".into());
    }
    if text.contains(PASSWORD) {
        verdict.violations.push("the table has a password in it".into());
    }
    let told = Told::read(&text);
    verdict.recovered = told.rows.values().filter(|row| row.recovered).count();
    let everyone = stage.everyone();
    let scene = Scene {
        told: &told,
        everyone: &everyone,
        foreign: &foreign,
        rosters: &rosters,
        last: &case.before,
        executed: stage.running.stats().of(Operation::CreateUser).executed,
        variants_clash: case.variants_clash,
        has_copies: false,
        is_refused: false,
        untagged: false,
    };
    verdict.violations.extend(scene.violations());
    verdict.log.push_str(&format!("--- ledger\n{text}"));
    verdict
}

fn play_all(
    numbers: impl Iterator<Item = u64> + Send,
    sabotage: Option<Sabotage>,
    enough: usize,
) -> Vec<(Shared, Verdict)> {
    let (runtime, tables) = (runtime(), Tables::served());
    let numbers = Mutex::new(numbers);
    let played = Mutex::new(Vec::new());
    let failed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| {
                while failed.load(Ordering::SeqCst) < enough as u64 {
                    let Some(number) = numbers.lock().expect("a lock").next() else { return };
                    let shared = Shared::numbered(number);
                    let verdict = play(&runtime, &tables, &shared, sabotage);
                    if !verdict.violations.is_empty() {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                    let mut played = played.lock().expect("a lock");
                    played.push((shared, verdict));
                    if played.len().is_multiple_of(250) {
                        println!("{} cases of a shared ledger", played.len());
                    }
                }
            });
        }
    });
    played.into_inner().expect("a lock")
}

#[test]
fn nothing_is_lost_doubled_or_guessed_whichever_machine_has_the_ledger() {
    let alone = number("HEADCOUNT_CRASH_SHARED");
    let points = points();
    let runs = number("HEADCOUNT_CRASH_RUNS").map_or(2 * points.len() as u64, |all| all.max(5_000));
    let numbers = alone.map_or(0..runs, |number| number..number + 1);
    if let Some(number) = alone {
        println!("{}", Shared::numbered(number));
    }
    let played = play_all(numbers, None, 20);
    let mut fell: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for (shared, _) in played.iter().filter(|(_, verdict)| verdict.fell) {
        *fell.entry((shared.crash.point, format!("{:?}", shared.blow))).or_default() += 1;
    }
    let sum = |of: fn(&Verdict) -> u64| played.iter().map(|(_, verdict)| of(verdict)).sum::<u64>();
    println!(
        "{} cases of a shared ledger, {} processes, {} killed, {} of which the ledger was taken, {} rows recovered by \
         their tag\n{fell:#?}",
        played.len(),
        sum(|verdict| verdict.processes),
        sum(|verdict| verdict.killed),
        sum(|verdict| verdict.taken_over),
        sum(|verdict| verdict.recovered as u64),
    );
    let report: String = played
        .iter()
        .map(|(shared, Verdict { violations, log, .. })| {
            report_of("shared", shared.number, &shared.to_string(), violations, log, alone.is_some())
        })
        .collect();
    assert!(report.is_empty(), "{report}");
    if runs >= 5_000 && alone.is_none() {
        let met = |point: &&str| fell.keys().any(|(at, _)| at == point);
        let never: Vec<_> = points.iter().filter(|point| !met(point)).collect();
        assert!(never.is_empty(), "nothing happened at {never:?}");
    }
}

/// Plays cases that a careless program would get wrong, and expects one of these words to tell. Which of them it does get wrong
/// depends on who comes first, and so more are played where the first told nothing.
fn is_noticed(sabotage: Sabotage, words: &[&str], is_telling: impl Fn(&Shared) -> bool + Send + Sync) {
    const AT_ONCE: usize = 60;
    const ROUNDS: usize = 5;
    let mut numbers = (0_u64..2_000_000).filter(|number| is_telling(&Shared::numbered(*number)));
    let (mut cases, mut found) = (0, Vec::new());
    for _ in 0..ROUNDS {
        let some: Vec<_> = numbers.by_ref().take(AT_ONCE).collect();
        let played = play_all(some.into_iter(), Some(sabotage), 2);
        cases += played.len();
        found.extend(played.into_iter().flat_map(|(_, verdict)| verdict.violations));
        if found.iter().any(|what: &String| words.iter().any(|word| what.contains(word))) {
            return;
        }
    }
    panic!("{cases} cases, and this was noticed: {found:#?}");
}

#[test]
fn to_put_a_segment_whatever_stands_there_is_noticed() {
    let words = [
        "an attempt that the ledger has not",
        "was made twice",
        "not in the ledger",
        "exists, and it is ours",
        "is of attempt",
    ];
    is_noticed(Sabotage::NoCondition, &words, |shared| {
        shared.machines > 1
            && shared.blow == Blow::Held
            && matches!(
                shared.crash.point,
                "send-before" | "sync-after" | "answer-unmarked" | "outcome-queued" | "segment-before-put"
            )
    });
}

#[test]
fn to_take_a_segment_of_ones_own_session_for_the_one_that_was_put_is_noticed() {
    let words = [
        "an attempt that the ledger has not",
        "not in the ledger",
        "made, and the ledger says",
        "created, and on the instance",
        "is of attempt",
    ];
    is_noticed(Sabotage::ComparedBySession, &words, |shared| {
        matches!(shared.engine, EngineSky::Unanswered | EngineSky::Late | EngineSky::ErrorAfter)
            && shared.case.concurrency > 1
    });
}

#[test]
fn to_put_new_lines_along_with_those_that_are_unclear_is_noticed() {
    is_noticed(Sabotage::RetryMerges, &["fenced by itself", "did not come to an end"], |shared| {
        matches!(shared.engine, EngineSky::Unanswered | EngineSky::Late | EngineSky::ErrorAfter)
            && shared.case.concurrency > 1
    });
}

/// A machine dies with an answer unread, and the next call for the same row is refused: nobody was made by it, says who has
/// forgotten it.
fn forgotten(number: u64) -> Shared {
    let mut shared = Shared::numbered(number);
    let passage = 1 + number % 8;
    (shared.blow, shared.machines, shared.engine) = (Blow::Killed, 1, EngineSky::Calm);
    shared.crash = Crash { point: "answer-unread", passage };
    let case = &mut shared.case;
    let unseen = Duration::from_secs(240);
    (case.sky, case.search_lag, case.concurrency, case.generates) = (Sky::Calm, unseen, 1, false);
    (case.foreign_seen, case.foreign_unseen) = (Vec::new(), Vec::new());
    case.script = std::iter::repeat_n(Fault::Pass, passage as usize).collect();
    case.script.push_back(Fault::Refuse { status: 400, code: "InvalidRequestException" });
    shared
}

#[test]
fn to_forget_what_others_have_sent_is_noticed() {
    let (runtime, tables) = (runtime(), Tables::served());
    let played =
        (0..3).map(|number| play(&runtime, &tables, &forgotten(number), Some(Sabotage::TakerForgets)));
    let found: Vec<String> = played.flat_map(|verdict| verdict.violations).collect();
    assert!(found.iter().any(|what| what.contains("rejected, and it is there")), "{found:#?}");
    let right = (0..3).map(|number| play(&runtime, &tables, &forgotten(number), None));
    let found: Vec<String> = right.flat_map(|verdict| verdict.violations).collect();
    assert!(found.is_empty(), "and else nothing: {found:#?}");
}
