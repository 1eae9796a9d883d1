//! One line of the file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ledger::{Attempt, Nonce};
use crate::text::escape_from;

/// The version of the format that this program writes, in the first record.
pub(crate) const VERSION: u32 = 1;

/// How a file of ours begins; another's is never taken for one.
pub(super) const BEGINNING: &[u8] = b"{\"type\":\"credentials\",";

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The first: whose passwords these are.
    Credentials,
    /// An attempt's password.
    Password,
}

/// Which attempt a password was made for: a number alone may also be that of a copy of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Of {
    /// Its number.
    pub(crate) attempt: Attempt,
    /// Its own random bits; none where it was made before attempts had any.
    pub(crate) nonce: Option<Nonce>,
}

/// A line of the file. No `Debug`: there may be a password in it.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u32>,
    #[serde(borrow)]
    pub(super) run: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) instance: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) tool: Option<Cow<'a, str>>,
    /// To whom every record is encrypted; where there is nobody, none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) recipients: Vec<String>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<u32>,
    /// The attempt's own random bits, as its intent has them; attempts of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "Nonce::in_line")]
    pub(super) nonce: Option<Nonce>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<Cow<'a, str>>,
    /// An age file in its ASCII armour; in it is this record with its password, so that no record can take another's.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Cow<'a, str>>,
}

impl<'a> Line<'a> {
    /// The first record.
    pub(super) fn header(run: &'a str, instance: &'a str, recipients: &[String], at: &'a str) -> Self {
        Self {
            version: Some(VERSION),
            instance: Some(instance.into()),
            tool: Some(concat!("headcount ", env!("CARGO_PKG_VERSION")).into()),
            recipients: recipients.to_vec(),
            at: Some(at.into()),
            ..Self::of(Kind::Credentials, run)
        }
    }

    /// The password of an attempt.
    pub(super) fn password(run: &'a str, user: &'a str, of: Of, password: &'a str) -> Self {
        Self { password: Some(password.into()), ..Self::attempt(run, user, of) }
    }

    /// The same, encrypted.
    pub(super) fn sealed(run: &'a str, user: &'a str, of: Of, sealed: String) -> Self {
        Self { sealed: Some(sealed.into()), ..Self::attempt(run, user, of) }
    }

    fn attempt(run: &'a str, user: &'a str, Of { attempt, nonce }: Of) -> Self {
        let (user, attempt) = (Some(user.into()), Some(attempt.number()));
        Self { user, attempt, nonce, ..Self::of(Kind::Password, run) }
    }

    fn of(kind: Kind, run: &'a str) -> Self {
        Self {
            kind,
            version: None,
            run: run.into(),
            instance: None,
            tool: None,
            recipients: Vec::new(),
            at: None,
            user: None,
            attempt: None,
            nonce: None,
            password: None,
            sealed: None,
        }
    }

    /// The line, its newline included.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        // Writing to a vector cannot fail, and no member is of a type that serde_json refuses.
        let _ = serde_json::to_writer(&mut bytes, self);
        escape_from(0, &mut bytes);
        bytes.push(b'\n');
        bytes
    }
}
