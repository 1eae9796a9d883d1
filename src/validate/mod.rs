//! Stage 2: rows × directory become agents and findings.

mod finding;

pub use finding::{Finding, Severity};
