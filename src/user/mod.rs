//! One user: as a row wants it, and as the instance has it. Pure.
//!
//! The service fills in what a request leaves out, gives everybody an id in the directory, and shows one setting in two
//! families of members. Compared member by member, a user is never the one that was asked for; so both sides go through
//! [`Canonical`](canonical::Canonical), and [`differences`](differ::differences) are between those.

pub(crate) mod base;
mod canonical;
pub(crate) mod change;
mod differ;
mod held;
mod listed;
mod provenance;
mod request;
mod wish;

#[cfg(test)]
pub(crate) mod change_tests;
#[cfg(test)]
pub(crate) mod property_tests;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;

pub use canonical::Group;
pub(crate) use canonical::{Canonical, Member};
pub(crate) use differ::{Difference, is_same_user};
pub(crate) use held::{Asked, Found, Held, NamesOfIds};
pub(crate) use listed::Listed;
pub use provenance::provenance;
pub(crate) use provenance::{Provenance, read_provenance};
pub use request::{create_user, proficiencies};
pub use wish::Exact;
pub(crate) use wish::Wish;
