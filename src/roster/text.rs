//! Bytes become text: which encoding, and every line end a `\n`.

use std::borrow::Cow;
use std::io::{self, Read, Seek as _, SeekFrom};

use encoding_rs::{
    Encoding, IBM866, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_8_I, KOI8_R, KOI8_U,
    MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1255, WINDOWS_1256, X_MAC_CYRILLIC,
};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use memchr::memchr;

use super::source::{Cursor, Format, Source};
use crate::error::Failure;
use crate::finding::{Finding, codes};
use crate::text::{Setting, damage};

/// How many bytes are read at a time.
pub(super) const CHUNK: usize = 64 << 10;

/// The longest record, in bytes. A quote that never closes would otherwise pull the whole file into memory.
const RECORD_LIMIT: u64 = 16 << 20;

/// What follows the last byte of the file: an end for its last line, and a record of one control character. Whoever reads
/// that record knows that every quote is closed; whoever reads to the end without it has swallowed it in a quote.
const TAIL: &[u8] = b"\n\x1e\n";

/// The one field of the record that follows the last.
pub(super) const END: &str = "\x1e";

/// How a file's bytes become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoding {
    /// Valid UTF-8, after a mark of this many bytes: nothing is copied.
    Utf8 { mark: u64 },
    /// Anything else.
    From(&'static Encoding),
}

impl Decoding {
    /// Decides the encoding: as told, else by the mark at the top, else UTF-8 where all of the file is, else that of
    /// another alphabet where its words are of one, else Windows-1252; either is said in a finding. Where the text looks like
    /// yet another, the finding is an error that names it: people's names are not guessed.
    pub(super) fn of(source: &Source, label: Option<&str>) -> Result<(Self, Option<Finding>), Failure> {
        let unreadable = |error: io::Error| Failure::usage("the roster cannot be read").because(error);
        let head = source.head(Format::HEAD).map_err(unreadable)?;
        if let Some(label) = label {
            let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
                Failure::usage(format!("no such encoding: `{label}`"))
                    .hint("for example `utf-8`, `utf-16le`, `windows-1252`, `iso-8859-2` or `shift_jis`")
            })?;
            return Ok((Self::From(encoding), None));
        }
        if let Some(encoding) = utf16(&head) {
            return Ok((Self::From(encoding), None));
        }
        let mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        match first_invalid(source).map_err(unreadable)? {
            None => Ok((Self::Utf8 { mark }, None)),
            Some(_) if mark > 0 => Ok((Self::From(UTF_8), None)),
            Some(at) => {
                let line = line_of(source, at).map_err(unreadable)?;
                let sample = sample(source, at).map_err(unreadable)?;
                let named = named(&sample);
                if let Some(encoding) = named.filter(|named| is_of_its_words(named, &sample)) {
                    return Ok((Self::From(encoding), Some(guessed(line, encoding))));
                }
                let finding = match Likelier::of(&sample, named) {
                    Some(likelier) => likelier.told(line),
                    None => guessed(line, WINDOWS_1252),
                };
                Ok((Self::From(WINDOWS_1252), Some(finding)))
            }
        }
    }

    /// The encoding's name, as the WHATWG has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 { .. } => UTF_8.name(),
            Self::From(encoding) => encoding.name(),
        }
    }

    /// The file's text from the top.
    pub(super) fn text(self, source: &Source) -> io::Result<Text> {
        let mut reader = source.reader();
        let input = match self {
            Self::Utf8 { mark } => {
                reader.seek(SeekFrom::Start(mark))?;
                Input::Plain(reader)
            }
            Self::From(encoding) => {
                let decoder =
                    DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(reader);
                Input::Decoded(Box::new(decoder))
            }
        };
        Ok(Text { input, after_return: false, tail: 0, given: 0, record: 0, overran: false })
    }
}

