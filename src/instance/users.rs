//! Reads users themselves: everybody as a search shows them, and some of them as they are.
//!
//! A search shows five hundred a call, and not all of anybody: no addresses, no proficiencies, and after-contact work in a
//! unit that is not said for all of it. What it leaves out is one call a user, and another for proficiencies, each
//! operation in a pace of its own.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};

use super::fetch::{BETWEEN, FetchError, READINGS};
use super::proficiencies;
use crate::clock;
use crate::connect::model::{Page, User, UserProficiency};
use crate::connect::{CallError, Operation};
use crate::error::Failure;
use crate::exit::Exit;
use crate::lane::listing::{self, Guard};
use crate::lane::verdict::{Verdict, is_not_permitted, verdict_of_error};
use crate::lane::{Lane, reads};
use crate::stop::Switch;
use crate::text::{count, grouped};
use crate::waits::WaitFor;

/// Is told each page: its users, and of how many the service says that there are about so many in all.
pub(crate) type Pages<'p> = dyn FnMut(Vec<User>, Option<u64>) + Send + 'p;

/// Reads everybody as SearchUsers shows them, page by page; nobody is told twice. Whoever was made a moment ago may be
/// missing, for a search can be minutes behind.
///
/// There are no addresses. Of after-contact work there is the one limit of a user who has none per channel, in seconds:
/// the model says of that one that it comes in milliseconds, and of those per channel it says nothing. It may be shown to
/// people, and is not to be compared.
///
/// # Errors
/// A page cannot be read, or the pages cannot be believed, also when they are read once more from their beginning.
pub(crate) async fn pages(lane: &Lane, instance: &str, each: &mut Pages<'_>) -> Result<(), FetchError> {
    let (mut told, mut readings) = (HashSet::new(), 1);
    loop {
        match pages_once(lane, instance, &mut told, each).await {
            // Whoever was deleted and made anew meanwhile is two in it.
            Err(FetchError::Listing(broken)) if broken.may_pass() && readings < READINGS => {
                clock::sleep(BETWEEN * readings).await;
                readings += 1;
            }
            read => return read,
        }
    }
}

async fn pages_once(
    lane: &Lane,
    instance: &str,
    told: &mut HashSet<u64>,
    each: &mut Pages<'_>,
) -> Result<(), FetchError> {
    let operation = Operation::SearchUsers;
    let (mut token, mut guard, mut total) = (None::<String>, Guard::of(operation), None);
    let words = |guard: &Guard, total: Option<u64>| match total {
        Some(total) => {
            format!("{} of about {} found so far", grouped(guard.entries() as u64), count(total, "user"))
        }
        None => listing::progress(operation, guard.pages(), guard.entries()),
    };
    let waiting = lane.waits().on(WaitFor::Pages, words(&guard, total), None);
    loop {
        let reply = reads::read(lane, operation, || async {
            let found = lane.client().search_all_users(instance, token.as_deref()).await?.value;
            let page = Page { items: found.users, next_token: found.next_token };
            listing::sound(operation, &page)?;
            Ok((page, found.approximate_total))
        });
        let (page, about) = reply.await.map_err(|error| FetchError::Call { operation, error })?;
        let next = guard.turn(&page)?;
        total = about.or(total);
        waiting.is(words(&guard, total), None);
        // By a hash, for there may be a million: the same user again is whoever moved along when another came or went.
        let new = page.items.into_iter().filter(|user| told.insert(hashed(&user.id)));
        each(new.map(in_seconds).collect(), total);
        match next {
            None => return Ok(()),
            next => token = next,
        }
    }
}

fn hashed(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A user with the one limit of after-contact work in seconds, and without any where that cannot be told for sure.
fn in_seconds(mut user: User) -> User {
    let per_channel = std::mem::take(&mut user.after_contact_work_configs);
    if let Some(phone) = &mut user.phone_config {
        let seconds = phone.after_contact_work_time_limit.filter(|limit| limit % 1000 == 0);
        // Beside limits per channel it may be that of voice alone.
        phone.after_contact_work_time_limit =
            seconds.filter(|_| per_channel.is_empty()).map(|limit| limit / 1000);
    }
    user
}

/// Somebody who is to be read, and what of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whom {
    /// The id, as it was listed.
    pub(crate) id: String,
    /// The exact username that was listed with it.
    pub(crate) name: String,
    /// Whether to describe them.
    pub(crate) user: bool,
    /// Whether to list their proficiencies.
    pub(crate) proficiencies: bool,
}

/// What was read of somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Read {
    /// As DescribeUser shows them, where that was asked.
    pub(crate) user: Option<User>,
    /// What ListUserProficiencies lists, where that was asked and is permitted.
    pub(crate) proficiencies: Option<Vec<UserProficiency>>,
}

