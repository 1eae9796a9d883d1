//! The first step: the instance is reached, and the roster is checked against it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::before::Before;
use super::held::{Blocked, HeldRoster, HoldsRoster};
use super::meant::Job;
use super::opened;
use super::outlook::{Outlook, Sources};
use super::pace::Chosen;
use super::rehearsal::Stage;
use super::supply::{Passwords, Supply};
use super::target::{At, Reached};
use super::there::Met;
use super::world::World;
use crate::agent::{IdentityType, RowNumber};
use crate::apply::SEEN_BY_THEN;
use crate::clock;
use crate::directory::Users;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::failed::Origins;
use crate::finding::Finding;
use crate::lane::remembered::Remembered;
use crate::ledger::{self, Leavers, LedgerAt, RowState, State, beside};
use crate::plan::{Asked, Decision, Person, Plan, Resolution, Wanted};
use crate::roster::{Act, Field, Roster};
use crate::text::count;
use crate::user::Found;
use crate::validate::{self, CheckedRow};
use crate::waits::{WaitFor, Waits};

/// A job whose instance was reached and whose roster was checked. Nothing was sent, and no ledger was touched.
pub struct Checked {
    pub(super) job: Job,
    pub(super) world: World,
    pub(super) roster: Roster,
    pub(super) reached: Reached,
    pub(super) pass: Pass,
}

/// What one pass over the roster brought.
pub(super) struct Pass {
    /// Its rows, by who.
    pub(super) wanted: Box<Wanted>,
    /// Where the rows of a file of failed rows come from.
    pub(super) origins: Origins,
    /// What is wrong with it.
    pub(super) found: validate::Checked,
    /// Whose rows were left to an update, and who was made before and is there: by username, where such are left.
    pub(super) there: HashSet<String>,
    /// Of whom an update in the same command makes all that their rows ask for, or found that they are.
    pub(super) put_right: HashSet<String>,
}

/// What a job would do. It cannot be run.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// What it would do.
    pub outlook: Outlook,
    /// Whether the rows need not fit into the instance.
    may_be_partial: bool,
    /// How the program is to exit.
    exit: Exit,
}

/// What was decided by a ledger.
pub(super) struct Decided {
    pub(super) plan: Plan,
    pub(super) outlook: Outlook,
    /// Who is there already, as far as they were read.
    pub(super) found: HashMap<String, Found>,
}

impl Job {
    /// Reaches the instance, reads it, and checks every row of the roster against it. What is found is told.
    ///
    /// # Errors
    /// Exit 2 where the roster or the instance cannot be used; exit 4 where the instance cannot be reached or read; exit 5
    /// where the job was asked to stop meanwhile. A roster with faults is no error: see [`Checked::blocks`].
    pub async fn check(mut self, world: &World) -> Result<Checked, Failure> {
        world.go_on()?;
        ledger::be_a_file(&self.ledger)?; // and nothing is kept beside what is none
        let before = self.said_before();
        self.refuse_the_other_kind(before.as_ref(), None)?;
        let roster = self.open(self.roster())?;
        let (world, waits) = &world.watched();
        // On the heap: all that reads an instance would else be a part of whatever awaits a check.
        let reaching = Box::pin(self.reach(&roster, before.as_ref(), world, waits, true));
        let reached = world.reaching(waits, self.patience.outage, reaching).await?;
        if self.reading.targets.is_some()
            && reached.directory.instance.identity != IdentityType::ConnectManaged
        {
            self.passwords = Passwords::OfRoster; // they are for those targets whose users have some
        }
        self.passwords.fit(reached.directory.instance.identity)?;
        let pass = Pass::over(&roster, &self, &reached, world)?;
        for finding in &pass.found.findings {
            world.tell(Event::Finding(finding.clone()));
        }
        if pass.found.not_kept > 0 {
            let more = count(pass.found.not_kept, "finding");
            let message =
                format!("{more} more, not told one by one: an offline check of the roster lists all");
            world.tell(Event::Note { message });
        }
        Ok(Checked { job: self, world: world.clone(), roster, reached, pass })
    }

