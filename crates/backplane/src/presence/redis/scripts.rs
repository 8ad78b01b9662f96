//! The scripts, and how they are called.

use std::sync::atomic::Ordering;
use std::time::Duration;

use zvon_protocol::ids::UserId;

use super::local::Connection;
use super::{Inner, keys};
use crate::redis::{Call, Script};

/// The grace of those who leave a node that is going away: their clients have to find another.
const DRAIN_GRACE: Duration = Duration::from_secs(30);

/// Most users of a bucket that one sweep claims.
const CLAIM: usize = 100;

/// When a transition is answered again that has not arrived.
const AGAIN: Duration = Duration::from_secs(5);

/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(7);

/// Connections of a bucket that are reaped at once.
const REAP: usize = 200;

/// All of them.
pub(super) struct Scripts {
    up: Script,
    down: Script,
    sweep: Script,
    beat: Script,
    reap: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            up: Script::new(include_str!("up.lua")),
            down: Script::new(include_str!("down.lua")),
            sweep: Script::new(include_str!("sweep.lua")),
            beat: Script::new(include_str!("beat.lua")),
            reap: Script::new(include_str!("reap.lua")),
        }
    }
}

impl Inner {
    pub(super) fn up_call(&self, (user, connection): &Connection, kind: &str) -> Call {
        self.call(&self.scripts.up, *user, connection).arg(kind)
    }

    pub(super) fn down_call(&self, (user, connection): &Connection) -> Call {
        let draining = self.draining.load(Ordering::Relaxed);
        let grace = if draining { DRAIN_GRACE.max(self.grace) } else { self.grace };
        self.call(&self.scripts.down, *user, connection).arg(millis(grace))
    }

    fn call(&self, script: &Script, user: UserId, connection: &str) -> Call {
        let (bucket, incarnation) = (keys::bucket(user), self.incarnation());
        let (graces, connections) = (keys::graces(bucket), keys::connections(bucket, &incarnation));
        let call = script.call(&[&keys::user(user), &graces, &connections]);
        call.arg(user.to_string()).arg(&*incarnation).arg(connection)
    }

    pub(super) fn sweep_call(&self, bucket: usize, arrived: &[(usize, String)]) -> Call {
        let call = self.scripts.sweep.call(&[&keys::graces(bucket), &keys::gone(bucket)]);
        let call = call.arg(keys::users(bucket)).arg(CLAIM).arg(millis(AGAIN));
        let here = arrived.iter().filter(|(of, _)| *of == bucket);
        here.fold(call, |call, (_, transition)| call.arg(transition))
    }

    pub(super) fn beat_call(&self, kind: &str) -> Call {
        let call = self.scripts.beat.call(&[keys::LEASES, keys::EPOCH]);
        call.arg(&*self.incarnation()).arg(millis(LEASE)).arg(kind)
    }

    pub(super) fn reap_call(&self, bucket: usize, incarnation: &str) -> Call {
        let connections = keys::connections(bucket, incarnation);
        let call = self.scripts.reap.call(&[&connections, &keys::graces(bucket)]);
        call.arg(keys::users(bucket)).arg(incarnation).arg(millis(self.grace)).arg(REAP)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
