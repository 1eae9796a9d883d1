//! A role that is taken with the keys of somebody else, as in another account.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError as ChainError;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::connect::adapter::Adapter;
use crate::connect::endpoint::{self, Service, Variant};
use crate::connect::target::Environment;
use crate::connect::transport::HttpOptions;

/// A role, and how it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What its trust policy asks for. No secret: it is in the policy.
    pub external_id: Option<String>,
    /// The session's name, which stands in what the account's owner sees.
    pub session_name: Option<String>,
    /// How long one session lasts. Where the role is taken by a role, an hour at most (STS, AssumeRole: role chaining).
    pub duration: Option<Duration>,
}

/// The name of a session that nobody has named.
const SESSION: &str = "headcount";

impl Role {
    /// The account of a role's ARN, twelve digits; `None` where it is no role's.
    pub fn account_of(arn: &str) -> Option<&str> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else { return None };
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let name = resource.strip_prefix("role/").unwrap_or_default();
        (partition.starts_with("aws") && is_account && !name.is_empty()).then_some(account)
    }

    /// The account that it is in.
    pub fn account(&self) -> Option<&str> {
        Self::account_of(&self.arn)
    }

    /// How long a session is asked to last by whoever has these keys: of temporary ones it cannot be told whether they are a
    /// role's, and for those an hour is the most.
    fn duration_with(&self, keys: &Keys) -> Option<Duration> {
        const CHAINED: Duration = Duration::from_secs(3600);
        self.duration.filter(|duration| keys.session_token().is_none() || *duration <= CHAINED)
    }

    /// Takes the role with these keys, once.
    pub(super) async fn take(
        &self,
        keys: Keys,
        region: Region,
        environment: &Environment,
        options: HttpOptions,
    ) -> Result<Keys, ChainError> {
        let common = environment.endpoint_url_sts.as_deref().or(environment.endpoint_url.as_deref());
        let variant = Variant { fips: environment.use_fips, dual_stack: environment.use_dualstack };
        let mut configuration = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(Adapter::new(options))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .use_fips(variant.fips)
            .use_dual_stack(variant.dual_stack)
            .region(region.clone());
        if common.is_some() {
            // The rules of a URL that is given are those of every service.
            let url = endpoint::url(Service::Connect, region.as_ref(), variant, common)
                .map_err(|error| ChainError::invalid_configuration(error.to_string()))?;
            configuration = configuration.endpoint_url(url);
        }
        let configuration = configuration.build();
        let session = self.session_name.as_deref().unwrap_or(SESSION);
        let mut provider =
            AssumeRoleProvider::builder(&self.arn).configure(&configuration).session_name(session);
        if let Some(id) = &self.external_id {
            provider = provider.external_id(id);
        }
        if let Some(duration) = self.duration_with(&keys) {
            provider = provider.session_length(duration);
        }
        provider.build_from_provider(keys).await.provide_credentials().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_a_role_is_in_its_arn() {
        for (arn, account) in [
            ("arn:aws:iam::111122223333:role/Import", Some("111122223333")),
            ("arn:aws-cn:iam::111122223333:role/path/to/Import", Some("111122223333")),
            ("arn:aws:iam::111122223333:role/", None),
            ("arn:aws:iam::111122223333:user/ann", None),
            ("arn:aws:iam::1111:role/Import", None),
            ("arn:aws:sts::111122223333:assumed-role/Import/ann", None),
            ("Import", None),
        ] {
            assert_eq!(Role::account_of(arn), account, "{arn}");
        }
    }

    #[test]
    fn a_role_that_is_taken_by_a_role_is_asked_for_an_hour_at_most() {
        let role = |seconds| Role {
            arn: "arn:aws:iam::111122223333:role/Import".into(),
            external_id: None,
            session_name: None,
            duration: Some(Duration::from_secs(seconds)),
        };
        let keys = |token: Option<&str>| Keys::new("AKID", "secret", token.map(str::to_owned), None, "test");
        for (seconds, token, asked) in [
            (900, None, Some(900)),
            (43_200, None, Some(43_200)),
            (3600, Some("t"), Some(3600)),
            (43_200, Some("t"), None),
        ] {
            let duration = role(seconds).duration_with(&keys(token));
            assert_eq!(duration, asked.map(Duration::from_secs), "{seconds} {token:?}");
        }
    }
}
