//! The crash matrix of updates: `headcount update` is killed wherever it matters, in every weather, against every way in
//! which the service may take an update, and is resumed until it is done. Afterwards every group that was asked for is as
//! asked or the row says why not, nothing else is touched, and at no moment did anybody have more rights than before or
//! after: the embedded Connect writes down each user after each call, and all of that is read.
//!
//! `HEADCOUNT_CRASH_UPDATES=1000` runs that many cases, `HEADCOUNT_CRASH_UPDATE=N` one alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headcount::clock::Clock as _;
use headcount::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, IdentityInfo, PhoneConfig,
    User,
};
use headcount::crash::{Sabotage, UPDATE_POINTS};
use headcount::lane::backoff::Random;
use headcount::simulator::{Group as HierarchyGroup, Named, Odds, Pace, Spec, Updates, Weather, World};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::case::{Crash, Sky};
use crate::stage::{ForwardClock, Stage, read};
use crate::{RESUMES, number, report_of, runtime, workers};

/// How many people a roster has.
const PEOPLE: usize = 5;

/// What the calls are called that change somebody.
const CHANGING: [&str; 10] = [
    "UpdateUserIdentityInfo",
    "UpdateUserConfig",
    "UpdateUserRoutingProfile",
    "UpdateUserSecurityProfiles",
    "UpdateUserHierarchy",
    "TagResource",
    "UntagResource",
    "AssociateUserProficiencies",
    "UpdateUserProficiencies",
    "DisassociateUserProficiencies",
];

/// A cell: a value, or that there is to be none. A blank one is no ask.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Is(String),
    Clear,
}

impl Cell {
    fn text(cell: Option<&Self>) -> &str {
        match cell {
            None => "",
            Some(Self::Clear) => "(clear)",
            Some(Self::Is(text)) => text,
        }
    }

    fn wanted(&self) -> Option<&str> {
        match self {
            Self::Is(text) => Some(text),
            Self::Clear => None,
        }
    }
}

/// What a row asks of somebody.
#[derive(Clone, Debug, Default)]
struct Asks {
    last: Option<String>,
    mobile: Option<Cell>,
    routing: Option<String>,
    security: Option<BTreeSet<String>>,
    hierarchy: Option<Cell>,
    /// The value of the tag `team`.
    team: Option<String>,
    accepts: Option<bool>,
    /// The level of German.
    german: Option<u32>,
}

const GROUPS: [&str; 7] =
    ["identity", "config", "routing_profile", "security_profiles", "hierarchy", "tags", "proficiencies"];

/// A user as far as a case looks at it, in the judge's own words.
#[derive(Clone, Debug, PartialEq)]
struct Looks {
    first: Option<String>,
    last: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    routing: Option<String>,
    security: BTreeSet<String>,
    hierarchy: Option<String>,
    tags: BTreeMap<String, String>,
    soft: bool,
    accepts: bool,
    acw: i64,
    german: Option<u32>,
}

impl Looks {
    fn of(user: &User, proficiencies: &[(String, String, f64)]) -> Self {
        let info = user.identity_info.clone().unwrap_or_default();
        let phone = user.phone_config.clone().unwrap_or_default();
        let voice = |channel: &str| channel == "VOICE";
        let accepts = user.auto_accept_configs.iter().find(|config| voice(&config.channel));
        let acw = user.after_contact_work_configs.iter().find(|config| voice(&config.channel));
        let number = user.phone_number_configs.iter().find(|config| voice(&config.channel));
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let german = proficiencies.iter().find(|(name, value, _)| name == "Language" && value == "German");
        Self {
            first: filled(info.first_name),
            last: filled(info.last_name),
            email: filled(info.email),
            mobile: filled(info.mobile),
            routing: user.routing_profile_id.clone(),
            security: user.security_profile_ids.iter().cloned().collect(),
            hierarchy: user.hierarchy_group_id.clone(),
            tags: user.tags.clone(),
            soft: number.map(|number| number.phone_type.clone()).or(phone.phone_type).as_deref()
                != Some("DESK_PHONE"),
            accepts: accepts.map_or(phone.auto_accept.unwrap_or_default(), |config| config.auto_accept),
            acw: acw
                .and_then(|config| config.after_contact_work_config.after_contact_work_time_limit)
                .or(phone.after_contact_work_time_limit)
                .unwrap_or_default(),
            german: german.map(|(_, _, level)| *level as u32),
        }
    }

