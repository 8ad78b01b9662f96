//! What news look like between nodes, and what is refused. Pure.
//!
//! `version | length, sender | length, epoch | news (MessagePack) | MAC`, with lengths of one byte
//! and a MAC of 16: HMAC-SHA256 under the cluster's key over the channel's name and all that comes
//! before. So whoever can publish, but lacks the key, tells nobody anything; nothing can be moved
//! to another channel; and what was made from another log (before a restore) is not this one's.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zvon_core::delivery::bus::News;

use super::channel::{ADMITTED, channel, partition};

/// The shape of everything here. Nodes of another shape are not understood, and the store makes
/// up for it.
const VERSION: u8 = 1;

/// Length of a MAC.
const MAC: usize = 16;

/// Why something on a channel is no news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This node said it.
    Echo,
    /// Of another shape, or too short for any.
    Version,
    /// Nobody with the key said it, or not here.
    Mac,
    /// Of another log.
    Epoch,
    /// Not news, or on the wrong channel.
    Unreadable,
}

impl Refused {
    /// The word of it in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Version => "version",
            Self::Mac => "mac",
            Self::Epoch => "epoch",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Writes and reads news, as one node.
#[derive(Clone)]
pub struct Codec {
    head: Vec<u8>,
    sender: usize,
    key: Hmac<Sha256>,
}

impl Codec {
    /// For this node, this log, and the nodes that have this key. Of a name only the first 255
    /// bytes count.
    #[must_use]
    pub fn new(node: &str, epoch: &str, key: &[u8]) -> Self {
        let mut head = vec![VERSION];
        for word in [node, epoch] {
            let word = &word.as_bytes()[..word.len().min(255)];
            head.push(u8::try_from(word.len()).unwrap_or(u8::MAX));
            head.extend(word);
        }
        let sender = 2 + node.len().min(255);
        // A key of any length is one.
        let key = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&<_>::default()));
        Self { head, sender, key }
    }

    /// The channel of some news, and what to say there; `None` if it cannot be written.
    #[must_use]
    pub fn encode(&self, news: &News) -> Option<(String, Vec<u8>)> {
        let channel = match news {
            News::Log { chat, .. } => channel(partition(*chat)),
            News::Admitted { .. } | News::Turned { .. } | News::Ended { .. } => ADMITTED.to_owned(),
        };
        let body = self.sign(channel.as_bytes(), &rmp_serde::to_vec(news).ok()?);
        Some((channel, body))
    }

    /// What this node says on a channel, if `news` is what it has to say.
    #[must_use]
    pub fn sign(&self, channel: &[u8], news: &[u8]) -> Vec<u8> {
        let mut body = [&self.head, news].concat();
        let mac = self.mac(channel, &body).finalize().into_bytes();
        body.extend(&mac[..MAC]);
        body
    }

    /// What was said on a channel.
    ///
    /// # Errors
    /// Why it is no news.
    pub fn decode(&self, channel: &[u8], body: &[u8]) -> Result<News, Refused> {
        if body.first() != Some(&VERSION) || body.len() < MAC {
            return Err(Refused::Version);
        }
        let (body, mac) = body.split_at(body.len() - MAC);
        if body.starts_with(&self.head[..self.sender]) {
            return Err(Refused::Echo);
        }
        self.mac(channel, body).verify_truncated_left(mac).map_err(|_| Refused::Mac)?;
        let (_, rest) = word(&body[1..]).ok_or(Refused::Unreadable)?;
        let (epoch, rest) = word(rest).ok_or(Refused::Unreadable)?;
        if Some(epoch) != word(&self.head[self.sender..]).map(|(epoch, _)| epoch) {
            return Err(Refused::Epoch);
        }
        let news: News = rmp_serde::from_slice(rest).map_err(|_| Refused::Unreadable)?;
        if is_whole(&news, channel) { Ok(news) } else { Err(Refused::Unreadable) }
    }

    fn mac(&self, name: &[u8], body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(&name.len().to_be_bytes());
        mac.update(name);
        mac.update(body);
        mac
    }
}

fn word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// Whether it says one thing, where it belongs.
fn is_whole(news: &News, name: &[u8]) -> bool {
    match news {
        News::Log { chat, events } => {
            name == channel(partition(*chat)).as_bytes()
                && events.iter().all(|(event, _)| event.chat == *chat)
                && events.windows(2).all(|two| two[0].0.seq < two[1].0.seq)
        }
        News::Admitted { .. } | News::Turned { .. } | News::Ended { .. } => {
            name == ADMITTED.as_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use uuid::Uuid;
    use zvon_core::contract::bus::news;
    use zvon_core::session::Reason;
    use zvon_protocol::ids::{SessionId, UserId};

    use super::{ADMITTED, Codec, News, Refused};
    use zvon_protocol::ids::ChatId;

    fn codec(node: &str) -> Codec {
        Codec::new(node, "epoch", b"key")
    }

    proptest! {
        #[test]
        fn the_other_nodes_read_what_one_writes(chat in any::<u128>(), seq in any::<u64>()) {
            let (chat, user) = (ChatId(Uuid::from_u128(chat)), UserId(Uuid::new_v4()));
            let (session, reason) = (SessionId(Uuid::new_v4()), Reason::Revoked);
            let ended = News::Ended { session, user, reason };
            let (admitted, turned) =
                (News::Admitted { chat, user, seq }, News::Turned { chat, seq });
            for news in [news(chat, seq), admitted, turned, ended] {
                let (channel, body) = codec("one").encode(&news).unwrap();
                let read = |reader: &Codec| reader.decode(channel.as_bytes(), &body);
                assert_eq!(read(&codec("two")), Ok(news.clone()));
                assert_eq!(read(&codec("one")), Err(Refused::Echo));
                assert_eq!(read(&Codec::new("two", "other", b"key")), Err(Refused::Epoch));
                assert_eq!(read(&Codec::new("two", "epoch", b"other")), Err(Refused::Mac));
                assert_eq!(codec("two").decode(b"zvon:log:{x}", &body), Err(Refused::Mac));
            }
        }

        #[test]
        fn one_changed_byte_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let told = news(ChatId(Uuid::nil()), 7);
            let (channel, mut body) = codec("one").encode(&told).unwrap();
            let at = at.index(body.len());
            body[at] ^= 1 << bit;
            assert!(codec("two").decode(channel.as_bytes(), &body).is_err());
            assert!(codec("two").decode(channel.as_bytes(), &body[..at]).is_err());
        }

        #[test]
        fn bytes_of_somebody_with_the_key_do_not_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let body = codec("one").sign(ADMITTED.as_bytes(), &bytes);
            let read = codec("two").decode(ADMITTED.as_bytes(), &body);
            assert!(matches!(read, Ok(News::Admitted { .. }) | Err(Refused::Unreadable)));
        }
    }

    #[test]
    fn names_of_any_length_are_told_apart() {
        let long = "n".repeat(300);
        let told = news(ChatId(Uuid::nil()), 7);
        let (channel, body) = Codec::new(&long, &long, b"").encode(&told).unwrap();
        let other = Codec::new("other", &long, b"");
        assert_eq!(other.decode(channel.as_bytes(), &body), Ok(told));
    }
}