    /// Reaches the instance and reads it; its users where that is asked for, by name and id.
    pub(super) async fn reach(
        &self,
        roster: &Roster,
        before: Option<&Before>,
        world: &World,
        waits: &Waits,
        with_users: bool,
    ) -> Result<Reached, Failure> {
        let mut reached = match &self.target.at {
            At::Instance(address) => self.target.reach(address, world, waits, with_users).await?,
            At::Rehearsal(rehearsal) => {
                let stage = self.stage(roster, before, !with_users);
                // Of a sheet with joiners, movers and leavers in it, those who are to change or to leave are there.
                let is_one_of_three = self.reading.act == Some(Act::Create);
                let acts: &[Act] = if is_one_of_three { &[Act::Update, Act::Remove] } else { &[] };
                let there = acts.iter().map(|act| self.open_other(*act)).collect::<Result<_, _>>()?;
                let stage = Stage { there, ..stage };
                self.target.rehearse(rehearsal, &stage, world, waits, with_users).await?
            }
        };
        if roster.columns().has(Field::Proficiencies) {
            reached.read_for_proficiencies(world).await?;
        }
        Ok(reached)
    }
}

impl Pass {
    fn over(roster: &Roster, job: &Job, reached: &Reached, world: &World) -> Result<Self, Failure> {
        let rules = job.rules(&reached.directory).inferred(job.inferred(roster, &reached.directory)?);
        let has_proficiencies = roster.columns().has(Field::Proficiencies);
        let waits = reached.lane.waits();
        let _at_work = waits.at_work();
        let waiting = waits.on(WaitFor::Pages, "the roster is checked", None);
        let mut wanted = Box::<Wanted>::default();
        let (mut there, ours) = (HashSet::new(), job.whom_it_made()?);
        let mut origins = Origins::of(roster, job.before().map(|before| before.run.as_str()));
        if let Some(before) = job.before() {
            origins = origins.beside(&before.others);
        }
        let found = validate::check_with_fingerprints(roster, &rules, &mut |row| {
            if row.number.is_multiple_of(validate::Pass::GLANCE) {
                world.go_on()?;
                waiting.is(format!("the roster is checked, row {} so far", row.number), None);
            }
            if let Some(ours) = &ours
                && reached.has(row.username)
            {
                there.insert(row.username.to_owned());
                if !ours.contains(row.username) {
                    return Ok(());
                }
            }
            // What nobody has taken up yet stays as it stands.
            if !(row.has_errors && origins.is_left(row.row)) {
                let origin = origins.add(row.row, row.username);
                add(&mut wanted, &row, has_proficiencies);
                if let Some(origin) = origin {
                    wanted.comes_from(row.username, RowNumber::of(row.number), origin);
                }
            }
            Ok(())
        })?;
        Ok(Self { wanted, origins, found, there, put_right: HashSet::new() })
    }
}

/// Under which ids usernames are on the instance.
fn ids_of<'d>(users: &'d Users) -> impl Fn(&str) -> Option<&'d str> {
    move |user| users.get(user).map(|id| &**id)
}

/// Takes a row in by who, with what a plan needs of it.
pub(super) fn add(wanted: &mut Wanted, row: &CheckedRow<'_>, has_proficiencies: bool) {
    let number = RowNumber::of(row.number);
    match (row.fingerprint(), row.first_error) {
        (Some(fingerprint), _) => {
            let agent = if has_proficiencies { row.agent() } else { None };
            let proficiencies = agent.as_ref().and_then(validate::proficiencies_fingerprint);
            wanted.add_with_proficiencies(row.username, number, fingerprint, proficiencies);
        }
        (None, Some(error)) => {
            wanted.add_invalid(row.username, number, error.code, &error.message);
            if let Some(fingerprint) = row.fingerprint_but_for_secrets() {
                wanted.asks_for(row.username, number, fingerprint);
            }
        }
        (None, None) => {
            wanted.add_invalid(row.username, number, "row-unreadable", "the row cannot be read");
        }
    }
}

