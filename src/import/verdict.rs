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
