//! What may be done how often. Every figure is per minute; 0 switches a limit off.

use std::time::Instant;

use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::limiter::{Decision, Window};

/// The configured limits, per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages per user.
    pub messages: u32,
    /// Socket events per user, except acks, cursors, `sync` and typing.
    pub events: u32,
    /// Pins and unpins per user.
    pub pins: u32,
    /// Forwarding commands per user.
    pub forwards: u32,
    /// Sign-ins per address and account.
    pub sign_in: u32,
    /// Sign-ups per address.
    pub sign_up: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { messages: 10, events: 100, pins: 5, forwards: 3, sign_in: 10, sign_up: 10 }
    }
}

/// A class of things that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Any socket event.
    Event,
    /// A message.
    Message,
    /// A pin or unpin.
    Pin,
    /// A forwarding command.
    Forward,
    /// A cursor move or status report: coarse.
    Cursor,
    /// A `sync`: coarse.
    Sync,
    /// Typing: coarse.
    Typing,
    /// A sign-in from an address at an account.
    SignIn,
    /// A sign-in from an address at whatever account.
    SignInAddress,
    /// A sign-in at an account from wherever.
    SignInAccount,
    /// A sign-up.
    SignUp,
    /// A change or a test call of a webhook: coarse.
    Webhook,
}

impl Class {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Message => "message",
            Self::Pin => "pin",
            Self::Forward => "forward",
            Self::Cursor => "cursor",
            Self::Sync => "sync",
            Self::Typing => "typing",
            Self::SignIn => "sign-in",
            Self::SignInAddress => "sign-in-address",
            Self::SignInAccount => "sign-in-account",
            Self::SignUp => "sign-up",
            Self::Webhook => "webhook",
        }
    }

    fn window(self, limits: &Limits) -> Window {
        // The coarse ones only keep a broken client from doing harm; they follow the switch of
        // the events they are left out of.
        let coarse = |limit: u32| if limits.events == 0 { 0 } else { limit.max(limits.events) };
        Window::per_minute(match self {
            Self::Event => limits.events,
            Self::Message => limits.messages,
            Self::Pin => limits.pins,
            Self::Forward => limits.forwards,
            Self::Cursor => coarse(1200),
            Self::Sync => coarse(60),
            Self::Typing => coarse(300),
            Self::SignIn => limits.sign_in,
            Self::SignInAddress => limits.sign_in.saturating_mul(10),
            Self::SignInAccount => limits.sign_in.saturating_mul(2),
            Self::SignUp => limits.sign_up,
            Self::Webhook => coarse(60),
        })
    }
}

impl App {
    /// Counts one thing of the caller's.
    ///
    /// # Errors
    /// [`Error::Limited`] if it is one too many.
    pub async fn count(&self, caller: Caller, class: Class) -> Result<()> {
        self.count_for(&caller.user.to_string(), class).await
    }

    /// Counts one thing of an address or account.
    ///
    /// # Errors
    /// [`Error::Limited`] if it is one too many.
    pub async fn count_for(&self, subject: &str, class: Class) -> Result<()> {
        let window = class.window(&self.settings.limits);
        if window.limit == 0 {
            return Ok(());
        }
        let begun = Instant::now();
        let decision = self.backing.limiter.check(subject, class.name(), window).await;
        self.meters.decided(class, &decision, begun.elapsed());
        match decision {
            Decision::Allowed { .. } => Ok(()),
            Decision::Refused { retry_after } => Err(Error::Limited { retry_after }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Limits};

    const ALL: [Class; 12] = [
        Class::Event,
        Class::Message,
        Class::Pin,
        Class::Forward,
        Class::Cursor,
        Class::Sync,
        Class::Typing,
        Class::SignIn,
        Class::SignInAddress,
        Class::SignInAccount,
        Class::SignUp,
        Class::Webhook,
    ];

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let limit = |class: Class| class.window(&Limits::default()).limit;
        let limits = ALL.map(limit);
        assert_eq!(limits, [100, 10, 5, 3, 1200, 100, 300, 10, 100, 20, 10, 100]);
    }

    #[test]
    fn what_is_switched_off_is_off_and_the_coarse_ones_go_with_the_events() {
        let off = Limits { messages: 0, events: 0, pins: 0, forwards: 0, sign_in: 0, sign_up: 0 };
        assert!(ALL.iter().all(|class| class.window(&off).limit == 0));
        let many = Limits { events: 5000, ..Limits::default() };
        assert!(ALL[4..7].iter().all(|class| class.window(&many).limit == 5000), "never tighter");
    }

    #[test]
    fn classes_are_counted_apart() {
        let mut names = ALL.map(Class::name);
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]));
    }
}
