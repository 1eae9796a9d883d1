//! Which rows a view has, kept until something changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What is asked for: which rows, and the text that they have to have.
type Asked = (String, String);

/// The rows of the views that were asked for, until something changes.
#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<Asked, Arc<Vec<u64>>>>);

impl Views {
    /// How many are kept.
    const MOST: usize = 8;

    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn get(&self, view: &str, find: &str, make: impl FnOnce() -> Vec<u64>) -> Arc<Vec<u64>> {
        let key = (view.to_owned(), find.to_owned());
        if let Some(rows) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(rows);
        }
        let rows = Arc::new(make());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&rows));
        rows
    }
}
