//! Findings for people: five hundred rows with one fault read as one fault.

use std::fmt::Write as _;

use crate::cli::output::Paint;
use crate::cli::words::{count, grouped};
use crate::validate::{Checked, Finding, Severity, codes, shown};

/// How many rows of a group are shown.
const EXAMPLES: usize = 5;

/// All findings in groups of one code and column, errors first, each with its first rows and how to mend it.
pub fn groups(checked: &Checked, paint: Paint) -> String {
    let mut text = String::new();
    let grouped = Group::of(&checked.findings);
    for severity in [Severity::Error, Severity::Warning] {
        for group in grouped.iter().filter(|group| group.severity() == severity) {
            group.write(&mut text, paint);
            text.push('\n');
        }
    }
    if checked.not_kept > 0 {
        let _ =
            writeln!(text, "… and {} not shown: there are too many\n", count(checked.not_kept, "finding"));
    }
    text
}

/// One line: how many rows, errors and warnings.
pub fn summary(checked: &Checked) -> String {
    let rows = count(checked.rows, "row");
    let warnings = match checked.warnings {
        0 => String::new(),
        warnings => format!(", {}", count(warnings, "warning")),
    };
    match (checked.errors, checked.invalid_rows) {
        (0, _) => format!("{rows}, no errors{warnings}"),
        (errors, 0) => format!("{rows}, {}{warnings}", count(errors, "error")),
        (errors, invalid) => {
            let have = if invalid == 1 { "has" } else { "have" };
            let invalid = grouped(invalid);
            format!("{rows}, of which {invalid} {have} errors: {}{warnings}", count(errors, "error"))
        }
    }
}

struct Group<'f> {
    findings: Vec<&'f Finding>,
}

impl<'f> Group<'f> {
    /// Groups in the order of their first finding.
    fn of(findings: &'f [Finding]) -> Vec<Self> {
        let mut places = std::collections::HashMap::new();
        let mut groups: Vec<Self> = Vec::new();
        for finding in findings {
            // What is said of the file names its columns in words: one group for all of them.
            let column = finding.row.and(finding.column.as_ref());
            let place = *places.entry((finding.code, column)).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Self { findings: vec![finding] }),
            }
        }
        groups
    }

    fn severity(&self) -> Severity {
        self.findings[0].severity
    }

    fn write(&self, text: &mut String, paint: Paint) {
        let first = self.findings[0];
        let title = codes::find(first.code).map_or(first.message.as_str(), |code| code.title);
        let word = match self.severity() {
            Severity::Error => paint.red("error"),
            Severity::Warning => paint.yellow("warning"),
        };
        let times = match self.findings.len() {
            1 => String::new(),
            _ if first.row.is_none() => format!(" ({} times)", self.findings.len()),
            several => format!(" ({several} rows)"),
        };
        let _ = writeln!(text, "{word}: {}{times} [{}]", paint.bold(title), first.code);
        let examples = &self.findings[..self.findings.len().min(EXAMPLES)];
        let has_one_hint = self.findings.iter().all(|finding| finding.hint == first.hint);
        for finding in examples {
            let _ = writeln!(text, "  {}", line(finding, title));
            if let (false, Some(hint)) = (has_one_hint, &finding.hint) {
                let _ = writeln!(text, "    fix: {hint}");
            }
        }
        if self.findings.len() > EXAMPLES {
            let _ = writeln!(text, "  … and {} more", self.findings.len() - EXAMPLES);
        }
        if let (true, Some(hint)) = (has_one_hint, &first.hint) {
            let _ = writeln!(text, "  fix: {hint}");
        }
    }
}

