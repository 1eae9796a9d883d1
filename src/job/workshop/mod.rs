//! A roster on a workbench: it is opened out of a folder, mended cell by cell or group by group, checked again after each
//! change, and saved as a copy. Whatever shows it asks here; nothing here knows who asks.
//!
//! The roster's own file is never written, and no text of a secret column is ever told.

mod asked;
mod cells;
mod columns;
mod files;
mod guarded;
mod journal;
mod kept_views;
mod map;
mod names;
mod open;
mod paste;
mod shop;
#[cfg(test)]
mod tests;
mod told;
mod undoable;
mod views;
mod watch;

pub use asked::{Of, RefusedRow, Settings, ToOpen, ToReplace};
pub use columns::ToRead;
pub use files::{FileTold, LedgerTold};
pub use journal::ToKeep;
pub use map::MapChosen;
pub use names::{listed_name, usable_name};
pub use shop::Workshop;
pub use told::*;
pub use undoable::Undoable;
pub use watch::OnDisk;
