//! Any user whatever: the row that it becomes is read back, from a file of either form, as what the user has; and whatever a
//! row cannot say is said beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{HeaderMap, Method};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::proof::cells_of;
use super::*;
use crate::agent::{CLEAR, IdentityType, PROVENANCE};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, User, UserProficiency,
    VoiceEnhancementConfig,
};
use crate::directory::{Directory, Group as HierarchyGroup, Hierarchy, Instance, Names as Profiles};
use crate::finding::Severity;
use crate::roster::{Columns, Field, Options, Roster, Row};
use crate::simulator::{self, Families, Named, Pace, Request, Spec, World};
use crate::user::{Canonical, Exact, Group, Wish};
use crate::validate::{self, RowCheck, Rules};

const ALL: [Group; 7] = Group::ALL;

/// Names that a cell has a meaning of its own for, and plain ones.
const ROUTING: [&str; 9] =
    ["Basic", "Sales|DE", " padded ", "(clear)", "N/A", "+49", "=1+1", "rp-1", "'t Hart"];
const SECURITY: [&str; 8] = ["Agent", "Admin", "a|b", "(Clear)", "-", "null", "Ünïcode", "@x"];
const GROUPS: [&[&str]; 9] = [
    &["EMEA"],
    &["EMEA", "Germany"],
    &["EMEA", "Germany", "a|b"],
    &["(clear)"],
    &[" x", "y"],
    &["AMER", "Germany"],
    &["g-1"],
    &["=A", "-B"],
    &["a/b", "c > d"],
];

fn directory(identity: IdentityType) -> Directory {
    let named = |kind: &str, names: &[&str]| -> Vec<(String, String)> {
        let one = |(at, name): (usize, &&str)| ((*name).to_owned(), format!("{kind}-{at}"));
        names.iter().enumerate().map(one).collect()
    };
    let group = |(at, path): (usize, &&[&str])| HierarchyGroup {
        id: format!("g-{at}"),
        path: path.iter().map(|level| (*level).to_owned()).collect(),
    };
    // One path twice, as the service may have it: neither is picked by its name.
    let twin = HierarchyGroup { id: "g-twin".into(), path: vec!["EMEA".into(), "Twin".into()] };
    let groups = GROUPS.iter().enumerate().map(group);
    let twins = [twin.clone(), HierarchyGroup { id: "g-other".into(), ..twin }];
    let arn = "arn:aws:connect:eu-central-1:123456789012:instance/i-1".to_owned();
    Directory {
        routing_profiles: Profiles::of_routing_profiles(named("rp", &ROUTING)),
        security_profiles: Profiles::of_security_profiles(named("sp", &SECURITY)),
        hierarchy: Hierarchy::new(groups.chain(twins)),
        ..Directory::new(Instance { id: "i-1".into(), arn, alias: None, identity, status: None })
    }
}

/// A user as JSON has it, of the least members.
fn user(more: Value) -> User {
    let mut least = json!({
        "Id": "u-1", "Username": "ana", "RoutingProfileId": "rp-0", "SecurityProfileIds": ["sp-0"],
        "IdentityInfo": { "FirstName": "Ana", "LastName": "Silva" },
    });
    for (member, value) in more.as_object().unwrap() {
        least[member] = value.clone();
    }
    serde_json::from_value(least).unwrap()
}

fn line_of(
    user: &User,
    proficiencies: Option<&[UserProficiency]>,
    identity: IdentityType,
    absent: Absent,
) -> Line {
    let (directory, groups) = (directory(identity), BTreeSet::from(ALL));
    let names = Names::of(&directory);
    line(user, proficiencies, Of { identity, names: &names, groups: &groups, absent })
}

/// The cells of a user, but those that the least one has as well.
fn cells(more: Value) -> String {
    cells_with(IdentityType::ConnectManaged, more)
}

