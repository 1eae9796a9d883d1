//! The ledger that machines share, played through: every order in which machines, requests, answers and people can meet,
//! within bounds, over what the program itself decides.
//!
//! [`walk`] goes through all states of a model. [`shared`] is the protocol: a ledger of the program's own lines, folded by
//! its own [`State`](crate::ledger::State), and rows made and undone by its own tables. [`append`] is the one put below it.
//! What is modelled, and how large, is in `docs/model/README.md`.

mod append;
mod book;
mod shared;
mod tests;
mod walk;
