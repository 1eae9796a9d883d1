//! The calls: one attempt each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use serde::de::{Deserialize, DeserializeOwned, Deserializer as _, IgnoredAny, MapAccess, Visitor};

use crate::clock::Clock;
use crate::connect::credentials::{Credentials, CredentialsError, Refreshed};
use crate::connect::endpoint::Service;
use crate::connect::fault::{self, CallError, Fault};
use crate::connect::model::{
    CreateUser, FoundUsers, HierarchyGroup, IdentityInfo, Instance, Page, PhoneConfig, PredefinedAttribute,
    QuickConnect, ServiceQuota, Summary, User, UserConfig, UserCreated, UserData, UserProficiency,
    UserProficiencyName, UserSearch,
};
use crate::connect::operation::{self, Call, Operation};
use crate::connect::sign::sign;
use crate::connect::target::Target;
use crate::connect::transport::{Certainty, HttpOptions, HttpTransport, Transport, TransportError};
use crate::error::Failure;

/// A result with what is worth keeping of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<T> {
    /// The result.
    pub value: T,
    /// The service's id for the request.
    pub request_id: Option<String>,
    /// The service's clock at the answer, to the second.
    pub date: Option<SystemTime>,
}

/// A connection to the service. Clones share everything: connections, credentials, clock correction.
///
/// Every method makes one attempt, signed afresh. None retries or waits for a pace.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: String,
    quotas_endpoint: Option<String>,
    region: String,
    credentials: Credentials,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    /// How far the service's clock is ahead of ours, in milliseconds.
    skew: AtomicI64,
}

/// A request is sent within so long of the time that it is signed with, or not at all.
const SIGNED_WITHIN: Duration = Duration::from_secs(60);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const JSON_1_1: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const GET_SERVICE_QUOTA: HeaderValue = HeaderValue::from_static("ServiceQuotasV20190624.GetServiceQuota");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("headcount/", env!("CARGO_PKG_VERSION")));

impl Client {
    /// Reaches the target over the network.
    pub fn new(
        target: &Target,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
        options: &HttpOptions,
    ) -> Result<Self, Failure> {
        let endpoints = [Some(target.endpoint.as_str()), target.quotas_endpoint.as_deref()];
        let transport = HttpTransport::new(endpoints.into_iter().flatten(), options)?;
        Ok(Self::over(Arc::new(transport), target, credentials, clock))
    }

