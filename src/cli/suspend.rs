//! `headcount remove --first-suspend`: whoever is on the list is left with next to no rights, and deleted later.

use super::args::import::Format;
use super::leaver_words::{self, INDENT, head};
use super::meant_changes::TypedChanges;
use super::meant_leavers::{self, TypedLeavers};
use super::screen::Stage;
use super::{changes, farewell, output, settings, words};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Leavers, Suspended};
use crate::text;

/// Suspends those who would be deleted, by an update of its own.
pub(super) async fn run(
    typed: &TypedLeavers,
    leavers: Leavers,
    with: &Suspended,
    stage: &Stage,
) -> Result<Exit, Failure> {
    output::say_whole(&plan(typed, &leavers, with));
    let arn = leavers.instance().arn.clone();
    let counts = leavers.counts();
    let of_list = if counts.skip + counts.wait > 0 { Exit::SomeFailed } else { Exit::Done };
    if typed.args.dry_run || counts.delete == 0 {
        if typed.args.format == Format::Human {
            let users = text::count(counts.delete, "user");
            output::told(&format!("{users} would be suspended; nothing was sent\n"));
        }
        leavers.close().await;
        return Ok(if typed.args.dry_run { Exit::Done } else { of_list });
    }
    let roster = leavers.write_suspended(with)?;
    leavers.close().await;
    let update = TypedChanges::of_suspension(typed, roster.clone())?;
    let exit = Box::pin(changes::updated_on(&update, stage)).await?;
    if exit == Exit::Done || exit == Exit::SomeFailed {
        output::say(&format!("suspended by the roster {}: nobody was deleted", farewell::shown(&roster)));
        output::say_whole(&format!("delete them later with: {}", meant_leavers::deletes_later(typed, &arn)));
    }
    Ok(exit.worst(of_list))
}

fn plan(typed: &TypedLeavers, leavers: &Leavers, with: &Suspended) -> String {
    let columns = settings::width_of_talk();
    let counts = leavers.counts();
    let mut lines = head(typed, leavers);
    let left = counts.skip + counts.wait;
    let left = if left > 0 { format!(", {} left", text::grouped(left)) } else { String::new() };
    lines.push(format!("plan      {} to suspend{left}", text::people(counts.delete)));
    let routing = match &with.routing_profile {
        Some(name) => format!(" and the routing profile {}", text::plain(name)),
        None => ", with the routing profile that they have".to_owned(),
    };
    let security = text::plain(&with.security_profile);
    lines.push(format!("          each with the security profile {security} alone{routing}"));
    let head = words::wrapped(&(lines.join("\n") + "\n"), columns, INDENT);
    let people = leaver_words::of_people(leavers.people(), settings::has_live_stderr(), columns);
    (head + &people).trim_end_matches('\n').to_owned()
}
