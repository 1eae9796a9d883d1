//! Who of a roster differs, how, and what is done about it: as people read it.

use std::fmt::Write as _;

use super::output::Paint;
use super::words::wrapped;
use crate::event::PeopleCounts;
use crate::plan::{CellChange, Person, Resolution, folded};
use crate::text::{grouped, people, plain};

/// How many people a terminal is told of: a whole roster would scroll away what was said before it.
pub(super) const ON_A_TERMINAL: usize = 20;

/// How many of those who are not there are named.
const NOT_THERE: usize = 10;

/// The widest column of cells' names.
const WIDEST: usize = 36;

/// What is to be told.
pub(super) struct Told<'t> {
    /// Everybody of the roster, in its order.
    pub(super) people: &'t [Person],
    /// How many there are of each kind.
    pub(super) counts: PeopleCounts,
    /// How many of those who differ are told of one by one.
    pub(super) most: usize,
    /// Whether an update follows, or may.
    pub(super) is_update: bool,
    /// Whether an import of the roster makes any of those who are not there.
    pub(super) can_be_made: bool,
    /// How wide a line may be.
    pub(super) columns: usize,
    /// Whether there are colours.
    pub(super) paint: Paint,
}

/// Who differs and how; then the addresses that change, apart; then how many are as they should be, and who is not there.
/// Ends with a line end, and is empty where there is nobody.
pub(super) fn differences(told: &Told<'_>) -> String {
    let mut text = String::new();
    let differing: Vec<&Person> = told.people.iter().filter(|person| has_own_lines(person)).collect();
    for person in differing.iter().take(told.most) {
        of_person(&mut text, person, told);
    }
    let more = differing.len().saturating_sub(told.most);
    if more > 0 {
        let all =
            if told.is_update { "--format json has all" } else { "--format json and --annotate have all" };
        let line = format!("… and {} more: {all}\n", grouped(more as u64));
        text.push_str(&wrapped(&line, told.columns, 2));
    }
    of_addresses(&mut text, told);
    of_the_others(&mut text, told);
    text
}

/// The counts in one line.
pub(super) fn counts(counts: &PeopleCounts, is_update: bool) -> String {
    let PeopleCounts { total, same, update, drift, conflict, create, skip: _, not_there, left, partly: _ } =
        *counts;
    let differ = if is_update {
        "to change"
    } else if update == 1 {
        "differs"
    } else {
        "differ"
    };
    let parts = [
        (same, "as they should be"),
        (update, differ),
        (drift, "changed on the instance since"),
        (conflict, "changed on both sides"),
        (create, "to create"),
        (not_there, "not there"),
        (left, "left"),
    ];
    let told = parts.iter().filter(|(number, _)| *number > 0);
    let told: Vec<_> = told.map(|(number, what)| format!("{} {what}", grouped(*number))).collect();
    let told = if told.is_empty() { "nobody".to_owned() } else { told.join(", ") };
    if total > 1 { format!("{}: {told}", people(total)) } else { told }
}

/// Whether a person stands in the list: one in whom nothing but the address differs stands with the addresses, and one who
/// is not there with the others.
fn has_own_lines(person: &Person) -> bool {
    let is_whole = person.cells.is_empty() && person.resolution != Resolution::Same && !person.is_not_there();
    is_whole || own_cells(person).next().is_some()
}

fn own_cells(person: &Person) -> impl Iterator<Item = &CellChange> {
    person.cells.iter().filter(|cell| !is_address(cell))
}

/// The primary address, by which a login can be taken over.
fn is_address(cell: &CellChange) -> bool {
    cell.is_login_address()
}

