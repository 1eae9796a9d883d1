//! How fast a roster is checked, beside the bare readers and beside qsv, in the same run.
//!
//! `cargo bench --bench validate` makes a CSV of a million rows and a workbook of a hundred thousand (the same each
//! time), and measures, best of three and one after the other:
//!
//! - the csv crate's bare loop over byte records, and `headcount validate` on the same file;
//! - the same two on another roster, where one row in ten has a warning: names in other scripts too, longer logins;
//! - calamine's bare loop over cells, and `headcount validate` on the same workbook;
//! - the first pass of an import, which has a fingerprint for each row;
//! - `qsv validate` with an equal JSON Schema, with and without a unique username, where a `qsv`, `qsvlite` or `qsvdp` is
//!   on the PATH (or where `HEADCOUNT_QSV` says);
//! - `benches/jsonschema_validate.py` with the same schema, compiled to Python code by fastjsonschema, where
//!   `HEADCOUNT_PYTHON` names a Python that has it.
//!
//! Each measurement is a process of its own, so that its memory can be read. `HEADCOUNT_BENCH_ROWS` asks for another
//! number of rows. Ends with 1 where a bar does not hold; what is not there to be measured is said, and is no failure.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks, and may stop at a surprise")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use calamine::{Reader as _, Xlsx};
use headcount::agent::{Fingerprint, IdentityType};
use headcount::roster::{Options, Roster, Row};
use headcount::validate::{Pass, RowCheck, Rules, agent_by, check_with_fingerprints};

const RUNS: usize = 3;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("--bare-csv") => bare_csv(Path::new(&args[2])),
        Some("--bare-xlsx") => bare_xlsx(Path::new(&args[2])),
        Some("--pass") => pass(Path::new(&args[2])),
        Some("--stages") => stages(Path::new(&args[2])),
        Some("--schema") => print!("{}", json_schema(args.len() > 2)),
        // Under `cargo test --benches` there is nothing to measure.
        Some("--test") => {}
        _ if measure_all() => {}
        _ => std::process::exit(1),
    }
}

/// Whether all bars hold that could be measured.
fn measure_all() -> bool {
    let rows = number_of("HEADCOUNT_BENCH_ROWS", 1_000_000);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-validate");
    fs::create_dir_all(&folder).unwrap();
    let csv = folder.join(format!("roster-{rows}.csv"));
    let xlsx = folder.join(format!("roster-{}.xlsx", rows / 10));
    if !csv.exists() {
        write_csv(&csv, rows);
    }
    if !xlsx.exists() {
        write_xlsx(&xlsx, rows / 10);
    }
    let size = |path: &Path| fs::metadata(path).unwrap().len() as f64 / 1e6;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{cores} cores; CSV of {rows} rows, {:.0} MB; XLSX of {} rows, {:.1} MB",
        size(&csv),
        rows / 10,
        size(&xlsx)
    );

    let this = std::env::current_exe().unwrap();
    let own = |flag: &str, file: &Path| {
        let mut command = Command::new(&this);
        command.arg(flag).arg(file);
        command
    };
    let headcount = |file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        command.arg("validate").arg(file).args(["--identity", "saml"]);
        command
    };
    let mut table = Table::new(rows);
    table.measure("csv crate, bare records", rows, &mut own("--bare-csv", &csv));
    table.measure("headcount validate", rows, &mut headcount(&csv));
    table.measure("import's first pass", rows, &mut own("--pass", &csv));
    table.ratio("headcount validate", "csv crate, bare records", 0.35);
    table.memory("headcount validate", 100.0);
    match qsv() {
        Some(qsv) => {
            let version = Command::new(&qsv).arg("--version").output().unwrap().stdout;
            let version = String::from_utf8_lossy(&version);
            println!("{}: {}", qsv.display(), version.lines().next().unwrap_or_default());
            let with = |unique: bool| {
                let schema = folder.join(if unique { "unique.json" } else { "schema.json" });
                fs::write(&schema, json_schema(unique)).unwrap();
                let mut command = Command::new(&qsv);
                command.arg("validate").arg(&csv).arg(schema);
                command
            };
            table.measure("qsv validate", rows, &mut with(false));
            table.measure("qsv validate, unique", rows, &mut with(true));
            table.ratio("headcount validate", "qsv validate", 3.5);
            table.ratio("headcount validate", "qsv validate, unique", 8.0);
        }
        None => println!(
            "NOT MEASURED: no qsv is on the PATH, nor named by HEADCOUNT_QSV. Whether headcount validates at least 3.5 and 8 \
             times as fast is not shown here."
        ),
    }
    if let Some(python) = std::env::var_os("HEADCOUNT_PYTHON") {
        let schema = folder.join("schema.json");
        fs::write(&schema, json_schema(false)).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/jsonschema_validate.py");
        let mut command = Command::new(python);
        command.arg(script).args([&schema, &csv]);
        table.measure("fastjsonschema, Python", rows, &mut command);
        table.ratio("headcount validate", "fastjsonschema, Python", 1.0);
    }
    let csv_holds = table.holds;
    let warned = folder.join(format!("warned-{rows}.csv"));
    if !warned.exists() {
        write_rows(&warned, rows, warned_cells);
    }
    println!("\nA warning in one row of ten, {:.0} MB", size(&warned));
    let mut table = Table::new(rows);
    table.measure("csv crate, bare records", rows, &mut own("--bare-csv", &warned));
    table.measure("headcount validate", rows, &mut headcount(&warned));
    table.ratio("headcount validate", "csv crate, bare records", 0.33);
    table.memory("headcount validate", 100.0);
    let csv_holds = csv_holds && table.holds;
    let mut table = Table::new(rows / 10);
    table.measure("calamine, bare cells", rows / 10, &mut own("--bare-xlsx", &xlsx));
    table.measure("headcount validate", rows / 10, &mut headcount(&xlsx));
    table.ratio("headcount validate", "calamine, bare cells", 0.7);
    table.memory("headcount validate", 60.0);
    csv_holds && table.holds
}

