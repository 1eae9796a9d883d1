//! `headcount columns`: shows how the columns are read, and proposes a column map.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::output;
use super::roster_args::RosterArgs;
use crate::error::Failure;
use crate::exit::Exit;
use crate::roster::{self, Field, Roster, Row, Storage, Use, codes};
use crate::validate::{Finding, Severity};

/// Shows how the columns of a roster are read, and proposes a column map for those that are not known
#[derive(Debug, clap::Args)]
pub struct ColumnsArgs {
    /// The roster: CSV or XLSX
    #[arg(value_name = "ROSTER")]
    roster: PathBuf,

    #[command(flatten)]
    reading: RosterArgs,
}

/// How many rows are searched for a first value.
const SEARCHED: usize = 200;
/// How much of a value is shown, in characters.
const SHOWN: usize = 40;

/// Runs `headcount columns`.
pub fn run(args: ColumnsArgs) -> Result<Exit, Failure> {
    let roster = args.reading.open(&args.roster)?;
    let samples = samples(&roster)?;
    let mut text = title(&roster);
    text.push_str(&table(&roster, &samples));
    // The table has the columns that are not known already.
    let in_table = [codes::UNKNOWN_COLUMN, codes::MISSPELT_COLUMN];
    for finding in roster.findings().iter().filter(|finding| !in_table.contains(&finding.code)) {
        text.push_str(&line(finding));
    }
    text.push_str(&proposal(&roster));
    output::result(&text);
    Ok(Exit::Done)
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
    let mut text = format!("{}: {storage}, header in row {}\n", roster.path().display(), roster.header_row());
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
        lines.push([clip(&columns.headers[at]), meaning(*used), samples[shown].clone()]);
    }
    for field in Field::ALL {
        let carried = roster.uses().contains(&Use::Field(field));
        for &at in columns.places[field.index()].iter().filter(|&&at| at >= roster.width() && !carried) {
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
fn proposal(roster: &Roster) -> String {
    let headers = roster.columns().headers.iter().zip(roster.uses());
    let strangers: Vec<(&str, Use)> = headers
        .filter(|(_, used)| matches!(used, Use::Unknown | Use::Misspelt(_)))
        .map(|(header, used)| (header.trim(), *used))
        .collect();
    if strangers.is_empty() {
        return String::new();
    }
    let has = |field: Field| roster.columns().has(field);
    let (mut mapped, mut ignored, mut taken) = (String::new(), String::new(), Vec::new());
    for (header, used) in strangers {
        let guess = match used {
            Use::Misspelt(field) => Some(field),
            _ => roster::propose(header),
        };
        match guess.filter(|field| !has(*field) && !taken.contains(field)) {
            Some(field) => {
                taken.push(field);
                let _ = writeln!(mapped, "{} = {}", quoted(header), quoted(field.name()));
            }
            None => {
                let _ = writeln!(ignored, "  {},", quoted(header));
            }
        }
    }
    let mut text = format!(
        "\nA column map to correct, save as FILE.toml and give with `--columns FILE.toml`:\n\nignore = [\n{ignored}]\n"
    );
    if !mapped.is_empty() {
        let _ = write!(text, "\n[columns]\n{mapped}");
    }
    text
}

/// A TOML basic string: JSON's, but that TOML wants one more character escaped.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7F}', "\\u007F")
}

fn clip(text: &str) -> String {
    roster::printable(text, SHOWN)
}
