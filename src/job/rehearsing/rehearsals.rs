//! A rehearsal as something that can be held between two requests: planned, run, paused, gone on with, told of.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};

use super::around::{Around, name_of};
use super::asked::ToRehearse;
use super::looked;
use super::told::{
    FailedTold, NamesTold, PlanTold, Refused, RoomTold, RowTold, RowsTold, RunStands, RunTold, Told,
};
use super::watched::{Watched, lock};
use crate::clock::rfc3339;
use crate::error::Failure;
use crate::event::{Event, Sink};
use crate::exit::Exit;
use crate::job::before::Before;
use crate::job::ended::Ended;
use crate::job::meant::{Job, What};
use crate::job::outlook::Outlook;
use crate::job::plan::Planned;
use crate::ledger::{self, Counts, RowState};
use crate::report::file::{self, Form};
use crate::stop::{Stop, Switch};
use crate::text::worded;

/// Rehearsals, one at a time.
///
/// One that runs has a thread and a runtime of its own: whoever shows it delays no request. What there is to know of a run
/// stands in its ledger; so it can be gone on with when this process has ended, and what a terminal does is told as well.
pub struct Rehearsals {
    shared: Arc<Shared>,
}

struct Shared {
    around: Around,
    held: Mutex<Held>,
    /// Told when nothing is at work any more.
    is_idle: Condvar,
}

/// What is known between two requests.
#[derive(Default)]
struct Held {
    /// What the rehearsal is of.
    of: Option<ToRehearse>,
    planned: Option<Expected>,
    plans: u64,
    at_work: Option<AtWork>,
    /// The codes of the rows that the last run sent again; `None` where it was an import.
    again: Option<Vec<String>>,
    /// How the last run that was seen stood, by its ledger.
    seen: Option<SeenLast>,
    /// The name of the report that was written last.
    report: Option<String>,
    /// A run that has ended, and whose last word is not told yet.
    is_ending: bool,
}

/// Something that is at work.
struct AtWork {
    stop: Switch,
    /// What is told of it; `None` where it only plans.
    watched: Option<Arc<Watched>>,
}

/// What a plan said.
#[derive(Clone)]
struct Expected {
    id: String,
    digest: String,
    to_create: u64,
}

/// How a run stood when its ledger was this long.
struct SeenLast {
    ledger: PathBuf,
    length: u64,
    told: RunTold,
}

/// What a run must be to be run.
type Holds = Box<dyn FnOnce(&Planned) -> Result<(), Refused> + Send>;

impl Rehearsals {
    /// None yet, with these around it.
    pub fn new(around: Around) -> Self {
        Self { shared: Arc::new(Shared { around, held: Mutex::default(), is_idle: Condvar::new() }) }
    }

    /// Says what the rehearsal is of, so that it is known where it stands before anything is planned.
    ///
    /// # Errors
    /// While one is at work.
    pub fn of(&self, asked: ToRehearse) -> Result<(), Refused> {
        let mut held = self.shared.held();
        if held.at_work.is_some() {
            return Err(Refused::Busy);
        }
        if held.of.as_ref().is_none_or(|of| of.ledger(true) != asked.ledger(true)) {
            (held.again, held.report) = (None, None);
        }
        (held.of, held.planned) = (Some(asked), None);
        Ok(())
    }

    /// What would be done. Nothing is written.
    ///
    /// # Errors
    /// While one is at work; where the roster has errors that are not left out (exit 3); where it or its directory cannot be
    /// used.
    pub fn plan(&self, asked: ToRehearse) -> Result<PlanTold, Refused> {
        self.of(asked.clone())?;
        let work = self.shared.begin(None)?;
        let (told, digest) = apart(|| self.shared.forecast(&asked, &work.stop))?;
        drop(work);
        let mut held = self.shared.held();
        held.plans += 1;
        let id =
            format!("{}-{}", held.plans, digest.trim_start_matches("sha256:").get(..12).unwrap_or_default());
        held.planned = Some(Expected { id: id.clone(), digest, to_create: told.rows.to_create });
        Ok(PlanTold { id, ..told })
    }

