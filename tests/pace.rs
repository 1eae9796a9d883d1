//! The pace, simulated: the real importer against the embedded Connect, without sockets and with a clock that stands
//! still while anybody works. A day at two calls a second takes a moment, and takes the same every time.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an exploration prints its table")]
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

#[path = "pace/laws.rs"]
mod laws;
#[path = "pace/world.rs"]
mod world;

use std::time::Duration;

use headcount::event::Event;
use headcount::lane::pace::default_burst;
use headcount::simulator::{Odds, Weather};
use headcount::stop::Stop;

use laws::{Adaptive, Additive, compare};
use world::{BACK, CALM, Quota, Ran, Rate, Simulation, UNSTEADY};

/// The steady quotas: calls a second and burst, and seconds for 1,000 rows at the very least.
const STEADY: [(f64, u32, f64); 3] = [(2.0, 5, 497.5), (10.0, 25, 97.5), (50.0, 100, 18.0)];

fn simulate(quota: &[Quota], rate: Rate) -> Ran {
    Simulation { quota: quota.to_vec(), rate, ..Simulation::default() }.run()
}

#[test]
fn at_the_quota_nothing_is_lost_and_nothing_throttled() {
    for (rate, burst, ideal) in STEADY {
        let ran = simulate(&[Quota::steady(rate, burst)], Rate::Given(rate, burst));
        assert_eq!(ran.created(), 1000);
        // The first call goes alone: one latency, and what that costs of the burst's own time.
        let first = 0.2;
        assert!(ran.seconds <= ideal * 1.01 + first, "{rate}/s: {} s where {ideal} s are ideal", ran.seconds);
        assert!(ran.throttled <= 2, "{rate}/s: {} throttled", ran.throttled);
    }
}

#[test]
fn a_rate_that_was_not_told_is_learned() {
    for ((rate, burst, _), (most, throttles)) in
        STEADY.into_iter().zip([(505.0, 45), (110.0, 20), (27.0, 10)])
    {
        let ran = simulate(&[Quota::steady(rate, burst)], Rate::Auto(None));
        assert_eq!(ran.created(), 1000);
        assert!(ran.seconds <= most, "{rate}/s: {} s", ran.seconds);
        assert!(ran.throttled <= throttles, "{rate}/s: {} throttled", ran.throttled);
        let found = ran.found.unwrap();
        assert!((0.8..1.2).contains(&(found / rate)), "{found} found, {rate} true");
    }
}

#[test]
fn a_rate_that_was_learned_is_a_good_start() {
    for ((rate, burst, _), most) in STEADY.into_iter().zip([505.0, 105.0, 23.0]) {
        let ran = simulate(&[Quota::steady(rate, burst)], Rate::Auto(Some(rate)));
        assert_eq!(ran.created(), 1000);
        assert!(ran.seconds <= most, "{rate}/s: {} s", ran.seconds);
    }
}

#[test]
fn a_quota_that_falls_and_returns_is_followed_both_ways() {
    let adaptive = compare(&BACK, Adaptive::default(), 1);
    let ran = simulate(&BACK, Rate::Auto(None));
    assert_eq!(ran.created(), 1000);
    assert!(ran.seconds <= adaptive.seconds * 1.05, "{} s, the SDK's {} s", ran.seconds, adaptive.seconds);
    assert!(ran.throttled <= 40, "{} throttled", ran.throttled);
    let told = simulate(&BACK, Rate::Given(10.0, 25));
    assert!(told.seconds <= adaptive.seconds * 1.05, "{} s with --rate 10", told.seconds);
}

/// 20/s, from 10 s on 8/s, from 25 s on 20/s again, each with this burst.
fn falls_to_8(burst: u32) -> [Quota; 3] {
    [(0, 20.0), (10, 8.0), (25, 20.0)].map(|(from, rate)| Quota {
        from: Duration::from_secs(from),
        rate,
        burst,
    })
}

#[test]
fn a_rate_of_which_nothing_is_known_is_found_soon() {
    for (burst, ideal) in [(5, 38.75), (20, 38.0), (50, 36.5)] {
        let simulation = Simulation {
            rows: 600,
            quota: falls_to_8(burst).to_vec(),
            rate: Rate::Auto(None),
            ..Simulation::default()
        };
        let ran = simulation.run();
        assert_eq!(ran.created(), 600);
        assert!(ran.seconds <= 1.3 * ideal, "burst {burst}: {} s where {ideal} s are ideal", ran.seconds);
        assert!(ran.throttled <= 30, "burst {burst}: {} throttled", ran.throttled);
    }
}

