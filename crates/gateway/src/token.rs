//! Access tokens: JWT, HMAC-signed, bound to a session.
//!
//! Made with HS256; HS384 and HS512 are understood too. Nothing in a header but `alg` is looked
//! at. The texts of refusals are those of the library that the existing front end and its tests
//! know.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::session::{Claim, Session};
use zvon_protocol::error::Code;
use zvon_protocol::ids::SessionId;
use zvon_protocol::time::Timestamp;

use crate::settings::TokenSettings;

/// Makes and reads access tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<Keys>);

struct Keys {
    encoding: EncodingKey,
    /// That of the encoding first.
    decoding: Vec<DecodingKey>,
    settings: TokenSettings,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    iat: i64,
    #[serde(default)]
    exp: i64,
    #[serde(default)]
    sid: Option<SessionId>,
    #[serde(default)]
    jti: Option<Uuid>,
}

/// What a valid token says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer {
    /// Whose it is, and of which session.
    pub(crate) claim: Claim,
    /// Whether it says too little for a route: no e-mail address.
    pub(crate) incomplete: bool,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The text for `connect_error`.
    pub(crate) text: &'static str,
    /// The word for programs.
    pub(crate) code: Code,
    /// Whether it is signed by us, but says too little.
    pub(crate) incomplete: bool,
}

const fn refused(text: &'static str) -> Refused {
    Refused { text, code: Code::Unauthorized, incomplete: false }
}

impl Tokens {
    pub(crate) fn new(settings: TokenSettings) -> Self {
        let secrets = &settings.secrets;
        let encoding = EncodingKey::from_secret(secrets.first().map_or(b"", Vec::as_slice));
        let decoding = secrets.iter().map(|secret| DecodingKey::from_secret(secret)).collect();
        Self(Arc::new(Keys { encoding, decoding, settings }))
    }

    /// A token for a session: a short one if the client can get the next by itself.
    pub(crate) fn issue(
        &self,
        account: &Account,
        session: &Session,
        now: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let settings = &self.0.settings;
        let life = if session.refresh.is_some() { settings.short_life } else { settings.life };
        let iat = now.0 / 1000;
        let claims = Claims {
            sub: Some(account.id.to_string()),
            email: Some(account.email.clone()),
            iat,
            exp: iat.saturating_add(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)),
            sid: Some(session.id),
            jti: Some(Uuid::new_v4()),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.0.encoding)
    }

    /// Reads a token.
    pub(crate) fn read(&self, token: &str) -> Result<Bearer, Refused> {
        let parts: Vec<&str> = token.split('.').collect();
        match parts.as_slice() {
            [""] => return Err(refused("jwt must be provided")),
            [_, _, ""] => return Err(refused("jwt signature is required")),
            [_, _, _] => {}
            _ => return Err(refused("jwt malformed")),
        }
        if !is_ours(token) {
            return Err(refused("invalid algorithm"));
        }
        let claims = self.decode(token).map_err(|error| explain(error.kind()))?;
        let sub = claims.sub.filter(|sub| !sub.is_empty());
        let email = claims.email.filter(|email| !email.is_empty());
        let incomplete = sub.is_none() || email.is_none();
        let Some(sub) = sub else {
            return Err(Refused { incomplete, ..refused("Invalid token payload") });
        };
        let unknown = Refused { text: "User not found", code: Code::UserUnknown, incomplete };
        let user = sub.parse().map_err(|_| unknown)?;
        let legacy = claims.sid.is_none() && self.0.settings.accept_legacy;
        let session = claims.sid.or_else(|| legacy.then(|| adopted(token))).ok_or(unknown)?;
        let expires_at = Timestamp(claims.exp.saturating_mul(1000));
        Ok(Bearer { claim: Claim { session, user, expires_at, legacy }, incomplete })
    }

    /// By the first key whose signature it bears.
    fn decode(&self, token: &str) -> Result<Claims, jsonwebtoken::errors::Error> {
        let mut refusal = ErrorKind::InvalidSignature.into();
        for key in &self.0.decoding {
            match decode::<Claims>(token, key, &validation()) {
                Ok(decoded) => return Ok(decoded.claims),
                Err(error) => refusal = error,
            }
            if !matches!(refusal.kind(), ErrorKind::InvalidSignature) {
                break;
            }
        }
        Err(refusal)
    }
}

