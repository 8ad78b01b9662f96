//! `message:forward`, `message:forward-multiple`.

use zvon_core::error::Result;
use zvon_protocol::command::{MessageAck, MessageForward, MessageForwardMultiple, MessagesAck};
use zvon_protocol::error::OkTag;

use super::command::Command;

pub(super) async fn one(command: &Command) -> Result<()> {
    command.count().await?;
    let want: MessageForward = command.payload()?;
    let comment = want.additional_content.as_deref();
    let (caller, to) = (command.caller()?, want.to_chat_id);
    let sent = command.app.forward(caller, want.message_id, to, comment, want.client_id);
    let message = sent.await?;
    command.ack(&MessageAck { status: OkTag::Ok, message });
    Ok(())
}

pub(super) async fn several(command: &Command) -> Result<()> {
    command.count().await?;
    let want: MessageForwardMultiple = command.payload()?;
    let comment = want.additional_content.as_deref();
    let (caller, to) = (command.caller()?, want.to_chat_id);
    let sent = command.app.forward_multiple(caller, &want.message_ids, to, comment);
    let messages = sent.await?;
    command.ack(&MessagesAck { status: OkTag::Ok, messages });
    Ok(())
}
