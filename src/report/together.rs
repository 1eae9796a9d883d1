//! The runs of several targets as one report: each row with its target, and the counts of each target by themselves.

use super::account::{Account, Part, Source};

impl Account {
    /// Several as one, their rows in the order of the roster. Of one alone it is that one.
    pub(crate) fn together(accounts: Vec<Self>) -> Self {
        let mut all = Self::default();
        if accounts.len() == 1 {
            return accounts.into_iter().next().unwrap_or(all);
        }
        let mut names = Vec::new();
        for (at, mut one) in accounts.into_iter().enumerate() {
            let target = one.target.clone().unwrap_or_else(|| one.run.clone());
            all.parts.push(Part {
                target: target.clone(),
                run: one.run.clone(),
                instance: one.instance.clone(),
                alias: one.alias.clone(),
                counts: one.counts,
                calls: one.calls,
            });
            one.rows.iter_mut().for_each(|row| row.target = Some(target.clone()));
            if at == 0 {
                (all.zone, all.job, all.is_rehearsal) = (one.zone.clone(), one.job, one.is_rehearsal);
                (all.tool, all.began, all.roster) = (one.tool.clone(), one.began.clone(), one.roster.clone());
                (all.settings, all.header_row) = (one.settings.clone(), one.header_row);
            }
            all.began = all.began.min(one.began);
            let causes = all.causes.len() as u32;
            let before = all.rows.len() as u32;
            for mut cause in one.causes {
                cause.rows.iter_mut().for_each(|row| *row += before);
                all.causes.push(cause);
            }
            one.rows.iter_mut().for_each(|row| row.cause = row.cause.map(|cause| cause + causes));
            all.rows.append(&mut one.rows);
            all.sessions.append(&mut one.sessions);
            all.dropped += one.dropped;
            all.counts += one.counts;
            all.calls += one.calls;
            all.at_work |= one.at_work;
            names.extend(one.names);
            let Source { path, bytes, digest } = one.ledger;
            for (whole, part) in [(&mut all.ledger.path, path), (&mut all.ledger.digest, digest)] {
                whole.push_str(if whole.is_empty() { "" } else { ", " });
                whole.push_str(&part);
            }
            all.ledger.bytes += bytes;
        }
        names.dedup();
        all.names = (!names.is_empty()).then(|| names.join("; "));
        let joined = |of: fn(&Part) -> String| all.parts.iter().map(of).collect::<Vec<_>>().join(", ");
        (all.run, all.instance) = (joined(|part| part.run.clone()), joined(|part| part.instance.clone()));
        all.sessions.sort_by(|one, other| one.began.cmp(&other.began));
        all.in_order();
        all
    }

    /// Puts the rows into the order of the roster; causes go by their places.
    fn in_order(&mut self) {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|one, other| {
            let (one, other) = (&self.rows[*one], &self.rows[*other]);
            one.row.cmp(&other.row).then_with(|| one.user.cmp(&other.user))
        });
        let mut places = vec![0; order.len()];
        for (now, before) in order.iter().enumerate() {
            places[*before] = now as u32;
        }
        let mut rows: Vec<_> = self.rows.drain(..).map(Some).collect();
        self.rows = order.iter().filter_map(|before| rows[*before].take()).collect();
        for cause in &mut self.causes {
            cause.rows.iter_mut().for_each(|row| *row = places[*row as usize]);
            cause.rows.sort_unstable();
        }
    }
}
