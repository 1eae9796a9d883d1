//! A directory file that is taken up: what is said of it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::world::World;
use crate::clock;
use crate::directory::Directory;
use crate::error::Failure;
use crate::text::{count, duration, plain};

/// How old a file may be before its age is a warning: people come and go in a week.
const FRESH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is said of a directory file: what it holds, and how old it is.
pub(crate) struct SavedAs {
    /// Whether it is so old that people will have come and gone since.
    pub(crate) is_old: bool,
    /// The sentence.
    pub(crate) words: String,
}

impl SavedAs {
    /// Of a file that was read at this path, now.
    pub(crate) fn of(path: &Path, directory: &Directory, now: SystemTime) -> Self {
        let saved = directory.fetched_at.as_deref().and_then(clock::parse_rfc3339);
        // A clock that stands before the file's own says nothing of its age.
        let age = saved.and_then(|saved| now.duration_since(saved).ok());
        let is_old = age.is_some_and(|age| age > FRESH);
        let age = match age {
            Some(age) => format!("saved {} ago", words_of(age)),
            None => "it does not say when it was saved".to_owned(),
        };
        let anew = if is_old { "; `headcount directory` saves it anew" } else { "" };
        let path = plain(&path.display().to_string());
        Self { is_old, words: format!("names from `{path}`, {age}: {}{anew}", contents(directory)) }
    }
}

/// Reads a directory file, and tells what it holds and how old it is.
pub(super) fn take_up(path: &Path, world: &World) -> Result<Directory, Failure> {
    let directory = Directory::read(path)?;
    let SavedAs { is_old, words } = SavedAs::of(path, &directory, world.clock.now());
    if is_old {
        world.warn(words);
    } else {
        world.remark(format!("note: {words}"));
    }
    Ok(directory)
}

fn words_of(age: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match age.as_secs() {
        seconds if seconds >= 2 * DAY => count(seconds / DAY, "day"),
        _ => duration(age),
    }
}

/// How many of each a directory has.
pub(crate) fn contents(directory: &Directory) -> String {
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
        let sample = include_bytes!("../../samples/directory.json");
        let mut directory = Directory::from_json(sample).unwrap();
        directory.fetched_at = Some("2026-11-23T14:00:00.000Z".to_owned());
        let told = |directory: &Directory, at: SystemTime| {
            let SavedAs { is_old, words } = SavedAs::of(Path::new("d.json"), directory, at);
            format!("{}: {words}", if is_old { "warning" } else { "note" })
        };
        let at = |text: &str| told(&directory, clock::parse_rfc3339(text).unwrap());
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
        assert!(told(&directory, SystemTime::UNIX_EPOCH).contains("does not say when"));
    }
}
