//! Rosters for people who are there: what a row need not say, and what it takes away.

use super::about::clearing;
use super::tests::{all_columns, an_instance, codes_of, conformance, findings_of, row_with};
use super::*;
use crate::agent::{Agent, Channel, Cleared, PhoneType as Phone};
use crate::finding::{Severity, codes};
use crate::roster::{Columns, Options, Roster, Row};

use Field::*;
use IdentityType::{ConnectManaged, ExistingDirectory, Saml};

/// A row of all columns of which only these are filled in.
fn sparse(cells: &[(Field, &str)]) -> Row {
    let mut all = vec![(Username, "ada")];
    let blank = Field::ALL.into_iter().filter(|field| *field != Username).map(|field| (field, ""));
    all.extend(blank);
    all.extend(cells);
    row_with(Saml, &all)
}

fn there(identity: IdentityType) -> Rules<'static> {
    Rules::new(identity).about(About::There)
}

fn found(rules: &Rules<'_>, cells: &[(Field, &str)]) -> Vec<&'static str> {
    codes_of(&findings_of(&sparse(cells), rules))
}

fn asked(cells: &[(Field, &str)]) -> Agent {
    let (row, columns, rules) = (sparse(cells), all_columns(), there(ConnectManaged));
    agent(&row, &columns, &rules).expect("a row without errors")
}

#[test]
fn every_rule_holds_for_people_who_are_there_but_those_of_what_is_missing_and_of_passwords() {
    let need_not_be = |code: &str| {
        let is_missing = code.ends_with("-missing") && code != codes::USERNAME_MISSING.id;
        is_missing || code.starts_with("password-") || code == codes::AGENT_FIRST_CALLBACK_ALONE.id
    };
    for (identities, changes, expected) in conformance() {
        for &identity in identities {
            let changes: Vec<(Field, &str)> =
                changes.iter().map(|(field, cell)| (*field, cell.as_str())).collect();
            let (row, rules) = (row_with(identity, &changes), there(identity));
            let findings = findings_of(&row, &rules);
            let is_of_password = changes.iter().any(|(field, _)| *field == Password);
            let expected: Vec<&str> =
                expected.iter().copied().filter(|code| !is_of_password && !need_not_be(code)).collect();
            assert_eq!(codes_of(&findings), expected, "{identity}: {changes:?}");
            let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
            let agent = agent(&row, &all_columns(), &rules);
            assert_eq!(agent.is_none(), has_errors, "{identity}: {changes:?}");
            assert!(agent.is_none_or(|agent| agent.password.is_none()), "{identity}: {changes:?}");
        }
    }
}

#[test]
fn a_row_needs_no_more_than_to_say_who_and_a_roster_no_more_than_that_column() {
    for identity in IdentityType::ALL {
        let rules = there(identity);
        assert_eq!(found(&rules, &[]), [""; 0]);
        let mut columns = Columns::default();
        let mut findings = Vec::new();
        check_columns(&columns, &rules, &mut findings);
        assert_eq!(codes_of(&findings), ["column-missing"], "who, at least");
        columns.headers.push("user login".to_owned());
        columns.places[Username.index()].push(0);
        findings.clear();
        check_columns(&columns, &rules, &mut findings);
        assert_eq!(codes_of(&findings), [""; 0]);
        assert_eq!(found(&rules, &[(Username, "")]), ["username-missing"]);
    }
    let agent = asked(&[]);
    assert_eq!((agent.username.as_str(), agent.routing_profile.as_str()), ("ada", ""));
    assert!(agent.security_profiles.is_empty() && agent.hierarchy.is_none() && agent.cleared.is_empty());
}

#[test]
fn a_cell_takes_away_what_its_field_may_be_without_in_any_case_and_with_spaces() {
    for field in Field::ALL {
        for cell in ["(clear)", "(Clear)", "(CLEAR)"] {
            let expected: &[&str] = match clearing(field) {
                Some(_) => &[],
                None => &["cannot-be-cleared"],
            };
            assert_eq!(found(&there(ConnectManaged), &[(field, cell)]), expected, "{field:?} {cell}");
            if let Some(cleared) = clearing(field) {
                let agent = asked(&[(field, cell)]);
                assert_eq!(agent.cleared, [cleared].into(), "{field:?} {cell}");
                let plain = Agent { cleared: Default::default(), ..agent };
                let blank = asked(&[]);
                assert_eq!(fingerprint(&plain), fingerprint(&blank), "{field:?}: it is no value");
            }
        }
    }
    let padded = findings_of(&sparse(&[(Hierarchy, " (clear)\u{a0}")]), &there(Saml));
    assert_eq!(codes_of(&padded), ["stray-spaces"]);
    assert_eq!(asked(&[(Hierarchy, " (clear)\u{a0}")]).cleared, [Cleared::Hierarchy].into());
    for cell in ["clear", "(clear", "(clear) ", "( clear )", "(cleared)"] {
        assert_eq!(asked(&[(Hierarchy, cell)]).cleared.is_empty(), cell != "(clear) ", "{cell}");
    }
}

#[test]
fn a_cell_takes_away_in_each_row_that_says_so_and_not_in_the_first_alone() {
    let (columns, rules) = (all_columns(), there(Saml));
    let check = RowCheck::new(&columns, &rules);
    let clean =
        sparse(&[(AutoAcceptVoice, "(clear)"), (AutoAcceptCallback, "(clear)"), (Hierarchy, "(clear)")]);
    let alone = sparse(&[(AutoAcceptVoice, "(clear)"), (AutoAcceptCallback, "yes")]);
    for _ in 0..3 {
        // Of which nothing is said is remembered; what it takes away must not be.
        for (row, expected) in [(&clean, &[][..]), (&alone, &["agent-first-callback-alone"])] {
            let mut findings = Vec::new();
            check.check(row, &mut findings);
            assert_eq!(codes_of(&findings), expected);
        }
    }
}

#[test]
fn an_import_takes_nothing_from_whom_it_makes_and_may_carry_it_for_others() {
    let directory = an_instance(Saml); // has grace
    let import = Rules { compares_users: false, ..Rules::of(&directory) };
    let both = import.about(About::Both);
    let of = |rules: &Rules<'_>, user: &str, cells: &[(Field, &str)]| {
        let mut all = vec![(Username, user)];
        all.extend(cells);
        codes_of(&findings_of(&row_with(Saml, &all), rules))
    };
    let (clears, blank) = ([(Hierarchy, "(clear)")], [(RoutingProfile, ""), (FirstName, "")]);
    assert_eq!(of(&import, "ada", &clears), ["nothing-to-clear"]);
    assert_eq!(of(&import, "grace", &clears), [""; 0]);
    for user in ["ada", "grace"] {
        assert_eq!(of(&both, user, &clears), [""; 0]);
        assert_eq!(of(&both, user, &[(LastName, "(clear)")]), ["cannot-be-cleared"]);
    }
    assert_eq!(of(&import, "ada", &blank), ["first-name-missing", "routing-profile-missing"]);
    assert_eq!(of(&import, "grace", &blank), ["routing-profile-missing"], "she has a name");
    assert_eq!(of(&both, "ada", &blank), ["first-name-missing", "routing-profile-missing"]);
    assert_eq!(of(&both, "grace", &blank), [""; 0]);
    let agent = agent(&row_with(Saml, &clears), &all_columns(), &both).unwrap();
    assert_eq!((agent.hierarchy, agent.cleared), (None, [Cleared::Hierarchy].into()));
}