fn cells_with(identity: IdentityType, more: Value) -> String {
    let line = line_of(&user(more), None, identity, Absent::Blank);
    let least = line_of(&user(json!({})), None, identity, Absent::Blank);
    let differs = |(field, cell): (&Field, &String)| {
        (least.cells.get(field) != Some(cell)).then(|| format!("{}={cell}", field.name()))
    };
    let cells = line.cells.iter().filter_map(differs);
    cells.chain(line.untold.iter().map(|said| format!("! {said}"))).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_name_that_its_cell_would_read_as_something_else_is_an_id() {
    let routing = |id: &str| cells(json!({ "RoutingProfileId": id }));
    assert_eq!(routing("rp-0"), "");
    for (at, name) in ROUTING.iter().enumerate().skip(1) {
        let is_named = ["N/A", "+49", "=1+1", "rp-1", "'t Hart"].contains(name);
        // The one that is called as another's id leads to that name first.
        let expected = match name {
            _ if is_named => (*name).to_owned(),
            // Another is called as this one's id is.
            _ if at == 1 => {
                "arn:aws:connect:eu-central-1:123456789012:instance/i-1/routing-profile/rp-1".to_owned()
            }
            _ => format!("rp-{at}"),
        };
        assert_eq!(routing(&format!("rp-{at}")), format!("routing profile={expected}"));
    }
    assert_eq!(routing("rp-gone"), "routing profile=rp-gone", "one that nobody knows any more");
    let arn = "arn:aws:connect:eu-central-1:123456789012:instance/i-1/routing-profile/rp-5";
    assert_eq!(routing(arn), "routing profile=+49");
    let security = |ids: &[&str]| cells(json!({ "SecurityProfileIds": ids }));
    assert_eq!(security(&["sp-0", "sp-1"]), "security profiles=Admin|Agent", "by name");
    assert_eq!(security(&["sp-1", "sp-0"]), "security profiles=Admin|Agent");
    assert_eq!(security(&["sp-2", "sp-3", "sp-x"]), "security profiles=sp-2|sp-3|sp-x");
    let hierarchy = |id: &str| cells(json!({ "HierarchyGroupId": id }));
    assert_eq!(hierarchy("g-1"), "hierarchy=EMEA|Germany");
    for id in ["g-2", "g-3", "g-4", "g-twin", "g-other", "g-gone"] {
        assert_eq!(hierarchy(id), format!("hierarchy={id}"));
    }
    assert_eq!(hierarchy(""), "");
}

#[test]
fn an_id_in_the_directory_is_that_of_an_instance_with_one_and_saml_has_no_address() {
    use IdentityType::{ConnectManaged, ExistingDirectory, Saml};
    let more = json!({ "DirectoryUserId": "d-1", "IdentityInfo": { "FirstName": "Ana", "LastName": "Silva", "Email": "a@b.co" } });
    assert_eq!(cells_with(ConnectManaged, more.clone()), "email address=a@b.co");
    assert_eq!(cells_with(ExistingDirectory, more.clone()), "email address=a@b.co\ndirectory user id=d-1");
    assert_eq!(cells_with(Saml, more), "! email address is not taken with SAML: `a@b.co`");
}

#[test]
fn a_row_has_one_family_of_a_setting() {
    let accept = |channel: &str, on: bool| json!({ "Channel": channel, "AutoAccept": on });
    let all = |on: bool| ["VOICE", "CHAT", "TASK", "EMAIL"].map(|channel| accept(channel, on));
    let older = |on: bool| json!({ "AutoAccept": on });
    assert_eq!(cells(json!({ "PhoneConfig": older(true) })), "auto accept=yes");
    assert_eq!(cells(json!({ "AutoAcceptConfigs": all(true) })), "auto accept=yes");
    assert_eq!(
        cells(json!({ "PhoneConfig": older(true), "AutoAcceptConfigs": all(false) })),
        "auto accept=no"
    );
    // Voice may be what the older family mirrors: nothing is said of the others.
    let mirrored = json!({ "PhoneConfig": older(true), "AutoAcceptConfigs": [accept("VOICE", true)] });
    assert_eq!(cells(mirrored), "auto accept voice=yes");
    let by_default = json!({ "PhoneConfig": older(false), "AutoAcceptConfigs": [accept("VOICE", false)] });
    assert_eq!(cells(by_default), "auto accept=no", "whichever it mirrors, the others are at their default");
    let others = json!({ "PhoneConfig": older(true), "AutoAcceptConfigs": [accept("CHAT", false)] });
    let each = "auto accept voice=yes\nauto accept chat=no\nauto accept task=yes\nauto accept email=yes";
    assert_eq!(cells(others), each);
    // What is set for callbacks stands beside voice's own, and its default is nothing to say.
    let callback = |on: bool| {
        let mut all = all(false);
        all[0]["AgentFirstCallbackAutoAccept"] = on.into();
        cells(json!({ "AutoAcceptConfigs": all }))
    };
    assert_eq!(callback(false), "auto accept=no");
    let each = "auto accept voice=no\nauto accept chat=no\nauto accept task=no\nauto accept email=no";
    assert_eq!(callback(true), format!("{each}\nagent first callback auto accept=yes"));
    let work = |channel: &str, seconds: Value| {
        let limit =
            if seconds.is_null() { json!({}) } else { json!({ "AfterContactWorkTimeLimit": seconds }) };
        json!({ "Channel": channel, "AfterContactWorkConfig": limit })
    };
    let listed = json!({ "PhoneConfig": { "AfterContactWorkTimeLimit": 30 },
                         "AfterContactWorkConfigs": [work("CHAT", 60.into()), work("TASK", Value::Null)] });
    assert_eq!(
        cells(listed),
        "ACW timeout voice=30\nACW timeout chat=60\nACW timeout task=0\nACW timeout email=30"
    );
    let fax = json!({ "AutoAcceptConfigs": [accept("FAX", true)] });
    assert_eq!(cells(fax), "! auto accept has no column for `FAX`");
}

#[test]
fn a_number_is_that_of_a_desk_phone() {
    let phone = |kind: &str, number: &str| {
        cells(json!({ "PhoneConfig": { "PhoneType": kind, "DeskPhoneNumber": number } }))
    };
    assert_eq!(phone("SOFT_PHONE", "+4930123456"), "phone type=soft");
    assert_eq!(phone("DESK_PHONE", "+4930123456"), "phone type=desk\nphone number=+4930123456");
    assert_eq!(phone("DESK_PHONE", ""), "! phone type is desk, without a number");
    assert_eq!(phone("VIDEO_PHONE", ""), "! phone type is `VIDEO_PHONE`, which no row has");
    let listed = json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE" }, "PhoneNumberConfigs":
        [{ "Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": "+4930123456" }] });
    assert_eq!(cells(listed), "phone type=desk\nphone number=+4930123456", "what is listed has the word");
}

