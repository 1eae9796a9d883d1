//! A world, or a cloud of them, reached without sockets, so that a run of hours passes in no time under a paused clock.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response};

use super::cloud::Cloud;
use super::wire::{self, Delivery, Reply};
use super::world::World;
use crate::clock::{self, Clock};
use crate::connect::{BoxFuture, Transport, TransportError};

/// Carries requests to a world, or to a cloud of several, in the same process. Latency and stalls are slept through on tokio's clock.
#[derive(Clone)]
pub struct InProcess {
    cloud: Arc<Cloud>,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl InProcess {
    /// Reaches this world, or these; an answer that takes longer than `patience` is a time-out.
    pub fn new(cloud: impl Into<Cloud>, clock: Arc<dyn Clock>, patience: Duration) -> Self {
        Self { cloud: Arc::new(cloud.into()), clock, patience }
    }

    /// The world itself, the first of several, locked: no request to it is answered while this is held.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.cloud.first()
    }

    /// All that is reached.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let request = on_the_wire(request);
            // Whatever becomes of the answer, what the service does it does at once.
            let Reply { answer, delivery, after } = self.cloud.respond(self.clock.now(), &request);
            if after > self.patience {
                clock::sleep(self.patience).await;
                return Err(TransportError::unclear("no answer in time"));
            }
            if !after.is_zero() {
                clock::sleep(after).await;
            }
            match delivery {
                Delivery::DropBefore | Delivery::DropAfter => {
                    Err(TransportError::unclear("the connection was closed before the answer"))
                }
                Delivery::Deliver => {
                    let mut response = Response::new(answer.body);
                    *response.status_mut() = answer.status;
                    *response.headers_mut() = answer.headers;
                    Ok(response)
                }
            }
        })
    }
}