#[test]
fn who_is_there_is_no_finding_where_a_roster_is_about_them_and_another_spelling_is() {
    let directory = an_instance(Saml); // has grace and Ada
    let rules = Rules::of(&directory).about(About::There);
    assert_eq!(found(&rules, &[(Username, "grace")]), [""; 0]);
    assert_eq!(found(&rules, &[(Username, "ada")]), ["username-case-variant"]);
    assert_eq!(found(&rules, &[(Username, "grace"), (Hierarchy, "Mars")]), ["hierarchy-unknown"]);
}

#[test]
fn what_a_setting_needs_may_be_there_already_unless_the_row_takes_it_away() {
    let rules = there(Saml);
    let clear = "(clear)";
    type Case<'c> = (&'c [(Field, &'c str)], &'c [&'c str]);
    let table: [Case<'_>; 12] = [
        (&[(PhoneType, "desk")], &[]),
        (&[(PhoneType, "desk"), (PhoneNumber, clear)], &["desk-phone-number-missing"]),
        (&[(PhoneTypeVoice, "desk"), (PhoneNumberVoice, clear)], &["desk-phone-number-missing"]),
        (&[(PhoneNumber, "+12065550142")], &[]),
        (&[(PhoneNumber, "555")], &["phone-number-not-e164"]),
        (&[(PhoneType, clear), (PhoneNumber, "+12065550142")], &["phone-type-missing"]),
        (&[(PhoneTypeVoice, clear), (PhoneNumberVoice, "+12065550142")], &["phone-type-voice-missing"]),
        (&[(PhoneType, "soft"), (PhoneNumber, clear)], &[]),
        (&[(AutoAcceptCallback, "yes")], &[]),
        (&[(AutoAccept, clear), (AutoAcceptVoice, "yes")], &["settings-conflict"]),
        (&[(AutoAccept, "yes"), (AutoAcceptChat, clear)], &["settings-conflict"]),
        (&[(AutoAccept, clear), (AutoAcceptChat, clear)], &[]),
    ];
    for (cells, expected) in table {
        assert_eq!(found(&rules, cells), expected, "{cells:?}");
    }
    assert_eq!(asked(&[(PhoneType, "desk")]).phone_type, Some(Phone::Desk));
    let both = asked(&[(AutoAccept, clear), (AutoAcceptChat, clear)]).cleared;
    assert_eq!(both, [Cleared::AutoAccept, Cleared::ChannelAutoAccept(Channel::Chat)].into());
}

#[test]
fn passwords_are_not_looked_at_and_that_is_said_once() {
    for identity in [ConnectManaged, Saml, ExistingDirectory] {
        let (columns, rules) = (all_columns(), there(identity));
        let mut pass = Pass::new(&columns, &rules, &[]);
        for number in 2..14 {
            let (login, email) = (format!("u{number}"), format!("u{number}@example.com"));
            let own = [(Username, login.as_str()), (Password, "x"), (Email, email.as_str())];
            let mut row = row_with(identity, if identity == Saml { &own[..2] } else { &own });
            row.number = number;
            pass.row(&row, &mut |row| assert!(row.agent().unwrap().password.is_none()));
        }
        let checked = pass.finish();
        assert_eq!(codes_of(&checked.findings), ["passwords-not-used"]);
        assert!(checked.findings[0].message.ends_with(": 12 rows with one"));
    }
    let findings = findings_of(&sparse(&[(Password, "(clear)")]), &there(Saml));
    assert_eq!(codes_of(&findings), ["cannot-be-cleared"]);
    assert_eq!(findings[0].value.as_deref(), Some("[hidden]"));
}

#[test]
fn the_errors_of_spreadsheets_are_no_words_for_nothing() {
    for cell in ["#N/A", "#REF!", "#NV"] {
        assert_eq!(found(&there(Saml), &[(Hierarchy, cell)]), ["cell-error"]);
    }
    assert_eq!(found(&there(Saml), &[(Hierarchy, "none")]), ["placeholder"]);
}

#[test]
fn a_word_that_takes_away_is_no_name_of_an_instance() {
    let mut used = NamesUsed::default();
    let cells = [Hierarchy, Proficiencies, RoutingProfile, SecurityProfiles].map(|field| (field, "(clear)"));
    used.add(&sparse(&cells), &all_columns());
    assert_eq!(used, NamesUsed { rows: 1, ..NamesUsed::default() });
}

/// A roster of these logins, and the instance with these users.
fn pass_over(
    header: &str,
    logins: &[&str],
    users: &[&str],
    generates_passwords: bool,
) -> (Vec<String>, u64, Vec<u64>) {
    let mut directory = an_instance(ConnectManaged);
    directory.users = Some(users.iter().map(|name| ((*name).to_owned(), format!("id-{name}"))).collect());
    let rows = logins.iter().fold(header.to_owned(), |text, login| {
        text + &format!("\n{login},Lee,{login}@example.com,{login},Basic Routing Profile,Agent")
    });
    let roster = Roster::from_memory(rows.into_bytes(), &Options::default(), "").unwrap();
    let rules = Rules { compares_users: false, generates_passwords, ..Rules::of(&directory) };
    let mut invalid = Vec::new();
    let checked = check(&roster, &rules, &mut |row| {
        if row.has_errors {
            invalid.push(row.number);
        }
    })
    .unwrap();
    let told = checked.findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message));
    (told.collect(), checked.file_errors, invalid)
}

#[test]
fn whoever_is_there_needs_no_password_and_the_first_who_is_not_is_named() {
    const HEADER: &str = "first name,last name,email address,user login,routing profile,security profiles";
    let all = ["ada", "bob", "cid"];
    assert_eq!(pass_over(HEADER, &all, &all, false), (vec![], 0, vec![]));
    let (told, file_errors, invalid) = pass_over(HEADER, &all, &["ada", "Bob"], false);
    assert_eq!((file_errors, invalid), (1, vec![3, 4]), "another spelling is somebody else");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("column-missing: there is no password column"), "{told:?}");
    assert!(told[0].ends_with("the first of those who are not there is in row 3"), "{told:?}");
    assert_eq!(pass_over(HEADER, &all, &["ada"], true), (vec![], 0, vec![]), "where they are made");
    // Where nobody is there, it is the column that is missing, as ever.
    let (told, file_errors, invalid) = pass_over(HEADER, &all, &[], false);
    assert_eq!((told.len(), file_errors, invalid), (1, 1, vec![2, 3, 4]));
    assert!(!told[0].contains("in row"), "{told:?}");
}

