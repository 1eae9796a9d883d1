//! What a header means: one table of names, and the console's own templates of every era.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

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
pub(super) const TEMPLATES: [(&str, &str); 12] = [
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
    ("headcount credentials", "user login,password"),
];

/// The columns that headcount adds to a file of failed rows, and passes over when it reads that file again: where the
/// row stands, the code and the words of its failure, its number in the roster that was read, the name under which the
/// ledger has it, and a mark by which a copy that nobody has touched is known. Where all of them stand in a CSV, the other
/// cells that begin like a formula have a guard before them, which reading takes off again.
pub(crate) const REASONS: [&str; 6] = [
    "headcount state",
    "headcount code",
    "headcount reason",
    "headcount row",
    "headcount user",
    "headcount mark",
];

/// The header of the column that an annotated copy has more than its roster: what was found in each row. Where it stands
/// first in a CSV, cells that begin like a formula have a guard before them, which reading takes off again.
pub const FINDINGS: &str = "headcount findings";

/// The header of the column that a roster of users who are there has more: what no cell of the row can say. Where it stands
/// in a CSV, cells that begin like a formula have a guard before them, which reading takes off again.
pub(crate) const NOTE: &str = "headcount note";

/// Whether a header is [`NOTE`].
pub(crate) fn is_note(header: &str) -> bool {
    header.trim().eq_ignore_ascii_case(NOTE)
}

/// Whether a file with these columns is one that headcount writes of its own: of users who are there, or of rows that have
/// failed.
pub(super) fn are_ours(headers: &[String]) -> bool {
    headers.iter().any(|header| is_note(header))
        || (0..REASONS.len()).all(|column| headers.iter().any(|header| reason(header) == Some(column)))
}

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
pub(crate) fn near(header: &str) -> Option<Field> {
    field_like(&key(header))
}

/// A name of a field that is not yet among these headers.
pub(crate) fn free_header(field: Field, headers: &[String]) -> Option<&'static str> {
    let (_, names) = NAMES.into_iter().find(|(named, _)| *named == field)?;
    names.iter().copied().find(|name| headers.iter().all(|header| key(header) != key(name)))
}

