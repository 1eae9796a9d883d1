//! What the fuzz targets do with bytes from outside: one function a target, named as it is. `fuzz/lib.rs` takes this file
//! in as it stands, and `hostile::seeds` plays every seed through it on a stable compiler.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use headcount::agent::{IdentityType, Password};
use headcount::cli::voice::Flags;
use headcount::clock::{SteadyClock, SystemClock};
use headcount::connect::model::{CreateUser, IdentityInfo, Page, PhoneConfig, UserConfig};
use headcount::connect::{
    BoxFuture, CallError, Client, Credentials, Environment, Operation, Target, Transport, TransportError,
};
use headcount::directory::{Directory, Lookup};
use headcount::error::Failure;
use headcount::event::{Event, Sink};
use headcount::job::{self, Address, Lanes, World};
use headcount::lane::verdict::{Verdict, verdict_of};
use headcount::ledger::{self, Entry, State};
use headcount::passwords::{Identities, Joined, Outcomes, Told};
use headcount::roster::{Field, Options, Roster, Row};
use headcount::stop::Switch;
use headcount::validate::{Rules, check};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;

/// A target, by its name.
pub type Parser = fn(&[u8]);

/// All of them: the name of the target and of its folder of seeds.
pub const ALL: [(&str, Parser); 7] = [
    ("csv", csv),
    ("xlsx", xlsx),
    ("map", map),
    ("ledger", ledger),
    ("directory", directory),
    ("answers", answers),
    ("passwords", passwords),
];

/// Any bytes as a CSV, in any of a few encodings: the first byte chooses.
pub fn csv(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    // Workbooks have a target of their own.
    if rest.starts_with(b"PK") {
        return;
    }
    let encodings = [
        None,
        None,
        Some("utf-8"),
        Some("utf-16le"),
        Some("windows-1252"),
        Some("shift_jis"),
        Some("gb18030"),
    ];
    let encoding = encodings[usize::from(*choice) % encodings.len()];
    exhaust(rest, &Options { encoding: encoding.map(str::to_owned), ..Options::default() }, "");
}

/// A column map and a roster, with a NUL between them.
pub fn map(bytes: &[u8]) {
    const ROSTER: &str =
        "Name;Rolle;Telefonart;Nr\n\"Müller, Zoë\";Leitung;Tisch;1\nAnna Maria Berg;;;\n;Agent;x;2\n";
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (map, roster) = text.split_once('\0').unwrap_or((text, ROSTER));
    exhaust(roster.as_bytes(), &Options::default(), map);
}

/// A workbook whose parts are the input: packed anew each time, so that what is fuzzed is the XML and not the checksum of
/// an archive. Parts are separated by a NUL: sheet, shared strings, styles, workbook. Bytes that begin as an archive are
/// taken for one.
pub fn xlsx(bytes: &[u8]) {
    if bytes.starts_with(b"PK") {
        return exhaust(bytes, &Options::default(), "");
    }
    exhaust(&workbook(bytes), &Options::default(), "");
}

