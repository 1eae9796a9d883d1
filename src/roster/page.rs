//! The page of all columns, made from the tables that the program itself reads by.

use std::fmt::Write as _;

use super::columns::aliases;
use super::field::Field;
use super::template::help;
use crate::agent::IdentityType;

const START: &str = "\
# Columns

Every column that a roster may have, in any order; `headcount columns ROSTER` shows how a file's own are read. Headers are
compared without case, spaces, `_`, `-` and parentheses. Names of profiles, groups, attributes and values are written
exactly as the instance has them. This page is generated from the tables in `src/roster`.

In a roster for an [update](movers.md) a blank cell leaves alone what a user has, and `(clear)` takes it away.

The console's own CSV template has the first table's columns. The second table's are beyond it.

";

const CHANNELS: &str = "
## One family a row

The service takes one of two settings that mean the same: the older one, for all channels, and the per-channel one. A row
that fills in both is an error (`settings-conflict`); another row of the same roster may use the other.

| for all channels | per channel |
|---|---|
";

const END: &str = "
The service has an agent-first callback setting only as a part of the voice setting, so it needs the voice column filled in
as well (`agent-first-callback-alone`).

A structure of the API, such as `AutoAcceptConfigs`, `AfterContactWorkConfigs`, `PhoneNumberConfigs` or `PhoneConfig`, is no
column: each of its members is one, and a header of that name is an `unknown-column` that names them.

## Proficiencies

An agent's proficiency is a predefined attribute of the instance, one of its values, and a level from 1 to 5:

```text
Language:German:4|Product:Mobile:2
```

Where a name has a colon of its own, use the grammar of tags, with `||` between the proficiencies:

```text
Shift: nights|Team: A|3||Product|Mobile|2
```

The service's own attributes, whose names begin with `connect:`, work in both: `connect:Language:connect:English:5`. A cell
that could be read in two ways is an error (`proficiency-syntax`), and so is `German:4`: the service needs the attribute.

CreateUser does not take proficiencies. They are given after it, at a pace of their own, and recorded as a step of the row
(see [the ledger](ledger.md)).
";

impl Field {
    /// The member of the API that it sets.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Field::FirstName => "IdentityInfo.FirstName",
            Field::LastName => "IdentityInfo.LastName",
            Field::Email => "IdentityInfo.Email",
            Field::SecondaryEmail => "IdentityInfo.SecondaryEmail",
            Field::Mobile => "IdentityInfo.Mobile",
            Field::Password => "Password",
            Field::Username => "Username",
            Field::DirectoryUserId => "DirectoryUserId",
            Field::RoutingProfile => "RoutingProfileId",
            Field::SecurityProfiles => "SecurityProfileIds",
            Field::Hierarchy => "HierarchyGroupId",
            Field::PhoneType => "PhoneConfig.PhoneType",
            Field::PhoneNumber => "PhoneConfig.DeskPhoneNumber",
            Field::AutoAccept => "PhoneConfig.AutoAccept",
            Field::AfterContactWork => "PhoneConfig.AfterContactWorkTimeLimit",
            Field::PersistentConnection => "PhoneConfig.PersistentConnection",
            Field::VoiceEnhancement => "VoiceEnhancementConfigs",
            Field::Tags => "Tags",
            Field::AutoAcceptVoice => "AutoAcceptConfigs, VOICE",
            Field::AutoAcceptChat => "AutoAcceptConfigs, CHAT",
            Field::AutoAcceptTask => "AutoAcceptConfigs, TASK",
            Field::AutoAcceptEmail => "AutoAcceptConfigs, EMAIL",
            Field::AutoAcceptCallback => "AutoAcceptConfigs, VOICE, AgentFirstCallbackAutoAccept",
            Field::AfterContactWorkVoice => "AfterContactWorkConfigs, VOICE",
            Field::AfterContactWorkChat => "AfterContactWorkConfigs, CHAT",
            Field::AfterContactWorkTask => "AfterContactWorkConfigs, TASK",
            Field::AfterContactWorkEmail => "AfterContactWorkConfigs, EMAIL",
            Field::AfterContactWorkCallback => {
                "AfterContactWorkConfigs, VOICE, AgentFirstCallbackAfterContactWorkConfig"
            }
            Field::PhoneTypeVoice => "PhoneNumberConfigs, VOICE, PhoneType",
            Field::PhoneNumberVoice => "PhoneNumberConfigs, VOICE, PhoneNumber",
            Field::PersistentConnectionVoice => "PersistentConnectionConfigs, VOICE",
            Field::Proficiencies => "UserProficiencies of AssociateUserProficiencies",
        }
    }

    /// Whether a cell of it may be filled in on an instance of this identity type; the service refuses it elsewhere.
    pub(crate) fn is_allowed(self, identity: IdentityType) -> bool {
        match self {
            Field::Email => identity != IdentityType::Saml,
            Field::Password => identity == IdentityType::ConnectManaged,
            Field::DirectoryUserId => identity == IdentityType::ExistingDirectory,
            _ => true,
        }
    }
}

/// The text of `docs/columns.md`.
pub(crate) fn markdown() -> String {
    let mut page = String::from(START);
    table(&mut page, |field| !field.is_beyond_the_console());
    page.push('\n');
    table(&mut page, Field::is_beyond_the_console);
    page.push_str(CHANNELS);
    for (older, newer) in Field::FAMILIES {
        let _ = writeln!(page, "| {} | {} |", listed(older), listed(newer));
    }
    page.push_str(END);
    page
}

fn table(page: &mut String, is_in: impl Fn(Field) -> bool) {
    page.push_str("| column | also known as | sets | what goes in | example | identity types |\n|---|---|---|---|---|---|\n");
    for field in Field::ALL.into_iter().filter(|field| is_in(*field)) {
        let (what, example) = told(field);
        let also: Vec<String> = aliases(field).map(code).collect();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {what} | {} | {} |",
            code(field.header()),
            also.join(", "),
            field.member(),
            code(example),
            types(field)
        );
    }
}

/// What goes in, for each identity type where they differ, and an example.
fn told(field: Field) -> (String, &'static str) {
    let allowed = IdentityType::ALL.into_iter().filter(|identity| field.is_allowed(*identity));
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut example = "";
    for identity in allowed {
        let (_, what, shown) = help(field, identity);
        example = shown;
        match said.iter_mut().find(|(same, _)| *same == what) {
            Some((_, identities)) => identities.push(identity.as_api()),
            None => said.push((what, vec![identity.as_api()])),
        }
    }
    let each: Vec<String> = match said.as_slice() {
        [(what, _)] => vec![cell(what)],
        several => several.iter().map(|(what, who)| format!("{}: {}", who.join(", "), cell(what))).collect(),
    };
    (each.join(" "), example)
}

fn types(field: Field) -> String {
    let all = IdentityType::ALL.into_iter().filter(|identity| field.is_allowed(*identity));
    let all: Vec<&str> = all.map(IdentityType::as_api).collect();
    if all.len() == IdentityType::ALL.len() { "all".to_owned() } else { all.join(", ") }
}

fn listed(fields: &[Field]) -> String {
    fields.iter().map(|field| code(field.name())).collect::<Vec<_>>().join(", ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::markdown;

    /// `HEADCOUNT_BLESS=1 cargo test` rewrites the page.
    #[test]
    fn the_page_of_columns_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/columns.md");
        if std::env::var_os("HEADCOUNT_BLESS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == markdown(),
            "docs/columns.md is not what the tables say: run HEADCOUNT_BLESS=1 cargo test --lib the_page_of"
        );
    }
}
