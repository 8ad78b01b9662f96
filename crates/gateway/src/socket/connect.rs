//! A socket's beginning and end.
//!
//! `authorize` → CONNECT → `greet` (a recovered socket: `replay` first) → commands → `farewell`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use zvon_core::App;
use zvon_core::caller::Caller;
use zvon_core::error::{Error, Result};
use zvon_core::presence::watch::{Seen, presence_events};
use zvon_core::session::Claim;
use zvon_protocol::error::Code;
use zvon_protocol::event::{ConnectionEstablished, ServerEvent};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_socketio::{Admission, ConnectRequest, Refusal, Seat, Socket, SocketId};

use super::Chat;
use super::client::{Client, Missed};
use super::packet::packet;
use super::resume::Positions;
use super::rooms::{chat_room, emit_delivery, restate, session_room, tell, user_room};

/// Most events that one recovery or join replays.
pub(super) const GAP: u64 = 1000;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    token: serde_json::Value,
}

/// What a recovery needs, read before it is granted.
struct Recovery {
    socket: SocketId,
    pid: String,
    positions: Positions,
    replay: Vec<Missed>,
}

/// Decides who a socket is, and whether it is an old acquaintance.
pub(super) async fn authorize(
    chat: &Chat,
    request: &ConnectRequest,
) -> std::result::Result<Admission, Refusal> {
    let claim = claim(chat, request)?;
    let found = chat.app.authenticate(claim).await;
    let (caller, _) = found.map_err(|error| refusal(&error))?;
    let seat = seat(chat, caller)?;
    let rooms = vec![user_room(caller.user), session_room(caller.session)];
    let recovery = recovery(chat, request, caller).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a recovery could not be read");
        None
    });
    let beside = (Arc::clone(&chat.told), seat);
    let admission = match recovery {
        Some(recovery) => {
            let client = Client::new(caller, claim.expires_at, recovery.positions, beside);
            *client.replay.lock() = recovery.replay;
            Admission::new(client).pid(recovery.pid).recovered(recovery.socket)
        }
        None => {
            let positions = Positions::default();
            let id = SocketId::random();
            let pid = chat.resumes.issue(id.as_ref(), caller, chat.app.now());
            let client = Client::new(caller, claim.expires_at, positions, beside);
            Admission::new(client).pid(pid).id(id)
        }
    };
    Ok(admission.rooms(rooms))
}

/// A place among the user's sockets.
fn seat(chat: &Chat, caller: Caller) -> std::result::Result<Option<Seat<UserId>>, Refusal> {
    let Some(most) = chat.per_user else { return Ok(None) };
    let full = || Refusal::new("Too many connections").data(json!({ "code": Code::RateLimited }));
    chat.seats.take(caller.user, most).map(Some).ok_or_else(full)
}

/// Says hello, and tells whoever may know.
pub(super) async fn greet(chat: &Chat, socket: &Arc<Socket>) {
    let Some(client) = Client::of(socket) else { return };
    chat.expiries.watch(socket, client);
    welcome(chat, socket, client).await;
    if !socket.is_connected() {
        // It ended meanwhile, when there was nothing yet to take back.
        farewell(chat, socket);
    }
}

async fn welcome(chat: &Chat, socket: &Arc<Socket>, client: &Client) {
    // A session that ended during the handshake did not find this socket in its room. One that
    // ends after this look does.
    let handshake = socket.handshake();
    let (address, device) = (handshake.address.ip(), &*handshake.user_agent);
    let seen = Seen { socket: socket.id().as_ref(), address, device };
    *client.held.lock() = Some(chat.app.hold(client.caller, &client.connection, seen));
    let Caller { session, user } = client.caller;
    let claim = Claim { session, user, expires_at: client.expires_at, legacy: false };
    if chat.app.authenticate(claim).await.is_err() {
        return socket.close();
    }
    if !replay(chat, socket, client).await {
        return;
    }
    let user_id = client.caller.user;
    let hello = ServerEvent::ConnectionEstablished(ConnectionEstablished { user_id });
    if let Some(packet) = packet(&hello) {
        let positions = client.positions.lock();
        socket.emit_tailed(&packet, &positions.offset());
    }
    if let Some(state) = chat.app.connected(client.caller, &client.connection).await {
        for packet in presence_events(&state).iter().filter_map(packet) {
            socket.emit(&packet);
        }
    }
    if socket.recovered() {
        reassert(&chat.app, socket, client).await;
    }
}

