//! The report as one page that opens anywhere, offline: no request leaves it, and its policy allows none.

use std::fmt::Write as _;

use serde::Serialize;

use super::account::{Account, Session};
use super::cause::Cause;
use super::chart::Course;
use super::row::{Event, Row, Step};
use super::{Deed, by_state, file_name, label, of_rehearsal, sentence, verdict};
use crate::agent::RowNumber;
use crate::clock::Zone;
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::{Attempt, Job, RowState, Unexecuted};
use crate::text::{count, escaped, grouped, html, island, plain, policy_digest};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What marks a page as ours, near its beginning.
pub(crate) const MARK: &str = "<meta name=\"generator\" content=\"headcount report\">";

/// How many rows of a cause, and how many of those that were in doubt and ended alike, the page tells by itself; its table
/// has them all.
const EXAMPLES: usize = 8;
const STORIES: usize = 100;

/// The most rows the page has. More would not open; the failed and the doubtful come first, and the page says so.
const MOST_ROWS: usize = 200_000;

/// The page; `made` is when, RFC 3339.
pub(crate) fn write(account: &Account, made: &str) -> Result<String, Failure> {
    let data = data(account)?;
    let mut page = String::with_capacity(data.len() + (1 << 16));
    head(&mut page, account);
    page.push_str("<body>\n<a class=\"skip\" href=\"#rows\">To the rows</a>\n<main>\n");
    outcome(&mut page, account, made);
    causes(&mut page, account);
    course(&mut page, account);
    stories(&mut page, account);
    rows(&mut page, account);
    record(&mut page, account, made);
    let _ = write!(
        page,
        "</main>\n<script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    Ok(page)
}

/// The policy lets only this very script and style in: should anything from outside ever get past the escapes, it runs
/// nothing and reaches nobody.
fn head(page: &mut String, account: &Account) {
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{MARK}\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; \
         style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} of {}</title>\n<style>{STYLE}</style>\n</head>\n",
        policy_digest(SCRIPT),
        policy_digest(STYLE),
        account.deed().title,
        html(file_name(account.roster_now())),
    );
}

fn outcome(page: &mut String, account: &Account, made: &str) {
    let counts = &account.counts;
    let ended = account.newest().map_or("", |session| session.last.as_str());
    let Deed { title, done, .. } = account.deed();
    let rehearsal = match account.is_rehearsal {
        true => format!(" · a rehearsal: {}", of_rehearsal(account.job)),
        false => String::new(),
    };
    let mood = if account.is_all_as_asked() {
        "good"
    } else if counts.in_doubt + counts.pending > 0 {
        "open"
    } else {
        "mixed"
    };
    let _ = write!(
        page,
        "<header>\n<p class=\"kicker\">{title} report{rehearsal}</p>\n<h1><bdi>{}</bdi></h1>\n\
         <p class=\"sub\">{}{}<br>{} to {} · report of {}</p>\n</header>\n\
         <section aria-labelledby=\"outcome\" class=\"outcome {mood}\">\n\
         <div class=\"glance\">\n<div><h2 id=\"outcome\">{}</h2>\n<p class=\"sentence\">{}</p></div>\n\
         <p class=\"portion\">{} <small>{}</small></p>\n</div>\n",
        html(file_name(account.roster_now())),
        account
            .alias
            .as_deref()
            .map(|alias| format!("<b><bdi>{}</bdi></b> ", html(alias)))
            .unwrap_or_default(),
        html(&account.instance),
        time(&account.zone, &account.began),
        time(&account.zone, ended),
        time(&account.zone, made),
        verdict(account),
        html(&sentence(account)),
        portion(counts.of(done), counts.total),
        label(done),
    );
    page.push_str(
        "<svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    let (mut x, total) = (0.0, counts.total.max(1) as f64);
    for (state, number) in by_state(counts).into_iter().filter(|(_, number)| *number > 0) {
        let width = number as f64 / total * 1000.0;
        let _ = write!(
            page,
            "<rect class=\"{}\" x=\"{x:.2}\" y=\"0\" width=\"{:.2}\" height=\"10\"/>",
            state.word(),
            width.max(3.0)
        );
        x += width;
    }
    page.push_str("</svg>\n<ul class=\"tiles\">\n");
    for (state, number) in
        by_state(counts).into_iter().filter(|(state, number)| *number > 0 || *state == done)
    {
        let more = match (state, counts.recovered) {
            (RowState::Created, 1..) => {
                format!("<small>{} of them recovered</small>", grouped(counts.recovered))
            }
            _ => String::new(),
        };
        let _ = writeln!(
            page,
            "<li class=\"{}\"><b>{}</b> <span>{}</span>{more}</li>",
            state.word(),
            grouped(number),
            label(state)
        );
    }
    let throttled = match account.calls.throttled {
        0 => "no throttle".to_owned(),
        number => count(number, "throttle"),
    };
    // What an update sends is of many kinds, and its ledger counts none of them.
    if account.job.is_none() {
        let _ = writeln!(
            page,
            "<li><b>{}</b> <span>calls</span><small>{throttled}</small></li>",
            grouped(account.calls.sent)
        );
    }
    page.push_str("</ul>\n");
    targets(page, account);
    page.push_str("</section>\n");
}

/// Where the rows of each of several targets stand.
fn targets(page: &mut String, account: &Account) {
    if account.parts.is_empty() {
        return;
    }
    page.push_str(
        "<table>\n<thead><tr><th>target</th><th>rows</th><th>as asked</th><th>failed</th><th>open</th><th>instance</th></tr>\
         </thead>\n<tbody>\n",
    );
    for part in &account.parts {
        let [rows, done, failed, open] = part.numbers().map(grouped);
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{rows}</td><td>{done}</td><td>{failed}</td><td>{open}</td><td>{}</td></tr>",
            html(&part.target),
            html(part.alias.as_deref().unwrap_or(&part.instance))
        );
    }
    page.push_str("</tbody>\n</table>\n");
}

