//! Asking the other nodes, and waiting for as many answers as there are nodes.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::RedisError;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use zvon_socketio::{Args, Packet, Target};

use crate::adapter::RedisAdapter;
use crate::message::Response;
use crate::space::Space;

/// Why the other nodes' answers are not complete.
#[derive(Debug)]
pub enum AskError {
    /// The namespace is not served.
    Unknown,
    /// Redis did not say how many nodes there are.
    Redis(RedisError),
    /// So many nodes did not answer in time, or so many sockets.
    Timeout(usize),
    /// The event cannot be encoded.
    Encoding,
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("the namespace is not served"),
            Self::Redis(error) => error.fmt(f),
            Self::Timeout(missing) => write!(f, "{missing} answers did not come in time"),
            Self::Encoding => f.write_str("the event cannot be encoded"),
        }
    }
}

impl std::error::Error for AskError {}

/// A socket of another node.
#[derive(Debug, Deserialize)]
pub struct RemoteSocket {
    /// Its id.
    pub id: String,
    /// The rooms it is in, its own among them.
    #[serde(default)]
    pub rooms: Vec<String>,
    /// The request of its connection, an object; binary in it is a placeholder.
    #[serde(default)]
    pub handshake: Option<Box<RawValue>>,
    /// Its data.
    #[serde(default)]
    pub data: Option<Box<RawValue>>,
}

impl RedisAdapter {
    /// How many other nodes serve the namespace.
    ///
    /// # Errors
    /// When Redis does not say.
    pub async fn peers(&self, namespace: &str) -> Result<usize, AskError> {
        let space = self.shared.space(namespace).ok_or(AskError::Unknown)?;
        self.peers_of(&space).await
    }

    async fn peers_of(&self, space: &Space) -> Result<usize, AskError> {
        let count = self.shared.link.subscribers(&space.channels.main).await;
        Ok(count.map_err(AskError::Redis)?.saturating_sub(1))
    }

    /// The other nodes' sockets of a target.
    ///
    /// # Errors
    /// When not all of them have answered in time.
    pub async fn fetch_sockets(
        &self,
        namespace: &str,
        target: &Target,
        within: Duration,
    ) -> Result<Vec<RemoteSocket>, AskError> {
        let until = Instant::now() + within;
        let space = self.shared.space(namespace).ok_or(AskError::Unknown)?;
        let mut missing = self.peers_of(&space).await?;
        let mut sockets = Vec::new();
        let mut open = space.requests.open();
        if missing > 0 {
            self.shared.publish(&space, space.encoder.fetch(target, &open.id));
        }
        while missing > 0 {
            match open.next(until).await.ok_or(AskError::Timeout(missing))? {
                Response::Sockets(more) => {
                    let read = |socket: Box<RawValue>| serde_json::from_str(socket.get()).ok();
                    sockets.extend(more.into_iter().filter_map(read));
                    missing -= 1;
                }
                Response::Server(_) | Response::Count(_) | Response::Ack(_) => {}
            }
        }
        Ok(sockets)
    }

    /// Sends an event to the sockets of a target, here and on the other nodes, and collects their
    /// answers, in no order.
    ///
    /// # Errors
    /// When not all of them have answered in time.
    pub async fn emit_with_ack(
        &self,
        namespace: &str,
        target: &Target,
        packet: &Packet,
        within: Duration,
    ) -> Result<Vec<Args>, AskError> {
        let until = Instant::now() + within;
        let space = self.shared.space(namespace).ok_or(AskError::Unknown)?;
        let mut open = space.requests.open();
        let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let payload = space.encoder.ask(target, packet, &open.id, millis);
        let payload = Some(payload.ok_or(AskError::Encoding)?);
        let local = space.namespace.select(target.clone()).local().ask(packet, within);
        let mut local: FuturesUnordered<_> = local.into_iter().collect();
        let mut nodes = self.peers_of(&space).await?;
        if nodes > 0 {
            self.shared.publish(&space, payload);
        }
        let (mut answers, mut expected) = (Vec::new(), local.len());
        while nodes > 0 || answers.len() < expected {
            let missing = || AskError::Timeout(nodes + expected - answers.len().min(expected));
            tokio::select! {
                Some(answer) = local.next() => match answer {
                    Ok(args) => answers.push(args),
                    Err(_) => return Err(missing()),
                },
                response = open.next(until) => match response.ok_or_else(missing)? {
                    Response::Count(count) => {
                        nodes = nodes.saturating_sub(1);
                        expected = expected.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
                    }
                    Response::Ack(args) => answers.push(args),
                    Response::Sockets(_) | Response::Server(_) => {}
                },
            }
        }
        Ok(answers)
    }

    /// Says something to the other servers, not to clients; `false` if the namespace is not served.
    pub fn server_side_emit(&self, namespace: &str, packet: &Packet) -> bool {
        let Some(space) = self.shared.space(namespace) else { return false };
        self.shared.publish(&space, space.encoder.server_side_emit(packet, None));
        true
    }

    /// Asks the other servers; what each answers, in no order.
    ///
    /// # Errors
    /// When not all of them have answered in time.
    pub async fn server_side_ask(
        &self,
        namespace: &str,
        packet: &Packet,
        within: Duration,
    ) -> Result<Vec<Args>, AskError> {
        let until = Instant::now() + within;
        let space = self.shared.space(namespace).ok_or(AskError::Unknown)?;
        let mut missing = self.peers_of(&space).await?;
        let mut open = space.requests.open();
        let payload = space.encoder.server_side_emit(packet, Some(&open.id));
        let payload = Some(payload.ok_or(AskError::Encoding)?);
        if missing > 0 {
            self.shared.publish(&space, payload);
        }
        let mut answers = Vec::new();
        while missing > 0 {
            let response = open.next(until).await.ok_or(AskError::Timeout(missing))?;
            if let Response::Server(args) = response {
                answers.push(args);
                missing -= 1;
            }
        }
        Ok(answers)
    }
}