/// A workbook of these parts, as [`xlsx`] takes them; what is empty or missing is plain.
pub fn workbook(parts: &[u8]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let mut parts = parts.split(|byte| *byte == 0);
    let mut part = |plain: String| {
        let given = parts.next().unwrap_or_default();
        if given.is_empty() { plain.into_bytes() } else { given.to_vec() }
    };
    let relation = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{OFFICE}/{kind}" Target="{target}"/>"#)
    };
    let relations =
        |inner: String| format!(r#"<Relationships xmlns="{PACKAGE}">{inner}</Relationships>"#).into_bytes();
    let files = [
        ("xl/worksheets/sheet1.xml", part(format!(r#"<worksheet xmlns="{MAIN}"><sheetData/></worksheet>"#))),
        ("xl/sharedStrings.xml", part(format!(r#"<sst xmlns="{MAIN}"><si><t>user login</t></si></sst>"#))),
        ("xl/styles.xml", part(format!(r#"<styleSheet xmlns="{MAIN}"/>"#))),
        (
            "xl/workbook.xml",
            part(format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
            )),
        ),
        ("_rels/.rels", relations(relation("r1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                relation("r1", "worksheet", "worksheets/sheet1.xml")
                    + &relation("r2", "sharedStrings", "sharedStrings.xml")
                    + &relation("r3", "styles", "styles.xml"),
            ),
        ),
    ];
    stored(&files)
}

/// Any bytes as a ledger, sealed or not: see [`resealed`]. It is read or refused; what was read adds up, reads again as the
/// same, is written as what reads as the same, and with any bit of it changed it is refused where it has checksums.
pub fn ledger(bytes: &[u8]) {
    let bytes = &resealed(bytes)[..];
    let Ok(read) = Read::of(bytes) else { return };
    let (extent, state) = (read.extent, &read.state);
    assert_eq!(extent.good + extent.torn, bytes.len() as u64);
    for at_work in [false, true] {
        let counts = state.counts(at_work);
        let sum =
            [counts.pending, counts.in_doubt, counts.created, counts.exists, counts.rejected, counts.invalid];
        assert_eq!(counts.total, sum.iter().sum::<u64>());
        assert!(counts.recovered <= counts.created);
    }
    for at in state.places() {
        assert_eq!(state.find(state.user(at)), Some(at));
    }
    let good = usize::try_from(extent.good).expect("no longer than the bytes");
    let again = Read::of(&bytes[..good]).expect("whole lines that were read");
    assert_eq!((again.extent.good, again.extent.torn, again.lines), (extent.good, 0, read.lines));
    assert_eq!(again.state.counts(false), state.counts(false));
    // As the next process writes it, and as a ledger of before is brought up to date.
    let written = Read::of(&read.written).expect("our own lines");
    assert_eq!((written.extent.torn, written.lines), (0, read.lines));
    assert_eq!(written.state.counts(false), state.counts(false));
    assert_eq!(written.written, read.written, "what is written is written so again");
    if extent.version > 1 {
        let at =
            bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte)) % (good * 8);
        let mut changed = bytes.to_vec();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(Read::of(&changed).is_err(), "bit {at} was changed, and nobody noticed");
    }
}

/// A ledger that was read to its end.
struct Read {
    extent: ledger::Extent,
    state: State,
    lines: u64,
    /// What its entries are written as, in the newest format.
    written: Vec<u8>,
}

impl Read {
    fn of(bytes: &[u8]) -> Result<Self, Failure> {
        let (mut state, mut lines, mut written) = (State::default(), 0_u64, Vec::new());
        let extent = ledger::each(bytes, Path::new("l.jsonl"), |entry, _| {
            let version = entry.version.map(|_| ledger::VERSION);
            // Its last digit may change where it is printed and read again.
            let entry = &Entry { rate: entry.rate.map(f64::floor), version, ..entry.clone() };
            entry.write_to(&mut written);
            state.apply(entry);
            lines += 1;
        })?;
        Ok(Self { extent, state, lines, written })
    }
}

/// A ledger out of lines: the first byte says how its checksums are to be, so that what lies behind them is reached too.
/// `s` gives each whole line the right one, `1` takes all away, as in version 1, and `r` leaves everything as it is; so does
/// a brace, which belongs to the text.
fn resealed(bytes: &[u8]) -> Vec<u8> {
    let (way, text) = match bytes {
        [way @ (b's' | b'1'), text @ ..] => (*way, text),
        [b'r', text @ ..] => return text.to_vec(),
        text => return text.to_vec(),
    };
    let (old, new) = if way == b's' { ("1", "2") } else { ("2", "1") };
    let mut made = Vec::with_capacity(text.len() + 64);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(object) = line.strip_suffix(b"}\n") else {
            made.extend_from_slice(line);
            continue;
        };
        let begin = made.len();
        // Without the checksum that it has: `,"crc":"` and the digits and a quote.
        let bare = object.len().checked_sub(17).map(|at| object.split_at(at));
        let bare = bare.filter(|(_, sum)| sum.starts_with(b",\"crc\":\"")).map_or(object, |(bare, _)| bare);
        match std::str::from_utf8(bare) {
            // A seed of either version serves for both.
            Ok(first) if begin == 0 => {
                let (old, new) = (format!("\"version\":{old},"), format!("\"version\":{new},"));
                made.extend_from_slice(first.replacen(&old, &new, 1).as_bytes());
            }
            _ => made.extend_from_slice(bare),
        }
        if way == b's' {
            let sum = crc32(&made[begin..]);
            made.extend_from_slice(format!(",\"crc\":\"{sum:08x}\"").as_bytes());
        }
        made.extend_from_slice(b"}\n");
    }
    made
}

/// A ledger as [`resealed`] takes it, a NUL, and any bytes as the file of the passwords that its run made. They are joined or
/// refused. What is printed is in the file, for the attempt that made this user, by number and random bits; nobody is printed
/// twice, or printed and said to be missing; and no error repeats a password.
pub fn passwords(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let ledger = resealed(&bytes[..at]);
    let file = bytes.get(at + 1..).unwrap_or_default();
    let (mut state, mut outcomes) = (State::default(), Outcomes::default());
    let read = ledger::each(&ledger[..], Path::new("l.jsonl"), |entry, _| {
        outcomes.take(entry, &state);
        state.apply(entry);
    });
    if read.is_err() {
        return;
    }
    thread_local! {
        static IDENTITIES: Option<Identities> = identities();
    }
    let witness = Witness::of(&ledger, file);
    let judge = |joined| match &witness {
        Some(witness) => witness.judge(joined),
        None => drop(joined),
    };
    for at_work in [false, true] {
        let told = Told { state: &state, at_work, outcomes: &outcomes };
        judge(Joined::read(&told, file, Path::new("p.jsonl"), None));
        IDENTITIES.with(|identities| {
            judge(Joined::read(&told, file, Path::new("p.jsonl"), identities.as_ref()));
        });
    }
}

/// Reads the key to the sealed records of the seeds; there is none in a build without encryption.
fn identities() -> Option<Identities> {
    const KEY: &str = "AGE-SECRET-KEY-15FGAVE688EF2M4XDAY9M0KFUMN5CDJU5DLYZ3MSXS7QG677MS97QAQS5AJ";
    let folder = tempfile::tempdir().ok()?;
    let path = folder.path().join("key");
    std::fs::write(&path, KEY).ok()?;
    Identities::read(&path).ok()
}

/// What a ledger and a file of passwords say to a reader that knows nothing of ours.
struct Witness {
    /// The attempts with a password of ours: for whom, and their random bits.
    intents: HashMap<u64, (String, Option<String>)>,
    /// What became of each user last: the state, and the attempt that made it.
    outcomes: HashMap<String, (String, Option<u64>)>,
    records: Vec<Record>,
}

struct Record {
    user: String,
    attempt: u64,
    nonce: Option<String>,
    /// Empty where it is sealed.
    password: String,
}

impl Witness {
    /// `None` where a line has something in it that only a reader who skips it can bear, such as a number beyond all.
    fn of(ledger: &[u8], file: &[u8]) -> Option<Self> {
        let lines = |bytes: &[u8]| {
            let whole = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
            whole.map(|line| serde_json::from_slice::<Value>(line).ok()).collect::<Option<Vec<_>>>()
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (mut intents, mut outcomes) = (HashMap::new(), HashMap::new());
        for line in lines(ledger)? {
            let Some(user) = text(&line["user"]) else { continue };
            match (line["type"].as_str(), line["attempt"].as_u64().filter(|attempt| *attempt > 0)) {
                (Some("intent"), Some(attempt)) if line["generated"] == true => {
                    intents.insert(attempt, (user, text(&line["nonce"])));
                }
                (Some("outcome"), attempt) => {
                    outcomes.insert(user, (text(&line["state"]).unwrap_or_default(), attempt));
                }
                _ => {}
            }
        }
        let records = lines(file)?.into_iter().skip(1).filter_map(|line| {
            Some(Record {
                user: text(&line["user"])?,
                attempt: line["attempt"].as_u64()?,
                nonce: text(&line["nonce"]),
                password: text(&line["password"]).unwrap_or_default(),
            })
        });
        Some(Self { intents, outcomes, records: records.collect() })
    }

    /// Fails where an error repeats a password.
    fn is_not_told(&self, failure: &Failure) {
        let told = format!("{failure} {failure:?}");
        let secrets = self.records.iter().map(|record| &record.password);
        // One that is a word of the error's own proves nothing.
        for secret in secrets.filter(|secret| secret.contains("canary")) {
            assert!(!told.contains(secret), "{told}");
        }
    }

    fn judge(&self, joined: Result<Joined, Failure>) {
        let joined = match joined {
            Ok(joined) => joined,
            Err(failure) => return self.is_not_told(&failure),
        };
        let json = joined.json().expect("strings and numbers");
        let json: Value = serde_json::from_slice(&json).expect("one object");
        let mut printed: BTreeMap<&str, &str> = BTreeMap::new();
        for one in json["users"].as_array().expect("a list") {
            let (user, password) =
                (one["user"].as_str().expect("a name"), one["password"].as_str().expect("one"));
            assert!(printed.insert(user, password).is_none(), "{user} is printed twice");
            let attempt = one["attempt"].as_u64().expect("a number");
            assert_eq!(self.outcomes.get(user), Some(&("created".to_owned(), Some(attempt))), "{user}");
            let (meant, nonce) =
                self.intents.get(&attempt).unwrap_or_else(|| panic!("{user}: no such attempt"));
            assert_eq!(meant, user, "attempt {attempt} was for somebody else");
            let is_it =
                |record: &&Record| record.user == user && record.attempt == attempt && record.nonce == *nonce;
            let fits = |record: &Record| record.password.is_empty() || record.password == password;
            assert!(self.records.iter().filter(is_it).any(fits), "{user}: it is not in the file");
        }
        for user in joined.lost() {
            assert!(!printed.contains_key(user), "{user} is printed, and said to be missing");
            assert_eq!(self.outcomes.get(user).map(|(state, _)| &**state), Some("created"), "{user}");
        }
        for user in &joined.copied {
            assert!(!printed.contains_key(&**user), "{user} is printed, and said not to be known");
            assert!(self.records.iter().any(|record| record.user == *user), "{user} is nowhere");
        }
        let table = joined.csv().expect("a table");
        let mut table = csv::ReaderBuilder::new().flexible(false).from_reader(&table[..]);
        let secrets = table.records().map(|record| record.expect("a row").get(1).map(str::to_owned));
        let secrets: BTreeSet<Option<String>> = secrets.collect();
        assert_eq!(secrets, printed.values().map(|secret| Some((*secret).to_owned())).collect());
    }
}

/// Any bytes as a directory: as a file, or as the pages of an instance where they do not begin with a brace. See
/// [`pages`].
pub fn directory(bytes: &[u8]) {
    match bytes {
        [b'{', ..] => directory_file(bytes),
        [_, answers @ ..] => pages(answers),
        [] => {}
    }
}

/// What is read of a file is written as a file that reads as the same.
fn directory_file(bytes: &[u8]) {
    let Ok(directory) = Directory::from_json(bytes) else { return };
    survives(&directory);
    for (name, id) in directory.routing_profiles.iter() {
        assert_eq!(directory.routing_profile(name), Lookup::Found(id));
    }
    for group in directory.hierarchy.iter() {
        let _ = directory.hierarchy_group(group.path.iter().map(String::as_str));
    }
}

/// Written and read again, a directory is the same.
fn survives(directory: &Directory) -> Value {
    let text = directory.to_json();
    let again = Directory::from_json(text.as_bytes()).expect("our own file");
    assert_eq!(again.to_json(), text);
    serde_json::from_str(&text).expect("JSON")
}

/// Any answers to whoever reads an instance, separated by NULs: of each the first byte says to which operation, the second
/// the status as [`answers`] has it, and the rest is the body. The last answer to an operation is given again and again;
/// one without any says what a small instance would. The instance is read or refused, however many pages it claims to have,
/// and what is read has nobody without a name or an id, nobody twice, and is written as a file that reads as the same.
fn pages(answers: &[u8]) {
    let mut pages = Pages::default();
    for answer in answers.split(|byte| *byte == 0) {
        let [operation, status, body @ ..] = answer else { continue };
        let operation = Operation::ALL[usize::from(*operation) % Operation::ALL.len()];
        let answer = (STATUS[usize::from(*status) % STATUS.len()], Bytes::copy_from_slice(body));
        pages.answers.get_mut().expect("a lock").entry(operation).or_default().push_back(answer);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let pages = Arc::new(pages);
    let read = runtime.block_on(async {
        let start = UNIX_EPOCH + Duration::from_secs(1_795_444_693);
        let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", None);
        let world = World {
            clock: Arc::new(SteadyClock::starting_at(start)),
            lanes: Arc::new(Lanes::within(Arc::clone(&pages) as Arc<dyn Transport>, credentials)),
            events: Arc::new(Nobody),
            stop: Switch::default(),
            host: "here".into(),
            state: None,
            nonces: ledger::counted(),
            seed: 1,
            voice: &Flags,
        };
        let address =
            Address { named: Some(INSTANCE_ARN.into()), environment: environment(), ..Address::default() };
        job::Target::instance(address).read(&world).await
    });
    assert!(pages.asked.load(Ordering::Relaxed) < 20_000, "no instance is worth so many calls");
    let Ok(directory) = read else { return };
    let file = survives(&directory);
    for (list, name) in [("users", "username"), ("routing_profiles", "name"), ("security_profiles", "name")] {
        let entries = file[list].as_array().map(Vec::as_slice).unwrap_or_default();
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            let text = |member: &str| entry[member].as_str().filter(|text| !text.is_empty());
            let (name, id) = (text(name).expect("a name"), text("id").expect("an id"));
            assert!(ids.insert(id), "{list}: two with the id {id}");
            assert!(names.insert(name) || list == "security_profiles", "{list}: two with the name {name}");
        }
    }
}

const INSTANCE: &str = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const INSTANCE_ARN: &str =
    "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

/// Hears nothing.
struct Nobody;

impl Sink for Nobody {
    fn tell(&self, _: Event) {}
}

/// Answers each operation with its own answers in their order.
#[derive(Default)]
struct Pages {
    answers: Mutex<HashMap<Operation, VecDeque<(u16, Bytes)>>>,
    asked: AtomicUsize,
}

impl Transport for Pages {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let operation = asked(&request);
        let mut answers = self.answers.lock().expect("a lock");
        let given = answers.get_mut(&operation).and_then(|given| match given.len() {
            1 => given.front().cloned(),
            _ => given.pop_front(),
        });
        let (status, body) = given.unwrap_or_else(|| (200, plain(operation)));
        let mut answer = Response::new(body);
        *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
        Box::pin(async { Ok(answer) })
    }
}

/// Which operation a request is of, as far as reading an instance goes.
fn asked(request: &Request<Bytes>) -> Operation {
    let mut parts = request.uri().path().trim_start_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("instance", Some(_)) => Operation::DescribeInstance,
        ("instance", None) => Operation::ListInstances,
        ("users-summary", _) => Operation::ListUsers,
        ("routing-profiles-summary", _) => Operation::ListRoutingProfiles,
        ("security-profiles-summary", _) => Operation::ListSecurityProfiles,
        ("user-hierarchy-groups-summary", _) => Operation::ListUserHierarchyGroups,
        ("user-hierarchy-groups", _) => Operation::DescribeUserHierarchyGroup,
        ("search-user-hierarchy-groups", _) => Operation::SearchUserHierarchyGroups,
        ("search-predefined-attributes", _) => Operation::SearchPredefinedAttributes,
        ("", _) => Operation::GetServiceQuota,
        (path, _) => panic!("{} {path}: nobody reads an instance so", request.method()),
    }
}

/// What a small instance answers.
fn plain(operation: Operation) -> Bytes {
    let body = match operation {
        Operation::DescribeInstance => format!(
            r#"{{"Instance":{{"Id":"{INSTANCE}","Arn":"{INSTANCE_ARN}","IdentityManagementType":"SAML","InstanceStatus":"ACTIVE"}}}}"#
        ),
        Operation::GetServiceQuota => r#"{"Quota":{"QuotaCode":"L-1","Value":2}}"#.to_owned(),
        _ => "{}".to_owned(),
    };
    body.into()
}

/// The statuses of the answers, chosen by a byte: what the service says, and all that stands in between may say.
#[rustfmt::skip]
const STATUS: [u16; 64] = [
    200, 200, 200, 200, 201, 204, 400, 402, 403, 404, 409, 429, 500, 503, 307, 599,
    200, 200, 202, 203, 205, 206, 207, 226, 299, 100, 101, 102, 103, 300, 301, 302,
    303, 304, 305, 308, 401, 403, 405, 406, 407, 408, 410, 411, 412, 413, 414, 415,
    416, 417, 418, 421, 422, 423, 425, 426, 428, 431, 451, 499, 501, 502, 504, 511,
];

/// What is in the request, and must be in nothing that is kept of an answer.
const PASSWORD: &str = "Aa1!canary";

/// Any answer to any call: the first byte chooses the operation, the second the status; then headers as lines, a blank
/// line, and the body; a listing has a page after each NUL. A byte 1 and the one behind it stand for the password, in one of
/// the spellings in which a service may repeat it. Whatever comes, it is a result, a refusal or unclear; who is not the
/// service proves nothing, and makes nobody; and nothing that is kept repeats the password.
pub fn answers(bytes: &[u8]) {
    let [operation, status, rest @ ..] = bytes else { return };
    let operation = Operation::ALL[usize::from(*operation) % Operation::ALL.len()];
    let status = STATUS[usize::from(*status) % STATUS.len()];
    let (rest, spellings) = with_passwords(rest);
    let said = Said::read(StatusCode::from_u16(status).expect("a status"), &rest);
    let (first, runtime) = (said.pages[0].clone(), tokio::runtime::Builder::new_current_thread());
    let runtime = { runtime }.build().expect("a runtime");
    let result = runtime.block_on(call(&client(said), operation, PASSWORD));
    let verdict = verdict_of(operation, &result);
    let Err(error) = result else {
        assert!((200..300).contains(&status), "{status} is no success");
        if operation == Operation::CreateUser {
            // Members that nobody asked for may be in any encoding.
            let first = String::from_utf8_lossy(&first);
            let made = serde_json::from_str::<Value>(&first);
            let has_id = |made: Value| made["UserId"].as_str().is_some_and(|id| !id.is_empty());
            assert!(made.map_or_else(|_| first.contains("\"UserId\""), has_id), "{first}");
        }
        return;
    };
    // Only the call that sends the password knows it.
    if operation == Operation::CreateUser {
        let fault = error.fault().cloned().unwrap_or_default();
        let kept = [fault.code.as_deref(), fault.message.as_deref(), fault.request_id.as_deref()];
        let told = [error.to_string(), format!("{error:?}")];
        for kept in kept.into_iter().flatten().chain(told.iter().map(String::as_str)) {
            for spelling in spellings.iter().map(String::as_str).chain([PASSWORD]) {
                assert!(!kept.contains(spelling), "{kept} repeats {spelling}");
            }
        }
    }
    proves_what_it_may(operation, status, &error, verdict);
}

/// Fails where an answer that is no refusal of the service's has proved anything.
fn proves_what_it_may(operation: Operation, status: u16, error: &CallError, verdict: Verdict) {
    let changes = matches!(
        operation,
        Operation::CreateUser
            | Operation::AssociateUserProficiencies
            | Operation::DeleteUser
            | Operation::DeleteQuickConnect
            | Operation::DeleteAllEntitySessions
    );
    assert_ne!(verdict, Verdict::Done, "it failed");
    let Some(fault) = error.fault() else {
        // What is no usable answer may have been anything.
        assert_eq!(verdict, Verdict::InDoubt, "{error}");
        return;
    };
    assert_eq!(fault.status, status);
    assert!(fault.message.as_ref().is_none_or(|message| message.len() <= 2048));
    assert!(fault.retry_after.is_none_or(|wait| wait <= Duration::from_secs(24 * 60 * 60)));
    let words = ["Throttl", "Request", "Limit", "Slow", "Expired", "Signature", "Denied", "Client", "Access"];
    let words =
        words.into_iter().chain(["Missing", "Incomplete", "NotAuth", "OptIn", "Internal", "Unavailable"]);
    // Nobody but the service says any of these; what looks like one is left to the tables of `lane::verdict`.
    let may_be_its = |code: &String| {
        let is_name = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name && (code.ends_with("Exception") || { words }.any(|word| code.contains(word)))
    };
    if fault.code.as_ref().is_some_and(may_be_its) {
        return;
    }
    let expected: &[Verdict] = match status {
        401 | 403 | 407 => &[Verdict::Barred],
        429 => &[Verdict::Throttled],
        _ if changes => &[Verdict::InDoubt],
        _ => &[Verdict::InDoubt, Verdict::Rejected],
    };
    assert!(expected.contains(&verdict), "{operation} at a bare {status}: {verdict:?}");
}

/// The bytes with the password where they ask for it, and how it was spelt.
fn with_passwords(bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
    let (mut made, mut spellings) = (Vec::with_capacity(bytes.len()), Vec::new());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match (byte, spellings.len() < 8) {
            (1, true) => {
                let way = rest.next().copied().unwrap_or_default();
                let once = spelt(PASSWORD, way % 12);
                let twice = if way < 12 { once } else { spelt(&once, way / 12 % 10) };
                made.extend_from_slice(twice.as_bytes());
                spellings.push(twice);
            }
            _ => made.push(*byte),
        }
    }
    (made, spellings)
}

/// A text as HTML, a URL, JSON, an escape or base64 has it.
fn spelt(text: &str, way: u8) -> String {
    let each = |write: &dyn Fn(char) -> String| text.chars().map(write).collect::<String>();
    match way {
        0 => text.to_owned(),
        1 => each(&|c| format!("&#{};", c as u32)),
        2 => each(&|c| format!("&#x{:x};", c as u32)),
        3 => each(&|c| format!("&#X{:04X};", c as u32)),
        4 => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        5 => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        6 => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        7 => each(&|c| format!("\\u{{{:x}}}", c as u32)),
        8 => each(&|c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{c}") }),
        9 => text.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        10 => base64(text.as_bytes(), b"+/"),
        _ => base64(text.as_bytes(), b"-_"),
    }
}

fn base64(bytes: &[u8], last: &[u8; 2]) -> String {
    let digits: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*last).collect();
    let group = |group: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        let digit = |place: u32| char::from(digits[(bits >> place & 63) as usize]);
        [18, 12, 6, 0].map(digit).into_iter().take(group.len() + 1).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// Answers every request with the same status and headers; listings page after page, the last one again and again.
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    pages: Vec<Bytes>,
    asked: AtomicUsize,
}

impl Said {
    fn read(status: StatusCode, rest: &[u8]) -> Self {
        let blank = rest.windows(2).position(|two| two == b"\n\n");
        let (head, body) = blank.map_or((&rest[..0], rest), |at| (&rest[..at], &rest[at + 2..]));
        let mut headers = HeaderMap::new();
        for line in head.split(|byte| *byte == b'\n').take(100) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(&line[colon + 1..]))
            {
                headers.append(name, value);
            }
        }
        let pages = body.split(|byte| *byte == 0).map(Bytes::copy_from_slice).collect();
        Self { status, headers, pages, asked: AtomicUsize::new(0) }
    }
}

impl Transport for Said {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        // What was asked for is well formed, whatever token a page gave.
        assert!(request.uri().path().starts_with('/') && request.method() != Method::CONNECT);
        let at = self.asked.fetch_add(1, Ordering::Relaxed).min(self.pages.len() - 1);
        let mut answer = Response::new(self.pages[at].clone());
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers.clone();
        Box::pin(async { Ok(answer) })
    }
}

fn environment() -> Environment {
    Environment {
        endpoint_url_service_quotas: Some("https://quotas.invalid".to_owned()),
        ..Environment::default()
    }
}

fn client(said: Said) -> Client {
    let target = Target::resolve(INSTANCE, Some("us-west-2"), None, &environment()).expect("a target");
    let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", None);
    Client::over(Arc::new(said), &target, credentials, Arc::new(SystemClock))
}

/// Makes one call of this operation; a listing is read on with the tokens that it gives, for a few pages.
async fn call(client: &Client, operation: Operation, password: &str) -> Result<(), CallError> {
    let user = CreateUser {
        username: "ana".to_owned(),
        password: Some(Password::new(password)),
        security_profile_ids: vec!["s".to_owned()],
        routing_profile_id: "r".to_owned(),
        ..CreateUser::default()
    };
    let mut token = None;
    for _ in 0..4 {
        let after = token.as_deref();
        token = match operation {
            Operation::CreateUser => {
                let reply = client.create_user("i", &user).await?;
                assert!(!reply.value.user_id.is_empty());
                let kept = [Some(reply.value.user_id), reply.request_id];
                assert!(!kept.iter().flatten().any(|text| text.contains(password)), "{kept:?}");
                None
            }
            Operation::AssociateUserProficiencies => {
                client.associate_user_proficiencies("i", "u", &[]).await?;
                None
            }
            Operation::DeleteUser => {
                client.delete_user("i", "u").await?;
                None
            }
            Operation::DeleteAllEntitySessions => {
                client.delete_all_entity_sessions("i", "u").await?;
                None
            }
            Operation::DeleteQuickConnect => {
                client.delete_quick_connect("i", "q").await?;
                None
            }
            Operation::GetCurrentUserData => {
                next(client.get_current_user_data("i", &["u"], after).await?.value)
            }
            Operation::SearchQuickConnects => next(client.search_quick_connects("i", after).await?.value),
            Operation::UpdateUserIdentityInfo => {
                client.update_user_identity_info("i", "u", &IdentityInfo::default()).await?;
                None
            }
            Operation::UpdateUserConfig => {
                client.update_user_config("i", "u", &UserConfig::default()).await?;
                None
            }
            Operation::UpdateUserPhoneConfig => {
                client.update_user_phone_config("i", "u", &PhoneConfig::default()).await?;
                None
            }
            Operation::UpdateUserRoutingProfile => {
                client.update_user_routing_profile("i", "u", "r").await?;
                None
            }
            Operation::UpdateUserSecurityProfiles => {
                client.update_user_security_profiles("i", "u", &["s".to_owned()]).await?;
                None
            }
            Operation::UpdateUserHierarchy => {
                client.update_user_hierarchy("i", "u", None).await?;
                None
            }
            Operation::UpdateUserProficiencies => {
                client.update_user_proficiencies("i", "u", &[]).await?;
                None
            }
            Operation::DisassociateUserProficiencies => {
                client.disassociate_user_proficiencies("i", "u", &[]).await?;
                None
            }
            Operation::TagResource => {
                client.tag_resource("arn", &[("k".to_owned(), "v".to_owned())].into()).await?;
                None
            }
            Operation::UntagResource => {
                client.untag_resource("arn", &["k".to_owned()]).await?;
                None
            }
            Operation::DescribeInstance => {
                assert_eq!(client.describe_instance("i").await?.value.id, "i");
                None
            }
            Operation::DescribeUser => {
                assert_eq!(client.describe_user("i", "u").await?.value.id, "u");
                None
            }
            Operation::DescribeUserHierarchyGroup => {
                assert_eq!(client.describe_user_hierarchy_group("i", "g").await?.value.id, "g");
                None
            }
            Operation::GetServiceQuota => {
                client.get_service_quota("L-1", None).await?;
                None
            }
            Operation::ListInstances => next(client.list_instances(after).await?.value),
            Operation::ListRoutingProfiles => next(client.list_routing_profiles("i", after).await?.value),
            Operation::ListSecurityProfiles => next(client.list_security_profiles("i", after).await?.value),
            Operation::ListUserHierarchyGroups => {
                next(client.list_user_hierarchy_groups("i", after).await?.value)
            }
            Operation::ListUserProficiencies => {
                next(client.list_user_proficiencies("i", "u", after).await?.value)
            }
            Operation::ListUsers => next(client.list_users("i", after).await?.value),
            Operation::SearchPredefinedAttributes => {
                next(client.search_predefined_attributes("i", after).await?.value)
            }
            Operation::SearchUserHierarchyGroups => {
                next(client.search_user_hierarchy_groups("i", after).await?.value)
            }
            Operation::SearchUsers => next(client.search_users("i", "ana", after).await?.value),
        };
        if token.is_none() {
            break;
        }
    }
    Ok(())
}

/// The token of the page after this one, which is never empty.
fn next<T>(page: Page<T>) -> Option<String> {
    assert_ne!(page.next_token.as_deref(), Some(""));
    page.next_token
}

/// Reads a roster to the end or to a failure, and checks it. It must come back, without a panic, and its numbers must
/// rise.
fn exhaust(bytes: &[u8], options: &Options, map: &str) {
    let Ok(roster) = Roster::from_memory(bytes.to_vec(), options, map) else { return };
    let Ok(mut rows) = roster.rows() else { return };
    let (mut row, mut last) = (Row::default(), roster.header_row());
    while let Ok(true) = rows.read(&mut row) {
        assert!(row.number > last, "row {} after row {last}", row.number);
        last = row.number;
        assert!(row.cells.len() >= roster.width());
        for field in Field::ALL {
            let _ = roster.columns().cell(&row, field);
        }
    }
    let _ = check(&roster, &Rules::new(IdentityType::ConnectManaged), &mut |row| drop(row.agent()));
}

/// A ZIP archive of these files, not compressed.
pub fn stored(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (at, size) = (archive.len() as u32, bytes.len() as u32);
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc32(bytes).to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size, number) = (archive.len() as u32, directory.len() as u32, files.len() as u16);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(number.to_le_bytes());
    archive.extend(number.to_le_bytes());
    archive.extend(size.to_le_bytes());
    archive.extend(at.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// The CRC-32 of ZIP and of a ledger's lines: our own, as a witness.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let (mut table, mut at) = ([0; 256], 0);
        while at < 256 {
            let (mut crc, mut bit) = (at as u32, 0);
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
                bit += 1;
            }
            table[at] = crc;
            at += 1;
        }
        table
    };
    !bytes.iter().fold(!0_u32, |crc, byte| crc >> 8 ^ TABLE[(crc as u8 ^ byte) as usize])
}
