//! Cells that a column map makes of other cells: a whole name split in two, and templates.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::finding::{Finding, codes};
use crate::text::shown;

/// How a whole name is written: its two parts, and what stands between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    is_last_first: bool,
    /// Without spaces; empty where spaces alone stand between the names.
    between: String,
}

/// One of the two names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    First,
    Last,
}

impl Split {
    /// Reads `last, first`, `first last`, `last first`, `first / last`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let word = text.trim().to_lowercase();
        let within = |from: &str, to: &str| word.strip_prefix(from).and_then(|rest| rest.strip_suffix(to));
        let (is_last_first, between) = match (within("last", "first"), within("first", "last")) {
            (Some(between), _) => (true, between),
            (_, Some(between)) => (false, between),
            _ => return Err(format!("a split is written as `last, first` or `first last`: `{text}`")),
        };
        if between.is_empty() || between.chars().any(char::is_alphanumeric) {
            return Err(format!("nothing tells the two names of a split apart: `{text}`"));
        }
        Ok(Self { is_last_first, between: between.trim().to_owned() })
    }

    /// One part of a whole name; empty where the cell is. `None` where the cell is not written so: three words may be
    /// two first names or two last ones, and that is not guessed.
    pub(super) fn part<'c>(&self, cell: &'c str, part: Part) -> Option<&'c str> {
        let cell = cell.trim();
        if cell.is_empty() {
            return Some("");
        }
        let (left, right) = match self.between.as_str() {
            "" => cell.split_once(char::is_whitespace)?,
            between => cell.split_once(between)?,
        };
        let (left, right) = (left.trim(), right.trim());
        let is_whole = match self.between.as_str() {
            "" => !right.contains(char::is_whitespace),
            between => !right.contains(between),
        };
        if left.is_empty() || right.is_empty() || !is_whole {
            return None;
        }
        Some(if self.is_last_first == (part == Part::Last) { left } else { right })
    }

    fn written(&self) -> String {
        let (left, right) = if self.is_last_first { ("last", "first") } else { ("first", "last") };
        match self.between.as_str() {
            "," => format!("{left}, {right}"),
            "" => format!("{left} {right}"),
            between => format!("{left} {between} {right}"),
        }
    }
}

/// What is said of a cell that is not written as its split has it.
pub(super) fn not_split(row: u64, column: &str, cell: &str, split: &Split) -> Finding {
    Finding {
        code: codes::NAME_NOT_SPLIT.id,
        severity: codes::NAME_NOT_SPLIT.severity,
        row: Some(row),
        column: Some(column.to_owned()),
        value: Some(shown(cell.trim())),
        message: format!("the name is not written as `{}`, as the column map has it", split.written()),
        hint: Some("write it so, or give the roster a column for each of the two names".into()),
    }
}

/// A text with names of cells in braces, each with filters after a `|`: `{first name|ascii|lower}.{last name|8}`. `{n}` is
/// the number of the row among those of which the same would be made: nothing for the first, then 2, 3 …
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Cell { name: String, filters: Vec<Filter> },
    Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// Letters without their marks: `ü` is `u`, `ß` is `ss`, `ł` is `l`. What has no such form stays, and is found to be
    /// no username later.
    Ascii,
    /// German letters as they are spelt out: `ü` is `ue`; the others as [`Filter::Ascii`] has them.
    German,
    /// The first letter alone.
    Initial,
    /// Without spaces.
    Joined,
    /// The first so many characters; what is seen as one character stays whole or goes.
    Cut(usize),
}

const FILTERS: [(&str, Filter); 6] = [
    ("lower", Filter::Lower),
    ("upper", Filter::Upper),
    ("ascii", Filter::Ascii),
    ("german", Filter::German),
    ("initial", Filter::Initial),
    ("joined", Filter::Joined),
];

impl Template {
    /// Reads a template; `{{` and `}}` are braces.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let (inner, after) = match (brace, rest.split_once('}')) {
                ("{", Some((inner, after))) if !inner.contains('{') => (inner, after),
                _ => return Err(format!("a brace has no partner: `{text}`")),
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::parse(inner)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Cell { .. })) {
            Ok(Self { pieces })
        } else {
            Err(format!("a template that names no cell is a constant: `{text}`"))
        }
    }

    /// The names of its cells, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Cell { name, .. } => Some(name.as_str()),
            Piece::Text(_) | Piece::Number => None,
        })
    }

    /// Whether it numbers what would otherwise be the same.
    pub(super) fn is_numbered(&self) -> bool {
        self.pieces.contains(&Piece::Number)
    }

    /// Writes the template with these cells, one for each name, as the `number`th of its kind; nothing at all where one of
    /// them is blank.
    pub(super) fn write<'c>(&self, mut cells: impl Iterator<Item = &'c str>, number: u32, out: &mut String) {
        let from = out.len();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Number if number > 1 => out.push_str(&number.to_string()),
                Piece::Number => {}
                Piece::Cell { filters, .. } => {
                    let cell = cells.next().unwrap_or("");
                    if cell.trim().is_empty() {
                        return out.truncate(from);
                    }
                    let first = cell.nfc().collect::<String>();
                    out.push_str(&filters.iter().fold(first, |cell, filter| filter.apply(&cell)));
                }
            }
        }
    }
}

