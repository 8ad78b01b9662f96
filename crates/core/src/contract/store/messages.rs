//! Reading the log: pages, catch-up, heads, forwards.

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, MessageId};

use super::Subject;
use super::scene::{Person, Scene};
use crate::chat::store::GroupChange;
use crate::message::store::{Append, Page};
use crate::message::{EventKind, Forward};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    pages_hold_messages_alone(&scene).await;
    catching_up_brings_every_event_once(&scene).await;
    heads_are_those_of_chats_that_exist(&scene).await;
    forwards_keep_their_first_sender(&scene).await;
    passed_are_the_newest_of_a_stretch(&scene).await;
    what_one_sent_is_found(&scene).await;
}

/// A group whose log holds messages at 2, 4, 6 … 20 and renames between them.
async fn woven(scene: &Scene) -> (Person, Person, ChatId) {
    let [ann, bob] = scene.people().await;
    let chat = scene.group(ann, &[bob]).await;
    for index in 0..10 {
        let who = if index % 2 == 0 { ann } else { bob };
        scene.send(who, chat, &format!("m{index}")).await;
        let rename = GroupChange::Rename(format!("t{index}"));
        scene.change(ann, chat, rename).await.unwrap();
    }
    (ann, bob, chat)
}

async fn pages_hold_messages_alone(scene: &Scene) {
    let (_, _, chat) = woven(scene).await;
    let elsewhere = woven(scene).await.2;
    let cases: [(Page, u32, &[u64]); 16] = [
        (Page::Newest, 3, &[16, 18, 20]),
        (Page::Newest, 100, &[2, 4, 6, 8, 10, 12, 14, 16, 18, 20]),
        (Page::Before(8), 2, &[4, 6]),
        (Page::Before(9), 2, &[6, 8]),
        (Page::Before(2), 5, &[]),
        (Page::Before(0), 5, &[]),
        (Page::Before(u64::MAX), 1, &[20]),
        (Page::After(8), 2, &[10, 12]),
        (Page::After(7), 2, &[8, 10]),
        (Page::After(0), 1, &[2]),
        (Page::After(20), 5, &[]),
        (Page::After(u64::MAX), 5, &[]),
        (Page::Around(8), 4, &[6, 8, 10, 12]),
        (Page::Around(9), 3, &[6, 8, 10]),
        (Page::Around(0), 4, &[2, 4]),
        (Page::Around(u64::MAX), 4, &[18, 20]),
    ];
    for chat in [chat, elsewhere] {
        for (page, limit, expected) in cases {
            assert_eq!(scene.seqs(chat, page, limit).await, expected, "{page:?} of {limit}");
        }
    }
    assert!(scene.seqs(ChatId(Uuid::now_v7()), Page::Newest, 9).await.is_empty());
}

async fn catching_up_brings_every_event_once(scene: &Scene) {
    let (ann, bob, chat) = woven(scene).await;
    let message = scene.store.page(chat, Page::Newest, 1).await.unwrap().remove(0);
    scene.store.pin(bob.author(), message.id, 9).await.unwrap().unwrap();
    scene.store.unpin(ann.author(), message.id).await.unwrap().unwrap();
    scene.change(bob, chat, GroupChange::Leave).await.unwrap();
    let all = scene.check_log(chat).await;
    assert_eq!(all.len(), 24);
    for limit in [1, 7, 24, 500] {
        let (mut after, mut found) = (0, Vec::new());
        loop {
            let some = scene.store.events(chat, after, limit).await.unwrap();
            assert!(some.len() <= limit as usize);
            let Some(last) = some.last() else { break };
            after = last.seq;
            found.extend(some);
        }
        assert_eq!(found, all);
    }
    assert!(scene.store.events(ChatId(Uuid::now_v7()), 0, 9).await.unwrap().is_empty());
}

async fn heads_are_those_of_chats_that_exist(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(ann, &[]).await);
    scene.send(ann, two, "x").await;
    let nowhere = ChatId(Uuid::now_v7());
    let mut heads = scene.store.heads(&[one, nowhere, two]).await.unwrap();
    heads.sort_unstable();
    let mut expected = [(one, 1), (two, 2)];
    expected.sort_unstable();
    assert_eq!(heads, expected);
    assert_eq!(scene.store.message(MessageId(Uuid::now_v7())).await.unwrap(), None);
}

async fn forwards_keep_their_first_sender(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.pair(bob, eve).await);
    let source = ann.says(one, "mine");
    scene.put(&source).await;
    let forward = Forward { from: source.id, original_sender: ann.user };
    let second = Append { forward: Some(forward), ..bob.says(two, "mine") };
    scene.put(&second).await;
    let forward = Forward { from: second.id, original_sender: ann.user };
    let third = Append { forward: Some(forward), ..eve.says(two, "mine") };
    scene.put(&third).await;
    assert_eq!(scene.message(source.id).await.forward, None);
    assert_eq!(scene.message(third.id).await.forward, Some(forward));
    let log = scene.check_log(two).await;
    let forwards: Vec<_> = log
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Message(message) => message.forward,
            _ => None,
        })
        .collect();
    assert_eq!(forwards.iter().map(|f| f.from).collect::<Vec<_>>(), [source.id, second.id]);
    assert!(forwards.iter().all(|forward| forward.original_sender == ann.user));
}

async fn passed_are_the_newest_of_a_stretch(scene: &Scene) {
    let (ann, bob, chat) = woven(scene).await;
    let passed = async |after, upto, limit| {
        let found = scene.store.passed(chat, after, upto, limit).await.unwrap();
        for (id, seq, sender) in &found {
            let message = scene.message(*id).await;
            assert_eq!((message.seq, message.sender), (*seq, *sender));
        }
        found.iter().map(|(_, seq, sender)| (*seq, *sender)).collect::<Vec<_>>()
    };
    let (a, b) = (ann.user, bob.user);
    assert_eq!(passed(2, 8, 10).await, [(4, b), (6, a), (8, b)], "after, up to and including");
    assert_eq!(passed(2, 8, 2).await, [(6, a), (8, b)], "the newest, ascending");
    assert_eq!(passed(20, u64::MAX, 9).await, []);
}

async fn what_one_sent_is_found(scene: &Scene) {
    let (ann, bob, chat) = woven(scene).await;
    let sent = async |person: Person, limit| {
        let found = scene.store.sent_by(chat, person.user, limit).await.unwrap();
        found.iter().map(|(_, seq)| *seq).collect::<Vec<_>>()
    };
    assert_eq!(sent(ann, 9).await, [2, 6, 10, 14, 18]);
    assert_eq!(sent(bob, 2).await, [16, 20]);
    assert!(sent(scene.person("eve").await, 9).await.is_empty());
}
