//! The outbox: one narrow row per transaction, which together tell every log once, in order.

use std::collections::HashMap;

use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::Subject;
use super::scene::{NOW, Scene};
use crate::chat::store::GroupChange;
use crate::outbox::store::{Backlog, Bookmark, OutboxRow, Purged};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    one_row_per_transaction_that_adds(&scene).await;
    it_is_read_in_pages(&scene).await;
    who_becomes_a_member_is_named(&scene).await;
    what_is_under_way_is_not_passed_over(&scene).await;
    the_epoch_stays(&scene).await;
    what_lies_beyond_a_place_is_told(&scene).await;
    a_time_is_read_again(&scene).await;
    old_rows_are_dropped(&scene).await;
}

/// All of them, those of accounts included.
async fn all(scene: &Scene) -> Vec<OutboxRow> {
    scene.store.outbox(&Bookmark::default(), 100_000).await.unwrap().0
}

/// Those that tell of logs.
async fn rows(scene: &Scene) -> Vec<OutboxRow> {
    let mut rows = all(scene).await;
    rows.retain(|row| row.extra.is_none());
    assert!(rows.iter().all(|row| !row.spans.is_empty()), "each adds something");
    rows
}

async fn one_row_per_transaction_that_adds(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let mut known = 0;
    let mut next = async |spans: &[(ChatId, u64, u64)]| {
        let all = rows(scene).await;
        assert_eq!(all.len(), known + 1, "one row for {spans:?}");
        known += 1;
        let mut last = all.last().unwrap().spans.clone();
        last.sort_unstable();
        assert_eq!(last, spans);
    };
    let one = scene.pair(ann, bob).await;
    next(&[(one, 1, 1)]).await;
    let two = scene.group(ann, &[bob]).await;
    next(&[(two, 1, 1)]).await;
    let texts = [one, two, one, one, two].map(|chat| ann.says(chat, "x"));
    scene.append(&texts).await;
    let mut both = [(one, 2, 4), (two, 2, 3)];
    both.sort_unstable();
    next(&both).await;
    scene.store.pin(bob.author(), texts[0].id, 9).await.unwrap().unwrap();
    next(&[(one, 5, 5)]).await;
    scene.store.unpin(bob.author(), texts[0].id).await.unwrap().unwrap();
    next(&[(one, 6, 6)]).await;
    scene.change(ann, two, GroupChange::Leave).await.unwrap();
    next(&[(two, 4, 5)]).await;

    let before = rows(scene).await.len();
    scene.append(&texts).await;
    scene.append(&[ann.says(two, "x")]).await;
    scene.pair(bob, ann).await;
    scene.store.deliver_all(bob.user).await.unwrap();
    scene.change(ann, two, GroupChange::Rename("x".into())).await.unwrap_err();
    assert_eq!(rows(scene).await.len(), before, "who adds nothing leaves no row");

    scene.append(&[ann.says(one, "x"), ann.says(one, scene.refused), ann.says(one, "y")]).await;
    tells_everything_once(scene, &[one, two]).await;
}

async fn tells_everything_once(scene: &Scene, chats: &[ChatId]) {
    let mut heads: HashMap<ChatId, u64> = HashMap::new();
    let all = rows(scene).await;
    assert!(all.is_sorted_by(|a, b| a.id < b.id), "ascending");
    for (chat, low, high) in all.iter().flat_map(|row| &row.spans) {
        let head = heads.entry(*chat).or_default();
        assert_eq!((*low, *low <= *high), (*head + 1, true), "nothing twice, nothing left out");
        *head = *high;
    }
    for chat in chats {
        assert_eq!(heads.get(chat), Some(&scene.head(*chat).await));
    }
}

async fn it_is_read_in_pages(scene: &Scene) {
    let all = all(scene).await;
    let (mut place, mut found) = (Bookmark::default(), Vec::new());
    loop {
        let (some, next) = scene.store.outbox(&place, 2).await.unwrap();
        assert!(some.len() <= 2);
        place = next;
        if some.is_empty() {
            break;
        }
        found.extend(some);
    }
    assert_eq!(found, all);
    assert!(
        scene.store.outbox(&scene.store.outbox_end().await.unwrap(), 9).await.unwrap().0.is_empty()
    );
    assert!(all.iter().all(|row| row.at == NOW));
}

