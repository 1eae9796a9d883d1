//! A roster on its way into a copy: its rows with their findings, the cells that these are about, and the words.

use crate::finding::{Finding, codes};
use crate::roster::{FINDINGS, Field, Roster, Row, Use};
use crate::text::{Voice, count, shown};
use crate::validate::{self, Checked, Proposing, Rules, may_be_mended};

use super::differences;
use super::styles::Paint;
use super::unwritten::Unwritten;

/// The most cells that get a note of their own in a workbook; those beyond are coloured, and their row says it all.
pub(super) const NOTES: usize = 20_000;

/// The most characters of a cell of a workbook.
pub(super) const CELL: usize = 32_767;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotated {
    /// How many rows have findings beside them.
    pub(crate) rows: u64,
    /// How many cells of the roster are coloured and have no note, for there are too many.
    pub(crate) without_note: u64,
    /// How many rows the copy has without their cells: these could not be told apart.
    pub(crate) without_cells: u64,
    /// How many cells have no colour, for the workbook has no room for more formats.
    pub(crate) without_colour: u64,
    /// How many cells are cut, for a workbook's hold no more.
    pub(crate) cut: u64,
    /// Why the workbook was written anew, where its own package could not be changed.
    pub(crate) anew: Option<&'static str>,
}

/// A roster on its way into a copy.
pub(super) struct Copy<'r> {
    pub(super) roster: &'r Roster,
    /// By which it was checked, and is once more where findings were not kept.
    rules: &'r Rules<'r>,
    pub(super) checked: &'r Checked,
    pub(super) voice: &'r dyn Voice,
    /// The places of the roster's own columns: all but an earlier copy's [`FINDINGS`].
    pub(super) own: Vec<usize>,
    /// Where an earlier copy's [`FINDINGS`] stand among the columns of a workbook.
    pub(super) ours: Option<u32>,
}

impl<'r> Copy<'r> {
    pub(super) fn of(
        roster: &'r Roster,
        rules: &'r Rules<'r>,
        checked: &'r Checked,
        voice: &'r dyn Voice,
    ) -> Self {
        let headers = roster.columns().headers.iter().take(roster.width()).enumerate();
        let is_ours = |header: &str| header.trim().eq_ignore_ascii_case(FINDINGS);
        let (ours, own): (Vec<_>, Vec<_>) = headers.partition(|(_, header)| is_ours(header));
        let ours = ours.first().and_then(|(at, _)| u32::try_from(*at).ok());
        Self { roster, rules, checked, voice, own: own.into_iter().map(|(at, _)| at).collect(), ours }
    }

    /// The column of what is said of a row or of the file as a whole: that of the username, else the first.
    pub(super) fn lead(&self) -> u32 {
        let uses = self.roster.uses();
        let is_login = |at: &&usize| uses.get(**at) == Some(&Use::Field(Field::Username));
        let is_named = |at: &&usize| uses.get(**at) != Some(&Use::Unnamed);
        let lead = self.own.iter().find(is_login).or_else(|| self.own.iter().find(is_named));
        lead.and_then(|&at| u32::try_from(at).ok()).unwrap_or(0)
    }

    /// What was found, in one line.
    pub(super) fn checked_in_all(&self) -> String {
        let Checked { errors, warnings, rows, findings, .. } = self.checked;
        if let Some(differing) = differences::in_all(findings) {
            return differing;
        }
        let [errors, warnings, rows] =
            [(errors, "error"), (warnings, "warning"), (rows, "row")].map(|(n, noun)| count(*n, noun));
        format!("headcount: {errors} and {warnings} in {rows}")
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = &'r str> {
        self.own.iter().map(|&at| self.roster.columns().headers[at].as_str())
    }

