//! `headcount template`: writes an empty roster to fill in.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::args::roster::Identity;
use super::voice::Flags;
use super::{output, retype};
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::roster::template;

/// Writes an empty roster to fill in
#[derive(Debug, clap::Args)]
pub(crate) struct TemplateArgs {
    /// How the instance knows its users
    #[arg(long, value_enum, ignore_case = true, value_name = "TYPE", default_value = "connect")]
    identity: Identity,

    /// The format [default: as FILE's name ends, else csv]
    #[arg(long)]
    format: Option<Format>,

    /// Where to write it; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Delimited text
    Csv,
    /// A workbook with lists of words and a sheet of help
    Xlsx,
}

/// Runs `headcount template`.
pub(crate) fn run(args: TemplateArgs) -> Result<Exit, Failure> {
    let format = args.format.unwrap_or_else(|| Format::of(args.output.as_deref()));
    let identity = args.identity.into();
    let bytes = match format {
        Format::Csv => template::csv(identity).into_bytes(),
        Format::Xlsx if args.output.is_none() && io::stdout().is_terminal() => {
            return Err(Failure::usage("a workbook is not for a terminal").hint("add `-o roster.xlsx`"));
        }
        Format::Xlsx => template::workbook(identity, &Flags)?,
    };
    match &args.output {
        Some(path) => {
            create(path, &bytes)?;
            output::say(&format!(
                "fill it in, then run `{}`",
                retype::validate_filled_in(path, args.identity)
            ));
        }
        None => output::result_bytes(&bytes),
    }
    Ok(Exit::Done)
}

impl Format {
    fn of(path: Option<&Path>) -> Self {
        let extension = path.and_then(Path::extension);
        if extension.is_some_and(|e| e.eq_ignore_ascii_case("xlsx")) { Self::Xlsx } else { Self::Csv }
    }
}

/// Readable by its owner only: it is there for passwords to be filled in.
fn create(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    disk::create_new(path, bytes).map_err(|error| {
        let shown = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::usage(format!("a file is there already: `{shown}`")).hint("choose another name for `-o`")
        } else {
            output::unwritten("the template", path, error)
        }
    })
}
