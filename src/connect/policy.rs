//! The least permissions that a job needs, as an IAM policy.
//!
//! Resource types: AWS service authorization reference, "Actions, resources, and condition keys for Amazon Connect".
//! CreateUser is checked against the user, its routing profile, security profiles and hierarchy group, the other
//! calls against the instance or a thing in it: so they are allowed on the instance and what is below it, and on
//! nothing else. What has no resource of an instance is allowed on `*`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::connect::dynamodb::TableOperation;
use crate::connect::endpoint::Partition;
use crate::connect::operation::Operation;

/// What is to be done with an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// Create users, and not only look.
    pub(crate) creates: bool,
    /// Put tags on them: the provenance tag, or the roster's own.
    pub(crate) tags: bool,
    /// Give them proficiencies.
    pub(crate) proficiencies: bool,
    /// Take users away again.
    pub(crate) deletes: bool,
    /// Look who could be taken away: who is at work, and what leads to whom.
    pub(crate) looks_around: bool,
    /// Take away what leads to those who are deleted: their quick connects.
    pub(crate) quick_connects: bool,
    /// Sign out whoever is deleted.
    pub(crate) signs_out: bool,
    /// Find the instance by its alias.
    pub(crate) by_alias: bool,
    /// Ask the instance how it knows its users.
    pub(crate) asks_identity: bool,
    /// Read the names of routing profiles, security profiles and hierarchy groups.
    pub(crate) reads_names: bool,
    /// Read what the users there are like, as an export and a comparison do.
    pub(crate) reads_users: bool,
    /// Check a roster against what the instance has.
    pub(crate) checks_roster: bool,
    /// Change users who are there.
    pub(crate) updates: Updates,
}

/// What of users who are there is to be changed: each is a call of its own, and a permission of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Updates {
    /// Their names and addresses. Who may do that can take over accounts: "Someone with that ability can change the login
    /// credentials of other users by changing their email address" (the service's model).
    pub(crate) identity: bool,
    /// Their settings per channel.
    pub(crate) config: bool,
    /// Their routing profile.
    pub(crate) routing_profile: bool,
    /// Their security profiles.
    pub(crate) security_profiles: bool,
    /// Their hierarchy group.
    pub(crate) hierarchy: bool,
    /// Their tags.
    pub(crate) tags: bool,
    /// Their proficiencies.
    pub(crate) proficiencies: bool,
    /// Take tags and proficiencies away, where these are changed.
    pub(crate) removes: bool,
}

impl Updates {
    /// Nothing is changed.
    pub(crate) const NONE: Self = Self {
        identity: false,
        config: false,
        routing_profile: false,
        security_profiles: false,
        hierarchy: false,
        tags: false,
        proficiencies: false,
        removes: false,
    };

    /// The calls that do it.
    fn calls(self) -> impl Iterator<Item = Operation> {
        let calls = [
            (self.identity, Operation::UpdateUserIdentityInfo),
            (self.config, Operation::UpdateUserConfig),
            (self.routing_profile, Operation::UpdateUserRoutingProfile),
            (self.security_profiles, Operation::UpdateUserSecurityProfiles),
            (self.hierarchy, Operation::UpdateUserHierarchy),
            (self.tags, Operation::TagResource),
            (self.tags && self.removes, Operation::UntagResource),
            (self.proficiencies, Operation::AssociateUserProficiencies),
            (self.proficiencies, Operation::UpdateUserProficiencies),
            (self.proficiencies && self.removes, Operation::DisassociateUserProficiencies),
        ];
        calls.into_iter().filter_map(|(wanted, operation)| wanted.then_some(operation))
    }
}

impl Job {
    /// An import of a roster: all of it, but proficiencies.
    pub(crate) const IMPORT: Self = Self {
        creates: true,
        tags: true,
        proficiencies: false,
        deletes: false,
        looks_around: false,
        quick_connects: false,
        signs_out: false,
        by_alias: true,
        asks_identity: true,
        reads_names: true,
        reads_users: false,
        checks_roster: true,
        updates: Updates::NONE,
    };

