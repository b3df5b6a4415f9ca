//! Bodies: operations, blocks, regions and values in arenas with typed ids.
//!
//! A [`Body`] is the inside of one operation that is isolated from above: a module or a function. Whatever is nested in it and is not isolated
//! itself lives in the same arena, so a value is a plain number and a function can be handed to another thread whole.
//!
//! Invariants: use lists hold one entry per operand; an erased operation has no uses and is in no block; ids are never reused.

use std::sync::Arc;

use crate::attr::{Attr, Attrs};
use crate::loc::Loc;
use crate::op::{OpDef, OpRow};
use crate::tensor::Tensor;
use crate::types::{TensorType, Type};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u32);
        impl $name {
            /// The position in its arena.
            pub fn index(self) -> usize {
                self.0 as usize
            }
            fn at(index: usize) -> Self {
                $name(u32::try_from(index).expect("fewer than 2^32 items in a body"))
            }
        }
    };
}
id!(/// An operation of a body.
    OpId);
id!(/// A block of a body.
    BlockId);
id!(/// A region of a body.
    RegionId);
id!(/// A value of a body: a block argument or a result.
    Value);

/// The name of an operation: a row of a registered dialect, or any other text.
#[derive(Clone, Debug)]
pub enum OpName {
    /// A row.
    Known(&'static OpDef),
    /// An operation no registered dialect has; carried whole.
    Unknown(Arc<str>),
}

impl OpName {
    /// The full name, such as `tfl.add`.
    pub fn as_str(&self) -> &str {
        match self {
            OpName::Known(def) => def.name,
            OpName::Unknown(name) => name,
        }
    }
    /// The row, if registered.
    pub fn def(&self) -> Option<&'static OpDef> {
        match self {
            OpName::Known(def) => Some(def),
            OpName::Unknown(_) => None,
        }
    }
}

impl PartialEq for OpName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
impl Eq for OpName {}

/// The inside of an operation.
#[derive(Clone, Debug)]
pub enum Region {
    /// Blocks in the same arena; values from above may be used.
    Inline(RegionId),
    /// A body of its own; values from above may not be used.
    Isolated(Box<Body>),
}

/// A block to continue at, with the values of its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The block.
    pub block: BlockId,
    /// Its arguments.
    pub args: Vec<Value>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The name.
    pub name: OpName,
    operands: Vec<Value>,
    results: Vec<Value>,
    /// Inherent attributes, printed in `<{…}>`.
    pub props: Attrs,
    /// Discardable attributes, printed in `{…}`; of `tf` operations all attributes.
    pub attrs: Attrs,
    /// Regions.
    pub regions: Vec<Region>,
    /// Successors, of terminators.
    pub successors: Vec<Successor>,
    /// Where it comes from.
    pub loc: Loc,
    block: Option<BlockId>,
    prev: Option<OpId>,
    next: Option<OpId>,
}

