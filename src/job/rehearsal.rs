//! The embedded Connect in an instance's place: a roster's names, or a saved directory's, become an instance that answers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::lanes::Served;
use super::world::World;
use crate::agent::IdentityType;
use crate::connect::model;
use crate::directory::{Directory, Names, Users};
use crate::error::Failure;
use crate::roster::{Field, Roster, Row};
use crate::simulator::{self, Group, JournalError, Named, Spec, Updates, Weather};
use crate::validate::{self, NamesUsed, Pass, infer_identity};

/// A rehearsal in place of an instance.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal {
    /// Where the weather comes from.
    pub seed: u64,
    /// How reliable the embedded Connect is.
    pub weather: Weather,
    /// What it does with what an update leaves out.
    pub updates: Updates,
}

/// What a rehearsal is for, and what it goes on with.
pub(super) struct Stage<'s> {
    /// The roster that is read.
    pub(super) roster: &'s Roster,
    /// The roster that it is a part of: the names of both are there.
    pub(super) whole: Option<Roster>,
    /// How many rows there were before: their users may be there already.
    pub(super) rows: u64,
    /// Whether users are given passwords that the roster does not have: then the instance keeps passwords.
    pub(super) gives_passwords: bool,
    /// Where its world is kept, so that an interrupted rehearsal resumes.
    pub(super) world: PathBuf,
    /// Whether the roster's people are there from the beginning.
    pub(super) has_people: bool,
    /// Rosters whose people are there as these say that they are: who leaves is the person of the list.
    pub(super) there: Vec<Roster>,
}

impl Rehearsal {
    /// Serves an embedded Connect that has the stage's names, or the saved directory's.
    pub(super) async fn serve(
        &self,
        identity: Option<IdentityType>,
        saved: Option<&Directory>,
        stage: &Stage<'_>,
        world: &World,
    ) -> Result<Served, Failure> {
        let spec = self.spec(identity, saved, stage, world)?;
        let remembered = remembered(spec, &stage.world, world)?;
        world.lanes.serve(remembered, &world.clock).await
    }

    fn spec(
        &self,
        identity: Option<IdentityType>,
        saved: Option<&Directory>,
        stage: &Stage<'_>,
        world: &World,
    ) -> Result<Spec, Failure> {
        let used = names_used(stage.roster, world)?;
        let identity = identity.or(saved.map(|saved| saved.instance.identity));
        let identity = match (identity, stage.gives_passwords) {
            (Some(identity), _) => identity,
            (None, true) => IdentityType::ConnectManaged,
            (None, false) => infer_identity(stage.roster)?.identity,
        };
        let mut spec = Spec {
            identity,
            seed: self.seed,
            weather: self.weather.clone(),
            updates: self.updates,
            ..Spec::default()
        };
        if let Some(saved) = saved {
            return Ok(like(saved, spec));
        }
        spec.users_quota = spec.users_quota.max((stage.rows + used.rows) as usize);
        spec = with_names(spec, &used);
        if !stage.there.is_empty() {
            for there in &stage.there {
                spec = with_names(spec, &names_used(there, world)?);
                let users = as_listed(there, identity, world)?;
                spec.users.extend(users);
            }
            spec.users_quota += spec.users.len();
        } else if stage.has_people {
            spec.users = people(stage.roster, identity, world)?;
        }
        match &stage.whole {
            Some(whole) => Ok(with_names(spec, &names_used(whole, world)?)),
            None => Ok(spec),
        }
    }
}

/// Serves an embedded Connect that nobody has named anything of, as `headcount simulate` has it; nothing of it is kept.
pub(super) async fn invented(identity: Option<IdentityType>, world: &World) -> Result<Served, Failure> {
    let mut spec = Spec::default();
    spec.identity = identity.unwrap_or(spec.identity);
    world.lanes.serve(simulator::World::new(spec, world.clock.now()), &world.clock).await
}

fn remembered(spec: Spec, file: &Path, world: &World) -> Result<simulator::World, Failure> {
    simulator::World::remembering(spec, world.clock.now(), file).map_err(|error| {
        let hint = match &error {
            JournalError::Io { .. } => {
                "nothing was sent; it stands beside the rehearsal's ledger: choose a place for both with ⟦ledger FILE⟧"
            }
            // Whoever has it is at work with it: to remove it would take a run's users from under it.
            JournalError::Locked { .. } => "nothing was sent; try again when that process is done",
            JournalError::Damaged { .. } | JournalError::Foreign { .. } => {
                "remove that file and the rehearsal's ledger to start the rehearsal anew"
            }
        };
        Failure::stopped("cannot keep the rehearsal's world").because(error).hint(hint)
    })
}

/// The names that a roster uses, and nothing else of it. A rehearsal reads the file once for them before it checks it: the
/// instance must have the names before a row can be checked against it. An import takes them from the check itself.
fn names_used(roster: &Roster, world: &World) -> Result<NamesUsed, Failure> {
    let (mut used, mut row) = (NamesUsed::default(), Row::default());
    let mut rows = roster.rows()?;
    while rows.read(&mut row)? {
        if used.rows.is_multiple_of(Pass::GLANCE) {
            world.go_on()?;
        }
        used.add(&row, roster.columns());
    }
    Ok(used)
}

