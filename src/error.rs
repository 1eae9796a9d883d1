//! What the user reads when something cannot go on.

use std::fmt;

use crate::exit::Exit;

/// The only error type that the program prints: what happened, where, what was expected, and the next command.
///
/// Printed as `error: WHAT`, then one `caused by:` line for each source, then `hint: HINT`. Settings that any of these name
/// are marked, as `text::Setting` has it, until a screen words them.
pub struct Failure {
    /// The exit code this failure ends the program with.
    pub exit: Exit,
    /// What happened and where: lower case, no full stop, the offending value last and in backticks.
    pub what: String,
    /// What to do next: a command where there is one.
    pub hint: Option<String>,
    /// The same as a kind, where what to do next goes by a name that only a screen has: a flag, a button.
    pub remedy: Option<Remedy>,
    /// The error below, if any.
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What helps, by a name that each screen has its own word for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// One of these sheets is named as the roster; the hint says so as well.
    OneOfSheets {
        /// Their names.
        sheets: Vec<String>,
    },
    /// The instance's region: of one of several targets it is said where the instance is.
    Region,
    /// Somebody alive has this ledger, which machines share: whoever types the command again waits for them, or asks them
    /// for it.
    WaitOrTakeOver {
        /// Its address.
        ledger: String,
    },
    /// Somebody else had the ledger between the look at it and its lock: what was planned may not be so any more.
    PlanAgain,
    /// The ledger is an import's: a rehearsal has one of its own.
    RehearsalsLedger,
    /// The ledger is a rehearsal's: an import of this instance has one of its own.
    ImportsLedger {
        /// The instance, as it was named.
        instance: String,
    },
}

impl Failure {
    /// Makes a failure that ends the program with `exit`.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: None, remedy: None, source: None }
    }

    /// A failure of the command line or of a file or setting that it names (exit 2).
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A failure to start or to go on, after which the same command resumes (exit 4).
    pub(crate) fn stopped(what: impl Into<String>) -> Self {
        Self::new(Exit::Stopped, what)
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do next, for a screen to word.
    #[must_use]
    pub(crate) fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Adds the error below.
    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({:?}: {})", self.exit, self.what)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| &**e as &(dyn std::error::Error + 'static))
    }
}
