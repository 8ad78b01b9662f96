use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use uuid::Uuid;
use zvon_protocol::chat::{ChatKind, Retention, Role};
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId, WebhookId};
use zvon_protocol::record::{Payload, TOPICS};

use super::{Known, READ_MOST, Row, Stretch, Timestamp, Told, Wanted, merged};
use crate::message::{EventKind, Forward, LogEvent, MessageRow, Subject};
use crate::outbox::event::{AccountEvent, AccountKind};
use crate::outbox::store::{OutboxRow, Passed};

const AT: Timestamp = Timestamp(1_762_336_800_005);

fn chat(number: u8) -> ChatId {
    ChatId(Uuid::from_bytes([number; 16]))
}

fn sent(chat: ChatId, seq: u64) -> Told {
    let sender = UserId(Uuid::nil());
    let id = MessageId(Uuid::from_u64_pair(u64::from(chat.0.as_bytes()[0]), seq));
    let content = seq.to_string();
    let message = MessageRow {
        id,
        chat,
        seq,
        msg_no: seq,
        at: AT,
        sender,
        content,
        client_id: None,
        forward: None,
        pin: None,
    };
    let kind = EventKind::Message(message);
    let event = LogEvent { chat, seq, msg_no: seq, at: AT, actor: sender, kind };
    Told { event, kind: None, from_chat: None, expired: Vec::new() }
}

fn row(id: u64, spans: Vec<(ChatId, u64, u64)>, kinds: Vec<AccountKind>) -> Row {
    let user = UserId(Uuid::max());
    let events = kinds.into_iter().map(|kind| AccountEvent { user, kind }).enumerate().collect();
    Row { row: OutboxRow { id, at: AT, spans, admitted: Vec::new(), extra: None }, events }
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let one = (0_u8..3, 0_u64..60, 0_u64..20).prop_map(|(number, after, length)| Stretch {
        chat: chat(number),
        after,
        upto: after + length,
    });
    prop::collection::vec(one, 0..20)
}

proptest! {
    #[test]
    fn merged_stretches_cover_the_same_and_do_not_overlap(all in stretches()) {
        let places = |all: &[Stretch]| -> Vec<_> {
            let of = |one: &Stretch| {
                let chat = one.chat;
                (one.after + 1..=one.upto).map(move |seq| (chat, seq)).collect::<Vec<_>>()
            };
            all.iter().flat_map(of).collect()
        };
        let (merged, before) = (merged(all.clone()), places(&all));
        let after = places(&merged);
        let set: BTreeSet<_> = after.iter().copied().collect();
        prop_assert_eq!(set.len(), after.len(), "none twice");
        prop_assert_eq!(set, before.into_iter().collect());
    }

    /// However transactions were cut, the records of the same events are the same.
    #[test]
    fn records_depend_on_the_events_and_not_on_their_rows(
        cuts in prop::collection::vec(1_u64..6, 1..12),
        number in any::<u64>(),
    ) {
        let length: u64 = cuts.iter().sum();
        let told = (1..=length).map(|seq| sent(chat(1), seq)).collect();
        let known = Known::new(told, Vec::new());
        let whole = row(number, vec![(chat(1), 1, length)], Vec::new()).records(&known);
        let (mut low, mut parts) = (1, Vec::new());
        for cut in cuts {
            parts.extend(row(low, vec![(chat(1), low, low + cut - 1)], Vec::new()).records(&known));
            low += cut;
        }
        prop_assert_eq!(&parts, &whole);
        let ids: BTreeSet<_> = whole.iter().map(|record| &record.envelope.event_id).collect();
        prop_assert_eq!(ids.len(), whole.len());
        prop_assert!(whole.iter().all(|record| record.envelope.timestamp == AT.0));
    }
}

#[test]
fn a_row_that_was_written_twice_tells_the_same() {
    let kinds = || {
        let (address, device) = ("192.0.2.1".to_owned(), "x".to_owned());
        let refused =
            AccountKind::SignInRefused { address: address.clone(), device: device.clone() };
        let connection = "c".to_owned();
        vec![refused.clone(), refused, AccountKind::Connected { connection, address, device }]
    };
    let known = Known::default();
    let first = row(7, Vec::new(), kinds()).records(&known);
    assert_eq!(row(8, Vec::new(), kinds()).records(&known), first);
    let ids: BTreeSet<_> = first.iter().map(|record| &record.envelope.event_id).collect();
    assert_eq!(ids.len(), 4, "two refusals are two");
}

#[test]
fn of_what_was_read_the_newest_are_told_and_only_those_of_others() {
    let (reader, other) = (UserId(Uuid::max()), UserId(Uuid::nil()));
    let passed = |seq| Passed {
        chat: chat(1),
        id: MessageId(Uuid::from_u64_pair(1, seq)),
        seq,
        sender: if seq % 2 == 0 { reader } else { other },
    };
    let known = Known::new(Vec::new(), (1..=1000).rev().map(passed).collect());
    let row = row(1, Vec::new(), vec![AccountKind::Read { chat: chat(1), after: 3, upto: 999 }]);
    let (added, read) = row.stretches(Wanted::default());
    assert_eq!((added, read.len()), (Vec::new(), 1));
    assert_eq!((read[0].after, read[0].upto), (999 - READ_MOST, 999));
    let records = row.records(&known);
    let seqs: Vec<_> = records.iter().filter_map(|record| record.envelope.seq).collect();
    let expected: Vec<_> = (1000 - READ_MOST..=999).filter(|seq| seq % 2 == 1).collect();
    assert_eq!(seqs, expected);
    assert!(matches!(records.last().unwrap().envelope.payload,
        Payload::AnalyticsUserActivity { user_id, .. } if user_id == reader));
}

