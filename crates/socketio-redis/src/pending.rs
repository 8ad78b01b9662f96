//! Requests of this node's that wait for answers.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::message::Response;
use crate::space::random_id;

/// Most answers that wait for their asker.
const WAITING: usize = 65_536;

/// Requests that wait for answers.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<HashMap<String, mpsc::Sender<Response>>>);

impl Requests {
    pub(crate) fn open(&self) -> Open<'_> {
        let (sender, answers) = mpsc::channel(WAITING);
        let id = random_id();
        self.0.lock().insert(id.clone(), sender);
        Open { requests: self, id, answers }
    }

    /// An answer came; one to nothing is passed over.
    pub(crate) fn answer(&self, id: &str, response: Response) {
        if let Some(sender) = self.0.lock().get(id) {
            let _ = sender.try_send(response);
        }
    }
}

/// A request that waits; when this is dropped, it no longer does.
pub(crate) struct Open<'a> {
    requests: &'a Requests,
    pub(crate) id: String,
    answers: mpsc::Receiver<Response>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.requests.0.lock().remove(&self.id);
    }
}

impl Open<'_> {
    /// The next answer, if it comes in time.
    pub(crate) async fn next(&mut self, until: Instant) -> Option<Response> {
        tokio::time::timeout_at(until, self.answers.recv()).await.ok().flatten()
    }
}
