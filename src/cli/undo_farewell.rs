//! What is said when an undo has ended: how it went, who is left, and the commands that go on.

use super::args::import::Format;
use super::farewell::{self, Said, shown};
use super::meant_undo::{self, TypedUndo};
use super::{output, retype};
use crate::exit::Exit;
use crate::job::EndedUndo;
use crate::stop::Stop;
use crate::text;

/// An undo that has ended.
pub(super) struct UndoFarewell<'f> {
    pub(super) typed: &'f TypedUndo,
    /// The instance's ARN.
    pub(super) arn: &'f str,
    pub(super) ended: &'f EndedUndo,
}

/// The result of several in one line.
pub(super) fn total<'e>(all: impl Iterator<Item = &'e EndedUndo>, took: &str) -> String {
    let sum = |sum: Came, ended: &EndedUndo| {
        let Came { deleted, gone, left, rejected, unsettled, not_begun } = Came::of(ended);
        Came {
            deleted: sum.deleted + deleted,
            gone: sum.gone + gone,
            left: sum.left + left,
            rejected: sum.rejected + rejected,
            unsettled: sum.unsettled + unsettled,
            not_begun: sum.not_begun + not_begun,
        }
    };
    summary(&all.fold(Came::default(), sum), took)
}

/// Those of an undo, by what they came to: as planned, and as it went.
#[derive(Default)]
struct Came {
    deleted: u64,
    gone: u64,
    left: u64,
    rejected: u64,
    unsettled: u64,
    not_begun: u64,
}

impl Came {
    fn of(ended: &EndedUndo) -> Self {
        let (parted, planned) = (&ended.parted, &ended.planned);
        Self {
            deleted: parted.deleted,
            gone: parted.gone + planned.gone,
            left: parted.skipped + planned.skip,
            rejected: parted.rejected,
            unsettled: parted.unsettled + planned.wait,
            not_begun: parted.left,
        }
    }

    fn total(&self) -> u64 {
        let Self { deleted, gone, left, rejected, unsettled, not_begun } = self;
        deleted + gone + left + rejected + unsettled + not_begun
    }
}

impl UndoFarewell<'_> {
    /// The result in one line on stdout, for people: programs have events. The rest on stderr.
    pub(super) fn tell(&self) {
        if self.typed.args.format == Format::Human {
            output::told(&self.result());
        }
        self.lines().iter().for_each(farewell::say);
    }

    /// The result in one line.
    pub(super) fn result(&self) -> String {
        summary(&Came::of(self.ended), &text::duration(self.ended.took))
    }

    /// What is said of one of several targets: one command resumes all.
    pub(super) fn of_one_target(&self) -> Vec<Said> {
        let mut lines = self.why_stopped();
        lines.extend(self.of_back());
        lines.extend(self.of_left());
        lines.extend(self.of_unsettled());
        lines.extend(self.of_renamed());
        lines
    }

    fn lines(&self) -> Vec<Said> {
        let mut lines = self.of_one_target();
        if matches!(self.ended.exit, Exit::Interrupted | Exit::Stopped | Exit::Unsettled) {
            lines.push(farewell::resume_with(&retype::resume(&self.typed.words)));
        }
        lines
    }

    fn why_stopped(&self) -> Vec<Said> {
        let Some(stop) = &self.ended.stop else { return Vec::new() };
        let stopped = match (self.typed.args.format, stop) {
            (Format::Json, _) => Some(format!("stopped: {}", text::plain(&stop.to_string()))),
            (Format::Human, Stop::Interrupted) => None,
            (Format::Human, _) => Some(format!("stopped: {}", farewell::name_of(stop))),
        };
        let hint = match stop {
            Stop::Denied { .. } | Stop::ChangeDenied { .. } => Some(
                "look at `aws sts get-caller-identity`; `headcount policy undo LEDGER` prints all that an undo needs"
                    .to_owned(),
            ),
            stop => farewell::hint_without_creating(stop, self.arn),
        };
        stopped.into_iter().chain(hint.map(|hint| format!("hint: {hint}"))).map(Said::Talk).collect()
    }

    /// Who was deleted, and is there again.
    fn of_back(&self) -> Option<Said> {
        let back = &self.ended.back;
        let names: Vec<_> = back.iter().map(|user| text::plain(user)).collect();
        (!back.is_empty()).then(|| {
            Said::Talk(format!(
                "there again under a tag of this run, by a request that was late or by somebody's copy: {}; the same command \
                 looks at them once more",
                names.join(", ")
            ))
        })
    }

    /// Who was left as they are.
    fn of_left(&self) -> Vec<Said> {
        let Came { left, rejected, .. } = Came::of(self.ended);
        if left + rejected == 0 {
            return Vec::new();
        }
        let line = format!(
            "{} left as they are; the next line says who and why, and which flag lifts it where one does",
            text::people(left + rejected)
        );
        vec![Said::Talk(line), Said::Command("list them with: ", meant_undo::looks(self.typed).to_string())]
    }

    fn of_unsettled(&self) -> Option<Said> {
        let unsettled = Came::of(self.ended).unsettled;
        let of = text::count(unsettled, "user");
        (unsettled > 0).then(|| {
            Said::Talk(format!(
                "of {of} it is not clear yet whether they are gone: the same command looks again"
            ))
        })
    }

    /// Where the ledger is, once nothing of the run is left.
    fn of_renamed(&self) -> Option<Said> {
        let file = self.ended.renamed.as_ref()?;
        Some(Said::Talk(format!(
            "nothing of the run is left; its ledger is {} now, and the same import begins afresh",
            shown(file)
        )))
    }
}

fn summary(came: &Came, took: &str) -> String {
    if came.total() == 0 {
        return "nothing is left to undo\n".to_owned();
    }
    let total = text::people(came.total());
    let mut parts = vec![format!("{} of {total} deleted", text::grouped(came.deleted))];
    for (number, what) in [
        (came.gone, "gone already"),
        (came.left, "left"),
        (came.rejected, "refused by the service"),
        (came.unsettled, "not settled"),
        (came.not_begun, "not begun"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", text::grouped(number)));
        }
    }
    format!("{}; {took}\n", parts.join(", "))
}