#[test]
fn what_is_not_in_the_log_is_passed_over() {
    let known = Known::new(vec![sent(chat(1), 1), sent(chat(1), 3)], Vec::new());
    let records = row(1, vec![(chat(1), 1, 3)], Vec::new()).records(&known);
    let seqs: BTreeSet<_> = records.iter().filter_map(|record| record.envelope.seq).collect();
    assert_eq!(seqs.into_iter().collect::<Vec<_>>(), [1, 3]);
}

fn nth(number: u64) -> MessageId {
    MessageId(Uuid::from_u64_pair(0, number))
}

/// An event of each kind that stands in a log, by number.
fn any_event(number: u8, seq: u64) -> Told {
    let Told { event, .. } = sent(chat(number % 3), seq);
    let EventKind::Message(message) = &event.kind else { panic!("it is a message") };
    let (user, name, role) = (event.actor, String::new(), Role::Admin);
    let (message, subject) = (message.clone(), Subject { user, name, role });
    let forward = Some(Forward { from: message.id, original_sender: user });
    let kinds = [
        EventKind::Created,
        EventKind::Message(message.clone()),
        EventKind::Message(MessageRow { forward, ..message.clone() }),
        EventKind::Pinned(message.clone()),
        EventKind::Unpinned(message),
        EventKind::MemberAdded(subject.clone()),
        EventKind::MemberRemoved(subject.clone()),
        EventKind::MemberLeft(subject.clone()),
        EventKind::MemberChanged(subject),
        EventKind::Renamed("x".to_owned()),
        EventKind::RetentionChanged(Retention { max_age_ms: None, max_count: Some(9) }),
        EventKind::Expired { after: seq.saturating_sub(3), upto: seq.saturating_sub(1) },
        EventKind::Emptied,
    ];
    let kind = kinds[usize::from(number) % kinds.len()].clone();
    let expired = match &kind {
        EventKind::Expired { after, upto } => (after + 1..=*upto).map(nth).collect(),
        _ => Vec::new(),
    };
    let event = LogEvent { kind, ..event };
    Told { event, kind: Some(ChatKind::Group), from_chat: None, expired }
}

/// What may happen to an account, all of it.
fn all_kinds() -> Vec<AccountKind> {
    let (address, device) = ("192.0.2.1".to_owned(), "x".to_owned());
    let (session, connection) = (SessionId(Uuid::nil()), "c".to_owned());
    let (webhook, act, host) = (WebhookId(Uuid::nil()), "created".to_owned(), "h".to_owned());
    vec![
        AccountKind::Created,
        AccountKind::SignInRefused { address: address.clone(), device: device.clone() },
        AccountKind::SessionStarted { session, address: address.clone(), device: device.clone() },
        AccountKind::SessionEnded { session, reason: "x".to_owned() },
        AccountKind::PasswordChanged { by_owner: true },
        AccountKind::Disabled,
        AccountKind::Enabled,
        AccountKind::OperatorMade,
        AccountKind::OperatorUnmade,
        AccountKind::Webhook { webhook, chat: None, act, host },
        AccountKind::Connected { connection: connection.clone(), address, device },
        AccountKind::Disconnected { connection, lasted: 1 },
        AccountKind::Read { chat: chat(0), after: 0, upto: 9 },
    ]
}

proptest! {
    /// Whoever wants some topics is told the same of them as who wants all, of what is read for
    /// them, and of no other.
    #[test]
    fn what_is_read_for_some_topics_is_all_that_they_are_told_of(
        numbers in prop::collection::vec(any::<u8>(), 1..20),
        at in 0..TOPICS.len(),
        many in 1..4_usize,
    ) {
        const ALL: &[&str] = &TOPICS;
        let topics: &'static [&'static str] = &ALL[at..ALL.len().min(at + many)];
        let wanted = Wanted::of(topics);
        let mut told = Vec::new();
        for (number, seq) in numbers.iter().zip(1..) {
            told.push(any_event(*number, seq));
        }
        let span = |told: &Told| (told.event.chat, told.event.seq, told.event.seq);
        let row = row(1, told.iter().map(span).collect(), all_kinds());
        let other = UserId(Uuid::from_u128(1));
        let id = MessageId(Uuid::nil());
        let passed = vec![Passed { chat: chat(0), id, seq: 5, sender: other }];
        let mut expected = row.records(&Known::new(told.clone(), passed.clone()));
        expected.retain(|record| topics.contains(&record.envelope.payload.topic()));

        let (added, read) = row.stretches(wanted);
        told.retain(|told| !added.is_empty() && is_read(told, wanted));
        let passed = if read.is_empty() { Vec::new() } else { passed };
        let records = row.records(&Known::new(told, passed).only(wanted));
        prop_assert_eq!(records, expected);
    }
}

fn is_read(told: &Told, wanted: Wanted) -> bool {
    wanted.messages() || !matches!(told.event.kind, EventKind::Message(_))
}

#[test]
fn what_is_not_of_the_chats_is_forgotten() {
    let spans = vec![(chat(0), 1, 2), (chat(1), 1, 1)];
    let mut row = row(1, spans, all_kinds());
    assert_eq!(row.chats().collect::<Vec<_>>(), [chat(0), chat(1), chat(0)]);
    row.keep(&[chat(0)]);
    assert_eq!(row.row.spans, [(chat(0), 1, 2)]);
    assert_eq!(row.events.len(), 1, "who read what in that chat");
    row.keep(&[chat(2)]);
    assert!(!row.is_for(Wanted::default()));
}
