//! Which channels there are, and which of them a packet goes to. Pure.
//!
//! With the prefix `P` and the namespace `N`: `P#N#` is heard by all nodes, `P#N#UID#` by the one
//! whose requests are answered there, `P#N#ROOM#` by those that have sockets in the room, if the
//! mode has rooms' channels at all.

/// Which rooms have channels of their own. All nodes of a cluster must agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubscriptionMode {
    /// None: every node hears everything.
    Static,
    /// Every room but those of one socket, which are known by the length of their names.
    #[default]
    Dynamic,
    /// Every room, those of one socket, too.
    DynamicPrivate,
}

impl SubscriptionMode {
    /// Whether packets to that room alone go to a channel of its own.
    #[must_use]
    pub fn separates(self, room: &str) -> bool {
        match self {
            Self::Static => false,
            Self::Dynamic => !looks_like_a_socket_id(room),
            Self::DynamicPrivate => true,
        }
    }
}

/// As the JavaScript nodes decide it: by 20 of *their* characters.
fn looks_like_a_socket_id(room: &str) -> bool {
    // A text of more than 60 bytes has more than 20 of them.
    (20..=60).contains(&room.len()) && room.encode_utf16().count() == 20
}

/// The channels of a namespace.
#[derive(Clone, Debug)]
pub struct Channels {
    mode: SubscriptionMode,
    /// Heard by all nodes.
    pub main: String,
    /// Answers to this node's requests.
    pub response: String,
}

/// What a channel is to a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// For all nodes.
    All,
    /// Answers to our requests.
    Response,
    /// For a room.
    Room(&'a str),
}

impl Channels {
    /// Those of the namespace, on the node known by `uid`.
    #[must_use]
    pub fn new(prefix: &str, namespace: &str, uid: &str, mode: SubscriptionMode) -> Self {
        let main = format!("{prefix}#{namespace}#");
        Self { mode, response: format!("{main}{uid}#"), main }
    }

    /// The channel of a room, if it has one.
    #[must_use]
    pub fn room(&self, room: &str) -> Option<String> {
        self.mode.separates(room).then(|| format!("{}{room}#", self.main))
    }

    /// The channel of one socket, if it has one.
    #[must_use]
    pub fn socket(&self, id: &str) -> Option<String> {
        (self.mode == SubscriptionMode::DynamicPrivate).then(|| format!("{}{id}#", self.main))
    }

    /// Where a packet goes that wants no answers.
    #[must_use]
    pub fn of_broadcast(&self, rooms: &[String]) -> String {
        let [only] = rooms else { return self.main.clone() };
        self.room(only).unwrap_or_else(|| self.main.clone())
    }

    /// Where the answers to a request of that node go.
    #[must_use]
    pub fn response_to(&self, uid: &str) -> String {
        format!("{}{uid}#", self.main)
    }

    /// What a channel is; `None` if it is another namespace's.
    #[must_use]
    pub fn hear<'a>(&self, channel: &'a str) -> Option<Heard<'a>> {
        if channel == self.response {
            return Some(Heard::Response);
        }
        let rest = channel.strip_prefix(self.main.as_str())?;
        if rest.is_empty() {
            return Some(Heard::All);
        }
        rest.strip_suffix('#').map(Heard::Room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(mode: SubscriptionMode, rooms: &[&str]) -> String {
        let rooms: Vec<String> = rooms.iter().map(|&room| room.to_owned()).collect();
        Channels::new("socket.io", "/", "0123456789abcdef", mode).of_broadcast(&rooms)
    }

    #[test]
    fn a_single_room_has_its_channel_as_the_mode_says() {
        use SubscriptionMode::{Dynamic, DynamicPrivate, Static};
        let id = "6Qdmnp2_O-zBkESHAAAB";
        let own = |room: &str| format!("socket.io#/#{room}#");
        for mode in [Static, Dynamic, DynamicPrivate] {
            assert_eq!(to(mode, &[]), "socket.io#/#");
            assert_eq!(to(mode, &["a", "b"]), "socket.io#/#");
        }
        assert_eq!(to(Static, &["r1"]), "socket.io#/#");
        assert_eq!(to(Dynamic, &["r1"]), own("r1"));
        assert_eq!(to(Dynamic, &[id]), "socket.io#/#");
        assert_eq!(to(DynamicPrivate, &[id]), own(id));
        // Ten of these are twenty of JavaScript's characters, and twenty-five of those are not.
        assert_eq!(to(Dynamic, &["🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂"]), "socket.io#/#");
        assert_eq!(to(Dynamic, &[&"ж".repeat(25)]), own(&"ж".repeat(25)));
    }

    #[test]
    fn a_channel_is_known_by_its_name() {
        let mode = SubscriptionMode::Dynamic;
        let channels = Channels::new("p", "/chat", "0123456789abcdef", mode);
        assert_eq!(channels.hear("p#/chat#"), Some(Heard::All));
        assert_eq!(channels.hear("p#/chat#0123456789abcdef#"), Some(Heard::Response));
        assert_eq!(channels.hear("p#/chat#a#b#"), Some(Heard::Room("a#b")));
        for other in ["p#/#", "p#/chatter#", "p#/chat", "p#/chat#a", "q#/chat#", ""] {
            assert_eq!(channels.hear(other), None, "{other}");
        }
    }
}
