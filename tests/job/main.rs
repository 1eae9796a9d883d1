//! Jobs as values: checked, planned and run in this process against an embedded Connect, on a paused clock. No command line,
//! no child process, no socket, but where what is told is held against what the program tells.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod asked;
mod changes;
mod exits;
mod forecast;
mod foreign;
mod listeners;
mod movers;
mod offline;
mod passwords;
mod rehearsal;
mod rehearsing;
mod remove;
mod retry;
mod silence;
mod stage;
mod stopping;
mod targets;
mod undo;
mod undone;