/// UTF-16 by its mark, or without one where the head has NULs, as no other text has, and makes sense as UTF-16.
pub(super) fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    if head.starts_with(b"\xFF\xFE") {
        return Some(UTF_16LE);
    }
    if head.starts_with(b"\xFE\xFF") {
        return Some(UTF_16BE);
    }
    // A stray NUL is no every second byte.
    let nulls = head.iter().filter(|&&byte| byte == 0).count();
    if nulls == 0 || nulls * 100 < head.len() {
        return None;
    }
    // Either order may make characters of the other's bytes; the right one makes ASCII of commas and line ends.
    match (ascii_in(head, u16::from_le_bytes), ascii_in(head, u16::from_be_bytes)) {
        (little, big) if little > big => Some(UTF_16LE),
        (little, big) if big > little => Some(UTF_16BE),
        _ => None,
    }
}

/// How many plain ASCII characters there are in text that is UTF-16 of this order of bytes; `None` where it is not: no
/// roster has control characters, and every one has line ends or delimiters.
fn ascii_in(head: &[u8], unit: fn([u8; 2]) -> u16) -> Option<usize> {
    let (pairs, _) = head.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
    // The head may end within a character.
    let cut = usize::from(units.last().is_some_and(|last| (0xD800..0xDC00).contains(last)));
    let (mut ascii, mut ends) = (0, 0);
    for character in char::decode_utf16(units[..units.len() - cut].iter().copied()) {
        let character = character.ok()?;
        ends += usize::from(matches!(character, '\n' | '\r' | '\t' | ',' | ';'));
        ascii += usize::from(character.is_ascii());
        let is_no_text = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
        if is_no_text || matches!(u32::from(character), 0xFFFE..=0xFFFF) {
            return None;
        }
    }
    (ends > 0 && units.len() >= 4).then_some(ascii)
}

/// What lies around the first byte that is not UTF-8.
fn sample(source: &Source, at: u64) -> io::Result<Vec<u8>> {
    const BEFORE: u64 = 4 << 10;
    const LOOKED_AT: u64 = 1 << 20;
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(at.saturating_sub(BEFORE)))?;
    let mut bytes = Vec::new();
    reader.take(LOOKED_AT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the text is by the statistics of its letters, where that is not Windows-1252 and makes another text of it.
fn named(sample: &[u8]) -> Option<&'static Encoding> {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    (guess != WINDOWS_1252 && text_in(guess, sample) != text_in(WINDOWS_1252, sample)).then_some(guess)
}

fn text_in<'s>(encoding: &'static Encoding, sample: &'s [u8]) -> Cow<'s, str> {
    encoding.decode_without_bom_handling(sample).0
}

/// What a text looks like that is read as Windows-1252.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likelier {
    /// An encoding that can be asked for.
    Encoding(&'static Encoding),
    /// A code page of DOS, which cannot.
    Dos,
    /// Parts of several files: some of it is UTF-8.
    PartlyUtf8,
}

impl Likelier {
    /// `named` is what the letters' statistics say, which know neither Macs nor DOS. Whether words come out, with capitals
    /// where they belong, is the better witness: it decides where Windows-1252 makes none.
    fn of(sample: &[u8], named: Option<&'static Encoding>) -> Option<Self> {
        let strange = damage::strangeness(&text_in(WINDOWS_1252, sample));
        let utf8 = String::from_utf8_lossy(sample);
        let lost = utf8.chars().filter(|&c| c == '\u{FFFD}').count();
        let whole = utf8.chars().filter(|&c| c.is_alphabetic() && !c.is_ascii()).count();
        if strange > 0 && whole > 0 && whole * 2 > lost {
            return Some(Self::PartlyUtf8);
        }
        let in_its_words = |encoding| damage::strangeness(&text_in(encoding, sample));
        let others = [
            named.map(|named| (in_its_words(named), Self::Encoding(named))),
            Some((in_its_words(MACINTOSH), Self::Encoding(MACINTOSH))),
            Some((damage::strangeness(&damage::dos_page(sample)), Self::Dos)),
        ];
        // The first of the least strange.
        let least = others.into_iter().flatten().min_by_key(|(strange, _)| *strange);
        match least {
            Some((least, likelier)) if strange > 0 && least * 2 < strange => Some(likelier),
            _ => named.map(Self::Encoding),
        }
    }