impl Job {
    /// Whom the ledger has made, or may have, where all others who are there are left to an update; `None` where none is.
    fn whom_it_made(&self) -> Result<Option<HashSet<String>>, Failure> {
        if !self.allowed.leaves_there {
            return Ok(None);
        }
        let seen = if ledger::is_there(&self.ledger) { ledger::glance(&self.ledger)? } else { None };
        let state = seen.map_or_else(State::default, |(state, _)| state);
        let is_ours = |at: &ledger::Place| {
            let stands = state.record(*at).settled_state();
            matches!(stands, RowState::Created | RowState::InDoubt | RowState::Unconfirmed)
        };
        Ok(Some(state.places().filter(is_ours).map(|at| state.user(at).to_owned()).collect()))
    }
}

impl HoldsRoster for Checked {
    fn held(&self) -> HeldRoster<'_> {
        let Self { job, world, roster, reached, pass: Pass { wanted, found, .. } } = self;
        let rules = job.rules(&reached.directory);
        HeldRoster { job, of: None, world, reached, roster, wanted, rules, found }
    }
}

impl Checked {
    /// Those of the roster who are on the instance already, where they are left to an update.
    pub(crate) fn there(&self) -> &HashSet<String> {
        &self.pass.there
    }

    /// Takes it that an update in the same command sees to these: of whom it leaves nothing has not drifted.
    pub(crate) fn leaves_to_update(&mut self, people: &[Person]) {
        let whole = people.iter().filter(|person| !person.is_left());
        self.pass.put_right = whole.map(|person| person.user.clone()).collect();
    }

    /// The instance's ARN.
    pub(crate) fn arn(&self) -> &str {
        &self.reached.directory.instance.arn
    }

    /// Whether nothing of the roster is for an import, and none of it has ever been.
    pub(crate) fn is_for_nobody(&self) -> bool {
        self.pass.wanted.len() == 0 && !ledger::is_there(&self.job.ledger)
    }

    /// Takes over what serves the instance: whoever has it stops it, and this job does not.
    pub(crate) fn keep_serving(&mut self) -> Option<crate::simulator::server::Running> {
        self.reached.running.take()
    }

    /// What is wrong with the roster, and odd in it, in the order of the file.
    pub fn findings(&self) -> &[Finding] {
        &self.pass.found.findings
    }

    /// The whole result of the check.
    pub(crate) fn found(&self) -> &validate::Checked {
        &self.pass.found
    }

    /// The roster, as it was opened.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Why nothing may be sent, where that is so.
    pub fn blocks(&self) -> Option<Blocked> {
        self.held().blocks()
    }

    /// What the job would do. The ledger is looked at, and neither locked nor made; what comes of this cannot be run.
    ///
    /// # Errors
    /// Exit 3 where something blocks; else what would keep the job from starting.
    pub async fn forecast(&self) -> Result<DryRun, Failure> {
        self.refuse_blocked()?;
        let supply = self.job.passwords.supply(&self.world)?;
        let state = opened::seen(&self.held())?;
        opened::would_go_on(&self.held(), &state)?;
        supply.look(&state, &self.job.ledger)?;
        let Decided { plan, outlook, .. } = self.decide(&state, &supply, usize::MAX).await?;
        self.tell_of_new(&plan);
        self.world.tell(Event::Planned {
            version: 1,
            ledger: self.job.ledger.display().to_string(),
            instance: outlook.instance.arn.clone(),
            rows: outlook.rows,
            left_out: outlook.left_out.clone(),
            logins: outlook.logins,
            rate: outlook.pace.rate,
            seconds: outlook.time().as_secs_f64(),
        });
        let exit = if self.pass.found.is_clean() { Exit::Done } else { Exit::Findings };
        Ok(DryRun { outlook, may_be_partial: self.job.allowed.partial, exit })
    }

