//! `core`'s [`Fanout`] over the engine's rooms.
//!
//! | room | who |
//! |---|---|
//! | `chat:{id}` | sockets that opened the chat, and those that follow all of their chats |
//! | `user:{id}` | every socket of the user |
//! | `session:{id}` | every socket of the session |
//! | `synced` | sockets that follow all of their chats by `sync` |

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use zvon_core::App;
use zvon_core::caller::Caller;
use zvon_core::delivery::Delivery;
use zvon_core::delivery::fanout::Fanout;
use zvon_core::error::Result;
use zvon_core::message::restate::Shown;
use zvon_protocol::chat::ChatState;
use zvon_protocol::event::{ChatCreated, OffsetMoved, ServerEvent, SessionRevoked};
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_socketio::{Namespace, Packet, Socket};

use super::client::Client;
use super::packet::packet;
use super::resume::single_offset;
use super::told::Told;

/// The room of sockets that follow all of their chats.
pub(crate) const SYNCED: &str = "synced";

/// The room of a chat.
pub(crate) fn chat_room(chat: ChatId) -> String {
    format!("chat:{chat}")
}

/// The room of a user.
pub(crate) fn user_room(user: UserId) -> String {
    format!("user:{user}")
}

/// The room of a session.
pub(crate) fn session_room(session: SessionId) -> String {
    format!("session:{session}")
}

/// This node's sockets. Empty until a namespace is attached.
#[derive(Default)]
pub(crate) struct Rooms {
    namespace: OnceLock<Namespace>,
    told: Arc<Told>,
}

impl Rooms {
    /// Says where the sockets are; once.
    pub(crate) fn attach(&self, namespace: Namespace) {
        let _ = self.namespace.set(namespace);
    }

    /// What its sockets were told to be read.
    pub(crate) fn told(&self) -> &Arc<Told> {
        &self.told
    }

    fn to_room(&self, room: &str, except: Option<&str>, event: &ServerEvent) {
        let (Some(namespace), Some(packet)) = (self.namespace.get(), packet(event)) else {
            return;
        };
        let to = namespace.to(room);
        let to = match except {
            Some(except) => to.except(except),
            None => to,
        };
        to.emit(&packet);
    }
}

/// One logged event, encoded once without and once with the offset of its chat alone.
pub(crate) struct Logged {
    delivery: Arc<Delivery>,
    plain: Packet,
    tailed: Packet,
}

impl Logged {
    pub(crate) fn new(delivery: &Arc<Delivery>) -> Option<Self> {
        let plain = packet(delivery.event.as_ref()?)?;
        let tailed = plain.with_tail(&single_offset(delivery.chat, delivery.seq, delivery.at));
        Some(Self { delivery: Arc::clone(delivery), plain, tailed })
    }

    /// Queues it to one socket, with the socket's own offset.
    pub(crate) fn emit(&self, socket: &Socket) {
        let Some(client) = Client::of(socket) else { return };
        let (chat, seq, at) = (self.delivery.chat, self.delivery.seq, self.delivery.at);
        let mut positions = client.positions.lock();
        positions.advance(chat, seq, at);
        if positions.is_only(chat) {
            socket.emit(&self.tailed);
        } else if positions.has_offset() {
            socket.emit_tailed(&self.plain, &positions.offset());
        } else {
            socket.emit(&self.plain);
        }
    }
}

/// Queues a delivery to one socket: its event, then what goes with it.
pub(crate) fn emit_delivery(socket: &Socket, delivery: &Arc<Delivery>) {
    match Logged::new(delivery) {
        Some(logged) => logged.emit(socket),
        None => count(socket, delivery),
    }
    if let Some(packet) = delivery.aside.as_ref().and_then(packet) {
        socket.emit(&packet);
    }
}

/// Queues what a socket missed, piece by piece as its connection takes it.
pub(crate) async fn tell(socket: &Socket, missed: &[Arc<Delivery>]) {
    // With the longest texts this many still fit a connection's queue.
    const PIECE: usize = 8;
    for piece in missed.chunks(PIECE) {
        piece.iter().for_each(|delivery| emit_delivery(socket, delivery));
        socket.drained().await;
    }
}

/// Tells a socket its offset as it is now.
pub(crate) fn tell_offset(socket: &Socket) {
    let Some(client) = Client::of(socket) else { return };
    let positions = client.positions.lock();
    if let Some(packet) = packet(&ServerEvent::OffsetMoved(OffsetMoved {})) {
        socket.emit_tailed(&packet, &positions.offset());
    }
}