impl Operation {
    /// The operands.
    pub fn operands(&self) -> &[Value] {
        &self.operands
    }
    /// The results.
    pub fn results(&self) -> &[Value] {
        &self.results
    }
    /// The only result.
    pub fn result(&self) -> Option<Value> {
        match self.results[..] {
            [v] => Some(v),
            _ => None,
        }
    }
    /// The block it stands in; `None` once erased.
    pub fn block(&self) -> Option<BlockId> {
        self.block
    }
    /// An attribute, inherent or discardable.
    pub fn attr(&self, name: &str) -> Option<&Attr> {
        self.props.get(name).or_else(|| self.attrs.get(name))
    }
    /// Whether it is an operation of row `R`.
    pub fn is<R: OpRow>(&self) -> bool {
        self.name.as_str() == R::DEF.name
    }
    /// The typed attributes of row `R`, if it is one and they are well formed.
    pub fn as_row<R: OpRow>(&self) -> Option<R> {
        if self.is::<R>() { R::read(self) } else { None }
    }
    /// The isolated body of region `i`.
    pub fn body(&self, i: usize) -> Option<&Body> {
        match self.regions.get(i)? {
            Region::Isolated(b) => Some(b),
            Region::Inline(_) => None,
        }
    }
    /// The isolated body of region `i`, to change.
    pub fn body_mut(&mut self, i: usize) -> Option<&mut Body> {
        match self.regions.get_mut(i)? {
            Region::Isolated(b) => Some(b),
            Region::Inline(_) => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Block {
    args: Vec<Value>,
    first: Option<OpId>,
    last: Option<OpId>,
    region: Option<RegionId>,
}

#[derive(Clone, Debug, Default)]
struct RegionData {
    blocks: Vec<BlockId>,
    parent: Option<OpId>,
}

/// Who makes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Def {
    /// Result number `.1` of an operation.
    Result(OpId, usize),
    /// Argument number `.1` of a block.
    Arg(BlockId, usize),
}

#[derive(Clone, Debug)]
struct ValueData {
    ty: Type,
    def: Def,
    uses: Vec<OpId>,
    name: Option<Arc<str>>,
    loc: Loc,
}

/// Where a new operation goes.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// In front of an operation.
    Before(OpId),
    /// Behind an operation.
    After(OpId),
    /// At the end of a block.
    End(BlockId),
    /// At the start of a block.
    Start(BlockId),
}

/// All that makes a new operation, but its place.
#[derive(Clone, Debug)]
pub struct OpSpec {
    /// The name.
    pub name: OpName,
    /// Operands.
    pub operands: Vec<Value>,
    /// Types of the results.
    pub results: Vec<Type>,
    /// Inherent attributes.
    pub props: Attrs,
    /// Discardable attributes.
    pub attrs: Attrs,
    /// Regions; inline ones must be of the same body.
    pub regions: Vec<Region>,
    /// Successors.
    pub successors: Vec<Successor>,
    /// Where it comes from.
    pub loc: Loc,
}

impl OpSpec {
    /// An operation without operands, results or attributes, to be filled in by the `with` methods.
    pub fn new(name: OpName, loc: Loc) -> OpSpec {
        OpSpec {
            name,
            operands: Vec::new(),
            results: Vec::new(),
            props: Attrs::new(),
            attrs: Attrs::new(),
            regions: Vec::new(),
            successors: Vec::new(),
            loc,
        }
    }
    /// The operation of a row with its typed attributes.
    pub fn row<R: OpRow>(row: &R, loc: Loc) -> OpSpec {
        OpSpec { props: row.write(), ..OpSpec::new(OpName::Known(R::DEF), loc) }
    }
    /// With operands.
    #[must_use]
    pub fn operands(mut self, operands: &[Value]) -> OpSpec {
        self.operands = operands.to_vec();
        self
    }
    /// With result types.
    #[must_use]
    pub fn results(mut self, results: impl IntoIterator<Item = Type>) -> OpSpec {
        self.results = results.into_iter().collect();
        self
    }
    /// With an inherent attribute.
    #[must_use]
    pub fn prop(mut self, name: &str, value: Attr) -> OpSpec {
        self.props.set(name, value);
        self
    }
    /// With a discardable attribute.
    #[must_use]
    pub fn attr(mut self, name: &str, value: Attr) -> OpSpec {
        self.attrs.set(name, value);
        self
    }
    /// With a region.
    #[must_use]
    pub fn region(mut self, region: Region) -> OpSpec {
        self.regions.push(region);
        self
    }
}

/// The inside of a module or a function. See the module documentation.
#[derive(Clone, Debug)]
pub struct Body {
    ops: Vec<Operation>,
    blocks: Vec<Block>,
    regions: Vec<RegionData>,
    values: Vec<ValueData>,
    root: RegionId,
}

impl Default for Body {
    fn default() -> Self {
        Self::new()
    }
}

impl Body {
    /// A body whose root region has one empty block.
    pub fn new() -> Body {
        let mut body = Body::without_blocks();
        body.add_block(body.root);
        body
    }

    /// A body whose root region has no block yet.
    pub fn without_blocks() -> Body {
        Body {
            ops: Vec::new(),
            blocks: Vec::new(),
            regions: vec![RegionData::default()],
            values: Vec::new(),
            root: RegionId::at(0),
        }
    }

    // ---- structure ----

