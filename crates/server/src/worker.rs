//! `zvon worker`: the background jobs alone, apart from the nodes.
//!
//! It needs the nodes' configuration and no port of its own, may run in several copies, and finishes
//! what it is at when it is told to stop. A second signal ends it at once.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::jobs::Jobs;
use crate::watch::Watch;
use crate::{backing, lifecycle};

/// Works until it is told to stop.
pub(crate) async fn work(config: Config) -> Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let watch = Watch::open(&config)?;
    let workshop = backing::workshop(&config).await?;
    let jobs = Jobs::start(&config, &workshop.means);
    let metrics = watch.as_ref().map(Watch::address).transpose()?;
    let watching = watch.map(Watch::serve_worker);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "working");
    let metrics = metrics.map(|at| format!(", its metrics are at http://{at}/metrics"));
    println!("Zvon works{}", metrics.unwrap_or_default());
    lifecycle::stopped(&mut term, &mut int).await;
    tracing::info!("going down");
    let finish = async {
        jobs.close().await;
        workshop.close().await;
        if let Some(watching) = watching {
            watching.close().await;
        }
    };
    tokio::select! {
        () = finish => Ok(()),
        () = lifecycle::stopped(&mut term, &mut int) => {
            anyhow::bail!("stopped at once by a second signal")
        }
    }
}
