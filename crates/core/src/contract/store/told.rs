//! What is made of the outbox: every change is told on the topics of the event log, once, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};
use zvon_protocol::chat::Role;
use zvon_protocol::ids::ChatId;
use zvon_protocol::record::{Payload, TOPICS};

use super::Subject;
use super::scene::{NOW, Person, Scene};
use crate::chat::store::GroupChange;
use crate::delivery::store::Move;
use crate::event_log::Record;
use crate::job::{Job, JobError};
use crate::message::Forward;
use crate::message::store::Append;
use crate::outbox::event::{AccountEvent, AccountKind};
use crate::outbox::pages::Pages;
use crate::outbox::store::{Bookmark, Stretch};
use crate::store::StoreResult;
use crate::webhook::is_of_chat;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    a_chats_life_is_told(&scene).await;
    an_accounts_life_is_told(&scene).await;
    reading_is_told_of_the_messages_of_others(&scene).await;
    ids_are_the_same_whenever_it_is_told(&scene).await;
    a_row_of_nonsense_is_passed_over(&scene).await;
    a_job_is_told_what_it_wants_and_no_more(&scene).await;
    what_a_job_does_not_want_is_not_read(&scene).await;
}

/// Everything from a place on.
async fn records(scene: &Scene, from: &Bookmark) -> Vec<Record> {
    let mut pages = Pages::from(from.clone(), NOW);
    let mut records = Vec::new();
    while let Some(slice) = pages.next(&*scene.store).await.unwrap() {
        assert_eq!(slice.broken, []);
        records.extend(slice.records);
    }
    assert!(pages.place().is_some(), "at the end all of a page was given out");
    records
}

/// Topic, key, seq and data, as they stand in the log.
fn plain(records: &[Record]) -> Vec<(String, String, Value, Value)> {
    let plain = |record: &Record| {
        let mut told = serde_json::to_value(&record.envelope).unwrap();
        assert_eq!(told["version"], "1.0.0");
        let id = told["eventId"].as_str().unwrap();
        let (millis, rest) = id.split_once('-').unwrap();
        assert_eq!(millis, told["timestamp"].as_i64().unwrap().to_string());
        assert!(rest.len() == 13 && rest.bytes().all(|c| c.is_ascii_alphanumeric()), "{id}");
        let (topic, seq) = (told["eventType"].as_str().unwrap().to_owned(), told["seq"].take());
        (topic, record.key.to_string(), seq, told["data"].take())
    };
    records.iter().map(plain).collect()
}

/// The records of these topics, with their data alone.
fn of(records: &[Record], topic: &str) -> Vec<Value> {
    let plain = plain(records).into_iter();
    plain.filter(|(found, ..)| found == topic).map(|(.., data)| data).collect()
}

fn topics(records: &[Record]) -> Vec<&'static str> {
    records.iter().map(|record| record.envelope.payload.topic()).collect()
}

fn forwards(who: Person, chat: ChatId, from: &Append) -> Append {
    let forward = Some(Forward { from: from.id, original_sender: from.sender });
    Append { forward, ..who.says(chat, &from.content) }
}

async fn a_chats_life_is_told(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let place = scene.store.outbox_end().await.unwrap();
    let (pair, group) = (scene.pair(ann, bob).await, scene.group(ann, &[bob]).await);
    let text = ann.says(pair, "Зво́н 🔔");
    scene.put(&text).await;
    let copy = forwards(bob, group, &text);
    scene.append(&[copy.clone(), bob.says(group, "after")]).await;
    scene.store.pin(bob.author(), text.id, 9).await.unwrap().unwrap();
    scene.store.unpin(ann.author(), text.id).await.unwrap().unwrap();
    for change in [
        GroupChange::Add { user: eve.user, max: 9 },
        GroupChange::SetRole(eve.user, Role::Admin),
        GroupChange::Rename("New".to_owned()),
        GroupChange::Remove(bob.user),
        GroupChange::Leave,
    ] {
        scene.change(ann, group, change).await.unwrap();
    }
    let records = records(scene, &place).await;
    chats_are_told(&records, (ann, bob), [pair, group]);
    messages_are_told(&records, (ann, bob), (&text, &copy));
    memberships_are_told(&records, [ann, bob, eve], group);
    in_order(&records);
}

fn chats_are_told(records: &[Record], (ann, bob): (Person, Person), chats: [ChatId; 2]) {
    let at = NOW.to_string();
    let created = of(records, "chat.created");
    let mut kinds = Vec::new();
    for (created, chat) in created.iter().zip(chats) {
        let mut found: Vec<_> = created["participants"].as_array().unwrap().clone();
        assert_eq!(found[0], json!(ann.user), "the creator first");
        found.sort_by_key(Value::to_string);
        let mut both = vec![json!(ann.user), json!(bob.user)];
        both.sort_by_key(Value::to_string);
        assert_eq!((&created["chatId"], found), (&json!(chat), both));
        assert_eq!((&created["createdBy"], &created["createdAt"]), (&json!(ann.user), &json!(at)));
        kinds.push(created["type"].clone());
    }
    assert_eq!(kinds, ["private", "group"]);
}

