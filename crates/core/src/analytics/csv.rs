//! Counts as CSV by RFC 4180: a head, a line per day, CRLF at each end. Pure.

use std::fmt::Write;

use zvon_protocol::analytics::DayCounts;

/// The columns' names.
const HEAD: &str = "day,messages,active_users,active_chats,new_users,new_chats\r\n";

/// These days, in their order. No field needs quotes: each is a day or a number.
#[must_use]
pub fn of(days: &[DayCounts]) -> String {
    let mut text = HEAD.to_owned();
    for DayCounts { day, messages, active_users, active_chats, new_users, new_chats } in days {
        let _ = write!(
            text,
            "{day},{messages},{active_users},{active_chats},{new_users},{new_chats}\r\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use zvon_protocol::day::Day;

    use super::{DayCounts, of};

    #[test]
    fn a_day_is_a_line() {
        let day =
            |number| DayCounts { messages: 12, new_chats: 1, ..DayCounts::none(Day::new(number)) };
        assert_eq!(
            of(&[day(0), day(1)]),
            "day,messages,active_users,active_chats,new_users,new_chats\r\n\
             1970-01-01,12,0,0,0,1\r\n1970-01-02,12,0,0,0,1\r\n"
        );
    }
}
