//! The wire against witnesses: botocore for what is sent, raw sockets for what can go wrong.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use headcount::agent::Password;
use headcount::clock::SystemClock;
use headcount::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, UserConfig, UserProficiency,
    UserProficiencyName, VoiceEnhancementConfig,
};
use headcount::connect::{CallError, Client, Credentials, Environment, HttpOptions, Target, operation};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::python;

pub const ID: &str = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const ARN: &str = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
pub const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2VjE/a+b/c==";
pub const PASSWORD: &str = "Canary-7f3a-Pw1";

pub fn client(endpoint: &str, credentials: Credentials, options: &HttpOptions) -> Client {
    let environment = Environment {
        endpoint_url_connect: Some(endpoint.to_owned()),
        endpoint_url_service_quotas: Some(endpoint.to_owned()),
        ..Default::default()
    };
    let target = Target::resolve(ID, Some("us-west-2"), None, &environment).unwrap();
    Client::new(&target, credentials, Arc::new(SystemClock), options).unwrap()
}

fn minimal() -> CreateUser {
    CreateUser {
        username: "ana".to_owned(),
        security_profile_ids: vec!["s-1".to_owned()],
        routing_profile_id: "r-1".to_owned(),
        ..Default::default()
    }
}

/// Every member but those of the two families of phone settings.
fn common() -> CreateUser {
    CreateUser {
        username: "ana.müller@example.com".to_owned(),
        password: Some(Password::new(PASSWORD)),
        identity_info: Some(IdentityInfo {
            first_name: Some("Ana \"\\\u{7f}\u{1f600}".to_owned()),
            last_name: Some("Müller".to_owned()),
            email: Some("ana@example.com".to_owned()),
            secondary_email: Some("ana@example.org".to_owned()),
            mobile: Some("+491701234567".to_owned()),
        }),
        directory_user_id: Some("d-1".to_owned()),
        security_profile_ids: (0..10).map(|i| format!("s-{i}")).collect(),
        routing_profile_id: "r-1".to_owned(),
        hierarchy_group_id: Some("h-1".to_owned()),
        tags: BTreeMap::from([
            ("headcount:run".to_owned(), "0198c1d2/7".to_owned()),
            ("Équipe _.:/=+-@".to_owned(), String::new()),
        ]),
        ..Default::default()
    }
}

fn older_family() -> CreateUser {
    CreateUser {
        phone_config: Some(PhoneConfig {
            phone_type: Some("DESK_PHONE".to_owned()),
            auto_accept: Some(false),
            after_contact_work_time_limit: Some(2_000_000),
            desk_phone_number: Some("+12065550100".to_owned()),
            persistent_connection: Some(true),
        }),
        ..common()
    }
}

fn per_channel_family() -> CreateUser {
    let limit = |seconds| AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds) };
    let channels = || ["VOICE", "CHAT", "TASK", "EMAIL"].into_iter().map(str::to_owned);
    let voice = |channel: &str, value: bool| (channel == "VOICE").then_some(value);
    CreateUser {
        auto_accept_configs: channels()
            .map(|channel| AutoAcceptConfig {
                agent_first_callback_auto_accept: voice(&channel, true),
                auto_accept: true,
                channel,
            })
            .collect(),
        after_contact_work_configs: channels()
            .map(|channel| AfterContactWorkConfigPerChannel {
                after_contact_work_config: limit(0),
                agent_first_callback_after_contact_work_config: voice(&channel, true).map(|_| limit(30)),
                channel,
            })
            .collect(),
        phone_number_configs: vec![PhoneNumberConfig {
            channel: "VOICE".to_owned(),
            phone_type: "DESK_PHONE".to_owned(),
            phone_number: Some("+12065550100".to_owned()),
        }],
        persistent_connection_configs: vec![PersistentConnectionConfig {
            channel: "VOICE".to_owned(),
            persistent_connection: false,
        }],
        voice_enhancement_configs: vec![VoiceEnhancementConfig {
            channel: "VOICE".to_owned(),
            voice_enhancement_mode: "NOISE_SUPPRESSION".to_owned(),
        }],
        ..common()
    }
}

