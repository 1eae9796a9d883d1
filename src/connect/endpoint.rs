//! Where a service listens: the endpoint rules as a pure function.
//!
//! Source: botocore 1.43, `data/connect/2017-08-08/endpoint-rule-set-1.json.gz`,
//! `data/service-quotas/2019-06-24/endpoint-rule-set-1.json.gz`, `data/dynamodb/2012-08-10/endpoint-rule-set-1.json.gz` (the
//! same rules, but for the endpoints by account of the latter, which are not needed) and `data/partitions.json`.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// A part of AWS with accounts, names and endpoints of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// As an ARN has it: `aws`, `aws-us-gov` and so on.
    pub(crate) name: &'static str,
    /// The first part of its regions' names.
    prefixes: &'static [&'static str],
    suffix: &'static str,
    dual_stack_suffix: &'static str,
}

/// The partitions, in botocore's order. All of them have FIPS and dual-stack endpoints.
pub(crate) const PARTITIONS: [Partition; 8] = [
    Partition {
        name: "aws",
        prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
        suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
    },
    Partition {
        name: "aws-cn",
        prefixes: &["cn"],
        suffix: "amazonaws.com.cn",
        dual_stack_suffix: "api.amazonwebservices.com.cn",
    },
    Partition {
        name: "aws-eusc",
        prefixes: &["eusc-de"],
        suffix: "amazonaws.eu",
        dual_stack_suffix: "api.amazonwebservices.eu",
    },
    Partition {
        name: "aws-iso",
        prefixes: &["us-iso"],
        suffix: "c2s.ic.gov",
        dual_stack_suffix: "api.aws.ic.gov",
    },
    Partition {
        name: "aws-iso-b",
        prefixes: &["us-isob"],
        suffix: "sc2s.sgov.gov",
        dual_stack_suffix: "api.aws.scloud",
    },
    Partition {
        name: "aws-iso-e",
        prefixes: &["eu-isoe"],
        suffix: "cloud.adc-e.uk",
        dual_stack_suffix: "api.cloud-aws.adc-e.uk",
    },
    Partition {
        name: "aws-iso-f",
        prefixes: &["us-isof"],
        suffix: "csp.hci.ic.gov",
        dual_stack_suffix: "api.aws.hci.ic.gov",
    },
    Partition {
        name: "aws-us-gov",
        prefixes: &["us-gov"],
        suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
    },
];

/// The regions where Amazon Connect is known to be (botocore's `endpoints.json`). Another one may be right too: it is
/// worth a warning, never a refusal.
pub(crate) const KNOWN_REGIONS: [&str; 11] = [
    "af-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-2",
    "us-east-1",
    "us-west-2",
    "us-gov-west-1",
];

impl Partition {
    /// The partition of a region: `PREFIX-WORD-NUMBER` decides, and what fits none is in `aws`.
    pub(crate) fn of_region(region: &str) -> &'static Partition {
        PARTITIONS
            .iter()
            .find(|p| p.prefixes.iter().any(|prefix| fits(region, prefix)))
            .unwrap_or(&PARTITIONS[0])
    }
}

/// Whether the region is `^PREFIX-\w+-\d+$`.
fn fits(region: &str, prefix: &str) -> bool {
    let Some((word, number)) = region
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_word && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Which kinds of endpoint are asked for (`AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variant {
    /// FIPS 140 validated cryptography.
    pub(crate) fips: bool,
    /// IPv4 and IPv6.
    pub(crate) dual_stack: bool,
}

/// Why there is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    /// An override and FIPS.
    #[error("a FIPS endpoint and an endpoint URL cannot both be asked for")]
    FipsAndOverride,
    /// An override and dual stack.
    #[error("a dual-stack endpoint and an endpoint URL cannot both be asked for")]
    DualStackAndOverride,
    /// Not a URL of a host.
    #[error("the endpoint is not a URL of the form `https://HOST[:PORT][/PATH]`")]
    NotAUrl,
    /// Plain HTTP to another machine: credentials are signed, but passwords would travel in the clear.
    #[error("plain http is for this machine only; use https")]
    PlainHttp,
}

/// A service with its endpoint rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::enum_variant_names, reason = "one of them is called so")]
pub(crate) enum Service {
    /// Amazon Connect.
    Connect,
    /// Service Quotas, which knows the quotas as applied.
    ServiceQuotas,
    /// Amazon DynamoDB, in which machines share ledgers.
    DynamoDb,
}

impl Service {
    /// The endpoint's first label, which is also the name that requests are signed for.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::ServiceQuotas => "servicequotas",
            Self::DynamoDb => "dynamodb",
        }
    }
}

