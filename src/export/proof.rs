//! A row is read back before it is written: by the rules that a roster is checked by, and against the user that it is of.

use crate::connect::model::{User, UserProficiency};
use crate::directory::Directory;
use crate::finding::codes::{self, Code};
use crate::finding::{Finding, Severity};
use crate::roster::{Cells, Columns, Field, Row};
use crate::user::{Canonical, Exact, Member, Wish};
use crate::validate::{self, About, RowCheck, Rules};

use super::row::Line;

/// How rows are read back.
pub(crate) struct Proof<'p> {
    check: RowCheck<'p>,
    directory: &'p Directory,
}

/// What a cell may say that the instance, as it was read, does not know: it is an id, and a later look at the instance knows
/// it.
static UNKNOWN_HERE: [&Code; 5] = [
    &codes::ROUTING_PROFILE_UNKNOWN,
    &codes::SECURITY_PROFILE_UNKNOWN,
    &codes::HIERARCHY_UNKNOWN,
    &codes::PROFICIENCY_ATTRIBUTE_UNKNOWN,
    &codes::PROFICIENCY_VALUE_UNKNOWN,
];

/// The columns of a row as it is read back: each field but the password, which nobody has.
pub(crate) fn columns() -> Columns {
    let mut columns = Columns::default();
    for field in Field::ALL.into_iter().filter(|field| !field.is_secret()) {
        columns.places[field.index()].push(columns.headers.len());
        columns.headers.push(field.header().to_owned());
    }
    columns
}

/// The rules that it is read back by: those for people who are there.
pub(crate) fn rules(directory: &Directory) -> Rules<'_> {
    Rules { compares_users: false, ..Rules::of(directory) }.about(About::There)
}

impl<'p> Proof<'p> {
    /// By these [`columns`] and [`rules`].
    pub(crate) fn new(columns: &'p Columns, rules: &'p Rules<'p>, directory: &'p Directory) -> Self {
        Self { check: RowCheck::new(columns, rules), directory }
    }

    /// The row with nothing in it but what is read back as the user has it. What is taken out of it is said.
    pub(crate) fn prove(
        &self,
        mut line: Line,
        user: &User,
        proficiencies: Option<&[UserProficiency]>,
    ) -> Line {
        self.drop_what_is_refused(&mut line);
        let found = Canonical::described(user, proficiencies);
        // One member may have two cells, and one cell several members: so it is read anew each time, until nothing differs.
        for _ in Field::ALL {
            let differs = self.differs(&line, &found);
            let cells: Vec<_> = differs.into_iter().filter(|field| line.cells.contains_key(field)).collect();
            if cells.is_empty() {
                break;
            }
            for field in cells {
                if take_out(field, &mut line) {
                    line.leave(field, "would be read as something else");
                }
            }
        }
        line
    }

    /// Takes out each cell that the rules refuse, with their own words for why.
    fn drop_what_is_refused(&self, line: &mut Line) {
        // One cell at a time, for what is said of one may be about another.
        for _ in Field::ALL {
            let mut findings = Vec::new();
            self.check.check(&self.row(line), &mut findings);
            let refused =
                findings.into_iter().find_map(|finding| Some((self.refused(&finding, line)?, finding)));
            let Some((field, finding)) = refused else { break };
            take_out(field, line);
            line.leave(field, format_args!("cannot stand in a row: {}", finding.message));
        }
    }

    fn refused(&self, finding: &Finding, line: &Line) -> Option<Field> {
        let is_error = finding.severity == Severity::Error;
        if !is_error || UNKNOWN_HERE.iter().any(|code| code.id == finding.code) {
            return None;
        }
        let header = finding.column.as_deref()?;
        let field = *line.cells.keys().find(|field| field.header() == header)?;
        // Without it there is no row: whoever reads it is told.
        (field != Field::Username).then_some(field)
    }

