//! `sdk-import ROSTER.csv INSTANCE IN_FLIGHT`: creates a roster's users with aws-sdk-connect and its standard retries.
//!
//! Prints `created failed seconds` on stdout. Endpoint, region and credentials come from the environment.

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use aws_sdk_connect::Client;
use aws_sdk_connect::types::{PhoneType, UserIdentityInfo, UserPhoneConfig};
use futures_util::StreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut args = std::env::args().skip(1);
    let roster = args.next().ok_or("which roster?")?;
    let instance = args.next().ok_or("which instance?")?;
    let in_flight: usize = args.next().ok_or("how many in flight?")?.parse()?;
    let begun = Instant::now();
    let client = Client::new(&aws_config::load_from_env().await);
    let routing = routing_profiles(&client, &instance).await?;
    let security = security_profiles(&client, &instance).await?;
    let mut reader = csv::Reader::from_path(roster)?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name).ok_or(format!("no column {name}"));
    let (first, last, login) = (column("first name")?, column("last name")?, column("user login")?);
    let (profile, levels, password) =
        (column("routing profile name")?, column("security profile name")?, column("password")?);
    let calls = reader.records().map(|row| {
        let (client, instance, routing, security) = (client.clone(), &instance, &routing, &security);
        async move {
            let row = row.map_err(|error| error.to_string())?;
            let identity = UserIdentityInfo::builder().first_name(&row[first]).last_name(&row[last]).build();
            let phone = UserPhoneConfig::builder().phone_type(PhoneType::SoftPhone).auto_accept(true).build();
            let call = client
                .create_user()
                .instance_id(instance)
                .username(&row[login])
                .password(&row[password])
                .identity_info(identity)
                .phone_config(phone)
                .routing_profile_id(routing.get(&row[profile]).ok_or("no such routing profile")?)
                .tags("headcount:run", format!("00000000-0000-0000-0000-000000000000/{}", &row[login]))
                .set_security_profile_ids(row[levels].split('|').map(|name| security.get(name).cloned()).collect());
            call.send().await.map(drop).map_err(|error| format!("{error:?}"))
        }
    });
    let (mut created, mut failed) = (0_u64, 0_u64);
    let mut answers = futures_util::stream::iter(calls).buffer_unordered(in_flight);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(()) => created += 1,
            Err(error) => {
                failed += 1;
                if failed == 1 {
                    eprintln!("{error}");
                }
            }
        }
    }
    println!("{created} {failed} {:.3}", begun.elapsed().as_secs_f64());
    Ok(())
}

async fn routing_profiles(
    client: &Client,
    instance: &str,
) -> Result<HashMap<String, String>, Box<dyn Error + Send + Sync>> {
    let mut pages = client.list_routing_profiles().instance_id(instance).into_paginator().items().send();
    let mut found = HashMap::new();
    while let Some(item) = pages.next().await {
        let item = item?;
        found.extend(item.name.zip(item.id));
    }
    Ok(found)
}

async fn security_profiles(
    client: &Client,
    instance: &str,
) -> Result<HashMap<String, String>, Box<dyn Error + Send + Sync>> {
    let mut pages = client.list_security_profiles().instance_id(instance).into_paginator().items().send();
    let mut found = HashMap::new();
    while let Some(item) = pages.next().await {
        let item = item?;
        found.extend(item.name.zip(item.id));
    }
    Ok(found)
}
