//! The engine as a product would use it: join a room, say something to it.

use std::sync::Arc;

use anyhow::Result;
use futures_util::future::BoxFuture;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use zvon_socketio::{
    Admission, Config, ConnectRequest, Event, Handler, Io, Packet, Refusal, Socket, Turn,
};

struct Rooms;

impl Handler for Rooms {
    fn authorize<'a>(&'a self, _: &'a ConnectRequest) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(std::future::ready(Ok(Admission::new(()))))
    }

    fn on_event(&self, socket: &Arc<Socket>, event: Event) -> Turn {
        match event.name.as_str() {
            "join" => socket.join(&event.payload::<String>().unwrap_or_default()),
            _ => {
                let room = socket.rooms().first().cloned().unwrap_or_default();
                let packet = Packet::from_args(Some("m"), &event.args);
                socket.namespace().to(&room).emit(&packet);
            }
        }
        Turn::Done
    }
}

#[tokio::main(worker_threads = 1)]
pub async fn serve() -> Result<()> {
    let io = Io::new(Config { keep_request: false, ..Config::default() });
    io.namespace("/", Arc::new(Rooms));
    let listener = TcpListener::bind("0.0.0.0:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(stream, io.clone()));
    }
}

async fn connection(stream: TcpStream, io: Io) {
    let service = service_fn(move |request: Request<Incoming>| io.service().oneshot(request));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that goes away is no error here.
    let _ = serving.with_upgrades().await;
}
