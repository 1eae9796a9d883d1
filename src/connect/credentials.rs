//! Whom the requests are signed by: the AWS default chain, or fixed keys.

use std::error::Error as StdError;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError as ChainError;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;

use crate::connect::adapter::Adapter;
use crate::connect::profile::{self, Profile, Trouble};
use crate::connect::role::Role;
use crate::connect::target::Environment;
use crate::connect::transport::{BoxFuture, HttpOptions};
use crate::error::Failure;

/// Why there is nothing to sign with. Never holds a key.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct CredentialsError {
    /// What was tried, and how it failed.
    pub what: String,
    /// The command that is likely to help.
    pub hint: String,
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Failure::stopped(error.what).hint(error.hint)
    }
}

/// What a refresh brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// Other keys than before: what was refused may be tried again.
    Changed,
    /// The very same keys: they will be refused again.
    Unchanged,
}

/// Credentials that are loaded once, kept until shortly before they expire, and loaded by one caller at a time.
#[derive(Clone)]
pub struct Credentials {
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    held: RwLock<Option<Arc<Held>>>,
    /// Whoever holds this is loading.
    loading: tokio::sync::Mutex<()>,
}

/// What one load brought.
pub(super) struct Held {
    pub(super) identity: Identity,
    /// Counts up whenever the keys change.
    pub(super) generation: u64,
    keys: Keys,
    /// When to load anew; `None` is never.
    reload_at: Option<SystemTime>,
}

type Loader = dyn Fn() -> BoxFuture<'static, Result<Keys, CredentialsError>> + Send + Sync;

enum Source {
    Fixed,
    Loader(Box<Loader>),
}

/// How long before they expire credentials are loaded anew.
const EARLY: Duration = Duration::from_secs(5 * 60);

impl Credentials {
    /// A source that takes longer than this is given up; signing in by hand, as a credential process may ask, is not.
    pub(crate) const LOAD_LIMIT: Duration = Duration::from_secs(120);

    /// Fixed keys, for the embedded Connect and for tests.
    pub fn fixed(access_key_id: &str, secret_access_key: &str, session_token: Option<&str>) -> Self {
        let token = session_token.map(str::to_owned);
        let keys = Keys::new(access_key_id, secret_access_key, token, None, "fixed");
        let held = Held { identity: keys.clone().into(), generation: 1, keys, reload_at: None };
        Self::with(Source::Fixed, Some(Arc::new(held)))
    }

    /// The AWS default chain: keys in the environment, the profile (keys, SSO, role, process), web identity, container,
    /// instance metadata. With `--profile` it is that profile alone, as with the AWS CLI.
    ///
    /// The chain is built anew for every load, because it reads the profile files once only.
    ///
    /// With a role it is taken with these keys, each time anew.
    pub(crate) fn chain(
        region: &str,
        environment: &Environment,
        role: Option<&Role>,
        options: &HttpOptions,
    ) -> Self {
        let options = HttpOptions { ca_bundle: environment.ca_bundle.clone(), ..options.clone() };
        let (region, profile) = (region.to_owned(), environment.profile.clone());
        let Some(role) = role.cloned() else {
            return Self::loaded_by(move || Box::pin(load(region.clone(), profile.clone(), options.clone())));
        };
        let environment = environment.clone();
        Self::loaded_by(move || {
            let (region, profile, options) = (region.clone(), profile.clone(), options.clone());
            let (role, environment) = (role.clone(), environment.clone());
            Box::pin(async move {
                let keys = load(region.clone(), profile, options.clone()).await?;
                let taken = role.take(keys, Region::new(region), &environment, options).await;
                taken.map_err(|error| not_taken(&role, &error))
            })
        })
    }

    /// Keys from any other source, called whenever they are needed anew.
    pub fn loaded_by(
        loader: impl Fn() -> BoxFuture<'static, Result<Keys, CredentialsError>> + Send + Sync + 'static,
    ) -> Self {
        Self::with(Source::Loader(Box::new(loader)), None)
    }

