//! An operator's own connection to the file, while a server has it open.

use std::os::unix::fs::PermissionsExt;

use zvon_core::message::store::{MessageStore, Page};
use zvon_core::outbox::store::OutboxStore;
use zvon_core::session::Reason;
use zvon_core::session::store::{End, SessionStore};
use zvon_core::store::{Denied, StoreResult};
use zvon_store::Access;
use zvon_store::schema::Standing;
use zvon_store::sqlite::{Sqlite, backup, inspect};

use crate::Place;
use crate::scene::{NOW, Scene};

#[tokio::test]
async fn what_it_ends_is_over_for_the_server_at_once() {
    let place = Place::new();
    let server = place.open().await;
    let scene = Scene::new(&server).await;
    scene.send(&server, 0..3).await;
    let beside = Sqlite::beside(&place.path(), Access::Write).await.unwrap();
    let end = End { at: NOW, reason: Reason::Operator };
    let ended = beside.revoke_sessions(scene.author.user, None, end).await.unwrap();
    assert_eq!(ended, [scene.author.session]);
    let denied = server.append(NOW, &[scene.text(3)]).await.unwrap().verdicts;
    assert!(matches!(denied[..], [zvon_core::message::store::Appended::Denied(Denied::Revoked)]));
    let heard = server.revoked_since(NOW).await.unwrap();
    assert_eq!(heard.iter().map(|end| end.session).collect::<Vec<_>>(), ended);
    beside.close().await;
    assert_eq!(server.heads(&[scene.chat]).await.unwrap()[0].1, 4, "the server goes on");
}

#[tokio::test]
async fn it_waits_its_turn_between_the_servers_transactions() {
    let place = Place::new();
    let server = place.open().await;
    let scene = Scene::new(&server).await;
    let beside = Sqlite::beside(&place.path(), Access::Write).await.unwrap();
    let sending = async {
        for number in 0..60 {
            scene.send(&server, number * 10..number * 10 + 10).await;
        }
    };
    let ending = async {
        for _ in 0..20 {
            let nobody = zvon_protocol::ids::UserId(uuid::Uuid::new_v4());
            let end = End { at: NOW, reason: Reason::Operator };
            assert_eq!(beside.revoke_sessions(nobody, None, end).await.unwrap(), []);
        }
    };
    tokio::join!(sending, ending);
    assert_eq!(server.heads(&[scene.chat]).await.unwrap()[0].1, 601);
}

#[tokio::test]
async fn nothing_is_made_and_no_other_schema_is_touched() {
    let place = Place::new();
    let beside = async || Sqlite::beside(&place.path(), Access::Write).await;
    let error = |opened: StoreResult<Sqlite>| opened.err().unwrap().to_string();
    assert!(error(beside().await).contains("there is no database"));
    assert!(!place.path().exists());
    place.open().await.close().await;
    let raw = place.raw().await;
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9").execute(&raw).await.unwrap();
    raw.close().await;
    assert!(error(beside().await).contains("its schema is version 7"));
    let found = inspect::inspect(&place.path()).await.unwrap().schema;
    assert_eq!((found.version, found.standing()), (7, Standing::Behind));
}

#[tokio::test]
async fn a_reader_can_not_write() {
    let place = Place::new();
    let server = place.open().await;
    let scene = Scene::new(&server).await;
    let reader = Sqlite::beside(&place.path(), Access::Read).await.unwrap();
    let end = End { at: NOW, reason: Reason::Operator };
    assert!(reader.revoke_session(scene.author.session, end).await.is_err());
    assert!(reader.session(scene.author.session).await.unwrap().unwrap().is_live(NOW));
}

#[tokio::test]
async fn a_copy_holds_what_was_committed_and_is_for_its_owner_alone() {
    let place = Place::new();
    let server = place.open().await;
    let scene = Scene::new(&server).await;
    let sent = scene.send(&server, 0..50).await;
    let copied = place.dir.path().join("copy.db");
    backup::copy(&place.path(), &copied).await.unwrap();
    assert!(backup::copy(&place.path(), &copied).await.is_err(), "nothing is written over");
    assert_eq!(std::fs::metadata(&copied).unwrap().permissions().mode() & 0o777, 0o600);
    scene.send(&server, 50..60).await;
    let (old, found) =
        (server.log_epoch().await.unwrap(), inspect::inspect(&copied).await.unwrap());
    assert_eq!((found.epoch.as_str(), found.fault), (&*old, None));
    assert_eq!(found.schema.standing(), Standing::Same);
    let new = backup::renew_epoch(&copied).await.unwrap();
    assert_ne!(new, old);
    let copy = Sqlite::open(&copied, 1).await.unwrap();
    let page = copy.page(scene.chat, Page::Newest, 100).await.unwrap();
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), sent);
    assert_eq!(copy.log_epoch().await.unwrap(), new);
    assert_eq!(server.log_epoch().await.unwrap(), old);
}

#[tokio::test]
async fn damage_is_found() {
    let place = Place::new();
    let server = place.open().await;
    let scene = Scene::new(&server).await;
    for batch in 0..20 {
        scene.send(&server, batch * 50..batch * 50 + 50).await;
    }
    server.close().await;
    assert_eq!(inspect::inspect(&place.path()).await.unwrap().fault, None);
    let mut bytes = std::fs::read(place.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(place.path(), bytes).unwrap();
    let found = inspect::inspect(&place.path()).await;
    assert!(found.is_err() || found.unwrap().fault.is_some());
}
