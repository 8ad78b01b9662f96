//! What happens to accounts stands in the outbox: with the change, exactly what changed, in order.

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::Subject;
use super::scene::{NOW, Person, Scene, account, end, session};
use crate::account::store::Proof;
use crate::delivery::store::Move;
use crate::outbox::event::AccountKind::{
    Connected, Created, Disabled, Disconnected, Enabled, PasswordChanged, Read, SessionEnded,
    SessionStarted, SignInRefused,
};
use crate::outbox::event::{AccountEvent, AccountKind};
use crate::outbox::store::Bookmark;
use crate::session::store::{End, Rotation, Use};
use crate::session::{Reason, Refresh, Session};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    an_account_is_told_once(&scene).await;
    sessions_begin_and_are_replaced(&scene).await;
    a_session_ends_once_and_why(&scene).await;
    a_copied_token_ends_its_session(&scene).await;
    a_password_changes_by_its_owner_or_not(&scene).await;
    an_account_is_closed_and_opened_once(&scene).await;
    a_read_cursor_tells_what_it_passed(&scene).await;
    sending_and_receiving_is_not_reading(&scene).await;
    what_changes_nothing_is_recorded_as_it_is_given(&scene).await;
    events_of_a_user_keep_their_order(&scene).await;
}

/// A row: its time, and its events as who and what.
type Told = (Timestamp, Vec<(UserId, AccountKind)>);

/// Reads the rows from here on.
struct Reader<'a> {
    scene: &'a Scene,
    place: Bookmark,
}

impl<'a> Reader<'a> {
    async fn at_the_end(scene: &'a Scene) -> Self {
        Self { scene, place: scene.store.outbox_end().await.unwrap() }
    }

    /// The rows since the last look. They add to no log.
    async fn rows(&mut self) -> Vec<Told> {
        let (rows, next) = self.scene.store.outbox(&self.place, 10_000).await.unwrap();
        self.place = next;
        let told = rows.into_iter().map(|row| {
            assert!(row.spans.is_empty() && row.admitted.is_empty(), "{row:?}");
            let events: Vec<AccountEvent> = serde_json::from_str(&row.extra.unwrap()).unwrap();
            (row.at, events.into_iter().map(|event| (event.user, event.kind)).collect())
        });
        told.collect()
    }

    /// The one row since the last look, of one user and that time.
    async fn of(&mut self, user: UserId, at: Timestamp) -> Vec<AccountKind> {
        let mut rows = self.rows().await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let (when, events) = rows.remove(0);
        assert_eq!(when, at);
        let kinds = events.into_iter().map(|(whose, kind)| {
            assert_eq!(whose, user);
            kind
        });
        kinds.collect()
    }
}

fn started(session: &Session) -> AccountKind {
    let (address, device) = (session.address.clone(), session.device.clone());
    SessionStarted { session: session.id, address, device }
}

fn ended(session: SessionId, reason: Reason) -> AccountKind {
    SessionEnded { session, reason: reason.word().to_owned() }
}

async fn an_account_is_told_once(scene: &Scene) {
    let mut reader = Reader::at_the_end(scene).await;
    let user = UserId(Uuid::now_v7());
    let new = account(user, "told@example.org", "Told");
    assert!(scene.store.create_account(&new).await.unwrap());
    assert_eq!(reader.of(user, NOW).await, [Created]);
    let second = account(UserId(Uuid::now_v7()), "told@example.org", "Second");
    assert!(!scene.store.create_account(&second).await.unwrap());
    assert!(scene.store.rehash(user, "hash", "the same, hashed anew").await.unwrap());
    scene.store.set_last_seen(&[(user, NOW)]).await.unwrap();
    assert_eq!(reader.rows().await, [], "nothing happened to an account");
}

