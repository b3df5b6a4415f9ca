//! Where buffers stand in one block of memory.
//!
//! Buffers that are live at the same step never overlap. The layout is found by placing buffers one after the other at a fitting gap, in several
//! orders, of which the smallest result counts; then what stands at the top is placed earlier, and pairs change places, as long as that helps.
//! Same buffers, same layout.
//!
//! ```
//! use quant_opt_kernels::arena::{Buffer, layout};
//! let buffers = [
//!     Buffer { size: 32, first: 0, last: 1 },
//!     Buffer { size: 16, first: 1, last: 2 },
//!     Buffer { size: 32, first: 2, last: 3 },
//! ];
//! assert_eq!(layout(&buffers, 16).size, 48);
//! ```

/// Memory that is needed for some steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Bytes.
    pub size: usize,
    /// The first step that needs it.
    pub first: usize,
    /// The last step that needs it, inclusive; at least `first`.
    pub last: usize,
}

impl Buffer {
    fn meets(&self, other: &Buffer) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Where each buffer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The first byte of each buffer, a multiple of the alignment.
    pub offsets: Vec<usize>,
    /// Bytes of the whole.
    pub size: usize,
}

/// Which gap a buffer takes.
#[derive(Clone, Copy, Debug)]
enum Fit {
    /// The lowest one that is large enough.
    Lowest,
    /// The smallest one that is large enough.
    Tightest,
}

/// The bytes that are live at one step.
pub fn load(buffers: &[Buffer], step: usize, align: usize) -> usize {
    let live = buffers.iter().filter(|b| b.first <= step && step <= b.last);
    live.map(|b| b.size.next_multiple_of(align.max(1))).sum()
}

/// No layout is smaller: the most bytes that are live at one step.
pub fn least(buffers: &[Buffer], align: usize) -> usize {
    // A load is highest where some buffer begins.
    buffers.iter().map(|b| load(buffers, b.first, align)).max().unwrap_or(0)
}

/// Lays out buffers at multiples of `align` bytes.
pub fn layout(buffers: &[Buffer], align: usize) -> Layout {
    let align = align.max(1);
    let sized: Vec<Buffer> = buffers.iter().map(|b| Buffer { size: b.size.next_multiple_of(align), ..*b }).collect();
    let bound = least(&sized, align);
    let mut best: Option<(Layout, Vec<usize>, Fit)> = None;
    for order in orders(&sized) {
        for fit in [Fit::Lowest, Fit::Tightest] {
            let found = place(&sized, &order, fit);
            if best.as_ref().is_none_or(|(b, ..)| found.size < b.size) {
                best = Some((found, order.clone(), fit));
            }
        }
    }
    match best {
        Some((found, mut order, fit)) => {
            let found = improve(&sized, found, &mut order, fit, bound);
            exchange(&sized, found, order, fit, bound)
        }
        None => Layout { offsets: Vec::new(), size: 0 },
    }
}

/// Orders in which greedy placement tends to be good.
fn orders(buffers: &[Buffer]) -> Vec<Vec<usize>> {
    let sorted = |key: &dyn Fn(&Buffer) -> (usize, usize)| {
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|i| key(&buffers[*i]));
        order
    };
    let steps = |b: &Buffer| b.last - b.first + 1;
    vec![
        sorted(&|b| (usize::MAX - b.size, b.first)),
        sorted(&|b| (usize::MAX - b.size.saturating_mul(steps(b)), b.first)),
        sorted(&|b| (usize::MAX - steps(b), usize::MAX - b.size)),
        sorted(&|b| (b.first, usize::MAX - b.size)),
    ]
}

/// Places buffers in an order.
fn place(buffers: &[Buffer], order: &[usize], fit: Fit) -> Layout {
    let mut offsets = vec![0usize; buffers.len()];
    // Those that are placed, by offset.
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    let mut size = 0;
    for &i in order {
        let b = &buffers[i];
        if b.size == 0 {
            continue;
        }
        let mut end = 0usize;
        let mut gap: Option<(usize, usize)> = None;
        for &j in placed.iter().filter(|j| buffers[**j].meets(b)) {
            let room = offsets[j].saturating_sub(end);
            let better = match fit {
                Fit::Lowest => gap.is_none(),
                Fit::Tightest => gap.is_none_or(|(_, r)| room < r),
            };
            if room >= b.size && better {
                gap = Some((end, room));
            }
            end = end.max(offsets[j] + buffers[j].size);
        }
        offsets[i] = gap.map_or(end, |(at, _)| at);
        size = size.max(offsets[i] + b.size);
        let at = placed.partition_point(|j| offsets[*j] <= offsets[i]);
        placed.insert(at, i);
    }
    Layout { offsets, size }
}

