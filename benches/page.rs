//! `cargo bench --bench page`: the local page in Chromium with a roster of 100,000 rows, each time held against `validate` of
//! the same file in the same run, and the pace of a rehearsal with the page at work against one without. The scenario is
//! `tests/page/bench.mjs`; it needs Node, npm and Chromium, and says so where one is missing.

#![cfg_attr(not(unix), allow(unused, reason = "a browser is looked for as Unix does"))]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop at a surprise")]

#[cfg(unix)]
#[path = "../tests/page/node/mod.rs"]
mod node;

fn main() {
    #[cfg(unix)]
    node::plays("bench");
}
