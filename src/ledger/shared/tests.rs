//! A shared ledger over an engine in memory: what is put is what a file would have, in whatever weather; and what it costs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::agent::{Fingerprint, RowNumber};
use crate::clock::{Clock, Moment, rfc3339};
use crate::exit::Exit;
use crate::ledger::entry::{Entry, VERSION};
use crate::ledger::file::Ledger;
use crate::ledger::journal::{Intended, Journal, Outcome};
use crate::ledger::numbers::{Nonce, Nonces};
use crate::ledger::state::State;
use crate::ledger::words::{Kind, RowState};
use crate::ledger::{LedgerAt, LockedFile, OpenLedger};

/// A clock that stands still, and a pause that puts it forward.
#[derive(Default)]
struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000) + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn moment(&self) -> Moment {
        Moment::after(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }
}

fn around(clock: &Arc<Still>) -> Around {
    let (paused, next) = (Arc::clone(clock), AtomicU64::new(0));
    Around {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        pause: Arc::new(move |time| {
            paused.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        }),
        delays: Arc::new(|| Box::new(|| Duration::from_millis(100))),
        ids: Arc::new(move || Ok(format!("id-{}", next.fetch_add(1, Ordering::SeqCst)))),
        // No beat of a thread comes between: its timer is the machine's own.
        timing: Timing { beat: Duration::from_secs(3600), ..Timing::USUAL },
        trouble: EngineTrouble::default(),
    }
}

fn nonces() -> Nonces {
    let next = AtomicU64::new(1);
    Arc::new(move || Ok(Nonce::of(next.fetch_add(1, Ordering::SeqCst))))
}

fn begins() -> Begins {
    Begins {
        instance: "arn:i".into(),
        digest: "sha256:1".into(),
        roster: "r.csv".into(),
        ..Begins::default()
    }
}

fn opened(ledger: &SharedLedger, clock: &Arc<Still>) -> Arc<Ledger> {
    let at = LedgerAt::shared(ledger.clone());
    let open = OpenLedger::open(&at, None).unwrap();
    // Times in lines are of another clock than waits, so that a log is the same whatever was waited for.
    let (clock, _waits): (Arc<dyn Clock>, _) = (Arc::new(Still::default()), clock);
    Arc::new(open.into_ledger(&begins(), clock, nonces(), Box::new(|_| {})).unwrap().0)
}

fn ledger(engine: &Arc<InMemory>, clock: &Arc<Still>) -> SharedLedger {
    let engine: Arc<dyn Segments> = Arc::clone(engine) as Arc<dyn Segments>;
    SharedLedger::new("dynamodb://runs/spring".parse().unwrap(), engine, around(clock))
}

fn user(row: u32) -> String {
    format!("agent.{row:05}")
}

/// What every session begins with, and a row each.
fn plan(rows: u32, run: &str, at: &str) -> Vec<Entry<'static>> {
    let header = Entry {
        version: Some(VERSION),
        run: Some(run.to_owned().into()),
        roster: Some("/home/ops/spring/new-hires.csv".into()),
        digest: Some("sha256:5f3c9a1e7b424d089c6f2e81d0a4b7c35f3c9a1e7b424d089c6f2e81d0a4b7c3".into()),
        instance: Some(
            "arn:aws:connect:eu-central-1:123456789012:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3".into(),
        ),
        tool: Some("headcount 0.1.0".into()),
        at: Some(at.to_owned().into()),
        ..Entry::of(Kind::Ledger)
    };
    let session = Entry {
        session: Some("2ce0c960-3822-46ce-a302-898d5b8fcd76".into()),
        host: Some("ops-laptop-17".into()),
        pid: Some(4711),
        at: Some(at.to_owned().into()),
        ..Entry::of(Kind::Session)
    };
    let row = |row: u32| Entry {
        user: Some(user(row).into()),
        ..Entry::row("", RowNumber::of(u64::from(row) + 2), Some(Fingerprint::of(u64::from(row) + 1)))
    };
    [header, session].into_iter().chain((0..rows).map(row)).collect()
}