    /// Names those who are to be made, as lines of a plan have them.
    fn tell_of_new(&self, plan: &Plan) {
        let users = self.reached.directory.users.as_ref();
        let is_there = |user: &str| users.is_some_and(|users| users.get(user).is_some());
        let is_new = |decision: Decision| !matches!(decision, Decision::Settle | Decision::SettleChanged);
        for (user, decision) in plan.sending(&self.pass.wanted) {
            let Some(seen) = self.pass.wanted.find(user) else { continue };
            if is_new(decision) && !is_there(user) {
                self.world.tell(Event::Change {
                    user: user.to_owned(),
                    row: seen.row,
                    group: None,
                    cell: None,
                    from: None,
                    to: None,
                    decision: Resolution::Create.word(),
                    code: None,
                });
            }
        }
    }

    /// Fails where nothing may be sent, for whoever has not asked.
    pub(super) fn refuse_blocked(&self) -> Result<(), Failure> {
        let rows = match self.blocks() {
            None => return Ok(()),
            Some(Blocked { of_file: true, .. }) => "the roster as a whole has errors".to_owned(),
            Some(Blocked { rows, of_file: false }) => format!("{} with errors", count(rows, "row")),
        };
        Err(Failure::new(Exit::Findings, format!("nothing was sent: {rows}")))
    }

    /// Decides what is done with each row, and how fast; those who are there already are read and held against their rows, at
    /// most so many of them.
    pub(super) async fn decide(
        &self,
        state: &State,
        supply: &Supply,
        most: usize,
    ) -> Result<Decided, Failure> {
        let Self { job, roster, reached, pass, .. } = self;
        let directory = &reached.directory;
        let leavers = self.leavers()?;
        let mut plan = {
            let is_leaver = |user: &str, id: Option<&str>| leavers.has(user, id);
            let is_leaver = Some(&is_leaver as &dyn Fn(&str, Option<&str>) -> bool);
            let asked = Asked { are_listed: self.are_listed(state), is_leaver, ..job.asked() };
            match directory.users.as_ref() {
                Some(users) => Plan::build(&pass.wanted, state, asked, Some(&ids_of(users))),
                None => Plan::build(&pass.wanted, state, asked, None),
            }
        };
        if job.before().is_some() {
            pass.origins.check(state)?;
            if job.is_of_part() || pass.origins.is_ours() {
                plan.spare_gone(state, |user| pass.origins.has_renamed(user));
            }
        }
        if plan.has_drift() {
            self.forgive_updated(&mut plan, state)?;
            plan.forgive(&pass.wanted, |user, _| pass.put_right.contains(user));
        }
        numbers_hold(&pass.wanted, state, roster)?;
        // On the heap: it holds a row and its request, and a check is a part of whatever awaits it.
        let Met { found, there } = Box::pin(self.meet(&plan, &state.header.run, most)).await?;
        let (made, drifted) = Box::pin(self.look_after(&plan, state, most)).await?;
        let pace = Chosen::of(job.pace, directory, self.remembered().as_ref());
        let (wanted, names) = (&pass.wanted, &pass.found.names);
        let sources = Sources { plan: &plan, wanted, state, directory, roster, names };
        let mut outlook = Outlook {
            is_rehearsal: job.target.is_rehearsal(),
            passwords: supply.planned(),
            let_through: job.allowed.errors,
            met: there,
            made,
            names_from: job.target.directory.clone().filter(|_| !job.target.is_rehearsal()),
            left_out: pass.found.left_out.clone(),
            logins: pass.found.logins,
            ..Outlook::of(&sources, &job.ledger, pace)
        };
        outlook.rows.equal = outlook.met.equal();
        // What is said of those whose rows have changed is said of them alone.
        plan.have_drifted(&pass.wanted, |user| drifted.contains(user));
        let departed = outlook.remarks.departed.first.first();
        outlook.remarks.departed_by = departed.and_then(|user| leavers.ledger_of(user)).map(Path::to_owned);
        Ok(Decided { plan, outlook, found })
    }

