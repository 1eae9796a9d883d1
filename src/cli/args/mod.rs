//! What was typed, turned into what is meant: the arguments that several commands have, each once.

pub(super) mod allow;
pub(super) mod import;
pub(super) mod instance;
pub(super) mod leave_out;
pub(super) mod mend;
pub(super) mod passwords;
mod protect;
pub(super) mod rate;
pub(super) mod remove;
pub(super) mod removing;
pub(super) mod roster;
pub(super) mod served;
pub(super) mod sky;
pub(super) mod taking;
pub(super) mod targets;
pub(super) mod undo;
pub(super) mod update;
pub(super) mod validate;
