//! What went wrong with a call, as data: nothing here decides what to do about it.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER, SERVER, VIA};
use serde::Deserialize;
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::clock::system_time;
use crate::connect::credentials::CredentialsError;
use crate::connect::operation::Operation;
use crate::connect::repeats::repeats;
use crate::connect::transport::TransportError;
use crate::crash::{self, Sabotage};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The service answered, and said no.
    #[error("{0}")]
    Refused(Box<Fault>),
    /// The request surely did not reach the service: it may be sent again.
    #[error("not sent: {0}")]
    NotSent(#[source] TransportError),
    /// The request may or may not have been carried out.
    #[error("no usable answer: {0}")]
    Unclear(#[source] TransportError),
    /// Something was answered, and not to what was asked: of somebody else, or with nobody named. It is not believed.
    #[error("{0}")]
    Mistaken(String),
    /// There is nothing to sign with.
    #[error("{0}")]
    NoCredentials(CredentialsError),
}

impl CallError {
    /// The service's refusal, if it is one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Refused(fault) => Some(fault),
            _ => None,
        }
    }

    /// An answer to `operation` that is not about what was asked for.
    ///
    /// A cache or a proxy that mixes answers up is all that it takes; what it says may be true of somebody, and proves
    /// nothing of whoever was asked for.
    pub(crate) fn mistaken(operation: Operation, what: impl fmt::Display) -> Self {
        Self::Mistaken(format!("{operation} answered something that was not asked: {what}"))
    }

    /// Whether the service refused with this error code.
    pub fn is(&self, code: &str) -> bool {
        self.fault().is_some_and(|fault| fault.code.as_deref() == Some(code))
    }
}

/// The service's refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The error code, without namespace and URL, as in `DuplicateResourceException`.
    pub code: Option<String>,
    /// The service's own message, verbatim, or its code where it repeats the password; at most 2048 bytes of it.
    pub message: Option<String>,
    /// The service's id for the request.
    pub request_id: Option<String>,
    /// How long the service asks to wait; at most a day.
    pub retry_after: Option<Duration>,
    /// The service's clock at the answer, to the second.
    pub date: Option<SystemTime>,
    /// Who answered, as it calls itself (`Server`, else `Via`); at most 80 characters of it.
    pub by: Option<String>,
    /// The host that was asked, with its port where one was named.
    pub host: Option<String>,
}

/// A name or an id of an answer as a message has it: not longer than any that the service gives.
pub(crate) fn brief(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const AMZ_RETRY_AFTER: HeaderName = HeaderName::from_static("x-amz-retry-after");

/// More than this of an error's body is not looked at: no error of the service is nearly as long.
const BODY_LIMIT: usize = 64 * 1024;
const MESSAGE_LIMIT: usize = 2048;
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Fault {
    /// Reads an answer that is not a success. Tolerates every body: a proxy's HTML just has no code and no message.
    ///
    /// The code is the header `x-amzn-errortype`, else the body's `code`, `Code` or `__type`, cut at `:` and taken
    /// from behind `#`; the message is the body's `message` or `Message` (botocore 1.43, `parsers.py`). A wait is
    /// `x-amz-retry-after` in milliseconds, else `Retry-After` in seconds or as a date; `now` is used for the latter
    /// where the answer has no date. `secret` is the password that was sent, which a message may repeat.
    pub(crate) fn parse(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
        secret: Option<&str>,
    ) -> Self {
        let body = Body::read(body);
        let date = date(headers);
        let code = text(headers, &ERROR_TYPE).or(body.code.as_deref());
        // Looked at while it is whole: what a cut leaves of a password is no longer found.
        let code = code.and_then(|code| match tells(code, secret) {
            true => Some(REDACTED.to_owned()),
            false => bare_code(code),
        });
        let message = body.message.filter(|message| !message.trim().is_empty()).map(|message| match &code {
            // Replaced whole: what is left of it might say where the password was, and what of it is wrong.
            Some(code) if tells(&message, secret) => code.clone(),
            None if tells(&message, secret) => format!("HTTP {status}"),
            _ => clip(message),
        });
        Self {
            status,
            code,
            message,
            request_id: request_id(headers).map(|id| redact(id, secret)),
            retry_after: retry_after(headers, date.unwrap_or(now)),
            date,
            by: text(headers, &SERVER).or_else(|| text(headers, &VIA)).map(|by| {
                redact(by.to_owned(), secret).chars().filter(|c| !c.is_control()).take(80).collect()
            }),
            host: None,
        }
    }

    /// The status, with who was asked and who says to have answered: ``HTTP 405 from `127.0.0.1:80`, `squid/5.7` ``.
    pub(crate) fn answerer(&self) -> String {
        let mut who = format!("HTTP {}", self.status);
        let names = [(" from ", &self.host), (", ", &self.by)];
        for (before, name) in names.into_iter().filter_map(|(before, name)| Some((before, name.as_deref()?)))
        {
            who.push_str(&format!("{before}`{name}`"));
        }
        who
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}"),
            (Some(code), None) => write!(f, "{code} (HTTP {})", self.status),
            (None, Some(message)) => write!(f, "HTTP {}: {message}", self.status),
            (None, None) => write!(f, "{}, without a word of the service's", self.answerer()),
        }
    }
}

