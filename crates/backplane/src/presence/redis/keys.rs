//! Names in Redis. Everything that one script touches has one hash tag, so one slot.

use zvon_protocol::ids::UserId;

/// How many buckets users fall into: enough to spread over a cluster, few enough to look into all
/// of them twice a second.
pub(super) const BUCKETS: usize = 32;

/// The leases of all incarnations: a sorted set by their ends.
pub(super) const LEASES: &str = "pres:{nodes}:leases";

/// When this Redis first knew anything, in its milliseconds.
pub(super) const EPOCH: &str = "pres:{nodes}:epoch";

/// The bucket of a user. The end of an id is random.
pub(super) fn bucket(user: UserId) -> usize {
    usize::from(user.0.as_bytes()[15]) % BUCKETS
}

/// Prefix of the keys of a bucket's users.
pub(super) fn users(bucket: usize) -> String {
    format!("pres:{{b{bucket}}}:u:")
}

/// A user: `s` (1 online, 0 not), `v` (version), and one field per connection.
pub(super) fn user(user: UserId) -> String {
    format!("{}{user}", users(bucket(user)))
}

/// Users of a bucket without a connection, by when that will be told.
pub(super) fn graces(bucket: usize) -> String {
    format!("pres:{{b{bucket}}}:grace")
}

/// Transitions to offline of a bucket's users that have not arrived for sure: `<user> <version>`,
/// by when they are answered again.
pub(super) fn gone(bucket: usize) -> String {
    format!("pres:{{b{bucket}}}:gone")
}

/// Connections of an incarnation in a bucket: `<user> <connection>`.
pub(super) fn connections(bucket: usize, incarnation: &str) -> String {
    format!("pres:{{b{bucket}}}:n:{incarnation}")
}
