//! A roster's header under a column map: what each column is, whether the map fits, and what the map adds.

use std::fmt;
use std::sync::Arc;

use super::act::{self, Act};
use super::cells::Guards;
use super::columns::{self, Use};
use super::field::Field;
use super::filter::{Hidden, Rule, Sieve};
use super::made::{Part, Split, Template, not_split};
use super::mapping::Mapping;
use super::numbers::Numbers;
use super::roles::Roles;
use super::row::{Columns, Row};
use super::target::{self, OfTargets};
use crate::error::Failure;
use crate::finding::Finding;
use crate::finding::codes::{self, Code};
use crate::text::shown;

/// How the columns of one roster are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    /// Where each field stands, the mapping's own columns included.
    pub(super) columns: Columns,
    /// How many columns the file has; the mapping's own come after them.
    pub(super) width: usize,
    /// What each of the file's columns is.
    pub(super) uses: Vec<Use>,
    /// What there is to say of the header.
    pub(super) findings: Vec<Finding>,
    /// Which template it is.
    pub(super) recognised: Option<&'static str>,
    /// The columns that the mapping adds, in order.
    pub(super) added: Vec<Added>,
    /// The numbers of made logins that would be the same.
    pub(super) numbers: Numbers,
    /// Which rows the mapping leaves out.
    pub(super) sieve: Sieve,
    /// The columns that say what is to be done: there should be one at most.
    acts: Vec<usize>,
    /// The columns that say to which target a row goes: there should be one at most.
    targets: Vec<usize>,
    /// Whether that is obeyed.
    has_targets: bool,
}

/// A column that the file does not have and the mapping makes.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Added {
    /// The cell of column `at`, translated.
    Translated { at: usize, words: Vec<(String, String)> },
    /// The path in column `at`, with `/` for the border between its levels.
    Levels { at: usize },
    /// One part of the whole name in column `at`.
    Split { at: usize, split: Split, part: Part },
    /// A template for a field, filled in from the first cell that is not blank of each of the columns `at`, in every row in
    /// which the columns `unless` are all blank.
    Made { field: Field, at: Vec<Vec<usize>>, unless: Vec<usize>, template: Template },
    /// What the role in column `by` sets the field to, where the columns `at` are all blank. The first of the role's says
    /// where there is none.
    Role { by: usize, at: Vec<usize>, field: Field, roles: Arc<Roles>, is_first: bool },
    /// `value` in every row in which the columns `at` are all blank.
    Default { at: Vec<usize>, value: String },
}

/// Without the words: one of them may be a password for everybody.
impl fmt::Debug for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Translated { at, .. } => write!(f, "Translated({at})"),
            Self::Levels { at } => write!(f, "Levels({at})"),
            Self::Split { at, part, .. } => write!(f, "Split({at}, {part:?})"),
            Self::Made { at, .. } => write!(f, "Made({at:?})"),
            Self::Role { by, field, .. } => write!(f, "Role({by}, {field:?})"),
            Self::Default { at, .. } => write!(f, "Default({at:?})"),
        }
    }
}

/// Where the columns stand that say what is to be done: the one that a map names, else those whose headers say so.
fn acts(headers: &[String], uses: &[Use], mapping: &Mapping) -> Vec<usize> {
    if let Some((header, _)) = &mapping.actions {
        return place(headers, header).into_iter().collect();
    }
    let is_one =
        |at: &usize| matches!(uses[*at], Use::Unknown | Use::Misspelt(_)) && act::is_header(&headers[*at]);
    (0..headers.len()).filter(is_one).collect()
}

/// Where the columns stand that say to which target a row goes: the one that a map names, else those whose headers say so.
fn targets(headers: &[String], uses: &[Use], mapping: &Mapping) -> Vec<usize> {
    if let Some(header) = &mapping.target {
        return place(headers, header).into_iter().collect();
    }
    let is_one =
        |at: &usize| matches!(uses[*at], Use::Unknown | Use::Misspelt(_)) && target::is_header(&headers[*at]);
    (0..headers.len()).filter(is_one).collect()
}

