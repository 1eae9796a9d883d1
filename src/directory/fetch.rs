//! Reads an instance from the service, page by page.
//!
//! Every single call goes through a [`Caller`], so that whoever reads decides on pace and retries.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::connect::model::{HierarchyGroup, Instance, Page, Summary, User};
use crate::connect::{CallError, Client, Operation, Reply};
use crate::error::Failure;

/// Makes one call, once or several times.
pub trait Caller: Sync {
    /// Calls `attempt` at least once and returns the result of the last time. All calls made through here only read.
    fn call<T, F, A>(
        &self,
        operation: Operation,
        attempt: F,
    ) -> impl Future<Output = Result<T, CallError>> + Send
    where
        T: Send,
        F: Fn() -> A + Send + Sync,
        A: Future<Output = Result<T, CallError>> + Send;
}

/// Retries by itself: back-off from 0.5 s doubling to 8 s, at most a minute a call, at most ten seconds where nothing
/// can be reached at all. Keeps no pace: a throttle is what slows it.
#[derive(Clone, Copy, Debug)]
pub struct Patient {
    /// The longest a call may take with all its retries.
    pub patience: Duration,
    /// The longest to go on where no request gets out.
    pub patience_unreachable: Duration,
}

impl Default for Patient {
    fn default() -> Self {
        Self { patience: Duration::from_secs(60), patience_unreachable: Duration::from_secs(10) }
    }
}

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

impl Caller for Patient {
    async fn call<T, F, A>(&self, _: Operation, attempt: F) -> Result<T, CallError>
    where
        T: Send,
        F: Fn() -> A + Send + Sync,
        A: Future<Output = Result<T, CallError>> + Send,
    {
        let start = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let patience = match &error {
                CallError::NotSent(_) => self.patience_unreachable,
                CallError::Unclear(_) => self.patience,
                CallError::Refused(fault) if passes(fault.status, fault.code.as_deref()) => self.patience,
                CallError::Refused(_) | CallError::NoCredentials(_) => return Err(error),
            };
            let asked = error.fault().and_then(|fault| fault.retry_after).unwrap_or_default();
            let pause = wait.max(asked);
            if start.elapsed() + pause > patience {
                return Err(error);
            }
            clock::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// Whether a refused read is worth sending again: a throttle under any of its names, or trouble on the other side.
fn passes(status: u16, code: Option<&str>) -> bool {
    match code {
        Some("LimitExceededException" | "ServiceQuotaExceededException") => false,
        Some("TooManyRequestsException" | "ThrottlingException" | "Throttling" | "SlowDown") => true,
        _ => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
    }
}

/// Why an instance could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A call failed for good.
    #[error("{operation} failed: {error}")]
    Call {
        /// Which.
        operation: Operation,
        /// How.
        error: CallError,
    },
    /// The service gave a page token for the second time: it would go on for ever.
    #[error("{0} gave the same page twice")]
    SamePage(Operation),
    /// ListInstances has no instance of this alias.
    #[error("no instance of this region has the alias `{0}`")]
    NoSuchAlias(String),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Call { error: CallError::NoCredentials(error), .. } => error.into(),
            FetchError::Call { operation, error } => call_failure(operation, error),
            FetchError::NoSuchAlias(_) => Failure::stopped(error.to_string()).hint(
                "`aws connect list-instances` prints the aliases; --region decides where they are looked for",
            ),
            FetchError::SamePage(_) => Failure::stopped(error.to_string()),
        }
    }
}

