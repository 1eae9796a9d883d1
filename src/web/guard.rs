//! Who may ask what: a decision over the head of a request, and nothing else. It cannot be switched off.
//!
//! Only the page that this process has handed its key to may ask for anything but the page itself. A page of another site is
//! stopped by the key, for the header that carries it cannot be sent from elsewhere; a page at a name that was bound to this
//! machine by the `Host`; a page of another port of this machine by `Origin` and `Sec-Fetch-Site`, where a browser sends them.

use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};

use super::routes::{Body, Needs, Route};

/// The header that carries the key.
pub(crate) const KEY: &str = "x-headcount";

/// The header that says which of the tabs asks.
pub(crate) const LEASE: &str = "x-headcount-lease";

/// Why a request goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barred {
    /// It names another host, or none, or several, or itself as a proxy has it.
    WrongHost,
    /// The page itself was asked for by another of our names: it is at the first.
    Elsewhere,
    /// It comes from another page.
    ForeignOrigin,
    /// There is no such thing.
    NotFound,
    /// It is asked for otherwise.
    WrongMethod,
    /// It has no key.
    NoKey,
    /// Its key is not ours.
    WrongKey,
    /// Another tab is at work.
    Lease,
    /// Its body is of another type.
    WrongType,
}

impl Barred {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Elsewhere => StatusCode::TEMPORARY_REDIRECT,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoKey | Self::WrongKey => StatusCode::UNAUTHORIZED,
            Self::Lease => StatusCode::LOCKED,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// The code that the page knows it by.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::WrongHost | Self::Elsewhere => "wrong-host",
            Self::ForeignOrigin => "foreign-origin",
            Self::NotFound => "not-found",
            Self::WrongMethod => "wrong-method",
            Self::NoKey => "no-key",
            Self::WrongKey => "wrong-key",
            Self::Lease => "lease",
            Self::WrongType => "wrong-type",
        }
    }
}

/// What is known of the session as a request comes.
pub(crate) struct Known<'k> {
    /// Our port.
    pub(crate) port: u16,
    /// Whether a key is ours; compared in constant time.
    pub(crate) is_key: &'k dyn Fn(&[u8]) -> bool,
    /// Which tab is at work.
    pub(crate) lease: u64,
}

/// Decides. `route` is what the path names, and whether it may be asked for by this method.
///
/// # Errors
/// Why it goes no further.
pub(crate) fn judge(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    route: Option<&Route>,
    is_path: bool,
    known: &Known<'_>,
) -> Result<(), Barred> {
    let host = host(uri, headers);
    let names = [format!("127.0.0.1:{}", known.port), format!("[::1]:{}", known.port)];
    let is_ours = |text: &[u8]| names.iter().any(|name| name.as_bytes() == text);
    let is_shell = route.is_some_and(|route| route.needs == Needs::Nothing);
    match host {
        Some(host) if is_ours(host) => {}
        Some(host) if is_shell && host == format!("localhost:{}", known.port).as_bytes() => {
            return Err(Barred::Elsewhere);
        }
        _ => return Err(Barred::WrongHost),
    }
    if !is_origin(headers, &names) {
        return Err(Barred::ForeignOrigin);
    }
    let Some(route) = route else {
        return Err(if is_path { Barred::WrongMethod } else { Barred::NotFound });
    };
    // A file that leads to the page, and an address that was typed, are other sites.
    if !is_shell && !is_same_origin(headers) {
        return Err(Barred::ForeignOrigin);
    }
    if route.needs >= Needs::Key {
        match only(headers, KEY) {
            None => return Err(Barred::NoKey),
            Some(key) if !(known.is_key)(key) => return Err(Barred::WrongKey),
            Some(_) => {}
        }
    }
    if route.needs == Needs::Lease {
        let lease = only(headers, LEASE).and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
        if lease != Some(known.lease) {
            return Err(Barred::Lease);
        }
    }
    let wanted = match route.body {
        Body::None => None,
        Body::Json(_) => Some("application/json"),
        Body::Octets(_) => Some("application/octet-stream"),
    };
    let sent = only(headers, CONTENT_TYPE.as_str());
    match wanted {
        Some(wanted) if sent.is_none_or(|sent| !sent.eq_ignore_ascii_case(wanted.as_bytes())) => {
            Err(Barred::WrongType)
        }
        _ if method == Method::OPTIONS => Err(Barred::WrongMethod),
        _ => Ok(()),
    }
}

/// The one host that a request names; none where it names none, or several, or is written as for a proxy.
fn host<'h>(uri: &Uri, headers: &'h HeaderMap) -> Option<&'h [u8]> {
    if uri.authority().is_some() || uri.scheme().is_some() {
        return None;
    }
    only(headers, HOST.as_str())
}

/// Whether it comes from our own page, as far as a browser says where it comes from.
fn is_origin(headers: &HeaderMap, names: &[String; 2]) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => {
            names.iter().any(|name| format!("http://{name}").as_bytes() == origin.as_bytes())
        }
        (Some(_), Some(_)) => false,
    }
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().all(|site| site.as_bytes() == b"same-origin")
}

/// The value of a header that is there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

/// Headers of every answer. There is none that lets another site in.
pub(crate) const HEADERS: [(&str, &str); 9] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; worker-src 'none'; require-trusted-types-for 'script'; trusted-types \
         lit-html",
    ),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-dns-prefetch-control", "off"),
];

#[cfg(test)]
mod tests {
    use super::super::routes::ROUTES;
    use super::*;

    const PORT: u16 = 4321;

