//! The rules' conformance: for each rule, what just passes and what breaks it alone.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::agent::{Agent, Fingerprint};
use crate::directory::{Group, Hierarchy, Instance, Names, PROBES, variants};
use crate::finding::{Finding, LetThrough, Severity, codes};
use crate::roster::{Columns, Row};

use Field::*;
use IdentityType::{ConnectManaged, ExistingDirectory, Saml};

const EVERYWHERE: &[IdentityType] = &[Saml, ConnectManaged, ExistingDirectory];
const CONNECT: &[IdentityType] = &[ConnectManaged];
const SAML: &[IdentityType] = &[Saml];
const DIRECTORY: &[IdentityType] = &[ExistingDirectory];
const NOT_SAML: &[IdentityType] = &[ConnectManaged, ExistingDirectory];
const NOT_CONNECT: &[IdentityType] = &[Saml, ExistingDirectory];
const NOT_DIRECTORY: &[IdentityType] = &[Saml, ConnectManaged];

/// All columns, each once, headed by what the test calls them.
pub(super) fn all_columns() -> Columns {
    Columns {
        strangers: Vec::new(),
        phone_region: None,
        made_login: None,
        headers: Field::ALL.map(|field| format!("{field:?}")).to_vec(),
        places: std::array::from_fn(|at| vec![at]),
    }
}

fn row_of(number: u64, cells: impl IntoIterator<Item = impl AsRef<str>>) -> Row {
    let mut record = crate::roster::Cells::default();
    for cell in cells {
        record.push(cell.as_ref());
    }
    Row { number, cells: record, ..Row::default() }
}

/// A row of all columns that has no fault, with some cells set otherwise.
pub(super) fn row_with(identity: IdentityType, changes: &[(Field, &str)]) -> Row {
    let mut cells: [&str; Field::COUNT] = [""; Field::COUNT];
    let base = [
        (FirstName, "Ada"),
        (LastName, "Lovelace"),
        (Username, "ada"),
        (RoutingProfile, "Basic Routing Profile"),
        (SecurityProfiles, "Agent"),
    ];
    let connect = [(Email, "ada@example.com"), (Password, "Passw0rd")];
    let connect = if identity == ConnectManaged { &connect[..] } else { &[] };
    for (field, text) in base.iter().chain(connect).chain(changes) {
        cells[field.index()] = text;
    }
    row_of(2, cells)
}

pub(super) fn findings_of(row: &Row, rules: &Rules<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_row(row, &all_columns(), rules, &mut findings);
    findings
}

pub(super) fn codes_of(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

fn letters(count: usize) -> String {
    "a".repeat(count)
}

fn address(length: usize) -> String {
    format!("{}@example.com", letters(length - "@example.com".len()))
}

fn profiles(count: usize) -> String {
    (1..=count).map(|n| format!("P{n}")).collect::<Vec<_>>().join("|")
}

fn tags_of(count: usize) -> String {
    (1..=count).map(|n| format!("k{n}|v")).collect::<Vec<_>>().join("||")
}

/// One line of the conformance table: under these identity types, a row with these cells has these findings.
pub(super) type Case = (&'static [IdentityType], Vec<(Field, String)>, &'static [&'static str]);

fn case(
    identities: &'static [IdentityType],
    field: Field,
    cell: impl Into<String>,
    codes: &'static [&'static str],
) -> Case {
    (identities, vec![(field, cell.into())], codes)
}

fn phone(cells: [&str; 3], codes: &'static [&'static str]) -> Case {
    let cells = [PhoneType, PhoneNumber, AutoAccept].into_iter().zip(cells.map(str::to_owned));
    (EVERYWHERE, cells.collect(), codes)
}

fn several<const N: usize>(cells: [(Field, &str); N], codes: &'static [&'static str]) -> Case {
    (EVERYWHERE, cells.map(|(field, cell)| (field, cell.to_owned())).into(), codes)
}

fn proficiencies_of(count: usize) -> String {
    (1..=count).map(|n| format!("a:v{n}:3")).collect::<Vec<_>>().join("|")
}

