//! How often a job reads its roster: it may have a million rows, and be on a drive of somebody else's.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::cli::voice::Flags;
use crate::clock::{Clock, SystemClock};
use crate::connect::{Credentials, Environment};
use crate::directory::{PROBES, variants};
use crate::ledger::beside;
use crate::roster::{Options, readings};
use crate::simulator::{ACCESS_KEY_ID, InProcess, SECRET_ACCESS_KEY, Spec, World as Connect};
use crate::stop::Switch;

/// A folder with a roster of two rows that can be sent and one that cannot, and the instance that they are sent to.
struct Stage {
    folder: tempfile::TempDir,
    world: World,
}

impl Stage {
    fn set(rows: &str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let connect = Connect::new(Spec::default(), clock.now());
        let connect = InProcess::new(connect, Arc::clone(&clock), Duration::from_secs(30));
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let world = World {
            clock,
            lanes: Arc::new(Lanes::within(Arc::new(connect), credentials)),
            events: Arc::new(mpsc::unbounded_channel().0),
            stop: Switch::default(),
            host: "here".into(),
            state: None,
            nonces: crate::ledger::counted(),
            seed: 5,
            voice: &Flags,
        };
        let stage = Self { folder: tempfile::tempdir().unwrap(), world };
        stage.write("roster.csv", rows);
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, rows: &str) {
        const HEADER: &str =
            "first name,last name,email address,password,user login,routing profile name,security profiles\n";
        std::fs::write(self.path(name), HEADER.to_owned() + rows).unwrap();
    }

    fn import(&self) -> Job {
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        let named = Some(Spec::default().instance_arn());
        Job {
            what: What::Import { roster: self.path("roster.csv") },
            target: Target::instance(Address { named, environment, ..Address::default() }),
            reading: Options::default(),
            ledger: self.path("roster.csv.ledger.jsonl").into(),
            pace: PaceAsked { rate: RateAsked::Fixed(1000.0), burst: None, concurrency: None },
            passwords: Passwords::OfRoster,
            patience: Patience::default(),
            allowed: Allowed { invalid_rows: true, ..Allowed::default() },
            settings: None,
        }
    }

    fn rehearsal(&self) -> Job {
        let at = At::Rehearsal(Box::default());
        Job {
            target: Target { at, identity: None, directory: None },
            ledger: beside::ledger_of(&self.path("roster.csv"), true).into(),
            ..self.import()
        }
    }

    /// Runs a job to its end, and says how often the rows of a file were read for it.
    async fn readings(&self, job: Job, name: &str) -> u32 {
        readings::take(&self.path(name));
        let planned = job.check(&self.world).await.unwrap().plan().await.unwrap();
        planned.run().await.unwrap();
        readings::take(&self.path(name))
    }
}

const GOOD: &str = "Ana,Silva,ana@example.com,Lantern-Reef-7,ana,Basic Routing Profile,Agent\n\
                    Bo,Lind,bo@example.com,Lantern-Reef-7,bo,Basic Routing Profile,Agent\n";
const WRONG: &str = "Cy,Voss,cy@example.com,short,cy,Basic Routing Profile,Agent\n";

#[tokio::test(start_paused = true)]
async fn an_import_reads_its_roster_to_check_it_and_to_send_it() {
    let stage = Stage::set(GOOD);
    assert_eq!(stage.readings(stage.import(), "roster.csv").await, 2);
    let checked = stage.import().check(&stage.world).await.unwrap();
    checked.forecast().await.unwrap();
    // Those who were made are held against their rows.
    assert_eq!(readings::take(&stage.path("roster.csv")), 2, "a dry run sends nothing");
}

#[tokio::test(start_paused = true)]
async fn only_where_rows_have_failed_the_roster_is_read_for_them() {
    let stage = Stage::set(&[GOOD, WRONG].concat());
    assert_eq!(stage.readings(stage.import(), "roster.csv").await, 3);
    assert!(stage.path("roster.csv.failed.csv").exists());
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_reads_its_roster_for_the_names_first() {
    let stage = Stage::set(GOOD);
    assert_eq!(stage.readings(stage.rehearsal(), "roster.csv").await, 3);
    // The names of the file that the users were made from are there as well.
    stage.write("other.csv", GOOD);
    let other = Job { what: What::Import { roster: stage.path("other.csv") }, ..stage.rehearsal() };
    readings::take(&stage.path("roster.csv"));
    assert_eq!(stage.readings(other, "other.csv").await, 4, "and once for those who were made");
    assert_eq!(readings::take(&stage.path("roster.csv")), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_compares_variants_of_one_name_in_as_many_steps_as_there_are_rows() {
    const ROWS: u32 = 4_000;
    let row = |name| format!("Ana,Silva,ana@example.com,Lantern-Reef-7,{name},Basic Routing Profile,Agent\n");
    let stage = Stage::set(&variants(ROWS).map(row).collect::<String>());
    PROBES.set(0);
    let checked = stage.import().check(&stage.world).await.unwrap();
    let planned = checked.forecast().await.unwrap();
    assert_eq!(planned.outlook.rows.to_create, u64::from(ROWS));
    let looks = PROBES.get();
    assert!((1..10 * u64::from(ROWS)).contains(&looks), "{looks} looks");
}
