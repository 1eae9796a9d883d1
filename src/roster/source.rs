//! The open file: held once, read as often as needed, and known by its content.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::disk;
use crate::error::Failure;

/// The most that is read of something that cannot be read twice (a pipe), in bytes.
const PIPE_LIMIT: u64 = 256 << 20;

/// A roster's bytes. Whoever replaces the file on disk by a rename changes nothing here, and whoever appends to it
/// neither: what is read the second time is what was read the first time.
#[derive(Clone, Debug)]
pub(super) struct Source {
    held: Arc<Held>,
    length: u64,
}

#[derive(Debug)]
enum Held {
    File(File),
    Memory(Vec<u8>),
}

impl Source {
    /// Opens a file, or reads a pipe to its end. A pipe stays in memory: a copy on disk would hold its passwords.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Failure::usage(format!("there is no roster at `{shown}`"))
                .hint("`headcount template` writes an empty one"),
            _ => Failure::usage(format!("the roster cannot be read: `{shown}`")).because(error),
        };
        // Before it is opened: Windows opens no directory, and says only that access is denied.
        if std::fs::metadata(path).is_ok_and(|there| there.is_dir()) {
            return Err(Failure::usage(format!("the roster is a directory, not a file: `{shown}`"))
                .hint("name the CSV or XLSX file in it"));
        }
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_file() {
            return Ok(Self { length: metadata.len(), held: Arc::new(Held::File(file)) });
        }
        let mut bytes = Vec::new();
        file.take(PIPE_LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > PIPE_LIMIT {
            return Err(Failure::usage(format!("more than {} MiB come from `{shown}`", PIPE_LIMIT >> 20))
                .hint("save the roster to a file first"));
        }
        Ok(Self::from_memory(bytes))
    }

    /// Takes bytes that are in memory already.
    pub(super) fn from_memory(bytes: Vec<u8>) -> Self {
        Self { length: bytes.len() as u64, held: Arc::new(Held::Memory(bytes)) }
    }

    /// A reader from the top, independent of all others.
    pub(super) fn reader(&self) -> Cursor {
        Cursor { source: self.clone(), at: 0 }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The first bytes, at most `limit`.
    pub(super) fn head(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.reader().take(limit).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// A place in a [`Source`].
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    source: Source,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.length.saturating_sub(self.at);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..wanted];
        let read = match &*self.source.held {
            Held::File(file) => disk::read_at(file, buffer, self.at)?,
            Held::Memory(bytes) => {
                // `wanted` is bounded by what is left, so that the range lies within.
                let from = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                buffer.copy_from_slice(&bytes[from..from + wanted]);
                wanted
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.source.length.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// What a file is, by its first bytes; its name says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Xlsx,
    /// An OLE container: XLS, or an XLSX that a password protects.
    Ole,
    OpenDocument,
    /// HTML or XML under a spreadsheet's name, as some systems export it.
    Markup,
    /// Packed by this program: what is in it is not looked at.
    Packed(&'static str),
    /// What Excel keeps beside a workbook that is open: who has it.
    Owner,
    Binary,
    Empty,
}

impl Format {
    /// How many bytes [`Format::of`] wants to see.
    pub(super) const HEAD: u64 = 8192;

    /// Tells the format from a file's first bytes.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Format::Empty;
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            let open_document = b"application/vnd.oasis.opendocument";
            let is_open = head.windows(open_document.len()).any(|window| window == open_document);
            return if is_open { Format::OpenDocument } else { Format::Xlsx };
        }
        if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
            return Format::Ole;
        }
        if let Some((_, packer)) = PACKERS.iter().find(|(begins, _)| head.starts_with(begins)) {
            return Format::Packed(packer);
        }
        if is_owner(head) {
            return Format::Owner;
        }
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
            return Format::Text;
        }
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        let opens = |tag: &str| text.get(..tag.len()).is_some_and(|t| t.eq_ignore_ascii_case(tag.as_bytes()));
        if ["<!doctype", "<html", "<table", "<?xml"].into_iter().any(opens) {
            return Format::Markup;
        }
        if text.starts_with(b"%PDF-") {
            return Format::Binary;
        }
        // No text has many NULs (UTF-16 without a mark has, and is told apart elsewhere) or other control characters; a
        // stray one is the cell's fault and not the file's, wherever it stands.
        let is_control = |byte: &&u8| matches!(byte, 0x00..=0x08 | 0x0E..=0x19 | 0x1B..=0x1F);
        let controls = head.iter().filter(is_control).count();
        if controls > 1 && controls * 20 > head.len() { Format::Binary } else { Format::Text }
    }
}

