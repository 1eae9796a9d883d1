//! What an answer to CreateUser means: by its error code for this operation, then by its status. One table.
//!
//! Nobody else's list serves: every AWS SDK has `LimitExceededException` among the throttles, where for CreateUser it
//! says that the instance is full; and Connect throttles with a code that its own model does not declare.

use crate::connect::model::UserCreated;
use crate::connect::{CallError, Fault, Reply};

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The user is there, and this attempt made it.
    Created,
    /// The service refuses this row. It did not make the user.
    Rejected,
    /// Something is not there: what the row names, or the instance. It did not make the user.
    NotFound,
    /// The service says to slow down. Not executed.
    Throttled,
    /// The instance can take no more users. Not executed.
    Full,
    /// The name is taken, perhaps by an earlier attempt of ours.
    Duplicate,
    /// The request may have been applied.
    InDoubt,
    /// No byte left.
    NotSent,
    /// The session's token has expired. Not executed.
    Expired,
    /// The request was signed for another time or with another secret. Not executed.
    Signature,
    /// The caller may not do this, or is not known. Not executed.
    Denied,
    /// There is nothing to sign with. Not sent.
    NoCredentials,
}

impl Verdict {
    /// Whether the answer proves that this attempt did not make the user.
    pub fn is_unexecuted(self) -> bool {
        !matches!(self, Self::Created | Self::InDoubt | Self::Duplicate)
    }
}

/// A code, what it means for CreateUser, and where that is known from.
pub type CodeRule = (&'static str, Verdict, &'static str);

/// What the service's error codes mean for CreateUser.
pub const BY_CODE: &[CodeRule] = &[
    // Declared for CreateUser by the model (botocore 1.43, connect/2017-08-08).
    ("InvalidRequestException", Verdict::Rejected, "model, 400"),
    ("InvalidParameterException", Verdict::Rejected, "model, 400"),
    ("ResourceNotFoundException", Verdict::NotFound, "model, 404"),
    ("DuplicateResourceException", Verdict::Duplicate, "model, 409"),
    ("LimitExceededException", Verdict::Full, "model, 429; hashicorp/terraform-provider-aws#41118"),
    ("ThrottlingException", Verdict::Throttled, "model, 429"),
    ("InternalServiceException", Verdict::InDoubt, "model, 500"),
    // In the model for other operations.
    ("ServiceQuotaExceededException", Verdict::Full, "model, 402"),
    ("TooManyRequestsException", Verdict::Throttled, "model, 429; AWS's CloudFormation handlers match it"),
    ("AccessDeniedException", Verdict::Denied, "model, 403"),
    ("ResourceConflictException", Verdict::Duplicate, "model, 409"),
    // Throttles of AWS's front ends: the SDKs' list without LimitExceededException.
    ("Throttling", Verdict::Throttled, "botocore retries/standard.py"),
    ("ThrottledException", Verdict::Throttled, "botocore retries/standard.py"),
    ("RequestThrottled", Verdict::Throttled, "botocore retries/standard.py"),
    ("RequestThrottledException", Verdict::Throttled, "botocore retries/standard.py"),
    ("RequestLimitExceeded", Verdict::Throttled, "botocore retries/standard.py"),
    ("BandwidthLimitExceeded", Verdict::Throttled, "botocore retries/standard.py"),
    ("SlowDown", Verdict::Throttled, "botocore retries/standard.py"),
    ("PriorRequestNotComplete", Verdict::Throttled, "botocore retries/standard.py"),
    // Common errors of AWS services (IAM and Signature Version 4 documentation, "Common errors").
    ("ExpiredTokenException", Verdict::Expired, "common errors, 403"),
    ("ExpiredToken", Verdict::Expired, "common errors, 403"),
    ("InvalidSignatureException", Verdict::Signature, "common errors, 403"),
    ("SignatureDoesNotMatch", Verdict::Signature, "common errors, 403"),
    ("RequestExpired", Verdict::Signature, "common errors, 400"),
    ("RequestTimeTooSkewed", Verdict::Signature, "smithy-rs clock-skew codes"),
    ("RequestInTheFuture", Verdict::Signature, "smithy-rs clock-skew codes"),
    ("AccessDenied", Verdict::Denied, "common errors, 403"),
    ("UnauthorizedException", Verdict::Denied, "common errors, 401"),
    ("UnrecognizedClientException", Verdict::Denied, "common errors, 403"),
    ("InvalidClientTokenId", Verdict::Denied, "common errors, 403"),
    ("InvalidAccessKeyId", Verdict::Denied, "common errors, 403"),
    ("MissingAuthenticationTokenException", Verdict::Denied, "common errors, 403"),
    ("MissingAuthenticationToken", Verdict::Denied, "common errors, 403"),
    ("IncompleteSignatureException", Verdict::Denied, "common errors, 400"),
    ("IncompleteSignature", Verdict::Denied, "common errors, 400"),
    ("NotAuthorized", Verdict::Denied, "common errors, 400"),
    ("OptInRequired", Verdict::Denied, "common errors, 403"),
    ("InternalFailure", Verdict::InDoubt, "common errors, 500"),
    ("ServiceUnavailable", Verdict::InDoubt, "common errors, 503"),
    ("ServiceUnavailableException", Verdict::InDoubt, "common errors, 503"),
    ("RequestTimeout", Verdict::InDoubt, "botocore retries/standard.py: transient"),
    ("RequestTimeoutException", Verdict::InDoubt, "botocore retries/standard.py: transient"),
];

