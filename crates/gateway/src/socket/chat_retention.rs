//! `chat:retention`: how long a group keeps its messages.

use zvon_core::error::Result;
use zvon_protocol::command::{ChatRetention, OkAck};

use super::command::Command;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let want: ChatRetention = command.payload()?;
    command.app.set_retention(command.caller()?, want.chat_id, want.retention).await?;
    command.ack(&OkAck::default());
    Ok(())
}
