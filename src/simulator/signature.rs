//! Signature Version 4, checked from the document and not with the code that signs.
//!
//! Source: AWS, "Create a signed AWS API request"; for every service but S3 the path is encoded a second time and
//! dot segments are removed (checked against botocore for the paths that this program makes).

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::keys::{Key, Keys, user_of};
use super::wire::{Refusal, Request};

/// How far a request's time may be from the service's (AWS: "Troubleshoot SigV4", five minutes).
const SKEW: Duration = Duration::from_secs(5 * 60);

/// All but the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Checks signatures, and remembers which session tokens have expired.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    keys: Keys,
    expired: HashSet<String>,
    /// The last signing key and the access key and scope it is for: deriving one costs four hashes, and it changes once a day.
    signing: Option<(String, Vec<u8>)>,
}

/// Who calls, as far as matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// As the service names them.
    pub(super) arn: String,
    pub(super) session_token: Option<String>,
    /// Whether the keys are those of a role.
    pub(super) is_role: bool,
}

impl Caller {
    /// Whoever calls where nobody is asked to sign.
    pub(super) fn anybody(account: &str) -> Self {
        Self { arn: user_of(account), session_token: None, is_role: false }
    }
}

/// What an `Authorization` header says.
struct Authorization<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl Gate {
    /// Lets those in who have keys of these accounts.
    pub(super) fn of<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Self {
        Self { keys: Keys::of(accounts), expired: HashSet::new(), signing: None }
    }

    /// The account and the region that a request says it is of; nothing is checked. `None` where no such key is known.
    pub(super) fn place_of(&self, request: &Request) -> Option<(String, String)> {
        let authorization = Authorization::of(request).ok()?;
        let account = self.keys.account(authorization.access_key)?;
        Some((account.to_owned(), authorization.region.to_owned()))
    }

    /// Lets whoever signs with this key in from now on.
    pub(super) fn know(&mut self, id: String, key: Key) {
        self.keys.add(id, key);
    }

    /// Lets a request in whose signature is right, for this region or for any, or says why not, always with status 403.
    pub(super) fn admit(
        &mut self,
        now: SystemTime,
        region: Option<&str>,
        service: &str,
        request: &Request,
    ) -> Result<Caller, Refusal> {
        let authorization = Authorization::of(request)?;
        let stamp = request.header("x-amz-date").ok_or_else(|| {
            incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        })?;
        let token = request.header("x-amz-security-token").map(str::to_owned);
        let Some(key) = self.keys.get(authorization.access_key, token.as_deref()).cloned() else {
            return Err(Refusal::new(
                403,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ));
        };
        check_time(now, stamp)?;
        authorization.check_scope(stamp, region, service)?;
        authorization.check_signed_headers(request)?;
        let expected = self.signature(&authorization, &key.secret, stamp, request);
        if expected.as_deref() != Some(authorization.signature) {
            return Err(invalid(
                "The request signature we calculated does not match the signature you provided. Check your AWS \
                 Secret Access Key and signing method. Consult the service documentation for details.",
            ));
        }
        let is_over = key.session.as_ref().is_some_and(|session| session.expires <= now);
        if is_over || token.as_ref().is_some_and(|token| self.expired.contains(token)) {
            return Err(expired());
        }
        Ok(Caller { arn: key.arn, session_token: token, is_role: key.session.is_some() })
    }

    /// Ends a session: its token is refused from now on.
    pub(super) fn expire(&mut self, token: &str) {
        self.expired.insert(token.to_owned());
    }

    /// The signature that the request should carry, in hexadecimal.
    fn signature(
        &mut self,
        authorization: &Authorization<'_>,
        secret: &str,
        stamp: &str,
        request: &Request,
    ) -> Option<String> {
        let Authorization { access_key, date, region, service, .. } = authorization;
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let canonical = canonical_request(request, &authorization.signed)?;
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let of = format!("{access_key}/{scope}");
        if self.signing.as_ref().is_none_or(|(known, _)| *known != of) {
            let key = [*date, *region, *service, "aws4_request"]
                .iter()
                .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part.as_bytes()));
            self.signing = Some((of, key));
        }
        let (_, key) = self.signing.as_ref()?;
        Some(hex(&hmac(key, text.as_bytes())))
    }
}

