//! Where credentials come from: every source of the AWS default chain, through the program itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use assert_cmd::Command;
use tempfile::TempDir;

const ARN: &str = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const LATER: &str = "2099-01-01T00:00:00Z";

/// Plays the metadata services, STS, SSO, a proxy and Connect, and keeps what it is asked.
struct Stub {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || serve(stream, &log));
            }
        });
        Self { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who signed the calls of Connect.
    fn signers(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter_map(|line| line.strip_prefix("connect by ")).map(str::to_owned).collect()
    }

    fn was_asked(&self, what: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|line| line.contains(what))
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length, mut signer) = (String::new(), 0, None);
    loop {
        let start = head.len();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
        let line = head[start..].trim();
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => {
                    signer = value
                        .split("Credential=")
                        .nth(1)
                        .and_then(|v| v.split('/').next())
                        .map(str::to_owned);
                }
                _ => {}
            }
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    let line = head.lines().next().unwrap_or_default();
    let path = line.split(' ').nth(1).unwrap_or_default().trim_end_matches('/').to_owned();
    let signer = signer.unwrap_or_default();
    log.lock().unwrap().push(match path.as_str() {
        path if path.starts_with("/instance") => format!("connect by {signer}"),
        _ => format!("{line} by {signer} {body}"),
    });
    let keys = |name: &str, token: &str| {
        format!(
            r#"{{"Code":"Success","AccessKeyId":"{name}","SecretAccessKey":"s","{token}":"t","Expiration":"{LATER}"}}"#
        )
    };
    let (status, headers, answer) = match path.as_str() {
        "/container" => ("200 OK", "", keys("AKIDCONTAINER", "Token")),
        "/latest/api/token" => {
            ("200 OK", "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n", "token".to_owned())
        }
        "/latest/meta-data/iam/security-credentials" => ("200 OK", "", "role".to_owned()),
        "/latest/meta-data/iam/security-credentials/role" => ("200 OK", "", keys("AKIDINSTANCE", "Token")),
        path if path.starts_with("/federation/credentials") => {
            let keys = r#"{"roleCredentials":{"accessKeyId":"AKIDSSO","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}"#;
            ("200 OK", "", keys.to_owned())
        }
        "" if body.contains("AssumeRole") => {
            let action =
                if body.contains("WithWebIdentity") { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
            let keys = format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
                 <AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                 <SessionToken>t</SessionToken><Expiration>{LATER}</Expiration></Credentials>\
                 <AssumedRoleUser><AssumedRoleId>r:s</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/s</Arn>\
                 </AssumedRoleUser></{action}Result></{action}Response>"
            );
            ("200 OK", "Content-Type: text/xml\r\n", keys)
        }
        _ => {
            ("403 Forbidden", "x-amzn-ErrorType: AccessDeniedException\r\n", r#"{"message":"no"}"#.to_owned())
        }
    };
    let length = answer.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
    );
}

/// A home without any AWS settings but those that the test writes.
struct Home(TempDir);

impl Home {
    fn with(config: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write(".aws/config", config);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Starts a dry run against the stub, which refuses the first call; returns what was said on stderr.
    fn dry_run(&self, stub: &Stub, env: &[(&str, &str)], args: &[&str]) -> String {
        let url = stub.url();
        self.run(env, &[&["--instance", ARN, "--endpoint-url", url.as_str()], args].concat(), 4)
    }

    /// Starts a dry run, which ends with this code; returns what was said on stderr.
    fn run(&self, env: &[(&str, &str)], args: &[&str], exit: i32) -> String {
        let roster = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/roster.csv");
        let mut command = Command::cargo_bin("headcount").unwrap();
        command
            .env_clear()
            .envs(system())
            .env("HOME", self.path())
            .env("USERPROFILE", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(env.iter().copied())
            .args(["import", roster, "--dry-run"])
            .args(args)
            .current_dir(self.path());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{said}");
        said
    }
}

/// What a process needs of this machine's environment: where programs are, and on Windows where the system is.
fn system() -> Vec<(&'static str, std::ffi::OsString)> {
    if cfg!(unix) {
        return vec![("PATH", "/usr/bin:/bin".into())];
    }
    let needed = ["PATH", "PATHEXT", "SystemRoot", "ComSpec"];
    needed.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect()
}

/// Writes a program that says this and adds a line to the file `runs`; returns the command that runs it.
#[cfg(unix)]
fn process(home: &Home, says: &str) -> String {
    let runs = home.path().join("runs");
    let script = home.write("keys.sh", &format!("echo run >> '{}'\necho '{says}'\n", runs.display()));
    format!("/bin/sh {script}")
}

/// The same in the system's own language.
#[cfg(windows)]
fn process(home: &Home, says: &str) -> String {
    let runs = home.path().join("runs");
    home.write("keys.cmd", &format!("@echo run>> \"{}\"\r\n@echo {says}\r\n", runs.display()))
}

const ENV_KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "s")];