    /// The outermost region.
    pub fn root(&self) -> RegionId {
        self.root
    }
    /// The first block of the root region.
    ///
    /// # Panics
    /// If the root region has none, as in the declaration of an external function.
    pub fn entry(&self) -> BlockId {
        self.regions[self.root.index()].blocks[0]
    }
    /// Whether the root region has a block.
    pub fn has_entry(&self) -> bool {
        !self.regions[self.root.index()].blocks.is_empty()
    }
    /// The blocks of a region, in order.
    pub fn blocks(&self, region: RegionId) -> &[BlockId] {
        &self.regions[region.index()].blocks
    }
    /// A new, empty region; give it to an operation through [`OpSpec::region`].
    pub fn add_region(&mut self) -> RegionId {
        self.regions.push(RegionData::default());
        RegionId::at(self.regions.len() - 1)
    }
    /// The operation a region belongs to; `None` for the root.
    pub fn region_parent(&self, region: RegionId) -> Option<OpId> {
        self.regions[region.index()].parent
    }
    /// Appends an empty block to a region.
    pub fn add_block(&mut self, region: RegionId) -> BlockId {
        let id = BlockId::at(self.blocks.len());
        self.blocks.push(Block { region: Some(region), ..Block::default() });
        self.regions[region.index()].blocks.push(id);
        id
    }
    /// The region a block belongs to.
    pub fn block_region(&self, block: BlockId) -> Option<RegionId> {
        self.blocks[block.index()].region
    }
    /// Appends an argument to a block.
    pub fn add_arg(&mut self, block: BlockId, ty: Type, loc: Loc) -> Value {
        let index = self.blocks[block.index()].args.len();
        let v = self.add_value(ty, Def::Arg(block, index), loc);
        self.blocks[block.index()].args.push(v);
        v
    }
    /// The arguments of a block.
    pub fn args(&self, block: BlockId) -> &[Value] {
        &self.blocks[block.index()].args
    }
    /// Takes away an argument that nobody uses.
    pub fn remove_arg(&mut self, block: BlockId, index: usize) {
        self.blocks[block.index()].args.remove(index);
        for (i, v) in self.blocks[block.index()].args.clone().into_iter().enumerate().skip(index) {
            self.values[v.index()].def = Def::Arg(block, i);
        }
    }
    /// The operations of a block, in order. The list is a copy, so the body may change meanwhile.
    pub fn ops(&self, block: BlockId) -> Vec<OpId> {
        let mut out = Vec::new();
        let mut at = self.blocks[block.index()].first;
        while let Some(op) = at {
            out.push(op);
            at = self.ops[op.index()].next;
        }
        out
    }
    /// All operations, outer before inner, in order; bodies of isolated operations are not entered.
    pub fn walk(&self) -> Vec<OpId> {
        let mut out = Vec::new();
        self.walk_region(self.root, &mut out);
        out
    }
    fn walk_region(&self, region: RegionId, out: &mut Vec<OpId>) {
        for block in self.blocks(region) {
            for op in self.ops(*block) {
                out.push(op);
                for r in &self.ops[op.index()].regions {
                    if let Region::Inline(r) = r {
                        self.walk_region(*r, out);
                    }
                }
            }
        }
    }
    /// The last operation of a block.
    pub fn terminator(&self, block: BlockId) -> Option<OpId> {
        self.blocks[block.index()].last
    }
    /// The operation in front of another in its block.
    pub fn prev_op(&self, op: OpId) -> Option<OpId> {
        self.ops[op.index()].prev
    }
    /// The operation behind another in its block.
    pub fn next_op(&self, op: OpId) -> Option<OpId> {
        self.ops[op.index()].next
    }

    // ---- operations ----

    /// An operation.
    pub fn op(&self, op: OpId) -> &Operation {
        &self.ops[op.index()]
    }
    /// An operation, to change its name, attributes, regions or location.
    pub fn op_mut(&mut self, op: OpId) -> &mut Operation {
        &mut self.ops[op.index()]
    }

    /// Makes an operation and puts it in its place.
    pub fn insert(&mut self, at: At, spec: OpSpec) -> OpId {
        let id = OpId::at(self.ops.len());
        let results: Vec<Value> = spec
            .results
            .into_iter()
            .enumerate()
            .map(|(i, ty)| self.add_value(ty, Def::Result(id, i), Loc::UNKNOWN))
            .collect();
        for v in spec.operands.iter().chain(spec.successors.iter().flat_map(|s| &s.args)) {
            self.values[v.index()].uses.push(id);
        }
        for r in &spec.regions {
            if let Region::Inline(r) = r {
                self.regions[r.index()].parent = Some(id);
            }
        }
        self.ops.push(Operation {
            name: spec.name,
            operands: spec.operands,
            results,
            props: spec.props,
            attrs: spec.attrs,
            regions: spec.regions,
            successors: spec.successors,
            loc: spec.loc,
            block: None,
            prev: None,
            next: None,
        });
        self.link(at, id);
        id
    }

