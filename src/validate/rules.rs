//! The rules of a row: one table, and one small function each.
//!
//! A rule looks at one thing and reports all of its faults; none stops another. Where nothing is wrong a rule allocates
//! nothing. Every finding's reason and source stand with its code in `finding/codes.rs`.

use std::cell::RefCell;

use super::memory::{Memory, REMEMBERED};
use super::{About, Rules, about, damaged, grammar, logins, separators};
use crate::agent::phone::{self, Refusal};
use crate::agent::{self, IdentityType, PhoneType};
use crate::directory::{Directory, Found, Lookup, Predefined};
use crate::finding::codes::{self, Code};
use crate::finding::{Finding, Severity};
use crate::roster::{self, Columns, Field, Row};
use crate::text::{damage, shown};

/// All rules of a row, in the order of the console's template, each with the fields that it looks at: where a file has
/// none of them, the rule has nothing to say of any row.
const RULES: [(&[Field], Looks, Rule); 24] = [
    (&[Field::Username], Looks::Row, sample_row),
    (&Field::ALL, Looks::Row, damaged_text),
    (&Field::ALL, Looks::Row, columns_agree),
    (&Field::ALL, Looks::Row, stray_spaces),
    (&[Field::FirstName], Looks::Cell, first_name),
    (&[Field::LastName], Looks::Cell, last_name),
    (&[Field::Email], Looks::Row, email),
    (&[Field::SecondaryEmail], Looks::Row, secondary_email),
    (&[Field::Mobile], Looks::Row, mobile),
    (&[Field::Password], Looks::Row, password),
    (&[Field::Username], Looks::Row, username),
    (&[Field::DirectoryUserId], Looks::Row, directory_user_id),
    (&[Field::RoutingProfile], Looks::Cell, routing_profile),
    (&[Field::SecurityProfiles], Looks::Cell, security_profiles),
    (&[Field::Hierarchy], Looks::Cell, hierarchy),
    (&[Field::PhoneType, Field::PhoneNumber], Looks::Row, phone),
    (&[Field::PhoneTypeVoice, Field::PhoneNumberVoice], Looks::Row, voice_phone),
    (&Field::SECONDS, Looks::Cell, after_contact_work),
    (&Field::YES_NO, Looks::Cell, yes_or_no),
    (&[Field::VoiceEnhancement], Looks::Cell, voice_enhancement),
    (&[Field::Tags], Looks::Cell, tags),
    (&Field::ALL, Looks::Row, one_family),
    (&[Field::AutoAcceptCallback, Field::AfterContactWorkCallback], Looks::Row, agent_first_callback),
    (&[Field::Proficiencies], Looks::Cell, proficiencies),
];

type Rule = fn(&mut Check<'_>);

/// How far a rule looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// At the text of each cell by itself: of the same text it says the same again.
    Cell,
    /// At several cells of the row, at more than their text, or at what each person has another of.
    Row,
}

/// Checks one row by itself and adds what is wrong with it to `findings`: first what the reader said, then what the
/// rules say. Pure. For many rows of one file there is [`RowCheck`].
///
/// What only the whole file shows is not here: duplicates, and columns that are missing altogether.
pub fn check_row(row: &Row, columns: &Columns, rules: &Rules<'_>, findings: &mut Vec<Finding>) {
    RowCheck::new(columns, rules).check(row, findings);
}

/// The rules as they apply to the columns of a file.
pub struct RowCheck<'r> {
    columns: &'r Columns,
    rules: &'r Rules<'r>,
    /// The rules that may have something to say, each with the bits of the fields whose cells it looks at one by one.
    apply: Vec<(Rule, u32)>,
    /// The columns that alone carry a field, secret ones left out.
    alone: Vec<(usize, Field)>,
    /// The fields that several columns carry.
    shared: Vec<Field>,
    /// The headers of columns that are known and not read: what is wrong with their cells is of no matter.
    passed_over: Vec<&'r str>,
    /// The cells of which nothing was said.
    memory: RefCell<Memory>,
}

impl<'r> RowCheck<'r> {
    /// Finds out which rules apply.
    pub fn new(columns: &'r Columns, rules: &'r Rules<'r>) -> Self {
        let places = |field: Field| columns.places[field.index()].as_slice();
        let is_read = |field: &Field| columns.has(*field) && rules.about.reads(*field);
        let apply = RULES.iter().filter(|(fields, ..)| fields.iter().any(is_read));
        let apply = apply.map(|(fields, looks, rule)| match looks {
            Looks::Cell => (*rule, Field::bits_of(fields)),
            Looks::Row => (*rule, 0),
        });
        let alone = Field::ALL.into_iter().filter_map(|field| match places(field) {
            [place] if !field.is_secret() && rules.about.reads(field) => Some((*place, field)),
            _ => None,
        });
        Self {
            columns,
            rules,
            apply: apply.collect(),
            alone: alone.collect(),
            shared: Field::ALL
                .into_iter()
                .filter(|&field| places(field).len() > 1 && rules.about.reads(field))
                .collect(),
            passed_over: Field::ALL
                .into_iter()
                .filter(|field| !rules.about.reads(*field))
                .flat_map(places)
                .filter_map(|place| columns.headers.get(*place).map(String::as_str))
                .collect(),
            memory: RefCell::default(),
        }
    }

    /// The columns that it was made for.
    pub(super) fn columns(&self) -> &'r Columns {
        self.columns
    }

    /// The rules that it was made of.
    pub(super) fn rules(&self) -> &'r Rules<'r> {
        self.rules
    }

    /// As [`check_row`]; allocates nothing for a row without faults.
    pub fn check(&self, row: &Row, findings: &mut Vec<Finding>) {
        let is_of_what_is_read = |finding: &&Finding| {
            let column = finding.column.as_deref();
            column.is_none_or(|column| !self.passed_over.contains(&column))
        };
        findings.extend(row.findings.iter().filter(is_of_what_is_read).cloned());
        if !row.is_readable() {
            return;
        }
        let mut memory = self.memory.borrow_mut();
        let (mut cells, mut padded, mut worded) = ([""; Field::COUNT], 0_u32, 0_u32);
        let (mut filled, mut known) = (0_u32, 0_u32);
        // Whether it is a cell that nothing is known of.
        let mut put = |field: Field, raw| {
            let bit = 1 << field.index();
            if REMEMBERED & bit != 0 && memory.knows(field, raw) {
                cells[field.index()] = raw;
                (filled, known) = (filled | bit, known | bit);
                return false;
            }
            let cell = grammar::trimmed(raw);
            if cell.is_empty() {
                return false;
            }
            cells[field.index()] = cell;
            filled |= bit;
            padded |= if cell.len() == raw.len() { 0 } else { bit };
            worded |= if damage::begins_word(cell) { bit } else { 0 };
            true
        };
        // The columns between which all cells stand that nothing is known of.
        let (mut first, mut last) = (usize::MAX, 0);
        for &(place, field) in &self.alone {
            if put(field, row.cells.get(place).unwrap_or("")) {
                (first, last) = (first.min(place), last.max(place));
            }
        }
        for &field in self.shared.iter().filter(|field| !field.is_secret()) {
            if put(field, self.columns.cell(row, field)) {
                (first, last) = (0, row.cells.len());
            }
        }
        let Self { columns, rules, shared, .. } = self;
        let unknown = filled & !known;
        let suspect = if damage::is_suspect(row.cells.between(first, last)) {
            each(unknown).filter(|field| damage::is_suspect(cells[field.index()])).fold(0, with)
        } else {
            0
        };
        let before = findings.len();
        let is_there = rules.is_there(cells[Field::Username.index()]);
        let mut check = Check {
            row,
            columns,
            rules,
            shared,
            is_there,
            cells,
            filled,
            cleared: 0,
            known,
            padded,
            worded,
            suspect,
            findings,
        };
        if worded != 0 {
            take_away(&mut check);
        }
        for &(rule, looks_at) in &self.apply {
            // Of empty cells there is something to say, if at all, where no other cell is looked at.
            let asked = looks_at & check.filled;
            if asked == 0 || asked & !known != 0 {
                rule(&mut check);
            }
        }
        if check.findings.len() == before {
            // Of a cell that takes something away there is no text left.
            let keep = unknown & REMEMBERED & !check.cleared;
            each(keep).for_each(|field| memory.keep(field, check.cells[field.index()]));
        }
    }
}

