//! `message:pin`, `message:unpin`.

use zvon_core::error::Result;
use zvon_protocol::command::{MessageAck, MessageRef};
use zvon_protocol::error::OkTag;

use super::command::Command;

pub(super) async fn run(command: &Command, pinned: bool) -> Result<()> {
    command.count().await?;
    let MessageRef { message_id } = command.payload()?;
    let message = command.app.set_pin(command.caller()?, message_id, pinned).await?;
    command.ack(&MessageAck { status: OkTag::Ok, message });
    Ok(())
}