#[test]
fn keys_in_the_environment_come_first() {
    let (stub, home) =
        (Stub::start(), Home::with("[default]\naws_access_key_id=AKIDFILE\naws_secret_access_key=s\n"));
    let said = home.dry_run(&stub, &ENV_KEYS, &[]);
    assert_eq!(stub.signers(), ["AKIDENV"]);
    assert!(said.contains("connect:DescribeInstance"), "a refusal names the permission: {said}");
}

#[test]
fn the_profiles_keys_come_next_and_a_profile_that_is_asked_for_comes_first() {
    let config = "[default]\naws_access_key_id=AKIDFILE\naws_secret_access_key=s\n\
                  [profile other]\naws_access_key_id=AKIDOTHER\naws_secret_access_key=s\n";
    let (stub, home) = (Stub::start(), Home::with(config));
    home.dry_run(&stub, &[], &[]);
    home.dry_run(&stub, &[("AWS_PROFILE", "other")], &[]);
    home.dry_run(&stub, &ENV_KEYS, &["--profile", "other"]);
    assert_eq!(stub.signers(), ["AKIDFILE", "AKIDOTHER", "AKIDOTHER"]);
}

#[test]
fn a_credential_process_is_run_once() {
    let home = Home::with("");
    let command = process(&home, r#"{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"s"}"#);
    home.write(".aws/config", &format!("[default]\ncredential_process = {command}\n"));
    let stub = Stub::start();
    home.dry_run(&stub, &[], &[]);
    assert_eq!(stub.signers(), ["AKIDPROCESS"]);
    assert_eq!(std::fs::read_to_string(home.path().join("runs")).unwrap().trim_end(), "run");
}

/// Windows has no way to begin once more as the same process, without the variable: there it stays.
#[cfg(unix)]
#[test]
fn the_variable_of_a_password_is_not_in_the_environment_of_what_is_started() {
    let home = Home::with("");
    let seen = home.path().join("seen");
    let json = r#"{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"s"}"#;
    // Its own environment, and that of the process that started it, as the system shows it.
    let script = home.write(
        "keys.sh",
        &format!(
            "env > '{seen}'\ncat /proc/$PPID/environ >> '{seen}' 2>/dev/null\necho '{json}'\n",
            seen = seen.display()
        ),
    );
    home.write(".aws/config", &format!("[default]\ncredential_process = /bin/sh {script}\n"));
    let stub = Stub::start();
    home.dry_run(
        &stub,
        &[("FIRST_DAY", "Lantern-Reef-7-Zx"), ("UNTOUCHED", "stays")],
        &["--password-from-env", "FIRST_DAY"],
    );
    assert_eq!(stub.signers(), ["AKIDPROCESS"]);
    let seen = String::from_utf8_lossy(&std::fs::read(seen).unwrap()).into_owned();
    assert!(seen.contains("UNTOUCHED=stays"), "{seen}");
    assert!(!seen.contains("Lantern-Reef-7-Zx"), "the password is in the environment of a child: {seen}");
}

#[test]
fn a_role_is_assumed_with_the_keys_of_another_profile() {
    let config = "[default]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=base\n\
                  [profile base]\naws_access_key_id=AKIDBASE\naws_secret_access_key=s\n";
    let (stub, home) = (Stub::start(), Home::with(config));
    home.dry_run(&stub, &[("AWS_ENDPOINT_URL_STS", &stub.url())], &[]);
    assert_eq!(stub.signers(), ["AKIDROLE"]);
    assert!(stub.was_asked("by AKIDBASE"), "the role is asked for with the other profile's keys");
}

#[test]
fn a_web_identity_is_exchanged_for_keys() {
    let (stub, home) = (Stub::start(), Home::with(""));
    let token = home.write("token", "ey.ey.ey");
    let env = [
        ("AWS_ENDPOINT_URL_STS", stub.url()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r".to_owned()),
    ];
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    home.dry_run(&stub, &env, &[]);
    assert_eq!(stub.signers(), ["AKIDROLE"]);
    assert!(stub.was_asked("Action=AssumeRoleWithWebIdentity"));
}

#[test]
fn a_session_of_the_identity_center_is_used() {
    let config = "[default]\nsso_session=s\nsso_account_id=123456789012\nsso_role_name=r\n\
                  [sso-session s]\nsso_region=us-west-2\nsso_start_url=https://d-1.awsapps.com/start\n";
    let (stub, home) = (Stub::start(), Home::with(config));
    // The name is the SHA-1 of the session's.
    let cached = format!(
        r#"{{"accessToken":"a","expiresAt":"{LATER}","region":"us-west-2","startUrl":"https://d-1.awsapps.com/start"}}"#
    );
    home.write(".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json", &cached);
    home.dry_run(&stub, &[("AWS_ENDPOINT_URL_SSO", &stub.url())], &[]);
    assert_eq!(stub.signers(), ["AKIDSSO"]);
}

#[test]
fn container_and_instance_metadata_are_reached_past_a_proxy() {
    let (stub, home) = (Stub::start(), Home::with(""));
    // A proxy that nothing listens at: whatever goes through it fails.
    let dead = "http://127.0.0.1:9";
    let proxies = [("HTTP_PROXY", dead), ("http_proxy", dead), ("HTTPS_PROXY", dead), ("ALL_PROXY", dead)];
    let container = format!("{}/container", stub.url());
    let env: Vec<_> =
        proxies.into_iter().chain([("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.as_str())]).collect();
    home.dry_run(&stub, &env, &[]);
    let metadata = stub.url();
    let instance =
        [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.as_str())];
    let env: Vec<_> = proxies.into_iter().chain(instance).collect();
    home.dry_run(&stub, &env, &[]);
    assert_eq!(stub.signers(), ["AKIDCONTAINER", "AKIDINSTANCE"]);
}

#[test]
fn sts_is_reached_through_the_proxy() {
    let config = "[default]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=base\n\
                  [profile base]\naws_access_key_id=AKIDBASE\naws_secret_access_key=s\n";
    let (stub, home) = (Stub::start(), Home::with(config));
    let said = home.dry_run(&stub, &[("HTTPS_PROXY", &stub.url())], &[]);
    assert!(stub.was_asked("CONNECT sts.us-west-2.amazonaws.com:443"), "{said}");
    assert!(stub.signers().is_empty());
    assert!(said.contains("no AWS credentials"), "{said}");
}

#[test]
fn without_credentials_nothing_is_called_and_the_way_out_is_said() {
    let (stub, home) = (Stub::start(), Home::with("[profile empty]\nregion=us-west-2\n"));
    let said = home.dry_run(&stub, &[], &[]);
    assert!(said.contains("no AWS credentials: tried the environment, the profile,"), "{said}");
    assert!(said.contains("hint: sign in with `aws sso login`"), "{said}");
    let said = home.dry_run(&stub, &[], &["--profile", "empty"]);
    assert!(said.contains("no AWS credentials of the profile `empty`"), "{said}");
    assert!(said.contains("`aws sso login --profile empty`"), "{said}");
    let said = home.dry_run(&stub, &ENV_KEYS, &["--profile", "missing"]);
    assert!(said.contains("no AWS credentials of the profile `missing`: there is no profile"), "{said}");
    assert!(said.contains("the profiles of this machine are `empty`"), "{said}");
    home.write(".aws/config", "[default]\nlogin_session=arn:aws:iam::1:user/x\n");
    let said = home.dry_run(&stub, &[], &[]);
    assert!(said.contains("aws configure export-credentials"), "{said}");
    assert!(stub.asked.lock().unwrap().is_empty());
}

#[test]
fn a_broken_file_of_settings_is_named_before_anything_is_concluded_from_its_absence() {
    let (stub, home) = (Stub::start(), Home::with(""));
    let config = Path::new(".aws").join("config").display().to_string();
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("[default]\n".bytes().flat_map(|b| [b, 0])).collect();
    for (bytes, why) in [
        (&b"\xEF\xBB\xBF[default]\nregion=us-west-2\n"[..], "line 1: it begins with a byte-order mark"),
        (&utf16, "line 1: it is in UTF-16"),
        (b"[default]\nregion=us-west-2\n[profile old\n", "on line 3:"),
    ] {
        std::fs::write(home.path().join(".aws/config"), bytes).unwrap();
        let said = home.run(&ENV_KEYS, &["--instance", "acme"], 2);
        assert!(said.contains(why) && said.contains(&config), "{said}");
        assert!(!said.contains("no region is known"), "{said}");
    }
    home.write(".aws/config", "[default]\r\nregion=us-west-2\r\n");
    home.dry_run(&stub, &ENV_KEYS, &[]);
    assert_eq!(stub.signers(), ["AKIDENV"], "line ends of Windows are no fault");
}

#[test]
fn each_fault_of_a_profile_is_told_by_what_it_is_and_not_as_a_missing_sign_in() {
    let (stub, home) = (Stub::start(), Home::with(""));
    for (config, profile, said) in [
        (
            "[acme]\nregion=us-west-2\n",
            "acme",
            "config`, line 1 is not read as a profile: write `[profile acme]` there",
        ),
        (
            "\n[profile a b]\n",
            "a b",
            "config`, line 2 is not read as a profile: write `[profile \"a b\"]` there",
        ),
        (
            "[profile a]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=b\n",
            "a",
            "its keys come from `source_profile = b`, and there is no profile of that name",
        ),
        (
            "[profile a]\nsso_session=corp\nsso_account_id=1\nsso_role_name=r\n",
            "a",
            "look at `sso_session` in the AWS config file",
        ),
        (
            "[profile a]\ncredential_process=echo junk\n",
            "a",
            "run the command of `credential_process` by hand",
        ),
        ("[profile a]\ncredential_process=false\n", "a", "run the command of `credential_process` by hand"),
    ] {
        home.write(".aws/config", config);
        let told = home.dry_run(&stub, &[], &["--profile", profile]);
        assert!(told.contains(said), "{config}\n{told}");
        assert!(!told.contains("aws sso login"), "{config}\n{told}");
    }
    home.write(".aws/config", "");
    let told = home.dry_run(&stub, &[("AWS_ACCESS_KEY_ID", "AKIDENV")], &[]);
    assert!(told.contains("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"), "{told}");
    let quoted = [("AWS_ACCESS_KEY_ID", "\"AKIDENV\""), ("AWS_SECRET_ACCESS_KEY", "s")];
    let told = home.dry_run(&stub, &quoted, &[]);
    assert!(told.contains("the access key id has quotation marks around it"), "{told}");
    assert!(stub.asked.lock().unwrap().is_empty());
}

#[test]
fn an_empty_token_is_none_and_a_line_end_is_no_part_of_a_key() {
    let stub = Stub::start();
    let home =
        Home::with("[default]\naws_access_key_id=AKIDFILE\naws_secret_access_key=s\naws_session_token =\n");
    let said = home.dry_run(&stub, &[], &[]);
    assert_eq!(stub.signers(), ["AKIDFILE"], "{said}");
    let lines =
        [("AWS_ACCESS_KEY_ID", "AKIDENV\r"), ("AWS_SECRET_ACCESS_KEY", "s\r\n"), ("AWS_SESSION_TOKEN", "")];
    let said = home.dry_run(&stub, &lines, &[]);
    assert_eq!(stub.signers(), ["AKIDFILE", "AKIDENV"], "{said}");
    let inside = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "hun\nter2")];
    let said = home.dry_run(&stub, &inside, &[]);
    assert!(said.contains("the secret access key has a line break"), "{said}");
    assert!(!said.contains("ter2"), "{said}");
}

#[test]
fn a_profile_with_a_second_factor_is_told_the_way_there_is_and_nobody_is_asked() {
    let config = "[profile admin]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=base\n\
                  mfa_serial=arn:aws:iam::123456789012:mfa/x\n\
                  [profile over]\nrole_arn=arn:aws:iam::123456789012:role/q\nsource_profile=admin\n\
                  [profile base]\naws_access_key_id=AKIDBASE\naws_secret_access_key=s\n";
    let (stub, home) = (Stub::start(), Home::with(config));
    let sts = stub.url();
    for name in ["admin", "over"] {
        let said = home.dry_run(&stub, &[("AWS_ENDPOINT_URL_STS", &sts)], &["--profile", name]);
        let way = format!("aws configure export-credentials --profile {name} --format env");
        assert!(said.contains("mfa_serial") && said.contains(&way), "{said}");
    }
    assert!(stub.asked.lock().unwrap().is_empty());
    let env = [("AWS_PROFILE", "admin"), ENV_KEYS[0], ENV_KEYS[1]];
    home.dry_run(&stub, &env, &[]);
    assert_eq!(stub.signers(), ["AKIDENV"], "with what was exported it goes on");
}

#[test]
fn the_profile_says_region_and_endpoint_as_it_does_for_the_aws_cli() {
    let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
    let (own, common) = (Stub::start(), Stub::start());
    let config = format!(
        "[default]\nregion=us-west-2\nendpoint_url={}\nservices=mine\n\
         [profile plain]\nregion=us-west-2\nendpoint_url={}\n\
         [profile fips]\nregion=us-west-2\nuse_fips_endpoint=true\n\
         [services mine]\nconnect =\n  endpoint_url={}\n",
        common.url(),
        common.url(),
        own.url()
    );
    let home = Home::with(&config);
    home.write(".aws/credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=s\n[plain]\naws_access_key_id=B\naws_secret_access_key=s\n");
    let signed_in =
        |name: &str, stub: &Stub| assert_eq!(stub.signers().last().map(String::as_str), Some(name));

    home.run(&[], &["--instance", id], 4);
    signed_in("A", &own);
    home.run(&[], &["--instance", id, "--profile", "plain"], 4);
    signed_in("B", &common);
    home.run(&[("AWS_ENDPOINT_URL_CONNECT", &own.url())], &["--instance", id, "--profile", "plain"], 4);
    signed_in("B", &own);
    assert_eq!((own.signers().len(), common.signers().len()), (2, 1));

    let said = home.run(&[], &["--instance", id, "--profile", "fips", "--endpoint-url", &own.url()], 2);
    assert!(said.contains("a FIPS endpoint and an endpoint URL cannot both be asked for"), "{said}");
    let said = home.run(&[("AWS_CONFIG_FILE", "/nowhere")], &["--instance", id], 2);
    assert!(said.contains("no region is known for the instance"), "{said}");
    let said = home.run(
        &[("AWS_CA_BUNDLE", "/nowhere")],
        &["--instance", ARN, "--endpoint-url", "https://connect.invalid"],
        2,
    );
    assert!(said.contains("cannot use the certificates of AWS_CA_BUNDLE: `/nowhere`"), "{said}");
    // Ignored, the way leads to AWS itself, which needs certificates where this machine does not.
    let ignore = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_CA_BUNDLE", "/nowhere")];
    home.run(&ignore, &["--instance", id], 2);
    home.run(&ignore[1..], &["--instance", id], 4);
    assert_eq!((own.signers().len(), common.signers().len()), (3, 1));
}
