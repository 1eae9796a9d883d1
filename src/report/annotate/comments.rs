//! Notes in the cells of a sheet: its part of comments, and the drawing in which each has its box. A sheet that has such
//! parts already keeps what people have written there.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::xml::{self, Tag, Token, Tokens, spliced};
use crate::roster::{cell_place, column_letters};

/// Who writes our notes: by it they are known again, and replaced by those of today.
const AUTHOR: &str = "headcount";

/// How our part of a note begins that somebody else has written.
const AFTER: &str = "headcount: ";

/// How the authors of threaded comments are written into their notes ("[Threaded comment] …"); a spreadsheet shows the
/// thread in place of such a note.
const THREADED: &str = "tc=";

/// A cell, as row and column counted from 0.
pub(super) type Cell = (u32, u32);

/// What a cell's note says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) cell: Cell,
    pub(super) text: String,
}

/// A part of comments, written anew.
#[derive(Debug, Default)]
pub(super) struct Comments {
    pub(super) text: String,
    /// The cells that have a note which they had not.
    pub(super) new: Vec<Cell>,
    /// The cells whose note was ours and is gone.
    pub(super) gone: HashSet<Cell>,
    /// How many cells got none, for there is a thread in them.
    pub(super) unsaid: u64,
}

/// One comment of a part.
#[derive(Debug, Default)]
struct Comment {
    whole: Range<usize>,
    cell: Option<Cell>,
    author: usize,
    /// Where the tag that ends its text begins.
    end: usize,
    /// The tags around a text that has no runs.
    bare: Option<(Range<usize>, Range<usize>)>,
    /// Our part of it.
    ours: Option<Range<usize>>,
}

impl Comment {
    /// Our part of it where another program has made one text of all.
    fn flattened(&self, part: &str) -> Option<Range<usize>> {
        let (opens, closes) = self.bare.as_ref()?;
        let at = part[opens.end..closes.start].find(&format!("\n\n{AFTER}"))?;
        Some(opens.end + at..closes.start)
    }
}

/// A part of comments, taken apart.
#[derive(Debug, Default)]
struct Parsed {
    prefix: String,
    authors: Vec<String>,
    /// Where the tag begins that closes the authors, and the comments.
    ends: (usize, usize),
    comments: Vec<Comment>,
}

impl Comments {
    /// Whether a part has notes of ours in it.
    pub(super) fn has_ours(part: &str) -> bool {
        part.contains(AUTHOR)
    }

    /// The part of a sheet that has none.
    pub(super) fn none(namespace: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments xmlns=\"{namespace}\">\
             <authors></authors><commentList></commentList></comments>"
        )
    }

    /// Adds notes to a part, those of an earlier copy taken out; `None` where the part is damaged.
    pub(super) fn of(part: &str, notes: &[Note]) -> Option<Self> {
        let parsed = parse(part)?;
        let prefix = &parsed.prefix;
        let (mut edits, mut comments) = (Vec::new(), Self::default());
        let known = parsed.authors.iter().position(|author| author == AUTHOR);
        let author = known.unwrap_or(parsed.authors.len());
        if known.is_none() {
            let ours = format!("<{prefix}author>{AUTHOR}</{prefix}author>");
            edits.push((parsed.ends.0..parsed.ends.0, ours));
        }
        let mut kept: HashMap<Cell, &Comment> = HashMap::new();
        for comment in &parsed.comments {
            if known == Some(comment.author) {
                edits.push((comment.whole.clone(), String::new()));
                comments.gone.extend(comment.cell);
            } else {
                edits.extend(comment.ours.clone().map(|ours| (ours, String::new())));
                edits.extend(comment.flattened(part).map(|ours| (ours, String::new())));
                kept.extend(comment.cell.map(|cell| (cell, comment)));
            }
        }
        let mut added = String::new();
        for note in notes {
            let is_threaded = |comment: &Comment| {
                parsed.authors.get(comment.author).is_some_and(|author| author.starts_with(THREADED))
            };
            match kept.get(&note.cell) {
                Some(comment) if is_threaded(comment) => comments.unsaid += 1,
                Some(comment) => {
                    if let Some((opens, closes)) = &comment.bare {
                        edits.push((opens.start..opens.start, format!("<{prefix}r>")));
                        edits.push((closes.end..closes.end, format!("</{prefix}r>")));
                    }
                    let text = xml::text(&format!("\n\n{AFTER}{}", note.text));
                    let run = format!(
                        "<{prefix}r><{prefix}t xml:space=\"preserve\">{text}</{prefix}t></{prefix}r>"
                    );
                    edits.push((comment.end..comment.end, run));
                }
                None => {
                    let (row, column) = note.cell;
                    let place = format!("{}{}", column_letters(column as usize), u64::from(row) + 1);
                    let text = xml::text(&note.text);
                    added.push_str(&format!(
                        "<{prefix}comment ref=\"{place}\" authorId=\"{author}\"><{prefix}text><{prefix}r>\
                         <{prefix}t xml:space=\"preserve\">{text}</{prefix}t></{prefix}r></{prefix}text></{prefix}comment>"
                    ));
                    comments.new.push(note.cell);
                }
            }
        }
        edits.push((parsed.ends.1..parsed.ends.1, added));
        comments.text = spliced(part, edits);
        Some(comments)
    }
}

