//! The commands that do in a terminal what a page does, for the page to show: made of what was asked there, by the code that
//! makes those which are printed here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::allow::AllowArgs;
use super::args::import::{Format, ImportArgs, Shared, UpdateToo};
use super::args::instance::{InstanceArgs, RehearsalArgs};
use super::args::leave_out::LeaveOut;
use super::args::passwords::PasswordArgs;
use super::args::removing::RemovingArgs;
use super::args::roster::{Identity, RosterArgs};
use super::args::sky::Sky;
use super::args::taking::TakingArgs;
use super::args::targets::TargetsArgs;
use super::leaver_words;
use super::meant::{Typed, from_here};
use super::retype;
use super::screen;
use super::voice::Flags;
use crate::clock::{SystemClock, Zone};
use crate::disk;
use crate::job::{Around, Patience, RateAsked, Rehearsals, Terminal, ToRehearse, Told, Turns};
use crate::ledger::{LedgerAt, State};
use crate::plan::Why;
use crate::roster::Options;
use crate::text::{Voice, program};

/// What its reader puts the instance in the place of.
const INSTANCE: &str = "YOUR-INSTANCE";

/// The command line of this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct InTerminal;

impl Terminal for InTerminal {
    fn import(&self, asked: &ToRehearse) -> String {
        retype::import(&typed(asked, false), INSTANCE).to_string()
    }

    fn rehearsal(&self, asked: &ToRehearse) -> String {
        retype::import(&typed(asked, true), INSTANCE).to_string()
    }

    fn settings(&self, asked: &ToRehearse) -> Vec<String> {
        retype::settings(&typed(asked, true))
    }

    fn resume(&self, ledger: &Path, state: &State) -> Option<String> {
        Some(retype::resume_of(&short(ledger), state)?.to_string())
    }

    fn retry(&self, ledger: &Path, state: &State, code: Option<&str>) -> String {
        retype::retry_of(&short(ledger), state, code).to_string()
    }

    fn undo(&self, ledger: &Path, code: &str) -> String {
        undo_lifting(&short(ledger), code)
    }

    fn voice(&self) -> &dyn Voice {
        &Flags
    }

    fn reading(&self, settings: &[String]) -> Options {
        RosterArgs::of_settings(settings).unwrap_or_default().meant()
    }
}

/// What undoes the run of a ledger, with what lifts the reason of this code, where anything does.
pub(super) fn undo_lifting(ledger: &Path, code: &str) -> String {
    let lift = Why::of_code(code).and_then(Why::lifted_by);
    let mut line = retype::undo_of(ledger);
    line.words(lift.map(leaver_words::flag));
    line.to_string()
}

/// Rehearsals on this machine, for whoever names what can be set in this voice and is told what happens.
pub fn rehearsals(voice: Arc<dyn Voice>, told: Arc<dyn Fn(Told) + Send + Sync>) -> Rehearsals {
    Rehearsals::new(Around {
        turns: Turns::default(),
        world: Arc::new(screen::world),
        clock: Arc::new(SystemClock),
        zone: Zone::of_system(),
        voice,
        terminal: Arc::new(InTerminal),
        told,
    })
}

/// A path as it is typed from here: one that was typed stays as it is.
fn short(path: &Path) -> PathBuf {
    if path.is_absolute() { from_here(&disk::full_name(path)) } else { path.to_owned() }
}

