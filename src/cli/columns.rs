//! `headcount columns`: shows how the columns are read, and proposes a column map.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::roster::RosterArgs;
use super::words_of_columns::{SEARCHED, Words};
use super::{meant_rows, output, presets, retype};
use crate::cli::meant_login::MeantLogin;
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

/// How many cells are named that are not written as the others.
const ODD: usize = 5;
/// How much of a value is shown, in characters.
const SHOWN: usize = 40;

/// Runs `headcount columns`: exit 3 where an error is told of.
pub(crate) fn run(args: ColumnsArgs) -> Result<Exit, Failure> {
    let roster = args.reading.open(&args.roster)?;
    let (samples, odd) = samples(&roster)?;
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
    let odd: Vec<String> = odd.iter().chain(&proposed.odd).map(line).collect();
    if !odd.is_empty() {
        exit = Exit::Findings;
        odd.iter().take(ODD).for_each(|line| text.push_str(line));
        if odd.len() > ODD {
            let _ = writeln!(
                text,
                "\nso it is with {} more; `headcount validate` has all of them",
                odd.len() - ODD
            );
        }
    }
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
    /// The cells that it does not fit.
    odd: Vec<Finding>,
}

impl Proposal {
    fn of(roster: &Roster) -> Result<Self, Failure> {
        let rows = meant_rows::of(roster)?;
        let mut odd = Vec::new();
        let map = proposal(roster, &Words::of(roster)?, &rows, &mut odd);
        Ok(if map.is_empty() {
            Self { intro: "For a column map, which goes with `--columns FILE.toml`:", map: rows.alone(), odd }
        } else {
            let intro =
                "A column map to correct, save with `-o FILE.toml` and give with `--columns FILE.toml`:";
            Self { intro, map, odd }
        })
    }

    /// As it stands below the table.
    fn shown(&self) -> String {
        let Self { intro, map, .. } = self;
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
/// of them may hold passwords under a name that we do not know. With them the names that a map cannot split.
fn samples(roster: &Roster) -> Result<(Vec<String>, Vec<Finding>), Failure> {
    let columns = roster.columns();
    let (mut samples, mut odd) = (vec![String::new(); columns.headers.len()], Vec::new());
    let (mut rows, mut row) = (roster.rows()?, Row::default());
    for _ in 0..SEARCHED {
        if !rows.read(&mut row)? {
            break;
        }
        odd.extend(row.findings.iter().filter(|found| found.code == codes::NAME_NOT_SPLIT.id).cloned());
        for field in Field::ALL {
            for &at in &columns.places[field.index()] {
                let cell = row.cells.get(at).unwrap_or("").trim();
                if samples[at].is_empty() && !cell.is_empty() {
                    samples[at] = if field.is_secret() { Finding::HIDDEN.into() } else { clip(cell) };
                }
            }
        }
    }
    Ok((samples, odd))
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
    let cell = match (finding.row, &finding.column, &finding.value) {
        (Some(row), Some(column), Some(value)) => format!("row {row}, {}, `{value}`: ", clip(column.trim())),
        _ => String::new(),
    };
    format!("\n{severity}: {cell}{} [{}]\n", finding.message, finding.code)
}

/// What an ignored column has in it that somebody may miss.
fn seen(meant: Option<Field>, words: &Words) -> String {
    let seen = if meant == Some(Field::Username) {
        "another login: with SAML, the one counts that the identity provider sends"
    } else if words.has_emails() {
        "e-mail addresses, as it seems"
    } else if words.has_phones() {
        "telephone numbers, as it seems"
    } else {
        return String::new();
    };
    format!(" # {seen}")
}

/// A map for the columns that are not known, ready to be saved; nothing where all are.
fn proposal(roster: &Roster, words: &[Words], rows: &MeantRows, odd: &mut Vec<Finding>) -> String {
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
    let login = MeantLogin::of(roster, words);
    let proposes_password = |(_, header, used): &(usize, &str, Use)| {
        *used == Use::Misspelt(Field::Password) || roster::propose(header) == Some(Field::Password)
    };
    let is_saml = !roster.columns().has(Field::Password) && !strangers.iter().any(proposes_password);
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
        if login.is_choice(at) {
            continue;
        }
        let is_it = |field: &Field| match (field, &login) {
            (Field::Username, MeantLogin::Column(one)) => *one == at,
            (Field::Username, _) => false,
            _ => !is_there(field),
        };
        if let Some(field) = guess.filter(is_it) {
            taken.push(field);
            let saml = match field {
                Field::Username if is_saml => {
                    " # with SAML: what the identity provider sends, letter for letter"
                }
                _ => "",
            };
            let _ = writeln!(mapped, "{} = {}{saml}", quoted(header), quoted(field.name()));
            values.push_str(&translation(field, &words[at]));
        } else if !has_names
            && !names_follow
            && let Some(split) = words[at].split.filter(|_| roster::is_whole_name(header))
        {
            taken.extend([Field::FirstName, Field::LastName]);
            odd.extend(
                words[at].odd.iter().filter_map(|(row, cell)| roster::not_split(*row, header, cell, split)),
            );
            let _ = writeln!(mapped, "{} = {{ split = {} }}", quoted(header), quoted(split));
        } else {
            let members: Vec<&str> = roster::members(header).into_iter().map(Field::name).collect();
            // Passed over it is lost, so it is said what to do instead.
            let instead = match members.join(", ") {
                names if names.is_empty() => seen(guess, &words[at]),
                names => format!(" # not read; give the roster a column for each: {names}"),
            };
            let _ = writeln!(ignored, "  {},{instead}", quoted(header));
        }
    }
    let mut text = format!("\nignore = [\n{ignored}]\n{}", rows.hidden());
    let choices = login.choices(roster, is_saml, quoted);
    if !mapped.is_empty() || !choices.is_empty() {
        let _ = write!(text, "\n[columns]\n{mapped}{choices}");
    }
    let has = |field: Field| roster.columns().has(field) || taken.contains(&field);
    if has(Field::FirstName) && has(Field::LastName) {
        text.push_str(&login.template(is_saml));
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
