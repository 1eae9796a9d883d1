//! What is told of a row of the grid, and of the cell at hand.

use std::collections::BTreeMap;

use super::open::Open;
use super::shop::Workshop;
use super::told::{CellFinding, CellTold, FixTold, MarkTold, RowShown};
use super::undoable::Undoable;
use crate::error::Failure;
use crate::finding::{Finding, Fix, Proposal, Severity, codes};
use crate::mend::{is_secret, with_ids};
use crate::roster::{Field, Row, Use, column_letters};
use crate::text::{Voice, worded};

/// How many names are offered at most.
const CHOICES: usize = 500;

pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl Open {
    /// Whether nothing of each column may be shown.
    pub(super) fn secrets(&self) -> Vec<bool> {
        (0..self.width()).map(|at| is_secret(self.mending.draft(), at)).collect()
    }

    /// A row as the grid shows it.
    pub(super) fn row_shown(&self, number: u64) -> Option<RowShown> {
        self.row_shown_with(number, &self.secrets())
    }

    pub(super) fn row_shown_with(&self, number: u64, secrets: &[bool]) -> Option<RowShown> {
        let (draft, faults) = (self.mending.draft(), self.mending.faults());
        let row = draft.shown_row(number)?;
        let ragged = !row.is_readable();
        let cell = |(at, is_secret): (usize, &bool)| {
            let text = row.cells.get(at).unwrap_or_default();
            // What the reader has kept aside is no text, and not blank.
            let is_kept = row.kept.iter().any(|(place, _)| *place == at);
            match is_secret {
                true if text.is_empty() && !is_kept => Some(String::new()),
                true => None,
                false => Some(text.to_owned()),
            }
        };
        let mut c: Vec<Option<String>> = secrets.iter().enumerate().map(cell).collect();
        if let Some(whole) = draft.row(number) {
            let added = self.width()..draft.roster().columns().headers.len();
            let shown = |at: usize| {
                let is_hidden = is_secret(draft, at);
                Some(whole.cells.get(at).unwrap_or_default().to_owned())
                    .filter(|text| !is_hidden || text.is_empty())
            };
            c.extend(added.map(shown));
        }
        let drop = draft.edits().is_dropped(number);
        let f = if drop { BTreeMap::new() } else { self.marks(number) };
        Some(RowShown {
            n: number,
            c,
            f,
            ch: draft.edits().of_row(number).map(|(at, _)| at).collect(),
            drop,
            out: faults
                .is_passed_over(number)
                .then_some("nobody: it is passed over, or the column map leaves it out"),
            ragged,
        })
    }

    /// The marks of a row: as the last check has found them, or where it was changed since, by itself.
    fn marks(&self, number: u64) -> BTreeMap<String, Vec<MarkTold>> {
        let mut marks: BTreeMap<String, Vec<MarkTold>> = BTreeMap::new();
        let mut add = |column: Option<u32>, mark: MarkTold| {
            let column = column.map_or_else(|| "-1".to_owned(), |column| column.to_string());
            marks.entry(column).or_default().push(mark);
        };
        let faults = self.mending.faults();
        if self.unchecked.contains(&number) {
            if let Some(row) = self.mending.draft().row(number) {
                for finding in self.mending.mender().findings(&row) {
                    let mark = MarkTold {
                        code: finding.code.to_owned(),
                        severity: word(finding.severity),
                        group: None,
                    };
                    add(self.place(&row, &finding), mark);
                }
            }
        } else {
            for fault in faults.of_row(number) {
                let group = faults.groups.get(fault.group as usize).map(|group| group.id());
                add(
                    fault.column,
                    MarkTold { code: fault.code.to_owned(), severity: word(fault.severity), group },
                );
            }
        }
        if let Some((code, _)) = self.service.get(&number) {
            add(None, MarkTold { code: format!("service:{code}"), severity: "error", group: None });
        }
        marks
    }

    /// The column that a finding of a row is about.
    fn place(&self, row: &Row, finding: &Finding) -> Option<u32> {
        let column = finding.column.as_deref()?;
        let headers = &self.mending.draft().roster().columns().headers;
        let named = || (0..headers.len()).filter(|at| headers[*at] == column);
        let is_filled = |at: &usize| row.cells.get(*at).is_some_and(|cell| !cell.trim().is_empty());
        named().find(is_filled).or_else(|| named().next()).and_then(|at| u32::try_from(at).ok())
    }

    /// What mends the findings of a cell, each with its id.
    pub(super) fn fixes_of_cell(&self, number: u64, column: usize) -> Vec<(String, Proposal)> {
        let Some(row) = self.mending.draft().row(number) else { return Vec::new() };
        let mender = self.mending.mender();
        let findings = mender.findings(&row);
        let at = u32::try_from(column).ok();
        let of_cell = findings.iter().filter(|finding| self.is_of_cell(&row, finding, at));
        with_ids(of_cell.flat_map(|finding| mender.of_row(&row, finding)).collect())
    }

    /// Whether a finding is told of at a cell: those of a row as a whole at each.
    fn is_of_cell(&self, row: &Row, finding: &Finding, column: Option<u32>) -> bool {
        let place = self.place(row, finding);
        place.is_none() || place == column
    }

    fn cell_told(&self, number: u64, column: usize, voice: &dyn Voice) -> Option<CellTold> {
        let draft = self.mending.draft();
        let shown = draft.shown_row(number)?;
        let (roster, secret) = (draft.roster(), is_secret(draft, column));
        let header = roster.columns().headers.get(column)?.clone();
        let field = match roster.uses().get(column) {
            Some(Use::Field(field)) => Some(*field),
            _ => {
                Field::ALL.into_iter().find(|field| roster.columns().places[field.index()].contains(&column))
            }
        };
        let whole = draft.row(number);
        let text =
            if column < self.width() { shown.cells.get(column) } else { whole.as_ref()?.cells.get(column) };
        let text = text.unwrap_or_default();
        let is_kept = shown.kept.iter().any(|(at, _)| *at == column);
        let is_changed = draft.edits().cell(number, column).is_some();
        let original = draft.original_row(number).filter(|_| is_changed && !secret);
        let original = original.and_then(|row| row.cells.get(column).map(str::to_owned));
        let mut findings = Vec::new();
        if let (Some(row), false) = (&whole, draft.edits().is_dropped(number)) {
            let mender = self.mending.mender();
            let at = u32::try_from(column).ok();
            let mut seen = std::collections::HashMap::new();
            for finding in mender.findings(row).iter().filter(|finding| self.is_of_cell(row, finding, at)) {
                let proposals = mender.of_row(row, finding);
                findings.push(cell_finding(finding, fixes_told(proposals, 1, &mut seen), voice));
            }
        }
        let is_of_username = draft.roster().columns().places[Field::Username.index()].contains(&column);
        if is_of_username && self.mending.faults().is_shadowed(number) {
            let code = &codes::USERNAME_DUPLICATE;
            findings.push(CellFinding {
                code: code.id.to_owned(),
                severity: word(code.severity),
                title: code.title.to_owned(),
                why: worded(code.why, voice).into_owned(),
                message: "a row further down has the same username, and neither of the two is sent"
                    .to_owned(),
                hint: Some(worded(code.fix, voice).into_owned()),
                source: code.source.to_owned(),
                fixes: Vec::new(),
            });
        }
        findings.extend(self.service.get(&number).map(|(code, message)| CellFinding {
            code: format!("service:{code}"),
            severity: "error",
            title: "the service refused the row".to_owned(),
            why: "it was sent, and this is what came back".to_owned(),
            message: message.clone(),
            hint: None,
            source: "the service's answer".to_owned(),
            fixes: Vec::new(),
        }));
        let (choices, choices_total) = field.map_or((None, 0), |field| self.choices(field, ""));
        Some(CellTold {
            n: number,
            col: column,
            letter: column_letters(column),
            header,
            field: field.map(Field::name),
            label: field.map(Field::name),
            text: if secret && (is_kept || !text.is_empty()) { None } else { Some(text.to_owned()) },
            secret,
            editable: column < self.width(),
            original,
            findings,
            choices,
            choices_total,
        })
    }

    /// What a cell of a field can say, where that is a list: names of the instance, or the words of the cell's grammar.
    fn choices(&self, field: Field, find: &str) -> (Option<Vec<String>>, usize) {
        let find = find.to_lowercase();
        let all: Vec<String> = match field {
            Field::PhoneType | Field::PhoneTypeVoice => vec!["soft".to_owned(), "desk".to_owned()],
            Field::VoiceEnhancement => {
                ["none", "isolate voice", "suppress noise"].map(str::to_owned).to_vec()
            }
            field if field.is_yes_no() => vec!["yes".to_owned(), "no".to_owned()],
            Field::RoutingProfile | Field::SecurityProfiles | Field::Hierarchy => {
                let Some(directory) = self.mending.directory() else { return (None, 0) };
                match field {
                    Field::RoutingProfile => {
                        directory.routing_profiles.iter().map(|(name, _)| name.to_owned()).collect()
                    }
                    Field::SecurityProfiles => {
                        directory.security_profiles.iter().map(|(name, _)| name.to_owned()).collect()
                    }
                    _ => directory.hierarchy.iter().map(|group| group.path.join("|")).collect(),
                }
            }
            _ => return (None, 0),
        };
        let matching: Vec<String> =
            all.into_iter().filter(|name| find.is_empty() || name.to_lowercase().contains(&find)).collect();
        let total = matching.len();
        (Some(matching.into_iter().take(CHOICES).collect()), total)
    }
}

