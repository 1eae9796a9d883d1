//! What a job is going to do, as people read it before it does it.

use std::time::Duration;

use super::voice::Flags;
use super::{findings, retype, shared, words};
use crate::event::Forecast;
use crate::finding::LetThrough;
use crate::job::{Chosen, Follows, Made, Odd, OfRun, Outlook, PasswordsPlanned, There};
use crate::text;

/// Where the second column of the plan stands.
const INDENT: usize = 10;

const NOTE: &str = "note";

/// The plan in lines of `columns` columns. Of a dry run it lists each name of the roster with the id that it stands for, and
/// says of nothing that it is made.
pub(super) fn words_of(outlook: &Outlook, is_dry_run: bool, columns: usize) -> String {
    let mut lines = vec![of_roster(outlook)];
    lines.extend(
        findings::left_out(&outlook.left_out).map(|line| format!("          {}", text::plain(&line))),
    );
    lines.extend(outlook.logins.as_ref().map(|logins| format!("          {}", findings::logins(logins))));
    of_instance(outlook, &mut lines);
    lines.push(format!("plan      {}", of_rows(&outlook.rows)));
    of_names(outlook, is_dry_run, &mut lines);
    of_users(outlook, &mut lines);
    if outlook.to_send > 0 {
        lines.push(format!("time      {} {}", about(outlook.time()), of_pace(&outlook.pace)));
    }
    if outlook.let_through != LetThrough::default() {
        lines.push(format!(
            "allowed   {}: rows with these are sent, and the service decides",
            outlook.let_through
        ));
    }
    lines.push(format!("ledger    {}", text::plain(&outlook.ledger.display().to_string())));
    if let Some(passwords) = &outlook.passwords {
        lines.push(format!(
            "passwords {}",
            text::plain(&of_passwords(passwords, outlook.new_users(), is_dry_run))
        ));
    }
    if let (Some(PasswordsPlanned::Made { out, recipients: 0 }), 1..) =
        (&outlook.passwords, outlook.new_users())
    {
        lines.extend(shared::warning(out));
    }
    of_there(&outlook.met, &mut lines);
    lines.extend(outlook.odd_variants().map(|odd| of_odd(&odd)));
    lines.extend(outlook.follows.as_ref().map(of_follows));
    of_made(&outlook.made, is_dry_run, &mut lines);
    let undo = retype::undo_of(&outlook.ledger).to_string();
    lines.extend(outlook.odd_rows(&undo).iter().map(of_odd));
    words::wrapped(&lines.join("\n"), columns, INDENT)
}

