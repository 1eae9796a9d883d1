//! An instance's users become a roster: read, put in order, and written.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::abreast::InTargets;
use super::side_by_side::{are_different, tell_left_out};
use super::target::{At, Reached, Target};
use super::world::World;
use crate::apply::Settings;
use crate::clock::{parse_rfc3339, rfc3339};
use crate::connect::Operation;
use crate::connect::model::User;
use crate::directory::Directory;
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::export::{
    self, Absent, Asked, Filter, Form, FoundPart, Line, Names, Of, Part, People, Person, Proof, Written,
};
use crate::instance::users::{self, Progress, Read, Whom};
use crate::instance::{FetchError, Reader};
use crate::roster::Field;
use crate::stop::Stop;
use crate::text::{count, duration};
use crate::user::Group;

/// How much of each user is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// What a search shows, five hundred users a call.
    Fast,
    /// All that a roster can say: a call a user, and one more for proficiencies.
    All,
}

/// What is to be exported, and where to.
#[derive(Clone, Debug)]
pub struct Export {
    /// Whose users.
    pub target: Target,
    /// The file to write, which must not be there yet: a CSV or a workbook, by the end of its name.
    pub out: PathBuf,
    /// How much of each user.
    pub fields: Fields,
    /// Which users.
    pub asked: Asked,
    /// The name of the target, where there are several: each row says it first.
    pub of_target: Option<String>,
}

/// What was exported.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub file: PathBuf,
    /// The instance's ARN.
    pub instance: String,
    /// How many users it has.
    pub users: u64,
    /// How many went while they were read.
    pub gone: u64,
    /// How many had been read before this was begun, where it went on.
    pub resumed: u64,
    /// The columns of which nothing was read.
    pub left_out: Vec<&'static str>,
    /// What rows do not say, each a sentence that begins with who.
    pub untold: Vec<String>,
    /// How many rows have something that they do not say.
    pub rows_untold: u64,
}

/// A part of an export that is older than this is not gone on with: people come and go.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// What a search does not show, and so what a fast export leaves out. Limits of after-contact work per channel are in a unit
/// that nobody has written down.
const NOT_SEARCHED: [Field; 9] = [
    Field::Email,
    Field::SecondaryEmail,
    Field::Mobile,
    Field::AfterContactWorkVoice,
    Field::AfterContactWorkChat,
    Field::AfterContactWorkTask,
    Field::AfterContactWorkEmail,
    Field::AfterContactWorkCallback,
    Field::Proficiencies,
];

/// The calls that read users.
const READS: [Operation; 3] =
    [Operation::SearchUsers, Operation::DescribeUser, Operation::ListUserProficiencies];

impl Export {
    /// Reads the users and writes the file, whole or not at all and readable by its owner only. What was read of an export
    /// that was broken off is in a file of its own beside it, and is gone on with.
    ///
    /// # Errors
    /// Exit 2 where the file is there already, has a name that says nothing of its form, or the target or a filter is none;
    /// exit 4 where the instance cannot be read or a file not be written; exit 5 where it was interrupted.
    pub async fn run(&self, world: &World) -> Result<Exported, Failure> {
        let mut exported = written(&self.out, vec![self.read(world).await?], world)?;
        exported.pop().ok_or_else(|| Failure::stopped("nothing was exported"))
    }

    /// Reads the users; nothing is written but what is gone on with.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(super) async fn read(&self, world: &World) -> Result<ToWrite, Failure> {
        self.form()?;
        let At::Instance(address) = &self.target.at else {
            return Err(Failure::usage("an embedded Connect has nobody to export"));
        };
        if address.named.is_none() {
            return Err(Failure::usage("whose users?")
                .hint("give ⟦instance ID|ARN|alias⟧ (`aws connect list-instances` prints them)"));
        }
        let part = match self.fields {
            Fields::All => Some(FoundPart::open(&self.path_of_part())?),
            Fields::Fast => None,
        };
        let (world, waits) = &world.watched();
        let reading = async {
            let reached = world.unless_stopped(self.target.reach(address, world, waits, true)).await?;
            let filter = self.asked.on(&reached.directory)?;
            let reader = Reader { lane: &reached.lane, warn: &|what| world.warn(what) };
            reader.pace(&reached.directory.instance.arn, &READS, None).await;
            let export = Reading { export: self, reached: &reached, filter: &filter, world };
            let taken = export.take(part).await?;
            Ok(export.to_write(taken))
        };
        world.reading(waits, Settings::OUTAGE_PATIENCE, Box::pin(reading)).await
    }

    /// Where what was read is kept until it is written: each target has a file of its own.
    fn path_of_part(&self) -> PathBuf {
        match &self.of_target {
            Some(target) => export::path_of_part(&disk::with_suffix(&self.out, &format!(".{target}"))),
            None => export::path_of_part(&self.out),
        }
    }

    /// The form of the file.
    ///
    /// # Errors
    /// Exit 2 where it is there already, or its name says nothing of its form.
    pub(super) fn form(&self) -> Result<Form, Failure> {
        let Some(form) = Form::of(&self.out) else { return Err(no_form(&self.out)) };
        // A link that points nowhere is something that is there.
        if std::fs::symlink_metadata(&self.out).is_ok() {
            return Err(is_there(&self.out));
        }
        Ok(form)
    }
}

