//! The service itself, without sockets.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::dice::Dice;
use super::journal::{Change, Journal, JournalError};
use super::operation::{Operation, Route};
use super::place::Place;
use super::rules;
use super::signature::{Caller, Gate, expired};
use super::spec::{Group, Named, Spec, identifier};
use super::users::{Proficiency, QuickConnect, Record, Users};
use super::weather::{ConsoleEdit, Fault};
use super::wire::{Answer, Delivery, Refusal, Reply, Request};
use crate::connect::model;

/// An instance with its users, quotas and weather. Time is passed in; randomness comes from the seed: the same calls
/// in the same order at the same times are answered the same.
#[derive(Debug)]
pub struct World {
    pub(super) spec: Spec,
    pub(super) routing_profiles: Vec<Profile>,
    pub(super) security_profiles: Vec<Profile>,
    pub(super) groups: Vec<model::HierarchyGroup>,
    /// Where each group stands in `groups`, by id.
    group_at: HashMap<String, usize>,
    pub(super) users: Users,
    /// When the description came to life; the times of all that was there already.
    pub(super) born: SystemTime,
    /// Its account and region, which it may have in common with other instances.
    pub(super) place: Arc<Place>,
    pub(super) calls: BTreeMap<Operation, Calls>,
    /// Who is let in, and as whom; the same for all instances behind one address.
    gate: Arc<Mutex<Gate>>,
    /// Who calls, by ARN, for whoever is told that they may not.
    caller: String,
    dice: Dice,
    /// Of people at work in the console, and of how long changes stay unseen.
    pub(super) console: Dice,
    pub(super) edits: Vec<ConsoleEdit>,
    /// What befalls the next calls of an operation, by order.
    orders: BTreeMap<Operation, VecDeque<Fault>>,
    /// The requests that are held on their way, each with when it arrives.
    pub(super) on_their_way: Vec<(SystemTime, Request)>,
    journal: Option<Journal>,
    /// The quick connects that lead to users, by id.
    pub(super) quick_connects: BTreeMap<String, QuickConnect>,
    /// The ids of those who are signed in, each with its agent status.
    pub(super) at_work: BTreeMap<String, String>,
    /// What passwords are hashed with.
    hasher: RandomState,
}

/// A routing or security profile.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
}

/// What was asked of one operation. `called` is the sum of `throttled`, `refused` and `executed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Calls that arrived.
    pub called: u64,
    /// Answered with 429 by the bucket or the weather, not executed.
    pub throttled: u64,
    /// Not executed for any other reason, answered or not.
    pub(crate) refused: u64,
    /// Executed.
    pub executed: u64,
    /// Of the executed, those whose answer was lost on the way: an error, a broken body or no answer in its place.
    pub(crate) lost: u64,
}

/// What was asked of a world so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// By operation; those never called are left out.
    pub operations: BTreeMap<&'static str, Calls>,
    /// The users there now.
    pub users: usize,
}

impl Stats {
    /// Adds what was asked of another.
    pub(super) fn add(&mut self, other: &Stats) {
        self.users += other.users;
        for (name, calls) in &other.operations {
            let sum = self.operations.entry(name).or_default();
            sum.called += calls.called;
            sum.throttled += calls.throttled;
            sum.refused += calls.refused;
            sum.executed += calls.executed;
            sum.lost += calls.lost;
        }
    }

    /// The counts of one operation.
    pub fn of(&self, operation: Operation) -> Calls {
        self.operations.get(operation.name()).copied().unwrap_or_default()
    }
}

/// What an operation gives: a body, or nothing at all.
pub(super) type Outcome = Result<Option<Value>, Refusal>;

impl World {
    /// Makes a world that forgets.
    pub fn new(spec: Spec, now: SystemTime) -> Self {
        let arn = spec.instance_arn();
        let groups = groups(&arn, &spec.hierarchy);
        let mut world = Self {
            routing_profiles: profiles(&arn, "routing-profile", &spec.routing_profiles),
            security_profiles: profiles(&arn, "security-profile", &spec.security_profiles),
            group_at: groups.iter().enumerate().map(|(at, group)| (group.id.clone(), at)).collect(),
            groups,
            users: Users::default(),
            born: now,
            place: Arc::new(Place::new(&spec, Vec::new())),
            calls: BTreeMap::new(),
            gate: Arc::new(Mutex::new(Gate::of([spec.account.as_str()]))),
            caller: String::new(),
            dice: Dice::new(spec.seed),
            console: Dice::new(!spec.seed),
            edits: Vec::new(),
            orders: BTreeMap::new(),
            on_their_way: Vec::new(),
            journal: None,
            quick_connects: BTreeMap::new(),
            at_work: BTreeMap::new(),
            hasher: RandomState::new(),
            spec,
        };
        for mut user in std::mem::take(&mut world.spec.users) {
            if user.id.is_empty() {
                user.id = identifier(&[&arn, "user", &user.username]);
            }
            user.arn = format!("{arn}/agent/{}", user.id);
            user.last_modified_time.get_or_insert(epoch(now));
            // Nobody is without these: of whom no more is known has what most new users are given.
            let routing = world.routing_profiles.first().map(|profile| profile.id.clone());
            user.routing_profile_id = user.routing_profile_id.or(routing);
            if user.security_profile_ids.is_empty() {
                let agent = world.security_profiles.iter().find(|profile| profile.name == "Agent");
                let security = agent.or(world.security_profiles.first());
                user.security_profile_ids.extend(security.map(|profile| profile.id.clone()));
            }
            let place = world.users.next_place();
            world.users.insert(place, Record::new(user, UNIX_EPOCH));
        }
        for (name, username) in std::mem::take(&mut world.spec.quick_connects) {
            world.add_quick_connect(&name, &username);
        }
        world.place = Arc::new(Place::new(&world.spec, vec![world.instance()]));
        world
    }

    /// Gives it the paces of another description.
    pub(super) fn set_paces(&mut self, spec: &Spec) {
        (self.spec.pace, self.spec.paces) = (spec.pace, spec.paces.clone());
    }

    /// Has it share the paces and the list of instances of its account and region, and whom it lets in.
    pub(super) fn join(&mut self, place: Arc<Place>, gate: Arc<Mutex<Gate>>) {
        (self.place, self.gate) = (place, gate);
    }

    /// Makes a world that remembers its users in this file, and has those that the file remembers.
    ///
    /// # Errors
    /// The file cannot be used, is in use, is damaged before its last line, or is another instance's.
    pub fn remembering(spec: Spec, now: SystemTime, file: &Path) -> Result<Self, JournalError> {
        let (journal, changes) = Journal::open(file, &spec.instance_id)?;
        let mut world = Self::new(spec, now);
        // A world that goes on does not meet the weather of its first minutes again.
        let seed = world.spec.seed ^ (changes.len() as u64).rotate_left(32);
        (world.dice, world.console) = (Dice::new(seed), Dice::new(!seed));
        changes.into_iter().for_each(|change| world.apply(change));
        world.journal = Some(journal);
        Ok(world)
    }

