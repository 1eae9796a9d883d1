//! One HTTP exchange: reqwest over rustls, or whatever stands in its place in a test or a rehearsal.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, Uri};
use reqwest::tls::Certificate;

use crate::clock::{self, SystemClock};
use crate::connect::endpoint;
use crate::error::Failure;

/// A future that can be held in a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one request and brings the whole answer, once. It never sends a request twice.
///
/// The request has an absolute URI and is signed for that URI's authority; there is no `Host` header in it, for an
/// HTTP/1.1 client adds the same. Any status is an answer.
pub trait Transport: Send + Sync {
    /// Sends the request.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

/// What is known of a request that has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// No byte of it left this machine: DNS, connect or TLS failed.
    NotSent,
    /// It may have been carried out.
    Unclear,
    /// So it may, and what was answered is nothing that the service says: a page of somebody in between.
    Foreign,
}

/// An exchange without a usable answer. Holds nothing of the request or of the answer's body.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct TransportError {
    /// Whether the request can have been carried out.
    pub(crate) certainty: Certainty,
    /// What happened, from the outermost to the innermost cause.
    pub(crate) what: String,
}

impl TransportError {
    /// An exchange that ended before the first byte of the request was sent.
    pub fn not_sent(what: impl Into<String>) -> Self {
        Self { certainty: Certainty::NotSent, what: what.into() }
    }

    /// An exchange that ended somewhere after that.
    pub fn unclear(what: impl Into<String>) -> Self {
        Self { certainty: Certainty::Unclear, what: what.into() }
    }

    /// An exchange that brought a success that is none of the service's.
    pub(crate) fn foreign(what: String) -> Self {
        Self { certainty: Certainty::Foreign, what }
    }
}

/// How long to wait, how much to take, and whom to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// For DNS, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For the whole exchange.
    pub timeout: Duration,
    /// The longest answer that is taken, in bytes.
    pub body_limit: usize,
    /// Certificates to trust in place of the system's (`AWS_CA_BUNDLE`), in PEM.
    pub ca_bundle: Option<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            body_limit: 8 * 1024 * 1024,
            ca_bundle: None,
        }
    }
}

/// The network. This machine is reached directly, everything else through the environment's proxy if there is one.
#[derive(Clone, Debug)]
pub(crate) struct HttpTransport {
    direct: reqwest::Client,
    /// `None` where every endpoint is on this machine, so that neither proxy nor certificates are needed.
    outward: Option<reqwest::Client>,
    body_limit: usize,
    /// For the whole exchange.
    timeout: Duration,
}

impl HttpTransport {
    /// Makes the clients. `endpoints` are the URLs that will be asked.
    ///
    /// Fails where the machine has no certificates to trust, or the bundle cannot be read: exit code 2.
    pub(crate) fn new<'a>(
        endpoints: impl IntoIterator<Item = &'a str>,
        options: &HttpOptions,
    ) -> Result<Self, Failure> {
        let uris: Vec<Uri> = endpoints.into_iter().filter_map(|url| url.parse().ok()).collect();
        let local_tls = uris.iter().any(|uri| goes_direct(uri) && uri.scheme_str() == Some("https"));
        let direct = builder(options).no_proxy();
        let direct = if local_tls {
            trusting(direct, options)?
        } else {
            direct.tls_certs_only([]).build().map_err(unusable)?
        };
        let outward =
            if uris.iter().all(goes_direct) { None } else { Some(trusting(builder(options), options)?) };
        Ok(Self { direct, outward, body_limit: options.body_limit, timeout: options.timeout })
    }
}

fn goes_direct(uri: &Uri) -> bool {
    uri.host().is_some_and(endpoint::is_loopback)
}

fn builder(options: &HttpOptions) -> reqwest::ClientBuilder {
    super::install_tls();
    reqwest::Client::builder()
        .connect_timeout(options.connect_timeout)
        // Below what load balancers keep an idle connection for, so that one is rarely closed as it is taken.
        .pool_idle_timeout(Duration::from_secs(15))
        .tcp_keepalive(Duration::from_secs(15))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
}

