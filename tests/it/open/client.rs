//! The program with its page, and a client of it that sends what it is told to, byte for byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::headcount;

/// How long anything is waited for.
pub const LONG: Duration = Duration::from_secs(60);

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Takes an answer apart; the pieces of a body are put together.
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = bytes[end + 4..].to_vec();
        if head.contains("transfer-encoding: chunked") {
            let (mut rest, mut whole) = (&body[..], Vec::new());
            while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
                let length =
                    usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap().trim(), 16).unwrap();
                whole.extend_from_slice(&rest[at + 2..at + 2 + length]);
                rest = &rest[(at + 4 + length).min(rest.len())..];
            }
            body = whole;
        }
        Self { status, head, body }
    }

    /// Fails unless it has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The document of an answer that says yes.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends bytes as they are, and reads all that comes back.
pub fn raw(port: u16, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LONG))?;
    // Who refuses what is too large reads no further.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        read?;
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    }
    Ok(Answer::read(&answer))
}

fn without_turns(mut state: Value) -> Value {
    state.as_object_mut().unwrap().remove("turn");
    if let Some(run) = state["run"].as_object_mut() {
        run.remove("turn");
    }
    state
}

type Said = Arc<Mutex<String>>;

/// A page that is served by a process of its own, which ends with it.
pub struct Page {
    child: Child,
    pub port: u16,
    pub code: String,
    pub key: String,
    pub lease: u64,
    said: Said,
}

impl Page {
    /// The command that opens one.
    pub fn command(folder: &Path, words: &[&str]) -> Command {
        let mut command = headcount(folder);
        command.env("XDG_STATE_HOME", folder.join("state")).arg("open").args(words);
        command
    }

    /// Starts the program, and reads its link. Nobody has used it.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let link = line.split_once("http://127.0.0.1:").unwrap_or_else(|| {
            let mut rest = String::new();
            let _ = stderr.read_to_string(&mut rest);
            panic!("no link: {line}{rest}")
        });
        let (port, code) = link.1.trim().split_once("/#c=").unwrap();
        let (port, code) = (port.parse().unwrap(), code.to_owned());
        let said: Said = Arc::new(Mutex::new(line));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).is_ok_and(|read| read > 0) {
                heard.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self { child, port, code, key: String::new(), lease: 0, said }
    }

    /// A page whose link was used by this client.
    pub fn open(folder: &Path, words: &[&str]) -> Self {
        let mut page = Self::start(&mut Self::command(folder, &[words, &["--no-browser"]].concat()));
        page.begin();
        page
    }

    /// Uses the link.
    pub fn begin(&mut self) -> Answer {
        let answer = self.post("/api/session", &json!({ "code": self.code }));
        let session = answer.json();
        self.key = session["key"].as_str().unwrap().to_owned();
        self.lease = session["lease"].as_u64().unwrap();
        answer
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What was said in the terminal so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The head of a request as our own page sends it.
    pub fn head(&self, method: &str, path: &str, kind: &str, length: usize) -> String {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", self.port);
        if !self.key.is_empty() {
            head += &format!("X-Headcount: {}\r\nX-Headcount-Lease: {}\r\n", self.key, self.lease);
        }
        if !kind.is_empty() {
            head += &format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n");
        }
        head + "\r\n"
    }

    pub fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let head = self.head(method, path, kind, body.len());
        raw(self.port, &[head.as_bytes(), body].concat())
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string().as_bytes())
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, "application/json", body.to_string().as_bytes())
    }

    pub fn upload(&self, name: &str, bytes: &[u8]) -> Answer {
        self.send("PUT", &format!("/api/files/{name}"), "application/octet-stream", bytes)
    }

    /// The state, without the turn in which it was told: that is another each time.
    pub fn state(&self) -> Value {
        without_turns(self.get("/api/state").json())
    }

    pub fn revision(&self) -> u64 {
        self.state()["revision"].as_u64().unwrap()
    }

    /// Listens from now on.
    pub fn events(&self) -> Events {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(self.head("GET", "/api/events", "", 0).as_bytes()).unwrap();
        Events { lines: BufReader::new(stream), all: String::new(), until: Instant::now() + LONG }
    }

    /// The first state of which this holds, as the page is told it.
    #[track_caller]
    pub fn until(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut events = self.events();
        while let Some((name, data)) = events.next() {
            if name == "state" && is_it(&data) {
                return without_turns(data);
            }
        }
        panic!("it never was {what}: {}\nwhat was told: {}", self.state(), events.all);
    }

    /// The state once all rows are checked.
    #[track_caller]
    pub fn checked(&self) -> Value {
        self.until("checked", |state| state["checked"] == state["revision"])
    }

    /// The state once a run is over.
    #[track_caller]
    pub fn over(&self) -> Value {
        self.until("over", |state| {
            ["ended", "stopped"].contains(&state["run"]["state"].as_str().unwrap_or(""))
        })
    }

    /// Waits for its end; the exit code.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.said())
    }

    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C.
    pub fn interrupt(self) -> (Option<i32>, String) {
        let sent = Command::new("kill").args(["-INT", &self.pid().to_string()]).status();
        assert!(sent.unwrap().success());
        self.ended()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What happens, as the page is told it.
pub struct Events {
    lines: BufReader<TcpStream>,
    /// All that came.
    pub all: String,
    /// How long it is listened to: a heartbeat comes for ever.
    until: Instant,
}

impl Events {
    /// The next event with its data; `None` at the end, or after long.
    pub fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            if Instant::now() > self.until || self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            self.all.push_str(&line);
            if let Some(told) = line.strip_prefix("event: ") {
                name = told.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// The next event of this name.
    #[track_caller]
    pub fn until(&mut self, wanted: &str) -> Value {
        loop {
            let (name, data) = self.next().unwrap_or_else(|| panic!("no {wanted} came: {}", self.all));
            if name == wanted {
                return data;
            }
        }
    }
}
