//! Several targets go on side by side: each tells what happens there with its name, has a switch of its own, and is left out
//! where it cannot be reached or planned, if that was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::world::World;
use crate::error::{Failure, Remedy};
use crate::event::{Event, OfTarget, Pulse, Sink};
use crate::exit::Exit;
use crate::ledger::{Calls, Counts};
use crate::stop::{Stop, Switch};
use crate::text::count;

/// Does several things side by side, and returns what each comes to, in order. One whose work breaks stops all.
pub(super) async fn side_by_side<T: Send + 'static>(
    work: impl Iterator<Item = (String, impl Future<Output = Result<T, Failure>> + Send + 'static)>,
    stop: &Switch,
) -> Vec<(String, Result<T, Failure>)> {
    let (mut set, mut names, mut done) = (JoinSet::new(), Vec::new(), Vec::new());
    for (at, (target, work)) in work.enumerate() {
        names.push(target);
        done.push(None);
        set.spawn(async move { (at, work.await) });
    }
    while let Some(joined) = set.join_next().await {
        match joined {
            Ok((at, came)) => {
                if matches!(&came, Err(failure) if failure.exit == Exit::Bug) {
                    stop.stop(Stop::Another { message: "a bug in headcount".to_owned() });
                }
                done[at] = Some(came);
            }
            // What is said of it was said by whoever broke.
            Err(_) => {
                stop.stop(Stop::Another { message: "a bug in headcount".to_owned() });
            }
        }
    }
    let broken = || Err(Failure::new(Exit::Bug, "the work of a target ended in a panic"));
    names.into_iter().zip(done.into_iter().map(|came| came.unwrap_or_else(broken))).collect()
}

impl World {
    /// The same for one of several targets: what it tells has its name, and it can be stopped alone.
    pub(super) fn at(&self, target: &str, pulses: &Arc<Pulses>, fails_fast: bool) -> Self {
        let name = target.to_owned();
        let stop = self.stop.below(move |stop| {
            let is_everybodys = matches!(stop, Stop::Roster { .. } | Stop::Untold { .. });
            let message = format!("`{name}`: {stop}");
            (fails_fast || is_everybodys).then_some(Stop::Another { message })
        });
        let (events, pulses) = (Arc::clone(&self.events), Arc::clone(pulses));
        let named = Named { target: target.to_owned(), events, pulses };
        Self { events: Arc::new(named), stop, ..self.clone() }
    }
}

/// Tells what happens at one of several targets.
struct Named {
    target: String,
    events: Arc<dyn Sink>,
    pulses: Arc<Pulses>,
}

impl Sink for Named {
    fn tell(&self, event: Event) {
        // How it ended is told by whoever runs all, and has more to say of it.
        if !matches!(event, Event::Ended { .. }) {
            let (event, target) = (Box::new(event), self.target.clone());
            self.events.tell(Event::Of(OfTarget { event, target }));
        }
    }

    fn watch(&self, pulse: Arc<dyn Pulse>) {
        self.pulses.0.lock().unwrap_or_else(PoisonError::into_inner).push(pulse);
    }
}

/// Who is asked what is waited for, of all targets.
#[derive(Default)]
pub(super) struct Pulses(Mutex<Vec<Arc<dyn Pulse>>>);

impl Pulse for Pulses {
    fn beat(&self) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().for_each(|pulse| pulse.beat());
    }
}

/// Takes a look at each, on threads of their own, and returns those that may not go on, with why.
///
/// # Errors
/// Exit 5 where it was asked to stop meanwhile.
pub(super) fn refused_side_by_side<J: Sync>(
    members: &[(String, J)],
    world: &World,
    look: &(impl Fn(&J, &World) -> Result<(), Failure> + Sync),
) -> Result<Vec<(String, Failure)>, Failure> {
    let pulses = Arc::new(Pulses::default());
    world.events.watch(Arc::clone(&pulses) as Arc<dyn Pulse>);
    let looked: Vec<(&String, Result<(), Failure>)> = std::thread::scope(|scope| {
        let looks: Vec<_> = members
            .iter()
            .map(|(target, job)| {
                let world = world.at(target, &pulses, false);
                (target, scope.spawn(move || look(job, &world)))
            })
            .collect();
        let broken = || Err(Failure::new(Exit::Bug, "the look at a ledger ended in a panic"));
        looks.into_iter().map(|(target, look)| (target, look.join().unwrap_or_else(|_| broken()))).collect()
    });
    world.go_on()?;
    let refused = looked.into_iter().filter_map(|(target, look)| Some((target.clone(), look.err()?)));
    Ok(refused.collect())
}

/// Tells that a target is left out, why, and where its rows stand if it has any: whoever waits for each to end waits for
/// that one no more.
pub(super) fn tell_left_out(world: &World, target: &str, why: &str, stands: Option<(Counts, Calls)>) {
    let (exit, reason) = (Exit::Stopped.code(), Some(why.to_owned()));
    let (rows, calls) = stands.unzip();
    world.tell(Event::Target { target: target.to_owned(), exit, reason, rows, calls });
}

