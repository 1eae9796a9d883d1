//! What was typed, turned into what is meant: the arguments that several commands have, each once.

pub(super) mod directory;
