//! `retry`, and the way to it: the file of the failed rows, and the command that sends them again.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Job, Rate, RetryArgs, absolute};
use crate::cli::instance::Stage;
use crate::cli::roster_args::RosterArgs;
use crate::cli::{output, settings, words};
use crate::directory::Directory;
use crate::disk;
use crate::error::Failure;
use crate::ledger::{Counts, State, StepCounts, peek, place};
use crate::plan::Wanted;
use crate::report::rejects::{Copy, Left, Run, run_of_mark, unguarded};
use crate::roster::{REASONS, Roster, Row, reason};
use crate::simulator::Spec;
use crate::stop::Stop;
use crate::validate::Rules;

/// What a retry is to do.
pub(super) struct Retry {
    /// The error codes it picks.
    pub(super) codes: Vec<String>,
    /// Whether its roster was given with `--roster`: then rows that are not in it stay as they are.
    pub(super) is_of_part: bool,
    /// The ledger's run.
    run: String,
    /// The ledger's own roster.
    whole: PathBuf,
    /// How many rows the ledger has.
    rows: u64,
}

/// A retry with all defaults resolved: what the command line and the environment leave open, the ledger says.
pub(super) fn job(mut args: RetryArgs, typed: Vec<OsString>) -> Result<Job, Failure> {
    let (state, _) = peek(&args.of)?;
    let shared = &mut args.shared;
    if shared.ledger.as_ref().is_some_and(|ledger| *ledger != args.of) {
        return Err(Failure::usage("retry names its ledger already").hint("leave --ledger out"));
    }
    let instance = &mut shared.instance;
    if instance.instance.is_none() && is_rehearsal(&args.of, &state) {
        shared.rehearsal.simulate = true;
    }
    if !shared.rehearsal.simulate {
        let session = &state.session;
        instance.instance = instance.instance.take().or(Some(state.header.instance.clone()));
        if instance.profile.is_none() && !settings::has_profile() {
            instance.profile = session.profile.clone();
        }
        if instance.endpoint_url.is_none() && !settings::has_endpoint() {
            instance.endpoint_url = session.endpoint.clone();
        }
    }
    let whole = PathBuf::from(roster_of(&state));
    let rows = u64::from(state.places());
    let (codes, is_of_part, run) = (args.codes, args.roster.is_some(), state.header.run);
    let retry = Retry { codes, is_of_part, run, whole: whole.clone(), rows };
    let roster = args.roster.unwrap_or_else(|| from_here(&whole));
    Ok(Job { roster, ledger: args.of, retry: Some(retry), shared: args.shared, typed })
}

/// What the ledger says; where one of before cannot say it, the instance tells, which is nobody's.
fn is_rehearsal(ledger: &Path, state: &State) -> bool {
    let is_invented = state.header.instance == Spec::default().instance_arn();
    state.is_rehearsal(ledger)
        || (is_invented && state.session.endpoint.is_none() && !settings::has_endpoint())
}

fn roster_of(state: &State) -> &str {
    if state.session.roster.is_empty() { &state.header.roster } else { &state.session.roster }
}

/// A path as it is shorter to type from the current directory.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}

/// What a rehearsal goes on with: a retry has the world of the import that it follows, which is kept beside the roster of
/// that import, whichever file is read now.
pub(super) fn stage<'s>(job: &Job, roster: &'s Roster) -> Stage<'s> {
    const WORLD: &str = ".simulate.world.jsonl";
    let Some(retry) = &job.retry else {
        let world = disk::with_suffix(roster.path(), WORLD);
        return Stage {
            roster,
            whole: None,
            rows: 0,
            gives_passwords: job.shared.passwords.is_given(),
            world,
        };
    };
    let beside_roster = disk::with_suffix(&retry.whole, WORLD);
    let beside_ledger = place::is_named_as_rehearsed(&job.ledger).then(|| place::world_of(&job.ledger));
    // Both were moved together.
    let moved = beside_ledger.filter(|path| path.exists() && !beside_roster.exists());
    let whole = if retry.whole == roster.path() { None } else { job.shared.reading.open(&retry.whole).ok() };
    let gives_passwords = job.shared.passwords.is_given();
    Stage { roster, whole, rows: retry.rows, gives_passwords, world: moved.unwrap_or(beside_roster) }
}

/// The roster that the ledger names: a file of failed rows is a part of it and does not take its place.
pub(super) fn recorded_roster(job: &Job, state: &State) -> Option<String> {
    let retry = job.retry.as_ref()?;
    (retry.is_of_part && !state.header.run.is_empty() && retry.whole.exists())
        .then(|| retry.whole.display().to_string())
}

/// Where the rows of a file of failed rows come from: which run, and by which names.
pub(super) struct Origins {
    marks: Option<usize>,
    users: Option<usize>,
    copy: Option<Copy>,
    /// The first run in a mark, with its row.
    run: Option<(String, u64)>,
    /// Names that rows had and no longer have.
    renamed: HashSet<String>,
}

