//! Everything at once, again and again: nobody waits in a circle, and the rules hold.

use std::sync::Arc;

use zvon_core::chat::store::{Author, ChatStore, GroupChange};
use zvon_core::delivery::store::{CursorStore, Move};
use zvon_core::message::store::{Append, MessageStore};
use zvon_core::session::store::{SessionStore, Use};
use zvon_protocol::chat::Role;
use zvon_protocol::ids::ChatId;
use zvon_store::postgres::Postgres;

use super::Place;
use super::scene::{NOW, checked_log, group, person, text};

const MOST_PINS: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_in_a_circle() {
    let place = Place::new().await;
    let store = place.open().await;
    let mut people = Vec::new();
    for _ in 0..6 {
        people.push(person(&store).await);
    }
    let mut chats = Vec::new();
    for admin in &people[..3] {
        let others: Vec<_> =
            people.iter().filter(|other| other.user != admin.user).copied().collect();
        chats.push(group(&store, *admin, &others).await);
    }
    let storm = (0..8).map(|number| {
        tokio::spawn(blow(Arc::clone(&store), people.clone(), chats.clone(), number))
    });
    for one in storm.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    for chat in chats {
        checked_log(&store, chat).await;
        assert!(store.pinned(chat).await.unwrap().rows.len() <= MOST_PINS as usize);
        let members = store.members(&[chat]).await.unwrap();
        let admins = members.iter().filter(|member| member.role == Role::Admin).count();
        assert!(admins > 0 || members.is_empty(), "a group without an admin");
    }
    assert_eq!(
        place.sql(
            "SELECT count(*) FROM chats c WHERE members <> (SELECT count(*) FROM members m \
             WHERE m.chat_id = c.id AND left_seq IS NULL) \
             OR pins <> (SELECT count(*) FROM pins p WHERE p.chat_id = c.id)"
        ),
        "0"
    );
    assert_eq!(
        place.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"),
        "0"
    );
}

/// Verbs of all kinds; the store may deny, but must know.
async fn blow(store: Arc<Postgres>, people: Vec<Author>, chats: Vec<ChatId>, number: usize) {
    for round in 0..40 {
        let dice = number * 31 + round * 17 + number * round;
        let (who, whom) = (people[dice % 6], people[(dice / 6 + round) % 6]);
        let chat = chats[(dice + round) % 3];
        let present: Vec<_> = people.iter().map(|person| person.user).collect();
        match dice % 7 {
            0 => {
                let change =
                    GroupChange::SetRole(whom.user, [Role::Member, Role::Admin][round % 2]);
                drop(store.change_group(who, chat, &change).await.unwrap());
            }
            1 => drop(store.change_group(who, chat, &GroupChange::Leave).await.unwrap()),
            2 => {
                let back = GroupChange::Add { user: whom.user, max: 9 };
                drop(store.change_group(people[dice % 3], chat, &back).await.unwrap());
            }
            3 => {
                let row = text(who, chat);
                store.append(NOW, std::slice::from_ref(&row)).await.unwrap();
                drop(store.pin(who, row.id, MOST_PINS).await.unwrap());
            }
            4 => {
                let uses = people.iter().rev().map(|person| Use {
                    session: person.session,
                    seen_at: NOW,
                    expires_at: NOW.plus_millis(2_000_000),
                });
                store.use_sessions(&uses.collect::<Vec<_>>()).await.unwrap();
            }
            _ => {
                let session = Some(who.session);
                let moves: Vec<_> = people
                    .iter()
                    .rev()
                    .flat_map(|person| chats.iter().map(|chat| (*chat, person.user)))
                    .map(|(chat, user)| Move { chat, user, session: None, delivered: 99, read: 9 })
                    .chain([Move { chat, user: who.user, session, delivered: 0, read: 999 }])
                    .collect();
                let rows: Vec<_> = chats
                    .iter()
                    .rev()
                    .map(|chat| Append { present: present.clone(), ..text(who, *chat) })
                    .collect();
                let both = tokio::join!(store.append(NOW, &rows), store.move_cursors(NOW, &moves));
                both.0.unwrap();
                both.1.unwrap();
            }
        }
    }
}
