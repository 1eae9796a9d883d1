//! Lines that PowerShell 5, PowerShell 7 and cmd read the same: whoever pastes one has any of them open.
//!
//! What they have in common is little. Outside of quotes all three take letters, digits and a few signs as they stand, and
//! `\` is one of them. Double quotes hold the rest together; in them PowerShell still reads `$name` and the backtick, and
//! takes the curly double quotes for straight ones, while cmd still puts the value in place of `%NAME%`, and the program
//! itself takes a `\` before the closing quote for an escape of it. Single quotes are PowerShell's alone. A double quote
//! within a word is handed on otherwise by each PowerShell: 5 drops it, 7 escapes it; and what cmd has no sign for, a mark
//! that turns the direction of a line, cannot be written at all.
//!
//! Sources: PowerShell's tokenizer (`ScanGenericToken`, `ScanParameter`, `CharTraits`), its `NativeCommandParameterBinder`,
//! and its issue 18664, for which `--%` is of no use since 7.3; *Parsing C command-line arguments* of Microsoft's C runtime,
//! which std follows.

use crate::text::{hides, plain};

/// How a word can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Written {
    /// So that all shells take it for the word.
    ForAll(String),
    /// So that only PowerShell does.
    ForPowerShell(String),
    /// In none that all of PowerShell takes for the word.
    Never,
}
use Written::{ForAll, ForPowerShell, Never};

/// A command line of these words, of which the first is the program.
///
/// Where cmd would read a word otherwise, the line is for PowerShell and says so in a comment, which cmd does not know: the
/// program then refuses the line. Where no shell would read it, something stands in for it that the comment explains.
pub(super) fn line(words: &[String]) -> String {
    let mut line: Vec<String> = Vec::with_capacity(words.len());
    let (mut is_for_one, mut notes) = (false, Vec::new());
    for (at, word) in words.iter().enumerate() {
        // PowerShell 5 drops an empty word, so that it is said with its option.
        if let Some(option) = line.last_mut().filter(|last| word.is_empty() && is_option(last)) {
            option.push('=');
            continue;
        }
        line.push(match if at == 0 { program(word) } else { written(word) } {
            ForAll(text) => text,
            ForPowerShell(text) => {
                is_for_one = true;
                text
            }
            Never => {
                let (before, value, name) = stand_in(word, words.get(at.wrapping_sub(1)));
                notes.push(format!("{name} is {}", plain(value)));
                format!("{before}{name}")
            }
        });
    }
    if is_for_one {
        notes.insert(0, "for PowerShell: cmd reads this otherwise".to_owned());
    }
    let note = if notes.is_empty() { String::new() } else { format!("  # {}", notes.join("; ")) };
    line.join(" ") + &note
}

fn is_option(word: &str) -> bool {
    word.starts_with("--") && word.len() > 2 && !word.contains('=')
}

/// What stands in for a word: what of it can be written, its value, and a name for that, as `SHEET` for that of `--sheet`.
fn stand_in<'w>(word: &'w str, before: Option<&String>) -> (&'w str, &'w str, String) {
    let named = |option: &str| option.trim_start_matches('-').to_uppercase();
    match word.split_once('=').filter(|(option, _)| is_option(option)) {
        Some((option, value)) => (&word[..=option.len()], value, named(option)),
        None => match before.filter(|before| is_option(before)) {
            Some(option) => ("", word, named(option)),
            None => ("", word, "FILE".to_owned()),
        },
    }
}

/// A word, quoted only where it must be.
fn written(word: &str) -> Written {
    if is_plain(word) {
        return ForAll(word.to_owned());
    }
    // A quote is handed on otherwise by each PowerShell; a `\` at the end would escape the closing one.
    let is_lost = word.is_empty() || word.contains('"') || word.ends_with('\\') || word.chars().any(hides);
    if is_lost {
        Never
    } else if is_same_in_quotes(word) {
        ForAll(format!("\"{word}\""))
    } else {
        ForPowerShell(in_single_quotes(word))
    }
}