    /// Goes over the rows, each with its findings. Where `headcount mend` can mend one by itself, its hint says what that would
    /// do: for the first [`NOTES`] of them, for nobody reads more.
    pub(super) fn each(
        &self,
        mut take: impl FnMut(&Row, &[Finding]) -> Result<(), Unwritten>,
    ) -> Result<(), Unwritten> {
        let proposing = Proposing::new(self.roster, self.rules, self.checked.who.as_deref(), None);
        let (mut with_fixes, mut told) = (Vec::new(), 0);
        validate::each_row(self.roster, self.rules, self.checked, &mut |row: &Row, findings: &[Finding]| {
            let may_be = |finding: &Finding| finding.row == Some(row.number) && may_be_mended(finding.code);
            if told >= NOTES || !findings.iter().any(may_be) {
                return take(row, findings);
            }
            with_fixes.clear();
            with_fixes.extend_from_slice(findings);
            for finding in with_fixes.iter_mut().filter(|finding| may_be(finding)) {
                told += 1;
                let proposals = proposing.of_row(row, finding, None);
                if let Some(proposal) = proposals.iter().find(|proposal| proposal.is_whole()) {
                    let hint = finding.hint.take().map(|hint| format!("{hint}; ")).unwrap_or_default();
                    let does = format!("{hint}`headcount mend` does it: {}", proposal.fix.label());
                    finding.hint = Some(does);
                }
            }
            take(row, &with_fixes)
        })
    }

    /// The place among our columns of the cell that a finding is about.
    pub(super) fn place_of(&self, row: &Row, finding: &Finding) -> Option<usize> {
        let header = finding.column.as_ref()?;
        let headers = &self.roster.columns().headers;
        let mut named = self.own.iter().enumerate().filter(|(_, at)| headers.get(**at) == Some(header));
        let first = named.clone().next();
        let filled = named.find(|(_, at)| row.cells.get(**at).is_some_and(|cell| !cell.trim().is_empty()));
        filled.or(first).map(|(place, _)| place)
    }
}

/// Whether a finding is about a cell that nobody sees, for a merged one lies over it.
pub(super) fn is_of_merged(finding: &Finding) -> bool {
    finding.code == codes::MERGED_OVER_ROWS.id
}

impl Annotated {
    pub(super) fn count(&mut self, row: &Row, findings: &[Finding]) {
        self.rows += u64::from(!findings.is_empty());
        self.without_cells += u64::from(!row.is_readable());
    }
}

/// What a finding begins with.
fn label(finding: &Finding) -> &'static str {
    differences::label(finding).unwrap_or_else(|| finding.severity.word())
}

/// A finding in one line: what, and how to mend it.
pub(super) fn sentence(finding: &Finding, voice: &dyn Voice) -> String {
    let hint = finding.told_hint(voice).map(|hint| format!(" ({hint})")).unwrap_or_default();
    let column = finding.column.as_deref().map(|c| format!("{}: ", shown(c.trim()))).unwrap_or_default();
    format!("{}: {column}{}{hint}", label(finding), finding.message)
}

pub(super) fn told(findings: &[Finding], voice: &dyn Voice) -> String {
    findings.iter().map(|finding| sentence(finding, voice)).collect::<Vec<_>>().join("; ")
}

/// What the note of a cell says.
pub(super) fn note_text(findings: &[&Finding], voice: &dyn Voice) -> String {
    let text = findings.iter().map(|finding| {
        let hint = finding.told_hint(voice).map(|hint| format!("\nfix: {hint}")).unwrap_or_default();
        format!("{}: {}{hint}", label(finding), finding.message)
    });
    cut(&text.collect::<Vec<_>>().join("\n\n")).0.to_owned()
}

/// The colour of a cell that all of this is found of.
pub(super) fn paint_of(findings: &[&Finding]) -> Option<Paint> {
    findings.iter().map(|finding| finding.severity).min().map(Paint::from)
}

/// A text as far as a workbook's cell can hold it, and whether that is not all of it. The limit is Excel's, in UTF-16.
pub(super) fn cut(text: &str) -> (&str, bool) {
    if text.len() <= CELL {
        return (text, false);
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > CELL
    });
    end.map_or((text, false), |(at, _)| (&text[..at], true))
}

/// Workbooks count rows from 0.
pub(super) fn row_of(number: u64) -> Result<u32, Unwritten> {
    pub(super) const ROWS: u64 = 1_048_576;
    let row = number.checked_sub(1).filter(|_| number <= ROWS);
    row.and_then(|row| u32::try_from(row).ok()).ok_or(Unwritten::TooMany(number))
}