#[test]
fn tags_are_those_that_somebody_gave_and_a_row_can_say() {
    let tags = |tags: Value| cells(json!({ "Tags": tags }));
    assert_eq!(tags(json!({})), "");
    assert_eq!(tags(json!({ PROVENANCE: "r/1", "aws:x": "y" })), "");
    assert_eq!(tags(json!({ "a": "1", "b": "2", PROVENANCE: "r/1" })), "tags=a|1||b|2");
    assert_eq!(tags(json!({ "a": "", "b": "", "c": "1", "d": "" })), "tags=a| ||b| ||c|1||d|");
    assert_eq!(tags(json!({ "a": "x|y", "b": "2" })), "tags=b|2\n! tags are without `a`: it has a `|`");
    assert_eq!(tags(json!({ "a": " x" })), "! tags are without `a`: it has spaces around it");
    assert_eq!(
        tags(json!({ "a": "x\r\ny" })),
        "! tags are without `a`: it has a character that no file gives back"
    );
    let many: BTreeMap<String, String> = (10..60).map(|n| (format!("k{n}"), "v".into())).collect();
    let told = tags(json!(many));
    assert!(told.ends_with("! tags are without `k59`: a row has 49 at most"), "{told}");
    assert_eq!(told.matches("|v").count(), 49);
}