/// A run: the plan, then each row announced and created, the one's outcome with the next one's intent.
async fn play(journal: &Arc<Ledger>, rows: u32, run: &str) {
    let at = rfc3339(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    journal.record(&mut plan(rows, run, &at).into_iter()).await.unwrap();
    let places: Vec<_> = (0..rows)
        .map(|row| (&**journal as &dyn Journal).read(|state: &State| state.find(&user(row)).unwrap()))
        .collect();
    for place in places {
        let intent =
            journal.intend(place, Intended { tagged: true, generated: false }).synced().await.unwrap();
        let outcome = Outcome {
            state: RowState::Created,
            id: Some("e3d41658-e500-412d-9dcf-1e7367f6167a".into()),
            request_id: Some("7d1a0f6c-9a4e-4f7e-8a51-0f6f7a3d9b2c".into()),
            ..Outcome::default()
        };
        journal.finish(intent, &outcome).unwrap();
    }
}

#[tokio::test]
async fn what_is_put_is_byte_for_byte_what_a_file_has_of_the_same_events() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let shared = ledger(&engine, &clock);
    let journal = opened(&shared, &clock);
    let run = shared.named().unwrap().unwrap().run;
    play(&journal, 40, &run).await;
    journal.close(Exit::Done).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spring.jsonl");
    let clock: Arc<dyn Clock> = Arc::new(Still::default());
    let file = Arc::new(LockedFile::open(&path).unwrap().into_ledger(clock, nonces()).unwrap());
    play(&file, 40, &run).await;
    file.close(Exit::Done).unwrap();
    assert_eq!(engine.lines(&run), std::fs::read_to_string(&path).unwrap());
    assert!(shared.seen(&run).unwrap().lease.unwrap().free, "and nobody has it any more");
}

/// The write units of a put: a unit a kilobyte, of keys, nonce and lines together.
fn units(lines: usize) -> u64 {
    const REST: usize = 2 + 40 + 2 + 14 + 5 + 36 + 5;
    (lines + REST).div_ceil(1024) as u64
}

#[tokio::test]
async fn ten_thousand_rows_cost_at_most_twenty_two_thousand_write_units() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let shared = ledger(&engine, &clock);
    // In step: each intent is put as it comes, as at two calls a second, and the outcome before it rides with it.
    let journal = Arc::new(in_step(&shared, &clock));
    play(&journal, 10_000, "2ce0c960-3822-46ce-a302-898d5b8fcd76").await;
    drop(journal);
    let puts = engine.written();
    let of_log: u64 = puts.iter().map(|lines| units(*lines)).sum();
    // 10,000 rows at 2 a second take 5,000 s: a beat of the lease and one of the lane every ten.
    let beats = 2 * 500;
    assert!(of_log + beats <= 22_000, "{of_log} units of {} puts, and {beats} of beats", puts.len());
    assert!(of_log > 10_000, "{of_log}: something was put");
}

fn in_step(shared: &SharedLedger, clock: &Arc<Still>) -> Ledger {
    let at = LedgerAt::shared(shared.clone());
    let OpenLedger { state, .. } = OpenLedger::open(&at, None).unwrap();
    let (joined, _) = Joined::read(shared).unwrap();
    joined.in_step(state, &begins(), (Arc::clone(clock) as Arc<dyn Clock>, nonces()))
}

/// Seeded weather: every third call or so goes wrong, each time otherwise.
fn storm(seed: u64) -> Weather {
    let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    Box::new(move |_, _| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        match dice % 12 {
            0 => Fate::Lost,
            1 => Fate::Unanswered,
            2 => Fate::Late,
            3 => Fate::Twice,
            _ => Fate::Well,
        }
    })
}

