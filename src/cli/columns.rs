//! `headcount columns`: shows how the columns are read, and proposes a column map.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::roster::RosterArgs;
use super::{meant_rows, output, presets, retype};
use crate::cli::meant_rows::MeantRows;
use crate::error::Failure;
use crate::exit::Exit;
use crate::finding::{Finding, Severity, codes};
use crate::roster::{self, Field, Roster, Row, Storage, Use};
use crate::text::{plain, printable};

/// Shows how the columns of a roster are read, and proposes a column map for those that are not known
#[derive(Debug, clap::Args)]
pub(crate) struct ColumnsArgs {
    /// The roster: CSV or XLSX
    #[arg(value_name = "ROSTER")]
    roster: PathBuf,

    /// Where to write the proposed map; a file that is there is never overwritten [default: stdout, below the table]
    #[arg(short, long, value_name = "FILE.toml", conflicts_with = "columns")]
    output: Option<PathBuf>,

    #[command(flatten)]
    reading: RosterArgs,
}

/// How many rows are searched for a first value.
const SEARCHED: usize = 200;
/// How much of a value is shown, in characters.
const SHOWN: usize = 40;

/// Runs `headcount columns`: exit 3 where an error is told of.
pub(crate) fn run(args: ColumnsArgs) -> Result<Exit, Failure> {
    let roster = args.reading.open(&args.roster)?;
    let samples = samples(&roster)?;
    let mut text = table(&roster, &samples);
    // The table has the columns that are not known already.
    let in_table = [codes::UNKNOWN_COLUMN.id, codes::MISSPELT_COLUMN.id];
    let mut exit = Exit::Done;
    for finding in roster.findings().iter().filter(|finding| !in_table.contains(&finding.code)) {
        text.push_str(&line(finding));
        if finding.severity == Severity::Error {
            exit = Exit::Findings;
        }
    }
    let proposed = Proposal::of(&roster)?;
    if args.output.is_none() {
        text.push_str(&proposed.shown());
    }
    output::told(&title(&roster));
    output::result(&text);
    match &args.output {
        Some(_) if proposed.map.is_empty() => {
            output::say("nothing is written: every column is known, and no map is needed");
            output::say_whole(&format!(
                "next: {}",
                retype::validate_mapped(&args.roster, &args.reading, None)
            ));
        }
        Some(path) => {
            output::into_new_file(path, proposed.file(&args.roster).as_bytes())?;
            let next = retype::validate_mapped(&args.roster, &args.reading, Some(path));
            output::say_whole(&format!("next: correct it where it is not right, then {next}"));
        }
        None => {}
    }
    Ok(exit)
}

/// A column map that is proposed.
struct Proposal {
    /// What is said of it above.
    intro: &'static str,
    /// The map itself; empty where none is needed.
    map: String,
}

impl Proposal {
    fn of(roster: &Roster) -> Result<Self, Failure> {
        let rows = meant_rows::of(roster)?;
        let map = proposal(roster, &Words::of(roster)?, &rows);
        Ok(if map.is_empty() {
            Self { intro: "For a column map, which goes with `--columns FILE.toml`:", map: rows.alone() }
        } else {
            let intro =
                "A column map to correct, save with `-o FILE.toml` and give with `--columns FILE.toml`:";
            Self { intro, map }
        })
    }

    /// As it stands below the table.
    fn shown(&self) -> String {
        let Self { intro, map } = self;
        if map.is_empty() { String::new() } else { format!("\n{intro}\n{map}") }
    }

    /// As it stands in a file of its own.
    fn file(&self, roster: &Path) -> String {
        let name = roster.file_name().unwrap_or(roster.as_os_str()).to_string_lossy();
        format!(
            "# How headcount reads `{}`; headers are compared without case, spaces, `_`, `-` and brackets.\n{}",
            plain(&name),
            self.map
        )
    }
}

