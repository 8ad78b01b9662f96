//! A webhook's URL, taken apart, and the address that it is connected to.

use std::net::{IpAddr, SocketAddr};

use axum::http::Uri;
use axum::http::uri::Scheme;
use ipnet::IpNet;

use super::address::is_public;

/// Where to post.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Whether over TLS.
    pub(super) tls: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// As the `Host` header has it.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// Of a URL.
    pub(super) fn of(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err("it must begin with https://".to_owned()),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it must not hold a user or a password".to_owned());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || (authority.as_str().contains(':') && authority.port_u16() == Some(0))
        {
            return Err("it names no host and port".to_owned());
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { tls, host, port, authority: authority.as_str().to_owned(), path })
    }

    /// The address, if the URL has one rather than a name.
    pub(super) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The first of the addresses of its name that may be posted to. Other than to a name's
    /// addresses that were looked at here nothing is connected, so a name that changes its
    /// addresses gains nothing.
    pub(super) fn choose(
        &self,
        found: impl IntoIterator<Item = SocketAddr>,
        allowed: &[IpNet],
    ) -> Result<SocketAddr, String> {
        let mut why = "its host has no address";
        for address in found {
            match self.may(address.ip(), allowed) {
                Ok(()) => return Ok(address),
                Err(reason) => why = reason,
            }
        }
        Err(why.to_owned())
    }

    /// Whether that address may be posted to: one of everybody's over TLS, one that the operator
    /// allowed in any case.
    pub(super) fn may(&self, address: IpAddr, allowed: &[IpNet]) -> Result<(), &'static str> {
        let address = address.to_canonical();
        if allowed.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        if !is_public(address) {
            return Err("its address is not public, and not allowed by the server's settings");
        }
        if self.tls { Ok(()) } else { Err("it must begin with https://") }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::Target;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::of("https://example.org/a/b?c=d").unwrap();
        assert_eq!((target.tls, &*target.host, target.port), (true, "example.org", 443));
        assert_eq!((&*target.authority, &*target.path), ("example.org", "/a/b?c=d"));
        let target = Target::of("http://[::1]:8080").unwrap();
        assert_eq!((target.tls, &*target.host, target.port), (false, "::1", 8080));
        assert_eq!((&*target.authority, &*target.path), ("[::1]:8080", "/"));
        for wrong in [
            "",
            "example.org",
            "/path",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://",
            "https://user:secret@example.org",
            "https://example.org:0/",
            "https://exa mple.org",
            "https://example.org/\0",
            "gopher://127.0.0.1",
        ] {
            assert!(Target::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_addresses_that_may_be_posted_to_are_chosen() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let mixed = addresses(&["10.0.0.1:443", "[::1]:443", "8.8.8.8:443"]);
        let own = ["10.0.0.0/8".parse().unwrap()];
        let https = Target::of("https://example.org").unwrap();
        assert_eq!(https.choose(mixed.clone(), &[]), Ok(mixed[2]));
        assert_eq!(https.choose(mixed.clone(), &own), Ok(mixed[0]));
        assert!(https.choose(addresses(&["[::ffff:127.0.0.1]:443"]), &own).is_err());
        assert!(https.choose([], &own).unwrap_err().contains("no address"));
        let http = Target::of("http://example.org").unwrap();
        assert!(http.choose(addresses(&["8.8.8.8:80"]), &[]).unwrap_err().contains("https"));
        assert_eq!(http.choose(mixed.clone(), &own), Ok(mixed[0]), "within what is allowed");
        let mapped = addresses(&["[::ffff:10.0.0.1]:443"]);
        assert_eq!(https.choose(mapped.clone(), &own), Ok(mapped[0]));
    }
}
