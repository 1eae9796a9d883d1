//! What failed, by what the failures have in common, and what to do about each: five hundred rows with one fault read
//! as one fault.

use std::collections::HashMap;

use super::row::{LEFT_BY_UNDO, Row, label};
use crate::finding::codes;
use crate::ledger::{Job, RowState, State};
use crate::text::{Voice, worded};

/// Rows that failed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Where its rows stand.
    pub(crate) state: RowState,
    /// The service's code, or a finding's; empty where there is none.
    pub(crate) code: String,
    /// What is said of them, with what differs from row to row left out.
    pub(crate) says: String,
    /// What to do.
    pub(crate) advice: String,
    /// The command that does it, where there is one.
    pub(crate) command: Option<String>,
    /// Its rows, as places in the account's rows.
    pub(crate) rows: Vec<u32>,
}

impl Cause {
    /// How its rows stand, as people read it.
    pub(super) fn label(&self) -> &'static str {
        if self.state == RowState::Created { LEFT_BY_UNDO } else { label(self.state) }
    }
}

/// How the readers of a report are told what to do.
pub(crate) struct Guide<'g> {
    /// How they are told what to set.
    pub(crate) voice: &'g dyn Voice,
    /// The command that reruns the rows of this ledger that failed, of one code alone where it is named; `None` where there
    /// is none.
    pub(crate) retry: &'g dyn Fn(&State, Option<&str>) -> Option<String>,
    /// The command that resumes this ledger's import; `None` where it is not known.
    pub(crate) resume: &'g dyn Fn(&State) -> Option<String>,
    /// The command that undoes this ledger's run, or goes on with that; with what lifts the reason of this code, where anything
    /// does.
    pub(crate) undo: &'g dyn Fn(&str) -> String,
}

/// The order in which the states are told: what must be looked at first.
const ORDER: [RowState; 8] = [
    RowState::InDoubt,
    RowState::Unconfirmed,
    RowState::Rejected,
    RowState::Skipped,
    RowState::Exists,
    RowState::Invalid,
    RowState::Pending,
    RowState::Created, // whom an undo has left
];

/// Groups the rows that are neither created nor there already as asked, and tells each its group. The largest group of a
/// state comes first.
pub(super) fn causes(rows: &mut [Row], of: &State, guide: &Guide<'_>) -> Vec<Cause> {
    let mut places = HashMap::new();
    let mut causes: Vec<Cause> = Vec::new();
    let is_well = |row: &Row| match row.state {
        RowState::Created => row.left.is_none(),
        RowState::There | RowState::Updated | RowState::Deleted => true,
        RowState::Pending
        | RowState::InDoubt
        | RowState::Exists
        | RowState::Rejected
        | RowState::Invalid
        | RowState::Unconfirmed
        | RowState::Skipped => false,
    };
    for (at, row) in (0..).zip(rows.iter()).filter(|(_, row)| !is_well(row)) {
        let code = row.code.clone().unwrap_or_default();
        let says = alike(row.message.as_deref().unwrap_or_default(), &row.user);
        let place = *places.entry((row.state, code, says)).or_insert_with_key(|(state, code, says)| {
            let (advice, command) = advice(*state, code, of, guide);
            let (code, says) = (code.clone(), says.clone());
            let advice = sentence(&worded(advice, guide.voice));
            causes.push(Cause { state: *state, code, says, advice, command, rows: Vec::new() });
            causes.len() - 1
        });
        causes[place].rows.push(at);
    }
    let order = |cause: &Cause| ORDER.iter().position(|state| *state == cause.state);
    causes.sort_by(|a, b| order(a).cmp(&order(b)).then(b.rows.len().cmp(&a.rows.len())));
    for (number, cause) in (0..).zip(&mut causes) {
        // Rows of which the very same is said lose nothing.
        let said = |at: &u32| rows[*at as usize].message.as_deref().unwrap_or_default();
        if let Some((first, others)) = cause.rows.split_first()
            && others.iter().all(|other| said(other) == said(first))
        {
            said(first).clone_into(&mut cause.says);
        }
        for &at in &cause.rows {
            rows[at as usize].cause = Some(number);
        }
    }
    causes
}