fn in_single_quotes(word: &str) -> String {
    let mut quoted = String::from("'");
    for c in word.chars() {
        // Each that PowerShell takes for a single quote is doubled.
        if matches!(c, '\'' | '\u{2018}'..='\u{201B}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted + "'"
}

/// Whether all shells take a word as it stands.
fn is_plain(word: &str) -> bool {
    let is_sign = |c: char| "-_./\\:=+".contains(c);
    // PowerShell reads on from the dash of a flag to the first of these.
    let is_split = word.starts_with('-') && !word.starts_with("--") && word.contains(['.', ':']);
    !word.is_empty()
        && word.chars().all(|c| c.is_alphanumeric() || is_sign(c))
        && !is_split
        && !is_number_of_another_look(word)
}

/// Whether PowerShell may take a word for a number that it writes otherwise, as `007` and `1e3`, `2kb` and `0x1F`.
fn is_number_of_another_look(word: &str) -> bool {
    let is_like_one = word.trim_start_matches(['+', '.']).starts_with(|c: char| c.is_ascii_digit());
    let is_one = word.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    let is_as_written = word.len() < 10 && word.parse::<f64>().is_ok_and(|number| number.to_string() == word);
    is_like_one && is_one && !is_as_written
}

/// Whether what stands in double quotes is read as it stands.
fn is_same_in_quotes(text: &str) -> bool {
    !text.contains(['`', '\u{201C}', '\u{201D}', '\u{201E}'])
        && !has_dollar_name(text)
        && !has_percent_name(text)
}

/// Whether PowerShell would put something in place of what a dollar begins: not of the one at the end of a hidden share's
/// name, as in `\\server\people$\roster.csv`.
fn has_dollar_name(text: &str) -> bool {
    text.match_indices('$')
        .any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_alphanumeric() || "_{(:?^$".contains(c)))
}

/// Whether cmd would put a value in place of what stands between two percent signs: a name, or a name and how it is cut. At
/// the prompt it leaves one percent sign alone, and what has not the look of a name is none.
fn has_percent_name(text: &str) -> bool {
    let mut parts: Vec<&str> = text.split('%').skip(1).collect();
    parts.pop(); // not closed
    parts.iter().any(|part| {
        let name = part.split(':').next().unwrap_or_default();
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_()-.#$".contains(c))
    })
}

/// The program as the first word. A quoted path would be a string for PowerShell, which wants `&` before it, and that is an
/// error in cmd: so the quotes begin within the path, where all of them take both parts for one word.
fn program(path: &str) -> Written {
    if is_plain(path) && !path.contains('=') {
        return ForAll(path.to_owned());
    }
    let is_lost = path.is_empty() || path.contains('"') || path.chars().any(hides);
    let open = path.find(|c| c != '\\').and_then(|begin| match path[..begin].len() {
        0 => path.find(['\\', '/']).map(|slash| slash + 1),
        _ => Some(begin),
    });
    match open.map(|open| path.split_at(open)) {
        _ if is_lost => Never,
        Some((root, rest)) if is_plain(root) && is_same_in_quotes(rest) => {
            ForAll(format!("{root}\"{rest}\""))
        }
        _ => ForPowerShell(format!("& {}", in_single_quotes(path))),
    }
}

