//! The seam to other systems' HTTP servers.

use async_trait::async_trait;

/// A POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// Posts to addresses that people chose.
///
/// It never reaches what only the operator's own network should: the address that it is really
/// connected to, after the name was looked up, is public or allowed by the operator's settings.
/// Redirects are not followed, certificates are checked, an answer is read no further than a bound,
/// and all of it takes bounded time.
#[async_trait]
pub trait Post: Send + Sync {
    /// Whether such a URL may be posted to at all, as far as can be told without connecting; if not,
    /// why.
    ///
    /// # Errors
    /// The reason, for the person who gave it.
    fn check(&self, url: &str) -> Result<(), String>;

    /// Posts; the status that was answered.
    ///
    /// # Errors
    /// Why there was no answer, for a person to read. Nothing of what was answered is in it.
    async fn post(&self, request: &Request) -> Result<u16, String>;
}

/// Posts nothing: for a process without webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

/// Why.
const OFF: &str = "webhooks are switched off";

#[async_trait]
impl Post for Nowhere {
    fn check(&self, _: &str) -> Result<(), String> {
        Err(OFF.to_owned())
    }

    async fn post(&self, _: &Request) -> Result<u16, String> {
        Err(OFF.to_owned())
    }
}