fn call_failure(operation: Operation, error: CallError) -> Failure {
    let hint = match &error {
        CallError::Refused(fault) => match (fault.status, fault.code.as_deref()) {
            (_, Some("ExpiredTokenException" | "ExpiredToken")) => {
                Some("the credentials have expired: sign in again, as with `aws sso login`".to_owned())
            }
            (_, Some("UnrecognizedClientException" | "InvalidClientTokenId")) => {
                Some("the access key is not known to AWS: look at `aws sts get-caller-identity`".to_owned())
            }
            (403, _) => Some(format!(
                "the caller needs the permission `{}`; `headcount policy` prints all that are needed",
                operation.action()
            )),
            (404, _) => {
                Some("look at --instance and --region: `aws connect list-instances` prints both".to_owned())
            }
            _ => None,
        },
        CallError::NotSent(_) => {
            Some("look at the network, the proxy, --region and --endpoint-url".to_owned())
        }
        _ => None,
    };
    let failure = Failure::stopped(format!("{operation} failed")).because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Reads the instance: identity type, status, ARN.
pub async fn instance(client: &Client, id: &str, caller: &impl Caller) -> Result<Instance, FetchError> {
    let operation = Operation::DescribeInstance;
    let reply = caller.call(operation, || client.describe_instance(id)).await;
    Ok(reply.map_err(|error| FetchError::Call { operation, error })?.value)
}

/// Finds the instance of an alias among those of the region.
pub async fn instance_of_alias(
    client: &Client,
    alias: &str,
    caller: &impl Caller,
) -> Result<Instance, FetchError> {
    let instances = pages(Operation::ListInstances, caller, |token| async move {
        client.list_instances(token.as_deref()).await
    })
    .await?;
    instances
        .into_iter()
        .find(|instance| instance.instance_alias.as_deref() == Some(alias))
        .ok_or_else(|| FetchError::NoSuchAlias(alias.to_owned()))
}

/// Lists all routing profiles.
pub async fn routing_profiles(
    client: &Client,
    instance: &str,
    caller: &impl Caller,
) -> Result<Vec<Summary>, FetchError> {
    let all = pages(Operation::ListRoutingProfiles, caller, |token| async move {
        client.list_routing_profiles(instance, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |summary| &summary.id))
}

/// Lists all security profiles.
pub async fn security_profiles(
    client: &Client,
    instance: &str,
    caller: &impl Caller,
) -> Result<Vec<Summary>, FetchError> {
    let all = pages(Operation::ListSecurityProfiles, caller, |token| async move {
        client.list_security_profiles(instance, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |summary| &summary.id))
}

/// Lists all users, by name and id only.
pub async fn users(
    client: &Client,
    instance: &str,
    caller: &impl Caller,
) -> Result<Vec<Summary>, FetchError> {
    let all = pages(Operation::ListUsers, caller, |token| async move {
        client.list_users(instance, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |summary| &summary.id))
}

/// Finds the users whom SearchUsers gives for exactly this name; names in another case may be among them, and a user
/// just made may be missing.
pub async fn users_named(
    client: &Client,
    instance: &str,
    username: &str,
    caller: &impl Caller,
) -> Result<Vec<User>, FetchError> {
    let all = pages(Operation::SearchUsers, caller, |token| async move {
        client.search_users(instance, username, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |user| &user.id))
}

/// Reads all hierarchy groups with their paths, without the hidden root.
///
/// Where SearchUserHierarchyGroups is not permitted, lists them and describes each: one call a group.
pub async fn hierarchy_groups(
    client: &Client,
    instance: &str,
    caller: &impl Caller,
) -> Result<Vec<HierarchyGroup>, FetchError> {
    let found = pages(Operation::SearchUserHierarchyGroups, caller, |token| async move {
        client.search_user_hierarchy_groups(instance, token.as_deref()).await
    })
    .await;
    let groups = match found {
        Err(FetchError::Call { error, .. }) if error.is("AccessDeniedException") => {
            describe_each(client, instance, caller).await?
        }
        found => found?,
    };
    let groups = groups.into_iter().filter(|group| group.level_id != "0").collect();
    Ok(once_each(groups, |group: &HierarchyGroup| &group.id))
}

async fn describe_each(
    client: &Client,
    instance: &str,
    caller: &impl Caller,
) -> Result<Vec<HierarchyGroup>, FetchError> {
    let summaries = pages(Operation::ListUserHierarchyGroups, caller, |token| async move {
        client.list_user_hierarchy_groups(instance, token.as_deref()).await
    })
    .await?;
    let operation = Operation::DescribeUserHierarchyGroup;
    let mut groups = Vec::with_capacity(summaries.len());
    for summary in once_each(summaries, |summary| &summary.id) {
        match caller.call(operation, || client.describe_user_hierarchy_group(instance, &summary.id)).await {
            Ok(reply) => groups.push(reply.value),
            // Removed since it was listed.
            Err(error) if error.is("ResourceNotFoundException") => {}
            Err(error) => return Err(FetchError::Call { operation, error }),
        }
    }
    Ok(groups)
}

/// Collects the items of all pages.
async fn pages<T, F, A>(operation: Operation, caller: &impl Caller, page: F) -> Result<Vec<T>, FetchError>
where
    T: Send,
    F: Fn(Option<String>) -> A + Send + Sync,
    A: Future<Output = Result<Reply<Page<T>>, CallError>> + Send,
{
    let mut items = Vec::new();
    let mut token: Option<String> = None;
    let mut seen = HashSet::new();
    loop {
        let reply = caller.call(operation, || page(token.clone())).await;
        let page = reply.map_err(|error| FetchError::Call { operation, error })?.value;
        items.extend(page.items);
        match page.next_token {
            None => return Ok(items),
            Some(next) if !seen.insert(next.clone()) => return Err(FetchError::SamePage(operation)),
            next => token = next,
        }
    }
}

/// Users come and go while they are listed, and an item may then be on two pages.
fn once_each<T>(mut items: Vec<T>, id: impl Fn(&T) -> &String) -> Vec<T> {
    let mut seen = HashSet::with_capacity(items.len());
    items.retain(|item| seen.insert(id(item).clone()));
    items
}
