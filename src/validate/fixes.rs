//! What mends a finding: one table over the codes.
//!
//! What is proposed is held against the rules once more before it is: it must take its finding away, and bring none. So a
//! fix may be tried here that is right only as a rule has it; where it is not, it is not proposed.

use unicode_normalization::UnicodeNormalization as _;

use super::grammar::{self, trimmed};
use super::pass::Who;
use super::rules::RowCheck;
use super::{Rules, damaged, separators};
use crate::agent::{IdentityType, PhoneRegion, phone};
use crate::directory::{Directory, Lookup, Predefined};
use crate::finding::codes as c;
use crate::finding::codes::Code;
use crate::finding::{Finding, Fix, Proposal};
use crate::roster::{Field, Kept, Roster, Row, header_key, header_near, propose};
use crate::text::damage::{self, Kind, Kinds};

/// Finds out what mends the finding at hand.
type Propose = fn(&Look<'_>) -> Vec<Tried>;

/// The codes that something mechanical mends. Of all others only a person knows what is meant.
#[rustfmt::skip]
const TABLE: [(&Code, Propose); 58] = [
    // The reader's.
    (&c::HEADER_AGAIN, drop_row),
    (&c::UNKNOWN_COLUMN, map_column),
    (&c::MISSPELT_COLUMN, map_column),
    (&c::ROLE_UNKNOWN, empty),
    (&c::NUMBER_NOT_TEXT, take_number),
    (&c::DIGITS_LOST, empty),
    (&c::DATE_NOT_TEXT, empty),
    (&c::CELL_ERROR, empty),
    (&c::FORMULA_WITHOUT_VALUE, empty),
    (&c::CANNOT_BE_CLEARED, empty),
    (&c::NOTHING_TO_CLEAR, empty),
    // The file as a whole, and what happened to the text.
    (&c::COLUMN_MISSING, same_for_all),
    (&c::COLUMNS_DISAGREE, keep_one),
    (&c::SAMPLE_ROW, drop_row),
    (&c::STRAY_SPACES, trim),
    (&c::MISREAD_TEXT, undamage),
    (&c::ESCAPED_TEXT, undamage),
    (&c::QUOTED_NAME, undamage),
    (&c::INVISIBLE_CHARACTER, undamage),
    (&c::FULL_WIDTH, undamage),
    (&c::PLACEHOLDER, empty),
    (&c::NAME_CONTROL_CHARACTER, undamage),
    (&c::NAME_NOT_NFC, compose),
    // Who.
    (&c::USERNAME_SPACES, trim),
    (&c::USERNAME_CHARACTERS, write_login),
    (&c::USERNAME_DUPLICATE, drop_double),
    (&c::EMAIL_NOT_ALLOWED, move_address),
    (&c::EMAIL_SYNTAX, take_address),
    (&c::SECONDARY_EMAIL_SYNTAX, take_address),
    (&c::MOBILE_NOT_E164, write_number),
    (&c::PASSWORD_MISSING, make_passwords),
    (&c::PASSWORD_BLANKED, make_passwords),
    (&c::PASSWORD_NOT_ALLOWED, empty),
    (&c::DIRECTORY_USER_ID_NOT_ALLOWED, empty),
    // What they may do and where they belong.
    (&c::ROUTING_PROFILE_MISSING, choose),
    (&c::ROUTING_PROFILE_UNKNOWN, name_meant),
    (&c::SECURITY_PROFILES_MISSING, choose),
    (&c::SECURITY_PROFILE_EMPTY, list_anew),
    (&c::SECURITY_PROFILE_REPEATED, list_anew),
    (&c::SECURITY_PROFILE_UNKNOWN, name_meant),
    (&c::OTHER_SEPARATOR, other_separator),
    (&c::HIERARCHY_LEVEL_EMPTY, list_anew),
    (&c::HIERARCHY_UNKNOWN, name_meant),
    // How they answer.
    (&c::PHONE_TYPE_UNKNOWN, write_phone_type),
    (&c::PHONE_TYPE_MISSING, desk_beside),
    (&c::PHONE_TYPE_VOICE_MISSING, desk_beside),
    (&c::DESK_PHONE_NUMBER_MISSING, soft_beside),
    (&c::PHONE_NUMBER_NOT_E164, write_number),
    (&c::PHONE_NUMBER_NOT_SENT, write_number),
    (&c::AUTO_ACCEPT_DESK_PHONE, write_no),
    (&c::AFTER_CONTACT_WORK, write_seconds),
    (&c::SETTINGS_CONFLICT, keep_one_setting),
    (&c::CHAT_AFTER_CONTACT_WORK_CUT, write_most),
    (&c::NOT_YES_OR_NO, write_answer),
    (&c::AUDIO_ENHANCEMENT_UNKNOWN, write_enhancement),
    // Lists of pairs.
    (&c::TAG_SYNTAX, rewrite_tags),
    (&c::TAG_REPEATED, rewrite_tags),
    (&c::PROFICIENCY_REPEATED, rewrite_proficiencies),
];

/// Those of which the row of a name says more than its text: of them the directory is asked too.
const OF_PROFICIENCIES: [(&Code, Propose); 2] = [
    (&c::PROFICIENCY_ATTRIBUTE_UNKNOWN, proficiency_meant),
    (&c::PROFICIENCY_VALUE_UNKNOWN, proficiency_meant),
];

/// A fix that is to be held against the rules.
struct Tried {
    fix: Fix,
    safe: bool,
    cells: Vec<(usize, String)>,
}

/// The finding at hand, and what there is to look at.
struct Look<'l> {
    code: &'static Code,
    finding: &'l Finding,
    row: &'l Row,
    roster: &'l Roster,
    rules: &'l Rules<'l>,
    region: Option<PhoneRegion>,
    /// The column that the finding is about, and what it carries.
    at: Option<(usize, Field)>,
    /// Whether the row says the same as the one above it of the same name.
    is_double: bool,
}

