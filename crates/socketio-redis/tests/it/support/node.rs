//! The engine with the adapter, as a product mounts it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::ServiceExt;
use zvon_socketio::{
    Admission, ConnectRequest, Event, Handler, Io, Namespace, Packet, Refusal, Socket, Turn,
};
use zvon_socketio_redis::{Config, RedisAdapter, SubscriptionMode};

use super::{Client, Redis, soon};

/// Lets everybody in and listens to nobody.
struct Open;

impl Handler for Open {
    fn authorize<'a>(&'a self, _: &'a ConnectRequest) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(std::future::ready(Ok(Admission::new(()))))
    }

    fn on_event(&self, _: &Arc<Socket>, _: Event) -> Turn {
        Turn::Done
    }
}

pub fn event(name: &str, payload: u64) -> Packet {
    Packet::event(name, &payload).expect("a number can be encoded")
}

/// A node with one namespace, `/`.
pub struct Node {
    pub adapter: Arc<RedisAdapter>,
    pub namespace: Namespace,
    addr: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Node {
    /// One that Redis knows.
    pub async fn on(redis: &Redis) -> Self {
        Self::start(Config::new(redis.url())).await
    }

    pub async fn with_mode(redis: &Redis, mode: SubscriptionMode) -> Self {
        Self::start(Config { mode, ..Config::new(redis.url()) }).await
    }

    pub async fn start(config: Config) -> Self {
        let node = Self::start_alone(config).await;
        soon(node.adapter.subscribed()).await;
        node
    }

    /// One whose Redis need not be there.
    pub async fn start_alone(config: Config) -> Self {
        let adapter = RedisAdapter::start(config).expect("an address");
        let io = Io::with_adapter(zvon_socketio::Config::default(), Arc::clone(&adapter) as Arc<_>);
        let namespace = io.namespace("/", Arc::new(Open));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let accepting = tokio::spawn(accept(listener, io));
        Self { adapter, namespace, addr, accepting }
    }

    pub async fn client(&self) -> Client {
        Client::dial(self.addr).await
    }

    /// A client whose socket is in these rooms, of which Redis knows.
    pub async fn client_in(&self, rooms: &[&str]) -> Client {
        let client = self.client().await;
        let socket = self.namespace.get(&client.id).expect("its socket");
        rooms.iter().for_each(|room| socket.join(room));
        soon(self.adapter.subscribed()).await;
        client
    }

    pub async fn close(self) {
        self.adapter.close(Duration::from_secs(1)).await;
    }
}

async fn accept(listener: TcpListener, io: Io) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, io.clone()));
    }
}

async fn serve(stream: TcpStream, io: Io) {
    let service =
        service_fn(move |request: hyper::Request<Incoming>| io.service().oneshot(request));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = serving.with_upgrades().await;
}
