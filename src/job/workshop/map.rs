//! A column map, put together of what somebody has chosen, and written as the file that the command line reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::{Table, Value};

/// What is chosen of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapChosen {
    /// The roster's header → the name of a field, or `ignore`, or nothing, where its name alone is to say it.
    pub columns: BTreeMap<String, String>,
    /// Field → its value in every row; an empty one takes it away.
    pub constants: BTreeMap<String, String>,
    /// Field → its value in rows whose cell is blank; likewise.
    pub defaults: BTreeMap<String, String>,
    /// Field → word of the roster → word that is read; likewise.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The roster's header → a word of that column → field → what it is set to in the rows with this word; an empty text takes
    /// it away. A word without any is a role all the same, and sets nothing.
    pub roles: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

/// The map that there is, with what was chosen in place of what it says of the same. All else of it stays: templates, roles,
/// rows that are left out.
pub(super) fn with(base: &str, chosen: &MapChosen) -> Result<String, toml::de::Error> {
    let mut map: Table = toml::from_str(base)?;
    let mut ignored: Vec<String> = match map.remove("ignore") {
        Some(Value::Array(names)) => {
            names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let columns = table(&mut map, "columns");
    for (header, used) in &chosen.columns {
        ignored.retain(|other| other.trim() != header.trim());
        columns.retain(|other, _| other.trim() != header.trim());
        match used.as_str() {
            "ignore" => ignored.push(header.clone()),
            "" => {}
            field => drop(columns.insert(header.clone(), Value::String(field.to_owned()))),
        }
    }
    for (name, values) in [("constants", &chosen.constants), ("defaults", &chosen.defaults)] {
        let there = table(&mut map, name);
        for (field, value) in values {
            there.remove(field);
            if !value.is_empty() {
                there.insert(field.clone(), Value::String(value.clone()));
            }
        }
    }
    let values = table(&mut map, "values");
    for (field, words) in &chosen.values {
        let of_field = table(values, field);
        for (from, to) in words {
            of_field.remove(from);
            if !to.is_empty() {
                of_field.insert(from.clone(), Value::String(to.clone()));
            }
        }
    }
    values.retain(|_, words| words.as_table().is_none_or(|words| !words.is_empty()));
    let roles = table(&mut map, "roles");
    for (header, words) in &chosen.roles {
        let of_column = table(roles, &known(roles, header));
        for (word, settings) in words {
            let role = table(of_column, &known(of_column, word));
            for (field, value) in settings {
                role.remove(field);
                if !value.is_empty() {
                    role.insert(field.clone(), Value::String(value.clone()));
                }
            }
        }
    }
    // A column of which no word sets anything decides nothing.
    let sets = |words: &Value| {
        words.as_table().is_some_and(|words| {
            words.values().any(|settings| settings.as_table().is_some_and(|table| !table.is_empty()))
        })
    };
    roles.retain(|_, words| sets(words));
    if !ignored.is_empty() {
        map.insert("ignore".to_owned(), Value::Array(ignored.into_iter().map(Value::String).collect()));
    }
    map.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
    Ok(written(&map))
}

/// The values of a table of the map, as far as they are texts.
pub(super) fn texts(map: &str, name: &str) -> BTreeMap<String, String> {
    let map: Table = toml::from_str(map).unwrap_or_default();
    let table = map.get(name).and_then(Value::as_table);
    let texts = table
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    texts.collect()
}

/// What the map has set by the words of a column; of several values of one field those between which `|` stands.
pub(super) fn roles(map: &str, header: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let map: Table = toml::from_str(map).unwrap_or_default();
    let Some(all) = map.get("roles").and_then(Value::as_table) else { return BTreeMap::new() };
    let words = all.get(&known(all, header)).and_then(Value::as_table);
    let text = |value: &Value| match value {
        Value::Array(several) => {
            let several: Vec<&str> = several.iter().filter_map(Value::as_str).collect();
            several.join("|")
        }
        Value::String(text) => text.clone(),
        other => told(other),
    };
    let settings = |role: &Value| {
        let settings = role.as_table().into_iter().flatten();
        settings.map(|(field, value)| (field.clone(), text(value))).collect()
    };
    words.into_iter().flatten().map(|(word, role)| (word.clone(), settings(role))).collect()
}

/// The name as a table has it, where only its case or the spaces around it are others.
fn known(table: &Table, name: &str) -> String {
    let is_it = |there: &&String| there.trim().to_lowercase() == name.trim().to_lowercase();
    table.keys().find(is_it).cloned().unwrap_or_else(|| name.to_owned())
}

/// The words that the map translates for a field.
pub(super) fn words(map: &str, field: &str) -> BTreeMap<String, String> {
    let map: Table = toml::from_str(map).unwrap_or_default();
    let words = map.get("values").and_then(|values| values.get(field)).and_then(Value::as_table);
    words
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn table<'m>(map: &'m mut Table, name: &str) -> &'m mut Table {
    let there = map.entry(name.to_owned()).or_insert_with(|| Value::Table(Table::new()));
    if !there.is_table() {
        *there = Value::Table(Table::new());
    }
    match there {
        Value::Table(table) => table,
        // It was made one just now.
        _ => unreachable!("a table"),
    }
}

/// The map as a file has it: values first, then the tables.
fn written(map: &Table) -> String {
    let mut text = String::from("# How the columns of a roster are read; see `headcount columns`.\n");
    write_table(&mut text, &[], map);
    text
}

fn write_table(text: &mut String, path: &[&str], table: &Table) {
    let plain = || table.iter().filter(|(_, value)| !value.is_table());
    // A role that sets nothing is one all the same: that is said by its name alone.
    let is_empty_role = table.is_empty() && path.len() == 3 && path[0] == "roles";
    if plain().next().is_some() || is_empty_role {
        if !path.is_empty() {
            let path: Vec<String> = path.iter().map(|name| key(name)).collect();
            let _ = writeln!(text, "\n[{}]", path.join("."));
        }
        for (name, value) in plain() {
            let _ = writeln!(text, "{} = {}", key(name), told(value));
        }
    }
    for (name, value) in table {
        if let Value::Table(inner) = value {
            let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
            write_table(text, &path, inner);
        }
    }
}

fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_bare { name.to_owned() } else { quoted(name) }
}

