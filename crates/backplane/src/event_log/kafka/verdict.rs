//! What an error of librdkafka means for whoever appends or reads. Pure.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use zvon_core::event_log::EventLogError;

/// Why a transaction did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A record of it will never be taken.
    Refused(String),
    /// It may be tried again.
    Away(String),
    /// The producer is of no use any more: another one began, or it lost count.
    Over(String),
}

impl From<Trouble> for EventLogError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(why) | Trouble::Away(why) => Self::Unavailable(why),
            Trouble::Over(why) => Self::Fenced(why),
        }
    }
}

/// What an error of the producer means. An epoch that the broker does not know (any more) is not
/// here: aborting tells whether another one began or the broker only ended a transaction that took
/// too long.
pub(super) fn of_writer(error: &KafkaError) -> Trouble {
    let text = error.to_string();
    if let KafkaError::Transaction(error) = error
        && error.is_fatal()
    {
        return Trouble::Over(text);
    }
    match error.rdkafka_error_code() {
        Some(Code::Fatal | Code::Fenced | Code::ProducerFenced) => Trouble::Over(text),
        Some(
            Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::InvalidMessageSize
            | Code::InvalidRecord
            | Code::InvalidTimestamp
            | Code::UnsupportedForMessageFormat,
        ) => Trouble::Refused(text),
        _ => Trouble::Away(text),
    }
}

/// What it means for a commit of a group's member.
pub(super) fn of_commit(error: &KafkaError) -> EventLogError {
    let text = error.to_string();
    match error.rdkafka_error_code() {
        Some(
            Code::UnknownMemberId
            | Code::IllegalGeneration
            | Code::RebalanceInProgress
            | Code::FencedInstanceId
            | Code::AssignmentLost
            | Code::PollExceeded
            | Code::UnknownGroup,
        ) => EventLogError::Fenced(text),
        _ => EventLogError::Unavailable(text),
    }
}

/// What it means while a member waits for records; `None`: librdkafka goes on by itself.
pub(super) fn of_read(error: &KafkaError) -> Option<EventLogError> {
    let text = error.to_string();
    match error {
        KafkaError::MessageConsumptionFatal(_) => Some(EventLogError::Unavailable(text)),
        _ => match error.rdkafka_error_code() {
            Some(Code::PollExceeded | Code::AssignmentLost) => Some(EventLogError::Fenced(text)),
            Some(
                Code::AllBrokersDown
                | Code::Authentication
                | Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::SaslAuthenticationFailed,
            ) => Some(EventLogError::Unavailable(text)),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, EventLogError, KafkaError, Trouble, of_commit, of_read, of_writer};

    #[test]
    fn what_is_too_large_is_refused_and_what_is_away_comes_back() {
        let of = |code| of_writer(&KafkaError::MessageProduction(code));
        assert!(matches!(of(Code::MessageSizeTooLarge), Trouble::Refused(_)));
        assert!(matches!(of(Code::BrokerTransportFailure), Trouble::Away(_)));
        assert!(matches!(of(Code::UnknownTopicOrPartition), Trouble::Away(_)));
        assert!(matches!(of(Code::InvalidProducerEpoch), Trouble::Away(_)));
        assert!(matches!(of(Code::Fenced), Trouble::Over(_)));
    }

    #[test]
    fn a_member_that_lost_its_place_is_fenced() {
        let of = |code| of_commit(&KafkaError::ConsumerCommit(code));
        assert!(matches!(of(Code::IllegalGeneration), EventLogError::Fenced(_)));
        assert!(matches!(of(Code::RequestTimedOut), EventLogError::Unavailable(_)));
        assert!(of_read(&KafkaError::MessageConsumption(Code::BrokerTransportFailure)).is_none());
        assert!(of_read(&KafkaError::MessageConsumption(Code::AllBrokersDown)).is_some());
    }
}
