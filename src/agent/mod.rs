//! The vocabulary: a user that we may create, in the roster's own words.
//!
//! Knows nobody else in the crate. An [`Agent`] comes out of `validate` only, after every rule has passed.

mod channel;
mod cleared;
mod differing;
pub(crate) mod phone;
mod row;
mod secret;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub(crate) use channel::Channel;
pub(crate) use cleared::{CLEAR, Cleared};
pub use differing::Differing;
pub use phone::PhoneRegion;
pub use row::{Fingerprint, RowNumber};
pub use secret::Password;

/// The key of the tag that proves which run made a user; a roster cannot set it. Its value is `RUN/ATTEMPT`: the
/// ledger's run and the attempt's number in it.
pub const PROVENANCE: &str = "headcount:run";

/// How an instance knows its users; fixed for the instance's life (DescribeInstance, `IdentityManagementType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityType {
    /// Users and passwords live in Amazon Connect.
    ConnectManaged,
    /// Users sign in through a SAML 2.0 identity provider.
    Saml,
    /// Users come from an AWS Directory Service directory.
    ExistingDirectory,
}

impl IdentityType {
    /// All three, in the order of the API's documentation.
    pub const ALL: [IdentityType; 3] = [Self::Saml, Self::ConnectManaged, Self::ExistingDirectory];

    /// The API's own word for it.
    pub(crate) fn as_api(self) -> &'static str {
        match self {
            Self::ConnectManaged => "CONNECT_MANAGED",
            Self::Saml => "SAML",
            Self::ExistingDirectory => "EXISTING_DIRECTORY",
        }
    }

    /// Reads the API's own word.
    pub(crate) fn from_api(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_api() == word)
    }

    /// The word that `--identity` takes.
    pub fn as_flag(self) -> &'static str {
        match self {
            Self::ConnectManaged => "connect",
            Self::Saml => "saml",
            Self::ExistingDirectory => "directory",
        }
    }
}

impl fmt::Display for IdentityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_api())
    }
}

/// The kind of phone an agent answers on (`PhoneConfig.PhoneType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PhoneType {
    /// The browser's softphone.
    Soft,
    /// A desk phone, which must have a number.
    Desk,
}

/// `VoiceEnhancementMode` of CreateUser; the console's `audio enhancement` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum VoiceEnhancement {
    /// `NONE`, the console's `none`.
    None,
    /// `VOICE_ISOLATION`, the console's `isolate voice`.
    VoiceIsolation,
    /// `NOISE_SUPPRESSION`, the console's `suppress noise`.
    NoiseSuppression,
}

/// What an agent is good at (`UserProficiency`): given to a user after its creation, for CreateUser has no member for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proficiency {
    /// The predefined attribute's name, 1 to 100 characters.
    pub(crate) attribute: String,
    /// One of its values, 1 to 100 characters.
    pub(crate) value: String,
    /// 1 to 5.
    pub(crate) level: u8,
}

/// Something of the instance that a row names: a name, an id or an ARN, as the cell has it.
pub(crate) type Reference = String;

/// A user that the roster asks for, valid as far as can be known offline. Names are not resolved yet.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The row as the spreadsheet shows it.
    pub(crate) row: RowNumber,
    /// The exact username: case-sensitive, and with the instance the identity of this row.
    pub(crate) username: String,
    /// The first password, for CONNECT_MANAGED only.
    pub(crate) password: Option<Password>,
    /// First name, NFC.
    pub(crate) first_name: Option<String>,
    /// Last name, NFC.
    pub(crate) last_name: Option<String>,
    /// E-mail address; never with SAML.
    pub(crate) email: Option<String>,
    /// Secondary e-mail address.
    pub(crate) secondary_email: Option<String>,
    /// Mobile number, E.164.
    pub(crate) mobile: Option<String>,
    /// `DirectoryUserId`, for EXISTING_DIRECTORY only.
    pub(crate) directory_user_id: Option<String>,
    /// The one routing profile.
    pub(crate) routing_profile: Reference,
    /// One to ten security profiles, distinct.
    pub(crate) security_profiles: Vec<Reference>,
    /// The hierarchy group: a path with its top level first, or one element that is a leaf name, an id or an ARN.
    pub(crate) hierarchy: Option<Vec<String>>,
    /// Soft or desk.
    pub(crate) phone_type: Option<PhoneType>,
    /// The desk phone's number, E.164; a number that a soft-phone row carries and the service would refuse is not here.
    pub(crate) phone_number: Option<String>,
    /// Softphone auto-accept.
    pub(crate) auto_accept: Option<bool>,
    /// After-contact work time limit in seconds, 0 for no limit.
    pub(crate) after_contact_work_seconds: Option<u32>,
    /// Persistent connection.
    pub(crate) persistent_connection: Option<bool>,
    /// Voice enhancement.
    pub(crate) voice_enhancement: Option<VoiceEnhancement>,
    /// The roster's own tags, at most 49: the fiftieth place is the provenance tag's.
    pub(crate) tags: BTreeMap<String, String>,
    /// Auto-accept of single channels; where there is any, `auto_accept` is empty.
    pub(crate) channel_auto_accept: BTreeMap<Channel, bool>,
    /// Auto-accept of agent-first callbacks; only where voice has one of its own.
    pub(crate) callback_auto_accept: Option<bool>,
    /// After-contact work of single channels in seconds, 0 for no limit; where there is any,
    /// `after_contact_work_seconds` is empty.
    pub(crate) channel_after_contact_work_seconds: BTreeMap<Channel, u32>,
    /// After-contact work of agent-first callbacks in seconds; only where voice has one of its own.
    pub(crate) callback_after_contact_work_seconds: Option<u32>,
    /// Soft or desk, as `PhoneNumberConfigs` has it; then `phone_type` and `phone_number` are empty.
    pub(crate) voice_phone_type: Option<PhoneType>,
    /// The number of `PhoneNumberConfigs`, E.164; only with its type.
    pub(crate) voice_phone_number: Option<String>,
    /// `PersistentConnectionConfigs`; then `persistent_connection` is empty.
    pub(crate) voice_persistent_connection: Option<bool>,
    /// Given after the creation, at most 10, sorted, no attribute with one value twice.
    pub proficiencies: Vec<Proficiency>,
    /// What is to be taken from a user that is there; nothing where a user is to be made.
    pub(crate) cleared: BTreeSet<Cleared>,
}
