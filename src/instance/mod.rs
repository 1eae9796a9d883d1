//! An instance of the service becomes a [`Directory`](crate::directory::Directory): a value that all else is decided by.

pub mod fetch;

mod read;

pub use read::{Reader, Told};
