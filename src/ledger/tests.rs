use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::made::{TAGGED, attempt, intent, place, row};
use super::*;
use crate::agent::Fingerprint;
use crate::clock::SystemClock;
use crate::exit::Exit;

/// A ledger in a folder of its own.
struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("roster.csv.ledger.jsonl")
    }

    fn holding(bytes: impl AsRef<[u8]>) -> Self {
        let folder = Self::new();
        fs::write(folder.path(), bytes).unwrap();
        folder
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    fn refused(&self) -> String {
        LockedFile::open(&self.path()).err().expect("refused").what
    }
}

fn lines(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    entries.iter().for_each(|entry| entry.write_to(&mut bytes));
    bytes
}

fn header() -> Entry<'static> {
    Entry {
        version: Some(VERSION),
        run: Some("run-1".into()),
        instance: Some("arn".into()),
        ..Entry::of(Kind::Ledger)
    }
}

fn session(id: &'static str, pid: u32) -> Entry<'static> {
    let at = Some("2026-11-23T14:38:13.042Z".into());
    Entry {
        session: Some(id.into()),
        host: Some("desk-7".into()),
        pid: Some(pid),
        at,
        ..Entry::of(Kind::Session)
    }
}

/// The lines as the programs of before wrote them.
fn of_version_1(lines: &[u8]) -> Vec<u8> {
    let before = String::from_utf8(lines.to_vec()).unwrap().replace("\"version\":2", "\"version\":1");
    let lines = before.lines().map(|line| {
        let line = line.rsplit_once(",\"crc\":").unwrap().0;
        let line = match line.find(",\"nonce\":") {
            Some(at) => format!("{}{}", &line[..at], &line[at + 27..]),
            None => line.to_owned(),
        };
        line.replace(",\"op\":\"create\"", "") + "}\n"
    });
    lines.collect::<String>().into_bytes()
}

/// A ledger with a row in doubt, one created, and one to come.
fn some() -> Vec<u8> {
    lines(&[
        header(),
        session("s-1", 4711),
        row("ana", 2, 7),
        row("zoë", 3, 8),
        row("eve", 4, 9),
        intent("ana", 1),
        intent("zoë", 2),
        Entry {
            attempt: Some(attempt(2)),
            id: Some("u-2".into()),
            ..Entry::outcome("zoë", RowState::Created, "t".into())
        },
    ])
}

fn opened(folder: &Folder) -> Arc<dyn Journal> {
    Arc::new(LockedFile::open(&folder.path()).unwrap().into_ledger(Arc::new(SystemClock), counted()).unwrap())
}

#[test]
fn a_ledger_that_is_cut_at_any_byte_opens_with_its_whole_lines_and_goes_on() {
    let whole = some();
    for cut in 0..=whole.len() {
        let folder = Folder::holding(&whole[..cut]);
        let kept = whole[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let file = LockedFile::open(&folder.path()).unwrap();
        assert_eq!(file.repaired, (cut - kept) as u64, "cut at {cut}");
        assert_eq!(file.state.header.run.is_empty(), kept == 0);
        assert_eq!(folder.bytes(), whole[..kept], "only what was torn is cut off");
        let rows =
            whole[..kept].split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"type\":\"row\""));
        assert_eq!(file.state.places().len(), rows.count());
    }
}

#[test]
fn lines_of_any_length_are_read_at_their_offsets_wherever_a_buffer_ends() {
    let names: Vec<String> = (0..3000).map(|n| format!("{n}{}", "é".repeat(n * 7 % 300))).collect();
    let long = "m".repeat(1 << 20);
    let mut entries = vec![header(), session("s-1", 4711)];
    entries.extend(names.iter().zip(2..).map(|(name, number)| row(name, number, 7)));
    entries.push(Entry {
        message: Some(long.as_str().into()),
        ..Entry::outcome(&names[0], RowState::Rejected, "t".into())
    });
    let folder = Folder::holding(lines(&entries));
    let file = File::open(folder.path()).unwrap();
    let mut due = entries.iter();
    let mut at = 0;
    let read = each(&file, &folder.path(), |entry, offset| {
        assert_eq!((Some(entry), offset), (due.next(), at));
        at += lines(std::slice::from_ref(entry)).len() as u64;
    });
    assert_eq!(read.unwrap().good, folder.bytes().len() as u64);
    assert_eq!(due.next(), None);
}

