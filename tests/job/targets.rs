//! Several targets side by side: one roster, instances of two accounts behind one address, a ledger each.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use headcount::agent::IdentityType;
use headcount::connect::{Credentials, Environment, model};
use headcount::error::Failure;
use headcount::event::{Event, OfTarget};
use headcount::exit::Exit;
use headcount::job::{
    Address, Allowed, Before, Ended, EndedAbreast, InTargets, Job, Lanes, PaceAsked, Passwords, Patience,
    RateAsked, Target, What,
};
use headcount::ledger::{Counts, peek};
use headcount::roster::{OfTargets, Options, TargetNames};
use headcount::simulator::{Cloud, InProcess, Operation, Pace, Spec, World as Connect, keys_of};
use headcount::stop::{Stop, Switch};
use tokio::time::Instant;

use crate::stage::{HEADER, Stage, row};

const ONE: &str = "111111111111";
const OTHER: &str = "222222222222";
const EU: &str = "eu-central-1";
const US: &str = "us-east-1";

/// A target: its name, its account, and how its instance is named.
type Of = (&'static str, &'static str, String);

/// Several instances, and what a stage of one has.
struct Several {
    stage: Stage,
    of: Vec<Of>,
    fails_fast: bool,
    skips_failed: bool,
    allowed: Allowed,
    rate: RateAsked,
}

/// Two targets in one account and region, and one in another.
fn specs() -> [Spec; 3] {
    [(ONE, EU, "emea"), (ONE, EU, "dach"), (OTHER, US, "na")]
        .map(|(account, region, alias)| Spec::at(account, region, alias))
}

impl Several {
    fn set(specs: [Spec; 3]) -> Self {
        let mut stage = Stage::set(specs[0].clone());
        let of = specs.iter().map(|spec| {
            let account = if spec.account == ONE { ONE } else { OTHER };
            let name = match spec.alias.as_str() {
                "emea" => "emea",
                "dach" => "dach",
                _ => "na",
            };
            (name, account, spec.instance_arn())
        });
        let of = of.collect();
        let now = stage.world.clock.now();
        let [first, others @ ..] = specs.map(|spec| Connect::new(spec, now));
        let clock = Arc::clone(&stage.world.clock);
        stage.connect = InProcess::new(Cloud::new(first, others), clock, Duration::from_secs(30));
        let mut several = Self {
            stage,
            of,
            fails_fast: false,
            skips_failed: false,
            allowed: Allowed::default(),
            rate: RateAsked::Quota,
        };
        several.go_on();
        several
    }

    /// A process of its own: nobody has asked it to stop, and its paces are rested.
    fn go_on(&mut self) {
        let of = |account: &str| {
            let (id, secret) = keys_of(account);
            Credentials::fixed(&id, &secret, None)
        };
        let lanes = Lanes::within(Arc::new(self.stage.connect.clone()), of(ONE));
        let profiles = [ONE, OTHER].map(|account| (account.to_owned(), of(account)));
        self.stage.world.lanes = Arc::new(lanes.with_profiles(profiles));
        self.stage.world.stop = Switch::default();
    }

