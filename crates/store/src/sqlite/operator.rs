//! Who is an operator, on SQLite.

use zvon_core::outbox::event::AccountKind;
use zvon_core::store::StoreResult;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::{Sqlite, failed, outbox};
use crate::{row, told};

const MAKE: &str = "INSERT INTO operators (user_id, since) SELECT id, ?2 FROM users WHERE id = ?1 \
    ON CONFLICT (user_id) DO NOTHING";
const UNMAKE: &str = "DELETE FROM operators WHERE user_id = ?";
const IS: &str = "SELECT 1 FROM operators o JOIN users u ON u.id = o.user_id \
    WHERE o.user_id = ? AND u.disabled_at IS NULL";
const ALL: &str = "SELECT user_id AS id FROM operators ORDER BY since, user_id";

/// Makes a user one, or none any more; whether that changed anything.
pub(super) async fn set(
    store: &Sqlite,
    id: UserId,
    at: Timestamp,
    operator: bool,
) -> StoreResult<bool> {
    let mut tx = store.begin().await?;
    let (set, kind) = if operator {
        (sqlx::query(MAKE).bind(id.0).bind(at.0), AccountKind::OperatorMade)
    } else {
        (sqlx::query(UNMAKE).bind(id.0), AccountKind::OperatorUnmade)
    };
    let changed = set.execute(&mut *tx).await.map_err(failed)?.rows_affected() == 1;
    let events: Vec<_> = changed.then(|| told::of(id, kind)).into_iter().collect();
    outbox::tell(&mut tx, at, &events).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Whether the user is one, and their account may be used.
pub(super) async fn is(store: &Sqlite, id: UserId) -> StoreResult<bool> {
    let found = sqlx::query(IS).bind(id.0).fetch_optional(&store.readers).await;
    Ok(found.map_err(failed)?.is_some())
}

/// The same within a transaction.
pub(super) async fn is_within(tx: &mut Tx, id: UserId) -> StoreResult<bool> {
    let found = sqlx::query(IS).bind(id.0).fetch_optional(&mut **tx).await;
    Ok(found.map_err(failed)?.is_some())
}

/// All of them.
pub(super) async fn all(store: &Sqlite) -> StoreResult<Vec<UserId>> {
    let found = sqlx::query(ALL).fetch_all(&store.readers).await.map_err(failed)?;
    row::all(&found, |found| row::id(found, "id").map(UserId)).map_err(failed)
}
