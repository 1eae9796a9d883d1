//! A run that is kept in a file goes on in a table that machines share, and the file says so for good.

use std::io::{Read as _, Seek as _};
use std::path::Path;

use super::at::LedgerAt;
use super::entry::Entry;
use super::file::{LockedFile, gather};
use super::reader::each;
use super::shared::{Lease, Named, SharedLedger, TableUrl};
use super::state::State;
use super::words::{Job, Kind};
use crate::error::Failure;
use crate::text::{program, shell_line};

/// A run that was moved.
pub(crate) struct Moved {
    /// Where it goes on.
    pub(crate) to: TableUrl,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// The bytes of a torn last line that were cut off; 0 where there were none.
    pub(crate) repaired: u64,
    /// It had been moved there before.
    pub(crate) was_there: bool,
    /// Why nobody could see whether the table keeps it safe.
    pub(crate) unchecked: Option<String>,
}

/// Moves the run of a file to a table: under the name of the address, else under the name that an import there gives it. `by`
/// says who moves it. Cut off anywhere, the same again moves it to its end.
///
/// # Errors
/// Exit 2 where there is no such file, nothing is in it, or it is of a rehearsal; exit 4 where another process has it, it is
/// damaged or was moved elsewhere, or the table cannot take it.
pub(crate) fn push(path: &Path, to: &SharedLedger, by: &Lease) -> Result<Moved, Failure> {
    // Nothing is made where nothing is, and damage is told before anybody is asked.
    let found = gather(&LedgerAt::file(path), (), |(), _, _| {})?;
    if found.state.is_rehearsal(path) {
        return Err(Failure::usage(format!("the ledger is of a rehearsal: `{}`", path.display()))
            .hint("a rehearsal and its world stay on this machine"));
    }
    let to = named(to, &found.state)?;
    let url = to.url().clone();
    let file = LockedFile::open_any(path)?;
    let (repaired, rows) = (file.repaired, file.state.counts(false).total);
    let done = |was_there, unchecked| Moved { to: url.clone(), rows, repaired, was_there, unchecked };
    match &file.state.moved_to {
        Some(there) if **there == url.to_string() => return Ok(done(true, None)),
        Some(there) => {
            let look = shell_line([program(), "status", there]);
            let elsewhere =
                |failure: Failure| failure.hint(format!("nothing was moved; see how it stands with: {look}"));
            super::file::be_here(&file.state, path).map_err(elsewhere)?;
        }
        None => {}
    }
    let unchecked = to.check()?;
    let cannot = |what: &str, error: std::io::Error| {
        Failure::stopped(format!("cannot {what} the ledger: `{}`", path.display())).because(error)
    };
    let (mut lines, state) = file.into_lines()?;
    let mut bytes = Vec::new();
    let mut read = lines.file().try_clone().map_err(|error| cannot("read", error))?;
    read.rewind()
        .and_then(|()| read.take(lines.length()).read_to_end(&mut bytes))
        .map_err(|error| cannot("read", error))?;
    let (named, digests) = as_named(&bytes, path, &state, &url)?;
    to.put_whole(&named, &digests, &bytes, by)?;
    let mut line = Vec::new();
    Entry::moved(&url.to_string(), by.seen.clone()).write_to(&mut line);
    let said = lines.append(&line, "append-torn").and_then(|()| lines.sync());
    said.map_err(|error| {
        cannot("close", error)
            .hint("the run is in the table, and the file does not say so yet: the same command says it")
    })?;
    Ok(done(false, unchecked))
}

/// The ledger with its name: that of the address, else the roster's and the instance's, as an import there has it. The run of
/// one of several targets has the target's name in it, for the same command is to find it.
fn named(to: &SharedLedger, state: &State) -> Result<SharedLedger, Failure> {
    let roster = if state.session.roster.is_empty() { &state.header.roster } else { &state.session.roster };
    let instance = state.session.alias.as_deref().unwrap_or(&state.header.instance);
    let job = state.header.job;
    let named = match &state.header.target {
        Some(target) => to.url().naming_for(roster, target, job),
        None if to.url().name.is_some() => return Ok(to.clone()),
        None => to.url().naming_by(roster, instance, job),
    };
    match named {
        Ok(url) => Ok(to.at(url)),
        Err(error) => Err(Failure::usage(error.to_string())
            .hint(format!("give the run a name of your own: {}/NAME", to.url().of_table()))),
    }
}

