//! Any bytes as a CSV, in any of a few encodings: the first byte chooses.

#![no_main]

use headcount::roster::Options;
use headcount_fuzz::exhaust;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    // Workbooks have a target of their own.
    if rest.starts_with(b"PK") {
        return;
    }
    let encodings = [None, None, Some("utf-8"), Some("utf-16le"), Some("windows-1252"), Some("shift_jis"), Some("gb18030")];
    let encoding = encodings[usize::from(*choice) % encodings.len()];
    exhaust(rest, &Options { encoding: encoding.map(str::to_owned), ..Options::default() }, "");
});