/// botocore behind a socket; ends with the test.
struct Verifier {
    child: Child,
    said: BufReader<ChildStdout>,
    url: String,
}

impl Verifier {
    /// `None` where there is no Python with botocore.
    fn start(token: Option<&str>) -> Option<Self> {
        let python = python::venv()?.join("bin/python");
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/verify_signature.py"))
            .args([KEY, SECRET, token.unwrap_or("-"), "us-west-2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        Some(Self { child, said, url: format!("http://127.0.0.1:{}", port.trim()) })
    }

    /// What it said about the next request: operation and status.
    fn next(&mut self) -> (String, u64) {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        (said["operation"].as_str().unwrap().to_owned(), said["status"].as_u64().unwrap())
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Changes a user in every way.
async fn changes(client: &Client, instance: &str) {
    let id = "u-1";
    let user = per_channel_family();
    let identity = older_family().identity_info.unwrap();
    client.update_user_identity_info(instance, id, &identity).await.unwrap();
    let config = UserConfig {
        auto_accept_configs: user.auto_accept_configs,
        after_contact_work_configs: user.after_contact_work_configs,
        phone_number_configs: user.phone_number_configs,
        persistent_connection_configs: user.persistent_connection_configs,
        voice_enhancement_configs: user.voice_enhancement_configs,
    };
    client.update_user_config(instance, id, &config).await.unwrap();
    client.update_user_config(instance, id, &UserConfig::default()).await.unwrap();
    let phone = older_family().phone_config.unwrap();
    client.update_user_phone_config(instance, id, &phone).await.unwrap();
    client.update_user_routing_profile(instance, id, "r-2").await.unwrap();
    client.update_user_security_profiles(instance, id, &["s-1".into(), "s-2".into()]).await.unwrap();
    client.update_user_hierarchy(instance, id, Some("h-1")).await.unwrap();
    client.update_user_hierarchy(instance, id, None).await.unwrap();
    let name = || ("connect:Language".to_owned(), "connect:English".to_owned());
    let (attribute_name, attribute_value) = name();
    let skill = UserProficiency { attribute_name, attribute_value, level: 2.0 };
    client.update_user_proficiencies(instance, id, &[skill]).await.unwrap();
    let (attribute_name, attribute_value) = name();
    let skill = UserProficiencyName { attribute_name, attribute_value };
    client.disassociate_user_proficiencies(instance, id, &[skill]).await.unwrap();
    let arn = format!("{ARN}/agent/u-1");
    let tags = [("cost centre", "Köln/4+1"), ("empty", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    client.tag_resource(&arn, &tags.into()).await.unwrap();
    client.untag_resource(&arn, &["cost centre".into(), "a/b+c=é@ -_.:".into()]).await.unwrap();
}

/// Makes every call there is and returns the names of those that botocore saw and took.
async fn every_call(client: &Client, instance: &str, verifier: &mut Verifier) -> Vec<String> {
    let mut created = Vec::new();
    for user in [minimal(), older_family(), per_channel_family()] {
        created.push(client.create_user(instance, &user).await.unwrap());
    }
    assert!(created.iter().all(|reply| reply.value.user_id == "u-1"));
    assert_eq!(created[0].request_id.as_deref(), Some("request-1"));
    assert!(created[0].date.is_some());

    let skill = |level| UserProficiency {
        attribute_name: "connect:Language".to_owned(),
        attribute_value: "connect:English".to_owned(),
        level,
    };
    client.associate_user_proficiencies(instance, "u-1", &[skill(1.0), skill(5.0)]).await.unwrap();
    let skills = client.list_user_proficiencies(instance, "u-1", None).await.unwrap().value;
    assert_eq!((skills.items[0].attribute_value.as_str(), skills.items[0].level), ("German", 4.0));
    changes(client, instance).await;
    client.delete_all_entity_sessions(instance, "u-1").await.unwrap();
    client.delete_user(instance, "u-1").await.unwrap();
    client.delete_quick_connect(instance, "q/1 é").await.unwrap();
    let described = client.describe_instance(instance).await.unwrap().value;
    assert_eq!((described.id.as_str(), described.identity_management_type.as_str()), (ID, "SAML"));
    let user = client.describe_user(instance, "u-1").await.unwrap().value;
    assert_eq!((user.username.as_str(), user.tags.len()), ("ana", 0));
    let group = client.describe_user_hierarchy_group(instance, "h-1").await.unwrap().value;
    assert_eq!(group.name, "Earth");
    let quota = client.get_service_quota("L-CBDEE3E4", Some(ARN)).await.unwrap().unwrap();
    assert_eq!(quota.value.value, 2.0);
    client.get_service_quota("L-CBDEE3E4", None).await.unwrap().unwrap();

    let mut sent = 3 + 10 + 12;
    for token in [None, Some("a+b/c==&x=é ")] {
        let instances = client.list_instances(token).await.unwrap().value;
        assert_eq!(instances.items[0].instance_alias.as_deref(), Some("centre"));
        let users = client.list_users(instance, token).await.unwrap().value;
        assert_eq!(users.items[0].username.as_deref(), Some("ana"));
        let routing = client.list_routing_profiles(instance, token).await.unwrap().value;
        assert_eq!((routing.items[0].name.as_deref(), routing.next_token), (Some("Basic"), None));
        let security = client.list_security_profiles(instance, token).await.unwrap().value;
        assert_eq!(security.next_token.as_deref(), Some("n+/="));
        let groups = client.list_user_hierarchy_groups(instance, token).await.unwrap().value;
        assert_eq!(groups.items[0].name.as_deref(), Some("Earth"));
        let groups = client.search_user_hierarchy_groups(instance, token).await.unwrap().value;
        assert_eq!(groups.items[0].level_id, "1");
        let found = client.search_users(instance, "ana+b@example.com", token).await.unwrap().value;
        assert_eq!(found.items[0].username, "ana");
        let attributes = client.search_predefined_attributes(instance, token).await.unwrap().value;
        assert_eq!(attributes.items[0].name, "Language");
        let found = client.search_all_users(instance, token).await.unwrap().value;
        assert_eq!((found.users[0].username.as_str(), found.approximate_total), ("ana", Some(1)));
        let found = client.search_quick_connects(instance, token).await.unwrap().value;
        let led: Vec<_> = found.items.iter().map(|found| (found.id.as_str(), found.user_id())).collect();
        assert_eq!(led, [("q-1", Some("u-1")), ("q-2", None)]);
        let most: Vec<String> = (1..=100).map(|at| format!("u-{at}")).collect();
        let most: Vec<&str> = most.iter().map(String::as_str).collect();
        let found = client.get_current_user_data(instance, &most, token).await.unwrap().value;
        let work: Vec<_> = found.items.iter().map(|data| (data.user_id(), data.status())).collect();
        assert_eq!(work, [(Some("u-1"), "Lunch"), (Some("u-2"), "at work")]);
        sent += 11;
    }
    let seen: Vec<_> = (0..sent).map(|_| verifier.next()).collect();
    assert!(seen.iter().all(|(_, status)| *status == 200));
    seen.into_iter().map(|(operation, _)| operation).collect()
}

#[tokio::test]
async fn botocore_makes_the_same_request_and_signature_for_every_call() {
    for token in [None, Some(TOKEN)] {
        let Some(mut verifier) = Verifier::start(token) else { return };
        let credentials = Credentials::fixed(KEY, SECRET, token);
        let client = client(&verifier.url, credentials, &HttpOptions::default());
        for instance in [ID, ARN] {
            let seen = every_call(&client, instance, &mut verifier).await;
            for operation in operation::Operation::ALL {
                assert!(seen.iter().any(|name| name == operation.name()), "{operation} was not sent");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_found_out() {
    let Some(mut verifier) = Verifier::start(Some(TOKEN)) else { return };
    let wrong = [
        Credentials::fixed(KEY, "wrong", Some(TOKEN)),
        Credentials::fixed(KEY, SECRET, None),
        Credentials::fixed(KEY, SECRET, Some("another")),
    ];
    for credentials in wrong {
        let client = client(&verifier.url, credentials, &HttpOptions::default());
        let error = client.create_user(ID, &minimal()).await.unwrap_err();
        assert!(error.is("SignatureDoesNotMatch"), "{error}");
        assert_eq!(error.fault().map(|fault| fault.status), Some(403));
        assert_eq!(verifier.next().1, 403);
    }
}

#[tokio::test]
async fn a_path_beside_the_endpoint_is_kept_and_signed() {
    let Some(mut verifier) = Verifier::start(None) else { return };
    let url = format!("{}/behind/a/gateway/", verifier.url);
    let client = client(&url, Credentials::fixed(KEY, SECRET, None), &HttpOptions::default());
    let error = client.describe_instance(ID).await.unwrap_err();
    // The signature is right: it is the verifier that knows no operation there.
    assert!(error.is("NotWhatBotocoreSends"), "{error}");
    assert_eq!(verifier.next().1, 400);
}

#[test]
fn every_body_of_a_create_passes_the_services_own_model() {
    let Some(venv) = python::venv() else { return };
    let one_by_one = [
        CreateUser { password: Some(Password::new(PASSWORD)), ..minimal() },
        CreateUser { identity_info: Some(IdentityInfo::default()), ..minimal() },
        CreateUser { phone_config: Some(PhoneConfig::default()), ..minimal() },
        CreateUser { tags: common().tags, ..minimal() },
    ];
    let good = [minimal(), older_family(), per_channel_family()].into_iter().chain(one_by_one);
    let phone = |number: &str| {
        let config = PhoneConfig { desk_phone_number: Some(number.to_owned()), ..Default::default() };
        CreateUser { phone_config: Some(config), ..minimal() }
    };
    let tag = |key: &str| CreateUser { tags: BTreeMap::from([(key.to_owned(), String::new())]), ..minimal() };
    let bad = [
        CreateUser { username: String::new(), ..minimal() },
        CreateUser { username: "a".repeat(101), ..minimal() },
        CreateUser { security_profile_ids: Vec::new(), ..minimal() },
        CreateUser { security_profile_ids: vec!["s".to_owned(); 11], ..minimal() },
        CreateUser { password: Some(Password::new("alllowercase1")), ..minimal() },
        phone("12065550100"),
        phone("+1206555010\n0"),
        tag("aws:x"),
        tag("a,b"),
        CreateUser {
            voice_enhancement_configs: vec![VoiceEnhancementConfig {
                channel: "PHONE".to_owned(),
                voice_enhancement_mode: "NONE".to_owned(),
            }],
            ..minimal()
        },
    ];
    let good: Vec<_> = good.map(|user| body(&user)).collect();
    let bad: Vec<_> = bad.iter().map(body).collect();

    let mut child = Command::new(venv.join("bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/model_check.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for parameters in good.iter().chain(&bad) {
        writeln!(stdin, "{}", serde_json::json!({"operation": "CreateUser", "parameters": parameters}))
            .unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let lines: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), good.len() + bad.len() + 1);
    for (line, body) in lines.iter().zip(&good) {
        assert_eq!(*line, serde_json::json!([]), "{body}");
    }
    for (line, body) in lines[good.len()..].iter().zip(&bad) {
        assert_ne!(*line, serde_json::json!([]), "{body}");
    }
    // The bodies have every member that the model has, at every depth, and no other.
    assert_eq!(lines[good.len() + bad.len()], serde_json::json!({"missing": [], "unknown": []}));
}

/// What CreateUser sends, with the member that the URI carries put back.
fn body(user: &CreateUser) -> serde_json::Value {
    let bytes = operation::create_user(ID, user).body.unwrap();
    let mut body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    body["InstanceId"] = ID.into();
    body
}

/// A server of one connection, which does what it is told.
pub fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || serve(listener.accept().unwrap().0));
    (address.to_string(), thread)
}

/// Waits for the server without holding up the client, which closes its connections in the background.
pub async fn ended(server: JoinHandle<()>) {
    tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
}

/// Reads a request to its end: a head, then as many bytes as it says.
pub fn read_request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        reader.read_line(&mut head).unwrap();
        let line = head[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

pub fn answering(answer: String) -> impl FnOnce(TcpStream) + Send + 'static {
    move |mut stream| {
        read_request(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

pub fn plain(address: &str) -> Client {
    client(&format!("http://{address}"), Credentials::fixed(KEY, SECRET, None), &HttpOptions::default())
}

pub async fn create(client: &Client) -> Result<String, CallError> {
    let user = CreateUser { password: Some(Password::new(PASSWORD)), ..minimal() };
    client.create_user(ID, &user).await.map(|reply| reply.value.user_id)
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = create(&plain(&address.to_string())).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_sent() {
    let credentials = Credentials::fixed(KEY, SECRET, None);
    let client = client("https://connect.invalid", credentials, &HttpOptions::default());
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
}

#[tokio::test]
async fn tls_to_a_port_that_speaks_none_is_not_sent() {
    let talks: fn(TcpStream) = |mut stream| {
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).unwrap();
        assert_eq!(hello[0], 22, "a TLS handshake comes first, and nothing else");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    };
    let (address, thread) = server(talks);
    let options = HttpOptions { connect_timeout: Duration::from_secs(5), ..Default::default() };
    let client = client(&format!("https://{address}"), Credentials::fixed(KEY, SECRET, None), &options);
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    ended(thread).await;
}

/// A TLS server of one connection for `localhost`, whose certificate the authority in `tests/tls/ca.pem` has signed;
/// says whether it got a request.
fn tls_server() -> (String, JoinHandle<bool>) {
    headcount::connect::install_tls();
    let chain = CertificateDer::pem_file_iter(TLS_FILES.to_owned() + "server.pem").unwrap();
    let key = PrivateKeyDer::from_pem_file(TLS_FILES.to_owned() + "server.key").unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, listener.accept().unwrap().0);
        let mut seen = [0; 4096];
        let got = stream.read(&mut seen).is_ok_and(|length| length > 0);
        if got {
            stream
                .write_all(http("200 OK", "Connection: close\r\n", "{\"UserId\":\"u-1\"}").as_bytes())
                .unwrap();
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        got
    });
    (format!("https://localhost:{port}"), thread)
}

const TLS_FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/");

#[tokio::test]
async fn only_a_certificate_that_is_trusted_gets_a_request() {
    let bundle =
        HttpOptions { ca_bundle: Some((TLS_FILES.to_owned() + "ca.pem").into()), ..Default::default() };
    let credentials = Credentials::fixed(KEY, SECRET, None);

    let (url, thread) = tls_server();
    let error = create(&client(&url, credentials.clone(), &HttpOptions::default())).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(!tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap());

    let (url, thread) = tls_server();
    assert_eq!(create(&client(&url, credentials.clone(), &bundle)).await.unwrap(), "u-1");
    assert!(tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap());

    // The name has to be right as well.
    let (url, thread) = tls_server();
    let error =
        create(&client(&url.replace("localhost", "127.0.0.2"), credentials, &bundle)).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    drop(TcpStream::connect(url.trim_start_matches("https://")));
    assert!(!tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap());
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_is_not_sent() {
    let (address, thread) = server(|mut stream| {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        assert_eq!(all.first(), Some(&22));
    });
    let options = HttpOptions { connect_timeout: Duration::from_millis(100), ..Default::default() };
    let client = client(&format!("https://{address}"), Credentials::fixed(KEY, SECRET, None), &options);
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    drop(client);
    ended(thread).await;
}

#[tokio::test]
async fn whatever_goes_wrong_after_the_request_is_unclear() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"UserId\":";
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n";
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(9 * 1024 * 1024));
    let cases = [
        ("a connection that is closed", String::new()),
        ("half a head", "HTTP/1.1 200 OK\r\nContent-".to_owned()),
        ("half a body", half.to_owned()),
        ("an answer longer than the limit by its own account", long.to_owned()),
        ("an answer longer than the limit without an account", endless),
        ("garbage", "\x16\x03\x01 not HTTP at all\r\n\r\n".to_owned()),
        ("a success that is no JSON", http("200 OK", "", "<html>Sign in to the guest network</html>")),
        ("a success that breaks off", http("200 OK", "", "{\"UserId\":\"u-1\"")),
        ("a success of another shape", http("200 OK", "", &format!("{{\"UserId\":[\"{PASSWORD}\"]}}"))),
        ("a success without a user", http("200 OK", "", "{\"UserArn\":\"arn:x\"}")),
        ("a success with an empty user", http("200 OK", "", "{\"UserId\":\"\"}")),
        ("an empty success", http("200 OK", "", "")),
    ];
    for (name, answer) in cases {
        let (address, thread) = server(move |mut stream| {
            read_request(&mut stream);
            // The client may hang up on an answer that is too long.
            let _ = stream.write_all(answer.as_bytes());
        });
        let error = create(&plain(&address)).await.unwrap_err();
        assert!(matches!(error, CallError::Unclear(_)), "{name}: {error}");
        assert!(!format!("{error}{error:?}").contains(PASSWORD), "{name}: {error}");
        ended(thread).await;
    }
}

#[tokio::test]
async fn a_reset_after_the_request_is_unclear() {
    let (address, thread) = server(|stream| {
        // What is closed with unread bytes in it is reset, not finished.
        stream.peek(&mut [0; 1]).unwrap();
    });
    let error = create(&plain(&address)).await.unwrap_err();
    assert!(matches!(error, CallError::Unclear(_)), "{error}");
    ended(thread).await;
}

#[tokio::test]
async fn no_answer_in_time_is_unclear() {
    let (address, thread) = server(|mut stream| {
        read_request(&mut stream);
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "the client hangs up and sends nothing again");
    });
    let options = HttpOptions { timeout: Duration::from_millis(200), ..Default::default() };
    let client = client(&format!("http://{address}"), Credentials::fixed(KEY, SECRET, None), &options);
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, CallError::Unclear(_)), "{error}");
    assert!(error.to_string().contains("timed out"), "{error}");
    ended(thread).await;
}

#[tokio::test]
async fn an_answer_of_any_other_status_is_a_refusal_with_what_it_says() {
    let (address, thread) = server(answering(http(
        "400 Bad Request",
        "x-amzn-ErrorType: InvalidParameterException:\r\nx-amzn-RequestId: r-9\r\n",
        &format!("{{\"Message\":\"Password {PASSWORD} is too weak\"}}"),
    )));
    let error = create(&plain(&address)).await.unwrap_err();
    let fault = error.fault().unwrap();
    assert_eq!((fault.status, fault.code.as_deref()), (400, Some("InvalidParameterException")));
    assert_eq!(fault.message.as_deref(), Some("InvalidParameterException"));
    assert_eq!(fault.request_id.as_deref(), Some("r-9"));
    ended(thread).await;

    // Redirects are not followed: the signature is for this host.
    let (address, thread) =
        server(answering(http("307 Temporary Redirect", "Location: http://127.0.0.1:1/\r\n", "")));
    let error = create(&plain(&address)).await.unwrap_err();
    assert_eq!(error.fault().map(|fault| fault.status), Some(307));
    ended(thread).await;

    let (address, thread) = server(answering(http("502 Bad Gateway", "", "<html>nginx</html>")));
    let error = create(&plain(&address)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("HTTP 502 from `{address}`, without a word of the service's"));
    ended(thread).await;
}

#[tokio::test]
async fn an_answer_in_many_chunks_is_put_together() {
    let (address, thread) = server(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        for piece in ["{\"User", "Id\":\"", "u-7\"", "}"] {
            stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    });
    assert_eq!(create(&plain(&address)).await.unwrap(), "u-7");
    ended(thread).await;
}
