//! No write of a session commits after its end was answered, even one that had found it live.

use std::sync::Arc;

use sqlx::PgConnection;
use zvon_core::delivery::store::{CursorStore, Move};
use zvon_core::message::store::{Appended, MessageStore};
use zvon_core::session::Reason;
use zvon_core::session::store::{End, SessionStore};
use zvon_core::store::Denied;
use zvon_store::postgres::Postgres;

use super::Place;
use super::scene::{NOW, group, person, send, text};

const END: End = End { at: NOW, reason: Reason::Revoked };

/// A database in which changes of a table wait for the one who holds the gate.
struct Gate {
    place: Place,
    holder: PgConnection,
}

impl Gate {
    async fn before(table: &str) -> (Self, Arc<Postgres>) {
        let place = Place::new().await;
        place.sql(&format!(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$; \
             CREATE TRIGGER wait BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW \
                EXECUTE FUNCTION wait()"
        ));
        let holder = place.connect().await;
        let store = place.open().await;
        (Self { place, holder }, store)
    }

    async fn shut(&mut self) {
        sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut self.holder).await.unwrap();
    }

    async fn open(&mut self) {
        sqlx::query("SELECT pg_advisory_unlock(1)").execute(&mut self.holder).await.unwrap();
    }

    /// Until somebody stands before it.
    async fn is_met(&mut self) {
        const WAITING: &str = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' \
            AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = $1))";
        loop {
            let waiting = sqlx::query_scalar(WAITING).bind(&self.place.name);
            if waiting.fetch_one(&mut self.holder).await.unwrap() {
                return;
            }
        }
    }

    /// Until the session's end is committed.
    async fn sees_an_end(&mut self) {
        const ENDED: &str = "SELECT EXISTS (SELECT FROM sessions WHERE revoked_at IS NOT NULL)";
        while !sqlx::query_scalar::<_, bool>(ENDED).fetch_one(&mut self.holder).await.unwrap() {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_was_checked_before_the_end_commits_before_its_answer() {
    let (mut gate, store) = Gate::before("events").await;
    let ann = person(&store).await;
    let (chat, other) = (group(&store, ann, &[]).await, group(&store, ann, &[]).await);
    gate.shut().await;
    let late = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.append(NOW, &[text(ann, chat)]).await.unwrap().verdicts })
    };
    gate.is_met().await;
    let end = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.revoke_session(ann.session, END).await.unwrap() })
    };
    gate.sees_an_end().await;
    let refused = store.append(NOW, &[text(ann, other)]).await.unwrap();
    assert_eq!(refused.verdicts, [Appended::Denied(Denied::Revoked)]);
    assert_eq!(store.heads(&[chat]).await.unwrap(), [(chat, 1)], "it is still under way");
    assert!(!end.is_finished(), "answered while a write of the session was under way");
    gate.open().await;
    assert!(end.await.unwrap());
    let head = store.heads(&[chat]).await.unwrap()[0].1;
    assert!(matches!(late.await.unwrap()[0], Appended::Stored { seq: 2, .. }));
    assert_eq!(head, 2, "what could still commit has committed when the end is answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_of_cursors_is_no_exception_and_who_asks_again_waits_again() {
    let (mut gate, store) = Gate::before("members").await;
    let (ann, bob) = (person(&store).await, person(&store).await);
    let chat = group(&store, ann, &[bob]).await;
    let other = group(&store, ann, &[bob]).await;
    send(&store, ann, chat, 3).await;
    send(&store, ann, other, 3).await;
    gate.shut().await;
    let wish = Move { chat, user: bob.user, session: Some(bob.session), delivered: 4, read: 4 };
    let late = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.move_cursors(NOW, &[wish]).await.unwrap() })
    };
    gate.is_met().await;
    let ends: Vec<_> = (0..2)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.revoke_session(bob.session, END).await.unwrap() })
        })
        .collect();
    gate.sees_an_end().await;
    let refused = store.move_cursors(NOW, &[Move { chat: other, ..wish }]).await.unwrap();
    assert_eq!(refused, []);
    assert!(ends.iter().all(|end| !end.is_finished()));
    gate.open().await;
    let mut answers = Vec::new();
    for end in ends {
        answers.push(end.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, [false, true]);
    let read = store_read(&gate.place);
    assert_eq!(late.await.unwrap().len(), 1);
    assert_eq!(read, "4", "it was over before the answer");
}

fn store_read(place: &Place) -> String {
    place.sql(
        "SELECT m.read_seq FROM members m JOIN sessions s ON s.user_id = m.user_id \
         WHERE s.revoked_at IS NOT NULL AND m.delivered_seq > 1",
    )
}
