//! The ticket: Markdown, short.

use std::fmt::Write as _;

use super::told::{Drift, NOT_THERE, capital, label, value};
use crate::plan::{CellChange, folded};
use crate::text::{code, grouped};

/// How every one begins: a comment, which a ticket does not show.
pub(super) const HEAD: &str = "<!-- headcount drift -->\n";

/// How many people are told of.
const PEOPLE: usize = 20;

pub(super) fn write(drift: &Drift<'_>) -> String {
    let mut page = format!("{HEAD}### Drift of {}\n\n", code(drift.roster));
    let rehearsal = if drift.is_rehearsal { ", a rehearsal" } else { "" };
    let instance = drift.alias.unwrap_or(drift.instance);
    let _ = writeln!(page, "Instance {}{rehearsal}, {}\n", code(instance), drift.zone.shown(drift.made));
    let _ = writeln!(page, "**{}**\n\n| | people |\n|---|--:|", drift.sentence());
    for (_, label, number) in drift.kinds().into_iter().filter(|(.., number)| *number > 0) {
        let _ = writeln!(page, "| {} | {} |", label, grouped(number));
    }
    page.push('\n');
    for person in drift.told().take(PEOPLE) {
        let rights = person.cells.iter().find_map(CellChange::rights);
        let rights = rights.map(|rights| format!(", {}", code(&rights))).unwrap_or_default();
        let note = person.note.as_deref().map(|note| format!(": {}", code(note))).unwrap_or_default();
        let what = if person.is_not_there() { NOT_THERE } else { label(person.resolution) };
        let _ = writeln!(page, "- {} (row {}), {what}{rights}{note}", code(&person.user), person.row);
        for (name, cell) in folded(&person.cells.iter().collect::<Vec<_>>()) {
            let left = if cell.resolution == person.resolution { "" } else { label(cell.resolution) };
            let left = if left.is_empty() { String::new() } else { format!(" ({left})") };
            let [from, to] = [&cell.from, &cell.to].map(|side| code(value(side.as_ref())));
            let _ = writeln!(page, "  - {}: {from} → {to}{left}", code(&name));
        }
    }
    let more = drift.told().count().saturating_sub(PEOPLE);
    if more > 0 {
        let _ = writeln!(page, "- … and {} more", grouped(more as u64));
    }
    for (what, command) in &drift.commands {
        let _ = writeln!(page, "\n{} {}", capital(what), code(command));
    }
    page
}
