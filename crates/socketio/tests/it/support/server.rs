//! The engine behind hyper, as a product mounts it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::ServiceExt;
use zvon_socketio::{Config, EngineService, Io};

use super::http::{Answer, Pending, request};
use super::ws::{Got, Ws};
use super::{Scene, soon};

pub const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
pub const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A listening server; it goes when this is dropped.
pub struct Server {
    pub io: Io,
    pub scene: Arc<Scene>,
    pub addr: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// One that echoes.
    pub async fn echo() -> Self {
        Self::start(Config::default(), Scene::echo()).await
    }

    pub async fn start(config: Config, scene: Scene) -> Self {
        Self::serve(Io::new(config), scene).await
    }

    /// Serves the scene on `/`.
    pub async fn serve(io: Io, scene: Scene) -> Self {
        let scene = Arc::new(scene);
        io.namespace("/", Arc::clone(&scene) as Arc<_>);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let accepting = tokio::spawn(accept(listener, io.clone()));
        Self { io, scene, addr, accepting }
    }

    pub async fn send(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        self.pending(method, target, &[], body).await.answer().await
    }

    pub async fn pending(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Pending {
        Pending::send(self.addr, &request(method, target, headers, body)).await
    }

    /// Opens a polling session; its id.
    pub async fn open(&self) -> String {
        let answer = self.send("GET", POLLING, b"").await;
        let open: serde_json::Value = serde_json::from_str(&answer.body[1..]).expect("JSON");
        open["sid"].as_str().expect("an id").to_owned()
    }

    pub async fn poll(&self, sid: &str) -> Answer {
        self.send("GET", &format!("{POLLING}&sid={sid}"), b"").await
    }

    /// A poll that is left waiting.
    pub async fn polling(&self, sid: &str) -> Pending {
        let pending = self.pending("GET", &format!("{POLLING}&sid={sid}"), &[], b"").await;
        // The server needs a moment to know of it.
        tokio::time::sleep(super::ms(30)).await;
        pending
    }

    pub async fn post(&self, sid: &str, body: &[u8]) -> Answer {
        self.send("POST", &format!("{POLLING}&sid={sid}"), body).await
    }

    /// A polling session in the namespace `/`, with its CONNECT taken.
    pub async fn joined_polling(&self) -> String {
        let sid = self.open().await;
        self.post(&sid, b"40").await;
        assert!(self.poll(&sid).await.body.starts_with("40{"));
        sid
    }

    /// A WebSocket, with its open packet still to be read.
    pub async fn dial(&self, more: &str) -> Ws {
        Ws::dial(self.addr, &format!("{WEBSOCKET}{more}")).await.expect("it is let in")
    }

    /// A WebSocket session.
    pub async fn ws(&self) -> Ws {
        let mut ws = self.dial("").await;
        assert!(ws.text().await.starts_with("0{"));
        ws
    }

    /// A WebSocket session in the namespace `/`.
    pub async fn joined(&self) -> Ws {
        let mut ws = self.ws().await;
        ws.send("40").await;
        assert!(ws.text().await.starts_with("40{"));
        ws
    }

    /// A polling session that has become a WebSocket one.
    pub async fn upgraded(&self, sid: &str) -> Ws {
        let mut ws = self.dial(&format!("&sid={sid}")).await;
        ws.send("2probe").await;
        assert_eq!(soon(ws.next()).await, Got::Text("3probe".to_owned()));
        ws.send("5").await;
        ws
    }
}

async fn accept(listener: TcpListener, io: Io) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, io.clone()));
    }
}

async fn serve(stream: TcpStream, io: Io) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (serves, service) = (io.serves(request.uri().path()), io.service());
        async move { if serves { call(service, request).await } else { Ok(not_found()) } }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = serving.with_upgrades().await;
}

async fn call(
    service: EngineService,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    service.oneshot(request).await
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