    fn told(self, line: u64) -> Finding {
        let both = |name: &str| {
            let one = Setting::Encoding.with(name.to_ascii_lowercase());
            format!(
                "look at the names in both, with `headcount columns`: `{one}` or `⟦encoding windows-1252⟧`"
            )
        };
        let (looks_like, hint) = match self {
            Self::Encoding(encoding) => (encoding.name(), both(encoding.name())),
            Self::Dos => (
                "the code page of a DOS program (850)",
                "save the file as CSV UTF-8 with the program that wrote it, or in a spreadsheet that asks for its \
                 encoding; `⟦encoding windows-1252⟧` reads it as it looks"
                    .to_owned(),
            ),
            Self::PartlyUtf8 => (
                "several files joined into one, of which a part is UTF-8",
                "save each of them as CSV UTF-8 before they are joined; `⟦encoding utf-8⟧` shows the rows that are not"
                    .to_owned(),
            ),
        };
        Finding {
            code: codes::ENCODING_UNCLEAR.id,
            severity: codes::ENCODING_UNCLEAR.severity,
            row: None,
            column: None,
            value: None,
            message: format!(
                "the file is not UTF-8 (first in line {line} of the file): it may be Windows-1252, but looks like {looks_like}"
            ),
            hint: Some(hint),
        }
    }
}

/// Single-byte encodings of alphabets other than the Latin.
const OF_OTHER_ALPHABETS: [&Encoding; 14] = [
    IBM866,
    ISO_8859_5,
    ISO_8859_6,
    ISO_8859_7,
    ISO_8859_8,
    ISO_8859_8_I,
    KOI8_R,
    KOI8_U,
    X_MAC_CYRILLIC,
    WINDOWS_874,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1255,
    WINDOWS_1256,
];

/// Whether whole words are of the encoding's alphabet, so that the text is of no Latin one: there a letter beyond ASCII
/// stands alone or beside one other, while the words of other alphabets have no letter in ASCII.
fn is_of_its_words(encoding: &'static Encoding, sample: &[u8]) -> bool {
    const WORD: usize = 3;
    let words = sample.split(u8::is_ascii).map(<[u8]>::len);
    let (in_words, all) = words.fold((0, 0), |(in_words, all), length| {
        (in_words + if length >= WORD { length } else { 0 }, all + length)
    });
    OF_OTHER_ALPHABETS.contains(&encoding) && in_words * 2 > all
}

fn guessed(line: u64, encoding: &'static Encoding) -> Finding {
    let read_as = if encoding == WINDOWS_1252 { "Windows-1252" } else { encoding.name() };
    Finding {
        code: codes::ENCODING_GUESSED.id,
        severity: codes::ENCODING_GUESSED.severity,
        row: None,
        column: None,
        value: None,
        message: format!("the file is not UTF-8 (first in line {line} of the file) and is read as {read_as}"),
        hint: Some("check the names with `headcount columns`, or give `⟦encoding⟧`".to_owned()),
    }
}

/// Where the first byte stands that is not UTF-8, in one pass with flat memory; the parts of a large file at once.
fn first_invalid(source: &Source) -> io::Result<Option<u64>> {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4)) as u64;
    let parts = threads.min(source.length() / LARGE_PART).max(1);
    let mut edges = Vec::new();
    for part in 1..parts {
        edges.push(start_of_character(source, source.length() / parts * part)?);
    }
    let from = std::iter::once(0).chain(edges.iter().copied());
    let to = edges.iter().copied().chain([source.length()]);
    let mut parts = from.zip(to);
    let Some((from, to)) = parts.next().filter(|_| !edges.is_empty()) else {
        return first_invalid_of(source, 0, source.length());
    };
    std::thread::scope(|scope| {
        let others: Vec<_> =
            parts.map(|(from, to)| scope.spawn(move || first_invalid_of(source, from, to))).collect();
        let mut found = first_invalid_of(source, from, to);
        for other in others {
            let of_other =
                other.join().unwrap_or_else(|_| Err(io::Error::other("a thread that read it failed")));
            // The parts stand in the file's order: the first that has one has the first.
            if let Ok(None) = found {
                found = of_other;
            }
        }
        found
    })
}

/// Parts of a file smaller than this, in bytes, are not worth a thread.
const LARGE_PART: u64 = 4 << 20;

