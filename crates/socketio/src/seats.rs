//! How many of something each key may hold at a time: connections of an address, sockets of a
//! user. A seat is given back when it is dropped, however its holder ends.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

/// The seats of all keys. Cheap to clone; holds an entry only for keys that hold a seat.
#[derive(Clone, Debug)]
pub struct Seats<K: Eq + Hash + Clone>(Arc<Mutex<HashMap<K, usize>>>);

/// One seat, held until it is dropped.
#[derive(Debug)]
pub struct Seat<K: Eq + Hash + Clone> {
    seats: Seats<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> Default for Seats<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Clone> Seats<K> {
    /// A seat of that key, if it holds fewer than `most`.
    #[must_use]
    pub fn take(&self, key: K, most: usize) -> Option<Seat<K>> {
        let mut seats = self.0.lock();
        let taken = seats.get(&key).copied().unwrap_or(0);
        if taken >= most {
            return None;
        }
        seats.insert(key.clone(), taken + 1);
        Some(Seat { seats: self.clone(), key })
    }

    /// How many the key holds.
    #[must_use]
    pub fn taken(&self, key: &K) -> usize {
        self.0.lock().get(key).copied().unwrap_or(0)
    }
}

impl<K: Eq + Hash + Clone> Drop for Seat<K> {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.seats.0.lock().entry(self.key.clone()) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// What counts as one address: of IPv6 the network of a subscriber, 64 bits.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{IpAddr, Seats, network};

    #[test]
    fn a_seat_is_free_again_when_it_is_dropped_and_nothing_is_remembered() {
        let seats = Seats::default();
        let first = seats.take("a", 2);
        let second = seats.take("a", 2);
        assert!(first.is_some() && second.is_some());
        assert!(seats.take("a", 2).is_none());
        assert!(seats.take("b", 2).is_some(), "keys do not share");
        drop(first);
        assert_eq!(seats.taken(&"a"), 1);
        assert!(seats.take("a", 2).is_some());
        drop(second);
        assert_eq!(seats.0.lock().len(), 0);
        assert!(seats.take("a", 0).is_none());
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(parse("2001:db8:1:2:3:4:5:6")), network(parse("2001:db8:1:2::9")));
        assert_ne!(network(parse("2001:db8:1:2::9")), network(parse("2001:db8:1:3::9")));
        assert_eq!(network(parse("::ffff:192.0.2.1")), parse("192.0.2.1"));
    }
}
