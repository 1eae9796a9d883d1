//! What an answer leads to: the real engine, each answer that there is, in doubt before it and not. What it records,
//! tells, asks for and waits, in a snapshot over the whole domain.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use headcount::agent::{Fingerprint, RowNumber};
use headcount::apply::{self, Doubt, Gift, Means, Origin, Task, Work};
use headcount::clock::{Clock, SteadyClock};
use headcount::connect::model::{CreateUser, UserProficiency};
use headcount::connect::{
    BoxFuture, Client, Credentials, CredentialsError, Environment, Target, Transport, TransportError,
};
use headcount::event::Event;
use headcount::exit::Exit;
use headcount::lane::Lane;
use headcount::lane::pace::Pace;
use headcount::lane::slots::Slots;
use headcount::ledger::{Attempt, Entry, Journal, Kind, Ledger, Nonce, Place, RowState, State, counted};
use headcount::stop::Switch;
use http::{Request, Response};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::engine::{Kept, settings};

const INSTANCE: &str =
    "arn:aws:connect:eu-central-1:111122223333:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const RUN: &str = "6f1c1c52-0000-4000-8000-000000000000";

/// An answer to the call that is looked at, or what befalls it.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Done,
    Refused(u16, &'static str),
    Asks(u16, &'static str, u64),
    Unclear,
    NotSent,
    NoCredentials,
}

/// One for each verdict, and what is special about it.
const ANSWERS: [(&str, Answer); 16] = [
    ("done", Answer::Done),
    ("rejected", Answer::Refused(400, "InvalidParameterException")),
    ("not found, the instance is there", Answer::Refused(404, "ResourceNotFoundException")),
    ("throttled", Answer::Refused(429, "TooManyRequestsException")),
    ("throttled, with a pause", Answer::Asks(429, "ThrottlingException", 7)),
    ("full", Answer::Refused(429, "LimitExceededException")),
    ("duplicate", Answer::Refused(409, "DuplicateResourceException")),
    ("in doubt, an answer", Answer::Refused(500, "InternalServiceException")),
    ("in doubt, none", Answer::Unclear),
    ("not sent", Answer::NotSent),
    ("expired", Answer::Refused(403, "ExpiredTokenException")),
    ("signature", Answer::Refused(403, "InvalidSignatureException")),
    ("denied", Answer::Refused(403, "AccessDeniedException")),
    ("no credentials", Answer::NoCredentials),
    ("refused by somebody in between", Answer::Refused(404, "")),
    ("barred by somebody in between", Answer::Refused(403, "")),
];

/// The answer to a create that is carried out: each user has an id of its own.
fn made(request: &Request<Bytes>) -> String {
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    let id = match body["Username"].as_str().unwrap() {
        "ana" => "u-1".to_owned(),
        other => format!("u-{other}"),
    };
    serde_json::json!({"UserId": id, "UserArn": "a"}).to_string()
}

/// The service, by a script: the first answers to the call that is looked at, then success. Nobody is ever found.
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    calls: Mutex<Vec<&'static str>>,
    has_instance: bool,
    /// What the service's clock has, as `Date`.
    date: Option<&'static str>,
}

