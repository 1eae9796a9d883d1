//! Updates of anybody to anything, on an instance that may take them in any of the ways in which the service may, in any
//! weather: afterwards a row is as it asks, or it is said why not; and what nobody asked for is as it was.
//!
//! What a user is like is read here with plain calls and judged by rules of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use headcount::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, IdentityInfo, PhoneConfig,
    User, UserProficiency,
};
use headcount::event::Event;
use headcount::job::{Asking, Changes, EndedChanges, Job, What};
use headcount::lane::backoff::Random;
use headcount::simulator::{Families, Group, Named, Pace, Request, Spec, Updates, Weather};
use headcount::user::Exact;
use http::{HeaderMap, Method};
use serde::Deserialize;

use crate::stage::Stage;

/// The people of an instance; each is in the roster.
const PEOPLE: usize = 8;

/// How many runs a roster has at most until all of it is done.
const RUNS: usize = 4;

/// What a cell asks for.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Blank,
    Clear,
    Text(String),
}

/// The columns that a roster may have, with values that they may have; the last word says whether it may be cleared.
const COLUMNS: [(&str, &[&str], bool); 11] = [
    ("first name", &["Ana", "Zoë", "João"], false),
    ("last name", &["Silva", "Müller", "O'Neill"], false),
    ("secondary email", &["a@example.org", "b@example.org"], true),
    ("mobile", &["+4930111111", "+4930222222"], true),
    ("routing profile name", &["One", "Two"], false),
    ("security profile names", &["A", "B", "A|B", "B|C"], false),
    ("hierarchy", &["EMEA", "EMEA|France", "APAC"], true),
    ("tags", &["team|red", "team|blue||site|x", "site|y"], true),
    ("auto accept", &["yes", "no"], true),
    ("ACW", &["0", "30", "90"], true),
    (
        "proficiencies",
        &["Language:German:2", "Language:German:4|Language:French:1", "Product:Mobile:5"],
        true,
    ),
];

/// The groups of hierarchy, as every world here has them.
const GROUPS: [&str; 3] = ["EMEA", "EMEA|France", "APAC"];

fn group(path: &str) -> Group {
    Group { id: Some(format!("g-{path}")), path: path.split('|').map(str::to_owned).collect() }
}

struct Dice(Random);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    fn one_in(&mut self, end: usize) -> bool {
        self.below(end) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn named(names: &[&str], kind: &str) -> Vec<Named> {
    names.iter().map(|name| Named { name: (*name).to_owned(), id: Some(format!("{kind}-{name}")) }).collect()
}

/// Somebody who has anything that there is, or nothing of it.
fn anybody(number: usize, dice: &mut Dice) -> User {
    let maybe = |dice: &mut Dice, value: &str| dice.one_in(2).then(|| value.to_owned());
    let mut user = User {
        id: format!("00000000-0000-4000-8000-{number:012}"),
        username: format!("user{number}"),
        identity_info: Some(IdentityInfo {
            first_name: text(dice.pick(&["Ana", "Eva"])),
            last_name: text(dice.pick(&["Silva", "Costa"])),
            email: Some(format!("user{number}@example.com")),
            secondary_email: maybe(dice, "a@example.org"),
            mobile: maybe(dice, "+4930111111"),
        }),
        routing_profile_id: text(dice.pick(&["r-One", "r-Two"])),
        security_profile_ids: vec![text(dice.pick(&["s-A", "s-B"])).unwrap()],
        hierarchy_group_id: dice.one_in(2).then(|| format!("g-{}", dice.pick(&GROUPS))),
        tags: BTreeMap::from([("headcount:run".to_owned(), format!("r/{number}.n"))]),
        ..User::default()
    };
    if dice.one_in(2) {
        user.tags.insert("team".to_owned(), "red".to_owned());
    }
    if dice.one_in(2) {
        user.tags.insert("of others".to_owned(), "kept".to_owned());
    }
    if dice.one_in(2) {
        let limit = |seconds| AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds) };
        user.after_contact_work_configs = vec![AfterContactWorkConfigPerChannel {
            channel: "VOICE".to_owned(),
            after_contact_work_config: limit(45),
            agent_first_callback_after_contact_work_config: dice.one_in(2).then(|| limit(15)),
        }];
        user.auto_accept_configs = vec![AutoAcceptConfig {
            channel: "CHAT".to_owned(),
            auto_accept: true,
            agent_first_callback_auto_accept: None,
        }];
    } else {
        user.phone_config = Some(PhoneConfig {
            phone_type: text("SOFT_PHONE"),
            auto_accept: dice.one_in(2).then_some(true),
            after_contact_work_time_limit: dice.one_in(2).then_some(30),
            ..PhoneConfig::default()
        });
    }
    user
}