/// A failure with the name of the target that it is of.
pub(super) fn of_target(target: &str, failure: Failure) -> Failure {
    Failure { what: format!("target `{target}`: {}", failure.what), ..failure }
}

/// A failure of a target's address says where that stands: in the file of targets, which nothing that is typed goes beside.
pub(super) fn where_it_is_said(target: &str, failure: Failure) -> Failure {
    if failure.remedy != Some(Remedy::Region) {
        return failure;
    }
    failure.hint(format!("say `targets.{target}.region` in the file of ⟦targets⟧, or set AWS_REGION"))
}

/// Fails where two targets are one instance, by its ARN.
pub(super) fn are_different<'t>(targets: impl Iterator<Item = (&'t str, &'t str)>) -> Result<(), Failure> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (target, arn) in targets {
        if let Some(other) = seen.insert(arn, target) {
            return Err(Failure::usage(format!(
                "the targets `{other}` and `{target}` are the same instance: `{arn}`"
            ))
            .hint(
                "nothing was sent; what a roster writes in place of a target's name stands in its `also`",
            ));
        }
    }
    Ok(())
}

/// Fails where a target could not be reached or planned, and such are not left out, or no other is left.
pub(super) fn refuse_failed(
    left_out: &mut Vec<(String, Failure)>,
    are_skipped: bool,
    is_any_left: bool,
) -> Result<(), Failure> {
    // Whoever is to be looked at again is not left out for it.
    let plans_again = left_out.iter().any(|(_, failure)| failure.remedy == Some(Remedy::PlanAgain));
    if left_out.is_empty() || (are_skipped && is_any_left && !plans_again) {
        return Ok(());
    }
    Err(failed(std::mem::take(left_out), are_skipped))
}

/// Why nothing is sent anywhere: targets that could not be reached or planned.
pub(super) fn failed(mut left_out: Vec<(String, Failure)>, are_skipped: bool) -> Failure {
    const HINT: &str = "nothing was sent anywhere; ⟦failed-targets-skipped⟧ goes on without such a target";
    if left_out.len() == 1
        && let Some((target, failure)) = left_out.pop()
    {
        let hint = match (&failure.hint, are_skipped) {
            (Some(hint), true) => hint.clone(),
            (Some(hint), false) => format!("{hint}\n{HINT}"),
            (None, true) => {
                return Failure { what: format!("target `{target}`: {}", failure.what), ..failure };
            }
            (None, false) => HINT.to_owned(),
        };
        return Failure { what: format!("target `{target}`: {}", failure.what), ..failure }.hint(hint);
    }
    let plans_again = left_out.iter().any(|(_, failure)| failure.remedy == Some(Remedy::PlanAgain));
    let exit = left_out.iter().fold(Exit::Stopped, |exit, (_, failure)| exit.worst(failure.exit));
    let lines: Vec<String> = left_out
        .iter()
        .map(|(target, failure)| {
            let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("`{target}`: {}{hint}", failure.what)
        })
        .collect();
    let what = format!("{} cannot be worked with", count(left_out.len() as u64, "target"));
    let failure = Failure::new(exit, what).because(lines.join("\n")).hint(if are_skipped {
        "nothing was sent anywhere"
    } else {
        HINT
    });
    if plans_again { failure.remedy(Remedy::PlanAgain) } else { failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one target, of two, and of none; each may be one that is to be planned again.
    #[test]
    fn whoever_cannot_be_worked_with_is_left_out_only_where_that_is_said_and_others_are_left() {
        let away = || ("na".to_owned(), Failure::stopped("it is away").hint("wait"));
        let again = || {
            let failure = Failure::stopped("somebody had it").remedy(Remedy::PlanAgain);
            ("emea".to_owned(), failure)
        };
        for (are_skipped, is_any_left) in [(false, false), (false, true), (true, false), (true, true)] {
            refuse_failed(&mut Vec::new(), are_skipped, is_any_left).unwrap();
            let mut one = vec![away()];
            let refused = refuse_failed(&mut one, are_skipped, is_any_left);
            match (are_skipped, is_any_left) {
                (true, true) => assert!(refused.is_ok() && one.len() == 1),
                _ => {
                    let failure = refused.unwrap_err();
                    assert_eq!(
                        (failure.what.as_str(), failure.exit),
                        ("target `na`: it is away", Exit::Stopped)
                    );
                    // How to go on without it is said to whoever has not said so.
                    let hint = failure.hint.unwrap();
                    assert_eq!(hint.contains("failed-targets-skipped"), !are_skipped, "{hint}");
                }
            }
            // Whoever is to be looked at again is not left out for it, whatever else is.
            for mut left_out in [vec![again()], vec![away(), again()]] {
                let failure = refuse_failed(&mut left_out, are_skipped, is_any_left).unwrap_err();
                assert_eq!(failure.remedy, Some(Remedy::PlanAgain), "{failure}");
            }
        }
        let both = failed(vec![away(), ("fr".to_owned(), Failure::usage("no such role"))], false);
        assert_eq!((both.what.as_str(), both.exit), ("2 targets cannot be worked with", Exit::Usage));
    }
}
