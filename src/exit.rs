//! The exit codes, which are a contract with scripts.

/// How a command ended. The numbers are documented in the README and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Every row is created (now or by an earlier run of this ledger); for a command that creates nothing: it did its work.
    Done = 0,
    /// Finished, and some rows failed: rejected by the service, name already taken, or skipped as invalid.
    SomeFailed = 1,
    /// The command line, or a file or setting it names, cannot be used.
    Usage = 2,
    /// The roster has errors: nothing was sent.
    Findings = 3,
    /// Could not start or stopped early, resumable.
    Stopped = 4,
    /// Interrupted (Ctrl-C, SIGTERM) or declined at the question, resumable.
    Interrupted = 5,
    /// Finished, but rows remain whose outcome could not be settled.
    Unsettled = 6,
    /// A bug in headcount.
    Bug = 70,
}

impl Exit {
    /// All codes with what each means, settings marked, in the order of the numbers: the table in the README.
    pub const TABLE: [(Exit, &'static str); 8] = [
        (
            Exit::Done,
            "every row is as asked (created or updated, now or by an earlier run of this ledger); for a command that changes nothing: it did its work, and `diff` found no difference",
        ),
        (
            Exit::SomeFailed,
            "finished, and some rows failed: rejected by the service, name taken by somebody who differs, left as they are, or skipped as invalid; `diff`: something differs",
        ),
        (
            Exit::Usage,
            "the command line, or a file or setting it names, cannot be used: bad flag or ARN, no region, roster missing, unreadable or of no known format",
        ),
        (Exit::Findings, "the roster has errors: nothing was sent (also `validate`, `⟦dry-run⟧`)"),
        (
            Exit::Stopped,
            "could not start or stopped early, resumable: instance full or too little room, credentials or permissions, instance not found or not reachable, outage, ledger locked, foreign, damaged or not writable",
        ),
        (Exit::Interrupted, "interrupted (Ctrl-C, SIGTERM) or declined at the question, resumable"),
        (
            Exit::Unsettled,
            "finished, but rows remain whose outcome could not be settled, or confirmed by reading back",
        ),
        (Exit::Bug, "a bug in headcount"),
    ];

    /// The number the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Picks the one that counts where several apply: 70, 5, 4, 6, 1, 0 (and 2 and 3 end a run before any other can).
    pub(crate) fn worst(self, other: Exit) -> Exit {
        const ORDER: [Exit; 8] = [
            Exit::Bug,
            Exit::Usage,
            Exit::Findings,
            Exit::Interrupted,
            Exit::Stopped,
            Exit::Unsettled,
            Exit::SomeFailed,
            Exit::Done,
        ];
        ORDER.into_iter().find(|e| *e == self || *e == other).unwrap_or(self)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_order_of_precedence_is_the_documented_one() {
        let order =
            [Exit::Bug, Exit::Interrupted, Exit::Stopped, Exit::Unsettled, Exit::SomeFailed, Exit::Done];
        for (i, a) in order.iter().enumerate() {
            for b in &order[i..] {
                assert_eq!(a.worst(*b), *a);
                assert_eq!(b.worst(*a), *a);
            }
        }
    }
}