    fn judged(route: &Route, uri: &str, headers: &[(&str, &str)]) -> Result<(), Barred> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let known = Known { port: PORT, is_key: &|key| key == b"right", lease: 7 };
        judge(&route.method.clone(), &uri.parse().unwrap(), &map, Some(route), true, &known)
    }

    /// Headers with which every route is passed.
    fn right(route: &Route) -> Vec<(&'static str, &'static str)> {
        let mut headers = vec![("host", "127.0.0.1:4321")];
        if route.needs >= Needs::Key {
            headers.push(("x-headcount", "right"));
        }
        if route.needs == Needs::Lease {
            headers.push(("x-headcount-lease", "7"));
        }
        match route.body {
            Body::None => {}
            Body::Json(_) => headers.push(("content-type", "application/json")),
            Body::Octets(_) => headers.push(("content-type", "application/octet-stream")),
        }
        headers
    }

    fn with(route: &Route, name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
        let mut headers = right(route);
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value));
        headers
    }

    #[test]
    fn every_route_is_passed_by_our_own_page_alone() {
        assert!(ROUTES.len() > 30);
        for route in &ROUTES {
            let told = format!("{} {}", route.method, route.path);
            assert_eq!(judged(route, "/x", &right(route)), Ok(()), "{told}");
            for own in ["127.0.0.1:4321", "[::1]:4321"] {
                assert_eq!(judged(route, "/x", &with(route, "host", own)), Ok(()), "{told}");
            }
            let is_shell = route.needs == Needs::Nothing;
            for host in [
                "evil.example:4321",
                "evil.example",
                "127.0.0.1",
                "127.0.0.1:4322",
                "127.0.0.1:4321.",
                "127.0.0.1.:4321",
                "0.0.0.0:4321",
                "127.1:4321",
                "127.0.0.1.evil.example:4321",
                "[::ffff:127.0.0.1]:4321",
                "user@127.0.0.1:4321",
                "127.0.0.1:04321",
                "",
                "2130706433:4321",
                "[::1%lo]:4321",
                "LOCALHOST:4321",
                "localhost",
                "localhost:4322",
                "localhost.:4321",
            ] {
                assert_eq!(
                    judged(route, "/x", &with(route, "host", host)),
                    Err(Barred::WrongHost),
                    "{told} {host}"
                );
            }
            let of_localhost = judged(route, "/x", &with(route, "host", "localhost:4321"));
            assert_eq!(
                of_localhost,
                Err(if is_shell { Barred::Elsewhere } else { Barred::WrongHost }),
                "{told}"
            );
            let mut none = right(route);
            none.retain(|(name, _)| *name != "host");
            assert_eq!(judged(route, "/x", &none), Err(Barred::WrongHost), "{told}: none");
            let mut two = right(route);
            two.push(("host", "127.0.0.1:4321"));
            assert_eq!(judged(route, "/x", &two), Err(Barred::WrongHost), "{told}: two");
            let absolute = judged(route, "http://127.0.0.1:4321/x", &right(route));
            assert_eq!(absolute, Err(Barred::WrongHost), "{told}: as for a proxy");
            for origin in [
                "http://evil.example",
                "null",
                "https://127.0.0.1:4321",
                "http://127.0.0.1:4322",
                "http://localhost:4321",
                "http://127.0.0.1",
                "file://",
            ] {
                assert_eq!(
                    judged(route, "/x", &with(route, "origin", origin)),
                    Err(Barred::ForeignOrigin),
                    "{told} {origin}"
                );
            }
            assert_eq!(
                judged(route, "/x", &with(route, "origin", "http://127.0.0.1:4321")),
                Ok(()),
                "{told}"
            );
            for site in ["cross-site", "same-site", "none"] {
                let judged = judged(route, "/x", &with(route, "sec-fetch-site", site));
                assert_eq!(
                    judged,
                    if is_shell { Ok(()) } else { Err(Barred::ForeignOrigin) },
                    "{told} {site}"
                );
            }
            if route.needs >= Needs::Key {
                assert_eq!(
                    judged(route, "/x", &with(route, "x-headcount", "wrong")),
                    Err(Barred::WrongKey),
                    "{told}"
                );
                let mut none = right(route);
                none.retain(|(name, _)| *name != "x-headcount");
                assert_eq!(judged(route, "/x", &none), Err(Barred::NoKey), "{told}");
                let mut two = right(route);
                two.push(("x-headcount", "right"));
                assert_eq!(judged(route, "/x", &two), Err(Barred::NoKey), "{told}");
            }
            if route.needs == Needs::Lease {
                for lease in ["6", "", "7x", "-7"] {
                    assert_eq!(
                        judged(route, "/x", &with(route, "x-headcount-lease", lease)),
                        Err(Barred::Lease),
                        "{told} {lease}"
                    );
                }
            }
            if route.body != Body::None {
                for kind in [
                    "text/plain",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data; boundary=x",
                    "application/jsonx",
                    "",
                ] {
                    assert_eq!(
                        judged(route, "/x", &with(route, "content-type", kind)),
                        Err(Barred::WrongType),
                        "{told} {kind}"
                    );
                }
            }
        }
    }

    #[test]
    fn only_the_page_itself_and_the_exchange_of_a_code_need_no_key() {
        let open: Vec<String> = ROUTES
            .iter()
            .filter(|route| route.needs < Needs::Key)
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        assert_eq!(open, ["GET /", "GET /page/*", "POST /api/session"]);
    }

    #[test]
    fn whatever_changes_something_needs_the_lease() {
        for route in &ROUTES {
            let changes =
                route.method != Method::GET && !["/api/session", "/api/lease"].contains(&route.path);
            assert!(!changes || route.needs == Needs::Lease, "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn no_answer_lets_another_site_in() {
        for (name, value) in HEADERS {
            assert!(!name.starts_with("access-control"), "{name}");
            assert!(!value.contains('*') && !value.contains("unsafe"), "{value}");
        }
    }
}