fn messages_are_told(
    records: &[Record],
    (ann, bob): (Person, Person),
    (text, copy): (&Append, &Append),
) {
    let (at, pair, group) = (NOW.to_string(), text.chat, copy.chat);
    let sent = of(records, "message.created");
    let first = json!({ "messageId": text.id, "chatId": pair, "senderId": ann.user,
        "content": "Зво́н 🔔", "createdAt": at });
    assert_eq!((sent.len(), &sent[0]), (3, &first));
    assert_eq!(
        sent[1]["metadata"],
        json!({ "forwardedFrom": text.id, "originalSender": ann.user })
    );
    let forwarded = json!({ "originalMessageId": text.id, "newMessageId": copy.id,
        "fromChatId": pair, "toChatId": group, "forwardedBy": bob.user, "forwardedAt": at });
    assert_eq!(of(records, "message.forwarded"), [forwarded]);
    let counted = json!({ "messageId": text.id, "chatId": pair, "senderId": ann.user,
        "messageLength": 8, "hasMedia": false, "timestamp": at });
    assert_eq!(of(records, "analytics.message")[0], counted, "in UTF-16 units");
    let pinned =
        json!({ "messageId": text.id, "chatId": pair, "pinnedBy": bob.user, "pinnedAt": at });
    assert_eq!(of(records, "message.pinned"), [pinned]);
    let unpinned =
        json!({ "messageId": text.id, "chatId": pair, "unpinnedBy": ann.user, "unpinnedAt": at });
    assert_eq!(of(records, "message.unpinned"), [unpinned]);
}

fn memberships_are_told(records: &[Record], [ann, bob, eve]: [Person; 3], group: ChatId) {
    let at = NOW.to_string();
    let joined =
        json!({ "chatId": group, "userId": eve.user, "addedBy": ann.user, "joinedAt": at });
    assert_eq!(of(records, "user.joined.chat"), [joined]);
    let left = |user: Person, reason: &str| {
        json!({ "chatId": group, "userId": user.user,
        "leftAt": at, "reason": reason })
    };
    let mut removed = left(bob, "removed");
    removed["removedBy"] = json!(ann.user);
    assert_eq!(of(records, "user.left.chat"), [removed, left(ann, "left")]);
    let updated = |changes: Value| {
        json!({ "chatId": group, "updatedBy": ann.user,
        "changes": changes, "updatedAt": at })
    };
    let changes = [json!({ "member": eve.user, "role": "admin" }), json!({ "title": "New" })];
    assert_eq!(of(records, "chat.updated"), changes.map(updated));
    let acts: Vec<_> =
        of(records, "audit.log").into_iter().map(|mut act| act["action"].take()).collect();
    let expected = [
        "chat.created",
        "chat.created",
        "member.added",
        "role.changed",
        "member.removed",
        "member.left",
    ];
    assert_eq!(acts, expected);
}

/// Records of a key never go back in their chat's log, and topics of an event have keys as they
/// should.
fn in_order(records: &[Record]) {
    let mut seqs: BTreeMap<_, u64> = BTreeMap::new();
    for record in records.iter().filter(|record| record.envelope.seq.is_some()) {
        let data = serde_json::to_value(&record.envelope.payload).unwrap()["data"].take();
        let chat = data.get("chatId").or(data.get("toChatId")).or(data.get("resourceId")).cloned();
        let (chat, seq) =
            (chat.unwrap().as_str().unwrap().to_owned(), record.envelope.seq.unwrap());
        if !matches!(record.envelope.payload, Payload::MessageRead { .. }) {
            let last = seqs.insert(chat.clone(), seq).unwrap_or(0);
            assert!(seq == last || seq == last + 1 || last == 0, "{seq} after {last} in {chat}");
        }
        match &record.envelope.payload {
            Payload::AuditLog { user_id, .. } | Payload::AnalyticsUserActivity { user_id, .. } => {
                assert_eq!(record.key, user_id.0);
            }
            _ => assert_eq!(record.key.to_string(), chat),
        }
    }
}

