//! Whom a roster is about, and what a cell takes from somebody who is there.

use crate::agent::{CLEAR, Channel, Cleared};
use crate::roster::Field;

/// Whom the rows of a roster are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// People who are to be made: a row says all that they need.
    New,
    /// People who are there: a row says who, and what is to change. A blank cell leaves alone, `(clear)` takes away.
    There,
    /// Both, told apart by the names of those who are there, as far as these are known. What is to be taken from somebody
    /// who is to be made is nothing.
    Both,
    /// People who are to go: a row says who, and whatever else it says of who they are must be so of the user there. Its
    /// other cells say nothing.
    Leaving,
}

impl About {
    /// What says who somebody is: a mistyped name that is somebody else's is found out by these. A phone number is not among
    /// them, for it is changed more often than an address, and by people who do not tell it to whoever keeps a list.
    pub(crate) const IDENTITY: [Field; 5] =
        [Field::FirstName, Field::LastName, Field::Email, Field::SecondaryEmail, Field::DirectoryUserId];

    /// Whether anything is read of a column of this field.
    pub(crate) fn reads(self, field: Field) -> bool {
        self != Self::Leaving || field == Field::Username || Self::IDENTITY.contains(&field)
    }

    /// Whether all of its rows are about people who are there.
    pub(super) fn is_of_those_there(self) -> bool {
        matches!(self, Self::There | Self::Leaving)
    }
}

/// Whether a cell without the spaces around it asks for something to be taken away.
pub(super) fn is_clear(cell: &str) -> bool {
    cell.len() == CLEAR.len() && cell.eq_ignore_ascii_case(CLEAR)
}

/// What is taken away where a cell of the field asks for it; `None` where nobody can be without, or where it never changes.
pub(super) fn clearing(field: Field) -> Option<Cleared> {
    Some(match field {
        Field::FirstName | Field::LastName => return None,
        Field::Password | Field::Username | Field::DirectoryUserId => return None,
        Field::RoutingProfile | Field::SecurityProfiles => return None,
        Field::Email => Cleared::Email,
        Field::SecondaryEmail => Cleared::SecondaryEmail,
        Field::Mobile => Cleared::Mobile,
        Field::Hierarchy => Cleared::Hierarchy,
        // Which of the two families says it makes no difference: both are one phone.
        Field::PhoneType | Field::PhoneTypeVoice => Cleared::Phone,
        Field::PhoneNumber | Field::PhoneNumberVoice => Cleared::PhoneNumber,
        Field::AutoAccept => Cleared::AutoAccept,
        Field::AfterContactWork => Cleared::AfterContactWork,
        Field::PersistentConnection | Field::PersistentConnectionVoice => Cleared::PersistentConnection,
        Field::VoiceEnhancement => Cleared::VoiceEnhancement,
        Field::Tags => Cleared::Tags,
        Field::AutoAcceptVoice => Cleared::ChannelAutoAccept(Channel::Voice),
        Field::AutoAcceptChat => Cleared::ChannelAutoAccept(Channel::Chat),
        Field::AutoAcceptTask => Cleared::ChannelAutoAccept(Channel::Task),
        Field::AutoAcceptEmail => Cleared::ChannelAutoAccept(Channel::Email),
        Field::AutoAcceptCallback => Cleared::CallbackAutoAccept,
        Field::AfterContactWorkVoice => Cleared::ChannelAfterContactWork(Channel::Voice),
        Field::AfterContactWorkChat => Cleared::ChannelAfterContactWork(Channel::Chat),
        Field::AfterContactWorkTask => Cleared::ChannelAfterContactWork(Channel::Task),
        Field::AfterContactWorkEmail => Cleared::ChannelAfterContactWork(Channel::Email),
        Field::AfterContactWorkCallback => Cleared::CallbackAfterContactWork,
        Field::Proficiencies => Cleared::Proficiencies,
    })
}
