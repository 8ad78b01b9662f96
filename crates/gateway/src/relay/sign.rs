//! How nodes know each other: each relayed request bears a claim that is signed with a key which
//! all nodes of the cluster have, and is answered with a proof that only such a node can make.
//!
//! The claim is one header, eight words: version, key id, time, number, target, sender, client's
//! address, MAC. The MAC is over the other seven, the method, and the path with the query; the
//! proof is over that MAC, so it answers this one request and no other. A text has one way to be
//! written, and what is written otherwise is refused, so no two texts are the same claim.
//!
//! The keys are derived from the cluster's: the first signs, all are understood, so that a key is
//! changed by giving every node the new one as its second, then as its first.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::{HeaderName, Method};
use sha2::Sha256;
use zvon_socketio::NodeId;

/// The header with the claim.
pub(crate) const CLAIM: HeaderName = HeaderName::from_static("x-zvon-relay");
/// The header with the proof.
pub(crate) const PROOF: HeaderName = HeaderName::from_static("x-zvon-relay-proof");

const VERSION: &str = "v1";
/// Longest text of a claim.
const LONGEST: usize = 256;

type HmacSha256 = Hmac<Sha256>;

/// What a relayed request says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// When it was sent, in milliseconds since the epoch.
    pub at: i64,
    /// Which of the sender's requests it is; no other has this number.
    pub number: u64,
    /// The node it is for.
    pub target: NodeId,
    /// The node it is from.
    pub sender: NodeId,
    /// The client whose request it is.
    pub client: SocketAddr,
}

/// A claim as it is sent, and the proof that has to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The header's text.
    pub text: String,
    /// The proof's text.
    pub proof: String,
}

/// Why a claim is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is none, or it is no claim.
    Malformed,
    /// Signed with a key that is not known here.
    UnknownKey,
    /// Not signed with that key, or not for this request.
    BadSignature,
    /// For another node.
    OtherTarget,
    /// From this node itself.
    Loop,
    /// Of another time.
    Expired,
    /// Seen before, or too old to say.
    Replayed,
    /// No session of this node is asked for.
    NoSession,
    /// As much is relayed here as may be.
    Full,
}

/// The keys that are live.
pub struct Keys(Vec<Key>);

struct Key {
    id: String,
    secret: [u8; 32],
}

impl Keys {
    /// Those derived from the cluster's keys; the first signs.
    #[must_use]
    pub fn derive<S: AsRef<[u8]>>(cluster: impl IntoIterator<Item = S>) -> Self {
        Self(cluster.into_iter().map(|key| Key::derive(key.as_ref())).collect())
    }

    /// Signs a claim for a request; `None` if there is no key.
    #[must_use]
    pub fn sign(&self, claim: &Claim, method: &Method, path: &str) -> Option<Signed> {
        self.0.first().map(|key| key.sign(claim, method, path))
    }

    /// Reads the claim of a request, and what proves to its sender that it was read.
    ///
    /// # Errors
    /// It is none, or not signed with one of the keys for this request.
    pub fn read(
        &self,
        text: &str,
        method: &Method,
        path: &str,
    ) -> Result<(Claim, String), Refusal> {
        let (id, claim) = parse(text).ok_or(Refusal::Malformed)?;
        let key = self.0.iter().find(|key| key.id == id).ok_or(Refusal::UnknownKey)?;
        let signed = key.sign(&claim, method, path);
        let (head, mac) = signed.text.rsplit_once(' ').ok_or(Refusal::Malformed)?;
        let (given_head, given_mac) = text.rsplit_once(' ').ok_or(Refusal::Malformed)?;
        if head != given_head {
            return Err(Refusal::Malformed);
        }
        if !same(mac, given_mac) {
            return Err(Refusal::BadSignature);
        }
        Ok((claim, signed.proof))
    }
}

impl Key {
    fn derive(cluster: &[u8]) -> Self {
        let secret = mac(cluster, &[b"zvon relay key"]);
        let id = encode(&mac(&secret, &[b"zvon relay key id"])[..6]);
        Self { id, secret }
    }

    fn sign(&self, claim: &Claim, method: &Method, path: &str) -> Signed {
        let Claim { at, number, target, sender, client } = claim;
        let head = format!("{VERSION} {} {at} {number} {target} {sender} {client}", self.id);
        let parts =
            [&b"zvon relay request\n"[..], head.as_bytes(), b"\n", method.as_str().as_bytes()];
        let request = mac(&self.secret, &[&parts.concat(), b"\n", path.as_bytes()]);
        let proof = encode(&mac(&self.secret, &[b"zvon relay answer\n", &request]));
        Signed { text: format!("{head} {}", encode(&request)), proof }
    }
}

/// Whether two texts are the same, in a time that tells nothing of them but their lengths.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let differs = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differs == 0
}