/// Pairs of buffers that a search may look at.
const EFFORT: usize = 50_000_000;

/// Places the topmost buffer earlier while that makes the whole no larger.
fn improve(buffers: &[Buffer], mut best: Layout, order: &mut Vec<usize>, fit: Fit, bound: usize) -> Layout {
    let rounds = (EFFORT / (buffers.len() * buffers.len()).max(1)).min(2 * buffers.len());
    for _ in 0..rounds {
        if best.size <= bound {
            break;
        }
        let top = order.iter().position(|i| best.offsets[*i] + buffers[*i].size == best.size);
        let Some(top) = top.filter(|t| *t > 0) else { break };
        let moved = order.remove(top);
        order.insert(top / 2, moved);
        let found = place(buffers, order, fit);
        if found.size <= best.size {
            best = found;
        } else {
            order.remove(top / 2);
            order.insert(top - 1, moved);
            let found = place(buffers, order, fit);
            if found.size > best.size {
                break;
            }
            best = found;
        }
    }
    best
}

/// Exchanges pairs in the order while that makes the whole no larger; which pairs depends on nothing but their number.
fn exchange(buffers: &[Buffer], mut best: Layout, mut order: Vec<usize>, fit: Fit, bound: usize) -> Layout {
    const MOST: usize = 2000;
    let n = order.len();
    let rounds = if n < 2 { 0 } else { (EFFORT / (n * n)).min(MOST) };
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..rounds {
        if best.size <= bound {
            break;
        }
        let (i, j) = (next(), next());
        order.swap(i, j);
        let found = place(buffers, &order, fit);
        if found.size <= best.size {
            best = found;
        } else {
            order.swap(i, j);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn buffer(size: usize, first: usize, last: usize) -> Buffer {
        Buffer { size, first, last }
    }

    #[test]
    fn a_chain_takes_two_neighbours() {
        let chain: Vec<Buffer> = (0..20).map(|i| buffer(100 + i % 3, i, i + 1)).collect();
        assert_eq!(layout(&chain, 1).size, least(&chain, 1));
    }

    #[test]
    fn a_gap_below_is_used() {
        let buffers = [buffer(64, 0, 9), buffer(32, 0, 3), buffer(16, 4, 9), buffer(16, 5, 9)];
        let found = layout(&buffers, 16);
        assert_eq!(found.size, 96);
        assert_eq!(found.offsets[0], 0);
    }

    #[test]
    fn nothing_takes_nothing() {
        assert_eq!(layout(&[], 16), Layout { offsets: vec![], size: 0 });
        assert_eq!(layout(&[buffer(0, 0, 0)], 16).size, 0);
    }

    /// What TFLite Micro's planner does: by size, first gap.
    fn greedy_by_size(buffers: &[Buffer], align: usize) -> usize {
        let sized: Vec<Buffer> =
            buffers.iter().map(|b| buffer(b.size.next_multiple_of(align), b.first, b.last)).collect();
        let mut order: Vec<usize> = (0..sized.len()).collect();
        order.sort_by_key(|i| (usize::MAX - sized[*i].size, sized[*i].first));
        place(&sized, &order, Fit::Lowest).size
    }

    proptest! {
        #[test]
        fn live_buffers_do_not_overlap(
            specs in prop::collection::vec((0usize..200, 0usize..30, 0usize..8), 0..40),
            align in prop::sample::select(vec![1usize, 4, 16]),
        ) {
            let buffers: Vec<Buffer> = specs.iter().map(|(s, f, n)| buffer(*s, *f, f + n)).collect();
            let found = layout(&buffers, align);
            for (i, a) in buffers.iter().enumerate() {
                prop_assert_eq!(found.offsets[i] % align, 0);
                prop_assert!(found.offsets[i] + a.size <= found.size);
                for (j, b) in buffers.iter().enumerate().skip(i + 1) {
                    let apart = found.offsets[i] + a.size <= found.offsets[j] || found.offsets[j] + b.size <= found.offsets[i];
                    prop_assert!(!a.meets(b) || apart || a.size == 0 || b.size == 0, "{} and {}", i, j);
                }
            }
            prop_assert!(found.size >= least(&buffers, align));
            prop_assert!(found.size <= greedy_by_size(&buffers, align));
            prop_assert_eq!(&found, &layout(&buffers, align));
        }
    }
}
