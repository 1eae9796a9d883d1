//! `headcount mend`: mechanical fixes, in a copy of the roster.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::args::mend::{MendArgs, MendFormat};
use super::screen::answer;
use super::voice::Flags;
use super::{output, retype, settings};
use crate::agent::IdentityType;
use crate::error::Failure;
use crate::exit::Exit;
use crate::finding::{Fix, Severity, codes};
use crate::job::{Mending, MendingBy};
use crate::mend::{self, Altered, Change, Picked};
use crate::roster::{Options, column_letters, header_key};
use crate::stop::Switch;
use crate::text::{self, printable, shown, worded};

/// How many changes are shown to people; programs are given all.
const SHOWN: usize = 40;

/// Runs the command: exit 0 where it did its work, whatever is left for people to mend.
pub(super) fn run(args: &MendArgs) -> Result<Exit, Failure> {
    if args.interactive && !settings::is_interactive() {
        return Err(Failure::usage(
            "`--interactive` asks, and nobody is there to answer: this is no terminal",
        )
        .hint("`--safe` mends what cannot be meant otherwise, `--fix CODE` one kind of finding"));
    }
    for code in &args.fix {
        known(code)?;
    }
    // A national number is what is mended: were it read by its country, nothing would be wrong with it.
    let reading = Options { phone_region: None, ..args.reading.meant() };
    let by = MendingBy {
        identity: args.identity.map(IdentityType::from),
        directory: args.directory.clone(),
        makes_passwords: args.generate_passwords,
        phone_region: args.reading.phone_region,
        let_through: args.allow.meant(),
    };
    let mut mending = Mending::open(&args.roster, reading, None, by, &Switch::default())?;
    if let Some(out) = &args.output {
        mend::fits(mending.draft(), out)?;
    }
    let before = Counts::of(&mending);
    if args.interactive {
        interactive(&mut mending)?;
    } else if !(args.safe || !args.fix.is_empty() || !args.replace.is_empty()) {
        return offered(args, &mending);
    } else {
        mechanical(args, &mut mending)?;
    }
    let after = Counts::of(&mending);
    let altered = mending.draft().altered();
    match args.format {
        MendFormat::Human => output::told(&told(args, &mending, &altered, before, after)),
        MendFormat::Json => output::json(&document(&mending, &altered, before, after)),
    }
    if let Some(out) = &args.output {
        let not_carried = mend::write(mending.draft(), out)?;
        let mut said = format!("written: `{}`", out.display());
        for what in &not_carried {
            let _ = write!(said, "\nnote: {what}");
        }
        output::say(&said);
    }
    Ok(Exit::Done)
}

fn known(code: &str) -> Result<(), Failure> {
    if codes::find(code).is_some() {
        return Ok(());
    }
    let near = codes::nearest(code).map(|near| format!("did you mean `{}`?", near.id));
    let hint = near.unwrap_or_else(|| "`headcount mend ROSTER` says what can be mended".to_owned());
    Err(Failure::usage(format!("no finding has this code: `{}`", shown(code))).hint(hint))
}

/// What is asked for by flags. Texts are put in place of others first, for that may be all there is to mend.
fn mechanical(args: &MendArgs, mending: &mut Mending) -> Result<(), Failure> {
    let stop = Switch::default();
    for words in args.replace.chunks_exact(3) {
        let [column, from, to] = words else { continue };
        let at = column_of(mending, column)?;
        let changes = mending.mender().replaced(from, to, Some(at), true, true);
        if changes.is_empty() {
            output::say(&format!("note: no cell of `{}` says `{}`", shown(column), shown(from)));
        }
        mending.change("replace", changes)?;
    }
    if !args.replace.is_empty() {
        mending.check(&stop)?;
    }
    let picked = Picked { safe: args.safe, codes: args.fix.iter().cloned().collect::<BTreeSet<_>>() };
    if picked != Picked::default() {
        let changes = mending.mender().changes_of(&picked)?;
        mending.change("fix", changes)?;
        mending.check(&stop)?;
    }
    Ok(())
}