fn causes(page: &mut String, account: &Account) {
    if account.causes.is_empty() {
        return;
    }
    page.push_str("<section aria-labelledby=\"causes\">\n<h2 id=\"causes\">What is left to do</h2>\n");
    for (number, cause) in account.causes.iter().enumerate() {
        tell(page, account, number, cause);
    }
    page.push_str("</section>\n");
}

fn tell(page: &mut String, account: &Account, number: usize, cause: &Cause) {
    let rows = cause.rows.len();
    let state = cause.state.word();
    let code =
        if cause.code.is_empty() { String::new() } else { format!(" <code>{}</code>", html(&cause.code)) };
    let _ = write!(
        page,
        "<article class=\"cause {state}\">\n<h3>{} {}{code}</h3>\n",
        count(rows as u64, "row"),
        cause.label()
    );
    if !cause.says.is_empty() {
        let _ = writeln!(page, "<p class=\"says\"><bdi>{}</bdi></p>", html(&cause.says));
    }
    let _ = writeln!(page, "<p>{}</p>", with_code(&cause.advice));
    if let Some(command) = &cause.command {
        let _ = writeln!(page, "<pre><code>{}</code></pre>", html(command));
    }
    let examples = cause.rows.iter().take(EXAMPLES).map(|&at| {
        let row = &account.rows[at as usize];
        let name =
            if row.person.name.is_empty() { String::new() } else { format!("{}, ", html(&row.person.name)) };
        format!("<bdi>{name}{}</bdi> (row {})", html(&row.user), row.row)
    });
    let more = if rows > EXAMPLES { ", …" } else { "" };
    let _ = write!(
        page,
        "<p class=\"examples\">{}{more} <button type=\"button\" data-cause=\"{number}\" hidden>Show {}</button></p>\n</article>\n",
        examples.collect::<Vec<_>>().join(", "),
        if rows == 1 { "this row" } else { "these rows" }
    );
}

