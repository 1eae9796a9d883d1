//! What the fuzz targets do with bytes from outside: one function a target, named as it is. `fuzz/lib.rs` takes this file
//! in as it stands, and `hostile::seeds` plays every seed through it on a stable compiler.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headcount::agent::{IdentityType, Password};
use headcount::clock::SystemClock;
use headcount::connect::model::CreateUser;
use headcount::connect::{
    BoxFuture, CallError, Client, Credentials, Environment, Operation, Target, Transport, TransportError,
};
use headcount::directory::{Directory, Lookup};
use headcount::lane::verdict::of_fault;
use headcount::ledger::{self, State};
use headcount::roster::{Field, Options, Roster, Row};
use headcount::validate::{Rules, check};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};

/// A target, by its name.
pub type Parser = fn(&[u8]);

/// All of them: the name of the target and of its folder of seeds.
pub const ALL: [(&str, Parser); 6] = [
    ("csv", csv),
    ("xlsx", xlsx),
    ("map", map),
    ("ledger", ledger),
    ("directory", directory),
    ("answers", answers),
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

/// Any bytes as a ledger. It is read or refused; what was read adds up, and reads again as the same.
pub fn ledger(bytes: &[u8]) {
    let read = |bytes: &[u8]| {
        let (mut state, mut lines) = (State::default(), 0_u64);
        let extent = ledger::each(bytes, Path::new("l.jsonl"), |entry, _| {
            state.apply(entry);
            lines += 1;
        });
        extent.map(|extent| (extent, state, lines))
    };
    let Ok((extent, state, lines)) = read(bytes) else { return };
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
    let (again, same, as_many) = read(&bytes[..good]).expect("whole lines that were read");
    assert_eq!((again.good, again.torn, as_many), (extent.good, 0, lines));
    assert_eq!(same.counts(false), state.counts(false));
}

/// Any bytes as a directory file. What is read is written as a file that reads as the same.
pub fn directory(bytes: &[u8]) {
    let Ok(directory) = Directory::from_json(bytes) else { return };
    let text = directory.to_json();
    let again = Directory::from_json(text.as_bytes()).expect("our own file");
    assert_eq!(again.to_json(), text);
    for (name, id) in directory.routing_profiles.iter() {
        assert_eq!(directory.routing_profile(name), Lookup::Found(id));
    }
    for group in directory.hierarchy.iter() {
        let _ = directory.hierarchy_group(group.path.iter().map(String::as_str));
    }
}

/// Any answer to any call: the first byte chooses the operation, the second the status; then headers as lines, a blank
/// line, and the body. Whatever it is, it is a result, a refusal or unclear; nothing that is kept of it repeats the
/// password.
pub fn answers(bytes: &[u8]) {
    const STATUS: [u16; 16] =
        [200, 200, 200, 200, 201, 204, 400, 402, 403, 404, 409, 429, 500, 503, 307, 599];
    const PASSWORD: &str = "Aa1!canary";
    let [operation, status, rest @ ..] = bytes else { return };
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
    let operation = Operation::ALL[usize::from(*operation) % Operation::ALL.len()];
    let status = StatusCode::from_u16(STATUS[usize::from(*status) % STATUS.len()]).expect("a status");
    let said = Said { status, headers, body: Bytes::copy_from_slice(body) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let result = runtime.block_on(call(&client(said), operation, PASSWORD));
    if let Err(error) = result {
        // Only the call that sends the password knows it.
        let told = error.fault().map_or_else(|| error.to_string(), |fault| format!("{fault} {fault:?}"));
        assert!(operation != Operation::CreateUser || !told.contains(PASSWORD), "{told}");
        if let Some(fault) = error.fault() {
            assert_eq!(fault.status, status.as_u16());
            assert!(fault.message.as_ref().is_none_or(|message| message.len() <= 2048));
            assert!(fault.retry_after.is_none_or(|wait| wait <= Duration::from_secs(24 * 60 * 60)));
            let _ = of_fault(operation, fault);
        }
    }
}

/// Answers every request with the same.
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Transport for Said {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let mut answer = Response::new(self.body.clone());
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers.clone();
        Box::pin(async { Ok(answer) })
    }
}

fn client(said: Said) -> Client {
    let environment = Environment {
        endpoint_url_service_quotas: Some("https://quotas.invalid".to_owned()),
        ..Environment::default()
    };
    let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
    let target = Target::resolve(id, Some("us-west-2"), None, &environment).expect("a target");
    let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", None);
    Client::over(Arc::new(said), &target, credentials, Arc::new(SystemClock))
}

/// Makes one call of this operation.
async fn call(client: &Client, operation: Operation, password: &str) -> Result<(), CallError> {
    let user = CreateUser {
        username: "ana".to_owned(),
        password: Some(Password::new(password)),
        security_profile_ids: vec!["s".to_owned()],
        routing_profile_id: "r".to_owned(),
        ..CreateUser::default()
    };
    match operation {
        Operation::CreateUser => {
            let reply = client.create_user("i", &user).await?;
            assert!(!reply.value.user_id.is_empty());
            let kept = [Some(reply.value.user_id), reply.request_id];
            assert!(!kept.iter().flatten().any(|text| text.contains(password)), "{kept:?}");
        }
        Operation::AssociateUserProficiencies => {
            drop(client.associate_user_proficiencies("i", "u", &[]).await?);
        }
        Operation::DeleteUser => drop(client.delete_user("i", "u").await?),
        Operation::DescribeInstance => drop(client.describe_instance("i").await?),
        Operation::DescribeUser => drop(client.describe_user("i", "u").await?),
        Operation::DescribeUserHierarchyGroup => {
            drop(client.describe_user_hierarchy_group("i", "g").await?);
        }
        Operation::GetServiceQuota => drop(client.get_service_quota("L-1", None).await?),
        Operation::ListInstances => drop(client.list_instances(None).await?),
        Operation::ListRoutingProfiles => drop(client.list_routing_profiles("i", None).await?),
        Operation::ListSecurityProfiles => drop(client.list_security_profiles("i", None).await?),
        Operation::ListUserHierarchyGroups => drop(client.list_user_hierarchy_groups("i", None).await?),
        Operation::ListUserProficiencies => drop(client.list_user_proficiencies("i", "u", None).await?),
        Operation::ListUsers => drop(client.list_users("i", None).await?),
        Operation::SearchPredefinedAttributes => {
            drop(client.search_predefined_attributes("i", None).await?);
        }
        Operation::SearchUserHierarchyGroups => {
            drop(client.search_user_hierarchy_groups("i", None).await?);
        }
        Operation::SearchUsers => drop(client.search_users("i", "ana", None).await?),
    }
    Ok(())
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

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
