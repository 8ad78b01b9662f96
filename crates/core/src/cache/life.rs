//! How long things are kept. Pure but for the dice.
//!
//! The figures are the mission's; each life is between 85 % and 115 % of its figure, so that what
//! was read together is not read again together.

use std::time::Duration;

use uuid::Uuid;

/// Pages of a chat's messages.
pub(crate) const PAGES: Duration = Duration::from_secs(300);
/// The pinned messages of a chat.
pub(crate) const PINNED: Duration = Duration::from_secs(600);
/// The list of accounts, and how many there are.
pub(crate) const USERS: Duration = Duration::from_secs(60);
/// How old what decides about rights may be: a session that nobody said anything about, who is
/// in a chat. It is also how long the news of ends may be missing before nothing is believed.
pub(crate) const RIGHTS: Duration = Duration::from_secs(5);
/// A session with its account, as long as the news of ends come.
pub(crate) const SESSION: Duration = Duration::from_secs(60);

/// A life around that figure.
pub(crate) fn about(figure: Duration) -> Duration {
    let dice = u32::try_from(Uuid::new_v4().as_u128() % 301).unwrap_or(150);
    spread(figure, dice)
}

/// The life for a throw of 0 to 300.
fn spread(figure: Duration, dice: u32) -> Duration {
    figure * (850 + dice) / 1000
}

#[cfg(test)]
mod tests {
    use super::{Duration, PAGES, about, spread};

    #[test]
    fn lives_are_spread_around_their_figure() {
        assert_eq!(spread(Duration::from_secs(100), 0), Duration::from_secs(85));
        assert_eq!(spread(Duration::from_secs(100), 300), Duration::from_secs(115));
        let lives: std::collections::HashSet<_> = (0..50).map(|_| about(PAGES)).collect();
        assert!(lives.len() > 10, "they differ");
    }
}
