//! `headcount open`: the job on a local page.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use secrecy::ExposeSecret as _;

use super::args::roster::{Identity, RosterArgs};
use super::signals::Signals;
use super::{in_terminal, output, settings};
use crate::agent::IdentityType;
use crate::clock::SystemClock;
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Settings, ToOpen, listed_name};
use crate::text::worded;
use crate::web::{Notice, OnPage, Page, ToServe};

/// Opens a roster on a local page, in the browser: its columns, its rows, what is wrong with them and what mends it; then the
/// whole way through the rehearsal. Nothing leaves this machine, and nobody is created.
#[derive(Debug, Args)]
pub(super) struct OpenArgs {
    /// The roster, CSV or XLSX [default: the files of the folder are shown]
    roster: Option<PathBuf>,

    /// The folder whose files are shown and written [default: the roster's, else this one]
    #[arg(long, value_name = "DIR", conflicts_with = "roster")]
    folder: Option<PathBuf>,

    /// The port on 127.0.0.1, for `ssh -L`; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Only print the link
    #[arg(long)]
    no_browser: bool,

    /// How the instance knows its users [default: the directory's, else what the columns say]
    #[arg(long, value_enum, ignore_case = true, value_name = "TYPE")]
    identity: Option<Identity>,

    /// A file of the folder, saved by `headcount directory`: names must be known to that instance, and are offered
    #[arg(long, value_name = "FILE")]
    directory: Option<PathBuf>,

    /// Rows need no password, for the import is going to make them
    #[arg(long)]
    generate_passwords: bool,

    #[command(flatten)]
    reading: RosterArgs,
}

/// Runs until it is ended: exit 0.
pub(super) fn run(args: OpenArgs) -> Result<Exit, Failure> {
    let OpenArgs { roster, folder, port, no_browser, identity, directory, generate_passwords, reading } =
        args;
    let folder = match (&roster, folder) {
        (Some(roster), _) => folder_of(roster),
        (None, Some(folder)) => folder,
        (None, None) => PathBuf::from("."),
    };
    let folder = crate::disk::full_name(&folder);
    if !folder.is_dir() {
        return Err(Failure::usage(format!("there is no such folder: `{}`", folder.display())));
    }
    let phone_region = reading.phone_region;
    let roster = roster.map(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_there = path.symlink_metadata().is_ok();
        if !is_there {
            return Err(Failure::usage(format!("there is no roster at `{}`", path.display()))
                .hint("`headcount template` writes an empty one; `headcount open` alone shows the files of this folder"));
        }
        listed_name(&name)?;
        Ok(ToOpen { name, reading: reading.meant(), ..ToOpen::default() })
    });
    let asked = ToServe {
        folder: folder.clone(),
        roster: roster.transpose()?,
        settings: Settings {
            identity: identity.map(IdentityType::from),
            directory: directory.map(|path| in_folder(&path, &folder)).transpose()?,
            makes_passwords: generate_passwords,
            phone_region,
        },
        port,
        state: settings::state_folder(),
        clock: Arc::new(SystemClock),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let page = Page::serve(asked, |told| in_terminal::rehearsals(Arc::new(OnPage), told))?;
    let link = page.link()?;
    output::say(&format!("the page is at {}", link.expose_secret()));
    output::say("the link is good once, for a minute; Ctrl-C ends the page");
    if !no_browser && !page.open_in_browser(&link) {
        output::say("note: no browser could be started: open the link in one");
    }
    runtime.block_on(async {
        let mut signals = Signals::listen().map_err(|error| Failure::stopped("cannot listen for Ctrl-C").because(error))?;
        let notice = tokio::select! {
            notice = page.ended() => Some(notice),
            () = signals.next() => None,
        };
        output::say(match &notice {
            Some(Notice::CodeUsedTwice) => {
                "the link was used twice: the page is closed, for one of the two may have been somebody else; start it again"
            }
            Some(Notice::Forgotten) => "nobody has asked for anything for long: the page has ended",
            Some(Notice::Quit) => "the page has ended",
            None => "the page ends; a run is paused, and what is under way awaited: Ctrl-C again does not wait",
        });
        let ending = tokio::task::spawn_blocking(move || page.end());
        tokio::select! {
            _ = ending => {}
            // What was sent is in the ledger, and the same run goes on from there.
            () = signals.next() => return Ok(Exit::Interrupted),
        }
        Ok(if notice == Some(Notice::CodeUsedTwice) { Exit::Stopped } else { Exit::Done })
    })
}

fn folder_of(roster: &Path) -> PathBuf {
    match roster.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The name of a file of the folder, for whoever named it by a path.
fn in_folder(path: &Path, folder: &Path) -> Result<String, Failure> {
    let is_there = crate::disk::full_name(&folder_of(path)) == folder;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !is_there || listed_name(&name).is_err() {
        let what = format!("the page uses files of the roster's folder alone: `{}`", path.display());
        return Err(
            Failure::usage(what).hint(worded("copy the directory file into it", &OnPage).into_owned())
        );
    }
    Ok(name)
}
