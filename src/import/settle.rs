//! Did it land? Settles rows whose answer was lost, or was "the name is taken".
//!
//! A search proves presence and never absence (a new user can stay invisible for minutes), so only three things settle a
//! row in doubt: a 200, a user whose tag is one of this row's attempts in this ledger, and a 409 whose user is read and
//! is not ours.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::{Delays, Random};
use super::body::{PROVENANCE, read_provenance};
use super::event::Event;
use super::verdict::{Verdict, of_fault};
use super::{End, Importer, Task};
use crate::clock;
use crate::connect::model::{CreateUser, User};
use crate::connect::{CallError, Operation};
use crate::ledger::{Intent, LedgerFault, Outcome, RowState};

/// Whose user has the name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    /// Ours: its tag is one of this row's attempts.
    Ours { id: String, attempt: u32 },
    /// Untagged, with all members as the row has them: ours or made alike by another.
    Probable { id: String },
    /// Somebody else's; the text says whose as far as can be read.
    Theirs { id: String, whose: String },
    /// Nobody has the exact name, somebody has it in another case.
    Variant { id: String, username: String },
    /// Nobody to be seen, which proves nothing.
    Invisible,
}

/// What the last answer to CreateUser said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// 409: the name is taken.
    Taken,
    /// Anything else, or nothing.
    Otherwise,
}

