//! The search: rules are applied in rounds until nothing is new or a limit is met. The clock is no limit, so equal modules give equal results.

use std::collections::{BTreeMap, HashMap};

use super::language::{Graph, Node};
use super::rules::RULES;

/// What ends the search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most nodes of the graph.
    pub nodes: usize,
    /// Most rounds.
    pub iterations: usize,
}

/// Applies all rules; how often each found something new, by name.
pub(super) fn saturate(g: &mut Graph, limits: Limits) -> BTreeMap<&'static str, u64> {
    let mut applied = BTreeMap::new();
    // The nodes looked at, and how many nodes their operands had then.
    let mut looked: HashMap<Node, usize> = HashMap::new();
    for _ in 0..limits.iterations {
        let mut found = Vec::new();
        for (class, node) in g.egg.classes().flat_map(|c| c.nodes.iter().map(|n| (c.id, n))) {
            let below = node.children.iter().map(|c| g.nodes(*c).len()).sum();
            if looked.insert(node.clone(), below) != Some(below) {
                found.extend(
                    RULES.iter().flat_map(|r| (r.find)(g, class, node).into_iter().map(|f| (r.name, class, f))),
                );
            }
        }
        let mut news = false;
        for (name, class, f) in found {
            if g.egg.total_number_of_nodes() >= limits.nodes {
                break;
            }
            let (view, moved) = (g.known(class).loc.clone(), g.known(f.moved).loc.clone());
            let Some(new) = g.term(f.term, &view, &moved) else { continue };
            if g.known(new).ty == g.known(class).ty && g.egg.union(class, new) {
                *applied.entry(name).or_default() += 1;
                news = true;
            }
        }
        g.egg.rebuild();
        if !news || g.egg.total_number_of_nodes() >= limits.nodes {
            break;
        }
    }
    applied
}
