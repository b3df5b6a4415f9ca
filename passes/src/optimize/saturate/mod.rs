//! `place-views`: equality saturation of where quantize, dequantize and views stand.
//!
//! A region of operations whose meaning the rules know becomes an e-graph ([`region`], [`language`]). [`rules`] adds terms of the same bits,
//! [`extract`] chooses the cheapest, [`rebuild`] writes them back.

mod conversions;
mod exact;
mod extract;
mod family;
mod language;
mod rebuild;
mod region;
mod relabel;
mod rules;
mod search;
mod views;

use std::collections::HashMap;

use egg::Id;
use ir::{Body, Failed, OpId};

use self::extract::{Choice, Cost, Extractor};
use self::language::{Kind, Node};
use self::region::Region;
use self::search::Limits;
use crate::pass::{Cx, Stats};

crate::pass! {
    /// Places quantize, dequantize, reshape, transpose and other views where they cost least.
    ///
    /// The cost is the bytes that operations write and a constant for each operation. All placements that compute the same bits are kept side
    /// by side (equality saturation), so one that only pays off together with others is found too. Where nothing is cheaper the function stays
    /// as it is. Only values with one scale are looked at. The result does not depend on time or threads: what ends the search are limits.
    "place-views" = PlaceViews on func {
        options: {
            /// Most operations looked at together; larger regions are cut.
            operations: usize = 400,
            /// Most terms kept side by side.
            nodes: usize = 6000,
            /// Most rounds of all rules.
            iterations: usize = 40,
            /// Bytes that an operation is worth.
            operation_cost: usize = 1024,
        },
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<1x4x4x8xf32>) -> (tensor<1x4x4x8xf32>, tensor<1x8x4x4xf32>) {
              %to_nchw = arith.constant dense<[0, 3, 1, 2]> : tensor<4xi32>
              %to_nhwc = arith.constant dense<[0, 2, 3, 1]> : tensor<4xi32>
              %0 = "tfl.transpose"(%x, %to_nchw) : (tensor<1x4x4x8xf32>, tensor<4xi32>) -> tensor<1x8x4x4xf32>
              %1 = "tfl.abs"(%0) : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
              %2 = "tfl.transpose"(%1, %to_nhwc) : (tensor<1x8x4x4xf32>, tensor<4xi32>) -> tensor<1x4x4x8xf32>
              return %2, %0 : tensor<1x4x4x8xf32>, tensor<1x8x4x4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<1x4x4x8xf32>) -> (tensor<1x4x4x8xf32>, tensor<1x8x4x4xf32>) {
              %to_nchw = arith.constant dense<[0, 3, 1, 2]> : tensor<4xi32>
              %0 = "tfl.transpose"(%x, %to_nchw) : (tensor<1x4x4x8xf32>, tensor<4xi32>) -> tensor<1x8x4x4xf32>
              %1 = "tfl.abs"(%x) : (tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
              return %1, %0 : tensor<1x4x4x8xf32>, tensor<1x8x4x4xf32>
            }
        "#,
    }
}

impl PlaceViews {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        if !body.has_entry() {
            return Ok(());
        }
        for block in body.blocks(body.root()).to_vec() {
            for ops in region::regions(body, block, self.operations.max(1)) {
                self.place(body, &ops, cx);
            }
        }
        Ok(())
    }

    /// Places the views of one region.
    fn place(&self, body: &mut Body, ops: &[OpId], cx: &mut Cx<'_>) {
        let mut region = Region::new(body, ops);
        let before = original_cost(&region);
        count(&mut cx.stats, ["operations before", "bytes before"], before);
        let limits = Limits { nodes: self.nodes, iterations: self.iterations };
        let applied = search::saturate(&mut region.graph, limits);
        let after = self.rewrite(body, &region, before).unwrap_or(before);
        count(&mut cx.stats, ["operations after", "bytes after"], after);
        if after != before {
            applied.into_iter().for_each(|(rule, n)| *cx.stats.entry(rule).or_default() += n);
        }
    }

    /// Writes the cheapest terms, if they are cheaper than the region; what they cost.
    fn rewrite(&self, body: &mut Body, region: &Region, before: Cost) -> Option<Cost> {
        let g = &region.graph;
        let operation = self.operation_cost as u64;
        let roots: Vec<Id> = region.roots.iter().map(|(_, id)| g.egg.find(*id)).collect();
        let chosen = Extractor::new(g, &roots, operation).cheapest(&originals(region))?;
        if chosen.cost.total(operation) >= before.total(operation) {
            return None;
        }
        rebuild::rebuild(body, region, &chosen).then_some(chosen.cost)
    }
}

/// Adds a cost to two counters.
fn count(stats: &mut Stats, names: [&'static str; 2], cost: Cost) {
    for (name, n) in names.into_iter().zip([cost.operations, cost.bytes]) {
        *stats.entry(name).or_default() += n;
    }
}

/// The nodes of the region as it is; the first where several operations turned out to be the same.
fn originals(region: &Region) -> Choice {
    let egg = &region.graph.egg;
    let mut out = HashMap::new();
    for class in egg.classes() {
        if let Some(leaf) = class.nodes.iter().find(|n| n.children.is_empty()) {
            out.insert(class.id, leaf.clone());
        }
    }
    for (_, node, class) in &region.ops {
        let node = Node { kind: node.kind.clone(), children: node.children.iter().map(|c| egg.find(*c)).collect() };
        out.entry(egg.find(*class)).or_insert(node);
    }
    out
}

/// What the operations of a region cost as they are, each constant once.
fn original_cost(region: &Region) -> Cost {
    let g = &region.graph;
    let mut cost = Cost::default();
    region.ops.iter().for_each(|(_, node, class)| cost += Cost::of(g, *class, node));
    let constants = g.egg.classes().flat_map(|c| c.nodes.iter().map(|n| (c.id, n)));
    constants.filter(|(_, n)| matches!(n.kind, Kind::Constant(_))).for_each(|(id, n)| cost += Cost::of(g, id, n));
    cost
}
