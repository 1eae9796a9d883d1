//! Users who are there become what their rows ask for: read, written group by group, read back.
//!
//! One user at a time goes through its groups, many users beside each other; each call leaves in the pace of its own
//! operation, so that all of them together take no longer than the slowest by itself. There is no condition that a call
//! could carry, so a user is read right before the first one leaves, and what is no longer as the plan has read it is left.
//! What a call replaces, merges or clears is not written down for each; nothing is done that was not read back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::means::{Means, joined};
use super::sent::{Gates, OPEN, Sent, Tries};
use super::there;
use crate::agent::{Fingerprint, RowNumber};
use crate::clock;
use crate::connect::model::UserProficiency;
use crate::connect::{CallError, Operation, Reply};
use crate::crash::{self, Sabotage, sabotage};
use crate::error::Failure;
use crate::event::Event;
use crate::lane::answer::Told;
use crate::lane::verdict::{Verdict, verdict_of_error};
use crate::ledger::{AskedFor, Begun, Calls, JournalFault, Outcome, Place, RowState, StepState};
use crate::plan::Action;
use crate::stop::Stop;
use crate::user::change::{Change, Clearing, adds_rights, changes};
use crate::user::{Canonical, Found, Group, Wish, base};

/// So long after its last call a user is read back first: "eventual consistency" (Amazon Connect API reference).
const SETTLES_IN: Duration = Duration::from_secs(2);

/// The code of a group that somebody has changed between the plan and its call.
pub(crate) const CHANGED_SINCE: &str = "changed-since-the-plan";

/// The code of a user that is gone since the plan.
pub(crate) const GONE: &str = "gone";

/// A user to be changed.
#[derive(Debug)]
pub(crate) struct Mover {
    /// Its row's place in the ledger's state.
    pub(crate) at: Place,
    /// Its row.
    pub(crate) row: RowNumber,
    /// Its exact username.
    pub(crate) user: String,
    /// Its id.
    pub(crate) id: String,
    /// What the row asks for.
    pub(crate) wish: Wish,
    /// The groups to write, each as the plan has read it.
    pub(crate) groups: BTreeMap<Group, Fingerprint>,
    /// The primary address may be changed.
    pub(crate) email: bool,
    /// What else differs is left, so that the row is not done when these groups are: the code says why.
    pub(crate) leaves: Option<&'static str>,
}

/// Works through the users until all are settled or there is a reason to stop; calls under way are awaited.
///
/// At most `most` users are at work at once, where a number is given: each has one call under way. A user that cannot be had
/// (the roster changed) stops the run.
///
/// # Errors
/// A user's work that ended in a panic (exit 70); everything else is recorded, and told by the switch.
pub(crate) async fn run(
    means: Means,
    most: Option<usize>,
    movers: impl Iterator<Item = Result<Mover, Failure>>,
) -> Result<(), Failure> {
    let (means, gates) = (Arc::new(means), Arc::new(Gates::default()));
    let most = most.unwrap_or(OPEN).clamp(1, OPEN);
    let mut open = JoinSet::new();
    for mover in movers {
        let mover = match mover {
            Ok(mover) => mover,
            Err(failure) => {
                means.stop(Stop::Roster { message: failure.what });
                break;
            }
        };
        while open.len() >= most {
            match means.stop.unless_stopped(open.join_next()).await.flatten() {
                Some(ended) => joined(ended)?,
                None => break,
            }
        }
        if means.stop.is_set() {
            break;
        }
        let (means, gates) = (Arc::clone(&means), Arc::clone(&gates));
        open.spawn(async move {
            if let Err(JournalFault(message)) = change(&mover, &means, &gates).await {
                means.stop(Stop::Ledger { message });
            }
        });
    }
    while let Some(ended) = open.join_next().await {
        joined(ended)?;
    }
    Ok(())
}

/// What became of one group.
#[derive(Clone, Debug)]
struct Came {
    result: StepState,
    /// The group as it was left, where that is known; of one that somebody has changed meanwhile, as the plan read it.
    as_left: Option<Fingerprint>,
    told: Told,
}

impl Came {
    fn of(result: StepState, told: Told) -> Self {
        Self { result, as_left: None, told }
    }

    fn skipped(code: &str, message: &str) -> Self {
        let told = Told { code: Some(code.to_owned()), message: Some(message.to_owned()), request_id: None };
        Self::of(StepState::Skipped, told)
    }
}