/// Returns the URL of a service, without a slash at its end.
pub(crate) fn url(
    service: Service,
    region: &str,
    variant: Variant,
    overriding: Option<&str>,
) -> Result<String, EndpointError> {
    if let Some(url) = overriding {
        return match variant {
            Variant { fips: true, .. } => Err(EndpointError::FipsAndOverride),
            Variant { dual_stack: true, .. } => Err(EndpointError::DualStackAndOverride),
            _ => checked(url),
        };
    }
    let partition = Partition::of_region(region);
    let host = service.signing_name();
    Ok(match (variant.fips, variant.dual_stack) {
        (true, true) => format!("https://{host}-fips.{region}.{}", partition.dual_stack_suffix),
        (true, false) if partition.name == "aws-us-gov" => format!("https://{host}.{region}.amazonaws.com"),
        (true, false) => format!("https://{host}-fips.{region}.{}", partition.suffix),
        (false, true) => format!("https://{host}.{region}.{}", partition.dual_stack_suffix),
        (false, false) => format!("https://{host}.{region}.{}", partition.suffix),
    })
}

fn checked(url: &str) -> Result<String, EndpointError> {
    let uri: Uri = url.parse().map_err(|_| EndpointError::NotAUrl)?;
    let authority = uri.authority().ok_or(EndpointError::NotAUrl)?;
    if authority.as_str().contains('@') || authority.host().is_empty() || uri.query().is_some() {
        return Err(EndpointError::NotAUrl);
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback(authority.host()) => {}
        Some("http") => return Err(EndpointError::PlainHttp),
        _ => return Err(EndpointError::NotAUrl),
    }
    Ok(url.split('#').next().unwrap_or_default().trim_end_matches('/').to_owned())
}