impl Piece {
    fn parse(inner: &str) -> Result<Self, String> {
        if inner.trim() == "n" {
            return Ok(Self::Number);
        }
        // A header may have `|` in it: filters are taken from the end.
        let (mut name, mut filters) = (inner.trim(), Vec::new());
        while let Some((before, last)) = name.rsplit_once('|') {
            let Some(filter) = Filter::parse(last.trim())? else {
                let is_header = last.contains('_') || before.contains('_');
                if is_header {
                    break;
                }
                let known: Vec<String> = FILTERS.iter().map(|(word, _)| format!("`{word}`")).collect();
                return Err(format!(
                    "no such filter: `{}`; known are {}, and a number, which is the most characters",
                    last.trim(),
                    known.join(", ")
                ));
            };
            filters.insert(0, filter);
            name = before.trim();
        }
        if name.is_empty() {
            return Err(format!("a brace names no cell: `{{{inner}}}`"));
        }
        Ok(Self::Cell { name: name.to_owned(), filters })
    }
}

impl Filter {
    /// The most characters that a name may be cut to: there is no longer one.
    const LONGEST: usize = 300;

    /// Reads a filter; `None` where it is none.
    fn parse(word: &str) -> Result<Option<Self>, String> {
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            let most = word.parse().ok().filter(|most| (1..=Self::LONGEST).contains(most));
            let most =
                most.ok_or_else(|| format!("a cell is cut to 1 to {} characters: `{word}`", Self::LONGEST))?;
            return Ok(Some(Self::Cut(most)));
        }
        Ok(FILTERS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, filter)| *filter))
    }

    fn apply(self, cell: &str) -> String {
        match self {
            Self::Lower => cell.to_lowercase(),
            Self::Upper => cell.to_uppercase(),
            Self::Initial => cell.chars().take(1).collect(),
            Self::Joined => cell.split_whitespace().collect(),
            Self::Cut(most) => cut(cell, most).to_owned(),
            Self::German => cell.chars().fold(String::new(), |mut out, c| {
                match c {
                    'ä' => out.push_str("ae"),
                    'ö' => out.push_str("oe"),
                    'ü' => out.push_str("ue"),
                    'Ä' => out.push_str("Ae"),
                    'Ö' => out.push_str("Oe"),
                    'Ü' => out.push_str("Ue"),
                    c => fold(c, &mut out),
                }
                out
            }),
            Self::Ascii => cell.chars().fold(String::new(), |mut out, c| {
                fold(c, &mut out);
                out
            }),
        }
    }
}

/// As many whole characters as a person sees them as have `most` code points at most; without the space before the cut.
fn cut(cell: &str, most: usize) -> &str {
    let mut length = 0;
    let end = cell.grapheme_indices(true).find(|(_, seen)| {
        length += seen.chars().count();
        length > most
    });
    end.map_or(cell, |(at, _)| cell[..at].trim_end())
}

