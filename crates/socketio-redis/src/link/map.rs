//! Which server owns which slots. Pure.
//!
//! One Redis is a map of one nameless server that owns all, and so is the one that Sentinels name, by
//! its name. A cluster's is what most of those asked say, with single slots put right as servers refer to each
//! other (`MOVED`). Slots without an owner are slots of nobody: what is theirs waits.

use std::collections::HashSet;
use std::sync::Arc;

use redis::{RedisError, Value};

use super::slot::{self, SLOTS};

/// A server, by host and port; the only one has no name.
pub(super) type Server = Arc<str>;

/// Which server owns which slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Map {
    /// One owns all; nobody, until it is known who.
    One(Option<Server>),
    /// From each of these slots on, up to the next of them, the owner if there is one. In order,
    /// from slot 0 on, no two neighbours alike.
    Many(Vec<Run>),
}

type Run = (u16, Option<Server>);

impl Map {
    /// One server, whatever its name.
    pub(super) fn one() -> Self {
        Self::One(Some(Arc::from("")))
    }

    /// One server, that is yet to be named.
    pub(super) fn unnamed() -> Self {
        Self::One(None)
    }

    /// A cluster of which nothing is known yet.
    pub(super) fn unknown() -> Self {
        Self::Many(vec![(0, None)])
    }

    /// The slot of a channel, as far as it matters.
    pub(super) fn slot(&self, channel: &str) -> u16 {
        match self {
            Self::One(_) => 0,
            Self::Many(_) => slot::of(channel),
        }
    }

    pub(super) fn owner(&self, slot: u16) -> Option<&Server> {
        match self {
            Self::One(server) => server.as_ref(),
            Self::Many(runs) => {
                let after = runs.partition_point(|(from, _)| *from <= slot);
                runs.get(after.checked_sub(1)?).filter(|_| slot < SLOTS)?.1.as_ref()
            }
        }
    }

    /// Everybody who owns a slot.
    pub(super) fn owners(&self) -> HashSet<Server> {
        match self {
            Self::One(server) => server.iter().cloned().collect(),
            Self::Many(runs) => runs.iter().filter_map(|(_, owner)| owner.clone()).collect(),
        }
    }

    /// Somebody was referred to another server for that slot; whether that is news.
    pub(super) fn set(&mut self, slot: u16, server: &Server) -> bool {
        if slot >= SLOTS || self.owner(slot) == Some(server) {
            return false;
        }
        let Self::Many(runs) = self else { return false };
        let at = runs.partition_point(|(from, _)| *from <= slot);
        let before = at.checked_sub(1).and_then(|before| runs[before].1.clone());
        let ends = runs.get(at).map_or(SLOTS, |(from, _)| *from) == slot + 1;
        if !ends {
            runs.insert(at, (slot + 1, before));
        }
        runs.insert(at, (slot, Some(Arc::clone(server))));
        *runs = tidy(std::mem::take(runs));
        true
    }

    /// Reads the answer to `SENTINEL GET-MASTER-ADDR-BY-NAME`.
    pub(super) fn read_primary(answer: Value) -> Option<Self> {
        let (host, port) = redis::from_redis_value::<(String, u16)>(answer).ok()?;
        Some(Self::One(Some(format!("{host}:{port}").into())))
    }

    /// Reads the answer to `CLUSTER SLOTS` of the server at `asked`.
    pub(super) fn read(answer: Value, asked: &str) -> Option<Self> {
        let Value::Array(ranges) = answer else { return None };
        let mut read: Vec<(u16, u16, Server)> = Vec::with_capacity(ranges.len());
        for range in ranges {
            let Value::Array(parts) = range else { return None };
            let [Value::Int(from), Value::Int(to), Value::Array(master), ..] = &*parts else {
                return None;
            };
            let (from, to) = (u16::try_from(*from).ok()?, u16::try_from(*to).ok()?);
            read.push((from, to, name(master, asked)?.into()));
        }
        read.sort();
        let (mut runs, mut next) = (Vec::with_capacity(read.len()), 0);
        for (from, to, server) in read {
            if from < next || to < from || to >= SLOTS {
                return None;
            }
            if from > next {
                runs.push((next, None));
            }
            runs.push((from, Some(server)));
            next = to + 1;
        }
        if next < SLOTS {
            runs.push((next, None));
        }
        Some(Self::Many(tidy(runs)))
    }
}