async fn an_accounts_life_is_told(scene: &Scene) {
    let place = scene.store.outbox_end().await.unwrap();
    let ann = scene.person("ann").await;
    let (address, device) = ("192.0.2.7".to_owned(), "a client".to_owned());
    let connection = "socket".to_owned();
    let kinds = [
        AccountKind::SignInRefused { address: address.clone(), device: device.clone() },
        AccountKind::Connected { connection: connection.clone(), address, device },
        AccountKind::Disconnected { connection, lasted: 1234 },
    ];
    let events = kinds.map(|kind| AccountEvent { user: ann.user, kind });
    scene.store.record(NOW, &events).await.unwrap();
    scene.store.set_disabled(ann.user, NOW, true).await.unwrap();
    scene.store.set_disabled(ann.user, NOW, false).await.unwrap();
    let records = records(scene, &place).await;
    let expected = [
        "audit.log",
        "session.started",
        "audit.log",
        "audit.log",
        "user.online",
        "analytics.user.activity",
        "user.offline",
        "analytics.user.activity",
        "audit.log",
        "session.ended",
        "audit.log",
        "audit.log",
    ];
    assert_eq!(topics(&records), expected);
    assert!(records.iter().all(|record| record.key == ann.user.0 && record.envelope.seq.is_none()));
    let (at, user) = (NOW.to_string(), json!(ann.user));
    let online = json!({ "userId": user, "socketId": "socket", "connectedAt": at,
        "ip": "192.0.2.7", "userAgent": "a client" });
    assert_eq!(of(&records, "user.online"), [online]);
    let offline = json!({ "userId": user, "socketId": "socket", "disconnectedAt": at,
        "sessionDuration": 1234 });
    assert_eq!(of(&records, "user.offline"), [offline]);
    let did = of(&records, "analytics.user.activity");
    assert_eq!([&did[0]["activityType"], &did[1]["activityType"]], ["login", "logout"]);
    assert_eq!(did[1]["metadata"], json!({ "sessionDuration": 1234 }));
    let acts = of(&records, "audit.log").into_iter().map(|act| {
        format!("{} {} {}", act["action"], act["resource"], act["result"]).replace('"', "")
    });
    assert_eq!(
        acts.collect::<Vec<_>>(),
        [
            "account.created account success",
            "session.started session success",
            "session.refused account failure",
            "account.disabled account success",
            "session.ended session success",
            "account.enabled account success"
        ]
    );
    let ended = &of(&records, "session.ended")[0];
    assert_eq!((&ended["sessionId"], &ended["reason"]), (&json!(ann.session), &json!("operator")));
}

async fn reading_is_told_of_the_messages_of_others(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let texts = [ann.says(chat, "1"), bob.says(chat, "2"), ann.says(chat, "3")];
    scene.append(&texts).await;
    let place = scene.store.outbox_end().await.unwrap();
    let session = Some(bob.session);
    // Bob's own message moved his cursor; what is before it was read with it.
    let wish = Move { chat, user: bob.user, session, delivered: 4, read: 4 };
    assert_eq!(scene.store.move_cursors(NOW, &[wish]).await.unwrap().len(), 1);
    let told = records(scene, &place).await;
    let read = |text: &Append| {
        json!({ "messageId": text.id, "chatId": chat, "readBy": bob.user,
        "readAt": NOW.to_string() })
    };
    assert_eq!(of(&told, "message.read"), [read(&texts[2])]);
    assert_eq!(told[0].envelope.seq, Some(4), "it says which");
    assert_eq!(topics(&told), ["message.read", "analytics.user.activity"]);
    let many: Vec<_> = (0..300).map(|_| ann.says(chat, "x")).collect();
    scene.append(&many).await;
    let place = scene.store.outbox_end().await.unwrap();
    let all = Move { delivered: u64::MAX, read: u64::MAX, ..wish };
    scene.store.move_cursors(NOW, &[all]).await.unwrap();
    let told = of(&records(scene, &place).await, "message.read");
    assert_eq!(told.len(), 256, "the newest of very many");
    assert_eq!(told.last(), Some(&read(many.last().unwrap())));
}

async fn ids_are_the_same_whenever_it_is_told(scene: &Scene) {
    let first = records(scene, &Bookmark::default()).await;
    assert_eq!(records(scene, &Bookmark::default()).await, first);
    let ids: BTreeSet<_> = first.iter().map(|record| &record.envelope.event_id).collect();
    assert_eq!(ids.len(), first.len(), "and no two have the same");
    // Another's reading, in other pages.
    let (mut place, mut again) = (Bookmark::default(), Vec::new());
    loop {
        let (rows, next) = scene.store.outbox(&place, 3).await.unwrap();
        if rows.is_empty() {
            break;
        }
        place = next;
        let slice = crate::outbox::pages::records_of(&*scene.store, rows).await.unwrap();
        again.extend(slice.records);
    }
    assert_eq!(again, first);
}