/// Whether a host, as a URL has it, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{EndpointError, KNOWN_REGIONS, Partition, Service, Variant, is_loopback, url};

    const PLAIN: Variant = Variant { fips: false, dual_stack: false };
    const FIPS: Variant = Variant { fips: true, dual_stack: false };
    const DUAL: Variant = Variant { fips: false, dual_stack: true };
    const BOTH: Variant = Variant { fips: true, dual_stack: true };

    /// Made with botocore 1.43.11's own endpoint resolver.
    const ENDPOINTS: [(&str, Variant, &str); 24] = [
        ("us-west-2", PLAIN, "https://connect.us-west-2.amazonaws.com"),
        ("us-west-2", FIPS, "https://connect-fips.us-west-2.amazonaws.com"),
        ("us-west-2", DUAL, "https://connect.us-west-2.api.aws"),
        ("us-west-2", BOTH, "https://connect-fips.us-west-2.api.aws"),
        ("cn-north-1", PLAIN, "https://connect.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", FIPS, "https://connect-fips.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", DUAL, "https://connect.cn-north-1.api.amazonwebservices.com.cn"),
        ("us-gov-west-1", PLAIN, "https://connect.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", FIPS, "https://connect.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", DUAL, "https://connect.us-gov-west-1.api.aws"),
        ("us-gov-west-1", BOTH, "https://connect-fips.us-gov-west-1.api.aws"),
        ("eusc-de-east-1", PLAIN, "https://connect.eusc-de-east-1.amazonaws.eu"),
        ("eusc-de-east-1", BOTH, "https://connect-fips.eusc-de-east-1.api.amazonwebservices.eu"),
        ("us-iso-east-1", PLAIN, "https://connect.us-iso-east-1.c2s.ic.gov"),
        ("us-iso-east-1", DUAL, "https://connect.us-iso-east-1.api.aws.ic.gov"),
        ("us-isob-east-1", PLAIN, "https://connect.us-isob-east-1.sc2s.sgov.gov"),
        ("us-isob-east-1", BOTH, "https://connect-fips.us-isob-east-1.api.aws.scloud"),
        ("eu-isoe-west-1", PLAIN, "https://connect.eu-isoe-west-1.cloud.adc-e.uk"),
        ("eu-isoe-west-1", DUAL, "https://connect.eu-isoe-west-1.api.cloud-aws.adc-e.uk"),
        ("us-isof-south-1", PLAIN, "https://connect.us-isof-south-1.csp.hci.ic.gov"),
        ("us-isof-south-1", FIPS, "https://connect-fips.us-isof-south-1.csp.hci.ic.gov"),
        ("us-isof-south-1", DUAL, "https://connect.us-isof-south-1.api.aws.hci.ic.gov"),
        ("mx-central-1", PLAIN, "https://connect.mx-central-1.amazonaws.com"),
        ("mars-north-1", PLAIN, "https://connect.mars-north-1.amazonaws.com"),
    ];

    #[test]
    fn the_endpoints_are_those_of_botocore() {
        for (region, variant, expected) in ENDPOINTS {
            assert_eq!(url(Service::Connect, region, variant, None).as_deref(), Ok(expected));
            let quotas = expected.replace("https://connect", "https://servicequotas");
            assert_eq!(url(Service::ServiceQuotas, region, variant, None), Ok(quotas));
        }
    }

    #[test]
    fn an_override_is_used_as_given_and_goes_with_no_variant() {
        let given = |text| url(Service::Connect, "us-west-2", PLAIN, Some(text));
        assert_eq!(given("https://vpce-1.connect.us-west-2.vpce.amazonaws.com/").as_deref(), {
            Ok("https://vpce-1.connect.us-west-2.vpce.amazonaws.com")
        });
        assert_eq!(given("http://127.0.0.1:4566/base/").as_deref(), Ok("http://127.0.0.1:4566/base"));
        let with = |variant| url(Service::Connect, "us-west-2", variant, Some("http://localhost:1"));
        assert_eq!(with(FIPS), Err(EndpointError::FipsAndOverride));
        assert_eq!(with(BOTH), Err(EndpointError::FipsAndOverride));
        assert_eq!(with(DUAL), Err(EndpointError::DualStackAndOverride));
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        let given = |text| url(Service::Connect, "us-west-2", PLAIN, Some(text));
        for good in [
            "http://localhost:1",
            "http://127.0.0.1",
            "http://127.9.9.9:8",
            "http://[::1]:4566",
            "https://a.b",
        ] {
            assert!(given(good).is_ok(), "{good}");
        }
        for far in
            ["http://10.0.0.1", "http://connect.us-west-2.amazonaws.com", "http://localhost.evil.example"]
        {
            assert_eq!(given(far), Err(EndpointError::PlainHttp), "{far}");
        }
        for bad in [
            "",
            "localhost:4566",
            "ftp://localhost",
            "http://",
            "https://u:p@h",
            "https://h/?q=1",
            "/x",
            "https://a b",
        ] {
            assert_eq!(given(bad), Err(EndpointError::NotAUrl), "{bad}");
        }
        assert!(!is_loopback("0.0.0.0"));
    }

    #[test]
    fn every_known_region_is_in_the_partition_it_says() {
        for region in KNOWN_REGIONS {
            let expected = if region.starts_with("us-gov") { "aws-us-gov" } else { "aws" };
            assert_eq!(Partition::of_region(region).name, expected);
        }
    }
}
