//! Pages and their tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::operation::Operation;
use super::wire::Refusal;

/// How long a token is good for (AWS: "Best practices for Amazon Connect APIs": 24 hours).
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What hides a token's contents, so that nobody counts on them. Not a secret.
const VEIL: u64 = 0x5bd1_e995_9e37_79b9;

/// The range that an operation allows for `MaxResults`, and what it takes where none is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) most: usize,
    pub(super) usual: usize,
}

impl Size {
    /// The size of a page for this `MaxResults` (any number, as it came), at most `cap`.
    pub(super) fn of(self, asked: Option<i64>, cap: usize) -> Result<usize, Refusal> {
        let size = match asked {
            None => self.usual,
            Some(asked) => {
                usize::try_from(asked).ok().filter(|n| (1..=self.most).contains(n)).ok_or_else(|| {
                    Refusal::invalid_parameter(format!("MaxResults must be between 1 and {}", self.most))
                })?
            }
        };
        Ok(size.min(cap.max(1)))
    }
}

/// Makes the token of the page that starts after `position`. Opaque, bound to its operation, and full of characters
/// that must be percent-encoded in a query.
pub(super) fn token(operation: Operation, position: u64, now: SystemTime) -> String {
    let (position, issued) = (position ^ VEIL, seconds(now) ^ VEIL.rotate_left(17));
    format!("{position:016x}+{issued:016x}/{:016x}==", seal(operation, position, issued))
}

/// Reads a token back: a foreign or damaged one is an InvalidRequestException, one older than a day an InvalidToken
/// (400 both).
pub(super) fn position(operation: Operation, token: &str, now: SystemTime) -> Result<u64, Refusal> {
    let (position, issued) =
        parse(operation, token).ok_or_else(|| Refusal::invalid_request("NextToken is not valid"))?;
    let issued = UNIX_EPOCH + Duration::from_secs(issued);
    if now.duration_since(issued).is_ok_and(|age| age > LIFE) {
        return Err(Refusal::new(400, "InvalidToken", "NextToken has expired"));
    }
    Ok(position)
}

fn parse(operation: Operation, token: &str) -> Option<(u64, u64)> {
    let (position, rest) = token.strip_suffix("==")?.split_once('+')?;
    let (issued, seal_of) = rest.split_once('/')?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let (position, issued) = (number(position)?, number(issued)?);
    (number(seal_of)? == seal(operation, position, issued))
        .then_some((position ^ VEIL, (issued ^ VEIL.rotate_left(17)) & u64::from(u32::MAX)))
}

fn seal(operation: Operation, position: u64, issued: u64) -> u64 {
    let name = operation.name().bytes().fold(0_u64, |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
    super::dice::Dice::new(position ^ issued.rotate_left(31) ^ name).next()
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Size, position, token};
    use crate::simulator::Operation::{ListUsers, SearchUsers};

    #[test]
    fn a_token_leads_to_where_it_was_given_for_a_day() {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_444_693);
        for place in [0, 1, 1000, u64::from(u32::MAX) + 7] {
            let token = token(ListUsers, place, now);
            assert_eq!(position(ListUsers, &token, now), Ok(place));
            assert_eq!(position(ListUsers, &token, now + Duration::from_secs(86_400)), Ok(place));
            let late = position(ListUsers, &token, now + Duration::from_secs(86_401));
            assert_eq!(late.map_err(|refusal| refusal.code), Err("InvalidToken"));
        }
    }

    #[test]
    fn a_token_is_good_for_its_own_operation_and_as_it_was() {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_444_693);
        let good = token(ListUsers, 42, now);
        for bad in ["", "2", "x+y/z==", &good[1..], &good.replace('+', " "), &good.replacen('5', "6", 1)] {
            let refusal = position(ListUsers, bad, now).expect_err("refused");
            assert_eq!((refusal.status, refusal.code), (400, "InvalidRequestException"), "{bad}");
        }
        assert!(position(SearchUsers, &good, now).is_err());
    }

    #[test]
    fn a_page_has_at_most_what_was_asked_for_and_the_operation_allows() {
        let size = Size { most: 10, usual: 5 };
        assert_eq!(size.of(None, 1000), Ok(5));
        assert_eq!(size.of(Some(10), 1000), Ok(10));
        assert_eq!(size.of(Some(10), 3), Ok(3));
        for bad in [0, 11, -1, i64::MAX] {
            assert_eq!(size.of(Some(bad), 1000).map_err(|r| r.code), Err("InvalidParameterException"));
        }
    }
}
