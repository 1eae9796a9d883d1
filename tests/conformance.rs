//! `validate` against the embedded Connect: two readings of the same documents, written apart.
//!
//! The table `conformance/rules.tsv` has, for every rule of a row, what just passes and what breaks it alone, and what
//! the service says to it. The differential makes rows from a seed, mostly valid ones with up to two faults, and asks
//! both: what `validate` passes, the embedded Connect must create; what `validate` calls an error, it must refuse, but
//! for the rules in [`OURS_ALONE`], which are stricter than the service on purpose.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at a surprise, and says what it counted"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use headcount::agent::IdentityType::{self, ConnectManaged, ExistingDirectory, Saml};
use headcount::directory::{Directory, Group, Hierarchy, Instance, Lookup, Names, Quotas};
use headcount::finding::{Severity, codes};
use headcount::roster::{Columns, Field, Row};
use headcount::simulator::{self, Named, Pace, Request, Spec, World};
use headcount::user::{create_user, proficiencies};
use headcount::validate::{Pass, Rules, agent, check_row};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

/// How many rows the differential makes; `HEADCOUNT_CONFORMANCE_ROWS` asks for another number.
const ROWS: u64 = 120_000;

/// The rules that are ours alone: the service, as documented, takes such a row, or no request can be written for it.
/// Every other error of a row must be refused by the embedded Connect.
const OURS_ALONE: [OursAlone; 16] = [
    OursAlone {
        code: "cannot-be-cleared",
        when: |case| case.is_in_free_text(|cell| cell.eq_ignore_ascii_case("(clear)")),
        why: "the service takes a roster's word for nothing for a name",
    },
    OursAlone {
        code: "nothing-to-clear",
        when: |case| {
            let is_clear = |field: &Field| trimmed(case.cell(*field)).eq_ignore_ascii_case("(clear)");
            let of_phones = [Field::PhoneNumber, Field::PhoneNumberVoice];
            Field::ALL.iter().filter(|field| is_clear(field)).all(|field| of_phones.contains(field))
        },
        why: "a softphone's number is not sent, whatever it is",
    },
    OursAlone {
        code: "columns-disagree",
        when: |_| true,
        why: "two cells of one meaning: no request can say both",
    },
    OursAlone {
        code: "tag-syntax",
        when: |_| true,
        why: "the cell's grammar: no request can say a key without a value",
    },
    OursAlone { code: "tag-repeated", when: |_| true, why: "Tags is a map: no request can say a key twice" },
    OursAlone {
        code: "tag-room",
        when: |_| true,
        why: "the service takes 50 tags; the fiftieth place is the provenance tag's",
    },
    OursAlone {
        code: "tag-key-reserved",
        when: |_| true,
        why: "a roster that sets the provenance tag could make another's user look like ours",
    },
    OursAlone {
        code: "directory-user-id-not-allowed",
        when: |case| case.identity == ConnectManaged,
        why: "documented as an error with SAML only; with CONNECT_MANAGED it means nothing, so it is a mistake",
    },
    OursAlone {
        code: "proficiency-syntax",
        when: |_| true,
        why: "the cell's grammar: no request can say a proficiency without one of its three members",
    },
    OursAlone {
        code: "proficiency-level",
        when: |case| {
            let levels = plain_proficiencies(case.cell(Field::Proficiencies)).unwrap_or_default();
            levels.iter().all(|given| {
                given["Level"].as_f64().is_some_and(|n| (1.0..=5.0).contains(&n) && n.fract() == 0.0)
            })
        },
        why: "a level written as 4.0 or 04: the service takes the number, a cell says one digit",
    },
    OursAlone {
        code: "password-whitespace",
        when: |case| {
            let passwords = [case.cell(Field::Password), &case.cells[SECOND_PASSWORD]];
            passwords.iter().all(|password| !password.contains([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']))
        },
        why: "whether the pattern's \\S knows the whitespace beyond ASCII is not documented",
    },
    OursAlone {
        code: "misread-text",
        when: |_| true,
        why: "the service takes any characters in a name or a tag: nobody is called so",
    },
    OursAlone {
        code: "undecodable-text",
        when: |case| case.is_in_free_text(|cell| cell.contains('\u{fffd}')),
        why: "the service takes U+FFFD in a name, and the letters in its place are lost",
    },
    OursAlone {
        code: "cell-error",
        when: |case| {
            case.is_in_free_text(|cell| cell.starts_with('#') || cell == "\\N" || cell == "Loading...")
        },
        why: "the service takes a spreadsheet's error for a name",
    },
    OursAlone {
        code: "password-invisible",
        when: |_| true,
        why: "the service takes what nobody can type, and has no call that sets another password",
    },
    OursAlone {
        code: "email-syntax",
        when: |case| {
            let cell = trimmed(case.cell(Field::Email));
            let (local, domain) = cell.split_once('@').unwrap_or_default();
            let inner = domain.char_indices().skip(1).any(|(at, c)| c == '.' && at + 1 < domain.len());
            !local.is_empty() && inner && !domain.contains('@') && !cell.contains(char::is_whitespace)
        },
        why: "no pattern is published for Email; ours also refuses two addresses in one cell, brackets and empty labels",
    },
];

struct OursAlone {
    code: &'static str,
    /// In which rows.
    when: fn(&Case) -> bool,
    why: &'static str,
}

/// Findings of the file or of several rows, which no row by itself shows; and of an instance whose quotas are not known.
const NOT_OF_A_ROW: [&str; 9] = [
    "no-rows",
    "column-missing",
    "username-duplicate",
    "passwords-identical",
    "passwords-not-used", // of people who are there
    "same-person",
    "password-blanked",
    "proficiencies-above-default",
    "other-separator", // of names that no instance is asked for
];

// The instance that both sides know.

const INSTANCE: &str = "5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3";
const ROUTING: [&str; 2] = ["Basic Routing Profile", "Sales"];
const GROUPS: [&str; 7] = [
    "Planet",
    "Planet|Asia",
    "Planet|Asia|Japan",
    "Planet|Asia|Japan|Tokyo",
    "Planet|Asia|Japan|Tokyo|Support",
    "Planet|Europe",
    "Planet|Europe|Support",
];

fn id(kind: usize, number: usize) -> String {
    format!("00000000-0000-4000-8000-000000000{}", kind * 100 + number)
}

fn routing_profiles() -> Vec<(String, String)> {
    (1..).zip(ROUTING).map(|(n, name)| (name.to_owned(), id(1, n))).collect()
}

fn security_profiles() -> Vec<(String, String)> {
    let named = ["Agent", "Admin"].map(str::to_owned).into_iter();
    named.chain((1..=11).map(|n| format!("P{n}"))).zip(1..).map(|(name, n)| (name, id(2, n))).collect()
}

fn groups() -> Vec<(Vec<String>, String)> {
    (1..).zip(GROUPS).map(|(n, path)| (path.split('|').map(str::to_owned).collect(), id(3, n))).collect()
}

/// Of the quotas the one that a rule is about.
fn quotas() -> Quotas {
    let mut quotas = Quotas::default();
    quotas.proficiencies_per_agent = Some(10.0);
    quotas
}

fn directory(identity: IdentityType) -> Directory {
    let arn = Spec { instance_id: INSTANCE.into(), ..Spec::default() }.instance_arn();
    let instance = Instance { id: INSTANCE.into(), arn, alias: None, identity, status: None };
    Directory {
        routing_profiles: Names::of_routing_profiles(routing_profiles()),
        security_profiles: Names::of_security_profiles(security_profiles()),
        hierarchy: Hierarchy::new(groups().into_iter().map(|(path, id)| Group { path, id })),
        users: Some([("grace".to_owned(), "u-1".to_owned())].into_iter().collect()),
        predefined_attributes: Some(spec().predefined_attributes.into_iter().collect()),
        quotas: quotas(),
        ..Directory::new(instance)
    }
}

/// The embedded Connect's own world, with enough values for more proficiencies than a user may have, and names as long
/// as they may be.
fn spec() -> Spec {
    let values: Vec<String> = (1..=11).map(|n| format!("V{n}")).collect();
    let (longest, value) = ("a".repeat(100), "b".repeat(100));
    let many = values.iter().map(|value| ("Skill", value.as_str()));
    Spec::default().with_proficiencies(many.chain([(longest.as_str(), value.as_str())]))
}

/// The embedded Connect, asked without sockets, signatures and pace.
struct Service {
    world: World,
}

impl Service {
    fn new(identity: IdentityType) -> Self {
        let named = |pairs: Vec<(String, String)>| {
            pairs.into_iter().map(|(name, id)| Named { name, id: Some(id) }).collect()
        };
        let spec = Spec {
            identity,
            instance_id: INSTANCE.into(),
            routing_profiles: named(routing_profiles()),
            security_profiles: named(security_profiles()),
            hierarchy: groups()
                .into_iter()
                .map(|(path, id)| simulator::Group { path, id: Some(id) })
                .collect(),
            users_quota: usize::MAX,
            pace: Pace::UNLIMITED,
            paces: BTreeMap::new(),
            signed: false,
            ..spec()
        };
        let mut world = World::new(spec, now());
        let grace = json!({ "Id": "u-1", "Username": "grace" });
        world.plant(serde_json::from_value(grace).unwrap(), now());
        Self { world }
    }

    /// Asks for a user, then for its proficiencies, and takes it away again: whether both were done, else the error's status
    /// and code.
    fn create(&mut self, body: &Value, proficiencies: &[Value]) -> Result<(), (u16, String)> {
        let (status, code, answer) = self.ask(Method::PUT, format!("/users/{INSTANCE}"), body.to_string());
        if status != 200 {
            return Err((status, code));
        }
        let user = answer["UserId"].as_str().unwrap();
        let given = (!proficiencies.is_empty()).then(|| {
            let target = format!("/users/{INSTANCE}/{user}/associate-proficiencies");
            self.ask(Method::POST, target, json!({ "UserProficiencies": proficiencies }).to_string())
        });
        let (gone, ..) = self.ask(Method::DELETE, format!("/users/{INSTANCE}/{user}"), String::new());
        assert_eq!(gone, 200);
        match given {
            Some((status, code, _)) if status != 200 => Err((status, code)),
            _ => Ok(()),
        }
    }

    fn ask(&mut self, method: Method, target: String, body: String) -> (u16, String, Value) {
        let request = Request { method, target, headers: HeaderMap::new(), body: Bytes::from(body) };
        let answer = self.world.respond(now(), &request).answer;
        let code = answer.headers.get("x-amzn-errortype").map_or("", |code| code.to_str().unwrap());
        let code = code.trim_end_matches(':').to_owned();
        (answer.status.as_u16(), code, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_444_693)
}

// Rows.

/// The second column of the hierarchy, which the console's own templates have.
const SECOND: usize = Field::COUNT;
/// A second column of passwords.
const SECOND_PASSWORD: usize = SECOND + 1;
/// How many columns there are.
const WIDTH: usize = SECOND_PASSWORD + 1;

fn columns() -> Columns {
    let mut columns = Columns {
        strangers: Vec::new(),
        phone_region: None,
        made_login: None,
        headers: Field::ALL
            .iter()
            .map(|field| format!("{field:?}"))
            .chain(["Hierarchy2", "Password2"].map(str::to_owned))
            .collect(),
        places: std::array::from_fn(|at| vec![at]),
    };
    columns.places[Field::Hierarchy.index()].push(SECOND);
    columns.places[Field::Password.index()].push(SECOND_PASSWORD);
    columns
}

/// A row before it is one: its cells, and what was done to them.
#[derive(Clone)]
struct Case {
    identity: IdentityType,
    cells: Vec<String>,
    /// What was done to a row without faults, for the message of a failure.
    done: String,
}

impl Case {
    /// A row of the least cells, without faults.
    fn least(identity: IdentityType, username: &str) -> Self {
        let mut case = Self { identity, cells: vec![String::new(); WIDTH], done: String::new() };
        let base = [
            (Field::FirstName, "Ada"),
            (Field::LastName, "Lovelace"),
            (Field::Username, username),
            (Field::RoutingProfile, "Basic Routing Profile"),
            (Field::SecurityProfiles, "Agent"),
        ];
        let connect = [(Field::Email, "ada@example.com"), (Field::Password, "Passw0rd")];
        let connect = if identity == ConnectManaged { &connect[..] } else { &[] };
        for (field, text) in base.iter().chain(connect) {
            case.cells[field.index()] = (*text).to_owned();
        }
        case
    }

    fn cell(&self, field: Field) -> &str {
        &self.cells[field.index()]
    }

    /// Whether what is true of some cells is so of names alone, in which the service takes any text.
    fn is_in_free_text(&self, is_it: fn(&str) -> bool) -> bool {
        let free = [Field::FirstName, Field::LastName];
        Field::ALL.iter().all(|field| free.contains(field) || !is_it(trimmed(self.cell(*field))))
    }

    fn row(&self) -> Row {
        let mut row = Row { number: 2, ..Row::default() };
        self.cells.iter().for_each(|cell| row.cells.push(cell));
        row
    }

    /// The cells that hold something, and what was done. The passwords here are made up.
    fn shown(&self) -> String {
        let mut text = format!("{} after [{}]:", self.identity, self.done);
        for (header, cell) in columns().headers.iter().zip(&self.cells).filter(|(_, cell)| !cell.is_empty()) {
            let _ = write!(text, " {header}={cell:?}");
        }
        text
    }
}

/// A cell without the spaces around it, the invisible ones included.
fn trimmed(cell: &str) -> &str {
    let unseen = "\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202c}\u{2060}\u{feff}";
    cell.trim_matches(|c: char| c.is_whitespace() || unseen.contains(c))
}

/// The body that a row asks for, straight from its cells: what cannot be read is sent as it stands, for the service to
/// refuse. Only what the documentation promises is done: spaces around cells go, names are composed, and a softphone's
/// number that is not E.164 stays here. `None` where no body can say what the cells say.
fn plain_body(case: &Case, directory: &Directory) -> Option<Value> {
    let cell = |field: Field| trimmed(case.cell(field));
    // A password is sent as it stands, of the first column that has one.
    let mut passwords = [case.cell(Field::Password), &case.cells[SECOND_PASSWORD]]
        .into_iter()
        .filter(|password| !password.trim().is_empty());
    let password = passwords.next().unwrap_or("");
    if passwords.any(|other| other != password) {
        return None;
    }
    let mut body = Map::new();
    let mut put = |member: &str, text: &str| {
        if !text.is_empty() {
            body.insert(member.to_owned(), text.into());
        }
    };
    put("Username", cell(Field::Username));
    put("Password", password);
    put("DirectoryUserId", cell(Field::DirectoryUserId));
    put(
        "RoutingProfileId",
        &id_of(directory.routing_profile(cell(Field::RoutingProfile)), cell(Field::RoutingProfile)),
    );
    let profiles: Vec<String> = match cell(Field::SecurityProfiles) {
        "" => Vec::new(),
        list => {
            list.split('|').map(trimmed).map(|name| id_of(directory.security_profile(name), name)).collect()
        }
    };
    if !profiles.is_empty() {
        body.insert("SecurityProfileIds".into(), profiles.into());
    }
    let hierarchy: Vec<&str> = [case.cell(Field::Hierarchy), &case.cells[SECOND]]
        .map(trimmed)
        .into_iter()
        .filter(|c| !c.is_empty())
        .collect();
    match hierarchy.as_slice() {
        [] => {}
        [one, rest @ ..] if rest.iter().all(|other| other == one) => {
            let group = id_of(directory.hierarchy_group(one.split('|').map(trimmed)), one);
            body.insert("HierarchyGroupId".into(), group.into());
        }
        _ => return None,
    }
    let mut identity = Map::new();
    for (field, member) in [
        (Field::FirstName, "FirstName"),
        (Field::LastName, "LastName"),
        (Field::Email, "Email"),
        (Field::SecondaryEmail, "SecondaryEmail"),
        (Field::Mobile, "Mobile"),
    ] {
        let text = match field {
            Field::FirstName | Field::LastName => cell(field).nfc().collect(),
            _ => cell(field).to_owned(),
        };
        if !text.is_empty() {
            identity.insert(member.into(), text.into());
        }
    }
    if !identity.is_empty() {
        body.insert("IdentityInfo".into(), identity.into());
    }
    let phone = plain_phone(&cell);
    if !phone.is_empty() {
        body.insert("PhoneConfig".into(), phone.into());
    }
    plain_channels(&cell, &mut body);
    let enhancement = cell(Field::VoiceEnhancement);
    if !enhancement.is_empty() {
        let mode = match word(enhancement).as_str() {
            "none" => "NONE",
            "isolate voice" | "voice isolation" => "VOICE_ISOLATION",
            "suppress noise" | "noise suppression" => "NOISE_SUPPRESSION",
            _ => enhancement,
        };
        body.insert(
            "VoiceEnhancementConfigs".into(),
            json!([{ "Channel": "VOICE", "VoiceEnhancementMode": mode }]),
        );
    }
    let mut tags = Map::new();
    for piece in cell(Field::Tags).split("||").filter(|_| !cell(Field::Tags).is_empty()) {
        let (key, value) = piece.split_once('|').filter(|(_, value)| !value.contains('|'))?;
        if tags.insert(trimmed(key).to_owned(), trimmed(value).into()).is_some() {
            return None;
        }
    }
    if !tags.is_empty() {
        body.insert("Tags".into(), tags.into());
    }
    Some(body.into())
}

fn plain_phone<'c>(cell: &impl Fn(Field) -> &'c str) -> Map<String, Value> {
    let mut phone = Map::new();
    let kind = match word(cell(Field::PhoneType)).as_str() {
        "soft" | "soft phone" => "SOFT_PHONE",
        "desk" | "desk phone" => "DESK_PHONE",
        _ => cell(Field::PhoneType),
    };
    let number = cell(Field::PhoneNumber);
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_e164 = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.chars().all(|c| c.is_ascii_digit());
    if !kind.is_empty() {
        phone.insert("PhoneType".into(), kind.into());
    }
    if !number.is_empty() && (is_e164 || kind != "SOFT_PHONE") {
        phone.insert("DeskPhoneNumber".into(), number.into());
    }
    for (field, member) in
        [(Field::AutoAccept, "AutoAccept"), (Field::PersistentConnection, "PersistentConnection")]
    {
        plain_answer(cell(field)).map(|answer| phone.insert(member.into(), answer));
    }
    let seconds = plain_seconds(cell(Field::AfterContactWork));
    seconds.map(|seconds| phone.insert("AfterContactWorkTimeLimit".into(), seconds));
    phone
}

fn plain_answer(cell: &str) -> Option<Value> {
    match word(cell).as_str() {
        "" => None,
        "yes" | "true" | "y" | "1" | "wahr" => Some(true.into()),
        "no" | "false" | "n" | "0" | "faux" => Some(false.into()),
        _ => Some(cell.into()),
    }
}

fn plain_seconds(cell: &str) -> Option<Value> {
    let is_digits = cell.bytes().all(|b| b.is_ascii_digit());
    let number = cell.parse::<i64>().ok().filter(|_| is_digits);
    (!cell.is_empty()).then(|| number.map_or(cell.into(), Value::from))
}

/// The per-channel members, in the order of the documentation's channels.
fn plain_channels<'c>(cell: &impl Fn(Field) -> &'c str, body: &mut Map<String, Value>) {
    let limit = |seconds: Value| json!({ "AfterContactWorkTimeLimit": seconds });
    let (mut accept, mut work) = (Vec::new(), Vec::new());
    for (channel, of_accept, of_work) in [
        ("VOICE", Field::AutoAcceptVoice, Field::AfterContactWorkVoice),
        ("CHAT", Field::AutoAcceptChat, Field::AfterContactWorkChat),
        ("TASK", Field::AutoAcceptTask, Field::AfterContactWorkTask),
        ("EMAIL", Field::AutoAcceptEmail, Field::AfterContactWorkEmail),
    ] {
        let callback = |field| if channel == "VOICE" { cell(field) } else { "" };
        let mut one = Map::new();
        plain_answer(cell(of_accept)).map(|answer| one.insert("AutoAccept".into(), answer));
        plain_answer(callback(Field::AutoAcceptCallback))
            .map(|answer| one.insert("AgentFirstCallbackAutoAccept".into(), answer));
        let mut other = Map::new();
        plain_seconds(cell(of_work))
            .map(|seconds| other.insert("AfterContactWorkConfig".into(), limit(seconds)));
        plain_seconds(callback(Field::AfterContactWorkCallback))
            .map(|seconds| other.insert("AgentFirstCallbackAfterContactWorkConfig".into(), limit(seconds)));
        for (config, all) in [(one, &mut accept), (other, &mut work)] {
            if !config.is_empty() {
                all.push(with_channel(channel, config));
            }
        }
    }
    let renamed = |field| match field {
        Field::PhoneType => cell(Field::PhoneTypeVoice),
        Field::PhoneNumber => cell(Field::PhoneNumberVoice),
        _ => "",
    };
    let mut phone = plain_phone(&renamed);
    if let Some(number) = phone.remove("DeskPhoneNumber") {
        phone.insert("PhoneNumber".into(), number);
    }
    let mut persistent = Map::new();
    plain_answer(cell(Field::PersistentConnectionVoice))
        .map(|answer| persistent.insert("PersistentConnection".into(), answer));
    let voice = |config: Map<String, Value>| {
        if config.is_empty() { Vec::new() } else { vec![with_channel("VOICE", config)] }
    };
    for (member, configs) in [
        ("AutoAcceptConfigs", accept),
        ("AfterContactWorkConfigs", work),
        ("PhoneNumberConfigs", voice(phone)),
        ("PersistentConnectionConfigs", voice(persistent)),
    ] {
        if !configs.is_empty() {
            body.insert(member.into(), configs.into());
        }
    }
}

fn with_channel(channel: &str, mut config: Map<String, Value>) -> Value {
    config.insert("Channel".into(), channel.into());
    config.into()
}

/// What a cell of proficiencies asks for; `None` where no request can say it.
fn plain_proficiencies(cell: &str) -> Option<Vec<Value>> {
    let cell = trimmed(cell);
    if cell.is_empty() {
        return Some(Vec::new());
    }
    let is_barred = cell.contains('|') && !cell.rsplit('|').next().unwrap().contains(':');
    let read = |piece: &str| {
        let members: Vec<String> = if is_barred {
            piece.split('|').map(|part| trimmed(part).to_owned()).collect()
        } else {
            let (names, level) = piece.rsplit_once(':')?;
            let own = |text: &str| if text.starts_with("connect:") { "connect:".len() } else { 0 };
            let names = trimmed(names);
            let skipped = Some(own(names)).filter(|from| names[*from..].contains(':')).unwrap_or(0);
            let colon = skipped + names[skipped..].find(':')?;
            let (attribute, value) = (trimmed(&names[..colon]), trimmed(&names[colon + 1..]));
            if value[own(value)..].contains(':') {
                return None;
            }
            vec![attribute.to_owned(), value.to_owned(), trimmed(level).to_owned()]
        };
        let [attribute, value, level] = members.as_slice() else { return None };
        let number = level.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from);
        Some(json!({
            "AttributeName": attribute,
            "AttributeValue": value,
            "Level": number.unwrap_or_else(|| level.as_str().into()),
        }))
    };
    let between = if is_barred { "||" } else { "|" };
    cell.split(between).map(read).collect()
}

fn id_of(lookup: Lookup<'_>, name: &str) -> String {
    if let Lookup::Found(id) = lookup { id.to_owned() } else { name.to_owned() }
}

/// A word of the console's grammar or of the API's, in the one spelling.
fn word(cell: &str) -> String {
    cell.to_ascii_lowercase().replace(['_', '-'], " ")
}

// The comparison.

/// What both said of one row.
struct Judged {
    has_errors: bool,
    codes: Vec<&'static str>,
    /// The embedded Connect's answer; `None` where no body can say what the cells say.
    service: Option<Result<(), (u16, String)>>,
}

/// Whether a request has both names.
fn is_whole(body: &Value) -> bool {
    let is_there = |name: &str| body["IdentityInfo"][name].as_str().is_some_and(|name| !name.is_empty());
    is_there("FirstName") && is_there("LastName")
}

/// Asks both, and says what they disagree on.
fn judge(
    case: &Case,
    columns: &Columns,
    directory: &Directory,
    service: &mut Service,
) -> Result<Judged, String> {
    let (rules, row) = (Rules::of(directory), case.row());
    let mut findings = Vec::new();
    check_row(&row, columns, &rules, &mut findings);
    let of =
        |severity| findings.iter().filter(|f| f.severity == severity).map(|f| f.code).collect::<Vec<_>>();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let codes = findings.iter().map(|finding| finding.code).collect();
    let disagree =
        |what: &str| Err(format!("{what}: errors {errors:?}, warnings {warnings:?}: {}", case.shown()));

    let gifts = plain_proficiencies(case.cell(Field::Proficiencies));
    let plain = plain_body(case, directory).filter(|_| gifts.is_some());
    let mut gifts = gifts.unwrap_or_default();
    let agent = agent(&row, columns, &rules);
    if agent.is_some() != errors.is_empty() {
        return disagree("a row is an agent exactly when it has no errors");
    }
    let Some(agent) = agent else {
        let answer = plain.as_ref().map(|body| service.create(body, &gifts));
        let is_ours = |code: &&str| OURS_ALONE.iter().any(|ours| ours.code == *code && (ours.when)(case));
        let service_knows = !errors.iter().all(is_ours) || warnings.contains(&"username-exists");
        return match &answer {
            Some(Ok(())) if service_knows => disagree("the service takes what validate calls an error"),
            Some(Err(error)) if !service_knows => {
                disagree(&format!("ours alone, but the service refuses it: {error:?}"))
            }
            Some(Err((500.., _))) => disagree("the service fails"),
            _ => Ok(Judged { has_errors: true, codes, service: answer }),
        };
    };
    let Some(body) = create_user(&agent, directory) else { return disagree("an agent has no body") };
    let body = serde_json::to_value(&body).unwrap();
    if plain.as_ref() != Some(&body) {
        return disagree(&format!("the body is {body}, and the cells say {plain:?}"));
    }
    let sorted = |gifts: &mut Vec<Value>| gifts.sort_by_key(|gift| gift.to_string());
    let mut ours: Vec<Value> = match serde_json::to_value(proficiencies(&agent)).unwrap() {
        Value::Array(ours) => ours,
        other => return disagree(&format!("proficiencies are a list: {other}")),
    };
    sorted(&mut ours);
    sorted(&mut gifts);
    if ours != gifts {
        return disagree(&format!("the proficiencies are {ours:?}, and the cell says {gifts:?}"));
    }
    let answer = service.create(&body, &ours);
    let exists = warnings.contains(&"username-exists");
    match &answer {
        Ok(()) if exists => disagree("the service takes a username twice"),
        Err((409, _)) if exists => Ok(Judged { has_errors: false, codes, service: Some(answer) }),
        // Whoever is there is not made, so that a row may leave out what the service looks at before it looks for the name.
        Err((400, _)) if exists && !is_whole(&body) => {
            Ok(Judged { has_errors: false, codes, service: Some(answer) })
        }
        Err(error) => disagree(&format!("validate passes what the service refuses: {error:?}")),
        Ok(()) => Ok(Judged { has_errors: false, codes, service: Some(answer) }),
    }
}

// The table.

struct Line {
    number: usize,
    identities: Vec<IdentityType>,
    cells: Vec<(usize, String)>,
    codes: Vec<String>,
    service: String,
}

fn table() -> Vec<Line> {
    let text = include_str!("conformance/rules.tsv");
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    lines.map(|(number, line)| read_line(number, line)).collect()
}

fn read_line(number: usize, line: &str) -> Line {
    let parts: Vec<&str> = line.split('\t').collect();
    let [identities, cells, codes, service] = parts[..] else { panic!("line {number} has not four columns") };
    let all = [ConnectManaged, Saml, ExistingDirectory];
    let (is_not, one) = identities.strip_prefix('!').map_or((false, identities), |one| (true, one));
    assert!(one == "any" || all.iter().any(|i| i.as_flag() == one), "line {number}: {identities}");
    let headers = columns().headers;
    let cells = cells.split(" && ").map(|cell| {
        let (field, text) = cell.split_once('=').unwrap();
        let at = headers.iter().position(|header| header == field);
        (at.unwrap_or_else(|| panic!("line {number}: no such field: {field}")), expanded(text))
    });
    Line {
        number,
        identities: all.into_iter().filter(|i| one == "any" || (i.as_flag() == one) != is_not).collect(),
        cells: cells.collect(),
        codes: codes.split(' ').filter(|code| *code != "-").map(str::to_owned).collect(),
        service: service.to_owned(),
    }
}

/// Reads the escapes and repetitions of a cell.
fn expanded(text: &str) -> String {
    let text = text.replace("INSTANCE", &directory(Saml).instance.arn);
    let (mut cell, mut rest) = (String::new(), text.as_str());
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let (escaped, after) = escape(rest);
                cell.push(escaped);
                rest = after;
            }
            '<' if rest.starts_with(|c: char| c.is_ascii_digit()) => {
                let (inside, after) = rest.split_once('>').unwrap();
                let (count, what) = inside.split_once(' ').unwrap();
                let (what, between) = what.split_once(" by ").unwrap_or((what, ""));
                let what = expanded(what);
                let each = (1..=count.parse().unwrap()).map(|n: usize| what.replace('#', &n.to_string()));
                cell.push_str(&each.collect::<Vec<_>>().join(between));
                rest = after;
            }
            c => cell.push(c),
        }
    }
    cell
}

