//! The wire to DynamoDB: one attempt a call, signed by the program's own client. An SDK would try a conditional write again
//! by itself, and then nobody could tell a condition that failed from a write that had succeeded.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::Value;

use crate::clock::Clock;
use crate::connect::credentials::{Credentials, Refreshed};
use crate::connect::endpoint::Service;
use crate::connect::fault::Fault;
use crate::connect::sign::sign;
use crate::connect::target::{Environment, of_table};
use crate::connect::transport::{Certainty, HttpOptions, HttpTransport, Transport};
use crate::error::Failure;

/// How long one call may take: an engine that is slower is asked again.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tables to query are a megabyte a page (Amazon DynamoDB developer guide, *Query*); as JSON that can be some more.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

const JSON_1_0: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// So far off, a clock is what a refused signature is refused for.
const OFF: Duration = Duration::from_secs(60);

/// An operation of DynamoDB (API version 2012-08-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableOperation {
    /// Reads an item.
    GetItem,
    /// Reads the items of a partition.
    Query,
    /// Writes an item whole.
    PutItem,
    /// Changes an item.
    UpdateItem,
    /// Says how a table is.
    DescribeTable,
    /// Makes a table.
    CreateTable,
    /// Sets how far back a table can be restored.
    UpdateContinuousBackups,
}

impl TableOperation {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::GetItem => "GetItem",
            Self::Query => "Query",
            Self::PutItem => "PutItem",
            Self::UpdateItem => "UpdateItem",
            Self::DescribeTable => "DescribeTable",
            Self::CreateTable => "CreateTable",
            Self::UpdateContinuousBackups => "UpdateContinuousBackups",
        }
    }

    /// The IAM action that permits it.
    pub(crate) fn action(self) -> String {
        format!("dynamodb:{}", self.name())
    }
}

/// A call without a result.
#[derive(Debug)]
pub(crate) enum TableError {
    /// DynamoDB answered, and said no.
    Refused {
        /// What it said.
        fault: Box<Fault>,
        /// The body as it came: a failed condition may have the item in it.
        body: Bytes,
    },
    /// No usable answer came: the call may have been carried out.
    Unclear(String),
    /// There is nothing to sign with, or nowhere to send it.
    Unusable {
        /// What is missing.
        what: String,
        /// What helps.
        hint: String,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { fault, .. } => fault.fmt(f),
            Self::Unclear(what) | Self::Unusable { what, .. } => f.write_str(what),
        }
    }
}

/// A connection to the tables of one region.
pub(crate) struct TableClient {
    endpoint: Uri,
    region: String,
    credentials: Credentials,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    /// How far the service's clock is ahead of ours, in milliseconds.
    skew: AtomicI64,
}

impl TableClient {
    /// Reaches the tables of a region over the network. `environment` has what the profile's files say.
    ///
    /// # Errors
    /// Exit 2 where no region is known or the endpoint cannot be used.
    pub(crate) fn new(
        region: Option<&str>,
        environment: &Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let (region, url) = of_table(region, environment)?;
        environment.proxies.check(&url)?;
        let options = HttpOptions {
            timeout: TIMEOUT,
            body_limit: BODY_LIMIT,
            ca_bundle: environment.ca_bundle.clone(),
            ..HttpOptions::default()
        };
        let transport = Arc::new(HttpTransport::new([url.as_str()], &options)?);
        // Loading them can take a person's while, as for every other service.
        let credentials = Credentials::chain(&region, environment, None, &HttpOptions::default());
        let endpoint = format!("{url}/").parse().map_err(|error: http::uri::InvalidUri| {
            Failure::usage(format!("the endpoint of the table cannot be used: `{url}`")).because(error)
        })?;
        Ok(Self { endpoint, region, credentials, transport, clock, skew: AtomicI64::new(0) })
    }

    /// Where it asks.
    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.to_string()
    }

    /// Makes one attempt. What was refused for an expired token or for our clock, and so was not carried out, is asked once
    /// more with that mended.
    pub(crate) async fn call(&self, operation: TableOperation, body: &Value) -> Result<Value, TableError> {
        let refused = self.credentials.generation();
        let first = self.attempt(operation, body).await;
        let Err(TableError::Refused { fault, .. }) = &first else { return first };
        let is_mended = match fault.code.as_deref() {
            Some("ExpiredTokenException" | "ExpiredToken" | "UnrecognizedClientException") => {
                matches!(self.credentials.refresh(refused, self.now()).await, Ok(Refreshed::Changed))
            }
            Some("InvalidSignatureException" | "RequestExpired" | "SignatureDoesNotMatch") => {
                fault.date.is_some_and(|date| self.corrects(date))
            }
            _ => false,
        };
        if is_mended { self.attempt(operation, body).await } else { first }
    }

    async fn attempt(&self, operation: TableOperation, body: &Value) -> Result<Value, TableError> {
        let unusable = |what: String, hint: &str| TableError::Unusable { what, hint: hint.to_owned() };
        let held = self.credentials.identity(self.now()).await;
        let held = held.map_err(|error| unusable(error.what, &error.hint))?;
        let mut request = Request::new(Bytes::from(body.to_string()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let target = format!("DynamoDB_20120810.{}", operation.name());
        let target = HeaderValue::from_str(&target).map_err(|error| unusable(error.to_string(), ""))?;
        request.headers_mut().insert(CONTENT_TYPE, JSON_1_0);
        request.headers_mut().insert(TARGET, target);
        sign(&mut request, Service::DynamoDb, &self.region, &held.identity, self.now())
            .map_err(|error| unusable(format!("cannot sign the request: {error}"), ""))?;
        let response = self.transport.send(request).await.map_err(|error| match error.certainty {
            Certainty::NotSent | Certainty::Unclear | Certainty::Foreign => {
                TableError::Unclear(format!("{}: {}", operation.name(), error.what))
            }
        })?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let fault = Fault::parse(head.status.as_u16(), &head.headers, &body, self.now(), None);
            return Err(TableError::Refused { fault: Box::new(fault), body });
        }
        serde_json::from_slice(&body).map_err(|error| {
            TableError::Unclear(format!("{}: the answer cannot be read: {error}", operation.name()))
        })
    }

    fn now(&self) -> SystemTime {
        let (now, skew) = (self.clock.now(), self.skew.load(Ordering::Relaxed));
        let shift = Duration::from_millis(skew.unsigned_abs());
        let shifted = if skew < 0 { now.checked_sub(shift) } else { now.checked_add(shift) };
        shifted.unwrap_or(now)
    }

    /// Signs by the service's clock from now on; says whether that is any different.
    fn corrects(&self, date: SystemTime) -> bool {
        let (now, signed) = (self.clock.now(), self.now());
        let off = date.duration_since(signed).unwrap_or_else(|fast| fast.duration());
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let skew = match date.duration_since(now) {
            Ok(slow) => milliseconds(slow),
            Err(fast) => -milliseconds(fast.duration()),
        };
        self.skew.store(skew, Ordering::Relaxed);
        off > OFF
    }
}