/// 20/s, then 8, then 20 again, with this burst, the change after these seconds.
fn falls_and_returns(burst: u32, falls: u64, returns: u64) -> Vec<Quota> {
    let at = |from, rate| Quota { from: Duration::from_secs(from), rate, burst };
    vec![at(0, 20.0), at(falls, 8.0), at(returns, 20.0)]
}

/// The quotas that a rate is learned for from nothing, with so many rows.
fn unknown_quotas() -> Vec<(&'static str, u32, Vec<Quota>)> {
    let steady = |rate, burst| vec![Quota::steady(rate, burst)];
    vec![
        ("20/s b5", 600, steady(20.0, 5)),
        ("20/s b50", 600, steady(20.0, 50)),
        ("8/s b5", 600, steady(8.0, 5)),
        ("8/s b20", 600, steady(8.0, 20)),
        ("20, 8, 20 b5, at 5 and 15 s", 600, falls_and_returns(5, 5, 15)),
        ("20, 8, 20 b5, at 10 and 20 s", 600, falls_and_returns(5, 10, 20)),
        ("20, 8, 20 b5, at 10 and 30 s", 600, falls_and_returns(5, 10, 30)),
        ("20, 8, 20 b50, at 10 and 30 s", 600, falls_and_returns(50, 10, 30)),
        ("2/s b5", 600, steady(2.0, 5)),
        ("0.5/s b5", 200, steady(0.5, 5)),
        ("100/s b5", 600, steady(100.0, 5)),
    ]
}

/// The least time for so many rows: what the bucket has, and all that comes in.
fn ideal(quota: &[Quota], rows: u32) -> f64 {
    let mut left = f64::from(rows) - f64::from(quota[0].burst);
    for (at, now) in quota.iter().enumerate() {
        let from = now.from.as_secs_f64();
        let until = quota.get(at + 1).map_or(f64::INFINITY, |next| next.from.as_secs_f64());
        if left <= now.rate * (until - from) {
            return from + left / now.rate;
        }
        left -= now.rate * (until - from);
    }
    unreachable!("the last of them has no end")
}

#[test]
fn a_rate_that_nothing_is_known_of_is_found_soon_and_costs_few_throttles() {
    use std::fmt::Write as _;
    let mut table = String::from("quota, rows: seconds, times the ideal, throttled\n");
    for (name, rows, quota) in unknown_quotas() {
        let ideal = ideal(&quota, rows);
        let ran = Simulation { quota, rows, rate: Rate::Auto(None), ..Simulation::default() }.run();
        assert_eq!(ran.created(), u64::from(rows), "{name}");
        let (times, share) = (ran.seconds / ideal, ran.throttled as f64 / ran.arrived.len() as f64);
        writeln!(table, "{name:<30} {rows:>4} {:>7.1} {times:>6.2} {:>5.1} %", ran.seconds, 100.0 * share)
            .unwrap();
        if name.starts_with("20") || name.starts_with('8') {
            assert!(times <= 1.3, "{name}: {times} times the ideal");
            assert!(share <= 0.05, "{name}: {share} of the calls throttled");
        }
    }
    insta::assert_snapshot!("unknown", table);
}

#[test]
fn half_the_quota_that_was_configured_is_noticed() {
    let ran = simulate(&[Quota::steady(1.0, 2)], Rate::Given(2.0, 5));
    assert_eq!(ran.created(), 1000);
    let ideal = 998.0;
    assert!(ran.seconds <= ideal * 1.1, "{} s where {ideal} s are ideal", ran.seconds);
    assert!(ran.throttled <= 300, "{} throttled", ran.throttled);
}

