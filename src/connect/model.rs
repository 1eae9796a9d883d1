//! The service's own shapes, with its own names.
//!
//! Source: botocore, `data/connect/2017-08-08/service-2.json.gz` and `data/service-quotas/2019-06-24`, of the version
//! that `.ci/connect-model.txt` names; `.ci/drift.py` says when they change. A member
//! that carries the URI (`InstanceId`, `UserId`) is not in the body and so not here. Requests are written by the client
//! and read by the embedded Connect, answers the other way round: hence both traits.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::agent::Password;

/// The body of `PUT /users/{InstanceId}` (CreateUser).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUser {
    /// 1 to 100 characters in the model; the identity type narrows it.
    pub username: String,
    /// Required with CONNECT_MANAGED, an error otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "wire_password")]
    pub password: Option<Password>,
    /// Names and addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_info: Option<IdentityInfo>,
    /// The phone settings of the older family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_config: Option<PhoneConfig>,
    /// The id of the user in the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_user_id: Option<String>,
    /// 1 to 10 ids.
    pub security_profile_ids: Vec<String>,
    /// Exactly one.
    pub routing_profile_id: String,
    /// The hierarchy group's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy_group_id: Option<String>,
    /// Per channel; never with `PhoneConfig.AutoAccept`.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub auto_accept_configs: Vec<AutoAcceptConfig>,
    /// Per channel; never with `PhoneConfig.AfterContactWorkTimeLimit`.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub after_contact_work_configs: Vec<AfterContactWorkConfigPerChannel>,
    /// Per channel; never with `PhoneConfig.PhoneType`.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub phone_number_configs: Vec<PhoneNumberConfig>,
    /// Per channel; never with `PhoneConfig.PersistentConnection`.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub persistent_connection_configs: Vec<PersistentConnectionConfig>,
    /// Voice only.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub voice_enhancement_configs: Vec<VoiceEnhancementConfig>,
    /// 1 to 50; an empty map is below the model's minimum, so it is left out.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// `UserIdentityInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IdentityInfo {
    /// 0 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// 0 to 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// An error with SAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Gets all notifications but password resets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_email: Option<String>,
    /// E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
}

/// `UserPhoneConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PhoneConfig {
    /// `SOFT_PHONE` or `DESK_PHONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_type: Option<String>,
    /// Softphone auto-accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_accept: Option<bool>,
    /// Seconds, 0 for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_contact_work_time_limit: Option<i64>,
    /// E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk_phone_number: Option<String>,
    /// Persistent connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_connection: Option<bool>,
}

/// `AutoAcceptConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AutoAcceptConfig {
    /// `VOICE`, `CHAT`, `TASK` or `EMAIL`.
    pub channel: String,
    /// Whether contacts of the channel are accepted without a click.
    pub auto_accept: bool,
    /// `VOICE` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_first_callback_auto_accept: Option<bool>,
}

/// `AfterContactWorkConfigPerChannel`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AfterContactWorkConfigPerChannel {
    /// `VOICE`, `CHAT`, `TASK` or `EMAIL`.
    pub channel: String,
    /// The channel's limit.
    pub after_contact_work_config: AfterContactWorkConfig,
    /// `VOICE` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_first_callback_after_contact_work_config: Option<AfterContactWorkConfig>,
}

/// `AfterContactWorkConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AfterContactWorkConfig {
    /// Seconds, 0 for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_contact_work_time_limit: Option<i64>,
}

/// `PhoneNumberConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PhoneNumberConfig {
    /// `VOICE` only.
    pub channel: String,
    /// `SOFT_PHONE` or `DESK_PHONE`.
    pub phone_type: String,
    /// E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

/// `PersistentConnectionConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PersistentConnectionConfig {
    /// `VOICE` only.
    pub channel: String,
    /// Whether the connection is kept after a contact.
    pub persistent_connection: bool,
}

/// `VoiceEnhancementConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VoiceEnhancementConfig {
    /// `VOICE` only.
    pub channel: String,
    /// `VOICE_ISOLATION`, `NOISE_SUPPRESSION` or `NONE`.
    pub voice_enhancement_mode: String,
}

