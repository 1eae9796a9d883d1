//! The calls, as pure builders of requests.
//!
//! Methods, URIs and member names: the service's model (`model.rs`). Labels and query values are encoded down to
//! `A-Za-z0-9-_.~`, as botocore does: an ARN's `:` and `/` become `%3A` and `%2F`.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use crate::connect::endpoint::Service;
use crate::connect::model::{
    AssociateUserProficiencies, CreateUser, DeleteAllEntitySessions, DisassociateUserProficiencies,
    GetCurrentUserData, GetServiceQuota, IdentityInfo, PhoneConfig, SearchCriteria,
    SearchPredefinedAttributes, SearchQuickConnects, SearchUserHierarchyGroups, SearchUsers, StringCondition,
    TagResource, UpdateUserHierarchy, UpdateUserIdentityInfo, UpdateUserPhoneConfig, UpdateUserProficiencies,
    UpdateUserRoutingProfile, UpdateUserSecurityProfiles, UserConfig, UserDataFilters, UserProficiency,
    UserProficiencyName, UserSearch,
};

/// An operation of the service; also the name of a limiter, for quotas are per operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Makes a user. Not idempotent: a second call is a 409.
    CreateUser,
    /// Adds proficiencies to a user.
    AssociateUserProficiencies,
    /// Signs a user out, wherever it is signed in.
    DeleteAllEntitySessions,
    /// Removes a quick connect.
    DeleteQuickConnect,
    /// Removes a user.
    DeleteUser,
    /// Reads the instance.
    DescribeInstance,
    /// Reads a user, its tags included.
    DescribeUser,
    /// Reads a hierarchy group with its path.
    DescribeUserHierarchyGroup,
    /// Reads who is signed in, and as what, of at most 100 users; 100 a page.
    GetCurrentUserData,
    /// Reads an applied quota (Service Quotas).
    GetServiceQuota,
    /// Lists the instances of the region, 10 a page.
    ListInstances,
    /// Lists routing profiles, 1000 a page.
    ListRoutingProfiles,
    /// Lists security profiles, 1000 a page.
    ListSecurityProfiles,
    /// Lists hierarchy groups by their leaf's name only, 1000 a page.
    ListUserHierarchyGroups,
    /// Lists what a user is good at, 100 a page.
    ListUserProficiencies,
    /// Lists users, 1000 a page.
    ListUsers,
    /// Finds predefined attributes with their values, 100 a page.
    SearchPredefinedAttributes,
    /// Finds quick connects with what they lead to, 100 a page.
    SearchQuickConnects,
    /// Finds hierarchy groups with their paths, 100 a page.
    SearchUserHierarchyGroups,
    /// Finds users.
    SearchUsers,
    /// Sets a user's names and addresses; who may call it can take over accounts, says the model.
    UpdateUserIdentityInfo,
    /// Sets a user's settings per channel.
    UpdateUserConfig,
    /// Sets a user's settings of the older family: one after-contact work for all channels.
    UpdateUserPhoneConfig,
    /// Sets a user's routing profile.
    UpdateUserRoutingProfile,
    /// Sets a user's security profiles, all of them.
    UpdateUserSecurityProfiles,
    /// Sets a user's hierarchy group, or takes it away.
    UpdateUserHierarchy,
    /// Sets the levels of proficiencies that a user has.
    UpdateUserProficiencies,
    /// Takes proficiencies from a user.
    DisassociateUserProficiencies,
    /// Adds tags to a user, or changes their values; others stay.
    TagResource,
    /// Takes tags from a user.
    UntagResource,
}