fn with(bits: u32, field: Field) -> u32 {
    bits | 1 << field.index()
}

/// The fields of these bits, in order.
fn each(mut bits: u32) -> impl Iterator<Item = Field> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        Field::ALL.get(at as usize).copied()
    })
}

/// Checks the columns: what every row needs is there. One finding for the file rather than one for each row.
pub fn check_columns(columns: &Columns, rules: &Rules<'_>, findings: &mut Vec<Finding>) {
    // Whether anybody needs a password is told by the rows, where it is known who is there.
    let is_for_rows = |field: &Field| field.is_secret() && rules.knows_users();
    let needed = required(rules, rules.about.is_of_those_there()).filter(|field| !is_for_rows(field));
    findings.extend(
        needed.filter(|&field| !columns.has(field)).map(|field| column_missing(columns, field, rules)),
    );
    if rules.tells_emails_once() && columns.has(Field::Email) && rules.about != About::Leaving {
        findings.push(emails_not_allowed(columns, rules));
    }
    let needs_email = rules.identity == IdentityType::ConnectManaged && !rules.about.is_of_those_there();
    if needs_email && !columns.has(Field::Email) {
        findings.push(Finding {
            code: codes::EMAIL_MISSING.id,
            severity: codes::EMAIL_MISSING.severity,
            row: None,
            column: None,
            value: None,
            message: "there is no e-mail address column".to_owned(),
            hint: Some("add a column `email address`".to_owned()),
        });
    }
}

/// What is said of a roster without a column of passwords, once there is a row of somebody who is not there: whoever is, is not
/// made, and needs none. `None` where nobody needs one, or where that is said already.
pub(super) fn no_passwords(columns: &Columns, rules: &Rules<'_>) -> Option<Finding> {
    let is_needed = required(rules, rules.about.is_of_those_there()).any(Field::is_secret);
    (is_needed && rules.knows_users() && !columns.has(Field::Password))
        .then(|| column_missing(columns, Field::Password, rules))
}

fn column_missing(columns: &Columns, field: Field, rules: &Rules<'_>) -> Finding {
    let code = &codes::COLUMN_MISSING;
    let mut fix = if field.is_secret() { codes::PASSWORD_MISSING.fix } else { code.fix }.to_owned();
    if field.is_secret() && rules.inferred.is_some() {
        fix.push_str("; if the users sign in elsewhere, `⟦identity-type saml⟧` says so, and no row has one");
    }
    let is_of_users = columns.headers.iter().any(|header| roster::is_note(header));
    if field.is_secret() && is_of_users && rules.directory.is_none() {
        fix.push_str("; of people who are there none is needed: `⟦saved-directory FILE⟧` says who is");
    }
    Finding {
        code: code.id,
        severity: code.severity,
        row: None,
        column: None,
        value: None,
        message: format!(
            "there is no {} column, which {} needs",
            name_of(field),
            needs(field, rules.identity)
        ),
        hint: Some(fix),
    }
}

/// That a roster which is taken for one of SAML has e-mail addresses, once for all of them.
fn emails_not_allowed(columns: &Columns, rules: &Rules<'_>) -> Finding {
    let code = &codes::EMAIL_NOT_ALLOWED;
    let fix = format!(
        "{}; if the instance keeps the passwords itself, `⟦identity-type connect⟧` says so, or `⟦made-passwords⟧`",
        code.fix
    );
    let (severity, hint) = weighed(rules, code, fix);
    Finding {
        code: code.id,
        severity,
        row: None,
        column: columns.header(Field::Email).map(str::to_owned),
        value: None,
        message: format!(
            "{}: the logins are those of SAML users and there is no password, so the roster is taken for one of SAML",
            code.title
        ),
        hint: Some(hint),
    }
}

/// Whether a row of somebody who is there by its exact name can do without it, although its roster is about people who are to
/// be made: whoever is there is not made, so that no password is set, and has the names that are there.
pub(super) fn is_spared(field: Field) -> bool {
    matches!(field, Field::FirstName | Field::LastName | Field::Email | Field::Password)
}

/// The fields that no row can do without. Of somebody who is there it is enough to know who: what a row says nothing of
/// stays as it is.
pub(super) fn required(rules: &Rules<'_>, is_there: bool) -> impl Iterator<Item = Field> {
    let is_new = !is_there;
    let names = is_new && rules.identity != IdentityType::ExistingDirectory;
    let password = is_new && rules.identity == IdentityType::ConnectManaged && !rules.generates_passwords;
    [
        (Field::FirstName, names),
        (Field::LastName, names),
        (Field::Password, password),
        (Field::Username, true),
        (Field::RoutingProfile, is_new),
        (Field::SecurityProfiles, is_new),
    ]
    .into_iter()
    .filter_map(|(field, is_required)| is_required.then_some(field))
}

/// What no row of a roster can do without.
pub(crate) fn required_fields(rules: &Rules<'_>) -> impl Iterator<Item = Field> {
    required(rules, rules.about.is_of_those_there())
}

fn needs(field: Field, identity: IdentityType) -> String {
    match field {
        Field::Username | Field::RoutingProfile | Field::SecurityProfiles => "every user".to_owned(),
        _ => format!("every user of a {identity} instance"),
    }
}

pub(super) fn name_of(field: Field) -> &'static str {
    match field {
        Field::FirstName => "first name",
        Field::LastName => "last name",
        Field::Email => "e-mail address",
        Field::SecondaryEmail => "secondary e-mail",
        Field::Mobile => "mobile",
        Field::Password => "password",
        Field::Username => "username (user login)",
        Field::DirectoryUserId => "directory user id",
        Field::RoutingProfile => "routing profile",
        Field::SecurityProfiles => "security profile",
        Field::Hierarchy => "hierarchy",
        Field::PhoneType => "phone type",
        Field::PhoneNumber => "phone number",
        Field::AutoAccept => "auto-accept",
        Field::AfterContactWork => "after-contact work",
        Field::PersistentConnection => "persistent connection",
        Field::VoiceEnhancement => "audio enhancement",
        Field::Tags => "tags",
        Field::AutoAcceptVoice => "auto-accept of voice",
        Field::AutoAcceptChat => "auto-accept of chat",
        Field::AutoAcceptTask => "auto-accept of tasks",
        Field::AutoAcceptEmail => "auto-accept of e-mail",
        Field::AutoAcceptCallback => "auto-accept of agent-first callbacks",
        Field::AfterContactWorkVoice => "after-contact work of voice",
        Field::AfterContactWorkChat => "after-contact work of chat",
        Field::AfterContactWorkTask => "after-contact work of tasks",
        Field::AfterContactWorkEmail => "after-contact work of e-mail",
        Field::AfterContactWorkCallback => "after-contact work of agent-first callbacks",
        Field::PhoneTypeVoice => "phone type of voice",
        Field::PhoneNumberVoice => "phone number of voice",
        Field::PersistentConnectionVoice => "persistent connection of voice",
        Field::Proficiencies => "proficiencies",
    }
}

