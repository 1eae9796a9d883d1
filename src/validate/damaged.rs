//! Which damage to a text is looked for in which field, and what is said of it.

use super::separators;
use crate::finding::codes::{self, Code};
use crate::roster::Field;
use crate::text::damage::{self, Damage, Damaged, Kind, Kinds};
use crate::text::{printable, shown};

/// Fields that are damaged alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// What a person is called.
    Name,
    /// What the person signs in with.
    Login,
    /// An e-mail address.
    Address,
    /// A telephone number.
    Number,
    /// Names of the instance, and tags.
    Reference,
    /// A word or a number out of a few.
    Word,
}

/// In which classes a kind is a finding of its own, in the order of [`Class`]. Where it is none, the rule of the field refuses
/// the text anyhow, and says how it is mended.
const TABLE: [(Kind, [Option<&Code>; 6]); 15] = {
    use codes as c;
    const NO: Option<&Code> = None;
    [
        (Kind::ErrorWord, [Some(&c::CELL_ERROR); 6]),
        (Kind::Lost, [Some(&c::UNDECODABLE_TEXT); 6]),
        (Kind::Misread, [Some(&c::MISREAD_TEXT), NO, NO, NO, Some(&c::MISREAD_TEXT), NO]),
        (Kind::Jumbled, [Some(&c::MISREAD_TEXT), NO, NO, NO, NO, NO]),
        (
            Kind::Placeholder,
            [Some(&c::PLACEHOLDER), Some(&c::PLACEHOLDER), NO, NO, Some(&c::PLACEHOLDER), NO],
        ),
        (Kind::Asked, [Some(&c::LETTERS_LOST), NO, NO, NO, NO, NO]),
        (Kind::AskedWithin, [NO, NO, NO, NO, Some(&c::LETTERS_LOST), NO]),
        (Kind::Entity, [Some(&c::ESCAPED_TEXT), NO, NO, NO, Some(&c::ESCAPED_TEXT), NO]),
        (Kind::Coded, [Some(&c::ESCAPED_TEXT), NO, NO, NO, Some(&c::ESCAPED_TEXT), NO]),
        (Kind::Backslash, [Some(&c::ESCAPED_TEXT), NO, NO, NO, NO, NO]),
        (Kind::Unseen, [Some(&c::INVISIBLE_CHARACTER), NO, NO, NO, Some(&c::INVISIBLE_CHARACTER), NO]),
        (Kind::Control, [NO, NO, NO, NO, Some(&c::INVISIBLE_CHARACTER), NO]),
        (Kind::OddSpace, [Some(&c::INVISIBLE_CHARACTER), NO, NO, NO, Some(&c::INVISIBLE_CHARACTER), NO]),
        (Kind::Wide, [Some(&c::FULL_WIDTH), NO, NO, NO, Some(&c::FULL_WIDTH), NO]),
        (Kind::Quoted, [Some(&c::QUOTED_NAME), NO, NO, NO, NO, NO]),
    ]
};

/// The kinds that are findings in each class; and those of them that are where the instance's names are known.
static KINDS: [[Kinds; 2]; 6] = {
    let (mut all, mut at) = ([[Kinds::NONE; 2]; 6], 0);
    while at < TABLE.len() {
        let (kind, codes, mut class) = (TABLE[at].0, &TABLE[at].1, 0);
        while class < all.len() {
            if codes[class].is_some() {
                all[class][0] = all[class][0].and(Kinds::of(&[kind]));
                if is_void(kind) {
                    all[class][1] = all[class][1].and(Kinds::of(&[kind]));
                }
            }
            class += 1;
        }
        at += 1;
    }
    all
};

/// What can be mended in a text that its field's rule refuses.
const MENDED: Kinds = Kinds::of(&[
    Kind::Placeholder,
    Kind::Coded,
    Kind::Entity,
    Kind::Misread,
    Kind::Unseen,
    Kind::Control,
    Kind::OddSpace,
    Kind::Wide,
    Kind::OtherDigits,
]);

/// The fields whose cells are lists, in which a word may stand behind others.
pub(super) const LISTS: [Field; 4] =
    [Field::SecurityProfiles, Field::Hierarchy, Field::Tags, Field::Proficiencies];

fn class(field: Field) -> Class {
    match field {
        Field::FirstName | Field::LastName => Class::Name,
        Field::Username | Field::DirectoryUserId => Class::Login,
        Field::Email | Field::SecondaryEmail => Class::Address,
        Field::Mobile | Field::PhoneNumber | Field::PhoneNumberVoice => Class::Number,
        Field::RoutingProfile
        | Field::SecurityProfiles
        | Field::Hierarchy
        | Field::Tags
        | Field::Proficiencies => Class::Reference,
        _ => Class::Word,
    }
}

/// One finding about a cell.
pub(super) struct Told {
    pub(super) code: &'static Code,
    pub(super) message: String,
    pub(super) hint: String,
    /// Whether there is no value to go on with.
    pub(super) is_void: bool,
}

