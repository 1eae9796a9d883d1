//! `headcount export`: who is there as a roster that imports again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use headcount::agent::IdentityType;
use headcount::clock::{Clock as _, SystemClock};
use headcount::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, IdentityInfo, PhoneConfig,
    User, VoiceEnhancementConfig,
};
use headcount::roster::{Field, Options, Roster, Row};
use headcount::simulator::server::{self, Running};
use headcount::simulator::{
    ACCESS_KEY_ID, Families, Group, Named, Operation, Pace, SECRET_ACCESS_KEY, Spec, World,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{Ran, Service, folder, headcount, run};
#[cfg(unix)]
use crate::harness::{Watched, pasted};

/// An embedded Connect in this process.
struct Instance {
    runtime: Runtime,
    running: Option<Running>,
    arn: String,
}

impl Instance {
    fn of(spec: Spec) -> Self {
        let spec = Spec { pace: Pace::UNLIMITED, ..spec };
        let arn = spec.instance_arn();
        let runtime = Runtime::new().unwrap();
        let world = World::new(spec, SystemClock.now());
        let running = runtime.block_on(server::serve(world, 0, Arc::new(SystemClock))).unwrap();
        Self { runtime, running: Some(running), arn }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    fn command(&self, folder: &Path, words: &[&str]) -> Command {
        let mut command = headcount(folder);
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("AWS_ENDPOINT_URL_CONNECT", &self.running().url)
            .args(words);
        if words.first() != Some(&"validate") {
            command.args(["--instance", &self.arn]);
        }
        command
    }

    fn export(&self, folder: &Path, out: &str, flags: &[&str]) -> Ran {
        run(&mut self.command(folder, &[&["export", "-o", out], flags].concat()))
    }

    fn called(&self, operation: Operation) -> u64 {
        self.running().stats().of(operation).called
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

fn user(name: &str) -> User {
    User {
        id: format!("id-{name}"),
        username: name.into(),
        identity_info: Some(IdentityInfo {
            first_name: Some("Ana".into()),
            last_name: Some("Silva".into()),
            email: Some(format!("{name}@example.com")),
            ..IdentityInfo::default()
        }),
        routing_profile_id: Some("rp-basic".into()),
        security_profile_ids: vec!["sp-agent".into()],
        ..User::default()
    }
}

fn named(all: &[(&str, &str)]) -> Vec<Named> {
    all.iter().map(|&(id, name)| Named { name: name.into(), id: Some(id.into()) }).collect()
}

fn spec(users: Vec<User>) -> Spec {
    let group = |id: &str, path: &[&str]| Group {
        id: Some(id.into()),
        path: path.iter().map(|level| (*level).to_owned()).collect(),
    };
    Spec {
        routing_profiles: named(&[
            ("rp-basic", "Basic"),
            ("rp-bar", "Sales|DE"),
            ("rp-clear", "(clear)"),
            ("rp-formula", "=Sales"),
        ]),
        security_profiles: named(&[("sp-agent", "Agent"), ("sp-bar", "Quality|Analyst"), ("sp-at", "@home")]),
        hierarchy: vec![
            group("g-emea", &["EMEA"]),
            group("g-de", &["EMEA", "Germany"]),
            group("g-bar", &["A|B"]),
        ],
        users,
        users_quota: 1_000,
        ..Spec::default()
    }
    .with_proficiencies([("Language", "German"), ("Shift: night", "a:b")])
}

/// People of whom each has something that a cell cannot simply say.
fn odd_people() -> Vec<User> {
    let with = |name: &str, change: fn(&mut User)| {
        let mut user = user(name);
        change(&mut user);
        user
    };
    vec![
        with("bar", |user| {
            user.routing_profile_id = Some("rp-bar".into());
            user.security_profile_ids = vec!["sp-bar".into(), "sp-agent".into(), "sp-at".into()];
            user.hierarchy_group_id = Some("g-bar".into());
        }),
        with("Bar", |user| user.routing_profile_id = Some("rp-formula".into())),
        with("clear", |user| user.routing_profile_id = Some("rp-clear".into())),
        with("desk", |user| {
            user.phone_config = Some(PhoneConfig {
                phone_type: Some("DESK_PHONE".into()),
                desk_phone_number: Some("+4930123456".into()),
                after_contact_work_time_limit: Some(30),
                persistent_connection: Some(true),
                ..PhoneConfig::default()
            });
            let info = user.identity_info.as_mut().unwrap();
            (info.mobile, info.secondary_email) = (Some("+4930654321".into()), Some("x@example.com".into()));
        }),
        with("channels", |user| {
            let accept = |channel: &str, on| AutoAcceptConfig {
                channel: channel.into(),
                auto_accept: on,
                agent_first_callback_auto_accept: (channel == "VOICE").then_some(true),
            };
            user.auto_accept_configs = vec![accept("VOICE", false), accept("CHAT", true)];
            let limit = |seconds| AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds) };
            let work = |channel: &str, seconds| AfterContactWorkConfigPerChannel {
                channel: channel.into(),
                after_contact_work_config: limit(seconds),
                agent_first_callback_after_contact_work_config: None,
            };
            user.after_contact_work_configs = vec![work("CHAT", 60), work("VOICE", 30)];
            user.voice_enhancement_configs = vec![VoiceEnhancementConfig {
                channel: "VOICE".into(),
                voice_enhancement_mode: "VOICE_ISOLATION".into(),
            }];
        }),
        with("tags", |user| {
            user.tags =
                [("site", "Leeds"), ("empty", ""), ("also", ""), ("headcount:run", "r-1/7"), ("eq", "=1+1")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into();
        }),
        with("formula", |user| {
            let info = user.identity_info.as_mut().unwrap();
            (info.first_name, info.last_name) = (Some("=1+1".into()), Some("'t Hart".into()));
        }),
        with("total", |user| user.identity_info.as_mut().unwrap().first_name = Some("first name".into())),
        with("000123", |user| user.hierarchy_group_id = Some("g-de".into())),
    ]
}

/// The rows of a file by username: the cells that have text.
fn rows(path: &Path) -> BTreeMap<String, BTreeMap<Field, String>> {
    let roster = Roster::open(path, &Options::default()).unwrap();
    let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), BTreeMap::new());
    while rows.read(&mut row).unwrap() {
        let cell = |field| (field, roster.columns().cell(&row, field).to_owned());
        let mut cells: BTreeMap<_, _> =
            Field::ALL.into_iter().map(cell).filter(|(_, cell)| !cell.is_empty()).collect();
        let name = cells.remove(&Field::Username).unwrap();
        assert!(all.insert(name, cells).is_none());
    }
    all
}

fn cell<'c>(rows: &'c BTreeMap<String, BTreeMap<Field, String>>, who: &str, field: Field) -> &'c str {
    rows[who].get(&field).map_or("", String::as_str)
}

