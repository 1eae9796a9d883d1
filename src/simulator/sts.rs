//! The AWS Security Token Service, as far as one operation goes: AssumeRole, in the query protocol.
//!
//! Source: AWS, *Security Token Service API Reference*, AssumeRole, Common Error Types and the examples there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use time::OffsetDateTime;
use time::macros::format_description;

use super::dice::Dice;
use super::keys::{Key, Session};
use super::signature::{Caller, Gate};
use super::wire::{Answer, Delivery, Refusal, Reply, Request};

/// The name of the one operation, as counts of calls have it.
pub(crate) const ASSUME_ROLE: &str = "AssumeRole";

/// The version of the protocol, which every request names.
const VERSION: &str = "2011-06-15";

/// How long a session is where nobody says, and at most where the caller is a role itself.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The seconds that may be asked for (API: DurationSeconds).
const DURATION: std::ops::RangeInclusive<u64> = 900..=43_200;

/// Whom a role, or every role of an account, lets take it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Whether nobody may, whatever they bring.
    pub denied: bool,
    /// What the caller must bring as `ExternalId`; `None` where nothing is asked for, and anything is taken.
    pub external_id: Option<String>,
    /// The longest session, an hour to twelve: `MaxSessionDuration` of the role, which is an hour where nobody set it.
    pub longest: Duration,
}

impl Default for Trust {
    fn default() -> Self {
        Self { denied: false, external_id: None, longest: HOUR }
    }
}

/// The roles, and what temporary keys are drawn from.
#[derive(Debug)]
pub(super) struct Sts {
    /// The accounts that are there.
    accounts: Vec<String>,
    /// By the role's ARN, or by account.
    trust: BTreeMap<String, Trust>,
    dice: Dice,
}

/// What a role is asked for with.
struct Asked {
    role: Role,
    session: String,
    external_id: Option<String>,
    duration: Option<Duration>,
}

/// A role, by its ARN.
struct Role {
    arn: String,
    account: String,
    /// Without its path.
    name: String,
}

/// The keys of a role, on their way out.
struct Issued {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expires: SystemTime,
    role_id: String,
    arn: String,
    session: String,
}

/// Whether a request is one of the query protocol, which of all that is served here the STS alone has.
pub(super) fn is_asked(request: &Request) -> bool {
    let is_form = |kind: &str| kind.starts_with("application/x-www-form-urlencoded");
    request.method == Method::POST
        && request.split().0 == "/"
        && request.header("content-type").is_some_and(is_form)
}

impl Sts {
    /// The roles of these accounts: any name is one of a role, and any caller who is known may take it on.
    pub(super) fn of(accounts: Vec<String>, seed: u64) -> Self {
        Self { accounts, trust: BTreeMap::new(), dice: Dice::new(seed.rotate_left(23)) }
    }

    /// Whom the role of this ARN, or every role of this account that is not named itself, lets take it on from now on.
    pub(super) fn set_trust(&mut self, whom: &str, trust: Trust) {
        self.trust.insert(whom.to_owned(), trust);
    }