/// The groups of a user, each with what became of it.
type Results = BTreeMap<Group, Came>;

/// Changes one user, from its first read to its last record. Where the run stops meanwhile, the user's intent is left
/// open, and the next run finds by what is there what was done.
async fn change(mover: &Mover, means: &Means, gates: &Gates) -> Result<(), JournalFault> {
    let Some(first) = first_operation(mover) else { return Ok(()) };
    let Some(gate) = means.stop.unless_stopped(gates.pass(first, means)).await.flatten() else {
        return Ok(());
    };
    let found = match read(mover, means).await {
        Ok(Some(found)) => found,
        Ok(None) => return gone(mover, means),
        Err(error) => return unread(mover, &error, means),
    };
    let mut results = Results::new();
    let due = due(mover, &found, &mut results);
    if due.is_empty() {
        return conclude(mover, None, &results, Calls::default(), means);
    }
    crash::point("update-intent-before");
    let begun = means.ledger.intend_update(mover.at, &mover.id).synced().await?;
    crash::point("update-intent-synced");
    let mut gate = Some(gate);
    let mut tries = Tries::begin(mover.at, means);
    let mut sent: Vec<(Group, Option<Came>)> = Vec::new();
    let widens = adds_rights(&mover.wish, &described(&found)) && !sabotage(Sabotage::RightsFirst);
    for group in due {
        // Where nothing clear came back of a call, nobody knows whether that was done. Rights that are added wait for all
        // else, and all else waits for rights that are taken away.
        let adds = widens && group == Group::SecurityProfiles;
        let is_awaited = |of: Group| adds || (!widens && of == Group::SecurityProfiles);
        let is_unsettled =
            |came: &Option<Came>| came.as_ref().is_some_and(|came| came.result == StepState::Pending);
        if sent.iter().any(|(of, came)| is_awaited(*of) && is_unsettled(came)) {
            sent.push((group, Some(waiting_for_rights(adds))));
            continue;
        }
        match write(mover, &found, group, &mut gate, &mut tries, means).await {
            Written::Came(came) => sent.push((group, came)),
            // The run stops: the intent stays open.
            Written::Left => return Ok(()),
        }
    }
    let Some(read_back) = read_back(mover, &found, sent, &mut tries, means).await else { return Ok(()) };
    results.extend(read_back);
    crash::point("update-read-back");
    conclude(mover, Some(begun), &results, tries.calls, means)
}

/// A group that waits for another one to be settled: rights for all else, or all else for rights.
fn waiting_for_rights(adds: bool) -> Came {
    let message = match adds {
        true => "rights are added once all else of the user is settled",
        false => "it is changed once the rights that are taken away are settled",
    };
    let (code, message) = (Some("waits".to_owned()), Some(message.to_owned()));
    Came::of(StepState::Pending, Told { code, message, request_id: None })
}

/// The operation of the first call that is due if nothing has changed since the plan. The call itself is decided by what is
/// read.
fn first_operation(mover: &Mover) -> Option<Operation> {
    order(mover.groups.keys().copied().collect(), true).into_iter().next().map(operation_of)
}

/// The operation that most changes of a group are made by.
pub(crate) fn operation_of(group: Group) -> Operation {
    match group {
        Group::Identity => Operation::UpdateUserIdentityInfo,
        Group::Config => Operation::UpdateUserConfig,
        Group::RoutingProfile => Operation::UpdateUserRoutingProfile,
        Group::SecurityProfiles => Operation::UpdateUserSecurityProfiles,
        Group::Hierarchy => Operation::UpdateUserHierarchy,
        Group::Tags => Operation::TagResource,
        Group::Proficiencies => Operation::AssociateUserProficiencies,
    }
}

/// Groups in the order in which they are written: security profiles first where the new set is within the old, last where
/// it adds any. So a user that is half done never has more rights than before or after.
fn order(mut groups: Vec<Group>, adds_rights: bool) -> Vec<Group> {
    let adds_rights = adds_rights && !sabotage(Sabotage::RightsFirst);
    groups.sort_by_key(|group| match group {
        Group::SecurityProfiles if adds_rights => 7,
        Group::SecurityProfiles => 0,
        Group::Hierarchy => 1,
        Group::RoutingProfile => 2,
        Group::Config => 3,
        Group::Identity => 4,
        Group::Tags => 5,
        Group::Proficiencies => 6,
    });
    groups
}

