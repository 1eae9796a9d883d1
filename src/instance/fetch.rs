//! Reads an instance from the service, page by page.
//!
//! Every single call goes through a [`Lane`], which has the pace and the retries.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use crate::clock;
use crate::connect::model::{HierarchyGroup, Instance, Page, Summary};
use crate::connect::{CallError, Operation, Reply};
use crate::directory::PredefinedAttributes;
use crate::error::Failure;
use crate::lane::listing::{self, Broken, Guard, Listed};
use crate::lane::verdict::{Verdict, is_foreign, is_not_permitted, of_fault, verdict_of_error};
use crate::lane::{Lane, reads};
use crate::waits::WaitFor;

/// Why an instance could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// A call failed for good.
    #[error("{operation} failed: {error}")]
    Call {
        /// Which.
        operation: Operation,
        /// How.
        error: CallError,
    },
    /// Its pages do not end, or contradict each other.
    #[error(transparent)]
    Listing(#[from] Broken),
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
                "`aws connect list-instances` prints the aliases; ⟦region⟧ decides where they are looked for",
            ),
            FetchError::Listing(_) => Failure::stopped(error.to_string())
                .hint("this is no answer of the service's: look at the proxy and ⟦endpoint-url⟧"),
        }
    }
}

fn call_failure(operation: Operation, error: CallError) -> Failure {
    let hint = hint(operation, &error);
    let failure = Failure::stopped(format!("{operation} failed")).because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What to do about a call that failed for good, by what the failure means.
fn hint(operation: Operation, error: &CallError) -> Option<String> {
    let status = error.fault().map(|fault| fault.status);
    match verdict_of_error(operation, error) {
        Verdict::Expired => {
            Some("the credentials have expired: sign in again, as with `aws sso login`".to_owned())
        }
        Verdict::Signature => Some(
            "the secret access key does not go with the access key, or ⟦region⟧ or this machine's clock is wrong: \
             look at `aws sts get-caller-identity`"
                .to_owned(),
        ),
        Verdict::Denied if is_unknown(error) => {
            Some("the access key is not known to AWS: look at `aws sts get-caller-identity`".to_owned())
        }
        Verdict::Denied if is_not_permitted(error) || status == Some(403) => Some(format!(
            "the caller needs the permission `{}`; `headcount policy` prints all that are needed",
            operation.action()
        )),
        // Of a thing in the instance that is not found, the instance is not what is wrong.
        Verdict::NotFound if !names_the_instance_alone(operation) => None,
        Verdict::NotFound => {
            Some("look at ⟦instance⟧ and ⟦region⟧: `aws connect list-instances` prints both".to_owned())
        }
        Verdict::NotSent => Some(crate::connect::way_out(&error.to_string()).to_owned()),
        Verdict::Barred => Some(not_connect()),
        Verdict::Rejected | Verdict::InDoubt if is_foreign(error) => Some(not_connect()),
        Verdict::Done
        | Verdict::Rejected
        | Verdict::Throttled
        | Verdict::Full
        | Verdict::Duplicate
        | Verdict::Crossed
        | Verdict::InDoubt
        | Verdict::Denied
        | Verdict::NoCredentials => None,
    }
}

/// Whether a read is of the instance and nothing in it, so that only the instance can be what is not found.
fn names_the_instance_alone(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::DescribeInstance
            | Operation::ListInstances
            | Operation::ListRoutingProfiles
            | Operation::ListSecurityProfiles
            | Operation::ListUsers
    )
}

/// What to do where somebody else answers.
fn not_connect() -> String {
    "this is not Connect: a proxy or gateway answers; look at the proxy, ⟦endpoint-url⟧ and the sign-in page of the network"
        .to_owned()
}

/// Whether the service says that it does not know who calls.
fn is_unknown(error: &CallError) -> bool {
    let code = error.fault().and_then(|fault| fault.code.as_deref());
    matches!(code, Some("UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId"))
}

