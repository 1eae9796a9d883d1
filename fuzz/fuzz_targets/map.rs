//! A column map and a roster, with a NUL between them.

#![no_main]

use headcount::roster::Options;
use headcount_fuzz::exhaust;
use libfuzzer_sys::fuzz_target;

const ROSTER: &str = "Name;Rolle;Telefonart;Nr\n\"Müller, Zoë\";Leitung;Tisch;1\nAnna Maria Berg;;;\n;Agent;x;2\n";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (map, roster) = text.split_once('\0').unwrap_or((text, ROSTER));
    exhaust(roster.as_bytes(), &Options::default(), map);
});