/// A world of any kind, and the roster that is to be.
struct Case {
    stage: Stage,
    dice: Dice,
    /// Which roster it is.
    round: usize,
    /// The columns, and each person's cells.
    columns: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

impl Case {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(Random::seeded(seed));
        let users = (0..PEOPLE).map(|number| anybody(number, &mut dice)).collect();
        let rough = Weather::rough();
        let weather = match dice.below(4) {
            0 => Weather::calm(),
            1 => rough,
            2 => Weather { edits: 0.03, ..rough },
            _ => Weather { lagging: 1.0, ..Weather::calm() },
        };
        let spec = Spec {
            users,
            routing_profiles: named(&["One", "Two"], "r"),
            security_profiles: named(&["A", "B", "C"], "s"),
            hierarchy: GROUPS.iter().map(|path| group(path)).collect(),
            updates: dice.pick(&Updates::ALL),
            families: dice.pick(&Families::ALL),
            weather: Weather { lag: Duration::from_secs(20), ..weather },
            pace: Pace::UNLIMITED,
            signed: false,
            seed,
            ..Spec::default()
        };
        let stage = Stage::set(spec);
        Self { stage, dice, round: 0, columns: Vec::new(), rows: Vec::new() }
    }

    /// Makes another roster of the same people.
    fn next_roster(&mut self) {
        let dice = &mut self.dice;
        self.round += 1;
        self.columns = (0..COLUMNS.len()).filter(|_| !dice.one_in(3)).collect();
        let mut cell = |column: usize| match dice.below(4) {
            0 => Cell::Blank,
            1 if COLUMNS[column].2 => Cell::Clear,
            _ => Cell::Text(dice.pick(COLUMNS[column].1).to_owned()),
        };
        let mut row = || self.columns.iter().map(|column| cell(*column)).collect();
        self.rows = (0..PEOPLE).map(|_| row()).collect();
        let header = self.columns.iter().map(|column| COLUMNS[*column].0);
        let mut text = header.fold("user login".to_owned(), |line, column| line + "," + column) + "\n";
        for (number, row) in self.rows.iter().enumerate() {
            let cells = row.iter().map(|cell| match cell {
                Cell::Blank => "",
                Cell::Clear => "(clear)",
                Cell::Text(text) => text,
            });
            text += &(cells.fold(format!("user{number}"), |line, cell| line + "," + cell) + "\n");
        }
        std::fs::write(self.roster(), text).unwrap();
    }

    fn roster(&self) -> std::path::PathBuf {
        self.stage.path(&format!("movers{}.csv", self.round))
    }

    /// What a person is asked for, by column; nothing of what is left blank.
    fn asked(&self, person: usize) -> BTreeMap<&'static str, &Cell> {
        let cells = self.columns.iter().map(|column| COLUMNS[*column].0).zip(&self.rows[person]);
        cells.filter(|(_, cell)| **cell != Cell::Blank).collect()
    }

    async fn run(&self) -> EndedChanges {
        let job = Job {
            what: What::Import { roster: self.roster() },
            ledger: self.roster().with_extension("update.ledger.jsonl").into(),
            ..self.stage.import()
        };
        let changes = Changes {
            job,
            asking: Asking::default(),
            exact: Exact::default(),
            bases: Vec::new(),
            picked: None,
            writes: true,
        };
        changes.compare(&self.stage.world).await.unwrap().plan().await.unwrap().run().await.unwrap()
    }

    /// Everybody as the instance has them, by plain calls on a calm day that is late enough for all to be seen.
    fn there(&self) -> Vec<Person> {
        let mut world = self.stage.connect.world();
        let weather = world.spec().weather.clone();
        world.set_weather(Weather::calm());
        let now = self.stage.world.clock.now() + Duration::from_secs(3600);
        let instance = world.spec().instance_id.clone();
        let mut ask = |target: String| {
            let request =
                Request { method: Method::GET, target, headers: HeaderMap::new(), body: Bytes::new() };
            world.respond(now, &request).answer.body
        };
        let people = (0..PEOPLE)
            .map(|number| {
                let path = format!("/users/{instance}/00000000-0000-4000-8000-{number:012}");
                let described: Described = serde_json::from_slice(&ask(path.clone())).unwrap();
                let skills: Skills = serde_json::from_slice(&ask(format!("{path}/proficiencies"))).unwrap();
                Person { user: described.user, skills: skills.all }
            })
            .collect();
        world.set_weather(weather);
        people
    }
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "User")]
    user: User,
}

#[derive(Deserialize)]
struct Skills {
    #[serde(rename = "UserProficiencyList")]
    all: Vec<UserProficiency>,
}