/// What is odd, in the words of the command line.
fn of_odd(odd: &Odd) -> String {
    let word = if odd.is_warning { "warning" } else { NOTE };
    format!("{word}: {}", text::worded(&odd.words, &Flags))
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
pub(super) fn of_rows(rows: &Forecast) -> String {
    let parts = [
        (rows.to_create, "to create"),
        (rows.there, "there already"),
        (rows.to_settle, "to settle"),
        (rows.done, "done"),
        (rows.failed, "failed before"),
        (rows.pending, "left pending"),
        (rows.missing, "gone from the instance"),
        (rows.left, "left"),
        (rows.deleted, "undone"),
        (rows.unconfirmed, "whose undo is not settled"),
        (rows.replaced, "replaced by others"),
        (rows.invalid, "invalid, skipped"),
    ];
    let told: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", text::grouped(*n)))
        .collect();
    let told = told.join(", ");
    let told = match rows.anew {
        0 => told,
        anew => format!("{told} ({} made anew)", text::grouped(anew)),
    };
    let told = told.replacen(
        "there already",
        &match rows.equal {
            0 => "there already".to_owned(),
            equal => format!("there already ({} equal)", text::grouped(equal)),
        },
        1,
    );
    if told.is_empty() { "nothing to do".into() } else { told }
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
    let found = match &outlook.names_from {
        Some(file) => format!("found in `{}`", text::plain(&file.display().to_string())),
        None => "found on the instance".to_owned(),
    };
    lines.push(format!("names     {} {found}", told.join(", ")));
    if lists_names {
        let named = kinds.iter().flat_map(|(_, found)| found.iter());
        lines.extend(named.map(|(name, id)| format!("          {id}  {}", text::plain(name))));
    }
}

fn of_users(outlook: &Outlook, lines: &mut Vec<String>) {
    lines.push(format!("users     {}", of_room(outlook)));
    if outlook.users.is_some() {
        lines.extend(outlook.odd_quota().map(|odd| of_odd(&odd)));
    }
}

/// How many users there are, may be, and are to come.
pub(super) fn of_room(outlook: &Outlook) -> String {
    let new = outlook.new_users();
    let Some(users) = outlook.users else {
        return format!("how many are there is not known, {} to come", text::grouped(new));
    };
    let allowed = match outlook.allowed {
        Some(allowed) => format!("of {} ", text::grouped(allowed)),
        None => String::new(),
    };
    format!("{} {allowed}there, {} to come", text::grouped(users), text::grouped(new))
}

/// What is to be said of people on one of several targets, beside the counts.
pub(super) fn of_people(outlook: &Outlook, is_dry_run: bool, lines: &mut Vec<String>) {
    lines.extend(outlook.odd_quota().filter(|_| outlook.users.is_some()).map(|odd| of_odd(&odd)));
    if let Some(passwords) = &outlook.passwords {
        let words = of_passwords(passwords, outlook.new_users(), is_dry_run);
        lines.push(format!("          passwords {}", text::plain(&words)));
    }
    if let (Some(PasswordsPlanned::Made { out, recipients: 0 }), 1..) =
        (&outlook.passwords, outlook.new_users())
    {
        lines.extend(shared::warning(out));
    }
    of_there(&outlook.met, lines);
    lines.extend(outlook.odd_variants().map(|odd| of_odd(&odd)));
    lines.extend(outlook.follows.as_ref().map(of_follows));
    of_made(&outlook.made, is_dry_run, lines);
    let undo = retype::undo_of(&outlook.ledger).to_string();
    lines.extend(outlook.odd_rows(&undo).iter().map(of_odd));
}

/// Who is there already, by name: as the roster has them, or how they differ.
fn of_there(there: &There, lines: &mut Vec<String>) {
    let names = &there.equal;
    if names.count() > 0 {
        let named: Vec<_> = names.first.iter().map(|user| format!("`{}`", text::plain(user))).collect();
        let more = match names.more {
            0 => String::new(),
            more => format!(" and {} more", text::grouped(more)),
        };
        let are = if names.count() == 1 { "is there and equal" } else { "are there and equal" };
        lines.push(format!("there     {} {are}: {}{more}", text::grouped(names.count()), named.join(", ")));
    }
    for (user, how) in &there.differ {
        let (user, how) = (text::plain(user), text::plain(how));
        lines.push(format!("there     `{user}` differs (there → roster): {how}"));
    }
    if there.more_differ > 0 {
        lines.push(format!(
            "          so do {} more; --format json has each",
            text::grouped(there.more_differ)
        ));
    }
    if there.not_compared > 0 {
        let rows = text::grouped(there.not_compared);
        lines.push(format!("          {rows} not compared yet: each is, as its turn comes"));
    }
    if let Some(of_run) = &there.of_run {
        lines.push(format!("{NOTE}: {}", of_another(of_run)));
    }
}

/// Those whom the ledger made before: as their rows have them, or how they differ.
fn of_made(made: &Made, is_dry_run: bool, lines: &mut Vec<String>) {
    let Made { same, is_partial, differ, more_differ, not_compared, .. } = made;
    if *same > 0 {
        let how = if *same == 1 { "is there as the roster says" } else { "are there as the roster has them" };
        let as_far = if *is_partial {
            ", as far as a search shows: no addresses, after-contact work or proficiencies (`headcount diff` compares all)"
        } else {
            ""
        };
        lines.push(format!("made      {} {how}{as_far}", text::grouped(*same)));
    }
    for (user, how, is_theirs) in differ {
        let (user, how) = (text::plain(user), text::plain(how));
        let what = if *is_theirs { "was changed on the instance since" } else { "differs" };
        lines.push(format!("made      `{user}` {what} (there → roster): {how}"));
    }
    if *more_differ > 0 {
        lines.push(format!(
            "          so it is with {} more; --format json has each",
            text::grouped(*more_differ)
        ));
    }
    if *not_compared > 0 && is_dry_run {
        lines.push(format!(
            "          {} made before not compared with their rows: `headcount diff` does",
            text::grouped(*not_compared)
        ));
    }
}

/// That those who are there were made by one other run, and what that means.
fn of_another(of_run: &OfRun) -> String {
    let OfRun { run, made, of, day, ledger } = of_run;
    let day = day.as_ref().map(|day| format!(" of {day}")).unwrap_or_default();
    let ledger = match ledger {
        Some(path) => {
            format!("its ledger, `{}`, is what knows them", text::plain(&path.display().to_string()))
        }
        None => "its ledger, which is not beside this roster, is what knows them".to_owned(),
    };
    format!(
        "{} of {} who are there were made by run {}{day}: {ledger}",
        text::grouped(*made),
        text::grouped(*of),
        text::plain(run)
    )
}

pub(super) fn of_pace(pace: &Chosen) -> String {
    let Chosen { rate, burst, learns, remembered } = pace;
    match (learns, remembered) {
        (false, _) => format!("at {rate} calls a second (burst {burst})"),
        (true, None) => format!("at {rate} calls a second, which is where learning starts"),
        (true, Some(_)) => format!("at {rate} calls a second, as learned last"),
    }
}

fn of_passwords(passwords: &PasswordsPlanned, new_users: u64, is_dry_run: bool) -> String {
    match passwords {
        _ if new_users == 0 => "none is needed: nobody is to be created".to_owned(),
        PasswordsPlanned::Made { out, recipients } => {
            let sealed = match recipients {
                0 => String::new(),
                1 => ", encrypted".into(),
                several => format!(", encrypted to {several} recipients"),
            };
            let out = out.display();
            match is_dry_run {
                true => format!("would be made for rows without one, and written to {out}{sealed}"),
                false => format!("made for rows without one, kept in {out}{sealed}"),
            }
        }
        PasswordsPlanned::One(whose) => format!("one for all rows without one, from {whose}"),
    }
}

/// How long something takes, where nobody counts parts of a second.
pub(super) fn about(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        "under a second".to_owned()
    } else {
        format!("about {}", text::duration(time))
    }
}

fn of_follows(follows: &Follows) -> String {
    let Follows { before, to_come, rate } = follows;
    let among = match before {
        0 => String::new(),
        before => format!(", {} created before", text::grouped(*before)),
    };
    format!(
        "follows   proficiencies for {}{among}: {} at {rate} calls a second, beside the creates",
        text::count(before + to_come, "user"),
        about(follows.time())
    )
}
