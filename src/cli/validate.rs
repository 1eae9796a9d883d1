//! `headcount validate`: checks every row of a roster, offline.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::agent::IdentityType;
use crate::cli::args::directory::told;
use crate::cli::args::validate::{Format, ValidateArgs};
use crate::cli::roster_args::Identity;
use crate::cli::voice::Flags;
use crate::cli::{findings, junit, output, retype, words};
use crate::clock::{Clock as _, SystemClock};
use crate::directory::Directory;
use crate::error::Failure;
use crate::exit::Exit;
use crate::finding::{Finding, codes};
use crate::report::annotate::{self, Annotated};
use crate::roster::{Field, Roster, Use};
use crate::text::shown;
use crate::validate::{Checked, Rules, check, infer_identity};

/// Runs the command: exit 0 without errors, 3 with them, 2 where the roster or the directory cannot be used.
pub(super) fn run(args: ValidateArgs) -> Result<Exit, Failure> {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let Some(path) = &args.roster else { return Err(Failure::usage("no roster is given")) };
    let copy =
        args.annotate.as_deref().map(|out| annotate::Kind::of(out).map(|kind| (kind, out))).transpose()?;
    let directory = args.directory.as_deref().map(Directory::read).transpose()?;
    let roster = args.reading.open(path)?;
    // Who has passwords made has users with passwords.
    let meant = Some(Identity::Connect).filter(|_| args.generate_passwords && directory.is_none());
    let identity = Basis::of(args.identity.or(meant), directory.as_ref(), &roster)?;
    if args.generate_passwords && identity.identity() != IdentityType::ConnectManaged {
        let (identity, what) =
            (identity.identity(), "the instance keeps no passwords, its users sign in elsewhere");
        return Err(Failure::usage(format!("{what}: `{identity}`")).hint("leave --generate-passwords out"));
    }
    let rules = match &directory {
        Some(directory) => Rules::of(directory),
        None => Rules::new(identity.identity()),
    };
    let rules = Rules { generates_passwords: args.generate_passwords, ..rules };
    let checked = check(&roster, &rules, &mut |_| {})?;
    match args.format {
        Format::Human => {
            let names = args.directory.as_deref().zip(directory.as_ref());
            let names = names.map(|(path, directory)| told(path, directory, SystemClock.now()));
            let next = next(&args, path, &checked);
            output::told(&human(&roster, &checked, &identity, names, &next));
        }
        Format::Json | Format::Junit => {
            if let Basis::Columns(..) = identity {
                output::say(&format!("note: {}", identity.said()));
            }
            if checked.not_kept > 0 {
                output::say(&format!("note: {} findings more are not listed", checked.not_kept));
            }
            match args.format {
                Format::Junit => output::result(&junit::document(&path.display().to_string(), &checked)),
                _ => output::json(&json(&checked)),
            }
        }
    }
    if let Some((kind, out)) = copy {
        let annotated = annotate::write(&roster, &checked, kind, out, &Flags)?;
        output::say(&said_of_copy(&annotated, out, roster.columns().has(Field::Password)));
    }
    Ok(if checked.is_clean() { Exit::Done } else { Exit::Findings })
}

fn said_of_copy(annotated: &Annotated, out: &Path, has_passwords: bool) -> String {
    let Annotated { rows, without_note, without_cells, cut } = *annotated;
    let mut text = format!("annotated: `{}`, {} with findings", out.display(), words::count(rows, "row"));
    for (count, noun, what) in [
        (without_cells, "row", "without cells, for they could not be told apart: see the roster itself"),
        (without_note, "cell", "coloured without a note: there are too many"),
        (cut, "cell", "cut to what a workbook can hold"),
    ] {
        if count > 0 {
            let _ = write!(text, "\nnote: {} {what}", words::count(count, noun));
        }
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
    output::told(&code.explanation(&Flags));
    Ok(Exit::Done)
}

/// Where the identity type comes from, which a report must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// `--identity`.
    Flag(IdentityType),
    /// The directory file's instance.
    Directory(IdentityType),
    /// The columns, with the one that says so.
    Columns(IdentityType, Option<Field>),
}

impl Basis {
    /// Decides it: the flag and the directory must agree; without both the columns decide.
    pub fn of(
        flag: Option<Identity>,
        directory: Option<&Directory>,
        roster: &Roster,
    ) -> Result<Self, Failure> {
        let flag = flag.map(IdentityType::from);
        match (flag, directory.map(|directory| directory.instance.identity)) {
            (Some(flag), Some(of_directory)) if flag != of_directory => Err(Failure::usage(format!(
                "the instance of the directory file is {of_directory}, and --identity says: `{}`",
                flag.as_flag()
            ))
            .hint("leave --identity out")),
            (_, Some(of_directory)) => Ok(Self::Directory(of_directory)),
            (Some(flag), None) => Ok(Self::Flag(flag)),
            (None, None) => {
                // A misspelt password column is an error by itself; it must not make every e-mail address one too.
                let columns = roster.columns();
                let is_there = |field| columns.has(field) || roster.uses().contains(&Use::Misspelt(field));
                let telling =
                    [Field::Password, Field::DirectoryUserId].into_iter().find(|field| is_there(*field));
                let identity = match telling {
                    Some(Field::Password) => IdentityType::ConnectManaged,
                    Some(_) => IdentityType::ExistingDirectory,
                    None => infer_identity(columns),
                };
                Ok(Self::Columns(identity, telling))
            }
        }
    }

    /// The identity type itself.
    pub fn identity(&self) -> IdentityType {
        match self {
            Self::Flag(identity) | Self::Directory(identity) | Self::Columns(identity, _) => *identity,
        }
    }

    /// How it was decided, in words.
    pub fn said(&self) -> String {
        let identity = self.identity();
        match self {
            Self::Flag(_) => format!("checked for {identity}"),
            Self::Directory(_) => format!("checked for {identity}, as the directory says"),
            Self::Columns(_, telling) => {
                let because = match telling {
                    Some(Field::Password) => "there is a password column",
                    Some(_) => "there is a directory user id column",
                    None => "there is no password column",
                };
                format!("checked for {identity}, because {because}; `--identity` says otherwise")
            }
        }
    }
}

fn human(roster: &Roster, checked: &Checked, identity: &Basis, names: Option<String>, next: &str) -> String {
    let path = roster.path();
    let mut text = format!("{}: {}", shown(&path.display().to_string()), identity.said());
    if let Some(template) = roster.recognised() {
        let _ = write!(text, "\nread as {template}");
    }
    if let Some(names) = names {
        let _ = write!(text, "\n{names}");
    }
    text.push_str("\n\n");
    text.push_str(&findings::groups(checked, roster.own_headers(), output::Paint::of_stdout()));
    let _ = writeln!(text, "{}", findings::summary(checked));
    let _ = writeln!(text, "next: {next}");
    text
}

fn next(args: &ValidateArgs, roster: &Path, checked: &Checked) -> String {
    if checked.is_clean() {
        format!(
            "`{}` rehearses it; with `--instance ID --dry-run` in place of `--simulate` it shows the plan",
            retype::rehearse(args, roster)
        )
    } else {
        format!(
            "mend the errors and run `{}` again; an import sends nothing until then",
            retype::validate(args, roster)
        )
    }
}

fn json(checked: &Checked) -> String {
    #[derive(Serialize)]
    struct Document<'c> {
        rows: u64,
        findings: Vec<Cow<'c, Finding>>,
    }
    let findings = checked.findings.iter().map(|finding| finding.worded(&Flags)).collect();
    let document = Document { rows: checked.rows, findings };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
