//! What `headcount undo` means: what was typed, and what the ledger says where nothing was; and the commands that are printed
//! after it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::instance::InstanceArgs;
use super::args::undo::UndoArgs;
use super::meant::from_here;
use super::meant_targets::{self, Picked};
use super::policy::Needs;
use super::retype::{Line, word_of};
use super::settings::{self, Named};
use super::{output, tables};
use crate::connect::policy;
use crate::disk;
use crate::error::Failure;
use crate::job::{Before, PaceAsked, Patience, UndoJob, kept_before};
use crate::ledger::{self, Job, LedgerAt, State, beside, undone};
use crate::text::plain;

/// What was typed, the ledger that is meant, and the command line.
pub(super) struct TypedUndo {
    pub(super) args: UndoArgs,
    /// The ledger's file: of a run that was undone whole it has another name than it had.
    pub(super) ledger: LedgerAt,
    /// What the ledger says.
    pub(super) state: State,
    pub(super) words: Vec<OsString>,
}

impl TypedUndo {
    /// Instance, profile and endpoint are the ledger's where nothing else is said, and so is that it is a rehearsal's.
    ///
    /// # Errors
    /// Exit 2 where there is no such ledger, or it is of another run than was typed; exit 4 where it is damaged.
    pub(super) fn of(args: UndoArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        let args = UndoArgs { ledger: args.taking.of(args.ledger)?, ..args };
        let undo = Self::whole(args, words)?;
        let own = &undo.state.header.run;
        if let Some(typed) = undo.args.run.iter().find(|typed| *typed != own) {
            let what =
                format!("nobody was deleted: the ledger is of the run {own}, and --run says `{}`", typed);
            return Err(Failure::usage(what).hint("look at which ledger it is; --run is the run that goes"));
        }
        Ok(undo)
    }

    /// The same whichever run is typed.
    fn whole(args: UndoArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        let ledger = undone::or_undone(&args.ledger);
        let (state, _) = ledger::peek(&ledger).map_err(without_another)?;
        made_somebody(&ledger, &state, &words)?;
        let before = Before::says(&ledger, &state);
        let args = with_targets(args, &state, &ledger)?;
        let args = with_ledgers(args, &before, settings::named());
        tables::not_rehearsed(&ledger, args.rehearsal.simulate)?;
        Ok(Self { args, ledger, state, words })
    }

    /// Whether the ledgers of several targets are meant: with a file of them, a roster is named in a ledger's place.
    pub(super) fn is_of_targets(args: &UndoArgs) -> bool {
        if args.targets.targets.is_none() {
            return false;
        }
        match args.ledger.on_disk() {
            Some(path) => !beside::is_named_as_ledger(path),
            None => !ledger::is_there(&undone::or_undone(&args.ledger)),
        }
    }

    /// An undo of each of the targets that are asked for and have a ledger, with its name.
    ///
    /// # Errors
    /// Exit 2 where the file of targets cannot be used, none of them has a ledger, or a run is typed that is none of theirs.
    pub(super) fn in_targets(args: &UndoArgs, words: &[OsString]) -> Result<Vec<(String, Self)>, Failure> {
        if args.ledger.in_table().is_some_and(|table| table.url().name.is_none()) {
            return Err(Failure::usage(format!(
                "which run of the table? The address names none: `{}`",
                args.ledger
            ))
            .hint("name it as the import did, without the target's name: dynamodb://TABLE/NAME"));
        }
        let mut members = Vec::new();
        let picked = Picked::of(&args.targets)?;
        if let Some(roster) = args.ledger.on_disk() {
            for (target, ledger) in of_targets(roster).iter().filter(|(target, _)| !picked.has(target)) {
                output::say(&format!(
                    "warning: nobody of `{}` is deleted: its target `{target}` is not in `{}`",
                    plain(&ledger.display().to_string()),
                    plain(&picked.file.display().to_string())
                ));
            }
        }
        for one in picked.each() {
            let (named, is_rehearsal) =
                (args.ledger.in_table().map(|_| &args.ledger), args.rehearsal.simulate);
            let ledger = one.ledger(named, None, &args.ledger, is_rehearsal)?;
            if !ledger::is_there(&undone::or_undone(&ledger)) {
                continue;
            }
            let (targets, ledger) = (one.alone(&args.targets), args.taking.of(ledger)?);
            let args = UndoArgs { ledger, targets, ..args.clone() };
            members.push((one.name(), Self::whole(args, words.to_vec())?));
        }
        if members.is_empty() {
            return Err(Failure::usage("none of these targets has a ledger here").hint(
                "ledgers that machines share are named in the roster's place: headcount undo dynamodb://TABLE/NAME \
                 --targets FILE.toml",
            ));
        }
        let is_ones = |run: &&String| members.iter().any(|(_, undo)| undo.state.header.run == **run);
        if let Some(other) = args.run.iter().find(|run| !is_ones(run)) {
            return Err(Failure::usage(format!(
                "nobody was deleted: --run says `{other}`, which is none of these runs"
            ))
            .hint("look at which ledgers they are; each --run is a run that goes"));
        }
        Ok(members)
    }

