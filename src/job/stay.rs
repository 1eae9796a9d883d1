//! Those who are to stay, whatever a list or a ledger says.

use super::few::Few;
use super::world::World;
use crate::plan::Protected;
use crate::text::count;

/// Says which lines of those who are to stay fit nobody of whom anything was decided: a name may be written there otherwise
/// than it is.
pub(super) fn say_unused<'u>(protected: &Protected, users: impl Iterator<Item = &'u str>, world: &World) {
    let unused = protected.fits_nobody(users);
    if unused.is_empty() {
        return;
    }
    let few = Few::of(unused.iter().map(String::as_str));
    let more = if few.more > 0 { format!(" and {} more", few.more) } else { String::new() };
    let lines = count(protected.len() as u64, "line");
    world.remark(format!(
        "of {lines} of those who are to stay, these fit nobody here: {}{more}",
        few.first.join(", ")
    ));
}
