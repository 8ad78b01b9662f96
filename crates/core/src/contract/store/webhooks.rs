//! Webhooks: who may see to them; deliveries made once, tried by one, given up with their webhook.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::chat::Role;
use zvon_protocol::ids::{ChatId, WebhookId};

use super::Subject;
use super::scene::{NOW, Person, Scene, end};
use crate::chat::store::GroupChange;
use crate::clock::ManualClock;
use crate::job::{Job, Once};
use crate::store::{Denied, Verdict};
use crate::webhook::job::Webhooks;
use crate::webhook::store::{Change, Health, NewDelivery, Settled};
use crate::webhook::{Progress, Secret, Try, Webhook};

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    while_there_is_none_nothing_is_wanted(&scene).await;
    an_admin_makes_them_for_a_group(&scene).await;
    an_operator_makes_them_for_all_events(&scene).await;
    only_who_may_changes_them(&scene).await;
    an_event_is_queued_once(&scene).await;
    a_delivery_is_tried_by_one_at_a_time(&scene).await;
    no_webhook_takes_all_the_turns(&scene).await;
    tries_are_written_down(&scene).await;
    what_waits_is_given_up_with_its_webhook(&scene).await;
    old_ones_are_dropped(&scene).await;
}

const MOST: u32 = 3;
const HOLD: i64 = 60_000;

fn webhook(by: Person, chat: Option<ChatId>) -> Webhook {
    Webhook {
        id: WebhookId(Uuid::now_v7()),
        chat,
        url: "https://example.org/hook?a=1".to_owned(),
        topics: chat.map(|_| vec!["message.created".to_owned(), "message.pinned".to_owned()]),
        created_by: by.user,
        created_at: NOW,
        failing_since: None,
        disabled: None,
    }
}

async fn make(scene: &Scene, by: Person, chat: Option<ChatId>) -> Verdict<Webhook> {
    let (webhook, secret) = (webhook(by, chat), Secret::random());
    let made = scene.store.create_webhook(by.author(), &webhook, &secret, MOST).await.unwrap();
    if made.is_ok() {
        let kept = scene.store.webhook(webhook.id).await.unwrap();
        assert_eq!(kept, Some((webhook.clone(), secret)), "as it is given");
    } else {
        assert_eq!(scene.store.webhook(webhook.id).await.unwrap(), None);
    }
    made.map(|()| webhook)
}

/// A webhook of a new group, and the group's admin.
async fn one(scene: &Scene) -> (Person, Webhook) {
    let [ann, bob] = scene.people().await;
    let group = scene.group(ann, &[bob]).await;
    (ann, make(scene, ann, Some(group)).await.unwrap())
}

async fn while_there_is_none_nothing_is_wanted(scene: &Scene) {
    let (clock, due) = (Arc::new(ManualClock::at(NOW)), Arc::default());
    let job = Webhooks::new(Arc::clone(&scene.store) as _, clock, due);
    assert!(job.wants_nothing().await.unwrap());
    let (ann, made) = one(scene).await;
    assert!(!job.wants_nothing().await.unwrap(), "as soon as it is made");
    let other = ChatId(Uuid::now_v7());
    let group = made.chat.unwrap();
    assert_eq!(job.wants_of(&[other]).await.unwrap(), Some(Vec::new()));
    assert_eq!(job.wants_of(&[other, group]).await.unwrap(), Some(vec![group]));
    let change = async |change| {
        scene.store.change_webhook(ann.author(), made.id, change).await.unwrap().unwrap()
    };
    change(Change::Disable).await;
    assert!(job.wants_nothing().await.unwrap());
    change(Change::Enable).await;
    assert!(!job.wants_nothing().await.unwrap());
    scene.store.set_operator(ann.user, NOW, true).await.unwrap();
    let all = make(scene, ann, None).await.unwrap();
    assert_eq!(job.wants_of(&[group]).await.unwrap(), None, "one of all events wants all");
    for id in [made.id, all.id] {
        scene.store.change_webhook(ann.author(), id, Change::Delete).await.unwrap().unwrap();
    }
    assert!(job.wants_nothing().await.unwrap());
}

async fn an_admin_makes_them_for_a_group(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let (group, pair) = (scene.group(ann, &[bob]).await, scene.pair(ann, bob).await);
    let refused = async |by, chat| make(scene, by, Some(chat)).await.unwrap_err();
    assert_eq!(refused(eve, group).await, Denied::NotAMember);
    assert_eq!(refused(bob, group).await, Denied::NotAnAdmin);
    assert_eq!(refused(ann, pair).await, Denied::NotAGroup);
    assert_eq!(refused(ann, ChatId(Uuid::now_v7())).await, Denied::NoChat);
    let mut made = Vec::new();
    for _ in 0..MOST {
        made.push(make(scene, ann, Some(group)).await.unwrap());
    }
    assert_eq!(refused(ann, group).await, Denied::Full);
    assert_eq!(scene.store.webhooks(Some(group)).await.unwrap(), made);
    assert_eq!(scene.store.webhooks(Some(pair)).await.unwrap(), []);
    let over = Person { session: scene.session(ann.user, NOW.plus_millis(99)).await, ..ann };
    scene.store.revoke_session(over.session, end(NOW)).await.unwrap();
    assert_eq!(refused(over, group).await, Denied::Revoked);
}

