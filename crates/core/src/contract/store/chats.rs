//! Chats: the one private chat of a pair, lists, contacts.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::ids::{ChatId, UserId};

use super::Subject;
use super::scene::{NOW, Person, Scene};
use crate::chat::store::GroupChange;
use crate::message::EventKind;
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    a_pair_has_one_chat(&scene).await;
    a_pair_has_one_chat_under_concurrency(&scene).await;
    nobody_chats_with_themselves_or_nobody(&scene).await;
    chats_are_listed_by_their_last_change(&scene).await;
    contacts_share_a_chat_now(&scene).await;
    members_come_by_chat_and_age(&scene).await;
    a_standing_is_all_that_changes(&scene).await;
    what_is_not_there_is_none(&scene).await;
}

async fn a_pair_has_one_chat(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let fresh = ChatId(Uuid::now_v7());
    let made = scene.store.open_private(ann.author(), bob.user, fresh).await.unwrap();
    let (chat, events) = made.unwrap();
    assert_eq!((chat.id, chat.kind, chat.title.as_deref()), (fresh, ChatKind::Private, None));
    assert_eq!((chat.created_by, chat.created_at), (ann.user, NOW));
    assert_eq!(events, scene.check_log(chat.id).await);
    assert!(matches!(events.as_slice(), [event] if event.kind == EventKind::Created));
    assert_eq!(scene.store.chat(chat.id).await.unwrap().as_ref(), Some(&chat));
    for (who, other) in [(ann, bob), (bob, ann)] {
        let again = ChatId(Uuid::now_v7());
        let found = scene.store.open_private(who.author(), other.user, again).await.unwrap();
        assert_eq!(found.unwrap(), (chat.clone(), Vec::new()));
        let member = scene.member(chat.id, who).await;
        assert_eq!((member.role, member.joined_seq), (Role::Member, 1));
        assert_eq!((member.delivered_seq, member.read_seq, member.read_no), (1, 1, 0));
    }
    assert_ne!(scene.pair(ann, eve).await, chat.id);
    assert_eq!(scene.store.member(chat.id, eve.user).await.unwrap(), None);
}

async fn a_pair_has_one_chat_under_concurrency(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let tries = (0..16).map(|index| {
        let store = Arc::clone(&scene.store);
        let (who, other) = if index % 2 == 0 { (ann, bob) } else { (bob, ann) };
        tokio::spawn(async move {
            let fresh = ChatId(Uuid::now_v7());
            store.open_private(who.author(), other.user, fresh).await.unwrap().unwrap()
        })
    });
    let (mut ids, mut made) = (Vec::new(), 0);
    for one in tries.collect::<Vec<_>>() {
        let (chat, events) = one.await.unwrap();
        ids.push(chat.id);
        made += events.len();
    }
    ids.dedup();
    assert_eq!((ids.len(), made), (1, 1), "all agree, and one made it");
    assert_eq!(scene.check_log(ids[0]).await.len(), 1);
}

async fn nobody_chats_with_themselves_or_nobody(scene: &Scene) {
    let ann = scene.person("ann").await;
    for other in [ann.user, UserId(Uuid::now_v7())] {
        let fresh = ChatId(Uuid::now_v7());
        let denied = scene.store.open_private(ann.author(), other, fresh).await.unwrap();
        assert_eq!(denied.unwrap_err(), Denied::NoTarget);
        assert_eq!(scene.store.chat(fresh).await.unwrap(), None);
    }
}

async fn chats_are_listed_by_their_last_change(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.pair(ann, eve).await);
    let silent = scene.pair(bob, eve).await;
    let mut last = Vec::new();
    for (index, chat) in [two, one, one].into_iter().enumerate() {
        let row = bob_or_eve(bob, eve, chat == one).says(chat, &format!("m{index}"));
        let at = NOW.plus_millis(10 + i64::try_from(index).unwrap());
        scene.store.append(at, std::slice::from_ref(&row)).await.unwrap();
        last.push(row.id);
    }
    let views = scene.store.chats_of(ann.user).await.unwrap();
    assert_eq!(views.iter().map(|view| view.chat.id).collect::<Vec<_>>(), [one, two]);
    let newest: Vec<_> = views.iter().map(|v| v.last_message.as_ref().unwrap().id).collect();
    assert_eq!(newest, [last[2], last[0]]);
    let unread: Vec<_> = views.iter().map(|v| v.chat.msg_no - v.me.read_no).collect();
    assert_eq!(unread, [2, 1]);
    assert!(views.iter().all(|view| view.me.user == ann.user && view.me.chat == view.chat.id));
    let of_bob = scene.store.chats_of(bob.user).await.unwrap();
    let view = of_bob.iter().find(|view| view.chat.id == silent).unwrap();
    assert_eq!(view.last_message, None);
}

