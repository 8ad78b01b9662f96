//! An operator's own connection to the database, while nodes use it: what it ends, reads and finds.

use zvon_core::analytics::store::AnalyticsStore;
use zvon_core::analytics::{Fact, What};
use zvon_core::chat::store::{ChatStore, GroupChange};
use zvon_core::clock::SystemClock;
use zvon_core::job::Once;
use zvon_core::message::store::{Appended, MessageStore};
use zvon_core::outbox::store::OutboxStore;
use zvon_core::session::Reason;
use zvon_core::session::store::{End, SessionStore};
use zvon_core::store::Denied;
use zvon_protocol::day::Day;
use zvon_store::Access;
use zvon_store::export::Export;
use zvon_store::postgres::{Postgres, Settings, inspect};
use zvon_store::schema::Standing;
use zvon_testkit::pgbouncer::PgBouncer;

use super::scene::{NOW, group, person, send, text};
use super::{Place, settings};

#[tokio::test]
async fn what_it_ends_is_over_for_every_node_at_once() {
    let place = Place::new().await;
    let nodes = [place.open().await, place.open().await];
    let author = person(&nodes[0]).await;
    let chat = group(&nodes[0], author, &[]).await;
    let settings = settings(place.cluster.url(&place.name));
    let beside = Postgres::beside(&settings, Access::Write).await.unwrap();
    let end = End { at: NOW, reason: Reason::Operator };
    let ended = beside.revoke_sessions(author.user, None, end).await.unwrap();
    assert_eq!(ended, [author.session]);
    for node in &nodes {
        let denied = node.append(NOW, &[text(author, chat)]).await.unwrap().verdicts;
        assert!(matches!(denied[..], [Appended::Denied(Denied::Revoked)]), "{denied:?}");
        let heard = node.revoked_since(NOW).await.unwrap();
        assert_eq!(heard.iter().map(|end| end.session).collect::<Vec<_>>(), ended);
    }
}

#[tokio::test]
async fn a_reader_can_not_write_behind_a_pooler_neither() {
    let place = Place::new().await;
    let store = place.open().await;
    let author = person(&store).await;
    let pooler = PgBouncer::start(place.cluster, 4);
    let direct = settings(place.cluster.url(&place.name));
    let pooled = Settings { pooled: true, ..settings(pooler.url(&place.name)) };
    for settings in [direct, pooled] {
        let reader = Postgres::beside(&settings, Access::Read).await.unwrap();
        let end = End { at: NOW, reason: Reason::Operator };
        assert!(reader.revoke_session(author.session, end).await.is_err());
        assert!(reader.session(author.session).await.unwrap().unwrap().is_live(NOW));
        let writer = Postgres::beside(&settings, Access::Write).await.unwrap();
        assert_eq!(writer.log_epoch().await.unwrap(), reader.log_epoch().await.unwrap());
    }
}

#[tokio::test]
async fn all_that_is_kept_is_read_out_also_what_is_over() {
    let place = Place::new().await;
    let store = place.open().await;
    let (admin, other) = (person(&store).await, person(&store).await);
    let chat = group(&store, admin, &[other]).await;
    send(&store, other, chat, 7).await;
    let first = store.messages_of((chat, other.user), (0, 99), 1).await.unwrap().remove(0);
    store.pin(admin, first.id, 9).await.unwrap().unwrap();
    let remove = GroupChange::Remove(other.user);
    store.change_group(admin, chat, &remove).await.unwrap().unwrap();
    let end = End { at: NOW, reason: Reason::Operator };
    assert!(store.revoke_session(other.session, end).await.unwrap());

    let came = |event: &str, day| {
        let (event_id, what) = (event.to_owned(), What::Came(other.user));
        Fact { event_id, day: Day::new(day), what }
    };
    let once = Once { job: "analytics", at: NOW };
    let facts = [came("1", 8), came("2", 7), came("3", 8)];
    assert_eq!(store.count_facts(once, &facts).await.unwrap(), 3);

    let settings = settings(place.cluster.url(&place.name));
    let reader = Postgres::beside(&settings, Access::Read).await.unwrap();
    let days = reader.active_days_of(other.user).await.unwrap();
    assert_eq!(days, [Day::new(7), Day::new(8)]);
    assert_eq!(reader.active_days_of(admin.user).await.unwrap(), []);
    let sessions = reader.all_sessions_of(other.user).await.unwrap();
    assert_eq!(sessions.iter().map(|found| found.id).collect::<Vec<_>>(), [other.session]);
    assert_eq!(sessions[0].revoked_at, Some(NOW));
    let past = reader.memberships_of(other.user).await.unwrap();
    assert_eq!((past[0].chat, past[0].left_seq), (chat, Some(10)));
    let members = reader.memberships_in(chat).await.unwrap();
    let mut expected = [admin.user, other.user];
    expected.sort_unstable();
    assert_eq!(members.iter().map(|member| member.user).collect::<Vec<_>>(), expected);
    let page = reader.messages_of((chat, other.user), (2, 5), 9).await.unwrap();
    assert_eq!(page.iter().map(|message| message.seq).collect::<Vec<_>>(), [3, 4, 5]);
    let pins = reader.pins_by(chat, admin.user).await.unwrap();
    assert_eq!(
        pins.iter().map(|pin| (pin.message, pin.pin_seq)).collect::<Vec<_>>(),
        [(first.id, 9)]
    );
}

#[tokio::test]
async fn an_inspection_tells_what_a_node_would_find() {
    let place = Place::new().await;
    let store = place.open().await;
    let author = person(&store).await;
    let chat = group(&store, author, &[]).await;
    send(&store, author, chat, 1).await;
    let url = place.cluster.url(&place.name);
    let found = inspect::inspect(&settings(url), &SystemClock).await.unwrap();
    assert!(
        found.number >= 150_000 && found.server.starts_with(&(found.number / 10_000).to_string())
    );
    assert_eq!(
        (found.name.as_str(), found.standby, found.encoding.as_str()),
        (&*place.name, false, "UTF8")
    );
    assert_eq!(found.schema.standing(), Standing::Same);
    assert_eq!(found.log, Some((store.log_epoch().await.unwrap(), Some(NOW))));
    assert!(found.ahead.abs() <= found.within + 5, "one machine, one clock: {found:?}");
    assert!(found.role.superuser && found.role.changes && found.role.lacks.is_empty());

    // A role that may only read some of it.
    let role = format!("reader_of_{}", place.name);
    place.sql(&format!("CREATE ROLE {role} LOGIN"));
    place.sql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"));
    place.sql(&format!(
        "GRANT INSERT, UPDATE, DELETE ON users, chats, members, events, pins, outbox, positions, \
         operators, job_done, job_dead, job_states, audit, audit_head, webhooks, deliveries, \
         analytics_days, analytics_seen, retention TO {role}"
    ));
    let url = place.cluster.url(&place.name).replace("postgres@", &format!("{role}@"));
    let found = inspect::inspect(&settings(url), &SystemClock).await.unwrap();
    assert_eq!((found.role.superuser, found.role.changes), (false, false));
    assert_eq!(found.role.lacks, ["sessions"]);
    place.sql(&format!("DROP OWNED BY {role}"));
    place.sql(&format!("DROP ROLE {role}"));
}