    /// One group of it, as text.
    fn group(&self, group: &str) -> String {
        match group {
            "identity" => format!("{:?}", (&self.first, &self.last, &self.email, &self.mobile)),
            "config" => format!("{:?}", (self.soft, self.accepts, self.acw)),
            "routing_profile" => format!("{:?}", self.routing),
            "security_profiles" => format!("{:?}", self.security),
            "hierarchy" => format!("{:?}", self.hierarchy),
            "tags" => format!("{:?}", self.tags),
            _ => format!("{:?}", self.german),
        }
    }
}

impl Asks {
    fn drawn(dice: &mut Random, has: &Looks) -> Self {
        let mut maybe = |chance: f64| dice.fraction() < chance;
        let (last, mobile, routing, security) = (maybe(0.5), maybe(0.4), maybe(0.4), maybe(0.7));
        let (hierarchy, team, accepts, german) = (maybe(0.4), maybe(0.5), maybe(0.4), maybe(0.4));
        let mut pick = |of: &[&str]| of[(dice.next_u64() % of.len() as u64) as usize].to_owned();
        let cell = |text: String| if text.is_empty() { Cell::Clear } else { Cell::Is(text) };
        let sets = ["Agent", "Agent|Quality", "Agent|Quality|Lead", "Lead", "Planner", "Agent|Planner"];
        // More than there is, less, or others: a set that grows, one that shrinks, and one that does both.
        let grown = || has.security.iter().cloned().chain(["Lead".to_owned()]).collect();
        let shrunk = || has.security.iter().take(1).cloned().collect();
        let security = security.then(|| match pick(&["grow", "shrink", "other"]).as_str() {
            "grow" => grown(),
            "shrink" => shrunk(),
            _ => pick(&sets).split('|').map(str::to_owned).collect(),
        });
        Self {
            last: last.then(|| pick(&["After", "Later"])),
            mobile: mobile.then(|| cell(pick(&["", "+4930222", "+4930333"]))),
            routing: routing.then(|| pick(&["Sales", "Care"])),
            security,
            hierarchy: hierarchy.then(|| cell(pick(&["", "AMER"]))),
            team: team.then(|| pick(&["blue", "green"])),
            accepts: accepts.then_some(true),
            german: german.then(|| if pick(&["2", "4"]) == "2" { 2 } else { 4 }),
        }
    }

    fn line(&self, user: &str) -> String {
        let security = self.security.iter().flatten().cloned().collect::<Vec<_>>().join("|");
        let accepts = self.accepts.map(|accepts| if accepts { "yes" } else { "no" }).unwrap_or_default();
        let cells = [
            user.to_owned(),
            self.last.clone().unwrap_or_default(),
            Cell::text(self.mobile.as_ref()).to_owned(),
            self.routing.clone().unwrap_or_default(),
            security,
            Cell::text(self.hierarchy.as_ref()).to_owned(),
            self.team.as_ref().map(|team| format!("team|{team}")).unwrap_or_default(),
            accepts.to_owned(),
            self.german.map(|level| format!("Language:German:{level}")).unwrap_or_default(),
        ];
        cells.join(",")
    }

    /// Whether it asks for anything in a group.
    fn asks_for(&self, group: &str) -> bool {
        match group {
            "identity" => self.last.is_some() || self.mobile.is_some(),
            "config" => self.accepts.is_some(),
            "routing_profile" => self.routing.is_some(),
            "security_profiles" => self.security.is_some(),
            "hierarchy" => self.hierarchy.is_some(),
            "tags" => self.team.is_some(),
            _ => self.german.is_some(),
        }
    }

    /// The user as it is once one group is as asked for, and all else as it was.
    fn applied(&self, before: &Looks, group: &str) -> Looks {
        let mut after = before.clone();
        match group {
            "identity" => {
                after.last = self.last.clone().or(after.last);
                if let Some(mobile) = &self.mobile {
                    after.mobile = mobile.wanted().map(str::to_owned);
                }
            }
            "config" => after.accepts = self.accepts.unwrap_or(after.accepts),
            "routing_profile" => after.routing = self.routing.clone().or(after.routing),
            "security_profiles" => after.security = self.security.clone().unwrap_or(after.security),
            "hierarchy" => {
                if let Some(hierarchy) = &self.hierarchy {
                    after.hierarchy = hierarchy.wanted().map(str::to_owned);
                }
            }
            "tags" => after.tags.extend(self.team.iter().map(|team| ("team".to_owned(), team.clone()))),
            _ => after.german = self.german.or(after.german),
        }
        after
    }