async fn who_becomes_a_member_is_named(scene: &Scene) {
    let [ann, bob, cy] = scene.people().await;
    let mut place = scene.store.outbox_end().await.unwrap();
    let mut next = async || {
        let (rows, after) = scene.store.outbox(&place, 9).await.unwrap();
        place = after;
        let mut admitted: Vec<_> = rows.into_iter().flat_map(|row| row.admitted).collect();
        admitted.sort_unstable();
        admitted
    };
    let sorted = |mut admitted: Vec<_>| {
        admitted.sort_unstable();
        admitted
    };
    let pair = scene.pair(ann, bob).await;
    assert_eq!(next().await, sorted(vec![(pair, ann.user, 1), (pair, bob.user, 1)]));
    let group = scene.group(ann, &[bob]).await;
    assert_eq!(next().await, sorted(vec![(group, ann.user, 1), (group, bob.user, 1)]));
    scene.change(ann, group, GroupChange::Add { user: cy.user, max: 9 }).await.unwrap();
    assert_eq!(next().await, [(group, cy.user, 2)]);
    scene.change(ann, group, GroupChange::Remove(cy.user)).await.unwrap();
    scene.send(ann, group, "x").await;
    assert_eq!(next().await, []);
}

async fn what_is_under_way_is_not_passed_over(scene: &Scene) {
    let people: [_; 8] = scene.people().await;
    let mut chats = Vec::new();
    for pair in people.chunks(2) {
        chats.push(scene.pair(pair[0], pair[1]).await);
    }
    let mut place = scene.store.outbox_end().await.unwrap();
    let writers: Vec<_> = people
        .iter()
        .enumerate()
        .map(|(index, person)| {
            let (scene, chats, person) = (scene.clone(), chats.clone(), *person);
            tokio::spawn(async move {
                for round in 0..20 {
                    let (one, other) = (chats[index / 2], person.says(chats[index / 2], "a"));
                    scene.append(&[other, person.says(one, "b")]).await;
                    if round % 5 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    let mut heads: HashMap<ChatId, u64> = chats.iter().map(|chat| (*chat, 1)).collect();
    let mut over = false;
    loop {
        let last = over;
        over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let (rows, next) = scene.store.outbox(&place, 7).await.unwrap();
        place = next;
        for (chat, low, high) in rows.iter().flat_map(|row| &row.spans) {
            let head = heads.get_mut(chat).unwrap();
            assert_eq!(*low, *head + 1, "each chat's in order, each once");
            *head = *high;
        }
        if last && rows.is_empty() {
            break;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(heads.values().all(|head| *head == 1 + 80), "{heads:?}");
}

async fn the_epoch_stays(scene: &Scene) {
    let epoch = scene.store.log_epoch().await.unwrap();
    assert!(!epoch.is_empty());
    assert_eq!(scene.store.log_epoch().await.unwrap(), epoch);
}

async fn old_rows_are_dropped(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let later = NOW.plus_millis(100_000);
    let read = u64::try_from(all(scene).await.len()).unwrap();
    scene.store.append(later, &[ann.says(chat, "x")]).await.unwrap();
    let never = Timestamp(0);
    let purge = async |read, unread| scene.store.purge_outbox(read, unread).await.unwrap();
    assert_eq!(purge(later, never).await, Purged { read, unread: 0 }, "nobody is waited for");
    let left = all(scene).await;
    assert!(matches!(left.as_slice(), [row] if row.at == later), "{left:?}");
    scene.send(ann, chat, "y").await;
    assert!(all(scene).await[1].id > left[0].id, "ids are not used again");
    assert_eq!(purge(NOW, never).await, Purged::default());
    assert_eq!(scene.check_log(chat).await.len(), 3, "the log itself stays");
}

async fn a_time_is_read_again(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let at = |millis: i64| NOW.plus_millis(1_000 + millis);
    for millis in 0..5 {
        scene.store.append(at(millis), &[ann.says(chat, "x")]).await.unwrap();
    }
    let first = scene.store.outbox_of((at(1), at(4)), 0, 2).await.unwrap();
    assert_eq!(first.iter().map(|row| row.at).collect::<Vec<_>>(), [at(1), at(2)]);
    let rest = scene.store.outbox_of((at(1), at(4)), first[1].id, 9).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.spans.clone()).collect::<Vec<_>>(), [[(chat, 5, 5)]]);
    assert_eq!(scene.store.outbox_of((at(1), at(4)), rest[0].id, 9).await.unwrap(), []);
}

async fn what_lies_beyond_a_place_is_told(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let mut place = scene.store.outbox_end().await.unwrap();
    assert_eq!(scene.store.backlog(&place).await.unwrap(), Backlog::default());
    let later = NOW.plus_millis(9);
    for at in [later, later.plus_millis(5)] {
        scene.store.append(at, &[ann.says(chat, "x")]).await.unwrap();
    }
    let backlog = scene.store.backlog(&place).await.unwrap();
    assert_eq!(backlog, Backlog { rows: 2, oldest: Some(later) });
    place = scene.store.outbox(&place, 1).await.unwrap().1;
    assert_eq!(scene.store.backlog(&place).await.unwrap().rows, 1);
    let whole = scene.store.backlog(&Bookmark::default()).await.unwrap();
    // What was undone may have taken an id.
    assert!(whole.rows >= u64::try_from(all(scene).await.len()).unwrap());
    assert_eq!(whole.oldest, Some(NOW));
}
