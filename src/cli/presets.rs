//! What `headcount columns` proposes of a column of job titles: what each of them stands for.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::roster::header_key;

/// Headers under which lists have what somebody does.
#[rustfmt::skip]
const TITLES: [&str; 55] = [
    "job title", "title", "business title", "position title", "position", "job", "job name", "job profile", "function", "occupation",
    "agent type", "agent role", "agent group", "job function", "funktion", "stelle", "stellenbezeichnung", "position bezeichnung",
    "tätigkeit", "jobtitel", "berufsbezeichnung", "poste", "fonction", "intitulé du poste", "emploi", "métier", "puesto", "cargo", "función",
    "puesto de trabajo", "mansione", "qualifica", "funzione", "ruolo", "função", "functie", "functietitel", "stanowisko", "pozice", "funkce",
    "befattning", "titel", "stilling", "tehtävä", "beosztás", "munkakör", "funcție", "должность", "посада", "görev", "unvan", "役職", "職種",
    "职位", "직책",
];

/// Whether a header is one of job titles.
pub(crate) fn is_title(header: &str) -> bool {
    static KEYS: LazyLock<HashSet<String>> =
        LazyLock::new(|| TITLES.iter().map(|title| header_key(title)).collect());
    KEYS.contains(&header_key(header))
}

/// The roles of a column, each to be filled in: all of it a choice. `quoted` writes a word as TOML does.
pub(crate) fn roles(header: &str, words: &[String], quoted: impl Fn(&str) -> String) -> String {
    let header = quoted(header);
    let mut text = format!(
        "\n# {header} may decide several settings at once: give each of its words what it stands for, and take `[constants]` out.\n"
    );
    for word in words {
        let _ = writeln!(
            text,
            "# [roles.{header}.{}]\n# \"routing profile\" = \"\"\n# \"security profiles\" = \"\"",
            quoted(word)
        );
    }
    text
}
