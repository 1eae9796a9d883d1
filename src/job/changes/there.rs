//! Reads who is there of a roster's people, with as few calls as can tell.

use std::collections::{HashMap, HashSet};

use crate::connect::model::{User, UserProficiency};
use crate::connect::{CallError, Operation};
use crate::error::Failure;
use crate::exit::Exit;
use crate::instance::fetch::{self, FetchError};
use crate::instance::users::{self, Whom};
use crate::job::target::Reached;
use crate::job::world::World;
use crate::lane::reads;
use crate::lane::verdict::is_not_permitted;
use crate::plan::Wanted;
use crate::user::Found;

/// Who is there.
#[derive(Default)]
pub(super) struct There {
    /// Those of the roster's people who are, by username.
    pub(super) users: HashMap<String, Known>,
    /// Who has a name of the roster in another case, by the name in lower case.
    pub(super) twins: HashMap<String, String>,
}

/// Somebody who is there, as far as they were read.
pub(super) enum Known {
    /// By id alone.
    Listed(String),
    /// As a search shows them: without addresses and proficiencies, and without after-contact work that could be trusted.
    Searched(Box<User>),
    /// As they are.
    Described(Kept),
}

/// Somebody as they are, in one piece. A user is twenty small pieces of memory, each cut from what an answer has just given
/// back: ten thousand of them keep three times the room that they fill.
pub(super) struct Kept {
    /// The user, as JSON.
    user: Box<[u8]>,
    proficiencies: Option<Vec<UserProficiency>>,
}

impl Kept {
    fn of(found: Found) -> Result<Self, Failure> {
        let user = serde_json::to_vec(&found.user).map_err(unkept)?.into_boxed_slice();
        Ok(Self { user, proficiencies: found.proficiencies })
    }

    /// The user again.
    ///
    /// # Errors
    /// Exit 70: what was written here cannot be read.
    pub(super) fn found(&self) -> Result<Found, Failure> {
        let user = serde_json::from_slice(&self.user).map_err(unkept)?;
        Ok(Found { user, proficiencies: self.proficiencies.clone() })
    }
}

fn unkept(error: serde_json::Error) -> Failure {
    Failure::new(Exit::Bug, "a user who was read cannot be kept").because(error)
}

/// How it is found out who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A search shows everybody, 500 a call, and most of each; who differs, and who is asked for what it does not show, is
    /// described.
    Search,
    /// A list has everybody's id, 1,000 a call at a quota five times as large, and each of the roster's people is described.
    List,
}

/// The users of one page of a search.
const PAGE: u64 = 500;

/// The quicker way, by the quotas: SearchUsers 2 calls a second, ListUsers and DescribeUser 10.
///
/// `rows` are the roster's people, `unsearchable` those of them who are asked for what no search shows, and `users` all that
/// the instance has. A search reads `users` ÷ 1,000 s and describes the unsearchable at least; a list reads a tenth of that,
/// and describes everybody.
pub(super) fn quicker(rows: u64, unsearchable: u64, users: u64) -> Way {
    let tenths = |searching: u64, described: u64| searching + described * 100;
    if users <= PAGE {
        return Way::Search;
    }
    let search = tenths(users, unsearchable.min(rows));
    let list = tenths(users / 10, rows);
    if list < search { Way::List } else { Way::Search }
}

/// Reads who is there of the roster's people.
pub(super) async fn read(
    reached: &Reached,
    wanted: &Wanted,
    unsearchable: u64,
    world: &World,
) -> Result<There, Failure> {
    let (lane, instance) = (&*reached.lane, reached.directory.instance.id.as_str());
    let rows = wanted.len() as u64;
    let about = {
        let first = || async { Ok(lane.client().search_all_users(instance, None).await?.value) };
        let _at_work = lane.waits().at_work();
        let first = async { Ok(reads::read(lane, Operation::SearchUsers, first).await) };
        match world.unless_stopped(first).await? {
            Ok(page) => page.approximate_total,
            Err(error) if is_not_permitted(&error) => None,
            Err(error) => return Err(failed(error)),
        }
    };
    let way = about.map_or(Way::List, |users| quicker(rows, unsearchable, users));
    let mut there = There::default();
    let folded: HashSet<String> = wanted.names().map(str::to_lowercase).collect();
    let mut takes = |name: &str, known: Known| {
        if wanted.find(name).is_some() {
            there.users.insert(name.to_owned(), known);
        } else {
            let lower = name.to_lowercase();
            if folded.contains(&lower) {
                there.twins.insert(lower, name.to_owned());
            }
        }
    };
    let _at_work = lane.waits().at_work();
    match way {
        Way::Search => {
            let mut each = |page: Vec<User>, _: Option<u64>| {
                for user in page {
                    let name = user.username.clone();
                    takes(&name, Known::Searched(Box::new(user)));
                }
            };
            let all = async { Ok(users::pages(lane, instance, &mut each).await) };
            world.unless_stopped(all).await?.map_err(Failure::from)?;
        }
        Way::List => {
            let all = async { Ok(fetch::users(lane, instance).await) };
            let all = world.unless_stopped(all).await?.map_err(unlisted)?;
            for user in all {
                if let Some(name) = &user.username {
                    takes(name, Known::Listed(user.id.clone()));
                }
            }
        }
    }
    Ok(there)
}