    /// The IAM actions of the job on the instance, sorted.
    pub(crate) fn actions(self) -> Vec<String> {
        let reads = Operation::ALL.into_iter().filter(|operation| self.reads(*operation));
        let writes = [
            (self.creates, Operation::CreateUser),
            (self.creates && self.proficiencies, Operation::AssociateUserProficiencies),
            (self.deletes, Operation::DeleteUser),
            (self.deletes && self.quick_connects, Operation::DeleteQuickConnect),
            (self.deletes && self.signs_out, Operation::DeleteAllEntitySessions),
            // A create that carries tags needs it too.
            (self.creates && self.tags, Operation::TagResource),
        ];
        let writes = writes.into_iter().filter_map(|(wanted, operation)| wanted.then_some(operation));
        let actions: BTreeSet<String> =
            reads.chain(writes).chain(self.updates.calls()).map(Operation::action).collect();
        actions.into_iter().collect()
    }

    /// Whether the job has this call to make, among those that change nothing.
    fn reads(self, operation: Operation) -> bool {
        match operation {
            changing if !changing.only_reads() => false,
            // They name no resource of the instance.
            Operation::ListInstances | Operation::GetServiceQuota => false,
            Operation::DescribeInstance => self.asks_identity,
            Operation::ListRoutingProfiles
            | Operation::ListSecurityProfiles
            | Operation::ListUserHierarchyGroups
            | Operation::DescribeUserHierarchyGroup
            | Operation::SearchUserHierarchyGroups => self.reads_names,
            Operation::ListUsers => true,
            // What settles a create, and what says what a user is like.
            Operation::SearchUsers | Operation::DescribeUser => {
                self.creates || self.deletes || self.reads_users
            }
            // Nobody is deleted to whom quick connects lead, or who is at work, unless that is said.
            Operation::SearchQuickConnects | Operation::GetCurrentUserData => {
                self.deletes || self.looks_around
            }
            // By these the proficiencies of a roster are checked.
            Operation::SearchPredefinedAttributes => self.proficiencies && self.checks_roster,
            // Whoever is deleted is held against what was asked of them, or written down first.
            Operation::ListUserProficiencies => {
                self.deletes || ((self.creates || self.reads_users) && self.proficiencies)
            }
            _ => false,
        }
    }

    /// The IAM actions of the job that name no resource of an instance.
    fn elsewhere(self) -> Vec<String> {
        // DescribeInstance depends on the first.
        let asked = [
            (self.asks_identity, "ds:DescribeDirectories".to_owned()),
            (self.by_alias, Operation::ListInstances.action()),
            (true, Operation::GetServiceQuota.action()),
        ];
        asked.into_iter().filter_map(|(wanted, action)| wanted.then_some(action)).collect()
    }
}

/// What is to be done with a table that keeps shared ledgers; each has what stands before it, but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TableJob {
    /// Ledgers are read.
    Reads,
    /// A ledger is written: segments are put, the lease is taken and kept, and the table is looked at first.
    Writes,
    /// The table is made.
    Makes,
}

impl TableJob {
    /// Its IAM actions, sorted. Never one that deletes, nor one that writes without a condition or reads a whole table.
    pub(crate) fn actions(self) -> Vec<String> {
        use TableOperation::{
            CreateTable, DescribeTable, GetItem, PutItem, Query, UpdateContinuousBackups, UpdateItem,
        };
        let operations: &[TableOperation] = match self {
            Self::Reads => &[GetItem, Query],
            Self::Writes => &[DescribeTable, GetItem, PutItem, Query, UpdateItem],
            Self::Makes => &[CreateTable, DescribeTable, UpdateContinuousBackups],
        };
        operations.iter().map(|operation| operation.action()).collect()
    }
}

/// The ARN of a table, whose name may be one; `*` stands for what is not known.
pub(crate) fn table_arn(table: &str, region: Option<&str>) -> String {
    if table.starts_with("arn:") {
        return table.to_owned();
    }
    let partition = Partition::of_region(region.unwrap_or_default()).name;
    format!("arn:{partition}:dynamodb:{}:*:table/{table}", region.unwrap_or("*"))
}