/// How packed files begin, and what they are packed with.
const PACKERS: [(&[u8], &str); 6] = [
    (b"\x1F\x8B", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xFD7zXZ\0", "xz"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
    (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
    (b"Rar!\x1A\x07", "RAR"),
];

/// Whether this is an owner file (`~$roster.xlsx`): the user's name with its length before it, in one byte a character and
/// then again in two.
fn is_owner(head: &[u8]) -> bool {
    const NAME: usize = 54;
    let Some((&length, rest)) = head.split_first() else { return false };
    let length = usize::from(length);
    let (Some(name), Some(filler), Some(again)) =
        (rest.get(..length), rest.get(length..NAME), rest.get(NAME..))
    else {
        return false;
    };
    (1..=NAME).contains(&length)
        && head.len() <= 512
        && !name.iter().any(u8::is_ascii_control)
        && filler.iter().all(|&byte| matches!(byte, b' ' | 0))
        && again.starts_with(&[head[0], 0])
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

    use super::{Format, Source};

    #[test]
    fn a_format_is_told_by_content() {
        let owner = [&b"\x03Ann"[..], &[b' '; 51], b"\x03\0A\0n\0n\0 \0"].concat();
        let table: [(&[u8], Format); 18] = [
            (&owner, Format::Owner),
            (b"first name,last name\nA\0da,Lovelace\n", Format::Text),
            (b"BZh91AY", Format::Packed("bzip2")),
            (b"PK\x05\x06", Format::Xlsx),
            (b"\x03Ann,Lee\n", Format::Text),
            (b"", Format::Empty),
            (b"first name,last name\n", Format::Text),
            (b"\xEF\xBB\xBFfirst name\n", Format::Text),
            (b"\xFF\xFEf\0i\0", Format::Text),
            (b"first name,last name\nAda,Love\x1b]0;lace\n", Format::Text),
            (b"Vorname;Stra\xDFe\n", Format::Text),
            (b"PK\x03\x04 and so on", Format::Xlsx),
            (b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Format::OpenDocument),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1..", Format::Ole),
            (b"  <HTML><table>", Format::Markup),
            (b"\x89PNG\r\n\x1a\n\0\0", Format::Binary),
            (b"%PDF-1.7\n", Format::Binary),
            (b"\x1f\x8b\x08", Format::Packed("gzip")),
        ];
        for (head, format) in table {
            assert_eq!(Format::of(head), format, "{:?}", head.escape_ascii().to_string());
        }
    }

    #[test]
    fn readers_are_independent_and_stop_where_the_file_ended_when_it_was_opened() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let source = Source::open(file.path()).unwrap();
        file.write_all(b"later").unwrap();
        let (mut one, mut two) = (source.reader(), source.reader());
        let mut text = String::new();
        one.seek(SeekFrom::End(-3)).unwrap();
        one.read_to_string(&mut text).unwrap();
        two.read_to_string(&mut text).unwrap();
        assert_eq!(text, "7890123456789");
        assert!(one.seek(SeekFrom::Current(-100)).is_err());
        one.seek(SeekFrom::Start(1 << 40)).unwrap();
        assert_eq!(one.read(&mut [0; 4]).unwrap(), 0);
    }
}
