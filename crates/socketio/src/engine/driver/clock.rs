//! The deadlines: one timer for the nearest of them.

use std::future::Future;
use std::task::Context;

use tokio::time::Instant;

use super::Driver;
use crate::engine::frame::Frame;
use crate::engine::heart::Beat;
use crate::socket::handler::Reason;

impl Driver {
    pub(super) fn poll_clock(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        let next = loop {
            let now = Instant::now();
            let next = self.next_deadline(now);
            if self.done || next > now {
                break next;
            }
            self.expire(now);
            moved = true;
        };
        if self.done {
            return true;
        }
        if self.sleep.deadline() != next {
            self.sleep.as_mut().reset(next);
        }
        moved | self.sleep.as_mut().poll(cx).is_ready()
    }

    fn expire(&mut self, now: Instant) {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if let Some(closing) = &self.closing {
            self.done |= closing.until() <= now;
            return;
        }
        if passed(self.write_by) {
            return self.abort(Reason::TransportError);
        }
        if passed(self.connect_by) {
            return self.close(Reason::TransportClose);
        }
        if passed(self.probe.as_ref().map(|probe| probe.until())) {
            self.drop_probe();
        }
        if passed(self.release_at(now)) {
            self.answer_poll();
        }
        match self.heart.beat(now) {
            Beat::Rest => {}
            Beat::Ping => {
                self.conn.push(&[Frame::ping()], false);
            }
            Beat::Dead => self.abort(Reason::PingTimeout),
        }
    }

    fn next_deadline(&self, now: Instant) -> Instant {
        if let Some(closing) = &self.closing {
            return closing.until();
        }
        let probe = self.probe.as_ref().map(|probe| probe.until());
        let others = [self.connect_by, self.write_by, probe, self.release_at(now)];
        others.into_iter().flatten().fold(self.heart.due(), Instant::min)
    }
}