/// Builds a client that trusts the bundle, or the system's certificates.
pub(super) fn trusting(
    builder: reqwest::ClientBuilder,
    options: &HttpOptions,
) -> Result<reqwest::Client, Failure> {
    let builder = match &options.ca_bundle {
        None => builder,
        Some(path) => {
            let bundle = |error: Box<dyn StdError + Send + Sync>| {
                let what = format!("cannot use the certificates of AWS_CA_BUNDLE: `{}`", path.display());
                let hint =
                    "name a file of certificates in PEM there, or unset it to trust what the system does";
                Failure::usage(what).because(error).hint(hint)
            };
            let pem = std::fs::read(path).map_err(|e| bundle(e.into()))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|e| bundle(e.into()))?;
            if certificates.is_empty() {
                return Err(bundle("there is no certificate in it".into()));
            }
            builder.tls_certs_only(certificates)
        }
    };
    builder.build().map_err(unusable)
}

fn unusable(error: reqwest::Error) -> Failure {
    Failure::usage("cannot set up TLS").because(error).hint(
        "install the system's CA certificates (package `ca-certificates`), or name a PEM file in AWS_CA_BUNDLE",
    )
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let client = match &self.outward {
            Some(outward) if !goes_direct(request.uri()) => outward,
            _ => &self.direct,
        };
        Box::pin(async move {
            // Not the client's own timer, which would stand still while the machine sleeps: one timer a request is enough.
            let exchange = exchange(client, request, self.body_limit);
            let answered = clock::within(&SystemClock, self.timeout, exchange);
            let late = || TransportError::unclear("timed out: the exchange failed: operation timed out");
            answered.await.unwrap_or_else(|| Err(late()))
        })
    }
}

async fn exchange(
    client: &reqwest::Client,
    request: Request<Bytes>,
    body_limit: usize,
) -> Result<Response<Bytes>, TransportError> {
    let creates = request.method() == http::Method::PUT;
    let request = request.try_into().map_err(|e| failed(&e))?;
    let mut response = client.execute(request).await.map_err(|e| failed(&e))?;
    if creates {
        crate::crash::point("answer-unread");
    }
    let too_long = || TransportError::unclear(format!("the answer is longer than {body_limit} bytes"));
    if response.content_length().is_some_and(|length| length > body_limit as u64) {
        return Err(too_long());
    }
    // Nearly every answer is one chunk: it is taken as it is.
    let mut body = response.chunk().await.map_err(|e| failed(&e))?.unwrap_or_default();
    let mut more = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failed(&e))? {
        if more.is_empty() {
            more.extend_from_slice(&body);
        }
        more.extend_from_slice(&chunk);
        if more.len() > body_limit {
            return Err(too_long());
        }
    }
    if !more.is_empty() {
        body = more.freeze();
    }
    if body.len() > body_limit {
        return Err(too_long());
    }
    let mut answer = Response::new(body);
    *answer.status_mut() = response.status();
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    Ok(answer)
}

/// Only a failure to connect (DNS, TCP, TLS) or to make the request proves that nothing was sent. This was tried for
/// refusals, resets, half answers and time-outs: reqwest does not send again, and `is_connect` is true for no other.
fn failed(error: &reqwest::Error) -> TransportError {
    let what = causes(error);
    if error.is_connect() || error.is_builder() {
        TransportError::not_sent(what)
    } else if error.is_timeout() {
        TransportError::unclear(format!("timed out: {what}"))
    } else {
        TransportError::unclear(what)
    }
}

/// The innermost causes say what happened ("Connection refused"), the outer ones which step it was.
fn causes(error: &reqwest::Error) -> String {
    let mut text = match error {
        e if e.is_connect() => "cannot connect".to_owned(),
        e if e.is_body() || e.is_decode() => "the answer broke off".to_owned(),
        e if e.is_builder() => "cannot make the request".to_owned(),
        _ => "the exchange failed".to_owned(),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        // "client error (Connect)" and "tcp connect error" say what the first words have said.
        let is_echo = part.starts_with("client error (") || part == "tcp connect error";
        if !is_echo && !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}

/// What to do where nothing could be sent, by why.
pub(crate) fn way_out(why: &str) -> &'static str {
    if why.contains("invalid peer certificate") {
        "the certificate of whoever answers is not trusted here: where a proxy looks into TLS, name the PEM file of its CA \
         in AWS_CA_BUNDLE; else look at ⟦endpoint-url⟧ and this machine's clock"
    } else {
        "look at the network, the proxy, ⟦region⟧ and ⟦endpoint-url⟧"
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not sent",
            Self::Unclear => "unclear",
            Self::Foreign => "somebody else's",
        })
    }
}
