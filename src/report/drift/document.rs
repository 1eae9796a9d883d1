//! The document for programs. Its members are a contract: they may be added to, and none changes its meaning.

use serde::Serialize;

use super::told::Drift;
use crate::agent::RowNumber;
use crate::error::Failure;
use crate::event::PeopleCounts;
use crate::plan::{CellChange, Person};
use crate::text::escape_from;

/// How every one begins.
pub(super) const HEAD: &str = "{\n  \"report\": \"headcount drift\",\n";

#[derive(Serialize)]
struct Document<'d> {
    report: &'static str,
    version: u32,
    made: &'d str,
    tool: &'static str,
    roster: &'d str,
    instance: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'d str>,
    rehearsal: bool,
    differs: bool,
    people: PeopleCounts,
    update: &'d str,
    commands: Vec<Command<'d>>,
    changes: Vec<Change<'d>>,
}

/// A command that is due.
#[derive(Serialize)]
struct Command<'d> {
    what: &'d str,
    command: &'d str,
}

/// Somebody who is not as the roster asks.
#[derive(Serialize)]
struct Change<'d> {
    row: RowNumber,
    user: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'d str>,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'d str>,
    adds_rights: bool,
    cells: Vec<Cell<'d>>,
}

#[derive(Serialize)]
struct Cell<'d> {
    group: &'static str,
    cell: &'d str,
    from: Option<&'d str>,
    to: Option<&'d str>,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

pub(super) fn write(drift: &Drift<'_>) -> Result<Vec<u8>, Failure> {
    let document = Document {
        report: "headcount drift",
        version: 1,
        made: drift.made,
        tool: crate::report::TOOL,
        roster: drift.roster,
        instance: drift.instance,
        alias: drift.alias,
        rehearsal: drift.is_rehearsal,
        differs: drift.counts.differs(),
        people: drift.counts,
        update: &drift.update,
        commands: drift.commands.iter().map(|&(what, command)| Command { what, command }).collect(),
        changes: drift.told().map(change).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document)
        .map_err(|error| Failure::stopped("cannot write the document").because(error))?;
    escape_from(0, &mut bytes);
    bytes.push(b'\n');
    Ok(bytes)
}

fn change(person: &Person) -> Change<'_> {
    Change {
        row: person.row,
        user: &person.user,
        id: person.id.as_deref(),
        decision: person.resolution.word(),
        code: person.code,
        note: person.note.as_deref(),
        adds_rights: person.adds_rights,
        cells: person.cells.iter().map(cell).collect(),
    }
}

fn cell(change: &CellChange) -> Cell<'_> {
    Cell {
        group: change.group.as_word(),
        cell: &change.cell,
        from: change.from.as_deref(),
        to: change.to.as_deref(),
        decision: change.resolution.word(),
        code: change.code,
    }
}