impl Script {
    fn called(&self, request: &Request<Bytes>) -> &'static str {
        let path = request.uri().path();
        let called = match path {
            _ if path.starts_with("/users/") && path.ends_with("/associate-proficiencies") => "Associate",
            _ if path.starts_with("/users/") && path.ends_with("/proficiencies") => "ListProficiencies",
            _ if path.starts_with("/users-summary/") => "ListUsers",
            _ if path.starts_with("/search-users") => "SearchUsers",
            _ if path.starts_with("/routing-profiles-summary/") => "ListRoutingProfiles",
            _ if path.starts_with("/users/") && request.method() == http::Method::PUT => "CreateUser",
            _ if path.starts_with("/users/") => "DescribeUser",
            _ => "?",
        };
        self.calls.lock().unwrap().push(called);
        called
    }

    fn respond(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let ok = |body: &'static str| Ok(Response::new(Bytes::from_static(body.as_bytes())));
        match self.called(request) {
            "CreateUser" => self.scripted(&made(request)),
            "Associate" => self.scripted("{}"),
            "ListProficiencies" => ok(r#"{"UserProficiencyList":[]}"#),
            "ListUsers" => ok(r#"{"UserSummaryList":[]}"#),
            "SearchUsers" => ok(r#"{"Users":[]}"#),
            "DescribeUser" => ok(r#"{"User":{"Id":"u-1","Username":"ana"}}"#),
            "ListRoutingProfiles" if self.has_instance => ok(r#"{"RoutingProfileSummaryList":[]}"#),
            _ => Ok(self.refusal(404, "ResourceNotFoundException", None)),
        }
    }

    fn scripted(&self, success: &str) -> Result<Response<Bytes>, TransportError> {
        match self.answers.lock().unwrap().pop_front() {
            None | Some(Answer::Done | Answer::NoCredentials) => {
                Ok(Response::new(Bytes::from(success.to_owned())))
            }
            Some(Answer::Refused(status, code)) => Ok(self.refusal(status, code, None)),
            Some(Answer::Asks(status, code, seconds)) => Ok(self.refusal(status, code, Some(seconds))),
            Some(Answer::Unclear) => Err(TransportError::unclear("the connection was reset")),
            Some(Answer::NotSent) => Err(TransportError::not_sent("cannot connect")),
        }
    }

    fn refusal(&self, status: u16, code: &str, asks: Option<u64>) -> Response<Bytes> {
        let mut answer = Response::new(Bytes::from_static(br#"{"message":"so it says"}"#));
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
        answer.headers_mut().insert("x-amzn-errortype", code.parse().unwrap());
        if let Some(seconds) = asks {
            answer.headers_mut().insert("retry-after", seconds.into());
        }
        if let Some(date) = self.date {
            answer.headers_mut().insert("date", date.parse().unwrap());
        }
        answer
    }
}

impl Transport for Script {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move { self.respond(&request) })
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Create { in_doubt: bool },
    Associate,
}

fn credentials(answers: &[Answer]) -> Credentials {
    if !answers.iter().any(|answer| matches!(answer, Answer::NoCredentials)) {
        return Credentials::fixed("AKIDEXAMPLE", "secret", None);
    }
    Credentials::loaded_by(|| {
        Box::pin(async {
            Err(CredentialsError { what: "nobody is signed in".into(), hint: "sign in".into() })
        })
    })
}

fn state(call: Call) -> State {
    let mut state = State::default();
    state.apply(&Entry { version: Some(1), run: Some(RUN.into()), ..Entry::of(Kind::Ledger) });
    state.apply(&Entry {
        proficiencies: (call == Call::Associate).then(|| Fingerprint::of(7)),
        ..Entry::row("ana", RowNumber::from(2), Some(Fingerprint::of(1)))
    });
    if call != (Call::Create { in_doubt: false }) {
        state.apply(&Entry::intent(
            "ana",
            Attempt::after(None),
            Some(Nonce::of(1)),
            "2026-11-23T14:00:00.000Z".into(),
        ));
    }
    if call == Call::Associate {
        let made = Entry::outcome("ana", RowState::Created, "2026-11-23T14:00:01.000Z".into());
        state.apply(&Entry { attempt: Some(Attempt::after(None)), id: Some("u-1".into()), ..made });
    }
    state
}

fn task(call: Call, at: Place) -> Task {
    let row = RowNumber::from(2);
    let body = CreateUser {
        username: "ana".into(),
        routing_profile_id: "r".into(),
        security_profile_ids: vec!["s".into()],
        ..CreateUser::default()
    };
    match call {
        Call::Create { in_doubt } => Task {
            work: Work::Create { body: Box::new(body), password: Origin::Row },
            doubt: if in_doubt { Doubt::InDoubt } else { Doubt::Clear },
            ..Task::settle(at, row, "ana".into())
        },
        Call::Associate => {
            let proficiency = UserProficiency {
                attribute_name: "Language".into(),
                attribute_value: "German".into(),
                level: 4.0,
            };
            Task::associate(
                at,
                row,
                "ana".into(),
                Gift { proficiencies: vec![proficiency], fingerprint: Fingerprint::of(7), unlisted: false },
            )
        }
    }
}

/// Runs one row to its end, and writes down all that can be seen of it.
async fn run(call: Call, answers: &[Answer], has_instance: bool, date: Option<&'static str>) -> String {
    let clock: Arc<dyn Clock> =
        Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
    let script = Arc::new(Script {
        answers: Mutex::new(answers.iter().copied().collect()),
        calls: Mutex::default(),
        has_instance,
        date,
    });
    let environment =
        Environment { endpoint_url: Some("http://127.0.0.1:1".into()), ..Environment::default() };
    let target = Target::resolve(INSTANCE, None, None, &environment).unwrap();
    let client = Client::over(script.clone(), &target, credentials(answers), Arc::clone(&clock));
    let kept = Kept::default();
    let ledger: Arc<dyn Journal> = Arc::new(Ledger::in_step(kept.clone(), state(call), clock, counted()));
    let (events, mut seen) = mpsc::unbounded_channel();
    let switch = Switch::default();
    let lane = Arc::new(Lane::new(client, Arc::default()));
    lane.paces().set(headcount::connect::Operation::CreateUser, Pace::new(2.0, 5));
    let slots = Slots::new(2.0, 5, None);
    let means =
        Means::new(lane, slots, ledger.clone(), settings(INSTANCE, RUN), switch.clone(), Arc::new(events));
    let begun = Instant::now();
    let at = ledger.read(|state| state.find("ana")).unwrap();
    apply::run(means, [Ok(task(call, at))].into_iter()).await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    ledger.close(Exit::Done).unwrap();
    let mut told = String::new();
    for line in String::from_utf8(kept.0.lock().unwrap().clone()).unwrap().lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let members = line.as_object_mut().unwrap();
        if members["type"] == "end" {
            continue;
        }
        members.remove("at");
        members.remove("crc");
        // Of every intent, and told of elsewhere.
        members.remove("op");
        members.remove("nonce");
        members.remove("user");
        writeln!(told, "    ledger  {line}").unwrap();
    }
    let mut before: Option<(&str, u32)> = None;
    let calls = script.calls.lock().unwrap();
    let mut counted = Vec::new();
    for call in calls.iter().copied() {
        match &mut before {
            Some((name, times)) if *name == call => *times += 1,
            _ => counted.extend(before.replace((call, 1))),
        }
    }
    counted.extend(before);
    let counted: Vec<_> = counted.iter().map(|(name, times)| format!("{name} x{times}")).collect();
    writeln!(told, "    calls   {}", counted.join(", ")).unwrap();
    while let Ok(event) = seen.try_recv() {
        writeln!(told, "    event   {}", serde_json::to_string::<Event>(&event).unwrap()).unwrap();
    }
    if let Some(reason) = switch.reason() {
        writeln!(told, "    stop    {reason:?}").unwrap();
    }
    writeln!(told, "    after   {seconds:.3} s").unwrap();
    told
}

/// A service that is slow once: the first create is answered after a while. Keeps when each request was signed.
struct Slow {
    first: Mutex<Option<Duration>>,
    signed: Mutex<Vec<(String, String)>>,
}

impl Transport for Slow {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let user = body["Username"].as_str().unwrap().to_owned();
            let date = request.headers()["x-amz-date"].to_str().unwrap().to_owned();
            self.signed.lock().unwrap().push((user, date));
            let wait = self.first.lock().unwrap().take();
            headcount::clock::sleep(wait.unwrap_or_default()).await;
            Ok(Response::new(Bytes::from(made(&request))))
        })
    }
}

/// Two rows and one slot: the second row's intent waits for the first one's answer. Returns when each request was signed,
/// and the intents and outcomes of the second row.
async fn one_after_the_other(first: Duration) -> (Vec<(String, String)>, Vec<Value>) {
    let clock: Arc<dyn Clock> =
        Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
    let slow = Arc::new(Slow { first: Mutex::new(Some(first)), signed: Mutex::default() });
    let environment =
        Environment { endpoint_url: Some("http://127.0.0.1:1".into()), ..Environment::default() };
    let target = Target::resolve(INSTANCE, None, None, &environment).unwrap();
    let client = Client::over(slow.clone(), &target, credentials(&[]), Arc::clone(&clock));
    let mut before = state(Call::Create { in_doubt: false });
    before.apply(&Entry::row("bo", RowNumber::from(3), Some(Fingerprint::of(2))));
    let kept = Kept::default();
    let ledger: Arc<dyn Journal> = Arc::new(Ledger::in_step(kept.clone(), before, clock, counted()));
    let lane = Arc::new(Lane::new(client, Arc::default()));
    lane.paces().set(headcount::connect::Operation::CreateUser, Pace::new(1000.0, 1000));
    let (events, _seen) = mpsc::unbounded_channel();
    let means = Means::new(
        lane,
        Slots::new(1000.0, 1000, Some(1)),
        Arc::clone(&ledger),
        settings(INSTANCE, RUN),
        Switch::default(),
        Arc::new(events),
    );
    let tasks = ["ana", "bo"].map(|user| {
        let at = ledger.read(|state| state.find(user)).unwrap();
        let mut task = task(Call::Create { in_doubt: false }, at);
        if let Work::Create { body, .. } = &mut task.work {
            body.username = user.into();
        }
        Ok(Task { user: user.into(), ..task })
    });
    apply::run(means, tasks.into_iter()).await.unwrap();
    ledger.close(Exit::Done).unwrap();
    let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let signed = slow.signed.lock().unwrap().clone();
    (signed, lines.filter(|line| line["user"] == "bo").collect())
}

/// A script whose answers to creates take their time, and that counts how many were under way before one was a success.
struct Distant {
    script: Script,
    under_way: AtomicUsize,
    most_before_a_success: AtomicUsize,
    succeeded: AtomicBool,
}

/// A latency, as between continents.
const LATENCY: Duration = Duration::from_millis(50);

impl Transport for Distant {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            if !self.succeeded.load(Ordering::Relaxed) {
                self.most_before_a_success.fetch_max(under_way, Ordering::Relaxed);
            }
            headcount::clock::sleep(LATENCY).await;
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            let answer = self.script.respond(&request);
            // Of creates alone: the question whether the instance is there may come before one.
            let is_create = request.method() == "PUT";
            let is_success = is_create && answer.as_ref().is_ok_and(|answer| answer.status().is_success());
            self.succeeded.fetch_or(is_success, Ordering::Relaxed);
            answer
        })
    }
}

