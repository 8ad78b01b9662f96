//! Lists as people write them: `["a", "b"]` in a file, `a, b` in the environment.

use serde::{Deserialize, Deserializer};

/// A list of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List(pub(crate) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Texts(Vec<String>),
    Text(String),
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Texts(texts) => texts,
            Written::Text(text) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                parts.map(str::to_owned).collect()
            }
        }))
    }
}
