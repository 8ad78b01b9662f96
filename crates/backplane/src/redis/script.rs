//! Lua scripts: by their hash, loaded where they are not known.

use redis::{Arg, Cmd, ToRedisArgs};

/// A script.
pub(crate) struct Script {
    source: &'static str,
    hash: String,
}

impl Script {
    pub(crate) fn new(source: &'static str) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().to_owned() }
    }

    /// A call of it with these keys; arguments follow.
    pub(crate) fn call(&self, keys: &[&str]) -> Call {
        let mut known = redis::cmd("EVALSHA");
        known.arg(&self.hash).arg(keys.len()).arg(keys);
        Call { source: self.source, known }
    }
}

/// One call of a script.
#[derive(Clone)]
pub(crate) struct Call {
    source: &'static str,
    pub(super) known: Cmd,
}

impl Call {
    /// Adds an argument.
    pub(crate) fn arg(mut self, value: impl ToRedisArgs) -> Self {
        self.known.arg(value);
        self
    }

    /// The call as a server understands it that does not know the script; it does afterwards.
    pub(super) fn whole(&self) -> Cmd {
        let mut whole = redis::cmd("EVAL");
        whole.arg(self.source);
        for arg in self.known.args_iter().skip(2) {
            if let Arg::Simple(bytes) = arg {
                whole.arg(bytes);
            }
        }
        whole
    }
}