/// The column of a header, by which a roster's columns are found everywhere; or of its letter.
fn column_of(mending: &Mending, name: &str) -> Result<usize, Failure> {
    let headers = mending.draft().roster().own_headers();
    let exact = headers.iter().position(|header| header.trim() == name.trim());
    let alike = || headers.iter().position(|header| header_key(header) == header_key(name));
    let letter = || (0..headers.len()).find(|at| column_letters(*at).eq_ignore_ascii_case(name.trim()));
    exact.or_else(alike).or_else(letter).ok_or_else(|| {
        let failure = Failure::usage(format!("the roster has no column `{}`", shown(name)));
        let distance = |header: &&String| strsim::osa_distance(&header_key(header), &header_key(name));
        let near = headers.iter().min_by_key(distance).filter(|header| distance(header) <= name.len() / 3);
        if let Some(near) = near {
            return failure.hint(format!("did you mean `{}`?", shown(near.trim())));
        }
        let names: Vec<String> = headers.iter().map(|header| format!("`{}`", shown(header.trim()))).collect();
        failure.hint(format!("its columns are {}", names.join(", ")))
    })
}

/// What could be mended, where nothing was said of what is to be.
fn offered(args: &MendArgs, mending: &Mending) -> Result<Exit, Failure> {
    let mender = mending.mender();
    let (mut text, mut is_any, mut is_any_safe) = (String::new(), false, false);
    let mut documents: Vec<Offer> = Vec::new();
    let mut offer =
        |code: &'static str, column: Option<&str>, rows: u64, fix: &Fix, safe: bool, is_whole: bool| {
            documents.push(Offer { code, column: column.map(str::to_owned), rows, fix: fix.clone(), safe });
            let at = column.map_or_else(String::new, |column| format!(", `{}`", shown(column.trim())));
            let many = if rows > 0 { format!(" ({})", text::count(rows, "row")) } else { String::new() };
            let mark = if safe {
                "safe"
            } else if is_whole {
                "fix"
            } else {
                "you"
            };
            let label = worded(&fix.label(), &Flags).into_owned();
            let _ = writeln!(text, "{mark:>5}  {code}{at}{many}: {label}");
            is_any |= is_whole;
            is_any_safe |= safe && is_whole;
        };
    for finding in &mending.faults().of_file {
        for (_, proposal) in mender.of_file(finding)? {
            offer(
                finding.code,
                finding.column.as_deref(),
                0,
                &proposal.fix,
                proposal.safe,
                proposal.is_whole(),
            );
        }
    }
    let groups = &mending.faults().groups;
    let mut order: Vec<u32> = (0..).zip(groups).map(|(at, _)| at).collect();
    order.sort_by_key(|at| {
        groups.get(*at as usize).map(|group| (group.severity != Severity::Error, u64::MAX - group.rows))
    });
    for at in order {
        let Some(group) = groups.get(at as usize) else { continue };
        if let Some((_, proposal)) = mender.of_group(at).first() {
            let column = group.sample.column.as_deref();
            offer(group.code.id, column, group.rows, &proposal.fix, proposal.safe, proposal.is_whole());
        }
    }
    if args.format == MendFormat::Json {
        output::json(&(serde_json::to_string_pretty(&documents).unwrap_or_default() + "\n"));
        return Ok(Exit::Done);
    }
    if text.is_empty() {
        text.push_str("nothing that is wrong can be mended mechanically\n");
    } else {
        text.push_str("\nsafe: cannot be meant otherwise; fix: proposed; you: for you to say\n");
    }
    let counts = Counts::of(mending);
    let _ = writeln!(text, "{}", counts.told());
    let next = match (is_any_safe, is_any) {
        (true, _) => format!("next: `{} --safe` shows what becomes of it", retype::mend(args)),
        (false, true) => format!("next: `{} --fix CODE` shows what becomes of it", retype::mend(args)),
        (false, false) => {
            "next: `headcount validate ROSTER` says what is wrong, and how to mend it".to_owned()
        }
    };
    let _ = writeln!(text, "{next}");
    output::told(&text);
    Ok(Exit::Done)
}

/// What could be done about one kind of finding.
#[derive(Serialize)]
struct Offer {
    code: &'static str,
    column: Option<String>,
    rows: u64,
    #[serde(flatten)]
    fix: Fix,
    safe: bool,
}

/// How much is wrong.
#[derive(Clone, Copy, Serialize)]
struct Counts {
    errors: u64,
    warnings: u64,
}