/// The key's id and the claim; whether the text is written as it has to be is not looked at.
fn parse(text: &str) -> Option<(&str, Claim)> {
    if text.len() > LONGEST {
        return None;
    }
    let words: Vec<&str> = text.split(' ').collect();
    let [VERSION, key, at, number, target, sender, client, _mac] = words[..] else { return None };
    let claim = Claim {
        at: at.parse().ok()?,
        number: number.parse().ok()?,
        target: target.parse().ok()?,
        sender: sender.parse().ok()?,
        client: client.parse().ok()?,
    };
    Some((key, claim))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mac = HmacSha256::new_from_slice(key).expect("any length");
    parts.iter().fold(mac, |mac, part| mac.chain_update(part)).finalize().into_bytes().into()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Claim, Keys, Method, Refusal, SocketAddr};

    fn claim(at: i64, number: u64, client: SocketAddr) -> Claim {
        let (target, sender) = ("targetid".parse().unwrap(), "senderid".parse().unwrap());
        Claim { at, number, target, sender, client }
    }

    fn address() -> impl Strategy<Value = SocketAddr> {
        any::<(std::net::IpAddr, u16)>().prop_map(SocketAddr::from)
    }

    const PATH: &str = "/socket.io/?EIO=4&transport=polling&sid=x";

    proptest! {
        #[test]
        fn what_was_signed_is_read(at: i64, number: u64, client in address()) {
            let (keys, claim) = (Keys::derive(["key"]), claim(at, number, client));
            let signed = keys.sign(&claim, &Method::GET, PATH).unwrap();
            let read = keys.read(&signed.text, &Method::GET, PATH);
            prop_assert_eq!(read, Ok((claim, signed.proof)));
        }

        #[test]
        fn no_text_that_is_changed_is_taken(
            number: u64, client in address(), at: prop::sample::Index, with: char, how in 0..4,
        ) {
            let (keys, claim) = (Keys::derive(["key"]), claim(7, number, client));
            let text = keys.sign(&claim, &Method::GET, PATH).unwrap().text;
            let mut letters: Vec<char> = text.chars().collect();
            let at = at.index(letters.len());
            match how {
                0 => letters[at] = with,
                1 => drop(letters.remove(at)),
                2 => letters.insert(at, with),
                _ => letters.truncate(at),
            }
            let changed: String = letters.into_iter().collect();
            prop_assume!(changed != text);
            prop_assert!(keys.read(&changed, &Method::GET, PATH).is_err());
        }

        #[test]
        fn any_text_is_refused_without_a_fault(text in ".*", words in "v1( [ -~]{0,20}){7}") {
            let keys = Keys::derive(["key"]);
            prop_assert!(keys.read(&text, &Method::GET, PATH).is_err());
            prop_assert!(keys.read(&words, &Method::GET, PATH).is_err());
        }
    }

    #[test]
    fn a_claim_is_for_one_method_and_one_path_and_one_client() {
        let keys = Keys::derive(["key"]);
        let client = "192.0.2.7:5678".parse().unwrap();
        let signed = keys.sign(&claim(1, 2, client), &Method::GET, PATH).unwrap();
        let refused = Err(Refusal::BadSignature);
        assert_eq!(keys.read(&signed.text, &Method::POST, PATH), refused);
        assert_eq!(keys.read(&signed.text, &Method::GET, &PATH[1..]), refused);
        let forged = signed.text.replace("192.0.2.7", "192.0.2.8");
        assert_eq!(keys.read(&forged, &Method::GET, PATH), refused);
        let late = signed.text.replacen(" 1 2 ", " 1 3 ", 1);
        assert_eq!(keys.read(&late, &Method::GET, PATH), refused);
        let blank = signed.text.replacen(" 1 2 ", " +1 02 ", 1);
        assert_eq!(keys.read(&blank, &Method::GET, PATH), Err(Refusal::Malformed), "one way only");
    }

    #[test]
    fn a_key_is_changed_in_two_steps_and_nothing_is_refused_meanwhile() {
        let (claim, ways) = (
            claim(1, 2, "[::1]:1".parse().unwrap()),
            [vec!["old"], vec!["old", "new"], vec!["new", "old"], vec!["new"]],
        );
        let keys = ways.map(Keys::derive);
        let reads = |reader: usize, signer: usize| {
            let signed = keys[signer].sign(&claim, &Method::GET, PATH).unwrap();
            keys[reader].read(&signed.text, &Method::GET, PATH).map(|_| ())
        };
        for step in 0..3 {
            assert_eq!(reads(step, step + 1), Ok(()), "{step}");
            assert_eq!(reads(step + 1, step), Ok(()), "{step}");
        }
        assert_eq!(reads(0, 3), Err(Refusal::UnknownKey));
        assert_eq!(reads(3, 0), Err(Refusal::UnknownKey));
    }

    #[test]
    fn the_proof_is_of_the_request_and_not_its_mac() {
        let keys = Keys::derive(["key"]);
        let of = |number| {
            let claim = claim(1, number, "192.0.2.7:1".parse().unwrap());
            keys.sign(&claim, &Method::GET, PATH).unwrap()
        };
        assert_ne!(of(1).proof, of(2).proof);
        assert!(!of(1).text.contains(&of(1).proof));
    }
}
