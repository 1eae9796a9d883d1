//! The operations that a world knows, and which one a request asks for.

use std::fmt;

use http::Method;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::wire::Request;

/// An operation of the service; each has its own token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are the service's own names")]
pub enum Operation {
    AssociateUserProficiencies,
    CreateUser,
    DeleteUser,
    DescribeInstance,
    DescribeUser,
    DescribeUserHierarchyGroup,
    DisassociateUserProficiencies,
    GetServiceQuota,
    ListInstances,
    ListRoutingProfiles,
    ListSecurityProfiles,
    ListTagsForResource,
    ListUserHierarchyGroups,
    ListUserProficiencies,
    ListUsers,
    SearchPredefinedAttributes,
    SearchUserHierarchyGroups,
    SearchUsers,
    TagResource,
    UntagResource,
    UpdateUserConfig,
    UpdateUserHierarchy,
    UpdateUserIdentityInfo,
    UpdateUserPhoneConfig,
    UpdateUserProficiencies,
    UpdateUserRoutingProfile,
    UpdateUserSecurityProfiles,
    DeleteAllEntitySessions,
    DeleteQuickConnect,
    GetCurrentUserData,
    SearchQuickConnects,
}

impl Operation {
    /// All of them.
    pub(crate) const ALL: [Operation; 31] = [
        Self::AssociateUserProficiencies,
        Self::CreateUser,
        Self::DeleteUser,
        Self::DescribeInstance,
        Self::DescribeUser,
        Self::DescribeUserHierarchyGroup,
        Self::GetServiceQuota,
        Self::ListInstances,
        Self::ListRoutingProfiles,
        Self::ListSecurityProfiles,
        Self::ListTagsForResource,
        Self::ListUserHierarchyGroups,
        Self::ListUserProficiencies,
        Self::ListUsers,
        Self::SearchPredefinedAttributes,
        Self::SearchUserHierarchyGroups,
        Self::SearchUsers,
        Self::TagResource,
        Self::DisassociateUserProficiencies,
        Self::UntagResource,
        Self::UpdateUserConfig,
        Self::UpdateUserHierarchy,
        Self::UpdateUserIdentityInfo,
        Self::UpdateUserPhoneConfig,
        Self::UpdateUserProficiencies,
        Self::UpdateUserRoutingProfile,
        Self::UpdateUserSecurityProfiles,
        Self::DeleteAllEntitySessions,
        Self::DeleteQuickConnect,
        Self::GetCurrentUserData,
        Self::SearchQuickConnects,
    ];

