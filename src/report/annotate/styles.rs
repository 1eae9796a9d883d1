//! The styles of a workbook with ours after them: a marked cell keeps all of its own but the colour.

use std::collections::HashMap;
use std::ops::Range;

use super::unwritten::Unwritten;
use super::xml::{Tag, Token, Tokens, spliced};
use crate::finding::Severity;

/// The most formats of cells that a workbook may have ("Excel specifications and limits"): 65,490.
const MOST: usize = 65_490;

/// How a cell is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Paint {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Ours no longer: an earlier copy coloured it, and nothing is wrong with it now.
    None,
}

impl From<Severity> for Paint {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
        }
    }
}

/// Our colours. Each is one shade beside the spreadsheet's own "Bad" and "Neutral", so that what we have coloured is known
/// when a copy is annotated again, and what a person has coloured is left alone.
const COLOURS: [(Paint, &str); 2] = [(Paint::Error, "FFFFC7CF"), (Paint::Warning, "FFFFEB9D")];

/// The styles of a workbook.
pub(super) struct Styles {
    text: String,
    /// What stands before the names of elements.
    prefix: String,
    /// The tag that opens the fills, how many there are, and where the tag that closes them begins.
    fills: List,
    /// The same of the formats of cells.
    formats: List,
    /// Where each format of a cell stands.
    each: Vec<Range<usize>>,
    /// Which of them have a colour of ours.
    ours: Vec<bool>,
    /// The formats that come after them.
    new: Vec<(u32, Paint)>,
    places: HashMap<(u32, Paint), u32>,
}

#[derive(Clone, Debug, Default)]
struct List {
    opens: Range<usize>,
    count: usize,
    closes: usize,
}

