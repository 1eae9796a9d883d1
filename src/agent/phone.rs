//! Telephone numbers: E.164 as the service takes it, and national ones for those who say of which country they are.

use std::borrow::Cow;

#[cfg(feature = "phone-region")]
use phonenumber::{Mode, country::Id};

/// A country whose way of writing telephone numbers is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(feature = "phone-region")]
pub struct PhoneRegion(Id);

/// Nothing: this build was made without the numbering plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(not(feature = "phone-region"))]
pub enum PhoneRegion {}

/// Why a number was not made E.164.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "phone-region"), allow(dead_code, reason = "no plan, no refusal"))]
pub(crate) enum Refusal {
    /// It has an extension, which E.164 has no place for: dropping it would ring elsewhere.
    Extension,
    /// It has letters or signs that no number has, or is two numbers in one cell.
    NotANumber,
    /// No such number exists in the country's numbering plan.
    NotValid,
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Extension => {
                "E.164 has no place for an extension: write the number that rings there directly, as in `+12065550100`"
            }
            Self::NotANumber => "write one number with digits, spaces and the signs `+-()./` alone",
            Self::NotValid => {
                "no such number exists in the country that `⟦phone-region⟧` names: write it as in `+12065550100`"
            }
        }
    }
}

impl std::str::FromStr for PhoneRegion {
    type Err = String;

    /// Reads a country code of ISO 3166-1, as in `DE` or `us`.
    #[cfg(feature = "phone-region")]
    fn from_str(word: &str) -> Result<Self, String> {
        let is_code = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let id = is_code.then(|| word.to_ascii_uppercase().parse().ok()).flatten();
        id.map(Self).ok_or_else(|| "expected a country code of two letters, as in DE, GB or US".to_owned())
    }

    #[cfg(not(feature = "phone-region"))]
    fn from_str(_: &str) -> Result<Self, String> {
        Err("this headcount was built without the feature `phone-region`".to_owned())
    }
}

impl std::fmt::Display for PhoneRegion {
    #[cfg(feature = "phone-region")]
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_ref())
    }

    #[cfg(not(feature = "phone-region"))]
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl PhoneRegion {
    /// The number in E.164 form, where it is one that exists.
    #[cfg(feature = "phone-region")]
    fn to_e164(self, number: &str) -> Result<String, Refusal> {
        let plain = plain(number)?;
        let parsed = phonenumber::parse(Some(self.0), plain).map_err(|_| Refusal::NotANumber)?;
        if parsed.extension().is_some() {
            return Err(Refusal::Extension);
        }
        let written = parsed.format().mode(Mode::E164).to_string();
        if phonenumber::is_valid(&parsed) && is_e164(&written) { Ok(written) } else { Err(Refusal::NotValid) }
    }

    #[cfg(not(feature = "phone-region"))]
    fn to_e164(self, _: &str) -> Result<String, Refusal> {
        match self {}
    }
}

