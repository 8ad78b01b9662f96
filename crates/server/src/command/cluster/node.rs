//! This machine as a node: the port at which the others reach it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use super::super::doctor::Check;
use crate::config::Config;

const NAME: &str = "internal port";

/// Whether the internal port can be had, and who could reach it.
pub(super) fn internal(config: &Config) -> Check {
    let Ok(Some((listen, told))) = config.internal() else {
        return Check::fail(NAME, "there is none", "set cluster.internal_listen");
    };
    let at = told.unwrap_or(listen);
    let what = match told {
        Some(told) => format!("{listen}, reached at {told}"),
        None => listen.to_string(),
    };
    match TcpListener::bind(listen) {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            let what = format!("this machine has no address {}", listen.ip());
            Check::fail(NAME, what, "set cluster.internal_listen to one it has")
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            exposure(format!("{what}, in use"), at)
        }
        Err(error) => {
            Check::fail(NAME, format!("{what}: {error}"), "set another cluster.internal_listen")
        }
        Ok(_) => exposure(format!("{what}, free"), at),
    }
}

/// What goes over it is signed, but everybody on the way can read it.
fn exposure(what: String, at: SocketAddr) -> Check {
    if is_private(at.ip()) {
        return Check::ok(NAME, what);
    }
    let advice = "what nodes tell each other there is not encrypted: use a private address";
    Check::warn(NAME, format!("{what}, a public address"), advice)
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // 100.64.0.0/10 is of carriers' and clouds' inner networks.
            let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn private_networks_are_known() {
        for text in
            ["10.0.0.5", "192.168.1.1", "172.20.0.1", "127.0.0.1", "100.64.0.1", "fd00::1", "::1"]
        {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1"] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }
}
