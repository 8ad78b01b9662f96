//! `chat:leave`: closes the view; the membership stays.

use zvon_core::error::Result;
use zvon_protocol::command::{ChatLeaveAck, ChatRef};

use super::{chat_join, command::Command};

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let ChatRef { chat_id } = command.payload()?;
    chat_join::leave(command, chat_id)?;
    command.ack(&ChatLeaveAck { success: true });
    Ok(())
}
