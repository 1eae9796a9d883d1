//! An instance of the service becomes a [`Directory`](crate::directory::Directory): a value that all else is decided by.

pub(crate) mod fetch;
pub(crate) mod proficiencies;
pub(crate) mod users;

mod read;

pub(crate) use fetch::FetchError;
pub(crate) use read::{Reader, Told};
