//! `chat:update`: a group's new title.

use zvon_core::error::Result;
use zvon_protocol::command::{ChatUpdate, OkAck};

use super::command::Command;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let want: ChatUpdate = command.payload()?;
    command.app.rename(command.caller()?, want.chat_id, &want.title).await?;
    command.ack(&OkAck::default());
    Ok(())
}
