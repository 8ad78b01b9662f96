//! What people do in a day: they open the client, look at some chats, scroll back in one, look at
//! the first again; now and then somebody writes, now and then a message is pinned. Some people come
//! often, most seldom; each visit is at another node than the one before.

use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::http::Http;
use super::scene::Scene;
use crate::client::Client;

/// Chats that are looked at in one visit.
const LOOKS: usize = 3;

/// Dice that fall the same way in every run.
struct Dice(u64);

impl Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or(0)
    }

    /// Somebody: a fifth of the people make four fifths of the visits.
    fn somebody(&mut self, count: usize) -> usize {
        if self.below(5) > 0 { self.below(count.div_ceil(5)) } else { self.below(count) }
    }
}

/// The visits; how many requests they were.
pub(super) async fn run(nodes: [SocketAddr; 2], scene: &Scene, visits: usize) -> Result<u64> {
    let mut https = HashMap::new();
    for node in nodes {
        https.insert(node, Http::connect(node).await?);
    }
    let (mut dice, mut requests) = (Dice(0x5eed), 0);
    for visit in 0..visits {
        let node = nodes[visit % nodes.len()];
        let http = https.get_mut(&node).context("a connection to each")?;
        requests += one(node, http, scene, &mut dice, visit).await?;
    }
    Ok(requests)
}

async fn one(
    node: SocketAddr,
    http: &mut Http,
    scene: &Scene,
    dice: &mut Dice,
    visit: usize,
) -> Result<u64> {
    let who = dice.somebody(scene.people.len());
    let (person, _) = &scene.people[who];
    let token = &person.token;
    http.get(token, "/auth/me").await?;
    http.get(token, "/chats").await?;
    http.get(token, "/users").await?;
    let mut socket = Client::connect(node, SocketAddr::from(([127, 0, 0, 1], 0)), person).await?;
    let mut requests = 4;
    let mine = scene.chats_of(who);
    let first = dice.below(mine.len());
    for look in 0..LOOKS {
        let chat = mine[(first + look) % mine.len()].id;
        let newest = http.get(token, &format!("/chats/{chat}/messages?limit=50")).await?;
        socket.ask("chat:get-pinned", &json!({"chatId": chat})).await?;
        requests += 2;
        if look == 1 {
            requests += scroll(http, token, &chat.to_string(), newest).await?;
        }
    }
    let chat = mine[first].id;
    http.get(token, &format!("/chats/{chat}/messages?limit=50")).await?;
    requests += 1;
    if visit.is_multiple_of(4) {
        let path = format!("/chats/{chat}/messages");
        let sent = http.post(token, &path, r#"{"content":"something new"}"#).await?;
        requests += 1;
        if visit.is_multiple_of(20) {
            let sent: Value = serde_json::from_slice(&sent)?;
            socket.ask("message:pin", &json!({"messageId": sent["id"]})).await?;
            requests += 1;
        }
    }
    Ok(requests)
}

/// Three pages back.
async fn scroll(http: &mut Http, token: &str, chat: &str, newest: Vec<u8>) -> Result<u64> {
    let mut page: Vec<Value> = serde_json::from_slice(&newest)?;
    for _ in 0..3 {
        let before = page.first().context("a chat with a past")?["seq"].clone();
        let path = format!("/chats/{chat}/messages?limit=50&before={before}");
        page = serde_json::from_slice(&http.get(token, &path).await?)?;
    }
    Ok(3)
}
