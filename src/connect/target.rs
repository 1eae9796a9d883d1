//! What to reach: an instance, in a region, at an endpoint.

use std::fmt;
use std::path::PathBuf;

use crate::connect::endpoint::{self, EndpointError, KNOWN_REGIONS, Partition, Service, Variant};
use crate::connect::proxy::Proxies;
use crate::error::{Failure, Remedy};

/// What the environment and the profile say about reaching AWS; the command line reads it and hands it in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's `region`.
    pub region: Option<String>,
    /// `--profile` only: `AWS_PROFILE` is read by the credentials chain, where it ranks below keys in the environment.
    pub profile: Option<String>,
    /// `AWS_ENDPOINT_URL_CONNECT`.
    pub endpoint_url_connect: Option<String>,
    /// `AWS_ENDPOINT_URL`, which holds for every service.
    pub endpoint_url: Option<String>,
    /// `AWS_ENDPOINT_URL_SERVICE_QUOTAS`.
    pub endpoint_url_service_quotas: Option<String>,
    /// `AWS_ENDPOINT_URL_STS`, where a role is taken.
    pub endpoint_url_sts: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`.
    pub endpoint_url_dynamodb: Option<String>,
    /// `AWS_USE_FIPS_ENDPOINT`.
    pub use_fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`.
    pub use_dualstack: bool,
    /// `AWS_CA_BUNDLE`: the certificates to trust, in place of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// The files of AWS settings (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, else those in `~/.aws`).
    pub files: Vec<PathBuf>,
    /// The proxy that the variables name.
    pub proxies: Proxies,
}

/// How the instance was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InstanceRef {
    /// By its id.
    Id(String),
    /// By its ARN.
    Arn {
        /// The whole ARN.
        arn: String,
        /// The account, twelve digits.
        account: String,
        /// The id in it.
        id: String,
    },
    /// By its alias, which ListInstances turns into an id.
    Alias(String),
}

impl fmt::Display for InstanceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(text) | Self::Arn { arn: text, .. } | Self::Alias(text) => f.write_str(text),
        }
    }
}

/// What to reach. Made by [`Target::resolve`], so that a region and an endpoint are always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The instance as it was named.
    pub(crate) instance: InstanceRef,
    /// The region that requests are signed for.
    pub(crate) region: String,
    /// The region's partition.
    pub(crate) partition: &'static Partition,
    /// Connect's URL, without a slash at its end.
    pub(crate) endpoint: String,
    /// The URL of Service Quotas; `None` where it is not to be asked, because only Connect's endpoint is overridden.
    pub(crate) quotas_endpoint: Option<String>,
    /// Something a person should hear of: a region in which Amazon Connect is not known to be.
    pub(crate) warning: Option<String>,
}

impl Target {
    /// Decides what to reach from what was typed (`--instance`, `--region`, `--endpoint-url`) and the environment.
    ///
    /// The region is the ARN's, else `--region`, else the environment's. The endpoint is `--endpoint-url`, else
    /// `AWS_ENDPOINT_URL_CONNECT`, else `AWS_ENDPOINT_URL`, else the region's own. Fails with exit code 2.
    pub fn resolve(
        instance: &str,
        region: Option<&str>,
        endpoint: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let (instance, arn) = read_instance(instance)?;
        let region = choose_region(arn.as_ref(), region, environment)?;
        let partition = Partition::of_region(&region);
        if let Some(arn) = arn.filter(|arn| arn.partition != partition.name) {
            return Err(Failure::usage(format!(
                "the instance ARN names the partition `{}`, but its region is in the partition `{}`: `{instance}`",
                arn.partition, partition.name
            )));
        }
        let variant = Variant { fips: environment.use_fips, dual_stack: environment.use_dualstack };
        let own = endpoint.or(environment.endpoint_url_connect.as_deref());
        let common = environment.endpoint_url.as_deref();
        let url = endpoint_url(Service::Connect, &region, variant, own.or(common))?;
        let quotas = match environment.endpoint_url_service_quotas.as_deref().or(common) {
            None if own.is_some() => None,
            overriding => Some(endpoint_url(Service::ServiceQuotas, &region, variant, overriding)?),
        };
        let warning = (!KNOWN_REGIONS.contains(&region.as_str()))
            .then(|| format!("Amazon Connect is not known to be in this region: `{region}`"));
        Ok(Self { instance, region, partition, endpoint: url, quotas_endpoint: quotas, warning })
    }
}

struct ArnParts {
    partition: String,
    region: String,
}

