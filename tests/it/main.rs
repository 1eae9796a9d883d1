//! Black-box tests: the real program, run as its users run it.

mod python;

mod roster;
mod template;
mod validate;
mod wire;
