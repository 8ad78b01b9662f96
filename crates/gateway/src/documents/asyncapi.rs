//! The AsyncAPI 3.0 document of the Socket.IO events.

use schemars::generate::SchemaSettings;
use schemars::transform::RemoveRefSiblings;
use schemars::{Schema, generate::GenTransform};
use serde_json::{Map, Value, json};
use zvon_protocol::catalogue::CommandName;
use zvon_protocol::event::ServerEvent;

use super::{Schemas, VERSION};

const ABOUT: &str = "Socket.IO side of Zvon, a chat server. The REST side: see /api/docs-json. \
    Each event has one argument, its payload. Clients send commands (`receive`), whose reply is \
    the Socket.IO ack: the first of the two messages when it happened, the second when it did \
    not, and then the event `exception` as well. Events (`send`) come from the server unasked. \
    Commands of another name are ignored.";

const CHANNEL: &str = "The one namespace, at the path /socket.io/ of the REST side's port; \
    websocket and long-polling. Connect with `auth: { token }`, an access token; a `connect_error` \
    whose message is `User not found` means: sign in again, and its `data.code` says why. An event \
    from a chat's log may have a further argument, the offset of the client's own recovery.";

/// The document.
pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        let plain: Box<dyn GenTransform> = Box::new(RemoveRefSiblings::default());
        settings.transforms.push(plain);
    });
    let mut all = Messages::default();
    let mut schemas = Schemas::new(settings);
    for command in CommandName::ALL {
        let (name, about) = (command.name(), command.about());
        let payload = command.payload(&mut schemas.heard);
        let payload = all.add("command", name, about, payload);
        let ack = all.add("ack", name, "It happened.", command.ack(&mut schemas.said));
        let refusal = command.refusal(&mut schemas.said);
        let refusal = all.add("refusal", name, "It did not happen.", refusal);
        let mut operation = operation("receive", name, about, payload);
        operation["reply"] = json!({ "channel": channel(), "messages": [ack, refusal] });
        all.operations.insert(key("command", name), operation);
    }
    for (name, about, payload) in ServerEvent::documented(&mut schemas.said) {
        let payload = all.add("event", name, about, payload);
        all.operations.insert(key("event", name), operation("send", name, about, payload));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Zvon events", "description": ABOUT, "version": VERSION },
        "defaultContentType": "application/json",
        "channels": { "main": {
            "address": "/", "description": CHANNEL, "messages": all.of_channel,
        } },
        "operations": all.operations,
        "components": { "messages": all.messages, "schemas": schemas.all() },
    })
}

#[derive(Default)]
struct Messages {
    messages: Map<String, Value>,
    of_channel: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Messages {
    /// Adds a message; how operations refer to it.
    fn add(&mut self, kind: &str, name: &str, about: &str, mut payload: Schema) -> Value {
        // AsyncAPI knows no `true` for whatever there is.
        let payload = payload.ensure_object();
        let key = key(kind, name);
        let message = json!({ "name": name, "summary": about, "payload": payload });
        let here = json!({ "$ref": format!("#/components/messages/{key}") });
        let there = json!({ "$ref": format!("#/channels/main/messages/{key}") });
        self.messages.insert(key.clone(), message);
        self.of_channel.insert(key, here);
        there
    }
}

fn operation(action: &str, name: &str, about: &str, message: Value) -> Value {
    json!({
        "action": action, "title": name, "summary": about,
        "channel": channel(), "messages": [message],
    })
}

fn channel() -> Value {
    json!({ "$ref": "#/channels/main" })
}

/// Keys of components are plainer than names of events.
fn key(kind: &str, name: &str) -> String {
    format!("{kind}.{}", name.replace(':', "."))
}
