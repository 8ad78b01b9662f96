//! Redis: that it is there, is new enough, and throws nothing away.

use zvon_backplane::redis::inspect::{self, Inspection, Parts};
use zvon_core::clock::SystemClock;

use super::super::doctor::{self, Check};
use crate::config::Config;

const NAME: &str = "Redis";

/// The oldest Redis that will do.
const OLDEST: u32 = 7;

/// Redis and its clock.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    let advice =
        "see redis.url (REDIS_URL) and its users; without it nodes hear of each other late";
    let address = match config.redis.url.parse() {
        Ok(address) => address,
        Err(error) => return vec![Check::fail(NAME, format!("{error}"), advice)],
    };
    let found = match inspect::inspect(address, &SystemClock).await {
        Ok(found) => found,
        Err(error) => return vec![Check::fail(NAME, error.to_string(), advice)],
    };
    let clock = doctor::skew(NAME, found.ahead, found.within);
    let mut checks = vec![server(&found), memory(&found), clock, nodes(found.nodes)];
    checks.extend(found.parts.map(parts));
    checks
}

fn server(found: &Inspection) -> Check {
    let Some(version) = &found.version else {
        let advice = "it has to be 7.0 or newer; let its user ask HELLO or INFO";
        return Check::warn(NAME, "its version is unknown", advice);
    };
    let what = format!("{version}, {}", found.mode.as_deref().unwrap_or("of unknown mode"));
    let major = version.split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST) {
        return Check::fail(NAME, what, "it has to be 7.0 or newer");
    }
    Check::ok(NAME, what)
}

/// What it does when its memory is full: presence and limits must not go away one by one.
fn memory(found: &Inspection) -> Check {
    const NAME: &str = "Redis' memory";
    let Some(policy) = &found.policy else {
        let advice = "let its user ask INFO, or see that maxmemory-policy is noeviction";
        return Check::warn(NAME, "its user may not ask for it", advice);
    };
    let most = match found.most {
        None | Some(0) => "no limit".to_owned(),
        Some(bytes) => format!("at most {} MiB", bytes >> 20),
    };
    let kept = match found.keeps {
        Some(false) => "; nothing is kept over a restart",
        _ => "",
    };
    let what = format!("{most}, {policy}{kept}");
    if policy != "noeviction" {
        let advice = "maxmemory-policy noeviction: what is evicted is somebody's presence or limit";
        return Check::warn(NAME, what, advice);
    }
    Check::ok(NAME, what)
}

/// What a cluster's parts are worth when one goes.
fn parts(Parts { masters, alone, missing }: Parts) -> Check {
    const NAME: &str = "Redis' parts";
    let what = format!("{masters} masters, {alone} without a replica");
    if missing > 0 {
        let what = format!("{what}; {missing} slots have no server");
        return Check::fail(NAME, what, "redis-cli --cluster fix gives them to one");
    }
    if alone > 0 {
        let advice = "a replica each: while a master is away, what lies there is nobody's";
        return Check::warn(NAME, what, advice);
    }
    Check::ok(NAME, what)
}

fn nodes(count: usize) -> Check {
    Check::ok("nodes", format!("{count} run now"))
}

#[cfg(test)]
mod tests {
    use super::super::super::doctor::Status;
    use super::{Inspection, Parts, memory, parts, server};

    fn found(version: &str, policy: Option<&str>) -> Inspection {
        Inspection {
            version: Some(version.to_owned()),
            mode: None,
            policy: policy.map(str::to_owned),
            most: None,
            keeps: None,
            parts: None,
            nodes: 0,
            ahead: 0,
            within: 1,
        }
    }

    #[test]
    fn an_old_one_fails_and_one_that_throws_away_is_told_of() {
        let of = |version| server(&found(version, None)).status;
        assert_eq!((of("6.2.14"), of("7.0.15"), of("8.2")), (Status::Fail, Status::Ok, Status::Ok));
        let of = |policy| memory(&found("7.0", policy)).status;
        assert_eq!(of(Some("noeviction")), Status::Ok);
        assert_eq!((of(Some("allkeys-lru")), of(None)), (Status::Warn, Status::Warn));
    }

    #[test]
    fn a_cluster_needs_all_slots_and_should_have_replicas() {
        let of = |alone, missing| parts(Parts { masters: 3, alone, missing }).status;
        assert_eq!((of(0, 0), of(1, 0), of(0, 1)), (Status::Ok, Status::Warn, Status::Fail));
    }
}
