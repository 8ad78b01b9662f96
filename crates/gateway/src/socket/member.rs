//! `member:add`, `member:remove`, `member:leave`, `member:role`.

use zvon_core::chat::store::GroupChange;
use zvon_core::error::Result;
use zvon_protocol::command::{ChatRef, MemberRef, MemberRole, OkAck};

use super::command::Command;

pub(super) async fn add(command: &Command) -> Result<()> {
    command.count().await?;
    let MemberRef { chat_id, user_id } = command.payload()?;
    command.app.add_member(command.caller()?, chat_id, user_id).await?;
    command.ack(&OkAck::default());
    Ok(())
}

pub(super) async fn remove(command: &Command) -> Result<()> {
    command.count().await?;
    let MemberRef { chat_id, user_id } = command.payload()?;
    let change = GroupChange::Remove(user_id);
    command.app.change_group(command.caller()?, chat_id, change).await?;
    command.ack(&OkAck::default());
    Ok(())
}

pub(super) async fn leave(command: &Command) -> Result<()> {
    command.count().await?;
    let ChatRef { chat_id } = command.payload()?;
    command.app.change_group(command.caller()?, chat_id, GroupChange::Leave).await?;
    command.ack(&OkAck::default());
    Ok(())
}

pub(super) async fn role(command: &Command) -> Result<()> {
    command.count().await?;
    let MemberRole { chat_id, user_id, role } = command.payload()?;
    let change = GroupChange::SetRole(user_id, role);
    command.app.change_group(command.caller()?, chat_id, change).await?;
    command.ack(&OkAck::default());
    Ok(())
}