    /// The service's name for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AssociateUserProficiencies => "AssociateUserProficiencies",
            Self::CreateUser => "CreateUser",
            Self::DeleteUser => "DeleteUser",
            Self::DescribeInstance => "DescribeInstance",
            Self::DescribeUser => "DescribeUser",
            Self::DescribeUserHierarchyGroup => "DescribeUserHierarchyGroup",
            Self::GetServiceQuota => "GetServiceQuota",
            Self::ListInstances => "ListInstances",
            Self::ListRoutingProfiles => "ListRoutingProfiles",
            Self::ListSecurityProfiles => "ListSecurityProfiles",
            Self::ListTagsForResource => "ListTagsForResource",
            Self::ListUserHierarchyGroups => "ListUserHierarchyGroups",
            Self::ListUserProficiencies => "ListUserProficiencies",
            Self::ListUsers => "ListUsers",
            Self::SearchPredefinedAttributes => "SearchPredefinedAttributes",
            Self::SearchUserHierarchyGroups => "SearchUserHierarchyGroups",
            Self::SearchUsers => "SearchUsers",
            Self::TagResource => "TagResource",
            Self::DisassociateUserProficiencies => "DisassociateUserProficiencies",
            Self::UntagResource => "UntagResource",
            Self::UpdateUserConfig => "UpdateUserConfig",
            Self::UpdateUserHierarchy => "UpdateUserHierarchy",
            Self::UpdateUserIdentityInfo => "UpdateUserIdentityInfo",
            Self::UpdateUserPhoneConfig => "UpdateUserPhoneConfig",
            Self::UpdateUserProficiencies => "UpdateUserProficiencies",
            Self::UpdateUserRoutingProfile => "UpdateUserRoutingProfile",
            Self::UpdateUserSecurityProfiles => "UpdateUserSecurityProfiles",
            Self::DeleteAllEntitySessions => "DeleteAllEntitySessions",
            Self::DeleteQuickConnect => "DeleteQuickConnect",
            Self::GetCurrentUserData => "GetCurrentUserData",
            Self::SearchQuickConnects => "SearchQuickConnects",
        }
    }

    /// The operation of this name, as the service has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// Whether it changes a user who is there.
    pub(crate) fn changes_a_user(self) -> bool {
        matches!(
            self,
            Self::AssociateUserProficiencies
                | Self::DisassociateUserProficiencies
                | Self::TagResource
                | Self::UntagResource
                | Self::UpdateUserConfig
                | Self::UpdateUserHierarchy
                | Self::UpdateUserIdentityInfo
                | Self::UpdateUserPhoneConfig
                | Self::UpdateUserProficiencies
                | Self::UpdateUserRoutingProfile
                | Self::UpdateUserSecurityProfiles
        )
    }

    /// Whether it changes nothing.
    pub(crate) fn only_reads(self) -> bool {
        let makes_or_unmakes = matches!(
            self,
            Self::CreateUser | Self::DeleteUser | Self::DeleteQuickConnect | Self::DeleteAllEntitySessions
        );
        !self.changes_a_user() && !makes_or_unmakes
    }

    /// The code of its rate in Service Quotas, where one is published.
    pub(super) fn quota_code(self) -> Option<&'static str> {
        Some(match self {
            Self::AssociateUserProficiencies => "L-2CCBA953",
            Self::CreateUser => "L-CBDEE3E4",
            Self::DeleteUser => "L-30488271",
            Self::DescribeInstance => "L-D14CF86E",
            Self::DescribeUser => "L-EE6F0D82",
            Self::DescribeUserHierarchyGroup => "L-50D07AB9",
            Self::ListInstances => "L-98C95556",
            Self::ListRoutingProfiles => "L-30929A21",
            Self::ListSecurityProfiles => "L-A408782D",
            Self::ListUserHierarchyGroups => "L-E6DB6D6D",
            Self::ListUserProficiencies => "L-A59C54EE",
            Self::ListUsers => "L-CCC38177",
            Self::SearchUsers => "L-E2C35CCE",
            Self::TagResource => "L-EA358306",
            Self::DisassociateUserProficiencies => "L-53E03705",
            Self::UntagResource => "L-26D9F60B",
            Self::UpdateUserHierarchy => "L-AEAF5C4B",
            Self::UpdateUserIdentityInfo => "L-66B5F86E",
            Self::UpdateUserPhoneConfig => "L-5D8210C3",
            Self::UpdateUserProficiencies => "L-5A3065E6",
            Self::UpdateUserRoutingProfile => "L-418ABD80",
            Self::UpdateUserSecurityProfiles => "L-64B27051",
            Self::DeleteQuickConnect => "L-EC633E57",
            Self::DeleteAllEntitySessions
            | Self::GetCurrentUserData
            | Self::SearchQuickConnects
            | Self::GetServiceQuota
            | Self::ListTagsForResource
            | Self::SearchPredefinedAttributes
            | Self::SearchUserHierarchyGroups
            | Self::UpdateUserConfig => return None,
        })
    }

    /// The service in whose name a request for it is signed.
    pub(super) fn service(self) -> &'static str {
        if self == Self::GetServiceQuota { "servicequotas" } else { "connect" }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request, understood as far as its method, path and query go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    /// The decoded labels of the path, in order.
    pub(super) labels: Vec<String>,
    /// The decoded query.
    pub(super) query: Vec<(String, String)>,
}

