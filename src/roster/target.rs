//! A column that says to which of several targets a person goes: its headers, the words in it, and whose row that is.
//!
//! It is obeyed only where targets are given. A word is compared exactly, without the spaces around it: nobody is made on an
//! instance by a guess.

use std::collections::HashMap;
use std::sync::Arc;

use super::columns::key;
use super::row::Row;
use crate::finding::{Finding, codes};
use crate::text::shown;

/// Headers under which rosters have it. `instance` alone is none: files of HR systems have such columns.
const HEADERS: [&str; 3] = ["target", "connect instance", "instance alias"];

/// Whether a header, or the name that a column map gives a column, is one under which targets stand.
pub(crate) fn is_header(header: &str) -> bool {
    let header = key(header);
    HEADERS.iter().any(|name| key(name) == header)
}

/// The targets that there are, by all words for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetNames {
    names: Vec<String>,
    /// Names and other words, each with the target that it means.
    words: HashMap<String, usize>,
    default: Option<usize>,
    /// The one that alone is asked for: all rows of a roster without a column of targets are its.
    alone: Option<usize>,
}

impl TargetNames {
    /// Targets by their names, each with what a roster may write in place of it; `default` is for rows that name none.
    pub fn new<'t>(
        targets: impl IntoIterator<Item = (&'t str, &'t [String])>,
        default: Option<usize>,
    ) -> Self {
        let mut names = Self { default, ..Self::default() };
        for (at, (name, also)) in targets.into_iter().enumerate() {
            names.names.push(name.to_owned());
            let words = also.iter().map(|word| word.trim().to_owned()).chain([name.to_owned()]);
            names.words.extend(words.map(|word| (word, at)));
        }
        names
    }

    /// The same where this target alone is asked for: of a roster without a column of targets all rows are its.
    pub fn alone(self, at: usize) -> Self {
        Self { alone: Some(at), ..self }
    }

    /// The name of a target by its place.
    pub(crate) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// Whose the rows of a roster are that has no column of targets.
    pub(crate) fn without_column(&self) -> Option<usize> {
        self.alone.or(self.default)
    }

    /// Whose a row is, by its cell.
    pub(super) fn of(&self, cell: &str) -> ForWhom {
        match (cell, self.words.get(cell)) {
            (_, Some(at)) => ForWhom::Target(*at),
            ("", None) => self.default.map_or(ForWhom::Nobody, ForWhom::Target),
            (_, None) => ForWhom::Unknown,
        }
    }

    /// The word that a cell is nearest to.
    fn nearest(&self, cell: &str) -> Option<&str> {
        let lower = cell.to_lowercase();
        let near = |word: &&String| strsim::osa_distance(&word.to_lowercase(), &lower);
        let mut words: Vec<&String> = self.words.keys().collect();
        words.sort(); // of two that are as near the same one each time
        let nearest = words.into_iter().min_by_key(near)?;
        (near(&nearest) <= 1.max(lower.chars().count() / 3)).then_some(nearest)
    }
}

/// Whose a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForWhom {
    /// This target's, by its place.
    Target(usize),
    /// It names none, and there is no default.
    Nobody,
    /// It names one that there is not.
    Unknown,
}

/// Which rows are read where there are several targets.
#[derive(Clone, Debug)]
pub struct OfTargets {
    /// All targets.
    pub names: Arc<TargetNames>,
    /// The rows of this one alone; `None` reads all.
    pub only: Option<usize>,
}

impl OfTargets {
    /// The name of the target whose rows are read.
    pub(crate) fn name(&self) -> Option<&str> {
        self.only.map(|at| self.names.name(at))
    }
}

/// The words of a row's cell; of a roster without such a column none.
fn cell_of(row: &Row, at: Option<usize>) -> &str {
    at.and_then(|at| row.cells.get(at)).unwrap_or("").trim()
}

/// Whose a row is, whose column of targets is at `at`; `None` there is a roster without such a column.
pub(super) fn whose(row: &Row, at: Option<usize>, names: &TargetNames) -> ForWhom {
    match at {
        Some(_) => names.of(cell_of(row, at)),
        None => names.without_column().map_or(ForWhom::Nobody, ForWhom::Target),
    }
}