/// The groups that are to be written by what is there now, in their order. One that is as asked for already is done, and one
/// that is neither that nor as the plan has read it is left.
fn due(mover: &Mover, found: &Found, results: &mut Results) -> Vec<Group> {
    let there = described(found);
    let mut due = Vec::new();
    for (&group, &planned) in &mover.groups {
        let now = base::of_found(&there, group);
        if changes(&mover.wish, found, group, Clearing::LeftOut, mover.email).is_empty() {
            let done = Came { as_left: Some(now), ..Came::of(StepState::Done, Told::default()) };
            results.insert(group, done);
        } else if now != planned {
            let message = "somebody has changed it since it was planned; it is left as it is now";
            // With what the plan has read: the next one is to know that it was somebody else.
            let left = Came { as_left: Some(planned), ..Came::skipped(CHANGED_SINCE, message) };
            results.insert(group, left);
        } else {
            due.push(group);
        }
    }
    order(due, adds_rights(&mover.wish, &there))
}

fn described(found: &Found) -> Canonical {
    Canonical::described(&found.user, found.proficiencies.as_deref())
}

async fn read(mover: &Mover, means: &Means) -> Result<Option<Found>, CallError> {
    let with_proficiencies = mover.groups.contains_key(&Group::Proficiencies);
    there::read_again(&mover.user, &mover.id, with_proficiencies, &means.lane, &means.settings.instance).await
}

/// What writing a group came to.
enum Written {
    /// Every call was taken, or one was not: then what it said.
    Came(Option<Came>),
    /// The run stops.
    Left,
}

/// Writes one group of a user.
async fn write(
    mover: &Mover,
    found: &Found,
    group: Group,
    gate: &mut Option<OwnedSemaphorePermit>,
    tries: &mut Tries,
    means: &Means,
) -> Written {
    let mut was_crossed = false;
    let mut due = changes(&mover.wish, found, group, Clearing::LeftOut, mover.email);
    let mut at = 0;
    while let Some(change) = due.get(at) {
        let sent = send(change, gate, mover, &found.user.arn, tries, means).await;
        crash::point("update-sent");
        match sent {
            Sent::Done => at += 1,
            Sent::Left => return Written::Left,
            // Somebody was at the same user: what is due is decided once more, by what is there now.
            Sent::Crossed(told) => {
                let now = if was_crossed { None } else { read(mover, means).await.ok().flatten() };
                let Some(now) = now else { return Written::Came(Some(Came::of(StepState::Rejected, told))) };
                was_crossed = true;
                (due, at) = (changes(&mover.wish, &now, group, Clearing::LeftOut, mover.email), 0);
            }
            Sent::Refused(told) => return Written::Came(Some(Came::of(StepState::Rejected, told))),
            Sent::Unsettled(told) => return Written::Came(Some(Came::of(StepState::Pending, told))),
        }
    }
    Written::Came(None)
}

/// Sends one call until it has an answer that says something. All of them may be sent again: they set what is to be, and do
/// not add to it.
async fn send(
    change: &Change,
    gate: &mut Option<OwnedSemaphorePermit>,
    mover: &Mover,
    arn: &str,
    tries: &mut Tries,
    means: &Means,
) -> Sent {
    let call = |_| make(change, mover, arn, means);
    tries.send((Action::Update, change.operation()), gate, means, call).await
}

/// Makes one call.
async fn make(change: &Change, mover: &Mover, arn: &str, means: &Means) -> Result<Reply<()>, CallError> {
    let (client, instance, id) = (means.lane.client(), &means.settings.instance, &mover.id);
    match change {
        Change::Identity(info) => client.update_user_identity_info(instance, id, info).await,
        Change::Config(config) => client.update_user_config(instance, id, config).await,
        Change::RoutingProfile(profile) => client.update_user_routing_profile(instance, id, profile).await,
        Change::SecurityProfiles(ids) => client.update_user_security_profiles(instance, id, ids).await,
        Change::Hierarchy(group) => client.update_user_hierarchy(instance, id, group.as_deref()).await,
        Change::Tag(tags) => client.tag_resource(arn, tags).await,
        Change::Untag(keys) => client.untag_resource(arn, keys).await,
        Change::Associate(list) => client.associate_user_proficiencies(instance, id, list).await,
        Change::Level(list) => client.update_user_proficiencies(instance, id, list).await,
        Change::Disassociate(list) => {
            let names: Vec<_> = list.iter().map(UserProficiency::name).collect();
            client.disassociate_user_proficiencies(instance, id, &names).await
        }
    }
}