pub(super) fn conformance() -> Vec<Case> {
    // 'e' and a combining acute: two characters that compose to one.
    let decomposed = |count: usize| "e\u{301}".repeat(count);
    vec![
        (EVERYWHERE, vec![], &[]),
        // Username.
        case(EVERYWHERE, Username, "", &["username-missing"]),
        case(EVERYWHERE, Username, " \u{a0} ", &["username-missing"]),
        case(NOT_SAML, Username, letters(20), &[]),
        case(NOT_SAML, Username, letters(21), &["username-too-long"]),
        case(SAML, Username, letters(64), &[]),
        case(SAML, Username, letters(65), &["username-too-long"]),
        case(EVERYWHERE, Username, "aZ09_-.", &[]),
        case(EVERYWHERE, Username, "ada lovelace", &["username-characters"]),
        case(EVERYWHERE, Username, "ada'l", &["username-characters"]),
        case(EVERYWHERE, Username, "adä", &["username-characters"]),
        case(NOT_SAML, Username, "ä".repeat(20), &["username-characters"]),
        case(EVERYWHERE, Username, "DOMAIN\\ada", &["username-characters"]),
        case(EVERYWHERE, Username, "a+b@example.com", &["username-characters"]),
        case(EVERYWHERE, Username, "a@example.com", &[]),
        case(NOT_SAML, Username, "a@example", &["username-not-email"]),
        case(NOT_SAML, Username, "@example.com", &["username-not-email"]),
        case(NOT_SAML, Username, "a@b@example.com", &["username-not-email"]),
        case(NOT_SAML, Username, "a@example..com", &["username-not-email"]),
        case(SAML, Username, "tokaf@005Ab000000QxYzIAK@00DAb0000001XyZMAU", &["username-at-sign"]),
        case(SAML, Username, "005Ab000000QxZaIAK@00DAb0000001XyZMAU", &["username-at-sign"]),
        case(EVERYWHERE, Username, " ada", &["username-spaces"]),
        case(EVERYWHERE, Username, "ada\u{a0}", &["username-spaces"]),
        // Names.
        case(NOT_DIRECTORY, FirstName, "", &["first-name-missing"]),
        case(DIRECTORY, FirstName, "", &[]),
        case(EVERYWHERE, FirstName, letters(255), &[]),
        case(EVERYWHERE, FirstName, letters(256), &["name-too-long"]),
        case(EVERYWHERE, FirstName, "é".repeat(255), &[]),
        case(EVERYWHERE, FirstName, "é".repeat(256), &["name-too-long"]),
        case(EVERYWHERE, FirstName, decomposed(255), &["name-not-nfc"]),
        case(EVERYWHERE, FirstName, decomposed(256), &["name-too-long", "name-not-nfc"]),
        case(EVERYWHERE, FirstName, "Ada\nMaria", &["name-control-character"]),
        case(EVERYWHERE, FirstName, " Ada\u{a0}", &["stray-spaces"]),
        case(NOT_DIRECTORY, LastName, "", &["last-name-missing"]),
        case(DIRECTORY, LastName, "", &[]),
        case(CONNECT, LastName, letters(256), &[]),
        case(CONNECT, LastName, letters(257), &["name-too-long"]),
        case(NOT_CONNECT, LastName, letters(300), &[]),
        case(NOT_CONNECT, LastName, letters(301), &["name-too-long"]),
        case(EVERYWHERE, LastName, "Müller", &[]),
        case(EVERYWHERE, LastName, "Mu\u{308}ller", &["name-not-nfc"]),
        // What happened to the text before it came.
        case(EVERYWHERE, FirstName, "JÃ¼rgen", &["misread-text"]),
        case(EVERYWHERE, LastName, "M\u{9f}ller", &["misread-text"]),
        case(EVERYWHERE, RoutingProfile, "KundenservÃ¼ce", &["misread-text"]),
        case(EVERYWHERE, FirstName, "J\u{fffd}rgen", &["undecodable-text"]),
        case(EVERYWHERE, Username, "j\u{fffd}rgen", &["undecodable-text"]),
        case(EVERYWHERE, FirstName, "J?rgen", &["letters-lost"]),
        case(EVERYWHERE, SecurityProfiles, "Qualit?tspr?fer", &["letters-lost"]),
        case(EVERYWHERE, SecurityProfiles, "Any questions?", &[]),
        case(EVERYWHERE, LastName, "O&#039;Rourke", &["escaped-text"]),
        case(EVERYWHERE, LastName, "O\\'Rourke", &["escaped-text"]),
        case(EVERYWHERE, RoutingProfile, "Billing &amp; Returns", &["escaped-text"]),
        case(EVERYWHERE, RoutingProfile, "R&D; Returns", &[]),
        case(EVERYWHERE, FirstName, "“Ada", &["quotes-in-name"]),
        case(EVERYWHERE, FirstName, "O’Ada", &[]),
        case(EVERYWHERE, FirstName, "A\u{200b}da", &["invisible-character"]),
        case(EVERYWHERE, FirstName, "مه\u{200c}دی", &[]),
        case(EVERYWHERE, FirstName, "\u{202a}Ada\u{202c}", &["stray-spaces"]),
        case(EVERYWHERE, RoutingProfile, "Basic\u{a0}Routing Profile", &["invisible-character"]),
        case(EVERYWHERE, Tags, "site|Leeds\u{7}", &["invisible-character"]),
        case(EVERYWHERE, FirstName, "Ａｄａ", &["full-width-text"]),
        case(EVERYWHERE, FirstName, "#N/A", &["cell-error"]),
        case(EVERYWHERE, Username, "Loading...", &["cell-error"]),
        case(EVERYWHERE, Mobile, "#REF!", &["cell-error"]),
        case(EVERYWHERE, SecurityProfiles, "Agent|\\N", &["cell-error"]),
        case(EVERYWHERE, LastName, "NULL", &["placeholder"]),
        case(EVERYWHERE, LastName, "Nullmeyer", &[]),
        case(EVERYWHERE, Username, "nan", &["placeholder"]),
        case(EVERYWHERE, Hierarchy, "N/A", &["placeholder"]),
        case(NOT_SAML, Email, "mailto:ada@example.com", &["email-syntax"]),
        case(NOT_SAML, Email, "ad\u{ad}a@example.com", &["email-syntax"]),
        case(NOT_SAML, Email, "ａｄａ@example.com", &["email-syntax"]),
        case(EVERYWHERE, SecondaryEmail, "Ada <ada@example.com>", &["secondary-email-syntax"]),
        case(CONNECT, Password, "aB34\u{200b}5678", &["password-invisible"]),
        case(CONNECT, Password, "\u{feff}aB345678", &["password-invisible"]),
        case(CONNECT, Password, "aB34\u{fffd}5678", &["password-invisible"]),
        case(CONNECT, Password, "aB34PÃ¤5678", &["misread-text"]),
        case(CONNECT, Password, "aB34–5678", &["password-autocorrected"]),
        case(CONNECT, Password, "“aB345678”", &["password-autocorrected"]),
        case(CONNECT, Password, "aB34&amp;5678?", &[]),
        // E-mail and mobile.
        case(CONNECT, Email, "", &["email-missing"]),
        case(NOT_SAML, Email, "o'brien@example.com", &[]),
        case(NOT_SAML, Email, "ada", &["email-syntax"]),
        case(NOT_SAML, Email, "ada@example", &["email-syntax"]),
        case(NOT_SAML, Email, "a@example.com, b@example.com", &["email-syntax"]),
        case(SAML, Email, "ada@example.com", &["email-not-allowed"]),
        case(EVERYWHERE, SecondaryEmail, "a.b_c%d+e-f@mail.example.museum", &[]),
        case(EVERYWHERE, SecondaryEmail, "o'brien@example.com", &["secondary-email-syntax"]),
        case(EVERYWHERE, SecondaryEmail, "ada@example.c", &["secondary-email-syntax"]),
        case(EVERYWHERE, SecondaryEmail, "ada@example.c0", &["secondary-email-syntax"]),
        case(EVERYWHERE, SecondaryEmail, address(265), &[]),
        case(EVERYWHERE, SecondaryEmail, address(266), &["secondary-email-syntax"]),
        case(EVERYWHERE, SecondaryEmail, format!("a@example.{}", letters(63)), &[]),
        case(EVERYWHERE, SecondaryEmail, format!("a@example.{}", letters(64)), &["secondary-email-syntax"]),
        case(EVERYWHERE, Mobile, "+11234567891", &[]),
        case(EVERYWHERE, Mobile, "+12", &[]),
        case(EVERYWHERE, Mobile, "+1", &["mobile-not-e164"]),
        case(EVERYWHERE, Mobile, "+123456789012345", &[]),
        case(EVERYWHERE, Mobile, "+1234567890123456", &["mobile-not-e164"]),
        case(EVERYWHERE, Mobile, "+0123456789", &["mobile-not-e164"]),
        case(EVERYWHERE, Mobile, "1.2E+10", &["mobile-not-e164"]),
        // Password.
        case(CONNECT, Password, "", &["password-missing"]),
        case(CONNECT, Password, "aB34567", &["password-policy"]),
        case(CONNECT, Password, "aB345678", &[]),
        case(CONNECT, Password, format!("B1{}", letters(62)), &[]),
        case(CONNECT, Password, format!("B1{}", letters(63)), &["password-policy"]),
        case(CONNECT, Password, "AB345678", &["password-policy"]),
        case(CONNECT, Password, "ab345678", &["password-policy"]),
        case(CONNECT, Password, "abCDefGH", &["password-policy"]),
        case(CONNECT, Password, "aB3456!\"§$%&|üñ密", &[]),
        case(CONNECT, Password, "aB34 5678", &["password-whitespace"]),
        case(CONNECT, Password, " aB345678", &["password-whitespace"]),
        case(CONNECT, Password, "aB345678\u{a0}", &["password-whitespace"]),
        case(CONNECT, Password, "aB345678\n", &["password-whitespace"]),
        case(CONNECT, Password, "aB34567…", &["password-ellipsis"]),
        case(NOT_CONNECT, Password, "aB345678", &["password-not-allowed"]),
        // Directory user id.
        case(DIRECTORY, DirectoryUserId, "S-1-5-21", &[]),
        case(NOT_DIRECTORY, DirectoryUserId, "S-1-5-21", &["directory-user-id-not-allowed"]),
        // Profiles and hierarchy.
        case(EVERYWHERE, RoutingProfile, "", &["routing-profile-missing"]),
        case(EVERYWHERE, SecurityProfiles, "", &["security-profiles-missing"]),
        case(EVERYWHERE, SecurityProfiles, profiles(10), &[]),
        case(EVERYWHERE, SecurityProfiles, profiles(11), &["security-profiles-too-many"]),
        case(EVERYWHERE, SecurityProfiles, "Admin|Agent", &[]),
        case(EVERYWHERE, SecurityProfiles, "Admin|Agent|Admin", &["security-profile-repeated"]),
        case(EVERYWHERE, SecurityProfiles, "Admin|admin", &[]),
        case(EVERYWHERE, SecurityProfiles, "Admin||Agent", &["security-profile-empty"]),
        case(EVERYWHERE, SecurityProfiles, "Admin|", &["security-profile-empty"]),
        case(EVERYWHERE, Hierarchy, "1|2|3|4|5", &[]),
        case(EVERYWHERE, Hierarchy, "1|2|3|4|5|6", &["hierarchy-too-deep"]),
        case(EVERYWHERE, Hierarchy, "1||3", &["hierarchy-level-empty"]),
        case(EVERYWHERE, Hierarchy, "|2", &["hierarchy-level-empty"]),
        // Phone.
        phone(["soft", "", "yes"], &[]),
        phone(["SOFT_PHONE", "", "no"], &[]),
        phone(["soft", "1234567890", ""], &["phone-number-not-sent"]),
        phone(["soft", "+12065550100", ""], &[]),
        phone(["desk", "+12065550100", "no"], &[]),
        phone(["DESK_PHONE", "+12065550100", ""], &[]),
        phone(["desk", "", ""], &["desk-phone-number-missing"]),
        phone(["desk", "1234567890", ""], &["phone-number-not-e164"]),
        phone(["desk", "+1 206 555 0100", ""], &["phone-number-not-e164"]),
        phone(["desk", "+12065550100", "yes"], &["auto-accept-desk-phone"]),
        phone(["", "+12065550100", ""], &["phone-type-missing"]),
        phone(["", "1234567890", ""], &["phone-number-not-e164"]),
        phone(["mobile", "", ""], &["phone-type-unknown"]),
        case(EVERYWHERE, SecurityProfiles, "Agent;Admin", &["other-separator"]),
        case(EVERYWHERE, SecurityProfiles, "['Agent']", &["other-separator"]),
        case(EVERYWHERE, SecurityProfiles, "R&D / Agent", &[]),
        case(EVERYWHERE, Hierarchy, "EMEA/Berlin", &["other-separator"]),
        case(EVERYWHERE, Hierarchy, "EMEA > Berlin", &["other-separator"]),
        case(EVERYWHERE, Hierarchy, "EMEA|Berlin/Mitte", &[]),
        case(EVERYWHERE, Hierarchy, "R/D", &[]),
        case(EVERYWHERE, AutoAccept, "TRUE", &[]),
        case(EVERYWHERE, AutoAccept, "maybe", &["not-yes-or-no"]),
        case(EVERYWHERE, PersistentConnection, "yes", &[]),
        case(EVERYWHERE, PersistentConnection, "1", &[]),
        case(EVERYWHERE, PersistentConnection, "WAHR", &[]),
        case(EVERYWHERE, PersistentConnection, "ja", &["not-yes-or-no"]),
        case(EVERYWHERE, AfterContactWork, "0", &[]),
        case(EVERYWHERE, AfterContactWork, "5400", &[]),
        case(EVERYWHERE, AfterContactWork, "5401", &["chat-after-contact-work-cut"]),
        case(EVERYWHERE, AfterContactWork, "2000000", &["chat-after-contact-work-cut"]),
        case(EVERYWHERE, AfterContactWork, "2000001", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWork, "99999999999999999999", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWork, "-1", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWork, "1.5", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWork, "2,000", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWork, "30s", &["after-contact-work"]),
        case(EVERYWHERE, VoiceEnhancement, "isolate voice", &[]),
        case(EVERYWHERE, VoiceEnhancement, "NOISE_SUPPRESSION", &[]),
        case(EVERYWHERE, VoiceEnhancement, "none", &[]),
        case(EVERYWHERE, VoiceEnhancement, "loud", &["audio-enhancement-unknown"]),
        // Tags.
        case(EVERYWHERE, Tags, "key1|value1||key2|value2", &[]),
        case(EVERYWHERE, Tags, "key|", &[]),
        case(EVERYWHERE, Tags, tags_of(49), &[]),
        case(EVERYWHERE, Tags, tags_of(50), &["tag-room"]),
        case(EVERYWHERE, Tags, tags_of(51), &["tags-too-many"]),
        case(EVERYWHERE, Tags, "key", &["tag-syntax"]),
        case(EVERYWHERE, Tags, "key|a|b", &["tag-syntax"]),
        case(EVERYWHERE, Tags, "|value", &["tag-key-length"]),
        case(EVERYWHERE, Tags, format!("{}|v", "k".repeat(128)), &[]),
        case(EVERYWHERE, Tags, format!("{}|v", "k".repeat(129)), &["tag-key-length"]),
        case(EVERYWHERE, Tags, format!("{}|v", "é".repeat(128)), &[]),
        case(EVERYWHERE, Tags, format!("k|{}", "v".repeat(256)), &[]),
        case(EVERYWHERE, Tags, format!("k|{}", "v".repeat(257)), &["tag-value-too-long"]),
        case(EVERYWHERE, Tags, "cost centre/日本_.:=+-@9|*", &[]),
        case(EVERYWHERE, Tags, "team*|v", &["tag-key-characters"]),
        case(EVERYWHERE, Tags, "aws:team|v", &["tag-key-aws"]),
        case(EVERYWHERE, Tags, "headcount:run|v", &["tag-key-reserved"]),
        case(EVERYWHERE, Tags, "a|1||b|2||a|3", &["tag-repeated"]),
        case(EVERYWHERE, Tags, "a|1||A|2", &[]),
        // Per channel.
        case(EVERYWHERE, AutoAcceptVoice, "yes", &[]),
        case(EVERYWHERE, AutoAcceptChat, "no", &[]),
        case(EVERYWHERE, AutoAcceptTask, "perhaps", &["not-yes-or-no"]),
        case(EVERYWHERE, AutoAcceptEmail, "TRUE", &[]),
        case(EVERYWHERE, AutoAcceptCallback, "yes", &["agent-first-callback-alone"]),
        several([(AutoAcceptVoice, "no"), (AutoAcceptCallback, "yes")], &[]),
        several([(AutoAcceptVoice, "no"), (AutoAcceptCallback, "on")], &["not-yes-or-no"]),
        several([(AutoAccept, "yes"), (AutoAcceptVoice, "yes")], &["settings-conflict"]),
        several([(AutoAccept, "yes"), (AutoAcceptEmail, "no")], &["settings-conflict"]),
        several([(AutoAccept, "yes"), (AfterContactWorkVoice, "30")], &[]),
        several([(PhoneType, "soft"), (AutoAcceptVoice, "yes")], &[]),
        case(EVERYWHERE, AfterContactWorkVoice, "0", &[]),
        case(EVERYWHERE, AfterContactWorkVoice, "2000000", &[]),
        case(EVERYWHERE, AfterContactWorkTask, "2000001", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWorkEmail, "1 min", &["after-contact-work"]),
        case(EVERYWHERE, AfterContactWorkChat, "5400", &[]),
        case(EVERYWHERE, AfterContactWorkChat, "5401", &["chat-after-contact-work-cut"]),
        case(EVERYWHERE, AfterContactWorkCallback, "30", &["agent-first-callback-alone"]),
        several([(AfterContactWorkVoice, "0"), (AfterContactWorkCallback, "30")], &[]),
        several([(AfterContactWork, "30"), (AfterContactWorkChat, "30")], &["settings-conflict"]),
        several([(PhoneTypeVoice, "desk"), (PhoneNumberVoice, "+12065550100")], &[]),
        several([(PhoneTypeVoice, "soft"), (PhoneNumberVoice, "")], &[]),
        several([(PhoneTypeVoice, "desk"), (PhoneNumberVoice, "")], &["desk-phone-number-missing"]),
        several([(PhoneTypeVoice, "soft"), (PhoneNumberVoice, "0206")], &["phone-number-not-sent"]),
        several([(PhoneTypeVoice, "desk"), (PhoneNumberVoice, "0206")], &["phone-number-not-e164"]),
        case(EVERYWHERE, PhoneTypeVoice, "mobile", &["phone-type-unknown"]),
        case(EVERYWHERE, PhoneNumberVoice, "+12065550100", &["phone-type-voice-missing"]),
        several([(PhoneType, "soft"), (PhoneTypeVoice, "soft")], &["settings-conflict"]),
        case(EVERYWHERE, PersistentConnectionVoice, "yes", &[]),
        case(EVERYWHERE, PersistentConnectionVoice, "on", &["not-yes-or-no"]),
        several([(PersistentConnection, "no"), (PersistentConnectionVoice, "no")], &["settings-conflict"]),
        // Proficiencies.
        case(EVERYWHERE, Proficiencies, "Language:German:4|Product:Mobile:2", &[]),
        case(EVERYWHERE, Proficiencies, "Language|German|4||Product|Mobile|2", &[]),
        case(EVERYWHERE, Proficiencies, "connect:Language:connect:English:5", &[]),
        case(EVERYWHERE, Proficiencies, proficiencies_of(10), &[]),
        case(EVERYWHERE, Proficiencies, proficiencies_of(11), &["proficiencies-above-default"]),
        case(EVERYWHERE, Proficiencies, "German:4", &["proficiency-syntax"]),
        case(EVERYWHERE, Proficiencies, "a:b:c:4", &["proficiency-syntax"]),
        case(EVERYWHERE, Proficiencies, "Language:German:4|", &["proficiency-syntax"]),
        case(EVERYWHERE, Proficiencies, "Language::4", &["proficiency-name-length"]),
        case(EVERYWHERE, Proficiencies, format!("{}:{}:1", letters(100), "é".repeat(100)), &[]),
        case(EVERYWHERE, Proficiencies, format!("{}:b:1", letters(101)), &["proficiency-name-length"]),
        case(EVERYWHERE, Proficiencies, format!("a:{}:1", letters(101)), &["proficiency-name-length"]),
        case(EVERYWHERE, Proficiencies, "Language:German:0", &["proficiency-level"]),
        case(EVERYWHERE, Proficiencies, "Language:German:1", &[]),
        case(EVERYWHERE, Proficiencies, "Language:German:5", &[]),
        case(EVERYWHERE, Proficiencies, "Language:German:6", &["proficiency-level"]),
        case(EVERYWHERE, Proficiencies, "Language:German:3.5", &["proficiency-level"]),
        case(EVERYWHERE, Proficiencies, "Language:German:", &["proficiency-level"]),
        case(EVERYWHERE, Proficiencies, "Language:German:4|Language:German:4", &["proficiency-repeated"]),
        case(EVERYWHERE, Proficiencies, "Language:German:4|Language:English:4", &[]),
        case(EVERYWHERE, Proficiencies, "Language:German:4|Language:german:4", &[]),
        // The template's own row.
        (
            EVERYWHERE,
            vec![
                (FirstName, "first".to_owned()),
                (LastName, "last".to_owned()),
                (Username, "user".to_owned()),
            ],
            &["sample-row"],
        ),
        (EVERYWHERE, vec![(FirstName, "first".to_owned()), (LastName, "last".to_owned())], &[]),
    ]
}

