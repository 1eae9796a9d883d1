//! Several instances behind one address, in one or more accounts and regions, and the roles that lead from one account
//! into another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

use super::operation::{Operation, Route};
use super::place::Place;
use super::signature::Gate;
use super::spec::Spec;
use super::sts::{self, ASSUME_ROLE, Sts, Trust};
use super::wire::{Reply, Request};
use super::world::{Calls, Stats, World};

/// Instances that one address serves, each a [`World`] with users, quota, weather and script of its own.
///
/// Whose a request is tells the access key that signed it, and where it goes the region that it is signed for. The instances
/// of one account and region are listed together, and share the token bucket of each operation; what is asked of no instance
/// (ListInstances, a quota of the account) meets the weather of the first of them. An instance of another account or region
/// is not there. With one instance alone, all is as [`World::respond`] has it.
///
/// Roles can be taken on with AssumeRole of the Security Token Service, at the same address: any name is one of a role in each
/// of the accounts, unless [`Cloud::trust`] says otherwise.
///
/// As with a world, time is passed in, and the same calls in the same order at the same times are answered the same.
#[derive(Debug)]
pub struct Cloud {
    seats: Vec<Seat>,
    /// Who answers for an account in a region where it has no instance: made when it is first asked.
    lobbies: Mutex<BTreeMap<(String, String), World>>,
    gate: Arc<Mutex<Gate>>,
    sts: Mutex<(Sts, Calls)>,
}

/// An instance, and what it is found by.
#[derive(Debug)]
struct Seat {
    at: (String, String),
    id: String,
    arn: String,
    alias: String,
    world: Mutex<World>,
}

/// What was asked of all instances together, and of each where there are several.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    #[serde(flatten)]
    all: Stats,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instances: Vec<OfInstance>,
}

#[derive(Debug, Serialize)]
struct OfInstance {
    arn: String,
    alias: String,
    #[serde(flatten)]
    stats: Stats,
}

impl From<World> for Cloud {
    fn from(world: World) -> Self {
        Self::new(world, [])
    }
}

