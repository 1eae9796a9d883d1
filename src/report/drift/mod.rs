//! How people differ from a roster, kept for whoever comes later: a page that opens offline, a table, a document for
//! programs, a ticket.

mod document;
mod page;
mod sheet;
mod ticket;
mod told;

use std::io::{self, Read};

use crate::error::Failure;

pub(crate) use told::Drift;

/// The forms that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A page.
    Html,
    /// A table: a line for each cell that differs.
    Csv,
    /// A document.
    Json,
    /// A ticket.
    Md,
}

impl Form {
    /// By the end of a file's name.
    pub(crate) fn of_ending(ending: &str) -> Option<Self> {
        let forms = [
            ("html", Self::Html),
            ("htm", Self::Html),
            ("csv", Self::Csv),
            ("json", Self::Json),
            ("md", Self::Md),
        ];
        forms.into_iter().find(|(word, _)| ending.eq_ignore_ascii_case(word)).map(|(_, form)| form)
    }
}

impl Drift<'_> {
    /// In this form.
    ///
    /// # Errors
    /// Exit 4 where it cannot be made.
    pub(crate) fn written(&self, form: Form) -> Result<Vec<u8>, Failure> {
        match form {
            Form::Html => Ok(page::write(self).into_bytes()),
            Form::Csv => sheet::write(self),
            Form::Json => document::write(self),
            Form::Md => Ok(ticket::write(self).into_bytes()),
        }
    }
}

