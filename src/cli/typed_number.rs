//! The number of users that is typed before they are deleted.

use std::io::Write as _;

use crate::error::Failure;
use crate::text;

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The number.
    Agreed,
    /// Anything else.
    Declined,
}

/// What is asked before so many are deleted. Pure.
pub(super) fn question(number: u64) -> String {
    format!("This deletes {}, and nobody can undo it. Type the number: ", text::count(number, "user"))
}

/// What an answer means: exactly the number agrees, as it is or as the question writes it. Anything else declines, a yes and
/// a number that only looks like it, as 2.5 of 25, included. Pure.
pub(super) fn answered(answer: &str, number: u64) -> Answer {
    let answer = answer.trim();
    let is_it = answer == number.to_string() || answer == text::grouped(number);
    if is_it { Answer::Agreed } else { Answer::Declined }
}

/// Asks whoever is there for the number.
///
/// # Errors
/// Exit 4 where the answer cannot be read.
pub(super) fn asks(number: u64) -> Result<Answer, Failure> {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(question(number).as_bytes()).and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::stopped("cannot read the answer").because(error))?;
    Ok(answered(&answer, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_number_agrees_and_nothing_else() {
        for (number, answer) in [(25, "25"), (25, " 25\n"), (25, "25\r\n"), (1234, "1234"), (1234, "1,234")] {
            assert_eq!(answered(answer, number), Answer::Agreed, "{answer:?}");
        }
        let wrong = [
            (25, ""),
            (25, "\n"),
            (25, "y"),
            (25, "yes"),
            (25, "2.5"),
            (25, "2 5"),
            (25, "+25"),
            (25, "025"),
            (25, "25 users"),
            (25, "24"),
            (25, "250"),
            (25, "-25"),
            (1234, "1.234"),
            (1234, "12,34"),
            (1234, "1,234.0"),
        ];
        for (number, answer) in wrong {
            assert_eq!(answered(answer, number), Answer::Declined, "{answer:?}");
        }
    }

    #[test]
    fn the_question_says_how_many_go_and_that_it_is_for_good() {
        assert_eq!(question(1), "This deletes 1 user, and nobody can undo it. Type the number: ");
        assert_eq!(question(1234), "This deletes 1,234 users, and nobody can undo it. Type the number: ");
    }
}
