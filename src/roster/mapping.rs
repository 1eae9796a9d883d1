//! The column map: how a foreign export becomes a roster.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::act::{self, Act};
use super::columns::{self, Use};
use super::field::Field;
use super::filter::{Hidden, Rule, Written};
use super::made::{Split, Template};
use super::roles::{self, Roles};
use super::target;
use crate::disk;
use crate::error::Failure;
use crate::text::decoded;

/// A column map as its file has it; see `samples/hr-export.toml`.
///
/// Headers and the names of fields are compared as headers always are: case, spaces, `_`, `-` and parentheses do not
/// matter.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Columns to pass over.
    #[serde(default)]
    ignore: Vec<String>,
    /// What is done with the hidden rows of a workbook.
    #[serde(default, rename = "hidden-rows", alias = "hidden rows", alias = "hidden_rows")]
    hidden_rows: Hidden,
    /// The roster's header → the cells of the rows that stay.
    #[serde(default)]
    only: BTreeMap<String, Written>,
    /// The roster's header → the cells of the rows that are left out.
    #[serde(default)]
    skip: BTreeMap<String, Written>,
    /// The roster's header → a name of the field it carries, or how the whole name in it is split.
    #[serde(default)]
    columns: BTreeMap<String, Carried>,
    /// Field → its value in every row.
    #[serde(default)]
    constants: BTreeMap<String, String>,
    /// Field → its value in the rows whose cell is blank.
    #[serde(default, alias = "default")]
    defaults: BTreeMap<String, String>,
    /// The roster's header → a cell of it → field → its value in these rows.
    #[serde(default)]
    roles: BTreeMap<String, roles::Written>,
    /// The roster's header → (word in the roster → `create`, `update`, `remove` or `nothing`).
    #[serde(default)]
    actions: BTreeMap<String, BTreeMap<String, String>>,
    /// Field → how its value is made of others.
    #[serde(default)]
    templates: BTreeMap<String, String>,
    /// Field → (word in the roster → word that we read).
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a column of the roster carries.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the name of a field, or `{ split = \"last, first\" }`")]
enum Carried {
    Field(String),
    Name(Whole),
}

/// `{ split = "last, first" }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    split: String,
}

/// The longest map that is read, in bytes: one with a thousand words to translate is a tenth of it.
const LONGEST: u64 = 1 << 20;

/// A column map that has been understood. The empty one changes nothing.
#[derive(Clone, Default)]
pub(super) struct Mapping {
    /// The key of a header, the header as the map has it, and what the column is.
    pub(super) columns: Vec<(String, String, Use)>,
    pub(super) constants: Vec<(Field, String)>,
    pub(super) defaults: Vec<(Field, String)>,
    pub(super) values: Vec<(Field, Vec<(String, String)>)>,
    /// The key of the header whose cells hold a whole name, and how it is split.
    pub(super) split: Option<(String, Split)>,
    pub(super) templates: Vec<(Field, Template)>,
    /// Which rows are left out.
    pub(super) rules: Vec<Rule>,
    pub(super) hidden_rows: Hidden,
    /// Columns that decide several settings at once; no field is one of two of them.
    pub(super) roles: Vec<Roles>,
    /// The header of the column that says what is to be done, and what its words mean.
    pub(super) actions: Option<(String, act::Words)>,
    /// The header of the column that says to which target a row goes.
    pub(super) target: Option<String>,
}

