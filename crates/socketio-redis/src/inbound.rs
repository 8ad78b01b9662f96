//! What other nodes ask, done to this node's sockets.
//!
//! One task, so that a channel's messages are done in order. It waits for nothing but the next
//! message.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use zvon_socketio::{Args, Packet, Socket, Target};

use crate::adapter::{EVICT, Shared};
use crate::channel::Heard;
use crate::describe;
use crate::link::{Inbox, Incoming};
use crate::message::{Body, Fault, Message, decode, kind};
use crate::space::{Reply, ServerEvent, Space};

/// How long clients' answers are waited for when the asker does not say.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most messages before other tasks get a turn.
const BURST: usize = 32;

/// Handles what comes until the adapter is gone.
pub(crate) async fn run(shared: Weak<Shared>, mut inbox: Inbox) {
    let mut done = 0_usize;
    while let Some(incoming) = inbox.next().await {
        let Some(shared) = shared.upgrade() else { return };
        // The engine catches what panics in a product's handlers; nothing else should.
        if catch_unwind(AssertUnwindSafe(|| handle(&shared, &incoming))).is_err() {
            tracing::error!("a message from Redis could not be handled");
        }
        done += 1;
        if done.is_multiple_of(BURST) {
            tokio::task::yield_now().await;
        }
    }
}

fn handle(shared: &Arc<Shared>, incoming: &Incoming) {
    let Ok(channel) = std::str::from_utf8(&incoming.channel) else { return };
    for space in shared.spaces().values() {
        let Some(heard) = space.channels.hear(channel) else { continue };
        if space.encoder.wrote(&incoming.payload) {
            shared.stats.echoes.add(1);
        } else if is_unwanted(space, heard) {
            shared.stats.unwanted.add(1);
        } else {
            read(shared, space, heard, incoming);
        }
    }
}

/// Whether the message is for a room that has nobody here: its channel is still subscribed for a
/// moment after the last has left.
fn is_unwanted(space: &Space, heard: Heard<'_>) -> bool {
    let Heard::Room(room) = heard else { return false };
    space.namespace.room_len(room) == 0 && space.namespace.get(room).is_none()
}

fn read(shared: &Arc<Shared>, space: &Arc<Space>, heard: Heard<'_>, incoming: &Incoming) {
    match decode(&incoming.payload) {
        // A namespace's name may be the beginning of another's channel.
        Ok(message) if message.namespace != space.namespace.path() => {}
        Ok(Message { body: Body::Response(id, response), .. }) => {
            space.requests.answer(&id, response);
        }
        Ok(message) if heard != Heard::Response => obey(shared, space, message),
        Ok(_) | Err(Fault::Unknown) => shared.stats.unknown.add(1),
        Err(Fault::Garbage) => shared.stats.garbage.add(1),
    }
}

fn obey(shared: &Arc<Shared>, space: &Arc<Space>, message: Message) {
    let here = |target: Target| space.namespace.select(target).local();
    match message.body {
        Body::Broadcast { target, packet, request: None } => {
            space.namespace.relay(target, &packet);
        }
        Body::Broadcast { target, packet, request: Some((request, within)) } => {
            let asked = Asked { uid: message.uid, request, within: within.unwrap_or(PATIENCE) };
            ask(shared, space, target, &packet, asked);
        }
        Body::Join(target, rooms) => {
            for socket in here(target).sockets() {
                rooms.iter().for_each(|room| socket.join(room));
            }
        }
        Body::Leave(target, rooms) => {
            for socket in here(target).sockets() {
                rooms.iter().for_each(|room| socket.leave(room));
            }
        }
        Body::Disconnect(target, close) => here(target).disconnect(close),
        Body::Fetch(target, request) => {
            let describe = shared.config.describe.as_ref();
            let sockets = here(target).sockets();
            let sockets: Vec<String> =
                sockets.iter().map(|socket| describe::socket(socket, describe)).collect();
            shared.respond(space, &message.uid, space.encoder.fetched(&request, &sockets));
        }
        Body::ServerSideEmit(args, request) => {
            hear(shared, space, args, request.map(|request| (message.uid, request)));
        }
        // Answers have been taken out before.
        Body::Response(..) => {}
    }
}

/// Whom a broadcast's answers go to.
struct Asked {
    uid: String,
    request: String,
    within: Duration,
}

/// Reports how many sockets are asked, at once, and each answer as it comes.
fn ask(shared: &Arc<Shared>, space: &Arc<Space>, target: Target, packet: &Packet, asked: Asked) {
    let answers = space.namespace.select(target).local().ask(packet, asked.within);
    let count = space.encoder.client_count(&asked.request, answers.len());
    shared.respond(space, &asked.uid, count);
    let (shared, space) = (Arc::downgrade(shared), Arc::clone(space));
    tokio::spawn(async move {
        let mut answers: FuturesUnordered<_> = answers.into_iter().collect();
        while let Some(answer) = answers.next().await {
            let (Ok(args), Some(shared)) = (answer, shared.upgrade()) else { continue };
            let payload = space.encoder.answer(kind::ACK, &asked.request, &args);
            shared.respond(&space, &asked.uid, payload);
        }
    });
}

/// Another server speaks to this one.
fn hear(
    shared: &Arc<Shared>,
    space: &Arc<Space>,
    mut args: Args,
    request: Option<(String, String)>,
) {
    if args.values.is_empty() {
        return;
    }
    let Ok(name) = serde_json::from_str::<String>(args.values.remove(0).get()) else { return };
    if name == EVICT {
        let gone = args.get::<String>(0).ok().and_then(|id| space.namespace.get(&id));
        return gone.iter().for_each(Socket::evict);
    }
    let Some(listener) = space.listener.read().clone() else { return };
    let reply = request.map(|(uid, request)| Reply {
        shared: Arc::downgrade(shared),
        space: Arc::clone(space),
        uid,
        request,
    });
    let namespace = space.namespace.path().to_owned();
    listener(ServerEvent { namespace, name, args, reply });
}
