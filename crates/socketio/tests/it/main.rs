//! The engine over real sockets, line by line of the protocol it promises.

mod close;
mod delivery;
mod figures;
mod handshake;
mod hostile;
mod order;
mod peers;
mod polling;
mod properties;
mod published;
mod recovery;
mod rooms;
mod socketio;
mod support;
mod upgrade;
mod websocket;
