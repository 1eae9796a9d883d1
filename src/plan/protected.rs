//! Those who are to stay, whatever a list or a ledger says: names, with `*` and `?` for more than one.

/// Names that nobody deletes. Compared without regard to case: whoever writes one down means the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected {
    patterns: Vec<Vec<char>>,
}

impl Protected {
    /// Reads one name or pattern a line; what is behind `#` at the beginning of a line is a comment.
    pub fn parse(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { patterns: lines.map(|line| line.to_lowercase().chars().collect()).collect() }
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
