//! When a page that nobody looks at ends.

use std::time::Duration;

use crate::clock::Moment;

/// How long nobody may ask for anything.
const FORGOTTEN: Duration = Duration::from_secs(30 * 60);
/// The same where something is not saved.
const FORGOTTEN_WITH_WORK: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether it ends now: never while a run goes on.
pub(crate) fn is_forgotten(now: Moment, last_asked: Moment, is_running: bool, has_unsaved: bool) -> bool {
    let most = if has_unsaved { FORGOTTEN_WITH_WORK } else { FORGOTTEN };
    !is_running && now.since(last_asked) >= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_after_half_an_hour_and_with_work_after_twelve_and_never_in_a_run() {
        let at = |minutes: u64| Moment::after(Duration::from_secs(minutes * 60));
        for (minutes, is_running, has_unsaved, ends) in [
            (29, false, false, false),
            (30, false, false, true),
            (30, true, false, false),
            (30, false, true, false),
            (719, false, true, false),
            (720, false, true, true),
            (10_000, true, true, false),
        ] {
            assert_eq!(is_forgotten(at(minutes), at(0), is_running, has_unsaved), ends, "{minutes}");
        }
    }
}
