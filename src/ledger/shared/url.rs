//! Where a shared ledger is: `dynamodb://TABLE/NAME?region=…&profile=…`.

use std::fmt;
use std::str::FromStr;

use crate::ledger::words::Job;

use crate::text::{program, shell_line};

/// How the address of a shared ledger begins.
const SCHEME: &str = "dynamodb://";

/// What stands behind the names of runs that are no imports'.
const COMMANDS: [&str; 2] = [Job::behind_name(Some(Job::Update)), Job::behind_name(Some(Job::Remove))];

/// What stands behind the name of a run of which nothing is left, before its id.
pub(in crate::ledger) const UNDONE: &str = ".undone-";

/// The longest name of a run, in bytes: it is a key in the table (1024 at most), and is typed by people.
const LONGEST_NAME: usize = 255;

/// A table, and the name of a run in it, as it is typed.
///
/// The table is named, or is an ARN: then its region is in it, and it may be another account's. Region and profile are the
/// table's own, and not those of the instance whose users are made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableUrl {
    /// The table's name or ARN.
    pub table: String,
    /// The run's name; `None` where only the table is meant.
    pub name: Option<String>,
    /// The table's region; `None` takes the ARN's, else the environment's.
    pub region: Option<String>,
    /// The profile whose credentials reach the table; `None` takes the default chain.
    pub profile: Option<String>,
}

/// Why a text is no address of a shared ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTableUrl(pub String);

impl TableUrl {
    /// Whether a text is meant as an address, and not as a file: it begins with a scheme.
    pub fn is_meant(text: &str) -> bool {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        // `C:\…` has no slashes behind its colon, and a folder is not called so.
        scheme
            .is_some_and(|scheme| scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// The same table with this run's name.
    #[must_use]
    pub fn naming(&self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self.clone() }
    }

    /// The same table with the name of a run that nobody has named: of this roster, on this instance (its alias, id or ARN), by
    /// the command that is no import's. `roster@acme`, `roster@acme.update`.
    ///
    /// # Errors
    /// Where they make no name.
    pub(crate) fn naming_by(
        &self,
        roster: &str,
        instance: &str,
        job: Option<Job>,
    ) -> Result<Self, NoTableUrl> {
        // Of an ARN the id: a name has no slashes.
        let instance = instance.rsplit('/').next().unwrap_or(instance);
        self.named(&format!("{}@{instance}{}", stem(roster), Job::behind_name(job)))
    }

    /// The same table with the name of a target's run: this one's, else the roster's, and the target's, and the command's
    /// where that is no import. Whoever gives the name of such a run means that run: `spring.emea` is the target `emea`'s.
    ///
    /// # Errors
    /// Where they make no name.
    pub(crate) fn naming_for(
        &self,
        roster: &str,
        target: &str,
        job: Option<Job>,
    ) -> Result<Self, NoTableUrl> {
        let behind = Job::behind_name(job);
        match (&self.name, self.behind_target(target)) {
            (Some(name), Some("")) => self.named(&format!("{name}{behind}")),
            (Some(_), Some(there)) if there == behind || there.contains(UNDONE) => Ok(self.clone()),
            (Some(name), _) => self.named(&format!("{name}.{target}{behind}")),
            (None, _) => self.named(&format!("{}.{target}{behind}", stem(roster))),
        }
    }

    /// The update that suspends whom the run of this name would delete: `spring.suspended.update` of `spring`, and of `spring.remove`.
    ///
    /// # Errors
    /// Where they make no name.
    pub(crate) fn naming_suspension(&self) -> Result<Self, NoTableUrl> {
        let name = self.name.as_deref().unwrap_or_default();
        let name = name.strip_suffix(Job::behind_name(Some(Job::Remove))).unwrap_or(name);
        self.named(&format!("{name}.suspended{}", Job::behind_name(Some(Job::Update))))
    }

    /// What is given for the runs of all targets, by the address of one's: `spring` of `spring.emea` and `spring.emea.update`.
    #[must_use]
    pub(crate) fn of_all_targets(&self, target: &str) -> Self {
        match (&self.name, self.behind_target(target)) {
            (Some(name), Some(behind)) if !behind.contains(UNDONE) => {
                let end = name.len() - behind.len() - target.len() - ".".len();
                Self {
                    name: name.get(..end).filter(|name| !name.is_empty()).map(str::to_owned),
                    ..self.clone()
                }
            }
            _ => self.clone(),
        }
    }

    /// What stands behind the name of a target in this one: nothing, a command, or that the run was undone. `None` where it
    /// has no such name in it.
    fn behind_target(&self, target: &str) -> Option<&str> {
        let name = self.name.as_deref()?;
        let of_target = format!(".{target}");
        let mut behind = name.match_indices(&of_target).map(|(at, of)| &name[at + of.len()..]);
        behind.find(|behind| {
            let rest = COMMANDS.iter().find_map(|command| behind.strip_prefix(command)).unwrap_or(behind);
            rest.is_empty() || rest.starts_with(UNDONE)
        })
    }

    fn named(&self, name: &str) -> Result<Self, NoTableUrl> {
        be_a_name(name).map_err(NoTableUrl)?;
        Ok(self.naming(name))
    }

    /// The table alone.
    #[must_use]
    pub fn of_table(&self) -> Self {
        Self { name: None, ..self.clone() }
    }

    /// As it is typed in a shell: a name may have spaces, and what is behind the question mark is the shell's to read.
    pub(crate) fn typed(&self) -> String {
        shell_line([&self.to_string()])
    }

    /// The command that makes the table.
    pub(crate) fn made_with(&self) -> String {
        shell_line([program(), "ledger", "create", &self.of_table().to_string()])
    }

    /// The table's own name, also where it is given by its ARN.
    pub fn table_name(&self) -> &str {
        self.table.rsplit_once(":table/").map_or(self.table.as_str(), |(_, name)| name)
    }

    /// The region: the address's, else the ARN's.
    pub fn own_region(&self) -> Option<&str> {
        let of_arn = || self.table.starts_with("arn:").then(|| self.table.split(':').nth(3)).flatten();
        self.region.as_deref().or_else(of_arn).filter(|region| !region.is_empty())
    }
}

impl FromStr for TableUrl {
    type Err = NoTableUrl;

