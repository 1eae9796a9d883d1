//! `cargo bench --bench start_up`: how long the program takes to say its version and its help, beside `true`, which does
//! nothing. Each is started 200 times, by turns.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]
#![expect(dead_code, reason = "what the benchmarks share, not each of them uses")]

mod support;

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use support::{Bars, median, say};

const STARTS: usize = 200;

fn main() -> ExitCode {
    let program = env!("CARGO_BIN_EXE_headcount");
    let lines: [&[&str]; 4] =
        [&["true"], &[program, "--version"], &[program, "--help"], &[program, "import", "--help"]];
    let mut times = lines.map(|_| Vec::with_capacity(STARTS));
    for _ in 0..STARTS {
        for (line, times) in lines.iter().zip(&mut times) {
            let mut command = Command::new(line[0]);
            command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let begun = Instant::now();
            assert!(command.status().unwrap().success());
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let medians = times.map(median);
    let mut bars = Bars::default();
    say(&format!("true                     {:.2} ms", medians[0]));
    for (line, took) in lines.iter().zip(medians).skip(1) {
        let typed = format!("headcount {}", line[1..].join(" "));
        say(&format!("{typed:<24} {took:.2} ms, {:.1} × `true`", took / medians[0]));
        bars.check(took <= 3.0 * medians[0] + 5.0, &format!("`{typed}` in 3 × `true` + 5 ms at most"));
    }
    bars.end()
}
