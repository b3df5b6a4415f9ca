//! A progress bar, for whoever watches.

use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use passes::pass::Progress;

/// Draws on the terminal, if there is one.
#[derive(Debug)]
pub struct Bar {
    bar: OnceLock<ProgressBar>,
    interactive: bool,
}

impl Bar {
    /// A bar that shows once the first step is told.
    pub fn new(interactive: bool) -> Bar {
        Bar { bar: OnceLock::new(), interactive }
    }
}

impl Progress for Bar {
    fn step(&self, what: &str, done: usize, total: usize) {
        if !self.interactive {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        bar.set_length(total as u64);
        bar.set_message(what.to_owned());
        // Threads report out of order; the bar never goes back.
        bar.set_position(bar.position().max(done as u64));
        if done == total {
            bar.finish_and_clear();
        }
    }
}