fn course(page: &mut String, account: &Account) {
    let course = Course::of(&account.sessions);
    if course.bars.is_empty() {
        return;
    }
    let deed = account.deed().made;
    let created: u64 = course.bars.iter().map(|bar| bar.created).sum();
    let unclear: u64 = course.bars.iter().map(|bar| bar.unclear).sum();
    let deleted: u64 = course.bars.iter().map(|bar| bar.deleted).sum();
    let (and_deleted, of_deleted) = match deleted {
        0 => (String::new(), ""),
        _ => (
            format!(", {} deleted", grouped(deleted)),
            " <span class=\"deleted\">users deleted a second</span>",
        ),
    };
    let stretch = seconds(course.width);
    let ceiling = course.ceiling();
    let _ = write!(
        page,
        "<section aria-labelledby=\"course\">\n<h2 id=\"course\">Over time</h2>\n\
         <p id=\"chart-says\">{} {deed}{and_deleted} in {} of work: {} a second at best, over {stretch}. {}, {}.</p>\n\
         <figure>\n<p class=\"legend\"><span class=\"created\">users {deed} a second</span>{of_deleted} \
         <span class=\"throttled\">throttles</span> <span class=\"unclear\">answers lost</span></p>\n\
         <div class=\"plot\"><div class=\"edges\" aria-hidden=\"true\"><span>{}</span><span>{}</span><span>0</span></div>{}</div>\n",
        count(created, "user"),
        seconds(course.width * course.bars.len() as u64),
        rate(course.peak()),
        count(account.calls.throttled, "throttle"),
        count(unclear, "lost answer"),
        rate(ceiling),
        rate(ceiling / 2.0),
        course.svg().replacen('>', &format!("><title id=\"chart-title\">Users {deed} over time</title>"), 1),
    );
    page.push_str("<div class=\"starts\" aria-hidden=\"true\">");
    let first = course.bars.first().map_or(0, |bar| bar.from);
    let last = course.bars.last().map_or(0, |bar| bar.from + course.width * 1000);
    let _ = write!(
        page,
        "<span>{}</span><span>{}</span></div>\n</figure>\n",
        moment(&account.zone, first),
        moment(&account.zone, last)
    );
    if course.sessions.len() > 1 {
        let _ = writeln!(
            page,
            "<p class=\"note\">A broken line is where one of the {} sessions begins; the time between them is left out.</p>",
            course.sessions.len()
        );
    }
    if !course.pauses.is_empty() {
        let without: u64 = course.pauses.iter().map(|(_, time)| time / 1000).sum();
        let (lines, each) = if course.pauses.len() == 1 {
            ("A dotted line stands", "is")
        } else {
            ("Dotted lines stand", "are")
        };
        let _ = writeln!(
            page,
            "<p class=\"note\">{lines} for time in which nothing happened: {} {each} left out.</p>",
            seconds(without)
        );
    }
    let _ = write!(
        page,
        "<details><summary>The same in figures</summary>\n<table class=\"figures\"><caption>Stretches of {stretch}</caption>\n\
         <thead><tr><th scope=\"col\">from</th><th scope=\"col\">{deed}</th>{}<th scope=\"col\">throttled</th>\
         <th scope=\"col\">lost</th></tr></thead>\n<tbody>\n",
        if deleted > 0 { "<th scope=\"col\">deleted</th>" } else { "" }
    );
    for bar in &course.bars {
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td>{}<td>{}</td><td>{}</td></tr>",
            moment(&account.zone, bar.from),
            bar.created,
            if deleted > 0 { format!("<td>{}</td>", bar.deleted) } else { String::new() },
            bar.throttled,
            bar.unclear
        );
    }
    page.push_str("</tbody></table></details>\n</section>\n");
}

fn stories(page: &mut String, account: &Account) {
    let total = account.doubted().count();
    if total == 0 {
        return;
    }
    let open = account.counts.in_doubt;
    let _ = write!(
        page,
        "<section aria-labelledby=\"doubt\">\n<h2 id=\"doubt\">Answers that were lost</h2>\n\
         <p>For {} the answer to a request never came or said nothing clear, so that the user might exist or not. Each is \
         settled only by proof: an answer of the service, or a user on the instance whose tag names an attempt in the \
         ledger. {}</p>\n",
        count(total as u64, "row"),
        match open {
            0 => "All of them are settled.".to_owned(),
            open => format!(
                "{} not settled yet.",
                if open == 1 { "One is".into() } else { format!("{open} are") }
            ),
        }
    );
    for (how, rows) in by_end(account) {
        let (state, is_open) = (rows[0].state, rows[0].state == RowState::InDoubt);
        let _ = write!(
            page,
            "<details class=\"how {}\"{}><summary><b>{}</b> {how}</summary>\n<ol class=\"stories\">\n",
            state.word(),
            if is_open { " open" } else { "" },
            count(rows.len() as u64, "row")
        );
        for row in rows.iter().take(STORIES) {
            let _ = write!(
                page,
                "<li><details><summary><bdi>{}</bdi> (row {})</summary>\n<ol>\n",
                html(&row.user),
                row.row
            );
            for step in &row.story {
                let _ = writeln!(page, "<li>{}</li>", told(&account.zone, step));
            }
            page.push_str("</ol></details></li>\n");
        }
        page.push_str("</ol>\n");
        if rows.len() > STORIES {
            let _ = writeln!(
                page,
                "<p class=\"note\">… and {} more; the .json report has them all.</p>",
                grouped((rows.len() - STORIES) as u64)
            );
        }
        page.push_str("</details>\n");
    }
    page.push_str("</section>\n");
}

