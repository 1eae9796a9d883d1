//! `--instance` of `simulate`: the instances that it serves, each with what is to be different of it.

use super::rate::{self, Allowance};
use super::roster::Identity;
use super::sky::Sky;
use crate::error::Failure;
use crate::simulator::{Operation, Spec, Trust};

/// The form of the flag.
pub(in crate::cli) const FORM: &str = "ACCOUNT/REGION/ALIAS[,KEY=VALUE]...";

/// An instance to serve. What is `None` is as the other flags have it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Served {
    pub(in crate::cli) account: String,
    pub(in crate::cli) region: String,
    pub(in crate::cli) alias: String,
    /// Where it was named by its ARN.
    pub(in crate::cli) id: Option<String>,
    pub(in crate::cli) identity: Option<Identity>,
    pub(in crate::cli) users_quota: Option<usize>,
    pub(in crate::cli) rate: Option<Allowance>,
    pub(in crate::cli) weather: Option<Sky>,
    /// What the caller may not do with it.
    pub(in crate::cli) denied: Vec<Operation>,
    /// Whether the roles of its account may be taken on by nobody.
    pub(in crate::cli) denies_roles: bool,
    /// What the roles of its account ask for.
    pub(in crate::cli) external_id: Option<String>,
}

/// Reads an instance: `ACCOUNT/REGION/ALIAS`, or its ARN, and settings after commas.
pub(in crate::cli) fn served(text: &str) -> Result<Served, String> {
    let mut parts = text.split(',');
    let mut served = place(parts.next().unwrap_or_default())?;
    for part in parts {
        let (key, value) = part.split_once('=').ok_or_else(|| format!("expected KEY=VALUE, not `{part}`"))?;
        served.set(key, value)?;
    }
    Ok(served)
}

fn place(text: &str) -> Result<Served, String> {
    let expected =
        || "expected ACCOUNT/REGION/ALIAS, as in `111122223333/eu-west-2/acme`, or an instance's ARN";
    let (account, region, alias, id) = match text.split(['/', ':']).collect::<Vec<_>>()[..] {
        ["arn", _, "connect", region, account, "instance", id] => {
            let known = uuid::Uuid::try_parse(id).is_ok() && id.len() == 36;
            let id = Some(id).filter(|_| known).ok_or_else(expected)?;
            (account, region, format!("instance-{}", &id[..8]), Some(id.to_owned()))
        }
        [account, region, alias] if !text.contains(':') => (account, region, alias.to_owned(), None),
        _ => return Err(expected().into()),
    };
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("an account has 12 digits, not `{account}`"));
    }
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if region.split('-').count() < 3 || !region.split('-').all(is_word) {
        return Err(format!("not a region's name, as in eu-west-2: `{region}`"));
    }
    check_alias(&alias)?;
    Ok(Served {
        account: account.to_owned(),
        region: region.to_owned(),
        alias,
        id,
        identity: None,
        users_quota: None,
        rate: None,
        weather: None,
        denied: Vec::new(),
        denies_roles: false,
        external_id: None,
    })
}

/// An alias is 1 to 45 letters, digits and hyphens (API, CreateInstance: InstanceAlias).
fn check_alias(alias: &str) -> Result<(), String> {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if (1..=45).contains(&alias.len()) && alias.bytes().all(is_good) {
        return Ok(());
    }
    Err(format!("an alias is 1 to 45 letters, digits and hyphens, not `{alias}`"))
}

impl Served {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "alias" => {
                check_alias(value)?;
                value.clone_into(&mut self.alias);
            }
            "users-quota" => {
                let number =
                    value.parse().map_err(|_| format!("expected a number of users, not `{value}`"))?;
                self.users_quota = Some(number);
            }
            "rate" => self.rate = Some(rate::allowed(value)?),
            "identity" => self.identity = Some(word(value)?),
            "weather" => self.weather = Some(word(value)?),
            "denied" if value == "AssumeRole" => self.denies_roles = true,
            "denied" => {
                let operation = Operation::named(value);
                self.denied.push(operation.ok_or_else(|| format!("no operation of that name: `{value}`"))?);
            }
            "external-id" if value.len() >= 2 => self.external_id = Some(value.to_owned()),
            "external-id" => return Err("an external id has two characters at least".into()),
            _ => {
                return Err(format!(
                    "expected alias, users-quota, rate, identity, weather, denied or external-id, not `{key}`"
                ));
            }
        }
        Ok(())
    }

    /// Describes it, where the rest is as in this description.
    pub(in crate::cli) fn spec(&self, rest: &Spec) -> Spec {
        let named = Spec::at(&self.account, &self.region, &self.alias);
        Spec {
            account: named.account,
            region: named.region,
            alias: named.alias,
            instance_id: self.id.clone().unwrap_or(named.instance_id),
            identity: self.identity.map_or(rest.identity, Into::into),
            users_quota: self.users_quota.unwrap_or(rest.users_quota),
            weather: self.weather.map_or_else(|| rest.weather.clone(), Into::into),
            denied: self.denied.iter().copied().collect(),
            ..rest.clone()
        }
    }

    /// Whom the roles of its account trust; `None` where nothing is said of it.
    pub(in crate::cli) fn trust(&self) -> Option<Trust> {
        let external_id = self.external_id.clone();
        let says = self.denies_roles || external_id.is_some();
        says.then(|| Trust { denied: self.denies_roles, external_id, ..Trust::default() })
    }
}

