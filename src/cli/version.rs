//! Which build this is, for `headcount --version`: what a support ticket needs. `build.rs` finds it out.

/// Below the version: the commit and its date, what it was built for, and what it was built with.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit    ",
    env!("HEADCOUNT_COMMIT"),
    "\ndate      ",
    env!("HEADCOUNT_DATE"),
    "\ntarget    ",
    env!("HEADCOUNT_TARGET"),
    "\nfeatures  ",
    env!("HEADCOUNT_FEATURES"),
);