    /// Whether a group is as asked for.
    fn is_met(&self, before: &Looks, now: &Looks, group: &str) -> bool {
        self.applied(before, group).group(group) == now.group(group)
    }
}

/// A case: everything is drawn from its number.
#[derive(Clone, Debug)]
struct Case {
    number: u64,
    crashes: Vec<Crash>,
    sky: Sky,
    updates: Updates,
    /// Somebody changes the first user in the console after the first crash.
    is_edited: bool,
    before: Vec<User>,
    asks: Vec<Asks>,
    seed: u64,
}

/// How many cases it takes to have met every point in every weather.
const POINTS_AND_SKIES: u64 = (UPDATE_POINTS.len() * Sky::ALL.len()) as u64;

fn passage(point: &str, dice: &mut Random) -> u64 {
    let most = match point {
        "update-intent-before" | "update-intent-synced" | "update-read-back" => 3,
        "update-sent" | "update-step" => 8,
        "append-before" | "append-torn" | "sync-before" | "sync-after" => 6,
        _ => 1,
    };
    1 + dice.next_u64() % most
}

impl Case {
    fn numbered(number: u64) -> Self {
        let mut dice = Random::seeded(number.wrapping_mul(0x9E37_79B9).wrapping_add(0x0DD_BA11));
        let point = UPDATE_POINTS[(number % UPDATE_POINTS.len() as u64) as usize];
        let sky = Sky::ALL[((number / UPDATE_POINTS.len() as u64) % Sky::ALL.len() as u64) as usize];
        let mut crashes = Vec::new();
        if point.starts_with("repair") {
            crashes.push(Crash { point: "append-torn", passage: 1 + dice.next_u64() % 4 });
        }
        crashes.push(Crash { point, passage: passage(point, &mut dice) });
        for _ in 0..dice.next_u64() % 3 {
            let point = UPDATE_POINTS[(dice.next_u64() % UPDATE_POINTS.len() as u64) as usize];
            crashes.push(Crash { point, passage: passage(point, &mut dice) });
        }
        let before: Vec<User> = (0..PEOPLE).map(|at| user(at, &mut dice)).collect();
        let asks = before.iter().map(|user| Asks::drawn(&mut dice, &Looks::of(user, &[]))).collect();
        Self {
            number,
            crashes,
            sky,
            updates: Updates::ALL[(dice.next_u64() % Updates::ALL.len() as u64) as usize],
            is_edited: dice.fraction() < 0.2,
            before,
            asks,
            seed: dice.next_u64(),
        }
    }

    /// The odds that a create meets in this weather, met by what changes somebody.
    fn weather(&self) -> Weather {
        let weather = self.sky.weather();
        let updates = if self.sky == Sky::Rough { Weather::rough().updates } else { weather.creates };
        Weather { creates: Odds::NONE, updates: Odds { expired: 0.0, ..updates }, ..weather }
    }

    fn roster(&self) -> String {
        let header = "user login,last name,mobile,routing profile,security profiles,hierarchy,tags,soft phone auto accept,\
                      proficiencies\n";
        let lines = self.before.iter().zip(&self.asks);
        header.to_owned() + &lines.map(|(user, asks)| asks.line(&user.username) + "\n").collect::<String>()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, crashes, sky, updates, is_edited, .. } = self;
        write!(
            f,
            "update {number}: {crashes:?}, {sky:?}, {updates:?}, edited: {is_edited}\n{}",
            self.roster()
        )
    }
}

