//! What is tried again for a while: Windows refuses to open, rename or remove a file that anybody has open, and a virus
//! scanner, an indexer or somebody who only looks has it for a moment.

use std::io;
use std::time::Duration;

/// The waits between the tries, in milliseconds: about a second together.
const WAITS: [u64; 7] = [5, 15, 40, 90, 150, 300, 400];

/// Tries until it works, fails for another reason than that the file is held, or has been tried for about a second.
/// `is_held` tells that reason; `pause` waits.
pub(super) fn while_held<T>(
    is_held: impl Fn(&io::Error) -> bool,
    mut pause: impl FnMut(Duration),
    mut attempt: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    for wait in WAITS {
        match attempt() {
            Err(error) if is_held(&error) => pause(Duration::from_millis(wait)),
            done => return done,
        }
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it was tried, how long it was waited for, and how it ended.
    fn tried(let_go_at: u32, kind: io::ErrorKind) -> (u32, Duration, Result<u32, io::ErrorKind>) {
        let (mut tries, mut waited) = (0, Duration::ZERO);
        let done = while_held(
            |error| error.kind() == io::ErrorKind::PermissionDenied,
            |wait| waited += wait,
            || {
                tries += 1;
                if tries >= let_go_at { Ok(tries) } else { Err(kind.into()) }
            },
        );
        (tries, waited, done.map_err(|error| error.kind()))
    }

    #[test]
    fn what_is_held_is_tried_again_for_a_second_and_anything_else_is_told_at_once() {
        use io::ErrorKind::{NotFound, PermissionDenied};
        let second = Duration::from_secs(1);
        assert_eq!(tried(1, PermissionDenied), (1, Duration::ZERO, Ok(1)));
        assert_eq!(tried(3, PermissionDenied), (3, Duration::from_millis(20), Ok(3)));
        assert_eq!(tried(8, PermissionDenied), (8, second, Ok(8)));
        assert_eq!(tried(9, PermissionDenied), (8, second, Err(PermissionDenied)));
        assert_eq!(tried(9, NotFound), (1, Duration::ZERO, Err(NotFound)));
    }
}
