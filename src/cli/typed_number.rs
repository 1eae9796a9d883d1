//! The number of users that is typed before they are deleted.

use std::io::Write as _;

use crate::error::Failure;

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The number.
    Agreed,
    /// Anything else.
    Declined,
}

/// Asks whoever is there for the number.
///
/// # Errors
/// Exit 4 where the answer cannot be read.
pub(super) fn asks(question: &str, number: u64) -> Result<Answer, Failure> {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::stopped("cannot read the answer").because(error))?;
    let is_it = answer.trim().replace(['.', ',', ' ', '\''], "") == number.to_string();
    Ok(if is_it { Answer::Agreed } else { Answer::Declined })
}
