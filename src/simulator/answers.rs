//! The operations that change nothing.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::operation::{Operation, Route};
use super::page::{self, Size};
use super::rules;
use super::search::{Criteria, Filter, Reading, Subject};
use super::spec::partition;
use super::users::Record;
use super::wire::{Refusal, Request};
use super::world::{Outcome, Profile, World};
use crate::connect::model;

/// The code of the quota of users in an instance.
const USERS_QUOTA: &str = "L-9A46857E";
/// The quota of proficiencies per agent.
const PROFICIENCIES_QUOTA: &str = "L-50375162";

/// The body of SearchUsers and SearchUserHierarchyGroups.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Search {
    instance_id: String,
    next_token: Option<String>,
    max_results: Option<i64>,
    search_filter: Option<Filter>,
    search_criteria: Option<Criteria>,
}

impl World {
    /// Answers an operation that changes nothing.
    pub(super) fn read(&mut self, now: SystemTime, route: &Route, request: &Request) -> Outcome {
        let operation = route.operation;
        match operation {
            Operation::DescribeInstance => self.describe_instance(route),
            Operation::DescribeUser => self.describe_user(now, route),
            Operation::DescribeUserHierarchyGroup => self.describe_group(route),
            Operation::GetServiceQuota => self.get_service_quota(request),
            Operation::ListInstances => self.list_instances(now, route),
            Operation::ListRoutingProfiles => {
                self.list_profiles(now, route, &self.routing_profiles, "RoutingProfileSummaryList")
            }
            Operation::ListSecurityProfiles => {
                self.list_profiles(now, route, &self.security_profiles, "SecurityProfileSummaryList")
            }
            Operation::ListTagsForResource => {
                Ok(Some(json!({ "tags": self.user_by_arn(now, route.label(0))?.shown(now).0.tags })))
            }
            Operation::ListUserHierarchyGroups => self.list_groups(now, route),
            Operation::ListUserProficiencies => self.list_user_proficiencies(now, route),
            Operation::ListUsers => self.list_users(now, route),
            Operation::GetCurrentUserData => self.current_user_data(now, route, request),
            Operation::SearchPredefinedAttributes => self.search_attributes(now, request),
            Operation::SearchQuickConnects => self.search_quick_connects(now, request),
            Operation::SearchUserHierarchyGroups => self.search_groups(now, request),
            Operation::SearchUsers => self.search_users(now, request),
            // What changes something is not answered here.
            _ => Err(Refusal::internal()),
        }
    }

    fn describe_instance(&self, route: &Route) -> Outcome {
        self.check_instance(route.label(0))?;
        Ok(Some(json!({ "Instance": self.instance() })))
    }

    fn list_instances(&self, now: SystemTime, route: &Route) -> Outcome {
        let (size, instances) = (Size { most: 10, usual: 10 }, &self.place.instances);
        let page = self.page(now, route, size, instances, Value::clone)?;
        Ok(Some(page.named("InstanceSummaryList")))
    }

    /// The instance, as the service shows it.
    pub(super) fn instance(&self) -> Value {
        let spec = &self.spec;
        json!({
            "Id": spec.instance_id,
            "Arn": spec.instance_arn(),
            "IdentityManagementType": spec.identity.as_api(),
            "InstanceAlias": spec.alias,
            "CreatedTime": self.long_ago(),
            "ServiceRole": format!(
                "arn:{}:iam::{}:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect_simulated",
                partition(&spec.region),
                spec.account
            ),
            "InstanceStatus": spec.instance_status,
            "InboundCallsEnabled": true,
            "OutboundCallsEnabled": true,
            "InstanceAccessUrl": format!("https://{}.my.connect.aws", spec.alias),
        })
    }

    fn list_profiles(&self, now: SystemTime, route: &Route, profiles: &[Profile], list: &str) -> Outcome {
        self.check_instance(route.label(0))?;
        let page = self.page(now, route, LISTED, profiles, |profile| {
            self.summary(&profile.id, &profile.arn, &profile.name)
        })?;
        Ok(Some(page.named(list)))
    }

    /// Leaf names only, without the hidden root: two groups of one name cannot be told apart here.
    fn list_groups(&self, now: SystemTime, route: &Route) -> Outcome {
        self.check_instance(route.label(0))?;
        let groups: Vec<&model::HierarchyGroup> =
            self.groups.iter().filter(|group| group.level_id != "0").collect();
        let page =
            self.page(now, route, LISTED, &groups, |group| self.summary(&group.id, &group.arn, &group.name))?;
        Ok(Some(page.named("UserHierarchyGroupSummaryList")))
    }

