//! Files of lines that one process has: what the ledger and the passwords' file have in common.
//!
//! A file is locked before it is read; whatever stands after what was read is another's. Lines are only ever appended,
//! and one sync is for all that wait for one.

mod locked;
mod writer;

pub(crate) use locked::{Disturbed, Lines, Locked};
pub use writer::Storage;
pub(crate) use writer::{Synced, Unhurried, Unwritable, Writer};
