//! Passwords handed out: the roster's own columns beside them, a file for each team, slips to print.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Ran, headcount, run};

const LEDGER: &str = "staff.csv.simulate.ledger.jsonl";

/// As people have it: names that are hard to print, a team lead for each but one, old passwords, an ordinary header with a
/// comma in it.
const STAFF: &str = "\
Vorname,Nachname,email address,user login,routing profile name,security profiles,phone type,Team Lead,\"Ort, Etage\",Passwort alt
Jürgen,Großmann,j.grossmann@example.com,j.grossmann,Basic Routing Profile,Agent,soft,Anna Schmidt,\"Köln, 3\",geheim
محمد,الأحمد,m.alahmad@example.com,m.alahmad,Basic Routing Profile,Agent,soft,anna schmidt,=1+1,geheim
<b>Bo</b>,O'Neil & Söhne,bo@example.com,bo,Basic Routing Profile,Agent,soft,../../CON,+49 30,geheim
Cy,Lima,cy@example.com,cy,Basic Routing Profile,Agent,soft,,,geheim
Dee,Lima,dee@example.com,dee,Basic Routing Profile,Agent,soft,Anna  Schmidt ,x,geheim
";

const MAP: &str = "[columns]\n\"Vorname\" = \"first name\"\n\"Nachname\" = \"last name\"\n";

/// A rehearsed import of [`STAFF`] with made passwords.
struct Made(tempfile::TempDir);

impl Made {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(flags: &[&str]) -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        fs::write(made.path("staff.csv"), STAFF).unwrap();
        fs::write(made.path("map.toml"), MAP).unwrap();
        let import = ["import", "staff.csv", "--columns", "map.toml", "--simulate", "--rate", "500"];
        let kept = ["--generate-passwords", "--credentials-out", "pw.jsonl"];
        run(headcount(made.0.path()).args(import).args(kept).args(flags)).exits(0);
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = headcount(self.0.path());
        command.args(["credentials", "pw.jsonl", "--ledger", LEDGER]).args(flags);
        command
    }

    /// The roster is read with the map that the import had: the ledger knows it.
    fn credentials(&self, flags: &[&str]) -> Ran {
        run(&mut self.command(flags))
    }

    /// By login, the password.
    fn password(&self, user: &str) -> String {
        let all = run(&mut self.command(&[])).exits(0).stdout;
        let line = all.lines().find(|line| line.starts_with(&format!("{user},"))).unwrap();
        line.split_once(',').unwrap().1.to_owned()
    }

    /// What stands in the folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A table's cells, without the mark before them.
fn cells(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_rosters_columns_stand_beside_the_passwords_by_its_headers_or_ours() {
    let made = Made::new();
    let flags = ["--with", "name", "--with", "team lead", "Ort, Etage", "--with", "routing profile"];
    let ran = made.credentials(&flags).exits(0);
    let table = cells(&ran.stdout);
    assert_eq!(
        table[0],
        ["user login", "password", "first name", "last name", "Team Lead", "Ort, Etage", "routing profile"]
    );
    let ana = made.password("j.grossmann");
    assert_eq!(
        table[1],
        ["j.grossmann", &ana, "Jürgen", "Großmann", "Anna Schmidt", "Köln, 3", "Basic Routing Profile"]
    );
    assert_eq!(table[2][5], "'=1+1", "no cell is a formula");
    assert_eq!((table[4][4].as_str(), table[5][4].as_str()), ("", "Anna Schmidt"), "one space between words");
    assert_eq!((table.len(), ran.stderr.as_str()), (6, ""));
    // Several in one word, and the same for programs.
    let few = made.credentials(&["--with", "email address,Vorname"]).exits(0).stdout;
    assert_eq!(cells(&few)[1][2..], ["j.grossmann@example.com", "Jürgen"]);
    let json = made.credentials(&["--with", "Team Lead", "--format", "json"]).exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["users"][0]["roster"]["Team Lead"], "Anna Schmidt");
    assert_eq!(json["users"][0]["password"], ana.as_str());
    let plain = run(&mut made.command(&["--format", "json"])).exits(0).stdout;
    assert!(!plain.contains("roster\":{"), "nothing is beside what nobody asked for");
}