#[tokio::test]
async fn in_any_weather_the_log_has_each_line_once_and_in_order() {
    for seed in 0..60 {
        let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::in_weather(storm(seed))));
        let shared = ledger(&engine, &clock);
        let journal = opened(&shared, &clock);
        let run = shared.named().unwrap().unwrap().run;
        play(&journal, 12, &run).await;
        journal.close(Exit::Done).unwrap();
        engine.change_weather(Box::new(|_, _| Fate::Well));
        let calm = Arc::new(InMemory::default());
        let clock = Arc::new(Still::default());
        let other = opened(&ledger(&calm, &clock), &clock);
        let theirs = ledger(&calm, &clock).named().unwrap().unwrap().run;
        play(&other, 12, &run).await;
        other.close(Exit::Done).unwrap();
        assert_eq!(engine.lines(&run), calm.lines(&theirs), "seed {seed}");
    }
}

#[tokio::test]
async fn whoever_had_the_ledger_writes_nothing_once_another_has_taken_it_and_says_who() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let shared = ledger(&engine, &clock);
    let first = opened(&shared, &clock);
    let run = shared.named().unwrap().unwrap().run;
    first.record(&mut plan(2, &run, "2027-01-15T08:00:00.000Z").into_iter()).await.unwrap();
    let second = opened(&shared, &clock);
    let session = plan(0, &run, "2027-01-15T09:00:00.000Z").remove(1);
    let session = Entry { session: Some("second".into()), pid: Some(7), ..session };
    second.record(&mut [session].into_iter()).await.unwrap();
    let before = engine.lines(&run);
    let place = (&*first as &dyn Journal).read(|state| state.find(&user(0)).unwrap());
    let fault = first.intend(place, Intended { tagged: true, generated: false }).synced().await.unwrap_err();
    assert!(fault.0.contains("was taken over by process 7 on ops-laptop-17"), "{fault}");
    assert!(first.be_ours().await.is_err());
    assert_eq!(engine.lines(&run), before);
    assert!(first.close(Exit::Stopped).is_err());
    assert_eq!(engine.lines(&run), before, "not even its end");
    assert!(!shared.seen(&run).unwrap().lease.unwrap().free, "and it does not let go of what it has not");
}

#[tokio::test]
async fn a_ledger_that_is_let_go_of_without_its_end_no_longer_beats() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let shared = ledger(&engine, &clock);
    let journal = opened(&shared, &clock);
    let run = shared.named().unwrap().unwrap().run;
    journal.record(&mut plan(1, &run, "2027-01-15T08:00:00.000Z").into_iter()).await.unwrap();
    drop(journal);
    assert!(!shared.seen(&run).unwrap().lease.unwrap().free, "nobody has said that it ended");
    drop(shared);
    assert_eq!(Arc::strong_count(&engine), 1, "nobody is left who beats");
}

#[tokio::test]
async fn of_two_who_begin_at_once_one_is_told_of_the_other() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let shared = ledger(&engine, &clock);
    let open = || OpenLedger::open(&LedgerAt::shared(shared.clone()), None).unwrap();
    let [one, other] = [open(), open()];
    let into = |open: OpenLedger| {
        open.into_ledger(&begins(), Arc::clone(&clock) as Arc<dyn Clock>, nonces(), Box::new(|_| {}))
    };
    let (won, run) = into(one).unwrap();
    assert!(run.is_some());
    let failure = into(other).err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.what.contains("has just begun a run of this name"), "{failure}");
    drop(won);
}

