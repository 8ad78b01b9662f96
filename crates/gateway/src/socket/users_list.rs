//! `users:list`: everybody with presence. An ill-typed payload asks for everybody, as ever.

use zvon_core::error::Result;
use zvon_protocol::command::{UsersList, UsersListAck};

use super::command::Command;

pub(super) async fn run(command: &Command) -> Result<()> {
    command.count().await?;
    let want: UsersList = command.payload().unwrap_or_default();
    let caller = command.caller()?;
    let users = command.app.people(caller, want.query.as_deref(), want.limit).await?;
    command.ack(&UsersListAck { users });
    Ok(())
}
