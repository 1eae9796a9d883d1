//! `headcount validate`: checks every row of a roster, offline.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::agent::IdentityType;
use crate::cli::args::validate::{Format, ValidateArgs};
use crate::cli::voice::Flags;
use crate::cli::{findings, junit, output, retype};
use crate::clock::{Clock as _, SystemClock};
use crate::error::Failure;
use crate::exit::Exit;
use crate::finding::{Finding, Proposal, codes, may_be_let_through};
use crate::job::{Basis, OfTargetOffline, Offline, OfflineChecked, OfflineTargets, SavedAs, Targets};
use crate::report::annotate::{self, Annotated};
use crate::roster::{Field, Roster};
use crate::stop::Switch;
use crate::text::{self, shown};
use crate::validate::Checked;

/// Runs the command: exit 0 without errors, 3 with them, 2 where the roster or the directory cannot be used.
pub(super) fn run(args: ValidateArgs) -> Result<Exit, Failure> {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let Some(path) = &args.roster else { return Err(Failure::usage("no roster is given")) };
    let copy =
        args.annotate.as_deref().map(|out| annotate::Kind::of(out).map(|kind| (kind, out))).transpose()?;
    let offline = Offline {
        roster: path.clone(),
        reading: args.reading.meant(),
        identity: args.identity.map(IdentityType::from),
        directory: args.directory.clone(),
        makes_passwords: args.generate_passwords,
        for_update: args.update,
        let_through: args.allow.meant(),
        with_fixes: args.format == Format::Json,
    };
    let (offline, each) = match &args.targets {
        None => (offline.check(&Switch::default())?, Vec::new()),
        Some(file) => {
            let targets = Targets::open(file)?;
            let picked = args.only.iter().map(|name| targets.find(name)).collect::<Result<_, _>>()?;
            OfflineTargets { offline, targets, picked }.check(&Switch::default())?
        }
    };
    if let Some((kind, out)) = copy {
        kind.fits(&offline.roster, out)?;
    }
    let OfflineChecked { roster, directory, basis, found: checked, .. } = &offline;
    let basis = *basis;
    match args.format {
        Format::Human => {
            let names = args.directory.as_deref().zip(directory.as_ref());
            let names = names.map(|(path, directory)| {
                let SavedAs { is_old, words } = SavedAs::of(path, directory, SystemClock.now());
                format!("{}: {words}", if is_old { "warning" } else { "note" })
            });
            let next = next(&args, path, checked);
            let said = match each.is_empty() {
                true => said(basis),
                false => format!("checked for {}", text::count(each.len() as u64, "target")),
            };
            let each = each.iter().map(of_target).chain(names).collect::<Vec<_>>();
            output::told(&human(roster, checked, &said, &each, &next));
        }
        Format::Json | Format::Junit => {
            if let (Basis::Columns(..), true) = (basis, each.is_empty()) {
                output::say(&format!("note: {}", said(basis)));
            }
            each.iter().for_each(|one| output::say(&format!("note: {}", of_target(one))));
            match args.format {
                Format::Junit => write_junit(&offline, &path.display().to_string())?,
                _ => write_json(&offline)?,
            }
        }
    }
    if let Some((kind, out)) = copy {
        let annotated = annotate::write(roster, &offline.rules(), checked, kind, out, &Flags)?;
        output::say(&said_of_copy(&annotated, out, "findings", roster.columns().has(Field::Password)));
    }
    Ok(if checked.is_clean() { Exit::Done } else { Exit::Findings })
}

pub(super) fn said_of_copy(annotated: &Annotated, out: &Path, what: &str, has_passwords: bool) -> String {
    let Annotated { rows, without_note, without_cells, without_colour, cut, anew } = *annotated;
    let mut text = format!("annotated: `{}`, {} with {what}", out.display(), text::count(rows, "row"));
    for (count, noun, what) in [
        (without_cells, "row", "without cells, for they could not be told apart: see the roster itself"),
        (
            without_note,
            "cell",
            "coloured without a note: there are too many, or a thread of comments is in it",
        ),
        (without_colour, "cell", "without its colour: the workbook has no room for more formats"),
        (cut, "cell", "cut to what a workbook can hold"),
    ] {
        if count > 0 {
            let _ = write!(text, "\nnote: {} {what}", text::count(count, noun));
        }
    }
    if let Some(why) = anew {
        let _ = write!(
            text,
            "\nnote: the workbook could not be changed in place ({why}): its cells stand in a new one, without its \
             formats and what it hides"
        );
    }
    if has_passwords {
        text.push_str("\nnote: it has the roster's passwords in it; remove it when it has served");
    }
    text
}

fn explain(id: &str) -> Result<Exit, Failure> {
    let Some(code) = codes::find(id) else {
        let hint = match codes::nearest(id) {
            Some(code) => format!("did you mean `{}`?", code.id),
            None => {
                format!("the codes are: {}", codes::all().map(|code| code.id).collect::<Vec<_>>().join(", "))
            }
        };
        return Err(Failure::usage(format!("no finding has this code: `{}`", shown(id))).hint(hint));
    };
    let mut text = code.explanation(&Flags);
    if may_be_let_through(code.id) {
        let _ =
            writeln!(text, "Let through: `--allow {}`, for a run: the service has the last word", code.id);
    }
    output::told(&text);
    Ok(Exit::Done)
}

