//! What is meant, as values: [`Job`] → [`Checked`] → [`Planned`] → [`Ended`].
//!
//! Whatever a screen, a page or a test wants to have done, it makes a [`Job`] of it and hands it a [`World`]. Each step
//! returns the next as a value, so that a question can be asked between any two of them, and a step that must not be taken
//! cannot be: what a dry run returns has no way to run.
//!
//! A job reads no flag, no environment and no stream, and prints nothing: what happens is told as [`Event`]s. It tells
//! what concerns the whole; what concerns a row is told by [`apply`](crate::apply).
//!
//! [`Event`]: crate::event::Event

mod abreast;
mod acts;
mod before;
mod changes;
mod check;
mod ended;
mod export;
mod few;
mod fleet;
mod held;
mod kept;
mod lanes;
mod meant;
mod meet;
mod mending;
#[cfg(test)]
mod model;
mod odd;
mod offline;
mod offline_targets;
mod opened;
mod outlook;
mod pace;
mod parting;
mod parts;
mod plan;
mod rehearsal;
mod rehearsing;
mod remove;
mod run;
mod saved;
mod session;
mod shares;
mod side_by_side;
mod sorted;
mod standby;
mod stay;
mod supply;
mod target;
mod targets;
mod tasks;
#[cfg(test)]
mod tests;
mod there;
mod undo;
mod workshop;
mod world;

pub use abreast::{Abreast, Came, CameOut, EndedAbreast, InTargets};
pub use before::Before;
pub use changes::{Asking, Changes, Compared, EndedChanges, Makes, PlannedChanges, Undo, groups_of};
pub(crate) use check::{Checked, DryRun};
pub use ended::{CameTo, Ended};
pub use export::{Export, Exported, ExportedAll, Fields};
pub(crate) use few::Few;
pub use fleet::{FleetDryRun, FleetOutlook, Moved, PlannedFleet};
pub(crate) use held::Blocked;
pub(crate) use kept::kept_before;
pub use lanes::Lanes;
pub use meant::{Allowed, Job, Patience, What};
pub use mending::{Mending, MendingBy};
pub(crate) use odd::Odd;
pub use offline::{Basis, Offline, OfflineChecked};
pub use offline_targets::{OfTargetOffline, OfflineTargets};
pub(crate) use outlook::{Follows, Outlook};
pub(crate) use pace::Chosen;
pub use pace::{PaceAsked, RateAsked};
pub use plan::Planned;
pub use rehearsal::Rehearsal;
pub use rehearsing::{
    Around, CauseTold, FailedTold, Logged, NamesTold, PlanTold, Refused, Rehearsals, RoomTold, RowTold,
    RowsTold, RunStands, RunTold, Terminal, ToRehearse, Told, Turns,
};
pub use remove::{EndedRemove, Leavers, PlannedRemove, Remove};
pub(crate) use saved::{SavedAs, contents};
pub use supply::{OnePassword, Passwords, PasswordsPlanned};
pub use target::{Address, At, Target};
pub use targets::{OneTarget, Targets};
pub(crate) use there::{Made, OfRun, There};
pub use undo::{EndedUndo, PlannedUndo, UndoJob};
pub use workshop::*;
pub use world::World;

pub use crate::export::{Asked, Suspended};
