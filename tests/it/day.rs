//! A whole day of an operations lead, from HR's workbook to users who can sign in, typed line by line against a
//! service over sockets; and how many lines and how many edits by hand that takes.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::harness::{Ran, Service, pasted, run};

const FIRST: [&str; 20] = [
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hannes", "Ida", "Jonas", "Käthe", "Lukas",
    "Mia", "Noah", "Olivia", "Paul", "Rosa", "Sören", "Tilda", "Uwe",
];
const LAST: [&str; 24] = [
    "Schäfer", "Müller", "Weiß", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Groß", "Lange", "Krause",
    "Böhm", "Vogel", "Jäger", "Otto", "Sommer", "Stein", "Haas", "Graf", "Dietrich", "Ziegler", "Kuhn",
    "Kühn", "Pohl",
];
/// Three whose logins are too long, two who would have the same one, one without a comma, and one more.
const OTHERS: [&str; 7] = [
    "von Weizsäcker-Lüdenscheid, Maximiliane",
    "Hohenstein-Wittgenstein, Alexandra",
    "Oberhauser-Schwarzenberg, Konstantin",
    "Schmidt, Anton",
    "Schmidt, Axel",
    "Simon Eva",
    "Fuchs, Lea",
];
const LEFT: [&str; 3] = ["Alt, Karl", "Berg, Nina", "Dorn, Piet"];
const NEW: [&str; 8] = [
    "Adam, Zoë",
    "Beck, Yara",
    "Cohn, Xaver",
    "Dahl, Wim",
    "Ernst, Vera",
    "Falk, Udo",
    "Gans, Theo",
    "Hahn, Sven",
];

/// A row of HR's list.
#[derive(Clone)]
struct Person {
    number: u32,
    name: String,
    phone: Phone,
    left: bool,
}

#[derive(Clone)]
enum Phone {
    /// As Excel keeps a number that somebody typed: without its zero.
    Number(f64),
    Text(&'static str),
    Soft,
}

/// Sixty rows: fifty-five people, three who have left, and two of the first a second time.
fn people() -> Vec<Person> {
    let named = (0..48).map(|n| format!("{}, {}", LAST[n % 24], FIRST[n % 20]));
    let all = named.chain(OTHERS.map(str::to_owned)).chain(LEFT.map(str::to_owned));
    let mut people: Vec<Person> = (0..)
        .zip(all)
        .map(|(number, name)| Person {
            number,
            phone: match number {
                0..31 => Phone::Number(3_023_125_000.0 + f64::from(number)),
                31 => Phone::Text("030 23125031"),
                32 => Phone::Text("+49 30 23125032"),
                33 => Phone::Text("030 12"),
                _ => Phone::Soft,
            },
            left: LEFT.contains(&name.as_str()),
            name,
        })
        .collect();
    people.extend([people[4].clone(), people[9].clone()]);
    people
}

/// HR's workbook: a title, a day, a row of merged groups, the header in row 5, the people, and a total.
fn write_list(path: &Path, people: &[Person]) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Q4").unwrap();
    let (bold, day) = (Format::new().set_bold(), Format::new().set_num_format("dd.mm.yyyy"));
    sheet.write_string(0, 0, "Personalliste Kundenservice – Neueinstellungen Q4").unwrap();
    sheet.write_string(1, 0, "Stand").unwrap();
    sheet.write_string(1, 1, "20.11.2026").unwrap();
    sheet.merge_range(3, 0, 3, 2, "Person", &bold).unwrap();
    sheet.merge_range(3, 3, 3, 6, "Einsatz", &bold).unwrap();
    let header = ["Personalnr.", "Name", "E-Mail", "Team", "Telefonart", "Durchwahl", "Austritt"];
    for (column, text) in (0..).zip(header) {
        sheet.write_string(4, column, text).unwrap();
    }
    let gone = ExcelDateTime::from_ymd(2026, 10, 31).unwrap();
    for (row, person) in (5..).zip(people) {
        sheet.write_number(row, 0, f64::from(100_200 + person.number * 7)).unwrap();
        sheet.write_string(row, 1, &person.name).unwrap();
        sheet.write_string(row, 2, format!("p{:03}@example.com", person.number)).unwrap();
        sheet
            .write_string(row, 3, ["Support A", "Support B", "Vertrieb"][person.number as usize % 3])
            .unwrap();
        sheet
            .write_string(row, 4, if matches!(person.phone, Phone::Soft) { "Softphone" } else { "Tisch" })
            .unwrap();
        match person.phone {
            Phone::Number(digits) => drop(sheet.write_number(row, 5, digits).unwrap()),
            Phone::Text(text) => drop(sheet.write_string(row, 5, text).unwrap()),
            Phone::Soft => {}
        }
        if person.left {
            sheet.write_datetime_with_format(row, 6, &gone, &day).unwrap();
        }
    }
    let total = 5 + u32::try_from(people.len()).unwrap();
    sheet.write_string(total, 0, "Summe").unwrap();
    sheet.write_number(total, 1, f64::from(total - 5)).unwrap();
    workbook.save(path).unwrap();
}

