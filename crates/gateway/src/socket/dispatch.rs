//! The names of the commands.
//!
//! Commands of a socket run in order. Sends overlap each other, so that a busy socket's messages
//! share commits; everything else waits for what came before it. Unknown names are counted and
//! otherwise ignored.

use std::sync::Arc;

use tracing::Instrument;
use zvon_core::App;
use zvon_socketio::{Event, Socket, Turn};

use super::command::Command;
use super::{
    chat_create, chat_get, chat_join, chat_leave, chat_pinned, chat_update, cursor, member,
    message, message_forward, message_pin, sync, typing, user_presence, users_list,
};
use crate::meters::Meters;

/// All names, for the metrics; the test below holds them to the arms of [`turn`].
#[rustfmt::skip]
pub(crate) const COMMANDS: [&str; 23] = [
    "message", "message:status", "message:delivered", "message:read", "message:pin",
    "message:unpin", "message:forward", "message:forward-multiple", "chat:get", "chat:join",
    "chat:leave", "chat:get-pinned", "chat:create", "chat:update", "member:add", "member:remove",
    "member:leave", "member:role", "users:list", "user:typing", "user:get-online",
    "user:get-presence", "sync",
];

/// Runs a command to its answer; the error is acked in the command's own shape.
macro_rules! run {
    ($command:expr, $run:path $(, $arg:expr)*) => {{
        let command = $command;
        Box::pin(async move {
            let span = command.span();
            let outcome = $run(&command $(, $arg)*).instrument(span.clone()).await;
            command.end(&outcome, &span);
        })
    }};
}

/// What to do with an event.
pub(super) fn turn(app: &Arc<App>, meters: &Meters, socket: &Arc<Socket>, event: Event) -> Turn {
    let name = event.name.clone();
    let command = Command::new(app, meters, socket, event);
    Turn::Serial(match name.as_str() {
        "message" => return Turn::Pipelined(run!(command, message::run)),
        "message:status" => run!(command, cursor::report),
        "message:delivered" => run!(command, cursor::delivered),
        "message:read" => run!(command, cursor::read),
        "message:pin" => run!(command, message_pin::run, true),
        "message:unpin" => run!(command, message_pin::run, false),
        "message:forward" => run!(command, message_forward::one),
        "message:forward-multiple" => run!(command, message_forward::several),
        "chat:get" => run!(command, chat_get::run),
        "chat:join" => run!(command, chat_join::run),
        "chat:leave" => run!(command, chat_leave::run),
        "chat:get-pinned" => run!(command, chat_pinned::run),
        "chat:create" => run!(command, chat_create::run),
        "chat:update" => run!(command, chat_update::run),
        "member:add" => run!(command, member::add),
        "member:remove" => run!(command, member::remove),
        "member:leave" => run!(command, member::leave),
        "member:role" => run!(command, member::role),
        "users:list" => run!(command, users_list::run),
        "user:typing" => run!(command, typing::run),
        "user:get-online" => run!(command, user_presence::online),
        "user:get-presence" => run!(command, user_presence::one),
        "sync" => run!(command, sync::run),
        _ => {
            meters.unknown();
            Box::pin(async move { drop(command.count().await) })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::COMMANDS;

    #[test]
    fn every_command_is_counted_by_its_name() {
        let arms = include_str!("dispatch.rs").lines().filter_map(|line| {
            let (name, _) = line.trim().strip_prefix('"')?.split_once("\" => ")?;
            Some(name)
        });
        assert_eq!(arms.collect::<Vec<_>>(), COMMANDS);
    }
}
