//! Columns that say who is no longer there. A person with a login who left last month is a security matter, and an export
//! has leavers beside the others more often than not.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::finding::{Finding, codes};
use crate::roster::{Act, Columns, Row, act_of, header_key, is_header_of_acts, says_nothing};
use crate::text::{count, printable, shown, truth};

/// What a header says that its cells tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    /// A word for where somebody stands.
    Status,
    /// The day on which somebody leaves.
    Day,
    /// Whether somebody is there.
    IsThere,
    /// Whether somebody is gone.
    IsGone,
    /// What is to be done.
    Act,
}

/// Headers by what their cells tell, in the languages that headers are read in. Those of Entra, Google Workspace, AD,
/// Workday, SAP and Personio are among them.
#[rustfmt::skip]
const HEADERS: [(Tells, &[&str]); 4] = [
    (Tells::Status, &[
        "status", "employment status", "employee status", "worker status", "user status", "account status", "HR status", "staff status",
        "assignment status", "active status", "agent status", "emp status", "employee state", "userAccountControl", "beschäftigungsstatus",
        "mitarbeiterstatus", "personalstatus", "anstellungsstatus", "benutzerstatus", "kontostatus", "statut", "statut employé",
        "statut de l'employé", "statut du salarié", "estado", "estado laboral", "estado del empleado", "estatus", "stato", "stato dipendente",
        "situação", "situacao", "situação do funcionário", "status do funcionário", "dienststatus", "status zatrudnienia", "stav", "статус",
        "ステータス", "在籍状況", "在籍区分", "状態", "状态", "员工状态", "在职状态", "狀態", "재직상태", "상태", "durum", "çalışma durumu", "الحالة",
    ]),
    (Tells::Day, &[
        "austritt", "austrittsdatum", "austritt am", "datum austritt", "kündigungsdatum", "letzter arbeitstag", "vertragsende", "befristet bis",
        "leave date", "leaving date", "date left", "left on", "date of leaving", "termination date", "terminated on", "term date",
        "last day", "last day of work", "last working day", "end date", "employment end date", "contract end", "contract end date",
        "exit date", "separation date", "offboarding date", "accountExpirationDate", "date de sortie", "date de départ", "date de fin",
        "date de fin de contrat", "fin de contrat", "fecha de baja", "fecha baja", "fecha de salida", "fecha de cese", "fecha de terminación",
        "data de desligamento", "data de demissão", "data de saída", "data desligamento", "data cessazione", "data di cessazione",
        "data fine rapporto", "uitdienstdatum", "datum uit dienst", "datum uitdienst", "uit dienst", "fratrædelsesdato", "slutdato", "slutdatum",
        "avgångsdatum", "data zwolnienia", "data zakończenia", "datum ukončení", "kilépés dátuma", "дата увольнения", "дата звільнення",
        "退職日", "退社日", "离职日期", "離職日期", "퇴사일", "퇴직일", "işten çıkış tarihi", "çıkış tarihi", "تاريخ انتهاء الخدمة",
    ]),
    (Tells::IsThere, &[
        "accountEnabled", "enabled", "account is enabled", "active", "is active", "active user", "user active", "active employee",
        "currently employed", "is employed", "aktiv", "ist aktiv", "konto aktiviert", "actif", "est actif", "activo", "ativo", "attivo",
        "actief", "aktywny", "aktivní", "aktív", "активен", "активный", "有効", "在職", "在职", "활성", "aktif",
    ]),
    (Tells::IsGone, &[
        "disabled", "account disabled", "is disabled", "suspended", "is suspended", "deactivated", "inactive", "is inactive", "terminated",
        "archived", "deleted", "blockCredential", "block sign in", "has left", "leaver", "deaktiviert", "gesperrt", "inaktiv",
        "ausgeschieden", "ausgetreten", "désactivé", "inactif", "desactivado", "inactivo", "desativado", "inativo", "disattivato", "inattivo",
        "gedeactiveerd", "inactief", "nieaktywny", "уволен", "無効", "退職済", "已离职", "비활성", "pasif",
    ]),
];