/// Reads the user back until every group that was sent is as asked for, or it has been tried long enough. `None` where the
/// run stops first.
///
/// A refusal is believed only where the user is not as asked for: after an unclear answer a second call may be refused for
/// what the first one did.
async fn read_back(
    mover: &Mover,
    before: &Found,
    sent: Vec<(Group, Option<Came>)>,
    tries: &mut Tries,
    means: &Means,
) -> Option<Results> {
    let mut results = Results::new();
    let mut open: BTreeMap<Group, Option<Came>> = sent.into_iter().collect();
    if sabotage(Sabotage::NoReadBack) {
        let done = |group| {
            (
                group,
                Came {
                    as_left: Some(base::of_found(&described(before), group)),
                    ..Came::of(StepState::Done, Told::default())
                },
            )
        };
        return Some(open.into_keys().map(done).collect());
    }
    let begun = means.lane.moment();
    let mut pause = SETTLES_IN;
    let mut clearing = Clearing::LeftOut;
    let mut last = None;
    while !open.is_empty() {
        {
            let _waiting =
                means.lane.waits().at_most(crate::waits::WaitFor::Again, "users are read back", pause);
            means.stop.unless_stopped(clock::sleep(pause)).await?;
        }
        let found = match read(mover, means).await {
            Ok(Some(found)) => Some(found),
            Ok(None) => {
                for group in std::mem::take(&mut open).into_keys() {
                    results.insert(group, Came::skipped(GONE, "the user is gone from the instance"));
                }
                break;
            }
            Err(error) => {
                last = Some(Told::of(&error));
                None
            }
        };
        if let Some(found) = &found {
            let there = described(found);
            let differs =
                |group| !changes(&mover.wish, found, group, Clearing::LeftOut, mover.email).is_empty();
            let as_asked: Vec<Group> = open.keys().copied().filter(|group| !differs(*group)).collect();
            for group in as_asked {
                open.remove(&group);
                let as_left = Some(base::of_found(&there, group));
                results.insert(group, Came { as_left, ..Came::of(StepState::Done, Told::default()) });
            }
            // What was refused, or never had a clear answer, is not going to become so by waiting.
            let refused: Vec<Group> =
                open.iter().filter(|(_, came)| came.is_some()).map(|(group, _)| *group).collect();
            for group in refused {
                results.extend(open.remove(&group).flatten().map(|came| (group, came)));
            }
            if clearing == Clearing::LeftOut && open.contains_key(&Group::Identity) {
                // Left out, it was not cleared: sent empty it may be.
                let again = changes(&mover.wish, found, Group::Identity, Clearing::Empty, mover.email);
                let clears =
                    changes(&mover.wish, found, Group::Identity, Clearing::LeftOut, mover.email) != again;
                for change in again.iter().filter(|_| clears) {
                    clearing = Clearing::Empty;
                    match send(change, &mut None, mover, &found.user.arn, tries, means).await {
                        Sent::Left => return None,
                        Sent::Done => {}
                        // That it may not be sent empty says that it cannot be cleared so: it stays unconfirmed.
                        Sent::Refused(told) | Sent::Crossed(told) | Sent::Unsettled(told) => {
                            last = Some(told)
                        }
                    }
                }
            }
        }
        if means.lane.moment().since(begun) >= tries.budget {
            break;
        }
        pause = tries.delays.next(None).max(SETTLES_IN);
    }
    for (group, came) in open {
        results.insert(group, came.unwrap_or_else(|| unconfirmed(group, last.clone())));
    }
    Some(results)
}

/// What is said of a group that was written without a refusal, and that the instance does not show so.
fn unconfirmed(group: Group, told: Option<Told>) -> Came {
    let words = match group {
        Group::Identity => {
            "the service took the change, and does not show it; what is to be cleared may have to be \
                            cleared in the console"
        }
        Group::Hierarchy => {
            "the service took the change, and does not show it; a group that is to be cleared may have to be cleared in the \
             console"
        }
        Group::Config
        | Group::RoutingProfile
        | Group::SecurityProfiles
        | Group::Tags
        | Group::Proficiencies => "the service took the change, and does not show it",
    };
    let said = told.and_then(|told| told.message).map(|said| format!("{words}: {said}"));
    let message = Some(said.unwrap_or_else(|| words.to_owned()));
    Came::of(StepState::Unconfirmed, Told { code: Some("unconfirmed".to_owned()), message, request_id: None })
}

