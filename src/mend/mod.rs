//! A roster is mended: its faults in groups, what mends them, and the changes step by step.
//!
//! Nothing here writes a roster's file, and nothing decides for a person: what is proposed is `validate`'s, and is held
//! against the rules of all rows once more before it is done.

mod altered;
mod draft;
mod faults;
mod mender;
#[cfg(test)]
mod tests;

pub use altered::Altered;
pub use draft::{Change, Draft, Step};
pub use faults::{Fault, FaultGroup, Faults};
pub use mender::{Effect, Mender, Picked};
pub(crate) use mender::{changes_of_one, is_secret, with_ids};

mod copies;
#[cfg(test)]
mod copy_tests;

pub use copies::{fits, usual_name, write, write_over};