fn number_of(variable: &str, otherwise: u64) -> u64 {
    std::env::var_os(variable).map_or(otherwise, |number| number.to_str().unwrap().parse().unwrap())
}

fn qsv() -> Option<PathBuf> {
    if let Some(told) = std::env::var_os("HEADCOUNT_QSV") {
        return Some(told.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["qsv", "qsvlite", "qsvdp"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

// What is measured.

fn bare_csv(file: &Path) {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(64 << 10).from_path(file).unwrap();
    let mut record = csv::ByteRecord::new();
    let (mut rows, mut bytes) = (0_u64, 0);
    while reader.read_byte_record(&mut record).unwrap() {
        rows += 1;
        bytes += record.as_slice().len();
    }
    println!("{rows} {bytes}");
}

fn bare_xlsx(file: &Path) {
    let mut workbook: Xlsx<_> = Xlsx::new(BufReader::new(File::open(file).unwrap())).unwrap();
    let sheet = workbook.sheet_names()[0].clone();
    let mut cells = workbook.worksheet_cells_reader(&sheet).unwrap();
    let mut count = 0_u64;
    while let Some(cell) = cells.next_cell().unwrap() {
        count += u64::from(!matches!(cell.get_value(), calamine::DataRef::Empty));
    }
    println!("{count}");
}

fn pass(file: &Path) {
    let roster = Roster::open(file, &Options::default()).unwrap();
    let mut sum = 0_u64;
    let checked = check_with_fingerprints(&roster, &Rules::new(IdentityType::Saml), &mut |row| {
        sum = sum.wrapping_add(row.fingerprint().map_or(0, Fingerprint::bits));
        Ok(())
    });
    println!("{} {sum}", checked.unwrap().rows);
}

/// What each stage costs on one thread, for whoever makes one of them faster.
fn stages(file: &Path) {
    let rules = Rules::new(IdentityType::Saml);
    let begun = Instant::now();
    let roster = Roster::open(file, &Options::default()).unwrap();
    println!("opened          {:>8.3} s", begun.elapsed().as_secs_f64());
    let over = |name: &str, each: &mut dyn FnMut(&Row)| {
        let begun = Instant::now();
        let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
        while rows.read(&mut row).unwrap() {
            each(&row);
        }
        println!("{name:<15} {:>8.3} s", begun.elapsed().as_secs_f64());
    };
    over("read", &mut |_| {});
    let mut findings = Vec::new();
    let check = RowCheck::new(roster.columns(), &rules);
    over("and checked", &mut |row| check.check(row, &mut findings));
    let mut pass = Pass::new(roster.columns(), &rules, roster.findings());
    over("and compared", &mut |row| pass.row(row, &mut |_| {}));
    over("agent", &mut |row| drop(agent_by(&check, row)));
    let mut pass = Pass::new(roster.columns(), &rules, roster.findings());
    let mut sum = 0_u64;
    over("fingerprint", &mut |row| {
        pass.row(row, &mut |row| sum ^= row.fingerprint().map_or(0, Fingerprint::bits))
    });
    println!("{sum:x} {}", findings.len());
}

struct Table {
    rows: u64,
    best: Vec<Best>,
    /// Whether every bar held.
    holds: bool,
}

struct Best {
    name: &'static str,
    wall: Duration,
    /// In MiB.
    peak: f64,
}

impl Table {
    fn new(rows: u64) -> Self {
        println!("\n{:<26} {:>8} {:>14} {:>9} {:>7}", "", "seconds", "rows a second", "peak MB", "cores");
        Self { rows, best: Vec::new(), holds: true }
    }

    fn measure(&mut self, name: &'static str, rows: u64, command: &mut Command) {
        let runs: Vec<Run> = (0..RUNS).map(|_| Run::of(command)).collect();
        let best = runs.iter().min_by_key(|run| run.wall).unwrap();
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
        let (wall, rate) = (best.wall.as_secs_f64(), rows as f64 / best.wall.as_secs_f64());
        let (cores, peak) = (best.cpu / wall, peak as f64 / 1024.0);
        println!("{name:<26} {wall:>8.3} {rate:>14.0} {peak:>9.1} {cores:>7.2}");
        self.best.push(Best { name, wall: best.wall, peak });
    }

    fn of(&self, name: &str) -> &Best {
        self.best.iter().find(|best| best.name == name).unwrap()
    }

    fn ratio(&mut self, ours: &str, other: &str, bar: f64) {
        let ratio = self.of(other).wall.as_secs_f64() / self.of(ours).wall.as_secs_f64();
        let holds = self.bar(ratio >= bar);
        println!("{ours} : {other} = {ratio:.2} (at least {bar}: {holds}; {} rows)", self.rows);
    }

    fn memory(&mut self, ours: &str, most: f64) {
        let peak = self.of(ours).peak;
        let holds = self.bar(peak <= most);
        println!("{ours}: {peak:.1} MB at its peak (at most {most}: {holds}; {} rows)", self.rows);
    }

    fn bar(&mut self, holds: bool) -> &'static str {
        self.holds &= holds;
        if holds { "holds" } else { "DOES NOT HOLD" }
    }
}

/// One run of a process: wall time, time on all cores in seconds, and the most memory in KiB.
struct Run {
    wall: Duration,
    cpu: f64,
    peak: u64,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let stat = format!("/proc/{}/stat", child.id());
        let (mut peak, mut cpu) = (0, 0.0);
        // The kernel keeps the peak; it is read as long as the process is there.
        while child.try_wait().unwrap().is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = peak.max(line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0));
            let text = fs::read_to_string(&stat).unwrap_or_default();
            let after = text.rsplit(')').next().unwrap_or_default();
            // The 14th and 15th fields of proc(5), in hundredths of a second.
            let ticks = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
            cpu = ticks.sum::<f64>().max(cpu * 100.0) / 100.0;
            std::thread::park_timeout(Duration::from_millis(2));
        }
        Self { wall: begun.elapsed(), cpu, peak }
    }
}