    fn link(&mut self, at: At, id: OpId) {
        let (block, prev, next) = match at {
            At::Before(o) => {
                let op = &self.ops[o.index()];
                (op.block.expect("insertion point stands in a block"), op.prev, Some(o))
            }
            At::After(o) => {
                let op = &self.ops[o.index()];
                (op.block.expect("insertion point stands in a block"), Some(o), op.next)
            }
            At::End(b) => (b, self.blocks[b.index()].last, None),
            At::Start(b) => (b, None, self.blocks[b.index()].first),
        };
        match prev {
            Some(p) => self.ops[p.index()].next = Some(id),
            None => self.blocks[block.index()].first = Some(id),
        }
        match next {
            Some(n) => self.ops[n.index()].prev = Some(id),
            None => self.blocks[block.index()].last = Some(id),
        }
        let op = &mut self.ops[id.index()];
        (op.block, op.prev, op.next) = (Some(block), prev, next);
    }

    fn unlink(&mut self, id: OpId) {
        let op = &self.ops[id.index()];
        let (Some(block), prev, next) = (op.block, op.prev, op.next) else { return };
        match prev {
            Some(p) => self.ops[p.index()].next = next,
            None => self.blocks[block.index()].first = next,
        }
        match next {
            Some(n) => self.ops[n.index()].prev = prev,
            None => self.blocks[block.index()].last = prev,
        }
        let op = &mut self.ops[id.index()];
        (op.block, op.prev, op.next) = (None, None, None);
    }

    /// Moves an operation to another place of the same body.
    pub fn move_op(&mut self, op: OpId, at: At) {
        self.unlink(op);
        self.link(at, op);
    }

    /// Takes an operation out, with all in its inline regions.
    ///
    /// # Panics
    /// If one of its results is still used: replace it first.
    pub fn erase(&mut self, op: OpId) {
        for v in &self.ops[op.index()].results {
            assert!(self.values[v.index()].uses.is_empty(), "an erased operation has no uses");
        }
        let regions = std::mem::take(&mut self.ops[op.index()].regions);
        for r in &regions {
            if let Region::Inline(r) = r {
                for b in self.regions[r.index()].blocks.clone() {
                    for inner in self.ops(b).into_iter().rev() {
                        for v in self.ops[inner.index()].results.clone() {
                            self.values[v.index()].uses.clear();
                        }
                        self.erase(inner);
                    }
                }
            }
        }
        for v in std::mem::take(&mut self.ops[op.index()].operands) {
            self.drop_use(v, op);
        }
        for s in std::mem::take(&mut self.ops[op.index()].successors) {
            for v in s.args {
                self.drop_use(v, op);
            }
        }
        // An erased operation keeps its place in the arena, but not the constants it held.
        (self.ops[op.index()].props, self.ops[op.index()].attrs) = (Attrs::new(), Attrs::new());
        self.unlink(op);
    }

    /// Takes blocks of one region out, with all in them; false, and nothing is done, if a value of theirs is used elsewhere.
    pub fn erase_blocks(&mut self, blocks: &[BlockId]) -> bool {
        let ops: Vec<OpId> = blocks.iter().flat_map(|b| self.ops(*b)).collect();
        let results = ops.iter().flat_map(|op| self.ops[op.index()].results.iter());
        let values: Vec<Value> = blocks.iter().flat_map(|b| self.args(*b)).chain(results).copied().collect();
        if values.iter().any(|v| self.uses(*v).iter().any(|user| !self.is_inside(*user, blocks))) {
            return false;
        }
        values.iter().for_each(|v| self.values[v.index()].uses.clear());
        ops.into_iter().for_each(|op| self.erase(op));
        for block in blocks {
            if let Some(region) = self.blocks[block.index()].region.take() {
                self.regions[region.index()].blocks.retain(|b| b != block);
            }
        }
        true
    }

    /// Whether an operation stands in one of some blocks, or in a region of an operation that does.
    fn is_inside(&self, op: OpId, blocks: &[BlockId]) -> bool {
        let mut at = Some(op);
        while let Some(block) = at.and_then(|op| self.ops[op.index()].block) {
            if blocks.contains(&block) {
                return true;
            }
            at = self.block_region(block).and_then(|r| self.region_parent(r));
        }
        false
    }

