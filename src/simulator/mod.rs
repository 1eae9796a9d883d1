//! The embedded Connect: an independent witness that shares the wire types and none of the rules.
//!
//! [`World`] is the service itself, without sockets: a request goes in with the time, and an answer comes out together
//! with what becomes of it on its way back. A [`Cloud`] is several of them, in one or more accounts and regions, with the
//! roles that lead from one account into another. [`server`] puts either on loopback for any AWS client. What a world holds
//! and how it behaves is its [`Spec`]; how reliable it is, its [`Weather`]. The rules of CreateUser are written here a
//! second time, from the service's own documents, so that a fault of `validate` cannot hide behind the same fault in
//! its test double.
//!
//! Where the service's documents are silent (domain facts without a source on the wire), the choice is stated at the
//! place where it is made.

pub mod server;

mod in_process;

mod cloud;

mod sts;

mod world;

mod spec;

mod weather;

mod operation;

/// On what its answers rest: for whoever reads of it, and for the test that no rule goes without.
#[cfg(test)]
mod readings;
mod rules;

mod answers;

mod changes;

mod console;

mod leaving;

mod shown;

mod search;

mod users;

mod page;

mod signature;

mod keys;

mod place;

mod wire;

mod bucket;
mod dice;
mod journal;

pub use bucket::Pace;
pub use cloud::Cloud;
pub use in_process::InProcess;
pub use journal::JournalError;
pub use keys::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, keys_of, session_token};
pub use operation::Operation;
pub use spec::{Clearing, Families, Group, LeftOut, Named, Spec, Updates};
pub use sts::Trust;
pub use users::QuickConnect;
pub use weather::{ConsoleEdit, Fault, Odds, ThrottleName, Weather};
pub use wire::{Delivery, Request};
pub(crate) use world::Stats;
pub use world::World;
