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

pub(crate) mod client;
pub(crate) mod credentials;
pub(crate) mod dynamodb;
pub(crate) mod endpoint;
pub(crate) mod fault;
pub mod model;
pub mod operation;
pub(crate) mod policy;
pub(crate) mod proxy;
mod repeats;
pub(crate) mod target;
pub(crate) mod transport;

mod adapter;
mod profile;
mod role;
mod sign;

pub use client::Client;
pub(crate) use client::Reply;
pub(crate) use credentials::Refreshed;
pub use credentials::{Credentials, CredentialsError};
pub use fault::CallError;
pub(crate) use fault::{Fault, brief};
pub use operation::Operation;
pub use proxy::Proxies;
pub use role::Role;
pub(crate) use target::InstanceRef;
pub use target::{Environment, Target};
pub use transport::{BoxFuture, HttpOptions, Transport, TransportError};
pub(crate) use transport::{Certainty, way_out};

/// Installs ring as the process's TLS provider. May be called any number of times; the first one counts.
///
/// reqwest is built without a provider of its own and cannot make a client before this.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
