//! `headcount policy`: the least permissions for what is to be done.

use clap::{Args, ValueEnum};

use crate::cli::output;
use crate::connect::policy::{Job, document};
use crate::connect::{Environment, InstanceRef, Target};
use crate::error::Failure;
use crate::exit::Exit;

/// Prints the minimal IAM policy for what is to be done, as JSON.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// The instance's ARN; without it the policy is for every instance of the account.
    #[arg(long, value_name = "ARN")]
    instance: Option<String>,

    /// What is to be done.
    #[arg(long = "for", value_name = "JOB", value_enum, default_value_t = PolicyJob::Import)]
    job: PolicyJob,

    /// Leave `connect:TagResource` out, for imports with --no-provenance-tag and without tags in the roster.
    #[arg(long)]
    no_provenance_tag: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PolicyJob {
    /// Create the users of a roster (import, retry).
    Import,
    /// Create them, and give them proficiencies.
    ImportWithProficiencies,
    /// Only look (directory, import --dry-run).
    Look,
}

/// Runs the command.
pub fn run(args: PolicyArgs) -> Result<Exit, Failure> {
    let instance = match &args.instance {
        None => "arn:aws:connect:*:*:instance/*".to_owned(),
        Some(typed) => arn_of(typed)?,
    };
    let job = Job {
        creates: args.job != PolicyJob::Look,
        tags: !args.no_provenance_tag,
        proficiencies: args.job == PolicyJob::ImportWithProficiencies,
        deletes: false,
    };
    output::result(&format!("{:#}\n", document(job, &instance)));
    Ok(Exit::Done)
}

fn arn_of(typed: &str) -> Result<String, Failure> {
    let by_name = || {
        Failure::usage(format!("a policy needs the instance's ARN: `{typed}`")).hint(
            "`aws connect list-instances` prints it; without --instance the policy is for every instance",
        )
    };
    if !typed.trim().to_ascii_lowercase().starts_with("arn:") {
        return Err(by_name());
    }
    match Target::resolve(typed, None, None, &Environment::default())?.instance {
        InstanceRef::Arn { arn, .. } => Ok(arn),
        _ => Err(by_name()),
    }
}