/// Proposes fixes of one roster.
pub(crate) struct Proposing<'p> {
    roster: &'p Roster,
    rules: &'p Rules<'p>,
    check: RowCheck<'p>,
    who: Option<&'p Who>,
    region: Option<PhoneRegion>,
}

impl<'p> Proposing<'p> {
    /// For a roster under its rules. `who` are its people, where they were kept: without them nothing is proposed that
    /// changes who somebody is. `region` is the country whose national numbers may be written in full.
    pub(crate) fn new(
        roster: &'p Roster,
        rules: &'p Rules<'p>,
        who: Option<&'p Who>,
        region: Option<PhoneRegion>,
    ) -> Self {
        Self { roster, rules, check: RowCheck::new(roster.columns(), rules), who, region }
    }

    /// What is wrong with a row by itself.
    pub(crate) fn findings(&self, row: &Row) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check.check(row, &mut findings);
        findings
    }

    /// What mends a finding of a row; the likeliest first. `above` is the row of the same username above it, where that is
    /// what is found.
    pub(crate) fn of_row(&self, row: &Row, finding: &Finding, above: Option<&Row>) -> Vec<Proposal> {
        let Some((code, propose)) = entry(finding.code) else { return Vec::new() };
        let at = finding.column.as_deref().and_then(|column| self.place(row, column));
        let width = self.roster.width();
        let is_double = above.is_some_and(|above| {
            (0..width).all(|at| above.cells.get(at).map(trimmed) == row.cells.get(at).map(trimmed))
        });
        let (rules, roster, region) = (self.rules, self.roster, self.region);
        let look = Look { code, finding, row, roster, rules, region, at, is_double };
        let before = self.findings(row);
        let is_right =
            |tried: &Tried| tried.cells.is_empty() || self.mends(row, finding, &before, &tried.cells);
        let mut tried = propose(&look);
        // What a map adds is no cell of the file.
        tried.retain(|tried| tried.cells.iter().all(|(at, _)| *at < width) && is_right(tried));
        tried.dedup_by(|one, other| one.cells == other.cells && !one.cells.is_empty());
        tried.into_iter().map(|Tried { fix, safe, cells }| Proposal { fix, safe, cells }).collect()
    }

    /// What mends a finding of the file as a whole. That a column is read as another may show faults that were not seen: by
    /// itself that says nothing against it, and whoever proposes it checks the roster once more.
    pub(crate) fn of_file(&self, finding: &Finding) -> Vec<Proposal> {
        let Some((code, propose)) = entry(finding.code) else { return Vec::new() };
        let (rules, roster, region) = (self.rules, self.roster, self.region);
        let row = &Row::default();
        let look = Look { code, finding, row, roster, rules, region, at: None, is_double: false };
        propose(&look).into_iter().map(|Tried { fix, safe, cells }| Proposal { fix, safe, cells }).collect()
    }

    /// The column that a finding of a row is about: of several with one header, the one that has something in it.
    fn place(&self, row: &Row, column: &str) -> Option<(usize, Field)> {
        let columns = self.roster.columns();
        let places = Field::ALL
            .into_iter()
            .flat_map(|field| columns.places[field.index()].iter().map(move |place| (*place, field)));
        let named: Vec<(usize, Field)> = places
            .filter(|(at, _)| columns.headers.get(*at).is_some_and(|header| header == column))
            .collect();
        let is_filled = |at: usize| row.cells.get(at).is_some_and(|cell| !cell.trim().is_empty());
        named.iter().find(|(at, _)| is_filled(*at)).or(named.first()).copied()
    }

    /// Whether these texts take the finding away and bring no other.
    fn mends(&self, row: &Row, finding: &Finding, before: &[Finding], cells: &[(usize, String)]) -> bool {
        let cells: Vec<(usize, &str)> = cells.iter().map(|(at, text)| (*at, text.as_str())).collect();
        let changed = self.roster.with_cells(row, &cells);
        let after = self.findings(&changed);
        let count = |findings: &[Finding], of: &Finding| {
            findings.iter().filter(|one| (one.code, &one.column) == (of.code, &of.column)).count()
        };
        let is_gone = count(&after, finding) < count(before, finding);
        is_gone
            && after.iter().all(|one| count(&after, one) <= count(before, one))
            && self.keeps_who(row, &changed)
    }

    /// Whether nobody else of the roster is the same as the changed row and was not before.
    fn keeps_who(&self, row: &Row, changed: &Row) -> bool {
        let columns = self.roster.columns();
        let name = |row| trimmed(columns.cell(row, Field::Username)).to_owned();
        let (was, is) = (name(row), name(changed));
        match self.who {
            None => was == is,
            Some(who) => {
                (was == is || !who.has(&is))
                    && who.same(changed, columns, &is).is_none_or(|above| {
                        above == row.number || who.same(row, columns, &was) == Some(above)
                    })
            }
        }
    }
}

