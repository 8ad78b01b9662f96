//! Retention: the beginning of a chat goes, its log stays whole, and nobody is shown what went.

use zvon_protocol::chat::{Retention, Role};
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::Subject;
use super::scene::{NOW, Person, Scene};
use crate::chat::store::{ChatView, GroupChange};
use crate::message::store::{Append, Appended, Page};
use crate::message::{EventKind, Forward, NOBODY};
use crate::outbox::store::Stretch;
use crate::retention::policy::Terms;
use crate::retention::store::Swept;
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    what_is_over_is_emptied_and_told(&scene).await;
    nobody_is_shown_what_went(&scene).await;
    an_id_is_known_for_ever(&scene).await;
    a_chat_that_is_all_over_goes_on(&scene).await;
    it_goes_in_batches(&scene).await;
    the_old_go_by_their_own_times(&scene).await;
    an_admin_says_how_long(&scene).await;
    a_chat_keeps_its_place_among_others(&scene).await;
    chats_are_due_when_something_may_be_over(&scene).await;
    where_nobody_says_anything_nothing_is_looked_at(&scene).await;
    chats_that_have_too_many_are_found(&scene).await;
}

const OFF: Retention = Retention { max_age_ms: None, max_count: None };

fn terms(max_age_ms: Option<u64>, max_count: Option<u64>) -> Terms {
    Terms { now: NOW, default: Retention { max_age_ms, max_count }, batch: 256, every: 1000 }
}

/// Leaves the newest so many messages.
async fn leave(scene: &Scene, chat: ChatId, count: u64) -> Swept {
    scene.store.sweep(chat, &terms(None, Some(count))).await.unwrap()
}

/// A group whose log is: created, m2, m3, pin of m2, m5, m6, m7 (a forward of m6).
async fn talk(scene: &Scene) -> ([Person; 2], ChatId, Vec<Append>) {
    let [ann, bob] = scene.people().await;
    let chat = scene.group(ann, &[bob]).await;
    let mut rows: Vec<_> = (0..5).map(|n| ann.says(chat, &format!("text {n}"))).collect();
    rows[4].forward = Some(Forward { from: rows[3].id, original_sender: ann.user });
    rows[0].client_id = Some("one".to_owned());
    scene.append(&rows[..2]).await;
    scene.store.pin(bob.author(), rows[0].id, 9).await.unwrap().unwrap();
    scene.append(&rows[2..]).await;
    ([ann, bob], chat, rows)
}

async fn what_is_over_is_emptied_and_told(scene: &Scene) {
    let (_, chat, rows) = talk(scene).await;
    let before = scene.store.outbox_end().await.unwrap();
    let Swept { event, removed } = leave(scene, chat, 2).await;
    let event = event.unwrap();
    assert_eq!((removed, event.seq, event.msg_no, event.actor), (3, 8, 5, NOBODY));
    assert_eq!(event.kind, EventKind::Expired { after: 0, upto: 5 });
    let log = scene.log(chat).await;
    let gone = |event: &crate::message::LogEvent| event.kind == EventKind::Emptied;
    assert_eq!(
        log.iter().map(gone).collect::<Vec<_>>(),
        [false, true, true, true, true, false, false, false]
    );
    assert!(log.iter().enumerate().all(|(index, event)| event.seq == index as u64 + 1), "dense");
    assert_eq!(log.iter().map(|event| event.msg_no).collect::<Vec<_>>(), [0, 1, 2, 2, 3, 4, 5, 5]);
    assert_eq!(log.last(), Some(&event));

    let (outbox, _) = scene.store.outbox(&before, 9).await.unwrap();
    assert_eq!(outbox.len(), 1, "one row");
    assert_eq!((&outbox[0].spans[..], &outbox[0].extra), (&[(chat, 8, 8)][..], &None));
    let told = scene.store.told(&[Stretch { chat, after: 0, upto: 8 }], true).await.unwrap();
    let ids: Vec<_> = rows[..3].iter().map(|row| row.id).collect();
    assert_eq!(told[7].expired, ids, "in order");
    assert!(told[..7].iter().all(|told| told.expired.is_empty()));
    assert_eq!(told[1].event.kind, EventKind::Emptied);
    assert_eq!(told[6].from_chat, Some(chat), "what it was forwarded from is still there");

    let Swept { event, removed } = leave(scene, chat, 1).await;
    assert_eq!((removed, event.unwrap().kind), (1, EventKind::Expired { after: 5, upto: 6 }));
    let told = scene.store.told(&[Stretch { chat, after: 7, upto: 9 }], true).await.unwrap();
    assert_eq!((&told[0].expired, &told[1].expired), (&ids, &vec![rows[3].id]), "each once");
    assert_eq!(leave(scene, chat, 1).await, Swept::default(), "nothing is over");
    assert_eq!(scene.head(chat).await, 9);
}