/// Tells a socket which of its user's messages in a chat have come further than they were shown.
pub(crate) async fn restate(
    app: &App,
    socket: &Socket,
    caller: Caller,
    (chat, shown): (ChatId, &[Shown]),
) -> Result<()> {
    let Some(client) = Client::of(socket) else { return Ok(()) };
    let emit = |status| {
        if let Some(packet) = packet(&ServerEvent::MessageStatus(status)) {
            socket.emit(&packet);
        }
    };
    app.restate(caller, chat, shown, |status| client.told.tell_one(status, emit)).await
}

/// The user's own messages among deliveries.
pub(crate) fn own_of(deliveries: &[Arc<Delivery>], caller: Caller) -> Vec<Shown> {
    let own = |delivery: &Arc<Delivery>| match &delivery.event {
        Some(ServerEvent::Message(message)) => Shown::own(message, caller),
        _ => None,
    };
    deliveries.iter().filter_map(own).collect()
}

/// Counts an event that nobody hears.
fn count(socket: &Socket, delivery: &Delivery) {
    if let Some(client) = Client::of(socket) {
        client.positions.lock().advance(delivery.chat, delivery.seq, delivery.at);
    }
}

impl Fanout for Rooms {
    fn deliver(&self, chat: ChatId, deliveries: &[Arc<Delivery>]) {
        let Some(namespace) = self.namespace.get() else { return };
        let room = chat_room(chat);
        for delivery in deliveries {
            match Logged::new(delivery) {
                Some(logged) => namespace.for_each_in(&room, |socket| logged.emit(socket)),
                None => namespace.for_each_in(&room, |socket| count(socket, delivery)),
            }
            // Every node hands out what stands in the log; nobody does it for another.
            if let Some(packet) = delivery.aside.as_ref().and_then(packet) {
                namespace.to(&room).local().emit(&packet);
            }
            if let Some(user) = delivery.left {
                for socket in namespace.sockets_in(&room) {
                    take_out(&socket, user, chat, &room);
                }
            }
        }
    }

    fn admit(&self, user: UserId, state: &ChatState, replay: &[Arc<Delivery>]) {
        let Some(namespace) = self.namespace.get() else { return };
        if replay.iter().any(|delivery| delivery.left == Some(user)) {
            // Added and removed again: there is nothing to tell of.
            return;
        }
        let created = ServerEvent::ChatCreated(ChatCreated { chat: state.clone() });
        let Some(created) = packet(&created) else { return };
        let room = chat_room(state.id);
        for socket in namespace.sockets_in(&user_room(user)) {
            socket.emit(&created);
            if Client::of(&socket).is_some_and(Client::is_synced) {
                if !socket.in_room(&room) {
                    replay.iter().for_each(|delivery| emit_delivery(&socket, delivery));
                }
                socket.join(room.as_str());
            }
        }
    }

    fn present(&self, chat: ChatId, limit: usize) -> Vec<UserId> {
        let Some(namespace) = self.namespace.get() else { return Vec::new() };
        let mut users = HashSet::new();
        namespace.for_each_in(&chat_room(chat), |socket| {
            if users.len() < limit {
                users.extend(Client::of(socket).map(|client| client.caller.user));
            }
        });
        users.into_iter().collect()
    }

    fn is_here(&self, user: UserId) -> bool {
        self.namespace.get().is_some_and(|namespace| namespace.room_len(&user_room(user)) > 0)
    }

    fn is_empty(&self, chat: ChatId) -> bool {
        self.namespace.get().is_none_or(|namespace| namespace.room_len(&chat_room(chat)) == 0)
    }

    fn to_chat(&self, chat: ChatId, event: &ServerEvent) {
        self.to_room(&chat_room(chat), None, event);
    }

    fn to_user(&self, user: UserId, event: &ServerEvent) {
        self.to_room(&user_room(user), None, event);
    }

    fn to_user_unsynced(&self, user: UserId, event: &ServerEvent) {
        let tell = || self.to_room(&user_room(user), Some(SYNCED), event);
        match event {
            ServerEvent::MessageStatus(told) => {
                self.told.tell(told.message_id, told.status, tell);
            }
            _ => tell(),
        }
    }

    fn to_everyone(&self, event: &ServerEvent) {
        if let (Some(namespace), Some(packet)) = (self.namespace.get(), packet(event)) {
            namespace.all().emit(&packet);
        }
    }

    fn end_session(&self, session: SessionId, reason: &str) {
        let Some(namespace) = self.namespace.get() else { return };
        let event = ServerEvent::SessionRevoked(SessionRevoked { reason: reason.to_owned() });
        let Some(packet) = packet(&event) else { return };
        for socket in namespace.sockets_in(&session_room(session)) {
            socket.emit(&packet);
            socket.close();
        }
    }
}

fn take_out(socket: &Arc<Socket>, user: UserId, chat: ChatId, room: &str) {
    let Some(client) = Client::of(socket).filter(|client| client.caller.user == user) else {
        return;
    };
    socket.leave(room);
    client.positions.lock().leave(chat);
    tell_offset(socket);
}
