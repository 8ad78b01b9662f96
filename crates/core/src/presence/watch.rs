//! Connections come and go; who may know hears of it.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Instant;

use zvon_protocol::event::{ServerEvent, UserStatus, UsersUpdate};
use zvon_protocol::ids::UserId;

use super::Transition;
use crate::App;
use crate::caller::Caller;
use crate::delivery::news::Fresh;
use crate::outbox::event::AccountKind;
use crate::outbox::gather;
use crate::settings::Audience;

/// Most people in one answer of who is online.
const MOST: usize = 1000;

/// A connection as the outbox tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The socket's public id.
    pub socket: &'a str,
    /// Where it comes from.
    pub address: std::net::IpAddr,
    /// Its user agent.
    pub device: &'a str,
}

/// A connection's hold on its session.
pub struct Held {
    app: Weak<App>,
    caller: Caller,
    connection: String,
    socket: String,
    begun: Instant,
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(app) = self.app.upgrade() else { return };
        app.live.disconnected(self.caller.session, app.now());
        app.disconnected(self.caller, std::mem::take(&mut self.connection));
        let lasted = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let connection = std::mem::take(&mut self.socket);
        app.gather.tell(self.caller.user, AccountKind::Disconnected { connection, lasted });
    }
}

impl App {
    /// A connection of the caller's is live. Its audience hears of it if the user was offline;
    /// what waited for the user becomes delivered. `Some` is the state to show to this socket
    /// alone, because nobody else has to hear anything.
    pub async fn connected(
        self: &Arc<Self>,
        caller: Caller,
        connection: &str,
    ) -> Option<Transition> {
        let (app, user) = (Arc::clone(self), caller.user);
        self.spawn(async move { app.deliver_waiting(user).await });
        match self.backing.presence.up(caller.user, connection).await {
            Ok(Some(transition)) => {
                self.announce_presence(&[transition]).await;
                None
            }
            Ok(None) => self.presence_of(&[caller.user]).await.pop().flatten(),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be announced");
                None
            }
        }
    }

    /// A connection begins: its session is in use until what is returned is dropped, and so, at
    /// the latest, is the user online by it. To be called before the session is looked at for the
    /// last time, so that an end that comes after the look finds the connection. The outbox tells
    /// of its beginning and, with the hold, of its end.
    #[must_use]
    pub fn hold(self: &Arc<Self>, caller: Caller, connection: &str, seen: Seen<'_>) -> Held {
        self.live.connected(caller.session);
        let (app, connection, socket) =
            (Arc::downgrade(self), connection.to_owned(), seen.socket.to_owned());
        let kind = AccountKind::Connected {
            connection: socket.clone(),
            address: seen.address.to_canonical().to_string(),
            device: gather::device(seen.device),
        };
        self.gather.tell(caller.user, kind);
        Held { app, caller, connection, socket, begun: Instant::now() }
    }

    /// A connection ended. Nobody hears of it before the grace. Repeating it changes nothing.
    pub fn disconnected(self: &Arc<Self>, caller: Caller, connection: String) {
        let app = Arc::clone(self);
        self.spawn(async move {
            if let Err(error) = app.backing.presence.down(caller.user, &connection).await {
                tracing::warn!(%error, "the end of a connection could not be noted");
            }
        });
    }

    /// The state of each of the users, in their order; nothing if presence is away.
    pub async fn presence_of(&self, users: &[UserId]) -> Vec<Option<Transition>> {
        self.backing.presence.states(users).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "presence could not be read");
            vec![None; users.len()]
        })
    }

    /// Those of the caller's audience who are online; everybody, where everybody may know.
    ///
    /// # Errors
    /// The store's.
    pub async fn online_for(&self, caller: Caller) -> crate::error::Result<Vec<UserId>> {
        let Some(known) = self.known_to(caller).await? else {
            let online = self.backing.presence.online(MOST).await;
            return Ok(online.unwrap_or_default());
        };
        let known: Vec<UserId> = known.into_iter().collect();
        let states = self.presence_of(&known).await;
        let online = known.into_iter().zip(states);
        Ok(online.filter(|(_, state)| state.is_some_and(|s| s.online)).map(|(id, _)| id).collect())
    }

    /// Whether the caller may know of that user's presence.
    ///
    /// # Errors
    /// The store's.
    pub async fn may_know_of(&self, caller: Caller, user: UserId) -> crate::error::Result<bool> {
        Ok(self.known_to(caller).await?.is_none_or(|known| known.contains(&user)))
    }

    /// Those whose presence the caller may know; `None` for everybody.
    pub(crate) async fn known_to(
        &self,
        caller: Caller,
    ) -> crate::error::Result<Option<HashSet<UserId>>> {
        if self.everyone_may_know().await {
            return Ok(None);
        }
        let mut known = HashSet::from([caller.user]);
        known.extend(self.store().contacts_of(caller.user).await?);
        Ok(Some(known))
    }

    pub(crate) async fn sweep_presence(self: Arc<Self>) {
        match self.backing.presence.sweep().await {
            Ok(due) if due.is_empty() => {}
            Ok(due) => {
                let gone = due.iter().filter(|change| !change.online);
                let seen: Vec<_> = gone.map(|gone| (gone.user, gone.at)).collect();
                if let Err(error) = self.store().set_last_seen(&seen).await {
                    tracing::warn!(%error, "last seen could not be stored");
                }
                self.announce_presence(&due).await;
            }
            Err(error) => tracing::warn!(%error, "presence could not be swept"),
        }
    }

    /// Tells the audience of each transition of it, or of what came of it since. Whoever told it
    /// looks once more, and tells what another node made of it meanwhile: so the last word on a
    /// user is the newest, whichever node's telling comes last.
    async fn announce_presence(&self, transitions: &[Transition]) {
        let everyone = self.everyone_may_know().await;
        for transition in transitions {
            let audience = if everyone { None } else { self.audience_of(transition.user).await };
            let audience = if everyone { Some(None) } else { audience.map(Some) };
            let Some(audience) = audience else { continue };
            let _turn = self.announcing.lock().await;
            let mut told = None;
            loop {
                let latest = self.presence_of(&[transition.user]).await.pop().flatten();
                let latest = latest.filter(|latest| latest.version > transition.version);
                let state = latest.unwrap_or(*transition);
                if told.is_some_and(|told| state.version <= told) {
                    break;
                }
                self.tell_presence(&state, audience.as_deref());
                told = Some(state.version);
            }
        }
    }

    fn tell_presence(&self, state: &Transition, audience: Option<&[UserId]>) {
        for event in presence_events(state) {
            match audience {
                None => self.fanout.to_everyone(&event),
                Some(users) => users.iter().for_each(|user| self.fanout.to_user(*user, &event)),
            }
        }
    }

    async fn audience_of(&self, user: UserId) -> Option<Vec<UserId>> {
        match self.store().contacts_of(user).await {
            Ok(mut users) => {
                users.push(user);
                Some(users)
            }
            Err(error) => {
                tracing::warn!(%error, "the audience of a presence change is unknown");
                None
            }
        }
    }

    async fn everyone_may_know(&self) -> bool {
        match self.settings.audience {
            Audience::Everyone => true,
            Audience::CoMembers => false,
            Audience::Auto => {
                let most = self.settings.everyone_max;
                let count = self.count_accounts(most.saturating_add(1)).await;
                count.is_ok_and(|count| count <= most)
            }
        }
    }

    async fn deliver_waiting(&self, user: UserId) {
        match self.store().deliver_all(user).await {
            Ok(moved) if moved.is_empty() => {}
            Ok(moved) => self.notices.announce(moved, &Fresh::default()).await,
            Err(error) => tracing::warn!(%error, "what waited could not be marked as delivered"),
        }
    }
}

/// The two spellings of a presence change, in the order of the existing back end.
#[must_use]
pub fn presence_events(state: &Transition) -> [ServerEvent; 2] {
    let (user_id, is_online) = (state.user, state.online);
    [
        ServerEvent::UsersUpdate(UsersUpdate { user_id, is_online }),
        ServerEvent::UserStatus(UserStatus { user_id, is_online, last_seen: state.at }),
    ]
}