/// What other systems call our columns, for proposals only: nothing is read by these names.
#[rustfmt::skip]
const FOREIGN: [(Field, &[&str]); 13] = [
    (Field::FirstName, &[
        "vorname", "vornamen", "rufname", "prénom", "prenom", "nombre", "nombres", "nome", "voornaam", "imię", "jméno", "keresztnév",
        "fornavn", "förnamn", "etunimi", "prenume", "ime", "имя", "ім'я", "όνομα", "adı", "名", "الاسم الأول", "first",
    ]),
    (Field::LastName, &[
        "nachname", "nachnamen", "familienname", "zuname", "nom", "nom de famille", "apellido", "apellidos", "cognome", "sobrenome",
        "apelido", "achternaam", "nazwisko", "příjmení", "vezetéknév", "etternavn", "efternavn", "efternamn", "sukunimi", "nume de familie",
        "prezime", "фамилия", "прізвище", "επώνυμο", "soyad", "soyadı", "姓", "氏", "苗字", "성", "اسم العائلة", "last", "sn",
    ]),
    (Field::Email, &[
        "mail", "e-mail-adresse", "e-mail dienstlich", "courriel", "adresse e-mail", "correo", "correo electrónico", "work email",
        "business email", "primary work email", "email (work)", "work e-mail address", "company email", "mailaddress", "mail address", "e-mailadres",
        "indirizzo email", "posta elettronica", "adres e-mail", "e-post", "e-postadress", "sähköposti", "почта", "электронная почта",
        "メールアドレス", "メール", "邮箱", "电子邮件", "電子郵件", "이메일", "البريد الإلكتروني", "e-posta", "endereço de e-mail", "primary email",
        "primary smtp address", "user email",
    ]),
    (Field::SecondaryEmail, &[
        "private email", "e-mail privat", "personal email", "home email", "alternate email address", "alternate email", "recovery email",
        "home secondary email", "other mails", "courriel personnel", "correo personal",
    ]),
    (Field::Mobile, &[
        "handy", "handynummer", "mobil", "mobiltelefon", "mobilnummer", "portable", "móvil", "cellulare", "cell", "cell phone", "celular",
        "telemóvel", "gsm", "mobilephone", "téléphone portable", "teléfono móvil", "携帯電話", "携帯番号", "手机", "手机号", "手機", "휴대폰",
        "мобильный", "мобильный телефон", "komórka", "mobiel",
    ]),
    (Field::Password, &[
        "kennwort", "passwort", "mot de passe", "contraseña", "senha", "wachtwoord", "hasło", "initialkennwort", "heslo", "jelszó", "passord",
        "lösenord", "salasana", "parolă", "parola", "lozinka", "пароль", "κωδικός", "şifre", "パスワード", "密码", "密碼", "비밀번호", "كلمة المرور",
        "startkennwort", "erstkennwort", "temporary password", "password profile", "palavra-passe",
    ]),
    (Field::Username, &[
        "user principal name", "UPN", "sAMAccountName", "SAM account name", "pre-Windows 2000 logon name", "user logon name", "logon name", "logon",
        "login ID", "logon ID", "login user", "log in", "user account", "account name", "account", "account ID", "NetID", "net ID", "network ID",
        "network login", "network user", "agent login", "agent login ID", "agent ID", "agent username", "agent user name", "user ID", "uid",
        "alias", "mail nickname", "corporate ID", "corp ID", "company ID", "enterprise ID", "SSO ID", "SSO username", "SSO login",
        "windows ID", "windows login", "windows username", "windows user", "AD username", "AD login", "AD account", "domain user", "domain login",
        "cognito:username", "preferred_username", "NameID", "name identifier", "RoleSessionName", "role session name", "employee login",
        "system login", "sign-in name", "sign in name", "signin name", "sign-in ID", "screen name", "connect username", "connect login",
        "okta login", "okta username", "profile.login", "user code", "operator ID", "PC login", "racf ID", "racf", "staff login",
        "benutzername", "benutzer", "benutzerkennung", "benutzer-id", "benutzerkonto", "benutzerlogin", "anmeldename", "anmeldekennung", "anmelde-id",
        "anmeldung", "loginname", "loginkennung", "kennung", "nutzername", "nutzerkennung", "nutzer-id", "windows-kennung", "windows-anmeldename",
        "u-kennung", "personalkennung", "kürzel",
        "nom d'utilisateur", "nom utilisateur", "identifiant", "identifiant utilisateur", "identifiant de connexion", "nom de connexion",
        "compte", "compte utilisateur", "nom de compte", "utilisateur", "login agent", "id utilisateur",
        "usuario", "nombre de usuario", "nombre usuario", "cuenta", "cuenta de usuario", "id de usuario", "identificador de usuario",
        "nome utente", "utente", "id utente", "nome account", "nome de usuário", "nome do usuário", "usuário", "nome de utilizador",
        "utilizador", "id do usuário", "conta", "gebruikersnaam", "gebruiker", "inlognaam", "gebruikers-id", "aanmeldnaam",
        "nazwa użytkownika", "użytkownik", "nazwa logowania", "identyfikator", "uživatelské jméno", "uživatel", "přihlašovací jméno",
        "používateľské meno", "prihlasovacie meno", "felhasználónév", "felhasználó", "brugernavn", "brukernavn", "bruker-id",
        "bruger-id", "användarnamn", "användar-id", "inloggningsnamn", "käyttäjätunnus", "käyttäjänimi", "kasutajanimi", "lietotājvārds",
        "naudotojo vardas", "nume utilizator", "nume de utilizator", "utilizator", "korisničko ime", "uporabniško ime", "потребителско име",
        "имя пользователя", "пользователь", "логин", "учётная запись", "учетная запись", "логін", "ім'я користувача", "ім’я користувача",
        "όνομα χρήστη", "kullanıcı adı", "kullanıcı", "kullanıcı kodu", "ユーザー名", "ユーザ名", "ユーザー", "ユーザーID", "ユーザID", "ログイン名",
        "ログインID", "ログイン", "アカウント", "アカウント名", "利用者ID", "用户名", "用户", "登录名", "登录账号", "账号", "账户", "帐号", "帐户名",
        "使用者名稱", "使用者", "登入名稱", "帳號", "사용자 이름", "사용자이름", "사용자명", "사용자 ID", "아이디", "로그인 ID", "계정",
        "اسم المستخدم", "المستخدم", "שם משתמש", "नाम उपयोगकर्ता", "उपयोगकर्ता नाम", "यूज़रनेम", "ชื่อผู้ใช้", "tên đăng nhập", "tên người dùng",
        "nama pengguna", "username pengguna", "pengguna",
    ]),
    (Field::RoutingProfile, &["routingprofil", "routing", "skill profile", "routing-profil", "profil de routage", "perfil de enrutamiento", "profilo di routing", "perfil de roteamento", "ルーティングプロファイル"]),
    (Field::SecurityProfiles, &[
        "rolle", "rollen", "sicherheitsprofil", "role", "roles", "rôle", "rol", "profil de sécurité", "perfil de seguridad",
        "profilo di sicurezza", "perfil de segurança", "セキュリティプロファイル",
    ]),
    (Field::Hierarchy, &["team", "abteilung", "equipe", "équipe", "equipo", "department", "organisation", "organization"]),
    (Field::PhoneType, &["telefonart", "telefontyp", "type de téléphone", "tipo de teléfono"]),
    (Field::AfterContactWork, &["nachbearbeitung", "nachbearbeitungszeit", "acw", "after call work", "wrap up time", "post-appel", "tiempo acw"]),
    (Field::PhoneNumber, &[
        "telefon", "telefonnummer", "rufnummer", "durchwahl", "nebenstelle", "téléphone", "teléfono", "telefono", "extension", "telephone",
        "work phone", "telephone number", "telephonenumber", "office phone", "officephone", "business phone", "business phones", "work phone number",
        "phone (work)", "ipPhone", "telefone", "telefoon", "telefoonnummer", "numer telefonu", "téléphone fixe", "número de teléfono", "телефон",
        "номер телефона", "電話番号", "電話", "电话", "电话号码", "전화번호", "رقم الهاتف",
    ]),
];