/// The request as an HTTP/1.1 client writes it: the authority becomes the `Host` header.
fn on_the_wire(request: Request<Bytes>) -> wire::Request {
    let (mut head, body) = request.into_parts();
    let host = head.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        head.headers.insert(HOST, host);
    }
    let target = head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    wire::Request { method: head.method, target, headers: head.headers, body }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    use tokio::time::Instant;

    use super::InProcess;
    use crate::agent::Password;
    use crate::clock::{Clock, SteadyClock};
    use crate::connect::model::{CreateUser, IdentityInfo};
    use crate::connect::{CallError, Client, Credentials, Environment, Target};
    use crate::simulator::{
        ACCESS_KEY_ID, Cloud, Fault, Operation, SECRET_ACCESS_KEY, Spec, World, keys_of, session_token,
    };

    const PATIENCE: Duration = Duration::from_secs(30);

    fn reach(spec: Spec) -> (InProcess, Client, String) {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let arn = spec.instance_arn();
        let transport = InProcess::new(World::new(spec, clock.now()), Arc::clone(&clock), PATIENCE);
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        let target = Target::resolve(&arn, None, None, &environment).expect("a target");
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, Some(&session_token(1)));
        let client = Client::over(Arc::new(transport.clone()), &target, credentials, clock);
        (transport, client, arn)
    }

    async fn user(client: &Client, instance: &str, username: &str) -> CreateUser {
        let routing = client.list_routing_profiles(instance, None).await.expect("routing profiles").value;
        let security = client.list_security_profiles(instance, None).await.expect("security profiles").value;
        CreateUser {
            username: username.into(),
            password: Some(Password::new("Analytical-1")),
            identity_info: Some(IdentityInfo {
                first_name: Some("Ada".into()),
                last_name: Some("Byron".into()),
                ..IdentityInfo::default()
            }),
            routing_profile_id: routing.items[0].id.clone(),
            security_profile_ids: vec![security.items[0].id.clone()],
            ..CreateUser::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn our_own_client_reads_and_writes_it() {
        let (transport, client, instance) =
            reach(Spec { latency: Duration::from_millis(80), ..Spec::default() });
        let asked = user(&client, &instance, "ada").await;
        let created = client.create_user(&instance, &asked).await.expect("created").value;
        let shown = client.describe_user(&instance, &created.user_id).await.expect("described").value;
        assert_eq!((shown.username, shown.identity_info), (asked.username, asked.identity_info));
        let found = client.search_users(&instance, "ada", None).await.expect("found").value;
        assert_eq!(found.items.len(), 1);
        let groups = client.search_user_hierarchy_groups(&instance, None).await.expect("groups").value;
        assert_eq!(groups.items.iter().filter(|group| group.level_id == "0").count(), 1);
        assert_eq!(client.list_instances(None).await.expect("instances").value.items[0].arn, instance);
        let quota = client.get_service_quota("L-CBDEE3E4", None).await.expect("a quota").expect("a quota");
        assert_eq!(quota.value.value, 2.0);
        let quota = client.get_service_quota("L-9A46857E", Some(&instance)).await.expect("a quota");
        assert_eq!(quota.expect("a quota").value.value, 500.0);
        client.delete_user(&instance, &created.user_id).await.expect("deleted");
        assert_eq!(transport.world().everyone().count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn two_a_second_are_two_a_virtual_second() {
        let (transport, client, instance) = reach(Spec::default());
        let asked = user(&client, &instance, "ada").await;
        let (start, mut number) = (Instant::now(), 0);
        while number < 205 {
            let next = CreateUser { username: format!("ada{number}"), ..asked.clone() };
            match client.create_user(&instance, &next).await {
                Ok(_) => number += 1,
                Err(_) => crate::clock::sleep(Duration::from_millis(250)).await,
            }
        }
        assert_eq!(start.elapsed(), Duration::from_secs(100), "a burst of five and then two a second");
        assert_eq!(transport.world().stats().of(Operation::CreateUser).executed, 205);
    }

    /// Two instances of one account and one of another, each with a client of its account and a user that it may make.
    async fn reach_several(clock: &Arc<dyn Clock>) -> (InProcess, Vec<(String, Client, CreateUser)>) {
        let specs = [("111111111111", "a"), ("111111111111", "b"), ("222222222222", "c")]
            .map(|(account, alias)| Spec::at(account, "eu-central-1", alias));
        let places = specs.clone().map(|spec| (spec.instance_arn(), keys_of(&spec.account)));
        let [first, others @ ..] = specs.map(|spec| World::new(spec, clock.now()));
        let transport = InProcess::new(Cloud::new(first, others), Arc::clone(clock), PATIENCE);
        let mut reached = Vec::new();
        for (arn, (key, secret)) in places {
            let environment =
                Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
            let target = Target::resolve(&arn, None, None, &environment).expect("a target");
            let credentials = Credentials::fixed(&key, &secret, None);
            let client = Client::over(Arc::new(transport.clone()), &target, credentials, Arc::clone(clock));
            let asked = user(&client, &arn, "ada").await;
            reached.push((arn, client, asked));
        }
        (transport, reached)
    }

    #[tokio::test(start_paused = true)]
    async fn two_a_second_are_an_accounts_and_not_an_instances() {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let (transport, reached) = reach_several(&clock).await;
        let (start, mut made) = (Instant::now(), [0, 0, 0]);
        while made[0] + made[1] < 205 {
            for (at, (arn, client, asked)) in reached.iter().enumerate() {
                let next = CreateUser { username: format!("ada{}", made[at]), ..asked.clone() };
                made[at] += usize::from(client.create_user(arn, &next).await.is_ok());
            }
            crate::clock::sleep(Duration::from_millis(250)).await;
        }
        // To the end of the quarter of a second in which the last one was made.
        assert_eq!(start.elapsed(), Duration::from_millis(100_250), "a burst of five and then two a second");
        assert_eq!((made[0] + made[1], made[2]), (205, 205), "of the one account, and of the other");
        assert!(made[0] > 0 && made[1] > 0, "{made:?}");
        assert_eq!(transport.cloud().stats().users, 410);
    }

    async fn there(client: &Client, instance: &str, username: &str) -> String {
        let asked = user(client, instance, username).await;
        client.create_user(instance, &asked).await.expect("created").value.user_id
    }

    /// How many users are there, and how many requests on their way.
    fn held(transport: &InProcess) -> (usize, usize) {
        let world = transport.world();
        (world.everyone().count(), world.held())
    }

    /// A request that is held for less than five minutes makes its user when nobody thinks of it any more; one that is held
    /// for longer has a signature that is too old.
    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_held_arrives_late_and_is_judged_then() {
        for (late, arrives) in [(299, true), (301, false)] {
            let (transport, client, instance) = reach(Spec::default());
            let asked = user(&client, &instance, "ada").await;
            transport.world().order([Fault::Late(Duration::from_secs(late))]);
            let lost = client.create_user(&instance, &asked).await;
            assert!(matches!(lost, Err(CallError::Unclear(_))), "{lost:?}");
            tokio::time::advance(Duration::from_secs(late - 1)).await;
            client.list_users(&instance, None).await.expect("listed");
            assert_eq!(held(&transport), (0, 1));
            tokio::time::advance(Duration::from_secs(2)).await;
            let listed = client.list_users(&instance, None).await.expect("listed").value;
            assert_eq!(listed.items.len(), usize::from(arrives), "{late}");
            assert_eq!(held(&transport), (usize::from(arrives), 0));
            let calls = transport.world().stats().of(Operation::CreateUser);
            assert_eq!((calls.called, calls.executed), (1, u64::from(arrives)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_deleted_may_be_listed_for_a_while_and_is_not_described() {
        let (_, client, instance) = reach(Spec { search_lag: Duration::from_secs(30), ..Spec::default() });
        let id = there(&client, &instance, "ada").await;
        tokio::time::advance(Duration::from_secs(31)).await;
        client.delete_user(&instance, &id).await.expect("deleted");
        let listed = || async { client.list_users(&instance, None).await.expect("listed").value.items.len() };
        assert_eq!(listed().await, 1);
        assert!(client.describe_user(&instance, &id).await.is_err());
        assert!(client.delete_user(&instance, &id).await.is_err());
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(listed().await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_lets_those_alone_be_deleted_whose_tag_fits() {
        let spec = Spec { deletes_only: Some("run-1/*".into()), ..Spec::default() };
        let (transport, client, instance) = reach(spec);
        for (name, tag) in [("ada", Some("run-1/7.ab")), ("ben", Some("run-10/7.ab")), ("cyd", None)] {
            let id = there(&client, &instance, name).await;
            let now = transport.clock.now();
            transport.world().edit(name, now, |user| {
                user.tags.extend(tag.map(|tag| ("headcount:run".to_owned(), tag.to_owned())));
            });
            let deleted = client.delete_user(&instance, &id).await;
            let code = match &deleted {
                Err(CallError::Refused(fault)) => fault.code.clone(),
                _ => None,
            };
            let denied = (name != "ada").then(|| "AccessDeniedException".to_owned());
            assert_eq!(code, denied, "{name}: {deleted:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whom_quick_connects_lead_to_goes_and_orphans_them_or_is_held_by_them() {
        for holds in [false, true] {
            let (transport, client, instance) = reach(Spec { quick_connects_hold: holds, ..Spec::default() });
            let id = there(&client, &instance, "ada").await;
            transport.world().add_quick_connect("Desk", "ada");
            assert_eq!(client.delete_user(&instance, &id).await.is_err(), holds);
            let left = client.search_quick_connects(&instance, None).await.expect("found").value.items;
            assert_eq!(left.len(), 1);
            client.delete_quick_connect(&instance, &left[0].id).await.expect("deleted");
            assert_eq!(client.delete_user(&instance, &id).await.is_err(), !holds);
            assert_eq!(transport.world().everyone().count(), 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_and_one_who_is_made_anew_have_all_but_the_id() {
        let (transport, client, instance) = reach(Spec::default());
        let id = there(&client, &instance, "ada").await;
        let now = transport.clock.now();
        transport
            .world()
            .edit("ada", now, |user| drop(user.tags.insert("headcount:run".into(), "r/1.ab".into())));
        transport.world().copy("ada", "bea", now);
        transport.world().make_anew("ada", now);
        let everyone: Vec<_> = transport.world().everyone().cloned().collect();
        let names: Vec<_> = everyone.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(names, ["bea", "ada"]);
        assert!(everyone.iter().all(|user| user.id != id && user.tags["headcount:run"] == "r/1.ab"));
        assert_ne!(everyone[0].id, everyone[1].id);
        assert!(client.describe_user(&instance, &id).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_lost_on_the_way_is_unclear_and_done_or_not() {
        let stall = Duration::from_secs(45);
        for (fault, waited, there) in [
            (Fault::DropBefore, Duration::ZERO, false),
            (Fault::DropAfter, Duration::ZERO, true),
            (Fault::StallBefore(stall), PATIENCE, false),
            (Fault::StallAfter(stall), PATIENCE, true),
            (Fault::Garbled, Duration::ZERO, true),
        ] {
            let (transport, client, instance) = reach(Spec::default());
            let asked = user(&client, &instance, "ada").await;
            transport.world().order([fault.clone()]);
            let start = Instant::now();
            let lost = client.create_user(&instance, &asked).await;
            assert!(matches!(lost, Err(CallError::Unclear(_))), "{fault:?}: {lost:?}");
            assert_eq!(start.elapsed(), waited, "{fault:?}");
            assert_eq!(transport.world().everyone().count(), usize::from(there), "{fault:?}");
        }
    }
}
