//! A column map and a roster, with a NUL between them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::map(bytes));
