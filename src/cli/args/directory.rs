//! `--directory FILE`: a saved directory, taken up again.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::cli::output;
use crate::clock::{self, Clock as _, SystemClock};
use crate::directory::Directory;
use crate::error::Failure;
use crate::text::{count, duration, plain};

/// How old a file may be before its age is a warning: people come and go in a week.
const FRESH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Reads a directory file and says on stderr what it holds and how old it is.
pub(in crate::cli) fn take_up(path: &Path) -> Result<Directory, Failure> {
    let directory = Directory::read(path)?;
    output::say(&told(path, &directory, SystemClock.now()));
    Ok(directory)
}

pub(in crate::cli) fn told(path: &Path, directory: &Directory, now: SystemTime) -> String {
    let saved = directory.fetched_at.as_deref().and_then(clock::parse_rfc3339);
    let age = saved.and_then(|saved| now.duration_since(saved).ok());
    let (kind, age) = match age {
        Some(age) if age > FRESH => ("warning", format!("saved {} ago", words_of(age))),
        Some(age) => ("note", format!("saved {} ago", words_of(age))),
        None => ("note", "it does not say when it was saved".to_owned()),
    };
    let anew = if kind == "warning" { "; `headcount directory` saves it anew" } else { "" };
    let path = plain(&path.display().to_string());
    format!("{kind}: names from `{path}`, {age}: {}{anew}", contents(directory))
}

fn words_of(age: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match age.as_secs() {
        seconds if seconds >= 2 * DAY => count(seconds / DAY, "day"),
        _ => duration(age),
    }
}

/// How many of each.
pub(in crate::cli) fn contents(directory: &Directory) -> String {
    let Directory { routing_profiles, security_profiles, hierarchy, users, quotas, .. } = directory;
    let mut parts = vec![
        directory.instance.identity.to_string(),
        count(routing_profiles.len() as u64, "routing profile"),
        count(security_profiles.len() as u64, "security profile"),
        count(hierarchy.len() as u64, "hierarchy group"),
        match users {
            Some(users) => count(users.len() as u64, "user"),
            None => "users not read".to_owned(),
        },
    ];
    parts.extend(
        quotas.users_per_instance.map(|most| format!("room for {} in all", count(most as u64, "user"))),
    );
    parts.extend(quotas.create_user_rate.map(|rate| format!("{rate} CreateUser calls a second")));
    if quotas.users_per_instance.is_none() && quotas.create_user_rate.is_none() {
        parts.push("quotas not read".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_old_it_is_and_a_week_is_a_warning() {
        let sample = include_bytes!("../../../samples/directory.json");
        let mut directory = Directory::from_json(sample).unwrap();
        directory.fetched_at = Some("2026-11-23T14:00:00.000Z".to_owned());
        let at = |text: &str| told(Path::new("d.json"), &directory, clock::parse_rfc3339(text).unwrap());
        let fresh = at("2026-11-23T16:05:00Z");
        assert!(
            fresh.starts_with("note: names from `d.json`, saved 2 h 5 min ago: CONNECT_MANAGED, 4 routing"),
            "{fresh}"
        );
        assert!(at("2026-12-01T14:00:00Z").starts_with("warning: names from `d.json`, saved 8 days ago: "));
        assert!(at("2026-12-01T14:00:00Z").ends_with("`headcount directory` saves it anew"));
        // A clock that stands before the file's own says nothing of its age.
        assert!(at("2026-11-01T14:00:00Z").contains("does not say when"));
        directory.fetched_at = None;
        assert!(told(Path::new("d.json"), &directory, SystemTime::UNIX_EPOCH).contains("does not say when"));
    }
}
