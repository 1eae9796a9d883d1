//! Counts and durations as people read them.

use std::time::Duration;

/// `1 row`, `2 rows`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `1 person`, `2 people`.
pub(crate) fn people(number: u64) -> String {
    format!("{} {}", grouped(number), if number == 1 { "person" } else { "people" })
}

/// `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `8 s`, `2 min 5 s`, `6 h 7 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_durations_read_well() {
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(12_345, "row"), "12,345 rows");
        assert_eq!(grouped(1_000_000), "1,000,000");
        for (seconds, words) in
            [(0.4, "0 s"), (59.4, "59 s"), (500.0, "8 min 20 s"), (600.0, "10 min"), (22_000.0, "6 h 6 min")]
        {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), words);
        }
    }
}
