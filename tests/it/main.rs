//! Black-box tests: the real program, run as its users run it, and other people's clients.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod accounts;
mod actions;
mod annotate;
mod answers;
mod bad_input;
mod bodies;
#[cfg(unix)]
mod canary;
mod cli;
mod contract;
mod credentials;
mod day;
mod diff;
mod directory;
mod drift;
mod engine;
mod export;
mod field;
mod files;
mod fuzzed;
mod gateway;
mod handout;
mod harness;
mod hostile;
mod hostile_files;
mod hostile_servers;
mod import;
mod joiners;
mod journal;
mod limits;
mod looks;
mod made;
mod mend;
mod mixed;
#[cfg(all(target_os = "linux", feature = "open"))]
mod open;

mod pace;
mod packaging;
mod passwords;
mod policy;
mod proficiencies;
mod python;
mod readme;
mod rehearsal;
mod remove;
mod report;
mod retry;
mod roster;
mod serverless;
mod settle;
mod shape;
mod shared;
mod simulator;
mod stops;
mod tables;
mod targets;
mod template;
mod there;
mod undo;
mod undone;
mod untagged;
mod untold;
mod validate;
mod version;
mod wave;
mod windows;
mod wire;
mod workflows;
