//! Commands that are printed to be pasted after a comparison or an update: made of what was typed.

use std::path::Path;

use super::args::instance::InstanceArgs;
use super::args::update::Compared as Shared;
use super::meant_changes::{Run, TypedChanges};
use super::retype::{Line, word_of};
use crate::disk;
use crate::job::{Makes, Patience, RateAsked, Undo};
use crate::ledger::beside;
use crate::plan::Remedy;

/// What puts right what was compared.
pub(super) fn update(typed: &TypedChanges, arn: &str) -> Line {
    let mut line = Line::of_typed(&typed.words, "update");
    // A retry's own may be a file of what failed.
    line.path(&if typed.retry.is_some() { typed.whole_roster() } else { typed.roster.clone() });
    line.take(reached(typed, Some(arn)));
    line.take(Line::reading(&typed.shared.reading, false));
    line.take(asked(typed));
    line.take(how(typed));
    line.option("--ledger", typed.shared.ledger.as_ref().map(|path| path.display()));
    line
}

/// What puts right, or back, what a comparison has told of: with all that this takes.
pub(super) fn remedy(typed: &TypedChanges, arn: &str, remedy: Remedy) -> Line {
    let (is_back, addresses) = match remedy {
        Remedy::Right => (false, false),
        Remedy::RightWithAddresses => (false, true),
        Remedy::Back { addresses } => (true, addresses),
    };
    let mut line = update(typed, arn);
    line.switch("--overwrite-drift", is_back && !typed.shared.overwrite_drift);
    line.switch("--change-email", addresses && !typed.shared.change_email);
    line
}

/// What makes those who are not there, where their rows say all that it takes.
pub(super) fn import(typed: &TypedChanges, arn: &str, makes: Makes) -> Line {
    let Makes { needs_passwords, skips_invalid } = makes;
    let mut line = Line::of_typed(&typed.words, "import");
    line.path(&typed.whole_roster());
    line.take(reached(typed, Some(arn)));
    line.take(Line::reading(&typed.shared.reading, false));
    line.allowed(&typed.shared.allow);
    line.switch("--skip-invalid", skips_invalid);
    if needs_passwords {
        let out = disk::with_suffix(&typed.whole_roster(), ".passwords.jsonl");
        line.switch("--generate-passwords", true);
        line.option("--credentials-out", Some(out.display()));
    }
    line
}

/// What puts everybody back who was changed; `None` for a rehearsal, whose world another roster does not find.
pub(super) fn undo(typed: &TypedChanges, arn: &str, undo: &Undo) -> Option<Line> {
    if typed.shared.rehearsal.simulate {
        return None;
    }
    let Undo { file, exact_tags, exact_proficiencies, change_email } = undo;
    let mut line = Line::of_typed(&typed.words, "update");
    line.path(file);
    line.take(reached(typed, Some(arn)));
    // What this update asked for is what tells who has the name by now, and what somebody has changed since: without it the
    // cells of one person would be put on whoever is called so.
    line.option("--base", Some(typed.ledger().display()));
    let lists = [(*exact_tags, "tags"), (*exact_proficiencies, "proficiencies")];
    let exact: Vec<&str> =
        lists.into_iter().filter_map(|(is_exact, list)| is_exact.then_some(list)).collect();
    line.option("--exact", (!exact.is_empty()).then(|| exact.join(",")));
    line.switch("--change-email", *change_email);
    line.take(how(typed));
    Some(line)
}

/// What sends again what failed: that of `file`, where it is in a file of its own.
pub(super) fn retry(typed: &TypedChanges, file: Option<&Path>) -> Line {
    let mut line = Line::of_typed(&typed.words, "retry");
    let ledger = typed.ledger();
    line.path(&ledger);
    if typed.shared.rehearsal.simulate {
        line.rehearsal(&typed.shared.rehearsal, !beside::is_named_as_rehearsed(&ledger));
    }
    line.option("--roster", file.map(Path::display));
    line
}

/// What lists how the rows of the ledger stand.
pub(super) fn status(typed: &TypedChanges, which: &str) -> Line {
    let mut line = Line::of_typed(&typed.words, "status");
    line.path(&typed.ledger());
    line.option("--rows", Some(which));
    line
}