    /// Writes the roster: so many people for each of these targets, in turns.
    fn write(&self, people: usize, targets: &[&str]) {
        let mut text = HEADER.trim_end().to_owned() + ",target\n";
        for person in 0..people {
            for target in targets {
                let user = format!("{}{person}", target.to_lowercase());
                text += &format!("{},{target}\n", row(&user).trim_end());
            }
        }
        std::fs::write(self.stage.path("roster.csv"), text).unwrap();
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.stage.path("roster.csv")).unwrap()
    }

    fn ledger(&self, target: &str) -> PathBuf {
        self.stage.path(&format!("roster.csv.{target}.ledger.jsonl"))
    }

    fn names(&self) -> Arc<TargetNames> {
        let also = ["Chicago".to_owned()];
        let names = self.of.iter().map(|(name, ..)| (*name, if *name == "na" { &also[..] } else { &[] }));
        Arc::new(TargetNames::new(names, None))
    }

    fn job(&self, at: usize, what: What) -> Job {
        let (name, account, instance) = &self.of[at];
        let region = if *account == ONE { EU } else { US };
        let environment = Environment {
            endpoint_url: Some("http://127.0.0.1:4510".into()),
            profile: Some((*account).to_owned()),
            ..Environment::default()
        };
        let region = (!instance.starts_with("arn:")).then(|| region.to_owned());
        let address = Address { named: Some(instance.clone()), region, environment, ..Address::default() };
        let targets = Some(OfTargets { names: self.names(), only: Some(at) });
        Job {
            what,
            target: Target::instance(address),
            reading: Options { targets, ..Options::default() },
            ledger: self.ledger(name).into(),
            pace: PaceAsked { rate: self.rate, burst: None, concurrency: None },
            passwords: Passwords::OfRoster,
            patience: Patience::default(),
            allowed: self.allowed,
            settings: None,
        }
    }

    fn fleet(&self, members: Vec<(String, Job)>) -> InTargets<Job> {
        InTargets::new(members, self.fails_fast, self.skips_failed)
    }

    fn import(&self) -> InTargets<Job> {
        let what = || What::Import { roster: self.stage.path("roster.csv") };
        let member = |at: usize| (self.of[at].0.to_owned(), self.job(at, what()));
        self.fleet((0..self.of.len()).map(member).collect())
    }

    /// A retry of all that have a ledger, by this file.
    fn retry(&self, file: &str) -> InTargets<Job> {
        let has_ledger = |at: &usize| self.ledger(self.of[*at].0).exists();
        let member = |at: usize| {
            let before = Box::new(Before::of(&self.ledger(self.of[at].0).into()).unwrap());
            let (codes, roster) = (Vec::new(), self.stage.path(file));
            let what = What::Retry { codes, roster, is_part: true, before };
            (self.of[at].0.to_owned(), self.job(at, what))
        };
        self.fleet((0..self.of.len()).filter(has_ledger).map(member).collect())
    }

    async fn run(&self, fleet: InTargets<Job>) -> Result<EndedAbreast<Ended>, Failure> {
        fleet.check(&self.stage.world).await?.plan().await?.run().await
    }

    /// The usernames on an instance, sorted: none is there twice.
    #[track_caller]
    fn users(&self, alias: &str) -> Vec<String> {
        let world = self.stage.connect.cloud().world(alias).unwrap();
        let mut users: Vec<String> = world.everyone().map(|user| user.username.clone()).collect();
        users.sort();
        let all = users.len();
        users.dedup();
        assert_eq!(users.len(), all, "a user is there twice");
        users
    }

    fn creates(&self) -> (u64, u64, u64) {
        let of = self.stage.connect.cloud().stats().of(Operation::CreateUser);
        (of.called, of.executed, of.throttled)
    }

    /// The people of a target as the roster has them.
    fn people(target: &str, people: usize) -> Vec<String> {
        let mut users: Vec<String> = (0..people).map(|person| format!("{target}{person}")).collect();
        users.sort();
        users
    }
}

/// The exit of each target, and of all.
fn exits(ended: &EndedAbreast<Ended>) -> (Vec<(&str, Exit)>, Exit) {
    let of = |(target, ran): &'_ (String, Result<Ended, Failure>)| {
        (target.clone(), ran.as_ref().map_or_else(|failure| failure.exit, |ended| ended.exit))
    };
    let lanes = ended.lanes.iter().map(of).collect::<Vec<_>>();
    let names = ended.lanes.iter().map(|(target, _)| target.as_str());
    (names.zip(lanes.into_iter().map(|(_, exit)| exit)).collect(), ended.exit)
}

fn taken(user: &str) -> model::User {
    model::User { username: user.to_owned(), ..model::User::default() }
}

