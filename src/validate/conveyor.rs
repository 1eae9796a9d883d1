//! Rows read, checked and handed over by several threads, in the file's order and with flat memory.
//!
//! Each thread reads a batch of rows, one thread after the other, and checks it, all at once; the caller's does the same as
//! long as there is nothing for it to take, and takes the batches in the order in which they were read. Whoever has read a
//! row checks it as well: its cells are in that core's cache, and to fetch them from another's takes as long as to check
//! them. The batches go round: a thread waits for one of its own to come back, so that there are never more than
//! [`BATCHES`] for each.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, PoisonError};

use super::grammar::trimmed;
use super::leavers::Watch;
use super::names::{Gatherer, NamesUsed};
use super::rules::RowCheck;
use super::{CleanRows, Rules, agents};
use crate::agent::Fingerprint;
use crate::directory::{FoldedHash, FoldedHasher};
use crate::error::Failure;
use crate::finding::{Finding, LeftOut, Severity};
use crate::roster::{Columns, Field, Roster, Row, Rows};

/// How many batches there are for each thread that works.
const BATCHES: usize = 4;
/// The most rows of a batch: a thread's batches stay in its core's cache.
const ROWS: usize = 512;
/// A batch of this much text, in bytes, is full.
const TEXT: usize = 512 << 10;
/// A row of more text than this, in bytes, does not keep its room for the next one.
const LARGE: usize = 16 << 10;
/// More threads than this would find nothing to do: the reading is the bound.
const MOST_WORKERS: usize = 4;

/// A row with what the rules say of it.
///
/// Its number and its username stand beside it, together with those of the rows around it: the row itself was written by
/// another core, and to fetch each of a million from there would take longer than all there is to do with it here.
pub(super) struct Handed<'b> {
    pub(super) row: &'b Row,
    pub(super) number: u64,
    pub(super) username: &'b str,
    pub(super) hash: FoldedHash,
    /// Whether the rules had nothing to say of it.
    pub(super) is_clean: bool,
    /// Where fingerprints are wanted, and the row has no errors.
    pub(super) fingerprint: Option<Fingerprint>,
}

/// Whoever takes the rows.
pub(super) trait Taker {
    /// Is told the hashes of the usernames that come next.
    fn expect(&mut self, hashes: &mut dyn Iterator<Item = FoldedHash>);

