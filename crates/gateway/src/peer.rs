//! Whose address a request comes from: that of the connection, or, where that is a balancer of
//! ours, the one it says it had it from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use ipnet::IpNet;
use zvon_socketio::RemoteAddr;

use crate::Edge;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Puts the client's address in the place of a balancer's.
pub(crate) async fn see_through(
    State(edge): State<Arc<Edge>>,
    mut request: Request,
    next: Next,
) -> Response {
    let trusted = &edge.settings.trusted_proxies;
    if !trusted.is_empty()
        && let Some(RemoteAddr(peer)) = request.extensions().get::<RemoteAddr>().copied()
    {
        let client = client(peer.ip(), request.headers(), trusted);
        request.extensions_mut().insert(RemoteAddr(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

/// Goes back from the connection's peer as long as whoever named the next one is trusted. What
/// stands before the first that is not may be anybody's invention.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let lines = headers.get_all(FORWARDED_FOR).iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let named: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut client = peer.to_canonical();
    for name in named.into_iter().rev() {
        if !trusted.iter().any(|network| network.contains(&client)) {
            break;
        }
        let Some(address) = address(name) else { break };
        client = address.to_canonical();
    }
    client
}

/// An address as balancers write it: alone, with a port, or in brackets.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{FORWARDED_FOR, HeaderMap, IpNet, client};

    fn seen(peer: &str, lines: &[&str]) -> String {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"].map(|net| net.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_who_it_is_whatever_it_says() {
        assert_eq!(seen("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    }

    #[test]
    fn a_balancer_is_seen_through_also_two_of_them() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.1:5678"]), "198.51.100.1");
        assert_eq!(seen("fd00::1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1", "10.0.0.9"]), "198.51.100.1");
    }

    #[test]
    fn what_a_client_put_before_it_counts_for_nothing() {
        assert_eq!(seen("10.0.0.1", &["127.0.0.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["10.9.9.9, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
    }

    #[test]
    fn nonsense_stops_at_the_last_one_that_is_known() {
        assert_eq!(seen("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, <script>"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["\u{fc}, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }
}
