//! An answer, taken apart once: whoever decides has all of it in hand and nobody looks at a reply again.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::verdict::{Verdict, is_foreign, is_foreign_refusal, is_of_the_service, verdict_of};
use crate::clock::Moment;
use crate::connect::{CallError, Fault, Operation, Reply};

/// What an answer said in words, for the ledger and for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The service's error code; `HTTP 502` where a refusal has none.
    pub(crate) code: Option<String>,
    /// The service's own message, or what befell the call.
    pub(crate) message: Option<String>,
    /// The service's id of the request.
    pub(crate) request_id: Option<String>,
}

impl Told {
    /// The words of what came back; nothing for success but the request's id, which is the caller's to add.
    pub(crate) fn of(error: &CallError) -> Self {
        match error {
            CallError::Refused(fault) => {
                let code = fault.code.clone().filter(|code| is_of_the_service(code, fault.status));
                Self {
                    code: Some(code.unwrap_or_else(|| format!("HTTP {}", fault.status))),
                    message: Some(message_of(fault)),
                    request_id: fault.request_id.clone(),
                }
            }
            CallError::NotSent(_)
            | CallError::Unclear(_)
            | CallError::Mistaken(_)
            | CallError::NoCredentials(_) => Self { message: Some(error.to_string()), ..Self::default() },
        }
    }
}

/// What a refusal says; never nothing, for a row that failed without a word cannot be mended.
fn message_of(fault: &Fault) -> String {
    let (said, who) = (fault.message.as_deref(), fault.answerer());
    match (is_foreign_refusal(fault), said) {
        (true, None) => format!("{who}, without an error code of Amazon Connect's"),
        // Who it was comes first: what a gateway says is long, and mostly of itself.
        (true, Some(said)) => format!("{who}, without an error code of Amazon Connect's: {said}"),
        (false, Some(said)) => said.to_owned(),
        (false, None) => format!("the service gave no reason ({who})"),
    }
}

/// When and as whom a request left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    /// By tokio's clock, as paces count.
    pub(crate) left: Instant,
    /// By the clock that counts the machine's sleep, as patience counts.
    pub(crate) moment: Moment,
    /// The generation of the credentials that it was signed with.
    pub(crate) credentials: u64,
}

/// An answer to one call, without the value that it brought.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// What it means for the operation.
    pub(crate) verdict: Verdict,
    /// What it said.
    pub(crate) told: Told,
    /// The error code as the service gave it; `None` where there was none.
    pub(crate) code: Option<String>,
    /// Somebody in between answered.
    pub(crate) is_foreign: bool,
    /// The id of the user that was made.
    pub(crate) id: Option<String>,
    /// How long the service asks to wait.
    pub(crate) pause: Option<Duration>,
    /// The service's clock at the answer, to the second.
    pub(crate) date: Option<SystemTime>,
    /// When and as whom the request left.
    pub(crate) departure: Departure,
}

impl Answer {
    /// Takes apart what came of a call.
    pub(crate) fn of<T>(operation: Operation, result: &Result<T, CallError>, departure: Departure) -> Self {
        let error = result.as_ref().err();
        let fault = error.and_then(CallError::fault);
        Self {
            verdict: verdict_of(operation, result),
            told: error.map(Told::of).unwrap_or_default(),
            code: fault.and_then(|fault| fault.code.clone()),
            is_foreign: error.is_some_and(is_foreign),
            id: None,
            pause: fault.and_then(|fault| fault.retry_after),
            date: fault.and_then(|fault| fault.date),
            departure,
        }
    }

    /// The same of a reply, whose request has an id for the ledger.
    pub(crate) fn of_reply<T>(
        operation: Operation,
        result: &Result<Reply<T>, CallError>,
        departure: Departure,
    ) -> Self {
        let mut answer = Self::of(operation, result, departure);
        if let Ok(reply) = result {
            answer.told.request_id.clone_from(&reply.request_id);
        }
        answer
    }

    /// The service's own message, or what befell the call; empty where nothing was said.
    pub(crate) fn message(&self) -> String {
        self.told.message.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderMap, HeaderValue};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whatever_is_refused_with_whatever_status_and_body_there_is_a_message() {
        let bodies = [
            "",
            " \r\n",
            "<html><center><h1>refused</h1></center></html>",
            "{}",
            "[]",
            "null",
            "no JSON {",
            r#"{"message":""}"#,
            r#"{"message":" \t"}"#,
            r#"{"Message":null}"#,
            r#"{"message":"Not Found"}"#,
            r#"{"code":"NoRoute","message":"no Route matched"}"#,
        ];
        let departure = Departure { left: Instant::now(), moment: Moment::default(), credentials: 0 };
        for code in ["", "InvalidParameterException", "NewException", "ERR_ACCESS_DENIED"] {
            let mut headers = HeaderMap::new();
            headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
            for (status, body) in (300..600).flat_map(|status| bodies.map(|body| (status, body))) {
                let fault = Fault::parse(status, &headers, body.as_bytes(), UNIX_EPOCH, None);
                let result: Result<(), _> = Err(CallError::Refused(Box::new(fault)));
                for operation in Operation::ALL {
                    let answer = Answer::of(operation, &result, departure);
                    let (message, code) = (answer.message(), answer.told.code.unwrap_or_default());
                    assert!(
                        !code.trim().is_empty() && !message.trim().is_empty() && !message.contains("()"),
                        "{operation}, {status}, {body}: {code} ({message})"
                    );
                    let is_named = message.contains(&status.to_string());
                    assert!(is_named || !answer.is_foreign, "{operation}, {status}, {body}: {message}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_always_says_something_and_a_foreign_one_who_gave_it() {
        let told = |status, code: Option<&str>, message: Option<&str>, by: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let fault =
                Fault { status, code: text(code), message: text(message), by: text(by), ..Fault::default() };
            let told = Told::of(&CallError::Refused(Box::new(fault)));
            (told.code.unwrap(), told.message.unwrap())
        };
        let of = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        let known = Some("InvalidParameterException");
        assert_eq!(told(400, known, Some("no"), None), of("InvalidParameterException", "no"));
        let silent = "the service gave no reason (HTTP 400)";
        assert_eq!(told(400, known, None, None), of("InvalidParameterException", silent));
        let page = "HTTP 404, without an error code of Amazon Connect's";
        assert_eq!(told(404, None, None, None), of("HTTP 404", page));
        let named = "HTTP 404, `squid/5.7`, without an error code of Amazon Connect's: no route";
        assert_eq!(told(404, Some("NoRoute"), Some("no route"), Some("squid/5.7")), of("HTTP 404", named));
    }
}
