//! What a build can say of itself, as pure functions: `build.rs` asks the machine, `tests/it/build.rs` asks these.

/// What stands where a build does not know.
pub(crate) const UNKNOWN: &str = "not recorded";

/// Whether this is a whole commit: 40 hex digits.
pub(crate) fn is_commit(word: &str) -> bool {
    word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit in a `.cargo_vcs_info.json`, which `cargo package` puts beside what it packs; with a word on changes that
/// the commit does not have.
pub(crate) fn packed_commit(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let commit = text.split_once("\"sha1\":\"")?.1.split('"').next()?;
    is_commit(commit).then(|| with_changes(commit, text.contains("\"dirty\":true")))
}

/// A commit as it is told.
pub(crate) fn with_changes(commit: &str, is_changed: bool) -> String {
    format!("{commit}{}", if is_changed { " and changes to it" } else { "" })
}

/// The day of a moment, UTC: `2026-11-28`. The moment is in seconds since 1970, as `SOURCE_DATE_EPOCH` and git have it;
/// `None` for anything else, and after the year 9999.
///
/// Days are counted in eras of 400 years from 1 March of the year 0, so that a leap day is the last of its year
/// (Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
pub(crate) fn day(seconds: &str) -> Option<String> {
    const DAYS_TO_1970: u64 = 719_468;
    let seconds: u64 = seconds.trim().parse().ok()?;
    let days = (seconds / 86_400).checked_add(DAYS_TO_1970)?;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year <= 9_999).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The names of the features that are on, in order, out of what cargo sets for a build script: `CARGO_FEATURE_AGE`.
pub(crate) fn features(variables: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = variables
        .filter_map(|name| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase().replace('_', "-")))
        .filter(|name| name != "default")
        .collect();
    names.sort_unstable();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