fn of_person(text: &mut String, person: &Person, told: &Told<'_>) {
    let own: Vec<&CellChange> = own_cells(person).collect();
    // By the cells that are shown: the address has a place of its own.
    let whole = own.iter().map(|cell| cell.resolution).find(|one| *one == person.resolution);
    let whole = whole.or_else(|| own.first().map(|cell| cell.resolution)).unwrap_or(person.resolution);
    let mark = if whole == Resolution::Update { told.paint.yellow("~") } else { told.paint.red("!") };
    let mut line = format!("{mark} {}  row {}", plain(&person.user), person.row);
    let why = person.note.as_deref().map(plain).or_else(|| left(whole, told).map(str::to_owned));
    if let Some(why) = why {
        let _ = write!(line, "  {why}");
    }
    text.push_str(&wrapped(&line, told.columns, 4));
    text.push('\n');
    let own: Vec<(String, &CellChange)> =
        folded(&own).into_iter().map(|(name, cell)| (plain(&name), cell)).collect();
    let width = own.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(WIDEST);
    for (name, cell) in own {
        let mut line = format!("    {name:<width$}  {}", values(cell));
        if let Some(rights) = cell.rights() {
            let _ = write!(line, "  ({})", plain(&rights));
        }
        if let Some(why) = reason(cell, whole) {
            let _ = write!(line, "  ({why})");
        }
        text.push_str(&wrapped(&line, told.columns, width + 2));
        text.push('\n');
    }
}

/// From and to.
fn values(cell: &CellChange) -> String {
    let side = |value: &Option<String>| match value.as_deref() {
        None => "(nothing)".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(value) => plain(value),
    };
    format!("{} -> {}", side(&cell.from), side(&cell.to))
}