impl Counts {
    fn of(mending: &Mending) -> Self {
        let faults = mending.faults();
        Self { errors: faults.errors, warnings: faults.warnings }
    }

    fn told(self) -> String {
        let errors =
            if self.errors == 0 { "no errors".to_owned() } else { text::count(self.errors, "error") };
        format!("{errors}, {}", text::count(self.warnings, "warning"))
    }
}

fn told(args: &MendArgs, mending: &Mending, altered: &[Altered], before: Counts, after: Counts) -> String {
    let paint = output::Paint::of_stdout();
    let mut text = String::new();
    for one in altered.iter().take(SHOWN) {
        let _ = match one {
            Altered::Cell { row, letter, header, from, to } => {
                let quoted = |text: &Option<String>| match text {
                    Some(text) => format!("{:?}", printable_whole(text)),
                    None => "(not shown)".to_owned(),
                };
                let (from, to) =
                    (paint.red(&format!("- {}", quoted(from))), paint.green(&format!("+ {}", quoted(to))));
                writeln!(text, "{letter}{row}  {}\n  {from}\n  {to}", shown(header.trim()))
            }
            Altered::Header { letter, from, to } => {
                let (from, to) = (format!("- {:?}", shown(from)), format!("+ {:?}", shown(to)));
                writeln!(text, "{letter}  header\n  {}\n  {}", paint.red(&from), paint.green(&to))
            }
            Altered::Dropped { row } => writeln!(text, "row {row}\n  {}", paint.red("- taken out")),
            Altered::Added { row } => writeln!(text, "row {row}\n  {}", paint.green("+ added")),
        };
    }
    if altered.len() > SHOWN {
        let _ = writeln!(text, "and {} more: `--format json` has all", altered.len() - SHOWN);
    }
    let counted = |is_one: fn(&Altered) -> bool| altered.iter().filter(|one| is_one(one)).count() as u64;
    let cells = counted(|one| matches!(one, Altered::Cell { .. }));
    let headers = counted(|one| matches!(one, Altered::Header { .. }));
    let dropped = counted(|one| matches!(one, Altered::Dropped { .. }));
    let mut parts = vec![format!("{} changed", text::count(cells, "cell"))];
    parts.extend((headers > 0).then(|| format!("{} changed", text::count(headers, "header"))));
    parts.extend((dropped > 0).then(|| format!("{} taken out", text::count(dropped, "row"))));
    let _ = writeln!(text, "{}{}", if altered.is_empty() { "" } else { "\n" }, parts.join(", "));
    let _ = writeln!(text, "before: {}\nafter:  {}", before.told(), after.told());
    let next = match (&args.output, altered.is_empty(), mending.faults().is_clean()) {
        (_, true, _) => format!("next: `{}` says what can be mended", retype::mend(args)),
        (None, false, _) => {
            format!("next: with `-o {}` it is written", text::path_word(&mend::usual_name(&args.roster)))
        }
        (Some(out), false, true) => format!("next: `{}` rehearses it", retype::rehearse_mended(args, out)),
        (Some(out), false, false) => {
            format!("next: `{}` says what is left", retype::validate_mended(args, out))
        }
    };
    let _ = writeln!(text, "{next}");
    text
}

/// A cell's text on one line, all of it that a person looks at.
fn printable_whole(text: &str) -> String {
    const MOST: usize = 160;
    let spaces = |c: char| c.is_whitespace();
    // What is printed is trimmed, and the spaces may be all that is another.
    let (start, end) =
        (text.len() - text.trim_start_matches(spaces).len(), text.trim_end_matches(spaces).len());
    if start >= end {
        return shown(text);
    }
    format!("{}{}{}", shown(&text[..start]), printable(&text[start..end], MOST), shown(&text[end..]))
}

#[derive(Serialize)]
struct Document<'d> {
    rows: u64,
    before: Counts,
    after: Counts,
    changes: &'d [Altered],
}

