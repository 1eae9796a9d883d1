//! `headcount import` and `headcount retry`: a roster becomes users.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::args::import::{Format, ImportArgs, RetryArgs, Shared};
use super::args::rate::Rate;
use super::farewell::{Farewell, Room, say_resume};
use super::instance::Reached;
use super::meant::{Job, absolute};
use super::outlook::{Outlook, Scene};
use super::password_args::Supply;
use super::policy::Needs;
use super::progress::{self, Found, Screen, Show};
use super::retype::Line;
use super::signals::Signals;
use super::voice::Flags;
use super::{findings, mixup, output, retype, settings, words};
use crate::agent::{Agent, RowNumber};
use crate::apply::{self, Doubt, Gift, Means, Origin, Settings, Task};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::connect::{Operation, policy};
use crate::crash;
use crate::directory::Directory;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::failed::{Origins, Run};
use crate::lane::pace::{CEILING, FLOOR, Pace, START, default_burst};
use crate::lane::remembered::Remembered;
use crate::lane::slots::Slots;
use crate::ledger::{
    self, Calls, Counts, Entry, Journal, Kind, Ledger, LockedFile, Place, RowState, State, StepCounts, Steps,
    VERSION, be_a_file, glance,
};
use crate::plan::{Asked, Decision, Plan, StepDecision, Wanted};
use crate::roster::{Field, Roster, Row};
use crate::stop::{Stop, Switch};
use crate::user;
use crate::validate::{self, Checked, RowCheck, Rules};

/// What the command line of an import needs; `None` for a rehearsal.
pub(super) fn needs(args: &ImportArgs) -> Result<Option<Needs>, Failure> {
    needs_of(&args.shared, &args.roster)
}

/// What the command line of a retry needs; `None` for a rehearsal.
pub(super) fn needs_of_retry(args: RetryArgs) -> Result<Option<Needs>, Failure> {
    let job = Job::retry(args, Vec::new())?;
    needs_of(&job.shared, &job.roster)
}

fn needs_of(args: &Shared, roster: &Path) -> Result<Option<Needs>, Failure> {
    if args.rehearsal.simulate {
        return Ok(None);
    }
    let roster = args.reading.open(roster)?;
    let has = |field| roster.columns().has(field);
    let needs = args.instance.needs()?;
    let job = policy::Job {
        creates: !args.dry_run,
        tags: !args.no_provenance_tag || has(Field::Tags),
        proficiencies: has(Field::Proficiencies),
        ..needs.job
    };
    Ok(Some(Needs { job, ..needs }))
}

/// The documented default quota of CreateUser, in calls a second (Amazon Connect service quotas, L-CBDEE3E4).
const DOCUMENTED_RATE: f64 = 2.0;

/// Runs `import`; `typed` is the command line, to be pasted again.
pub(super) fn run(args: ImportArgs, typed: &[OsString]) -> Result<Exit, Failure> {
    start(Job::import(args, typed.to_vec()))
}

/// Runs `retry`: roster, instance, region and profile default to the ledger's.
pub(super) fn retry(args: RetryArgs, typed: &[OsString]) -> Result<Exit, Failure> {
    start(Job::retry(args, typed.to_vec())?)
}

fn start(job: Job) -> Result<Exit, Failure> {
    mixup::refuse(&job)?;
    // One thread for all rows: what they do is wait, and handing them from thread to thread costs more than that.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    runtime.block_on(import(&job))
}

