use proptest::prelude::*;

use super::*;
use crate::agent::Fingerprint;
use crate::ledger::made::{intent, row};
use crate::ledger::{Attempt, Unexecuted};

fn outcome(user: &str, attempt: u32, state: RowState, code: Option<&'static str>) -> Entry<'static> {
    let entry = Entry::outcome(Box::leak(user.to_owned().into_boxed_str()), state, "t".into());
    Entry { attempt: Attempt::new(attempt), code: code.map(Into::into), ..entry }
}

/// A ledger with a row in every state, each planned with fingerprint 1.
fn ledger() -> State {
    let mut state = State::default();
    let users =
        ["pending", "throttled", "open", "doubt", "created", "exists", "rejected", "invalid", "dropped"];
    for (at, user) in users.iter().enumerate() {
        state.apply(&row(user, at as u32 + 2, 1));
    }
    for (at, user) in ["throttled", "open", "doubt", "created", "exists", "rejected"].iter().enumerate() {
        state.apply(&intent(user, at as u32 + 1));
    }
    let throttled = outcome("throttled", 1, RowState::Pending, None);
    state.apply(&Entry { unexecuted: Some(Unexecuted::Throttled), ..throttled });
    state.apply(&outcome("doubt", 3, RowState::InDoubt, None));
    state.apply(&outcome("created", 4, RowState::Created, None));
    state.apply(&outcome("exists", 5, RowState::Exists, Some("DuplicateResourceException")));
    state.apply(&outcome("rejected", 6, RowState::Rejected, Some("InvalidRequestException")));
    state.apply(&outcome("invalid", 0, RowState::Invalid, Some("username-length")));
    state.apply(&Entry::dropped("dropped"));
    state
}

fn wanted(rows: &[(&str, u64)]) -> Wanted {
    let mut wanted = Wanted::default();
    for (at, (user, fingerprint)) in rows.iter().enumerate() {
        match fingerprint {
            0 => {
                wanted.add_invalid(user, (at as u32 + 2).into(), "name-required", "a first name is required")
            }
            bits => wanted.add(user, (at as u32 + 2).into(), Fingerprint::of(*bits)),
        }
    }
    wanted
}

fn decisions(rows: &[(&str, u64)], asked: Asked) -> Vec<Decision> {
    let wanted = wanted(rows);
    let plan = Plan::build(&wanted, &ledger(), asked, None);
    rows.iter().map(|(user, _)| plan.of(&wanted, user).unwrap()).collect()
}

const ALL: [&str; 8] = ["pending", "throttled", "open", "doubt", "created", "exists", "rejected", "new"];

#[test]
fn the_same_roster_sends_what_is_not_done_and_settles_what_is_in_doubt() {
    use Decision::{Add, Keep, Send, Settle};
    let rows = ALL.map(|user| (user, 1));
    assert_eq!(decisions(&rows, Asked::default()), [Send, Send, Settle, Settle, Keep, Keep, Keep, Add]);
}

#[test]
fn a_changed_roster_sends_its_new_cells_and_reports_what_was_made_with_the_old() {
    use Decision::{Add, Drift, Keep, Replace, SettleChanged};
    let rows = ALL.map(|user| (user, 2));
    let expected = [Replace, Replace, SettleChanged, SettleChanged, Drift, Keep, Replace, Add];
    assert_eq!(decisions(&rows, Asked::default()), expected);
}

#[test]
fn an_empty_roster_drops_what_was_never_made_and_keeps_sight_of_what_was() {
    let plan = Plan::build(&Wanted::default(), &ledger(), Asked::default(), None);
    assert_eq!(plan.count(Decision::Drop), 5); // pending, throttled, exists, rejected, invalid
    assert_eq!(plan.count(Decision::LookUp), 2); // open, doubt
    assert_eq!(plan.count(Decision::Orphan), 1);
    assert_eq!(plan.to_send(), 0);
}

#[test]
fn retry_takes_the_failed_and_the_existing_only_when_picked() {
    use Decision::{Add, Keep, Replace, Settle};
    let rows = ALL.map(|user| (user, 1));
    let retry = Asked { retry: true, ..Asked::default() };
    assert_eq!(decisions(&rows, retry), [Keep, Keep, Settle, Settle, Keep, Keep, Replace, Add]);
    let codes = ["DuplicateResourceException".to_owned()];
    let retry = Asked { retry: true, codes: &codes, ..Asked::default() };
    assert_eq!(decisions(&rows, retry), [Keep, Keep, Settle, Settle, Keep, Replace, Keep, Add]);
}

#[test]
fn a_made_user_that_the_instance_lost_is_warned_of_and_sent_only_when_asked() {
    let wanted = wanted(&[("created", 1)]);
    let nobody = |_: &str| None;
    let decide =
        |asked| Plan::build(&wanted, &ledger(), asked, Some(&nobody)).of(&wanted, "created").unwrap();
    assert_eq!(decide(Asked::default()), Decision::Missing);
    assert_eq!(decide(Asked { recreate_missing: true, ..Asked::default() }), Decision::Replace);
}

#[test]
fn a_made_user_that_left_by_a_list_is_neither_missed_nor_made_anew() {
    let wanted = wanted(&[("created", 1)]);
    let mut state = ledger();
    let made = Entry::outcome("created", RowState::Created, "t".into());
    state.apply(&Entry { id: Some("ours".into()), ..made });
    let nobody = |_: &str| None;
    let leaver = |user: &str, id: Option<&str>| (user, id) == ("created", Some("ours"));
    let anew = Asked { recreate_missing: true, ..Asked::default() };
    for asked in [Asked::default(), anew, Asked { retry: true, ..anew }] {
        let asked = Asked { is_leaver: Some(&leaver), ..asked };
        let plan = Plan::build(&wanted, &state, asked, Some(&nobody));
        assert_eq!(plan.of(&wanted, "created"), Some(Decision::Departed));
        let there = |_: &str| Some("ours");
        let plan = Plan::build(&wanted, &state, asked, Some(&there));
        assert_eq!(plan.of(&wanted, "created"), Some(Decision::Keep), "still there, whatever the list says");
    }
    let namesake = |_: &str, id: Option<&str>| id == Some("another");
    let asked = Asked { is_leaver: Some(&namesake), ..anew };
    assert_eq!(
        Plan::build(&wanted, &state, asked, Some(&nobody)).of(&wanted, "created"),
        Some(Decision::Replace)
    );
}

/// What happens to a row, one after another.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Planned(u64),
    Renamed,
    Dropped,
    Sent,
    Came(RowState),
    Throttled,
    DeleteSent,
    DeleteCame(RowState),
}

