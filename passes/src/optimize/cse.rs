//! `cse`: what is computed twice is computed once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ir::{Attr, Attrs, BlockId, Body, Failed, OpId, Region};

use crate::pass::Cx;

crate::pass! {
    /// Merges operations without side effects that have the same operands and attributes, among them equal constants.
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
        for block in body.blocks(body.root()).to_vec() {
            merge(body, block, cx);
        }
        Ok(())
    }
}

/// Merges the operations of a block; those of nested blocks among themselves.
fn merge(body: &mut Body, block: BlockId, cx: &mut Cx<'_>) {
    let mut seen: HashMap<u64, Vec<OpId>> = HashMap::new();
    for id in body.ops(block) {
        for region in body.op(id).regions.clone() {
            let Region::Inline(region) = region else { continue };
            for inner in body.blocks(region).to_vec() {
                merge(body, inner, cx);
            }
        }
        let op = body.op(id);
        if !op.name.def().is_some_and(ir::OpDef::is_pure) || !op.regions.is_empty() {
            continue;
        }
        let alike = seen.entry(key(body, id)).or_default();
        let Some(first) = alike.iter().copied().find(|first| is_equal(body, *first, id)) else {
            alike.push(id);
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
