//! Going down in good order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::engine::mailbox::Request;
use crate::io::Shared;
use crate::socket::handler::Reason;

/// How long connections that were closed last may take.
const REST: Duration = Duration::from_secs(2);
/// In how many steps connections are closed.
const STEPS: u32 = 50;

/// Closes the door, then the connections. One that gets in while the door closes is closed by its
/// own registration.
pub(crate) async fn drain(io: &Arc<Shared>, window: Duration) {
    io.draining.store(true, Ordering::SeqCst);
    let all = io.sessions.all();
    let step = all.len().div_ceil(STEPS as usize).max(1);
    for conns in all.chunks(step) {
        for conn in conns {
            conn.ask(Request::Close(Reason::Draining));
        }
        tokio::time::sleep(window / STEPS).await;
    }
    let _ = tokio::time::timeout(REST, empty(io)).await;
}

/// Waits until no connection is left, and no turn of one.
async fn empty(io: &Shared) {
    loop {
        let closed = io.closed.notified();
        let open = io.counters.connections.load(Ordering::SeqCst);
        if open == 0 && io.finishing.load(Ordering::SeqCst) == 0 {
            return;
        }
        closed.await;
    }
}
