//! The order in which kernels read weights: one for all instruction sets, in Rust and in generated C.

/// Outputs that are computed together.
pub const LANES: usize = 16;
/// Neighbouring weights of one output that are multiplied by one instruction.
pub const QUAD: usize = 4;

/// The lane of an output of a panel, and the output of a lane: lanes stand in the order 0-3, 8-11, 4-7, 12-15, in which registers of 256 bits
/// are packed and unpacked.
pub const fn lane_of(output: usize) -> usize {
    if output >= 4 && output < 12 { output ^ 12 } else { output }
}

/// Bytes of one quad of a panel.
pub const QUAD_BYTES: usize = LANES * QUAD;

/// Weights `[outputs, depth]` as `[panel][quad][LANES][QUAD]`, filled up with 0.
pub fn panels(weights: &[i8], outputs: usize, depth: usize) -> Vec<i8> {
    let quads = depth.div_ceil(QUAD);
    let mut packed = vec![0; outputs.div_ceil(LANES) * quads * QUAD_BYTES];
    for (o, row) in weights.chunks(depth.max(1)).enumerate().take(outputs) {
        let panel = &mut packed[o / LANES * quads * QUAD_BYTES..];
        for (q, quad) in row.chunks(QUAD).enumerate() {
            panel[q * QUAD_BYTES + lane_of(o % LANES) * QUAD..][..quad.len()].copy_from_slice(quad);
        }
    }
    packed
}

/// Taps of a window of `rows` by `columns`, numbered along its rows, two of which are multiplied by one instruction: neighbours of a column, and
/// along an odd last row neighbours of that, of which the last one may be alone.
pub fn couples([rows, columns]: [usize; 2]) -> Vec<[Option<usize>; 2]> {
    let even = rows - rows % 2;
    let upright =
        (0..even).step_by(2).flat_map(|y| (0..columns).map(move |x| [y, y + 1].map(|y| Some(y * columns + x))));
    let along = (even..rows).flat_map(|y| {
        (0..columns).step_by(2).map(move |x| [x, x + 1].map(|x| (x < columns).then_some(y * columns + x)))
    });
    upright.chain(along).collect()
}

/// Weights `[taps, channels]` as `[block][couple of taps][LANES][2]`, filled up with 0.
pub fn coupled(weights: &[i8], couples: &[[Option<usize>; 2]], channels: usize) -> Vec<i8> {
    let mut packed = vec![0; channels.div_ceil(LANES) * couples.len() * LANES * 2];
    for (i, couple) in couples.iter().enumerate() {
        for (side, tap) in couple.iter().enumerate() {
            let Some(tap) = tap else { continue };
            for (c, weight) in weights[tap * channels..][..channels].iter().enumerate() {
                packed[((c / LANES * couples.len() + i) * LANES + lane_of(c % LANES)) * 2 + side] = *weight;
            }
        }
    }
    packed
}

/// One value an output, by lanes, filled up to whole groups of them.
pub fn lanes<T: Copy + Default>(values: &[T]) -> Vec<T> {
    let at = |i: usize| values.get(i - i % LANES + lane_of(i % LANES)).copied().unwrap_or_default();
    (0..values.len().next_multiple_of(LANES)).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_has_its_place() {
        let weights: Vec<i8> = (0..17 * 5).map(|i| i as i8 + 1).collect();
        let packed = panels(&weights, 17, 5);
        assert_eq!(packed.len(), 2 * 2 * QUAD_BYTES);
        for (i, w) in weights.iter().enumerate() {
            let (o, k) = (i / 5, i % 5);
            assert_eq!(packed[(o / 16 * 2 + k / 4) * 64 + lane_of(o % 16) * 4 + k % 4], *w);
        }
        assert_eq!(packed.iter().filter(|w| **w != 0).count(), weights.len());

        let weights: Vec<i8> = (0..9 * 11).map(|i| i as i8 + 1).collect();
        let taps = couples([3, 3]);
        let order: Vec<usize> = taps.iter().flatten().flatten().copied().collect();
        assert_eq!(order, [0, 3, 1, 4, 2, 5, 6, 7, 8]);
        assert_eq!(couples([2, 2]), [[Some(0), Some(2)], [Some(1), Some(3)]]);
        let packed = coupled(&weights, &taps, 11);
        assert_eq!(packed.len(), 5 * 32);
        for (i, w) in weights.iter().enumerate() {
            let (tap, c) = (i / 11, i % 11);
            let at = order.iter().position(|t| *t == tap).unwrap();
            assert_eq!(packed[(at / 2 * 16 + lane_of(c)) * 2 + at % 2], *w);
        }
    }

    #[test]
    fn lanes_stand_in_the_order_of_registers() {
        let order: Vec<usize> = (0..16).map(lane_of).collect();
        assert_eq!(order, [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]);
        assert!(order.iter().enumerate().all(|(lane, output)| lane_of(*output) == lane));
        assert_eq!(lanes(&[1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0]);
    }
}
