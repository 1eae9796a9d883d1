//! What the public workflows hold: they read only, run what they publish before they do, and sign it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// All workflows by name, as text and as data.
fn workflows() -> BTreeMap<String, (String, Value)> {
    let folder = fs::read_dir(root().join(".github/workflows")).unwrap();
    folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let data = serde_yaml_ng::from_str(&text).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), (text, data))
        })
        .collect()
}

fn workflow(name: &str) -> Value {
    workflows()[name].1.clone()
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().unwrap().iter()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().map_or(&[], Vec::as_slice)
}

/// Where the first step is whose script says this, or that uses this action.
fn at(job: &Value, says: &str) -> Option<usize> {
    steps(job).iter().position(|step| {
        [&step["run"], &step["uses"]]
            .into_iter()
            .any(|text| text.as_str().is_some_and(|text| text.contains(says)))
    })
}

/// What a job may write.
fn writes(job: &Value) -> Vec<&str> {
    let rights = job["permissions"].as_object().into_iter().flatten();
    rights.filter(|(_, right)| *right == "write").map(|(name, _)| name.as_str()).collect()
}

/// The jobs that must have ended well before this one begins.
fn before(workflow: &Value, job: &str) -> Vec<String> {
    let needs = match &workflow["jobs"][job]["needs"] {
        Value::String(one) => vec![one.clone()],
        several => {
            several.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
        }
    };
    let theirs: Vec<String> = needs.iter().flat_map(|one| before(workflow, one)).collect();
    [needs, theirs].concat()
}

/// Who may write what. A release writes its draft, an image itself, an alarm an issue.
const MAY_WRITE: [(&str, &str, &[&str]); 3] = [
    ("drift.yml", "tell", &["issues"]),
    ("image.yml", "publish", &["packages", "id-token", "attestations"]),
    ("release.yml", "publish", &["contents", "id-token", "attestations"]),
];

/// What is wrong with the rights and the pins of a workflow.
fn faults(name: &str, workflow: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if workflow["permissions"] != json!({ "contents": "read" }) {
        faults.push("may do more than read".to_owned());
    }
    for (job, of) in jobs(workflow) {
        let mut may = MAY_WRITE.iter().filter(|(file, one, _)| *file == name && one == job);
        let may = may.next().map_or(&[][..], |(_, _, may)| may);
        for right in writes(of).into_iter().filter(|right| !may.contains(right)) {
            faults.push(format!("{job} may write {right}"));
        }
        if of["permissions"].is_string() {
            faults.push(format!("{job} may do all"));
        }
        for used in [of].into_iter().chain(steps(of)).filter_map(|one| one["uses"].as_str()) {
            let pin = used.split_once('@').map_or("", |(_, pin)| pin);
            let is_pinned = pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit());
            if !is_pinned && !used.starts_with("./.github/workflows/") {
                faults.push(format!("{job} uses {used}, which is no commit"));
            }
        }
        for step in
            steps(of).iter().filter(|step| at(&json!({ "steps": [step] }), "actions/checkout@").is_some())
        {
            if step["with"]["persist-credentials"] != json!(false) {
                faults.push(format!("{job} leaves its token in the checkout"));
            }
        }
    }
    faults
}

#[test]
fn actions_of_the_workflows_are_pinned_by_commit_and_may_only_read() {
    let all = workflows();
    assert!(all.len() >= 3);
    for (name, (text, data)) in &all {
        assert_eq!(faults(name, data), [""; 0], "{name}");
        // A reader sees which version a commit is.
        for used in
            text.lines().filter_map(|line| line.split_once("uses: ")).filter(|used| used.1.contains('@'))
        {
            assert!(used.1.split_once(" # v").is_some_and(|(_, version)| !version.is_empty()), "{}", used.1);
        }
    }
}

