//! Commands that are printed to be pasted: made of what was typed, and of what it came to mean.
//!
//! All of them take the arguments apart without `..`: a flag that is added breaks the build here until it is said whether
//! it goes along, and the table in the tests says why one does not.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use clap::ValueEnum;

use super::args::allow::AllowArgs;
use super::args::import::{Shared, UpdateToo};
use super::args::instance::{InstanceArgs, RehearsalArgs};
use super::args::leave_out::LeaveOut;
use super::args::mend::MendArgs;
use super::args::passwords::PasswordArgs;
use super::args::roster::{Identity, RosterArgs};
use super::args::sky::Sky;
use super::args::targets::TargetsArgs;
use super::args::validate::ValidateArgs;
use super::meant::{Typed, from_here};
use super::tables;
use crate::job::{Patience, RateAsked};
use crate::ledger::shared::TableUrl;
use crate::ledger::{Job, LedgerAt, State, beside, undone};
use crate::plan::Remedy;
use crate::text::{path_word, program, program_by_path, shell_line};

/// What resumes: the command line once more, as it was typed; but nothing is taken from anybody again. Two who paste what they
/// were told last would throw each other out in turn.
pub(super) fn resume(words: &[OsString]) -> Line {
    let mut words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let flags = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let takes = |word: &str| word == "--take-over" || word.starts_with("--take-over=");
    let kept = words.iter().enumerate().filter(|(at, word)| *at >= flags || !takes(word));
    words = kept.map(|(_, word)| word.clone()).collect();
    if let (Some(typed), Some(found)) = (words.first_mut(), program_by_path()) {
        found.clone_into(typed);
    }
    Line { words }
}

/// The same with more flags: before what stands behind `--`, where nothing is a flag.
pub(super) fn resume_with(words: &[OsString], more: &[String]) -> Line {
    let mut line = resume(words);
    let at = line.words.iter().position(|word| word == "--").unwrap_or(line.words.len());
    line.words.splice(at..at, more.iter().cloned());
    line
}

/// The same with what is done where somebody has the shared ledger, in place of what was said of that before.
pub(super) fn taking(words: &[OsString], flag: &str) -> Line {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let is_said = |word: &OsString| {
        let word = word.to_string_lossy();
        word == "--wait" || word == "--take-over" || word.starts_with("--take-over=")
    };
    let others = words.iter().enumerate().filter(|(at, word)| *at >= end || !is_said(word));
    let words: Vec<OsString> = others.map(|(_, word)| word.clone()).collect();
    resume_with(&words, &[flag.to_owned()])
}

/// What sends the failed rows again: those of `file`, where they are in a file of their own.
pub(super) fn retry(typed: &Typed, file: Option<&Path>) -> Line {
    let mut line = Line::of_typed(&typed.words, "retry");
    line.path(&typed.ledger);
    let of =
        To::Retry { names_rehearsal: beside::is_named_as_rehearsed(&typed.ledger), has_file: file.is_some() };
    let Parts { reached, reading, how } = Parts::of(typed, &of);
    line.take(reached);
    line.option("--roster", file.map(Path::display));
    line.switch("--replan", file.is_none() && typed.ledger.in_table().is_some());
    line.take(reading);
    line.take(how);
    line
}

/// What sends the failed rows of several targets again: those of `file`, where they are in a file of their own.
pub(super) fn retry_all(typed: &Typed, file: Option<&Path>) -> Line {
    let mut line = Line::of_typed(&typed.words, "retry");
    let Parts { reached, reading, how } =
        Parts::of(typed, &To::Retry { names_rehearsal: false, has_file: file.is_some() });
    line.take(reached);
    line.option("--roster", Some(file.unwrap_or(&typed.roster).display()));
    let shared = in_table(typed.shared.ledger.as_ref());
    line.switch("--replan", file.is_none() && shared.is_some());
    line.option("--ledger", shared);
    line.take(reading);
    line.take(how);
    line
}

/// The address of ledgers that machines share: those of several targets are found by it, and files beside the roster.
pub(super) fn in_table(ledger: Option<&LedgerAt>) -> Option<String> {
    ledger.filter(|ledger| ledger.in_table().is_some()).map(ToString::to_string)
}

/// What sends the rows that are pending, into the instance of this ARN.
pub(super) fn import(typed: &Typed, arn: &str) -> Line {
    imported(typed, arn, Some(typed.ledger.display().to_string()).filter(|_| !typed.has_usual_ledger()))
}

/// What makes those who are there and differ what the roster asks for.
pub(super) fn update(typed: &Typed, arn: &str, remedy: Remedy) -> Line {
    let mut line = Line::of_typed(&typed.words, "update");
    line.path(&typed.whole_roster());
    let Parts { reached, reading, how } = Parts::of(typed, &To::Update { arn });
    line.take(reached);
    // What was asked for last is looked up beside the roster, or in a table beside the import's run.
    if typed.ledger.in_table().is_none() {
        line.option("--base", (!typed.has_usual_ledger()).then(|| typed.ledger.display()));
    } else if typed.shared.targets.are_given() {
        line.option("--ledger", in_table(typed.shared.ledger.as_ref()));
    } else {
        line.option("--ledger", tables::beside(&typed.ledger, Some(Job::Update)));
    }
    line.take(reading);
    line.take(how);
    let (is_back, addresses) = match remedy {
        Remedy::Right => (false, false),
        Remedy::RightWithAddresses => (false, true),
        Remedy::Back { addresses } => (true, addresses),
    };
    line.switch("--overwrite-drift", is_back);
    line.switch("--change-email", addresses);
    line
}

/// What imports with another ledger than the one that is there: the usual one, or where that is it, one that is to be named.
pub(super) fn import_anew(typed: &Typed, instance: &str) -> Line {
    imported(typed, instance, typed.has_usual_ledger().then(|| "FILE".to_owned()))
}

