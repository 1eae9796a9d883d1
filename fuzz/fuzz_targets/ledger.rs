//! Any bytes as a ledger. It is read or refused; what was read adds up, and reads again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::ledger(bytes));
