//! Whether what all the writers saw fits together. Pure.

use std::collections::HashMap;

use anyhow::{Result, ensure};

use super::writer::Outcome;

/// Every acked place is another, a chat's places are dense, and everybody who heard a chat heard
/// all of it; how many messages that were.
pub(super) fn all(outcomes: &[Outcome]) -> Result<u64> {
    let mut places: HashMap<&str, Vec<u64>> = HashMap::new();
    for outcome in outcomes {
        places.entry(&outcome.chat).or_default().extend(&outcome.acked);
    }
    for (chat, seqs) in &mut places {
        seqs.sort_unstable();
        ensure!(seqs.windows(2).all(|two| two[0] + 1 == two[1]), "{chat} has gaps or twins");
    }
    for (chat, heard) in outcomes.iter().flat_map(|outcome| &outcome.heard) {
        let acked =
            places.get(chat.as_str()).and_then(|seqs| Some((*seqs.first()?, *seqs.last()?)));
        ensure!(acked == Some(*heard), "{chat}: {acked:?} were acked, {heard:?} were heard");
    }
    Ok(places.values().map(|seqs| seqs.len() as u64).sum())
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::{Outcome, all};

    fn outcome(acked: &[u64], heard: (u64, u64)) -> Outcome {
        Outcome {
            chat: "one".to_owned(),
            latency: Histogram::new(3).unwrap(),
            acked: acked.to_vec(),
            heard: [("one".to_owned(), heard)].into(),
            heard_in_time: 0,
        }
    }

    #[test]
    fn what_fits_together_is_counted_and_what_does_not_is_found() {
        let fits = [outcome(&[3, 6, 4], (3, 6)), outcome(&[5], (3, 6))];
        assert_eq!(all(&fits).unwrap(), 4);
        let gap = [outcome(&[3, 6], (3, 6)), outcome(&[5], (3, 6))];
        assert!(all(&gap).is_err());
        let twin = [outcome(&[3, 4], (3, 4)), outcome(&[4], (3, 4))];
        assert!(all(&twin).is_err());
        let unheard = [outcome(&[3, 4], (3, 4)), outcome(&[5], (3, 4))];
        assert!(all(&unheard).is_err());
    }
}
