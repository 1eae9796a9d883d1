//! What a column can mean.

use crate::agent::Channel;

/// One member of CreateUser as a column of a roster, and the proficiencies after it. The order is that of the console's own
/// template, then comes what its CSV leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `IdentityInfo.FirstName`
    FirstName,
    /// `IdentityInfo.LastName`
    LastName,
    /// `IdentityInfo.Email`
    Email,
    /// `IdentityInfo.SecondaryEmail`
    SecondaryEmail,
    /// `IdentityInfo.Mobile`
    Mobile,
    /// `Password`: the only secret
    Password,
    /// `Username`, the console's `user login`
    Username,
    /// `DirectoryUserId`
    DirectoryUserId,
    /// `RoutingProfileId`, by name, id or ARN
    RoutingProfile,
    /// `SecurityProfileIds`, `|` between them
    SecurityProfiles,
    /// `HierarchyGroupId`, a path with `|` between its levels
    Hierarchy,
    /// `PhoneConfig.PhoneType`
    PhoneType,
    /// `PhoneConfig.DeskPhoneNumber`
    PhoneNumber,
    /// `PhoneConfig.AutoAccept`
    AutoAccept,
    /// `PhoneConfig.AfterContactWorkTimeLimit`, seconds
    AfterContactWork,
    /// `PhoneConfig.PersistentConnection`
    PersistentConnection,
    /// `VoiceEnhancementConfigs`, the console's `audio enhancement`
    VoiceEnhancement,
    /// `Tags`, `key|value||key|value`
    Tags,
    /// `AutoAcceptConfigs` of VOICE
    AutoAcceptVoice,
    /// `AutoAcceptConfigs` of CHAT
    AutoAcceptChat,
    /// `AutoAcceptConfigs` of TASK
    AutoAcceptTask,
    /// `AutoAcceptConfigs` of EMAIL
    AutoAcceptEmail,
    /// `AutoAcceptConfigs` of VOICE, `AgentFirstCallbackAutoAccept`
    AutoAcceptCallback,
    /// `AfterContactWorkConfigs` of VOICE, seconds
    AfterContactWorkVoice,
    /// `AfterContactWorkConfigs` of CHAT, seconds
    AfterContactWorkChat,
    /// `AfterContactWorkConfigs` of TASK, seconds
    AfterContactWorkTask,
    /// `AfterContactWorkConfigs` of EMAIL, seconds
    AfterContactWorkEmail,
    /// `AfterContactWorkConfigs` of VOICE, `AgentFirstCallbackAfterContactWorkConfig`, seconds
    AfterContactWorkCallback,
    /// `PhoneNumberConfigs` of VOICE, `PhoneType`
    PhoneTypeVoice,
    /// `PhoneNumberConfigs` of VOICE, `PhoneNumber`
    PhoneNumberVoice,
    /// `PersistentConnectionConfigs` of VOICE
    PersistentConnectionVoice,
    /// `UserProficiencies` of AssociateUserProficiencies, `attribute:value:level` with `|` between them
    Proficiencies,
}

impl Field {
    /// How many there are.
    pub const COUNT: usize = 32;

    /// All of them, in order.
    pub const ALL: [Field; Field::COUNT] = [
        Field::FirstName,
        Field::LastName,
        Field::Email,
        Field::SecondaryEmail,
        Field::Mobile,
        Field::Password,
        Field::Username,
        Field::DirectoryUserId,
        Field::RoutingProfile,
        Field::SecurityProfiles,
        Field::Hierarchy,
        Field::PhoneType,
        Field::PhoneNumber,
        Field::AutoAccept,
        Field::AfterContactWork,
        Field::PersistentConnection,
        Field::VoiceEnhancement,
        Field::Tags,
        Field::AutoAcceptVoice,
        Field::AutoAcceptChat,
        Field::AutoAcceptTask,
        Field::AutoAcceptEmail,
        Field::AutoAcceptCallback,
        Field::AfterContactWorkVoice,
        Field::AfterContactWorkChat,
        Field::AfterContactWorkTask,
        Field::AfterContactWorkEmail,
        Field::AfterContactWorkCallback,
        Field::PhoneTypeVoice,
        Field::PhoneNumberVoice,
        Field::PersistentConnectionVoice,
        Field::Proficiencies,
    ];

