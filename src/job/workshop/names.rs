//! Which names of files are taken, and which are listed. Nothing outside of the folder is ever named, on any system.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::watch::Seen;
use crate::directory::Directory;
use crate::error::Failure;

/// Names that Windows keeps for devices, whatever their ending.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A name of a file that may be made in the folder.
///
/// # Errors
/// Says what is wrong with it.
pub fn usable_name(name: &str) -> Result<&str, Failure> {
    const LONGEST: usize = 200;
    let refuse = |what: &str| {
        let what = format!("this is no name for a file: {what}: `{}`", crate::text::shown(name));
        Err(Failure::usage(what)
            .hint("use letters, digits, spaces, `-`, `_` and `.`, as in `roster.mended.csv`"))
    };
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_port = |device: &str| {
        stem.strip_prefix(device).is_some_and(|rest| {
            rest.chars().count() == 1 && rest.chars().all(|c| c.is_ascii_digit() || "¹²³".contains(c))
        })
    };
    match name {
        "" => refuse("it is empty"),
        _ if name.len() > LONGEST => refuse("it is too long"),
        _ if name.chars().any(|c| c.is_control() || crate::text::hides(c)) => {
            refuse("it has a character that nobody sees")
        }
        _ if name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']) => {
            refuse("it has a character that names have not")
        }
        _ if name.starts_with('.') || name.starts_with('~') => refuse("it is hidden"),
        _ if name.starts_with(' ') || name.ends_with([' ', '.']) => {
            refuse("it begins or ends with a space or a dot")
        }
        _ if RESERVED.contains(&stem.as_str()) || is_port("com") || is_port("lpt") => {
            refuse("Windows keeps it for a device")
        }
        name => Ok(name),
    }
}

/// A name of a file that may be there: what a listing has. Others are not looked for.
///
/// # Errors
/// Where no listing has such a name.
pub fn listed_name(name: &str) -> Result<&str, Failure> {
    usable_name(name).map_err(|_| {
        let what = format!("the folder has no file of this name: `{}`", crate::text::shown(name));
        Failure::usage(what).hint("choose one that is listed")
    })
}

/// Which files of the folder are directories, as far as they were looked at: a large one takes a while to read.
#[derive(Default)]
pub(super) struct Directories(Mutex<HashMap<String, (Seen, bool)>>);

impl Directories {
    /// The directory files of a folder, by name.
    pub(super) fn of(&self, folder: &Path) -> Vec<String> {
        const MOST: usize = 64;
        const LARGEST: u64 = 64 << 20;
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let named = entries.filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_file = entry.metadata().is_ok_and(|there| there.is_file() && there.len() <= LARGEST);
            (is_file && name.ends_with(".json") && usable_name(&name).is_ok()).then_some(name)
        });
        let mut names: Vec<String> = named.take(MOST).collect();
        names.sort();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|name| {
            let path = folder.join(name);
            let seen = Seen::of(&path);
            match known.get(name) {
                Some((before, is_one)) if *before == seen => *is_one,
                _ => {
                    let is_one = Directory::read(&path).is_ok();
                    known.insert(name.clone(), (seen, is_one));
                    is_one
                }
            }
        });
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_the_folder_itself_on_every_system() {
        for name in [
            "roster.csv",
            "Berlin Wave 3.xlsx",
            "zoë.mended.csv",
            "a",
            "console.csv",
            "com.csv",
            "com10.csv",
            "東京.csv",
        ] {
            assert_eq!(usable_name(name).unwrap(), name);
        }
        for name in [
            "",
            ".",
            "..",
            "../x",
            "..\\x",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "C:x",
            "x.csv:stream",
            "nul",
            "NUL.csv",
            "CON.tar.gz",
            "aux ",
            "com1",
            "COM1.csv",
            "lpt9.txt",
            "com¹.csv",
            ".hidden",
            "~$roster.xlsx",
            "a.",
            "a ",
            " a",
            "a\0b",
            "a\nb",
            "a\u{202e}b",
            "a*b",
            "a?b",
            "a|b",
            "a\"b",
            "a<b",
            "conin$",
        ] {
            assert!(usable_name(name).is_err(), "{name:?}");
            assert!(listed_name(name).is_err(), "{name:?}");
        }
        assert!(usable_name(&"x".repeat(201)).is_err());
    }
}
