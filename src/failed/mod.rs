//! The failed rows as a roster of their own: to be mended, and given to `retry`.

pub mod write;