async fn sessions_begin_and_are_replaced(scene: &Scene) {
    let user = scene.person("many").await.user;
    scene.store.revoke_sessions(user, None, end(NOW)).await.unwrap();
    let mut reader = Reader::at_the_end(scene).await;
    let at = |millis| NOW.plus_millis(millis);
    let begun = |millis| Session { created_at: at(millis), ..session(user) };
    let [first, second, third] = [begun(1), begun(2), begun(3)];
    scene.store.create_session(&first, 2).await.unwrap();
    assert_eq!(reader.of(user, at(1)).await, [started(&first)]);
    scene.store.create_session(&second, 2).await.unwrap();
    assert_eq!(reader.of(user, at(2)).await, [started(&second)]);
    scene.store.create_session(&second, 2).await.unwrap();
    assert_eq!(reader.rows().await, [], "it was there already");
    scene.store.create_session(&third, 2).await.unwrap();
    let replaced = [started(&third), ended(first.id, Reason::Replaced)];
    assert_eq!(reader.of(user, at(3)).await, replaced);
    let seen_at = at(4);
    let used = Use { session: third.id, seen_at, expires_at: at(2_000_000) };
    scene.store.use_sessions(&[used]).await.unwrap();
    assert_eq!(reader.rows().await, [], "to be used is nothing that happens to it");
}

async fn a_session_ends_once_and_why(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let other = scene.session(ann.user, NOW.plus_millis(9)).await;
    let mut reader = Reader::at_the_end(scene).await;
    let out = End { at: NOW.plus_millis(5), reason: Reason::Logout };
    scene.store.revoke_session(ann.session, out).await.unwrap();
    assert_eq!(reader.of(ann.user, out.at).await, [ended(ann.session, Reason::Logout)]);
    scene.store.revoke_session(ann.session, end(NOW)).await.unwrap();
    scene.store.revoke_session(SessionId(Uuid::new_v4()), end(NOW)).await.unwrap();
    scene.store.revoke_sessions(bob.user, Some(bob.session), end(NOW)).await.unwrap();
    assert_eq!(reader.rows().await, [], "nothing ended");
    scene.store.revoke_sessions(ann.user, None, end(NOW)).await.unwrap();
    assert_eq!(reader.of(ann.user, NOW).await, [ended(other, Reason::Revoked)]);
    assert_eq!(scene.store.purge_sessions(NOW).await.unwrap(), 0);
}

async fn a_copied_token_ends_its_session(scene: &Scene) {
    let user = scene.person("copied").await.user;
    let refresh = Some(Refresh { nonce: Uuid::new_v4(), number: 0 });
    let begun = Session { refresh, ..session(user) };
    scene.store.create_session(&begun, 9).await.unwrap();
    let mut reader = Reader::at_the_end(scene).await;
    let at = NOW.plus_millis(5);
    let used = Use { session: begun.id, seen_at: at, expires_at: NOW.plus_millis(2_000_000) };
    let take = async |number| scene.store.rotate_session(used, number).await.unwrap();
    assert!(matches!(take(0).await, Rotation::Rotated(_)));
    assert_eq!(reader.rows().await, [], "the session goes on");
    assert!(matches!(take(0).await, Rotation::Reused(_)));
    assert_eq!(reader.of(user, at).await, [ended(begun.id, Reason::TokenReused)]);
    assert_eq!(take(1).await, Rotation::Over);
    assert_eq!(reader.rows().await, []);
}

async fn a_password_changes_by_its_owner_or_not(scene: &Scene) {
    let ann = scene.person("ann").await;
    let other = scene.session(ann.user, NOW.plus_millis(9)).await;
    let mut reader = Reader::at_the_end(scene).await;
    let change = async |hash, by: Option<(_, &str)>, reason| {
        let by = by.map(|(session, hash)| Proof { session, hash });
        scene.store.change_password(ann.user, hash, by, End { at: NOW, reason }).await.unwrap()
    };
    let reason = Reason::PasswordChanged;
    assert_eq!(change("no", Some((ann.session, "another")), reason).await, None);
    assert_eq!(reader.rows().await, [], "it was refused");
    change("new", Some((ann.session, "hash")), reason).await.unwrap();
    let told = [PasswordChanged { by_owner: true }, ended(other, reason)];
    assert_eq!(reader.of(ann.user, NOW).await, told);
    change("newer", None, Reason::Operator).await.unwrap();
    let told = [PasswordChanged { by_owner: false }, ended(ann.session, Reason::Operator)];
    assert_eq!(reader.of(ann.user, NOW).await, told);
    let nobody = UserId(Uuid::now_v7());
    assert_eq!(scene.store.change_password(nobody, "x", None, end(NOW)).await.unwrap(), None);
    assert_eq!(reader.rows().await, []);
}

