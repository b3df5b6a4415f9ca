//! `quant-run --bench`: how long one sample takes.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use ir::{Body, OpId, Tensor, TensorType, Value};
use kernels::plan::{Program, Watch};

/// Median and minimum of `runs` runs after a warm-up; with `profile` the median of each operation too. The error is a sentence.
pub fn bench(
    body: &Body,
    program: &Program<'_>,
    sample: &[Tensor],
    runs: usize,
    profile: bool,
) -> Result<String, String> {
    let mut whole = Vec::with_capacity(runs);
    let mut each: HashMap<OpId, Vec<Duration>> = HashMap::new();
    let mut worker = program.worker();
    for run in 0..=runs {
        let start = Instant::now();
        let mut last = start;
        // A value is shown as soon as its operation has run.
        let mut see = |v: Value, _: &TensorType, _: &[u8]| {
            let now = Instant::now();
            if let Some(op) = body.def_op(v).filter(|_| run > 0) {
                each.entry(op).or_default().push(now - last);
            }
            last = now;
        };
        let watch = if profile { Watch::Values(&mut see) } else { Watch::Nothing };
        program.run(&mut worker, sample, watch).map_err(|e| e.to_string())?;
        if run > 0 {
            whole.push(start.elapsed());
        }
    }
    let mut out = format!("{runs} runs: median {}, minimum {}\n", median(&mut whole), millis(whole[0]));
    for op in body.walk() {
        if let Some(times) = each.get_mut(&op) {
            let o = body.op(op);
            // Writing to a string does not fail.
            let _ = writeln!(out, "  {}  {} ({})", median(times), o.loc.node().unwrap_or("(unnamed)"), o.name.as_str());
        }
    }
    Ok(out)
}

/// The median; leaves the times sorted.
fn median(times: &mut [Duration]) -> String {
    times.sort_unstable();
    millis(times[times.len() / 2])
}

fn millis(t: Duration) -> String {
    format!("{:.3} ms", 1e3 * t.as_secs_f64())
}
