//! Both documents as one page of plain HTML: no script, nothing from elsewhere.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::shape::{Shapes, escape};

/// The page.
pub(super) fn render(rest: &Value, events: &Value) -> String {
    let (routes, commands) = (Shapes { prefix: "rest" }, Shapes { prefix: "events" });
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Zvon API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><main>",
    );
    heading(&mut page, &rest["info"]);
    page.push_str("<p><a href=\"/api/docs-json\">OpenAPI</a> <a href=\"#events\">Events</a></p>");
    for tag in rest["tags"].as_array().into_iter().flatten() {
        part(&mut page, "h2", tag["name"].as_str(), tag["description"].as_str());
        for (path, method, operation) in operations(rest, &tag["name"]) {
            route(&mut page, path, method, operation, &routes);
        }
    }
    schemas(&mut page, rest, &routes);
    page.push_str("<hr id=\"events\">");
    heading(&mut page, &events["info"]);
    let about = events["channels"]["main"]["description"].as_str();
    part(&mut page, "p", None, about);
    page.push_str("<p><a href=\"/api/events-json\">AsyncAPI</a></p>");
    for (action, title) in [("receive", "Commands"), ("send", "Events")] {
        part(&mut page, "h2", Some(title), None);
        for (key, operation) in entries(&events["operations"]) {
            if operation["action"] == action {
                event(&mut page, key, operation, &events["components"]["messages"], &commands);
            }
        }
    }
    schemas(&mut page, events, &commands);
    page.push_str("</main></body></html>\n");
    page
}

fn heading(page: &mut String, info: &Value) {
    part(page, "h1", info["title"].as_str(), None);
    part(page, "p", None, info["description"].as_str());
}

/// A heading and what is under it, either of which may be missing.
fn part(page: &mut String, tag: &str, title: Option<&str>, about: Option<&str>) {
    if let Some(title) = title {
        let _ = write!(page, "<{tag}>{}</{tag}>", escape(title));
    }
    if let Some(about) = about {
        let _ = write!(page, "<p>{}</p>", escape(about));
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn operations<'a>(
    rest: &'a Value,
    tag: &'a Value,
) -> impl Iterator<Item = (&'a String, &'a String, &'a Value)> {
    entries(&rest["paths"])
        .flat_map(|(path, item)| entries(item).map(move |(method, op)| (path, method, op)))
        .filter(move |(_, _, operation)| operation["tags"][0] == *tag)
}

fn route(page: &mut String, path: &str, method: &str, operation: &Value, shapes: &Shapes) {
    let method = method.to_ascii_uppercase();
    summary(page, &format!("{method} {path}"), &operation["summary"]);
    part(page, "p", None, operation["description"].as_str());
    let guarded = operation["security"].as_array().is_some_and(|needs| !needs.is_empty());
    let needs = if guarded { "With <code>Authorization: Bearer</code>." } else { "Open to all." };
    let _ = write!(page, "<p>{needs}</p><dl>");
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = format!("{} ({})", text(&parameter["name"]), text(&parameter["in"]));
        row(page, &name, &parameter["description"], &shapes.of(&parameter["schema"]));
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        row(page, "body", &Value::Null, &shapes.of(body));
    }
    for (status, response) in entries(&operation["responses"]) {
        let content = entries(&response["content"]).next();
        let shape = content.map(|(media, content)| match media.as_str() {
            "application/json" => shapes.of(&content["schema"]),
            media => escape(media),
        });
        row(page, status, &response["description"], &shape.unwrap_or_default());
    }
    page.push_str("</dl></details>");
}

fn event(page: &mut String, key: &str, operation: &Value, messages: &Value, shapes: &Shapes) {
    summary(page, text(&operation["title"]), &operation["summary"]);
    page.push_str("<dl>");
    let name = key.split_once('.').map_or(key, |(_, name)| name);
    for kind in ["command", "ack", "refusal", "event"] {
        let mine = key.starts_with("event.") == (kind == "event");
        let message = &messages[format!("{kind}.{name}")];
        if mine && !message.is_null() {
            row(page, kind, &Value::Null, &shapes.of(&message["payload"]));
        }
    }
    page.push_str("</dl></details>");
}

fn summary(page: &mut String, name: &str, about: &Value) {
    let (name, about) = (escape(name), escape(text(about)));
    let _ = write!(page, "<details><summary><code>{name}</code> {about}</summary>");
}

/// A line of a list; `shape` is HTML already.
fn row(page: &mut String, name: &str, about: &Value, shape: &str) {
    let (name, about) = (escape(name), escape(text(about)));
    let _ = write!(page, "<dt><code>{name}</code></dt><dd>{shape} {about}</dd>");
}

fn schemas(page: &mut String, document: &Value, shapes: &Shapes) {
    part(page, "h2", Some("Schemas"), None);
    for (name, schema) in entries(&document["components"]["schemas"]) {
        let (id, title) = (shapes.id(name), escape(name));
        let about = escape(text(&schema["description"]));
        let shape = shapes.of(schema);
        let _ =
            write!(page, "<section id=\"{id}\"><h3>{title}</h3><p>{about}</p>{shape}</section>");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{asyncapi, openapi};
    use super::render;

    #[test]
    fn the_page_tells_every_operation_and_its_links_lead_somewhere() {
        let (rest, events) = (openapi::document(), asyncapi::document());
        let page = render(&rest, &events);
        let told = page.matches("<details>").count();
        let paths = rest["paths"].as_object().unwrap().values();
        let routes: usize = paths.map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!(told, routes + events["operations"].as_object().unwrap().len());
        for link in page.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
        for foreign in ["<script", "style=", "http://", "https://"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
