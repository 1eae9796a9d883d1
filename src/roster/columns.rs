//! What a header means: one table of names, and the console's own templates of every era.

use super::field::Field;
use crate::error::Failure;
use crate::text::printable;

/// The names of each field. Compared as [`key`] makes them, so that case, spaces, `_`, `-` and a parenthesis do not
/// matter and `FirstName`, `first_name` and `First name (given)` are one.
///
/// First the console's own names of every era, as its templates and the pages "Add users to Amazon Connect" and
/// "Configure SAML with IAM for Amazon Connect" have them; then CreateUser's member names; then what people write.
#[rustfmt::skip]
const NAMES: [(Field, &[&str]); Field::COUNT] = [
    (Field::FirstName, &["first name", "IdentityInfo.FirstName", "given name", "forename"]),
    (Field::LastName, &["last name", "IdentityInfo.LastName", "surname", "family name"]),
    (Field::Email, &["email address", "IdentityInfo.Email", "email"]),
    (Field::SecondaryEmail, &["secondary email", "secondary email address", "IdentityInfo.SecondaryEmail"]),
    (Field::Mobile, &["mobile", "IdentityInfo.Mobile", "mobile number", "mobile phone", "mobile phone number"]),
    (Field::Password, &["password", "initial password"]),
    (Field::Username, &["user login", "username", "login", "login name"]),
    (Field::DirectoryUserId, &["directory user id"]),
    (Field::RoutingProfile, &["routing profile name", "RoutingProfileId", "routing profile", "RoutingProfileArn"]),
    (Field::SecurityProfiles, &[
        "security_profile_name_1|security_profile_name_2", "SecurityProfileIds", "security profile", "security profiles",
        "security profile names", "security_profile_1|security_profile_2", "SecurityProfileArns",
    ]),
    (Field::Hierarchy, &[
        "user_hierarchy_1|user_hierarchy_2", "agent hierarchy", "HierarchyGroupId", "hierarchy", "hierarchy group",
        "hierarchy path", "HierarchyGroupArn",
    ]),
    (Field::PhoneType, &["phone type (soft/desk)", "PhoneConfig.PhoneType"]),
    (Field::PhoneNumber, &["phone number", "PhoneConfig.DeskPhoneNumber", "desk phone", "phone"]),
    (Field::AutoAccept, &[
        "soft phone auto accept (yes/no)", "PhoneConfig.AutoAccept", "auto accept calls", "auto accept call",
    ]),
    (Field::AfterContactWork, &[
        "ACW timeout (seconds)", "PhoneConfig.AfterContactWorkTimeLimit", "ACW", "ACW timeout seconds", "ACW seconds",
        "after contact work", "after contact work timeout", "after call work", "after call work timeout",
    ]),
    (Field::PersistentConnection, &["persistent connection (yes/no)", "PhoneConfig.PersistentConnection"]),
    (Field::VoiceEnhancement, &[
        "audio enhancement (none/isolate voice/suppress noise)", "VoiceEnhancementConfigs.VOICE.VoiceEnhancementMode",
        "VoiceEnhancementConfigs.VOICE", "VoiceEnhancementConfigs", "voice enhancement", "voice enhancement mode",
        // With its first parenthesis lost; see `key`.
        "audio enhancement none/isolate voice/suppress",
    ]),
    (Field::Tags, &["tags"]),
    // What the console's CSV leaves out: its words for the settings ("Agent settings", Admin Guide), then the API's members.
    (Field::AutoAcceptVoice, &["auto accept voice (yes/no)", "AutoAcceptConfigs.VOICE.AutoAccept", "AutoAcceptConfigs.VOICE", "auto accept voice calls"]),
    (Field::AutoAcceptChat, &["auto accept chat (yes/no)", "AutoAcceptConfigs.CHAT.AutoAccept", "AutoAcceptConfigs.CHAT", "auto accept chats"]),
    (Field::AutoAcceptTask, &["auto accept task (yes/no)", "AutoAcceptConfigs.TASK.AutoAccept", "AutoAcceptConfigs.TASK", "auto accept tasks"]),
    (Field::AutoAcceptEmail, &["auto accept email (yes/no)", "AutoAcceptConfigs.EMAIL.AutoAccept", "AutoAcceptConfigs.EMAIL", "auto accept emails"]),
    (Field::AutoAcceptCallback, &[
        "agent first callback auto accept (yes/no)", "AutoAcceptConfigs.VOICE.AgentFirstCallbackAutoAccept",
        "auto accept agent first callback",
    ]),
    (Field::AfterContactWorkVoice, &[
        "ACW timeout voice (seconds)", "AfterContactWorkConfigs.VOICE.AfterContactWorkConfig.AfterContactWorkTimeLimit",
        "AfterContactWorkConfigs.VOICE", "ACW voice", "after contact work voice",
    ]),
    (Field::AfterContactWorkChat, &[
        "ACW timeout chat (seconds)", "AfterContactWorkConfigs.CHAT.AfterContactWorkConfig.AfterContactWorkTimeLimit",
        "AfterContactWorkConfigs.CHAT", "ACW chat", "after contact work chat",
    ]),
    (Field::AfterContactWorkTask, &[
        "ACW timeout task (seconds)", "AfterContactWorkConfigs.TASK.AfterContactWorkConfig.AfterContactWorkTimeLimit",
        "AfterContactWorkConfigs.TASK", "ACW task", "after contact work task",
    ]),
    (Field::AfterContactWorkEmail, &[
        "ACW timeout email (seconds)", "AfterContactWorkConfigs.EMAIL.AfterContactWorkConfig.AfterContactWorkTimeLimit",
        "AfterContactWorkConfigs.EMAIL", "ACW email", "after contact work email",
    ]),
    (Field::AfterContactWorkCallback, &[
        "agent first callback ACW timeout (seconds)",
        "AfterContactWorkConfigs.VOICE.AgentFirstCallbackAfterContactWorkConfig.AfterContactWorkTimeLimit",
        "AgentFirstCallbackAfterContactWorkConfig", "agent first callback ACW", "ACW timeout agent first callback",
    ]),
    (Field::PhoneTypeVoice, &["phone type voice (soft/desk)", "PhoneNumberConfigs.VOICE.PhoneType"]),
    (Field::PhoneNumberVoice, &["phone number voice", "PhoneNumberConfigs.VOICE.PhoneNumber"]),
    (Field::PersistentConnectionVoice, &[
        "persistent connection voice (yes/no)", "PersistentConnectionConfigs.VOICE.PersistentConnection",
        "PersistentConnectionConfigs.VOICE", "PersistentConnectionConfigs",
    ]),
    (Field::Proficiencies, &["proficiencies", "UserProficiencies", "proficiency", "user proficiency"]),
];