#[test]
fn proficiencies_are_in_the_form_that_reads_them_back() {
    let of = |all: &[(&str, &str, f32)]| {
        let one = |&(attribute, value, level): &(&str, &str, f32)| UserProficiency {
            attribute_name: attribute.into(),
            attribute_value: value.into(),
            level,
        };
        let all: Vec<_> = all.iter().map(one).collect();
        let line = line_of(&user(json!({})), Some(&all), IdentityType::ConnectManaged, Absent::Blank);
        let cell = line.cells.get(&Field::Proficiencies).cloned().unwrap_or_default();
        line.untold.iter().fold(cell, |text, said| format!("{text}\n! {said}"))
    };
    assert_eq!(of(&[]), "");
    assert_eq!(of(&[("Language", "German", 4.0), ("Area", "x", 1.0)]), "Area:x:1|Language:German:4");
    assert_eq!(of(&[("connect:Language", "connect:English", 5.0)]), "connect:Language:connect:English:5");
    assert_eq!(of(&[("Shift: night", "a", 4.0), ("b", "c", 2.0)]), "Shift: night|a|4||b|c|2");
    assert_eq!(
        of(&[("a|b", "c", 2.0), ("d", "e", 3.0)]),
        "d:e:3\n! proficiencies are without `a|b:c`: it has a `|`"
    );
    assert_eq!(of(&[("a", "b", 2.5)]), "\n! proficiencies are without `a:b`: its level is none of 1 to 5");
}

#[test]
fn a_text_that_is_the_word_that_clears_clears_nothing() {
    let info = |first: &str| json!({ "IdentityInfo": { "FirstName": first, "LastName": "Silva" } });
    for word in [CLEAR, "(Clear)", "(CLEAR)"] {
        assert_eq!(cells(info(word)), format!("! first name is the word that clears: `{word}`"));
    }
    assert_eq!(cells(info(" Ana")), "! first name has spaces around it: ` Ana`");
    assert_eq!(cells(info("Rene\u{301}")), "first name=Ren\u{e9}", "composed, as the service has names");
}

#[test]
fn what_a_user_does_not_have_is_said_where_a_row_is_to_put_a_group_back() {
    let line = line_of(&user(json!({})), Some(&[]), IdentityType::ConnectManaged, Absent::Cleared);
    let cleared: Vec<&str> =
        line.cells.iter().filter(|(_, cell)| *cell == CLEAR).map(|(field, _)| field.name()).collect();
    assert_eq!(
        cleared,
        [
            "email address",
            "secondary email",
            "mobile",
            "hierarchy",
            "phone type",
            "persistent connection",
            "audio enhancement",
            "tags",
            "auto accept voice",
            "auto accept chat",
            "auto accept task",
            "auto accept email",
            "agent first callback auto accept",
            "ACW timeout voice",
            "ACW timeout chat",
            "ACW timeout task",
            "ACW timeout email",
            "agent first callback ACW timeout",
            "proficiencies",
        ]
    );
    assert_eq!(line.untold, [""; 0]);
    let unread = line_of(&user(json!({})), None, IdentityType::ConnectManaged, Absent::Cleared);
    assert!(!unread.cells.contains_key(&Field::Proficiencies), "what was not read is nothing to put back");
}

/// Plain so many times as odd.
fn text(plain: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        2 * plain => "[a-zA-Z]{1,8}",
        1 => select(vec![
            "(clear)", " padded", "padded ", "N/A", "null", "#N/A", "-", "=1+1", "+49", "@x", "'=1", "''", "'t Hart", "a|b",
            "a||b", "a:b", "a\"b", "a,b", "a;b", "a\nb", "a\r\nb", "\u{200b}x", "Ren\u{e9}", "Rene\u{301}", "日本", "_x0041_",
            "a\u{1}b", "\u{fffe}", "true", "1e5", "00123", "1.0", "MÃ¼ller", "?", "first", "user login", "tags", "Total",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,10}",
    ]
}

fn number(plain: u32) -> impl Strategy<Value = String> {
    prop_oneof![plain => "\\+[1-9][0-9]{6,12}", 1 => text(1)]
}