/// How far many were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// How many were read.
    pub(crate) read: u64,
    /// How many are not there any more.
    pub(crate) gone: u64,
    /// Whether all were asked for: not where it was stopped before.
    pub(crate) is_whole: bool,
    /// Whether proficiencies may not be listed by the caller: then nobody has any here.
    pub(crate) may_not_list: bool,
}

/// Takes what was read of somebody; `None` where they are not there any more. What it fails with ends the reading.
pub(crate) type Taker<'t> = dyn FnMut(Whom, Option<Read>) -> Result<(), Failure> + Send + 't;

/// So many are read at once at most: at ten calls a second an answer may take six seconds, and at a hundred half of one.
const UNDER_WAY: usize = 64;

/// Reads these as DescribeUser and ListUserProficiencies show them, many at once, each operation in its own pace, and hands
/// them on in whatever order they come. Asked to stop, what is under way is let go, for reading again costs nothing.
///
/// # Errors
/// Somebody cannot be read who is there, or `take` fails. That proficiencies may not be listed is none.
pub(crate) async fn described(
    lane: &Arc<Lane>,
    instance: &str,
    whom: Vec<Whom>,
    stop: &Switch,
    take: &mut Taker<'_>,
) -> Result<Progress, Failure> {
    let mut progress = Progress::default();
    let mut left = Left::of(&whom);
    if left.people == 0 {
        return Ok(Progress { is_whole: true, ..progress });
    }
    let reader = Arc::new(Reader {
        lane: Arc::clone(lane),
        instance: instance.to_owned(),
        may_not_list: AtomicBool::new(false),
    });
    let waiting = lane.waits().on(WaitFor::Pages, left.words(0), left.until(lane));
    let (mut under_way, mut whom) = (JoinSet::new(), whom.into_iter());
    loop {
        while under_way.len() < UNDER_WAY
            && let Some(next) = whom.next()
        {
            under_way.spawn(Arc::clone(&reader).read(next));
        }
        let Some(next) = stop.unless_stopped(under_way.join_next()).await else { break };
        let Some(ended) = next else {
            progress.is_whole = true;
            break;
        };
        let (whom, read) = ended.map_err(panicked)?;
        let read = read?;
        left.is_done(&whom);
        match read.is_some() {
            true => progress.read += 1,
            false => progress.gone += 1,
        }
        waiting.is(left.words(progress.read + progress.gone), left.until(lane));
        take(whom, read)?;
    }
    progress.may_not_list = reader.may_not_list.load(Ordering::Relaxed);
    Ok(progress)
}

/// A panic there is a bug, and ends the reading as one.
fn panicked(error: JoinError) -> Failure {
    Failure::new(Exit::Bug, "the reading of a user ended in a panic").because(error)
}

/// How many calls are left to make.
struct Left {
    all: u64,
    people: u64,
    describe: u64,
    list: u64,
}

impl Left {
    fn of(whom: &[Whom]) -> Self {
        let number = |counts: fn(&Whom) -> bool| whom.iter().filter(|whom| counts(whom)).count() as u64;
        let people = whom.len() as u64;
        Self {
            all: people,
            people,
            describe: number(|whom| whom.user),
            list: number(|whom| whom.proficiencies),
        }
    }

    fn is_done(&mut self, whom: &Whom) {
        self.people -= 1;
        self.describe -= u64::from(whom.user);
        self.list -= u64::from(whom.proficiencies);
    }

    fn words(&self, done: u64) -> String {
        format!("{} of {} read so far", grouped(done), count(self.all, "user"))
    }

    /// When all will have been asked for, by the slower of the two paces.
    fn until(&self, lane: &Lane) -> Option<clock::Moment> {
        let takes = |calls: u64, operation| calls as f64 / lane.pace(operation).rate();
        let describing = takes(self.describe, Operation::DescribeUser);
        let listing = takes(self.list, Operation::ListUserProficiencies);
        let takes = Duration::try_from_secs_f64(describing.max(listing)).ok()?;
        Some(lane.moment() + takes)
    }
}

/// Reads one user at a time, for as many as ask at once.
struct Reader {
    lane: Arc<Lane>,
    instance: String,
    may_not_list: AtomicBool,
}

/// Why there is nothing of a user.
enum Without {
    /// It is not there any more.
    Gone,
    Failed(FetchError),
}

impl Reader {
    async fn read(self: Arc<Self>, whom: Whom) -> (Whom, Result<Option<Read>, FetchError>) {
        let read = tokio::try_join!(self.describe(&whom), self.list(&whom));
        let read = match read {
            Ok((user, proficiencies)) => Ok(Some(Read { user, proficiencies })),
            Err(Without::Gone) => Ok(None),
            Err(Without::Failed(error)) => Err(error),
        };
        (whom, read)
    }

