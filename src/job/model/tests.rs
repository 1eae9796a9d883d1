//! The models, walked through. `HEADCOUNT_MODEL_ATTEMPTS=3` or `4` makes them larger; what each costs is in
//! `docs/model/README.md`. With `--nocapture` each says how many states it has.

use super::append::{self, Append, PUTS};
use super::shared::{ATTEMPTS, Bounds, Shared, Undo, Wrong};
use super::walk::{Model, Walked, walk};

/// As large as is asked for, and at least so.
#[expect(clippy::disallowed_methods, reason = "how long a test may take is said outside of it")]
fn attempts(least: u8) -> u8 {
    let asked = std::env::var("HEADCOUNT_MODEL_ATTEMPTS").ok();
    let asked = asked.map(|asked| asked.parse().expect("HEADCOUNT_MODEL_ATTEMPTS is a number"));
    let most = u8::try_from(ATTEMPTS).expect("there are few attempts");
    asked.unwrap_or(least).clamp(least, most)
}

fn two_machines() -> Bounds {
    Bounds { machines: 2, attempts: 2, sessions: 2, crashes: 1, undo: None }
}

fn undone() -> Bounds {
    let undo = Undo { stretches: 2, leaves: false, recreates: false };
    Bounds { undo: Some(undo), ..two_machines() }
}

/// Says how much was walked through.
#[expect(clippy::print_stdout, reason = "with `--nocapture` it is what is asked for")]
fn said(what: &str, states: usize) {
    println!("{what}: {states} states");
}

/// Nothing is at fault in any state.
#[track_caller]
fn holds(bounds: Bounds) {
    let mut model = Shared::of(bounds, None);
    let Walked { states, fault } = walk(&mut model);
    said(&format!("{bounds:?}, {} ledgers", model.ledgers()), states);
    assert!(fault.is_none(), "after {states} states: {}", fault.expect("there is one"));
    assert!(states > 10_000, "it goes nowhere: {states} states");
}

/// What is wrong on purpose is noticed, by the words that fit.
#[track_caller]
fn is_caught(bounds: Bounds, wrong: Wrong, by: &[&str]) {
    let Walked { states, fault } = walk(&mut Shared::of(bounds, Some(wrong)));
    said(&format!("{wrong:?} is caught"), states);
    let fault = fault.unwrap_or_else(|| panic!("{wrong:?} is noticed in none of {states} states"));
    assert!(by.contains(&fault.what), "{wrong:?} is noticed by other words, after {states} states: {fault}");
}

const NAMED_IS_NOT_THERE: &str = "the row is created, and whom the ledger names is not there";
const OURS_IS_ANOTHERS: &str = "the row exists as another's, and its user was made by this run";
const SOMETHING_WAS_MADE: &str =
    "nothing was made of the row by the ledger, and its user is there or a request under way";
const IS_BACK: &str = "the row's user was deleted, and is there again";

#[test]
fn whatever_two_machines_do_the_ledger_says_what_is_true() {
    let attempts = attempts(3);
    holds(Bounds { attempts, sessions: attempts, ..two_machines() });
}

#[test]
fn whatever_three_machines_do_the_ledger_says_what_is_true() {
    holds(Bounds { machines: 3, attempts: attempts(2), sessions: 3, ..two_machines() });
}

#[test]
fn whoever_was_deleted_by_an_undo_is_gone_for_good() {
    let attempts = attempts(2);
    holds(Bounds { attempts, sessions: attempts, ..undone() });
}

#[test]
fn whoever_is_made_anew_after_an_undo_was_made_by_whom_the_ledger_says() {
    let undo = Undo { stretches: 1, leaves: false, recreates: true };
    let attempts = attempts(2);
    holds(Bounds { attempts, sessions: attempts + 1, crashes: 0, undo: Some(undo), ..undone() });
}

/// A deletion is not signed with the time of its intent, so that nothing says from when on it can no longer leave. Where
/// another machine leaves the user meanwhile, it is deleted all the same.
#[test]
fn a_deletion_that_was_announced_may_outlive_the_decision_to_leave_its_user() {
    let undo = Undo { stretches: 2, leaves: true, recreates: false };
    let bounds = Bounds { attempts: 1, sessions: 3, undo: Some(undo), ..undone() };
    let Walked { states, fault } = walk(&mut Shared::of(bounds, None));
    let fault =
        fault.unwrap_or_else(|| panic!("it holds now, in {states} states: say so in the documentation"));
    assert_eq!(fault.what, NAMED_IS_NOT_THERE);
}