async fn a_row_of_nonsense_is_passed_over(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let mut rows = scene.store.outbox(&Bookmark::default(), 1000).await.unwrap().0;
    let last = rows.last().unwrap().id;
    rows.retain(|row| row.id == last);
    rows.push(rows[0].clone());
    rows[0].extra = Some("nonsense".to_owned());
    let slice = crate::outbox::pages::records_of(&*scene.store, rows).await.unwrap();
    assert_eq!((slice.broken.len(), slice.broken[0].id), (1, last));
    assert!(slice.broken[0].text.contains(&chat.to_string()), "{:?}", slice.broken);
    assert_eq!(of(&slice.records, "chat.created").len(), 1, "the other is told");
}

/// Wants some topics, of some chats alone if it names any, and sometimes nothing.
#[derive(Default)]
struct Wants {
    topics: &'static [&'static str],
    chats: Option<Vec<ChatId>>,
    nothing: AtomicBool,
}

#[async_trait]
impl Job for Wants {
    fn name(&self) -> &'static str {
        "wants"
    }

    fn topics(&self) -> &'static [&'static str] {
        self.topics
    }

    async fn wants_nothing(&self) -> StoreResult<bool> {
        Ok(self.nothing.load(Ordering::Relaxed))
    }

    async fn wants_of(&self, chats: &[ChatId]) -> StoreResult<Option<Vec<ChatId>>> {
        assert!(chats.is_sorted_by(|a, b| a < b), "each once");
        Ok(self.chats.clone())
    }

    async fn run(&self, _: &[Record]) -> Result<(), JobError> {
        Ok(())
    }
}

/// What a job is given of everything.
async fn given(scene: &Scene, job: Wants) -> Vec<Record> {
    let mut pages = Pages::from(Bookmark::default(), NOW).wanted_by(Arc::new(job));
    let mut records = Vec::new();
    while let Some(slice) = pages.next(&*scene.store).await.unwrap() {
        records.extend(slice.records);
    }
    records
}

async fn a_job_is_told_what_it_wants_and_no_more(scene: &Scene) {
    const ALL: &[&str] = &TOPICS;
    let all = given(scene, Wants { topics: ALL, ..Wants::default() }).await;
    for topics in ALL.chunks(1).chain(ALL.chunks(5)).chain([ALL]) {
        let wanted = |record: &&Record| topics.contains(&record.envelope.payload.topic());
        let expected: Vec<_> = all.iter().filter(wanted).cloned().collect();
        let found = given(scene, Wants { topics, ..Wants::default() }).await;
        assert!(found == expected, "{topics:?}: {} of {}", found.len(), expected.len());
    }
    let busy = all.iter().find(|record| record.envelope.payload.topic() == "message.read").unwrap();
    let chats = Some(vec![ChatId(busy.key)]);
    let found = given(scene, Wants { topics: ALL, chats, ..Wants::default() }).await;
    let is_of_chats = |record: &&Record| is_of_chat(record.envelope.payload.topic());
    let of_it = |record: &&Record| record.key == busy.key && is_of_chats(record);
    let expected: Vec<_> = all.iter().filter(of_it).collect();
    assert_eq!(found.iter().filter(is_of_chats).collect::<Vec<_>>(), expected);
    let none = Wants { topics: ALL, chats: Some(Vec::new()), ..Wants::default() };
    assert_eq!(given(scene, none).await, []);
}

async fn what_a_job_does_not_want_is_not_read(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let group = scene.group(ann, &[bob]).await;
    scene.send(ann, group, "x").await;
    let stretch = [Stretch { chat: group, after: 0, upto: 2 }];
    let seqs = async |messages| -> Vec<u64> {
        let told = scene.store.told(&stretch, messages).await.unwrap();
        told.iter().map(|told| told.event.seq).collect()
    };
    assert_eq!((seqs(true).await, seqs(false).await), (vec![1, 2], vec![1]));
    let from = scene.store.outbox_end().await.unwrap();
    let nothing = AtomicBool::new(true);
    let job = Arc::new(Wants { topics: &["message.created"], nothing, ..Wants::default() });
    let mut pages = Pages::from(from, NOW).wanted_by(Arc::clone(&job) as _);
    scene.send(ann, group, "unread").await;
    let later = NOW.plus_millis(5);
    assert!(pages.leap(&*scene.store, later).await.unwrap());
    assert_eq!(pages.place().unwrap().1, later);
    job.nothing.store(false, Ordering::Relaxed);
    scene.send(ann, group, "wanted").await;
    assert!(!pages.leap(&*scene.store, later).await.unwrap());
    let slice = pages.next(&*scene.store).await.unwrap().unwrap();
    let texts = of(&slice.records, "message.created");
    let texts: Vec<_> = texts.iter().map(|data| data["content"].clone()).collect();
    assert_eq!(texts, [json!("wanted")], "what came after it wanted something");
}
