//! How people differ from a roster, as findings of its cells: so that a copy of it has each difference where it is.

use std::collections::HashMap;

use crate::error::Failure;
use crate::finding::{Finding, Severity};
use crate::plan::{CellChange, Person, Resolution, folded};
use crate::roster::{Columns, Field, Roster, Row, field_of};
use crate::text::{people, shown};
use crate::user::Group;
use crate::validate::{Checked, Tally};

/// What a check found, and the differences beside it, in the order of the file.
///
/// # Errors
/// Exit 2 where the roster can no longer be read.
pub(crate) fn beside(roster: &Roster, checked: &Checked, people: &[Person]) -> Result<Checked, Failure> {
    let of_rows: HashMap<u64, &Person> = people
        .iter()
        .filter(|person| person.resolution != Resolution::Same)
        .map(|person| (u64::from(person.row.number()), person))
        .collect();
    let mut findings = checked.findings.clone();
    let (mut rows, mut row) = (roster.all_rows()?, Row::default());
    while rows.read(&mut row)? {
        if let Some(person) = of_rows.get(&row.number) {
            of_person(person, &row, roster.columns(), &mut findings);
        }
    }
    // Stable: of one row what the check found stands first.
    findings.sort_by_key(|finding| finding.row);
    let tally = Tally::of(&findings);
    Ok(Checked { findings, tally, not_kept: 0, ..checked.clone() })
}

fn of_person(person: &Person, row: &Row, columns: &Columns, findings: &mut Vec<Finding>) {
    let mut add = |resolution: Resolution, field: Option<Field>, message: String| {
        let column = field.or(Some(Field::Username)).and_then(|field| columns.header(field));
        findings.push(Finding {
            code: resolution.word(),
            severity: match resolution {
                Resolution::Same | Resolution::Update | Resolution::Create => Severity::Warning,
                Resolution::Drift | Resolution::Conflict | Resolution::Skip => Severity::Error,
            },
            row: Some(row.number),
            column: column.map(str::to_owned),
            value: None,
            message,
            hint: None,
        });
    };
    if person.cells.is_empty() {
        let why = person.note.as_deref().or(person.code).unwrap_or("left");
        add(person.resolution, None, shown(why));
    }
    // What is told once may stand in the cells of several channels.
    let mut of_fields: Vec<(Option<Field>, Vec<&CellChange>)> = Vec::new();
    for cell in &person.cells {
        let field = field(cell, row, columns);
        match of_fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, cells)) => cells.push(cell),
            None => of_fields.push((field, vec![cell])),
        }
    }
    for (field, cells) in of_fields {
        for (name, cell) in folded(&cells) {
            add(cell.resolution, field, message(&name, cell, field));
        }
    }
}

/// What the instance has.
fn message(name: &str, cell: &CellChange, field: Option<Field>) -> String {
    let there = match cell.from.as_deref() {
        None => "nothing".to_owned(),
        Some("") => "an empty value".to_owned(),
        Some(value) => format!("`{}`", shown(value)),
    };
    // One cell of a roster may say several members.
    let which = match cell.group {
        _ if field.is_some() && field == field_of(name) => String::new(),
        Group::Tags | Group::Proficiencies | Group::Config => format!("{}: ", shown(name)),
        _ => String::new(),
    };
    let since = match cell.resolution {
        Resolution::Drift => ", changed there since it was last as the roster asks",
        Resolution::Conflict => ", changed there, and in the roster, since they were last the same",
        _ => "",
    };
    let why = cell.code.map(|code| format!(" ({code})")).unwrap_or_default();
    format!("{which}the instance has {there}{since}{why}")
}

/// The column in which a row says it: that of the channel, else that of all channels; one that is filled in before one that
/// is not.
fn field(cell: &CellChange, row: &Row, columns: &Columns) -> Option<Field> {
    let name = cell.cell.as_str();
    let of_all = name.rsplit_once(' ').map(|(all, _)| all);
    let fields = match cell.group {
        Group::RoutingProfile => [Some(Field::RoutingProfile), None],
        Group::SecurityProfiles => [Some(Field::SecurityProfiles), None],
        Group::Hierarchy => [Some(Field::Hierarchy), None],
        Group::Tags => [Some(Field::Tags), None],
        Group::Proficiencies => [Some(Field::Proficiencies), None],
        Group::Identity => [field_of(name), None],
        Group::Config => [field_of(name), of_all.and_then(field_of)],
    };
    let known = || fields.into_iter().flatten().filter(|field| columns.has(*field));
    let filled = known().find(|field| !columns.cell(row, *field).trim().is_empty());
    filled.or_else(|| known().next())
}

/// What stands before a difference, in place of how bad it is.
pub(super) fn label(finding: &Finding) -> Option<&'static str> {
    let resolution = Resolution::ALL.into_iter().find(|resolution| resolution.word() == finding.code)?;
    Some(match resolution {
        Resolution::Same | Resolution::Update => "differs",
        Resolution::Drift => "drift",
        Resolution::Conflict => "conflict",
        Resolution::Create => "to be made",
        Resolution::Skip => "left",
    })
}