// What it is measured on: the header of the console's template for SAML (2024), thirteen columns.

const HEADER: [&str; 13] = [
    "first name",
    "last name",
    "secondary email",
    "mobile",
    "user login",
    "routing profile name",
    "security_profile_name_1|security_profile_name_2",
    "user_hierarchy_1|user_hierarchy_2",
    "phone type (soft/desk)",
    "phone number",
    "soft phone auto accept (yes/no)",
    "ACW timeout (seconds)",
    "tags",
];

fn cells(number: u64) -> [String; 13] {
    const FIRST: [&str; 12] = [
        "Anna",
        "Bruno",
        "Chloé",
        "Daniel",
        "Emre",
        "Fatima",
        "Grace",
        "Hiroshi",
        "Ines",
        "João",
        "Katarzyna",
        "Liam",
    ];
    const LAST: [&str; 11] = [
        "Meyer", "García", "Okafor", "Smith", "Yılmaz", "Novák", "Rossi", "Tanaka", "Haddad", "O'Brien",
        "van Dijk",
    ];
    const ROUTING: [&str; 4] = ["Basic Routing Profile", "Customer Care", "Sales", "Technical Support"];
    const PLACES: [&str; 5] =
        ["EMEA|Germany|Berlin", "EMEA|Poland|Łódź", "AMER|United States|Phoenix", "APAC|Japan|Tokyo", ""];
    let pick =
        |from: &[&'static str], by: u64| from[usize::try_from(number / by % from.len() as u64).unwrap()];
    let (first, last) = (pick(&FIRST, 1), pick(&LAST, 3));
    let is_desk = number.is_multiple_of(7);
    [
        first.to_owned(),
        last.to_owned(),
        if number.is_multiple_of(3) { format!("agent.{number}@example.com") } else { String::new() },
        format!("+4930{:07}", number % 10_000_000),
        format!("agent.{number:07}"),
        pick(&ROUTING, 5).to_owned(),
        if number.is_multiple_of(9) { "Agent|QualityAnalyst".to_owned() } else { "Agent".to_owned() },
        pick(&PLACES, 11).to_owned(),
        if is_desk { "desk" } else { "soft" }.to_owned(),
        if is_desk { format!("+1206555{:04}", number % 10_000) } else { String::new() },
        if is_desk { "no" } else { "yes" }.to_owned(),
        (number % 5 * 30).to_string(),
        format!("site|Berlin {}||cost-centre|{}", number % 4, 4000 + number % 97),
    ]
}

/// Another roster: a warning in one row of ten, of four kinds.
fn warned_cells(number: u64) -> [String; 13] {
    const FIRST: [&str; 5] = ["Jean-Baptiste", "Олена", "Siobhán", "Wolfgang", "Mary Ann"];
    const LAST: [&str; 7] =
        ["Müller-Lüdenscheid", "Шевченко", "Lee", "Trần", "de la Cruz", "Smith", "McAllister"];
    let mut cells = cells(number);
    cells[0] = FIRST[(number % 5) as usize].to_owned();
    cells[1] = LAST[(number / 5 % 7) as usize].to_owned();
    cells[4] = format!("first.last{number}");
    match number % 40 {
        3 => cells[5].push(' '),
        13 => cells[0] = "J?rgen".to_owned(),
        23 => cells[1] = "O&#039;Rourke".to_owned(),
        33 => cells[1] = "“Okafor”".to_owned(),
        _ => {}
    }
    cells
}

fn write_csv(path: &Path, rows: u64) {
    write_rows(path, rows, cells);
}

fn write_rows(path: &Path, rows: u64, cells: fn(u64) -> [String; 13]) {
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(path).unwrap()));
    writer.write_record(HEADER).unwrap();
    for number in 0..rows {
        writer.write_record(cells(number)).unwrap();
    }
    writer.into_inner().map_err(|_| ()).unwrap().flush().unwrap();
}