/// The place at or soon after this one where a character may begin. Bytes that continue one are left to the part before,
/// which says what is wrong with them if something is.
fn start_of_character(source: &Source, at: u64) -> io::Result<u64> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    reader.take(3).read_to_end(&mut bytes)?;
    let continues = |byte: &&u8| **byte & 0xC0 == 0x80;
    Ok(at + bytes.iter().take_while(continues).count() as u64)
}

fn first_invalid_of(source: &Source, from: u64, to: u64) -> io::Result<Option<u64>> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(from))?;
    let mut reader = reader.take(to - from);
    let mut buffer = vec![0; CHUNK];
    let (mut kept, mut base) = (0, from);
    loop {
        let read = reader.read(&mut buffer[kept..])?;
        if read == 0 {
            return Ok((kept > 0).then_some(base));
        }
        let filled = kept + read;
        match simdutf8::compat::from_utf8(&buffer[..filled]) {
            Ok(_) => (base, kept) = (base + filled as u64, 0),
            Err(error) if error.error_len().is_some() => return Ok(Some(base + error.valid_up_to() as u64)),
            Err(error) => {
                // A character that the next chunk completes.
                buffer.copy_within(error.valid_up_to()..filled, 0);
                base += error.valid_up_to() as u64;
                kept = filled - error.valid_up_to();
            }
        }
    }
}

/// The line of the file that a byte stands in, counted from 1. A Mac's old line ends count as well: CR alone, without LF.
fn line_of(source: &Source, at: u64) -> io::Result<u64> {
    let mut reader = source.reader().take(at);
    let mut buffer = vec![0; CHUNK];
    let (mut line, mut before) = (1, 0);
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(line);
        }
        for &byte in &buffer[..read] {
            line += u64::from(byte == b'\r' || (byte == b'\n' && before != b'\r'));
            before = byte;
        }
    }
}

/// A file's text as the parser gets it: UTF-8 where [`Decoding`] could see to it, every CRLF and lone CR a `\n`, and
/// [`TAIL`] after the last byte.
pub(super) struct Text {
    input: Input,
    /// The last byte given was a `\n` for a CR, so that a following LF belongs to it.
    after_return: bool,
    /// How much of the tail has been given.
    tail: usize,
    /// How many bytes have been given.
    given: u64,
    /// Where the record now being read began.
    record: u64,
    overran: bool,
}

enum Input {
    Plain(Cursor),
    Decoded(Box<DecodeReaderBytes<Cursor, Vec<u8>>>),
}

impl Text {
    /// Says that the parser begins a record at this byte.
    pub(super) fn begin_record(&mut self, at: u64) {
        self.record = at;
    }

    /// Whether this is the place after the last byte of the tail.
    pub(super) fn is_end(&self, at: u64) -> bool {
        self.tail == TAIL.len() && at == self.given
    }

