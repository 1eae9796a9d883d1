//! What a job says, shown: to people or to programs.

pub(super) mod live;