    /// Answers a request, and whether it was granted.
    pub(super) fn respond(&mut self, now: SystemTime, request: &Request, gate: &mut Gate) -> (Reply, bool) {
        let outcome = self.assume(now, request, gate);
        let granted = outcome.is_ok();
        let request_id = self.identifier();
        let (status, body) = match outcome {
            Ok(issued) => (200, issued.body(&request_id)),
            Err(refusal) => (refusal.status, error(&refusal, &request_id)),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = Answer::new(now, &request_id, status, Bytes::from(body));
        answer.set("content-type", "text/xml");
        (Reply { answer, delivery: Delivery::Deliver, after: Duration::ZERO }, granted)
    }

    fn assume(&mut self, now: SystemTime, request: &Request, gate: &mut Gate) -> Result<Issued, Refusal> {
        // Which region it is signed for is the caller's choice: there is one in each, and one for all.
        let caller = gate.admit(now, None, "sts", request).map_err(in_its_words)?;
        let asked = Asked::of(&request.body)?;
        let trust = self.trust_of(&asked.role);
        let is_let = !trust.denied
            && self.accounts.contains(&asked.role.account)
            && trust.external_id.as_ref().is_none_or(|wanted| asked.external_id.as_ref() == Some(wanted));
        if !is_let {
            return Err(denied(&caller, &asked.role));
        }
        let duration = asked.duration.unwrap_or(HOUR);
        if caller.is_role && duration > HOUR {
            return Err(invalid(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            ));
        }
        if duration > trust.longest {
            return Err(invalid(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        let issued = self.issue(now + duration, asked);
        gate.know(issued.access_key_id.clone(), issued.key());
        Ok(issued)
    }

    fn trust_of(&self, role: &Role) -> Trust {
        let known = self.trust.get(&role.arn).or_else(|| self.trust.get(&role.account));
        known.cloned().unwrap_or_default()
    }

    fn issue(&mut self, expires: SystemTime, asked: Asked) -> Issued {
        let Asked { role, session, .. } = asked;
        let (partition, account) = (partition(&role.arn), role.account);
        Issued {
            access_key_id: format!("ASIA{}", self.drawn(16, UPPER)),
            secret_access_key: self.drawn(40, BASE64),
            // With the characters that real ones have, which must be encoded in some places.
            session_token: format!("IQoJ+{account}/{}==", self.drawn(240, BASE64)),
            // Seconds are all that the answer has room for.
            expires: whole_seconds(expires),
            role_id: format!("AROA{}", self.drawn(16, UPPER)),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{}/{session}", role.name),
            session,
        }
    }

    fn drawn(&mut self, length: usize, letters: &[u8]) -> String {
        (0..length).map(|_| char::from(letters[self.dice.below(letters.len())])).collect()
    }

    fn identifier(&mut self) -> String {
        let (high, low) = (self.dice.next(), self.dice.next());
        let bits = (u128::from(high) << 64) | u128::from(low);
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }
}

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Asked {
    fn of(body: &[u8]) -> Result<Self, Refusal> {
        let form = form(body);
        let given = |name: &str| form.get(name).map(String::as_str);
        let (action, version) = (given("Action").unwrap_or_default(), given("Version").unwrap_or_default());
        if action != ASSUME_ROLE || version != VERSION {
            let message = format!("Could not find operation {action} for version {version}");
            return Err(Refusal::new(400, "InvalidAction", message));
        }
        let needed =
            |name: &str, of: &str| given(name).ok_or_else(|| breaks("null", of, "Member must not be null"));
        let role = Role::of(needed("RoleArn", "roleArn")?)?;
        let session = needed("RoleSessionName", "roleSessionName")?;
        check_text(session, "roleSessionName", 64, "[\\w+=,.@-]*")?;
        let external_id = given("ExternalId");
        if let Some(id) = external_id {
            check_text(id, "externalId", 1224, "[\\w+=,.@:\\/-]*")?;
        }
        let duration = given("DurationSeconds").map(seconds).transpose()?;
        let (session, external_id) = (session.to_owned(), external_id.map(str::to_owned));
        Ok(Self { role, session, external_id, duration })
    }
}

impl Role {
    fn of(arn: &str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let read = match parts.as_slice() {
            ["arn", _, "iam", "", account, resource] => {
                let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
                let path = resource.strip_prefix("role/").filter(|_| is_account);
                path.and_then(|path| path.rsplit('/').next()).map(|name| (*account, name))
            }
            _ => None,
        };
        let (account, name) =
            read.filter(|(_, name)| !name.is_empty()).ok_or_else(|| invalid(format!("{arn} is invalid")))?;
        Ok(Self { arn: arn.to_owned(), account: account.to_owned(), name: name.to_owned() })
    }
}

impl Issued {
    fn key(&self) -> Key {
        Key {
            secret: self.secret_access_key.clone(),
            account: self.arn.split(':').nth(4).unwrap_or_default().to_owned(),
            arn: self.arn.clone(),
            session: Some(Session { token: self.session_token.clone(), expires: self.expires }),
        }
    }

    fn body(&self, request_id: &str) -> String {
        let expiration = OffsetDateTime::from(self.expires)
            .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
            .unwrap_or_default();
        let Self { access_key_id, secret_access_key, session_token, role_id, arn, session, .. } = self;
        format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\
             <AssumeRoleResult><AssumedRoleUser><AssumedRoleId>{role_id}:{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>{access_key_id}</AccessKeyId>\
             <SecretAccessKey>{secret_access_key}</SecretAccessKey><SessionToken>{session_token}</SessionToken>\
             <Expiration>{expiration}</Expiration></Credentials></AssumeRoleResult>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></AssumeRoleResponse>",
            escaped(session),
            escaped(arn),
        )
    }
}

fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

fn seconds(text: &str) -> Result<Duration, Refusal> {
    match text.parse::<u64>() {
        Ok(seconds) if DURATION.contains(&seconds) => Ok(Duration::from_secs(seconds)),
        Ok(seconds) if seconds < *DURATION.start() => Err(breaks(
            &quoted(text),
            "durationSeconds",
            "Member must have value greater than or equal to 900",
        )),
        Ok(_) => Err(breaks(
            &quoted(text),
            "durationSeconds",
            "Member must have value less than or equal to 43200",
        )),
        Err(_) => Err(Refusal::new(400, "MalformedInput", "DurationSeconds must be a number")),
    }
}

/// A text of at least two characters, of word characters and those that the pattern names.
fn check_text(text: &str, of: &str, most: usize, pattern: &str) -> Result<(), Refusal> {
    let others = pattern.trim_start_matches("[\\w").trim_end_matches("]*");
    let is_good =
        |b: u8| b.is_ascii_alphanumeric() || b == b'_' || (b != b'\\' && others.as_bytes().contains(&b));
    if text.len() < 2 {
        return Err(breaks(&quoted(text), of, "Member must have length greater than or equal to 2"));
    }
    if text.len() > most {
        let rule = format!("Member must have length less than or equal to {most}");
        return Err(breaks(&quoted(text), of, &rule));
    }
    if !text.bytes().all(is_good) {
        let rule = format!("Member must satisfy regular expression pattern: {pattern}");
        return Err(breaks(&quoted(text), of, &rule));
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

fn breaks(value: &str, of: &str, rule: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value {value} at '{of}' failed to satisfy constraint: {rule}"
    ))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}

/// A role that is not there, one that does not trust the caller, and one that misses its ExternalId are one answer (seen in
/// service-cloud-voice/examples-from-doc#34, and in many a forum): who may not take it on learns nothing of it.
fn denied(caller: &Caller, role: &Role) -> Refusal {
    let message = format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
        caller.arn, role.arn
    );
    Refusal::new(403, "AccessDenied", message)
}

/// The codes of refused signatures, which the query protocol has other names for.
fn in_its_words(refusal: Refusal) -> Refusal {
    let (code, message) = match refusal.code {
        "UnrecognizedClientException" => {
            ("InvalidClientTokenId", "The security token included in the request is invalid.".to_owned())
        }
        "InvalidSignatureException" => ("SignatureDoesNotMatch", refusal.message),
        "ExpiredTokenException" => ("ExpiredToken", refusal.message),
        "MissingAuthenticationTokenException" => {
            ("MissingAuthenticationToken", "Request is missing Authentication Token".to_owned())
        }
        "IncompleteSignatureException" => ("IncompleteSignature", refusal.message),
        code => (code, refusal.message),
    };
    Refusal::new(refusal.status, code, message)
}

fn error(refusal: &Refusal, request_id: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\"><Error><Type>Sender</Type><Code>{}</Code>\
         <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        refusal.code,
        escaped(&refusal.message),
    )
}

/// The members of a form, each once; the last one counts.
fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A text as XML has it; what XML has no way to write is left out.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| "<>&\"'".contains(c) || c.is_control()) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .fold(String::new(), |mut text, c| {
            match c {
                '<' | '>' | '&' | '"' | '\'' => drop(write!(text, "&#{};", u32::from(c))),
                c if c.is_control() => {}
                c => text.push(c),
            }
            text
        })
        .into()
}

fn whole_seconds(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}