fn entry(code: &str) -> Option<(&'static Code, Propose)> {
    TABLE.iter().chain(&OF_PROFICIENCIES).find(|(known, _)| known.id == code).copied()
}

/// Whether something mechanical may mend a finding of this code.
pub(crate) fn may_be_mended(code: &str) -> bool {
    entry(code).is_some()
}

impl Look<'_> {
    /// The cell as it stands.
    fn raw(&self) -> Option<(usize, &str)> {
        let (at, _) = self.at?;
        Some((at, self.row.cells.get(at)?))
    }

    /// The cell without the spaces around it.
    fn cell(&self) -> Option<(usize, Field, &str)> {
        let (at, field) = self.at?;
        Some((at, field, trimmed(self.row.cells.get(at)?)))
    }

    fn header(&self, at: usize) -> String {
        self.roster.columns().headers.get(at).cloned().unwrap_or_default()
    }

    fn directory(&self) -> Option<&Directory> {
        self.rules.directory
    }

    /// Another text for the cell; none where it says that already.
    fn set(&self, safe: bool, text: impl Into<String>) -> Vec<Tried> {
        let (Some((at, raw)), text) = (self.raw(), text.into()) else { return Vec::new() };
        if raw == text {
            return Vec::new();
        }
        vec![Tried {
            fix: Fix::Set { column: self.header(at), text: text.clone() },
            safe,
            cells: vec![(at, text)],
        }]
    }

    /// The same for a text that means the same wherever it stands.
    fn replace(&self, safe: bool, to: impl Into<String>) -> Vec<Tried> {
        let (Some((at, _, from)), to) = (self.cell(), to.into()) else { return Vec::new() };
        if from == to || from.is_empty() {
            return Vec::new();
        }
        let fix = Fix::ReplaceAll { column: self.header(at), from: from.to_owned(), to: to.clone() };
        vec![Tried { fix, safe, cells: vec![(at, to)] }]
    }

    /// A text for another cell of the row: in the first of the field's columns that is the file's own.
    fn beside(&self, field: Field, text: &str) -> Vec<Tried> {
        let places = &self.roster.columns().places[field.index()];
        let Some(at) = places.iter().copied().find(|at| *at < self.roster.width()) else { return Vec::new() };
        let fix = Fix::Set { column: self.header(at), text: text.to_owned() };
        vec![Tried { fix, safe: false, cells: vec![(at, text.to_owned())] }]
    }
}

fn setting(fix: Fix) -> Vec<Tried> {
    vec![Tried { fix, safe: false, cells: Vec::new() }]
}

// ── rows and columns ──

fn drop_row(_: &Look<'_>) -> Vec<Tried> {
    vec![Tried { fix: Fix::DropRow, safe: true, cells: Vec::new() }]
}

