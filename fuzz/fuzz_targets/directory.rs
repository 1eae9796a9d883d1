//! Any bytes as a directory file. What is read is written as a file that reads as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::directory(bytes));
