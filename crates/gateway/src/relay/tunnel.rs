//! The bytes of a WebSocket between a client and the node that owns its session, as they are.
//!
//! When either side ends, what is on its way to the other still goes there, for a moment; then both
//! are closed. The owner's heartbeat goes through it, so a client that is gone is noticed there.
//! When this node goes down, its tunnels end over the window that connections of its own have.

use std::pin::pin;
use std::time::Duration;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_buf, split};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// For what is on its way when one side has ended.
const REST: Duration = Duration::from_secs(2);
/// Held for each direction of each WebSocket.
const BUFFER: usize = 4096;

/// In how many steps tunnels are closed.
const STEPS: u32 = 50;

/// Says over which window tunnels are to end, once they are.
pub(super) type Stop = watch::Receiver<Option<Duration>>;

/// Carries until one side ends, or it is to `stop`. The tunnels' numbers spread their ends.
pub(super) async fn carry(client: Upgraded, owner: Upgraded, mut stop: Stop, number: u64) {
    let (from_client, to_client) = split(TokioIo::new(client));
    let (from_owner, to_owner) = split(TokioIo::new(owner));
    let mut up = pin!(one_way(from_client, to_owner));
    let mut down = pin!(one_way(from_owner, to_client));
    let stopped = async {
        let window = stop.wait_for(Option::is_some).await.ok().and_then(|window| *window);
        let step = u32::try_from(number % u64::from(STEPS)).unwrap_or_default();
        sleep(window.unwrap_or_default() / STEPS * step).await;
    };
    tokio::select! {
        () = up.as_mut() => drop(timeout(REST, down).await),
        () = down.as_mut() => drop(timeout(REST, up).await),
        () = stopped => {}
    }
}

async fn one_way(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut from = BufReader::with_capacity(BUFFER, from);
    let _ = copy_buf(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}