/// The answer to CreateUser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserCreated {
    /// The new user's id. An answer without one is unreadable: the outcome is in doubt.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub user_id: String,
    /// `arn:…:instance/INSTANCE/agent/USER`.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) user_arn: String,
}

/// A summary as the List operations give it: `UserSummary`, `RoutingProfileSummary`, `SecurityProfileSummary` and
/// `HierarchyGroupSummary` (users have a `Username`, the others a `Name`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Summary {
    /// The id.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub id: String,
    /// The ARN.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) arn: String,
    /// The name of all but a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Seconds since 1970 with a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified_time: Option<f64>,
}

/// `User`, as DescribeUser has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// The id.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub id: String,
    /// The ARN.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub arn: String,
    /// The exact username.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub username: String,
    /// Names and addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_info: Option<IdentityInfo>,
    /// The phone settings; here after-contact work is in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_config: Option<PhoneConfig>,
    /// The id in the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_user_id: Option<String>,
    /// The security profiles' ids.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub security_profile_ids: Vec<String>,
    /// The routing profile's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_profile_id: Option<String>,
    /// The hierarchy group's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy_group_id: Option<String>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub auto_accept_configs: Vec<AutoAcceptConfig>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub after_contact_work_configs: Vec<AfterContactWorkConfigPerChannel>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub phone_number_configs: Vec<PhoneNumberConfig>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub persistent_connection_configs: Vec<PersistentConnectionConfig>,
    /// Voice only.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub voice_enhancement_configs: Vec<VoiceEnhancementConfig>,
    /// The tags, the provenance tag among them.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub tags: BTreeMap<String, String>,
    /// Seconds since 1970 with a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified_time: Option<f64>,
    /// The region of the last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified_region: Option<String>,
}

/// `Instance`, as DescribeInstance and ListInstances have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Instance {
    /// The id.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub id: String,
    /// The ARN.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub arn: String,
    /// `SAML`, `CONNECT_MANAGED` or `EXISTING_DIRECTORY`.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub identity_management_type: String,
    /// The alias, unique in the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_alias: Option<String>,
    /// Seconds since 1970 with a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_time: Option<f64>,
    /// `CREATION_IN_PROGRESS`, `ACTIVE` or `CREATION_FAILED`.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) instance_status: String,
    /// Where agents sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance_access_url: Option<String>,
}

/// `HierarchyGroup`, as SearchUserHierarchyGroups and DescribeUserHierarchyGroup have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HierarchyGroup {
    /// The id.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub id: String,
    /// The ARN.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) arn: String,
    /// The leaf's name; may repeat under other parents.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub name: String,
    /// `"1"` to `"5"`; `"0"` is a hidden root that SearchUserHierarchyGroups also returns.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub level_id: String,
    /// From the top to the group itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy_path: Option<HierarchyPath>,
}

/// `HierarchyPath`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HierarchyPath {
    /// The top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) level_one: Option<Summary>,
    /// Below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) level_two: Option<Summary>,
    /// Below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) level_three: Option<Summary>,
    /// Below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) level_four: Option<Summary>,
    /// The lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) level_five: Option<Summary>,
}

impl HierarchyPath {
    /// The levels that are set, top first.
    pub fn levels(&self) -> impl Iterator<Item = &Summary> {
        [&self.level_one, &self.level_two, &self.level_three, &self.level_four, &self.level_five]
            .into_iter()
            .filter_map(Option::as_ref)
    }
}

/// A page of a List or Search operation: the service names the list differently for each, so the client reads the
/// member that [`crate::connect::operation`] names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The token of the next page; opaque, good for 24 hours.
    pub next_token: Option<String>,
}

/// A page of users that a search has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundUsers {
    /// The users; after-contact work is in milliseconds, and there are no addresses.
    pub users: Vec<User>,
    /// The token of the next page; opaque, good for 24 hours.
    pub next_token: Option<String>,
    /// How many there are on all pages, about.
    pub approximate_total: Option<u64>,
}