async fn nobody_is_shown_what_went(scene: &Scene) {
    let ([ann, bob], chat, rows) = talk(scene).await;
    leave(scene, chat, 2).await;
    for (page, seqs) in [
        (Page::Newest, vec![6, 7]),
        (Page::Before(6), vec![]),
        (Page::Before(7), vec![6]),
        (Page::After(0), vec![6, 7]),
        (Page::After(6), vec![7]),
        (Page::Around(3), vec![6, 7]),
    ] {
        assert_eq!(scene.seqs(chat, page, 9).await, seqs, "{page:?}");
    }
    assert_eq!(scene.store.message(rows[2].id).await.unwrap(), None);
    assert_eq!(scene.store.pinned(chat).await.unwrap().rows, []);
    let standing = scene.store.standing(chat).await.unwrap().unwrap();
    assert_eq!((standing.head, standing.expired, standing.pins.count), (8, 5, 0));
    for verdict in [
        scene.store.pin(ann.author(), rows[0].id, 9).await.unwrap().map(drop),
        scene.store.unpin(ann.author(), rows[0].id).await.unwrap().map(drop),
    ] {
        assert_eq!(verdict, Err(Denied::NoTarget));
    }
    assert_eq!(scene.store.passed(chat, 1, 8, 9).await.unwrap().len(), 2);
    assert_eq!(scene.store.sent_by(chat, ann.user, 9).await.unwrap().len(), 2);
    let row = scene.store.chat(chat).await.unwrap().unwrap();
    assert_eq!((row.msg_no, row.expired_seq, row.expired_no), (5, 5, 3));
    let view = view(scene, bob, chat).await;
    assert_eq!(view.last_message.unwrap().id, rows[4].id);
    assert_eq!(view.me.read_no, 0, "cursors stay");
}

async fn view(scene: &Scene, person: Person, chat: ChatId) -> ChatView {
    let views = scene.store.chats_of(person.user).await.unwrap();
    views.into_iter().find(|view| view.chat.id == chat).unwrap()
}

async fn an_id_is_known_for_ever(scene: &Scene) {
    let (_, chat, rows) = talk(scene).await;
    leave(scene, chat, 2).await;
    let batch = scene.append(&rows[..1]).await;
    let Appended::Repeated(known) = &batch.verdicts[0] else { panic!("{batch:?}") };
    assert_eq!((known.id, known.seq, known.content.as_str()), (rows[0].id, 2, ""));
    assert_eq!(known.client_id.as_deref(), Some("one"));
    assert_eq!(scene.head(chat).await, 8, "nothing was added");
}

async fn a_chat_that_is_all_over_goes_on(scene: &Scene) {
    let ([ann, bob], chat, _) = talk(scene).await;
    let long_ago = NOW.plus_millis(-1);
    let everything = Terms { now: NOW.plus_millis(10), ..terms(Some(5), None) };
    let swept = scene.store.sweep(chat, &everything).await.unwrap();
    assert_eq!((swept.removed, swept.event.unwrap().at), (5, everything.now));
    for page in [Page::Newest, Page::Before(99), Page::After(0), Page::Around(4)] {
        assert_eq!(scene.seqs(chat, page, 9).await, [0; 0]);
    }
    assert_eq!(view(scene, bob, chat).await.last_message, None);
    let again = scene.store.append(long_ago, &[ann.says(chat, "again")]).await.unwrap();
    assert!(
        matches!(again.verdicts[0], Appended::Stored { seq: 9, msg_no: 6, at, .. }
        if at == everything.now),
        "after the expiry: {again:?}"
    );
    assert_eq!(view(scene, bob, chat).await.last_message.unwrap().seq, 9);
    assert_eq!(scene.seqs(chat, Page::Newest, 9).await, [9]);
}