#[derive(Clone, Debug, PartialEq)]
struct Person {
    user: User,
    skills: Vec<UserProficiency>,
}

impl Person {
    fn info(&self) -> IdentityInfo {
        self.user.identity_info.clone().unwrap_or_default()
    }

    /// Whether calls are accepted on a channel, and after how many seconds an agent is free again.
    fn accepts(&self, channel: &str) -> bool {
        let own = self.user.auto_accept_configs.iter().find(|config| config.channel == channel);
        let of_all = || self.user.phone_config.as_ref().and_then(|phone| phone.auto_accept).unwrap_or(false);
        own.map_or_else(of_all, |config| config.auto_accept)
    }

    fn works(&self, channel: &str) -> i64 {
        let own = self.user.after_contact_work_configs.iter().find(|config| config.channel == channel);
        let own = own.and_then(|config| config.after_contact_work_config.after_contact_work_time_limit);
        let of_all = self.user.phone_config.as_ref().and_then(|phone| phone.after_contact_work_time_limit);
        own.or(of_all).unwrap_or(0)
    }

    fn skills(&self) -> BTreeMap<(String, String), u8> {
        let key = |skill: &UserProficiency| (skill.attribute_name.clone(), skill.attribute_value.clone());
        self.skills.iter().map(|skill| (key(skill), skill.level as u8)).collect()
    }

    fn tags(&self) -> BTreeMap<&str, &str> {
        let own = self.user.tags.iter().filter(|(key, _)| *key != "headcount:run");
        own.map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// Whether a column is as this cell asks.
    fn is_as(&self, column: &str, cell: &Cell) -> bool {
        let Cell::Text(asked) = cell else { return self.has_nothing_of(column) };
        let is = |value: Option<String>| value.as_deref() == Some(asked);
        let list = |between: &str| asked.split(between).map(str::to_owned).collect::<BTreeSet<String>>();
        match column {
            "first name" => is(self.info().first_name),
            "last name" => is(self.info().last_name),
            "secondary email" => is(self.info().secondary_email),
            "mobile" => is(self.info().mobile),
            "routing profile name" => self.user.routing_profile_id == Some(format!("r-{asked}")),
            "security profile names" => {
                let ids = self.user.security_profile_ids.iter();
                ids.map(|id| id.trim_start_matches("s-").to_owned()).collect::<BTreeSet<_>>() == list("|")
            }
            "hierarchy" => self.user.hierarchy_group_id == Some(format!("g-{asked}")),
            "tags" => list("||").iter().all(|tag| {
                let (key, value) = tag.split_once('|').unwrap();
                self.tags().get(key) == Some(&value)
            }),
            "auto accept" => self.accepts("VOICE") == (asked == "yes"),
            "ACW" => self.works("VOICE").to_string() == *asked,
            "proficiencies" => list("|").iter().all(|skill| {
                let parts: Vec<&str> = skill.split(':').collect();
                let key = (parts[0].to_owned(), parts[1].to_owned());
                self.skills().get(&key) == Some(&parts[2].parse().unwrap())
            }),
            other => panic!("{other}"),
        }
    }

    fn has_nothing_of(&self, column: &str) -> bool {
        match column {
            "secondary email" => self.info().secondary_email.is_none(),
            "mobile" => self.info().mobile.is_none(),
            "hierarchy" => self.user.hierarchy_group_id.is_none(),
            "tags" => self.tags().is_empty(),
            "auto accept" => !self.accepts("VOICE"),
            "ACW" => self.works("VOICE") == 0,
            "proficiencies" => self.skills.is_empty(),
            other => panic!("{other}"),
        }
    }

    /// Fails where something differs that nobody asked for.
    fn kept(&self, before: &Self, asked: &BTreeMap<&str, &Cell>, about: &str) {
        let asks = |column: &str| asked.contains_key(column);
        let (now, then) = (self.info(), before.info());
        let same =
            |column: &str, same: bool| assert!(same || asks(column), "{about}: {column} was not asked for");
        same("first name", now.first_name == then.first_name);
        same("last name", now.last_name == then.last_name);
        same("secondary email", now.secondary_email == then.secondary_email);
        same("mobile", now.mobile == then.mobile);
        assert_eq!(now.email, then.email, "{about}");
        same("routing profile name", self.user.routing_profile_id == before.user.routing_profile_id);
        same("security profile names", self.user.security_profile_ids == before.user.security_profile_ids);
        same("hierarchy", self.user.hierarchy_group_id == before.user.hierarchy_group_id);
        for channel in ["VOICE", "CHAT", "TASK", "EMAIL"] {
            same("auto accept", self.accepts(channel) == before.accepts(channel));
            same("ACW", self.works(channel) == before.works(channel));
        }
        same("proficiencies", self.skills() == before.skills());
        assert_eq!(self.user.tags.get("headcount:run"), before.user.tags.get("headcount:run"), "{about}");
        same("tags", self.tags() == before.tags());
        let is_cleared = asked.get("tags") == Some(&&Cell::Clear);
        let of_others = |person: &Self| person.user.tags.get("of others").cloned();
        assert!(is_cleared || of_others(self) == of_others(before), "{about}: a tag of others is lost");
    }
}

/// How a row ended, by the last that was said of it.
fn said(events: Vec<Event>) -> BTreeMap<String, &'static str> {
    let mut said = BTreeMap::new();
    for event in events {
        let (user, how) = match event {
            Event::Updated { user, .. } => (user, "updated"),
            Event::Unconfirmed { user, message, .. } if !message.is_empty() => (user, "unconfirmed"),
            Event::Skipped { user, code, .. } if !code.is_empty() => (user, "skipped"),
            Event::Rejected { user, code, .. } if !code.is_empty() => (user, "rejected"),
            Event::InDoubt { user, .. } => (user, "in doubt"),
            _ => continue,
        };
        said.insert(user, how);
    }
    said
}