#[test]
fn a_column_that_is_not_there_or_has_passwords_is_refused_before_anything_is_written() {
    let made = Made::new();
    for (flags, says) in [
        (vec!["--with", "cost centre"], "the roster has no such column: `"),
        (vec!["--with", "Passwort alt"], "may have passwords in it, and is not handed on: `Passwort alt`"),
        (vec!["--with", "password"], "the roster has no such column"),
        (vec!["--per", "cost centre"], "the roster has no such column"),
        (vec!["--per", "Passwort alt"], "may have passwords in it"),
    ] {
        let ran = made.credentials(&[&flags[..], &["-o", "out"]].concat()).exits(2);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert!(!ran.stderr.contains("geheim") && !made.path("out").exists());
    }
    let ran = made.credentials(&["--with", "cost centre"]).exits(2);
    assert!(ran.stderr.contains("hint: it has `Vorname`, `Nachname`, "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Passwort"), "{}", ran.stderr);
}

#[test]
fn only_the_row_that_a_user_was_made_from_stands_beside_the_password() {
    let made = Made::new();
    // Sorted, one person gone, one login given to somebody else, and a column that headcount does not know changed.
    let lines: Vec<&str> = STAFF.lines().collect();
    let given = lines[3].replace("<b>Bo</b>", "Bonnie");
    let roster = [lines[0], lines[5], &given, lines[2], &lines[1].replace("Anna Schmidt", "Eva Ott")];
    fs::write(made.path("staff.csv"), roster.map(|line| format!("{line}\n")).concat()).unwrap();
    let ran = made.credentials(&["--with", "name", "Team Lead"]).exits(0);
    let table = cells(&ran.stdout);
    assert_eq!(table[1][2..], ["Jürgen", "Großmann", "Eva Ott"]);
    assert_eq!(
        table[3],
        ["bo", &made.password("bo"), "", "", ""],
        "whoever has the login now is somebody else"
    );
    assert_eq!(table[4][2..], ["", "", ""]);
    assert_eq!(table[5][2], "Dee");
    for says in [
        "warning: 1 row changed since",
        "changed: `bo`",
        "warning: 1 user not found",
        "not in the roster: `cy`",
    ] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    // Where it is another file now, it is named; what was mended elsewhere is named too.
    fs::rename(made.path("staff.csv"), made.path("moved.csv")).unwrap();
    let ran = made.credentials(&["--with", "name"]).exits(2);
    assert!(ran.stderr.contains("the roster is not where the ledger has it"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--roster FILE"), "{}", ran.stderr);
    fs::write(made.path("more.csv"), format!("{}\n{}\n{}\n", lines[0], lines[3], lines[4])).unwrap();
    let both = ["--with", "name", "--roster", "moved.csv", "--roster", "more.csv"];
    let ran = made.credentials(&both).exits(0);
    assert_eq!(cells(&ran.stdout)[3][2..], ["<b>Bo</b>", "O'Neil & Söhne"]);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_roster_that_is_read_otherwise_than_it_was_is_an_error_and_no_list_of_blanks() {
    let made = Made::new();
    fs::write(made.path("other.toml"), format!("{MAP}[constants]\n\"ACW timeout\" = \"30\"\n")).unwrap();
    let ran =
        made.credentials(&["--with", "Team Lead", "-o", "list.csv", "--columns", "other.toml"]).exits(2);
    assert!(ran.stderr.contains("no row is as it was when its user was made"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--columns, --sheet and --phone-region"), "{}", ran.stderr);
    assert!(!made.path("list.csv").exists());
}

#[test]
fn what_is_written_is_its_owners_alone_in_the_format_that_its_name_says() {
    let made = Made::new();
    made.credentials(&["-o", "list.csv", "--with", "Team Lead"]).exits(0);
    assert!(
        made.read("list.csv").starts_with("\u{feff}user login,password,Team Lead\n"),
        "spreadsheets need a mark"
    );
    made.credentials(&["-o", "list.json"]).exits(0);
    assert_eq!(made.read("list.json"), run(&mut made.command(&["--format", "json"])).exits(0).stdout);
    made.credentials(&["-o", "list.xlsx", "--with", "Ort, Etage"]).exits(0);
    let rows = calamine_rows(&made.path("list.xlsx"));
    assert_eq!(rows[0], ["user login", "password", "Ort, Etage"]);
    assert_eq!(rows[2], ["m.alahmad", &made.password("m.alahmad"), "=1+1"]);
    for (flags, says) in [
        (vec!["-o", "list.csv"], "there already"),
        (vec!["-o", "list.pdf"], "passwords are not written so"),
        (vec!["-o", "list.html"], "--slips"),
        (vec!["-o", "new.csv", "--format", "json"], "another format"),
        (vec!["--format", "xlsx"], "-o passwords.xlsx"),
        (vec!["--slips", "-o", "slips.csv"], ".html"),
        (vec!["--slips", "-o", "slips.html", "--sign-in-url", "http://acme.example.com"], "https://"),
        (vec!["--slips"], "--output"),
        (vec!["--per", "Team Lead"], "--output"),
    ] {
        let ran = made.credentials(&flags).exits(2);
        assert!(ran.stderr.contains(says), "{flags:?}: {}", ran.stderr);
    }
    #[cfg(unix)]
    for file in ["list.csv", "list.json", "list.xlsx"] {
        assert_eq!(mode(&made.path(file)), 0o600, "{file}");
    }
}

fn calamine_rows(path: &Path) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn each_value_of_a_column_has_a_file_of_its_own_in_a_folder_that_is_there_whole_or_not_at_all() {
    let made = Made::new();
    let ran = made.credentials(&["--per", "team lead", "-o", "out", "--with", "Vorname"]).exits(0);
    let names = ["Anna Schmidt.csv", "_.._.._CON.csv", "anna schmidt (2).csv", "no Team Lead.csv"];
    assert_eq!(made.names("out"), names);
    let anna = cells(&made.read("out/Anna Schmidt.csv"));
    let dee = made.password("dee");
    assert_eq!((anna.len(), &anna[2]), (3, &vec!["dee".to_owned(), dee, "Dee".to_owned()]));
    let told = "\
file                      Team Lead     users
out/Anna Schmidt.csv      Anna Schmidt      2
out/anna schmidt (2).csv  anna schmidt      1
out/_.._.._CON.csv        ../../CON         1
out/no Team Lead.csv      (none)            1
";
    assert_eq!(ran.stdout, told.replace("out/", &format!("out{}", std::path::MAIN_SEPARATOR)));
    assert!(ran.stderr.contains("written: 4 files in out"), "{}", ran.stderr);
    // What is there stays as it is, and nothing is left beside it.
    let before = made.names(".");
    let ran = made.credentials(&["--per", "team lead", "-o", "out", "--slips"]).exits(2);
    assert!(ran.stderr.contains("something is there already: `out`"), "{}", ran.stderr);
    made.credentials(&["--per", "team lead", "-o", "no/where"]).exits(2);
    assert_eq!((made.names("out"), made.names(".")), (names.map(str::to_owned).to_vec(), before));
    #[cfg(unix)]
    {
        assert_eq!(mode(&made.path("out")), 0o700);
        assert!(names.iter().all(|name| mode(&made.path("out").join(name)) == 0o600));
    }
    made.credentials(&["--per", "team lead", "-o", "pages", "--slips"]).exits(0);
    assert!(made.read("pages/anna schmidt (2).html").contains("<h1>First passwords: anna schmidt</h1>"));
}

#[test]
fn a_slip_has_all_that_a_person_needs_and_nothing_that_is_not_escaped() {
    let made = Made::new();
    let url = "https://acme.my.connect.aws";
    let ran = made
        .credentials(&["--slips", "-o", "slips.html", "--sign-in-url", url, "--with", "Ort, Etage"])
        .exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "written: slips.html\n"));
    let page = made.read("slips.html");
    assert_eq!(page.matches("<article class=\"slip\">").count(), 5);
    for text in [
        "<h2 dir=\"auto\">Jürgen Großmann</h2>",
        "<h2 dir=\"auto\">محمد الأحمد</h2>",
        "<h2 dir=\"auto\">&lt;b&gt;Bo&lt;/b&gt; O&#39;Neil &amp; Söhne</h2>",
        "<bdi>Ort, Etage</bdi>: <bdi>Köln, 3</bdi>",
        "<dd class=\"typed where\">https://acme.my.connect.aws</dd>",
        "<dd class=\"typed\">j.grossmann</dd>",
        &format!("<dd class=\"typed password\">{}</dd>", made.password("j.grossmann")),
        "<meta name=\"robots\" content=\"noindex, noarchive\">",
        "default-src 'none'",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for not in ["<script", "<b>", "geheim", "http:", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(not), "{not}");
    }
    // Without a roster a slip has the login alone, and that is said.
    fs::remove_file(made.path("staff.csv")).unwrap();
    let ran = run(&mut made.command(&["--slips", "-o", "bare.html"])).exits(0);
    assert!(
        ran.stderr.contains("warning: the slips have no names: the roster is not where"),
        "{}",
        ran.stderr
    );
    let page = made.read("bare.html");
    assert!(page.contains("<h2 dir=\"auto\">cy</h2>"));
    // The ledger has the instance's alias.
    let address = "https://acme-contact-centre.my.connect.aws";
    assert!(page.contains(&format!("<dd class=\"typed where\">{address}</dd>")));
    assert!(ran.stderr.contains(&format!("note: the slips say to sign in at {address}; ")), "{}", ran.stderr);
    #[cfg(unix)]
    assert_eq!(mode(&made.path("bare.html")), 0o600);
}

#[cfg(not(feature = "age"))]
#[test]
fn a_recipient_where_nothing_can_be_encrypted_leaves_nothing_in_the_clear() {
    let made = Made::new();
    for flags in [vec!["-o", "list.csv"], vec!["--per", "Team Lead", "-o", "out"], vec![]] {
        let ran = made.credentials(&[&flags[..], &["--recipient", "age1x"]].concat()).exits(2);
        assert!(ran.stderr.contains("--features age"), "{}", ran.stderr);
        assert!(ran.stdout.is_empty() && !made.path("list.csv").exists() && !made.path("out").exists());
    }
}

#[test]
fn recipients_of_values_are_looked_at_before_anything_is_written() {
    let made = Made::new();
    let per = ["--per", "Team Lead", "-o", "out"];
    let ran = made.credentials(&[&per[..], &["--recipient", "Nobody=age1x"]].concat()).exits(2);
    assert!(ran.stderr.contains("a recipient is of a value that no user has: `Nobody`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`Anna Schmidt`, `anna schmidt`, `../../CON`"), "{}", ran.stderr);
    let ran = made.credentials(&["-o", "list.csv", "--recipient", "Anna=age1x"]).exits(2);
    assert!(ran.stderr.contains("say by which column with --per"), "{}", ran.stderr);
    assert!(!made.path("out").exists() && !made.path("list.csv").exists());
}

#[cfg(feature = "age")]
#[test]
fn each_file_is_encrypted_to_its_own_recipient_or_none_is_written() {
    use std::io::Read as _;

    let made = Made::new();
    let (anna, all) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    let opens = |key: &age::x25519::Identity, file: &str| {
        let sealed = fs::read(made.path(file)).unwrap();
        let decryptor = age::Decryptor::new(age::armor::ArmoredReader::new(&sealed[..])).unwrap();
        let mut text = String::new();
        let opened = decryptor.decrypt(std::iter::once(key as &dyn age::Identity));
        opened.is_ok_and(|mut plain| plain.read_to_string(&mut text).is_ok()).then_some(text)
    };
    let per = ["--per", "Team Lead"];
    let of_anna = format!("Anna Schmidt={}", anna.to_public());
    let ran = made.credentials(&[&per[..], &["-o", "out", "--recipient", &of_anna]].concat()).exits(2);
    assert!(ran.stderr.contains("3 files would not be encrypted, and others are"), "{}", ran.stderr);
    assert!(!made.path("out").exists());
    let (one, both) = (all.to_public().to_string(), ["--recipient", &of_anna, "--recipient"]);
    made.credentials(&[&per[..], &["-o", "out"], &both[..], &[&one]].concat()).exits(0);
    assert_eq!(made.names("out")[0], "Anna Schmidt.csv.age");
    assert!(opens(&anna, "out/Anna Schmidt.csv.age").unwrap().contains("dee,"));
    assert!(opens(&anna, "out/no Team Lead.csv.age").is_none());
    assert!(opens(&all, "out/no Team Lead.csv.age").unwrap().contains("cy,"));
    // One file alone, under a name that says so.
    made.credentials(&["-o", "list.csv", "--recipient", &one]).exits(0);
    assert!(opens(&all, "list.csv.age").unwrap().contains("j.grossmann,"));
    assert!(!made.path("list.csv").exists());
}