/// What is wrong with a row that is nobody's.
pub(super) fn unmet(
    row: &Row,
    at: Option<usize>,
    header: Option<&String>,
    names: &TargetNames,
) -> Option<Finding> {
    let cell = cell_of(row, at);
    let (code, message, hint) = match whose(row, at, names) {
        ForWhom::Target(_) => return None,
        ForWhom::Nobody => (&codes::TARGET_MISSING, "the row names no target".to_owned(), None),
        ForWhom::Unknown => {
            let hint = match names.nearest(cell) {
                Some(near) => format!("did you mean `{}`? It is compared exactly", shown(near)),
                None => {
                    let names: Vec<String> =
                        names.names.iter().map(|name| format!("`{}`", shown(name))).collect();
                    format!(
                        "the targets are {}; what else a roster writes for one stands in its `also`",
                        names.join(", ")
                    )
                }
            };
            (&codes::TARGET_UNKNOWN, format!("there is no such target: `{}`", shown(cell)), Some(hint))
        }
    };
    Some(Finding {
        code: code.id,
        severity: code.severity,
        row: Some(row.number),
        column: header.cloned(),
        value: (!cell.is_empty()).then(|| shown(cell)),
        message,
        hint: Some(hint.unwrap_or_else(|| code.fix.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Roster};
    use super::*;
    use crate::error::Failure;

    fn names(default: Option<usize>) -> TargetNames {
        let also =
            [vec!["Berlin".to_owned(), "Zürich ".to_owned()], vec!["Chicago".to_owned(), "101".to_owned()]];
        TargetNames::new([("emea", also[0].as_slice()), ("na", also[1].as_slice())], default)
    }

    #[test]
    fn a_row_goes_where_its_cell_says_word_for_word() {
        for (cell, whose, with_default) in [
            ("emea", ForWhom::Target(0), ForWhom::Target(0)),
            ("Berlin", ForWhom::Target(0), ForWhom::Target(0)),
            ("Zürich", ForWhom::Target(0), ForWhom::Target(0)),
            ("101", ForWhom::Target(1), ForWhom::Target(1)),
            ("EMEA", ForWhom::Unknown, ForWhom::Unknown),
            ("berlin", ForWhom::Unknown, ForWhom::Unknown),
            ("", ForWhom::Nobody, ForWhom::Target(1)),
            ("apac", ForWhom::Unknown, ForWhom::Unknown),
        ] {
            assert_eq!((names(None).of(cell), names(Some(1)).of(cell)), (whose, with_default), "{cell}");
        }
    }

    #[test]
    fn a_slip_is_asked_about_and_a_stranger_is_told_what_there_is() {
        let of = |cell: &str| {
            let mut row = Row::default();
            row.cells.push(cell);
            unmet(&row, Some(0), Some(&"target".to_owned()), &names(None))
        };
        assert_eq!(of("emea"), None);
        let slip = of("Emae").unwrap();
        assert_eq!((slip.code, slip.value.as_deref()), ("target-unknown", Some("Emae")));
        assert!(slip.hint.unwrap().starts_with("did you mean `emea`?"));
        assert!(of("Tokyo").unwrap().hint.unwrap().starts_with("the targets are `emea`, `na`"));
        let none = of("").unwrap();
        assert_eq!((none.code, none.value), ("target-missing", None));
    }

    #[test]
    fn a_header_is_known_however_it_is_written_and_instance_alone_is_none() {
        for header in ["Target", "TARGET ", "connect_instance", "Connect Instance (alias)", "instance-alias"]
        {
            assert!(is_header(header), "{header}");
        }
        for header in ["instance", "Instance ID", "targets", "site", ""] {
            assert!(!is_header(header), "{header}");
        }
    }

    /// The numbers of the rows that are read of a roster by this map, for one target or for all.
    fn rows(text: &str, map: &str, only: Option<usize>) -> Result<Vec<(u64, bool)>, Failure> {
        let targets = Some(OfTargets { names: Arc::new(names(None)), only });
        let options = Options { targets, ..Options::default() };
        let roster = Roster::from_memory(text.as_bytes().to_vec(), &options, map)?;
        let (mut rows, mut row, mut read) = (roster.rows()?, Row::default(), Vec::new());
        while rows.read(&mut row)? {
            read.push((row.number, roster.is_nobodys(&row)));
        }
        assert!(
            roster.findings().iter().all(|finding| finding.code != codes::TARGET_COLUMN.id),
            "it is obeyed"
        );
        Ok(read)
    }

    #[test]
    fn each_target_reads_its_own_rows_and_whoever_reads_all_sees_whose_none_is() {
        let text =
            "user login,last name,target\nana,A,emea\nbob,B,NA\ncyd,C, na \ndan,D\neve,E,\nfay,F,Berlin\n";
        assert_eq!(rows(text, "", Some(0)).unwrap(), [(2, false), (7, false)]);
        assert_eq!(rows(text, "", Some(1)).unwrap(), [(4, false)]);
        // A row whose cells cannot be told apart is nobody's either.
        let all = [(2, false), (3, true), (4, false), (5, true), (6, true), (7, false)];
        assert_eq!(rows(text, "", None).unwrap(), all);
    }

    #[test]
    fn a_roster_without_the_column_is_of_the_one_that_alone_is_asked_for() {
        let read = |text: &str, names: TargetNames| {
            let targets = Some(OfTargets { names: Arc::new(names), only: Some(1) });
            let options = Options { targets, ..Options::default() };
            let roster = Roster::from_memory(text.as_bytes().to_vec(), &options, "").unwrap();
            let (mut rows, mut row, mut read) = (roster.rows().unwrap(), Row::default(), 0);
            while rows.read(&mut row).unwrap() {
                read += 1;
            }
            read
        };
        let (without, with) = ("user login,last name\nana,A\n", "user login,target\nana,\nbob,na\n");
        assert_eq!(read(without, names(None).alone(1)), 1);
        assert_eq!(read(without, names(Some(0)).alone(1)), 1, "it is said, and the default is not");
        assert_eq!(read(without, names(Some(0))), 0);
        assert_eq!(read(with, names(None).alone(1)), 1, "where there is a column, a blank cell is nobody's");
    }

    #[test]
    fn any_column_can_be_mapped_to_it_and_one_there_must_be() {
        let text = "user login,last name,Site,Connect instance\nana,A,Chicago,emea\n";
        let map = "[columns]\nSite = \"target\"\n";
        assert_eq!(rows(text, map, Some(1)).unwrap(), [(2, false)]);
        assert_eq!(rows(text, "", Some(0)).unwrap(), [(2, false)]);
        let two = rows(text.replace("Site", "target").as_str(), "", Some(0)).unwrap_err();
        assert!(two.what.starts_with("several columns say to which target"), "{}", two.what);
        let none = rows("user login,last name,Instance\nana,A,emea\n", "", Some(0)).unwrap_err();
        assert!(none.what.starts_with("no column of the roster says to which target"), "{}", none.what);
        let twice =
            rows(text, "[columns]\nSite = \"target\"\n\"last name\" = \"target\"\n", None).unwrap_err();
        let why = std::error::Error::source(&twice).map(ToString::to_string).unwrap_or_default();
        assert_eq!(why, "two columns are the target's: `Site` and `last name`");
    }
}