/// The console's own templates, as far as they are known word by word.
///
/// Sources: programs that write these files for the console (MWarren1/Amazon-Connect-Config-Backup), the template
/// itself (joshbasquez/AzureAD_to_AmazonConnect, sampleUserForm.csv), the AWS blog "Create and update agents in bulk
/// with Amazon Connect", and the user management pages of the administrator guide from 2023 to 2026.
#[rustfmt::skip]
pub(super) const TEMPLATES: [(&str, &str); 11] = [
    ("Amazon Connect console template, SAML (to 2022)",
     "first name,last name,user login,routing profile name,security_profile_name_1|security_profile_name_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds)"),
    ("Amazon Connect console template, CONNECT_MANAGED (to 2022)",
     "first name,last name,email address,password,user login,routing profile name,security_profile_name_1|security_profile_name_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds)"),
    ("AWS bulk agent tool, SAML",
     "first name,last name,user login,routing profile name,security_profile_name_1|security_profile_name_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),UserHierarchy"),
    ("AWS bulk agent tool, CONNECT_MANAGED",
     "first name,last name,email address,password,user login,routing profile name,security_profile_name_1|security_profile_name_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),UserHierarchy"),
    ("Amazon Connect console template, SAML (2024)",
     "first name,last name,secondary email,mobile,user login,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),tags"),
    ("Amazon Connect console template, CONNECT_MANAGED (2024)",
     "first name,last name,email address,secondary email,mobile,password,user login,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),tags"),
    ("Amazon Connect console template, CONNECT_MANAGED (2023, as documented)",
     "first name,last name,email address,secondary email address,mobile,password,user login,agent hierarchy,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept yes/no),ACW timeout (seconds),tags"),
    ("Amazon Connect console template, SAML (2025)",
     "first name,last name,secondary email,mobile,user login,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),persistent connection (yes/no),tags"),
    ("Amazon Connect console template, CONNECT_MANAGED (2025)",
     "first name,last name,email address,secondary email,mobile,password,user login,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),persistent connection (yes/no),tags"),
    ("Amazon Connect console template (2026)",
     "first name,last name,user login,agent hierarchy,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,tags,persistent connection,audio enhancement(none/isolate voice/suppress noise)"),
    ("headcount template, EXISTING_DIRECTORY",
     "user login,directory user id,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),tags"),
];

