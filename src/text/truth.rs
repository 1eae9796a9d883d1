//! Yes and no as spreadsheets and exports write them.

/// What spreadsheets write for TRUE and FALSE in the large languages, in lower case. Sources: Microsoft's and LibreOffice's
/// translated function names (`TRUE()` is `WAHR()` in German). Without Romanian: `fals` is what is left of a `false`.
#[rustfmt::skip]
const BOOLEANS: [(&str, &str); 20] = [
    ("true", "false"),
    ("wahr", "falsch"),
    ("vrai", "faux"),
    ("verdadero", "falso"),
    ("verdadeiro", "falso"),
    ("vero", "falso"),
    ("waar", "onwaar"),
    ("prawda", "fałsz"),
    ("pravda", "nepravda"),
    ("igaz", "hamis"),
    ("sand", "falsk"),
    ("sann", "usann"),
    ("sant", "falskt"),
    ("tosi", "epätosi"),
    ("doğru", "yanliş"),
    ("истина", "ложь"),
    ("істина", "хибність"),
    ("αληθές", "ψευδές"),
    ("真", "偽"),
    ("참", "거짓"),
];

/// `yes` and `no` as they are read in a roster: the words themselves, their first letters, `1` and `0`, and the booleans of
/// spreadsheets; in any case.
pub(crate) fn of(cell: &str) -> Option<bool> {
    // Nearly every cell is one of these.
    for (yes, no) in [("yes", "no"), ("true", "false"), ("y", "n"), ("1", "0")] {
        if cell.eq_ignore_ascii_case(yes) || cell.eq_ignore_ascii_case(no) {
            return Some(cell.eq_ignore_ascii_case(yes));
        }
    }
    boolean(cell)
}

/// What spreadsheets write for a boolean, and nothing else: a German one shows `WAHR` where a file has `TRUE`.
pub(crate) fn boolean(cell: &str) -> Option<bool> {
    // No word here is longer.
    if cell.len() > 24 {
        return None;
    }
    // The Turkish I without its dot has a small letter of its own.
    let word = cell.to_lowercase().replace('ı', "i");
    let is_yes = BOOLEANS.iter().any(|(yes, _)| *yes == word);
    let is_no = || BOOLEANS.iter().any(|(_, no)| *no == word);
    if is_yes { Some(true) } else { is_no().then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_booleans_of_spreadsheets_are_read_and_other_words_are_not() {
        for word in
            ["yes", "YES", "Y", "y", "1", "TRUE", "WAHR", "Vrai", "VERDADERO", "ИСТИНА", "DOĞRU", "真"]
        {
            assert_eq!(of(word), Some(true), "{word}");
        }
        for word in ["no", "N", "0", "false", "FALSCH", "FAUX", "Falso", "ONWAAR", "FAŁSZ", "ЛОЖЬ", "YANLIŞ"]
        {
            assert_eq!(of(word), Some(false), "{word}");
        }
        for word in ["", "x", "ja", "oui", "on", "2", "01", "yes!", "truth", "-"] {
            assert_eq!(of(word), None, "{word}");
        }
        assert_eq!((boolean("Wahr"), boolean("yes"), boolean("1")), (Some(true), None, None));
    }

    #[test]
    fn no_word_means_both() {
        for (yes, no) in BOOLEANS {
            assert!(BOOLEANS.iter().all(|(other, _)| *other != no), "{yes} {no}");
        }
    }
}
