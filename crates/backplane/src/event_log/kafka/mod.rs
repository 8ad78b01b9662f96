//! The event log on Apache Kafka, through librdkafka.
//!
//! What is promised, and by what:
//!
//! * a batch stands in its topics wholly or not at all, for whoever reads what is committed: one
//!   transaction each ([`writer`]), of an idempotent producer that waits for all replicas;
//! * one relay appends: the transactional id is the same on all nodes, and whoever begins fences
//!   those who began before, at the brokers, whatever they believe;
//! * records of a key keep their order within a topic: the key decides the partition, by the same
//!   hash as in Java;
//! * a job reads as a member of a group of its own ([`source`], [`records`]) and commits what it has
//!   done;
//! * missing topics are made ([`topics`]); those that stand there are never changed.
//!
//! Kafka may be away at any time and for long: calls answer `Unavailable` within seconds, the
//! connection comes back by itself. Nothing here blocks a thread of the runtime.

mod batch;
mod begin;
mod client;
pub mod inspect;
mod log;
mod records;
mod settings;
mod source;
mod topics;
mod verdict;
mod writer;

pub use log::KafkaLog;
pub use records::KafkaRecords;
pub use settings::{Security, Settings, TopicSettings};
pub use source::KafkaSource;