/// The people of a roster as they may have been before it: by the same logins, named by these, with what a new user has.
fn people(roster: &Roster, identity: IdentityType, world: &World) -> Result<Vec<model::User>, Failure> {
    let (mut people, mut seen, mut row) = (Vec::new(), HashSet::new(), Row::default());
    let mut rows = roster.rows()?;
    while rows.read(&mut row)? {
        if (people.len() as u64).is_multiple_of(Pass::GLANCE) {
            world.go_on()?;
        }
        let username = validate::username(&row, roster.columns());
        if username.is_empty() || !seen.insert(username.to_owned()) {
            continue;
        }
        let mut parts = username.split(['.', '_', '-', '@']).filter(|part| !part.is_empty()).map(capital);
        let info = model::IdentityInfo {
            first_name: parts.next(),
            last_name: parts.next().or_else(|| Some("Agent".to_owned())),
            ..model::IdentityInfo::default()
        };
        people.push(model::User {
            username: username.to_owned(),
            identity_info: Some(info).filter(|_| identity != IdentityType::ExistingDirectory),
            ..model::User::default()
        });
    }
    Ok(people)
}

/// The people of a roster as it says that they are, with what a new user has: whoever is on it is the person of it.
fn as_listed(roster: &Roster, identity: IdentityType, world: &World) -> Result<Vec<model::User>, Failure> {
    let (mut people, mut seen, mut row) = (Vec::new(), HashSet::new(), Row::default());
    let (columns, mut rows) = (roster.columns(), roster.rows()?);
    while rows.read(&mut row)? {
        if (people.len() as u64).is_multiple_of(Pass::GLANCE) {
            world.go_on()?;
        }
        let username = validate::username(&row, columns);
        if username.is_empty() || !seen.insert(username.to_owned()) {
            continue;
        }
        let cell = |field| {
            let cell = validate::grammar::trimmed(columns.cell(&row, field));
            (!cell.is_empty()).then(|| cell.to_owned())
        };
        let info = model::IdentityInfo {
            first_name: cell(Field::FirstName),
            last_name: cell(Field::LastName),
            email: cell(Field::Email).filter(|_| identity != IdentityType::Saml),
            // Whoever signs in elsewhere has no primary address: theirs is the secondary one.
            secondary_email: cell(Field::SecondaryEmail)
                .or_else(|| cell(Field::Email).filter(|_| identity == IdentityType::Saml)),
            ..model::IdentityInfo::default()
        };
        people.push(model::User {
            // The same in the next session, whatever rows the list has by then.
            id: id_of(username),
            username: username.to_owned(),
            identity_info: Some(info),
            directory_user_id: cell(Field::DirectoryUserId),
            ..model::User::default()
        });
    }
    Ok(people)
}

/// An id that a name has in each rehearsal.
fn id_of(username: &str) -> String {
    let digest = Sha256::digest(username.as_bytes());
    let bytes = digest.iter().take(16).fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
    uuid::Uuid::from_u128(bytes).to_string()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn with_names(spec: Spec, used: &NamesUsed) -> Spec {
    spec.with_roster(
        used.routing_profiles.iter().map(String::as_str),
        used.security_profiles.iter().map(String::as_str),
        used.hierarchy.iter().map(|path| path.iter().map(String::as_str)),
    )
    .with_proficiencies(used.proficiencies.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// An embedded instance with the names, users and quotas of a real one.
fn like(saved: &Directory, mut spec: Spec) -> Spec {
    let named = |names: &Names| -> Vec<Named> {
        names.iter().map(|(name, id)| Named { name: name.to_owned(), id: Some(id.to_owned()) }).collect()
    };
    let groups = saved.hierarchy.iter();
    spec.routing_profiles = named(&saved.routing_profiles);
    spec.security_profiles = named(&saved.security_profiles);
    spec.hierarchy =
        groups.map(|group| Group { path: group.path.clone(), id: Some(group.id.clone()) }).collect();
    spec.alias = saved.instance.alias.clone().unwrap_or(spec.alias);
    if let Some(attributes) = &saved.predefined_attributes {
        spec.predefined_attributes =
            attributes.iter().map(|(name, values)| (name.to_owned(), values.clone())).collect();
    }
    if let Some(quota) = saved.quotas.users_per_instance {
        spec.users_quota = quota as usize;
    }
    if let Some(users) = &saved.users {
        spec.users = users_of(saved, users);
    }
    spec
}

/// The users of a saved directory, of whom no more is known than who they are: each has the first of the profiles.
fn users_of(saved: &Directory, users: &Users) -> Vec<model::User> {
    let routing = saved.routing_profiles.iter().next().map(|(_, id)| id.to_owned());
    let security: Vec<String> = saved.security_profiles.iter().take(1).map(|(_, id)| id.to_owned()).collect();
    let user = |username: &str, id: &str| model::User {
        id: id.to_owned(),
        username: username.to_owned(),
        routing_profile_id: routing.clone(),
        security_profile_ids: security.clone(),
        ..model::User::default()
    };
    users.iter().map(|(username, id)| user(username, id)).collect()
}
