//! A process that is killed while it commits loses nothing of what it answered.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use zvon_core::chat::store::ChatStore;
use zvon_core::message::EventKind;
use zvon_core::message::store::MessageStore;
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_protocol::ids::{ChatId, MessageId};

use crate::Place;
use crate::scene::Scene;

/// Tells the child where its file is; without it the test is the parent.
const FILE: &str = "ZVON_TEST_FILE";

#[tokio::test]
async fn what_was_answered_survives_kill_9() {
    if let Some((_, path)) = std::env::vars_os().find(|(name, _)| name == FILE) {
        return append_for_ever(PathBuf::from(path)).await;
    }
    let place = Place::new();
    let mut acked: Vec<(ChatId, MessageId)> = Vec::new();
    for round in 0..6 {
        acked.extend(run_and_kill(&place, Duration::from_millis(30 + 37 * round)));
        let store = place.open().await;
        for (_, id) in &acked {
            assert!(store.message(*id).await.unwrap().is_some(), "{id} was answered and is lost");
        }
        let mut chats: Vec<ChatId> = acked.iter().map(|(chat, _)| *chat).collect();
        chats.dedup();
        for chat in chats {
            check_log(&store, chat).await;
        }
        store.close().await;
    }
    assert!(acked.len() > 100, "too few to mean anything: {}", acked.len());
}

/// Runs the child until it has answered something and some time more, and kills it; what it
/// answered.
fn run_and_kill(place: &Place, more: Duration) -> Vec<(ChatId, MessageId)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::what_was_answered_survives_kill_9", "--nocapture"])
        .env(FILE, place.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acked = Vec::new();
    while acked.is_empty() {
        acked.extend(ack(&lines.next().unwrap().unwrap()));
    }
    std::thread::sleep(more);
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be half of one.
    acked.extend(lines.filter_map(|line| ack(&line.ok()?)));
    acked
}

fn ack(line: &str) -> Option<(ChatId, MessageId)> {
    let (chat, id) = line.strip_prefix("acked ")?.split_once(' ')?;
    Some((chat.parse().ok()?, id.parse().ok()?))
}

async fn check_log(store: &zvon_store::sqlite::Sqlite, chat: ChatId) {
    let log = store.events(chat, 0, 1_000_000).await.unwrap();
    let mut messages = 0;
    for (index, event) in log.iter().enumerate() {
        messages += u64::from(matches!(event.kind, EventKind::Message(_)));
        assert_eq!((event.seq, event.msg_no), (index as u64 + 1, messages));
    }
    let row = store.chat(chat).await.unwrap().unwrap();
    assert_eq!((row.last_seq, row.msg_no), (log.len() as u64, messages));
    let outbox = store.outbox(&Bookmark::default(), 1_000_000).await.unwrap().0;
    let spans = outbox.iter().flat_map(|row| &row.spans).filter(|(id, ..)| *id == chat);
    assert_eq!(spans.map(|(_, low, high)| high - low + 1).sum::<u64>(), row.last_seq);
}

/// The process that is killed: appends batches and tells each one after its answer.
async fn append_for_ever(path: PathBuf) {
    let store = zvon_store::sqlite::Sqlite::open(&path, 1).await.unwrap();
    let scene = Scene::new_with(&store, &uuid::Uuid::now_v7().to_string()).await;
    for round in 0.. {
        let size = round % 30 + 1;
        for id in scene.send(&store, round..round + size).await {
            println!("acked {} {id}", scene.chat);
        }
    }
}
