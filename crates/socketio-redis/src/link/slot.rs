//! Which of a cluster's 16384 slots a channel lies in. Pure.

/// How many slots a cluster has.
pub(super) const SLOTS: u16 = 16384;

/// A channel's slot: the CRC-16 (XMODEM) of its name, or of what stands in its first braces if
/// that is anything.
pub(super) fn of(channel: &str) -> u16 {
    crc16(tag(channel).as_bytes()) % SLOTS
}

fn tag(channel: &str) -> &str {
    let Some((_, rest)) = channel.split_once('{') else { return channel };
    match rest.split_once('}') {
        Some((tag, _)) if !tag.is_empty() => tag,
        _ => channel,
    }
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut crc, mut bit) = ((index as u16) << 8, 0);
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{crc16, of};

    #[test]
    fn as_redis_counts() {
        // The specification's example, and answers of CLUSTER KEYSLOT.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        for (channel, slot) in [
            ("", 0),
            ("foo", 12182),
            ("{user1000}.following", 3443),
            ("{user1000}.followers", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("socket.io#/#", 13868),
            ("socket.io#/#ж#", 12720),
        ] {
            assert_eq!(of(channel), slot, "{channel}");
        }
    }
}
