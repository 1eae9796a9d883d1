//! What is proposed, over the samples, what people bring, and rosters made up of faults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::draft::{Change, Draft};
use super::faults::Faults;
use super::mender::{Effect, Mender, Picked, with_ids};
use crate::agent::IdentityType;
use crate::directory::Directory;
use crate::finding::{Finding, codes};
use crate::roster::{Options, Row};
use crate::validate::{Rules, infer_identity};

/// A draft with its faults, by the rules that fit it.
fn checked<'d>(draft: &Draft, directory: Option<&'d Directory>) -> (Rules<'d>, Faults) {
    let rules = match directory {
        Some(directory) => Rules::of(directory),
        None => {
            let inferred = infer_identity(draft.roster()).unwrap();
            Rules::new(inferred.identity).inferred(Some(inferred))
        }
    };
    let faults = Faults::of(draft, &rules, None, &|| Ok(())).unwrap();
    (rules, faults)
}

/// All that is found, in words.
fn told(of: &Faults) -> String {
    let rows: Vec<_> = of.each_row().map(|(row, faults)| (row, faults, of.of_several(row))).collect();
    let Faults { rows: all, invalid_rows, errors, warnings, of_file, groups, .. } = of;
    format!("{all} {invalid_rows} {errors} {warnings} {of_file:#?} {groups:#?} {rows:?}")
}

fn counts(faults: &Faults) -> BTreeMap<(&str, Option<&str>), u64> {
    let mut counts: BTreeMap<(&str, Option<&str>), u64> = BTreeMap::new();
    for finding in &faults.of_file {
        *counts.entry((finding.code, finding.column.as_deref())).or_default() += 1;
    }
    for group in &faults.groups {
        *counts.entry((group.code.id, group.sample.column.as_deref())).or_default() += group.rows;
    }
    counts
}

/// That two rows are one person's is told of the username where it is the same, and else of what else they share: one fact,
/// which a username that is mended in the one row has told the other way.
fn by_fact<'f>(
    counts: &BTreeMap<(&'f str, Option<&'f str>), u64>,
) -> BTreeMap<(&'f str, Option<&'f str>), u64> {
    let same = [codes::USERNAME_DUPLICATE.id, codes::USERNAME_CASE_VARIANT.id, codes::SAME_PERSON.id];
    let mut facts = BTreeMap::new();
    for ((code, column), count) in counts {
        let kind = if same.contains(code) { ("the same person", None) } else { (*code, *column) };
        *facts.entry(kind).or_default() += count;
    }
    facts
}

/// Applied, the fix takes its finding away, and brings none.
fn is_right(draft: &Draft, rules: &Rules<'_>, faults: &Faults, finding: &Finding, changes: Vec<Change>) {
    let mut changed = draft.clone();
    changed.change("", changes.clone()).unwrap();
    let after = Faults::of(&changed, rules, None, &|| Ok(())).unwrap();
    let (before, after) = (counts(faults), counts(&after));
    let told = || format!("{:?} by {changes:?}\nbefore {before:#?}\nafter {after:#?}", finding);
    let kind = (finding.code, finding.column.as_deref());
    assert!(after.get(&kind).copied().unwrap_or(0) < before[&kind], "it is still there: {}", told());
    let (before, after) = (by_fact(&before), by_fact(&after));
    for (kind, count) in &after {
        assert!(before.get(kind).is_some_and(|before| count <= before), "it brings {kind:?}: {}", told());
    }
}

/// Tries every fix that is proposed of the first of each group and of the file; how many there were by code.
fn try_all(draft: &Draft, directory: Option<&Directory>, tried: &mut BTreeMap<&'static str, usize>) {
    let (rules, faults) = checked(draft, directory);
    let mender = Mender::new(draft, &faults, &rules, "DE".parse().ok());
    for finding in &faults.of_file {
        for (_, proposal) in mender.of_file(finding).unwrap() {
            if proposal.is_whole() {
                *tried.entry(finding.code).or_default() += 1;
                is_right(draft, &rules, &faults, finding, mender.changes_of_file(finding, &proposal));
            }
        }
    }
    for group in &faults.groups {
        for number in group.first.iter().take(2) {
            let row: Row = draft.row(*number).unwrap();
            for finding in mender.findings(&row).iter().filter(|finding| finding.code == group.code.id) {
                for (_, proposal) in with_ids(mender.of_row(&row, finding)) {
                    if proposal.is_whole() {
                        *tried.entry(finding.code).or_default() += 1;
                        let changes = super::mender::changes_of_one(*number, &proposal);
                        is_right(draft, &rules, &faults, finding, changes);
                    }
                }
            }
        }
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "csv" || ending == "xlsx"));
    files.sort();
    files
}

