//! The checksum at the end of each line: a disk, a sync or an editor that changed a line is noticed.
//!
//! The last member of a line is `"crc"`: CRC-32 (that of ZIP and Ethernet, ISO-HDLC) over all bytes of the line before it, in
//! eight lowercase hexadecimal digits. It is against accidents: whoever wants to write a line writes its checksum too.

use std::io::Write as _;

/// What stands before the digits.
const MEMBER: &[u8] = b",\"crc\":\"";

/// What stands behind them.
const CLOSE: &[u8] = b"\"}";

/// How many digits there are.
const DIGITS: usize = 8;

/// Whether a line's checksum holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// It does.
    Holds,
    /// It does not: the line is not as it was written.
    Broken,
    /// The line has none, as those of version 1.
    Missing,
}

/// Ends a line that begins there with its checksum, the closing brace and the newline; the object is not closed yet.
pub(super) fn seal(line: &mut Vec<u8>, begin: usize) {
    let sum = crc32fast::hash(&line[begin..]);
    line.extend_from_slice(MEMBER);
    let _ = write!(line, "{sum:08x}"); // writing to a vector cannot fail
    line.extend_from_slice(CLOSE);
    line.push(b'\n');
}

/// Looks at a line without its newline.
pub(super) fn sum_of(line: &[u8]) -> Sum {
    let digits = line.strip_suffix(CLOSE).and_then(|line| line.split_last_chunk::<DIGITS>());
    let Some((before, digits)) = digits else { return Sum::Missing };
    let Some(covered) = before.strip_suffix(MEMBER) else { return Sum::Missing };
    // As it would be written: `A` for `a` is one flipped bit.
    let mut written = [0_u8; DIGITS];
    let _ = write!(&mut written[..], "{:08x}", crc32fast::hash(covered));
    if written == *digits { Sum::Holds } else { Sum::Broken }
}

/// Whether a whole line and at least a byte more stand there: the newline that was behind it is gone.
pub(super) fn goes_on_behind_a_line(text: &[u8]) -> bool {
    let (mut hashed, mut hasher) = (0, crc32fast::Hasher::new());
    // Each once, whatever a line has in it: one that was made to have many would take the square of its length.
    memchr::memmem::find_iter(text, MEMBER).any(|at| {
        hasher.update(&text[hashed..at]);
        hashed = at;
        let mut end = Vec::with_capacity(DIGITS + CLOSE.len());
        let _ = write!(end, "{:08x}", hasher.clone().finalize()); // writing to a vector cannot fail
        end.extend_from_slice(CLOSE);
        let behind = &text[at + MEMBER.len()..];
        behind.starts_with(&end) && behind.len() > end.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_sealed_holds_and_with_any_bit_flipped_does_not() {
        let mut line = b"before\n".to_vec();
        line.extend_from_slice(br#"{"type":"end","exit":0"#);
        seal(&mut line, 7);
        let line = line[7..].strip_suffix(b"\n").unwrap();
        assert!(line.ends_with(b"\"}") && serde_json::from_slice::<serde_json::Value>(line).is_ok());
        assert_eq!(sum_of(line), Sum::Holds);
        for at in 0..line.len() * 8 {
            let mut flipped = line.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_ne!(sum_of(&flipped), Sum::Holds, "bit {at}");
        }
        assert_eq!(sum_of(br#"{"type":"end","exit":0}"#), Sum::Missing);
        assert_eq!(sum_of(b""), Sum::Missing);
        assert!(!goes_on_behind_a_line(line));
        for rest in ["*", "*{\"type\":\"end\",\"crc\":\""] {
            assert!(goes_on_behind_a_line(&[line, rest.as_bytes()].concat()), "{rest}");
        }
    }
}
