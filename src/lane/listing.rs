//! What a listing must be to be believed: it ends, each of its entries is somebody, and nobody in it is two.
//!
//! Every read that comes in pages is held to it, whoever turns the pages. A service that is well does none of what is
//! refused here; a proxy that serves one page for another, and a cache that mixes two answers up, do all of it.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::connect::model::{
    HierarchyGroup, Instance, Page, PredefinedAttribute, QuickConnect, Summary, User, UserData,
    UserProficiency,
};
use crate::connect::{CallError, Operation, brief};

/// No instance has as many pages of anything: they would be two million users, or as many hierarchy groups as twenty
/// instances may have.
pub(crate) const MOST_PAGES: usize = 2000;

/// Nor as many entries; a page may hold more than was asked for.
pub(crate) const MOST_ITEMS: usize = 2_000_000;

/// So many pages in a row without anybody new do not lead anywhere: a page may be empty and have another after it, but
/// what is listed here is listed in full pages.
pub(crate) const MOST_BARREN: usize = 50;

/// An entry of a listing.
pub(crate) trait Listed {
    /// Its id; empty where there is none.
    fn id(&self) -> &str;
    /// Its name; empty or `None` where there is none.
    fn name(&self) -> Option<&str>;
    /// Whether it may be without a name.
    fn may_be_nameless(&self) -> bool {
        false
    }
}

impl Listed for Summary {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.username.as_deref().or(self.name.as_deref())
    }
}

impl Listed for User {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        Some(&self.username)
    }
}

impl Listed for Instance {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.instance_alias.as_deref()
    }

    /// One whose users are in a directory has no alias.
    fn may_be_nameless(&self) -> bool {
        true
    }
}

impl Listed for HierarchyGroup {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// The hidden root has none.
    fn may_be_nameless(&self) -> bool {
        self.level_id == "0"
    }
}

