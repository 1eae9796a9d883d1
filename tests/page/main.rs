//! The local page in a real browser. Each scenario is a program for Node, in this folder; it needs Node, npm and Chromium, and where
//! one of them is missing that is said loudly and nothing is tried.
//!
//! `HEADCOUNT_PICTURES=DIR cargo test --test page look` leaves a picture of every screen.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod node;

use node::plays;

#[test]
fn from_mistakes_to_a_rehearsal_that_is_killed_by_keyboard_alone() {
    plays("keyboard");
}

#[test]
fn what_is_typed_faster_than_it_is_answered_is_not_lost() {
    plays("quick");
}

#[test]
fn every_screen_is_looked_at_by_axe_in_every_width_light_and_dark() {
    plays("look");
}

#[test]
fn pages_of_other_origins_read_nothing_and_change_nothing() {
    plays("hostile");
}

#[test]
fn no_password_is_in_anything_that_the_page_is_told_or_shows() {
    plays("canary");
}

#[test]
fn the_pure_parts_of_the_page_are_what_they_say() {
    plays("pure");
}

#[test]
fn the_types_of_the_page_fit() {
    plays("types");
}