    /// Begins what was planned, and returns when requests are about to leave.
    ///
    /// # Errors
    /// While one is at work; where another plan or another number is named, or what would be done is not what was planned;
    /// where it cannot begin.
    pub fn start(&self, plan: &str, confirm: u64) -> Result<RunTold, Refused> {
        let (asked, expected) = {
            let held = self.shared.held();
            if held.at_work.is_some() {
                return Err(Refused::Busy);
            }
            let planned = held.planned.clone();
            let to_create = planned.as_ref().map_or(0, |planned| planned.to_create);
            let is_it = |planned: &Expected| planned.id == plan && planned.to_create == confirm;
            match (held.of.clone(), planned.filter(is_it)) {
                (Some(asked), Some(planned)) => (asked, planned),
                _ => return Err(Refused::NotAsPlanned { planned: to_create, asked: confirm }),
            }
        };
        let Expected { digest, to_create: planned, .. } = expected;
        let holds = move |now: &Planned| {
            let asked = now.outlook.rows.to_create;
            let is_it = asked == planned && now.checked.pass.wanted.digest() == digest;
            if is_it { Ok(()) } else { Err(Refused::NotAsPlanned { planned, asked }) }
        };
        let begun = self.run(asked, None, Box::new(holds))?;
        let mut held = self.shared.held();
        held.planned = held.planned.take().filter(|planned| planned.id != plan); // it is run once
        Ok(begun)
    }

    /// Sends nothing more, and awaits what is under way; the ledger goes on with it.
    ///
    /// # Errors
    /// Where none is at work.
    pub fn pause(&self) -> Result<RunTold, Refused> {
        let (stop, watched) = match &self.shared.held().at_work {
            Some(AtWork { stop, watched: Some(watched) }) => (stop.clone(), Arc::clone(watched)),
            _ => return Err(Refused::Nothing),
        };
        stop.stop_and_tell(Stop::Interrupted, &*watched);
        // It may be over by now: then that is what is told.
        self.now()?.ok_or(Refused::Nothing)
    }

    /// Goes on with what was paused, stopped, or at work in a process that has ended.
    ///
    /// # Errors
    /// While one is at work; where nothing is left to do; where the roster now asks for more than the run has left.
    pub fn go_on(&self) -> Result<RunTold, Refused> {
        let (asked, again) = {
            let held = self.shared.held();
            if held.at_work.is_some() {
                return Err(Refused::Busy);
            }
            (held.of.clone().ok_or(Refused::Nothing)?, held.again.clone())
        };
        let (rows, steps) = self.shared.standing(&asked)?.ok_or(Refused::Nothing)?;
        let left = rows.pending + rows.in_doubt + if again.is_some() { rows.failed() } else { 0 };
        if left + steps == 0 {
            return Err(Refused::Nothing);
        }
        self.run(asked, again, at_most(left))
    }

    /// Sends the failed rows again: those of these states and codes alone, where any are named; else all but those whose
    /// names are taken. A mended copy of the roster takes its place: where nothing is named, what was mended is sent, under
    /// whatever name, and what was not is left as it stands.
    ///
    /// # Errors
    /// While one is at work; where no row has failed so; where more would be sent than have failed; as [`Rehearsals::start`]
    /// has them.
    pub fn retry(
        &self,
        states: &[RowState],
        codes: &[String],
        roster: Option<PathBuf>,
    ) -> Result<RunTold, Refused> {
        let of = {
            let held = self.shared.held();
            if held.at_work.is_some() {
                return Err(Refused::Busy);
            }
            held.of.clone().ok_or(Refused::Nothing)?
        };
        let failed = self.failed_of(&of)?;
        let mut picked = codes.to_vec();
        if !states.is_empty() {
            let of_state = failed.iter().filter(|row| states.contains(&row.state));
            picked.extend(of_state.filter_map(|row| row.code.clone()));
            picked.sort();
            picked.dedup();
        }
        let is_picked = |row: &RowTold| match picked.is_empty() {
            true => states.is_empty(),
            false => row.code.as_ref().is_some_and(|code| picked.contains(code)),
        };
        if !failed.iter().any(is_picked) {
            return Err(Refused::Nothing);
        }
        let (asked, is_mended) = match roster {
            Some(copy) if copy != of.roster => (of.of_copy(copy), true),
            _ => (of, false),
        };
        self.shared.held().of = Some(asked.clone());
        let (rows, _) = self.shared.standing(&asked)?.ok_or(Refused::Nothing)?;
        let most = rows.failed() + rows.in_doubt;
        // To import a copy is to send what was mended: a retry would leave a name that is gone from it as it stands.
        let again = (!is_mended || !picked.is_empty()).then_some(picked);
        self.run(asked, again, at_most(most))
    }

