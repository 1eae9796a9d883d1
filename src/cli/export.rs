//! `headcount export`: an instance's users as a roster that imports again.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::args::import::Format;
use super::args::instance::InstanceArgs;
use super::args::targets::TargetsArgs;
use super::farewell::say_resume;
use super::meant_targets::{OnePicked, Picked};
use super::policy::Needs;
use super::screen::{self, Listener, Show};
use super::{output, retype};
use crate::connect::policy::Job;
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Asked, Export, Exported, ExportedAll, Fields, InTargets};
use crate::stop::Switch;
use crate::text::{count, path_word, plain, program};

/// Writes an instance's users to a roster that imports again: what is there, to look through, compare and change
///
/// Nothing is changed on the instance. Passwords cannot be read, so there is no column of them. Interrupted, it keeps what
/// it has read in `FILE.part` (of each of several targets in `FILE.TARGET.part`), and the same command goes on.
#[derive(Clone, Debug, Args)]
#[command(mut_arg("directory", |arg| arg.help("A saved directory of the instance: names are written from it")))]
pub(super) struct ExportArgs {
    /// The file to write, `.xlsx` or `.csv`, readable by its owner only; a file that is there is never overwritten
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// How much of each user is read
    #[arg(long, value_name = "WHICH", value_enum, ignore_case = true, default_value_t = FieldsArg::All)]
    fields: FieldsArg,

    #[command(flatten)]
    instance: InstanceArgs,

    #[command(flatten)]
    targets: TargetsArgs,

    #[command(flatten)]
    filters: FilterArgs,

    /// For people, or one event a line for programs
    #[arg(long, value_name = "FORMAT", value_enum, ignore_case = true, default_value_t = Format::Human)]
    format: Format,
}

/// Which users; with several filters, those that pass all of them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Which users")]
struct FilterArgs {
    /// Of this routing profile, by name, id or ARN; once more for another beside it
    #[arg(long = "routing-profile", value_name = "NAME")]
    routing_profiles: Vec<String>,

    /// In this hierarchy group or below it, as in `EMEA|Germany`; once more for another beside it
    #[arg(long, value_name = "PATH")]
    hierarchy: Vec<String>,

    /// With this tag, or with any value of this key; once more for one that they must have as well
    #[arg(long = "tag", value_name = "KEY[=VALUE]")]
    tags: Vec<String>,

    /// Made by this run of `headcount import`, as `headcount status` prints it
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FieldsArg {
    /// What a search shows, 500 users a call: no addresses, no proficiencies
    Fast,
    /// All that a roster can say: a call a user, and one more for proficiencies
    All,
}

impl From<FieldsArg> for Fields {
    fn from(typed: FieldsArg) -> Self {
        match typed {
            FieldsArg::Fast => Self::Fast,
            FieldsArg::All => Self::All,
        }
    }
}

impl ExportArgs {
    /// The file of targets, where there are several.
    pub(super) fn targets(&self) -> &Option<PathBuf> {
        &self.targets.targets
    }

    /// What the command line needs.
    pub(super) fn needs(&self) -> Result<Needs, Failure> {
        let needs = self.instance.needs()?;
        let proficiencies = self.fields == FieldsArg::All;
        let job = Job { reads_users: true, tags: false, proficiencies, checks_roster: false, ..needs.job };
        Ok(Needs { job, ..needs })
    }

    /// What is meant for each of the targets that are asked for.
    ///
    /// # Errors
    /// Exit 2 where the file of targets cannot be used.
    fn in_targets(&self) -> Result<InTargets<Export>, Failure> {
        let member = |one: OnePicked<'_>| {
            let args = Self { instance: one.instance(false), ..self.clone() };
            let name = one.name();
            (name.clone(), Export { of_target: Some(name), ..args.meant() })
        };
        let TargetsArgs { targets: _, only: _, fail_fast, skip_failed_targets } = self.targets;
        let members = Picked::of(&self.targets)?.each().map(member).collect();
        Ok(InTargets::new(members, fail_fast, skip_failed_targets))
    }

    fn meant(&self) -> Export {
        let FilterArgs { routing_profiles, hierarchy, tags, run } = &self.filters;
        Export {
            target: self.instance.target(None),
            out: self.output.clone(),
            of_target: None,
            fields: self.fields.into(),
            asked: Asked {
                routing_profiles: routing_profiles.clone(),
                hierarchy: hierarchy.clone(),
                tags: tags.clone(),
                run: run.clone(),
            },
        }
    }
}

/// Runs `headcount export`.
pub(super) fn run(args: &ExportArgs, typed: &[OsString]) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let how = match args.format {
        Format::Human => Show::Human,
        Format::Json => Show::Json,
    };
    let (listener, stop) = (Arc::new(Listener::of_reading(how)?), Switch::default());
    screen::interrupted_by(stop.clone(), Arc::clone(&listener), retype::resume(typed))?;
    let world = screen::world(Arc::clone(&listener) as _, stop);
    let exported = match &args.targets.targets {
        None => runtime.block_on(args.meant().run(&world)).map(Came::One),
        Some(_) => runtime.block_on(args.in_targets()?.run(&world)).map(Came::Several),
    };
    listener.close();
    let exported = match exported {
        Ok(Came::One(exported)) => exported,
        Ok(Came::Several(all)) => return Ok(told_of_all(&all, args)),
        Err(failure) if matches!(failure.exit, Exit::Interrupted | Exit::Stopped) => {
            // First why, then what goes on.
            output::failure(&failure);
            say_resume(&retype::resume(typed));
            return Ok(failure.exit);
        }
        Err(failure) => return Err(failure),
    };
    match args.format {
        Format::Human => say(&exported, args),
        Format::Json => output::json(&line(&exported, None)),
    }
    Ok(Exit::Done)
}