/// The permission of every operation's IAM action is its own name after the service's.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 30] = [
        Self::CreateUser,
        Self::AssociateUserProficiencies,
        Self::DeleteAllEntitySessions,
        Self::DeleteQuickConnect,
        Self::DeleteUser,
        Self::DescribeInstance,
        Self::DescribeUser,
        Self::DescribeUserHierarchyGroup,
        Self::GetCurrentUserData,
        Self::GetServiceQuota,
        Self::ListInstances,
        Self::ListRoutingProfiles,
        Self::ListSecurityProfiles,
        Self::ListUserHierarchyGroups,
        Self::ListUserProficiencies,
        Self::ListUsers,
        Self::SearchPredefinedAttributes,
        Self::SearchQuickConnects,
        Self::SearchUserHierarchyGroups,
        Self::SearchUsers,
        Self::UpdateUserIdentityInfo,
        Self::UpdateUserConfig,
        Self::UpdateUserPhoneConfig,
        Self::UpdateUserRoutingProfile,
        Self::UpdateUserSecurityProfiles,
        Self::UpdateUserHierarchy,
        Self::UpdateUserProficiencies,
        Self::DisassociateUserProficiencies,
        Self::TagResource,
        Self::UntagResource,
    ];

    /// The service's own name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateUser => "CreateUser",
            Self::AssociateUserProficiencies => "AssociateUserProficiencies",
            Self::DeleteAllEntitySessions => "DeleteAllEntitySessions",
            Self::DeleteQuickConnect => "DeleteQuickConnect",
            Self::DeleteUser => "DeleteUser",
            Self::DescribeInstance => "DescribeInstance",
            Self::DescribeUser => "DescribeUser",
            Self::DescribeUserHierarchyGroup => "DescribeUserHierarchyGroup",
            Self::GetCurrentUserData => "GetCurrentUserData",
            Self::GetServiceQuota => "GetServiceQuota",
            Self::ListInstances => "ListInstances",
            Self::ListRoutingProfiles => "ListRoutingProfiles",
            Self::ListSecurityProfiles => "ListSecurityProfiles",
            Self::ListUserHierarchyGroups => "ListUserHierarchyGroups",
            Self::ListUserProficiencies => "ListUserProficiencies",
            Self::ListUsers => "ListUsers",
            Self::SearchPredefinedAttributes => "SearchPredefinedAttributes",
            Self::SearchQuickConnects => "SearchQuickConnects",
            Self::SearchUserHierarchyGroups => "SearchUserHierarchyGroups",
            Self::SearchUsers => "SearchUsers",
            Self::UpdateUserIdentityInfo => "UpdateUserIdentityInfo",
            Self::UpdateUserConfig => "UpdateUserConfig",
            Self::UpdateUserPhoneConfig => "UpdateUserPhoneConfig",
            Self::UpdateUserRoutingProfile => "UpdateUserRoutingProfile",
            Self::UpdateUserSecurityProfiles => "UpdateUserSecurityProfiles",
            Self::UpdateUserHierarchy => "UpdateUserHierarchy",
            Self::UpdateUserProficiencies => "UpdateUserProficiencies",
            Self::DisassociateUserProficiencies => "DisassociateUserProficiencies",
            Self::TagResource => "TagResource",
            Self::UntagResource => "UntagResource",
        }
    }

    /// The service it belongs to.
    pub(crate) fn service(self) -> Service {
        match self {
            Self::GetServiceQuota => Service::ServiceQuotas,
            _ => Service::Connect,
        }
    }

    /// The IAM action, as in `connect:CreateUser`.
    pub(crate) fn action(self) -> String {
        format!("{}:{}", self.service().signing_name(), self.name())
    }

    /// Whether the call changes nothing, so that sending it again is always right.
    pub(crate) const fn only_reads(self) -> bool {
        !matches!(
            self,
            Self::CreateUser
                | Self::AssociateUserProficiencies
                | Self::DeleteAllEntitySessions
                | Self::DeleteQuickConnect
                | Self::DeleteUser
                | Self::UpdateUserIdentityInfo
                | Self::UpdateUserConfig
                | Self::UpdateUserPhoneConfig
                | Self::UpdateUserRoutingProfile
                | Self::UpdateUserSecurityProfiles
                | Self::UpdateUserHierarchy
                | Self::UpdateUserProficiencies
                | Self::DisassociateUserProficiencies
                | Self::TagResource
                | Self::UntagResource
        )
    }
}

/// One call, ready to be addressed and signed.
///
/// There is no `Debug`: the body of CreateUser has a password in it.
#[derive(Clone)]
pub struct Call {
    /// What is called.
    pub(crate) operation: Operation,
    /// The HTTP method.
    pub(crate) method: Method,
    /// Path and query, encoded, with a slash at its start.
    pub(crate) path: String,
    /// The body, for the calls that have one.
    pub body: Option<Bytes>,
}

/// `PUT /users/{InstanceId}`.
pub fn create_user(instance: &str, user: &CreateUser) -> Call {
    // Wiped when the last who holds it lets go; large enough that it hardly grows, which would leave copies.
    let mut body = Zeroizing::new(Vec::with_capacity(2048));
    serde_json::to_writer(&mut *body, user).expect(SERIALISES);
    let body = Some(Bytes::from_owner(body));
    let path = format!("/users/{}", label(instance));
    Call { operation: Operation::CreateUser, method: Method::PUT, path, body }
}