#[test]
fn each_rule_passes_at_its_boundary_and_breaks_alone_beyond_it() {
    for (identities, changes, expected) in conformance() {
        for &identity in identities {
            let changes: Vec<(Field, &str)> =
                changes.iter().map(|(field, cell)| (*field, cell.as_str())).collect();
            let row = row_with(identity, &changes);
            let findings = findings_of(&row, &Rules::new(identity));
            assert_eq!(codes_of(&findings), expected, "{identity}: {changes:?}: {findings:?}");
        }
    }
}

#[test]
fn a_row_becomes_an_agent_exactly_when_it_has_no_errors() {
    for (identities, changes, _) in conformance() {
        for &identity in identities {
            let changes: Vec<(Field, &str)> =
                changes.iter().map(|(field, cell)| (*field, cell.as_str())).collect();
            let (row, rules) = (row_with(identity, &changes), Rules::new(identity));
            let has_errors =
                findings_of(&row, &rules).iter().any(|finding| finding.severity == Severity::Error);
            assert_eq!(agent(&row, &all_columns(), &rules).is_none(), has_errors, "{identity}: {changes:?}");
        }
    }
}

#[test]
fn every_rule_of_a_row_is_in_the_conformance_table_or_has_a_test_of_its_own() {
    let elsewhere: HashSet<&str> = [
        "no-rows",
        "column-missing",
        "columns-disagree",
        "username-duplicate",
        "same-person",
        "username-case-variant",
        "username-exists",
        "password-blanked",
        "passwords-identical",
        "passwords-not-used",
        "cannot-be-cleared",
        "nothing-to-clear",
        "routing-profile-unknown",
        "security-profile-unknown",
        "hierarchy-unknown",
        "hierarchy-ambiguous",
        "proficiency-attribute-unknown",
        "proficiency-value-unknown",
        "proficiencies-too-many",
    ]
    .into();
    let table: HashSet<&str> = conformance().into_iter().flat_map(|(_, _, codes)| codes).copied().collect();
    for code in codes::RULES {
        assert_ne!(table.contains(code.id), elsewhere.contains(code.id), "{}", code.id);
    }
    for id in table {
        assert!(codes::find(id).is_some(), "{id}");
    }
}