async fn import(job: &Job) -> Result<Exit, Failure> {
    let args = &job.shared;
    let switch = Switch::default();
    let sending = Arc::new(OnceLock::new());
    listen_for_signals(switch.clone(), sending.clone(), retype::resume(&job.typed))?;

    if !args.dry_run {
        ledger::refuse_in_use(&job.ledger)?;
    }
    let roster = args.reading.open(&job.roster)?;
    let mut reached = if args.rehearsal.simulate {
        let stage = job.stage(&roster);
        args.rehearsal.reach(&args.instance, &stage).await?
    } else {
        args.instance.reach().await?
    };
    if roster.columns().has(Field::Proficiencies) {
        reached.read_for_proficiencies().await?;
    }
    args.passwords.fit(reached.directory.instance.identity)?;
    let rules = Rules {
        tag_room: if args.no_provenance_tag { 50 } else { 49 },
        compares_users: false,
        generates_passwords: args.passwords.is_given(),
        ..Rules::of(&reached.directory)
    };
    let mut wanted = Wanted::default();
    let has_proficiencies = roster.columns().has(Field::Proficiencies);
    let mut origins = Origins::of(&roster, job.retry.as_ref().map(|retry| retry.run.as_str()));
    let checked = validate::check_with_fingerprints(&roster, &rules, &mut |row| {
        if row.has_errors && origins.is_left(row.row) {
            return Ok(());
        }
        origins.add(row.row, row.username);
        let number = RowNumber::of(row.number);
        match (row.fingerprint(), row.first_error) {
            (Some(fingerprint), _) => {
                let agent = if has_proficiencies { row.agent() } else { None };
                let proficiencies = agent.as_ref().and_then(validate::proficiencies_fingerprint);
                wanted.add_with_proficiencies(row.username, number, fingerprint, proficiencies);
            }
            (None, Some(error)) => wanted.add_invalid(row.username, number, error.code, &error.message),
            (None, None) => {
                wanted.add_invalid(row.username, number, "row-unreadable", "the row cannot be read")
            }
        }
        Ok(())
    })?;
    let blocked = !checked.is_clean() && (!args.skip_invalid || checked.file_errors > 0);
    if !checked.findings.is_empty() {
        let groups = findings::groups(&checked, roster.own_headers(), output::Paint::of_stderr());
        output::say(groups.strip_suffix('\n').unwrap_or(&groups));
    }
    if args.format == Format::Json {
        for finding in &checked.findings {
            progress::print(&Found::new(finding));
        }
    }
    if blocked {
        output::say(&format!("nothing was sent: {}", faults(&checked)));
        return Ok(Exit::Findings);
    }

    let supply = args.passwords.supply()?;
    let mut file = open_ledger(job, &reached.directory, &wanted)?;
    let credentials = supply.open(file.state(), args.dry_run)?;
    if let (Some(credentials), File::Locked(ledger)) = (&credentials, &mut file) {
        // Where an older copy of the ledger was put back: no number is given twice.
        ledger.state.attempts = ledger.state.attempts.max(credentials.found.highest);
    }
    let state = file.state();
    let directory = &reached.directory;
    let users = directory.users.as_ref();
    let on_instance = users.map(|users| move |user: &str| users.get(user).is_some());
    let asked = Asked {
        retry: job.retry.is_some(),
        codes: job.retry.as_ref().map_or(&[], |retry| &retry.codes),
        recreate_missing: args.recreate_missing,
    };
    let on_instance = on_instance.as_ref().map(|there| there as &dyn Fn(&str) -> bool);
    let mut plan = Plan::build(&wanted, state, asked, on_instance);
    if let Some(retry) = &job.retry {
        origins.check(state)?;
        if retry.is_of_part || origins.is_ours() {
            plan.spare_gone(state, |user| origins.has_renamed(user));
        }
    }
    let remembered = remembered_rates(args);
    let pace = Chosen::of(args, directory, remembered.as_ref());
    let outlook = Outlook::of(&plan, &wanted, state, directory, pace);
    let scene = Scene {
        roster: &roster,
        rehearsal: args.rehearsal.simulate,
        ledger: &job.ledger,
        passwords: supply.words(),
        directory,
        plan: &plan,
        wanted: &wanted,
        state,
        names: &checked.names,
        lists_names: args.dry_run,
    };
    output::say_whole(&outlook.words(&scene, settings::width_of_talk()));
    if args.dry_run {
        forecast(job, &reached.directory, &outlook);
    }
    if !args.allow_partial {
        outlook.has_room()?;
    }
    if args.dry_run {
        return Ok(if checked.is_clean() { Exit::Done } else { Exit::Findings });
    }
    if plan.to_send() + plan.gone(Decision::LookUp).count() as u64 > 0
        && settings::is_interactive()
        && !args.yes
        && !agreed(&outlook)?
    {
        output::say("nothing was sent");
        say_resume(&retype::resume(&job.typed));
        return Ok(Exit::Interrupted);
    }
    if switch.is_set() {
        return Ok(Exit::Interrupted);
    }

    let ledger: Arc<dyn Journal> = Arc::new(file.into_ledger()?);
    let (calls_before, created_before) = ledger.read(|state| (state.calls, state.counts(false).created));
    let begun = Instant::now();
    let (events, receiver) = mpsc::unbounded_channel();
    crash::point("plan-before");
    let run = record_plan(job, &*ledger, &reached, &wanted, &plan, pace.rate).await?;
    crash::point("plan-recorded");
    let credentials = credentials
        .map(|file| {
            let now = rfc3339(SystemClock.now());
            file.into_credentials(&run, &reached.directory.instance.arn, supply.recipients(), &now)
        })
        .transpose()?;
    let how = if args.format == Format::Json { Show::Json } else { Show::Human };
    let screen = Screen::new(how);
    let shown = screen.clone().show_aside(receiver);
    let shown = shown.map_err(|error| Failure::stopped("cannot show what happens").because(error))?;
    let _ = events.send(Event::Started {
        version: 1,
        run: run.clone(),
        ledger: job.ledger.display().to_string(),
        instance: reached.directory.instance.arn.clone(),
        total: ledger.read(|state| state.counts(true).total),
        to_send: outlook.to_send,
        rate: pace.rate,
    });
    let _ = sending.set(Sending { events: events.downgrade(), screen });
    let settings = Settings {
        instance: reached.directory.instance.id.clone(),
        identity: reached.directory.instance.identity,
        run,
        provenance_tag: !args.no_provenance_tag,
        accept_probable: args.accept_probable,
        row_budget: Duration::from_secs(args.settle_timeout),
        outage_patience: Duration::from_secs(args.outage_timeout),
        seed: u64::from(std::process::id()) ^ begun_at(),
        voice: &Flags,
    };
    let paces = reached.lane.paces();
    paces.set(Operation::CreateUser, pace.pace());
    let slots = Slots::new(pace.rate, pace.burst, args.concurrency.map(usize::from));
    let lane = Arc::clone(&reached.lane);
    let means = Means::new(lane, slots, ledger.clone(), settings, switch.clone(), Arc::new(events.clone()))
        .recording(credentials);
    let rules = Rules { directory: Some(&reached.directory), ..rules };
    apply::run(means, Tasks::new(&roster, &rules, &wanted, &plan, ledger.clone())?.with(&supply)).await?;
    if let (true, Some(rates), Some(rate)) =
        (pace.learns, &remembered, paces.of(Operation::CreateUser).found())
    {
        let now = rfc3339(SystemClock.now());
        if let Err(error) = rates.keep(&reached.directory.instance.arn, Operation::CreateUser, rate, &now) {
            let message = format!("the rate learned, {rate:.1} a second, cannot be kept: {error}");
            let _ = events.send(Event::Note { message });
        }
    }
    let (counts, steps, calls, left) = ledger.read(|state| {
        let is_rehearsal = args.rehearsal.simulate;
        let run = Run { roster: &roster, wanted: &wanted, rules: &rules, state, is_rehearsal };
        // That the file cannot be written is no reason to fail: the ledger has all.
        let left = run.leave().map_err(|failure| output::failure(&failure)).ok();
        (state.counts(false), state.proficiencies(), state.calls, left)
    });
    let reason = switch.reason();
    let exit = exit_of(&counts, &steps, reason.as_ref());
    let _ = events.send(Event::Ended {
        exit: exit.code(),
        rows: counts,
        steps: Steps { proficiencies: steps },
        calls,
        seconds: begun.elapsed().as_secs_f64(),
    });
    drop(events);
    let _ = shown.join(); // a screen that broke is no reason to end otherwise
    crash::point("close-before");
    let closed = if Arc::strong_count(&ledger) == 1 {
        ledger.close(exit).map_err(|fault| Failure::stopped(fault.to_string()))
    } else {
        Err(Failure::new(Exit::Bug, "an import ended with a row still at work"))
    };
    crash::point("close-after");
    let farewell = Farewell {
        job,
        arn: &reached.directory.instance.arn,
        exit,
        counts,
        steps,
        calls: Calls {
            sent: calls.sent - calls_before.sent,
            throttled: calls.throttled - calls_before.throttled,
        },
        took: begun.elapsed(),
        reason,
        left,
        room: Room {
            users: outlook.users,
            allowed: outlook.allowed,
            made: counts.created.saturating_sub(created_before),
        },
    };
    farewell.tell_result();
    if let Some(running) = reached.rehearsal.take() {
        running.shutdown().await;
    }
    farewell.say();
    closed.map(|_| exit)
}