    fn from_str(text: &str) -> Result<Self, NoTableUrl> {
        const FORM: &str =
            "dynamodb://TABLE/NAME, with ?region=… and &profile=… behind it where the table has its own";
        let no = |what: &str| NoTableUrl(format!("{what}; expected {FORM}"));
        let Some(rest) = text.strip_prefix(SCHEME) else {
            let scheme = text.split_once("://").map_or(text, |(scheme, _)| scheme);
            return Err(no(&format!("ledgers that machines share are kept in DynamoDB, not in `{scheme}`")));
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // An ARN has one slash of its own, before the table's name.
        let own = path.starts_with("arn:").then(|| path.find('/').map(|at| at + 1)).flatten().unwrap_or(0);
        let (table, name) = match path[own..].find('/') {
            Some(at) => (&path[..own + at], Some(&path[own + at + 1..])),
            None => (path, None),
        };
        let mut url = Self { table: table.to_owned(), name: None, region: None, profile: None };
        be_a_table(&url).map_err(|what| no(&what))?;
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            be_a_name(name).map_err(|what| no(&what))?;
            url.name = Some(name.to_owned());
        }
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("region", region)) if !region.is_empty() => url.region = Some(region.to_owned()),
                Some(("profile", profile)) if !profile.is_empty() => url.profile = Some(profile.to_owned()),
                _ => return Err(no(&format!("the address has `{part}` behind its question mark"))),
            }
        }
        Ok(url)
    }
}

/// A file's name without its suffix, whichever system wrote its path.
fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// A table's name has 3 to 255 of `a-z A-Z 0-9 _ - .` (Amazon DynamoDB developer guide, *Naming rules*).
fn be_a_table(url: &TableUrl) -> Result<(), String> {
    let name = url.table_name();
    let is_in = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if url.table.starts_with("arn:") {
        let parts: Vec<&str> = url.table.splitn(6, ':').collect();
        let is_one = parts.len() == 6
            && parts[2] == "dynamodb"
            && !parts[3].is_empty()
            && parts[4].len() == 12
            && parts[5].starts_with("table/");
        if !is_one {
            return Err(format!("`{}` is not a table's ARN", url.table));
        }
    }
    if !(3..=255).contains(&name.len()) || !name.bytes().all(is_in) {
        return Err(format!(
            "`{name}` is not the name of a table: that has 3 to 255 letters, digits, `_`, `-` and `.`"
        ));
    }
    Ok(())
}

/// Whether what stands behind a run's name and a dot may be a target's: a command's own mark is none, nor that of a run that was
/// undone.
pub(super) fn is_of_a_target(behind: &str) -> bool {
    let is_mark = |mark: &str| mark.strip_prefix('.') == Some(behind);
    let suspended = format!("suspended{}", Job::behind_name(Some(Job::Update)));
    let is_undone = UNDONE.strip_prefix('.').is_some_and(|mark| behind.starts_with(mark));
    !COMMANDS.into_iter().any(is_mark) && behind != suspended && !is_undone
}

/// A run's name stands in commands that people type.
fn be_a_name(name: &str) -> Result<(), String> {
    if name.len() > LONGEST_NAME {
        return Err(format!("a run's name has at most {LONGEST_NAME} bytes"));
    }
    match name.chars().find(|c| c.is_control() || "/?&#".contains(*c)) {
        Some(c) => Err(format!("a run's name has no `{}`", c.escape_default())),
        None => Ok(()),
    }
}

