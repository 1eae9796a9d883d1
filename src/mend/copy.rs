use crate::error::Failure;
use crate::roster::Roster;
use std::path::Path;
pub(crate) fn fits(_: &Roster, _: &Path) -> Result<(), Failure> {
    Ok(())
}
pub(crate) fn write(_: &Roster, _: &(), _: &Path) -> Result<Vec<String>, Failure> {
    Err(Failure::usage("x"))
}
pub(crate) fn write_over(_: &Roster, _: &(), _: &Path) -> Result<Vec<String>, Failure> {
    Err(Failure::usage("x"))
}
