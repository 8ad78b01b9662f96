//! Who reads what: people with chats of two and of twenty, each with a past, most of it read.

use anyhow::Result;
use zvon_core::delivery::store::{CursorStore, Move};
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_store::postgres::{Postgres, Settings};

use crate::rest::Person;
use crate::seed::{Hall, Seed};

/// Chats of two that each person is in, with who follows in a ring at these distances.
const FRIENDS: [usize; 4] = [1, 3, 7, 12];
/// Members of a group.
const GROUP: usize = 20;
/// Messages of each chat.
const PAST: u64 = 300;

/// A database with people and pasts in it.
pub(super) struct Scene {
    pub(super) people: Vec<(Person, SessionId)>,
    pub(super) halls: Vec<Hall>,
}

impl Scene {
    /// Fills an empty database.
    pub(super) async fn build(url: &str, count: usize) -> Result<Self> {
        let url = url.to_owned();
        let settings = Settings { url, send: 2, read: 2, rest: 2, pooled: false };
        let store = Postgres::open(&settings).await?;
        let mut seed = Seed::of(store.clone());
        seed.people(count).await?;
        let mut halls = Vec::new();
        for index in 0..count {
            for friend in FRIENDS {
                halls.push(seed.hall(vec![index, (index + friend) % count]).await?);
            }
        }
        for first in (0..count).step_by(GROUP) {
            halls.push(seed.hall((first..(first + GROUP).min(count)).collect()).await?);
        }
        let messages = PAST * halls.len() as u64;
        seed.past(&halls, messages).await?;
        let people = seed.everybody().to_vec();
        // In one chat of ten the last thirty messages are still to be read.
        for (index, hall) in halls.iter().enumerate() {
            let read = if index % 10 == 0 { PAST - 29 } else { PAST + 1 };
            let moves: Vec<Move> = hall
                .members
                .iter()
                .map(|member| Move {
                    chat: ChatId(hall.id),
                    user: UserId(people[*member].0.id),
                    session: None,
                    delivered: PAST + 1,
                    read,
                })
                .collect();
            store.move_cursors(seed.author(0).at, &moves).await?;
        }
        store.close().await;
        Ok(Self { people, halls })
    }

    /// The chats of somebody.
    pub(super) fn chats_of(&self, person: usize) -> Vec<&Hall> {
        self.halls.iter().filter(|hall| hall.members.contains(&person)).collect()
    }
}
