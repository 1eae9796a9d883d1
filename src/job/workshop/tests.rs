//! What was changed is neither lost nor somebody else's, whatever is done in which order.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

use super::columns::ToRead;
use super::map::MapChosen;
use super::*;
use crate::clock::{Clock, Moment};
use crate::roster::Options;
use crate::stop::Switch;
use crate::text::{Setting, Voice};

#[derive(Debug)]
struct Plain;

impl Voice for Plain {
    fn word(&self, setting: Setting, _: &str) -> String {
        format!("{setting:?}")
    }
}

/// A clock that stands.
#[derive(Debug)]
struct Stands;

impl Clock for Stands {
    fn now(&self) -> std::time::SystemTime {
        UNIX_EPOCH
    }

    fn moment(&self) -> Moment {
        Moment::default()
    }
}

const ROSTER: &str = "user login,first name,last name,routing profile,security profiles,phone type,tags\n\
    ann,Ann,Lee,Basic,Agent,soft,a|1\nbob,Bob,Lee,Basic,Agent,soft,b|1\ncid,Cid,Lee,Basic,Agent,soft,c|1\n";

fn opened() -> (Workshop, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.csv"), ROSTER).unwrap();
    let state = Some(folder.path().join("state"));
    let mut workshop = Workshop::new(folder.path().to_owned(), state, Arc::new(Stands), &Plain);
    open(&mut workshop, false);
    (workshop, folder)
}

fn open(workshop: &mut Workshop, recover: bool) {
    let asked = ToOpen { name: "r.csv".into(), reading: Options::default(), map: None, recover };
    workshop.open(asked).unwrap();
}

fn edit(workshop: &mut Workshop, row: u64, text: &str) {
    workshop.edit(workshop.revision(), vec![(row, 6, text.into())]).unwrap();
    checked(workshop);
}

/// What whoever has time does after each change.
fn checked(workshop: &mut Workshop) {
    if let Some(mut mending) = workshop.to_check() {
        mending.check(&Switch::default()).unwrap();
        assert!(workshop.take(&mut mending));
    }
    if let Some(kept) = workshop.to_keep() {
        kept.keep();
        workshop.has_kept(&kept);
    }
}