/// A ledger of `rows` rows in which these things happened, to the row of each number.
fn after(rows: u32, happened: &[(u32, Happens)]) -> State {
    let mut state = State::default();
    let name = |number: u32| format!("u{number}");
    (0..rows).for_each(|number| state.apply(&row(&name(number), number + 2, 1)));
    let mut newest = vec![None; rows as usize];
    for (attempt, (number, happens)) in (1..).zip(happened) {
        let user = name(number % rows);
        let of = &mut newest[(number % rows) as usize];
        let came = |state| outcome(&user, of.unwrap_or(attempt), state, None);
        match happens {
            Happens::Planned(bits) => state.apply(&row(&user, number % rows + 2, *bits)),
            // The next row was called so before.
            Happens::Renamed => {
                let was = name((number + 1) % rows);
                state.apply(&Entry { was: Some((&*was).into()), ..row(&user, number % rows + 2, 1) });
            }
            Happens::Dropped => state.apply(&Entry::dropped(&user)),
            Happens::Sent => {
                *of = Some(attempt);
                state.apply(&intent(&user, attempt));
            }
            Happens::Came(stands) => {
                let id = Some(format!("id-{attempt}").into());
                state.apply(&Entry { id: id.filter(|_| *stands == RowState::Created), ..came(*stands) });
            }
            Happens::Throttled => {
                state.apply(&Entry { unexecuted: Some(Unexecuted::Throttled), ..came(RowState::Pending) });
            }
            Happens::DeleteSent => {
                let attempt = Attempt::new(attempt).unwrap();
                state.apply(&Entry::delete_intent(&user, attempt, "id", "t".into()));
            }
            Happens::DeleteCame(stands) => {
                state.apply(&Entry { attempt: None, ..Entry::outcome_of_delete(&user, *stands, "t".into()) });
            }
        }
    }
    state
}

