//! What some facts change, grouped by the day. Pure.

use std::collections::{BTreeMap, BTreeSet};

use zvon_protocol::day::Day;

use super::{Active, Fact, Seen, What};

/// What is added to a day's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Messages.
    pub messages: u64,
    /// Accounts.
    pub new_users: u64,
    /// Chats.
    pub new_chats: u64,
}

/// What some facts change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By day, every day on which any of it happened.
    pub days: BTreeMap<Day, Added>,
    /// Who and what was active, each once.
    pub seen: BTreeSet<Seen>,
}

impl Tally {
    /// Of these facts, none of which was counted before.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut tally = Self::default();
        for Fact { day, what, .. } in facts {
            let added = tally.days.entry(*day).or_default();
            match *what {
                What::Message { chat, sender } => {
                    added.messages += 1;
                    tally.seen.insert((*day, Active::Chat, chat.0));
                    tally.seen.insert((*day, Active::User, sender.0));
                }
                What::Came(user) => {
                    tally.seen.insert((*day, Active::User, user.0));
                }
                What::NewChat(user) => {
                    added.new_chats += 1;
                    tally.seen.insert((*day, Active::User, user.0));
                }
                What::NewUser => added.new_users += 1,
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashSet};

    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
    use uuid::Uuid;
    use zvon_protocol::analytics::DayCounts;
    use zvon_protocol::ids::{ChatId, UserId};

    use super::{Active, Day, Fact, Seen, Tally, What};

    /// A store as the seam promises it, without folding.
    #[derive(Default)]
    struct Model {
        done: HashSet<String>,
        seen: BTreeSet<Seen>,
        days: BTreeMap<Day, DayCounts>,
    }

    impl Model {
        fn count(&mut self, facts: &[Fact]) {
            let fresh: Vec<_> =
                facts.iter().filter(|fact| self.done.insert(fact.event_id.clone())).collect();
            let tally = Tally::of(fresh);
            for (day, added) in tally.days {
                let counts = self.days.entry(day).or_insert(DayCounts::none(day));
                counts.messages += added.messages;
                counts.new_users += added.new_users;
                counts.new_chats += added.new_chats;
            }
            for seen in tally.seen {
                if self.seen.insert(seen) {
                    let counts = self.days.get_mut(&seen.0).unwrap();
                    match seen.1 {
                        Active::User => counts.active_users += 1,
                        Active::Chat => counts.active_chats += 1,
                    }
                }
            }
        }
    }

    /// A day's numbers by their definition: each looks at all that happened.
    fn defined(all: &[Fact], day: Day) -> DayCounts {
        let of_day: Vec<_> = all.iter().filter(|fact| fact.day == day).collect();
        let count = |is: fn(&What) -> bool| of_day.iter().filter(|f| is(&f.what)).count() as u64;
        let distinct = |of: fn(&What) -> Option<Uuid>| {
            of_day.iter().filter_map(|fact| of(&fact.what)).collect::<HashSet<_>>().len() as u64
        };
        DayCounts {
            day,
            messages: count(|what| matches!(what, What::Message { .. })),
            active_users: distinct(|what| match what {
                What::Message { sender: user, .. } | What::Came(user) | What::NewChat(user) => {
                    Some(user.0)
                }
                What::NewUser => None,
            }),
            active_chats: distinct(|what| match what {
                What::Message { chat, .. } => Some(chat.0),
                _ => None,
            }),
            new_users: count(|what| matches!(what, What::NewUser)),
            new_chats: count(|what| matches!(what, What::NewChat(_))),
        }
    }

    fn facts() -> impl Strategy<Value = Vec<Fact>> {
        let user = || (0_u128..6).prop_map(|number| UserId(Uuid::from_u128(number)));
        // Of the same ids as users: who is one, is not the other.
        let chat = (0_u128..6).prop_map(|number| ChatId(Uuid::from_u128(number)));
        let what = prop_oneof![
            4 => (chat, user()).prop_map(|(chat, sender)| What::Message { chat, sender }),
            2 => user().prop_map(What::Came),
            1 => user().prop_map(What::NewChat),
            1 => Just(What::NewUser),
        ];
        prop::collection::vec((0_i64..4, what), 0..60).prop_map(|all| {
            let fact = |(number, (day, what)): (usize, _)| {
                let event_id = number.to_string();
                Fact { event_id, day: Day::new(day), what }
            };
            all.into_iter().enumerate().map(fact).collect()
        })
    }

    proptest! {
        /// Cut into batches anyhow, each of which may come again at any time, whole or in parts.
        #[test]
        fn whatever_the_batches_each_fact_counts_once(
            facts in facts(),
            lengths in prop::collection::vec(1_usize..20, 60),
            again in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30), 0..20),
        ) {
            let mut model = Model::default();
            let (mut rest, mut again) = (&facts[..], again.into_iter());
            for length in lengths {
                let (batch, later) = rest.split_at(length.min(rest.len()));
                model.count(batch);
                rest = later;
                let told = facts.len() - rest.len();
                if let Some((place, length)) = again.next().filter(|_| told > 0) {
                    let from = place.index(told);
                    model.count(&facts[from..told.min(from + length)]);
                }
            }
            prop_assert_eq!(rest.len(), 0);
            let days: BTreeSet<_> = facts.iter().map(|fact| fact.day).collect();
            let expected: Vec<_> = days.into_iter().map(|day| defined(&facts, day)).collect();
            prop_assert_eq!(model.days.into_values().collect::<Vec<_>>(), expected);
        }
    }
}
