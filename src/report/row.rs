//! A row as a report tells it, and what happened to it.

use crate::agent::RowNumber;
use crate::ledger::{Attempt, RowState, SeenAs, Step as Part, StepState, Unexecuted};

/// A state as people read it.
pub(crate) fn label(state: RowState) -> &'static str {
    match state {
        RowState::Pending => "not sent",
        RowState::InDoubt => "in doubt",
        RowState::Created => "created",
        RowState::Exists => "already there",
        RowState::There => "there, and equal",
        RowState::Rejected => "rejected",
        RowState::Invalid => "invalid",
        RowState::Updated => "updated",
        RowState::Unconfirmed => "not confirmed",
        RowState::Skipped => "left",
        RowState::Deleted => "deleted",
    }
}

/// A row as a report shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// The number that the spreadsheet shows.
    pub(crate) row: RowNumber,
    /// The exact username; `row N` where the row has none of its own.
    pub(crate) user: String,
    /// The name that the roster had for it, where a file of failed rows gave it this one.
    pub(crate) was: Option<String>,
    /// Which of several targets it is for.
    pub(crate) target: Option<String>,
    /// Who it is, as far as the roster says.
    pub(crate) person: Person,
    /// Where it stands.
    pub(crate) state: RowState,
    /// Created by comparison.
    pub(crate) recovered: bool,
    /// How many requests left for it.
    pub(crate) attempts: u32,
    /// How many of them were told to slow down.
    pub(crate) throttled: u32,
    /// The user's id: ours where created, the other's where exists.
    pub(crate) id: Option<String>,
    /// How a created row was last seen.
    pub(crate) seen: SeenAs,
    /// The id of whoever has the name of a created user now, where that is another.
    pub(crate) found_id: Option<String>,
    /// Why an undo has left a created user, with the code.
    pub(crate) left: Option<String>,
    /// What is said of what follows it, where that was not given.
    pub(crate) step: Option<String>,
    /// Where the parts stand that an update has had to do with.
    pub(crate) parts: Vec<(Part, StepState)>,
    /// The service's error code, or a finding's.
    pub(crate) code: Option<String>,
    /// The message with it.
    pub(crate) message: Option<String>,
    /// The service's id of the request.
    pub(crate) request_id: Option<String>,
    /// When it came to stand where it stands, RFC 3339; empty where nothing has happened.
    pub(crate) at: String,
    /// What happened, for a row whose outcome was ever in doubt; empty for all others.
    pub(crate) story: Vec<Step>,
    /// Its cause, as a place in [`Account::causes`](super::account::Account::causes).
    pub(crate) cause: Option<u32>,
    /// The newest intent: its attempt, and when.
    pub(super) newest: Option<(Attempt, String)>,
    /// Whether its outcome is still to come.
    pub(super) open: bool,
}

/// How a created user stands whom an undo has left.
pub(crate) const LEFT_BY_UNDO: &str = "left by the undo";

/// A code and the message with it, in few words.
pub(crate) fn with_code(code: &str, message: &str) -> String {
    [code, message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

impl Row {
    /// What is said of it, for people: why it failed, how a created user was seen, and why what follows was not given.
    pub(crate) fn said(&self) -> String {
        let seen = match self.seen {
            SeenAs::There => None,
            SeenAs::Drifted => Some("drifted: it is not as the roster has it now".to_owned()),
            SeenAs::Missing => {
                Some("missing: not to be seen on the instance; it can be made anew".to_owned())
            }
            SeenAs::Gone => Some("gone: no longer in the roster".to_owned()),
            SeenAs::Replaced => {
                let id = self.found_id.as_deref().unwrap_or("another id");
                Some(format!("replaced: another user ({id}) has the name now"))
            }
        };
        let step = self.step.as_deref().map(|step| format!("its proficiencies were not given: {step}"));
        let was = self.was.as_deref().map(|was| format!("renamed: it was `{was}` in the roster"));
        let parts = (!self.parts.is_empty()).then(|| words_of_parts(&self.parts));
        let left = self.left.as_deref().map(|left| format!("{LEFT_BY_UNDO}: {left}"));
        let message = self.message.clone().filter(|_| left.is_none());
        let said = [message, left, was, seen, step, parts];
        said.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// The parts that an update has had to do with, by how each stands, and what went with a deletion.
pub(crate) fn words_of_parts(parts: &[(Part, StepState)]) -> String {
    let (of_deletion, parts): (Vec<_>, Vec<_>) =
        parts.iter().copied().partition(|(part, _)| Part::OF_DELETIONS.contains(part));
    let of_update = words_of_groups(&parts);
    let of_deletion = of_deletion.into_iter().filter_map(|(part, stands)| words_of_deletion(part, stands));
    let told = Some(of_update).filter(|words| !words.is_empty()).into_iter();
    told.chain(of_deletion.map(str::to_owned)).collect::<Vec<_>>().join("; ")
}

/// What went with a deletion.
fn words_of_deletion(part: Part, stands: StepState) -> Option<&'static str> {
    match (part, stands) {
        (Part::SignOut, StepState::Done) => Some("signed out everywhere before"),
        (Part::SignOut, StepState::Rejected | StepState::Skipped) => Some("not signed out before"),
        (Part::QuickConnects, StepState::Done) => Some("its quick connects were deleted"),
        (Part::QuickConnects, StepState::Pending) => Some("its quick connects are still to be deleted"),
        (Part::QuickConnects, StepState::Rejected) => Some("its quick connects could not all be deleted"),
        _ => None,
    }
}

fn words_of_groups(parts: &[(Part, StepState)]) -> String {
    let words = [
        (StepState::Done, "changed"),
        (StepState::Rejected, "refused"),
        (StepState::Unconfirmed, "not confirmed"),
        (StepState::Skipped, "left"),
        (StepState::Pending, "not settled"),
    ];
    let told = words.into_iter().filter_map(|(state, word)| {
        let parts = parts.iter().filter(|(_, stands)| *stands == state);
        let parts: Vec<String> = parts.map(|(part, _)| part.word().replace('_', " ")).collect();
        (!parts.is_empty()).then(|| format!("{word}: {}", parts.join(", ")))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Who a row is, as the roster has them; a text is empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    /// First and last name.
    pub(crate) name: String,
    /// The path in the hierarchy.
    pub(crate) team: String,
    /// The routing profile.
    pub(crate) profile: String,
}

impl Person {
    /// What of it is known, in one line.
    pub(crate) fn line(&self) -> String {
        let parts = [&self.name, &self.team, &self.profile];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ")
    }
}

/// A step in the story of a row that was in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// When, RFC 3339; empty where nobody knows.
    pub(crate) at: String,
    /// The attempt, where the step is of one.
    pub(crate) attempt: Option<Attempt>,
    /// What happened.
    pub(crate) what: Event,
}

/// What happened to a row that was in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A request was about to leave.
    Sent,
    /// Its outcome was never written: the process ended first.
    Lost,
    /// Its answer said nothing clear.
    Unclear(String),
    /// It was not executed.
    Unexecuted(Unexecuted),
    /// The row was settled.
    Settled {
        /// As what.
        state: RowState,
        /// By comparison with the instance, not by an answer.
        recovered: bool,
        /// What was said of it.
        message: String,
    },
}
