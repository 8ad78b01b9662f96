//! The names of the commands.
//!
//! Commands of a socket run in order. Sends overlap each other, so that a busy socket's messages
//! share commits; everything else waits for what came before it. Unknown names are counted and
//! otherwise ignored.

use std::sync::Arc;

use zvon_core::App;
use zvon_socketio::{Event, Socket, Turn};

use super::command::Command;
use super::{
    chat_create, chat_get, chat_join, chat_leave, chat_pinned, chat_update, cursor, member,
    message, message_forward, message_pin, sync, typing, user_presence, users_list,
};

/// Runs a command to its answer; the error is acked in the command's own shape.
macro_rules! run {
    ($command:expr, $run:path $(, $arg:expr)*) => {{
        let command = $command;
        Box::pin(async move {
            if let Err(error) = $run(&command $(, $arg)*).await {
                command.fail(&error);
            }
        })
    }};
}

/// What to do with an event.
pub(super) fn turn(app: &Arc<App>, socket: &Arc<Socket>, event: Event) -> Turn {
    let name = event.name.clone();
    let command = Command::new(app, socket, event);
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
        _ => Box::pin(async move { drop(command.count().await) }),
    })
}
