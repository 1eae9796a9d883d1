//! Stage 5: events and ledger, for people and programs.

pub mod annotate;
pub mod rejects;
