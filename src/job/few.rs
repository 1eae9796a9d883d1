//! Some users by name, the others counted.

/// The first of some users, and how many more there are: a plan of a million rows is held between two questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Few {
    /// The first, by name: at most [`Few::NAMED`].
    pub first: Vec<String>,
    /// How many more.
    pub(crate) more: u64,
}

impl Few {
    /// How many are named.
    pub(crate) const NAMED: usize = 10;

    pub(super) fn of<'a>(mut users: impl Iterator<Item = &'a str>) -> Self {
        let first = users.by_ref().take(Self::NAMED).map(str::to_owned).collect();
        Self { first, more: users.count() as u64 }
    }

    /// Takes one more in.
    pub(super) fn add(&mut self, user: &str) {
        if self.first.len() < Self::NAMED {
            self.first.push(user.to_owned());
        } else {
            self.more += 1;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.first.len() as u64 + self.more
    }
}