    /// Where the run stands: also one that is over, whose process has ended, or that another process is at work with. `None`
    /// where there is none.
    ///
    /// # Errors
    /// Exit 4 where the ledger is damaged.
    pub fn now(&self) -> Result<Option<RunTold>, Failure> {
        let turn = self.shared.around.turns.next();
        let (asked, is_own) = {
            let held = self.shared.held();
            if let Some(AtWork { watched: Some(watched), .. }) = &held.at_work
                && watched.has_begun()
            {
                let told = watched.stands();
                return Ok(Some(RunTold { report: held.report.clone(), ..told }));
            }
            let Some(asked) = held.of.clone() else { return Ok(None) };
            let is_own = held.at_work.as_ref().is_some_and(|work| work.watched.is_some());
            (asked, is_own)
        };
        let ledger = asked.ledger(true);
        let length = std::fs::metadata(&ledger).map_or(0, |there| there.len());
        let is_free = || is_own || ledger::refuse_in_use(&ledger).is_ok();
        let known = {
            let held = self.shared.held();
            let seen = held.seen.as_ref().filter(|seen| seen.ledger == ledger && seen.length == length);
            seen.map(|seen| seen.told.clone())
        };
        // Of one that is at work elsewhere the pace is of now.
        let known = known.filter(|told| told.state != RunStands::Elsewhere && is_free());
        let told = match known {
            Some(told) => Some(told),
            None => looked::look(&ledger, &self.shared.around)?,
        };
        if let Some(told) = &told {
            self.shared.held().seen = Some(SeenLast { ledger, length, told: told.clone() });
        }
        Ok(told.map(|told| self.named(RunTold { turn, ..told })))
    }

    /// The rows that stand so, all where no state is named, in the order of the spreadsheet: so many from this one on.
    ///
    /// # Errors
    /// Exit 2 where there is no run, 4 where its ledger is damaged.
    pub fn rows(&self, state: Option<RowState>, from: usize, count: usize) -> Result<RowsTold, Refused> {
        let asked = self.shared.held().of.clone().ok_or(Refused::Nothing)?;
        let (of, at_work) = ledger::peek(&asked.ledger(true).into())?;
        let rows = looked::rows(&of, at_work, |stands| state.is_none_or(|state| state == stands));
        Ok(looked::part_of(rows, from, count))
    }

    /// The rows that failed, with what the service says of each, by the numbers that the spreadsheet shows.
    ///
    /// # Errors
    /// As [`Rehearsals::rows`] has them.
    pub fn failed(&self) -> Result<Vec<RowTold>, Refused> {
        let asked = self.shared.held().of.clone().ok_or(Refused::Nothing)?;
        self.failed_of(&asked)
    }

    /// Writes the report of the run, and returns the name of the file: another where that is open in another program. Only an
    /// earlier report is ever replaced.
    ///
    /// # Errors
    /// Exit 2 where something else stands there or there is no run, 4 where it cannot be written.
    pub fn report(&self, form: Form, to: &Path) -> Result<String, Refused> {
        let asked = self.shared.held().of.clone().ok_or(Refused::Nothing)?;
        let Around { terminal, clock, zone, .. } = &self.shared.around;
        file::is_free(to)?;
        // It is for other readers than the page's, as that of the command line is.
        let mut account = self.shared.around.account(&asked.ledger(true), terminal.voice())?;
        account.zone = zone.clone();
        if form.names_people() {
            let reading = terminal.reading(&account.settings);
            file::name_rows(&mut account, reading);
        }
        let bytes = form.bytes(&account, &rfc3339(clock.now()))?;
        file::is_free(to)?; // and again: the work took a while
        let name = name_of(&file::put(to, &bytes)?);
        self.shared.held().report = Some(name.clone());
        Ok(name)
    }

    /// Whether one is at work here.
    pub fn is_running(&self) -> bool {
        self.shared.held().at_work.as_ref().is_some_and(|work| work.watched.is_some())
    }

    /// Asks what is waited for, and tells where the run stands if that is news: for whoever shows it, once a second, in its
    /// own time.
    pub fn beat(&self) {
        let watched = self.shared.held().at_work.as_ref().and_then(|work| work.watched.clone());
        if let Some(watched) = watched {
            watched.beat();
        }
    }

