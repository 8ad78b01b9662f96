//! The way out: a request of a session that another node owns is asked there.
//!
//! What cannot be asked within half a second, for whatever reason, is answered by this node's own
//! engine, which knows no such session and says so; the client connects anew and resumes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use zvon_socketio::{NodeId, RemoteAddr, is_upgrade};

use super::sign::{CLAIM, PROOF, Signed, same};
use super::wire::{Link, Unasked};
use super::{Lost, Relay, reply, tunnel};
use crate::Edge;

/// For everything until the owner has said that it has the request.
const PATIENCE: Duration = Duration::from_millis(500);
/// What the engine looks at. Nothing else of a client's headers goes on.
const HEADERS: [HeaderName; 4] = [CONTENT_TYPE, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION];
/// How much longer an answer may be than what may wait for a connection: its head, and the
/// separators and lengthening of binary packets.
const MARGIN: usize = 64 * 1024;

/// Goes before the engine: sends on what is another node's.
pub(crate) async fn pass(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let Some(relay) = &edge.relay else { return next.run(request).await };
    let Some(owner) = relay.elsewhere(&request) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let mut head = http::Request::from_parts(parts, ());
    let counted = relay.meters.outward();
    let sent = relay.send(&owner, &mut head, body).await;
    counted.ended(sent.as_ref().map(drop));
    match sent {
        Ok(response) => response,
        Err(_) => next.run(head.map(|()| Body::empty())).await,
    }
}

impl Relay {
    /// The other node whose session a request is for. A preflight is of no session, and a HEAD is
    /// what nodes greet each other with.
    fn elsewhere(&self, request: &Request) -> Option<NodeId> {
        if matches!(*request.method(), Method::OPTIONS | Method::HEAD) {
            return None;
        }
        NodeId::of_query(request.uri().query()?).filter(|owner| *owner != self.node)
    }

    async fn send(
        self: &Arc<Self>,
        owner: &NodeId,
        head: &mut http::Request<()>,
        body: Body,
    ) -> Result<Response, Lost> {
        let room = Arc::clone(&self.out).try_acquire_owned().map_err(|_| Lost::Full)?;
        let (request, signed) = self.prepare(owner, head, body)?;
        let asked = timeout(PATIENCE, self.ask(owner, request, &signed)).await;
        let (link, answer) = asked.map_err(|_| Lost::Silent)??;
        if is_upgrade(head.headers()) {
            return self.change_over(head, answer, room).await;
        }
        let limited = Limited::new(answer.into_body(), self.answer_max + MARGIN);
        let whole = limited.collect().await.map_err(|_| Lost::Broken)?.to_bytes();
        let mut answer = reply::decode(whole).ok_or(Lost::Broken)?;
        self.pool.put(owner, link);
        reply::strip(answer.headers_mut());
        Ok(answer.map(Body::from))
    }

    /// The request as the owner gets it.
    fn prepare(
        &self,
        owner: &NodeId,
        head: &http::Request<()>,
        body: Body,
    ) -> Result<(Request, Signed), Lost> {
        let path = head.uri().path_and_query().ok_or(Lost::Broken)?.as_str();
        let client = head.extensions().get::<RemoteAddr>().ok_or(Lost::Broken)?.0;
        let signed = self.sign(owner, head.method(), path, client).ok_or(Lost::Broken)?;
        let mut request = Request::new(body);
        *request.method_mut() = head.method().clone();
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| Lost::Broken)?;
        *request.headers_mut() = headers(head.headers(), owner, &signed)?;
        Ok((request, signed))
    }

    /// Asks the owner; a connection that ended while it waited is passed over.
    async fn ask(
        &self,
        owner: &NodeId,
        mut request: Request,
        signed: &Signed,
    ) -> Result<(Link, http::Response<Incoming>), Lost> {
        loop {
            let pooled = self.pool.take(owner);
            let is_fresh = pooled.is_none();
            let mut link = match pooled {
                Some(link) => link,
                None => self.connect(owner).await?,
            };
            match link.ask(request).await {
                Ok(answer) if proves(&answer, signed) => return Ok((link, answer)),
                Ok(_) => return Err(Lost::Refused),
                Err(Unasked::Unsent(unsent)) if !is_fresh => request = *unsent,
                Err(_) => return Err(Lost::Broken),
            }
        }
    }

    /// A connection whose other end has shown that it is that node.
    async fn connect(&self, owner: &NodeId) -> Result<Link, Lost> {
        let address = self.nodes.address(owner.as_str()).await.ok_or(Lost::UnknownNode)?;
        let mut link = Link::open(address).await.ok_or(Lost::Unreachable)?;
        self.meters.connected();
        self.pool.sweep();
        let nobody = (std::net::Ipv4Addr::UNSPECIFIED, 0).into();
        let signed = self.sign(owner, &Method::HEAD, "/", nobody).ok_or(Lost::Broken)?;
        let mut hello = Request::new(Body::empty());
        *hello.method_mut() = Method::HEAD;
        *hello.headers_mut() = headers(&HeaderMap::new(), owner, &signed)?;
        let answer = link.ask(hello).await.map_err(|_| Lost::Broken)?;
        if proves(&answer, &signed) { Ok(link) } else { Err(Lost::Refused) }
    }

    /// Puts the client's and the owner's connection together, if the owner has changed over.
    async fn change_over(
        &self,
        head: &mut http::Request<()>,
        mut answer: http::Response<Incoming>,
        room: OwnedSemaphorePermit,
    ) -> Result<Response, Lost> {
        reply::strip(answer.headers_mut());
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, MARGIN).collect().await.map_err(|_| Lost::Broken)?;
            return Ok(Response::from_parts(parts, Body::from(body.to_bytes())));
        }
        let client = hyper::upgrade::on(head);
        let owner = hyper::upgrade::on(&mut answer).await.map_err(|_| Lost::Broken)?;
        let (stop, number) = (self.stop.subscribe(), self.number.load(Ordering::Relaxed));
        tokio::spawn(async move {
            if let Ok(Ok(client)) = timeout(PATIENCE, client).await {
                tunnel::carry(client, owner, stop, number).await;
            }
            drop(room);
        });
        Ok(answer.map(|_| Body::empty()))
    }
}

fn headers(of: &HeaderMap, owner: &NodeId, signed: &Signed) -> Result<HeaderMap, Lost> {
    let mut headers = HeaderMap::new();
    if is_upgrade(of) {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    for name in HEADERS {
        for value in of.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    let text = |text: &str| HeaderValue::from_str(text).map_err(|_| Lost::Broken);
    headers.insert(HOST, text(owner.as_str())?);
    headers.insert(CLAIM, text(&signed.text)?);
    Ok(headers)
}

fn proves(answer: &http::Response<Incoming>, signed: &Signed) -> bool {
    let proof = answer.headers().get(PROOF).and_then(|proof| proof.to_str().ok());
    proof.is_some_and(|proof| same(proof, &signed.proof))
}