    /// Whether reading stopped because a record was longer than any record is.
    pub(super) fn overran(&self) -> bool {
        self.overran
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.input {
                Input::Plain(reader) => reader.read(buffer)?,
                Input::Decoded(reader) => reader.read(buffer)?,
            };
            if read == 0 {
                return Ok(0);
            }
            if !self.after_return && memchr(b'\r', &buffer[..read]).is_none() {
                return Ok(read);
            }
            let kept = self.join_line_ends(&mut buffer[..read]);
            if kept > 0 {
                return Ok(kept);
            }
        }
    }

    /// Moves the text between two CRs as a whole; says how much is left.
    fn join_line_ends(&mut self, bytes: &mut [u8]) -> usize {
        let (mut from, mut kept) = (0, 0);
        if self.after_return && bytes.first() == Some(&b'\n') {
            from = 1;
        }
        self.after_return = false;
        while let Some(length) = memchr(b'\r', &bytes[from..]) {
            let at = from + length;
            bytes.copy_within(from..at, kept);
            kept += length;
            bytes[kept] = b'\n';
            kept += 1;
            from = match bytes.get(at + 1) {
                Some(b'\n') => at + 2,
                Some(_) => at + 1,
                None => {
                    self.after_return = true;
                    at + 1
                }
            };
        }
        bytes.copy_within(from.., kept);
        kept + bytes.len() - from
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given - self.record > RECORD_LIMIT {
            self.overran = true;
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let mut read = if self.tail == 0 { self.fill(buffer)? } else { 0 };
        if read == 0 {
            let tail = &TAIL[self.tail..];
            read = tail.len().min(buffer.len());
            buffer[..read].copy_from_slice(&tail[..read]);
            self.tail += read;
        }
        self.given += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn text(bytes: &[u8], label: Option<&str>) -> (String, &'static str, bool) {
        let source = Source::from_memory(bytes.to_vec());
        let (decoding, finding) = Decoding::of(&source, label).unwrap();
        let mut text = String::new();
        decoding.text(&source).unwrap().read_to_string(&mut text).unwrap();
        (text.strip_suffix("\n\x1e\n").unwrap().to_owned(), decoding.name(), finding.is_some())
    }

    fn utf16(text: &str, mark: bool, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    fn head(bytes: &[u8]) -> &[u8] {
        &bytes[..bytes.len().min(Format::HEAD as usize)]
    }

    #[test]
    fn every_encoding_that_people_have_gives_the_same_text() {
        let name = "Zoë Müller, 東京\n";
        let with_mark = format!("\u{FEFF}{name}");
        let table: [(Vec<u8>, Option<&str>, &str); 7] = [
            (name.into(), None, "UTF-8"),
            (with_mark.into(), None, "UTF-8"),
            (utf16(name, true, u16::to_le_bytes), None, "UTF-16LE"),
            (utf16(name, true, u16::to_be_bytes), None, "UTF-16BE"),
            (utf16(name, false, u16::to_le_bytes), Some("utf-16le"), "UTF-16LE"),
            (utf16(name, true, u16::to_le_bytes), Some("utf-16le"), "UTF-16LE"),
            (name.into(), Some("utf-8"), "UTF-8"),
        ];
        for (bytes, label, encoding) in table {
            assert_eq!(text(&bytes, label), (name.to_owned(), encoding, false), "{encoding} {label:?}");
        }
        // Without a mark, in any script, and however the head is cut.
        for name in ["Imię,Nazwisko\nŁukasz,Żółć\n", "ログイン,名前\r\n東,𠮷\r\n", "a,b\n"] {
            let long = name.repeat(3000);
            for text in [name, long.as_str()] {
                assert_eq!(
                    super::utf16(head(&utf16(text, false, u16::to_le_bytes))),
                    Some(UTF_16LE),
                    "{name}"
                );
                assert_eq!(
                    super::utf16(head(&utf16(text, false, u16::to_be_bytes))),
                    Some(UTF_16BE),
                    "{name}"
                );
            }
        }
        for bytes in
            [&b"\x00\x01\x02\x03\x04\x05\x06\x07"[..], b"a,b\0c,d\n", b"PNG\0\0\0\rIHDR\0\0", b"\0\n\0"]
        {
            assert_eq!(super::utf16(bytes), None, "{bytes:?}");
        }
        let latin = "first name,last name\n";
        assert_eq!(text(&utf16(latin, false, u16::to_le_bytes), None), (latin.to_owned(), "UTF-16LE", false));
        assert_eq!(text(&utf16(latin, false, u16::to_be_bytes), None), (latin.to_owned(), "UTF-16BE", false));
    }

    #[test]
    fn what_is_not_utf8_is_read_as_windows_1252_with_a_warning_that_names_the_line() {
        assert_eq!(text(b"a\nM\xFCller \x80\n", None), ("a\nMüller €\n".to_owned(), "windows-1252", true));
        assert_eq!(
            text(b"a\nM\xFCller\n", Some("iso-8859-2")),
            ("a\nMüller\n".to_owned(), "ISO-8859-2", false)
        );
        let (_, finding) = Decoding::of(&Source::from_memory(b"a\nM\xFCller\n".to_vec()), None).unwrap();
        assert!(finding.unwrap().message.contains("line 2"));
        let refused = Decoding::of(&Source::from_memory(b"a".to_vec()), Some("klingon")).unwrap_err();
        assert_eq!(refused.what, "no such encoding: `klingon`");
    }

    #[test]
    fn text_that_looks_like_another_encoding_is_said_with_the_flag_that_reads_it() {
        let polish = "Imię;Nazwisko\nŁukasz;Wiśniewski\nMałgorzata;Dąbrowska\nStanisław;Święcicki\nGrażyna;Żółkiewska\n";
        let (bytes, ..) = encoding_rs::WINDOWS_1250.encode(polish);
        let (decoding, finding) = Decoding::of(&Source::from_memory(bytes.repeat(20)), None).unwrap();
        assert_eq!(decoding.name(), "windows-1252", "a guess does not decide");
        let finding = finding.unwrap();
        assert_eq!(finding.code, codes::ENCODING_UNCLEAR.id);
        assert!(finding.message.ends_with("but looks like windows-1250"), "{}", finding.message);
        assert!(finding.hint.unwrap().contains("`⟦encoding windows-1250⟧`"));
        let german = "Vorname;Nachname\nJürgen;Groß\nBjörn;Schäfer\nKäthe;Öztürk\n";
        let (bytes, ..) = WINDOWS_1252.encode(german);
        let (_, finding) = Decoding::of(&Source::from_memory(bytes.into_owned()), None).unwrap();
        assert!(finding.unwrap().message.ends_with("is read as Windows-1252"));
    }

    /// What is said of a roster of these names in an encoding.
    fn said_of(names: &str, encode: impl Fn(&str) -> Vec<u8>) -> (&'static str, String) {
        let text =
            format!("first name,last name,user login\n{}", names.replace('|', ",a.b\n").replace(' ', ","));
        let (_, finding) = Decoding::of(&Source::from_memory(encode(&text)), None).unwrap();
        finding.map_or(("", String::new()), |finding| (finding.code, finding.message))
    }

    #[test]
    fn an_encoding_that_is_likelier_is_asked_for_by_its_name() {
        let asked = [
            ("macintosh", "José Müller|Zoë Garçon|Björn Nuñez|"),
            ("macintosh", "Jürgen Groß|Käthe Öztürk|"),
            ("macintosh", "René Lefèvre|"),
            ("shift_jis", "太郎 山田|花子 佐藤|一郎 鈴木|"),
            ("gbk", "小明 王|伟 张|秀英 李|芳 刘|"),
            ("euc-kr", "민준 김|서연 이|지훈 박|"),
            ("big5", "小明 王|志豪 陳|淑芬 林|"),
            ("windows-1250", "Łukasz Wiśniewski|Małgorzata Dąbrowska|Grażyna Żółkiewska|"),
            ("windows-1250", "Šárka Dvořáková|Jiří Němec|Zdeněk Kovář|"),
            ("windows-1254", "Ayşe Yıldız|Doğan Şahin|İbrahim Çelik|"),
        ];
        for (label, names) in asked {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let (code, message) = said_of(names, |text| encoding.encode(text).0.into_owned());
            let name = encoding.name();
            assert_eq!(
                (code, message.ends_with(name)),
                ("encoding-unclear", true),
                "{label} {names}: {message}"
            );
        }
        let dos = |text: &str| -> Vec<u8> {
            let byte =
                |c: char| (0..=255_u8).find(|&byte| damage::dos_page(&[byte]) == c.to_string()).unwrap();
            text.chars().map(byte).collect()
        };
        let (code, message) = said_of("Jürgen Müller|André Lefèvre|Käthe Schäfer|", dos);
        assert!(code == "encoding-unclear" && message.contains("DOS"), "{message}");
        let joined = |text: &str| [text.as_bytes(), &WINDOWS_1252.encode(text).0].concat();
        let (code, message) = said_of("Jürgen Müller|", joined);
        assert!(code == "encoding-unclear" && message.contains("joined"), "{message}");
    }

    #[test]
    fn names_in_windows_1252_are_not_asked_about() {
        let names = "Jürgen Müller|;Käthe Groß|Björn Schäfer|;René Lefèvre|;Renée Lefèvre|François Bérénger|Gaëlle Côté|;\
                     José Muñoz|;Íñigo Núñez|María Ángeles Peña|;João Conceição|Inês Gonçalves|;Søren Ødegård|Kåre Bjørnsen|;\
                     Åsa Öberg|Pär Sjöström|;Niccolò Forlì|Mosè Papà|;Jón Þórsson|Guðrún Sigurðardóttir|;Väinö Hämäläinen|;\
                     Seán Ó Súilleabháin|Máire Ní Dhomhnaill|;Zoë van Beuningen|Loïc Daniël|";
        for names in names.split(';').map(str::trim) {
            let (code, message) = said_of(names, |text| WINDOWS_1252.encode(text).0.into_owned());
            assert_eq!(code, "encoding-guessed", "{names}: {message}");
        }
    }

    #[test]
    fn lines_are_counted_by_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a", "b", "M\u{fc}ller", ""].join(end);
            let bytes = WINDOWS_1252.encode(&text).0.into_owned();
            let (_, finding) = Decoding::of(&Source::from_memory(bytes), None).unwrap();
            assert!(finding.unwrap().message.contains("line 3"), "{end:?}");
        }
    }

    #[test]
    fn text_of_another_alphabet_is_read_as_it_is() {
        let texts = [
            (WINDOWS_1251, "Имя;Фамилия\nАнна;Каренина\nИван;Тургенев\nСергей;Есенин\nО;Ли\n"),
            (WINDOWS_1253, "Όνομα;Επώνυμο\nΕλένη;Παπαδοπούλου\nΓιώργος;Σεφέρης\n"),
            (WINDOWS_1255, "שם;משפחה\nדוד;לוי\nשרה;כהן\nמשה;מזרחי\n"),
        ];
        for (encoding, plain) in texts {
            let (bytes, ..) = encoding.encode(plain);
            let (decoded, name, is_guessed) = text(&bytes, None);
            assert_eq!((decoded.as_str(), name, is_guessed), (plain, encoding.name(), true));
        }
        // Capitals side by side are no word of another alphabet.
        let (bytes, ..) = WINDOWS_1252.encode("Vorname;Nachname\nÖÄÜ;Groß\nBjörn;Schäfer\nKäthe;Öztürk\n");
        assert_eq!(text(&bytes, None).1, "windows-1252");
    }

    #[test]
    fn a_character_across_two_chunks_is_utf8() {
        for pad in CHUNK - 4..CHUNK + 4 {
            let mut bytes = vec![b'a'; pad];
            bytes.extend("東".as_bytes());
            assert_eq!(first_invalid(&Source::from_memory(bytes.clone())).unwrap(), None);
            bytes.pop();
            let at = first_invalid(&Source::from_memory(bytes)).unwrap();
            assert_eq!(at, Some(pad as u64));
        }
    }

    /// Wherever a large file is cut into parts, a character is whole and a fault is found where it is.
    #[test]
    fn the_parts_of_a_large_file_are_one_file() {
        let length = usize::try_from(4 * LARGE_PART).unwrap() + 7;
        for (text, lead) in [("a", 0), ("東", 0), ("東", 1), ("東", 2), ("😀", 3), ("é", 1)] {
            let mut bytes = vec![b'a'; lead];
            bytes.extend(text.bytes().cycle().take(length / text.len() * text.len()));
            assert_eq!(first_invalid(&Source::from_memory(bytes.clone())).unwrap(), None, "{text} {lead}");
            for at in [0, bytes.len() / 4, bytes.len() / 2, bytes.len() / 2 + 1, bytes.len() - 1] {
                let mut broken = bytes.clone();
                broken[at] = 0xFF;
                let expected = std::str::from_utf8(&broken).unwrap_err().valid_up_to() as u64;
                let found = first_invalid(&Source::from_memory(broken)).unwrap();
                assert_eq!(found, Some(expected), "{text} {lead} {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn line_ends_are_joined_whatever_the_chunks(pieces in prop::collection::vec("[ab\r\n]{0,5}", 0..8), size in 1..9_usize) {
            let text = pieces.concat();
            let decoding = Decoding::Utf8 { mark: 0 };
            let mut reader = decoding.text(&Source::from_memory(text.clone().into_bytes())).unwrap();
            let (mut out, mut buffer) = (Vec::new(), vec![0; size]);
            loop {
                let read = reader.read(&mut buffer).unwrap();
                if read == 0 { break }
                out.extend_from_slice(&buffer[..read]);
            }
            prop_assert!(reader.is_end(out.len() as u64));
            let expected = text.replace("\r\n", "\n").replace('\r', "\n") + "\n\x1e\n";
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
