//! Stage 3: rows × ledger become tasks.