fn escape(rest: &str) -> (char, &str) {
    if let Some(hex) = rest.strip_prefix("u{") {
        let (hex, after) = hex.split_once('}').unwrap();
        return (char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap(), after);
    }
    let (letter, after) = rest.split_at(1);
    let escaped = match letter {
        "n" => '\n',
        "t" => '\t',
        "\\" => '\\',
        "\"" => '"',
        other => panic!("no such escape: {other}"),
    };
    (escaped, after)
}

#[test]
fn each_rule_passes_at_its_boundary_and_breaks_alone_beyond_it_and_the_service_agrees() {
    let mut wrong = Vec::new();
    let (mut judged, lines, columns) = (0, table(), columns());
    for identity in IdentityType::ALL {
        let (directory, mut service) = (directory(identity), Service::new(identity));
        for line in lines.iter().filter(|line| line.identities.contains(&identity)) {
            let mut case = Case::least(identity, "ada");
            case.done = format!("line {}", line.number);
            for (at, text) in &line.cells {
                case.cells[*at].clone_from(text);
            }
            judged += 1;
            match judge(&case, &columns, &directory, &mut service) {
                Err(what) => wrong.push(what),
                Ok(Judged { codes, service, .. }) => {
                    let said = match service {
                        None => "-",
                        Some(Ok(())) => "takes",
                        Some(Err(_)) => "refuses",
                    };
                    if codes != line.codes || said != line.service {
                        wrong.push(format!("validate says {codes:?}, the service {said}: {}", case.shown()));
                    }
                }
            }
        }
    }
    println!("{} lines, {judged} rows", lines.len());
    assert!(wrong.is_empty(), "{} of {judged}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_every_rule_of_a_row_and_what_is_ours_alone_is_a_rule() {
    let lines = table();
    let named: BTreeSet<&str> = lines.iter().flat_map(|line| &line.codes).map(String::as_str).collect();
    for code in codes::RULES.iter().map(|code| code.id) {
        assert!(named.contains(code) || NOT_OF_A_ROW.contains(&code), "{code} has no line");
    }
    for code in named.iter().copied().chain(OURS_ALONE.iter().map(|ours| ours.code)) {
        assert!(codes::find(code).is_some(), "{code}");
    }
    for ours in &OURS_ALONE {
        assert!(!ours.why.is_empty());
        assert!(named.contains(ours.code), "{} has no line", ours.code);
    }
}

// The differential.

/// Randomness that is the same everywhere and always (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// What the cells of rows without faults may hold, besides the least.
#[rustfmt::skip]
const FINE: [(Field, &[&str]); 16] = [
    (Field::FirstName, &["Zoë", "José María", "O'Neill", "李", "Ng", "Anne-Marie", "X Æ A-12"]),
    (Field::LastName, &["Müller", "van der Berg", "Núñez", "Łukasz", "de l'Épée", "Lê", "Smith Jr."]),
    (Field::Email, &["ada@example.com", "o'brien@mail.example", "first.last+tag@sub.example.co.uk"]),
    (Field::SecondaryEmail, &["ada@example.org", "a_b%c@x-y.example.museum"]),
    (Field::Mobile, &["+12065550100", "+493012345678", "+8613800138000"]),
    (Field::Password, &["Passw0rd", "Lantern-Reef-7", "aB3!§$%&/()=?ü", "Zx9zzzzz"]),
    (Field::DirectoryUserId, &["S-1-5-21-7", "d-0123456789"]),
    (Field::RoutingProfile, &["Basic Routing Profile", "Sales", "00000000-0000-4000-8000-000000000102"]),
    (Field::SecurityProfiles, &["Agent", "Admin|Agent", "P1|P2|P3", "P1|P2|P3|P4|P5|P6|P7|P8|P9|P10"]),
    (Field::Hierarchy, &["Planet", "Planet|Asia|Japan", "Planet|Europe|Support", "Tokyo"]),
    (Field::AutoAccept, &["no", "NO", "false"]),
    (Field::AfterContactWork, &["0", "1", "30", "3600", "2000000"]),
    (Field::PersistentConnection, &["yes", "no", "TRUE"]),
    (Field::VoiceEnhancement, &["none", "isolate voice", "suppress noise", "NOISE_SUPPRESSION"]),
    (Field::Proficiencies, &["Language:German:4", "Language:English:5|Product:Mobile:1", "Language|French|2||Product|Television|3"]),
    (Field::Tags, &["site|Berlin", "a|1||b|2||c|", "Kostenstelle|47 11||team|Süd"]),
];

/// The same of the per-channel settings, by family: a row has either side of each.
#[rustfmt::skip]
const CHANNELS: [&[(Field, &str)]; 6] = [
    &[(Field::AutoAcceptVoice, "no"), (Field::AutoAcceptCallback, "yes"), (Field::AutoAcceptEmail, "TRUE")],
    &[(Field::AutoAcceptChat, "yes"), (Field::AutoAcceptTask, "no")],
    &[(Field::AfterContactWorkVoice, "0"), (Field::AfterContactWorkCallback, "30"), (Field::AfterContactWorkTask, "2000000")],
    &[(Field::AfterContactWorkChat, "5400"), (Field::AfterContactWorkEmail, "1")],
    &[(Field::PhoneTypeVoice, "desk"), (Field::PhoneNumberVoice, "+493012345678")],
    &[(Field::PersistentConnectionVoice, "no")],
];

const PHONES: [(&str, &str); 4] =
    [("soft", ""), ("soft", "+12065550100"), ("desk", "+493012345678"), ("SOFT_PHONE", "1234567890")];

/// What slips into a cell: what the rules look at, and what spreadsheets and keyboards put there.
const STRAY: [char; 40] = [
    ' ', '\u{a0}', '\t', '\n', '\r', '\u{200b}', '\u{feff}', '\u{301}', '\u{3000}', '@', '.', '|', ',', ';',
    ':', '/', '+', '-', '_', '=', '*', '#', '%', '\'', '"', '<', '0', '9', 'a', 'Z', 'é', 'ß', '日', '٣',
    'Ⅷ', 'ⓐ', '…', '😀', '\u{0}', '\u{7f}',
];

/// Lengths at which a rule begins or ends, and their neighbours.
const LENGTHS: [usize; 24] =
    [1, 2, 7, 8, 9, 14, 15, 16, 17, 19, 20, 21, 63, 64, 65, 128, 129, 255, 256, 257, 265, 266, 300, 301];

/// A row without errors, of the least and some cells more.
fn fine_row(dice: &mut Dice, identity: IdentityType, number: u64) -> Case {
    let mut case = Case::least(identity, &format!("u{number}"));
    let is_foreign = |field: Field| match identity {
        ConnectManaged => field == Field::DirectoryUserId,
        Saml => matches!(field, Field::Email | Field::Password | Field::DirectoryUserId),
        ExistingDirectory => field == Field::Password,
    };
    for (field, texts) in FINE.iter().filter(|(field, _)| !is_foreign(*field)) {
        if dice.percent(35) {
            case.cells[field.index()] = (*dice.pick(texts)).to_owned();
        }
    }
    if dice.percent(50) {
        let (kind, number) = *dice.pick(&PHONES);
        case.cells[Field::PhoneType.index()] = kind.to_owned();
        case.cells[Field::PhoneNumber.index()] = number.to_owned();
    }
    for cells in CHANNELS {
        if dice.percent(15) {
            for (older, _) in Field::FAMILIES.iter().filter(|(_, newer)| newer.contains(&cells[0].0)) {
                older.iter().for_each(|field| case.cells[field.index()].clear());
            }
            cells.iter().for_each(|(field, cell)| case.cells[field.index()] = (*cell).to_owned());
        }
    }
    case
}

/// Does one thing to a row: a line of the table, or a slip in some cell.
fn spoil(dice: &mut Dice, case: &mut Case, lines: &[&Line]) {
    if dice.percent(50) {
        let line = *dice.pick(lines);
        for (at, text) in &line.cells {
            case.cells[*at].clone_from(text);
        }
        let _ = write!(case.done, "line {}; ", line.number);
        return;
    }
    let filled: Vec<usize> = (0..SECOND).filter(|&at| !case.cells[at].is_empty()).collect();
    let at = *dice.pick(&filled);
    let mut text: Vec<char> = case.cells[at].chars().collect();
    let place = dice.below(text.len() + 1);
    let what = dice.below(9);
    match what {
        0 | 1 => text.insert(place, *dice.pick(&STRAY)),
        2 if place < text.len() => drop(text.remove(place)),
        3 if place < text.len() => text[place] = *dice.pick(&STRAY),
        4 => {
            let length = *dice.pick(&LENGTHS);
            let filler = *dice.pick(&['a', 'Z', '7', 'é', '\u{301}']);
            text.resize(length, filler);
        }
        5 => text = case.cells[dice.below(SECOND)].chars().collect(),
        6 => text.clear(),
        7 => text = text.iter().flat_map(|c| c.to_uppercase()).collect(),
        _ => {
            let again = text.clone();
            text.extend(dice.pick(&["|", "||", " ", ""]).chars());
            text.extend(again);
        }
    }
    case.cells[at] = text.into_iter().collect();
    let _ = write!(case.done, "slip {what} in {:?}; ", Field::ALL[at]);
}

/// How often what was said.
#[derive(Default)]
struct Counts {
    rows: u64,
    created: u64,
    refused: u64,
    ours_alone: u64,
    unsayable: u64,
    /// For each code: the rows that have it.
    codes: BTreeMap<&'static str, u64>,
    /// For each answer of the service: how often.
    answers: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, judged: Judged) {
        self.rows += 1;
        for code in judged.codes.iter().collect::<BTreeSet<_>>() {
            *self.codes.entry(code).or_default() += 1;
        }
        let answer = match judged.service {
            None => {
                self.unsayable += 1;
                "none: no body can say it".to_owned()
            }
            Some(Ok(())) => {
                *(if judged.has_errors { &mut self.ours_alone } else { &mut self.created }) += 1;
                "200".to_owned()
            }
            Some(Err((status, code))) => {
                self.refused += 1;
                format!("{status} {code}")
            }
        };
        *self.answers.entry(answer).or_default() += 1;
    }

    fn join(&mut self, other: Self) {
        self.rows += other.rows;
        self.created += other.created;
        self.refused += other.refused;
        self.ours_alone += other.ours_alone;
        self.unsayable += other.unsayable;
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        for (answer, count) in other.answers {
            *self.answers.entry(answer).or_default() += count;
        }
    }

    fn summary(&self) -> String {
        let Self { rows, created, refused, ours_alone, unsayable, .. } = self;
        format!(
            "{rows} rows: {created} created, {refused} refused, {ours_alone} refused by validate alone, {unsayable} that no \
             request can say"
        )
    }

    fn print(&self) {
        println!("{}", self.summary());
        self.answers.iter().for_each(|(answer, count)| println!("  the service: {count:>7} {answer}"));
        self.codes.iter().for_each(|(code, count)| println!("  validate:    {count:>7} {code}"));
    }
}