/// Why nothing is sent, in a few words.
fn faults(checked: &Checked) -> String {
    match (checked.invalid_rows, checked.file_errors) {
        (0, _) => "the roster as a whole has errors".to_owned(),
        (rows, 0) => format!("{} with errors; --skip-invalid sends the others", words::count(rows, "row")),
        (rows, _) => format!("{} with errors, and the roster as a whole has some", words::count(rows, "row")),
    }
}

/// The result of a dry run.
fn forecast(job: &Job, directory: &Directory, outlook: &Outlook) {
    if job.shared.format == Format::Json {
        progress::print(&Event::Planned {
            version: 1,
            ledger: job.ledger.display().to_string(),
            instance: directory.instance.arn.clone(),
            rows: outlook.rows,
            rate: outlook.rate(),
            seconds: outlook.time().as_secs_f64(),
        });
        return;
    }
    let settled = match outlook.rows.to_settle {
        0 => String::new(),
        rows => format!(" and {} settled", words::count(rows, "row")),
    };
    let created = words::count(outlook.rows.to_create, "user");
    output::result(&format!("dry run: {created} would be created{settled}; nothing was sent\n"));
}

/// The ledger before anything is decided: locked for an import, only read for a dry run.
enum File {
    Locked(Box<LockedFile>),
    Read(Box<State>),
}