    fn summary(&self, id: &str, arn: &str, name: &str) -> Value {
        json!({
            "Id": id,
            "Arn": arn,
            "Name": name,
            "LastModifiedTime": self.long_ago(),
            "LastModifiedRegion": self.spec.region,
        })
    }

    fn describe_group(&self, route: &Route) -> Outcome {
        self.check_instance(route.label(0))?;
        let (given, prefix) = (route.label(1), format!("{}/agent-group/", self.spec.instance_arn()));
        let id = given.strip_prefix(&prefix).unwrap_or(given);
        let group = self.groups.iter().find(|group| group.id == id && group.level_id != "0");
        let group = group
            .ok_or_else(|| Refusal::not_found("The specified resource was not found: HierarchyGroup"))?;
        Ok(Some(json!({ "HierarchyGroup": group })))
    }

    fn describe_user(&self, now: SystemTime, route: &Route) -> Outcome {
        let record = self.user(now, route.label(0), route.label(1))?;
        Ok(Some(json!({ "User": self.described(record.shown(now).0) })))
    }

    fn list_user_proficiencies(&self, now: SystemTime, route: &Route) -> Outcome {
        let record = self.user(now, route.label(0), route.label(1))?;
        let size = Size { most: 100, usual: 100 };
        let (user, proficiencies) = record.shown(now);
        let page = self.page(now, route, size, proficiencies, |proficiency| json!(proficiency))?;
        let mut body = page.named("UserProficiencyList");
        body["LastModifiedTime"] = json!(user.last_modified_time);
        body["LastModifiedRegion"] = json!(self.spec.region);
        Ok(Some(body))
    }

    fn list_users(&self, now: SystemTime, route: &Route) -> Outcome {
        self.check_instance(route.label(0))?;
        let size = LISTED.of(max_results(route)?, self.spec.page_cap)?;
        let start = self.start(route.operation, route.query("nextToken"), now)?;
        let seen = self.users.listed(start, now).filter(|(_, record)| record.seen <= now);
        let page = self.take(route.operation, now, size, seen, |record| {
            json!({
                "Id": record.user.id,
                "Arn": record.user.arn,
                "Username": record.user.username,
                "LastModifiedTime": record.shown(now).0.last_modified_time,
                "LastModifiedRegion": self.spec.region,
            })
        });
        Ok(Some(page.named("UserSummaryList")))
    }

    fn search_users(&self, now: SystemTime, request: &Request) -> Outcome {
        const FIELDS: &[&str] =
            &["Username", "FirstName", "LastName", "RoutingProfileId", "SecurityProfileId", "resourceId"];
        let search: Search = parse(&request.body)?;
        self.check_instance(&search.instance_id)?;
        // A look at everybody compares nobody with anything: an instance of 44,000 is turned over in 88 pages.
        let wants_all = search.search_criteria.is_none() && search.search_filter.is_none();
        let criteria = search.search_criteria.unwrap_or_default();
        let filter = search.search_filter.unwrap_or_default();
        criteria.check(FIELDS)?;
        filter.check()?;
        let size = Size { most: 500, usual: 100 }.of(search.max_results, self.spec.page_cap)?;
        let start = self.start(Operation::SearchUsers, search.next_token.as_deref(), now)?;
        let reading = Reading { ignores_case: self.spec.search_ignores_case };
        let holds = |record: &Record| {
            record.seen <= now
                && (wants_all || {
                    let subject = self.subject(record.shown(now).0);
                    criteria.holds(&subject, reading) && filter.holds(&subject)
                })
        };
        let matches: Vec<(u64, &Record)> = match criteria.exact_username() {
            Some(username) => self.users.variants(username).filter(|(_, record)| holds(record)).collect(),
            None => self.users.listed(0, now).filter(|(_, record)| holds(record)).collect(),
        };
        let total = matches.len();
        let rest = matches.into_iter().filter(|(place, _)| *place > start);
        let page = self.take(Operation::SearchUsers, now, size, rest, |record| {
            json!(self.searched(record.shown(now).0))
        });
        let mut body = page.named("Users");
        body["ApproximateTotalCount"] = total.into();
        Ok(Some(body))
    }

