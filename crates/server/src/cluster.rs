//! This process as one of several nodes: its internal port, its id, the keys it shares with them.
//! Without a configured internal port there is none of it.

use std::sync::Arc;

use anyhow::Result;
use zvon_core::node::Nodes;
use zvon_gateway::{Gateway, RelaySettings};

use crate::config::Config;
use crate::listener::{Internal, InternalServing};
use crate::secret;

/// A node of a cluster, which the others do not know yet.
pub(crate) struct Member {
    internal: Internal,
    relay: RelaySettings,
}

impl Member {
    /// Opens the internal port, if one is configured.
    pub(crate) fn open(config: &Config) -> Result<Option<Self>> {
        let wrong = |error: crate::config::ConfigError| anyhow::anyhow!(error.to_string());
        let Some((listen, advertised)) = config.internal().map_err(wrong)? else {
            return Ok(None);
        };
        let keys = secret::cluster_keys(config)?;
        let internal = Internal::open(listen, advertised)?;
        let (node, most) = (internal.node.clone(), config.cluster.relayed_max);
        Ok(Some(Self { internal, relay: RelaySettings { node, keys, most } }))
    }

    /// What the edge has to know.
    pub(crate) fn relay(&self) -> RelaySettings {
        self.relay.clone()
    }

    /// Enters the registry, and serves what others relay.
    pub(crate) async fn join(self, gateway: &Gateway, nodes: &Arc<dyn Nodes>) -> InternalServing {
        let Self { internal, relay } = self;
        internal.serve(gateway.internal(), Arc::clone(nodes), relay.most).await
    }
}