/// Of two rows of one name that say the same, one is enough.
fn drop_double(look: &Look<'_>) -> Vec<Tried> {
    if look.is_double { drop_row(look) } else { Vec::new() }
}

fn map_column(look: &Look<'_>) -> Vec<Tried> {
    let Some(header) = &look.finding.column else { return Vec::new() };
    let columns = look.roster.columns();
    let near = || header_near(header).filter(|_| look.code == &c::MISSPELT_COLUMN);
    let field = near().or_else(|| propose(header)).filter(|field| !columns.has(*field));
    // Another with this header would be read as the same.
    let is_one = columns.headers.iter().filter(|other| header_key(other) == header_key(header)).count() == 1;
    match field.filter(|_| is_one) {
        Some(field) => setting(Fix::Map { header: header.clone(), field: field.name().to_owned() }),
        None => Vec::new(),
    }
}

/// Which column is missing stands in the message alone: the first that no column carries.
fn same_for_all(look: &Look<'_>) -> Vec<Tried> {
    let missing = super::rules::required(look.rules, look.rules.about.is_of_those_there());
    let mut missing = missing.filter(|field| !look.roster.columns().has(*field));
    let Some(field) = missing.find(|field| look.finding.message.contains(super::rules::name_of(*field)))
    else {
        return Vec::new();
    };
    match field {
        Field::Password => setting(Fix::MakePasswords),
        Field::RoutingProfile | Field::SecurityProfiles => {
            setting(Fix::Constant { field: field.name().to_owned(), names: names_of(look, field) })
        }
        // Of these everybody has another.
        _ => Vec::new(),
    }
}

fn make_passwords(look: &Look<'_>) -> Vec<Tried> {
    let makes = look.rules.identity == IdentityType::ConnectManaged;
    if makes { setting(Fix::MakePasswords) } else { Vec::new() }
}

/// The names that the instance has for a field, where they are not too many to choose from.
fn names_of(look: &Look<'_>, field: Field) -> Vec<String> {
    const MOST: usize = 500;
    let Some(directory) = look.directory() else { return Vec::new() };
    match field {
        Field::RoutingProfile => {
            directory.routing_profiles.iter().take(MOST).map(|(name, _)| name.to_owned()).collect()
        }
        Field::SecurityProfiles => {
            directory.security_profiles.iter().take(MOST).map(|(name, _)| name.to_owned()).collect()
        }
        Field::Hierarchy => directory.hierarchy.iter().take(MOST).map(|group| group.path.join("|")).collect(),
        _ => Vec::new(),
    }
}

fn choose(look: &Look<'_>) -> Vec<Tried> {
    let Some((at, field)) = look.at else { return Vec::new() };
    let names = names_of(look, field);
    if names.is_empty() { Vec::new() } else { setting(Fix::Choose { column: look.header(at), names }) }
}

// ── any text ──

fn empty(look: &Look<'_>) -> Vec<Tried> {
    let Some((at, _)) = look.at else { return Vec::new() };
    let fix = Fix::Set { column: look.header(at), text: String::new() };
    vec![Tried { fix, safe: false, cells: vec![(at, String::new())] }]
}

fn trim(look: &Look<'_>) -> Vec<Tried> {
    let Some((at, _, text)) = look.cell() else { return Vec::new() };
    vec![Tried { fix: Fix::Trim { column: look.header(at) }, safe: true, cells: vec![(at, text.to_owned())] }]
}

fn compose(look: &Look<'_>) -> Vec<Tried> {
    let Some((at, raw)) = look.raw() else { return Vec::new() };
    let text = raw.nfc().collect::<String>();
    vec![Tried { fix: Fix::Compose { column: look.header(at) }, safe: true, cells: vec![(at, text)] }]
}

/// Damage to a text, by the code that tells of it: what is looked for, and whether what was there cannot be meant.
fn damage_of(code: &Code) -> (Kinds, bool) {
    match code.id {
        id if id == c::MISREAD_TEXT.id => (Kinds::of(&[Kind::Misread, Kind::Jumbled]), true),
        id if id == c::ESCAPED_TEXT.id => (Kinds::of(&[Kind::Entity, Kind::Coded, Kind::Backslash]), true),
        id if id == c::QUOTED_NAME.id => (Kinds::of(&[Kind::Quoted]), false),
        id if id == c::FULL_WIDTH.id => (Kinds::of(&[Kind::Wide, Kind::OtherDigits]), false),
        _ => (Kinds::of(&[Kind::Unseen, Kind::Control, Kind::OddSpace]), true),
    }
}

