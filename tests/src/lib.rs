//! End-to-end tests of quant-opt through its public API and command line.
//!
//! This library is what the test programs share: tools run in this process, their output kept.

pub mod eval;
pub mod flow;

use std::path::{Path, PathBuf};

use quant_opt::{Host, Status, Streams};

/// What a tool said and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Results.
    pub stdout: String,
    /// Diagnostics and summaries.
    pub stderr: String,
    /// How it ended.
    pub status: Status,
}

type Tool = fn(&Host, Vec<std::ffi::OsString>, &mut Streams<'_>) -> std::io::Result<Status>;

fn run(tool: Tool, host: &Host, name: &str, args: &[&str], stdin: &str) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut input = stdin.as_bytes();
    let mut io = Streams { stdin: &mut input, stdout: &mut out, stderr: &mut err, interactive: false };
    let args = std::iter::once(name).chain(args.iter().copied()).map(Into::into).collect();
    let status = tool(host, args, &mut io).expect("writing to memory does not fail");
    let text = |bytes| String::from_utf8(bytes).expect("tools write UTF-8");
    Ran { stdout: text(out), stderr: text(err), status }
}

/// Runs `quant-opt`.
pub fn quant_opt(args: &[&str], stdin: &str) -> Ran {
    quant_opt_of(&Host::standard(), args, stdin)
}

/// Runs the `quant-opt` of a host with dialects and passes of its own.
pub fn quant_opt_of(host: &Host, args: &[&str], stdin: &str) -> Ran {
    run(quant_opt::quant_opt, host, "quant-opt", args, stdin)
}

/// Runs `quant-run`.
pub fn quant_run(args: &[&str]) -> Ran {
    run(quant_opt::quant_run, &Host::standard(), "quant-run", args, "")
}

/// A file of this folder.
pub fn here(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A file of a model in `tests/models`, as text.
pub fn model(name: &str, file: &str) -> String {
    here("models").join(name).join(file).display().to_string()
}
