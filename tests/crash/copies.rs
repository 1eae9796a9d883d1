//! The matrix under attack: whatever is copied, put back or cut, each ledger claims what its own attempts made and nothing
//! else, and `credentials` prints passwords that the instance holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headcount::connect::model::User;
use headcount::crash::Sabotage;
use headcount::simulator::Operation;
use tokio::runtime::Runtime;

use crate::attack::{ATTACKS, Attack, Attacked, Part};
use crate::case::{Crash, Row};
use crate::check::{A_COPY, Scene, Told, exit_code};
use crate::stage::{Ended, PASSWORD, Stage, read};
use crate::{RESUMES, number, passwords, report_of, runtime, workers};

/// Wrong on purpose, in what runs and in what prints the passwords.
#[derive(Clone, Copy, Default)]
struct Wrong {
    import: Option<Sabotage>,
    credentials: Option<Sabotage>,
}

/// What became of a case.
#[derive(Default)]
struct Verdict {
    violations: Vec<String>,
    processes: u64,
    killed: u64,
    /// Processes that held at their point.
    held: u64,
    /// Rows that say that a copy made their user.
    left_to_copies: usize,
    /// Passwords that could not be known, and were named.
    named: usize,
    /// Lists of passwords that were printed and judged.
    lists: u64,
    /// Imports that were refused because of the file of passwords.
    refused: u64,
    /// Ledgers whose passwords nobody has all any more, so that each import is refused.
    given_up: u64,
    log: String,
}

/// A folder with a ledger in it.
struct Lineage {
    name: &'static str,
    stage: Stage,
    /// The roster now.
    rows: Vec<Row>,
    /// The file of passwords as it was before an older one was put in its place.
    kept: Option<Vec<u8>>,
    /// No file has all the passwords that were sent: every import is refused, as it must be.
    is_refused: bool,
}

/// A case while it is played.
struct Play<'c> {
    attacked: &'c Attacked,
    wrong: Wrong,
    foreign: Vec<User>,
    /// The roster of each process, by its number.
    rosters: Mutex<HashMap<u32, Vec<Row>>>,
    verdict: Mutex<Verdict>,
}

/// How a process of a lineage ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Killed,
    /// Refused before anything was done: the file of passwords is of another run.
    OfAnother,
    /// Refused before anything was done: the file lacks passwords that were sent.
    Lacking,
    /// All that can be settled is.
    Settled,
    /// There is more to be done.
    Open,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays a case to its end and judges it.
