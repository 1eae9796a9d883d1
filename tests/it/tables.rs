//! Other people's DynamoDB, for shared ledgers: moto, which is installed where this machine's Python has none, and dynalite,
//! where it has Node.js. Each is served by a process of its own, that ends with the tests.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::python;

/// The version of dynalite, pinned.
const DYNALITE: &str = "dynalite@4.0.0";

/// A server of tables.
#[derive(Debug)]
pub struct Tables {
    pub name: &'static str,
    pub url: String,
    /// Whether a failed condition tells what stands there.
    pub tells_the_item: bool,
    /// Its input, which it reads to the end.
    _until: ChildStdin,
    _child: Child,
}

/// All that can be had here. Those that cannot are said, past the test runner, which keeps to itself what a test prints.
pub fn all() -> impl Iterator<Item = &'static Tables> {
    static ALL: OnceLock<Vec<Tables>> = OnceLock::new();
    ALL.get_or_init(|| [moto(), dynalite()].into_iter().flatten().collect()).iter()
}

fn skipped(why: &str) {
    let line = format!("\nSKIPPED: {why}, so shared ledgers are not held against it\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn moto() -> Option<Tables> {
    let serve = |python: PathBuf| served("moto", true, Command::new(python).arg(script("python/tables.py")));
    // Nothing is downloaded where it is there.
    serve("python3".into()).or_else(|| match python::venv_with_moto() {
        Ok(venv) => Some(serve(venv.join("bin/python")).expect("moto serves")),
        Err(why) => {
            skipped(&format!("no `python3` here that has moto, and it cannot be installed ({})", why.trim()));
            None
        }
    })
}

fn dynalite() -> Option<Tables> {
    // `npm` is a script there, which takes a shell of its own.
    if cfg!(windows) || Command::new("node").arg("--version").output().is_err() {
        skipped("no Node.js here for dynalite");
        return None;
    }
    let Some(folder) = installed() else {
        skipped("dynalite cannot be installed with npm here");
        return None;
    };
    let mut command = Command::new("node");
    command.arg(script("node/dynalite.cjs")).env("NODE_PATH", folder.join("node_modules"));
    Some(served("dynalite", false, &mut command).expect("dynalite serves"))
}

/// The folder that dynalite is in, installed once for all tests. Processes that run at the same time wait for the one that
/// installs it.
fn installed() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(target).expect("the folder of the tests");
    let lock = File::create(target.join("dynalite.lock")).expect("the lock");
    lock.lock().expect("locked");
    let (folder, stamp) = (target.join("dynalite"), target.join("dynalite.made-of"));
    if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == DYNALITE) {
        return Some(folder);
    }
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
    let installed = Command::new("npm").args(install).arg(&folder).arg(DYNALITE).output().ok()?;
    if !installed.status.success() {
        return None;
    }
    fs::write(&stamp, DYNALITE).expect("the stamp");
    Some(folder)
}

/// Starts a server, which says where it is in its first line.
fn served(name: &'static str, tells_the_item: bool, command: &mut Command) -> Option<Tables> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = piped.spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let url = line.trim().to_owned();
    let until = child.stdin.take()?;
    url.starts_with("http://").then_some(Tables { name, url, tells_the_item, _until: until, _child: child })
}

impl Tables {
    /// A command that reaches them.
    pub fn reached_by<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("AWS_ENDPOINT_URL_DYNAMODB", &self.url).env("AWS_REGION", "eu-central-1")
    }

    /// One call as its bytes are, which nobody here checks the signature of.
    pub fn call(&self, operation: &str, body: &Value) -> (u16, Value) {
        let address = self.url.strip_prefix("http://").unwrap();
        let body = body.to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-amz-json-1.0\r\n\
             X-Amz-Target: DynamoDB_20120810.{operation}\r\nX-Amz-Date: 20261128T120000Z\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=x/20261128/eu-central-1/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{head}\n{body}: {error}")))
    }
}

/// Stands before a server of tables: what it answers itself, that one never hears of.
pub struct Gate {
    pub url: String,
}

impl Gate {
    /// `answers` is asked for each call, by its operation.
    pub fn before(
        tables: &'static Tables,
        answers: impl Fn(&str) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(answers);
        // It ends with the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answers = Arc::clone(&answers);
                std::thread::spawn(move || passed(tables, stream, &*answers));
            }
        });
        Self { url }
    }
}

/// One call, of which the connection lives no longer.
fn passed(tables: &Tables, stream: TcpStream, answers: &dyn Fn(&str) -> Option<(u16, Value)>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => operation = value.rsplit('.').next()?.to_owned(),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, answer) = answers(&operation)
        .unwrap_or_else(|| tables.call(&operation, &serde_json::from_slice(&body).unwrap_or_default()));
    let answer = answer.to_string();
    let head = "Content-Type: application/x-amz-json-1.0\r\nConnection: close";
    let length = answer.len();
    write!(reader.get_mut(), "HTTP/1.1 {status} X\r\n{head}\r\nContent-Length: {length}\r\n\r\n{answer}").ok()
}
