//! Somebody in between: a gateway before the embedded Connect, over sockets, and the real program behind it. It refuses in its
//! own words, before or after it has passed a request on.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::harness::{Ran, Service, folder, run, status};
use crate::wire::{http, read_request};

/// What a gateway does with a PUT.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Puts {
    /// Refuses all, and passes none on.
    Refused,
    /// Passes the first on, and refuses it then.
    FirstRefusedThough,
    /// Passes all on.
    Passed,
}

/// A gateway on loopback.
struct Gateway {
    url: String,
    puts: Arc<Mutex<Puts>>,
    seen: Arc<AtomicUsize>,
}

impl Gateway {
    /// Before `upstream`, `host:port`; it refuses with this answer.
    fn before(upstream: &str, puts: Puts, refusal: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gateway = Self { url, puts: Arc::new(Mutex::new(puts)), seen: Arc::default() };
        let (puts, seen) = (Arc::clone(&gateway.puts), Arc::clone(&gateway.seen));
        let upstream = upstream.to_owned();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (puts, seen) = (Arc::clone(&puts), Arc::clone(&seen));
                let (upstream, refusal) = (upstream.clone(), refusal.clone());
                std::thread::spawn(move || {
                    // A connection that is opened and never used.
                    if !matches!(stream.peek(&mut [0]), Ok(1)) {
                        return;
                    }
                    let request = read_request(&mut stream);
                    let is_put = request.starts_with("PUT ");
                    let number = if is_put { seen.fetch_add(1, Ordering::Relaxed) } else { 0 };
                    let puts = *puts.lock().unwrap();
                    let refuses = is_put
                        && match puts {
                            Puts::Refused => true,
                            Puts::FirstRefusedThough => number == 0,
                            Puts::Passed => false,
                        };
                    let passes = !refuses || puts == Puts::FirstRefusedThough;
                    let answer = if passes { passed_on(&upstream, &request) } else { Vec::new() };
                    let _ = stream.write_all(if refuses { refusal.as_bytes() } else { &answer });
                });
            }
        });
        gateway
    }

    fn import(&self, service: &Service, folder: &std::path::Path) -> Ran {
        let mut command = service.import(folder, "roster.csv", &["--rate", "1000", "--concurrency", "64"]);
        run(command.env("AWS_ENDPOINT_URL_CONNECT", &self.url))
    }
}

/// Has one request answered by the other side; the connection is closed after it.
fn passed_on(upstream: &str, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(upstream).unwrap();
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// What gateways say: nginx, an ALB, Squid, an API Gateway's HTTP API, Kong, and nothing at all.
const SAID: [(&str, &str); 5] = [
    ("Server: nginx/1.25.3\r\nContent-Type: text/html\r\n", "<html><center><h1>refused</h1></center></html>"),
    ("Server: squid/5.7\r\nVia: 1.1 proxy01 (squid/5.7)\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n", "<html>"),
    ("Apigw-Requestid: abc=\r\nContent-Type: application/json\r\n", "{\"message\":\"Not Found\"}"),
    ("Server: kong/3.4\r\n", "{\"code\":\"NoRoute\",\"message\":\"no Route matched with those values\"}"),
    ("", ""),
];

const STATUSES: [&str; 10] = [
    "404 Not Found",
    "405 Method Not Allowed",
    "410 Gone",
    "412 Precondition Failed",
    "413 Content Too Large",
    "421 Misdirected Request",
    "425 Too Early",
    "431 Request Header Fields Too Large",
    "451 Unavailable For Legal Reasons",
    "499 Client Closed Request",
];

const HEADER: &str = "first name,last name,password,user login,routing profile name,security_profile_name_1|security_profile_name_2\n";

fn roster(people: usize) -> String {
    let row = |n| format!("First,Last,Canary-7f3a-Pw1,user{n},Basic Routing Profile,Agent\n");
    HEADER.to_owned() + &(0..people).map(row).collect::<String>()
}

#[test]
fn a_user_that_a_gateway_denies_is_found_and_made_once() {
    for (at, code) in STATUSES.into_iter().enumerate() {
        let (headers, body) = SAID[at % SAID.len()];
        let service = Service::start(&["--rate", "1000"]);
        let gateway = Gateway::before(
            service.url.trim_start_matches("http://"),
            Puts::FirstRefusedThough,
            http(code, headers, body),
        );
        let place = folder(&[]);
        std::fs::write(place.path().join("roster.csv"), roster(3)).unwrap();
        let ran = gateway.import(&service, place.path()).exits(0);
        assert!(ran.stdout.starts_with("3 of 3 rows created, 1 of them recovered"), "{code}: {ran:?}");
        assert!(!ran.stderr.contains("rejected"), "{code}: {}", ran.stderr);
    }
}

#[test]
fn a_gateway_that_refuses_every_put_stops_the_run_and_mended_the_same_command_makes_all() {
    for (code, (headers, body)) in STATUSES[..2].iter().chain(&["501 Not Implemented"]).zip(SAID) {
        let service = Service::start(&["--rate", "1000"]);
        let gateway = Gateway::before(
            service.url.trim_start_matches("http://"),
            Puts::Refused,
            http(code, headers, body),
        );
        let place = folder(&[]);
        std::fs::write(place.path().join("roster.csv"), roster(30)).unwrap();
        let ran = gateway.import(&service, place.path()).exits(4);
        for words in [
            "this is not Connect: a proxy or gateway answers",
            &code[..3],
            &gateway.url[7..],
            "resume with: ",
        ] {
            assert!(ran.stderr.contains(words), "no `{words}`: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("rejected") && !ran.stderr.contains("()"), "{}", ran.stderr);
        let rows = status(place.path(), "roster.csv.ledger.jsonl")["rows"].clone();
        // Five where each is answered in time; on a machine that is held up, others may leave beside the one that is not,
        // or have said that they would when the run stops. The exact number is held in paused time.
        let (asked, in_doubt) =
            (gateway.seen.load(Ordering::Relaxed) as u64, rows["in_doubt"].as_u64().unwrap());
        assert!((5..30).contains(&asked) && (5..30).contains(&in_doubt), "{asked} calls: {rows}");
        assert_eq!(in_doubt + rows["pending"].as_u64().unwrap(), 30, "{rows}");
        *gateway.puts.lock().unwrap() = Puts::Passed;
        let ran = gateway.import(&service, place.path()).exits(0);
        assert!(ran.stdout.starts_with("30 of 30 rows created"), "{ran:?}");
        assert_eq!(service.calls("CreateUser", "executed"), 30);
    }
}