    /// What was asked so far.
    pub fn stats(&self) -> Stats {
        Stats {
            operations: self.calls.iter().map(|(operation, calls)| (operation.name(), *calls)).collect(),
            users: self.users.len(),
        }
    }

    /// The description it was made from, without the users.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Changes how reliable it is from now on.
    pub fn set_weather(&mut self, weather: super::Weather) {
        self.spec.weather = weather;
    }

    /// Changes how fast an operation may be called from now on, in all instances of its account and region; what is saved up
    /// stays.
    pub fn set_pace(&mut self, now: SystemTime, operation: Operation, pace: super::Pace) {
        self.place.set_pace(now, operation, pace);
    }

    /// Has nobody permitted to call this operation from now on.
    pub fn deny(&mut self, operation: Operation) {
        self.spec.denied.insert(operation);
    }

    /// Orders what befalls the next CreateUser calls, after what was ordered before.
    pub fn order(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.spec.script.extend(faults);
    }

    /// Orders what befalls the next calls of this operation, after what was ordered before.
    pub fn order_for(&mut self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.orders.entry(operation).or_default().extend(faults);
    }

    /// Changes a user behind the API's back, as somebody in the console would: no rules, but a time of the last change.
    /// Nothing happens where there is none of that name.
    pub fn edit(&mut self, username: &str, now: SystemTime, change: impl FnOnce(&mut model::User)) {
        let Some(record) = self.users.named(username) else { return };
        let Record { mut user, proficiencies, .. } = record.clone();
        change(&mut user);
        // What a rehearsal could not write down is not done.
        let _ = self.alter(now, user, proficiencies);
    }

    /// The proficiencies of a user, seen or unseen by the reads: attribute, value and level.
    pub fn proficiencies_of(&self, username: &str) -> Vec<(String, String, f64)> {
        let all = self.users.named(username).map(|record| record.proficiencies.clone()).unwrap_or_default();
        all.into_iter().map(|one| (one.attribute_name, one.attribute_value, one.level)).collect()
    }

    /// Every user as it was asked for, seen or unseen by the reads, in the order of creation. DescribeUser shows it with
    /// what was not asked for.
    pub fn everyone(&self) -> impl Iterator<Item = &model::User> {
        self.users.after(0).map(|(_, record)| &record.user)
    }

    /// Whether a user could sign in with this password, as far as this process has seen the user made: the only way to
    /// learn what password a user has is to try it.
    pub fn signs_in(&self, username: &str, password: &str) -> bool {
        let known = self.users.named(username).and_then(|record| record.password);
        known == Some(self.hasher.hash_one(password))
    }

    /// Puts a user there behind the API's back: no quota, no rules, no journal.
    pub fn plant(&mut self, mut user: model::User, now: SystemTime) {
        let place = self.users.next_place();
        if user.id.is_empty() {
            user.id = identifier(&[&self.spec.instance_arn(), "planted", &place.to_string(), &user.username]);
        }
        user.arn = format!("{}/agent/{}", self.spec.instance_arn(), user.id);
        user.last_modified_time.get_or_insert(epoch(now));
        self.users.insert(place, Record::new(user, now));
    }

    /// Answers a request, and says what becomes of the answer.
    pub fn respond(&mut self, now: SystemTime, request: &Request) -> Reply {
        let Some(route) = Route::of(request) else {
            let refusal =
                Refusal::new(404, "UnknownOperationException", "The service has no such operation.");
            return self.deliver(self.spec.latency, Err(refusal), now);
        };
        self.let_arrive(now);
        self.let_people_work(now);
        let admitted = self.admit(now, &route, request);
        self.calls.entry(route.operation).or_default().called += 1;
        match admitted {
            Err(refusal) => self.refuse(now, route.operation, refusal),
            Ok(fault) => self.perform(now, &route, request, fault),
        }
    }

    /// Answers a request of this account and region that asks for an instance which is not there: it costs a token, and
    /// neither weather nor script of an instance befalls it.
    pub(super) fn turn_away(&mut self, now: SystemTime, route: &Route, request: &Request) -> Reply {
        self.calls.entry(route.operation).or_default().called += 1;
        let admitted = self.known(now, route.operation, request);
        let passed = admitted.and_then(|_| self.take_token(now, route.operation));
        self.refuse(now, route.operation, passed.err().unwrap_or_else(no_instance))
    }

    fn refuse(&mut self, now: SystemTime, operation: Operation, refusal: Refusal) -> Reply {
        let calls = self.calls.entry(operation).or_default();
        let throttled = refusal.status == 429 && refusal.code != "LimitExceededException";
        *(if throttled { &mut calls.throttled } else { &mut calls.refused }) += 1;
        self.deliver(self.spec.latency, Err(refusal), now)
    }

    /// The doors before an operation, in order: signature, permission, token bucket, weather. What comes through may
    /// still meet a fault on its way back.
    fn admit(&mut self, now: SystemTime, route: &Route, request: &Request) -> Result<Fault, Refusal> {
        let operation = route.operation;
        let caller = self.recognize(now, operation, request)?;
        self.take_token(now, operation)?;
        let ordered = match operation {
            Operation::CreateUser => self.spec.script.pop_front(),
            _ => self.orders.get_mut(&operation).and_then(VecDeque::pop_front),
        };
        let fault = ordered.unwrap_or_else(|| {
            self.spec.weather.draw(&mut self.dice, operation, caller.session_token.is_some())
        });
        match fault {
            Fault::Expired => {
                if let Some(token) = &caller.session_token {
                    held(&self.gate).expire(token);
                }
                Err(expired())
            }
            Fault::Throttle(name) => Err(throttle(name.code())),
            Fault::ErrorBefore => Err(Refusal::internal()),
            Fault::Refuse { status, code } => {
                Err(Refusal::new(status, code, "The simulated service refuses by order."))
            }
            fault => Ok(fault),
        }
    }

    /// Who calls, where the signature is right and what it asks for is permitted.
    pub(super) fn recognize(
        &mut self,
        now: SystemTime,
        operation: Operation,
        request: &Request,
    ) -> Result<Caller, Refusal> {
        let caller = self.known(now, operation, request)?;
        if self.spec.denied.contains(&operation) { Err(self.denied(operation)) } else { Ok(caller) }
    }