impl File {
    fn state(&self) -> &State {
        match self {
            Self::Locked(file) => &file.state,
            Self::Read(state) => state,
        }
    }

    fn into_ledger(self) -> Result<Ledger, Failure> {
        match self {
            Self::Locked(file) => file.into_ledger(Arc::new(SystemClock)),
            Self::Read(_) => Err(Failure::new(Exit::Bug, "a dry run was about to write its ledger")),
        }
    }
}

fn open_ledger(job: &Job, directory: &Directory, wanted: &Wanted) -> Result<File, Failure> {
    let path = &job.ledger;
    let file = if job.shared.dry_run {
        be_a_file(path)?;
        let there = if path.exists() { glance(path)? } else { None };
        let state = there.map_or_else(State::default, |(state, _)| state);
        File::Read(Box::new(state))
    } else {
        let file = LockedFile::open(path)?;
        if file.repaired > 0 {
            output::say(&format!(
                "the ledger's last line was cut short by a crash ({}) and has been removed: nothing was sent on the strength of it",
                words::count(file.repaired, "byte")
            ));
        }
        File::Locked(Box::new(file))
    };
    let state = file.state();
    if state.header.run.is_empty() {
        return Ok(file);
    }
    if state.header.instance != directory.instance.arn {
        return Err(Failure::stopped(format!(
            "the ledger is of another instance: `{}`",
            state.header.instance
        ))
        .hint(format!(
            "give that instance, or import into {} with a ledger of its own: --ledger FILE",
            directory.instance.arn
        )));
    }
    let session = &state.session;
    if !session.id.is_empty() && !session.has_ended && session.host != settings::host_name() {
        output::say(&format!(
            "warning: the last to work with this ledger has not said that it ended: {}; should it be at work there still \
             with a copy, stop one of the two, for neither can see the other",
            ledger::whose(session)
        ));
    }
    let roster = absolute(&job.roster);
    let known = [&state.header.roster, &state.session.roster].iter().any(|path| **path == roster);
    let shares_rows = || state.places().any(|at| wanted.find(state.user(at)).is_some());
    if job.retry.is_none() && !known && state.places().len() > 0 && !shares_rows() {
        return Err(Failure::stopped(format!("the ledger is of another roster: `{}`", state.header.roster))
            .hint("give that roster, or a ledger of its own with --ledger FILE"));
    }
    Ok(file)
}