#[tokio::test(start_paused = true)]
async fn one_is_refused_one_fills_up_and_the_third_is_done_with_each_told_apart() {
    let [emea, dach, na] = specs();
    let emea = Spec { denied: [Operation::CreateUser].into(), ..emea };
    let dach = Spec { users_quota: 3, ..dach };
    let na = Spec { users: vec![taken("na4")], ..na };
    let mut several = Several::set([emea, dach, na]);
    several.allowed.partial = true;
    several.write(12, &["emea", "dach", "na"]);
    let ended = several.run(several.import()).await.unwrap();
    let expected = vec![("emea", Exit::Stopped), ("dach", Exit::Stopped), ("na", Exit::SomeFailed)];
    assert_eq!(exits(&ended), (expected, Exit::Stopped));
    let stop = |at: usize| ended.lanes[at].1.as_ref().unwrap().stop.clone();
    assert!(matches!(stop(0), Some(Stop::Denied { .. })), "{:?}", stop(0));
    assert!(matches!(stop(1), Some(Stop::Full { .. })), "{:?}", stop(1));
    assert_eq!(stop(2), None);
    assert_eq!((several.users("emea").len(), several.users("dach").len()), (0, 3));
    assert_eq!(several.users("na"), Several::people("na", 12), "whoever was there is there still");
    assert_eq!(ended.lanes[2].1.as_ref().unwrap().counts.created, 11);
    // The file of failed rows has the one row that failed, with its own columns, the target among them.
    let left = ended.left.as_ref().unwrap();
    assert_eq!((left.rows, &left.file), (1, &Some(several.stage.path("roster.csv.failed.csv"))));
    let failed = std::fs::read_to_string(several.stage.path("roster.csv.failed.csv")).unwrap();
    let lines: Vec<&str> = failed.lines().collect();
    assert!(lines[0].contains(",target,headcount state,"), "{failed}");
    assert!(lines[1].contains(",na4,") && lines[1].contains(",na,exists,"), "{failed}");
    assert_eq!(lines.len(), 2);
    // Each end is told once, and the end of all after them.
    let events = several.stage.heard.take();
    let ends: Vec<(String, u8)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Target { target, exit, reason, .. } => {
                assert_eq!(reason.is_some(), *exit == 4, "{target}");
                Some((target.clone(), *exit))
            }
            _ => None,
        })
        .collect();
    let mut sorted = ends.clone();
    sorted.sort();
    assert_eq!(sorted, [("dach".to_owned(), 4), ("emea".to_owned(), 4), ("na".to_owned(), 1)]);
    assert!(
        matches!(events.last(), Some(Event::Ended { exit: 4, rows, .. }) if rows.total == 36),
        "{:?}",
        events.last()
    );
    let is_alone =
        |event: &&Event| !matches!(event, Event::Of(_) | Event::Target { .. } | Event::Ended { .. });
    assert_eq!(events.iter().find(is_alone), None, "all else has a target's name");
}

#[tokio::test(start_paused = true)]
async fn two_instances_of_one_account_never_exceed_its_quota_by_whatever_name_they_go() {
    for is_by_alias in [false, true] {
        // A service that lets all through: it is the program's own pace that is seen.
        let mut several = Several::set(specs().map(|spec| Spec { pace: Pace::UNLIMITED, ..spec }));
        several.rate = RateAsked::Fixed(2.0);
        if is_by_alias {
            several.of[1].2 = "dach".to_owned();
        }
        several.write(20, &["emea", "dach"]);
        let begun = Instant::now();
        let checked = several.import().check(&several.stage.world).await.unwrap();
        let planned = checked.plan().await.unwrap();
        assert_eq!(planned.outlook().time, Duration::from_secs_f64(17.5));
        let ended = planned.run().await.unwrap();
        assert_eq!((ended.exit, several.creates().1), (Exit::Done, 40), "by alias: {is_by_alias}");
        // A burst of 5, then two a second for both together.
        assert!(begun.elapsed() >= Duration::from_secs(17), "{:?}", begun.elapsed());
        let created = |at: usize| ended.lanes[at].1.as_ref().unwrap().counts.created;
        assert_eq!((created(0), created(1)), (20, 20));
    }
}