async fn an_account_is_closed_and_opened_once(scene: &Scene) {
    let ann = scene.person("ann").await;
    let mut reader = Reader::at_the_end(scene).await;
    let set = async |user, millis, disabled| {
        scene.store.set_disabled(user, NOW.plus_millis(millis), disabled).await.unwrap()
    };
    set(ann.user, 1, false).await;
    assert_eq!(reader.rows().await, [], "it was open");
    set(ann.user, 2, true).await;
    let told = [Disabled, ended(ann.session, Reason::Operator)];
    assert_eq!(reader.of(ann.user, NOW.plus_millis(2)).await, told);
    set(ann.user, 3, true).await;
    assert_eq!(reader.rows().await, [], "it was closed");
    let late = scene.session(ann.user, NOW.plus_millis(9)).await;
    reader.rows().await;
    set(ann.user, 4, true).await;
    let told = [ended(late, Reason::Operator)];
    assert_eq!(reader.of(ann.user, NOW.plus_millis(4)).await, told, "only what did change");
    set(ann.user, 5, false).await;
    assert_eq!(reader.of(ann.user, NOW.plus_millis(5)).await, [Enabled]);
    set(UserId(Uuid::now_v7()), 6, true).await;
    assert_eq!(reader.rows().await, []);
}

fn wish(person: Person, chat: ChatId, delivered: u64, read: u64) -> Move {
    Move { chat, user: person.user, session: Some(person.session), delivered, read }
}

async fn a_read_cursor_tells_what_it_passed(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let (one, two) = (scene.pair(ann, bob).await, scene.group(ann, &[bob, eve]).await);
    for chat in [one, two, one, two] {
        scene.send(ann, chat, "x").await;
    }
    let mut reader = Reader::at_the_end(scene).await;
    let later = NOW.plus_millis(7);
    let moved = async |wishes: &[Move]| scene.store.move_cursors(later, wishes).await.unwrap();
    moved(&[wish(bob, one, 0, 2)]).await;
    let read = |chat, after, upto| Read { chat, after, upto };
    assert_eq!(reader.of(bob.user, later).await, [read(one, 1, 2)]);
    moved(&[wish(bob, one, 0, 2), wish(bob, one, 2, 1), wish(ann, one, 0, 0)]).await;
    let stranger = wish(eve, one, 9, 9);
    let dead = wish(Person { session: eve.session, ..bob }, one, 9, 9);
    assert!(moved(&[stranger, dead]).await.is_empty());
    assert_eq!(reader.rows().await, [], "no cursor moved");
    let wishes =
        [wish(bob, one, 0, 9), wish(bob, two, 0, 2), wish(eve, two, 0, 3), wish(ann, two, 3, 0)];
    moved(&[&wishes[..], &[stranger, wish(eve, two, 0, 2)]].concat()).await;
    let mut rows = reader.rows().await;
    assert_eq!(rows.len(), 1, "all of a call in one row: {rows:?}");
    let (at, mut told) = rows.remove(0);
    let mut expected =
        vec![(bob.user, read(one, 2, 3)), (bob.user, read(two, 1, 2)), (eve.user, read(two, 1, 3))];
    told.sort_by_key(|(user, kind)| (*user, format!("{kind:?}")));
    expected.sort_by_key(|(user, kind)| (*user, format!("{kind:?}")));
    assert_eq!((at, told), (later, expected));
}

