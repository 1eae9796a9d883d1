//! A thousand rows on a bad day, with ten kills.

use std::collections::HashMap;
use std::sync::Arc;

use headcount::clock::Clock as _;
use headcount::simulator::{Operation, Pace, Spec, Weather, World};

use crate::case::{Crash, Row};
use crate::check::{Scene, Told};
use crate::runtime;
use crate::stage::{ForwardClock, Stage, read};

#[test]
#[ignore = "minutes: stalls are as long as they are on a bad day"]
fn a_thousand_rows_on_a_bad_day_survive_ten_kills() {
    let runtime = runtime();
    let clock = Arc::new(ForwardClock::default());
    let spec = Spec {
        pace: Pace::UNLIMITED,
        users_quota: 5000,
        weather: Weather::rough(),
        seed: 20_261_123,
        ..Spec::default()
    };
    let instance = spec.instance_arn();
    let world = World::new(spec, clock.now());
    let stage = Stage::of(&runtime, world, clock, instance, 60);
    let rows: Vec<Row> =
        (0..1000).map(|n| Row { user: format!("agent{n:04}"), last_name: "Rough".into() }).collect();
    stage.write_roster(&rows);

    // Points that are passed for every row, so that the kills are spread over the whole import.
    let points = ["answer-unread", "outcome-queued", "send-before", "answer-unmarked"];
    let mut kills = 0;
    let mut rosters = HashMap::new();
    let mut last = None;
    for process in 0..30 {
        let crash = (kills < 10).then(|| Crash { point: points[process % points.len()], passage: 80 });
        let ended = stage.import(16, crash.as_ref(), None);
        rosters.insert(ended.pid, rows.clone());
        kills += u32::from(ended.code.is_none());
        if let Some(code) = ended.code {
            println!("process {process}: exit {code}: {}", ended.stderr.lines().last().unwrap_or_default());
            last = Some(code);
            if code == 0 {
                break;
            }
        }
    }
    assert_eq!((kills, last), (10, Some(0)));

    let told = Told::read(&read(&stage.ledger()));
    let everyone = stage.everyone();
    let stats = stage.running.stats().of(Operation::CreateUser);
    let scene = Scene {
        told: &told,
        everyone: &everyone,
        foreign: &[],
        rosters: &rosters,
        last: &rows,
        executed: stats.executed,
        variants_clash: false,
        has_copies: false,
        is_refused: false,
        untagged: false,
    };
    assert_eq!(scene.violations(), Vec::<String>::new());
    assert_eq!((everyone.len(), told.count("created")), (1000, 1000));
    let recovered = told.rows.values().filter(|row| row.recovered).count();
    println!("10 kills, 1000 created, {recovered} of them recovered by their tag, {stats:?}");
    assert!(recovered > 10);
}
