//! Edits that were not saved, kept for the next time that the same file is opened. Nothing of a secret column is among them.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::told::RecoverTold;
use crate::disk;
use crate::error::Failure;
use crate::mend::{Change, Draft, is_secret};

/// The folder, in that of the program's state.
const FOLDER: &str = "mending";

/// Edits as they are kept.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    version: u32,
    when: String,
    headers: Vec<(usize, String)>,
    cells: Vec<(u64, usize, String)>,
    dropped: Vec<u64>,
    added: Vec<u64>,
}

impl Kept {
    /// What a page is told of them.
    pub(super) fn told(&self) -> RecoverTold {
        let cells = self.cells.len() + self.headers.len() + self.dropped.len() + self.added.len();
        RecoverTold { cells, when: Some(self.when.clone()) }
    }

    /// The changes that make them again.
    pub(super) fn changes(&self) -> Vec<Change> {
        let headers = self
            .headers
            .iter()
            .map(|(column, text)| Change::Header { column: *column, text: text.as_str().into() });
        let added = self.added.iter().map(|row| Change::Add { row: *row });
        let cells = self.cells.iter().map(|(row, column, text)| Change::Cell {
            row: *row,
            column: *column,
            text: text.as_str().into(),
        });
        let dropped = self.dropped.iter().map(|row| Change::Drop { row: *row, is_dropped: true });
        headers.chain(added).chain(cells).chain(dropped).collect()
    }
}

/// By what a file is known again: its content.
pub(super) fn digest(path: &Path) -> Result<String, Failure> {
    let unreadable =
        |error| Failure::usage(format!("the roster cannot be read: `{}`", path.display())).because(error);
    let mut file = fs::File::open(path).map_err(unreadable)?;
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut piece).map_err(unreadable)? {
            0 => break,
            read => hasher.update(&piece[..read]),
        }
    }
    let bytes = hasher.finalize();
    Ok(bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

fn place(state: &Path, digest: &str) -> PathBuf {
    state.join(FOLDER).join(format!("{digest}.json"))
}

/// What is changed in a draft and is to be kept: whoever has time does it, and nobody waits for it.
pub struct ToKeep {
    pub(super) state: PathBuf,
    pub(super) digest: String,
    pub(super) draft: Draft,
    pub(super) when: String,
}

impl ToKeep {
    /// Keeps it. That it cannot be kept is no reason not to go on.
    pub fn keep(&self) {
        let _ = keep(&self.state, &self.digest, &self.draft, &self.when);
    }
}

/// Without what is changed.
impl std::fmt::Debug for ToKeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ToKeep({})", self.digest)
    }
}

/// Keeps what is changed in a draft; where that is nothing, nothing is kept.
pub(super) fn keep(state: &Path, digest: &str, draft: &Draft, when: &str) -> io::Result<()> {
    let edits = draft.edits();
    let secrets: Vec<bool> = (0..draft.roster().width()).map(|column| is_secret(draft, column)).collect();
    // A column that is none of the roster's is taken for a secret.
    let is_open = |(_, column, _): &(u64, usize, _)| secrets.get(*column) == Some(&false);
    let cells = edits.cells().filter(is_open).map(|(row, column, text)| (row, column, text.to_string()));
    let kept = Kept {
        version: 1,
        when: when.to_owned(),
        headers: draft.renamed(),
        cells: cells.collect(),
        dropped: edits.dropped().iter().copied().collect(),
        added: edits.added().to_vec(),
    };
    if kept.told().cells == 0 {
        forget(state, digest);
        return Ok(());
    }
    disk::create_private_folder(&state.join(FOLDER))?;
    disk::write_atomic(&place(state, digest), serde_json::to_string(&kept)?.as_bytes())
}

/// What was kept of a file, if anything.
pub(super) fn kept(state: &Path, digest: &str) -> Option<Kept> {
    const LARGEST: u64 = 256 << 20;
    let path = place(state, digest);
    let is_small = fs::symlink_metadata(&path).is_ok_and(|there| there.is_file() && there.len() <= LARGEST);
    let text = is_small.then(|| fs::read(&path).ok()).flatten()?;
    serde_json::from_slice::<Kept>(&text).ok().filter(|kept| kept.version == 1 && kept.told().cells > 0)
}

/// Keeps nothing of a file any more.
pub(super) fn forget(state: &Path, digest: &str) {
    let _ = disk::remove(&place(state, digest));
}
