//! The page: opens anywhere, offline; no request leaves it, nothing in it runs, and its policy allows neither.

use std::fmt::Write as _;

use super::told::{Drift, NOT_THERE, capital, label, meaning, reason, value};
use crate::plan::{CellChange, Person, Resolution, folded};
use crate::text::{grouped, html, policy_digest, worded};

const STYLE: &str = include_str!("page.css");

/// What marks a page as ours, near its beginning.
pub(super) const MARK: &str = "<meta name=\"generator\" content=\"headcount drift\">";

/// The most people the page has: more would not open, and the page says so.
const MOST: usize = 20_000;

pub(super) fn write(drift: &Drift<'_>) -> String {
    let mut page = String::with_capacity(1 << 16);
    head(&mut page, drift);
    page.push_str("<body>\n<main>\n");
    outcome(&mut page, drift);
    if drift.counts.differs() {
        table(&mut page, drift);
        words(&mut page, drift);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, drift: &Drift<'_>) {
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{MARK}\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Drift of {}</title>\n<style>{STYLE}</style>\n</head>\n",
        policy_digest(STYLE),
        html(drift.roster),
    );
}

fn outcome(page: &mut String, drift: &Drift<'_>) {
    let rehearsal = if drift.is_rehearsal { " · a rehearsal: no instance was asked" } else { "" };
    let alias = drift.alias.map(|alias| format!("<b><bdi>{}</bdi></b> ", html(alias))).unwrap_or_default();
    let mood = if drift.counts.differs() { "mixed" } else { "good" };
    let _ = write!(
        page,
        "<header>\n<p class=\"kicker\">Drift report{rehearsal}</p>\n<h1><bdi>{}</bdi></h1>\n\
         <p class=\"sub\">{alias}{}<br>compared <time datetime=\"{}\">{}</time> by {}</p>\n</header>\n\
         <section class=\"outcome {mood}\">\n<h2>{}</h2>\n<ul class=\"tiles\">\n",
        html(drift.roster),
        html(drift.instance),
        html(drift.made),
        html(&drift.zone.shown(drift.made)),
        crate::report::TOOL,
        html(&drift.sentence()),
    );
    for (resolution, name, number) in drift.kinds().into_iter().filter(|(.., number)| *number > 0) {
        let word = resolution.word();
        let _ = writeln!(page, "<li class=\"{word}\"><b>{}</b> {name}</li>", grouped(number));
    }
    page.push_str("</ul>\n</section>\n");
}

fn table(page: &mut String, drift: &Drift<'_>) {
    page.push_str(
        "<section>\n<h2>Who differs, and how</h2>\n<div class=\"wide\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">Row</th>\
         <th scope=\"col\">User</th><th scope=\"col\">Cell</th><th scope=\"col\">On the instance</th>\
         <th scope=\"col\">In the roster</th><th scope=\"col\">What it is</th></tr></thead>\n",
    );
    drift.told().take(MOST).for_each(|person| rows_of(page, person));
    page.push_str("</table>\n</div>\n");
    let more = drift.told().count().saturating_sub(MOST);
    if more > 0 {
        let all = html(&worded("⟦output FILE.csv⟧", drift.voice));
        let _ = writeln!(
            page,
            "<p class=\"note\">{} more: <code>{all}</code> has them.</p>",
            grouped(more as u64)
        );
    }
    page.push_str("</section>\n");
}

fn rows_of(page: &mut String, person: &Person) {
    let cells = folded(&person.cells.iter().collect::<Vec<_>>());
    let lines = cells.len().max(1);
    let _ = write!(
        page,
        "<tbody>\n<tr><td rowspan=\"{lines}\" class=\"number\">{}</td><th scope=\"rowgroup\" rowspan=\"{lines}\"><bdi>{}</bdi>",
        person.row,
        html(&person.user)
    );
    if let Some(rights) = person.cells.iter().find_map(CellChange::rights) {
        let _ = write!(page, "<small class=\"rights\">{}</small>", html(&rights));
    }
    page.push_str("</th>");
    if person.cells.is_empty() {
        let note = person.note.as_deref().or(person.code).unwrap_or_default();
        let is_said = |code: &str| code.replace('-', " ") == note || code == note;
        let code = person.code.filter(|code| !is_said(code));
        let code = code.map(|code| format!(" <code>{}</code>", html(code))).unwrap_or_default();
        let _ = write!(page, "<td colspan=\"3\">{}{code}</td>", html(note));
        what(page, person.resolution, "");
        page.push_str("</tr>\n");
    }
    for (at, (name, cell)) in cells.into_iter().enumerate() {
        if at > 0 {
            page.push_str("<tr>");
        }
        line(page, &name, cell);
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n");
}

fn line(page: &mut String, name: &str, cell: &CellChange) {
    let [from, to] = [&cell.from, &cell.to].map(|side| {
        let class = if side.is_none() { " class=\"none\"" } else { "" };
        format!("<td{class}><bdi>{}</bdi></td>", html(value(side.as_ref())))
    });
    let _ = write!(page, "<td>{}</td>{from}{to}", html(name));
    what(page, cell.resolution, reason(cell));
}

fn what(page: &mut String, resolution: Resolution, reason: &str) {
    let reason = if reason.is_empty() { String::new() } else { format!(" <code>{}</code>", html(reason)) };
    let (word, name) = (resolution.word(), label(resolution));
    let _ = write!(page, "<td><span class=\"what {word}\">{name}</span>{reason}</td>");
}

fn words(page: &mut String, drift: &Drift<'_>) {
    page.push_str("<section>\n<h2>What the words mean</h2>\n<dl>\n");
    for (resolution, name, _) in drift.kinds().into_iter().filter(|(.., number)| *number > 0) {
        let meaning = if name == NOT_THERE { "nobody has the name" } else { meaning(resolution) };
        let _ = writeln!(page, "<dt>{name}</dt><dd>{}</dd>", html(&worded(meaning, drift.voice)));
    }
    page.push_str("</dl>\n</section>\n");
    if drift.commands.is_empty() {
        return;
    }
    page.push_str("<section>\n<h2>Put it right</h2>\n");
    for (what, command) in &drift.commands {
        let _ = writeln!(page, "<p>{}</p>\n<pre>{}</pre>", html(&capital(what)), html(command));
    }
    page.push_str(
        "<p class=\"note\">Each shows its plan and asks before anything is changed.</p>\n</section>\n",
    );
}