impl Listed for PredefinedAttribute {
    /// Its name is what it is known by.
    fn id(&self) -> &str {
        &self.name
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl Listed for UserProficiency {
    /// Its attribute is what it is known by; an agent may have one in several values.
    fn id(&self) -> &str {
        &self.attribute_name
    }

    fn name(&self) -> Option<&str> {
        Some(&self.attribute_name)
    }
}

impl Listed for QuickConnect {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl Listed for UserData {
    fn id(&self) -> &str {
        self.user_id().unwrap_or_default()
    }

    fn name(&self) -> Option<&str> {
        None
    }

    /// What somebody does now has no name of its own, and does not say the user's.
    fn may_be_nameless(&self) -> bool {
        true
    }
}

/// Whether no two of what an operation lists have one name. Groups may be named alike under other parents, and so may a
/// security profile of AWS's and one of the customer's. Of quick connects nothing goes by the name, and what a search that
/// lags shows of one that was made anew is no reason to believe none.
const fn has_unique_names(operation: Operation) -> bool {
    !matches!(
        operation,
        Operation::ListSecurityProfiles
            | Operation::ListUserHierarchyGroups
            | Operation::SearchQuickConnects
            | Operation::SearchUserHierarchyGroups
    )
}

/// Fails where an entry of a page is nobody.
///
/// # Errors
/// [`CallError::Mistaken`]: the same page may come whole when it is asked for again.
pub(crate) fn sound<T: Listed>(operation: Operation, page: &Page<T>) -> Result<(), CallError> {
    for entry in &page.items {
        let name = entry.name().filter(|name| !name.is_empty());
        match (entry.id(), name) {
            ("", Some(name)) => {
                let what = format_args!("an entry without an id: {}", brief(name));
                return Err(CallError::mistaken(operation, what));
            }
            ("", None) => {
                return Err(CallError::mistaken(operation, "an entry without an id and without a name"));
            }
            (id, None) if !entry.may_be_nameless() => {
                let what = format_args!("an entry without a name: {}", brief(id));
                return Err(CallError::mistaken(operation, what));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Fails where a search by exact name brings somebody of another name; case is not looked at, for searches fold it.
///
/// # Errors
/// [`CallError::Mistaken`].
pub(crate) fn only_named(name: &str, page: &Page<User>) -> Result<(), CallError> {
    let folded = name.to_lowercase();
    match page.items.iter().find(|user| user.username.to_lowercase() != folded) {
        Some(user) => {
            let what = format_args!("of {}, in place of {}", brief(&user.username), brief(name));
            Err(CallError::mistaken(Operation::SearchUsers, what))
        }
        None => Ok(()),
    }
}

/// Fails where a user that was described has not the name that it was listed with.
///
/// # Errors
/// [`CallError::Mistaken`].
pub(crate) fn is_named(name: &str, user: &User) -> Result<(), CallError> {
    if user.username == name {
        return Ok(());
    }
    let what = format_args!("of {}, in place of {}", brief(&user.username), brief(name));
    Err(CallError::mistaken(Operation::DescribeUser, what))
}

/// How far a listing is, for people.
pub(crate) fn progress(operation: Operation, pages: usize, entries: usize) -> String {
    match pages {
        0 => format!("{operation} is read"),
        _ => format!("{operation} is read, {pages} pages and {entries} entries so far"),
    }
}

/// Why a listing cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// A page token came for the second time: it would go on for ever.
    #[error("{0} gave the same page twice")]
    SamePage(Operation),
    /// One page comes after the other without an end, each with a new token.
    #[error("{operation} gives pages without an end: {pages} of them, {items} entries, and still more")]
    Endless {
        /// Which.
        operation: Operation,
        /// How many pages came.
        pages: usize,
        /// How many different entries were on them.
        items: usize,
    },
    /// One is two, or two are one.
    #[error("{operation} contradicts itself: {what}")]
    Contradicts {
        /// Which.
        operation: Operation,
        /// Who.
        what: String,
    },
}

impl From<Broken> for CallError {
    fn from(broken: Broken) -> Self {
        Self::Mistaken(broken.to_string())
    }
}

impl Broken {
    /// Whether the listing may come out right when it is read once more from its beginning: whoever was deleted and made
    /// anew while it was read is in it twice.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self, Self::Contradicts { .. })
    }
}

/// Watches over the pages of one listing: a pure value that is told each.
pub(crate) struct Guard {
    operation: Operation,
    tokens: HashSet<String>,
    /// By hashes, for there may be a million: the name of each id, and the id of each name.
    names: HashMap<u64, u64>,
    ids: HashMap<u64, u64>,
    pages: usize,
    barren: usize,
    items: usize,
}

impl Guard {
    /// Of a listing of which nothing has been read.
    pub(crate) fn of(operation: Operation) -> Self {
        Self {
            operation,
            tokens: HashSet::new(),
            names: HashMap::new(),
            ids: HashMap::new(),
            pages: 0,
            barren: 0,
            items: 0,
        }
    }

    /// How many pages have come.
    pub(crate) fn pages(&self) -> usize {
        self.pages
    }

    /// How many different entries were on them.
    pub(crate) fn entries(&self) -> usize {
        self.names.len()
    }

    /// Takes the next page. Returns the token of the page after it; `None` where it was the last.
    ///
    /// # Errors
    /// Where the listing does not end, or nobody can say who is who in it.
    pub(crate) fn turn<T: Listed>(&mut self, page: &Page<T>) -> Result<Option<String>, Broken> {
        let before = self.names.len();
        for entry in &page.items {
            self.add(entry.id(), entry.name().unwrap_or_default())?;
        }
        self.pages += 1;
        self.items += page.items.len();
        // By who is new, not by what came: the same page under ever-new tokens is full each time.
        self.barren = if self.names.len() > before { 0 } else { self.barren + 1 };
        // A listing that has ended is as long as it is: the limits are for what goes on.
        let Some(next) = page.next_token.clone() else { return Ok(None) };
        // All tokens are kept, not the last alone: a circle may have any number of pages.
        if !self.tokens.insert(next.clone()) {
            return Err(Broken::SamePage(self.operation));
        }
        if self.pages >= MOST_PAGES || self.items >= MOST_ITEMS || self.barren >= MOST_BARREN {
            let (operation, pages, items) = (self.operation, self.pages, self.entries());
            return Err(Broken::Endless { operation, pages, items });
        }
        Ok(Some(next))
    }

    /// Users come and go while they are listed, so that one may be on two pages; but not as two.
    fn add(&mut self, id: &str, name: &str) -> Result<(), Broken> {
        let (by_id, by_name) = (hashed(id), hashed(name));
        // The same entry again is no contradiction: whoever is made or deleted meanwhile moves all others along.
        if *self.names.entry(by_id).or_insert(by_name) != by_name {
            return Err(self.contradicts(format!(
                "the id {} has two names, {} and another",
                brief(id),
                brief(name)
            )));
        }
        if name.is_empty() || !has_unique_names(self.operation) {
            return Ok(());
        }
        if *self.ids.entry(by_name).or_insert(by_id) != by_id {
            return Err(self.contradicts(format!(
                "the name {} has two ids, {} and another",
                brief(name),
                brief(id)
            )));
        }
        Ok(())
    }

    fn contradicts(&self, what: String) -> Broken {
        Broken::Contradicts { operation: self.operation, what }
    }
}

fn hashed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, name: &str) -> Summary {
        Summary { id: id.into(), username: Some(name.into()), ..Summary::default() }
    }

    fn page(items: Vec<Summary>, token: Option<String>) -> Page<Summary> {
        Page { items, next_token: token }
    }

    /// Reads pages until the listing ends or is refused; `of` makes the page of each number.
    fn read(of: impl Fn(usize) -> Page<Summary>) -> (Result<(), Broken>, usize) {
        let mut guard = Guard::of(Operation::ListUsers);
        loop {
            match guard.turn(&of(guard.pages())) {
                Ok(Some(_)) => {}
                Ok(None) => return (Ok(()), guard.pages()),
                Err(broken) => return (Err(broken), guard.pages()),
            }
        }
    }

    #[test]
    fn a_loop_of_tokens_of_any_period_ends_when_the_first_comes_again() {
        for period in [1, 2, 3, 7, 40] {
            let (end, pages) = read(|number| {
                page(
                    vec![user(&number.to_string(), &number.to_string())],
                    Some((number % period).to_string()),
                )
            });
            assert_eq!((end, pages), (Err(Broken::SamePage(Operation::ListUsers)), period + 1));
        }
        // A token that leads into a loop and is not in it.
        let (end, pages) = read(|number| page(vec![], Some(number.min(5).to_string())));
        assert_eq!((end, pages), (Err(Broken::SamePage(Operation::ListUsers)), 7));
    }

    #[test]
    fn pages_without_anybody_new_end_and_those_with_somebody_new_have_a_limit() {
        let token = |number: usize| Some(format!("t{number}"));
        for items in [vec![], vec![user("1", "a")], vec![user("1", "a"), user("2", "b")]] {
            let (end, pages) = read(|number| page(items.clone(), token(number)));
            assert!(matches!(end, Err(Broken::Endless { .. })), "{end:?}");
            assert!((MOST_BARREN..=MOST_BARREN + 1).contains(&pages), "{pages}");
        }
        let (end, pages) =
            read(|number| page(vec![user(&number.to_string(), &number.to_string())], token(number)));
        assert!(matches!(end, Err(Broken::Endless { .. })), "{end:?}");
        assert_eq!(pages, MOST_PAGES);
        // Some empty pages between those with somebody are a listing like any other.
        let (end, pages) = read(|number| {
            let items =
                if number % 10 == 0 { vec![user(&number.to_string(), &number.to_string())] } else { vec![] };
            page(items, token(number).filter(|_| number < 300))
        });
        assert_eq!((end, pages), (Ok(()), 301));
    }

    #[test]
    fn nobody_is_two_and_no_two_are_one() {
        let refused = |items: Vec<Summary>| read(|_| page(items.clone(), None)).0.is_err();
        assert!(!refused(vec![user("1", "a"), user("2", "A"), user("1", "a")]), "as it is, and once more");
        assert!(refused(vec![user("1", "a"), user("1", "b")]));
        assert!(refused(vec![user("1", "a"), user("2", "a")]));
        let mut guard = Guard::of(Operation::ListSecurityProfiles);
        assert_eq!(guard.turn(&page(vec![user("1", "a"), user("2", "a")], None)), Ok(None));
        assert!(guard.turn(&page(vec![user("1", "b")], None)).is_err(), "on another page");
    }

    #[test]
    fn an_entry_is_somebody() {
        let summary = |id: &str, username: Option<&str>| Summary {
            id: id.into(),
            username: username.map(str::to_owned),
            ..Summary::default()
        };
        let is_sound = |entry: Summary| {
            sound(Operation::ListUsers, &Page { items: vec![user("1", "a"), entry], next_token: None })
                .is_ok()
        };
        assert!(is_sound(summary("2", Some("b"))));
        for (id, name) in [("", Some("b")), ("2", None), ("2", Some("")), ("", None)] {
            assert!(!is_sound(summary(id, name)), "{id:?} {name:?}");
        }
        let groups = |group: HierarchyGroup| Page { items: vec![group], next_token: None };
        let root = HierarchyGroup { id: "0".into(), level_id: "0".into(), ..HierarchyGroup::default() };
        let nameless = HierarchyGroup { id: "1".into(), level_id: "1".into(), ..HierarchyGroup::default() };
        assert!(sound(Operation::SearchUserHierarchyGroups, &groups(root)).is_ok());
        assert!(sound(Operation::SearchUserHierarchyGroups, &groups(nameless)).is_err());
        let found = |name: &str| Page {
            items: vec![User { id: "1".into(), username: name.into(), ..User::default() }],
            next_token: None,
        };
        assert!(only_named("ana", &found("ANA")).is_ok());
        assert!(only_named("ana", &found("anna")).is_err());
    }

    #[test]
    fn a_quick_connect_has_an_id_and_a_name_that_another_may_have_too() {
        let operation = Operation::SearchQuickConnects;
        let connect =
            |id: &str, name: &str| QuickConnect { id: id.into(), name: name.into(), ..Default::default() };
        let page = |items| Page { items, next_token: None };
        for (id, name) in [("", "Desk"), ("q-1", ""), ("", "")] {
            assert!(sound(operation, &page(vec![connect(id, name)])).is_err(), "{id:?} {name:?}");
        }
        let alike = page(vec![connect("q-1", "Desk"), connect("q-2", "Desk")]);
        assert!(sound(operation, &alike).is_ok());
        assert_eq!(Guard::of(operation).turn(&alike), Ok(None));
        let two = page(vec![connect("q-1", "Desk"), connect("q-1", "Door")]);
        assert!(Guard::of(operation).turn(&two).is_err());
    }

    #[test]
    fn who_is_at_work_is_known_by_id_alone() {
        let operation = Operation::GetCurrentUserData;
        let page = |text: &str| Page { items: serde_json::from_str(text).unwrap(), next_token: None };
        let work: Page<UserData> =
            page(r#"[{"User":{"Id":"u-1"},"Status":{"StatusName":"Lunch"}},{"User":{"Id":"u-2"}}]"#);
        assert!(sound(operation, &work).is_ok());
        assert_eq!(Guard::of(operation).turn(&work), Ok(None));
        // Somebody is at work, and nobody says who: it may be whoever is to be deleted.
        for nobody in [r#"[{"Status":{"StatusName":"Lunch"}}]"#, r#"[{"User":{"Id":""}}]"#, "[{}]"] {
            assert!(sound(operation, &page(nobody)).is_err(), "{nobody}");
        }
    }
}
