//! The black-box tests, as one binary.

mod python;
mod wire;