    /// Reaches the target over the given transport, as with the embedded Connect.
    pub fn over(
        transport: Arc<dyn Transport>,
        target: &Target,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let shared = Shared {
            endpoint: target.endpoint.clone(),
            quotas_endpoint: target.quotas_endpoint.clone(),
            region: target.region.clone(),
            credentials,
            transport,
            clock,
            skew: AtomicI64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// CreateUser, signed with the time now. An answer of 200 that has no `UserId`, or one that repeats the password, is
    /// unclear.
    pub async fn create_user(
        &self,
        instance: &str,
        user: &CreateUser,
    ) -> Result<Reply<UserCreated>, CallError> {
        self.create_user_at(instance, user, self.shared.clock.now()).await
    }

    /// CreateUser, signed with the time at which it was meant, by this machine's clock.
    ///
    /// However late the request is delivered (a proxy that held it, a machine that slept), the service takes none that was
    /// signed long ago: "a request must reach AWS within five minutes of the time stamp" (IAM user guide, *Signature
    /// Version 4*). So an intent of which nothing has come is known to make nobody any more once that time is over.
    pub(crate) async fn create_user_at(
        &self,
        instance: &str,
        user: &CreateUser,
        meant: SystemTime,
    ) -> Result<Reply<UserCreated>, CallError> {
        let secret = user.password.as_ref().map(|password| password.expose());
        let call = operation::create_user(instance, user);
        let response = self.answer_signed_at(call, secret, self.by_service(meant)).await?;
        let created: UserCreated = read(Operation::CreateUser, response.body())?;
        if created.user_id.is_empty() {
            return Err(unreadable(Operation::CreateUser, "there is no UserId in it"));
        }
        if fault::redact(created.user_id.clone(), secret) != created.user_id {
            return Err(unreadable(Operation::CreateUser, "its UserId repeats the password"));
        }
        let reply = reply(response.headers(), created);
        Ok(Reply { request_id: reply.request_id.map(|id| fault::redact(id, secret)), ..reply })
    }

    /// AssociateUserProficiencies.
    pub async fn associate_user_proficiencies(
        &self,
        instance: &str,
        user: &str,
        proficiencies: &[UserProficiency],
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::associate_user_proficiencies(instance, user, proficiencies)).await
    }

    /// ListUserProficiencies, a page of at most 100.
    pub async fn list_user_proficiencies(
        &self,
        instance: &str,
        user: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<UserProficiency>>, CallError> {
        self.page(operation::list_user_proficiencies(instance, user, token), "UserProficiencyList").await
    }

    /// SearchPredefinedAttributes, a page of at most 100.
    pub async fn search_predefined_attributes(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<PredefinedAttribute>>, CallError> {
        self.page(operation::search_predefined_attributes(instance, token), "PredefinedAttributes").await
    }

    /// DeleteUser.
    pub async fn delete_user(&self, instance: &str, user: &str) -> Result<Reply<()>, CallError> {
        self.done(operation::delete_user(instance, user)).await
    }

    /// DeleteUser, signed with the time at which it was meant, by this machine's clock: however late it is delivered, a service
    /// that was to be asked minutes ago lets nothing in. See [`Client::create_user_at`].
    pub(crate) async fn delete_user_at(
        &self,
        instance: &str,
        user: &str,
        meant: SystemTime,
    ) -> Result<Reply<()>, CallError> {
        let call = operation::delete_user(instance, user);
        let response = self.answer_signed_at(call, None, self.by_service(meant)).await?;
        Ok(reply(response.headers(), ()))
    }

    /// SearchQuickConnects, a page of at most 100.
    pub async fn search_quick_connects(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<QuickConnect>>, CallError> {
        self.page(operation::search_quick_connects(instance, token), "QuickConnects").await
    }

    /// DeleteQuickConnect.
    pub async fn delete_quick_connect(
        &self,
        instance: &str,
        quick_connect: &str,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::delete_quick_connect(instance, quick_connect)).await
    }

    /// DeleteAllEntitySessions of a user, who is signed out wherever it is signed in.
    pub async fn delete_all_entity_sessions(
        &self,
        instance: &str,
        user: &str,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::delete_all_entity_sessions(instance, user)).await
    }

    /// GetCurrentUserData of 1 to 100 users, a page of at most 100. Only those who are signed in are on it (see
    /// [`UserData`]).
    pub async fn get_current_user_data(
        &self,
        instance: &str,
        users: &[&str],
        token: Option<&str>,
    ) -> Result<Reply<Page<UserData>>, CallError> {
        self.page(operation::get_current_user_data(instance, users, token), "UserDataList").await
    }

    /// DescribeInstance.
    pub async fn describe_instance(&self, instance: &str) -> Result<Reply<Instance>, CallError> {
        let described: Reply<Instance> =
            self.member(operation::describe_instance(instance), "Instance").await?;
        is_of(Operation::DescribeInstance, instance, &described.value.id)?;
        Ok(described)
    }

    /// DescribeUser. An answer about another user than the one who was asked for is an error.
    pub async fn describe_user(&self, instance: &str, user: &str) -> Result<Reply<User>, CallError> {
        let described: Reply<User> = self.member(operation::describe_user(instance, user), "User").await?;
        is_of(Operation::DescribeUser, user, &described.value.id)?;
        Ok(described)
    }

    /// DescribeUserHierarchyGroup.
    pub async fn describe_user_hierarchy_group(
        &self,
        instance: &str,
        group: &str,
    ) -> Result<Reply<HierarchyGroup>, CallError> {
        let call = operation::describe_user_hierarchy_group(instance, group);
        let described: Reply<HierarchyGroup> = self.member(call, "HierarchyGroup").await?;
        is_of(Operation::DescribeUserHierarchyGroup, group, &described.value.id)?;
        Ok(described)
    }

    /// Whether there is a Service Quotas to ask (see [`Target::quotas_endpoint`]).
    pub(crate) fn knows_quotas(&self) -> bool {
        self.shared.quotas_endpoint.is_some()
    }

    /// GetServiceQuota of the service `connect`; with an instance's ARN, as applied to that instance. `None` where
    /// Service Quotas is not to be asked (see [`Target::quotas_endpoint`]).
    pub async fn get_service_quota(
        &self,
        quota_code: &str,
        instance_arn: Option<&str>,
    ) -> Result<Option<Reply<ServiceQuota>>, CallError> {
        if self.shared.quotas_endpoint.is_none() {
            return Ok(None);
        }
        let call = operation::get_service_quota(quota_code, instance_arn);
        let quota: Reply<ServiceQuota> = self.member(call, "Quota").await?;
        is_of(Operation::GetServiceQuota, quota_code, &quota.value.quota_code)?;
        Ok(Some(quota))
    }

    /// ListInstances, a page of at most 10.
    pub async fn list_instances(&self, token: Option<&str>) -> Result<Reply<Page<Instance>>, CallError> {
        self.page(operation::list_instances(token), "InstanceSummaryList").await
    }

    /// ListRoutingProfiles, a page of at most 1000.
    pub async fn list_routing_profiles(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<Summary>>, CallError> {
        self.page(operation::list_routing_profiles(instance, token), "RoutingProfileSummaryList").await
    }

    /// ListSecurityProfiles, a page of at most 1000.
    pub async fn list_security_profiles(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<Summary>>, CallError> {
        self.page(operation::list_security_profiles(instance, token), "SecurityProfileSummaryList").await
    }

    /// ListUserHierarchyGroups, a page of at most 1000.
    pub async fn list_user_hierarchy_groups(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<Summary>>, CallError> {
        let call = operation::list_user_hierarchy_groups(instance, token);
        self.page(call, "UserHierarchyGroupSummaryList").await
    }

    /// ListUsers, a page of at most 1000.
    pub async fn list_users(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<Summary>>, CallError> {
        self.page(operation::list_users(instance, token), "UserSummaryList").await
    }

    /// SearchUserHierarchyGroups, a page of at most 100. Has a hidden root in it, whose `LevelId` is `"0"`.
    pub async fn search_user_hierarchy_groups(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<HierarchyGroup>>, CallError> {
        self.page(operation::search_user_hierarchy_groups(instance, token), "UserHierarchyGroups").await
    }

    /// SearchUsers by exact name, a page of at most 100. Here after-contact work is in **milliseconds**, and there are
    /// no addresses in `IdentityInfo`.
    pub async fn search_users(
        &self,
        instance: &str,
        username: &str,
        token: Option<&str>,
    ) -> Result<Reply<Page<User>>, CallError> {
        self.page(operation::search_users(instance, username, token), "Users").await
    }

    /// SearchUsers for everybody, a page of at most 500: as [`Client::search_users_where`] that asks for nothing.
    pub async fn search_all_users(
        &self,
        instance: &str,
        token: Option<&str>,
    ) -> Result<Reply<FoundUsers>, CallError> {
        self.search_users_where(instance, &UserSearch::default(), token).await
    }

    /// SearchUsers for those of whom this is true, a page of at most 500. After-contact work is in **milliseconds**, and
    /// there are no addresses in `IdentityInfo`.
    pub(crate) async fn search_users_where(
        &self,
        instance: &str,
        wanted: &UserSearch,
        token: Option<&str>,
    ) -> Result<Reply<FoundUsers>, CallError> {
        let call = operation::search_users_where(instance, wanted, token);
        let found = self.members(call, "Users", true).await?;
        let Members { value, next_token, total } = found.value;
        let total = total.and_then(|total| u64::try_from(total).ok());
        let users = FoundUsers { users: value.unwrap_or_default(), next_token, approximate_total: total };
        Ok(Reply { value: users, request_id: found.request_id, date: found.date })
    }

    /// UpdateUserIdentityInfo. Whether a member that is left out stays is not documented.
    pub async fn update_user_identity_info(
        &self,
        instance: &str,
        user: &str,
        info: &IdentityInfo,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_identity_info(instance, user, info)).await
    }

    /// UpdateUserConfig. Whether a channel that is left out of a list stays is not documented.
    pub async fn update_user_config(
        &self,
        instance: &str,
        user: &str,
        config: &UserConfig,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_config(instance, user, config)).await
    }

    /// UpdateUserPhoneConfig: one after-contact work for all channels, whatever each had.
    pub async fn update_user_phone_config(
        &self,
        instance: &str,
        user: &str,
        config: &PhoneConfig,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_phone_config(instance, user, config)).await
    }

    /// UpdateUserRoutingProfile.
    pub async fn update_user_routing_profile(
        &self,
        instance: &str,
        user: &str,
        profile: &str,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_routing_profile(instance, user, profile)).await
    }

    /// UpdateUserSecurityProfiles: these, and no others.
    pub async fn update_user_security_profiles(
        &self,
        instance: &str,
        user: &str,
        profiles: &[String],
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_security_profiles(instance, user, profiles)).await
    }

    /// UpdateUserHierarchy; without a group the user is to have none.
    pub async fn update_user_hierarchy(
        &self,
        instance: &str,
        user: &str,
        group: Option<&str>,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_hierarchy(instance, user, group)).await
    }

    /// UpdateUserProficiencies: other levels of what the user has.
    pub async fn update_user_proficiencies(
        &self,
        instance: &str,
        user: &str,
        proficiencies: &[UserProficiency],
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::update_user_proficiencies(instance, user, proficiencies)).await
    }

