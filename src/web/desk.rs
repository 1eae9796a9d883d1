//! What is asked, answered: each question of the page handed to the job that knows, and its answer put into JSON. Nothing is decided
//! here.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::routes::Ask;
use super::stream::Teller;
use super::wire;
use crate::agent::IdentityType;
use crate::clock;
use crate::error::{Failure, Remedy};
use crate::job::{
    MapChosen, Of, OnDisk, PlanTold, Refused, RefusedRow, Rehearsals, Settings, ToOpen, ToRead, ToRehearse,
    ToReplace, Told, Turns, Undoable, Workshop,
};
use crate::ledger::RowState;
use crate::report::file::Form;
use crate::roster::Options;
use crate::stop::{Stop, Switch};
use crate::text::{Voice, worded};

use super::voice::OnPage;

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// The code that the page knows it by.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do.
    pub(crate) hint: Option<String>,
    /// The sheets of which one is to be named.
    pub(crate) sheets: Vec<String>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, what: impl Into<String>) -> Self {
        Self { status, code, what: what.into(), hint: None, sheets: Vec::new() }
    }

    fn of(status: StatusCode, code: &'static str, failure: &Failure) -> Self {
        let what = match &failure.source {
            Some(cause) => format!("{}: {cause}", failure.what),
            None => failure.what.clone(),
        };
        let told = |text: &str| worded(text, &OnPage).into_owned();
        let sheets = match &failure.remedy {
            Some(Remedy::OneOfSheets { sheets }) => sheets.clone(),
            _ => Vec::new(),
        };
        Self { status, code, what: told(&what), hint: failure.hint.as_deref().map(told), sheets }
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> String {
        let mut error = json!({ "code": self.code, "what": self.what, "hint": self.hint });
        if !self.sheets.is_empty() {
            error["sheets"] = json!(self.sheets);
        }
        json!({ "error": error }).to_string()
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, "unusable", &failure)
    }
}

impl From<Undoable> for Refusal {
    fn from(undoable: Undoable) -> Self {
        match undoable {
            Undoable::Stale { revision } => Self::new(
                StatusCode::CONFLICT,
                "stale",
                format!("the roster was changed meanwhile; it is revision {revision} now"),
            ),
            Undoable::Busy(failure) => Self::of(StatusCode::CONFLICT, "busy", &failure),
            Undoable::Taken(failure) => Self::of(StatusCode::CONFLICT, "exists", &failure),
            Undoable::NotFound(failure) => Self::of(StatusCode::NOT_FOUND, "not-found", &failure),
            Undoable::Unusable(failure) => failure.into(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::new(StatusCode::CONFLICT, "busy", "a rehearsal is at work"),
            Refused::NotAsPlanned { planned, asked } => Self::new(
                StatusCode::CONFLICT,
                "not-as-planned",
                format!("the plan was for {planned}, and this would be {asked}: look at a new plan"),
            ),
            Refused::Nothing => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "there is no run, or nothing left to do")
            }
            Refused::Failed(failure) => failure.into(),
        }
    }
}

/// All that the page can ask of.
pub(crate) struct Desk {
    workshop: Mutex<Workshop>,
    rehearsals: Rehearsals,
    plan: Mutex<Option<PlanTold>>,
    pub(crate) teller: Teller,
    version: Value,
    turns: Turns,
    checking: Checking,
    /// When a run was told of last, in milliseconds since the desk was made: progress is told four times a second at most.
    told_run: AtomicU64,
    made: Instant,
    is_over: AtomicBool,
}

/// Whether all rows are to be checked, and what stops a check that is of no use any more.
#[derive(Default)]
struct Checking {
    wanted: Mutex<bool>,
    is_wanted: Condvar,
    current: Mutex<Option<Switch>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn asked<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| unusable(&error.to_string()))
}

fn query<T: DeserializeOwned>(query: &str) -> Result<T, Refusal> {
    let uri = format!("/?{query}").parse().map_err(|_| unusable("the query is none"))?;
    axum::extract::Query::<T>::try_from_uri(&uri)
        .map(|query| query.0)
        .map_err(|error| unusable(&error.to_string()))
}

