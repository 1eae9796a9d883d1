//! What a column can mean.

/// One member of CreateUser as a column of a roster. The order is that of the console's own template.
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
}

impl Field {
    /// How many there are.
    pub const COUNT: usize = 18;

    /// All of them, in the order of the console's template.
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
    ];

    /// Whether a cell of it must never be shown, stored or digested.
    pub fn is_secret(self) -> bool {
        self == Field::Password
    }

    /// Its place in [`Field::ALL`].
    pub fn index(self) -> usize {
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
        }
    }

    /// What people call it: short, and known as a header too.
    pub fn name(self) -> &'static str {
        match self {
            Field::SecurityProfiles => "security profiles",
            Field::Hierarchy => "hierarchy",
            Field::PhoneType => "phone type",
            Field::RoutingProfile => "routing profile",
            Field::AutoAccept => "auto accept",
            Field::AfterContactWork => "ACW timeout",
            Field::PersistentConnection => "persistent connection",
            Field::VoiceEnhancement => "audio enhancement",
            _ => self.header(),
        }
    }

    /// Whether its cells are text even where they look like numbers: a spreadsheet that holds one as a number has lost
    /// its leading zeros and plus signs.
    pub fn is_exact_text(self) -> bool {
        use Field::{DirectoryUserId, Mobile, Password, PhoneNumber, Username};
        matches!(self, Username | Password | DirectoryUserId | PhoneNumber | Mobile)
    }

    /// Whether its cells are `yes` or `no`.
    pub fn is_yes_no(self) -> bool {
        matches!(self, Field::AutoAccept | Field::PersistentConnection)
    }
}