    /// Who calls, where the signature is right.
    fn known(&mut self, now: SystemTime, operation: Operation, request: &Request) -> Result<Caller, Refusal> {
        let caller = if self.spec.signed {
            held(&self.gate).admit(now, Some(&self.spec.region), operation.service(), request)?
        } else {
            Caller::anybody(&self.spec.account)
        };
        self.caller.clone_from(&caller.arn);
        Ok(caller)
    }

    fn take_token(&self, now: SystemTime, operation: Operation) -> Result<(), Refusal> {
        if self.place.take(now, operation) {
            return Ok(());
        }
        Err(throttle(super::ThrottleName::TooManyRequests.code()))
    }

    /// Executes the operation and lets the fault befall the answer.
    fn perform(&mut self, now: SystemTime, route: &Route, request: &Request, fault: Fault) -> Reply {
        let latency = self.spec.latency;
        if let Fault::Late(by) = fault {
            self.on_their_way.push((now + by, request.clone()));
        }
        if let Fault::Late(_) | Fault::DropBefore | Fault::StallBefore(_) = fault {
            self.calls.entry(route.operation).or_default().refused += 1;
            let after = if let Fault::StallBefore(stall) = fault { stall } else { Duration::ZERO };
            let mut reply = self.deliver(latency + after, Err(Refusal::internal()), now);
            reply.delivery = Delivery::DropBefore;
            return reply;
        }
        let outcome = self.execute(now, route, request);
        let done = outcome.is_ok();
        let lost = done && matches!(fault, Fault::ErrorAfter | Fault::DropAfter | Fault::Garbled);
        let calls = self.calls.entry(route.operation).or_default();
        *(if done { &mut calls.executed } else { &mut calls.refused }) += 1;
        calls.lost += u64::from(lost);
        match fault {
            Fault::ErrorAfter => self.deliver(latency, Err(Refusal::internal()), now),
            Fault::DropAfter => {
                let mut reply = self.deliver(latency, outcome, now);
                reply.delivery = if done { Delivery::DropAfter } else { Delivery::DropBefore };
                reply
            }
            Fault::Garbled if done => {
                let mut reply = self.deliver(latency, outcome, now);
                reply.answer.body = Bytes::from_static(b"{\"UserId\":\"");
                reply
            }
            Fault::StallAfter(stall) => self.deliver(latency + stall, outcome, now),
            _ => self.deliver(latency, outcome, now),
        }
    }

    pub(super) fn execute(&mut self, now: SystemTime, route: &Route, request: &Request) -> Outcome {
        match route.operation {
            Operation::CreateUser => self.create_user(now, route, request),
            Operation::DeleteUser => self.delete_user(now, route),
            Operation::DeleteQuickConnect => self.delete_quick_connect(route),
            Operation::DeleteAllEntitySessions => self.delete_sessions(now, request),
            operation if operation.changes_a_user() => self.change(now, route, request),
            _ => self.read(now, route, request),
        }
    }

    fn create_user(&mut self, now: SystemTime, route: &Route, request: &Request) -> Outcome {
        self.check_instance(route.label(0))?;
        let asked = rules::read(self.spec.identity, &request.body)?;
        if !asked.tags.is_empty() && self.spec.denied.contains(&Operation::TagResource) {
            return Err(self.denied(Operation::TagResource));
        }
        let routing_profile_id = self.routing_profile(&asked.routing_profile_id)?;
        let security_profile_ids = asked
            .security_profile_ids
            .iter()
            .map(|id| self.security_profile(id))
            .collect::<Result<Vec<_>, _>>()?;
        let hierarchy_group_id =
            asked.hierarchy_group_id.as_ref().map(|id| self.hierarchy_group(id)).transpose()?;
        // Which of the two comes first is not documented. With the quota first, a client that repeats a create whose
        // answer it lost may be told that the instance is full of a user that is there: the harder case.
        if self.users.len() >= self.spec.users_quota {
            return Err(Refusal::new(
                429,
                "LimitExceededException",
                "The allowed limit for users has been exceeded.",
            ));
        }
        let clash = self.users.has_name(&asked.username)
            || (self.spec.case_variants_clash && self.users.has_variant(&asked.username));
        if clash {
            return Err(Refusal::new(
                409,
                "DuplicateResourceException",
                "A resource with the specified name already exists.",
            ));
        }
        let place = self.users.next_place();
        let arn = self.spec.instance_arn();
        let id = identifier(&[&arn, "user", &place.to_string(), &asked.username]);
        let user = model::User {
            arn: format!("{arn}/agent/{id}"),
            id,
            identity_info: self.looked_up(&asked),
            username: asked.username,
            phone_config: asked.phone_config,
            directory_user_id: asked.directory_user_id,
            security_profile_ids,
            routing_profile_id: Some(routing_profile_id),
            hierarchy_group_id,
            auto_accept_configs: asked.auto_accept_configs,
            after_contact_work_configs: asked.after_contact_work_configs,
            phone_number_configs: asked.phone_number_configs,
            persistent_connection_configs: asked.persistent_connection_configs,
            voice_enhancement_configs: asked.voice_enhancement_configs,
            tags: asked.tags,
            last_modified_time: Some(epoch(now)),
            last_modified_region: Some(self.spec.region.clone()),
        };
        let answer = json!({ "UserId": user.id, "UserArn": user.arn });
        let seen = epoch(now) + self.lag().as_secs_f64();
        let id = user.id.clone();
        self.commit(Change::Created { place, seen, user: Box::new(user) })?;
        let password = asked.password.map(|password| self.hasher.hash_one(password.expose()));
        if let Some(record) = self.users.get_mut(&id) {
            record.password = password;
        }
        Ok(Some(answer))
    }

    /// Makes a user like this, and says when that was.
    pub(super) fn alter(
        &mut self,
        now: SystemTime,
        mut user: model::User,
        proficiencies: Vec<Proficiency>,
    ) -> Result<(), Refusal> {
        user.last_modified_time = Some(epoch(now));
        user.last_modified_region = Some(self.spec.region.clone());
        let seen = epoch(now) + self.lag_of_change().as_secs_f64();
        self.commit(Change::Changed { id: user.id.clone(), seen, user: Box::new(user), proficiencies })
    }

    /// Writes the change down, then makes it. What cannot be written down is not done.
    pub(super) fn commit(&mut self, change: Change) -> Result<(), Refusal> {
        self.write_down(&change)?;
        self.apply(change);
        Ok(())
    }