/// The tag that a run's users carry, as a condition names it on the user that is called for. That Connect honours it for
/// DeleteUser is inferred: the service authorization reference lists `aws:ResourceTag/${TagKey}` for the resource type
/// `user`, which DeleteUser needs.
const RUN_OF_THE_USER: &str = "aws:ResourceTag/headcount:run";

/// Returns the policy document for a job on an instance, where there is one, and on tables by their ARNs.
pub(crate) fn document(
    on_instance: Option<(Job, &str, Option<&str>)>,
    tables: &[(String, TableJob)],
) -> Value {
    let mut statements =
        on_instance.map_or_else(Vec::new, |(job, instance, run)| statements(job, instance, run));
    for (at, (arn, job)) in tables.iter().enumerate() {
        let number = if at == 0 { String::new() } else { (at + 1).to_string() };
        statements.push(json!({
            "Sid": format!("SharedLedgers{number}"),
            "Effect": "Allow",
            "Action": job.actions(),
            "Resource": arn,
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The statements for a job. `instance` is the ARN, whose parts may be `*`. Where a run is named, nobody but its own users may
/// be deleted: a second proof, of which headcount itself knows nothing.
fn statements(job: Job, instance: &str, run: Option<&str>) -> Vec<Value> {
    let delete = Operation::DeleteUser.action();
    let (of_run, actions): (Vec<String>, Vec<String>) =
        job.actions().into_iter().partition(|action| run.is_some() && *action == delete);
    let mut statements = vec![json!({
        "Sid": "Instance",
        "Effect": "Allow",
        "Action": actions,
        "Resource": [instance, format!("{instance}/*")],
    })];
    if let Some(run) = run.filter(|_| !of_run.is_empty()) {
        statements.push(json!({
            "Sid": "UsersOfTheRun",
            "Effect": "Allow",
            "Action": of_run,
            "Resource": format!("{instance}/agent/*"),
            "Condition": { "StringLike": { (RUN_OF_THE_USER): format!("{}/*", literal(run)) } },
        }));
    }
    statements
        .push(json!({ "Sid": "Account", "Effect": "Allow", "Action": job.elsewhere(), "Resource": "*" }));
    statements
}

/// A text as a condition takes it letter by letter: a file that was tampered with widens no policy (IAM user guide, *Policy
/// variables*, "special characters").
fn literal(text: &str) -> String {
    let mut written = String::new();
    for letter in text.chars() {
        match letter {
            '*' | '?' | '$' => written.extend(['$', '{', letter, '}']),
            letter => written.push(letter),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::{Job, TableJob, Updates, document, table_arn};

    const IMPORT: Job = Job::IMPORT;

    #[test]
    fn an_import_needs_create_and_tag_and_the_reads() {
        let actions = IMPORT.actions();
        assert_eq!(
            actions,
            [
                "connect:CreateUser",
                "connect:DescribeInstance",
                "connect:DescribeUser",
                "connect:DescribeUserHierarchyGroup",
                "connect:ListRoutingProfiles",
                "connect:ListSecurityProfiles",
                "connect:ListUserHierarchyGroups",
                "connect:ListUsers",
                "connect:SearchUserHierarchyGroups",
                "connect:SearchUsers",
                "connect:TagResource",
            ]
        );
    }

    #[test]
    fn proficiencies_need_three_more() {
        let more = Job { proficiencies: true, ..IMPORT }.actions();
        let more: Vec<String> =
            more.into_iter().filter(|action| !IMPORT.actions().contains(action)).collect();
        assert_eq!(
            more,
            [
                "connect:AssociateUserProficiencies",
                "connect:ListUserProficiencies",
                "connect:SearchPredefinedAttributes"
            ]
        );
    }

    #[test]
    fn who_only_looks_may_change_nothing() {
        let look = Job { creates: false, ..IMPORT };
        for action in look.actions() {
            let name = action.strip_prefix("connect:").unwrap();
            assert!(["Describe", "List", "Search"].iter().any(|verb| name.starts_with(verb)), "{action}");
        }
        assert!(!Job { tags: false, ..IMPORT }.actions().contains(&"connect:TagResource".to_owned()));
    }

    #[test]
    fn who_deletes_sees_who_is_at_work_and_deletes_nothing_else_unless_that_is_said() {
        let look = Job { creates: false, tags: false, reads_users: true, ..IMPORT };
        let deletes = Job { deletes: true, ..look };
        let more = |job: Job| {
            let looking = look.actions();
            let more = job.actions().into_iter().filter(|action| !looking.contains(action));
            more.map(|action| action.strip_prefix("connect:").unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            more(deletes),
            ["DeleteUser", "GetCurrentUserData", "ListUserProficiencies", "SearchQuickConnects"]
        );
        let also = more(Job { quick_connects: true, ..deletes });
        assert_eq!(
            also,
            [
                "DeleteQuickConnect",
                "DeleteUser",
                "GetCurrentUserData",
                "ListUserProficiencies",
                "SearchQuickConnects"
            ]
        );
        let also = more(Job { signs_out: true, ..deletes });
        assert_eq!(also[0], "DeleteAllEntitySessions");
        assert_eq!(also.len(), 5);
        assert!(more(Job { quick_connects: true, signs_out: true, ..look }).is_empty());
    }

    #[test]
    fn whoever_undoes_a_run_may_delete_its_own_users_alone() {
        let look = Job { creates: false, tags: false, reads_users: true, ..IMPORT };
        let arn = "arn:aws:connect:eu-west-2:1:instance/i";
        let policy = document(Some((Job { deletes: true, ..look }, arn, Some("run-1"))), &[]);
        let [instance, run, _] = policy["Statement"].as_array().unwrap().as_slice() else {
            panic!("{policy:#}");
        };
        assert!(!instance["Action"].as_array().unwrap().iter().any(|action| action == "connect:DeleteUser"));
        assert_eq!(run["Action"], serde_json::json!(["connect:DeleteUser"]));
        assert_eq!(run["Resource"], format!("{arn}/agent/*"));
        let condition = |policy: &serde_json::Value| {
            policy["Statement"][1]["Condition"]["StringLike"]["aws:ResourceTag/headcount:run"].clone()
        };
        assert_eq!(condition(&policy), "run-1/*");
        // What stands for other runs in a file stands for itself here.
        let wide = document(Some((Job { deletes: true, ..look }, arn, Some("*$?"))), &[]);
        assert_eq!(condition(&wide), "${*}${$}${?}/*");
        // Whoever only looks has nothing to delete, and sees what stands against it.
        let looks = document(Some((Job { looks_around: true, ..look }, arn, Some("run-1"))), &[]);
        assert_eq!(looks["Statement"].as_array().unwrap().len(), 2);
        let may = looks["Statement"][0]["Action"].as_array().unwrap();
        for sees in ["connect:SearchQuickConnects", "connect:GetCurrentUserData"] {
            assert!(may.iter().any(|action| action == sees), "{sees}");
        }
    }

    #[test]
    fn a_table_is_never_emptied_nor_read_whole() {
        let name = |action: String| action.strip_prefix("dynamodb:").unwrap().to_owned();
        let of = |job: TableJob| job.actions().into_iter().map(name).collect::<Vec<_>>();
        assert_eq!(of(TableJob::Reads), ["GetItem", "Query"]);
        assert_eq!(of(TableJob::Writes), ["DescribeTable", "GetItem", "PutItem", "Query", "UpdateItem"]);
        assert_eq!(of(TableJob::Makes), ["CreateTable", "DescribeTable", "UpdateContinuousBackups"]);
        let tables = [(table_arn("runs", None), TableJob::Reads)];
        let policy = document(None, &tables);
        assert_eq!(policy["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:dynamodb:*:*:table/runs");
        for (table, region, arn) in [
            ("runs", Some("eu-west-1"), "arn:aws:dynamodb:eu-west-1:*:table/runs"),
            ("runs", Some("cn-north-1"), "arn:aws-cn:dynamodb:cn-north-1:*:table/runs"),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/runs",
                Some("eu-west-1"),
                "arn:aws:dynamodb:eu-west-1:111122223333:table/runs",
            ),
        ] {
            assert_eq!(table_arn(table, region), arn);
        }
    }

    /// What a job with these changes needs on top of looking at the users there.
    fn on_top(updates: Updates) -> Vec<String> {
        let look = Job { creates: false, tags: false, reads_users: true, ..IMPORT };
        let looking = look.actions();
        let actions = Job { updates, ..look }.actions();
        let name = |action: String| action.strip_prefix("connect:").unwrap().to_owned();
        actions.into_iter().filter(|action| !looking.contains(action)).map(name).collect()
    }

    #[test]
    fn who_looks_at_the_users_there_needs_to_search_and_describe_them() {
        let export = Job {
            creates: false,
            tags: false,
            reads_users: true,
            proficiencies: true,
            checks_roster: false,
            ..IMPORT
        };
        assert_eq!(
            export.actions(),
            [
                "connect:DescribeInstance",
                "connect:DescribeUser",
                "connect:DescribeUserHierarchyGroup",
                "connect:ListRoutingProfiles",
                "connect:ListSecurityProfiles",
                "connect:ListUserHierarchyGroups",
                "connect:ListUserProficiencies",
                "connect:ListUsers",
                "connect:SearchUserHierarchyGroups",
                "connect:SearchUsers",
            ]
        );
        let comparison = Job { checks_roster: true, ..export };
        assert!(comparison.actions().contains(&"connect:SearchPredefinedAttributes".to_owned()));
    }

    #[test]
    fn a_change_needs_its_own_call_and_no_other() {
        let none = Updates::NONE;
        let table: [(Updates, &[&str]); 10] = [
            (none, &[]),
            (Updates { identity: true, ..none }, &["UpdateUserIdentityInfo"]),
            (Updates { config: true, ..none }, &["UpdateUserConfig"]),
            (Updates { routing_profile: true, ..none }, &["UpdateUserRoutingProfile"]),
            (Updates { security_profiles: true, ..none }, &["UpdateUserSecurityProfiles"]),
            (Updates { hierarchy: true, ..none }, &["UpdateUserHierarchy"]),
            (Updates { tags: true, ..none }, &["TagResource"]),
            (Updates { tags: true, removes: true, ..none }, &["TagResource", "UntagResource"]),
            (
                Updates { proficiencies: true, ..none },
                &["AssociateUserProficiencies", "UpdateUserProficiencies"],
            ),
            (Updates { removes: true, ..none }, &[]),
        ];
        for (updates, needed) in table {
            assert_eq!(on_top(updates), needed, "{updates:?}");
        }
        let removed = on_top(Updates { proficiencies: true, removes: true, ..none });
        assert!(removed.contains(&"DisassociateUserProficiencies".to_owned()), "{removed:?}");
    }

    #[test]
    fn what_is_known_beforehand_needs_no_permission_to_be_asked() {
        let told = Job { by_alias: false, asks_identity: false, reads_names: false, ..IMPORT };
        assert_eq!(
            told.actions(),
            [
                "connect:CreateUser",
                "connect:DescribeUser",
                "connect:ListUsers",
                "connect:SearchUsers",
                "connect:TagResource"
            ]
        );
        let policy = document(Some((told, "arn:aws:connect:*:*:instance/*", None)), &[]);
        assert_eq!(policy["Statement"][1]["Action"], serde_json::json!(["servicequotas:GetServiceQuota"]));
    }

    #[test]
    fn nothing_outside_the_instance_is_writable() {
        let arn = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let policy = document(Some((IMPORT, arn, None)), &[]);
        assert_eq!(policy["Statement"][0]["Resource"], serde_json::json!([arn, format!("{arn}/*")]));
        assert_eq!(policy["Statement"][1]["Resource"], "*");
        assert_eq!(
            policy["Statement"][1]["Action"],
            serde_json::json!([
                "ds:DescribeDirectories",
                "connect:ListInstances",
                "servicequotas:GetServiceQuota"
            ])
        );
    }
}