    fn drop_use(&mut self, v: Value, op: OpId) {
        let uses = &mut self.values[v.index()].uses;
        if let Some(i) = uses.iter().position(|u| *u == op) {
            uses.remove(i);
        }
    }

    /// Replaces operand `index`.
    pub fn set_operand(&mut self, op: OpId, index: usize, v: Value) {
        let old = std::mem::replace(&mut self.ops[op.index()].operands[index], v);
        self.drop_use(old, op);
        self.values[v.index()].uses.push(op);
    }

    /// Replaces all operands.
    pub fn set_operands(&mut self, op: OpId, operands: &[Value]) {
        for old in std::mem::replace(&mut self.ops[op.index()].operands, operands.to_vec()) {
            self.drop_use(old, op);
        }
        for v in operands {
            self.values[v.index()].uses.push(op);
        }
    }

    // ---- values ----

    fn add_value(&mut self, ty: Type, def: Def, loc: Loc) -> Value {
        self.values.push(ValueData { ty, def, uses: Vec::new(), name: None, loc });
        Value::at(self.values.len() - 1)
    }
    /// How many values were ever made; value indices are below it.
    pub fn num_values(&self) -> usize {
        self.values.len()
    }
    /// The type of a value.
    pub fn ty(&self, v: Value) -> &Type {
        &self.values[v.index()].ty
    }
    /// The tensor type of a value, if it is one.
    pub fn tensor_ty(&self, v: Value) -> Option<&TensorType> {
        self.ty(v).as_tensor()
    }
    /// Sets the type of a value.
    pub fn set_ty(&mut self, v: Value, ty: Type) {
        self.values[v.index()].ty = ty;
    }
    /// Who makes a value.
    pub fn def(&self, v: Value) -> Def {
        self.values[v.index()].def
    }
    /// The operation whose result a value is.
    pub fn def_op(&self, v: Value) -> Option<OpId> {
        match self.def(v) {
            Def::Result(op, _) => Some(op),
            Def::Arg(..) => None,
        }
    }
    /// The users of a value, one entry for each operand.
    pub fn uses(&self, v: Value) -> &[OpId] {
        &self.values[v.index()].uses
    }
    /// Whether a value has exactly one use.
    pub fn has_one_use(&self, v: Value) -> bool {
        self.uses(v).len() == 1
    }
    /// Makes every user of `from` use `to`.
    pub fn replace_all_uses(&mut self, from: Value, to: Value) {
        if from == to {
            return;
        }
        for op in std::mem::take(&mut self.values[from.index()].uses) {
            self.redirect(op, from, to);
        }
    }
    /// Makes every user of `from` but `except` use `to`.
    pub fn replace_uses_except(&mut self, from: Value, to: Value, except: OpId) {
        for op in std::mem::take(&mut self.values[from.index()].uses) {
            if op == except {
                self.values[from.index()].uses.push(op);
            } else {
                self.redirect(op, from, to);
            }
        }
    }
    fn redirect(&mut self, op: OpId, from: Value, to: Value) {
        let o = &mut self.ops[op.index()];
        let slot = o
            .operands
            .iter_mut()
            .chain(o.successors.iter_mut().flat_map(|s| s.args.iter_mut()))
            .find(|v| **v == from)
            .expect("a use stands for an operand");
        *slot = to;
        self.values[to.index()].uses.push(op);
    }
    /// The name of a value in the text it was read from.
    pub fn value_name(&self, v: Value) -> Option<&str> {
        self.values[v.index()].name.as_deref()
    }
    /// Names a value for the printer.
    pub fn set_value_name(&mut self, v: Value, name: impl Into<Arc<str>>) {
        self.values[v.index()].name = Some(name.into());
    }
    /// Where a value comes from: its operation, or what was given with the block argument.
    pub fn loc(&self, v: Value) -> &Loc {
        match self.def(v) {
            Def::Result(op, _) => &self.ops[op.index()].loc,
            Def::Arg(..) => &self.values[v.index()].loc,
        }
    }

    // ---- constants ----

    /// The tensor of a value that a constant operation (`arith.constant`, `tf.Const`, `tfl.pseudo_const`, `tfl.pseudo_qconst`) makes.
    pub fn constant(&self, v: Value) -> Option<&Tensor> {
        let op = self.op(self.def_op(v)?);
        let def = op.name.def()?;
        if !def.is_constant() {
            return None;
        }
        op.attr("value")?.as_tensor()
    }
}
