//! What is around a user when they leave: the quick connects that lead to them, whether they are at work, what somebody in
//! the console does to them meanwhile; and requests that arrive when nobody thinks of them any more.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::parse;
use super::journal::Change;
use super::operation::{Operation, Route};
use super::page::Size;
use super::spec::identifier;
use super::users::QuickConnect;
use super::wire::{Refusal, Request};
use super::world::{Outcome, World};
use crate::agent::PROVENANCE;
use crate::connect::model::User;

/// How many users can be asked about at once (API reference, *UserDataFilters*: `Agents`).
const AGENTS: usize = 100;

impl World {
    pub(super) fn delete_user(&mut self, now: SystemTime, route: &Route) -> Outcome {
        let user = &self.user(now, route.label(0), route.label(1))?.user;
        if !self.may_be_deleted(user) {
            return Err(self.denied(Operation::DeleteUser));
        }
        let id = user.id.clone();
        if self.spec.quick_connects_hold && self.quick_connects.values().any(|connect| connect.user_id == id)
        {
            return Err(Refusal::invalid_request("The user has quick connects."));
        }
        let lag = self.lag_of_change();
        self.at_work.remove(&id);
        if !lag.is_zero() {
            self.write_down(&Change::Deleted { id: id.clone() })?;
            self.users.remove_slowly(&id, now + lag);
            return Ok(None);
        }
        self.commit(Change::Deleted { id })?;
        Ok(None)
    }

    /// Whether the caller's policy lets them delete whoever has these tags: without a tag of that name no pattern fits.
    fn may_be_deleted(&self, user: &User) -> bool {
        self.spec.deletes_only.as_ref().is_none_or(|pattern| {
            user.tags.get(PROVENANCE).is_some_and(|tag| fits(pattern.as_bytes(), tag.as_bytes()))
        })
    }

    /// Takes a user away behind the API's back, as somebody in the console would. Nothing happens where there is none of that
    /// name.
    pub fn remove(&mut self, username: &str) {
        let Some(id) = self.users.named(username).map(|record| record.user.id.clone()) else { return };
        self.at_work.remove(&id);
        // What a rehearsal could not write down is not done.
        let _ = self.commit(Change::Deleted { id });
    }

    /// Makes another user like the one of this name behind the API's back, its tags included, as the console's copy does.
    /// Nothing happens where there is none of that name.
    pub fn copy(&mut self, username: &str, name: &str, now: SystemTime) {
        let Some(user) = self.users.named(username).map(|record| record.user.clone()) else { return };
        self.plant(
            User { id: String::new(), username: name.to_owned(), last_modified_time: None, ..user },
            now,
        );
    }

    /// Takes a user away and makes one like it under its name behind the API's back: all is the same but the id. Nothing
    /// happens where there is none of that name.
    pub fn make_anew(&mut self, username: &str, now: SystemTime) {
        let Some(user) = self.users.named(username).map(|record| record.user.clone()) else { return };
        self.remove(username);
        self.plant(User { id: String::new(), last_modified_time: None, ..user }, now);
    }

    /// Lets those requests arrive that were held on their way until now. Each is judged as of the time at which it arrives,
    /// its signature too; nobody hears of the answer.
    pub fn let_arrive(&mut self, now: SystemTime) {
        let mut due = Vec::new();
        self.on_their_way.retain(|(at, request)| {
            let is_due = *at <= now;
            if is_due {
                due.push((*at, request.clone()));
            }
            !is_due
        });
        due.sort_by_key(|(at, _)| *at);
        for (at, request) in due {
            let Some(route) = Route::of(&request) else { continue };
            let is_let_in = self.recognize(at, route.operation, &request).is_ok();
            if is_let_in && self.execute(at, &route, &request).is_ok() {
                // It was counted as not executed when it was held.
                let calls = self.calls.entry(route.operation).or_default();
                calls.refused = calls.refused.saturating_sub(1);
                calls.executed += 1;
                calls.lost += 1;
            }
        }
    }

    /// How many requests are held on their way.
    pub fn held(&self) -> usize {
        self.on_their_way.len()
    }

    /// Has a quick connect lead to the user of this name, as somebody in the console would. Nothing happens where there is
    /// none of that name.
    pub fn add_quick_connect(&mut self, name: &str, username: &str) {
        let Some(user_id) = self.users.named(username).map(|record| record.user.id.clone()) else { return };
        let id = identifier(&[&self.spec.instance_arn(), "quick-connect", name]);
        self.quick_connects.insert(id.clone(), QuickConnect { id, name: name.to_owned(), user_id });
    }

    /// The quick connects, those that lead nowhere included.
    pub fn quick_connects(&self) -> impl Iterator<Item = &QuickConnect> {
        self.quick_connects.values()
    }