/// The first sheet of a workbook, as texts.
fn sheet_of(path: &Path) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = workbook.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// What was typed, and what was changed by hand.
struct Day<'a> {
    service: &'a Service,
    folder: PathBuf,
    path: OsString,
    typed: Vec<String>,
    edits: Vec<String>,
}

impl<'a> Day<'a> {
    fn begin(service: &'a Service, folder: &Path) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_headcount")).parent().unwrap();
        let found = std::env::var_os("PATH").unwrap();
        let path =
            std::env::join_paths([program.to_owned()].into_iter().chain(std::env::split_paths(&found)));
        Self { service, folder: folder.to_owned(), path: path.unwrap(), typed: Vec::new(), edits: Vec::new() }
    }

    /// A line typed in a terminal.
    #[track_caller]
    fn types(&mut self, line: &str) -> Ran {
        self.typed.push(line.to_owned());
        run(pasted(&self.service.headcount(&self.folder), line).env("PATH", &self.path))
    }

    /// Says how much it took, beside how much it took before.
    #[track_caller]
    fn is_told_and_shorter(&self) {
        let (lines, edits) = (self.typed.len(), self.edits.len());
        let took = format!(
            "\na day: {lines} lines typed ({} before), {edits} edits by hand ({} before)\n",
            BEFORE.0, BEFORE.1
        );
        // Past the test runner, which keeps what a test prints to itself while the test passes.
        let _ = std::io::stderr().write_all(took.as_bytes());
        assert!(lines < BEFORE.0 && edits < BEFORE.1, "{took}{:#?}\n{:#?}", self.typed, self.edits);
    }

    /// Some lines of a text file are changed: one edit.
    #[track_caller]
    fn edits_text(&mut self, name: &str, changes: &[(&str, &str)]) {
        let path = self.folder.join(name);
        let mut text = fs::read_to_string(&path).unwrap();
        for (from, to) in changes {
            assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
            text = text.replacen(from, to, 1);
        }
        fs::write(path, text).unwrap();
        self.edits.push(format!("{name}: {}", changes.last().unwrap().1.trim()));
    }

    /// Cells of a workbook are typed over, each found by the name in its row: one edit a cell.
    #[track_caller]
    fn edits_cells(&mut self, name: &str, changes: &[(&str, &str, &str)]) {
        let path = self.folder.join(name);
        let mut rows = sheet_of(&path);
        for (who, column, value) in changes {
            let column = rows[0].iter().position(|header| header == column).unwrap();
            let row =
                rows.iter_mut().find(|row| row[1] == *who).unwrap_or_else(|| panic!("no {who} in {name}"));
            row[column] = (*value).to_owned();
            self.edits.push(format!("{name}: {value}"));
        }
        let mut mended = Workbook::new();
        let sheet = mended.add_worksheet();
        for (at, row) in (0..).zip(&rows) {
            for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(at, column, cell).unwrap();
            }
        }
        mended.save(path).unwrap();
    }
}

