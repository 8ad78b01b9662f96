//! The pages of a chat's messages: places, keys, what is missing of them. Pure.

use zvon_protocol::ids::ChatId;

use super::MessageRow;
use crate::cache::Wanted;

/// Places of a page.
const PLACES: u64 = 64;
/// So many places more than messages are looked at: some of them are other events.
pub(super) const OTHERS: u64 = 8;

/// The page of a place.
pub(super) fn page_of(seq: u64) -> u64 {
    seq.saturating_sub(1) / PLACES
}

/// The last place before a page.
pub(super) fn before(page: u64) -> u64 {
    page * PLACES
}

/// How much of a page there is to cover when the log has come to `head`.
pub(super) fn covered(page: u64, head: u64) -> u64 {
    head.min(before(page + 1))
}

/// The key that a page is kept under.
pub(super) fn key(chat: ChatId, page: u64) -> String {
    format!("chat:{{{chat}}}:messages:{page}")
}

/// The keys of the pages that hold places after one, up to another.
pub(crate) fn keys(chat: ChatId, after: u64, upto: u64) -> impl Iterator<Item = String> {
    (page_of(after + 1)..=page_of(upto)).map(move |page| key(chat, page))
}

/// A page as it is kept: how far it covers, and its messages.
pub(super) type Kept = Option<(u64, Vec<MessageRow>)>;

/// What has to be read: all after one place up to another.
pub(super) fn missing(first: u64, kept: &[Kept], wanted: &[Wanted]) -> Option<(u64, u64)> {
    let lacks = |index: &usize| {
        kept[*index].as_ref().is_none_or(|(version, _)| *version < wanted[*index].1)
    };
    let from = (0..kept.len()).find(lacks)?;
    let upto = (0..kept.len()).rev().find(lacks)?;
    let begun = kept[from].as_ref().map(|(version, _)| *version);
    Some((begun.unwrap_or(before(first + from as u64)), wanted[upto].1))
}

#[cfg(test)]
mod tests {
    use super::{Kept, before, covered, missing, page_of};

    #[test]
    fn pages_tile_the_log() {
        assert_eq!([1, 64, 65, 128, 129].map(page_of), [0, 0, 1, 1, 2]);
        assert_eq!([0, 1, 2].map(before), [0, 64, 128]);
        assert_eq!(
            [(0, 10), (0, 64), (0, 99), (1, 99)].map(|(p, h)| covered(p, h)),
            [10, 64, 64, 99]
        );
        assert!((1..1000).all(|seq| before(page_of(seq)) < seq && seq <= before(page_of(seq) + 1)));
    }

    #[test]
    fn one_reading_brings_all_that_is_missing_and_little_else() {
        let wanted =
            |head| (1..4).map(|page| (String::new(), covered(page, head))).collect::<Vec<_>>();
        let kept = |version| -> Kept { Some((version, Vec::new())) };
        let (all, head) = (vec![kept(128), kept(192), kept(200)], 200);
        assert_eq!(missing(1, &all, &wanted(head)), None);
        assert_eq!(missing(1, &all, &wanted(205)), Some((200, 205)), "what is new of the tail");
        assert_eq!(missing(1, &[None, kept(192), None], &wanted(200)), Some((64, 200)));
        assert_eq!(missing(1, &[kept(128), None, kept(200)], &wanted(200)), Some((128, 192)));
        assert_eq!(missing(1, &[kept(128), kept(130), None], &wanted(200)), Some((130, 200)));
    }
}
