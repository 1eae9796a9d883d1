//! Any bytes as a CSV, in any of a few encodings: the first byte chooses.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::csv(bytes));
