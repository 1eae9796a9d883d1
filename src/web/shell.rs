//! The page itself: its files are part of the program. In a debug build they are read from the source, so that a reload shows a
//! change.

use std::borrow::Cow;
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::ZlibDecoder;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$($name),*]
    };
}

/// The files with their texts. They are packed one after the other, each behind its length: see `build.rs`.
static FILES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let mut packed = ZlibDecoder::new(&include_bytes!(concat!(env!("OUT_DIR"), "/page.z"))[..]);
    let mut next = || {
        let mut length = [0; 8];
        packed.read_exact(&mut length).ok()?;
        let mut text = String::new();
        packed.by_ref().take(u64::from_le_bytes(length)).read_to_string(&mut text).ok()?;
        Some(text)
    };
    // What was packed is what is unpacked; that no file is missing a test holds.
    include!("files.rs").into_iter().map_while(|name| Some((name, next()?))).collect()
});

/// The page that is opened.
pub(crate) const INDEX: &str = "index.html";

/// A file of the page by its name, with its type; `None` where there is none.
pub(crate) fn file(name: &str) -> Option<(&'static str, Cow<'static, str>)> {
    let (name, text) = FILES.iter().find(|(known, _)| *known == name)?;
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    Some((kind, changed(name).map_or(Cow::Borrowed(text.as_str()), Cow::Owned)))
}

#[cfg(debug_assertions)]
fn changed(name: &str) -> Option<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/page");
    std::fs::read_to_string(folder.join(name)).ok()
}

#[cfg(not(debug_assertions))]
fn changed(_: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn all(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                all(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/page");
        let mut found = BTreeSet::new();
        all(&root, &root, &mut found);
        found.retain(|name| [".html", ".js", ".css", ".svg"].iter().any(|ending| name.ends_with(ending)));
        let known: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(known, found);
    }

    #[test]
    fn the_page_is_small_and_asks_for_nothing_from_elsewhere() {
        let size: usize = FILES.iter().map(|(_, text)| text.len()).sum();
        assert!(size <= 200_000, "{size} bytes");
        for (name, text) in FILES.iter().filter(|(name, _)| !name.starts_with("lit-html/")) {
            for word in [
                "http://",
                "https://",
                "innerHTML",
                "eval(",
                "document.cookie",
                "EventSource(",
                "new WebSocket",
                "localStorage",
            ] {
                // The namespace of drawings is a name, and nothing is asked of it.
                let text = text.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(word), "{name}: {word}");
            }
        }
    }
}
