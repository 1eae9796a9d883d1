//! How the columns are read, and that they are read otherwise.

use std::collections::{BTreeMap, HashMap};

use super::asked::ToOpen;
use super::guarded::keeps_secrets;
use super::map::{self, MapChosen};
use super::names::usable_name;
use super::open::Open;
use super::shop::Workshop;
use super::told::{ColumnTold, ColumnsTold, FieldTold, MissingTold, RoleTold, TopTold, WordTold};
use super::undoable::{Undoable, none_open};
use super::watch;
use crate::disk;
use crate::error::Failure;
use crate::job::mending::Mending;
use crate::mend::is_secret;
use crate::roster::{Field, Options, Roster, Use, column_letters, propose};
use crate::stop::Switch;
use crate::validate::required_fields;

/// How a roster is to be read otherwise.
#[derive(Clone, Debug, Default)]
pub struct ToRead {
    /// What was chosen of its columns.
    pub chosen: MapChosen,
    /// The row of its header.
    pub header_row: Option<u64>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The encoding of a CSV.
    pub encoding: Option<String>,
    /// What stands between the cells of a CSV.
    pub delimiter: Option<u8>,
}

/// How many of the first rows are shown, and how many cells of each.
const TOP: (usize, usize) = (12, 12);
/// How many different texts a column has at most that is translated word by word.
const WORDS: usize = 60;

impl Workshop {
    /// How the columns are read.
    ///
    /// # Errors
    /// Where nothing is open, or the file can no longer be read.
    pub fn columns(&self) -> Result<ColumnsTold, Undoable> {
        let open = self.opened()?;
        let roster = open.mending.draft().roster();
        let map = self.map_text(open)?;
        let seen = open.seen_of_columns();
        let columns =
            (0..roster.columns().headers.len()).map(|at| open.column_told(at, seen.get(at), &map)).collect();
        let needed: Vec<Field> = required_fields(&open.mending.rules()).collect();
        let has = |field: &Field| roster.columns().has(*field);
        let missing = Field::ALL.into_iter().filter(|field| !has(field));
        Ok(ColumnsTold {
            revision: open.revision(),
            header_row: roster.header_row(),
            recognised: roster.recognised(),
            columns,
            missing: missing
                .map(|field| MissingTold { field: field.name(), needed: needed.contains(&field) })
                .collect(),
            fields: Field::ALL
                .into_iter()
                .map(|field| FieldTold {
                    field: field.name(),
                    label: field.name(),
                    secret: field.is_secret(),
                })
                .collect(),
            top: top_of(roster, open),
            constants: hidden(map::texts(&map, "constants")),
            defaults: hidden(map::texts(&map, "defaults")),
        })
    }