/// Tells a recovered socket what it missed, and lets it into its rooms; `false` if that broke off.
///
/// It comes after the CONNECT: the official client puts aside what comes before it, and forgets
/// neither that nor how far it had been told when the connection is cut in between.
async fn replay(chat: &Chat, socket: &Arc<Socket>, client: &Client) -> bool {
    let waiting = std::mem::take(&mut *client.replay.lock());
    for (id, upto, missed) in waiting {
        tell(socket, &missed).await;
        let room = chat_room(id);
        let entered = chat.app.sequencer().enter(id, Some(upto), |_, rest| {
            rest.iter().for_each(|delivery| emit_delivery(socket, delivery));
            socket.join(room.as_str());
        });
        let stays = match entered.await {
            Ok(()) => chat.app.membership(client.caller, id).await.map(drop),
            Err(error) => Err(error.into()),
        };
        match stays {
            Ok(()) => {}
            Err(Error::Store(error)) => {
                // The client keeps its offset and tries again on a fresh connection.
                tracing::warn!(chat.id = %id, %error, "a recovery broke off");
                socket.close();
                return false;
            }
            Err(_) => {
                // Whoever was removed during the replay was not in the room to be taken out of it.
                client.positions.lock().leave(id);
                socket.leave(&room);
            }
        }
    }
    true
}

/// Notes the end.
pub(super) fn farewell(chat: &Chat, socket: &Arc<Socket>) {
    if let Some(client) = Client::of(socket) {
        chat.expiries.forget(client);
        let held = client.held.lock().take();
        // Without a hold it was let go of before, and may have come online since.
        if held.is_none() {
            chat.app.disconnected(client.caller, client.connection.clone());
        }
    }
}

fn claim(chat: &Chat, request: &ConnectRequest) -> std::result::Result<Claim, Refusal> {
    let no = |text: &str| Err(Refusal::new(text));
    let auth: Auth = request.auth_as().unwrap_or_default();
    let token = match &auth.token {
        serde_json::Value::Null => return no("No token provided"),
        serde_json::Value::String(token) if token.is_empty() => return no("No token provided"),
        serde_json::Value::String(token) => token,
        _ => return no("jwt must be a string"),
    };
    let token = token.strip_prefix("Bearer ").unwrap_or(token);
    chat.tokens.read(token).map(|bearer| bearer.claim).map_err(|refused| match refused.code {
        Code::Unauthorized => Refusal::new(refused.text),
        code => Refusal::new(refused.text).data(json!({ "code": code })),
    })
}

fn refusal(error: &Error) -> Refusal {
    if let Error::Store(cause) = error {
        tracing::error!(error = %cause, "a handshake failed");
    }
    Refusal::new(error.text()).data(json!({ "code": error.code() }))
}

/// Reads what a recovery needs; `None` if it is not to be had.
async fn recovery(
    chat: &Chat,
    request: &ConnectRequest,
    caller: Caller,
) -> Result<Option<Recovery>> {
    let (Some(pid), Some(offset)) = (&request.pid, &request.offset) else { return Ok(None) };
    let Some(old) = chat.resumes.read(pid, caller) else { return Ok(None) };
    let Some(positions) = Positions::parse(offset) else { return Ok(None) };
    let Ok(socket) = old.socket.parse::<SocketId>() else { return Ok(None) };
    let chats: Vec<ChatId> = positions.chats().iter().map(|(chat, _)| *chat).collect();
    let heads = chat.app.heads_for(caller, &chats).await?;
    let mut missed: u64 = 0;
    let mut replay = Vec::new();
    for (id, seq) in positions.chats() {
        let Some(head) = heads.get(id).filter(|head| *head >= seq) else { return Ok(None) };
        missed += head - seq;
        if missed > GAP {
            return Ok(None);
        }
        let log = chat.app.log(*id, *seq, u32::try_from(GAP).unwrap_or(u32::MAX)).await?;
        let upto = log.last().map_or(*seq, |event| event.seq);
        let deliveries = chat.app.deliveries(*id, &log).await?;
        replay.push((*id, upto, deliveries.into_iter().map(Arc::new).collect()));
    }
    Ok(Some(Recovery { socket, pid: pid.clone(), positions, replay }))
}

/// What is in no log and may have changed meanwhile: the statuses of one's own newest messages,
/// and the presence of those one has a chat open with.
async fn reassert(app: &Arc<App>, socket: &Arc<Socket>, client: &Client) {
    let chats: Vec<ChatId> = client.positions.lock().chats().iter().map(|(id, _)| *id).collect();
    for chat in chats {
        let Ok(own) = app.own_newest(client.caller, chat).await else { continue };
        if restate(app, socket, client.caller, (chat, &own)).await.is_err() {
            continue;
        }
        let Ok(Some(state)) = app.chat_state(client.caller.user, chat).await else { continue };
        for state in app.presence_of(&state.participants).await.into_iter().flatten() {
            for packet in presence_events(&state).iter().filter_map(packet) {
                socket.emit(&packet);
            }
        }
    }
}