    /// Takes a row, and empties the vector of its findings. A failure ends the conveying, and nobody is waited for.
    fn take(&mut self, handed: Handed<'_>, findings: &mut Vec<Finding>) -> Result<(), Failure>;

    /// Takes what is said of rows that were passed over, before the row that follows them.
    fn note(&mut self, finding: Finding);

    /// Takes, at the end of the file, which rows were left out.
    fn left_out(&mut self, left_out: Vec<LeftOut>);
}

/// What was seen of all rows.
pub(super) struct Seen {
    /// What they name of the instance, for an import.
    pub(super) names: NamesUsed,
    /// Who of them is gone.
    pub(super) watch: Watch,
}

/// Reads and checks a whole roster, and hands over every row in the file's order. The usernames are hashed by `hasher`.
///
/// For an import every row's fingerprint is made as well, and the names that the rows use are returned as well: whoever checks has
/// the row at hand, and nobody has to read the file again for them.
pub(super) fn run(
    roster: &Roster,
    rules: &Rules<'_>,
    clean: &CleanRows,
    for_import: bool,
    hasher: &FoldedHasher,
    taker: &mut dyn Taker,
) -> Result<Seen, Failure> {
    let rows = roster.rows()?;
    let columns = roster.columns();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let seen = Mutex::new(Seen { names: NamesUsed::default(), watch: Watch::new(columns) });
    let gather = |checker: Checker<'_>| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.names.merge(checker.names.used);
        seen.watch.merge(checker.watch);
    };
    let (order, in_order) = channel();
    let reading = Mutex::new(Reading { rows, order, is_over: false });
    let (mut workers, takes): (Vec<Worker<'_>>, Vec<Takes>) = (0..cores.clamp(1, MOST_WORKERS))
        .map(|number| {
            let checker = Checker {
                check: RowCheck::new(columns, rules),
                columns,
                rules,
                clean,
                for_import,
                hasher: hasher.clone(),
                names: Gatherer::default(),
                watch: Watch::new(columns),
                findings: Vec::new(),
            };
            Worker::new(number, checker, &reading)
        })
        .unzip();
    std::thread::scope(|scope| {
        let own = workers.pop();
        for mut worker in workers {
            let gather = &gather;
            scope.spawn(move || {
                while let Ok(batch) = worker.empty.recv() {
                    if !worker.work(batch) {
                        break;
                    }
                }
                gather(worker.checker);
            });
        }
        let Some(mut own) = own else { return Ok(()) };
        let taken = take_batches(&in_order, takes, &mut own, taker);
        gather(own.checker);
        taken
    })?;
    Ok(seen.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The roster as it is read, by one thread at a time.
struct Reading {
    rows: Rows,
    /// Tells which thread reads the batch that comes next.
    order: Sender<usize>,
    /// Whether the end of the file was met, or the end of the reading.
    is_over: bool,
}

/// One of the threads that read and check.
struct Worker<'r> {
    number: usize,
    reading: &'r Mutex<Reading>,
    empty: Receiver<Batch>,
    done: Sender<Batch>,
    checker: Checker<'r>,
}

/// What the thread that takes has of one that works.
struct Takes {
    /// The batches that it has checked, in its order.
    checked: Receiver<Batch>,
    give_back: Sender<Batch>,
}

impl<'r> Worker<'r> {
    fn new(number: usize, checker: Checker<'r>, reading: &'r Mutex<Reading>) -> (Self, Takes) {
        let (give_back, empty) = channel();
        let (done, checked) = channel();
        for _ in 0..BATCHES {
            let _ = give_back.send(Batch::default());
        }
        (Self { number, reading, empty, done, checker }, Takes { checked, give_back })
    }

    /// Fills a batch in turn with the others, and checks it; `false` where there is nothing more to read, or nobody takes it.
    fn work(&mut self, mut batch: Batch) -> bool {
        {
            // A thread that panicked as it read has left a half of a batch: nobody goes on.
            let Ok(mut reading) = self.reading.lock() else { return false };
            if reading.is_over || reading.order.send(self.number).is_err() {
                return false;
            }
            batch.is_last = !batch.fill(&mut reading.rows);
            reading.is_over = batch.is_last;
        }
        batch.check(&mut self.checker);
        self.done.send(batch).is_ok()
    }
}

/// What a thread that checks has of its own.
struct Checker<'r> {
    check: RowCheck<'r>,
    columns: &'r Columns,
    rules: &'r Rules<'r>,
    /// Rows that need no check.
    clean: &'r CleanRows,
    for_import: bool,
    hasher: FoldedHasher,
    /// What its rows name.
    names: Gatherer,
    watch: Watch,
    /// Those of the row at hand.
    findings: Vec<Finding>,
}

/// Takes the batches in the order in which they were read, and works itself where the next is not there yet.
///
/// A thread that panicked looks like one that has ended; the scope that waits for it goes on with its panic.
fn take_batches(
    in_order: &Receiver<usize>,
    takes: Vec<Takes>,
    own: &mut Worker<'_>,
    taker: &mut dyn Taker,
) -> Result<(), Failure> {
    let (mut scratch, mut next) = (Vec::new(), None);
    loop {
        next = next.or_else(|| in_order.try_recv().ok());
        let ready =
            match next.and_then(|number: usize| takes.get(number)).map(|takes| takes.checked.try_recv()) {
                Some(Ok(batch)) => Some(batch),
                Some(Err(TryRecvError::Disconnected)) => return Ok(()),
                Some(Err(TryRecvError::Empty)) | None => None,
            };
        let mut batch = match ready {
            Some(batch) => batch,
            None if own.empty.try_recv().is_ok_and(|batch| own.work(batch)) => continue,
            // Nothing is left to do but to wait. The batch that comes next is somebody's at work.
            None => {
                let Some(number) = next.or_else(|| in_order.recv().ok()) else { return Ok(()) };
                next = Some(number);
                let Some(Ok(batch)) = takes.get(number).map(|takes| takes.checked.recv()) else {
                    return Ok(());
                };
                batch
            }
        };
        batch.hand_over(&mut scratch, taker)?;
        if let Some(failure) = batch.failure {
            return Err(failure);
        }
        if batch.is_last {
            return Ok(());
        }
        if let Some(takes) = next.take().and_then(|number| takes.get(number)) {
            // The thread may have ended.
            let _ = takes.give_back.send(batch);
        }
    }
}

/// Some rows with what the rules say of them. The rows are used again, so that nothing is allocated once it runs.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    /// How many of `rows` count.
    filled: usize,
    /// The findings of all rows in order, each with the place of its row.
    findings: Vec<(usize, Finding)>,
    /// The fingerprint of each row, where they are wanted.
    fingerprints: Vec<Option<Fingerprint>>,
    /// The number of each row, where its username ends in `usernames`, and the username's hash.
    names: Vec<(u64, usize, FoldedHash)>,
    /// Whether the rules had nothing to say of it, for each row.
    clean: Vec<bool>,
    /// The usernames of all rows, one after the other.
    usernames: String,
    /// What is said of rows that were passed over, each with the place of the row before which it is said.
    notes: Vec<(usize, Finding)>,
    /// Which rows were left out, where these are the last.
    left_out: Option<Vec<LeftOut>>,
    /// Why reading ended after these rows, if not at the end of the file.
    failure: Option<Failure>,
    /// Whether there are no more after these.
    is_last: bool,
}

