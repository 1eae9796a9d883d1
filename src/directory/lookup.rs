//! Names to ids: exact, and helpful where exact fails.

use unicode_normalization::UnicodeNormalization as _;

use super::folded::differs_only_in_case;

/// What the instance says to something that a row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<'d> {
    /// The id of the one that is meant.
    Found(&'d str),
    /// Several are meant equally: the full paths of groups, else their ids.
    Ambiguous(Vec<String>),
    /// None is; the one that was probably meant, if any is near, as the cell would have to name it.
    Unknown(Option<String>),
}

/// The routing profiles or the security profiles of an instance. Their names are unique there, but that one of AWS's
/// security profiles may be named as one of the customer's: then neither is picked.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The segment of an ARN that stands before the id: `routing-profile` or `security-profile`.
    kind: &'static str,
    by_name: Vec<Name>,
    /// Places in `by_name`, in the order of the ids.
    by_id: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    name: String,
    id: String,
}

impl Names {
    /// Takes the names and ids of the instance's routing profiles.
    pub fn of_routing_profiles(names_and_ids: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new("routing-profile", names_and_ids)
    }

    /// Takes the names and ids of the instance's security profiles.
    pub fn of_security_profiles(names_and_ids: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new("security-profile", names_and_ids)
    }

    fn new(kind: &'static str, names_and_ids: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut by_name: Vec<Name> = names_and_ids.into_iter().map(|(name, id)| Name { name, id }).collect();
        by_name.sort();
        by_name.dedup();
        let by_id = places_by_id(&by_name, |name| &name.id);
        Self { kind, by_name, by_id }
    }

    /// All of them as (name, id), by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.by_name.iter().map(|name| (name.name.as_str(), name.id.as_str()))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Finds what a cell names: by exact name, else by id, else by an ARN of this instance.
    pub(super) fn find(&self, reference: &str, instance: &str) -> Lookup<'_> {
        let from = self.by_name.partition_point(|name| name.name.as_str() < reference);
        let equal = self.by_name[from..].iter().take_while(|name| name.name == reference);
        match (equal.clone().next(), equal.clone().nth(1)) {
            (Some(name), None) => return Lookup::Found(&name.id),
            (Some(_), Some(_)) => return Lookup::Ambiguous(equal.map(|name| name.id.clone()).collect()),
            (None, _) => {}
        }
        let id = arn_id(reference, instance, self.kind).unwrap_or(reference);
        match self.place_of(id) {
            Some(at) => Lookup::Found(&self.by_name[at].id),
            None => Lookup::Unknown(nearest(reference, self.by_name.iter().map(|name| name.name.as_str()))),
        }
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        let found = self.by_id.binary_search_by(|&at| self.by_name[at as usize].id.as_str().cmp(id));
        found.ok().map(|place| self.by_id[place] as usize)
    }
}

/// A hierarchy group: the id, and the names from the top level down to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group's id.
    pub id: String,
    /// One to five names, the top level first, the group's own last.
    pub path: Vec<String>,
}

/// The hierarchy groups of an instance, without the hidden root that the service lists with level 0.
#[derive(Clone, Debug, Default)]
pub struct Hierarchy {
    by_path: Vec<Group>,
    by_leaf: Vec<u32>,
    by_id: Vec<u32>,
}

