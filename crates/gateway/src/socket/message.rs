//! `message`: sends a text. After the commit the sender hears, in this order, `message` (if the
//! socket joined the chat), `message:ack`, the ack.

use zvon_core::error::Result;
use zvon_protocol::command::MessageSend;
use zvon_protocol::event::{MessageStored, ServerEvent};

use super::command::Command;
use super::packet::packet;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let want: MessageSend = command.payload()?;
    let caller = command.caller()?;
    let sent = command.app.send(caller, want.chat_id, want.content, want.client_id).await?;
    let stored = ServerEvent::MessageAck(MessageStored { message_id: sent.id });
    if let Some(packet) = packet(&stored) {
        command.socket.emit(&packet);
    }
    command.ack(&sent);
    Ok(())
}
