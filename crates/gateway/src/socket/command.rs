//! One command on its way from a frame to its ack.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tracing::Span;
use zvon_core::App;
use zvon_core::caller::Caller;
use zvon_core::error::{Error, Result};
use zvon_core::limits::Class;
use zvon_core::meters::word;
use zvon_protocol::catalogue::CommandName;
use zvon_protocol::error::Code;
use zvon_socketio::{AckSender, Event, Packet, Socket};

use super::client::Client;
use crate::error::{exception, failure_ack};
use crate::meters::{CommandMeter, Meters};

/// A command that is being carried out.
pub(super) struct Command {
    pub(super) app: Arc<App>,
    pub(super) socket: Arc<Socket>,
    name: CommandName,
    event: Event,
    meter: Option<Arc<CommandMeter>>,
    begun: Instant,
    ack: Mutex<Option<AckSender>>,
}

impl Command {
    pub(super) fn new(
        app: &Arc<App>,
        meters: &Meters,
        socket: &Arc<Socket>,
        name: CommandName,
        mut event: Event,
    ) -> Self {
        let (ack, begun) = (Mutex::new(event.take_ack()), Instant::now());
        let (app, socket, meter) = (Arc::clone(app), Arc::clone(socket), meters.command(name));
        Self { app, socket, name, event, meter, begun, ack }
    }

    /// Its span: its name and how it ends, no more.
    pub(super) fn span(&self) -> Span {
        tracing::info_span!(
            target: "zvon::trace",
            "command",
            otel.name = self.name.name(),
            otel.kind = "server",
            outcome = tracing::field::Empty,
        )
    }

    /// Its end: answers what went wrong, and counts it.
    pub(super) fn end(&self, outcome: &Result<()>, span: &Span) {
        if let Err(error) = outcome {
            self.fail(error);
        }
        span.record("outcome", outcome.as_ref().map_or_else(|error| word(error.code()), |()| "ok"));
        if let Some(meter) = &self.meter {
            meter.note(outcome, self.begun);
        }
    }

    /// What the edge remembers of the socket.
    pub(super) fn client(&self) -> Result<&Client> {
        let gone = Error::Refused(Code::Unauthorized, "Unauthorized");
        Client::of(&self.socket).ok_or(gone)
    }

    /// Who sent it.
    pub(super) fn caller(&self) -> Result<Caller> {
        Ok(self.client()?.caller)
    }

    /// Its payload: the first argument, an object.
    pub(super) fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        // By itself serde takes an array of a struct's fields for the struct.
        let fields: Map<String, Value> = self.event.payload().map_err(|e| invalid(&e))?;
        serde_json::from_value(Value::Object(fields)).map_err(|error| invalid(&error))
    }

    /// Counts it among the caller's events.
    pub(super) async fn count(&self) -> Result<()> {
        self.app.count(self.caller()?, Class::Event).await
    }

    /// Answers it, if the client asked for an answer; the first answer counts.
    pub(super) fn ack(&self, answer: &impl Serialize) {
        if let Some(ack) = self.ack.lock().take()
            && let Err(error) = ack.send(answer)
        {
            tracing::error!(event = self.name.name(), %error, "an ack cannot be encoded");
        }
    }

    /// Answers that it did not happen.
    fn fail(&self, error: &Error) {
        let at = self.app.now();
        if let Ok(packet) = Packet::event("exception", &exception(error, at)) {
            self.socket.emit(&packet);
        }
        self.ack(&failure_ack(self.name, error));
    }
}

fn invalid(error: &serde_json::Error) -> Error {
    let text = format!("Invalid payload: {}", crate::http::plain(error));
    Error::RefusedWith(Code::Invalid, text)
}
