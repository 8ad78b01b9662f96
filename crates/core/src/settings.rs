//! What an operator can choose about the product itself.

use std::time::Duration;

use zvon_protocol::chat::Retention;

use crate::limits::Limits;

/// Who hears of presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone while there are few accounts, then co-members.
    Auto,
    /// Everyone.
    Everyone,
    /// Those who share a chat.
    CoMembers,
}

/// The product's settings. `Default` is what `config.default.toml` says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The secret that message ids, offsets and resume keys are derived from.
    pub cluster_key: Vec<u8>,
    /// How long a session lives from its last use on.
    pub session_life: Duration,
    /// Most sessions of a user; the oldest ends for one more.
    pub sessions_max: u32,
    /// On how many threads passwords are hashed.
    pub hash_threads: usize,
    /// Whether hashes of the existing back end are made anew at a sign-in.
    pub rehash: bool,
    /// Least characters of a new password.
    pub password_min: usize,
    /// The limits.
    pub limits: Limits,
    /// Who hears of presence.
    pub audience: Audience,
    /// With [`Audience::Auto`]: up to how many accounts everyone does.
    pub everyone_max: u64,
    /// Most bytes of a text.
    pub text_max: usize,
    /// Most pins of a chat.
    pub pins_max: u32,
    /// Most members of a group.
    pub group_max: u32,
    /// How many messages `chat:get` and a plain history request bring.
    pub history_page: u32,
    /// How long chats keep their messages that say nothing of it themselves.
    pub retention: Retention,
    /// The shortest pause between two looks at a chat whose messages may be over.
    pub sweep_every: Duration,
    /// Most webhooks of a chat, and most of all events.
    pub webhooks_max: u32,
    /// Whether what was read is kept for whoever asks next.
    pub cached: bool,
    /// How long rows of the outbox wait for whoever has not read them.
    pub outbox_keep: Duration,
    /// In how many lanes sends are committed: 1 over a store with one writer.
    pub lanes: usize,
    /// Least time between two commits of a lane where many messages come; zero: none.
    pub apart: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster_key: Vec::new(),
            session_life: Duration::from_secs(86_400),
            sessions_max: 10,
            hash_threads: 1,
            rehash: true,
            password_min: 8,
            limits: Limits::default(),
            audience: Audience::Auto,
            everyone_max: 1000,
            text_max: 16 * 1024,
            pins_max: 1000,
            group_max: 500,
            history_page: 200,
            retention: Retention::default(),
            sweep_every: Duration::from_secs(60),
            webhooks_max: 10,
            cached: true,
            outbox_keep: Duration::from_secs(7 * 86_400),
            lanes: 1,
            apart: Duration::ZERO,
        }
    }
}