#[test]
fn each_way_to_do_it_wrong_is_noticed() {
    let first = two_machines();
    is_caught(first, Wrong::NoFence, &[SOMETHING_WAS_MADE]);
    is_caught(first, Wrong::SendFirst, &[SOMETHING_WAS_MADE]);
    is_caught(first, Wrong::TakerForgets, &[SOMETHING_WAS_MADE]);
    is_caught(first, Wrong::DuplicateIsSuccess, &[NAMED_IS_NOT_THERE]);
    is_caught(first, Wrong::DuplicateIsFailed, &[OURS_IS_ANOTHERS]);
    is_caught(first, Wrong::AbsenceIsProof, &[SOMETHING_WAS_MADE]);
    is_caught(undone(), Wrong::UndoAtOnce, &[IS_BACK]);
    is_caught(undone(), Wrong::SignAtSend, &[IS_BACK]);
}

/// No property: shows that the model comes to where it should.
#[test]
fn a_takeover_after_a_crash_is_come_to_that_settles_the_row_as_the_first_attempt_made_it() {
    let mut model = Shared::of(two_machines(), None).until_recovered();
    let Walked { states, fault } = walk(&mut model);
    said("a takeover after a crash is come to", states);
    let story = fault.expect("it is come to").to_string();
    assert!(story.contains("crashes") && story.contains("looks, and sees whom request 1 made"), "{story}");
}

/// A puts-and-places model of the append is right.
#[track_caller]
fn append_holds(bounds: append::Bounds) {
    let Walked { states, fault } = walk(&mut Append { bounds, wrong: None });
    said(&format!("append, {bounds:?}"), states);
    assert!(fault.is_none(), "after {states} states: {}", fault.expect("there is one"));
    assert!(states > 10_000, "it goes nowhere: {states} states");
}

#[test]
fn whatever_becomes_of_a_put_nothing_is_acted_on_that_does_not_stand() {
    let puts = attempts(3) + 1;
    assert!(usize::from(puts) <= PUTS);
    append_holds(append::Bounds { machines: 2, puts, places: 3 });
    append_holds(append::Bounds { machines: 3, puts: puts - 2, places: 2 });
}

#[test]
fn each_way_to_take_a_lost_answer_wrong_is_noticed() {
    let bounds = append::Bounds { machines: 2, puts: 3, places: 2 };
    for (wrong, by) in [
        (append::Wrong::Merge, "what a segment carries was acted on, and it does not stand"),
        (append::Wrong::UnclearIsDone, "what a segment carries was acted on, and it does not stand"),
        (append::Wrong::UnclearIsNotDone, "a machine took its own segment for another's"),
    ] {
        let Walked { states, fault } = walk(&mut Append { bounds, wrong: Some(wrong) });
        said(&format!("append: {wrong:?} is caught"), states);
        let fault = fault.unwrap_or_else(|| panic!("{wrong:?} is noticed in none of {states} states"));
        assert_eq!(fault.what, by, "{wrong:?}, after {states} states: {fault}");
    }
}

/// A story is told from the beginning, by machines that keep their names.
#[test]
fn the_story_of_a_fault_is_a_shortest_one_and_its_machines_keep_their_names() {
    let fault = walk(&mut Shared::of(two_machines(), Some(Wrong::SendFirst))).fault;
    let story = "   1. machine 1 reads the ledger\n   2. machine 1 puts its session behind it\n   \
                 3. machine 1 sends request 1 before its intent is put\n";
    assert_eq!(fault.expect("it is caught").to_string(), format!("{SOMETHING_WAS_MADE}\n{story}"));
}

#[test]
fn machines_in_another_order_are_the_same_machines() {
    let mut model = Shared::of(two_machines(), None);
    let mut next = Vec::new();
    let begun = model.begin();
    model.steps(&begun, &mut next);
    // Either machine may begin, and one of them is enough.
    assert_eq!(next.iter().filter(|(_, then)| model.ordered(*then).0 != begun).count(), 2);
}
