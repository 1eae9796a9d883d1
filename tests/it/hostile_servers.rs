//! Servers that are broken or mean harm: whatever they answer, a request ends, is believed only where it may be, and
//! nothing of it steers a terminal.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount::connect::{CallError, Credentials, HttpOptions, Operation};
use headcount::lane::verdict::{Verdict, of_fault};
use headcount::text::hides;

use crate::harness::{Ran, headcount, run};
use crate::wire::{
    ID, KEY, PASSWORD, SECRET, answering, client, create, ended, http, plain, read_request, server,
};

const ARN: &str = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const OK: &str = "{\"UserId\":\"u-1\"}";

/// Sends these bytes as the answer to a create, then closes, and returns what came of it.
async fn answered(bytes: impl Into<Vec<u8>>) -> Result<String, CallError> {
    let bytes = bytes.into();
    let (address, thread) = server(move |mut stream| {
        read_request(&mut stream);
        // The client may hang up before the end.
        let _ = stream.write_all(&bytes);
    });
    let created = create(&plain(&address)).await;
    ended(thread).await;
    created
}

#[track_caller]
fn is_unclear(name: &str, created: Result<String, CallError>) {
    match created {
        Err(CallError::Unclear(_)) => {}
        other => panic!("{name}: {other:?}"),
    }
}

/// Calls a server that writes for ever, with a time-out of its own.
async fn against_the_endless(
    head: &'static str,
    again: impl Fn(usize) -> Vec<u8> + Send + 'static,
    drips: bool,
) -> Result<String, CallError> {
    let (address, thread) = server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(head.as_bytes());
        // What is read is the client's hanging up; until then the wait is what slows a drip.
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        for number in 0.. {
            if stream.write_all(&again(number)).is_err() || (drips && matches!(stream.read(&mut [0]), Ok(0)))
            {
                break;
            }
        }
    });
    let options = HttpOptions { timeout: Duration::from_millis(500), ..HttpOptions::default() };
    let client = client(&format!("http://{address}"), Credentials::fixed(KEY, SECRET, None), &options);
    let created = create(&client).await;
    drop(client);
    ended(thread).await;
    created
}

#[tokio::test]
async fn a_body_without_an_end_is_cut_at_the_limit() {
    let chunk = |_| format!("{:x}\r\n{}\r\n", 65_536, "a".repeat(65_536)).into_bytes();
    let options = HttpOptions::default();
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (address, thread) = server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(head.as_bytes());
        while stream.write_all(&chunk(0)).is_ok() {}
    });
    let error = create(&plain(&address)).await.unwrap_err();
    assert!(error.to_string().contains(&format!("longer than {} bytes", options.body_limit)), "{error}");
    is_unclear("endless", Err(error));
    ended(thread).await;
}

#[tokio::test]
async fn a_head_or_a_body_that_drips_ends_with_the_time_out() {
    let head = against_the_endless("HTTP/1.1 200 OK\r\nX-Slow: ", |_| b"a".to_vec(), true).await;
    is_unclear("a head", head);
    let body =
        against_the_endless("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", |_| b" ".to_vec(), true)
            .await;
    is_unclear("a body", body);
}

#[tokio::test]
async fn provisional_answers_without_an_end_end_with_the_time_out() {
    let flood = |_| b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    is_unclear("100", against_the_endless("", flood, false).await);
    let hints = |_| b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(1000);
    is_unclear("103", against_the_endless("", hints, false).await);
    // One is passed over.
    let one = format!("HTTP/1.1 100 Continue\r\n\r\n{}", http("200 OK", "", OK));
    assert_eq!(answered(one).await.unwrap(), "u-1");
}

#[tokio::test]
async fn headers_without_measure_are_refused() {
    let many: String = (0..20_000).map(|n| format!("X-H{n}: v\r\n")).collect();
    is_unclear("many", answered(http("200 OK", &many, OK)).await);
    let long = format!("X-Long: {}\r\n", "a".repeat(8 << 20));
    is_unclear("long", answered(http("200 OK", &long, OK)).await);
    is_unclear("no colon", answered("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n{}").await);
    let endless = against_the_endless("HTTP/1.1 200 OK\r\n", |n| format!("X-{n}: v\r\n").into_bytes(), false);
    is_unclear("endless", endless.await);
}