fn undamage(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, field, text)) = look.cell().filter(|(_, field, _)| !field.is_secret()) else {
        return Vec::new();
    };
    let (kinds, safe) = damage_of(look.code);
    let mended = |text: &str| damage::look(text, kinds).and_then(|damaged| damaged.mended);
    let whole = || mended(text).filter(|mended| !mended.is_empty());
    // Of tags the values are looked at, one by one.
    let of_tags = || {
        let tags = grammar::tags(text).map(|tag| {
            let (key, value) = tag.ok()?;
            Some(format!("{key}|{}", mended(value).unwrap_or_else(|| value.to_owned())))
        });
        Some(tags.collect::<Option<Vec<String>>>()?.join("||"))
    };
    let text = if field == Field::Tags { of_tags().or_else(whole) } else { whole() };
    text.map(|text| look.set(safe, text)).unwrap_or_default()
}

/// The number that a spreadsheet has made of a text, as it stands.
fn take_number(look: &Look<'_>) -> Vec<Tried> {
    let Some((at, field)) = look.at.filter(|(_, field)| !field.is_secret()) else { return Vec::new() };
    let number = look.row.kept.iter().find_map(|(place, kept)| match kept {
        Kept::Number(number) if *place == at => Some(*number),
        _ => None,
    });
    let Some(number) = number.filter(|number| number.fract() == 0.0 && (0.0..1e15).contains(number)) else {
        return Vec::new();
    };
    let text = format!("{number:.0}");
    let mut tried = vec![Tried {
        fix: Fix::Set { column: look.header(at), text: text.clone() },
        safe: false,
        cells: vec![(at, text.clone())],
    }];
    let is_number = matches!(field, Field::Mobile | Field::PhoneNumber | Field::PhoneNumberVoice);
    if is_number {
        let written = look
            .region
            .and_then(|region| phone::e164(&text, Some(region)).ok().map(|e164| e164.into_owned()));
        let plus = format!("+{text}");
        tried = [written, phone::is_e164(&plus).then_some(plus)]
            .into_iter()
            .flatten()
            .map(|text| Tried {
                fix: Fix::ReadPhone { column: look.header(at), text: Some(text.clone()) },
                safe: false,
                cells: vec![(at, text)],
            })
            .collect();
    }
    tried
}

fn keep_one(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, field)) = look.at.filter(|(_, field)| !field.is_secret()) else { return Vec::new() };
    let places = &look.roster.columns().places[field.index()];
    let filled = places.iter().filter_map(|&at| Some((at, trimmed(look.row.cells.get(at)?))));
    let filled: Vec<(usize, &str)> = filled.filter(|(_, cell)| !cell.is_empty()).collect();
    let keep = |(kept, _): &(usize, &str)| {
        let others: Vec<(usize, String)> =
            filled.iter().filter(|(at, _)| at != kept).map(|(at, _)| (*at, String::new())).collect();
        let first = others.first().map_or(0, |(at, _)| *at);
        Tried {
            fix: Fix::Set { column: look.header(first), text: String::new() },
            safe: false,
            cells: others,
        }
    };
    if filled.len() == 2 { filled.iter().map(keep).collect() } else { Vec::new() }
}

// ── who ──

fn write_login(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, login)) = look.cell() else { return Vec::new() };
    let is_right = |name: &str| !name.is_empty() && grammar::stray_in_username(name).is_none();
    let mended = damaged::mended(login).filter(|mended| is_right(mended));
    if let Some(mended) = mended {
        return look.set(true, mended);
    }
    one_address(login, grammar::is_login_address).map(|address| look.set(false, address)).unwrap_or_default()
}

/// The one address that stands in a text, where there is one.
fn one_address(text: &str, is_right: fn(&str) -> bool) -> Option<String> {
    let mended = damaged::mended(text);
    let text = mended.as_deref().unwrap_or(text);
    if is_right(text) {
        return Some(text.to_owned());
    }
    let mut inside = damage::addresses_inside(text, is_right).into_iter();
    inside.next().filter(|_| inside.next().is_none())
}

fn take_address(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, field, text)) = look.cell() else { return Vec::new() };
    let is_right: fn(&str) -> bool =
        if field == Field::Email { grammar::is_email } else { grammar::is_secondary_email };
    one_address(text, is_right).map(|address| look.set(true, address)).unwrap_or_default()
}