/// Somebody who is there, with what no roster here asks for as well.
fn user(at: usize, dice: &mut Random) -> User {
    let sets: [&[&str]; 4] =
        [&["Agent"], &["Agent", "Quality"], &["Agent", "Lead", "Planner"], &["Quality", "Lead"]];
    let set = sets[(dice.next_u64() % 4) as usize];
    // Some have their settings in the older family, some by channel.
    let is_older = dice.fraction() < 0.5;
    let phone = PhoneConfig {
        phone_type: Some("SOFT_PHONE".into()),
        auto_accept: is_older.then_some(false),
        after_contact_work_time_limit: is_older.then_some(30),
        ..PhoneConfig::default()
    };
    let mut user = User {
        username: format!("agent{at:02}"),
        identity_info: Some(IdentityInfo {
            first_name: Some("Ana".into()),
            last_name: Some("Before".into()),
            email: Some(format!("agent{at:02}@example.com")),
            mobile: (dice.fraction() < 0.7).then(|| "+4930111".to_owned()),
            ..IdentityInfo::default()
        }),
        phone_config: Some(phone),
        routing_profile_id: Some("Basic".into()),
        security_profile_ids: set.iter().map(|name| (*name).to_owned()).collect(),
        hierarchy_group_id: (dice.fraction() < 0.5).then(|| "EMEA".to_owned()),
        ..User::default()
    };
    user.tags.extend(
        [("team", "red"), ("cost", "7"), ("headcount:run", "another/1.00000000000000ab")]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    if !is_older {
        let limit = AfterContactWorkConfig { after_contact_work_time_limit: Some(30) };
        user.after_contact_work_configs = vec![AfterContactWorkConfigPerChannel {
            channel: "VOICE".into(),
            after_contact_work_config: limit,
            agent_first_callback_after_contact_work_config: None,
        }];
        user.auto_accept_configs = vec![AutoAcceptConfig {
            channel: "VOICE".into(),
            auto_accept: false,
            agent_first_callback_auto_accept: None,
        }];
    }
    user
}

fn stage(runtime: &Runtime, case: &Case) -> (Stage, std::path::PathBuf, tempfile::TempDir) {
    let clock = std::sync::Arc::new(ForwardClock::default());
    let named = |names: &[&str]| {
        let one = |name: &&str| Named { name: (*name).into(), id: Some((*name).into()) };
        names.iter().map(one).collect::<Vec<_>>()
    };
    let group = |name: &str| HierarchyGroup { path: vec![name.into()], id: Some(name.into()) };
    let spec = Spec {
        pace: Pace::UNLIMITED,
        // The clock is put forward between runs, which no signature would survive.
        signed: false,
        routing_profiles: named(&["Basic", "Sales", "Care"]),
        security_profiles: named(&["Agent", "Quality", "Lead", "Planner"]),
        hierarchy: vec![group("EMEA"), group("AMER")],
        updates: case.updates,
        weather: case.weather(),
        search_lag: if case.sky == Sky::Lag { Duration::from_secs(240) } else { Duration::ZERO },
        seed: case.seed,
        ..Spec::default()
    };
    let instance = spec.instance_arn();
    let kept = tempfile::tempdir().expect("a folder");
    let journal = kept.path().join("world.jsonl");
    let now = clock.now();
    let mut world = World::remembering(spec, now, &journal).expect("a world");
    for user in &case.before {
        world.plant(user.clone(), now);
    }
    (Stage::of(runtime, world, clock, instance, 1), journal, kept)
}

/// What the ledger says of one row.
#[derive(Clone, Debug, Default)]
struct Told {
    state: String,
    code: String,
    message: String,
    is_open: bool,
    was_begun: bool,
    /// Groups that did not come to be done, ever.
    undone: BTreeSet<String>,
    /// Groups of which it is on record what was asked for.
    asked: BTreeSet<String>,
}

fn told(ledger: &str) -> BTreeMap<String, Told> {
    let mut rows: BTreeMap<String, Told> = BTreeMap::new();
    for line in ledger.lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
        let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
        let Some(user) = entry["user"].as_str() else { continue };
        let row = rows.entry(user.to_owned()).or_default();
        match entry["type"].as_str().unwrap_or_default() {
            "row" => row.state = "pending".into(),
            "intent" => (row.is_open, row.was_begun) = (true, true),
            "step" => {
                if entry["result"] == "done" {
                    row.asked.extend(
                        entry["as"].as_object().into_iter().flat_map(|groups| groups.keys().cloned()),
                    );
                } else {
                    row.undone.insert(text("step"));
                }
            }
            "outcome" => {
                row.is_open = false;
                row.state = if entry["equal"] == true { "there".into() } else { text("state") };
                (row.code, row.message) = (text("code"), text("message"));
            }
            _ => {}
        }
    }
    for row in rows.values_mut().filter(|row| row.is_open) {
        row.state = "unconfirmed".into();
    }
    rows
}