/// The user is gone since the plan.
fn gone(mover: &Mover, means: &Means) -> Result<(), JournalFault> {
    let came = Came::skipped(GONE, "the user is gone from the instance since it was planned");
    let results = mover.groups.keys().map(|group| (*group, came.clone())).collect();
    conclude(mover, None, &results, Calls::default(), means)
}

/// The user cannot be read: nothing of it is changed.
fn unread(mover: &Mover, error: &CallError, means: &Means) -> Result<(), JournalFault> {
    let told = Told::of(error);
    if matches!(verdict_of_error(Operation::DescribeUser, error), Verdict::Denied | Verdict::NoCredentials) {
        let (code, message) = (told.code.unwrap_or_default(), told.message.unwrap_or_default());
        means.stop(Stop::ChangeDenied { operation: Operation::DescribeUser.name(), code, message });
        return Ok(());
    }
    let came = Came::of(StepState::Pending, told);
    let results = mover.groups.keys().map(|group| (*group, came.clone())).collect();
    conclude(mover, None, &results, Calls::default(), means)
}

/// Records and tells what became of each group, and of the row.
fn conclude(
    mover: &Mover,
    begun: Option<Begun>,
    results: &Results,
    calls: Calls,
    means: &Means,
) -> Result<(), JournalFault> {
    for (group, came) in results {
        let Told { code, message, request_id } = came.told.clone();
        let asked = AskedFor::one((*group).into(), came.as_left);
        let told = Outcome { code, message, request_id, asked, ..Outcome::default() };
        means.ledger.step_of(mover.at, (*group).into(), came.result, &told)?;
        means.tell(Event::Step {
            row: mover.row,
            user: mover.user.clone(),
            step: (*group).into(),
            result: came.result,
            code: told.code,
            message: told.message,
        });
        crash::point("update-step");
    }
    let calls = (calls != Calls::default()).then_some(calls);
    let outcome = Outcome { calls, ..outcome(mover, results) };
    means.gauge(&outcome);
    means.ledger.conclude(mover.at, begun.map(|begun| begun.attempt), &outcome)?;
    tell(mover, outcome, means);
    Ok(())
}

/// Where the row stands once its groups came to this: it is updated where all of them are done, and else what is worst.
fn outcome(mover: &Mover, results: &Results) -> Outcome {
    let worst = [
        (StepState::Rejected, RowState::Rejected),
        (StepState::Pending, RowState::Pending),
        (StepState::Unconfirmed, RowState::Unconfirmed),
        (StepState::Skipped, RowState::Skipped),
    ];
    let id = Some(mover.id.clone());
    for (result, state) in worst {
        let of: Vec<(&Group, &Came)> = results.iter().filter(|(_, came)| came.result == result).collect();
        let Some((_, came)) = of.first() else { continue };
        let groups: Vec<String> = of.iter().map(|(group, _)| group.words()).collect();
        let said = came.told.message.clone().unwrap_or_default();
        let message = Some(format!("{}: {said}", groups.join(", ")));
        return Outcome { state, code: came.told.code.clone(), message, id, ..Outcome::default() };
    }
    match mover.leaves {
        Some(code) => {
            let message = Some("what was asked for is done; what else differs is left".to_owned());
            Outcome {
                state: RowState::Skipped,
                code: Some(code.to_owned()),
                message,
                id,
                ..Outcome::default()
            }
        }
        None => Outcome { state: RowState::Updated, id, ..Outcome::default() },
    }
}

/// Tells where the row stands.
fn tell(mover: &Mover, outcome: Outcome, means: &Means) {
    let (row, user) = (mover.row, mover.user.clone());
    let Outcome { state, code, message, .. } = outcome;
    let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
    means.tell(match state {
        RowState::Updated => Event::Updated { row, user, id: mover.id.clone() },
        RowState::Unconfirmed => Event::Unconfirmed { row, user, message },
        RowState::Skipped => Event::Skipped { row, user, code, message },
        RowState::Rejected => Event::Rejected { row, user, code, message },
        RowState::Pending
        | RowState::InDoubt
        | RowState::Created
        | RowState::Exists
        | RowState::Invalid
        | RowState::There
        | RowState::Deleted => Event::InDoubt { row, user, message, last: true },
    });
}