impl Importer {
    /// Looks the name up until the row is settled, its time is over, or the run stops.
    ///
    /// `held` is the attempt whose answer leads here, still without an outcome, and what the answer said.
    pub(super) async fn settle_by_look_up(
        &self,
        task: &Task,
        held: Option<(Intent, Outcome)>,
    ) -> Result<End, LedgerFault> {
        let duplicate = |told: &Outcome| told.code.as_deref() == Some("DuplicateResourceException");
        let said = match &held {
            Some((_, told)) if duplicate(told) || is_conflict(told) => Said::Taken,
            _ => Said::Otherwise,
        };
        let attempt = held.as_ref().map(|(intent, _)| intent.attempt);
        let doubted = task.in_doubt || self.has_earlier_attempts(task.at);
        let mut delays = self.look_delays(task);
        let mut deadline = Instant::now() + self.settings.row_budget;
        let mut answered = Instant::now();
        let mut last = held.as_ref().and_then(|(_, told)| told.message.clone()).unwrap_or_default();
        for look in 0_u32.. {
            let seen = self.switch.unless_stopped(self.look_up(task, look)).await;
            let over = Instant::now() >= deadline;
            match seen {
                None => break,
                Some(Ok(seen)) => {
                    answered = Instant::now();
                    if let Some(outcome) =
                        self.settled(task, seen, said, doubted && !over, attempt, &mut last)
                    {
                        return self.conclude_look(task, outcome);
                    }
                }
                Some(Err(CallError::Refused(fault))) if of_fault(&fault) == Verdict::Denied => {
                    last = format!("the user cannot be looked up: {}", fault.message.unwrap_or_default());
                    break;
                }
                // An outage of the reads counts against no row; it is borne as long as any other.
                Some(Err(error)) => {
                    last = format!("the user cannot be looked up: {error}");
                    if answered.elapsed() < self.settings.outage_patience {
                        deadline = deadline.max(Instant::now() + self.settings.row_budget);
                    }
                }
            }
            if over && Instant::now() >= deadline {
                break;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = delays.next(None).max(Duration::from_millis(500)).min(left);
            if self.switch.unless_stopped(clock::sleep(wait)).await.is_none() {
                break;
            }
        }
        let code = held.and_then(|(_, told)| told.code);
        let outcome =
            Outcome { state: RowState::InDoubt, code, message: Some(last.clone()), ..Outcome::default() };
        self.ledger.conclude(task.at, attempt, &outcome)?;
        self.emit(Event::InDoubt { row: task.row, user: task.user.clone(), message: last, last: true });
        Ok(End::Settled)
    }

    /// One look at a user that was listed before anything was sent. `None` where it settles nothing: the user has gone
    /// since, or cannot be read, or is another's while an attempt of ours is in doubt.
    pub(super) async fn settle_by_first_look(&self, task: &Task) -> Result<Option<End>, LedgerFault> {
        let Some(Ok(seen)) = self.switch.unless_stopped(self.look_up(task, 0)).await else { return Ok(None) };
        // With no attempt of ours there is nothing of ours to be found: a listed user is as good as a 409.
        let said = if task.in_doubt { Said::Otherwise } else { Said::Taken };
        let seen = match seen {
            Seen::Probable { id } if !task.in_doubt => {
                Seen::Theirs { whose: format!("user {id} has every member of the row, and no tag"), id }
            }
            Seen::Variant { .. } => return Ok(None),
            seen => seen,
        };
        match self.settled(task, seen, said, false, None, &mut String::new()) {
            Some(outcome) => self.conclude_look(task, outcome).map(Some),
            None => Ok(None),
        }
    }

    /// Turns what was seen into an outcome with the attempt that it is of; `None` where it settles nothing yet.
    fn settled(
        &self,
        task: &Task,
        seen: Seen,
        said: Said,
        wait_for_exact: bool,
        attempt: Option<u32>,
        last: &mut String,
    ) -> Option<(Option<u32>, Outcome)> {
        let exists = |id: String, message: String| {
            let code = Some("DuplicateResourceException".to_owned());
            let outcome = Outcome { state: RowState::Exists, id: Some(id), code, ..Outcome::default() };
            Some((attempt, Outcome { message: Some(message), ..outcome }))
        };
        let created = |id: String, attempt| {
            let outcome = Outcome { state: RowState::Created, recovered: true, ..Outcome::default() };
            Some((attempt, Outcome { id: Some(id), ..outcome }))
        };
        match seen {
            Seen::Ours { id, attempt } => created(id, Some(attempt)),
            Seen::Probable { id } if self.settings.accept_probable => created(id, attempt),
            Seen::Probable { id } => {
                *last = format!(
                    "user {id} has this name and every member of the row, but no tag to prove that this run made it; \
                     --accept-probable takes it for ours"
                );
                None
            }
            Seen::Theirs { id, whose } if said == Said::Taken => exists(id, whose),
            Seen::Theirs { whose, .. } => {
                *last = whose;
                None
            }
            Seen::Variant { id, username } if said == Said::Taken && !wait_for_exact => exists(
                id,
                format!("the instance has `{username}`, which differs from `{}` only in case", task.user),
            ),
            Seen::Variant { username, .. } => {
                *last = format!("the instance has `{username}`, which differs only in case");
                None
            }
            Seen::Invisible => {
                if said == Said::Taken {
                    *last =
                        "the service says that the name is taken, and no user of that name can be seen yet"
                            .into();
                }
                None
            }
        }
    }

    fn conclude_look(
        &self,
        task: &Task,
        (attempt, outcome): (Option<u32>, Outcome),
    ) -> Result<End, LedgerFault> {
        self.ledger.conclude(task.at, attempt, &outcome)?;
        self.note_settled(None);
        let (row, user) = (task.row, task.user.clone());
        self.emit(match outcome.state {
            RowState::Created => {
                Event::Created { row, user, id: outcome.id.unwrap_or_default(), recovered: true }
            }
            _ => Event::Exists { row, user, message: outcome.message.unwrap_or_default() },
        });
        Ok(End::Settled)
    }

    /// One look: SearchUsers by exact username; every other time the whole of ListUsers, whose index can be ahead.
    async fn look_up(&self, task: &Task, look: u32) -> Result<Seen, CallError> {
        let instance = &self.settings.instance;
        let mut candidates: Vec<(String, String)> = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = if look % 2 == 0 {
                let call = self.client.search_users(instance, &task.user, token.as_deref());
                let page = self.paces.call(Operation::SearchUsers, call).await;
                page.map(|reply| {
                    let found = reply.value.items.into_iter().map(|user| (user.username, user.id));
                    (found.collect::<Vec<_>>(), reply.value.next_token)
                })
            } else {
                let call = self.client.list_users(instance, token.as_deref());
                let page = self.paces.call(Operation::ListUsers, call).await;
                page.map(|reply| {
                    let users = reply.value.items.into_iter();
                    let named = users.filter_map(|user| user.username.map(|name| (name, user.id)));
                    (named.collect::<Vec<_>>(), reply.value.next_token)
                })
            };
            let (users, next) = page?;
            let alike = |(name, _): &(String, String)| name.to_lowercase() == task.user.to_lowercase();
            candidates.extend(users.into_iter().filter(alike));
            match next {
                Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                _ => break,
            }
        }
        let exact = candidates.iter().find(|(name, _)| *name == task.user);
        let Some((_, id)) = exact else {
            let variant = candidates.into_iter().next();
            return Ok(variant.map_or(Seen::Invisible, |(username, id)| Seen::Variant { id, username }));
        };
        let describing = self.client.describe_user(instance, id);
        match self.paces.call(Operation::DescribeUser, describing).await {
            Ok(reply) => Ok(self.whose(task, &reply.value)),
            // Found and not there: an index that is ahead of the store.
            Err(CallError::Refused(fault)) if of_fault(&fault) == Verdict::NotFound => Ok(Seen::Invisible),
            Err(error) => Err(error),
        }
    }