/// The error for a token that was good once.
pub(super) fn expired() -> Refusal {
    Refusal::new(403, "ExpiredTokenException", "The security token included in the request is expired")
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(403, "InvalidSignatureException", message)
}

fn incomplete(message: &str) -> Refusal {
    Refusal::new(403, "IncompleteSignatureException", message)
}

impl<'a> Authorization<'a> {
    fn of(request: &'a Request) -> Result<Self, Refusal> {
        let header = request.header("authorization").ok_or_else(|| {
            Refusal::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        })?;
        Self::parse(header).ok_or_else(|| {
            incomplete(
                "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
            )
        })
    }

    fn parse(header: &'a str) -> Option<Self> {
        let (mut credential, mut signed, mut signature) = (None, None, None);
        for part in header.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed = Some(value.split(';').collect()),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.split('/');
        let (access_key, date, region) = (scope.next()?, scope.next()?, scope.next()?);
        let (service, end) = (scope.next()?, scope.next()?);
        if end != "aws4_request" || scope.next().is_some() {
            return None;
        }
        Some(Self { access_key, date, region, service, signed: signed?, signature: signature? })
    }

    fn check_scope(&self, stamp: &str, region: Option<&str>, service: &str) -> Result<(), Refusal> {
        if stamp.get(..8) != Some(self.date) {
            return Err(invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
            ));
        }
        if region.is_some_and(|region| self.region != region) {
            return Err(invalid(format!(
                "Credential should be scoped to a valid region, not '{}'.",
                self.region
            )));
        }
        if self.service != service {
            return Err(invalid(format!("Credential should be scoped to correct service: '{service}'.")));
        }
        Ok(())
    }

    /// `host` and every `x-amz-` header must be signed, and every header that is said to be signed must be there.
    fn check_signed_headers(&self, request: &Request) -> Result<(), Refusal> {
        let must =
            request.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
        for name in must.chain(["host"]) {
            if !self.signed.contains(&name) {
                return Err(invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
            }
        }
        match self.signed.iter().find(|name| !request.headers.contains_key(**name)) {
            Some(name) => Err(invalid(format!("The signed header '{name}' is not in the request."))),
            None => Ok(()),
        }
    }
}

/// A request that is more than five minutes old or ahead is refused whatever its signature.
fn check_time(now: SystemTime, stamp: &str) -> Result<(), Refusal> {
    let signed =
        PrimitiveDateTime::parse(stamp, format_description!("[year][month][day]T[hour][minute][second]Z"))
            .map_err(|_| incomplete("Date must be in ISO-8601 'basic format'."))?;
    let signed = SystemTime::from(signed.assume_utc());
    if now.duration_since(signed).is_ok_and(|age| age > SKEW) {
        let (limit, now) = (basic(now - SKEW), basic(now));
        return Err(invalid(format!(
            "Signature expired: {stamp} is now earlier than {limit} ({now} - 5 min.)"
        )));
    }
    if signed.duration_since(now).is_ok_and(|lead| lead > SKEW) {
        let (limit, now) = (basic(now + SKEW), basic(now));
        return Err(invalid(format!(
            "Signature not yet current: {stamp} is still later than {limit} ({now} + 5 min.)"
        )));
    }
    Ok(())
}

fn basic(at: SystemTime) -> String {
    OffsetDateTime::from(at)
        .format(format_description!("[year][month][day]T[hour][minute][second]Z"))
        .unwrap_or_default()
}

fn canonical_request(request: &Request, signed: &[&str]) -> Option<String> {
    let (path, query) = request.split();
    let mut text = format!("{}\n{}\n{}\n", request.method, canonical_path(path), canonical_query(query));
    for name in signed {
        let values: Option<Vec<&str>> =
            request.headers.get_all(*name).iter().map(|value| value.to_str().ok()).collect();
        let value = values?.join(",");
        let value: Vec<&str> = value.split_ascii_whitespace().collect();
        let _ = writeln!(text, "{name}:{}", value.join(" "));
    }
    let _ = write!(text, "\n{}\n{}", signed.join(";"), hex(&Sha256::digest(&request.body)));
    Some(text)
}

fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let tail = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    let encoded: Vec<String> =
        segments.iter().map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string()).collect();
    format!("/{}{tail}", encoded.join("/"))
}

fn canonical_query(query: &str) -> String {
    let again = |text: &str| {
        utf8_percent_encode(&percent_decode_str(text).decode_utf8_lossy(), UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use aws_credential_types::Credentials;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::{Caller, Gate, hex, hmac};
    use crate::simulator::{ACCESS_KEY_ID, Request, SECRET_ACCESS_KEY, session_token};

    /// Signs as a client does, with the crate that clients use: the other side of the check.
    pub(in crate::simulator) fn signed(
        request: Request,
        now: SystemTime,
        secret: &str,
        token: Option<String>,
        service: &str,
    ) -> Request {
        let keys = Credentials::new(ACCESS_KEY_ID, secret, token, None, "test");
        signed_by(&keys, request, now, "eu-central-1", service)
    }

    /// The same, with any keys and for any region.
    pub(in crate::simulator) fn signed_by(
        keys: &Credentials,
        mut request: Request,
        now: SystemTime,
        region: &str,
        service: &str,
    ) -> Request {
        request.headers.insert("host", HeaderValue::from_static("127.0.0.1:8000"));
        let identity = keys.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .expect("parameters")
            .into();
        let uri = format!("http://127.0.0.1:8000{}", request.target);
        let signable = SignableRequest::new(
            request.method.as_str(),
            &uri,
            request.headers.iter().map(|(n, v)| (n.as_str(), v.to_str().expect("ASCII"))),
            SignableBody::Bytes(&request.body),
        )
        .expect("signable");
        let (instructions, _) = sign(signable, &params).expect("signed").into_parts();
        for header in instructions.into_parts().0 {
            request.headers.insert(
                HeaderName::from_static(header.name()),
                HeaderValue::from_str(header.value()).expect("a header"),
            );
        }
        request
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_444_693)
    }

    fn plain(method: Method, target: &str, body: &'static str) -> Request {
        Request { method, target: target.into(), headers: HeaderMap::new(), body: Bytes::from(body) }
    }

    fn gate() -> Gate {
        Gate::of(["123456789012"])
    }

    fn verdict(request: &Request) -> Result<Caller, (u16, &'static str)> {
        gate()
            .admit(now(), Some("eu-central-1"), "connect", request)
            .map_err(|refusal| (refusal.status, refusal.code))
    }

    #[test]
    fn hmac_is_rfc_4231s() {
        let mac = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn what_another_implementation_signs_is_let_in() {
        for target in [
            "/users/11111111-2222-3333-4444-555555555555",
            "/users/arn%3Aaws%3Aconnect%3Aeu-central-1%3A1%3Ainstance%2F1111",
            "/users-summary/i?nextToken=a%2Bb%2Fc%3D%3D&maxResults=10",
            "/instance",
            "/",
        ] {
            for token in [None, Some(session_token(3))] {
                let request = signed(
                    plain(Method::PUT, target, "{\"Username\":\"jörg\"}"),
                    now(),
                    SECRET_ACCESS_KEY,
                    token.clone(),
                    "connect",
                );
                let arn = "arn:aws:iam::123456789012:user/simulated".to_owned();
                let caller = Caller { arn, session_token: token, is_role: false };
                assert_eq!(verdict(&request), Ok(caller), "{target}");
            }
        }
    }

    #[test]
    fn whatever_is_changed_after_signing_is_refused() {
        let good = signed(
            plain(Method::PUT, "/users/i?a=1", "{}"),
            now(),
            SECRET_ACCESS_KEY,
            Some(session_token(1)),
            "connect",
        );
        assert!(verdict(&good).is_ok());
        let changes: [fn(&mut Request); 6] = [
            |r| r.body = Bytes::from_static(b"{ }"),
            |r| r.target = "/users/j?a=1".into(),
            |r| r.target = "/users/i?a=2".into(),
            |r| r.method = Method::POST,
            |r| drop(r.headers.insert("host", HeaderValue::from_static("127.0.0.1:8001"))),
            |r| {
                drop(r.headers.insert(
                    "x-amz-security-token",
                    HeaderValue::from_static("headcount//simulated+session==2"),
                ))
            },
        ];
        for change in changes {
            let mut request = good.clone();
            change(&mut request);
            assert_eq!(verdict(&request), Err((403, "InvalidSignatureException")), "{request:?}");
        }
    }

    #[test]
    fn who_may_not_call_is_told_why() {
        let sign_at = |at, secret: &str, service| {
            signed(plain(Method::GET, "/instance", ""), at, secret, None, service)
        };
        let minutes = |m: u64| Duration::from_secs(60 * m);
        let table = [
            (plain(Method::GET, "/instance", ""), "MissingAuthenticationTokenException"),
            (sign_at(now(), "another secret", "connect"), "InvalidSignatureException"),
            (sign_at(now(), SECRET_ACCESS_KEY, "s3"), "InvalidSignatureException"),
            (sign_at(now() - minutes(6), SECRET_ACCESS_KEY, "connect"), "InvalidSignatureException"),
            (sign_at(now() + minutes(6), SECRET_ACCESS_KEY, "connect"), "InvalidSignatureException"),
            (
                signed(
                    plain(Method::GET, "/instance", ""),
                    now(),
                    SECRET_ACCESS_KEY,
                    Some("a token of nobody's".into()),
                    "connect",
                ),
                "UnrecognizedClientException",
            ),
        ];
        for (request, code) in &table {
            assert_eq!(verdict(request), Err((403, *code)));
        }
        assert!(verdict(&sign_at(now() - minutes(4), SECRET_ACCESS_KEY, "connect")).is_ok());
        assert!(verdict(&sign_at(now() + minutes(4), SECRET_ACCESS_KEY, "connect")).is_ok());
    }

    #[test]
    fn an_unknown_key_is_not_recognized() {
        let mut request =
            signed(plain(Method::GET, "/instance", ""), now(), SECRET_ACCESS_KEY, None, "connect");
        let header =
            request.headers["authorization"].to_str().expect("ASCII").replace(ACCESS_KEY_ID, "AKIAOTHER");
        request.headers.insert("authorization", HeaderValue::from_str(&header).expect("a header"));
        assert_eq!(verdict(&request), Err((403, "UnrecognizedClientException")));
    }

    #[test]
    fn an_authorization_that_cannot_be_read_is_incomplete() {
        for header in [
            "",
            "Basic QTpC",
            "AWS4-HMAC-SHA256 Credential=a/b/c/d",
            "AWS4-HMAC-SHA256 x",
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request/e, SignedHeaders=host, Signature=0",
        ] {
            let mut request = plain(Method::GET, "/instance", "");
            request.headers.insert("authorization", HeaderValue::from_static(header));
            assert_eq!(verdict(&request), Err((403, "IncompleteSignatureException")), "{header}");
        }
    }

    #[test]
    fn every_amazon_header_must_be_signed() {
        let mut request =
            signed(plain(Method::GET, "/instance", ""), now(), SECRET_ACCESS_KEY, None, "connect");
        request.headers.insert("x-amz-target", HeaderValue::from_static("Elsewhere.Delete"));
        assert_eq!(verdict(&request), Err((403, "InvalidSignatureException")));
    }

    #[test]
    fn an_expired_session_stays_expired_and_a_new_one_is_let_in() {
        let mut gate = gate();
        gate.expire(&session_token(1));
        let call = |gate: &mut Gate, n| {
            let request = signed(
                plain(Method::GET, "/instance", ""),
                now(),
                SECRET_ACCESS_KEY,
                Some(session_token(n)),
                "connect",
            );
            gate.admit(now(), Some("eu-central-1"), "connect", &request).map_err(|refusal| refusal.code)
        };
        assert_eq!(call(&mut gate, 1), Err("ExpiredTokenException"));
        assert!(call(&mut gate, 2).is_ok());
        assert_eq!(call(&mut gate, 1), Err("ExpiredTokenException"));
    }
}
