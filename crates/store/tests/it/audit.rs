//! Whoever changes the audit log past the store is found out.

use zvon_core::audit::store::AuditStore;
use zvon_core::audit::verify::{Fault, Verifier};
use zvon_core::audit::{Entry, Head};
use zvon_protocol::record::Outcome;
use zvon_store::sqlite::Sqlite;

use crate::Place;
use crate::scene::NOW;

async fn filled(place: &Place) -> Head {
    let store = place.open().await;
    let entry = |number: u64| Entry {
        event_id: number.to_string(),
        at: NOW,
        actor: None,
        user: None,
        action: "session.started".to_owned(),
        resource: "session".to_owned(),
        resource_id: number.to_string(),
        outcome: Outcome::Success,
        address: None,
        device: None,
        details: None,
    };
    let entries: Vec<_> = (1..=20).map(entry).collect();
    let head = store.append_audit(&entries).await.unwrap();
    store.close().await;
    head
}

async fn verified(store: &Sqlite, noted: Option<Head>) -> Result<Head, Fault> {
    let mut verifier = Verifier::new(noted);
    let rows = store.audit_rows(0, 1000).await.unwrap();
    rows.iter().try_for_each(|row| verifier.check(row))?;
    verifier.end(store.audit_head().await.unwrap())?;
    Ok(verifier.at())
}

/// What is found after these statements: the number of the first row that is wrong.
async fn found(sql: &'static str) -> Option<u64> {
    let place = Place::new();
    let head = filled(&place).await;
    let raw = place.raw().await;
    sqlx::raw_sql(sql).execute(&raw).await.unwrap();
    raw.close().await;
    verified(&*place.open().await, Some(head)).await.err().map(|fault| fault.seq)
}

#[tokio::test]
async fn what_nobody_touched_is_whole() {
    assert_eq!(found("SELECT 1").await, None);
}

#[tokio::test]
async fn a_changed_row_is_named() {
    assert_eq!(
        found(
            "UPDATE audit SET user_id = x'00112233445566778899aabbccddeeff' \
        WHERE seq = 7"
        )
        .await,
        Some(7)
    );
    assert_eq!(found("UPDATE audit SET at = at + 1 WHERE seq = 1").await, Some(1));
    assert_eq!(found("UPDATE audit SET failed = 1 WHERE seq = 20").await, Some(20));
    assert_eq!(found("UPDATE audit SET hash = zeroblob(32) WHERE seq = 9").await, Some(9));
}

#[tokio::test]
async fn a_deleted_row_is_named() {
    assert_eq!(found("DELETE FROM audit WHERE seq = 7").await, Some(7));
    assert_eq!(found("DELETE FROM audit WHERE seq = 1").await, Some(1));
    assert_eq!(found("DELETE FROM audit WHERE seq > 18").await, Some(19));
    assert_eq!(found("DELETE FROM audit").await, Some(1));
    // The rest moved up behind it.
    let moved = "DELETE FROM audit WHERE seq = 7; UPDATE audit SET seq = seq - 1 WHERE seq > 7";
    assert_eq!(found(moved).await, Some(7));
    // The last ones gone, and the head put right: a noted one tells.
    let cut = "DELETE FROM audit WHERE seq > 15; UPDATE audit_head SET seq = 15, \
        hash = (SELECT hash FROM audit WHERE seq = 15)";
    assert_eq!(found(cut).await, Some(16));
}

#[tokio::test]
async fn rows_that_changed_places_are_named() {
    let swapped = "UPDATE audit SET seq = 100 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 12; \
        UPDATE audit SET seq = 12 WHERE seq = 100";
    assert_eq!(found(swapped).await, Some(5));
}

#[tokio::test]
async fn a_row_that_was_put_in_is_named() {
    let added = "INSERT INTO audit SELECT 21, 'x', at, actor, user_id, action, resource, resource_id, \
        failed, address, device, details, hash, hash FROM audit WHERE seq = 20";
    assert_eq!(found(added).await, Some(21));
}