async fn an_operator_makes_them_for_all_events(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    assert_eq!(make(scene, ann, None).await, Err(Denied::NotAnOperator));
    scene.store.set_operator(ann.user, NOW, true).await.unwrap();
    let place = scene.store.outbox_end().await.unwrap();
    let made = make(scene, ann, None).await.unwrap();
    let told = scene.store.outbox(&place, 9).await.unwrap().0;
    let told = told[0].extra.clone().unwrap();
    assert!(told.contains("created") && told.contains(&made.id.to_string()), "{told}");
    assert!(!told.contains("whsec"), "no secret leaves");
    assert_eq!(scene.store.webhooks(None).await.unwrap(), std::slice::from_ref(&made));
    let (_, other) = one(scene).await;
    let of = scene.store.webhooks_of(&[other.chat.unwrap()]).await.unwrap();
    let of: HashSet<_> = of.into_iter().map(|webhook| webhook.id).collect();
    assert_eq!(of, HashSet::from([made.id, other.id]), "those of all events, too");
    let delete = async |by: Person| {
        scene.store.change_webhook(by.author(), made.id, Change::Delete).await.unwrap()
    };
    assert_eq!(delete(bob).await, Err(Denied::NoTarget), "nobody else may know of it");
    assert_eq!(delete(ann).await, Ok(made.clone()));
    assert_eq!(scene.store.webhook(made.id).await.unwrap(), None);
}

async fn only_who_may_changes_them(scene: &Scene) {
    let [ann, bob, eve] = scene.people().await;
    let group = scene.group(ann, &[bob]).await;
    let made = make(scene, ann, Some(group)).await.unwrap();
    let change = async |by: Person, change| {
        scene.store.change_webhook(by.author(), made.id, change).await.unwrap()
    };
    assert_eq!(change(eve, Change::Disable).await, Err(Denied::NoTarget));
    assert_eq!(change(bob, Change::Delete).await, Err(Denied::NotAnAdmin));
    let set = GroupChange::SetRole(bob.user, Role::Admin);
    scene.change(ann, group, set).await.unwrap();
    let disabled = change(bob, Change::Disable).await.unwrap();
    assert_eq!(disabled.disabled, Some((NOW, "by hand".to_owned())));
    assert_eq!(scene.store.webhook(made.id).await.unwrap().unwrap().0, disabled);
    let enabled = |webhooks: Vec<Webhook>| webhooks.iter().any(|webhook| webhook.id == made.id);
    assert!(!enabled(scene.store.webhooks_of(&[group]).await.unwrap()));
    assert_eq!(change(bob, Change::Enable).await, Ok(made.clone()));
    assert!(enabled(scene.store.webhooks_of(&[group]).await.unwrap()));
    assert_eq!(change(bob, Change::Delete).await, Ok(made.clone()));
    assert_eq!(change(bob, Change::Delete).await, Err(Denied::NoTarget));
}

fn new(webhook: &Webhook, event: &str) -> NewDelivery {
    NewDelivery {
        id: Uuid::now_v7(),
        webhook: webhook.id,
        event_id: event.to_owned(),
        topic: "message.created".to_owned(),
        body: format!("{{\"event\":\"{event}\"}}"),
    }
}

async fn queue(scene: &Scene, job: &'static str, some: &[NewDelivery]) -> u64 {
    scene.store.queue_deliveries(Once { job, at: NOW }, some).await.unwrap()
}