fn play(runtime: &Runtime, attacked: &Attacked, wrong: Wrong) -> Verdict {
    let stage = Stage::set(runtime, &attacked.case);
    let play = Play {
        attacked,
        wrong,
        foreign: stage.everyone(),
        rosters: Mutex::default(),
        verdict: Mutex::default(),
    };
    let first =
        Lineage { name: "first", stage, rows: attacked.case.before.clone(), kept: None, is_refused: false };
    let lineages = match attacked.attack {
        Attack::CopyOfTheDead => play.copy_of_the_dead(first),
        Attack::CopyOfTheSleeping => play.copy_of_the_living(first, true),
        Attack::CopyAtWork => play.copy_of_the_living(first, false),
        Attack::Older(part) => vec![play.older(first, part)],
        Attack::Cut(part) => vec![play.cut(first, part)],
    };
    let lineages: Vec<Lineage> = lineages.into_iter().map(|lineage| play.to_its_end(lineage)).collect();
    for lineage in &lineages {
        play.judge(lineage);
    }
    if let [one, other] = &lineages[..] {
        play.judge_both(one, other);
    }
    play.verdict.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Play<'_> {
    fn crash(&self, number: usize) -> Option<&Crash> {
        self.attacked.case.crashes.get(number)
    }

    fn found(&self, lineage: &Lineage, what: impl AsRef<str>) {
        lock(&self.verdict).violations.push(format!("{}: {}", lineage.name, what.as_ref()));
    }

    fn log(&self, what: &str) {
        lock(&self.verdict).log.push_str(what);
    }

    /// The second folder.
    fn copy(&self, of: &Lineage) -> Lineage {
        let case = &self.attacked.case;
        let rows = if self.attacked.edits_the_copy { &case.after } else { &case.before };
        self.log(&format!("=== copied\n{}", read(&of.stage.ledger())));
        Lineage { name: "copy", stage: of.stage.copy(), rows: rows.clone(), kept: None, is_refused: false }
    }

    /// Killed, then copied; then both go on, each with a crash of its own.
    fn copy_of_the_dead(&self, first: Lineage) -> Vec<Lineage> {
        self.run(&first, self.crash(0));
        let mut first = first;
        let copy = self.copy(&first);
        self.prints_what_is_held(&copy);
        if !self.attacked.edits_the_copy {
            first.rows = self.attacked.case.after.clone();
        }
        self.both(&first, &copy, [self.crash(1), self.crash(2)]);
        vec![first, copy]
    }

    /// Copied where a process holds; the copy goes on before it, or with it.
    fn copy_of_the_living(&self, first: Lineage, sleeps: bool) -> Vec<Lineage> {
        first.stage.write_roster(&first.rows);
        let before = Told::whole_lines(&read(&first.stage.ledger()));
        let concurrency = self.attacked.case.concurrency;
        let begun = first.stage.begin(concurrency, None, self.crash(0), self.sabotage());
        let holds = begun.holds();
        lock(&self.verdict).held += u64::from(holds);
        let copy = self.copy(&first);
        let end = || {
            if holds {
                begun.wake();
            }
            self.took(&first, &before, None, begun.end());
        };
        if sleeps {
            self.run(&copy, self.crash(1));
            self.run(&copy, None);
            end();
        } else {
            std::thread::scope(|scope| {
                scope.spawn(|| self.run(&copy, self.crash(1)));
                end();
            });
        }
        let mut first = first;
        if !self.attacked.edits_the_copy {
            first.rows = self.attacked.case.after.clone();
        }
        self.both(&first, &copy, [None, self.crash(2)]);
        vec![first, copy]
    }

    /// Both go on: at once, or in turns.
    fn both(&self, first: &Lineage, copy: &Lineage, crashes: [Option<&Crash>; 2]) {
        let [one, other] = crashes;
        if self.attacked.at_once {
            std::thread::scope(|scope| {
                scope.spawn(|| self.run(first, one));
                self.run(copy, other);
            });
        } else {
            self.run(copy, other);
            self.run(first, one);
            self.run(copy, None);
        }
        self.prints_what_is_held(first);
        self.prints_what_is_held(copy);
    }

    /// Kept at a crash, gone on with, and put back.
    fn older(&self, mut lineage: Lineage, part: Part) -> Lineage {
        self.run(&lineage, self.crash(0));
        let stage = &lineage.stage;
        let kept = [stage.ledger(), stage.credentials()].map(|path| std::fs::read(path).ok());
        for process in 1..=self.attacked.goes_on {
            self.run(&lineage, self.crash(process));
        }
        let stage = &lineage.stage;
        self.log(&format!("=== put back, instead of\n{}", read(&stage.ledger())));
        let newest = std::fs::read(stage.credentials()).ok();
        let [ledger, credentials] = kept;
        if part.has_ledger() {
            put_back(&stage.ledger(), ledger.as_deref());
        }
        if part.has_credentials() {
            put_back(&stage.credentials(), credentials.as_deref());
            lineage.kept = newest;
        }
        self.prints_what_is_held(&lineage);
        lineage.rows = self.attacked.case.after.clone();
        self.run(&lineage, None);
        lineage
    }

    /// Cut at any byte.
    fn cut(&self, mut lineage: Lineage, part: Part) -> Lineage {
        self.run(&lineage, self.crash(0));
        self.log(&format!("=== cut\n{}", read(&lineage.stage.ledger())));
        let cut = |path: PathBuf| {
            let Ok(bytes) = std::fs::read(&path) else { return };
            let keep = (bytes.len() as f64 * self.attacked.cut) as usize;
            put_back(&path, Some(&bytes[..keep]));
        };
        if part.has_ledger() {
            cut(lineage.stage.ledger());
        }
        if part.has_credentials() {
            lineage.kept = std::fs::read(lineage.stage.credentials()).ok();
            cut(lineage.stage.credentials());
        }
        self.prints_what_is_held(&lineage);
        self.run(&lineage, self.crash(1));
        lineage.rows = self.attacked.case.after.clone();
        self.run(&lineage, None);
        lineage
    }

    fn sabotage(&self) -> Option<&'static str> {
        self.wrong.import.map(Sabotage::word)
    }

    /// One process of a lineage, from its start to its end.
    fn run(&self, lineage: &Lineage, crash: Option<&Crash>) -> End {
        lineage.stage.write_roster(&lineage.rows);
        let before = Told::whole_lines(&read(&lineage.stage.ledger()));
        let ended = lineage.stage.import(self.attacked.case.concurrency, crash, self.sabotage());
        self.took(lineage, &before, crash, ended)
    }

    /// Takes the end of a process down, and says whether it ended as it must.
    fn took(&self, lineage: &Lineage, before: &Told, crash: Option<&Crash>, ended: Ended) -> End {
        lock(&self.rosters).insert(ended.pid, lineage.rows.clone());
        self.log(&format!(
            "--- {} ({crash:?}): {:?}\n{}{}",
            lineage.name, ended.code, ended.stdout, ended.stderr
        ));
        lock(&self.verdict).processes += 1;
        let Some(code) = ended.code else {
            lock(&self.verdict).killed += 1;
            if crash.is_none() {
                self.found(lineage, format!("a process died: {}", ended.stderr));
            }
            return End::Killed;
        };
        let told = Told::read(&read(&lineage.stage.ledger()));
        if code == 4 && ended.stderr.contains("the credentials file") {
            lock(&self.verdict).refused += 1;
            // A torn line is cut off when a ledger is opened, and nothing else is done.
            if told.attempts() != before.attempts() {
                self.found(lineage, "refused because of the passwords, and something was sent");
            }
            return if ended.stderr.contains("is of another run") { End::OfAnother } else { End::Lacking };
        }
        let stopped = ended.stderr.lines().any(|line| line.starts_with("stopped:"));
        let due = exit_code(&told, stopped);
        if code != due {
            let last = ended.stderr.lines().last().unwrap_or_default();
            self.found(lineage, format!("exit {code}, and {due} is due ({last})"));
        }
        let is_new = |(user, row): (&String, &crate::check::ToldRow)| {
            row.leaves_to_a_copy() && !before.rows.get(user).is_some_and(|row| row.leaves_to_a_copy())
        };
        if told.rows.iter().any(is_new) && !ended.stderr.contains(&format!("warning: {A_COPY}: ")) {
            self.found(lineage, "a copy's users were met, and the run did not say so");
        }
        let settles = |(user, row): (&String, &crate::check::ToldRow)| {
            // What nobody wants any longer is not sent, and may stay in doubt.
            row.state() != "in_doubt" || !lineage.rows.iter().any(|row| row.user == *user)
        };
        let is_settled = matches!(code, 0 | 1) || code == 6 && told.rows.iter().all(settles);
        if is_settled { End::Settled } else { End::Open }
    }

    /// On a calm day, long after, the same command is repeated until nothing is left to be done.
    fn to_its_end(&self, mut lineage: Lineage) -> Lineage {
        lineage.stage.calm_down();
        for _ in 0..RESUMES {
            lineage.stage.clock.forward(Duration::from_secs(600));
            match self.run(&lineage, None) {
                End::Settled => return lineage,
                End::OfAnother => {
                    self.prints_what_is_held(&lineage);
                    let path = lineage.stage.credentials();
                    std::fs::rename(&path, path.with_extension("aside")).expect("renamed");
                }
                End::Lacking => {
                    self.prints_what_is_held(&lineage);
                    // What the refusal says: the newest file is put back. It may lack what was made with the older one.
                    let Some(newest) = lineage.kept.take() else {
                        lineage.is_refused = true;
                        lock(&self.verdict).given_up += 1;
                        return lineage;
                    };
                    put_back(&lineage.stage.credentials(), Some(&newest));
                }
                End::Killed | End::Open => {}
            }
        }
        self.found(&lineage, "it did not come to an end");
        lineage
    }

    /// `credentials`, now: what it prints signs in, and whom it cannot know it names.
    fn prints_what_is_held(&self, lineage: &Lineage) {
        self.prints_what_is_held_of(lineage, &lineage.stage.credentials());
    }

    /// The same of any file of passwords.
    fn prints_what_is_held_of(&self, lineage: &Lineage, file: &Path) {
        let stage = &lineage.stage;
        let (ledger, passwords) = (read(&stage.ledger()), read(file));
        if !self.attacked.case.generates || ledger.is_empty() || !file.exists() {
            return;
        }
        let printed = stage.print_credentials_of(file, self.wrong.credentials.map(Sabotage::word));
        let of = passwords::Files { ledger: &ledger, passwords: &passwords };
        let judged = passwords::judged(&printed, &of, &stage.running.world());
        lock(&self.verdict).lists += 1;
        lock(&self.verdict).named += judged.named;
        for what in judged.violations {
            self.found(lineage, what);
        }
    }

    /// A lineage at its end.
    fn judge(&self, lineage: &Lineage) {
        let text = read(&lineage.stage.ledger());
        self.log(&format!("--- the {} ledger\n{text}", lineage.name));
        if text.contains(PASSWORD) {
            self.found(lineage, "the ledger has a password in it");
        }
        self.prints_what_is_held(lineage);
        let told = Told::read(&text);
        let everyone = lineage.stage.everyone();
        let rosters = lock(&self.rosters);
        let scene = Scene {
            told: &told,
            everyone: &everyone,
            foreign: &self.foreign,
            rosters: &rosters,
            last: &lineage.rows,
            executed: lineage.stage.running.stats().of(Operation::CreateUser).executed,
            variants_clash: self.attacked.case.variants_clash,
            has_copies: true,
            untagged: false,
            is_refused: lineage.is_refused,
        };
        for what in scene.violations() {
            self.found(lineage, what);
        }
        lock(&self.verdict).left_to_copies += told.rows.values().filter(|row| row.leaves_to_a_copy()).count();
    }

    /// What both claim was meant before there were two; and whoever takes the one's ledger with the other's passwords, as a
    /// drive may that is kept in step, is told no wrong one.
    fn judge_both(&self, one: &Lineage, other: &Lineage) {
        self.prints_what_is_held_of(one, &other.stage.credentials());
        self.prints_what_is_held_of(other, &one.stage.credentials());
        let [mine, theirs] = [one, other].map(|lineage| Told::read(&read(&lineage.stage.ledger())));
        for user in one.stage.everyone() {
            let claims = [&mine, &theirs].map(|told| {
                told.rows.get(&user.username).is_some_and(|row| row.state() == "created" && row.id == user.id)
            });
            let processes = [&mine, &theirs].map(|told| told.process_of(&user));
            if claims == [true, true] && (processes[0].is_none() || processes[0] != processes[1]) {
                self.found(one, format!("{} is claimed by two ledgers", user.username));
            }
        }
    }
}