/// What would be typed for it. Every flag has its place here: one that is added breaks the build until it is said whether a
/// page sets it.
fn typed(asked: &ToRehearse, is_rehearsal: bool) -> Typed {
    let ToRehearse {
        roster,
        reading,
        directory,
        identity,
        makes_passwords,
        skips_invalid,
        is_rough,
        seed,
        copy_of: _, // its ledger says it
    } = asked;
    let Options {
        columns,
        sheet,
        header_row,
        encoding,
        delimiter: _, // there is no flag for it: it is found out
        phone_region,
        act: _,     // a page obeys no column of actions
        targets: _, // and none of targets
    } = reading;
    let ledger = LedgerAt::file(short(&asked.ledger(is_rehearsal)));
    let args = ImportArgs {
        roster: short(roster),
        update: UpdateToo { update: false, overwrite_drift: false, change_email: false },
        removing: RemovingArgs::default(),
        shared: Shared {
            targets: TargetsArgs::default(),
            reading: RosterArgs {
                columns: columns.as_deref().map(short),
                sheet: sheet.clone(),
                header_row: *header_row,
                encoding: encoding.clone(),
                phone_region: *phone_region,
                of_targets: None,
            },
            instance: InstanceArgs {
                instance: (!is_rehearsal).then(|| INSTANCE.to_owned()),
                region: None,
                profile: None,
                endpoint_url: None,
                identity: identity.map(Identity::from),
                directory: directory.as_deref().map(short),
                role: None,
            },
            rehearsal: RehearsalArgs {
                simulate: is_rehearsal,
                seed: if is_rehearsal { *seed } else { 0 },
                weather: if *is_rough && is_rehearsal { Sky::Rough } else { Sky::Calm },
                updates: LeaveOut::default(),
            },
            passwords: PasswordArgs {
                generate_passwords: *makes_passwords,
                credentials_out: asked.credentials().as_deref().map(short),
                recipients: Vec::new(),
                password_from_env: None,
                password_command: None,
            },
            ledger: Some(ledger.clone()),
            taking: TakingArgs::default(),
            rate: RateAsked::Quota,
            burst: None,
            concurrency: None,
            dry_run: false,
            actions: false,
            skip_invalid: *skips_invalid,
            allow_partial: false,
            allow: AllowArgs::default(),
            recreate_missing: false,
            recreate_deleted: false,
            no_provenance_tag: false,
            accept_probable: false,
            settle_timeout: Patience::USUAL.settle.as_secs(),
            outage_timeout: Patience::USUAL.outage.as_secs(),
            yes: false,
            format: Format::Human,
        },
    };
    Typed::import_with(args, ledger, vec![program().into()])
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::super::{Cli, Command, command_line};
    use super::*;
    use crate::agent::IdentityType;
    use crate::job::{Job, What};

    /// What a command comes to mean that was split at its blanks.
    fn pasted(command: &str) -> Typed {
        let words: Vec<&str> = command.split(' ').collect();
        let matches = command_line().try_get_matches_from(&words).unwrap();
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Import(args) => Typed::import(*args, words.iter().map(Into::into).collect()).unwrap(),
            _ => panic!("no import: {command}"),
        }
    }

    fn all() -> ToRehearse {
        ToRehearse {
            roster: "berlin.mended.xlsx".into(),
            reading: Options {
                columns: Some("berlin.columns.toml".into()),
                sheet: Some("Users".into()),
                header_row: Some(3),
                encoding: Some("latin1".into()),
                phone_region: Some("DE".parse().unwrap()),
                ..Options::default()
            },
            directory: Some("acme.json".into()),
            identity: Some(IdentityType::ConnectManaged),
            makes_passwords: true,
            skips_invalid: true,
            is_rough: true,
            seed: 7,
            copy_of: Some("berlin.xlsx".into()),
        }
    }

    #[test]
    fn a_command_says_all_that_was_set_and_nothing_else() {
        let plain = ToRehearse { roster: "my roster.csv".into(), ..ToRehearse::default() };
        insta::assert_snapshot!(
            [InTerminal.import(&plain), InTerminal.rehearsal(&plain), InTerminal.import(&all()), InTerminal.rehearsal(&all())]
                .join("\n"),
            @r"
        headcount import 'my roster.csv' --instance YOUR-INSTANCE
        headcount import 'my roster.csv' --simulate
        headcount import berlin.mended.xlsx --instance YOUR-INSTANCE --ledger berlin.xlsx.ledger.jsonl --columns berlin.columns.toml --sheet Users --header-row 3 --encoding latin1 --phone-region DE --identity connect --directory acme.json --skip-invalid --generate-passwords --credentials-out berlin.xlsx.passwords.jsonl
        headcount import berlin.mended.xlsx --simulate --seed 7 --weather rough --ledger berlin.xlsx.simulate.ledger.jsonl --columns berlin.columns.toml --sheet Users --header-row 3 --encoding latin1 --phone-region DE --identity connect --directory acme.json --skip-invalid --generate-passwords --credentials-out berlin.xlsx.passwords.jsonl
        "
        );
    }

    #[test]
    fn what_is_pasted_means_what_is_rehearsed() {
        for asked in [ToRehearse { roster: "r.csv".into(), ..ToRehearse::default() }, all()] {
            let settings = InTerminal.settings(&asked);
            let ours = asked.job(What::Import { roster: asked.roster.clone() }, settings);
            let typed = pasted(&InTerminal.rehearsal(&asked));
            let theirs = Job { settings: Some(retype::settings(&typed)), ..typed.meant() };
            assert_eq!(format!("{ours:#?}"), format!("{theirs:#?}"));
            // In earnest it is the same but for where it goes.
            let typed = pasted(&InTerminal.import(&asked));
            assert_eq!(typed.ledger.name(), asked.ledger(false));
            assert_eq!(format!("{:?}", typed.meant().reading), format!("{:?}", ours.reading));
            assert_eq!(typed.meant().allowed, ours.allowed);
        }
    }
}
