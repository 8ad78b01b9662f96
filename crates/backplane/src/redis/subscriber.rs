//! Sharded channels, on a connection of their own.
//!
//! It wants a set of channels and makes the server's idea of it agree: what is missing is
//! subscribed, what is too much is dropped, and after a lost connection (or a slot that moved)
//! everything again. What was said meanwhile is lost; whoever listens must bear that.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::dial::{CONNECT, Dialer};
use super::error::LinkError;
use super::link::Link;
use super::queue::{Queue, Weight};
use super::random_below;
use super::wire::{Wire, within};

/// Between two comparisons of what is wanted with what is there, and two looks at the connection.
const LOOK: Duration = Duration::from_millis(250);

/// What was said on a channel.
pub(crate) struct Packet {
    pub(crate) channel: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Weight for Packet {
    fn weight(&self) -> usize {
        self.channel.len() + self.body.len()
    }
}

struct Shared {
    wanted: Mutex<HashSet<String>>,
    /// What the server confirmed.
    there: watch::Sender<HashSet<String>>,
    changed: Notify,
}

/// The subscriptions. They end when it is dropped.
pub(crate) struct Subscriber {
    shared: Arc<Shared>,
    keeper: JoinHandle<()>,
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Subscriber {
    /// What is said goes into that queue.
    pub(crate) fn new(link: &Link, heard: Arc<Queue<Packet>>) -> Self {
        let shared = Arc::new(Shared {
            wanted: Mutex::default(),
            there: watch::Sender::default(),
            changed: Notify::new(),
        });
        let keeper = tokio::spawn(keep(Arc::clone(&shared), link.dialer(), heard));
        Self { shared, keeper }
    }

    /// From now on these are wanted too, and those are not.
    pub(crate) fn change(&self, more: &[String], less: &[String]) {
        let mut wanted = self.shared.wanted.lock();
        wanted.extend(more.iter().cloned());
        less.iter().for_each(|channel| {
            wanted.remove(channel);
        });
        drop(wanted);
        self.shared.changed.notify_one();
    }

    /// Waits until the server confirmed all of these.
    pub(crate) async fn confirmed(&self, channels: &[String]) {
        let mut there = self.shared.there.subscribe();
        let all = |there: &HashSet<String>| channels.iter().all(|c| there.contains(c));
        let _ = there.wait_for(all).await;
    }
}

/// What the server says unasked: packets into the queue, the rest to the keeper.
struct Ear {
    heard: Arc<Queue<Packet>>,
    control: mpsc::UnboundedSender<(PushKind, String)>,
}

impl AsyncPushSender for Ear {
    fn send(&self, info: PushInfo) -> Result<(), SendError> {
        let mut data = info.data.into_iter().map(|value| match value {
            Value::BulkString(bytes) => bytes,
            _ => Vec::new(),
        });
        let channel = data.next().unwrap_or_default();
        if info.kind == PushKind::SMessage {
            let body = data.next().unwrap_or_default();
            self.heard.put(Packet { channel, body });
            return Ok(());
        }
        let channel = String::from_utf8(channel).unwrap_or_default();
        self.control.send((info.kind, channel)).map_err(|_| SendError)
    }
}

async fn keep(shared: Arc<Shared>, dialer: Dialer, heard: Arc<Queue<Packet>>) {
    loop {
        let (control, mut said) = mpsc::unbounded_channel();
        let ear = Arc::new(Ear { heard: Arc::clone(&heard), control });
        if let Ok((mut wire, named)) = dialer.dial(Some(ear)).await {
            let named = named.as_deref();
            if let Err(error) = listen(&shared, &dialer, &mut wire, named, &mut said).await {
                tracing::debug!(%error, "the subscriptions begin anew");
            }
            shared.there.send_replace(HashSet::new());
        }
        tokio::time::sleep(Duration::from_millis(50 + random_below(100))).await;
    }
}

/// Keeps the subscriptions on one connection, until it is lost.
async fn listen(
    shared: &Shared,
    dialer: &Dialer,
    wire: &mut Wire,
    named: Option<&str>,
    said: &mut mpsc::UnboundedReceiver<(PushKind, String)>,
) -> Result<(), LinkError> {
    let mut looks = tokio::time::interval(LOOK);
    let mut turn = 0_u8;
    loop {
        tokio::select! {
            () = shared.changed.notified() => agree(shared, wire).await?,
            control = said.recv() => {
                let gone = || LinkError::Broken("the connection was lost".to_owned());
                hear(shared, control.ok_or_else(gone)?)?;
            }
            _ = looks.tick() => {
                within(CONNECT, wire.run(&redis::cmd("PING"))).await?;
                agree(shared, wire).await?;
                turn = turn.wrapping_add(1);
                if let Some(named) = named
                    && turn.is_multiple_of(4)
                    && !dialer.is_named(named).await
                {
                    return Err(LinkError::Broken("Sentinel names another master".to_owned()));
                }
            }
        }
    }
}

fn hear(shared: &Shared, (kind, channel): (PushKind, String)) -> Result<(), LinkError> {
    match kind {
        PushKind::Disconnection => return Err(LinkError::Broken("disconnected".to_owned())),
        PushKind::SSubscribe => {
            shared.there.send_modify(|there| {
                there.insert(channel);
            });
        }
        PushKind::SUnsubscribe => {
            shared.there.send_modify(|there| {
                there.remove(&channel);
            });
        }
        _ => {}
    }
    Ok(())
}

/// Subscribes what is missing, drops what is too much. The confirmations come as pushes.
async fn agree(shared: &Shared, wire: &mut Wire) -> Result<(), LinkError> {
    let (mut more, mut less) = (Vec::new(), Vec::new());
    {
        let (wanted, there) = (shared.wanted.lock(), shared.there.borrow());
        more.extend(wanted.difference(&there).cloned());
        less.extend(there.difference(&wanted).cloned());
    }
    if more.is_empty() && less.is_empty() {
        return Ok(());
    }
    // What is dropped counts as gone from now on: who wants it again waits for a new confirmation.
    shared.there.send_modify(|there| less.iter().for_each(|channel| drop(there.take(channel))));
    wire.subscribe(&more, &less).await
}