impl Styles {
    /// The styles of a workbook that has none.
    pub(super) fn none(namespace: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<styleSheet xmlns=\"{namespace}\">\
             <fonts count=\"1\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
             <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>\
             <fill><patternFill patternType=\"gray125\"/></fill></fills>\
             <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
             <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
             <cellXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/></cellXfs>\
             </styleSheet>"
        )
    }

    /// Reads a workbook's part of styles.
    pub(super) fn read(text: String) -> Result<Self, Unwritten> {
        let mut tokens = Tokens::new(text.as_bytes());
        let (mut prefix, mut at, mut depth) = (None, 0, 0);
        let (mut fills, mut formats) = (List::default(), List::default());
        let (mut fills_of_ours, mut each, mut format_fills) = (Vec::new(), Vec::new(), Vec::new());
        // The list that is being read, by its name.
        let mut list: &[u8] = b"";
        loop {
            let token = tokens.next()?;
            let here = at..at + tokens.raw().len();
            at = here.end;
            match token {
                Token::Start | Token::Empty => {
                    let tag = tokens.tag()?;
                    prefix.get_or_insert_with(|| tag.prefix().to_owned());
                    match (tokens.name(), list) {
                        (b"fills", _) if depth == 1 && token == Token::Start => {
                            (list, fills.opens) = (b"fills", here.clone());
                        }
                        (b"cellXfs", _) if depth == 1 && token == Token::Start => {
                            (list, formats.opens) = (b"cellXfs", here.clone());
                        }
                        (b"fill", b"fills") if depth == 2 => {
                            fills.count += 1;
                            fills_of_ours.push(false);
                        }
                        (b"fgColor", b"fills") => {
                            let rgb = tag.attribute("rgb").unwrap_or_default();
                            let is_ours = COLOURS.iter().any(|(_, colour)| rgb.eq_ignore_ascii_case(colour));
                            if let Some(last) = fills_of_ours.last_mut() {
                                *last |= is_ours;
                            }
                        }
                        (b"xf", b"cellXfs") if depth == 2 => {
                            formats.count += 1;
                            format_fills.push(tag.number("fillId").unwrap_or(0));
                            each.push(here.clone());
                        }
                        _ => {}
                    }
                    depth += u32::from(token == Token::Start);
                }
                Token::End => {
                    depth = depth.saturating_sub(1);
                    match (depth, list) {
                        (2, b"cellXfs") => {
                            if let Some(last) = each.last_mut() {
                                last.end = here.end;
                            }
                        }
                        (1, b"fills") => (list, fills.closes) = (b"", here.start),
                        (1, b"cellXfs") => (list, formats.closes) = (b"", here.start),
                        _ => {}
                    }
                }
                Token::Other => {}
                Token::Eof => break,
            }
        }
        if fills.closes == 0 || formats.closes == 0 || each.is_empty() {
            return Err(Unwritten::NotInPlace("its part of styles has no formats of cells"));
        }
        let is_ours = |fill: &u32| fills_of_ours.get(*fill as usize).copied().unwrap_or(false);
        let ours = format_fills.iter().map(is_ours).collect();
        let prefix = prefix.unwrap_or_default();
        Ok(Self { text, prefix, fills, formats, each, ours, new: Vec::new(), places: HashMap::new() })
    }

    /// The format that is another's in this colour; `None` where there is no such other, or no room for one more.
    pub(super) fn painted(&mut self, of: u32, paint: Paint) -> Option<u32> {
        if let Some(&place) = self.places.get(&(of, paint)) {
            return Some(place);
        }
        let place = self.each.len() + self.new.len();
        if of as usize >= self.each.len() || place >= MOST {
            return None;
        }
        let place = u32::try_from(place).ok()?;
        self.new.push((of, paint));
        self.places.insert((of, paint), place);
        Some(place)
    }

    /// Whether a format has a colour of ours, from an earlier copy.
    pub(super) fn is_ours(&self, format: u32) -> bool {
        self.ours.get(format as usize).copied().unwrap_or(false)
    }

    /// Whether any format has.
    pub(super) fn has_ours(&self) -> bool {
        self.ours.contains(&true)
    }

    /// The part with the new formats in it.
    pub(super) fn written(self) -> String {
        if self.new.is_empty() {
            return self.text;
        }
        let prefix = &self.prefix;
        let fill = |colour: &str| {
            format!(
                "<{prefix}fill><{prefix}patternFill patternType=\"solid\"><{prefix}fgColor rgb=\"{colour}\"/>\
                 <{prefix}bgColor indexed=\"64\"/></{prefix}patternFill></{prefix}fill>"
            )
        };
        let fills: String = COLOURS.iter().map(|(_, colour)| fill(colour)).collect();
        let fill_of = |paint: Paint| {
            let ours = COLOURS.iter().position(|(of, _)| *of == paint);
            ours.map_or(0, |place| self.fills.count + place)
        };
        let formats: String = self
            .new
            .iter()
            .map(|&(of, paint)| {
                let whole = &self.text[self.each[of as usize].clone()];
                let tag = whole.find('>').map_or(whole, |end| &whole[..=end]);
                let filled = Tag(tag).with("fillId", &fill_of(paint).to_string());
                Tag(&filled).with("applyFill", "1") + &whole[tag.len()..]
            })
            .collect();
        let counted = |list: &List, more: usize| {
            let tag = Tag(&self.text[list.opens.clone()]);
            (list.opens.clone(), tag.with("count", &(list.count + more).to_string()))
        };
        let at_end = |list: &List, text: String| (list.closes..list.closes, text);
        let edits = vec![
            counted(&self.fills, COLOURS.len()),
            at_end(&self.fills, fills),
            counted(&self.formats, self.new.len()),
            at_end(&self.formats, formats),
        ];
        spliced(&self.text, edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "<x:styleSheet xmlns:x='m'><x:fills count='2'><x:fill><x:patternFill/></x:fill><x:fill/></x:fills>\
        <x:cellStyleXfs><x:xf/></x:cellStyleXfs><x:cellXfs count='2'><x:xf numFmtId='0' fillId='0'/>\
        <x:xf numFmtId='49' fillId='1' applyFill='0'><x:alignment wrapText='1'/></x:xf></x:cellXfs>\
        <x:dxfs><x:dxf><x:fill/></x:dxf></x:dxfs></x:styleSheet>";

    fn read(text: &str) -> Styles {
        Styles::read(text.to_owned()).unwrap_or_else(|_| panic!("no styles"))
    }

    #[test]
    fn a_marked_cell_keeps_all_of_its_format_but_the_colour() {
        let mut styles = read(PART);
        assert_eq!(styles.painted(1, Paint::Error), Some(2));
        assert_eq!(styles.painted(0, Paint::Warning), Some(3));
        assert_eq!(styles.painted(1, Paint::Error), Some(2));
        assert_eq!(styles.painted(9, Paint::Error), None);
        let text = styles.written();
        assert!(text.contains("<x:fills count='4'>") && text.contains("<x:cellXfs count='4'>"), "{text}");
        assert!(
            text.contains(
                "<x:xf numFmtId='49' fillId='2' applyFill='1'><x:alignment wrapText='1'/></x:xf><x:xf"
            ),
            "{text}"
        );
        assert!(text.contains("<x:xf applyFill=\"1\" numFmtId='0' fillId='3'/></x:cellXfs>"), "{text}");
        assert!(text.ends_with("<x:dxfs><x:dxf><x:fill/></x:dxf></x:dxfs></x:styleSheet>"), "{text}");
    }

    #[test]
    fn our_colours_are_known_again_and_nothing_else_is_changed() {
        let mut styles = read(PART);
        styles.painted(1, Paint::Error);
        let mut again = read(&styles.written());
        assert_eq!((again.is_ours(1), again.is_ours(2), again.has_ours()), (false, true, true));
        assert_eq!(again.painted(2, Paint::None), Some(3));
        assert!(again.written().contains("<x:xf numFmtId='49' fillId='0' applyFill='1'>"));
        assert_eq!(read(PART).written(), PART);
        assert!(Styles::read("<styleSheet/>".to_owned()).is_err());
        assert!(Styles::read(Styles::none("m")).is_ok());
    }
}
