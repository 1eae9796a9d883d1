//! The report for a ticket: Markdown, short.

use std::fmt::Write as _;

use super::account::Account;
use super::row::Row;
use crate::ledger::RowState;
use crate::text::{code, count, grouped};

/// How every report of this kind begins: a comment, which a ticket does not show.
pub(crate) const HEAD: &str = "<!-- headcount report -->\n";

/// How many causes are told, and how many rows of each.
const CAUSES: usize = 10;
const EXAMPLES: usize = 5;

/// A person's name before the username, where it is known.
fn named(row: &Row) -> String {
    let name = &row.person.name;
    if name.is_empty() { String::new() } else { format!("{}, ", code(name)) }
}

/// The page; `made` is when, RFC 3339.
pub(crate) fn write(account: &Account, made: &str) -> String {
    let (counts, deed) = (&account.counts, account.deed());
    let rehearsal = match account.is_rehearsal {
        true => format!(", a rehearsal: {}", super::of_rehearsal(account.job)),
        false => String::new(),
    };
    let mut page = format!(
        "{HEAD}### {} of {}{rehearsal}\n\n",
        deed.title,
        code(super::file_name(account.roster_now()))
    );
    if let Some(alias) = &account.alias {
        let _ = writeln!(page, "Instance {}\n", code(alias));
    }
    let _ = writeln!(page, "**{}** {}\n", super::verdict(account), super::sentence(account));
    page.push_str("| outcome | rows |\n|---|--:|\n");
    for (state, number) in super::by_state(counts) {
        if number > 0 || state == deed.done {
            let _ = writeln!(page, "| {} | {} |", super::label(state), grouped(number));
        }
    }
    let _ = writeln!(page, "| total | {} |\n", grouped(counts.total));
    if !account.parts.is_empty() {
        page.push_str("| target | rows | as asked | failed | open |\n|---|--:|--:|--:|--:|\n");
        for part in &account.parts {
            let [rows, done, failed, open] = part.numbers().map(grouped);
            let _ = writeln!(page, "| {} | {rows} | {done} | {failed} | {open} |", code(&part.target));
        }
        page.push('\n');
    }
    for cause in account.causes.iter().take(CAUSES) {
        let number = count(cause.rows.len() as u64, "row");
        let _ = write!(page, "- **{number} {}**", cause.label());
        if !cause.code.is_empty() {
            let _ = write!(page, " {}", code(&cause.code));
        }
        if !cause.says.is_empty() {
            let _ = write!(page, ": {}", code(&cause.says));
        }
        let rows: Vec<&Row> =
            cause.rows.iter().take(EXAMPLES).map(|&at| &account.rows[at as usize]).collect();
        let examples: Vec<String> =
            rows.iter().map(|row| format!("{}{} (row {})", named(row), code(&row.user), row.row)).collect();
        let more = if cause.rows.len() > EXAMPLES { ", …" } else { "" };
        // Two spaces end a line: without them a ticket runs the lines into one.
        let _ = writeln!(page, "  \n  {}{more}  ", examples.join(", "));
        match &cause.command {
            Some(command) => {
                let _ = writeln!(page, "  {}  \n  {}", cause.advice, code(command));
            }
            None => {
                let _ = writeln!(page, "  {}", cause.advice);
            }
        }
    }
    if account.causes.len() > CAUSES {
        let _ = writeln!(page, "- … and {} causes more", account.causes.len() - CAUSES);
    }
    if !account.causes.is_empty() {
        page.push('\n');
    }
    let doubted = account.doubted().count();
    if doubted > 0 {
        let settled = account.doubted().filter(|row| row.state != RowState::InDoubt).count();
        let _ = writeln!(
            page,
            "The answers for {} were lost on the way; {settled} of them are settled.\n",
            count(doubted as u64, "row")
        );
    }
    let _ = writeln!(page, "<details><summary>For the record</summary>\n\n| | |\n|---|---|");
    for (title, text) in super::record(account, made) {
        let _ = writeln!(page, "| {title} | {} |", code(&text));
    }
    page.push_str("\n</details>\n");
    page
}
