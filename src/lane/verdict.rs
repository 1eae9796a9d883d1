//! What an answer means, by operation: by its error code, then by its status. One table for creates, for what follows
//! them and for reads alike.
//!
//! Nobody else's list serves: every AWS SDK has `LimitExceededException` among the throttles, where for CreateUser it
//! says that the instance is full; and Connect throttles with a code that its own model does not declare.

use crate::connect::{CallError, Certainty, Fault, Operation};

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Carried out.
    Done,
    /// The service refuses this request. Not executed.
    Rejected,
    /// Something is not there: what the request names, or the instance. Not executed.
    NotFound,
    /// The service says to slow down. Not executed.
    Throttled,
    /// A quota is used up: of users for a create, of one agent's proficiencies for what follows it. Not executed.
    Full,
    /// What is asked for is there already: for a create the name is taken, perhaps by an earlier attempt of ours.
    Duplicate,
    /// A condition of the service's own did not hold: somebody else changed the same at the same time. Not executed.
    Crossed,
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
    /// Somebody in between lets nothing through, and did not say what of the request went on.
    Barred,
    /// There is nothing to sign with. Not sent.
    NoCredentials,
}

impl Verdict {
    /// All of them, in the order of the tables.
    #[cfg(test)]
    pub(crate) const ALL: [Verdict; 14] = [
        Self::Done,
        Self::Rejected,
        Self::NotFound,
        Self::Throttled,
        Self::Full,
        Self::Duplicate,
        Self::Crossed,
        Self::InDoubt,
        Self::NotSent,
        Self::Expired,
        Self::Signature,
        Self::Denied,
        Self::Barred,
        Self::NoCredentials,
    ];

    /// Whether the service itself has said something by it, so that it is there.
    pub(crate) const fn is_clear(self) -> bool {
        match self {
            Self::Done
            | Self::Rejected
            | Self::NotFound
            | Self::Throttled
            | Self::Full
            | Self::Duplicate
            | Self::Crossed
            | Self::Expired
            | Self::Signature
            | Self::Denied => true,
            Self::InDoubt | Self::NotSent | Self::Barred | Self::NoCredentials => false,
        }
    }

    /// Whether the service looked at the request itself, so that its limiter had let it pass.
    pub(crate) const fn has_passed(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Rejected | Self::NotFound | Self::Full | Self::Duplicate | Self::Crossed
        )
    }
}

/// A code, what it means whatever was asked, and where that is known from.
pub(crate) type CodeRule = (&'static str, Verdict, &'static str);

