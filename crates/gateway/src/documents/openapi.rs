//! The OpenAPI 3.1 document of the routes.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use zvon_protocol::rest::Envelope;

use super::{Schemas, VERSION};
use crate::http::{Answer, Content, Route, routes};

const ABOUT: &str = "REST side of Zvon, a chat server. Most of what a chat does goes over \
    Socket.IO: see /api/events-json. Every error has the same body, `Envelope`.";

const TAGS: [(&str, &str); 7] = [
    ("auth", "Accounts and sessions."),
    ("users", "People."),
    ("chats", "Chats and messages."),
    ("webhooks", "Events told to other systems."),
    ("operators", "For operators alone."),
    ("health", "For balancers and supervisors."),
    ("docs", "These documents."),
];

/// The document.
pub(super) fn document() -> Value {
    let mut schemas = Schemas::new(SchemaSettings::draft2020_12());
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let operation = operation(&route, &mut schemas);
        if let Some(alias) = route.alias {
            let mut other = operation.clone();
            other["operationId"] = operation_id(route.method, alias).into();
            other["description"] = format!("An alias of `{}`.", route.path).into();
            other["x-alias-of"] = route.path.into();
            put(&mut paths, alias, route.method, other);
        }
        put(&mut paths, route.path, route.method, operation);
    }
    let _ = schemas.said.subschema_for::<Envelope>();
    let tags = TAGS.map(|(name, about)| json!({ "name": name, "description": about }));
    let bearer = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Zvon API", "description": ABOUT, "version": VERSION },
        "tags": tags,
        "paths": paths,
        "components": { "securitySchemes": { "bearer": bearer }, "schemas": schemas.all() },
    })
}

fn put(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route.method, route.path),
        "tags": [route.tag],
        "summary": route.about,
        "security": if route.inputs.guarded { json!([{ "bearer": [] }]) } else { json!([]) },
        "responses": responses(route, schemas),
    });
    let parameters = parameters(route, schemas);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = route.inputs.body {
        let body = json!({ "schema": body(&mut schemas.heard) });
        let content =
            json!({ "application/json": &body, "application/x-www-form-urlencoded": &body });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters = Vec::new();
    let name = route.path.split(['{', '}']).nth(1);
    if let (Some(schema), Some(name)) = (route.inputs.path, name) {
        let schema = schema(&mut schemas.heard);
        let id = json!({ "name": name, "in": "path", "required": true, "schema": schema });
        parameters.push(id);
    }
    if let Some(query) = route.inputs.query {
        let all = query(&mut schemas.heard).to_value();
        for (name, schema) in all["properties"].as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            parameters.push(json!({
                "name": name, "in": "query", "description": about, "schema": schema,
            }));
        }
    }
    parameters
}

fn responses(route: &Route, schemas: &mut Schemas) -> Map<String, Value> {
    let mut responses = Map::new();
    for Answer { status, about, content } in &route.answers {
        let value = match content {
            Content::Empty => json!({ "description": about }),
            Content::Json(schema) => {
                let schema = schema(&mut schemas.said);
                let content = json!({ "application/json": { "schema": schema } });
                json!({ "description": about, "content": content })
            }
            Content::Text(media) => {
                let schema = json!({ "type": "string" });
                json!({ "description": about, "content": { *media: { "schema": schema } } })
            }
            Content::Refusal => refusal(status.as_u16(), &format!("`{about}`")),
        };
        responses.insert(status.as_u16().to_string(), value);
    }
    for (status, about) in of_inputs(route) {
        responses.entry(status.to_string()).or_insert_with(|| refusal(status, about));
    }
    let other = "Whatever else may go wrong: 500, or 503, where trying again is safe.";
    responses.entry("default").or_insert_with(|| refusal(500, other));
    responses
}

/// The refusals that come with what a route takes.
fn of_inputs(route: &Route) -> Vec<(u16, &'static str)> {
    let mut refusals = Vec::new();
    if route.inputs.guarded {
        refusals.push((401, "`Unauthorized`: no token, or none that is good."));
        refusals.push((403, "`Invalid token payload: missing required fields`"));
    }
    if route.inputs.body.is_some() {
        refusals.push((400, "The body is not what it should be."));
        refusals.push((413, "`request entity too large`: more than 100 kB."));
    }
    refusals
}

fn refusal(status: u16, about: &str) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Envelope" });
    let content = json!({ "application/json": { "schema": schema } });
    let mut refusal = json!({ "description": about, "content": content });
    if status == 429 {
        refusal["headers"] = json!({ "Retry-After": {
            "description": "Seconds to wait.", "schema": { "type": "integer", "minimum": 1 },
        } });
    }
    refusal
}

/// `get /chats/{chatId}/messages` is `getChatsChatIdMessages`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.fold(method.to_owned(), |id, word| id + &capital(word))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Content, TAGS, document, routes};

    #[test]
    fn every_route_says_what_it_does_and_what_it_gives() {
        for route in routes() {
            let name = format!("{} {}", route.method, route.path);
            assert!(TAGS.iter().any(|(tag, _)| *tag == route.tag), "{name} is in a group");
            assert!(route.about.ends_with('.'), "{name} says what it does");
            let gives = route.answers.iter().filter(|answer| answer.status.is_success());
            assert_eq!(gives.count(), 1, "{name} gives one thing");
            let names = route.path.matches('{').count();
            assert_eq!(names, usize::from(route.inputs.path.is_some()), "{name} reads its path");
            let mut statuses = HashSet::new();
            for answer in &route.answers {
                assert!(statuses.insert(answer.status), "{name} says {} once", answer.status);
                let refuses = matches!(answer.content, Content::Refusal);
                assert!(!(refuses && answer.status.is_success()), "{name}");
            }
        }
    }

    #[test]
    fn no_operation_hides_another() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let told: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        let served: usize = routes().iter().map(|route| 1 + route.alias.iter().count()).sum();
        assert_eq!(told, served);
    }
}