/// How many differ, where any does.
pub(super) fn in_all(findings: &[Finding]) -> Option<String> {
    let mut rows: Vec<_> =
        findings.iter().filter(|finding| label(finding).is_some()).map(|finding| finding.row).collect();
    rows.dedup();
    let number = rows.len() as u64;
    let differ = if number == 1 { "is" } else { "are" };
    (number > 0).then(|| format!("headcount: {} {differ} not as the roster asks", people(number)))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::super::{Kind, write};
    use super::*;
    use crate::agent::{IdentityType, RowNumber};
    use crate::cli::voice::Flags;
    use crate::report::drift::tests::cell;
    use crate::roster::Options;
    use crate::validate::{About, Rules, check};

    const ROSTER: &str = "user login,routing profile,ACW timeout,auto accept voice,tags,status\n\
                          ana,Sales,30,,site|Berlin||team|a,x\nben,Basic,(clear),yes,,y\ncas,Basic,,,,z\n";

    fn people() -> Vec<Person> {
        let some = |text| Some(text);
        let row = RowNumber::from;
        vec![
            Person::differing(
                row(2),
                "ana",
                "u-1",
                vec![
                    cell(Group::Config, "ACW timeout voice", some("60"), some("30"), Resolution::Drift),
                    cell(
                        Group::RoutingProfile,
                        "routing profile",
                        some("=Basic"),
                        some("Sales"),
                        Resolution::Update,
                    ),
                    cell(Group::Tags, "tag site", None, some("Berlin"), Resolution::Update),
                ],
            ),
            Person::differing(
                row(3),
                "ben",
                "u-2",
                vec![cell(Group::Config, "auto accept voice", some("no"), some("yes"), Resolution::Update)],
            ),
            Person::apart(row(4), "cas", Resolution::Skip, "not-there", "not there".into()),
        ]
    }

    fn annotated(ending: &str) -> Vec<u8> {
        let roster = Roster::from_memory(ROSTER.into(), &Options::default(), "").unwrap();
        let rules = Rules::new(IdentityType::Saml).about(About::There);
        let checked = check(&roster, &rules, &mut |_| {}).unwrap();
        let both = beside(&roster, &checked, &people()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join(format!("out.{ending}"));
        let Ok(kind) = Kind::of(&out) else { panic!("no kind") };
        let written = write(&roster, &rules, &both, kind, &out, &Flags);
        assert_eq!(written.unwrap_or_else(|failure| panic!("{}", failure.what)).rows, 3);
        std::fs::read(out).unwrap()
    }

    #[test]
    fn a_csv_has_each_rows_differences_in_its_first_column_and_is_itself_behind_it() {
        let text = String::from_utf8(annotated("csv")).unwrap();
        insta::assert_snapshot!(text.trim_start_matches('\u{FEFF}'), @r#"
        "headcount findings",user login,routing profile,ACW timeout,auto accept voice,tags,status
        "drift: ACW timeout: ACW timeout voice: the instance has `60`, changed there since it was last as the roster asks; differs: routing profile: the instance has `=Basic`; differs: tags: tag site: the instance has nothing",ana,Sales,30,,site|Berlin||team|a,x
        "differs: auto accept voice: the instance has `no`",ben,Basic,(clear),yes,,y
        "left: user login: not there",cas,Basic,,,,z
        "#);
    }

    #[test]
    fn a_workbook_has_a_colour_and_a_note_in_each_cell_that_differs() {
        let bytes = annotated("xlsx");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let notes = part("xl/comments1.xml");
        for (at, said) in [
            ("B2", "differs: the instance has `=Basic`"),
            ("C2", "drift: ACW timeout voice: the instance has `60`, changed there since"),
            ("E2", "differs: tag site: the instance has nothing"),
            ("D3", "differs: the instance has `no`"),
            ("A4", "left: not there"),
        ] {
            let note = notes.split("<comment ").find(|note| note.contains(&format!("ref=\"{at}\"")));
            assert!(note.is_some_and(|note| note.contains(said)), "{at}: {notes}");
        }
        assert_eq!(notes.matches("<comment ").count(), 5);
        let styles = part("xl/styles.xml");
        assert!(styles.contains("FFFFEB9C") && styles.contains("FFFFC7CE"), "{styles}");
    }

    #[test]
    fn what_a_check_found_stays_beside_the_differences() {
        let text = "user login,routing profile\n ana,Sales\n";
        let roster = Roster::from_memory(text.into(), &Options::default(), "").unwrap();
        let rules = Rules::new(IdentityType::Saml).about(About::There);
        let checked = check(&roster, &rules, &mut |_| {}).unwrap();
        let both = beside(&roster, &checked, &people()[..1]).unwrap();
        let codes: Vec<_> = both.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["username-spaces", "drift", "update", "update"]);
        assert_eq!(in_all(&both.findings).as_deref(), Some("headcount: 1 person is not as the roster asks"));
        assert_eq!(in_all(&checked.findings), None);
    }
}
