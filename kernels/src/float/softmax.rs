//! Functions of the last dimension.

/// `exp(beta * x) / sum(exp(beta * x))` of every row.
pub fn softmax(x: &[f32], depth: usize, beta: f32) -> Vec<f32> {
    let mut y = Vec::with_capacity(x.len());
    for row in x.chunks(depth.max(1)) {
        let max = row.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        let start = y.len();
        y.extend(row.iter().map(|v| ((v - max) * beta).exp()));
        let sum: f32 = y[start..].iter().sum();
        y[start..].iter_mut().for_each(|v| *v /= sum);
    }
    y
}

/// The logarithm of the softmax of every row.
pub fn log_softmax(x: &[f32], depth: usize) -> Vec<f32> {
    let mut y = Vec::with_capacity(x.len());
    for row in x.chunks(depth.max(1)) {
        let max = row.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        let log = row.iter().map(|v| (v - max).exp()).sum::<f32>().ln();
        y.extend(row.iter().map(|v| v - max - log));
    }
    y
}

/// Every row divided by its norm, which is at least 1e-6.
pub fn l2_normalization(x: &[f32], depth: usize) -> Vec<f32> {
    let mut y = Vec::with_capacity(x.len());
    for row in x.chunks(depth.max(1)) {
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
        y.extend(row.iter().map(|v| v / norm));
    }
    y
}

/// Every element divided by `(bias + alpha * sum(x^2 over 2 radius + 1 channels)) ^ beta`.
pub fn local_response_normalization(
    x: &[f32],
    depth: usize,
    radius: usize,
    bias: f32,
    alpha: f32,
    beta: f32,
) -> Vec<f32> {
    let mut y = Vec::with_capacity(x.len());
    for row in x.chunks(depth.max(1)) {
        for (c, v) in row.iter().enumerate() {
            let near = &row[c.saturating_sub(radius)..(c + radius + 1).min(row.len())];
            let sum: f32 = near.iter().map(|v| v * v).sum();
            y.push(v * (bias + alpha * sum).powf(-beta));
        }
    }
    y
}
