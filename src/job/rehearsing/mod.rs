//! The rehearsal of an import as something that a page, or any other caller, can hold: plan → run → pause → go on → result →
//! retry → report, without a terminal.
//!
//! It is the very import that the command line runs, in the same steps; what is added is that it runs aside, that it can be
//! asked where it stands, and that its ledger answers where nobody here knows.

mod around;
mod asked;
mod log;
mod looked;
mod rehearsals;
mod terminal;
mod told;
mod watched;

pub use around::Around;
pub use asked::ToRehearse;
pub use log::Logged;
pub use rehearsals::Rehearsals;
pub use terminal::Terminal;
pub use told::{
    CauseTold, FailedTold, NamesTold, PlanTold, Refused, RoomTold, RowTold, RowsTold, RunStands, RunTold,
    Told, Turns,
};
