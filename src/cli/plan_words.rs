//! What a job is going to do, as people read it before it does it.

use super::{findings, words};
use crate::event::Forecast;
use crate::finding::LetThrough;
use crate::job::{Chosen, Few, Follows, Outlook, PasswordsPlanned, Remarks};
use crate::text;

/// The documented default of users per instance (L-9A46857E).
const DOCUMENTED_USERS: u64 = 500;

/// Where the second column of the plan stands.
const INDENT: usize = 10;

const NOTE: &str = "note";

/// The plan in lines of `columns` columns. `lists_names` lists each name of the roster with the id that it stands for.
pub(super) fn words_of(outlook: &Outlook, lists_names: bool, columns: usize) -> String {
    let mut lines = vec![of_roster(outlook)];
    lines.extend(
        findings::left_out(&outlook.left_out).map(|line| format!("          {}", text::plain(&line))),
    );
    lines.extend(outlook.logins.as_ref().map(|logins| format!("          {}", findings::logins(logins))));
    of_instance(outlook, &mut lines);
    lines.push(format!("plan      {}", of_rows(&outlook.rows)));
    of_names(outlook, lists_names, &mut lines);
    of_users(outlook, &mut lines);
    if outlook.to_send > 0 {
        let time = text::duration(outlook.time());
        lines.push(format!("time      about {time} {}", of_pace(&outlook.pace)));
    }
    if outlook.let_through != LetThrough::default() {
        lines.push(format!(
            "allowed   {}: rows with these are sent, and the service decides",
            outlook.let_through
        ));
    }
    lines.push(format!("ledger    {}", text::plain(&outlook.ledger.display().to_string())));
    if let Some(passwords) = &outlook.passwords {
        lines.push(format!("passwords {}", text::plain(&of_passwords(passwords))));
    }
    for (user, name) in &outlook.case_variants {
        lines.push(format!(
            "warning: `{}` differs only in case from `{}`, who is on the instance: usernames are case-sensitive",
            text::plain(user),
            text::plain(name)
        ));
    }
    lines.extend(outlook.follows.as_ref().map(of_follows));
    of_remarks(&outlook.remarks, &mut lines);
    words::wrapped(&lines.join("\n"), columns, INDENT)
}

fn of_roster(outlook: &Outlook) -> String {
    format!(
        "roster    {}: {}{}",
        text::plain(&outlook.roster.display().to_string()),
        text::count(outlook.total, "row"),
        outlook.template.map(|name| format!(", {name}")).unwrap_or_default()
    )
}

fn of_instance(outlook: &Outlook, lines: &mut Vec<String>) {
    let instance = &outlook.instance;
    lines.push(format!(
        "instance  {}{}, {}",
        text::plain(instance.alias.as_deref().unwrap_or(&instance.arn)),
        if outlook.is_rehearsal { " (embedded Connect)" } else { "" },
        instance.identity
    ));
    if instance.alias.is_some() {
        lines.push(format!("          {}", instance.arn));
    }
}

/// The plan in one line. Every row of the roster is counted once.
fn of_rows(rows: &Forecast) -> String {
    let parts = [
        (rows.to_create, "to create"),
        (rows.there, "there already"),
        (rows.to_settle, "to settle"),
        (rows.done, "done"),
        (rows.failed, "failed before"),
        (rows.pending, "left pending"),
        (rows.missing, "gone from the instance"),
        (rows.replaced, "replaced by others"),
        (rows.invalid, "invalid, skipped"),
    ];
    let told: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", text::grouped(*n)))
        .collect();
    if told.is_empty() { "nothing to do".into() } else { told.join(", ") }
}

