//! Lists of people who are to go: what is read of them, and what a list is that must delete nobody.

use super::*;
use crate::agent::Agent;
use crate::finding::Severity;
use crate::roster::{Act, Options, Roster};

/// What is wrong with a list, by row and code, and whom it is about.
fn checked(identity: IdentityType, text: &str) -> (Vec<(Option<u64>, &'static str)>, Vec<Agent>) {
    let roster = Roster::from_memory(text.into(), &Options::default(), "").unwrap();
    checked_of(identity, &roster)
}

fn checked_of(identity: IdentityType, roster: &Roster) -> (Vec<(Option<u64>, &'static str)>, Vec<Agent>) {
    let rules = Rules::new(identity).about(About::Leaving);
    let mut people = Vec::new();
    let found = check(roster, &rules, &mut |row| people.extend(row.agent())).unwrap();
    let findings = found.findings.iter().filter(|finding| finding.severity == Severity::Error);
    (findings.map(|finding| (finding.row, finding.code)).collect(), people)
}

#[test]
fn a_list_needs_no_more_than_the_login_and_what_it_says_of_anything_else_than_who_is_not_looked_at() {
    for identity in IdentityType::ALL {
        let (errors, people) = checked(identity, "user login\nana\nbob\n");
        assert_eq!(errors, []);
        assert_eq!(people.len(), 2);
        let list = "user login,first name,email address,password,routing profile name,phone number,tags,ACW timeout\n\
                    ana,Ana,ana@x.com,short,No Such Profile,123,no tag,soon\n";
        let (errors, people) = checked(identity, list);
        assert_eq!(errors, [], "{identity}");
        let ana = &people[0];
        assert_eq!((ana.first_name.as_deref(), ana.email.as_deref()), (Some("Ana"), Some("ana@x.com")));
        assert!(ana.password.is_none() && ana.routing_profile.is_empty() && ana.tags.is_empty());
    }
    let (errors, _) = checked(IdentityType::Saml, "first name,last name\nAna,Silva\n");
    assert_eq!(errors, [(None, "column-missing")]);
    let (errors, _) = checked(IdentityType::Saml, "user login,first name\n,Ana\n");
    assert_eq!(errors, [(Some(2), "username-missing")]);
    let (errors, _) = checked(IdentityType::Saml, "user login,first name\nana,(clear)\n");
    assert_eq!(errors, [(Some(2), "cannot-be-cleared")]);
}

#[test]
fn somebody_twice_in_the_same_words_is_one_person_and_in_others_nobody() {
    for (list, errors) in [
        ("user login,first name\nana,Ana\nbob,\nana,Ana\n", 0),
        ("user login,first name\nana, Ana\nana,Ana \n", 0),
        ("user login,first name\nana,Ana\nana,Anna\n", 1),
        ("user login,first name\nana,Ana\nana,\n", 1),
        // Two people to the service.
        ("user login,first name\nana,Ana\nAna,Ana\n", 0),
        ("user login,first name\nana,Ana\nana,Anna\nana,Ana\n", 1),
    ] {
        let (found, _) = checked(IdentityType::Saml, list);
        let twice = found.iter().filter(|(_, code)| *code == "username-duplicate").count();
        assert_eq!((twice, found.len()), (errors, errors), "{list}: {found:?}");
    }
}

#[test]
fn a_whole_roster_is_no_list_of_leavers() {
    for (list, is_one) in [
        ("user login,Status\nana,Terminated\nbob,Terminated\n", true),
        ("user login,Status\nana,Terminated\nbob,Active\n", false),
        ("user login,last day\nana,2026-11-30\nbob,\n", false),
        ("user login,last day\nana,2026-11-30\nbob,2026-10-31\n", true),
        ("user login,accountEnabled\nana,FALSE\nbob,TRUE\n", false),
        ("user login,Team\nana,North\nbob,South\n", true),
        ("user login,action\nana,leave\nbob,leave\n", true),
        ("user login,action\nana,leave\nbob,join\n", false),
        ("user login,action\nana,leave\nbob,\n", false),
        ("user login,action\nana,join\nbob,join\n", false),
    ] {
        let (found, _) = checked(IdentityType::Saml, list);
        let expected: &[_] = if is_one { &[] } else { &[(None, "stayers-in-list")] };
        assert_eq!(found, expected, "{list}");
    }
    // Whoever has chosen the rows, or says that all are meant, is believed.
    for map in ["[only]\nStatus = [\"Terminated\"]", "[skip]\nStatus = []"] {
        let text = "user login,Status\nana,Terminated\nbob,Active\n";
        let roster = Roster::from_memory(text.into(), &Options::default(), map).unwrap();
        assert_eq!(checked_of(IdentityType::Saml, &roster).0, [], "{map}");
    }
}

#[test]
fn of_a_sheet_in_which_a_column_says_what_is_to_be_done_each_job_reads_its_own_rows() {
    let text = "user login,Vorgang\nana,Eintritt\nbob,Wechsel\ncid,Austritt\ndora,\neve,hmm\nfay,JOINER\n";
    let logins = |act: Option<Act>, map: &str| {
        let options = Options { act, ..Options::default() };
        let roster = Roster::from_memory(text.into(), &options, map).unwrap();
        let (errors, people) = checked_of(IdentityType::Saml, &roster);
        let errors: Vec<_> = errors.into_iter().filter(|(_, code)| *code != "stayers-in-list").collect();
        (errors, people.into_iter().map(|agent| agent.username).collect::<Vec<_>>())
    };
    let (errors, joiners) = logins(Some(Act::Create), "");
    assert_eq!((errors, joiners), (vec![(Some(6), "action-unknown")], vec!["ana".into(), "fay".into()]));
    assert_eq!(logins(Some(Act::Update), ""), (vec![], vec!["bob".to_owned()]));
    assert_eq!(logins(Some(Act::Remove), ""), (vec![], vec!["cid".to_owned()]));
    let map = "[actions]\nVorgang = { hmm = \"remove\", Austritt = \"nothing\" }";
    assert_eq!(logins(Some(Act::Remove), map), (vec![], vec!["eve".to_owned()]));
    assert_eq!(logins(None, "").1.len(), 6, "without being asked for it is not obeyed");
}

#[test]
fn a_column_of_actions_is_named_where_it_is_not_obeyed_and_asked_for_where_it_is_not_there() {
    let named = |text: &str| {
        let roster = Roster::from_memory(text.into(), &Options::default(), "").unwrap();
        roster.findings().iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(named("user login,action\nana,leave\n"), ["action-column"]);
    assert_eq!(named("user login,colour\nana,red\n"), ["unknown-column"]);
    let refused = |text: &str, map: &str| {
        let options = Options { act: Some(Act::Remove), ..Options::default() };
        Roster::from_memory(text.into(), &options, map).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused("user login\nana\n", "").contains("no column of the roster says what is to be done"));
    assert!(refused("user login,action,JML\nana,leave,L\n", "").contains("several columns"));
    assert!(refused("user login\nana\n", "[actions]\nVorgang = {}").contains("`Vorgang`"));
    let options = Options { act: Some(Act::Remove), ..Options::default() };
    let picked =
        Roster::from_memory("user login,action,JML\nana,leave,L\n".into(), &options, "ignore = [\"action\"]");
    assert!(picked.is_ok(), "one of two that is passed over is none");
}