/// CreateUser's pace as it is chosen.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    /// Calls a second; where the rate is learned, those to start with.
    pub(super) rate: f64,
    pub(super) burst: u32,
    learns: bool,
    /// What an earlier run learned.
    remembered: Option<f64>,
}

impl Chosen {
    fn of(args: &Shared, directory: &Directory, rates: Option<&Remembered>) -> Self {
        let learns = args.rate == Rate::Auto;
        let remembered = rates
            .filter(|_| learns)
            .and_then(|rates| rates.rate(&directory.instance.arn, Operation::CreateUser))
            .map(|rate| rate.clamp(FLOOR, CEILING));
        let rate = match args.rate {
            Rate::Fixed(rate) => rate,
            Rate::Quota => directory.quotas.create_user_rate.unwrap_or(DOCUMENTED_RATE),
            Rate::Auto => remembered.unwrap_or(START),
        };
        Self { rate, burst: args.burst.unwrap_or_else(|| default_burst(rate)), learns, remembered }
    }

    fn pace(&self) -> Pace {
        if self.learns { Pace::learning(self.remembered) } else { Pace::new(self.rate, self.burst) }
    }

    pub(super) fn words(&self) -> String {
        let rate = self.rate;
        match (self.learns, self.remembered) {
            (false, _) => format!("at {rate} calls a second (burst {})", self.burst),
            (true, None) => format!("at {rate} calls a second, which is where learning starts"),
            (true, Some(_)) => format!("at {rate} calls a second, as learned last"),
        }
    }
}

/// Where learned rates are kept; a rehearsal's are worth nothing elsewhere.
fn remembered_rates(args: &Shared) -> Option<Remembered> {
    let folder = if args.rehearsal.simulate { None } else { settings::state_folder() };
    folder.map(|folder| Remembered::in_folder(&folder))
}

