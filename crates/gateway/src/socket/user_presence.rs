//! `user:get-online`, `user:get-presence`.

use zvon_core::error::Result;
use zvon_protocol::command::{OnlineAck, Presence, PresenceAck, PresenceGet, PresenceStatus};
use zvon_protocol::error::OkTag;

use super::command::Command;

pub(super) async fn online(command: &Command) -> Result<()> {
    command.count().await?;
    let users = command.app.online_for(command.caller()?).await?;
    command.ack(&OnlineAck { status: OkTag::Ok, count: users.len(), users });
    Ok(())
}

pub(super) async fn one(command: &Command) -> Result<()> {
    command.count().await?;
    let PresenceGet { user_id } = command.payload()?;
    let caller = command.caller()?;
    let mut presence = None;
    if command.app.may_know_of(caller, user_id).await?
        && let Some(Some(state)) = command.app.presence_of(&[user_id]).await.pop()
    {
        let status = if state.online { PresenceStatus::Online } else { PresenceStatus::Offline };
        presence = Some(Presence { user_id, status, last_seen: state.at.0 });
    }
    command.ack(&PresenceAck { status: OkTag::Ok, presence });
    Ok(())
}