/// How the program at a path is called from a folder: by its name where that finds it on the path; as `.\headcount.exe`
/// where it lies in the folder, for PowerShell does not look there; else by the whole path.
///
/// `path` is what the variable of that name lists, and `is_there` says whether there is a file.
pub(crate) fn called(program: &str, here: &str, path: &str, is_there: &dyn Fn(&str) -> bool) -> String {
    let whole = program.strip_prefix(r"\\?\").filter(|rest| !rest.starts_with("UNC\\")).unwrap_or(program);
    let Some((folder, file)) = whole.rsplit_once('\\') else { return whole.to_owned() };
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    let trimmed = |folder: &str| folder.trim_matches('"').trim_end_matches('\\').to_lowercase();
    let (folder, here_folder) = (trimmed(folder), trimmed(here));
    // cmd looks here before it looks on the path.
    let is_hidden = folder != here_folder && is_there(&format!("{here_folder}\\{file}"));
    let found = path.split(';').map(trimmed).find(|on| !on.is_empty() && is_there(&format!("{on}\\{file}")));
    if found.is_some_and(|found| found == folder) && !is_hidden && is_plain(name) {
        return name.to_owned();
    }
    let is_below =
        folder.strip_prefix(&here_folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'));
    let below = whole.get(here.trim_end_matches('\\').len()..).filter(|_| is_below);
    below.map_or_else(|| whole.to_owned(), |below| format!(".{below}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The words that a program gets of what stands behind its name: the rules of Microsoft's C runtime, as std has them.
    fn of_runtime(line: &str) -> Vec<String> {
        let (mut words, mut word, mut is_word, mut is_quoted) = (Vec::new(), String::new(), false, false);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                ' ' | '\t' if !is_quoted => {
                    if is_word {
                        words.push(std::mem::take(&mut word));
                    }
                    is_word = false;
                }
                '\\' => {
                    is_word = true;
                    let mut number = 1;
                    while chars.next_if_eq(&'\\').is_some() {
                        number += 1;
                    }
                    if chars.peek() == Some(&'"') {
                        word.extend(std::iter::repeat_n('\\', number / 2));
                        if number % 2 == 1 {
                            word.extend(chars.next());
                        }
                    } else {
                        word.extend(std::iter::repeat_n('\\', number));
                    }
                }
                '"' => {
                    is_word = true;
                    if is_quoted && chars.next_if_eq(&'"').is_some() {
                        word.push('"');
                    } else {
                        is_quoted = !is_quoted;
                    }
                }
                c => {
                    is_word = true;
                    word.push(c);
                }
            }
        }
        if is_word {
            words.push(word);
        }
        words
    }

    /// What cmd makes of a line: itself, where nothing in it is an operator or a variable.
    fn by_cmd(line: &str) -> Result<Vec<String>, String> {
        let mut is_quoted = false;
        for c in line.chars() {
            match c {
                '"' => is_quoted = !is_quoted,
                '&' | '|' | '<' | '>' | '^' | '(' | ')' if !is_quoted => {
                    return Err(format!("cmd reads {c}"));
                }
                '\u{0}'..='\u{1f}' => return Err("cmd has no such sign".to_owned()),
                _ => {}
            }
        }
        // Every name that a variable can have is one here; a space is in none.
        let parts: Vec<&str> = line.split('%').collect();
        for part in parts.iter().skip(1).take(parts.len().saturating_sub(2)) {
            let name = part.split(':').next().unwrap_or_default();
            if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(format!("cmd reads %{name}%"));
            }
        }
        // There are no escapes in the name of the program.
        let mut is_quoted = false;
        let end = line.find(|c| {
            is_quoted ^= c == '"';
            c == ' ' && !is_quoted
        });
        let (program, rest) = line.split_at(end.unwrap_or(line.len()));
        Ok([program.replace('"', "")].into_iter().chain(of_runtime(rest)).collect())
    }

    /// The words that PowerShell makes of a line, after its tokenizer; `Err` where it reads anything but plain words.
    fn by_powershell(line: &str) -> Result<Vec<String>, String> {
        let is_double = |c: char| matches!(c, '"' | '\u{201C}'..='\u{201E}');
        let is_single = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201B}');
        let mut words = Vec::new();
        let mut chars = line.chars().peekable();
        loop {
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            let Some(&first) = chars.peek() else { return Ok(words) };
            if first == '#' {
                return Ok(words);
            }
            if first == '&' && words.is_empty() {
                chars.next(); // calls what follows
                continue;
            }
            if "@~".contains(first) {
                return Err(format!("PowerShell reads {first} first"));
            }
            let (mut word, mut is_bare) = (String::new(), true);
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                let is_first = word.is_empty() && is_bare;
                if is_double(c) {
                    is_bare = false;
                    loop {
                        let c = chars.next().ok_or("an open quote")?;
                        if is_double(c) {
                            if chars.next_if(|c| is_double(*c)).is_none() {
                                break;
                            }
                            word.push(c);
                        } else if c == '`'
                            || (c == '$'
                                && chars
                                    .peek()
                                    .is_some_and(|c| c.is_alphanumeric() || "_{(:?^$".contains(*c)))
                        {
                            return Err(format!("PowerShell reads {c}"));
                        } else {
                            word.push(c);
                        }
                    }
                    if is_first && chars.peek().is_some_and(|c| !c.is_whitespace()) {
                        return Err("a word ends with its quotes".to_owned());
                    }
                } else if is_single(c) {
                    is_bare = false;
                    loop {
                        let c = chars.next().ok_or("an open quote")?;
                        if is_single(c) && chars.next_if(|c| is_single(*c)).is_none() {
                            break;
                        }
                        word.push(c);
                    }
                    if is_first && chars.peek().is_some_and(|c| !c.is_whitespace()) {
                        return Err("a word ends with its quotes".to_owned());
                    }
                } else if "`$(){};,|&<>".contains(c) {
                    return Err(format!("PowerShell reads {c}"));
                } else {
                    word.push(c);
                }
            }
            let is_split = word.starts_with('-') && !word.starts_with("--") && word.contains(['.', ':']);
            let is_dash = word.starts_with(['\u{2013}', '\u{2014}', '\u{2015}']);
            if is_bare && (is_split || is_dash || word == "--%") {
                return Err(format!("PowerShell reads {word}"));
            }
            words.push(word);
        }
    }

    /// What a program gets from PowerShell 5: words with a space are put in quotes, and nothing is escaped.
    fn handed_by_5(words: &[String]) -> Vec<String> {
        let handed = words.iter().filter(|word| !word.is_empty()).map(|word| {
            if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word.clone() }
        });
        of_runtime(&handed.collect::<Vec<_>>().join(" "))
    }

    fn line_of(words: &[&str]) -> String {
        line(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_of_windows_would_split_or_expand_them() {
        for (words, expected) in [
            (
                &["headcount", "retry", r"C:\rosters\june.csv.ledger.jsonl"][..],
                r"headcount retry C:\rosters\june.csv.ledger.jsonl",
            ),
            (
                &["headcount", "retry", r"C:\my rosters\june.csv"],
                r#"headcount retry "C:\my rosters\june.csv""#,
            ),
            (&["headcount", "status", "Müller.csv", "it's.csv"], r#"headcount status Müller.csv "it's.csv""#),
            (
                &["headcount", "status", "a&b (1).csv", "100%.csv", "a^b!.csv"],
                r#"headcount status "a&b (1).csv" "100%.csv" "a^b!.csv""#,
            ),
            (&["headcount", "status", r"\\srv\people$\r.csv"], r#"headcount status "\\srv\people$\r.csv""#),
            (
                &["headcount", "x", "--rate", "0.5", "--burst", "7", "--sheet", "007", "--code", "1kb"],
                r#"headcount x --rate 0.5 --burst 7 --sheet "007" --code "1kb""#,
            ),
            (
                &["headcount", "x", "-a.b", "--sheet=-x y", "--ledger=-l.jsonl", "--sheet", ""],
                r#"headcount x "-a.b" "--sheet=-x y" --ledger=-l.jsonl --sheet="#,
            ),
            (
                &["headcount", "x", "a,b", "@a", "#a", "~", "{a}", "a;b"],
                r##"headcount x "a,b" "@a" "#a" "~" "{a}" "a;b""##,
            ),
            (
                &["headcount", "x", "a$b's.csv"],
                "headcount x 'a$b''s.csv'  # for PowerShell: cmd reads this otherwise",
            ),
            (
                &["headcount", "x", "a%TEMP%.csv"],
                "headcount x 'a%TEMP%.csv'  # for PowerShell: cmd reads this otherwise",
            ),
            (
                &["headcount", "x", "\u{201C}a\u{201D}"],
                "headcount x '\u{201C}a\u{201D}'  # for PowerShell: cmd reads this otherwise",
            ),
            (&["headcount", "x", "--sheet", "the \"A\""], "headcount x --sheet SHEET  # SHEET is the \"A\""),
            (
                &["headcount", "x", "--sheet=-\"A\"", "a\u{202e}b"],
                "headcount x --sheet=SHEET FILE  # SHEET is -\"A\"; FILE is a\\u{202e}b",
            ),
            (&["headcount", "x", r"my folder\"], "headcount x FILE  # FILE is my folder\\"),
            (&[r".\headcount.exe", "x"], r".\headcount.exe x"),
            (&[r"C:\Program Files\hc\headcount.exe", "x"], r#"C:\"Program Files\hc\headcount.exe" x"#),
            (&[r"C:\a=b\headcount.exe", "x"], r#"C:\"a=b\headcount.exe" x"#),
            (&[r".\my tools\headcount.exe", "x"], r#".\"my tools\headcount.exe" x"#),
            (&[r"\\srv\my share\headcount.exe", "x"], r#"\\"srv\my share\headcount.exe" x"#),
            (
                &[r"C:\a$b\headcount.exe", "x"],
                "& 'C:\\a$b\\headcount.exe' x  # for PowerShell: cmd reads this otherwise",
            ),
        ] {
            assert_eq!(line_of(words), expected);
        }
    }

    #[test]
    fn the_program_is_called_so_that_all_shells_find_it() {
        const EXE: &str = r"C:\Users\Zoë M\Tools\headcount.exe";
        let there = |files: &'static [&'static str]| {
            move |file: &str| {
                files.iter().any(|there| {
                    there.eq_ignore_ascii_case(file) || there.to_lowercase() == file.to_lowercase()
                })
            }
        };
        for (here, path, files, word) in [
            (r"D:\x", r"C:\Windows;C:\Users\Zoë M\Tools\", &[EXE][..], "headcount"),
            (r"D:\x", r#"C:\Windows;"c:\users\zoë m\tools""#, &[EXE], "headcount"),
            (r"D:\x", r"C:\Old;C:\Users\Zoë M\Tools", &[EXE, r"C:\Old\headcount.exe"], EXE),
            (r"D:\x", r"C:\Users\Zoë M\Tools", &[EXE, r"D:\x\headcount.exe"], EXE),
            (r"C:\Users\Zoë M\Tools", r"C:\Windows", &[EXE], r".\headcount.exe"),
            (r"c:\users\zoë m\tools", "", &[EXE], r".\headcount.exe"),
            (r"C:\Users\Zoë M", "", &[EXE], r".\Tools\headcount.exe"),
            (r"C:\Users\Zoë M\To", "", &[EXE], EXE),
            (r"C:\", "", &[EXE], r".\Users\Zoë M\Tools\headcount.exe"),
            (r"C:\Users\Zoë M\Tools", r"C:\Users\Zoë M\Tools", &[EXE], "headcount"),
        ] {
            assert_eq!(called(EXE, here, path, &there(files)), word, "in {here} with {path}");
        }
        assert_eq!(called(r"\\?\C:\t\headcount.exe", r"C:\t", "", &|_| false), r".\headcount.exe");
        assert_eq!(called("headcount.exe", r"C:\t", "", &|_| false), "headcount.exe");
    }

    #[test]
    fn a_program_is_one_word_for_all_shells_wherever_it_lies() {
        for path in [r"C:\Program Files\hc\headcount.exe", r".\a & b\headcount.exe", r"\\s\x y\headcount.exe"]
        {
            let line = line_of(&[path, "status", "a b"]);
            assert_eq!(by_powershell(&line).unwrap(), [path, "status", "a b"]);
            assert_eq!(by_cmd(&line).unwrap(), [path, "status", "a b"]);
        }
    }

    /// Words of what some shell reads, and of little else.
    fn word() -> impl Strategy<Value = String> {
        let parts = [
            "a", "b", "%b%", "0", "7", ".", ":", "=", "-", "--", "_", " ", "@", "$", "%", "`", "'", "\"",
            "\\", "&", "|", "<", ">", "^", "!", "(", ")", "{", "}", ",", ";", "#", "~", "*", "?", "é",
            "\u{2013}", "\u{201C}", "\u{2019}", "\u{202E}",
        ];
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn every_shell_of_windows_takes_a_line_for_the_words_that_it_is_made_of(
            words in prop::collection::vec(word(), 0..4)
        ) {
            let words: Vec<String> = ["headcount".to_owned(), "status".to_owned()].into_iter().chain(words).collect();
            let printed = line(&words);
            let all: Vec<Written> = words.iter().map(|word| written(word)).collect();
            if all.contains(&Never) {
                return Ok(());
            }
            let read = by_powershell(&printed);
            prop_assert_eq!(read.as_ref(), Ok(&words), "{}", printed);
            prop_assert_eq!(handed_by_5(&words), words.clone(), "{}", printed);
            if !printed.contains("  # for PowerShell") {
                prop_assert_eq!(by_cmd(&printed), Ok(words), "{}", printed);
            }
        }
    }
}