/// What is to be said of a field's cell. Where the instance's names are known (`is_known`), a name that is none of them is
/// refused with what was meant, and damage to it needs no word of its own; but a cell without a value does.
pub(super) fn told(field: Field, cell: &str, name: &str, is_known: bool) -> Vec<Told> {
    let class = class(field);
    let code = |kind: Kind| {
        TABLE.iter().find(|(known, _)| *known == kind).and_then(|(_, codes)| codes[class as usize])
    };
    let kinds = KINDS[class as usize][usize::from(is_known)];
    let Some(Damaged { damages, mended }) = damage::look(cell, kinds) else { return Vec::new() };
    // Of a cell without a value nothing else can be said.
    let void = damages.iter().find(|damage| is_void(damage.kind));
    let damages: Vec<&Damage> = void.map_or_else(|| damages.iter().collect(), |damage| vec![damage]);
    let mut told: Vec<Told> = Vec::new();
    for damage in damages {
        let Some(code) = code(damage.kind) else { continue };
        if told.iter().any(|before| before.code == code) {
            continue;
        }
        let hint = mended.as_deref().and_then(written).unwrap_or_else(|| code.fix.to_owned());
        told.push(Told { code, message: message(name, damage), hint, is_void: is_void(damage.kind) });
    }
    told
}

const fn is_void(kind: Kind) -> bool {
    matches!(kind, Kind::ErrorWord | Kind::Lost)
}

/// The mended text as a fix; `None` where nothing is left of it.
fn written(mended: &str) -> Option<String> {
    const MOST: usize = 80;
    (!mended.is_empty()).then(|| format!("write `{}`", printable(mended, MOST)))
}

fn message(name: &str, damage: &Damage) -> String {
    let piece = shown(&damage.piece);
    let place = damage.at.map_or_else(String::new, |at| format!(", at character {at}"));
    match damage.kind {
        Kind::ErrorWord => format!("the {name} is a spreadsheet's word for no value: `{piece}`"),
        Kind::Placeholder => format!("the {name} is a word for nothing: `{piece}`"),
        Kind::Lost => format!("the {name} has letters that are lost, U+FFFD in their place{place}"),
        Kind::Asked | Kind::AskedWithin => format!("the {name} has `{piece}` where a letter was{place}"),
        Kind::Entity => format!("the {name} has an HTML entity, `{piece}`{place}"),
        Kind::Coded => format!("the {name} has letters in code, `{piece}`{place}"),
        Kind::Backslash => format!("the {name} has a backslash{place}: the file escapes quotes with `\\`"),
        Kind::Misread | Kind::Jumbled => {
            format!("the {name} was read in another encoding than it was written in: `{piece}`{place}")
        }
        Kind::Unseen => format!("the {name} has a character that nobody sees, `{piece}`{place}"),
        Kind::Control => format!("the {name} has a control character, `{piece}`{place}"),
        Kind::OddSpace => format!("the {name} has a space that is not the plain one, `{piece}`{place}"),
        Kind::Wide | Kind::OtherDigits => {
            format!("the {name} has characters of full width, `{piece}`{place}")
        }
        Kind::Quoted => format!("the {name} has a quotation mark in it, `{piece}`{place}"),
    }
}

/// Whether an address has damage that its syntax does not show.
pub(super) fn is_damaged_address(text: &str) -> bool {
    !text.is_ascii()
        && damage::look(text, Kinds::of(&[Kind::Misread, Kind::Unseen, Kind::OddSpace, Kind::Wide])).is_some()
}

/// The text with its damage mended, where it is damaged and what was there is certain.
pub(super) fn mended(text: &str) -> Option<String> {
    if let Some(inside) = separators::inside(text) {
        return Some(inside.to_owned());
    }
    if !damage::is_suspect(text) && !damage::has_word(text) {
        return None;
    }
    damage::look(text, MENDED)?.mended.filter(|mended| mended != text)
}

/// How a text that its field's rule refuses is mended, where that makes it one that `is_right`.
pub(super) fn fix(text: &str, is_right: impl Fn(&str) -> bool) -> Option<String> {
    let mended = mended(text)?;
    if mended.is_empty() {
        return Some("empty the cell, or fill in the value".to_owned());
    }
    is_right(&mended).then(|| written(&mended)).flatten()
}

/// How an address is mended: as any text, or as the address that is inside of it.
pub(super) fn address_fix(text: &str, is_right: fn(&str) -> bool) -> Option<String> {
    const MOST: usize = 3;
    if let Some(fix) = fix(text, is_right) {
        return Some(fix);
    }
    let inside = damage::addresses_inside(mended(text).as_deref().unwrap_or(text), is_right);
    let each: Vec<String> = inside.iter().take(MOST).map(|address| format!("`{}`", shown(address))).collect();
    match each.as_slice() {
        [] => None,
        [one] => Some(format!("write {one}")),
        several => Some(format!("a user has one address here: keep {}", several.join(" or "))),
    }
}

/// What is wrong with a password that nobody can type as it is printed: an error, or only a warning. Nothing of it is
/// repeated but the sign itself.
pub(super) fn of_password(password: &str) -> Vec<(&'static Code, String)> {
    if password.is_ascii() && !password.contains(|c: char| c.is_ascii_control()) {
        return Vec::new();
    }
    let mut told = Vec::new();
    if let Some(c) = password.chars().find(|&c| damage::is_untypable(c)) {
        let which = u32::from(c);
        told.push((
            &codes::PASSWORD_INVISIBLE,
            format!("{}: U+{which:04X}", codes::PASSWORD_INVISIBLE.title),
        ));
    } else if damage::look(password, Kinds::of(&[Kind::Misread])).is_some() {
        told.push((
            &codes::MISREAD_TEXT,
            "the password was read in another encoding than it was written in".to_owned(),
        ));
    }
    if let Some(c) = password.chars().find(|&c| damage::is_autocorrected(c)) {
        told.push((
            &codes::PASSWORD_AUTOCORRECTED,
            format!("{}: `{c}`", codes::PASSWORD_AUTOCORRECTED.title),
        ));
    }
    told
}