fn told(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(all) => format!("[{}]", all.iter().map(told).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let members: Vec<String> =
                table.iter().map(|(name, value)| format!("{} = {}", key(name), told(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(is_so) => is_so.to_string(),
        Value::Datetime(at) => at.to_string(),
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_chosen_takes_the_place_of_what_the_map_said_and_all_else_stays() {
        let base = "ignore = [\"Notes\"]\nhidden-rows = \"skip\"\n[columns]\nVorname = \"first name\"\nName = { split = \"last, first\" }\n\
                    [templates]\n\"user login\" = \"{first name}\"\n[roles.Team.\"A b\"]\ntags = \"x|y\"\n[values.\"phone type\"]\nTisch = \"desk\"\n";
        let mut chosen = MapChosen::default();
        chosen.columns.insert("Notes".into(), "tags".into());
        chosen.columns.insert("Vorname".into(), "ignore".into());
        chosen.constants.insert("routing profile".into(), "Basic \"A\"".into());
        chosen.values.insert(
            "phone type".into(),
            BTreeMap::from([("Tisch".into(), String::new()), ("Weich".into(), "soft".into())]),
        );
        let text = with(base, &chosen).unwrap();
        let map: Table = toml::from_str(&text).unwrap();
        assert_eq!(map["ignore"], Value::Array(vec![Value::String("Vorname".into())]));
        assert_eq!(map["hidden-rows"].as_str(), Some("skip"));
        assert_eq!(map["columns"]["Notes"].as_str(), Some("tags"));
        assert_eq!(map["columns"]["Name"]["split"].as_str(), Some("last, first"));
        assert_eq!(map["templates"]["user login"].as_str(), Some("{first name}"));
        assert_eq!(map["roles"]["Team"]["A b"]["tags"].as_str(), Some("x|y"));
        assert_eq!(words(&text, "phone type"), BTreeMap::from([("Weich".to_owned(), "soft".to_owned())]));
        assert_eq!(texts(&text, "constants")["routing profile"], "Basic \"A\"");
    }

    #[test]
    fn a_word_sets_several_fields_and_one_that_sets_none_is_a_role_too() {
        let base = "[roles.Team.\"A b\"]\ntags = [\"x|y\", \"z\"]\n";
        let set = |header: &str, word: &str, settings: &[(&str, &str)]| {
            let settings = settings.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned()));
            let words = BTreeMap::from([(word.to_owned(), settings.collect())]);
            MapChosen { roles: BTreeMap::from([(header.to_owned(), words)]), ..MapChosen::default() }
        };
        let text = with(base, &set("team ", "a B", &[("routing profile", "Basic")])).unwrap();
        let text = with(&text, &set("Team", "Lead", &[])).unwrap();
        let told = roles(&text, "TEAM");
        assert_eq!(told["A b"]["tags"], "x|y|z", "{text}");
        assert_eq!(told["A b"]["routing profile"], "Basic");
        assert!(told["Lead"].is_empty() && text.contains("[roles.Team.Lead]"), "{text}");
        let text = with(&text, &set("Team", "A b", &[("tags", ""), ("routing profile", "")])).unwrap();
        assert!(!text.contains("roles"), "a column of which no word sets anything decides nothing: {text}");
    }

    proptest! {
        #[test]
        fn whatever_is_chosen_is_read_back(columns in prop::collection::btree_map("\\PC{0,12}", "[a-z \"\\\\\t\n]{1,8}", 0..5)) {
            let chosen = MapChosen { constants: columns, ..MapChosen::default() };
            let text = with("", &chosen).unwrap();
            prop_assert_eq!(texts(&text, "constants"), chosen.constants);
        }
    }
}
