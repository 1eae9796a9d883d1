//! `headcount credentials`: the passwords that headcount made, joined with what the ledger says became of them, and with
//! what the roster has of their users.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use secrecy::zeroize::Zeroizing;

use super::args::roster::RosterArgs;
use super::tables;
use super::voice::Flags;
use super::{output, shared};
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::handout::{self, Asked, HandOut, Parcel, Recipient, Slips};
use crate::ledger::{self, Gathered, LedgerAt, State};
use crate::passwords::{self, Identities, Joined, Outcomes, Recipients, Told};
use crate::text::{self, plain};

/// Prints the passwords that headcount made: for every created user the one that the instance holds.
#[derive(Debug, Args)]
pub(super) struct CredentialsArgs {
    /// The file of --credentials-out; with a rehearsal's ledger, the one that the rehearsal made of that name. Of a shared
    /// ledger those of all machines
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,

    /// The ledger of the same import: it says which attempt made each user
    #[arg(long, value_name = "LEDGER", value_parser = tables::ledger())]
    pub(super) ledger: LedgerAt,

    /// The age identities that open encrypted passwords, as `age-keygen` writes them
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,

    /// The file to write, readable by its owner only; with --per, the folder; what is there is never overwritten
    /// [default: stdout]
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,

    /// A table, a workbook, or one JSON object for programs [default: as FILE's name ends, else csv]
    #[arg(long, value_enum, ignore_case = true)]
    format: Option<Format>,

    #[command(flatten)]
    handing: HandingArgs,

    #[command(flatten)]
    reading: RosterArgs,
}

/// Handing the passwords out: to whom, with what beside them, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Handing out")]
struct HandingArgs {
    /// Columns of the roster beside each password, by its own headers or headcount's; `name` is first and last name
    #[arg(long, value_name = "COLUMN", num_args = 1..)]
    with: Vec<String>,

    /// One file in the folder -o for each value of this column of the roster, as in "team lead"
    #[arg(long, value_name = "COLUMN", requires = "output")]
    per: Option<String>,

    /// Slips to print and cut, one a user, as a page of HTML
    #[arg(long, requires = "output")]
    slips: bool,

    /// The address at which people sign in, for the slips [default: https://ALIAS.my.connect.aws of the ledger's instance]
    #[arg(long, value_name = "URL", requires = "slips")]
    sign_in_url: Option<String>,

    /// Encrypt what is written to this age recipient, or with --per the file of one value; may be given several times
    #[arg(long = "recipient", alias = "recipient-for", value_name = "[VALUE=]age1…")]
    recipients: Vec<String>,

    /// Where the rows are, also those of a mended file; may be given several times [default: the ledger's roster]
    #[arg(long = "roster", value_name = "ROSTER")]
    rosters: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Csv,
    /// One object, for programs
    Json,
    /// The table as a workbook
    Xlsx,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    List(Format),
    Slips,
}

