//! The call that appends what may go in of a batch (`migrations/postgres/0002_append.sql`): its
//! arguments and its answer.
//!
//! A pooler would need a transaction around a prepared statement, and the chats would be locked
//! until the client's COMMIT. There the arguments go as one literal whose letters are 0-9a-f.

use std::fmt::Write;

use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{Error, Row};
use uuid::Uuid;
use zvon_core::delivery::store::Moved;
use zvon_core::message::store::Append;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::Postgres;
use crate::receipt::{Grown, Growth};
use crate::row::unsigned;

const CALL: &str = "SELECT * FROM append_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// Calls the function.
pub(super) async fn call(
    store: &Postgres,
    at: Timestamp,
    rows: &[Append],
) -> Result<Answer, Error> {
    let found = if store.send.is_pooled() {
        let packed = pack(at, rows);
        store.send.run(format!("SELECT * FROM append_packed_v1('{packed}')")).await?
    } else {
        let uuids = |of: fn(&Append) -> Uuid| rows.iter().map(of).collect::<Vec<_>>();
        let from: Vec<_> = rows.iter().map(|row| row.forward.map(|from| from.from.0)).collect();
        let original = rows.iter().map(|row| row.forward.map(|from| from.original_sender.0));
        let (lines, present): (Vec<_>, Vec<_>) = present(rows).unzip();
        let call = sqlx::query(CALL)
            .bind(at.0)
            .bind(uuids(|row| row.chat.0))
            .bind(uuids(|row| row.session.0))
            .bind(uuids(|row| row.sender.0))
            .bind(uuids(|row| row.id.0))
            .bind(rows.iter().map(|row| row.client_id.as_deref()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.content.as_str()).collect::<Vec<_>>())
            .bind(from)
            .bind(original.collect::<Vec<_>>())
            .bind(lines)
            .bind(present);
        store.send.rows(call).await?
    };
    answer(found.first().ok_or(Error::RowNotFound)?)
}

/// Who looks on, by the row's number from 1.
fn present(rows: &[Append]) -> impl Iterator<Item = (i64, Uuid)> {
    (1..).zip(rows).flat_map(|(line, row)| row.present.iter().map(move |user| (line, user.0)))
}

/// The arguments as JSON, its bytes as hex.
fn pack(at: Timestamp, rows: &[Append]) -> String {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "chat": row.chat.0, "session": row.session.0, "usr": row.sender.0, "id": row.id.0,
                "client": row.client_id, "content": row.content,
                "source": row.forward.map(|from| from.from.0),
                "original": row.forward.map(|from| from.original_sender.0),
            })
        })
        .collect();
    let (numbers, users): (Vec<_>, Vec<_>) = present(rows).unzip();
    let all = json!({ "at": at.0, "rows": lines, "numbers": numbers, "users": users });
    let text = all.to_string();
    let mut packed = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        let _ = write!(packed, "{byte:02x}");
    }
    packed
}

/// What the function answers.
#[derive(Default)]
pub(super) struct Answer {
    /// Per row: 1 revoked, 2 known, 3 no chat, 4 no member, 5 twin, 0 in.
    pub(super) verdicts: Vec<i64>,
    /// Per row that went in: its place, number and time.
    pub(super) places: Vec<Option<(u64, u64, Timestamp)>>,
    pub(super) growth: Growth,
    pub(super) moved: Vec<Moved>,
}

fn answer(found: &PgRow) -> Result<Answer, Error> {
    let ints = |column: &str| found.try_get::<Option<Vec<i64>>, _>(column);
    let counts = |column: &str| -> Result<Vec<u64>, Error> {
        ints(column)?.unwrap_or_default().into_iter().map(unsigned).collect()
    };
    let uuids = |column: &str| -> Result<Vec<Uuid>, Error> {
        Ok(found.try_get::<Option<Vec<Uuid>>, _>(column)?.unwrap_or_default())
    };
    let maybe = |column: &str| found.try_get::<Vec<Option<i64>>, _>(column);
    let place = |((seq, no), at): ((Option<i64>, Option<i64>), Option<i64>)| match (seq, no, at) {
        (Some(seq), Some(no), Some(at)) => Ok(Some((unsigned(seq)?, unsigned(no)?, Timestamp(at)))),
        _ => Ok(None),
    };
    let places = maybe("seqs")?.into_iter().zip(maybe("nos")?).zip(maybe("ats")?).map(place);
    let grown = |((chat, from), members)| (ChatId(chat), Grown { from, members });
    let growth = uuids("chats")?.into_iter().zip(counts("starts")?).zip(counts("sizes")?);
    let users = uuids("moved_chats")?.into_iter().zip(uuids("moved_users")?);
    let delivered = counts("delivered_from")?.into_iter().zip(counts("delivered_to")?);
    let read = counts("read_from")?.into_iter().zip(counts("read_to")?);
    let moved = users.zip(delivered.zip(read)).map(|((chat, user), (delivered, read))| Moved {
        chat: ChatId(chat),
        user: UserId(user),
        delivered,
        read,
    });
    Ok(Answer {
        verdicts: ints("verdicts")?.unwrap_or_default(),
        places: places.collect::<Result<_, Error>>()?,
        growth: growth.map(grown).collect(),
        moved: moved.collect(),
    })
}
