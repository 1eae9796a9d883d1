//! What must be true of the passwords that the program made.

use std::collections::BTreeMap;
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