const LIST: &str = "Neueinstellungen Q4.xlsx";
const SECOND: &str = "Neueinstellungen Q4 Nachtrag.xlsx";
const FAILED: &str = "Neueinstellungen Q4.xlsx.failed.xlsx";
const LEDGER: &str = r#""Neueinstellungen Q4.xlsx.ledger.jsonl""#;
const TO: &str = "--instance acme-contact-centre --region eu-central-1";
/// The login as it is proposed, and as this house has it: short enough, and numbered where two would have the same.
const PROPOSED: &str =
    "\"user login\" = \"{first name|german|lower|joined}.{last name|german|lower|joined}\"";
const LOGINS: &str =
    "\"user login\" = \"{first name|german|lower|initial}.{last name|german|lower|joined|15}{n}\"";
const HOW: &str = "--columns map.toml --phone-region DE --generate-passwords --credentials-out pw.jsonl";

/// What the same list asked of the person before titles, leavers, numbers, exceptions and second waves were known to
/// the program: counted with the program of commit 40397f7 on this very workbook, each finding mended as its fix said.
/// A block of neighbouring rows that is deleted, and a formula that is filled down, is one edit.
///
/// Lines: `columns`, the same through `sed` into a file, `validate`, the rehearsal, `rm` of its passwords, the import,
/// `retry`, `credentials`, `chmod`, the second import, the report.
///
/// Edits of the first list: the rows above the header, the total, the leavers, those who stand there twice (4), the
/// phone numbers that were numbers (31), a login column in place of the template, filled down, with its header (2) and
/// four exceptions (4), the name and three teams in the map (4), three mended failures (3). Of the second list again:
/// the rows above the header, the total, the leavers (3), the phone numbers (31), the login column and its
/// exceptions (6).
const BEFORE: (usize, usize) = (11, 88);

