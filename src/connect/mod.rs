//! The wire: one attempt a call, no policy.
//!
//! ```text
//! Target ──▶ Client ── operation ──▶ request ── sign ──▶ Transport ──▶ answer ──▶ Reply | CallError
//!              ▲                                (reqwest, or the embedded Connect)
//!         Credentials (the AWS default chain, or fixed)
//! ```
//!
//! Nothing here retries, waits for a pace or decides what an answer means for a row. Nothing here logs either: there
//! is no tracing subscriber in the program, so that what the signing library would trace goes nowhere.

pub mod client;
pub mod credentials;
pub mod endpoint;
pub mod fault;
pub mod model;
pub mod operation;
pub mod policy;
pub mod target;
pub mod transport;

mod adapter;
mod sign;

pub use client::{Client, Reply};
pub use credentials::{Credentials, CredentialsError, Refreshed};
pub use fault::{CallError, Fault};
pub use operation::{Call, Operation};
pub use target::{Environment, InstanceRef, Target};
pub use transport::{BoxFuture, Certainty, HttpOptions, HttpTransport, Transport, TransportError};

/// Installs ring as the process's TLS provider. May be called any number of times; the first one counts.
///
/// reqwest is built without a provider of its own and cannot make a client before this.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