/// `GET /instance/{InstanceId}`.
pub(crate) fn describe_instance(instance: &str) -> Call {
    without_body(Operation::DescribeInstance, Method::GET, format!("/instance/{}", label(instance)))
}

/// `GET /instance?maxResults=10`.
pub(crate) fn list_instances(token: Option<&str>) -> Call {
    list(Operation::ListInstances, "/instance".to_owned(), token, 10)
}

/// `GET /users-summary/{InstanceId}?maxResults=1000`.
pub(crate) fn list_users(instance: &str, token: Option<&str>) -> Call {
    list(Operation::ListUsers, format!("/users-summary/{}", label(instance)), token, 1000)
}

/// `GET /routing-profiles-summary/{InstanceId}?maxResults=1000`.
pub(crate) fn list_routing_profiles(instance: &str, token: Option<&str>) -> Call {
    list(
        Operation::ListRoutingProfiles,
        format!("/routing-profiles-summary/{}", label(instance)),
        token,
        1000,
    )
}

/// `GET /security-profiles-summary/{InstanceId}?maxResults=1000`.
pub(crate) fn list_security_profiles(instance: &str, token: Option<&str>) -> Call {
    list(
        Operation::ListSecurityProfiles,
        format!("/security-profiles-summary/{}", label(instance)),
        token,
        1000,
    )
}

/// `GET /user-hierarchy-groups-summary/{InstanceId}?maxResults=1000`.
pub(crate) fn list_user_hierarchy_groups(instance: &str, token: Option<&str>) -> Call {
    let path = format!("/user-hierarchy-groups-summary/{}", label(instance));
    list(Operation::ListUserHierarchyGroups, path, token, 1000)
}

/// `GET /users/{InstanceId}/{UserId}`.
pub(crate) fn describe_user(instance: &str, user: &str) -> Call {
    let path = format!("/users/{}/{}", label(instance), label(user));
    without_body(Operation::DescribeUser, Method::GET, path)
}

/// `GET /user-hierarchy-groups/{InstanceId}/{HierarchyGroupId}`.
pub(crate) fn describe_user_hierarchy_group(instance: &str, group: &str) -> Call {
    let path = format!("/user-hierarchy-groups/{}/{}", label(instance), label(group));
    without_body(Operation::DescribeUserHierarchyGroup, Method::GET, path)
}

/// `DELETE /users/{InstanceId}/{UserId}`.
pub(crate) fn delete_user(instance: &str, user: &str) -> Call {
    let path = format!("/users/{}/{}", label(instance), label(user));
    without_body(Operation::DeleteUser, Method::DELETE, path)
}

/// `DELETE /quick-connects/{InstanceId}/{QuickConnectId}`.
pub(crate) fn delete_quick_connect(instance: &str, quick_connect: &str) -> Call {
    let path = format!("/quick-connects/{}/{}", label(instance), label(quick_connect));
    without_body(Operation::DeleteQuickConnect, Method::DELETE, path)
}

/// `POST /auth/sessions/delete-all-entity-sessions` of a user, the only kind of entity that it takes.
pub(crate) fn delete_all_entity_sessions(instance: &str, user: &str) -> Call {
    let body = DeleteAllEntitySessions {
        instance_id: instance.to_owned(),
        entity_id: user.to_owned(),
        entity_type: "USER".to_owned(),
    };
    let path = "/auth/sessions/delete-all-entity-sessions".to_owned();
    with_body(Operation::DeleteAllEntitySessions, Method::POST, path, &body)
}

/// `POST /metrics/userdata/{InstanceId}` for these users, 1 to 100.
pub(crate) fn get_current_user_data(instance: &str, users: &[&str], token: Option<&str>) -> Call {
    let agents = users.iter().map(|user| (*user).to_owned()).collect();
    let body = GetCurrentUserData {
        filters: UserDataFilters { agents },
        next_token: token.map(str::to_owned),
        max_results: Some(100),
    };
    let path = format!("/metrics/userdata/{}", label(instance));
    with_body(Operation::GetCurrentUserData, Method::POST, path, &body)
}