const ARN_FORM: &str = "arn:aws:connect:REGION:ACCOUNT:instance/ID";

/// Reads an ARN, an id (8-4-4-4-12) or an alias (1 to 45 letters, digits and hyphens, not beginning with `d-`).
fn read_instance(typed: &str) -> Result<(InstanceRef, Option<ArnParts>), Failure> {
    let typed = typed.trim();
    if typed.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:")) {
        let (instance, parts) = read_arn(typed).map_err(|what| {
            Failure::usage(format!("{what}: `{typed}`")).hint(format!(
                "an instance's ARN has the form `{ARN_FORM}`; `aws connect list-instances` prints it"
            ))
        })?;
        return Ok((instance, Some(parts)));
    }
    if is_id(typed) {
        return Ok((InstanceRef::Id(typed.to_owned()), None));
    }
    if is_alias(typed) {
        return Ok((InstanceRef::Alias(typed.to_owned()), None));
    }
    Err(Failure::usage(format!("not an instance's id, ARN or alias: `{typed}`"))
        .hint("`aws connect list-instances` prints the id, ARN and alias of every instance in a region"))
}

fn read_arn(arn: &str) -> Result<(InstanceRef, ArnParts), String> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (_, partition, service) = (next(), next(), next());
    let (region, account, resource) = (next(), next(), next());
    if service != "connect" {
        return Err(format!("expected an ARN of the service `connect`, not of `{service}`"));
    }
    if !is_region(region) {
        return Err("expected an ARN with a region".to_owned());
    }
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err("expected an ARN with an account of 12 digits".to_owned());
    }
    let id = resource.strip_prefix("instance/").ok_or("expected the ARN of an instance")?;
    if !is_id(id) {
        return Err("expected an ARN that ends with an instance's id".to_owned());
    }
    let instance = InstanceRef::Arn { arn: arn.to_owned(), account: account.to_owned(), id: id.to_owned() };
    Ok((instance, ArnParts { partition: partition.to_owned(), region: region.to_owned() }))
}

fn choose_region(
    arn: Option<&ArnParts>,
    typed: Option<&str>,
    environment: &Environment,
) -> Result<String, Failure> {
    let typed = typed.map(str::trim).filter(|region| !region.is_empty());
    if let (Some(arn), Some(typed)) = (arn, typed)
        && arn.region != typed
    {
        return Err(Failure::usage(format!(
            "the instance's ARN is in the region `{}`, but ⟦region⟧ says `{typed}`",
            arn.region
        ))
        .hint("leave ⟦region⟧ out: the ARN has it"));
    }
    let region = arn.map(|arn| arn.region.as_str()).or(typed).or(environment
        .region
        .as_deref()
        .map(str::trim)
        .filter(|region| !region.is_empty()));
    match region {
        Some(region) if is_region(region) => Ok(region.to_owned()),
        Some(region) => Err(Failure::usage(format!("not a region's name, as in us-west-2: `{region}`"))),
        None => Err(Failure::usage("no region is known for the instance")
            .hint("give ⟦region⟧, or the instance's ARN as ⟦instance⟧, or set AWS_REGION")
            .remedy(Remedy::Region)),
    }
}

/// An address without the name and the password that somebody may have put before its host.
fn without_user(url: &str) -> String {
    let Some((before, host)) = url.rsplit_once('@') else { return url.to_owned() };
    let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    format!("{scheme}…@{host}")
}

/// Where a table is asked: its region, and the URL there.
///
/// # Errors
/// Exit 2 where no region is known, or the endpoint cannot be used.
pub(crate) fn of_table(region: Option<&str>, environment: &Environment) -> Result<(String, String), Failure> {
    let region = region.or(environment.region.as_deref()).map(str::trim).filter(|region| !region.is_empty());
    let region = match region {
        Some(region) if is_region(region) => region.to_owned(),
        Some(region) => {
            return Err(Failure::usage(format!("not a region's name, as in us-west-2: `{region}`")));
        }
        None => {
            return Err(Failure::usage("no region is known for the table of the shared ledger").hint(
                "give it behind the address, as in dynamodb://TABLE/NAME?region=eu-west-1, or set AWS_REGION",
            ));
        }
    };
    let variant = Variant { fips: environment.use_fips, dual_stack: environment.use_dualstack };
    let overriding = environment.endpoint_url_dynamodb.as_deref().or(environment.endpoint_url.as_deref());
    let url = endpoint_url(Service::DynamoDb, &region, variant, overriding)?;
    Ok((region, url))
}

