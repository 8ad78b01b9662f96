//! The access log's lines about sockets: one when a socket ends, one when it is not let in.
//!
//! Who, from where, how long, why; nothing of what was said, no token, no session id of the
//! engine, which is as good as a token as long as the connection lives.

use zvon_protocol::error::Code;
use zvon_socketio::{ConnectRequest, Reason, Refusal, Socket};

use super::client::Client;

/// A socket ended.
pub(super) fn ended(socket: &Socket, reason: Reason) {
    let (handshake, traffic) = (socket.handshake(), socket.traffic());
    let caller = Client::of(socket).map(|client| client.caller);
    tracing::info!(
        target: "zvon::access",
        peer = %handshake.address.ip(),
        user.id = caller.map(|caller| tracing::field::display(caller.user)),
        session.id = caller.map(|caller| tracing::field::display(caller.session)),
        transport = socket.transport().word(),
        recovered = socket.recovered(),
        duration_ms = handshake.age().as_millis() as u64,
        reason = reason.word(),
        packets_in = traffic.packets_in,
        packets_out = traffic.packets_out,
        "connection ended"
    );
}

/// A socket was not let in; why, by its code.
pub(super) fn refused(request: &ConnectRequest, refusal: &Refusal) -> Code {
    let code = refusal.details().and_then(|data| data.get("code")).cloned();
    let code = code.and_then(|code| serde_json::from_value(code).ok());
    let code = code.unwrap_or(Code::Unauthorized);
    tracing::info!(
        target: "zvon::access",
        peer = %request.handshake.address.ip(),
        transport = request.transport.word(),
        code = zvon_core::meters::word(code),
        "connection refused"
    );
    code
}
