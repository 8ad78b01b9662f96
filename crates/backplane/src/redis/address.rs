//! Where Redis is, as an operator writes it.
//!
//! | form | what |
//! |---|---|
//! | `redis://[user:password@]host:port[/db]` | one server |
//! | `redis+sentinel://[user:password@]h1:p1,h2:p2/name[/db]` | the master of that name; the sentinels are asked without a password |
//! | `redis+cluster://[user:password@]h1:p1,h2:p2` | a cluster; the hosts are where to begin |
//!
//! `rediss` in place of `redis` asks for TLS everywhere. Pure.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// Why an address is none. Never repeats what was written: there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of Redis: {0}")]
pub struct AddressError(&'static str);

/// Where Redis is.
#[derive(Clone)]
pub struct Address {
    pub(super) place: Place,
    pub(super) ca: Option<Vec<u8>>,
}

#[derive(Clone)]
pub(super) enum Place {
    One(Box<ConnectionInfo>),
    /// `master` has the settings of its servers; its own address is a placeholder.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        name: String,
        master: Box<ConnectionInfo>,
    },
    Cluster(Vec<ConnectionInfo>),
}

impl Address {
    /// Trusts this authority (PEM) instead of the system's.
    #[must_use]
    pub fn with_ca(self, pem: Vec<u8>) -> Self {
        Self { ca: Some(pem), ..self }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::One(_) => "one Redis",
            Place::Sentinel { .. } => "Redis behind Sentinel",
            Place::Cluster(_) => "a Redis cluster",
        })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError("no scheme"))?;
        let (base, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        if base != "redis" && base != "rediss" {
            return Err(AddressError("the scheme is not redis or rediss"));
        }
        let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(user, rest)| (user, rest));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let one = |user: &str, host: &str, db: &str| info(base, user, host, db);
        let place = match kind {
            "" => Place::One(Box::new(one(user, hosts, path)?)),
            "cluster" if path.is_empty() => {
                let each = hosts.split(',').map(|host| one(user, host, ""));
                Place::Cluster(each.collect::<Result<_, _>>()?)
            }
            "sentinel" => {
                let (name, db) = path.split_once('/').unwrap_or((path, ""));
                if name.is_empty() {
                    return Err(AddressError("the name of the master is missing"));
                }
                let each = hosts.split(',').map(|host| one("", host, ""));
                Place::Sentinel {
                    sentinels: each.collect::<Result<_, _>>()?,
                    name: name.to_owned(),
                    master: Box::new(one(user, "master:1", db)?),
                }
            }
            "cluster" => return Err(AddressError("a cluster has no databases")),
            _ => return Err(AddressError("neither +sentinel nor +cluster")),
        };
        Ok(Self { place, ca: None })
    }
}

fn info(base: &str, user: &str, host: &str, db: &str) -> Result<ConnectionInfo, AddressError> {
    if host.is_empty() {
        return Err(AddressError("a host is missing"));
    }
    let at = if user.is_empty() { "" } else { "@" };
    let info = format!("{base}://{user}{at}{host}/{db}")
        .into_connection_info()
        .map_err(|_| AddressError("a host, a port, a user or a database cannot be read"))?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use redis::ConnectionAddr;

    use super::{Address, Place};

    fn hosts(infos: &[redis::ConnectionInfo]) -> Vec<String> {
        infos.iter().map(|info| info.addr().to_string()).collect()
    }

    #[test]
    fn the_forms() {
        let one: Address = "redis://u:p%40@example.org:7000/3".parse().unwrap();
        let Place::One(info) = one.place else { panic!() };
        assert_eq!(info.addr().to_string(), "example.org:7000");
        let settings = info.redis_settings();
        assert_eq!((settings.db(), settings.password()), (3, Some("p@")));
        let tls: Address = "rediss://example.org".parse().unwrap();
        let Place::One(info) = tls.place else { panic!() };
        assert!(matches!(info.addr(), ConnectionAddr::TcpTls { port: 6379, insecure: false, .. }));
        let sentinel: Address = "redis+sentinel://:secret@a:1,b:2/mymaster/4".parse().unwrap();
        let Place::Sentinel { sentinels, name, master } = sentinel.place else { panic!() };
        assert_eq!((hosts(&sentinels), &*name), (vec!["a:1".into(), "b:2".into()], "mymaster"));
        assert_eq!(sentinels[0].redis_settings().password(), None);
        let settings = master.redis_settings();
        assert_eq!((settings.db(), settings.password()), (4, Some("secret")));
        let cluster: Address = "redis+cluster://a:1,b:2,c:3".parse().unwrap();
        let Place::Cluster(nodes) = cluster.place else { panic!() };
        assert_eq!(hosts(&nodes), ["a:1", "b:2", "c:3"]);
    }

    #[test]
    fn what_is_no_address_is_refused_without_a_password_in_the_words() {
        for text in [
            "",
            "localhost:6379",
            "http://localhost",
            "redis+else://a:1",
            "redis+sentinel://a:1,b:2",
            "redis+cluster://a:1/2",
            "redis+cluster://a:1,,b:2",
            "redis://u:secret@host:port/x",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            for base in ["", "redis://", "redis+sentinel://", "redis+cluster://"] {
                let _ = format!("{base}{text}").parse::<Address>();
            }
        }
    }
}
