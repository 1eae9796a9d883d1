//! A column that says what is to be done with each person: the words that systems and people write, in one table.
//!
//! It is obeyed only where that is asked for, and what no table has is never guessed: a word that may mean two things is an
//! error of its row. Nothing that may come back, a leave of absence or a suspension, is a word for going.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::columns::key;

/// What a row asks to be done with its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// They join: made.
    Create,
    /// They move: changed where they differ.
    Update,
    /// They leave: deleted.
    Remove,
    /// Nothing.
    Nothing,
}

impl Act {
    /// All of them.
    pub(crate) const ALL: [Act; 4] = [Self::Create, Self::Update, Self::Remove, Self::Nothing];

    /// The word for it in a column map.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Remove => "remove",
            Self::Nothing => "nothing",
        }
    }

    /// What a word of a map means.
    pub(super) fn of_map(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// Headers under which rosters and exports of HR systems have it.
#[rustfmt::skip]
const HEADERS: [&str; 45] = [
    "action", "actions", "action type", "action code", "user action", "HR action", "lifecycle action", "lifecycle event", "lifecycle",
    "change type", "movement", "movement type", "JML", "joiner/mover/leaver", "joiner mover leaver", "joiner leaver", "starter/leaver",
    "starters/leavers", "joiners/leavers", "transaction type", "operation", "request type", "requested action", "to do", "todo",
    "aktion", "vorgang", "vorgangsart", "maßnahme", "massnahme", "maßnahmenart", "acción", "accion", "movimiento", "mouvement",
    "azione", "ação", "acao", "movimentação", "actie", "akcja", "akce", "действие", "アクション", "异动类型",
];

/// What people and systems write in it. Words that may mean two things are in no list: `leave of absence`, `suspend`, `C`.
#[rustfmt::skip]
const WORDS: [(Act, &[&str]); 4] = [
    (Act::Create, &[
        "create", "created", "creation", "add", "added", "addition", "new", "new hire", "new joiner", "new starter", "new employee", "new user",
        "hire", "hired", "hiring", "re hire", "rehire", "rehired", "join", "joins", "joiner", "joining", "joined", "start", "starter", "starting",
        "onboard", "onboarding", "on board", "insert", "provision", "A", "I", "J",
        "anlegen", "neu", "neuanlage", "neueintritt", "eintritt", "einstellung", "neueinstellung", "wiedereintritt", "zugang", "hinzufügen",
        "créer", "création", "nouveau", "nouvelle", "ajouter", "ajout", "embauche", "entrée", "arrivée",
        "crear", "alta", "nuevo", "nueva", "añadir", "contratación", "ingreso", "criar", "novo", "nova", "adicionar", "admissão", "contratação",
        "creare", "nuovo", "nuova", "aggiungi", "assunzione", "nieuw", "toevoegen", "in dienst", "indiensttreding",
        "nowy", "zatrudnienie", "dodaj", "новый", "создать", "приём", "прием", "добавить", "新規", "追加", "入社", "入职", "新增", "입사", "추가",
    ]),
    (Act::Update, &[
        "update", "updated", "change", "changed", "changes", "modify", "modified", "modification", "edit", "edited", "amend", "amended", "amendment",
        "move", "moves", "mover", "moving", "moved", "transfer", "transferred", "transfers", "promotion", "promoted", "promote", "job change",
        "data change", "position change", "role change", "team change", "M", "U",
        "ändern", "änderung", "geändert", "wechsel", "versetzung", "stellenwechsel", "teamwechsel", "aktualisieren",
        "modifier", "changement", "mutation", "mettre à jour", "mise à jour", "transfert",
        "modificar", "modificación", "cambio", "cambiar", "traslado", "transferencia", "actualizar", "alterar", "alteração", "transferência",
        "modifica", "modificare", "trasferimento", "cambiamento", "aggiorna", "wijzigen", "wijziging", "overplaatsing", "bijwerken",
        "zmiana", "przeniesienie", "изменить", "изменение", "перевод", "変更", "異動", "更新", "变更", "调动", "변경", "이동",
    ]),
    (Act::Remove, &[
        "remove", "removed", "removal", "delete", "deleted", "deletion", "leave", "leaves", "leaver", "leaving", "left", "terminate", "terminated",
        "termination", "offboard", "offboarded", "offboarding", "off board", "deprovision", "inactive", "exit", "exits", "exited", "resign",
        "resigned", "resignation", "retire", "retired", "retirement", "dismissal", "dismissed", "separation", "quit", "D", "L",
        "löschen", "löschung", "austritt", "ausgetreten", "ausgeschieden", "ausscheiden", "kündigung", "gekündigt", "abgang", "entfernen", "inaktiv",
        "supprimer", "suppression", "départ", "sortie", "licenciement", "démission", "retirer", "inactif",
        "eliminar", "baja", "borrar", "salida", "renuncia", "despido", "inactivo", "inactiva", "remover", "excluir", "desligamento", "demissão", "saída",
        "inativo", "inativa", "eliminare", "rimuovere", "rimuovi", "elimina", "uscita", "cessazione", "dimissioni", "licenziamento", "inattivo",
        "verwijderen", "uit dienst", "uitdiensttreding", "vertrek", "ontslag", "inactief", "usuń", "zwolnienie", "odejście",
        "удалить", "увольнение", "уволен", "уволена", "削除", "退職", "退社", "离职", "删除", "퇴사", "퇴직", "삭제",
    ]),
    (Act::Nothing, &[
        "nothing", "none", "no", "no action", "no change", "no changes", "unchanged", "keep", "stay", "stays", "same", "skip", "ignore", "n/a", "na",
        "-", "–", "—", "keine", "keine änderung", "unverändert", "nichts", "aucun", "aucune", "inchangé", "ninguno", "ninguna", "sin cambios",
        "nenhum", "nenhuma", "sem alteração", "nessuno", "nessuna", "invariato", "geen", "ongewijzigd", "brak", "нет", "без изменений", "なし", "变更なし",
        "无", "없음",
    ]),
];

/// Whether a header is one under which actions stand.
pub(crate) fn is_header(header: &str) -> bool {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| HEADERS.iter().map(|name| key(name)).collect());
    let key = key(header);
    KEYS.contains(&key)
}

