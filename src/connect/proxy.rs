//! The proxy that the environment names, before it is used: the HTTP library passes over what it cannot read, and would go
//! straight out where somebody meant it not to.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::error::Failure;

/// The variables that say which way HTTPS leaves, as they stand. Their values hold credentials and are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The first of `HTTPS_PROXY` and `https_proxy` that is set.
    pub https: Option<Variable>,
    /// The first of `ALL_PROXY` and `all_proxy` that is set; holds where the other is not, or is empty.
    pub all: Option<Variable>,
    /// The first of `NO_PROXY` and `no_proxy` that is set.
    pub none: Option<Variable>,
}

/// A variable of the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it holds; `None` where that is no text.
    pub value: Option<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

impl Proxies {
    /// Fails where what is to be asked at this URL would go through a proxy that cannot be understood. `HTTP_PROXY` is not
    /// among them: plain HTTP goes nowhere but to this machine.
    ///
    /// # Errors
    /// Exit 2, with the name of the variable and no word of what it holds.
    pub(crate) fn check(&self, url: &str) -> Result<(), Failure> {
        let Ok(uri) = url.parse::<Uri>() else { return Ok(()) }; // told by whoever asks it
        if uri.host().is_some_and(super::endpoint::is_loopback) {
            return Ok(());
        }
        if let Some(Variable { name, value: None }) = &self.none {
            return Err(unusable(name, "it is no text"));
        }
        let but = self.none.as_ref().and_then(|none| none.value.clone()).unwrap_or_default();
        // Whether a proxy would be asked at all, by the library's own rules.
        if Matcher::builder().all("http://proxy").no(but).build().intercept(&uri).is_none() {
            return Ok(());
        }
        let is_set = |variable: &&Variable| variable.value.as_deref() != Some("");
        let used = self.https.as_ref().filter(is_set).or_else(|| self.all.as_ref().filter(is_set));
        match used {
            Some(Variable { name, value }) => {
                fault(value.as_deref()).map_or(Ok(()), |why| Err(unusable(name, why)))
            }
            None => Ok(()),
        }
    }
}

fn unusable(name: &str, why: &str) -> Failure {
    Failure::usage(format!("the proxy of the environment cannot be used: {why}: `{name}`"))
        .hint("it is to be as `http://proxy.example.com:3128`, with USER:PASSWORD@ before the host where it asks for them")
}

/// Why a proxy's address cannot be used. What is in it stays here.
fn fault(value: Option<&str>) -> Option<&'static str> {
    let Some(value) = value else { return Some("it is no text") };
    let Ok(uri) = value.parse::<Uri>() else { return Some("it is no address") };
    let Some(authority) = uri.authority() else { return Some("it has no host") };
    match uri.scheme_str() {
        None | Some("http" | "https") => {}
        Some(scheme) if scheme.starts_with("socks") => return Some("SOCKS is not supported"),
        Some(_) => return Some("it is neither http nor https"),
    }
    let place = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, place)| place);
    let has_port = place.rsplit_once(']').map_or(place, |(_, behind)| behind).contains(':');
    if authority.host().is_empty() {
        Some("it has no host")
    } else if has_port && authority.port_u16().is_none_or(|port| port == 0) {
        Some("its port is none")
    } else if uri.path_and_query().is_some_and(|behind| behind.as_str().contains('@')) {
        // A password with a slash in it ends the host there. Any other path is passed over, as the AWS CLI does (urllib3).
        Some(
            "there is more behind its host; a slash, `?` or `#` in a password is written `%2F`, `%3F` or `%23`",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: &str = "https://connect.us-west-2.amazonaws.com";

    fn set(name: &'static str, value: &str) -> Option<Variable> {
        Some(Variable { name, value: Some(value.to_owned()) })
    }

    fn with(value: &str) -> Proxies {
        Proxies { https: set("HTTPS_PROXY", value), ..Proxies::default() }
    }

    #[test]
    fn a_proxy_that_cannot_be_read_is_refused_by_the_name_of_its_variable_alone() {
        for value in [
            "http://",
            "http://secret:pa ss@proxy:1",
            "http://proxy:99999",
            "http://proxy:0",
            "http://proxy:",
            "://secret",
            "ftp://secret@proxy",
            "socks5://secret@proxy:1",
            "http://secret:a/b@proxy:80",
            "http://secret:80/b@proxy",
            "http:/secret",
            "http://[::1",
            "http://secret:a#b@proxy:80",
            "http://proxy:x",
        ] {
            let failure = with(value).check(FAR).unwrap_err();
            assert!(failure.what.ends_with("`HTTPS_PROXY`"), "{value}: {}", failure.what);
            assert!(!failure.what.contains("secret"), "{value}: {}", failure.what);
        }
        let no_text =
            Proxies { all: Some(Variable { name: "all_proxy", value: None }), ..Proxies::default() };
        assert!(no_text.check(FAR).unwrap_err().what.ends_with("`all_proxy`"));
        assert_eq!(format!("{:?}", with("http://secret@proxy")), "Proxies");
    }

    #[test]
    fn a_proxy_that_can_be_read_or_is_not_used_is_none_to_refuse() {
        for value in [
            "",
            "proxy",
            "proxy:3128",
            "http://u:p@proxy:3128/",
            "http://proxy:3128/path?query",
            "https://[::1]:8080",
            "http://u:p%2F@proxy",
        ] {
            assert!(with(value).check(FAR).is_ok(), "{value}");
        }
        assert!(with("http://").check("https://127.0.0.1:9").is_ok(), "this machine is asked directly");
        for but in ["*", ".amazonaws.com", "example.com, connect.us-west-2.amazonaws.com"] {
            let proxies = Proxies { none: set("NO_PROXY", but), ..with("http://") };
            assert!(proxies.check(FAR).is_ok(), "{but}");
        }
        let other = Proxies { none: set("NO_PROXY", "example.com"), ..with("http://") };
        assert!(other.check(FAR).is_err());
        // The one that is looked at first hides the other, unless it is empty.
        let both = |https| Proxies { all: set("ALL_PROXY", "http://"), ..with(https) };
        assert!(both("http://proxy").check(FAR).is_ok());
        assert!(both("").check(FAR).unwrap_err().what.ends_with("`ALL_PROXY`"));
    }
}
