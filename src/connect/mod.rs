//! The wire: one attempt a call, no policy.

pub mod model;