fn endpoint_url(
    service: Service,
    region: &str,
    variant: Variant,
    overriding: Option<&str>,
) -> Result<String, Failure> {
    endpoint::url(service, region, variant, overriding).map_err(|error| {
        let failure = Failure::usage(match overriding {
            Some(url) => format!("{error}: `{}`", without_user(url)),
            None => error.to_string(),
        });
        match error {
            EndpointError::FipsAndOverride => failure.hint("unset AWS_USE_FIPS_ENDPOINT, or the endpoint URL"),
            EndpointError::DualStackAndOverride => {
                failure.hint("unset AWS_USE_DUALSTACK_ENDPOINT, or the endpoint URL")
            }
            _ => failure.hint(
                "an endpoint URL comes from ⟦endpoint-url⟧, AWS_ENDPOINT_URL_CONNECT, AWS_ENDPOINT_URL or the profile",
            ),
        }
    })
}

fn is_region(text: &str) -> bool {
    // An area, one or more directions, a number: `eu-central1` is a slip that would be looked up as a host for a minute.
    let parts: Vec<&str> = text.split('-').collect();
    let is_numbered = parts.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (1..=63).contains(&text.len())
        && parts.len() > 2
        && parts.iter().all(|part| !part.is_empty())
        && is_numbered
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// 8-4-4-4-12 letters and digits: looser than hexadecimal, for AWS's own examples end in `EXAMPLE11111`.
fn is_id(text: &str) -> bool {
    let mut groups = text.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|g| g.len() == length && g.bytes().all(|b| b.is_ascii_alphanumeric()))
    }) && groups.next().is_none()
}

