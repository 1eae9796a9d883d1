//! Names of files: decisions about text only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A path with something added to its whole name: `roster.csv` and `.ledger.jsonl` give `roster.csv.ledger.jsonl`.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The name after this many others of a file: `report.2.xlsx` of `report.xlsx`.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// A path of Windows as people and their programs write it: `C:\a` of `\\?\C:\a`, and `\\server\share\a` of
/// `\\?\UNC\server\share\a`. That other form is what the system gives for a whole path, and Excel and Explorer open none
/// such. What has no other form stays: a device, or a path that is too long for one (Microsoft, *Naming Files, Paths, and
/// Namespaces*).
#[cfg_attr(unix, allow(dead_code, reason = "what is decided of text is tried on every system"))]
pub(super) fn without_prefix(path: &str) -> Option<String> {
    /// `MAX_PATH`, its closing NUL included, in units of UTF-16.
    const LONGEST: usize = 260;
    let rest = path.strip_prefix(r"\\?\")?;
    let plain = match rest.as_bytes() {
        [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic() => rest.to_owned(),
        _ => format!(r"\\{}", rest.strip_prefix(r"UNC\")?),
    };
    // Of these the plain form would be another file: a dot or a space at the end falls away there.
    let is_kept = |part: &str| !part.ends_with(['.', ' ']);
    (plain.encode_utf16().count() < LONGEST && plain.split('\\').all(is_kept)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_windows_is_written_as_people_write_it_where_it_can_be() {
        for (path, plain) in [
            (r"\\?\C:\Users\Zoë\new hires.csv", Some(r"C:\Users\Zoë\new hires.csv")),
            (r"\\?\UNC\files\hr\new hires.csv", Some(r"\\files\hr\new hires.csv")),
            (r"\\?\C:\", Some(r"C:\")),
            (r"C:\Users\a.csv", None),
            (r"\\files\hr\a.csv", None),
            (r"\\?\Volume{b75e2c83}\a.csv", None),
            (r"\\?\GLOBALROOT\a", None),
            (r"\\.\COM1", None),
            (r"\\?\C:\a.\b", None),
            (r"\\?\C:\a ", None),
            ("/home/a", None),
        ] {
            assert_eq!(without_prefix(path).as_deref(), plain, "{path}");
        }
        let long = |letters: usize| format!(r"\\?\C:\{}", "a".repeat(letters));
        assert!(without_prefix(&long(256)).is_some());
        assert!(without_prefix(&long(257)).is_none());
    }

    #[test]
    fn a_name_after_others_keeps_its_end() {
        for (path, second) in
            [("d/report.xlsx", "d/report.2.xlsx"), ("report", "report.2"), ("a.b.html", "a.b.2.html")]
        {
            assert_eq!(numbered(Path::new(path), 2), Path::new(second));
        }
        assert_eq!(with_suffix(Path::new("d/roster.csv"), ".x"), Path::new("d/roster.csv.x"));
    }
}
