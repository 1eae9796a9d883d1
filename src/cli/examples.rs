//! What `--help` teaches by example. Every line works when it is pasted, in this order, beside a `roster.csv`.

use clap::Command;

/// The examples of each command.
const EXAMPLES: [(&str, &[&str]); 13] = [
    (
        "template",
        &[
            "headcount template -o new.csv",
            "headcount template --identity saml -o new.xlsx",
            "headcount template --identity directory | head -1",
        ],
    ),
    (
        "validate",
        &[
            "headcount validate roster.csv",
            "headcount validate roster.csv --format json | jq '.findings | length'",
            "headcount validate --explain email-not-allowed",
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
        "status",
        &[
            "headcount status roster.csv.ledger.jsonl",
            "headcount status roster.csv.ledger.jsonl --format json | jq .rows",
        ],
    ),
    (
        "report",
        &[
            "headcount report roster.csv.ledger.jsonl",
            "headcount report roster.csv.ledger.jsonl -o result.html",
            "headcount report roster.csv.ledger.jsonl -o result.xlsx",
            "headcount report roster.csv.ledger.jsonl --format json | jq '.causes[].says'",
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
        "policy",
        &[
            "headcount policy import roster.csv --instance acme-contact-centre --region eu-central-1",
            "headcount policy import roster.csv --dry-run",
            "headcount policy retry roster.csv.ledger.jsonl",
            "headcount policy --for look",
        ],
    ),
    (
        "completions",
        &[
            "headcount completions bash > headcount.bash",
            "headcount completions zsh > _headcount",
            "headcount completions fish > headcount.fish",
        ],
    ),
    (
        "man",
        &[
            "headcount man > headcount.1",
            "headcount man import > headcount-import.1",
            "for name in $(headcount man --list); do headcount man $name > headcount-$name.1; done",
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
