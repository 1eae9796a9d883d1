//! What the jobs of several targets are going to do, as people read it before they do it.

use std::path::Path;

use super::plan_words::{self, about, of_pace, of_rows};
use super::words;
use crate::event::Forecast;
use crate::job::{FleetOutlook, Moved, Outlook};
use crate::text;

/// Where the second column stands.
const INDENT: usize = 10;

/// So many who moved are named.
const NAMED: usize = 10;

/// The plan in lines of `columns` columns.
pub(super) fn words_of(outlook: &FleetOutlook, file: &Path, is_dry_run: bool, columns: usize) -> String {
    let mut lines = vec![format!(
        "roster    {}: {}{}",
        shown(&outlook.roster),
        text::count(outlook.total, "row"),
        outlook.template.map(|name| format!(", {name}")).unwrap_or_default()
    )];
    lines.push(format!("targets   {} of {}", text::grouped(outlook.lanes.len() as u64), shown(file)));
    for (target, of) in &outlook.lanes {
        of_target(target, of, is_dry_run, &mut lines);
    }
    for (target, why) in &outlook.left_out {
        lines.push(format!("left out  {target}: {}", text::plain(why)));
    }
    if !outlook.idle.is_empty() {
        lines.push(format!("idle      no row is for {}", outlook.idle.join(", ")));
    }
    if outlook.others > 0 {
        let are = if outlook.others == 1 { "is" } else { "are" };
        lines.push(format!(
            "others    {} {are} for targets that were not asked for",
            text::count(outlook.others, "row")
        ));
    }
    if outlook.unmet > 0 {
        let are = if outlook.unmet == 1 { "is" } else { "are" };
        lines.push(format!(
            "left      {} {are} for no target and not sent",
            text::count(outlook.unmet, "row")
        ));
    }
    lines.push(format!("plan      all together: {}", of_rows(&sum(outlook))));
    if outlook.new_users() > 0 {
        lines.push(format!("time      {}{}", about(outlook.time), of_time(outlook)));
    }
    of_moved(&outlook.moved, &mut lines);
    words::wrapped(&lines.join("\n"), columns, INDENT)
}

fn of_target(target: &str, outlook: &Outlook, is_dry_run: bool, lines: &mut Vec<String>) {
    let instance = &outlook.instance;
    let name = instance.alias.as_deref().unwrap_or(&instance.arn);
    let rehearsal = if outlook.is_rehearsal { " (embedded Connect)" } else { "" };
    let head = format!("{}{rehearsal}, {}", text::plain(name), instance.identity);
    // A name that is wider than the column stands above.
    if target.len() < INDENT {
        lines.push(format!("{target:<INDENT$}{head}"));
    } else {
        lines.extend([target.to_owned(), format!("          {head}")]);
    }
    let mut own = vec![of_rows(&outlook.rows), format!("users {}", plan_words::of_room(outlook))];
    if outlook.to_send > 0 {
        own.push(format!("{} {}", about(outlook.time()), of_pace(&outlook.pace)));
    }
    own.push(format!("ledger {}", shown(&outlook.ledger)));
    lines.extend(own.into_iter().map(|line| format!("          {line}")));
    plan_words::of_people(outlook, is_dry_run, lines);
}

/// Why it takes as long, where that is not plain.
fn of_time(outlook: &FleetOutlook) -> String {
    let longest = if outlook.lanes.len() > 1 { ", the longest of all targets" } else { "" };
    let sharing = outlook.sharing.iter().map(|targets| {
        format!("; {} are in one account and region and share its pace", targets.join(" and "))
    });
    format!("{longest}{}", sharing.collect::<String>())
}

fn of_moved(moved: &[Moved], lines: &mut Vec<String>) {
    for Moved { user, from, to } in moved.iter().take(NAMED) {
        lines.push(format!("note: `{}` has moved to {to}; the user in {from} stays", text::plain(user)));
    }
    if moved.len() > NAMED {
        lines.push(format!("note: so have {} more", text::grouped((moved.len() - NAMED) as u64)));
    }
}

fn sum(outlook: &FleetOutlook) -> Forecast {
    outlook.lanes.iter().fold(Forecast::default(), |mut all, (_, outlook)| {
        all += outlook.rows;
        all
    })
}

fn shown(path: &Path) -> String {
    text::plain(&path.display().to_string())
}