/// What was set, for the ledger to keep.
pub(super) fn settings(typed: &TypedChanges) -> Vec<String> {
    let mut line = Line::default();
    line.rehearsal(&typed.shared.rehearsal, false);
    if typed.shared.targets.targets.is_some() {
        line.targets(&typed.shared.targets, Some(None));
    } else {
        let InstanceArgs { identity, directory, .. } = &typed.shared.instance;
        line.option("--identity", identity.map(word_of));
        line.option("--directory", directory.as_ref().map(|path| path.display()));
    }
    line.take(Line::reading(&typed.shared.reading, false));
    line.take(asked(typed));
    line.take(how(typed));
    line.words_from_anywhere()
}

/// Where.
fn reached(typed: &TypedChanges, arn: Option<&str>) -> Line {
    let Shared { instance, rehearsal, .. } = &typed.shared;
    let InstanceArgs { instance: _, region, profile, endpoint_url, identity, directory, role: _ } = instance;
    let mut line = Line::default();
    if typed.shared.targets.targets.is_some() {
        line.targets(&typed.shared.targets, None);
        if rehearsal.simulate {
            line.rehearsal(rehearsal, true);
        }
        return line;
    }
    if rehearsal.simulate {
        line.rehearsal(rehearsal, true);
    } else {
        line.option("--instance", arn);
        line.option("--region", region.as_ref());
        line.option("--profile", profile.as_ref());
        line.option("--endpoint-url", endpoint_url.as_ref());
    }
    line.option("--identity", identity.map(word_of));
    line.option("--directory", directory.as_ref().map(|path| path.display()));
    line
}

/// What is compared. Every argument is taken apart: one that is added breaks the build until it is said whether it goes along.
fn asked(typed: &TypedChanges) -> Line {
    let Shared {
        reading: _,   // where the roster is named
        instance: _,  // where it is reached
        targets: _,   // likewise
        rehearsal: _, // likewise
        only,
        exact,
        overwrite_drift,
        change_email,
        base,
        actions,
        skip_invalid,
        allow,
        ledger: _,         // where it is needed
        outage_timeout: _, // with how
        format: _,         // whoever pastes it is a person
    } = &typed.shared;
    let mut line = Line::default();
    let groups: Vec<String> = only.iter().map(|group| group.as_word().replace('_', "-")).collect();
    line.option("--only", (!groups.is_empty()).then(|| groups.join(",")));
    let lists: Vec<String> = exact.iter().map(|list| word_of(*list)).collect();
    line.option("--exact", (!lists.is_empty()).then(|| lists.join(",")));
    line.switch("--overwrite-drift", *overwrite_drift);
    line.switch("--change-email", *change_email);
    for ledger in base {
        line.option("--base", Some(ledger.display()));
    }
    line.switch("--actions", *actions);
    line.switch("--skip-invalid", *skip_invalid);
    line.allowed(allow);
    line
}

