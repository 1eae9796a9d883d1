//! The commands that are printed after a comparison or an update, to be pasted: each says what it does, and does all of it.

use super::farewell::Said;
use super::meant_changes::TypedChanges;
use super::retype_changes;
use crate::error::Failure;
use crate::job::{Compared, Makes};
use crate::plan::Remedy;

/// What puts right what a comparison has told of, and what makes who is not there.
pub(super) fn of_comparison(typed: &TypedChanges, compared: &Compared) -> Result<Vec<Said>, Failure> {
    let arn = &compared.instance().arn;
    let mut said: Vec<Said> = compared.remedies().into_iter().map(|one| command(typed, arn, one)).collect();
    said.extend(compared.makes()?.map(|makes| import(typed, arn, makes)));
    Ok(said)
}

/// What an update leaves, whatever comes of it.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    /// How many of the roster are not there.
    pub(super) missing: u64,
    /// What it takes to make them; `None` where no row says enough.
    pub(super) makes: Option<Makes>,
    /// The commands that put right what it leaves, each for a reason that the command lifts.
    pub(super) commands: Vec<Said>,
}

impl Leaves {
    /// What an update leaves that is not begun yet.
    pub(super) fn of(typed: &TypedChanges, compared: &Compared) -> Result<Self, Failure> {
        let arn = &compared.instance().arn;
        let left = compared.remedies().into_iter().filter(|one| *one != Remedy::Right);
        let commands = left.map(|one| command(typed, arn, one)).collect();
        let missing = compared.counts().not_there;
        Ok(Self { missing, makes: compared.makes()?, commands })
    }
}

/// What makes who is not there.
pub(super) fn import(typed: &TypedChanges, arn: &str, makes: Makes) -> Said {
    Said::Command("import with: ", retype_changes::import(typed, arn, makes).to_string())
}

/// The words before a command, and the command.
fn command(typed: &TypedChanges, arn: &str, remedy: Remedy) -> Said {
    let what = match remedy {
        Remedy::Right => "put right with: ",
        Remedy::RightWithAddresses => "put right, addresses too, with: ",
        Remedy::Back { .. } => "put back with: ",
    };
    Said::Command(what, retype_changes::remedy(typed, arn, remedy).to_string())
}