/// The exit code that the contract asks for, from where the rows stand.
fn exit_due(rows: &BTreeMap<String, Told>, stopped: bool) -> i32 {
    let has = |states: &[&str]| rows.values().any(|row| states.contains(&row.state.as_str()));
    if stopped {
        4
    } else if has(&["pending", "unconfirmed"]) {
        6
    } else if has(&["rejected", "skipped", "invalid"]) {
        1
    } else {
        0
    }
}

#[derive(Default)]
struct Verdict {
    violations: Vec<String>,
    aborted: Vec<&'static str>,
    processes: u64,
    calls: u64,
    log: String,
}

fn executed(stage: &Stage) -> u64 {
    let stats = stage.running.stats();
    let of = |name: &&str| stats.operations.get(*name).map_or(0, |calls| calls.called);
    CHANGING.iter().map(of).sum()
}

/// Every user after every call that changed it, in order.
fn course(journal: &std::path::Path) -> Vec<(String, Looks)> {
    let line = |line: &str| {
        let entry: Value = serde_json::from_str(line).ok()?;
        let changed = entry.get("changed")?;
        let user: User = serde_json::from_value(changed["user"].clone()).ok()?;
        let proficiency = |one: &Value| {
            let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
            (text("AttributeName"), text("AttributeValue"), one["Level"].as_f64().unwrap_or_default())
        };
        let all = changed["proficiencies"].as_array().into_iter().flatten().map(proficiency);
        Some((user.username.clone(), Looks::of(&user, &all.collect::<Vec<_>>())))
    };
    read(journal).lines().filter_map(line).collect()
}

fn play(runtime: &Runtime, case: &Case, sabotage: Option<Sabotage>) -> Verdict {
    let (stage, journal, _kept) = stage(runtime, case);
    std::fs::write(stage.roster(), case.roster()).expect("written");
    let ledger = stage.folder.path().join("roster.csv.update.ledger.jsonl");
    let word = sabotage.map(Sabotage::word);
    let mut verdict = Verdict::default();
    let mut last = None;
    let mut kept_before: BTreeMap<String, String> = BTreeMap::new();
    for process in 0..case.crashes.len() + RESUMES {
        let crash = case.crashes.get(process);
        if process == 1 && case.is_edited {
            stage.running.world().edit("agent00", stage.clock.now(), |user| {
                user.routing_profile_id = Some("Care".into());
            });
        }
        if process > case.crashes.len() {
            stage.calm_down();
            stage.clock.forward(Duration::from_secs(600));
        }
        let before = (read(&ledger), executed(&stage));
        let ended = stage.update(&[], crash, word);
        verdict.processes += 1;
        verdict.log.push_str(&format!(
            "--- process {process} ({crash:?}): {:?}\n{}{}",
            ended.code, ended.stdout, ended.stderr
        ));
        verdict.violations.extend(before_files(&stage, &mut kept_before));
        let Some(code) = ended.code else {
            match crash {
                Some(crash) => verdict.aborted.push(crash.point),
                None => verdict.violations.push(format!("process {process} died: {}", ended.stderr)),
            }
            continue;
        };
        // It could not start, and nothing was sent.
        if code == 4 && (read(&ledger), executed(&stage)) == before {
            continue;
        }
        let rows = told(&read(&ledger));
        let stopped = ended.stderr.lines().any(|line| line.starts_with("stopped:"));
        let due = exit_due(&rows, stopped);
        if code != due {
            verdict.violations.push(format!("process {process}: exit {code}, and {due} is due"));
        }
        let is_over = process >= case.crashes.len() && matches!(code, 0 | 1);
        if is_over || (process > case.crashes.len() + 2 && code == 6) {
            last = Some(code);
            break;
        }
    }
    let Some(last) = last else {
        verdict.violations.push("it did not come to an end".into());
        return verdict;
    };
    verdict.violations.extend(judged(case, &stage, &journal, &told(&read(&ledger)), &kept_before));
    // Run again, it makes no call.
    if last == 0 && sabotage.is_none() {
        stage.calm_down();
        stage.clock.forward(Duration::from_secs(600));
        let before = executed(&stage);
        let ended = stage.update(&[], None, None);
        verdict.log.push_str(&format!("--- again: {:?}\n{}{}", ended.code, ended.stdout, ended.stderr));
        if (ended.code, executed(&stage)) != (Some(0), before) {
            let more = executed(&stage) - before;
            verdict
                .violations
                .push(format!("run again it ended with {:?} and made {more} calls", ended.code));
        }
    }
    verdict.calls = executed(&stage);
    verdict.log.push_str(&format!("--- ledger\n{}--- journal\n{}", read(&ledger), read(&journal)));
    verdict
}

