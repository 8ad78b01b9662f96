//! The API's documents, made from the tables that the server itself works by: `http::routes`, the
//! protocol's catalogue of commands and its events. `make gen` writes them to `docs/api/`.

mod asyncapi;
mod openapi;
mod page;
mod shape;

use bytes::Bytes;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// The page's looks.
pub(crate) const STYLE: &str = include_str!("page.css");

/// What the documents give as their version: that of the contract.
const VERSION: &str = "1.0";

/// The documents as they are served.
pub(crate) struct Documents {
    pub(crate) openapi: Bytes,
    pub(crate) asyncapi: Bytes,
    pub(crate) page: Bytes,
}

impl Documents {
    /// Makes them.
    pub(crate) fn new() -> Self {
        let (rest, events) = (openapi::document(), asyncapi::document());
        let page = page::render(&rest, &events).into();
        Self { openapi: text(&rest), asyncapi: text(&events), page }
    }
}

fn text(document: &Value) -> Bytes {
    format!("{document:#}\n").into()
}

/// Where schemas are gathered: what is read and what is said differ in what may be left out.
struct Schemas {
    heard: SchemaGenerator,
    said: SchemaGenerator,
}

impl Schemas {
    fn new(settings: SchemaSettings) -> Self {
        let settings = settings.with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            let plain = RecursiveTransform(without_links as fn(&mut Schema));
            settings.transforms.push(Box::new(plain));
        });
        let (heard, said) = (settings.clone().for_deserialize(), settings.for_serialize());
        Self { heard: heard.into_generator(), said: said.into_generator() }
    }

    /// All that were named.
    fn all(mut self) -> Map<String, Value> {
        let mut all = self.heard.take_definitions(true);
        for (name, schema) in self.said.take_definitions(true) {
            let other = all.insert(name.clone(), schema.clone());
            debug_assert!(other.is_none_or(|other| other == schema), "two schemas named {name}");
        }
        all
    }
}

/// Links between Rust's items lead nowhere outside its own documentation.
fn without_links(schema: &mut Schema) {
    let Some(Value::String(text)) = schema.get_mut("description") else { return };
    while let Some((before, rest)) = text.split_once("[`") {
        let Some((link, after)) = rest.split_once("`]") else { return };
        let name = link.rsplit("::").next().unwrap_or(link);
        *text = format!("{before}`{name}`{after}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Documents;

    /// `make gen` names a folder to write to; otherwise what is there is compared.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "it is the one who runs the test that says")]
    fn export_documents() {
        let documents = Documents::new();
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api");
        let into = std::env::var("ZVON_API_EXPORT_DIR").ok();
        for (name, text) in
            [("openapi.json", documents.openapi), ("asyncapi.json", documents.asyncapi)]
        {
            match &into {
                Some(folder) => std::fs::write(Path::new(folder).join(name), text).unwrap(),
                None => {
                    let old = std::fs::read(committed.join(name)).unwrap();
                    assert!(text == old, "docs/api/{name} is not what the code says: make gen");
                }
            }
        }
    }
}
