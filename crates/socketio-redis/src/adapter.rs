//! The seam's implementation: what the engine tells it, it encodes once and queues.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use redis::RedisError;
use tokio::task::JoinHandle;
use zvon_socketio::{Adapter, Namespace, Packet, SocketId, Target};

use crate::config::Config;
use crate::inbound;
use crate::link::Link;
use crate::space::{Listener, Space};
use crate::stats::Stats;

/// What a server says to the others of a socket that was recovered there.
pub(crate) const EVICT: &str = "zvon:evict";

/// The other nodes, over Redis.
pub struct RedisAdapter {
    pub(crate) shared: Arc<Shared>,
    handling: JoinHandle<()>,
}

/// What the adapter and its task share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) link: Link,
    pub(crate) stats: Arc<Stats>,
    /// Copied when a namespace comes, so that whoever goes through them holds no lock.
    spaces: RwLock<Arc<Spaces>>,
}

type Spaces = HashMap<String, Arc<Space>>;

impl Shared {
    pub(crate) fn space(&self, namespace: &str) -> Option<Arc<Space>> {
        self.spaces.read().get(namespace).cloned()
    }

    /// Every namespace.
    pub(crate) fn spaces(&self) -> Arc<Spaces> {
        Arc::clone(&self.spaces.read())
    }

    /// Does something with a namespace that is attached.
    fn with(&self, namespace: &str, act: impl FnOnce(&Space)) {
        if let Some(space) = self.spaces.read().get(namespace) {
            act(space);
        }
    }
}

impl fmt::Debug for RedisAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAdapter").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl Drop for RedisAdapter {
    fn drop(&mut self) {
        self.handling.abort();
    }
}

impl RedisAdapter {
    /// An adapter, to be given to `Io::with_adapter`. Its tasks run on the current tokio runtime.
    /// Redis need not be there yet.
    ///
    /// # Errors
    /// When an address cannot be one.
    pub fn start(config: Config) -> Result<Arc<Self>, RedisError> {
        let stats = Arc::<Stats>::default();
        let (link, inbox) = Link::start(&config, &stats)?;
        let shared = Arc::new(Shared { config, link, stats, spaces: RwLock::default() });
        let handling = tokio::spawn(inbound::run(Arc::downgrade(&shared), inbox));
        Ok(Arc::new(Self { shared, handling }))
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> &Arc<Stats> {
        &self.shared.stats
    }

    /// Waits until Redis knows of every channel that this node is to hear.
    pub async fn subscribed(&self) {
        self.shared.link.subscribed().await;
    }

    /// Who hears what other servers say to this one in a namespace; `false` if the namespace is
    /// not served. Without a listener, what they say is passed over, and not answered.
    pub fn listen(&self, namespace: &str, listener: Listener) -> bool {
        let Some(space) = self.shared.space(namespace) else { return false };
        *space.listener.write() = Some(listener);
        true
    }

    /// Leaves the cluster: unsubscribes, so that nobody waits for this node's answers, and waits
    /// until Redis has taken what is queued; not longer than `patience`. Lets go of the
    /// namespaces, which hold on to their adapter.
    pub async fn close(&self, patience: Duration) {
        self.shared.link.close(patience).await;
        let spaces = std::mem::take(&mut *self.shared.spaces.write());
        drop(spaces);
    }
}

impl Adapter for RedisAdapter {
    fn attach(&self, namespace: &Namespace) {
        let space = Arc::new(Space::new(&self.shared, namespace));
        let channels = space.channels.clone();
        let path = namespace.path().to_owned();
        // Whoever finds this node among the subscribers must find it able to answer.
        let old = Arc::make_mut(&mut self.shared.spaces.write()).insert(path, space);
        if let Some(old) = old {
            self.shared.link.unsubscribe(&old.channels.response);
            self.shared.link.unsubscribe(&old.channels.main);
        }
        self.shared.link.subscribe(channels.response);
        self.shared.link.subscribe(channels.main);
    }

    fn room(&self, namespace: &str, room: &str, occupied: bool) {
        self.shared.with(namespace, |space| match (space.channels.room(room), occupied) {
            (Some(channel), true) => self.shared.link.subscribe(channel),
            (Some(channel), false) => self.shared.link.unsubscribe(&channel),
            (None, _) => {}
        });
    }

    fn socket(&self, namespace: &str, id: &SocketId, here: bool) {
        self.shared.with(namespace, |space| match (space.channels.socket(id.as_str()), here) {
            (Some(channel), true) => self.shared.link.subscribe(channel),
            (Some(channel), false) => self.shared.link.unsubscribe(&channel),
            (None, _) => {}
        });
    }

    fn evict(&self, namespace: &str, id: &SocketId) {
        // The dialect can only disconnect, which would keep the client away: so it is said from
        // server to server, and JavaScript's have nobody who listens.
        if let Ok(packet) = Packet::event(EVICT, id.as_str()) {
            self.shared.with(namespace, |space| {
                self.shared.publish(space, space.encoder.server_side_emit(&packet, None));
            });
        }
    }

    fn broadcast(&self, namespace: &str, target: &Target, packet: &Packet) {
        self.shared.with(namespace, |space| {
            let channel = space.channels.of_broadcast(&target.rooms);
            self.shared.send(channel, space.encoder.broadcast(target, packet));
        });
    }

    fn join(&self, namespace: &str, target: &Target, room: &str) {
        self.shared.with(namespace, |space| {
            self.shared.publish(space, space.encoder.join(target, room));
        });
    }

    fn leave(&self, namespace: &str, target: &Target, room: &str) {
        self.shared.with(namespace, |space| {
            self.shared.publish(space, space.encoder.leave(target, room));
        });
    }

    fn disconnect(&self, namespace: &str, target: &Target, close: bool) {
        self.shared.with(namespace, |space| {
            self.shared.publish(space, space.encoder.disconnect(target, close));
        });
    }
}
