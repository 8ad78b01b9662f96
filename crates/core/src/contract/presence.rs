//! What every `Presence` must do. The grace of the implementation under test is ten seconds.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use zvon_protocol::ids::UserId;

use crate::presence::Presence;

type Pass = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

const GRACE: Duration = Duration::from_secs(10);

/// Runs all cases; `make` gives a fresh implementation and a way to let its time pass.
pub async fn run(make: impl Fn() -> (Arc<dyn Presence>, Pass)) {
    let (presence, pass) = make();
    online_until_the_last_connection_ends(&*presence, &pass).await;
    let (presence, pass) = make();
    coming_back_within_the_grace_is_silent(&*presence, &pass).await;
    let (presence, pass) = make();
    repeating_changes_nothing(&*presence, &pass).await;
    let (presence, pass) = make();
    versions_rise(&*presence, &pass).await;
    let (presence, pass) = make();
    each_transition_is_claimed_once(presence, &pass).await;
}

fn user() -> UserId {
    UserId(Uuid::new_v4())
}

async fn is_online(presence: &dyn Presence, user: UserId) -> bool {
    let state = presence.states(&[user]).await.unwrap().pop().flatten();
    let online = state.is_some_and(|state| state.online);
    assert_eq!(presence.online(100).await.unwrap().contains(&user), online);
    online
}

async fn online_until_the_last_connection_ends(presence: &dyn Presence, pass: &Pass) {
    let ann = user();
    assert!(!is_online(presence, ann).await);
    assert!(presence.up(ann, "a").await.unwrap().is_some_and(|t| t.online && t.user == ann));
    assert_eq!(presence.up(ann, "b").await.unwrap(), None);
    presence.down(ann, "a").await.unwrap();
    pass(GRACE * 2).await;
    assert!(presence.sweep().await.unwrap().is_empty());
    assert!(is_online(presence, ann).await);
    presence.down(ann, "b").await.unwrap();
    pass(GRACE - Duration::from_millis(500)).await;
    assert!(presence.sweep().await.unwrap().is_empty());
    assert!(is_online(presence, ann).await, "nobody hears of it before the grace");
    pass(Duration::from_secs(1)).await;
    let gone = presence.sweep().await.unwrap();
    assert!(matches!(gone.as_slice(), [t] if t.user == ann && !t.online));
    assert!(!is_online(presence, ann).await);
    assert!(presence.sweep().await.unwrap().is_empty());
}

async fn coming_back_within_the_grace_is_silent(presence: &dyn Presence, pass: &Pass) {
    let ann = user();
    presence.up(ann, "a").await.unwrap();
    presence.down(ann, "a").await.unwrap();
    pass(GRACE / 2).await;
    assert_eq!(presence.up(ann, "b").await.unwrap(), None);
    pass(GRACE * 2).await;
    assert!(presence.sweep().await.unwrap().is_empty());
    assert!(is_online(presence, ann).await);
}

async fn repeating_changes_nothing(presence: &dyn Presence, pass: &Pass) {
    let ann = user();
    presence.up(ann, "a").await.unwrap();
    assert_eq!(presence.up(ann, "a").await.unwrap(), None);
    presence.up(ann, "b").await.unwrap();
    presence.down(ann, "a").await.unwrap();
    presence.down(ann, "a").await.unwrap();
    presence.down(ann, "never there").await.unwrap();
    presence.down(user(), "a").await.unwrap();
    pass(GRACE * 2).await;
    assert!(presence.sweep().await.unwrap().is_empty());
    assert!(is_online(presence, ann).await, "an end told twice must not end another connection");
}

async fn versions_rise(presence: &dyn Presence, pass: &Pass) {
    let ann = user();
    let mut last = 0;
    for _ in 0..3 {
        let up = presence.up(ann, "a").await.unwrap().unwrap();
        presence.down(ann, "a").await.unwrap();
        pass(GRACE * 2).await;
        let down = presence.sweep().await.unwrap().pop().unwrap();
        assert!(last < up.version && up.version < down.version);
        last = down.version;
    }
}

async fn each_transition_is_claimed_once(presence: Arc<dyn Presence>, pass: &Pass) {
    let users: Vec<UserId> = (0..50).map(|_| user()).collect();
    for user in &users {
        presence.up(*user, "a").await.unwrap();
        presence.down(*user, "a").await.unwrap();
    }
    pass(GRACE * 2).await;
    let sweeps = (0..4).map(|_| {
        let presence = Arc::clone(&presence);
        tokio::spawn(async move { presence.sweep().await.unwrap().len() })
    });
    let mut claimed = 0;
    for sweep in sweeps.collect::<Vec<_>>() {
        claimed += sweep.await.unwrap();
    }
    while let found @ 1.. = presence.sweep().await.unwrap().len() {
        claimed += found;
    }
    assert_eq!(claimed, users.len());
}
