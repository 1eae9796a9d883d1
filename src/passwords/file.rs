//! The file while it is written.

use std::io;
use std::path::{Path, PathBuf};

use super::reader::{Found, find};
use super::record::{Line, Of};
use super::sealed::Recipients;
use crate::agent::Password;
use crate::error::Failure;
use crate::ledger::{Intent, State};
use crate::log::{Disturbed, Lines, Locked, Storage, Unwritable, Writer};
use crate::text::Setting;
use crate::{crash, disk};

/// A credentials file that this process has locked, before it writes to it.
///
/// One that was made for this and is let go of unused is removed: a run that never began leaves nothing.
pub(crate) struct LockedFile {
    locked: Locked,
    /// What it says.
    pub(crate) found: Found,
    /// The run of which it has passwords, where that was undone: it gives way to a new one when that begins.
    undone: Option<String>,
}

impl LockedFile {
    /// Opens a file of ours, or makes one; locks it and reads it. Nothing of it is changed.
    ///
    /// # Errors
    /// Exit 2 where it cannot be opened, is a symbolic link, is not private or is something else; exit 4 where another
    /// process has it, or where it is damaged.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let cannot = |what: &str, error: io::Error| {
            Failure::usage(format!("cannot {what} the credentials file: `{}`", path.display()))
                .because(error)
                .hint("nothing was sent; name another place with ⟦credentials-file FILE⟧")
        };
        let held = disk::hold_secret(path).map_err(|error| cannot("use", error))?;
        // Where there are no locks, the length is what is left to notice another process by.
        let Some((file, was_made)) = held else {
            return Err(Failure::stopped(format!(
                "the credentials file is in use by another process: `{}`",
                path.display()
            ))
            .hint("nothing was sent; wait until the other import has ended"));
        };
        let locked = Locked::new(file, path, was_made);
        let found = find(locked.file(), path, |_, _, _| {})?;
        Ok(Self { locked, found, undone: None })
    }

    /// Takes a file whose run was undone for a new one: nobody has any of its passwords. It is kept, under
    /// [`LockedFile::aside`], and until a run begins it stays what it is.
    pub(crate) fn give_way(&mut self) {
        self.undone = Some(std::mem::take(&mut self.found).run);
    }

    /// Where the file of a run that was undone is kept once this one begins.
    pub(crate) fn aside(&self) -> Option<PathBuf> {
        let run = self.undone.as_deref()?;
        Some(disk::with_suffix(self.locked.path(), &format!(".undone-{run}")))
    }

    /// The file of before out of the way, and a new one in its place.
    fn anew(self, aside: &Path) -> Result<Self, Failure> {
        let path = self.locked.path().to_owned();
        drop(self); // where a file that is open cannot be renamed
        disk::rename(&path, aside).map_err(|error| {
            let what =
                format!("the credentials file of the undone run cannot be renamed: `{}`", path.display());
            Failure::stopped(what)
                .because(error)
                .hint("nothing was sent; move it away, or name another with ⟦credentials-file⟧")
        })?;
        Self::open(&path)
    }

    /// Fails where the file cannot be the one that this ledger's passwords belong into, or is for other recipients.
    ///
    /// Where `has_others`, other machines have files of their own with the passwords that they made: then this one need not have
    /// them all.
    pub(crate) fn suits(
        &self,
        state: &State,
        recipients: &Recipients,
        has_others: bool,
    ) -> Result<(), Failure> {
        suits(&self.found, self.locked.path(), state, recipients, has_others)
    }

    /// Starts writing: a torn last line is cut off, and the first record is synced, when this returns.
    pub(crate) fn into_credentials(
        self,
        run: &str,
        instance: &str,
        recipients: Recipients,
        at: &str,
    ) -> Result<Credentials, Failure> {
        if let Some(aside) = self.aside() {
            return self.anew(&aside)?.into_credentials(run, instance, recipients, at);
        }
        let path = self.locked.path().to_owned();
        let unusable = |error: io::Error| {
            Failure::stopped(format!("cannot write the credentials file: `{}`", path.display()))
                .because(error)
                .hint("nothing was sent; the same command resumes")
        };
        if self.found.torn > 0 {
            self.locked.cut_after(self.found.good).map_err(unusable)?;
        }
        let mut storage = OnDisk(self.locked.into_lines(self.found.good).no_link());
        if self.found.run.is_empty() {
            let header = Line::header(run, instance, recipients.words(), at).bytes();
            storage.append(&header).and_then(|()| storage.sync()).map_err(unusable)?;
        }
        crash::point("passwords-begun");
        let writer = Writer::start(storage).map_err(unusable)?;
        Ok(Credentials { writer, run: run.to_owned(), recipients })
    }
}