fn unusable(why: &str) -> Refusal {
    Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unusable",
        format!("the page asked for something that cannot be: {why}"),
    )
}

fn told(value: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            format!("the answer cannot be written: {error}"),
        )
    })
}

fn delimiter(text: Option<String>) -> Result<Option<u8>, Refusal> {
    match text.as_deref() {
        None | Some("") => Ok(None),
        Some("\\t" | "tab") => Ok(Some(b'\t')),
        Some(text) => match text.as_bytes() {
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(Some(*byte)),
            _ => Err(unusable("a delimiter is one sign")),
        },
    }
}

fn identity(word: &str) -> Result<IdentityType, Refusal> {
    let all = [IdentityType::ConnectManaged, IdentityType::Saml, IdentityType::ExistingDirectory];
    all.into_iter()
        .find(|identity| identity.as_flag() == word)
        .ok_or_else(|| unusable("no such identity type"))
}

impl Desk {
    /// Of a workshop, with rehearsals that tell [`Desk::hear`].
    pub(crate) fn new(workshop: Workshop, rehearsals: Rehearsals, teller: Teller, nonce: &str) -> Self {
        Self {
            workshop: Mutex::new(workshop),
            rehearsals,
            plan: Mutex::new(None),
            teller,
            version: json!({ "program": env!("CARGO_PKG_VERSION"), "nonce": nonce }),
            turns: Turns::default(),
            checking: Checking::default(),
            told_run: AtomicU64::new(0),
            made: Instant::now(),
            is_over: AtomicBool::new(false),
        }
    }

    /// What tells this process from another.
    pub(crate) fn version(&self) -> &Value {
        &self.version
    }

    /// Whether a run goes on.
    pub(crate) fn is_running(&self) -> bool {
        self.rehearsals.is_running()
    }

    /// Whether something is not saved.
    pub(crate) fn has_unsaved(&self) -> bool {
        lock(&self.workshop).has_unsaved()
    }

    /// Opens a roster as the program is started.
    ///
    /// # Errors
    /// As [`Workshop::open`], in the words of whoever has started it.
    pub(crate) fn open(&self, mut asked: ToOpen) -> Result<(), Failure> {
        let mut workshop = lock(&self.workshop);
        if asked.reading.columns.is_none() {
            asked.reading.columns = workshop.map_of(&asked.name);
        }
        workshop.open(asked).map_err(Undoable::into_failure)?;
        drop(workshop);
        self.look_at_run();
        Ok(())
    }

    /// Settings as the program is started.
    pub(crate) fn set(&self, settings: Settings) -> Result<(), Failure> {
        lock(&self.workshop).set(0, settings).map_err(Undoable::into_failure)
    }

