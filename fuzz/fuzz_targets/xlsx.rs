//! A workbook whose parts are the input: packed anew each time, so that what is fuzzed is the XML and not the checksum of
//! an archive. Parts are separated by a NUL: sheet, shared strings, styles, workbook. Bytes that begin as an archive are
//! taken for one.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: let_calamine_panic(), |bytes: &[u8]| headcount_fuzz::fuzzed::xlsx(bytes));

/// The crate that reads the cells may panic on a thread of its own, which is an error like any other (see
/// `src/roster/xlsx.rs`). A panic that comes from anywhere else, or that nobody catches, is still a finding.
fn let_calamine_panic() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|location| location.file().contains("/calamine-")) {
            abort(info);
        }
    }));
}
