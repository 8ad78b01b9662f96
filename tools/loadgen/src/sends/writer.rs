//! One writer: sends, hears, keeps account.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use serde::Deserialize;
use tokio::time::Instant;

use crate::client::{Client, Heard, hear};

/// How long an answer or a delivery may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// What makes a message as long as people's are.
const PADDING: &str = "the quick brown fox jumps over the lazy dog, and the dog does not mind it";

/// How a writer goes about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Most sends without an answer; without a rate.
    pub(super) outstanding: usize,
    /// The time from one send to the next; whatever is answered.
    pub(super) every: Option<Duration>,
    /// How long after the others' beginning this one's is.
    pub(super) after: Duration,
}

/// Somebody who writes into one chat and hears all that they joined.
pub(crate) struct Writer {
    client: Client,
    chat: String,
    plan: Plan,
    pending: HashMap<u64, (Instant, u64)>,
    sent: u64,
    next: Instant,
    tally: Tally,
}

/// What a writer saw.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(super) chat: String,
    /// From the send (or from when it was due) to its ack, of those that were answered in time.
    pub(crate) latency: Histogram<u64>,
    /// The places of its own messages, as acked.
    pub(super) acked: Vec<u64>,
    /// Per chat the places of the first and the last message heard; between them each once.
    pub(super) heard: HashMap<String, (u64, u64)>,
    /// How many were heard while it was measured.
    pub(crate) heard_in_time: u64,
}

struct Tally {
    outcome: Outcome,
    window: (Instant, Instant),
    pinged: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
    #[serde(borrow)]
    chat_id: &'a str,
    #[serde(borrow)]
    content: &'a str,
    seq: u64,
}

impl Writer {
    pub(super) fn new(client: Client, chat: String, plan: Plan) -> Self {
        let now = Instant::now();
        let outcome = Outcome {
            chat: chat.clone(),
            latency: Histogram::new(3).unwrap_or_else(|_| unreachable!("three digits are fine")),
            acked: Vec::new(),
            heard: HashMap::new(),
            heard_in_time: 0,
        };
        let tally = Tally { outcome, window: (now, now), pinged: false };
        Self { client, chat, plan, pending: HashMap::new(), sent: 0, next: now, tally }
    }

    pub(super) fn chat(&self) -> &str {
        &self.chat
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends until `end`, then waits for the answers; what is answered from `begin` on counts.
    pub(super) async fn write(mut self, begin: Instant, end: Instant) -> Result<Self> {
        self.tally.window = (begin, end);
        self.next = Instant::now() + self.plan.after;
        while Instant::now() < end {
            let wake = self.send_due(end);
            self.client.wire.flush().await?;
            tokio::select! {
                filled = self.client.wire.fill() => filled?,
                () = tokio::time::sleep_until(wake) => {}
            }
            self.listen().await?;
        }
        while !self.pending.is_empty() {
            let filled = tokio::time::timeout(PATIENCE, self.client.wire.fill()).await;
            filled.context("an ack is missing")??;
            self.listen().await?;
        }
        Ok(self)
    }

    /// Hears the rest: `totals` messages of each chat.
    pub(super) async fn settle(mut self, totals: &HashMap<String, u64>) -> Result<Outcome> {
        let owed = |tally: &Tally| {
            let heard = |(first, last): &(u64, u64)| last - first + 1;
            tally.outcome.heard.iter().any(|(chat, span)| heard(span) < totals[chat])
        };
        while owed(&self.tally) {
            let filled = tokio::time::timeout(PATIENCE, self.client.wire.fill()).await;
            filled.context("a delivery is missing")??;
            self.listen().await?;
        }
        Ok(self.tally.outcome)
    }

    /// Queues what may be sent now; when to look again.
    fn send_due(&mut self, end: Instant) -> Instant {
        match self.plan.every {
            None => {
                while self.pending.len() < self.plan.outstanding {
                    self.send(Instant::now());
                }
                end
            }
            Some(every) => {
                while self.next <= Instant::now() {
                    self.send(self.next);
                    self.next += every;
                }
                self.next.min(end)
            }
        }
    }

    fn send(&mut self, due: Instant) {
        let content = content(self.sent);
        let payload = format!("{{\"chatId\":\"{}\",\"content\":\"{content}\"}}", self.chat);
        let call = self.client.call("message", &payload);
        self.pending.insert(call, (due, self.sent));
        self.sent += 1;
    }

    async fn listen(&mut self) -> Result<()> {
        let (pending, tally, chat) = (&mut self.pending, &mut self.tally, &self.chat);
        let now = Instant::now();
        self.client.wire.frames(|frame| match hear(frame) {
            Heard::Ack(call, body) => {
                let (due, number) = pending.remove(&call).context("an ack for nothing")?;
                tally.ack(body, chat, number, now - due, now)
            }
            Heard::Event(event) => tally.event(event, now),
            Heard::Ping => {
                tally.pinged = true;
                Ok(())
            }
            Heard::Other => bail!("not expected: {}", String::from_utf8_lossy(frame)),
        })?;
        if std::mem::take(&mut self.tally.pinged) {
            self.client.pong().await?;
        }
        Ok(())
    }
}

impl Tally {
    fn is_measured(&self, now: Instant) -> bool {
        self.window.0 <= now && now < self.window.1
    }