/// One row under the rules.
struct Check<'a> {
    row: &'a Row,
    columns: &'a Columns,
    rules: &'a Rules<'a>,
    /// The fields that several columns carry.
    shared: &'a [Field],
    /// Whether it is about somebody who is there.
    is_there: bool,
    /// The cell of each field without the spaces around it; empty where it is a secret.
    cells: [&'a str; Field::COUNT],
    /// A bit for each field whose cell is not empty.
    filled: u32,
    /// A bit for each field whose cell takes something away; it counts as empty.
    cleared: u32,
    /// A bit for each of them of which no rule had anything to say when it was looked at before.
    known: u32,
    /// A bit for each field whose cell has spaces around its text.
    padded: u32,
    /// A bit for each field whose cell begins as a word for nothing does, those that are known left out.
    worded: u32,
    /// A bit for each field whose cell may be damaged by its characters, those that are known left out.
    suspect: u32,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Check<'a> {
    /// The field's cell without the spaces around it. Never for passwords.
    fn cell(&self, field: Field) -> &'a str {
        self.cells[field.index()]
    }

    /// Reports a fault of a field with the code's own fix as the hint.
    fn fault(&mut self, code: &'static Code, field: Field, value: &str, message: String) {
        self.fault_with(code, field, value, message, code.fix.to_owned());
    }

    /// Reports a fault of a field's whole text: with the text as it was before it was damaged, where that is certain and
    /// `is_right`, as the hint.
    fn fault_mended(
        &mut self,
        code: &'static Code,
        field: Field,
        message: String,
        is_right: fn(&str) -> bool,
    ) {
        let cell = self.cell(field);
        let hint = damaged::fix(cell, is_right).unwrap_or_else(|| code.fix.to_owned());
        self.fault_with(code, field, cell, message, hint);
    }

    /// Reports a fault of a field with a hint of its own.
    fn fault_with(&mut self, code: &'static Code, field: Field, value: &str, message: String, hint: String) {
        let value = if field.is_secret() { Finding::HIDDEN.to_owned() } else { shown(value) };
        let made = || logins::made_fix(code, self.row, self.columns);
        let hint = if field == Field::Username { made().unwrap_or(hint) } else { hint };
        let (severity, hint) = weighed(self.rules, code, hint);
        self.findings.push(Finding {
            code: code.id,
            severity,
            row: Some(self.row.number),
            column: column_of(self.row, self.columns, field),
            value: Some(value),
            message,
            hint: Some(hint),
        });
    }

    /// Whether the field's cell takes something away.
    fn clears(&self, field: Field) -> bool {
        self.cleared & (1 << field.index()) != 0
    }

    /// Whether the field may have a value of which the row says nothing.
    fn may_be_there(&self, field: Field) -> bool {
        self.is_there && !self.clears(field)
    }

    /// Reports a cell that is empty and must not be, unless the column is missing (said once for the file) or the
    /// reader, or a rule before, has said why there is nothing in the cell. Of somebody who is there only the name must not
    /// be empty.
    fn missing(&mut self, code: &'static Code, field: Field) {
        if self.is_there && field != Field::Username {
            return;
        }
        // Looked up here alone: nearly every row is whole.
        if is_spared(field) && !self.clears(field) && self.rules.has_user(self.cell(Field::Username)) {
            return;
        }
        let column = column_of(self.row, self.columns, field);
        let number = Some(self.row.number);
        let mut said = self.row.findings.iter().chain(self.findings.iter().filter(|f| f.row == number));
        // Of half a name no login is made; that the name is not whole is said.
        let is_of_name = |code: &str| {
            [codes::NAME_NOT_SPLIT.id, codes::FIRST_NAME_MISSING.id, codes::LAST_NAME_MISSING.id]
                .contains(&code)
        };
        let is_made = field == Field::Username && self.columns.made_login.is_some();
        let is_explained = said.any(|f| {
            f.severity == Severity::Error && (f.column == column || (is_made && is_of_name(f.code)))
        });
        if column.is_none() || is_explained {
            return;
        }
        let (severity, hint) = weighed(self.rules, code, code.fix.to_owned());
        self.findings.push(Finding {
            code: code.id,
            severity,
            row: Some(self.row.number),
            column,
            value: None,
            message: code.title.to_owned(),
            hint: Some(hint),
        });
    }
}

/// How bad a fault is in this run, and what to do about it.
fn weighed(rules: &Rules<'_>, code: &'static Code, hint: String) -> (Severity, String) {
    if !rules.let_through.has(code.id) {
        return (code.severity, hint);
    }
    let through =
        format!("let through with `⟦let-through {}⟧`, so that the service decides; else {hint}", code.id);
    (Severity::Warning, through)
}

/// The header of the column that the field's cell came from.
pub(super) fn column_of(row: &Row, columns: &Columns, field: Field) -> Option<String> {
    let places = &columns.places[field.index()];
    let has_text = |&&at: &&usize| row.cells.get(at).is_some_and(|cell| !cell.trim().is_empty());
    let place = places.iter().find(has_text).or(places.first())?;
    columns.headers.get(*place).cloned()
}

/// Takes the cells that say `(clear)` for empty, and reports those that nothing can be taken by.
fn take_away(check: &mut Check<'_>) {
    for field in each(check.worded) {
        let (cell, bit) = (check.cell(field), 1 << field.index());
        if !about::is_clear(cell) {
            continue;
        }
        // Somebody who is to be made has nothing yet; only in a roster that is about others too may that be meant.
        let is_there = check.rules.about != About::New || check.rules.has_user(check.cell(Field::Username));
        let code = match about::clearing(field) {
            // Of whoever goes nothing is taken away first.
            _ if check.rules.about == About::Leaving => Some(&codes::CANNOT_BE_CLEARED),
            None => Some(&codes::CANNOT_BE_CLEARED),
            Some(_) if !is_there => Some(&codes::NOTHING_TO_CLEAR),
            Some(_) => None,
        };
        if let Some(code) = code {
            check.fault(code, field, cell, code.title.to_owned());
        }
        check.cells[field.index()] = "";
        check.filled &= !bit;
        check.worded &= !bit;
        check.cleared |= bit;
    }
}

fn sample_row(check: &mut Check<'_>) {
    let cells = [Field::FirstName, Field::LastName, Field::Username].map(|field| check.cell(field));
    if cells == ["first", "last", "user"] {
        check.fault(&codes::SAMPLE_ROW, Field::Username, "user", codes::SAMPLE_ROW.title.to_owned());
    }
}