fn word(plain: u32, words: &[&'static str], odd: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![2 * plain => select(words.to_vec()), 1 => Just(odd)].prop_map(str::to_owned)
}

fn channel(plain: u32) -> impl Strategy<Value = String> {
    word(plain, &["VOICE", "CHAT", "TASK", "EMAIL", "VOICE", "CHAT"], "FAX")
}

fn identity_info(plain: u32) -> impl Strategy<Value = IdentityInfo> {
    let email = prop_oneof![plain => "[a-z]{1,8}@example\\.com", 1 => text(1)];
    (
        option::of(text(plain)),
        option::of(text(plain)),
        option::of(email.clone()),
        option::of(email),
        option::of(number(plain)),
    )
        .prop_map(|(first_name, last_name, email, secondary_email, mobile)| IdentityInfo {
            first_name,
            last_name,
            email,
            secondary_email,
            mobile,
        })
}

fn phone_config(plain: u32) -> impl Strategy<Value = PhoneConfig> {
    let kind = word(plain, &["SOFT_PHONE", "DESK_PHONE"], "OTHER");
    (
        option::of(kind),
        option::of(any::<bool>()),
        option::of(seconds(plain)),
        option::of(number(plain)),
        option::of(any::<bool>()),
    )
        .prop_map(|(phone_type, auto_accept, limit, number, kept)| PhoneConfig {
            phone_type,
            auto_accept,
            after_contact_work_time_limit: limit,
            desk_phone_number: number,
            persistent_connection: kept,
        })
}

fn seconds(plain: u32) -> impl Strategy<Value = i64> {
    prop_oneof![2 * plain => 0..200_i64, 1 => select(vec![-1, 2_000_000, 2_000_001, i64::MAX])]
}

type Lists = (
    Vec<AutoAcceptConfig>,
    Vec<AfterContactWorkConfigPerChannel>,
    Vec<PhoneNumberConfig>,
    Vec<PersistentConnectionConfig>,
    Vec<VoiceEnhancementConfig>,
);

fn lists(plain: u32) -> impl Strategy<Value = Lists> {
    let accept =
        (channel(plain), any::<bool>(), option::of(any::<bool>())).prop_map(|(channel, on, callback)| {
            AutoAcceptConfig { channel, auto_accept: on, agent_first_callback_auto_accept: callback }
        });
    let limit = || {
        option::of(seconds(plain))
            .prop_map(|limit| AfterContactWorkConfig { after_contact_work_time_limit: limit })
    };
    let work = (channel(plain), limit(), option::of(limit())).prop_map(|(channel, own, callback)| {
        AfterContactWorkConfigPerChannel {
            channel,
            after_contact_work_config: own,
            agent_first_callback_after_contact_work_config: callback,
        }
    });
    let phone = (channel(plain), select(vec!["SOFT_PHONE", "DESK_PHONE"]), option::of(number(plain)))
        .prop_map(|(channel, kind, phone_number)| PhoneNumberConfig {
            channel,
            phone_type: kind.into(),
            phone_number,
        });
    let kept = (channel(plain), any::<bool>()).prop_map(|(channel, persistent_connection)| {
        PersistentConnectionConfig { channel, persistent_connection }
    });
    let modes = word(plain, &["NONE", "VOICE_ISOLATION", "NOISE_SUPPRESSION"], "OTHER");
    let voice = (channel(plain), modes)
        .prop_map(|(channel, mode)| VoiceEnhancementConfig { channel, voice_enhancement_mode: mode });
    // One entry a channel, as the service has them.
    (
        vec(accept, 0..5).prop_map(|all| once(all, |one| one.channel.clone())),
        vec(work, 0..5).prop_map(|all| once(all, |one| one.channel.clone())),
        vec(phone, 0..2).prop_map(|all| once(all, |one| one.channel.clone())),
        vec(kept, 0..2).prop_map(|all| once(all, |one| one.channel.clone())),
        vec(voice, 0..2).prop_map(|all| once(all, |one| one.channel.clone())),
    )
}

fn once<T>(mut all: Vec<T>, of: impl Fn(&T) -> String) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.retain(|one| seen.insert(of(one)));
    all
}