#[tokio::test]
async fn a_length_that_lies_is_never_a_success() {
    for (name, length) in [("short", "5"), ("zero", "0"), ("long", "1000")] {
        is_unclear(name, answered(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{OK}")).await);
    }
    for length in ["-1", "99999999999999999999999", "0x10", "16, 17", "+16"] {
        is_unclear(
            length,
            answered(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{OK}")).await,
        );
    }
    let two = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\nContent-Length: 17\r\n\r\n";
    is_unclear("two", answered(format!("{two}{OK}")).await);
}

#[tokio::test]
async fn chunks_that_are_none_are_never_a_success() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        format!("zz\r\n{OK}\r\n0\r\n\r\n"),
        format!("FFFFFFFFFFFFFFFFF\r\n{OK}\r\n0\r\n\r\n"),
        format!("-10\r\n{OK}\r\n0\r\n\r\n"),
        format!("10\r\n{OK}no line end\r\n0\r\n\r\n"),
        format!("10\r\n{OK}\r\n"),
        format!("ffffff\r\n{OK}\r\n0\r\n\r\n"),
        format!("10;{}\r\n{OK}\r\n0\r\n\r\n", "e".repeat(1 << 20)),
        "0\r\n\r\n".to_owned(),
        String::new(),
    ] {
        let name: String = body.chars().take(40).collect();
        is_unclear(&name, answered(format!("{chunked}{body}")).await);
    }
}

#[tokio::test]
async fn a_second_answer_in_the_first_is_not_taken_for_the_next_calls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let mut first = listener.accept().unwrap().0;
        read_request(&mut first);
        let smuggled = http("200 OK", "", "{\"UserId\":\"smuggled\"}");
        first.write_all(format!("{}{smuggled}", http("200 OK", "", OK)).as_bytes()).unwrap();
        // The next call comes over a connection of its own, or not at all.
        let mut second = listener.accept().unwrap().0;
        read_request(&mut second);
        second.write_all(http("200 OK", "", "{\"UserId\":\"u-2\"}").as_bytes()).unwrap();
        drop(first);
    });
    let client = plain(&address);
    assert_eq!(create(&client).await.unwrap(), "u-1");
    assert_eq!(create(&client).await.unwrap(), "u-2");
    ended(thread).await;
}

#[tokio::test]
async fn an_answer_is_read_by_what_it_is_and_not_by_what_it_calls_itself() {
    let text = http("200 OK", "Content-Type: text/html\r\n", OK);
    assert_eq!(answered(text).await.unwrap(), "u-1");
    let html =
        http("200 OK", "Content-Type: application/json\r\n", "<html>Sign in to the guest network</html>");
    is_unclear("html", answered(html).await);
}

#[tokio::test]
async fn a_success_with_the_body_of_an_error_is_unclear() {
    for body in [
        r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
        r#"{"Message":"Internal failure"}"#,
        r#"{"message":"x","UserId":null}"#,
        "null",
        "[]",
        "\"u-1\"",
        "{\"UserId\":\"u-1\"}{\"UserId\":\"u-2\"}",
    ] {
        is_unclear(body, answered(http("200 OK", "", body)).await);
    }
    // Were it taken for an id, the ledger would have it.
    is_unclear("a password", answered(http("200 OK", "", &format!("{{\"UserId\":\"u-{PASSWORD}\"}}"))).await);
    is_unclear("204", answered("HTTP/1.1 204 No Content\r\n\r\n").await);
    let error =
        answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n").await;
    match error.unwrap_err() {
        CallError::Refused(fault) => assert_eq!(of_fault(Operation::CreateUser, &fault), Verdict::InDoubt),
        other => is_unclear("101", Err(other)),
    }
}

#[tokio::test]
async fn compressed_bodies_are_not_unpacked() {
    // {"UserId":"u-1"} as gzip has it, in a stored block.
    let mut gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x10\0\xef\xff".to_vec();
    gzip.extend(OK.as_bytes());
    gzip.extend([0; 8]);
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            gzip.len()
        )
        .into_bytes();
        answer.extend(&gzip);
        is_unclear(coding, answered(answer).await);
    }
}

