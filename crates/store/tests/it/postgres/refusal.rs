//! What the database cannot hold, and what two lanes do at once.

use std::sync::Arc;

use zvon_core::message::store::{Append, Appended, MessageStore};

use super::Place;
use super::scene::{NOW, checked_log, group, person, text};

#[tokio::test]
async fn a_text_with_a_zero_byte_is_refused_alone() {
    let store = Place::new().await.open().await;
    let ann = person(&store).await;
    let chat = group(&store, ann, &[]).await;
    let rows: Vec<_> = (0..5)
        .map(|number| match number {
            2 => Append { content: "a\0b".to_owned(), ..text(ann, chat) },
            4 => Append { client_id: Some("\0".to_owned()), ..text(ann, chat) },
            _ => text(ann, chat),
        })
        .collect();
    let batch = store.append(NOW, &rows).await.unwrap();
    for (number, verdict) in batch.verdicts.iter().enumerate() {
        assert_eq!(*verdict == Appended::Rejected, number == 2 || number == 4, "{number}");
    }
    assert_eq!(checked_log(&store, chat).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_chats_that_get_one_id_at_once_the_second_is_told_that_it_is_elsewhere() {
    let place = Place::new().await;
    place.sql(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            PERFORM pg_sleep(0.01); RETURN NULL; END $$; \
         CREATE TRIGGER dawdle AFTER INSERT ON outbox EXECUTE FUNCTION dawdle()",
    );
    let store = place.open().await;
    let ann = person(&store).await;
    let chats = [group(&store, ann, &[]).await, group(&store, ann, &[]).await];
    for _ in 0..10 {
        let row = text(ann, chats[0]);
        let sends = chats.map(|chat| {
            let (store, row) = (Arc::clone(&store), Append { chat, ..row.clone() });
            tokio::spawn(async move { store.append(NOW, &[row]).await.unwrap().verdicts.remove(0) })
        });
        let mut stored = 0;
        for send in sends {
            match send.await.unwrap() {
                Appended::Stored { .. } => stored += 1,
                Appended::Elsewhere => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(stored, 1);
    }
    let logs = [checked_log(&store, chats[0]).await, checked_log(&store, chats[1]).await];
    assert_eq!(logs[0].len() + logs[1].len(), 10);
}
