//! Who is seen to be online, asked on every node.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::client::Client;
use crate::rest::Person;
use crate::sends::ANY;

/// How long it may take until everybody sees what is so: grace, leases and a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Asks in the name of `watchers`, each on another node in turn, until each sees those of the two
/// beside them online who are; how long that took. People stand in a ring, and `is_online` tells
/// the truth about the one of a number.
pub(super) async fn all_seen(
    nodes: &[SocketAddr],
    people: &[Person],
    watchers: &[usize],
    is_online: impl Fn(usize) -> bool,
) -> Result<Duration> {
    let begun = Instant::now();
    for (turn, watcher) in watchers.iter().enumerate() {
        let mut client = Client::connect(nodes[turn % nodes.len()], ANY, &people[*watcher]).await?;
        let count = people.len();
        let beside = [(watcher + 1) % count, (watcher + count - 1) % count];
        let expected = beside.into_iter().filter(|person| is_online(*person));
        let expected: HashSet<String> =
            expected.map(|person| people[person].id.to_string()).collect();
        loop {
            let seen = online(&mut client, &people[*watcher]).await?;
            if seen == expected {
                break;
            }
            if begun.elapsed() > PATIENCE {
                bail!("{watcher} sees {seen:?} online instead of {expected:?}");
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    Ok(begun.elapsed())
}

/// Who is online to somebody, but for themselves.
async fn online(client: &mut Client, own: &Person) -> Result<HashSet<String>> {
    let answer = client.ask("user:get-online", &json!(null)).await?;
    let users = answer["users"].as_array().context("no list of users")?;
    let ids = users.iter().filter_map(Value::as_str).map(str::to_owned);
    Ok(ids.filter(|id| *id != own.id.to_string()).collect())
}