fn is_there(path: &Path) -> Failure {
    Failure::usage(format!("there is a file already, and it stays: `{}`", path.display()))
        .hint("move it away, or give another name: an export is written over nothing")
}

/// One export under way.
struct Reading<'r> {
    export: &'r Export,
    reached: &'r Reached,
    filter: &'r Filter,
    world: &'r World,
}

/// What was read.
#[derive(Default)]
struct Taken {
    people: Vec<Person>,
    gone: u64,
    resumed: u64,
    may_not_list: bool,
    part: Option<Part>,
}

impl Reading<'_> {
    async fn take(&self, part: Option<FoundPart>) -> Result<Taken, Failure> {
        match part {
            Some(part) => self.take_all(part).await,
            None => self.take_fast().await,
        }
    }

    /// Everybody as a search shows them, and as they are those whom it does not show yet.
    async fn take_fast(&self) -> Result<Taken, Failure> {
        let (shown, unseen) = self.search().await?;
        let mut taken = Taken {
            people: shown.into_iter().map(|user| Person { user, proficiencies: None }).collect(),
            ..Taken::default()
        };
        let whom = unseen.into_iter().map(|(id, name)| whom(id, name, false)).collect();
        let people = &mut taken.people;
        let mut take = |_, read: Option<Read>| {
            let user = read.and_then(|read| read.user);
            people.extend(user.map(|user| Person { user, proficiencies: None }));
            Ok(())
        };
        let progress = self.describe(whom, &mut take).await?;
        if !progress.is_whole {
            return Err(self.interrupted(None));
        }
        taken.gone = progress.gone;
        Ok(taken)
    }

    /// Everybody as they are, with what was read of them before this was begun.
    async fn take_all(&self, part: FoundPart) -> Result<Taken, Failure> {
        let (mut part, mut people) = self.go_on(part)?;
        let resumed = people.len() as u64;
        let whom = self.whom().await?;
        let asked: HashSet<&str> = whom.iter().map(|whom| whom.id.as_str()).collect();
        people.retain(|id, _| asked.contains(id.as_str()));
        // Proficiencies that may not have been listed then may be now.
        let is_read = |whom: &Whom| {
            people.get(&whom.id).is_some_and(|read| match read {
                Some(person) => person.proficiencies.is_some() && person.user.username == whom.name,
                None => true,
            })
        };
        let to_read: Vec<Whom> = whom.iter().filter(|whom| !is_read(whom)).cloned().collect();
        let mut take = |whom: Whom, read: Option<Read>| {
            let person = read
                .and_then(|read| read.user.map(|user| Person { user, proficiencies: read.proficiencies }));
            part.add(&whom.id, person.as_ref())?;
            people.insert(whom.id, person);
            Ok(())
        };
        let described = self.describe(to_read, &mut take).await;
        // Whatever came of it: what was read is there when the same command goes on.
        part.sync()?;
        let kept = people.len() as u64;
        let progress = described.map_err(|failure| match failure.exit {
            Exit::Stopped if failure.hint.is_none() => failure.hint(self.kept(kept)),
            _ => failure,
        })?;
        if !progress.is_whole {
            return Err(self.interrupted(Some(kept)));
        }
        let gone = people.values().filter(|person| person.is_none()).count() as u64;
        let people = people.into_values().flatten().collect();
        Ok(Taken { people, gone, resumed, may_not_list: progress.may_not_list, part: Some(part) })
    }

    fn go_on(&self, part: FoundPart) -> Result<(Part, People), Failure> {
        let arn = &self.reached.directory.instance.arn;
        let now = self.world.clock.now();
        let part = match part.of() {
            Some((instance, _)) if instance != arn => {
                let path = self.export.path_of_part();
                return Err(Failure::usage(format!(
                    "what is there is a part of another instance's export, and stays: `{}`",
                    path.display()
                ))
                .hint(format!("it is of `{instance}`; give another name for this export")));
            }
            Some((_, at)) => {
                let since = parse_rfc3339(at).and_then(|at| now.duration_since(at).ok());
                match since.filter(|since| *since < FRESH) {
                    Some(since) => {
                        let since = duration(since);
                        self.world.remark(format!("going on with an export that was begun {since} ago"));
                        part
                    }
                    None => {
                        self.world.remark("an export that was begun more than a day ago is begun anew");
                        part.anew()
                    }
                }
            }
            None => part,
        };
        part.go_on(arn, &rfc3339(now))
    }

    /// Who is to be read. Where nobody is left out, those who are listed; else those who are found, and those whom a search
    /// does not show yet, of whom nothing is known before they are read.
    async fn whom(&self) -> Result<Vec<Whom>, Failure> {
        if let Some(users) = &self.reached.directory.users
            && self.export.asked.is_for_all()
        {
            return Ok(users.iter().map(|(name, id)| whom(id.to_string(), name.to_owned(), true)).collect());
        }
        let (shown, unseen) = self.search().await?;
        let shown = shown.into_iter().map(|user| whom(user.id, user.username, true));
        Ok(shown.chain(unseen.into_iter().map(|(id, name)| whom(id, name, true))).collect())
    }

    /// Those whom a search shows and who are meant, and the ids and names of those who are listed and whom it does not show.
    async fn search(&self) -> Result<(Vec<User>, Vec<(String, String)>), Failure> {
        let directory = &self.reached.directory;
        let (mut shown, mut seen) = (Vec::new(), HashSet::new());
        let mut each = |users: Vec<User>, _| {
            seen.extend(users.iter().map(|user| user.id.clone()));
            shown.extend(users.into_iter().filter(|user| self.filter.lets(user)));
        };
        let pages = users::pages(&self.reached.lane, &directory.instance.id, &mut each);
        match self.world.stop.unless_stopped(pages).await {
            Some(read) => read.map_err(|error: FetchError| Failure::from(error))?,
            None => return Err(self.interrupted(None)),
        }
        let listed = directory.users.iter().flat_map(|users| users.iter());
        let unseen = listed.filter(|(_, id)| !seen.contains(&***id));
        let unseen = unseen.map(|(name, id)| (id.to_string(), name.to_owned())).collect();
        Ok((shown, unseen))
    }

    async fn describe(&self, whom: Vec<Whom>, take: &mut users::Taker<'_>) -> Result<Progress, Failure> {
        let Reached { lane, directory, .. } = self.reached;
        users::described(lane, &directory.instance.id, whom, &self.world.stop, take).await
    }

    /// What is said of an export that was broken off.
    fn interrupted(&self, kept: Option<u64>) -> Failure {
        let reason = self.world.stop.reason().unwrap_or(Stop::Interrupted);
        let exit = if reason == Stop::Interrupted { Exit::Interrupted } else { Exit::Stopped };
        let failure = Failure::new(exit, format!("{reason}; nothing was changed"));
        match kept {
            Some(kept) => failure.hint(self.kept(kept)),
            None => failure,
        }
    }

    fn kept(&self, kept: u64) -> String {
        let path = self.export.path_of_part();
        format!(
            "what was read of {} is kept in `{}`: the same command goes on",
            count(kept, "user"),
            path.display()
        )
    }

    fn to_write(&self, taken: Taken) -> ToWrite {
        let Self { export, reached, filter, world } = self;
        let directory = &reached.directory;
        let Taken { people, gone, resumed, may_not_list, part } = taken;
        if may_not_list {
            world.warn(
                "connect:ListUserProficiencies is not permitted, so that no proficiencies are exported",
            );
        }
        let mut lines = lines(people.into_iter().filter(|person| filter.lets(&person.user)), directory);
        lines.sort_by(|a, b| a.username.cmp(&b.username));
        lines.iter_mut().for_each(|line| line.target.clone_from(&export.of_target));
        let left_out: &[Field] = match export.fields {
            Fields::Fast => &NOT_SEARCHED,
            Fields::All if may_not_list => &[Field::Proficiencies],
            Fields::All => &[],
        };
        let columns = export::columns(&lines, directory.instance.identity, left_out);
        let untold = |line: &Line| {
            let said = line.untold.iter().map(|said| format!("{}: {said}", line.username));
            said.collect::<Vec<_>>()
        };
        // With the instance's own kind left out, as an address where nobody has one.
        let is_told = |field: &&Field| export::may_be(**field, directory.instance.identity);
        let exported = Exported {
            file: export.out.clone(),
            instance: directory.instance.arn.clone(),
            users: lines.len() as u64,
            gone,
            resumed,
            left_out: left_out.iter().filter(is_told).map(|field| field.name()).collect(),
            untold: lines.iter().flat_map(untold).collect(),
            rows_untold: lines.iter().filter(|line| !line.untold.is_empty()).count() as u64,
        };
        ToWrite { lines, columns, exported, part }
    }
}