fn parse(part: &str) -> Option<Parsed> {
    let mut tokens = Tokens::new(part.as_bytes());
    let (mut parsed, mut at, mut is_root) = (Parsed::default(), 0, true);
    // Where the run begins that is being read, and the bare text.
    let (mut run, mut bare): (Option<usize>, Option<Range<usize>>) = (None, None);
    let (mut author, mut is_ours, mut in_comment) = (None::<String>, false, false);
    loop {
        let token = tokens.next().ok()?;
        let here = at..at + tokens.raw().len();
        at = here.end;
        let comment = parsed.comments.last_mut().filter(|_| in_comment);
        match (token, tokens.name(), comment) {
            (Token::Eof, ..) => break,
            (Token::Start, ..) if std::mem::take(&mut is_root) => {
                parsed.prefix = tokens.tag().ok()?.prefix().to_owned();
            }
            (Token::Start, b"author", _) => author = Some(String::new()),
            (Token::Empty, b"author", _) => parsed.authors.push(String::new()),
            (Token::End, b"author", _) => parsed.authors.extend(author.take()),
            (Token::End, b"authors", _) => parsed.ends.0 = here.start,
            (Token::End, b"commentList", _) => parsed.ends.1 = here.start,
            (Token::Start, b"comment", _) => {
                let tag = tokens.tag().ok()?;
                let author = tag.number("authorId").unwrap_or(0) as usize;
                let cell = tag.attribute("ref").and_then(cell_place);
                parsed.comments.push(Comment { whole: here.clone(), cell, author, ..Comment::default() });
                in_comment = true;
            }
            (Token::End, b"comment", Some(comment)) => {
                comment.whole.end = here.end;
                in_comment = false;
            }
            (Token::Start, b"r", Some(_)) => (run, is_ours) = (Some(here.start), false),
            (Token::End, b"r", Some(comment)) => {
                let run = run.take().map(|from| from..here.end);
                comment.ours = run.filter(|_| is_ours).or(comment.ours.take());
            }
            (Token::Start, b"t", Some(_)) if run.is_none() => bare = Some(here.clone()),
            (Token::End, b"t", Some(comment)) if run.is_none() => {
                comment.bare = bare.take().map(|opens| (opens, here.clone()));
            }
            (Token::End, b"text", Some(comment)) => comment.end = here.start,
            (Token::Other, _, comment) => {
                let text = part.get(here)?;
                if let Some(author) = &mut author {
                    author.push_str(text);
                } else if comment.is_some() && run.is_some() {
                    is_ours |= text.trim_start().starts_with(AFTER);
                }
            }
            _ => {}
        }
    }
    let is_whole = parsed.ends.0 > 0 && parsed.ends.1 > 0 && parsed.comments.iter().all(|one| one.end > 0);
    is_whole.then_some(parsed)
}