/// Why something is left, by the table.
fn left(resolution: Resolution, told: &Told<'_>) -> Option<&'static str> {
    match (resolution, told.is_update) {
        (Resolution::Drift, true) => {
            Some("changed on the instance since, not by this roster; left (--overwrite-drift)")
        }
        (Resolution::Drift, false) => Some("changed on the instance since, not by this roster"),
        (Resolution::Conflict, true) => {
            Some("changed on the instance since, and in the roster; left (--overwrite-drift)")
        }
        (Resolution::Conflict, false) => Some("changed on the instance since, and in the roster"),
        (Resolution::Same | Resolution::Update | Resolution::Create | Resolution::Skip, _) => None,
    }
}

/// What is to be said of a cell with which something else is done than with its person.
fn reason(cell: &CellChange, whole: Resolution) -> Option<String> {
    match cell.code {
        Some("directory-user-id") => Some("left: nobody can change it".to_owned()),
        Some(code) => Some(format!("left: {code}")),
        None if cell.resolution == whole => None,
        None => match cell.resolution {
            Resolution::Drift => Some("left: changed on the instance since".to_owned()),
            Resolution::Conflict => Some("left: changed on both sides".to_owned()),
            _ => None,
        },
    }
}

/// The addresses that change, or would.
fn of_addresses(text: &mut String, told: &Told<'_>) {
    let addressed = told.people.iter().filter_map(|person| {
        let cell = person.cells.iter().find(|cell| is_address(cell))?;
        Some((person, cell))
    });
    let addressed: Vec<_> = addressed.collect();
    let Some((_, first)) = addressed.first() else { return };
    // One that somebody has changed is left for that, and says nothing of the flag.
    let is_held_back = !addressed.iter().any(|(_, cell)| cell.resolution == Resolution::Update);
    let what = match (told.is_update, is_held_back) {
        (true, true) => "left without --change-email",
        (true, false) => "changed, as --change-email says",
        (false, true) => "an update leaves them without --change-email",
        (false, false) => "an update changes them, as --change-email says",
    };
    // One sentence for all of them: a flag lets all of them through, or none.
    let head = format!("@ primary e-mail addresses, by which a login can be taken over; {what}:\n");
    text.push_str(&wrapped(&head, told.columns, 2));
    let shown = addressed.iter().take(told.most);
    let width = shown.clone().map(|(person, _)| plain(&person.user).chars().count()).max().unwrap_or(0);
    for (person, cell) in shown {
        let why = reason_of_address(cell, first, told).map(|why| format!("  ({why})")).unwrap_or_default();
        let line = format!("    {:<width$}  row {}  {}{why}", plain(&person.user), person.row, values(cell));
        text.push_str(&wrapped(&line, told.columns, 4));
        text.push('\n');
    }
    let more = addressed.len().saturating_sub(told.most);
    if more > 0 {
        let _ = writeln!(text, "    … and {} more", grouped(more as u64));
    }
}

fn reason_of_address(cell: &CellChange, first: &CellChange, told: &Told<'_>) -> Option<String> {
    let is_told = cell.resolution == first.resolution && cell.code == first.code;
    let why = left(cell.resolution, told).map(str::to_owned);
    if is_told && why.is_none() { None } else { why }
}

/// How many are as they should be, and who is not there.
fn of_the_others(text: &mut String, told: &Told<'_>) {
    if told.counts.same > 0 {
        let mark = told.paint.green("=");
        let _ = writeln!(text, "{mark} {} as they should be", grouped(told.counts.same));
    }
    let missing: Vec<&Person> = told.people.iter().filter(|person| person.is_not_there()).collect();
    if missing.is_empty() {
        return;
    }
    let named: Vec<String> =
        missing.iter().take(NOT_THERE).map(|person| format!("`{}`", plain(&person.user))).collect();
    let more = match missing.len().saturating_sub(NOT_THERE) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    let number = grouped(missing.len() as u64);
    let them = if missing.len() == 1 { "it" } else { "them" };
    let how = match told.can_be_made {
        true => format!("headcount import makes {them}"),
        false => format!("and no row says all that headcount import takes to make {them}"),
    };
    let line = format!("? {number} not there, {how}: {}{more}\n", named.join(", "));
    text.push_str(&wrapped(&line, told.columns, 2));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::RowNumber;
    use crate::report::drift::tests::{cell, counts as counted, people as some};
    use crate::user::Group;

    fn told(people: &[Person], most: usize, is_update: bool) -> String {
        differences(&Told {
            people,
            counts: counted(people),
            most,
            is_update,
            can_be_made: true,
            columns: 80,
            paint: Paint::plain(),
        })
    }

    #[test]
    fn an_update_tells_who_changes_and_how_at_eighty_columns() {
        insta::assert_snapshot!(told(&some(), 20, true));
        assert!(
            told(&some(), 20, true).lines().all(|line| line.chars().count() < 80 || !line.contains("->"))
        );
    }

    #[test]
    fn a_comparison_tells_the_same_and_leaves_nothing() {
        insta::assert_snapshot!(told(&some(), 20, false));
    }

    #[test]
    fn of_many_the_first_are_told_and_the_others_counted() {
        let of = |at: u32| {
            let change =
                cell(Group::Hierarchy, "hierarchy", Some("EMEA"), Some("EMEA|Berlin"), Resolution::Update);
            Person::differing(RowNumber::from(at), &format!("u{at}"), "u", vec![change])
        };
        let many: Vec<Person> = (2..810).map(of).collect();
        let text = told(&many, 20, false);
        assert_eq!(text.lines().filter(|line| line.starts_with('~')).count(), 20);
        assert!(text.ends_with("… and 788 more: --format json and --annotate have all\n"), "{text}");
        assert_eq!(told(&many, usize::MAX, true).lines().count(), 2 * 808);
    }

    #[test]
    fn what_a_roster_says_steers_no_terminal() {
        let change = cell(Group::Tags, "tag \u{1b}[2J", Some("\u{202e}a"), Some("b\nc"), Resolution::Update);
        let people = [Person::differing(RowNumber::from(2), "x\u{7}", "u", vec![change])];
        let text = told(&people, 20, true);
        assert!(!text.chars().any(|c| c != '\n' && crate::text::hides(c)), "{text:?}");
    }

    #[test]
    fn the_counts_are_a_line() {
        assert_eq!(
            counts(&counted(&some()), true),
            "7 people: 2 as they should be, 2 to change, 1 changed on the instance since, 1 not there, 1 left"
        );
        assert_eq!(counts(&PeopleCounts::default(), false), "nobody");
        let one = PeopleCounts { total: 1, update: 1, ..PeopleCounts::default() };
        assert_eq!(counts(&one, false), "1 differs");
    }
}