/// Words by which a list says that somebody is gone, whatever its column is called.
#[rustfmt::skip]
const GONE: [&str; 77] = [
    "terminated", "inactive", "in-active", "not active", "disabled", "deactivated", "suspended", "leaver", "resigned", "dismissed",
    "former employee", "ex-employee", "offboarded", "no longer employed", "account disabled",
    "ausgeschieden", "inaktiv", "nicht aktiv", "deaktiviert", "ausgetreten", "gekündigt", "gesperrt", "ehemalig", "ehemaliger mitarbeiter",
    "inactif", "désactivé", "licencié", "démissionné", "démissionnaire", "suspendu",
    "inactivo", "inactiva", "dado de baja", "cesado", "despedido", "desactivado", "suspendido",
    "inativo", "inativa", "desligado", "demitido", "desativado", "suspenso",
    "inattivo", "cessato", "disattivato", "licenziato", "dimesso", "sospeso",
    "inactief", "uit dienst", "uitdienst", "ontslagen", "gedeactiveerd",
    "nieaktywny", "zwolniony", "neaktivní", "inaktív", "kilépett", "avslutad", "fratrådt", "ophørt", "sluttet",
    "уволен", "уволена", "неактивен", "неактивный", "звільнений",
    "退職", "退社", "退職済み", "离职", "已离职", "離職", "퇴사", "퇴직", "ayrıldı",
];

/// Words that say so in a column of statuses alone: elsewhere they are an ear, a rank, a box ticked.
#[rustfmt::skip]
const GONE_OF_STATUS: [&str; 37] = [
    "left", "retired", "former", "ended", "deleted", "archived", "blocked", "expired", "separated", "deceased", "quit", "gone", "term",
    "beendet", "gelöscht", "pensioniert", "verstorben", "parti", "sorti", "retraité", "terminé", "baja", "retirado", "jubilado",
    "aposentado", "vertrokken", "geblokkeerd", "slutat", "pasif", "無効", "停用", "禁用", "已停用", "비활성",
    // userAccountControl of AD with the bit for "disabled" set.
    "514", "66050", "546",
];

/// A column of more different words than this says nothing of where people stand, unless its header does.
const FEW: usize = 12;
/// More columns than an export has.
const MOST: usize = 256;
/// How many words of one column are named.
const NAMED: usize = 8;
/// The longest cell that is compared with words, in bytes.
const LONGEST: usize = 64;

/// What is seen of the columns that nothing is read of, row by row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    columns: Vec<Watched>,
}

#[derive(Clone, Debug)]
struct Watched {
    at: usize,
    tells: Option<Tells>,
    /// Its different cells, where no header says what they tell; by hash, for one of them may be a secret.
    different: HashSet<u64>,
    /// The words by which it says that somebody is gone.
    words: Vec<String>,
    /// In how many rows it says so.
    rows: u64,
}

impl Watch {
    pub(crate) fn new(columns: &Columns) -> Self {
        let watched = |&at: &usize| Watched {
            at,
            tells: tells(columns.headers.get(at).map_or("", String::as_str)),
            different: HashSet::new(),
            words: Vec::new(),
            rows: 0,
        };
        Self { columns: columns.strangers.iter().take(MOST).map(watched).collect() }
    }

    /// Looks at a row; costs nothing where every column is read.
    pub(crate) fn see(&mut self, row: &Row) {
        let mut is_over = false;
        for column in &mut self.columns {
            column.see(row.cells.get(column.at).unwrap_or("").trim());
            is_over |= column.is_over();
        }
        if is_over {
            self.columns.retain(|column| !column.is_over());
        }
    }

    /// Takes in what another has seen of other rows of the same file.
    pub(super) fn merge(&mut self, other: Self) {
        // What is not there any more was over.
        self.columns.retain(|mine| other.columns.iter().any(|theirs| theirs.at == mine.at));
        for theirs in other.columns {
            let Some(mine) = self.columns.iter_mut().find(|mine| mine.at == theirs.at) else { continue };
            mine.rows += theirs.rows;
            mine.different.extend(theirs.different);
            theirs.words.into_iter().for_each(|word| mine.add(word));
        }
        self.columns.retain(|column| !column.is_over());
    }

    fn telling(&self) -> impl Iterator<Item = &Watched> {
        self.columns.iter().filter(|column| column.rows > 0)
    }

    /// The lines of a map's `[skip]` that leave these rows out, each with what it says in words.
    pub(crate) fn rules(&self, columns: &Columns) -> Vec<Rule> {
        self.telling().map(|column| column.rule(&columns.headers)).collect()
    }

    /// The one warning of a roster, where a column says that somebody in it is gone.
    pub(super) fn finding(&self, columns: &Columns) -> Option<Finding> {
        let rules = self.rules(columns);
        let first = self.telling().next()?;
        let code = &codes::LEAVERS_IN_ROSTER;
        let (mut message, mut lines, mut none) = (String::new(), String::new(), String::new());
        for rule in &rules {
            let _ = write!(message, "{}{}", if message.is_empty() { "" } else { "; " }, rule.what);
            let and = if lines.is_empty() { "" } else { " and " };
            let _ = write!(lines, "{and}`{}`", rule.line);
            let _ = write!(none, "{and}`{} = []`", rule.header);
        }
        Some(Finding {
            code: code.id,
            severity: code.severity,
            row: None,
            column: columns.headers.get(first.at).cloned(),
            value: None,
            message: format!("{message}, and nothing leaves these rows out"),
            hint: Some(format!(
                "in a file for `⟦column-map FILE.toml⟧`, under `[skip]`: {lines}; or, if all are meant, {none} there"
            )),
        })
    }