async fn an_event_is_queued_once(scene: &Scene) {
    let ((ann, first), (_, second)) = (one(scene).await, one(scene).await);
    let [a, b] = [Uuid::now_v7(), Uuid::now_v7()].map(|id| id.to_string());
    assert_eq!(queue(scene, "once", &[new(&first, &a), new(&second, &a)]).await, 2);
    assert_eq!(queue(scene, "once", &[new(&first, &a), new(&first, &b)]).await, 1);
    assert_eq!(queue(scene, "once", &[new(&second, &b)]).await, 0, "its event is done");
    let kept = scene.store.deliveries(first.id, None, 9).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|one| (&*one.event_id, one.progress, one.tries)).collect();
    let waiting = Progress::Waiting(NOW);
    assert_eq!(kept, [(&*b, waiting, 0), (&*a, waiting, 0)], "the newest first");
    // What is forgotten may come again, but not while its delivery is remembered.
    assert!(scene.store.purge_done(NOW.plus_millis(1)).await.unwrap() >= 2);
    assert_eq!(queue(scene, "once", &[new(&first, &a)]).await, 0);
    scene.store.change_webhook(ann.author(), first.id, Change::Disable).await.unwrap().unwrap();
    let c = Uuid::now_v7().to_string();
    assert_eq!(
        queue(scene, "once", &[new(&first, &c)]).await,
        0,
        "nothing for one that is disabled"
    );
    // Several who are given the same.
    let many: Vec<_> = (0..50).map(|number| new(&second, &format!("{c} {number}"))).collect();
    let queues = (0..4).map(|_| {
        let (scene, many) = (scene.clone(), many.clone());
        tokio::spawn(async move { queue(&scene, "several", &many).await })
    });
    let mut queued = 0;
    for one in queues.collect::<Vec<_>>() {
        queued += one.await.unwrap();
    }
    assert_eq!(queued, 50);
    empty(scene).await;
}

/// Gives up whatever waits, so that the next case is alone.
async fn empty(scene: &Scene) {
    let overfull = scene.store.disable_overfull(NOW, 0).await.unwrap();
    assert!(!overfull.is_empty());
    assert_eq!(claim(scene, 1 << 40, 9).await, [""; 0]);
}

async fn claim(scene: &Scene, millis: i64, each: u32) -> Vec<String> {
    let now = NOW.plus_millis(millis);
    let until = now.plus_millis(HOLD);
    let claimed = scene.store.claim_deliveries(now, until, 100, each).await.unwrap();
    claimed.into_iter().map(|one| one.delivery.event_id).collect()
}

async fn a_delivery_is_tried_by_one_at_a_time(scene: &Scene) {
    let (_, hook) = one(scene).await;
    let event = Uuid::now_v7().to_string();
    queue(scene, "claims", &[new(&hook, &event)]).await;
    assert_eq!(claim(scene, -1, 9).await, [""; 0], "it is not due");
    let secret = scene.store.webhook(hook.id).await.unwrap().unwrap().1;
    let until = NOW.plus_millis(HOLD);
    let claimed = scene.store.claim_deliveries(NOW, until, 9, 9).await.unwrap();
    let [only] = claimed.as_slice() else { panic!("{claimed:?}") };
    assert_eq!((&only.webhook, &only.secret), (&hook, &secret));
    assert_eq!(only.delivery.body, format!("{{\"event\":\"{event}\"}}"));
    assert_eq!(claim(scene, HOLD - 1, 9).await, [""; 0], "somebody has it");
    assert_eq!(claim(scene, HOLD, 9).await, [event], "who had it is gone");
    let many: Vec<_> = (0..60).map(|n| new(&hook, &format!("{} {n}", Uuid::now_v7()))).collect();
    queue(scene, "claims", &many).await;
    let claims = (0..4).map(|_| {
        let scene = scene.clone();
        tokio::spawn(async move { claim(&scene, 0, 100).await })
    });
    let mut all = Vec::new();
    for one in claims.collect::<Vec<_>>() {
        all.extend(one.await.unwrap());
    }
    all.extend(claim(scene, 0, 100).await);
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (60, 60));
    empty(scene).await;
}

async fn no_webhook_takes_all_the_turns(scene: &Scene) {
    let ((_, busy), (_, quiet)) = (one(scene).await, one(scene).await);
    let many: Vec<_> = (0..20).map(|n| new(&busy, &format!("{} {n}", Uuid::now_v7()))).collect();
    queue(scene, "turns", &many).await;
    let event = Uuid::now_v7().to_string();
    queue(scene, "turns", &[new(&quiet, &event)]).await;
    let first = claim(scene, 0, 4).await;
    assert_eq!((first.len(), first.contains(&event)), (5, true));
    assert_eq!(claim(scene, 0, 4).await, [""; 0], "four are under way");
    assert_eq!(claim(scene, 0, 6).await.len(), 2);
    empty(scene).await;
}