/// With SAML an address is the second one, or is none.
fn move_address(look: &Look<'_>) -> Vec<Tried> {
    let second = look.roster.columns().places[Field::SecondaryEmail.index()]
        .iter()
        .copied()
        .find(|at| *at < look.roster.width());
    let Some((at, _, address)) = look.cell() else {
        // Said once for all rows: then the whole column is the second one's.
        let header = look.finding.column.clone();
        let is_free = look.roster.columns().places[Field::SecondaryEmail.index()].is_empty();
        let map = header
            .filter(|_| is_free)
            .map(|header| Fix::Map { header, field: Field::SecondaryEmail.name().to_owned() });
        return map.map(setting).unwrap_or_default();
    };
    let moved =
        second.filter(|to| look.row.cells.get(*to).is_some_and(|cell| cell.trim().is_empty())).map(|to| {
            Tried {
                fix: Fix::Move { from: look.header(at), to: look.header(to) },
                safe: false,
                cells: vec![(at, String::new()), (to, address.to_owned())],
            }
        });
    moved.into_iter().chain(empty(look)).collect()
}

// ── names of the instance ──

/// The name that was meant in place of one that the instance does not have, as the rule's own hint has it.
fn name_meant(look: &Look<'_>) -> Vec<Tried> {
    let (Some((_, field, cell)), Some(directory)) = (look.cell(), look.directory()) else {
        return Vec::new();
    };
    let near = |name: &str| -> Option<String> {
        let find = |name: &str| match field {
            Field::RoutingProfile => directory.routing_profile(name),
            Field::SecurityProfiles => directory.security_profile(name),
            _ => directory.hierarchy_group(grammar::list(name)),
        };
        let mended = damaged::mended(name);
        let found = |lookup: Lookup<'_>, name: &str| match lookup {
            Lookup::Found(_) => Some(name.to_owned()),
            Lookup::Unknown(meant) => meant,
            Lookup::Ambiguous(_) => None,
        };
        mended.and_then(|mended| found(find(&mended), &mended)).or_else(|| found(find(name), name))
    };
    let meant = match field {
        Field::SecurityProfiles => {
            let each = |parts: Vec<&str>| parts.into_iter().map(near).collect::<Option<Vec<String>>>();
            // A list in the grammar of another importer, else one name after the other.
            let other = separators::names(cell).and_then(each);
            let slashed = || separators::names_with_slashes(cell).and_then(each);
            other
                .or_else(|| each(grammar::list(cell).collect()))
                .or_else(slashed)
                .map(|names| names.join("|"))
        }
        Field::Hierarchy => {
            let rewritten = separators::levels(cell).map(|levels| levels.join("|"));
            near(cell).or_else(|| rewritten.and_then(|path| near(&path)))
        }
        _ if cell.contains('|') => None, // several, and one is meant
        _ => near(cell),
    };
    // Only another case, or damage, is no other name.
    let is_plain = meant.as_deref().is_some_and(|meant| meant.to_lowercase() == cell.to_lowercase());
    let replaced = meant.map(|meant| look.replace(is_plain, meant)).unwrap_or_default();
    replaced.into_iter().chain(choose(look)).collect()
}

fn list_anew(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, cell)) = look.cell() else { return Vec::new() };
    let is_repeated = look.code == &c::SECURITY_PROFILE_REPEATED;
    let mut seen: Vec<&str> = Vec::new();
    for name in grammar::list(cell) {
        let is_same = |other: &&str| super::rules::is_same_security_profile(other, name, look.directory());
        let is_kept = if is_repeated { !seen.iter().any(is_same) } else { !name.is_empty() };
        if is_kept {
            seen.push(name);
        }
    }
    look.set(is_repeated, seen.join("|"))
}

fn other_separator(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, field, cell)) = look.cell() else { return Vec::new() };
    let parts = if field == Field::Hierarchy { separators::levels(cell) } else { separators::names(cell) };
    parts.map(|parts| look.replace(false, parts.join("|"))).unwrap_or_default()
}

// ── how they answer ──

fn write_phone_type(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, word)) = look.cell() else { return Vec::new() };
    if let Some(mended) = damaged::mended(word).filter(|mended| grammar::phone_type(mended).is_some()) {
        return look.replace(true, mended);
    }
    let plain = word.to_lowercase();
    let near = |known: &str| strsim::osa_distance(&plain, known) <= 1;
    let (soft, desk) = (plain.contains("soft") || near("soft"), plain.contains("desk") || near("desk"));
    match (soft, desk) {
        (true, false) => look.replace(plain == "softphone", "soft"),
        (false, true) => look.replace(plain == "deskphone", "desk"),
        _ => Vec::new(),
    }
}