    /// Writes the change down, where the world is one that remembers.
    pub(super) fn write_down(&mut self, change: &Change) -> Result<(), Refusal> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.append(change).map_err(|_| Refusal::internal())
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::World { .. } => {}
            Change::Created { place, seen, user } => {
                let seen = moment(seen);
                self.users.insert(place, Record::new(*user, seen));
            }
            Change::Changed { id, seen, user, proficiencies } => {
                let at = moment(user.last_modified_time.unwrap_or_default());
                if let Some(record) = self.users.get_mut(&id) {
                    record.change(at, moment(seen), *user, proficiencies);
                }
            }
            Change::Deleted { id } => self.users.remove(&id),
            Change::Tagged { id, tags } => {
                if let Some(record) = self.users.get_mut(&id) {
                    record.user.tags.extend(tags);
                }
            }
            Change::Proficient { id, proficiencies } => {
                if let Some(record) = self.users.get_mut(&id) {
                    record.proficiencies = proficiencies;
                }
            }
        }
    }

    /// How long the next new user stays unseen.
    fn lag(&mut self) -> Duration {
        self.spec.search_lag + self.spec.weather.draw_lag(&mut self.dice)
    }

    /// How long the next change of a user stays unseen. Its dice are its own, as those of the console are.
    pub(super) fn lag_of_change(&mut self) -> Duration {
        self.spec.search_lag + self.spec.weather.draw_lag(&mut self.console)
    }

    /// The instance is this one, by id or ARN.
    pub(super) fn check_instance(&self, instance: &str) -> Result<(), Refusal> {
        if instance == self.spec.instance_id || instance == self.spec.instance_arn() {
            return Ok(());
        }
        Err(no_instance())
    }

    /// A user that the reads show, by id or ARN.
    pub(super) fn user(&self, now: SystemTime, instance: &str, user: &str) -> Result<&Record, Refusal> {
        self.check_instance(instance)?;
        let id = user.strip_prefix(&format!("{}/agent/", self.spec.instance_arn())).unwrap_or(user);
        self.users
            .get(id)
            .filter(|record| record.seen <= now)
            .ok_or_else(|| Refusal::not_found("The specified resource was not found: User"))
    }

    /// A user that the reads show, by ARN only.
    pub(super) fn user_by_arn(&self, now: SystemTime, arn: &str) -> Result<&Record, Refusal> {
        self.user(now, &self.spec.instance_id, arn).and_then(|record| {
            if record.user.arn == arn {
                Ok(record)
            } else {
                Err(Refusal::invalid_parameter("resourceArn is not the ARN of a resource"))
            }
        })
    }

    /// The id of a routing profile of the instance, from its id or ARN.
    pub(super) fn routing_profile(&self, given: &str) -> Result<String, Refusal> {
        self.resolve("routing-profile", given, |id| has(&self.routing_profiles, id))
    }

    /// The id of a security profile of the instance, from its id or ARN.
    pub(super) fn security_profile(&self, given: &str) -> Result<String, Refusal> {
        self.resolve("security-profile", given, |id| has(&self.security_profiles, id))
    }

    /// The id of a hierarchy group of the instance, from its id or ARN.
    pub(super) fn hierarchy_group(&self, given: &str) -> Result<String, Refusal> {
        self.resolve("agent-group", given, |id| self.group(id).is_some())
    }

    /// The id of something of the instance, from its id or ARN.
    fn resolve(&self, kind: &str, given: &str, known: impl Fn(&str) -> bool) -> Result<String, Refusal> {
        let prefix = format!("{}/{kind}/", self.spec.instance_arn());
        let id = given.strip_prefix(&prefix).unwrap_or(given);
        if known(id) {
            return Ok(id.to_owned());
        }
        Err(Refusal::not_found(format!("The specified resource was not found: {kind}")))
    }

    /// A group by its id; the hidden root is none.
    pub(super) fn group(&self, id: &str) -> Option<&model::HierarchyGroup> {
        self.group_at.get(id).map(|at| &self.groups[*at]).filter(|group| group.level_id != "0")
    }

    pub(super) fn denied(&self, operation: Operation) -> Refusal {
        Refusal::new(
            403,
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: {}:{operation} on resource: {}",
                self.caller,
                operation.service(),
                self.spec.instance_arn()
            ),
        )
    }

    /// Makes the answer, in one of the shapes that the service has for it.
    fn deliver(&mut self, after: Duration, outcome: Outcome, now: SystemTime) -> Reply {
        let request_id = self.request_id();
        let answer = match outcome {
            Ok(body) => {
                let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
                Answer::new(now, &request_id, StatusCode::OK, body)
            }
            Err(refusal) => self.refusal(now, &request_id, &refusal),
        };
        Reply { answer, delivery: Delivery::Deliver, after }
    }

    /// The code comes in the header `x-amzn-errortype`, bare or with a colon after it, or in the body's `__type` with a
    /// namespace before it; the message as `message` or `Message` (all seen in the field, and all that botocore reads).
    fn refusal(&mut self, now: SystemTime, request_id: &str, refusal: &Refusal) -> Answer {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let shape = if self.dice.chance(self.spec.weather.odd_errors) { self.dice.next() % 3 } else { 3 };
        let member = if shape == 0 { "Message" } else { "message" };
        let mut body = json!({ member: refusal.message });
        if shape == 2 || refusal.code == "NoSuchResourceException" {
            body["__type"] = format!("com.amazonaws.connect#{}", refusal.code).into();
        }
        let mut answer = Answer::new(now, request_id, status, Bytes::from(body.to_string()));
        match shape {
            1 => answer.set("x-amzn-errortype", &format!("{}:", refusal.code)),
            2 => {}
            _ => answer.set("x-amzn-errortype", refusal.code),
        }
        if refusal.status == 429 && self.dice.chance(self.spec.weather.retry_after) {
            let milliseconds = 500 + self.dice.next() % 1_500;
            answer.set("x-amz-retry-after", &milliseconds.to_string());
        }
        answer
    }

    fn request_id(&mut self) -> String {
        let (high, low) = (self.dice.next(), self.dice.next());
        uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
            .into_uuid()
            .to_string()
    }
}

fn no_instance() -> Refusal {
    Refusal::not_found("The specified resource was not found: Instance")
}