/// `^\+[1-9]\d{1,14}$`, the pattern of the API's phone numbers.
pub(crate) fn is_e164(cell: &str) -> bool {
    match cell.as_bytes() {
        [b'+', b'1'..=b'9', rest @ ..] => {
            (1..=14).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// A telephone number as the service takes it: as it stands, else as the region's numbering plan reads it. `Err` says
/// what the plan has against it, where there is a region.
pub(crate) fn e164(cell: &str, region: Option<PhoneRegion>) -> Result<Cow<'_, str>, Option<Refusal>> {
    match region {
        _ if is_e164(cell) => Ok(Cow::Borrowed(cell)),
        Some(region) => region.to_e164(cell).map(Cow::Owned).map_err(Some),
        None => Err(None),
    }
}

/// An international number that was written for people, as the service would take it: a suggestion, never a guess
/// at a country.
pub(crate) fn as_e164(cell: &str) -> Option<String> {
    let between =
        |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '.' | '/' | '\u{2011}' | '\u{2013}');
    // `+49 (0)30 …` has its national prefix in it, which is not dialled from abroad.
    let plain: String = cell.replacen("(0)", "", 1).chars().filter(|&c| !between(c)).collect();
    let plain = plain.strip_prefix("00").map_or(plain.clone(), |rest| format!("+{rest}"));
    is_e164(&plain).then_some(plain)
}

/// The number with nothing in it but digits, a leading plus and the signs that stand between digits. Letters are refused
/// here: the numbering plans would read `1-800-FLOWERS`, and would take the `12` of `ext 12` away.
#[cfg(feature = "phone-region")]
fn plain(number: &str) -> Result<String, Refusal> {
    const LONGEST: usize = 40;
    let plain: String = number
        .chars()
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    let is_sign = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '.' | '/');
    if let Some(at) = plain.find(|c: char| !(c.is_ascii_digit() || is_sign(c) || c == '+')) {
        let (head, tail) = (&plain[..at], &plain[at..]);
        let mark = tail.trim_end_matches(|c: char| c.is_ascii_digit() || is_sign(c) || c == ':' || c == '=');
        let marks = [
            "x",
            "ext",
            "ext.",
            "extension",
            "extn",
            "#",
            ";ext",
            ",",
            ";",
            "dw",
            "app",
            "app.",
            "nst",
            "poste",
            "int",
            "anexo",
            "interno",
        ];
        let is_extension = marks.contains(&mark.trim().to_lowercase().as_str())
            && tail.ends_with(|c: char| c.is_ascii_digit())
            && head.bytes().filter(u8::is_ascii_digit).count() > 2;
        return Err(if is_extension { Refusal::Extension } else { Refusal::NotANumber });
    }
    // `030 123456/57` is two lines of one house; `030/1234567` is one number.
    let tail_is_short =
        |(_, tail): (&str, &str)| tail.contains('/') || tail.bytes().filter(u8::is_ascii_digit).count() < 4;
    let plus_within = plain.trim_start_matches([' ', '(']).get(1..).is_some_and(|rest| rest.contains('+'));
    if plain.split_once('/').is_some_and(tail_is_short) || plus_within || plain.len() > LONGEST {
        return Err(Refusal::NotANumber);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_written_for_people_is_offered_as_e164_and_a_national_one_is_not() {
        assert_eq!(as_e164("+1 (206) 555-0100").as_deref(), Some("+12065550100"));
        assert_eq!(as_e164("0049 30 1234567").as_deref(), Some("+49301234567"));
        assert_eq!(as_e164("+49 (0)30 1234567").as_deref(), Some("+49301234567"));
        assert_eq!(as_e164("030 1234567"), None);
        assert_eq!(as_e164("+1206555010A"), None);
    }
}

#[cfg(all(test, feature = "phone-region"))]
mod tests_of_regions {
    use proptest::prelude::*;

    use super::*;

    fn region(word: &str) -> PhoneRegion {
        word.parse().expect("a country")
    }

    #[test]
    fn a_national_number_becomes_e164_where_it_exists() {
        let table = [
            ("DE", "030 23125042", "+493023125042"),
            ("de", "030/231250-42", "+493023125042"),
            ("DE", "(030) 231 250 42", "+493023125042"),
            ("DE", "0049 30 23125042", "+493023125042"),
            ("DE", "+49 (0)30 23125042", "+493023125042"),
            ("DE", "0171\u{a0}1234567", "+491711234567"),
            ("US", "(206) 555-0100", "+12065550100"),
            ("US", "1 206.555.0100", "+12065550100"),
            ("US", "+44 20 7946 0958", "+442079460958"),
            ("GB", "020 7946 0958", "+442079460958"),
            ("FR", "01 42 68 53 00", "+33142685300"),
            ("IT", "06 6982 1234", "+390669821234"),
        ];
        for (country, number, expected) in table {
            assert_eq!(region(country).to_e164(number).as_deref(), Ok(expected), "{country} {number}");
        }
    }

    #[test]
    fn what_is_no_number_that_exists_is_refused_and_an_extension_is_never_dropped() {
        use Refusal::{Extension, NotANumber, NotValid};
        let table = [
            ("US", "1234567890", NotValid),
            ("US", "+1206555", NotValid),
            ("DE", "4711", NotValid),
            ("US", "0049 30 23125042", NotValid),
            ("US", "206 555 0100 ext 12", Extension),
            ("US", "206 555 0100 ext. 12", Extension),
            ("US", "206-555-0100x12", Extension),
            ("US", "206-555-0100 #12", Extension),
            ("US", "+12065550100;ext=12", Extension),
            ("DE", "030 23125042 DW 12", Extension),
            ("DE", "030 23125042, 12", Extension),
            ("US", "1-800-FLOWERS", NotANumber),
            ("DE", "030 231250/42", NotANumber),
            ("DE", "030 23125042 / 030 23125043", NotANumber),
            ("DE", "030 23125042+030 23125043", NotANumber),
            ("DE", "n/a", NotANumber),
            ("US", "2.0655501E+09", NotANumber),
            ("DE", "", NotANumber),
        ];
        for (country, number, expected) in table {
            assert_eq!(region(country).to_e164(number), Err(expected), "{country} {number}");
        }
    }

    #[test]
    fn a_region_is_a_country_code() {
        assert_eq!(region("de").to_string(), "DE");
        for word in ["", "D", "DEU", "49", "XX", "Ü1", "germany"] {
            assert!(word.parse::<PhoneRegion>().is_err(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_out_is_e164(number in "[+0-9() ./x#-]{0,24}|\\PC{0,24}", us in any::<bool>()) {
            if let Ok(written) = region(if us { "US" } else { "DE" }).to_e164(&number) {
                prop_assert!(is_e164(&written), "{number} {written}");
            }
        }
    }
}
