//! The column map: how a foreign export becomes a roster.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use super::columns::{self, Added, Header, Use};
use super::field::Field;
use super::made::{Part, Split, Template, not_split};
use super::row::Row;
use crate::error::Failure;

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
    /// The roster's header → a name of the field it carries, or how the whole name in it is split.
    #[serde(default)]
    columns: BTreeMap<String, Carried>,
    /// Field → its value in every row.
    #[serde(default)]
    constants: BTreeMap<String, String>,
    /// Field → its value in the rows whose cell is blank.
    #[serde(default)]
    defaults: BTreeMap<String, String>,
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
    columns: Vec<(String, String, Use)>,
    constants: Vec<(Field, String)>,
    defaults: Vec<(Field, String)>,
    values: Vec<(Field, Vec<(String, String)>)>,
    /// The key of the header whose cells hold a whole name, and how it is split.
    split: Option<(String, Split)>,
    templates: Vec<(Field, Template)>,
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
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > LONGEST {
            return Err(Failure::usage(format!("too large for a column map: `{shown}`")));
        }
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
        mapping.constants = fields("constants", file.constants)?;
        mapping.defaults = fields("defaults", file.defaults)?;
        if let Some((field, _)) =
            mapping.constants.iter().find(|(field, _)| mapping.defaults.iter().any(|(f, _)| f == field))
        {
            return Err(format!("both `[constants]` and `[defaults]` have `{}`", field.name()));
        }
        for (field, text) in fields("templates", file.templates)? {
            let has = |fields: &[(Field, String)]| fields.iter().any(|(other, _)| *other == field);
            if has(&mapping.constants) || has(&mapping.defaults) {
                return Err(format!("`[templates]` has `{}`, and so has another table", field.name()));
            }
            if field.is_secret() {
                return Err(
                    "a password that is made of a person's own data is none; `--generate-passwords` makes some".into(),
                );
            }
            let template =
                Template::parse(&text).map_err(|why| format!("`[templates]`, `{}`: {why}", field.name()))?;
            mapping.templates.push((field, template));
        }
        let words = |words: BTreeMap<String, String>| words.into_iter().collect::<Vec<_>>();
        mapping.values =
            fields("values", file.values)?.into_iter().map(|(field, w)| (field, words(w))).collect();
        Ok(mapping)
    }

    /// What the map says of a column, if anything.
    pub(super) fn column(&self, header: &str) -> Option<Use> {
        let key = columns::key(header);
        // Of two headers that differ only in a parenthesis, the exact one is meant.
        let exact = self.columns.iter().find(|(_, name, _)| name.trim() == header.trim());
        exact.or_else(|| self.columns.iter().find(|(k, ..)| *k == key)).map(|(.., used)| *used)
    }

    /// Fails where the map names a column that the roster does not have, or sets a constant that a column carries.
    pub(super) fn check(&self, header: &Header) -> Result<(), Failure> {
        let file = &header.columns.headers[..header.width];
        for (key, name, _) in &self.columns {
            if !file.iter().any(|header| columns::key(header) == *key) {
                let there: Vec<String> =
                    file.iter().map(|h| format!("`{}`", columns::name_shown(h))).collect();
                return Err(Failure::usage(format!(
                    "the column map names a column that the roster does not have: `{name}`"
                ))
                .hint(format!("the roster's columns are {}", there.join(", "))));
            }
        }
        if let Some((key, _)) = &self.split {
            let names = [Field::FirstName, Field::LastName].map(Use::Field);
            let other = file
                .iter()
                .zip(&header.uses)
                .find(|(h, used)| names.contains(used) && columns::key(h) != *key);
            if let Some((name, _)) = other {
                return Err(Failure::usage(format!(
                    "the column map splits a column into names, and another column has a name: `{}`",
                    columns::name_shown(name)
                ))
                .hint("ignore one of them"));
            }
        }
        for (field, template) in &self.templates {
            if let Some(at) = header.uses.iter().position(|used| *used == Use::Field(*field)) {
                let name = columns::name_shown(&file[at]);
                return Err(Failure::usage(format!(
                    "the column map has a template for `{}`, which a column of the roster carries: `{name}`",
                    field.name()
                ))
                .hint("ignore the column, or leave the template out"));
            }
            for name in template.names() {
                let made =
                    columns::field(name).filter(|part| self.templates.iter().any(|(other, _)| other == part));
                if made.is_some() {
                    return Err(Failure::usage(format!(
                        "the template for `{}` names a field that has a template itself: `{name}`",
                        field.name()
                    ))
                    .hint("write out what that field is made of"));
                }
                let places = header.places_of(name);
                let secret = &header.columns.places[Field::Password.index()];
                let carries_secret = |at: &usize| {
                    header.uses.get(*at) == Some(&Use::Field(Field::Password)) || secret.contains(at)
                };
                if columns::field(name).is_some_and(Field::is_secret) || places.iter().any(carries_secret) {
                    return Err(Failure::usage(format!(
                        "the template for `{}` would show a password: `{name}`",
                        field.name()
                    )));
                }
                if places.is_empty() {
                    let there: Vec<String> =
                        file.iter().map(|h| format!("`{}`", columns::name_shown(h))).collect();
                    return Err(Failure::usage(format!(
                        "the template for `{}` names neither a field that is there nor a column: `{name}`",
                        field.name()
                    ))
                    .hint(format!("the roster's columns are {}", there.join(", "))));
                }
            }
        }
        for (field, _) in &self.constants {
            if let Some(at) = header.uses.iter().position(|used| *used == Use::Field(*field)) {
                let name = columns::name_shown(&file[at]);
                return Err(Failure::usage(format!(
                    "the column map has a constant for `{}`, which a column of the roster carries: `{name}`",
                    field.name()
                ))
                .hint("move it to `[defaults]`, or ignore the column"));
            }
        }
        Ok(())
    }

    /// Appends the columns that the map makes: a translated column stands in for its source, and a default comes after
    /// the columns it fills in for. The file's own cells stay as they are.
    pub(super) fn add_columns(&self, header: &mut Header) {
        if let Some((key, split)) = &self.split
            && let Some(at) = header.columns.headers.iter().position(|name| columns::key(name) == *key)
        {
            for (field, part) in [(Field::FirstName, Part::First), (Field::LastName, Part::Last)] {
                let added = Added::Split { at, split: split.clone(), part };
                let place = header.add(added, header.columns.headers[at].clone());
                header.columns.places[field.index()] = vec![place];
            }
        }
        for (field, words) in &self.values {
            let mut places = std::mem::take(&mut header.columns.places[field.index()]);
            for place in &mut places {
                let added = Added::Translated { at: *place, words: words.clone() };
                *place = header.add(added, header.columns.headers[*place].clone());
            }
            header.columns.places[field.index()] = places;
        }
        for (field, value) in self.constants.iter().chain(&self.defaults) {
            let at = header.columns.places[field.index()].clone();
            let name =
                at.first().map_or_else(|| field.name().to_owned(), |&at| header.columns.headers[at].clone());
            let place = header.add(Added::Default { at, value: value.clone() }, name);
            header.columns.places[field.index()].push(place);
        }
        // Last, for they are made of all others.
        for (field, template) in &self.templates {
            let at = template.names().map(|name| header.places_of(name)).collect();
            let place = header.add(Added::Made { at, template: template.clone() }, field.name().to_owned());
            header.columns.places[field.index()].push(place);
        }
    }
}

