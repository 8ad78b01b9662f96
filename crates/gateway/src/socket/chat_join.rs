//! `chat:join`: from here on the socket hears the chat.
//!
//! What came since the history that `chat:get` showed is replayed before the ack; entering the
//! room and the replay are one step for everything that is delivered.

use zvon_core::error::{Error, Result};
use zvon_protocol::command::{ChatJoinAck, ChatRef};
use zvon_protocol::error::OkTag;
use zvon_protocol::ids::ChatId;

use super::command::Command;
use super::rooms::{chat_room, emit_delivery, tell_offset};

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let ChatRef { chat_id } = command.payload()?;
    let caller = command.caller()?;
    command.app.membership(caller, chat_id).await?;
    let position = enter(command, chat_id).await?;
    if let Err(error) = command.app.membership(caller, chat_id).await {
        leave(command, chat_id)?;
        return Err(error);
    }
    command.app.move_cursor(caller, (chat_id, position), false).await?;
    let message = "Joined chat room successfully".to_owned();
    command.ack(&ChatJoinAck { status: OkTag::Ok, message });
    Ok(())
}

/// Lets the socket into the room; the seq up to which it has been told everything.
async fn enter(command: &Command, chat: ChatId) -> Result<u64> {
    let (socket, client) = (&command.socket, command.client()?);
    let room = chat_room(chat);
    let shown = client.take_shown(chat);
    let entered = command.app.sequencer().enter(chat, shown, |position, since| {
        if !socket.in_room(&room) {
            if !client.is_synced() {
                client.positions.lock().enter(chat, shown.unwrap_or(position));
            }
            socket.join(room.as_str());
            since.iter().for_each(|delivery| emit_delivery(socket, delivery));
            tell_offset(socket);
        }
        position
    });
    entered.await.map_err(Error::from)
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
