//! `message:read`, `message:delivered`, and the existing front end's `message:status`.

use zvon_core::error::{Error, Result};
use zvon_protocol::command::{CursorMove, MessageStatusReport, OkAck};
use zvon_protocol::ids::ChatId;
use zvon_protocol::message::Status;

use super::command::Command;

pub(super) async fn read(command: &Command) -> Result<()> {
    count(command).await?;
    advance(command, command.payload()?, true).await
}

pub(super) async fn delivered(command: &Command) -> Result<()> {
    count(command).await?;
    advance(command, command.payload()?, false).await
}

pub(super) async fn report(command: &Command) -> Result<()> {
    count(command).await?;
    let report: MessageStatusReport = command.payload()?;
    let to = CursorMove { message_id: Some(report.message_id), ..CursorMove::default() };
    if report.status == Status::Sent {
        command.ack(&OkAck::default());
        return Ok(());
    }
    advance(command, to, report.status == Status::Read).await
}

/// First, so that what cannot be read is counted, too.
async fn count(command: &Command) -> Result<()> {
    command.app.count_cursor(command.caller()?).await
}

async fn advance(command: &Command, to: CursorMove, read: bool) -> Result<()> {
    let caller = command.caller()?;
    if let Some(place) = place(command, to).await? {
        command.app.move_cursor(caller, place, read).await?;
    }
    command.ack(&OkAck::default());
    Ok(())
}

/// The place a payload names; `None` for one's own message.
async fn place(command: &Command, to: CursorMove) -> Result<Option<(ChatId, u64)>> {
    let caller = command.caller()?;
    match to {
        CursorMove { message_id: Some(id), .. } => command.app.place_of(caller, id).await,
        CursorMove { chat_id: Some(chat), seq: Some(seq), .. } => {
            command.app.membership(caller, chat).await?;
            Ok(Some((chat, seq)))
        }
        _ => Err(Error::invalid("Give messageId, or chatId and seq")),
    }
}