/// The phone type that stands beside a number: of the older member or of voice.
fn type_beside(look: &Look<'_>) -> Option<Field> {
    let (_, field) = look.at?;
    let is_voice = matches!(field, Field::PhoneNumberVoice | Field::PhoneTypeVoice);
    Some(if is_voice { Field::PhoneTypeVoice } else { Field::PhoneType })
}

fn desk_beside(look: &Look<'_>) -> Vec<Tried> {
    type_beside(look).map(|field| look.beside(field, "desk")).unwrap_or_default()
}

fn soft_beside(look: &Look<'_>) -> Vec<Tried> {
    type_beside(look).map(|field| look.beside(field, "soft")).unwrap_or_default()
}

/// An international number as the service takes it; a national one where its country is named.
fn write_number(look: &Look<'_>) -> Vec<Tried> {
    let Some((at, _, number)) = look.cell() else { return Vec::new() };
    let mended = damaged::mended(number);
    let number = mended.as_deref().unwrap_or(number);
    let column = look.header(at);
    let read = |text: String, safe| Tried {
        fix: Fix::ReadPhone { column: column.clone(), text: Some(text.clone()) },
        safe,
        cells: vec![(at, text)],
    };
    let plain = phone::as_e164(number).map(|text| read(text, true));
    let of_region = look
        .region
        .and_then(|region| phone::e164(number, Some(region)).ok())
        .map(|text| read(text.into_owned(), false));
    let has_digits = number.bytes().filter(u8::is_ascii_digit).count() > 2;
    let needs_country =
        plain.is_none() && look.region.is_none() && has_digits && !number.contains(['e', 'E']);
    let asked = needs_country.then(|| Tried {
        fix: Fix::ReadPhone { column: column.clone(), text: None },
        safe: false,
        cells: Vec::new(),
    });
    plain.or(of_region).into_iter().chain(asked).collect()
}

fn write_no(look: &Look<'_>) -> Vec<Tried> {
    look.replace(false, "no")
}

/// `30 s`, `1,800`, `5 min`: seconds in other words.
fn write_seconds(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, cell)) = look.cell() else { return Vec::new() };
    if let Some(mended) = damaged::mended(cell).filter(|mended| grammar::seconds(mended).is_some()) {
        return look.replace(true, mended);
    }
    let end = cell.find(|c: char| c.is_alphabetic()).unwrap_or(cell.len());
    let (number, unit) = cell.split_at(end);
    let digits: String =
        number.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '.' | '\'')).collect();
    // `1.800` is a thousand and more with a separator; `30.5` and `30,0` are not told apart from it.
    let is_grouped =
        number.trim().split([',', '.', '\'', ' ', '\u{a0}']).skip(1).all(|group| group.len() == 3);
    let times = match unit.trim().trim_end_matches('.').to_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        _ => return Vec::new(),
    };
    let seconds =
        grammar::seconds(&digits).filter(|_| is_grouped).and_then(|number| number.checked_mul(times));
    seconds.map(|seconds| look.replace(false, seconds.to_string())).unwrap_or_default()
}

fn write_most(look: &Look<'_>) -> Vec<Tried> {
    look.replace(false, "5400")
}

/// Of two settings that exclude each other one is emptied: the one for all channels first, for AWS recommends the other.
fn keep_one_setting(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, found)) = look.at else { return Vec::new() };
    let Some((older, newer)) = Field::FAMILIES.iter().find(|(_, newer)| newer.contains(&found)) else {
        return Vec::new();
    };
    let columns = look.roster.columns();
    let emptied = |fields: &[Field]| {
        let places = fields.iter().flat_map(|field| columns.places[field.index()].iter().copied());
        let filled = places.filter(|at| look.row.cells.get(*at).is_some_and(|cell| !cell.trim().is_empty()));
        let cells: Vec<(usize, String)> = filled.map(|at| (at, String::new())).collect();
        let first = cells.first().map(|(at, _)| look.header(*at));
        first.map(|column| Tried { fix: Fix::Set { column, text: String::new() }, safe: false, cells })
    };
    emptied(older).into_iter().chain(emptied(newer)).collect()
}

/// Words for yes and no beyond those that are read: of languages, and of other systems.
#[rustfmt::skip]
const ANSWERS: [(&[&str], &[&str]); 12] = [
    (&["ja"], &["nein", "nee", "nej", "nei"]), (&["oui"], &["non"]), (&["sí", "si", "sì"], &[]), (&["sim"], &["não", "nao"]),
    (&["tak"], &["nie"]), (&["ano"], &["ne"]), (&["да"], &["нет"]), (&["evet"], &["hayır"]), (&["kyllä", "igen"], &["ei", "nem"]),
    (&["はい", "是"], &["いいえ", "否"]), (&["on", "enabled", "enable", "active"], &["off", "disabled", "disable", "inactive"]),
    (&["y.", "yes."], &["n.", "no."]),
];

