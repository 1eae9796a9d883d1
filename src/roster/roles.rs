//! Presets: one column of a roster, a job title or a team, that decides several settings at once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::Field;
use super::filter::Word;
use crate::finding::Finding;
use crate::finding::codes;
use crate::text::{printable, shown};

/// What a role sets, as a map has it: field → value, or several where a field may have several.
pub(super) type Written = BTreeMap<String, BTreeMap<String, Setting>>;

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the value of a field, or several in brackets")]
pub(super) enum Setting {
    One(Word),
    Several(Vec<String>),
}

/// The roles of one column.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Roles {
    /// The column's header as the map has it.
    pub(super) header: String,
    /// Each role with the fields that it sets.
    roles: Vec<(String, Vec<(Field, String)>)>,
}

impl Roles {
    /// Reads the roles of a column; `named` finds a field by its name.
    pub(super) fn parse(
        header: String,
        written: Written,
        named: impl Fn(&str) -> Result<Field, String>,
    ) -> Result<Self, String> {
        let told = |role: &str, what: String| format!("`[roles]`, `{header}`, `{role}`: {what}");
        let mut roles: Vec<(String, Vec<(Field, String)>)> = Vec::new();
        for (role, settings) in written {
            let role = role.trim().to_owned();
            if roles.iter().any(|(other, _)| is_same(other, &role)) {
                return Err(told(&role, "the role is there twice".into()));
            }
            let mut fields: Vec<(Field, String)> = Vec::new();
            for (name, setting) in settings {
                let field = named(&name).map_err(|what| told(&role, what))?;
                if field.is_secret() {
                    return Err(told(
                        &role,
                        "one password for many is none; `⟦made-passwords⟧` makes some".into(),
                    ));
                }
                if fields.iter().any(|(other, _)| *other == field) {
                    return Err(told(&role, format!("one field is set twice: `{name}`")));
                }
                fields.push((field, setting.text(field).map_err(|what| told(&role, what))?));
            }
            roles.push((role, fields));
        }
        if roles.is_empty() {
            return Err(format!("`[roles]`, `{header}`: it has no role"));
        }
        Ok(Self { header, roles })
    }

    /// The fields that any of its roles sets.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(|field| {
            self.roles.iter().any(|(_, settings)| settings.iter().any(|(other, _)| other == field))
        })
    }

    /// What the role of this cell sets a field to; `None` where the cell is no role.
    pub(super) fn value(&self, cell: &str, field: Field) -> Option<&str> {
        let settings = self.role(cell)?;
        Some(settings.iter().find(|(other, _)| *other == field).map_or("", |(_, value)| value.as_str()))
    }

    /// A blank cell is no role, unless a role is called so.
    fn role(&self, cell: &str) -> Option<&[(Field, String)]> {
        let cell = cell.trim();
        let role = self.roles.iter().find(|(role, _)| is_same(role, cell));
        role.map(|(_, settings)| settings.as_slice()).or(cell.is_empty().then_some(&[]))
    }

    /// What is said of a cell that is no role.
    pub(super) fn unknown(&self, row: u64, column: &str, cell: &str) -> Finding {
        const NAMED: usize = 12;
        let code = &codes::ROLE_UNKNOWN;
        let cell = cell.trim();
        let names = || self.roles.iter().map(|(role, _)| role).filter(|role| !role.is_empty());
        let distance = |role: &&String| strsim::osa_distance(&role.to_lowercase(), &cell.to_lowercase());
        let near = names().filter(|role| role.len() <= 100 && cell.len() <= 100).min_by_key(distance);
        let near = near.filter(|role| distance(role) <= cell.chars().count() / 3);
        let meant = near.map(|role| format!("did you mean `{}`? ", shown(role))).unwrap_or_default();
        let mut roles: Vec<String> =
            names().take(NAMED).map(|role| format!("`{}`", printable(role, 60))).collect();
        if names().count() > NAMED {
            roles.push("…".to_owned());
        }
        Finding {
            code: code.id,
            severity: code.severity,
            row: Some(row),
            column: Some(column.to_owned()),
            value: Some(shown(cell)),
            message: format!("the column map has no role `{}`", shown(cell)),
            hint: Some(format!(
                "{meant}The roles are {}; correct the cell, or add the role to `[roles]` in the column map",
                roles.join(", ")
            )),
        }
    }
}

impl Setting {
    /// As a cell of the field has it.
    fn text(self, field: Field) -> Result<String, String> {
        let between = match field {
            Field::SecurityProfiles | Field::Hierarchy | Field::Proficiencies => "|",
            Field::Tags => "||",
            _ => "",
        };
        match self {
            Self::One(word) => Ok(word.text()),
            Self::Several(words) if !between.is_empty() => Ok(words.join(between)),
            Self::Several(_) => Err(format!("`{}` has one value, and no brackets", field.name())),
        }
    }
}

/// In any case, and without the spaces around it.
fn is_same(role: &str, cell: &str) -> bool {
    role == cell || role.to_lowercase() == cell.to_lowercase()
}
