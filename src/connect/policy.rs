//! The least permissions that a job needs, as an IAM policy.
//!
//! Resource types: AWS service authorization reference, "Actions, resources, and condition keys for Amazon Connect".
//! CreateUser is checked against the user, its routing profile, security profiles and hierarchy group, the other
//! calls against the instance or a thing in it: so they are allowed on the instance and what is below it, and on
//! nothing else. What has no resource of an instance is allowed on `*`.

use serde_json::{Value, json};

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
    /// Take users away again, as the tests do.
    pub(crate) deletes: bool,
    /// Find the instance by its alias.
    pub(crate) by_alias: bool,
    /// Ask the instance how it knows its users.
    pub(crate) asks_identity: bool,
    /// Read the names of routing profiles, security profiles and hierarchy groups.
    pub(crate) reads_names: bool,
}

impl Job {
    /// An import of a roster: all of it, but proficiencies.
    pub(crate) const IMPORT: Self = Self {
        creates: true,
        tags: true,
        proficiencies: false,
        deletes: false,
        by_alias: true,
        asks_identity: true,
        reads_names: true,
    };

    /// The IAM actions of the job on the instance, sorted.
    pub(crate) fn actions(self) -> Vec<String> {
        let reads = Operation::ALL.into_iter().filter(|operation| self.reads(*operation));
        let writes = [
            (self.creates, Operation::CreateUser),
            (self.creates && self.proficiencies, Operation::AssociateUserProficiencies),
            (self.deletes, Operation::DeleteUser),
        ];
        let writes = writes.into_iter().filter_map(|(wanted, operation)| wanted.then_some(operation));
        let mut actions: Vec<String> = reads.chain(writes).map(Operation::action).collect();
        if self.creates && self.tags {
            actions.push("connect:TagResource".to_owned());
        }
        actions.sort();
        actions
    }

    /// Whether the job has this call to make, among those that change nothing.
    fn reads(self, operation: Operation) -> bool {
        match operation {
            Operation::CreateUser | Operation::AssociateUserProficiencies | Operation::DeleteUser => false,
            // They name no resource of the instance.
            Operation::ListInstances | Operation::GetServiceQuota => false,
            Operation::DescribeInstance => self.asks_identity,
            Operation::ListRoutingProfiles
            | Operation::ListSecurityProfiles
            | Operation::ListUserHierarchyGroups
            | Operation::DescribeUserHierarchyGroup
            | Operation::SearchUserHierarchyGroups => self.reads_names,
            Operation::ListUsers => true,
            // What settles a create.
            Operation::SearchUsers | Operation::DescribeUser => self.creates || self.deletes,
            Operation::SearchPredefinedAttributes => self.proficiencies,
            Operation::ListUserProficiencies => self.creates && self.proficiencies,
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

/// Returns the policy document for the job. `instance` is the ARN, whose parts may be `*`.
pub(crate) fn document(job: Job, instance: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Instance",
                "Effect": "Allow",
                "Action": job.actions(),
                "Resource": [instance, format!("{instance}/*")],
            },
            { "Sid": "Account", "Effect": "Allow", "Action": job.elsewhere(), "Resource": "*" },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::{Job, document};

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
        assert!(Job { deletes: true, ..IMPORT }.actions().contains(&"connect:DeleteUser".to_owned()));
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
        let policy = document(told, "arn:aws:connect:*:*:instance/*");
        assert_eq!(policy["Statement"][1]["Action"], serde_json::json!(["servicequotas:GetServiceQuota"]));
    }

    #[test]
    fn nothing_outside_the_instance_is_writable() {
        let arn = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let policy = document(IMPORT, arn);
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
