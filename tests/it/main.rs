//! Black-box tests: the real program, run as its users run it, and other people's clients.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod bad_input;
mod harness;
mod import;
mod pace;
mod python;
mod roster;
mod simulator;
mod template;
mod validate;
mod wire;