/// The rows that were in doubt by how that ended, those without an end first.
fn by_end(account: &Account) -> Vec<(&'static str, Vec<&Row>)> {
    let mut ends: Vec<(&'static str, Vec<&Row>)> = Vec::new();
    for row in account.doubted() {
        let how = row.settled_how().unwrap_or_default();
        match ends.iter_mut().find(|(other, _)| *other == how) {
            Some((_, rows)) => rows.push(row),
            None => ends.push((how, vec![row])),
        }
    }
    ends.sort_by_key(|(_, rows)| (rows[0].state != RowState::InDoubt, std::cmp::Reverse(rows.len())));
    ends
}

fn told(zone: &Zone, step: &Step) -> String {
    let attempt = step.attempt.map_or(0, Attempt::number);
    let what = match &step.what {
        Event::Sent => format!("attempt {attempt} sent"),
        Event::Lost => "the process ended before the answer was recorded".to_owned(),
        Event::Unclear(message) => format!("nothing clear came back: <bdi>{}</bdi>", html(message)),
        Event::Unexecuted(Unexecuted::Throttled) => "told to slow down: not executed".to_owned(),
        Event::Unexecuted(Unexecuted::NotSent) => "not sent: no byte left".to_owned(),
        Event::Unexecuted(Unexecuted::Refused) => "refused before the service looked at it".to_owned(),
        Event::Settled { state: RowState::Created, recovered: true, .. } => {
            format!("found on the instance, made by attempt {attempt}: created")
        }
        Event::Settled { state: RowState::Created, .. } => {
            format!("attempt {attempt} accepted: created")
        }
        Event::Settled { state, message, .. } => format!("{}: <bdi>{}</bdi>", state.word(), html(message)),
    };
    let at = if step.at.is_empty() { String::new() } else { format!("{} ", time(zone, &step.at)) };
    format!("{at}{what}")
}

/// The place of the table, which the script fills.
fn rows(page: &mut String, account: &Account) {
    let _ = write!(
        page,
        "<section aria-labelledby=\"rows\" class=\"rows\">\n<h2 id=\"rows\" tabindex=\"-1\">Every row</h2>\n\
         <noscript><p class=\"note\">The list of all rows needs scripts, which this browser does not run. The .csv and .xlsx \
         reports have the same.</p></noscript>\n"
    );
    if account.rows.len() > MOST_ROWS {
        let _ = writeln!(
            page,
            "<p class=\"note\">This page has room for {} of {}: those that failed or are in doubt come first. The .csv report \
             has them all.</p>",
            count(MOST_ROWS as u64, "row"),
            grouped(account.rows.len() as u64)
        );
    }
    page.push_str(
        "<form id=\"filter\" role=\"search\" hidden>\n\
         <label class=\"find\">Search <input type=\"search\" id=\"find\" autocomplete=\"off\" spellcheck=\"false\" \
         placeholder=\"name, message, id, row\"></label>\n\
         <label>Outcome <select id=\"state\"><option value=\"\">all</option>",
    );
    for (state, number) in by_state(&account.counts).into_iter().filter(|(_, number)| *number > 0) {
        let _ = write!(
            page,
            "<option value=\"{}\">{} ({})</option>",
            state.word(),
            label(state),
            grouped(number)
        );
    }
    if account.counts.recovered > 0 {
        let _ = write!(
            page,
            "<option value=\"recovered\">recovered ({})</option>",
            grouped(account.counts.recovered)
        );
    }
    page.push_str("</select></label>\n<label>Cause <select id=\"cause\"><option value=\"\">any</option>");
    for (number, cause) in account.causes.iter().enumerate() {
        let name = if cause.code.is_empty() { cause.label() } else { cause.code.as_str() };
        let says: String = plain(&cause.says).chars().take(60).collect();
        let _ = write!(
            page,
            "<option value=\"{number}\">{}{}{} ({})</option>",
            html(name),
            if says.is_empty() { "" } else { ": " },
            html(&says),
            cause.rows.len()
        );
    }
    // Where something is said of rows, it has more of the width.
    let class = if account.causes.is_empty() { "" } else { " class=\"causes\"" };
    let _ = write!(
        page,
        "</select></label>\n<button type=\"reset\">Show all</button>\n</form>\n\
         <p id=\"told\" role=\"status\"></p>\n\
         <table id=\"table\"{class} role=\"table\" hidden><caption class=\"unseen\">The rows of the roster</caption>\n\
         <thead role=\"rowgroup\"><tr role=\"row\"></tr></thead><tbody role=\"rowgroup\"></tbody></table>\n\
         <nav id=\"pages\" aria-label=\"Pages of rows\" hidden></nav>\n</section>\n",
    );
}

fn record(page: &mut String, account: &Account, made: &str) {
    page.push_str("<section aria-labelledby=\"record\">\n<h2 id=\"record\">For the record</h2>\n<dl>\n");
    let facts = super::record(account, made);
    for (title, text) in facts.iter().filter(|(title, _)| !title.starts_with("Session")) {
        let _ = writeln!(page, "<dt>{}</dt><dd><bdi>{}</bdi></dd>", html(title), html(text));
    }
    page.push_str("</dl>\n<h3>Sessions</h3>\n<ol class=\"sessions\">\n");
    for session in &account.sessions {
        page.push_str("<li>");
        sitting(page, account, session);
        page.push_str("</li>\n");
    }
    page.push_str(
        "</ol>\n<p class=\"note\">A digest of a roster covers all its cells but the passwords. No password is in the ledger \
         or in this report. Times are those of the place where it was made; the .csv and .json reports have them in UTC.</p>\n</section>\n",
    );
}

fn sitting(page: &mut String, account: &Account, session: &Session) {
    let (zone, made) = (&account.zone, account.deed().made);
    let did = match account.job {
        None => {
            let deleted = match session.deleted {
                0 => String::new(),
                deleted => format!(", {} deleted", grouped(deleted)),
            };
            format!(
                "{} sent, {} {made}{deleted}",
                count(session.sent, "call"),
                count(session.created, "user")
            )
        }
        Some(Job::Update | Job::Remove) => format!("{} {made}", count(session.created, "user")),
    };
    let end = match session.exit {
        Some(exit) => format!("{} (exit code {exit})", time(zone, &session.last)),
        None => format!("no end recorded; last wrote {}", time(zone, &session.last)),
    };
    let optional = |title: &'static str, text: &Option<String>| text.clone().map(|text| (title, text));
    let facts = [
        Some(("Who", format!("process {} on {}", session.pid, session.host))),
        optional("AWS profile", &session.profile),
        optional("Region", &session.region),
        optional("Endpoint", &session.endpoint),
        Some(("Program", session.tool.clone())),
        Some(("Roster", session.roster.clone())),
        Some(("Roster's digest", session.digest.clone())),
        Some(("Did", did)),
    ];
    let _ =
        write!(page, "<dl><dt>Began</dt><dd>{}</dd><dt>Ended</dt><dd>{end}</dd>", time(zone, &session.began));
    for (title, text) in facts.into_iter().flatten() {
        let _ = write!(page, "<dt>{title}</dt><dd><bdi>{}</bdi></dd>", html(&text));
    }
    page.push_str("</dl>");
}

/// What the script reads: short arrays, for ten thousand rows are parsed before the page can be used.
#[derive(Serialize)]
struct Data {
    states: Vec<(&'static str, &'static str)>,
    /// Row, user, state, recovered, code, message, id, attempts, throttled, at, cause or -1, and who it is.
    rows: Vec<Cells>,
}

type Cells = (RowNumber, String, usize, u8, String, String, String, u32, u32, String, i64, String);

fn data(account: &Account) -> Result<String, Failure> {
    let mut rows: Vec<&Row> = account.rows.iter().collect();
    if rows.len() > MOST_ROWS {
        rows.sort_by_key(|row| row.state == RowState::Created && row.story.is_empty());
        rows.truncate(MOST_ROWS);
        rows.sort_by_key(|row| row.row);
    }
    let place = |state: RowState| RowState::ALL.iter().position(|other| *other == state).unwrap_or_default();
    let data = Data {
        states: RowState::ALL.map(|state| (state.word(), label(state))).into(),
        rows: rows
            .into_iter()
            .map(|row| {
                (
                    row.row,
                    plain(&row.user),
                    place(row.state),
                    u8::from(row.recovered),
                    plain(row.code.as_deref().unwrap_or_default()),
                    plain(&row.said()),
                    plain(row.id.as_deref().unwrap_or_default()),
                    row.attempts,
                    row.throttled,
                    plain(&account.zone.shown(&row.at)),
                    row.cause.map_or(-1, i64::from),
                    plain(&of_whom(row)),
                )
            })
            .collect(),
    };
    let json = serde_json::to_string(&data)
        .map_err(|error| Failure::new(Exit::Bug, "cannot write the report").because(error))?;
    Ok(island(&escaped(&json)))
}

/// What is known of a row's person, and of several targets which it is for.
fn of_whom(row: &Row) -> String {
    let parts = [row.target.clone().unwrap_or_default(), row.person.line()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A text of ours, with what stands in backticks as code.
fn with_code(text: &str) -> String {
    let mut parts = text.split('`');
    let mut page = html(parts.next().unwrap_or_default());
    let mut is_code = true;
    for part in parts {
        let _ = if is_code {
            write!(page, "<code>{}</code>", html(part))
        } else {
            write!(page, "{}", html(part))
        };
        is_code = !is_code;
    }
    page
}

/// An RFC 3339 time as an element: of the reader's place and to the second, and the whole of it for programs.
fn time(zone: &Zone, at: &str) -> String {
    let shown = zone.shown(at);
    format!("<time datetime=\"{}\">{}</time>", html(at), html(&shown))
}

/// A moment in milliseconds since 1970, to the second.
fn moment(zone: &Zone, at: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at);
    time(zone, &crate::clock::rfc3339(at))
}

/// A share in percent; never rounded up, so that all of them are there where it says so.
fn portion(part: u64, whole: u64) -> String {
    let tenths = part.saturating_mul(1000).checked_div(whole).unwrap_or_default();
    if tenths.is_multiple_of(10) {
        format!("{} %", tenths / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

fn rate(rate: f64) -> String {
    let text = format!("{rate:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn seconds(number: u64) -> String {
    match number {
        0..60 => format!("{number} s"),
        60..3600 if number.is_multiple_of(60) => format!("{} min", number / 60),
        60..3600 => format!("{} min {} s", number / 60, number % 60),
        _ if number.is_multiple_of(3600) => format!("{} h", number / 3600),
        _ => format!("{} h {} min", number / 3600, number % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_do_not_end_their_elements() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !STYLE.contains("</"));
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let digits = colour.trim_start_matches('#');
        let digits =
            if digits.len() == 3 { digits.chars().flat_map(|c| [c, c]).collect() } else { digits.to_owned() };
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    #[test]
    fn every_text_has_the_contrast_that_wcag_asks_for() {
        let palettes: Vec<std::collections::HashMap<&str, &str>> = STYLE
            .split(":root {")
            .skip(1)
            .map(|part| part.split('}').next().unwrap())
            .map(|part| {
                part.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": ")).collect()
            })
            .collect();
        assert_eq!(palettes.len(), 3, "light, dark, paper");
        for palette in palettes {
            for text in [
                "ink", "soft", "link", "created", "exists", "there", "rejected", "invalid", "in_doubt",
                "pending",
            ] {
                for ground in ["paper", "card", "good", "mixed", "open"] {
                    let (a, b) = (luminance(palette[text]), luminance(palette[ground]));
                    let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                    assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([portion(0, 0), portion(9_999, 10_000), portion(3, 3)], ["0 %", "99.9 %", "100 %"]);
        assert_eq!((rate(2.0), rate(1.96), rate(0.5)), ("2".into(), "1.96".into(), "0.5".into()));
        assert_eq!(
            [seconds(5), seconds(300), seconds(7200), seconds(7260)],
            ["5 s", "5 min", "2 h", "2 h 1 min"]
        );
    }
}