fn tags(workshop: &Workshop) -> Vec<String> {
    let rows = workshop.rows(None, "all", "", 0, 500).unwrap().rows;
    rows.iter().map(|row| row.c[6].clone().unwrap()).collect()
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn a_change_in_place_of_one_that_was_undone_is_none_that_is_saved() {
    let (mut workshop, folder) = opened();
    edit(&mut workshop, 2, "x|1");
    workshop.save("o.csv").unwrap();
    assert_eq!(workshop.state().unsaved, 0);
    workshop.undo(workshop.revision(), None).unwrap();
    edit(&mut workshop, 3, "y|1");
    assert!(workshop.state().unsaved > 0 && workshop.to_import().is_err());
    // And it is kept for whoever opens the roster again.
    drop(workshop);
    let state = Some(folder.path().join("state"));
    let mut again = Workshop::new(folder.path().to_owned(), state, Arc::new(Stands), &Plain);
    open(&mut again, true);
    assert_eq!(tags(&again), ["a|1", "y|1", "c|1"]);
}

#[test]
fn what_is_not_saved_stays_so_and_undone_step_by_step_when_the_columns_are_read_otherwise() {
    let (mut workshop, _folder) = opened();
    edit(&mut workshop, 2, "x|1");
    workshop.save("o.csv").unwrap();
    edit(&mut workshop, 3, "y|1");
    let constants = [("hierarchy".to_owned(), "EMEA".to_owned())].into();
    let chosen = MapChosen { constants, ..MapChosen::default() };
    workshop.read_otherwise(workshop.revision(), ToRead { chosen, ..ToRead::default() }).unwrap();
    assert!(workshop.state().unsaved > 0 && workshop.to_import().is_err());
    assert_eq!(workshop.state().steps.len(), 2);
    workshop.undo(workshop.revision(), None).unwrap();
    assert_eq!(tags(&workshop), ["x|1", "b|1", "c|1"]);
    assert_eq!(workshop.state().unsaved, 0, "the copy has just this");
}

#[test]
fn of_a_row_that_was_added_and_is_gone_nothing_is_left_and_its_number_is_nobody_elses() {
    let (mut workshop, folder) = opened();
    let first = workshop.rows_changed(workshop.revision(), &[], &[], 1).unwrap().added[0];
    let ghost = workshop.state().steps[0].id;
    edit(&mut workshop, first, "ghost|1");
    workshop.undo(workshop.revision(), Some(ghost)).unwrap();
    checked(&mut workshop);
    assert_eq!(tags(&workshop).len(), 3);
    let second = workshop.rows_changed(workshop.revision(), &[], &[], 1).unwrap().added[0];
    assert!(second > first);
    edit(&mut workshop, second, "real|1");
    assert_eq!(tags(&workshop)[3..], ["real|1"]);
    workshop.save("o.csv").unwrap();
    assert!(!read(&folder, "o.csv").contains("ghost") && read(&folder, "o.csv").contains("real"));
    let more = workshop.rows_changed(workshop.revision(), &[], &[], usize::MAX);
    assert!(more.is_err(), "there are no more rows than are shown");
}

#[test]
fn a_row_comes_back_with_what_was_done_in_it() {
    let (mut workshop, _folder) = opened();
    let row = workshop.rows_changed(workshop.revision(), &[], &[], 1).unwrap().added[0];
    let step = workshop.state().steps[0].id;
    edit(&mut workshop, row, "d|1");
    workshop.undo(workshop.revision(), Some(step)).unwrap();
    workshop.redo(workshop.revision()).unwrap();
    assert_eq!(tags(&workshop)[3..], ["d|1"]);
}

#[test]
fn what_was_undone_last_is_done_again_first() {
    let (mut workshop, _folder) = opened();
    for (row, text) in [(2, "x|1"), (3, "y|1"), (4, "z|1")] {
        edit(&mut workshop, row, text);
    }
    let steps: Vec<u64> = workshop.state().steps.iter().rev().map(|step| step.id).collect();
    workshop.undo(workshop.revision(), Some(steps[0])).unwrap();
    workshop.undo(workshop.revision(), Some(steps[2])).unwrap();
    assert_eq!(workshop.state().redo.unwrap().id, steps[2]);
    workshop.redo(workshop.revision()).unwrap();
    assert_eq!(tags(&workshop), ["a|1", "y|1", "z|1"]);
}

#[test]
fn a_check_that_began_by_other_settings_or_another_map_counts_for_nothing() {
    let (mut workshop, _folder) = opened();
    workshop.edit(workshop.revision(), vec![(2, 6, "x|1".into())]).unwrap();
    let mut by_old = workshop.to_check().unwrap();
    let settings = Settings { makes_passwords: true, ..Settings::default() };
    workshop.set(workshop.revision(), settings).unwrap();
    let now = workshop.state().counts.errors;
    by_old.check(&Switch::default()).unwrap();
    assert!(!workshop.take(&mut by_old));
    assert_eq!(workshop.state().counts.errors, now);

    workshop.edit(workshop.revision(), vec![(2, 6, "y|1".into())]).unwrap();
    let mut by_old = workshop.to_check().unwrap();
    let columns = [("routing profile".to_owned(), "ignore".to_owned())].into();
    let chosen = MapChosen { columns, ..MapChosen::default() };
    workshop.read_otherwise(workshop.revision(), ToRead { chosen, ..ToRead::default() }).unwrap();
    let now = workshop.state().counts.errors;
    by_old.check(&Switch::default()).unwrap();
    assert!(!workshop.take(&mut by_old));
    assert!(workshop.state().counts.errors == now && now > 0, "nobody has a routing profile");
}

#[test]
fn a_file_that_is_another_than_was_saved_is_not_written_over() {
    let (mut workshop, folder) = opened();
    edit(&mut workshop, 2, "x|1");
    workshop.save("o.csv").unwrap();
    edit(&mut workshop, 2, "y|1");
    workshop.save("o.csv").unwrap();
    fs::remove_file(folder.path().join("o.csv")).unwrap();
    fs::write(folder.path().join("o.csv"), "somebody else's work").unwrap();
    edit(&mut workshop, 2, "z|1");
    assert!(matches!(workshop.save("o.csv"), Err(Undoable::Taken(_))));
    assert_eq!(read(&folder, "o.csv"), "somebody else's work");
}

#[test]
fn what_the_service_refused_is_found_by_who_it_was_where_rows_have_other_numbers() {
    let (mut workshop, _folder) = opened();
    workshop.rows_changed(workshop.revision(), &[2], &[], 0).unwrap();
    checked(&mut workshop);
    // In the copy bob is in row 2.
    let refused = RefusedRow {
        number: 2,
        user: "bob".into(),
        code: "InvalidParameterException".into(),
        message: "no".into(),
    };
    workshop.refused(vec![refused]);
    let rows = workshop.rows(None, "service", "", 0, 10).unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.n).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_map_that_decides_by_a_password_is_refused_and_shows_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    fs::write(&path, "user login,password\nann,Lantern-Reef-7\nbob,Kettle-Moss-8\n").unwrap();
    for map in [
        "[roles.password.x]\ntags = \"x|y\"",
        "ignore = [\"password\"]\n[roles.password.x]\ntags = \"x|y\"",
        "[skip]\npassword = { before = \"2026-12-01\" }",
        "[only]\npassword = [\"Lantern-Reef-7\"]",
        "[actions]\ncolumn = \"password\"",
    ] {
        let refused = crate::mend::Draft::open(Path::new(&path), Options::default(), Some(map.into()));
        let failure = refused.err().unwrap_or_else(|| panic!("{map}"));
        let said = format!("{failure:?}");
        assert!(!said.contains("Lantern") && !said.contains("Kettle"), "{said}");
    }
}
