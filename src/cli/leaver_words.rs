//! Who is deleted and who is left, and why: as people read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::meant_leavers::TypedLeavers;
use super::plan_words::about;
use super::words::{self, wrapped};
use super::{findings, settings};
use crate::job::Leavers;
use crate::plan::{Fate, Leaver, LeaverCounts, Lift, Why};
use crate::text::{self, grouped, people, plain};

/// Where the second column of what is told stands.
pub(super) const INDENT: usize = 10;

/// How many of those who are deleted a terminal names at either end of the list.
const ENDS: usize = 10;

/// The plan, for people on stderr.
pub(super) fn plan(typed: &TypedLeavers, leavers: &Leavers) -> String {
    let columns = settings::width_of_talk();
    let mut lines = head(typed, leavers);
    let counts = leavers.counts();
    lines.push(format!("plan      {}", in_one_line(&counts, leavers.deleted_before())));
    if counts.delete > 0 {
        let users = text::count(leavers.users(), "user");
        lines.push(format!("          of {users} on the instance"));
        lines.push(format!("time      {}", about(leavers.time())));
        lines.push("lost      the users, for good: contact records stay, with their user logins".to_owned());
    }
    lines.push(format!("ledger    {}", text::plain(&typed.ledger().display().to_string())));
    let head = words::wrapped(&(lines.join("\n") + "\n"), columns, INDENT);
    let people = of_people(leavers.people(), settings::has_live_stderr(), columns);
    (head + &people).trim_end_matches('\n').to_owned()
}

/// The list, and the instance.
pub(super) fn head(typed: &TypedLeavers, leavers: &Leavers) -> Vec<String> {
    let found = leavers.found();
    let rows = text::count(found.rows, "row");
    let list = text::plain(&typed.args.list.display().to_string());
    let mut lines = vec![format!("list      {list} ({rows})")];
    lines.extend(findings::left_out(&found.left_out).map(|line| format!("          {}", text::plain(&line))));
    if found.invalid_rows > 0 {
        lines.push(format!("          {} with errors, left out", text::count(found.invalid_rows, "row")));
    }
    let instance = leavers.instance();
    let rehearsal = if typed.args.rehearsal.simulate { " (embedded Connect)" } else { "" };
    let named = text::plain(instance.alias.as_deref().unwrap_or(&instance.arn));
    lines.push(format!("instance  {named}{rehearsal}, {}", instance.identity));
    lines.extend(instance.alias.as_ref().map(|_| format!("          {}", text::plain(&instance.arn))));
    lines
}

/// The flag that lifts a reason.
pub(super) const fn flag(lift: Lift) -> &'static str {
    match lift {
        Lift::EvenIfChanged => "--even-if-changed",
        Lift::WithQuickConnects => "--with-quick-connects",
        Lift::EvenIfSignedIn => "--even-if-signed-in",
        Lift::EvenIfAdmin => "--even-if-admin",
    }
}

/// The counts in one line.
pub(super) fn in_one_line(counts: &LeaverCounts, before: u64) -> String {
    let LeaverCounts { delete, gone, wait, skip } = *counts;
    let parts = [
        (delete, "to delete"),
        (skip, "left"),
        (wait, "not to be seen yet"),
        (gone, "gone already"),
        (before, "deleted before"),
    ];
    let told = parts.iter().filter(|(number, _)| *number > 0);
    let told: Vec<_> = told.map(|(number, what)| format!("{} {what}", grouped(*number))).collect();
    if told.is_empty() { "nobody".to_owned() } else { told.join(", ") }
}

/// Who is deleted, by name, all of them or the first and the last; and everybody who is left, under why, with the flag that
/// lifts it. Ends with a line end, and is empty where there is nobody.
pub(super) fn of_people(all: &[Leaver], is_short: bool, columns: usize) -> String {
    let mut text = String::new();
    let going: Vec<&Leaver> = all.iter().filter(|leaver| leaver.fate == Fate::Delete).collect();
    let left_out = if is_short { going.len().saturating_sub(2 * ENDS) } else { 0 };
    for (nth, leaver) in going.iter().enumerate() {
        if left_out > 0 && nth == ENDS {
            let line = format!("… and {} more: --format json names all\n", people(left_out as u64));
            text.push_str(&wrapped(&line, columns, 2));
        }
        if left_out > 0 && (ENDS..ENDS + left_out).contains(&nth) {
            continue;
        }
        let connects = match leaver.quick_connects.as_slice() {
            [] => String::new(),
            some => {
                format!("  and then {}", some.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "))
            }
        };
        let line = format!("- {}  row {}{connects}\n", plain(&leaver.user), leaver.row);
        text.push_str(&wrapped(&line, columns, 4));
    }
    let mut left: BTreeMap<Why, Vec<&Leaver>> = BTreeMap::new();
    for leaver in all {
        match leaver.fate {
            Fate::Skip(why) => left.entry(why).or_default().push(leaver),
            Fate::Wait => left.entry(Why::NotVisibleYet).or_default().push(leaver),
            Fate::Delete | Fate::Gone => {}
        }
    }
    for (why, leavers) in left {
        let lifted =
            why.lifted_by().map(|lift| format!("; {} deletes them too", flag(lift))).unwrap_or_default();
        let line = format!("left, {}: {}{lifted}\n", grouped(leavers.len() as u64), why.words());
        text.push_str(&wrapped(&line, columns, 2));
        for leaver in leavers {
            let mut line = format!("! {}  row {}", plain(&leaver.user), leaver.row);
            if let Some(own) = leaver.note().and_then(|note| note.strip_prefix(why.words())) {
                let _ = write!(line, "{}", plain(own.trim_end()));
            }
            text.push_str(&wrapped(&(line + "\n"), columns, 4));
        }
    }
    text
}
