//! One pass over a roster: every row by itself, and what only all rows together show.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use super::conveyor::{self, Handed, Taker};
use super::grammar::trimmed;
use super::leavers::Watch;
use super::names::NamesUsed;
use super::people::People;
use super::rules::{RowCheck, check_columns, column_of, no_passwords};
use super::tally::Tally;
use super::{About, CleanRows, Rules, agents, logins};
use crate::agent::{Agent, Fingerprint, IdentityType};
use crate::directory::{FoldedHash, FoldedMap, Found};
use crate::error::Failure;
use crate::finding::codes::{self, Code};
use crate::finding::{Finding, LeftOut, Logins, Severity};
use crate::roster::{Columns, Field, Roster, Row};
use crate::text::{self, shown};

/// What a roster turned out to be.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The identity type whose rules were applied.
    pub(crate) identity: IdentityType,
    /// How many rows there are, the header and blank rows not counted.
    pub rows: u64,
    /// How many rows have errors; all of them where the file itself has one.
    pub invalid_rows: u64,
    /// How many errors there are.
    pub errors: u64,
    /// How many warnings there are.
    pub(crate) warnings: u64,
    /// How many of the errors are of the file as a whole: these stop every row.
    pub(crate) file_errors: u64,
    /// The findings in the order of the file, those of the file as a whole first: the first [`Pass::KEPT`], and of what is
    /// further down the first [`Pass::EXAMPLES`] of each kind. [`each_row`] has all of them.
    pub findings: Vec<Finding>,
    /// All findings, counted by kind.
    pub(crate) tally: Tally,
    /// The columns with spaces around a cell, and in how many rows: said once for each column.
    pub(crate) spaces: Vec<(Option<String>, u64)>,
    /// How many findings were counted and not kept.
    pub(crate) not_kept: u64,
    /// What the rows name of the instance; gathered by [`check_with_fingerprints`] alone.
    pub(crate) names: NamesUsed,
    /// The rows that the column map leaves out, by rule; they are none of `rows`.
    pub(crate) left_out: Vec<LeftOut>,
    /// Where the logins come from; `None` where no template makes any.
    pub(crate) logins: Option<Logins>,
    /// Who is in the roster, where it was checked to be mended.
    pub(crate) who: Option<Arc<Who>>,
}

/// Who is in a roster, by username and by what tells people apart.
pub(crate) struct Who {
    usernames: FoldedMap<u64>,
    people: People,
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Who({} usernames)", self.usernames.len())
    }
}

impl Who {
    /// The first row that has exactly this username.
    pub(crate) fn first(&self, username: &str) -> Option<u64> {
        match self.usernames.find(username) {
            Found::Exact(row) => Some(*row),
            Found::Variant(..) | Found::Nothing => None,
        }
    }

    /// Whether a row has this username, in whatever case.
    pub(super) fn has(&self, username: &str) -> bool {
        !matches!(self.usernames.find(username), Found::Nothing)
    }

    /// The first row of the person whom a row is about, by its names and what only one person has.
    pub(super) fn same(&self, row: &Row, columns: &Columns, username: &str) -> Option<u64> {
        self.people.find(row, columns, username)
    }
}

impl Checked {
    /// Whether the whole roster can be sent.
    pub fn is_clean(&self) -> bool {
        self.errors == 0
    }
}

/// One row after its check, lent while the pass goes on. No `Debug`: its cells may hold a password.
pub struct CheckedRow<'p> {
    /// The row's number as the spreadsheet shows it.
    pub(crate) number: u64,
    /// The exact username without the spaces around it; empty where there is none.
    pub(crate) username: &'p str,
    /// Whether the row cannot be sent, be it for the sake of the whole file.
    pub(crate) has_errors: bool,
    /// The first of its errors, those of the file as a whole before its own.
    pub(crate) first_error: Option<&'p Finding>,
    /// The row as it was read.
    pub(crate) row: &'p Row,
    /// What is wrong with it.
    pub(crate) findings: &'p [Finding],
    /// Whether the rules had nothing to say of it by itself, whatever is said of it beside others.
    pub(crate) is_clean: bool,
    fingerprint: Option<Fingerprint>,
    columns: &'p Columns,
    rules: &'p Rules<'p>,
}

