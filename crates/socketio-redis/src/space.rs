//! One namespace, as this node knows it among the others.

use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::RwLock;
use serde::Serialize;
use zvon_socketio::{Args, Namespace};

use crate::adapter::Shared;
use crate::channel::Channels;
use crate::message::{Encoder, Payload, kind};
use crate::pending::Requests;

/// Hears what other servers say to this one. Must not block.
pub type Listener = Arc<dyn Fn(ServerEvent) + Send + Sync>;

/// A namespace among the other nodes.
pub(crate) struct Space {
    pub(crate) namespace: Namespace,
    pub(crate) channels: Channels,
    pub(crate) encoder: Encoder,
    pub(crate) requests: Requests,
    pub(crate) listener: RwLock<Option<Listener>>,
}

impl Space {
    pub(crate) fn new(shared: &Shared, namespace: &Namespace) -> Self {
        let uid = random_id();
        let path = namespace.path();
        let config = &shared.config;
        Self {
            namespace: namespace.clone(),
            channels: Channels::new(&config.prefix, path, &uid, config.mode),
            encoder: Encoder::new(&uid, path),
            requests: Requests::default(),
            listener: RwLock::new(None),
        }
    }
}

/// An event that another server sent to this one.
#[derive(Debug)]
pub struct ServerEvent {
    /// The namespace it was sent in.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What came with it.
    pub args: Args,
    /// The way to answer, if an answer is wanted. The asker waits for one of every node: whoever
    /// listens to the event should answer it.
    pub reply: Option<Reply>,
}

/// The way to answer another server, once.
pub struct Reply {
    pub(crate) shared: Weak<Shared>,
    pub(crate) space: Arc<Space>,
    pub(crate) uid: String,
    pub(crate) request: String,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("uid", &self.uid).finish_non_exhaustive()
    }
}

impl Reply {
    /// Answers with a value.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub fn send<T: Serialize + ?Sized>(self, value: &T) -> Result<(), serde_json::Error> {
        let values = vec![serde_json::value::to_raw_value(value)?];
        self.send_args(&Args { values, attachments: Vec::new() });
        Ok(())
    }

    /// Answers with the first of some arguments.
    pub fn send_args(self, args: &Args) {
        let payload = self.space.encoder.answer(kind::SERVER_SIDE_ANSWER, &self.request, args);
        if let Some(shared) = self.shared.upgrade() {
            shared.respond(&self.space, &self.uid, payload);
        }
    }
}

impl Shared {
    /// To all nodes.
    pub(crate) fn publish(&self, space: &Space, payload: Payload) {
        self.send(space.channels.main.clone(), payload);
    }

    /// To the node that asked.
    pub(crate) fn respond(&self, space: &Space, uid: &str, payload: Payload) {
        self.send(space.channels.response_to(uid), payload);
    }

    pub(crate) fn send(&self, channel: String, payload: Payload) {
        match payload {
            Some(payload) => self.link.publish(channel, payload),
            None => self.stats.unencodable.add(1),
        }
    }
}

/// 16 hexadecimal digits, for nodes and requests. They need not be secret, only different.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 8];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = std::process::id().to_be_bytes().repeat(2).try_into().unwrap_or_default();
    }
    format!("{:016x}", u64::from_be_bytes(bytes))
}