    async fn describe(&self, whom: &Whom) -> Result<Option<User>, Without> {
        if !whom.user {
            return Ok(None);
        }
        let (lane, operation) = (&self.lane, Operation::DescribeUser);
        let describe = || async {
            let user = lane.client().describe_user(&self.instance, &whom.id).await?.value;
            listing::is_named(&whom.name, &user)?;
            Ok(user)
        };
        let described = reads::read(lane, operation, describe).await;
        described.map(Some).map_err(|error| without(operation, error))
    }

    async fn list(&self, whom: &Whom) -> Result<Option<Vec<UserProficiency>>, Without> {
        if !whom.proficiencies || self.may_not_list.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match proficiencies::of_user(&self.lane, &self.instance, &whom.id).await {
            Ok(all) => Ok(Some(all)),
            Err(error) if is_not_permitted(&error) => {
                self.may_not_list.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(without(Operation::ListUserProficiencies, error)),
        }
    }
}

fn without(operation: Operation, error: CallError) -> Without {
    match verdict_of_error(operation, &error) {
        // The instance is there: it was read before.
        Verdict::NotFound => Without::Gone,
        _ => Without::Failed(FetchError::Call { operation, error }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::clock::SteadyClock;
    use crate::connect::model::{
        AfterContactWorkConfig, AfterContactWorkConfigPerChannel, IdentityInfo, PhoneConfig,
    };
    use crate::connect::{Client, Credentials, Environment, Target};
    use crate::simulator::Operation as Asked;
    use crate::simulator::{ACCESS_KEY_ID, InProcess, Pace, SECRET_ACCESS_KEY, Spec, World};
    use crate::stop::Stop;

    fn user(number: usize) -> User {
        let limit = Some(30);
        let own = AfterContactWorkConfig { after_contact_work_time_limit: Some(60) };
        let per_channel = AfterContactWorkConfigPerChannel {
            channel: "CHAT".into(),
            after_contact_work_config: own,
            agent_first_callback_after_contact_work_config: None,
        };
        User {
            id: format!("u-{number}"),
            username: format!("user{number}"),
            identity_info: Some(IdentityInfo {
                first_name: Some("Ana".into()),
                last_name: Some("Silva".into()),
                email: Some("ana@example.com".into()),
                ..IdentityInfo::default()
            }),
            phone_config: Some(PhoneConfig {
                after_contact_work_time_limit: limit,
                ..PhoneConfig::default()
            }),
            after_contact_work_configs: if number == 1 { vec![per_channel] } else { Vec::new() },
            ..User::default()
        }
    }

    fn spec(users: usize) -> Spec {
        Spec { users: (0..users).map(user).collect(), pace: Pace::UNLIMITED, ..Spec::default() }
    }

    /// A lane to an instance of this description, its id, and the instance itself.
    fn reaching(spec: Spec) -> (Arc<Lane>, String, InProcess) {
        let clock = Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let (arn, id) = (spec.instance_arn(), spec.instance_id.clone());
        let world = World::new(spec, clock::Clock::now(&*clock));
        let transport = InProcess::new(world, clock.clone(), Duration::from_secs(30));
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        let target = Target::resolve(&arn, None, None, &environment).unwrap();
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let client = Client::over(Arc::new(transport.clone()), &target, credentials, clock);
        (Arc::new(Lane::new(client, Arc::default())), id, transport)
    }

    fn whom(id: usize) -> Whom {
        let (id, name) = (format!("u-{id}"), format!("user{id}"));
        Whom { id, name, user: true, proficiencies: true }
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_is_shown_once_with_the_one_limit_in_seconds() {
        let (lane, instance, world) = reaching(spec(1203));
        let (mut all, mut totals) = (Vec::new(), Vec::new());
        let mut each = |users: Vec<User>, total: Option<u64>| {
            all.extend(users);
            totals.push(total);
        };
        pages(&lane, &instance, &mut each).await.unwrap();
        assert_eq!(totals, [Some(1203); 3]);
        let names: HashSet<&str> = all.iter().map(|user| user.username.as_str()).collect();
        assert_eq!((all.len(), names.len()), (1203, 1203));
        assert_eq!(world.world().stats().of(Asked::SearchUsers).executed, 3, "five hundred a call");
        for user in &all {
            let phone = user.phone_config.as_ref().unwrap();
            let is_of_channels = user.username == "user1";
            let seconds = (!is_of_channels).then_some(30);
            assert_eq!(phone.after_contact_work_time_limit, seconds, "{}", user.username);
            assert!(user.after_contact_work_configs.is_empty());
            assert_eq!(user.identity_info.as_ref().unwrap().email, None, "a search has no addresses");
        }
    }

    #[test]
    fn a_limit_that_is_no_whole_number_of_seconds_is_not_told() {
        for (shown, told) in [(0, Some(0)), (30_000, Some(30)), (30, None), (1500, None)] {
            let phone = PhoneConfig { after_contact_work_time_limit: Some(shown), ..PhoneConfig::default() };
            let user = in_seconds(User { phone_config: Some(phone), ..User::default() });
            assert_eq!(user.phone_config.unwrap().after_contact_work_time_limit, told, "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_read_by_a_call_an_operation_and_who_is_gone_is_counted() {
        let (lane, instance, world) = reaching(spec(150));
        let mut read = Vec::new();
        let mut take = |whom: Whom, found: Option<super::Read>| {
            read.push((whom.name, found));
            Ok(())
        };
        let all: Vec<Whom> = (0..170).map(whom).collect();
        let progress = described(&lane, &instance, all, &Switch::default(), &mut take).await.unwrap();
        assert_eq!(progress, Progress { read: 150, gone: 20, is_whole: true, may_not_list: false });
        assert_eq!(read.len(), 170);
        for (name, found) in read {
            let Some(found) = found else { continue };
            assert_eq!(found.proficiencies, Some(Vec::new()));
            let user = found.user.unwrap();
            assert_eq!(user.username, name);
            assert_eq!(user.identity_info.unwrap().email.as_deref(), Some("ana@example.com"));
        }
        let stats = world.world().stats();
        assert_eq!(stats.of(Asked::DescribeUser).executed, 150);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_asked_of_somebody_is_not_read() {
        let (lane, instance, world) = reaching(spec(2));
        let all = vec![Whom { user: false, ..whom(0) }, Whom { proficiencies: false, ..whom(1) }];
        let mut read = Vec::new();
        let mut take = |whom: Whom, found: Option<super::Read>| {
            let found = found.unwrap();
            read.push((whom.name, found.user.is_some(), found.proficiencies.is_some()));
            Ok(())
        };
        described(&lane, &instance, all, &Switch::default(), &mut take).await.unwrap();
        read.sort();
        assert_eq!(read, [("user0".into(), false, true), ("user1".into(), true, false)]);
        let stats = world.world().stats();
        assert_eq!(
            (stats.of(Asked::DescribeUser).called, stats.of(Asked::ListUserProficiencies).called),
            (1, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_may_not_list_proficiencies_reads_the_rest() {
        let spec = Spec { denied: [Asked::ListUserProficiencies].into(), ..spec(200) };
        let (lane, instance, world) = reaching(spec);
        let mut take = |_, found: Option<super::Read>| {
            assert!(found.is_some_and(|found| found.user.is_some() && found.proficiencies.is_none()));
            Ok(())
        };
        let all = (0..200).map(whom).collect();
        let progress = described(&lane, &instance, all, &Switch::default(), &mut take).await.unwrap();
        assert_eq!(progress, Progress { read: 200, gone: 0, is_whole: true, may_not_list: true });
        let called = world.world().stats().of(Asked::ListUserProficiencies).called;
        assert!(called <= UNDER_WAY as u64, "it is not asked for again and again: {called}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_it_and_what_was_read_stays_told() {
        let (lane, instance, _) = reaching(spec(500));
        let stop = Switch::default();
        let mut told = 0;
        let mut take = |_, _| {
            told += 1;
            if told == 7 {
                stop.stop(Stop::Interrupted);
            }
            Ok(())
        };
        let all = (0..500).map(whom).collect();
        let progress = described(&lane, &instance, all, &stop, &mut take).await.unwrap();
        assert_eq!(progress, Progress { read: 7, gone: 0, is_whole: false, may_not_list: false });
        assert_eq!(told, 7);
        let stopped = described(&lane, &instance, vec![whom(1)], &stop, &mut |_, _| Ok(())).await.unwrap();
        assert!(!stopped.is_whole, "nothing is begun after it");
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_not_be_described_and_a_taker_that_fails_end_it() {
        let spec = Spec { denied: [Asked::DescribeUser].into(), ..spec(3) };
        let (lane, instance, _) = reaching(spec);
        let all = vec![whom(0)];
        let failed = described(&lane, &instance, all, &Switch::default(), &mut |_, _| Ok(())).await;
        assert!(failed.unwrap_err().to_string().contains("DescribeUser"));
        let (lane, instance, _) = reaching(self::spec(3));
        let mut take = |_, _| Err(Failure::stopped("the disk is full"));
        let failed = described(&lane, &instance, vec![whom(0)], &Switch::default(), &mut take).await;
        assert!(failed.unwrap_err().to_string().contains("the disk is full"));
    }
}