    fn subject<'a>(&'a self, user: &'a model::User) -> Subject<'a> {
        let info = user.identity_info.as_ref();
        let one = |value: Option<&'a String>| value.map(String::as_str).into_iter().collect();
        Subject {
            fields: vec![
                ("Username", vec![&user.username]),
                ("FirstName", one(info.and_then(|info| info.first_name.as_ref()))),
                ("LastName", one(info.and_then(|info| info.last_name.as_ref()))),
                ("RoutingProfileId", one(user.routing_profile_id.as_ref())),
                ("SecurityProfileId", user.security_profile_ids.iter().map(String::as_str).collect()),
                ("resourceId", vec![&user.id]),
            ],
            tags: &user.tags,
            groups: self.above(user.hierarchy_group_id.as_deref()),
        }
    }

    /// The ids from the top of the hierarchy down to this group.
    fn above(&self, group: Option<&str>) -> Vec<&str> {
        let group = group.and_then(|id| self.group(id));
        let path = group.and_then(|group| group.hierarchy_path.as_ref());
        path.into_iter().flat_map(|path| path.levels()).map(|level| level.id.as_str()).collect()
    }

    /// Every group with its path, and the hidden root, which the real service returns as well.
    fn search_groups(&self, now: SystemTime, request: &Request) -> Outcome {
        let search: Search = parse(&request.body)?;
        self.check_instance(&search.instance_id)?;
        let criteria = search.search_criteria.unwrap_or_default();
        let filter = search.search_filter.unwrap_or_default();
        criteria.check(&["Name", "ParentId", "LevelId", "resourceId"])?;
        filter.check()?;
        let size = Size { most: 100, usual: 100 }.of(search.max_results, self.spec.page_cap)?;
        let start = self.start(Operation::SearchUserHierarchyGroups, search.next_token.as_deref(), now)?;
        let reading = Reading { ignores_case: self.spec.search_ignores_case };
        let no_tags = std::collections::BTreeMap::new();
        let matches: Vec<(u64, &model::HierarchyGroup)> = (1..)
            .zip(&self.groups)
            .filter(|(_, group)| {
                let groups = self.above(Some(&group.id));
                let parent = groups.len().checked_sub(2).map(|parent| groups[parent]);
                let fields = vec![
                    ("Name", vec![group.name.as_str()]),
                    ("ParentId", parent.into_iter().collect()),
                    ("LevelId", vec![group.level_id.as_str()]),
                    ("resourceId", vec![group.id.as_str()]),
                ];
                let subject = Subject { fields, tags: &no_tags, groups };
                criteria.holds(&subject, reading) && filter.holds(&subject)
            })
            .collect();
        let total = matches.len();
        let rest = matches.into_iter().filter(|(place, _)| *place > start);
        let page = self.take(Operation::SearchUserHierarchyGroups, now, size, rest, |group| json!(group));
        let mut body = page.named("UserHierarchyGroups");
        body["ApproximateTotalCount"] = total.into();
        Ok(Some(body))
    }

    /// Every predefined attribute with its values.
    fn search_attributes(&self, now: SystemTime, request: &Request) -> Outcome {
        let search: Search = parse(&request.body)?;
        self.check_instance(&search.instance_id)?;
        let criteria = search.search_criteria.unwrap_or_default();
        criteria.check(&["name"])?;
        let size = Size { most: 100, usual: 100 }.of(search.max_results, self.spec.page_cap)?;
        let operation = Operation::SearchPredefinedAttributes;
        let start = self.start(operation, search.next_token.as_deref(), now)?;
        let reading = Reading { ignores_case: self.spec.search_ignores_case };
        let no_tags = std::collections::BTreeMap::new();
        let attributes: Vec<_> = self.spec.predefined_attributes.iter().collect();
        let holds = |(name, _): &(&String, _)| {
            let subject =
                Subject { fields: vec![("name", vec![name.as_str()])], tags: &no_tags, groups: vec![] };
            criteria.holds(&subject, reading)
        };
        let matches: Vec<_> = (1..).zip(&attributes).filter(|(_, attribute)| holds(attribute)).collect();
        let total = matches.len();
        let rest = matches.into_iter().filter(|(place, _)| *place > start);
        let page = self.take(operation, now, size, rest, |(name, values)| {
            json!({
                "Name": name,
                "Values": { "StringList": values },
                "LastModifiedTime": self.long_ago(),
                "LastModifiedRegion": self.spec.region,
            })
        });
        let mut body = page.named("PredefinedAttributes");
        body["ApproximateTotalCount"] = total.into();
        Ok(Some(body))
    }

