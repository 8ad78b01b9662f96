//! Cursors: they only grow, stay within the log, and unread follows from them.

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Status;

use super::Subject;
use super::scene::{NOW, Person, Scene};
use crate::delivery::store::{Move, Moved};
use crate::message::EventKind;
use crate::message::status::reach;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    they_only_grow(&scene).await;
    the_furthest_of_several_wishes_counts(&scene).await;
    strangers_and_dead_sessions_move_nothing(&scene).await;
    unread_follows_from_the_cursor(&scene).await;
    a_status_is_the_least_of_the_others(&scene).await;
    connecting_receives_everything(&scene).await;
}

fn wish(person: Person, chat: ChatId, delivered: u64, read: u64) -> Move {
    Move { chat, user: person.user, session: Some(person.session), delivered, read }
}

async fn moved(scene: &Scene, wishes: &[Move]) -> Vec<Moved> {
    scene.store.move_cursors(NOW, wishes).await.unwrap()
}

async fn they_only_grow(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    for text in ["one", "two", "three", "four"] {
        scene.send(ann, chat, text).await;
    }
    // delivered, read → delivered before and after, read before and after
    let steps = [
        ((2, 0), Some(((1, 2), (1, 1)))),
        ((2, 0), None),
        ((1, 1), None),
        ((0, 3), Some(((2, 3), (1, 3)))),
        ((4, 2), Some(((3, 4), (3, 3)))),
        ((u64::MAX, 0), Some(((4, 5), (3, 3)))),
        ((0, u64::MAX), Some(((5, 5), (3, 5)))),
        ((9, 9), None),
        ((0, 0), None),
    ];
    for ((delivered, read), expected) in steps {
        let expected: Vec<Moved> = expected
            .map(|(delivered, read)| Moved { chat, user: bob.user, delivered, read })
            .into_iter()
            .collect();
        assert_eq!(moved(scene, &[wish(bob, chat, delivered, read)]).await, expected);
    }
    let member = scene.member(chat, bob).await;
    assert_eq!((member.delivered_seq, member.read_seq, member.read_no), (5, 5, 4));
    assert_eq!(scene.check_log(chat).await.len(), 5, "a cursor is no event of the log");
}

async fn the_furthest_of_several_wishes_counts(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(ann, &[bob]).await);
    for chat in [one, two, one, one] {
        scene.send(ann, chat, "x").await;
    }
    let by_node = Move { session: None, ..wish(bob, one, 4, 0) };
    let wishes = [wish(bob, one, 0, 2), by_node, wish(bob, two, 2, 0), wish(bob, one, 3, 0)];
    let mut found = moved(scene, &wishes).await;
    found.sort_by_key(|step| step.chat != one);
    let of = |chat, delivered, read| Moved { chat, user: bob.user, delivered, read };
    assert_eq!(found, [of(one, (1, 4), (1, 2)), of(two, (1, 2), (1, 1))]);
}

async fn strangers_and_dead_sessions_move_nothing(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let seq = scene.send(ann, chat, "x").await;
    let expired = scene.session(bob.user, NOW).await;
    let nowhere = ChatId(Uuid::now_v7());
    let nothing = [
        wish(eve, chat, seq, seq),
        wish(bob, nowhere, seq, seq),
        wish(Person { session: eve.session, ..bob }, chat, seq, seq),
        wish(Person { session: expired, ..bob }, chat, seq, seq),
        Move { session: None, ..wish(eve, chat, seq, seq) },
        Move { user: UserId(Uuid::now_v7()), session: None, ..wish(bob, chat, seq, seq) },
    ];
    assert!(moved(scene, &nothing).await.is_empty());
    assert!(moved(scene, &[]).await.is_empty());
    let with_one = [nothing[0], wish(bob, chat, seq, 0), nothing[3]];
    assert_eq!(moved(scene, &with_one).await.len(), 1, "the others do not keep it back");
}

async fn unread_follows_from_the_cursor(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.group(ann, &[bob, eve]).await;
    let mut dice = Dice(7);
    for _ in 0..60 {
        let who = [ann, bob, eve][dice.below(3)];
        match dice.below(4) {
            0 => {
                let message = who.says(chat, "pin me");
                scene.put(&message).await;
                scene.store.pin(who.author(), message.id, 999).await.unwrap().unwrap();
            }
            1 => {
                let to = dice.below(80) as u64;
                moved(scene, &[wish(who, chat, 0, to)]).await;
            }
            _ => {
                scene.send(who, chat, "x").await;
            }
        }
        let log = scene.log(chat).await;
        for view in [ann, bob, eve] {
            let member = scene.member(chat, view).await;
            let unread = log.iter().filter(|event| {
                event.seq > member.read_seq && matches!(event.kind, EventKind::Message(_))
            });
            let views = scene.store.chats_of(view.user).await.unwrap();
            let row = &views[0].chat;
            assert_eq!(row.msg_no - member.read_no, unread.count() as u64);
            assert!(member.read_seq <= member.delivered_seq);
            assert!(member.delivered_seq <= row.last_seq);
        }
    }
    scene.check_log(chat).await;
}

async fn a_status_is_the_least_of_the_others(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let chat = scene.group(ann, &[bob, eve]).await;
    let seq = scene.send(ann, chat, "x").await;
    let status = async || {
        let members = scene.store.members(&[chat]).await.unwrap();
        reach(&members, ann.user).status(seq)
    };
    assert_eq!(status().await, Status::Sent);
    moved(scene, &[wish(bob, chat, 0, seq)]).await;
    assert_eq!(status().await, Status::Sent);
    moved(scene, &[wish(eve, chat, seq, 0)]).await;
    assert_eq!(status().await, Status::Delivered);
    moved(scene, &[wish(eve, chat, 0, seq)]).await;
    assert_eq!(status().await, Status::Read);
}

async fn connecting_receives_everything(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(ann, &[bob, eve]).await);
    for chat in [one, two, two] {
        scene.send(ann, chat, "x").await;
    }
    let mut found = scene.store.deliver_all(bob.user).await.unwrap();
    found.sort_by_key(|step| step.chat != one);
    let of = |chat, to| Moved { chat, user: bob.user, delivered: (1, to), read: (1, 1) };
    assert_eq!(found, [of(one, 2), of(two, 3)]);
    assert!(scene.store.deliver_all(bob.user).await.unwrap().is_empty());
    assert_eq!(scene.member(two, eve).await.delivered_seq, 1);
    assert_eq!(scene.member(two, bob).await.read_seq, 1);
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}