#[test]
fn a_wider_right_or_an_action_that_can_move_is_found() {
    let good = workflow("release.yml");
    let with = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        faults("release.yml", &bad)
    };
    assert_eq!(with("/permissions", json!("write-all")), ["may do more than read"]);
    assert_eq!(
        with("/jobs/publish/permissions", json!({ "packages": "write" })),
        ["publish may write packages"]
    );
    assert_eq!(with("/jobs/publish/permissions", json!("write-all")), ["publish may do all"]);
    let moved = with("/jobs/build/steps/0/uses", json!("actions/checkout@v7"));
    assert_eq!(moved, ["build uses actions/checkout@v7, which is no commit"]);
    assert_eq!(with("/jobs/ci/uses", json!("a/b/.github/workflows/c.yml@main")).len(), 1);
    let kept = with("/jobs/build/steps/0/with/persist-credentials", json!(true));
    assert_eq!(kept, ["build leaves its token in the checkout"]);
    assert_eq!(faults("ci.yml", &good).len(), 3, "what one workflow may write, another may not");
}

/// What a release would leave out.
fn left_out(release: &Value) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let mut holds = |is_so: bool, else_say: &'static str| faults.extend((!is_so).then_some(else_say));
    let build = &release["jobs"]["build"];
    let (tried, handed) = (at(build, "import roster.csv --simulate"), at(build, "actions/upload-artifact@"));
    holds(tried.is_some() && tried < handed, "the program runs before it is handed on");
    let try_it = tried.map_or(&Value::Null, |at| &steps(build)[at]);
    holds(try_it["if"].is_null(), "it runs on every system");
    holds(try_it["continue-on-error"].is_null(), "that it fails is no matter of indifference");
    let says = try_it["run"].as_str().unwrap_or_default();
    holds(says.contains("7z x") && says.contains("tar -xzf"), "it is the archive's program that runs");
    holds(says.contains("$COMMIT") && says.contains("$TARGET"), "it says which build it is");
    for entry in build["strategy"]["matrix"]["include"].as_array().unwrap() {
        let (target, os) = (entry["target"].as_str().unwrap(), entry["os"].as_str().unwrap());
        let system = if target.contains("linux") {
            "ubuntu"
        } else if target.contains("apple") {
            "macos"
        } else {
            "windows"
        };
        let is_arm = os.contains("-arm") || os == "macos-latest";
        holds(os.starts_with(system) && is_arm == target.starts_with("aarch64"), "it runs on its own system");
    }
    let publish = &release["jobs"]["publish"];
    let all_before = before(release, "publish");
    let asks_ci = |job: &String| release["jobs"][job.as_str()]["uses"] == "./.github/workflows/ci.yml";
    holds(all_before.iter().any(asks_ci), "what must hold for a change holds for the tag");
    holds(all_before.iter().any(|job| job == "build"), "the builds are there");
    holds(jobs(release).all(|(_, job)| job["if"].is_null()), "no job goes on where another failed");
    let created = at(publish, "gh release create");
    let attested: Vec<usize> = (0..steps(publish).len())
        .filter(|at| {
            steps(publish)[*at]["uses"].as_str().is_some_and(|used| used.starts_with("actions/attest@"))
        })
        .collect();
    holds(attested.iter().all(|at| Some(*at) < created), "what is published was attested before");
    let of = |name: &str| {
        attested.iter().map(|at| &steps(publish)[*at]["with"]).find(|with| !with[name].is_null())
    };
    holds(of("subject-checksums").is_some(), "everything has an attestation of where it was made");
    let archives = of("sbom-path").map_or("", |with| with["subject-path"].as_str().unwrap_or_default());
    let both = archives.contains("tar.gz") && archives.contains("zip");
    holds(both, "every archive has an attestation of what it is made of");
    let rights = writes(publish);
    holds(["id-token", "attestations"].iter().all(|right| rights.contains(right)), "who attests may");
    holds(at(publish, "cargo").is_none(), "who may sign builds nothing");
    holds(at(publish, "--draft").is_some(), "a person publishes");
    faults
}

#[test]
fn a_release_is_tried_on_its_own_systems_asks_for_all_checks_and_is_attested() {
    assert_eq!(left_out(&workflow("release.yml")), [""; 0]);
    assert!(workflow("ci.yml")["on"].as_object().unwrap().contains_key("workflow_call"));
}

