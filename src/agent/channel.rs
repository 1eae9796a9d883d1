//! What a contact comes in on.

/// What a contact comes in on (`Channel` of CreateUser's per-channel members).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Channel {
    /// Calls.
    Voice,
    /// Chats and messages.
    Chat,
    /// Tasks.
    Task,
    /// E-mails.
    Email,
}

impl Channel {
    /// All four, in the order of the API's documentation.
    pub(crate) const ALL: [Channel; 4] = [Self::Voice, Self::Chat, Self::Task, Self::Email];

    /// The API's own word for it.
    pub(crate) const fn as_api(self) -> &'static str {
        match self {
            Self::Voice => "VOICE",
            Self::Chat => "CHAT",
            Self::Task => "TASK",
            Self::Email => "EMAIL",
        }
    }
}