/// A gate is whole whoever panicked while holding it.
fn held(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

fn throttle(code: &'static str) -> Refusal {
    let message = if code == "ThrottlingException" { "Rate exceeded" } else { "Too Many Requests" };
    Refusal::new(429, code, message)
}

fn has(profiles: &[Profile], id: &str) -> bool {
    profiles.iter().any(|profile| profile.id == id)
}

fn profiles(arn: &str, kind: &str, named: &[Named]) -> Vec<Profile> {
    named
        .iter()
        .map(|Named { name, id }| {
            let id = id.clone().unwrap_or_else(|| identifier(&[arn, kind, name]));
            Profile { arn: format!("{arn}/{kind}/{id}"), id, name: name.clone() }
        })
        .collect()
}

/// The groups with all groups above them, each once, parents first, after the hidden root that the service has.
fn groups(arn: &str, described: &[Group]) -> Vec<model::HierarchyGroup> {
    let mut paths: BTreeMap<&[String], Option<&String>> = BTreeMap::new();
    for group in described {
        for depth in 1..=group.path.len().min(5) {
            paths.entry(&group.path[..depth]).or_default();
        }
        if let Some(id) = paths.get_mut(group.path.as_slice()) {
            *id = id.or(group.id.as_ref());
        }
    }
    let id_of = |path: &[String]| match paths.get(path) {
        Some(Some(id)) => (*id).clone(),
        _ => identifier(&[arn, "agent-group", &path.join("|")]),
    };
    let arn_of = |id: &str| format!("{arn}/agent-group/{id}");
    let summary = |path: &[String]| {
        let id = id_of(path);
        model::Summary { arn: arn_of(&id), id, name: path.last().cloned(), ..Default::default() }
    };
    let root = identifier(&[arn, "agent-group"]);
    let root = model::HierarchyGroup {
        arn: arn_of(&root),
        id: root,
        name: "Root".into(),
        level_id: "0".into(),
        hierarchy_path: None,
    };
    let rest = paths.keys().map(|path| {
        let level = |depth: usize| path.get(..depth).map(summary);
        let id = id_of(path);
        model::HierarchyGroup {
            arn: arn_of(&id),
            id,
            name: path.last().cloned().unwrap_or_default(),
            level_id: path.len().to_string(),
            hierarchy_path: Some(model::HierarchyPath {
                level_one: level(1),
                level_two: level(2),
                level_three: level(3),
                level_four: level(4),
                level_five: level(5),
            }),
        }
    });
    std::iter::once(root).chain(rest).collect()
}

/// The time of so many seconds since 1970.
fn moment(seconds: f64) -> SystemTime {
    UNIX_EPOCH + Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Seconds since 1970, to the millisecond as the service has it.
fn epoch(at: SystemTime) -> f64 {
    let milliseconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    milliseconds as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::{Value, json};

    use super::{Calls, World};
    use crate::connect::model;
    use crate::simulator::signature::tests::signed;
    use crate::simulator::wire::Reply;
    use crate::simulator::{
        Delivery, Fault, Odds, Operation, Pace, Request, SECRET_ACCESS_KEY, Spec, ThrottleName, Weather,
        session_token,
    };

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_444_693)
    }

    /// No signatures and no throttling: for what is not about them.
    fn open_spec() -> Spec {
        Spec { signed: false, pace: Pace::UNLIMITED, ..Spec::default() }
    }

    fn call(world: &mut World, at: SystemTime, method: Method, target: &str, body: &Value) -> Reply {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        world.respond(at, &Request { method, target: target.into(), headers: HeaderMap::new(), body })
    }

    fn body(world: &World, username: &str) -> Value {
        json!({
            "Username": username,
            "Password": "Analytical-1",
            "IdentityInfo": { "FirstName": "Ada", "LastName": "Byron" },
            "SecurityProfileIds": [world.security_profiles[1].id],
            "RoutingProfileId": world.routing_profiles[0].id,
        })
    }

    fn create_at(world: &mut World, at: SystemTime, username: &str) -> Reply {
        let (body, target) = (body(world, username), format!("/users/{}", world.spec.instance_id));
        call(world, at, Method::PUT, &target, &body)
    }

    fn create(world: &mut World, username: &str) -> Reply {
        create_at(world, now(), username)
    }

    fn read(world: &mut World, at: SystemTime, target: &str) -> Reply {
        call(world, at, Method::GET, target, &Value::Null)
    }

    fn list(world: &mut World, at: SystemTime) -> Vec<String> {
        let target = format!("/users-summary/{}?maxResults=1000", world.spec.instance_id);
        let page = parsed(&read(world, at, &target));
        let users = page["UserSummaryList"].as_array().expect("a list");
        users.iter().map(|user| user["Username"].as_str().expect("a name").to_owned()).collect()
    }

    fn parsed(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.answer.body).expect("JSON")
    }

    fn search(world: &mut World, at: SystemTime, criteria: Value) -> Vec<Value> {
        let body = json!({ "InstanceId": world.spec.instance_id, "SearchCriteria": criteria });
        let found = parsed(&call(world, at, Method::POST, "/search-users", &body));
        found["Users"].as_array().expect("a list").clone()
    }

    fn exactly(username: &str) -> Value {
        json!({ "StringCondition": { "FieldName": "Username", "Value": username, "ComparisonType": "EXACT" } })
    }

    /// The status and code of an answer, wherever the service put the code.
    fn code(reply: &Reply) -> (u16, String) {
        let header =
            reply.answer.headers.get("x-amzn-errortype").map(|v| v.to_str().expect("ASCII").to_owned());
        let code = header.unwrap_or_else(|| {
            parsed(reply)["__type"]
                .as_str()
                .unwrap_or_default()
                .rsplit('#')
                .next()
                .unwrap_or_default()
                .to_owned()
        });
        (reply.answer.status.as_u16(), code.trim_end_matches(':').to_owned())
    }

    #[test]
    fn every_fault_does_what_it_says_and_is_counted() {
        use Delivery::{Deliver, DropAfter, DropBefore};
        let stall = Duration::from_secs(40);
        let refuse = Fault::Refuse { status: 503, code: "ServiceUnavailable" };
        let none = Duration::ZERO;
        // The fault; the status on the wire, what becomes of it and when; whether the user is there.
        let table = [
            (Fault::Pass, 200, Deliver, none, true),
            (Fault::Expired, 403, Deliver, none, false),
            (Fault::Throttle(ThrottleName::TooManyRequests), 429, Deliver, none, false),
            (Fault::Throttle(ThrottleName::Throttling), 429, Deliver, none, false),
            (Fault::ErrorBefore, 500, Deliver, none, false),
            (Fault::ErrorAfter, 500, Deliver, none, true),
            (Fault::DropBefore, 500, DropBefore, none, false),
            (Fault::DropAfter, 200, DropAfter, none, true),
            (Fault::StallBefore(stall), 500, DropBefore, stall, false),
            (Fault::StallAfter(stall), 200, Deliver, stall, true),
            (Fault::Garbled, 200, Deliver, none, true),
            (refuse, 503, Deliver, none, false),
        ];
        for (fault, status, delivery, after, there) in table {
            let mut world = World::new(open_spec(), now());
            world.order([fault.clone()]);
            let reply = create(&mut world, "ada");
            assert_eq!(reply.answer.status.as_u16(), status, "{fault:?}");
            assert_eq!((reply.delivery, reply.after), (delivery, after), "{fault:?}");
            assert_eq!(world.users.has_name("ada"), there, "{fault:?}");
            let readable = serde_json::from_slice::<Value>(&reply.answer.body).is_ok();
            assert_eq!(readable, fault != Fault::Garbled);
            let calls = world.stats().of(Operation::CreateUser);
            let lost = matches!(fault, Fault::ErrorAfter | Fault::DropAfter | Fault::Garbled);
            let throttled = u64::from(matches!(fault, Fault::Throttle(_)));
            let executed = u64::from(there);
            let refused = 1 - executed - throttled;
            assert_eq!(
                calls,
                Calls { called: 1, throttled, refused, executed, lost: lost.into() },
                "{fault:?}"
            );
            // What the next attempt meets is the proof of what was done.
            assert_eq!(
                create(&mut world, "ada").answer.status.as_u16(),
                if there { 409 } else { 200 },
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_refused_create_whose_answer_is_lost_has_done_nothing() {
        for fault in [Fault::ErrorAfter, Fault::DropAfter, Fault::Garbled, Fault::StallAfter(Duration::ZERO)]
        {
            let mut world = World::new(Spec { users_quota: 0, ..open_spec() }, now());
            world.order([fault.clone()]);
            let reply = create(&mut world, "ada");
            assert_ne!(reply.delivery, Delivery::DropAfter, "{fault:?}");
            let calls = world.stats().of(Operation::CreateUser);
            assert_eq!((calls.refused, calls.executed, calls.lost), (1, 0, 0), "{fault:?}");
        }
    }

    #[test]
    fn a_craft_of_weather_hits_creates_as_often_as_it_says_and_spares_the_rest() {
        let weather = Weather { creates: Odds { error_after: 0.3, ..Odds::NONE }, ..Weather::calm() };
        let mut world = World::new(Spec { users_quota: 2_000, weather, ..open_spec() }, now());
        let failed = (0..1_000).filter(|i| create(&mut world, &format!("u{i}")).answer.status == 500).count();
        assert!((250..350).contains(&failed), "{failed}");
        assert_eq!(world.users.len(), 1_000);
        assert_eq!(list(&mut world, now()).len(), 1_000);
    }

    #[test]
    fn one_seed_is_one_world() {
        let run = |seed| {
            let spec = Spec { seed, weather: Weather::rough(), ..open_spec() };
            let mut world = World::new(spec, now());
            (0..300)
                .map(|i| create(&mut world, &format!("u{i}")))
                .map(|reply| format!("{:?} {:?} {:?}", reply.answer, reply.delivery, reply.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn every_operation_has_its_own_bucket() {
        let mut world = World::new(Spec { signed: false, ..Spec::default() }, now());
        let codes: Vec<_> =
            (0..8).map(|i| create(&mut world, &format!("u{i}")).answer.status.as_u16()).collect();
        assert_eq!(codes, [200, 200, 200, 200, 200, 429, 429, 429]);
        assert_eq!(code(&create(&mut world, "u9")), (429, "TooManyRequestsException".into()));
        assert_eq!(list(&mut world, now()).len(), 5);
        assert_eq!(create_at(&mut world, now() + Duration::from_millis(500), "u9").answer.status, 200);
        let calls = world.stats().of(Operation::CreateUser);
        assert_eq!((calls.called, calls.throttled, calls.executed), (10, 4, 6));
    }

    #[test]
    fn a_new_user_stays_unseen_by_the_reads_but_not_by_a_create() {
        let lag = Duration::from_secs(30);
        let mut world = World::new(Spec { search_lag: lag, ..open_spec() }, now());
        let id = parsed(&create(&mut world, "ada"))["UserId"].as_str().expect("an id").to_owned();
        let described = format!("/users/{}/{id}", world.spec.instance_id);
        let early = now() + lag - Duration::from_millis(1);
        assert_eq!(list(&mut world, early), Vec::<String>::new());
        assert_eq!(code(&read(&mut world, early, &described)), (404, "ResourceNotFoundException".into()));
        assert_eq!(code(&create_at(&mut world, early, "ada")), (409, "DuplicateResourceException".into()));
        for criteria in [json!({}), exactly("ada")] {
            assert_eq!(search(&mut world, early, criteria.clone()), [] as [Value; 0]);
            assert_eq!(search(&mut world, now() + lag, criteria).len(), 1);
        }
        let late = now() + lag;
        assert_eq!(list(&mut world, late), ["ada"]);
        assert_eq!(read(&mut world, late, &described).answer.status, 200);
    }

    #[test]
    fn usernames_are_exact_unless_variants_are_made_to_clash() {
        for (clash, status) in [(false, 200), (true, 409)] {
            let mut world = World::new(Spec { case_variants_clash: clash, ..open_spec() }, now());
            assert_eq!(create(&mut world, "ada").answer.status, 200);
            assert_eq!(create(&mut world, "Ada").answer.status, status);
        }
    }

    #[test]
    fn a_search_for_a_username_finds_its_variants_and_only_them() {
        let mut world = World::new(open_spec(), now());
        for name in ["ada", "Ada", "adam", "grace"] {
            create(&mut world, name);
        }
        let search = |world: &mut World, how: &str| {
            let criteria = json!({ "StringCondition": { "FieldName": "Username", "Value": "ADA", "ComparisonType": how } });
            let body = json!({ "InstanceId": world.spec.instance_id, "SearchCriteria": criteria });
            let found = parsed(&call(world, now(), Method::POST, "/search-users", &body));
            let users = found["Users"].as_array().expect("a list");
            users.iter().map(|user| user["Username"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(search(&mut world, "EXACT"), ["ada", "Ada"]);
        assert_eq!(search(&mut world, "STARTS_WITH"), ["ada", "Ada", "adam"]);
        world.spec.search_ignores_case = false;
        assert_eq!(search(&mut world, "EXACT"), Vec::<String>::new());
    }

    #[test]
    fn a_search_gives_milliseconds_and_no_addresses_where_a_describe_gives_all() {
        let mut world = World::new(open_spec(), now());
        let mut asked = body(&world, "ada");
        asked["IdentityInfo"]["Email"] = "ada@example.com".into();
        asked["PhoneConfig"] = json!({ "PhoneType": "SOFT_PHONE", "AfterContactWorkTimeLimit": 30 });
        let target = format!("/users/{}", world.spec.instance_id);
        let created = parsed(&call(&mut world, now(), Method::PUT, &target, &asked));
        let found = search(&mut world, now(), exactly("ada")).remove(0);
        assert_eq!(found["PhoneConfig"]["AfterContactWorkTimeLimit"], 30_000);
        assert_eq!(found["IdentityInfo"], json!({ "FirstName": "Ada", "LastName": "Byron" }));
        let target = format!("{target}/{}", created["UserId"].as_str().expect("an id"));
        let described = parsed(&read(&mut world, now(), &target))["User"].clone();
        assert_eq!(described["PhoneConfig"]["AfterContactWorkTimeLimit"], 30);
        assert_eq!(described["IdentityInfo"], asked["IdentityInfo"]);
    }

    #[test]
    fn the_instance_is_full_at_its_quota_and_has_room_again_after_a_delete() {
        let mut world = World::new(Spec { users_quota: 2, ..open_spec() }, now());
        let id = parsed(&create(&mut world, "a"))["UserId"].as_str().expect("an id").to_owned();
        create(&mut world, "b");
        assert_eq!(code(&create(&mut world, "c")), (429, "LimitExceededException".into()));
        let calls = world.stats().of(Operation::CreateUser);
        assert_eq!((calls.throttled, calls.refused), (0, 1), "a full instance is no throttling");
        let target = format!("/users/{}/{id}", world.spec.instance_id);
        assert_eq!(call(&mut world, now(), Method::DELETE, &target, &Value::Null).answer.status, 200);
        assert_eq!(create(&mut world, "c").answer.status, 200);
        assert_eq!(list(&mut world, now()), ["b", "c"]);
    }

    #[test]
    fn what_is_denied_is_denied_and_a_tagged_create_needs_two_permissions() {
        let denied = BTreeSet::from([Operation::TagResource, Operation::DescribeInstance]);
        let mut world = World::new(Spec { denied, ..open_spec() }, now());
        assert_eq!(create(&mut world, "ada").answer.status, 200);
        let mut tagged = body(&world, "grace");
        tagged["Tags"] = json!({ "headcount:run": "r/1" });
        let (target, instance) =
            (format!("/users/{}", world.spec.instance_id), format!("/instance/{}", world.spec.instance_id));
        let reply = call(&mut world, now(), Method::PUT, &target, &tagged);
        assert_eq!(code(&reply), (403, "AccessDeniedException".into()));
        let message = parsed(&reply)["message"].as_str().expect("a message").to_owned();
        assert!(message.contains("is not authorized to perform: connect:TagResource"), "{message}");
        assert_eq!(code(&read(&mut world, now(), &instance)), (403, "AccessDeniedException".into()));
    }

    #[test]
    fn pages_show_everyone_once_even_where_they_are_short() {
        let users =
            (0..23).map(|i| model::User { username: format!("u{i}"), ..Default::default() }).collect();
        let mut world = World::new(Spec { users, page_cap: 4, ..open_spec() }, now());
        let (mut names, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let target = format!("/users-summary/{}?maxResults=10{token}", world.spec.instance_id);
            let page = parsed(&read(&mut world, now(), &target));
            names.extend(
                page["UserSummaryList"].as_array().expect("a list").iter().map(|u| u["Username"].to_string()),
            );
            pages += 1;
            match page["NextToken"].as_str() {
                Some(next) => token = format!("&nextToken={}", next.replace('+', "%2B").replace('/', "%2F")),
                None => break,
            }
        }
        assert_eq!((names.len(), pages), (23, 6));
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 23);
    }

    #[test]
    fn a_world_remembers_its_users_and_nothing_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("roster.csv.simulate.world.jsonl");
        let mut world = World::remembering(open_spec(), now(), &file).expect("made");
        let gone = parsed(&create(&mut world, "gone"))["UserId"].as_str().expect("an id").to_owned();
        let ada = parsed(&create(&mut world, "ada"));
        world.order([Fault::DropAfter, Fault::DropBefore]);
        create(&mut world, "grace");
        create(&mut world, "never");
        let (gone, tags) = (
            format!("/users/{}/{gone}", world.spec.instance_id),
            format!("/tags/{}", ada["UserArn"].as_str().expect("an ARN").replace('/', "%2F")),
        );
        assert_eq!(call(&mut world, now(), Method::DELETE, &gone, &Value::Null).answer.status, 200);
        let tagged = call(&mut world, now(), Method::POST, &tags, &json!({ "tags": { "a": "b" } }));
        assert_eq!(tagged.answer.status, 200);
        let user = format!("/users/{}/{}", world.spec.instance_id, ada["UserId"].as_str().expect("an id"));
        let group = world.groups[1].id.clone();
        let skill = json!({ "AttributeName": "Language", "AttributeValue": "German", "Level": 4 });
        for (what, body) in [
            ("identity-info", json!({ "IdentityInfo": { "FirstName": "Ada", "LastName": "King" } })),
            ("hierarchy", json!({ "HierarchyGroupId": group })),
            ("associate-proficiencies", json!({ "UserProficiencies": [skill] })),
        ] {
            let changed = call(&mut world, now(), Method::POST, &format!("{user}/{what}"), &body);
            assert_eq!(changed.answer.status, 200, "{what}");
        }
        let before: Vec<model::User> = world.everyone().cloned().collect();
        drop(world);

        let mut world =
            World::remembering(open_spec(), now() + Duration::from_secs(60), &file).expect("read");
        assert_eq!(world.everyone().cloned().collect::<Vec<_>>(), before);
        assert_eq!(world.proficiencies_of("ada"), [("Language".to_owned(), "German".to_owned(), 4.0)]);
        assert_eq!(list(&mut world, now()), ["ada", "grace"]);
        assert_eq!(code(&create(&mut world, "ada")).0, 409);
        let new = parsed(&create(&mut world, "gone"))["UserId"].clone();
        assert!(
            world.everyone().filter(|user| user.id == new).count() == 1
                && !gone.ends_with(new.as_str().unwrap())
        );
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(!text.contains("Analytical-1") && !text.contains("Password"), "{text}");
    }

    #[test]
    fn an_order_of_names_does_not_change_their_ids() {
        let mut turned = open_spec();
        turned.routing_profiles.reverse();
        turned.hierarchy.reverse();
        let (one, other) = (World::new(open_spec(), now()), World::new(turned, now()));
        for profile in &one.routing_profiles {
            assert!(other.routing_profiles.iter().any(|p| (&p.id, &p.name) == (&profile.id, &profile.name)));
        }
        assert_eq!(one.groups, other.groups);
    }

    #[test]
    fn the_groups_above_a_group_are_there_and_leaf_names_may_repeat() {
        let world = World::new(open_spec(), now());
        let paths: Vec<String> = world
            .groups
            .iter()
            .filter_map(|group| group.hierarchy_path.as_ref())
            .map(|path| path.levels().filter_map(|level| level.name.clone()).collect::<Vec<_>>().join("|"))
            .collect();
        for path in ["EMEA", "EMEA|Germany", "EMEA|Germany|Berlin|Support|Team A"] {
            assert_eq!(paths.iter().filter(|p| *p == path).count(), 1, "{path}");
        }
        assert!(world.groups.iter().filter(|group| group.name == "Team A").count() > 1);
        let ids: BTreeSet<&str> = world.groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(ids.len(), world.groups.len());
        assert_eq!(world.groups.iter().filter(|group| group.level_id == "0").count(), 1);
    }

    #[test]
    fn a_session_that_expires_stays_expired_and_the_next_one_goes_on() {
        let mut world = World::new(Spec { pace: Pace::UNLIMITED, ..Spec::default() }, now());
        let attempt = |world: &mut World, session: u64, username: &str| {
            let body = body(world, username).to_string();
            let request = Request {
                method: Method::PUT,
                target: format!("/users/{}", world.spec.instance_id),
                headers: HeaderMap::new(),
                body: body.into(),
            };
            let token = Some(session_token(session));
            code(&world.respond(now(), &signed(request, now(), SECRET_ACCESS_KEY, token, "connect")))
        };
        world.order([Fault::Pass, Fault::Expired]);
        assert_eq!(attempt(&mut world, 1, "a").0, 200);
        assert_eq!(attempt(&mut world, 1, "b"), (403, "ExpiredTokenException".into()));
        assert_eq!(attempt(&mut world, 1, "b"), (403, "ExpiredTokenException".into()));
        assert_eq!(attempt(&mut world, 2, "b").0, 200);
    }

    #[test]
    fn errors_come_in_every_shape_that_the_service_has() {
        let weather = Weather { odd_errors: 0.8, retry_after: 0.5, ..Weather::calm() };
        let mut world = World::new(Spec { weather, ..open_spec() }, now());
        world.order(vec![Fault::Throttle(ThrottleName::Throttling); 200]);
        let mut shapes = BTreeSet::new();
        for i in 0..200 {
            let reply = create(&mut world, &format!("u{i}"));
            assert_eq!(code(&reply), (429, "ThrottlingException".into()));
            let body = parsed(&reply);
            shapes.insert((
                reply.answer.headers.get("x-amzn-errortype").map(|v| v.to_str().expect("ASCII").to_owned()),
                body["message"].is_string(),
                body["Message"].is_string(),
                body["__type"].as_str().map(str::to_owned),
                reply.answer.headers.contains_key("x-amz-retry-after"),
            ));
        }
        assert_eq!(shapes.len(), 8, "four shapes, each with and without a time to wait: {shapes:#?}");
    }

    #[test]
    fn the_latency_is_every_answers() {
        let latency = Duration::from_millis(250);
        let mut world = World::new(Spec { latency, ..open_spec() }, now());
        assert_eq!(create(&mut world, "a").after, latency);
        assert_eq!(create(&mut world, "a").after, latency);
        assert_eq!(read(&mut world, now(), "/nothing").after, latency);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let mut world = World::new(open_spec(), now());
        let nobody = format!("/users/{}/nobody", world.spec.instance_id);
        for target in ["/instance/x", "/users-summary/x", "/routing-profiles-summary/x", &nobody] {
            assert_eq!(
                code(&read(&mut world, now(), target)),
                (404, "ResourceNotFoundException".into()),
                "{target}"
            );
        }
        assert_eq!(code(&read(&mut world, now(), "/elsewhere")), (404, "UnknownOperationException".into()));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_answered(
            method in proptest::sample::select(vec![Method::GET, Method::PUT, Method::POST, Method::DELETE]),
            path in "/(users|users-summary|tags|instance|search-users|search-user-hierarchy-groups|user-hierarchy-groups|routing-profiles-summary)?(/(I|A|U|config|identity-info|phone-config|hierarchy|routing-profile|security-profiles|proficiencies|[a-z%]{0,6})){0,3}",
            query in "(\\?((nextToken|maxResults)=[0-9a-f+/=%]{0,60}&?){0,2})?",
            body in "\\{(\"(Username|IdentityInfo|PhoneConfig|AutoAcceptConfigs|UserProficiencies|InstanceId|MaxResults|SearchCriteria|NextToken|tags|Tags|Password)\":(\"I\"|\"\"|[0-9-]{1,20}|\\{\\}|\\[\\]|null|\\{\"OrConditions\":\\[\\{\\}\\]\\}),?){0,4}\\}?",
            authorization in proptest::option::of("(AWS4-HMAC-SHA256 )?[A-Za-z=/;, 0-9]{0,80}"),
            signed in proptest::bool::ANY,
        ) {
            let mut world = World::new(Spec { signed, ..open_spec() }, now());
            let id = world.spec.instance_id.clone();
            world.plant(model::User { id: "u".into(), username: "ada".into(), ..Default::default() }, now());
            let path = path.replace("/U", "/u").replace("/I", &format!("/{id}")).replace("/A", &format!("/{}", world.spec.instance_arn().replace('/', "%2F")));
            let mut headers = HeaderMap::new();
            if let Some(text) = authorization {
                headers.insert("authorization", http::HeaderValue::from_str(&text).expect("a header"));
            }
            let body = Bytes::from(body.replace("\"I\"", &format!("{id:?}")));
            let reply = world.respond(now(), &Request { method, target: path + &query, headers, body });
            proptest::prop_assert_ne!(reply.answer.status.as_u16(), 500);
            proptest::prop_assert_eq!(reply.delivery, Delivery::Deliver);
            let stats = world.stats();
            for calls in stats.operations.values() {
                proptest::prop_assert_eq!(calls.called, calls.throttled + calls.refused + calls.executed);
            }
        }
    }

    #[test]
    fn a_user_signs_in_with_the_password_it_was_made_with_and_with_no_other() {
        let mut world = World::new(open_spec(), now());
        create(&mut world, "ada");
        let mut other = body(&world, "ada");
        other["Password"] = "Analytical-2".into();
        let target = format!("/users/{}", world.spec.instance_id);
        call(&mut world, now(), Method::PUT, &target, &other); // 409
        assert!(world.signs_in("ada", "Analytical-1"));
        assert!(!world.signs_in("ada", "Analytical-2") && !world.signs_in("Ada", "Analytical-1"));
    }

    #[test]
    fn no_answer_and_no_debug_of_a_world_shows_a_password() {
        let mut world = World::new(open_spec(), now());
        let mut request = body(&world, "ada");
        request["Password"] = "Canary-7f3a-Pw1".into();
        let target = format!("/users/{}", world.spec.instance_id);
        for _ in 0..2 {
            let reply = call(&mut world, now(), Method::PUT, &target, &request);
            assert!(!format!("{reply:?}").contains("Canary-7f3a"));
            assert!(!String::from_utf8_lossy(&reply.answer.body).contains("Canary-7f3a"));
        }
        assert!(!format!("{world:?}").contains("Canary-7f3a"));
    }
}