/// What happened to the text of any cell before it came. Nearly every row is plain, and costs one look.
fn damaged_text(check: &mut Check<'_>) {
    const LISTS: u32 = Field::bits_of(&damaged::LISTS);
    let unknown = check.filled & !check.known;
    // Of what is plain only what begins as a word for nothing does, and lists.
    let lists =
        each(unknown & LISTS).filter(|field| damage::may_have_words(check.cell(*field))).fold(0, with);
    for field in each(unknown & (check.suspect | check.worded | lists)) {
        let (cell, bit) = (check.cell(field), 1 << field.index());
        let has_word = || if lists & bit != 0 { damage::has_word(cell) } else { damage::is_word(cell) };
        if check.suspect & bit == 0 && !has_word() {
            continue;
        }
        // Of a tag's key each character has a rule of its own.
        let values = || grammar::tags(cell).flatten().map(|(_, value)| value);
        match field {
            Field::Tags if values().next().is_some() => {
                values().for_each(|value| one_text(check, field, value))
            }
            _ => one_text(check, field, cell),
        }
    }
}

fn one_text(check: &mut Check<'_>, field: Field, text: &str) {
    let is_of_instance = matches!(field, Field::RoutingProfile | Field::SecurityProfiles | Field::Hierarchy);
    let is_known = is_of_instance && check.rules.directory.is_some();
    // A line break between names is told as the separator that it is.
    let is_list =
        field == Field::SecurityProfiles && text.contains(['\n', '\r']) && separators::names(text).is_some();
    for told in damaged::told(field, text, name_of(field), is_known) {
        if is_list && told.code == &codes::INVISIBLE_CHARACTER {
            continue;
        }
        check.fault_with(told.code, field, check.cell(field), told.message, told.hint);
        if told.is_void {
            check.cells[field.index()] = "";
            check.filled &= !(1 << field.index());
        }
    }
}

fn columns_agree(check: &mut Check<'_>) {
    for &field in check.shared {
        let places = &check.columns.places[field.index()];
        let cells = places.iter().filter_map(|&at| Some((at, check.row.cells.get(at)?)));
        let mut cells = cells.filter(|(_, cell)| !cell.trim().is_empty());
        let Some((first, kept)) = cells.next() else { continue };
        let is_same = |cell: &str| {
            if field.is_secret() { cell == kept } else { grammar::trimmed(cell) == grammar::trimmed(kept) }
        };
        let Some((other, cell)) = cells.find(|(_, cell)| !is_same(cell)) else { continue };
        let header = |at: usize| check.columns.headers.get(at).map_or("", |header| header.trim());
        let message = if field.is_secret() {
            format!("`{}` and `{}` are both the {}, and differ", header(first), header(other), name_of(field))
        } else {
            let (a, b) = (shown(grammar::trimmed(kept)), shown(grammar::trimmed(cell)));
            format!(
                "`{}` has `{a}` and `{}` has `{b}`: both are the {}",
                header(first),
                header(other),
                name_of(field)
            )
        };
        check.fault(&codes::COLUMNS_DISAGREE, field, grammar::trimmed(kept), message);
    }
}

/// A username has a finding of its own, and of a password none is left out.
fn stray_spaces(check: &mut Check<'_>) {
    if check.padded == 0 {
        return;
    }
    for field in Field::ALL {
        if field != Field::Username && check.padded & (1 << field.index()) != 0 {
            let raw = check.columns.cell(check.row, field);
            check.fault(&codes::STRAY_SPACES, field, raw, codes::STRAY_SPACES.title.to_owned());
        }
    }
}

fn first_name(check: &mut Check<'_>) {
    person_name(check, Field::FirstName, &codes::FIRST_NAME_MISSING, 255);
}

fn last_name(check: &mut Check<'_>) {
    let most = if check.rules.identity == IdentityType::ConnectManaged { 256 } else { 300 };
    person_name(check, Field::LastName, &codes::LAST_NAME_MISSING, most);
}

fn person_name(check: &mut Check<'_>, field: Field, missing: &'static Code, most: usize) {
    let name = check.cell(field);
    if name.is_empty() {
        if check.rules.identity != IdentityType::ExistingDirectory {
            check.missing(missing, field);
        }
        return;
    }
    // A string of few bytes has few characters: no need to count them.
    if name.len() > most {
        let length = grammar::nfc_length(name);
        if length > most {
            let message = format!("the {} has {length} characters, and {most} is the most", name_of(field));
            check.fault(&codes::NAME_TOO_LONG, field, name, message);
        }
    }
    if grammar::is_decomposed(name) {
        let message = format!(
            "the {} is written with decomposed characters; it is sent composed (NFC)",
            name_of(field)
        );
        check.fault(&codes::NAME_NOT_NFC, field, name, message);
    }
    if check.suspect & (1 << field.index()) != 0 && grammar::has_line_control(name) {
        let message = format!("the {} has a line break or another control character", name_of(field));
        check.fault(&codes::NAME_CONTROL_CHARACTER, field, name, message);
    }
}

fn email(check: &mut Check<'_>) {
    let email = check.cell(Field::Email);
    match (email, check.rules.identity) {
        ("", IdentityType::ConnectManaged) => check.missing(&codes::EMAIL_MISSING, Field::Email),
        ("", _) => {}
        (_, IdentityType::Saml) if check.rules.tells_emails_once() => {}
        // Nobody there can have one, and a list of people has it all the same.
        (_, IdentityType::Saml) if check.rules.about == About::Leaving => {}
        (email, IdentityType::Saml) => {
            let message = codes::EMAIL_NOT_ALLOWED.title.to_owned();
            check.fault(&codes::EMAIL_NOT_ALLOWED, Field::Email, email, message);
        }
        (email, _) if !grammar::is_email(email) || damaged::is_damaged_address(email) => {
            not_an_address(check, &codes::EMAIL_SYNTAX, Field::Email, grammar::is_email);
        }
        _ => {}
    }
}

fn not_an_address(check: &mut Check<'_>, code: &'static Code, field: Field, is_right: fn(&str) -> bool) {
    let text = check.cell(field);
    let hint = damaged::address_fix(text, is_right).unwrap_or_else(|| code.fix.to_owned());
    check.fault_with(code, field, text, code.title.to_owned(), hint);
}

fn secondary_email(check: &mut Check<'_>) {
    let email = check.cell(Field::SecondaryEmail);
    if !email.is_empty() && !grammar::is_secondary_email(email) {
        let code = &codes::SECONDARY_EMAIL_SYNTAX;
        not_an_address(check, code, Field::SecondaryEmail, grammar::is_secondary_email);
    }
}

fn mobile(check: &mut Check<'_>) {
    let number = check.cell(Field::Mobile);
    if !number.is_empty()
        && let Err(refusal) = phone::e164(number, check.columns.phone_region)
    {
        not_e164(check, &codes::MOBILE_NOT_E164, Field::Mobile, number, refusal);
    }
}

/// `refusal` is what the numbering plan of `--phone-region` has against the number.
fn not_e164(
    check: &mut Check<'_>,
    code: &'static Code,
    field: Field,
    number: &str,
    refusal: Option<Refusal>,
) {
    let is_scientific = number.contains(['e', 'E']) && number.replace(',', ".").parse::<f64>().is_ok();
    let has_digits = number.bytes().filter(u8::is_ascii_digit).count() > 2;
    let mended = damaged::mended(number);
    let hint = match phone::as_e164(mended.as_deref().unwrap_or(number)) {
        _ if mended.as_deref() == Some("") => "empty the cell, or fill in the number".to_owned(),
        Some(plain) if refusal.is_none() => format!("write `{plain}`"),
        None if is_scientific => {
            "a spreadsheet made it a rounded number: format the column as text and type the number again"
                .to_owned()
        }
        _ => match refusal {
            Some(refusal) => refusal.hint().to_owned(),
            // Of the country nothing is known, and it is not guessed.
            None if has_digits => {
                format!(
                    "{}; `⟦phone-region COUNTRY⟧`, as in DE or US, reads national numbers of a country",
                    code.fix
                )
            }
            None => code.fix.to_owned(),
        },
    };
    check.fault_with(code, field, number, code.title.to_owned(), hint);
}

