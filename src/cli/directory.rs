//! `headcount directory`: saves what an instance knows, for offline checks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::instance::InstanceArgs;
use super::policy::Needs;
use super::screen::{self, Doing, Listener, Show};
use super::{output, retype};
use crate::connect::policy::Job;
use crate::directory::Directory;
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Rehearsal, Target, contents};
use crate::stop::Switch;

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
    /// What is read.
    fn target(&self) -> Target {
        let calm = Rehearsal::default();
        self.instance.target(self.simulate.then_some(calm))
    }

    /// What the command line needs.
    pub(super) fn needs(&self) -> Result<Needs, Failure> {
        let needs = self.instance.needs()?;
        Ok(Needs { job: Job { proficiencies: true, ..needs.job }, ..needs })
    }
}

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
    let listener = Arc::new(Listener::of(Show::Human, Doing::Creates)?);
    let world = screen::world(listener, Switch::default());
    let directory = runtime.block_on(args.target().read(&world))?;
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
    let landed = disk::replace(path, text.as_bytes())
        .map_err(|error| output::unwritten("the directory", path, error))?;
    let path = output::say_landed(path, &landed);
    output::say(&format!("saved {}: {}", path.display(), contents(&directory)));
    output::say(&format!("next: `{}`", retype::validate_against(path)));
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

#[cfg(test)]
mod tests {
    use super::*;

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