fn bob_or_eve(bob: Person, eve: Person, first: bool) -> Person {
    if first { bob } else { eve }
}

async fn contacts_share_a_chat_now(scene: &Scene) {
    let [ann, bob, eve, joe] = scene.people().await;
    let group = scene.group(ann, &[bob, eve]).await;
    scene.pair(ann, bob).await;
    let contacts = async |person: Person| {
        let mut users = scene.store.contacts_of(person.user).await.unwrap();
        users.sort_unstable();
        users
    };
    assert_eq!(contacts(ann).await, [bob.user, eve.user], "each once, oneself not");
    assert_eq!(contacts(eve).await, [ann.user, bob.user]);
    assert_eq!(contacts(joe).await, []);
    scene.change(eve, group, GroupChange::Leave).await.unwrap();
    assert_eq!(contacts(ann).await, [bob.user]);
    assert_eq!(contacts(eve).await, []);
}

async fn members_come_by_chat_and_age(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let group = scene.group(ann, &[]).await;
    let pair = scene.pair(ann, eve).await;
    for user in [eve.user, bob.user] {
        scene.change(ann, group, GroupChange::Add { user, max: 9 }).await.unwrap();
    }
    let members = scene.store.members(&[group, pair, ChatId(Uuid::now_v7())]).await.unwrap();
    let found: Vec<_> = members.iter().map(|member| (member.chat, member.user)).collect();
    let expected = [(group, ann), (group, eve), (group, bob), (pair, ann), (pair, eve)];
    assert_eq!(found, expected.map(|(chat, person)| (chat, person.user)));
    assert!(members.iter().all(|member| !member.name.is_empty()));
}

async fn what_is_not_there_is_none(scene: &Scene) {
    let (nowhere, ann) = (ChatId(Uuid::now_v7()), scene.person("ann").await);
    assert_eq!(scene.store.chat(nowhere).await.unwrap(), None);
    assert_eq!(scene.store.member(nowhere, ann.user).await.unwrap(), None);
    assert!(scene.store.members(&[]).await.unwrap().is_empty());
    assert!(scene.store.chats_of(ann.user).await.unwrap().is_empty());
}

async fn a_standing_is_all_that_changes(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    assert_eq!(scene.store.standing(ChatId(Uuid::now_v7())).await.unwrap(), None);
    let (chat, other) = (scene.group(ann, &[bob]).await, scene.pair(ann, eve).await);
    let check = async |head, pins| {
        let standing = scene.store.standing(chat).await.unwrap().unwrap();
        assert_eq!((standing.head, standing.pins.count), (head, pins));
        assert_eq!(standing.members, scene.store.members(&[chat]).await.unwrap());
        standing
    };
    check(1, 0).await;
    let (row, foreign) = (ann.says(chat, "a"), ann.says(other, "elsewhere"));
    scene.append(&[row.clone(), foreign.clone()]).await;
    scene.store.pin(ann.author(), foreign.id, 9).await.unwrap().unwrap();
    check(2, 0).await;
    scene.store.pin(bob.author(), row.id, 9).await.unwrap().unwrap();
    assert_eq!(check(3, 1).await.pins.newest, 3);
    let add = GroupChange::Add { user: eve.user, max: 9 };
    scene.store.change_group(ann.author(), chat, &add).await.unwrap().unwrap();
    let standing = check(4, 1).await;
    assert!(standing.member(eve.user).is_some_and(|member| member.read_seq == 4));
    scene
        .store
        .change_group(ann.author(), chat, &GroupChange::Remove(bob.user))
        .await
        .unwrap()
        .unwrap();
    assert!(check(5, 1).await.member(bob.user).is_none());
}