/// Makes rows of one identity type and asks both sides; what they disagree on, at most 20 times.
fn differ(identity: IdentityType, rows: u64, seed: u64) -> (Counts, Vec<String>) {
    let (columns, directory, mut service) = (columns(), directory(identity), Service::new(identity));
    let all = table();
    let lines: Vec<&Line> = all.iter().filter(|line| line.identities.contains(&identity)).collect();
    let mut dice = Dice(seed);
    let (mut counts, mut wrong) = (Counts::default(), Vec::new());
    for number in 0..rows {
        let mut case = fine_row(&mut dice, identity, number);
        for _ in 0..*dice.pick(&[0, 0, 1, 1, 1, 2, 2]) {
            spoil(&mut dice, &mut case, &lines);
        }
        match judge(&case, &columns, &directory, &mut service) {
            Ok(judged) => counts.add(judged),
            Err(what) => wrong.push(format!("row {number} of seed {seed}: {what}")),
        }
        if wrong.len() >= 20 {
            break;
        }
    }
    (counts, wrong)
}

#[test]
fn the_embedded_connect_creates_what_validate_passes_and_refuses_what_it_calls_an_error() {
    let asked = std::env::var_os("HEADCOUNT_CONFORMANCE_ROWS");
    let rows = asked.map_or(ROWS, |rows| rows.to_str().unwrap().parse().unwrap());
    let each = rows.div_ceil(3);
    let (mut counts, mut wrong) = (Counts::default(), Vec::new());
    std::thread::scope(|scope| {
        let threads = IdentityType::ALL
            .map(|identity| scope.spawn(move || differ(identity, each, 20_261_123 + identity as u64)));
        for (identity, thread) in IdentityType::ALL.into_iter().zip(threads) {
            let (of_one, wrong_of_one) = thread.join().unwrap();
            println!("{identity}: {}", of_one.summary());
            counts.join(of_one);
            wrong.extend(wrong_of_one);
        }
    });
    counts.print();
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.rows >= rows);
    // The rows are of both kinds, and each rule was met: an agreement on nothing would be worth nothing.
    assert!(counts.created * 3 > counts.rows && counts.refused * 4 > counts.rows);
    for code in codes::RULES.iter().map(|code| code.id).filter(|code| !NOT_OF_A_ROW.contains(code)) {
        let met = counts.codes.get(code).copied().unwrap_or(0);
        assert!(met * 20_000 > counts.rows, "{code} was met in {met} of {} rows only", counts.rows);
    }
}

