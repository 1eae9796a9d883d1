//! Who of a roster is there, how they differ, and what is done about it: person by person, cell by cell.

use std::collections::BTreeSet;

use super::change::Resolution;
use crate::agent::RowNumber;
use crate::event::PeopleCounts;
use crate::user::Group;

/// One member in which a person is not as the row asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    /// What it belongs to.
    pub group: Group,
    /// The member, in the words that a roster's columns have.
    pub cell: String,
    /// As it is there, ids by their names; `None` for nothing.
    pub from: Option<String>,
    /// As the row asks; `None` for nothing.
    pub to: Option<String>,
    /// What is done with it.
    pub resolution: Resolution,
    /// Why it is left, where it is for a reason of its own: a primary address that may not be changed, an id that nobody
    /// can change.
    pub code: Option<&'static str>,
}

/// A person of the roster, held against the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The row as the spreadsheet shows it.
    pub row: RowNumber,
    /// The exact username.
    pub user: String,
    /// The id of who has the name.
    pub id: Option<String>,
    /// What is done: [`Resolution::Same`] where nothing differs; with cells, what is done with most of a kind that is done
    /// with any: update before conflict before drift before skip.
    pub resolution: Resolution,
    /// Why the whole person is left, where that is for a reason of its own: `not-there`, `missing`, `replaced`, …
    pub code: Option<&'static str>,
    /// The same in words, to be shown to people.
    pub note: Option<String>,
    /// In what they differ, in the order of groups.
    pub cells: Vec<CellChange>,
    /// The row asks for a security profile that the user does not have.
    pub adds_rights: bool,
}

/// Cells as people read them: what several channels have alike is one.
pub(crate) fn folded<'c>(cells: &[&'c CellChange]) -> Vec<(String, &'c CellChange)> {
    const CHANNELS: [&str; 4] = ["voice", "chat", "task", "email"];
    let split = |cell: &'c CellChange| {
        let (setting, channel) = cell.cell.rsplit_once(' ')?;
        (cell.group == Group::Config && CHANNELS.contains(&channel)).then_some((setting, channel))
    };
    let mut folded: Vec<(Vec<&str>, &'c CellChange)> = Vec::new();
    for cell in cells {
        let alike = folded.iter_mut().find(|(_, other)| {
            let is_alike = (&other.from, &other.to, other.resolution, other.code)
                == (&cell.from, &cell.to, cell.resolution, cell.code);
            let setting = split(cell).map(|(setting, _)| setting);
            is_alike && setting.is_some() && setting == split(other).map(|(setting, _)| setting)
        });
        let channel = split(cell).map(|(_, channel)| channel);
        match alike {
            Some((channels, _)) => channels.extend(channel),
            None => folded.push((channel.into_iter().collect(), cell)),
        }
    }
    let named = |(channels, cell): (Vec<&str>, &'c CellChange)| {
        let name = match split(cell) {
            Some((setting, _)) if channels.len() == CHANNELS.len() => format!("{setting} (all channels)"),
            Some((setting, _)) => format!("{setting} {}", channels.join(", ")),
            None => cell.cell.clone(),
        };
        (name, cell)
    };
    folded.into_iter().map(named).collect()
}

impl CellChange {
    /// Whether it is of the primary address, by which whoever reads it can take over the login.
    pub(crate) fn is_login_address(&self) -> bool {
        self.group == Group::Identity && self.cell == "email address"
    }

    /// What it does to somebody's rights, in words, where it adds any: with what it takes away, where it takes any.
    pub(crate) fn rights(&self) -> Option<String> {
        if self.group != Group::SecurityProfiles {
            return None;
        }
        let [has, wanted]: [BTreeSet<&str>; 2] =
            [&self.from, &self.to].map(|side| side.as_deref().unwrap_or_default().split('|').collect());
        let named = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
            one.difference(other).copied().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
        };
        match (named(&wanted, &has), named(&has, &wanted)) {
            (added, _) if added.is_empty() => None,
            (_, taken) if taken.is_empty() => Some("adds rights".to_owned()),
            (added, taken) => Some(format!("adds rights: {added}; takes away: {taken}")),
        }
    }

    /// Whether it is left because the primary address may not be changed.
    fn is_held_back(&self) -> bool {
        self.is_login_address() && self.resolution == Resolution::Skip
    }

    /// Whether somebody has changed it on the instance since, and it is left for that.
    fn is_left_as_changed(&self) -> bool {
        matches!(self.resolution, Resolution::Drift | Resolution::Conflict)
    }
}