/// Neighbours that are alike become one; of two that begin at the same slot the later counts.
fn tidy(runs: Vec<Run>) -> Vec<Run> {
    let mut tidied: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        if tidied.last().is_some_and(|last| last.0 == run.0) {
            tidied.pop();
        }
        if tidied.last().is_none_or(|last| last.1 != run.1) {
            tidied.push(run);
        }
    }
    tidied
}

/// The host and port of one that answers for itself: who does not know its own host has the one
/// that it was asked at.
fn name(parts: &[Value], asked: &str) -> Option<String> {
    let Some(Value::Int(port)) = parts.get(1) else { return None };
    let host = match parts.first() {
        Some(Value::BulkString(host)) => std::str::from_utf8(host).ok()?,
        Some(Value::SimpleString(host)) => host.as_str(),
        Some(Value::Nil) => "",
        _ => return None,
    };
    let host = if host.is_empty() || host == "?" { split(asked)?.0 } else { host };
    Some(format!("{host}:{port}"))
}

/// The host and the port of a server's name.
pub(super) fn split(name: &str) -> Option<(&str, u16)> {
    let (host, port) = name.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

/// To whom an error refers for which slot, if it does; `asked` is who sent it. (The only one has
/// nobody to refer to.)
pub(super) fn referral(error: &RedisError, asked: &str) -> Option<(u16, Server)> {
    let (own, _) = split(asked)?;
    let (to, slot) = error.redirect_node()?;
    let (host, port) = split(to)?;
    let host = if host.is_empty() || host == "?" { own } else { host };
    Some((slot, format!("{host}:{port}").into()))
}

/// What most of the answers say, if more than `half` of those asked say so, or nobody is left to
/// be waited for.
pub(super) fn agreed(answers: &[Map], asked: usize, waiting: usize) -> Option<&Map> {
    let votes = |map: &Map| answers.iter().filter(|other| *other == map).count();
    let best = answers.iter().max_by_key(|map| votes(map))?;
    let rivals = answers.iter().any(|map| map != best && votes(map) == votes(best));
    (votes(best) * 2 > asked || (waiting == 0 && !rivals)).then_some(best)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use redis::Value;

    use super::{Map, agreed, referral};

    fn node(host: &str, port: i64) -> Value {
        Value::Array(vec![Value::BulkString(host.into()), Value::Int(port)])
    }

    fn range(from: i64, to: i64, master: Value) -> Value {
        Value::Array(vec![Value::Int(from), Value::Int(to), master, node("replica", 1)])
    }

    fn read(ranges: Vec<Value>) -> Option<Map> {
        Map::read(Value::Array(ranges), "seed:9")
    }

    #[test]
    fn masters_own_what_they_say() {
        let unnamed = Value::Array(vec![Value::Nil, Value::Int(7)]);
        let ranges = vec![
            range(0, 9, node("a", 1)),
            range(20, 16383, node("::1", 2)),
            range(10, 10, node("", 3)),
            range(11, 11, unnamed),
        ];
        let mut map = read(ranges).expect("a map");
        let mut owner = |slot, more: Option<&str>| {
            if let Some(more) = more {
                map.set(slot, &more.into());
            }
            map.owner(slot).map(ToString::to_string)
        };
        assert_eq!(owner(9, None).as_deref(), Some("a:1"));
        assert_eq!(owner(16383, None).as_deref(), Some("::1:2"));
        assert_eq!(owner(10, None).as_deref(), Some("seed:3"));
        assert_eq!(owner(11, None).as_deref(), Some("seed:7"));
        assert_eq!(owner(15, None), None);
        assert_eq!(owner(15, Some("b:4")).as_deref(), Some("b:4"));
        assert_eq!(owner(16384, Some("b:4")), None);
        assert_eq!(map.owners().len(), 5);
        assert_eq!(Map::one().owner(5), Map::one().owner(16383));
    }

    #[test]
    fn the_primary_is_who_sentinels_name() {
        let texts = |parts: &[&str]| {
            Value::Array(parts.iter().map(|part| Value::BulkString((*part).into())).collect())
        };
        let map = Map::read_primary(texts(&["::1", "7000"])).expect("a map");
        assert_eq!(map.owner(16383).map(|server| &**server), Some("::1:7000"));
        assert_eq!((map.slot("any"), map.owners().len()), (0, 1));
        for wrong in [Value::Nil, texts(&["a"]), texts(&["a", "b"]), texts(&["a", "70000"])] {
            assert_eq!(Map::read_primary(wrong), None);
        }
        assert!(Map::unnamed().owner(0).is_none() && Map::unnamed().owners().is_empty());
    }

    #[test]
    fn nonsense_is_no_map() {
        assert!(Map::read(Value::Okay, "").is_none());
        for wrong in [
            Value::Nil,
            range(-1, 5, node("a", 1)),
            range(5, 16384, node("a", 1)),
            range(5, 4_000_000_000, node("a", 1)),
            range(0, 5, Value::Nil),
            Value::Array(vec![Value::Int(0), Value::Int(5)]),
            Value::Array(vec![Value::Int(0)]),
        ] {
            assert!(read(vec![wrong.clone()]).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn most_decide_and_nobody_between_two() {
        let [a, b] = ["a", "b"].map(|host| read(vec![range(0, 9, node(host, 1))]).expect("a map"));
        assert_eq!(agreed(&[], 3, 0), None);
        assert_eq!(agreed(std::slice::from_ref(&a), 3, 2), None, "two may yet say otherwise");
        assert_eq!(agreed(std::slice::from_ref(&a), 3, 0), Some(&a));
        assert_eq!(agreed(&[a.clone(), b.clone()], 3, 0), None);
        assert_eq!(agreed(&[b, a.clone(), a.clone()], 5, 0), Some(&a));
        assert_eq!(agreed(&[a.clone(), a.clone()], 3, 1), Some(&a));
    }

    fn error(text: &str) -> redis::RedisError {
        let parsed = redis::parse_redis_value(text.as_bytes()).expect("an answer");
        parsed.extract_error().expect_err("an error")
    }

    #[test]
    fn referrals_name_slot_and_server() {
        let to = |text| referral(&error(text), "seed:9").map(|(slot, to)| (slot, to.to_string()));
        assert_eq!(to("-MOVED 3999 10.0.0.1:6381\r\n"), Some((3999, "10.0.0.1:6381".into())));
        assert_eq!(to("-MOVED 3999 :6381\r\n"), Some((3999, "seed:6381".into())));
        assert_eq!(to("-MOVED x y\r\n"), None);
        assert_eq!(to("-CLUSTERDOWN no\r\n"), None);
    }

    proptest! {
        #[test]
        fn single_slots_are_put_right(moves in prop::collection::vec((0_u16..16384, 0_u8..3), 0..60), near in 0_u16..20) {
            let mut map = read(vec![range(0, 9, node("a", 0)), range(12, 16383, node("a", 1))]).expect("a map");
            let mut all: Vec<Option<String>> = (0..16384).map(|slot| map.owner(slot).map(ToString::to_string)).collect();
            for (slot, to) in moves {
                let (slot, to) = (if slot % 2 == 0 { slot % 20 + near } else { slot }, format!("a:{to}"));
                let news = all[usize::from(slot)].replace(to.clone()).as_deref() != Some(&*to);
                assert_eq!(map.set(slot, &to.as_str().into()), news);
            }
            for (slot, owner) in (0..).zip(&all) {
                assert_eq!(map.owner(slot).map(ToString::to_string), *owner, "{slot}");
            }
            let Map::Many(runs) = map else { panic!() };
            assert!(runs[0].0 == 0 && runs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 != two[1].1));
        }

        #[test]
        fn no_numbers_panic(from in any::<i64>(), to in any::<i64>(), port in any::<i64>(), host in prop::collection::vec(any::<u8>(), 0..9)) {
            let master = Value::Array(vec![Value::BulkString(host), Value::Int(port)]);
            let _ = read(vec![range(from, to, master)]);
        }
    }
}
