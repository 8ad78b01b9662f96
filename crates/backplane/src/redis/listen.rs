//! The connection that listens for a [`super::subscriber::Subscriber`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::mpsc;

use super::dial::{CONNECT, Dialer};
use super::error::LinkError;
use super::queue::Queue;
use super::random_below;
use super::subscriber::{Packet, Shared};
use super::wire::{Wire, within};

/// Between two comparisons of what is wanted with what is there, and two looks at the connection.
const LOOK: Duration = Duration::from_millis(250);

/// At every so many looks it makes sure of what no push would tell.
const SURE: u8 = 4;

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

/// Makes connections and listens on them, for ever.
pub(super) async fn keep(shared: Arc<Shared>, dialer: Dialer, heard: Arc<Queue<Packet>>) {
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
                if !wire.mends_itself() {
                    within(CONNECT, wire.probe()).await?;
                }
                agree(shared, wire).await?;
                turn = turn.wrapping_add(1);
                if turn.is_multiple_of(SURE) {
                    make_sure(shared, dialer, wire, named).await?;
                }
            }
        }
    }
}

/// What no push tells: that Sentinel names another master, that a cluster's connection exchanged
/// one of its own for a fresh one. Subscribing again is harmless.
async fn make_sure(
    shared: &Shared,
    dialer: &Dialer,
    wire: &mut Wire,
    named: Option<&str>,
) -> Result<(), LinkError> {
    if let Some(named) = named
        && !dialer.is_named(named).await
    {
        return Err(LinkError::Broken("Sentinel names another master".to_owned()));
    }
    if wire.mends_itself() {
        let wanted: Vec<String> = shared.wanted.lock().iter().cloned().collect();
        wire.subscribe(&wanted, &[]).await?;
    }
    Ok(())
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
            // Its slot went to another server.
            if shared.wanted.lock().contains(&channel) {
                shared.changed.notify_one();
            }
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
