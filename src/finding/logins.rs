//! Where the logins of a roster come from whose column map makes some.

use serde::Serialize;

/// How many logins a template made, and how many the roster has itself.
///
/// Serialises as `logins`; the field names are a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Logins {
    /// By the template.
    pub(crate) made: u64,
    /// From the roster's own cells, which go before it.
    pub(crate) given: u64,
}
