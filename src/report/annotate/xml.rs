//! The XML of a workbook's parts, changed in a few places and otherwise given back byte for byte.
//!
//! The parser of the crate says where a tag begins and ends; what was read for it is kept as it stood, so that whatever is
//! not changed comes out as it came in: the quotes, the order, the spaces, a mark at the top.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::unwritten::Unwritten;

/// What a stretch of a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `<a>`
    Start,
    /// `<a/>`
    Empty,
    /// `</a>`
    End,
    /// Text, comments, declarations.
    Other,
    /// There is no more.
    Eof,
}

/// A part, taken apart into [`Token`]s as it is read.
pub(super) struct Tokens<R: Read> {
    reader: Reader<Kept<R>>,
    buffer: Vec<u8>,
    token: Token,
    is_held: bool,
}

/// Keeps what the parser takes.
struct Kept<R> {
    input: BufReader<R>,
    taken: Vec<u8>,
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.taken.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

impl<R: Read> BufRead for Kept<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.taken.extend_from_slice(&self.input.buffer()[..amount]);
        self.input.consume(amount);
    }
}

impl<R: Read> Tokens<R> {
    pub(super) fn new(part: R) -> Self {
        let input = BufReader::with_capacity(64 << 10, part);
        let mut reader = Reader::from_reader(Kept { input, taken: Vec::new() });
        reader.config_mut().check_end_names = false;
        Self { reader, buffer: Vec::new(), token: Token::Eof, is_held: false }
    }

    /// Goes on to the next token; to the same once more where it is held.
    pub(super) fn next(&mut self) -> Result<Token, Unwritten> {
        if std::mem::take(&mut self.is_held) {
            return Ok(self.token);
        }
        self.buffer.clear();
        self.reader.get_mut().taken.clear();
        self.token = match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::Start(_)) => Token::Start,
            Ok(Event::Empty(_)) => Token::Empty,
            Ok(Event::End(_)) => Token::End,
            Ok(Event::Eof) => Token::Eof,
            Ok(_) => Token::Other,
            Err(_) => return Err(Unwritten::NotInPlace("the XML of one of its parts is damaged")),
        };
        Ok(self.token)
    }

    /// Gives the token that was read last once more.
    pub(super) fn hold(&mut self) {
        self.is_held = true;
    }

    /// The token as it stands in the part.
    pub(super) fn raw(&self) -> &[u8] {
        &self.reader.get_ref().taken
    }

    /// The token as a tag.
    pub(super) fn tag(&self) -> Result<Tag<'_>, Unwritten> {
        let text = std::str::from_utf8(self.raw());
        text.map(Tag).map_err(|_| Unwritten::NotInPlace("one of its parts is not in UTF-8"))
    }

    /// What the tag is called, without a prefix; empty where the token is none.
    pub(super) fn name(&self) -> &[u8] {
        if matches!(self.token, Token::Other | Token::Eof) {
            return b"";
        }
        let raw = self.raw();
        let from = if raw.starts_with(b"</") { 2 } else { 1 };
        let name = raw.get(from..).unwrap_or_default();
        let end = name.iter().position(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte));
        let name = &name[..end.unwrap_or(name.len())];
        name.iter().position(|&byte| byte == b':').map_or(name, |colon| &name[colon + 1..])
    }
}

/// A tag as it stands in a part, from `<` to `>`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'t>(pub(super) &'t str);