async fn tries_are_written_down(scene: &Scene) {
    let (_, hook) = one(scene).await;
    let store = &scene.store;
    let queued = new(&hook, &Uuid::now_v7().to_string());
    queue(scene, "tries", std::slice::from_ref(&queued)).await;
    let state = async || {
        let delivery = store.deliveries(hook.id, None, 9).await.unwrap().remove(0);
        (delivery, store.webhook(hook.id).await.unwrap().unwrap().0)
    };
    claim(scene, 0, 9).await;
    let failed = |at: i64| Try {
        at: NOW.plus_millis(at),
        took: 12,
        status: Some(500),
        error: Some("no \0".to_owned()),
    };
    let later =
        Settled { progress: Progress::Waiting(NOW.plus_millis(5000)), health: Health::Failing };
    for at in [100, 200] {
        store.settle_delivery(queued.id, &failed(at), &later).await.unwrap();
    }
    let (delivery, webhook) = state().await;
    assert_eq!((delivery.tries, delivery.progress), (2, later.progress));
    let last = delivery.last.unwrap();
    assert_eq!((last.at, last.took, last.status), (NOW.plus_millis(200), 12, Some(500)));
    assert!(last.error.unwrap().starts_with("no") && !delivery.body.is_empty());
    assert_eq!(webhook.failing_since, Some(NOW.plus_millis(100)), "since the first");
    assert_eq!(claim(scene, 4999, 9).await, [""; 0]);
    assert_eq!(claim(scene, 5000, 9).await.len(), 1, "a settled one is held by nobody");
    let taken = Try { status: Some(204), error: None, ..failed(6000) };
    let done = Settled { progress: Progress::Delivered, health: Health::Well };
    store.settle_delivery(queued.id, &taken, &done).await.unwrap();
    store.settle_delivery(queued.id, &failed(7000), &later).await.unwrap();
    let (delivery, webhook) = state().await;
    assert_eq!((delivery.progress, delivery.tries), (Progress::Delivered, 3), "it is final");
    assert_eq!((&delivery.last, &*delivery.body), (&Some(taken), ""), "its text is dropped");
    assert_eq!(webhook, hook);
    let mut test = delivery.clone();
    (test.id, test.event_id, test.tries) = (Uuid::now_v7(), Uuid::now_v7().to_string(), 1);
    store.note_delivery(&test).await.unwrap();
    assert_eq!(state().await.0, test);
    let before = store.deliveries(hook.id, Some(test.id), 9).await.unwrap();
    assert_eq!(before.iter().map(|one| one.id).collect::<Vec<_>>(), [queued.id]);
}

async fn what_waits_is_given_up_with_its_webhook(scene: &Scene) {
    let (ann, hook) = one(scene).await;
    let store = &scene.store;
    let some = [(); 3].map(|()| new(&hook, &Uuid::now_v7().to_string()));
    queue(scene, "gives up", &some).await;
    let at = NOW.plus_millis(9);
    let last = Try { at, took: 1, status: Some(410), error: None };
    let health = Health::Disabled("it is gone".to_owned());
    let gone = Settled { progress: Progress::Failed, health };
    store.settle_delivery(some[0].id, &last, &gone).await.unwrap();
    let webhook = store.webhook(hook.id).await.unwrap().unwrap().0;
    assert_eq!(webhook.disabled, Some((at, "it is gone".to_owned())));
    let left = store.deliveries(hook.id, None, 9).await.unwrap();
    assert!(left.iter().all(|one| one.progress == Progress::Failed && one.body.is_empty()));
    assert_eq!(claim(scene, 1 << 40, 9).await, [""; 0]);
    let change =
        async |change| store.change_webhook(ann.author(), hook.id, change).await.unwrap().unwrap();
    assert_eq!(change(Change::Enable).await, hook);
    let more = [(); 3].map(|()| new(&hook, &Uuid::now_v7().to_string()));
    assert_eq!(queue(scene, "gives up", &more).await, 3);
    assert_eq!(store.disable_overfull(at, 3).await.unwrap(), []);
    assert_eq!(store.disable_overfull(at, 2).await.unwrap(), [hook.id]);
    let (since, why) = store.webhook(hook.id).await.unwrap().unwrap().0.disabled.unwrap();
    assert!(since == at && why.contains("2 events"), "{why}");
    change(Change::Delete).await;
    assert_eq!(store.deliveries(hook.id, None, 9).await.unwrap(), []);
}

async fn old_ones_are_dropped(scene: &Scene) {
    let (_, hook) = one(scene).await;
    let [done, waits] = [(); 2].map(|()| new(&hook, &Uuid::now_v7().to_string()));
    queue(scene, "old", &[done.clone(), waits.clone()]).await;
    let taken = Try { at: NOW, took: 1, status: Some(200), error: None };
    let settled = Settled { progress: Progress::Delivered, health: Health::Well };
    scene.store.settle_delivery(done.id, &taken, &settled).await.unwrap();
    scene.store.purge_deliveries(NOW).await.unwrap();
    assert_eq!(scene.store.deliveries(hook.id, None, 9).await.unwrap().len(), 2);
    scene.store.purge_deliveries(NOW.plus_millis(1)).await.unwrap();
    let left = scene.store.deliveries(hook.id, None, 9).await.unwrap();
    assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [waits.id], "what waits, waits");
}