#[test]
fn damage_that_can_be_told_for_certain_is_given_back_mended_as_the_fix() {
    let table = [
        (FirstName, "JÃ¼rgen", "write `Jürgen`"),
        (LastName, "O&amp;#039;Rourke", "write `O'Rourke`"),
        (LastName, "Robert \\Bob\\\"\"", "write `Robert \"Bob\"`"),
        (FirstName, "Ru\u{200b}b&eacute;n", "write `Rubén`"),
        (FirstName, "Ａｄａ", "write `Ada`"),
        (FirstName, "“Ada”", "write `Ada`"),
        (LastName, "J%C3%BCrgens", "write `Jürgens`"),
        (Username, "ａｄａ．l", "write `ada.l`"),
        (Username, "ada\u{ad}lind", "write `adalind`"),
        (Username, "mailto:a@exam.org", "write `a@exam.org`"),
        (Email, "mailto:ada@example.com", "write `ada@example.com`"),
        (Email, "Ada L <ada@example.com>", "write `ada@example.com`"),
        (Email, "ada@example.com;", "write `ada@example.com`"),
        (Email, "ada@example,com", "write `ada@example.com`"),
        (
            Email,
            "ada@example.com; al@home.example",
            "a user has one address here: keep `ada@example.com` or `al@home.example`",
        ),
        (Email, "\u{202a}a\u{200b}da@example.com\u{202c}", "write `ada@example.com`"),
        (Email, "N/A", "empty the cell, or fill in the value"),
        (SecondaryEmail, "ａｄａ＠example．com", "write `ada@example.com`"),
        (Mobile, "+1206\u{200b}5550142", "write `+12065550142`"),
        (Mobile, "＋１２０６ ５５５０１４２", "write `+12065550142`"),
        (Mobile, "+٤٩٣٠٢٣١٢٥٠٤٢", "write `+493023125042`"),
        (AutoAccept, "ｙｅｓ", "write `yes`"),
        (AfterContactWork, "３０", "write `30`"),
        (AfterContactWork, "NULL", "empty the cell, or fill in the value"),
    ];
    for (field, cell, fix) in table {
        let findings = findings_of(&row_with(ConnectManaged, &[(field, cell)]), &Rules::new(ConnectManaged));
        let hints: Vec<_> = findings
            .iter()
            .filter(|finding| finding.code != codes::STRAY_SPACES.id)
            .map(|finding| finding.hint.clone().unwrap())
            .collect();
        assert!(!hints.is_empty() && hints.iter().all(|hint| hint == fix), "{cell}: {findings:?}");
    }
}

/// Nothing of a password is repeated, whatever happened to it.
#[test]
fn a_damaged_password_is_told_by_the_sign_alone() {
    for password in
        ["Canary-\u{200b}7f3a", "Canary–7f3a", "CanÃ¤ry-7f3a", "“Canary7f3a”", "Canary\u{fffd}7f3a"]
    {
        let rules = Rules::new(ConnectManaged);
        let findings = findings_of(&row_with(ConnectManaged, &[(Password, password)]), &rules);
        let told = format!("{findings:?}");
        assert!(!findings.is_empty() && !told.contains("Can") && !told.contains("7f3a"), "{told}");
    }
}

fn of_instance(identity: IdentityType) -> Directory {
    Directory::new(Instance {
        id: "i-1".into(),
        arn: "arn:aws:connect:us-west-2:123456789012:instance/i-1".into(),
        alias: None,
        identity,
        status: None,
    })
}

/// How many proficiencies an agent may have is the account's business: ten is but where it begins.
#[test]
fn proficiencies_are_too_many_where_the_applied_quota_says_so() {
    let table = [
        (None, 10, None),
        (None, 11, Some("proficiencies-above-default")),
        (Some(10.0), 10, None),
        (Some(10.0), 11, Some("proficiencies-too-many")),
        (Some(25.0), 25, None),
        (Some(25.0), 26, Some("proficiencies-too-many")),
    ];
    for (quota, count, code) in table {
        let mut directory = Directory {
            routing_profiles: Names::of_routing_profiles([("Basic Routing Profile".into(), "rp-1".into())]),
            security_profiles: Names::of_security_profiles([("Agent".into(), "sp-1".into())]),
            ..of_instance(Saml)
        };
        directory.quotas.proficiencies_per_agent = quota;
        let row = row_with(Saml, &[(Proficiencies, &proficiencies_of(count))]);
        let findings = findings_of(&row, &Rules::of(&directory));
        assert_eq!(codes_of(&findings), code.into_iter().collect::<Vec<_>>(), "{quota:?} {count}");
    }
}

/// AWS's own profiles and the instance's may have one name.
#[test]
fn a_security_profile_of_two_types_is_asked_for_by_its_id() {
    let directory = Directory {
        routing_profiles: Names::of_routing_profiles([("Basic Routing Profile".into(), "rp-1".into())]),
        security_profiles: Names::of_security_profiles([
            ("Agent".into(), "sp-aws".into()),
            ("Agent".into(), "sp-own".into()),
        ]),
        ..of_instance(Saml)
    };
    let rules = Rules::of(&directory);
    let findings = findings_of(&row_with(Saml, &[]), &rules);
    assert_eq!(codes_of(&findings), ["security-profile-unknown"]);
    assert_eq!(findings[0].hint.as_deref(), Some("give an id in its place: `sp-aws` or `sp-own`"));
    assert!(findings_of(&row_with(Saml, &[(SecurityProfiles, "sp-own")]), &rules).is_empty());
}

#[test]
fn what_is_let_through_is_a_warning_and_becomes_an_agent_as_it_stands() {
    let long = letters(70);
    let table: [(IdentityType, Field, &str, &str); 12] = [
        (Saml, Username, &long, "username-too-long"),
        (Saml, Username, "ada lovelace", "username-characters"),
        (ConnectManaged, Username, "a@b@c", "username-not-email"),
        (Saml, FirstName, "", "first-name-missing"),
        (Saml, LastName, "", "last-name-missing"),
        (Saml, FirstName, "JÃ¼rgen", "misread-text"),
        (Saml, Email, "ada@example.com", "email-not-allowed"),
        (ConnectManaged, Email, "ada@example", "email-syntax"),
        (Saml, SecondaryEmail, "o'brien@example.com", "secondary-email-syntax"),
        (Saml, DirectoryUserId, "S-1", "directory-user-id-not-allowed"),
        (Saml, PhoneType, "desk", "desk-phone-number-missing"),
        (Saml, AfterContactWorkTask, "2000001", "after-contact-work"),
    ];
    for (identity, field, cell, code) in table {
        let row = row_with(identity, &[(field, cell)]);
        let strict = findings_of(&row, &Rules::new(identity));
        assert_eq!((codes_of(&strict), strict[0].severity), (vec![code], Severity::Error), "{cell}");
        let mut through = LetThrough::default();
        through.add(code).unwrap();
        let rules = Rules::new(identity).letting_through(through);
        let found = findings_of(&row, &rules);
        assert_eq!((codes_of(&found), found[0].severity), (vec![code], Severity::Warning), "{cell}");
        assert!(found[0].hint.as_deref().unwrap().contains(&format!("⟦let-through {code}⟧")), "{found:?}");
        assert!(agent(&row, &all_columns(), &rules).is_some(), "{code}");
    }
    // What no request can say stays what it is.
    let mut through = LetThrough::default();
    through.add("after-contact-work").unwrap();
    let rules = Rules::new(Saml).letting_through(through);
    let found = findings_of(&row_with(Saml, &[(AfterContactWork, "30s")]), &rules);
    assert_eq!(found[0].severity, Severity::Error);
}