    /// The text of the column map that the roster is read by.
    fn map_text(&self, open: &Open) -> Result<String, Undoable> {
        if let Some(map) = open.mending.draft().map() {
            return Ok(map.to_owned());
        }
        let Some(path) = &open.mending.draft().options().columns else { return Ok(String::new()) };
        let unreadable = |error| {
            Failure::usage(format!("the column map cannot be read: `{}`", path.display())).because(error)
        };
        Ok(std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Reads the roster by another map, or another header. What was changed in its cells stays, where it is read from the same
    /// place.
    ///
    /// # Errors
    /// Where the revision is another, or the roster cannot be read so: then it is read as before.
    pub fn read_otherwise(&mut self, revision: u64, asked: ToRead) -> Result<(), Undoable> {
        self.opened_at(revision)?;
        let open = self.opened()?;
        let base = self.map_text(open)?;
        let map = map::with(&base, &asked.chosen)
            .map_err(|error| Failure::usage("the column map cannot be used").because(error))?;
        let before = open.mending.draft().options().clone();
        let reading = Options {
            header_row: asked.header_row.or(before.header_row),
            sheet: asked.sheet.clone().or_else(|| before.sheet.clone()),
            encoding: asked.encoding.clone().or_else(|| before.encoding.clone()),
            delimiter: asked.delimiter.or(before.delimiter),
            columns: None,
            ..before.clone()
        };
        let is_same_table = (reading.header_row, &reading.sheet, &reading.encoding, reading.delimiter)
            == (before.header_row, &before.sheet, &before.encoding, before.delimiter);
        if !is_same_table && open.unsaved() > 0 {
            let what = "the roster has changes that are not saved, and another table has other rows";
            return Err(Undoable::Busy(Failure::usage(what).hint("save it, or undo what was changed")));
        }
        let path = self.path(&open.name)?;
        let mending = if is_same_table {
            open.mending.read_by(reading, Some(map), &Switch::default())?
        } else {
            Mending::open(&path, reading, Some(map), self.by(), &Switch::default())?
        };
        keeps_secrets(&path, mending.draft(), before.columns.as_deref().as_slice())?;
        let revision = self.revision() + 1;
        let Some(open) = self.open.as_mut() else { return Ok(()) };
        open.offset = revision.saturating_sub(mending.draft().revision());
        open.mending = mending;
        // With the map that is written now it is as it should be.
        open.map_file = None;
        if !is_same_table {
            (open.saved, open.saved_steps) = (None, Vec::new());
        }
        open.seen = watch::Seen::of(&path);
        open.unchecked.clear();
        open.views.forget();
        if let Some(kept) = self.to_keep() {
            kept.keep();
        }
        Ok(())
    }

    /// Writes the column map beside the roster, as `NAME.columns.toml`; over one that was written from here before, and else
    /// under a name that is free.
    ///
    /// # Errors
    /// Where nothing is open or it cannot be written.
    pub fn save_map(&mut self) -> Result<String, Undoable> {
        let text = self.map_text(self.opened()?)?;
        let folder = self.folder.clone();
        let open = self.open.as_mut().ok_or_else(none_open)?;
        let stem = open.name.rsplit_once('.').map_or(open.name.as_str(), |(stem, _)| stem).to_owned();
        let is_free = |name: &str| {
            let path = folder.join(name);
            open.is_ours(name, &path) || path.symlink_metadata().is_err()
        };
        let names = std::iter::once(format!("{stem}.columns.toml"))
            .chain((2..).map(|nth| format!("{stem}.columns-{nth}.toml")));
        let name = names.take(100).find(|name| is_free(name)).ok_or_else(|| {
            Undoable::Taken(
                Failure::usage("there are too many column maps of this roster")
                    .hint("remove those that are not needed"),
            )
        })?;
        usable_name(&name).map_err(Undoable::Unusable)?;
        let cannot = |error| Failure::usage(format!("cannot write: `{name}`")).because(error);
        let path = folder.join(&name);
        disk::write_atomic(&path, text.as_bytes()).map_err(cannot)?;
        open.ours.insert(name.clone(), watch::Seen::of(&path));
        open.map_file = Some(name.clone());
        Ok(name)
    }

    /// Opens a roster anew as it is on disk, whatever was changed here.
    ///
    /// # Errors
    /// As [`Workshop::open`].
    pub fn open_again(&mut self) -> Result<(), Undoable> {
        let open = self.opened()?;
        let draft = open.mending.draft();
        let asked = ToOpen {
            name: open.name.clone(),
            reading: draft.options().clone(),
            map: draft.map().map(str::to_owned),
            recover: false,
        };
        self.open(asked)
    }
}

/// What a map gives every row is shown, but for a password.
fn hidden(mut texts: BTreeMap<String, String>) -> BTreeMap<String, String> {
    texts.retain(|field, _| crate::roster::field_of(field).is_none_or(|field| !field.is_secret()));
    texts
}

/// What is seen of a column's cells.
#[derive(Default)]
struct SeenOfColumn {
    filled: u64,
    samples: Vec<String>,
    /// Its texts and in how many rows; `None` where there are too many.
    words: Option<HashMap<String, u64>>,
}

impl Open {
    fn seen_of_columns(&self) -> Vec<SeenOfColumn> {
        const SAMPLES: usize = 3;
        let draft = self.mending.draft();
        let mut seen: Vec<SeenOfColumn> = (0..self.width())
            .map(|_| SeenOfColumn { words: Some(HashMap::new()), ..SeenOfColumn::default() })
            .collect();
        draft.each_row(&mut |row| {
            for (at, column) in seen.iter_mut().enumerate() {
                let cell = row.cells.get(at).unwrap_or_default().trim();
                if cell.is_empty() && row.kept.iter().all(|(place, _)| *place != at) {
                    continue;
                }
                column.filled += 1;
                if column.samples.len() < SAMPLES && !column.samples.iter().any(|sample| sample == cell) {
                    column.samples.push(crate::text::shown(cell));
                }
                let Some(words) = &mut column.words else { continue };
                match words.get_mut(cell) {
                    Some(count) => *count += 1,
                    None => {
                        words.insert(cell.to_owned(), 1);
                        if words.len() > WORDS {
                            column.words = None;
                        }
                    }
                }
            }
        });
        seen
    }

    fn column_told(&self, at: usize, seen: Option<&SeenOfColumn>, map: &str) -> ColumnTold {
        let draft = self.mending.draft();
        let roster = draft.roster();
        let header = roster.columns().headers.get(at).cloned().unwrap_or_default();
        let secret = is_secret(draft, at);
        let of_places =
            || Field::ALL.into_iter().find(|field| roster.columns().places[field.index()].contains(&at));
        let (used, field) = match roster.uses().get(at) {
            None => ("added", of_places()),
            Some(Use::Field(field)) => ("field", Some(*field)),
            Some(Use::Ignored) => ("ignored", None),
            Some(Use::Unnamed) => ("unnamed", None),
            Some(Use::Unknown) => ("unknown", None),
            Some(Use::Misspelt(_)) => ("misspelt", None),
        };
        let proposed = match roster.uses().get(at) {
            Some(Use::Misspelt(field)) => Some(*field),
            Some(Use::Unknown) => propose(&header),
            _ => None,
        };
        let rows = draft.len().max(1) as f64;
        let words = field.filter(|field| may_be_translated(*field) && !secret).and_then(|field| {
            let told = map::words(map, field.name());
            let mut words: Vec<WordTold> = seen?
                .words
                .as_ref()?
                .iter()
                .map(|(from, count)| WordTold {
                    from: from.clone(),
                    count: *count,
                    to: told.get(from).cloned(),
                })
                .collect();
            words.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.from.cmp(&other.from)));
            Some(words)
        });
        let (roles, decides) = self.roles_of(&header, used, seen.filter(|_| !secret), map);
        ColumnTold {
            col: at,
            letter: column_letters(at),
            header,
            used,
            field: field.map(Field::name),
            proposed: proposed.map(Field::name),
            samples: seen.filter(|_| !secret).map(|seen| seen.samples.clone()).unwrap_or_default(),
            secret,
            filled: seen.map_or(1.0, |seen| seen.filled as f64 / rows),
            words,
            roles,
            decides,
        }
    }