impl Batch {
    /// Reads rows until it is full; `false` where there are no more.
    fn fill(&mut self, rows: &mut Rows) -> bool {
        let mut text = 0;
        self.filled = 0;
        while self.filled < ROWS && text < TEXT {
            if self.filled == self.rows.len() {
                self.rows.push(Row::default());
            }
            let row = &mut self.rows[self.filled];
            if row.cells.as_text().len() > LARGE {
                *row = Row::default();
            }
            let read = rows.read(row);
            self.notes.extend(rows.take_notes().into_iter().map(|note| (self.filled, note)));
            match read {
                Ok(true) => {}
                Ok(false) => {
                    self.left_out = Some(rows.left_out());
                    return false;
                }
                Err(failure) => {
                    self.failure = Some(failure);
                    return false;
                }
            }
            text += row.cells.as_text().len();
            self.filled += 1;
        }
        true
    }

    fn check(&mut self, checker: &mut Checker<'_>) {
        let Checker { check, columns, rules, clean, for_import, hasher, names, watch, findings } = checker;
        self.findings.clear();
        self.fingerprints.clear();
        self.names.clear();
        self.clean.clear();
        self.usernames.clear();
        self.usernames.shrink_to(LARGE);
        for (place, row) in self.rows[..self.filled].iter().enumerate() {
            // What the reader has to say of a row it says each time.
            let is_known = clean.has(row.number) && row.findings.is_empty() && row.is_readable();
            if !is_known {
                check.check(row, findings);
            }
            self.clean.push(findings.is_empty());
            watch.see(row);
            if *for_import {
                names.add(row, columns);
                let is_valid = findings.iter().all(|finding| finding.severity != Severity::Error);
                let agent = if is_valid { agents::build(row, columns, rules) } else { None };
                self.fingerprints.push(agent.map(|agent| agents::fingerprint(&agent)));
            }
            self.findings.extend(findings.drain(..).map(|finding| (place, finding)));
            let username = trimmed(columns.cell(row, Field::Username));
            self.usernames.push_str(username);
            self.names.push((row.number, self.usernames.len(), hasher.of(username)));
        }
    }

