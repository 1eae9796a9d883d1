//! The words of the ledger: what a line says, and where rows and what belongs to them stand.

use serde::{Deserialize, Serialize};

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first record: run, roster, instance, tool.
    Ledger,
    /// A process has begun to write: host, pid, when, with which settings.
    Session,
    /// A row is planned: who, where it stands, its fingerprint. Said again when the row has changed.
    Row,
    /// A planned row has left the roster before anything was sent for it.
    Dropped,
    /// A request is about to leave. Synced before its first byte does.
    Intent,
    /// What became of an intent, or of a row that was not sent.
    Outcome,
    /// What became of what follows a created row.
    Step,
    /// How a created row was last seen in the roster and on the instance. Written when that is no longer as it was.
    Seen,
    /// A process has ended in order.
    End,
    /// The run goes on in a table that machines share, and no longer in this file. Nothing follows it. A program of before
    /// does not know the word and refuses the file.
    Moved,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// To be sent.
    #[default]
    Pending,
    /// A request may have been applied, and nothing has proved it either way.
    InDoubt,
    /// Made by this ledger's run.
    Created,
    /// The name is taken by a user that is not ours.
    Exists,
    /// The service refuses the row.
    Rejected,
    /// The row has errors of its own and was skipped.
    Invalid,
    /// The name is taken by a user that is not ours and has every member of the row: nothing is left to do. In the ledger
    /// it is `exists` with `equal`, so that whoever knows no more takes it for a name that is another's. In an update's
    /// ledger nothing differed.
    There,
    /// An update changed the user, and it was read back as the row asks.
    Updated,
    /// An update sent all that it had to, and the instance does not show all of it; or a deletion was announced, and nothing
    /// says what became of it.
    Unconfirmed,
    /// An update left the user as it is, in part or as a whole: the code says why. Likewise a list of leavers.
    Skipped,
    /// Its user was deleted: by an undo of the run that made it, or as one of a list of leavers.
    Deleted,
}

impl RowState {
    /// Whether nothing was made of the row, and nothing will be unless somebody mends something.
    pub(crate) fn has_failed(self) -> bool {
        match self {
            Self::Exists | Self::Rejected | Self::Invalid | Self::Skipped => true,
            Self::Pending
            | Self::InDoubt
            | Self::Created
            | Self::There
            | Self::Updated
            | Self::Unconfirmed
            | Self::Deleted => false,
        }
    }

    /// All of them, in the order in which `status` prints them.
    pub const ALL: [RowState; 11] = [
        Self::Pending,
        Self::InDoubt,
        Self::Created,
        Self::Exists,
        Self::Rejected,
        Self::Invalid,
        Self::There,
        Self::Updated,
        Self::Unconfirmed,
        Self::Skipped,
        Self::Deleted,
    ];

    /// Those in which an import finds a row: an undo writes into its ledger.
    pub const OF_IMPORTS: [RowState; 9] = [
        Self::Pending,
        Self::InDoubt,
        Self::Created,
        Self::Exists,
        Self::Rejected,
        Self::Invalid,
        Self::There,
        Self::Deleted,
        Self::Unconfirmed,
    ];

    /// The word for it, in the ledger and wherever programs read of it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InDoubt => "in_doubt",
            Self::Created => "created",
            Self::Exists => "exists",
            Self::Rejected => "rejected",
            Self::Invalid => "invalid",
            Self::There => "there",
            Self::Updated => "updated",
            Self::Unconfirmed => "unconfirmed",
            Self::Skipped => "skipped",
            Self::Deleted => "deleted",
        }
    }
}

/// A part of a user that is written by itself: what follows a create is its proficiencies alone, an update may write any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Names and addresses (UpdateUserIdentityInfo).
    Identity,
    /// Phone and channels (UpdateUserConfig).
    Config,
    /// UpdateUserRoutingProfile.
    RoutingProfile,
    /// UpdateUserSecurityProfiles.
    SecurityProfiles,
    /// UpdateUserHierarchy.
    Hierarchy,
    /// TagResource and UntagResource, but for the provenance tag.
    Tags,
    /// Its proficiencies, which CreateUser has no member for (AssociateUserProficiencies).
    Proficiencies,
    /// It is signed out everywhere before it is deleted (DeleteAllEntitySessions).
    SignOut,
    /// The quick connects that lead to it are deleted after it (DeleteQuickConnect).
    QuickConnects,
}