/// What the table knows the run by, and the digests that its roster has had.
fn as_named(
    lines: &[u8],
    path: &Path,
    state: &State,
    url: &TableUrl,
) -> Result<(Named, Vec<String>), Failure> {
    let (mut tool, mut digests) = (String::new(), Vec::new());
    each(lines, path, |entry, _| {
        if matches!(entry.kind, Kind::Ledger | Kind::Session) {
            digests.extend(entry.digest.as_deref().map(str::to_owned));
        }
        if entry.kind == Kind::Ledger {
            tool = entry.tool.as_deref().unwrap_or_default().to_owned();
        }
    })?;
    let header = &state.header;
    let named = Named {
        name: url.name.clone().unwrap_or_default(),
        run: header.run.clone(),
        job: header.job.map(|_| Job::command(header.job).to_owned()).unwrap_or_default(),
        instance: header.instance.clone(),
        digest: digests.first().cloned().unwrap_or_default(),
        roster: header.roster.clone(),
        tool,
        at: header.at.clone(),
    };
    digests.sort();
    digests.dedup();
    Ok((named, digests))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::clock::SystemClock;
    use crate::exit::Exit;
    use crate::ledger::file::glance;
    use crate::ledger::made::row;
    use crate::ledger::shared::{Around, EngineTrouble, Fate, InMemory, Timing};

    /// A table that is given up on at the first call that is not answered.
    fn table(engine: &Arc<InMemory>, url: &str) -> SharedLedger {
        let last = AtomicU64::new(0);
        let around = Around {
            clock: Arc::new(SystemClock),
            pause: Arc::new(|_| {}),
            delays: Arc::new(|| Box::new(|| Duration::ZERO)),
            ids: Arc::new(move || Ok(format!("id-{}", last.fetch_add(1, Ordering::Relaxed)))),
            timing: Timing { patience: Duration::ZERO, ..Timing::USUAL },
            trouble: EngineTrouble::default(),
        };
        SharedLedger::new(url.parse().unwrap(), Arc::<InMemory>::clone(engine), around)
    }

    fn by() -> Lease {
        Lease { host: "ops-1".into(), who: "process 7".into(), ..Lease::default() }
    }

    /// A ledger of so many rows, of this run.
    fn ledger(run: &str, rows: u32) -> Vec<u8> {
        let text = |text: &str| Some(text.to_owned().into());
        let mut lines = Vec::new();
        Entry {
            version: Some(2),
            run: text(run),
            roster: text("/r/new hires.csv"),
            digest: text("sha256:d"),
            instance: text("arn:aws:connect:eu-west-2:123456789012:instance/i-1"),
            ..Entry::of(Kind::Ledger)
        }
        .write_to(&mut lines);
        let (session, alias) = (text("s"), text("acme"));
        Entry { session, alias, ..Entry::of(Kind::Session) }.write_to(&mut lines);
        for number in 0..rows {
            row(&format!("user-{number}"), number + 2, u64::from(number) + 1).write_to(&mut lines);
        }
        lines
    }

    #[test]
    fn a_move_that_is_cut_off_at_any_call_is_ended_by_the_same_again() {
        let folder = tempfile::tempdir().unwrap();
        let lines = ledger("r-1", 6_000);
        for fate in [Fate::Lost, Fate::Unanswered, Fate::Late, Fate::Twice] {
            for cut in 1.. {
                let path = folder.path().join("r.csv.ledger.jsonl");
                fs::write(&path, &lines).unwrap();
                let weather = move |_: &str, call| if call == cut { fate } else { Fate::Well };
                let engine = Arc::new(InMemory::in_weather(Box::new(weather)));
                let to = table(&engine, "dynamodb://runs/spring");
                let first = push(&path, &to, &by());
                let calls = engine.calls();
                engine.change_weather(Box::new(|_, _| Fate::Well));
                if let Err(failure) = &first {
                    assert_eq!(failure.exit, Exit::Stopped, "{failure}");
                    // Nobody finds a part of it and goes on with that.
                    let found = glance(&LedgerAt::shared(to.clone()));
                    if let Ok(Some((state, _))) = found {
                        assert_eq!(state.places().len(), 6_000, "{fate:?} at call {cut}");
                    }
                }
                let again = push(&path, &to, &by()).unwrap();
                assert_eq!(again.was_there, first.is_ok());
                assert_eq!(engine.lines("r-1").as_bytes(), lines, "{fate:?} at call {cut}");
                let file = fs::read(&path).unwrap();
                assert!(file.starts_with(&lines));
                let last = String::from_utf8(file[lines.len()..].to_vec()).unwrap();
                assert!(last.starts_with("{\"type\":\"moved\",\"to\":\"dynamodb://runs/spring\""), "{last}");
                if calls < cut {
                    assert!(cut > 6, "{cut} calls moved it");
                    break;
                }
            }
        }
    }

    #[test]
    fn what_the_table_has_is_not_moved_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(InMemory::default());
        let file = |name: &str, lines: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, lines).unwrap();
            path
        };
        let moved = push(&file("a", &ledger("r-1", 3)), &table(&engine, "dynamodb://runs"), &by()).unwrap();
        assert_eq!(moved.to.to_string(), "dynamodb://runs/new hires@acme", "as an import names it");
        let longer = ledger("r-1", 4);
        let mut other = ledger("r-1", 3);
        row("somebody", 9, 9).write_to(&mut other);
        for (lines, to, why) in [
            // The run itself under another name, another of the same roster, and another of the same name.
            (ledger("r-1", 3), "dynamodb://runs/x", "the run is in the table already"),
            (ledger("r-2", 3), "dynamodb://runs/x", "this roster is a run of the table already"),
            (ledger("r-2", 3), "dynamodb://runs/new hires@acme", "another run of this name"),
        ] {
            let refused = push(&file("b", &lines), &table(&engine, to), &by()).err().unwrap();
            assert!(refused.what.contains(why), "{refused}");
            assert_eq!(fs::read(folder.path().join("b")).unwrap(), lines, "and it is as it was");
        }
        // A copy that went on for a while is the same run; of two that did, the second is another.
        push(&file("c", &longer), &table(&engine, "dynamodb://runs/new hires@acme"), &by()).unwrap();
        let refused = push(&file("d", &other), &table(&engine, "dynamodb://runs/new hires@acme"), &by());
        assert!(refused.err().unwrap().what.contains("not what the file has"));
        let damaged = push(&file("e", b"{}\n"), &table(&engine, "dynamodb://runs/e"), &by()).err().unwrap();
        assert_eq!(damaged.exit, Exit::Stopped);
        let calls = engine.calls();
        assert!(push(&folder.path().join("none"), &table(&engine, "dynamodb://runs/n"), &by()).is_err());
        assert_eq!(engine.calls(), calls, "nobody is asked, and nothing is made");
        assert!(!folder.path().join("none").exists());
    }

    #[test]
    fn a_file_that_was_moved_is_written_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(InMemory::default());
        let path = folder.path().join("l.jsonl");
        fs::write(&path, ledger("r-1", 3)).unwrap();
        push(&path, &table(&engine, "dynamodb://runs/new hires"), &by()).unwrap();
        let refused = LockedFile::open(&path).err().unwrap();
        assert_eq!(refused.exit, Exit::Stopped);
        assert!(refused.what.contains("goes on in `dynamodb://runs/new hires`"), "{refused}");
        assert!(refused.hint.unwrap().contains("⟦ledger 'dynamodb://runs/new hires'⟧"));
        let elsewhere = push(&path, &table(&engine, "dynamodb://runs/y"), &by()).err().unwrap();
        assert!(elsewhere.what.contains("was moved from this file"), "{elsewhere}");
    }
}