    /// Compares a user that has the exact name with what this ledger did.
    fn whose(&self, task: &Task, user: &User) -> Seen {
        let id = user.id.clone();
        let since = user.last_modified_time.and_then(|seconds| {
            let since = Duration::try_from_secs_f64(seconds).ok()?;
            Some(format!(", last changed {}", clock::rfc3339(std::time::UNIX_EPOCH + since)))
        });
        let since = since.unwrap_or_default();
        let tag = user.tags.get(PROVENANCE).map(String::as_str);
        match tag.map(|tag| (tag, read_provenance(tag))) {
            Some((_, Some((run, attempt)))) if run == self.settings.run => {
                if self.ledger.state().made_attempt(task.at, attempt) {
                    return Seen::Ours { id, attempt };
                }
                let whose = format!(
                    "user {id} was made by this run's attempt {attempt}, which this ledger does not have for this row: \
                     was an older copy of the ledger put back, or is a copy of it in use elsewhere?{since}"
                );
                Seen::Theirs { id, whose }
            }
            Some((tag, _)) => Seen::Theirs {
                whose: format!("user {id} was made by another run, tagged `{tag}`{since}"),
                id,
            },
            None if !self.settings.provenance_tag
                && task.body.as_deref().is_some_and(|body| same_members(body, user)) =>
            {
                Seen::Probable { id }
            }
            None => Seen::Theirs { whose: format!("user {id} has no tag of headcount{since}"), id },
        }
    }

    fn has_earlier_attempts(&self, at: u32) -> bool {
        let state = self.ledger.state();
        state.detail(at).is_some_and(|detail| !detail.earlier.is_empty())
    }

    fn look_delays(&self, task: &Task) -> Delays {
        let random = Random::seeded(self.settings.seed.rotate_left(17) ^ u64::from(task.at));
        Delays::new(Duration::from_secs(2), Duration::from_secs(30), random)
    }
}

/// A 409 under a code that is not the declared one.
fn is_conflict(told: &Outcome) -> bool {
    told.code.as_deref().is_some_and(|code| code == "HTTP 409" || code == "ResourceConflictException")
}

/// Whether a user has every member that the request asked for. The password cannot be read back.
fn same_members(body: &CreateUser, user: &User) -> bool {
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    body.username == user.username
        && body.identity_info.clone().unwrap_or_default() == user.identity_info.clone().unwrap_or_default()
        && body.phone_config.clone().unwrap_or_default() == user.phone_config.clone().unwrap_or_default()
        && body.directory_user_id == user.directory_user_id
        && sorted(&body.security_profile_ids) == sorted(&user.security_profile_ids)
        && Some(&body.routing_profile_id) == user.routing_profile_id.as_ref()
        && body.hierarchy_group_id == user.hierarchy_group_id
        && body.tags == user.tags
}