fn imported(typed: &Typed, instance: &str, ledger: Option<String>) -> Line {
    let mut line = Line::of_typed(&typed.words, "import");
    line.path(&typed.whole_roster());
    let Parts { reached, reading, how } = Parts::of(typed, &To::Import { arn: instance });
    line.take(reached);
    line.option("--ledger", ledger);
    line.take(reading);
    line.take(how);
    if let Some(UpdateToo { update, overwrite_drift, change_email }) = &typed.update {
        line.switch("--update", *update);
        line.switch("--overwrite-drift", *overwrite_drift);
        line.switch("--change-email", *change_email);
    }
    line
}

/// Flags whose value is a file. A ledger has it whole, for it is read from elsewhere.
const FILES: [&str; 5] = ["--columns", "--directory", "--credentials-out", "--base", "--targets"];

/// What takes the place of a command that prints a password: what stands in it is nobody's to keep.
const SOME_COMMAND: &str = "COMMAND";

/// What was set, for the ledger to keep: all that the commands repeat which a report prints, but for what the ledger has
/// anyway.
pub(super) fn settings(typed: &Typed) -> Vec<String> {
    // Of an import's parts, for what goes along to it alone is left out of a retry when that is printed.
    let Parts { reached: _, mut reading, how } = Parts::of(typed, &To::Import { arn: "" });
    // A file of failed rows is ours and in UTF-8; its roster may not be.
    let before = typed.retry.as_ref().filter(|retry| retry.is_of_part);
    let before = before.and_then(|retry| retry.before.settings.as_deref()).unwrap_or_default();
    if !reading.has("--encoding")
        && let Some(at) = before.iter().position(|word| word == "--encoding")
    {
        reading.words.extend(before[at..].iter().take(2).cloned());
    }
    let mut line = Line::default();
    line.option("--targets", typed.shared.targets.targets.as_ref().map(|path| path.display()));
    line.rehearsal(&typed.shared.rehearsal, false);
    line.take(reading);
    line.take(how);
    let mut words = line.words_from_anywhere();
    // The value of an option stands behind it, or where it begins with a dash, in it.
    const PASSWORD: &str = "--password-command";
    if let Some(at) = words.iter().position(|word| word.starts_with(PASSWORD)) {
        let length = if words[at] == PASSWORD { 2 } else { 1 };
        words.splice(at..(at + length).min(words.len()), [PASSWORD, SOME_COMMAND].map(str::to_owned));
    }
    words
}

/// What reruns the failed rows of a ledger; those of one code alone where it is named.
pub(super) fn retry_of(ledger: &Path, state: &State, code: Option<&str>) -> Line {
    let mut line = Line::new(program(), "retry");
    line.path(ledger);
    line.option("--code", code);
    // Where machines share it, another roster than the last is to be meant: here it is mended first.
    line.switch("--replan", is_shared(ledger));
    match state.header.job {
        None => line.again(state.session.settings.as_deref().unwrap_or_default(), true),
        // It takes over from the ledger what the update was told, or the removal.
        Some(Job::Update | Job::Remove) => {}
    }
    line
}

/// What shows how a ledger stands.
pub(super) fn status_of(ledger: &Path) -> Line {
    let mut line = Line::new(program(), "status");
    line.path(ledger);
    line
}

/// What looks at several ledgers together.
pub(super) fn of_several<'l>(command: &str, ledgers: impl IntoIterator<Item = &'l LedgerAt>) -> Line {
    let mut line = Line::new(program(), command);
    ledgers.into_iter().for_each(|ledger| line.path(ledger));
    line
}

/// What undoes the run of a ledger, or goes on with that.
pub(super) fn undo_of(ledger: &Path) -> Line {
    let mut line = Line::new(program(), "undo");
    line.path(ledger);
    line
}

/// What resumes the import or the update of a ledger; `None` where it does not say how that was told.
pub(super) fn resume_of(ledger: &Path, state: &State) -> Option<Line> {
    let session = &state.session;
    let settings = session.settings.as_deref()?;
    let is_rehearsal = state.is_rehearsal(ledger);
    let roster =
        from_here(Path::new(if session.roster.is_empty() { &state.header.roster } else { &session.roster }));
    let mut line = Line::new(program(), Job::command(state.header.job));
    line.path(&roster);
    let target = state.header.target.as_deref();
    if is_rehearsal {
        line.switch("--simulate", !settings.iter().any(|word| word == "--simulate"));
    } else if target.is_none() {
        line.option("--instance", Some(&state.header.instance));
        line.option("--profile", session.profile.as_ref());
        line.option("--endpoint-url", session.endpoint.as_ref());
    }
    line.option("--target", target);
    let stem = beside::for_target(&roster, target);
    let usual = beside::ledger_for(state.header.job, &stem, is_rehearsal);
    let is_usual = !is_shared(ledger) && beside::absolute(ledger) == beside::absolute(&usual);
    line.option("--ledger", (!is_usual).then(|| ledger.display()));
    line.again(settings, false);
    Some(line)
}

/// Whether the name of a ledger is the address of one that machines share.
fn is_shared(ledger: &Path) -> bool {
    ledger.to_str().is_some_and(TableUrl::is_meant)
}

/// What makes everybody anew of whom nothing is left: an import like the one before, which begins a ledger of its own where
/// this one has given up its name, and else goes on with this one.
pub(super) fn anew_of(ledger: &Path, state: &State) -> Option<Line> {
    let before = undone::before(ledger);
    let mut line = resume_of(before.as_deref().unwrap_or(ledger), state)?;
    line.switch("--recreate-deleted", before.is_none());
    Some(line)
}

/// What validates a roster again once it is mended.
pub(super) fn validate(args: &ValidateArgs, roster: &Path) -> Line {
    let mut line = Line::new(program(), "validate");
    line.path(roster);
    line.checked(args);
    line.switch("--update", args.update);
    line
}

/// What mends a roster as the other flags say.
pub(super) fn mend(args: &MendArgs) -> Line {
    let mut line = Line::new(program(), "mend");
    line.path(&args.roster);
    line.mended(args, false);
    line
}

/// What checks a mended copy.
pub(super) fn validate_mended(args: &MendArgs, copy: &Path) -> Line {
    let mut line = Line::new(program(), "validate");
    line.path(copy);
    line.mended(args, true);
    line
}

