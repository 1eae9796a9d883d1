//! `--protect`: a file of those who are to stay, whoever else is deleted.

use std::path::Path;

use crate::error::Failure;
use crate::plan::Protected;

/// Those who are to stay; without a file nobody has to.
///
/// # Errors
/// Exit 2 where the file cannot be read or names nobody: whoever names one by mistake does not mean everybody.
pub(super) fn read(path: Option<&Path>) -> Result<Protected, Failure> {
    let Some(path) = path else { return Ok(Protected::default()) };
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::usage(format!("the file of those who are to stay cannot be read: `{shown}`"))
            .because(error)
            .hint("nobody was deleted")
    })?;
    let text = crate::text::decoded(&bytes).ok_or_else(|| {
        Failure::usage(format!("the file of those who are to stay is no text: `{shown}`"))
            .hint("one name a line, in UTF-8")
    })?;
    let protected = Protected::parse(&text);
    if protected.is_empty() {
        return Err(Failure::usage(format!("the file of those who are to stay names nobody: `{shown}`"))
            .hint("one name a line, `*` for any characters; leave --protect out where all may go"));
    }
    Ok(protected)
}