/// The session of a token that knows of none: its id comes from the token's hash.
fn adopted(token: &str) -> SessionId {
    let hash = Sha256::digest(token.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    SessionId(uuid::Builder::from_custom_bytes(id).into_uuid())
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    validation.leeway = 0;
    // Over at the second that `exp` names, not after it.
    validation.reject_tokens_expiring_in_less_than = 1;
    validation.validate_nbf = true;
    validation.validate_aud = false;
    validation
}

/// Whether the header asks for nothing but what is done: an algorithm of ours, and no extension
/// that must be understood. One that cannot be read is left to the decoding.
fn is_ours(token: &str) -> bool {
    #[derive(Deserialize)]
    struct Head {
        alg: String,
        #[serde(default)]
        crit: Option<serde_json::Value>,
    }
    let head = token.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
    let head = head.and_then(|head| serde_json::from_slice::<Head>(&head).ok());
    head.is_none_or(|head| {
        matches!(head.alg.as_str(), "HS256" | "HS384" | "HS512") && head.crit.is_none()
    })
}

fn explain(kind: &ErrorKind) -> Refused {
    match kind {
        ErrorKind::ExpiredSignature => {
            Refused { text: "User not found", code: Code::TokenExpired, incomplete: false }
        }
        ErrorKind::InvalidSignature => refused("invalid signature"),
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            refused("invalid algorithm")
        }
        ErrorKind::ImmatureSignature => refused("jwt not active"),
        _ => refused("invalid token"),
    }
}

#[cfg(test)]
mod tests {
    use zvon_protocol::ids::UserId;

    use super::{Account, Session, SessionId, Timestamp, TokenSettings, Tokens, Uuid};

    /// How many changed tokens are tried.
    const TRIES: usize = 100_000;

    fn token(tokens: &Tokens) -> String {
        let user = UserId(Uuid::from_u128(1));
        let (email, name) = ("ann@example.org".to_owned(), "Ann".to_owned());
        let now = Timestamp(4_000_000_000_000);
        let account =
            Account { id: user, email, name, created_at: now, last_seen: None, disabled_at: None };
        let session = Session {
            id: SessionId(Uuid::from_u128(2)),
            user,
            created_at: now,
            seen_at: now,
            expires_at: now,
            revoked_at: None,
            device: String::new(),
            address: String::new(),
            refresh: None,
        };
        tokens.issue(&account, &session, now).unwrap()
    }

    /// Numbers that look like chance and are the same each time (xorshift64, Marsaglia 2003).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % most as u64).unwrap()
        }
    }

    /// A token with one to four bytes changed, left out, put in or exchanged.
    fn mutated(token: &str, dice: &mut Dice) -> String {
        const LETTERS: &[u8] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/";
        let mut bytes = token.as_bytes().to_vec();
        for _ in 0..=dice.below(4) {
            let at = dice.below(bytes.len());
            let letter = LETTERS[dice.below(LETTERS.len())];
            match dice.below(4) {
                0 => bytes[at] = letter,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, letter),
                _ => bytes.swap(at, dice.below(token.len()).min(at)),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn s4_of_a_hundred_thousand_changed_tokens_none_is_taken() {
        let secrets = vec![b"a secret".to_vec(), b"the one before it".to_vec()];
        let tokens = Tokens::new(TokenSettings { secrets, ..TokenSettings::default() });
        let good = token(&tokens);
        assert!(tokens.read(&good).is_ok());
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let changed = (0..TRIES).map(|_| mutated(&good, &mut dice)).filter(|one| *one != good);
        let taken: Vec<String> = changed.filter(|one| tokens.read(one).is_ok()).collect();
        assert_eq!(taken, Vec::<String>::new());
    }

    #[test]
    fn a_token_of_the_secret_before_is_read_and_of_another_is_not() {
        let with = |secrets: &[&str]| {
            let secrets = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
            Tokens::new(TokenSettings { secrets, ..TokenSettings::default() })
        };
        let old = token(&with(&["old"]));
        assert!(with(&["new", "old"]).read(&old).is_ok());
        assert_eq!(with(&["new"]).read(&old).unwrap_err().text, "invalid signature");
        assert!(with(&["old"]).read(&token(&with(&["new", "old"]))).is_err(), "new ones are new");
    }
}