/// The columns that headcount adds to a file of failed rows, and passes over when it reads that file again: where the
/// row stands, the code and the words of its failure, its number in the roster that was read, the name under which the
/// ledger has it, and a mark by which a copy that nobody has touched is known.
pub(crate) const REASONS: [&str; 6] = [
    "headcount state",
    "headcount code",
    "headcount reason",
    "headcount row",
    "headcount user",
    "headcount mark",
];

/// The header of the column that an annotated copy has more than its roster: what was found in each row.
pub const FINDINGS: &str = "headcount findings";

/// Which of [`REASONS`] a header is.
pub(crate) fn reason(header: &str) -> Option<usize> {
    REASONS.iter().position(|reason| header.trim().eq_ignore_ascii_case(reason))
}

/// What a column of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It carries this field.
    Field(Field),
    /// It is passed over: the column map says so, or it is one of the reason columns that headcount itself adds to a
    /// file of failed rows.
    Ignored,
    /// Its header is empty.
    Unnamed,
    /// Its header is almost a name of this field.
    Misspelt(Field),
    /// Its header means nothing to us.
    Unknown,
}

impl Use {
    /// What a header means without a mapping.
    pub(super) fn of(header: &str) -> Self {
        let key = key(header);
        if key.is_empty() {
            return Use::Unnamed;
        }
        if header.trim().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("headcount ")) {
            return Use::Ignored;
        }
        field_named(&key)
            .map(Use::Field)
            .or_else(|| field_like(&key).map(Use::Misspelt))
            .unwrap_or(Use::Unknown)
    }
}

/// What to do about a column that is not known: the columns that a structure of the API is spread over, what a foreign
/// header may stand for, and where neither is known, what can be done with any column.
pub(super) fn instead(header: &str) -> String {
    let members = members(header);
    if !members.is_empty() {
        let names: Vec<String> = members.iter().map(|field| format!("`{}`", field.name())).collect();
        return format!("it has several members, each of which is a column of its own: {}", names.join(", "));
    }
    let meant = propose(header).map(|field| format!(" to `{}`", field.name())).unwrap_or_default();
    format!("map it{meant} or ignore it in a file for `⟦column-map⟧`; `headcount columns` proposes one")
}

/// The fields that are members of a structure of the API, by the structure's name: `AutoAcceptConfigs`, `IdentityInfo`.
pub(crate) fn members(header: &str) -> Vec<Field> {
    let structure = key(header);
    let is_within = |name: &str| {
        let rest = key(name);
        !structure.is_empty() && rest.strip_prefix(&structure).is_some_and(|rest| rest.starts_with('.'))
    };
    let fields = NAMES.into_iter().filter(|(_, names)| names.iter().any(|name| is_within(name)));
    fields.map(|(field, _)| field).collect()
}

/// The field that any of our names gives, the header being as a person wrote it.
pub(super) fn field(header: &str) -> Option<Field> {
    field_named(&key(header))
}

/// The field whose name is nearest, where one is near enough to be a slip of the hand.
pub(super) fn near(header: &str) -> Option<Field> {
    field_like(&key(header))
}