fn document(mending: &Mending, altered: &[Altered], before: Counts, after: Counts) -> String {
    let document = Document { rows: mending.faults().rows, before, after, changes: altered };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// One group after the other, errors first, as `git add -p` goes through its hunks.
fn interactive(mending: &mut Mending) -> Result<(), Failure> {
    let mut passed: BTreeSet<String> = BTreeSet::new();
    while let Some((group, id)) = next_group(mending, &passed) {
        let faults = mending.faults().clone();
        let Some(told) = faults.groups.get(group as usize) else { break };
        let proposals = mending.mender().of_group(group);
        passed.insert(id);
        let whole: Vec<_> = proposals.iter().filter(|(_, proposal)| proposal.is_whole()).take(9).collect();
        if whole.is_empty() {
            continue;
        }
        let column = told
            .sample
            .column
            .as_deref()
            .map_or_else(String::new, |name| format!(", `{}`", shown(name.trim())));
        let value = told.value.as_deref().map_or_else(String::new, |value| format!(": `{value}`"));
        let mut text = format!(
            "\n{}: {}{column}{value} ({}) [{}]\n  {}\n",
            if told.severity == Severity::Error { "error" } else { "warning" },
            told.code.title,
            text::count(told.rows, "row"),
            told.code.id,
            worded(told.code.why, &Flags),
        );
        let mut all: Vec<(String, Vec<Change>)> = Vec::new();
        for (nth, (id, proposal)) in (1..).zip(&whole) {
            let changes = mending.mender().changes_of_group(group, id);
            let label = worded(&proposal.fix.label(), &Flags).into_owned();
            let _ = writeln!(text, "  {nth}  {label}{}", if proposal.safe { " (safe)" } else { "" });
            all.push((label, changes));
        }
        if let Some((_, changes)) = all.first() {
            let effect = mending.mender().effect(changes)?;
            for (row, column, from, to) in &effect.samples {
                let (from, to) = (printable_whole(from), printable_whole(to));
                let _ = writeln!(text, "     {}{row}: {from:?} → {to:?}", column_letters(*column));
            }
            if effect.adds > 0 {
                let _ = writeln!(
                    text,
                    "     it would bring {} of another kind",
                    text::count(effect.adds, "finding")
                );
            }
        }
        output::say(text.trim_end());
        match choose(all.len())? {
            Answer::Fix(nth) => {
                let Some((label, changes)) = all.into_iter().nth(nth) else { continue };
                mending.change(&label, changes)?;
                mending.check(&Switch::default())?;
            }
            Answer::Pass => {}
            Answer::Undo => {
                if let Some(step) = mending.undo(None)? {
                    output::say(&format!("undone: {}", step.label));
                    mending.check(&Switch::default())?;
                    passed.clear();
                }
            }
            Answer::Quit => break,
        }
    }
    Ok(())
}

/// The first group that was not passed over and that something mends, those of errors first.
fn next_group(mending: &Mending, passed: &BTreeSet<String>) -> Option<(u32, String)> {
    let groups = (0..).zip(&mending.faults().groups);
    let mut left: Vec<_> = groups.filter(|(_, group)| !passed.contains(&group.id())).collect();
    left.sort_by_key(|(_, group)| (group.severity != Severity::Error, u64::MAX - group.rows));
    let (at, group) = left.into_iter().find(|(at, group)| {
        crate::validate::may_be_mended(group.code.id)
            && mending.mender().of_group(*at).iter().any(|(_, proposal)| proposal.is_whole())
    })?;
    Some((at, group.id()))
}

/// What somebody has answered.
enum Answer {
    /// This one of the fixes, counted from 0.
    Fix(usize),
    Pass,
    Undo,
    Quit,
}

fn choose(fixes: usize) -> Result<Answer, Failure> {
    let numbers = if fixes > 1 { format!("1-{fixes},") } else { String::new() };
    loop {
        let said = answer(&format!("Mend these? [y,n,{numbers}u,q,?] "))?;
        let said = said.trim().to_ascii_lowercase();
        match said.as_str() {
            "y" | "yes" => return Ok(Answer::Fix(0)),
            "n" | "no" => return Ok(Answer::Pass),
            "u" => return Ok(Answer::Undo),
            "q" => return Ok(Answer::Quit),
            number if number.parse().is_ok_and(|number: usize| (1..=fixes).contains(&number)) => {
                return Ok(Answer::Fix(number.parse().unwrap_or(1) - 1));
            }
            // The end of the input.
            "" => return Ok(Answer::Quit),
            _ => output::say(
                "y  mend them as the first says\nn  leave them\n1-9  mend them as this one says\nu  undo the last\n\
                 q  no more: what was mended so far is kept\n?  these lines",
            ),
        }
    }
}