/// Runs the command.
pub(super) fn run(args: &CredentialsArgs) -> Result<Exit, Failure> {
    let form = form(args)?;
    is_address(args.handing.sign_in_url.as_deref())?;
    let identities = args.identity_file.as_deref().map(Identities::read).transpose()?;
    // The ledger first: whoever is created in it has a record already, also while an import goes on.
    let Gathered { state, own: outcomes, at_work, .. } =
        ledger::gather(&args.ledger, Outcomes::default(), Outcomes::take)?;
    let is_rehearsal = state.is_rehearsal(&args.ledger);
    let paths: Vec<PathBuf> =
        args.files.iter().map(|file| passwords::of_ledger(file, is_rehearsal)).collect();
    let mut files = Vec::with_capacity(paths.len());
    for path in &paths {
        let file = File::open(path).map_err(|error| {
            Failure::usage(format!("cannot open the credentials file: `{}`", path.display())).because(error)
        })?;
        files.push((file, path.as_path()));
    }
    let told = Told { state: &state, at_work, outcomes: &outcomes };
    let joined = Joined::read_all(&told, files, identities.as_ref())?;
    let handing = &args.handing;
    let asked = Asked {
        with: &handing.with,
        per: handing.per.as_deref(),
        names: form == Form::Slips,
        rosters: &handing.rosters,
        reading: &as_imported(&args.reading, &state).meant(),
    };
    let handout = HandOut::of(&joined, &state, &asked)?;
    let sign_in = handing.sign_in_url.clone().or_else(|| handout::sign_in(&state));
    let writing = Writing { handout: &handout, form, sign_in: sign_in.as_deref() };
    hand_out(args, &writing)?;
    if form == Form::Slips && handing.sign_in_url.is_none() {
        say_address(sign_in.as_deref());
    }
    say_unknown(&handout);
    say_the_rest(&joined);
    say_copied(&joined);
    let lost = joined.lost().count() as u64;
    if lost > 0 {
        for user in joined.lost() {
            output::say(&format!("not in the file: `{}`", plain(user)));
        }
        for (by, passwords) in joined.lost_by() {
            output::say(&format!(
                "{} made on {} (process {}, since {}): its file has {}",
                match passwords {
                    1 => "1 password was".to_owned(),
                    more => format!("{} passwords were", text::grouped(more)),
                },
                plain(&by.host),
                by.pid,
                plain(&by.since),
                if passwords == 1 { "it" } else { "them" }
            ));
        }
        let where_not = match paths.as_slice() {
            [one] => format!("not in the file: `{}`", one.display()),
            _ => "in none of the files".to_owned(),
        };
        let hint = match args.ledger.in_table() {
            None => "is it an older copy? Where the passwords are lost, reset them in the console",
            Some(_) => {
                "give the files of those machines too; where the passwords are lost, reset them in the console"
            }
        };
        return Err(Failure::stopped(format!(
            "{} made with a password that is {where_not}",
            text::count(lost, "user"),
        ))
        .hint(hint));
    }
    Ok(Exit::Done)
}

/// How the rows are read: as the flags say, and else as the ledger's last run read them.
fn as_imported(told: &RosterArgs, state: &State) -> RosterArgs {
    let before =
        RosterArgs::of_settings(state.session.settings.as_deref().unwrap_or_default()).unwrap_or_default();
    RosterArgs {
        columns: told.columns.clone().or(before.columns),
        sheet: told.sheet.clone().or(before.sheet),
        header_row: told.header_row.or(before.header_row),
        encoding: told.encoding.clone().or(before.encoding),
        phone_region: told.phone_region.or(before.phone_region),
        of_targets: None,
    }
}

/// What is written, by the flags and by the name of the file.
fn form(args: &CredentialsArgs) -> Result<Form, Failure> {
    let path = args.output.as_deref().filter(|_| args.handing.per.is_none());
    let named = path.and_then(ending);
    let cannot = |what: &str, hint: &str| {
        let shown = path.unwrap_or(Path::new("")).display();
        Err(Failure::usage(format!("{what}: `{shown}`")).hint(hint))
    };
    if args.handing.slips {
        return match (args.format, named.as_deref()) {
            (Some(_), _) => {
                Err(Failure::usage("slips are a page of HTML, and no list").hint("leave --format out"))
            }
            (None, Some("csv" | "json" | "xlsx")) => {
                cannot("slips are a page of HTML", "end its name in .html")
            }
            (None, _) => Ok(Form::Slips),
        };
    }
    let by_name = match named.as_deref() {
        Some("html" | "htm") => {
            return cannot("only slips are written as a page", "ask for them with --slips");
        }
        Some("xlsx") => Some(Format::Xlsx),
        Some("json") => Some(Format::Json),
        Some("csv") => Some(Format::Csv),
        Some("xls" | "ods" | "pdf" | "docx") => {
            return cannot(
                "passwords are not written so",
                "end its name in .csv, .xlsx or .json, or say --slips",
            );
        }
        _ => None,
    };
    match (args.format, by_name) {
        (Some(said), Some(named)) if said != named => {
            cannot("--format says another format than the file's name", "leave --format out")
        }
        (Some(Format::Xlsx), _) if args.output.is_none() => {
            Err(Failure::usage("a workbook is written to a file").hint("add `-o passwords.xlsx`"))
        }
        (said, named) => Ok(Form::List(said.or(named).unwrap_or(Format::Csv))),
    }
}

/// How the name of a file ends, but for what says that it is encrypted; in lower case.
fn ending(path: &Path) -> Option<String> {
    let ending = |path: &Path| Some(path.extension()?.to_str()?.to_ascii_lowercase());
    match ending(path)?.as_str() {
        "age" => ending(Path::new(path.file_stem()?)),
        other => Some(other.to_owned()),
    }
}