    /// The one error of a list of people who are to go, where a column says it of some of its rows and not of all: who takes
    /// a whole roster for a list of leavers would delete everybody.
    pub(super) fn finding_of_list(&self, columns: &Columns, rows: u64) -> Option<Finding> {
        // A column of actions in which nobody leaves says of everybody that they do not.
        let of_acts = self.columns.iter().filter(|column| column.tells == Some(Tells::Act));
        let column = self.telling().chain(of_acts).find(|column| column.rows < rows)?;
        let code = &codes::STAYERS_IN_LIST;
        let Rule { header, what, is_of_days, .. } = column.rule(&columns.headers);
        let words: Vec<String> = column.words.iter().map(|word| quoted(word)).collect();
        let only = if is_of_days { "\"filled\"".to_owned() } else { format!("[{}]", words.join(", ")) };
        Some(Finding {
            code: code.id,
            severity: code.severity,
            row: None,
            column: columns.headers.get(column.at).cloned(),
            value: None,
            message: format!(
                "{what}, of {rows}: whoever is on a list of leavers goes, whatever else it says"
            ),
            hint: Some(format!(
                "in a file for `⟦column-map FILE.toml⟧`, under `[only]`: `{header} = {only}`; or, if all on the list are \
                 meant, `{header} = []` under `[skip]`"
            )),
        })
    }
}

/// A rule that leaves out who is gone.
pub(crate) struct Rule {
    /// The header, as TOML writes it.
    pub(crate) header: String,
    /// As a map's `[skip]` has it: `"Status" = ["Terminated"]`.
    pub(crate) line: String,
    /// What was seen.
    pub(crate) what: String,
    /// Whether it looks at days: some of them may be to come.
    pub(crate) is_of_days: bool,
}

impl Watched {
    fn see(&mut self, cell: &str) {
        if cell.is_empty() {
            return;
        }
        if self.tells.is_none() && cell.len() <= LONGEST {
            self.different.insert(fnv(cell));
        }
        let is_gone = match self.tells {
            _ if cell.len() > LONGEST => self.tells == Some(Tells::Day),
            Some(Tells::Day) => !says_nothing(cell),
            Some(Tells::IsThere) => truth::of(cell) == Some(false) || is_word_for_gone(cell, false),
            Some(Tells::IsGone) => truth::of(cell) == Some(true) || is_word_for_gone(cell, false),
            Some(Tells::Status) => is_word_for_gone(cell, true),
            Some(Tells::Act) => act_of(cell) == Some(Act::Remove),
            None => is_word_for_gone(cell, false),
        };
        if is_gone {
            self.rows += 1;
            if self.tells != Some(Tells::Day) {
                self.add(cell.to_owned());
            }
        }
    }

    /// Words that differ only in case are one for a map; whoever sees them in another order keeps the same one.
    fn add(&mut self, word: String) {
        match self.words.iter_mut().find(|known| known.to_lowercase() == word.to_lowercase()) {
            Some(known) if *known > word => *known = word,
            Some(_) => return,
            None => self.words.push(word),
        }
        self.words.sort_unstable();
    }

    /// Whether its cells are too many different ones to be words for where somebody stands.
    fn is_over(&self) -> bool {
        self.tells.is_none() && self.different.len() > FEW
    }

    fn rule(&self, headers: &[String]) -> Rule {
        let name = headers.get(self.at).map_or("", |header| header.trim());
        let header = quoted(name);
        let rows = count(self.rows, "row");
        let name = printable(name, 60);
        if self.tells == Some(Tells::Day) {
            return Rule {
                line: format!("{header} = \"filled\""),
                what: format!("`{name}` is filled in {rows}"),
                header,
                is_of_days: true,
            };
        }
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        let named: Vec<String> =
            self.words.iter().take(NAMED).map(|word| format!("`{}`", shown(word))).collect();
        Rule {
            line: format!("{header} = [{}]", words.join(", ")),
            what: format!("`{name}` is {} in {rows}", named.join(" or ")),
            header,
            is_of_days: false,
        }
    }
}

/// A TOML basic string: JSON's, but that TOML wants one more character escaped.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7F}', "\\u007F")
}

fn tells(header: &str) -> Option<Tells> {
    if is_header_of_acts(header) {
        return Some(Tells::Act);
    }
    static KNOWN: LazyLock<HashMap<String, Tells>> = LazyLock::new(|| {
        let of_all = HEADERS.iter();
        of_all.flat_map(|(tells, names)| names.iter().map(|name| (header_key(name), *tells))).collect()
    });
    KNOWN.get(&header_key(header)).copied()
}