#[test]
fn a_step_that_a_release_leaves_out_is_missed() {
    let good = workflow("release.yml");
    let build = &good["jobs"]["build"];
    let tried = at(build, "import roster.csv --simulate").unwrap();
    let without = |change: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad["jobs"]);
        left_out(&bad)
    };
    let missed = without(&|jobs| drop(jobs["build"]["steps"].as_array_mut().unwrap().remove(tried)));
    assert!(missed.contains(&"the program runs before it is handed on"));
    let late = without(&|jobs| {
        let steps = jobs["build"]["steps"].as_array_mut().unwrap();
        let step = steps.remove(tried);
        steps.push(step);
    });
    assert_eq!(late, ["the program runs before it is handed on"]);
    let some =
        without(&|jobs| jobs["build"]["steps"][tried]["if"] = json!("contains(matrix.target, 'musl')"));
    assert_eq!(some, ["it runs on every system"]);
    let elsewhere =
        without(&|jobs| jobs["build"]["strategy"]["matrix"]["include"][5]["os"] = json!("windows-latest"));
    assert_eq!(elsewhere, ["it runs on its own system"]);
    let unasked = without(&|jobs| jobs["publish"]["needs"] = json!(["build", "inventory"]));
    assert_eq!(unasked, ["what must hold for a change holds for the tag"]);
    let anyway = without(&|jobs| jobs["publish"]["if"] = json!("always()"));
    assert_eq!(anyway, ["no job goes on where another failed"]);
    let publish = &good["jobs"]["publish"];
    for step in 0..steps(publish).len() {
        let is_of_attest = steps(publish)[step]["uses"].as_str().is_some_and(|used| used.contains("attest"));
        let missed = without(&|jobs| drop(jobs["publish"]["steps"].as_array_mut().unwrap().remove(step)));
        assert!(!is_of_attest || missed.len() == 1, "{missed:?}");
    }
    let unsigned = without(&|jobs| jobs["publish"]["permissions"] = json!({ "contents": "write" }));
    assert_eq!(unsigned, ["who attests may"]);
}

#[test]
fn an_image_is_made_of_programs_that_were_verified_runs_first_and_is_attested() {
    let image = workflow("image.yml");
    let build = &image["jobs"]["build"];
    let order =
        ["gh attestation verify", "--network none", "actions/upload-artifact@"].map(|says| at(build, says));
    assert!(order.is_sorted() && order.iter().all(Option::is_some), "{order:?}");
    assert!(before(&image, "publish").contains(&"build".to_owned()));
    let publish = &image["jobs"]["publish"];
    assert!(at(publish, "--platform linux/amd64,linux/arm64 --provenance=mode=max").is_some());
    let attested: Vec<&Value> = steps(publish)
        .iter()
        .filter(|step| step["uses"].as_str().is_some_and(|used| used.contains("/attest@")))
        .collect();
    assert_eq!(attested.len(), 2);
    for step in attested {
        assert_eq!(step["with"]["subject-digest"], "${{ steps.push.outputs.digest }}");
        assert_eq!(step["with"]["push-to-registry"], true);
    }
}

#[test]
fn a_release_is_made_with_one_rust_that_is_written_down_once() {
    let rust = read(".ci/rust");
    let number =
        |text: &str| -> Vec<u32> { text.trim().split('.').map(|part| part.parse().unwrap()).collect() };
    let cargo = read("Cargo.toml");
    let oldest = cargo.split_once("rust-version = \"").unwrap().1.split('"').next().unwrap();
    assert!(number(&rust).len() == 3 && number(&rust) >= number(oldest), "{rust}");
    assert!(read("Containerfile").contains(&format!("/rust:{}-alpine ", rust.trim())));
    for (name, (text, _)) in workflows() {
        assert!(!text.contains("toolchain install stable") && !text.contains("RUSTFLAGS:"), "{name}");
    }
    // A file of this name would make rustup download it on every machine that has another one.
    for name in ["rust-toolchain", "rust-toolchain.toml"] {
        assert!(!root().join(name).exists(), "{name}");
    }
}
