//! Stage 4: tasks become outcomes.
