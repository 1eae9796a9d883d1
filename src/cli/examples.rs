//! What `--help` teaches by example. Every line works when it is pasted, in this order, beside a `roster.csv`, and in each
//! shell: `-o` in place of `>`, and no pipes.

use clap::Command;

/// The examples of each command.
const EXAMPLES: [(&str, &[&str]); 21] = [
    (
        "template",
        &[
            "headcount template -o new.csv",
            "headcount template --identity saml -o new.xlsx",
            "headcount template --identity directory",
        ],
    ),
    (
        "validate",
        &[
            "headcount validate roster.csv",
            "headcount validate roster.csv --format json -o findings.json",
            "headcount validate --explain email-not-allowed",
        ],
    ),
    (
        "mend",
        &[
            "headcount mend roster.csv",
            "headcount mend roster.csv --safe",
            "headcount mend roster.csv --safe -o roster.mended.csv",
            "headcount mend roster.csv --fix placeholder",
        ],
    ),
    (
        "open",
        &[
            "headcount open roster.csv",
            "headcount open roster.csv --directory acme.json",
            "headcount open --folder . --port 8080 --no-browser",
        ],
    ),
    (
        "import",
        &[
            "headcount import roster.csv --simulate",
            "headcount import roster.csv --instance acme-contact-centre --region eu-central-1 --dry-run",
            "headcount import roster.csv --instance acme-contact-centre --region eu-central-1",
            "headcount import roster.csv --simulate --generate-passwords --credentials-out made.jsonl",
        ],
    ),
    (
        "retry",
        &[
            "headcount retry roster.csv.ledger.jsonl --dry-run",
            "headcount retry roster.csv.ledger.jsonl",
            "headcount retry roster.csv.ledger.jsonl --code DuplicateResourceException",
        ],
    ),
    (
        "diff",
        &[
            "headcount diff roster.csv --instance acme-contact-centre --region eu-central-1",
            "headcount diff roster.csv --instance acme-contact-centre --region eu-central-1 -o drift.html",
            "headcount diff roster.csv --instance acme-contact-centre --region eu-central-1 --annotate d.xlsx",
            "headcount diff roster.csv --instance acme-contact-centre --region eu-central-1 --only tags",
        ],
    ),
    (
        "update",
        &[
            "headcount update roster.csv --instance acme-contact-centre --region eu-central-1 --dry-run",
            "headcount update roster.csv --instance acme-contact-centre --region eu-central-1",
            "headcount update roster.csv --instance acme-contact-centre --region eu-central-1 --exact tags",
        ],
    ),
    (
        "remove",
        &[
            "headcount remove leavers.csv --simulate --yes --count 2",
            "headcount remove leavers.csv --instance acme-contact-centre --region eu-central-1 --dry-run",
        ],
    ),
    (
        "undo",
        &[
            "headcount undo roster.csv.ledger.jsonl --dry-run",
            "headcount undo roster.csv.ledger.jsonl",
            "headcount undo roster.csv.ledger.jsonl --even-if-changed",
        ],
    ),
    (
        "status",
        &[
            "headcount status roster.csv.ledger.jsonl",
            "headcount status roster.csv.ledger.jsonl --rows rejected,exists",
        ],
    ),
    (
        "report",
        &[
            "headcount report roster.csv.ledger.jsonl",
            "headcount report roster.csv.ledger.jsonl -o result.html",
            "headcount report roster.csv.ledger.jsonl -o result.xlsx",
            "headcount report roster.csv.ledger.jsonl -o result.json",
        ],
    ),
    (
        "ledger",
        &[
            "headcount ledger create dynamodb://headcount",
            "headcount ledger list dynamodb://headcount",
            "headcount ledger pull dynamodb://headcount/roster@acme -o roster.ledger.jsonl",
            "headcount ledger push roster.csv.ledger.jsonl dynamodb://headcount/roster@acme",
        ],
    ),
    (
        "credentials",
        &[
            "headcount credentials made.jsonl --ledger roster.csv.simulate.ledger.jsonl",
            "headcount credentials made.jsonl --ledger roster.csv.simulate.ledger.jsonl -o made.csv --with name",
            "headcount credentials made.jsonl --ledger roster.csv.simulate.ledger.jsonl --slips -o slips.html",
            "headcount credentials made.jsonl --ledger roster.csv.simulate.ledger.jsonl --format json",
        ],
    ),
    (
        "simulate",
        &[
            "headcount simulate",
            "headcount simulate --users-quota 10 --weather rough --seed 7",
            "headcount simulate --identity saml --rate unlimited --format json",
        ],
    ),
    ("columns", &["headcount columns roster.csv"]),
    (
        "directory",
        &[
            "headcount directory --instance acme-contact-centre --region eu-central-1 -o acme.directory.json",
            "headcount validate roster.csv --directory acme.directory.json",
        ],
    ),
    (
        "export",
        &[
            "headcount export --instance acme-contact-centre --region eu-central-1 -o users.xlsx",
            "headcount export --instance acme-contact-centre --region eu-central-1 --fields fast -o look.csv",
            "headcount export --instance acme-contact-centre --region eu-central-1 --hierarchy EMEA -o emea.csv",
        ],
    ),
    (
        "policy",
        &[
            "headcount policy import roster.csv --instance acme-contact-centre --region eu-central-1",
            "headcount policy import roster.csv --dry-run",
            "headcount policy retry roster.csv.ledger.jsonl",
            "headcount policy ledger create dynamodb://headcount",
            "headcount policy --for look",
        ],
    ),
    (
        "completions",
        &[
            "headcount completions bash -o headcount.bash",
            "headcount completions zsh -o _headcount",
            "headcount completions powershell -o headcount.ps1",
        ],
    ),
    (
        "man",
        &[
            "headcount man -o headcount.1",
            "headcount man import -o headcount-import.1",
            "headcount man --list",
        ],
    ),
];

/// Where one begins, at the end of the program's own help.
const BEGINNING: &str = "Begin with:
  headcount validate roster.csv
  headcount import roster.csv --simulate

`headcount COMMAND --help` has examples of each command.";

/// The command line with the examples at the end of each help.
pub(super) fn added_to(command: Command) -> Command {
    command.after_help(BEGINNING).mut_subcommands(|subcommand| {
        let Some((_, examples)) = EXAMPLES.iter().find(|(name, _)| *name == subcommand.get_name()) else {
            return subcommand;
        };
        subcommand.after_help(format!("Examples:\n  {}", examples.join("\n  ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_the_same_in_each_shell() {
        for example in EXAMPLES.iter().flat_map(|(_, examples)| *examples) {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_.,:/@".contains(c);
            assert!(example.starts_with("headcount ") && example.chars().all(is_plain), "{example}");
        }
    }
}