/// Fails where what is printed on each slip is no address that a password may be typed at.
fn is_address(url: Option<&str>) -> Result<(), Failure> {
    let Some(url) = url else { return Ok(()) };
    let host = url.strip_prefix("https://").unwrap_or_default();
    let is_one =
        !host.is_empty() && host.len() < 500 && host.chars().all(|c| !c.is_whitespace() && !text::hides(c));
    if is_one {
        return Ok(());
    }
    Err(Failure::usage(format!("this is no address to sign in at: `{}`", text::shown(url)))
        .hint("it begins with https://, as in https://acme.my.connect.aws"))
}

/// What is written, and of whom.
struct Writing<'w> {
    handout: &'w HandOut<'w>,
    form: Form,
    sign_in: Option<&'w str>,
}

impl Writing<'_> {
    /// What one file has in it; `value` is what its people have in common.
    fn bytes(&self, people: &[usize], value: &str, is_file: bool) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let handout = self.handout;
        match self.form {
            Form::Slips => Ok(Slips { handout, sign_in: self.sign_in }.page(people, value)),
            Form::List(Format::Csv) => handout.list(people, |list| list.csv(is_file)),
            Form::List(Format::Json) => handout.list(people, |list| list.json()),
            Form::List(Format::Xlsx) => handout.list(people, handout::workbook),
        }
    }

    fn extension(&self) -> &'static str {
        match self.form {
            Form::Slips => "html",
            Form::List(Format::Csv) => "csv",
            Form::List(Format::Json) => "json",
            Form::List(Format::Xlsx) => "xlsx",
        }
    }
}

/// Writes everything where it is wanted.
fn hand_out(args: &CredentialsArgs, writing: &Writing<'_>) -> Result<(), Failure> {
    let recipients: Vec<Recipient> =
        args.handing.recipients.iter().map(|word| Recipient::read(word)).collect();
    if let (Some(_), Some(folder)) = (&args.handing.per, &args.output) {
        return into_folder(folder, writing, &recipients);
    }
    let keys = keys(&recipients)?;
    let bytes = writing.bytes(&writing.handout.everybody(), "", args.output.is_some())?;
    let bytes = sealed(&keys, bytes)?;
    match &args.output {
        None => output::result_bytes(&bytes),
        Some(path) => {
            let path = encrypted_name(path, &keys);
            output::into_new_file(&path, &bytes)?;
            if keys.words().is_empty() {
                say_who_else_reads(&path);
            }
        }
    }
    Ok(())
}

/// To whom the one file is encrypted.
fn keys(recipients: &[Recipient]) -> Result<Recipients, Failure> {
    if let Some(of) = recipients.iter().find_map(|to| to.of.as_deref()) {
        return Err(Failure::usage(format!(
            "a recipient of one value is for files of their own: `{}`",
            plain(of)
        ))
        .hint("say by which column with --per, or leave the value out"));
    }
    Recipients::parse(&recipients.iter().map(|to| to.key.clone()).collect::<Vec<_>>())
}

/// Encrypted, where there is somebody to encrypt it to.
fn sealed(keys: &Recipients, bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match keys.seal(|| bytes.to_vec()) {
        None => Ok(bytes),
        Some(Ok(sealed)) => Ok(Zeroizing::new(sealed.into_bytes())),
        Some(Err(why)) => Err(Failure::stopped("passwords cannot be encrypted").because(why)),
    }
}

fn encrypted_name(path: &Path, keys: &Recipients) -> PathBuf {
    let is_named_so = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("age"));
    if keys.words().is_empty() || is_named_so { path.to_owned() } else { disk::with_suffix(path, ".age") }
}

fn say_who_else_reads(path: &Path) {
    if let Some(warning) = shared::warning(path) {
        output::say(&warning);
    }
}