/// How fast, and how long trouble is borne.
fn how(typed: &TypedChanges) -> Line {
    let mut line = Line::default();
    if let Some(Run { rate, burst, concurrency, settle, is_dry: _, yes: _ }) = &typed.run {
        match rate {
            RateAsked::Quota => {}
            RateAsked::Learned => line.option("--rate", Some("auto")),
            RateAsked::Fixed(rate) => line.option("--rate", Some(rate)),
        }
        line.option("--burst", burst.as_ref());
        line.option("--concurrency", concurrency.as_ref());
        let settle = (*settle != Patience::USUAL.settle).then_some(settle.as_secs());
        line.option("--settle-timeout", settle);
    }
    let outage = typed.shared.outage_timeout;
    line.option("--outage-timeout", (outage != Patience::USUAL.outage.as_secs()).then_some(outage));
    line
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use clap::FromArgMatches as _;

    use super::super::{Cli, Command, command_line};
    use super::*;

    const ARN: &str = "arn:aws:connect:eu-west-2:123456789012:instance/i";

    fn typed(line: &[&str]) -> TypedChanges {
        let words: Vec<OsString> = line.iter().map(Into::into).collect();
        let matches = command_line().try_get_matches_from(&words).unwrap();
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Diff(args) => TypedChanges::diff(*args, words).unwrap(),
            Command::Update(args) => TypedChanges::update(*args, words).unwrap(),
            _ => panic!("no comparison: {line:?}"),
        }
    }

    fn parses(line: &Line) -> bool {
        let words = shlex(&line.to_string());
        command_line().try_get_matches_from(words).is_ok()
    }

    /// The words of a line without anything that a shell would take apart.
    fn shlex(line: &str) -> Vec<String> {
        line.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect()
    }

    const COMPARED: [&str; 36] = [
        "headcount",
        "diff",
        "./-r.csv",
        "--instance",
        "acme",
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
        "--columns",
        "m.toml",
        "--encoding",
        "latin1",
        "--only",
        "tags,config",
        "--exact",
        "tags",
        "--base",
        "a.jsonl",
        "b.jsonl",
        "--overwrite-drift",
        "--change-email",
        "--skip-invalid",
        "--allow",
        "username-too-long",
        "--ledger",
        "l.jsonl",
        "--outage-timeout",
        "9",
        "--format=human",
    ];

    #[test]
    fn what_puts_right_compares_what_was_compared() {
        let typed = typed(&COMPARED);
        let line = update(&typed, ARN);
        insta::assert_snapshot!(line, @"headcount update ./-r.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --region eu-west-2 --profile p --endpoint-url http://127.0.0.1:1 --identity saml --directory d.json --columns m.toml --encoding latin1 --only tags,config --exact tags --overwrite-drift --change-email --base a.jsonl --base b.jsonl --skip-invalid --allow username-too-long --outage-timeout 9 --ledger l.jsonl");
        assert!(parses(&line));
        let back = remedy(&typed, ARN, Remedy::Back { addresses: true });
        assert!(parses(&back));
        for once in ["--overwrite-drift", "--change-email"] {
            assert_eq!(back.to_string().matches(once).count(), 1);
        }
        let import = import(&typed, ARN, Makes { needs_passwords: false, skips_invalid: false });
        insta::assert_snapshot!(import, @"headcount import ./-r.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --region eu-west-2 --profile p --endpoint-url http://127.0.0.1:1 --identity saml --directory d.json --columns m.toml --encoding latin1 --allow username-too-long");
        assert!(parses(&import));
    }

    #[test]
    fn what_makes_those_who_are_not_there_takes_what_their_rows_leave_open() {
        let typed = typed(&["headcount", "diff", "r.csv", "--instance", "acme"]);
        let line = import(&typed, ARN, Makes { needs_passwords: true, skips_invalid: true });
        insta::assert_snapshot!(line, @"headcount import r.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --skip-invalid --generate-passwords --credentials-out r.csv.passwords.jsonl");
        assert!(parses(&line));
    }

    #[test]
    fn what_undoes_goes_to_the_same_place_with_what_it_takes_and_reads_a_file_of_ours() {
        let typed =
            typed(&["headcount", "update", "r.csv", "--columns", "m.toml", "--only", "tags", "--rate", "1"]);
        let of = |exact_tags, change_email| Undo {
            file: PathBuf::from("r.csv.before.RUN.csv"),
            exact_tags,
            exact_proficiencies: true,
            change_email,
        };
        let line = undo(&typed, ARN, &of(true, true)).unwrap();
        insta::assert_snapshot!(line, @"headcount update r.csv.before.RUN.csv --instance arn:aws:connect:eu-west-2:123456789012:instance/i --base r.csv.update.ledger.jsonl --exact tags,proficiencies --change-email --rate 1");
        assert!(parses(&line));
        let line = undo(&typed, ARN, &of(false, false)).unwrap().to_string();
        assert!(line.contains("--exact proficiencies") && !line.contains("--change-email"), "{line}");
        let rehearsed = super::tests::typed(&["headcount", "update", "r.csv", "--simulate"]);
        assert!(undo(&rehearsed, ARN, &of(true, true)).is_none());
    }

    #[test]
    fn a_ledger_keeps_what_was_set_for_whoever_goes_on_from_another_folder() {
        let words = settings(&typed(&COMPARED));
        for absolute in ["--columns", "--base"] {
            let at = words.iter().position(|word| word == absolute).unwrap();
            assert!(Path::new(&words[at + 1]).is_absolute(), "{words:?}");
        }
        assert!(words.contains(&"--change-email".to_owned()) && !words.contains(&"--instance".to_owned()));
    }

    #[test]
    fn what_retries_names_the_ledger_and_the_file_of_failed_rows() {
        let one = typed(&["headcount", "update", "r.csv", "--instance", "acme"]);
        let line = retry(&one, Some(Path::new("r.csv.update.failed.csv")));
        assert_eq!(
            line.to_string(),
            "headcount retry r.csv.update.ledger.jsonl --roster r.csv.update.failed.csv"
        );
        assert!(parses(&line));
        let other = typed(&["headcount", "update", "r.csv", "--simulate", "--seed", "7"]);
        let line = retry(&other, None).to_string();
        assert_eq!(line, "headcount retry r.csv.simulate.update.ledger.jsonl --simulate --seed 7");
    }
}
