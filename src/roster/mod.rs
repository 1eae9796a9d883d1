//! Stage 1: a file becomes rows.

mod field;
mod row;

pub use field::Field;
pub use row::{Columns, Row};
