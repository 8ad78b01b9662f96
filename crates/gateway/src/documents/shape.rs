//! A schema as a piece of HTML. Pure.

use std::fmt::Write;

use serde_json::Value;

/// Writes the schemas of one document; `prefix` tells its anchors from those of the other.
pub(super) struct Shapes {
    pub(super) prefix: &'static str,
}

impl Shapes {
    /// The anchor of a named schema.
    pub(super) fn id(&self, name: &str) -> String {
        format!("{}-{}", self.prefix, escape(name))
    }

    /// The schema.
    pub(super) fn of(&self, schema: &Value) -> String {
        if let Some(path) = schema["$ref"].as_str() {
            let name = path.rsplit('/').next().unwrap_or(path);
            return format!("<a href=\"#{}\">{}</a>", self.id(name), escape(name));
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(some) = schema[choice].as_array() {
                let glue = if choice == "allOf" { " &amp; " } else { " | " };
                let some: Vec<_> = some.iter().map(|schema| self.of(schema)).collect();
                return some.join(glue) + &self.properties(schema);
            }
        }
        if let Some(value) = schema.get("const") {
            return literal(value);
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.iter().map(literal).collect::<Vec<_>>().join(" | ");
        }
        if schema["type"] == "array" {
            return format!("{} []", self.of(&schema["items"]));
        }
        named(schema) + &self.properties(schema)
    }

    fn properties(&self, schema: &Value) -> String {
        let Some(properties) = schema["properties"].as_object() else { return String::new() };
        let required = schema["required"].as_array();
        let mut list = String::from("<dl>");
        for (name, property) in properties {
            let needed = required.is_some_and(|names| names.iter().any(|other| other == name));
            let mark = if needed { "" } else { "?" };
            let about = property["description"].as_str().unwrap_or_default();
            let (name, about, shape) = (escape(name), escape(about), self.of(property));
            let _ = write!(list, "<dt><code>{name}{mark}</code></dt><dd>{shape} {about}</dd>");
        }
        list + "</dl>"
    }
}

/// The name of a plain type.
fn named(schema: &Value) -> String {
    let kind = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
        }
        _ => "anything".to_owned(),
    };
    match schema["format"].as_str() {
        Some(format) => escape(&format!("{kind} ({format})")),
        None => escape(&kind),
    }
}

fn literal(value: &Value) -> String {
    format!("<code>{}</code>", escape(&value.to_string()))
}

/// Text as it stands in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Shapes, escape};

    #[test]
    fn schemas_are_told_in_words() {
        let shapes = Shapes { prefix: "p" };
        let cases = [
            (json!({ "$ref": "#/components/schemas/A" }), "<a href=\"#p-A\">A</a>"),
            (json!({ "type": ["string", "null"], "format": "uuid" }), "string | null (uuid)"),
            (json!({ "type": "array", "items": { "type": "integer" } }), "integer []"),
            (json!({ "enum": ["a", 1] }), "<code>&quot;a&quot;</code> | <code>1</code>"),
            (json!(true), "anything"),
            (
                json!({ "type": "object", "required": ["a"], "properties": {
                    "a": { "const": "ok" }, "b": { "type": "string", "description": "B & b." },
                } }),
                "object<dl><dt><code>a</code></dt><dd><code>&quot;ok&quot;</code> </dd>\
                 <dt><code>b?</code></dt><dd>string B &amp; b.</dd></dl>",
            ),
        ];
        for (schema, told) in cases {
            assert_eq!(shapes.of(&schema), told);
        }
    }

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escape("<a href='x'>\"&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;"
        );
    }
}