#[test]
fn whoever_stands_by_takes_what_is_free_or_dead_and_is_told_of_whoever_is_alive() {
    let own = "process 9 on here";
    for (takes, beats, expected) in [
        (Takes::WhereDead, false, Ok(Stood::Free)),
        (Takes::WhereDead, true, Err("in use by process 1 on there")),
        (Takes::Waits, false, Ok(Stood::Free)),
        (Takes::Asks, true, Err("goes on")),
        (Takes::Now, true, Ok(Stood::Free)),
    ] {
        let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
        let named = Named { name: "spring".into(), run: "r".into(), ..Named::default() };
        engine.claim(&named).unwrap();
        let lease = Lease { epoch: 1, host: "there".into(), who: "process 1".into(), ..Lease::default() };
        engine.take("r", &lease).unwrap();
        let mut around = around(&clock);
        if beats {
            // It beats whenever anybody waits.
            let (theirs, paused) = (Arc::clone(&engine), Arc::clone(&around.pause));
            around.pause = Arc::new(move |time| {
                theirs.beat("r", 1, "").unwrap();
                paused(time);
            });
        }
        let segments = Arc::clone(&engine) as Arc<dyn Segments>;
        let shared =
            SharedLedger::new("dynamodb://runs/spring".parse().unwrap(), segments, around).taking(takes);
        let told = Mutex::new(Vec::new());
        let stood = shared.stand_by(own, Until::Free, &mut |what| told.lock().unwrap().push(what), &|| false);
        let waited = clock.0.load(Ordering::SeqCst);
        if !beats {
            // Whoever was found dead is not watched for as long again, unless something has come of it since.
            assert_eq!(shared.stand_by(own, Until::Known, &mut |_| {}, &|| false).unwrap(), Stood::Free);
            // Its part of a rate is free for whichever job of the table comes first.
            assert_eq!(shared.naming("summer").dead(), ["process 1 on there"], "{takes:?}");
            assert_eq!(clock.0.load(Ordering::SeqCst), waited, "{takes:?}");
            engine.beat("r", 1, "").unwrap();
            assert_eq!(shared.stand_by(own, Until::Known, &mut |_| {}, &|| false).unwrap(), Stood::Free);
            assert!(clock.0.load(Ordering::SeqCst) > waited, "{takes:?}");
        }
        match expected {
            Ok(stood_so) => assert_eq!(stood.unwrap(), stood_so, "{takes:?}"),
            Err(says) => {
                let failure = stood.unwrap_err();
                assert!(failure.what.contains(says) && failure.exit == Exit::Stopped, "{takes:?}: {failure}");
            }
        }
        assert!(waited <= 70_000, "{takes:?}: {waited} ms");
        let silences = told.lock().unwrap().len() as u64;
        assert!(waited < 5_000 * (silences + 1), "{takes:?}: told {silences} times in {waited} ms");
    }
}

/// A wait may be longer than nothing is said, and what is asked again may begin anew between two of them.
#[test]
fn an_engine_that_stays_away_is_told_of_every_few_seconds_however_long_the_waits_are() {
    for delay in [100, 900, 3_900, 5_000, 30_000] {
        let (clock, engine) = (Arc::new(Still::default()), InMemory::in_weather(Box::new(|_, _| Fate::Lost)));
        let told = Arc::new(Mutex::new(vec![0]));
        let (kept, at) = (Arc::clone(&told), Arc::clone(&clock));
        let around = Around {
            delays: Arc::new(move || Box::new(move || Duration::from_millis(delay))),
            ..around(&clock)
        };
        let shared = SharedLedger::new("dynamodb://runs/spring".parse().unwrap(), Arc::new(engine), around);
        shared.tells(Arc::new(move |_| kept.lock().unwrap().push(at.0.load(Ordering::SeqCst))));
        shared.bear(Duration::from_secs(7));
        for _ in 0..10 {
            assert!(shared.named().is_err());
        }
        let told = [&told.lock().unwrap()[..], &[clock.0.load(Ordering::SeqCst)]].concat();
        assert!(told.windows(2).all(|two| two[1] - two[0] <= 5_000), "{delay}: {told:?}");
    }
}