impl Header {
    /// Reads a header. Whatever the mapping says goes before what the names say.
    pub(super) fn read(
        headers: Vec<String>,
        mapping: &Mapping,
        act: Option<Act>,
        of_targets: Option<&OfTargets>,
    ) -> Self {
        let mut uses: Vec<Use> =
            headers.iter().map(|header| mapping.column(header).unwrap_or_else(|| Use::of(header))).collect();
        let rules = mapping.rules.iter();
        let rules = rules.filter_map(|rule| Some((place(&headers, &rule.header)?, rule.clone())));
        let acts = acts(&headers, &uses, mapping);
        let of_act = act.zip(acts.first().copied()).map(|(act, at)| {
            let words = mapping.actions.as_ref().map(|(_, words)| words.clone()).unwrap_or_default();
            let own = Rule::of_act(headers[at].clone(), act, words.clone());
            // Of whom nothing is asked that is told once, and not by each job that reads the sheet.
            let of_any = (act == Act::Create).then(|| Rule::of_any_act(headers[at].clone(), words));
            of_any.into_iter().chain([own]).map(move |rule| (at, rule))
        });
        let of_act = of_act.into_iter().flatten();
        let targets = targets(&headers, &uses, mapping);
        // First: whom another target's job reads is nothing to be told of here.
        let of_target = of_targets.and_then(|of| {
            let at = targets.first().copied();
            let header = at.map(|at| headers[at].clone()).unwrap_or_default();
            Some((at.unwrap_or(usize::MAX), Rule::of_target(header, of.only?, Arc::clone(&of.names))))
        });
        let rules = of_target.into_iter().chain(rules).chain(of_act);
        let sieve = Sieve::new(rules.collect(), mapping.hidden_rows == Hidden::Skip);
        let roles: Vec<usize> =
            mapping.roles.iter().filter_map(|roles| place(&headers, &roles.header)).collect();
        for (at, used) in uses.iter_mut().enumerate() {
            // What the map looks at is not read by mistake, nor forgotten.
            let is_obeyed = of_targets.is_some() && targets.contains(&at);
            if (sieve.has(at) || roles.contains(&at) || is_obeyed)
                && matches!(used, Use::Unknown | Use::Misspelt(_))
            {
                *used = Use::Ignored;
            }
        }
        let recognised = columns::recognise(&headers);
        let has_targets = of_targets.is_some();
        let width = headers.len();
        let mut header =
            Self { width, uses, recognised, sieve, acts, targets, has_targets, ..Self::default() };
        header.columns.strangers = header.strangers(&headers);
        header.columns.headers = headers;
        for (at, used) in header.uses.iter().enumerate() {
            if let Use::Field(field) = used {
                header.columns.places[field.index()].push(at);
            }
        }
        header.findings = header.examine();
        header.add_columns(mapping);
        header
    }

    /// Whether it is a roster that was made of users who are there.
    pub(super) fn is_of_users(&self) -> bool {
        self.own().iter().any(|header| columns::is_note(header))
    }

    /// Whether headcount has written it, of users who are there or of rows that have failed. In such a CSV cells that begin
    /// like a formula have a guard before them, which is not what they say.
    pub(super) fn is_ours(&self) -> bool {
        columns::are_ours(self.own())
    }

    /// Where cells have a guard in a file of ours. Of a password each character is its own, and what is said of a row is read
    /// as it stands, by whoever has written it.
    pub(super) fn guards(&self) -> Guards {
        use Field::{Email, Mobile, PhoneNumber, PhoneNumberVoice, SecondaryEmail, Username};
        let is_reason = |at: &usize| columns::reason(&self.columns.headers[*at]).is_some();
        let of = |fields: &[Field]| -> Vec<usize> {
            fields.iter().flat_map(|field| &self.columns.places[field.index()]).copied().collect()
        };
        Guards {
            none: (0..self.width).filter(is_reason).chain(of(&[Field::Password])).collect(),
            whole: of(&[Email, SecondaryEmail, Mobile, PhoneNumber, PhoneNumberVoice, Username]),
        }
    }

    /// Whether any column is known.
    pub(super) fn is_known(&self) -> bool {
        self.uses.iter().any(|used| matches!(used, Use::Field(_)))
    }

    /// How many columns are known: what tells the right delimiter from the wrong ones.
    pub(super) fn known(&self) -> usize {
        self.uses.iter().filter(|used| matches!(used, Use::Field(_))).count()
    }

    /// The columns that carry nothing and choose nothing: one of them may say who has left.
    fn strangers(&self, headers: &[String]) -> Vec<usize> {
        let is_one = |at: &usize| {
            let is_target = self.has_targets && self.targets.contains(at);
            let is_read =
                matches!(self.uses[*at], Use::Field(_) | Use::Unnamed) || self.sieve.has(*at) || is_target;
            let is_ours = columns::reason(&headers[*at]).is_some() || columns::is_note(&headers[*at]);
            !is_read && !is_ours
        };
        (0..headers.len()).filter(is_one).collect()
    }

    fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !self.is_known() {
            findings.push(about(
                &codes::NO_KNOWN_COLUMN,
                None,
                "no column of the header is known".into(),
                "`headcount columns` shows how the header is read and proposes a column map for `⟦column-map⟧`"
                    .into(),
            ));
        }
        for (at, (name, used)) in self.columns.headers.iter().zip(&self.uses).enumerate() {
            findings.extend(match used {
                Use::Unknown | Use::Misspelt(_) if self.acts.contains(&at) => Some(about(
                    &codes::ACTION_COLUMN,
                    Some(name),
                    format!(
                        "the column says what is to be done with people, and is not obeyed: `{}`",
                        columns::name_shown(name)
                    ),
                    codes::ACTION_COLUMN.fix.to_owned(),
                )),
                Use::Unknown | Use::Misspelt(_) if self.targets.contains(&at) => Some(about(
                    &codes::TARGET_COLUMN,
                    Some(name),
                    format!(
                        "the column says to which instance people go, and is not obeyed: `{}`",
                        columns::name_shown(name)
                    ),
                    codes::TARGET_COLUMN.fix.to_owned(),
                )),
                Use::Unknown => Some(about(
                    &codes::UNKNOWN_COLUMN,
                    Some(name),
                    format!("the column is not known and is not read: `{}`", columns::name_shown(name)),
                    columns::instead(name),
                )),
                Use::Misspelt(field) => Some(about(
                    &codes::MISSPELT_COLUMN,
                    Some(name),
                    format!("the column is not known: `{}`", columns::name_shown(name)),
                    format!(
                        "did you mean `{}`? Correct the header, or map or ignore it in a file for `⟦column-map⟧`",
                        field.name()
                    ),
                )),
                Use::Field(_) | Use::Ignored | Use::Unnamed => None,
            });
        }
        findings.extend(Field::ALL.into_iter().filter_map(|field| self.examine_duplicates(field)));
        findings
    }

    /// The console's own templates have two columns for the hierarchy; any other field is there twice by mistake.
    fn examine_duplicates(&self, field: Field) -> Option<Finding> {
        let places = &self.columns.places[field.index()];
        if places.len() < 2 || field == Field::Hierarchy {
            return None;
        }
        let names: Vec<String> = places
            .iter()
            .map(|&at| format!("`{}`", columns::name_shown(&self.columns.headers[at])))
            .collect();
        let names = names.join(" and ");
        let message =
            format!("{} columns mean `{}` and are read as one: {names}", places.len(), field.name());
        let keep = "keep one, or ignore the others in a file for `⟦column-map⟧`".to_owned();
        let second = self.columns.headers.get(places[1]);
        Some(about(&codes::MERGED_COLUMNS, second, message, keep))
    }

    /// Fails where an act is asked for and no column, or more than one, says what is to be done.
    pub(super) fn has_acts(&self, act: Option<Act>) -> Result<(), Failure> {
        match (act, self.acts.as_slice()) {
            (None, _) | (Some(_), [_]) => Ok(()),
            (Some(_), []) => Err(Failure::usage("no column of the roster says what is to be done")
                .hint(format!(
                    "call it `action`, or name it under `[actions]` in a file for `⟦column-map FILE.toml⟧`; {}",
                    self.its_columns()
                ))),
            (Some(_), several) => {
                let names: Vec<String> =
                    several.iter().map(|at| format!("`{}`", columns::name_shown(&self.own()[*at]))).collect();
                Err(Failure::usage(format!("several columns say what is to be done: {}", names.join(", ")))
                    .hint("name the one that counts under `[actions]` in a file for `⟦column-map FILE.toml⟧`"))
            }
        }
    }

    /// The column that says to which target a row goes.
    pub(super) fn target(&self) -> Option<usize> {
        self.targets.first().copied()
    }

    /// Fails where targets are asked for and no column, or more than one, says to which a row goes.
    pub(super) fn has_targets(&self, of: Option<&OfTargets>) -> Result<(), Failure> {
        let Some(of) = of else { return Ok(()) };
        match self.targets.as_slice() {
            [_] => Ok(()),
            [] if of.names.without_column().is_some() => Ok(()),
            [] => Err(Failure::usage("no column of the roster says to which target a row goes").hint(format!(
                "call it `target`, map it to `target` in a file for `⟦column-map FILE.toml⟧`, or say in the file of targets \
                 which is the `default_target`; {}",
                self.its_columns()
            ))),
            several => {
                let names: Vec<String> =
                    several.iter().map(|at| format!("`{}`", columns::name_shown(&self.own()[*at]))).collect();
                Err(Failure::usage(format!("several columns say to which target a row goes: {}", names.join(", ")))
                    .hint("map the one that counts to `target` in a file for `⟦column-map FILE.toml⟧`"))
            }
        }
    }

    /// Whether nothing of a column may be shown: it holds passwords, or sounds so and carries nothing else.
    pub(super) fn hides(&self, at: usize) -> bool {
        let sounds_so = || self.columns.headers.get(at).is_some_and(|header| columns::sounds_secret(header));
        self.is_secret(at) || (!matches!(self.uses.get(at), Some(Use::Field(_))) && sounds_so())
    }

    /// Fails where a map names a column that the roster does not have, or makes what a column carries.
    pub(super) fn fits(&self, mapping: &Mapping) -> Result<(), Failure> {
        for rule in &mapping.rules {
            if place(self.own(), &rule.header).is_none() {
                return Err(Failure::usage(format!(
                    "the column map chooses rows by a column that the roster does not have: `{}`",
                    rule.header
                ))
                .hint(self.its_columns()));
            }
        }
        for roles in &mapping.roles {
            if place(self.own(), &roles.header).is_none() {
                return Err(Failure::usage(format!(
                    "the column map has roles of a column that the roster does not have: `{}`",
                    roles.header
                ))
                .hint(self.its_columns()));
            }
        }
        if let Some((name, _)) = &mapping.actions
            && place(self.own(), name).is_none()
        {
            return Err(Failure::usage(format!(
                "the column map has actions of a column that the roster does not have: `{name}`"
            ))
            .hint(self.its_columns()));
        }
        let looked_at = mapping.rules.iter().map(|rule| &rule.header);
        let looked_at = looked_at.chain(mapping.roles.iter().map(|roles| &roles.header));
        let looked_at = looked_at.chain(mapping.actions.iter().map(|(name, _)| name));
        for header in looked_at {
            // Whatever is looked at word by word is told word by word.
            if place(self.own(), header).is_some_and(|at| self.hides(at)) {
                let what = format!("the column map decides by a column of passwords: `{header}`");
                return Err(Failure::usage(what)
                    .hint("a password says nothing of what is to be done; take another column"));
            }
        }
        for (key, name, _) in &mapping.columns {
            if !self.own().iter().any(|header| columns::key(header) == *key) {
                let what = format!("the column map names a column that the roster does not have: `{name}`");
                return Err(Failure::usage(what).hint(self.its_columns()));
            }
        }
        if let Some((key, _)) = &mapping.split {
            self.has_no_other_name(key)?;
        }
        for (field, template) in &mapping.templates {
            self.can_make(*field, template, mapping)?;
        }
        for (field, _) in &mapping.constants {
            if let Some(name) = self.carrier(*field) {
                return Err(Failure::usage(format!(
                    "the column map has a constant for `{}`, which a column of the roster carries: `{name}`",
                    field.name()
                ))
                .hint("move it to `[defaults]`, or ignore the column"));
            }
        }
        Ok(())
    }

    /// Of a whole name that is split, no other column may have a part.
    fn has_no_other_name(&self, split: &str) -> Result<(), Failure> {
        let names = [Field::FirstName, Field::LastName].map(Use::Field);
        let mut columns = self.own().iter().zip(&self.uses);
        match columns.find(|(name, used)| names.contains(used) && columns::key(name) != *split) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::usage(format!(
                "the column map splits a column into names, and another column has a name: `{}`",
                columns::name_shown(name)
            ))
            .hint("ignore one of them")),
        }
    }

    /// A template is made of what is there and no secret. Where a column carries the field as well, its cells go before.
    fn can_make(&self, field: Field, template: &Template, mapping: &Mapping) -> Result<(), Failure> {
        let n = self.own().iter().find(|header| columns::key(header) == "n");
        if let Some(n) = n.filter(|_| template.is_numbered()) {
            return Err(Failure::usage(format!(
                "`{{n}}` numbers logins, and a column is called so as well: `{}`",
                columns::name_shown(n)
            ))
            .hint("give that column another header"));
        }
        for name in template.names() {
            let named = columns::field(name);
            if named.is_some_and(|part| mapping.templates.iter().any(|(other, _)| *other == part)) {
                return Err(Failure::usage(format!(
                    "the template for `{}` names a field that has a template itself: `{name}`",
                    field.name()
                ))
                .hint("write out what that field is made of"));
            }
            let places = self.places_of(name);
            if named.is_some_and(Field::is_secret) || places.iter().any(|at| self.is_secret(*at)) {
                return Err(Failure::usage(format!(
                    "the template for `{}` would show a password: `{name}`",
                    field.name()
                )));
            }
            if places.is_empty() {
                return Err(Failure::usage(format!(
                    "the template for `{}` names neither a field that is there nor a column: `{name}`",
                    field.name()
                ))
                .hint(self.its_columns()));
            }
        }
        Ok(())
    }

    /// The headers of the file's own columns.
    pub(super) fn own(&self) -> &[String] {
        &self.columns.headers[..self.width]
    }

    fn its_columns(&self) -> String {
        let names: Vec<String> =
            self.own().iter().map(|header| format!("`{}`", columns::name_shown(header))).collect();
        format!("the roster's columns are {}", names.join(", "))
    }

    /// The file's column that carries a field, as it can be shown.
    fn carrier(&self, field: Field) -> Option<String> {
        let at = self.uses.iter().position(|used| *used == Use::Field(field))?;
        Some(columns::name_shown(&self.own()[at]))
    }

    /// Whether a column holds passwords, as the file has it or as the map makes it.
    fn is_secret(&self, at: usize) -> bool {
        self.uses.get(at) == Some(&Use::Field(Field::Password))
            || self.columns.places[Field::Password.index()].contains(&at)
    }

    /// Appends the columns that a map makes: a translated column stands in for its source, and a default comes after
    /// the columns it fills in for. The file's own cells stay as they are.
    fn add_columns(&mut self, mapping: &Mapping) {
        if let Some(at) = self.slashed() {
            let place = self.add(Added::Levels { at }, self.columns.headers[at].clone());
            let places = &mut self.columns.places[Field::Hierarchy.index()];
            places.iter_mut().filter(|other| **other == at).for_each(|other| *other = place);
        }
        if let Some((key, split)) = &mapping.split
            && let Some(at) = self.columns.headers.iter().position(|name| columns::key(name) == *key)
        {
            for (field, part) in [(Field::FirstName, Part::First), (Field::LastName, Part::Last)] {
                let added = Added::Split { at, split: split.clone(), part };
                let place = self.add(added, self.columns.headers[at].clone());
                self.columns.places[field.index()] = vec![place];
            }
        }
        for (field, words) in &mapping.values {
            let mut places = std::mem::take(&mut self.columns.places[field.index()]);
            for place in &mut places {
                let added = Added::Translated { at: *place, words: words.clone() };
                *place = self.add(added, self.columns.headers[*place].clone());
            }
            self.columns.places[field.index()] = places;
        }
        for roles in &mapping.roles {
            let Some(by) = place(self.own(), &roles.header) else { continue };
            let shared = Arc::new(roles.clone());
            for (nth, field) in roles.fields().enumerate() {
                let at = self.columns.places[field.index()].clone();
                let added = Added::Role { by, at, field, roles: Arc::clone(&shared), is_first: nth == 0 };
                // Whatever is wrong with a setting, the cell to look at is the role's.
                let place = self.add(added, self.columns.headers[by].clone());
                self.columns.places[field.index()].push(place);
            }
        }
        for (field, value) in mapping.constants.iter().chain(&mapping.defaults) {
            let at = self.columns.places[field.index()].clone();
            let name =
                at.first().map_or_else(|| field.name().to_owned(), |&at| self.columns.headers[at].clone());
            let place = self.add(Added::Default { at, value: value.clone() }, name);
            self.columns.places[field.index()].push(place);
        }
        // Last, for they are made of all others.
        for (field, template) in &mapping.templates {
            let at = template.names().map(|name| self.places_of(name)).collect();
            let unless = self.columns.places[field.index()].clone();
            let name = unless
                .first()
                .map_or_else(|| field.name().to_owned(), |&at| self.columns.headers[at].clone());
            let added = Added::Made { field: *field, at, unless, template: template.clone() };
            let place = self.add(added, name);
            self.columns.places[field.index()].push(place);
            if *field == Field::Username {
                self.columns.made_login = Some(place);
            }
        }
    }

    /// The column of the hierarchy as AWS's bulk agent tool calls it, and nobody else.
    fn slashed(&self) -> Option<usize> {
        let places = &self.columns.places[Field::Hierarchy.index()];
        places.iter().copied().find(|at| self.columns.headers[*at].trim() == "UserHierarchy")
    }

    /// Where a template finds a name: the columns of a field, else a column of the file by its header.
    fn places_of(&self, name: &str) -> Vec<usize> {
        let of_field = columns::field(name).map(|field| self.columns.places[field.index()].clone());
        of_field.filter(|places| !places.is_empty()).unwrap_or_else(|| {
            let key = columns::key(name);
            self.own().iter().position(|header| columns::key(header) == key).into_iter().collect()
        })
    }

    fn add(&mut self, added: Added, name: String) -> usize {
        self.added.push(added);
        self.columns.headers.push(name);
        self.columns.headers.len() - 1
    }

    /// Whether a row has something in the columns of a field themselves, be it what the reader could make nothing of: of a
    /// login that Excel made a number, another must not be made.
    fn has_own(&self, field: Field, columns: &[usize], row: &Row) -> bool {
        let is_filled = |at: &usize| row.cells.get(*at).is_some_and(|cell| !cell.trim().is_empty());
        let is_kept = |at: usize| self.uses.get(at) == Some(&Use::Field(field));
        columns.iter().any(is_filled) || row.kept.iter().any(|(at, _)| is_kept(*at))
    }

    /// Whether made logins are numbered where they would be the same.
    pub(super) fn is_numbered(&self) -> bool {
        self.made_logins().is_some_and(|(_, template)| template.is_numbered())
    }

    /// The login that the template makes of a row as the `number`th of its kind.
    pub(super) fn login(&self, row: &Row, number: u32) -> String {
        let mut login = String::new();
        if let Some((at, template)) = self.made_logins() {
            template.write(cells_of(row, at), number, &mut login);
        }
        login
    }

    fn made_logins(&self) -> Option<(&[Vec<usize>], &Template)> {
        self.added.iter().find_map(|added| match added {
            Added::Made { field: Field::Username, at, template, .. } => Some((at.as_slice(), template)),
            _ => None,
        })
    }

    /// Appends the cells of the added columns to a row that has exactly [`Header::width`] cells.
    pub(super) fn complete(&self, row: &mut Row, scratch: &mut String, said: &mut Said) {
        for added in &self.added {
            scratch.clear();
            match added {
                Added::Translated { at, words } => {
                    let cell = row.cells.get(*at).unwrap_or("");
                    scratch.push_str(translate(cell, words));
                }
                Added::Levels { at } => {
                    let cell = row.cells.get(*at).unwrap_or("");
                    let is_slashed =
                        cell.contains('/') && !cell.contains('|') && !cell.trim().starts_with("arn:");
                    if is_slashed {
                        scratch.extend(cell.chars().map(|c| if c == '/' { '|' } else { c }));
                        if !std::mem::replace(&mut said.slashes, true) {
                            let finding = slashes_read(row.number, &self.columns.headers[*at], cell, scratch);
                            row.findings.push(finding);
                        }
                    } else {
                        scratch.push_str(cell);
                    }
                }
                Added::Split { at, split, part } => {
                    let cell = row.cells.get(*at).unwrap_or("");
                    match split.part(cell, *part) {
                        Some(name) => scratch.push_str(name),
                        // Said once for the two names.
                        None if *part == Part::Last => {}
                        None => {
                            row.findings.push(not_split(row.number, &self.columns.headers[*at], cell, split))
                        }
                    }
                }
                Added::Made { field, at, unless, template } => {
                    if self.has_own(*field, unless, row) {
                        row.cells.push("");
                        continue;
                    }
                    template.write(cells_of(row, at), self.numbers.of(row.number), scratch);
                }
                Added::Role { by, at, field, roles, is_first } => {
                    let cell = row.cells.get(*by).unwrap_or("");
                    match roles.value(cell, *field) {
                        Some(value) if row.is_blank_in(at) => scratch.push_str(value),
                        None if *is_first => {
                            row.findings.push(roles.unknown(row.number, &self.columns.headers[*by], cell));
                        }
                        Some(_) | None => {}
                    }
                }
                Added::Default { at, value } => {
                    if row.is_blank_in(at) {
                        scratch.push_str(value);
                    }
                }
            }
            row.cells.push(scratch);
        }
    }
}

