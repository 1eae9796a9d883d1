//! On what each of the embedded Connect's answers rests: a table, from which `docs/embedded-connect.md` is made.
//!
//! The embedded Connect is written from the service's documents, as `validate` is. That both refuse a row shows that they read
//! a sentence alike, and not that the service does: what nobody has seen of the service is an assumption, and says so here.

/// How sure a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The service's model has it in a form that programs check: a pattern, a length, an enumeration, an error's name.
    Model,
    /// A page of AWS says it in words.
    Documented,
    /// Somebody was answered so by the service, in public.
    Seen,
    /// Nobody says so. It is our choice, or what follows from the rest.
    Assumed,
}

impl Standing {
    const fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Documented => "documented",
            Self::Seen => "seen",
            Self::Assumed => "assumed",
        }
    }
}

/// One answer, and on what it rests.
#[derive(Debug)]
pub(super) struct Reading {
    /// The rule or the answer, as the code names it.
    pub(super) of: &'static str,
    /// What the embedded Connect does.
    pub(super) does: &'static str,
    /// How sure that is.
    pub(super) standing: Standing,
    /// Who says so, or what speaks against it.
    pub(super) source: &'static str,
}

const fn reading(of: &'static str, does: &'static str, standing: Standing, source: &'static str) -> Reading {
    Reading { of, does, standing, source }
}

