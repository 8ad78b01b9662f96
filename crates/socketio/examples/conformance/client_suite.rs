//! What the JavaScript client's own suite expects of a server.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zvon_socketio::{
    Admission, Args, Config, ConnectRequest, Cors, Door, Event, Handler, Io, PacketBuilder,
    RecoveryMode, Refusal, Socket, Turn,
};

use crate::reply::{answer, emit, event};

/// Who is let in, and what else a namespace does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Main,
    Plain,
    /// Tells its handshake.
    Telling,
    /// Lets nobody in.
    Closed,
}

/// What is known of a socket.
struct Known {
    handshake: Value,
    /// Whether the first of two binary events has come.
    first: AtomicBool,
}

/// Takes a moment, so that clients can lose their patience.
#[derive(Debug)]
struct SlowDoor;

impl Door for SlowDoor {
    fn open<'a>(&'a self, _: &'a Parts) -> BoxFuture<'a, Result<(), Cow<'static, str>>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(())
        })
    }
}

struct Suite(Kind);

impl Handler for Suite {
    fn authorize<'a>(
        &'a self,
        request: &'a ConnectRequest,
    ) -> BoxFuture<'a, Result<Admission, Refusal>> {
        let fail = request.handshake.query.iter().any(|(name, _)| name == "fail");
        let answer = match self.0 {
            Kind::Closed => Err(Refusal::new("Auth failed (custom namespace)")),
            Kind::Main if fail => Err(Refusal::new("Auth failed (main namespace)")),
            _ => {
                let handshake = handshake(request);
                Ok(Admission::new(Known { handshake, first: AtomicBool::new(false) }))
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn on_connect<'a>(&'a self, socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        if let (Kind::Telling, Some(known)) = (self.0, socket.data::<Known>()) {
            emit(socket, "handshake", std::slice::from_ref(&known.handshake));
        }
        Box::pin(std::future::ready(()))
    }

    fn on_event(&self, socket: &Arc<Socket>, mut event: Event) -> Turn {
        if event.name == "getId" {
            answer(&mut event, &json!(socket.id().as_str()));
            return Turn::Done;
        }
        match self.0 {
            Kind::Main => main_event(socket, event),
            _ => Turn::Done,
        }
    }
}

fn main_event(socket: &Arc<Socket>, mut event: Event) -> Turn {
    match event.name.as_str() {
        "hi" => emit(socket, "hi", &[]),
        "echo" => {
            let value: Value = event.payload().unwrap_or_default();
            answer(&mut event, &value);
        }
        "ack" => return Turn::Pipelined(Box::pin(ask(Arc::clone(socket)))),
        "getAckDate" => answer(&mut event, &date(socket)),
        "getDate" => emit(socket, "takeDate", &[date(socket)]),
        "getDateObj" => emit(socket, "takeDateObj", &[json!({ "date": date(socket) })]),
        "getUtf8" => {
            let texts = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"];
            texts.iter().for_each(|text| emit(socket, "takeUtf8", &[json!(text)]));
        }
        "false" => emit(socket, "false", &[json!(false)]),
        "getHandshake" => {
            let handshake = socket.data::<Known>().map(|known| known.handshake.clone());
            answer(&mut event, &handshake.unwrap_or_default());
        }
        _ => binary_event(socket, &event),
    }
    Turn::Done
}

fn binary_event(socket: &Arc<Socket>, event: &Event) {
    let Some(known) = socket.data::<Known>() else { return };
    let whole = event.args.binary(0).is_some();
    let first = known.first.load(Ordering::Relaxed);
    match event.name.as_str() {
        "doge" => give(socket, "doge"),
        "getbin" => give(socket, "takebin"),
        "buffa" if whole => emit(socket, "buffack", &[]),
        "blob" if whole => emit(socket, "back", &[]),
        "jsonbuff" if is_mixed(&event.args) => emit(socket, "jsonbuff-ack", &[]),
        "jsonblob" if is_mixed(&event.args) => emit(socket, "jsonblob-ack", &[]),
        "abuff1" | "blob1" => known.first.store(whole, Ordering::Relaxed),
        "abuff2" if first => emit(socket, "abuff2-ack", &[]),
        "blob2" => known.first.store(
            first && event.payload::<String>().is_ok_and(|text| text == "second"),
            Ordering::Relaxed,
        ),
        "blob3" if whole && first => emit(socket, "blob3-ack", &[]),
        _ => {}
    }
}

fn give(socket: &Arc<Socket>, name: &str) {
    socket.emit(&PacketBuilder::new(name).binary(Bytes::from_static(b"asdfasdf")).build());
}

/// Whether the argument is an object with an attachment in the middle.
fn is_mixed(args: &Args) -> bool {
    let value: Value = args.get(0).unwrap_or_default();
    value["hello"] == "lol"
        && value["goodbye"] == "gotcha"
        && value["message"]["_placeholder"] == true
        && args.attachments.len() == 1
}

async fn ask(socket: Arc<Socket>) {
    let within = Duration::from_secs(5);
    let Ok(args) = socket.emit_with_ack(&event("ack", &[]), within).await else { return };
    let number: Value = args.get(0).unwrap_or_default();
    let object: Value = args.get(1).unwrap_or_default();
    if number == 5 && object["test"] == true {
        emit(&socket, "got it", &[]);
    }
}

fn date(socket: &Socket) -> Value {
    let issued = OffsetDateTime::from(socket.handshake().issued);
    issued.format(&Rfc3339).map(Value::from).unwrap_or_default()
}

fn handshake(request: &ConnectRequest) -> Value {
    let query = request.handshake.query.iter().cloned();
    let query: Map<String, Value> = query.map(|(name, value)| (name, value.into())).collect();
    let auth: Value = request.auth_as().unwrap_or_else(|| json!({}));
    json!({ "query": query, "auth": auth })
}

pub fn server() -> Io {
    let io = Io::new(Config {
        ping_interval: Duration::from_millis(2000),
        cors: Some(Cors::any()),
        recovery: RecoveryMode::InMemory {
            max_disconnection: Duration::from_secs(120),
            skip_middlewares: true,
        },
        door: Some(Arc::new(SlowDoor)),
        ..Config::default()
    });
    io.namespace("/", Arc::new(Suite(Kind::Main)));
    for path in ["/foo", "/timeout_socket", "/valid", "/asd"] {
        io.namespace(path, Arc::new(Suite(Kind::Plain)));
    }
    io.namespace("/abc", Arc::new(Suite(Kind::Telling)));
    io.namespace("/no", Arc::new(Suite(Kind::Closed)));
    io
}
