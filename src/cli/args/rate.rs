//! `--rate`: calls of CreateUser a second, as they are asked for and as they are allowed.

use crate::job::RateAsked;

/// How fast the Connect that `simulate` serves may be called, in calls a second; `None` for no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cli) struct Allowance(pub(in crate::cli) Option<f64>);

/// Reads a rate that is asked for.
pub(in crate::cli) fn asked(text: &str) -> Result<RateAsked, String> {
    RateAsked::read(text)
}

/// Reads a rate that is allowed.
pub(in crate::cli) fn allowed(text: &str) -> Result<Allowance, String> {
    match (text, calls_a_second(text)) {
        ("unlimited", _) => Ok(Allowance(None)),
        (_, Some(rate)) => Ok(Allowance(Some(rate))),
        _ => Err("expected a number above 0, or `unlimited`".into()),
    }
}

fn calls_a_second(text: &str) -> Option<f64> {
    text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_above_zero_or_a_word_for_one() {
        for (text, asked_for, is_allowed) in [
            ("2", Some(RateAsked::Fixed(2.0)), Some(Allowance(Some(2.0)))),
            ("0.5", Some(RateAsked::Fixed(0.5)), Some(Allowance(Some(0.5)))),
            ("100000", Some(RateAsked::Fixed(100_000.0)), Some(Allowance(Some(100_000.0)))),
            ("0.001", None, Some(Allowance(Some(0.001)))),
            ("100001", None, Some(Allowance(Some(100_001.0)))),
            ("quota", Some(RateAsked::Quota), None),
            ("auto", Some(RateAsked::Learned), None),
            ("unlimited", None, Some(Allowance(None))),
        ] {
            assert_eq!((asked(text).ok(), allowed(text).ok()), (asked_for, is_allowed), "{text}");
        }
        for bad in ["", "0", "-1", "inf", "NaN", "two", "1e999", "Auto"] {
            assert!(asked(bad).is_err() && allowed(bad).is_err(), "{bad}");
        }
    }
}