    fn row(&self, line: &Line) -> Row {
        let fields = Field::ALL.into_iter().filter(|field| !field.is_secret());
        let cells = fields.map(|field| line.cells.get(&field).map_or("", String::as_str));
        Row { number: 2, cells: Cells::from_iter(cells), ..Row::default() }
    }

    /// The cells that are read as something that the user does not have.
    fn differs(&self, line: &Line, found: &Canonical) -> Vec<Field> {
        // What is not known here has no request: the rest is read without it.
        let mut known = line.clone();
        let mut findings = Vec::new();
        self.check.check(&self.row(line), &mut findings);
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
            let is_it = |field: &&Field| Some(field.header()) == finding.column.as_deref();
            if let Some(field) = line.cells.keys().find(is_it) {
                known.cells.remove(field);
            }
        }
        let agent = validate::agent_by(&self.check, &self.row(&known));
        let wish = agent.and_then(|agent| Wish::of(&agent, self.directory, Exact::default()));
        let Some(wish) = wish else { return Vec::new() };
        let differences = wish.differences(found);
        differences.into_iter().flat_map(|differs| cells_of(&differs.member)).copied().collect()
    }
}

/// Empties a cell, and with it what cannot stand in a row without it. Says whether there was anything in it.
fn take_out(field: Field, line: &mut Line) -> bool {
    let with_it = match field {
        // A desk phone has a number, or is none.
        Field::PhoneNumber => Some(Field::PhoneType),
        Field::AutoAcceptVoice => Some(Field::AutoAcceptCallback),
        Field::AfterContactWorkVoice => Some(Field::AfterContactWorkCallback),
        _ => None,
    };
    if let Some(other) = with_it
        && line.cells.remove(&other).is_some()
    {
        line.leave(other, format_args!("cannot be said without {}", field.name()));
    }
    line.cells.remove(&field).is_some()
}

/// The cells that a member may be read from.
pub(super) fn cells_of(member: &Member) -> &'static [Field] {
    use Field::{
        AfterContactWork, AfterContactWorkCallback, AfterContactWorkChat, AfterContactWorkEmail,
        AfterContactWorkTask, AfterContactWorkVoice, AutoAccept, AutoAcceptCallback, AutoAcceptChat,
        AutoAcceptEmail, AutoAcceptTask, AutoAcceptVoice,
    };
    match member {
        Member::FirstName => &[Field::FirstName],
        Member::LastName => &[Field::LastName],
        Member::Email => &[Field::Email],
        Member::SecondaryEmail => &[Field::SecondaryEmail],
        Member::Mobile => &[Field::Mobile],
        Member::DirectoryUserId => &[Field::DirectoryUserId],
        Member::PhoneType(_) | Member::PhoneNumber(_) => &[Field::PhoneType, Field::PhoneNumber],
        Member::AutoAccept(_) => &[
            AutoAccept,
            AutoAcceptVoice,
            AutoAcceptChat,
            AutoAcceptTask,
            AutoAcceptEmail,
            AutoAcceptCallback,
        ],
        Member::CallbackAutoAccept(_) => &[AutoAcceptCallback],
        Member::AfterContactWork(_) => &[
            AfterContactWork,
            AfterContactWorkVoice,
            AfterContactWorkChat,
            AfterContactWorkTask,
            AfterContactWorkEmail,
            AfterContactWorkCallback,
        ],
        Member::CallbackAfterContactWork(_) => &[AfterContactWorkCallback],
        Member::PersistentConnection(_) => &[Field::PersistentConnection],
        Member::VoiceEnhancement(_) => &[Field::VoiceEnhancement],
        Member::RoutingProfile => &[Field::RoutingProfile],
        Member::SecurityProfiles => &[Field::SecurityProfiles],
        Member::HierarchyGroup => &[Field::Hierarchy],
        Member::Tag(_) => &[Field::Tags],
        Member::Proficiency(..) => &[Field::Proficiencies],
    }
}