/// What a status means where the code is missing or not known.
pub fn by_status(status: u16) -> Verdict {
    match status {
        401 | 403 | 407 => Verdict::Denied,
        402 => Verdict::Full,
        404 => Verdict::NotFound,
        // A server or a proxy that gave up waiting has perhaps passed the request on.
        408 => Verdict::InDoubt,
        409 => Verdict::Duplicate,
        429 => Verdict::Throttled,
        400..=499 => Verdict::Rejected,
        // 5xx, and whatever else is no answer of the service's: it proves nothing.
        _ => Verdict::InDoubt,
    }
}

/// Decides what an answer to CreateUser means.
pub fn verdict(answer: &Result<Reply<UserCreated>, CallError>) -> Verdict {
    match answer {
        Ok(_) => Verdict::Created,
        Err(CallError::Refused(fault)) => of_fault(fault),
        Err(CallError::NotSent(_)) => Verdict::NotSent,
        Err(CallError::Unclear(_)) => Verdict::InDoubt,
        Err(CallError::NoCredentials(_)) => Verdict::NoCredentials,
    }
}

/// Decides what a refusal means.
pub fn of_fault(fault: &Fault) -> Verdict {
    let known = fault.code.as_deref().and_then(|code| BY_CODE.iter().find(|rule| rule.0 == code));
    known.map_or_else(|| by_status(fault.status), |rule| rule.1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write as _;
    use std::time::UNIX_EPOCH;

    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::connect::{CredentialsError, TransportError};

    /// Every status that an answer can have and that is not a success: the codes of HTTP and those that it leaves free.
    const STATUSES: std::ops::Range<u16> = 300..600;

    /// A refusal as it is read off the wire.
    fn refusal(status: u16, header: Option<&str>, body: &str) -> Verdict {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("x-amzn-errortype", HeaderValue::from_str(value).unwrap());
        }
        let fault = Fault::parse(status, &headers, body.as_bytes(), UNIX_EPOCH, None);
        verdict(&Err(CallError::Refused(fault)))
    }

    /// Every way in which AWS services write an error's code: in the header or the body, bare or with a namespace or a
    /// URL, under any of three names.
    fn forms(code: &str) -> Vec<(Option<String>, String)> {
        let message = r#""message":"ThrottlingException LimitExceededException HTTP 200""#;
        vec![
            (Some(code.to_owned()), String::new()),
            (Some(format!("{code}:")), "{}".into()),
            (
                Some(format!("{code}:http://internal.amazon.com/coral/com.amazonaws.connect/")),
                "<html>".into(),
            ),
            (Some(format!("com.amazonaws.connect#{code}")), format!("{{{message}}}")),
            (Some(format!("  {code} ")), r#"{"__type":"Other"}"#.into()),
            (None, format!(r#"{{"__type":"{code}",{message}}}"#)),
            (None, format!(r#"{{"__type":"com.amazonaws.connect#{code}",{message}}}"#)),
            (None, format!(r#"{{"__type":"com.amazonaws.connect#{code}:http://internal.amazon.com/x/"}}"#)),
            (None, format!(r#"{{"code":"{code}","__type":"Other","Message":"ValidationException"}}"#)),
            (None, format!(r#"{{"Code":"{code}"}}"#)),
            (Some(String::new()), format!(r#"{{"code":"{code}","Message":null}}"#)),
        ]
    }

    #[test]
    fn a_known_code_decides_at_any_status_and_in_any_form() {
        for (code, expected, _) in BY_CODE {
            for (header, body) in forms(code) {
                for status in STATUSES {
                    let found = refusal(status, header.as_deref(), &body);
                    assert_eq!(found, *expected, "{code} at {status}: {header:?} {body}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_code_is_decided_by_its_status_in_any_form() {
        for code in ["BrandNewException", "throttlingexception", "LimitExceeded", "Exception", "200"] {
            for (header, body) in forms(code) {
                for status in STATUSES {
                    let found = refusal(status, header.as_deref(), &body);
                    assert_eq!(found, by_status(status), "{code} at {status}: {header:?} {body}");
                }
            }
        }
    }

    #[test]
    fn without_a_code_the_status_decides_whatever_the_body_says() {
        let bodies = [
            "",
            "{}",
            "[]",
            "null",
            "<html>429 Too Many Requests: LimitExceededException</html>",
            r#"{"message":"LimitExceededException"}"#,
            r#"{"Message":"The security token included in the request is expired"}"#,
            r#"{"__type":""}"#,
            r#"{"__type":null,"code":7}"#,
            r#"{"__type":"Thrott"#,
            "\u{0}\u{1}",
        ];
        for status in STATUSES {
            for body in bodies {
                assert_eq!(refusal(status, None, body), by_status(status), "{status}: {body}");
                assert_eq!(refusal(status, Some(":"), body), by_status(status), "{status}: {body}");
            }
        }
    }

    #[test]
    fn what_is_no_refusal_is_decided_by_what_is_known_of_the_request() {
        let created = UserCreated { user_id: "u-1".into(), ..UserCreated::default() };
        let reply = Reply { value: created, request_id: None, date: None };
        assert_eq!(verdict(&Ok(reply)), Verdict::Created);
        let lost = |what: &str| CallError::Unclear(TransportError::unclear(what));
        for what in ["reset", "timed out", "the answer broke off", "there is no UserId in it"] {
            assert_eq!(verdict(&Err(lost(what))), Verdict::InDoubt);
        }
        for what in ["cannot connect: dns", "cannot connect: refused", "cannot connect: TLS"] {
            let error = CallError::NotSent(TransportError::not_sent(what));
            assert_eq!(verdict(&Err(error)), Verdict::NotSent);
        }
        let none = CallError::NoCredentials(CredentialsError { what: "none".into(), hint: "sign in".into() });
        assert_eq!(verdict(&Err(none)), Verdict::NoCredentials);
    }

    #[test]
    fn only_what_surely_was_not_executed_counts_as_unexecuted() {
        let doubtful = [Verdict::Created, Verdict::InDoubt, Verdict::Duplicate];
        for status in STATUSES {
            assert_eq!(by_status(status).is_unexecuted(), !doubtful.contains(&by_status(status)));
            if status >= 500 {
                assert!(!by_status(status).is_unexecuted(), "{status}: a server's trouble proves nothing");
            }
        }
    }

    #[test]
    fn every_code_stands_once_in_the_table_with_its_evidence() {
        let mut seen = HashSet::new();
        for (code, _, evidence) in BY_CODE {
            assert!(seen.insert(*code), "{code} stands twice");
            assert!(!evidence.is_empty() && !code.contains(['#', ':', ' ']), "{code}");
        }
    }

    /// The SDKs' lists, to show where this one differs on purpose.
    #[test]
    fn the_throttles_are_those_of_the_sdks_but_for_the_instance_that_is_full() {
        // botocore 1.43, retries/standard.py, ThrottledRetryableChecker; smithy-rs has the same list. Left out are
        // those that only DynamoDB and EC2 give.
        let sdks = [
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottledException",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "RequestThrottled",
            "SlowDown",
            "PriorRequestNotComplete",
        ];
        let ours = BY_CODE.iter().filter(|rule| rule.1 == Verdict::Throttled).map(|rule| rule.0);
        assert_eq!(ours.collect::<HashSet<_>>(), HashSet::from(sdks));
        assert_eq!(refusal(429, Some("LimitExceededException"), ""), Verdict::Full);
    }

    #[test]
    fn the_table_is_as_it_was_decided() {
        let mut table = String::from("by code, at any status\n");
        let mut rules: Vec<_> = BY_CODE.iter().collect();
        rules.sort_by_key(|rule| format!("{:?}", rule.1));
        for (code, verdict, evidence) in rules {
            writeln!(table, "{:<10} {code:<36} {evidence}", format!("{verdict:?}")).unwrap();
        }
        table.push_str("else by status\n");
        let mut from = STATUSES.start;
        for status in STATUSES {
            if status + 1 == STATUSES.end || by_status(status + 1) != by_status(status) {
                let statuses = if from == status { from.to_string() } else { format!("{from}-{status}") };
                writeln!(table, "{:<10} {statuses}", format!("{:?}", by_status(status))).unwrap();
                from = status + 1;
            }
        }
        insta::assert_snapshot!("verdicts", table);
    }
}