impl fmt::Display for TableUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.table)?;
        if let Some(name) = &self.name {
            write!(f, "/{name}")?;
        }
        let mut before = '?';
        for (key, value) in [("region", &self.region), ("profile", &self.profile)] {
            if let Some(value) = value {
                write!(f, "{before}{key}={value}")?;
                before = '&';
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> TableUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn an_address_is_read_and_said_again_alike() {
        let arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/runs";
        for (text, table, name, region) in [
            ("dynamodb://runs/spring@acme", "runs", Some("spring@acme"), None),
            ("dynamodb://runs", "runs", None, None),
            (
                "dynamodb://runs/new hires?region=eu-west-1&profile=ops",
                "runs",
                Some("new hires"),
                Some("eu-west-1"),
            ),
            (&format!("dynamodb://{arn}/spring"), arn, Some("spring"), Some("eu-west-1")),
            (&format!("dynamodb://{arn}"), arn, None, Some("eu-west-1")),
        ] {
            let url = url(text);
            assert_eq!((url.table.as_str(), url.name.as_deref()), (table, name), "{text}");
            assert_eq!(url.own_region(), region, "{text}");
            assert_eq!(url.table_name(), "runs", "{text}");
            assert_eq!(url.to_string(), text);
        }
        assert_eq!(url("dynamodb://runs/"), url("dynamodb://runs"));
        assert_eq!(url("dynamodb://runs").naming("x").of_table(), url("dynamodb://runs"));
    }

    #[test]
    fn what_is_none_says_what_is_wrong_and_what_was_expected() {
        for (text, says) in [
            ("s3://bucket/run", "not in `s3`"),
            ("dynamodb://", "not the name of a table"),
            ("dynamodb://a b/run", "not the name of a table"),
            ("dynamodb://runs/a/b", "no `/`"),
            ("dynamodb://runs/a\tb", "no `\\t`"),
            ("dynamodb://runs/a?regoin=x", "`regoin=x`"),
            ("dynamodb://arn:aws:s3:eu-west-1:111122223333:table/runs/x", "not a table's ARN"),
            ("dynamodb://arn:aws:dynamodb:eu-west-1:1:table/runs/x", "not a table's ARN"),
        ] {
            let error = text.parse::<TableUrl>().unwrap_err().to_string();
            assert!(
                error.contains(says) && error.contains("expected dynamodb://TABLE/NAME"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_file_is_no_address() {
        for (text, is_meant) in [
            ("dynamodb://t/n", true),
            ("s3://b", true),
            ("roster.csv.ledger.jsonl", false),
            (r"C:\rosters\r.jsonl", false),
            ("c://x", false),
            ("a b://c", false),
        ] {
            assert_eq!(TableUrl::is_meant(text), is_meant, "{text}");
        }
    }

    #[test]
    fn what_another_command_did_is_no_targets() {
        for (behind, is_one) in [
            ("emea", true),
            ("emea.update", true),
            ("updates", true),
            ("update", false),
            ("remove", false),
            ("suspended.update", false),
            ("undone-1f", false),
        ] {
            assert_eq!(is_of_a_target(behind), is_one, "{behind}");
        }
    }

    #[test]
    fn a_suspension_has_a_run_of_its_own_beside_that_of_the_deletion() {
        for (removal, update) in [
            ("dynamodb://runs/leavers@acme.remove", "dynamodb://runs/leavers@acme.suspended.update"),
            ("dynamodb://runs/may?region=eu-west-1", "dynamodb://runs/may.suspended.update?region=eu-west-1"),
        ] {
            assert_eq!(url(removal).naming_suspension().unwrap().to_string(), update);
        }
        let longest = format!("dynamodb://runs/{}", "x".repeat(LONGEST_NAME));
        assert!(url(&longest).naming_suspension().is_err());
    }

    #[test]
    fn the_run_of_a_target_is_found_by_what_all_are_given_and_by_its_own_address() {
        let of = |text: &str, job| url(text).naming_for("d/new hires.csv", "emea", job).unwrap().to_string();
        let (update, remove) = (Some(Job::Update), Some(Job::Remove));
        for (typed, job, run) in [
            ("dynamodb://runs", None, "dynamodb://runs/new hires.emea"),
            ("dynamodb://runs", update, "dynamodb://runs/new hires.emea.update"),
            ("dynamodb://runs/spring", None, "dynamodb://runs/spring.emea"),
            ("dynamodb://runs/spring", remove, "dynamodb://runs/spring.emea.remove"),
            ("dynamodb://runs/spring.emeax", None, "dynamodb://runs/spring.emeax.emea"),
            ("dynamodb://runs/spring.emea.update", remove, "dynamodb://runs/spring.emea.update.emea.remove"),
        ] {
            assert_eq!(of(typed, job), run);
            // Its own address, as it is listed, is its own.
            assert_eq!(of(run, job), run);
        }
        assert_eq!(of("dynamodb://runs/spring.emea", update), "dynamodb://runs/spring.emea.update");
        let undone = "dynamodb://runs/spring.emea.undone-1f?region=eu-west-1";
        assert_eq!(of(undone, None), undone);
        for (run, all) in [
            ("dynamodb://runs/spring.emea", "dynamodb://runs/spring"),
            (
                "dynamodb://runs/spring.emea.update?region=eu-west-1",
                "dynamodb://runs/spring?region=eu-west-1",
            ),
            ("dynamodb://runs/spring.emeax", "dynamodb://runs/spring.emeax"),
            ("dynamodb://runs", "dynamodb://runs"),
            (undone, undone),
        ] {
            assert_eq!(url(run).of_all_targets("emea").to_string(), all);
        }
    }
}