/// What rehearses the import of a mended copy.
pub(super) fn rehearse_mended(args: &MendArgs, copy: &Path) -> Line {
    let mut line = Line::new(program(), "import");
    line.path(copy);
    line.mended(args, true);
    line.option("--credentials-out", args.generate_passwords.then_some("FILE"));
    line.switch("--simulate", true);
    line
}

/// What compares a roster that is valid with the users who are there.
pub(super) fn diff(args: &ValidateArgs, roster: &Path) -> Line {
    let mut line = Line::new(program(), "diff");
    line.path(roster);
    line.option("--instance", args.targets.is_none().then_some("ID"));
    line.option("--targets", args.targets.as_ref().map(|path| path.display()));
    args.only.iter().for_each(|name| line.option("--target", Some(name)));
    line.take(Line::reading(&args.reading, false));
    line.option("--directory", args.directory.as_ref().map(|path| path.display()));
    line.allowed(&args.allow);
    line
}

/// What validates a roster by a column map that was written for it.
pub(super) fn validate_mapped(roster: &Path, reading: &RosterArgs, map: Option<&Path>) -> Line {
    let mut line = Line::new(program(), "validate");
    line.path(roster);
    line.option("--columns", map.map(path_word));
    line.take(Line::reading(reading, false));
    line
}

/// What rehearses the import of a roster that is valid.
pub(super) fn rehearse(args: &ValidateArgs, roster: &Path) -> Line {
    let mut line = Line::new(program(), "import");
    line.path(roster);
    line.checked(args);
    // Made passwords are kept somewhere, which a check has no word for.
    line.option("--credentials-out", args.generate_passwords.then_some("FILE"));
    line.switch("--simulate", true);
    line
}

/// What checks a roster that is to be filled in.
pub(super) fn validate_filled_in(roster: &Path, identity: Identity) -> Line {
    let mut line = Line::new(program(), "validate");
    line.path(roster);
    // A template for passwords has a column of them, which says so by itself.
    line.option("--identity", Some(identity).filter(|it| *it != Identity::Connect).map(word_of));
    line
}

/// What checks any roster against a saved directory.
pub(super) fn validate_against(directory: &Path) -> Line {
    let mut line = Line::new(program(), "validate");
    line.word("ROSTER");
    line.option("--directory", Some(directory.display()));
    line
}

/// What compares an export, once it was worked on, with the instance that it is of.
pub(super) fn diff_of(export: &Path, arn: &str, reached: &InstanceArgs) -> Line {
    let InstanceArgs {
        instance: _,  // by its ARN
        region: _,    // which is in the ARN
        directory: _, // names are read anew
        role: _,      // of several targets the file of them is named
        profile,
        endpoint_url,
        identity,
    } = reached;
    let mut line = Line::new(program(), "diff");
    line.path(export);
    line.option("--instance", Some(arn));
    line.option("--profile", profile.as_ref());
    line.option("--endpoint-url", endpoint_url.as_ref());
    line.option("--identity", identity.map(word_of));
    line
}

/// What prints the passwords that an import made; where they are encrypted, the key is to be named as well.
pub(super) fn credentials(out: &Path, ledger: &Path) -> Line {
    let mut line = Line::new(program(), "credentials");
    line.path(out);
    line.option("--ledger", Some(ledger.display()));
    line
}

/// What lists the rows of a ledger that were seen so.
pub(super) fn status(typed: &Typed, which: &str) -> Line {
    let mut line = Line::of_typed(&typed.words, "status");
    line.path(&typed.ledger);
    line.option("--rows", Some(which));
    line
}

/// What a command is for.
enum To<'t> {
    Retry {
        /// Whether the ledger's name says already that it is a rehearsal's.
        names_rehearsal: bool,
        /// Whether it reads a file of failed rows, which is ours and in UTF-8.
        has_file: bool,
    },
    Import {
        arn: &'t str,
    },
    Update {
        arn: &'t str,
    },
}

/// The flags of a command, by where they stand in it.
struct Parts {
    reached: Line,
    reading: Line,
    how: Line,
}

impl Parts {
    fn of(typed: &Typed, to: &To<'_>) -> Self {
        let Shared {
            reading,
            instance,
            targets,
            rehearsal,
            passwords,
            ledger: _, // where the job has it
            taking: _, // once
            rate,
            burst,
            concurrency,
            dry_run: _, // nothing was sent that could be followed up
            actions,
            skip_invalid,
            allow_partial,
            allow,
            recreate_missing: _, // they are made again; who is gone after that is to be told of first
            recreate_deleted: _, // likewise
            no_provenance_tag,
            accept_probable,
            settle_timeout,
            outage_timeout,
            yes: _,    // another question than was answered
            format: _, // whoever pastes it is a person
        } = &typed.shared;
        // A role is a target's, in the file of them.
        let InstanceArgs { instance: _, region, profile, endpoint_url, identity, directory, role: _ } =
            instance;
        let (is_retry, has_file) = match to {
            To::Retry { has_file, .. } => (true, *has_file),
            To::Import { .. } | To::Update { .. } => (false, false),
        };
        let mut reached = Line::default();
        let own = match to {
            // Its ledger says which it is.
            To::Retry { .. } => None,
            To::Import { .. } | To::Update { .. } => reading.target(),
        };
        let has_targets = targets.targets.is_some();
        if has_targets {
            reached.targets(targets, reading.target().map(|_| own));
        }
        if rehearsal.simulate {
            reached.rehearsal(rehearsal, !matches!(to, To::Retry { names_rehearsal: true, .. }));
        }
        if let (To::Import { arn } | To::Update { arn }, false, false) = (to, rehearsal.simulate, has_targets)
        {
            reached.option("--instance", Some(arn));
            reached.option("--region", region.as_ref());
        }
        if !rehearsal.simulate && !has_targets {
            // A retry has them of its ledger, unless the environment, which comes before that, names others.
            reached.option("--profile", profile.as_ref().filter(|_| !is_retry || typed.named.profile));
            reached.option(
                "--endpoint-url",
                endpoint_url.as_ref().filter(|_| !is_retry || typed.named.endpoint),
            );
        }
        let mut how = Line::default();
        // With targets each has its own in their file.
        how.option("--identity", identity.map(word_of).filter(|_| !has_targets));
        how.option("--directory", directory.as_ref().map(|path| path.display()).filter(|_| !has_targets));
        let outage = (*outage_timeout != Patience::USUAL.outage.as_secs()).then_some(*outage_timeout);
        if matches!(to, To::Update { .. }) {
            // Neither is CreateUser's pace that of the calls that change somebody, nor has an update any use for passwords,
            // room and tags.
            how.switch("--actions", *actions);
            how.switch("--skip-invalid", *skip_invalid);
            how.allowed(allow);
            how.option("--outage-timeout", outage);
            return Self { reached, reading: Line::reading(reading, has_file), how };
        }
        match rate {
            RateAsked::Quota => {}
            RateAsked::Learned => how.option("--rate", Some("auto")),
            RateAsked::Fixed(rate) => how.option("--rate", Some(rate)),
        }
        how.option("--burst", burst.as_ref());
        how.option("--concurrency", concurrency.as_ref());
        how.switch("--actions", *actions);
        // Rows that failed are to be mended before they are sent again: one that still has errors is told of, not skipped.
        how.switch("--skip-invalid", *skip_invalid && !is_retry);
        how.switch("--allow-partial", *allow_partial);
        how.allowed(allow);
        how.switch("--no-provenance-tag", *no_provenance_tag);
        how.switch("--accept-probable", *accept_probable);
        let settle = (*settle_timeout != Patience::USUAL.settle.as_secs()).then_some(*settle_timeout);
        how.option("--settle-timeout", settle);
        how.option("--outage-timeout", outage);
        how.passwords(passwords);
        Self { reached, reading: Line::reading(reading, has_file), how }
    }
}