/// What came of a hundred rows, with so many places, whose first answers are these.
struct First {
    created: u64,
    creates: usize,
    most_before_a_success: usize,
    took: Duration,
}

async fn a_hundred(answers: &[Answer], places: usize, date: Option<&'static str>) -> First {
    let clock: Arc<dyn Clock> =
        Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
    let script = Script {
        answers: Mutex::new(answers.iter().copied().collect()),
        calls: Mutex::default(),
        has_instance: true,
        date,
    };
    let distant = Arc::new(Distant {
        script,
        under_way: AtomicUsize::new(0),
        most_before_a_success: AtomicUsize::new(0),
        succeeded: AtomicBool::new(false),
    });
    let environment =
        Environment { endpoint_url: Some("http://127.0.0.1:1".into()), ..Environment::default() };
    let target = Target::resolve(INSTANCE, None, None, &environment).unwrap();
    let loads = AtomicUsize::new(0);
    let credentials = Credentials::loaded_by(move || {
        let token = Some(format!("token {}", loads.fetch_add(1, Ordering::Relaxed)));
        Box::pin(async move {
            headcount::clock::sleep(Duration::from_secs(5)).await; // a person signs in
            Ok(aws_credential_types::Credentials::new("AKIDEXAMPLE", "secret", token, None, "test"))
        })
    });
    let client = Client::over(distant.clone(), &target, credentials, Arc::clone(&clock));
    client.list_users(INSTANCE, None).await.unwrap(); // the credentials are there, as after a check
    distant.succeeded.store(false, Ordering::Relaxed);
    let mut before = State::default();
    before.apply(&Entry { version: Some(1), run: Some(RUN.into()), ..Entry::of(Kind::Ledger) });
    for row in 2..102 {
        before.apply(&Entry::row(&format!("user{row}"), RowNumber::from(row), Some(Fingerprint::of(1))));
    }
    let ledger: Arc<dyn Journal> =
        Arc::new(Ledger::in_step(Kept::default(), before, clock, headcount::ledger::counted()));
    let lane = Arc::new(Lane::new(client, Arc::default()));
    lane.paces().set(headcount::connect::Operation::CreateUser, Pace::new(1000.0, 1000));
    let (events, _seen) = mpsc::unbounded_channel();
    let slots = Slots::new(1000.0, 1000, Some(places));
    let means = Means::new(
        lane,
        slots,
        Arc::clone(&ledger),
        settings(INSTANCE, RUN),
        Switch::default(),
        Arc::new(events),
    );
    let tasks: Vec<_> = ledger.read(|state| {
        let of = |at| {
            let user = state.user(at).to_owned();
            let mut task = task(Call::Create { in_doubt: false }, at);
            if let Work::Create { body, .. } = &mut task.work {
                body.username.clone_from(&user);
            }
            Ok(Task { user, ..task })
        };
        state.places().map(of).collect()
    });
    let begun = Instant::now();
    apply::run(means, tasks.into_iter()).await.unwrap();
    let took = begun.elapsed();
    let created = ledger.read(|state| state.counts(false)).created;
    let creates = distant.script.calls.lock().unwrap().iter().filter(|call| **call == "CreateUser").count();
    let most_before_a_success = distant.most_before_a_success.load(Ordering::Relaxed);
    First { created, creates, most_before_a_success, took }
}