/// `POST /search-users` for the users of exactly this name.
///
/// The service's answer may still hold names in another case: the caller compares.
pub(crate) fn search_users(instance: &str, username: &str, token: Option<&str>) -> Call {
    let condition = StringCondition {
        field_name: Some("Username".to_owned()),
        value: Some(username.to_owned()),
        comparison_type: Some("EXACT".to_owned()),
    };
    let body = SearchUsers {
        instance_id: instance.to_owned(),
        next_token: token.map(str::to_owned),
        max_results: Some(100), // the model takes 500, other pages of the documentation say 100
        search_criteria: Some(SearchCriteria { string_condition: Some(condition), ..Default::default() }),
        search_filter: None,
    };
    with_body(Operation::SearchUsers, Method::POST, "/search-users".to_owned(), &body)
}

/// `POST /search-users` for the users of whom this is true, all of them where nothing is asked; 500 a page.
pub(crate) fn search_users_where(instance: &str, wanted: &UserSearch, token: Option<&str>) -> Call {
    let body = SearchUsers {
        instance_id: instance.to_owned(),
        next_token: token.map(str::to_owned),
        max_results: Some(500),
        search_criteria: wanted.criteria.clone(),
        search_filter: wanted.filter.clone(),
    };
    with_body(Operation::SearchUsers, Method::POST, "/search-users".to_owned(), &body)
}

/// `POST /search-user-hierarchy-groups` for all groups.
pub(crate) fn search_user_hierarchy_groups(instance: &str, token: Option<&str>) -> Call {
    let body = SearchUserHierarchyGroups {
        instance_id: instance.to_owned(),
        next_token: token.map(str::to_owned),
        max_results: Some(100),
        search_criteria: None,
    };
    let path = "/search-user-hierarchy-groups".to_owned();
    with_body(Operation::SearchUserHierarchyGroups, Method::POST, path, &body)
}

/// `POST /search-predefined-attributes` for all attributes.
pub(crate) fn search_predefined_attributes(instance: &str, token: Option<&str>) -> Call {
    let body = SearchPredefinedAttributes {
        instance_id: instance.to_owned(),
        next_token: token.map(str::to_owned),
        max_results: Some(100),
    };
    let path = "/search-predefined-attributes".to_owned();
    with_body(Operation::SearchPredefinedAttributes, Method::POST, path, &body)
}

/// `POST /search-quick-connects` for all quick connects.
pub(crate) fn search_quick_connects(instance: &str, token: Option<&str>) -> Call {
    let body = SearchQuickConnects {
        instance_id: instance.to_owned(),
        next_token: token.map(str::to_owned),
        max_results: Some(100),
    };
    with_body(Operation::SearchQuickConnects, Method::POST, "/search-quick-connects".to_owned(), &body)
}

/// `GET /users/{InstanceId}/{UserId}/proficiencies?maxResults=100`.
pub(crate) fn list_user_proficiencies(instance: &str, user: &str, token: Option<&str>) -> Call {
    let path = format!("/users/{}/{}/proficiencies", label(instance), label(user));
    list(Operation::ListUserProficiencies, path, token, 100)
}

/// `POST /users/{InstanceId}/{UserId}/associate-proficiencies`.
pub(crate) fn associate_user_proficiencies(
    instance: &str,
    user: &str,
    proficiencies: &[UserProficiency],
) -> Call {
    let path = format!("/users/{}/{}/associate-proficiencies", label(instance), label(user));
    let body = AssociateUserProficiencies { user_proficiencies: proficiencies.to_vec() };
    with_body(Operation::AssociateUserProficiencies, Method::POST, path, &body)
}

/// `POST /users/{InstanceId}/{UserId}/identity-info`. Whether a member that is left out stays is not documented: send all
/// five as they are to be.
pub(crate) fn update_user_identity_info(instance: &str, user: &str, info: &IdentityInfo) -> Call {
    let body = UpdateUserIdentityInfo { identity_info: info.clone() };
    of_user(Operation::UpdateUserIdentityInfo, instance, user, "identity-info", &body)
}

/// `POST /users/{InstanceId}/{UserId}/config`. A list that is empty is left out and stays as it is.
pub(crate) fn update_user_config(instance: &str, user: &str, config: &UserConfig) -> Call {
    of_user(Operation::UpdateUserConfig, instance, user, "config", config)
}

/// `POST /users/{InstanceId}/{UserId}/phone-config`: the same after-contact work for all channels.
pub(crate) fn update_user_phone_config(instance: &str, user: &str, config: &PhoneConfig) -> Call {
    let body = UpdateUserPhoneConfig { phone_config: config.clone() };
    of_user(Operation::UpdateUserPhoneConfig, instance, user, "phone-config", &body)
}