#[test]
fn whoever_makes_something_of_a_ledger_is_given_each_entry_with_the_state_before_it() {
    let folder = Folder::holding(some());
    let seen = gather(&folder.path().into(), Vec::new(), |seen, entry, before| {
        let Some(user) = entry.user.as_deref() else { return };
        let at = before.place_for(user);
        let stood = before.find(user).map(|at| before.record(at).settled_state());
        seen.push((at, entry.kind, stood));
    });
    let Gathered { state, own: seen, at_work, bytes, .. } = seen.unwrap();
    let expected = [
        (place(0), Kind::Row, None),
        (place(1), Kind::Row, None),
        (place(2), Kind::Row, None),
        (place(0), Kind::Intent, Some(RowState::Pending)),
        (place(1), Kind::Intent, Some(RowState::Pending)),
        (place(1), Kind::Outcome, Some(RowState::InDoubt)),
    ];
    assert_eq!(seen, expected);
    assert_eq!((state.counts(at_work).created, bytes), (1, folder.bytes().len() as u64));
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    for (whole, says) in
        [(Vec::new(), "is not a ledger of headcount, at byte 0"), (some(), "is damaged, at byte")]
    {
        let folder = Folder::holding(&whole);
        fs::OpenOptions::new().append(true).open(folder.path()).unwrap().set_len(1 << 40).unwrap(); // takes no room
        let what = folder.refused();
        assert!(what.contains(says) && what.contains(&format!("at byte {}", whole.len())), "{what}");
        assert!(peek(&folder.path().into()).is_err());
        assert_eq!(fs::metadata(folder.path()).unwrap().len(), 1 << 40, "left as it is");
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_no_place_for_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    for path in [std::path::Path::new("/dev/null"), std::path::Path::new("/dev/zero"), folder.path()] {
        let refused = LockedFile::open(path).err().expect("refused").what;
        assert!(refused.contains("not a regular file"), "{refused}");
        assert!(peek(&path.into()).is_err(), "{}", path.display());
    }
}

#[test]
fn a_file_that_is_not_a_ledger_is_left_as_it_is() {
    for bytes in [
        "notes",
        "notes\n",
        "{\"a\":1}",
        "{\"type\":\"row\"",
        "{\"type\":\"ledgers\"",
        "\u{feff}{\"type\":\"ledger\"",
    ] {
        let folder = Folder::holding(bytes);
        let what = folder.refused();
        assert!(what.contains("is not a ledger of headcount, at byte 0"), "{bytes:?}: {what}");
        assert_eq!(folder.bytes(), bytes.as_bytes());
    }
}

#[test]
fn damage_before_the_end_is_refused_with_its_byte_offset_and_mended_by_nobody() {
    let whole = some();
    let starts: Vec<usize> = whole
        .split_inclusive(|byte| *byte == b'\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        })
        .collect();
    for start in starts {
        let mut damaged = whole.clone();
        damaged[start] = b'#';
        let folder = Folder::holding(&damaged);
        let what = folder.refused();
        assert!(what.contains(&format!("at byte {start}: ")), "{what}");
        assert_eq!(folder.bytes(), damaged);
    }
}

#[test]
fn a_line_that_lacks_what_its_kind_needs_is_damage() {
    for line in [
        r#"{"type":"session"}"#,
        r#"{"type":"row","user":"ana","row":2}"#,
        r#"{"type":"row","user":"ana","row":2,"fingerprint":"x"}"#,
        r#"{"type":"intent","user":"ana"}"#,
        r#"{"type":"intent","user":"ana","attempt":0}"#,
        r#"{"type":"intent","op":"delete","user":"ana","attempt":1}"#,
        r#"{"type":"intent","op":"erase","user":"ana","attempt":1}"#,
        r#"{"type":"outcome","user":"ana"}"#,
        r#"{"type":"outcome","user":"ana","state":"done"}"#,
        r#"{"type":"miracle"}"#,
        r#"{"type":"ledger","version":1,"run":"r","instance":"i"}"#,
        "",
    ] {
        // Of version 1, where no checksum tells before the line is read.
        let head = of_version_1(&lines(&[header()]));
        let folder = Folder::holding([head.as_slice(), line.as_bytes(), b"\n"].concat());
        let what = folder.refused();
        assert!(what.contains(&format!("is damaged, at byte {}: ", head.len())), "{line}: {what}");
    }
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let whole = lines(&[
        Entry { rehearsal: true, ..header() },
        session("s-1", 4711),
        Entry { proficiencies: Some(Fingerprint::of(5)), ..row("ana", 2, 7) },
        row("zoë", 3, 8),
        intent("ana", 1),
        Entry {
            unexecuted: Some(Unexecuted::Throttled),
            ..Entry::outcome("ana", RowState::Pending, "t".into())
        },
        intent("ana", 2),
        Entry { id: Some("u-2".into()), ..Entry::outcome("ana", RowState::Created, "t".into()) },
        Entry::step("ana", Step::Proficiencies, StepState::Done, "t".into()),
        Entry::dropped("zoë"),
        Entry { exit: Some(0), ..Entry::of(Kind::End) },
    ]);
    each(&whole[..], Path::new("l"), |_, _| {}).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let read = each(&flipped[..], Path::new("l"), |_, _| {});
        assert!(read.is_err(), "bit {bit}: {}", String::from_utf8_lossy(&flipped));
    }
}

#[test]
fn a_newline_that_was_changed_is_noticed_also_where_a_crash_cut_the_next_line_short() {
    let lines =
        [header(), row("ana", 2, 7), intent("ana", 1), Entry { exit: Some(0), ..Entry::of(Kind::End) }];
    for synced in 1..lines.len() {
        let (whole, next) = (self::lines(&lines[..synced]), self::lines(&lines[synced..=synced]));
        for cut in 1..next.len() {
            for bit in 0..8 {
                let mut flipped = [&whole[..], &next[..cut]].concat();
                each(&flipped[..], Path::new("l"), |_, _| {}).unwrap();
                flipped[whole.len() - 1] ^= 1 << bit;
                let read = each(&flipped[..], Path::new("l"), |_, _| {});
                assert!(read.is_err(), "bit {bit}: {}", String::from_utf8_lossy(&flipped));
            }
        }
    }
}

#[test]
fn lines_that_are_missing_at_the_end_are_a_torn_line_and_with_a_byte_more_they_are_damage() {
    let whole = some();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for end in last + 1..whole.len() {
        let extent = each(&whole[..end], Path::new("l"), |_, _| {}).unwrap();
        assert_eq!((extent.good, extent.torn), (last as u64, (end - last) as u64));
    }
    let mut ended = whole.clone();
    *ended.last_mut().unwrap() = b'x';
    assert!(each(&ended[..], Path::new("l"), |_, _| {}).is_err(), "all of the line is there: it was synced");
}

#[test]
fn a_ledger_of_version_1_is_read_as_ever_and_rewritten_by_the_first_that_writes_to_it() {
    let before = of_version_1(&some());
    let folder = Folder::holding(&before);
    let (state, _) = peek(&folder.path().into()).unwrap();
    assert_eq!((state.counts(false).in_doubt, state.counts(false).created), (1, 1));
    assert_eq!(folder.bytes(), before, "looking changes nothing");
    drop(LockedFile::open(&folder.path()).unwrap());
    assert_eq!(folder.bytes(), before, "nor does opening");
    let kept = folder.dir.path().join("roster.csv.ledger.jsonl.v1");
    let again = folder.dir.path().join("roster.csv.ledger.jsonl.v1.2");
    for (there, second) in [(None, false), (Some(&before[..]), false), (Some(&b"another's"[..]), true)] {
        fs::write(folder.path(), &before).unwrap();
        let _ = fs::remove_file(&kept);
        if let Some(there) = there {
            fs::write(&kept, there).unwrap();
        }
        let opened = LockedFile::open(&folder.path()).unwrap();
        let ledger = Arc::new(opened.into_ledger(Arc::new(SystemClock), counted()).unwrap());
        assert!(LockedFile::open(&folder.path()).is_err(), "locked from the first byte");
        ledger.close(Exit::Done).unwrap();
        let (now, _) = peek(&folder.path().into()).unwrap();
        assert_eq!(now.counts(false), state.counts(false));
        assert_eq!(now.made_attempt(place(0), attempt(1)), Some(None), "of before attempts had nonces");
        let text = String::from_utf8(folder.bytes()).unwrap();
        assert!(
            text.starts_with("{\"type\":\"ledger\",\"version\":2,") && text.lines().count() == 9,
            "{text}"
        );
        let extent = each(text.as_bytes(), Path::new("l"), |_, _| {}).unwrap();
        assert_eq!((extent.good, extent.version), (text.len() as u64, 2));
        assert_eq!(fs::read(&kept).unwrap(), if second { b"another's" } else { &before[..] });
        assert_eq!(again.exists(), second);
    }
    assert_eq!(fs::read(&again).unwrap(), before);
    let files = fs::read_dir(folder.dir.path()).unwrap().count();
    assert_eq!(files, 3, "nothing else is left");
}

#[test]
fn another_version_is_refused_and_said() {
    let folder = Folder::holding(lines(&[Entry { version: Some(VERSION + 1), ..header() }]));
    let what = folder.refused();
    assert!(what.contains("format version 3, and this headcount reads versions 1 and 2"), "{what}");
}

#[test]
fn a_second_importer_is_refused_at_once_and_told_who_has_it() {
    let folder = Folder::holding(some());
    let held = LockedFile::open(&folder.path()).unwrap();
    let what = folder.refused();
    assert!(what.contains("in use by process 4711 on desk-7, since 2026-11-23T14:38:13.042Z"), "{what}");
    drop(held);
    assert!(LockedFile::open(&folder.path()).is_ok());
}

#[test]
fn whoever_looks_does_not_keep_an_importer_out() {
    let folder = Folder::holding(some());
    let (state, at_work) = peek(&folder.path().into()).unwrap();
    assert!(!at_work);
    assert_eq!(state.counts(at_work).in_doubt, 1);
    let ledger = opened(&folder);
    let (state, at_work) = peek(&folder.path().into()).unwrap();
    assert!(at_work);
    assert_eq!(state.counts(at_work).in_doubt, 0, "an open intent is on its way");
    drop(ledger);
    assert!(!peek(&folder.path().into()).unwrap().1);
}

/// What others do to a ledger that is written, where the system lets nobody do it.
#[cfg(windows)]
#[tokio::test]
async fn a_ledger_that_is_written_is_nobody_elses_to_write_to_rename_or_remove() {
    let folder = Folder::holding(some());
    let ledger = opened(&folder);
    let aside = folder.path().with_extension("aside");
    fs::write(&aside, some()).unwrap();
    assert!(fs::remove_file(folder.path()).is_err());
    assert!(fs::rename(folder.path(), aside.with_extension("gone")).is_err());
    assert!(fs::rename(&aside, folder.path()).is_err());
    assert!(fs::OpenOptions::new().append(true).open(folder.path()).is_err());
    let _open = ledger.intend(place(0), TAGGED).synced().await.unwrap();
    assert!(folder.bytes().len() > some().len(), "and whoever looks reads it");
}

#[tokio::test]
async fn what_is_written_is_what_is_read() {
    let folder = Folder::new();
    let ledger = opened(&folder);
    let planned = [header(), session("s-1", 1), row("ana", 2, 7), row("eve", 3, 8)];
    ledger.record(&mut planned.into_iter()).await.unwrap();
    let intent = ledger.intend(place(0), TAGGED).synced().await.unwrap();
    ledger
        .finish(intent, &Outcome { state: RowState::Created, id: Some("u".into()), ..Outcome::default() })
        .unwrap();
    let _open = ledger.intend(place(1), Intended { tagged: false, ..TAGGED }).synced().await.unwrap();
    let ours = ledger.close(Exit::Done).unwrap();
    let theirs = LockedFile::open(&folder.path()).unwrap();
    for at in ours.places() {
        assert_eq!(ours.record(at), theirs.state.record(at));
        assert_eq!(ours.user(at), theirs.state.user(at));
    }
    assert_eq!(
        (ours.attempts, ours.calls, ours.sessions),
        (Some(attempt(2)), theirs.state.calls, theirs.state.sessions)
    );
    assert!(theirs.state.record(place(1)).untagged && !theirs.state.record(place(0)).untagged);
    assert_eq!(theirs.state.counts(false).in_doubt, 1);
}

#[tokio::test]
async fn a_session_ends_when_nobody_else_holds_the_ledger() {
    let folder = Folder::holding(some());
    let ledger = opened(&folder);
    let row = Arc::clone(&ledger);
    let fault = ledger.close(Exit::Done).err().unwrap();
    assert!(fault.0.contains("a row still at work"), "{fault}");
    assert_eq!(folder.bytes(), some(), "nothing is said of an end");
    let _open = row.intend(place(2), TAGGED).synced().await.unwrap();
    let state = row.close(Exit::Done).unwrap();
    assert_eq!(state.attempts, Some(attempt(3)));
    assert!(String::from_utf8(folder.bytes()).unwrap().contains("{\"type\":\"end\",\"exit\":0,"));
}

#[test]
fn a_ledger_that_was_made_and_never_written_leaves_nothing() {
    let folder = Folder::new();
    drop(LockedFile::open(&folder.path()).unwrap());
    assert!(!folder.path().exists());
}

#[test]
fn a_line_without_an_end_is_not_taken_into_memory() {
    let folder = Folder::holding(some());
    let whole = folder.bytes();
    for endless in [b' ', b'x'] {
        let reader = io::Read::chain(whole.as_slice(), io::repeat(endless));
        let read = each(reader, &folder.path(), |_, _| {});
        let what = read.unwrap_err().what;
        assert!(what.contains(&format!("at byte {}", whole.len())), "{what}");
    }
}

#[test]
fn the_first_record_is_read_without_the_rest() {
    let whole = some();
    let first = |bytes: &[u8]| first_of(&Folder::holding(bytes).path());
    assert_eq!(first(&whole).map(|header| header.run).as_deref(), Some("run-1"));
    let line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert_eq!(first(&[&whole[..line], b"damage\n"].concat()), first(&whole), "the rest is not looked at");
    for no_record in [&b""[..], &whole[..line - 1], b"user login\nann\n", &[b'x'; 1 << 17]] {
        assert_eq!(first(no_record), None);
    }
    assert_eq!(first_of(&Folder::new().path()), None);
}

/// What others do to a ledger while it is written. Windows lets nobody do it, so that there is nothing to notice.
#[cfg(unix)]
mod underneath {
    use std::io::Write as _;

    use super::super::file::OnDisk;
    use super::*;
    use crate::disk;
    use crate::log::Lines;

    impl Folder {
        fn append(&self, entries: &[Entry]) {
            let mut file = fs::OpenOptions::new().append(true).open(self.path()).unwrap();
            file.write_all(&lines(entries)).unwrap();
        }
    }

    #[tokio::test]
    async fn a_ledger_that_is_deleted_or_replaced_underneath_stops_before_the_next_request() {
        for replaced in [false, true] {
            let folder = Folder::holding(some());
            let ledger = opened(&folder);
            fs::remove_file(folder.path()).unwrap();
            if replaced {
                fs::write(folder.path(), some()).unwrap();
            }
            let fault = ledger.intend(place(0), TAGGED).synced().await.unwrap_err();
            assert!(fault.0.contains("deleted or replaced"), "{fault}");
            assert_eq!(
                ledger.intend(place(1), TAGGED).synced().await.unwrap_err(),
                fault,
                "and none after it"
            );
        }
    }

    #[tokio::test]
    async fn anothers_records_after_ours_stop_this_process_and_are_told() {
        let folder = Folder::holding(some());
        let ledger = opened(&folder);
        let _first = ledger.intend(place(0), TAGGED).synced().await.unwrap();
        folder.append(&[session("s-2", 815), intent("zoë", 3)]);
        let before = folder.bytes();
        let fault = ledger.intend(place(2), TAGGED).synced().await.unwrap_err();
        assert!(
            fault.0.contains("another process writes to the same ledger (process 815 on desk-7"),
            "{fault}"
        );
        assert_eq!(folder.bytes(), before, "nothing is written over or after them");
    }

    #[tokio::test]
    async fn what_another_wrote_between_reading_and_writing_is_noticed() {
        let folder = Folder::holding(some());
        let file = LockedFile::open(&folder.path()).unwrap();
        folder.append(&[session("s-2", 815)]); // on a drive where no lock holds
        let ledger = file.into_ledger(Arc::new(SystemClock), counted()).unwrap();
        let fault = ledger.intend(place(0), TAGGED).synced().await.unwrap_err();
        assert!(fault.0.contains("process 815 on desk-7"), "{fault}");
    }

    /// Another process appends at the very moment at which we do.
    struct Raced {
        ours: OnDisk,
        theirs: Folder,
    }

    impl Storage for Raced {
        fn check(&mut self) -> Result<(), String> {
            self.ours.check()
        }

        fn append(&mut self, lines: &[u8]) -> io::Result<()> {
            self.theirs.append(&[session("s-2", 815)]);
            self.ours.append(lines)
        }

        fn sync(&mut self) -> io::Result<()> {
            self.ours.sync()
        }
    }

    #[tokio::test]
    async fn two_that_append_at_once_both_stop_before_they_send() {
        let theirs = Folder::holding(some());
        let path = theirs.path();
        let state = LockedFile::open(&path).unwrap().state.clone();
        let (file, _) = disk::hold(&path).unwrap().unwrap();
        let length = file.metadata().unwrap().len();
        let ours = OnDisk(Lines::new(file, path.clone(), length));
        let ledger = Ledger::start(Raced { ours, theirs }, state, Arc::new(SystemClock), counted()).unwrap();
        let fault = ledger.intend(place(0), TAGGED).synced().await.unwrap_err();
        assert!(fault.0.contains("another process writes to the same ledger"), "{fault}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_stops_before_the_next_request() {
        let full = fs::OpenOptions::new().append(true).open("/dev/full").unwrap();
        let storage = OnDisk(Lines::new(full, "/dev/full".into(), 0));
        let state = LockedFile::open(&Folder::holding(some()).path()).unwrap().state.clone();
        let ledger = Arc::new(Ledger::start(storage, state, Arc::new(SystemClock), counted()).unwrap());
        let fault = ledger.intend(place(0), TAGGED).synced().await.unwrap_err();
        assert!(fault.0.contains("cannot be written: No space left on device"), "{fault}");
        assert_eq!(ledger.intend(place(1), TAGGED).synced().await.unwrap_err(), fault);
        assert_eq!(ledger.close(Exit::Done).err(), Some(fault));
    }
}