/// What is wrong with a password; none of it repeats it.
pub fn password_faults(password: &str) -> Vec<&'static str> {
    let mut faults = grammar::password_gaps(password);
    if password.contains(char::is_whitespace) {
        faults.push("it has whitespace in it or around it");
    }
    faults
}

fn password(check: &mut Check<'_>) {
    // As it stands: a password is never trimmed.
    let password = check.columns.cell(check.row, Field::Password);
    let fault = |check: &mut Check<'_>, code: &'static Code, message: String| {
        check.fault(code, Field::Password, Finding::HIDDEN, message);
    };
    if check.is_there {
        // That it is not looked at is said once for the file.
        let clears = about::is_clear(grammar::trimmed(password));
        let code = &codes::CANNOT_BE_CLEARED;
        return if clears {
            fault(check, code, code.title.to_owned())
        };
    }
    match (password.is_empty(), check.rules.identity) {
        (true, IdentityType::ConnectManaged) if !check.rules.generates_passwords => {
            let is_ours = check.columns.headers.iter().any(|header| roster::reason(header).is_some());
            let code = if is_ours { &codes::PASSWORD_BLANKED } else { &codes::PASSWORD_MISSING };
            check.missing(code, Field::Password);
        }
        (true, _) => {}
        (false, IdentityType::ConnectManaged) => {
            let gaps = grammar::password_gaps(password);
            if !gaps.is_empty() {
                fault(
                    check,
                    &codes::PASSWORD_POLICY,
                    format!("the password breaks the policy: {}", gaps.join(", ")),
                );
            }
            if password.contains(char::is_whitespace) {
                fault(check, &codes::PASSWORD_WHITESPACE, codes::PASSWORD_WHITESPACE.title.to_owned());
            }
            if password.contains('…') {
                fault(check, &codes::PASSWORD_ELLIPSIS, codes::PASSWORD_ELLIPSIS.title.to_owned());
            }
            for (code, message) in damaged::of_password(password) {
                fault(check, code, message);
            }
        }
        (false, identity) => {
            fault(check, &codes::PASSWORD_NOT_ALLOWED, format!("a password is not allowed with {identity}"));
        }
    }
}

fn username(check: &mut Check<'_>) {
    let username = check.cell(Field::Username);
    if username.is_empty() {
        return check.missing(&codes::USERNAME_MISSING, Field::Username);
    }
    if check.padded & (1 << Field::Username.index()) != 0 {
        let raw = check.columns.cell(check.row, Field::Username);
        check.fault(&codes::USERNAME_SPACES, Field::Username, raw, codes::USERNAME_SPACES.title.to_owned());
    }
    let most = if check.rules.identity == IdentityType::Saml { 64 } else { 20 };
    if username.len() > most && username.chars().count() > most {
        let (length, identity) = (username.chars().count(), check.rules.identity);
        let message = format!("the username has {length} characters, and {most} is the most with {identity}");
        check.fault(&codes::USERNAME_TOO_LONG, Field::Username, username, message);
    }
    if let Some(stray) = grammar::stray_in_username(username) {
        let stray = shown(stray.encode_utf8(&mut [0; 4]));
        let message = format!("the username has the character `{stray}`, which is not allowed");
        let code = &codes::USERNAME_CHARACTERS;
        let is_right = |name: &str| grammar::stray_in_username(name).is_none();
        let address =
            || damaged::address_fix(username, grammar::is_login_address).filter(|_| username.contains('@'));
        let hint = damaged::fix(username, is_right).or_else(address).unwrap_or_else(|| code.fix.to_owned());
        check.fault_with(code, Field::Username, username, message, hint);
    }
    if memchr::memchr(b'@', username.as_bytes()).is_some() && !grammar::is_login_address(username) {
        let is_saml = check.rules.identity == IdentityType::Saml;
        let code = if is_saml { &codes::USERNAME_AT_SIGN } else { &codes::USERNAME_NOT_EMAIL };
        check.fault(code, Field::Username, username, code.title.to_owned());
    }
    users_there(check, username);
}

fn users_there(check: &mut Check<'_>, username: &str) {
    let users = check.rules.directory.filter(|_| check.rules.compares_users).and_then(|d| d.users.as_ref());
    match users.map_or(Found::Nothing, |users| users.find(username)) {
        Found::Exact(_) if check.is_there => {}
        Found::Exact(_) => {
            let message = codes::USERNAME_EXISTS.title.to_owned();
            check.fault(&codes::USERNAME_EXISTS, Field::Username, username, message);
        }
        Found::Variant(there, _) => {
            let message =
                format!("the instance has a user whose name differs only in case: `{}`", shown(there));
            check.fault(&codes::USERNAME_CASE_VARIANT, Field::Username, username, message);
        }
        Found::Nothing => {}
    }
}

fn directory_user_id(check: &mut Check<'_>) {
    let id = check.cell(Field::DirectoryUserId);
    if !id.is_empty() && check.rules.identity != IdentityType::ExistingDirectory {
        let message = format!("a directory user id is not allowed with {}", check.rules.identity);
        check.fault(&codes::DIRECTORY_USER_ID_NOT_ALLOWED, Field::DirectoryUserId, id, message);
    }
}

fn routing_profile(check: &mut Check<'_>) {
    let reference = check.cell(Field::RoutingProfile);
    if reference.is_empty() {
        return check.missing(&codes::ROUTING_PROFILE_MISSING, Field::RoutingProfile);
    }
    let Some(directory) = check.rules.directory else { return };
    let code = &codes::ROUTING_PROFILE_UNKNOWN;
    let found = directory.routing_profile(reference);
    if let Lookup::Ambiguous(ids) = &found {
        return several(check, code, Field::RoutingProfile, reference, ids);
    }
    if let Lookup::Unknown(meant) = found {
        // With the bar of the security profiles' cell it is several, and the nearest to all of them is none of them.
        if reference.contains('|') {
            let message = format!("{}: `{}`", code.title, shown(reference));
            let hint = "a user has exactly one routing profile: keep one of them".to_owned();
            return check.fault_with(code, Field::RoutingProfile, reference, message, hint);
        }
        unknown(check, code, Field::RoutingProfile, reference, meant);
    }
}

/// Reports a name that the instance does not know, with the one that was probably meant.
fn unknown(check: &mut Check<'_>, code: &'static Code, field: Field, reference: &str, meant: Option<String>) {
    let hint = match undamaged(check, field, reference).or(meant) {
        Some(meant) => format!("did you mean `{}`?", shown(&meant)),
        None => match those_there(check, field) {
            Some(there) => format!("{}; it has {there}", code.fix),
            None => code.fix.to_owned(),
        },
    };
    check.fault_with(code, field, reference, format!("{}: `{}`", code.title, shown(reference)), hint);
}