#[test]
fn the_first_is_mended_and_sent_again_alone_before_another_leaves() {
    let expired = Answer::Refused(403, "ExpiredTokenException");
    let skewed = Answer::Refused(403, "RequestTimeTooSkewed");
    let calm = paused(a_hundred(&[], 64, None)).took;
    // The first alone, then as many as there are places, then the rest.
    assert!(calm <= 3 * LATENCY + Duration::from_millis(10), "the first answer costs one latency: {calm:?}");
    for (first, date) in [(expired, None), (skewed, Some("Mon, 23 Nov 2026 15:38:13 GMT"))] {
        for places in [1, 5, 64] {
            let came = paused(a_hundred(&[first], places, date));
            assert_eq!((came.created, came.creates), (100, 101), "{first:?}, {places}");
            assert_eq!(came.most_before_a_success, 1, "{first:?}, {places}");
        }
    }
    let skewed = paused(a_hundred(&[skewed], 64, Some("Mon, 23 Nov 2026 15:38:13 GMT"))).took;
    let more = skewed.saturating_sub(calm);
    assert!(more <= LATENCY + Duration::from_millis(10), "one refusal is one latency: {more:?}");
}

#[test]
fn a_first_answer_that_says_nothing_lets_one_more_leave_and_the_next_of_the_service_all() {
    for first in [Answer::Unclear, Answer::Refused(500, "InternalServiceException"), Answer::Refused(405, "")]
    {
        let came = paused(a_hundred(&[first; 3], 64, None));
        assert_eq!((came.created, came.creates), (100, 103), "{first:?}");
        assert_eq!(came.most_before_a_success, 1, "{first:?}");
    }
    // A throttle is an answer, and so is a refusal of one row.
    for first in
        [Answer::Refused(429, "ThrottlingException"), Answer::Refused(400, "InvalidRequestException")]
    {
        let came = paused(a_hundred(&[first], 64, None));
        assert!(came.most_before_a_success > 1, "{first:?}");
    }
}