/// The files of how users were before: what one has said of somebody it says for ever.
fn before_files(stage: &Stage, kept: &mut BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(stage.folder.path()).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with("roster.csv.before.") || !name.ends_with(".csv") {
            continue;
        }
        let text = read(&entry.path());
        let known = kept.entry(name.clone()).or_default();
        if !text.starts_with(known.as_str()) {
            found.push(format!("{name} was written over"));
        }
        *known = text[..text.rfind('\n').map_or(0, |end| end + 1)].to_owned();
    }
    found
}

/// Everything that is not as it must be once it is over.
fn judged(
    case: &Case,
    stage: &Stage,
    journal: &std::path::Path,
    rows: &BTreeMap<String, Told>,
    kept: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    let course = course(journal);
    let everyone = stage.everyone();
    for (user, asks) in case.before.iter().zip(&case.asks) {
        let name = &user.username;
        let before = Looks::of(user, &[]);
        let is_edited = case.is_edited && name == "agent00";
        let Some(there) = everyone.iter().find(|there| there.username == *name) else {
            found.push(format!("{name}: gone"));
            continue;
        };
        let now = Looks::of(there, &stage.running.world().proficiencies_of(name));
        let Some(row) = rows.get(name) else {
            found.push(format!("{name}: the ledger does not know the row"));
            continue;
        };
        let mut say = |what: String| found.push(format!("{name}: {what}"));
        let states: Vec<&Looks> =
            course.iter().filter(|(of, _)| of == name).map(|(_, looks)| looks).collect();
        if states.iter().any(|_| !row.was_begun) && !is_edited {
            say("changed without an intent in the ledger".into());
        }
        let is_kept = kept.values().any(|text| text.lines().any(|line| line.contains(name.as_str())));
        if row.was_begun && !is_kept {
            say("changed, and not kept as it was".into());
        }
        let is_done = matches!(row.state.as_str(), "updated" | "there");
        if !is_done && row.message.is_empty() && row.code.is_empty() {
            say(format!("{} and does not say why", row.state));
        }
        for group in GROUPS {
            let is_asked = asks.asks_for(group);
            let is_theirs = is_edited && group == "routing_profile";
            if is_asked && is_done && !asks.is_met(&before, &now, group) {
                say(format!("{}, and its {group} is {}", row.state, now.group(group)));
            }
            if !is_asked && !is_theirs && now.group(group) != before.group(group) {
                say(format!("its {group} was changed from {} to {}", before.group(group), now.group(group)));
            }
            // What somebody else has made so already is not on record as ours.
            let was_due = is_asked && !is_theirs && !asks.is_met(&before, &before, group);
            if is_done && was_due && row.was_begun && !row.asked.contains(group) {
                say(format!("its {group} is done, and what was asked for is not on record"));
            }
        }
        for (key, value) in before.tags.iter().filter(|(key, _)| *key != "team") {
            if states.iter().any(|state| state.tags.get(key) != Some(value)) {
                say(format!("the tag {key} was not there at every moment"));
            }
        }
        if !is_edited {
            rights(asks, &before, &states, row, case.updates).into_iter().for_each(say);
        }
    }
    found
}

/// What is wrong with the rights that a user had on the way.
fn rights(asks: &Asks, before: &Looks, states: &[&Looks], row: &Told, updates: Updates) -> Vec<String> {
    let after = asks.security.clone().unwrap_or_else(|| before.security.clone());
    let mut found = Vec::new();
    if let Some(state) =
        states.iter().find(|state| state.security != before.security && state.security != after)
    {
        found.push(format!("it had the rights {:?} on the way", state.security));
    }
    // What the service does not take away, refuses, or takes away at the second try alone, once the user was read back, is none
    // of the order's business; nor is what the ledger says was not done.
    let clears = |group: &str| match group {
        "identity" => asks.mobile == Some(Cell::Clear),
        "hierarchy" => asks.hierarchy == Some(Cell::Clear),
        _ => false,
    };
    let can_clear = updates == Updates::REPLACE;
    let others = GROUPS.into_iter().filter(|group| *group != "security_profiles" && asks.asks_for(group));
    let others: Vec<&str> =
        others.filter(|group| !row.undone.contains(*group) && (can_clear || !clears(group))).collect();
    if !after.is_subset(&before.security) {
        let widened = states.iter().find(|state| state.security == after);
        for group in others.iter().filter(|_| widened.is_some()) {
            let state = widened.expect("there");
            if !asks.is_met(before, state, group) {
                found.push(format!("its rights were widened before its {group} was as asked for"));
            }
        }
    } else if after != before.security && !row.undone.contains("security_profiles") {
        for state in states.iter().filter(|state| state.security == before.security) {
            for group in &others {
                if state.group(group) != before.group(group) {
                    found.push(format!("its {group} was changed before its rights were narrowed"));
                }
            }
        }
    }
    found
}

