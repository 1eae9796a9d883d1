//! Ledgers that machines share: the same lines, in numbered segments of which each is put only where none stands.
//!
//! The fence is the position in the log. Whoever takes a ledger over puts its session's record behind the last segment;
//! whoever had it fails at its next append, and no request leaves whose intent was not appended. No clock, no lease and no
//! expiry is trusted for that: the lease says who is at work, and whether it is alive. The protocol is checked in
//! `docs/model` and by `tests` that explore every order of its steps.

mod append;
mod joined;
mod keeper;
mod log;
mod memory;
mod moving;
mod segments;
mod share;
mod standby;
mod storage;
#[cfg(test)]
mod tests;
mod trouble;
mod url;
mod watch;

pub use append::{Heard, Next, next};
pub(crate) use joined::{Begins, Joined};
pub(crate) use keeper::{Keeper, OnAsked};
pub use log::{Around, Delays, Ids, SharedLedger};
pub use memory::{Fate, InMemory, Weather};
pub use segments::{Certainty, Checked, EngineFault, LaneName, Lease, Named, Put, Segment, Segments};
pub use share::Members;
pub(crate) use share::Share;
pub(crate) use standby::{Stood, Until};
pub use trouble::EngineTrouble;
pub(crate) use trouble::OnTrouble;
pub(super) use url::UNDONE;
pub use url::{NoTableUrl, TableUrl};
pub use watch::{Life, Seen, Takes, Timing, Watch};