/// The drawing of a sheet that has none.
pub(super) fn no_drawing() -> String {
    "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
     xmlns:x=\"urn:schemas-microsoft-com:office:excel\">\
     <o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"\"/></o:shapelayout></xml>"
        .to_owned()
}

/// How many shapes have their numbers in one of a drawing's blocks.
const BLOCK: usize = 1024;

/// The blocks of numbers that a drawing has for its shapes.
pub(super) fn blocks(drawing: &str) -> impl Iterator<Item = u32> {
    let tags = drawing.match_indices("<o:idmap").filter_map(|(at, _)| {
        let rest = &drawing[at..];
        Tag(&rest[..=rest.find('>')?]).attribute("data")
    });
    tags.flat_map(|data| data.split(',')).filter_map(|block| block.trim().parse().ok())
}

/// A drawing with the boxes of new notes in it and those of gone ones taken out; `block` is the first block of numbers that
/// no drawing of the workbook has. `None` where it is damaged. It is often no XML at all, for spreadsheets wrote it by
/// other rules; so it is searched as text.
pub(super) fn drawn(drawing: &str, gone: &HashSet<Cell>, new: &[Cell], block: u32) -> Option<String> {
    const SHAPE: &str = "_x0000_t202";
    let end = drawing.rfind("</xml>")?;
    let mut edits = Vec::new();
    for (at, _) in drawing.match_indices("<v:shape ") {
        let length = drawing[at..].find("</v:shape>").map(|end| end + "</v:shape>".len());
        let Some(shape) = length.map(|length| at..at + length) else { continue };
        if cell_of(&drawing[shape.clone()]).is_some_and(|cell| gone.contains(&cell)) {
            edits.push((shape, String::new()));
        }
    }
    if new.is_empty() {
        return Some(spliced(drawing, edits));
    }
    let taken = u32::try_from((new.len() + 1).div_ceil(BLOCK)).ok()?;
    let ours = (block..block + taken).map(|block| block.to_string()).collect::<Vec<_>>().join(",");
    if let Some(at) = drawing.find("<o:idmap") {
        let tag = Tag(&drawing[at..=at + drawing[at..].find('>')?]);
        let before = tag.attribute("data").unwrap_or_default();
        let data = if before.is_empty() { ours } else { format!("{before},{ours}") };
        edits.push((at..at + tag.0.len(), tag.with("data", &data)));
    }
    let mut shapes = String::new();
    if !drawing.contains(&format!("id=\"{SHAPE}\"")) {
        shapes.push_str(&format!(
            "<v:shapetype id=\"{SHAPE}\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">\
             <v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>"
        ));
    }
    for (number, (row, column)) in (block as usize * BLOCK + 1..).zip(new) {
        // From the cell's right neighbour on, four columns wide and six rows high.
        let (top, left) = ((*row).min(LAST_ROW - 6), column + 1);
        let (bottom, right) = (top + 6, left + 4);
        shapes.push_str(&format!(
            "<v:shape id=\"_x0000_s{number}\" type=\"#{SHAPE}\" style='position:absolute;visibility:hidden' \
             fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/>\
             <v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>\
             <v:textbox style='mso-direction-alt:auto'><div style='text-align:left'></div></v:textbox>\
             <x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>\
             <x:Anchor>{left}, 15, {top}, 2, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>\
             <x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
        ));
    }
    edits.push((end..end, shapes));
    Some(spliced(drawing, edits))
}

/// A sheet's last row, counted from 0.
const LAST_ROW: u32 = 1_048_575;