#[test]
fn what_is_proposed_for_samples_and_for_what_people_bring_mends_it_and_breaks_nothing() {
    let directory =
        Directory::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/directory.json")).unwrap();
    let (mut tried, mut opened) = (BTreeMap::new(), 0);
    for path in files("samples").into_iter().chain(files("tests/field")) {
        let map = path.with_extension("toml");
        let columns = map.exists().then_some(map);
        // Some of them are no rosters, and that is what is wrong with them.
        let Ok(draft) = Draft::open(&path, Options { columns, ..Options::default() }, None) else { continue };
        opened += 1;
        try_all(&draft, None, &mut tried);
        try_all(&draft, Some(&directory), &mut tried);
    }
    assert!(opened > 25 && tried.values().sum::<usize>() > 150, "{opened} files: {tried:#?}");
}

/// What stands under each header in rosters that are made up: right and wrong by turns.
#[rustfmt::skip]
const CELLS: [(&str, &[&str]); 16] = [
    ("first name", &["Ann", "Zoë", "Zoe\u{308}", " Bob ", "MÃ¼ller", "O&#039;Neil", "NULL", "#N/A", "A\u{200b}nn", "Ａｎｎ", "\"Annie\"", "first", ""]),
    ("last name", &["Lee", "Groß", "Gro\u{df}", "Lee\n", "last", "De%20Vries", "", "N/A"]),
    ("email address", &["ann@example.com", "Ann <ann@example.com>", "mailto:bob@example.com", "ann@", "ann(at)example.com", "", "a@x.org;b@x.org"]),
    ("secondary email", &["", "ann@example.org", "Ann <ann@example.org>", "x"]),
    ("mobile", &["", "+491701234567", "+49 (0)170 1234567", "0170 1234567", "+49\u{200b}1701234567", "12"]),
    ("password", &["Secret12a", "short", "", "has space 1A", "Secret12a\u{a0}"]),
    ("user login", &["ann", "bob", "ann ", "Ann", "ann.lee@example.com", "\u{ff41}nn", "bo b", "", "user", "=\"0041\"", "cid", "dan", "eve", "fay", "gil"]),
    ("routing profile name", &["Basic Routing Profile", "basic routing profile", "Basic Routing Profil", "Customer Care", "Sales", "", "A|B"]),
    ("security profiles", &["Agent", "Agent|Agent", "Agent;QualityAnalyst", "agent", "Agnt|Admin", "Agent||Admin", "[\"Agent\"]", "", "Nobody"]),
    ("hierarchy", &["", "EMEA|Germany|Berlin", "EMEA/Germany/Berlin", "EMEA||Berlin", "Berlin", "nowhere"]),
    ("phone type", &["soft", "desk", "softphone", "Desk-Phone", "dsek", "x", ""]),
    ("phone number", &["", "+12065550100", "(206) 555-0100", "+1 206 555 0100", "00493012345678", "1.2E+10"]),
    ("soft phone auto accept (yes/no)", &["yes", "no", "ja", "Nein", "x", "maybe", "", "on"]),
    ("ACW timeout (seconds)", &["0", "30", "30 s", "5 min", "1,800", "99999999", "6000", "", "half"]),
    ("auto accept voice (yes/no)", &["", "", "", "yes"]),
    ("tags", &["", "a|b", "a|b||a|b", "a|b||a|c", "site=Leeds;grade=2", "x", "note|MÃ¼ller", "a|\u{200b}b"]),
];

fn made_up() -> impl Strategy<Value = String> {
    let row: Vec<_> = CELLS.iter().map(|(_, cells)| prop::sample::select(cells.to_vec())).collect();
    prop::collection::vec(row, 1..9).prop_map(|rows| {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(CELLS.iter().map(|(header, _)| header)).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    })
}