/// The users of an instance, read and put in order.
pub(super) struct ToWrite {
    lines: Vec<Line>,
    columns: Vec<Field>,
    exported: Exported,
    part: Option<Part>,
}

impl ToWrite {
    /// The instance's ARN.
    pub(super) fn instance(&self) -> &str {
        &self.exported.instance
    }
}

/// Writes those of one instance, or of several, to one file.
///
/// # Errors
/// Exit 2 where the file is there by now; exit 4 where it cannot be written.
pub(super) fn written(out: &Path, each: Vec<ToWrite>, world: &World) -> Result<Vec<Exported>, Failure> {
    let Some(form) = Form::of(out) else { return Err(no_form(out)) };
    let fields: BTreeSet<Field> = each.iter().flat_map(|one| &one.columns).copied().collect();
    let fields: Vec<Field> = fields.into_iter().collect();
    let (mut lines, mut exported, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for one in each {
        lines.extend(one.lines);
        exported.push(one.exported);
        parts.extend(one.part);
    }
    let has_targets = lines.iter().any(|line| line.target.is_some());
    export::create(out, form, Written { fields: &fields, has_targets }, &lines)?;
    for part in parts {
        if let Err(error) = part.remove() {
            world.warn(format!("the part of it that is written now cannot be removed: {error}"));
        }
    }
    Ok(exported)
}

fn no_form(out: &Path) -> Failure {
    Failure::usage(format!("an export is a CSV or a workbook: `{}`", out.display()))
        .hint("let its name end in `.csv` or `.xlsx`")
}

fn whom(id: String, name: String, proficiencies: bool) -> Whom {
    Whom { id, name, user: true, proficiencies }
}

/// A row for each, with nothing in it but what is read back as the user has it. Whoever has become a row is let go of.
fn lines(people: impl Iterator<Item = Person>, directory: &Directory) -> Vec<Line> {
    let (names, groups) = (Names::of(directory), Group::ALL.into_iter().collect());
    let of =
        Of { identity: directory.instance.identity, names: &names, groups: &groups, absent: Absent::Blank };
    let (columns, rules) = (export::columns_to_prove(), export::rules_to_prove(directory));
    let proof = Proof::new(&columns, &rules, directory);
    let line = |Person { user, proficiencies }: Person| {
        let proficiencies = proficiencies.as_deref();
        proof.prove(export::line(&user, proficiencies, of), &user, proficiencies)
    };
    people.map(line).collect()
}

/// What several instances' users became.
#[derive(Debug)]
pub struct ExportedAll {
    /// How the program is to exit.
    pub exit: Exit,
    /// Each target with what is of it in the file.
    pub lanes: Vec<(String, Exported)>,
    /// Targets that were left out, and why.
    pub left_out: Vec<(String, String)>,
}

impl InTargets<Export> {
    /// Reads the users of all, side by side, and writes them to one file in whose rows the target's name comes first: whole or
    /// not at all.
    ///
    /// # Errors
    /// As [`Export::run`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn run(self, world: &World) -> Result<ExportedAll, Failure> {
        world.go_on()?;
        let Some(out) = self.members.first().map(|(_, export)| export.out.clone()) else {
            return Err(Failure::usage("there is no target"));
        };
        for (_, export) in &self.members {
            export.form()?; // of the file that all of them are written to
        }
        let read = |export: Export, world: World| async move { export.read(&world).await };
        let abreast = self.begin(world, None, read).await?;
        let why = |(target, failure): (&str, &Failure)| (target.to_owned(), failure.what.clone());
        let left_out: Vec<(String, String)> = abreast.left_out().map(why).collect();
        let lanes = abreast.lanes;
        are_different(lanes.iter().map(|(target, read)| (target.as_str(), read.instance())))?;
        let (names, read): (Vec<String>, Vec<ToWrite>) = lanes.into_iter().unzip();
        let exported = written(&out, read, world)?;
        for (target, why) in &left_out {
            tell_left_out(world, target, why, None);
        }
        let exit = if left_out.is_empty() { Exit::Done } else { Exit::Stopped };
        Ok(ExportedAll { exit, lanes: names.into_iter().zip(exported).collect(), left_out })
    }
}