/// Reads the instance: identity type, status, ARN.
pub(crate) async fn instance(lane: &Lane, id: &str) -> Result<Instance, FetchError> {
    let operation = Operation::DescribeInstance;
    let reply = reads::read(lane, operation, || lane.client().describe_instance(id)).await;
    Ok(reply.map_err(|error| FetchError::Call { operation, error })?.value)
}

/// Finds the instance of an alias among those of the region.
pub(crate) async fn instance_of_alias(lane: &Lane, alias: &str) -> Result<Instance, FetchError> {
    let instances = pages(Operation::ListInstances, lane, |token| async move {
        lane.client().list_instances(token.as_deref()).await
    })
    .await?;
    instances
        .into_iter()
        .find(|instance| instance.instance_alias.as_deref() == Some(alias))
        .ok_or_else(|| FetchError::NoSuchAlias(alias.to_owned()))
}

/// Lists all routing profiles.
pub(crate) async fn routing_profiles(lane: &Lane, instance: &str) -> Result<Vec<Summary>, FetchError> {
    let all = pages(Operation::ListRoutingProfiles, lane, |token| async move {
        lane.client().list_routing_profiles(instance, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |summary| &summary.id))
}

/// Lists all security profiles.
pub(crate) async fn security_profiles(lane: &Lane, instance: &str) -> Result<Vec<Summary>, FetchError> {
    let all = pages(Operation::ListSecurityProfiles, lane, |token| async move {
        lane.client().list_security_profiles(instance, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |summary| &summary.id))
}

/// Lists all users, by name and id only.
pub(crate) async fn users(lane: &Lane, instance: &str) -> Result<Vec<Summary>, FetchError> {
    let all = pages(Operation::ListUsers, lane, |token| async move {
        lane.client().list_users(instance, token.as_deref()).await
    })
    .await?;
    Ok(once_each(all, |summary| &summary.id))
}

/// Finds all predefined attributes with their values.
pub(crate) async fn predefined_attributes(
    lane: &Lane,
    instance: &str,
) -> Result<PredefinedAttributes, FetchError> {
    let all = pages(Operation::SearchPredefinedAttributes, lane, |token| async move {
        lane.client().search_predefined_attributes(instance, token.as_deref()).await
    })
    .await?;
    Ok(all.into_iter().map(|found| (found.name, found.values.string_list.into_iter().collect())).collect())
}

/// Reads all hierarchy groups with their paths, without the hidden root.
///
/// Where SearchUserHierarchyGroups is not permitted, lists them and describes each: one call a group.
pub(crate) async fn hierarchy_groups(lane: &Lane, instance: &str) -> Result<Vec<HierarchyGroup>, FetchError> {
    let found = pages(Operation::SearchUserHierarchyGroups, lane, |token| async move {
        lane.client().search_user_hierarchy_groups(instance, token.as_deref()).await
    })
    .await;
    let groups = match found {
        Err(FetchError::Call { error, .. }) if is_not_permitted(&error) => {
            describe_each(lane, instance).await?
        }
        found => found?,
    };
    let groups = groups.into_iter().filter(|group| group.level_id != "0").collect();
    Ok(once_each(groups, |group: &HierarchyGroup| &group.id))
}

async fn describe_each(lane: &Lane, instance: &str) -> Result<Vec<HierarchyGroup>, FetchError> {
    let summaries = pages(Operation::ListUserHierarchyGroups, lane, |token| async move {
        lane.client().list_user_hierarchy_groups(instance, token.as_deref()).await
    })
    .await?;
    let operation = Operation::DescribeUserHierarchyGroup;
    let mut groups = Vec::with_capacity(summaries.len());
    for summary in once_each(summaries, |summary| &summary.id) {
        match reads::read(lane, operation, || {
            lane.client().describe_user_hierarchy_group(instance, &summary.id)
        })
        .await
        {
            Ok(reply) => groups.push(reply.value),
            // Removed since it was listed.
            Err(CallError::Refused(fault)) if of_fault(operation, &fault) == Verdict::NotFound => {}
            Err(error) => return Err(FetchError::Call { operation, error }),
        }
    }
    Ok(groups)
}

/// How often a listing is read that contradicts itself, and how long is waited before it is read once more.
pub(super) const READINGS: u32 = 3;
pub(super) const BETWEEN: Duration = Duration::from_secs(1);

/// Collects the items of all pages. A listing that cannot be believed is read anew where that may help.
async fn pages<T, F, A>(operation: Operation, lane: &Lane, page: F) -> Result<Vec<T>, FetchError>
where
    T: Listed + Send + Sync,
    F: Fn(Option<String>) -> A + Send + Sync,
    A: Future<Output = Result<Reply<Page<T>>, CallError>> + Send,
{
    let mut readings = 1;
    loop {
        match pages_once(operation, lane, &page).await {
            Err(FetchError::Listing(broken)) if broken.may_pass() && readings < READINGS => {
                clock::sleep(BETWEEN * readings).await;
                readings += 1;
            }
            read => return read,
        }
    }
}

async fn pages_once<T, F, A>(operation: Operation, lane: &Lane, page: &F) -> Result<Vec<T>, FetchError>
where
    T: Listed + Send + Sync,
    F: Fn(Option<String>) -> A + Send + Sync,
    A: Future<Output = Result<Reply<Page<T>>, CallError>> + Send,
{
    let (mut items, mut token, mut guard) = (Vec::new(), None::<String>, Guard::of(operation));
    let told = |guard: &Guard| listing::progress(operation, guard.pages(), guard.entries());
    let waiting = lane.waits().on(WaitFor::Pages, told(&guard), None);
    loop {
        let reply = reads::read(lane, operation, || async {
            let reply = page(token.clone()).await?;
            listing::sound(operation, &reply.value)?;
            Ok(reply)
        });
        let page = reply.await.map_err(|error| FetchError::Call { operation, error })?.value;
        let next = guard.turn(&page)?;
        waiting.is(told(&guard), None);
        items.extend(page.items);
        match next {
            None => return Ok(items),
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, UNIX_EPOCH};

    use bytes::Bytes;
    use http::{Request, Response};
    use tokio::time::Instant;

    use super::{FetchError, hierarchy_groups, instance_of_alias, users};
    use crate::clock::SteadyClock;
    use crate::connect::{
        BoxFuture, CallError, Client, Credentials, Environment, Operation, Target, Transport, TransportError,
    };
    use crate::error::Failure;
    use crate::exit::Exit;
    use crate::lane::Lane;
    use crate::lane::listing::{Broken, MOST_BARREN, MOST_ITEMS, MOST_PAGES};
    use crate::lane::reads::{self, Patience};

    type Answer = Result<(u16, &'static str), TransportError>;

    /// Gives the answers it was told to give and keeps what it was asked; without an answer left, it fails to connect.
    #[derive(Default)]
    struct Script {
        answers: Mutex<VecDeque<Answer>>,
        asked: Mutex<Vec<String>>,
    }

    impl Transport for Script {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            let body = String::from_utf8(request.body().to_vec()).unwrap();
            let path = request.uri().path_and_query().unwrap();
            self.asked
                .lock()
                .unwrap()
                .push(format!("{} {path} {body}", request.method()).trim_end().to_owned());
            let answer = self.answers.lock().unwrap().pop_front();
            Box::pin(async move {
                let (status, body) =
                    answer.unwrap_or_else(|| Err(TransportError::not_sent("cannot connect")))?;
                Ok(Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
            })
        }
    }

    fn scripted(answers: impl IntoIterator<Item = Answer>) -> (Lane, Arc<Script>) {
        let script =
            Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Default::default() });
        (over(Arc::clone(&script) as Arc<dyn Transport>), script)
    }

    fn over(transport: Arc<dyn Transport>) -> Lane {
        let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let target = Target::resolve(id, Some("us-west-2"), None, &Environment::default()).unwrap();
        let clock = SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693));
        let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", None);
        Lane::new(Client::over(transport, &target, credentials, Arc::new(clock)), Arc::default())
    }

    fn asked(script: &Script) -> Vec<String> {
        script.asked.lock().unwrap().clone()
    }

    /// Gives page after page, each with a token that was never seen.
    #[derive(Default)]
    struct Endless {
        asked: AtomicUsize,
        entries: usize,
    }

    impl Transport for Endless {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let entry =
                |entry: usize| format!(r#"{{"Id":"{number}.{entry}","Username":"{number}.{entry}"}}"#);
            let entries = (0..self.entries).map(entry).collect::<Vec<_>>().join(",");
            let body = format!(r#"{{"UserSummaryList":[{entries}],"NextToken":"t{number}"}}"#);
            Box::pin(async move { Ok(Response::new(Bytes::from(body))) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pages_without_an_end_end_in_an_error() {
        for (entries, most) in [(0, MOST_BARREN), (1, MOST_PAGES), (10_000, MOST_ITEMS / 10_000)] {
            let endless = Arc::new(Endless { entries, ..Endless::default() });
            let lane = over(Arc::clone(&endless) as Arc<dyn Transport>);
            let error = users(&lane, "i").await.unwrap_err();
            assert!(matches!(error, FetchError::Listing(Broken::Endless { .. })), "{error}");
            let asked = endless.asked.load(Ordering::Relaxed);
            assert!(asked <= most + 1, "{asked} pages were read");
            assert_eq!(Failure::from(error).exit, Exit::Stopped);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_page_is_read_and_nobody_is_listed_twice() {
        let (lane, script) = scripted([
            Ok((
                200,
                r#"{"UserSummaryList":[{"Id":"1","Username":"a"},{"Id":"2","Username":"b"}],"NextToken":"t/1"}"#,
            )),
            Ok((200, r#"{"UserSummaryList":[],"NextToken":"t2"}"#)),
            Ok((
                200,
                r#"{"UserSummaryList":[{"Id":"2","Username":"b"},{"Id":"3","Username":"B"}],"NextToken":""}"#,
            )),
        ]);
        let found = users(&lane, "i").await.unwrap();
        let names: Vec<_> = found.iter().filter_map(|user| user.username.as_deref()).collect();
        assert_eq!(names, ["a", "b", "B"]);
        assert_eq!(
            asked(&script),
            [
                "GET /users-summary/i?maxResults=1000",
                "GET /users-summary/i?nextToken=t%2F1&maxResults=1000",
                "GET /users-summary/i?nextToken=t2&maxResults=1000",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_comes_again_ends_in_an_error() {
        let page = |token| Ok((200, token));
        let (lane, script) = scripted([
            page(r#"{"UserSummaryList":[],"NextToken":"a"}"#),
            page(r#"{"UserSummaryList":[],"NextToken":"b"}"#),
            page(r#"{"UserSummaryList":[],"NextToken":"a"}"#),
        ]);
        let error = users(&lane, "i").await.unwrap_err();
        assert!(matches!(error, FetchError::Listing(Broken::SamePage(Operation::ListUsers))), "{error}");
        assert_eq!(asked(&script).len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_is_tried_again_after_throttles_trouble_and_lost_answers() {
        let (lane, script) = scripted([
            Ok((429, r#"{"__type":"TooManyRequestsException"}"#)),
            Ok((400, r#"{"__type":"ThrottlingException"}"#)),
            Ok((503, "<html>")),
            Err(TransportError::unclear("reset")),
            Err(TransportError::not_sent("refused")),
            Ok((200, "not JSON")),
            Ok((200, r#"{"UserSummaryList":[]}"#)),
        ]);
        let start = Instant::now();
        let patience = Patience { unreachable: Duration::from_secs(60), ..Patience::default() };
        let call = || lane.client().list_users("i", None);
        let page = reads::read_within(patience, &lane, Operation::ListUsers, call).await.unwrap();
        assert!(page.value.items.is_empty());
        assert_eq!(asked(&script).len(), 7);
        // The waits between them; the pace, which a throttle has slowed, adds a little to the first.
        let waits = 500 + 1000 + 2000 + 4000 + 8000 + 8000;
        assert!((waits..waits + 500).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end() {
        let (lane, script) = scripted((0..100).map(|_| Ok((500, "{}"))));
        let start = Instant::now();
        let error = users(&lane, "i").await.unwrap_err();
        assert!(
            matches!(&error, FetchError::Call { error: CallError::Refused(fault), .. } if fault.status == 500)
        );
        assert!(start.elapsed() <= Duration::from_secs(60), "{:?}", start.elapsed());
        assert_eq!(asked(&script).len(), 11);

        let (lane, _) = scripted([]);
        let start = Instant::now();
        let error = users(&lane, "i").await.unwrap_err();
        assert!(start.elapsed() <= Duration::from_secs(10));
        let failure = Failure::from(error);
        assert_eq!((failure.exit, failure.what.as_str()), (Exit::Stopped, "ListUsers failed"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_pass_is_not_tried_again() {
        let refusals = [
            (403, r#"{"__type":"AccessDeniedException"}"#),
            (404, r#"{"__type":"ResourceNotFoundException"}"#),
            (400, r#"{"__type":"InvalidRequestException"}"#),
            (429, r#"{"__type":"LimitExceededException"}"#),
        ];
        for refusal in refusals {
            let (lane, script) = scripted([Ok(refusal)]);
            let error = users(&lane, "i").await.unwrap_err();
            assert_eq!(asked(&script).len(), 1, "{refusal:?}");
            let failure = Failure::from(error);
            assert_eq!(failure.exit, Exit::Stopped);
            if refusal.0 == 403 {
                assert!(failure.hint.unwrap().contains("connect:ListUsers"));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn hierarchy_groups_come_with_their_paths_and_without_the_hidden_root() {
        let (lane, script) = scripted([Ok((
            200,
            r#"{"UserHierarchyGroups":[{"Id":"0","LevelId":"0"},{"Id":"2","Name":"Paris","LevelId":"2","HierarchyPath":{"LevelOne":{"Id":"1","Name":"France"},"LevelTwo":{"Id":"2","Name":"Paris"}}}]}"#,
        ))]);
        let groups = hierarchy_groups(&lane, "i").await.unwrap();
        assert_eq!(groups.len(), 1);
        let path: Vec<_> = groups[0].hierarchy_path.iter().flat_map(|path| path.levels()).collect();
        assert_eq!(
            path.iter().filter_map(|level| level.name.as_deref()).collect::<Vec<_>>(),
            ["France", "Paris"]
        );
        assert_eq!(
            asked(&script),
            [r#"POST /search-user-hierarchy-groups {"InstanceId":"i","MaxResults":100}"#]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_search_is_not_permitted_each_group_is_described() {
        let (lane, script) = scripted([
            Ok((403, r#"{"__type":"AccessDeniedException"}"#)),
            Ok((
                200,
                r#"{"UserHierarchyGroupSummaryList":[{"Id":"1","Name":"A"},{"Id":"2","Name":"gone"}]}"#,
            )),
            Ok((200, r#"{"HierarchyGroup":{"Id":"1","Name":"A","LevelId":"1"}}"#)),
            Ok((404, r#"{"__type":"ResourceNotFoundException"}"#)),
        ]);
        let groups = hierarchy_groups(&lane, "i").await.unwrap();
        assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["A"]);
        assert_eq!(
            asked(&script)[1..],
            [
                "GET /user-hierarchy-groups-summary/i?maxResults=1000",
                "GET /user-hierarchy-groups/i/1",
                "GET /user-hierarchy-groups/i/2",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_alias_is_found_on_whichever_page_it_is() {
        let pages = || {
            [
                Ok((200, r#"{"InstanceSummaryList":[{"Id":"1","InstanceAlias":"one"}],"NextToken":"t"}"#)),
                Ok((200, r#"{"InstanceSummaryList":[{"Id":"2","InstanceAlias":"two"}]}"#)),
            ]
        };
        let (lane, _) = scripted(pages());
        assert_eq!(instance_of_alias(&lane, "two").await.unwrap().id, "2");
        let (lane, _) = scripted(pages());
        let error = instance_of_alias(&lane, "Two").await.unwrap_err();
        assert_eq!(error.to_string(), "no instance of this region has the alias `Two`");
    }
}
