//! What the system keeps of this process's memory: nothing.

/// Has the system write no core dump of this process, and on Linux let no other process of the same user read its memory.
///
/// Both, because a core dump that is piped to a program knows no limit. What cannot be set is left as it is: that is no
/// reason to do nothing.
pub fn keep_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