    /// DisassociateUserProficiencies.
    pub async fn disassociate_user_proficiencies(
        &self,
        instance: &str,
        user: &str,
        proficiencies: &[UserProficiencyName],
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::disassociate_user_proficiencies(instance, user, proficiencies)).await
    }

    /// TagResource: the other tags stay.
    pub async fn tag_resource(
        &self,
        arn: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<Reply<()>, CallError> {
        self.done(operation::tag_resource(arn, tags)).await
    }

    /// UntagResource.
    pub async fn untag_resource(&self, arn: &str, keys: &[String]) -> Result<Reply<()>, CallError> {
        self.done(operation::untag_resource(arn, keys)).await
    }

    /// What wall time and moments go by.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The time as the service has it, as far as is known.
    pub(crate) fn now(&self) -> SystemTime {
        self.by_service(self.shared.clock.now())
    }

    /// A time of this machine's clock as the service has it, as far as is known.
    fn by_service(&self, now: SystemTime) -> SystemTime {
        let skew = self.shared.skew.load(Ordering::Relaxed);
        let shift = Duration::from_millis(skew.unsigned_abs());
        let shifted = if skew < 0 { now.checked_sub(shift) } else { now.checked_add(shift) };
        shifted.unwrap_or(now)
    }

    /// The earlier of a time by this machine's clock and by the service's. Whoever waits until something is long past, by a time
    /// that a ledger has by some machine's clock, waits by this one: never too short, whichever of the clocks is behind.
    pub(crate) fn earliest(&self, now: SystemTime) -> SystemTime {
        now.min(self.by_service(now))
    }

    /// Signs from now on by the service's clock, as an answer's `Date` gave it. Returns the correction in
    /// milliseconds, positive where our clock is slow.
    pub fn set_service_time(&self, date: SystemTime) -> i64 {
        let now = self.shared.clock.now();
        let ahead = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let skew = match date.duration_since(now) {
            Ok(slow) => ahead(slow),
            Err(fast) => -ahead(fast.duration()),
        };
        self.shared.skew.store(skew, Ordering::Relaxed);
        skew
    }

    /// The correction in force, in milliseconds: see [`Client::set_service_time`].
    pub(crate) fn correction(&self) -> i64 {
        self.shared.skew.load(Ordering::Relaxed)
    }

    /// Which credentials are in use; compare before and after, see [`Client::refresh_credentials`].
    pub(crate) fn credentials_generation(&self) -> u64 {
        self.shared.credentials.generation()
    }

    /// Loads the credentials, so that a lack of them is found before anything else.
    pub(crate) async fn check_credentials(&self) -> Result<(), CredentialsError> {
        self.shared.credentials.identity(self.now()).await.map(drop)
    }

    /// Asks the credentials' source anew, once for all callers: `refused` is the generation that a refused call was
    /// made with, and where a newer one is in use already, nothing is asked.
    pub(crate) async fn refresh_credentials(&self, refused: u64) -> Result<Refreshed, CredentialsError> {
        self.shared.credentials.refresh(refused, self.now()).await
    }

    /// Makes one attempt of any call and returns the answer of 2xx as it came.
    ///
    /// `secret` is a password in the request, which a message must not repeat.
    pub(crate) async fn answer(
        &self,
        call: Call,
        secret: Option<&str>,
    ) -> Result<Response<Bytes>, CallError> {
        let now = self.now();
        self.answer_signed_at(call, secret, now).await
    }

    /// The same, signed with this time of the service's clock.
    async fn answer_signed_at(
        &self,
        call: Call,
        secret: Option<&str>,
        signed: SystemTime,
    ) -> Result<Response<Bytes>, CallError> {
        let shared = &*self.shared;
        let held = shared.credentials.identity(self.now()).await.map_err(CallError::NoCredentials)?;
        // Credentials can take a person's while to come: what was meant before that is meant anew.
        if self.now().duration_since(signed).is_ok_and(|waited| waited > SIGNED_WITHIN) {
            let what = "the request waited for its credentials for more than a minute";
            return Err(CallError::NotSent(TransportError::not_sent(what)));
        }
        let operation = call.operation;
        let mut request = self.address(call).map_err(CallError::NotSent)?;
        sign(&mut request, operation.service(), &shared.region, &held.identity, signed).map_err(|e| {
            CallError::NotSent(TransportError::not_sent(format!("cannot sign the request: {e}")))
        })?;
        request.headers_mut().insert(USER_AGENT, AGENT);
        let host = request.uri().authority().map(|host| host.as_str().into());
        let response = shared.transport.send(request).await.map_err(|error| match error.certainty {
            Certainty::NotSent => CallError::NotSent(error),
            Certainty::Unclear | Certainty::Foreign => CallError::Unclear(error),
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let fault = Fault::parse(status, response.headers(), response.body(), self.now(), secret);
        Err(CallError::Refused(Box::new(Fault { host, ..fault })))
    }

    fn address(&self, call: Call) -> Result<Request<Bytes>, TransportError> {
        let shared = &*self.shared;
        let base = match call.operation.service() {
            Service::Connect => shared.endpoint.as_str(),
            Service::ServiceQuotas => shared
                .quotas_endpoint
                .as_deref()
                .ok_or_else(|| TransportError::not_sent("Service Quotas is not to be asked here"))?,
            Service::DynamoDb => return Err(TransportError::not_sent("a table is not asked here")),
        };
        let mut url = String::with_capacity(base.len() + call.path.len());
        url.push_str(base);
        url.push_str(&call.path);
        let uri = Uri::try_from(url)
            .map_err(|e| TransportError::not_sent(format!("cannot address the call: {e}")))?;
        let has_body = call.body.is_some();
        let mut request = Request::new(call.body.unwrap_or_default());
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.reserve(8);
        match call.operation.service() {
            Service::Connect if has_body => drop(headers.insert(CONTENT_TYPE, JSON)),
            Service::Connect | Service::DynamoDb => {}
            Service::ServiceQuotas => {
                headers.insert(CONTENT_TYPE, JSON_1_1);
                headers.insert(TARGET, GET_SERVICE_QUOTA);
            }
        }
        Ok(request)
    }

    async fn done(&self, call: Call) -> Result<Reply<()>, CallError> {
        let response = self.answer(call, None).await?;
        Ok(reply(response.headers(), ()))
    }

    async fn member<T: DeserializeOwned>(&self, call: Call, member: &str) -> Result<Reply<T>, CallError> {
        let operation = call.operation;
        let found = self.members(call, member, false).await?;
        let value = found.value.value;
        let value = value.ok_or_else(|| unreadable(operation, &format!("there is no {member} in it")))?;
        Ok(Reply { value, request_id: found.request_id, date: found.date })
    }

    /// An absent list is an empty one, as every client of the service takes it.
    async fn page<T: DeserializeOwned>(&self, call: Call, list: &str) -> Result<Reply<Page<T>>, CallError> {
        let found: Reply<Members<Vec<T>>> = self.members(call, list, true).await?;
        let Members { value, next_token, total: _ } = found.value;
        let page = Page { items: value.unwrap_or_default(), next_token };
        Ok(Reply { value: page, request_id: found.request_id, date: found.date })
    }

    /// The member of this name, and of a page what else it says.
    async fn members<T: DeserializeOwned>(
        &self,
        call: Call,
        member: &str,
        is_page: bool,
    ) -> Result<Reply<Members<T>>, CallError> {
        let operation = call.operation;
        let response = self.answer(call, None).await?;
        let found = Wanted { member, is_page, of: PhantomData }.read(operation, response.body())?;
        Ok(reply(response.headers(), found))
    }
}

/// Fails where an answer is about another than the one who was asked for, by id or by ARN.
fn is_of(operation: Operation, asked: &str, id: &str) -> Result<(), CallError> {
    let is_it = asked.strip_suffix(id).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    if is_it && !id.is_empty() {
        return Ok(());
    }
    let told = if id.is_empty() { "somebody without an id".to_owned() } else { fault::brief(id) };
    Err(CallError::mistaken(operation, format_args!("of {told}, in place of {}", fault::brief(asked))))
}

fn reply<T>(headers: &HeaderMap, value: T) -> Reply<T> {
    Reply { value, request_id: fault::request_id(headers), date: fault::date(headers) }
}

fn read<T: DeserializeOwned>(operation: Operation, body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|e| unreadable(operation, kind(&e)))
}

/// What is wanted of an answer: one member, and where it is a page the token of the next.
///
/// Read without a tree of the whole answer: one of 8 MB, which is taken, makes a tree of half a gigabyte.
struct Wanted<'m, T> {
    member: &'m str,
    is_page: bool,
    of: PhantomData<T>,
}