/// What a cell asks for; `None` where nobody knows. A blank cell asks for nothing.
pub(crate) fn of(cell: &str) -> Option<Act> {
    static ACTS: LazyLock<HashMap<String, Act>> = LazyLock::new(|| {
        let words = WORDS.iter();
        words.flat_map(|(act, words)| words.iter().map(|word| (plain(word), *act))).collect()
    });
    let cell = plain(cell);
    if cell.is_empty() { Some(Act::Nothing) } else { ACTS.get(&cell).copied() }
}

/// In lower case, with one space where any stand, or what people write in their place.
fn plain(word: &str) -> String {
    let spaced: String = word.chars().map(|c| if matches!(c, '_' | '-') { ' ' } else { c }).collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    // A dash alone is a word for nothing.
    if joined.is_empty() { word.trim().to_owned() } else { joined }
}

/// Words for what is to be done, of a column map, before those of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) Vec<(String, Act)>);

impl Words {
    /// What a cell asks for.
    pub(super) fn act(&self, cell: &str) -> Option<Act> {
        let own = self.0.iter().find(|(word, _)| plain(word) == plain(cell));
        own.map(|(_, act)| *act).or_else(|| of(cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_means_two_things() {
        let mut seen: HashMap<String, Act> = HashMap::new();
        for (act, words) in WORDS {
            for word in words {
                let before = seen.insert(plain(word), act);
                assert!(before.is_none_or(|before| before == act), "`{word}` is {before:?} and {act:?}");
            }
        }
        for act in Act::ALL {
            assert_eq!(Act::of_map(act.word()), Some(act));
        }
    }

    #[test]
    fn people_write_it_in_many_ways_and_what_may_come_back_is_no_word_for_going() {
        for (cell, act) in [
            ("", Some(Act::Nothing)),
            (" - ", Some(Act::Nothing)),
            ("No Change", Some(Act::Nothing)),
            ("New_Hire", Some(Act::Create)),
            ("re-hire", Some(Act::Create)),
            ("Rehire", Some(Act::Create)),
            ("EINTRITT", Some(Act::Create)),
            ("off-board", Some(Act::Remove)),
            ("Terminate", Some(Act::Remove)),
            ("leaver", Some(Act::Remove)),
            ("Inactive", Some(Act::Remove)),
            ("退職", Some(Act::Remove)),
            ("mover", Some(Act::Update)),
            ("Änderung", Some(Act::Update)),
            // Whoever is away comes back, and `C` is create to one system and change to another.
            ("leave of absence", None),
            ("on leave", None),
            ("LOA", None),
            ("suspend", None),
            ("disable", None),
            ("deactivate", None),
            ("C", None),
            ("R", None),
            ("remov", None),
            ("x", None),
        ] {
            assert_eq!(of(cell), act, "{cell}");
        }
        let own = Words(vec![("C".into(), Act::Update), ("Leave".into(), Act::Nothing)]);
        assert_eq!(
            [own.act("c"), own.act("LEAVE"), own.act("delete")],
            [Some(Act::Update), Some(Act::Nothing), Some(Act::Remove)]
        );
    }

    #[test]
    fn a_header_is_known_however_it_is_written() {
        for header in ["Action", "ACTION_TYPE", "Joiner/Mover/Leaver", "Vorgang", "JML"] {
            assert!(is_header(header), "{header}");
        }
        for header in ["Status", "Type", "Reason", "Transaction", "user login"] {
            assert!(!is_header(header), "{header}");
        }
    }
}
