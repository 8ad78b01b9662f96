//! Connections that are signed in and say nothing but that they are there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

use anyhow::Result;
use tokio::task::JoinSet;

use crate::client::{Client, Heard, hear};
use crate::rest::Person;

/// How many connect at the same time.
const AT_ONCE: usize = 64;
/// How many source addresses they come from.
const SOURCES: usize = 50;

/// Opens the connections of these numbers, each where and as whom `whose` says, from many
/// addresses. They stay for as long as the set is kept; one that ends before is an error in it.
pub(crate) async fn connect(
    mut numbers: Range<usize>,
    whose: impl Fn(usize) -> (SocketAddr, Person),
) -> Result<JoinSet<Result<()>>> {
    let mut silent = JoinSet::new();
    let mut coming = JoinSet::new();
    loop {
        while coming.len() < AT_ONCE
            && let Some(number) = numbers.next()
        {
            let (server, person) = whose(number);
            coming.spawn(async move { Client::connect(server, source(number), &person).await });
        }
        match coming.join_next().await {
            Some(client) => silent.spawn(stay(client??)),
            None => return Ok(silent),
        };
    }
}

/// Answers heartbeats until it is dropped.
async fn stay(mut client: Client) -> Result<()> {
    loop {
        let mut pings = 0;
        client.wire.frames(|frame| {
            pings += u32::from(matches!(hear(frame), Heard::Ping));
            Ok(())
        })?;
        for _ in 0..pings {
            client.pong().await?;
        }
        client.wire.doze().await?;
    }
}

fn source(number: usize) -> SocketAddr {
    let last = u8::try_from(number % SOURCES + 1).unwrap_or(1);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 1, last)), 0)
}
