//! A comparison as it is told, in whatever form: its counts, its words.

use crate::clock::Zone;
use crate::event::PeopleCounts;
use crate::plan::{CellChange, Person, Resolution};
use crate::text::{Voice, grouped, people};

/// A comparison, as it is to be told.
pub(crate) struct Drift<'d> {
    /// The roster's name, as it was typed.
    pub(crate) roster: &'d str,
    /// The instance's ARN.
    pub(crate) instance: &'d str,
    /// The instance's alias, where it has one.
    pub(crate) alias: Option<&'d str>,
    /// Whether the embedded Connect was compared with.
    pub(crate) is_rehearsal: bool,
    /// Everybody of the roster.
    pub(crate) people: &'d [Person],
    /// How many people there are of each kind.
    pub(crate) counts: PeopleCounts,
    /// What puts it right, to be pasted.
    pub(crate) update: String,
    /// The commands that are due, each with what it does.
    pub(crate) commands: Vec<(&'d str, &'d str)>,
    /// How what can be set is named.
    pub(crate) voice: &'d dyn Voice,
    /// When it was compared, RFC 3339.
    pub(crate) made: &'d str,
    /// The zone in which times are shown to people.
    pub(crate) zone: Zone,
}

impl Drift<'_> {
    /// Those of whom there is something to say.
    pub(super) fn told(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| person.resolution != Resolution::Same)
    }

    /// What was found, in a sentence.
    pub(super) fn sentence(&self) -> String {
        let counts = &self.counts;
        if !counts.differs() {
            return match counts.total {
                1 => "The one person of the roster is as it asks.".to_owned(),
                total => format!("All {} of the roster are as it asks.", people(total)),
            };
        }
        let others = counts.total - counts.same;
        let are = if others == 1 { "is" } else { "are" };
        format!("{} of {} {are} not as the roster asks.", grouped(others), people(counts.total))
    }

    /// The counts, each with what is done and its words, in the order in which they are shown.
    pub(super) fn kinds(&self) -> [(Resolution, &'static str, u64); 7] {
        let PeopleCounts {
            total: _,
            same,
            update,
            drift,
            conflict,
            create,
            skip: _,
            not_there,
            left,
            partly: _,
        } = self.counts;
        let of = |resolution, number| (resolution, label(resolution), number);
        [
            of(Resolution::Update, update),
            of(Resolution::Drift, drift),
            of(Resolution::Conflict, conflict),
            of(Resolution::Create, create),
            (Resolution::Skip, NOT_THERE, not_there),
            of(Resolution::Skip, left),
            of(Resolution::Same, same),
        ]
    }
}

/// Of nobody who has the name of a row.
pub(super) const NOT_THERE: &str = "not there";

/// What is done, in a word or two.
pub(super) const fn label(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Same => "as asked",
        Resolution::Update => "differs",
        Resolution::Drift => "drift",
        Resolution::Conflict => "conflict",
        Resolution::Create => "to be made",
        Resolution::Skip => "left",
    }
}

/// The same in a sentence.
pub(super) const fn meaning(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Same => "as the roster asks",
        Resolution::Update => "the roster asks for something else; an update puts it right",
        Resolution::Drift => {
            "changed on the instance since it was last as the roster asks; an update leaves it without ⟦drift-overwritten⟧"
        }
        Resolution::Conflict => {
            "changed both in the roster and on the instance; an update leaves it without ⟦drift-overwritten⟧"
        }
        Resolution::Create => "not there; an import makes it",
        Resolution::Skip => "left for a reason of its own",
    }
}

/// The beginning of a sentence.
pub(super) fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// A value as people read it.
pub(super) fn value(value: Option<&String>) -> &str {
    value.map_or("(nothing)", String::as_str)
}

/// Why a cell is left, where it is for a reason of its own.
pub(super) fn reason(cell: &CellChange) -> &'static str {
    cell.code.unwrap_or_default()
}