#[tokio::test]
async fn json_that_is_deep_broken_or_no_text_is_unclear() {
    // What is not wanted is passed over without a recursion; what is wanted has a depth.
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let beside = answered(http("200 OK", "", &format!("{{\"UserId\":\"u-1\",\"x\":{nested}}}"))).await;
    assert_eq!(beside.unwrap(), "u-1");
    is_unclear("deep", answered(http("200 OK", "", &format!("{{\"UserId\":{nested}}}"))).await);
    is_unclear("deep from the start", answered(http("200 OK", "", &nested)).await);
    let mut invalid = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n".to_vec();
    invalid.extend(b"{\"UserId\":\"\xff\xfe\"}");
    is_unclear("no UTF-8", answered(invalid).await);
    is_unclear("a NUL", answered(http("200 OK", "", "{\"UserId\":\"u\0\"}")).await);
    is_unclear("half a surrogate", answered(http("200 OK", "", r#"{"UserId":"\ud800"}"#)).await);
    // Headers that are no text are passed over.
    let mut odd =
        b"HTTP/1.1 200 OK\r\nx-amzn-requestid: \xff\xfe\r\nDate: never\r\nContent-Length: 16\r\n\r\n"
            .to_vec();
    odd.extend(OK.as_bytes());
    assert_eq!(answered(odd).await.unwrap(), "u-1");
}

#[tokio::test]
async fn no_redirect_is_followed_anywhere() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let location = format!("Location: http://{address}/users/{ID}\r\n");
        let error = answered(http(status, &location, "")).await.unwrap_err();
        assert_eq!(error.fault().map(|fault| fault.status.to_string()).as_deref(), status.get(..3));
    }
    assert!(elsewhere.accept().is_err(), "somebody followed");
}

fn list(entry: &str, number: usize) -> String {
    format!("{{\"UserSummaryList\":[{}{{}}]}}", entry.repeat(number))
}

#[tokio::test]
async fn a_page_of_any_number_of_entries_is_read_without_a_tree_or_refused() {
    let (address, thread) = server(answering(http("200 OK", "", &list("{\"Id\":\"1\"},", 600_000))));
    let page = plain(&address).list_users(ID, None).await.unwrap().value;
    assert_eq!(page.items.len(), 600_001);
    ended(thread).await;
    let (address, thread) = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(http("200 OK", "", &list("{\"Id\":\"1\"},", 1_000_000)).as_bytes());
    });
    let error = plain(&address).list_users(ID, None).await.unwrap_err();
    assert!(matches!(error, CallError::Unclear(_)), "{error}");
    ended(thread).await;
}

#[tokio::test]
async fn a_clock_that_lies_breaks_nothing() {
    for date in
        ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Sat, 01 Jan 0000 00:00:00 GMT"]
    {
        let answer =
            http("403 Forbidden", &format!("Date: {date}\r\nx-amzn-ErrorType: RequestExpired\r\n"), "{}");
        let (address, thread) = server(answering(answer));
        let lied = plain(&address);
        let error = create(&lied).await.unwrap_err();
        ended(thread).await;
        if let Some(date) = error.fault().unwrap().date {
            lied.set_service_time(date);
            // Signed for that time, or not at all: nothing listens there any more.
            assert!(matches!(create(&lied).await, Err(CallError::NotSent(_))), "{date:?}");
        }
    }
}

/// Answers every request by its first line, with a status and a body.
struct Fake {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn start(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Self { url, asked }
    }

    fn was_asked(&self, what: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|line| line.contains(what))
    }

    fn headcount(&self, folder: &Path, args: &[&str]) -> Ran {
        let mut command = headcount(folder);
        command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
        run(command.env("AWS_ENDPOINT_URL_CONNECT", &self.url).args(args))
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> (u16, String)) {
    // A connection that is opened and never used.
    if !matches!(stream.peek(&mut [0]), Ok(1)) {
        return;
    }
    let request = read_request(&mut stream);
    let line = request.lines().next().unwrap_or_default().to_owned();
    let (status, body) = answer(&line);
    log.lock().unwrap().push(line);
    let _ = stream.write_all(http(&format!("{status} X"), "Connection: close\r\n", &body).as_bytes());
}

/// What may be in no output: sets the title, clears the screen, rings, turns the direction, 8-bit escapes.
const HOSTILE: &str =
    "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200f}\u{61c}\u{e0041}\r\u{8}y";

#[track_caller]
fn is_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        // A CSV begins with a mark, and its lines end as those of Excel's.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let found = text.chars().find(|c| hides(*c) && *c != '\n');
        assert_eq!(found, None, "{text:?}");
    }
}

