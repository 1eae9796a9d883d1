//! A column of passwords stays one, however a roster is read: what is never shown is not shown by another name.

use std::path::Path;

use super::undoable::Undoable;
use crate::error::Failure;
use crate::mend::{Draft, is_secret};
use crate::roster::{Options, Storage};

/// Fails where a roster, read as it is asked for, would show what it does not show as it stands: a password column that is read
/// as another by a map, a header that is looked for below the one it has, cells that are cut apart elsewhere. `maps` are the
/// column maps that were chosen outside of here.
///
/// Whoever does the work knows what the columns are; a page that is not what it seems must not be able to say so.
///
/// # Errors
/// Says what to do instead.
pub(super) fn keeps_secrets(path: &Path, asked: &Draft, maps: &[&Path]) -> Result<(), Undoable> {
    let is_as_it_stands = |options: &Options| {
        options.columns.is_none()
            && options.header_row.is_none()
            && options.encoding.is_none()
            && options.delimiter.is_none()
    };
    if asked.map().is_none() && is_as_it_stands(asked.options()) {
        return Ok(());
    }
    for map in std::iter::once(None).chain(maps.iter().map(|map| Some(map.to_path_buf()))) {
        let own = Options { sheet: asked.options().sheet.clone(), columns: map, ..Options::default() };
        // What cannot be read so has nothing that is known to be a secret.
        let Ok(own) = Draft::open(path, own, None) else { continue };
        let secrets: Vec<usize> = (0..own.roster().width()).filter(|at| is_secret(&own, *at)).collect();
        let is_kept = |at: &usize| *at < asked.roster().width() && is_secret(asked, *at);
        if !secrets.is_empty() && (is_cut_otherwise(&own, asked) || !secrets.iter().all(is_kept)) {
            let what =
                "read so, passwords would be shown: the roster has a column of them, and it would be another";
            let hint = "leave that column as it is, or correct its header in the roster itself";
            return Err(Failure::usage(what).hint(hint).into());
        }
    }
    Ok(())
}

/// Whether the cells of the one are not those of the other.
fn is_cut_otherwise(own: &Draft, asked: &Draft) -> bool {
    match (own.roster().storage(), asked.roster().storage()) {
        (Storage::Csv { delimiter: own, .. }, Storage::Csv { delimiter: asked, .. }) => own != asked,
        _ => false,
    }
}
