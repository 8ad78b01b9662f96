//! `chat:get-pinned`: the pinned messages, the newest pin first.

use zvon_core::error::Result;
use zvon_protocol::command::{ChatRef, MessagesAck};
use zvon_protocol::error::OkTag;

use super::command::Command;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let ChatRef { chat_id } = command.payload()?;
    let messages = command.app.pinned(command.caller()?, chat_id).await?;
    command.ack(&MessagesAck { status: OkTag::Ok, messages });
    Ok(())
}