/// A service whose every text is hostile; CreateUser is answered with this error.
fn hostile_service(status: u16, code: &str) -> Fake {
    let said = serde_json::Value::from(HOSTILE).to_string();
    let code = code.to_owned();
    Fake::start(move |line| {
        let name = |extra: &str| format!(r#"{{"Id":"1","Arn":"arn:a","Name":{said}{extra}}}"#);
        let body = match line {
            _ if line.starts_with("PUT ") => {
                return (status, format!(r#"{{"__type":"{code}","message":{said}}}"#));
            }
            _ if line.contains("/instance/") => format!(
                r#"{{"Instance":{{"Id":"{ID}","Arn":"{ARN}","IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":{said},"InstanceStatus":"ACTIVE"}}}}"#
            ),
            _ if line.contains("/routing-profiles") => {
                format!(r#"{{"RoutingProfileSummaryList":[{},{{"Id":"2","Name":"Basic"}}]}}"#, name(""))
            }
            _ if line.contains("/security-profiles") => {
                format!(r#"{{"SecurityProfileSummaryList":[{},{{"Id":"2","Name":"Agent"}}]}}"#, name(""))
            }
            _ if line.contains("/search-user-hierarchy") => {
                format!(r#"{{"UserHierarchyGroups":[{}]}}"#, name(r#","LevelId":"1""#))
            }
            _ if line.contains("/users-summary") => {
                format!(
                    r#"{{"UserSummaryList":[{{"Id":"1","Username":{said}}},{{"Id":"2","Username":"ANA"}}]}}"#
                )
            }
            _ => "{}".to_owned(),
        };
        (200, body)
    })
}

const ROSTER: &str = "first name,last name,email,password,user login,routing profile,security profiles,phone type\n\
                      Ana,Li,ana@example.com,Canary-7f3a-Pw1,ana,Basic,Agent,soft\n";

#[test]
fn nothing_a_service_says_steers_a_terminal() {
    for (status, code, exit) in [
        (400, "InvalidParameterException", 1),
        // No code of the service's: somebody in between, who is believed nothing.
        (400, "x\\u001b[2Jy\\u202e", 4),
        (403, "AccessDeniedException", 4),
        (403, "\\u001b]0;x\\u0007Exception", 4),
        (429, "LimitExceededException", 4),
    ] {
        let service = hostile_service(status, code);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("r.csv"), ROSTER).unwrap();
        let import = |flags: &[&str]| {
            let args = ["import", "r.csv", "--instance", ARN, "--rate", "1000"];
            service.headcount(folder.path(), &[&args, flags].concat())
        };
        is_harmless(&import(&["--dry-run"]));
        let ran = import(&[]).exits(exit);
        is_harmless(&ran);
        assert!(ran.stderr.contains("owned"), "it was said: {}", ran.stderr);
        let events = import(&["--format", "json"]);
        is_harmless(&events);
        for args in [
            ["status", "r.csv.ledger.jsonl", "--format", "human"],
            ["status", "r.csv.ledger.jsonl", "--format", "json"],
            ["report", "r.csv.ledger.jsonl", "--format", "md"],
            ["report", "r.csv.ledger.jsonl", "--format", "json"],
            ["report", "r.csv.ledger.jsonl", "--format", "html"],
        ] {
            let ran = service.headcount(folder.path(), &args).exits(0);
            is_harmless(&ran);
        }
        is_harmless(&service.headcount(folder.path(), &["retry", "r.csv.ledger.jsonl"]));
    }
}

#[test]
fn the_names_of_an_instance_steer_no_terminal_either() {
    let service = hostile_service(200, "x");
    let folder = tempfile::tempdir().unwrap();
    // Close to the hostile name, so that it is offered.
    std::fs::write(folder.path().join("r.csv"), ROSTER.replace("Basic", "Basik").replace("Agent", HOSTILE))
        .unwrap();
    let directory = |flags: &[&str]| {
        service.headcount(folder.path(), &[&["directory", "--instance", ARN], flags].concat())
    };
    is_harmless(&directory(&[]).exits(0));
    is_harmless(&directory(&["-o", "d.json"]).exits(0));
    for format in ["human", "json", "junit"] {
        let args = ["validate", "r.csv", "--directory", "d.json", "--format", format];
        let ran = service.headcount(folder.path(), &args).exits(3);
        is_harmless(&ran);
    }
}

#[test]
fn an_instance_that_is_another_kind_of_thing_stops_the_run() {
    for body in [
        "{}",
        "[]",
        "null",
        r#"{"Instance":[]}"#,
        r#"{"Instance":{"Id":7}}"#,
        "<html></html>",
        r#"{"Instance":{"Id":"i","Arn":"a","IdentityManagementType":"\u001b[2J","InstanceStatus":"ACTIVE"}}"#,
    ] {
        // Refused at once, so that nothing is tried again and again.
        let service = Fake::start(move |line| {
            if line.contains("/instance/") { (200, body.to_owned()) } else { (404, "{}".to_owned()) }
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("r.csv"), ROSTER).unwrap();
        let ran =
            service.headcount(folder.path(), &["import", "r.csv", "--instance", ARN, "--identity", "saml"]);
        assert!([3, 4].contains(&ran.exit), "{body}: {} {}", ran.exit, ran.stderr);
        is_harmless(&ran);
        assert!(!service.was_asked("PUT "), "{body}");
    }
}

/// A service that is well, but for what it answers to calls whose line has this in it.
fn well_but(what: &'static str, body: &'static str) -> Fake {
    Fake::start(move |line| {
        let body = match line {
            _ if line.contains(what) => body.to_owned(),
            _ if line.contains("/instance/") => format!(
                r#"{{"Instance":{{"Id":"{ID}","Arn":"{ARN}","IdentityManagementType":"CONNECT_MANAGED","InstanceStatus":"ACTIVE"}}}}"#
            ),
            _ if line.contains("/routing-profiles") => {
                r#"{"RoutingProfileSummaryList":[{"Id":"2","Name":"Basic"}]}"#.to_owned()
            }
            _ if line.contains("/security-profiles") => {
                r#"{"SecurityProfileSummaryList":[{"Id":"2","Name":"Agent"}]}"#.to_owned()
            }
            _ if line.starts_with("PUT ") => r#"{"UserId":"u-1"}"#.to_owned(),
            _ => "{}".to_owned(),
        };
        (200, body)
    })
}

#[test]
fn a_listing_that_cannot_be_true_is_not_begun_with() {
    let cases = [
        (
            "/instance/",
            r#"{"Instance":{"Id":"another","Arn":"arn:a","IdentityManagementType":"SAML","InstanceStatus":"ACTIVE"}}"#,
            "another",
        ),
        ("/users-summary", r#"{"UserSummaryList":[{"Id":"1","Username":null}]}"#, "without a name"),
        ("/users-summary", r#"{"UserSummaryList":[{"Id":null,"Username":"ana"}]}"#, "without an id"),
        ("/users-summary", r#"{"UserSummaryList":[null]}"#, "ListUsers"),
        (
            "/users-summary",
            r#"{"UserSummaryList":[{"Id":"1","Username":"ana"},{"Id":"2","Username":"ana"}]}"#,
            "two ids",
        ),
        (
            "/users-summary",
            r#"{"UserSummaryList":[{"Id":"1","Username":"ana"},{"Id":"1","Username":"ben"}]}"#,
            "two names",
        ),
        ("/users-summary", r#"{"UserSummaryList":[],"NextToken":"a"}"#, "same page twice"),
        ("/routing-profiles", r#"{"RoutingProfileSummaryList":[{"Id":"1","Name":null}]}"#, "without a name"),
        (
            "/routing-profiles",
            r#"{"RoutingProfileSummaryList":[{"Id":"1","Name":"Basic"},{"Id":"2","Name":"Basic"}]}"#,
            "two ids",
        ),
        (
            "/security-profiles",
            r#"{"SecurityProfileSummaryList":[{"Id":"","Name":"Agent"}]}"#,
            "without an id",
        ),
        (
            "/search-user-hierarchy",
            r#"{"UserHierarchyGroups":[{"Id":"1","Name":"a","LevelId":"1"},{"Id":"1","Name":"b","LevelId":"1"}]}"#,
            "two names",
        ),
    ];
    std::thread::scope(|scope| {
        for (what, body, said) in cases {
            scope.spawn(move || {
                let service = well_but(what, body);
                let folder = tempfile::tempdir().unwrap();
                std::fs::write(folder.path().join("r.csv"), ROSTER).unwrap();
                let args = ["import", "r.csv", "--instance", ARN, "--outage-timeout", "30"];
                let ran = service.headcount(folder.path(), &args).exits(4);
                assert!(ran.stderr.contains(said), "{body}: {}", ran.stderr);
                assert!(!service.was_asked("PUT "), "{body}");
                assert!(!folder.path().join("r.csv.ledger.jsonl").exists(), "{body}");
            });
        }
    });
    // Two security profiles may have one name: a row that names it is wrong, and nothing is picked.
    let two = r#"{"SecurityProfileSummaryList":[{"Id":"1","Name":"Agent"},{"Id":"2","Name":"Agent"}]}"#;
    let service = well_but("/security-profiles", two);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.csv"), ROSTER).unwrap();
    let ran = service.headcount(folder.path(), &["import", "r.csv", "--instance", ARN]).exits(3);
    assert!(ran.stderr.contains("the name of several"), "{}", ran.stderr);
    assert!(!service.was_asked("PUT "));
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_waited_for_aloud_and_not_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.csv"), ROSTER).unwrap();
    let import = |format: &str| {
        let mut command = headcount(folder.path());
        command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("AWS_ENDPOINT_URL_CONNECT", &url);
        run(command.args(["import", "r.csv", "--instance", ARN, "--outage-timeout", "9", "--format", format]))
            .exits(4)
    };
    std::thread::scope(|scope| {
        let human = scope.spawn(|| import("human"));
        let json = scope.spawn(|| import("json"));
        let (human, json) = (human.join().unwrap(), json.join().unwrap());
        let waiting = "DescribeInstance has not been answered yet";
        assert_eq!(human.stderr.matches(waiting).count(), 3, "twice, and why it stopped: {}", human.stderr);
        assert!(human.stderr.contains("nothing clear came back for 9 s"), "{}", human.stderr);
        assert_eq!(json.stdout.matches(r#"{"event":"waiting","#).count(), 2, "{}", json.stdout);
    });
    drop(listener);
}

#[test]
fn a_proxy_is_the_one_that_the_aws_sdks_take() {
    // A proxy that lets nobody through: what is asked of it is what counts.
    let cases: [(&[(&str, &str)], bool); 8] = [
        (&[("HTTPS_PROXY", "PROXY")], true),
        (&[("https_proxy", "PROXY")], true),
        (&[("ALL_PROXY", "PROXY")], true),
        (&[("HTTP_PROXY", "PROXY")], false),
        (&[("HTTPS_PROXY", "PROXY"), ("NO_PROXY", ".invalid")], false),
        (&[("HTTPS_PROXY", "PROXY"), ("no_proxy", "connect.invalid")], false),
        (&[("HTTPS_PROXY", "PROXY"), ("NO_PROXY", "*")], false),
        (&[("HTTPS_PROXY", "PROXY"), ("NO_PROXY", "other.invalid")], true),
    ];
    std::thread::scope(|scope| {
        for (variables, is_asked) in cases {
            scope.spawn(move || {
                let proxy = Fake::start(|_| (502, String::new()));
                let folder = tempfile::tempdir().unwrap();
                let mut command = unproxied(folder.path());
                let with_password = proxy.url.replace("http://", "http://ana:Canary-proxy@");
                for (name, value) in variables {
                    command.env(name, value.replace("PROXY", &with_password));
                }
                let ran = run(&mut command).exits(4);
                assert_eq!(
                    proxy.was_asked("CONNECT connect.invalid:443"),
                    is_asked,
                    "{variables:?}: {}",
                    ran.stderr
                );
                assert!(!ran.stderr.contains("Canary-proxy"), "{}", ran.stderr);
            });
        }
    });
}

/// Reads an instance at an address that does not exist, with no proxy of this machine's.
fn unproxied(folder: &Path) -> std::process::Command {
    let mut command = headcount(folder);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
    command.args(["directory", "--instance", ARN, "--endpoint-url", "https://connect.invalid"]);
    command
}

#[test]
fn certificates_that_cannot_be_used_are_a_mistake_of_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    std::fs::write(
        folder.path().join("junk.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    for bundle in ["empty.pem", "junk.pem", "nowhere.pem", "."] {
        let ran = run(unproxied(folder.path()).env("AWS_CA_BUNDLE", bundle)).exits(2);
        assert!(ran.stderr.contains("AWS_CA_BUNDLE") || ran.stderr.contains("TLS"), "{}", ran.stderr);
    }
}