    /// Signs the user of this name in, in the agent status of this name.
    pub fn sign_in(&mut self, username: &str, status: &str) {
        if let Some(record) = self.users.named(username) {
            self.at_work.insert(record.user.id.clone(), status.to_owned());
        }
    }

    /// Whether the user of this name is signed in.
    pub fn is_at_work(&self, username: &str) -> bool {
        self.users.named(username).is_some_and(|record| self.at_work.contains_key(&record.user.id))
    }

    pub(super) fn search_quick_connects(&self, now: SystemTime, request: &Request) -> Outcome {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Body {
            instance_id: String,
            next_token: Option<String>,
            max_results: Option<i64>,
        }
        let asked: Body = parse(&request.body)?;
        self.check_instance(&asked.instance_id)?;
        let operation = Operation::SearchQuickConnects;
        let size = Size { most: 100, usual: 100 }.of(asked.max_results, self.spec.page_cap)?;
        let start = self.start(operation, asked.next_token.as_deref(), now)?;
        let all: Vec<(u64, &QuickConnect)> = (1..).zip(self.quick_connects.values()).collect();
        let total = all.len();
        let rest = all.into_iter().filter(|(place, _)| *place > start);
        let page = self.take(operation, now, size, rest, |connect| self.shown_connect(connect));
        let mut body = page.named("QuickConnects");
        body["ApproximateTotalCount"] = total.into();
        Ok(Some(body))
    }

    fn shown_connect(&self, connect: &QuickConnect) -> Value {
        let QuickConnect { id, name, user_id } = connect;
        json!({
            "QuickConnectARN": format!("{}/transfer-destination/{id}", self.spec.instance_arn()),
            "QuickConnectId": id,
            "Name": name,
            "QuickConnectConfig": {
                "QuickConnectType": "USER",
                "UserConfig": { "UserId": user_id, "ContactFlowId": identifier(&["flow", "transfer"]) },
            },
            "Tags": {},
            "LastModifiedTime": self.long_ago(),
            "LastModifiedRegion": self.spec.region,
        })
    }

    pub(super) fn current_user_data(&self, now: SystemTime, route: &Route, request: &Request) -> Outcome {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Filters {
            agents: Vec<String>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Body {
            filters: Filters,
            next_token: Option<String>,
            max_results: Option<i64>,
        }
        self.check_instance(route.label(0))?;
        let asked: Body = parse(&request.body)?;
        let agents = &asked.filters.agents;
        if agents.is_empty() || agents.len() > AGENTS {
            return Err(Refusal::invalid_parameter(format!(
                "Filters.Agents must have 1 to {AGENTS} members"
            )));
        }
        let operation = Operation::GetCurrentUserData;
        let size = Size { most: 100, usual: 100 }.of(asked.max_results, self.spec.page_cap)?;
        let start = self.start(operation, asked.next_token.as_deref(), now)?;
        let at_work = agents.iter().filter_map(|id| self.at_work.get_key_value(id));
        let all: Vec<(String, String)> = at_work.map(|(id, status)| (id.clone(), status.clone())).collect();
        let rest = (1..).zip(&all).filter(|(place, _)| *place > start);
        let page = self.take(operation, now, size, rest, |(id, status)| {
            json!({
                "User": { "Id": id, "Arn": format!("{}/agent/{id}", self.spec.instance_arn()) },
                "Status": {
                    "StatusArn": format!("{}/agent-state/{}", self.spec.instance_arn(), identifier(&["status", status])),
                    "StatusName": status,
                    "StatusStartTimestamp": self.long_ago(),
                },
                "AvailableSlotsByChannel": {},
                "MaxSlotsByChannel": {},
                "ActiveSlotsByChannel": {},
                "Contacts": [],
            })
        });
        let mut body = page.named("UserDataList");
        body["ApproximateTotalCount"] = all.len().into();
        Ok(Some(body))
    }

    pub(super) fn delete_quick_connect(&mut self, route: &Route) -> Outcome {
        self.check_instance(route.label(0))?;
        match self.quick_connects.remove(route.label(1)) {
            Some(_) => Ok(None),
            None => Err(Refusal::not_found("The specified resource was not found: QuickConnect")),
        }
    }

    /// Whoever is not there any more has no sessions: not found, as a user is.
    pub(super) fn delete_sessions(&mut self, now: SystemTime, request: &Request) -> Outcome {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Body {
            instance_id: String,
            entity_id: String,
            entity_type: String,
        }
        let asked: Body = parse(&request.body)?;
        if asked.entity_type != "USER" {
            return Err(Refusal::invalid_parameter("EntityType must be USER"));
        }
        let id = self.user(now, &asked.instance_id, &asked.entity_id)?.user.id.clone();
        self.at_work.remove(&id);
        Ok(Some(json!({})))
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters (IAM, `StringLike`).
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| fits(rest, &text[from..])),
        Some((letter, rest)) => {
            text.split_first().is_some_and(|(first, text)| first == letter && fits(rest, text))
        }
    }
}