impl Hierarchy {
    /// Takes the groups. One without a path is left out: it cannot be named.
    pub fn new(groups: impl IntoIterator<Item = Group>) -> Self {
        let mut by_path: Vec<Group> = groups.into_iter().filter(|group| !group.path.is_empty()).collect();
        by_path.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.id.cmp(&b.id)));
        by_path.dedup();
        let by_id = places_by_id(&by_path, |group| &group.id);
        let by_leaf = places_by_id(&by_path, leaf);
        Self { by_path, by_leaf, by_id }
    }

    /// All groups, by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.by_path.iter()
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.by_path.len()
    }

    /// Finds what a cell names: by its full path; one element alone also as an id, an ARN of this instance, or the name
    /// of a group that no other group has.
    pub(super) fn find<'a>(
        &self,
        levels: impl Iterator<Item = &'a str> + Clone,
        instance: &str,
    ) -> Lookup<'_> {
        let same_path = |group: &&Group| group.path.iter().map(String::as_str).eq(levels.clone());
        let from =
            self.by_path.partition_point(|group| group.path.iter().map(String::as_str).lt(levels.clone()));
        let mut equal = self.by_path[from..].iter().take_while(same_path);
        match (equal.next(), equal.next()) {
            (Some(group), None) => return Lookup::Found(&group.id),
            (Some(_), Some(_)) => {
                let groups = self.by_path[from..].iter().take_while(same_path);
                return Lookup::Ambiguous(groups.map(|group| group.id.clone()).collect());
            }
            (None, _) => {}
        }
        let mut alone = levels.clone();
        match (alone.next(), alone.next()) {
            (Some(reference), None) => self.find_alone(reference, instance),
            _ => Lookup::Unknown(self.nearest(&levels.collect::<Vec<_>>())),
        }
    }

    fn find_alone(&self, reference: &str, instance: &str) -> Lookup<'_> {
        let id = arn_id(reference, instance, "agent-group").unwrap_or(reference);
        if let Some(at) = self.place_of(id) {
            return Lookup::Found(&self.by_path[at].id);
        }
        let groups = self.of_leaf(reference);
        match groups {
            [] => Lookup::Unknown(self.nearest(&[reference])),
            [at] => Lookup::Found(&self.by_path[*at as usize].id),
            several => Lookup::Ambiguous(
                several.iter().map(|&at| self.by_path[at as usize].path.join("|")).collect(),
            ),
        }
    }

    fn of_leaf(&self, name: &str) -> &[u32] {
        let leaf_of = |at: &u32| leaf(&self.by_path[*at as usize]).as_str();
        let from = self.by_leaf.partition_point(|at| leaf_of(at) < name);
        let to = from + self.by_leaf[from..].partition_point(|at| leaf_of(at) == name);
        &self.by_leaf[from..to]
    }

    /// The path that was probably meant: the one that ends like it, that is written with `/`, or that is near.
    fn nearest(&self, levels: &[&str]) -> Option<String> {
        let ends_alike = |group: &&Group| {
            group.path.len() > levels.len()
                && group.path.iter().rev().zip(levels.iter().rev()).all(|(there, here)| alike(there, here))
        };
        let mut ending = self.by_path.iter().filter(ends_alike);
        if let (Some(group), None) = (ending.next(), ending.next()) {
            return Some(group.path.join("|"));
        }
        let path = match levels {
            [one] if one.contains('/') => one.split('/').map(str::trim).collect::<Vec<_>>().join("|"),
            levels => levels.join("|"),
        };
        let paths: Vec<String> = self.by_path.iter().map(|group| group.path.join("|")).collect();
        if paths.binary_search(&path).is_ok() {
            return Some(path);
        }
        nearest(&path, paths.iter().map(String::as_str))
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        let found = self.by_id.binary_search_by(|&at| self.by_path[at as usize].id.as_str().cmp(id));
        found.ok().map(|place| self.by_id[place] as usize)
    }
}

fn leaf(group: &Group) -> &String {
    // `new` keeps no group without a path.
    group.path.last().unwrap_or(&group.id)
}

fn places_by_id<T>(items: &[T], id: impl Fn(&T) -> &String) -> Vec<u32> {
    let mut places: Vec<u32> = (0..).zip(items).map(|(at, _)| at).collect();
    places.sort_by(|&a, &b| id(&items[a as usize]).cmp(id(&items[b as usize])));
    places
}

/// The id at the end of an ARN `arn:…:instance/INSTANCE/KIND/ID`; `None` where it is no ARN, or one of another
/// instance or kind.
fn arn_id<'r>(reference: &'r str, instance: &str, kind: &str) -> Option<&'r str> {
    let resource = reference.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
    let mut parts = resource.split('/');
    let matches =
        parts.next() == Some("instance") && parts.next() == Some(instance) && parts.next() == Some(kind);
    parts.next().filter(|_| matches && parts.next().is_none())
}

/// The name that was probably meant: one that is alike, else the nearest by edit distance, at most a third of it away.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<String> {
    // Longer than any name of the service: comparing it with all names would only cost time.
    const LONGEST: usize = 700;
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    if let Some(same) = names.clone().find(|there| alike(there, name)) {
        return Some(same.to_owned());
    }
    let length = name.chars().count();
    let limit = (length / 3).max(1);
    let close = names.filter(|there| there.chars().count().abs_diff(length) <= limit);
    let measured = close.map(|there| (strsim::osa_distance(&fold(there), &fold(name)), there));
    measured
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, n)| n.to_owned())
}

/// Whether two names are the same to a person: whatever their case, spaces and Unicode form.
fn alike(a: &str, b: &str) -> bool {
    differs_only_in_case(a, b)
        || ((!a.is_ascii() || !b.is_ascii() || a.len() != b.len()) && fold(a) == fold(b))
}