/// Whether a file begins as one that was written here.
pub(crate) fn is_ours(file: &mut impl Read) -> io::Result<bool> {
    let mut head = Vec::new();
    file.take(1024).read_to_end(&mut head)?;
    let text = String::from_utf8_lossy(&head);
    Ok(text.contains(page::MARK)
        || text.starts_with(document::HEAD)
        || text.starts_with(ticket::HEAD)
        || text.strip_prefix('\u{FEFF}').is_some_and(|text| text.starts_with(&sheet::head())))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::agent::RowNumber;
    use crate::clock::Zone;
    use crate::event::PeopleCounts;
    use crate::plan::{CellChange, Person, Resolution};
    use crate::user::Group;

    const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\u{202e}=cmd()|`@all`";

    /// A cell that differs.
    pub(crate) fn cell(
        group: Group,
        name: &str,
        from: Option<&str>,
        to: Option<&str>,
        how: Resolution,
    ) -> CellChange {
        let own = |text: Option<&str>| text.map(str::to_owned);
        CellChange { group, cell: name.into(), from: own(from), to: own(to), resolution: how, code: None }
    }

    /// People of every kind.
    pub(crate) fn people() -> Vec<Person> {
        use Resolution::{Conflict, Drift, Same, Skip, Update};
        let row = RowNumber::from;
        let person = |at: u32, user: &str, cells| Person::differing(row(at), user, "u-1", cells);
        let profiles = cell(
            Group::SecurityProfiles,
            "security profiles",
            Some("Agent"),
            Some("Agent|QualityAnalyst"),
            Update,
        );
        let email = cell(Group::Identity, "email address", Some("a@x.example"), Some("b@x.example"), Skip);
        vec![
            Person {
                adds_rights: true,
                ..person(
                    4,
                    "anneliese.weiss",
                    vec![
                        cell(
                            Group::RoutingProfile,
                            "routing profile",
                            Some("Basic Routing Profile"),
                            Some("Sales DE"),
                            Update,
                        ),
                        profiles,
                    ],
                )
            },
            person(
                5,
                "joao.silva",
                vec![cell(Group::Config, "ACW timeout voice", Some("60"), Some("30"), Drift)],
            ),
            person(6, "same.one", Vec::new()),
            person(
                7,
                "li.wei",
                vec![
                    cell(Group::Tags, "tag site", None, Some(HOSTILE), Update),
                    cell(Group::Hierarchy, "hierarchy", Some("EMEA|Berlin"), None, Conflict),
                ],
            ),
            person(8, "mara", vec![CellChange { code: Some("change-email"), ..email }]),
            Person::apart(row(9), "new.one", Skip, "not-there", "not there".into()),
            Person { resolution: Same, ..person(10, "also.same", Vec::new()) },
        ]
    }

    /// How many they are of each kind.
    pub(crate) fn counts(people: &[Person]) -> PeopleCounts {
        let mut counts = PeopleCounts::default();
        people.iter().for_each(|person| counts.add(person));
        counts
    }

    fn drift(people: &[Person]) -> Drift<'_> {
        Drift {
            roster: "movers.csv",
            instance: "arn:aws:connect:eu-central-1:111111111111:instance/i-1",
            alias: Some("acme"),
            is_rehearsal: false,
            people,
            counts: counts(people),
            update: "headcount update movers.csv --instance acme".into(),
            commands: vec![
                ("put right with", "headcount update movers.csv --instance acme"),
                (
                    "put back with",
                    "headcount update movers.csv --instance acme --overwrite-drift --change-email",
                ),
            ],
            voice: &crate::cli::voice::Flags,
            made: "2026-11-28T20:00:00Z",
            zone: Zone::default(),
        }
    }

    fn text(people: &[Person], form: Form) -> String {
        String::from_utf8(drift(people).written(form).unwrap()).unwrap()
    }

    #[test]
    fn a_page_names_all_who_differ_and_lets_nothing_out_of_a_cell() {
        let page = text(&people(), Form::Html);
        for said in [
            "anneliese.weiss",
            "Sales DE",
            "adds rights",
            "drift",
            "conflict",
            "not there",
            "5 of 7 people",
            "<p>Put back with</p>\n<pre>headcount update movers.csv --instance acme --overwrite-drift --change-email</pre>",
        ] {
            assert!(page.contains(said), "{said}");
        }
        assert!(!page.contains("same.one") && !page.contains("<img") && !page.contains('\u{202e}'));
        assert!(!page.contains(['⟦', '⟧']));
        assert!(page.contains("default-src 'none'") && page.contains("&lt;/script&gt;"));
        assert_eq!(page.matches("<script").count(), 0);
        let all = text(&people()[2..3], Form::Html);
        assert!(all.contains("The one person of the roster is as it asks.") && !all.contains("<table"));
    }

    #[test]
    fn a_table_has_a_line_for_each_cell_and_no_formula() {
        let table = text(&people(), Form::Csv);
        let mut reader = csv::Reader::from_reader(table.trim_start_matches('\u{FEFF}').as_bytes());
        let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(lines.len(), 7);
        assert_eq!(
            lines[0].iter().collect::<Vec<_>>(),
            [
                "4",
                "anneliese.weiss",
                "update",
                "routing_profile",
                "routing profile",
                "Basic Routing Profile",
                "Sales DE",
                "",
                ""
            ]
        );
        assert_eq!(
            lines[6].iter().collect::<Vec<_>>(),
            ["9", "new.one", "skip", "", "", "", "", "not-there", "not there"]
        );
        assert!(!table.contains("\"=") && !table.contains('\u{202e}'));
    }

    #[test]
    fn a_document_counts_all_and_lists_those_who_differ() {
        let document: serde_json::Value = serde_json::from_str(&text(&people(), Form::Json)).unwrap();
        assert_eq!(document["report"], "headcount drift");
        assert_eq!(document["differs"], true);
        assert_eq!(document["people"]["total"], 7);
        assert_eq!(document["commands"][1]["what"], "put back with");
        let changes = document["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 5);
        assert_eq!(changes[0]["adds_rights"], true);
        assert_eq!(changes[2]["cells"][0]["to"], HOSTILE);
        assert_eq!(changes[2]["cells"][1]["to"], serde_json::Value::Null);
        assert_eq!(changes[4]["code"], "not-there");
    }

    #[test]
    fn a_ticket_is_short_and_formats_nothing_of_a_cell() {
        let many: Vec<Person> = (2..40)
            .map(|at| {
                let cells = vec![cell(Group::Tags, "tag a", None, Some(HOSTILE), Resolution::Update)];
                Person::differing(RowNumber::from(at), "x", "u", cells)
            })
            .collect();
        let ticket = text(&many, Form::Md);
        assert!(ticket.contains("Put back with `headcount update movers.csv"), "{ticket}");
        assert!(ticket.contains("… and 18 more") && ticket.len() < 8_000, "{}", ticket.len());
        assert!(!ticket.contains('\u{202e}'));
    }

    #[test]
    fn what_was_written_here_is_known_again_and_nothing_else_is() {
        for form in [Form::Html, Form::Csv, Form::Json, Form::Md] {
            let bytes = drift(&people()).written(form).unwrap();
            assert!(is_ours(&mut bytes.as_slice()).unwrap(), "{form:?}");
        }
        for other in ["", "user login,routing profile\n", "{\"report\": \"headcount\"", "<html>"] {
            assert!(!is_ours(&mut other.as_bytes()).unwrap(), "{other}");
        }
    }

    #[test]
    fn the_form_is_told_by_the_ending() {
        for (ending, form) in
            [("html", Some(Form::Html)), ("CSV", Some(Form::Csv)), ("txt", None), ("", None)]
        {
            assert_eq!(Form::of_ending(ending), form);
        }
    }
}