#[tokio::test(start_paused = true)]
async fn each_account_has_its_whole_rate() {
    let mut several = Several::set(specs().map(|spec| Spec { pace: Pace::UNLIMITED, ..spec }));
    several.rate = RateAsked::Fixed(2.0);
    several.write(40, &["emea", "na"]);
    let checked = several.import().check(&several.stage.world).await.unwrap();
    let planned = checked.plan().await.unwrap();
    assert_eq!(planned.outlook().time, Duration::from_secs_f64(17.5), "the longest of both");
    let begun = Instant::now();
    let ended = planned.run().await.unwrap();
    assert_eq!((ended.exit, several.creates().1), (Exit::Done, 80));
    // One pace for both would take 37 seconds.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn with_fail_fast_the_first_that_stops_stops_all_and_the_same_command_resumes() {
    let [emea, dach, na] = specs();
    let dach = Spec { users_quota: 2, ..dach };
    let mut several = Several::set([emea, dach, na]);
    several.allowed.partial = true;
    several.fails_fast = true;
    several.write(30, &["emea", "dach", "na"]);
    let ended = several.run(several.import()).await.unwrap();
    let all = vec![("emea", Exit::Stopped), ("dach", Exit::Stopped), ("na", Exit::Stopped)];
    assert_eq!(exits(&ended), (all, Exit::Stopped));
    for (target, ran) in &ended.lanes {
        let stop = ran.as_ref().unwrap().stop.as_ref().unwrap();
        match target.as_str() {
            "dach" => assert!(matches!(stop, Stop::Full { .. }), "{stop:?}"),
            _ => assert!(
                matches!(stop, Stop::Another { message } if message.starts_with("`dach`: ")),
                "{stop:?}"
            ),
        }
    }
    assert!(several.users("na").len() < 30);
    several.go_on();
    several.fails_fast = false;
    let ended = several.run(several.import()).await.unwrap();
    assert_eq!(exits(&ended).0, [("emea", Exit::Done), ("dach", Exit::Stopped), ("na", Exit::Done)]);
    assert_eq!(
        (several.users("emea"), several.users("na")),
        (Several::people("emea", 30), Several::people("na", 30))
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_reached_keeps_all_from_starting_unless_it_is_left_out() {
    let mut several = Several::set(specs());
    several.of[1].2 = "nowhere".to_owned();
    several.write(3, &["emea", "dach", "na"]);
    let failure = several.run(several.import()).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.what.starts_with("target `dach`: "), "{}", failure.what);
    assert!(failure.hint.unwrap().ends_with("⟦failed-targets-skipped⟧ goes on without such a target"));
    assert_eq!((several.creates().0, several.stage.files()), (0, vec!["roster.csv".to_owned()]));
    several.stage.heard.take();
    several.skips_failed = true;
    let ended = several.run(several.import()).await.unwrap();
    assert_eq!(exits(&ended), (vec![("emea", Exit::Done), ("na", Exit::Done)], Exit::Stopped));
    assert_eq!(ended.left_out[0].0, "dach");
    let mut apart = Counts::default();
    ended.counts_apart(&mut apart);
    assert_eq!((apart.total, apart.pending), (3, 3), "its rows wait");
    assert_eq!((several.users("emea").len(), several.users("na").len()), (3, 3));
    let told = |event: &Event| matches!(event, Event::Target { target, exit: 4, reason: Some(_), .. } if target == "dach");
    assert_eq!(several.stage.heard.count(told), 1);
    // Where no other is left, there is nothing to go on with.
    several.of.iter_mut().for_each(|of| of.2 = "nowhere".to_owned());
    several.go_on();
    let failure = several.run(several.import()).await.unwrap_err();
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Stopped, "3 targets cannot be worked with"));
}

