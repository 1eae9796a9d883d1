//! Any answer to any call: the first byte chooses the operation, the second the status; then headers as lines, a blank
//! line, and the body. Whatever it is, it is a result, a refusal or unclear; no message repeats the password.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::answers(bytes));
