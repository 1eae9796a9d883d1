//! Onboards a call-centre roster into Amazon Connect.
//!
//! ```text
//! roster file ──roster──▶ rows ──validate──▶ agents ──plan──▶ tasks ──apply──▶ outcomes ──report──▶ people
//!                                   ▲                  ▲               │  ▲
//!                               directory           ledger ◀── intents,│  └─ lane, connect (one attempt, no policy)
//!                             (names → ids)        (the truth   outcomes       │
//!                                                    on disk)            the service, or `simulator`
//! ```
//!
//! The modules stand in the order in which the data flows; `job` is all of it as values, and `cli` shows it. Verdicts,
//! plan, resume, pace and back-off are decided by pure functions; one place sleeps (`clock`), one sends (`connect`), one
//! writes files (`disk`, and `log` for those that only grow). What may know what, and why, is in `docs/architecture.md`.

pub mod agent;

pub mod roster;

pub mod directory;

pub mod validate;

pub mod mend;

pub mod ledger;

pub mod passwords;

pub mod plan;

pub mod connect;

pub mod user;

pub mod lane;

pub(crate) mod instance;

pub mod apply;

pub(crate) mod failed;

pub mod export;

pub mod report;

pub(crate) mod handout;

pub mod simulator;

pub mod job;

#[cfg(feature = "open")]
pub mod web;

pub mod cli;

pub mod clock;
pub mod crash;
pub mod disk;
pub mod error;
pub mod event;
pub mod exit;
pub mod finding;
pub(crate) mod log;
pub mod memory;
pub mod stop;
mod table;
pub mod text;
pub mod waits;