#[test]
fn a_name_of_the_instance_is_suggested_for_one_that_was_damaged() {
    let directory = Directory {
        routing_profiles: Names::of_routing_profiles([("Billing & Returns".into(), "rp-1".into())]),
        security_profiles: Names::of_security_profiles([
            ("Prüfer".into(), "sp-1".into()),
            ("Agent".into(), "sp-2".into()),
        ]),
        ..Directory::new(Instance {
            id: "i-1".into(),
            arn: "arn:aws:connect:us-west-2:123456789012:instance/i-1".into(),
            alias: None,
            identity: Saml,
            status: None,
        })
    };
    let cells =
        [(RoutingProfile, "Billing &amp; Returns"), (SecurityProfiles, "PrÃ¼fer|\u{200b}Ag\u{ad}ent")];
    let findings = findings_of(&row_with(Saml, &cells), &Rules::of(&directory));
    let hints: Vec<_> = findings.iter().map(|finding| finding.hint.as_deref().unwrap()).collect();
    assert_eq!(
        hints,
        ["did you mean `Billing & Returns`?", "did you mean `Prüfer`?", "did you mean `Agent`?"],
        "{findings:?}"
    );
}

#[test]
fn a_column_is_said_to_be_for_the_identity_types_that_may_have_it() {
    for (field, code, cell) in [
        (Email, "email-not-allowed", "ada@example.com"),
        (Password, "password-not-allowed", "aB345678"),
        (DirectoryUserId, "directory-user-id-not-allowed", "S-1-5-21"),
    ] {
        for &identity in EVERYWHERE {
            let findings = findings_of(&row_with(identity, &[(field, cell)]), &Rules::new(identity));
            assert_eq!(
                codes_of(&findings).contains(&code),
                !field.is_allowed(identity),
                "{identity} {field:?}"
            );
        }
    }
    let refusals = codes::RULES.iter().filter(|code| code.id.ends_with("-not-allowed"));
    assert_eq!(refusals.count(), 3, "each of them is in the list above");
}

#[test]
fn every_finding_has_its_codes_severity_and_says_where_what_and_how() {
    for (identities, changes, _) in conformance() {
        let changes: Vec<(Field, &str)> =
            changes.iter().map(|(field, cell)| (*field, cell.as_str())).collect();
        for finding in findings_of(&row_with(identities[0], &changes), &Rules::new(identities[0])) {
            let code = codes::find(finding.code).unwrap();
            assert_eq!(finding.severity, code.severity);
            assert_eq!(finding.row, Some(2));
            let column = finding.column.as_deref().unwrap();
            assert!(changes.iter().any(|(field, _)| format!("{field:?}") == column), "{finding:?}");
            assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{finding:?}");
            assert!(finding.hint.is_some_and(|hint| !hint.is_empty()));
            assert!(finding.value.is_none_or(|value| value.chars().count() <= 81));
        }
    }
}

#[test]
fn all_faults_of_a_row_are_said_at_once_and_in_the_order_of_the_template() {
    let row = row_with(
        ConnectManaged,
        &[
            (FirstName, ""),
            (Password, "x"),
            (Username, "a b@c"),
            (PhoneType, "desk"),
            (AfterContactWork, "x"),
        ],
    );
    let codes = [
        "first-name-missing",
        "password-policy",
        "username-characters",
        "username-not-email",
        "desk-phone-number-missing",
        "after-contact-work",
    ];
    assert_eq!(codes_of(&findings_of(&row, &Rules::new(ConnectManaged))), codes);
}

#[test]
fn what_the_reader_said_stands_first_and_is_not_said_again() {
    let mut row = row_with(Saml, &[(Username, ""), (RoutingProfile, "")]);
    let of_reader = |code, column: Option<&str>| Finding {
        code,
        severity: Severity::Error,
        row: Some(2),
        column: column.map(str::to_owned),
        value: None,
        message: "a number where text is meant".to_owned(),
        hint: None,
    };
    row.findings = vec![of_reader("number-not-text", Some("Username"))];
    assert_eq!(
        codes_of(&findings_of(&row, &Rules::new(Saml))),
        ["number-not-text", "routing-profile-missing"]
    );
    assert!(agent(&row, &all_columns(), &Rules::new(Saml)).is_none());
    // A row whose cells cannot be told apart is not looked at further.
    row.findings = vec![of_reader("ragged-row", None)];
    assert_eq!(codes_of(&findings_of(&row, &Rules::new(Saml))), ["ragged-row"]);
}

#[test]
fn a_blank_password_in_a_file_of_failed_rows_is_a_finding_of_its_own() {
    let mut columns = all_columns();
    let row = row_with(ConnectManaged, &[(Password, "")]);
    let code = |columns: &Columns, row: &Row| {
        let mut findings = Vec::new();
        check_row(row, columns, &Rules::new(ConnectManaged), &mut findings);
        codes_of(&findings)
    };
    assert_eq!(code(&columns, &row), ["password-missing"]);
    for header in ["headcount cost", "Headcount State"] {
        columns.headers.push(header.to_owned());
        let expected = if header == "headcount cost" { "password-missing" } else { "password-blanked" };
        assert_eq!(code(&columns, &row), [expected], "{header}");
    }
    assert_eq!(code(&columns, &row_with(ConnectManaged, &[])), [""; 0]);
}

#[test]
fn a_generated_password_need_not_be_in_the_roster() {
    let rules = Rules { generates_passwords: true, ..Rules::new(ConnectManaged) };
    let row = row_with(ConnectManaged, &[(Password, "")]);
    assert_eq!(findings_of(&row, &rules), []);
    assert!(agent(&row, &all_columns(), &rules).unwrap().password.is_none());
    let mut columns = all_columns();
    columns.places[Password.index()].clear();
    let mut findings = Vec::new();
    check_columns(&columns, &rules, &mut findings);
    assert_eq!(findings, []);
}

#[test]
fn without_a_provenance_tag_fifty_tags_fit() {
    let rules = Rules { tag_room: 50, ..Rules::new(Saml) };
    let codes = |count| codes_of(&findings_of(&row_with(Saml, &[(Tags, &tags_of(count))]), &rules));
    assert_eq!(codes(50), [""; 0]);
    assert_eq!(codes(51), ["tags-too-many"]);
}

#[test]
fn a_hint_offers_the_number_that_was_meant() {
    let hint =
        |number| findings_of(&row_with(Saml, &[(Mobile, number)]), &Rules::new(Saml)).remove(0).hint.unwrap();
    assert_eq!(hint("+1 (206) 555-0100"), "write `+12065550100`");
    assert!(hint("1.20655E+10").contains("rounded"));
    assert!(hint("030 1234567").contains("+12065550100"), "a country is never guessed");
}

// Columns.

#[test]
fn a_missing_column_is_said_once_for_the_file_and_stops_every_row() {
    let cases: [(&[IdentityType], Field, bool); 8] = [
        (EVERYWHERE, Username, true),
        (EVERYWHERE, RoutingProfile, true),
        (EVERYWHERE, SecurityProfiles, true),
        (NOT_DIRECTORY, FirstName, true),
        (NOT_DIRECTORY, LastName, true),
        (CONNECT, Password, true),
        (DIRECTORY, FirstName, false),
        (NOT_CONNECT, Password, false),
    ];
    for (identities, field, is_required) in cases {
        for &identity in identities {
            let mut columns = all_columns();
            columns.places[field.index()].clear();
            let rules = Rules::new(identity);
            let mut pass = Pass::new(&columns, &rules, &[]);
            let mut stopped = 0;
            for number in 2..12 {
                let username = format!("u{number}");
                let email = format!("{username}@example.com");
                let own = [(Username, username.as_str()), (Email, email.as_str())];
                let own = if identity == ConnectManaged { &own[..] } else { &own[..1] };
                let mut row = row_with(identity, own);
                row.number = number;
                pass.row(&row, &mut |row| {
                    stopped += u64::from(row.has_errors);
                    assert_eq!(row.agent().is_none(), row.has_errors);
                });
            }
            let checked = pass.finish();
            let expected: &[&str] = if is_required { &["column-missing"] } else { &[] };
            assert_eq!(
                codes_of(&checked.findings)
                    .iter()
                    .filter(|c| **c != "passwords-identical")
                    .copied()
                    .collect::<Vec<_>>(),
                expected,
                "{identity} {field:?}"
            );
            assert_eq!(checked.file_errors, u64::from(is_required));
            assert_eq!(stopped, if is_required { 10 } else { 0 });
            assert_eq!(checked.invalid_rows, stopped);
        }
    }
}

#[test]
fn without_an_email_column_there_is_one_warning_with_connect_managed_only() {
    for &identity in EVERYWHERE {
        let mut columns = all_columns();
        columns.places[Email.index()].clear();
        let mut findings = Vec::new();
        check_columns(&columns, &Rules::new(identity), &mut findings);
        let expected: &[&str] = if identity == ConnectManaged { &["email-missing"] } else { &[] };
        assert_eq!(codes_of(&findings), expected);
    }
}