/// What came of it.
enum Came {
    One(Exported),
    Several(ExportedAll),
}

/// Tells what was exported of several targets.
fn told_of_all(all: &ExportedAll, args: &ExportArgs) -> Exit {
    let ExportedAll { exit, lanes, left_out } = all;
    if args.format == Format::Json {
        for (target, exported) in lanes {
            output::json(&line(exported, Some(target)));
        }
        return *exit;
    }
    let width = lanes.iter().map(|(target, _)| target.chars().count()).max().unwrap_or(0);
    let mut users = 0;
    for (target, exported) in lanes {
        users += exported.users;
        let what = of_one(exported);
        output::say(&format!("{target:<width$}  {what}"));
    }
    let shown = plain(&args.output.display().to_string());
    output::say(&format!(
        "exported {} of {} to `{shown}`",
        count(users, "user"),
        count(lanes.len() as u64, "target")
    ));
    for (target, why) in left_out {
        output::say(&format!("{target}: left out: {}", plain(why)));
    }
    match lanes.as_slice() {
        [(_, first), others @ ..] if others.iter().all(|(_, other)| other.left_out == first.left_out) => {
            say_not_read(&first.left_out);
        }
        // A column that others have something in stays empty in the rows of one of which it was not read.
        _ => {
            for (target, exported) in lanes.iter().filter(|(_, exported)| !exported.left_out.is_empty()) {
                output::say(&format!("{target}: not read: {}", exported.left_out.join(", ")));
            }
        }
    }
    let untold: Vec<String> =
        lanes.iter().flat_map(|(_, exported)| exported.untold.iter().cloned()).collect();
    say_untold(&untold, lanes.iter().map(|(_, exported)| exported.rows_untold).sum());
    output::say("there are no passwords in it: nobody can read them");
    if users > 0
        && let Some(file) = &args.targets.targets
    {
        let (out, file) = (path_word(&args.output), path_word(file));
        output::say(&format!("next: `{} diff {out} --targets {file}`", program()));
    }
    *exit
}

/// How many users of an instance were exported, and what there is to say of that.
fn of_one(exported: &Exported) -> String {
    let Exported { users, gone, resumed, .. } = exported;
    let mut what = count(*users, "user");
    if *resumed > 0 {
        what.push_str(&format!(", {} of them read before", count(*resumed, "user")));
    }
    if *gone > 0 {
        what.push_str(&format!("; {} went while they were read, and are left out", count(*gone, "user")));
    }
    what
}

/// So many rows are named that do not say all.
const NAMED: usize = 10;

fn say(exported: &Exported, args: &ExportArgs) {
    let Exported { file, instance, users, gone, resumed, left_out, untold, rows_untold } = exported;
    let shown = plain(&file.display().to_string());
    let resumed = match resumed {
        0 => String::new(),
        resumed => format!(", {} of them read before", count(*resumed, "user")),
    };
    output::say(&format!("exported {} to `{shown}`{resumed}", count(*users, "user")));
    if *gone > 0 {
        output::say(&format!("{} went while they were read, and are left out", count(*gone, "user")));
    }
    say_not_read(left_out);
    say_untold(untold, *rows_untold);
    output::say("there are no passwords in it: nobody can read them");
    // A roster of nobody has nobody to compare.
    if *users > 0 {
        output::say(&format!("next: `{}`", retype::diff_of(file, instance, &args.instance)));
    }
}

fn say_not_read(left_out: &[&str]) {
    if !left_out.is_empty() {
        output::say(&format!(
            "not read, and no columns of it: {}; --fields all reads {}",
            left_out.join(", "),
            if left_out.len() == 1 { "it" } else { "them" }
        ));
    }
}

fn say_untold(untold: &[String], rows: u64) {
    if untold.is_empty() {
        return;
    }
    let rows = count(rows, "row");
    output::say(&format!("{rows} cannot say all; the last column, \"headcount note\", has what:"));
    for said in untold.iter().take(NAMED) {
        output::say(&format!("  {}", plain(said)));
    }
    if untold.len() > NAMED {
        output::say(&format!("  … and {} more", untold.len() - NAMED));
    }
}

fn line(exported: &Exported, target: Option<&str>) -> String {
    let Exported { file, instance, users, gone, resumed, left_out, untold, rows_untold } = exported;
    let mut line = serde_json::json!({
        "event": "exported",
        "file": file.display().to_string(),
        "instance": instance,
        "users": users,
        "gone": gone,
        "resumed": resumed,
        "left_out": left_out,
        "rows_untold": rows_untold,
        "untold": untold,
    });
    if let Some(target) = target {
        line["target"] = target.into();
    }
    format!("{line}\n")
}