    /// Who of the roster stands in a ledger of leavers beside this job's ledger, in its table too, or beside its roster. Where
    /// nobody is to be made anew, one that cannot be read keeps nobody from anything.
    fn leavers(&self) -> Result<Leavers, Failure> {
        let (job, wanted) = (&self.job, &self.pass.wanted);
        let whole = job.before().map_or(job.roster(), |before| &before.whole);
        let of = (&*self.reached.directory.instance.arn, job.target.is_rehearsal());
        let near = [&job.ledger, &LedgerAt::from(whole)];
        let read = ledger::leavers(&near, of, &|user| wanted.find(user).is_some());
        if job.allowed.missing_again { read } else { Ok(read.unwrap_or_default()) }
    }

    /// Takes those for no drift of whom an update's ledger, beside the roster or in the table of this job's, says that they are
    /// what their rows ask for now.
    fn forgive_updated(&self, plan: &mut Plan, state: &State) -> Result<(), Failure> {
        let (job, wanted) = (&self.job, &self.pass.wanted);
        let whole = job.before().map_or(job.roster(), |before| &before.whole);
        let beside_it = beside::update_ledger_of(&job.stem(whole), job.target.is_rehearsal());
        let arn = &self.reached.directory.instance.arn;
        for at in ledger::siblings(&job.ledger).into_iter().chain([LedgerAt::from(beside_it)]) {
            let updated = ledger::updated(&at, arn, &|user| wanted.find(user).is_some())?;
            plan.forgive(wanted, |user, seen| {
                let made = state.find(user).and_then(|at| state.created_id(at));
                updated.get(user).is_some_and(|known| {
                    let is_it =
                        made.is_none() || known.id.is_none() || known.id.as_deref() == made.as_deref();
                    let is_now =
                        (known.fingerprint, known.proficiencies) == (seen.fingerprint, seen.proficiencies);
                    known.is_whole && is_it && is_now
                })
            });
        }
        Ok(())
    }

    /// Whether the newest create is so long ago that whoever was made is on the list by now, or gone. Of nothing where the
    /// ledger does not say when it was, or a clock was put back.
    fn are_listed(&self, state: &State) -> bool {
        let newest = clock::parse_rfc3339(&state.newest_intent);
        let passed = newest.and_then(|newest| self.world.clock.now().duration_since(newest).ok());
        passed.is_some_and(|passed| passed >= SEEN_BY_THEN)
    }

    /// Where learned rates are kept; a rehearsal's are worth nothing elsewhere.
    pub(super) fn remembered(&self) -> Option<Remembered> {
        let folder = self.world.state.as_deref().filter(|_| !self.job.target.is_rehearsal());
        folder.map(Remembered::in_folder)
    }
}

/// Fails where somebody might be created a second time, for the numbers in made logins have moved.
fn numbers_hold(wanted: &Wanted, state: &State, roster: &Roster) -> Result<(), Failure> {
    let Some((user, other)) = wanted.moved(state, |row| roster.first_namesake(row)) else { return Ok(()) };
    Err(Failure::stopped(format!(
        "the numbers in made logins may have moved: `{user}` was created as another row than it is now, and `{other}` \
         would be new"
    ))
    .hint(
        "nothing was sent; put new people below those who are there, or write the logins of those who are there into a \
         column `user login`, which goes before the template",
    ))
}

impl DryRun {
    /// How the program is to exit.
    ///
    /// # Errors
    /// Exit 4 where the rows do not fit into the instance, and that is not allowed.
    pub fn exit(&self) -> Result<Exit, Failure> {
        if !self.may_be_partial {
            self.outlook.has_room()?;
        }
        Ok(self.exit)
    }
}
