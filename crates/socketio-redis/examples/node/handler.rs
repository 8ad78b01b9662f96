//! What clients can tell the node to do: an event's name is what, its first argument whom, the
//! others with what. Every command is answered when Redis has been told.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use zvon_socketio::{
    Admission, Args, ConnectRequest, Event, Handler, Namespace, Packet, Refusal, Socket, Target,
    Turn,
};
use zvon_socketio_redis::{Listener, RedisAdapter, ServerEvent};

/// Serves a namespace.
pub struct Commands(pub Arc<RedisAdapter>);

/// Whom a command is about.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Whom {
    rooms: Vec<String>,
    except: Vec<String>,
    volatile: bool,
    /// For `join`, `leave`, `sockets:join` and `sockets:leave`.
    room: String,
    /// For `sockets:disconnect`.
    close: bool,
    /// For how long `ask` waits, in milliseconds.
    timeout: u64,
}

impl Handler for Commands {
    fn authorize<'a>(&'a self, _: &'a ConnectRequest) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(std::future::ready(Ok(Admission::new(()))))
    }

    fn on_event(&self, socket: &Arc<Socket>, mut event: Event) -> Turn {
        let (socket, adapter) = (Arc::clone(socket), Arc::clone(&self.0));
        Turn::Pipelined(Box::pin(async move {
            let answer = command(&socket, &adapter, &event).await;
            if let Some(Err(error)) = event.take_ack().map(|ack| ack.send(&answer)) {
                panic!("a JSON value can be encoded: {error}");
            }
        }))
    }
}

async fn command(socket: &Arc<Socket>, adapter: &RedisAdapter, event: &Event) -> Value {
    let whom: Whom = event.payload().unwrap_or_default();
    let target = Target { rooms: whom.rooms, except: whom.except, volatile: whom.volatile };
    let namespace = socket.namespace();
    let (path, chosen) = (namespace.path(), namespace.select(target.clone()));
    let within = Duration::from_millis(whom.timeout);
    match event.name.as_str() {
        "join" => socket.join(&whom.room),
        "leave" => socket.leave(&whom.room),
        "emit" => {
            chosen.emit(&said(event));
        }
        "sockets:join" => chosen.join(&whom.room),
        "sockets:leave" => chosen.leave(&whom.room),
        "sockets:disconnect" => chosen.disconnect(whom.close),
        "ask" => {
            return match adapter.emit_with_ack(path, &target, &said(event), within).await {
                Ok(answers) => answers.iter().map(first).collect(),
                Err(error) => json!(error.to_string()),
            };
        }
        "fetch" => return fetch(adapter, namespace, &target).await,
        "server" => {
            adapter.server_side_emit(path, &said(event));
        }
        "server:ask" => {
            return match adapter.server_side_ask(path, &said(event), within).await {
                Ok(answers) => answers.iter().map(first).collect(),
                Err(error) => json!(error.to_string()),
            };
        }
        _ => return json!("there is no such command"),
    }
    adapter.subscribed().await;
    json!(true)
}

/// What is to be sent: the second argument is its name.
fn said(event: &Event) -> Packet {
    let name: String = event.args.get(1).unwrap_or_default();
    let values = event.args.values.iter().skip(2).cloned().collect();
    let args = Args { values, attachments: event.args.attachments.clone() };
    Packet::from_args(Some(&name), &args)
}

/// An answer: binary as the list of its bytes.
fn first(args: &Args) -> Value {
    match args.binary(0) {
        Some(bytes) => json!(bytes.to_vec()),
        None => args.get(0).unwrap_or_default(),
    }
}

/// The ids, rooms and data of sockets everywhere.
async fn fetch(adapter: &RedisAdapter, namespace: &Namespace, target: &Target) -> Value {
    let local = namespace.select(target.clone()).sockets().into_iter().map(|socket| {
        let rooms: Vec<String> = socket.rooms().iter().map(ToString::to_string).collect();
        json!({ "id": socket.id().as_str(), "rooms": rooms, "data": describe(&socket) })
    });
    let mut all: Vec<Value> = local.collect();
    match adapter.fetch_sockets(namespace.path(), target, Duration::from_secs(5)).await {
        Ok(remote) => {
            all.extend(remote.into_iter().map(
                |socket| json!({ "id": socket.id, "rooms": socket.rooms, "data": socket.data }),
            ));
            Value::from(all)
        }
        Err(error) => json!(error.to_string()),
    }
}

/// What other nodes are told of a socket.
pub fn describe(_: &Socket) -> Value {
    json!({ "node": "rust" })
}

/// Tells this node's clients what other servers say, and answers whoever asks.
pub fn listener(namespace: Namespace) -> Listener {
    Arc::new(move |said: ServerEvent| {
        let packet = Packet::from_args(Some(&format!("server:{}", said.name)), &said.args);
        namespace.all().local().emit(&packet);
        if let Some(reply) = said.reply {
            reply.send_args(&said.args);
        }
    })
}
