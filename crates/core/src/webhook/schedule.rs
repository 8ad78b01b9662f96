//! When a delivery is tried again, and when a webhook is given up. Pure.

use std::time::Duration;

use zvon_protocol::time::Timestamp;

use super::store::{Health, Settled};
use super::{Progress, Try, Webhook};

/// How long after a failed try the next one is made, in seconds: in all about a day.
const WAITS: [u64; 12] =
    [5, 30, 120, 600, 1800, 3600, 7200, 10_800, 14_400, 14_400, 14_400, 18_000];

/// What becomes of a delivery, and of its webhook, after a try; `tries` were made before it, and
/// `chance` is any number.
pub(super) fn settle(
    webhook: &Webhook,
    tries: u32,
    last: &Try,
    disable_after: Duration,
    chance: u64,
) -> Settled {
    if is_taken(last) {
        return Settled { progress: Progress::Delivered, health: Health::Well };
    }
    let since = webhook.failing_since.unwrap_or(last.at);
    let failing = Duration::from_millis(last.at.0.saturating_sub(since.0).max(0) as u64);
    let health = if last.status == Some(410) {
        Health::Disabled("it answered that it is gone (410)".to_owned())
    } else if failing >= disable_after {
        let hours = failing.as_secs() / 3600;
        Health::Disabled(format!("nothing was taken for {hours} hours"))
    } else {
        Health::Failing
    };
    let wait = WAITS.get(tries as usize).filter(|_| health == Health::Failing);
    let progress =
        wait.map_or(Progress::Failed, |wait| Progress::Waiting(again(last, *wait, chance)));
    Settled { progress, health }
}

/// Whether the receiver took it: any answer of success.
pub(super) fn is_taken(last: &Try) -> bool {
    last.error.is_none() && last.status.is_some_and(|status| (200..300).contains(&status))
}

/// After that wait and up to a fifth more by chance.
fn again(last: &Try, seconds: u64, chance: u64) -> Timestamp {
    let millis = seconds * 1000;
    let more = millis / 5 * (chance % 1000) / 1000;
    last.at.plus_millis((millis + more) as i64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;
    use zvon_protocol::ids::{UserId, WebhookId};

    use super::{Health, Progress, Settled, Timestamp, Try, WAITS, Webhook, settle};

    const DAY: Duration = Duration::from_secs(86_400);
    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn webhook(failing_since: Option<Timestamp>) -> Webhook {
        Webhook {
            id: WebhookId(Uuid::nil()),
            chat: None,
            url: String::new(),
            topics: None,
            created_by: UserId(Uuid::nil()),
            created_at: NOW,
            failing_since,
            disabled: None,
        }
    }

    fn ended(status: Option<u16>, error: Option<&str>) -> Try {
        Try { at: NOW, took: 1, status, error: error.map(str::to_owned) }
    }

    #[test]
    fn what_was_taken_is_done_and_the_webhook_is_well() {
        for status in [200, 202, 204] {
            let long = webhook(Some(NOW.plus_millis(-(DAY.as_millis() as i64) * 9)));
            let settled = settle(&long, 3, &ended(Some(status), None), DAY, 0);
            assert_eq!(settled, Settled { progress: Progress::Delivered, health: Health::Well });
        }
    }

    #[test]
    fn what_fails_is_tried_later_and_later_for_about_a_day() {
        let total: u64 = WAITS.iter().sum();
        assert!((20 * 3600..28 * 3600).contains(&total), "{total}");
        assert!(WAITS.is_sorted());
        for (status, error) in [(Some(500), None), (Some(302), None), (None, Some("no answer"))] {
            let at = |tries, chance| {
                let failed = ended(status, error);
                settle(&webhook(None), tries, &failed, DAY, chance)
            };
            for (tries, wait) in WAITS.iter().enumerate() {
                let due = |millis: u64| Progress::Waiting(NOW.plus_millis(millis as i64));
                let tries = tries as u32;
                let soonest = Settled { progress: due(wait * 1000), health: Health::Failing };
                assert_eq!(at(tries, 0), soonest);
                assert!(matches!(at(tries, 999).progress, Progress::Waiting(latest)
                    if latest > NOW.plus_millis(*wait as i64 * 1000)
                    && latest <= NOW.plus_millis(*wait as i64 * 1200)));
            }
            assert_eq!(at(WAITS.len() as u32, 0).progress, Progress::Failed);
        }
    }

    #[test]
    fn a_webhook_that_fails_for_long_or_is_gone_is_disabled() {
        let since = |ago: Duration| Some(NOW.plus_millis(-(ago.as_millis() as i64)));
        let failed = ended(None, Some("no answer"));
        let young = settle(&webhook(since(DAY - Duration::from_secs(1))), 0, &failed, DAY, 0);
        assert_eq!(young.health, Health::Failing);
        let old = settle(&webhook(since(DAY)), 0, &failed, DAY, 0);
        assert_eq!(old.health, Health::Disabled("nothing was taken for 24 hours".to_owned()));
        assert_eq!(old.progress, Progress::Failed);
        let gone = settle(&webhook(None), 0, &ended(Some(410), None), DAY, 0);
        assert!(matches!(gone.health, Health::Disabled(_)) && gone.progress == Progress::Failed);
    }
}
