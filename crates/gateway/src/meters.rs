//! What the edge counts for operators. As in `core`: fixed words as labels, handles made once.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use metrics::{
    Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use zvon_core::error::Result;
use zvon_core::meters::Family;
use zvon_protocol::catalogue::CommandName;
use zvon_protocol::error::Code;
use zvon_socketio::{Io, Namespace, Reason};

/// Everything that the edge counts.
pub(crate) struct Meters {
    /// In the order of the commands' list.
    commands: Vec<Arc<CommandMeter>>,
    unknown: Counter,
    ended: Family,
    refused: Family,
    requests: Family,
    request_seconds: Histogram,
}

/// The counts of one command.
pub(crate) struct CommandMeter {
    name: &'static str,
    outcomes: Family,
    seconds: OnceLock<Histogram>,
}

impl CommandMeter {
    fn new(name: &'static str) -> Self {
        let outcomes = Family::new("zvon_commands_total", "outcome").of("command", name);
        Self { name, outcomes, seconds: OnceLock::new() }
    }

    /// The command was answered.
    pub(crate) fn note(&self, outcome: &Result<()>, begun: Instant) {
        self.outcomes.outcome(outcome);
        let name = self.name;
        let register = || histogram!("zvon_command_seconds", "command" => name);
        self.seconds.get_or_init(register).record(begun.elapsed());
    }
}

impl Meters {
    pub(crate) fn new() -> Self {
        describe();
        let meter = |command: &CommandName| Arc::new(CommandMeter::new(command.name()));
        Self {
            commands: CommandName::ALL.iter().map(meter).collect(),
            unknown: counter!("zvon_unknown_events_total"),
            ended: Family::new("zvon_sockets_ended_total", "reason"),
            refused: Family::new("zvon_sockets_refused_total", "code"),
            requests: Family::new("zvon_http_requests_total", "status"),
            request_seconds: histogram!("zvon_http_request_seconds"),
        }
    }

    /// The counts of a command.
    pub(crate) fn command(&self, name: CommandName) -> Option<Arc<CommandMeter>> {
        self.commands.get(name as usize).cloned()
    }

    /// An event came that is no command.
    pub(crate) fn unknown(&self) {
        self.unknown.increment(1);
    }

    /// A socket ended.
    pub(crate) fn ended(&self, reason: Reason) {
        self.ended.count(reason as usize, reason.word());
    }

    /// A socket was refused.
    pub(crate) fn refused(&self, code: Code) {
        self.refused.code(code);
    }

    /// A request was answered with a status, or its client went away before.
    pub(crate) fn request(&self, status: Option<u16>, took: Duration) {
        const CLASSES: [&str; 6] = ["aborted", "1xx", "2xx", "3xx", "4xx", "5xx"];
        let class = usize::from(status.unwrap_or_default() / 100).min(CLASSES.len() - 1);
        self.requests.count(class, CLASSES[class]);
        self.request_seconds.record(took);
    }
}

/// Whether Redis answers, where there is one.
pub(crate) fn look_around(is_connected: Option<bool>) {
    if let Some(up) = is_connected {
        metrics::gauge!("zvon_redis_up").set(f64::from(u8::from(up)));
    }
}

/// Takes the figures that are looked up when somebody asks, rather than counted as they change.
pub(crate) fn look(io: &Io, namespace: &Namespace, queued: usize) {
    let (stats, census) = (io.stats(), io.census());
    gauge!("zvon_connections", "transport" => "polling").set(census.polling as f64);
    gauge!("zvon_connections", "transport" => "websocket").set(census.websocket as f64);
    gauge!("zvon_queue_bytes").set(census.waiting_bytes as f64);
    gauge!("zvon_queue_bytes_largest").set(census.most_waiting as f64);
    gauge!("zvon_sockets").set(namespace.len() as f64);
    gauge!("zvon_rooms").set(namespace.rooms_len() as f64);
    gauge!("zvon_lane_messages").set(queued as f64);
    counter!("zvon_handshakes_total").absolute(stats.handshakes);
    counter!("zvon_engine_refused_total").absolute(stats.refused);
    counter!("zvon_upgrades_total").absolute(stats.upgrades);
    counter!("zvon_overflows_total").absolute(stats.overflows);
    counter!("zvon_volatile_dropped_total").absolute(stats.dropped_volatile);
    counter!("zvon_packets_total", "direction" => "in").absolute(stats.packets_in);
    counter!("zvon_packets_total", "direction" => "out").absolute(stats.packets_out);
    counter!("zvon_websocket_writes_total").absolute(stats.writes);
}

fn describe() {
    describe_counter!("zvon_commands_total", "Commands of sockets by how they ended.");
    describe_histogram!("zvon_command_seconds", "From a command's turn to its answer.");
    describe_counter!("zvon_unknown_events_total", "Events that are no commands.");
    describe_counter!("zvon_sockets_ended_total", "Sockets by why they ended.");
    describe_counter!("zvon_sockets_refused_total", "Sockets that were not let in.");
    describe_counter!("zvon_http_requests_total", "Requests by the class of their status.");
    describe_histogram!("zvon_http_request_seconds", "From a request's head to its answer's.");
    describe_gauge!("zvon_connections", "Live connections.");
    describe_gauge!("zvon_queue_bytes", "Bytes that wait for connections.");
    describe_gauge!("zvon_queue_bytes_largest", "Bytes that wait for the slowest connection.");
    describe_gauge!("zvon_sockets", "Sockets that are signed in.");
    describe_gauge!("zvon_rooms", "Rooms that hold a socket.");
    describe_gauge!("zvon_lane_messages", "Messages that wait for a commit.");
    describe_counter!("zvon_handshakes_total", "Connections that began.");
    describe_counter!("zvon_engine_refused_total", "Requests refused by the Socket.IO engine.");
    describe_counter!("zvon_upgrades_total", "Upgrades from long-polling to WebSocket.");
    describe_counter!("zvon_overflows_total", "Connections closed because their queue was full.");
    describe_counter!("zvon_volatile_dropped_total", "Packets dropped that may be dropped.");
    describe_counter!("zvon_packets_total", "Socket.IO packets.");
    describe_counter!("zvon_websocket_writes_total", "Writes to WebSockets.");
}
