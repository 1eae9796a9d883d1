//! Who else may read a file that is made on Windows, by the path alone: there the folder says it, and not the file.

/// Where a file would be that others may well read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// On another machine's disk.
    Share,
    /// On this machine, where folders are for everybody who signs in unless somebody has said otherwise.
    Machine,
}

/// Who else may read a file of Windows by where it is; `None` in the user's own folder (`%USERPROFILE%`), which that system
/// makes for the user, the administrators and itself. The path is a whole one.
pub(crate) fn reach(path: &str, profile: Option<&str>) -> Option<Reach> {
    let path = plain(path);
    if path.starts_with(r"\\") && !path.starts_with(r"\\.\") {
        return Some(Reach::Share);
    }
    let profile = profile.map(plain).filter(|profile| !profile.is_empty());
    let is_own = profile.is_some_and(|profile| {
        let below = path.strip_prefix(profile.trim_end_matches('\\'));
        below.is_some_and(|below| below.starts_with('\\'))
    });
    if is_own { None } else { Some(Reach::Machine) }
}

/// A path as two are compared: with one kind of separator, without the system's own prefix, in one case.
fn plain(path: &str) -> String {
    let path = path.replace('/', r"\");
    let path = super::names::without_prefix(&path).unwrap_or(path);
    path.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_users_own_in_the_users_folder_only() {
        const PROFILE: &str = r"C:\Users\Zoë";
        for (path, reach_of_it) in [
            (r"C:\Users\Zoë\Documents\pw.jsonl", None),
            (r"c:\users\ZOË\pw.jsonl", None),
            (r"\\?\C:\Users\Zoë\pw.jsonl", None),
            ("C:/Users/Zoë/pw.jsonl", None),
            (r"C:\Users\Zoë2\pw.jsonl", Some(Reach::Machine)),
            (r"C:\Users\Public\pw.jsonl", Some(Reach::Machine)),
            (r"C:\hr\pw.jsonl", Some(Reach::Machine)),
            (r"D:\pw.jsonl", Some(Reach::Machine)),
            (r"\\files\hr\pw.jsonl", Some(Reach::Share)),
            (r"\\?\UNC\files\hr\pw.jsonl", Some(Reach::Share)),
            ("//files/hr/pw.jsonl", Some(Reach::Share)),
        ] {
            assert_eq!(reach(path, Some(PROFILE)), reach_of_it, "{path}");
            assert_eq!(reach(path, Some(r"C:\Users\Zoë\")), reach_of_it, "{path}");
        }
        // Where nobody knows the user's folder, none is known to be it; a profile may be on a share itself.
        assert_eq!(reach(r"C:\Users\Zoë\pw.jsonl", None), Some(Reach::Machine));
        assert_eq!(reach(r"C:\Users\Zoë\pw.jsonl", Some("")), Some(Reach::Machine));
        assert_eq!(reach(r"\\files\homes\zoë\pw.jsonl", Some(r"\\files\homes\zoë")), Some(Reach::Share));
    }
}
