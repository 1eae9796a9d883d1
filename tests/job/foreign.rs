//! Somebody in between answers, and the first answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use headcount::connect::{BoxFuture, Credentials, Transport, TransportError};
use headcount::exit::Exit;
use headcount::job::{Job, Lanes, PaceAsked, RateAsked};
use headcount::simulator::{ACCESS_KEY_ID, Fault, InProcess, SECRET_ACCESS_KEY, Spec};
use headcount::stop::Stop;
use http::{Request, Response};

use crate::stage::{Stage, unlimited};

/// A refusal without a code, as a proxy, a gateway or a captive portal has it.
const fn bare(status: u16) -> Fault {
    Fault::Refuse { status, code: "" }
}

/// Everything that is not a success, a server's trouble, a throttle or the question who calls.
const REFUSALS: [u16; 24] = [
    400, 402, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 425, 426,
    428, 431, 451,
];

#[tokio::test(start_paused = true)]
async fn a_refusal_without_the_services_code_is_in_doubt_and_settled() {
    for status in REFUSALS.into_iter().chain([499, 300, 302, 307]) {
        let stage = Stage::of(unlimited(), 3);
        // The service itself has answered before: a bare refusal is one row's trouble.
        stage.connect.world().order([Fault::Pass, bare(status), Fault::Pass]);
        let ended = stage.run(stage.import()).await.unwrap();
        assert_eq!((ended.exit, ended.counts.created, ended.counts.rejected), (Exit::Done, 3, 0), "{status}");
        assert_eq!(stage.connect.world().everyone().count(), 3, "{status}: nobody is made twice");
    }
}

