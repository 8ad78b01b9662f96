//! `chat:create`: a group.

use zvon_core::error::Result;
use zvon_protocol::command::{ChatCreate, ChatCreateAck};
use zvon_protocol::error::OkTag;

use super::command::Command;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let want: ChatCreate = command.payload()?;
    let caller = command.caller()?;
    let chat = command.app.create_group(caller, &want.title, want.participants).await?;
    command.ack(&ChatCreateAck { status: OkTag::Ok, chat });
    Ok(())
}
