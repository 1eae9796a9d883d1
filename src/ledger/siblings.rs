//! The ledgers of a table that stand beside another by their names, as files stand beside a roster.

use super::at::LedgerAt;
use super::beside;
use super::shared::Named;
use super::words::Job;
use crate::error::Failure;

/// The ledgers of the same table that may know what was last asked of the same people, as those beside a roster do: the
/// import's and its updates', by their names. None of a file.
pub(crate) fn siblings(of: &LedgerAt) -> Vec<LedgerAt> {
    let Some((shared, name)) = of.in_table().and_then(|shared| Some((shared, shared.url().name.as_ref()?)))
    else {
        return Vec::new();
    };
    let updates = Job::behind_name(Some(Job::Update));
    let import = name.strip_suffix(&updates).unwrap_or(name);
    let all = [import.to_owned(), format!("{import}{updates}")];
    all.into_iter().filter(|other| other != name).map(|name| LedgerAt::shared(shared.naming(&name))).collect()
}

/// The ledgers of the same table that are of leavers of the instance of this ARN, whatever their names: a list is called as whoever
/// wrote it called it. None of a file.
///
/// # Errors
/// Exit 4 where the table cannot be read.
pub(crate) fn removals(of: &LedgerAt, instance: &str) -> Result<Vec<LedgerAt>, Failure> {
    let Some(shared) = of.in_table() else { return Ok(Vec::new()) };
    let is_one = |named: &Named| named.job == Job::command(Some(Job::Remove)) && named.instance == instance;
    let runs = shared.runs()?.into_iter().filter(is_one);
    Ok(runs.map(|named| LedgerAt::shared(shared.naming(&named.name))).collect())
}

/// The ledgers of the same table of updates that put people back as they were before updates of this roster, as those
/// beside a roster do ([`beside::undone_of`]). None of a file.
///
/// # Errors
/// Exit 4 where the table cannot be read: what they asked for is newer than what the updates did.
pub(crate) fn undoings(of: &LedgerAt) -> Result<Vec<LedgerAt>, Failure> {
    let Some((shared, name)) = of.in_table().and_then(|shared| Some((shared, shared.url().name.as_ref()?)))
    else {
        return Ok(Vec::new());
    };
    let names = shared.runs()?.into_iter().map(|named| named.name);
    let undoings = names.filter(|other| other != name && puts_back(other, name));
    Ok(undoings.map(|name| LedgerAt::shared(shared.naming(&name))).collect())
}

/// Whether a run is, by its name, of an update that put people back as they were before those of the run of another name.
fn puts_back(name: &str, other: &str) -> bool {
    let updates = Job::behind_name(Some(Job::Update));
    let parts = |name: &str| {
        let (roster, instance) = name.strip_suffix(&updates).unwrap_or(name).rsplit_once('@')?;
        Some((roster.to_owned(), instance.to_owned()))
    };
    let (Some((own, at)), Some((roster, instance))) = (parts(name), parts(other)) else { return false };
    let before = |roster: &str| Some(roster.split_once(beside::BEFORE)?.0.to_owned());
    let Some(whole) = before(&own) else { return false };
    // One is called by its roster's whole name, the other by that without its suffix.
    let of = before(&roster).unwrap_or(roster);
    let is_same = whole == of || whole.rsplit_once('.').is_some_and(|(stem, _)| stem == of);
    name.ends_with(&updates) && at == instance && is_same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_that_put_people_back_is_known_by_its_name() {
        let back = "new hires.csv.before.1f@acme.update";
        for (name, of, is_one) in [
            (back, "new hires@acme", true),
            (back, "new hires@acme.update", true),
            (back, "new hires.csv.before.2e@acme.update", true),
            (back, "new hires@other", false),
            (back, "hires@acme", false),
            ("new hires@acme.update", "new hires@acme", false),
            ("new hires.csv.before.1f@acme", "new hires@acme", false),
            (back, "spring", false),
        ] {
            assert_eq!(puts_back(name, of), is_one, "{name} of {of}");
        }
    }
}