/// A message without what is of one row only: its name, quoted values, ids and numbers.
fn alike(message: &str, user: &str) -> String {
    let message = if user.is_empty() { message.to_owned() } else { message.replace(user, "…") };
    let mut text = String::with_capacity(message.len());
    let mut rest = message.as_str();
    while let Some(at) = rest.find(['`', '"']) {
        let quote = if rest[at..].starts_with('`') { '`' } else { '"' };
        let Some(length) = rest[at + 1..].find(quote) else { break };
        text.push_str(&rest[..at]);
        text.push('…');
        rest = &rest[at + 1 + length + 1..];
    }
    text.push_str(rest);
    let words = text.split(' ').map(|word| {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let differs = core.chars().any(|c| c.is_ascii_digit());
        if differs && !core.is_empty() { word.replacen(core, "…", 1) } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What to do about rows of this state and code, and the command that does it.
fn advice(state: RowState, code: &str, of: &State, guide: &Guide<'_>) -> (&'static str, Option<String>) {
    let retry = || (guide.retry)(of, None);
    let retry_code = || (guide.retry)(of, Some(&plain(code)));
    match state {
        RowState::Created => left_by_undo(code, guide),
        RowState::There | RowState::Updated | RowState::Deleted => ("Nothing.", None),
        RowState::Unconfirmed if of.header.job.is_none() => (
            "The deletion of these users was announced, and nothing says whether they were deleted. Give the undo again: it \
             looks at each of them and goes on. Until then an import sends none of them.",
            Some((guide.undo)("")),
        ),
        RowState::Unconfirmed if of.header.job == Some(Job::Remove) => (
            "The deletion of these users was announced, and nothing says whether they were deleted. Give the same remove \
             command again: it looks at each of them and goes on.",
            (guide.resume)(of),
        ),
        RowState::Pending if of.header.job == Some(Job::Remove) => (
            "Nothing was done with these people yet. Give the same remove command again: it resumes.",
            (guide.resume)(of),
        ),
        RowState::Skipped if of.header.job == Some(Job::Remove) => (stays(code), (guide.resume)(of)),
        RowState::Rejected if of.header.job == Some(Job::Remove) => (
            "The service refuses to delete these users; its message says why. Mend what it names, then give the same remove \
             command again.",
            (guide.resume)(of),
        ),
        RowState::Pending if of.header.job == Some(Job::Update) => (
            "Nothing was changed for these rows yet. Give the same update command again: it resumes.",
            (guide.resume)(of),
        ),
        RowState::Unconfirmed => (
            "The service took what was sent, and did not show all of it when these users were read again, or the process \
             ended before. Give the same update command again: it reads them and sends what is missing. Where it stays so, \
             change them in the console.",
            (guide.resume)(of),
        ),
        RowState::Skipped => (skipped(code), (guide.resume)(of)),
        RowState::Pending => (
            "Nothing was made for these rows yet. Give the same import command again: it resumes.",
            (guide.resume)(of),
        ),
        RowState::InDoubt => (
            "The answer to a request was lost, so that these users may exist. Give the same import command again: it \
             looks each of them up and settles it. Do not create them by hand before.",
            (guide.resume)(of),
        ),
        RowState::Invalid => {
            let fix = codes::find(code).map_or("Mend the rows in the roster.", |code| code.fix);
            (fix, retry())
        }
        RowState::Exists => (
            "The instance has a user of this name that this run did not make. If it is the same person there is nothing \
             to do; if not, give the row another username. Once it is mended or the other user is gone, send it again.",
            if code.is_empty() { None } else { retry_code() },
        ),
        RowState::Rejected => (rejected(code), retry()),
    }
}

/// Advice as a sentence: the fixes of findings are parts of one.
fn sentence(advice: &str) -> String {
    let mut chars = advice.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if advice.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// A code as a word of a command: the service's are plain names, and what is not has no place there.
fn plain(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:#".contains(*c)).collect()
}

/// What to do about a user that an undo left: what lifts the reason, where anything does.
fn left_by_undo(code: &str, guide: &Guide<'_>) -> (&'static str, Option<String>) {
    (stays(code), Some((guide.undo)(code)))
}

/// What to do about a user that was not deleted.
fn stays(code: &str) -> &'static str {
    match code {
        "not-there" => {
            "Nobody of exactly this name is there. Where a name is wrong, mend it; else there is nothing to do."
        }
        "not-visible-yet" => {
            "These users may not be seen yet. Give the same command again a quarter of an hour later."
        }
        "unproved" | "another-tag" => {
            "Nothing proves that this run made these users, so that it does not delete them. Look at each, and delete in \
             the console whom you know to be meant."
        }
        "renamed" => {
            "These users go by another name now. Look at each, and delete in the console who is meant."
        }
        "differs" => {
            "These users are not the people of the list: the message says in what. Where the list is wrong, mend it; where \
             it is another person, take the row out."
        }
        "protected" => "These users are on the list of those who are to stay.",
        "admin" => "These users are administrators, and are deleted only where that is said.",
        "unknown" => {
            "The ledger does not say what was asked of these users, so that nobody can tell whether they were changed since. \
             Look at each; they are deleted only where that is said."
        }
        "changed-since" => {
            "Somebody has changed these users since they were made. Look at each; they are deleted only where that is said."
        }
        "quick-connects" => {
            "Quick connects lead to these users, and would lead nowhere. They are deleted with them only where that is said."
        }
        "signed-in" => {
            "These users were at work. Give the command again once they have signed out, or say that they are to be deleted \
             all the same."
        }
        _ => {
            "The service did not delete these users; its message says why. Mend what it names, then give the same command again."
        }
    }
}

/// What to do about a user that an update left.
fn skipped(code: &str) -> &'static str {
    match code {
        "drift" => {
            "Somebody has changed these users since they were last as the roster has them, and the roster is as it was. If \
             the roster is right, overwrite their drift; if they are, take their cells into the roster."
        }
        "conflict" => {
            "Both have changed since: the roster, and these users by somebody else. Look at each, then overwrite the drift, \
             or take their cells into the roster."
        }
        "not-there" | "missing" => {
            "The instance has no such user. An import makes who was never made; a name that is wrong is mended in the roster."
        }
        "changed-since-the-plan" => {
            "Somebody changed these users between the plan and the update. Give the same command again: it compares anew, and tells \
             as drift what was changed meanwhile."
        }
        _ => "These users were left as they are; the message says why.",
    }
}

/// What to do about a refusal of the service (API: the errors of CreateUser).
fn rejected(code: &str) -> &'static str {
    match code {
        "InvalidRequestException" | "InvalidParameterException" | "ValidationException" => {
            "The service refuses something in these rows; its message says what. Mend them in the roster, then send them \
             again."
        }
        "ResourceNotFoundException" => {
            "Something that these rows name is not on the instance: a routing profile, a security profile or a hierarchy \
             group was deleted or renamed. Make it again or name another, then send them again."
        }
        "ResourceConflictException" | "ConditionalOperationFailedException" => {
            "Something else was changing the same resource. Send them again."
        }
        _ => {
            "The service refuses these rows; its message says why. Mend what it names, then send them again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::voice::Flags;

    #[test]
    fn what_differs_from_row_to_row_is_left_out() {
        for (message, user, said) in [
            ("the name `ana` is taken", "ana", "the name … is taken"),
            (
                "user 0a1b-2c was made by another run, tagged `x/1`",
                "bo",
                "user … was made by another run, tagged …",
            ),
            ("Invalid value \"ü\" (max 64).", "bo", "Invalid value … (max …)."),
            ("an odd ` stays", "bo", "an odd ` stays"),
            ("", "", ""),
        ] {
            assert_eq!(alike(message, user), said);
        }
    }

    #[test]
    fn rows_are_grouped_by_what_they_have_in_common_the_doubtful_first() {
        let row = |state, code: &str, message: &str| Row {
            state,
            code: Some(code.into()),
            message: Some(message.into()),
            ..Row::default()
        };
        let mut rows = vec![
            row(RowState::Created, "", ""),
            row(RowState::Rejected, "A", "row 1 is bad"),
            row(RowState::Rejected, "B", "no"),
            row(RowState::Rejected, "B", "no"),
            row(RowState::Rejected, "A", "row 22 is bad"),
            row(RowState::Rejected, "A", "row 3 is bad"),
            row(RowState::InDoubt, "", "lost"),
        ];
        let retry = |_: &State, code: Option<&str>| {
            Some(code.map_or("again".to_owned(), |code| format!("again {code}")))
        };
        let undo = |code: &str| format!("undo {code}");
        let guide =
            Guide { voice: &Flags, retry: &retry, resume: &|_| Some("resume".to_owned()), undo: &undo };
        let causes = causes(&mut rows, &State::default(), &guide);
        let told: Vec<_> = causes.iter().map(|cause| (cause.code.as_str(), cause.rows.clone())).collect();
        assert_eq!(told, [("", vec![6]), ("A", vec![1, 4, 5]), ("B", vec![2, 3])]);
        assert_eq!(rows.iter().map(|row| row.cause).collect::<Vec<_>>()[..3], [None, Some(1), Some(2)]);
        assert!(causes.iter().all(|cause| cause.advice.ends_with('.')));
        let commands: Vec<_> = causes.iter().map(|cause| cause.command.as_deref()).collect();
        assert_eq!(commands, [Some("resume"), Some("again"), Some("again")]);
    }
}