fn put_back(path: &Path, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            std::fs::write(path, bytes).expect("written");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("private");
            }
        }
        None => drop(std::fs::remove_file(path)),
    }
}

/// Plays many cases, several at a time, until so many have failed.
fn play_all(
    numbers: impl Iterator<Item = u64> + Send,
    wrong: Wrong,
    enough: usize,
) -> Vec<(Attacked, Verdict)> {
    let (runtime, numbers) = (runtime(), Mutex::new(numbers));
    let (played, failed) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| {
                while failed.load(Ordering::SeqCst) < enough {
                    let Some(number) = lock(&numbers).next() else { return };
                    let attacked = Attacked::numbered(number);
                    let verdict = play(&runtime, &attacked, wrong);
                    failed.fetch_add(usize::from(!verdict.violations.is_empty()), Ordering::SeqCst);
                    lock(&played).push((attacked, verdict));
                }
            });
        }
    });
    played.into_inner().expect("a lock")
}

#[test]
fn each_ledger_claims_what_its_own_attempts_made_whatever_is_copied_put_back_or_cut() {
    let alone = number("HEADCOUNT_CRASH_ATTACK");
    let runs = number("HEADCOUNT_CRASH_RUNS").map_or(2 * ATTACKS, attacks_of);
    let numbers = alone.map_or(0..runs, |number| number..number + 1);
    let played = play_all(numbers, Wrong::default(), number("HEADCOUNT_CRASH_ENOUGH").unwrap_or(20) as usize);
    let sum = |of: fn(&Verdict) -> u64| played.iter().map(|(_, verdict)| of(verdict)).sum::<u64>();
    let mut attacks: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (attacked, verdict) in &played {
        let (all, failed) = attacks.entry(format!("{:?}", attacked.attack)).or_default();
        *all += 1;
        *failed += u64::from(!verdict.violations.is_empty());
    }
    let with_lists = sum(|verdict| u64::from(verdict.lists > 0));
    println!(
        "{} attacks, {with_lists} of them with made passwords, of which {} lists were judged; {} processes, {} of them \
         killed and {} held, {} refused; {} ledgers given up; {} rows left to copies, {} passwords named as not to be known\ncases and those \
         with violations: {attacks:?}",
        played.len(),
        sum(|verdict| verdict.lists),
        sum(|verdict| verdict.processes),
        sum(|verdict| verdict.killed),
        sum(|verdict| verdict.held),
        sum(|verdict| verdict.refused),
        sum(|verdict| verdict.given_up),
        sum(|verdict| verdict.left_to_copies as u64),
        sum(|verdict| verdict.named as u64),
    );
    let report: String = played
        .iter()
        .map(|(attacked, Verdict { violations, log, .. })| {
            report_of("attack", attacked.number, &attacked.to_string(), violations, log, alone.is_some())
        })
        .collect();
    assert!(report.is_empty(), "{report}");
    if alone.is_none() && runs >= ATTACKS {
        assert!(sum(|verdict| verdict.left_to_copies as u64) > 0, "no ledger met what a copy made");
        assert!(sum(|verdict| verdict.named as u64) > 0, "every password was known");
        // Nine kinds in fourteen make passwords; a case may die before there is a file of them.
        assert!(with_lists >= runs * 8 / 14, "{with_lists} of {runs} attacks judged a list of passwords");
    }
}

