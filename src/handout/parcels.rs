//! A file for each who hands passwords out: who is in which, what it is called, and who alone can open it.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;

use super::HandOut;
use super::columns::squeezed;
use crate::error::Failure;
use crate::passwords::Recipients;
use crate::text::{count, hides, shown};

/// Whose passwords stand in one file.
pub(crate) struct Parcel {
    /// What the roster has in the column by which they are parted; empty for those of whom it has nothing.
    pub(crate) value: String,
    /// The file's name, without what says its format.
    pub(crate) name: String,
    /// Who is in it, by place, in the order of the roster.
    pub(crate) people: Vec<usize>,
    /// Who alone can open it; nobody where it is plain.
    pub(crate) recipients: Recipients,
}

/// Somebody whom files are encrypted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// Whose file; `None` for every file.
    pub(crate) of: Option<String>,
    /// As age knows them.
    pub(crate) key: String,
}

impl Recipient {
    /// Reads `age1…`, or `VALUE=age1…` for the file of that value alone.
    pub(crate) fn read(word: &str) -> Self {
        match word.rsplit_once('=') {
            Some((of, key)) => Self { of: Some(squeezed(of)), key: key.trim().to_owned() },
            None => Self { of: None, key: word.to_owned() },
        }
    }
}

/// Parts the people by their value, in the order of the roster; those without one are the last.
///
/// # Errors
/// Exit 2 where a recipient is none or of nobody, or where some have one and others would be left in the clear.
pub(crate) fn parcels(handout: &HandOut<'_>, recipients: &[Recipient]) -> Result<Vec<Parcel>, Failure> {
    let mut order: Vec<&str> = Vec::new();
    let mut people: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, one) in handout.people.iter().enumerate() {
        let those = people.entry(&one.value).or_default();
        if those.is_empty() {
            order.push(&one.value);
        }
        those.push(at);
    }
    order.sort_by_key(|value| value.is_empty()); // stable
    recipients_are_of(&order, recipients)?;
    let blank = format!("no {}", handout.per.as_deref().unwrap_or("value"));
    let mut names = Names::default();
    let parcel = |value: &str| {
        let name = names.of(if value.is_empty() { &blank } else { value });
        let is_theirs = |to: &&Recipient| to.of.as_deref().is_none_or(|of| of == value);
        let keys: Vec<String> = recipients.iter().filter(is_theirs).map(|to| to.key.clone()).collect();
        let people = people.remove(value).unwrap_or_default();
        Ok(Parcel { value: value.to_owned(), name, people, recipients: Recipients::parse(&keys)? })
    };
    let parcels: Vec<Parcel> = order.into_iter().map(parcel).collect::<Result<_, Failure>>()?;
    nobody_is_left_out(&parcels)?;
    Ok(parcels)
}

/// Fails where a recipient is of a value that no user has: a slip of the pen would leave a file in the clear.
fn recipients_are_of(values: &[&str], recipients: &[Recipient]) -> Result<(), Failure> {
    let of_nobody = recipients.iter().filter_map(|to| to.of.as_deref()).find(|of| !values.contains(of));
    let Some(of) = of_nobody else { return Ok(()) };
    let there: Vec<String> = values.iter().take(30).map(|value| format!("`{}`", shown(value))).collect();
    Err(Failure::usage(format!("a recipient is of a value that no user has: `{}`", shown(of)))
        .hint(format!("nothing was written; there are {}", there.join(", "))))
}

fn nobody_is_left_out(parcels: &[Parcel]) -> Result<(), Failure> {
    let (open, closed): (Vec<&Parcel>, Vec<&Parcel>) =
        parcels.iter().partition(|parcel| parcel.recipients.words().is_empty());
    if open.is_empty() || closed.is_empty() {
        return Ok(());
    }
    let values: Vec<String> =
        open.iter().take(30).map(|parcel| format!("`{}`", shown(&parcel.value))).collect();
    let files = count(open.len() as u64, "file");
    Err(Failure::usage(format!("{files} would not be encrypted, and others are: {}", values.join(", ")))
        .hint("nothing was written; give each a recipient, as in ⟦recipient VALUE=age1…⟧"))
}

/// Names of files, of which no two are one on any system.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// A name for this value, that no other has.
    fn of(&mut self, value: &str) -> String {
        let name = safe(value);
        let mut number = 1;
        loop {
            let numbered = if number == 1 { name.clone() } else { format!("{name} ({number})") };
            if self.0.insert(folded(&numbered)) {
                return numbered;
            }
            number += 1;
        }
    }
}

