//! Connections for questions whose answers are waited for, one to each server that is asked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisResult, Value};

use super::dial::Dialer;
use super::map::Server;

#[derive(Debug)]
pub(super) struct Asking {
    dialer: Arc<Dialer>,
    connections: Mutex<HashMap<Server, Connection>>,
}

struct Connection(MultiplexedConnection);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Asking {
    pub(super) fn new(dialer: Arc<Dialer>) -> Self {
        Self { dialer, connections: Mutex::default() }
    }

    /// The answer. A connection that gave none is not used again.
    pub(super) async fn ask(&self, server: &Server, question: &Cmd) -> RedisResult<Value> {
        let mut connection = self.connection(server).await?;
        let answer = question.query_async(&mut connection).await;
        if answer.is_err() {
            self.connections.lock().remove(server);
        }
        answer
    }

    /// Forgets all servers but these.
    pub(super) fn keep(&self, servers: &HashSet<Server>) {
        self.connections.lock().retain(|server, _| servers.contains(server));
    }

    async fn connection(&self, server: &Server) -> RedisResult<MultiplexedConnection> {
        if let Some(Connection(connection)) = self.connections.lock().get(server) {
            return Ok(connection.clone());
        }
        let made = self.dialer.dial(server, AsyncConnectionConfig::new()).await?;
        self.connections.lock().insert(Arc::clone(server), Connection(made.clone()));
        Ok(made)
    }
}
