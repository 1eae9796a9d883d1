//! Black-box tests: the real program, run as its users run it.

mod roster;
mod template;
mod validate;