/// What was found of it.
struct Members<T> {
    value: Option<T>,
    /// Of a page; never empty.
    next_token: Option<String>,
    /// Of a page: what the service says of how many there are on all.
    total: Option<i64>,
}

impl<T: DeserializeOwned> Wanted<'_, T> {
    fn read(self, operation: Operation, body: &[u8]) -> Result<Members<T>, CallError> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let found = json.deserialize_map(self).and_then(|found| json.end().map(|()| found));
        found.map_err(|e| unreadable(operation, kind(&e)))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Wanted<'_, T> {
    type Value = Members<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = Members { value: None, next_token: None, total: None };
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name == self.member {
                found.value = members.next_value()?;
            } else if self.is_page && name == "NextToken" {
                found.next_token = members.next_value::<Option<String>>()?.filter(|token| !token.is_empty());
            } else if self.is_page && name == "ApproximateTotalCount" {
                found.total = members.next_value()?;
            } else {
                let _: IgnoredAny = members.next_value()?;
            }
        }
        Ok(found)
    }
}

/// The parser's own message may quote the answer, and an answer may quote a password: only the kind is told.
fn kind(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it broke off",
        serde_json::error::Category::Data => "its members are not those of the service",
        _ => NOT_JSON,
    }
}

/// The service answers in JSON and in nothing else, whatever happens to it.
const NOT_JSON: &str = "it is not JSON";

