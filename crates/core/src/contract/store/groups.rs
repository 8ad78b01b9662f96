//! Groups: who may change what, and what the log says of it.

use uuid::Uuid;
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::ids::{ChatId, UserId};

use super::Subject;
use super::scene::{Person, Scene};
use crate::chat::store::{GroupChange, NewGroup};
use crate::message::store::Appended;
use crate::message::{EventKind, Subject as Whom};
use crate::store::Denied;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    a_group_begins_with_its_members(&scene).await;
    an_unknown_member_makes_no_group(&scene).await;
    every_change_is_an_event(&scene).await;
    what_is_denied_and_in_which_order(&scene).await;
    the_last_admin_leaves_an_heir(&scene).await;
    the_last_admin_stays_one(&scene).await;
    who_is_gone_has_no_part_in_it(&scene).await;
    who_comes_back_begins_there(&scene).await;
}

fn add(person: Person) -> GroupChange {
    GroupChange::Add { user: person.user, max: 100 }
}

fn whom(person: Person, name: &str, role: Role) -> Whom {
    Whom { user: person.user, name: name.to_owned(), role }
}

async fn a_group_begins_with_its_members(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (id, title) = (ChatId(Uuid::now_v7()), "Цех №5 🙂".to_owned());
    let group = NewGroup { id, title: title.clone(), members: vec![bob.user] };
    let (chat, events) = scene.store.create_group(ann.author(), &group).await.unwrap().unwrap();
    assert_eq!((chat.id, chat.kind, chat.title), (id, ChatKind::Group, Some(title)));
    assert_eq!(events, scene.check_log(id).await);
    assert_eq!(scene.member(id, ann).await.role, Role::Admin);
    assert_eq!(scene.member(id, bob).await.role, Role::Member);
}

async fn an_unknown_member_makes_no_group(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let members = vec![bob.user, UserId(Uuid::now_v7())];
    let group = NewGroup { id: ChatId(Uuid::now_v7()), title: "t".to_owned(), members };
    let denied = scene.store.create_group(ann.author(), &group).await.unwrap();
    assert_eq!(denied.unwrap_err(), Denied::NoTarget);
    assert_eq!(scene.store.chat(group.id).await.unwrap(), None);
    assert_eq!(scene.store.member(group.id, bob.user).await.unwrap(), None);
}

async fn the_last_admin_stays_one(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let group = scene.group(ann, &[bob]).await;
    let role = async |whom: Person, role| {
        scene.change(ann, group, GroupChange::SetRole(whom.user, role)).await.map(drop)
    };
    assert_eq!(role(ann, Role::Member).await, Err(Denied::LastAdmin));
    assert_eq!(scene.member(group, ann).await.role, Role::Admin);
    assert_eq!(role(bob, Role::Admin).await, Ok(()));
    assert_eq!(role(ann, Role::Member).await, Ok(()), "there is another one");
}

async fn every_change_is_an_event(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let group = scene.group(ann, &[]).await;
    let steps = [
        (add(bob), EventKind::MemberAdded(whom(bob, "p1", Role::Member))),
        (
            GroupChange::SetRole(bob.user, Role::Admin),
            EventKind::MemberChanged(whom(bob, "p1", Role::Admin)),
        ),
        (GroupChange::Rename("Другое".into()), EventKind::Renamed("Другое".into())),
        (GroupChange::Remove(bob.user), EventKind::MemberRemoved(whom(bob, "p1", Role::Admin))),
        (GroupChange::Leave, EventKind::MemberLeft(whom(ann, "p0", Role::Admin))),
    ];
    for (seq, (change, kind)) in (2..).zip(steps) {
        let events = scene.change(ann, group, change.clone()).await.unwrap();
        let [event] = events.as_slice() else { panic!("{change:?} made {events:?}") };
        assert_eq!((event.seq, event.msg_no, event.actor), (seq, 0, ann.user));
        assert_eq!(event.kind, kind);
        assert_eq!(scene.check_log(group).await.last(), Some(event), "as it was answered");
    }
    let chat = scene.store.chat(group).await.unwrap().unwrap();
    assert_eq!(chat.title.as_deref(), Some("Другое"));
    assert!(scene.store.members(&[group]).await.unwrap().is_empty());
}

