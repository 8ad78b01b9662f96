//! Connections that are cut and a server that crashes lose nothing that was answered, and the
//! store comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use zvon_core::chat::store::Author;
use zvon_core::message::store::{Appended, MessageStore};
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_core::store::StoreError;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_store::postgres::Postgres;
use zvon_testkit::postgres::{Cluster, Disk};

use super::scene::{NOW, checked_log, group, person, text};
use super::settings;

const WRITERS: usize = 6;

/// Writers under way, and what they were answered.
struct Load {
    acked: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    writers: Vec<tokio::task::JoinHandle<Vec<(ChatId, MessageId)>>>,
}

impl Load {
    fn start(store: &Arc<Postgres>, ann: Author, chats: [ChatId; 2]) -> Self {
        let (acked, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let writers = (0..WRITERS).map(|number| {
            let (store, acked, over) = (Arc::clone(store), Arc::clone(&acked), Arc::clone(&over));
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let chat = chats[(number + mine.len()) % 2];
                    let sent = deliver(&store, ann, chat, number + 1).await;
                    acked.fetch_add(sent.len(), Ordering::SeqCst);
                    mine.extend(sent);
                }
                mine
            })
        });
        let writers = writers.collect();
        Self { acked, over, writers }
    }

    /// Until so many more were answered.
    async fn goes_on(&self, more: usize) {
        let wanted = self.acked.load(Ordering::SeqCst) + more;
        while self.acked.load(Ordering::SeqCst) < wanted {
            tokio::task::yield_now().await;
        }
    }

    async fn stop(self) -> Vec<(ChatId, MessageId)> {
        self.over.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for writer in self.writers {
            all.extend(writer.await.unwrap());
        }
        all
    }
}

/// One batch, sent again with the same ids until it is answered.
async fn deliver(
    store: &Postgres,
    ann: Author,
    chat: ChatId,
    size: usize,
) -> Vec<(ChatId, MessageId)> {
    let rows: Vec<_> = (0..size).map(|_| text(ann, chat)).collect();
    loop {
        match store.append(NOW, &rows).await {
            Ok(batch) => {
                for verdict in &batch.verdicts {
                    let known = matches!(verdict, Appended::Stored { .. } | Appended::Repeated(_));
                    assert!(known, "{verdict:?}");
                }
                return rows.iter().map(|row| (chat, row.id)).collect();
            }
            Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(broken) => panic!("{broken}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_answered_is_there_once_whatever_is_killed() {
    let cluster = Cluster::start(Disk::Synced);
    let name = cluster.create_database(None);
    let store = Arc::new(Postgres::open(&settings(cluster.url(&name))).await.unwrap());
    let ann = person(&store).await;
    let chats = [group(&store, ann, &[]).await, group(&store, ann, &[]).await];
    let load = Load::start(&store, ann, chats);
    for _ in 0..12 {
        load.goes_on(40).await;
        let killed = cluster.sql(
            "postgres",
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
             WHERE application_name = 'zvon' ORDER BY state, random() LIMIT 4) p",
        );
        assert_ne!(killed, "0");
    }
    for _ in 0..2 {
        load.goes_on(40).await;
        cluster.crash();
        cluster.start_again();
    }
    load.goes_on(100).await;
    let acked = load.stop().await;
    let mut logs: Vec<_> = Vec::new();
    for chat in chats {
        let messages = checked_log(&store, chat).await;
        logs.extend(messages.into_iter().map(|id| (chat, id)));
    }
    logs.sort_unstable();
    let mut sorted = acked;
    sorted.sort_unstable();
    assert!(sorted.len() > 500, "too few to mean anything: {}", sorted.len());
    assert_eq!(logs, sorted, "every answered message once, and no other");
    let outbox = store.outbox(&Bookmark::default(), 1_000_000).await.unwrap().0;
    let told: u64 = outbox.iter().flat_map(|row| &row.spans).map(|(_, l, h)| h - l + 1).sum();
    assert_eq!(told, logs.len() as u64 + 2, "the outbox tells all of it");
}
