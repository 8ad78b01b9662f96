//! What every `Bus` must do between two nodes that reach each other. (What is lost while they do
//! not is no fault of a bus.)

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::message::Status;
use zvon_protocol::time::Timestamp;

use crate::delivery::bus::{Bus, News};
use crate::message::{EventKind, Forward, LogEvent, MessageRow};

const SOON: Duration = Duration::from_secs(5);

/// Two nodes' ends of one bus.
pub type Ends = (Arc<dyn Bus>, Arc<dyn Bus>);

/// Runs all cases; `make` gives two fresh ends.
pub async fn run(make: impl AsyncFn() -> Ends) {
    what_follows_a_follow_arrives_at_the_other_end_only(make().await).await;
    what_nobody_follows_is_not_heard(make().await).await;
    each_follow_needs_its_end(make().await).await;
    an_admission_is_for_everybody(make().await).await;
    a_burst_arrives_once(make().await).await;
}

fn chat() -> ChatId {
    ChatId(Uuid::new_v4())
}

/// News of one message with that seq.
#[must_use]
pub fn news(chat: ChatId, seq: u64) -> News {
    let (user, at) = (UserId(Uuid::new_v4()), Timestamp(1_700_000_000_123));
    let row = MessageRow {
        id: MessageId(Uuid::new_v4()),
        chat,
        seq,
        msg_no: seq,
        at,
        sender: user,
        content: format!("text {seq} \u{1f600}"),
        client_id: Some("own key".to_owned()),
        forward: Some(Forward { from: MessageId(Uuid::new_v4()), original_sender: user }),
        pin: None,
    };
    let kind = EventKind::Message(row);
    let event = LogEvent { chat, seq, msg_no: seq, at, actor: user, kind };
    News::Log { chat, events: vec![(event, Status::Delivered)] }
}

async fn hears(bus: &dyn Bus) -> News {
    tokio::time::timeout(SOON, bus.next()).await.expect("it arrives").expect("the bus is open")
}

/// Fails if the end has heard anything but what comes now.
async fn has_heard_nothing(bus: &dyn Bus, other: &dyn Bus) {
    let mark = News::Admitted { chat: chat(), user: UserId(Uuid::new_v4()), seq: 1 };
    other.publish(mark.clone());
    assert_eq!(hears(bus).await, mark);
}

async fn what_follows_a_follow_arrives_at_the_other_end_only((one, two): Ends) {
    for seq in 1..50 {
        let chats = [chat(), chat()];
        one.follow(&chats).await;
        two.follow(&chats).await;
        let told = news(chats[1], seq);
        one.publish(told.clone());
        assert_eq!(hears(&*two).await, told);
    }
    has_heard_nothing(&*one, &*two).await;
}

async fn what_nobody_follows_is_not_heard((one, two): Ends) {
    let followed = chat();
    two.follow(&[followed]).await;
    // Wherever chats share a way, some of these share the followed one's.
    for _ in 0..1000 {
        one.publish(news(chat(), 1));
    }
    let told = news(followed, 1);
    one.publish(told.clone());
    assert_eq!(hears(&*two).await, told);
}

async fn each_follow_needs_its_end((one, two): Ends) {
    let (chat, told) = (chat(), news(chat(), 0));
    let News::Log { events, .. } = told else { return };
    let told = News::Log { chat, events: renamed(events, chat) };
    two.follow(&[chat]).await;
    two.follow(&[chat]).await;
    two.unfollow(&[chat]);
    one.publish(told.clone());
    assert_eq!(hears(&*two).await, told);
    two.unfollow(&[chat]);
    one.publish(told.clone());
    has_heard_nothing(&*two, &*one).await;
    two.follow(&[chat]).await;
    one.publish(told.clone());
    assert_eq!(hears(&*two).await, told);
}

fn renamed(mut events: Vec<(LogEvent, Status)>, chat: ChatId) -> Vec<(LogEvent, Status)> {
    for (event, _) in &mut events {
        event.chat = chat;
        event.kind = EventKind::Renamed("another title".to_owned());
    }
    events
}

async fn an_admission_is_for_everybody((one, two): Ends) {
    has_heard_nothing(&*one, &*two).await;
    has_heard_nothing(&*two, &*one).await;
}

async fn a_burst_arrives_once((one, two): Ends) {
    let chats: Vec<ChatId> = (0..20).map(|_| chat()).collect();
    two.follow(&chats).await;
    for seq in 1..=50 {
        chats.iter().for_each(|chat| one.publish(news(*chat, seq)));
    }
    let mut heard = BTreeSet::new();
    for _ in 0..20 * 50 {
        let News::Log { chat, events } = hears(&*two).await else { panic!("that was not said") };
        assert!(heard.insert((chat, events[0].0.seq)), "twice");
    }
    has_heard_nothing(&*two, &*one).await;
}