/// What the service's error codes mean, whatever was asked.
pub(crate) const BY_CODE: &[CodeRule] = &[
    // Declared for CreateUser by the model (`connect/model.rs`).
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
    // UpdateUserConfig alone has it, of all calls in use: "Request processing failed because dependent condition failed".
    ("ConditionalOperationFailedException", Verdict::Crossed, "model, 409"),
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

/// The codes that say that the caller may not do this one thing, and nothing of who the caller is.
const NOT_PERMITTED: [&str; 4] =
    ["AccessDeniedException", "AccessDenied", "UnauthorizedException", "NotAuthorized"];

/// Whether a code that comes with this status is the service's own word: a known one, or a name of the form that all of
/// Connect's errors have, at a status that one of them has (its model: no name ends otherwise, no other status is there).
///
/// A word that a gateway puts into its JSON is none (`NoRoute`, `404`, `ERR_ACCESS_DENIED`), and neither is one that comes with
/// a status for which the service has no error: its SDKs would not know that either.
pub(crate) fn is_of_the_service(code: &str, status: u16) -> bool {
    let is_name = || {
        code.strip_suffix("Exception").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
            && code.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let has_errors = matches!(status, 400..=404 | 409 | 429 | 500..=599);
    BY_CODE.iter().any(|rule| rule.0 == code) || (has_errors && is_name())
}

/// Whether somebody in between answered: a redirect or a refusal without a code of the service's, or a success that is not
/// JSON. Who asks to slow down is obeyed, and a server's trouble says nothing of who it was, but for what no server in
/// trouble says: that it does not do this (501, 505), or that one has to sign in to the network (511).
pub(crate) fn is_foreign(error: &CallError) -> bool {
    match error {
        CallError::Refused(fault) => is_foreign_refusal(fault),
        CallError::Unclear(error) => error.certainty == Certainty::Foreign,
        CallError::NotSent(_) | CallError::Mistaken(_) | CallError::NoCredentials(_) => false,
    }
}

/// The same of a refusal.
pub(crate) fn is_foreign_refusal(fault: &Fault) -> bool {
    let is_known = fault.code.as_deref().is_some_and(|code| is_of_the_service(code, fault.status));
    !is_known && matches!(fault.status, 300..=428 | 430..=499 | 501 | 505 | 511)
}

/// What a status means where there is no code of the service's: whoever answered proves nothing.
///
/// A request that may change something may have gone on before a gateway refused, whatever it says: it is in doubt. A read
/// that comes back from somewhere else (a redirect, a page of a proxy) brings the same when it is asked again: it is given
/// up, and says neither that something is there nor that it is not.
pub(crate) const fn by_bare_status(operation: Operation, status: u16) -> Verdict {
    match status {
        // Nothing gets through until somebody lets it.
        401 | 403 | 407 => Verdict::Barred,
        429 => Verdict::Throttled,
        // A server or a proxy that gave up waiting, or that it came too early for, has perhaps passed the request on.
        408 | 425 | 500 | 502 | 503 | 504 => Verdict::InDoubt,
        _ if operation.only_reads() => Verdict::Rejected,
        _ => Verdict::InDoubt,
    }
}

/// What a status means where the code is of the service's form, and not known.
///
/// A request that may change something is in doubt wherever the service itself has not said no.
pub(crate) const fn by_status(operation: Operation, status: u16) -> Verdict {
    match status {
        401 | 403 | 407 => Verdict::Denied,
        // ServiceQuotaExceededException's own status.
        402 => Verdict::Full,
        404 => Verdict::NotFound,
        // A server or a proxy that gave up waiting has perhaps passed the request on.
        408 => Verdict::InDoubt,
        409 => Verdict::Duplicate,
        429 => Verdict::Throttled,
        400..=499 => Verdict::Rejected,
        500 | 502 | 503 | 504 => Verdict::InDoubt,
        _ if operation.only_reads() => Verdict::Rejected,
        // 5xx, and whatever else is no answer of the service's: it proves nothing.
        _ => Verdict::InDoubt,
    }
}

/// Decides what a refusal with this code and status means for an operation.
pub(crate) fn verdict(operation: Operation, code: Option<&str>, status: u16) -> Verdict {
    // Its form before its meaning: whoever answers in between may put any word into its JSON.
    let Some(code) = code.filter(|code| is_of_the_service(code, status)) else {
        return by_bare_status(operation, status);
    };
    let known = BY_CODE.iter().find(|rule| rule.0 == code);
    known.map_or_else(|| by_status(operation, status), |rule| rule.1)
}

/// Decides what came of a call.
pub fn verdict_of<T>(operation: Operation, result: &Result<T, CallError>) -> Verdict {
    result.as_ref().map_or_else(|error| verdict_of_error(operation, error), |_| Verdict::Done)
}

/// Decides what a call that failed came to.
pub(crate) fn verdict_of_error(operation: Operation, error: &CallError) -> Verdict {
    match error {
        CallError::Refused(fault) => of_fault(operation, fault),
        CallError::NotSent(_) => Verdict::NotSent,
        // Whoever gives another's answer may give the right one when asked again.
        CallError::Unclear(_) | CallError::Mistaken(_) => Verdict::InDoubt,
        CallError::NoCredentials(_) => Verdict::NoCredentials,
    }
}

/// Decides what a refusal means for an operation.
pub fn of_fault(operation: Operation, fault: &Fault) -> Verdict {
    verdict(operation, fault.code.as_deref(), fault.status)
}

/// Whether a call failed because the caller may not make it: a wrong key or an unknown caller is another matter.
pub(crate) fn is_not_permitted(error: &CallError) -> bool {
    error.fault().and_then(|fault| fault.code.as_deref()).is_some_and(|code| NOT_PERMITTED.contains(&code))
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

    fn on_create(status: u16) -> Verdict {
        by_status(Operation::CreateUser, status)
    }

    fn bare_on_create(status: u16) -> Verdict {
        by_bare_status(Operation::CreateUser, status)
    }

    /// A refusal as it is read off the wire.
    fn refusal(status: u16, header: Option<&str>, body: &str) -> Verdict {
        refusal_of(Operation::CreateUser, status, header, body)
    }

    fn refusal_of(operation: Operation, status: u16, header: Option<&str>, body: &str) -> Verdict {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("x-amzn-errortype", HeaderValue::from_str(value).unwrap());
        }
        let fault = Fault::parse(status, &headers, body.as_bytes(), UNIX_EPOCH, None);
        verdict_of::<()>(operation, &Err(CallError::Refused(Box::new(fault))))
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
        for (header, body) in forms("BrandNewException") {
            for status in STATUSES {
                let found = refusal(status, header.as_deref(), &body);
                // The service has no error of these statuses, and so none with a name that we do not know.
                let is_none = matches!(status, 300..=399 | 405..=408 | 410..=428 | 430..=499);
                let expected = if is_none { bare_on_create(status) } else { on_create(status) };
                assert_eq!(found, expected, "{status}: {header:?} {body}");
            }
        }
    }

    #[test]
    fn a_word_of_a_gateway_is_not_the_services() {
        // Kong, restify, Squid, WSO2, a Java server behind a proxy, Node, and what is no word.
        for code in [
            "NoRoute",
            "MethodNotAllowed",
            "ERR_ACCESS_DENIED",
            "404",
            "java.lang.IllegalStateException",
            "not an Exception",
            "anException",
            "Exception",
            "[redacted]",
            "",
        ] {
            for status in STATUSES {
                assert!(!is_of_the_service(code, status), "{code} at {status}");
            }
        }
        for (code, status) in [("MethodNotAllowedException", 405), ("GoneException", 410)] {
            assert!(!is_of_the_service(code, status), "{code} at {status}");
        }
        for (code, status) in [("ValidationException", 400), ("ForbiddenException", 403), ("SlowDown", 599)] {
            assert!(is_of_the_service(code, status), "{code} at {status}");
        }
    }

    #[test]
    fn somebody_in_between_is_known_by_what_no_server_in_trouble_says() {
        let bare = |status| is_foreign_refusal(&Fault { status, ..Fault::default() });
        for status in
            [300, 302, 307, 400, 401, 402, 403, 404, 405, 407, 409, 413, 425, 451, 499, 501, 505, 511]
        {
            assert!(bare(status), "{status}");
        }
        for status in [429, 500, 502, 503, 504, 520] {
            assert!(!bare(status), "{status}");
        }
        assert!(is_foreign(&CallError::Unclear(TransportError::foreign("a sign-in page".into()))));
        assert!(!is_foreign(&CallError::Unclear(TransportError::unclear("the answer broke off"))));
    }

    #[test]
    fn a_word_that_is_no_code_of_the_services_is_none_in_any_form() {
        for code in ["throttlingexception", "LimitExceeded", "Exception", "200", "NOT_FOUND", "Forbidden"] {
            for (header, body) in forms(code) {
                for status in STATUSES {
                    let found = refusal(status, header.as_deref(), &body);
                    assert_eq!(found, bare_on_create(status), "{code} at {status}: {header:?} {body}");
                }
            }
        }
    }

    #[test]
    fn without_a_code_of_the_service_nothing_is_rejected_nor_proved_of_a_create() {
        for status in STATUSES {
            let expected = match status {
                401 | 403 | 407 => Verdict::Barred,
                429 => Verdict::Throttled,
                _ => Verdict::InDoubt,
            };
            assert_eq!(bare_on_create(status), expected, "{status}");
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
                assert_eq!(refusal(status, None, body), bare_on_create(status), "{status}: {body}");
                assert_eq!(refusal(status, Some(":"), body), bare_on_create(status), "{status}: {body}");
            }
        }
    }

    #[test]
    fn what_is_no_refusal_is_decided_by_what_is_known_of_the_request() {
        let of = |result: Result<(), CallError>| verdict_of(Operation::CreateUser, &result);
        assert_eq!(of(Ok(())), Verdict::Done);
        let lost = |what: &str| CallError::Unclear(TransportError::unclear(what));
        for what in ["reset", "timed out", "the answer broke off", "there is no UserId in it"] {
            assert_eq!(of(Err(lost(what))), Verdict::InDoubt);
        }
        for what in ["cannot connect: dns", "cannot connect: refused", "cannot connect: TLS"] {
            let error = CallError::NotSent(TransportError::not_sent(what));
            assert_eq!(of(Err(error)), Verdict::NotSent);
        }
        let none = CallError::NoCredentials(CredentialsError { what: "none".into(), hint: "sign in".into() });
        assert_eq!(of(Err(none)), Verdict::NoCredentials);
    }

    #[test]
    fn a_servers_trouble_proves_nothing() {
        for status in STATUSES.filter(|status| *status >= 500) {
            assert_eq!(on_create(status), Verdict::InDoubt, "{status}");
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

    /// What the statuses mean for an operation, those in a row that mean the same in one line.
    fn by_statuses(table: &mut String, operation: Operation, of: fn(Operation, u16) -> Verdict) {
        let mut from = STATUSES.start;
        for status in STATUSES {
            let verdict = of(operation, status);
            if status + 1 == STATUSES.end || of(operation, status + 1) != verdict {
                let statuses = if from == status { from.to_string() } else { format!("{from}-{status}") };
                writeln!(table, "{:<10} {statuses}", format!("{verdict:?}")).unwrap();
                from = status + 1;
            }
        }
    }

    #[test]
    fn every_operation_is_read_by_the_one_table_and_reads_differ_only_where_nobody_answered() {
        for operation in Operation::ALL {
            for (code, expected, _) in BY_CODE {
                assert_eq!(verdict(operation, Some(code), 400), *expected, "{operation}: {code}");
            }
            for status in STATUSES {
                let same = by_status(operation, status) == on_create(status);
                let may_differ = operation.only_reads() && on_create(status) == Verdict::InDoubt;
                assert!(same || may_differ, "{operation}: {status}");
                let same = by_bare_status(operation, status) == bare_on_create(status);
                let may_differ = operation.only_reads() && bare_on_create(status) == Verdict::InDoubt;
                assert!(same || may_differ, "{operation}: bare {status}");
            }
        }
    }

    #[test]
    fn not_permitted_is_a_refusal_of_the_call_and_not_of_the_caller() {
        let refused = |code: &str| {
            CallError::Refused(Box::new(Fault { status: 400, code: Some(code.into()), ..Fault::default() }))
        };
        for code in NOT_PERMITTED {
            assert_eq!(verdict(Operation::ListUsers, Some(code), 400), Verdict::Denied, "{code}");
            assert!(is_not_permitted(&refused(code)));
        }
        for code in
            ["UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken", "InvalidParameter"]
        {
            assert!(!is_not_permitted(&refused(code)), "{code}");
        }
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
        by_statuses(&mut table, Operation::CreateUser, by_status);
        table.push_str("else by status, where the call only reads\n");
        by_statuses(&mut table, Operation::ListUsers, by_status);
        table.push_str("without a code of the service's, by status\n");
        by_statuses(&mut table, Operation::CreateUser, by_bare_status);
        table.push_str("the same, where the call only reads\n");
        by_statuses(&mut table, Operation::ListUsers, by_bare_status);
        insta::assert_snapshot!("verdicts", table);
    }
}
