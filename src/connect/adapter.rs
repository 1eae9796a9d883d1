//! reqwest as the HTTP client of the credentials' sources, so that the program has one HTTP and TLS stack.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::connect::endpoint;
use crate::connect::transport::{HttpOptions, trusting};

/// Makes and keeps one connector for every pair of time-outs that is asked for.
pub(super) struct Adapter {
    options: HttpOptions,
    connectors: Mutex<HashMap<TimeOuts, SharedHttpConnector>>,
}

/// To connect, and to read the answer's head.
type TimeOuts = (Option<Duration>, Option<Duration>);

impl Adapter {
    pub(super) fn new(options: HttpOptions) -> Self {
        Self { options, connectors: Mutex::default() }
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adapter")
    }
}

impl HttpClient for Adapter {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let key = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        connectors
            .entry(key)
            .or_insert_with(|| SharedHttpConnector::new(Connector::new(key.0, key.1, &self.options)))
            .clone()
    }
}

/// Time-outs must be honoured: without them a metadata service that swallows packets costs 40 s instead of 4 s.
#[derive(Debug)]
struct Connector {
    /// For the metadata services and loopback: never through a proxy.
    direct: Result<reqwest::Client, String>,
    /// For STS and SSO, which a proxy may be the only way to.
    outward: Result<reqwest::Client, String>,
    read_timeout: Option<Duration>,
}

impl Connector {
    fn new(connect: Option<Duration>, read_timeout: Option<Duration>, options: &HttpOptions) -> Self {
        super::install_tls();
        let builder = || {
            reqwest::Client::builder()
                .connect_timeout(connect.unwrap_or(options.connect_timeout))
                .timeout(options.timeout)
                .pool_idle_timeout(Duration::from_secs(15))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
        };
        Self {
            direct: builder().no_proxy().tls_certs_only([]).build().map_err(|e| e.to_string()),
            outward: trusting(builder(), options).map_err(|failure| failure.to_string()),
            read_timeout,
        }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = match reach(request.uri()) {
            Reach::Direct => self.direct.clone(),
            Reach::Outward => self.outward.clone(),
            Reach::Refused => Err("plain http is for this machine and the metadata services only".to_owned()),
        };
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let client = client.map_err(|what| ConnectorError::other(what.into(), None))?;
            let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
            let request = request.map(|body| body.bytes().map(Bytes::copy_from_slice).unwrap_or_default());
            let request = request.try_into().map_err(|e: reqwest::Error| ConnectorError::user(e.into()))?;
            let sent = client.execute(request);
            let mut response = match read_timeout {
                None => sent.await.map_err(connector_error)?,
                Some(limit) => match tokio::time::timeout(limit, sent).await {
                    Ok(response) => response.map_err(connector_error)?,
                    Err(elapsed) => return Err(ConnectorError::timeout(elapsed.into())),
                },
            };
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(connector_error)? {
                body.extend_from_slice(&chunk);
                if body.len() > BODY_LIMIT {
                    return Err(ConnectorError::other("the answer is too long".into(), None));
                }
            }
            let mut answer = http::Response::new(SdkBody::from(body));
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            HttpResponse::try_from(answer).map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    // A source's address may have a name and a password in it.
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_connect() {
        ConnectorError::io(error.into()).never_connected()
    } else {
        ConnectorError::io(error.into())
    }
}

/// The longest answer that is taken, in bytes: a token of any source is a hundredth of it.
const BODY_LIMIT: usize = 1 << 20;

/// How a source of credentials is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Never through a proxy: this machine and the metadata services.
    Direct,
    /// Over TLS, through the environment's proxy if there is one.
    Outward,
    /// Not at all: keys would travel in the clear.
    Refused,
}

fn reach(uri: &str) -> Reach {
    match uri.parse::<http::Uri>() {
        Ok(uri) if is_local(&uri) => Reach::Direct,
        Ok(uri) if uri.scheme_str() == Some("https") => Reach::Outward,
        _ => Reach::Refused,
    }
}

/// Whether the host is this machine or a metadata service: EC2's, ECS's and EKS's link-local addresses.
fn is_local(uri: &http::Uri) -> bool {
    let Some(host) = uri.host() else { return false };
    let metadata = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.segments()[..2] == [0xfd00, 0x0ec2],
        Err(_) => false,
    };
    uri.scheme_str() == Some("http") && (metadata || endpoint::is_loopback(host))
}

#[cfg(test)]
mod tests {
    use super::{Reach, reach};

    #[test]
    fn metadata_services_and_loopback_bypass_the_proxy_and_nothing_else_does() {
        let local = [
            "http://169.254.169.254/latest/api/token",
            "http://[fd00:ec2::254]/latest",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://localhost:1234/creds",
            "http://127.0.0.1/creds",
        ];
        for uri in local {
            assert_eq!(reach(uri), Reach::Direct, "{uri}");
        }
        for uri in ["https://sts.us-east-1.amazonaws.com/", "https://portal.sso.eu-west-1.amazonaws.com"] {
            assert_eq!(reach(uri), Reach::Outward, "{uri}");
        }
    }

    #[test]
    fn keys_are_never_fetched_over_plain_http_from_another_machine() {
        for uri in [
            "http://10.0.0.1/",
            "http://sts.us-east-1.amazonaws.com/",
            "http://localhost.evil.example/",
            "x",
            "",
        ] {
            assert_eq!(reach(uri), Reach::Refused, "{uri}");
        }
    }
}
