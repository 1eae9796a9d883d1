//! What goes into a world and what comes out, without sockets.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// A request as it stands on the wire. Its body may hold a password: `Debug` shows the method and the target only.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded, as in `/users-summary/IID?maxResults=10`.
    pub target: String,
    /// The headers, `host` among them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A header's text, or `None` where it is missing or not ASCII.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The path and the query, apart.
    pub(super) fn split(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// An answer and what becomes of it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What the service answered, whether or not it arrives.
    pub answer: Answer,
    /// Whether it arrives.
    pub delivery: Delivery,
    /// How long the client waits before it arrives or the connection is closed.
    pub after: Duration,
}

/// What becomes of an answer on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives.
    Deliver,
    /// The connection is closed without an answer, and nothing was done.
    DropBefore,
    /// The connection is closed without an answer, although the call was executed.
    DropAfter,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those that belong to the connection.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// An answer with the headers that every answer of the service has.
    pub(super) fn new(now: SystemTime, request_id: &str, status: StatusCode, body: Bytes) -> Self {
        let mut answer = Self { status, headers: HeaderMap::new(), body };
        answer.set("content-type", "application/json");
        answer.set("date", &http_date(now));
        answer.set("x-amzn-requestid", request_id);
        answer
    }

    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// An error of the service: its status, its code and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequestException", message)
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterException", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "ResourceNotFoundException", message)
    }

    pub(super) fn internal() -> Self {
        Self::new(
            500,
            "InternalServiceException",
            "Request processing failed because of an error or failure with the service.",
        )
    }
}

/// Prints a time as HTTP has it (RFC 9110, IMF-fixdate).
fn http_date(at: SystemTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    OffsetDateTime::from(at).format(&FORMAT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_date_is_written_as_http_has_it() {
        let at = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(super::http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