#[tokio::test(start_paused = true)]
async fn where_each_first_answer_is_a_gateways_the_run_stops_and_the_same_command_goes_on_once_it_is_mended()
{
    for status in [404, 405, 302, 501, 511] {
        let mut stage = Stage::of(distant(), 40);
        // Were two under way before one is answered, the others would get through.
        stage.connect.world().order(vec![bare(status); 5]);
        let ended = stage.run(at_once(&stage, 64)).await.unwrap();
        assert_eq!(ended.exit, Exit::Stopped, "{status}");
        let Some(Stop::NotConnect { message }) = &ended.stop else { panic!("{status}: {:?}", ended.stop) };
        assert!(message.contains(&format!("HTTP {status} from `127.0.0.1:4510`")), "{message}");
        let text = ended.stop.as_ref().unwrap().to_string();
        assert!(text.starts_with("this is not Connect: a proxy or gateway answers"), "{text}");
        assert_eq!((ended.counts.rejected, ended.counts.created), (0, 0), "nothing is believed");
        assert_eq!((ended.counts.in_doubt, ended.counts.pending), (5, 35), "one after the other");
        assert_eq!(stage.called(), 5, "{status}");
        stage.go_on();
        let ended = stage.run(stage.import()).await.unwrap();
        assert_eq!((ended.exit, ended.counts.created), (Exit::Done, 40), "{status}: {:?}", ended.stop);
        assert_eq!(stage.connect.world().everyone().count(), 40);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bare_401_403_or_407_stops_and_what_was_sent_stays_in_doubt() {
    for status in [401, 403, 407] {
        let stage = Stage::of(unlimited(), 40);
        stage.connect.world().order([bare(status)]);
        let ended = stage.run(stage.import()).await.unwrap();
        assert_eq!(ended.exit, Exit::Stopped, "{status}");
        assert!(matches!(ended.stop, Some(Stop::NotConnect { .. })), "{status}: {:?}", ended.stop);
        assert_eq!((ended.counts.in_doubt, ended.counts.pending), (1, 39), "{status}");
        assert_eq!(stage.called(), 1, "{status}: the first answer is enough");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bare_429_waits() {
    let stage = Stage::of(unlimited(), 3);
    stage.connect.world().order([bare(429)]);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.calls.throttled), (Exit::Done, 3, 1));
}

/// So many places, at a latency.
fn at_once(stage: &Stage, in_flight: usize) -> Job {
    let pace = PaceAsked { rate: RateAsked::Fixed(1000.0), burst: None, concurrency: Some(in_flight) };
    Job { pace, ..stage.import() }
}

fn distant() -> Spec {
    Spec { latency: Duration::from_millis(50), ..unlimited() }
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_a_full_instance_and_a_token_that_stays_expired_cost_one_call() {
    for (status, code) in [
        (403, "AccessDeniedException"),
        (403, "UnrecognizedClientException"),
        (429, "LimitExceededException"),
        (402, "ServiceQuotaExceededException"),
        (403, "ExpiredTokenException"),
    ] {
        let stage = Stage::of(distant(), 200);
        stage.connect.world().order(vec![Fault::Refuse { status, code }; 200]);
        let ended = stage.run(at_once(&stage, 64)).await.unwrap();
        assert_eq!(ended.exit, Exit::Stopped, "{code}");
        assert_eq!(stage.called(), 1, "{code}");
        assert_eq!(ended.counts.pending, 200, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_row_alone_is_sent_until_it_is_known_that_nobody_is_there() {
    let stage = Stage::of(unlimited(), 1);
    stage.connect.world().order(vec![bare(405); 200]);
    let ended = stage.run(stage.import()).await.unwrap();
    assert!(matches!(ended.stop, Some(Stop::NotConnect { .. })), "{:?}", ended.stop);
    assert_eq!((ended.counts.in_doubt, stage.called()), (1, 5));
}

/// An instance that is there until the first user is to be made; from then on whatever names it is refused so.
struct Gone {
    connect: InProcess,
    refusal: (u16, &'static str),
    creates: Mutex<usize>,
}

impl Transport for Gone {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let is_create = request.method() == "PUT";
        let is_gone = {
            let mut creates = self.creates.lock().unwrap();
            *creates += usize::from(is_create);
            *creates > 0
        };
        Box::pin(async move {
            if !is_gone {
                return self.connect.send(request).await;
            }
            headcount::clock::sleep(Duration::from_millis(50)).await;
            let (status, code) = self.refusal;
            let answer = Response::builder().status(status).header("x-amzn-errortype", code);
            Ok(answer.body(Bytes::from_static(b"{\"Message\":\"the instance\"}")).unwrap())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_wrong_or_gone_by_the_first_create_costs_one_call() {
    for (status, code) in [
        (404, "ResourceNotFoundException"),
        (400, "InvalidRequestException"),
        (400, "InvalidParameterException"),
        (403, "InvalidSignatureException"), // another region's endpoint: the scope of the signature is not its own
        (403, "UnrecognizedClientException"),
    ] {
        for in_flight in [1, 5, 64] {
            let mut stage = Stage::of(distant(), 200);
            let gone = Arc::new(Gone {
                connect: stage.connect.clone(),
                refusal: (status, code),
                creates: Mutex::default(),
            });
            let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
            stage.world.lanes = Arc::new(Lanes::within(gone.clone(), credentials));
            let ended = stage.run(at_once(&stage, in_flight)).await.unwrap();
            assert_eq!(ended.exit, Exit::Stopped, "{code}: {:?}", ended.stop);
            assert_eq!(*gone.creates.lock().unwrap(), 1, "{code}, {in_flight}: {:?}", ended.stop);
            assert_eq!((ended.counts.pending, ended.counts.rejected), (200, 0), "{code}, {in_flight}");
            let is_no_instance = matches!(ended.stop, Some(Stop::NoInstance));
            assert_eq!(is_no_instance, status != 403, "{code}: {:?}", ended.stop);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_row_that_is_refused_alone_costs_one_question_and_fails_alone() {
    let stage = Stage::of(distant(), 64);
    stage.connect.world().order([Fault::Refuse { status: 400, code: "InvalidRequestException" }]);
    let ended = stage.run(at_once(&stage, 64)).await.unwrap();
    assert_eq!((ended.counts.rejected, ended.counts.created, stage.called()), (1, 63, 64));
}