    fn with(source: Source, held: Option<Arc<Held>>) -> Self {
        let shared = Shared { source, held: RwLock::new(held), loading: tokio::sync::Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Which credentials are in use; 0 before the first load.
    pub(crate) fn generation(&self) -> u64 {
        self.held().map_or(0, |held| held.generation)
    }

    /// The credentials to sign with at `now`.
    ///
    /// Where a load fails while the old ones are still good, they go on.
    pub(super) async fn identity(&self, now: SystemTime) -> Result<Arc<Held>, CredentialsError> {
        if let Some(held) = self.held().filter(|held| held.is_fresh(now)) {
            return Ok(held);
        }
        let _loading = self.shared.loading.lock().await;
        match self.held() {
            Some(held) if held.is_fresh(now) => Ok(held),
            Some(held) if !held.has_expired(now) => {
                Ok(self.load(now).await.unwrap_or_else(|_| self.keep(held.again_after(now))))
            }
            _ => self.load(now).await,
        }
    }

    /// Loads anew, unless the credentials of the generation `refused` have been replaced already.
    pub(super) async fn refresh(&self, refused: u64, now: SystemTime) -> Result<Refreshed, CredentialsError> {
        let _loading = self.shared.loading.lock().await;
        if self.generation() == refused {
            self.load(now).await?;
        }
        Ok(if self.generation() == refused { Refreshed::Unchanged } else { Refreshed::Changed })
    }

    /// Asks the source. The caller holds the lock.
    async fn load(&self, now: SystemTime) -> Result<Arc<Held>, CredentialsError> {
        let keys = match (&self.shared.source, self.held()) {
            (Source::Fixed, Some(held)) => return Ok(held),
            (Source::Fixed, None) => return Err(none_found("there are none", None)),
            (Source::Loader(loader), _) => tokio::time::timeout(Self::LOAD_LIMIT, loader())
                .await
                .map_err(|_| none_found("their source did not answer in two minutes", None))??,
        };
        let before = self.held();
        let generation = match before {
            Some(held) if same_keys(&held.keys, &keys) => held.generation,
            Some(held) => held.generation + 1,
            None => 1,
        };
        let reload_at = keys.expiry().map(|expiry| reload_at(expiry, now));
        Ok(self.keep(Held { identity: keys.clone().into(), generation, keys, reload_at }))
    }

    fn held(&self) -> Option<Arc<Held>> {
        self.shared.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, held: Held) -> Arc<Held> {
        let held = Arc::new(held);
        *self.shared.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&held));
        held
    }
}

impl Held {
    fn is_fresh(&self, now: SystemTime) -> bool {
        self.reload_at.is_none_or(|at| now < at)
    }

    fn has_expired(&self, now: SystemTime) -> bool {
        self.keys.expiry().is_some_and(|expiry| expiry <= now)
    }

    /// The same credentials, not to be replaced before a while.
    fn again_after(&self, now: SystemTime) -> Held {
        let reload_at = self.keys.expiry().map(|expiry| reload_at(expiry, now));
        Held {
            identity: self.identity.clone(),
            generation: self.generation,
            keys: self.keys.clone(),
            reload_at,
        }
    }
}

/// Five minutes before the expiry; where it is nearer than that, halfway, so that not every call loads.
fn reload_at(expiry: SystemTime, now: SystemTime) -> SystemTime {
    let left = expiry.duration_since(now).unwrap_or_default();
    match left.checked_sub(EARLY) {
        Some(wait) if !wait.is_zero() => now + wait,
        _ => now + left / 2,
    }
}

fn same_keys(a: &Keys, b: &Keys) -> bool {
    a.access_key_id() == b.access_key_id()
        && a.secret_access_key() == b.secret_access_key()
        && a.session_token() == b.session_token()
}

async fn load(
    region: String,
    profile: Option<String>,
    options: HttpOptions,
) -> Result<Keys, CredentialsError> {
    let region = Region::new(region);
    let configuration = ProviderConfig::without_region()
        .with_region(Some(region.clone()))
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_http_client(Adapter::new(options));
    let keys = match &profile {
        Some(_) => None,
        // First in the chain: a profile that cannot be signed in with does not matter where these are.
        None => EnvironmentVariableCredentialsProvider::new().provide_credentials().await.ok(),
    };
    let asked = profile.as_deref();
    if let (None, None, Some(half)) = (asked, &keys, profile::half_of_keys()) {
        return Err(CredentialsError {
            what: format!("no AWS credentials: {half}"),
            hint: "set both, or neither to use a profile".to_owned(),
        });
    }
    let keys = match keys {
        Some(keys) => keys,
        None => from_profile(asked, region, configuration).await?,
    };
    profile::as_meant(keys).map_err(|why| CredentialsError {
        what: format!("the AWS credentials cannot be used: {why}"),
        hint: "set it anew, in the environment or the file that it comes from".to_owned(),
    })
}