impl Origins {
    /// Of a roster that is not ours, there is nothing to know.
    pub(super) fn of(roster: &Roster, job: &Job) -> Self {
        let run = job.retry.as_ref().map(|retry| retry.run.as_str());
        let place = |name: &str| {
            let headers = &roster.columns().headers;
            headers.iter().position(|header| reason(header).is_some_and(|at| REASONS[at] == name))
        };
        let (marks, users) = (place("headcount mark"), place("headcount user"));
        let copy = run.and_then(|run| Copy::of(roster, run));
        Self { marks, users, copy, run: None, renamed: HashSet::new() }
    }

    /// Whether the roster is a file of failed rows.
    pub(super) fn is_ours(&self) -> bool {
        self.marks.is_some() || self.users.is_some()
    }

    /// Whether a retry leaves a row with errors as it stands: nobody has taken it up yet.
    pub(super) fn is_left(&self, row: &Row) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.untouched(row).is_some())
    }

    /// Takes a row in.
    pub(super) fn add(&mut self, row: &Row, username: &str) {
        let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).unwrap_or("");
        if self.run.is_none() {
            self.run = run_of_mark(cell(self.marks)).map(|run| (run.to_owned(), row.number));
        }
        let was = unguarded(cell(self.users));
        if !was.is_empty() && was != username {
            self.renamed.insert(was.to_owned());
        }
    }

    /// Fails where the rows failed in a run of another ledger.
    pub(super) fn check(&self, state: &State) -> Result<(), Failure> {
        match &self.run {
            Some((run, _)) if *run != state.header.run => {
                Err(Failure::stopped(format!("the file of failed rows is of another run: `{run}`"))
                    .hint(format!("nothing was sent; this ledger's run is {}", state.header.run)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a row that had this name has another now.
    pub(super) fn has_renamed(&self, user: &str) -> bool {
        self.renamed.contains(user)
    }
}

/// Leaves the file of the failed rows. That it cannot is no reason to fail: the ledger has all.
pub(super) fn leave(
    job: &Job,
    roster: &Roster,
    wanted: &Wanted,
    rules: &Rules,
    state: &State,
) -> Option<Left> {
    let is_rehearsal = job.shared.rehearsal.simulate;
    let run = Run { roster, wanted, rules, state, is_rehearsal };
    run.leave().map_err(|failure| output::failure(&failure)).ok()
}

/// Whether all that a retry has left over is what only an import sends.
pub(super) fn is_left_to_import(job: &Job, reason: Option<&Stop>, counts: &Counts) -> bool {
    job.retry.is_some() && reason.is_none() && counts.pending > 0
}

/// Says, at the end of a run, where the failed rows are and what sends them again.
pub(super) fn say(
    job: &Job,
    directory: &Directory,
    counts: &Counts,
    reason: Option<&Stop>,
    left: Option<&Left>,
    steps: &StepCounts,
) {
    let shown = |path: &Path| format!("`{}`", words::plain(&path.display().to_string()));
    let failed = counts.exists + counts.rejected + counts.invalid;
    let no_file = Left { elsewhere: failed, ..Left::default() };
    let left = left.unwrap_or(&no_file);
    for path in &left.removed {
        output::say(&format!("removed {}: its rows no longer stand so", shown(path)));
    }
    for path in &left.spared {
        output::say(&format!(
            "{} is not overwritten: it is not an untouched copy of headcount's",
            shown(path)
        ));
    }
    if steps.rejected > 0 {
        output::say(&format!(
            "{} created without the proficiencies asked for; mend them in the roster, then run the next line",
            words::count(steps.rejected, "user")
        ));
        output::say_whole(&format!("retry with: {}", retry_command(job, None)));
    }
    if is_left_to_import(job, reason, counts) {
        let rows = words::count(counts.pending, "row");
        let are = if counts.pending == 1 { "is" } else { "are" };
        output::say(&format!("{rows} {are} pending, which retry does not send; run the next line for them"));
        output::say_whole(&format!("import with: {}", import_command(job, directory)));
    }
    if let Some(file) = &left.file {
        output::say(&format!(
            "{} failed, with the reasons in {}",
            words::count(left.rows, "row"),
            shown(file)
        ));
        if left.elsewhere > 0 {
            let rows = words::count(left.elsewhere, "more row");
            output::say(&format!("{rows} failed that {} does not have", shown(&job.roster)));
        }
        if counts.exists > 0 {
            let has = if counts.exists == 1 { "has a username that is" } else { "have usernames that are" };
            output::say(&format!(
                "{} {has} taken: give another there; `--code DuplicateResourceException` tries the same again",
                words::count(counts.exists, "row")
            ));
        }
        let (them, passwords) = if left.rows == 1 {
            ("it", " and type the password in again, it is blank")
        } else {
            ("them", " and type the passwords in again, they are blank")
        };
        let types_in = left.has_blanks && !job.shared.passwords.is_given();
        let passwords = if types_in { passwords } else { "" };
        output::say(&format!("mend {them} there{passwords}; then run the next line"));
        output::say_whole(&format!("retry with: {}", retry_command(job, Some(file))));
    } else if failed > 0 {
        output::say(&format!(
            "{} failed; mend the roster, then run the next line",
            words::count(failed, "row")
        ));
        output::say_whole(&format!("retry with: {}", retry_command(job, None)));
    } else if job.retry.as_ref().is_some_and(|retry| retry.is_of_part)
        && counts.pending + counts.in_doubt == 0
    {
        output::say(&format!(
            "nothing more is needed of {}: remove it, there may be passwords in it",
            shown(&job.roster)
        ));
    }
}

/// The command that sends the failed rows again, for a shell.
fn retry_command(job: &Job, file: Option<&Path>) -> String {
    let args = &job.shared;
    let mut command = Command::new(job, "retry");
    command.word(job.ledger.as_os_str().to_string_lossy());
    if args.rehearsal.simulate {
        command.rehearsal(job, !place::is_named_as_rehearsed(&job.ledger));
    }
    if let Some(file) = file {
        command.option("--roster", Some(file.display()));
    }
    command.reading(&args.reading, file.is_some());
    command.how(job);
    command.text
}

/// The command that sends the pending rows, for a shell.
fn import_command(job: &Job, directory: &Directory) -> String {
    let args = &job.shared;
    let roster = from_here(job.retry.as_ref().map_or(&job.roster, |retry| &retry.whole));
    let mut command = Command::new(job, "import");
    command.word(roster.to_string_lossy());
    if args.rehearsal.simulate {
        command.rehearsal(job, true);
    } else {
        command.option("--instance", Some(&directory.instance.arn));
        command.option("--region", args.instance.region.as_ref());
        command.option("--profile", args.instance.profile.as_ref());
        command.option("--endpoint-url", args.instance.endpoint_url.as_ref());
    }
    if absolute(&job.ledger) != absolute(&place::beside(&roster, args.rehearsal.simulate)) {
        command.option("--ledger", Some(job.ledger.display()));
    }
    command.reading(&args.reading, false);
    command.how(job);
    command.text
}

/// A command line as it grows.
struct Command {
    text: String,
}

impl Command {
    fn new(job: &Job, name: &str) -> Self {
        let program = job.typed.first().map(|program| words::shell_word(&program.to_string_lossy()));
        Self { text: format!("{} {name}", program.as_deref().unwrap_or("headcount")) }
    }

    fn word(&mut self, word: impl AsRef<str>) {
        self.text.push(' ');
        let word = word.as_ref();
        // A file may be called -x; a path that begins so is none to the parser.
        let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
        self.text += &words::shell_word(&word);
    }

    fn option(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            let value = value.to_string();
            // With `=` a value may begin with a dash.
            let sign = if value.starts_with('-') { '=' } else { ' ' };
            self.text += &format!(" {name}{sign}{}", words::shell_word(&value));
        }
    }

    fn switch(&mut self, name: &str, is_on: bool) {
        if is_on {
            self.text += &format!(" {name}");
        }
    }

    fn rehearsal(&mut self, job: &Job, is_needed: bool) {
        use clap::ValueEnum as _;
        let rehearsal = &job.shared.rehearsal;
        let weather = rehearsal.weather.to_possible_value().map(|word| word.get_name().to_owned());
        let weather = weather.filter(|word| word != "calm");
        self.switch("--simulate", is_needed || rehearsal.seed != 0 || weather.is_some());
        self.option("--seed", (rehearsal.seed != 0).then_some(rehearsal.seed));
        self.option("--weather", weather);
    }

    /// How the roster is read. A file of failed rows is UTF-8, whatever its roster was.
    fn reading(&mut self, reading: &RosterArgs, is_ours: bool) {
        self.option("--columns", reading.columns.as_ref().map(|path| path.display()));
        self.option("--sheet", reading.sheet.as_ref());
        self.option("--encoding", reading.encoding.as_ref().filter(|_| !is_ours));
        self.option("--phone-region", reading.phone_region);
    }

    /// What was told of the instance and of the pace, and is not in the ledger.
    fn how(&mut self, job: &Job) {
        use clap::ValueEnum as _;
        let args = &job.shared;
        let identity = args.instance.identity.and_then(|identity| identity.to_possible_value());
        self.option("--identity", identity.map(|word| word.get_name().to_owned()));
        self.option("--directory", args.instance.directory.as_ref().map(|path| path.display()));
        match args.rate {
            Rate::Quota => {}
            Rate::Auto => self.option("--rate", Some("auto")),
            Rate::Fixed(rate) => self.option("--rate", Some(rate)),
        }
        self.option("--burst", args.burst);
        self.option("--concurrency", args.concurrency);
        self.switch("--allow-partial", args.allow_partial);
        self.switch("--no-provenance-tag", args.no_provenance_tag);
        self.switch("--accept-probable", args.accept_probable);
        let passwords = &args.passwords;
        self.switch("--generate-passwords", passwords.generate_passwords);
        self.option("--credentials-out", passwords.credentials_out.as_ref().map(|path| path.display()));
        for recipient in &passwords.recipients {
            self.option("--recipient", Some(recipient));
        }
        self.option("--password-from-env", passwords.password_from_env.as_ref());
        self.option("--password-command", passwords.password_command.as_ref());
    }
}