impl Cloud {
    /// These instances. The first one's account is that of [`super::ACCESS_KEY_ID`]; in each account and region the first
    /// one's paces are those of all. Of two with one id the first is reached.
    pub fn new(first: World, others: impl IntoIterator<Item = World>) -> Self {
        let mut worlds: Vec<World> = std::iter::once(first).chain(others).collect();
        let accounts = worlds.iter().map(|world| world.spec().account.clone()).collect::<Vec<_>>();
        let gate = Arc::new(Mutex::new(Gate::of(accounts.iter().map(String::as_str))));
        let mut together: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, world) in worlds.iter().enumerate() {
            together.entry(place_of(world.spec())).or_default().push(index);
        }
        for indices in together.into_values() {
            let instances = indices.iter().map(|index| worlds[*index].instance()).collect();
            let spec = worlds[indices[0]].spec().clone();
            let place = Arc::new(Place::new(&spec, instances));
            for index in indices {
                worlds[index].set_paces(&spec);
                worlds[index].join(Arc::clone(&place), Arc::clone(&gate));
            }
        }
        let sts = Sts::of(accounts, worlds[0].spec().seed);
        Self {
            seats: worlds.into_iter().map(Seat::of).collect(),
            lobbies: Mutex::default(),
            gate,
            sts: Mutex::new((sts, Calls::default())),
        }
    }

    /// Answers a request, and says what becomes of the answer.
    pub fn respond(&self, now: SystemTime, request: &Request) -> Reply {
        if sts::is_asked(request) {
            return self.assume_role(now, request);
        }
        if self.seats.len() == 1 {
            return self.first().respond(now, request);
        }
        let Some(route) = Route::of(request) else { return self.first().respond(now, request) };
        let asked = route.instance(request);
        let is_asked =
            |seat: &&Seat| asked.as_ref().is_some_and(|asked| *asked == seat.id || *asked == seat.arn);
        let place = lock(&self.gate).place_of(request);
        let Some(place) = place.filter(|(_, region)| self.seats.iter().any(|seat| seat.at.1 == *region))
        else {
            // Nobody whom it knows, or a region that it does not serve: the instance says so as it would alone.
            let seat = self.seats.iter().find(is_asked).unwrap_or(&self.seats[0]);
            return lock(&seat.world).respond(now, request);
        };
        let mut own = self.seats.iter().filter(|seat| seat.at == place);
        if let Some(seat) = own.clone().find(is_asked) {
            return lock(&seat.world).respond(now, request);
        }
        let is_nowhere = asked.is_some() && route.operation != Operation::GetServiceQuota;
        let answer = |world: &mut World| {
            if is_nowhere { world.turn_away(now, &route, request) } else { world.respond(now, request) }
        };
        match own.next() {
            Some(front) => answer(&mut lock(&front.world)),
            None => {
                let mut lobbies = lock(&self.lobbies);
                answer(lobbies.entry(place).or_insert_with_key(|place| self.lobby(now, place)))
            }
        }
    }

    fn assume_role(&self, now: SystemTime, request: &Request) -> Reply {
        let mut sts = lock(&self.sts);
        let (sts, calls) = &mut *sts;
        let (mut reply, granted) = sts.respond(now, request, &mut lock(&self.gate));
        calls.called += 1;
        *(if granted { &mut calls.executed } else { &mut calls.refused }) += 1;
        reply.after = self.first().spec().latency;
        reply
    }

    /// Whoever answers for an account in a region where it has nothing.
    fn lobby(&self, now: SystemTime, (account, region): &(String, String)) -> World {
        let spec = Spec { account: account.clone(), region: region.clone(), ..Spec::default() };
        let place = Arc::new(Place::new(&spec, Vec::new()));
        let mut world = World::new(spec, now);
        world.join(place, Arc::clone(&self.gate));
        world
    }

    /// Whom the role of this ARN, or every role of this account that is not named itself, lets take it on from now on.
    pub fn trust(&self, role_or_account: &str, trust: Trust) {
        lock(&self.sts).0.set_trust(role_or_account, trust);
    }

    /// The first instance, locked: no request to it is answered while this is held.
    pub fn first(&self) -> MutexGuard<'_, World> {
        lock(&self.seats[0].world)
    }

    /// The instance of this alias, id or ARN, locked: no request to it is answered while this is held.
    pub fn world(&self, instance: &str) -> Option<MutexGuard<'_, World>> {
        let is_it = |seat: &&Seat| [&seat.alias, &seat.id, &seat.arn].iter().any(|name| *name == instance);
        self.seats.iter().find(is_it).map(|seat| lock(&seat.world))
    }

    /// What was asked so far, of all instances and of the Security Token Service; and the users in all of them.
    pub fn stats(&self) -> Stats {
        let (lobbies, roles) = (lock(&self.lobbies), lock(&self.sts).1);
        let of_seats = self.seats.iter().map(|seat| lock(&seat.world).stats());
        let mut all = Stats::default();
        for stats in of_seats.chain(lobbies.values().map(World::stats)) {
            all.add(&stats);
        }
        if roles.called > 0 {
            all.operations.insert(ASSUME_ROLE, roles);
        }
        all
    }

    /// The same, and of each instance where there are several.
    pub(super) fn told(&self) -> Told {
        let of = |seat: &Seat| {
            let stats = lock(&seat.world).stats();
            OfInstance { arn: seat.arn.clone(), alias: seat.alias.clone(), stats }
        };
        let several = self.seats.iter().filter(|_| self.seats.len() > 1);
        Told { all: self.stats(), instances: several.map(of).collect() }
    }
}

impl Seat {
    fn of(world: World) -> Self {
        let spec = world.spec();
        Self {
            at: place_of(spec),
            id: spec.instance_id.clone(),
            arn: spec.instance_arn(),
            alias: spec.alias.clone(),
            world: Mutex::new(world),
        }
    }
}

fn place_of(spec: &Spec) -> (String, String) {
    (spec.account.clone(), spec.region.clone())
}