#[test]
fn two_columns_of_one_meaning_merge_where_equal_or_empty_and_must_not_differ() {
    let mut columns = all_columns();
    columns.headers.push("agent hierarchy".to_owned());
    columns.places[Hierarchy.index()].push(Field::COUNT);
    let rules = Rules::new(Saml);
    let check = |one: &str, two: &str| {
        let mut row = row_with(Saml, &[(Hierarchy, one)]);
        row.cells.push(two);
        let mut findings = Vec::new();
        check_row(&row, &columns, &rules, &mut findings);
        let hierarchy = agent(&row, &columns, &rules).and_then(|agent| agent.hierarchy);
        (codes_of(&findings), hierarchy.map(|path| path.join("|")))
    };
    let path = Some("Planet|Asia".to_owned());
    assert_eq!(check("Planet|Asia", ""), (vec![], path.clone()));
    assert_eq!(check(" ", "Planet|Asia"), (vec![], path.clone()));
    assert_eq!(check("Planet|Asia", " Planet|Asia\u{a0}"), (vec![], path));
    assert_eq!(check("Planet|Asia", "Planet|Europe"), (vec!["columns-disagree"], None));
}

#[test]
fn a_finding_names_the_column_that_its_cell_came_from() {
    let mut columns = all_columns();
    columns.headers.push("agent hierarchy".to_owned());
    columns.places[Hierarchy.index()].push(Field::COUNT);
    let mut row = row_with(Saml, &[]);
    row.cells.push("a||b");
    let mut findings = Vec::new();
    check_row(&row, &columns, &Rules::new(Saml), &mut findings);
    assert_eq!(findings[0].column.as_deref(), Some("agent hierarchy"));
}

// The instance.

pub(super) fn an_instance(identity: IdentityType) -> Directory {
    let pair = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    let group = |id: &str, path: &str| Group {
        id: id.to_owned(),
        path: path.split('|').map(str::to_owned).collect(),
    };
    let instance = Instance {
        id: "i-1".to_owned(),
        arn: "arn:aws:connect:us-west-2:123456789012:instance/i-1".to_owned(),
        alias: None,
        identity,
        status: None,
    };
    Directory {
        routing_profiles: Names::of_routing_profiles([pair("Basic Routing Profile", "rp-1")]),
        security_profiles: Names::of_security_profiles([pair("Agent", "sp-1"), pair("Admin", "sp-2")]),
        hierarchy: Hierarchy::new([
            group("g-1", "Planet"),
            group("g-2", "Planet|Sales"),
            group("g-3", "Moon|Sales"),
        ]),
        users: Some([pair("grace", "u-1"), pair("Ada", "u-2")].into_iter().collect()),
        predefined_attributes: Some(
            [("Language".to_owned(), ["German".to_owned()].into())].into_iter().collect(),
        ),
        ..Directory::new(instance)
    }
}