/// A file for each value, and the table of them.
fn into_folder(folder: &Path, writing: &Writing<'_>, recipients: &[Recipient]) -> Result<(), Failure> {
    let parcels = handout::parcels(writing.handout, recipients)?;
    let named = |parcel: &Parcel| {
        let plain = format!("{}.{}", parcel.name, writing.extension());
        if parcel.recipients.words().is_empty() { plain } else { plain + ".age" }
    };
    let mut files = Vec::with_capacity(parcels.len());
    for parcel in &parcels {
        let bytes = writing.bytes(&parcel.people, &parcel.value, true)?;
        files.push((named(parcel), sealed(&parcel.recipients, bytes)?));
    }
    let written = disk::create_folder(folder, files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("something is there already: `{}`", folder.display()))
                .hint("nothing was written; choose another name for `-o`, or an empty folder")
        }
        _ => output::unwritten("the folder", folder, error),
    })?;
    let rows = parcels.iter().zip(&files).map(|(parcel, (name, _))| {
        let value = if parcel.value.is_empty() { "(none)" } else { &parcel.value };
        [folder.join(name).display().to_string(), value.to_owned(), text::grouped(parcel.people.len() as u64)]
    });
    let per = writing.handout.per.clone().unwrap_or_default();
    let head = ["file".to_owned(), per, "users".to_owned()];
    output::result(&table(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
    output::say(&format!(
        "written: {} in {}",
        text::count(files.len() as u64, "file"),
        plain(&folder.display().to_string())
    ));
    if parcels.iter().any(|parcel| parcel.recipients.words().is_empty()) {
        say_who_else_reads(folder);
    }
    Ok(())
}

/// Columns side by side, the last one to the right.
fn table(rows: &[[String; 3]]) -> String {
    let rows: Vec<[String; 3]> = rows.iter().map(|row| row.each_ref().map(|cell| plain(cell))).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let [file, value, users] = [width(0), width(1), width(2)];
    let line = |row: &[String; 3]| format!("{:file$}  {:value$}  {:>users$}\n", row[0], row[1], row[2]);
    rows.iter().map(line).collect()
}

/// Which address stands on the slips, where nobody said one: whoever prints them must see it first.
fn say_address(sign_in: Option<&str>) {
    output::say(&match sign_in {
        Some(address) => {
            format!("note: the slips say to sign in at {}; --sign-in-url puts another there", plain(address))
        }
        None => "note: the slips have no address to sign in at; --sign-in-url puts it there".to_owned(),
    });
}

/// Whom nothing of the roster stands beside, on stderr.
fn say_unknown(handout: &HandOut<'_>) {
    if let Some(why) = &handout.nameless {
        output::say(&format!("warning: the slips have no names: {}", plain(&why.what)));
        let hint = why.hint.as_deref().unwrap_or("say where the roster is with ⟦other-roster FILE⟧");
        output::say(&format!("hint: {}", text::worded(hint, &Flags)));
    }
    let (changed, missing) = (handout.changed().collect::<Vec<_>>(), handout.missing().collect::<Vec<_>>());
    if !changed.is_empty() {
        output::say(&format!(
            "warning: {} changed since the users were made: nothing of the roster stands beside those passwords, for the \
             login may be somebody else's by now",
            text::count(changed.len() as u64, "row")
        ));
        say_first("changed", &changed);
    }
    if !missing.is_empty() {
        output::say(&format!(
            "warning: {} not found in the roster by login: nothing of it stands beside those passwords",
            text::count(missing.len() as u64, "user")
        ));
        say_first("not in the roster", &missing);
    }
    if !changed.is_empty() || !missing.is_empty() {
        output::say(&format!("hint: {}", text::worded(handout::READ_AS_IT_WAS, &Flags)));
    }
}

/// Names the first of these users: in the file, whoever has blank cells is seen.
fn say_first(what: &str, users: &[&str]) {
    const MOST: usize = 20;
    users.iter().take(MOST).for_each(|user| output::say(&format!("{what}: `{}`", plain(user))));
    if let Some(more @ 1..) = users.len().checked_sub(MOST) {
        output::say(&format!("{what}: and {more} more"));
    }
}

/// Whom the list does not have, on stderr.
fn say_the_rest(joined: &Joined) {
    if joined.own > 0 {
        output::say(&format!(
            "note: {} not listed: made with a password that headcount did not make",
            text::count(joined.own, "created user")
        ));
    }
    if joined.in_doubt > 0 {
        output::say(&format!(
            "note: {} in doubt and not listed; the next import settles that",
            text::count(joined.in_doubt, "row")
        ));
    }
}

/// Names whom this ledger did not make, and for whom the file has a password.
fn say_copied(joined: &Joined) {
    if joined.copied.is_empty() {
        return;
    }
    output::say(&format!(
        "warning: {} in the file by attempts that this ledger does not have, and cannot be known: another copy of this \
         ledger is, or was, at work",
        text::count(joined.copied.len() as u64, "password")
    ));
    for user in &joined.copied {
        output::say(&format!("not known: `{}`", plain(user)));
    }
}
