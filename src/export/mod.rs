//! Users that are there become a roster: one that imports again, and of which a comparison finds nothing to differ.
//!
//! A roster's grammar cannot carry all that an instance can hold: a tag's value with a `|` in it, a name with spaces around
//! it. What it cannot carry is left blank, which leaves it alone, and said beside the row: in a column that is passed over
//! when the file is read.

mod before;
mod filter;
mod names;
mod part;
mod proof;
mod row;
mod suspended;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use before::{Before, Keeping, path as path_before, path_of_leavers};
pub use filter::Asked;
pub(crate) use filter::Filter;
pub(crate) use names::Names;
pub(crate) use part::{Found as FoundPart, Part, People, Person, path as path_of_part};
pub(crate) use proof::{Proof, columns as columns_to_prove, rules as rules_to_prove};
pub(crate) use row::{Absent, Line, Of, line};
pub use suspended::Suspended;
pub(crate) use suspended::path as path_of_suspended;
#[cfg(test)]
use write::write;
pub(crate) use write::{Form, Written, columns, create, may_be};
