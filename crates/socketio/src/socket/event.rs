//! An event that a client sent.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::ack::AckSender;
use super::args::Args;
use super::parser::Incoming;
use super::peer::Socket;

/// Names that mean something to the protocol itself.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// An event that a client sent.
#[derive(Debug)]
pub struct Event {
    /// Its name; a number's digits if the name was a number.
    pub name: String,
    /// What came with it.
    pub args: Args,
    ack: Option<AckSender>,
}

impl Event {
    pub(crate) fn parse(
        packet: Incoming,
        attachments: Vec<Bytes>,
        socket: &Arc<Socket>,
    ) -> Result<Self, ()> {
        let mut args = Args::parse(packet.data.as_deref().ok_or(())?, attachments)?;
        if args.values.is_empty() {
            return Err(());
        }
        let name = name(&args.values.remove(0))?;
        if RESERVED.contains(&name.as_str()) {
            return Err(());
        }
        let ack = packet.id.map(|id| AckSender::new(socket, id));
        Ok(Self { name, args, ack })
    }

    /// The first argument as a type; a missing one is `null`.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.args.get(0)
    }

    /// How many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        let texts: usize = self.args.values.iter().map(|value| value.get().len()).sum();
        let files: usize = self.args.attachments.iter().map(Bytes::len).sum();
        self.name.len() + texts + files
    }

    /// The way to answer, if the client asked for an answer. To be taken once.
    pub fn take_ack(&mut self) -> Option<AckSender> {
        self.ack.take()
    }
}

fn name(first: &RawValue) -> Result<String, ()> {
    match first.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(first.get()).map_err(|_| ()),
        Some(b'-' | b'0'..=b'9') => Ok(first.get().to_owned()),
        _ => Err(()),
    }
}