/// What is said once of a roster, in the first row of which it is so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    slashes: bool,
}

impl Said {
    /// All of it was said already.
    pub(super) fn told() -> Self {
        Self { slashes: true }
    }
}

fn slashes_read(row: u64, column: &str, cell: &str, path: &str) -> Finding {
    let code = &codes::SLASH_LEVELS;
    Finding {
        code: code.id,
        severity: code.severity,
        row: Some(row),
        column: Some(column.to_owned()),
        value: Some(shown(cell.trim())),
        message: format!(
            "`/` is read as the border between levels, here and below: `{}`",
            shown(path.trim())
        ),
        hint: Some(code.fix.to_owned()),
    }
}

/// Where a column stands that a map names: of two headers that differ only in a parenthesis, the exact one is meant.
fn place(headers: &[String], name: &str) -> Option<usize> {
    let key = columns::key(name);
    let exact = headers.iter().position(|header| header.trim() == name.trim());
    exact.or_else(|| headers.iter().position(|header| !key.is_empty() && columns::key(header) == key))
}

/// What a template is made of: of each of these columns' cells the first that is not blank.
fn cells_of<'r>(row: &'r Row, places: &'r [Vec<usize>]) -> impl Iterator<Item = &'r str> {
    places.iter().map(|places| {
        let mut cells = places.iter().filter_map(|&at| row.cells.get(at));
        cells.find(|cell| !cell.trim().is_empty()).unwrap_or("").trim()
    })
}

