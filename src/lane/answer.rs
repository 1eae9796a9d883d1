//! An answer, taken apart once: whoever decides has all of it in hand and nobody looks at a reply again.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::verdict::{Verdict, verdict_of};
use crate::clock::Moment;
use crate::connect::{CallError, Operation, Reply};

/// What an answer said in words, for the ledger and for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The service's error code; `HTTP 502` where a refusal has none.
    pub code: Option<String>,
    /// The service's own message, or what befell the call.
    pub message: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl Told {
    /// The words of what came back; nothing for success but the request's id, which is the caller's to add.
    pub fn of(error: &CallError) -> Self {
        match error {
            CallError::Refused(fault) => Self {
                code: Some(fault.code.clone().unwrap_or_else(|| format!("HTTP {}", fault.status))),
                message: fault.message.clone(),
                request_id: fault.request_id.clone(),
            },
            CallError::NotSent(_) | CallError::Unclear(_) | CallError::NoCredentials(_) => {
                Self { message: Some(error.to_string()), ..Self::default() }
            }
        }
    }
}

/// When and as whom a request left.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// By tokio's clock, as paces count.
    pub left: Instant,
    /// By the clock that counts the machine's sleep, as patience counts.
    pub moment: Moment,
    /// The generation of the credentials that it was signed with.
    pub credentials: u64,
}

/// An answer to one call, without the value that it brought.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it means for the operation.
    pub verdict: Verdict,
    /// What it said.
    pub told: Told,
    /// The error code as the service gave it; `None` where there was none.
    pub code: Option<String>,
    /// The id of the user that was made.
    pub id: Option<String>,
    /// How long the service asks to wait.
    pub pause: Option<Duration>,
    /// The service's clock at the answer, to the second.
    pub date: Option<SystemTime>,
    /// When and as whom the request left.
    pub departure: Departure,
}

impl Answer {
    /// Takes apart what came of a call.
    pub fn of<T>(operation: Operation, result: &Result<T, CallError>, departure: Departure) -> Self {
        let error = result.as_ref().err();
        let fault = error.and_then(CallError::fault);
        Self {
            verdict: verdict_of(operation, result),
            told: error.map(Told::of).unwrap_or_default(),
            code: fault.and_then(|fault| fault.code.clone()),
            id: None,
            pause: fault.and_then(|fault| fault.retry_after),
            date: fault.and_then(|fault| fault.date),
            departure,
        }
    }

    /// The same of a reply, whose request has an id for the ledger.
    pub fn of_reply<T>(
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
    pub fn message(&self) -> String {
        self.told.message.clone().unwrap_or_default()
    }
}
