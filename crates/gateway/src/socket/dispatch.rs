//! What each command is carried out by. Their names are those of [`Name`], all of them.
//!
//! Commands of a socket run in order. Sends overlap each other, so that a busy socket's messages
//! share commits; everything else waits for what came before it. Unknown names are counted and
//! otherwise ignored.

use std::sync::Arc;

use tracing::Instrument;
use zvon_core::App;
use zvon_core::limits::Class;
use zvon_protocol::catalogue::CommandName as Name;
use zvon_socketio::{Event, Socket, Turn};

use super::client::Client;
use super::command::Command;
use super::{
    chat_create, chat_get, chat_join, chat_leave, chat_pinned, chat_retention, chat_update, cursor,
    member, message, message_forward, message_pin, sync, typing, user_presence, users_list,
};
use crate::meters::Meters;

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
    let Some(name) = Name::parse(&event.name) else {
        meters.unknown();
        return unknown(app, socket);
    };
    let command = Command::new(app, meters, socket, name, event);
    Turn::Serial(match name {
        Name::Message => return Turn::Pipelined(run!(command, message::run)),
        Name::MessageStatus => run!(command, cursor::report),
        Name::MessageDelivered => run!(command, cursor::delivered),
        Name::MessageRead => run!(command, cursor::read),
        Name::MessagePin => run!(command, message_pin::run, true),
        Name::MessageUnpin => run!(command, message_pin::run, false),
        Name::MessageForward => run!(command, message_forward::one),
        Name::MessageForwardMultiple => run!(command, message_forward::several),
        Name::ChatGet => run!(command, chat_get::run),
        Name::ChatJoin => run!(command, chat_join::run),
        Name::ChatLeave => run!(command, chat_leave::run),
        Name::ChatGetPinned => run!(command, chat_pinned::run),
        Name::ChatCreate => run!(command, chat_create::run),
        Name::ChatUpdate => run!(command, chat_update::run),
        Name::ChatRetention => run!(command, chat_retention::run),
        Name::MemberAdd => run!(command, member::add),
        Name::MemberRemove => run!(command, member::remove),
        Name::MemberLeave => run!(command, member::leave),
        Name::MemberRole => run!(command, member::role),
        Name::UsersList => run!(command, users_list::run),
        Name::UserTyping => run!(command, typing::run),
        Name::UserGetOnline => run!(command, user_presence::online),
        Name::UserGetPresence => run!(command, user_presence::one),
        Name::Sync => run!(command, sync::run),
    })
}

/// Counted among the user's events, whatever its name.
fn unknown(app: &Arc<App>, socket: &Arc<Socket>) -> Turn {
    let Some(client) = Client::of(socket) else { return Turn::Done };
    let (app, caller) = (Arc::clone(app), client.caller);
    Turn::Serial(Box::pin(async move { drop(app.count(caller, Class::Event).await) }))
}
