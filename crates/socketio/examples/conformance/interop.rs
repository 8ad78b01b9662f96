//! Everything a client can be shown: for `tests/interop/`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use zvon_socketio::{
    Admission, Config, ConnectRequest, Cors, Event, Handler, Io, Packet, RecoveryMode, Refusal,
    Socket, TransportKind, Turn,
};

use crate::reply::{answer, emit, event};

/// What is known of a socket: how often it was told to try again.
#[derive(Default)]
struct Known {
    refused: AtomicU32,
}

struct Main;

impl Handler for Main {
    fn authorize<'a>(&'a self, _: &'a ConnectRequest) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(std::future::ready(Ok(Admission::new(Known::default()))))
    }

    fn on_event(&self, socket: &Arc<Socket>, mut event: Event) -> Turn {
        match event.name.as_str() {
            "echo" => echo(socket, &mut event),
            "transport" => answer(&mut event, &transport(socket)),
            "room:join" => {
                socket.join(&event.payload::<String>().unwrap_or_default());
                answer(&mut event, &json!(true));
            }
            "room:leave" => {
                socket.leave(&event.payload::<String>().unwrap_or_default());
                answer(&mut event, &json!(true));
            }
            "room:say" => {
                let reached = say(socket, &event);
                answer(&mut event, &json!(reached));
            }
            "volatile" => {
                socket.emit_volatile(&Packet::from_args(Some("volatile"), &event.args));
            }
            "ask" => return Turn::Pipelined(Box::pin(ask(Arc::clone(socket), event))),
            "slow" => return Turn::Serial(Box::pin(slow(event))),
            "flaky" => flaky(socket, &mut event),
            "leave" => socket.disconnect(),
            "close" => socket.close(),
            "leave:close" => socket.namespace().to(socket.id().as_str()).disconnect(true),
            _ => {}
        }
        Turn::Done
    }
}

/// Says everything back: as the answer, or else as an event.
fn echo(socket: &Arc<Socket>, event: &mut Event) {
    match event.take_ack() {
        Some(ack) => ack.send_args(&event.args),
        None => {
            socket.emit(&Packet::from_args(Some("echo"), &event.args));
        }
    }
}

fn transport(socket: &Socket) -> Value {
    match socket.transport() {
        TransportKind::Polling => json!("polling"),
        TransportKind::WebSocket => json!("websocket"),
    }
}

/// `room:say {room, except?, text}`: how many heard.
fn say(socket: &Arc<Socket>, heard: &Event) -> usize {
    let said: Value = heard.payload().unwrap_or_default();
    let room = said["room"].as_str().unwrap_or_default();
    let mut to = socket.namespace().to(room);
    if let Some(except) = said["except"].as_str() {
        to = to.except(except);
    }
    to.emit(&event("room:said", &[said["text"].clone()]))
}

async fn ask(socket: Arc<Socket>, event: Event) {
    let within = Duration::from_millis(500);
    let question = Packet::from_args(Some("question"), &event.args);
    match socket.emit_with_ack(&question, within).await {
        Ok(args) => {
            socket.emit(&Packet::from_args(Some("answered"), &args));
        }
        Err(error) => emit(&socket, "unanswered", &[json!(format!("{error:?}"))]),
    }
}

/// Answers after as many milliseconds as it is told.
async fn slow(mut event: Event) {
    let wait: u64 = event.payload().unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(wait)).await;
    answer(&mut event, &json!(wait));
}

/// Answers the third time only.
fn flaky(socket: &Arc<Socket>, event: &mut Event) {
    let Some(known) = socket.data::<Known>() else { return };
    if known.refused.fetch_add(1, Ordering::Relaxed) == 2 {
        known.refused.store(0, Ordering::Relaxed);
        let value = event.payload().unwrap_or_default();
        answer(event, &value);
    }
}

/// Wants a token.
struct Admin;

impl Handler for Admin {
    fn authorize<'a>(
        &'a self,
        request: &'a ConnectRequest,
    ) -> BoxFuture<'a, Result<Admission, Refusal>> {
        let auth: Value = request.auth_as().unwrap_or_default();
        let answer = match auth["token"] == "secret" {
            true => Ok(Admission::new(())),
            false => Err(Refusal::new("who are you?").data(json!({ "code": 401 }))),
        };
        Box::pin(std::future::ready(answer))
    }

    fn on_event(&self, socket: &Arc<Socket>, mut event: Event) -> Turn {
        answer(&mut event, &json!([socket.namespace().path(), socket.id().as_str()]));
        Turn::Done
    }
}

/// Lets everybody in and tells where they are.
struct Open;

impl Handler for Open {
    fn authorize<'a>(&'a self, _: &'a ConnectRequest) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(std::future::ready(Ok(Admission::new(()))))
    }

    fn on_event(&self, socket: &Arc<Socket>, event: Event) -> Turn {
        Admin.on_event(socket, event)
    }
}

pub fn server() -> Io {
    let io = Io::new(Config {
        ping_interval: Duration::from_millis(1000),
        cors: Some(Cors::any()),
        recovery: RecoveryMode::InMemory {
            max_disconnection: Duration::from_secs(30),
            skip_middlewares: true,
        },
        ..Config::default()
    });
    io.namespace("/", Arc::new(Main));
    io.namespace("/admin", Arc::new(Admin));
    for number in 0..10 {
        io.namespace(&format!("/n{number}"), Arc::new(Open));
    }
    io
}
