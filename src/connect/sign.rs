//! Signature version 4, over bytes that are held. A fresh signature for every attempt.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as sign_request};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};

use crate::connect::endpoint::Service;

/// Signs the request as it stands; headers that are added later are not covered.
///
/// The defaults of the signing library are right for both services: the path is encoded twice and normalised, and
/// the session token is signed (checked against `botocore.auth.SigV4Auth`). `Host` is signed from the URI.
pub(super) fn sign(
    request: &mut Request<Bytes>,
    service: Service,
    region: &str,
    identity: &Identity,
    now: SystemTime,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let parameters = v4::SigningParams::builder()
        .identity(identity)
        .region(region)
        .name(service.signing_name())
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let uri = request.uri().to_string();
    let mut headers = Vec::with_capacity(request.headers().len());
    for (name, value) in request.headers() {
        headers.push((name.as_str(), value.to_str()?));
    }
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new(request.method().as_str(), uri, headers.into_iter(), body)?;
    let (instructions, _) = sign_request(signable, &parameters)?.into_parts();
    let (signed, _) = instructions.into_parts();
    for header in signed {
        let mut value = HeaderValue::from_str(header.value())?;
        // The signing library marks the session token only.
        value.set_sensitive(header.sensitive() || header.name() == AUTHORIZATION.as_str());
        request.headers_mut().insert(HeaderName::from_static(header.name()), value);
    }
    Ok(())
}
