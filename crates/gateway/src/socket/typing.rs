//! `user:typing`: to the other sockets of the chat; volatile.

use zvon_core::error::Result;
use zvon_protocol::command::{OkAck, Typing};
use zvon_protocol::event::{ServerEvent, UserTyping};

use super::command::Command;
use super::packet::packet;
use super::rooms::chat_room;

pub(super) async fn run(command: &Command) -> Result<()> {
    let caller = command.caller()?;
    command.app.count_typing(caller).await?;
    let Typing { chat_id, is_typing } = command.payload()?;
    command.app.check_typing(caller, chat_id).await?;
    let event = UserTyping { user_id: caller.user, chat_id, is_typing };
    if let Some(packet) = packet(&ServerEvent::UserTyping(event)) {
        let room = chat_room(chat_id);
        let others = command.socket.namespace().to(&room).except_socket(command.socket.id());
        others.volatile().emit(&packet);
    }
    command.ack(&OkAck::default());
    Ok(())
}