fn agreed(outlook: &Outlook) -> Result<bool, Failure> {
    let question = format!("Create {}? [y/N] ", words::count(outlook.new_users(), "user"));
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::stopped("cannot read the answer").because(error))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Records the session and every planned row, synced: before the first request leaves. Returns the run's id.
async fn record_plan(
    job: &Job,
    ledger: &dyn Journal,
    reached: &Reached,
    wanted: &Wanted,
    plan: &Plan,
    rate: f64,
) -> Result<String, Failure> {
    let before = ledger.read(State::clone);
    let now = rfc3339(SystemClock.now());
    let tool = concat!("headcount ", env!("CARGO_PKG_VERSION"));
    let roster = job.recorded_roster(&before).unwrap_or_else(|| absolute(&job.roster));
    let is_new = before.header.run.is_empty();
    let run = if is_new { uuid::Uuid::new_v4().to_string() } else { before.header.run.clone() };
    let header = is_new.then(|| Entry {
        version: Some(VERSION),
        run: Some(run.as_str().into()),
        roster: Some(roster.as_str().into()),
        digest: Some(wanted.digest().into()),
        instance: Some(reached.directory.instance.arn.as_str().into()),
        rehearsal: job.shared.rehearsal.simulate,
        tool: Some(tool.into()),
        at: Some(now.as_str().into()),
        ..Entry::of(Kind::Ledger)
    });
    let session = Entry {
        session: Some(uuid::Uuid::new_v4().to_string().into()),
        host: Some(settings::host_name().into()),
        pid: Some(std::process::id()),
        roster: Some(roster.as_str().into()),
        digest: Some(wanted.digest().into()),
        tool: Some(tool.into()),
        region: Some(reached.region.as_str().into()),
        profile: job.shared.instance.profile.as_deref().map(Into::into),
        endpoint: reached.endpoint.as_deref().map(Into::into),
        rate: Some(rate),
        at: Some(now.as_str().into()),
        ..Entry::of(Kind::Session)
    };
    let changes = plan.changes(wanted, |at| before.user(at), &now);
    ledger.record(&mut header.into_iter().chain([session]).chain(changes)).await.map_err(|fault| {
        Failure::stopped(fault.to_string()).hint("nothing was sent; choose another place with --ledger FILE")
    })?;
    Ok(run)
}

/// The rows to send, read from the roster once more and compared with the plan; then those to look up only.
struct Tasks<'t> {
    rows: crate::roster::Rows,
    row: Row,
    check: RowCheck<'t>,
    roster: &'t Roster,
    rules: &'t Rules<'t>,
    wanted: &'t Wanted,
    plan: &'t Plan,
    ledger: Arc<dyn Journal>,
    look_ups: std::vec::IntoIter<Place>,
    supply: &'t Supply,
}

impl<'t> Tasks<'t> {
    fn new(
        roster: &'t Roster,
        rules: &'t Rules<'t>,
        wanted: &'t Wanted,
        plan: &'t Plan,
        ledger: Arc<dyn Journal>,
    ) -> Result<Self, Failure> {
        let mut look_ups: Vec<Place> = plan.gone(Decision::LookUp).collect();
        ledger.read(|state| {
            let invalid = plan.named(wanted, Decision::LookUp);
            look_ups.extend(invalid.filter_map(|user| state.find(user)));
        });
        let rows = roster.rows()?;
        let check = RowCheck::new(roster.columns(), rules);
        let look_ups = look_ups.into_iter();
        let supply = &Supply::Roster;
        Ok(Self { rows, row: Row::default(), check, roster, rules, wanted, plan, ledger, look_ups, supply })
    }

    /// The same, with passwords for the rows that have none.
    fn with(self, supply: &'t Supply) -> Self {
        Self { supply, ..self }
    }

    /// The next row that is to be sent.
    fn next_row(&mut self) -> Result<Option<Task>, Failure> {
        while self.rows.read(&mut self.row)? {
            let columns = self.roster.columns();
            let username = validate::username(&self.row, columns);
            let decision = self.plan.of(self.wanted, username);
            let Some(seen) =
                self.wanted.find(username).filter(|seen| seen.row == RowNumber::of(self.row.number))
            else {
                continue; // invalid, or gone by another name: the plan has it under its number
            };
            let sends = decision.is_some_and(Decision::sends);
            if !sends && self.plan.step_of(self.wanted, username) != StepDecision::Give {
                continue;
            }
            let agent = validate::agent_by(&self.check, &self.row);
            let proficiencies = agent.as_ref().and_then(validate::proficiencies_fingerprint);
            let is_same = |agent: &Agent| {
                Some(validate::fingerprint(agent)) == seen.fingerprint && proficiencies == seen.proficiencies
            };
            let Some(mut agent) = agent.filter(is_same) else { return Err(self.changed()) };
            let then = proficiencies
                .map(|fingerprint| Gift { proficiencies: user::proficiencies(&agent), fingerprint });
            if let (false, Some(then)) = (sends, &then) {
                let at = self.ledger.read(|state| state.find(username)).ok_or_else(|| self.changed())?;
                return Ok(Some(Task::associate(at, agent.row, agent.username, then.clone())));
            }
            let generated = self.supply.give(&mut agent)?;
            let body = user::create_user(&agent, self.rules.directory.ok_or_else(|| self.changed())?);
            let stands = self.ledger.read(|state| {
                let at = state.find(username)?;
                Some((at, state.record(at).settled_state()))
            });
            let (at, stands) = stands.ok_or_else(|| self.changed())?;
            let body = body.ok_or_else(|| self.changed())?;
            let users = self.rules.directory.and_then(|directory| directory.users.as_ref());
            let seen = users.is_some_and(|users| users.get(username).is_some());
            let origin = if generated { Origin::Made } else { Origin::Row };
            let doubt = if stands == RowState::InDoubt { Doubt::InDoubt } else { Doubt::Clear };
            let task = Task::create(at, &agent, body).doubted(doubt).seen(seen).then(then);
            return Ok(Some(task.with_password(origin)));
        }
        Ok(None)
    }

