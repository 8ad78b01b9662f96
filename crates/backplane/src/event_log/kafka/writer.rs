//! The transactional producer: one transaction per batch. It blocks; [`super::log`] gives it a
//! thread.
//!
//! A transaction that fails is aborted before anything else, by the same producer: a new one would
//! fence whoever took over in the meantime. What the brokers refuse for good makes the whole batch
//! fail without telling which record it was, so the batch is halved until it stands alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};
use zvon_core::event_log::Poison;

use super::client::{self, Patience};
use super::verdict::{Trouble, of_writer};

/// How long one call blocks at most before it is looked whether somebody still waits.
const SLICE: Duration = Duration::from_millis(200);
/// How long reports are waited for at a time.
const MOMENT: Duration = Duration::from_millis(1);

/// A record as bytes.
pub(super) struct Letter {
    pub(super) topic: &'static str,
    pub(super) key: String,
    pub(super) payload: Vec<u8>,
}

/// What the brokers said of each record.
#[derive(Default)]
struct Reports {
    open: AtomicUsize,
    failed: Mutex<Option<KafkaError>>,
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        client::log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka");
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let mut failed = self.failed.lock();
            // What is thrown away because of another's failure says nothing of why.
            if failed.as_ref().is_none_or(is_purged) {
                *failed = Some(error.clone());
            }
        }
        self.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whoever appends, once it has begun.
pub(super) struct Writer {
    config: ClientConfig,
    producer: BaseProducer<Reports>,
    /// A transaction stands open that failed.
    stained: bool,
}

impl Writer {
    /// Begins: whoever did before is fenced.
    pub(super) fn begin(config: &ClientConfig, patience: &Patience) -> Result<Self, Trouble> {
        let writer = Self { config: config.clone(), producer: made(config)?, stained: false };
        writer.insist(patience, |producer, slice| producer.init_transactions(slice))?;
        Ok(writer)
    }

    /// Begins in its own place: what was refused leaves a gap in the producer's count, over which
    /// all that follows would stumble. The abort before told if another one had begun.
    fn renew(&mut self, patience: &Patience) -> Result<(), Trouble> {
        self.producer = made(&self.config)?;
        self.insist(patience, |producer, slice| producer.init_transactions(slice))
    }

    /// Appends all of it but what the brokers will never take. After `Over` it is of no more use.
    pub(super) fn append(
        &mut self,
        letters: &[Letter],
        patience: &Patience,
    ) -> Result<Vec<Poison>, Trouble> {
        let (mut poison, mut parts) = (Vec::new(), vec![(0, letters)]);
        while let Some((first, part)) = parts.pop() {
            // Each part that is dealt with is progress.
            match self.transaction(part, &patience.afresh()) {
                Ok(()) => {}
                Err(Trouble::Refused(reason)) if part.len() == 1 => {
                    poison.push(Poison { index: first, reason });
                }
                Err(Trouble::Refused(_)) => {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.push((first + left.len(), right));
                    parts.push((first, left));
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(poison)
    }

    /// All of it, or nothing of it.
    fn transaction(&mut self, letters: &[Letter], patience: &Patience) -> Result<(), Trouble> {
        self.clean(patience)?;
        if letters.is_empty() {
            return Ok(());
        }
        self.stained = true;
        let done = self.write(letters, patience);
        match done {
            Ok(()) => self.stained = false,
            // The abort tells whether another one began meanwhile.
            Err(Trouble::Refused(_)) => {
                self.clean(patience)?;
                self.renew(patience)?;
            }
            Err(Trouble::Away(_)) => {
                if let Err(Trouble::Over(why)) = self.clean(patience) {
                    return Err(Trouble::Over(why));
                }
            }
            Err(Trouble::Over(_)) => {}
        }
        done
    }

    fn write(&self, letters: &[Letter], patience: &Patience) -> Result<(), Trouble> {
        self.producer.begin_transaction().map_err(|error| self.verdict(&error))?;
        self.producer.context().failed.lock().take();
        for letter in letters {
            self.send(letter, patience)?;
        }
        self.reported(patience)?;
        if let Some(error) = self.producer.context().failed.lock().take() {
            return Err(self.verdict(&error));
        }
        self.insist(patience, |producer, slice| producer.commit_transaction(slice))
    }

    fn send(&self, letter: &Letter, patience: &Patience) -> Result<(), Trouble> {
        let open = &self.producer.context().open;
        loop {
            let record = BaseRecord::to(letter.topic).key(&letter.key).payload(&letter.payload);
            open.fetch_add(1, Ordering::AcqRel);
            let Err((error, _)) = self.producer.send(record) else { return Ok(()) };
            open.fetch_sub(1, Ordering::AcqRel);
            let is_full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !is_full {
                return Err(self.verdict(&error));
            }
            patience.slice(SLICE).ok_or_else(too_long)?;
            self.producer.poll(MOMENT);
        }
    }

    /// Waits until the brokers have said something of every record.
    fn reported(&self, patience: &Patience) -> Result<(), Trouble> {
        while self.producer.context().open.load(Ordering::Acquire) > 0 {
            patience.slice(SLICE).ok_or_else(too_long)?;
            self.producer.poll(MOMENT);
        }
        Ok(())
    }

    /// Aborts what failed.
    fn clean(&mut self, patience: &Patience) -> Result<(), Trouble> {
        if self.stained {
            self.insist(patience, |producer, slice| producer.abort_transaction(slice))?;
            self.stained = false;
        }
        Ok(())
    }

    /// Calls until it is done; its time-outs and what else may be tried again are not the end.
    fn insist(
        &self,
        patience: &Patience,
        call: impl Fn(&BaseProducer<Reports>, Duration) -> KafkaResult<()>,
    ) -> Result<(), Trouble> {
        // An abort waits for reports that are only there once they are asked for.
        let mut most = Duration::from_millis(20);
        loop {
            let slice = patience.slice(most).ok_or_else(too_long)?;
            let Err(error) = call(&self.producer, slice) else { return Ok(()) };
            if !may_be_repeated(&error) {
                return Err(self.verdict(&error));
            }
            self.producer.poll(MOMENT);
            most = (most * 2).min(SLICE);
        }
    }

    fn verdict(&self, error: &KafkaError) -> Trouble {
        match self.producer.client().fatal_error() {
            Some((_, why)) => Trouble::Over(why),
            None => of_writer(error),
        }
    }
}

fn made(config: &ClientConfig) -> Result<BaseProducer<Reports>, Trouble> {
    let made = BaseProducer::from_config_and_context(config, Reports::default());
    made.map_err(|error| Trouble::Away(error.to_string()))
}

fn is_purged(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(code, Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight))
}

fn may_be_repeated(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.is_retriable() && !error.txn_requires_abort(),
        KafkaError::Flush(code) => *code == RDKafkaErrorCode::OperationTimedOut,
        _ => false,
    }
}

fn too_long() -> Trouble {
    Trouble::Away("no broker answered in time".to_owned())
}