/// `ServiceQuota` of Service Quotas' GetServiceQuota.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceQuota {
    /// `connect`.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) service_code: String,
    /// As in `L-CBDEE3E4`.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) quota_code: String,
    /// The quota's name.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) quota_name: String,
    /// The applied value.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub value: f64,
    /// Whether it can be raised.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) adjustable: bool,
}

/// The body of `POST /search-users` (SearchUsers), as far as it is asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchUsers {
    /// The search operations have the instance in the body.
    pub(crate) instance_id: String,
    /// At most 2500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
    /// 1 to 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<u32>,
    /// What is left of what is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) search_filter: Option<UserSearchFilter>,
    /// What is searched for; everything where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) search_criteria: Option<SearchCriteria>,
}

/// Which users are searched for: those of whom both are true, and everybody where neither is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserSearch {
    /// By name, by profile, by hierarchy group.
    pub(crate) criteria: Option<SearchCriteria>,
    /// By tag.
    pub(crate) filter: Option<UserSearchFilter>,
}

/// `UserSearchFilter`, as far as it is asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserSearchFilter {
    /// By tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag_filter: Option<TagFilter>,
}

/// `ControlPlaneTagFilter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagFilter {
    /// Any of these lists, of each all.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub(crate) or_conditions: Vec<Vec<TagCondition>>,
    /// All of these.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub(crate) and_conditions: Vec<TagCondition>,
    /// This one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag_condition: Option<TagCondition>,
}

/// `TagCondition`. What one without a value finds is not documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagCondition {
    /// The tag's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag_key: Option<String>,
    /// The tag's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag_value: Option<String>,
}

/// The body of `POST /search-user-hierarchy-groups` (SearchUserHierarchyGroups), as far as it is asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchUserHierarchyGroups {
    /// The search operations have the instance in the body.
    pub(crate) instance_id: String,
    /// At most 2500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
    /// 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<u32>,
    /// What is searched for; everything where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) search_criteria: Option<SearchCriteria>,
}

/// `UserSearchCriteria` and `UserHierarchyGroupSearchCriteria`, as far as they are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchCriteria {
    /// Any of these.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub(crate) or_conditions: Vec<SearchCriteria>,
    /// All of these.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub(crate) and_conditions: Vec<SearchCriteria>,
    /// This one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_condition: Option<StringCondition>,
    /// This one; for users alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hierarchy_group_condition: Option<HierarchyGroupCondition>,
}

/// `HierarchyGroupCondition`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HierarchyGroupCondition {
    /// The group's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// `EXACT` or `WITH_CHILD_GROUPS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hierarchy_group_match_type: Option<String>,
}

/// `StringCondition`. No member of it is required in the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StringCondition {
    /// `Username`, `FirstName`, `LastName`, `RoutingProfileId`, `SecurityProfileId` or `resourceId` for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field_name: Option<String>,
    /// What the field is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// `STARTS_WITH`, `CONTAINS` or `EXACT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comparison_type: Option<String>,
}

/// The body of `POST /search-predefined-attributes` (SearchPredefinedAttributes), as far as it is asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchPredefinedAttributes {
    /// The search operations have the instance in the body.
    pub(crate) instance_id: String,
    /// At most 2500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
    /// 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<u32>,
}

/// `PredefinedAttribute`, as SearchPredefinedAttributes has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PredefinedAttribute {
    /// 1 to 100 characters.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub name: String,
    /// A union in the model, of one member.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) values: PredefinedAttributeValues,
}

/// `PredefinedAttributeValues`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PredefinedAttributeValues {
    /// At most 500.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) string_list: Vec<String>,
}

/// The body of `POST /search-quick-connects` (SearchQuickConnects), as far as it is asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchQuickConnects {
    /// The search operations have the instance in the body.
    pub(crate) instance_id: String,
    /// At most 2500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
    /// 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<u32>,
}