/// Whether a header that means nothing to us sounds like passwords.
pub(crate) fn sounds_secret(header: &str) -> bool {
    let header = header.to_lowercase();
    ["passw", "pwd", "passphrase", "passcode", "kennwort", "secret"].iter().any(|word| header.contains(word))
        || propose(&header).is_some_and(Field::is_secret)
}

/// The field that a foreign header may stand for, for a person to confirm.
pub(crate) fn propose(header: &str) -> Option<Field> {
    let key = key(header);
    // In brackets, or beside it in another language, it may have a name that we read ourselves.
    let in_part = |part: &str| {
        let key = self::key(part);
        field_named(&key).or_else(|| field_abroad(&key))
    };
    field_abroad(&key).or_else(|| forms(header).find_map(in_part)).or_else(|| field_like(&key))
}

/// Headers under which other systems have the whole name of a person.
#[rustfmt::skip]
const WHOLE_NAMES: [&str; 52] = [
    "name", "full name", "employee name", "display name", "agent name", "worker", "employee", "preferred name",
    "mitarbeiter", "mitarbeitername", "name, vorname", "nachname, vorname", "vor- und nachname", "nom complet",
    "nom et prénom", "nom prénom", "collaborateur", "nombre completo", "apellidos y nombre", "nome completo",
    "nominativo", "last name, first name", "first and last name", "agent", "person", "cn", "common name", "contact name",
    "vor- und zuname", "vorname nachname", "nachname vorname", "nombre y apellidos", "nombre y apellido", "nome e cognome",
    "cognome e nome", "naam", "volledige naam", "imię i nazwisko", "nazwisko i imię", "jméno a příjmení", "ad soyad", "adı soyadı",
    "фио", "ф.и.о.", "имя и фамилия", "氏名", "名前", "姓名", "名字", "이름", "성명", "성함",
];