/// A command line as it grows, word by word.
#[derive(Debug, Default)]
pub(super) struct Line {
    words: Vec<String>,
}

/// As a shell takes it.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shell_line(&self.words))
    }
}

impl Line {
    pub(super) fn new(program: &str, command: &str) -> Self {
        Self { words: vec![program.to_owned(), command.to_owned()] }
    }

    /// With the program as it was typed, where that is how it is called.
    pub(super) fn of_typed(typed: &[OsString], command: &str) -> Self {
        let typed = typed.first().map(|program| program.to_string_lossy());
        Self::new(program_by_path().or(typed.as_deref()).unwrap_or(program()), command)
    }

    pub(super) fn take(&mut self, mut rest: Self) {
        self.words.append(&mut rest.words);
    }

    pub(super) fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    pub(super) fn word(&mut self, word: &str) {
        self.words.push(word.to_owned());
    }

    pub(super) fn path(&mut self, path: &Path) {
        self.words.push(path_word(path));
    }

    pub(super) fn option(&mut self, name: &str, value: Option<impl ToString>) {
        match value.map(|value| value.to_string()) {
            // With `=` a value may begin with a dash.
            Some(value) if value.starts_with('-') => self.words.push(format!("{name}={value}")),
            Some(value) => self.words.extend([name.to_owned(), value]),
            None => {}
        }
    }

    /// Its words for whoever reads them in another folder.
    pub(super) fn words_from_anywhere(&self) -> Vec<String> {
        let mut before = "";
        let words = self.words.iter().map(|word| {
            let is_file = FILES.contains(&before);
            before = word;
            let is_address = TableUrl::is_meant(word);
            if is_file && !is_address { beside::absolute(Path::new(word)) } else { word.clone() }
        });
        words.collect()
    }

    fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word == name)
    }

    /// What a ledger has of what was set, with its files as they are shorter to type from here.
    fn again(&mut self, settings: &[String], is_retry: bool) {
        let mut words = settings.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                // Rows that failed are to be mended before they are sent again.
                "--skip-invalid" if is_retry => {}
                file if FILES.contains(&file) => {
                    let path = words.next().map(|path| from_here(Path::new(path)));
                    self.option(file, path.as_ref().map(|path| path.display()));
                }
                word => self.word(word),
            }
        }
    }

    pub(super) fn switch(&mut self, name: &str, is_on: bool) {
        if is_on {
            self.word(name);
        }
    }

    /// Several targets: those that were typed, or one of them. `None` is for all that were typed.
    pub(super) fn targets(&mut self, args: &TargetsArgs, one: Option<Option<&str>>) {
        let TargetsArgs { targets, only, fail_fast, skip_failed_targets } = args;
        self.option("--targets", targets.as_ref().map(|path| path.display()));
        match one {
            Some(one) => self.option("--target", one),
            None => {
                only.iter().for_each(|name| self.option("--target", Some(name)));
                self.switch("--fail-fast", *fail_fast);
                self.switch("--skip-failed-targets", *skip_failed_targets);
            }
        }
    }

    pub(super) fn rehearsal(&mut self, args: &RehearsalArgs, is_needed: bool) {
        let RehearsalArgs { simulate: _, seed, weather, updates } = args;
        let weather = Some(*weather).filter(|weather| *weather != Sky::default());
        let updates = Some(*updates).filter(|updates| *updates != LeaveOut::default());
        let is_set = *seed != 0 || weather.is_some() || updates.is_some();
        self.switch("--simulate", is_needed || is_set);
        self.option("--seed", (*seed != 0).then_some(seed));
        self.option("--weather", weather.map(word_of));
        self.option("--updates", updates.map(word_of));
    }

    /// How the roster is read. A file of failed rows is UTF-8, whatever its roster was, and has its header on top.
    pub(super) fn reading(args: &RosterArgs, is_ours: bool) -> Self {
        // Whose rows are read is said where the targets are.
        let RosterArgs { columns, sheet, header_row, encoding, phone_region, of_targets: _ } = args;
        let mut line = Self::default();
        line.option("--columns", columns.as_ref().map(|path| path.display()));
        line.option("--sheet", sheet.as_ref());
        line.option("--header-row", header_row.filter(|_| !is_ours));
        line.option("--encoding", encoding.as_ref().filter(|_| !is_ours));
        line.option("--phone-region", phone_region.as_ref());
        line
    }

    fn passwords(&mut self, args: &PasswordArgs) {
        let PasswordArgs {
            generate_passwords,
            credentials_out,
            recipients,
            password_from_env,
            password_command,
        } = args;
        self.switch("--generate-passwords", *generate_passwords);
        self.option("--credentials-out", credentials_out.as_ref().map(|path| path.display()));
        for recipient in recipients {
            self.option("--recipient", Some(recipient));
        }
        self.option("--password-from-env", password_from_env.as_ref());
        self.option("--password-command", password_command.as_ref());
    }

    pub(super) fn allowed(&mut self, args: &AllowArgs) {
        for code in &args.allow {
            self.option("--allow", Some(code));
        }
    }

    /// What a check was told, for the import or the check that follows it.
    fn checked(&mut self, args: &ValidateArgs) {
        let ValidateArgs {
            roster: _, // stands before
            identity,
            directory,
            targets,
            only,
            generate_passwords,
            update: _, // who checks an update once more says so
            allow,
            format: _,   // only people are told what is next
            output: _,   // so is what was printed
            annotate: _, // the copy is written
            explain: _,  // checks nothing
            reading,
        } = args;
        self.take(Self::reading(reading, false));
        self.option("--identity", identity.map(word_of::<Identity>));
        self.option("--directory", directory.as_ref().map(|path| path.display()));
        self.option("--targets", targets.as_ref().map(|path| path.display()));
        only.iter().for_each(|name| self.option("--target", Some(name)));
        self.switch("--generate-passwords", *generate_passwords);
        self.allowed(allow);
    }

    /// How a roster is checked that is mended, or its copy, which is in UTF-8 whatever the roster was in.
    fn mended(&mut self, args: &MendArgs, is_copy: bool) {
        let MendArgs {
            roster: _, // stands before
            output: _, // a name that is taken once it is written
            safe: _,   // the one who asks says what is mended
            fix: _,
            replace: _,
            interactive: _,
            identity,
            directory,
            generate_passwords,
            allow,
            format: _, // only people are told what is next
            reading,
        } = args;
        let mut reading = reading.clone();
        if is_copy {
            reading.encoding = None;
        }
        self.take(Self::reading(&reading, false));
        self.option("--identity", identity.map(word_of::<Identity>));
        self.option("--directory", directory.as_ref().map(|path| path.display()));
        self.switch("--generate-passwords", *generate_passwords);
        self.allowed(allow);
    }
}