#[test]
fn a_username_given_twice_is_an_error_here_and_a_duplicate_there() {
    for identity in IdentityType::ALL {
        let (directory, columns) = (directory(identity), columns());
        let rules = Rules::of(&directory);
        let mut service = Service::new(identity);
        let mut pass = Pass::new(&columns, &rules, &[]);
        for (username, code, status) in [
            ("ada", None, 200),
            ("Ada", Some("username-case-variant"), 200),
            ("ada", Some("username-duplicate"), 409),
        ] {
            let case = Case::least(identity, username);
            pass.row(&case.row(), &mut |_| {});
            let body = plain_body(&case, &directory).unwrap().to_string();
            let (answer, ..) = service.ask(Method::PUT, format!("/users/{INSTANCE}"), body);
            assert_eq!(answer, status, "{identity} {username} {code:?}");
        }
        let found: Vec<&str> = pass.finish().findings.iter().map(|finding| finding.code).collect();
        assert!(
            found.starts_with(&["username-case-variant", "username-duplicate"])
                || found[1..] == ["username-case-variant", "username-duplicate"],
            "{found:?}"
        );
    }
}

#[test]
fn a_column_is_required_here_exactly_when_the_service_requires_its_member() {
    for identity in IdentityType::ALL {
        let (directory, mut service) = (directory(identity), Service::new(identity));
        let mut required = 0;
        for field in Field::ALL {
            let mut columns = columns();
            columns.places[field.index()].clear();
            let mut case = Case::least(identity, "ada");
            case.cells[field.index()].clear();
            // Of a whole roster, with somebody in it who is to be made: a column of passwords is required for those alone.
            let rules = Rules::of(&directory);
            let mut pass = Pass::new(&columns, &rules, &[]);
            pass.row(&case.row(), &mut |_| {});
            let findings = pass.finish().findings;
            let is_required = findings.iter().any(|finding| finding.code == "column-missing");
            let answer = service.create(&plain_body(&case, &directory).unwrap(), &[]);
            assert_eq!(is_required, answer.is_err(), "{identity} {field:?}: {findings:?} {answer:?}");
            required += usize::from(is_required);
        }
        assert_eq!(
            required,
            match identity {
                ConnectManaged => 6,
                Saml => 5,
                ExistingDirectory => 3,
            }
        );
    }
}
