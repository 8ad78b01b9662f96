//! Durable sends: writers keep several of them outstanding, or send at a fixed rate.
//!
//! Everything is checked: each ack repeats what was sent; the places of a chat's messages are
//! dense; each socket in a chat hears each of its messages once, in order.

mod check;
mod report;
mod writer;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::time::Instant;
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::outbox::store::{Bookmark, OutboxRow, OutboxStore};
use zvon_protocol::time::Timestamp;
use zvon_store::sqlite::Sqlite;

use crate::client::Client;
use crate::rest::{self, Person};
use crate::seed::Hall;
use crate::server::{Server, place};
pub(crate) use report::Report;
use writer::Plan;
pub(crate) use writer::{Outcome, Writer};

/// Loopback, any port.
pub(crate) const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How sends are made.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many people write, each on a connection of their own.
    #[arg(long, default_value_t = 50)]
    pub(crate) writers: usize,
    /// Over how many chats; with as many as writers each chat has two members.
    #[arg(long, default_value_t = 50)]
    pub(crate) chats: usize,
    /// How long is measured.
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// How long the load runs before that.
    #[arg(long, default_value_t = 2.0)]
    pub(crate) warm_up: f64,
    /// How many sends of a writer may be without an answer.
    #[arg(long, default_value_t = 4)]
    pub(crate) outstanding: usize,
    /// Sends per second of all writers together, instead of as many as are answered.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { writers: 50, chats: 50, seconds: 10.0, warm_up: 2.0, outstanding: 4, rate: None }
    }
}

/// Starts a server on fresh data and puts the load on it.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<Report> {
    let data = place()?;
    let server = Server::start(zvon, data.path()).await?;
    let people = rest::sign_up(server.address(), options.writers).await?;
    let halls = open_halls(server.address(), &people, options.chats).await?;
    measure(server, data.path(), (&people, &halls), options).await
}

/// Puts the load on a running server, ends it, and reads from its data what it committed.
pub(crate) async fn measure(
    server: Server,
    data: &Path,
    (people, halls): (&[Person], &[Hall]),
    options: &Options,
) -> Result<Report> {
    let address = server.address();
    let writers = gather(|_| address, people, (halls, people.len()), options).await?;
    let look = || Ok((server.account()?, SystemClock.now()));
    let (outcomes, (before, from), (after, to)) = drive(writers, options, &look).await?;
    let messages = check::all(&outcomes)?;
    server.stop().await?;
    let mut latency = Histogram::<u64>::new(3)?;
    for outcome in &outcomes {
        latency.add(&outcome.latency)?;
    }
    Ok(Report {
        seconds: options.seconds,
        acked: latency.len(),
        heard: outcomes.iter().map(|outcome| outcome.heard_in_time).sum(),
        latency,
        commits: commits(data, from, to).await?,
        cpu: after.cpu - before.cpu,
        checked: messages,
    })
}

/// Lets them write; what they saw, and what `look` found at the beginning and the end of what is
/// measured. Everything they saw fits together.
pub(crate) async fn drive<T>(
    writers: Vec<Writer>,
    options: &Options,
    look: &impl Fn() -> Result<T>,
) -> Result<(Vec<Outcome>, T, T)> {
    let begin = Instant::now() + Duration::from_secs_f64(options.warm_up);
    let end = begin + Duration::from_secs_f64(options.seconds);
    let writing: Vec<_> =
        writers.into_iter().map(|writer| tokio::spawn(writer.write(begin, end))).collect();
    tokio::time::sleep_until(begin).await;
    let before = look()?;
    tokio::time::sleep_until(end).await;
    let after = look()?;
    let mut written = Vec::new();
    for writer in writing {
        written.push(writer.await??);
    }
    let outcomes = settle(written).await?;
    check::all(&outcomes)?;
    Ok((outcomes, before, after))
}

/// Makes the chats: the people in turn; who would be alone gets a neighbour.
pub(crate) async fn open_halls(
    server: SocketAddr,
    people: &[Person],
    count: usize,
) -> Result<Vec<Hall>> {
    ensure!(people.len() > 1 && count > 0, "a chat needs two");
    let mut halls = Vec::new();
    for hall in 0..count {
        let mut members: Vec<usize> = (hall..people.len()).step_by(count).collect();
        if let [one] = members[..] {
            members.push((one + 1) % people.len());
        }
        let first = members.first().context("more chats than people")?;
        let ids: Vec<_> = members.iter().map(|member| people[*member].id).collect();
        let want = json!({ "title": format!("Load {hall}"), "participants": ids });
        let mut client = Client::connect(server, ANY, &people[*first]).await?;
        let made = client.ask("chat:create", &want).await?;
        let id = made["chat"]["id"].as_str().context("no chat")?.parse()?;
        halls.push(Hall { id, members });
    }
    Ok(halls)
}

/// Connects everybody, each to the server that `place` says, and lets them join their chats; the
/// first of them write, each into one.
pub(crate) async fn gather(
    place: impl Fn(usize) -> SocketAddr,
    people: &[Person],
    (halls, writers): (&[Hall], usize),
    options: &Options,
) -> Result<Vec<Writer>> {
    let mut clients = Vec::new();
    for (index, person) in people.iter().enumerate() {
        clients.push(Client::connect(place(index), ANY, person).await?);
    }
    for hall in halls {
        for member in &hall.members {
            clients[*member].ask("chat:join", &json!({ "chatId": hall.id })).await?;
        }
    }
    let every = options.rate.map(|rate| Duration::from_secs_f64(people.len() as f64 / rate));
    let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
    let writer = |(index, client): (usize, Client)| {
        let outstanding = if index < writers { options.outstanding } else { 0 };
        // Paced sends come one by one, not everybody's at once.
        let after = every.unwrap_or_default() * u32::try_from(index).unwrap_or(0) / count;
        let plan = Plan { outstanding, every, after };
        Writer::new(client, halls[index % halls.len()].id.to_string(), plan)
    };
    Ok(clients.into_iter().enumerate().map(writer).collect())
}

/// Lets everybody hear what is still on its way.
async fn settle(written: Vec<Writer>) -> Result<Vec<Outcome>> {
    let mut totals: HashMap<String, u64> = HashMap::new();
    for writer in &written {
        *totals.entry(writer.chat().to_owned()).or_default() += writer.sent();
    }
    let mut outcomes = Vec::new();
    for writer in written {
        outcomes.push(writer.settle(&totals).await?);
    }
    Ok(outcomes)
}

/// How many transactions added to logs in that time.
async fn commits(data: &Path, from: Timestamp, to: Timestamp) -> Result<u64> {
    let store = Sqlite::open(&data.join("zvon.db"), 1).await?;
    let (mut place, mut count) = (Bookmark::default(), 0);
    loop {
        let (rows, next) = store.outbox(&place, 10_000).await?;
        if rows.is_empty() {
            break;
        }
        place = next;
        let adds = |row: &&OutboxRow| !row.spans.is_empty() && from <= row.at && row.at <= to;
        count += rows.iter().filter(adds).count() as u64;
    }
    store.close().await;
    Ok(count)
}
