//! Text files of people and their programs, in the encodings that those write.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// What the bytes of a text file say: by its mark UTF-8 or UTF-16, without a mark UTF-8; `None` where they are neither.
///
/// UTF-16 is what Notepad calls Unicode, and what PowerShell 5 writes with `>`.
pub(crate) fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => {
            encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..])
        }
        None => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Why a file that only we write cannot be read where it begins as UTF-16 does.
pub(crate) fn written_anew(bytes: &[u8]) -> Option<&'static str> {
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]).then_some(
        "it is in UTF-16, as another program wrote it anew, PowerShell's `>` for one; copy it with `copy`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_by_its_mark_and_is_else_utf_8() {
        let utf16 = |big: bool, text: &str| -> Vec<u8> {
            text.encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        for (bytes, text) in [
            (b"Zo\xc3\xab\r\n".to_vec(), Some("Zoë\r\n")),
            (b"\xef\xbb\xbfZo\xc3\xab".to_vec(), Some("Zoë")),
            (utf16(false, "\u{feff}Zoë\r\n"), Some("Zoë\r\n")),
            (utf16(true, "\u{feff}Zoë"), Some("Zoë")),
            (Vec::new(), Some("")),
            (b"Zo\xeb".to_vec(), None),
            (b"\xff\xfeZ".to_vec(), None), // half a character
        ] {
            assert_eq!(decoded(&bytes).as_deref(), text, "{bytes:?}");
            assert_eq!(
                written_anew(&bytes).is_some(),
                bytes.starts_with(&[0xFF]) || bytes.starts_with(&[0xFE])
            );
        }
    }
}