fn play_all(
    numbers: impl Iterator<Item = u64> + Send,
    sabotage: Option<Sabotage>,
    enough: u64,
) -> Vec<(Case, Verdict)> {
    let runtime = runtime();
    let (numbers, played, failed) = (Mutex::new(numbers), Mutex::new(Vec::new()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| {
                while failed.load(Ordering::SeqCst) < enough {
                    let Some(number) = numbers.lock().expect("a lock").next() else { return };
                    let case = Case::numbered(number);
                    let verdict = play(&runtime, &case, sabotage);
                    failed.fetch_add(u64::from(!verdict.violations.is_empty()), Ordering::SeqCst);
                    let mut played = played.lock().expect("a lock");
                    played.push((case, verdict));
                    if played.len().is_multiple_of(100) {
                        println!("{} cases", played.len());
                    }
                }
            });
        }
    });
    played.into_inner().expect("a lock")
}

#[test]
fn an_update_is_whole_or_says_why_not_wherever_the_process_dies_and_nobody_has_rights_too_early() {
    let alone = number("HEADCOUNT_CRASH_UPDATE");
    let runs = number("HEADCOUNT_CRASH_UPDATES").unwrap_or(30);
    // The sample has every point once, and one weather after the other.
    let sampled = |at: u64| if runs < POINTS_AND_SKIES { at * (UPDATE_POINTS.len() as u64 + 1) } else { at };
    let numbers: Vec<u64> = alone.map_or_else(|| (0..runs).map(sampled).collect(), |number| vec![number]);
    let played = play_all(numbers.into_iter(), None, 20);
    let mut aborted: BTreeMap<&str, u64> = BTreeMap::new();
    for point in played.iter().flat_map(|(_, verdict)| &verdict.aborted) {
        *aborted.entry(point).or_default() += 1;
    }
    let sum = |of: fn(&Verdict) -> u64| played.iter().map(|(_, verdict)| of(verdict)).sum::<u64>();
    println!(
        "{} cases, {} processes, {} of them killed, {} calls that change somebody\n{aborted:#?}",
        played.len(),
        sum(|verdict| verdict.processes),
        aborted.values().sum::<u64>(),
        sum(|verdict| verdict.calls),
    );
    let report: String = played
        .iter()
        .map(|(case, Verdict { violations, log, .. })| {
            report_of("update", case.number, &case.to_string(), violations, log, alone.is_some())
        })
        .collect();
    assert!(report.is_empty(), "{report}");
    if alone.is_none() && runs >= POINTS_AND_SKIES {
        let never: Vec<_> = UPDATE_POINTS.iter().filter(|point| !aborted.contains_key(*point)).collect();
        assert!(never.is_empty(), "no process died at {never:?}");
    }
}

/// Plays cases that a careless update would get wrong, and expects the invariants to notice by these words.
fn is_noticed(sabotage: Sabotage, words: &str) {
    let played = play_all(0..48, Some(sabotage), 4);
    let found: Vec<_> = played.iter().flat_map(|(_, verdict)| &verdict.violations).collect();
    assert!(
        found.iter().any(|what| what.contains(words)),
        "{} cases, and this was noticed: {found:#?}",
        played.len()
    );
}

#[test]
fn to_widen_rights_before_all_else_is_noticed() {
    is_noticed(Sabotage::RightsFirst, "its rights were widened before");
}

#[test]
fn to_take_what_was_sent_for_done_is_noticed() {
    is_noticed(Sabotage::NoReadBack, "updated, and its ");
}