#[tokio::test(start_paused = true)]
async fn a_target_without_room_is_one_that_cannot_start() {
    let [emea, dach, na] = specs();
    let several = Several::set([emea, Spec { users_quota: 2, ..dach }, na]);
    several.write(3, &["emea", "dach", "na"]);
    let failure = several.run(several.import()).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.what.contains("`dach`") && failure.what.contains("has not room"), "{}", failure.what);
    assert_eq!((several.creates().0, several.stage.files()), (0, vec!["roster.csv".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_stops_all_and_the_same_command_resumes_all() {
    let mut several = Several::set(specs());
    several.write(30, &["emea", "dach", "na"]);
    let seen = std::sync::atomic::AtomicUsize::new(0);
    several.stage.stop_at(move |event| {
        let is_created =
            matches!(event, Event::Of(OfTarget { event, .. }) if matches!(**event, Event::Created { .. }));
        seen.fetch_add(usize::from(is_created), std::sync::atomic::Ordering::Relaxed) + 1 == 20 && is_created
    });
    let ended = several.run(several.import()).await.unwrap();
    let all = vec![("emea", Exit::Interrupted), ("dach", Exit::Interrupted), ("na", Exit::Interrupted)];
    assert_eq!(exits(&ended), (all, Exit::Interrupted));
    let (called, executed, throttled) = several.creates();
    assert!(called < 60 && called == executed + throttled, "{called}");
    several.go_on();
    let ended = several.run(several.import()).await.unwrap();
    assert_eq!(ended.exit, Exit::Done);
    for target in ["emea", "dach", "na"] {
        assert_eq!(several.users(target), Several::people(target, 30));
    }
    assert_eq!(several.creates().1, 90, "nobody was made twice");
}

#[tokio::test(start_paused = true)]
async fn a_roster_that_changes_stops_all() {
    let several = Several::set(specs());
    several.write(30, &["emea", "na"]);
    let checked = several.import().check(&several.stage.world).await.unwrap();
    let planned = checked.plan().await.unwrap();
    // In place: whoever replaces the file by a rename changes nothing for a run.
    let changed =
        several.text().replace("na20,Basic Routing Profile,Agent", "na20,Basic Routing Profile,Admin");
    std::fs::write(several.stage.path("roster.csv"), changed).unwrap();
    let ended = planned.run().await.unwrap();
    assert_eq!(ended.exit, Exit::Stopped);
    let stop = |at: usize| ended.lanes[at].1.as_ref().unwrap().stop.clone();
    assert!(matches!(stop(1), Some(Stop::Roster { .. })), "{:?}", stop(1));
    assert!(matches!(stop(0), Some(Stop::Another { .. })), "{:?}", stop(0));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_goes_to_another_target_leaves_its_user_where_it_is() {
    let mut several = Several::set(specs());
    several.write(3, &["emea", "na"]);
    several.run(several.import()).await.unwrap();
    let moved = several
        .text()
        .replace("emea1,Basic Routing Profile,Agent,soft,emea", "emea1,Basic Routing Profile,Agent,soft,na");
    std::fs::write(several.stage.path("roster.csv"), moved).unwrap();
    several.go_on();
    let checked = several.import().check(&several.stage.world).await.unwrap();
    let planned = checked.plan().await.unwrap();
    let outlook = planned.outlook();
    let moved: Vec<_> =
        outlook.moved().iter().map(|moved| (&*moved.user, &*moved.from, &*moved.to)).collect();
    assert_eq!((moved, outlook.new_users()), (vec![("emea1", "emea", "na")], 1));
    let ended = planned.run().await.unwrap();
    assert_eq!(ended.exit, Exit::Done);
    assert_eq!(several.users("emea"), Several::people("emea", 3), "never deleted");
    assert_eq!(several.users("na"), ["emea1", "na0", "na1", "na2"]);
}

#[tokio::test(start_paused = true)]
async fn failed_rows_of_all_are_one_file_and_a_retry_sends_each_home() {
    let [emea, dach, na] = specs();
    let emea = Spec { users: vec![taken("emea1")], ..emea };
    let na = Spec { users: vec![taken("na0"), taken("na2")], ..na };
    let mut several = Several::set([emea, dach, na]);
    several.write(3, &["emea", "na"]);
    let ended = several.run(several.import()).await.unwrap();
    assert_eq!(ended.exit, Exit::SomeFailed);
    let path = several.stage.path("roster.csv.failed.csv");
    let failed = std::fs::read_to_string(&path).unwrap();
    let order: Vec<&str> = failed.lines().skip(1).map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(order, ["na0", "emea1", "na2"], "in the order of the roster");
    // Two are given other names where they are; the third is sent to another target.
    let typed = |user: &str| format!("{user},");
    let mended = failed
        .replace(&format!("{},Basic", "emea1"), "emea9,Basic")
        .replace(&format!("{},Basic", "na0"), "na9,Basic")
        .replace("na2,Basic Routing Profile,Agent,soft,na", "na2,Basic Routing Profile,Agent,soft,emea");
    assert!(mended.contains(&typed("emea9")) && mended.contains(&typed("na9")));
    // Passwords are blank in the file.
    let mended: String = mended
        .lines()
        .map(|line| line.replacen("@example.com,,", "@example.com,Lantern-Reef-77,", 1) + "\n")
        .collect();
    std::fs::write(&path, mended).unwrap();
    several.go_on();
    let ended = several.run(several.retry("roster.csv.failed.csv")).await.unwrap();
    assert_eq!(
        (several.users("emea"), several.users("na")),
        (
            ["emea0", "emea1", "emea2", "emea9", "na2"].map(str::to_owned).to_vec(),
            ["na0", "na1", "na2", "na9"].map(str::to_owned).to_vec(),
        )
    );
    let counts = |at: usize| ended.lanes[at].1.as_ref().unwrap().counts;
    assert_eq!((counts(0).created, counts(0).exists), (4, 0));
    assert_eq!((counts(1).created, counts(1).exists), (2, 1), "where it was, the row stands as it stood");
}

#[tokio::test(start_paused = true)]
async fn rows_of_no_target_are_errors_and_nothing_is_sent_anywhere_unless_they_are_skipped() {
    let mut several = Several::set(specs());
    several.write(2, &["emea", "Emea", "", "Chicago"]);
    let checked = several.import().check(&several.stage.world).await.unwrap();
    let told = |finding| serde_json::to_value(finding).unwrap();
    let found: Vec<serde_json::Value> = checked.findings().iter().map(told).collect();
    let found: Vec<_> =
        found.iter().map(|one| (one["row"].as_u64().unwrap(), one["code"].as_str().unwrap())).collect();
    assert_eq!(
        found,
        [(3, "target-unknown"), (4, "target-missing"), (7, "target-unknown"), (8, "target-missing")]
    );
    assert_eq!(checked.blocks().unwrap().rows, 4);
    let failure = checked.plan().await.err().unwrap();
    assert_eq!((failure.exit, several.creates().0), (Exit::Findings, 0));
    several.allowed.invalid_rows = true;
    several.go_on();
    let ended = several.run(several.import()).await.unwrap();
    assert_eq!(exits(&ended), (vec![("emea", Exit::Done), ("na", Exit::Done)], Exit::SomeFailed));
    assert_eq!((ended.unmet, several.users("emea").len(), several.users("na").len()), (4, 2, 2));
    let failed = std::fs::read_to_string(several.stage.path("roster.csv.failed.csv")).unwrap();
    let told: Vec<&str> = failed.lines().skip(1).collect();
    assert_eq!(told.len(), 4, "{failed}");
    assert!(told[0].contains(",Emea,invalid,target-unknown,there is no such target: `Emea`,3,"), "{failed}");
    assert!(told[1].contains(",,invalid,target-missing,the row names no target,4,"), "{failed}");
    // An untouched copy of ours is replaced by the next.
    several.go_on();
    several.run(several.import()).await.unwrap();
    assert!(!several.stage.path("roster.csv.failed.2.csv").exists());
}

#[tokio::test(start_paused = true)]
async fn each_row_is_checked_by_the_rules_of_its_own_instance() {
    let [emea, dach, na] = specs();
    let several = Several::set([Spec { identity: IdentityType::Saml, ..emea }, dach, na]);
    // Whoever signs in elsewhere has no password and no primary address; all others need the one.
    let text = format!(
        "{}\nAna,Silva,,,ana@example.com,Basic Routing Profile,Agent,soft,emea\n{},na\n",
        HEADER.trim_end().to_owned() + ",target",
        row("ana").trim_end()
    );
    std::fs::write(several.stage.path("roster.csv"), &text).unwrap();
    let ended = several.run(several.import()).await.unwrap();
    assert_eq!(exits(&ended).1, Exit::Done);
    assert_eq!(
        (several.users("emea"), several.users("na")),
        (vec!["ana@example.com".to_owned()], vec!["ana".to_owned()])
    );
    // The other way round each is an error, and one name in two targets is none.
    let wrong = text.replace(",emea\n", ",X\n").replace(",na\n", ",emea\n").replace(",X\n", ",na\n");
    std::fs::write(several.stage.path("wrong.csv"), wrong).unwrap();
    let members = (0..3).map(|at| {
        let job = several.job(at, What::Import { roster: several.stage.path("wrong.csv") });
        let ledger = several.stage.path(several.of[at].0).into();
        (several.of[at].0.to_owned(), Job { ledger, ..job })
    });
    let checked = several.fleet(members.collect()).check(&several.stage.world).await.unwrap();
    assert_eq!(checked.blocks().unwrap().rows, 2);
    several.write(2, &["emea", "na"]);
    let same =
        several.text().replace(",na0,", ",same,").replace(",emea0,", ",same,").replace(",emea1,", ",same,");
    assert_eq!(same.matches(",same,").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_target_whose_ledger_is_in_use_keeps_all_from_starting_unless_such_are_left_out() {
    let mut several = Several::set(specs());
    several.write(2, &["emea", "dach", "na"]);
    let what = What::Import { roster: several.stage.path("roster.csv") };
    let held = several.job(1, what).check(&several.stage.world).await.unwrap().plan().await.unwrap();
    let failure = several.import().refuse_in_use(&several.stage.world).unwrap_err();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.what.contains("target `dach`") && failure.what.contains("in use"), "{failure}");
    several.skips_failed = true;
    let mut fleet = several.import();
    fleet.refuse_in_use(&several.stage.world).unwrap();
    let planned = fleet.check(&several.stage.world).await.unwrap().plan().await.unwrap();
    assert_eq!(planned.outlook().left_out.len(), 1);
    let ended = planned.run().await.unwrap();
    assert_eq!(exits(&ended), (vec![("emea", Exit::Done), ("na", Exit::Done)], Exit::Stopped));
    assert_eq!(ended.left_out[0].0, "dach");
    let mut apart = Counts::default();
    ended.counts_apart(&mut apart);
    assert_eq!((apart.total, apart.pending), (2, 2), "its rows wait");
    assert!(several.users("dach").is_empty());
    drop(held);
    several.go_on();
    several.import().refuse_in_use(&several.stage.world).unwrap();
    assert_eq!(several.run(several.import()).await.unwrap().exit, Exit::Done);
    assert_eq!(several.users("dach"), Several::people("dach", 2));
}

#[tokio::test(start_paused = true)]
async fn two_targets_that_are_one_instance_are_refused() {
    let mut several = Several::set(specs());
    several.of[1].2 = "emea".to_owned();
    several.write(1, &["emea", "dach"]);
    let failure = several.run(several.import()).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(
        failure.what.starts_with("the targets `emea` and `dach` are the same instance"),
        "{}",
        failure.what
    );
    assert_eq!(several.creates().0, 0);
}

#[tokio::test(start_paused = true)]
async fn each_ledger_says_whose_it_is_and_takes_no_others_rows() {
    let mut several = Several::set(specs());
    several.write(2, &["emea", "na"]);
    several.run(several.import()).await.unwrap();
    for target in ["emea", "na"] {
        let (state, _) = peek(&several.ledger(target).into()).unwrap();
        assert_eq!((state.header.target.as_deref(), state.counts(false).total), (Some(target), 2));
    }
    assert!(!several.ledger("dach").exists(), "no row is for it");
    std::fs::rename(several.ledger("emea"), several.ledger("dach")).unwrap();
    several.write(2, &["dach", "na"]);
    several.of[1].2 = several.of[0].2.clone();
    several.of.remove(0);
    several.go_on();
    let failure = several.run(several.import()).await.unwrap_err();
    assert!(
        failure.what.contains("the ledger is of the target `emea`, and this is the target `dach`"),
        "{}",
        failure.what
    );
}
