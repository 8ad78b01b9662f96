//! The call that appends a batch which goes in as a whole (`migrations/postgres/0008_append.sql`):
//! the order of everything that it locks and all that follows from the batch alone, worked out
//! here, and what its answer means.
//!
//! It answers nothing, and has done nothing, if one row may not go in; which and why is asked by
//! the other call (`batch`). Behind a pooler the arguments are literals, the texts in them as hex.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{Display, Write};

use sqlx::postgres::PgRow;
use sqlx::{Error, Row};
use uuid::Uuid;
use zvon_core::delivery::store::Moved;
use zvon_core::message::store::Append;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::Postgres;
use super::batch::Answer;
use crate::receipt::Grown;
use crate::row::unsigned;

const CALL: &str = "SELECT * FROM append_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
    $13, $14, $15, $16, $17, $18)";

/// Calls the function; `None` if something is not fine.
pub(super) async fn call(
    store: &Postgres,
    at: Timestamp,
    rows: &[Append],
) -> Result<Option<Answer>, Error> {
    let Some(plan) = Plan::of(rows) else { return Ok(None) };
    let found = if store.send.is_pooled() {
        store.send.run(plan.literal(at, rows)).await?
    } else {
        let from: Vec<_> = rows.iter().map(|row| row.forward.map(|from| from.from.0)).collect();
        let original = rows.iter().map(|row| row.forward.map(|from| from.original_sender.0));
        let call = sqlx::query(CALL)
            .bind(at.0)
            .bind(&plan.chats)
            .bind(&plan.counts)
            .bind(&plan.sessions)
            .bind(&plan.owners)
            .bind(&plan.places)
            .bind(&plan.members)
            .bind(&plan.upto)
            .bind(&plan.own)
            .bind(plan.senders)
            .bind(&plan.chat)
            .bind(&plan.after)
            .bind(rows.iter().map(|row| row.sender.0).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.id.0).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.client_id.as_deref()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.content.as_str()).collect::<Vec<_>>())
            .bind(from)
            .bind(original.collect::<Vec<_>>());
        store.send.rows(call).await?
    };
    plan.answer(found.first().ok_or(Error::RowNotFound)?)
}

/// What follows from a batch alone. Places in `chats` count from 1, as the database's do.
#[derive(Default)]
struct Plan {
    /// The chats in order, and how many messages are for each.
    chats: Vec<Uuid>,
    counts: Vec<i64>,
    sessions: Vec<Uuid>,
    owners: Vec<Uuid>,
    /// The cursors that may move, in order of chat and user: how many messages of the chat come
    /// after the last one that is received, and after the last own one.
    places: Vec<i64>,
    members: Vec<Uuid>,
    upto: Vec<i64>,
    own: Vec<Option<i64>>,
    senders: i64,
    /// Per row the place of its chat, and how many messages of the chat come after it.
    chat: Vec<i64>,
    after: Vec<i64>,
}

impl Plan {
    /// `None` if an id is there twice.
    fn of(rows: &[Append]) -> Option<Self> {
        let ids: BTreeSet<_> = rows.iter().map(|row| row.id.0).collect();
        if ids.len() < rows.len() {
            return None;
        }
        let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
        for row in rows {
            *counts.entry(row.chat.0).or_default() += 1;
        }
        let place: HashMap<Uuid, i64> = counts.keys().copied().zip(1..).collect();
        let mut plan = Self {
            chats: counts.keys().copied().collect(),
            counts: counts.values().copied().collect(),
            chat: rows.iter().map(|row| place[&row.chat.0]).collect(),
            ..Self::default()
        };
        let mut cursors: BTreeMap<(i64, Uuid), (i64, Option<i64>)> = BTreeMap::new();
        for (row, place) in rows.iter().zip(&plan.chat) {
            // What is left of a chat's count comes after this row.
            let left = counts.entry(row.chat.0).or_default();
            *left -= 1;
            plan.after.push(*left);
            for user in &row.present {
                cursors.entry((*place, user.0)).or_insert((*left, None)).0 = *left;
            }
            cursors.insert((*place, row.sender.0), (*left, Some(*left)));
        }
        for ((place, member), (upto, own)) in cursors {
            plan.places.push(place);
            plan.members.push(member);
            plan.upto.push(upto);
            plan.own.push(own);
            plan.senders += i64::from(own.is_some());
        }
        let used: BTreeSet<_> = rows.iter().map(|row| (row.session.0, row.sender.0)).collect();
        (plan.sessions, plan.owners) = used.into_iter().unzip();
        Some(plan)
    }

