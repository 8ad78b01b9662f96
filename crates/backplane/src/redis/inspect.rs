//! What an operator wants to know of a Redis. It is only read, and what its user may not ask stays
//! unknown.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Cmd, FromRedisValue};
use zvon_core::clock::Clock;

use super::address::Address;
use super::dial::Dialer;
use super::error::LinkError;
use super::wire::{Wire, within};

/// Longer than a node waits: the operator wants the answer, and may be far away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the clock is asked; the quickest answer counts.
const ASKED: usize = 3;

/// What was found.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Its version, like `7.0.15`.
    pub version: Option<String>,
    /// `standalone`, `sentinel` or `cluster`.
    pub mode: Option<String>,
    /// What it throws away when its memory is full (`maxmemory-policy`).
    pub policy: Option<String>,
    /// The most bytes it may take; 0 without a limit.
    pub most: Option<u64>,
    /// Whether it writes what it holds to an append-only file.
    pub keeps: Option<bool>,
    /// What it consists of, if it is a cluster.
    pub parts: Option<Parts>,
    /// How many nodes are entered.
    pub nodes: usize,
    /// How far its clock is ahead of this machine's, in ms.
    pub ahead: i64,
    /// How exactly that is known, in ms.
    pub within: i64,
}

/// What a cluster consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Servers that own slots.
    pub masters: usize,
    /// Those of them that have no replica.
    pub alone: usize,
    /// Slots that nobody owns.
    pub missing: u16,
}

/// Connects as a node would, and looks. Of a cluster, the most careless part is told of.
///
/// # Errors
/// When it cannot be reached, or refuses the user.
pub async fn inspect(address: Address, clock: &dyn Clock) -> Result<Inspection, LinkError> {
    // TLS needs it; a provider that is already there stays.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (mut wire, _) = Dialer(Arc::new(address)).dial(None).await?;
    let (ahead, exactly) = skew(&mut wire, clock).await?;
    let hello = ask::<Vec<(String, redis::Value)>>(&mut wire, &redis::cmd("HELLO")).await;
    let hello = hello.unwrap_or_default();
    let word = |name: &str| {
        let (_, value) = hello.iter().find(|(field, _)| field == name)?;
        redis::from_redis_value::<String>(value.clone()).ok()
    };
    let infos = infos(&mut wire).await;
    let each = |name: &'static str| infos.iter().filter_map(move |info| field(info, name));
    let any = |name: &'static str| each(name).next().map(str::to_owned);
    let careful = "noeviction";
    let limits = || each("maxmemory").filter_map(|text| text.parse().ok());
    let mode = word("mode").or_else(|| any("redis_mode"));
    let parts = if mode.as_deref() == Some("cluster") { parts(&mut wire).await } else { None };
    Ok(Inspection {
        version: word("version").or_else(|| any("redis_version")),
        policy: each("maxmemory_policy").max_by_key(|policy| *policy != careful).map(str::to_owned),
        most: limits().filter(|most| *most > 0).min().or_else(|| limits().next()),
        keeps: each("aof_enabled").map(|text| text == "1").reduce(|all, one| all && one),
        mode,
        parts,
        nodes: nodes(&mut wire, clock.now().0 + ahead).await,
        ahead,
        within: exactly,
    })
}

async fn ask<T: FromRedisValue>(wire: &mut Wire, command: &Cmd) -> Result<T, LinkError> {
    let answer = within(PATIENCE, wire.run(command)).await?;
    Ok(redis::from_redis_value(answer).map_err(redis::RedisError::from)?)
}

/// The answers to INFO of one server, or of every master of a cluster.
async fn infos(wire: &mut Wire) -> Vec<String> {
    let answer = ask::<redis::Value>(wire, &redis::cmd("INFO")).await;
    let texts = match answer {
        Ok(redis::Value::Map(each)) => each.into_iter().map(|(_, text)| text).collect(),
        Ok(one) => vec![one],
        Err(_) => Vec::new(),
    };
    texts.into_iter().filter_map(|text| redis::from_redis_value(text).ok()).collect()
}

/// A server of `CLUSTER SLOTS`: host, port, id, and what else it says.
type Member = Vec<redis::Value>;

async fn parts(wire: &mut Wire) -> Option<Parts> {
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    let ranges: Vec<Vec<redis::Value>> = ask(wire, &command).await.ok()?;
    let (mut masters, mut missing) = (HashMap::new(), 16384_u16);
    for range in ranges {
        let mut range = range.into_iter();
        let mut number = || redis::from_redis_value::<u16>(range.next()?).ok();
        let (from, to) = (number()?, number()?);
        missing = missing.saturating_sub(to.saturating_sub(from) + 1);
        let members: Vec<Member> =
            range.filter_map(|member| redis::from_redis_value(member).ok()).collect();
        let master = members.first()?.get(2).cloned()?;
        masters.insert(redis::from_redis_value::<String>(master).ok()?, members.len());
    }
    let alone = masters.values().filter(|members| **members == 1).count();
    Some(Parts { masters: masters.len(), alone, missing })
}

/// A field of INFO's answer.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// How many nodes have a lease, by Redis' own clock.
async fn nodes(wire: &mut Wire, now: i64) -> usize {
    let mut leases = redis::cmd("ZRANGEBYSCORE");
    leases.arg("zvon:{nodes}:leases").arg(format!("({now}")).arg("+inf");
    ask::<Vec<String>>(wire, &leases).await.map_or(0, |nodes| nodes.len())
}

/// How far Redis' clock is ahead, and how exactly that is known: it was read at some time between
/// question and answer.
async fn skew(wire: &mut Wire, clock: &dyn Clock) -> Result<(i64, i64), LinkError> {
    let mut best: Option<(i64, Duration)> = None;
    for _ in 0..ASKED {
        let (begun, at) = (Instant::now(), clock.now());
        let (seconds, micros): (i64, i64) = ask(wire, &redis::cmd("TIME")).await?;
        let took = begun.elapsed();
        let half = i64::try_from(took.as_millis() / 2).unwrap_or(i64::MAX);
        if best.is_none_or(|(_, quickest)| took < quickest) {
            best = Some((seconds * 1000 + micros / 1000 - at.0 - half, took));
        }
    }
    let (ahead, took) = best.unwrap_or_default();
    Ok((ahead, i64::try_from(took.as_millis() / 2).unwrap_or(i64::MAX) + 1))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let info =
            "# Memory\r\nmaxmemory_human:0B\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(field(info, "maxmemory"), Some("0"));
        assert_eq!(field(info, "maxmemory_policy"), Some("noeviction"));
        assert_eq!(field(info, "aof_enabled"), None);
    }
}
