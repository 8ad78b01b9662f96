//! The process `zvon` from outside: its command line, configuration, secrets, logs and exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod config_files;
mod data;
mod defaults;
mod doctor;
mod environment;
mod events;
mod logs;
mod privilege;
mod process;
mod relay;
mod schema;
mod secrets;
mod sign_in;
#[cfg(feature = "otlp")]
mod traces;