/// What other systems call our columns, for proposals only: nothing is read by these names.
#[rustfmt::skip]
const FOREIGN: [(Field, &[&str]); 13] = [
    (Field::FirstName, &["vorname", "rufname", "prénom", "prenom", "nombre", "nombres", "nome", "voornaam", "imię"]),
    (Field::LastName, &["nachname", "familienname", "zuname", "nom", "nom de famille", "apellido", "apellidos", "cognome", "sobrenome", "achternaam", "nazwisko"]),
    (Field::Email, &["mail", "e-mail-adresse", "e-mail dienstlich", "courriel", "adresse e-mail", "correo", "correo electrónico", "work email", "business email", "primary work email", "email (work)"]),
    (Field::SecondaryEmail, &["private email", "e-mail privat", "personal email", "home email"]),
    (Field::Mobile, &["handy", "handynummer", "mobil", "mobiltelefon", "mobilnummer", "portable", "móvil", "cellulare", "cell", "cell phone"]),
    (Field::Password, &["kennwort", "passwort", "mot de passe", "contraseña", "senha", "wachtwoord", "hasło", "initialkennwort"]),
    (Field::Username, &["benutzername", "benutzer", "anmeldename", "loginname", "kennung", "identifiant", "usuario", "nome utente", "gebruikersnaam", "agent id", "user id", "network id"]),
    (Field::RoutingProfile, &["routingprofil", "routing", "skill profile"]),
    (Field::SecurityProfiles, &["rolle", "rollen", "sicherheitsprofil", "role", "roles", "rôle", "rol"]),
    (Field::Hierarchy, &["team", "abteilung", "equipe", "équipe", "equipo", "department", "organisation", "organization"]),
    (Field::PhoneType, &["telefonart", "telefontyp", "type de téléphone", "tipo de teléfono"]),
    (Field::AfterContactWork, &["nachbearbeitung", "nachbearbeitungszeit", "acw", "after call work", "wrap up time", "post-appel", "tiempo acw"]),
    (Field::PhoneNumber, &["telefon", "telefonnummer", "rufnummer", "durchwahl", "nebenstelle", "téléphone", "teléfono", "telefono", "extension", "telephone", "work phone"]),
];

/// The field that a foreign header may stand for, for a person to confirm.
pub(crate) fn propose(header: &str) -> Option<Field> {
    let key = key(header);
    let means = |names: &[&str]| names.iter().any(|name| self::key(name) == key);
    FOREIGN.into_iter().find(|(_, names)| means(names)).map(|(field, _)| field).or_else(|| field_like(&key))
}

/// Headers under which other systems have the whole name of a person.
#[rustfmt::skip]
const WHOLE_NAMES: [&str; 22] = [
    "name", "full name", "employee name", "display name", "agent name", "worker", "employee", "preferred name",
    "mitarbeiter", "mitarbeitername", "name, vorname", "nachname, vorname", "vor- und nachname", "nom complet",
    "nom et prénom", "nom prénom", "collaborateur", "nombre completo", "apellidos y nombre", "nome completo",
    "nominativo", "last name, first name",
];

/// Whether a column of this header may hold whole names, for a person to confirm.
pub(crate) fn is_whole_name(header: &str) -> bool {
    let key = key(header);
    WHOLE_NAMES.iter().any(|name| self::key(name) == key)
}

/// The other headers of a field: all names but its own.
#[cfg(test)]
pub(super) fn aliases(field: Field) -> impl Iterator<Item = &'static str> {
    let own = key(field.header());
    let names =
        NAMES.into_iter().filter(move |(named, _)| *named == field).flat_map(|(_, names)| names.iter());
    names.copied().filter(move |name| key(name) != own)
}

fn field_named(key: &str) -> Option<Field> {
    names().find(|(_, name)| name == key).map(|(field, _)| field)
}