#[test]
fn the_pace_is_never_faster_than_it_was_given() {
    for (rate, burst) in [(2.0, 5), (10.0, 25), (50.0, 100)] {
        for quota in [Quota::steady(1000.0, 1000), Quota::steady(rate / 3.0, 2)] {
            let ran = simulate(&[quota], Rate::Given(rate, burst));
            let arrived = &ran.arrived;
            for (at, from) in arrived.iter().enumerate() {
                let upto = &arrived[at..arrived.len().min(at + 400)];
                for (calls, to) in upto.iter().enumerate() {
                    // A call may catch up with those before it by as much as the way there varies.
                    let allowed =
                        f64::from(burst) + rate * (to - from + UNSTEADY.as_secs_f64() + 0.001) + 1e-6;
                    assert!((calls + 1) as f64 <= allowed, "{rate}/{burst}: {calls} from {from} to {to}");
                }
            }
        }
    }
}

#[test]
fn a_full_instance_is_asked_no_more_than_was_on_its_way() {
    for (rate, burst) in [(2.0, 5), (50.0, 100), (1000.0, 2500)] {
        let simulation = Simulation {
            quota: vec![Quota::steady(rate, burst)],
            rate: Rate::Given(rate, burst),
            room: 400,
            ..Simulation::default()
        };
        let ran = simulation.run();
        assert_eq!(ran.created(), 400);
        assert!(matches!(ran.stop, Some(Stop::Full { .. })), "{:?}", ran.stop);
        assert_eq!(ran.counts.pending, 600, "the rest stays pending");
        assert!(
            ran.after_refusal <= ran.in_flight_at_refusal,
            "{} calls, {} were in flight",
            ran.after_refusal,
            ran.in_flight_at_refusal
        );
    }
}

/// Nothing comes through: half of the calls are lost before anything was done, half are answered with trouble.
fn outage() -> Weather {
    let odds = Odds { drop_before: 0.5, error_before: 1.0, ..Odds::NONE };
    Weather { creates: odds, others: odds, ..Weather::calm() }
}

#[test]
fn an_outage_of_five_minutes_in_the_middle_costs_no_row() {
    let simulation = Simulation {
        weather: vec![(Duration::from_secs(120), outage()), (Duration::from_secs(420), CALM())],
        ..Simulation::default()
    };
    let ran = simulation.run();
    assert_eq!((ran.created(), ran.stop.clone()), (1000, None), "{:?}", ran.counts);
    assert!(
        ran.seconds <= 497.5 * 1.01 + 300.0 + 31.0,
        "a probe at most every half minute: {} s",
        ran.seconds
    );
    assert!(ran.arrived.iter().filter(|at| (125.0..420.0).contains(*at)).count() <= 20, "probes, not rows");
    let waits = ran.events.iter().filter(|event| matches!(event, Event::Waiting { .. })).count();
    assert!((5..30).contains(&waits), "said each time: {waits}");
}

#[test]
fn an_outage_of_an_hour_costs_no_row() {
    let weather = vec![(Duration::from_secs(120), outage()), (Duration::from_secs(3720), CALM())];
    let patient = Simulation {
        weather: weather.clone(),
        outage_patience: Duration::from_secs(7200),
        ..Simulation::default()
    };
    let ran = patient.run();
    assert_eq!((ran.created(), ran.stop.clone()), (1000, None), "{:?}", ran.counts);

    let ran = Simulation { weather, ..Simulation::default() }.run();
    assert!(matches!(ran.stop, Some(Stop::Outage { .. })), "{:?}", ran.stop);
    let settled = ran.counts.created + ran.counts.pending + ran.counts.in_doubt;
    assert_eq!(settled, 1000, "no row failed: {:?}", ran.counts);
    assert!(ran.counts.in_doubt <= 16, "those that were on their way: {:?}", ran.counts);
    assert!((1000.0..1200.0).contains(&ran.seconds), "a quarter of an hour is borne: {}", ran.seconds);
}

#[test]
fn a_lost_answer_in_ten_is_settled_and_creates_go_on_meanwhile() {
    let odds = Odds { drop_after: 0.05, error_after: 0.05, ..Odds::NONE };
    let weather = vec![(Duration::ZERO, Weather { creates: odds, ..Weather::calm() })];
    let ran = Simulation { weather, rows: 300, ..Simulation::default() }.run();
    assert_eq!(ran.created(), 300, "{:?}", ran.counts);
    assert!(ran.counts.recovered >= 10, "{:?}", ran.counts);
    let ideal = (300.0 + ran.counts.recovered as f64 - 5.0) / 2.0;
    assert!(ran.seconds <= ideal * 1.15, "{} s where {ideal} s are ideal", ran.seconds);
}

