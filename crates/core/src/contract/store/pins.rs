//! Pins: a limit that holds, an event each way.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::ids::MessageId;

use super::Subject;
use super::scene::{NOW, Scene};
use crate::message::store::Pinned;
use crate::message::{EventKind, MessageRow, Pin};
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    pinning_is_an_event_and_a_state(&scene).await;
    what_is_denied(&scene).await;
    the_newest_pin_comes_first(&scene).await;
    a_stamp_tells_pins_apart(&scene).await;
    the_limit_holds_under_concurrency(&scene).await;
}

async fn pinning_is_an_event_and_a_state(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let row = ann.says(chat, "notice");
    scene.put(&row).await;
    let plain = scene.message(row.id).await;
    let event = scene.store.pin(bob.author(), row.id, 9).await.unwrap().unwrap();
    let pinned = MessageRow { pin: Some(Pin { at: NOW, by: bob.user }), ..plain.clone() };
    assert_eq!((event.seq, event.msg_no, event.actor), (3, 1, bob.user));
    assert_eq!(event.kind, EventKind::Pinned(pinned.clone()));
    assert_eq!(scene.message(row.id).await, pinned);
    assert_eq!(scene.store.pinned(chat).await.unwrap().rows, [pinned]);
    assert_eq!(scene.check_log(chat).await.last(), Some(&event));
    let event = scene.store.unpin(ann.author(), row.id).await.unwrap().unwrap();
    assert_eq!((event.seq, &event.kind), (4, &EventKind::Unpinned(plain.clone())));
    assert_eq!(scene.message(row.id).await, plain);
    assert!(scene.store.pinned(chat).await.unwrap().rows.is_empty());
    let log = scene.check_log(chat).await;
    assert!(matches!(&log[2].kind, EventKind::Pinned(m) if m.pin.is_some()), "history stays");
    assert_eq!(log[3], event);
}

async fn what_is_denied(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let (one, two) = (ann.says(chat, "one"), bob.says(chat, "two"));
    scene.append(&[one.clone(), two.clone()]).await;
    let pin = async |who: super::scene::Person, id, max| {
        scene.store.pin(who.author(), id, max).await.unwrap().map(|event| event.seq)
    };
    let unpin = async |who: super::scene::Person, id| {
        scene.store.unpin(who.author(), id).await.unwrap().map(|event| event.seq)
    };
    let nothing = MessageId(Uuid::now_v7());
    assert_eq!(pin(ann, nothing, 9).await, Err(Denied::NoTarget));
    assert_eq!(unpin(ann, nothing).await, Err(Denied::NoTarget));
    assert_eq!(pin(eve, one.id, 9).await, Err(Denied::NotAMember));
    assert_eq!(unpin(ann, one.id).await, Err(Denied::AlreadySo));
    assert_eq!(pin(ann, one.id, 0).await, Err(Denied::Full));
    assert_eq!(pin(ann, one.id, 1).await, Ok(4));
    assert_eq!(pin(bob, one.id, 1).await, Err(Denied::AlreadySo), "before it is too many");
    assert_eq!(pin(ann, two.id, 1).await, Err(Denied::Full));
    assert_eq!(unpin(eve, one.id).await, Err(Denied::NotAMember));
    assert_eq!(unpin(bob, one.id).await, Ok(5));
    assert_eq!(pin(ann, two.id, 1).await, Ok(6), "a place is free again");
    assert_eq!(scene.check_log(chat).await.len(), 6);
}

async fn the_newest_pin_comes_first(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (chat, other) = (scene.pair(ann, bob).await, scene.group(ann, &[]).await);
    let rows: Vec<_> = (0..4).map(|n| ann.says(chat, &format!("m{n}"))).collect();
    scene.append(&rows).await;
    let foreign = ann.says(other, "elsewhere");
    scene.put(&foreign).await;
    scene.store.pin(ann.author(), foreign.id, 9).await.unwrap().unwrap();
    for index in [2, 0, 3, 2] {
        let id = rows[index].id;
        if scene.store.pin(ann.author(), id, 9).await.unwrap() == Err(Denied::AlreadySo) {
            scene.store.unpin(ann.author(), id).await.unwrap().unwrap();
            scene.store.pin(ann.author(), id, 9).await.unwrap().unwrap();
        }
    }
    let pinned = scene.store.pinned(chat).await.unwrap().rows;
    let ids: Vec<_> = pinned.iter().map(|message| message.id).collect();
    assert_eq!(ids, [2, 3, 0].map(|index: usize| rows[index].id));
}

async fn the_limit_holds_under_concurrency(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let rows: Vec<_> = (0..8).map(|n| ann.says(chat, &format!("m{n}"))).collect();
    scene.append(&rows).await;
    let tries = rows.iter().map(|row| {
        let (store, id) = (Arc::clone(&scene.store), row.id);
        tokio::spawn(async move { store.pin(bob.author(), id, 3).await.unwrap().is_ok() })
    });
    let mut pinned = 0;
    for one in tries.collect::<Vec<_>>() {
        pinned += usize::from(one.await.unwrap());
    }
    assert_eq!(pinned, 3);
    assert_eq!(scene.store.pinned(chat).await.unwrap().rows.len(), 3);
    assert_eq!(scene.check_log(chat).await.len(), 12);
}

/// Pins and unpins of a few messages in many orders: the same stamp means the same pins.
async fn a_stamp_tells_pins_apart(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    assert_eq!(scene.store.pinned(chat).await.unwrap(), Pinned::default());
    let rows: Vec<_> = (0..4).map(|n| ann.says(chat, &format!("m{n}"))).collect();
    scene.append(&rows).await;
    let mut seen: HashMap<(u64, u64), Vec<MessageRow>> = HashMap::new();
    let mut head = 5;
    for step in [0, 1, 2, 1, 0, 3, 2, 2, 0, 1, 3, 1, 2, 0, 0, 1, 3, 2, 0, 3, 1, 1] {
        let id = rows[step].id;
        if scene.store.pin(ann.author(), id, 9).await.unwrap() == Err(Denied::AlreadySo) {
            scene.store.unpin(ann.author(), id).await.unwrap().unwrap();
        }
        head += 1;
        let pinned = scene.store.pinned(chat).await.unwrap();
        let standing = scene.store.standing(chat).await.unwrap().unwrap();
        assert_eq!((standing.head, standing.pins), (head, pinned.stamp));
        assert_eq!(pinned.head, if pinned.rows.is_empty() { 0 } else { head });
        assert_eq!(pinned.rows.len() as u64, pinned.stamp.count);
        let stamp = (pinned.stamp.count, pinned.stamp.newest);
        let known = seen.entry(stamp).or_insert_with(|| pinned.rows.clone());
        assert_eq!(*known, pinned.rows, "{stamp:?}");
    }
}
