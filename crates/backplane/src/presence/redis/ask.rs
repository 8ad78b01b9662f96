//! Questions to Redis: who went, who is what, who is there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Cmd;
use zvon_core::presence::Transition;
use zvon_protocol::ids::UserId;

use super::Inner;
use super::keys::{self, BUCKETS};
use super::lease::{self, Leases};
use crate::redis::{LinkError, read};

/// A Redis that knows anything only since then may have lost what was there.
const YOUNG: i64 = 10_000;

impl Inner {
    /// Claims those whose grace is over.
    pub(super) async fn claim(&self) -> Vec<Transition> {
        let arrived = std::mem::take(&mut *self.arrived.lock());
        let calls: Vec<_> = (0..BUCKETS).map(|bucket| self.sweep_call(bucket, &arrived)).collect();
        let answers = self.link.eval_all(&calls).await.unwrap_or_default();
        let heard = |bucket: usize| matches!(answers.get(bucket), Some(Ok(_)));
        let mut pending: Vec<_> = arrived.into_iter().filter(|(of, _)| !heard(*of)).collect();
        let mut told = Vec::new();
        for (bucket, answer) in answers.into_iter().enumerate() {
            for (user, version) in read::<Vec<(String, u64)>>(answer).unwrap_or_default() {
                pending.push((bucket, format!("{user} {version}")));
                told.extend(
                    user.parse().ok().and_then(|user| self.transition(user, false, version)),
                );
            }
        }
        self.arrived.lock().extend(pending);
        told
    }

    /// The states of users: Redis', or what was last heard.
    pub(super) async fn states(&self, users: &[UserId]) -> Vec<Option<Transition>> {
        let asked = self.ask_states(users).await;
        let mut local = self.local.lock();
        let states = users.iter().enumerate().map(|(index, user)| {
            let heard = local.heard(*user);
            let Some((state, young)) = asked.as_ref().ok().and_then(|asked| asked[index]) else {
                return heard;
            };
            // Who is here is online, also before Redis has heard of it.
            if local.is_here(*user) && state.is_none_or(|state| !state.online) {
                return heard;
            }
            state.inspect(|state| local.hear(*state)).or(heard.filter(|_| young))
        });
        states.collect()
    }

    /// For each user what Redis knows, and whether it may have forgotten; nothing where a part of
    /// it did not answer.
    async fn ask_states(
        &self,
        users: &[UserId],
    ) -> Result<Vec<Option<(Option<Transition>, bool)>>, LinkError> {
        let mut commands = vec![command("GET", keys::EPOCH)];
        commands.extend(users.iter().map(|user| command("HGETALL", &keys::user(*user))));
        let mut answers = self.link.run_all(&commands).await?.into_iter();
        let epoch = answers.next().and_then(|answer| read::<Option<i64>>(answer).ok()).flatten();
        let (now, leases) = (Instant::now(), self.leases.lock().clone());
        let old = |leases: &Arc<Leases>| epoch.is_some_and(|at| leases.time(now) - at > YOUNG);
        let young = !leases.as_ref().is_some_and(old);
        let leases = leases.filter(|_| self.trusts_leases(now));
        let state = |user, fields: &HashMap<String, String>| {
            lease::state(user, fields, leases.as_deref(), (now, self.grace))
        };
        let states = answers.zip(users).map(|(answer, user)| {
            let fields = read::<HashMap<String, String>>(answer).ok()?;
            Some((state(*user, &fields), young))
        });
        Ok(states.collect())
    }

    /// Leases mean nothing just after Redis was away: nobody could renew theirs.
    fn trusts_leases(&self, now: Instant) -> bool {
        let health = self.link.health();
        health.up && now.saturating_duration_since(health.since) > self.grace
    }

    /// Some who are online: those with a connection under a lease, and those in their grace.
    pub(super) async fn online(&self, limit: usize) -> Vec<UserId> {
        // A node that came within the last second has people too.
        let _ = self.renew("list").await;
        let incarnations = self.held(self.grace);
        let mut commands = Vec::new();
        for bucket in 0..BUCKETS {
            let mut graces = command("ZRANGE", &keys::graces(bucket));
            graces.arg(0).arg(limit);
            commands.push(graces);
            for incarnation in &incarnations {
                let mut some = command("SRANDMEMBER", &keys::connections(bucket, incarnation));
                some.arg(limit);
                commands.push(some);
            }
        }
        let answers = self.link.run_all(&commands).await;
        let mut found: HashSet<UserId> = self.local.lock().users().into_iter().collect();
        match answers {
            Ok(answers) => {
                let lists =
                    answers.into_iter().filter_map(|answer| read::<Vec<String>>(answer).ok());
                let user = |entry: String| entry.split(' ').next()?.parse::<UserId>().ok();
                found.extend(lists.flatten().filter_map(user));
            }
            Err(_) => found.extend(self.local.lock().heard_online()),
        }
        found.into_iter().take(limit).collect()
    }

    /// Incarnations whose lease has not been over for that long; this one at least.
    fn held(&self, long: Duration) -> HashSet<String> {
        let leases = self.leases.lock().clone();
        let held = leases.map(|leases| leases.held(Instant::now(), long)).unwrap_or_default();
        held.into_iter().chain([self.incarnation().to_string()]).collect()
    }
}

fn command(verb: &str, key: &str) -> Cmd {
    let mut command = redis::cmd(verb);
    command.arg(key);
    command
}