/// The names that the instance has of this kind, for whoever named none that is near one: the first of them, and how many
/// more.
fn those_there(check: &Check<'_>, field: Field) -> Option<String> {
    const MOST: usize = 10;
    let directory = check.rules.directory?;
    let (names, all): (Vec<String>, usize) = match field {
        Field::RoutingProfile => {
            let names = directory.routing_profiles.iter();
            (names.take(MOST).map(|(name, _)| name.to_owned()).collect(), directory.routing_profiles.len())
        }
        Field::SecurityProfiles => {
            let names = directory.security_profiles.iter();
            (names.take(MOST).map(|(name, _)| name.to_owned()).collect(), directory.security_profiles.len())
        }
        Field::Hierarchy => {
            let paths = directory.hierarchy.iter();
            (paths.take(MOST).map(|group| group.path.join("|")).collect(), directory.hierarchy.len())
        }
        _ => return None,
    };
    if names.is_empty() {
        return None;
    }
    let named: Vec<String> = names.iter().map(|name| format!("`{}`", shown(name))).collect();
    let more = all - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(named.join(", ") + &more)
}

/// The name that the instance has, or the nearest to it, of a name that was damaged before it came.
fn undamaged(check: &Check<'_>, field: Field, reference: &str) -> Option<String> {
    let mended = damaged::mended(reference)?;
    let directory = check.rules.directory?;
    let found = match field {
        Field::RoutingProfile => directory.routing_profile(&mended),
        Field::SecurityProfiles => directory.security_profile(&mended),
        Field::Hierarchy => directory.hierarchy_group(grammar::list(&mended)),
        _ => return None,
    };
    match found {
        Lookup::Found(_) => Some(mended),
        Lookup::Unknown(meant) => meant,
        Lookup::Ambiguous(_) => None,
    }
}

/// Reports a name that several of the instance's have: which is meant, nobody but who wrote it can say.
fn several(check: &mut Check<'_>, code: &'static Code, field: Field, reference: &str, ids: &[String]) {
    const MOST: usize = 5;
    let ids: Vec<String> = ids.iter().take(MOST).map(|id| format!("`{}`", shown(id))).collect();
    let message = format!("`{}` is the name of several on the instance", shown(reference));
    check.fault_with(
        code,
        field,
        reference,
        message,
        format!("give an id in its place: {}", ids.join(" or ")),
    );
}

fn security_profiles(check: &mut Check<'_>) {
    const MOST: usize = 10;
    let field = Field::SecurityProfiles;
    let cell = check.cell(field);
    if cell.is_empty() {
        return check.missing(&codes::SECURITY_PROFILES_MISSING, field);
    }
    if check.rules.knows_no_names() {
        other_separator(check, field, separators::names(cell));
    }
    if !cell.contains('|') && check.rules.directory.is_none() {
        return; // one name, and nothing to compare it with
    }
    let profiles = grammar::list(cell);
    if profiles.clone().any(str::is_empty) {
        check.fault(
            &codes::SECURITY_PROFILE_EMPTY,
            field,
            cell,
            codes::SECURITY_PROFILE_EMPTY.title.to_owned(),
        );
    }
    let count = profiles.clone().filter(|name| !name.is_empty()).count();
    if count > MOST {
        let message = format!("there are {count} security profiles, and {MOST} is the most");
        return check.fault(&codes::SECURITY_PROFILES_TOO_MANY, field, cell, message);
    }
    for (place, name) in profiles.clone().enumerate().filter(|(_, name)| !name.is_empty()) {
        let is_same = |other: &str| is_same_security_profile(other, name, check.rules.directory);
        if is_second(profiles.clone().take(place), is_same) {
            let message = format!("`{}` is named twice", shown(name));
            check.fault(&codes::SECURITY_PROFILE_REPEATED, field, cell, message);
        }
        let code = &codes::SECURITY_PROFILE_UNKNOWN;
        match check.rules.directory.map(|directory| directory.security_profile(name)) {
            Some(Lookup::Unknown(meant)) => match several_profiles(check, name) {
                Some(hint) => {
                    let message = format!("{}: `{}`", code.title, shown(name));
                    check.fault_with(code, field, name, message, hint);
                }
                None => unknown(check, code, field, name, meant),
            },
            Some(Lookup::Ambiguous(ids)) => several(check, code, field, name, &ids),
            Some(Lookup::Found(_)) | None => {}
        }
    }
}

/// Warns of a cell that is several names in another importer's grammar, where nobody knows the names: one name it may be
/// too.
fn other_separator(check: &mut Check<'_>, field: Field, parts: Option<Vec<&str>>) {
    let Some(parts) = parts else { return };
    let code = &codes::OTHER_SEPARATOR;
    let cell = check.cell(field);
    let message = format!("the {} is read as one name: `{}`", name_of(field), shown(cell));
    let hint = match parts.as_slice() {
        [one] => format!("write `{}`", shown(one)),
        several => {
            let what = if field == Field::Hierarchy { "levels" } else { "names" };
            format!("if these are {} {what}, write `{}`", several.len(), shown(&several.join("|")))
        }
    };
    check.fault_with(code, field, cell, message, hint);
}

/// What to write in place of a name that is none of the instance's, where it is a list of such in another importer's
/// grammar. Never one of the several: who took it up would lose the others.
fn several_profiles(check: &Check<'_>, name: &str) -> Option<String> {
    let directory = check.rules.directory?;
    let find = |part: &str| match directory.security_profile(part) {
        Lookup::Found(_) => Ok(part.to_owned()),
        Lookup::Unknown(Some(meant)) => Ok(meant),
        Lookup::Unknown(None) | Lookup::Ambiguous(_) => Err(part.to_owned()),
    };
    let each = |parts: Vec<&str>| parts.into_iter().map(find).collect::<Result<Vec<_>, _>>();
    let listed = separators::names(name).map(each);
    // With a sign that stands in names more often, only where all of it fits.
    let slashed = || separators::names_with_slashes(name).map(each).filter(Result::is_ok);
    Some(match listed.or_else(slashed)? {
        Ok(names) => format!("did you mean `{}`?", shown(&names.join("|"))),
        Err(part) => format!(
            "write the names with `|` between them, as in `Agent|QualityAnalyst`; the instance has none called `{}`",
            shown(&part)
        ),
    })
}

/// Whether exactly one of those before is the same: what is there thrice is said once.
fn is_second<T>(before: impl Iterator<Item = T>, is_same: impl Fn(T) -> bool) -> bool {
    before.filter_map(|other| is_same(other).then_some(())).take(2).count() == 1
}

/// Whether two names, ids or ARNs are one profile, as far as that is known.
pub(super) fn is_same_security_profile(a: &str, b: &str, directory: Option<&Directory>) -> bool {
    if a == b {
        return true;
    }
    let Some(directory) = directory.filter(|_| !a.is_empty()) else { return false };
    match (directory.security_profile(a), directory.security_profile(b)) {
        (Lookup::Found(a), Lookup::Found(b)) => a == b,
        _ => false,
    }
}