/// One slip in a short name, two in a long one. A doubtful case is an error that asks, so the net is wide rather than
/// narrow; but `team` is not `tags`.
fn field_like(key: &str) -> Option<Field> {
    let length = key.chars().count();
    let slips = match length {
        0..4 => return None,
        4..8 => 1,
        _ => 2,
    };
    // A slip changes the length by one at most: a header of a megabyte is compared with no name.
    let close = names().filter(|(_, name)| name.chars().count().abs_diff(length) <= slips);
    let distance = |name: &str| strsim::osa_distance(key, name);
    let (field, nearest) = close.map(|(field, name)| (field, distance(&name))).min_by_key(|(_, d)| *d)?;
    (nearest <= slips).then_some(field)
}

/// Every name with its field. A member name such as `PhoneConfig.AutoAccept` is also known by its last part; one with a
/// channel in it is not, for its last part is that of every channel.
fn names() -> impl Iterator<Item = (Field, String)> {
    NAMES.into_iter().flat_map(|(field, names)| {
        names.iter().flat_map(move |name| {
            let last = name.split_once('.').filter(|(_, last)| !is_of_a_channel(name, last));
            let last = last.map(|(_, last)| (field, key(last)));
            std::iter::once((field, key(name))).chain(last)
        })
    })
}

fn is_of_a_channel(name: &str, last: &str) -> bool {
    name.contains("Configs.") || last.contains('.')
}

/// The form in which headers are compared: lower case, without spaces, `_`, `-` or a parenthesis (nor what is left of
/// one that was lost), and without the numbers in `security_profile_name_1|security_profile_name_2`.
pub(super) fn key(header: &str) -> String {
    let text = without_parenthesis(header);
    let squeezed = text
        .chars()
        .filter(|c| !(c.is_whitespace() || matches!(c, '_' | '-' | '\u{FEFF}' | '\u{200B}')))
        .flat_map(char::to_lowercase)
        .collect::<String>();
    // A list of one stem with numbers is that stem.
    let stem = |part: &str| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let mut parts = squeezed.split('|');
    match (parts.next().map(stem), parts.next()) {
        (Some(first), Some(_)) if squeezed.split('|').all(|part| stem(part) == first) => first,
        _ => squeezed,
    }
}

/// Drops `(yes/no)`, `(yes/no` and `yes/no)`: the documentation itself prints the last.
fn without_parenthesis(header: &str) -> &str {
    let header = header.trim();
    match (header.find('('), header.strip_suffix(')')) {
        (Some(open), _) => &header[..open],
        (None, Some(text)) => text.trim_end().rsplit_once(char::is_whitespace).map_or(text, |(text, _)| text),
        (None, None) => header,
    }
}

/// Which of the console's templates this is: the same columns in any order, our own reason columns aside.
pub(super) fn recognise(headers: &[String]) -> Option<&'static str> {
    let keys = |headers: &mut dyn Iterator<Item = &str>| {
        let mut keys: Vec<String> = headers.map(key).filter(|key| !key.is_empty()).collect();
        keys.sort_unstable();
        keys
    };
    let these =
        keys(&mut headers.iter().map(String::as_str).filter(|header| Use::of(header) != Use::Ignored));
    TEMPLATES.into_iter().find(|(_, line)| keys(&mut line.split(',')) == these).map(|(name, _)| name)
}

/// Whether a row can be no header: a header has no e-mail address, no telephone number, and no `yes` of its own.
pub(super) fn looks_like_data(cells: &[String]) -> bool {
    cells.iter().map(|cell| cell.trim()).any(|cell| {
        let is_address =
            cell.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        let digits = cell.strip_prefix('+').unwrap_or(cell);
        let is_number =
            !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '/'));
        is_address
            || is_number
            || ["yes", "no", "soft", "desk"].iter().any(|word| cell.eq_ignore_ascii_case(word))
    })
}

/// A column's name in a spreadsheet: A to Z, AA, AB and so on.
pub(crate) fn column_letters(mut at: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(at % 26).unwrap_or(0)));
        if at < 26 {
            return letters.iter().rev().collect();
        }
        at = at / 26 - 1;
    }
}

/// A header, a sheet's name: as it stands in a message.
pub(super) fn name_shown(text: &str) -> String {
    printable(text, 60)
}

/// More columns than any roster has; Excel allows 16,384.
pub(super) const MAX_COLUMNS: u32 = 1_024;

