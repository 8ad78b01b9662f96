//! One server: what waits for it, what is wanted of it, and the two tasks that see to that.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::Part;
use super::map::Server;
use super::publish::Publisher;
use super::queue::Queue;
use super::route::Router;
use super::subscribe::{Door, Listener};
use super::wanted::Wanted;

/// A server, or nobody: what lies in slots without an owner waits there, and is heard by no task.
/// When it is dropped, its connections end.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) queue: Arc<Queue>,
    pub(super) wanted: Arc<Wanted>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shard {
    pub(super) fn new(router: &Arc<Router>, server: Option<&Server>) -> Self {
        let Part { config, dialer, stats, sender } = &router.part;
        let queue = Arc::new(Queue::new(config, Arc::clone(stats)));
        let wanted = Arc::<Wanted>::default();
        let Some(server) = server else { return Self { queue, wanted, tasks: Vec::new() } };
        let listener = Listener {
            server: Arc::clone(server),
            router: Arc::clone(router),
            dialer: Arc::clone(dialer),
            wanted: Arc::clone(&wanted),
            door: Door {
                sender: sender.clone(),
                wanted: Arc::clone(&wanted),
                stats: Arc::clone(stats),
                max: config.max_waiting_bytes,
            },
            check: config.check_interval,
        };
        let publisher = Publisher {
            server: Arc::clone(server),
            router: Arc::clone(router),
            dialer: Arc::clone(dialer),
            queue: Arc::clone(&queue),
            stats: Arc::clone(stats),
            check: config.check_interval,
        };
        let tasks = vec![tokio::spawn(listener.run()), tokio::spawn(publisher.run())];
        Self { queue, wanted, tasks }
    }
}
