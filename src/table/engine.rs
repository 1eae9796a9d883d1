//! Asks DynamoDB and waits for the answer, from whatever thread: on a runtime of its own, for whoever asks may be within one
//! already, or be the thread that writes a ledger.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

use super::items::{self, MADE_BY, OTHER_KEYS};
use crate::clock::{Clock as _, Moment, SystemClock};
use crate::connect::Environment;
use crate::connect::dynamodb::{TableClient, TableError, TableOperation};
use crate::lane::backoff::{Delays, Random};
use crate::ledger::shared::{EngineFault, EngineTrouble, TableUrl};

/// The waits before something is asked again.
const BASE: Duration = Duration::from_millis(50);
const CAP: Duration = Duration::from_secs(5);

/// Waits with jitter: all who share an engine come back to it when it does.
pub(super) fn delays() -> Box<dyn FnMut() -> Duration + Send> {
    let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
    let mut delays = Delays::new(BASE, CAP, Random::seeded(seed));
    Box::new(move || delays.next(None))
}

/// A connection to a table's region.
pub(super) struct Engine {
    client: Arc<TableClient>,
    /// Taken when this is dropped, which may be within another runtime.
    runtime: Option<Runtime>,
    /// Who is told that no answer comes.
    trouble: EngineTrouble,
    /// What to do where there is no such table.
    absent: String,
}

/// What was answered.
pub(super) enum Asked {
    /// It was done.
    Done(Value),
    /// The condition failed; with the item that stands there, where the engine tells it.
    Failed(Option<Map<String, Value>>),
}

impl Engine {
    pub(super) fn new(
        url: &TableUrl,
        environment: &Environment,
        trouble: EngineTrouble,
    ) -> Result<Self, EngineFault> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("table").enable_all().build();
        let runtime =
            runtime.map_err(|error| EngineFault::refused(format!("cannot start a thread: {error}"), ""))?;
        let (environment, region) = (environment.clone(), url.own_region().map(str::to_owned));
        let made = on(&runtime, &trouble, "its credentials are looked for", async move {
            let environment = environment.with_profile().await?;
            TableClient::new(region.as_deref(), &environment, Arc::new(SystemClock))
        })?;
        let client = made.map_err(|failure| {
            let cause = failure.source.as_ref().map(|source| format!(": {source}")).unwrap_or_default();
            EngineFault::refused(format!("{}{cause}", failure.what), failure.hint.unwrap_or_default())
        })?;
        let absent = format!(
            "there is no such table there: region and account are the table's own; make it with: {}",
            url.made_with()
        );
        Ok(Self { client: Arc::new(client), runtime: Some(runtime), trouble, absent })
    }

    /// Makes one attempt.
    pub(super) fn ask(&self, operation: TableOperation, body: Value) -> Result<Asked, EngineFault> {
        let Some(runtime) = &self.runtime else {
            return Err(EngineFault::refused("the table was let go of", ""));
        };
        let client = Arc::clone(&self.client);
        let waits = format!("{} is not answered yet", operation.name());
        let answered =
            on(runtime, &self.trouble, &waits, async move { client.call(operation, &body).await })?;
        match answered {
            Ok(answer) => Ok(Asked::Done(answer)),
            Err(error) => self.read(operation, error),
        }
    }

    /// Something has been waited for since `begun`: it is told where that was a while ago.
    pub(super) fn waits(&self, begun: Moment, what: &str) {
        self.trouble.waits(begun, SystemClock.moment(), what);
    }

    fn read(&self, operation: TableOperation, error: TableError) -> Result<Asked, EngineFault> {
        let said = error.to_string();
        let (fault, body) = match error {
            TableError::Refused { fault, body } => (fault, body),
            TableError::Unclear(what) => return Err(EngineFault::unclear(what)),
            TableError::Unusable { what, hint } => return Err(EngineFault::refused(what, hint)),
        };
        let code = fault.code.as_deref().unwrap_or_default();
        let hint = match code {
            "ConditionalCheckFailedException" => {
                let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                return Ok(Asked::Failed(items::object(answer.get_mut("Item"))));
            }
            "ResourceNotFoundException" => &*self.absent,
            "AccessDeniedException" | "UnauthorizedOperation" | "AccessDenied" => {
                "`headcount policy` prints what is to be permitted for a shared ledger"
            }
            "ExpiredTokenException"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignatureException" => "sign in anew with the credentials of the table's account",
            // Whoever only looks may not describe the table, and finds it out so.
            "ValidationException" if is_of_other_keys(&said) => {
                return Err(EngineFault::refused(
                    format!("{OTHER_KEYS} ({}: {said})", operation.name()),
                    MADE_BY,
                ));
            }
            "ValidationException"
            | "ItemCollectionSizeLimitExceededException"
            | "SerializationException"
            | "UnknownOperationException" => "",
            // A throttle, an engine in trouble, or somebody in between: perhaps it was done, and asking again is of use.
            _ => return Err(EngineFault::unclear(format!("{}: {said}", operation.name()))),
        };
        Err(EngineFault::refused(format!("{} at {}: {said}", operation.name(), self.client.endpoint()), hint))
    }
}

/// Whether the table was asked for an item by keys that are not its own: by the words of DynamoDB, which has one code for all
/// that is wrong with a request.
fn is_of_other_keys(said: &str) -> bool {
    [
        "The provided key element does not match the schema", // GetItem, UpdateItem
        "Query key condition not supported",                  // Query, where there is no such sort key
        "Query condition missed key schema element",          // and where the partition key has another name
        "Condition parameter type does not match schema type", // and where a key is no string
        "Missing the key",                                    // PutItem
        "Type mismatch for key",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// How often it is looked whether somebody is to be told that there is no answer.
const GLANCE: Duration = Duration::from_secs(1);

/// Has a runtime do something, and waits for it; what is waited for is told where that takes a while.
fn on<T: Send + 'static>(
    runtime: &Runtime,
    trouble: &EngineTrouble,
    what: &str,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, EngineFault> {
    let begun = SystemClock.moment();
    let (done, waits) = sync_channel(1);
    runtime.spawn(async move {
        let _ = done.send(work.await);
    });
    loop {
        match waits.recv_timeout(GLANCE) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => {
                trouble.waits(begun, SystemClock.moment(), what);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(EngineFault::unclear("the thread that asks the table has ended"));
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