/// How many calls have changed anything, or tried to.
fn writes(case: &Case) -> u64 {
    let stats = case.stage.connect.world().stats();
    let reads = |name: &str| ["List", "Search", "Describe", "Get"].iter().any(|verb| name.starts_with(verb));
    stats.operations.iter().filter(|(name, _)| !reads(name)).map(|(_, calls)| calls.called).sum()
}

/// Who was changed in the console.
fn edited(case: &Case) -> BTreeSet<String> {
    case.stage.connect.world().console_edits().iter().map(|edit| edit.username.clone()).collect()
}

/// Updates everybody to a roster until all is done or it has been tried often enough; how each ended.
async fn one(case: &mut Case, about: &str) -> Vec<&'static str> {
    case.next_roster();
    let (before, updates) = (case.there(), case.stage.connect.world().spec().updates);
    let mut how = BTreeMap::new();
    for _ in 0..RUNS {
        let ended = case.run().await;
        how.extend(said(case.stage.heard.take()));
        tokio::time::advance(Duration::from_secs(900)).await;
        if ended.counts.updated + ended.counts.there == PEOPLE as u64 {
            break;
        }
    }
    let (after, edited) = (case.there(), edited(case));
    let cannot_clear = [Updates::STUBBORN, Updates::STRICT].contains(&updates);
    let mut ends = Vec::new();
    for (person, now) in after.iter().enumerate() {
        let name = format!("user{person}");
        let (asked, about) = (case.asked(person), format!("{about}: {name}"));
        let end = how.get(&name).copied().unwrap_or("there");
        ends.push(end);
        let tag = |person: &Person| person.user.tags.get("headcount:run").cloned();
        assert_eq!(tag(now), tag(&before[person]), "{about}");
        // Who was changed by somebody else meanwhile is theirs to judge.
        if edited.contains(&name) {
            continue;
        }
        let missed: Vec<_> = asked.iter().filter(|(column, cell)| !now.is_as(column, cell)).collect();
        let is_done = matches!(end, "updated" | "there");
        assert!(!is_done || missed.is_empty(), "{about} is {end}, and not as asked: {missed:?}\n{now:#?}");
        // Nothing that the service takes may be left undone.
        let can_not = cannot_clear && missed.iter().all(|(_, cell)| ***cell == Cell::Clear);
        assert!(is_done || (can_not && !missed.is_empty()), "{about} is {end}: {missed:?}\n{now:#?}");
        now.kept(&before[person], &asked, &about);
    }
    if edited.is_empty() && ends.iter().all(|end| matches!(*end, "updated" | "there")) {
        let before = writes(case);
        case.run().await;
        assert_eq!(writes(case), before, "{about}: run twice, and nothing is written");
    }
    ends
}

#[tokio::test(start_paused = true)]
async fn whatever_the_service_does_with_an_update_a_row_is_as_it_asks_or_it_is_said_why_not() {
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    let mut edits = 0;
    for seed in 0..60 {
        let mut case = Case::of(seed);
        let spec = case.stage.connect.world().spec().clone();
        // The second finds what the first has made.
        for round in 1..=2 {
            let about = format!("seed {seed}, roster {round}, {:?}, {:?}", spec.updates, spec.families);
            for end in one(&mut case, &about).await {
                *all.entry(end).or_default() += 1;
            }
        }
        edits += edited(&case).len();
    }
    for end in ["updated", "there", "unconfirmed", "rejected"] {
        assert!(all.get(end).is_some_and(|count| *count > 5), "{all:?}");
    }
    assert!(edits > 5, "{edits}");
}
