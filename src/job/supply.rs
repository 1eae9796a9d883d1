//! Where the passwords come from that the roster has not.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::world::World;
use crate::agent::{Agent, IdentityType, Password};
use crate::error::Failure;
use crate::ledger::{self, LedgerAt, State};
use crate::passwords::{self, LockedFile, Recipients};
use crate::validate;

/// Passwords for the users that the roster has none for. One that stands in the roster is used as it is.
#[derive(Clone, Default)]
pub enum Passwords {
    /// There are none but the roster's.
    #[default]
    OfRoster,
    /// One is made for each.
    Made {
        /// The file that they are kept in, readable by its owner only; a resumed run appends.
        out: PathBuf,
        /// To whom each is encrypted, as age knows them; none keeps them plain.
        recipients: Vec<String>,
    },
    /// One for all.
    One(OnePassword),
}

/// Gets one password for all. What it returns is not held longer than it is needed.
pub(crate) type PasswordSource = Arc<dyn Fn() -> Result<Password, Failure> + Send + Sync>;

/// One password for all.
#[derive(Clone)]
pub struct OnePassword {
    /// Where it is from, in words, as in `the variable FIRST`.
    pub whose: String,
    /// Asked only once nothing else stands in the way: whoever is asked may have to unlock something.
    pub source: PasswordSource,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OfRoster => "OfRoster",
            Self::Made { .. } => "Made",
            Self::One(_) => "One",
        })
    }
}

/// Passwords, ready to be given.
pub(super) enum Supply {
    /// Only those of the roster.
    Roster,
    /// One for each user, recorded in a file.
    Made { out: PathBuf, recipients: Recipients },
    /// One for all; the text says where it is from.
    Shared(Password, String),
}

/// What a plan says of the passwords that the roster has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordsPlanned {
    /// One is made for each, and kept in a file.
    Made {
        /// The file.
        out: PathBuf,
        /// To how many recipients each is encrypted; 0 keeps them plain.
        recipients: usize,
    },
    /// One for all; the text says where it is from.
    One(String),
}

impl Passwords {
    /// Whether a row need not have a password of its own.
    pub(crate) fn are_given(&self) -> bool {
        !matches!(self, Self::OfRoster)
    }

    /// Fails where users of this kind have no passwords.
    pub(super) fn fit(&self, identity: IdentityType) -> Result<(), Failure> {
        if !self.are_given() || identity == IdentityType::ConnectManaged {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "the instance keeps no passwords, its users sign in elsewhere: `{identity}`"
        ))
        .hint("leave ⟦made-passwords⟧, ⟦password-variable⟧ and ⟦password-command⟧ out"))
    }

    /// Gets what is to be given.
    pub(super) fn supply(&self, world: &World) -> Result<Supply, Failure> {
        let OnePassword { whose, source } = match self {
            Self::OfRoster => return Ok(Supply::Roster),
            Self::Made { out, recipients } => {
                return Ok(Supply::Made { out: out.clone(), recipients: Recipients::parse(recipients)? });
            }
            Self::One(one) => one,
        };
        let password = source()?;
        let faults = validate::password_faults(password.expose());
        if !faults.is_empty() {
            let what = format!("the password of {whose} breaks the policy: {}", faults.join(", "));
            return Err(Failure::usage(what).hint(
                "8 to 64 characters with a lower-case letter, an upper-case letter and a digit, and no whitespace",
            ));
        }
        world.warn(
            "one password for all: whoever knows it can sign in as any of these users until it is changed; \
             ⟦made-passwords⟧ makes each user one",
        );
        Ok(Supply::Shared(password, whose.clone()))
    }
}

impl Supply {
    /// Opens and locks the file for passwords that are made.
    ///
    /// One of a run of this ledger's name that was undone gives way to a new one, as the ledger did.
    pub(super) fn open(&self, state: &State, ledger: &LedgerAt) -> Result<Option<LockedFile>, Failure> {
        let Self::Made { out, recipients } = self else { return Ok(None) };
        let mut file = LockedFile::open(out)?;
        if state.header.run.is_empty() && ledger::was_undone(ledger, &file.found.run) {
            file.give_way();
        }
        // Of a ledger that machines share, each has the passwords that it made itself.
        file.suits(state, recipients, ledger.in_table().is_some())?;
        Ok(Some(file))
    }

    /// Looks whether the file for passwords that are made could be used; where there is none yet, it can.
    pub(super) fn look(&self, state: &State, ledger: &LedgerAt) -> Result<(), Failure> {
        match self {
            Self::Made { out, .. } if !out.exists() && state.generated.is_none() => Ok(()),
            _ => self.open(state, ledger).map(drop),
        }
    }

    /// To whom made passwords are encrypted.
    pub(super) fn recipients(&self) -> Recipients {
        match self {
            Self::Made { recipients, .. } => recipients.clone(),
            Self::Roster | Self::Shared(..) => Recipients::default(),
        }
    }

    /// What a plan says of it.
    pub(super) fn planned(&self) -> Option<PasswordsPlanned> {
        match self {
            Self::Roster => None,
            Self::Made { out, recipients } => {
                Some(PasswordsPlanned::Made { out: out.clone(), recipients: recipients.words().len() })
            }
            Self::Shared(_, whose) => Some(PasswordsPlanned::One(whose.clone())),
        }
    }

    /// Gives an agent the password that its row does not have, and says whether it was made for it.
    pub(super) fn give(&self, agent: &mut Agent) -> Result<bool, Failure> {
        if agent.password.is_some() {
            return Ok(false);
        }
        match self {
            Self::Roster => Ok(false),
            Self::Shared(password, _) => {
                agent.password = Some(password.clone());
                Ok(false)
            }
            Self::Made { .. } => {
                let password = passwords::generate(getrandom::fill).map_err(|error| {
                    Failure::stopped("the system has no randomness for a password").because(error)
                })?;
                agent.password = Some(password);
                Ok(true)
            }
        }
    }
}