/// Keys of the profile that is asked for, else of what the chain has behind the environment.
async fn from_profile(
    asked: Option<&str>,
    region: Region,
    configuration: ProviderConfig,
) -> Result<Keys, CredentialsError> {
    let found = profile::look(asked).await;
    if let Some(error) = found.trouble.as_ref().and_then(|trouble| beforehand(trouble, &found.name)) {
        return Err(error);
    }
    let loaded = match asked {
        Some(name) => {
            let provider = ProfileFileCredentialsProvider::builder();
            provider.configure(&configuration).profile_name(name).build().provide_credentials().await
        }
        None => {
            let chain = DefaultCredentialsChain::builder().configure(configuration).region(region);
            chain.build().await.provide_credentials().await
        }
    };
    loaded.map_err(|error| explain(&error, asked, &found))
}

/// What is known to fail before anybody is asked.
fn beforehand(trouble: &Trouble, name: &str) -> Option<CredentialsError> {
    let signs_in = match trouble {
        Trouble::Unknown { there } => return Some(unknown(name, there)),
        Trouble::Role => return None,
        Trouble::NoSource { source } => {
            return Some(CredentialsError {
                what: format!(
                    "no AWS credentials of the profile `{name}`: its keys come from `source_profile = {source}`, and there \
                     is no profile of that name"
                ),
                hint: "`aws configure list-profiles` prints those that there are".to_owned(),
            });
        }
        Trouble::Login => "signs in with `aws login`, which headcount does not read",
        Trouble::SecondFactor => {
            "asks for a code of a second factor (`mfa_serial`), which headcount does not ask for"
        }
    };
    Some(CredentialsError {
        what: format!("no AWS credentials: the profile `{name}` {signs_in}"),
        // With the option the profile would be the only source, whatever the environment has.
        hint: format!(
            "run `eval \"$(aws configure export-credentials --profile {name} --format env)\"`, then the same command \
             without naming a profile"
        ),
    })
}

fn unknown(name: &str, there: &[String]) -> CredentialsError {
    let hint = match there {
        [] => "no profile is set up on this machine: `aws configure` makes one".to_owned(),
        there => {
            let there: Vec<_> = there.iter().map(|name| format!("`{name}`")).collect();
            format!("the profiles of this machine are {}", there.join(", "))
        }
    };
    CredentialsError {
        what: format!("no AWS credentials of the profile `{name}`: there is no profile of that name"),
        hint,
    }
}

/// Says what was tried and what to do, without ever quoting a key: the chain's errors have none.
fn explain(error: &ChainError, asked: Option<&str>, found: &Profile) -> CredentialsError {
    match error {
        ChainError::CredentialsNotLoaded(_) => none_found(
            match asked {
                Some(_) => "the profile has none",
                None => {
                    "tried the environment, the profile, web identity, the container and the instance metadata"
                }
            },
            asked,
        ),
        _ if found.trouble == Some(Trouble::Role) => CredentialsError {
            hint: format!(
                "look at `role_arn` and `source_profile` of the profile `{}`: their keys must be good, and the role must \
                 trust them",
                found.name
            ),
            ..none_found(&causes(error), asked)
        },
        _ => {
            let found = none_found(&causes(error), asked);
            match way_out(&found.what) {
                Some(hint) => CredentialsError { hint: hint.to_owned(), ..found },
                None => found,
            }
        }
    }
}

/// Why a role cannot be taken by whoever has signed in.
fn not_taken(role: &Role, error: &ChainError) -> CredentialsError {
    let hint = match way_out(&causes(error)) {
        Some(way) => way.to_owned(),
        None => "whoever signs in needs sts:AssumeRole on it, and its trust policy must name them, with the `external_id` \
                 that it asks for; a session must not last longer than the role allows: leave `duration_seconds` out"
            .to_owned(),
    };
    CredentialsError {
        what: format!("no AWS credentials: the role `{}` cannot be taken: {}", role.arn, causes(error)),
        hint,
    }
}

/// What to do where signing in is not what helps, by what went wrong in the words of the SDK.
fn way_out(what: &str) -> Option<&'static str> {
    let ways = [
        (
            "external process",
            "run the command of `credential_process` by hand: it is to print JSON with Version 1, AccessKeyId and \
             SecretAccessKey, and nothing else",
        ),
        (
            "sso-session",
            "look at `sso_session` in the AWS config file: a section `[sso-session NAME]` is to say its URL",
        ),
        (
            "ProfileFile provider could not be built",
            "mend that profile in the AWS config or credentials file",
        ),
        (
            "No such file or directory",
            "look at AWS_WEB_IDENTITY_TOKEN_FILE, or `web_identity_token_file` of the profile: the file is not there",
        ),
        (
            "dispatch failure",
            "look at the address that the keys come from, as in AWS_CONTAINER_CREDENTIALS_FULL_URI, at the network and \
             the proxy",
        ),
    ];
    ways.iter().find(|(words, _)| what.contains(words)).map(|(_, way)| *way)
}

