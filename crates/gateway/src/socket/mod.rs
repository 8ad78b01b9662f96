//! The Socket.IO side: who may connect, what commands do, what sockets hear.
//!
//! [`Chat`] is the handler of the one namespace `/`. A command is one file with one `run`
//! function; [`dispatch`] knows their names. [`rooms`] is `core`'s `Fanout` over the engine;
//! [`client`] is what the edge remembers of a socket; [`resume`] makes and reads the offsets by
//! which the unchanged client comes back.

mod access;
mod chat_create;
mod chat_get;
mod chat_join;
mod chat_leave;
mod chat_pinned;
mod chat_retention;
mod chat_update;
pub(crate) mod client;
mod command;
mod connect;
mod cursor;
mod dispatch;
mod expiry;
mod member;
mod message;
mod message_forward;
mod message_pin;
mod packet;
pub(crate) mod resume;
pub(crate) mod rooms;
mod sync;
mod told;
mod typing;
mod user_presence;
mod users_list;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use zvon_core::App;
use zvon_protocol::ids::UserId;
use zvon_socketio::{
    Admission, ConnectRequest, Event, Handler, Packet, Reason, Refusal, Seats, Socket, Turn,
};

use crate::meters::Meters;
use crate::settings::Settings;
use crate::socket::expiry::Expiries;
use crate::socket::resume::Resumes;
use crate::socket::rooms::Rooms;
use crate::socket::told::Told;
use crate::token::Tokens;

/// How late a socket may be closed after its token's end.
const EXPIRY_STEP: Duration = Duration::from_millis(250);

/// The handler of the namespace `/`.
pub(crate) struct Chat {
    app: Arc<App>,
    tokens: Tokens,
    resumes: Resumes,
    expiries: Arc<Expiries>,
    meters: Arc<Meters>,
    told: Arc<Told>,
    /// What each user holds of connections, and how many that may be.
    seats: Seats<UserId>,
    per_user: Option<usize>,
}

impl Chat {
    pub(crate) fn new(
        app: Arc<App>,
        tokens: Tokens,
        meters: Arc<Meters>,
        rooms: &Rooms,
        settings: &Settings,
    ) -> Self {
        let resumes = Resumes::new(&settings.core.cluster_key, app.epoch());
        let expiries = Arc::new(Expiries::default());
        let due = Arc::clone(&expiries);
        app.every(EXPIRY_STEP, move |app| {
            due.close_due(app.now());
            std::future::ready(())
        });
        let per_user = settings.socket.per_user;
        let seats = Seats::default();
        let told = Arc::clone(rooms.told());
        Self { app, tokens, resumes, expiries, meters, told, seats, per_user }
    }
}

impl Handler for Chat {
    fn authorize<'a>(
        &'a self,
        request: &'a ConnectRequest,
    ) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(async move {
            let decided = connect::authorize(self, request).await;
            if let Err(refusal) = &decided {
                self.meters.refused(access::refused(request, refusal));
            }
            decided
        })
    }

    fn on_connect<'a>(&'a self, socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        Box::pin(connect::greet(self, socket))
    }

    fn on_event(&self, socket: &Arc<Socket>, event: Event) -> Turn {
        dispatch::turn(&self.app, &self.meters, socket, event)
    }

    fn on_relayed(&self, packet: &Packet, hand_on: &mut dyn FnMut()) {
        self.told.relayed(packet, hand_on);
    }

    fn on_disconnect(&self, socket: &Arc<Socket>, reason: Reason) {
        access::ended(socket, reason);
        self.meters.ended(reason);
        connect::farewell(self, socket);
    }
}
