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

pub(crate) async fn drain(io: &Arc<Shared>, window: Duration) {
    io.draining.store(true, Ordering::Release);
    let all = io.sessions.all();
    let step = all.len().div_ceil(STEPS as usize).max(1);
    for conns in all.chunks(step) {
        for conn in conns {
            conn.ask(Request::Close(Reason::Draining));
        }
        tokio::time::sleep(window / STEPS).await;
    }
    let gone = async {
        loop {
            let closed = io.closed.notified();
            if io.counters.connections.load(Ordering::Relaxed) == 0 {
                return;
            }
            // Those that were being made while the door closed.
            io.sessions.all().iter().for_each(|conn| conn.ask(Request::Close(Reason::Draining)));
            closed.await;
        }
    };
    let _ = tokio::time::timeout(REST, gone).await;
}