/// `2026-11-23T14:38:13.042Z` as Signature Version 4 has it: `20261123T143813Z`.
fn as_signed(at: &Value) -> String {
    let at = at.as_str().unwrap();
    at.split('.').next().unwrap().replace(['-', ':'], "") + "Z"
}

#[test]
fn a_request_is_signed_with_its_intents_own_time() {
    let (signed, lines) = paused(one_after_the_other(Duration::from_secs(40)));
    assert_eq!(lines.len(), 2, "one intent, one outcome: {lines:?}");
    assert_eq!(signed[1], ("bo".to_owned(), as_signed(&lines[0]["at"])));
    // Two seconds after the first, whose answer is waited for so long, although it left forty seconds after it.
    assert_eq!((&*signed[0].1, &*signed[1].1), ("20261123T143813Z", "20261123T143815Z"));
}

#[test]
fn an_intent_that_waited_for_more_than_a_minute_is_not_sent_but_made_anew() {
    let (signed, lines) = paused(one_after_the_other(Duration::from_secs(70)));
    let said: Vec<_> =
        lines.iter().map(|line| (line["attempt"].as_u64(), line["unexecuted"].as_str())).collect();
    let expected = [(Some(2), None), (Some(2), Some("not_sent")), (Some(3), None), (Some(3), None)];
    assert_eq!(said, expected, "{lines:?}");
    assert_eq!(signed.len(), 2, "what was signed long ago has not left");
    assert_eq!(signed[1], ("bo".to_owned(), as_signed(&lines[2]["at"])));
    assert!(signed[1].1 > signed[0].1);
}

