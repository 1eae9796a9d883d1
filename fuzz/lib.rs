//! What the targets do, from where an ordinary test plays their seeds.

#[path = "../tests/it/fuzzed.rs"]
pub mod fuzzed;
