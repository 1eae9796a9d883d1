//! Did it land? Settles rows whose answer was lost, or was "the name is taken".
//!
//! A search proves presence and never absence (a new user can stay invisible for minutes), so only three things settle a
//! row in doubt: a 200, a user whose tag is one of this row's attempts in this ledger, and a 409 whose user is read and
//! is not ours.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::backoff::{Delays, Random};
use super::body::read_provenance;
use super::event::Event;
use super::verdict::{Verdict, of_fault};
use super::{End, Importer, Sent, Task, told};
use crate::agent::PROVENANCE;
use crate::clock;
use crate::connect::model::{CreateUser, User};
use crate::connect::{CallError, Operation};
use crate::crash;
use crate::ledger::{Intent, LedgerFault, Outcome, RowState};

/// Whose user has the name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    /// Ours: its tag is one of this row's attempts.
    Ours { id: String, attempt: u32 },
    /// Untagged, with all members as the row has them: ours or made alike by another.
    Probable { id: String, modified: Option<SystemTime> },
    /// Untagged, as an attempt of ours was, and with other members than the row has now.
    Unproved { id: String },
    /// Somebody else's; the text says whose as far as can be read.
    Theirs { id: String, whose: String },
    /// Nobody has the exact name, somebody has it in another case.
    Variant { id: String, username: String },
    /// Nobody to be seen, which proves nothing.
    Invisible,
}

impl Seen {
    /// A case variant that one index shows is not forgotten when the other shows nobody.
    fn or_variant(self, known: &mut Option<Seen>) -> Self {
        match self {
            Seen::Variant { .. } => known.insert(self).clone(),
            Seen::Invisible => known.clone().unwrap_or(Seen::Invisible),
            seen => seen,
        }
    }

    /// An untagged user that was last changed before any attempt of ours is another's.
    fn unless_older_than(self, not_before: Option<SystemTime>) -> Self {
        match (self, not_before) {
            (Seen::Probable { id, modified: Some(modified) }, Some(not_before)) if modified < not_before => {
                let since = clock::rfc3339(modified);
                let whose = format!(
                    "user {id} has every member of the row, and was last changed {since}, before it was sent"
                );
                Seen::Theirs { id, whose }
            }
            (seen, _) => seen,
        }
    }
}

/// What the last answer to CreateUser said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// 409: the name is taken.
    Taken,
    /// Anything else, or nothing.
    Otherwise,
}

/// An attempt whose answer leads to a look, still without an outcome.
pub(super) struct Held {
    intent: Intent,
    /// What the answer said, for the ledger.
    told: Outcome,
    said: Said,
    /// The service's clock at the answer.
    date: Option<SystemTime>,
    /// Whether an attempt before it, in this session, was unclear.
    after_unclear: bool,
}

impl Held {
    pub(super) fn new<T>(
        intent: Intent,
        verdict: Verdict,
        answer: &Result<T, CallError>,
        after_unclear: bool,
    ) -> Self {
        let said = if verdict == Verdict::Duplicate { Said::Taken } else { Said::Otherwise };
        let date = answer.as_ref().err().and_then(CallError::fault).and_then(|fault| fault.date);
        Self { intent, told: told(answer), said, date, after_unclear }
    }
}

/// How far this machine's clock may be from the service's: further, and no request is let in (Signature Version 4).
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// An answer is not awaited for as long as this.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// How long a user may stay unseen at most: "in some cases it can take several minutes" (Amazon Connect developer
/// guide, *Eventual consistency*).
const SEEN_BY_THEN: Duration = Duration::from_secs(15 * 60);

/// What is known when a user is looked at.
#[derive(Clone, Copy)]
struct Known {
    /// What the last answer to CreateUser said.
    said: Said,
    /// The attempt whose answer that was.
    attempt: Option<u32>,
    /// The exact name may be there and not be seen yet: a case variant settles nothing.
    wait_for_exact: bool,
}