/// `QuickConnect`, as SearchQuickConnects has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QuickConnect {
    /// The ARN, which the service writes so.
    #[serde(rename = "QuickConnectARN", default, deserialize_with = "null_as_absent")]
    pub(crate) arn: String,
    /// The id.
    #[serde(rename = "QuickConnectId", default, deserialize_with = "null_as_absent")]
    pub id: String,
    /// 1 to 127 characters.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub name: String,
    /// 1 to 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// What it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quick_connect_config: Option<QuickConnectConfig>,
    /// The tags.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// Seconds since 1970 with a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified_time: Option<f64>,
    /// The region of the last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified_region: Option<String>,
}

impl QuickConnect {
    /// The id of the user that it leads to; `None` where it leads to a queue, a telephone number or a flow.
    pub fn user_id(&self) -> Option<&str> {
        let user = self.quick_connect_config.as_ref()?.user_config.as_ref()?;
        Some(user.user_id.as_str()).filter(|id| !id.is_empty())
    }
}

/// `QuickConnectConfig`, as far as it is about users: a queue, a telephone number and a flow have members of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QuickConnectConfig {
    /// `USER`, `QUEUE`, `PHONE_NUMBER` or `FLOW`.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) quick_connect_type: String,
    /// Of `USER` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_config: Option<UserQuickConnectConfig>,
}

/// `UserQuickConnectConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserQuickConnectConfig {
    /// The id of the user that it leads to, which may have been deleted since.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) user_id: String,
    /// The flow that a transfer goes through.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) contact_flow_id: String,
}

/// The body of `POST /auth/sessions/delete-all-entity-sessions` (DeleteAllEntitySessions).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteAllEntitySessions {
    /// Here it is in the body.
    pub(crate) instance_id: String,
    /// Whose sessions end: a user's id or ARN, at most 256 characters.
    pub(crate) entity_id: String,
    /// `USER`: there is no other.
    pub(crate) entity_type: String,
}

/// The body of `POST /metrics/userdata/{InstanceId}` (GetCurrentUserData).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetCurrentUserData {
    /// Required. "A maximum of one filter can be passed" of queues, routing profiles, agents and hierarchy groups.
    pub(crate) filters: UserDataFilters,
    /// The token of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
    /// 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<u32>,
}

/// `UserDataFilters`, as far as it is asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserDataFilters {
    /// 1 to 100 ids of users; an empty list is below the model's minimum, so it is left out.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub(crate) agents: Vec<String>,
}

/// `UserData`, as GetCurrentUserData has it, as far as it is read here.
///
/// Only those who are signed in are listed: "Gets the real-time active user data" (the service's model). So whoever is
/// asked for and is not in the answer is not at work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserData {
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<UserReference>,
    /// What the user does now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<AgentStatusReference>,
}

impl UserData {
    /// The user's id; `None` where the service does not say who it is.
    pub fn user_id(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.id.as_str()).filter(|id| !id.is_empty())
    }

    /// What the user does, by the name of its status (`Available`, `Lunch`); `at work` where it has none.
    pub fn status(&self) -> &str {
        let name = self.status.as_ref().and_then(|status| status.status_name.as_deref());
        name.filter(|name| !name.is_empty()).unwrap_or("at work")
    }
}

/// `UserReference`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserReference {
    /// The id.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) id: String,
    /// The ARN.
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) arn: String,
}

/// `AgentStatusReference`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AgentStatusReference {
    /// Since when, in seconds since 1970 with a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status_start_timestamp: Option<f64>,
    /// The status' ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status_arn: Option<String>,
    /// 1 to 127 characters, as the instance names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status_name: Option<String>,
}

/// The body of `POST /users/{InstanceId}/{UserId}/associate-proficiencies` (AssociateUserProficiencies).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssociateUserProficiencies {
    /// What is added to the user; an attribute and value that the user has already is an error.
    pub(crate) user_proficiencies: Vec<UserProficiency>,
}