/// The first value of each column that is read, the columns of a map included. Those that are not known stay empty: one
/// of them may hold passwords under a name that we do not know.
fn samples(roster: &Roster) -> Result<Vec<String>, Failure> {
    let columns = roster.columns();
    let mut samples = vec![String::new(); columns.headers.len()];
    let (mut rows, mut row) = (roster.rows()?, Row::default());
    for _ in 0..SEARCHED {
        if !rows.read(&mut row)? {
            break;
        }
        for field in Field::ALL {
            for &at in &columns.places[field.index()] {
                let cell = row.cells.get(at).unwrap_or("").trim();
                if samples[at].is_empty() && !cell.is_empty() {
                    samples[at] = if field.is_secret() { Finding::HIDDEN.into() } else { clip(cell) };
                }
            }
        }
    }
    Ok(samples)
}

fn title(roster: &Roster) -> String {
    let storage = match roster.storage() {
        Storage::Csv { encoding, delimiter: b'\t' } => format!("CSV, {encoding}, tabs between cells"),
        Storage::Csv { encoding, delimiter } => {
            format!("CSV, {encoding}, `{}` between cells", char::from(delimiter))
        }
        Storage::Xlsx { sheet } => format!("XLSX, sheet `{}`", clip(&sheet)),
    };
    let path = plain(&roster.path().display().to_string());
    let mut text = format!("{path}: {storage}, header in row {}\n", roster.header_row());
    if let Some(template) = roster.recognised() {
        let _ = writeln!(text, "recognised: {template}");
    }
    text.push('\n');
    text
}

