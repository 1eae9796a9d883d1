//! Nothing is silent for more than five seconds before anything is sent either, and an outage is borne there for as long
//! as anywhere.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use headcount::clock;
use headcount::connect::model::User;
use headcount::connect::{BoxFuture, Credentials, Transport, TransportError};
use headcount::event::{Event, Pulse, Sink};
use headcount::exit::Exit;
use headcount::job::{Job, Lanes, Patience};
use headcount::simulator::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, Spec};
use http::{Request, Response};
use tokio::time::Instant;

use crate::stage::{Stage, unlimited};

/// Listens as a screen does: asks what is waited for, and keeps when it was told what.
#[derive(Default)]
struct Screen {
    told: Mutex<Vec<(Instant, Event)>>,
    pulse: Mutex<Option<Arc<dyn Pulse>>>,
}

impl Sink for Screen {
    fn tell(&self, event: Event) {
        self.told.lock().unwrap().push((Instant::now(), event));
    }

    fn watch(&self, pulse: Arc<dyn Pulse>) {
        *self.pulse.lock().unwrap() = Some(pulse);
    }
}

/// What a check said.
struct Said {
    /// The longest silence.
    silence: Duration,
    took: Duration,
    /// What was waited for, and for how long at most.
    waits: Vec<(String, f64)>,
    exit: Exit,
    words: String,
}

/// Checks a job, and listens as long as it takes.
async fn checked(mut stage: Stage, job: Job) -> Said {
    let screen = Arc::new(Screen::default());
    stage.world.events = screen.clone();
    let asking = screen.clone();
    let beating = tokio::spawn(async move {
        loop {
            clock::sleep(Duration::from_millis(200)).await;
            let pulse = asking.pulse.lock().unwrap().clone();
            pulse.iter().for_each(|pulse| pulse.beat());
        }
    });
    let begun = Instant::now();
    let (exit, words) = match job.check(&stage.world).await {
        Ok(_) => (Exit::Done, String::new()),
        Err(failure) => (failure.exit, failure.to_string()),
    };
    let ended = Instant::now();
    // What is thought over by a person is no wait of ours.
    clock::sleep(Duration::from_secs(60)).await;
    beating.abort();
    let told = std::mem::take(&mut *screen.told.lock().unwrap());
    assert!(told.iter().all(|(at, _)| *at <= ended), "something is said although nothing is at work");
    let moments: Vec<Instant> =
        [begun].into_iter().chain(told.iter().map(|(at, _)| *at)).chain([ended]).collect();
    let waits = told.into_iter().filter_map(|(_, event)| match event {
        Event::Waiting { reason, seconds } => Some((reason, seconds)),
        _ => None,
    });
    Said {
        silence: moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap(),
        took: ended - begun,
        waits: waits.collect(),
        exit,
        words,
    }
}

/// What somebody in between does.
#[derive(Clone, Copy, Debug)]
enum Portal {
    /// Takes every connection, and answers nothing.
    Mute,
    /// Lets nothing connect, as a name that does not resolve.
    Shut,
    /// Answers with a page of its own.
    Page,
}

impl Transport for Portal {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let portal = *self;
        Box::pin(async move {
            match portal {
                Self::Mute => {
                    clock::sleep(Duration::from_secs(30)).await;
                    Err(TransportError::unclear("timed out"))
                }
                Self::Shut => {
                    clock::sleep(Duration::from_secs(5)).await;
                    Err(TransportError::not_sent("cannot connect: no such name"))
                }
                Self::Page => {
                    Ok(Response::new(Bytes::from_static(b"<html>Sign in to the guest network</html>")))
                }
            }
        })
    }
}

fn fixed() -> Credentials {
    Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None)
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_nothing_is_named_and_borne_for_as_long_as_an_outage() {
    for (portal, patience) in
        [(Portal::Mute, 12), (Portal::Mute, 40), (Portal::Shut, 7), (Portal::Page, 9), (Portal::Mute, 900)]
    {
        let mut stage = Stage::of(unlimited(), 1);
        stage.world.lanes = Arc::new(Lanes::within(Arc::new(portal), fixed()));
        let outage = Duration::from_secs(patience);
        let mut job = stage.import();
        job.patience = Patience { outage, ..Patience::default() };
        let said = checked(stage, job).await;
        assert_eq!(said.exit, Exit::Stopped, "{portal:?}: {}", said.words);
        assert!(said.took <= outage + Duration::from_secs(1), "{portal:?}: {:?}", said.took);
        assert!(said.silence <= Duration::from_secs(5), "{portal:?}: {:?}", said.silence);
        assert!(said.waits.iter().all(|(reason, _)| reason.contains("DescribeInstance")), "{:?}", said.waits);
        assert!(said.waits.iter().any(|(_, seconds)| *seconds > 0.0), "{portal:?}: {:?}", said.waits);
        if patience < 60 {
            assert!(said.words.contains("nothing clear came back for"), "{portal:?}: {}", said.words);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_do_not_come_are_said_and_given_up() {
    for (patience, most) in [(20, 21), (900, 121)] {
        let mut stage = Stage::of(unlimited(), 1);
        let never = Credentials::loaded_by(|| Box::pin(std::future::pending()));
        stage.world.lanes = Arc::new(Lanes::within(Arc::new(stage.connect.clone()), never));
        let mut job = stage.import();
        job.patience.outage = Duration::from_secs(patience);
        let said = checked(stage, job).await;
        assert_eq!(said.exit, Exit::Stopped, "{}", said.words);
        assert!(said.took <= Duration::from_secs(most), "{:?}", said.took);
        assert!(said.silence <= Duration::from_secs(5), "{:?}", said.silence);
        assert!(said.waits.iter().all(|(reason, seconds)| reason.contains("credentials") && *seconds > 0.0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_listing_says_how_far_it_is_and_is_no_outage() {
    let stage = Stage::of(Spec { users_quota: 60_000, ..unlimited() }, 1);
    for number in 0..30_000 {
        let user = User { username: format!("there{number}"), ..User::default() };
        stage.connect.world().plant(user, stage.world.clock.now());
    }
    let mut job = stage.import();
    // Shorter than the listing, and longer than any of its pages.
    job.patience.outage = Duration::from_secs(6);
    let said = checked(stage, job).await;
    assert_eq!(said.exit, Exit::Done, "{}", said.words);
    assert!(said.took >= Duration::from_secs(12), "{:?}", said.took);
    assert!(said.silence <= Duration::from_secs(5), "{:?}", said.silence);
    assert!(said.waits.iter().any(|(reason, _)| reason.contains("ListUsers is read, ")), "{:?}", said.waits);
}