/// Of so many cases in all, so many are attacks.
pub(crate) fn attacks_of(runs: u64) -> u64 {
    runs * 3 / 8
}

/// Plays attacks that a careless importer would get wrong, and expects the judge to notice by these words.
fn is_noticed(wrong: Wrong, words: &str, is_telling: impl Fn(&Attacked) -> bool + Send + Sync) {
    // Where nothing holds a process, a copy is made at any moment of it, and fewer of them tell.
    let enough = if cfg!(windows) { 96 } else { 24 };
    let numbers = (0..4000).filter(|number| is_telling(&Attacked::numbered(*number))).take(enough);
    let played = play_all(numbers, wrong, 3);
    let found: BTreeSet<_> = played.iter().flat_map(|(_, verdict)| &verdict.violations).collect();
    assert!(
        found.iter().any(|what| what.contains(words)),
        "{} cases, and this was noticed: {found:#?}",
        played.len()
    );
}

fn is_copied(attacked: &Attacked) -> bool {
    !matches!(attacked.attack, Attack::Older(_) | Attack::Cut(_))
}

#[test]
fn to_take_the_number_of_an_attempt_for_proof_is_noticed_by_its_claims() {
    let wrong = Wrong { import: Some(Sabotage::NumberIsProof), ..Wrong::default() };
    is_noticed(wrong, "created, and on the instance is Some", is_copied);
}

