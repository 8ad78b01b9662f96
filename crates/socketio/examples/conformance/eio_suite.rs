//! Engine.IO only: every message comes back.

use std::sync::Arc;
use std::time::Duration;

use zvon_socketio::{Config, Cors, Io, RawHandler, RawMessage, RawPeer};

struct Echo;

impl RawHandler for Echo {
    fn on_message(&self, peer: &RawPeer, message: RawMessage) {
        peer.send(&message);
    }
}

pub fn server() -> Io {
    let config = Config {
        path: "/engine.io/".to_owned(),
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        cors: Some(Cors::any()),
        ..Config::default()
    };
    Io::raw(config, Arc::new(Echo))
}