/// By which rules it was checked, and why by these.
fn said(basis: Basis) -> String {
    let identity = basis.identity();
    match basis {
        Basis::Told(_) => format!("checked for {identity}"),
        Basis::Directory(_) => format!("checked for {identity}, as the directory says"),
        Basis::Columns(_, telling) => {
            let because = match telling {
                Some(Field::Password) => "there is a password column",
                Some(Field::Email) => "its people have e-mail addresses, which SAML users have not",
                Some(Field::Username) => {
                    "the logins are those of SAML users, and there is no password column"
                }
                Some(_) => "there is a directory user id column",
                None => "there is no password column",
            };
            format!("checked for {identity}, because {because}; `--identity` says otherwise")
        }
    }
}

/// How the rows of one target were checked.
fn of_target(one: &OfTargetOffline) -> String {
    let OfTargetOffline { target, rows, basis } = one;
    let said = match basis {
        Basis::Told(identity) => format!("checked for {identity}, as the file of targets says"),
        basis => said(*basis)
            .replace("`--identity` says otherwise", "`identity` in the file of targets says otherwise"),
    };
    format!("{target}: {}, {said}", text::count(*rows, "row"))
}

fn human(roster: &Roster, checked: &Checked, said: &str, more: &[String], next: &str) -> String {
    let path = roster.path();
    let mut text = format!("{}: {said}", shown(&path.display().to_string()));
    if let Some(template) = roster.recognised() {
        let _ = write!(text, "\nread as {template}");
    }
    for more in more {
        let _ = write!(text, "\n{more}");
    }
    text.push_str("\n\n");
    text.push_str(&findings::groups(checked, roster.own_headers(), output::Paint::of_stdout()));
    let _ = writeln!(text, "{}", findings::summary(checked));
    for line in findings::left_out(&checked.left_out) {
        let _ = writeln!(text, "{line}");
    }
    if let Some(logins) = &checked.logins {
        let _ = writeln!(text, "{}", findings::logins(logins));
    }
    let _ = writeln!(text, "next: {next}");
    text
}

fn next(args: &ValidateArgs, roster: &Path, checked: &Checked) -> String {
    if checked.is_clean() && args.update {
        let place = if args.targets.is_some() { "" } else { ", with the instance in place of ID" };
        format!("`{}` says who differs and how{place}", retype::diff(args, roster))
    } else if checked.is_clean() {
        let instance = if args.targets.is_some() { "" } else { "--instance ID " };
        format!(
            "`{}` rehearses it; with `{instance}--dry-run` in place of `--simulate` it shows the plan",
            retype::rehearse(args, roster)
        )
    } else {
        format!(
            "mend the errors and run `{}` again; {} until then",
            retype::validate(args, roster),
            if args.update { "an update changes nobody" } else { "an import sends nothing" }
        )
    }
}

/// A result is written in pieces of some bytes: there may be more findings than fit into memory.
const PIECE: usize = 64 << 10;

/// A finding with what mends it.
#[derive(Serialize)]
struct Mendable<'f> {
    #[serde(flatten)]
    finding: &'f Finding,
    #[serde(skip_serializing_if = "<[Proposal]>::is_empty")]
    fixes: &'f [Proposal],
}

fn write_junit(offline: &OfflineChecked, path: &str) -> Result<(), Failure> {
    let mut text = junit::head(path, &offline.found);
    offline.each(&mut |findings| {
        junit::case(&mut text, path, findings);
        if text.len() >= PIECE {
            output::result(&std::mem::take(&mut text));
        }
    })?;
    text.push_str(junit::END);
    output::result(&text);
    Ok(())
}

/// `{"rows": …, "findings": […]}`, indented; with `left_out` between them where a map leaves rows out, and `logins`
/// where it makes some.
fn write_json(offline: &OfflineChecked) -> Result<(), Failure> {
    let mut text = format!("{{\n  \"rows\": {},\n", offline.found.rows);
    let left_out = offline.found.left_out.as_slice();
    if !left_out.is_empty() {
        let rules = serde_json::to_string_pretty(left_out).unwrap_or_default();
        let _ = writeln!(text, "  \"left_out\": {},", rules.replace('\n', "\n  "));
    }
    if let Some(logins) = &offline.found.logins {
        let _ = writeln!(text, "  \"logins\": {{\"made\": {}, \"given\": {}}},", logins.made, logins.given);
    }
    text.push_str("  \"findings\": [");
    let mut is_first = true;
    offline.each_with_fixes(&mut |finding, fixes| {
        text.push_str(if std::mem::take(&mut is_first) { "\n    " } else { ",\n    " });
        let finding = &*finding.worded(&Flags);
        let finding = serde_json::to_string_pretty(&Mendable { finding, fixes }).unwrap_or_default();
        // A line ends between two members alone: in a string it is escaped.
        text.push_str(&finding.replace('\n', "\n    "));
        if text.len() >= PIECE {
            output::json(&std::mem::take(&mut text));
        }
    })?;
    text.push_str(if is_first { "]\n}\n" } else { "\n  ]\n}\n" });
    output::json(&text);
    Ok(())
}