    /// The words of a column with what each of them sets; `None` where it sets nothing, and is none that may: one that carries
    /// something itself, or in which hardly one text comes twice.
    fn roles_of(
        &self,
        header: &str,
        used: &str,
        seen: Option<&SeenOfColumn>,
        map: &str,
    ) -> (Option<Vec<RoleTold>>, bool) {
        let set = map::roles(map, header);
        let is_same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
        let words = seen.and_then(|seen| seen.words.as_ref());
        let mut words: Vec<(&String, &u64)> = words.into_iter().flatten().collect();
        words.sort_unstable();
        let mut roles: Vec<RoleTold> = Vec::new();
        for (word, count) in words {
            // Words are told apart as the map does it: in any case.
            match roles.iter_mut().find(|role| is_same(&role.word, word)) {
                Some(role) => role.count += count,
                None => roles.push(RoleTold { word: word.clone(), count: *count, sets: BTreeMap::new() }),
            }
        }
        let is_of_few = !roles.is_empty() && seen.is_some_and(|seen| seen.filled >= 2 * roles.len() as u64);
        let may = is_of_few && matches!(used, "unknown" | "misspelt" | "ignored");
        if set.is_empty() && !may {
            return (None, false);
        }
        for (word, sets) in &set {
            match roles.iter_mut().find(|role| is_same(&role.word, word)) {
                Some(role) => role.sets.clone_from(sets),
                None => roles.push(RoleTold { word: word.clone(), count: 0, sets: sets.clone() }),
            }
        }
        roles.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.word.cmp(&other.word)));
        (Some(roles), !set.is_empty())
    }
}

/// Whether the words of a field's cells may be others than those that are read: where these are few.
fn may_be_translated(field: Field) -> bool {
    field.is_yes_no()
        || matches!(
            field,
            Field::RoutingProfile
                | Field::SecurityProfiles
                | Field::Hierarchy
                | Field::PhoneType
                | Field::PhoneTypeVoice
                | Field::VoiceEnhancement
        )
}

/// The first rows of the table: what stands above the header, and what below it.
fn top_of(roster: &Roster, open: &Open) -> Vec<TopTold> {
    let secrets = open.secrets();
    let is_open = |at: usize| !secrets.get(at).copied().unwrap_or(true);
    let above = roster.above().map(|(row, cells)| TopTold {
        row,
        // Whatever stands there is a title or a date; where passwords stand below it, it may be one of another table.
        cells: cells
            .iter()
            .take(TOP.1)
            .enumerate()
            .map(|(at, cell)| Some(crate::text::shown(cell)).filter(|_| !cell.is_empty() && is_open(at)))
            .collect(),
    });
    let header = TopTold {
        row: roster.header_row(),
        cells: roster.own_headers().iter().take(TOP.1).cloned().map(Some).collect(),
    };
    let draft = open.mending.draft();
    let below = (0..TOP.0)
        .filter_map(|at| draft.number_at(at))
        .filter_map(|number| draft.shown_row(number))
        .map(|row| TopTold {
            row: row.number,
            cells: (0..roster.width().min(TOP.1))
                .map(|at| Some(row.cells.get(at).unwrap_or_default().to_owned()).filter(|_| is_open(at)))
                .collect(),
        });
    above.chain([header]).chain(below).take(TOP.0).collect()
}