#[test]
fn whoever_stands_by_stops_when_asked_to() {
    let clock = Arc::new(Still::default());
    let engine = Arc::new(InMemory::default());
    engine.claim(&Named { name: "spring".into(), run: "r".into(), ..Named::default() }).unwrap();
    engine.take("r", &Lease { epoch: 1, ..Lease::default() }).unwrap();
    let shared = ledger(&engine, &clock).taking(Takes::Waits);
    let asked = AtomicU64::new(0);
    let stops = || asked.fetch_add(1, Ordering::SeqCst) > 3;
    assert_eq!(shared.stand_by("me", Until::Free, &mut |_| {}, &stops).unwrap(), Stood::Stopped);
}

/// What was read of the instance after a ledger was found free says nothing of whom somebody else has made since.
#[tokio::test]
async fn whoever_has_had_a_ledger_since_it_was_found_free_is_known() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let found_free = || {
        let mine = ledger(&engine, &clock);
        assert_eq!(mine.had_since().unwrap(), None, "nobody has looked yet");
        assert_eq!(mine.stand_by("me", Until::Free, &mut |_| {}, &|| false).unwrap(), Stood::Free);
        assert_eq!(mine.had_since().unwrap(), None);
        mine
    };
    // Somebody begins the run, is at work, and lets go of it: from each of these on it is no longer as it was found.
    let mine = found_free();
    let theirs = opened(&ledger(&engine, &clock), &clock);
    play(&theirs, 1, "r").await;
    assert!(mine.had_since().unwrap().is_some(), "it was begun");
    theirs.close(Exit::Done).unwrap();
    assert!(mine.had_since().unwrap().is_some(), "and let go of");
    // And likewise of a run that is there.
    let mine = found_free();
    let theirs = opened(&ledger(&engine, &clock), &clock);
    theirs.record(&mut plan(1, "r", "2027-01-15T08:00:00Z").into_iter().skip(1)).await.unwrap();
    assert!(mine.had_since().unwrap().is_some());
    theirs.close(Exit::Done).unwrap();
    assert!(mine.had_since().unwrap().is_some());
    // What was found out about one name says nothing of another.
    assert_eq!(mine.naming("other").had_since().unwrap(), None);
}

#[test]
fn a_log_with_a_hole_is_damaged_and_says_where() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    engine.claim(&Named { name: "spring".into(), run: "r".into(), ..Named::default() }).unwrap();
    for number in [1, 3] {
        engine.put("r", &Segment { number, nonce: "n".into(), lines: String::new() }).unwrap();
    }
    let failure = Joined::read(&ledger(&engine, &clock)).err().unwrap();
    assert!(failure.what.contains("segment 2 is missing"), "{failure}");
}

#[tokio::test]
async fn what_was_read_is_not_asked_for_again_and_what_has_come_since_is() {
    let (clock, engine) = (Arc::new(Still::default()), Arc::new(InMemory::default()));
    let writes = opened(&ledger(&engine, &clock), &clock);
    let reads = ledger(&engine, &clock);
    let run = reads.named().unwrap().unwrap().run;
    let now = "2027-01-15T08:00:00.000Z";
    writes.record(&mut plan(2, &run, now).into_iter()).await.unwrap();
    let mut tips = Vec::new();
    for number in 0..3 {
        let contents = reads.contents(&run).unwrap();
        assert_eq!(String::from_utf8(contents.lines).unwrap(), engine.lines(&run));
        tips.push(contents.tip);
        let session = plan(0, &run, now).remove(1);
        let session = Entry { session: Some(format!("again {number}").into()), ..session };
        writes.record(&mut [session].into_iter()).await.unwrap();
    }
    assert!(tips.is_sorted_by(|one, next| one < next), "{tips:?}");
    // Only what is behind the tip is read: a log whose beginning is gone since is not seen to be.
    engine.lose(&run, 1);
    assert_eq!(reads.contents(&run).unwrap().tip, tips[2] + 1);
    assert!(ledger(&engine, &clock).contents(&run).is_err(), "whoever reads all of it does");
}
