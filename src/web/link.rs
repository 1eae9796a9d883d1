//! How the page comes into a browser: through a file that only its owner can read, so that no list of processes has the code.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret as _, SecretString};

use crate::disk;
use crate::text;

/// The file that leads a browser to the page; it is removed when this is dropped.
pub(crate) struct Redirect {
    path: PathBuf,
    _folder: Option<tempfile::TempDir>,
}

impl Redirect {
    /// Writes it: into a private folder of the program's state, else into a temporary one.
    ///
    /// # Errors
    /// Where neither can be written.
    pub(crate) fn write(state: Option<&Path>, link: &SecretString) -> io::Result<Self> {
        let name = format!("open-{}.html", std::process::id());
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
             <title>headcount</title><meta http-equiv=\"refresh\" content=\"0; url={}\">",
            text::html(link.expose_secret())
        );
        if let Some(state) = state {
            let folder = state.join("page");
            let path = folder.join(&name);
            let written = disk::create_private_folder(&folder)
                .and_then(|()| disk::write_atomic(&path, page.as_bytes()));
            if written.is_ok() {
                return Ok(Self { path, _folder: None });
            }
        }
        let folder = tempfile::Builder::new().prefix("headcount-").tempdir()?;
        let path = folder.path().join(&name);
        disk::write_atomic(&path, page.as_bytes())?;
        Ok(Self { path, _folder: Some(folder) })
    }

    /// Opens it in the browser; whether there is a program that does. What that program says is no concern of ours.
    pub(crate) fn open(&self) -> bool {
        openers(&self.path).into_iter().any(|mut opener| {
            opener.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
        })
    }
}

impl Drop for Redirect {
    fn drop(&mut self) {
        let _ = disk::remove(&self.path);
    }
}

/// The system's own ways to open a file in the browser, the likeliest first.
fn openers(path: &Path) -> Vec<Command> {
    let command = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).arg(path);
        command
    };
    if cfg!(target_os = "macos") {
        vec![command("/usr/bin/open", &[])]
    } else if cfg!(windows) {
        vec![command("rundll32.exe", &["url.dll,FileProtocolHandler"]), command("explorer.exe", &[])]
    } else {
        vec![command("xdg-open", &[]), command("gio", &["open"]), command("wslview", &[])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_link_and_only_its_owner_reads_it_and_it_goes() {
        let state = tempfile::tempdir().unwrap();
        let link: SecretString = "http://127.0.0.1:4321/#c=0123".to_owned().into();
        let redirect = Redirect::write(Some(state.path()), &link).unwrap();
        let path = redirect.path.clone();
        assert!(std::fs::read_to_string(&path).unwrap().contains("url=http://127.0.0.1:4321/#c=0123"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        for opener in openers(&path) {
            let told = format!("{opener:?}");
            assert!(!told.contains("0123") && told.contains("open-"), "no process list has the code: {told}");
        }
        drop(redirect);
        assert!(!path.exists());
    }
}
