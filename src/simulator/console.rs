//! People at work in the console while calls are made: what a user was like a moment ago it may not be any more.

use std::time::SystemTime;

use super::changes::configure;
use super::dice::Dice;
use super::rules;
use super::spec::LeftOut;
use super::users::{Proficiency, Record};
use super::weather::ConsoleEdit;
use super::world::World;
use crate::connect::model::{AfterContactWorkConfig, AfterContactWorkConfigPerChannel, User, UserConfig};

impl World {
    /// Now and then changes one of the users, as the weather has it. The dice are its own, so that the faults of a seed stay
    /// the same whether people are at work or not.
    pub(super) fn let_people_work(&mut self, now: SystemTime) {
        if !self.console.chance(self.spec.weather.edits) {
            return;
        }
        let there: Vec<u64> =
            self.users.after(0).filter(|(_, record)| record.seen <= now).map(|(place, _)| place).collect();
        if there.is_empty() {
            return;
        }
        let place = there[self.console.below(there.len())];
        let found = self.users.at(place).map(|record| (record.user.clone(), record.proficiencies.clone()));
        let Some((mut user, mut proficiencies)) = found else { return };
        let mut dice = self.console.clone();
        let what = self.edit_one(&mut dice, &mut user, &mut proficiencies);
        self.console = dice;
        let (username, before) = (user.username.clone(), self.users.at(place));
        let is_same = |record: &Record| (&record.user, &record.proficiencies) == (&user, &proficiencies);
        // Nobody notices a person who saves a form unchanged.
        if before.is_some_and(is_same) || self.alter(now, user, proficiencies).is_err() {
            return;
        }
        self.edits.push(ConsoleEdit { at: now, username, what });
    }

    /// Changes one thing of a user, within the service's rules.
    fn edit_one(
        &self,
        dice: &mut Dice,
        user: &mut User,
        proficiencies: &mut Vec<Proficiency>,
    ) -> &'static str {
        match dice.below(7) {
            0 => {
                let profile = &self.routing_profiles[dice.below(self.routing_profiles.len())];
                user.routing_profile_id = Some(profile.id.clone());
                "UpdateUserRoutingProfile"
            }
            1 => {
                let id = &self.security_profiles[dice.below(self.security_profiles.len())].id;
                let ids = &mut user.security_profile_ids;
                match ids.iter().position(|had| had == id) {
                    Some(at) if ids.len() > 1 => drop(ids.remove(at)),
                    None if ids.len() < 10 => ids.push(id.clone()),
                    _ => {}
                }
                "UpdateUserSecurityProfiles"
            }
            2 => {
                let info = user.identity_info.get_or_insert_default();
                info.last_name = Some(format!("Console {}", dice.below(1000)));
                "UpdateUserIdentityInfo"
            }
            3 => {
                let limit = AfterContactWorkConfig {
                    after_contact_work_time_limit: Some(15 * (1 + dice.below(20) as i64)),
                };
                let voice = AfterContactWorkConfigPerChannel {
                    channel: "VOICE".into(),
                    after_contact_work_config: limit,
                    agent_first_callback_after_contact_work_config: None,
                };
                let config = UserConfig { after_contact_work_configs: vec![voice], ..UserConfig::default() };
                configure(user, config, LeftOut::Stays);
                "UpdateUserConfig"
            }
            4 => {
                let groups: Vec<_> = self.groups.iter().filter(|group| group.level_id != "0").collect();
                user.hierarchy_group_id =
                    groups.get(dice.below(groups.len() + 1)).map(|group| group.id.clone());
                "UpdateUserHierarchy"
            }
            5 => {
                user.tags.insert("console".into(), dice.below(1000).to_string());
                "TagResource"
            }
            _ => {
                let known: Vec<_> = self.spec.predefined_attributes.iter().collect();
                if known.is_empty() {
                    return "UpdateUserProficiencies";
                }
                let (attribute, values) = known[dice.below(known.len())];
                let level = 1.0 + dice.below(5) as f64;
                let Some(value) = values.iter().nth(dice.below(values.len())) else {
                    return "UpdateUserProficiencies";
                };
                let asked =
                    Proficiency { attribute_name: attribute.clone(), attribute_value: value.clone(), level };
                match proficiencies.iter().position(|had| had.is_of(&asked)) {
                    Some(at) => proficiencies[at].level = level,
                    None if proficiencies.len() < rules::PROFICIENCIES_LIMIT => proficiencies.push(asked),
                    None => {}
                }
                "UpdateUserProficiencies"
            }
        }
    }

    /// Who was changed in the console so far, first to last.
    pub fn console_edits(&self) -> &[ConsoleEdit] {
        &self.edits
    }
}