impl<'t> Tag<'t> {
    /// What stands before the name, with its colon: `x:`, or nothing.
    pub(super) fn prefix(self) -> &'t str {
        let name = &self.0[1..self.end_of_name()];
        name.find(':').map_or("", |colon| &name[..=colon])
    }

    fn end_of_name(self) -> usize {
        let end = self.0.find(|c: char| c.is_ascii_whitespace() || "/>".contains(c));
        end.unwrap_or(self.0.len()).max(1)
    }

    /// An attribute's value as it stands.
    pub(super) fn attribute(self, name: &str) -> Option<&'t str> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| &self.0[value])
    }

    /// An attribute's value by its name without a prefix, its entities resolved.
    pub(super) fn value(self, local: &str) -> Option<Cow<'t, str>> {
        let is_it = |found: &str| found.rsplit(':').next() == Some(local);
        let (_, value) = self.attributes().find(|(found, _)| is_it(found))?;
        quick_xml::escape::unescape(&self.0[value]).ok()
    }

    /// A number that an attribute holds.
    pub(super) fn number(self, name: &str) -> Option<u32> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// The names of the attributes, and where their values stand.
    fn attributes(self) -> impl Iterator<Item = (&'t str, Range<usize>)> {
        let mut at = self.end_of_name();
        std::iter::from_fn(move || {
            let rest = &self.0[at..];
            let equals = at + rest.find('=')?;
            let name = self.0[at..equals].trim();
            let open = equals + self.0[equals..].find(['"', '\''])?;
            let quote = char::from(self.0.as_bytes()[open]);
            let close = open + 1 + self.0[open + 1..].find(quote)?;
            at = close + 1;
            Some((name, open + 1..close))
        })
    }

    /// The tag with an attribute set, in its place where it is there.
    pub(super) fn with(self, name: &str, value: &str) -> String {
        match self.attributes().find(|(found, _)| *found == name) {
            Some((_, place)) => format!("{}{value}{}", &self.0[..place.start], &self.0[place.end..]),
            None => {
                let (before, after) = self.0.split_at(self.end_of_name());
                format!("{before} {name}=\"{value}\"{after}")
            }
        }
    }

    /// The tag without an attribute.
    pub(super) fn without(self, name: &str) -> String {
        match self.attributes().find(|(found, _)| *found == name) {
            Some((_, place)) => {
                let from = self.0[..place.start].rfind(name).unwrap_or(place.start);
                format!("{}{}", self.0[..from].trim_end(), &self.0[place.end + 1..])
            }
            None => self.0.to_owned(),
        }
    }
}

/// A text with some stretches replaced. They must not overlap.
pub(super) fn spliced(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (range, new) in edits {
        // Two at one place stand one after the other; a stretch within another has gone with it.
        if range.start < at {
            continue;
        }
        out.push_str(&text[at..range.start]);
        out.push_str(&new);
        at = range.end;
    }
    out + &text[at..]
}

/// One more element at the end of a part's root.
pub(super) fn appended(part: &str, elements: &str) -> Option<String> {
    if elements.is_empty() {
        return Some(part.to_owned());
    }
    let mut tokens = Tokens::new(part.as_bytes());
    let (mut at, mut depth) = (0, 0);
    loop {
        let token = tokens.next().ok()?;
        let raw = tokens.raw().len();
        match token {
            Token::Start => depth += 1,
            Token::End if depth == 1 => {
                return Some(format!("{}{elements}{}", &part[..at], &part[at..]));
            }
            Token::End => depth -= 1,
            // A root that has nothing in it yet.
            Token::Empty if depth == 0 => {
                let tag = Tag(part.get(at..at + raw)?);
                let name = &tag.0[1..tag.end_of_name()];
                let open = tag.0.strip_suffix("/>")?;
                return Some(format!("{}{open}>{elements}</{name}>{}", &part[..at], &part[at + raw..]));
            }
            Token::Eof => return None,
            Token::Empty | Token::Other => {}
        }
        at += raw;
    }
}

