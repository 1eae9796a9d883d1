//! Findings for people: five hundred rows with one fault read as one fault.

use std::fmt::Write as _;

use crate::cli::output::Paint;
use crate::cli::voice::Flags;
use crate::finding::{Finding, LeftOut, Logins, Severity, codes};
use crate::roster::column_letters;
use crate::text::{count, grouped, shown};
use crate::validate::Checked;

/// How many lines of a group are shown.
const EXAMPLES: usize = 5;

/// All findings in groups of one code and column, errors first, each with its first rows and how to mend it. `headers`
/// are those of the file's own columns: a cell is pointed at as the spreadsheet calls it.
pub(crate) fn groups(checked: &Checked, headers: &[String], paint: Paint) -> String {
    let mut text = String::new();
    let grouped = Group::of(&checked.findings);
    for severity in [Severity::Error, Severity::Warning] {
        for group in grouped.iter().filter(|group| group.severity() == severity) {
            group.write(&mut text, checked, headers, paint);
            text.push('\n');
        }
    }
    text
}

/// A line for each rule of a column map by which rows are left out, those that leave none out among them.
pub(crate) fn left_out(left_out: &[LeftOut]) -> impl Iterator<Item = String> {
    left_out.iter().map(|LeftOut { what, rows, is_of_action }| {
        let by = if *is_of_action { "" } else { " by the map" };
        match rows {
            0 => format!("no row is left out{by}: {what}"),
            rows => format!("{} left out{by}: {what}", count(*rows, "row")),
        }
    })
}

/// Where the logins come from.
pub(crate) fn logins(logins: &Logins) -> String {
    let Logins { made, given } = *logins;
    let given =
        if given == 0 { String::new() } else { format!(", {} from the roster's own cells", grouped(given)) };
    format!("{} made by the map's template{given}", count(made, "login"))
}

/// One line: how many rows, errors and warnings.
pub(crate) fn summary(checked: &Checked) -> String {
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

    /// Counts are of all there are, and what is shown is of those that were kept.
    fn write(&self, text: &mut String, checked: &Checked, headers: &[String], paint: Paint) {
        let first = self.findings[0];
        let kind = checked.tally.of_kind(first);
        let (all, rows, last) = kind.map_or((0, 0, None), |kind| (kind.findings, kind.rows, kind.last));
        let title = codes::find(first.code).map_or(first.message.as_str(), |code| code.title);
        let word = match self.severity() {
            Severity::Error => paint.red("error"),
            Severity::Warning => paint.yellow("warning"),
        };
        // A row may have one fault several times, as with two unknown names in one cell.
        let times = match (all, rows) {
            (1, _) => String::new(),
            (times, _) if first.row.is_none() => format!(" ({times} times)"),
            (times, 1) => format!(" ({times} times in one row)"),
            (times, rows) if times > rows => format!(" ({times} times in {rows} rows)"),
            (_, rows) => format!(" ({rows} rows)"),
        };
        let _ = writeln!(text, "{word}: {}{times} [{}]", paint.bold(title), first.code);
        let has_one_hint = self.findings.iter().all(|finding| finding.hint == first.hint);
        let mut rest = self.findings.as_slice();
        for _ in 0..EXAMPLES {
            let (alike, later) = rest.split_at(alike(rest));
            let Some(finding) = alike.first() else { break };
            let last = alike.last().and_then(|last| last.row);
            let _ = writeln!(text, "  {}", line(finding, last, title, headers));
            if let (false, Some(hint)) = (has_one_hint, finding.told_hint(&Flags)) {
                let _ = writeln!(text, "    fix: {hint}");
            }
            rest = later;
        }
        let more = all.saturating_sub((self.findings.len() - rest.len()) as u64);
        if more > 0 {
            let to = last.map(|row| format!(", the last in row {row}")).unwrap_or_default();
            let _ = writeln!(text, "  … and {more} more{to}");
        }
        if let (true, Some(hint)) = (has_one_hint, first.told_hint(&Flags)) {
            let _ = writeln!(text, "  fix: {hint}");
        }
    }
}

/// How many findings from the first on are of rows one below the other, and say the same.
fn alike(findings: &[&Finding]) -> usize {
    let Some(first) = findings.first() else { return 0 };
    let is_alike = |(finding, distance): &(&&Finding, u64)| {
        finding.row == first.row.map(|row| row + distance)
            && (finding.row.is_some() || *distance == 0)
            && (&finding.message, &finding.value, &finding.hint)
                == (&first.message, &first.value, &first.hint)
    };
    findings.iter().zip(0..).take_while(is_alike).count()
}