/// The service's id for a request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    text(headers, &REQUEST_ID).map(str::to_owned)
}

/// The service's clock (`Date`).
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    text(headers, &DATE).and_then(http_date)
}

#[derive(Default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
}

impl Body {
    fn read(bytes: &[u8]) -> Self {
        // Any JSON value is taken, for a member may be there with another type, and the rest still counts.
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Members {
            code: serde_json::Value,
            #[serde(rename = "Code")]
            upper_code: serde_json::Value,
            #[serde(rename = "__type")]
            kind: serde_json::Value,
            message: serde_json::Value,
            #[serde(rename = "Message")]
            upper_message: serde_json::Value,
        }
        if bytes.len() > BODY_LIMIT {
            return Self::default();
        }
        let members: Members = serde_json::from_slice(bytes).unwrap_or_default();
        let string = |value: serde_json::Value| value.as_str().filter(|s| !s.is_empty()).map(str::to_owned);
        Self {
            code: string(members.code)
                .or_else(|| string(members.upper_code))
                .or_else(|| string(members.kind)),
            message: string(members.message).or_else(|| string(members.upper_message)),
        }
    }
}

/// `com.amazonaws.connect#ThrottlingException:http://internal.amazon.com/…` → `ThrottlingException`.
fn bare_code(raw: &str) -> Option<String> {
    let code = raw.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().trim();
    (!code.is_empty()).then(|| code.to_owned())
}

/// What stands in place of a text that repeats the secret.
const REDACTED: &str = "[redacted]";

/// A word of the service's, or what stands in its place where it repeats the secret in any spelling.
pub(crate) fn redact(word: String, secret: Option<&str>) -> String {
    if tells(&word, secret) { REDACTED.to_owned() } else { word }
}

fn tells(text: &str, secret: Option<&str>) -> bool {
    !crash::sabotage(Sabotage::RepeatPassword) && secret.is_some_and(|secret| repeats(text, secret))
}

fn clip(mut message: String) -> String {
    if message.len() > MESSAGE_LIMIT {
        let end = (0..=MESSAGE_LIMIT).rev().find(|&i| message.is_char_boundary(i)).unwrap_or(0);
        message.truncate(end);
    }
    message
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let milliseconds =
        text(headers, &AMZ_RETRY_AFTER).and_then(|t| t.parse().ok()).map(Duration::from_millis);
    let wait = milliseconds.or_else(|| {
        let value = text(headers, &RETRY_AFTER)?;
        match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => http_date(value).map(|at| at.duration_since(now).unwrap_or_default()),
        }
    })?;
    Some(wait.min(LONGEST_WAIT))
}