/// The cell whose note a shape is the box of.
fn cell_of(shape: &str) -> Option<Cell> {
    let number = |name: &str| {
        let (_, rest) = shape.split_once(&format!("<x:{name}>"))?;
        rest.split('<').next()?.trim().parse().ok()
    };
    shape.contains("ObjectType=\"Note\"").then_some(())?;
    Some((number("Row")?, number("Column")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(cell: Cell, text: &str) -> Note {
        Note { cell, text: text.to_owned() }
    }

    const PART: &str = "<x:comments xmlns:x='m'><x:authors><x:author>Ann</x:author><x:author>tc={1}</x:author></x:authors>\
        <x:commentList><x:comment ref='B2' authorId='0'><x:text><x:t>call &amp; ask</x:t></x:text></x:comment>\
        <x:comment ref='C2' authorId='1'><x:text><x:t>[Threaded comment]</x:t></x:text></x:comment></x:commentList></x:comments>";

    #[test]
    fn notes_stand_beside_those_of_people_and_go_when_the_next_ones_come() {
        let notes = [note((0, 0), "error: a < b"), note((1, 1), "error: no"), note((1, 2), "error: thread")];
        let first = Comments::of(PART, &notes).unwrap();
        assert_eq!((first.new.as_slice(), first.gone.len(), first.unsaid), (&[(0, 0)][..], 0, 1));
        assert!(first.text.contains("<x:author>tc={1}</x:author><x:author>headcount</x:author></x:authors>"));
        assert!(
            first.text.contains(
                "<x:r><x:t>call &amp; ask</x:t></x:r>\
                 <x:r><x:t xml:space=\"preserve\">\n\nheadcount: error: no</x:t></x:r></x:text>"
            ),
            "{}",
            first.text
        );
        assert!(first.text.contains("ref=\"A1\" authorId=\"2\"") && first.text.contains("a &lt; b"));

        let second = Comments::of(&first.text, &[note((4, 0), "warning: new")]).unwrap();
        assert_eq!((second.new.as_slice(), second.gone), (&[(4, 0)][..], HashSet::from([(0, 0)])));
        assert!(!second.text.contains("error: "), "{}", second.text);
        assert!(second.text.contains("<x:t>call &amp; ask</x:t>") && second.text.contains("[Threaded"));
        assert_eq!(second.text.matches("<x:author>headcount<").count(), 1);
        let runs = "</x:t></x:r><x:r><x:t xml:space=\"preserve\">";
        let flattened = first
            .text
            .replace("<x:r><x:t>call", "<x:t>call")
            .replace(runs, "")
            .replace("headcount: error: no</x:t></x:r>", "headcount: error: no</x:t>");
        let third = Comments::of(&flattened, &[]).unwrap();
        assert!(third.text.contains("<x:t>call &amp; ask</x:t>"), "{}", third.text);
        for damaged in ["", "<comments>", "<comments><authors/></comments>"] {
            assert!(Comments::of(damaged, &notes).is_none(), "{damaged}");
        }
        assert_eq!(Comments::of(&Comments::none("m"), &notes).unwrap().new.len(), 3);
    }

    #[test]
    fn each_note_has_a_box_with_a_number_of_its_own() {
        let new: Vec<Cell> = (0..1100).map(|row| (row, 2)).collect();
        let drawing = drawn(&no_drawing(), &HashSet::new(), &new, 3).unwrap();
        assert!(
            drawing.contains("data=\"3,4\"") && drawing.contains("\"_x0000_s3073\""),
            "{}",
            &drawing[..400]
        );
        assert_eq!(blocks(&drawing).collect::<Vec<_>>(), [3, 4]);
        let gone = new[..1099].iter().copied().collect();
        let drawing = drawn(&drawing, &gone, &[(1_048_575, 0)], 5).unwrap();
        assert_eq!(drawing.matches("<v:shape ").count(), 2);
        assert_eq!(drawing.matches("<v:shapetype ").count(), 1);
        assert!(drawing.contains("data=\"3,4,5\"") && drawing.contains("<x:Row>1048575</x:Row>"));
        // As old spreadsheets wrote them: no XML.
        let old = "<xml><o:idmap v:ext=\"edit\" data=\"1\"/><v:shape id=\"a\"><br></v:shape></xml>\n";
        assert!(drawn(old, &HashSet::new(), &[(0, 0)], 2).unwrap().contains("<br>"));
        assert!(drawn("<xml>", &HashSet::new(), &[(0, 0)], 2).is_none());
    }
}
