//! What must be true of the passwords that the program made.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

use headcount::simulator::World;
use serde_json::Value;

use crate::check::Told;
use crate::stage::{OWN, PASSWORD};

/// What is wrong with the passwords that the program printed: for every user that it made with one, the one that the
/// instance holds, for nobody else one, and none in the ledger.
pub(crate) fn violations(printed: &Output, told: &Told, ledger: &str, world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let said = String::from_utf8_lossy(&printed.stderr);
    if printed.status.code() != Some(0) {
        found.push(format!("credentials: exit {:?}: {said}", printed.status.code()));
    }
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap_or_default();
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for one in printed["users"].as_array().into_iter().flatten() {
        let text = |member: &str| one[member].as_str().unwrap_or_default();
        if known.insert(text("user"), text("password")).is_some() {
            found.push(format!("credentials: {} twice", text("user")));
        }
    }
    for (user, row) in told.rows.iter().filter(|(_, row)| row.state() == "created") {
        match known.remove(user.as_str()) {
            None if user == OWN && world.signs_in(user, PASSWORD) => {}
            None => found.push(format!("credentials: none of {user}, who is {}", row.state())),
            Some(password) if ledger.contains(password) => {
                found.push(format!("credentials: the ledger has the password of {user}"));
            }
            Some(password) if world.signs_in(user, password) => {}
            Some(_) => found.push(format!("credentials: {user} cannot sign in with what is printed")),
        }
    }
    found.extend(known.keys().map(|user| format!("credentials: {user} is printed and was not created")));
    found
}

/// The files as they were when the passwords were printed.
pub(crate) struct Files<'f> {
    pub(crate) ledger: &'f str,
    pub(crate) passwords: &'f str,
}

/// What was found about passwords that were printed after files were copied, put back or cut.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) violations: Vec<String>,
    /// How many users were named as those whose password cannot be known.
    pub(crate) named: usize,
}

/// After an attack: whatever is printed is the password that the instance holds, of a user whom the ledger made; whoever
/// it made and is not printed is named, and so is everybody for whom only the file has a password.
pub(crate) fn judged(printed: &Output, files: &Files<'_>, world: &World) -> Judged {
    let told = Told::whole_lines(files.ledger);
    let said = String::from_utf8_lossy(&printed.stderr);
    let mut records = files.passwords.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let first: Value = records.next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    if first["run"].as_str() != Some(told.run.as_str()) {
        return not_of_this_run(printed);
    }
    let mut judged = Judged::default();
    let mut found = |what: String| judged.violations.push(format!("credentials: {what}"));
    let shown: Value = serde_json::from_slice(&printed.stdout).unwrap_or_default();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for one in shown["users"].as_array().into_iter().flatten() {
        let text = |member: &str| one[member].as_str().unwrap_or_default();
        let (user, password) = (text("user"), text("password"));
        if !known.insert(user) {
            found(format!("{user} twice"));
        }
        if told.rows.get(user).is_none_or(|row| row.state != "created") {
            found(format!("{user} is printed and was not created"));
        }
        if !world.signs_in(user, password) {
            found(format!("{user} cannot sign in with what is printed"));
        }
        if files.ledger.contains(password) {
            found(format!("the ledger has the password of {user}"));
        }
    }
    let is_named = |how: &str, user: &str| said.lines().any(|line| line == format!("{how}: `{user}`"));
    let mut lost = 0;
    for (user, _) in told.rows.iter().filter(|(_, row)| row.state == "created") {
        let has_own = user == OWN && world.signs_in(user, PASSWORD);
        if known.contains(user.as_str()) || has_own {
            continue;
        }
        lost += 1;
        if !is_named("not in the file", user) {
            found(format!("{user} was created, and is neither printed nor named"));
        }
    }
    let mut copied: BTreeSet<String> = BTreeSet::new();
    for record in records.filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let (user, nonce) =
            (record["user"].as_str().unwrap_or_default(), record["nonce"].as_str().unwrap_or_default());
        let attempt = format!("{}.{nonce}", record["attempt"]);
        if !told.pids.contains_key(&attempt) && !known.contains(user) {
            copied.insert(user.to_owned());
        }
    }
    for user in &copied {
        if !is_named("not known", user) {
            found(format!("{user} has a password by an attempt that the ledger has not, and is not named"));
        }
    }
    let due = if lost > 0 { 4 } else { 0 };
    if printed.status.code() != Some(due) {
        found(format!("exit {:?}, and {due} is due: {said}", printed.status.code()));
    }
    judged.named = lost + copied.len();
    judged
}

/// A file that is cut in its first record, or of the run before a ledger that was: it is refused.
fn not_of_this_run(printed: &Output) -> Judged {
    let is_refused = matches!(printed.status.code(), Some(2 | 4)) && printed.stdout.is_empty();
    let told = format!("credentials: of another run, and not refused: {printed:?}");
    Judged { violations: (!is_refused).then_some(told).into_iter().collect(), named: 0 }
}