    fn hand_over(&mut self, scratch: &mut Vec<Finding>, taker: &mut dyn Taker) -> Result<(), Failure> {
        taker.expect(&mut self.names.iter().map(|(.., hash)| *hash));
        let mut findings = self.findings.drain(..).peekable();
        let mut notes = self.notes.drain(..).peekable();
        let mut begin = 0;
        for (place, &(number, end, hash)) in self.names.iter().enumerate() {
            while let Some((_, note)) = notes.next_if(|(at, _)| *at <= place) {
                taker.note(note);
            }
            while let Some((_, finding)) = findings.next_if(|(at, _)| *at == place) {
                scratch.push(finding);
            }
            let fingerprint = self.fingerprints.get(place).copied().flatten();
            let username = &self.usernames[begin..end];
            begin = end;
            let (row, is_clean) = (&self.rows[place], self.clean[place]);
            taker.take(Handed { row, number, username, hash, is_clean, fingerprint }, scratch)?;
            scratch.clear();
        }
        notes.for_each(|(_, note)| taker.note(note));
        if let Some(left_out) = self.left_out.take() {
            taker.left_out(left_out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::agent::IdentityType;
    use crate::roster::Options;
    use crate::validate::{Pass, check, check_with_fingerprints};

    /// A roster of many batches, with faults here and there and one row that is larger than a batch.
    fn roster(folder: &tempfile::TempDir) -> Roster {
        let mut text =
            "user login,first name,last name,routing profile,security profile,phone type,tags\n".to_owned();
        for number in 0..3_000 {
            let name = if number % 700 == 699 { number - 5 } else { number };
            let phone = if number % 11 == 3 { "fax" } else { "soft" };
            let tags = if number == 1_234 { "x".repeat(3 * TEXT) } else { String::new() };
            let stray = if number % 400 == 17 { ",stray" } else { "" };
            let profile = if number % 500 == 499 { number.to_string() } else { "Basic".to_owned() };
            let _ = writeln!(text, "u{name},Ann,Lee,{profile},Agent|A{},{phone},{tags}{stray}", number % 7);
        }
        let path = folder.path().join("roster.csv");
        std::fs::write(&path, text).unwrap();
        Roster::open(&path, &Options::default()).unwrap()
    }

    #[test]
    fn many_threads_say_what_one_says_and_in_the_same_order() {
        let folder = tempfile::tempdir().unwrap();
        let (roster, rules) = (roster(&folder), Rules::new(IdentityType::Saml));
        let (mut one, mut many, mut marked) = (Vec::new(), Vec::new(), Vec::new());

        let mut pass = Pass::new(roster.columns(), &rules, roster.findings());
        let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
        while rows.read(&mut row).unwrap() {
            pass.row(&row, &mut |row| one.push((row.number, row.has_errors, row.fingerprint())));
        }
        let by_one = pass.finish();
        let by_many = check(&roster, &rules, &mut |row| {
            many.push((row.number, row.has_errors, row.fingerprint()));
        });
        let with_marks = check_with_fingerprints(&roster, &rules, &mut |row| {
            marked.push((row.number, row.has_errors, row.fingerprint()));
            Ok(())
        });

        let mut names = NamesUsed::default();
        let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
        while rows.read(&mut row).unwrap() {
            names.add(&row, roster.columns());
        }
        assert_eq!(with_marks.as_ref().unwrap().names, names, "who checks gathers them");
        assert!(names.rows == 3_000 && names.routing_profiles.len() == 7, "{names:?}");
        assert_eq!(one.len(), 3_000);
        assert!(one == many && one == marked);
        assert!(by_one.findings.len() > 280, "{}", by_one.findings.len());
        for other in [by_many.unwrap(), with_marks.unwrap()] {
            assert_eq!(by_one.findings, other.findings);
            assert_eq!(
                (by_one.rows, by_one.invalid_rows, by_one.errors, by_one.warnings),
                (other.rows, other.invalid_rows, other.errors, other.warnings)
            );
        }
    }

    #[test]
    fn the_rows_before_a_failure_are_handed_over_and_then_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let roster = roster(&folder);
        // The file is cut while it is open: there is less of it than there was.
        let path = folder.path().join("roster.csv");
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() - 400;
        bytes[at..].fill(0xFF);
        std::fs::write(&path, bytes).unwrap();
        let mut seen = 0;
        let rules = Rules::new(IdentityType::Saml);
        let failure = check(&roster, &rules, &mut |_| seen += 1).unwrap_err();
        assert!(failure.what.contains("changed while it was read"), "{}", failure.what);
        assert!((2_900..3_000).contains(&seen), "{seen}");
    }

    #[test]
    fn a_caller_may_end_it_and_is_told_its_own_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (roster, rules) = (roster(&folder), Rules::new(IdentityType::Saml));
        let mut seen = 0;
        let ended = check_with_fingerprints(&roster, &rules, &mut |_| {
            seen += 1;
            if seen < 700 { Ok(()) } else { Err(Failure::stopped("enough")) }
        });
        assert_eq!((seen, ended.unwrap_err().what.as_str()), (700, "enough"));
    }

    #[test]
    fn a_caller_that_gives_up_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (roster, rules) = (roster(&folder), Rules::new(IdentityType::Saml));
        let gone = std::panic::catch_unwind(|| {
            let mut seen = 0;
            let _ = check(&roster, &rules, &mut |_| {
                seen += 1;
                assert!(seen < 700, "enough");
            });
        });
        assert!(gone.is_err());
    }
}