/// Writes a letter without its marks, or as Latin letters where it is one of those that have none to lose.
fn fold(c: char, out: &mut String) {
    let spelt = match c {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        '’' | '‘' => "'",
        _ => {
            let base: String = c.nfd().filter(|&c| !is_combining_mark(c)).collect();
            return if base.is_ascii() { out.push_str(&base) } else { out.push(c) };
        }
    };
    out.push_str(spelt);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split<'c>(how: &str, cell: &'c str) -> Option<(&'c str, &'c str)> {
        let split = Split::parse(how).unwrap();
        split.part(cell, Part::First).zip(split.part(cell, Part::Last))
    }

    #[test]
    fn a_whole_name_is_split_where_it_can_be_and_never_guessed() {
        let table = [
            ("last, first", "Berg, Anna", Some(("Anna", "Berg"))),
            ("last, first", " von Berg ,Anna Maria ", Some(("Anna Maria", "von Berg"))),
            ("Last,First", "Berg, Anna", Some(("Anna", "Berg"))),
            ("last, first", "Berg Anna", None),
            ("last, first", "Berg, Anna, Dr.", None),
            ("last, first", "Berg,", None),
            ("last, first", "  ", Some(("", ""))),
            ("first last", "Anna\u{a0} Berg", Some(("Anna", "Berg"))),
            ("first last", "Anna Maria Berg", None),
            ("first last", "Anna", None),
            ("last first", "Berg Anna", Some(("Anna", "Berg"))),
            ("first / last", "Anna Maria/von Berg", Some(("Anna Maria", "von Berg"))),
        ];
        for (how, cell, names) in table {
            assert_eq!(split(how, cell), names, "{how} {cell}");
        }
        for how in ["", "first", "firstlast", "first middle last", "last, first name", "first 2 last"] {
            assert!(Split::parse(how).is_err(), "{how}");
        }
    }

    fn write(template: &str, cells: &[&str]) -> String {
        let mut out = String::new();
        Template::parse(template).unwrap().write(cells.iter().copied(), 1, &mut out);
        out
    }

    #[test]
    fn a_template_cuts_whole_characters_and_numbers_all_but_the_first() {
        let table = [
            ("{last name|8}", "Schmidt", "Schmidt"),
            ("{last name|8}", "Leutheusser", "Leutheus"),
            ("{last name|german|lower|joined|8}", "Müller Groß", "muellerg"),
            ("{last name|4|german|lower}", "Müller", "muell"),
            ("{last name|4}", "von Berg", "von"),
            // Of what is one character for whoever reads it, no part is left.
            ("{last name|3}", "ab\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "ab"),
            ("{last name|2}", "q\u{323}\u{307}y", ""),
            ("{last name|3}", "q\u{323}\u{307}y", "q\u{323}\u{307}"),
            ("{last name|1}.", "東京", "東."),
        ];
        for (template, cell, expected) in table {
            assert_eq!(write(template, &[cell]), expected, "{template} {cell}");
        }
        let template = Template::parse("{last name}{n}").unwrap();
        assert!(template.is_numbered() && !Template::parse("{last name}n").unwrap().is_numbered());
        for (number, expected) in [(1, "lee"), (2, "lee2"), (12, "lee12")] {
            let mut out = String::new();
            template.write(std::iter::once("lee"), number, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_template_is_filled_in_through_its_filters() {
        let table = [
            ("{first name}.{last name}", ["Ann", "Lee"], "Ann.Lee"),
            ("{first name|ascii|lower}.{last name|ascii|lower}", ["Zoë", "Müller"], "zoe.muller"),
            (
                "{ first name | german | lower }.{last name|german|lower}",
                ["Jürgen", "Groß-Öztürk"],
                "juergen.gross-oeztuerk",
            ),
            ("{first name|initial|lower}{last name|joined|lower}", ["Ann", "van der Lee"], "avanderlee"),
            ("{first name|ascii}{last name|upper}", ["Łukasz", "Æbelø"], "LukaszÆBELØ"),
            ("{first name|ascii}{last name|ascii}", ["O’Hara", "東"], "O'Hara東"),
            ("{first name|ascii}{last name}", ["u\u{308}", "x"], "ux"),
            ("{{{first name}}}{last name}", ["Ann", "Lee"], "{Ann}Lee"),
            ("{first name}.{last name}", ["Ann", " "], ""),
            ("{first name}.{last name}", ["", "Lee"], ""),
        ];
        for (template, cells, expected) in table {
            assert_eq!(write(template, &cells), expected, "{template} {cells:?}");
        }
        assert_eq!(write("site|{user_hierarchy_1|user_hierarchy_2|lower}", &["A|B"]), "site|a|b");
    }

    #[test]
    fn a_template_that_is_none_says_why() {
        let table = [
            ("{first name", "no partner"),
            ("first name}", "no partner"),
            ("{a{b}}", "no partner"),
            ("{}", "names no cell"),
            ("{|lower}", "names no cell"),
            ("{first name|loud}", "no such filter: `loud`; known are `lower`"),
            ("{first name|0}", "a cell is cut to 1 to 300 characters: `0`"),
            ("{first name|99999999999999999999999}", "a cell is cut to"),
            ("{first name|-1}", "no such filter"),
            ("agent{n}", "is a constant"),
            ("agent", "is a constant"),
            ("", "is a constant"),
        ];
        for (template, why) in table {
            let error = Template::parse(template).map(|_| ()).unwrap_err();
            assert!(error.contains(why), "{template}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_template_and_any_name_are_read_or_refused(
            text in "([{}|a-z _,]|\\PC){0,20}", cell in "\\PC{0,12}", how in "(first|last|[ ,]|\\PC){0,6}",
        ) {
            if let Ok(template) = Template::parse(&text) {
                let mut out = String::new();
                template.write(std::iter::repeat(cell.as_str()), 2, &mut out);
            }
            if let Ok(split) = Split::parse(&how) {
                let parts = (split.part(&cell, Part::First), split.part(&cell, Part::Last));
                prop_assert_eq!(parts.0.is_some(), parts.1.is_some());
            }
        }
    }
}