impl Importer {
    /// Looks the name up until the row is settled, its time is over, or the run stops.
    ///
    /// A case variant is taken for the cause of a 409 last of all: when the exact name has stayed unseen to the end,
    /// and no attempt that may have made it is younger than [`SEEN_BY_THEN`].
    pub(super) async fn settle_by_look_up(
        &self,
        task: &Task,
        held: Option<Held>,
    ) -> Result<End, LedgerFault> {
        let said = held.as_ref().map_or(Said::Otherwise, |held| held.said);
        let attempt = held.as_ref().map(|held| held.intent.attempt);
        let is_explained = !self.is_in_doubt(task) || held.as_ref().is_some_and(|held| self.is_old(held));
        let not_before = self.not_before(task, held.as_ref());
        let mut variant = None;
        let mut delays = self.look_delays(task);
        let mut deadline = Instant::now() + self.settings.row_budget;
        let mut answered = Instant::now();
        let mut last = held.as_ref().and_then(|held| held.told.message.clone()).unwrap_or_default();
        for look in 0_u32.. {
            let sent = Sent { at: Instant::now(), credentials: self.client.credentials_generation() };
            let seen = self.switch.unless_stopped(self.look_up(task, look)).await;
            let over = look > 0 && Instant::now() >= deadline; // each index has been asked once
            match seen {
                None => break,
                Some(Ok(seen)) => {
                    answered = Instant::now();
                    let seen = seen.unless_older_than(not_before).or_variant(&mut variant);
                    let known = Known { said, attempt, wait_for_exact: !(over && is_explained) };
                    match self.settled(task, seen, known) {
                        Ok(outcome) => return self.conclude_look(task, outcome),
                        Err(Some(unsettled)) => last = unsettled,
                        Err(None) => {}
                    }
                }
                Some(Err(CallError::Refused(fault))) if of_fault(&fault) == Verdict::Denied => {
                    last = format!("the user cannot be looked up: {}", fault.message.unwrap_or_default());
                    break;
                }
                // Our own trouble, not the row's: mended, or the run stops.
                Some(Err(CallError::Refused(fault)))
                    if matches!(of_fault(&fault), Verdict::Expired | Verdict::Signature) =>
                {
                    last = format!("the user cannot be looked up: {fault}");
                    let verdict = of_fault(&fault);
                    let answer: Result<(), CallError> = Err(CallError::Refused(fault));
                    if !self.mended(verdict, &answer, sent).await {
                        break;
                    }
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
        if last.is_empty() {
            last =
                "the answer was lost, and no user of this name is to be seen on the instance yet".to_owned();
        }
        let code = held.and_then(|held| held.told.code);
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
            Seen::Probable { id, .. } if !task.in_doubt => {
                Seen::Theirs { whose: format!("user {id} has every member of the row, and no tag"), id }
            }
            Seen::Variant { .. } => return Ok(None),
            seen => seen.unless_older_than(self.not_before(task, None)),
        };
        match self.settled(task, seen, Known { said, attempt: None, wait_for_exact: false }) {
            Ok(outcome) => self.conclude_look(task, outcome).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Turns what was seen into an outcome with the attempt that it is of; where it settles nothing yet, into what is
    /// to be said of it, if anything.
    fn settled(
        &self,
        task: &Task,
        seen: Seen,
        known: Known,
    ) -> Result<(Option<u32>, Outcome), Option<String>> {
        let taken = known.said == Said::Taken;
        let exists = |id: String, message: String| {
            let code = Some("DuplicateResourceException".to_owned());
            let outcome = Outcome { state: RowState::Exists, id: Some(id), code, ..Outcome::default() };
            Ok((known.attempt, Outcome { message: Some(message), ..outcome }))
        };
        let created = |id: String, attempt| {
            let outcome = Outcome { state: RowState::Created, recovered: true, ..Outcome::default() };
            Ok((attempt, Outcome { id: Some(id), ..outcome }))
        };
        match seen {
            Seen::Ours { id, attempt } => created(id, Some(attempt)),
            Seen::Probable { id, .. } if self.settings.accept_probable => created(id, known.attempt),
            Seen::Probable { id, .. } => Err(Some(format!(
                "user {id} has this name and every member of the row, but no tag to prove that this run made it; \
                 --accept-probable takes it for ours"
            ))),
            Seen::Unproved { id } => Err(Some(format!(
                "user {id} has this name, no tag, and other members than the row has now; the row was sent without a tag \
                 before, so that it cannot be said whose it is"
            ))),
            Seen::Theirs { id, whose } if taken => exists(id, whose),
            Seen::Theirs { whose, .. } => Err(Some(whose)),
            Seen::Variant { id, username } => {
                let differs = format!(
                    "nobody of this exact name can be seen, and the instance has `{username}`, which differs from `{}` \
                     only in case",
                    task.user
                );
                if taken && !known.wait_for_exact { exists(id, differs) } else { Err(Some(differs)) }
            }
            Seen::Invisible if taken => Err(Some(
                "the service says that the name is taken, and no user of that name can be seen yet".into(),
            )),
            Seen::Invisible => Err(None),
        }
    }

    fn conclude_look(
        &self,
        task: &Task,
        (attempt, outcome): (Option<u32>, Outcome),
    ) -> Result<End, LedgerFault> {
        self.ledger.conclude(task.at, attempt, &outcome)?;
        crash::point("settled");
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

    /// One look: SearchUsers by exact username; every other time, or where that may not be called, the whole of
    /// ListUsers, whose index can be ahead.
    async fn look_up(&self, task: &Task, look: u32) -> Result<Seen, CallError> {
        let listed = !look.is_multiple_of(2) || self.search_denied.load(Ordering::Relaxed);
        match self.look_through(task, listed).await {
            Err(CallError::Refused(fault)) if !listed && of_fault(&fault) == Verdict::Denied => {
                self.search_denied.store(true, Ordering::Relaxed);
                self.look_through(task, true).await
            }
            seen => seen,
        }
    }

    async fn look_through(&self, task: &Task, listed: bool) -> Result<Seen, CallError> {
        crash::point("look-before");
        let instance = &self.settings.instance;
        let mut candidates: Vec<(String, String)> = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = if !listed {
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
            Ok(reply) => {
                crash::point("look-after");
                Ok(self.whose(task, &reply.value))
            }
            // Found and not there: an index that is ahead of the store.
            Err(CallError::Refused(fault)) if of_fault(&fault) == Verdict::NotFound => Ok(Seen::Invisible),
            Err(error) => Err(error),
        }
    }

    /// Compares a user that has the exact name with what this ledger did.
    fn whose(&self, task: &Task, user: &User) -> Seen {
        let id = user.id.clone();
        let since = user.last_modified_time.and_then(at);
        let since = since.map_or_else(String::new, |at| format!(", last changed {}", clock::rfc3339(at)));
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
            None => self.whose_untagged(task, user, &since),
        }
    }

    /// A user without a tag is another's, unless a request of ours without one may have made it.
    fn whose_untagged(&self, task: &Task, user: &User, since: &str) -> Seen {
        let id = user.id.clone();
        let theirs = |id| Seen::Theirs { whose: format!("user {id} has no tag of headcount{since}"), id };
        let (untagged, was_edited) = {
            let state = self.ledger.state();
            let edited = state.detail(task.at).is_some_and(|detail| !detail.versions.is_empty());
            (state.record(task.at).untagged, edited)
        };
        if !untagged {
            return theirs(id);
        }
        match task.body.as_deref() {
            Some(body) if same_members(body, user) => {
                Seen::Probable { id, modified: user.last_modified_time.and_then(at) }
            }
            // The attempt may have had other cells than the row has now.
            None => Seen::Unproved { id },
            Some(_) if was_edited => Seen::Unproved { id },
            Some(_) => theirs(id),
        }
    }

    /// Whether an earlier attempt of this row was left unclear; one that was throttled was not.
    fn is_in_doubt(&self, task: &Task) -> bool {
        task.in_doubt || self.ledger.state().record(task.at).state == RowState::InDoubt
    }

    /// The earliest that an attempt of ours can have made this row's user, by the service's clock: where none is in
    /// doubt only the held one can have, else any since the ledger was made.
    fn not_before(&self, task: &Task, held: Option<&Held>) -> Option<SystemTime> {
        if self.is_in_doubt(task) {
            clock::parse_rfc3339(&self.ledger.state().header.at)?.checked_sub(CLOCKS_DIFFER)
        } else {
            held?.date?.checked_sub(ANSWERED_WITHIN)
        }
    }

    /// Whether no attempt but the held one can have made a user that the reads do not show yet: none of this session
    /// was unclear, and by the service's clock those of earlier ones are too long ago.
    fn is_old(&self, held: &Held) -> bool {
        let passed = self.newest_before.and_then(|before| held.date?.duration_since(before).ok());
        !held.after_unclear && passed.is_some_and(|passed| passed >= SEEN_BY_THEN)
    }

    fn look_delays(&self, task: &Task) -> Delays {
        let random = Random::seeded(self.settings.seed.rotate_left(17) ^ u64::from(task.at));
        Delays::new(Duration::from_secs(2), Duration::from_secs(30), random)
    }
}

/// Seconds since 1970, as the service has them.
fn at(seconds: f64) -> Option<SystemTime> {
    Some(UNIX_EPOCH + Duration::try_from_secs_f64(seconds).ok()?)
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use bytes::Bytes;
    use http::{Request, Response};
    use tokio::sync::mpsc;

    use super::*;
    use crate::clock::{Clock, SteadyClock};
    use crate::connect::{BoxFuture, Client, Credentials, Environment, Target, Transport, TransportError};
    use crate::import::{Settings, Switch};
    use crate::ledger::{Entry, Kind, Ledger, State, Storage};

    /// Nothing is sent or kept here.
    struct Nowhere;

    impl Transport for Nowhere {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(async { Err(TransportError::not_sent("nothing is to be sent")) })
        }
    }

    impl Storage for Nowhere {
        fn check(&mut self) -> Result<(), String> {
            Ok(())
        }

        fn append(&mut self, _: &[u8]) -> std::io::Result<()> {
            Ok(())
        }

        fn sync(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A ledger whose one row was sent twice, with or without the tag, and edited between the two or not.
    fn state(untagged: bool, edited: bool) -> State {
        let mut state = State::default();
        state.apply(&Entry { version: Some(1), run: Some("run".into()), ..Entry::of(Kind::Ledger) });
        state.apply(&Entry::row("ana", 2, 1));
        state.apply(&Entry { untagged, ..Entry::intent("ana", 1, "t".into()) });
        state.apply(&Entry::row("ana", 2, if edited { 2 } else { 1 }));
        state.apply(&Entry { untagged, ..Entry::intent("ana", 2, "t".into()) });
        state
    }

    fn importer(state: State, accept_probable: bool) -> Importer {
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::starting_at(UNIX_EPOCH));
        let target = Target::resolve(
            "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
            Some("us-west-2"),
            None,
            &Environment::default(),
        );
        let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", None);
        let client = Client::over(Arc::new(Nowhere), &target.unwrap(), credentials, Arc::clone(&clock));
        let settings = Settings {
            instance: "i".into(),
            run: "run".into(),
            provenance_tag: true,
            accept_probable,
            rate: 2.0,
            burst: 5,
            concurrency: None,
            row_budget: Settings::ROW_BUDGET,
            outage_patience: Settings::OUTAGE_PATIENCE,
            seed: 1,
        };
        let ledger = Arc::new(Ledger::in_step(Nowhere, state, clock));
        Importer::new(client, ledger, settings, Switch::default(), mpsc::unbounded_channel().0)
    }

    fn task(body: Option<CreateUser>) -> Task {
        Task { body: body.map(Box::new), ..Task::look_up(0, 2, "ana".into()) }
    }

    fn body() -> CreateUser {
        CreateUser {
            username: "ana".into(),
            routing_profile_id: "r".into(),
            security_profile_ids: vec!["s".into()],
            ..CreateUser::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_seen_settles_as_it_was_decided() {
        let id = || "u-9".to_owned();
        let all = [
            ("ours", Seen::Ours { id: id(), attempt: 2 }),
            ("probable", Seen::Probable { id: id(), modified: None }),
            ("unproved", Seen::Unproved { id: id() }),
            ("theirs", Seen::Theirs { id: id(), whose: "user u-9 is another's".into() }),
            ("variant", Seen::Variant { id: id(), username: "Ana".into() }),
            ("invisible", Seen::Invisible),
        ];
        let mut table = String::new();
        for (name, seen) in all {
            for (said, word) in [(Said::Taken, "taken"), (Said::Otherwise, "otherwise")] {
                for wait_for_exact in [true, false] {
                    for accept_probable in [false, true] {
                        let importer = importer(state(false, false), accept_probable);
                        let known = Known { said, attempt: Some(2), wait_for_exact };
                        let settled = importer.settled(&task(None), seen.clone(), known);
                        let settled = match settled {
                            Ok((attempt, outcome)) => format!(
                                "{:?} recovered={} attempt={attempt:?} id={:?} code={:?} {:?}",
                                outcome.state, outcome.recovered, outcome.id, outcome.code, outcome.message
                            ),
                            Err(Some(why)) => format!("unsettled: {why}"),
                            Err(None) => "nothing said".to_owned(),
                        };
                        let wait = if wait_for_exact { "wait" } else { "-" };
                        let accept = if accept_probable { "accept" } else { "-" };
                        writeln!(table, "{name:<9} {word:<9} {wait:<4} {accept:<6} {settled}").unwrap();
                    }
                }
            }
        }
        insta::assert_snapshot!("settled", table);
    }

    #[tokio::test(start_paused = true)]
    async fn whose_a_user_is_is_told_as_it_was_decided() {
        let tags = [None, Some("run/1"), Some("run/2"), Some("run/3"), Some("other/1"), Some("nonsense")];
        let other = CreateUser { routing_profile_id: "other".into(), ..body() };
        let bodies = [("equal", Some(body())), ("differs", Some(other)), ("no body", None)];
        let mut table = String::new();
        for tag in tags {
            for untagged in [false, true] {
                for edited in [false, true] {
                    for (name, body) in bodies.clone() {
                        let user = User {
                            id: "u-9".into(),
                            username: "ana".into(),
                            routing_profile_id: Some("r".into()),
                            security_profile_ids: vec!["s".into()],
                            tags: tag
                                .map(|tag| (PROVENANCE.to_owned(), tag.to_owned()))
                                .into_iter()
                                .collect(),
                            last_modified_time: Some(1_795_444_693.0),
                            ..User::default()
                        };
                        let whose = importer(state(untagged, edited), false).whose(&task(body), &user);
                        let sent = if untagged { "untagged" } else { "tagged" };
                        let edited = if edited { "edited" } else { "-" };
                        writeln!(
                            table,
                            "{:<9} {sent:<8} {edited:<6} {name:<8} {whose:?}",
                            tag.unwrap_or("no tag")
                        )
                        .unwrap();
                    }
                }
            }
        }
        insta::assert_snapshot!("whose", table);
    }

    #[test]
    fn what_is_older_than_any_attempt_is_anothers_and_a_variant_is_not_forgotten() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let probable = |modified| Seen::Probable { id: "u".into(), modified };
        assert!(matches!(probable(Some(at(9))).unless_older_than(Some(at(10))), Seen::Theirs { .. }));
        for (modified, not_before) in
            [(Some(at(10)), Some(at(10))), (None, Some(at(10))), (Some(at(9)), None)]
        {
            assert_eq!(probable(modified).unless_older_than(not_before), probable(modified));
        }
        let variant = Seen::Variant { id: "u".into(), username: "Ana".into() };
        let mut known = None;
        assert_eq!(Seen::Invisible.or_variant(&mut known), Seen::Invisible);
        assert_eq!(variant.clone().or_variant(&mut known), variant);
        assert_eq!(Seen::Invisible.or_variant(&mut known), variant);
    }
}