async fn what_is_denied_and_in_which_order(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let group = scene.group(ann, &[bob]).await;
    let pair = scene.pair(ann, bob).await;
    let nobody = UserId(Uuid::now_v7());
    let rename = || GroupChange::Rename("x".into());
    let cases = [
        (ann, ChatId(Uuid::now_v7()), rename(), Denied::NoChat),
        (eve, group, GroupChange::Leave, Denied::NotAMember),
        (eve, pair, rename(), Denied::NotAMember),
        (ann, pair, rename(), Denied::NotAGroup),
        (ann, pair, GroupChange::Leave, Denied::NotAGroup),
        (bob, group, add(eve), Denied::NotAnAdmin),
        (bob, group, rename(), Denied::NotAnAdmin),
        (bob, group, GroupChange::Remove(ann.user), Denied::NotAnAdmin),
        (bob, group, GroupChange::SetRole(bob.user, Role::Admin), Denied::NotAnAdmin),
        (ann, group, GroupChange::Add { user: nobody, max: 9 }, Denied::NoTarget),
        (ann, group, add(bob), Denied::AlreadySo),
        (ann, group, GroupChange::Add { user: eve.user, max: 2 }, Denied::Full),
        (ann, group, GroupChange::Remove(ann.user), Denied::NoTarget),
        (ann, group, GroupChange::Remove(eve.user), Denied::NoTarget),
        (ann, group, GroupChange::SetRole(eve.user, Role::Admin), Denied::NoTarget),
        (ann, group, GroupChange::SetRole(bob.user, Role::Member), Denied::AlreadySo),
        (ann, group, GroupChange::Rename("A group".into()), Denied::AlreadySo),
    ];
    for (who, chat, change, denied) in cases {
        let verdict = scene.change(who, chat, change.clone()).await;
        assert_eq!(verdict.unwrap_err(), denied, "{change:?}");
    }
    assert_eq!(scene.check_log(group).await.len(), 1);
    assert_eq!(scene.check_log(pair).await.len(), 1);
}

async fn the_last_admin_leaves_an_heir(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let group = scene.group(ann, &[]).await;
    scene.change(ann, group, add(eve)).await.unwrap();
    scene.change(ann, group, add(bob)).await.unwrap();
    let events = scene.change(ann, group, GroupChange::Leave).await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].kind, EventKind::MemberChanged(whom(eve, "p2", Role::Admin)));
    assert_eq!(scene.member(group, eve).await.role, Role::Admin, "the oldest member");
    assert_eq!(scene.member(group, bob).await.role, Role::Member);
    let log = scene.check_log(group).await;
    assert_eq!(log[3..], events);
    let events = scene.change(bob, group, GroupChange::Leave).await.unwrap();
    assert_eq!(events.len(), 1, "an admin is left");
}

async fn who_is_gone_has_no_part_in_it(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    for change in [GroupChange::Remove(bob.user), GroupChange::Leave] {
        let group = scene.group(ann, &[bob, eve]).await;
        let message = eve.says(group, "before");
        scene.put(&message).await;
        let by = if change == GroupChange::Leave { bob } else { ann };
        scene.change(by, group, change).await.unwrap();
        let sent = scene.append(&[bob.says(group, "after")]).await;
        assert_eq!(sent.verdicts, [Appended::Denied(Denied::NotAMember)]);
        let pinned = scene.store.pin(bob.author(), message.id, 9).await.unwrap();
        assert_eq!(pinned.unwrap_err(), Denied::NotAMember);
        let back = scene.change(bob, group, add(bob)).await;
        assert_eq!(back.unwrap_err(), Denied::NotAMember);
        assert_eq!(scene.store.member(group, bob.user).await.unwrap(), None);
        let chats = scene.store.chats_of(bob.user).await.unwrap();
        assert!(chats.iter().all(|view| view.chat.id != group));
        let members = scene.store.members(&[group]).await.unwrap();
        assert!(members.iter().all(|member| member.user != bob.user));
        assert!(scene.store.deliver_all(bob.user).await.unwrap().is_empty());
    }
}

async fn who_comes_back_begins_there(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let group = scene.group(ann, &[bob]).await;
    scene.send(ann, group, "one").await;
    scene.change(ann, group, GroupChange::Remove(bob.user)).await.unwrap();
    scene.send(ann, group, "two").await;
    let events = scene.change(ann, group, add(bob)).await.unwrap();
    let member = scene.member(group, bob).await;
    let joined = events[0].seq;
    assert_eq!(
        (member.joined_seq, member.delivered_seq, member.read_seq),
        (joined, joined, joined)
    );
    let chat = scene.store.chat(group).await.unwrap().unwrap();
    assert_eq!(chat.msg_no - member.read_no, 0, "nothing from before is unread");
    scene.send(bob, group, "three").await;
    scene.check_log(group).await;
}