/// As the file systems compare that do not tell case, nor forms of Unicode, apart.
fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// The longest name, in bytes: 255 are the most that a file may have, with its number and what says its format.
const LONGEST: usize = 120;

/// Names that are devices on Windows, whatever follows them after a dot (Naming Files, Paths, and Namespaces).
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The same with a digit behind.
const PORTS: [&str; 2] = ["com", "lpt"];

/// A value as the name of a file on any system: in its own folder, to be seen, and no option of a command.
fn safe(value: &str) -> String {
    let is_harmless = |c: char| !hides(c) && !"<>:\"/\\|?*".contains(c);
    let composed = value.nfc().map(|c| if is_harmless(c) { c } else { '_' });
    let mut name = String::new();
    for c in composed {
        if name.len() + c.len_utf8() > LONGEST {
            break;
        }
        name.push(c);
    }
    // Windows drops dots and spaces at the end; elsewhere a dot hides a file, and a hyphen makes an option of it.
    let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace()).trim_start();
    let begins_odd = name.is_empty() || name.starts_with(['.', '-', '~']);
    if begins_odd || is_device(name) { format!("_{name}") } else { name.to_owned() }
}

fn is_device(name: &str) -> bool {
    let stem = folded(name.split('.').next().unwrap_or_default());
    let stem = stem.trim_end();
    // `COM1` to `COM9`, also with a raised digit, which folding has made a plain one.
    let port = stem.strip_suffix(|c: char| c.is_ascii_digit());
    DEVICES.contains(&stem) || port.is_some_and(|port| PORTS.contains(&port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_the_name_of_a_file_on_any_system() {
        for (value, name) in [
            ("Anna Schmidt", "Anna Schmidt"),
            ("Müller/Süd", "Müller_Süd"),
            ("../../etc/passwd", "_.._.._etc_passwd"),
            ("..", "_"),
            (".", "_"),
            (".hidden", "_.hidden"),
            ("-rf", "_-rf"),
            ("C:\\x", "C__x"),
            ("a\u{202e}b\0c", "a_b_c"),
            ("ends. . ", "ends"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("Nul .x", "_Nul .x"),
            ("COM1", "_COM1"),
            ("lpt²", "_lpt²"),
            ("COM10", "COM10"),
            ("Com", "Com"),
            ("CONRAD", "CONRAD"),
            ("", "_"),
            ("  ", "_"),
            ("محمد", "محمد"),
        ] {
            assert_eq!(safe(value), name, "{value:?}");
        }
        assert_eq!(safe(&"ß".repeat(300)).len(), LONGEST);
    }

    #[test]
    fn no_two_values_have_one_file() {
        let mut names = Names::default();
        let values = ["Anna", "anna", "ANNA ", "Anna (2)", "Mu\u{308}ller", "Müller", "a/b", "a:b"];
        assert_eq!(
            values.map(|value| names.of(value)),
            ["Anna", "anna (2)", "ANNA (3)", "Anna (2) (2)", "Müller", "Müller (2)", "a_b", "a_b (2)"]
        );
    }

    #[test]
    fn a_recipient_is_of_a_file_or_of_all() {
        let read = |word| Recipient::read(word);
        assert_eq!(read("age1x"), Recipient { of: None, key: "age1x".into() });
        assert_eq!(read("Anna  B=age1x"), Recipient { of: Some("Anna B".into()), key: "age1x".into() });
        assert_eq!(read("a=b=age1x").of.as_deref(), Some("a=b"));
        assert_eq!(read("=age1x").of.as_deref(), Some(""));
    }

    proptest! {
        #[test]
        fn no_value_leads_out_of_the_folder_or_to_a_name_that_a_system_refuses(
            values in proptest::collection::vec(any::<String>(), 1..6)
        ) {
            let mut names = Names::default();
            let mut folders = HashSet::new();
            for value in &values {
                let name = names.of(value);
                prop_assert!(!name.is_empty() && name.len() < 160, "{name:?}");
                prop_assert!(!name.contains(['/', '\\', ':', '\0']) && !name.starts_with('.'), "{name:?}");
                prop_assert!(!name.ends_with(['.', ' ']), "{name:?}");
                prop_assert!(!name.chars().any(hides), "{name:?}");
                prop_assert!(folders.insert(name.to_lowercase()), "{name:?}");
            }
        }
    }
}
