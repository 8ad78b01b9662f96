//! Accounts: unique addresses, look-ups that forgive case, lists.

use uuid::Uuid;
use zvon_protocol::ids::UserId;

use super::Subject;
use super::scene::{NOW, Scene, account, end};
use crate::account::store::Proof;

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    lists_by_name_and_prefix(&scene).await;
    an_address_belongs_to_one(&scene).await;
    looking_up_forgives_case_where_it_is_clear(&scene).await;
    what_no_text_can_hold_is_found_nowhere(&scene).await;
    ids_bring_those_that_exist(&scene).await;
    a_hash_is_replaced_if_it_is_still_that_one(&scene).await;
    a_changed_password_ends_the_other_sessions(&scene).await;
    a_disabled_account_has_no_sessions(&scene).await;
    last_seen_does_not_go_back(&scene).await;
}

fn user() -> UserId {
    UserId(Uuid::now_v7())
}

async fn add(scene: &Scene, email: &str, name: &str) -> UserId {
    let id = user();
    assert!(scene.store.create_account(&account(id, email, name)).await.unwrap());
    id
}

async fn lists_by_name_and_prefix(scene: &Scene) {
    assert_eq!(scene.store.count_accounts(10).await.unwrap(), 0);
    let bob = add(scene, "x@example.org", "bob").await;
    let ann = add(scene, "y@example.org", "Ann").await;
    let anna = add(scene, "z@example.org", "Анна").await;
    let list = async |prefix, limit| {
        let found = scene.store.list_accounts(prefix, limit).await.unwrap();
        found.iter().map(|account| account.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, [ann, bob, anna], "by name, whatever its case");
    assert_eq!(list(None, 2).await, [ann, bob]);
    assert_eq!(list(Some("AN"), 10).await, [ann], "by the name's beginning");
    assert_eq!(list(Some("анн"), 10).await, [anna], "in every script");
    assert_eq!(list(Some("X@ex"), 10).await, [bob], "by the address's beginning");
    assert_eq!(list(Some("nn"), 10).await, [], "not by what is inside");
    assert_eq!(list(Some("%"), 10).await, [], "a pattern is text like any other");
    assert_eq!(scene.store.count_accounts(10).await.unwrap(), 3);
    assert_eq!(scene.store.count_accounts(2).await.unwrap(), 2, "no further than asked");
}

async fn an_address_belongs_to_one(scene: &Scene) {
    let first = add(scene, "one@example.org", "First").await;
    let second = account(user(), "one@example.org", "Second");
    assert!(!scene.store.create_account(&second).await.unwrap());
    let (found, _) = scene.store.account_by_email("one@example.org").await.unwrap().unwrap();
    assert_eq!((found.id, found.name.as_str()), (first, "First"));
    assert_eq!((found.created_at, found.last_seen), (NOW, None));
    assert!(scene.store.accounts(&[second.account.id]).await.unwrap().is_empty());
}

async fn looking_up_forgives_case_where_it_is_clear(scene: &Scene) {
    let lower = add(scene, "case@example.org", "lower").await;
    let find = async |email| {
        let found = scene.store.account_by_email(email).await.unwrap();
        found.map(|(account, hash)| (account.id, hash))
    };
    assert_eq!(find("CASE@example.org").await, Some((lower, "hash".to_owned())));
    let upper = add(scene, "Case@Example.org", "upper").await;
    assert_eq!(find("Case@Example.org").await.unwrap().0, upper, "exact goes first");
    assert_eq!(find("case@example.org").await.unwrap().0, lower);
    assert_eq!(find("CASE@EXAMPLE.ORG").await, None, "it could be either");
    assert_eq!(find("nobody@example.org").await, None);
}

async fn what_no_text_can_hold_is_found_nowhere(scene: &Scene) {
    assert_eq!(scene.store.account_by_email("a\0@example.org").await.unwrap(), None);
    assert_eq!(scene.store.list_accounts(Some("\0"), 9).await.unwrap(), []);
}

async fn ids_bring_those_that_exist(scene: &Scene) {
    let (one, two) = (scene.person("one").await.user, scene.person("two").await.user);
    let found = scene.store.accounts(&[two, user(), one]).await.unwrap();
    let mut ids: Vec<_> = found.iter().map(|account| account.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [one, two]);
    assert!(scene.store.accounts(&[]).await.unwrap().is_empty());
}

async fn a_hash_is_replaced_if_it_is_still_that_one(scene: &Scene) {
    let id = add(scene, "secret@example.org", "Secret").await;
    let hash =
        async || scene.store.account_by_email("secret@example.org").await.unwrap().unwrap().1;
    assert!(scene.store.rehash(id, "hash", "another").await.unwrap());
    assert_eq!(hash().await, "another");
    assert!(!scene.store.rehash(id, "hash", "late").await.unwrap(), "a newer password stays");
    assert_eq!(hash().await, "another");
}

async fn a_changed_password_ends_the_other_sessions(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let other = scene.session(ann.user, NOW.plus_millis(9)).await;
    let change = async |hash, by: Option<(_, &str)>| {
        let by = by.map(|(session, hash)| Proof { session, hash });
        scene.store.change_password(ann.user, hash, by, end(NOW)).await.unwrap()
    };
    assert_eq!(change("no", Some((ann.session, "another"))).await, None, "not by that password");
    let ended = scene.session(ann.user, NOW).await;
    assert_eq!(change("no", Some((ended, "hash"))).await, None, "not by a session that is over");
    assert_eq!(change("no", Some((bob.session, "hash"))).await, None, "nor by somebody else's");
    assert_eq!(change("new", Some((ann.session, "hash"))).await, Some(vec![other]));
    let address = scene.store.accounts(&[ann.user]).await.unwrap()[0].email.clone();
    let (_, hash) = scene.store.account_by_email(&address).await.unwrap().unwrap();
    assert_eq!(hash, "new");
    for (session, live) in [(ann.session, true), (other, false), (bob.session, true)] {
        assert_eq!(scene.store.session(session).await.unwrap().unwrap().is_live(NOW), live);
    }
    assert_eq!(change("newer", None).await, Some(vec![ann.session]), "an operator may");
}

async fn a_disabled_account_has_no_sessions(scene: &Scene) {
    let ann = scene.person("ann").await;
    let since = async || scene.store.accounts(&[ann.user]).await.unwrap()[0].disabled_at;
    assert_eq!(since().await, None);
    let ended = scene.store.set_disabled(ann.user, NOW, true).await.unwrap();
    assert_eq!((ended, since().await), (vec![ann.session], Some(NOW)));
    let later = NOW.plus_millis(1);
    assert_eq!(scene.store.set_disabled(ann.user, later, true).await.unwrap(), []);
    assert_eq!(since().await, Some(NOW), "since then");
    assert_eq!(scene.store.set_disabled(ann.user, later, false).await.unwrap(), []);
    assert_eq!(since().await, None);
    assert!(!scene.store.session(ann.session).await.unwrap().unwrap().is_live(NOW));
}

async fn last_seen_does_not_go_back(scene: &Scene) {
    let person = scene.person("seen").await.user;
    let seen = async || scene.store.accounts(&[person]).await.unwrap()[0].last_seen;
    scene.store.set_last_seen(&[(person, NOW), (user(), NOW)]).await.unwrap();
    assert_eq!(seen().await, Some(NOW));
    scene.store.set_last_seen(&[(person, NOW.plus_millis(-5))]).await.unwrap();
    assert_eq!(seen().await, Some(NOW));
    scene.store.set_last_seen(&[(person, NOW.plus_millis(5))]).await.unwrap();
    assert_eq!(seen().await, Some(NOW.plus_millis(5)));
    scene.store.set_last_seen(&[]).await.unwrap();
}