fn opened(text: &str) -> (Draft, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.csv");
    std::fs::write(&path, text).unwrap();
    // A row that is made up may look like a header.
    (Draft::open(&path, Options { header_row: Some(1), ..Options::default() }, None).unwrap(), folder)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how many cases a test plays is told to the test, not to the program"
)]
fn cases(usual: u32) -> ProptestConfig {
    let told = std::env::var("HEADCOUNT_MEND_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: told.unwrap_or(usual), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(60))]

    /// `HEADCOUNT_MEND_CASES=10000` plays so many.
    #[test]
    fn what_is_proposed_for_any_roster_mends_it_and_breaks_nothing(text in made_up(), has_directory: bool) {
        let directory = Directory::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/directory.json")).unwrap();
        let (draft, _folder) = opened(&text);
        try_all(&draft, has_directory.then_some(&directory), &mut BTreeMap::new());
    }

    #[test]
    fn to_mend_all_that_is_safe_leaves_nothing_safe_and_brings_nothing(text in made_up()) {
        let (mut draft, _folder) = opened(&text);
        let (rules, faults) = checked(&draft, None);
        let picked = Picked { safe: true, ..Picked::default() };
        let changes = Mender::new(&draft, &faults, &rules, None).changes_of(&picked).unwrap();
        draft.change("safe", changes).unwrap();
        let after = Faults::of(&draft, &rules, None, &|| Ok(())).unwrap();
        let before = counts(&faults);
        for (kind, count) in counts(&after) {
            // Two addresses that were written in two ways, each of them wrong, may be one: now it is seen.
            if kind.0 == codes::SAME_PERSON.id {
                continue;
            }
            prop_assert!(before.get(&kind).is_some_and(|before| count <= *before), "{kind:?}");
        }
        let left = Mender::new(&draft, &after, &rules, None).changes_of(&picked).unwrap();
        prop_assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn whatever_is_done_and_undone_leaves_the_same_roster(
        text in made_up(),
        deeds in prop::collection::vec((0..6_u8, 0..10_u64, 0..16_usize, "[a-c ]{0,2}"), 1..20),
        order in prop::collection::vec(any::<prop::sample::Index>(), 20),
    ) {
        let (mut draft, _folder) = opened(&text);
        let rules = Rules::new(IdentityType::ConnectManaged);
        let read = |draft: &Draft| -> Vec<(u64, Vec<String>)> {
            let (mut rows, mut row, mut all) = (draft.roster().rows().unwrap(), Row::default(), Vec::new());
            while rows.read(&mut row).unwrap() {
                all.push((row.number, row.cells.iter().map(str::to_owned).collect()));
            }
            all
        };
        let original = read(&draft);
        // What is known of a check before comes to the same as a check of all rows.
        let mut last = Faults::of(&draft, &rules, None, &|| Ok(())).unwrap();
        let mut is_checked_alike = |draft: &Draft| {
            let whole = Faults::of(draft, &rules, None, &|| Ok(())).unwrap();
            last = Faults::of(draft, &rules, Some(&last), &|| Ok(())).unwrap();
            (told(&last), told(&whole))
        };
        for (what, row, column, text) in deeds {
            let row = row + 2;
            let changes = match what {
                0 | 1 => vec![Change::Cell { row, column, text: text.into() }],
                2 => vec![Change::Drop { row, is_dropped: !text.is_empty() }],
                3 => {
                    let row = draft.next_number();
                    vec![Change::Add { row }, Change::Cell { row, column, text: text.into() }]
                }
                4 => {
                    let header = ["user login", "tags", "first name", "x"][column % 4];
                    vec![Change::Header { column, text: header.into() }]
                }
                _ => {
                    let faults = Faults::of(&draft, &rules, None, &|| Ok(())).unwrap();
                    let picked = Picked { safe: true, ..Picked::default() };
                    Mender::new(&draft, &faults, &rules, None).changes_of(&picked).unwrap()
                }
            };
            // A header may be one that no roster is read by.
            let _ = draft.change("", changes);
            let (last, whole) = is_checked_alike(&draft);
            prop_assert_eq!(last, whole);
            if column % 5 == 0 {
                let now = read(&draft);
                if draft.undo(None).unwrap().is_some() {
                    draft.redo().unwrap();
                }
                prop_assert_eq!(&read(&draft), &now, "undone and done again");
            }
        }
        for at in order {
            let left: Vec<u64> = draft.steps().iter().filter(|step| !step.is_undone).map(|step| step.id).collect();
            if left.is_empty() {
                break;
            }
            let _ = draft.undo(Some(left[at.index(left.len())]));
            let (last, whole) = is_checked_alike(&draft);
            prop_assert_eq!(last, whole);
            prop_assert!(draft.edits().rows().all(|row| draft.has_row(row)), "{:?}", draft.edits());
        }
        while draft.undo(None).unwrap().is_some() {}
        prop_assert!(draft.edits().is_empty(), "{:?}", draft.edits());
        prop_assert_eq!(read(&draft), original);
    }
}

#[test]
fn a_step_out_of_the_midst_is_undone_and_what_came_after_it_stays() {
    let (mut draft, _folder) = opened("user login,tags\nann,1\nbob,2\n");
    let cell = |row, text: &str| Change::Cell { row, column: 1, text: text.into() };
    draft.change("a", vec![cell(2, "x"), cell(3, "x")]).unwrap();
    draft.change("b", vec![cell(2, "y")]).unwrap();
    assert_eq!(draft.undo(Some(1)).unwrap().unwrap().label, "a");
    let text = |draft: &Draft, row| draft.row(row).unwrap().cells.get(1).unwrap().to_owned();
    assert_eq!((text(&draft, 2).as_str(), text(&draft, 3).as_str()), ("y", "2"));
    draft.undo(Some(2)).unwrap();
    assert_eq!(text(&draft, 2), "1");
    assert!(draft.change("nothing", vec![cell(2, "1")]).unwrap().is_none(), "what is so already is no step");
}

#[test]
fn every_code_that_is_told_of_is_one_that_a_fix_is_tried_for_or_a_person_mends() {
    use crate::validate::may_be_mended;
    let by_person: Vec<&str> = codes::all().map(|code| code.id).filter(|id| !may_be_mended(id)).collect();
    insta::assert_snapshot!(by_person.join("\n"));
}

#[test]
fn what_a_header_is_corrected_to_is_read_and_undone() {
    let text = "user lgoin,first name,last name,email address,password,routing profile name,security profiles\nann,Ann,Lee,ann@example.com,Secret12a,Basic,Agent\n";
    let (mut draft, _folder) = opened(text);
    let (rules, faults) = checked(&draft, None);
    assert!(!faults.is_clean());
    let picked = Picked { codes: [codes::MISSPELT_COLUMN.id.to_owned()].into(), ..Picked::default() };
    let changes = Mender::new(&draft, &faults, &rules, None).changes_of(&picked).unwrap();
    assert_eq!(draft.change("header", changes).unwrap().map(|step| step.id), Some(1), "{:?}", faults.of_file);
    let after = Faults::of(&draft, &rules, None, &|| Ok(())).unwrap();
    assert!(after.is_clean(), "{:?}", after.of_file);
    draft.undo(None).unwrap();
    assert!(!Faults::of(&draft, &rules, None, &|| Ok(())).unwrap().is_clean());
}

#[test]
fn a_replacement_says_what_comes_of_it() {
    let (draft, _folder) =
        opened("user login,tags,password\nann,site|Leeds,Leeds\nbob,site|Bonn,x\ncid,site|Leeds,y\n");
    let (rules, faults) = checked(&draft, None);
    let mender = Mender::new(&draft, &faults, &rules, None);
    let changes = mender.replaced("Leeds", "York", None, false, true);
    assert_eq!(changes.len(), 2, "a password is left alone: {changes:?}");
    let Effect { rows, cells, samples, .. } = mender.effect(&changes).unwrap();
    assert_eq!((rows, cells), (2, 2));
    assert_eq!(samples[0], (2, 1, "site|Leeds".to_owned(), "site|York".to_owned()));
    assert_eq!(mender.replaced("leeds", "York", None, false, true).len(), 0);
    assert_eq!(mender.replaced("leeds", "York", None, false, false).len(), 2);
    assert_eq!(mender.replaced("Leeds", "York", None, true, true).len(), 0);
}