impl Header {
    /// Where a template finds a name: the columns of a field, else a column of the file by its header.
    fn places_of(&self, name: &str) -> Vec<usize> {
        let of_field = columns::field(name).map(|field| self.columns.places[field.index()].clone());
        of_field.filter(|places| !places.is_empty()).unwrap_or_else(|| {
            let key = columns::key(name);
            let file = &self.columns.headers[..self.width];
            file.iter().position(|header| columns::key(header) == key).into_iter().collect()
        })
    }

    fn add(&mut self, added: Added, name: String) -> usize {
        self.added.push(added);
        self.columns.headers.push(name);
        self.columns.headers.len() - 1
    }

    /// Appends the cells of the added columns to a row that has exactly [`Header::width`] cells.
    pub(super) fn complete(&self, row: &mut Row, scratch: &mut String) {
        for added in &self.added {
            scratch.clear();
            match added {
                Added::Translated { at, words } => {
                    let cell = row.cells.get(*at).unwrap_or("");
                    scratch.push_str(translate(cell, words));
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
                Added::Made { at, template } => {
                    let cell = |places: &Vec<usize>| {
                        let mut cells = places.iter().filter_map(|&at| row.cells.get(at));
                        cells.find(|cell| !cell.trim().is_empty()).unwrap_or("").trim()
                    };
                    template.write(at.iter().map(cell), scratch);
                }
                Added::Default { at, value } => {
                    let is_blank = |at: &usize| row.cells.get(*at).unwrap_or("").trim().is_empty();
                    if at.iter().all(is_blank) {
                        scratch.push_str(value);
                    }
                }
            }
            row.cells.push_field(scratch);
        }
    }
}

/// The word for a cell: the same word, else the same but for case, else the cell itself.
fn translate<'a>(cell: &'a str, words: &'a [(String, String)]) -> &'a str {
    let word = cell.trim();
    let exact = words.iter().find(|(from, _)| from.trim() == word);
    let same = || words.iter().find(|(from, _)| from.trim().to_lowercase() == word.to_lowercase());
    exact.or_else(same).map_or(cell, |(_, to)| to.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::codes;

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

    fn read(line: &str, map: &str) -> Header {
        Header::read(line.split(',').map(str::to_owned).collect(), &Mapping::parse(map).unwrap())
    }

    fn complete(header: &Header, cells: &[&str]) -> Row {
        let mut row = Row { cells: cells.to_vec().into(), ..Row::default() };
        header.complete(&mut row, &mut String::new());
        row
    }

    #[test]
    fn a_map_names_ignores_fills_in_and_translates() {
        let header = read("vorname,Telefonart,Cost Centre,last name", MAP);
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
        let header = read("Personalnr.,Name,Rolle", map);
        let mapping = Mapping::parse(map).unwrap();
        mapping.check(&header).unwrap();
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
            ("[templates]\npassword = \"{first name}12345678\"", "`--generate-passwords`"),
            ("[templates]\ntags = \"{mobile}\"\n[constants]\ntags = \"a|b\"", "and so has another table"),
            ("[defaults]\ntags = \"a|b\"\nTAGS = \"c|d\"", "has one field twice"),
        ];
        for (map, why) in table {
            let error = Mapping::parse(map).map(|_| ()).unwrap_err();
            assert!(error.contains(why), "{map}: {error}");
            assert!(!error.contains("12345678"), "{error}");
        }
    }

    #[test]
    fn a_map_must_fit_the_roster() {
        let refused = |line: &str, map: &str| {
            let mapping = Mapping::parse(map).unwrap();
            mapping.check(&read(line, map)).unwrap_err().what
        };
        assert!(refused("first name", "ignore = [\"Team\"]").contains("does not have: `Team`"));
        let table = [
            (
                "Name,Vorname",
                "[columns]\nName = { split = \"first last\" }\nVorname = \"first name\"",
                "another column has a name: `Vorname`",
            ),
            (
                "user login,Nr",
                "[templates]\n\"user login\" = \"{Nr}\"",
                "which a column of the roster carries: `user login`",
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