    /// Those whose cells are `yes` or `no`.
    pub(crate) const YES_NO: [Field; 8] = [
        Field::AutoAccept,
        Field::PersistentConnection,
        Field::AutoAcceptVoice,
        Field::AutoAcceptChat,
        Field::AutoAcceptTask,
        Field::AutoAcceptEmail,
        Field::AutoAcceptCallback,
        Field::PersistentConnectionVoice,
    ];

    /// Those whose cells are seconds of after-contact work.
    pub(crate) const SECONDS: [Field; 6] = [
        Field::AfterContactWork,
        Field::AfterContactWorkVoice,
        Field::AfterContactWorkChat,
        Field::AfterContactWorkTask,
        Field::AfterContactWorkEmail,
        Field::AfterContactWorkCallback,
    ];

    /// The auto-accept of each channel.
    pub(crate) const CHANNEL_AUTO_ACCEPT: [(Channel, Field); 4] = [
        (Channel::Voice, Field::AutoAcceptVoice),
        (Channel::Chat, Field::AutoAcceptChat),
        (Channel::Task, Field::AutoAcceptTask),
        (Channel::Email, Field::AutoAcceptEmail),
    ];

    /// The after-contact work of each channel.
    pub(crate) const CHANNEL_AFTER_CONTACT_WORK: [(Channel, Field); 4] = [
        (Channel::Voice, Field::AfterContactWorkVoice),
        (Channel::Chat, Field::AfterContactWorkChat),
        (Channel::Task, Field::AfterContactWorkTask),
        (Channel::Email, Field::AfterContactWorkEmail),
    ];

    /// Members of CreateUser that "cannot be set simultaneously" (API, CreateUser): those of the older `PhoneConfig`, and
    /// the per-channel ones that stand in for them. A row may fill in one side of each.
    pub const FAMILIES: [(&'static [Field], &'static [Field]); 4] = [
        (
            &[Field::AutoAccept],
            &[
                Field::AutoAcceptVoice,
                Field::AutoAcceptChat,
                Field::AutoAcceptTask,
                Field::AutoAcceptEmail,
                Field::AutoAcceptCallback,
            ],
        ),
        (
            &[Field::AfterContactWork],
            &[
                Field::AfterContactWorkVoice,
                Field::AfterContactWorkChat,
                Field::AfterContactWorkTask,
                Field::AfterContactWorkEmail,
                Field::AfterContactWorkCallback,
            ],
        ),
        (&[Field::PhoneType, Field::PhoneNumber], &[Field::PhoneTypeVoice, Field::PhoneNumberVoice]),
        (&[Field::PersistentConnection], &[Field::PersistentConnectionVoice]),
    ];

    /// Whether a cell of it must never be shown, stored or digested.
    pub(crate) fn is_secret(self) -> bool {
        self == Field::Password
    }

    /// A bit for each of these fields, at its place.
    pub(crate) const fn bits_of(fields: &[Field]) -> u32 {
        const { assert!(Field::COUNT <= u32::BITS as usize) };
        let (mut bits, mut at) = (0, 0);
        while at < fields.len() {
            bits |= 1 << fields[at].index();
            at += 1;
        }
        bits
    }