#[test]
fn names_must_be_known_to_the_instance() {
    let directory = an_instance(Saml);
    let rules = Rules { compares_users: false, ..Rules::of(&directory) };
    let check = |field, cell| {
        let findings = findings_of(&row_with(Saml, &[(field, cell)]), &rules);
        findings
            .into_iter()
            .map(|finding| (finding.code, finding.hint.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let meant = |code, name| vec![(code, format!("did you mean `{name}`?"))];
    let none: Vec<(&str, String)> = Vec::new();
    assert_eq!(check(RoutingProfile, "Basic Routing Profile"), none);
    assert_eq!(check(RoutingProfile, "rp-1"), none);
    let arn = "arn:aws:connect:us-west-2:123456789012:instance/i-1/routing-profile/rp-1";
    assert_eq!(check(RoutingProfile, arn), none);
    let code = "routing-profile-unknown";
    assert_eq!(check(RoutingProfile, "Basic routing profile"), meant(code, "Basic Routing Profile"));
    assert_eq!(check(SecurityProfiles, "Agent|Admin"), none);
    assert_eq!(check(SecurityProfiles, "Agent|Admn"), meant("security-profile-unknown", "Admin"));
    assert_eq!(check(SecurityProfiles, "Agent|sp-1")[0].0, "security-profile-repeated");
    assert_eq!(check(Hierarchy, "Planet | Sales"), none);
    assert_eq!(check(Hierarchy, "planet|Sales"), meant("hierarchy-unknown", "Planet|Sales"));
    assert_eq!(check(Hierarchy, "Sales")[0].0, "hierarchy-ambiguous");
    assert_eq!(check(Proficiencies, "Language:German:4"), none);
    let code = "proficiency-attribute-unknown";
    assert_eq!(check(Proficiencies, "Langauge:German:4"), meant(code, "Language"));
    assert_eq!(check(Proficiencies, "Language:german:4"), meant("proficiency-value-unknown", "German"));
    assert_eq!(check(Proficiencies, "Language:German:4|Skill:x:1")[0].0, code);
}

#[test]
fn users_of_the_instance_are_compared_exactly_and_in_any_case_where_asked() {
    let directory = an_instance(Saml);
    let codes = |compares_users, username| {
        let rules = Rules { compares_users, ..Rules::of(&directory) };
        codes_of(&findings_of(&row_with(Saml, &[(Username, username)]), &rules))
    };
    assert_eq!(codes(true, "grace"), ["username-exists"]);
    assert_eq!(codes(true, "ADA"), ["username-case-variant"]);
    assert_eq!(codes(true, "joan"), [""; 0]);
    assert_eq!(codes(false, "grace"), [""; 0]);
}

// The whole roster.

fn pass_over(identity: IdentityType, rows: &[Row]) -> Checked {
    let (columns, rules) = (all_columns(), Rules::new(identity));
    let mut pass = Pass::new(&columns, &rules, &[]);
    for row in rows {
        pass.row(row, &mut |_| {});
    }
    pass.finish()
}

fn numbered(number: u64, row: Row) -> Row {
    Row { number, ..row }
}

#[test]
fn a_roster_without_rows_is_an_error() {
    let checked = pass_over(Saml, &[]);
    assert_eq!(codes_of(&checked.findings), ["no-rows"]);
    assert_eq!((checked.errors, checked.file_errors, checked.rows), (1, 1, 0));
}

#[test]
fn a_username_taken_twice_is_an_error_that_names_the_other_row() {
    let user = |number, username: &str| numbered(number, row_with(Saml, &[(Username, username)]));
    let checked = pass_over(Saml, &[user(2, "ada"), user(4, "Ada"), user(5, "grace"), user(9, " ada")]);
    let said: Vec<_> = checked.findings.iter().map(|f| (f.row, f.code, f.message.as_str())).collect();
    assert_eq!(
        said,
        [
            (Some(4), "username-case-variant", "row 2 has a username that differs only in case: `ada`"),
            (Some(9), "username-spaces", "there are spaces around the username"),
            (Some(9), "username-duplicate", "row 2 has the same username: `ada`"),
        ]
    );
    assert_eq!((checked.errors, checked.warnings, checked.invalid_rows), (1, 2, 1));
}

#[test]
fn many_rows_with_one_password_are_one_warning() {
    let user = |number: u64, password: &str| {
        let username = format!("u{number}");
        let email = format!("{username}@example.com");
        let own = [(Username, username.as_str()), (Email, &email), (Password, password)];
        numbered(number, row_with(ConnectManaged, &own))
    };
    let rows = |passwords: &[&str]| (2..).zip(passwords).map(|(n, p)| user(n, p)).collect::<Vec<_>>();
    let codes = |passwords: &[&str]| codes_of(&pass_over(ConnectManaged, &rows(passwords)).findings);
    assert_eq!(codes(&["Passw0rd"; 2]), [""; 0]);
    assert_eq!(codes(&["Passw0rd"; 3]), ["passwords-identical"]);
    let mut most = vec!["Other0ne"; 1];
    most.extend(["Passw0rd"; 9]);
    assert_eq!(codes(&most), [""; 0]);
    most.push("Passw0rd");
    let checked = pass_over(ConnectManaged, &rows(&most));
    assert_eq!(
        checked.findings[0].message,
        "10 rows have one and the same password, the first of them in row 3"
    );
    assert_eq!(checked.findings[0].value.as_deref(), Some("[hidden]"));
}

#[test]
fn spaces_around_cells_are_said_once_a_column() {
    let user = |number: u64, changes: &[(Field, &str)]| {
        let username = format!("u{number}");
        numbered(number, row_with(Saml, &[&[(Username, username.as_str())], changes].concat()))
    };
    let rows = [
        user(2, &[(FirstName, "Ada ")]),
        user(3, &[(FirstName, "Ada"), (Tags, "\u{200b}a|b")]),
        user(4, &[(FirstName, "\u{a0}Ada"), (PhoneType, " ")]),
        user(5, &[(FirstName, "Ada\n")]),
    ];
    let checked = pass_over(Saml, &rows);
    let said: Vec<_> =
        checked.findings.iter().map(|f| (f.row, f.column.as_deref(), f.message.as_str())).collect();
    assert_eq!(
        said,
        [
            (Some(2), Some("FirstName"), "there are spaces around the cell, here and in 2 rows below"),
            (Some(3), Some("Tags"), "there are spaces around the cell"),
        ]
    );
    assert_eq!((checked.warnings, checked.errors), (2, 0));
}

#[test]
fn findings_of_the_file_stand_before_those_of_rows() {
    let rows: Vec<Row> =
        (2..12).map(|n| numbered(n, row_with(ConnectManaged, &[(PhoneType, "x")]))).collect();
    let checked = pass_over(ConnectManaged, &rows);
    let numbers: Vec<_> = checked.findings.iter().map(|finding| finding.row).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(checked.findings[0].code, "passwords-identical");
}

#[test]
fn findings_beyond_the_limit_are_counted_and_not_kept() {
    let row = row_with(Saml, &[(Username, ""), (RoutingProfile, "")]);
    let (columns, rules) = (all_columns(), Rules::new(Saml));
    let mut pass = Pass::new(&columns, &rules, &[]);
    for number in 0..Pass::KEPT as u64 {
        pass.row(&numbered(number + 2, row.clone()), &mut |_| {});
    }
    let checked = pass.finish();
    assert_eq!(checked.errors, 2 * Pass::KEPT as u64);
    assert_eq!(checked.findings.len(), Pass::KEPT);
    assert_eq!(checked.not_kept, Pass::KEPT as u64);
}

#[test]
fn of_findings_beyond_the_limit_examples_of_each_kind_are_kept_and_all_are_counted() {
    let row = row_with(Saml, &[(Username, ""), (RoutingProfile, "")]);
    let (columns, rules) = (all_columns(), Rules::new(Saml));
    let mut pass = Pass::new(&columns, &rules, &[]);
    let most = Pass::KEPT as u64;
    for number in 0..most {
        pass.row(&numbered(number + 2, row.clone()), &mut |_| {});
    }
    for number in 0..100 {
        let late = row_with(Saml, &[(Username, &format!("u{number}")), (FirstName, "")]);
        pass.row(&numbered(most + 2 + number, late), &mut |_| {});
    }
    let checked = pass.finish();
    let late: Vec<_> =
        checked.findings.iter().filter(|finding| finding.code == codes::FIRST_NAME_MISSING.id).collect();
    assert_eq!(late.len() as u64, Pass::EXAMPLES);
    assert_eq!(checked.not_kept, most + 100 - Pass::EXAMPLES);
    let kind = checked.tally.of_kind(late[0]).unwrap();
    assert_eq!((kind.findings, kind.rows, kind.last), (100, 100, Some(most + 101)));
    assert_eq!((checked.tally.rows, checked.tally.rows_with_errors), (most + 100, most + 100));
    assert_eq!(checked.tally.kinds().map(|kind| kind.findings).sum::<u64>(), checked.errors);
}

#[test]
fn variants_of_one_name_are_compared_in_as_many_steps_as_there_are_rows() {
    const ROWS: u32 = 20_000;
    let (columns, rules) = (all_columns(), Rules::new(Saml));
    let mut pass = Pass::new(&columns, &rules, &[]);
    PROBES.set(0);
    for (number, name) in (2..).zip(variants(ROWS)) {
        pass.row(&numbered(number, row_with(Saml, &[(Username, &name)])), &mut |_| {});
    }
    let checked = pass.finish();
    assert_eq!((checked.errors, checked.findings.len()), (0, ROWS as usize - 1));
    let first = "row 2 has a username that differs only in case: `abcdefghijklmnopqrst`";
    assert!(checked.findings.iter().all(|finding| finding.message == first), "each names the first alone");
    let looks = PROBES.get();
    assert!((1..8 * u64::from(ROWS)).contains(&looks), "{looks} looks");
}

#[test]
fn the_pass_lends_each_row_with_its_first_error() {
    let (columns, rules) = (all_columns(), Rules::new(Saml));
    let mut pass = Pass::new(&columns, &rules, &[]);
    let mut seen = Vec::new();
    for row in [row_with(Saml, &[(Username, " ada ")]), row_with(Saml, &[(PhoneType, "x"), (Tags, "x")])] {
        pass.row(&row, &mut |row| {
            let error = row.first_error.map(|finding| finding.code);
            seen.push((row.username.to_owned(), row.has_errors, error, row.fingerprint().is_some()));
        });
    }
    let ada = "ada".to_owned();
    assert_eq!(seen, [(ada.clone(), false, None, true), (ada, true, Some("phone-type-unknown"), false)]);
}

// Agents.

#[test]
fn an_agent_is_what_the_row_says_normalised() {
    let row = row_with(
        ConnectManaged,
        &[
            (FirstName, " Zoe\u{308}\u{a0}"),
            (SecurityProfiles, "Admin | Agent"),
            (Hierarchy, "Planet |Asia"),
            (PhoneType, "Soft"),
            (PhoneNumber, "1234567890"),
            (AutoAccept, "yes"),
            (AfterContactWork, "030"),
            (PersistentConnection, "FALSE"),
            (VoiceEnhancement, "suppress noise"),
            (Tags, "a|1||b|"),
        ],
    );
    let agent = agent(&row, &all_columns(), &Rules::new(ConnectManaged)).unwrap();
    assert_eq!(agent.row, 2.into());
    assert_eq!(agent.first_name.as_deref(), Some("Zoë"));
    assert_eq!(agent.security_profiles, ["Admin", "Agent"]);
    assert_eq!(agent.hierarchy, Some(vec!["Planet".to_owned(), "Asia".to_owned()]));
    assert_eq!((agent.phone_type, agent.phone_number), (Some(crate::agent::PhoneType::Soft), None));
    assert_eq!((agent.auto_accept, agent.persistent_connection), (Some(true), Some(false)));
    assert_eq!(agent.after_contact_work_seconds, Some(30));
    assert_eq!(agent.voice_enhancement, Some(crate::agent::VoiceEnhancement::NoiseSuppression));
    assert_eq!(
        agent.tags.into_iter().collect::<Vec<_>>(),
        [("a", "1"), ("b", "")].map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    assert_eq!(agent.password.unwrap().expose(), "Passw0rd");
}

fn full_row() -> Row {
    row_with(
        ConnectManaged,
        &[
            (SecondaryEmail, "a@example.org"),
            (Mobile, "+12065550101"),
            (SecurityProfiles, "Agent|Admin"),
            (Hierarchy, "Planet|Asia"),
            (PhoneType, "desk"),
            (PhoneNumber, "+12065550100"),
            (AutoAccept, "no"),
            (AfterContactWork, "30"),
            (PersistentConnection, "yes"),
            (VoiceEnhancement, "none"),
            (Tags, "a|1||b|2"),
        ],
    )
}

fn fingerprint_of(row: &Row, columns: &Columns) -> Fingerprint {
    fingerprint(&agent(row, columns, &Rules::new(ConnectManaged)).unwrap())
}

/// Both numbers were computed from the description in the documentation, by another program.
#[test]
fn fingerprints_are_pinned_for_ledgers_outlive_versions() {
    assert_eq!(fingerprint_of(&full_row(), &all_columns()).bits(), 6_569_327_660_250_262_808);
    assert_eq!(
        fingerprint_of(&row_with(ConnectManaged, &[]), &all_columns()).bits(),
        11_390_485_685_088_349_707
    );
}

#[test]
fn a_fingerprint_knows_no_order_of_columns_no_formatting_and_no_password() {
    let expected = fingerprint_of(&full_row(), &all_columns());
    let same = [
        (Password, "Another1"),
        (FirstName, " Ada "),
        (SecurityProfiles, "Admin | Agent"),
        (PhoneType, "DESK_PHONE"),
        (AfterContactWork, "0030"),
        (PersistentConnection, "TRUE"),
        (Tags, "b|2||a|1"),
    ];
    for (field, cell) in same {
        let mut cells: Vec<String> = full_row().cells.iter().map(str::to_owned).collect();
        cells[field.index()] = cell.to_owned();
        assert_eq!(fingerprint_of(&row_of(77, &cells), &all_columns()), expected, "{field:?}");
    }
    let cells: Vec<String> = full_row().cells.iter().rev().map(str::to_owned).collect();
    let mut columns = all_columns();
    columns.headers.reverse();
    columns.places = std::array::from_fn(|at| vec![Field::COUNT - 1 - at]);
    assert_eq!(fingerprint_of(&row_of(2, &cells), &columns), expected);
}

#[test]
fn a_fingerprint_sees_every_member() {
    let other = [
        (FirstName, "Adah"),
        (LastName, "Love"),
        (Email, "other@example.com"),
        (SecondaryEmail, "b@example.org"),
        (Mobile, "+12065550102"),
        (Username, "Ada"),
        (RoutingProfile, "basic routing profile"),
        (SecurityProfiles, "Agent"),
        (Hierarchy, "PlanetAsia"),
        (PhoneType, "soft"),
        (PhoneNumber, "+12065550109"),
        (AutoAccept, "yes"),
        (AfterContactWork, ""),
        (PersistentConnection, ""),
        (VoiceEnhancement, "isolate voice"),
        (Tags, "a|1||b|3"),
    ];
    let mut seen = HashSet::from([fingerprint_of(&full_row(), &all_columns())]);
    for (field, cell) in other {
        let mut cells: Vec<String> = full_row().cells.iter().map(str::to_owned).collect();
        cells[field.index()] = cell.to_owned();
        assert!(seen.insert(fingerprint_of(&row_of(2, &cells), &all_columns())), "{field:?}");
    }
    // The per-channel family, against a row that has none of it.
    let plain = fingerprint_of(&row_with(ConnectManaged, &[]), &all_columns());
    let mut seen = HashSet::from([plain]);
    for (_, newer) in Field::FAMILIES {
        let voice = [(AutoAcceptVoice, "no"), (AfterContactWorkVoice, "1"), (PhoneTypeVoice, "soft")];
        for &field in newer {
            let cell = match field {
                PhoneTypeVoice => "desk",
                PhoneNumberVoice => "+12065550107",
                field if field.is_yes_no() => "yes",
                _ => "77",
            };
            let needed = voice.iter().filter(|(other, _)| *other != field && newer.contains(other));
            let mut cells: Vec<_> = needed.copied().chain([(field, cell)]).collect();
            cells.extend((field == PhoneTypeVoice).then_some((PhoneNumberVoice, "+12065550100")));
            let row = row_with(ConnectManaged, &cells);
            assert!(seen.insert(fingerprint_of(&row, &all_columns())), "{field:?}");
        }
    }
    let with_id = |id: &str| {
        let row = row_with(ExistingDirectory, &[(DirectoryUserId, id)]);
        let agent: Agent = agent(&row, &all_columns(), &Rules::new(ExistingDirectory)).unwrap();
        fingerprint(&agent)
    };
    assert_ne!(with_id("S-1"), with_id("S-2"));
}

#[test]
fn proficiencies_have_a_fingerprint_of_their_own_that_knows_no_order() {
    let of = |cell: &str| {
        let row = row_with(ConnectManaged, &[(Proficiencies, cell)]);
        let agent = agent(&row, &all_columns(), &Rules::new(ConnectManaged)).unwrap();
        assert_eq!(fingerprint(&agent), fingerprint_of(&row_with(ConnectManaged, &[]), &all_columns()));
        proficiencies_fingerprint(&agent)
    };
    assert_eq!(of(""), None);
    assert_eq!(of("a:b:1|c:d:2"), of("c|d|2||a|b|1"));
    let different = ["a:b:1", "a:b:2", "a:c:1", "b:b:1", "a:b:1|a:c:1", "ab:b:1", "a:bb:1"].map(of);
    assert_eq!(different.into_iter().collect::<HashSet<_>>().len(), different.len());
}

#[test]
fn the_names_a_roster_uses_are_collected_once_each() {
    let mut used = NamesUsed::default();
    for (security, hierarchy) in
        [("Agent|Admin", "Planet|Asia"), ("Agent", "Planet"), ("Agent|", ""), ("", "a||b")]
    {
        used.add(&row_with(Saml, &[(SecurityProfiles, security), (Hierarchy, hierarchy)]), &all_columns());
    }
    assert_eq!(used.routing_profiles.into_iter().collect::<Vec<_>>(), ["Basic Routing Profile"]);
    assert_eq!(used.security_profiles.into_iter().collect::<Vec<_>>(), ["Admin", "Agent"]);
    assert_eq!(
        used.hierarchy.into_iter().map(|path| path.join("|")).collect::<Vec<_>>(),
        ["Planet", "Planet|Asia"]
    );
}

// Secrets.

/// Cells of all kinds, good and bad.
fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[ \u{a0}a-zA-Z0-9@.|+_-]{0,24}",
        Just("yes".to_owned()),
        Just("desk".to_owned()),
        Just("+12065550100".to_owned()),
        ".{0,300}",
    ]
}

/// Cells that a row may have, of which the first ones together have no fault: plain, padded, damaged and wrong ones, and some
/// that only another cell of the row makes wrong.
const CELLS: [(Field, &[&str]); 12] = [
    (FirstName, &["Ada", " Ada", "Zoë", "J?rgen", "NULL", "first", ""]),
    (LastName, &["Lovelace", "O&#039;Rourke", "“Okafor”", "last", "Шевченко\u{200b}", ""]),
    (Username, &["ada", "bob", "user", "a b", "ada@x"]),
    (RoutingProfile, &["Basic", "Basic ", "#N/A", "Loading...", ""]),
    (SecurityProfiles, &["Agent", "Agent|Agent", "Agent|", "Agent;Lead", "Agent|null"]),
    (Hierarchy, &["EMEA|Berlin", "EMEA||Berlin", "EMEA > Berlin", ""]),
    (PhoneType, &["soft", "desk", "fax", ""]),
    (PhoneNumber, &["+12065550142", "12", ""]),
    (AutoAccept, &["no", "yes", "perhaps", ""]),
    (AfterContactWork, &["30", "5401", "-1", ""]),
    (AutoAcceptVoice, &["", "yes"]),
    (Tags, &["site|Berlin", "site|Berlin||site|Leeds", "site", "aws:x|y", "site|nan", ""]),
];

proptest! {
    #[test]
    fn what_is_said_of_a_row_is_the_same_whatever_rows_were_checked_before(
        rows in prop::collection::vec(prop::collection::vec((0..CELLS.len(), 0..7_usize), 0..4), 1..48),
    ) {
        let (columns, rules) = (all_columns(), Rules::new(Saml));
        let check = RowCheck::new(&columns, &rules);
        for (number, changes) in (2..).zip(rows) {
            let mut cells = [""; Field::COUNT];
            for (field, words) in CELLS {
                cells[field.index()] = words[0];
            }
            for (at, pick) in changes {
                let (field, words) = CELLS[at];
                cells[field.index()] = words[pick % words.len()];
            }
            let row = row_of(number, cells);
            let (mut now, mut alone) = (Vec::new(), Vec::new());
            check.check(&row, &mut now);
            check_row(&row, &columns, &rules, &mut alone);
            prop_assert_eq!(now, alone, "{:?}", cells);
        }
    }
}

proptest! {
    #[test]
    fn no_finding_contains_the_password(
        password in "[ -~äß…\u{a0}\n]{0,4}Zq7x!Canary[ -~äß…\u{a0}\n]{0,60}",
        second in prop::option::of("Zq7x!Canary[ -~]{0,9}"),
        identity in prop::sample::select(EVERYWHERE),
        cells in prop::collection::vec(any_cell(), Field::COUNT),
    ) {
        let mut columns = all_columns();
        let mut cells = cells;
        cells[Password.index()] = password;
        if let Some(second) = second {
            columns.headers.push("initial password".to_owned());
            columns.places[Password.index()].push(cells.len());
            cells.push(second);
        }
        let directory = an_instance(identity);
        let rules = Rules::of(&directory);
        let mut pass = Pass::new(&columns, &rules, &[]);
        for number in 2..6 {
            pass.row(&row_of(number, &cells), &mut |row| {
                assert!(!format!("{:?}", row.agent()).contains("Canary"));
                assert!(!format!("{:?}", row.first_error).contains("Canary"));
            });
        }
        let checked = pass.finish();
        let said = format!("{:?}", checked.findings);
        prop_assert!(!said.contains("Canary"));
        prop_assert!(!serde_json::to_string(&checked.findings).unwrap().contains("Canary"));
    }

    #[test]
    fn no_row_makes_the_rules_panic_and_findings_are_safe_to_print(
        identity in prop::sample::select(EVERYWHERE),
        cells in prop::collection::vec(any_cell(), 0..Field::COUNT + 2),
    ) {
        let directory = an_instance(identity);
        for finding in findings_of(&row_of(2, &cells), &Rules::of(&directory)) {
            let text = format!("{} {} {}", finding.message, finding.value.unwrap_or_default(), finding.hint.unwrap_or_default());
            prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }

    #[test]
    fn the_phone_of_an_agent_is_one_that_the_service_takes(number in "[+0-9 ()-]{0,18}", phone in "soft|desk|") {
        let row = row_with(Saml, &[(PhoneType, &phone), (PhoneNumber, &number)]);
        if let Some(agent) = agent(&row, &all_columns(), &Rules::new(Saml)) {
            prop_assert!(agent.phone_number.as_deref().is_none_or(crate::agent::phone::is_e164));
            prop_assert!(agent.phone_type != Some(crate::agent::PhoneType::Desk) || agent.phone_number.is_some());
        }
    }
}