    /// Returns when nothing is at work any more: for whoever is about to end, and has paused.
    pub fn wait(&self) {
        let mut held = self.shared.held();
        while held.at_work.is_some() || held.is_ending {
            held = self.shared.is_idle.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn failed_of(&self, asked: &ToRehearse) -> Result<Vec<RowTold>, Refused> {
        let (state, at_work) = ledger::peek(&asked.ledger(true).into())?;
        Ok(looked::rows(&state, at_work, RowState::has_failed))
    }

    fn named(&self, told: RunTold) -> RunTold {
        RunTold { report: self.shared.held().report.clone(), ..told }
    }

    /// Runs what is asked for on a thread of its own, and returns when requests are about to leave.
    fn run(&self, asked: ToRehearse, again: Option<Vec<String>>, holds: Holds) -> Result<RunTold, Refused> {
        let ledger = asked.ledger(true);
        let (waiting, begun) = mpsc::channel();
        let before = {
            let held = self.shared.held();
            let seen = held.seen.as_ref().filter(|seen| seen.ledger == ledger);
            seen.map(|seen| seen.told.log.clone()).unwrap_or_default()
        };
        let watched = Watched::new(self.shared.around.clone(), ledger.clone(), before, waiting);
        let watched = Arc::new(watched);
        let what = match &again {
            None => asked.import(),
            Some(codes) => What::Retry {
                codes: codes.clone(),
                roster: asked.roster.clone(),
                is_part: false,
                before: Box::new(Before::of(&ledger.clone().into())?),
            },
        };
        let job = asked.job(what, self.shared.around.terminal.settings(&asked));
        let work = self.shared.begin(Some(Arc::clone(&watched)))?;
        let before = std::mem::replace(&mut self.shared.held().again, again);
        let running = Running { shared: Arc::clone(&self.shared), ledger, watched, work };
        let thread = std::thread::Builder::new().name("rehearsal".into()).stack_size(STACK);
        let thread = thread.spawn(move || running.run(job, holds));
        thread.map_err(|error| Failure::stopped("cannot begin the rehearsal").because(error))?;
        // Whoever has gone without a word has broken.
        let begun = begun.recv().unwrap_or_else(|_| Err(Refused::Failed(broke())));
        if begun.is_err() {
            self.shared.held().again = before;
        }
        begun
    }
}

/// That no request leaves for more rows than these.
fn at_most(planned: u64) -> Holds {
    Box::new(move |now| {
        let asked = now.outlook.to_send;
        if asked <= planned { Ok(()) } else { Err(Refused::NotAsPlanned { planned, asked }) }
    })
}

/// As much as the first thread of a process has: all of a job is on it.
const STACK: usize = 8 << 20;

fn broke() -> Failure {
    Failure::new(Exit::Bug, "the rehearsal broke before it began")
}

/// Does something on a thread of its own: whoever asks may have a runtime already, and none can be within another.
fn apart<T: Send>(work: impl FnOnce() -> Result<T, Refused> + Send) -> Result<T, Refused> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("plan".into()).stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work);
        let thread = thread.map_err(|error| Failure::stopped("cannot begin the plan").because(error))?;
        thread.join().unwrap_or_else(|_| Err(Refused::Failed(broke())))
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))
}

/// Has the place of what is at work, as long as it lives.
struct Work {
    shared: Arc<Shared>,
    stop: Switch,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.shared.held().at_work = None;
        self.shared.is_idle.notify_all();
    }
}

impl Shared {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        lock(&self.held)
    }

    /// Takes the place of what is at work.
    fn begin(self: &Arc<Self>, watched: Option<Arc<Watched>>) -> Result<Work, Refused> {
        let stop = Switch::default();
        let mut held = self.held();
        if held.at_work.is_some() {
            return Err(Refused::Busy);
        }
        held.at_work = Some(AtWork { stop: stop.clone(), watched });
        Ok(Work { shared: Arc::clone(self), stop })
    }

    /// Where the rows of the run stand, and how many of them wait for what follows; `None` where there is none.
    fn standing(&self, asked: &ToRehearse) -> Result<Option<(Counts, u64)>, Failure> {
        let ledger = asked.ledger(true);
        if !ledger.exists() {
            return Ok(None);
        }
        let seen = ledger::glance(&ledger.clone().into())?;
        Ok(seen.map(|(state, _)| (state.counts(false), state.proficiencies().pending)))
    }

    /// What would be done, and the digest of the rows that it would be done with.
    fn forecast(&self, asked: &ToRehearse, stop: &Switch) -> Result<(PlanTold, String), Refused> {
        let Around { terminal, voice, .. } = &self.around;
        let warned = Arc::new(Warned::default());
        let job = asked.job(asked.import(), terminal.settings(asked));
        let forecast = runtime()?.block_on(async {
            let world = (self.around.world)(Arc::clone(&warned) as Arc<dyn Sink>, stop.clone());
            let checked = Box::pin(job.check(&world)).await?;
            let dry_run = Box::pin(checked.forecast()).await?;
            Ok::<_, Failure>((dry_run, checked.pass.wanted.digest()))
        });
        let (dry_run, digest) = forecast?;
        let outlook: &Outlook = &dry_run.outlook;
        let mut odd = outlook.odd(&terminal.undo(&asked.ledger(true), ""));
        odd.sort_by_key(|odd| !odd.is_warning);
        let room = dry_run.exit().err().map(|failure| failure.what);
        let warned = std::mem::take(&mut *lock(&warned.0));
        let said = warned.into_iter().chain(room).chain(odd.into_iter().map(|odd| odd.words));
        let warnings = said.map(|said| worded(&said, &**voice).into_owned()).collect();
        Ok((
            PlanTold {
                id: String::new(), // whoever holds it gives it one
                roster: name_of(&asked.roster),
                instance: "rehearsal",
                rows: outlook.rows,
                room: vec![RoomTold::of(outlook)],
                seconds: outlook.time().as_secs_f64(),
                warnings,
                names: NamesTold::of(&outlook.names, asked.directory.as_deref().map(name_of)),
                command: terminal.import(asked),
                rehearsal_command: terminal.rehearsal(asked),
            },
            digest,
        ))
    }
}

