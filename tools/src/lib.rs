//! The command line tools `quant-opt` and `quant-run`, as functions of their arguments and streams.
//!
//! A host adds dialects and passes of its own by handing in a larger [`Host`]. Results go to stdout, everything else to stderr; the status is 0
//! when the work is done, 1 after a diagnosed error and 2 on wrong usage.

mod args;
mod batch;
mod bench;
mod cc;
mod compile;
mod dot;
mod expect;
mod generated;
mod input;
mod lists;
mod npz;
mod observe;
mod output;
mod progress;
mod reduce;
mod render;
mod reproduce;
mod run;
mod summary;
mod verify;
mod witness;

use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

pub use lists::{ops_markdown, passes_markdown};
pub use npz::NumpyFiles;
pub use reproduce::run_line;

/// What a tool knows. A value, not a global: a larger compiler adds its own.
#[derive(Clone, Debug)]
pub struct Host {
    /// The dialects.
    pub registry: ir::Registry,
    /// What a pipeline may name: passes and named pipelines.
    pub passes: Vec<&'static passes::PassDef>,
}

impl Host {
    /// The dialects and passes of this project.
    pub fn standard() -> Host {
        Host { registry: ir::Registry::standard(), passes: passes::known() }
    }
    /// With one more dialect.
    #[must_use]
    pub fn with_dialect(self, dialect: &ir::Dialect) -> Host {
        Host { registry: self.registry.with(dialect), ..self }
    }
    /// With one more pass.
    #[must_use]
    pub fn with_pass(mut self, pass: &'static passes::PassDef) -> Host {
        self.passes.push(pass);
        self
    }
}

/// What a tool reads from and writes to.
pub struct Streams<'a> {
    /// Text for an input called `-`.
    pub stdin: &'a mut (dyn Read + Send),
    /// Results.
    pub stdout: &'a mut (dyn Write + Send),
    /// Diagnostics, summaries, printed IR.
    pub stderr: &'a mut (dyn Write + Send),
    /// Whether a person watches stderr: long work then shows a progress bar.
    pub interactive: bool,
}

/// How a tool ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The work is done.
    Done = 0,
    /// An error was reported.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
}

/// Runs `quant-opt`; `args` begins with the program's name.
pub fn quant_opt(
    host: &Host,
    args: impl IntoIterator<Item = OsString>,
    io: &mut Streams<'_>,
) -> std::io::Result<Status> {
    match args::parse::<args::Compile>(args, io)? {
        Ok(args) => compile::main(host, args, io),
        Err(status) => Ok(status),
    }
}

/// Runs `quant-run`; `args` begins with the program's name.
pub fn quant_run(
    host: &Host,
    args: impl IntoIterator<Item = OsString>,
    io: &mut Streams<'_>,
) -> std::io::Result<Status> {
    match args::parse::<args::Run>(args, io)? {
        Ok(args) => run::main(&host.registry, &args, io),
        Err(status) => Ok(status),
    }
}

/// Runs a tool on the streams of this process. A reader of the output that goes away ends the work quietly.
pub fn with_process_streams(tool: impl FnOnce(&mut Streams<'_>) -> std::io::Result<Status>) -> ExitCode {
    let (mut stdin, mut stdout, mut stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let interactive = stderr.is_terminal();
    let mut io = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr, interactive };
    match tool(&mut io).and_then(|status| io.stdout.flush().map(|()| status)) {
        Ok(status) => ExitCode::from(status as u8),
        Err(_) => ExitCode::FAILURE,
    }
}