#[test]
fn what_a_cell_cannot_simply_say_is_said_otherwise_and_both_forms_say_the_same() {
    let instance = Instance::of(spec(odd_people()));
    let at = folder(&[]);
    for out in ["users.csv", "users.xlsx"] {
        let ran = instance.export(at.path(), out, &[]).exits(0);
        assert!(ran.stderr.contains(&format!("exported 9 users to `{out}`")), "{}", ran.stderr);
        assert!(
            ran.stderr.contains(&format!("headcount diff {out} --instance {}", instance.arn)),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
        assert!(!at.path().join(format!("{out}.part")).exists());
    }
    let all = rows(&at.path().join("users.csv"));
    assert_eq!(all, rows(&at.path().join("users.xlsx")));
    let cell = |who, field| cell(&all, who, field);
    assert_eq!(cell("bar", Field::RoutingProfile), "rp-bar");
    assert_eq!(cell("Bar", Field::RoutingProfile), "=Sales");
    assert_eq!(cell("clear", Field::RoutingProfile), "rp-clear");
    assert_eq!(cell("bar", Field::SecurityProfiles), "@home|Agent|sp-bar");
    assert_eq!((cell("bar", Field::Hierarchy), cell("000123", Field::Hierarchy)), ("g-bar", "EMEA|Germany"));
    assert_eq!((cell("desk", Field::PhoneType), cell("desk", Field::PhoneNumber)), ("desk", "+4930123456"));
    assert_eq!((cell("desk", Field::Mobile), cell("bar", Field::PhoneNumber)), ("+4930654321", ""));
    assert_eq!(cell("channels", Field::AutoAcceptCallback), "yes");
    assert_eq!(
        (cell("channels", Field::AfterContactWorkChat), cell("channels", Field::AfterContactWork)),
        ("60", "")
    );
    assert_eq!(cell("tags", Field::Tags), "also| ||empty| ||eq|=1+1||site|Leeds");
    assert_eq!((cell("formula", Field::FirstName), cell("formula", Field::LastName)), ("=1+1", "'t Hart"));
    let roster = Roster::open(&at.path().join("users.csv"), &Options::default()).unwrap();
    assert!(!roster.columns().has(Field::Password) && !roster.columns().has(Field::DirectoryUserId));
    let text = fs::read_to_string(at.path().join("users.csv")).unwrap();
    assert!(text.contains("\n'=1+1,''t Hart,"), "{text}");
    assert!(text.contains("'+4930123456") && !text.contains("headcount:run"), "{text}");
    // By name, so that two exports can be held against each other.
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    let column = roster.columns().places[Field::Username.index()][0];
    let (mut reading, mut row, mut in_file) = (roster.rows().unwrap(), Row::default(), Vec::new());
    while reading.read(&mut row).unwrap() {
        in_file.push(row.cells[column].to_owned());
    }
    assert_eq!(in_file, names);
    #[cfg(unix)]
    for out in ["users.csv", "users.xlsx"] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(at.path().join(out)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn an_export_is_clean_where_it_is_known_who_is_there_and_asks_for_passwords_where_not() {
    let instance = Instance::of(spec(odd_people()));
    let at = folder(&[]);
    instance.export(at.path(), "users.csv", &[]).exits(0);
    run(&mut instance.command(at.path(), &["directory", "-o", "d.json"])).exits(0);
    run(&mut instance.command(at.path(), &["validate", "users.csv", "--directory", "d.json"])).exits(0);
    let ran =
        run(&mut instance.command(at.path(), &["validate", "users.csv", "--identity", "connect"])).exits(3);
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains("there is no password column") && said.contains("--directory FILE"), "{said}");
    let made = ["validate", "users.csv", "--identity", "connect", "--generate-passwords"];
    run(&mut instance.command(at.path(), &made)).exits(0);
    let dry = run(&mut instance.command(at.path(), &["import", "users.csv", "--dry-run"])).exits(0);
    assert!(dry.stdout.contains("0 users would be created"), "{}{}", dry.stdout, dry.stderr);
    // One more, who is not there: they need one.
    let text = fs::read_to_string(at.path().join("users.csv")).unwrap();
    fs::write(at.path().join("more.csv"), text.replace("000123", "newcomer")).unwrap();
    let ran =
        run(&mut instance.command(at.path(), &["validate", "more.csv", "--directory", "d.json"])).exits(3);
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains("the first of those who are not there is in row"), "{said}");
}

#[test]
fn an_export_makes_the_same_people_in_an_empty_instance() {
    for families in Families::ALL {
        let at = folder(&[]);
        let from = Instance::of(Spec { families, ..spec(odd_people()) });
        from.export(at.path(), "from.csv", &[]).exits(0);
        let to = Instance::of(Spec { families, ..spec(Vec::new()) });
        let import = [
            "import",
            "from.csv",
            "--rate",
            "1000",
            "--generate-passwords",
            "--credentials-out",
            "made.jsonl",
        ];
        run(&mut to.command(at.path(), &import)).exits(0);
        to.export(at.path(), "to.csv", &[]).exits(0);
        let (from, to) = (rows(&at.path().join("from.csv")), rows(&at.path().join("to.csv")));
        assert_eq!(from, to, "{families:?}");
    }
}

/// People of whom each has something that no cell can say.
fn people_beyond_words() -> Vec<User> {
    let names =
        [("clears", "(clear)"), ("padded", " Ana"), ("lines", "a\r\nb"), ("nothing", "#N/A"), ("none", "")];
    let named = names.map(|(who, first)| {
        let mut user = user(who);
        user.identity_info.as_mut().unwrap().first_name = Some(first.into());
        user
    });
    let tagged = [("bar", "a|b"), ("spaces", " x "), ("word", "(clear)")].map(|(who, value)| {
        let mut user = user(&format!("tag.{who}"));
        user.tags = [("kept".to_owned(), "1".to_owned()), ("odd".to_owned(), value.to_owned())].into();
        user
    });
    let mut gone = user("gone.profile");
    (gone.routing_profile_id, gone.hierarchy_group_id) = (Some("rp-gone".into()), Some("g-gone".into()));
    named.into_iter().chain(tagged).chain([gone]).collect()
}

#[test]
fn a_comparison_of_an_export_with_its_instance_finds_nothing_whoever_is_there() {
    for identity in IdentityType::ALL {
        for families in Families::ALL {
            let people = odd_people().into_iter().chain(people_beyond_words()).collect();
            let instance = Instance::of(Spec { identity, families, ..spec(people) });
            let at = folder(&[]);
            instance.export(at.path(), "users.csv", &[]).exits(0);
            let text = fs::read_to_string(at.path().join("users.csv")).unwrap();
            for said_of in ["first name is the word that clears", "tags are without `odd`: it has a `|`"] {
                assert!(text.contains(said_of), "{said_of}\n{text}");
            }
            let ran = run(&mut instance.command(at.path(), &["diff", "users.csv"]));
            // A profile that is gone has no name and no id that anybody knows: that row is an error, and no difference.
            let ran = ran.exits(3);
            assert!((ran.stdout + &ran.stderr).contains("rp-gone"));
            let known: Vec<&str> = text.lines().filter(|line| !line.contains("rp-gone")).collect();
            fs::write(at.path().join("known.csv"), known.join("\n") + "\n").unwrap();
            let ran =
                run(&mut instance.command(at.path(), &["diff", "known.csv", "--format", "json"])).exits(0);
            let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let changes: Vec<Value> = events.filter(|event| event["event"] == "change").collect();
            assert_eq!(changes.len(), 17, "{identity} {families:?}");
            for change in changes {
                assert_eq!(change["decision"], "same", "{identity} {families:?}: {change}");
            }
        }
    }
}

#[test]
fn an_update_is_undone_by_the_file_of_how_users_were_before() {
    for families in Families::ALL {
        let names = ["bar", "desk", "channels", "tags", "formula"];
        let people =
            odd_people().into_iter().filter(|user| names.contains(&user.username.as_str())).collect();
        let instance = Instance::of(Spec { families, ..spec(people) });
        let at = folder(&[]);
        instance.export(at.path(), "was.csv", &[]).exits(0);
        let header = "user login,routing profile,security profiles,hierarchy,mobile,secondary email,email address,last name,\
                      auto accept voice,auto accept chat,auto accept task,auto accept email,ACW timeout,phone type,\
                      phone number,persistent connection,audio enhancement,tags,proficiencies";
        let cells = "Basic,Agent|@home,EMEA,+4930111111,new@example.com,all@example.com,New,yes,no,yes,yes,45,desk,\
                     +4930222222,yes,suppress noise,site|York||more|1,Language:German:3";
        let changed =
            names.iter().fold(format!("{header}\n"), |text, name| text + &format!("{name},{cells}\n"));
        fs::write(at.path().join("changed.csv"), changed).unwrap();
        let update = ["update", "changed.csv", "--yes", "--change-email"];
        run(&mut instance.command(at.path(), &update)).exits(0);
        instance.export(at.path(), "changed-now.csv", &[]).exits(0);
        let now = rows(&at.path().join("changed-now.csv"));
        assert_eq!(cell(&now, "tags", Field::Tags), "also| ||empty| ||eq|=1+1||more|1||site|York");
        let before =
            fs::read_dir(at.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let before: Vec<String> = before.filter(|name| name.starts_with("changed.csv.before.")).collect();
        let [before] = before.as_slice() else { panic!("{before:?}") };
        let undo = ["update", before, "--yes", "--change-email", "--exact", "tags,proficiencies"];
        run(&mut instance.command(at.path(), &undo)).exits(0);
        instance.export(at.path(), "is.csv", &[]).exits(0);
        // What is at its default may be said or not.
        let told = |name: &str| {
            let mut rows = rows(&at.path().join(name));
            rows.values_mut().for_each(|cells| {
                cells.retain(|_, cell| !["no", "0", "none", "soft"].contains(&cell.as_str()));
            });
            rows
        };
        assert_eq!(told("was.csv"), told("is.csv"), "{families:?}");
        run(&mut instance.command(at.path(), &["diff", "was.csv", "--exact", "tags,proficiencies"])).exits(0);
    }
}

#[test]
fn a_fast_export_searches_alone_and_says_what_it_does_not_have() {
    let instance = Instance::of(spec(odd_people()));
    let at = folder(&[]);
    let ran = instance.export(at.path(), "fast.csv", &["--fields", "fast"]).exits(0);
    assert_eq!((instance.called(Operation::SearchUsers), instance.called(Operation::DescribeUser)), (1, 0));
    assert_eq!(instance.called(Operation::ListUserProficiencies), 0);
    for said in ["email address, secondary email, mobile", "proficiencies", "--fields all"] {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
    let fast = rows(&at.path().join("fast.csv"));
    let roster = Roster::open(&at.path().join("fast.csv"), &Options::default()).unwrap();
    for field in [Field::Email, Field::SecondaryEmail, Field::Mobile, Field::Proficiencies] {
        assert!(!roster.columns().has(field), "{field:?}");
    }
    assert_eq!(cell(&fast, "desk", Field::AfterContactWork), "30", "in seconds");
    assert_eq!(cell(&fast, "channels", Field::AfterContactWork), "", "of the channels nothing is certain");
    instance.export(at.path(), "all.csv", &[]).exits(0);
    let all = rows(&at.path().join("all.csv"));
    assert_eq!(fast.keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
    for (who, cells) in &fast {
        for (field, said) in cells {
            assert_eq!(all[who].get(field), Some(said), "{who}: {field:?}");
        }
    }
}

#[test]
fn nothing_is_written_over_and_a_name_says_the_form() {
    let instance = Instance::of(spec(vec![user("ana")]));
    let at = folder(&[]);
    for (out, there) in [("mine.csv", "mine.csv"), ("new.csv", "new.csv.part")] {
        fs::write(at.path().join(there), "user login\nbob\n").unwrap();
        let ran = instance.export(at.path(), out, &[]).exits(2);
        assert!(ran.stderr.contains("stays"), "{}", ran.stderr);
        assert_eq!(fs::read_to_string(at.path().join(there)).unwrap(), "user login\nbob\n");
    }
    for out in ["users", "users.json", "users.xls"] {
        let ran = instance.export(at.path(), out, &[]).exits(2);
        assert!(ran.stderr.contains("`.csv` or `.xlsx`"), "{}", ran.stderr);
    }
    assert_eq!(instance.called(Operation::ListUsers), 0, "nobody waits for a refusal");
    let ran = run(headcount(at.path()).args(["export", "-o", "users.csv"])).exits(2);
    assert!(ran.stderr.contains("--instance") && !ran.stderr.contains("--simulate"), "{}", ran.stderr);
    let ran = instance.export(at.path(), "nowhere/users.csv", &[]).exits(2);
    assert!(ran.stderr.contains("nowhere/users.csv"), "{}", ran.stderr);
    let denied = Instance::of(Spec { denied: [Operation::ListRoutingProfiles].into(), ..spec(Vec::new()) });
    denied.export(at.path(), "denied.csv", &[]).exits(4);
    assert!(!at.path().join("denied.csv.part").exists(), "nothing came of it");
}

#[cfg(unix)]
#[test]
fn an_export_goes_through_no_link() {
    let instance = Instance::of(spec(vec![user("ana")]));
    let at = folder(&[]);
    for (out, link) in [("users.csv", "users.csv"), ("more.csv", "more.csv.part"), ("new.csv", "new.csv")] {
        let other = at.path().join("other");
        if out == "new.csv" {
            fs::remove_file(&other).unwrap();
        } else {
            fs::write(&other, "").unwrap();
        }
        std::os::unix::fs::symlink(&other, at.path().join(link)).unwrap();
        instance.export(at.path(), out, &[]).exits(2);
        assert_eq!(fs::read(&other).unwrap_or_default(), b"", "{out}");
        assert_eq!(other.exists(), out != "new.csv");
    }
}

#[cfg(unix)]
#[test]
fn what_an_instance_says_steers_no_terminal() {
    let mut evil = user("evil");
    evil.identity_info.as_mut().unwrap().first_name = Some(" \u{1b}[31mred\u{202e}".into());
    evil.tags = [("a".to_owned(), "x|\u{1b}]0;title\u{7}".to_owned())].into();
    let instance = Instance::of(spec(vec![evil]));
    let at = folder(&[]);
    let ran = instance.export(at.path(), "users.csv", &[]).exits(0);
    assert!(ran.stderr.contains("evil: first name"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", ran.stderr);
    let text = fs::read_to_string(at.path().join("users.csv")).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
}

#[test]
fn a_filter_leaves_the_others_out_and_describes_none_of_them() {
    let mut people = odd_people();
    people[0].tags.insert("site".into(), "York".into());
    let instance = Instance::of(spec(people));
    let at = folder(&[]);
    let names = |flags: &[&str]| -> Vec<String> {
        let out = format!("{}.csv", flags.concat().replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        instance.export(at.path(), &out, flags).exits(0);
        rows(&at.path().join(out)).into_keys().collect()
    };
    assert_eq!(names(&["--routing-profile", "=Sales", "--routing-profile", "rp-clear"]), ["Bar", "clear"]);
    assert_eq!(instance.called(Operation::DescribeUser), 2);
    assert_eq!(names(&["--hierarchy", "EMEA"]), ["000123"]);
    assert_eq!(names(&["--tag", "site"]), ["bar", "tags"]);
    assert_eq!(names(&["--tag", "site=Leeds"]), ["tags"]);
    assert_eq!(names(&["--run", "r-1", "--fields", "fast"]), ["tags"]);
    assert_eq!(names(&["--run", "r-2"]), [""; 0]);
    let ran = instance.export(at.path(), "x.csv", &["--routing-profile", "basic"]).exits(2);
    assert!(ran.stderr.contains("did you mean `Basic`?"), "{}", ran.stderr);
}

#[test]
fn who_may_not_list_proficiencies_exports_the_rest_and_a_listed_user_who_is_gone_is_counted() {
    let spec =
        Spec { denied: [Operation::ListUserProficiencies].into(), ..spec(vec![user("ana"), user("bob")]) };
    let instance = Instance::of(spec);
    let at = folder(&[]);
    let now = SystemClock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let day = at_midnight(now);
    let head =
        json!({ "format": "headcount-export-part", "version": 1, "instance": instance.arn, "at": day });
    fs::write(
        at.path().join("users.csv.part"),
        format!("{head}\n{{\"gone\":{{\"id\":\"id-bob\"}}}}\n{{\"re"),
    )
    .unwrap();
    let ran = instance.export(at.path(), "users.csv", &[]).exits(0);
    assert!(ran.stderr.contains("connect:ListUserProficiencies is not permitted"), "{}", ran.stderr);
    assert!(ran.stderr.contains("exported 1 user to"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 user went while they were read"), "{}", ran.stderr);
    assert_eq!(rows(&at.path().join("users.csv")).into_keys().collect::<Vec<_>>(), ["ana"]);
    assert!(!at.path().join("users.csv.part").exists());
    // Of another instance, it is not gone on with.
    let head = json!({ "format": "headcount-export-part", "version": 1, "instance": "arn:other", "at": day });
    fs::write(at.path().join("more.csv.part"), format!("{head}\n")).unwrap();
    let ran = instance.export(at.path(), "more.csv", &[]).exits(2);
    assert!(ran.stderr.contains("another instance's export"), "{}", ran.stderr);
}

/// A moment that is not long ago, RFC 3339.
fn at_midnight(now: u64) -> String {
    headcount::clock::rfc3339(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(now - 60))
}

#[test]
fn each_kind_of_instance_has_its_own_columns() {
    for identity in IdentityType::ALL {
        let instance = Instance::of(Spec { identity, ..spec(vec![user("ana")]) });
        let at = folder(&[]);
        let ran = instance.export(at.path(), "users.csv", &[]).exits(0);
        let roster = Roster::open(&at.path().join("users.csv"), &Options::default()).unwrap();
        let has = |field| roster.columns().has(field);
        assert_eq!(has(Field::DirectoryUserId), identity == IdentityType::ExistingDirectory, "{identity}");
        assert_eq!(has(Field::Email), identity != IdentityType::Saml, "{identity}");
        let says_so = ran.stderr.contains("ana: email address is not taken with SAML");
        assert_eq!(says_so, identity == IdentityType::Saml, "{}", ran.stderr);
        run(&mut instance.command(at.path(), &["directory", "-o", "d.json"])).exits(0);
        run(&mut instance.command(at.path(), &["validate", "users.csv", "--directory", "d.json"])).exits(0);
    }
}

#[test]
fn programs_are_told_in_one_line_what_was_exported() {
    let mut odd = user("odd");
    odd.identity_info.as_mut().unwrap().first_name = Some(" Ana".into());
    let instance = Instance::of(spec(vec![odd, user("ana")]));
    let at = folder(&[]);
    let ran = instance.export(at.path(), "users.xlsx", &["--format", "json"]).exits(0);
    let told: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        told,
        json!({
            "event": "exported", "file": "users.xlsx", "instance": instance.arn, "users": 2, "gone": 0, "resumed": 0,
            "left_out": [], "rows_untold": 1, "untold": ["odd: first name has spaces around it: ` Ana`"],
        })
    );
    let said = instance.export(at.path(), "again.csv", &[]).exits(0).stderr;
    assert!(said.contains("1 row cannot say all") && said.contains("odd: first name has spaces"), "{said}");
    let text = fs::read_to_string(at.path().join("again.csv")).unwrap();
    assert!(text.contains("first name has spaces around it: ` Ana`"), "{text}");
}

/// Waits until so many lines of a file are whole.
#[cfg(unix)]
fn until_lines(path: &Path, lines: usize) {
    loop {
        let there = fs::read(path).unwrap_or_default();
        if there.iter().filter(|byte| **byte == b'\n').count() >= lines {
            return;
        }
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn an_export_that_is_broken_off_goes_on_where_it_was() {
    let people: Vec<User> = (0..45).map(|n| user(&format!("u{n:02}"))).collect();
    for is_killed in [false, true] {
        let instance = Instance::of(spec(people.clone()));
        let at = folder(&[]);
        let part = at.path().join("users.csv.part");
        let mut command = instance.command(at.path(), &["export", "-o", "users.csv"]);
        let watched = Watched::start(&mut command);
        until_lines(&part, 8);
        if is_killed {
            watched.kill();
        } else {
            watched.interrupt();
            let ran = watched.end().exits(5);
            assert!(
                ran.stderr.contains("is kept in `users.csv.part`: the same command goes on"),
                "{}",
                ran.stderr
            );
            let resume = ran.stderr.lines().find_map(|line| line.strip_prefix("resume with: ")).unwrap();
            assert!(resume.contains("export"), "{}", ran.stderr);
            let [why, how] = ["error: ", "resume with: "].map(|what| ran.stderr.find(what).unwrap());
            assert!(why < how, "first why, then what goes on: {}", ran.stderr);
            assert!(!at.path().join("users.csv").exists());
            run(&mut pasted(&command, resume)).exits(0);
        }
        let described = instance.called(Operation::DescribeUser);
        if is_killed {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&part).unwrap().permissions().mode() & 0o777, 0o600);
            let ran = instance.export(at.path(), "users.csv", &[]).exits(0);
            assert!(ran.stderr.contains("going on with an export that was begun"), "{}", ran.stderr);
            assert!(ran.stderr.contains("of them read before"), "{}", ran.stderr);
        }
        assert_eq!(rows(&at.path().join("users.csv")).len(), 45);
        assert!(!part.exists());
        // Who was read is not read again; whose answer was under way may be.
        assert!(instance.called(Operation::DescribeUser) <= 45 + 64, "{described}");
        let fast = instance.export(at.path(), "fast.csv", &["--fields", "fast"]).exits(0);
        assert!(fast.stderr.contains("exported 45 users"), "{}", fast.stderr);
        let (users, fast) = (rows(&at.path().join("users.csv")), rows(&at.path().join("fast.csv")));
        assert!(users.keys().eq(fast.keys()));
    }
}

#[test]
fn the_policy_of_an_export_lets_it_read_and_change_nothing() {
    let at = folder(&[]);
    let policy =
        |words: &[&str]| run(headcount(at.path()).args(["policy", "export"]).args(words)).exits(0).stdout;
    let all = policy(&["--instance", "acme", "--region", "eu-central-1", "-o", "users.xlsx"]);
    for action in ["SearchUsers", "DescribeUser", "ListUserProficiencies", "ListUsers", "ListRoutingProfiles"]
    {
        assert!(all.contains(&format!("connect:{action}")), "{action}\n{all}");
    }
    for verb in ["Create", "Update", "Delete", "Tag", "Untag", "Associate"] {
        assert!(!all.contains(&format!("connect:{verb}")), "{verb}\n{all}");
    }
    let fast = policy(&["-o", "users.xlsx", "--fields", "fast"]);
    assert!(!fast.contains("ListUserProficiencies"), "{fast}");
}

#[test]
fn an_export_of_nobody_prints_no_comparison_for_a_roster_of_nobody_has_none() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let mut line = service.headcount(at.path());
    let ran = run(line.args(["export", "-o", "e.csv", "--instance", &service.arn])).exits(0);
    assert!(ran.stderr.contains("exported 0 users") && !ran.stderr.contains("next:"), "{}", ran.stderr);
}
