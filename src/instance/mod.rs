//! An instance, read from the service, becomes a directory.

pub mod fetch;