fn failed(error: CallError) -> Failure {
    FetchError::Call { operation: Operation::SearchUsers, error }.into()
}

fn unlisted(error: FetchError) -> Failure {
    Failure::from(error).hint(
        "who is there is read with connect:SearchUsers or connect:ListUsers: one of the two must be permitted",
    )
}

/// Reads these as they are; who is not there any more is left out.
pub(super) async fn describe(
    reached: &Reached,
    whom: Vec<Whom>,
    there: &mut There,
    world: &World,
) -> Result<(), Failure> {
    let instance = reached.directory.instance.id.as_str();
    let mut gone = Vec::new();
    let users = &mut there.users;
    let mut take = |whom: Whom, read: Option<users::Read>| {
        match read.and_then(|read| Some((read.user?, read.proficiencies))) {
            Some((user, proficiencies)) if user.username == whom.name => {
                users.insert(whom.name, Known::Described(Kept::of(Found { user, proficiencies })?));
            }
            // Gone, or another's by now.
            _ => gone.push(whom.name),
        }
        Ok(())
    };
    let progress = users::described(&reached.lane, instance, whom, &world.stop, &mut take).await?;
    if !progress.is_whole {
        world.go_on()?;
    }
    if progress.may_not_list {
        world.warn(
            "connect:ListUserProficiencies is not permitted, so proficiencies are not compared and not changed",
        );
    }
    for name in gone {
        users.remove(&name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_kept_in_one_piece_is_the_same_again() {
        let user = serde_json::json!({
            "Id": "u", "Arn": "arn", "Username": "zoë",
            "IdentityInfo": { "FirstName": "Zoë", "LastName": "\u{1f600}\"\\", "Email": "", "Mobile": "+49301" },
            "PhoneConfig": { "PhoneType": "SOFT_PHONE", "AutoAccept": false, "AfterContactWorkTimeLimit": 0, "DeskPhoneNumber": "" },
            "DirectoryUserId": "d", "SecurityProfileIds": ["a", "b"], "RoutingProfileId": "r", "HierarchyGroupId": "h",
            "AutoAcceptConfigs": [{ "Channel": "VOICE", "AutoAccept": true, "AgentFirstCallbackAutoAccept": false }],
            "AfterContactWorkConfigs": [
                { "Channel": "CHAT", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 30 } },
            ],
            "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": "+49302" }],
            "PersistentConnectionConfigs": [{ "Channel": "VOICE", "PersistentConnection": true }],
            "VoiceEnhancementConfigs": [{ "Channel": "VOICE", "VoiceEnhancementMode": "NONE" }],
            "Tags": { "headcount:run": "r/1", "": "" }, "LastModifiedTime": 1_795_444_693.042, "LastModifiedRegion": "eu-central-1",
        });
        let user: User = serde_json::from_value(user).unwrap();
        let (name, value) = ("Language".to_owned(), "German".to_owned());
        let skill = UserProficiency { attribute_name: name, attribute_value: value, level: 4.0 };
        for (user, proficiencies) in [(user, Some(vec![skill])), (User::default(), None)] {
            let found = Found { user, proficiencies };
            let again = Kept::of(found.clone()).unwrap().found().unwrap();
            assert_eq!((again.user, again.proficiencies), (found.user, found.proficiencies));
        }
    }

    #[test]
    fn a_few_of_many_are_described_and_many_are_searched_for() {
        for (rows, unsearchable, users, way) in [
            (10_000, 0, 44_000, Way::Search),
            (10_000, 10_000, 44_000, Way::List),
            (10_000, 9_900, 44_000, Way::List),
            (12, 0, 44_000, Way::List),
            (12, 12, 44_000, Way::List),
            (500, 0, 44_000, Way::Search),
            (12, 0, 300, Way::Search),
            (1, 1, 100, Way::Search),
            (1, 1, 501, Way::List),
            (0, 0, 0, Way::Search),
        ] {
            assert_eq!(quicker(rows, unsearchable, users), way, "{rows} {unsearchable} {users}");
        }
    }
}
