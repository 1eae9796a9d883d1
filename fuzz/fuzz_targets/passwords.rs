//! Any bytes as a file of made passwords, beside any ledger: what is printed is in the file, for an attempt of the ledger.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::passwords(bytes));