/// `UserProficiency`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserProficiency {
    /// The predefined attribute's name, 1 to 100 characters.
    pub attribute_name: String,
    /// One of its values, 1 to 100 characters.
    pub attribute_value: String,
    /// 1.0 to 5.0, whole.
    pub level: f32,
}

impl UserProficiency {
    /// What it is of, without its level.
    pub(crate) fn name(&self) -> UserProficiencyName {
        UserProficiencyName {
            attribute_name: self.attribute_name.clone(),
            attribute_value: self.attribute_value.clone(),
        }
    }
}

/// `UserProficiencyDisassociate`: a proficiency without its level.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserProficiencyName {
    /// The predefined attribute's name, 1 to 100 characters.
    pub attribute_name: String,
    /// One of its values, 1 to 100 characters.
    pub attribute_value: String,
}

/// The body of `POST /users/{InstanceId}/{UserId}/proficiencies` (UpdateUserProficiencies).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserProficiencies {
    /// Other levels of what the user has.
    pub(crate) user_proficiencies: Vec<UserProficiency>,
}

/// The body of `POST /users/{InstanceId}/{UserId}/disassociate-proficiencies` (DisassociateUserProficiencies).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DisassociateUserProficiencies {
    /// What is taken from the user.
    pub(crate) user_proficiencies: Vec<UserProficiencyName>,
}

/// The body of `POST /users/{InstanceId}/{UserId}/identity-info` (UpdateUserIdentityInfo).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserIdentityInfo {
    /// The whole of it, as it is to be.
    pub(crate) identity_info: IdentityInfo,
}

/// The body of `POST /users/{InstanceId}/{UserId}/config` (UpdateUserConfig): each list whole, as it is to be. One that is
/// empty is left out and changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserConfig {
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub auto_accept_configs: Vec<AutoAcceptConfig>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub after_contact_work_configs: Vec<AfterContactWorkConfigPerChannel>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub phone_number_configs: Vec<PhoneNumberConfig>,
    /// Per channel.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub persistent_connection_configs: Vec<PersistentConnectionConfig>,
    /// Voice only.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    pub voice_enhancement_configs: Vec<VoiceEnhancementConfig>,
}

/// The body of `POST /users/{InstanceId}/{UserId}/phone-config` (UpdateUserPhoneConfig).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserPhoneConfig {
    /// For all channels.
    pub(crate) phone_config: PhoneConfig,
}

/// The body of `POST /users/{InstanceId}/{UserId}/routing-profile` (UpdateUserRoutingProfile).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserRoutingProfile {
    /// The routing profile's id.
    pub(crate) routing_profile_id: String,
}

/// The body of `POST /users/{InstanceId}/{UserId}/security-profiles` (UpdateUserSecurityProfiles).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserSecurityProfiles {
    /// 1 to 10 ids: all that the user is to have.
    pub(crate) security_profile_ids: Vec<String>,
}

/// The body of `POST /users/{InstanceId}/{UserId}/hierarchy` (UpdateUserHierarchy).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserHierarchy {
    /// The group's id; without it the user is to have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hierarchy_group_id: Option<String>,
}

/// The body of `POST /tags/{resourceArn}` (TagResource), whose member the service writes small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagResource {
    /// 1 to 50.
    pub(crate) tags: BTreeMap<String, String>,
}

/// The body of Service Quotas' GetServiceQuota.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetServiceQuota {
    /// `connect`.
    pub(crate) service_code: String,
    /// As in `L-CBDEE3E4`.
    pub(crate) quota_code: String,
    /// The instance's ARN, for a quota of the instance rather than of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) context_id: Option<String>,
}

/// Takes an explicit `null` for an absent member, as the service's own clients do.
fn null_as_absent<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

/// The one place where a password becomes bytes: the body of the request that creates its user.
mod wire_password {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::agent::Password;

    pub(super) fn serialize<S: Serializer>(password: &Option<Password>, s: S) -> Result<S::Ok, S::Error> {
        match password {
            Some(password) => s.serialize_str(password.expose()),
            None => s.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Password>, D::Error> {
        Ok(Option::<String>::deserialize(d)?.map(Password::new))
    }
}
