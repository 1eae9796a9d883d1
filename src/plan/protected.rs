//! Those who are to stay, whatever a list or a ledger says: names, with `*` and `?` for more than one.

/// Names that nobody deletes. Compared without regard to case: whoever writes one down means the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected {
    patterns: Vec<Vec<char>>,
}

/// What a file may have around a name: quotation marks, and bytes that nobody sees.
fn is_around(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`“”„«»\u{feff}\u{200b}".contains(letter)
}

impl Protected {
    /// Reads one name or pattern a line; what is behind `#` is a comment.
    ///
    /// Whoever writes such a file does so to keep somebody, so that each line is read as it was probably meant: whatever ends
    /// lines, in quotation marks or not, and of a table's line the first cell. No username has any of these.
    pub fn parse(text: &str) -> Self {
        let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        let first = |line: &str| {
            let said = line.split('#').next().unwrap_or_default();
            let mut cells =
                said.split([',', ';', '\t']).map(|cell| cell.trim_matches(is_around).to_lowercase());
            cells.find(|cell| !cell.is_empty())
        };
        Self { patterns: lines.filter_map(first).map(|name| name.chars().collect()).collect() }
    }

    /// The lines that none of these fits, as they were read: perhaps written otherwise than the names are.
    pub(crate) fn fits_nobody<'u>(&self, users: impl Iterator<Item = &'u str>) -> Vec<String> {
        if self.patterns.is_empty() {
            return Vec::new();
        }
        let mut unused: Vec<&Vec<char>> = self.patterns.iter().collect();
        for user in users {
            let user: Vec<char> = user.to_lowercase().chars().collect();
            unused.retain(|pattern| !fits(pattern, &user));
        }
        unused.into_iter().map(|pattern| pattern.iter().collect()).collect()
    }

    /// Whether nobody is protected.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether this one is to stay.
    pub fn has(&self, user: &str) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let user: Vec<char> = user.to_lowercase().chars().collect();
        self.patterns.iter().any(|pattern| fits(pattern, &user))
    }
}

/// Whether a text fits a pattern: `*` stands for any characters, none included, `?` for one. Linear but for the last `*`,
/// to which it goes back.
fn fits(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[read] => (at, read) = (at + 1, read + 1),
            // The last star takes one character more.
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    (at, read) = (back + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_protect_whoever_fits_them_in_any_case() {
        let file = "\u{feff}# the leads\r\nana.ferreira\r\n\r\n  svc-*  \n*@lead.example\na?c\nZOË\n";
        let protected = Protected::parse(file);
        assert_eq!(protected.len(), 5);
        for user in ["ana.ferreira", "Ana.Ferreira", "svc-", "svc-queue-1", "x@lead.example", "abc", "zoë"] {
            assert!(protected.has(user), "{user}");
        }
        for user in [
            "ana.ferreir",
            "ana.ferreirae",
            "svc",
            "xsvc-1",
            "@lead.example.org",
            "ac",
            "abbc",
            "",
            "# the leads",
        ] {
            assert!(!protected.has(user), "{user}");
        }
        assert!(!Protected::default().has("ana"));
    }

    #[test]
    fn a_file_is_read_as_it_was_probably_meant() {
        for file in [
            "a0\ra7\r",
            "\"a0\"\n'a7'\n",
            "a0,Ana,Silva\na7,Ben,Lima\n",
            "a0;Ana\r\na7;Ben",
            "a0\tAna\na7\tBen\n",
            "a0 # the lead\n a7#and hers\n",
            "a\u{0}0".replace('\u{0}', "").as_str(),
            "\u{0}a0\u{0}\n\u{200b}a7 \u{feff}\n",
            ",a0\n,a7\n",
        ] {
            assert!(Protected::parse(file).has("a0"), "{file:?}");
        }
        let protected = Protected::parse("a0\nzoe\nlead-*\n");
        assert_eq!(protected.fits_nobody(["A0", "lead-7"].into_iter()), ["zoe"]);
        assert_eq!(protected.fits_nobody(std::iter::empty()).len(), 3);
        assert_eq!(Protected::default().fits_nobody(["a0"].into_iter()), Vec::<String>::new());
    }

    #[test]
    fn a_pattern_fits_as_its_parts_do() {
        for (pattern, text, is_so) in [
            ("*", "", true),
            ("**", "abc", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*aab", "aaab", true),
            ("?*", "", false),
            ("", "", true),
            ("", "a", false),
        ] {
            let [pattern, text] = [pattern, text].map(|text| text.chars().collect::<Vec<_>>());
            assert_eq!(fits(&pattern, &text), is_so, "{pattern:?} {text:?}");
        }
    }
}
