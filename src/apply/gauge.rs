//! The first outcomes of a run: where each is a rejection with one code, the fault is not in the rows; where each answer is
//! somebody else's, nobody who makes users is there.

use crate::lane::answer::Answer;
use crate::lane::verdict::Verdict;
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

/// So many first answers of somebody in between, and none of the service, are enough to know: as many as open the breaker.
/// One could be a hiccup, and each leaves a row in doubt.
const ALL_FOREIGN: u32 = 5;

/// Who has answered so far, of those that change something by one operation. A pure value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answerers {
    /// So many in between, and nobody else.
    Foreign(u32),
    /// The service itself: whoever answers later, it was reached.
    Service,
}

impl Default for Answerers {
    fn default() -> Self {
        Self::Foreign(0)
    }
}

impl Answerers {
    /// The next answer. Returns the reason to stop where each of the first was somebody's in between: the next would be
    /// answered alike.
    pub(super) fn answered(&mut self, answer: &Answer) -> Option<Stop> {
        let Self::Foreign(before) = *self else { return None };
        match answer.verdict {
            _ if answer.is_foreign => {
                *self = Self::Foreign(before.saturating_add(1));
                (before + 1 >= ALL_FOREIGN).then(|| Stop::NotConnect { message: answer.message() })
            }
            // Lost, or a server's trouble, or a throttle without a name: nobody knows who that was.
            Verdict::NotSent | Verdict::NoCredentials | Verdict::InDoubt | Verdict::Barred => None,
            Verdict::Throttled if answer.code.is_none() => None,
            Verdict::Done
            | Verdict::Rejected
            | Verdict::NotFound
            | Verdict::Throttled
            | Verdict::Full
            | Verdict::Duplicate
            | Verdict::Crossed
            | Verdict::Expired
            | Verdict::Signature
            | Verdict::Denied => {
                *self = Self::Service;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderMap, HeaderValue};
    use tokio::time::Instant;

    use super::*;
    use crate::clock::Moment;
    use crate::connect::{CallError, Fault, Operation};
    use crate::lane::answer::Departure;

    fn answer(status: u16, code: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
        let fault = Fault::parse(status, &headers, b"<html>", UNIX_EPOCH, None);
        let departure = Departure { left: Instant::now(), moment: Moment::default(), credentials: 0 };
        let result: Result<(), _> = Err(CallError::Refused(Box::new(fault)));
        Answer::of(Operation::CreateUser, &result, departure)
    }

    #[test]
    fn only_first_answers_that_are_all_of_somebody_in_between_are_a_reason_to_stop() {
        let stops = |answers: &[(u16, &'static str)]| {
            let mut answerers = Answerers::default();
            answers.iter().filter_map(|(status, code)| answerers.answered(&answer(*status, code))).count()
        };
        let bare = [(405, ""), (302, ""), (404, "NoRoute"), (501, ""), (511, "")];
        assert_eq!(stops(&bare[..4]), 0);
        assert_eq!(stops(&bare), 1);
        for between in [(500, ""), (503, "ServiceUnavailable"), (429, ""), (502, "")] {
            let mut answers = bare.to_vec();
            answers.insert(2, between);
            assert_eq!(stops(&answers), 1, "nobody knows who said {between:?}");
        }
        for own in [(400, "InvalidParameterException"), (429, "ThrottlingException"), (409, "NewException")] {
            let mut answers = bare.to_vec();
            answers.insert(4, own);
            answers.extend(bare);
            assert_eq!(stops(&answers), 0, "the service was reached: {own:?}");
        }
    }

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