    fn changed(&self) -> Failure {
        Failure::stopped(format!("the roster changed while it was imported, in row {}", self.row.number))
            .hint("the rows before it are done; the same command resumes with the roster as it is now")
    }
}

impl Iterator for Tasks<'_> {
    type Item = Result<Task, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(next) = self.next_row().transpose() {
            return Some(next);
        }
        let at = self.look_ups.next()?;
        Some(Ok(self.ledger.read(|state| Task::settle(at, state.record(at).row, state.user(at).to_owned()))))
    }
}

fn exit_of(counts: &Counts, steps: &StepCounts, reason: Option<&Stop>) -> Exit {
    let by_reason = match reason {
        None if counts.pending > 0 => Exit::Stopped,
        None => Exit::Done,
        Some(Stop::Interrupted) => Exit::Interrupted,
        Some(_) => Exit::Stopped,
    };
    let by_rows = if counts.in_doubt + steps.pending > 0 {
        Exit::Unsettled
    } else if counts.exists + counts.rejected + counts.invalid + steps.rejected > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    };
    by_reason.worst(by_rows)
}

/// How those who listen for signals reach a run that has begun to send. The run ends when all its own senders are gone.
struct Sending {
    events: mpsc::WeakUnboundedSender<Event>,
    screen: Screen,
}

/// The first Ctrl-C (or SIGTERM) drains, the second ends the process at once; before anything is sent, the first does.
///
/// On a thread of its own: neither a long roster that is being checked nor a question that is open keeps it waiting.
fn listen_for_signals(switch: Switch, sending: Arc<OnceLock<Sending>>, resume: Line) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::stopped("cannot wait for Ctrl-C").because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    let mut interrupts = {
        let _inside = runtime.enter();
        Signals::listen().map_err(cannot)?
    };
    let listening = async move {
        interrupts.next().await;
        let Some(Sending { events, screen }) = sending.get() else {
            output::say("\ninterrupted; nothing was sent");
            say_resume(&resume);
            std::process::exit(i32::from(Exit::Interrupted.code()));
        };
        let message =
            "interrupted: requests under way are awaited; press Ctrl-C again to stop at once".into();
        match events.upgrade() {
            Some(events) => {
                let _ = events.send(Event::Note { message });
                switch.stop_and_tell(Stop::Interrupted, &events);
            }
            // All rows are done, and nobody listens any more.
            None => drop(switch.stop(Stop::Interrupted)),
        }
        interrupts.next().await;
        screen.clear();
        output::say("stopped at once");
        say_resume(&resume);
        std::process::exit(i32::from(Exit::Interrupted.code()));
    };
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(move || runtime.block_on(listening)).map(drop).map_err(cannot)
}

/// Something that differs from run to run, for the seed of the waits.
fn begun_at() -> u64 {
    let since = SystemClock.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}