fn unreadable(operation: Operation, why: &str) -> CallError {
    let what = format!("the answer to {operation} cannot be read: {why}");
    let of = if why == NOT_JSON { TransportError::foreign } else { TransportError::unclear };
    CallError::Unclear(of(what))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use bytes::Bytes;
    use http::{HeaderMap, Request, Response};

    use super::Client;
    use crate::clock::SteadyClock;
    use crate::connect::{BoxFuture, Credentials, Environment, Target, Transport, TransportError};

    /// Answers every request with an empty list and keeps the headers.
    #[derive(Default)]
    struct Keeper(Mutex<Vec<HeaderMap>>);

    impl Transport for Keeper {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            self.0.lock().unwrap().push(request.headers().clone());
            Box::pin(async { Ok(Response::new(Bytes::from_static(b"{}"))) })
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn client(endpoint: Option<&str>) -> (Client, Arc<Keeper>) {
        let keeper = Arc::new(Keeper::default());
        let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let target = Target::resolve(id, Some("us-west-2"), endpoint, &Environment::default()).unwrap();
        let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", Some("token"));
        let clock = Arc::new(SteadyClock::starting_at(at(1_795_444_693)));
        (Client::over(Arc::clone(&keeper) as Arc<dyn Transport>, &target, credentials, clock), keeper)
    }

    fn sent(keeper: &Keeper, header: &str) -> Vec<String> {
        let value = |headers: &HeaderMap| headers[header].to_str().unwrap().to_owned();
        keeper.0.lock().unwrap().iter().map(value).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn every_attempt_is_signed_anew_by_the_services_clock() {
        let (client, keeper) = client(None);
        client.list_users("i", None).await.unwrap();
        tokio::time::advance(Duration::from_secs(7)).await;
        client.list_users("i", None).await.unwrap();
        assert_eq!(client.set_service_time(at(1_795_444_693 + 7 + 3600)), 3_600_000);
        client.list_users("i", None).await.unwrap();
        assert_eq!(client.set_service_time(at(1_795_444_693 + 7 - 60)), -60_000);
        client.clone().list_users("i", None).await.unwrap();
        assert_eq!(
            sent(&keeper, "x-amz-date"),
            ["20261123T143813Z", "20261123T143820Z", "20261123T153820Z", "20261123T143720Z"]
        );
        let signatures = sent(&keeper, "authorization");
        assert!(signatures.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_secret_headers_are_marked_so_that_nothing_prints_them() {
        let (client, keeper) = client(None);
        client.list_users("i", None).await.unwrap();
        let headers = keeper.0.lock().unwrap()[0].clone();
        let shown = format!("{headers:?}");
        assert!(headers["authorization"].is_sensitive(), "{shown}");
        assert!(!shown.contains("Signature="), "{shown}");
        assert!(!headers.contains_key("host"), "{shown}");
        assert_eq!(headers["user-agent"], concat!("headcount/", env!("CARGO_PKG_VERSION")));
    }

    #[tokio::test(start_paused = true)]
    async fn service_quotas_is_not_asked_where_only_connect_is_elsewhere() {
        let (near, keeper) = client(Some("http://127.0.0.1:1"));
        assert_eq!(near.get_service_quota("L-CBDEE3E4", None).await.unwrap(), None);
        assert!(keeper.0.lock().unwrap().is_empty());
        let (far, keeper) = client(None);
        assert!(far.get_service_quota("L-CBDEE3E4", None).await.is_err(), "there is no Quota in the answer");
        assert_eq!(sent(&keeper, "x-amz-target"), ["ServiceQuotasV20190624.GetServiceQuota"]);
        assert!(sent(&keeper, "authorization")[0].contains("/us-west-2/servicequotas/aws4_request"));
    }
}