impl Mapping {
    /// Reads a map from a file. Fails where it cannot be read, is no TOML, has an unknown entry, or names a field that
    /// we do not know.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let unreadable = |error| {
            Failure::usage(format!("the column map cannot be read: `{shown}`"))
                .because(error)
                .hint("`headcount columns ROSTER` proposes a map")
        };
        let bytes = disk::read_at_most(path, LONGEST).map_err(unreadable)?;
        let Some(bytes) = bytes else {
            return Err(Failure::usage(format!("too large for a column map: `{shown}`")));
        };
        let no_text = || std::io::Error::other("it is neither UTF-8 nor UTF-16 with a byte-order mark");
        let text = decoded(&bytes).ok_or_else(|| unreadable(no_text()))?;
        Self::parse(&text).map_err(|what| {
            Failure::usage(format!("the column map cannot be used: `{shown}`"))
                .because(what)
                .hint("`headcount columns ROSTER` proposes a map")
        })
    }

    /// Reads a map from text; the error says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| told(&error, text))?;
        let mut mapping = Self::default();
        for header in file.ignore {
            mapping.columns.push((columns::key(&header), header, Use::Ignored));
        }
        for (header, carried) in file.columns {
            let used = match carried {
                Carried::Field(name) if target::is_header(&name) => {
                    if let Some(other) = &mapping.target {
                        return Err(format!("two columns are the target's: `{other}` and `{header}`"));
                    }
                    mapping.target = Some(header.clone());
                    Use::Unknown
                }
                Carried::Field(name) => Use::Field(field("columns", &name)?),
                Carried::Name(whole) => {
                    if mapping.split.is_some() {
                        return Err(format!("two columns are split into names: one of them is `{header}`"));
                    }
                    mapping.split = Some((columns::key(&header), Split::parse(&whole.split)?));
                    Use::Field(Field::FirstName)
                }
            };
            mapping.columns.push((columns::key(&header), header, used));
        }
        let mut seen = HashMap::new();
        for (key, header, _) in &mapping.columns {
            if let Some(other) = seen.insert(key, header) {
                return Err(format!("one column is named twice: `{other}` and `{header}`"));
            }
        }
        for (table, rules) in [("only", file.only), ("skip", file.skip)] {
            for (header, written) in rules {
                mapping.rules.push(Rule::parse(table, header, written)?);
            }
        }
        mapping.hidden_rows = file.hidden_rows;
        mapping.constants = fields("constants", file.constants)?;
        mapping.defaults = fields("defaults", file.defaults)?;
        if let Some((field, _)) =
            mapping.constants.iter().find(|(field, _)| mapping.defaults.iter().any(|(f, _)| f == field))
        {
            return Err(format!("both `[constants]` and `[defaults]` have `{}`", field.name()));
        }
        mapping.add_roles(file.roles)?;
        mapping.add_actions(file.actions)?;
        for (field, text) in fields("templates", file.templates)? {
            let has = |fields: &[(Field, String)]| fields.iter().any(|(other, _)| *other == field);
            let is_of_role = mapping.roles.iter().flat_map(Roles::fields).any(|other| other == field);
            if has(&mapping.constants) || has(&mapping.defaults) || is_of_role {
                return Err(format!("`[templates]` has `{}`, and so has another table", field.name()));
            }
            if field.is_secret() {
                return Err(
                    "a password that is made of a person's own data is none; `⟦made-passwords⟧` makes some"
                        .into(),
                );
            }
            let template =
                Template::parse(&text).map_err(|why| format!("`[templates]`, `{}`: {why}", field.name()))?;
            if template.is_numbered() && field != Field::Username {
                return Err(format!(
                    "`[templates]`, `{}`: `{{n}}` numbers logins, and nothing else",
                    field.name()
                ));
            }
            mapping.templates.push((field, template));
        }
        let words = |words: BTreeMap<String, String>| words.into_iter().collect::<Vec<_>>();
        mapping.values =
            fields("values", file.values)?.into_iter().map(|(field, w)| (field, words(w))).collect();
        Ok(mapping)
    }

    fn add_roles(&mut self, roles: BTreeMap<String, roles::Written>) -> Result<(), String> {
        for (header, written) in roles {
            let roles = Roles::parse(header, written, |name| field("roles", name))?;
            for field in roles.fields() {
                let name = field.name();
                if let Some(other) = self.roles.iter().find(|other| other.fields().any(|of| of == field)) {
                    let (one, other) = (&roles.header, &other.header);
                    return Err(format!("`[roles]` sets `{name}` by two columns: `{other}` and `{one}`"));
                }
                if self.constants.iter().any(|(constant, _)| *constant == field) {
                    return Err(format!(
                        "both `[constants]` and `[roles]` have `{name}`: what a role leaves open is for `[defaults]`"
                    ));
                }
            }
            self.roles.push(roles);
        }
        Ok(())
    }

    fn add_actions(&mut self, actions: BTreeMap<String, BTreeMap<String, String>>) -> Result<(), String> {
        for (header, written) in actions {
            if let Some((other, _)) = &self.actions {
                return Err(format!("`[actions]` names two columns: `{other}` and `{header}`"));
            }
            let act = |(word, meant): (String, String)| match Act::of_map(&meant) {
                Some(act) => Ok((word, act)),
                None => Err(format!(
                    "`[actions]`, `{header}`, `{word}`: what is done is `create`, `update`, `remove` or `nothing`, and not \
                     `{meant}`"
                )),
            };
            let words = written.into_iter().map(act).collect::<Result<Vec<_>, _>>()?;
            self.actions = Some((header, act::Words(words)));
        }
        Ok(())
    }

    /// What the map says of a column, if anything.
    pub(super) fn column(&self, header: &str) -> Option<Use> {
        let key = columns::key(header);
        // Of two headers that differ only in a parenthesis, the exact one is meant.
        let exact = self.columns.iter().find(|(_, name, _)| name.trim() == header.trim());
        exact.or_else(|| self.columns.iter().find(|(k, ..)| *k == key)).map(|(.., used)| *used)
    }
}