impl Step {
    /// Those that are groups of a user's members, in the order of these.
    pub const ALL: [Step; 7] = [
        Self::Identity,
        Self::Config,
        Self::RoutingProfile,
        Self::SecurityProfiles,
        Self::Hierarchy,
        Self::Tags,
        Self::Proficiencies,
    ];

    /// Those of a deletion.
    pub const OF_DELETIONS: [Step; 2] = [Self::SignOut, Self::QuickConnects];

    /// The word for it, in the ledger and wherever programs read of it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Config => "config",
            Self::RoutingProfile => "routing_profile",
            Self::SecurityProfiles => "security_profiles",
            Self::Hierarchy => "hierarchy",
            Self::Tags => "tags",
            Self::Proficiencies => "proficiencies",
            Self::SignOut => "sign_out",
            Self::QuickConnects => "quick_connects",
        }
    }
}

/// Where a step stands. None of it changes where its row stands: the user is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// The row asks for no such thing, or no longer does.
    #[default]
    #[serde(rename = "dropped")]
    Nothing,
    /// To be done, or to be done again: nothing has proved that it was.
    Pending,
    /// Done.
    Done,
    /// The service refuses it.
    Rejected,
    /// Taken by the service, and not shown when the user was read again (`update`).
    Unconfirmed,
    /// Left as it is (`update`); the code says why.
    Skipped,
}

impl StepState {
    /// Those in which an import leaves a step.
    pub const OF_IMPORTS: [StepState; 4] = [Self::Nothing, Self::Pending, Self::Done, Self::Rejected];
}

/// How a created row was last seen. None of it changes where the row stands: its user was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenAs {
    /// As it was made.
    #[default]
    There,
    /// Not as the roster has it now: one of the two has changed since.
    Drifted,
    /// Not to be seen on the instance.
    Missing,
    /// The roster no longer has it.
    Gone,
    /// The instance has its name under another id: whoever has it now is not ours.
    Replaced,
}

impl SeenAs {
    /// The word for it, in the ledger and wherever programs read of it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Drifted => "drifted",
            Self::Missing => "missing",
            Self::Gone => "gone",
            Self::Replaced => "replaced",
        }
    }
}

/// Why an attempt was not executed, so that its row is pending as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unexecuted {
    /// The service said to slow down.
    Throttled,
    /// No byte left.
    NotSent,
    /// The service refused before it looked: credentials, permission, quota.
    Refused,
}

/// What a request is about to do. A word that this program does not know is refused with its line: it may be what makes or
/// unmakes a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// CreateUser.
    Create,
    /// The calls that make a user who is there what the row asks for.
    Update,
    /// DeleteUser, with what goes before and after it. Its outcomes and steps have the word too: in an import's ledger they
    /// say nothing of how the user was made.
    Delete,
}

/// Whose ledger it is, where that is no import's. A word that this program does not know is refused: what stands in such a
/// ledger is not for it to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// `headcount update`.
    Update,
    /// `headcount remove`.
    Remove,
}

impl Job {
    /// The command that goes on with a ledger of this kind.
    pub(crate) const fn command(of: Option<Self>) -> &'static str {
        match of {
            None => "import",
            Some(Self::Update) => "update",
            Some(Self::Remove) => "remove",
        }
    }

    /// What stands behind the name of a run in a table that is no import's: `.update`, `.remove`.
    pub(crate) const fn behind_name(of: Option<Self>) -> &'static str {
        match of {
            None => "",
            Some(Self::Update) => ".update",
            Some(Self::Remove) => ".remove",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_state_is_the_one_that_is_written() {
        for state in RowState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
        for step in Step::ALL.into_iter().chain(Step::OF_DELETIONS) {
            assert_eq!(serde_json::to_value(step).unwrap(), step.word());
        }
    }
}