/// Whether a column of this header may hold whole names, for a person to confirm.
pub(crate) fn is_whole_name(header: &str) -> bool {
    static KEYS: LazyLock<HashSet<String>> =
        LazyLock::new(|| WHOLE_NAMES.iter().map(|name| key(name)).collect());
    KEYS.contains(&key(header))
}

/// The other headers of a field: all names but its own.
#[cfg(test)]
pub(super) fn aliases(field: Field) -> impl Iterator<Item = &'static str> {
    let own = key(field.header());
    let names =
        NAMES.into_iter().filter(move |(named, _)| *named == field).flat_map(|(_, names)| names.iter());
    names.copied().filter(move |name| key(name) != own)
}

/// The field that a header names by any of our names.
pub(crate) fn field_of(header: &str) -> Option<Field> {
    field_named(&key(header))
}

fn field_named(key: &str) -> Option<Field> {
    static KNOWN: LazyLock<HashMap<String, Field>> =
        LazyLock::new(|| names().map(|(field, name)| (name, field)).collect());
    KNOWN.get(key).copied()
}

/// The field that other systems call so.
fn field_abroad(key: &str) -> Option<Field> {
    static ABROAD: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
        let names = FOREIGN
            .into_iter()
            .flat_map(|(field, names)| names.iter().map(move |name| (self::key(name), field)));
        names.collect()
    });
    ABROAD.get(key).copied()
}

/// What a cell means where a row is taken for a header: a field by any name, in whatever system. Nothing near: a cell that
/// is almost a name is as often a word of a person's row.
pub(super) fn meant(cell: &str) -> Option<Meant> {
    // No header is that long, and a cell may be.
    const LONGEST: usize = 120;
    if cell.len() > LONGEST {
        return None;
    }
    if cell.trim().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("headcount ")) {
        return Some(Meant::Ours);
    }
    let key = key(cell);
    if let Some(field) = field_named(&key) {
        return Some(Meant::Known(field));
    }
    let abroad = field_abroad(&key).or_else(|| forms(cell).find_map(|form| field_abroad(&self::key(form))));
    match abroad {
        Some(field) => Some(Meant::Abroad(field)),
        None if is_whole_name(cell) => Some(Meant::Abroad(Field::FirstName)),
        None => None,
    }
}

/// What a cell of a header means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// A field, by a name that is read.
    Known(Field),
    /// A field, by another system's name: it is proposed, and not read by itself.
    Abroad(Field),
    /// A column that headcount itself adds.
    Ours,
}

/// The parts of a header that may be a name by themselves, for a person to confirm: what stands in its brackets, its first
/// line, and each of two languages.
fn forms(header: &str) -> impl Iterator<Item = &str> {
    let lines = header.trim().lines().filter(|line| line.len() < header.trim().len());
    let languages = header.split(['/', '|']).filter(|part| part.len() < header.len());
    note(header).into_iter().chain(lines.take(1)).chain(languages)
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

/// Every name of a field that a header may have, ours and others', as [`key`] makes them.
pub(super) fn all_names() -> impl Iterator<Item = &'static str> {
    let ours = NAMES.into_iter().flat_map(|(_, names)| names.iter());
    let last = NAMES.into_iter().flat_map(|(_, names)| names.iter()).filter_map(|name| {
        let (_, last) = name.split_once('.')?;
        (!is_of_a_channel(name, last)).then_some(last)
    });
    let abroad = FOREIGN.into_iter().flat_map(|(_, names)| names.iter());
    ours.chain(abroad).copied().chain(last).chain(WHOLE_NAMES)
}

fn is_of_a_channel(name: &str, last: &str) -> bool {
    name.contains("Configs.") || last.contains('.')
}

