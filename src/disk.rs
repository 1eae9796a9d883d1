//! Files: private from the first byte, replaced atomically. Nothing else in the crate but the ledger's writer makes one.