    /// Ends: whoever is at work is paused and awaited.
    pub(crate) fn end(&self, why: &str) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(current) = &*lock(&self.checking.current) {
            current.stop(Stop::Interrupted);
        }
        self.checking.is_wanted.notify_all();
        if self.rehearsals.is_running() {
            let _ = self.rehearsals.pause();
            self.rehearsals.wait();
        }
        self.teller.tell("bye", json!({ "why": why }).to_string());
    }

    // ── what goes on by itself ──

    /// Checks all rows whenever something has changed, until the end: on a thread of its own. A change stops the check of what
    /// was before it.
    pub(crate) fn check(&self) {
        loop {
            {
                let mut wanted = lock(&self.checking.wanted);
                while !*wanted && !self.is_over.load(Ordering::SeqCst) {
                    wanted = self.checking.is_wanted.wait(wanted).unwrap_or_else(PoisonError::into_inner);
                }
                *wanted = false;
            }
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            // A moment for the answer to come through, and for the page to mark the cell: a check takes all cores.
            clock::block_for(BREATH);
            self.tell_state();
            *lock(&self.checking.wanted) = false;
            let stop = Switch::default();
            *lock(&self.checking.current) = Some(stop.clone());
            let Some(mut mending) = lock(&self.workshop).to_check() else { continue };
            // Stopped, it is checked again, for whoever stopped it has changed something.
            if mending.check(&stop).is_err() || stop.is_set() {
                continue;
            }
            let is_current = lock(&self.workshop).take(&mut mending);
            if is_current {
                let (revision, counts) = {
                    let state = lock(&self.workshop).state();
                    (state.checked, state.counts)
                };
                self.teller.tell("checked", json!({ "revision": revision, "counts": counts }).to_string());
                self.tell_state();
                let to_keep = lock(&self.workshop).to_keep();
                if let Some(kept) = to_keep {
                    kept.keep();
                    lock(&self.workshop).has_kept(&kept);
                }
            }
        }
    }

    fn want_check(&self) {
        if let Some(current) = &*lock(&self.checking.current) {
            current.stop(Stop::Interrupted);
        }
        *lock(&self.checking.wanted) = true;
        self.checking.is_wanted.notify_all();
    }

    /// Once a second: whether the roster's file has changed, and how a run gets on.
    pub(crate) fn beat(&self) {
        self.rehearsals.beat();
        let Ok(mut workshop) = self.workshop.try_lock() else { return };
        let looked = workshop.look();
        drop(workshop);
        match looked {
            Ok(None) => {}
            Ok(Some(what)) => {
                let what = match what {
                    OnDisk::ReadAgain => "read-again",
                    OnDisk::Changed => "conflict",
                    OnDisk::Gone => "gone",
                };
                self.teller.tell("file", json!({ "what": what }).to_string());
                self.tell_state();
            }
            // Half of a file is no roster; it is looked at again.
            Err(_) => self.teller.tell("file", json!({ "what": "unreadable" }).to_string()),
        }
    }

    /// Hears of a run.
    pub(crate) fn hear(&self, news: Told) {
        const BETWEEN: u64 = 250;
        match news {
            Told::Line(line) => self.teller.tell("run", line),
            Told::Run(run) => {
                let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
                let before = self.told_run.load(Ordering::SeqCst);
                let is_over = !matches!(run.state, crate::job::RunStands::Running);
                if is_over || now.saturating_sub(before) >= BETWEEN {
                    self.told_run.store(now, Ordering::SeqCst);
                    if let Ok(run) = serde_json::to_string(&run) {
                        self.teller.tell("progress", run);
                    }
                }
                if is_over {
                    self.tell_state();
                }
            }
        }
    }

    /// Where all stands.
    pub(crate) fn state(&self) -> Result<Value, Refusal> {
        let turn = self.turns.next();
        let mut state = told(lock(&self.workshop).state())?;
        let run = self.rehearsals.now().ok().flatten();
        if let Some(state) = state.as_object_mut() {
            state.insert("turn".to_owned(), turn.into());
            state.insert("version".to_owned(), self.version.clone());
            state.insert("plan".to_owned(), told(&*lock(&self.plan))?);
            state.insert("run".to_owned(), told(run)?);
        }
        Ok(state)
    }

    fn tell_state(&self) {
        if let Ok(state) = self.state() {
            self.teller.tell("state", state.to_string());
        }
    }

    /// A change that was made: all rows are checked, and the page is told.
    fn changed(&self, answer: Value) -> Result<Value, Refusal> {
        *lock(&self.plan) = None;
        // Whoever checks tells how all stands, when this is answered.
        self.want_check();
        Ok(answer)
    }

    /// What is to be rehearsed of what is open.
    fn to_rehearse(&self, asked: &wire::DoPlan) -> Result<ToRehearse, Refusal> {
        let (roster, original, reading, by) = lock(&self.workshop).to_import()?;
        let is_rough = match asked.weather.as_deref() {
            None | Some("calm") => false,
            Some("rough") => true,
            Some(_) => return Err(unusable("the weather is calm or rough")),
        };
        Ok(ToRehearse {
            copy_of: (roster != original).then_some(original),
            roster,
            reading,
            directory: by.directory,
            identity: by.identity,
            makes_passwords: by.makes_passwords,
            skips_invalid: asked.skip_invalid,
            is_rough,
            seed: asked.seed,
        })
    }

    /// Where a run of the open roster stands, should there be one.
    fn look_at_run(&self) {
        *lock(&self.plan) = None;
        let asked = wire::DoPlan { skip_invalid: false, weather: None, seed: 0 };
        if let Ok(asked) = self.to_rehearse(&asked) {
            let _ = self.rehearsals.of(asked);
        }
    }

    // ── answers ──

    /// Answers a question; `name` is what stands for `*` in its path.
    pub(crate) fn answer(
        &self,
        ask: Ask,
        name: &str,
        asked_query: &str,
        body: &[u8],
    ) -> Result<Value, Refusal> {
        match ask {
            Ask::State => self.state(),
            Ask::Files => told(lock(&self.workshop).files()?),
            Ask::Upload => {
                let name = lock(&self.workshop).receive(name, body)?;
                Ok(json!({ "name": name }))
            }
            Ask::Open => self.open_roster(asked(body)?),
            Ask::Settings => self.set_settings(asked(body)?),
            Ask::Template => {
                let wire::NewTemplate { identity: word, format, name } = asked(body)?;
                let ending = format!(".{format}");
                let name = if name.to_ascii_lowercase().ends_with(&ending) {
                    name
                } else {
                    format!("{name}{ending}")
                };
                let name = lock(&self.workshop).new_template(identity(&word)?, &name)?;
                Ok(json!({ "name": name }))
            }
            Ask::Save => {
                let wire::SaveAs { name, format } = asked(body)?;
                if format.is_some_and(|format| !name.to_ascii_lowercase().ends_with(&format!(".{format}"))) {
                    return Err(unusable("the name ends otherwise than the form does"));
                }
                let not_carried = lock(&self.workshop).save(&name)?;
                self.look_at_run();
                self.tell_state();
                Ok(json!({ "name": name, "not_carried": not_carried }))
            }
            Ask::SaveMap => {
                let _: wire::Nothing = asked(body)?;
                let name = lock(&self.workshop).save_map()?;
                self.look_at_run();
                self.tell_state();
                Ok(json!({ "name": name }))
            }
            Ask::Columns => told(lock(&self.workshop).columns()?),
            Ask::SetColumns => self.set_columns(asked(body)?),
            Ask::Rows => {
                let wire::RowsAsked { from, count, view, find, revision } = query(asked_query)?;
                told(lock(&self.workshop).rows(revision, &view, &find, from, count.unwrap_or(200))?)
            }
            Ask::Next => {
                let wire::NextAsked { view, find, after, back } = query(asked_query)?;
                let (row, column) = after.split_once(',').unwrap_or((after.as_str(), "-1"));
                let after = (row.parse().unwrap_or(0), column.parse().unwrap_or(-1));
                let next = lock(&self.workshop).next(&view, &find, after, back != 0)?;
                Ok(next.map_or(Ok(json!({})), told)?)
            }
            Ask::Findings => told(lock(&self.workshop).findings()?),
            Ask::Cell => {
                let wire::CellAsked { n, col } = query(asked_query)?;
                told(lock(&self.workshop).cell(n, col)?)
            }
            Ask::Choices => {
                let wire::ChoicesAsked { field, find } = query(asked_query)?;
                let (choices, total) = lock(&self.workshop).choices(&field, &find)?;
                Ok(json!({ "choices": choices, "total": total }))
            }
            Ask::Edit | Ask::Paste | Ask::ChangeRows | Ask::Undo | Ask::Redo => {
                let changed = self.change(ask, body)?;
                self.changed(changed)
            }
            Ask::Fix | Ask::Safe | Ask::Replace => self.bulk(ask, body),
            Ask::Plan
            | Ask::Start
            | Ask::Pause
            | Ask::GoOn
            | Ask::Run
            | Ask::RunRows
            | Ask::Mend
            | Ask::Retry
            | Ask::Report => self.of_run(ask, asked_query, body),
            Ask::Shell | Ask::File | Ask::Session | Ask::Lease | Ask::Events | Ask::Quit => {
                Err(Refusal::new(StatusCode::NOT_FOUND, "not-found", "this is answered elsewhere"))
            }
        }
    }

    fn open_roster(&self, asked: wire::OpenRoster) -> Result<Value, Refusal> {
        if self.rehearsals.is_running() {
            return Err(Refused::Busy.into());
        }
        let wire::OpenRoster { name, sheet, encoding, delimiter: sign, header_row, recover, discard } = asked;
        let mut workshop = lock(&self.workshop);
        if workshop.has_unsaved() && !discard {
            let what = "the roster that is open has changes that are not saved";
            return Err(Undoable::Busy(Failure::usage(what).hint("save them first, or discard them")).into());
        }
        let columns = workshop.map_of(&name);
        let reading = Options {
            sheet,
            encoding,
            delimiter: delimiter(sign)?,
            header_row,
            columns,
            ..Options::default()
        };
        workshop.open(ToOpen { name, reading, map: None, recover })?;
        drop(workshop);
        self.look_at_run();
        self.tell_state();
        self.state()
    }

    fn set_settings(&self, asked: wire::SetSettings) -> Result<Value, Refusal> {
        let wire::SetSettings { revision, identity: word, directory, passwords, phone_region } = asked;
        let mut workshop = lock(&self.workshop);
        let mut settings = workshop.settings().clone();
        if let Some(word) = word {
            settings.identity = word.as_deref().map(identity).transpose()?;
        }
        if let Some(directory) = directory {
            settings.directory = directory;
        }
        match passwords.as_deref() {
            None => {}
            Some("made") => settings.makes_passwords = true,
            Some("roster") => settings.makes_passwords = false,
            Some(_) => return Err(unusable("passwords are the roster's, or made")),
        }
        if let Some(region) = phone_region {
            let region = region.as_deref().map(str::parse).transpose();
            settings.phone_region = region.map_err(|_| unusable("there is no such country"))?;
        }
        workshop.set(revision, settings)?;
        drop(workshop);
        self.look_at_run();
        self.tell_state();
        self.state()
    }

    fn set_columns(&self, asked: wire::SetColumns) -> Result<Value, Refusal> {
        let wire::SetColumns {
            revision,
            columns,
            constants,
            defaults,
            values,
            roles,
            header_row,
            sheet,
            encoding,
            delimiter: sign,
        } = asked;
        let chosen = MapChosen { columns, constants, defaults, values, roles };
        let asked = ToRead { chosen, header_row, sheet, encoding, delimiter: delimiter(sign)? };
        lock(&self.workshop).read_otherwise(revision, asked)?;
        self.look_at_run();
        self.tell_state();
        self.state()
    }

    fn change(&self, ask: Ask, body: &[u8]) -> Result<Value, Refusal> {
        let mut workshop = lock(&self.workshop);
        match ask {
            Ask::Edit => {
                const MOST: usize = 100_000;
                let wire::EditCells { revision, cells } = asked(body)?;
                if cells.len() > MOST {
                    return Err(Refusal::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "too-large",
                        format!("more than {MOST} cells at once"),
                    ));
                }
                let cells = cells.into_iter().map(|wire::CellText { n, col, text }| (n, col, text)).collect();
                told(workshop.edit(revision, cells)?)
            }
            Ask::Paste => {
                let wire::PasteCells { revision, at: wire::Place { n, col }, tsv, view, find } = asked(body)?;
                told(workshop.paste(revision, (n, col), &tsv, &view, &find)?)
            }
            Ask::ChangeRows => {
                let wire::DoRows { revision, drop, restore, add } = asked(body)?;
                told(workshop.rows_changed(revision, &drop, &restore, add)?)
            }
            Ask::Undo => {
                let wire::DoUndo { revision, id } = asked(body)?;
                told(workshop.undo(revision, id)?)
            }
            _ => {
                let wire::DoUndo { revision, id: _ } = asked(body)?;
                told(workshop.redo(revision)?)
            }
        }
    }

    fn bulk(&self, ask: Ask, body: &[u8]) -> Result<Value, Refusal> {
        let mut workshop = lock(&self.workshop);
        let (effect, preview) = match ask {
            Ask::Fix => {
                let wire::DoFix { revision, group, cell, of_file, fix, preview } = asked(body)?;
                let of = match (group, cell, of_file) {
                    (Some(group), None, None) => Of::Group(group),
                    (None, Some(wire::Place { n, col }), None) => Of::Cell { row: n, column: col },
                    (None, None, Some(id)) => Of::File(id),
                    _ => return Err(unusable("a fix is of a group, of a cell, or of the file")),
                };
                (workshop.fix(revision, &of, &fix, preview)?, preview)
            }
            Ask::Safe => {
                let wire::DoSafe { revision, preview } = asked(body)?;
                (workshop.fix_safe(revision, preview)?, preview)
            }
            _ => {
                let wire::DoReplace { revision, find, with, col, whole, case, view, preview } = asked(body)?;
                let replace = ToReplace { find, with, column: col, is_whole: whole, has_case: case, view };
                (workshop.replace(revision, &replace, preview)?, preview)
            }
        };
        drop(workshop);
        let effect = told(effect)?;
        if preview { Ok(effect) } else { self.changed(effect) }
    }

    fn of_run(&self, ask: Ask, asked_query: &str, body: &[u8]) -> Result<Value, Refusal> {
        match ask {
            Ask::Plan => {
                let asked: wire::DoPlan = asked(body)?;
                let to_rehearse = self.to_rehearse(&asked)?;
                let plan = self.rehearsals.plan(to_rehearse)?;
                let answer = told(&plan)?;
                *lock(&self.plan) = Some(plan);
                self.tell_state();
                Ok(answer)
            }
            Ask::Start => {
                let wire::DoRun { plan, confirm } = asked(body)?;
                let run = told(self.rehearsals.start(&plan, confirm)?)?;
                self.tell_state();
                Ok(run)
            }
            Ask::Pause => {
                let _: wire::Nothing = asked(body)?;
                told(self.rehearsals.pause()?)
            }
            Ask::GoOn => {
                let _: wire::Nothing = asked(body)?;
                let run = told(self.rehearsals.go_on()?)?;
                self.tell_state();
                Ok(run)
            }
            Ask::Run => told(self.rehearsals.now()?),
            Ask::RunRows => {
                let wire::RunRowsAsked { state, from, count } = query(asked_query)?;
                let state = state.as_deref().map(row_state).transpose()?;
                told(self.rehearsals.rows(state, from, count.unwrap_or(200).min(500))?)
            }
            Ask::Mend => {
                let _: wire::Nothing = asked(body)?;
                let failed = self.rehearsals.failed()?;
                // What was left out was never sent: its faults are the grid's own.
                let sent = failed.into_iter().filter(|row| row.state != RowState::Invalid);
                let rows = sent.map(|row| RefusedRow {
                    number: row.n.number().into(),
                    user: row.user,
                    code: row.code.unwrap_or_default(),
                    message: row.message.unwrap_or_default(),
                });
                lock(&self.workshop).refused(rows.collect());
                self.tell_state();
                self.state()
            }
            Ask::Retry => self.retry(asked(body)?),
            _ => {
                let wire::DoReport { format, name } = asked(body)?;
                let form =
                    Form::of_word(&format).ok_or_else(|| unusable("there is no such form of a report"))?;
                let path = {
                    let workshop = lock(&self.workshop);
                    crate::job::usable_name(&name)?;
                    workshop.folder().join(&name)
                };
                let name = self.rehearsals.report(form, &path)?;
                self.tell_state();
                Ok(json!({ "name": name }))
            }
        }
    }

    /// What was mended in the grid is saved under the next name of the copy that was imported, and sent.
    fn retry(&self, asked: wire::DoRetry) -> Result<Value, Refusal> {
        let wire::DoRetry { states, codes } = asked;
        let states = states.iter().map(|word| row_state(word)).collect::<Result<Vec<_>, _>>()?;
        let copy = {
            let mut workshop = lock(&self.workshop);
            if workshop.has_unsaved() {
                let name = workshop.next_name()?;
                workshop.save(&name)?;
                Some(workshop.folder().join(name))
            } else {
                let (roster, original, ..) = workshop.to_import()?;
                (roster != original).then_some(roster)
            }
        };
        let run = told(self.rehearsals.retry(&states, &codes, copy)?)?;
        lock(&self.workshop).refused(Vec::new());
        self.tell_state();
        Ok(run)
    }
}

fn row_state(word: &str) -> Result<RowState, Refusal> {
    serde_json::from_value(json!(word)).map_err(|_| unusable("there is no such state of a row"))
}

/// How long a check waits, so that what was asked before it is answered first.
const BREATH: Duration = Duration::from_millis(4);

/// How long one beat is.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// How words of the page are told: for a workshop.
pub(crate) static VOICE: &dyn Voice = &OnPage;