    /// Whether the run was typed.
    pub(super) fn is_run_typed(&self) -> bool {
        self.args.run.contains(&self.state.header.run)
    }

    /// What is meant. Every argument is taken apart here: one that is added breaks the build until it means something.
    ///
    /// # Errors
    /// Exit 2 where the file of those who are to stay cannot be used.
    pub(super) fn meant(&self) -> Result<UndoJob, Failure> {
        let UndoArgs {
            ledger,
            even_if_changed: _,     // by the lifts
            with_quick_connects: _, // likewise
            even_if_signed_in: _,   // likewise
            protect: _,             // read
            base,
            instance,
            targets: _, // it is one of them
            rehearsal,
            rate,
            burst,
            concurrency,
            taking: _, // with the ledger
            dry_run,
            settle_timeout,
            outage_timeout,
            run: _,    // compared already
            yes: _,    // who is asked is the screen's
            format: _, // and so is how it is shown
        } = &self.args;
        Ok(UndoJob {
            ledger: ledger.clone(),
            target: instance.target(rehearsal.meant()),
            bases: base.clone(),
            lifts: self.args.lifts(),
            protected: self.args.protected()?,
            pace: PaceAsked { rate: *rate, burst: *burst, concurrency: concurrency.map(usize::from) },
            patience: Patience {
                settle: Duration::from_secs(*settle_timeout),
                outage: Duration::from_secs(*outage_timeout),
            },
            looks_only: *dry_run,
        })
    }

    /// The permissions that it needs; `None` for a rehearsal.
    pub(super) fn needs(&self) -> Result<Option<Needs>, Failure> {
        if self.args.rehearsal.simulate {
            return Ok(None);
        }
        let needs = self.args.instance.needs()?;
        let job = policy::Job {
            creates: false,
            tags: false,
            proficiencies: true,
            checks_roster: false,
            deletes: !self.args.dry_run,
            looks_around: true,
            quick_connects: self.args.with_quick_connects,
            reads_users: true,
            ..needs.job
        };
        Ok(Some(Needs { job, run: Some(self.state.header.run.clone()), ..needs }))
    }
}

/// A failure to read the ledger, in whose place an import could take another one: an undo cannot, for nothing else proves whom
/// the run made.
fn without_another(failure: Failure) -> Failure {
    let takes_another = failure.hint.as_ref().is_some_and(|hint| hint.contains("into a new one"));
    if !takes_another {
        return failure;
    }
    failure.hint("nobody was deleted; restore the ledger from a copy: nothing else proves whom the run made")
}

