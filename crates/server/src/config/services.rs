//! The services that the existing back end names in its environment, as URLs.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::ConfigError;

type Setting = (String, String);

/// Where the data lies: `DATABASE_URL`, or `DB_HOST` and the like.
pub(super) fn database(
    set: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Setting>, ConfigError> {
    if let Some(url) = set("DATABASE_URL") {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Some(("store.url".to_owned(), url)));
        }
        let wrong = |why: &str| Err(ConfigError(format!("DATABASE_URL: {why}")));
        let Some(path) = url.strip_prefix("sqlite:") else {
            return wrong("must be postgres://… or sqlite:DIR");
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if Path::new(path).extension().is_some() {
            return wrong("sqlite:DIR names the directory of the data, not a file in it");
        }
        return Ok(Some(("server.data".to_owned(), path.to_owned())));
    }
    let Some(host) = set("DB_HOST") else { return Ok(None) };
    let or = |name: &str, other: &str| set(name).unwrap_or_else(|| other.to_owned());
    let (user, name) = (or("DB_USERNAME", "postgres"), or("DB_DATABASE", "webchat"));
    let password = set("DB_PASSWORD").map(|text| format!(":{}", quoted(&text))).unwrap_or_default();
    let (user, name, port) = (quoted(&user), quoted(&name), or("DB_PORT", "5432"));
    let url = format!("postgres://{user}{password}@{host}:{port}/{name}");
    Ok(Some(("store.url".to_owned(), url)))
}

/// Where Redis is: `REDIS_URL`, or `REDIS_HOST` and the like.
pub(super) fn redis(set: &dyn Fn(&str) -> Option<String>) -> Option<Setting> {
    let url = set("REDIS_URL").or_else(|| {
        let host = set("REDIS_HOST")?;
        let password = set("REDIS_PASSWORD").map(|text| format!(":{}@", quoted(&text)));
        let port = set("REDIS_PORT").unwrap_or_else(|| "6379".to_owned());
        let database = set("REDIS_DB").map(|number| format!("/{number}"));
        let (password, database) = (password.unwrap_or_default(), database.unwrap_or_default());
        Some(format!("redis://{password}{host}:{port}{database}"))
    })?;
    Some(("redis.url".to_owned(), url))
}

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::{database, redis};

    fn of<T>(pairs: &[(&str, &str)], read: impl Fn(&dyn Fn(&str) -> Option<String>) -> T) -> T {
        read(&|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_database_is_a_url_a_directory_or_a_host() {
        let found = |pairs: &[_]| of(pairs, |set| database(set)).unwrap().unwrap();
        let url = |text: &str| ("store.url".to_owned(), text.to_owned());
        let one = "postgres://u:p@h/d";
        assert_eq!(found(&[("DATABASE_URL", one), ("DB_HOST", "other")]), url(one));
        assert_eq!(
            found(&[("DATABASE_URL", "sqlite:///var/lib/zvon")]),
            ("server.data".to_owned(), "/var/lib/zvon".to_owned())
        );
        let host = [("DB_HOST", "db"), ("DB_USERNAME", "me"), ("DB_PASSWORD", "a@b/c")];
        assert_eq!(found(&host), url("postgres://me:a%40b%2Fc@db:5432/webchat"));
        assert_eq!(of(&[], |set| database(set)), Ok(None));
    }

    #[test]
    fn another_database_is_refused_clearly() {
        for text in ["mysql://x", "sqlite:dir/my.db"] {
            let refused = of(&[("DATABASE_URL", text)], |set| database(set)).unwrap_err();
            assert!(refused.0.starts_with("DATABASE_URL:"), "{refused}");
        }
    }

    #[test]
    fn redis_is_a_url_or_a_host() {
        let found = |pairs: &[_]| of(pairs, |set| redis(set)).map(|(_, url)| url);
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("REDIS_URL", "redis://x:1")]).as_deref(), Some("redis://x:1"));
        let host = [("REDIS_HOST", "r"), ("REDIS_PASSWORD", "p:w"), ("REDIS_DB", "2")];
        assert_eq!(found(&host).as_deref(), Some("redis://:p%3Aw@r:6379/2"));
    }
}