const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// `Mon, 23 Nov 2026 14:38:13 GMT` (RFC 9110, the one form that may be sent).
fn http_date(value: &str) -> Option<SystemTime> {
    PrimitiveDateTime::parse(value, HTTP_DATE).ok().and_then(|at| system_time(at.assume_utc()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::Fault;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_code_is_the_headers_else_the_bodys_without_namespace_and_url() {
        let table: [(&str, &str, Option<&str>); 13] = [
            ("ThrottlingException", "", Some("ThrottlingException")),
            ("LimitExceededException:", "{}", Some("LimitExceededException")),
            (
                "TooManyRequestsException:http://internal.amazon.com/x/",
                "{}",
                Some("TooManyRequestsException"),
            ),
            ("a.b#InvalidRequestException:http://x#y", "{}", Some("InvalidRequestException")),
            ("One", r#"{"code":"Two"}"#, Some("One")),
            ("", r#"{"code":"Two","Code":"Three","__type":"Four"}"#, Some("Two")),
            ("", r#"{"Code":"Three","__type":"Four"}"#, Some("Three")),
            ("", r#"{"__type":"com.amazonaws.connect#DuplicateResourceException"}"#, {
                Some("DuplicateResourceException")
            }),
            ("", r#"{"code":7,"__type":"Four"}"#, Some("Four")),
            ("", r#"{"__type":""}"#, None),
            (":", "[]", None),
            ("", "<html>Bad gateway</html>", None),
            ("", "{\"__type\":\"Cut", None),
        ];
        for (header, body, expected) in table {
            let headers =
                if header.is_empty() { HeaderMap::new() } else { headers(&[("x-amzn-errortype", header)]) };
            let fault = Fault::parse(400, &headers, body.as_bytes(), at(0), None);
            assert_eq!(fault.code.as_deref(), expected, "{header} {body}");
        }
    }

    #[test]
    fn a_message_is_either_member_of_the_body() {
        let message = |body: &str| Fault::parse(400, &HeaderMap::new(), body.as_bytes(), at(0), None).message;
        assert_eq!(message(r#"{"message":"a"}"#).as_deref(), Some("a"));
        assert_eq!(message(r#"{"Message":"b"}"#).as_deref(), Some("b"));
        assert_eq!(message(r#"{"message":null,"Message":"b"}"#).as_deref(), Some("b"));
        assert_eq!(message(r#"{"message":{"a":1}}"#), None);
        assert_eq!(message("<html>"), None);
        assert_eq!(message(""), None);
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(3000));
        assert_eq!(message(&long).unwrap().len(), 2048);
        let huge = format!(r#"{{"message":"{}"}}"#, "a".repeat(70_000));
        assert_eq!(message(&huge), None);
    }

    #[test]
    fn a_password_is_redacted_in_the_forms_that_it_takes_in_other_texts() {
        let secret = "Can\"ary\\7<f>&3a+Pw/é";
        for form in [
            secret.to_owned(),
            serde_json::to_string(secret).expect("text").trim_matches('"').to_owned(),
            "Can&quot;ary\\7&lt;f&gt;&amp;3a+Pw/é".to_owned(),
            "Can%22ary%5C7%3Cf%3E%263a%2BPw%2F%C3%A9".to_owned(),
            secret.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        ] {
            let body = serde_json::json!({ "message": format!("no: {form}.") }).to_string();
            let fault = Fault::parse(400, &HeaderMap::new(), body.as_bytes(), UNIX_EPOCH, Some(secret));
            assert_eq!(fault.message.as_deref(), Some("HTTP 400"), "{form}");
        }
    }

    #[test]
    fn a_password_is_repeated_neither_in_a_code_nor_in_an_id() {
        let secret = "Canary-7f3a:Pw1#x";
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-errortype", HeaderValue::from_static("a.b#Canary-7f3a:Pw1#x"));
        headers.insert("x-amzn-requestid", HeaderValue::from_static("id-Canary-7f3a:Pw1#x"));
        let fault = Fault::parse(400, &headers, b"{}", UNIX_EPOCH, Some(secret));
        assert_eq!(fault.code.as_deref(), Some("[redacted]"));
        assert_eq!(fault.request_id.as_deref(), Some("[redacted]"));
        let body = br#"{"__type":"Canary-7f3a:Pw1#x"}"#;
        let fault = Fault::parse(400, &HeaderMap::new(), body, UNIX_EPOCH, Some(secret));
        assert_eq!(fault.code.as_deref(), Some("[redacted]"));
    }

    #[test]
    fn a_password_that_the_service_repeats_is_redacted_before_the_message_is_cut() {
        let body = r#"{"message":"Invalid password Canary-7f3a-\"Pw1 (Canary-7f3a-\"Pw1)"}"#;
        let fault = Fault::parse(400, &HeaderMap::new(), body.as_bytes(), at(0), Some("Canary-7f3a-\"Pw1"));
        assert_eq!(fault.message.as_deref(), Some("HTTP 400"));
        let body = format!(r#"{{"message":"{}Canary-7f3a-Pw1"}}"#, "a".repeat(2040));
        let fault = Fault::parse(400, &HeaderMap::new(), body.as_bytes(), at(0), Some("Canary-7f3a-Pw1"));
        assert_eq!(
            fault.message.as_deref(),
            Some("HTTP 400"),
            "although the cut would have left a part of it"
        );
    }

    #[test]
    fn a_wait_is_read_from_either_header_and_bounded() {
        let date = ("date", "Mon, 23 Nov 2026 14:38:13 GMT");
        type Headers = [(&'static str, &'static str)];
        let table: [(&Headers, Option<u64>); 9] = [
            (&[("x-amz-retry-after", "1500")], Some(1500)),
            (&[("x-amz-retry-after", "1500"), ("retry-after", "9")], Some(1500)),
            (&[("x-amz-retry-after", "soon"), ("retry-after", "9")], Some(9000)),
            (&[("retry-after", "18446744073709551615")], Some(86_400_000)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "Mon, 23 Nov 2026 14:38:20 GMT"), date], Some(7000)),
            (&[("retry-after", "Mon, 23 Nov 2026 14:38:00 GMT"), date], Some(0)),
            (&[("retry-after", "Thu, 01 Jan 1970 00:00:05 GMT")], Some(5000)),
            (&[date], None),
        ];
        for (pairs, expected) in table {
            let fault = Fault::parse(429, &headers(pairs), b"", at(0), None);
            assert_eq!(fault.retry_after, expected.map(Duration::from_millis), "{pairs:?}");
        }
    }

    #[test]
    fn the_request_id_and_the_services_clock_are_kept() {
        let headers = headers(&[("x-amzn-requestid", "r-1"), ("date", "Mon, 23 Nov 2026 14:38:13 GMT")]);
        let fault = Fault::parse(500, &headers, b"", at(0), None);
        assert_eq!((fault.request_id.as_deref(), fault.date), (Some("r-1"), Some(at(1_795_444_693))));
        assert_eq!(fault.to_string(), "HTTP 500, without a word of the service's");
    }

    proptest! {
        #[test]
        fn any_answer_can_be_read(
            status in 300u16..600,
            values in prop::collection::vec("[ -~]{0,40}", 5),
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let names = ["x-amzn-errortype", "x-amz-retry-after", "retry-after", "date", "x-amzn-requestid"];
            let pairs: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
            let fault = Fault::parse(status, &headers(&pairs), &body, at(0), None);
            prop_assert!(fault.code.is_none_or(|code| !code.contains([':', '#'])));
        }
    }
}