    fn literal(&self, at: Timestamp, rows: &[Append]) -> String {
        let from = rows.iter().map(|row| row.forward.map(|from| from.from.0));
        let original = rows.iter().map(|row| row.forward.map(|from| from.original_sender.0));
        let clients = rows.iter().map(|row| row.client_id.as_deref().map(hex));
        let arguments = [
            at.0.to_string(),
            list(self.chats.iter().map(Some)),
            list(self.counts.iter().map(Some)),
            list(self.sessions.iter().map(Some)),
            list(self.owners.iter().map(Some)),
            list(self.places.iter().map(Some)),
            list(self.members.iter().map(Some)),
            list(self.upto.iter().map(Some)),
            list(self.own.iter().copied()),
            self.senders.to_string(),
            list(self.chat.iter().map(Some)),
            list(self.after.iter().map(Some)),
            list(rows.iter().map(|row| Some(row.sender.0))),
            list(rows.iter().map(|row| Some(row.id.0))),
            list(clients),
            list(rows.iter().map(|row| Some(hex(&row.content)))),
            list(from),
            list(original),
        ];
        format!("SELECT * FROM append_plain_v2({})", arguments.join(", "))
    }

    fn answer(&self, found: &PgRow) -> Result<Option<Answer>, Error> {
        let ints = |column: &str| found.try_get::<Option<Vec<i64>>, _>(column);
        let Some(heads) = ints("heads")? else { return Ok(None) };
        let counts = |column: &str| Ok::<_, Error>(ints(column)?.unwrap_or_default());
        let (nos, ats, sizes) = (counts("nos")?, counts("ats")?, counts("sizes")?);
        let of = |all: &[i64], place: i64| {
            let index = usize::try_from(place - 1).ok();
            index.and_then(|index| all.get(index).copied()).ok_or(Error::RowNotFound)
        };
        let mut answer = Answer { verdicts: vec![0; self.chat.len()], ..Answer::default() };
        for (chat, after) in self.chat.iter().zip(&self.after) {
            let (seq, no) = (of(&heads, *chat)? - after, of(&nos, *chat)? - after);
            let at = Timestamp(of(&ats, *chat)?);
            answer.places.push(Some((unsigned(seq)?, unsigned(no)?, at)));
        }
        for (((chat, count), head), members) in
            self.chats.iter().zip(&self.counts).zip(&heads).zip(sizes)
        {
            let grown = Grown { from: unsigned(head - count)?, members: unsigned(members)? };
            answer.growth.insert(ChatId(*chat), grown);
        }
        let from = counts("delivered_from")?.into_iter().zip(counts("read_from")?);
        for (line, (delivered, read)) in counts("moved")?.into_iter().zip(from) {
            let place = of(&self.places, line)?;
            let index = usize::try_from(line - 1).map_err(|_| Error::RowNotFound)?;
            let head = of(&heads, place)?;
            let own = self.own[index].map_or(read, |own| head - own);
            answer.moved.push(Moved {
                chat: ChatId(self.chats[usize::try_from(place - 1).unwrap_or_default()]),
                user: UserId(self.members[index]),
                delivered: (
                    unsigned(delivered)?,
                    unsigned(delivered.max(head - self.upto[index]))?,
                ),
                read: (unsigned(read)?, unsigned(own)?),
            });
        }
        Ok(Some(answer))
    }
}

/// A literal of an array whose items need no quoting.
fn list<T: Display>(items: impl Iterator<Item = Option<T>>) -> String {
    let mut list = String::from("'{");
    for (number, item) in items.enumerate() {
        let comma = if number == 0 { "" } else { "," };
        // Writing into a string does not fail.
        let _ = match item {
            Some(item) => write!(list, "{comma}{item}"),
            None => write!(list, "{comma}NULL"),
        };
    }
    list.push_str("}'");
    list
}

/// An empty text is no item of a literal, so it is one in quotes.
fn hex(text: &str) -> String {
    let mut hex = String::with_capacity(text.len() * 2 + 2);
    for byte in text.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    if hex.is_empty() { "\"\"".to_owned() } else { hex }
}