fn any_user(plain: u32) -> impl Strategy<Value = (User, Vec<UserProficiency>)> {
    let ids = |kind: &'static str, most: usize| (0..most).prop_map(move |at| format!("{kind}-{at}"));
    let groups = prop_oneof![
        5 => ids("g", GROUPS.len()),
        1 => select(vec!["g-twin", "g-gone", ""]).prop_map(str::to_owned)
    ];
    let tags = vec(("[a-zA-Z: ]{1,5}|aws:x|headcount:run", text(plain)), 0..4);
    let skills = vec((text(plain), text(plain), 0..7_u8), 0..4);
    (
        ("[a-zA-Z.]{1,12}", option::of(identity_info(plain)), option::of(phone_config(plain)), lists(plain)),
        (ids("rp", ROUTING.len() + 1), vec(ids("sp", SECURITY.len() + 1), 1..4), option::of(groups)),
        (tags, skills, option::of("d-[0-9]")),
    )
        .prop_map(
            |((username, identity_info, phone_config, lists), (routing, security, group), rest)| {
                let (tags, skills, directory_user_id) = rest;
                let user = User {
                    id: "u-1".into(),
                    username,
                    identity_info,
                    phone_config,
                    directory_user_id,
                    security_profile_ids: security,
                    routing_profile_id: Some(routing),
                    hierarchy_group_id: group,
                    auto_accept_configs: lists.0,
                    after_contact_work_configs: lists.1,
                    phone_number_configs: lists.2,
                    persistent_connection_configs: lists.3,
                    voice_enhancement_configs: lists.4,
                    tags: tags.into_iter().collect(),
                    ..User::default()
                };
                let skill = |(attribute_name, attribute_value, level): (String, String, u8)| {
                    UserProficiency { attribute_name, attribute_value, level: f32::from(level) }
                };
                let skills = once(skills.into_iter().map(skill).collect(), |one| {
                    format!("{} {}", one.attribute_name, one.attribute_value)
                });
                (user, skills)
            },
        )
}

/// The bytes of a file of one row.
fn stored(line: &Line, identity: IdentityType, form: Form) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, form, Written::of_one(&columns([line], identity, &[])), [line]).unwrap();
    bytes
}

/// The one row of a file.
fn read(bytes: Vec<u8>) -> (Columns, Row) {
    let roster = Roster::from_memory(bytes, &Options::default(), "").unwrap();
    let errors = roster.findings().iter().filter(|finding| finding.severity == Severity::Error);
    assert_eq!(errors.map(|error| error.message.clone()).collect::<Vec<_>>(), [""; 0]);
    let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
    assert!(rows.read(&mut row).unwrap(), "no row: {:?}", rows.take_notes());
    (roster.columns().clone(), row)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_row_is_read_back_as_its_user_and_whatever_it_does_not_say_is_said(
        (user, skills) in any_user(2),
        identity in select(IdentityType::ALL.to_vec()),
        absent in select(vec![Absent::Blank, Absent::Cleared]),
    ) {
        let directory = directory(identity);
        let (names, groups) = (Names::of(&directory), BTreeSet::from(ALL));
        let line = line(&user, Some(&skills), Of { identity, names: &names, groups: &groups, absent });
        let (proving, rules) = (columns_to_prove(), rules_to_prove(&directory));
        let line = Proof::new(&proving, &rules, &directory).prove(line, &user, Some(&skills));
        let found = Canonical::described(&user, Some(&skills));
        let mut stored_by_form = Vec::new();
        for form in [Form::Csv, Form::Xlsx] {
            let (columns, row) = read(stored(&line, identity, form));
            let in_file: BTreeMap<Field, String> = Field::ALL
                .into_iter()
                .map(|field| (field, columns.cell(&row, field).to_owned()))
                .filter(|(_, cell)| !cell.is_empty())
                .collect();
            prop_assert_eq!(&in_file, &line.cells, "{:?}", form);
            // By the rules for people who are there nothing is wrong but what the instance does not know.
            let check = RowCheck::new(&columns, &rules);
            let mut findings = Vec::new();
            check.check(&row, &mut findings);
            let errors: Vec<_> = findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error && !finding.code.ends_with("-unknown"))
                .collect();
            prop_assert!(errors.is_empty(), "{:?}: {:?}", form, errors);
            // Nor by those for an import, which makes nobody who is there.
            if absent == Absent::Blank {
                let users = Some([(user.username.clone(), "u-1".to_owned())].into_iter().collect());
                let known = Directory { users, ..directory.clone() };
                let rules = Rules { compares_users: false, ..Rules::of(&known) };
                let mut findings = Vec::new();
                RowCheck::new(&columns, &rules).check(&row, &mut findings);
                findings.retain(|one| one.severity == Severity::Error && !one.code.ends_with("-unknown"));
                prop_assert!(findings.is_empty(), "{:?}: {:?}", form, findings);
            }
            if let Some(agent) = validate::agent_by(&check, &row)
                && let Some(wish) = Wish::of(&agent, &directory, Exact { tags: false, proficiencies: false })
            {
                let differs = wish.differences(&found);
                prop_assert!(differs.is_empty(), "{:?}: {:?}", form, differs);
            }
            stored_by_form.push(in_file);
        }
        // Whatever a user has is in a cell, or is said not to be.
        for member in found.said() {
            let is_said = cells_of(member).iter().any(|field| {
                line.cells.contains_key(field)
                    || line.untold.iter().any(|said| said.starts_with(field.name()))
            });
            let is_nobodys = matches!(member, crate::user::Member::DirectoryUserId)
                && (identity != IdentityType::ExistingDirectory || absent == Absent::Cleared);
            let is_default = found.value(member).is_none_or(|value| ["false", "0", "NONE"].contains(&value));
            prop_assert!(is_said || is_nobodys || is_default, "{:?} of {:?}", member, line);
        }
        for key in user.tags.keys().filter(|key| *key != PROVENANCE && !key.starts_with("aws:")) {
            let is_in_cell = line.cells.get(&Field::Tags).is_some_and(|cell| {
                validate::grammar::tags(cell).flatten().any(|(there, value)| there == key && user.tags[key] == value)
            });
            let is_said = line.untold.iter().any(|said| said.starts_with("tags"));
            prop_assert!(is_in_cell || is_said, "{} of {:?}", key, line);
        }
    }
}

