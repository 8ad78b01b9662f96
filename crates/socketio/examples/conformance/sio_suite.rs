//! Two namespaces that say what they heard.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use zvon_socketio::{
    Admission, Config, ConnectRequest, Cors, Event, Handler, Io, Packet, Refusal, Socket, Turn,
};

use crate::reply::emit;

struct Suite;

impl Handler for Suite {
    fn authorize<'a>(
        &'a self,
        request: &'a ConnectRequest,
    ) -> BoxFuture<'a, Result<Admission, Refusal>> {
        let auth: Value = request.auth_as().unwrap_or_else(|| json!({}));
        Box::pin(std::future::ready(Ok(Admission::new(auth))))
    }

    fn on_connect<'a>(&'a self, socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // The suite listens for one message at a time, and would miss the second of two that
            // come in one piece.
            tokio::time::sleep(Duration::from_millis(5)).await;
            let auth = socket.data::<Value>().cloned().unwrap_or_default();
            emit(socket, "auth", &[auth]);
        })
    }

    fn on_event(&self, socket: &Arc<Socket>, mut event: Event) -> Turn {
        match event.name.as_str() {
            "message" => {
                socket.emit(&Packet::from_args(Some("message-back"), &event.args));
            }
            "message-with-ack" => {
                if let Some(ack) = event.take_ack() {
                    ack.send_args(&event.args);
                }
            }
            _ => {}
        }
        Turn::Done
    }
}

pub fn server() -> Io {
    let io = Io::new(Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_millis(1000),
        cors: Some(Cors::any()),
        ..Config::default()
    });
    io.namespace("/", Arc::new(Suite));
    io.namespace("/custom", Arc::new(Suite));
    io
}