/// `POST /users/{InstanceId}/{UserId}/routing-profile`.
pub(crate) fn update_user_routing_profile(instance: &str, user: &str, profile: &str) -> Call {
    let body = UpdateUserRoutingProfile { routing_profile_id: profile.to_owned() };
    of_user(Operation::UpdateUserRoutingProfile, instance, user, "routing-profile", &body)
}

/// `POST /users/{InstanceId}/{UserId}/security-profiles`: these, and no others.
pub(crate) fn update_user_security_profiles(instance: &str, user: &str, profiles: &[String]) -> Call {
    let body = UpdateUserSecurityProfiles { security_profile_ids: profiles.to_vec() };
    of_user(Operation::UpdateUserSecurityProfiles, instance, user, "security-profiles", &body)
}

/// `POST /users/{InstanceId}/{UserId}/hierarchy`; without a group the user is to have none.
pub(crate) fn update_user_hierarchy(instance: &str, user: &str, group: Option<&str>) -> Call {
    let body = UpdateUserHierarchy { hierarchy_group_id: group.map(str::to_owned) };
    of_user(Operation::UpdateUserHierarchy, instance, user, "hierarchy", &body)
}

/// `POST /users/{InstanceId}/{UserId}/proficiencies`: other levels of what the user has.
pub(crate) fn update_user_proficiencies(
    instance: &str,
    user: &str,
    proficiencies: &[UserProficiency],
) -> Call {
    let body = UpdateUserProficiencies { user_proficiencies: proficiencies.to_vec() };
    of_user(Operation::UpdateUserProficiencies, instance, user, "proficiencies", &body)
}

/// `POST /users/{InstanceId}/{UserId}/disassociate-proficiencies`.
pub(crate) fn disassociate_user_proficiencies(
    instance: &str,
    user: &str,
    proficiencies: &[UserProficiencyName],
) -> Call {
    let body = DisassociateUserProficiencies { user_proficiencies: proficiencies.to_vec() };
    of_user(Operation::DisassociateUserProficiencies, instance, user, "disassociate-proficiencies", &body)
}

/// `POST /tags/{resourceArn}`: the other tags stay.
pub(crate) fn tag_resource(arn: &str, tags: &BTreeMap<String, String>) -> Call {
    let body = TagResource { tags: tags.clone() };
    with_body(Operation::TagResource, Method::POST, format!("/tags/{}", label(arn)), &body)
}

/// `DELETE /tags/{resourceArn}?tagKeys=…&tagKeys=…`.
pub(crate) fn untag_resource(arn: &str, keys: &[String]) -> Call {
    let mut path = format!("/tags/{}", label(arn));
    for (at, key) in keys.iter().enumerate() {
        path.push_str(if at == 0 { "?tagKeys=" } else { "&tagKeys=" });
        path.extend(utf8_percent_encode(key, LABEL));
    }
    without_body(Operation::UntagResource, Method::DELETE, path)
}

/// Service Quotas' GetServiceQuota for the service code `connect`; `context` is an instance's ARN.
pub(crate) fn get_service_quota(quota_code: &str, context: Option<&str>) -> Call {
    let body = GetServiceQuota {
        service_code: "connect".to_owned(),
        quota_code: quota_code.to_owned(),
        context_id: context.map(str::to_owned),
    };
    with_body(Operation::GetServiceQuota, Method::POST, "/".to_owned(), &body)
}

fn list(operation: Operation, mut path: String, token: Option<&str>, max_results: u32) -> Call {
    // botocore writes the members in the model's order: the token first.
    path.push('?');
    if let Some(token) = token {
        path.push_str("nextToken=");
        path.extend(utf8_percent_encode(token, LABEL));
        path.push('&');
    }
    path.push_str("maxResults=");
    path.push_str(&max_results.to_string());
    without_body(operation, Method::GET, path)
}

fn without_body(operation: Operation, method: Method, path: String) -> Call {
    Call { operation, method, path, body: None }
}

const SERIALISES: &str = "strings, numbers, lists and maps of strings always serialise";

fn with_body(operation: Operation, method: Method, path: String, body: &impl Serialize) -> Call {
    let body = serde_json::to_vec(body).expect(SERIALISES);
    Call { operation, method, path, body: Some(Bytes::from(body)) }
}