fn none_found(why: &str, profile: Option<&str>) -> CredentialsError {
    let (of, option) = match profile {
        Some(name) => (format!(" of the profile `{name}`"), format!(" --profile {name}")),
        None => Default::default(),
    };
    CredentialsError {
        what: format!("no AWS credentials{of}: {why}"),
        hint: format!("sign in with `aws sso login{option}`, or set keys up with `aws configure{option}`"),
    }
}

/// What went wrong, without what may be secret in it: what a child said on stderr, and addresses, which can have a name, a
/// password or a token in them.
fn causes(error: &dyn StdError) -> String {
    without_secrets(&chain_of(error))
}

fn without_secrets(text: &str) -> String {
    let (said, of_child) = match text.split_once(" Stderr:") {
        Some((before, _)) => (before, "; run the `credential_process` of the profile by hand to see why"),
        None => (text, ""),
    };
    // Of these the address itself stands behind the words, as it was set.
    if said.contains("URI for ECS provider") {
        return "the address of the container's credentials cannot be used: look at \
                AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
            .to_owned();
    }
    let words = said.split(' ').map(|word| match word.find("://") {
        Some(at) => format!("{}://…", &word[..at]),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned() + of_child
}

fn chain_of(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        // What AWS answered has its fields in it, as a programmer would print them: the message is what it said.
        let part = match part.split_once("Error {") {
            Some((_, fields)) => said(fields).to_owned(),
            None => part,
        };
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}

/// The message among the fields of an answer; empty where there is none.
fn said(fields: &str) -> &str {
    let rest = fields.split_once("message: \"").map_or("", |(_, rest)| rest);
    rest.split_once('"').map_or("", |(message, _)| message)
}

impl Environment {
    /// Fills in what only the profile says (`region`, `endpoint_url` and the services section, `use_fips_endpoint`,
    /// `use_dualstack_endpoint`, `ca_bundle`), as the AWS CLI reads it. What is set already stays, but endpoint URLs go
    /// where `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` or the profile says to ignore them.
    ///
    /// # Errors
    /// Exit 2 where a file of settings is broken, 4 where there is no profile of the name that is asked for.
    pub(crate) async fn with_profile(mut self) -> Result<Self, Failure> {
        profile::sound(&self.files).await?;
        if self.profile.is_some() {
            let found = profile::look(self.profile.as_deref()).await;
            if let Some(Trouble::Unknown { there }) = &found.trouble {
                let error = unknown(&found.name, there);
                if let Some((at, wanted)) = profile::misnamed(&self.files, &found.name) {
                    let hint = format!("{at} is not read as a profile: write `{wanted}` there");
                    return Err(CredentialsError { hint, ..error }.into());
                }
                return Err(error.into());
            }
        }
        let loaded = settings(self.profile.as_deref()).await;
        let setting = |service: &'static str, profile: &'static str, environment: &'static str| {
            let key =
                ServiceConfigKey::builder().service_id(service).profile(profile).env(environment).build();
            loaded.service_config().zip(key.ok()).and_then(|(config, key)| config.load_config(key))
        };
        let own = |service| setting(service, "endpoint_url", "AWS_ENDPOINT_URL");
        let ignored = setting("", "ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        if ignored.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            self.endpoint_url = None;
            self.endpoint_url_connect = None;
            self.endpoint_url_service_quotas = None;
            self.endpoint_url_sts = None;
        } else {
            let common = loaded.endpoint_url().map(str::to_owned);
            // Where a service has none of its own, the lookup falls back to the common one, which is not the service's.
            let of_service = |service| own(service).filter(|url| Some(url) != common.as_ref());
            self.endpoint_url_connect = self.endpoint_url_connect.or_else(|| of_service("connect"));
            self.endpoint_url_service_quotas =
                self.endpoint_url_service_quotas.or_else(|| of_service("service quotas"));
            self.endpoint_url_sts = self.endpoint_url_sts.or_else(|| of_service("sts"));
            self.endpoint_url = self.endpoint_url.or(common);
        }
        self.region = self.region.or_else(|| loaded.region().map(|region| region.to_string()));
        self.use_fips |= loaded.use_fips().unwrap_or_default();
        self.use_dualstack |= loaded.use_dual_stack().unwrap_or_default();
        self.ca_bundle = self.ca_bundle.or_else(|| setting("", "ca_bundle", "AWS_CA_BUNDLE").map(Into::into));
        Ok(self)
    }
}

/// What the environment and the profile's files say, without any request.
async fn settings(profile: Option<&str>) -> SdkConfig {
    // The region is looked for in the files only, for else the instance metadata would be asked for one.
    let region = ProfileFileRegionProvider::builder();
    let region = match profile {
        Some(name) => region.profile_name(name).build(),
        None => region.build(),
    };
    // The loader builds clients that it does not use here, and would panic without an HTTP client.
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Adapter::new(HttpOptions::default()))
        .no_credentials()
        .region(region);
    match profile {
        Some(name) => loader.profile_name(name).load().await,
        None => loader.load().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use aws_credential_types::Credentials as Keys;

    use aws_config::sts::AssumeRoleProvider;
    use aws_config::{BehaviorVersion, SdkConfig};
    use aws_credential_types::provider::ProvideCredentials as _;
    use aws_types::region::Region;

    use super::{Credentials, Refreshed, causes, none_found, without_secrets};
    use crate::connect::adapter::Adapter;
    use crate::connect::{Client, Environment, HttpOptions, Target};

    #[test]
    fn neither_what_a_child_said_nor_an_address_is_told() {
        for (text, told) in [
            (
                "external process exited with code exit status: 3. Stderr: hunter2\nhttp://u:p@h",
                "external process exited with code exit status: 3; run the `credential_process` of the profile by hand \
                 to see why",
            ),
            ("error for (https://u:p@h/t?x=y): refused", "error for (https://… refused"),
            (
                "invalid full URI for ECS provider (no): u:p@h/secret",
                "the address of the container's credentials cannot be used: look at AWS_CONTAINER_CREDENTIALS_FULL_URI \
                 and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            ),
            ("the profile has none", "the profile has none"),
        ] {
            assert_eq!(without_secrets(text), told);
        }
    }

    /// The SDK's own provider, with our HTTP, against the embedded STS.
    #[tokio::test]
    async fn a_role_is_taken_on_and_signs_for_its_own_account() {
        use crate::clock::{Clock as _, SystemClock};
        use crate::simulator::{ACCESS_KEY_ID, Cloud, SECRET_ACCESS_KEY, Spec, Trust, World, server};

        let [own, other] =
            ["111111111111", "222222222222"].map(|account| Spec::at(account, "eu-west-2", account));
        let (role, arn) = (other.role_arn("Import"), other.instance_arn());
        let [own, other] = [own, other].map(|spec| World::new(spec, SystemClock.now()));
        let cloud = Cloud::new(own, [other]);
        cloud.trust("222222222222", Trust { external_id: Some("sesame".into()), ..Trust::default() });
        let running = server::serve(cloud, 0, Arc::new(SystemClock)).await.unwrap();

        let options = HttpOptions::default();
        let configuration = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-2"))
            .endpoint_url(running.url.clone())
            .http_client(Adapter::new(options.clone()))
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
                aws_smithy_async::rt::sleep::TokioSleep::new(),
            ))
            .time_source(aws_smithy_async::time::SystemTimeSource::new())
            .build();
        let keys = Keys::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "test");
        let provider = |external_id: &str| {
            AssumeRoleProvider::builder(role.clone())
                .session_name("headcount")
                .external_id(external_id)
                .configure(&configuration)
                .build_from_provider(keys.clone())
        };
        let refused = provider("another").await.provide_credentials().await.unwrap_err();
        assert!(
            causes(&refused).contains("is not authorized to perform: sts:AssumeRole"),
            "{}",
            causes(&refused)
        );
        let taken = provider("sesame").await.provide_credentials().await.unwrap();
        assert!(taken.expiry().unwrap() > SystemClock.now() + Duration::from_secs(3500));

        let environment = Environment { endpoint_url: Some(running.url.clone()), ..Environment::default() };
        let target = Target::resolve(&arn, None, None, &environment).unwrap();
        let credentials =
            Credentials::fixed(taken.access_key_id(), taken.secret_access_key(), taken.session_token());
        let client = Client::new(&target, credentials, Arc::new(SystemClock), &options).unwrap();
        let listed = client.list_instances(None).await.unwrap().value;
        assert_eq!(listed.items.iter().map(|one| one.arn.as_str()).collect::<Vec<_>>(), [arn]);
    }

    fn at(minutes: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_444_693 + minutes * 60)
    }

    /// A source that counts its loads; each gives keys of its own, good until the minute that `expiry` says.
    fn counting(
        expiry: impl Fn(u64) -> Option<u64> + Send + Sync + 'static,
        fails_from: u64,
    ) -> (Credentials, Arc<AtomicU64>) {
        let loads = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&loads);
        let credentials = Credentials::loaded_by(move || {
            let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
            let expiry = expiry(n).map(at);
            Box::pin(async move {
                tokio::task::yield_now().await;
                if n >= fails_from {
                    return Err(none_found("gone", None));
                }
                Ok(Keys::new(format!("AKID{n}"), "secret", None, expiry, "test"))
            })
        });
        (credentials, loads)
    }

    async fn key_at(credentials: &Credentials, minutes: u64) -> String {
        let held = credentials.identity(at(minutes)).await.unwrap();
        held.keys.access_key_id().to_owned()
    }

    #[tokio::test]
    async fn credentials_are_loaded_once_until_five_minutes_before_they_expire() {
        let (credentials, loads) = counting(|n| Some(n * 60), u64::MAX);
        for (minute, key) in
            [(0, "AKID1"), (54, "AKID1"), (55, "AKID2"), (56, "AKID2"), (114, "AKID2"), (130, "AKID3")]
        {
            assert_eq!(key_at(&credentials, minute).await, key, "minute {minute}");
        }
        assert_eq!(loads.load(Ordering::SeqCst), 3);
        assert_eq!(credentials.generation(), 3);
    }

    #[tokio::test]
    async fn credentials_that_never_expire_are_loaded_once() {
        let (credentials, loads) = counting(|_| None, u64::MAX);
        assert_eq!(key_at(&credentials, 0).await, key_at(&credentials, 1_000_000).await);
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn short_lived_credentials_are_not_loaded_for_every_call() {
        let (credentials, loads) = counting(|_| Some(4), u64::MAX);
        for _ in 0..100 {
            assert_eq!(key_at(&credentials, 0).await, "AKID1");
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
        assert_eq!(key_at(&credentials, 2).await, "AKID2");
    }

    #[tokio::test]
    async fn old_credentials_go_on_while_they_are_good_and_new_ones_cannot_be_had() {
        let (credentials, loads) = counting(|_| Some(60), 2);
        assert_eq!(key_at(&credentials, 0).await, "AKID1");
        assert_eq!(key_at(&credentials, 56).await, "AKID1");
        assert_eq!(key_at(&credentials, 57).await, "AKID1");
        assert_eq!(loads.load(Ordering::SeqCst), 2, "the second failure is not sought at once");
        let error = credentials.identity(at(60)).await.map(drop).unwrap_err();
        assert!(error.what.contains("gone"), "{error}");
    }

    #[tokio::test]
    async fn many_callers_make_one_load() {
        let (credentials, loads) = counting(|_| None, u64::MAX);
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let credentials = credentials.clone();
                tokio::spawn(async move { key_at(&credentials, 0).await })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), "AKID1");
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_refresh_is_made_once_for_all_who_were_refused() {
        let (credentials, loads) = counting(|_| None, u64::MAX);
        key_at(&credentials, 0).await;
        let refused = credentials.generation();
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let credentials = credentials.clone();
                tokio::spawn(async move { credentials.refresh(refused, at(0)).await })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap().unwrap(), Refreshed::Changed);
        }
        assert_eq!(loads.load(Ordering::SeqCst), 2);
        assert_eq!(key_at(&credentials, 0).await, "AKID2");
    }

    #[tokio::test]
    async fn a_refresh_that_brings_the_same_keys_says_so() {
        let fixed = Credentials::fixed("AKID", "secret", None);
        assert_eq!(fixed.refresh(fixed.generation(), at(0)).await.unwrap(), Refreshed::Unchanged);
        let same =
            Credentials::loaded_by(|| Box::pin(async { Ok(Keys::new("AKID", "s", None, None, "test")) }));
        same.identity(at(0)).await.map(drop).unwrap();
        assert_eq!(same.refresh(1, at(0)).await.unwrap(), Refreshed::Unchanged);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_never_answers_is_given_up() {
        let stuck = Credentials::loaded_by(|| Box::pin(std::future::pending()));
        let error = stuck.identity(at(0)).await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), "no AWS credentials: their source did not answer in two minutes");
    }
}