fn fold(name: &str) -> String {
    let composed: String = name.nfc().flat_map(char::to_lowercase).collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: &str = "11111111-2222-3333-4444-555555555555";

    fn profiles() -> Names {
        let names =
            [("Basic Routing Profile", "rp-1"), ("Billing", "rp-2"), ("Ünïcode", "rp-3"), ("rp-1", "rp-4")];
        Names::of_routing_profiles(names.map(|(name, id)| (name.to_owned(), id.to_owned())))
    }

    fn group(id: &str, path: &str) -> Group {
        Group { id: id.to_owned(), path: path.split('|').map(str::to_owned).collect() }
    }

    fn hierarchy() -> Hierarchy {
        Hierarchy::new([
            group("g-1", "Planet"),
            group("g-2", "Planet|Europe"),
            group("g-3", "Planet|Europe|Sales"),
            group("g-4", "Planet|Asia"),
            group("g-5", "Planet|Asia|Sales"),
            group("g-6", "Planet|Asia|Support"),
            group("g-7", "Planet|Asia|Planet"),
        ])
    }

    fn unknown(name: &str) -> Lookup<'static> {
        Lookup::Unknown(Some(name.to_owned()))
    }

    #[test]
    fn names_ids_and_arns_resolve_to_the_id_and_a_name_goes_first() {
        let profiles = profiles();
        let find = |reference| profiles.find(reference, INSTANCE);
        assert_eq!(find("Billing"), Lookup::Found("rp-2"));
        assert_eq!(find("rp-2"), Lookup::Found("rp-2"));
        assert_eq!(find("rp-1"), Lookup::Found("rp-4"));
        let arn = format!("arn:aws:connect:us-west-2:123456789012:instance/{INSTANCE}/routing-profile/rp-3");
        assert_eq!(profiles.find(&arn, INSTANCE), Lookup::Found("rp-3"));
        assert_eq!(profiles.find(&arn, "another"), Lookup::Unknown(None));
        let of_another_kind = arn.replace("routing-profile", "security-profile");
        assert_eq!(profiles.find(&of_another_kind, INSTANCE), Lookup::Unknown(None));
    }

    #[test]
    fn a_name_that_two_have_picks_neither() {
        let names = [("Agent", "sp-2"), ("Agent", "sp-1"), ("Admin", "sp-3")];
        let profiles = Names::of_security_profiles(names.map(|(name, id)| (name.to_owned(), id.to_owned())));
        let ids = ["sp-1", "sp-2"].map(str::to_owned).to_vec();
        assert_eq!(profiles.find("Agent", INSTANCE), Lookup::Ambiguous(ids));
        assert_eq!(profiles.find("sp-2", INSTANCE), Lookup::Found("sp-2"));
        assert_eq!(profiles.find("Admin", INSTANCE), Lookup::Found("sp-3"));
    }

    #[test]
    fn an_unknown_name_offers_the_one_that_was_meant() {
        let profiles = profiles();
        for near in [
            "Basic routing profile",
            "Basic\u{a0}Routing Profile",
            "Basic  Routing Profile",
            "Basic Routng Profile",
        ] {
            assert_eq!(profiles.find(near, INSTANCE), unknown("Basic Routing Profile"), "{near}");
        }
        assert_eq!(profiles.find("U\u{308}ni\u{308}code", INSTANCE), unknown("Ünïcode"));
        assert_eq!(profiles.find("Outbound", INSTANCE), Lookup::Unknown(None));
        assert_eq!(profiles.find(&"x".repeat(100_000), INSTANCE), Lookup::Unknown(None));
    }

    #[test]
    fn a_hierarchy_group_is_found_by_path_id_arn_or_an_unambiguous_leaf() {
        let hierarchy = hierarchy();
        let find = |cell: &'static str| hierarchy.find(cell.split('|'), INSTANCE);
        assert_eq!(find("Planet|Asia|Sales"), Lookup::Found("g-5"));
        assert_eq!(find("Support"), Lookup::Found("g-6"));
        assert_eq!(find("g-2"), Lookup::Found("g-2"));
        // A full path goes before a leaf of the same name.
        assert_eq!(find("Planet"), Lookup::Found("g-1"));
        let several = ["Planet|Asia|Sales", "Planet|Europe|Sales"].map(str::to_owned).to_vec();
        assert_eq!(find("Sales"), Lookup::Ambiguous(several));
        let arn = format!("arn:aws:connect:us-west-2:123456789012:instance/{INSTANCE}/agent-group/g-3");
        assert_eq!(hierarchy.find([arn.as_str()].into_iter(), INSTANCE), Lookup::Found("g-3"));
    }

    #[test]
    fn an_unknown_path_offers_the_one_that_was_meant() {
        let hierarchy = hierarchy();
        let find = |cell: &'static str| hierarchy.find(cell.split('|'), INSTANCE);
        assert_eq!(find("Planet|asia|Sales"), unknown("Planet|Asia|Sales"));
        assert_eq!(find("Asia|Sales"), unknown("Planet|Asia|Sales"));
        assert_eq!(find("Planet/Asia/Sales"), unknown("Planet|Asia|Sales"));
        assert_eq!(find("support"), unknown("Planet|Asia|Support"));
        assert_eq!(find("Moon|Crater|Base"), Lookup::Unknown(None));
    }

    #[test]
    fn two_groups_of_one_path_are_ambiguous() {
        let hierarchy = Hierarchy::new([group("g-1", "A|B"), group("g-2", "A|B")]);
        let ids = ["g-1", "g-2"].map(str::to_owned).to_vec();
        assert_eq!(hierarchy.find("A|B".split('|'), INSTANCE), Lookup::Ambiguous(ids));
    }
}