fn happens() -> impl Strategy<Value = Happens> {
    use RowState::{Created, Deleted, Exists, InDoubt, Rejected, Skipped, Unconfirmed};
    prop_oneof![
        (1..4u64).prop_map(Happens::Planned),
        Just(Happens::Renamed),
        Just(Happens::Dropped),
        Just(Happens::Sent),
        Just(Happens::Throttled),
        prop_oneof![4 => Just(Created), 1 => Just(InDoubt), 1 => Just(Rejected), 1 => Just(Exists)]
            .prop_map(Happens::Came),
        Just(Happens::DeleteSent),
        prop_oneof![4 => Just(Deleted), 1 => Just(Skipped), 1 => Just(Rejected), 1 => Just(Unconfirmed)]
            .prop_map(Happens::DeleteCame),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// Whatever a ledger says and whatever else is asked for.
    #[test]
    fn nobody_who_was_deleted_is_sent_without_being_asked_for_and_nobody_whose_deletion_is_not_settled(
        happened in prop::collection::vec((0..4u32, happens()), 0..24),
        cells in prop::array::uniform4(0..4u64),
        flags in 0..32u8,
    ) {
        let state = after(4, &happened);
        let names = ["u0", "u1", "u2", "u3"];
        // A roster that has no row of some of them.
        let rows: Vec<(&str, u64)> = names.into_iter().zip(cells).filter(|(_, bits)| *bits < 3).collect();
        let wanted = wanted(&rows);
        let codes = ["DuplicateResourceException".to_owned()];
        let is = |bit: u8| flags >> bit & 1 > 0;
        let asked = Asked {
            retry: is(0),
            codes: if is(1) { &codes } else { &[] },
            recreate_missing: is(2),
            are_listed: is(3),
            ..Asked::default()
        };
        let nobody = |_: &str| None;
        let on_instance: Option<OnInstance<'_, '_>> = if is(4) { Some(&nobody) } else { None };
        let anew = Asked { recreate_deleted: true, ..asked };
        for asked in [asked, anew] {
            let mut plan = Plan::build(&wanted, &state, asked, on_instance);
            if is(0) && is(1) {
                plan.spare_gone(&state, |_| true);
            }
            for (user, bits) in &rows {
                let decided = plan.of(&wanted, user).unwrap();
                let at = state.find(user).filter(|at| !state.record(*at).dropped);
                let heir = at.is_none().then(|| state.heir(user)).flatten();
                let heir = heir.filter(|at| wanted.who(state.user(*at)).is_none());
                match at.or(heir).map(|at| state.record(at).settled_state()) {
                    Some(RowState::Deleted) => {
                        let is_sent = asked.recreate_deleted && *bits > 0 && heir.is_none();
                        prop_assert_eq!(decided.sends(), is_sent, "{} {:?}", user, decided);
                    }
                    Some(RowState::Unconfirmed) => prop_assert_eq!(decided, Decision::Keep, "{}", user),
                    _ => {}
                }
            }
            // What is recorded before anything is sent makes nobody pending who is not to be sent.
            let mut planned = state.clone();
            plan.changes(&wanted, |at| state.user(at), "t").for_each(|line| planned.apply(&line));
            for at in state.places().filter(|at| !state.record(*at).dropped) {
                let stood = state.record(at).settled_state();
                if matches!(stood, RowState::Deleted | RowState::Unconfirmed) {
                    prop_assert_eq!(planned.record(at).settled_state(), stood, "{}", state.user(at));
                    prop_assert!(!planned.record(at).dropped);
                }
            }
        }
    }
}

#[test]
fn a_made_user_whose_name_has_another_id_is_replaced_and_sent_by_nobody() {
    let wanted = wanted(&[("created", 1)]);
    let mut state = ledger();
    let made = Entry::outcome("created", RowState::Created, "t".into());
    state.apply(&Entry { id: Some("ours".into()), ..made });
    let theirs = |_: &str| Some("theirs");
    let ours = |_: &str| Some("ours");
    for asked in [
        Asked::default(),
        Asked { recreate_missing: true, ..Asked::default() },
        Asked { retry: true, ..Asked::default() },
    ] {
        let plan = Plan::build(&wanted, &state, asked, Some(&theirs));
        assert_eq!(plan.of(&wanted, "created"), Some(Decision::Replaced));
        let lines: Vec<_> = plan.sightings(&wanted, &state, "t").collect();
        assert_eq!(lines, [Entry::seen("created", SeenAs::Replaced, Some("theirs"), "t".into())]);
        let mut told = state.clone();
        lines.iter().for_each(|line| told.apply(line));
        assert_eq!(plan.sightings(&wanted, &told, "t").count(), 0, "once is enough");
        let unknown = Plan::build(&wanted, &told, asked, None);
        assert_eq!(unknown.sightings(&wanted, &told, "t").count(), 0, "who may not look takes nothing back");
        let back = Plan::build(&wanted, &told, asked, Some(&ours));
        let back: Vec<_> = back.sightings(&wanted, &told, "t").filter_map(|line| line.seen_as()).collect();
        assert!(!back.contains(&SeenAs::Replaced) && back.len() == 1, "{back:?}");
    }
}

#[test]
fn of_a_part_of_the_roster_only_what_was_renamed_is_gone() {
    let asked = Asked { retry: true, ..Asked::default() };
    let state = ledger();
    let known = state.places().filter(|&at| !state.record(at).dropped).count() as u64;
    let mut plan = Plan::build(&Wanted::default(), &state, asked, None);
    let dropped =
        |plan: &Plan| plan.gone(Decision::Drop).map(|at| state.user(at).to_owned()).collect::<Vec<_>>();
    assert!(!dropped(&plan).is_empty());
    plan.spare_gone(&state, |user| ["rejected", "created", "doubt"].contains(&user));
    assert_eq!(dropped(&plan), ["rejected"]);
    assert_eq!(plan.count(Decision::Keep), known - 1);
}

#[test]
fn rows_that_share_a_username_are_both_invalid_and_each_row_is_counted() {
    let mut wanted = Wanted::default();
    wanted.add("ana", 2.into(), Fingerprint::of(7));
    wanted.add_invalid("ana", 3.into(), "username-duplicate", "the username is also in row 2");
    wanted.add_invalid("", 4.into(), "username-required", "a username is required");
    assert_eq!(wanted.len(), 3);
    let plan = Plan::build(&wanted, &State::default(), Asked::default(), None);
    assert_eq!(plan.to_send(), 0);
    let lines: Vec<_> = plan.changes(&wanted, |_| "", "t").collect();
    let invalid: Vec<_> = lines.iter().filter(|line| line.state == Some(RowState::Invalid)).collect();
    assert_eq!(invalid.len(), 3);
    assert_eq!(invalid.iter().filter(|line| line.user.as_deref() == Some("row 4")).count(), 1);
}

#[test]
fn moving_rows_changes_nothing() {
    let rows = ALL.map(|user| (user, 1));
    let mut moved = rows;
    moved.reverse();
    let mut decided = decisions(&moved, Asked::default());
    decided.reverse();
    assert_eq!(decided, decisions(&rows, Asked::default()));
}

#[test]
fn an_interrupted_retry_is_taken_up_by_the_same_retry() {
    let mut state = ledger();
    state.apply(&row("rejected", 8, 2)); // planned again, not sent
    let wanted = wanted(&[("rejected", 2), ("pending", 1)]);
    let asked = Asked { retry: true, ..Asked::default() };
    let plan = Plan::build(&wanted, &state, asked, None);
    assert_eq!(plan.of(&wanted, "rejected"), Some(Decision::Send));
    assert_eq!(plan.of(&wanted, "pending"), Some(Decision::Keep));
}

#[test]
fn a_shared_username_holds_both_rows_back_whatever_else_is_wrong_with_either() {
    for order in [[true, false], [false, true]] {
        let mut wanted = Wanted::default();
        for (row, valid) in order.into_iter().enumerate() {
            match valid {
                true => wanted.add("ana", (row as u32 + 2).into(), Fingerprint::of(7)),
                false => wanted.add_invalid(
                    "ana",
                    (row as u32 + 2).into(),
                    "email-invalid",
                    "the e-mail address is not one",
                ),
            }
        }
        let plan = Plan::build(&wanted, &State::default(), Asked::default(), None);
        assert_eq!(plan.to_send(), 0);
        assert_eq!(plan.count(Decision::Skip), 2);
    }
}

/// `ann` as she is wanted, and created with the id `ours`; her proficiencies are still to be given.
fn created_without_proficiencies() -> (State, Wanted) {
    let (cells, given) = (Fingerprint::of(1), Some(Fingerprint::of(7)));
    let mut state = State::default();
    state.apply(&Entry { proficiencies: given, ..row("ann", 2, 1) });
    state.apply(&intent("ann", 1));
    state.apply(&Entry { id: Some("ours".into()), ..outcome("ann", 1, RowState::Created, None) });
    let mut wanted = Wanted::default();
    wanted.add_with_proficiencies("ann", 2.into(), cells, given);
    (state, wanted)
}

#[test]
fn the_proficiencies_of_a_replaced_user_are_given_to_nobody_and_waited_for_by_nobody() {
    let (mut state, wanted) = created_without_proficiencies();
    let theirs = |_: &str| Some("theirs");
    let ours = |_: &str| Some("ours");
    let plan = Plan::build(&wanted, &state, Asked::default(), Some(&ours));
    assert_eq!(plan.step_of(&wanted, "ann"), StepDecision::Give);
    let plan = Plan::build(&wanted, &state, Asked::default(), Some(&theirs));
    assert_eq!(plan.step_of(&wanted, "ann"), StepDecision::Leave);
    for line in plan.changes(&wanted, |_| "ann", "t") {
        assert_eq!((line.result, line.code.as_deref()), (Some(StepState::Rejected), Some(REPLACED)));
        state.apply(&line);
    }
    let steps = state.proficiencies();
    assert_eq!((steps.pending, steps.rejected, state.counts(false).created), (0, 1, 1));
    let again = Plan::build(&wanted, &state, Asked { retry: true, ..Asked::default() }, Some(&theirs));
    assert_eq!(again.step_of(&wanted, "ann"), StepDecision::Leave, "a retry gives a stranger nothing either");
}

#[test]
fn the_proficiencies_of_a_user_that_has_long_been_missing_are_waited_for_by_nobody_until_it_is_back() {
    let (mut state, wanted) = created_without_proficiencies();
    let nobody = |_: &str| None;
    let ours = |_: &str| Some("ours");
    let late = Asked { are_listed: true, ..Asked::default() };
    // Too new to be listed, or nobody may be listed: it may well be there.
    for (asked, found) in [(Asked::default(), Some(&nobody as OnInstance<'_, '_>)), (late, None)] {
        let plan = Plan::build(&wanted, &state, asked, found);
        assert_eq!(plan.step_of(&wanted, "ann"), StepDecision::Give);
        assert_eq!(plan.changes(&wanted, |_| "ann", "t").count(), 0);
    }
    let anew = Asked { recreate_missing: true, ..late };
    let plan = Plan::build(&wanted, &state, anew, Some(&nobody));
    assert!(plan.of(&wanted, "ann").unwrap().sends());
    assert!(plan.changes(&wanted, |_| "ann", "t").all(|line| line.code.is_none()));
    let plan = Plan::build(&wanted, &state, late, Some(&nobody));
    assert_eq!(plan.step_of(&wanted, "ann"), StepDecision::Leave);
    for line in plan.changes(&wanted, |_| "ann", "t") {
        assert_eq!((line.result, line.code.as_deref()), (Some(StepState::Rejected), Some(MISSING)));
        state.apply(&line);
    }
    let steps = state.proficiencies();
    assert_eq!((steps.pending, steps.rejected, state.counts(false).created), (0, 1, 1));
    for asked in [late, Asked { retry: true, ..late }] {
        let again = Plan::build(&wanted, &state, asked, Some(&nobody));
        assert_eq!(again.step_of(&wanted, "ann"), StepDecision::Leave, "nobody is there to be given it");
        assert_eq!(again.changes(&wanted, |_| "ann", "t").count(), 0, "once is enough");
        let back = Plan::build(&wanted, &state, asked, Some(&ours));
        assert_eq!(back.step_of(&wanted, "ann"), StepDecision::Give, "it is listed again");
    }
}

#[test]
fn a_row_in_doubt_that_an_older_attempt_made_is_drifted_in_the_run_that_settles_it() {
    let wanted = wanted(&[("doubt", 9)]);
    let plan = Plan::build(&wanted, &ledger(), Asked::default(), None);
    for (made_by, expected) in [(3, vec![SeenAs::Drifted]), (8, vec![])] {
        let mut state = ledger();
        state.apply(&row("doubt", 2, 9));
        state.apply(&intent("doubt", 8));
        state.apply(&outcome("doubt", made_by, RowState::Created, None));
        let told: Vec<_> = plan.settled_otherwise(&wanted, &state).map(|(_, seen)| seen).collect();
        assert_eq!(told, expected, "made by attempt {made_by}");
    }
}
