//! `sync`: the socket follows all of its chats from here on, and hears what it missed.
//!
//! It enters the rooms first and reads second, so nothing falls between; what is heard twice
//! carries the same seq. Such a socket resumes by `sync`, not by offsets.

use zvon_core::error::Result;
use zvon_core::limits::Class;
use zvon_protocol::ids::ChatId;
use zvon_protocol::sync::Sync;

use super::command::Command;
use super::rooms::{SYNCED, chat_room, tell_offset};

pub(super) async fn run(command: &Command) -> Result<()> {
    let caller = command.caller()?;
    command.app.count(caller, Class::Sync).await?;
    let want: Sync = command.payload()?;
    let (socket, client) = (&command.socket, command.client()?);
    client.set_synced();
    client.positions.lock().turn_off();
    socket.join(SYNCED);
    tell_offset(socket);
    let states = command.app.chat_states(caller).await?;
    let chats: Vec<ChatId> = states.iter().map(|state| state.id).collect();
    let sequencer = command.app.sequencer();
    sequencer.open(&chats).await?;
    for &chat in &chats {
        let room = chat_room(chat);
        sequencer.enter(chat, None, |_, _| socket.join(room.as_str())).await?;
    }
    let state = command.app.catch_up(caller, &want).await?;
    // Whoever was removed meanwhile was not in the room to be taken out of it.
    for chat in chats.into_iter().filter(|chat| state.chats.iter().all(|known| known.id != *chat)) {
        socket.leave(&chat_room(chat));
    }
    command.ack(&state);
    Ok(())
}