/// What the roster names, as the instance has it: how many, and each with its id where that is asked for.
fn of_names(outlook: &Outlook, lists_names: bool, lines: &mut Vec<String>) {
    let names = &outlook.names;
    let kinds = [
        ("routing profile", &names.routing_profiles),
        ("security profile", &names.security_profiles),
        ("hierarchy group", &names.hierarchy),
    ];
    let told: Vec<String> = kinds
        .iter()
        .filter(|(_, found)| !found.is_empty())
        .map(|(what, found)| text::count(found.len() as u64, what))
        .collect();
    if told.is_empty() {
        return;
    }
    lines.push(format!("names     {} found on the instance", told.join(", ")));
    if lists_names {
        let named = kinds.iter().flat_map(|(_, found)| found.iter());
        lines.extend(named.map(|(name, id)| format!("          {id}  {}", text::plain(name))));
    }
}

fn of_users(outlook: &Outlook, lines: &mut Vec<String>) {
    let (users, new) = (outlook.users, outlook.new_users());
    let allowed = match outlook.allowed {
        Some(allowed) => format!("of {} ", text::grouped(allowed)),
        None => String::new(),
    };
    lines.push(format!("users     {} {allowed}there, {} to come", text::grouped(users), text::grouped(new)));
    if outlook.allowed.is_none() && users + new > DOCUMENTED_USERS {
        lines.push(format!(
            "warning: the quota of users per instance could not be read; its default is {DOCUMENTED_USERS}"
        ));
    }
}

fn of_pace(pace: &Chosen) -> String {
    let Chosen { rate, burst, learns, remembered } = pace;
    match (learns, remembered) {
        (false, _) => format!("at {rate} calls a second (burst {burst})"),
        (true, None) => format!("at {rate} calls a second, which is where learning starts"),
        (true, Some(_)) => format!("at {rate} calls a second, as learned last"),
    }
}

fn of_passwords(passwords: &PasswordsPlanned) -> String {
    match passwords {
        PasswordsPlanned::Made { out, recipients } => {
            let sealed = match recipients {
                0 => String::new(),
                1 => ", encrypted".into(),
                several => format!(", encrypted to {several} recipients"),
            };
            format!("made for rows without one, kept in {}{sealed}", out.display())
        }
        PasswordsPlanned::One(whose) => format!("one for all rows without one, from {whose}"),
    }
}

fn of_follows(follows: &Follows) -> String {
    let Follows { before, to_come, rate } = follows;
    let among = match before {
        0 => String::new(),
        before => format!(", {} created before", text::grouped(*before)),
    };
    format!(
        "follows   proficiencies for {}{among}: about {} at {rate} calls a second, beside the creates",
        text::count(before + to_come, "user"),
        text::duration(follows.time())
    )
}

fn of_remarks(remarks: &Remarks, lines: &mut Vec<String>) {
    let Remarks { steps_drifted, drifted, missing, replaced, orphaned, dropped, renamed, more_renamed } =
        remarks;
    for (word, users, what) in [
        (
            NOTE,
            steps_drifted,
            "was created, and its proficiencies have changed in the roster since: the user keeps those it has",
        ),
        (
            NOTE,
            drifted,
            "was created and has changed in the roster since: the user keeps the cells it was made with",
        ),
        (
            "warning",
            missing,
            "was created and is not to be seen on the instance (deleted, or too new to be listed): --recreate-missing sends it again",
        ),
        (
            "warning",
            replaced,
            "was created, and the instance has another user of that name now (another id): it is left alone, and nothing is sent",
        ),
        (NOTE, orphaned, "was created and is gone from the roster: nothing is deleted"),
        (NOTE, dropped, "is gone from the roster and was never created: dropped"),
    ] {
        tell(lines, word, users, what);
    }
    lines.extend(renamed.iter().map(|(was, now)| {
        format!(
            "{NOTE}: `{}` goes by `{}` since a file of failed rows renamed it: no second user is made",
            text::plain(was),
            text::plain(now)
        )
    }));
    if *more_renamed > 0 {
        lines.push(format!("{NOTE}: so it is with {more_renamed} more"));
    }
}

/// The first of them by name, then how many more.
fn tell(lines: &mut Vec<String>, word: &str, users: &Few, what: &str) {
    lines.extend(users.first.iter().map(|user| format!("{word}: `{}` {what}", text::plain(user))));
    if users.more > 0 {
        lines.push(format!("{word}: so it is with {} more", users.more));
    }
}