/// The form in which headers are compared: lower case, without spaces, line breaks, `_`, `-`, a note in brackets (nor what
/// is left of one that was lost) or the stars and the colon around it, and without the numbers in
/// `security_profile_name_1|security_profile_name_2`.
pub(crate) fn key(header: &str) -> String {
    let text = without_note(header);
    let squeezed = text.chars().filter(|c| counts(*c)).flat_map(char::to_lowercase).collect::<String>();
    // A list of one stem with numbers is that stem.
    let stem = |part: &str| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let mut parts = squeezed.split('|');
    match (parts.next().map(stem), parts.next()) {
        (Some(first), Some(_)) if squeezed.split('|').all(|part| stem(part) == first) => first,
        _ => squeezed,
    }
}

/// Whether a character tells one header from another. Control characters do not: exports of Windows tools have stray NULs.
fn counts(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '_' | '-' | '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{AD}'))
}

/// What stands around a header and is none of it: the marks of a column that must be filled in, and a colon.
const AROUND: &[char] = &['*', '＊', '†', '‡', '※', '!', ':', '：', '\u{FEFF}', '\u{200B}'];

/// A header without what stands around it.
fn bare(header: &str) -> &str {
    header.trim_matches(|c: char| c.is_whitespace() || c.is_control() || AROUND.contains(&c))
}

/// Drops `(yes/no)`, `(yes/no` and `yes/no)`: the documentation itself prints the last. `[givenName] Required` as Entra's
/// template has it, and `【必須】` of Japanese forms, are such notes too; a header that is nothing but `[givenName]` is what
/// stands in it.
fn without_note(header: &str) -> &str {
    let header = bare(header);
    let open = header.find(['(', '[', '（', '【', '［']);
    match (open, header.strip_suffix([')', '）'])) {
        (Some(0), _) => match (header.split_once([')', ']', '）', '】', '］']), note(header)) {
            // `[Required] First name` is a header with its note before it.
            (Some((_, after)), _) if !bare(after).is_empty() => bare(after),
            (_, Some(inner)) if !header.starts_with(['(', '（']) => inner,
            _ => "",
        },
        (Some(open), _) => bare(&header[..open]),
        (None, Some(text)) => text.trim_end().rsplit_once(char::is_whitespace).map_or(text, |(text, _)| text),
        (None, None) => header,
    }
}

/// What stands in a header's first pair of brackets: `givenName` of `First name [givenName] Required`.
fn note(header: &str) -> Option<&str> {
    let (_, rest) = header.split_once(['[', '(', '（', '【', '［'])?;
    let (inner, _) = rest.split_once([']', ')', '）', '】', '］'])?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
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
    let template =
        TEMPLATES.into_iter().find(|(_, line)| keys(&mut line.split(',')) == these).map(|(name, _)| name);
    let has = |name: &str| headers.iter().any(|header| bare(header).eq_ignore_ascii_case(name));
    let form = || FORMS.into_iter().find(|(_, names)| names.iter().all(|name| has(name)));
    template.or_else(|| form().map(|(name, _)| name))
}

/// The forms in which other systems write their users out, by the headers that no other system has together: theirs are
/// many columns, of which anybody leaves some out.
///
/// Sources: Microsoft Learn, "Bulk create users in Microsoft Entra ID" and "Download a list of users"; Google Workspace
/// Admin Help, "Add multiple users from a CSV file" (answer 40057) and its download; `Get-ADUser | Export-Csv` and `csvde`
/// by the attributes' names in the AD schema; Amazon Cognito, "Creating the user import CSV file".
#[rustfmt::skip]
const FORMS: [(&str, &[&str]); 8] = [
    ("Microsoft Entra bulk creation template", &["Name [displayName] Required", "User name [userPrincipalName] Required"]),
    ("Microsoft Entra user download", &["userPrincipalName", "displayName", "accountEnabled"]),
    ("Microsoft Entra user download", &["User principal name", "Display name", "Object Id"]),
    ("Google Workspace user download", &["First Name [Required]", "Last Name [Required]", "Email Address [Required]"]),
    ("Active Directory export (Export-Csv)", &["SamAccountName", "DistinguishedName", "ObjectClass"]),
    ("Active Directory export (csvde)", &["DN", "objectClass", "sAMAccountName"]),
    ("Amazon Cognito user import", &["cognito:username", "cognito:mfa_enabled"]),
    ("headcount report", &["row", "user", "state", "code", "message"]),
];

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
