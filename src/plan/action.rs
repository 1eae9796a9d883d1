//! What may be done to a user, and what it takes to know that it was done.

/// What is done to a row's user. Light: a plan of a million rows holds one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Made. The one call of the service that must not simply be sent again: a second one is refused, and proves nothing.
    Create,
    /// Changed where it differs.
    Update,
    /// Given its proficiencies, which CreateUser has no member for.
    Associate,
    /// Deleted, with what leads to it.
    Delete,
    /// Signed out everywhere, so that it can be deleted with nobody at work in it.
    SignOut,
    /// Looked up, to learn what became of an earlier create.
    Settle,
}

impl Action {
    /// All of them, in the order of the tables.
    #[cfg(test)]
    pub(crate) const ALL: [Action; 6] =
        [Self::Create, Self::Update, Self::Associate, Self::Delete, Self::SignOut, Self::Settle];
}