    /// Its place in [`Field::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The header that the console's own template has for it, or would have: what our templates write, and the name
    /// that a column map gives.
    pub fn header(self) -> &'static str {
        match self {
            Field::FirstName => "first name",
            Field::LastName => "last name",
            Field::Email => "email address",
            Field::SecondaryEmail => "secondary email",
            Field::Mobile => "mobile",
            Field::Password => "password",
            Field::Username => "user login",
            Field::DirectoryUserId => "directory user id",
            Field::RoutingProfile => "routing profile name",
            Field::SecurityProfiles => "security_profile_name_1|security_profile_name_2",
            Field::Hierarchy => "user_hierarchy_1|user_hierarchy_2",
            Field::PhoneType => "phone type (soft/desk)",
            Field::PhoneNumber => "phone number",
            Field::AutoAccept => "soft phone auto accept (yes/no)",
            Field::AfterContactWork => "ACW timeout (seconds)",
            Field::PersistentConnection => "persistent connection (yes/no)",
            Field::VoiceEnhancement => "audio enhancement (none/isolate voice/suppress noise)",
            Field::Tags => "tags",
            Field::AutoAcceptVoice => "auto accept voice (yes/no)",
            Field::AutoAcceptChat => "auto accept chat (yes/no)",
            Field::AutoAcceptTask => "auto accept task (yes/no)",
            Field::AutoAcceptEmail => "auto accept email (yes/no)",
            Field::AutoAcceptCallback => "agent first callback auto accept (yes/no)",
            Field::AfterContactWorkVoice => "ACW timeout voice (seconds)",
            Field::AfterContactWorkChat => "ACW timeout chat (seconds)",
            Field::AfterContactWorkTask => "ACW timeout task (seconds)",
            Field::AfterContactWorkEmail => "ACW timeout email (seconds)",
            Field::AfterContactWorkCallback => "agent first callback ACW timeout (seconds)",
            Field::PhoneTypeVoice => "phone type voice (soft/desk)",
            Field::PhoneNumberVoice => "phone number voice",
            Field::PersistentConnectionVoice => "persistent connection voice (yes/no)",
            Field::Proficiencies => "proficiencies",
        }
    }

    /// What people call it: short, and known as a header too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Field::SecurityProfiles => "security profiles",
            Field::Hierarchy => "hierarchy",
            Field::PhoneType => "phone type",
            Field::RoutingProfile => "routing profile",
            Field::AutoAccept => "auto accept",
            Field::AfterContactWork => "ACW timeout",
            Field::PersistentConnection => "persistent connection",
            Field::VoiceEnhancement => "audio enhancement",
            Field::AutoAcceptVoice => "auto accept voice",
            Field::AutoAcceptChat => "auto accept chat",
            Field::AutoAcceptTask => "auto accept task",
            Field::AutoAcceptEmail => "auto accept email",
            Field::AutoAcceptCallback => "agent first callback auto accept",
            Field::AfterContactWorkVoice => "ACW timeout voice",
            Field::AfterContactWorkChat => "ACW timeout chat",
            Field::AfterContactWorkTask => "ACW timeout task",
            Field::AfterContactWorkEmail => "ACW timeout email",
            Field::AfterContactWorkCallback => "agent first callback ACW timeout",
            Field::PhoneTypeVoice => "phone type voice",
            Field::PersistentConnectionVoice => "persistent connection voice",
            _ => self.header(),
        }
    }

    /// Whether its cells are text even where they look like numbers: a spreadsheet that holds one as a number has lost
    /// its leading zeros and plus signs.
    pub(crate) fn is_exact_text(self) -> bool {
        use Field::{DirectoryUserId, Mobile, Password, PhoneNumber, PhoneNumberVoice, Username};
        matches!(self, Username | Password | DirectoryUserId | PhoneNumber | PhoneNumberVoice | Mobile)
    }

    /// Whether its cells are `yes` or `no`.
    pub(crate) fn is_yes_no(self) -> bool {
        Field::YES_NO.contains(&self)
    }

    /// Whether the console's own CSV leaves it out.
    pub fn is_beyond_the_console(self) -> bool {
        self.index() > Field::Tags.index()
    }
}