async fn sending_and_receiving_is_not_reading(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let mut reader = scene.store.outbox_end().await.unwrap();
    let mut row = ann.says(chat, "x");
    row.present = vec![bob.user];
    let seq = scene.put(&row).await;
    let (rows, next) = scene.store.outbox(&reader, 9).await.unwrap();
    assert!(matches!(rows.as_slice(), [row] if row.extra.is_none()), "{rows:?}");
    reader = next;
    assert_eq!(scene.member(chat, ann).await.read_seq, seq, "though it moved");
    scene.send(bob, chat, "y").await;
    let (rows, next) = scene.store.outbox(&reader, 9).await.unwrap();
    assert!(rows.iter().all(|row| row.extra.is_none()), "{rows:?}");
    reader = next;
    scene.store.move_cursors(NOW, &[wish(ann, chat, seq + 1, 0)]).await.unwrap();
    scene.store.deliver_all(bob.user).await.unwrap();
    assert_eq!(scene.store.outbox(&reader, 9).await.unwrap().0, []);
}

async fn what_changes_nothing_is_recorded_as_it_is_given(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let mut reader = Reader::at_the_end(scene).await;
    let of = |user, kind| AccountEvent { user, kind };
    // Whatever a client says that it is.
    let (address, device) =
        ("2001:db8::1".to_owned(), "a \"browser\" \\ \0\u{7f} Зво́н 🔔".to_owned());
    let (one, two) = ("one".to_owned(), "two".to_owned());
    let events = [
        of(ann.user, SignInRefused { address: address.clone(), device: device.clone() }),
        of(ann.user, Connected { connection: one.clone(), address: address.clone(), device }),
        of(bob.user, Connected { connection: two, address, device: String::new() }),
        of(ann.user, Disconnected { connection: one, lasted: u64::from(u32::MAX) * 9 }),
    ];
    scene.store.record(NOW.plus_millis(3), &events).await.unwrap();
    scene.store.record(NOW, &[]).await.unwrap();
    let rows = reader.rows().await;
    let expected = events.into_iter().map(|event| (event.user, event.kind)).collect();
    assert_eq!(rows, [(NOW.plus_millis(3), expected)], "one row, and none for nothing");
    let many: Vec<_> = (0..1000)
        .map(|lasted| of(ann.user, Disconnected { connection: String::new(), lasted }))
        .collect();
    scene.store.record(NOW, &many).await.unwrap();
    assert_eq!(reader.of(ann.user, NOW).await.len(), 1000);
}

async fn events_of_a_user_keep_their_order(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let mut place = scene.store.outbox_end().await.unwrap();
    let (life, busy) = (tokio::spawn(live(scene.clone(), ann.user)), scene.clone());
    let reading = tokio::spawn(async move {
        for _ in 0..30 {
            let seq = busy.send(ann, chat, "x").await;
            busy.store.move_cursors(NOW, &[wish(bob, chat, 0, seq)]).await.unwrap();
        }
    });
    let (mut kinds, mut head, mut over) = (Vec::new(), 1, false);
    loop {
        let last = over;
        over = life.is_finished() && reading.is_finished();
        let (rows, next) = scene.store.outbox(&place, 3).await.unwrap();
        place = next;
        for text in rows.iter().filter_map(|row| row.extra.as_deref()) {
            for event in serde_json::from_str::<Vec<AccountEvent>>(text).unwrap() {
                match event.kind {
                    Read { after, upto, .. } => {
                        assert_eq!(after, head, "from where it was");
                        head = upto;
                    }
                    kind => kinds.push(kind),
                }
            }
        }
        if last && rows.is_empty() {
            break;
        }
    }
    reading.await.unwrap();
    assert_eq!(kinds, life.await.unwrap());
    assert_eq!(head, scene.member(chat, bob).await.read_seq);
}

/// An account's life, one thing after the other; what should be told of it.
async fn live(scene: Scene, user: UserId) -> Vec<AccountKind> {
    let mut told = Vec::new();
    for round in 0..10 {
        let begun = Session { created_at: NOW.plus_millis(round), ..session(user) };
        scene.store.create_session(&begun, 100).await.unwrap();
        told.push(started(&begun));
        let event = AccountEvent { user, kind: started(&begun) };
        scene.store.record(NOW, std::slice::from_ref(&event)).await.unwrap();
        told.push(event.kind);
        assert!(scene.store.revoke_session(begun.id, end(NOW)).await.unwrap());
        told.push(ended(begun.id, Reason::Revoked));
    }
    told
}
