//! What is said when the jobs of several targets have ended, whatever they are: a line for each and one for all, what was left
//! out, and what failed.

use super::farewell::{self, Said};
use super::output;
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Came, EndedAbreast};
use crate::text::plain;

/// A line for each target, and one for all.
pub(super) fn results<E: Came>(
    ended: &EndedAbreast<E>,
    result: impl Fn(&str, &E) -> String,
    total: &str,
) -> String {
    let names = ended.lanes.iter().map(|(name, _)| name);
    let names = names.chain(ended.left_out.iter().map(|(name, _)| name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0).max("total".len());
    let mut text = String::new();
    for (target, came) in &ended.lanes {
        let result = match came {
            Ok(ended) => {
                let stop = ended.came_out().stop.as_ref();
                let stopped = stop.map(|stop| format!("stopped, {}: ", farewell::name_of(stop)));
                stopped.unwrap_or_default() + result(target, ended).trim_end()
            }
            Err(failure) if failure.exit == Exit::Bug => {
                "ended by a bug in headcount; what was sent is in its ledger".to_owned()
            }
            Err(_) => "nothing was sent".to_owned(),
        };
        text.push_str(&format!("{target:<width$}  {result}\n"));
    }
    for (target, _) in &ended.left_out {
        text.push_str(&format!("{target:<width$}  left out, nothing was sent\n"));
    }
    text + &format!("{:<width$}  {total}", "total")
}

/// What is said of one target, with its name.
pub(super) fn named(target: &str, lines: Vec<Said>) -> impl Iterator<Item = Said> {
    lines.into_iter().map(move |said| match said {
        Said::Talk(line) => Said::Talk(format!("{target}: {line}")),
        command @ Said::Command(..) => command,
    })
}

/// Which targets were left out, and why.
pub(super) fn left_out<E>(ended: &EndedAbreast<E>) -> impl Iterator<Item = Said> {
    ended.left_out.iter().map(|(target, why)| Said::Talk(format!("{target}: left out: {}", plain(why))))
}

/// Tells what could not begin, and which ledgers could not be closed. Returns how to exit.
pub(super) fn told_failures<E: Came>(ended: EndedAbreast<E>) -> Exit {
    let exit = ended.exit;
    for (target, failure) in ended.into_failures() {
        output::failure(&Failure { what: format!("target `{target}`: {}", failure.what), ..failure });
    }
    exit
}
