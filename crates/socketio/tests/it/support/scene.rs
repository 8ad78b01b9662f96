//! A handler made of closures, which notes who came and went.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use zvon_socketio::{
    Admission, ConnectRequest, Event, Handler, Packet, Reason, Refusal, Socket, Turn,
};

type Authorize = dyn Fn(&ConnectRequest) -> Result<Admission, Refusal> + Send + Sync;
type OnSocket = dyn Fn(&Arc<Socket>) + Send + Sync;
type OnEvent = dyn Fn(&Arc<Socket>, Event) -> Turn + Send + Sync;

/// What happens on a namespace.
pub struct Scene {
    authorize: Box<Authorize>,
    on_recovered: Box<OnSocket>,
    on_connect: Box<OnSocket>,
    on_event: Box<OnEvent>,
    pub sockets: Mutex<Vec<Arc<Socket>>>,
    pub ends: Mutex<Vec<Reason>>,
}

impl Scene {
    /// Everybody may come, and hears what they say: as the answer, or as an event of that name.
    pub fn echo() -> Self {
        Self {
            authorize: Box::new(|_| Ok(Admission::new(()))),
            on_recovered: Box::new(|_| {}),
            on_connect: Box::new(|_| {}),
            on_event: Box::new(|socket, mut event| {
                match event.take_ack() {
                    Some(ack) => ack.send_args(&event.args),
                    None => {
                        socket.emit(&Packet::from_args(Some(&event.name), &event.args));
                    }
                }
                Turn::Done
            }),
            sockets: Mutex::default(),
            ends: Mutex::default(),
        }
    }

    pub fn authorize(
        self,
        authorize: impl Fn(&ConnectRequest) -> Result<Admission, Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self { authorize: Box::new(authorize), ..self }
    }

    pub fn on_recovered(self, then: impl Fn(&Arc<Socket>) + Send + Sync + 'static) -> Self {
        Self { on_recovered: Box::new(then), ..self }
    }

    pub fn on_connect(self, then: impl Fn(&Arc<Socket>) + Send + Sync + 'static) -> Self {
        Self { on_connect: Box::new(then), ..self }
    }

    pub fn on_event(
        self,
        then: impl Fn(&Arc<Socket>, Event) -> Turn + Send + Sync + 'static,
    ) -> Self {
        Self { on_event: Box::new(then), ..self }
    }

    /// The socket that came last.
    pub fn last(&self) -> Arc<Socket> {
        self.sockets.lock().last().cloned().expect("a socket came")
    }

    pub fn ends(&self) -> Vec<Reason> {
        self.ends.lock().clone()
    }
}

impl Handler for Scene {
    fn authorize<'a>(
        &'a self,
        request: &'a ConnectRequest,
    ) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(async { (self.authorize)(request) })
    }

    fn on_recovered<'a>(&'a self, socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        Box::pin(async { (self.on_recovered)(socket) })
    }

    fn on_connect<'a>(&'a self, socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        self.sockets.lock().push(Arc::clone(socket));
        Box::pin(async { (self.on_connect)(socket) })
    }

    fn on_event(&self, socket: &Arc<Socket>, event: Event) -> Turn {
        (self.on_event)(socket, event)
    }

    fn on_relayed(&self, packet: &Packet, hand_on: &mut dyn FnMut()) {
        if !packet.json().contains("overtaken") {
            hand_on();
        }
    }

    fn on_disconnect(&self, _: &Arc<Socket>, reason: Reason) {
        self.ends.lock().push(reason);
    }
}