fn write_answer(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, cell)) = look.cell() else { return Vec::new() };
    if let Some(mended) = damaged::mended(cell).filter(|mended| grammar::yes_or_no(mended).is_some()) {
        return look.replace(true, mended);
    }
    let word = cell.to_lowercase();
    if ANSWERS.iter().any(|(yes, _)| yes.contains(&word.as_str())) {
        look.replace(true, "yes")
    } else if ANSWERS.iter().any(|(_, no)| no.contains(&word.as_str())) {
        look.replace(true, "no")
    } else if matches!(word.as_str(), "x" | "✓" | "✔" | "☑") {
        look.replace(false, "yes")
    } else {
        Vec::new()
    }
}

fn write_enhancement(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, cell)) = look.cell() else { return Vec::new() };
    if let Some(mended) = damaged::mended(cell).filter(|mended| grammar::voice_enhancement(mended).is_some())
    {
        return look.replace(true, mended);
    }
    let plain = cell.to_lowercase().replace(['_', '-'], " ");
    let known = ["none", "isolate voice", "voice isolation", "suppress noise", "noise suppression"];
    let near = known.into_iter().find(|known| strsim::osa_distance(&plain, known) <= 2);
    near.map(|known| look.replace(false, known)).unwrap_or_default()
}

// ── lists of pairs ──

fn rewrite_tags(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, cell)) = look.cell() else { return Vec::new() };
    if look.code == &c::TAG_SYNTAX {
        return separators::tags(cell).map(|tags| look.set(false, tags)).unwrap_or_default();
    }
    // The same tag twice is one; two values of one key are not told apart.
    let mut kept: Vec<(&str, &str)> = Vec::new();
    for tag in grammar::tags(cell) {
        match tag {
            Ok(pair) if !kept.contains(&pair) => kept.push(pair),
            Ok(_) => {}
            Err(_) => return Vec::new(),
        }
    }
    let tags: Vec<String> = kept.into_iter().map(|(key, value)| format!("{key}|{value}")).collect();
    look.set(true, tags.join("||"))
}

/// A cell of proficiencies, each of which may be another.
fn proficiencies_anew(
    cell: &str,
    mut each: impl FnMut(grammar::ProficiencyCell<'_>) -> Option<[String; 3]>,
) -> Option<String> {
    let mut pieces: Vec<[String; 3]> = Vec::new();
    for found in grammar::proficiencies(cell) {
        let piece = each(found.ok()?)?;
        if !pieces.contains(&piece) {
            pieces.push(piece);
        }
    }
    let last = cell.rsplit('|').next().unwrap_or_default();
    let is_barred = cell.contains('|') && !last.contains(':');
    let (within, between) = if is_barred { ("|", "||") } else { (":", "|") };
    let pieces: Vec<String> = pieces.iter().map(|piece| piece.join(within)).collect();
    Some(pieces.join(between))
}

fn rewrite_proficiencies(look: &Look<'_>) -> Vec<Tried> {
    let Some((_, _, cell)) = look.cell() else { return Vec::new() };
    let same = |found: grammar::ProficiencyCell<'_>| {
        Some([found.attribute.to_owned(), found.value.to_owned(), found.level.to_owned()])
    };
    proficiencies_anew(cell, same).map(|text| look.set(true, text)).unwrap_or_default()
}

fn proficiency_meant(look: &Look<'_>) -> Vec<Tried> {
    let (Some((_, _, cell)), Some(known)) =
        (look.cell(), look.directory().and_then(|directory| directory.predefined_attributes.as_ref()))
    else {
        return Vec::new();
    };
    let meant = |found: grammar::ProficiencyCell<'_>| {
        let (mut attribute, mut value) = (found.attribute.to_owned(), found.value.to_owned());
        if let Predefined::NoAttribute(meant) = known.find(&attribute, &value) {
            attribute = meant?;
        }
        if let Predefined::NoValue(meant) = known.find(&attribute, &value) {
            value = meant?;
        }
        Some([attribute, value, found.level.to_owned()])
    };
    let text = proficiencies_anew(cell, meant);
    let is_plain = text.as_deref().is_some_and(|text| text.to_lowercase() == cell.to_lowercase());
    text.map(|text| look.set(is_plain, text)).unwrap_or_default()
}