async fn it_goes_in_batches(scene: &Scene) {
    let ([ann, _], chat, rows) = talk(scene).await;
    let small = Terms { batch: 2, ..terms(None, Some(1)) };
    let mut gone = Vec::new();
    loop {
        let swept = scene.store.sweep(chat, &small).await.unwrap();
        let Some(event) = swept.event else { break };
        let EventKind::Expired { after, upto } = event.kind else { panic!("{event:?}") };
        gone.push((after, upto, swept.removed));
        let due = scene.store.due(NOW, 999).await.unwrap();
        assert_eq!(due.contains(&(chat, NOW)), gone.len() < 2, "at once again, until it is done");
    }
    assert_eq!(gone, [(0, 3, 2), (3, 6, 2)]);
    assert_eq!(scene.seqs(chat, Page::Newest, 9).await, [7]);
    assert_eq!(scene.message(rows[4].id).await.sender, ann.user);
}

async fn the_old_go_by_their_own_times(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    for after in [10, 20, 30, 100_000] {
        scene.store.append(NOW.plus_millis(after), &[ann.says(chat, "x")]).await.unwrap();
    }
    let at = |after: i64| Terms { now: NOW.plus_millis(after), ..terms(Some(50_000), None) };
    assert_eq!(scene.store.sweep(chat, &at(50_009)).await.unwrap(), Swept::default());
    assert_eq!(scene.store.sweep(chat, &at(50_020)).await.unwrap().removed, 2);
    let due = |now: i64| async move {
        let due = scene.store.due(NOW.plus_millis(now), 999).await.unwrap();
        due.into_iter().find(|(due, _)| *due == chat).map(|(_, since)| since)
    };
    assert_eq!(due(51_019).await, None, "not sooner than the shortest pause");
    assert_eq!(due(51_020).await, Some(NOW.plus_millis(51_020)));
    assert_eq!(scene.store.sweep(chat, &at(60_000)).await.unwrap().removed, 1);
    assert_eq!(due(149_999).await, None);
    assert_eq!(due(150_000).await, Some(NOW.plus_millis(150_000)), "when the next one is old");
    let empty = scene.store.sweep(chat, &at(150_000)).await.unwrap();
    assert_eq!((empty.removed, due(199_999).await), (1, None));
    assert!(due(200_000).await.is_some(), "nothing that is sent now is over sooner");
}

async fn an_admin_says_how_long(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.group(ann, &[bob]).await;
    let wanted = Retention { max_age_ms: Some(60_000), max_count: Some(0) };
    let keep = |wanted| GroupChange::Keep(wanted);
    for (who, why) in [(bob, Denied::NotAnAdmin), (eve, Denied::NotAMember)] {
        assert_eq!(scene.change(who, chat, keep(wanted)).await, Err(why));
    }
    let pair = scene.pair(ann, bob).await;
    assert_eq!(scene.change(ann, pair, keep(wanted)).await, Err(Denied::NotAGroup));
    let events = scene.change(ann, chat, keep(wanted)).await.unwrap();
    assert_eq!((events.len(), events[0].seq), (1, 2));
    assert_eq!(events[0].kind, EventKind::RetentionChanged(wanted));
    assert_eq!(scene.check_log(chat).await.last(), events.last());
    assert_eq!(scene.store.chat(chat).await.unwrap().unwrap().retention, wanted);
    assert_eq!(scene.change(ann, chat, keep(wanted)).await, Err(Denied::AlreadySo));
    let due = scene.store.due(NOW, 999).await.unwrap();
    assert!(due.contains(&(chat, Timestamp(0))), "it is looked at soon");

    for count in 0..3 {
        scene.send(bob, chat, &format!("{count}")).await;
    }
    assert_eq!(leave(scene, chat, 1).await, Swept::default(), "for ever, as to the number");
    let later = Terms { now: NOW.plus_millis(60_000), ..terms(None, None) };
    assert_eq!(scene.store.sweep(chat, &later).await.unwrap().removed, 3);
    let role = GroupChange::SetRole(bob.user, Role::Admin);
    scene.change(ann, chat, role).await.unwrap();
    scene.change(bob, chat, keep(OFF)).await.unwrap();
    assert_eq!(scene.store.chat(chat).await.unwrap().unwrap().retention, OFF);
}

async fn a_chat_keeps_its_place_among_others(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (first, second) = (scene.pair(ann, bob).await, scene.group(ann, &[]).await);
    for (index, chat) in [first, first, second].into_iter().enumerate() {
        let at = NOW.plus_millis(index as i64);
        scene.store.append(at, &[ann.says(chat, "x")]).await.unwrap();
    }
    let order = async || {
        let views = scene.store.chats_of(ann.user).await.unwrap();
        views.iter().map(|view| view.chat.id).collect::<Vec<_>>()
    };
    assert_eq!(order().await, [second, first]);
    let all = Terms { now: NOW.plus_millis(99), batch: 1, ..terms(Some(1), None) };
    for _ in 0..2 {
        assert_eq!(scene.store.sweep(first, &all).await.unwrap().removed, 1);
        assert_eq!(order().await, [second, first], "nobody did anything there");
    }
    scene.store.append(NOW, &[ann.says(first, "x")]).await.unwrap();
    assert_eq!(order().await, [first, second]);
}