impl Route {
    /// Finds the operation, or `None` where the service has none such.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let (path, query) = request.split();
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let (operation, labels): (Operation, Vec<String>) = match (&request.method, segments.as_slice()) {
            (&Method::PUT, ["users", iid]) => (Operation::CreateUser, vec![decode(iid)]),
            (&Method::GET, ["users", iid, uid]) => (Operation::DescribeUser, vec![decode(iid), decode(uid)]),
            (&Method::DELETE, ["users", iid, uid]) => (Operation::DeleteUser, vec![decode(iid), decode(uid)]),
            (&Method::GET, ["users", iid, uid, "proficiencies"]) => {
                (Operation::ListUserProficiencies, vec![decode(iid), decode(uid)])
            }
            (&Method::POST, ["users", iid, uid, what]) => {
                (Self::change(what)?, vec![decode(iid), decode(uid)])
            }
            (&Method::GET, ["users-summary", iid]) => (Operation::ListUsers, vec![decode(iid)]),
            (&Method::POST, ["search-predefined-attributes"]) => {
                (Operation::SearchPredefinedAttributes, vec![])
            }
            (&Method::POST, ["search-quick-connects"]) => (Operation::SearchQuickConnects, vec![]),
            (&Method::DELETE, ["quick-connects", iid, qid]) => {
                (Operation::DeleteQuickConnect, vec![decode(iid), decode(qid)])
            }
            (&Method::POST, ["metrics", "userdata", iid]) => {
                (Operation::GetCurrentUserData, vec![decode(iid)])
            }
            (&Method::POST, ["auth", "sessions", "delete-all-entity-sessions"]) => {
                (Operation::DeleteAllEntitySessions, vec![])
            }
            (&Method::POST, ["search-users"]) => (Operation::SearchUsers, vec![]),
            (&Method::GET, ["instance"]) => (Operation::ListInstances, vec![]),
            (&Method::GET, ["instance", iid]) => (Operation::DescribeInstance, vec![decode(iid)]),
            (&Method::GET, ["routing-profiles-summary", iid]) => {
                (Operation::ListRoutingProfiles, vec![decode(iid)])
            }
            (&Method::GET, ["security-profiles-summary", iid]) => {
                (Operation::ListSecurityProfiles, vec![decode(iid)])
            }
            (&Method::GET, ["user-hierarchy-groups-summary", iid]) => {
                (Operation::ListUserHierarchyGroups, vec![decode(iid)])
            }
            (&Method::GET, ["user-hierarchy-groups", iid, gid]) => {
                (Operation::DescribeUserHierarchyGroup, vec![decode(iid), decode(gid)])
            }
            (&Method::POST, ["search-user-hierarchy-groups"]) => {
                (Operation::SearchUserHierarchyGroups, vec![])
            }
            (&Method::POST, ["tags", arn]) => (Operation::TagResource, vec![decode(arn)]),
            (&Method::DELETE, ["tags", arn]) => (Operation::UntagResource, vec![decode(arn)]),
            (&Method::GET, ["tags", arn]) => (Operation::ListTagsForResource, vec![decode(arn)]),
            (&Method::POST, [""]) if is_get_service_quota(request) => (Operation::GetServiceQuota, vec![]),
            _ => return None,
        };
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        Some(Self { operation, labels, query })
    }

    /// What a POST below a user changes of it.
    fn change(what: &str) -> Option<Operation> {
        Some(match what {
            "associate-proficiencies" => Operation::AssociateUserProficiencies,
            "config" => Operation::UpdateUserConfig,
            "disassociate-proficiencies" => Operation::DisassociateUserProficiencies,
            "hierarchy" => Operation::UpdateUserHierarchy,
            "identity-info" => Operation::UpdateUserIdentityInfo,
            "phone-config" => Operation::UpdateUserPhoneConfig,
            "proficiencies" => Operation::UpdateUserProficiencies,
            "routing-profile" => Operation::UpdateUserRoutingProfile,
            "security-profiles" => Operation::UpdateUserSecurityProfiles,
            _ => return None,
        })
    }

    /// The instance that a request names, by id or ARN, wherever its operation has it: in the path, in the ARN of a
    /// resource, or in the body. `None` where it names none, or cannot be read.
    pub(super) fn instance(&self, request: &Request) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            #[serde(alias = "ContextId")]
            instance_id: String,
        }
        match self.operation {
            Operation::ListInstances => None,
            Operation::TagResource | Operation::UntagResource | Operation::ListTagsForResource => {
                let mut parts = self.label(0).splitn(3, '/');
                let (before, id) = (parts.next()?, parts.next().unwrap_or_default());
                Some(format!("{before}/{id}"))
            }
            _ if self.labels.is_empty() => {
                serde_json::from_slice(&request.body).ok().map(|body: Body| body.instance_id)
            }
            _ => Some(self.label(0).to_owned()),
        }
    }

    /// A label of the path, counted from 0; empty where there is none.
    pub(super) fn label(&self, index: usize) -> &str {
        self.labels.get(index).map_or("", String::as_str)
    }

    /// A member of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A member of the query that may stand there many times.
    pub(super) fn all_of<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.query.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn is_get_service_quota(request: &Request) -> bool {
    request.header("x-amz-target") == Some("ServiceQuotasV20190624.GetServiceQuota")
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};

    use super::{Operation, Route};
    use crate::simulator::Request;

    fn request(method: &Method, target: &str) -> Request {
        let mut headers = HeaderMap::new();
        if target == "/" {
            headers
                .insert("x-amz-target", HeaderValue::from_static("ServiceQuotasV20190624.GetServiceQuota"));
        }
        Request { method: method.clone(), target: target.into(), headers, body: Bytes::new() }
    }

    #[test]
    fn every_operation_has_its_method_and_path() {
        let table = [
            (Method::PUT, "/users/i", Operation::CreateUser),
            (Method::GET, "/users/i/u", Operation::DescribeUser),
            (Method::DELETE, "/users/i/u", Operation::DeleteUser),
            (Method::POST, "/users/i/u/associate-proficiencies", Operation::AssociateUserProficiencies),
            (Method::GET, "/users/i/u/proficiencies", Operation::ListUserProficiencies),
            (Method::GET, "/users-summary/i?maxResults=3", Operation::ListUsers),
            (Method::POST, "/search-predefined-attributes", Operation::SearchPredefinedAttributes),
            (Method::POST, "/search-users", Operation::SearchUsers),
            (Method::GET, "/instance", Operation::ListInstances),
            (Method::GET, "/instance/i", Operation::DescribeInstance),
            (Method::GET, "/routing-profiles-summary/i", Operation::ListRoutingProfiles),
            (Method::GET, "/security-profiles-summary/i", Operation::ListSecurityProfiles),
            (Method::GET, "/user-hierarchy-groups-summary/i", Operation::ListUserHierarchyGroups),
            (Method::GET, "/user-hierarchy-groups/i/g", Operation::DescribeUserHierarchyGroup),
            (Method::POST, "/search-user-hierarchy-groups", Operation::SearchUserHierarchyGroups),
            (Method::POST, "/tags/arn", Operation::TagResource),
            (Method::GET, "/tags/arn", Operation::ListTagsForResource),
            (Method::DELETE, "/tags/arn?tagKeys=a&tagKeys=b", Operation::UntagResource),
            (Method::POST, "/users/i/u/config", Operation::UpdateUserConfig),
            (Method::POST, "/users/i/u/disassociate-proficiencies", Operation::DisassociateUserProficiencies),
            (Method::POST, "/users/i/u/hierarchy", Operation::UpdateUserHierarchy),
            (Method::POST, "/users/i/u/identity-info", Operation::UpdateUserIdentityInfo),
            (Method::POST, "/users/i/u/phone-config", Operation::UpdateUserPhoneConfig),
            (Method::POST, "/users/i/u/proficiencies", Operation::UpdateUserProficiencies),
            (Method::POST, "/users/i/u/routing-profile", Operation::UpdateUserRoutingProfile),
            (Method::POST, "/users/i/u/security-profiles", Operation::UpdateUserSecurityProfiles),
            (Method::POST, "/", Operation::GetServiceQuota),
            (Method::POST, "/search-quick-connects", Operation::SearchQuickConnects),
            (Method::DELETE, "/quick-connects/i/q", Operation::DeleteQuickConnect),
            (Method::POST, "/metrics/userdata/i", Operation::GetCurrentUserData),
            (Method::POST, "/auth/sessions/delete-all-entity-sessions", Operation::DeleteAllEntitySessions),
        ];
        for (method, target, operation) in &table {
            let route = Route::of(&request(method, target));
            assert_eq!(route.map(|r| r.operation), Some(*operation), "{method} {target}");
        }
        let reached: BTreeSet<Operation> = table.iter().map(|(_, _, o)| *o).collect();
        assert_eq!(reached, Operation::ALL.into_iter().collect());
    }

    #[test]
    fn what_the_service_does_not_have_is_not_found() {
        for (method, target) in [
            (Method::POST, "/users/i"),
            (Method::PUT, "/users"),
            (Method::PUT, "/users/i/u/v"),
            (Method::POST, "/users/i/u/v"),
            (Method::POST, "/users/i/u/v/w"),
            (Method::GET, "/"),
            (Method::GET, ""),
            (Method::OPTIONS, "*"),
        ] {
            assert_eq!(Route::of(&request(&method, target)), None, "{method} {target}");
        }
    }

    #[test]
    fn the_instance_that_is_asked_for_is_found_wherever_it_stands() {
        let arn = "arn:aws:connect:eu-central-1:1:instance/i";
        let user = "/tags/arn%3Aaws%3Aconnect%3Aeu-central-1%3A1%3Ainstance%2Fi%2Fagent%2Fu";
        for (method, target, body, found) in [
            (Method::PUT, "/users/i", "", Some("i")),
            (Method::GET, "/user-hierarchy-groups/i/g", "", Some("i")),
            (Method::DELETE, "/quick-connects/i/q", "", Some("i")),
            (Method::POST, user, "", Some(arn)),
            (Method::GET, "/tags/nonsense", "", Some("nonsense/")),
            (Method::GET, "/instance", "", None),
            (Method::POST, "/search-users", r#"{"InstanceId":"i","MaxResults":1}"#, Some("i")),
            (Method::POST, "/search-users", "{", None),
            (Method::POST, "/", r#"{"QuotaCode":"L-1"}"#, None),
            (Method::POST, "/", r#"{"QuotaCode":"L-1","ContextId":"i"}"#, Some("i")),
        ] {
            let request = Request { body: Bytes::from(body), ..request(&method, target) };
            let route = Route::of(&request).expect("an operation");
            assert_eq!(route.instance(&request).as_deref(), found, "{method} {target}");
        }
    }

    #[test]
    fn labels_and_query_are_decoded_once() {
        let route = Route::of(&request(
            &Method::GET,
            "/users-summary/arn%3Aaws%3Aconnect%3Aeu-central-1%3A1%3Ainstance%2Fi?nextToken=a%2Bb%2Fc%3D%3D&maxResults=10",
        ));
        let route = route.expect("ListUsers");
        assert_eq!(route.label(0), "arn:aws:connect:eu-central-1:1:instance/i");
        assert_eq!(route.query("nextToken"), Some("a+b/c=="));
        assert_eq!(route.query("maxResults"), Some("10"));
        assert_eq!(route.query("MaxResults"), None);
    }
}
