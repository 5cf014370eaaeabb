//! Events of a training, for whoever watches the session.

use std::sync::Arc;

use super::outcome::Outcome;
use crate::train::progress::{Event, Progress};

/// Sends events to the listener of the session, if there is one.
#[derive(Clone)]
pub struct Reporter(pub Option<Arc<Progress>>);

/// The most findings that are told at the end; the others are in the table.
const MOST_FINDINGS: usize = 5;

impl Reporter {
    /// Tells the listener.
    pub fn report(&self, event: &Event) {
        if let Some(progress) = &self.0 {
            progress.report(event);
        }
    }

    /// Tells what is doubtful.
    pub fn warn(&self, doubt: impl Into<String>) {
        self.report(&Event::Warning(doubt.into()));
    }

    /// Tells what is wrong with a net that was trained.
    pub fn diagnosis(&self, outcome: &Outcome) {
        let findings: Vec<String> = outcome.warnings().collect();
        let more = findings.len().saturating_sub(MOST_FINDINGS);
        findings.into_iter().take(MOST_FINDINGS).for_each(|finding| self.warn(finding));
        if more > 0 {
            self.warn(format!("{more} more findings are in pose_diagnose"));
        }
    }
}
