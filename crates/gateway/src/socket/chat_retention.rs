//! `chat:retention`: how long a group keeps its messages.

use zvon_core::error::Result;
use zvon_protocol::chat::Retention;
use zvon_protocol::command::{ChatRetention, OkAck};

use super::command::Command;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let want: ChatRetention = command.payload()?;
    let wanted = Retention { max_age_ms: want.max_age_ms, max_count: want.max_count };
    command.app.set_retention(command.caller()?, want.chat_id, wanted).await?;
    command.ack(&OkAck::default());
    Ok(())
}
