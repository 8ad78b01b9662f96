//! How a connection comes about.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::AsyncPushSender;
use redis::cluster::ClusterClient;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, TlsCertificates, Value,
};

use super::address::{Address, Place};
use super::error::LinkError;
use super::wire::{Wire, within};

/// Most time to make a connection.
pub(super) const CONNECT: Duration = Duration::from_millis(250);

/// Most time for a command.
pub(super) const COMMAND: Duration = Duration::from_millis(100);

/// Where what the server says unasked goes.
pub(super) type Push = Arc<dyn AsyncPushSender>;

/// Makes connections to an [`Address`].
#[derive(Clone)]
pub(super) struct Dialer(pub(super) Arc<Address>);

impl Dialer {
    /// A connection that answers; with the host and port of a master that Sentinel named.
    pub(super) async fn dial(
        &self,
        push: Option<Push>,
    ) -> Result<(Wire, Option<String>), LinkError> {
        match &self.0.place {
            Place::One(info) => Ok((within(CONNECT, self.one(info, push)).await?, None)),
            Place::Sentinel { master, .. } => {
                let addr = self.master().await?;
                let named = addr.to_string();
                let info = master.as_ref().clone().set_addr(addr);
                let mut wire = within(CONNECT, self.one(&info, push)).await?;
                is_master(&mut wire).await?;
                Ok((wire, Some(named)))
            }
            Place::Cluster(nodes) => {
                Ok((within(CONNECT * 4, self.cluster(nodes, push)).await?, None))
            }
        }
    }

    /// Whether Sentinel still names this master, as far as any sentinel can be asked.
    pub(super) async fn is_named(&self, named: &str) -> bool {
        self.master().await.map_or(true, |addr| addr.to_string() == named)
    }

    fn client(&self, info: &ConnectionInfo) -> Result<Client, LinkError> {
        let root_cert = self.0.ca.clone();
        let tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        Ok(match root_cert {
            Some(_) if tls => Client::build_with_tls(
                info.clone(),
                TlsCertificates { client_tls: None, root_cert },
            )?,
            _ => Client::open(info.clone())?,
        })
    }

    async fn one(&self, info: &ConnectionInfo, push: Option<Push>) -> Result<Wire, LinkError> {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(CONNECT));
        if let Some(push) = push {
            config = config.set_push_sender(push);
        }
        let client = self.client(info)?;
        Ok(Wire::One(client.get_multiplexed_async_connection_with_config(&config).await?))
    }

    async fn cluster(
        &self,
        nodes: &[ConnectionInfo],
        push: Option<Push>,
    ) -> Result<Wire, LinkError> {
        let mut builder = ClusterClient::builder(nodes.iter().cloned())
            .use_protocol(redis::ProtocolVersion::RESP3)
            .connection_timeout(CONNECT)
            .response_timeout(CONNECT)
            .retries(3)
            .min_retry_wait(5)
            .max_retry_wait(20);
        if let Some(push) = push {
            builder = builder.push_sender(push);
        }
        if let Some(pem) = &self.0.ca {
            builder =
                builder.certs(TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) });
        }
        Ok(Wire::Cluster(builder.build()?.get_async_connection().await?))
    }

    /// Asks the sentinels, one after the other, who the master is.
    async fn master(&self) -> Result<ConnectionAddr, LinkError> {
        let Place::Sentinel { sentinels, name, master } = &self.0.place else {
            return Err(LinkError::Away);
        };
        for sentinel in sentinels {
            let asked = within(CONNECT, async {
                let mut wire = self.one(sentinel, None).await?;
                let mut question = redis::cmd("SENTINEL");
                question.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
                wire.run(&question).await
            });
            let Ok(answer) = asked.await else { continue };
            if let Ok((host, port)) = redis::from_redis_value::<(String, u16)>(answer) {
                return Ok(at(master.addr(), host, port));
            }
        }
        Err(LinkError::Away)
    }
}

fn at(like: &ConnectionAddr, host: String, port: u16) -> ConnectionAddr {
    match like {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    }
}

/// A sentinel may name a server that was put back meanwhile.
async fn is_master(wire: &mut Wire) -> Result<(), LinkError> {
    let role = within(COMMAND, wire.run(&redis::cmd("ROLE"))).await?;
    let first = match role {
        Value::Array(mut parts) if !parts.is_empty() => parts.swap_remove(0),
        _ => Value::Nil,
    };
    match redis::from_redis_value::<String>(first) {
        Ok(role) if role == "master" => Ok(()),
        _ => Err(LinkError::Broken("not a master".to_owned())),
    }
}