fn hierarchy(check: &mut Check<'_>) {
    const DEEPEST: usize = 5;
    let field = Field::Hierarchy;
    let cell = check.cell(field);
    if cell.is_empty() {
        return;
    }
    if check.rules.knows_no_names() {
        other_separator(check, field, separators::levels(cell));
    }
    if check.rules.directory.is_none() && grammar::is_plain_path(cell) {
        return;
    }
    let levels = grammar::list(cell);
    let depth = levels.clone().count();
    let has_gap = levels.clone().any(str::is_empty);
    if depth > DEEPEST {
        let message = format!("the hierarchy path has {depth} levels, and {DEEPEST} is the most");
        check.fault(&codes::HIERARCHY_TOO_DEEP, field, cell, message);
    }
    if has_gap {
        check.fault(
            &codes::HIERARCHY_LEVEL_EMPTY,
            field,
            cell,
            codes::HIERARCHY_LEVEL_EMPTY.title.to_owned(),
        );
    }
    let Some(directory) = check.rules.directory.filter(|_| depth <= DEEPEST && !has_gap) else { return };
    match directory.hierarchy_group(levels) {
        Lookup::Found(_) => {}
        Lookup::Unknown(meant) => {
            let rewritten = separators::levels(cell).map(|levels| levels.join("|"));
            unknown(check, &codes::HIERARCHY_UNKNOWN, field, cell, meant.or(rewritten));
        }
        Lookup::Ambiguous(paths) => {
            const MOST: usize = 5;
            let more = if paths.len() > MOST { " or another" } else { "" };
            let paths: Vec<String> =
                paths.iter().take(MOST).map(|path| format!("`{}`", shown(path))).collect();
            let message = format!("`{}` may be {}{more}", shown(cell), paths.join(" or "));
            check.fault(&codes::HIERARCHY_AMBIGUOUS, field, cell, message);
        }
    }
}

fn phone(check: &mut Check<'_>) {
    phone_of(check, (Field::PhoneType, Field::PhoneNumber), &codes::PHONE_TYPE_MISSING);
}

/// As the older member, but that the model has no number without a type.
fn voice_phone(check: &mut Check<'_>) {
    phone_of(check, (Field::PhoneTypeVoice, Field::PhoneNumberVoice), &codes::PHONE_TYPE_VOICE_MISSING);
}

fn phone_of(check: &mut Check<'_>, (of_type, of_number): (Field, Field), type_missing: &'static Code) {
    let (word, number) = (check.cell(of_type), check.cell(of_number));
    let phone_type = grammar::phone_type(word);
    let refused = match phone::e164(number, check.columns.phone_region) {
        Err(refusal) if !number.is_empty() => Some(refusal),
        _ => None,
    };
    if !word.is_empty() && phone_type.is_none() {
        let message = codes::PHONE_TYPE_UNKNOWN.title.to_owned();
        check
            .fault_mended(&codes::PHONE_TYPE_UNKNOWN, of_type, message, |w| grammar::phone_type(w).is_some());
    }
    match (phone_type, refused) {
        (Some(PhoneType::Desk), None) if number.is_empty() && !check.may_be_there(of_number) => {
            desk_phone_number_missing(check, of_type, of_number);
        }
        (Some(PhoneType::Soft), Some(refusal)) => {
            not_e164(check, &codes::PHONE_NUMBER_NOT_SENT, of_number, number, refusal);
        }
        (_, Some(refusal)) => {
            not_e164(check, &codes::PHONE_NUMBER_NOT_E164, of_number, number, refusal);
        }
        (None, None) if word.is_empty() && !number.is_empty() && !check.may_be_there(of_type) => {
            check.fault(type_missing, of_number, number, type_missing.title.to_owned());
        }
        _ => {}
    }
    for field in [Field::AutoAccept, Field::AutoAcceptVoice] {
        let auto_accept = check.cell(field);
        if phone_type == Some(PhoneType::Desk) && grammar::yes_or_no(auto_accept) == Some(true) {
            let message = codes::AUTO_ACCEPT_DESK_PHONE.title.to_owned();
            check.fault(&codes::AUTO_ACCEPT_DESK_PHONE, field, auto_accept, message);
        }
    }
}

/// The number may be missing with its whole column, which no other row may need: then the phone type is the culprit.
fn desk_phone_number_missing(check: &mut Check<'_>, of_type: Field, of_number: Field) {
    let code = &codes::DESK_PHONE_NUMBER_MISSING;
    if check.columns.has(of_number) && !check.is_there {
        return check.missing(code, of_number);
    }
    let word = check.cell(of_type);
    check.fault(code, of_type, word, code.title.to_owned());
}

fn after_contact_work(check: &mut Check<'_>) {
    /// The most that the service keeps to for chats, in seconds.
    const CHAT: u32 = 5400;
    for field in Field::SECONDS {
        let seconds = check.cell(field);
        if seconds.is_empty() {
            continue;
        }
        match grammar::seconds(seconds) {
            Some(limit) if limit > grammar::AFTER_CONTACT_WORK_MAX => {
                let message = codes::AFTER_CONTACT_WORK.title.to_owned();
                check.fault(&codes::AFTER_CONTACT_WORK, field, seconds, message);
            }
            None => {
                let message = codes::AFTER_CONTACT_WORK.title.to_owned();
                let is_right = |cell: &str| grammar::seconds(cell).is_some();
                check.fault_mended(&codes::AFTER_CONTACT_WORK, field, message, is_right);
                // No request can say what is no number, whatever is let through.
                if let Some(finding) = check.findings.last_mut() {
                    finding.severity = codes::AFTER_CONTACT_WORK.severity;
                }
            }
            Some(limit) if is_of_chats(field) && limit > CHAT => {
                let message = codes::CHAT_AFTER_CONTACT_WORK_CUT.title.to_owned();
                check.fault(&codes::CHAT_AFTER_CONTACT_WORK_CUT, field, seconds, message);
            }
            Some(_) => {}
        }
    }
}

/// Whether a setting is one of chats, be it that it is one of all channels.
fn is_of_chats(field: Field) -> bool {
    matches!(field, Field::AfterContactWorkChat | Field::AfterContactWork)
}

/// Of two members that exclude each other a row may fill in one: a finding for each that it fills in besides the older.
fn one_family(check: &mut Check<'_>) {
    const BITS: [(u32, u32); Field::FAMILIES.len()] = {
        let (mut bits, mut at) = ([(0, 0); Field::FAMILIES.len()], 0);
        while at < bits.len() {
            let (older, newer) = Field::FAMILIES[at];
            bits[at] = (Field::bits_of(older), Field::bits_of(newer));
            at += 1;
        }
        bits
    };
    // To take away what is another setting now would be to take the other away.
    let (filled, named) = (check.filled, check.filled | check.cleared);
    let is_of_two = |(older, newer): &(u32, u32)| {
        named & older != 0 && named & newer != 0 && filled & (older | newer) != 0
    };
    if !BITS.iter().any(is_of_two) {
        return;
    }
    for (older, newer) in Field::FAMILIES {
        if !is_of_two(&(Field::bits_of(older), Field::bits_of(newer))) {
            continue;
        }
        let named =
            |fields: &[Field]| fields.iter().copied().find(|&field| named & (1 << field.index()) != 0);
        let (Some(one), Some(other)) = (named(older), named(newer)) else { continue };
        let header = |field| column_of(check.row, check.columns, field).unwrap_or_default();
        let message = format!(
            "`{}` and `{}` are both filled in, and the service takes one of them",
            shown(header(one).trim()),
            shown(header(other).trim())
        );
        check.fault(&codes::SETTINGS_CONFLICT, other, check.cell(other), message);
    }
}

fn agent_first_callback(check: &mut Check<'_>) {
    for (callback, voice) in [
        (Field::AutoAcceptCallback, Field::AutoAcceptVoice),
        (Field::AfterContactWorkCallback, Field::AfterContactWorkVoice),
    ] {
        let cell = check.cell(callback);
        if !cell.is_empty() && check.cell(voice).is_empty() && !check.may_be_there(voice) {
            let message = format!("the {} needs the {} as well", name_of(callback), name_of(voice));
            check.fault(&codes::AGENT_FIRST_CALLBACK_ALONE, callback, cell, message);
        }
    }
}

