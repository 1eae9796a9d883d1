//! Somebody on a list of leavers, as they were found.

use crate::user::{Found, Listed};

/// Somebody on the list, with what is known of them.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// What the list says.
    pub(super) listed: Listed,
    /// The id of who has the name, or whose deletion was announced.
    pub(super) id: Option<String>,
    /// An earlier session has announced the deletion, and nothing says what became of it.
    pub(super) was_begun: bool,
    /// As they were read; `None` where nobody is there.
    pub(super) found: Option<Box<Found>>,
}

/// Somebody whose deletion an earlier session has announced, and who is on the list no more.
#[derive(Clone, Debug)]
pub(super) struct Announced {
    /// The username.
    pub(super) user: String,
    /// The id.
    pub(super) id: String,
    /// Whether the user is there: then the deletion did not come to anything, and nobody asks for it any longer.
    pub(super) is_there: bool,
}
