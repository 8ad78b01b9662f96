//! `user:get-online`, `user:get-presence`.

use serde_json::{Value, json};
use zvon_core::error::Result;
use zvon_protocol::command::PresenceGet;

use super::command::Command;

pub(super) async fn online(command: &Command) -> Result<()> {
    command.count().await?;
    let users = command.app.online_for(command.caller()?).await?;
    command.ack(&json!({ "status": "ok", "count": users.len(), "users": users }));
    Ok(())
}

pub(super) async fn one(command: &Command) -> Result<()> {
    command.count().await?;
    let PresenceGet { user_id } = command.payload()?;
    let caller = command.caller()?;
    let mut presence = Value::Null;
    if command.app.may_know_of(caller, user_id).await?
        && let Some(Some(state)) = command.app.presence_of(&[user_id]).await.pop()
    {
        let status = if state.online { "online" } else { "offline" };
        presence = json!({ "userId": user_id, "status": status, "lastSeen": state.at.0 });
    }
    command.ack(&json!({ "status": "ok", "presence": presence }));
    Ok(())
}