fn is_word_for_gone(cell: &str, is_status: bool) -> bool {
    static WORDS: LazyLock<[HashSet<u64>; 2]> = LazyLock::new(|| {
        let of_any: HashSet<u64> = GONE.iter().map(|word| fnv(word)).collect();
        let of_status = GONE_OF_STATUS.iter().map(|word| fnv(word)).chain(of_any.iter().copied()).collect();
        [of_any, of_status]
    });
    WORDS[usize::from(is_status)].contains(&fnv(cell))
}

/// Of its letters in lower case (FNV-1a): without room of its own, for it is asked of each row.
fn fnv(text: &str) -> u64 {
    text.chars().flat_map(char::to_lowercase).fold(0xCBF2_9CE4_8422_2325, |hash, c| {
        (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(headers: &[&str], rows: &[&[&str]]) -> (Watch, Columns) {
        let columns = Columns {
            headers: headers.iter().map(|header| (*header).to_owned()).collect(),
            strangers: (0..headers.len()).collect(),
            ..Columns::default()
        };
        let mut watch = Watch::new(&columns);
        for row in rows {
            watch.see(&Row { cells: row.iter().copied().collect(), ..Row::default() });
        }
        (watch, columns)
    }

    fn lines(headers: &[&str], rows: &[&[&str]]) -> Vec<String> {
        let (watch, columns) = seen(headers, rows);
        watch.rules(&columns).into_iter().map(|rule| rule.line).collect()
    }

    #[test]
    fn a_column_that_says_who_is_gone_is_seen_by_its_header_and_its_words() {
        let table: [(&str, &[&str], &[&str]); 12] = [
            (
                "Employment Status",
                &["Active", "Terminated", "On leave"],
                &[r#""Employment Status" = ["Terminated"]"#],
            ),
            ("accountEnabled", &["True", "False"], &[r#""accountEnabled" = ["False"]"#]),
            ("Suspended", &["", "TRUE"], &[r#""Suspended" = ["TRUE"]"#]),
            ("Austritt", &["", "31.12.2026"], &[r#""Austritt" = "filled""#]),
            ("退職日", &["2026/03/31"], &[r#""退職日" = "filled""#]),
            ("Statut", &["Actif", "Parti", "PARTI"], &[r#""Statut" = ["PARTI"]"#]),
            ("Kategorie", &["intern", "Ausgeschieden"], &[r#""Kategorie" = ["Ausgeschieden"]"#]),
            // What does not say it by itself.
            ("Headset ear", &["Left", "Right"], &[]),
            ("Austritt", &["", "31.12.9999", "-"], &[]),
            ("accountEnabled", &["True"], &[]),
            ("Status", &["Active", "On leave", "Probation"], &[]),
            ("Site", &["Leeds", "York"], &[]),
        ];
        for (header, cells, expected) in table {
            let rows: Vec<[&str; 1]> = cells.iter().map(|cell| [*cell]).collect();
            let rows: Vec<&[&str]> = rows.iter().map(<[&str; 1]>::as_slice).collect();
            assert_eq!(lines(&[header], &rows), expected, "{header}");
        }
    }

    #[test]
    fn a_column_of_many_different_cells_is_none_of_words() {
        let notes: Vec<String> = (0..20).map(|n| format!("note {n}")).collect();
        let rows: Vec<[&str; 1]> = notes.iter().map(|note| [note.as_str()]).chain([["Inactive"]]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 1]>::as_slice).collect();
        assert!(lines(&["Notes"], &rows).is_empty());
        let reversed: Vec<&[&str]> = rows.iter().rev().copied().collect();
        assert!(lines(&["Notes"], &reversed).is_empty());
    }

    #[test]
    fn what_two_have_seen_is_what_one_would_have_seen() {
        let headers = ["Status", "Notes"];
        let rows: [&[&str]; 4] = [&["Left", "a"], &["Retired", "b"], &["left", "Inactive"], &["Active", "c"]];
        let (whole, columns) = seen(&headers, &rows);
        let (mut one, _) = seen(&headers, &rows[..2]);
        one.merge(seen(&headers, &rows[2..]).0);
        let (one, whole) = (one.finding(&columns).unwrap(), whole.finding(&columns).unwrap());
        assert_eq!(one, whole);
        assert_eq!(
            one.message,
            "`Status` is `Left` or `Retired` in 3 rows; `Notes` is `Inactive` in 1 row, and nothing leaves these rows out"
        );
        assert!(one.hint.unwrap().contains(r#"`"Status" = ["Left", "Retired"]`"#));
    }
}
