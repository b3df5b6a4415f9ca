//! Which values are defined in front of an operation.

use petgraph::algo::dominators;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::body::{BlockId, Body, Value};

/// The values of a body that may be used at a place.
pub(super) struct Visible {
    by_value: Vec<bool>,
    /// Those that are, in the order they were added.
    added: Vec<Value>,
}

impl Visible {
    /// At the start of a body: none.
    pub(super) fn of(body: &Body) -> Visible {
        Visible { by_value: vec![false; body.num_values()], added: Vec::new() }
    }

    pub(super) fn has(&self, v: Value) -> bool {
        self.by_value.get(v.index()).is_some_and(|seen| *seen)
    }

    pub(super) fn add(&mut self, values: &[Value]) {
        for v in values {
            if let Some(seen) = self.by_value.get_mut(v.index())
                && !*seen
            {
                *seen = true;
                self.added.push(*v);
            }
        }
    }

    pub(super) fn add_results(&mut self, body: &Body, blocks: &[BlockId]) {
        for op in blocks.iter().flat_map(|b| body.ops(*b)) {
            self.add(body.op(op).results());
        }
    }

    /// A state to come back to.
    pub(super) fn mark(&self) -> usize {
        self.added.len()
    }

    pub(super) fn forget(&mut self, mark: usize) {
        for v in self.added.drain(mark..) {
            self.by_value[v.index()] = false;
        }
    }
}

/// Visits the blocks of a region, each with the values of all blocks that every way to it leads through. To a block that no way leads to, all
/// values are visible.
pub(super) fn walk(
    body: &Body,
    blocks: &[BlockId],
    visible: &mut Visible,
    mut visit: impl FnMut(BlockId, &mut Visible),
) {
    let (children, reachable) = dominator_tree(body, blocks);
    // A block, and the state to come back to behind it and all it dominates.
    enum Step {
        Enter(usize),
        Leave(usize),
    }
    let mut steps = vec![Step::Enter(0)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Leave(mark) => visible.forget(mark),
            Step::Enter(i) => {
                steps.push(Step::Leave(visible.mark()));
                visit(blocks[i], visible);
                steps.extend(children[i].iter().rev().map(|c| Step::Enter(*c)));
            }
        }
    }
    let before = visible.mark();
    for block in blocks {
        visible.add(body.args(*block));
    }
    visible.add_results(body, blocks);
    for (block, _) in blocks.iter().zip(&reachable).filter(|(_, reachable)| !**reachable) {
        visit(*block, visible);
    }
    visible.forget(before);
}

/// The blocks of a region that each of them immediately dominates, and which of them can be reached from the first; both by place in `blocks`,
/// which is not empty.
pub fn dominator_tree(body: &Body, blocks: &[BlockId]) -> (Vec<Vec<usize>>, Vec<bool>) {
    let index: std::collections::HashMap<BlockId, usize> = blocks.iter().enumerate().map(|(i, b)| (*b, i)).collect();
    let mut graph = DiGraph::<(), ()>::with_capacity(blocks.len(), blocks.len());
    let nodes: Vec<NodeIndex> = blocks.iter().map(|_| graph.add_node(())).collect();
    for (i, block) in blocks.iter().enumerate() {
        let Some(end) = body.terminator(*block) else { continue };
        for next in body.op(end).successors.iter().filter_map(|s| index.get(&s.block)) {
            graph.add_edge(nodes[i], nodes[*next], ());
        }
    }
    let found = dominators::simple_fast(&graph, nodes[0]);
    let mut children = vec![Vec::new(); blocks.len()];
    let mut reachable = vec![false; blocks.len()];
    reachable[0] = true;
    for (i, node) in nodes.iter().enumerate().skip(1) {
        if let Some(parent) = found.immediate_dominator(*node) {
            children[parent.index()].push(i);
            reachable[i] = true;
        }
    }
    (children, reachable)
}