fn paused<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}

#[test]
fn what_an_answer_to_a_create_leads_to() {
    let mut told = String::new();
    for in_doubt in [false, true] {
        for (name, answer) in ANSWERS {
            writeln!(told, "{name}{}", if in_doubt { "; in doubt before" } else { "" }).unwrap();
            told += &paused(run(Call::Create { in_doubt }, &[answer], true, None));
        }
        writeln!(told, "not found, and neither is the instance; {in_doubt}").unwrap();
        let gone = [Answer::Refused(404, "ResourceNotFoundException")];
        told += &paused(run(Call::Create { in_doubt }, &gone, false, None));
        writeln!(told, "signature, and the clock is an hour behind; {in_doubt}").unwrap();
        let skewed = [Answer::Refused(403, "RequestTimeTooSkewed")];
        let date = Some("Mon, 23 Nov 2026 15:38:13 GMT");
        told += &paused(run(Call::Create { in_doubt }, &skewed, true, date));
        writeln!(told, "signature twice, and the clock is an hour behind; {in_doubt}").unwrap();
        let skewed = [Answer::Refused(403, "RequestTimeTooSkewed"); 2];
        told += &paused(run(Call::Create { in_doubt }, &skewed, true, Some("Mon, 23 Nov 2026 13:38:13 GMT")));
    }
    insta::assert_snapshot!("create", told);
}

#[test]
fn what_two_answers_to_a_create_lead_to() {
    let mut told = String::new();
    for (first, before) in ANSWERS {
        for (name, answer) in ANSWERS {
            writeln!(told, "{first}, then {name}").unwrap();
            told += &paused(run(Call::Create { in_doubt: false }, &[before, answer], true, None));
        }
    }
    insta::assert_snapshot!("create_twice", told);
}

#[test]
fn what_an_answer_to_what_follows_leads_to() {
    let mut told = String::new();
    for (name, answer) in ANSWERS {
        writeln!(told, "{name}").unwrap();
        told += &paused(run(Call::Associate, &[answer], true, None));
        writeln!(told, "in doubt, then {name}").unwrap();
        told += &paused(run(Call::Associate, &[Answer::Unclear, answer], true, None));
        writeln!(told, "{name} again and again").unwrap();
        told += &paused(run(Call::Associate, &[answer; 200], true, None));
    }
    insta::assert_snapshot!("associate", told);
}
