//! What the engine is given where a test runs it by itself: what it is told, and a ledger's file that can be read.

use std::io;
use std::sync::{Arc, Mutex};

use headcount::agent::IdentityType;
use headcount::apply::Settings;
use headcount::cli::voice::Flags;
use headcount::ledger::Storage;

/// What a run on this instance is told, with all that a run usually has.
pub fn settings(instance: &str, run: &str) -> Settings {
    Settings {
        instance: instance.into(),
        identity: IdentityType::ConnectManaged,
        run: run.into(),
        provenance_tag: true,
        accept_probable: false,
        row_budget: Settings::ROW_BUDGET,
        outage_patience: Settings::OUTAGE_PATIENCE,
        seed: 1,
        voice: &Flags,
    }
}

/// A ledger's file that a test can read.
#[derive(Clone, Default)]
pub struct Kept(pub Arc<Mutex<Vec<u8>>>);

impl Storage for Kept {
    fn check(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(lines);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