/// Fails where the ledger is not an import's: each other has a way back of its own, by the file of how everybody was.
fn made_somebody(ledger: &Path, state: &State, words: &[OsString]) -> Result<(), Failure> {
    let (whose, back, command) = match state.header.job {
        None => return Ok(()),
        Some(Job::Update) => ("an update's", "put everybody back with: ", "update"),
        Some(Job::Remove) => ("one of leavers", "make them again, with other passwords, with: ", "import"),
    };
    let what = format!("the ledger is {whose}, which made nobody: `{}`", ledger.display());
    let is_rehearsal = state.is_rehearsal(ledger);
    let hint = match kept_before(state, ledger).filter(|_| !is_rehearsal) {
        Some(file) => format!("{back}{}", puts_back(state, ledger, words, command, &from_here(&file))),
        None => "an undo takes back what an import made: name the ledger of an import".to_owned(),
    };
    Err(Failure::usage(what).hint(hint))
}

/// What puts everybody back, or makes them again, by the file of how they were.
fn puts_back(state: &State, ledger: &Path, words: &[OsString], command: &str, file: &Path) -> Line {
    let session = &state.session;
    let mut line = Line::of_typed(words, command);
    line.path(file);
    line.option("--instance", Some(&state.header.instance));
    line.option("--profile", session.profile.as_ref());
    line.option("--endpoint-url", session.endpoint.as_ref());
    if state.header.job == Some(Job::Update) {
        // What was asked for last tells who has the name by now, and what somebody has changed since.
        line.option("--base", Some(ledger.display()));
        line.option("--exact", Some("tags,proficiencies"));
    } else {
        line.switch("--generate-passwords", true);
        line.option("--credentials-out", Some(disk::with_suffix(file, ".passwords.jsonl").display()));
    }
    line
}

/// The ledgers of imports beside a roster that are one of several targets', each with its target's name.
fn of_targets(roster: &Path) -> Vec<(String, PathBuf)> {
    let named = beside::named_as_of_targets(roster).into_iter();
    let of_import = named.filter_map(|path| {
        let header = ledger::first(&LedgerAt::file(&path))?;
        Some((header.target.filter(|_| header.job.is_none())?, path))
    });
    // One of whom nothing is left has another name.
    let of = |target: &str| beside::ledger_of(&beside::for_target(roster, Some(target)), false);
    of_import.filter(|(target, path)| *path == of(target)).collect()
}

/// The arguments with how the instance of a target is reached, where the ledger is one target's: its role is in the file of
/// targets alone.
fn with_targets(mut args: UndoArgs, state: &State, ledger: &Path) -> Result<UndoArgs, Failure> {
    let Some(target) = &state.header.target else {
        return match &args.targets.targets {
            None => Ok(args),
            Some(_) => Err(Failure::usage(format!("the ledger is of no target: `{}`", ledger.display()))
                .hint("leave --targets out: it says itself of which instance it is")),
        };
    };
    if state.is_rehearsal(ledger) || args.rehearsal.simulate || args.instance.instance.is_some() {
        return Ok(args);
    }
    args.targets.targets = args.targets.targets.take().or_else(|| meant_targets::file_of(state));
    if args.targets.targets.is_none() {
        return Err(meant_targets::no_file(target));
    }
    args.targets.only = vec![target.clone()];
    for one in Picked::of(&args.targets)?.each() {
        args.instance = args.instance.or(&one.instance(false)); // what was typed goes before what the file says
    }
    Ok(args)
}

/// The arguments with what the ledger says where nothing was typed, and the environment names nothing.
fn with_ledgers(mut args: UndoArgs, before: &Before, named: Named) -> UndoArgs {
    args.instance.complete(&mut args.rehearsal, before, named);
    args
}

/// What looks again at who is left, and why.
pub(super) fn looks(typed: &TypedUndo) -> Line {
    let mut line = Line::of_typed(&typed.words, "undo");
    line.path(&typed.args.ledger);
    line.take(told(typed));
    line.switch("--dry-run", true);
    line
}