/// A text as it stands between tags and in attributes. What XML cannot hold is a question mark, and what a workbook would
/// take for an escape of its own (`_x0041_`) is escaped as it escapes it.
pub(super) fn text(text: &str) -> String {
    let is_of_xml = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'..);
    let plain: String = text.chars().map(|c| if is_of_xml(c) { c } else { '?' }).collect();
    let mut escaped = String::with_capacity(plain.len());
    let mut rest = plain.as_str();
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        escaped.push_str(before);
        let code = from.as_bytes().get(2..7).unwrap_or_default();
        let is_escape = code.len() == 5 && code[..4].iter().all(u8::is_ascii_hexdigit) && code[4] == b'_';
        escaped.push_str(if is_escape { "_x005F_x" } else { "_x" });
        rest = &from[2..];
    }
    escaped.push_str(rest);
    quick_xml::escape::escape(&escaped).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &[u8]) -> Vec<(Token, String)> {
        let (mut tokens, mut all) = (Tokens::new(text), Vec::new());
        loop {
            let token = tokens.next().unwrap_or_else(|_| panic!("damaged"));
            all.push((token, String::from_utf8(tokens.raw().to_vec()).unwrap()));
            if token == Token::Eof {
                return all;
            }
        }
    }

    #[test]
    fn a_part_comes_out_as_it_came_in() {
        let text = "\u{FEFF}<?xml version='1.0' ?>\r\n<!-- a > b -->\n<x:a  b = 'c>d'\te=\"f\" >t &amp; u<![CDATA[<v>]]>\
                    <w\n/><y ></y ></x:a >\n ";
        let all = tokens(text.as_bytes());
        assert_eq!(all.iter().map(|(_, raw)| raw.as_str()).collect::<String>(), text);
        let tags: Vec<_> = all
            .iter()
            .filter(|(token, _)| !matches!(token, Token::Other | Token::Eof))
            .map(|(token, raw)| (*token, raw.as_str()))
            .collect();
        assert_eq!(
            tags,
            [
                (Token::Start, "<x:a  b = 'c>d'\te=\"f\" >"),
                (Token::Empty, "<w\n/>"),
                (Token::Start, "<y >"),
                (Token::End, "</y >"),
                (Token::End, "</x:a >"),
            ]
        );
    }

    #[test]
    fn an_attribute_is_read_set_and_left_out_whatever_the_quotes() {
        let tag = Tag("<x:c r='B\"2' s=\"3\" spans = \"1:4\"/>");
        assert_eq!((tag.prefix(), tag.attribute("r"), tag.number("s")), ("x:", Some("B\"2"), Some(3)));
        assert_eq!(tag.attribute("x"), None);
        assert_eq!(tag.with("s", "17"), "<x:c r='B\"2' s=\"17\" spans = \"1:4\"/>");
        assert_eq!(tag.with("t", "s"), "<x:c t=\"s\" r='B\"2' s=\"3\" spans = \"1:4\"/>");
        assert_eq!(tag.without("spans"), "<x:c r='B\"2' s=\"3\"/>");
        assert_eq!(Tag("<c>").with("s", "1"), "<c s=\"1\">");
        assert_eq!(Tag("<c/>").with("s", "1"), "<c s=\"1\"/>");
        assert_eq!(Tag("<a r:id='a&amp;b'>").value("id").as_deref(), Some("a&b"));
    }

    #[test]
    fn an_element_is_added_at_the_end_of_the_root() {
        assert_eq!(appended("<a><b></b></a>\n", "<c/>").as_deref(), Some("<a><b></b><c/></a>\n"));
        assert_eq!(appended("<x:a b='1' />", "<c/>").as_deref(), Some("<x:a b='1' ><c/></x:a>"));
        assert_eq!(appended("<a>", "<c/>"), None);
    }

    #[test]
    fn text_is_what_xml_and_a_workbook_can_hold() {
        assert_eq!(text("a<b & \"c\"\u{1}\u{FFFF}"), "a&lt;b &amp; &quot;c&quot;??");
        assert_eq!(text("_x0041_ _x41_ __x00e4_"), "_x005F_x0041_ _x41_ __x005F_x00e4_");
    }

    proptest! {
        #[test]
        fn no_part_is_read_with_a_panic_and_none_is_changed(text in "[<>/a:= \"'!\\-&;\\[\\]]{0,60}") {
            let (mut tokens, mut all) = (Tokens::new(text.as_bytes()), Vec::new());
            while let Ok(token) = tokens.next() {
                all.extend_from_slice(tokens.raw());
                if matches!(token, Token::Start | Token::Empty) {
                    let tag = tokens.tag().map(|tag| tag.with("s", "1")).unwrap_or_default();
                    prop_assert!(tag.starts_with('<'));
                }
                if token == Token::Eof {
                    prop_assert_eq!(&all, text.as_bytes());
                    break;
                }
            }
        }
    }
}