impl Workshop {
    /// The cell at hand.
    ///
    /// # Errors
    /// Where there is none.
    pub fn cell(&self, row: u64, column: usize) -> Result<CellTold, Undoable> {
        let no_such = || {
            Undoable::NotFound(Failure::usage(format!(
                "the roster has no such cell: row {row}, column {column}"
            )))
        };
        self.opened()?.cell_told(row, column, self.voice).ok_or_else(no_such)
    }

    /// What the cells of a field can say, those that have a text in them.
    ///
    /// # Errors
    /// Where nothing is open, or there is no such field.
    pub fn choices(&self, field: &str, find: &str) -> Result<(Vec<String>, usize), Undoable> {
        let named = Field::ALL.into_iter().find(|known| known.name() == field);
        let field = named.ok_or_else(|| {
            Undoable::NotFound(Failure::usage(format!("there is no such field: `{field}`")))
        })?;
        let (choices, total) = self.opened()?.choices(field, find);
        Ok((choices.unwrap_or_default(), total))
    }
}

fn cell_finding(finding: &Finding, fixes: Vec<FixTold>, voice: &dyn Voice) -> CellFinding {
    let code = codes::find(finding.code);
    CellFinding {
        code: finding.code.to_owned(),
        severity: word(finding.severity),
        title: code.map_or_else(|| finding.message.clone(), |code| code.title.to_owned()),
        why: code.map(|code| worded(code.why, voice).into_owned()).unwrap_or_default(),
        message: finding.message.clone(),
        hint: finding.told_hint(voice).map(std::borrow::Cow::into_owned),
        source: code.map(|code| code.source.to_owned()).unwrap_or_default(),
        fixes,
    }
}

/// Fixes as they are offered. `seen` counts the kinds over all findings of one cell, so that each has an id of its own.
pub(super) fn fixes_told(
    proposals: Vec<Proposal>,
    rows: u64,
    seen: &mut std::collections::HashMap<&'static str, usize>,
) -> Vec<FixTold> {
    let told = |proposal: Proposal| {
        let nth = seen.entry(proposal.fix.kind()).or_default();
        *nth += 1;
        let kind = proposal.fix.kind();
        let id = if *nth == 1 { kind.to_owned() } else { format!("{kind}-{nth}") };
        fix_told(id, &proposal, rows)
    };
    proposals.into_iter().map(told).collect()
}

pub(super) fn fix_told(id: String, proposal: &Proposal, rows: u64) -> FixTold {
    let to = match &proposal.fix {
        Fix::DropRow | Fix::Map { .. } | Fix::Constant { .. } | Fix::MakePasswords | Fix::Choose { .. } => {
            None
        }
        _ => proposal.cells.first().map(|(_, text)| text.clone()),
    };
    FixTold {
        id,
        kind: proposal.fix.kind(),
        label: proposal.fix.label(),
        rows,
        safe: proposal.safe,
        asks: !proposal.is_whole(),
        to,
    }
}