fn about(code: &'static Code, column: Option<&String>, message: String, hint: String) -> Finding {
    Finding {
        code: code.id,
        severity: code.severity,
        row: None,
        column: column.cloned(),
        value: None,
        message,
        hint: Some(hint),
    }
}

/// The word for a cell: the same word, else the same but for case, else the cell itself.
fn translate<'a>(cell: &'a str, words: &'a [(String, String)]) -> &'a str {
    let word = cell.trim();
    let exact = words.iter().find(|(from, _)| from.trim() == word);
    let same = || words.iter().find(|(from, _)| from.trim().to_lowercase() == word.to_lowercase());
    exact.or_else(same).map_or(cell, |(_, to)| to.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::roster::columns::TEMPLATES;

    const MAP: &str = r#"
        ignore = ["Cost centre"]

        [columns]
        "Vorname" = "first name"
        "Telefonart" = "phone type"

        [constants]
        "routing profile name" = "Basic Routing Profile"

        [defaults]
        "phone type" = "soft"

        [values."phone type"]
        "Tisch" = "desk"
        "T" = "desk"
        "t" = "soft"
    "#;

    fn mapped(line: &str, map: &str) -> Header {
        Header::read(line.split(',').map(str::to_owned).collect(), &Mapping::parse(map).unwrap(), None, None)
    }

    fn read(line: &str) -> Header {
        mapped(line, "")
    }

    fn complete(header: &Header, cells: &[&str]) -> Row {
        let mut row = Row { cells: cells.iter().copied().collect(), ..Row::default() };
        header.complete(&mut row, &mut String::new(), &mut Said::default());
        row
    }

    #[test]
    fn the_header_of_every_era_maps_completely_and_is_recognised() {
        for (name, line) in TEMPLATES {
            let header = read(line);
            assert_eq!(header.recognised, Some(name));
            assert_eq!(header.findings, [], "{name}");
            assert_eq!(header.known(), header.width, "{name}: {:?}", header.uses);
        }
    }

    #[test]
    fn unknown_and_misspelt_columns_are_named() {
        let header = read("user login,Cost centre,pasword");
        let found: Vec<_> =
            header.findings.iter().map(|f| (f.code, f.severity, f.column.as_deref())).collect();
        assert_eq!(
            found,
            [
                (codes::UNKNOWN_COLUMN.id, Severity::Warning, Some("Cost centre")),
                (codes::MISSPELT_COLUMN.id, Severity::Error, Some("pasword")),
            ]
        );
    }

    #[test]
    fn a_structure_of_the_api_names_the_columns_that_it_is_spread_over() {
        let hint = |header: &str| {
            let header = read(&format!("user login,{header}"));
            assert_eq!(header.findings.len(), 1, "{:?}", header.findings);
            assert_eq!(header.findings[0].code, codes::UNKNOWN_COLUMN.id);
            header.findings[0].hint.clone().unwrap()
        };
        let table = [
            (
                "AutoAcceptConfigs",
                "`auto accept voice`, `auto accept chat`, `auto accept task`, `auto accept email`, `agent first callback auto accept`",
            ),
            (
                "after_contact_work_configs",
                "`ACW timeout voice`, `ACW timeout chat`, `ACW timeout task`, `ACW timeout email`, `agent first callback ACW timeout`",
            ),
            ("PhoneNumberConfigs", "`phone type voice`, `phone number voice`"),
            ("PhoneNumberConfigs.VOICE", "`phone type voice`, `phone number voice`"),
            (
                "PhoneConfig",
                "`phone type`, `phone number`, `auto accept`, `ACW timeout`, `persistent connection`",
            ),
            ("IdentityInfo", "`first name`, `last name`, `email address`, `secondary email`, `mobile`"),
        ];
        for (header, columns) in table {
            assert_eq!(
                hint(header),
                format!("it has several members, each of which is a column of its own: {columns}")
            );
        }
        // Of these each channel has one, or there is one channel.
        for header in
            ["VoiceEnhancementConfigs", "VoiceEnhancementConfigs.VOICE", "PersistentConnectionConfigs"]
        {
            assert!(matches!(Use::of(header), Use::Field(_)), "{header}");
        }
        assert!(hint("Vorname").starts_with("map it to `first name` or ignore it"));
        assert!(hint("Cost centre").starts_with("map it or ignore it"));
    }

    #[test]
    fn two_columns_of_one_meaning_are_read_as_one() {
        let header = read("user login,Username,password,initial password");
        let found: Vec<_> = header.findings.iter().map(|f| (f.code, f.column.as_deref())).collect();
        assert_eq!(
            found,
            [
                (codes::MERGED_COLUMNS.id, Some("initial password")),
                (codes::MERGED_COLUMNS.id, Some("Username"))
            ]
        );
        assert_eq!(header.columns.places[Field::Username.index()], [0, 1]);
        assert_eq!(header.columns.places[Field::Password.index()], [2, 3]);
    }

    #[test]
    fn a_header_without_one_known_column_is_an_error() {
        assert_eq!(read("Vorname,Kostenstelle").findings[0].code, codes::NO_KNOWN_COLUMN.id);
    }

    #[test]
    fn a_map_names_ignores_fills_in_and_translates() {
        let header = mapped("vorname,Telefonart,Cost Centre,last name", MAP);
        assert_eq!(header.findings, []);
        assert_eq!(header.width, 4);
        let table = [
            (["Anna", "Tisch", "1", "Berg"], "desk"),
            (["Anna", " tisch ", "1", "Berg"], "desk"),
            (["Anna", "T", "1", "Berg"], "desk"),
            (["Anna", "t", "1", "Berg"], "soft"),
            (["Anna", "Wandapparat", "1", "Berg"], "Wandapparat"),
            (["Anna", " ", "1", "Berg"], "soft"),
        ];
        for (cells, phone_type) in table {
            let row = complete(&header, &cells);
            assert_eq!(header.columns.cell(&row, Field::PhoneType), phone_type, "{cells:?}");
            assert_eq!(header.columns.cell(&row, Field::FirstName), "Anna");
            assert_eq!(header.columns.cell(&row, Field::LastName), "Berg");
            assert_eq!(header.columns.cell(&row, Field::RoutingProfile), "Basic Routing Profile");
            assert_eq!(row.cells.iter().take(4).collect::<Vec<_>>(), cells, "the file's own cells stay");
        }
        assert_eq!(header.columns.header(Field::PhoneType), Some("Telefonart"));
    }

    #[test]
    fn a_whole_name_becomes_two_and_a_template_is_made_of_everything_else() {
        let map = r#"
            [columns]
            "Name" = { split = "last, first" }
            "Rolle" = "security profiles"
            [templates]
            "user login" = "{first name|german|lower}.{last name|german|lower}"
            "tags" = "id|{Personalnr.}||role|{security profiles}||site|{routing profile}"
            [constants]
            "routing profile" = "Care"
            [values."security profiles"]
            "Leitung" = "Supervisor"
        "#;
        let header = mapped("Personalnr.,Name,Rolle", map);
        let mapping = Mapping::parse(map).unwrap();
        header.fits(&mapping).unwrap();
        let row = complete(&header, &["100231", "Müller, Zoë", "Leitung"]);
        let cell = |row: &Row, field| header.columns.cell(row, field).to_owned();
        assert_eq!(row.findings, []);
        let expected = [
            (Field::FirstName, "Zoë"),
            (Field::LastName, "Müller"),
            (Field::Username, "zoe.mueller"),
            (Field::SecurityProfiles, "Supervisor"),
            (Field::Tags, "id|100231||role|Supervisor||site|Care"),
        ];
        for (field, text) in expected {
            assert_eq!(cell(&row, field), text);
        }
        let row = complete(&header, &["", "Anna Maria Berg", "Agent"]);
        assert_eq!(row.findings.len(), 1, "said once: {:?}", row.findings);
        assert_eq!(
            (row.findings[0].code, row.findings[0].column.as_deref()),
            (codes::NAME_NOT_SPLIT.id, Some("Name"))
        );
        for field in [Field::FirstName, Field::LastName, Field::Username, Field::Tags] {
            assert_eq!(cell(&row, field), "", "{field:?}: nothing is made of half");
        }
        assert_eq!(header.columns.header(Field::LastName), Some("Name"));
    }

    #[test]
    fn a_filled_cell_goes_before_the_template_of_its_field() {
        let map = "[templates]\n\"user login\" = \"n{Nr}\"\n[values.\"user login\"]\n\"-\" = \"\"";
        let header = mapped("user login,Nr", map);
        header.fits(&Mapping::parse(map).unwrap()).unwrap();
        for (login, expected, is_made) in
            [("ann", "ann", false), (" ", "n7", true), ("", "n7", true), ("-", "n7", true)]
        {
            let row = complete(&header, &[login, "7"]);
            assert_eq!(header.columns.cell(&row, Field::Username), expected, "{login:?}");
            assert_eq!(header.columns.is_made_login(&row), is_made, "{login:?}");
        }
        assert_eq!(header.columns.header(Field::Username), Some("user login"));
    }

    #[test]
    fn a_map_must_fit_the_roster() {
        let refused = |line: &str, map: &str| {
            let mapping = Mapping::parse(map).unwrap();
            mapped(line, map).fits(&mapping).unwrap_err().what
        };
        assert!(refused("first name", "ignore = [\"Team\"]").contains("does not have: `Team`"));
        let table = [
            (
                "Name,Vorname",
                "[columns]\nName = { split = \"first last\" }\nVorname = \"first name\"",
                "another column has a name: `Vorname`",
            ),
            (
                "Nr",
                "[templates]\n\"user login\" = \"{Number}\"",
                "neither a field that is there nor a column: `Number`",
            ),
            (
                "Nr",
                "[templates]\ntags = \"a|{mobile}\"\nmobile = \"{Nr}\"",
                "has a template itself: `mobile`",
            ),
            ("password", "[templates]\ntags = \"a|{password}\"", "would show a password: `password`"),
            (
                "Kennwort",
                "[columns]\nKennwort = \"password\"\n[templates]\ntags = \"a|{Kennwort}\"",
                "would show a password: `Kennwort`",
            ),
        ];
        for (line, map, why) in table {
            let what = refused(line, map);
            assert!(what.contains(why), "{what}");
        }
        assert!(refused("tags", "[constants]\ntags = \"a|b\"").contains("constant for `tags`"));
    }
}