    /// Service Quotas' GetServiceQuota. The users quota is the instance's: it is known with its ARN as the context
    /// only. A pace without limit has no quota.
    fn get_service_quota(&self, request: &Request) -> Outcome {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Body {
            service_code: String,
            quota_code: String,
            context_id: Option<String>,
        }
        let asked: Body = parse(&request.body)?;
        let ours = asked.context_id.as_deref() == Some(self.spec.instance_arn().as_str());
        let operation =
            Operation::ALL.into_iter().find(|o| o.quota_code() == Some(asked.quota_code.as_str()));
        let found = match operation {
            _ if asked.service_code != "connect" => None,
            None if asked.quota_code == PROFICIENCIES_QUOTA => {
                Some(("Proficiencies per agent".to_owned(), rules::PROFICIENCIES_LIMIT as f64))
            }
            None if asked.quota_code == USERS_QUOTA && ours => {
                Some(("Users per instance".to_owned(), self.spec.users_quota as f64))
            }
            Some(operation) if ours || asked.context_id.is_none() => {
                self.spec.pace(operation).rate.map(|rate| (format!("Rate of {operation} API requests"), rate))
            }
            _ => None,
        };
        let Some((name, value)) = found else {
            return Err(Refusal::new(
                400,
                "NoSuchResourceException",
                "The request failed because the specified service quota does not exist.",
            ));
        };
        let quota = model::ServiceQuota {
            service_code: asked.service_code,
            quota_code: asked.quota_code,
            quota_name: name,
            value,
            adjustable: true,
        };
        Ok(Some(json!({ "Quota": quota })))
    }

    /// A page of things that do not change, as a List operation gives it.
    fn page<T>(
        &self,
        now: SystemTime,
        route: &Route,
        size: Size,
        items: &[T],
        show: impl Fn(&T) -> Value,
    ) -> Result<Page, Refusal> {
        let size = size.of(max_results(route)?, self.spec.page_cap)?;
        let start = self.start(route.operation, route.query("nextToken"), now)?;
        let rest = (1..).zip(items).filter(|(place, _)| *place > start);
        Ok(self.take(route.operation, now, size, rest, show))
    }

    /// The place after which a page starts.
    pub(super) fn start(
        &self,
        operation: Operation,
        token: Option<&str>,
        now: SystemTime,
    ) -> Result<u64, Refusal> {
        token.map_or(Ok(0), |token| page::position(operation, token, now))
    }

    /// Takes a page from what is left, with a token where there is more.
    pub(super) fn take<'a, T: 'a>(
        &self,
        operation: Operation,
        now: SystemTime,
        size: usize,
        rest: impl Iterator<Item = (u64, &'a T)>,
        show: impl Fn(&T) -> Value,
    ) -> Page {
        let mut rest = rest.peekable();
        let (mut items, mut last) = (Vec::new(), 0);
        while items.len() < size {
            let Some((place, item)) = rest.next() else { break };
            items.push(show(item));
            last = place;
        }
        let token = rest.peek().map(|_| page::token(operation, last, now));
        Page { items, token }
    }

    /// When all that no call has made was made: a year before the world began.
    pub(super) fn long_ago(&self) -> u64 {
        let at =
            self.born.checked_sub(Duration::from_secs(365 * 24 * 60 * 60)).unwrap_or(SystemTime::UNIX_EPOCH);
        at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

/// `MaxResults` of most List operations.
const LISTED: Size = Size { most: 1000, usual: 100 };

/// A page on its way out.
pub(super) struct Page {
    items: Vec<Value>,
    token: Option<String>,
}

impl Page {
    /// The body, with the items under the operation's own name.
    pub(super) fn named(self, list: &str) -> Value {
        let mut body = json!({ list: self.items });
        if let Some(token) = self.token {
            body["NextToken"] = token.into();
        }
        body
    }
}

fn max_results(route: &Route) -> Result<Option<i64>, Refusal> {
    route
        .query("maxResults")
        .map(|text| text.parse().map_err(|_| Refusal::invalid_parameter("MaxResults must be a number")))
        .transpose()
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| rules::unreadable())
}