#[test]
#[ignore = "two dozen cases are too few to notice it each time"]
fn the_same_is_noticed_where_a_ledger_was_cut() {
    let wrong = Wrong { import: Some(Sabotage::NumberIsProof), ..Wrong::default() };
    is_noticed(wrong, "created, and on the instance is Some", |attacked| {
        attacked.attack == Attack::Cut(Part::Ledger) && attacked.cut > 0.4
    });
}

#[test]
fn to_join_passwords_by_number_alone_is_noticed() {
    let wrong = Wrong { credentials: Some(Sabotage::NumberIsProof), ..Wrong::default() };
    is_noticed(wrong, "cannot sign in with what is printed", |attacked| {
        attacked.case.generates && is_copied(attacked)
    });
}

#[test]
fn to_print_the_newest_password_is_noticed_where_a_ledger_was_put_back() {
    let wrong = Wrong { credentials: Some(Sabotage::NewestPassword), ..Wrong::default() };
    is_noticed(wrong, "cannot sign in with what is printed", |attacked| {
        attacked.case.generates
            && matches!(attacked.attack, Attack::Older(Part::Ledger) | Attack::Cut(Part::Ledger))
    });
}

#[test]
fn to_write_on_behind_a_line_that_was_cut_is_noticed() {
    let wrong = Wrong { import: Some(Sabotage::TornLineIsKept), ..Wrong::default() };
    is_noticed(wrong, "of the ledger", |attacked| attacked.attack == Attack::Cut(Part::Ledger));
}