fn write_xlsx(path: &Path, rows: u64) {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, name) in (0..).zip(HEADER) {
        sheet.write_string(0, at, name).unwrap();
    }
    for number in 0..rows {
        for (at, cell) in (0..).zip(cells(number)) {
            if !cell.is_empty() {
                sheet.write_string(u32::try_from(number).unwrap() + 1, at, cell).unwrap();
            }
        }
    }
    workbook.save(path).unwrap();
}

/// The rules of a column as far as JSON Schema can say them; `validate` checks these and more.
fn json_schema(unique: bool) -> String {
    const E164: &str = r"^(\\+[1-9][0-9]{1,14})?$";
    let rules = [
        (r#""minLength": 1, "maxLength": 255"#.to_owned(), true),
        (r#""minLength": 1, "maxLength": 300"#.to_owned(), true),
        (
            r#""maxLength": 265, "pattern": "^([a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,63})?$""#
                .to_owned(),
            false,
        ),
        (format!(r#""pattern": "{E164}""#), false),
        (r#""minLength": 1, "maxLength": 64, "pattern": "^[a-zA-Z0-9_.@-]+$""#.to_owned(), true),
        (r#""minLength": 1"#.to_owned(), true),
        (r#""pattern": "^[^|]+(\\|[^|]+){0,9}$""#.to_owned(), true),
        (r#""pattern": "^([^|]+(\\|[^|]+){0,4})?$""#.to_owned(), false),
        (r#""enum": ["soft", "desk", null]"#.to_owned(), false),
        (format!(r#""pattern": "{E164}""#), false),
        (r#""enum": ["yes", "no", null]"#.to_owned(), false),
        (r#""minimum": 0, "maximum": 2000000"#.to_owned(), false),
        (
            r#""pattern": "^([^|]{1,128}\\|[^|]{0,256}(\\|\\|[^|]{1,128}\\|[^|]{0,256}){0,48})?$""#
                .to_owned(),
            false,
        ),
    ];
    let mut text = String::from("{\n  \"type\": \"object\",\n");
    if unique {
        text.push_str("  \"uniqueCombinedWith\": [\"user login\"],\n");
    }
    text.push_str("  \"properties\": {\n");
    for (at, (name, (rule, required))) in HEADER.iter().zip(&rules).enumerate() {
        let kind = if rule.contains("minimum") { "integer" } else { "string" };
        let kind = if *required { format!("\"{kind}\"") } else { format!("[\"{kind}\", \"null\"]") };
        let comma = if at + 1 < HEADER.len() { "," } else { "" };
        let _ = writeln!(text, "    \"{name}\": {{\"type\": {kind}, {rule}}}{comma}");
    }
    let required = HEADER.iter().zip(&rules).filter(|(_, (_, required))| *required);
    let required: Vec<String> = required.map(|(name, _)| format!("\"{name}\"")).collect();
    let _ = writeln!(text, "  }},\n  \"required\": [{}]\n}}", required.join(", "));
    text
}
