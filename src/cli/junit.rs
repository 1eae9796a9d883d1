//! Findings as JUnit's XML, which CI systems show beside a change.
//!
//! One suite for the roster. Its first case is the file as a whole, so that there is always one; after it comes a case
//! for each row that has findings, which fails where one of them is an error and lists warnings as its output. Rows of
//! which there is nothing to say are counted in a property, not listed.

use std::fmt::Write as _;

use super::voice::Flags;
use crate::finding::{Finding, Severity};
use crate::text::shown;
use crate::validate::Checked;

/// What closes the document.
pub(super) const END: &str = "</testsuite>\n</testsuites>\n";

/// What stands before the cases.
pub(super) fn head(roster: &str, checked: &Checked) -> String {
    let tally = &checked.tally;
    let cases = 1 + tally.rows;
    let failures = u64::from(checked.file_errors > 0) + tally.rows_with_errors;
    let counts = format!("tests=\"{cases}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"headcount validate\" {counts}>\n\
         <testsuite name=\"{0}\" {counts}>\n\
         <properties>\n\
         <property name=\"identity\" value=\"{1}\"/>\n\
         <property name=\"rows\" value=\"{2}\"/>\n\
         <property name=\"findings not listed\" value=\"0\"/>\n\
         </properties>\n",
        escaped(&shown(roster)),
        checked.identity,
        checked.rows,
    )
}

/// The case of a row's findings, or of those of the file as a whole, which may be none.
pub(super) fn case(text: &mut String, roster: &str, findings: &[Finding]) {
    let name = match findings.first().and_then(|finding| finding.row) {
        Some(row) => format!("row {row}"),
        None => "the file as a whole".to_owned(),
    };
    let _ = write!(text, "<testcase classname=\"{}\" name=\"{name}\" time=\"0\"", escaped(&shown(roster)));
    if findings.is_empty() {
        text.push_str("/>\n");
        return;
    }
    text.push_str(">\n");
    let of = |severity| findings.iter().filter(move |finding| finding.severity == severity);
    if let Some(first) = of(Severity::Error).next() {
        let _ = write!(text, "<failure type=\"{}\" message=\"{}\">", first.code, escaped(&first.message));
        text.push_str(&lines(of(Severity::Error)));
        text.push_str("</failure>\n");
    }
    let warnings = lines(of(Severity::Warning));
    if !warnings.is_empty() {
        let _ = writeln!(text, "<system-out>{warnings}</system-out>");
    }
    text.push_str("</testcase>\n");
}

/// A line for each finding: where, what, how to mend it, and its code.
fn lines<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let line = |finding: &Finding| {
        let column = finding.column.as_deref().map(|c| format!("{}: ", shown(c.trim()))).unwrap_or_default();
        let value = finding.value.as_deref().filter(|value| !value.is_empty() && *value != Finding::HIDDEN);
        let value = value.map(|value| format!(": `{value}`")).unwrap_or_default();
        let hint = finding.told_hint(&Flags).map(|hint| format!("; fix: {hint}")).unwrap_or_default();
        let severity = finding.severity.word();
        escaped(&format!("{severity}: {column}{}{value}{hint} [{}]", finding.message, finding.code))
    };
    findings.map(line).collect::<Vec<_>>().join("\n")
}

/// Text as XML has it, with U+FFFD in place of what XML 1.0 cannot say at all.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::IdentityType;
    use crate::finding::codes;
    use crate::validate::{NamesUsed, Tally};

    fn finding(code: &'static codes::Code, row: Option<u64>, message: &str) -> Finding {
        Finding {
            code: code.id,
            severity: code.severity,
            row,
            column: row.map(|_| "phone <type>".to_owned()),
            value: Some("\"x\" & y".to_owned()),
            message: message.to_owned(),
            hint: Some(code.fix.to_owned()),
        }
    }

    fn checked(findings: Vec<Finding>) -> Checked {
        Checked {
            identity: IdentityType::Saml,
            rows: 3,
            invalid_rows: 0,
            errors: 0,
            warnings: 0,
            tally: Tally::of(&findings),
            spaces: Vec::new(),
            file_errors: findings.iter().filter(|f| f.row.is_none() && f.severity == Severity::Error).count()
                as u64,
            findings,
            not_kept: 0,
            names: NamesUsed::default(),
            left_out: Vec::new(),
            logins: None,
            who: None,
        }
    }

    fn document(roster: &str, checked: &Checked) -> String {
        let of_file = checked.findings.partition_point(|finding| finding.row.is_none());
        let (of_file, of_rows) = checked.findings.split_at(of_file);
        let mut text = head(roster, checked);
        case(&mut text, roster, of_file);
        of_rows.chunk_by(|one, next| one.row == next.row).for_each(|row| case(&mut text, roster, row));
        text + END
    }

    #[test]
    fn a_row_with_findings_is_a_case_and_the_file_is_one_too() {
        let findings = vec![
            finding(&codes::PHONE_TYPE_UNKNOWN, Some(2), "the phone type is neither soft nor desk"),
            finding(&codes::USERNAME_SPACES, Some(2), "there are spaces around the username"),
            finding(&codes::USERNAME_SPACES, Some(4), "]]> & \u{fffe}"),
        ];
        insta::assert_snapshot!(document("a&b.csv", &checked(findings)), @r##"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="headcount validate" tests="3" failures="1" errors="0" skipped="0">
        <testsuite name="a&amp;b.csv" tests="3" failures="1" errors="0" skipped="0">
        <properties>
        <property name="identity" value="SAML"/>
        <property name="rows" value="3"/>
        <property name="findings not listed" value="0"/>
        </properties>
        <testcase classname="a&amp;b.csv" name="the file as a whole" time="0"/>
        <testcase classname="a&amp;b.csv" name="row 2" time="0">
        <failure type="phone-type-unknown" message="the phone type is neither soft nor desk">error: phone &lt;type&gt;: the phone type is neither soft nor desk: `&quot;x&quot; &amp; y`; fix: write `soft` or `desk` [phone-type-unknown]</failure>
        <system-out>warning: phone &lt;type&gt;: there are spaces around the username: `&quot;x&quot; &amp; y`; fix: remove the spaces from the cell, non-breaking ones too [username-spaces]</system-out>
        </testcase>
        <testcase classname="a&amp;b.csv" name="row 4" time="0">
        <system-out>warning: phone &lt;type&gt;: ]]&gt; &amp; �: `&quot;x&quot; &amp; y`; fix: remove the spaces from the cell, non-breaking ones too [username-spaces]</system-out>
        </testcase>
        </testsuite>
        </testsuites>
        "##);
        let clean = document("r.csv", &checked(Vec::new()));
        assert!(clean.contains("tests=\"1\" failures=\"0\""), "{clean}");
        assert!(clean.contains("name=\"the file as a whole\" time=\"0\"/>"), "{clean}");
    }

    #[test]
    fn nothing_that_xml_cannot_say_gets_through() {
        let all: String = (0..=0x1_0000).filter_map(char::from_u32).collect();
        let text = escaped(&all);
        let is_fine = |c: char| c >= ' ' && !matches!(c, '<' | '"' | '\u{fffe}' | '\u{ffff}');
        assert!(text.chars().all(is_fine));
        assert_eq!(escaped("a\n]]>"), "a&#10;]]&gt;");
    }
}
