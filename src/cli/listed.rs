//! The rows of a ledger that stand so, or that were seen so, one by one: what `status --rows` lists.

use clap::ValueEnum;
use serde::{Serialize, Serializer};

use crate::agent::RowNumber;
use crate::ledger::{Place, RowState, SeenAs, SeenCounts, State, Step, StepState};
use crate::report::{LEFT_BY_UNDO, with_code, words_of_parts};
use crate::text;

/// Which rows are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Which {
    /// Created, and not as the roster has it now: one of the two has changed since
    Drifted,
    /// Created, and not to be seen on the instance
    Missing,
    /// Created, and no longer in the roster
    Gone,
    /// Created, and the instance has the name under another id
    Replaced,
    /// To be sent
    Pending,
    /// Not settled
    #[value(alias = "in-doubt")]
    InDoubt,
    /// Made by this run
    Created,
    /// The name is another's
    Exists,
    /// Refused by the service
    Rejected,
    /// With errors of its own
    Invalid,
    /// The name is another's, who has all that the row asks for; in an update's ledger nothing differed
    There,
    /// Changed by this run, and read back so
    Updated,
    /// Changed by this run, and not read back so
    Unconfirmed,
    /// Left as they are, in part or as a whole
    Skipped,
    /// Deleted, by an undo or as one of a list of leavers
    Deleted,
}

impl Which {
    fn has(self, state: RowState, seen: SeenAs) -> bool {
        match self {
            Self::Drifted => seen == SeenAs::Drifted,
            Self::Missing => seen == SeenAs::Missing,
            Self::Gone => seen == SeenAs::Gone,
            Self::Replaced => seen == SeenAs::Replaced,
            Self::Pending => state == RowState::Pending,
            Self::InDoubt => state == RowState::InDoubt,
            Self::Created => state == RowState::Created,
            Self::Exists => state == RowState::Exists,
            Self::Rejected => state == RowState::Rejected,
            Self::Invalid => state == RowState::Invalid,
            Self::There => state == RowState::There,
            Self::Updated => state == RowState::Updated,
            Self::Unconfirmed => state == RowState::Unconfirmed,
            Self::Skipped => state == RowState::Skipped,
            Self::Deleted => state == RowState::Deleted,
        }
    }
}

/// A listed row. Serialises as one of the `listed` of `status --format json`; members may be added.
#[derive(Serialize)]
pub(super) struct Listed<'s> {
    user: &'s str,
    row: RowNumber,
    state: RowState,
    /// How it was seen, where that is not as it was made.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    seen: Option<SeenAs>,
    /// The id of the user that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The id of whoever has the name now.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_id: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'s str>,
    /// The code and the message are of an undo that has left the user.
    #[serde(skip)]
    is_left: bool,
    /// What is said of what follows it, where that was not given: a code, and a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_code: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_message: Option<&'s str>,
    /// Where the parts stand that an update has had to do with.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "parts")]
    parts: Vec<(Step, StepState)>,
}

/// Parts as a report's document has them: an object, each by its word.
fn parts<S: Serializer>(parts: &[(Step, StepState)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(parts.iter().map(|(part, stands)| (part.word(), stands)))
}

/// The rows of one of these kinds, in the order of the spreadsheet.
pub(super) fn of<'s>(state: &'s State, which: &[Which], at_work: bool) -> Vec<Listed<'s>> {
    // An update says in its outcome what became of its parts; what follows a row is an import's alone.
    let is_of_import = state.header.job.is_none();
    let listed = |at: Place| {
        let record = state.record(at);
        // With an importer at work an open intent is on its way, not in doubt: as the counts have it.
        let stands = record.stands(at_work);
        let (seen, found_id) = state.seen(at);
        let is_asked = !record.dropped && which.iter().any(|which| which.has(stands, seen));
        let detail = state.detail(at);
        is_asked.then(|| Listed {
            user: state.user(at),
            row: record.row,
            state: stands,
            seen: Some(seen).filter(|seen| *seen != SeenAs::There),
            id: state.id(at),
            found_id,
            code: detail.and_then(|detail| detail.code.as_deref()),
            message: detail.and_then(|detail| detail.message.as_deref()),
            is_left: state.left_by_undo(at).is_some(),
            step_code: detail.and_then(|detail| detail.step_code.as_deref()).filter(|_| is_of_import),
            step_message: detail.and_then(|detail| detail.step_message.as_deref()).filter(|_| is_of_import),
            parts: detail.map(|detail| detail.groups().collect()).unwrap_or_default(),
        })
    };
    let mut rows: Vec<_> = state.places().filter_map(listed).collect();
    rows.sort_by_key(|listed| listed.row);
    rows
}