/// A command that puts right what a comparison has told of: what an update is allowed by it, beside what the comparison was.
///
/// Each kind of difference has a command of its own: whoever runs one agrees to no more than it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// What the roster asks for is put right.
    Right,
    /// The same, and the primary addresses are changed, by which a login can be taken over.
    RightWithAddresses,
    /// What somebody has changed on the instance since is put back.
    Back {
        /// A primary address is among it.
        addresses: bool,
    },
}

/// The commands that put right all that is told of these people, whoever is not there aside.
pub(crate) fn remedies(people: &[Person]) -> Vec<Remedy> {
    let any = |is: fn(&CellChange) -> bool| people.iter().flat_map(|person| &person.cells).any(is);
    let right = any(|cell| cell.resolution == Resolution::Update).then_some(Remedy::Right);
    let held_back = any(CellChange::is_held_back).then_some(Remedy::RightWithAddresses);
    let back = any(CellChange::is_left_as_changed).then(|| Remedy::Back {
        addresses: any(|cell| cell.is_login_address() && cell.is_left_as_changed()),
    });
    right.into_iter().chain(held_back).chain(back).collect()
}

impl Person {
    /// Somebody with these differences and nothing else to be said.
    pub(crate) fn differing(row: RowNumber, user: &str, id: &str, cells: Vec<CellChange>) -> Self {
        Self {
            row,
            user: user.to_owned(),
            id: Some(id.to_owned()),
            resolution: resolution_of(&cells),
            code: None,
            note: None,
            cells,
            adds_rights: false,
        }
    }

    /// Somebody who is left as a whole, or is to be made.
    pub(crate) fn apart(
        row: RowNumber,
        user: &str,
        resolution: Resolution,
        code: &'static str,
        note: String,
    ) -> Self {
        let (code, note) = (Some(code), Some(note));
        Self { resolution, code, note, id: None, ..Self::differing(row, user, "", Vec::new()) }
    }

    /// Whether nobody has the name, and nobody at hand ever made anybody of it.
    pub(crate) fn is_not_there(&self) -> bool {
        self.code == Some("not-there") || self.resolution == Resolution::Create
    }

    /// Whether a call is due.
    pub fn is_to_be_changed(&self) -> bool {
        self.cells.iter().any(|cell| cell.resolution == Resolution::Update)
    }

    /// Whether anything is left that differs, whatever else is done.
    pub fn is_left(&self) -> bool {
        self.resolution.leaves_a_difference()
            || self.cells.iter().any(|cell| cell.resolution.leaves_a_difference())
    }

    /// The code under which what is left of the person is noted: its own, or that of the first cell that is left.
    pub fn left_code(&self) -> Option<&'static str> {
        let of_cell = || {
            let left = self.cells.iter().find(|cell| cell.resolution.leaves_a_difference())?;
            Some(left.code.unwrap_or(left.resolution.word()))
        };
        self.code.or_else(of_cell)
    }
}

/// What is done with a person, by what is done with the cells.
fn resolution_of(cells: &[CellChange]) -> Resolution {
    let by_rank = [Resolution::Update, Resolution::Conflict, Resolution::Drift, Resolution::Skip];
    let is_among = |one: &Resolution| cells.iter().any(|cell| cell.resolution == *one);
    by_rank.into_iter().find(is_among).unwrap_or(Resolution::Same)
}