#[test]
fn what_the_service_asks_to_wait_is_waited() {
    let odds = Odds { throttled: 0.05, ..Odds::NONE };
    let weather = Weather { creates: odds, retry_after: 1.0, ..Weather::calm() };
    let ran =
        Simulation { weather: vec![(Duration::ZERO, weather)], rows: 200, ..Simulation::default() }.run();
    assert_eq!(ran.created(), 200);
    assert!(ran.throttled > 0);
    assert_eq!(ran.too_early, 0, "no call leaves while the service asks to wait");
}

#[test]
#[ignore = "exploration"]
fn explore() {
    for way in [5, 15, 25, 40, 60] {
        for seed in 0..6 {
            let mut line = format!("way {way} seed {seed}:");
            for (rate, burst, _) in STEADY {
                for learned in [None, Some(rate)] {
                    let ran = Simulation {
                        quota: vec![Quota::steady(rate, burst)],
                        rate: Rate::Auto(learned),
                        way: Duration::from_millis(way),
                        seed,
                        ..Simulation::default()
                    }
                    .run();
                    line += &format!(" {:.1}/{}", ran.seconds, ran.throttled);
                }
                let ran = Simulation {
                    quota: vec![Quota::steady(rate, burst)],
                    rate: Rate::Given(rate, burst),
                    way: Duration::from_millis(way),
                    seed,
                    ..Simulation::default()
                }
                .run();
                line += &format!(" ({:.2}/{})", ran.seconds, ran.throttled);
            }
            let back = Simulation {
                quota: BACK.to_vec(),
                rate: Rate::Auto(None),
                way: Duration::from_millis(way),
                seed,
                ..Simulation::default()
            }
            .run();
            line += &format!(" back {:.1}/{}", back.seconds, back.throttled);
            eprintln!("{line}");
        }
    }
}

#[test]
fn one_run_is_as_another() {
    let ran = || simulate(&BACK, Rate::Auto(None));
    assert_eq!(ran().arrived, ran().arrived);
}

#[test]
fn the_laws_compare_as_documented() {
    use std::fmt::Write as _;
    let mut table = String::from(
        "law, in flight: seconds / throttles at 2/s b5, 10/s b25, 50/s b100, 10→3→10/s b25, 20/s b5, 1/s b2\n",
    );
    let quotas = [
        vec![Quota::steady(2.0, 5)],
        vec![Quota::steady(10.0, 25)],
        vec![Quota::steady(50.0, 100)],
        BACK.to_vec(),
        vec![Quota::steady(20.0, 5)],
        vec![Quota::steady(1.0, 2)],
    ];
    let mut line = |name: &str, run: &dyn Fn(&[Quota]) -> (f64, u64)| {
        write!(table, "{name:<34}").unwrap();
        for quota in &quotas {
            let (seconds, throttled) = run(quota);
            write!(table, " {seconds:>7.1} / {throttled:<4}").unwrap();
        }
        table.push('\n');
    };
    line("count between throttles, cold", &|quota| {
        let ran = simulate(quota, Rate::Auto(None));
        (ran.seconds, ran.throttled)
    });
    line("count between throttles, warm", &|quota| {
        let ran = simulate(quota, Rate::Auto(Some(quota[0].rate)));
        (ran.seconds, ran.throttled)
    });
    line("told (--rate quota)", &|quota| {
        let ran = simulate(quota, Rate::Given(quota[0].rate, quota[0].burst));
        (ran.seconds, ran.throttled)
    });
    line("told twice as much as is true", &|quota| {
        let rate = 2.0 * quota[0].rate;
        let ran = simulate(quota, Rate::Given(rate, default_burst(rate)));
        (ran.seconds, ran.throttled)
    });
    line("SDK adaptive, 16 in flight", &|quota| {
        let ran = compare(quota, Adaptive::default(), 1);
        (ran.seconds, ran.throttled)
    });
    line("additive climb, x0.7, 16 in flight", &|quota| {
        let ran = compare(quota, Additive::default(), 1);
        (ran.seconds, ran.throttled)
    });
    insta::assert_snapshot!("laws", table);
}
