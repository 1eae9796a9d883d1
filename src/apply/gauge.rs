//! The first outcomes of a run: where each is a rejection with one code, the fault is not in the rows.

use crate::stop::Stop;

/// After this many rows, each rejected with the same code, the fault is not in the rows.
const ALL_REJECTED: usize = 20;

/// The first outcomes, as long as all are rejections of one code. A pure value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gauge {
    settled: usize,
    alike: usize,
    code: String,
}

impl Gauge {
    /// A row was made, was there, or was left where it is.
    pub(super) fn settled(&mut self) {
        self.settled = self.settled.saturating_add(1);
    }

    /// A row was rejected. Returns the reason to stop where it is one too many.
    pub(super) fn rejected(&mut self, code: &str, message: &str) -> Option<Stop> {
        self.settled();
        if self.settled > ALL_REJECTED {
            return None;
        }
        if self.alike == 0 {
            self.code = code.to_owned();
        }
        self.alike += usize::from(self.code == code);
        (self.alike == ALL_REJECTED).then(|| Stop::AllRejected {
            rows: ALL_REJECTED,
            code: code.to_owned(),
            message: message.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twenty_rejections_alike_and_nothing_before_them_are_a_reason_to_stop() {
        let stops = |outcomes: &[Option<&str>]| {
            let mut gauge = Gauge::default();
            let reasons = outcomes.iter().filter_map(|outcome| match outcome {
                Some(code) => gauge.rejected(code, "no"),
                None => {
                    gauge.settled();
                    None
                }
            });
            reasons.count()
        };
        assert_eq!(stops(&[Some("A"); 19]), 0);
        assert_eq!(stops(&[Some("A"); 20]), 1);
        assert_eq!(stops(&[Some("A"); 100]), 1, "said once");
        for at in 0..20 {
            let mut outcomes = vec![Some("A"); 40];
            outcomes[at] = None;
            assert_eq!(stops(&outcomes), 0, "a row that went well, at {at}");
            outcomes[at] = Some("B");
            assert_eq!(stops(&outcomes), 0, "another code, at {at}");
        }
    }
}
