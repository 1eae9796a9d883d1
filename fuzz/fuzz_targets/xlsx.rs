//! A workbook whose parts are the input: packed anew each time, so that what is fuzzed is the XML and not the checksum of
//! an archive. Parts are separated by a NUL: sheet, shared strings, styles, workbook. Bytes that begin as an archive are
//! taken for one.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headcount_fuzz::fuzzed::xlsx(bytes));
