//! Whether a user is as a request asked for.

use crate::agent::IdentityType;
use crate::connect::model::{CreateUser, User};

/// Whether a user has every member that the request asked for. The password cannot be read back.
pub fn is_same_user(body: &CreateUser, user: &User, _identity: IdentityType) -> bool {
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    body.username == user.username
        && body.identity_info.clone().unwrap_or_default() == user.identity_info.clone().unwrap_or_default()
        && body.phone_config.clone().unwrap_or_default() == user.phone_config.clone().unwrap_or_default()
        && body.directory_user_id == user.directory_user_id
        && sorted(&body.security_profile_ids) == sorted(&user.security_profile_ids)
        && Some(&body.routing_profile_id) == user.routing_profile_id.as_ref()
        && body.hierarchy_group_id == user.hierarchy_group_id
        && body.tags == user.tags
}