/// What panicked while it was held is still the best witness there is of what happened before.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use aws_credential_types::Credentials;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};
    use serde_json::{Value, json};

    use super::{Cloud, Trust};
    use crate::simulator::signature::tests::signed_by;
    use crate::simulator::wire::Reply;
    use crate::simulator::{Fault, Operation, Pace, Request, Spec, Weather, World, keys_of, session_token};

    const ONE: &str = "111111111111";
    const OTHER: &str = "222222222222";
    const EU: &str = "eu-central-1";
    const US: &str = "us-east-1";

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_444_693)
    }

    fn after(seconds: u64) -> SystemTime {
        now() + Duration::from_secs(seconds)
    }

    /// Two instances in one account and region, one of the account elsewhere, one of another account.
    fn specs() -> [Spec; 4] {
        [(ONE, EU, "berlin"), (ONE, EU, "paris"), (ONE, US, "austin"), (OTHER, EU, "leeds")]
            .map(|(account, region, alias)| Spec::at(account, region, alias))
    }

    fn cloud_of(specs: [Spec; 4]) -> Cloud {
        let [first, others @ ..] = specs.map(|spec| World::new(spec, now()));
        Cloud::new(first, others)
    }

    fn cloud() -> Cloud {
        cloud_of(specs())
    }

    /// Whoever calls: their keys and the region that they sign for.
    struct Caller {
        keys: Credentials,
        region: &'static str,
    }

    fn user(account: &str, region: &'static str) -> Caller {
        let (id, secret) = keys_of(account);
        Caller { keys: Credentials::new(id, secret, None, None, "test"), region }
    }

    impl Caller {
        fn call(&self, cloud: &Cloud, at: SystemTime, method: Method, target: &str, body: &Value) -> Reply {
            let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
            let request = Request { method, target: target.into(), headers: HeaderMap::new(), body };
            cloud.respond(at, &signed_by(&self.keys, request, at, self.region, "connect"))
        }

        fn list(&self, cloud: &Cloud, at: SystemTime) -> Result<Vec<String>, (u16, String)> {
            let reply = self.call(cloud, at, Method::GET, "/instance", &Value::Null);
            let body = verdict(&reply)?;
            let listed = body["InstanceSummaryList"].as_array().expect("a list");
            Ok(listed.iter().map(|one| one["InstanceAlias"].as_str().expect("an alias").to_owned()).collect())
        }

        /// Creates a user in the instance of this alias.
        fn create(&self, cloud: &Cloud, at: SystemTime, alias: &str, name: &str) -> (u16, String) {
            let (target, body) = {
                let world = cloud.world(alias).expect("an instance");
                let target = format!("/users/{}", world.spec().instance_id);
                let body = json!({
                    "Username": name,
                    "Password": "Analytical-1",
                    "IdentityInfo": { "FirstName": "Ada", "LastName": "Byron" },
                    "SecurityProfileIds": [world.security_profiles[1].id],
                    "RoutingProfileId": world.routing_profiles[0].id,
                });
                (target, body)
            };
            match verdict(&self.call(cloud, at, Method::PUT, &target, &body)) {
                Ok(_) => (200, String::new()),
                Err(refused) => refused,
            }
        }

        fn quota(&self, cloud: &Cloud, code: &str, context: Option<&str>) -> Option<f64> {
            let mut body = json!({ "ServiceCode": "connect", "QuotaCode": code });
            if let Some(context) = context {
                body["ContextId"] = context.into();
            }
            let mut request = Request {
                method: Method::POST,
                target: "/".into(),
                headers: HeaderMap::new(),
                body: Bytes::from(body.to_string()),
            };
            let of = HeaderValue::from_static("ServiceQuotasV20190624.GetServiceQuota");
            request.headers.insert("x-amz-target", of);
            let request = signed_by(&self.keys, request, now(), self.region, "servicequotas");
            verdict(&cloud.respond(now(), &request)).ok()?["Quota"]["Value"].as_f64()
        }

        /// Asks for a role, and gives whoever has it, or the code and the message of the refusal.
        fn assume(
            &self,
            cloud: &Cloud,
            at: SystemTime,
            members: &[(&str, &str)],
        ) -> Result<Caller, (String, String)> {
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let fixed = [("Action", "AssumeRole"), ("Version", "2011-06-15")];
            let form: Vec<String> = fixed
                .iter()
                .chain(members)
                .map(|(name, value)| format!("{name}={}", encode(value)))
                .collect();
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            let body = Bytes::from(form.join("&"));
            let request = Request { method: Method::POST, target: "/".into(), headers, body };
            let reply = cloud.respond(at, &signed_by(&self.keys, request, at, self.region, "sts"));
            assert_eq!(reply.answer.headers["content-type"], "text/xml");
            let text = String::from_utf8(reply.answer.body.to_vec()).expect("text");
            let inner = |tag: &str| {
                let (_, rest) = text.split_once(&format!("<{tag}>"))?;
                Some(rest.split_once(&format!("</{tag}>"))?.0.to_owned())
            };
            if let Some(code) = inner("Code") {
                return Err((code, inner("Message").expect("a message")));
            }
            let keys =
                ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|tag| inner(tag).expect("a key"));
            let [id, secret, token] = keys;
            assert!(id.starts_with("ASIA") && id.len() == 20, "{id}");
            Ok(Caller { keys: Credentials::new(id, secret, Some(token), None, "role"), region: self.region })
        }

        fn with(&self, keys: Credentials) -> Caller {
            Caller { keys, region: self.region }
        }
    }

    /// The body, or the status and the code.
    fn verdict(reply: &Reply) -> Result<Value, (u16, String)> {
        let status = reply.answer.status.as_u16();
        if status == 200 {
            return Ok(serde_json::from_slice(&reply.answer.body).unwrap_or_default());
        }
        let code = reply.answer.headers.get("x-amzn-errortype").map(|code| code.to_str().expect("ASCII"));
        Err((status, code.unwrap_or_default().to_owned()))
    }

    fn code(status: u16, code: &str) -> (u16, String) {
        (status, code.to_owned())
    }

    fn role(account: &str) -> String {
        format!("arn:aws:iam::{account}:role/teams/Import")
    }

    #[test]
    fn callers_see_the_instances_of_their_own_account_and_region() {
        let cloud = cloud();
        for (account, region, there) in [
            (ONE, EU, vec!["berlin", "paris"]),
            (ONE, US, vec!["austin"]),
            (OTHER, EU, vec!["leeds"]),
            (OTHER, US, vec![]),
        ] {
            assert_eq!(
                user(account, region).list(&cloud, now()),
                Ok(there.iter().map(ToString::to_string).collect())
            );
        }
        let elsewhere = user(ONE, "ap-southeast-2").list(&cloud, now());
        assert_eq!(elsewhere, Err(code(403, "InvalidSignatureException")), "a region that nobody serves");
        let stranger = user("333333333333", EU).list(&cloud, now());
        assert_eq!(stranger, Err(code(403, "UnrecognizedClientException")));
    }

    #[test]
    fn an_instance_of_another_account_or_region_is_not_there() {
        let cloud = cloud();
        for (alias, account, region, own) in [
            ("berlin", ONE, EU, true),
            ("berlin", ONE, US, false),
            ("berlin", OTHER, EU, false),
            ("berlin", OTHER, US, false),
            ("leeds", ONE, EU, false),
            ("leeds", OTHER, EU, true),
        ] {
            let (id, arn) = {
                let world = cloud.world(alias).expect("an instance");
                (world.spec().instance_id.clone(), world.spec().instance_arn())
            };
            let caller = user(account, region);
            let encoded = arn.replace(':', "%3A").replace('/', "%2F");
            for target in [format!("/instance/{id}"), format!("/instance/{encoded}")] {
                let found = verdict(&caller.call(&cloud, now(), Method::GET, &target, &Value::Null));
                match found {
                    Ok(found) => {
                        assert!(own && found["Instance"]["InstanceAlias"] == alias, "{alias} {account}")
                    }
                    Err(refused) => {
                        assert_eq!((own, refused), (false, code(404, "ResourceNotFoundException")))
                    }
                }
            }
            let found =
                caller.call(&cloud, now(), Method::POST, "/search-users", &json!({ "InstanceId": id }));
            assert_eq!(verdict(&found).is_ok(), own, "{alias} by {account} in {region}");
            let tags = caller.call(
                &cloud,
                now(),
                Method::GET,
                &format!("/tags/{encoded}%2Fagent%2Fu"),
                &Value::Null,
            );
            assert_eq!(verdict(&tags), Err(code(404, "ResourceNotFoundException")));
        }
    }

    /// How many of ten at once are let in, of each of these.
    fn at_once(cloud: &Cloud, turns: &[(&Caller, &str)]) -> Vec<usize> {
        let mut let_in = vec![0; turns.len()];
        for round in 0..10 {
            for (turn, (caller, alias)) in turns.iter().enumerate() {
                let answer = caller.create(cloud, now(), alias, &format!("u{round}"));
                let_in[turn] += usize::from(answer.0 == 200);
                assert!(
                    [code(200, ""), code(429, "TooManyRequestsException")].contains(&answer),
                    "{answer:?}"
                );
            }
        }
        let_in
    }

    #[test]
    fn the_instances_of_one_account_and_region_share_a_bucket_and_others_have_their_own() {
        let cloud = cloud();
        let (one, us, other) = (user(ONE, EU), user(ONE, US), user(OTHER, EU));
        let turns = [(&one, "berlin"), (&one, "paris"), (&us, "austin"), (&other, "leeds")];
        assert_eq!(
            at_once(&cloud, &turns),
            [3, 2, 5, 5],
            "a burst of five each, one of them for two instances"
        );
        // Two a second, for both.
        assert_eq!(one.create(&cloud, after(1), "paris", "a").0, 200);
        assert_eq!(one.create(&cloud, after(1), "berlin", "a").0, 200);
        assert_eq!(one.create(&cloud, after(1), "paris", "b").0, 429);
        // Another operation has a bucket of its own.
        assert!(one.list(&cloud, after(1)).is_ok());
    }

    #[test]
    fn the_paces_of_an_account_are_those_of_its_first_instance() {
        let mut specs = specs();
        specs[0].paces.insert(Operation::CreateUser, Pace::per_second(4.0, 7.0));
        specs[1].paces.insert(Operation::CreateUser, Pace::UNLIMITED);
        let cloud = cloud_of(specs);
        let one = user(ONE, EU);
        assert_eq!(at_once(&cloud, &[(&one, "paris")]), [7]);
        let arn = |alias: &str| cloud.world(alias).expect("an instance").spec().instance_arn();
        for context in [None, Some(arn("berlin")), Some(arn("paris"))] {
            assert_eq!(one.quota(&cloud, "L-CBDEE3E4", context.as_deref()), Some(4.0));
        }
        cloud.world("paris").expect("an instance").set_pace(now(), Operation::CreateUser, Pace::UNLIMITED);
        assert_eq!(at_once(&cloud, &[(&one, "berlin")]), [10], "a pace that changes is both instances'");
    }

    #[test]
    fn quotas_are_the_accounts_and_of_users_the_instances() {
        let mut specs = specs();
        specs[1].users_quota = 2;
        specs[3].paces.insert(Operation::CreateUser, Pace::per_second(9.0, 9.0));
        let cloud = cloud_of(specs);
        let arn = |alias: &str| cloud.world(alias).expect("an instance").spec().instance_arn();
        let (one, other) = (user(ONE, EU), user(OTHER, EU));
        for (caller, code, context, value) in [
            (&one, "L-CBDEE3E4", None, Some(2.0)),
            (&other, "L-CBDEE3E4", None, Some(9.0)),
            (&one, "L-9A46857E", Some("berlin"), Some(500.0)),
            (&one, "L-9A46857E", Some("paris"), Some(2.0)),
            (&one, "L-9A46857E", Some("leeds"), None),
            (&user(OTHER, US), "L-9A46857E", Some("leeds"), None),
        ] {
            assert_eq!(caller.quota(&cloud, code, context.map(arn).as_deref()), value, "{code} {context:?}");
        }
        let names = ["a", "b", "c"];
        let answers = names.map(|name| one.create(&cloud, now(), "paris", name));
        assert_eq!(answers[2], code(429, "LimitExceededException"));
        assert_eq!(one.create(&cloud, now(), "berlin", "c").0, 200, "the other one has room");
    }

    #[test]
    fn what_befalls_one_instance_leaves_the_others_alone() {
        let mut specs = specs().map(|spec| Spec { pace: Pace::UNLIMITED, ..spec });
        specs[1].users_quota = 0;
        specs[2].denied.insert(Operation::CreateUser);
        let cloud = cloud_of(specs);
        let failing = Weather {
            creates: crate::simulator::Odds { error_before: 1.0, ..crate::simulator::Odds::NONE },
            ..Weather::calm()
        };
        cloud.world("leeds").expect("an instance").set_weather(failing);
        let (one, us, other) = (user(ONE, EU), user(ONE, US), user(OTHER, EU));
        cloud.world("berlin").expect("an instance").order([Fault::Pass, Fault::DropAfter, Fault::Pass]);
        for name in ["a", "b"] {
            assert_eq!(other.create(&cloud, now(), "leeds", name), code(500, "InternalServiceException"));
            assert_eq!(us.create(&cloud, now(), "austin", name), code(403, "AccessDeniedException"));
            assert_eq!(one.create(&cloud, now(), "paris", name), code(429, "LimitExceededException"));
            // Whoever asks for it elsewhere uses nothing up of what is ordered for it.
            assert_eq!(other.create(&cloud, now(), "berlin", name), code(404, "ResourceNotFoundException"));
            assert_eq!(one.create(&cloud, now(), "berlin", name).0, 200);
        }
        let of = |alias: &str| cloud.world(alias).expect("an instance").stats();
        let lost = of("berlin").of(Operation::CreateUser).lost;
        assert_eq!((of("berlin").users, of("paris").users, lost), (2, 0, 1));
        let all = cloud.stats();
        assert_eq!((all.users, all.of(Operation::CreateUser).called), (2, 10));
        let told = serde_json::to_value(cloud.told()).expect("JSON");
        assert_eq!(told["operations"]["CreateUser"]["executed"], 2);
        assert_eq!(told["instances"][0]["alias"], "berlin");
        assert_eq!(told["instances"][2]["operations"]["CreateUser"]["refused"], 2);
    }

    #[test]
    fn one_alone_is_as_it_is_without_a_cloud() {
        let run = |answer: &mut dyn FnMut(&Request) -> Reply| {
            (0..200)
                .map(|n| {
                    let target = if n % 7 == 0 { "/instance/nobodys" } else { "/instance" };
                    let request = Request {
                        method: Method::GET,
                        target: target.into(),
                        headers: HeaderMap::new(),
                        body: Bytes::new(),
                    };
                    let keys = user(ONE, EU).keys;
                    let region = if n % 11 == 0 { US } else { EU };
                    format!("{:?}", answer(&signed_by(&keys, request, now(), region, "connect")))
                })
                .collect::<Vec<_>>()
        };
        let spec = || Spec {
            weather: Weather::rough(),
            seed: 7,
            pace: Pace::UNLIMITED,
            ..Spec::at(ONE, EU, "berlin")
        };
        let mut world = World::new(spec(), now());
        let cloud = Cloud::from(World::new(spec(), now()));
        assert_eq!(
            run(&mut |request| world.respond(now(), request)),
            run(&mut |request| cloud.respond(now(), request))
        );
        let told = serde_json::to_value(cloud.told()).expect("JSON");
        assert_eq!(told, serde_json::to_value(world.stats()).expect("JSON"));
    }

    #[test]
    fn the_same_calls_are_answered_the_same() {
        let run = || {
            let cloud = cloud_of(specs().map(|spec| Spec { weather: Weather::rough(), seed: 3, ..spec }));
            let (one, other) = (user(ONE, EU), user(OTHER, EU));
            (0..60)
                .map(|n| {
                    let at = after(n / 2);
                    let role =
                        one.assume(&cloud, at, &[("RoleArn", &role(OTHER)), ("RoleSessionName", "me")]);
                    let role = role.map(|caller| caller.keys.access_key_id().to_owned()).ok();
                    let (turn, alias) = if n % 2 == 0 { (&one, "paris") } else { (&other, "leeds") };
                    (role, turn.create(&cloud, at, alias, &format!("u{n}")))
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn a_role_is_of_the_account_in_its_arn() {
        let cloud = cloud();
        let (one, arn) = (user(ONE, EU), role(OTHER));
        let taken = one.assume(&cloud, now(), &[("RoleArn", &arn), ("RoleSessionName", "headcount")]);
        let taken = taken.expect("a role");
        assert_eq!(taken.list(&cloud, now()), Ok(vec!["leeds".to_owned()]));
        assert_eq!(taken.create(&cloud, now(), "leeds", "ada").0, 200);
        assert_eq!(taken.create(&cloud, now(), "berlin", "ada"), code(404, "ResourceNotFoundException"));
        // Who is told that they may not is named as the role's session.
        cloud.world("leeds").expect("an instance").deny(Operation::CreateUser);
        let target = format!("/users/{}", cloud.world("leeds").expect("an instance").spec().instance_id);
        let reply = taken.call(&cloud, now(), Method::PUT, &target, &json!({}));
        let said = String::from_utf8_lossy(&reply.answer.body).into_owned();
        let who = format!("User: arn:aws:sts::{OTHER}:assumed-role/Import/headcount is not authorized");
        assert!(said.contains(&who), "{said}");
        let stats = cloud.stats();
        assert_eq!(stats.operations["AssumeRole"].executed, 1);
    }

    #[test]
    fn a_roles_keys_go_with_their_token_alone_and_end_when_they_say() {
        let cloud = cloud();
        let one = user(ONE, EU);
        let members =
            [("RoleArn", role(OTHER)), ("RoleSessionName", "me".into()), ("DurationSeconds", "900".into())];
        let members = members.each_ref().map(|(name, value)| (*name, value.as_str()));
        let taken = one.assume(&cloud, now(), &members).expect("a role");
        let keys = &taken.keys;
        for token in [None, Some(session_token(1)), Some("another".into())] {
            let others =
                Credentials::new(keys.access_key_id(), keys.secret_access_key(), token, None, "test");
            let answer = taken.with(others).list(&cloud, now());
            assert_eq!(answer, Err(code(403, "UnrecognizedClientException")));
        }
        let token = keys.session_token().map(str::to_owned);
        let forged = Credentials::new(keys.access_key_id(), "another secret", token, None, "test");
        assert_eq!(taken.with(forged).list(&cloud, now()), Err(code(403, "InvalidSignatureException")));
        assert!(taken.list(&cloud, after(899)).is_ok());
        assert_eq!(taken.list(&cloud, after(900)), Err(code(403, "ExpiredTokenException")));
        let again = taken.assume(&cloud, after(900), &members).err().expect("refused");
        assert_eq!(again.0, "ExpiredToken");
    }

    #[test]
    fn an_account_or_a_role_says_whom_it_trusts() {
        let cloud = cloud();
        let one = user(ONE, EU);
        let special = format!("arn:aws:iam::{OTHER}:role/Special");
        cloud.trust(OTHER, Trust { external_id: Some("sesame".into()), ..Trust::default() });
        cloud.trust(&special, Trust { denied: true, ..Trust::default() });
        let nowhere = role("333333333333");
        for (arn, external, is_let) in [
            (&role(OTHER), None, false),
            (&role(OTHER), Some("Sesame"), false),
            (&role(OTHER), Some("sesame"), true),
            (&special, Some("sesame"), false),
            (&role(ONE), None, true),
            (&role(ONE), Some("whatever"), true),
            (&nowhere, None, false),
        ] {
            let mut members = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "me")];
            members.extend(external.map(|id| ("ExternalId", id)));
            match one.assume(&cloud, now(), &members) {
                Ok(_) => assert!(is_let, "{arn} {external:?}"),
                Err(refused) => {
                    let message = format!(
                        "User: arn:aws:iam::{ONE}:user/simulated is not authorized to perform: sts:AssumeRole on resource: {arn}"
                    );
                    assert_eq!((is_let, refused), (false, ("AccessDenied".into(), message)));
                }
            }
        }
    }

    #[test]
    fn a_session_is_as_long_as_the_role_and_the_chain_allow() {
        let cloud = cloud();
        let one = user(ONE, EU);
        cloud.trust(OTHER, Trust { longest: Duration::from_secs(7200), ..Trust::default() });
        let ask = |caller: &Caller, account: &str, seconds: &str| {
            let arn = role(account);
            let members = [("RoleArn", &*arn), ("RoleSessionName", "me"), ("DurationSeconds", seconds)];
            caller
                .assume(&cloud, now(), &members)
                .map_err(|(code, message)| (code, message.contains("1 hour session limit")))
        };
        let refused = |of_chain: bool| Some(("ValidationError".to_owned(), of_chain));
        assert_eq!(ask(&one, ONE, "3601").err(), refused(false), "an hour, where nobody said more");
        assert_eq!(ask(&one, OTHER, "7201").err(), refused(false));
        let taken = ask(&one, OTHER, "7200").expect("two hours");
        assert!(taken.list(&cloud, after(7199)).is_ok());
        assert_eq!(ask(&taken, OTHER, "3601").err(), refused(true));
        assert!(ask(&taken, ONE, "3600").is_ok());
    }

    #[test]
    fn what_is_no_good_request_for_a_role_is_told_in_the_words_of_the_service() {
        let cloud = cloud();
        let one = user(ONE, EU);
        let (arn, long) = (role(OTHER), "x".repeat(65));
        let name = ("RoleSessionName", "me");
        for (members, code, says) in [
            (vec![name], "ValidationError", "Value null at &#39;roleArn&#39;"),
            (
                vec![("RoleArn", "arn:aws:iam::1:role/x"), name],
                "ValidationError",
                "arn:aws:iam::1:role/x is invalid",
            ),
            (vec![("RoleArn", &*arn)], "ValidationError", "roleSessionName"),
            (vec![("RoleArn", &*arn), ("RoleSessionName", "a b")], "ValidationError", "[\\w+=,.@-]*"),
            (vec![("RoleArn", &*arn), ("RoleSessionName", "<é>")], "ValidationError", "&#60;é&#62;"),
            (
                vec![("RoleArn", &*arn), ("RoleSessionName", "a")],
                "ValidationError",
                "greater than or equal to 2",
            ),
            (
                vec![("RoleArn", &*arn), ("RoleSessionName", &*long)],
                "ValidationError",
                "less than or equal to 64",
            ),
            (vec![("RoleArn", &*arn), name, ("ExternalId", "a b")], "ValidationError", "externalId"),
            (vec![("RoleArn", &*arn), name, ("DurationSeconds", "899")], "ValidationError", "900"),
            (vec![("RoleArn", &*arn), name, ("DurationSeconds", "43201")], "ValidationError", "43200"),
            (vec![("Action", "GetCallerIdentity")], "InvalidAction", "GetCallerIdentity"),
        ] {
            let (found, message) = one.assume(&cloud, now(), &members).err().expect("refused");
            assert_eq!(found, code, "{members:?}");
            assert!(message.contains(says), "{members:?}: {message}");
        }
        let stranger = user("333333333333", EU).assume(&cloud, now(), &[("RoleArn", &arn), name]);
        assert_eq!(stranger.err().map(|(code, _)| code).as_deref(), Some("InvalidClientTokenId"));
        let forged = one.with(Credentials::new(keys_of(ONE).0, "another secret", None, None, "test"));
        let forged = forged.assume(&cloud, now(), &[("RoleArn", &arn), name]);
        assert_eq!(forged.err().map(|(code, _)| code).as_deref(), Some("SignatureDoesNotMatch"));
        let stats = cloud.stats().operations["AssumeRole"];
        assert_eq!((stats.called, stats.refused, stats.executed), (13, 13, 0));
    }

    proptest::proptest! {
        // Each makes four instances.
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_asked_of_several_is_answered(
            method in proptest::sample::select(vec![Method::GET, Method::PUT, Method::POST, Method::DELETE]),
            path in "/(users|users-summary|tags|instance|search-users)?(/(B|A|U|[a-z%]{0,6})){0,3}",
            body in "\\{?(\"(InstanceId|ContextId|Username)\":(\"B\"|\"\"|1|null),?){0,2}\\}?|((Action|Version|RoleArn|RoleSessionName|ExternalId|DurationSeconds)=[a-zA-Z0-9%:/+-]{0,40}&?){0,5}",
            is_form in proptest::bool::ANY,
            signer in proptest::sample::select(vec![None, Some((ONE, EU)), Some((OTHER, US)), Some((OTHER, "x"))]),
        ) {
            let cloud = cloud();
            let (id, arn) = {
                let world = cloud.world("berlin").expect("an instance");
                (world.spec().instance_id.clone(), world.spec().instance_arn().replace('/', "%2F"))
            };
            let target = path.replace("/B", &format!("/{id}")).replace("/A", &format!("/{arn}"));
            let mut headers = HeaderMap::new();
            if is_form {
                headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            }
            let body = Bytes::from(body.replace("\"B\"", &format!("{id:?}")));
            let mut request = Request { method, target, headers, body };
            if let Some((account, region)) = signer {
                let service = if is_form { "sts" } else { "connect" };
                request = signed_by(&user(account, region).keys, request, now(), region, service);
            }
            let reply = cloud.respond(now(), &request);
            proptest::prop_assert_ne!(reply.answer.status.as_u16(), 500);
            for calls in cloud.stats().operations.values() {
                proptest::prop_assert_eq!(calls.called, calls.throttled + calls.refused + calls.executed);
            }
        }
    }
}