/// All of them for people, one a line: row, user, what.
pub(super) fn human(listed: &[Listed<'_>]) -> String {
    if listed.is_empty() {
        return "no row stands so\n".to_owned();
    }
    let width = |of: fn(&Listed<'_>) -> String| listed.iter().map(|row| of(row).chars().count()).max();
    let (number, name) =
        (|row: &Listed<'_>| row.row.to_string(), |row: &Listed<'_>| text::plain(row.user).to_string());
    let (numbers, names) = (width(number).unwrap_or(0), width(name).unwrap_or(0));
    let line = |row: &Listed<'_>| {
        format!("row {:>numbers$}  {:<names$}  {}\n", number(row), name(row), text::plain(&what(row)))
    };
    listed.iter().map(line).collect()
}

fn what(row: &Listed<'_>) -> String {
    let told: Vec<_> = [row.step_code, row.step_message].into_iter().flatten().collect();
    let mut what = stands(row);
    if row.is_left {
        let why = with_code(row.code.unwrap_or_default(), row.message.unwrap_or_default());
        what += &format!("; {LEFT_BY_UNDO}: {why}");
    }
    if !told.is_empty() {
        what += "; its proficiencies were not given: ";
        what += &told.join(": ");
    }
    if !row.parts.is_empty() {
        what += "; ";
        what += &words_of_parts(&row.parts);
    }
    what
}

fn stands(row: &Listed<'_>) -> String {
    let ours = row.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    match row.seen {
        Some(SeenAs::Drifted) => {
            format!("drifted: it is not as the roster has it now{ours}")
        }
        Some(SeenAs::Missing) => format!(
            "missing: created, and not to be seen on the instance{ours}; --recreate-missing makes it anew"
        ),
        Some(SeenAs::Gone) => format!("gone: created, and no longer in the roster{ours}"),
        Some(SeenAs::Replaced) => {
            let theirs = row.found_id.map(|id| format!(" ({id})")).unwrap_or_default();
            format!("replaced: created{ours}, and another user has the name now{theirs}")
        }
        Some(SeenAs::There) | None => {
            let told = [row.code, row.message].into_iter().flatten().filter(|_| !row.is_left);
            let told: Vec<_> = std::iter::once(row.state.word()).chain(told).collect();
            told.join(": ")
        }
    }
}

/// How many were seen how, with the word by which `--rows` lists them: those of which there are any.
pub(super) fn told(seen: &SeenCounts) -> Vec<(u64, &'static str)> {
    let SeenCounts { drifted, missing, gone, replaced } = *seen;
    let all = [
        (drifted, SeenAs::Drifted),
        (missing, SeenAs::Missing),
        (gone, SeenAs::Gone),
        (replaced, SeenAs::Replaced),
    ];
    all.into_iter().filter(|(n, _)| *n > 0).map(|(n, seen)| (n, seen.word())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Entry, Job, Kind, VERSION};

    /// What is listed of a ledger with these records.
    fn listed(job: Option<Job>, entries: &[Entry], which: Which) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l.ledger.jsonl");
        let header = Entry {
            version: Some(VERSION),
            run: Some("r".into()),
            instance: Some("i".into()),
            job,
            ..Entry::of(Kind::Ledger)
        };
        let mut lines = Vec::new();
        [header].iter().chain(entries).for_each(|entry| entry.write_to(&mut lines));
        std::fs::write(&path, lines).unwrap();
        let state = crate::ledger::glance(&path.clone().into()).unwrap().unwrap().0;
        let rows = of(&state, &[which], false);
        (human(&rows), serde_json::to_string(&rows).unwrap())
    }

    fn step(step: Step, result: StepState, code: &'static str) -> Entry<'static> {
        let code = (!code.is_empty()).then(|| code.into());
        Entry { code, ..Entry::step("ana", step, result, "t".into()) }
    }

    #[test]
    fn a_part_of_an_update_that_came_to_nothing_is_called_by_its_name() {
        let row = || Entry::row("ana", RowNumber::from(2), None);
        let outcome = |state| Entry {
            code: Some("InvalidRequestException".into()),
            message: Some("hierarchy: no such group".into()),
            ..Entry::outcome("ana", state, "t".into())
        };
        let refused = [
            row(),
            step(Step::Identity, StepState::Done, ""),
            step(Step::Hierarchy, StepState::Rejected, "InvalidRequestException"),
            step(Step::Tags, StepState::Unconfirmed, "unconfirmed"),
            outcome(RowState::Rejected),
        ];
        let (human, json) = listed(Some(Job::Update), &refused, Which::Rejected);
        assert_eq!(
            human,
            "row 2  ana  rejected: InvalidRequestException: hierarchy: no such group; changed: identity; refused: hierarchy; \
             not confirmed: tags\n"
        );
        assert!(
            json.contains(r#""parts":{"identity":"done","hierarchy":"rejected","tags":"unconfirmed"}"#),
            "{json}"
        );
        assert!(!json.contains("step_code"), "{json}");
        let made = [
            row(),
            Entry::outcome("ana", RowState::Created, "t".into()),
            step(Step::Proficiencies, StepState::Rejected, "InvalidRequestException"),
        ];
        let (human, json) = listed(None, &made, Which::Created);
        assert!(human.contains("its proficiencies were not given: InvalidRequestException"), "{human}");
        assert!(json.contains("step_code") && !json.contains("parts"), "{json}");
    }
}
