//! `chat:get`: opens the private chat with someone and shows its newest messages.

use zvon_core::error::Result;
use zvon_core::message::restate::Shown;
use zvon_protocol::command::{ChatGet, ChatGetAck};

use super::command::Command;
use super::rooms::{chat_room, emit_delivery, own_of, restate, tell_offset};

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let (caller, want): (_, ChatGet) = (command.caller()?, command.payload()?);
    let (chat, _) = command.app.open_private(caller, want.recipient_id).await?;
    let (messages, shown) = command.app.newest(chat.id).await?;
    let client = command.client()?;
    let mut own: Vec<Shown> =
        messages.iter().filter_map(|message| Shown::own(message, caller)).collect();
    let read = messages.iter().filter(|message| message.sender_id == caller.user);
    client.told.show(read.map(|message| (message.id, message.status)));
    let answer = ChatGetAck { chat_id: chat.id, messages };
    // The client replaces its list by this answer. If the socket is in the room already, what
    // was delivered since goes again, right after; if not, the join brings it, also over a
    // reconnection: the client has the offset before it has the list.
    let socket = &command.socket;
    let sequencer = command.app.sequencer();
    if socket.in_room(&chat_room(chat.id)) {
        let answered = sequencer.enter(chat.id, Some(shown), |_, since| {
            command.ack(&answer);
            since.iter().for_each(|delivery| emit_delivery(socket, delivery));
            own.extend(own_of(since, caller));
        });
        answered.await?;
    } else {
        client.positions.lock().show(chat.id, shown);
        tell_offset(socket);
        command.ack(&answer);
    }
    restate(&command.app, socket, caller, (chat.id, &own)).await
}