    fn ack(
        &mut self,
        body: &[u8],
        chat: &str,
        number: u64,
        took: Duration,
        now: Instant,
    ) -> Result<()> {
        let read = serde_json::from_slice::<(Stored<'_>,)>(body);
        let (stored,) = read.with_context(|| String::from_utf8_lossy(body).into_owned())?;
        ensure!(stored.chat_id == chat && stored.content == content(number), "a foreign ack");
        self.outcome.acked.push(stored.seq);
        if self.is_measured(now) {
            self.outcome.latency.record(u64::try_from(took.as_micros())?)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &[u8], now: Instant) -> Result<()> {
        if !event.starts_with(b"[\"message\",") {
            return Ok(());
        }
        let (chat, seq) = place(event).context("a message without a place")?;
        if let Some((_, last)) = self.outcome.heard.get_mut(chat) {
            ensure!(seq == *last + 1, "{seq} was heard after {last}");
            *last = seq;
        } else {
            self.outcome.heard.insert(chat.to_owned(), (seq, seq));
        }
        self.outcome.heard_in_time += u64::from(self.is_measured(now));
        Ok(())
    }
}

fn content(number: u64) -> String {
    format!("message {number}: {PADDING}")
}

/// The chat and the seq of a message, without reading the rest of it.
fn place(event: &[u8]) -> Option<(&str, u64)> {
    const CHAT: &[u8] = b"\"chatId\":\"";
    const SEQ: &[u8] = b"\"seq\":";
    let chat = event.windows(CHAT.len()).position(|found| found == CHAT)? + CHAT.len();
    let seq = event.windows(SEQ.len()).rposition(|found| found == SEQ)? + SEQ.len();
    let digits = event.get(seq..)?.iter().take_while(|byte| byte.is_ascii_digit());
    let seq = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some((std::str::from_utf8(event.get(chat..chat + 36)?).ok()?, seq))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_message_is_placed_whatever_it_says() {
        const CHAT: &str = "0190b7a0-0000-7000-8000-000000000001";
        let event = format!(
            "[\"message\",{{\"id\":\"x\",\"chatId\":\"{CHAT}\",\"content\":\"\\\"seq\\\":7\",\"seq\":42}},\"o\"]"
        );
        assert_eq!(place(event.as_bytes()), Some((CHAT, 42)));
        assert_eq!(place(b"[\"message\",{\"chatId\":\"short\",\"seq\":1}]"), None);
        assert_eq!(place(b"[\"message\",{}]"), None);
    }
}