impl CheckedRow<'_> {
    /// Builds the row's agent; `None` where the row has errors.
    pub fn agent(&self) -> Option<Agent> {
        if self.has_errors { None } else { agents::build(self.row, self.columns, self.rules) }
    }

    /// The fingerprint of the row's agent; `None` where the row has errors. [`check_with_fingerprints`] has it ready.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        if self.has_errors {
            return None;
        }
        self.fingerprint.or_else(|| self.agent().map(|agent| agents::fingerprint(&agent)))
    }

    /// The fingerprint of what the row asks for, which covers no secret cell, where only such cells have errors.
    pub(crate) fn fingerprint_but_for_secrets(&self) -> Option<Fingerprint> {
        let is_secret = |finding: &Finding| finding.code.starts_with("password-");
        let mut errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        // An error of the file as a whole is none of the row's.
        let is_own = self.findings.iter().any(|finding| Some(finding) == self.first_error);
        if !is_own || !errors.all(is_secret) {
            return None;
        }
        // As where passwords are made: then no row needs one.
        let rules = Rules { generates_passwords: true, ..*self.rules };
        agents::build(self.row, self.columns, &rules).map(|agent| agents::fingerprint(&agent))
    }
}

/// What is done with a row as it goes by; a failure ends the pass, and is what the pass fails with.
type OnRow<'o> = dyn FnMut(CheckedRow<'_>) -> Result<(), Failure> + 'o;

/// Checks a whole roster in one pass, and lends every row to `on_row` as it goes by, in the file's order and on this
/// thread; other threads read and check. Memory grows with the usernames only (some 60 bytes each) and with the findings
/// up to [`Pass::KEPT`].
pub fn check(
    roster: &Roster,
    rules: &Rules<'_>,
    on_row: &mut dyn FnMut(CheckedRow<'_>),
) -> Result<Checked, Failure> {
    let mut on_row = |row: CheckedRow<'_>| {
        on_row(row);
        Ok(())
    };
    run(roster, rules, &CleanRows::default(), false, &mut on_row)
}

/// The same, as long as it may go on: a failure of `go_on`, which is asked every few hundred rows, ends it.
pub(crate) fn check_while(
    roster: &Roster,
    rules: &Rules<'_>,
    go_on: &dyn Fn() -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    let mut seen = 0_u64;
    run(roster, rules, &CleanRows::default(), false, &mut |_| {
        seen += 1;
        if seen.is_multiple_of(Pass::GLANCE) { go_on() } else { Ok(()) }
    })
}

