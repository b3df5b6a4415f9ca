//! Diagnostics: what went wrong, where, and what to do.
//!
//! The library never prints. It emits [`Diagnostic`]s into a [`Sink`]; a function that emitted an error returns [`Failed`], so that no
//! error is both returned and lost.

use crate::loc::Loc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The result cannot be had.
    Error,
    /// The result may not be what was meant.
    Warning,
    /// For information.
    Remark,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable `group/slug`, such as `quant/no-range`.
    pub code: &'static str,
    /// One sentence without a final period.
    pub message: String,
    /// Text place and TensorFlow node.
    pub loc: Loc,
    /// The operation, as the printer writes it, where no text stands behind it.
    pub excerpt: Option<String>,
    /// Further places and sentences.
    pub notes: Vec<(Loc, String)>,
    /// What to do next.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code,
            message: message.into(),
            loc: Loc::UNKNOWN,
            excerpt: None,
            notes: Vec::new(),
            help: None,
        }
    }
    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }
    /// A remark.
    pub fn remark(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Remark, ..Diagnostic::error(code, message) }
    }
    /// At a location.
    #[must_use]
    pub fn at(mut self, loc: &Loc) -> Diagnostic {
        self.loc = loc.clone();
        self
    }
    /// With a further place and sentence.
    #[must_use]
    pub fn note(mut self, loc: &Loc, text: impl Into<String>) -> Diagnostic {
        self.notes.push((loc.clone(), text.into()));
        self
    }
    /// With the next step.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
    /// With the text of the operation it is about.
    #[must_use]
    pub fn excerpt(mut self, text: impl Into<String>) -> Diagnostic {
        self.excerpt = Some(text.into());
        self
    }
}

/// An error was emitted into a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed; the errors were reported")]
pub struct Failed(());

/// Collects diagnostics in the order they were emitted.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
}

impl Sink {
    /// An empty sink.
    pub fn new() -> Sink {
        Sink::default()
    }
    /// Emits an error.
    pub fn error(&mut self, d: Diagnostic) -> Failed {
        debug_assert_eq!(d.severity, Severity::Error);
        self.diagnostics.push(d);
        Failed(())
    }
    /// Emits a warning or a remark.
    pub fn emit(&mut self, d: Diagnostic) {
        debug_assert_ne!(d.severity, Severity::Error);
        self.diagnostics.push(d);
    }
    /// `Err` if an error was emitted.
    pub fn ok(&self) -> Result<(), Failed> {
        if self.has_errors() { Err(Failed(())) } else { Ok(()) }
    }
    /// Whether an error was emitted.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
    /// What was emitted.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
    /// Moves in what was emitted into another.
    pub fn append(&mut self, other: &mut Sink) {
        self.diagnostics.append(&mut other.diagnostics);
    }
    /// Takes out what was emitted.
    pub fn take(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.diagnostics)
    }
}