fn yes_or_no(check: &mut Check<'_>) {
    for field in Field::YES_NO {
        let cell = check.cell(field);
        if !cell.is_empty() && grammar::yes_or_no(cell).is_none() {
            let code = &codes::NOT_YES_OR_NO;
            let hint = damaged::fix(cell, |c| grammar::yes_or_no(c).is_some()).unwrap_or_else(|| {
                let table = format!("[values.\"{}\"]", field.name());
                let word = cell.replace(['\\', '"'], "");
                format!("{}; a whole column is translated in a file for `⟦column-map⟧`: under `{table}`, `\"{}\" = \"yes\"`", code.fix, shown(&word))
            });
            check.fault_with(code, field, cell, code.title.to_owned(), hint);
        }
    }
}

fn voice_enhancement(check: &mut Check<'_>) {
    let cell = check.cell(Field::VoiceEnhancement);
    if !cell.is_empty() && grammar::voice_enhancement(cell).is_none() {
        let message = codes::AUDIO_ENHANCEMENT_UNKNOWN.title.to_owned();
        let is_right = |cell: &str| grammar::voice_enhancement(cell).is_some();
        check.fault_mended(&codes::AUDIO_ENHANCEMENT_UNKNOWN, Field::VoiceEnhancement, message, is_right);
    }
}

/// How many tags the service takes.
const TAGS_MOST: usize = 50;

fn tags(check: &mut Check<'_>) {
    let field = Field::Tags;
    let cell = check.cell(field);
    let has_room = check.rules.tag_room >= grammar::FEW_TAGS;
    if cell.is_empty() || (has_room && grammar::are_plain_tags(cell)) {
        return;
    }
    let tags = grammar::tags(cell);
    let count = tags.clone().count();
    if count > check.rules.tag_room {
        let own_place = count == TAGS_MOST;
        let code = if own_place { &codes::TAG_ROOM } else { &codes::TAGS_TOO_MANY };
        let message = match own_place {
            true => code.title.to_owned(),
            false => format!("there are {count} tags, and {} is the most", check.rules.tag_room),
        };
        check.fault(code, field, cell, message);
        if !own_place {
            return; // of hundreds of tags each fault by itself helps nobody
        }
    }
    for (place, tag) in tags.clone().enumerate() {
        match tag {
            Err(piece) => {
                let message = format!("`{}` is not written as key|value", shown(piece));
                let code = &codes::TAG_SYNTAX;
                let rewritten = separators::tags(cell).map(|tags| format!("write `{}`", shown(&tags)));
                check.fault_with(
                    code,
                    field,
                    cell,
                    message,
                    rewritten.unwrap_or_else(|| code.fix.to_owned()),
                );
            }
            Ok((key, value)) => {
                one_tag(check, cell, key, value);
                if is_second(tags.clone().take(place).flatten(), |(other, _)| other == key) {
                    let message = format!("the key `{}` is there twice", shown(key));
                    check.fault(&codes::TAG_REPEATED, field, cell, message);
                }
            }
        }
    }
}

fn one_tag(check: &mut Check<'_>, cell: &str, key: &str, value: &str) {
    let mut fault = |code: &'static Code, message: String| check.fault(code, Field::Tags, cell, message);
    let length = key.chars().count();
    if !(1..=128).contains(&length) {
        fault(
            &codes::TAG_KEY_LENGTH,
            format!("a tag's key has {length} characters, and 1 to 128 are allowed"),
        );
    }
    if let Some(stray) = key.chars().find(|&c| !grammar::is_tag_key_character(c)) {
        let stray = shown(stray.encode_utf8(&mut [0; 4]));
        fault(
            &codes::TAG_KEY_CHARACTERS,
            format!("the tag key `{}` has a character that is not allowed: `{stray}`", shown(key)),
        );
    }
    if key.starts_with("aws:") {
        fault(&codes::TAG_KEY_AWS, format!("the key `{}` begins with `aws:`", shown(key)));
    }
    if key == agent::PROVENANCE {
        fault(&codes::TAG_KEY_RESERVED, codes::TAG_KEY_RESERVED.title.to_owned());
    }
    let length = value.chars().count();
    if length > 256 {
        fault(
            &codes::TAG_VALUE_TOO_LONG,
            format!("the value of the tag `{}` has {length} characters, and 256 is the most", shown(key)),
        );
    }
}

fn proficiencies(check: &mut Check<'_>) {
    /// How many an agent has unless the account's quota was raised.
    const DEFAULT: f64 = 10.0;
    let field = Field::Proficiencies;
    let cell = check.cell(field);
    if cell.is_empty() {
        return;
    }
    let all = grammar::proficiencies(cell);
    let count = all.clone().count();
    let applied = check.rules.directory.and_then(|directory| directory.quotas.proficiencies_per_agent);
    let most = applied.unwrap_or(DEFAULT);
    if count as f64 > most {
        let code = if applied.is_some() {
            &codes::PROFICIENCIES_TOO_MANY
        } else {
            &codes::PROFICIENCIES_ABOVE_DEFAULT
        };
        check.fault(code, field, cell, format!("there are {count} proficiencies, and {most} is the most"));
    }
    for (place, found) in all.clone().enumerate() {
        let found = match found {
            Ok(found) => found,
            Err(piece) => {
                let message = format!("`{}` is not written as attribute:value:level", shown(piece));
                check.fault(&codes::PROFICIENCY_SYNTAX, field, cell, message);
                continue;
            }
        };
        one_proficiency(check, cell, found);
        let same = |other: grammar::ProficiencyCell<'_>| {
            (other.attribute, other.value) == (found.attribute, found.value)
        };
        if is_second(all.clone().take(place).flatten(), same) {
            let message = format!("`{}:{}` is there twice", shown(found.attribute), shown(found.value));
            check.fault(&codes::PROFICIENCY_REPEATED, field, cell, message);
        }
    }
}

fn one_proficiency(check: &mut Check<'_>, cell: &str, found: grammar::ProficiencyCell<'_>) {
    let field = Field::Proficiencies;
    let mut is_named = true;
    for (what, name) in [("attribute", found.attribute), ("value", found.value)] {
        let length = name.chars().count();
        if !(1..=100).contains(&length) {
            let message = format!("a proficiency's {what} has {length} characters, and 1 to 100 are allowed");
            check.fault(&codes::PROFICIENCY_NAME_LENGTH, field, cell, message);
            is_named = false;
        }
    }
    if found.level().is_none() {
        let message =
            format!("the level of a proficiency is none of 1, 2, 3, 4 and 5: `{}`", shown(found.level));
        check.fault(&codes::PROFICIENCY_LEVEL, field, cell, message);
    }
    let known = check.rules.directory.and_then(|directory| directory.predefined_attributes.as_ref());
    let Some(known) = known.filter(|_| is_named) else { return };
    match known.find(found.attribute, found.value) {
        Predefined::Known => {}
        Predefined::NoAttribute(meant) => {
            unknown(check, &codes::PROFICIENCY_ATTRIBUTE_UNKNOWN, field, found.attribute, meant);
        }
        Predefined::NoValue(meant) => {
            unknown(check, &codes::PROFICIENCY_VALUE_UNKNOWN, field, found.value, meant);
        }
    }
}
