//! Several targets in an instance's place.

use std::path::PathBuf;

use clap::Args;

/// What is said of one instance alone. Whatever is said of targets goes with none of it: what merely requires `--targets` would
/// be let through, as that is not missed where it could not stand.
const OF_ONE_INSTANCE: [&str; 6] = ["instance", "region", "profile", "endpoint_url", "identity", "directory"];

/// Several targets in an instance's place.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Several targets")]
pub(in crate::cli) struct TargetsArgs {
    /// A file of several instances, in place of --instance: the column `target` of the roster says who goes where
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = OF_ONE_INSTANCE)]
    pub(in crate::cli) targets: Option<PathBuf>,

    /// This target alone; may be given again for another beside it [default: all of them]
    #[arg(id = "target", long = "target", value_name = "NAME", requires = "targets", conflicts_with_all = OF_ONE_INSTANCE)]
    pub(in crate::cli) only: Vec<String>,

    /// The first target that stops stops all; else the others go on
    #[arg(long, requires = "targets", conflicts_with_all = OF_ONE_INSTANCE)]
    pub(in crate::cli) fail_fast: bool,

    /// Go on without a target that cannot be reached or planned; else nothing is sent anywhere
    #[arg(long, requires = "targets", conflicts_with_all = OF_ONE_INSTANCE)]
    pub(in crate::cli) skip_failed_targets: bool,
}

impl TargetsArgs {
    /// Whether there are several.
    pub(in crate::cli) fn are_given(&self) -> bool {
        self.targets.is_some()
    }
}