/// The same, where `on_row` may end it. Rows that are known to be clean by themselves are not looked at by the rules once
/// more, but beside all others. They must be as they were, and so must the rules and the columns.
pub(crate) fn check_changed_rows(
    roster: &Roster,
    rules: &Rules<'_>,
    clean: &CleanRows,
    on_row: &mut dyn FnMut(CheckedRow<'_>) -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    run(roster, rules, clean, false, on_row)
}

/// The same for an import: with the fingerprint of every row, and what all of them name of the instance, by the threads that
/// check. `on_row` may end it.
pub fn check_with_fingerprints(
    roster: &Roster,
    rules: &Rules<'_>,
    on_row: &mut dyn FnMut(CheckedRow<'_>) -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    run(roster, rules, &CleanRows::default(), true, on_row)
}

fn run(
    roster: &Roster,
    rules: &Rules<'_>,
    clean: &CleanRows,
    for_import: bool,
    on_row: &mut OnRow<'_>,
) -> Result<Checked, Failure> {
    let mut pass = Pass::new(roster.columns(), rules, roster.findings());
    let hasher = pass.usernames.hasher();
    let taker = &mut Handing { pass: &mut pass, on_row };
    let seen = conveyor::run(roster, rules, clean, for_import, &hasher, taker)?;
    pass.watch = seen.watch;
    Ok(Checked { names: seen.names, ..pass.finish() })
}

/// Who is given each row with all of its findings.
pub(crate) type TakeRow<'t, E> = dyn FnMut(&Row, &[Finding]) -> Result<(), E> + 't;

/// Goes over all rows once more, each with all of its findings, in the file's order: with those that were kept, and where
/// there were too many, with those of another check, by the same rules. So memory is what it was for one check. What
/// `take` fails with ends it.
///
/// # Errors
/// What `take` fails with, or the reading of the roster.
pub(crate) fn each_row<E: From<Failure>>(
    roster: &Roster,
    rules: &Rules<'_>,
    checked: &Checked,
    take: &mut TakeRow<'_, E>,
) -> Result<(), E> {
    if checked.not_kept == 0 {
        return each_kept(roster, checked, take);
    }
    let (mut ended, mut told, mut mended) = (None, Vec::new(), Vec::new());
    let gone = run(roster, rules, &CleanRows::default(), false, &mut |row| {
        let mut findings = row.findings;
        // The first check knows how far the spaces go.
        if findings.iter().any(|finding| finding.code == codes::STRAY_SPACES.id) {
            mended.clear();
            mended.extend_from_slice(findings);
            mended.iter_mut().for_each(|finding| tell_spaces(finding, &checked.spaces, &mut told));
            findings = &mended;
        }
        take(row.row, findings).map_err(|error| {
            ended = Some(error);
            Failure::stopped("no more rows are wanted")
        })
    });
    match ended {
        Some(error) => Err(error),
        None => Ok(gone.map(drop)?),
    }
}

fn each_kept<E: From<Failure>>(
    roster: &Roster,
    checked: &Checked,
    take: &mut TakeRow<'_, E>,
) -> Result<(), E> {
    let findings = &checked.findings;
    let mut rest = &findings[findings.partition_point(|finding| finding.row.is_none())..];
    let (mut rows, mut row) = (roster.all_rows()?, Row::default());
    while rows.read(&mut row)? {
        let of_row = rest.partition_point(|finding| finding.row <= Some(row.number));
        let (now, later) = rest.split_at(of_row);
        rest = later;
        take(&row, now)?;
    }
    Ok(())
}

/// Says at the first cell of a column with spaces how many rows further down have them. `told` are the columns done.
fn tell_spaces(finding: &mut Finding, spaces: &[(Option<String>, u64)], told: &mut Vec<Option<String>>) {
    if finding.code != codes::STRAY_SPACES.id || told.contains(&finding.column) {
        return;
    }
    told.push(finding.column.clone());
    let rows = spaces.iter().find(|(column, _)| *column == finding.column).map_or(1, |(_, rows)| *rows);
    if rows > 1 {
        let _ = write!(finding.message, ", here and in {} rows below", rows - 1);
    }
}

/// A pass that rows are handed to.
struct Handing<'p, 'r> {
    pass: &'p mut Pass<'r>,
    on_row: &'p mut OnRow<'p>,
}

impl Taker for Handing<'_, '_> {
    fn expect(&mut self, hashes: &mut dyn Iterator<Item = FoldedHash>) {
        self.pass.usernames.look_ahead(hashes);
    }

    fn take(&mut self, handed: Handed<'_>, findings: &mut Vec<Finding>) -> Result<(), Failure> {
        self.pass.of_row.append(findings);
        let mut goes_on = Ok(());
        self.pass.take(handed, &mut |row| goes_on = (self.on_row)(row));
        goes_on
    }

    fn note(&mut self, finding: Finding) {
        self.pass.note(finding);
    }

    fn left_out(&mut self, left_out: Vec<LeftOut>) {
        self.pass.checked.left_out = left_out;
    }
}

/// The pass itself, without the file: rows go in, and the result comes out.
pub struct Pass<'r> {
    check: RowCheck<'r>,
    columns: &'r Columns,
    rules: &'r Rules<'r>,
    usernames: FoldedMap<u64>,
    passwords: Passwords,
    people: People,
    checked: Checked,
    /// The first error of the file as a whole.
    file_error: Option<Finding>,
    /// What is said where there is no column of passwords, and the first row that needs one; 0 is none so far.
    no_passwords: Option<(Finding, u64)>,
    /// The findings of the row at hand.
    of_row: Vec<Finding>,
    /// What is seen of columns that nothing is read of.
    watch: Watch,
    /// Of people who are to go, what each row says of who they are, by a hash, under the number of the row.
    identities: HashMap<u64, u64>,
}

impl<'r> Pass<'r> {
    /// After how many rows it is worth looking whether to go on: a look costs as much as a row does.
    pub(crate) const GLANCE: u64 = 256;

    /// How many findings are kept in memory; the others are counted.
    pub(crate) const KEPT: usize = 20_000;

    /// How many of each code and column are kept beyond that, so that each kind is shown.
    pub(crate) const EXAMPLES: u64 = 8;

    /// The longest username that is compared with the others; a longer one is an error by itself.
    const USERNAME_COMPARED: usize = 1024;

    /// Starts with the columns, and with what the reader said of the header.
    pub fn new(columns: &'r Columns, rules: &'r Rules<'r>, of_header: &[Finding]) -> Self {
        let checked = Checked {
            identity: rules.identity,
            rows: 0,
            invalid_rows: 0,
            errors: 0,
            warnings: 0,
            file_errors: 0,
            findings: Vec::new(),
            tally: Tally::default(),
            spaces: Vec::new(),
            not_kept: 0,
            names: NamesUsed::default(),
            left_out: Vec::new(),
            logins: columns.made_login.map(|_| Logins::default()),
            who: None,
        };
        let mut pass = Self {
            check: RowCheck::new(columns, rules),
            columns,
            rules,
            usernames: FoldedMap::default(),
            passwords: Passwords::default(),
            people: People::default(),
            checked,
            file_error: None,
            no_passwords: no_passwords(columns, rules).map(|finding| (finding, 0)),
            of_row: of_header.to_vec(),
            watch: Watch::new(columns),
            identities: HashMap::new(),
        };
        // Of a header of which nothing is known, that is all there is to say.
        if !of_header.iter().any(|finding| finding.code == codes::NO_KNOWN_COLUMN.id) {
            check_columns(columns, rules, &mut pass.of_row);
        }
        pass.file_error = pass.of_row.iter().find(|finding| finding.severity == Severity::Error).cloned();
        pass.checked.file_errors = count(&pass.of_row, Severity::Error);
        pass.keep_findings();
        pass
    }

    /// Checks the next row.
    pub fn row(&mut self, row: &Row, on_row: &mut dyn FnMut(CheckedRow<'_>)) {
        let before = self.of_row.len();
        self.check.check(row, &mut self.of_row);
        let is_clean = self.of_row.len() == before;
        self.watch.see(row);
        let username = trimmed(self.columns.cell(row, Field::Username));
        let hash = self.usernames.hasher().of(username);
        self.take(Handed { row, number: row.number, username, hash, is_clean, fingerprint: None }, on_row);
    }

    /// Takes what is said of a row that was passed over.
    fn note(&mut self, finding: Finding) {
        self.of_row.push(finding);
        self.keep_findings();
    }

    /// Takes the next row, whose own findings are in `of_row` already.
    fn take(&mut self, handed: Handed<'_>, on_row: &mut dyn FnMut(CheckedRow<'_>)) {
        let Handed { row, number, username, is_clean, fingerprint, .. } = handed;
        self.checked.rows += 1;
        if let Some(logins) = &mut self.checked.logins {
            logins::count(logins, row, self.columns, username);
        }
        self.compare_username(&handed);
        // Of two spellings of one username that is said already.
        let of_names = [codes::USERNAME_DUPLICATE.id, codes::USERNAME_CASE_VARIANT.id];
        if !self.of_row.iter().any(|finding| of_names.contains(&finding.code)) {
            let same = self.people.see(row, self.columns, username);
            self.of_row.extend(same);
        }
        let password = self.columns.cell(row, Field::Password);
        if self.rules.about == About::Leaving {
            // Nobody has a use for one.
        } else if !password.is_empty() && self.rules.is_there(username) {
            self.passwords.unused += 1;
        } else if self.rules.identity == IdentityType::ConnectManaged {
            self.passwords.count(password, number);
        }
        self.fold_spaces();
        self.fold_misread();
        let lacks_password = self.no_passwords.is_some() && !self.rules.has_user(username);
        if let Some((_, first @ 0)) = self.no_passwords.as_mut().filter(|_| lacks_password) {
            *first = number;
        }
        let of_passwords = self.no_passwords.as_ref().filter(|_| lacks_password).map(|(finding, _)| finding);
        let own_error = self.of_row.iter().find(|finding| finding.severity == Severity::Error);
        let first_error = self.file_error.as_ref().or(of_passwords).or(own_error);
        if first_error.is_some() {
            self.checked.invalid_rows += 1;
        }
        on_row(CheckedRow {
            number,
            username,
            has_errors: first_error.is_some(),
            first_error,
            row,
            findings: &self.of_row,
            is_clean,
            fingerprint,
            columns: self.columns,
            rules: self.rules,
        });
        self.keep_findings();
    }

    /// Ends the pass.
    pub fn finish(mut self) -> Checked {
        if self.checked.rows == 0 && !self.rules.may_be_empty {
            self.of_row.push(no_rows(&self.checked.left_out));
            self.checked.file_errors += 1;
        }
        if let Some((mut finding, first @ 1..)) = self.no_passwords.take() {
            let _ = write!(finding.message, ": the first of those who are not there is in row {first}");
            self.of_row.push(finding);
            self.checked.file_errors += 1;
        }
        self.of_row.extend(match self.rules.about {
            About::Leaving => {
                let finding = self.watch.finding_of_list(self.columns, self.checked.rows);
                self.checked.file_errors += u64::from(finding.is_some());
                finding
            }
            About::New | About::There | About::Both => self.watch.finding(self.columns),
        });
        if let Some((rows, first)) = self.passwords.shared() {
            let message =
                format!("{rows} rows have one and the same password, the first of them in row {first}");
            let mut finding = of_file(&codes::PASSWORDS_IDENTICAL, message);
            finding.column = self.columns.header(Field::Password).map(str::to_owned);
            finding.value = Some(Finding::HIDDEN.to_owned());
            self.of_row.push(finding);
        }
        if self.passwords.unused > 0 {
            let code = &codes::PASSWORDS_NOT_USED;
            let message = format!("{}: {} with one", code.title, text::count(self.passwords.unused, "row"));
            let column = self.columns.header(Field::Password).map(str::to_owned);
            self.of_row.push(Finding { column, ..of_file(code, message) });
        }
        if !self.checked.spaces.is_empty() {
            let Checked { findings, spaces, .. } = &mut self.checked;
            let mut told = Vec::new();
            findings.iter_mut().for_each(|finding| tell_spaces(finding, spaces, &mut told));
        }
        let of_file_before = self.checked.findings.iter().take_while(|finding| finding.row.is_none()).count();
        let late = std::mem::take(&mut self.of_row);
        late.iter().for_each(|finding| _ = self.checked.tally.add(finding));
        self.checked.errors += count(&late, Severity::Error);
        self.checked.warnings += count(&late, Severity::Warning);
        self.checked.findings.splice(of_file_before..of_file_before, late);
        if self.rules.keeps_who {
            self.checked.who = Some(Arc::new(Who { usernames: self.usernames, people: self.people }));
        }
        self.checked
    }

    fn compare_username(&mut self, handed: &Handed<'_>) {
        let Handed { row, number, username, hash, .. } = *handed;
        if username.is_empty() || username.len() > Self::USERNAME_COMPARED {
            return;
        }
        let found = self.usernames.add_hashed(username, hash, number);
        if self.rules.about == About::Leaving {
            let says = agents::identity(row, self.columns, self.passwords.hasher.build_hasher());
            self.identities.insert(number, says);
            // Somebody twice on a list of leavers goes once.
            if let Found::Exact(first) = found
                && self.identities.get(first) == Some(&says)
            {
                return;
            }
        }
        let (code, message) = match found {
            Found::Nothing => return,
            Found::Exact(first) if self.rules.about == About::Leaving => {
                let message = format!(
                    "row {first} has the same username and says something else of who it is: `{}`",
                    shown(username)
                );
                (&codes::USERNAME_DUPLICATE, message)
            }
            Found::Exact(first) => {
                let message = format!("row {first} has the same username: `{}`", shown(username));
                (&codes::USERNAME_DUPLICATE, message)
            }
            Found::Variant(there, first) => {
                let message =
                    format!("row {first} has a username that differs only in case: `{}`", shown(there));
                (&codes::USERNAME_CASE_VARIANT, message)
            }
        };
        let hint = match self.rules.about {
            About::Leaving if code == &codes::USERNAME_DUPLICATE => {
                "keep the row that is right; two that say the same are one person".to_owned()
            }
            _ => logins::made_fix(code, row, self.columns).unwrap_or_else(|| code.fix.to_owned()),
        };
        self.of_row.push(Finding {
            row: Some(number),
            column: column_of(row, self.columns, Field::Username),
            value: Some(shown(username)),
            hint: Some(hint),
            ..of_file(code, message)
        });
    }

    /// Spaces around cells are said once a column: they may be around each cell of a file, and what is left out anyhow
    /// must not take the place of a fault.
    fn fold_spaces(&mut self) {
        if self.rules.tells_each_space {
            return;
        }
        let spaces = &mut self.checked.spaces;
        self.of_row.retain(|finding| {
            if finding.code != codes::STRAY_SPACES.id {
                return true;
            }
            let known = spaces.iter_mut().find(|(column, _)| *column == finding.column);
            let is_first = known.is_none();
            match known {
                Some((_, rows)) => *rows += 1,
                None => spaces.push((finding.column.clone(), 1)),
            }
            is_first
        });
    }

    /// Where all of the file may have been read in the wrong encoding, that is said once, and not of each name.
    fn fold_misread(&mut self) {
        if self.file_error.as_ref().is_some_and(|finding| finding.code == codes::ENCODING_UNCLEAR.id) {
            self.of_row.retain(|finding| finding.code != codes::MISREAD_TEXT.id);
        }
    }

    fn keep_findings(&mut self) {
        if self.of_row.is_empty() {
            return;
        }
        self.checked.errors += count(&self.of_row, Severity::Error);
        self.checked.warnings += count(&self.of_row, Severity::Warning);
        let Checked { findings, tally, not_kept, .. } = &mut self.checked;
        tally.end_row(&self.of_row);
        for finding in self.of_row.drain(..) {
            let of_kind = tally.add(&finding);
            if findings.len() < Self::KEPT || of_kind <= Self::EXAMPLES {
                findings.push(finding);
            } else {
                *not_kept += 1;
            }
        }
    }
}

fn of_file(code: &'static Code, message: String) -> Finding {
    Finding {
        code: code.id,
        severity: code.severity,
        row: None,
        column: None,
        value: None,
        message,
        hint: Some(code.fix.to_owned()),
    }
}

fn no_rows(left_out: &[LeftOut]) -> Finding {
    let rows = LeftOut::all(left_out);
    if rows == 0 {
        return of_file(&codes::NO_ROWS, codes::NO_ROWS.title.to_owned());
    }
    let whats: Vec<&str> =
        left_out.iter().filter(|left_out| left_out.rows > 0).map(|left_out| left_out.what.as_str()).collect();
    let message = format!("the column map leaves out every row there is ({rows}): {}", whats.join("; "));
    let hint = "compare the words of `[only]` and `[skip]` with those of the roster".to_owned();
    Finding { hint: Some(hint), ..of_file(&codes::NO_ROWS, message) }
}

fn count(findings: &[Finding], severity: Severity) -> u64 {
    findings.iter().filter(|finding| finding.severity == severity).count() as u64
}

/// Counts equal passwords by a hash that is keyed anew in every process and leaves it in no form.
#[derive(Default)]
struct Passwords {
    hasher: RandomState,
    seen: HashMap<u64, (u64, u64)>,
    rows: u64,
    /// How many rows have one that nobody will have.
    unused: u64,
}

impl Passwords {
    /// How many different ones are told apart; a roster with more has no default password worth a warning.
    const DIFFERENT: usize = 65_536;
    /// From how many rows on one password is worth a warning, or fewer where all rows share it.
    const MANY: u64 = 10;
    const FEW: u64 = 3;

    fn count(&mut self, password: &str, row: u64) {
        if password.is_empty() {
            return;
        }
        self.rows += 1;
        let hash = self.hasher.hash_one(password);
        if let Some((rows, _)) = self.seen.get_mut(&hash) {
            *rows += 1;
        } else if self.seen.len() < Self::DIFFERENT {
            self.seen.insert(hash, (1, row));
        }
    }

    /// The password that most rows share, where these are many: how many rows, and the first of them.
    fn shared(&self) -> Option<(u64, u64)> {
        let most = self.seen.values().max_by_key(|(rows, first)| (*rows, std::cmp::Reverse(*first))).copied();
        most.filter(|&(rows, _)| rows >= Self::MANY || (rows >= Self::FEW && rows == self.rows))
    }
}