#[test]
fn a_cell_that_begins_like_a_formula_has_a_guard_in_a_csv_and_none_in_a_workbook() {
    let mut line = Line { username: "ana".into(), ..Line::default() };
    line.cells = [(Field::Username, "ana"), (Field::LastName, "=1+1"), (Field::Mobile, "+4930123456")]
        .map(|(field, cell)| (field, cell.to_owned()))
        .into();
    let csv = stored(&line, IdentityType::Saml, Form::Csv);
    let text = String::from_utf8(csv.clone()).unwrap();
    assert!(text.contains(",'=1+1,") && text.contains(",'+4930123456,"), "{text}");
    for bytes in [csv, stored(&line, IdentityType::Saml, Form::Xlsx)] {
        let (columns, row) = read(bytes);
        assert_eq!(columns.cell(&row, Field::LastName), "=1+1");
        assert_eq!(columns.cell(&row, Field::Mobile), "+4930123456");
    }
}

#[test]
fn a_guard_is_taken_off_where_it_was_put_and_never_off_a_password() {
    let guarded = "user login,last name,password,headcount note\nana,'=x,'=Passw0rd,\n";
    let plain = "user login,last name,password\nana,'=x,'=Passw0rd\n";
    for (text, last) in [(guarded, "=x"), (plain, "'=x")] {
        let (columns, row) = read(text.as_bytes().to_vec());
        assert_eq!(columns.cell(&row, Field::LastName), last);
        assert_eq!(columns.cell(&row, Field::Password), "'=Passw0rd");
    }
}

#[test]
fn a_roster_of_an_instance_is_clean_by_the_rules_for_it() {
    let directory = directory(IdentityType::ConnectManaged);
    let line = line_of(&user(json!({})), Some(&[]), IdentityType::ConnectManaged, Absent::Blank);
    let (columns, row) = read(stored(&line, IdentityType::ConnectManaged, Form::Csv));
    assert!(!columns.has(Field::Password), "nobody can read a password");
    let rules = Rules { generates_passwords: true, ..Rules::of(&directory) };
    let mut findings = Vec::new();
    RowCheck::new(&columns, &rules).check(&row, &mut findings);
    let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(columns.strangers, [0_usize; 0], "the note is no stranger that may say who has left");
}

