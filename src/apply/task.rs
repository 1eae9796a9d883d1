//! What is to be done with one row, with all that it sends. Made one at a time, as the roster is read.

use crate::agent::{Agent, Fingerprint, RowNumber};
use crate::connect::model::{CreateUser, UserProficiency};
use crate::ledger::Place;
use crate::user;

/// Whether an earlier attempt of this row may have made the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// None was left unclear.
    Clear,
    /// One was, and nothing has settled it.
    InDoubt,
}

impl Doubt {
    /// Both.
    #[cfg(test)]
    pub(crate) const ALL: [Doubt; 2] = [Self::Clear, Self::InDoubt];
}

/// Where a request's password comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The roster's row has it, or there is none.
    Row,
    /// headcount made it: each attempt's is recorded before it leaves.
    Made,
}

/// What a user is to be given once it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Gift {
    /// The proficiencies, at least one.
    pub proficiencies: Vec<UserProficiency>,
    /// Their fingerprint, for the ledger.
    pub fingerprint: Fingerprint,
    /// The user was made, and the instance's list did not have it when the run began: where it is not found either, it
    /// is soon given up.
    pub unlisted: bool,
}

/// What is done with a row.
#[derive(Debug)]
pub enum Work {
    /// Its user is made.
    Create {
        /// The request, but for its provenance tag.
        body: Box<CreateUser>,
        /// Where its password comes from.
        password: Origin,
    },
    /// Its user is there, and is given what its row asks for.
    Associate(Gift),
    /// It is in doubt and no longer wanted: looked up only.
    Settle,
}

/// A user that was on the instance before anything was sent.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub(crate) id: String,
    /// The user, where it was read already: it is not asked for again.
    pub(crate) found: Option<Box<user::Found>>,
}

impl Listed {
    /// One that has not been read yet.
    pub fn by_id(id: String) -> Self {
        Self { id, found: None }
    }
}

/// A row to work on.
#[derive(Debug)]
pub struct Task {
    /// Its place in the ledger's state.
    pub at: Place,
    /// The row as the spreadsheet shows it.
    pub row: RowNumber,
    /// The username.
    pub user: String,
    /// What is done.
    pub work: Work,
    /// Whether an earlier attempt may have made the user.
    pub doubt: Doubt,
    /// The user of this exact name that was on the instance before anything was sent: looked at first, which costs none
    /// of CreateUser's quota.
    pub listed: Option<Listed>,
    /// What its user is given once it is there.
    pub then: Option<Gift>,
}

impl Task {
    /// A row whose user is to be made.
    pub(crate) fn create(at: Place, agent: &Agent, body: CreateUser) -> Self {
        let work = Work::Create { body: Box::new(body), password: Origin::Row };
        Self { work, ..Self::settle(at, agent.row, agent.username.clone()) }.doubted(Doubt::Clear)
    }

    /// A row whose user is there: nothing of it is sent but what follows.
    pub fn associate(at: Place, row: RowNumber, user: String, gift: Gift) -> Self {
        Self { work: Work::Associate(gift), ..Self::settle(at, row, user) }.doubted(Doubt::Clear)
    }

    /// A row to look up only: it is in doubt and no longer wanted.
    pub fn settle(at: Place, row: RowNumber, user: String) -> Self {
        Self { at, row, user, work: Work::Settle, doubt: Doubt::InDoubt, listed: None, then: None }
    }

    /// The same, with what earlier attempts may have done.
    #[must_use]
    pub(crate) fn doubted(self, doubt: Doubt) -> Self {
        Self { doubt, ..self }
    }

    /// The same, with a user of this exact name on the instance, or none.
    #[must_use]
    pub(crate) fn listed(self, listed: Option<Listed>) -> Self {
        Self { listed, ..self }
    }

    /// The same, with what its user is given once it is there.
    #[must_use]
    pub(crate) fn then(self, then: Option<Gift>) -> Self {
        Self { then, ..self }
    }

    /// The same, with a password of this origin.
    #[must_use]
    pub(crate) fn with_password(mut self, origin: Origin) -> Self {
        if let Work::Create { password, .. } = &mut self.work {
            *password = origin;
        }
        self
    }

    /// What its user is to be like, where one is to be made.
    pub(super) fn asked(&self) -> Option<user::Asked<'_>> {
        let proficiencies = self.then.as_ref().map(|gift| &*gift.proficiencies);
        self.body().map(|body| user::Asked { body, proficiencies })
    }

    /// The request that makes the user, where one is to be made.
    pub(super) fn body(&self) -> Option<&CreateUser> {
        match &self.work {
            Work::Create { body, .. } => Some(body),
            Work::Associate(_) | Work::Settle => None,
        }
    }
}

/// How a row's work ended.
pub(super) enum End {
    /// Its outcome is recorded.
    Settled,
    /// The run stops, and the row stays as it is.
    Left,
}
