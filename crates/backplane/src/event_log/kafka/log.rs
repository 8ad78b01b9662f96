//! Where the relay appends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rdkafka::ClientConfig;
use serde_json::json;
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::event_log::{DEAD_LETTERS, DeadLetter, EventLog, EventLogError, Poison, Record};

use super::client::Patience;
use super::settings::Settings;
use super::topics;
use super::verdict::Trouble;
use super::writer::{Letter, Writer};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of a dead letter's payload.
const DEAD_MAX: usize = 256 * 1024;

/// Kafka, for whoever appends under that transactional id.
pub struct KafkaLog {
    settings: Arc<Settings>,
    config: ClientConfig,
    /// The one that began, if it did and was not fenced since.
    writer: Arc<Mutex<Option<Writer>>>,
}

impl KafkaLog {
    /// On these brokers, which need not be there. All nodes of a cluster have the same id and no
    /// others do; it says that one of them takes the place of another.
    #[must_use]
    pub fn new(settings: Settings, transactional_id: &str) -> Self {
        let config = settings.writer(transactional_id);
        Self { settings: Arc::new(settings), config, writer: Arc::default() }
    }

    /// Does something with the writer on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Option<Writer>, &Patience) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, EventLogError> {
        let writer = Arc::clone(&self.writer);
        let (patience, _waiting) = Patience::of(PATIENCE);
        let call = move || {
            let mut writer = writer.lock();
            let done = act(&mut writer, &patience);
            if matches!(done, Err(Trouble::Over(_))) {
                *writer = None;
            }
            done
        };
        let done = tokio::task::spawn_blocking(call).await;
        let done = done.map_err(|error| EventLogError::Unavailable(error.to_string()))?;
        done.map_err(EventLogError::from)
    }

    async fn send(&self, letters: Vec<Letter>) -> Result<Vec<Poison>, EventLogError> {
        self.with(move |writer, patience| match writer {
            Some(writer) => writer.append(&letters, patience),
            None => Err(Trouble::Over("it did not begin, or another one did".to_owned())),
        })
        .await
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn begin(&self) -> Result<(), EventLogError> {
        topics::ensure(&self.settings).await?;
        let config = self.config.clone();
        self.with(move |writer, patience| {
            // The old one first: two of the same id in a process would fence each other.
            *writer = None;
            *writer = Some(Writer::begin(&config, patience).map_err(|trouble| match trouble {
                Trouble::Over(why) | Trouble::Refused(why) => Trouble::Away(why),
                away @ Trouble::Away(_) => away,
            })?);
            Ok(())
        })
        .await
    }

    async fn append(&self, records: &[Record]) -> Result<Vec<Poison>, EventLogError> {
        let (mut letters, mut unwritable) = (Vec::with_capacity(records.len()), Vec::new());
        for (index, record) in records.iter().enumerate() {
            match serde_json::to_vec(&record.envelope) {
                Ok(payload) => {
                    let (topic, key) = (record.envelope.payload.topic(), record.key.to_string());
                    letters.push(Letter { topic, key, payload });
                }
                Err(error) => unwritable.push(Poison { index, reason: error.to_string() }),
            }
        }
        let poison = self.send(letters).await?;
        if unwritable.is_empty() {
            return Ok(poison);
        }
        Ok(merged(records.len(), poison, unwritable))
    }

    async fn bury(&self, dead: &DeadLetter) -> Result<(), EventLogError> {
        let letter = dead_letter(dead);
        for Poison { reason, .. } in self.send(vec![letter]).await? {
            tracing::error!(topic = dead.topic, key = %dead.key, reason, "a dead letter is refused");
        }
        Ok(())
    }
}

/// The places of both kinds in what was given: those that were sent are counted without the others.
fn merged(count: usize, sent: Vec<Poison>, unwritable: Vec<Poison>) -> Vec<Poison> {
    let is_unwritable = |index: &usize| unwritable.iter().any(|poison| poison.index == *index);
    let places: Vec<usize> = (0..count).filter(|index| !is_unwritable(index)).collect();
    let sent = sent.into_iter().filter_map(|Poison { index, reason }| {
        places.get(index).map(|place| Poison { index: *place, reason })
    });
    let mut all: Vec<Poison> = sent.chain(unwritable.iter().cloned()).collect();
    all.sort_unstable_by_key(|poison| poison.index);
    all
}

fn dead_letter(dead: &DeadLetter) -> Letter {
    let mut end = dead.payload.len().min(DEAD_MAX);
    while !dead.payload.is_char_boundary(end) {
        end -= 1;
    }
    let body = json!({
        "topic": dead.topic,
        "key": dead.key,
        "reason": dead.reason,
        "payload": &dead.payload[..end],
        "bytes": dead.payload.len(),
        "at": SystemClock.now().0,
    });
    Letter {
        topic: DEAD_LETTERS,
        key: dead.key.to_string(),
        payload: body.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::{DEAD_MAX, DeadLetter, Poison, dead_letter, merged};

    fn poison(index: usize) -> Poison {
        Poison { index, reason: String::new() }
    }

    #[test]
    fn poison_keeps_its_place_among_what_was_given() {
        // Of five, the second could not be written; of the four that were sent, two were refused.
        let all = merged(5, vec![poison(1), poison(3)], vec![poison(1)]);
        assert_eq!(all, [poison(1), poison(2), poison(4)]);
    }

    #[test]
    fn a_dead_letter_is_cut_to_what_fits() {
        let payload = "ж".repeat(DEAD_MAX);
        let (topic, key) = ("message.created".to_owned(), uuid::Uuid::nil());
        let dead = DeadLetter { topic, key, reason: "too large".to_owned(), payload };
        let letter = dead_letter(&dead);
        assert!(letter.payload.len() < DEAD_MAX + 1000, "{}", letter.payload.len());
        let body: serde_json::Value = serde_json::from_slice(&letter.payload).unwrap();
        assert_eq!(
            (body["topic"].as_str(), body["bytes"].as_u64()),
            (Some("message.created"), Some(2 * DEAD_MAX as u64))
        );
    }
}
