//! What the cells say of things that users have by id.

use std::collections::HashMap;

use crate::agent::CLEAR;
use crate::directory::{Directory, Lookup};
use crate::validate::grammar;

/// For each id, what a cell has for it: the name, where that leads back to the id and to nothing else, else the id, else, where
/// something else is called so, the ARN. An id that is not known here (whose name may not be read, or that came after the
/// names were) stays an id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    routing_profiles: Cells,
    security_profiles: Cells,
    hierarchy: Cells,
}

/// What a file of either form gives back as something else: `\r`, which is the end of a line or a part of one, and two
/// characters that XML has no place for.
pub(super) const LOST: [char; 3] = ['\r', '\u{fffe}', '\u{ffff}'];

type Cells = HashMap<Box<str>, Box<str>>;

impl Names {
    /// Those of an instance.
    pub(crate) fn of(directory: &Directory) -> Self {
        let leads_back = |lookup: Lookup<'_>, id: &str| matches!(lookup, Lookup::Found(found) if found == id);
        let is_part = |name: &str| is_plain(name) && !name.contains('|');
        let arn = |kind: &str, id: &str| format!("{}/{kind}/{id}", directory.instance.arn);
        let routing = directory.routing_profiles.iter().map(|(name, id)| {
            let finds = |cell: &str| leads_back(directory.routing_profile(cell), id);
            // A bar has no meaning in the cell of a routing profile, but whoever copies the name to another has one.
            (id.into(), first(is_part(name).then_some(name), id, arn("routing-profile", id), finds))
        });
        let security = directory.security_profiles.iter().map(|(name, id)| {
            let finds = |cell: &str| leads_back(directory.security_profile(cell), id);
            (id.into(), first(is_part(name).then_some(name), id, arn("security-profile", id), finds))
        });
        let groups = directory.hierarchy.iter().map(|group| {
            let id = group.id.as_str();
            let path = group.path.iter().all(|level| is_part(level)).then(|| group.path.join("|"));
            let finds = |cell: &str| leads_back(directory.hierarchy_group(cell.split('|')), id);
            (id.into(), first(path.as_deref(), id, arn("agent-group", id), finds))
        });
        Self {
            routing_profiles: routing.collect(),
            security_profiles: security.collect(),
            hierarchy: groups.collect(),
        }
    }

    /// The cell of a routing profile.
    pub(super) fn routing_profile<'c>(&'c self, id: &'c str) -> &'c str {
        named(&self.routing_profiles, id)
    }

    /// The cell of a hierarchy group.
    pub(super) fn hierarchy<'c>(&'c self, id: &'c str) -> &'c str {
        named(&self.hierarchy, id)
    }

    /// The cell of security profiles, by name, for their order means nothing.
    pub(super) fn security_profiles(&self, ids: &[String]) -> String {
        let mut names: Vec<&str> = ids.iter().map(|id| named(&self.security_profiles, id)).collect();
        names.sort_unstable();
        names.dedup();
        names.join("|")
    }
}

/// The first of these that leads back.
fn first(name: Option<&str>, id: &str, arn: String, leads_back: impl Fn(&str) -> bool) -> Box<str> {
    let found = name.into_iter().chain([id]).find(|cell| leads_back(cell));
    found.map_or_else(|| arn.into(), Into::into)
}

fn named<'c>(names: &'c Cells, id: &'c str) -> &'c str {
    // The service takes ARNs where it takes ids, and nobody wrote down which it shows.
    let id = if id.starts_with("arn:") { id.rsplit('/').next().unwrap_or(id) } else { id };
    names.get(id).map_or(id, |name| name)
}

/// Whether a name is read from a cell as it is: without spaces around it, and not the word that clears.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && grammar::trimmed(name) == name
        && !name.eq_ignore_ascii_case(CLEAR)
        && !name.contains(LOST)
}
