//! `headcount directory`: saves what an instance knows, for offline checks; and how a saved one is taken up again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;

use super::instance::{InstanceArgs, reach_invented};
use super::output;
use super::policy::Needs;
use crate::clock::{self, Clock as _, SystemClock};
use crate::connect::policy::Job;
use crate::directory::Directory;
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::text::{count, duration, plain, shell_word};

/// Saves an instance's directory to a file for offline checks: names, hierarchy paths, usernames, quotas
#[derive(Debug, Args)]
#[command(mut_arg("directory", |arg| arg.hide(true)))]
pub(super) struct DirectoryArgs {
    /// The file to write; an older directory file of the same instance is replaced [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    instance: InstanceArgs,

    /// The embedded Connect in place of an instance, as `headcount simulate` serves it
    #[arg(long, conflicts_with_all = ["instance", "endpoint_url"])]
    simulate: bool,
}

impl DirectoryArgs {
    /// What the command line needs.
    pub(super) fn needs(&self) -> Result<Needs, Failure> {
        let needs = self.instance.needs()?;
        Ok(Needs { job: Job { proficiencies: true, ..needs.job }, ..needs })
    }
}

/// How old a file may be before its age is a warning: people come and go in a week.
const FRESH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Runs `headcount directory`.
pub(super) fn run(args: &DirectoryArgs) -> Result<Exit, Failure> {
    if let Some(path) = &args.instance.directory {
        return Err(Failure::usage(format!("a directory is written here, not read: `{}`", path.display()))
            .hint("name the file with `-o`, and leave --directory out"));
    }
    // Before the network: nobody waits a minute for a refusal.
    let there = args.output.as_deref().map(replaceable).transpose()?.flatten();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let directory = runtime.block_on(async {
        let mut reached = match args.simulate {
            true => reach_invented(args.instance.identity).await?,
            false => args.instance.reach().await?,
        };
        reached.read_for_proficiencies().await?;
        if let Some(running) = reached.rehearsal.take() {
            running.shutdown().await;
        }
        Ok::<_, Failure>(reached.directory)
    })?;
    let text = directory.to_json();
    let Some(path) = &args.output else {
        output::json(&text);
        return Ok(Exit::Done);
    };
    if let Some(there) = there.filter(|there| there.instance.id != directory.instance.id) {
        return Err(Failure::usage(format!("the file there is of another instance: `{}`", path.display()))
            .hint(format!("it is of `{}`; choose another name for `-o`", there.instance.arn)));
    }
    // And again: reading a large instance takes minutes.
    replaceable(path)?;
    disk::write_atomic(path, text.as_bytes()).map_err(|error| {
        Failure::usage(format!("the directory cannot be written: `{}`", path.display())).because(error)
    })?;
    let word = shell_word(&path.display().to_string());
    output::say(&format!("saved {}: {}", path.display(), contents(&directory)));
    output::say(&format!("next: `headcount validate ROSTER --directory {word}`"));
    Ok(Exit::Done)
}

/// The directory file that is there already; `None` where nothing is. What is no directory file is somebody's own, and
/// stays.
fn replaceable(path: &Path) -> Result<Option<Directory>, Failure> {
    // A link that points nowhere is something that is there.
    if std::fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    // A pipe would be waited for.
    let there = disk::open_regular(path).map_err(|error| Failure::usage("it cannot be read").because(error));
    there.and_then(|_| Directory::read(path)).map(Some).map_err(|failure| {
        Failure::usage(format!("the file there is no directory file, and stays: `{}`", path.display()))
            .because(failure)
            .hint("choose another name for `-o`")
    })
}

/// Reads a directory file and says on stderr what it holds and how old it is.
pub(super) fn take_up(path: &Path) -> Result<Directory, Failure> {
    let directory = Directory::read(path)?;
    output::say(&told(path, &directory, SystemClock.now()));
    Ok(directory)
}

pub(super) fn told(path: &Path, directory: &Directory, now: SystemTime) -> String {
    let saved = directory.fetched_at.as_deref().and_then(clock::parse_rfc3339);
    let age = saved.and_then(|saved| now.duration_since(saved).ok());
    let (kind, age) = match age {
        Some(age) if age > FRESH => ("warning", format!("saved {} ago", words_of(age))),
        Some(age) => ("note", format!("saved {} ago", words_of(age))),
        None => ("note", "it does not say when it was saved".to_owned()),
    };
    let anew = if kind == "warning" { "; `headcount directory` saves it anew" } else { "" };
    let path = plain(&path.display().to_string());
    format!("{kind}: names from `{path}`, {age}: {}{anew}", contents(directory))
}

fn words_of(age: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match age.as_secs() {
        seconds if seconds >= 2 * DAY => count(seconds / DAY, "day"),
        _ => duration(age),
    }
}

/// How many of each.
fn contents(directory: &Directory) -> String {
    let Directory { routing_profiles, security_profiles, hierarchy, users, quotas, .. } = directory;
    let mut parts = vec![
        directory.instance.identity.to_string(),
        count(routing_profiles.len() as u64, "routing profile"),
        count(security_profiles.len() as u64, "security profile"),
        count(hierarchy.len() as u64, "hierarchy group"),
        match users {
            Some(users) => count(users.len() as u64, "user"),
            None => "users not read".to_owned(),
        },
    ];
    parts.extend(
        quotas.users_per_instance.map(|most| format!("room for {} in all", count(most as u64, "user"))),
    );
    parts.extend(quotas.create_user_rate.map(|rate| format!("{rate} CreateUser calls a second")));
    if quotas.users_per_instance.is_none() && quotas.create_user_rate.is_none() {
        parts.push("quotas not read".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_old_it_is_and_a_week_is_a_warning() {
        let sample = include_bytes!("../../samples/directory.json");
        let mut directory = Directory::from_json(sample).unwrap();
        directory.fetched_at = Some("2026-11-23T14:00:00.000Z".to_owned());
        let at = |text: &str| told(Path::new("d.json"), &directory, clock::parse_rfc3339(text).unwrap());
        let fresh = at("2026-11-23T16:05:00Z");
        assert!(
            fresh.starts_with("note: names from `d.json`, saved 2 h 5 min ago: CONNECT_MANAGED, 4 routing"),
            "{fresh}"
        );
        assert!(at("2026-12-01T14:00:00Z").starts_with("warning: names from `d.json`, saved 8 days ago: "));
        assert!(at("2026-12-01T14:00:00Z").ends_with("`headcount directory` saves it anew"));
        // A clock that stands before the file's own says nothing of its age.
        assert!(at("2026-11-01T14:00:00Z").contains("does not say when"));
        directory.fetched_at = None;
        assert!(told(Path::new("d.json"), &directory, SystemTime::UNIX_EPOCH).contains("does not say when"));
    }

    #[test]
    fn what_is_no_directory_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.csv");
        assert!(replaceable(&path).unwrap().is_none());
        std::fs::write(&path, "user login\nann\n").unwrap();
        assert!(replaceable(&path).unwrap_err().what.contains("no directory file, and stays"));
        std::fs::write(&path, include_bytes!("../../samples/directory.json")).unwrap();
        assert!(replaceable(&path).unwrap().is_some());
    }
}