/// What an embedded Connect answers, for one that signs nothing and has no pace.
fn ask(world: &mut World, method: Method, target: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request { method, target: target.into(), headers: HeaderMap::new(), body };
    let answer = world.respond(UNIX_EPOCH, &request).answer;
    (answer.status.into(), serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// An instance with the names of [`directory`], and this user.
fn world(identity: IdentityType, families: Families, users: Vec<User>) -> World {
    let named = |kind: &str, names: &[&str]| -> Vec<Named> {
        let one =
            |(at, name): (usize, &&str)| Named { name: (*name).into(), id: Some(format!("{kind}-{at}")) };
        names.iter().enumerate().map(one).collect()
    };
    let group = |(at, path): (usize, &&[&str])| simulator::Group {
        id: Some(format!("g-{at}")),
        path: path.iter().map(|level| (*level).to_owned()).collect(),
    };
    let spec = Spec {
        identity,
        families,
        users,
        routing_profiles: named("rp", &ROUTING),
        security_profiles: named("sp", &SECURITY),
        hierarchy: GROUPS.iter().enumerate().map(group).collect(),
        signed: false,
        pace: Pace::UNLIMITED,
        ..Spec::default()
    };
    World::new(spec, UNIX_EPOCH)
}

fn described(world: &mut World, id: &str) -> User {
    let target = format!("/users/{}/{id}", world.spec().instance_id);
    let (status, answer) = ask(world, Method::GET, &target, &Value::Null);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_value(answer["User"].clone()).unwrap()
}

fn proven(user: &User, identity: IdentityType, directory: &Directory) -> Line {
    let (names, groups) = (Names::of(directory), BTreeSet::from(ALL));
    let of = Of { identity, names: &names, groups: &groups, absent: Absent::Blank };
    let (proving, rules) = (columns_to_prove(), rules_to_prove(directory));
    Proof::new(&proving, &rules, directory).prove(line(user, None, of), user, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    /// Whatever the embedded Connect holds: where the row says all of it and is one that may be imported, an empty instance
    /// makes the same user of it.
    #[test]
    fn a_row_makes_the_same_user_in_an_empty_instance(
        (user, _) in any_user(200),
        identity in select(IdentityType::ALL.to_vec()),
        families in select(Families::ALL.to_vec()),
    ) {
        let directory = directory(identity);
        let mut from = world(identity, families, vec![user.clone()]);
        let there = described(&mut from, &user.id);
        let line = proven(&there, identity, &directory);
        prop_assume!(line.untold.is_empty() && user.hierarchy_group_id.as_deref() != Some("g-twin"));
        let (columns, row) = read(stored(&line, identity, Form::Csv));
        let rules = Rules { generates_passwords: true, ..Rules::of(&directory) };
        let Some(agent) = validate::agent(&row, &columns, &rules) else { return Ok(()) };
        let Some(mut body) = crate::user::create_user(&agent, &directory) else { return Ok(()) };
        if identity == IdentityType::ConnectManaged {
            body.password = Some(crate::agent::Password::new("Lantern-Reef-7"));
        }
        let mut to = world(identity, families, Vec::new());
        let target = format!("/users/{}", to.spec().instance_id);
        let (status, made) = ask(&mut to, Method::PUT, &target, &json!(body));
        prop_assert_eq!(status, 200, "{}", made);
        let again = described(&mut to, made["UserId"].as_str().unwrap());
        // Each held against the row of the other: what is nowhere said differs in neither.
        for (line, user) in [(line, &again), (proven(&again, identity, &directory), &there)] {
            let (columns, row) = read(stored(&line, identity, Form::Csv));
            let agent = validate::agent(&row, &columns, &rules_to_prove(&directory)).unwrap();
            let wish = Wish::of(&agent, &directory, Exact::default()).unwrap();
            let mut differs = wish.differences(&Canonical::described(user, None));
            // A directory brings what a row leaves out.
            differs.retain(|differs| {
                identity != IdentityType::ExistingDirectory || differs.group != Group::Identity
            });
            prop_assert!(differs.is_empty(), "{:?}", differs);
        }
    }
}