fn word<T: clap::ValueEnum>(value: &str) -> Result<T, String> {
    T::from_str(value, true).map_err(|_| {
        let all = T::value_variants().iter().filter_map(T::to_possible_value);
        let all: Vec<_> = all.map(|word| format!("`{}`", word.get_name())).collect();
        format!("expected {}, not `{value}`", all.join(" or "))
    })
}

/// Refuses instances that cannot be at once, and what two of them say of what they have in common.
pub(in crate::cli) fn check(all: &[Served]) -> Result<(), Failure> {
    for (index, one) in all.iter().enumerate() {
        for other in &all[..index] {
            if one.alias == other.alias {
                return Err(Failure::usage(format!("two instances of the alias `{}`", one.alias)).hint(
                    "an alias is an instance's own, in all of AWS: it is the first part of its address",
                ));
            }
            if one.id.is_some() && one.id == other.id {
                return Err(Failure::usage(format!("two instances of the id in `{}`", one.alias)));
            }
            let is_of_account = one.account == other.account;
            if is_of_account && one.region == other.region && differs(one.rate, other.rate) {
                return Err(Failure::usage(format!(
                    "`{}` and `{}` are of one account and region, which have one rate",
                    other.alias, one.alias
                )));
            }
            if is_of_account && differs(one.trust(), other.trust()) {
                return Err(Failure::usage(format!(
                    "`{}` and `{}` are of one account, whose roles trust alike",
                    other.alias, one.alias
                )));
            }
        }
    }
    Ok(())
}

/// Whether both say something, and not the same.
fn differs<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_named_by_its_place_or_by_its_arn() {
        let one = served("111122223333/eu-west-2/acme").unwrap();
        assert_eq!((&*one.account, &*one.region, &*one.alias), ("111122223333", "eu-west-2", "acme"));
        let arn = "arn:aws:connect:us-east-1:444455556666:instance/a1b2c3d4-5678-90ab-cdef-000000000001";
        let other = served(arn).unwrap();
        assert_eq!(other.alias, "instance-a1b2c3d4");
        let spec = other.spec(&Spec::default());
        assert_eq!((spec.instance_arn().as_str(), spec.users_quota), (arn, 500));
        let gov =
            "arn:aws-us-gov:connect:us-gov-west-1:444455556666:instance/a1b2c3d4-5678-90ab-cdef-000000000001";
        assert_eq!(served(gov).unwrap().spec(&Spec::default()).instance_arn(), gov);
    }

    #[test]
    fn what_stands_behind_it_is_different_of_it() {
        let text = "111122223333/eu-west-2/acme,users-quota=3,rate=8,identity=saml,weather=rough,denied=CreateUser,\
                    denied=AssumeRole,denied=TagResource,external-id=sesame,alias=other";
        let served = served(text).unwrap();
        assert_eq!(served.rate, Some(Allowance(Some(8.0))));
        let spec = served.spec(&Spec { seed: 7, ..Spec::default() });
        assert_eq!((spec.alias.as_str(), spec.users_quota, spec.seed), ("other", 3, 7));
        assert_eq!(spec.denied, [Operation::CreateUser, Operation::TagResource].into());
        let trust = served.trust().unwrap();
        assert_eq!((trust.denied, trust.external_id.as_deref()), (true, Some("sesame")));
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "acme",
            "1/eu-west-2/acme",
            "111122223333/europe/acme",
            "111122223333/eu-west-2/",
            "111122223333/eu-west-2/a_b",
            "111122223333/eu-west-2/a/b",
            "arn:aws:connect:us-east-1:444455556666:instance/x",
            "arn:aws:connect:us-east-1:444455556666:queue/a1b2c3d4-5678-90ab-cdef-000000000001",
            "111122223333/eu-west-2/acme,",
            "111122223333/eu-west-2/acme,quota=3",
            "111122223333/eu-west-2/acme,users-quota=many",
            "111122223333/eu-west-2/acme,denied=Everything",
            "111122223333/eu-west-2/acme,weather=fine",
            "111122223333/eu-west-2/acme,rate=0",
            "111122223333/eu-west-2/acme,external-id=",
        ] {
            assert!(served(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_instances_have_in_common_is_said_once_or_alike() {
        let all = |texts: &[&str]| check(&texts.iter().map(|text| served(text).unwrap()).collect::<Vec<_>>());
        let (a, b) = ("111122223333/eu-west-2/a", "111122223333/eu-west-2/b");
        assert!(all(&[a, b, "111122223333/us-east-1/c,rate=9", "444455556666/eu-west-2/d,rate=3"]).is_ok());
        assert!(all(&[&format!("{a},rate=8"), b]).is_ok());
        assert!(all(&[&format!("{a},rate=8,external-id=xy"), &format!("{b},rate=8,external-id=xy")]).is_ok());
        for (one, other) in [
            (a.to_owned(), "444455556666/us-east-1/a".to_owned()),
            (format!("{a},rate=8"), format!("{b},rate=9")),
            (format!("{a},external-id=xy"), format!("{b},external-id=xz")),
            (format!("{a},external-id=xy"), format!("{b},denied=AssumeRole")),
        ] {
            assert!(all(&[&one, &other]).is_err(), "{one} {other}");
        }
    }
}