/// What is wrong and in which line, without the line itself or a value of it: one of them may be a password.
fn told(error: &toml::de::Error, text: &str) -> String {
    let message = error.message();
    let message = match message.split_once(", expected ") {
        Some((start, expected)) if start.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    };
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}

fn field(table: &str, name: &str) -> Result<Field, String> {
    columns::field(name).ok_or_else(|| match columns::near(name) {
        Some(near) => {
            format!("`[{table}]` names no field that is known, did you mean `{}`? `{name}`", near.name())
        }
        None => {
            let names: Vec<String> = Field::ALL.iter().map(|field| format!("`{}`", field.name())).collect();
            format!("`[{table}]` names no field that is known: `{name}`; known are {}", names.join(", "))
        }
    })
}

fn fields<T>(table: &str, entries: BTreeMap<String, T>) -> Result<Vec<(Field, T)>, String> {
    let mut fields: Vec<(Field, T)> = Vec::new();
    for (name, entry) in entries {
        let field = field(table, &name)?;
        if fields.iter().any(|(other, _)| *other == field) {
            return Err(format!("`[{table}]` has one field twice: `{name}`"));
        }
        fields.push((field, entry));
    }
    Ok(fields)
}

/// Without what it says: a value of it may be a password for everybody.
impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapping({} columns)", self.columns.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_cannot_be_used_says_why() {
        let table = [
            ("[columns]\n\"Vorname\" = \"fist name\"", "did you mean `first name`"),
            ("[columns]\n\"Vorname\" = \"shoe size\"", "known are `first name`"),
            ("[colums]\n", "unknown field `colums`"),
            ("[columns\n", "line 1: "),
            ("ignore = [\"a\"]\n[constants]\npassword = 12345678\n", "line 3: expected a string"),
            ("ignore = [\"a b\"]\n[columns]\n\"A_B\" = \"tags\"", "one column is named twice"),
            (
                "[constants]\ntags = \"a|b\"\n[defaults]\nTags = \"c|d\"",
                "both `[constants]` and `[defaults]`",
            ),
            ("[columns]\nName = 5", "expected the name of a field, or `{ split"),
            ("[columns]\nName = { split = \"first\" }", "a split is written as"),
            (
                "[columns]\nA = { split = \"first last\" }\nB = { split = \"first last\" }",
                "two columns are split",
            ),
            ("[templates]\ntags = \"{first name|loud}\"", "`[templates]`, `tags`: no such filter"),
            ("[templates]\ntags = \"a|{first name}{n}\"", "`{n}` numbers logins, and nothing else"),
            ("[templates]\npassword = \"{first name}12345678\"", "`⟦made-passwords⟧`"),
            ("[templates]\ntags = \"{mobile}\"\n[constants]\ntags = \"a|b\"", "and so has another table"),
            ("[defaults]\ntags = \"a|b\"\nTAGS = \"c|d\"", "has one field twice"),
        ];
        for (map, why) in table {
            let error = Mapping::parse(map).map(|_| ()).unwrap_err();
            assert!(error.contains(why), "{map}: {error}");
            assert!(!error.contains("12345678"), "{error}");
        }
    }
}
