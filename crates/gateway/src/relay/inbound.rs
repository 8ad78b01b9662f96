//! The way in: a request that another node relays is answered by this node's engine.
//!
//! Only on the internal port, only with a claim that is signed for this node and this request, and
//! only of a session that is this node's: nothing that comes in here ever goes on to another node.
//! Who does not prove to be a node of the cluster is told nothing but that it is refused.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tower::ServiceExt;
use zvon_socketio::{NodeId, RemoteAddr, is_upgrade};

use super::replay::SKEW;
use super::sign::{CLAIM, Claim, PROOF, Refusal};
use super::{Relay, reply};
use crate::Edge;

/// Everything that is served on the internal port.
pub(crate) fn router(edge: &Arc<Edge>) -> Router {
    Router::new().fallback(answer).with_state(Arc::clone(edge))
}

async fn answer(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let Some(relay) = &edge.relay else { return empty(StatusCode::NOT_FOUND) };
    match relay.serve(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => {
            relay.meters.refused(refusal);
            tracing::debug!(?refusal, "a relayed request is refused");
            match refusal {
                Refusal::Full => empty(StatusCode::SERVICE_UNAVAILABLE),
                _ => empty(StatusCode::FORBIDDEN),
            }
        }
    }
}

impl Relay {
    async fn serve(&self, edge: &Edge, mut request: Request) -> Result<Response, Refusal> {
        let (claim, proof) = self.admit(&request)?;
        let proof = HeaderValue::from_str(&proof).map_err(|_| Refusal::Malformed)?;
        if request.method() == Method::HEAD && request.uri().path() == "/" {
            let mut hello = empty(StatusCode::NO_CONTENT);
            hello.headers_mut().insert(PROOF, proof);
            return Ok(hello);
        }
        let owner = request.uri().query().and_then(NodeId::of_query);
        if owner.as_ref() != Some(&self.node) || !edge.io.serves(request.uri().path()) {
            return Err(Refusal::NoSession);
        }
        let room = Arc::clone(&self.within).try_acquire_owned().map_err(|_| Refusal::Full)?;
        self.meters.accepted();
        request.headers_mut().remove(CLAIM);
        request.extensions_mut().insert(RemoteAddr(claim.client));
        let changes_over = is_upgrade(request.headers());
        let asked = edge.io.service().oneshot(request);
        if changes_over {
            // It is counted as the session it belongs to from here on.
            let mut response = asked.await.unwrap_or_else(|never| match never {}).map(Body::new);
            response.headers_mut().insert(PROOF, proof);
            return Ok(response);
        }
        // Begun when the head is out, and dropped with the connection.
        let whole = async move {
            let (parts, body) = asked.await.unwrap_or_else(|never| match never {}).into_parts();
            let body = body.collect().await.unwrap_or_else(|never| match never {}).to_bytes();
            drop(room);
            let text = reply::encode(&http::Response::from_parts(parts, body));
            Ok::<_, std::convert::Infallible>(Frame::data(text))
        };
        let mut receipt = Response::new(Body::new(StreamBody::new(stream::once(whole))));
        receipt.headers_mut().insert(PROOF, proof);
        Ok(receipt)
    }

    /// The claim of a request that is believed.
    fn admit(&self, request: &Request) -> Result<(Claim, String), Refusal> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let text = only(request.headers()).ok_or(Refusal::Malformed)?;
        let (claim, proof) = self.keys.read(text, request.method(), path)?;
        if claim.sender == self.node {
            return Err(Refusal::Loop);
        }
        if claim.target != self.node {
            return Err(Refusal::OtherTarget);
        }
        let off = self.clock.now().0.abs_diff(claim.at);
        if u128::from(off) > SKEW.as_millis() {
            return Err(Refusal::Expired);
        }
        if !self.seen.lock().is_first(&claim.sender, claim.number, Instant::now()) {
            return Err(Refusal::Replayed);
        }
        Ok((claim, proof))
    }
}

fn only(headers: &HeaderMap) -> Option<&str> {
    let mut claims = headers.get_all(CLAIM).iter();
    let claim = claims.next()?.to_str().ok()?;
    claims.next().is_none().then_some(claim)
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(Bytes::new()));
    *response.status_mut() = status;
    response
}
