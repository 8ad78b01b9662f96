//! `chat:join`: from here on the socket hears the chat.
//!
//! What came since the history that `chat:get` showed is replayed before the ack; entering the
//! room and the replay are one step for everything that is delivered.

use std::sync::Arc;

use zvon_core::delivery::Delivery;
use zvon_core::error::{Error, Result};
use zvon_core::message::restate::Shown;
use zvon_protocol::command::{ChatJoinAck, ChatRef};
use zvon_protocol::error::{Code, OkTag};
use zvon_protocol::ids::ChatId;

use super::command::Command;
use super::connect::GAP;
use super::rooms::{chat_room, emit_delivery, own_of, restate, tell, tell_offset};

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let ChatRef { chat_id } = command.payload()?;
    let caller = command.caller()?;
    command.app.membership(caller, chat_id).await?;
    let (position, own) = enter(command, chat_id).await?;
    if let Err(error) = command.app.membership(caller, chat_id).await {
        leave(command, chat_id)?;
        return Err(error);
    }
    command.app.move_cursor(caller, (chat_id, position), false).await?;
    let message = "Joined chat room successfully".to_owned();
    command.ack(&ChatJoinAck { status: OkTag::Ok, message });
    restate(&command.app, &command.socket, caller, (chat_id, &own)).await
}

/// Lets the socket into the room; the seq up to which it has been told everything, and what of
/// that is its user's own.
async fn enter(command: &Command, chat: ChatId) -> Result<(u64, Vec<Shown>)> {
    let (socket, client) = (&command.socket, command.client()?);
    let mut own = Vec::new();
    let room = chat_room(chat);
    let shown = client.positions.lock().shown(chat);
    let told = match shown.filter(|_| !socket.in_room(&room)) {
        Some(seq) => {
            let (upto, missed) = bring(command, chat, seq).await?;
            own.extend(own_of(&missed, client.caller));
            Some(upto)
        }
        None => None,
    };
    let entered = command.app.sequencer().enter(chat, told, |position, since| {
        if !socket.in_room(&room) {
            if !client.is_synced() {
                client.positions.lock().enter(chat, told.unwrap_or(position));
            }
            socket.join(room.as_str());
            since.iter().for_each(|delivery| emit_delivery(socket, delivery));
            own.extend(own_of(since, client.caller));
            tell_offset(socket);
        }
        position
    });
    let position = entered.await?;
    Ok((position, own))
}

/// Tells the socket what came since it was shown the chat; up to where that went, and what it was.
/// More than a page is refused: the client has to open the chat anew.
async fn bring(command: &Command, chat: ChatId, shown: u64) -> Result<(u64, Vec<Arc<Delivery>>)> {
    let heads = command.app.heads_for(command.caller()?, &[chat]).await?;
    let head = heads.get(&chat).copied().unwrap_or(0);
    if head.saturating_sub(shown) > GAP {
        let text = "Too much has been written since, open the chat again";
        return Err(Error::Refused(Code::Conflict, text));
    }
    let log = command.app.log(chat, shown, u32::try_from(GAP).unwrap_or(u32::MAX)).await?;
    let missed = command.app.deliveries(chat, &log).await?;
    let missed: Vec<Arc<Delivery>> = missed.into_iter().map(Arc::new).collect();
    tell(&command.socket, &missed).await;
    Ok((log.last().map_or(shown, |event| event.seq), missed))
}

/// Takes the socket out of the room.
pub(super) fn leave(command: &Command, chat: ChatId) -> Result<()> {
    let room = chat_room(chat);
    if command.socket.in_room(&room) {
        command.socket.leave(&room);
        command.client()?.positions.lock().leave(chat);
        tell_offset(&command.socket);
    }
    Ok(())
}
