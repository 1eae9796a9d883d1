//! What a cell `(clear)` takes away.

use super::channel::Channel;

/// The word for nothing in a cell.
pub(crate) const CLEAR: &str = "(clear)";

/// What a row asks to be taken from a user that is there, in place of a value. A blank cell asks for nothing and leaves the
/// user as it is, which is why there is a word for nothing.
///
/// What nobody can be without is not among them: names, routing profile, security profiles; nor what nobody can change:
/// username, password, the id in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cleared {
    /// The e-mail address.
    Email,
    /// The secondary e-mail address.
    SecondaryEmail,
    /// The mobile number.
    Mobile,
    /// The hierarchy group.
    Hierarchy,
    /// All tags, but those that are nobody's to take.
    Tags,
    /// All proficiencies.
    Proficiencies,
    /// The phone: back to a softphone.
    Phone,
    /// The desk phone's number.
    PhoneNumber,
    /// Auto-accept, on every channel: back to none.
    AutoAccept,
    /// The limit of after-contact work, on every channel: back to none.
    AfterContactWork,
    /// The persistent connection: back to none.
    PersistentConnection,
    /// Audio enhancement: back to none.
    VoiceEnhancement,
    /// Auto-accept of one channel.
    ChannelAutoAccept(Channel),
    /// Auto-accept of agent-first callbacks.
    CallbackAutoAccept,
    /// The limit of after-contact work of one channel.
    ChannelAfterContactWork(Channel),
    /// The limit of after-contact work of agent-first callbacks.
    CallbackAfterContactWork,
}
