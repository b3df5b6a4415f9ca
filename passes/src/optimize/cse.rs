//! `cse`: what is computed twice is computed once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ir::verify::dominator_tree;
use ir::{Attr, Attrs, BlockId, Body, Failed, OpId, Region, RegionId};

use crate::pass::Cx;

crate::pass! {
    /// Merges operations without side effects that have the same operands and attributes, among them equal constants.
    ///
    /// The first of them stays. It stands in the same block, in one that every way to the other leads through, or around its region.
    "cse" = Cse on func {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
              %0 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              %1 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0, %1 : tensor<4xf32>, tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
              %0 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0, %0 : tensor<4xf32>, tensor<4xf32>
            }
        "#,
    }
}

impl Cse {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        merge(body, body.root(), &mut Seen::default(), cx);
        Ok(())
    }
}

/// The operations that may stand for equal ones at a place: those of the blocks that every way to it leads through, and of what is around them.
#[derive(Default)]
struct Seen {
    by_key: HashMap<u64, Vec<OpId>>,
    /// The keys, in the order they were added.
    added: Vec<u64>,
}

impl Seen {
    fn add(&mut self, key: u64, id: OpId) {
        self.by_key.entry(key).or_default().push(id);
        self.added.push(key);
    }

    /// Forgets what was added since `added` had a length.
    fn forget(&mut self, mark: usize) {
        for key in self.added.drain(mark..) {
            if let Some(alike) = self.by_key.get_mut(&key) {
                alike.pop();
            }
        }
    }
}

/// A block to go into, or a state to come back to behind it and all it dominates.
enum Step {
    Enter(usize),
    Leave(usize),
}

/// Merges the operations of a region, down the tree of dominators. A block that no way leads to stays as it is.
fn merge(body: &mut Body, region: RegionId, seen: &mut Seen, cx: &mut Cx<'_>) {
    let blocks = body.blocks(region).to_vec();
    if blocks.is_empty() {
        return;
    }
    let (children, _) = dominator_tree(body, &blocks);
    let mut steps = vec![Step::Enter(0)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Leave(mark) => seen.forget(mark),
            Step::Enter(i) => {
                steps.push(Step::Leave(seen.added.len()));
                merge_block(body, blocks[i], seen, cx);
                steps.extend(children[i].iter().rev().map(|c| Step::Enter(*c)));
            }
        }
    }
}

fn merge_block(body: &mut Body, block: BlockId, seen: &mut Seen, cx: &mut Cx<'_>) {
    for id in body.ops(block) {
        for region in body.op(id).regions.clone() {
            if let Region::Inline(region) = region {
                merge(body, region, seen, cx);
            }
        }
        let op = body.op(id);
        if !op.name.def().is_some_and(ir::OpDef::is_pure) || !op.regions.is_empty() {
            continue;
        }
        let key = key(body, id);
        let alike = seen.by_key.get(&key).into_iter().flatten();
        let Some(first) = alike.copied().find(|first| is_equal(body, *first, id)) else {
            seen.add(key, id);
            continue;
        };
        let results = body.op(id).results().to_vec();
        for (old, new) in results.into_iter().zip(body.op(first).results().to_vec()) {
            body.replace_all_uses(old, new);
        }
        body.erase(id);
        cx.count("operations merged");
    }
}

fn is_equal(body: &Body, a: OpId, b: OpId) -> bool {
    let types = |id: OpId| body.op(id).results().iter().map(|v| body.ty(*v)).collect::<Vec<_>>();
    let (x, y) = (body.op(a), body.op(b));
    x.name == y.name && x.operands() == y.operands() && x.props == y.props && x.attrs == y.attrs && types(a) == types(b)
}

fn key(body: &Body, id: OpId) -> u64 {
    let op = body.op(id);
    let mut h = DefaultHasher::new();
    op.name.as_str().hash(&mut h);
    op.operands().hash(&mut h);
    hash_attrs(&op.props, &mut h);
    hash_attrs(&op.attrs, &mut h);
    h.finish()
}

/// Bytes of a tensor that go into its hash, from the start and from the end: tables differ early, and so do most weights.
const HASHED: usize = 256;

fn hash_attrs(attrs: &Attrs, h: &mut DefaultHasher) {
    for (name, attr) in attrs.iter() {
        name.hash(h);
        match attr {
            Attr::Dense(t) | Attr::Resource(_, t) if !t.is_splat() => {
                t.hash(h);
                let bytes = t.raw();
                bytes[..bytes.len().min(HASHED)].hash(h);
                bytes[bytes.len().saturating_sub(HASHED)..].hash(h);
            }
            other => other.hash(h),
        }
    }
}