/// Where, and who may be deleted. Every argument is taken apart: one that is added breaks the build until it is said whether
/// it goes along.
fn told(typed: &TypedUndo) -> Line {
    let UndoArgs {
        ledger: _, // stands before
        even_if_changed,
        with_quick_connects,
        even_if_signed_in,
        protect,
        base,
        instance,
        targets,
        rehearsal,
        rate: _,           // it only looks
        burst: _,          // likewise
        concurrency: _,    // likewise
        taking: _,         // once
        dry_run: _,        // said
        settle_timeout: _, // it only looks
        outage_timeout,
        run: _,    // nobody is deleted
        yes: _,    // likewise
        format: _, // whoever pastes it is a person
    } = &typed.args;
    let InstanceArgs { instance: _, region, profile: _, endpoint_url: _, identity, directory, role: _ } =
        instance;
    let mut line = Line::default();
    if rehearsal.simulate {
        line.rehearsal(rehearsal, false);
    } else if let Some(file) = &targets.targets {
        // Which target it is the ledger says.
        line.option("--targets", Some(file.display()));
    } else {
        line.option("--region", region.as_ref());
        let (profile, endpoint) = beyond_ledger(typed);
        line.option("--profile", profile);
        line.option("--endpoint-url", endpoint);
    }
    let is_ones = targets.targets.is_none();
    line.option("--identity", identity.map(word_of).filter(|_| is_ones));
    line.option("--directory", directory.as_ref().map(|path| path.display()).filter(|_| is_ones));
    line.switch("--even-if-changed", *even_if_changed);
    line.switch("--with-quick-connects", *with_quick_connects);
    line.switch("--even-if-signed-in", *even_if_signed_in);
    line.option("--protect", protect.as_ref().map(|path| path.display()));
    for ledger in base {
        line.option("--base", Some(ledger.display()));
    }
    let outage = (*outage_timeout != Patience::USUAL.outage.as_secs()).then_some(*outage_timeout);
    line.option("--outage-timeout", outage);
    line
}

