//! Who may open a Socket.IO connection: pages of the front end and of this server's own client.
//!
//! A browser says from which page a handshake comes, also of a WebSocket, to which no CORS
//! applies. Programs say nothing and are let in: they need a token like everybody, and no cookie
//! of anybody's comes along.

use std::borrow::Cow;

use futures_util::future::{BoxFuture, ready};
use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use zvon_socketio::Door;

/// The origins that are let in besides this server's own.
#[derive(Debug)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    pub(crate) fn new(allowed: impl IntoIterator<Item = String>) -> Self {
        Self(allowed.into_iter().collect())
    }

    /// Whether pages of that origin are named.
    pub(crate) fn names(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed == origin)
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        origins.next().is_none()
            && (self.names(origin) || host.is_some_and(|host| is_own(origin, host)))
    }
}

impl Door for Origins {
    fn open<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Result<(), Cow<'static, str>>> {
        let verdict = self.lets_in(&request.headers);
        Box::pin(ready(verdict.then_some(()).ok_or(Cow::Borrowed("Origin not allowed"))))
    }
}

/// Whether a page of that origin was served under that host. A browser leaves out the scheme's own
/// port in both.
fn is_own(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::{HOST, HeaderMap, ORIGIN, Origins};

    fn verdict(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        Origins::new(["https://app.example.com".to_owned()]).lets_in(&headers)
    }

    #[test]
    fn the_front_end_this_server_and_programs_are_let_in() {
        for (origin, host) in [
            (None, "chat.example.com"),
            (Some("https://app.example.com"), "chat.example.com"),
            (Some("https://chat.example.com"), "chat.example.com"),
            (Some("http://localhost:4000"), "localhost:4000"),
            (Some("http://LOCALHOST:4000"), "localhost:4000"),
        ] {
            assert!(verdict(origin, host), "{origin:?} {host}");
        }
    }

    #[test]
    fn what_only_looks_like_them_is_not() {
        for origin in [
            "null",
            "",
            "https://evil-app.example.com",
            "https://app.example.com.evil.org",
            "https://app.example.com:8443",
            "http://app.example.com",
            "https://APP.example.com/",
            "https://app.example.com/",
            "https://app.example.com evil",
            "app.example.com",
            "chat.example.com",
            "ws://chat.example.com",
            "https://user@chat.example.com",
            "https://chat.example.com:4000",
            "https://sub.chat.example.com",
            "file://",
        ] {
            assert!(!verdict(Some(origin), "chat.example.com"), "{origin}");
        }
        let mut twice = HeaderMap::new();
        twice.append(ORIGIN, "https://app.example.com".parse().unwrap());
        twice.append(ORIGIN, "https://evil.org".parse().unwrap());
        assert!(!Origins::new(["https://app.example.com".to_owned()]).lets_in(&twice));
    }
}