/// A value as it is typed.
pub(super) fn word_of<V: ValueEnum>(value: V) -> String {
    value.to_possible_value().map(|word| word.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::parser::ValueSource;
    use clap::{ArgMatches, FromArgMatches as _};

    use super::super::settings::Named;
    use super::super::{Cli, Command, command_line, tables};
    use super::*;
    use crate::job::Before;
    use crate::ledger::{Entry, Kind, State};

    /// What becomes of a flag in the command that is printed.
    #[derive(Clone, Copy, Debug)]
    enum Fate {
        /// It goes along.
        Kept,
        /// It goes along as another argument.
        As(&'static str),
        /// It is left out, for this reason.
        Left(&'static str),
    }
    use Fate::{As, Kept, Left};

    /// A flag, as it is typed with what it cannot be without, and what becomes of it.
    type Row = (&'static str, &'static [&'static str], Fate);

    const ARN: &str = "arn:aws:connect:eu-west-2:123456789012:instance/00000000-1111-2222-3333-444444444444";
    const OF_LEDGER: Fate = Left("the ledger says it");
    const OF_NEITHER: Fate = Left("the ledger says it, where the environment names none");
    const MADE: &[&str] =
        &["--generate-passwords", "--credentials-out", "made.jsonl", "--recipient", "age1x"];
    const WEATHER: &[&str] = &["--simulate", "--seed", "3", "--weather", "rough", "--updates", "merge"];

    /// What import and retry both take, on its way to a retry.
    const TO_RETRY: [Row; 43] = [
        ("columns", &["--columns", "my map.toml"], Kept),
        ("sheet", &["--sheet", "Neue Leute"], Kept),
        ("header-row", &["--header-row", "5"], Kept),
        ("encoding", &["--encoding", "latin1"], Kept),
        ("phone-region", &["--phone-region", "DE"], Kept),
        ("instance", &["--instance", ARN], OF_LEDGER),
        ("region", &["--region", "eu-west-2"], Left("it stands in the ARN that the ledger has")),
        ("profile", &["--profile", "prod"], OF_NEITHER),
        ("endpoint-url", &["--endpoint-url", "https://e"], OF_NEITHER),
        ("identity", &["--identity", "saml"], Kept),
        ("directory", &["--directory", "d.json"], Kept),
        ("targets", &["--targets", "my targets.toml"], Kept),
        ("target", &["--targets", "t.toml", "--target", "emea", "--target", "na"], Kept),
        ("fail-fast", &["--targets", "t.toml", "--fail-fast"], Kept),
        ("skip-failed-targets", &["--targets", "t.toml", "--skip-failed-targets"], Kept),
        ("simulate", &["--simulate"], OF_LEDGER),
        ("seed", WEATHER, Kept),
        ("weather", WEATHER, Kept),
        ("updates", WEATHER, Kept),
        ("generate-passwords", MADE, Kept),
        ("credentials-out", MADE, Kept),
        ("recipient", MADE, Kept),
        ("password-from-env", &["--password-from-env", "FIRST"], Kept),
        ("password-command", &["--password-command", "pass show 'it'"], Kept),
        ("ledger", &["--ledger=-l.jsonl"], As("of")),
        ("wait", &["--wait"], Left("whoever is waited for has ended by then")),
        ("take-over", &["--take-over"], Left("what was taken over is taken")),
        ("replan", &["--replan"], Kept), // the roster is mended first
        ("rate", &["--rate", "0.5"], Kept),
        ("burst", &["--burst", "7"], Kept),
        ("concurrency", &["--concurrency", "9"], Kept),
        ("dry-run", &["--dry-run"], Left("a dry run fails no row")),
        ("actions", &["--actions"], Kept),
        ("skip-invalid", &["--skip-invalid"], Left("the rows are to be mended: what is not is told of")),
        ("allow-partial", &["--allow-partial"], Kept),
        ("allow", &["--allow", "email-syntax", "--allow", "username-too-long"], Kept),
        (
            "recreate-missing",
            &["--recreate-missing"],
            Left("they are made again; who goes after that is told of"),
        ),
        (
            "recreate-deleted",
            &["--recreate-deleted"],
            Left("they are made again; who is deleted after that is told of"),
        ),
        ("no-provenance-tag", &["--no-provenance-tag"], Kept),
        ("accept-probable", &["--accept-probable"], Kept),
        ("settle-timeout", &["--settle-timeout", "60"], Kept),
        ("outage-timeout", &["--outage-timeout", "61"], Kept),
        ("yes", &["--yes"], Left("what is sent then is another question")),
    ];
    const OF_UPDATES: [Row; 2] = [
        ("overwrite-drift", &[], Left("an import's ledger is not asked for it")),
        ("change-email", &[], Left("likewise")),
    ];

    /// What a retry is told of a ledger of leavers alone.
    const OF_LEAVERS: [Row; 6] = {
        const WHY: Fate = Left("of an import's ledger nobody is deleted");
        [
            ("count", &[], WHY),
            ("max", &[], WHY),
            ("protect", &[], WHY),
            ("even-if-admin", &[], WHY),
            ("even-if-signed-in", &[], WHY),
            ("with-quick-connects", &[], WHY),
        ]
    };
    const UPDATE: [Row; 3] = [
        ("update", &["--update"], Left("an update has a ledger of its own, and a retry of that")),
        ("overwrite-drift", &["--update", "--overwrite-drift"], Left("likewise")),
        ("change-email", &["--update", "--change-email"], Left("likewise")),
    ];
    const REMOVING: [Row; 6] = [
        ("count", &["--count", "3"], Left("a deletion has a ledger of its own, and a command of that")),
        ("max", &["--max", "3"], Left("likewise")),
        ("protect", &["--protect", "keep.txt"], Left("likewise")),
        ("even-if-admin", &["--even-if-admin"], Left("likewise")),
        ("even-if-signed-in", &["--even-if-signed-in"], Left("likewise")),
        ("with-quick-connects", &["--with-quick-connects"], Left("likewise")),
    ];
    const FORMAT: Row = ("format", &["--format", "json"], Left("whoever pastes it is a person"));

    /// Where an import differs from a retry in what goes along to it.
    const TO_IMPORT: [Row; 6] = [
        ("instance", &["--instance", ARN], Kept),
        ("region", &["--region", "eu-west-2"], Kept),
        ("profile", &["--profile", "prod"], Kept),
        ("endpoint-url", &["--endpoint-url", "https://e"], Kept),
        ("simulate", &["--simulate"], Kept),
        ("skip-invalid", &["--skip-invalid"], Kept),
    ];

    /// On its way to whatever brings the same roster again.
    const PLANNED: Row = ("replan", &["--replan"], Left("the run is planned with that roster by then"));

    fn to_import() -> Vec<Row> {
        let differs = |flag: &str| TO_IMPORT.into_iter().chain([PLANNED]).find(|(name, ..)| *name == flag);
        let both = TO_RETRY.into_iter().chain([FORMAT]);
        let rows = both.map(|row| differs(row.0).unwrap_or(row)).filter(|(flag, ..)| *flag != "ledger");
        let rows = rows.chain(OF_UPDATES).chain(OF_LEAVERS);
        let own: [Row; 3] = [
            ("ledger", &["--ledger", "mine.jsonl"], Kept),
            ("roster", &["--roster", "part.csv"], Left("pending rows are of the whole roster")),
            ("code", &["--code", "X"], Left("it picks failed rows, and pending ones have not failed")),
        ];
        rows.chain(own).collect()
    }

    const OF_VALIDATE: [Row; 17] = [
        ("identity", &["--identity", "saml"], Kept),
        ("directory", &["--directory=-d.json"], Kept),
        ("targets", &["--targets", "t.toml"], Kept),
        ("target", &["--targets", "t.toml", "--target", "emea"], Kept),
        ("generate-passwords", &["--generate-passwords"], Kept),
        ("update", &["--update"], Kept),
        ("allow", &["--allow", "email-syntax"], Kept),
        ("format", &["--format", "human"], Left("only people are told what is next")),
        ("annotate", &["--annotate", "out.csv"], Left("the copy is written")),
        ("output", &["--output", "out.txt"], Left("it is written")),
        ("explain", &[], Left("it checks nothing")),
        ("columns", &["--columns", "my map.toml"], Kept),
        ("sheet", &["--sheet=--x"], Kept),
        ("header-row", &["--header-row", "5"], Kept),
        ("encoding", &["--encoding", "latin1"], Kept),
        ("phone-region", &["--phone-region", "DE"], Kept),
        ("", &[], Left("no flag at all")),
    ];

    /// The arguments of the command of a command line, by the real parser.
    fn parsed<W: Into<OsString> + Clone>(words: impl IntoIterator<Item = W>) -> (String, ArgMatches) {
        let matches = command_line().try_get_matches_from(words).unwrap();
        let (name, matches) = matches.subcommand().unwrap();
        (name.to_owned(), matches.clone())
    }

    fn command(words: &[OsString]) -> Command {
        Cli::from_arg_matches(&command_line().try_get_matches_from(words).unwrap()).unwrap().command
    }

    fn state(ledger_says: impl Fn(&mut Entry<'static>)) -> State {
        let mut header = Entry {
            run: Some("r".into()),
            roster: Some("/elsewhere/whole.csv".into()),
            instance: Some(ARN.into()),
            ..Entry::of(Kind::Ledger)
        };
        ledger_says(&mut header);
        let mut state = State::default();
        state.apply(&header);
        state.apply(&Entry { session: Some("s".into()), ..Entry::of(Kind::Session) });
        state
    }

    /// What was typed, resolved as the commands do.
    fn job(typed: &[OsString]) -> Typed {
        // A file is taken from nobody.
        let is_taken =
            typed.iter().any(|word| ["--wait", "--take-over", "--replan"].iter().any(|flag| word == flag));
        let shared = is_taken.then(|| tables::at("dynamodb://runs/spring".parse().unwrap()));
        match command(typed) {
            Command::Import(mut args) => {
                args.shared.ledger = shared.or(args.shared.ledger);
                Typed::import(*args, typed.to_vec()).unwrap()
            }
            Command::Retry(mut args) => {
                args.of = shared.or(args.of);
                let is_rehearsal = typed.iter().any(|word| word == "--simulate");
                let state = state(|header| header.rehearsal = is_rehearsal);
                let before = Before::says(&args.ledger().unwrap(), &state);
                Typed::retry_of(*args, before, Named::default(), typed.to_vec()).unwrap()
            }
            _ => panic!("no job: {typed:?}"),
        }
    }

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(Into::into).collect()
    }

    /// Fails unless every flag of a command stands in the table, and has the fate there in the line that is printed.
    fn every_flag_has_its_fate(of: &[&str], table: &[Row], printed: &dyn Fn(&[OsString]) -> Line) {
        let definition = command_line();
        let definition = definition.find_subcommand(of[1]).unwrap();
        let flags: BTreeSet<&str> = definition.get_arguments().filter_map(clap::Arg::get_long).collect();
        let named: BTreeSet<&str> =
            table.iter().map(|(flag, ..)| *flag).filter(|flag| !flag.is_empty()).collect();
        assert_eq!(flags, named, "of `{}`: say whether it goes along", of[1]);
        for (flag, typed, fate) in table {
            let typed = words(&[of, typed].concat());
            let line = printed(&typed);
            let ((of, before), (name, after)) = (parsed(&typed), parsed(&line.words));
            let Some(argument) = definition.get_arguments().find(|arg| arg.get_long() == Some(flag)) else {
                continue;
            };
            let id = argument.get_id().as_str();
            let raw = |matches: &ArgMatches, id: &str| -> Option<Vec<OsString>> {
                Some(matches.try_get_raw(id).ok()??.map(Into::into).collect())
            };
            let is_flag_of = |name: &str| {
                let of = command_line().find_subcommand(name).unwrap().clone();
                of.get_arguments().any(|arg| arg.get_long() == Some(flag))
            };
            let is_typed = |name: &str, matches: &ArgMatches| {
                is_flag_of(name) && matches.value_source(id) == Some(ValueSource::CommandLine)
            };
            match fate {
                Kept => {
                    assert!(
                        is_typed(&of, &before) && is_typed(&name, &after),
                        "--{flag} is not in `{name}`: {line}"
                    );
                    assert_eq!(raw(&after, id), raw(&before, id), "--{flag}: {line}");
                }
                As(other) => {
                    let path = |raw: Option<Vec<OsString>>| raw.unwrap()[0].to_str().unwrap().to_owned();
                    let (before, after) = (path(raw(&before, id)), path(raw(&after, other)));
                    assert_eq!(after.trim_start_matches("./"), before, "--{flag}: {line}");
                }
                Left(why) => assert!(!is_typed(&name, &after), "--{flag}, left out because {why}: {line}"),
            }
        }
    }

    #[test]
    fn what_is_done_where_somebody_has_the_ledger_takes_the_place_of_what_was_said_of_it() {
        for (typed, again) in [
            ("headcount import r.csv", "headcount import r.csv --wait"),
            ("headcount import --take-over=now r.csv --take-over", "headcount import r.csv --wait"),
            ("headcount import --wait -- --wait", "headcount import --wait -- --wait"),
        ] {
            let words: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            assert_eq!(taking(&words, "--wait").to_string(), again);
        }
    }

    #[test]
    fn every_flag_of_an_import_goes_along_to_the_retry_or_says_why_not() {
        let table = [&TO_RETRY[..], &[FORMAT], &UPDATE, &REMOVING].concat();
        every_flag_has_its_fate(&["headcount", "import", "roster.csv"], &table, &|typed| {
            retry(&job(typed), None)
        });
    }

    #[test]
    fn every_flag_of_a_retry_goes_along_to_the_next_or_says_why_not() {
        let own: [Row; 4] = [
            ("simulate", &["--simulate"], Kept), // the ledger's name does not say it
            (
                "roster",
                &["--roster", "part.csv"],
                Left("what failed is not all in the part; a file of it is"),
            ),
            ("code", &["--code", "X"], Left("the rows of other codes have failed as well")),
            ("ledger", &["--ledger", "roster.csv.ledger.jsonl"], As("of")),
        ];
        let shared = TO_RETRY.into_iter().filter(|(flag, ..)| !["ledger", "simulate"].contains(flag));
        let table: Vec<Row> = shared.chain([FORMAT]).chain(own).chain(OF_UPDATES).chain(OF_LEAVERS).collect();
        every_flag_has_its_fate(&["headcount", "retry", "roster.csv.ledger.jsonl"], &table, &|typed| {
            retry(&job(typed), None)
        });
    }

    #[test]
    fn every_flag_of_a_retry_goes_along_to_the_import_or_says_why_not() {
        every_flag_has_its_fate(&["headcount", "retry", "mine.jsonl"], &to_import(), &|typed| {
            import(&job(typed), ARN)
        });
    }

    #[test]
    fn every_flag_of_an_import_goes_along_to_the_update_or_says_why_not() {
        let not = |why| Left(why);
        let rows = TO_RETRY.into_iter().chain([FORMAT]).map(|(flag, typed, fate)| {
            let fate = match flag {
                "instance" | "region" | "profile" | "endpoint-url" | "simulate" | "skip-invalid" => Kept,
                "ledger" => As("base"),
                "targets" | "target" | "fail-fast" | "skip-failed-targets" => Kept,
                "replan" => PLANNED.2,
                "rate" | "burst" | "concurrency" => not("it is CreateUser's pace"),
                "allow-partial" | "no-provenance-tag" | "accept-probable" | "settle-timeout" => {
                    not("nobody is made")
                }
                "generate-passwords" | "credentials-out" | "recipient" | "password-from-env"
                | "password-command" => not("no password is changed"),
                _ => fate,
            };
            (flag, typed, fate)
        });
        let table: Vec<Row> = rows.chain(UPDATE).chain(REMOVING).collect();
        every_flag_has_its_fate(&["headcount", "import", "roster.csv"], &table, &|typed| {
            update(&job(typed), ARN, Remedy::Right)
        });
    }

    #[test]
    fn every_flag_of_a_check_goes_along_to_what_is_next_or_says_why_not() {
        let printed = |next: fn(&ValidateArgs, &Path) -> Line| {
            move |typed: &[OsString]| match command(typed) {
                Command::Validate(args) => next(&args, Path::new("-r.csv")),
                _ => panic!("no check: {typed:?}"),
            }
        };
        let of = ["headcount", "validate", "./-r.csv"];
        every_flag_has_its_fate(&of, &OF_VALIDATE, &printed(validate));
        let others = OF_VALIDATE.into_iter().filter(|(flag, ..)| *flag != "update");
        let of_update: Row = ("update", &["--update"], Left("who is there is not rehearsed as new"));
        let of_rehearsal: Vec<Row> = others.chain([of_update]).collect();
        every_flag_has_its_fate(&of, &of_rehearsal, &printed(rehearse));
    }

    #[test]
    fn a_file_of_failed_rows_is_read_as_it_was_written() {
        let typed = words(&[
            "headcount",
            "import",
            "r.csv",
            "--encoding",
            "latin1",
            "--sheet",
            "X",
            "--header-row=4",
        ]);
        let line = retry(&job(&typed), Some(Path::new("r.csv.failed.csv")));
        assert_eq!(
            line.to_string(),
            "headcount retry r.csv.ledger.jsonl --roster r.csv.failed.csv --sheet X"
        );
    }

    #[test]
    fn what_the_environment_names_does_not_take_the_place_of_what_was_typed() {
        let typed = ["headcount", "import", "r.csv", "--profile", "prod", "--endpoint-url", "https://e"];
        let mut job = job(&words(&typed));
        assert_eq!(retry(&job, None).to_string(), "headcount retry r.csv.ledger.jsonl");
        job.named = Named { profile: true, endpoint: true };
        assert_eq!(
            retry(&job, None).to_string(),
            "headcount retry r.csv.ledger.jsonl --profile prod --endpoint-url https://e"
        );
    }

    /// The address of a shared ledger with all that a shell would read in it.
    #[cfg(unix)]
    const SHARED: &str = "dynamodb://runs/new hires' list@acme?region=eu-west-1&profile=ops";

    /// Two who paste what they were told last would throw each other out in turn.
    #[test]
    fn whoever_goes_on_takes_the_ledger_from_nobody() {
        for (typed, printed) in [
            (&["headcount", "import", "r.csv", "--take-over", "--wait"][..], "import r.csv --wait"),
            (&["headcount", "import", "--take-over=now", "r.csv"], "import r.csv"),
            (&["headcount", "import", "--", "--take-over"], "import -- --take-over"),
        ] {
            let line = resume(&words(typed)).to_string();
            assert!(line.ends_with(printed), "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_address_of_a_shared_ledger_is_typed_as_it_is() {
        let typed = words(&["headcount", "import", "r.csv", "--instance", "acme", "--ledger", SHARED]);
        let typed_job = job(&typed);
        let mut state = State::default();
        let (roster, instance) = (Some("/r.csv".into()), Some(ARN.into()));
        state.apply(&Entry { roster, instance, ..Entry::of(Kind::Ledger) });
        state.apply(&Entry { settings: Some(Vec::new()), ..Entry::of(Kind::Session) });
        let at = &typed_job.ledger;
        let lines = [
            resume(&typed),
            retry(&typed_job, None),
            import(&typed_job, ARN),
            update(&typed_job, ARN, Remedy::Right),
            resume_of(at, &state).unwrap(),
            retry_of(at, &state, Some("X")),
            undo_of(at),
            anew_of(at, &state).unwrap(),
            status(&typed_job, "rejected"),
            status_of(at),
            credentials(Path::new("pw.jsonl"), at),
        ];
        for line in lines {
            let script = format!("printf '%s\\0' {line}");
            let ran = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            let said = String::from_utf8(ran.stdout).unwrap();
            let said: Vec<&str> = said.split_terminator('\0').collect();
            // An update has a run of its own beside it.
            assert!(said.iter().any(|word| word.replacen(".update?", "?", 1) == SHARED), "{line}");
            let parsed = command_line().try_get_matches_from(&said).map(|_| ());
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shared_base_is_no_file_from_anywhere() {
        let mut line = Line::default();
        line.option("--base", Some(SHARED));
        assert_eq!(line.words_from_anywhere(), ["--base", SHARED]);
        let mut again = Line::default();
        again.again(&["--base".to_owned(), SHARED.to_owned()], false);
        assert_eq!(again.words, ["--base", SHARED]);
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_takes_a_line_for_the_words_that_it_is_made_of() {
        let typed = [
            &["it's; headcount", "import", "my roster.csv", "--sheet=-x y", "--columns", "$HOME"][..],
            &["--password-command", "pass show \"first\" | head -1", "--ledger=-l\u{1b}[31m.jsonl"],
            &["--directory", "zoë\u{202e}.json"],
        ];
        let typed = words(&typed.concat());
        let next = retry(&job(&typed), Some(Path::new("-f.csv")));
        assert!(next.words.contains(&"./-l\u{1b}[31m.jsonl".to_owned()), "{:?}", next.words);
        let again = resume(&typed);
        assert!(again.words.iter().eq(typed.iter().map(|word| word.to_str().unwrap())), "{again}");
        for line in [next, again] {
            // The words with a control character need a shell of POSIX of 2024, as bash is.
            let script = format!("printf '%s\\0' {line}");
            let ran = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
            let said = String::from_utf8(ran.stdout).unwrap();
            let said: Vec<&str> = said.split_terminator('\0').collect();
            assert_eq!(said, line.words);
        }
    }
}