/// What is said of a header that has more.
pub(super) fn too_wide() -> Failure {
    Failure::usage(format!("the header has more than {MAX_COLUMNS} columns"))
        .hint("copy the roster's columns alone into a new file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_a_spreadsheet_calls_them() {
        for (at, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(column_letters(at), name);
        }
    }

    #[test]
    fn no_two_templates_have_the_same_columns() {
        for (name, line) in TEMPLATES {
            assert_eq!(recognise(&line.split(',').map(str::to_owned).collect::<Vec<_>>()), Some(name));
        }
    }

    #[test]
    fn a_name_means_one_field_only() {
        let names: Vec<(Field, String)> = names().collect();
        for (field, name) in &names {
            for (other, same) in &names {
                assert!(name != same || field == other, "`{name}` means {field:?} and {other:?}");
            }
        }
    }

    #[test]
    fn every_field_is_known_by_its_own_header_and_name() {
        for field in Field::ALL {
            assert_eq!(super::field(field.header()), Some(field));
            assert_eq!(super::field(field.name()), Some(field));
        }
    }

    #[test]
    fn spelling_variants_of_a_header_are_one() {
        let table = [
            ("First Name", Field::FirstName),
            ("  first_name ", Field::FirstName),
            ("FIRST-NAME", Field::FirstName),
            ("FirstName", Field::FirstName),
            ("IdentityInfo.FirstName", Field::FirstName),
            ("\u{FEFF}first name", Field::FirstName),
            ("first\u{A0}name", Field::FirstName),
            ("E-Mail", Field::Email),
            ("Username", Field::Username),
            ("RoutingProfileId", Field::RoutingProfile),
            (
                "security_profile_name_1|security_profile_name_2|security_profile_name_3",
                Field::SecurityProfiles,
            ),
            ("SecurityProfileIds", Field::SecurityProfiles),
            ("UserHierarchy", Field::Hierarchy),
            ("agent hierarchy", Field::Hierarchy),
            ("Phone type (soft/desk", Field::PhoneType),
            ("soft phone auto accept yes/no)", Field::AutoAccept),
            ("AutoAccept", Field::AutoAccept),
            ("DeskPhoneNumber", Field::PhoneNumber),
            ("PhoneConfig.DeskPhoneNumber", Field::PhoneNumber),
            ("ACW timeout", Field::AfterContactWork),
            ("AfterContactWorkTimeLimit", Field::AfterContactWork),
            ("audio enhancement none/isolate voice/suppress noise)", Field::VoiceEnhancement),
            ("VoiceEnhancementConfigs", Field::VoiceEnhancement),
            ("Auto-accept chat", Field::AutoAcceptChat),
            ("AutoAcceptConfigs.TASK.AutoAccept", Field::AutoAcceptTask),
            ("agent_first_callback_auto_accept", Field::AutoAcceptCallback),
            ("ACW timeout voice (seconds)", Field::AfterContactWorkVoice),
            ("PhoneNumberConfigs.VOICE.PhoneType", Field::PhoneTypeVoice),
            ("UserProficiencies", Field::Proficiencies),
        ];
        for (header, field) in table {
            assert_eq!(Use::of(header), Use::Field(field), "{header}");
        }
    }

    #[test]
    fn a_slip_of_the_hand_is_asked_about_and_a_stranger_is_not() {
        let table = [
            ("fist name", Use::Misspelt(Field::FirstName)),
            ("pasword", Use::Misspelt(Field::Password)),
            ("rooting profile name", Use::Misspelt(Field::RoutingProfile)),
            ("phone numbr", Use::Misspelt(Field::PhoneNumber)),
            ("tag", Use::Unknown),
            ("team", Use::Unknown),
            ("Cost centre", Use::Unknown),
            ("Site", Use::Unknown),
            ("", Use::Unnamed),
            (" () ", Use::Unnamed),
            ("headcount reason", Use::Ignored),
            ("Headcount state", Use::Ignored),
            ("headcount", Use::Unknown),
        ];
        for (header, used) in table {
            assert_eq!(Use::of(header), used, "{header}");
        }
    }
}