/// Where, what, and the value: as much of these as is not said already. `last` is the last of the rows it is said of.
fn line(finding: &Finding, last: Option<u64>, title: &str, headers: &[String]) -> String {
    let mut parts = Vec::new();
    let rows = |first: u64| match last {
        Some(last) if last > first => format!("rows {first} to {last}"),
        _ => format!("row {first}"),
    };
    match (finding.row, &finding.column) {
        (Some(row), Some(column)) => {
            let cells = cells(column, row, last.unwrap_or(row), headers);
            parts.push(format!("{}{cells}, {}", rows(row), shown(column.trim())));
        }
        (Some(row), None) => parts.push(rows(row)),
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
    // Of two things in quotes nobody could tell which stands in the cell.
    let has_quotes = added.is_some_and(|added| added.ends_with('`'));
    parts.extend(added.map(str::to_owned));
    match value {
        Some(value) if has_quotes => format!("{}; the cell has {value}", parts.join(": ")),
        value => {
            parts.extend(value);
            parts.join(": ")
        }
    }
}

/// The cells as a spreadsheet calls them, in parentheses; empty for a column that a column map makes.
fn cells(column: &str, first: u64, last: u64, headers: &[String]) -> String {
    let Some(at) = headers.iter().position(|header| header == column) else { return String::new() };
    let letters = column_letters(at);
    if last > first { format!(" ({letters}{first}:{letters}{last})") } else { format!(" ({letters}{first})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::IdentityType;
    use crate::validate::{NamesUsed, Tally};

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
            tally: Tally::of(&findings),
            spaces: Vec::new(),
            findings,
            not_kept: 0,
            names: NamesUsed::default(),
            left_out: Vec::new(),
            logins: None,
            who: None,
        }
    }

    #[test]
    fn five_hundred_rows_with_one_fault_are_one_group_and_errors_go_first() {
        let mut findings = vec![finding(&codes::USERNAME_SPACES, 2, "user login", "\\u{a0}ada")];
        findings.extend(
            (2..502).map(|row| finding(&codes::PHONE_TYPE_UNKNOWN, row, "phone type (soft/desk)", "x")),
        );
        let headers = ["user login", "phone type (soft/desk)"].map(str::to_owned);
        insta::assert_snapshot!(groups(&checked(findings), &headers, Paint::plain()), @r"
        error: the phone type is neither soft nor desk (500 rows) [phone-type-unknown]
          rows 2 to 501 (B2:B501), phone type (soft/desk): `x`
          fix: write `soft` or `desk`

        warning: there are spaces around the username [username-spaces]
          row 2 (A2), user login: `\u{a0}ada`
          fix: remove the spaces from the cell, non-breaking ones too
        ");
    }

    #[test]
    fn rows_that_differ_or_are_apart_stand_alone_and_the_last_is_named() {
        let mut findings = Vec::new();
        for (row, value) in [(2, "x"), (3, "x"), (5, "x"), (6, "y"), (7, "x"), (9, "x"), (11, "z"), (12, "z")]
        {
            findings.push(finding(&codes::PHONE_TYPE_UNKNOWN, row, "phone type", value));
        }
        insta::assert_snapshot!(groups(&checked(findings), &[], Paint::plain()), @r"
        error: the phone type is neither soft nor desk (8 rows) [phone-type-unknown]
          rows 2 to 3, phone type: `x`
          row 5, phone type: `x`
          row 6, phone type: `y`
          row 7, phone type: `x`
          row 9, phone type: `x`
          … and 2 more, the last in row 12
          fix: write `soft` or `desk`
        ");
    }

    #[test]
    fn a_row_with_one_fault_twice_counts_once() {
        let of = |rows: &[u64]| {
            let unknown = |row: &u64| finding(&codes::SECURITY_PROFILE_UNKNOWN, *row, "profiles", "x");
            let text = groups(&checked(rows.iter().map(unknown).collect()), &[], Paint::plain());
            text.lines().next().unwrap_or_default().to_owned()
        };
        let said = |times: &str| {
            format!("error: the instance has no such security profile{times} [security-profile-unknown]")
        };
        assert_eq!(of(&[2]), said(""));
        assert_eq!(of(&[2, 2]), said(" (2 times in one row)"));
        assert_eq!(of(&[2, 3, 3, 3]), said(" (4 times in 2 rows)"));
        assert_eq!(of(&[2, 3]), said(" (2 rows)"));
    }

    #[test]
    fn hints_that_differ_stand_with_their_rows() {
        let mut findings = vec![
            finding(&codes::ROUTING_PROFILE_UNKNOWN, 2, "routing profile name", "basic"),
            finding(&codes::ROUTING_PROFILE_UNKNOWN, 3, "routing profile name", "biling"),
        ];
        findings[0].hint = Some("did you mean `Basic`?".to_owned());
        findings[1].hint = Some("did you mean `Billing`?".to_owned());
        insta::assert_snapshot!(groups(&checked(findings), &[], Paint::plain()), @r"
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
