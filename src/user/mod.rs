//! One user: as a row wants it, and as the instance has it.

mod provenance;
mod request;
mod same;

pub use provenance::{provenance, read_provenance};
pub use request::{create_user, proficiencies};
pub use same::is_same_user;
