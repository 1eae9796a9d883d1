//! The instance as a value: names to ids, and the users there. Read from the service or from a file.

pub mod fetch;
