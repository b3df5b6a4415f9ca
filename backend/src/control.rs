//! The order of operators beyond what they compute from each other: pairs of operators of one subgraph, the first of which runs first.
//!
//! In a file they are a metadata entry, in the IR the tokens of `tfl.control_node`.

/// The metadata entry.
pub const CONTROL: &str = "model_control_dependencies";
/// The version of its form.
const VERSION: u32 = 1;

/// Pairs of operators of each subgraph, by number.
pub type Edges = Vec<Vec<(usize, usize)>>;

/// Reads an entry; `None` if it is damaged or of another version.
pub fn read(bytes: &[u8]) -> Option<Edges> {
    let mut rest = bytes;
    if number(&mut rest)? != VERSION {
        return None;
    }
    let mut out = Edges::new();
    for _ in 0..number(&mut rest)? {
        let mut edges = Vec::new();
        for _ in 0..number(&mut rest)? {
            edges.push((index(&mut rest)?, index(&mut rest)?));
        }
        out.push(edges);
    }
    rest.is_empty().then_some(out)
}

/// Takes a number of 7 bits a byte, the lowest first; the eighth says that one follows.
fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut out = 0u32;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        out |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(out);
        }
    }
    None
}

/// Takes a signed number, which is stored twice as large; odd ones are negative.
fn index(bytes: &mut &[u8]) -> Option<usize> {
    let stored = number(bytes)?;
    (stored % 2 == 0).then(|| usize::try_from(stored / 2).ok())?
}

/// Writes an entry; `None` if there are no pairs.
pub fn write(edges: &[Vec<(usize, usize)>]) -> Option<Vec<u8>> {
    if edges.iter().all(Vec::is_empty) {
        return None;
    }
    let mut out = Vec::new();
    push(&mut out, VERSION as usize);
    push(&mut out, edges.len());
    for graph in edges {
        push(&mut out, graph.len());
        for (from, to) in graph {
            push(&mut out, 2 * from);
            push(&mut out, 2 * to);
        }
    }
    Some(out)
}

fn push(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_return() {
        let edges = vec![vec![(0, 3), (0, 2)], vec![], vec![(200, 70_000)]];
        assert_eq!(read(&write(&edges).unwrap()), Some(edges));
        assert_eq!(write(&[vec![]]), None);
        assert_eq!(write(&[vec![(0, 3), (0, 2), (1, 3)]]).unwrap(), [1, 1, 3, 0, 6, 0, 4, 2, 6]);
    }

    #[test]
    fn damaged_entries_are_none() {
        for bytes in [&[][..], &[2, 0], &[1, 1, 1, 0], &[1, 1, 1, 0, 1], &[1, 0, 0], &[1, 0xff, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