async fn chats_are_due_when_something_may_be_over(scene: &Scene) {
    let [ann] = scene.people().await;
    let chat = scene.group(ann, &[]).await;
    let due = async |now: Timestamp| {
        scene.store.due(now, 9999).await.unwrap().iter().any(|(due, _)| *due == chat)
    };
    assert!(due(NOW).await, "a new chat is looked at once");
    scene.store.sweep(chat, &terms(None, None)).await.unwrap();
    assert!(!due(Timestamp(i64::MAX)).await, "nothing of it can be over");
    scene.store.sweep_anew(OFF).await.unwrap();
    assert_eq!(scene.store.sweep_anew(OFF).await.unwrap(), 0, "the same as the last time");
    let other = Retention { max_count: Some(3), ..OFF };
    assert!(scene.store.sweep_anew(other).await.unwrap() > 3, "all of them");
    assert!(due(NOW).await);
    scene.store.sweep(chat, &terms(None, Some(3))).await.unwrap();
    assert!(!due(NOW.plus_millis(1000)).await && due(NOW.plus_millis(86_400_000)).await);
    assert_eq!(scene.store.due(NOW, 2).await.unwrap().len(), 2, "no more than asked for");
    let nothing = ChatId(uuid::Uuid::now_v7());
    assert_eq!(scene.store.sweep(nothing, &terms(None, Some(1))).await.unwrap(), Swept::default());
}

async fn where_nobody_says_anything_nothing_is_looked_at(scene: &Scene) {
    let [ann] = scene.people().await;
    let (silent, forever) = (scene.group(ann, &[]).await, scene.group(ann, &[]).await);
    let keep = GroupChange::Keep(Retention { max_count: Some(0), ..OFF });
    scene.change(ann, forever, keep).await.unwrap();
    let due = async || {
        let due = scene.store.due(NOW, 9999).await.unwrap();
        [silent, forever].map(|chat| due.iter().any(|(one, _)| *one == chat))
    };
    assert_eq!(due().await, [true, true]);
    let before = scene.store.outbox_end().await.unwrap();
    assert_eq!(scene.store.pass_over(NOW, 1).await.unwrap(), 1, "no more than asked for");
    scene.store.pass_over(NOW, 9999).await.unwrap();
    assert_eq!(due().await, [false, true], "whose admins said something is not passed over");
    assert_eq!(scene.store.pass_over(NOW, 9999).await.unwrap(), 0);
    assert_eq!(scene.store.outbox(&before, 9).await.unwrap().0, [], "nobody is told");
    let keep = GroupChange::Keep(Retention { max_count: Some(1), ..OFF });
    scene.change(ann, silent, keep).await.unwrap();
    assert_eq!(due().await, [true, true], "until somebody says something");
}

async fn chats_that_have_too_many_are_found(scene: &Scene) {
    let [ann] = scene.people().await;
    let mut chats = Vec::new();
    for (messages, own) in [(3, None), (4, None), (9, Some(0)), (3, Some(2)), (0, Some(1))] {
        let chat = scene.group(ann, &[]).await;
        if own.is_some() {
            let keep = Retention { max_count: own, ..OFF };
            scene.change(ann, chat, GroupChange::Keep(keep)).await.unwrap();
        }
        scene
            .append(&vec![(); messages].iter().map(|()| ann.says(chat, "x")).collect::<Vec<_>>())
            .await;
        chats.push(chat);
    }
    let crowded = async |default: Option<u64>| {
        let default = Retention { max_count: default, ..OFF };
        let found = scene.store.crowded(&chats, default).await.unwrap();
        let place = |chat: &ChatId| chats.iter().position(|one| one == chat).unwrap();
        let mut places: Vec<_> = found.iter().map(place).collect();
        places.sort_unstable();
        places
    };
    assert_eq!(crowded(Some(3)).await, [1, 3]);
    assert_eq!(crowded(Some(0)).await, [3]);
    assert_eq!(crowded(None).await, [3], "where the server says nothing");
    leave(scene, chats[1], 3).await;
    assert_eq!(crowded(Some(3)).await, [3], "what went does not count");
    assert_eq!(scene.store.crowded(&[], OFF).await.unwrap(), []);
}
