//! Black-box tests: the real program, run as its users run it, and other people's clients.

mod credentials;
mod harness;
mod import;
mod policy;
mod python;
mod roster;
mod simulator;
mod template;
mod validate;
mod wire;