/// The profile and the endpoint, where they are not the ledger's own.
fn beyond_ledger(typed: &TypedUndo) -> (Option<&String>, Option<&String>) {
    let InstanceArgs { profile, endpoint_url, .. } = &typed.args.instance;
    let session = &typed.state.session;
    let other = |typed: &'_ Option<String>, own: &Option<String>| typed != own;
    (
        profile.as_ref().filter(|_| other(profile, &session.profile)),
        endpoint_url.as_ref().filter(|_| other(endpoint_url, &session.endpoint)),
    )
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::super::settings::Named;
    use super::super::{Cli, Command, command_line};
    use super::*;
    use crate::ledger::{Entry, Kind};

    const ARN: &str = "arn:aws:connect:eu-west-2:123456789012:instance/i";

    fn state(job: Option<Job>) -> State {
        let mut state = State::default();
        state.apply(&Entry {
            run: Some("run-1".into()),
            roster: Some("/elsewhere/r.csv".into()),
            instance: Some(ARN.into()),
            job,
            ..Entry::of(Kind::Ledger)
        });
        state.apply(&Entry {
            session: Some("s".into()),
            profile: Some("prod".into()),
            ..Entry::of(Kind::Session)
        });
        state
    }

    /// What was typed, beside a ledger that says little.
    fn with_ledgers(mut args: UndoArgs, before: &Before, named: Named) -> UndoArgs {
        args.instance.complete(&mut args.rehearsal, before, named);
        args
    }

    fn typed(line: &[&str]) -> TypedUndo {
        let words: Vec<OsString> = line.iter().map(Into::into).collect();
        let matches = command_line().try_get_matches_from(&words).unwrap();
        let Command::Undo(args) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("no undo: {line:?}");
        };
        let state = state(None);
        let before = Before::says(&args.ledger, &state);
        let (ledger, args) = (args.ledger.clone(), with_ledgers(*args, &before, Named::default()));
        TypedUndo { args, ledger, state, words }
    }

    fn parses(line: &str) -> bool {
        command_line().try_get_matches_from(line.split(' ').map(|word| word.trim_matches('\''))).is_ok()
    }

    #[test]
    fn what_looks_again_proves_as_before_and_deletes_nobody() {
        let all = typed(&[
            "headcount",
            "undo",
            "l.jsonl",
            "--region",
            "eu-west-2",
            "--profile",
            "p",
            "--endpoint-url",
            "http://127.0.0.1:1",
            "--identity",
            "saml",
            "--directory",
            "d.json",
            "--even-if-changed",
            "--with-quick-connects",
            "--even-if-signed-in",
            "--protect",
            "keep.txt",
            "--base",
            "a.jsonl",
            "b.jsonl",
            "--rate",
            "1",
            "--burst",
            "2",
            "--concurrency",
            "3",
            "--settle-timeout",
            "4",
            "--outage-timeout",
            "5",
            "--run",
            "run-1",
            "--yes",
            "--format=json",
        ]);
        let line = looks(&all).to_string();
        insta::assert_snapshot!(line, @"headcount undo l.jsonl --region eu-west-2 --profile p --endpoint-url http://127.0.0.1:1 --identity saml --directory d.json --even-if-changed --with-quick-connects --even-if-signed-in --protect keep.txt --base a.jsonl --base b.jsonl --outage-timeout 5 --dry-run");
        assert!(parses(&line));
        // What the ledger says need not be said.
        assert_eq!(
            looks(&typed(&["headcount", "undo", "l.jsonl"])).to_string(),
            "headcount undo l.jsonl --dry-run"
        );
    }

    #[test]
    fn the_ledger_says_where_and_what_is_typed_or_in_the_environment_comes_first() {
        let own = typed(&["headcount", "undo", "l.jsonl"]).args.instance;
        assert_eq!((own.instance.as_deref(), own.profile.as_deref()), (Some(ARN), Some("prod")));
        let other =
            typed(&["headcount", "undo", "l.jsonl", "--profile", "p", "--endpoint-url", "https://e"]).args;
        assert_eq!(other.instance.profile.as_deref(), Some("p"));
        assert_eq!(other.instance.endpoint_url.as_deref(), Some("https://e"));
        let before = Before::says(Path::new("l.jsonl"), &state(None));
        let args = typed(&["headcount", "undo", "l.jsonl"]).args;
        let bare = UndoArgs { instance: InstanceArgs::default(), ..args };
        let named = with_ledgers(bare, &before, Named { profile: true, endpoint: true }).instance;
        assert_eq!((named.profile, named.endpoint_url), (None, None));
        // By its name a rehearsal's is one.
        let rehearsed = Path::new("r.csv.simulate.ledger.jsonl");
        let before = Before::says(rehearsed, &state(None));
        let args = typed(&["headcount", "undo", "l.jsonl"]).args;
        let bare = UndoArgs { instance: InstanceArgs::default(), ..args };
        let args = with_ledgers(bare, &before, Named::default());
        assert!(args.rehearsal.simulate && args.instance.instance.is_none());
    }

    #[test]
    fn what_puts_people_back_goes_to_the_same_place_with_what_it_takes() {
        let words: Vec<OsString> = vec!["headcount".into()];
        let back = |job, command| {
            let (state, ledger) = (state(Some(job)), Path::new("l.jsonl"));
            puts_back(&state, ledger, &words, command, Path::new("r.csv.before.csv")).to_string()
        };
        let line = back(Job::Update, "update");
        insta::assert_snapshot!(line, @"headcount update r.csv.before.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --profile prod --base l.jsonl --exact tags,proficiencies");
        assert!(parses(&line));
        let line = back(Job::Remove, "import");
        insta::assert_snapshot!(line, @"headcount import r.csv.before.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --profile prod --generate-passwords --credentials-out r.csv.before.csv.passwords.jsonl");
        assert!(parses(&line));
    }

    #[test]
    fn no_other_ledger_takes_the_place_of_a_damaged_one() {
        let damaged =
            Failure::stopped("damaged").hint("restore it, or import into a new one with ⟦ledger FILE⟧");
        assert!(without_another(damaged).hint.unwrap().contains("nothing else proves"));
        let other = Failure::stopped("newer").hint("take a newer headcount");
        assert_eq!(without_another(other).hint.as_deref(), Some("take a newer headcount"));
    }
}
