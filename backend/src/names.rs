//! Tensor names and locations.
//!
//! A tensor is named like the node whose value it holds. The results of an operation with several are named like the parts of a location
//! `fused<"results">[…]`, as the reader makes it, else `node`, `node:1`, `node:2`.

use std::collections::HashMap;

use ir::{Attr, Loc, LocKind};

/// The metadata of a fused location that lists one name for each result.
const RESULTS: &str = "results";

/// The node of result `index` of an operation with `count` results.
pub fn of_result(loc: &Loc, index: usize, count: usize) -> Option<String> {
    if count > 1
        && let Some(parts) = results(loc)
        && let Some(name) = parts.get(index).and_then(Loc::node)
    {
        return Some(name.to_owned());
    }
    let node = loc.node()?;
    Some(if index == 0 { node.to_owned() } else { format!("{node}:{index}") })
}

fn results(loc: &Loc) -> Option<&[Loc]> {
    match loc.kind()? {
        LocKind::Fused(parts, Some(Attr::Str(what))) if &**what == RESULTS => Some(parts),
        LocKind::Fused(parts, _) => parts.iter().find_map(results),
        _ => None,
    }
}

/// The location of an operation whose results have these names.
pub fn to_loc(names: &[&str]) -> Loc {
    match names {
        [] => Loc::UNKNOWN,
        [one] => of_tensor(one),
        many => {
            let parts = many.iter().map(|n| of_tensor(n)).collect();
            Loc::new(LocKind::Fused(parts, Some(Attr::str(RESULTS))))
        }
    }
}

/// The location of a tensor: its name, and behind it the names that other converters join with `;`, so that each selects it.
pub fn of_tensor(name: &str) -> Loc {
    if name.is_empty() {
        return Loc::UNKNOWN;
    }
    let parts = name.split(';').filter(|p| !p.is_empty());
    Loc::fused(std::iter::once(name).chain(parts).map(Loc::name))
}

/// Makes names unique, in the order they are asked for.
#[derive(Debug, Default)]
pub struct Unique {
    /// Names in use, and the number to try next behind each.
    taken: HashMap<String, u64>,
}

impl Unique {
    /// The name, with a number behind it if it is taken.
    pub fn name(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        if let Some(&from) = self.taken.get(name) {
            let mut next = from;
            while self.taken.contains_key(&free) {
                free = format!("{name}_{next}");
                next += 1;
            }
            self.taken.insert(name.to_owned(), next);
        }
        self.taken.insert(free.clone(), 1);
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_names() {
        let loc = to_loc(&["a", "b"]);
        assert_eq!(of_result(&loc, 1, 2).as_deref(), Some("b"));
        let fused = Loc::fused([loc, Loc::name("c")]);
        assert_eq!(of_result(&fused, 1, 2).as_deref(), Some("b"));
        assert_eq!(of_result(&Loc::name("split"), 1, 2).as_deref(), Some("split:1"));
        assert_eq!(of_result(&Loc::UNKNOWN, 0, 1), None);
    }

    #[test]
    fn joined_names_select_by_each() {
        assert_eq!(of_tensor("x/Relu;x/Conv2D").nodes(), ["x/Relu;x/Conv2D", "x/Relu", "x/Conv2D"]);
        assert_eq!(of_tensor("x").nodes(), ["x"]);
    }

    #[test]
    fn taken_names_get_numbers() {
        let mut unique = Unique::default();
        assert_eq!([unique.name("a"), unique.name("a_1"), unique.name("a")], ["a", "a_1", "a_2"]);
    }
}