/// Where, what, and the value: as much of these as is not said already.
fn line(finding: &Finding, title: &str) -> String {
    let mut parts = Vec::new();
    match (finding.row, &finding.column) {
        (Some(row), Some(column)) => parts.push(format!("row {row}, {}", shown(column.trim()))),
        (Some(row), None) => parts.push(format!("row {row}")),
        (None, Some(column)) => parts.push(format!("column {}", shown(column.trim()))),
        (None, None) => parts.push("the file".to_owned()),
    }
    // The title stands above: of a message that repeats it, what it adds is enough.
    let added = finding
        .message
        .strip_prefix(title)
        .map_or(Some(finding.message.as_str()), |rest| rest.strip_prefix(": "));
    let value = finding.value.as_ref().filter(|value| !value.is_empty() && *value != Finding::HIDDEN);
    let value = value
        .map(|value| format!("`{value}`"))
        .filter(|value| !added.is_some_and(|added| added.contains(value)));
    parts.extend(added.map(str::to_owned));
    parts.extend(value);
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::IdentityType;

    fn finding(code: &'static codes::Code, row: u64, column: &str, value: &str) -> Finding {
        Finding {
            code: code.id,
            severity: code.severity,
            row: Some(row),
            column: Some(column.to_owned()),
            value: Some(value.to_owned()),
            message: code.title.to_owned(),
            hint: Some(code.fix.to_owned()),
        }
    }

    fn checked(findings: Vec<Finding>) -> Checked {
        Checked {
            identity: IdentityType::Saml,
            rows: 500,
            invalid_rows: 500,
            errors: findings.iter().filter(|finding| finding.severity == Severity::Error).count() as u64,
            warnings: findings.iter().filter(|finding| finding.severity == Severity::Warning).count() as u64,
            file_errors: 0,
            findings,
            not_kept: 0,
        }
    }

    #[test]
    fn five_hundred_rows_with_one_fault_are_one_group_and_errors_go_first() {
        let mut findings = vec![finding(&codes::USERNAME_SPACES, 2, "user login", "\\u{a0}ada")];
        findings.extend(
            (2..502).map(|row| finding(&codes::PHONE_TYPE_UNKNOWN, row, "phone type (soft/desk)", "x")),
        );
        insta::assert_snapshot!(groups(&checked(findings), Paint::plain()), @r"
        error: the phone type is neither soft nor desk (500 rows) [phone-type-unknown]
          row 2, phone type (soft/desk): `x`
          row 3, phone type (soft/desk): `x`
          row 4, phone type (soft/desk): `x`
          row 5, phone type (soft/desk): `x`
          row 6, phone type (soft/desk): `x`
          … and 495 more
          fix: write `soft` or `desk`

        warning: there are spaces around the username [username-spaces]
          row 2, user login: `\u{a0}ada`
          fix: remove the spaces from the cell, non-breaking ones too
        ");
    }

    #[test]
    fn hints_that_differ_stand_with_their_rows() {
        let mut findings = vec![
            finding(&codes::ROUTING_PROFILE_UNKNOWN, 2, "routing profile name", "basic"),
            finding(&codes::ROUTING_PROFILE_UNKNOWN, 3, "routing profile name", "biling"),
        ];
        findings[0].hint = Some("did you mean `Basic`?".to_owned());
        findings[1].hint = Some("did you mean `Billing`?".to_owned());
        insta::assert_snapshot!(groups(&checked(findings), Paint::plain()), @r"
        error: the instance has no such routing profile (2 rows) [routing-profile-unknown]
          row 2, routing profile name: `basic`
            fix: did you mean `Basic`?
          row 3, routing profile name: `biling`
            fix: did you mean `Billing`?
        ");
    }

    #[test]
    fn a_summary_counts_rows_errors_and_warnings() {
        let clean = Checked { invalid_rows: 0, warnings: 1, ..checked(vec![]) };
        assert_eq!(summary(&clean), "500 rows, no errors, 1 warning");
        let one = Checked { invalid_rows: 1, errors: 2, rows: 3, ..checked(vec![]) };
        assert_eq!(summary(&one), "3 rows, of which 1 has errors: 2 errors");
        let of_file = Checked { invalid_rows: 0, errors: 1, rows: 0, ..checked(vec![]) };
        assert_eq!(summary(&of_file), "0 rows, 1 error");
    }
}
