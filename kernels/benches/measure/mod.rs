//! Times of short work, and what the core could do at most.

use std::time::{Duration, Instant};

/// Seconds that `work` takes: the least of many short runs, so that other work on the machine matters little.
pub fn seconds(mut work: impl FnMut()) -> f64 {
    const BUDGET: Duration = Duration::from_millis(300);
    work();
    let end = Instant::now() + BUDGET;
    let (mut best, mut repeat) = (f64::INFINITY, 1);
    while Instant::now() < end {
        let start = Instant::now();
        (0..repeat).for_each(|_| work());
        let time = start.elapsed().as_secs_f64() / f64::from(repeat);
        best = best.min(time);
        // A reading of the clock is not to count: short work is repeated between two.
        repeat = (2e-5 / best).ceil().clamp(1.0, 1e4) as u32;
    }
    best
}

/// Billions of fused float32 multiplications and additions a second that this core does when nothing else holds it up.
pub fn float_bound() -> f64 {
    const LANES: usize = 8;
    const CHAINS: usize = 12;
    const STEPS: usize = 4096;

    #[inline(always)]
    fn body(x: f32, fused: impl Fn(f32, f32, f32) -> f32) -> f32 {
        let mut sums = [[x; LANES]; CHAINS];
        for _ in 0..STEPS {
            for chain in &mut sums {
                for s in chain {
                    *s = fused(*s, 0.999, 0.001);
                }
            }
        }
        sums.iter().flatten().sum()
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn fma(x: f32) -> f32 {
        body(x, f32::mul_add)
    }
    let run = |x: f32| {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            #[allow(unsafe_code)]
            return unsafe { fma(x) };
        }
        body(x, |a, b, c| a * b + c)
    };
    let time = seconds(|| {
        std::hint::black_box(run(std::hint::black_box(1.0)));
    });
    (LANES * CHAINS * STEPS) as f64 / time / 1e9
}