/// Keeps what is odd of all that is told.
#[derive(Default)]
struct Warned(Mutex<Vec<String>>);

impl Sink for Warned {
    fn tell(&self, event: Event) {
        if let Event::Warning { message } = event {
            lock(&self.0).push(message);
        }
    }
}

/// A run on its thread.
struct Running {
    shared: Arc<Shared>,
    ledger: PathBuf,
    watched: Arc<Watched>,
    work: Work,
}

impl Running {
    fn run(self, job: Job, holds: Holds) {
        let ended = self.work_through(job, holds);
        let Self { shared, ledger, watched, work } = self;
        watched.close();
        let waiting = watched.waiting();
        let told = match ended {
            Err(refused) if !watched.has_begun() => {
                drop(work);
                if let Some(waiting) = waiting {
                    let _ = waiting.send(Err(refused)); // whoever has given up waiting misses nothing
                }
                return;
            }
            ended => last_word(&shared.around, &ledger, &watched, ended),
        };
        {
            let mut held = shared.held();
            let length = std::fs::metadata(&ledger).map_or(0, |there| there.len());
            held.seen = told.clone().map(|told| SeenLast { ledger, length, told });
            held.is_ending = true;
        }
        let _last = LastWord(Arc::clone(&shared));
        drop(work); // whoever hears the last word may go on
        if let Some(told) = told {
            let report = shared.held().report.clone();
            // Whatever was told while it was at work was told before.
            let turn = shared.around.turns.next();
            (shared.around.told)(Told::Run(Box::new(RunTold { turn, report, ..told })));
        }
    }

    fn work_through(&self, job: Job, holds: Holds) -> Result<Ended, Refused> {
        let sink = Arc::clone(&self.watched) as Arc<dyn Sink>;
        runtime()?.block_on(async {
            let world = (self.shared.around.world)(sink, self.work.stop.clone());
            ledger::refuse_in_use(&job.ledger)?;
            let planned = Box::pin(job.check(&world)).await?;
            let planned = Box::pin(planned.plan()).await?;
            holds(&planned)?;
            Ok(Box::pin(planned.run()).await?)
        })
    }
}

/// The last word of a run: until it is told, somebody may wait for it.
struct LastWord(Arc<Shared>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.held().is_ending = false;
        self.0.is_idle.notify_all();
    }
}

/// Where a run stands that has ended; `None` where its ledger cannot be read any more.
fn last_word(
    around: &Around,
    ledger: &Path,
    watched: &Watched,
    ended: Result<Ended, Refused>,
) -> Option<RunTold> {
    let voice = &*around.voice;
    let mut log = watched.log();
    let (exit, why, file) = match ended {
        Ok(Ended { exit, stop, left, closed, .. }) => {
            let why = stop.filter(|stop| *stop != Stop::Interrupted).map(|stop| stop.to_string());
            let (exit, why) = match closed {
                Ok(()) => (exit, why),
                Err(failure) => (failure.exit, Some(failure.what)),
            };
            (exit, why, left.ok().and_then(|left| left.file))
        }
        Err(Refused::Failed(failure)) => (failure.exit, Some(failure.what), None),
        Err(_) => (Exit::Bug, None, None),
    };
    let why = why.map(|why| worded(&why, voice).into_owned());
    if let Some(why) = why.as_ref().filter(|_| exit == Exit::Bug) {
        log.broke(around.clock.now(), why);
    }
    let seen = looked::look(ledger, around).ok().flatten()?;
    let file = file.as_deref().map(name_of);
    Some(RunTold {
        state: looked::stands_after(exit.code(), seen.state == RunStands::Ended),
        exit: Some(exit.code()),
        why,
        log: log.lines(),
        failed: seen.failed.map(|failed| FailedTold { file, ..failed }),
        ..seen
    })
}
