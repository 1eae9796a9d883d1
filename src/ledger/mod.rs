//! The truth on disk: an append-only record of what was meant, sent and answered.