/// The model's pattern for `DirectoryAlias`.
fn is_alias(text: &str) -> bool {
    (1..=45).contains(&text.len())
        && !text.starts_with("d-")
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::{Environment, InstanceRef, Target};
    use crate::exit::Exit;

    const ID: &str = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
    const ARN: &str =
        "arn:aws:connect:eu-central-1:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

    #[test]
    fn the_name_and_the_password_of_an_endpoint_are_not_told() {
        for url in ["https://ann:hunter2@h", "ann:hunter2@h", "http://a@b:hunter2@h/x"] {
            let failure = Target::resolve(
                "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
                Some("us-west-2"),
                Some(url),
                &none(),
            );
            let what = failure.unwrap_err().what;
            assert!(!what.contains("hunter2") && !what.contains("ann") && what.contains("…@h"), "{what}");
        }
    }

    fn none() -> Environment {
        Environment::default()
    }

    #[test]
    fn an_arn_brings_its_region_whatever_the_environment_says() {
        let environment = Environment { region: Some("us-east-1".to_owned()), ..none() };
        let target = Target::resolve(ARN, None, None, &environment).unwrap();
        assert_eq!(target.region, "eu-central-1");
        assert!(matches!(&target.instance, InstanceRef::Arn { id, .. } if id == ID));
        assert_eq!(target.endpoint, "https://connect.eu-central-1.amazonaws.com");
        assert_eq!(
            target.quotas_endpoint.as_deref(),
            Some("https://servicequotas.eu-central-1.amazonaws.com")
        );
        assert_eq!(target.warning, None);
        assert_eq!(Target::resolve(ARN, Some("eu-central-1"), None, &none()).unwrap().region, "eu-central-1");
    }

    #[test]
    fn a_region_that_is_not_the_arns_is_a_mistake() {
        let failure = Target::resolve(ARN, Some("us-east-1"), None, &none()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(
            failure.what,
            "the instance's ARN is in the region `eu-central-1`, but ⟦region⟧ says `us-east-1`"
        );
    }

    #[test]
    fn the_region_is_the_flags_then_the_environments_then_a_mistake() {
        let environment = Environment { region: Some("us-east-1".to_owned()), ..none() };
        assert_eq!(Target::resolve(ID, Some("us-west-2"), None, &environment).unwrap().region, "us-west-2");
        assert_eq!(Target::resolve(ID, None, None, &environment).unwrap().region, "us-east-1");
        assert_eq!(Target::resolve(ID, Some(" "), None, &environment).unwrap().region, "us-east-1");
        let failure = Target::resolve(ID, None, None, &none()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.hint.unwrap().contains("⟦region⟧"));
        for bad in [
            "US-EAST-1",
            "us east 1",
            "useast",
            "us-east-1/",
            "-",
            "eu-central1",
            "eucentral-1",
            "eu-central-",
        ] {
            assert_eq!(Target::resolve(ID, Some(bad), None, &none()).unwrap_err().exit, Exit::Usage, "{bad}");
        }
    }

    #[test]
    fn an_unlisted_region_is_a_warning_only() {
        let target = Target::resolve(ID, Some("eu-south-2"), None, &none()).unwrap();
        assert_eq!(
            target.warning.as_deref(),
            Some("Amazon Connect is not known to be in this region: `eu-south-2`")
        );
    }

    #[test]
    fn an_instance_is_an_arn_an_id_or_an_alias() {
        let read =
            |text: &str| Target::resolve(text, Some("eu-central-1"), None, &none()).map(|t| t.instance);
        assert_eq!(read(ID).unwrap(), InstanceRef::Id(ID.to_owned()));
        assert_eq!(read("my-centre").unwrap(), InstanceRef::Alias("my-centre".to_owned()));
        assert!(matches!(read(ARN).unwrap(), InstanceRef::Arn { account, .. } if account == "123456789012"));
        for bad in ["", "..", "d-12345", "a/b", "a b", "é", "-a", &"a".repeat(46)] {
            assert_eq!(read(bad).unwrap_err().exit, Exit::Usage, "{bad}");
        }
    }

    #[test]
    fn a_bad_arn_is_told_what_was_expected() {
        let cases = [
            ("arn:aws:s3:::bucket", "expected an ARN of the service `connect`, not of `s3`"),
            ("arn:aws:connect", "expected an ARN with a region"),
            ("arn:aws:connect::123456789012:instance/x", "expected an ARN with a region"),
            ("arn:aws:connect:us-east-1:1234:instance/x", "expected an ARN with an account of 12 digits"),
            ("arn:aws:connect:us-east-1:123456789012:queue/x", "expected the ARN of an instance"),
            (
                "arn:aws:connect:us-east-1:123456789012:instance/x",
                "expected an ARN that ends with an instance's id",
            ),
            ("arn:aws-cn:connect:us-east-1:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111", {
                "the instance ARN names the partition `aws-cn`, but its region is in the partition `aws`"
            }),
        ];
        for (arn, expected) in cases {
            let failure = Target::resolve(arn, None, None, &none()).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert_eq!(failure.what, format!("{expected}: `{arn}`"));
        }
        let agent = format!("{ARN}/agent/a1b2c3d4-5678-90ab-cdef-EXAMPLE22222");
        assert_eq!(Target::resolve(&agent, None, None, &none()).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn service_quotas_is_not_asked_when_only_connect_is_elsewhere() {
        let local = Some("http://127.0.0.1:1");
        let quotas = |endpoint, environment: &Environment| {
            Target::resolve(ID, Some("us-east-1"), endpoint, environment).unwrap().quotas_endpoint
        };
        let one = Environment { endpoint_url_connect: local.map(str::to_owned), ..none() };
        let all = Environment { endpoint_url: local.map(str::to_owned), ..none() };
        let own =
            Environment { endpoint_url_service_quotas: Some("http://localhost:2".to_owned()), ..none() };
        assert_eq!(quotas(local, &none()), None);
        assert_eq!(quotas(None, &one), None);
        assert_eq!(quotas(None, &all).as_deref(), local);
        assert_eq!(quotas(local, &own).as_deref(), Some("http://localhost:2"));
        assert_eq!(quotas(None, &none()).as_deref(), Some("https://servicequotas.us-east-1.amazonaws.com"));
    }

    #[test]
    fn an_endpoint_that_cannot_be_used_is_a_mistake() {
        let fips = Environment { use_fips: true, ..none() };
        let order = Environment {
            endpoint_url_connect: Some("https://two".to_owned()),
            endpoint_url: Some("https://three".to_owned()),
            ..none()
        };
        let resolve =
            |typed, environment: Environment| Target::resolve(ID, Some("us-east-1"), typed, &environment);
        assert_eq!(resolve(Some("https://example.com"), fips).unwrap_err().exit, Exit::Usage);
        let failure = resolve(Some("http://example.com"), none()).unwrap_err();
        assert_eq!(failure.what, "plain http is for this machine only; use https: `http://example.com`");
        assert_eq!(resolve(Some("https://one"), order.clone()).unwrap().endpoint, "https://one");
        let target = resolve(None, order).unwrap();
        assert_eq!(
            (target.endpoint.as_str(), target.quotas_endpoint.as_deref()),
            ("https://two", Some("https://three"))
        );
    }
}