fn suits(
    found: &Found,
    path: &Path,
    state: &State,
    recipients: &Recipients,
    has_others: bool,
) -> Result<(), Failure> {
    let shown = path.display();
    let lost = |what: String| {
        Err(Failure::stopped(what).hint(
            "nothing was sent. Put the file back, or give its path with ⟦credentials-file⟧: only it has the passwords of \
             the users that this ledger's run created. Where it is lost, reset those in the console, and import the \
             rest with a ledger and a file of their own: ⟦ledger NEW⟧ ⟦credentials-file NEW⟧",
        ))
    };
    if found.run.is_empty() && state.generated.is_some() && !has_others {
        return lost(format!("the credentials file of this ledger's run is gone: `{shown}`"));
    }
    if !found.run.is_empty() && found.run != state.header.run {
        return Err(Failure::stopped(format!("the credentials file is of another run: `{shown}`")).hint(
            "nothing was sent; name another file with ⟦credentials-file⟧: one file belongs to one ledger",
        ));
    }
    if found.records < state.recorded && !has_others {
        return lost(format!(
            "the credentials file is an older copy: {} of the {} passwords that were sent are in it: `{shown}`",
            found.records, state.recorded
        ));
    }
    if !found.run.is_empty() && found.recipients != recipients.words() {
        let whose = if found.recipients.is_empty() {
            "not encrypted, and ⟦recipient⟧ is given: use a file of its own".to_owned()
        } else {
            let all: Vec<String> = found.recipients.iter().map(|one| Setting::Recipient.with(one)).collect();
            format!("encrypted, and goes on only with {}", all.join(" "))
        };
        return Err(Failure::usage(format!("the credentials file is {whose}: `{shown}`")));
    }
    Ok(())
}

/// The file at work: one record an attempt, synced before the attempt's request leaves.
pub(crate) struct Credentials {
    writer: Writer,
    run: String,
    recipients: Recipients,
}

impl Credentials {
    /// Records an attempt's password and returns when it is synced; records that wait share a sync.
    pub(crate) async fn record(
        &self,
        user: &str,
        intent: &Intent,
        password: &Password,
    ) -> Result<(), Unwritable> {
        let of = Of { attempt: intent.attempt, nonce: Some(intent.nonce) };
        let plain = Line::password(&self.run, user, of, password.expose());
        let line = match self.recipients.seal(|| plain.bytes()) {
            None => plain.bytes(),
            Some(Ok(sealed)) => Line::sealed(&self.run, user, of, sealed).bytes(),
            Some(Err(why)) => return Err(Unwritable(format!("a password cannot be encrypted: {why}"))),
        };
        self.writer.append_synced(line).now().await
    }
}

/// The file as it is written, in the words of an error.
struct OnDisk(Lines);

impl Storage for OnDisk {
    fn name(&self) -> &'static str {
        "the credentials file"
    }

    fn check(&mut self) -> Result<(), String> {
        let path = self.0.path().display();
        self.0.check().map_err(|disturbed| match disturbed {
            Disturbed::Gone => {
                format!("the credentials file was deleted or replaced while it was written: `{path}`")
            }
            Disturbed::Written => format!("another process writes to the credentials file: `{path}`"),
        })
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.0.append(lines, "password-torn")
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}