impl PeopleCounts {
    /// Counts one.
    pub(crate) fn add(&mut self, person: &Person) {
        self.total += 1;
        match person.resolution {
            Resolution::Same => self.same += 1,
            Resolution::Update => {
                self.update += 1;
                self.partly += u64::from(person.is_left());
            }
            Resolution::Drift => self.drift += 1,
            Resolution::Conflict => self.conflict += 1,
            Resolution::Create => self.create += 1,
            Resolution::Skip => {
                self.skip += 1;
                let is_not_there = person.is_not_there();
                self.not_there += u64::from(is_not_there);
                self.left += u64::from(!is_not_there);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(resolution: Resolution) -> CellChange {
        CellChange {
            group: Group::Hierarchy,
            cell: "hierarchy".into(),
            from: None,
            to: Some("EMEA".into()),
            resolution,
            code: None,
        }
    }

    #[test]
    fn a_person_is_updated_where_any_cell_is_and_what_is_left_is_not_forgotten() {
        use Resolution::{Conflict, Drift, Same, Skip, Update};
        for (cells, whole, is_changed, is_left) in [
            (&[][..], Same, false, false),
            (&[Update], Update, true, false),
            (&[Drift, Update], Update, true, true),
            (&[Drift, Conflict], Conflict, false, true),
            (&[Skip, Drift], Drift, false, true),
            (&[Skip], Skip, false, true),
        ] {
            let cells = cells.iter().copied().map(cell).collect();
            let person = Person::differing(RowNumber::from(2), "ana", "u-1", cells);
            let mut counts = PeopleCounts::default();
            counts.add(&person);
            assert_eq!(person.resolution, whole);
            assert_eq!((person.is_to_be_changed(), person.is_left()), (is_changed, is_left));
            assert_eq!(counts.partly, u64::from(is_left && whole == Update));
            assert_eq!((counts.left, counts.not_there), (u64::from(whole == Skip), 0));
            assert_eq!(counts.differs(), whole != Same);
            assert_eq!(person.left_code().is_some(), is_left);
        }
    }

    #[test]
    fn who_is_not_there_is_counted_apart_from_whoever_is_left() {
        let mut counts = PeopleCounts::default();
        let row = RowNumber::from(2);
        for code in ["not-there", "missing", "name-differs-in-case"] {
            counts.add(&Person::apart(row, "ana", Resolution::Skip, code, String::new()));
        }
        assert_eq!((counts.total, counts.skip, counts.not_there, counts.left), (3, 3, 1, 2));
    }

    #[test]
    fn each_kind_of_difference_has_a_command_and_an_address_never_goes_along_unsaid() {
        use Resolution::{Conflict, Drift, Skip, Update};
        let address = |resolution| CellChange {
            group: Group::Identity,
            cell: "email address".into(),
            ..cell(resolution)
        };
        let (right, addresses) = (Remedy::Right, Remedy::RightWithAddresses);
        let back = |addresses| Remedy::Back { addresses };
        for (cells, expected) in [
            (vec![], vec![]),
            (vec![cell(Update)], vec![right]),
            (vec![address(Update)], vec![right]),
            (vec![address(Skip)], vec![addresses]),
            (vec![cell(Skip)], vec![]),
            (vec![cell(Drift)], vec![back(false)]),
            (vec![address(Drift)], vec![back(true)]),
            (vec![cell(Drift), address(Conflict)], vec![back(true)]),
            (vec![cell(Conflict), address(Skip)], vec![addresses, back(false)]),
            (vec![cell(Update), address(Skip), address(Drift)], vec![right, addresses, back(true)]),
        ] {
            let people: Vec<Person> = cells
                .into_iter()
                .map(|cell| Person::differing(RowNumber::from(2), "ana", "u-1", vec![cell]))
                .collect();
            assert_eq!(remedies(&people), expected, "{people:?}");
        }
    }

    #[test]
    fn of_a_change_of_rights_it_is_said_what_is_added_and_what_is_taken() {
        let rights = |from: Option<&str>, to: Option<&str>| {
            let own = |side: Option<&str>| side.map(str::to_owned);
            CellChange {
                group: Group::SecurityProfiles,
                from: own(from),
                to: own(to),
                ..cell(Resolution::Update)
            }
            .rights()
        };
        assert_eq!(rights(Some("Agent"), Some("Agent|Admin")).as_deref(), Some("adds rights"));
        let swap = rights(Some("Agent|Quality"), Some("Admin|Quality"));
        assert_eq!(swap.as_deref(), Some("adds rights: Admin; takes away: Agent"));
        assert_eq!(rights(Some("Agent|Admin"), Some("Agent")), None);
        assert_eq!(cell(Resolution::Update).rights(), None);
    }

    #[test]
    fn what_channels_have_alike_is_told_once() {
        let of = |name: &str, to: &str| CellChange {
            group: Group::Config,
            cell: name.into(),
            to: Some(to.into()),
            ..cell(Resolution::Update)
        };
        let all =
            ["chat", "email", "task", "voice"].map(|channel| of(&format!("ACW timeout {channel}"), "60"));
        let names = |cells: &[CellChange]| -> Vec<String> {
            folded(&cells.iter().collect::<Vec<_>>()).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&all), ["ACW timeout (all channels)"]);
        let some =
            [of("auto accept chat", "yes"), of("auto accept voice", "no"), of("auto accept task", "yes")];
        assert_eq!(names(&some), ["auto accept chat, task", "auto accept voice"]);
        assert_eq!(names(&[cell(Resolution::Drift)]), ["hierarchy"]);
        let left = CellChange { resolution: Resolution::Drift, ..of("ACW timeout chat", "60") };
        assert_eq!(names(&[all[1].clone(), left]), ["ACW timeout email", "ACW timeout chat"]);
    }
}