/// One line a column: its header, what it is read as, its first value.
fn table(roster: &Roster, samples: &[String]) -> String {
    let columns = roster.columns();
    let mut lines = vec![["column".to_owned(), "read as".to_owned(), "first value".to_owned()]];
    for (at, used) in roster.uses().iter().enumerate() {
        // A translated column is shown with what it is translated to.
        let shown = match used {
            Use::Field(field) => translated(roster, *field, at).unwrap_or(at),
            _ => at,
        };
        let looked_at =
            (*used == Use::Ignored && roster.looks_at(at)).then(|| "(looked at by the map)".to_owned());
        let meaning = looked_at.unwrap_or_else(|| meaning(*used));
        let (mut meaning, mut sample) = (meaning, samples[shown].clone());
        if let Some((first, last)) =
            roster.split_name().filter(|_| shown != at && *used == Use::Field(Field::FirstName))
        {
            meaning = "first name, last name".into();
            sample = format!("{}, {}", samples[first], samples[last]);
        }
        lines.push([clip(&columns.headers[at]), meaning, sample]);
    }
    let split = roster.split_name();
    for field in Field::ALL {
        if field == Field::LastName && split.is_some() {
            continue;
        }
        let carried = roster.uses().contains(&Use::Field(field));
        // A role and a default may both make it: what the first row has is shown. Where a column has a login as well, a made
        // one is still something else than that column's.
        let is_shown = |at: usize| at >= roster.width() && (!carried || columns.made_login == Some(at));
        let made = || columns.places[field.index()].iter().filter(|&&at| is_shown(at));
        if let Some(&at) = made().find(|&&at| !samples[at].is_empty()).or(made().next()) {
            lines.push(["(column map)".into(), field.name().into(), samples[at].clone()]);
        }
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let mut text = String::new();
    for [column, meaning, sample] in &lines {
        let line = format!("{column:first$}  {meaning:second$}  {sample}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// The column of a map that stands in for the file's column `at`.
fn translated(roster: &Roster, field: Field, at: usize) -> Option<usize> {
    let carriers = roster.uses().iter().enumerate().filter(|(_, used)| **used == Use::Field(field));
    let nth = carriers.map(|(at, _)| at).position(|carrier| carrier == at)?;
    roster.columns().places[field.index()].get(nth).copied()
}

fn meaning(used: Use) -> String {
    match used {
        Use::Field(field) => field.name().into(),
        Use::Ignored => "(passed over)".into(),
        Use::Unnamed => "(no header)".into(),
        Use::Misspelt(field) => format!("? did you mean `{}`", field.name()),
        Use::Unknown => "? not known".into(),
    }
}

fn line(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("\n{severity}: {} [{}]\n", finding.message, finding.code)
}

/// A map for the columns that are not known, ready to be saved; nothing where all are.
fn proposal(roster: &Roster, words: &[Words], rows: &MeantRows) -> String {
    let headers = roster.columns().headers.iter().zip(roster.uses()).enumerate();
    let strangers: Vec<(usize, &str, Use)> = headers
        .filter(|(_, (_, used))| matches!(used, Use::Unknown | Use::Misspelt(_)))
        .map(|(at, (header, used))| (at, header.trim(), *used))
        .collect();
    if strangers.is_empty() {
        return String::new();
    }
    let (mut mapped, mut ignored, mut values) = (String::new(), String::new(), String::new());
    let mut taken: Vec<Field> = Vec::new();
    for (at, header, used) in strangers {
        let is_there = |field: &Field| roster.columns().has(*field) || taken.contains(field);
        let has_names = [Field::FirstName, Field::LastName].iter().any(is_there);
        let names_follow = roster.uses().iter().zip(&roster.columns().headers).any(|(used, other)| {
            *used == Use::Unknown
                && matches!(roster::propose(other), Some(Field::FirstName | Field::LastName))
        });
        let guess = match used {
            Use::Misspelt(field) => Some(field),
            _ => roster::propose(header),
        };
        if let Some(field) = guess.filter(|field| !is_there(field)) {
            taken.push(field);
            let _ = writeln!(mapped, "{} = {}", quoted(header), quoted(field.name()));
            values.push_str(&translation(field, &words[at]));
        } else if !has_names
            && !names_follow
            && let Some(split) = words[at].split.filter(|_| roster::is_whole_name(header))
        {
            taken.extend([Field::FirstName, Field::LastName]);
            let _ = writeln!(mapped, "{} = {{ split = {} }}", quoted(header), quoted(split));
        } else {
            let members: Vec<&str> = roster::members(header).into_iter().map(Field::name).collect();
            // Passed over it is lost, so it is said what to do instead.
            let instead = match members.join(", ") {
                names if names.is_empty() => names,
                names => format!(" # not read; give the roster a column for each: {names}"),
            };
            let _ = writeln!(ignored, "  {},{instead}", quoted(header));
        }
    }
    let mut text = format!("\nignore = [\n{ignored}]\n{}", rows.hidden());
    if !mapped.is_empty() {
        let _ = write!(text, "\n[columns]\n{mapped}");
    }
    let has = |field: Field| roster.columns().has(field) || taken.contains(&field);
    if !has(Field::Username) && has(Field::FirstName) && has(Field::LastName) {
        text.push_str(
            "\n# Nothing in the roster is a username. Change `german` to `ascii` to read `ü` as `u` and not as `ue`.\n\
             [templates]\n\"user login\" = \"{first name|german|lower|joined}.{last name|german|lower|joined}\"\n",
        );
    }
    // The names that every new instance has.
    let constants = [(Field::RoutingProfile, "Basic Routing Profile"), (Field::SecurityProfiles, "Agent")];
    let missing: Vec<_> = constants.into_iter().filter(|(field, _)| !has(*field)).collect();
    if !missing.is_empty() {
        text.push_str("\n# The roster does not have these, and every user needs them.\n[constants]\n");
        for (field, name) in missing {
            let _ = writeln!(text, "{} = {}", quoted(field.name()), quoted(name));
        }
    }
    text.push_str(&values);
    // Words of titles are no secret; and where a column has the profiles already, nothing is missing.
    let titles = roster
        .columns()
        .headers
        .iter()
        .zip(words)
        .find(|(header, words)| presets::is_title(header) && !words.are_many && !words.few.is_empty());
    if let Some((header, words)) =
        titles.filter(|_| !has(Field::RoutingProfile) || !has(Field::SecurityProfiles))
    {
        text.push_str(&presets::roles(header.trim(), &words.few, quoted));
    }
    text.push_str(&rows.tables());
    text
}

/// What the cells of a column that is not known are like.
#[derive(Default)]
struct Words {
    /// Its different words, where they are few.
    few: Vec<String>,
    /// Whether there were more than few.
    are_many: bool,
    /// How its cells are two names, where all of them are.
    split: Option<&'static str>,
    /// How many cells were not blank.
    cells: usize,
}

impl Words {
    const FEW: usize = 12;
    const SPLITS: [&str; 2] = ["last, first", "first last"];

    /// Looks at the first rows.
    fn of(roster: &Roster) -> Result<Vec<Self>, Failure> {
        let mut all: Vec<Self> = roster.uses().iter().map(|_| Self::default()).collect();
        let mut fits = vec![[true; Self::SPLITS.len()]; all.len()];
        let (mut rows, mut row) = (roster.rows()?, Row::default());
        for _ in 0..SEARCHED {
            if !rows.read(&mut row)? {
                break;
            }
            for (at, words) in all.iter_mut().enumerate() {
                let cell = row.cells.get(at).unwrap_or("").trim();
                if cell.is_empty() {
                    continue;
                }
                words.cells += 1;
                fits[at][0] &= cell.matches(',').count() == 1;
                fits[at][1] &= !cell.contains(',') && cell.split_whitespace().count() == 2;
                if !words.few.iter().any(|word| word == cell) && !words.are_many {
                    words.few.push(cell.to_owned());
                    words.are_many = words.few.len() > Self::FEW;
                }
            }
        }
        for (words, fits) in all.iter_mut().zip(fits) {
            let split = Self::SPLITS.into_iter().zip(fits).find(|(_, fits)| *fits).map(|(split, _)| split);
            words.split = split.filter(|_| words.cells > 0);
        }
        Ok(all)
    }
}

/// The words of a column and what they probably mean: a table of the map. Words that are understood already, and those
/// of a column in which hardly one comes twice, are left out.
fn translation(field: Field, words: &Words) -> String {
    #[rustfmt::skip]
    let known: &[(&str, &[&str])] = match field {
        Field::PhoneType => &[
            ("soft", &["softphone", "software", "computer", "pc", "headset", "logiciel", "web"]),
            ("desk", &["tischtelefon", "tisch", "telefon", "festnetz", "deskphone", "hardphone", "fixe", "fijo", "phone"]),
        ],
        Field::AutoAccept | Field::PersistentConnection => &[
            ("yes", &["ja", "j", "y", "oui", "si", "sí", "sim", "x", "1", "wahr", "vrai"]),
            ("no", &["nein", "n", "non", "no", "não", "nao", "0", "falsch", "faux", "-"]),
        ],
        Field::SecurityProfiles | Field::Hierarchy | Field::RoutingProfile => &[],
        _ => return String::new(),
    };
    let understood: &[&str] = match field {
        Field::PhoneType => &["soft", "desk"],
        Field::AutoAccept | Field::PersistentConnection => &["yes", "no", "true", "false"],
        _ => &[],
    };
    if words.are_many || words.few.is_empty() || words.cells < 2 * words.few.len() {
        return String::new();
    }
    let mut text = String::new();
    for word in &words.few {
        let lower = word.to_lowercase();
        if understood.contains(&lower.as_str()) {
            continue;
        }
        let _ = match known.iter().find(|(_, foreign)| foreign.contains(&lower.as_str())) {
            Some((ours, _)) => writeln!(text, "{} = {}", quoted(word), quoted(ours)),
            None => writeln!(text, "# {} = \"\"", quoted(word)),
        };
    }
    if text.is_empty() { text } else { format!("\n[values.{}]\n{text}", quoted(field.name())) }
}

/// A TOML basic string: JSON's, but that TOML wants one more character escaped.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7F}', "\\u007F")
}

fn clip(text: &str) -> String {
    printable(text, SHOWN)
}
