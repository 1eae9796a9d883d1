//! An instance of the service becomes a [`Directory`](crate::directory::Directory): a value that all else is decided by.

pub(crate) mod fetch;

mod read;

pub(crate) use read::{Reader, Told};
