//! The black-box tests: the real binary, its output, its exit codes.

mod validate;