#[test]
fn a_day_of_an_operations_lead_takes_fewer_lines_and_far_fewer_edits_than_it_did() {
    let service = Service::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    somebody_has_a_login_already(&service, path);
    write_list(&path.join(LIST), &people());
    let mut day = Day::begin(&service, path);

    // HR's list is looked at, and what it means is written down.
    let shown = day.types(&format!("headcount columns \"{LIST}\" -o map.toml")).exits(3).stdout;
    for told in ["header in row 5", "row 59, Name, `Simon Eva`: the name is not written as `last, first`"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    day.edits_text("map.toml", &[(PROPOSED, LOGINS)]);
    for (team, group) in [
        ("Support A", "EMEA|Germany|Berlin|Support|Team A"),
        ("Support B", "EMEA|Germany|Berlin|Support|Team B"),
        ("Vertrieb", "EMEA|France|Paris|Sales"),
    ] {
        day.edits_text(
            "map.toml",
            &[(&format!("# \"{team}\" = \"\""), &format!("\"{team}\" = \"{group}\""))],
        );
    }
    day.edits_text("map.toml", &[("# \"Austritt\" = \"filled\"", "\"Austritt\" = \"filled\"")]);

    // What is wrong is said at once; two people who stand there twice are taken out.
    let validate =
        format!("headcount validate \"{LIST}\" --columns map.toml --phone-region DE --generate-passwords");
    let said = day.types(&validate).exits(3).stdout;
    for told in
        ["the header is in row 5", "3 rows left out by the map: `Austritt` is filled", "[same-person]"]
    {
        assert!(said.contains(told), "{told}: {said}");
    }
    write_list(&path.join(LIST), &people()[..58]);
    day.edits.push(format!("{LIST}: two rows that are there twice"));

    // The rehearsal, and the same line for the instance.
    let rehearsed =
        day.types(&format!("headcount import \"{LIST}\" --simulate {HOW} --skip-invalid")).exits(1);
    assert!(rehearsed.stdout.starts_with("53 of 55 rows created, 2 invalid;"), "{}", rehearsed.stdout);
    // At the rate that is assumed, two a second, the test would wait for half a minute.
    let import = format!("headcount import \"{LIST}\" {TO} {HOW} --rate 1000 --skip-invalid");
    let ran = day.types(&import).exits(1);
    assert!(ran.stdout.starts_with("52 of 55 rows created, 1 exists already, 2 invalid;"), "{}", ran.stdout);

    // What failed is mended where it is handed back, and the line that was printed sends it.
    day.edits_cells(
        FAILED,
        &[
            ("Simon Eva", "Name", "Simon, Eva"),
            ("Lange, Noah", "Durchwahl", "030 23125033"),
            ("Vogel, Mia", "user login", "mia.vogel"),
        ],
    );
    let retry = printed(&ran, "retry with: ");
    let ran = day.types(&retry).exits(0);
    assert!(ran.stdout.starts_with("55 of 55 rows created; 3 CreateUser calls"), "{}", ran.stdout);

    // HR's next list has another name, what HR was told is mended in it, and eight people are new.
    write_list(&path.join(SECOND), &second_list());
    let again = format!("headcount import \"{SECOND}\" --ledger {LEDGER} {TO} {HOW} --rate 1000");
    let ran = day.types(&again).exits(0);
    assert!(ran.stdout.starts_with("63 of 63 rows created; 8 CreateUser calls"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`m.vogel` goes by `mia.vogel`"), "{}", ran.stderr);
    let created = service.calls("CreateUser", "executed");
    assert_eq!(created, 1 + 55 + 8, "nobody is made twice");

    // Each team's passwords are a file of their own, with the names beside them, and the boss has a page.
    let rosters = format!("--roster \"{SECOND}\" --roster \"{FAILED}\"");
    let per =
        format!("headcount credentials pw.jsonl --ledger {LEDGER} --with Name --per Team -o Teams {rosters}");
    let handed = day.types(&per).exits(0);
    let team = |name: &str| fs::read_to_string(path.join("Teams").join(name)).unwrap();
    let teams = ["Support A.csv", "Support B.csv", "Vertrieb.csv"].map(team).concat();
    assert_eq!(teams.lines().count(), 3 + 55 + 8, "{handed:?}");
    assert!(teams.lines().any(|line| line.starts_with("mia.vogel,") && line.ends_with(",\"Vogel, Mia\"")));
    day.types(&format!("headcount report {LEDGER} -o Ergebnis.html")).exits(0);
    day.is_told_and_shorter();
}

fn second_list() -> Vec<Person> {
    let mut people = people();
    people.truncate(58);
    people[33].phone = Phone::Text("030 23125033");
    people[53].name = "Simon, Eva".to_owned();
    let new = (60..).zip(NEW).map(|(number, name)| Person {
        number,
        name: name.to_owned(),
        phone: Phone::Soft,
        left: false,
    });
    people.extend(new);
    people
}

/// Whoever was here before has a login that the list's people would be given.
fn somebody_has_a_login_already(service: &Service, folder: &Path) {
    let before = "first name,last name,email,user login,password,routing profile,security profiles\n\
                  Max,Vogel,max@example.com,m.vogel,Kettle-Moss-40,Basic Routing Profile,Agent\n";
    fs::write(folder.join("before.csv"), before).unwrap();
    run(&mut service.import(folder, "before.csv", &[])).exits(0);
}

/// The line that a run printed behind these words.
#[track_caller]
fn printed(ran: &Ran, before: &str) -> String {
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix(before));
    line.unwrap_or_else(|| panic!("no {before:?} in:\n{}", ran.stderr)).to_owned()
}