/// All readings: those of a request's rules in their order, then the others.
#[rustfmt::skip]
pub(super) static READINGS: &[Reading] = {
    use Standing::{Assumed, Documented, Model, Seen};
    &[
        reading("username_length", "refuses more than 64 characters with SAML and 20 otherwise", Documented,
            "API, CreateUser: Username, in its prose; the model has 1 to 100"),
        reading("username_characters", "refuses all but a-z, A-Z, 0-9, `_`, `-`, `.` and `@`", Documented,
            "API, CreateUser: Username, for SAML; CloudFormation's pattern for all"),
        reading("username_at_sign", "without SAML refuses an `@` that is not part of a whole address; with SAML takes it", Seen,
            "the API's page refuses it everywhere; Salesforce's pages and ServiceCloudVoiceLambdas#41 have users with SAML named \
             `alias@user id@org id`"),
        reading("password", "requires one with CONNECT_MANAGED; 8 to 64 characters, a-z, A-Z, a digit, no whitespace of ASCII", Model,
            "API, Password: its pattern. That `\\S` ends at ASCII is assumed. `Required parameter missing: Password` is seen"),
        reading("foreign_members", "refuses Email and DirectoryUserId with SAML", Documented,
            "API, CreateUser: \"an error is returned\"; the operation's own page asks for Email with SAML"),
        reading("names_present", "requires both names with CONNECT_MANAGED and SAML", Documented, "API, CreateUser: IdentityInfo"),
        reading("names_length", "first name 255, last name 256 with CONNECT_MANAGED and 300 otherwise", Documented,
            "CloudFormation, UserIdentityInfo; the model has 255 and 300 for all"),
        reading("names_nfc", "refuses names that are not composed", Documented, "API, CreateUser: IdentityInfo"),
        reading("emails", "Email is anything, `@`, anything with a dot; SecondaryEmail the published pattern", Assumed,
            "no pattern is published for Email; this is the model's for an address elsewhere"),
        reading("phone_numbers", "refuses what is not E.164", Model, "API, DeskPhoneNumber; Mobile's pattern is escaped twice"),
        reading("phone_type", "knows SOFT_PHONE and DESK_PHONE", Model, "API, PhoneType"),
        reading("desk_phone", "requires a number with DESK_PHONE", Seen, "Terraform's provider documents it so; the API's page does not"),
        reading("after_contact_work", "0 to 2,000,000 seconds", Documented, "API, AfterContactWorkTimeLimit; the model has the least alone"),
        reading("channels", "four channels, each once; settings of calls for VOICE alone", Model,
            "API, Channel; that each may be there once is assumed"),
        reading("one_family", "refuses the older members together with the per-channel lists", Documented,
            "API, CreateUser: \"cannot be set simultaneously\""),
        reading("security_profiles", "1 to 10, none twice", Model, "API, SecurityProfileIds; that none may be there twice is CloudFormation's"),
        reading("tags", "keys of 1 to 128 characters of the pattern, values of at most 256", Model, "API, TagKey, TagValue"),
        reading("tag_count", "no empty map of tags, and at most 50", Model, "API, TagMap"),
        // Beyond the request itself.
        reading("order of checks", "the first rule that is broken is the answer, in the order of this table", Assumed, "documented nowhere"),
        reading("which 400", "InvalidParameterException for lengths, patterns and words; InvalidRequestException for what the identity \
             type or another member forbids", Assumed, "AWS says the latter of SAML alone"),
        reading("messages", "all but `Required parameter missing: Password`", Assumed, "no other is known word for word"),
        reading("unknown ids", "ResourceNotFoundException for a profile or group that is not there", Model, "API, CreateUser: Errors"),
        reading("a username taken", "DuplicateResourceException, compared exactly", Documented,
            "API, CreateUser: Errors; Admin Guide, Configure SAML: usernames are case-sensitive"),
        reading("no idempotency", "the same request twice is a duplicate", Model, "API, CreateUser has no ClientToken"),
        reading("the users' quota", "LimitExceededException, 429, for the 501st user", Seen, "hashicorp/terraform-provider-aws#41118"),
        reading("throttling", "TooManyRequestsException or ThrottlingException, 429, from a bucket of the documented rate and burst", Seen,
            "aws-samples/sample-cdk-constructs-for-amazon-connect; the bucket's form is assumed"),
        reading("proficiencies", "whole levels from 1 to 5, at most 10 an agent", Documented,
            "API, UserProficiency; Service Quotas, L-50375162; the error above the quota is assumed"),
        reading("lag", "a user who was made may be unknown for a while, and one who was changed be shown as before", Documented,
            "Developer Guide, Eventual consistency"),
        reading("updates", "hold what is to be of a user to the rules of CreateUser", Assumed, "the model has the same shapes for both"),
        reading("what an update leaves out", "of IdentityInfo and of a list of UpdateUserConfig: gone where updates are set to `replace` or \
             `strict`, as before where to `merge` or `stubborn`", Assumed, "documented nowhere; Terraform and CloudFormation send all they have"),
        reading("lists of UpdateUserConfig", "one that is not sent changes nothing; one that is takes the place of the older member too", Assumed,
            "API, UpdateUserConfig: no list is required"),
        reading("an empty text in IdentityInfo", "takes the value away; where updates are `stubborn` does nothing, where `strict` is a 400", Assumed,
            "documented nowhere"),
        reading("UpdateUserHierarchy without a group", "takes the group away; where updates are `stubborn` does nothing, where `strict` is a 400", Assumed,
            "API: HierarchyGroupId is not required; Terraform leaves it out when its attribute goes"),
        reading("UpdateUserPhoneConfig", "one after-contact work for all channels, in place of each one's own", Documented,
            "API, UpdateUserPhoneConfig: \"will always set the same ACW timeouts to all channels\""),
        reading("UpdateUserSecurityProfiles", "these and no others, 1 to 10", Model, "API, SecurityProfileIds; that it replaces is Terraform's"),
        reading("TagResource", "adds to the tags that are there, at most 50 in all; keys that begin with `aws:` are refused", Documented,
            "API, TagResource, TagMap and TagKey; the error above 50 is assumed"),
        reading("UntagResource", "a key that the user has not is no error", Assumed, "documented nowhere"),
        reading("UpdateUserProficiencies", "InvalidRequestException for what the user has not, and then nothing is changed", Assumed,
            "API: \"must first be associated to the user\"; the error is assumed"),
        reading("DisassociateUserProficiencies", "what the user has not is no error", Assumed, "documented nowhere"),
        reading("ConditionalOperationFailedException", "409 of UpdateUserConfig now and then in rough weather", Model,
            "API, UpdateUserConfig: Errors; when it comes is documented nowhere"),
        reading("the time of the last change", "moves with every change, of tags and proficiencies too", Assumed, "documented nowhere"),
        reading("what DescribeUser fills in", "an empty desk number for a softphone, 0 and false for what was not asked for, a DirectoryUserId \
             for everybody", Seen, "AWS CLI, examples/connect/describe-user.rst; Terraform's acceptance tests"),
        reading("after-contact work in SearchUsers", "milliseconds, in the lists per channel too", Model,
            "API, UserSearchSummary, of the older member; of the lists it is assumed"),
        reading("DeleteUser", "by id, and gone for good; may be listed for as long as a change stays unseen, while DescribeUser knows \
             nobody of that id", Documented, "Developer Guide, Eventual consistency; what of it is seen how long is assumed"),
        reading("quick connects of whoever is deleted", "stay, and lead to nobody; or, by choice, the deletion is an InvalidRequestException", Documented,
            "Admin Guide, Delete users: \"orphaned\"; an older edition has the deletion fail; the error is assumed"),
        reading("GetCurrentUserData", "lists those alone who are signed in", Documented, "API, UserData: \"contains agents who are logged in\"; so assumed"),
        reading("DeleteAllEntitySessions", "signs a user out at once", Assumed, "API: \"closes all sessions\"; how soon is not said"),
        reading("whom a policy lets delete", "by choice those alone whose tag headcount:run fits a pattern; else AccessDeniedException", Assumed,
            "Service Authorization Reference: the user resource has aws:ResourceTag; that DeleteUser heeds it is assumed"),
        reading("late requests", "by choice one whose connection is closed arrives minutes later, and its signature is judged then", Documented,
            "IAM User Guide, Signature Version 4: \"must reach AWS within five minutes\""),
        reading("buckets of an account", "one for each operation, account and region: instances that have these in common share it", Documented,
            "API, Best practices: \"for each API separately at the AWS account level, not for the individual Amazon Connect instance\"; per Region as every quota"),
        reading("ListInstances", "those of the caller's account in the region that the request is signed for", Documented,
            "API, ListInstances: it takes no account; of the region by its endpoint"),
        reading("an instance of another account or region", "ResourceNotFoundException, by its id and by its ARN", Assumed,
            "API: the error; seen in aws-samples/amazon-transcribe-live-call-analytics#93 is that what is named is looked for in the caller's own account and region, a whole ARN too"),
        reading("AssumeRole", "the keys of the role's account for an hour, or 900 seconds up to the role's longest session; an hour at most where a role takes on a role", Documented,
            "STS API, AssumeRole: DurationSeconds; the message of a longer one is seen in kreuzwerker/awsu#27"),
        reading("a role that may not be taken on", "AccessDenied, in the same words where it is not there, does not trust the caller or misses its ExternalId", Seen,
            "service-cloud-voice/examples-from-doc#34; IAM User Guide, third-party access: a condition on sts:ExternalId"),
        reading("case variants", "usernames that differ in case alone are two users", Documented,
            "Admin Guide, Configure SAML: case-sensitive; seen in godwillcho/amazon-connect-duplicate-finder"),
    ]
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write as _;

    use super::*;

    fn page() -> String {
        let mut page = String::from(
            "# What the embedded Connect rests on\n\n\
             `--simulate` and `headcount simulate` answer as Amazon Connect does, as far as that is known. It was written from \
             documents: where it refuses what `headcount validate` refuses, two readings of one sentence agree, which is no \
             evidence of what the service does. This table says of each answer whether the service's **model** has it in a form \
             that programs check, a page of AWS has it **documented** in words, somebody was answered so by the service in public \
             (**seen**), or it is **assumed**. An error of `validate` that rests on words alone can be let through with \
             `--allow CODE`. What nobody has said of changes to a user can be chosen, so that a rehearsal shows what comes of each: \
             `--updates replace`, `merge`, `stubborn` or `strict`; with `--weather edited` people are at work in the console \
             meanwhile. Nothing here was tried on a live instance. The table is that of `src/simulator/readings.rs`.\n\n\
             | of | the embedded Connect | standing | source |\n|---|---|---|---|\n",
        );
        for Reading { of, does, standing, source } in READINGS {
            let _ = writeln!(page, "| {} | {does} | {} | {source} |", of.replace('_', " "), standing.word());
        }
        page + SEVERAL
    }

    /// What cannot be said in a table.
    const SEVERAL: &str = r#"
## Several instances, accounts and regions

`headcount simulate` serves as many as it is told of, all at one address:

```sh
headcount simulate \
  --instance 111111111111/eu-central-1/berlin \
  --instance 111111111111/eu-central-1/paris,users-quota=3 \
  --instance 222222222222/us-east-1/austin,rate=5,external-id=sesame,denied=TagResource
```

An instance can be named by its ARN too, so that it has the id that a real one has; `alias=NAME` behind it gives it its alias. Behind each stands what is different of it: `users-quota`, `rate`, `identity`, `weather`, `denied` (an operation, or `AssumeRole`; again for each further one) and `external-id`. What is not said is as the other flags have it. An alias is one instance's alone.

* **Whose a request is** tells the access key that signed it, **where it goes** the region that it is signed for. Callers see and reach the instances of their own account in that region; any other is not there (404).
* **Rates** are the account's in the region: its instances there use up one bucket for each operation, and have one `rate`. **The quota of users** is the instance's, as are weather, what is denied, and what happens to it. What is asked of no instance, as ListInstances, meets the weather of the first one that was named of the account and region.
* **Keys**: those that are printed to be pasted are of the first one's account. Each account has lasting ones of its own as well; `--format json` has them in `instances`, with all else of each.
* **Roles**: with `AWS_ENDPOINT_URL_STS` at the same address, any name is one of a role in each account, and any caller may take it on, from a profile's `role_arn`, with boto3, or with `aws sts assume-role`. `external-id` has an account's roles ask for that and refuse all else; `denied=AssumeRole` has them refuse everybody. Their keys go with their session token alone, and end with the session. AssumeRole is all there is of the STS.
* **Counts**: `/_headcount/stats` has those of all together, as for one, with AssumeRole among them; and of each instance in `instances`.
"#;

    #[test]
    fn every_reading_stands_once_and_says_who_says_so() {
        let distinct: HashSet<_> = READINGS.iter().map(|reading| reading.of).collect();
        assert_eq!(distinct.len(), READINGS.len());
        for Reading { of, does, source, .. } in READINGS {
            assert!(
                !does.is_empty() && !source.is_empty() && !does.contains('|') && !source.contains('|'),
                "{of}"
            );
        }
        for standing in [Standing::Model, Standing::Documented, Standing::Seen, Standing::Assumed] {
            assert!(READINGS.iter().any(|reading| reading.standing == standing), "{standing:?}");
        }
    }

    /// `HEADCOUNT_BLESS=1 cargo test` rewrites the page.
    #[test]
    fn the_page_of_readings_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/embedded-connect.md");
        if std::env::var_os("HEADCOUNT_BLESS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == page(), "run HEADCOUNT_BLESS=1 cargo test --lib readings");
    }
}