/// `POST /users/{InstanceId}/{UserId}/{what}`.
fn of_user(operation: Operation, instance: &str, user: &str, what: &str, body: &impl Serialize) -> Call {
    let path = format!("/users/{}/{}/{what}", label(instance), label(user));
    with_body(operation, Method::POST, path, body)
}

/// What a path label or a query value keeps as it is: `A-Za-z0-9-_.~`.
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn label(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, LABEL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::model::{
        AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, HierarchyGroupCondition,
        PersistentConnectionConfig, PhoneNumberConfig, TagCondition, TagFilter, UserSearchFilter,
        VoiceEnhancementConfig,
    };

    const ID: &str = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
    const ARN: &str = "arn:aws:connect:us-west-2:123456789012:instance/abc";

    fn shown(call: &Call) -> String {
        let body = call.body.as_ref().map(|b| String::from_utf8(b.to_vec()).unwrap()).unwrap_or_default();
        format!("{} {} {} {}", call.operation, call.method, call.path, body).trim_end().to_owned()
    }

    fn searched() -> UserSearch {
        let (group, how) = (Some("g".to_owned()), Some("WITH_CHILD_GROUPS".to_owned()));
        let condition = HierarchyGroupCondition { value: group, hierarchy_group_match_type: how };
        let tag = TagCondition { tag_key: Some("k".to_owned()), tag_value: Some("v".to_owned()) };
        let filter = TagFilter { tag_condition: Some(tag), ..Default::default() };
        UserSearch {
            criteria: Some(SearchCriteria {
                hierarchy_group_condition: Some(condition),
                ..Default::default()
            }),
            filter: Some(UserSearchFilter { tag_filter: Some(filter) }),
        }
    }

    fn settings() -> (IdentityInfo, UserConfig, PhoneConfig) {
        let identity = IdentityInfo {
            first_name: Some("A".to_owned()),
            last_name: Some("B".to_owned()),
            email: Some(String::new()),
            secondary_email: Some("s".to_owned()),
            mobile: Some("+49".to_owned()),
        };
        let channel = || "VOICE".to_owned();
        let config = UserConfig {
            auto_accept_configs: vec![AutoAcceptConfig {
                channel: channel(),
                auto_accept: true,
                agent_first_callback_auto_accept: Some(false),
            }],
            after_contact_work_configs: vec![AfterContactWorkConfigPerChannel {
                channel: "CHAT".to_owned(),
                after_contact_work_config: AfterContactWorkConfig { after_contact_work_time_limit: Some(0) },
                ..Default::default()
            }],
            phone_number_configs: vec![PhoneNumberConfig {
                channel: channel(),
                phone_type: "SOFT_PHONE".to_owned(),
                phone_number: None,
            }],
            persistent_connection_configs: vec![PersistentConnectionConfig {
                channel: channel(),
                persistent_connection: true,
            }],
            voice_enhancement_configs: vec![VoiceEnhancementConfig {
                channel: channel(),
                voice_enhancement_mode: "NONE".to_owned(),
            }],
        };
        let phone = PhoneConfig {
            phone_type: Some("SOFT_PHONE".to_owned()),
            auto_accept: Some(false),
            after_contact_work_time_limit: Some(0),
            desk_phone_number: Some(String::new()),
            persistent_connection: None,
        };
        (identity, config, phone)
    }

    #[test]
    fn every_call_is_the_request_that_botocore_makes() {
        let user = CreateUser {
            username: "ana".to_owned(),
            security_profile_ids: vec!["s1".to_owned()],
            routing_profile_id: "r1".to_owned(),
            ..Default::default()
        };
        let proficiency = UserProficiency {
            attribute_name: "connect:Language".to_owned(),
            attribute_value: "connect:English".to_owned(),
            level: 5.0,
        };
        let (identity, config, phone) = settings();
        let table = [
            (
                create_user(ID, &user),
                r#"CreateUser PUT /users/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111 {"Username":"ana","SecurityProfileIds":["s1"],"RoutingProfileId":"r1"}"#,
            ),
            (
                describe_instance(ARN),
                "DescribeInstance GET /instance/arn%3Aaws%3Aconnect%3Aus-west-2%3A123456789012%3Ainstance%2Fabc",
            ),
            (list_instances(None), "ListInstances GET /instance?maxResults=10"),
            (
                list_users(ID, Some("a+b/c==")),
                "ListUsers GET /users-summary/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111?nextToken=a%2Bb%2Fc%3D%3D&maxResults=1000",
            ),
            (
                list_routing_profiles("i", None),
                "ListRoutingProfiles GET /routing-profiles-summary/i?maxResults=1000",
            ),
            (
                list_security_profiles("i", None),
                "ListSecurityProfiles GET /security-profiles-summary/i?maxResults=1000",
            ),
            (
                list_user_hierarchy_groups("i", None),
                "ListUserHierarchyGroups GET /user-hierarchy-groups-summary/i?maxResults=1000",
            ),
            (describe_user("i", "u/1"), "DescribeUser GET /users/i/u%2F1"),
            (
                describe_user_hierarchy_group("i", "é ~_.-"),
                "DescribeUserHierarchyGroup GET /user-hierarchy-groups/i/%C3%A9%20~_.-",
            ),
            (delete_user("i", "u"), "DeleteUser DELETE /users/i/u"),
            (delete_quick_connect("i", "q/1"), "DeleteQuickConnect DELETE /quick-connects/i/q%2F1"),
            (
                delete_all_entity_sessions(ARN, "u/1"),
                r#"DeleteAllEntitySessions POST /auth/sessions/delete-all-entity-sessions {"InstanceId":"arn:aws:connect:us-west-2:123456789012:instance/abc","EntityId":"u/1","EntityType":"USER"}"#,
            ),
            (
                get_current_user_data("i/1", &["u", "v"], None),
                r#"GetCurrentUserData POST /metrics/userdata/i%2F1 {"Filters":{"Agents":["u","v"]},"MaxResults":100}"#,
            ),
            (
                get_current_user_data("i", &["u"], Some("t")),
                r#"GetCurrentUserData POST /metrics/userdata/i {"Filters":{"Agents":["u"]},"NextToken":"t","MaxResults":100}"#,
            ),
            (
                search_users(ID, "ana", Some("t")),
                r#"SearchUsers POST /search-users {"InstanceId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE11111","NextToken":"t","MaxResults":100,"SearchCriteria":{"StringCondition":{"FieldName":"Username","Value":"ana","ComparisonType":"EXACT"}}}"#,
            ),
            (
                search_users_where("i", &UserSearch::default(), None),
                r#"SearchUsers POST /search-users {"InstanceId":"i","MaxResults":500}"#,
            ),
            (
                search_users_where("i", &searched(), Some("t")),
                r#"SearchUsers POST /search-users {"InstanceId":"i","NextToken":"t","MaxResults":500,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"k","TagValue":"v"}}},"SearchCriteria":{"HierarchyGroupCondition":{"Value":"g","HierarchyGroupMatchType":"WITH_CHILD_GROUPS"}}}"#,
            ),
            (
                update_user_identity_info("i", "u/1", &identity),
                r#"UpdateUserIdentityInfo POST /users/i/u%2F1/identity-info {"IdentityInfo":{"FirstName":"A","LastName":"B","Email":"","SecondaryEmail":"s","Mobile":"+49"}}"#,
            ),
            (
                update_user_identity_info("i", "u", &IdentityInfo::default()),
                r#"UpdateUserIdentityInfo POST /users/i/u/identity-info {"IdentityInfo":{}}"#,
            ),
            (
                update_user_config("i", "u", &config),
                r#"UpdateUserConfig POST /users/i/u/config {"AutoAcceptConfigs":[{"Channel":"VOICE","AutoAccept":true,"AgentFirstCallbackAutoAccept":false}],"AfterContactWorkConfigs":[{"Channel":"CHAT","AfterContactWorkConfig":{"AfterContactWorkTimeLimit":0}}],"PhoneNumberConfigs":[{"Channel":"VOICE","PhoneType":"SOFT_PHONE"}],"PersistentConnectionConfigs":[{"Channel":"VOICE","PersistentConnection":true}],"VoiceEnhancementConfigs":[{"Channel":"VOICE","VoiceEnhancementMode":"NONE"}]}"#,
            ),
            (
                update_user_config("i", "u", &UserConfig::default()),
                "UpdateUserConfig POST /users/i/u/config {}",
            ),
            (
                update_user_phone_config("i", "u", &phone),
                r#"UpdateUserPhoneConfig POST /users/i/u/phone-config {"PhoneConfig":{"PhoneType":"SOFT_PHONE","AutoAccept":false,"AfterContactWorkTimeLimit":0,"DeskPhoneNumber":""}}"#,
            ),
            (
                update_user_routing_profile("i", "u", "r"),
                r#"UpdateUserRoutingProfile POST /users/i/u/routing-profile {"RoutingProfileId":"r"}"#,
            ),
            (
                update_user_security_profiles("i", "u", &["a".to_owned(), "b".to_owned()]),
                r#"UpdateUserSecurityProfiles POST /users/i/u/security-profiles {"SecurityProfileIds":["a","b"]}"#,
            ),
            (
                update_user_hierarchy("i", "u", Some("g")),
                r#"UpdateUserHierarchy POST /users/i/u/hierarchy {"HierarchyGroupId":"g"}"#,
            ),
            (update_user_hierarchy("i", "u", None), "UpdateUserHierarchy POST /users/i/u/hierarchy {}"),
            (
                update_user_proficiencies("i", "u", std::slice::from_ref(&proficiency)),
                r#"UpdateUserProficiencies POST /users/i/u/proficiencies {"UserProficiencies":[{"AttributeName":"connect:Language","AttributeValue":"connect:English","Level":5.0}]}"#,
            ),
            (
                disassociate_user_proficiencies("i", "u", &[proficiency.name()]),
                r#"DisassociateUserProficiencies POST /users/i/u/disassociate-proficiencies {"UserProficiencies":[{"AttributeName":"connect:Language","AttributeValue":"connect:English"}]}"#,
            ),
            (
                tag_resource(ARN, &[("a", "b"), ("c", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
                r#"TagResource POST /tags/arn%3Aaws%3Aconnect%3Aus-west-2%3A123456789012%3Ainstance%2Fabc {"tags":{"a":"b","c":""}}"#,
            ),
            (
                untag_resource(ARN, &["a b".to_owned(), "c/d+é".to_owned()]),
                "UntagResource DELETE /tags/arn%3Aaws%3Aconnect%3Aus-west-2%3A123456789012%3Ainstance%2Fabc?tagKeys=a%20b&tagKeys=c%2Fd%2B%C3%A9",
            ),
            (
                search_user_hierarchy_groups("i", None),
                r#"SearchUserHierarchyGroups POST /search-user-hierarchy-groups {"InstanceId":"i","MaxResults":100}"#,
            ),
            (
                search_predefined_attributes("i", Some("t")),
                r#"SearchPredefinedAttributes POST /search-predefined-attributes {"InstanceId":"i","NextToken":"t","MaxResults":100}"#,
            ),
            (
                search_quick_connects("i", None),
                r#"SearchQuickConnects POST /search-quick-connects {"InstanceId":"i","MaxResults":100}"#,
            ),
            (
                search_quick_connects("i", Some("t")),
                r#"SearchQuickConnects POST /search-quick-connects {"InstanceId":"i","NextToken":"t","MaxResults":100}"#,
            ),
            (
                list_user_proficiencies("i", "u", None),
                "ListUserProficiencies GET /users/i/u/proficiencies?maxResults=100",
            ),
            (
                associate_user_proficiencies("i", "u", std::slice::from_ref(&proficiency)),
                r#"AssociateUserProficiencies POST /users/i/u/associate-proficiencies {"UserProficiencies":[{"AttributeName":"connect:Language","AttributeValue":"connect:English","Level":5.0}]}"#,
            ),
            (
                get_service_quota("L-CBDEE3E4", None),
                r#"GetServiceQuota POST / {"ServiceCode":"connect","QuotaCode":"L-CBDEE3E4"}"#,
            ),
            (
                get_service_quota("L-9A46857E", Some(ARN)),
                r#"GetServiceQuota POST / {"ServiceCode":"connect","QuotaCode":"L-9A46857E","ContextId":"arn:aws:connect:us-west-2:123456789012:instance/abc"}"#,
            ),
        ];
        for (call, expected) in &table {
            assert_eq!(shown(call), *expected);
        }
        for operation in Operation::ALL {
            assert!(
                table.iter().any(|(call, _)| call.operation == operation),
                "{operation} is not in the table"
            );
        }
    }

    #[test]
    fn an_empty_map_of_tags_is_left_out() {
        let call = create_user("i", &CreateUser::default());
        assert_eq!(
            shown(&call),
            r#"CreateUser PUT /users/i {"Username":"","SecurityProfileIds":[],"RoutingProfileId":""}"#
        );
    }
}