#[test]
fn names_that_are_there_may_be_blank_and_their_columns_may_not_be_missing() {
    let directory = an_instance(ConnectManaged);
    let rules = Rules { compares_users: false, ..Rules::of(&directory) };
    for (login, is_there) in [("grace", true), ("Grace", false), ("bob", false)] {
        for field in [FirstName, LastName, Email] {
            let row = row_with(ConnectManaged, &[(Username, login), (field, "")]);
            let is_missing = |code: &&str| code.ends_with("-missing");
            let codes = codes_of(&findings_of(&row, &rules));
            assert_eq!(codes.iter().any(is_missing), !is_there, "{login}: {field:?}: {codes:?}");
        }
        for field in [RoutingProfile, SecurityProfiles] {
            let row = row_with(ConnectManaged, &[(Username, login), (field, "")]);
            assert!(agent(&row, &all_columns(), &rules).is_none(), "{login}: {field:?}");
        }
    }
    let mut columns = all_columns();
    columns.places[FirstName.index()].clear();
    let mut findings = Vec::new();
    check_columns(&columns, &rules, &mut findings);
    assert_eq!(codes_of(&findings), ["column-missing"]);
}

#[test]
fn a_blank_password_is_missing_of_who_is_not_there_alone() {
    let mut directory = an_instance(ConnectManaged);
    directory.users = Some([("ada".to_owned(), "id".to_owned())].into_iter().collect());
    let rules = Rules { compares_users: false, ..Rules::of(&directory) };
    for (login, expected) in
        [("ada", &[][..]), ("Ada", &["password-missing"]), ("bob", &["password-missing"])]
    {
        let row = row_with(ConnectManaged, &[(Username, login), (Password, "")]);
        let mut findings = findings_of(&row, &rules);
        findings.retain(|finding| finding.severity == Severity::Error);
        assert_eq!(codes_of(&findings), expected, "{login}");
        assert_eq!(agent(&row, &all_columns(), &rules).is_some(), expected.is_empty(), "{login}");
    }
}
