//! The bus over Redis' sharded channels.
//!
//! Chats fall into 256 partitions, each a channel; a node subscribes to those of the chats that
//! it follows, and one more tells who was admitted. What is said goes through a queue that is
//! bounded in bytes and loses its oldest; whatever waits there leaves in one write. What arrives
//! goes through another, is checked ([`codec`]) and dropped where it is not for this node. While
//! Redis is away everything is lost at once, and the store makes up for it.

mod channel;
mod codec;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::counter;
use parking_lot::Mutex;
use redis::Cmd;
use tokio::task::JoinHandle;
use zvon_core::delivery::bus::{Bus, News};
use zvon_protocol::ids::ChatId;

use self::channel::{ADMITTED, PARTITIONS, channel, partition};
pub use self::codec::{Codec, Refused};
use crate::redis::{Link, Packet, Queue, Subscriber};

/// Most bytes that wait to leave, and most that wait to be heard.
const MOST: usize = 8 << 20;

/// Most publishes in one write.
const BATCH: usize = 128;

/// How long a `follow` waits for the subscriptions.
const CONFIRM: Duration = Duration::from_millis(100);

/// The bus over Redis. Lives until it is dropped; made within a runtime.
pub struct RedisBus {
    codec: Codec,
    leaving: Arc<Queue<Packet>>,
    heard: Arc<Queue<Packet>>,
    subscriber: Subscriber,
    following: Mutex<Following>,
    writer: JoinHandle<()>,
}

/// How often each chat is followed, and how many of each partition.
struct Following {
    chats: HashMap<ChatId, usize>,
    partitions: [usize; PARTITIONS],
}

impl Following {
    /// One more wants the chat. Its partition's channel, if it is the first there.
    fn more(&mut self, chat: ChatId) -> Option<String> {
        let wants = self.chats.entry(chat).or_default();
        *wants += 1;
        let (first, partition) = (*wants == 1, partition(chat));
        self.partitions[partition] += usize::from(first);
        (first && self.partitions[partition] == 1).then(|| channel(partition))
    }

    /// One less. Its partition's channel, if it was the last there.
    fn less(&mut self, chat: ChatId) -> Option<String> {
        let wants = self.chats.get_mut(&chat)?;
        *wants -= 1;
        if *wants > 0 {
            return None;
        }
        self.chats.remove(&chat);
        let partition = partition(chat);
        self.partitions[partition] -= 1;
        (self.partitions[partition] == 0).then(|| channel(partition))
    }
}

impl RedisBus {
    /// An end of the bus that writes and reads like that.
    #[must_use]
    pub fn new(link: Arc<Link>, codec: Codec) -> Self {
        let queue = |way| Arc::new(Queue::new(MOST, counter!("zvon_bus_lost_total", "way" => way)));
        let (leaving, heard): (Arc<Queue<Packet>>, _) = (queue("out"), queue("in"));
        let subscriber = Subscriber::new(&link, Arc::clone(&heard));
        subscriber.change(&[ADMITTED.to_owned()], &[]);
        let writer = tokio::spawn(write(link, Arc::clone(&leaving)));
        let following = Following { chats: HashMap::new(), partitions: [0; PARTITIONS] };
        Self { codec, leaving, heard, subscriber, following: Mutex::new(following), writer }
    }

    /// Waits until it hears who is admitted, but not longer than `patience`. Whether it does.
    pub async fn ready(&self, patience: Duration) -> bool {
        let channels = [ADMITTED.to_owned()];
        tokio::time::timeout(patience, self.subscriber.confirmed(&channels)).await.is_ok()
    }

    /// Nothing is heard any more.
    pub fn close(&self) {
        self.heard.close();
        self.leaving.close();
    }

    fn read(&self, packet: &Packet) -> Option<News> {
        match self.codec.decode(&packet.channel, &packet.body) {
            Ok(news) => Some(news),
            Err(refused) => {
                counter!("zvon_bus_refused_total", "reason" => refused.word()).increment(1);
                None
            }
        }
    }

    fn wants(&self, news: &News) -> bool {
        match news {
            News::Log { chat, .. } => self.following.lock().chats.contains_key(chat),
            News::Admitted { .. } | News::Turned { .. } | News::Ended { .. } => true,
        }
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.writer.abort();
    }
}

/// Carries what waits to Redis.
async fn write(link: Arc<Link>, leaving: Arc<Queue<Packet>>) {
    while let Some(packets) = leaving.take(BATCH).await {
        let publish = |packet: &Packet| {
            let mut command = redis::cmd("SPUBLISH");
            command.arg(&packet.channel).arg(&packet.body);
            command
        };
        let commands: Vec<Cmd> = packets.iter().map(publish).collect();
        let lost = match link.run_all(&commands).await {
            Ok(answers) => answers.iter().filter(|answer| answer.is_err()).count(),
            Err(error) => {
                tracing::debug!(%error, "news were lost");
                commands.len()
            }
        };
        counter!("zvon_bus_published_total").increment((commands.len() - lost) as u64);
        counter!("zvon_bus_lost_total", "way" => "out").increment(lost as u64);
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn publish(&self, news: News) {
        if let Some((channel, body)) = self.codec.encode(&news) {
            self.leaving.put(Packet { channel: channel.into_bytes(), body });
        }
    }

    async fn follow(&self, chats: &[ChatId]) {
        {
            // Under the lock, so that a change by somebody else does not come in between.
            let mut following = self.following.lock();
            let more: Vec<String> = chats.iter().filter_map(|chat| following.more(*chat)).collect();
            if !more.is_empty() {
                self.subscriber.change(&more, &[]);
            }
        }
        let mut channels: Vec<String> =
            chats.iter().map(|chat| channel(partition(*chat))).collect();
        channels.dedup();
        let _ = tokio::time::timeout(CONFIRM, self.subscriber.confirmed(&channels)).await;
    }

    fn unfollow(&self, chats: &[ChatId]) {
        let mut following = self.following.lock();
        let less: Vec<String> = chats.iter().filter_map(|chat| following.less(*chat)).collect();
        if !less.is_empty() {
            self.subscriber.change(&[], &less);
        }
    }

    async fn next(&self) -> Option<News> {
        loop {
            let packets = self.heard.take(1).await?;
            let news = packets.first().and_then(|packet| self.read(packet));
            if let Some(news) = news.filter(|news| self.wants(news)) {
                return Some(news);
            }
        }
    }
}
