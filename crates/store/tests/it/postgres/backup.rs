//! Copies by PostgreSQL's own programs, and their way back.

use std::os::unix::fs::PermissionsExt;

use zvon_core::message::store::MessageStore;
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_store::postgres::{Postgres, Settings, backup};
use zvon_testkit::postgres::shared;

use super::scene::{checked_log, group, person, send};
use super::{Place, settings};

async fn empty() -> Place {
    let make = || Place { cluster: shared(), name: shared().create_database(None) };
    tokio::task::spawn_blocking(make).await.unwrap()
}

impl Place {
    fn settings(&self) -> Settings {
        settings(self.cluster.url(&self.name))
    }
}

#[tokio::test]
async fn a_copy_holds_what_was_committed_and_comes_back_under_another_epoch() {
    let (place, dir) = (Place::new().await, tempfile::tempdir().unwrap());
    let store = place.open().await;
    let author = person(&store).await;
    let chat = group(&store, author, &[]).await;
    send(&store, author, chat, 50).await;
    let file = dir.path().join("copy.dump");
    backup::copy(&place.settings(), &file).unwrap();
    assert!(backup::copy(&place.settings(), &file).is_err(), "nothing is written over");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let log = checked_log(&store, chat).await;
    send(&store, author, chat, 3).await;
    let target = empty().await;
    let epoch = backup::restore(&target.settings(), &file).await.unwrap();
    let restored = target.open().await;
    assert_eq!(restored.log_epoch().await.unwrap(), epoch);
    assert_ne!(store.log_epoch().await.unwrap(), epoch);
    assert_eq!(checked_log(&restored, chat).await, log);
    send(&restored, author, chat, 2).await;
    assert_eq!(checked_log(&restored, chat).await.len(), log.len() + 2);
    assert!(
        backup::restore(&target.settings(), &file)
            .await
            .unwrap_err()
            .to_string()
            .contains("not empty")
    );
}

/// Rows of the outbox bear the number of their transaction, which a new server has yet to reach.
#[tokio::test]
async fn what_comes_after_a_restore_is_read_from_the_outbox_once() {
    let (place, dir) = (Place::new().await, tempfile::tempdir().unwrap());
    let store = place.open().await;
    let author = person(&store).await;
    let chat = group(&store, author, &[]).await;
    send(&store, author, chat, 5).await;
    place.sql("UPDATE outbox SET txid = txid + 1000000000");
    let file = dir.path().join("copy.dump");
    backup::copy(&place.settings(), &file).unwrap();
    let target = empty().await;
    backup::restore(&target.settings(), &file).await.unwrap();
    let restored = target.open().await;
    let end = restored.outbox_end().await.unwrap();
    send(&restored, author, chat, 1).await;
    let (rows, next) = restored.outbox(&end, 99).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.spans.clone()).collect::<Vec<_>>(), [[(chat, 7, 7)]]);
    assert_eq!(restored.outbox(&next, 99).await.unwrap().0, []);
    let all = restored.outbox(&Bookmark::default(), 99).await.unwrap().0;
    let of_chats = all.iter().filter(|row| !row.spans.is_empty());
    assert_eq!(of_chats.count(), 3, "and who begins anew reads all");
}

#[tokio::test]
async fn what_is_no_whole_backup_leaves_an_empty_database() {
    let (place, dir) = (Place::new().await, tempfile::tempdir().unwrap());
    let store = place.open().await;
    let author = person(&store).await;
    let chat = group(&store, author, &[]).await;
    for _ in 0..20 {
        send(&store, author, chat, 100).await;
    }
    let (whole, part) = (dir.path().join("whole"), dir.path().join("part"));
    backup::copy(&place.settings(), &whole).unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&part, &bytes[..bytes.len() * 4 / 5]).unwrap();
    let nothing = dir.path().join("nothing");
    std::fs::write(&nothing, "no backup of anything").unwrap();
    // A dump of another program's database.
    let (other, foreign) = (empty().await, dir.path().join("foreign"));
    other.sql("CREATE TABLE shopping (id int)");
    backup::copy(&other.settings(), &foreign).unwrap();
    // One of a version that this one may not run on.
    let newer = dir.path().join("newer");
    place.sql("INSERT INTO meta VALUES ('least_known', '999')");
    backup::copy(&place.settings(), &newer).unwrap();
    let target = empty().await;
    for (file, why) in [
        (&part, "pg_restore"),
        (&nothing, "pg_restore"),
        (&foreign, "meta"),
        (&newer, "newer version"),
    ] {
        let refused = backup::restore(&target.settings(), file).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        let left = target.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(left, "0", "{refused}");
    }
    backup::restore(&target.settings(), &whole).await.unwrap();
    let restored = target.open().await;
    assert_eq!(restored.heads(&[chat]).await.unwrap()[0].1, 2001);
}

#[tokio::test]
async fn an_epoch_is_renewed_once_no_node_is_connected() {
    let place = Place::new().await;
    let node = place.open().await;
    let old = node.log_epoch().await.unwrap();
    let refused = backup::renew_epoch(&place.settings()).await.unwrap_err().to_string();
    assert!(refused.contains("stop them all first"), "{refused}");
    assert_eq!(node.log_epoch().await.unwrap(), old);
    node.close().await;
    let new = backup::renew_epoch(&place.settings()).await.unwrap();
    assert_ne!(new, old);
    assert_eq!(place.open().await.log_epoch().await.unwrap(), new);
    let (other, settings) = (empty().await, |place: &Place| place.settings());
    assert!(backup::renew_epoch(&settings(&other)).await.is_err(), "nothing is there");
    assert!(Postgres::open(&settings(&other)).await.is_ok());
}
