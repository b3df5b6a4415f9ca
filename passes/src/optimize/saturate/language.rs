//! The terms of the e-graph: operations of a region over its constants and over values from outside.

use std::collections::HashMap;
use std::sync::Arc;

use egg::{Analysis, DidMerge, EGraph, Id, Language};
use ir::infer::InferCx;
use ir::{Attrs, Dim, Elem, Loc, OpDef, Tensor, TensorType, Type, Value};

use super::views;

/// What a node does, without its operands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// A value from outside the region.
    Leaf(Value),
    /// A constant, by its number.
    Constant(usize),
    /// Dimensions in another order.
    Transpose(Vec<usize>),
    /// The same elements in another shape; also what squeezes and expands.
    Reshape(Vec<Dim>),
    /// Any other operation, by the number of its [`Call`].
    Call(usize),
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node {
    pub kind: Kind,
    pub children: Vec<Id>,
}

impl Language for Node {
    type Discriminant = Kind;

    fn discriminant(&self) -> Kind {
        self.kind.clone()
    }
    fn matches(&self, other: &Node) -> bool {
        self.kind == other.kind && self.children.len() == other.children.len()
    }
    fn children(&self) -> &[Id] {
        &self.children
    }
    fn children_mut(&mut self) -> &mut [Id] {
        &mut self.children
    }
}

/// An operation without its operands: all that makes two of them the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call {
    pub def: Row,
    /// Inherent attributes, but for `qtype`, which follows from the operand and `elem`.
    pub props: Attrs,
    pub attrs: Attrs,
    /// What the elements of the result are.
    pub elem: Elem,
}

/// A row, the same as another of its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row(pub &'static OpDef);

impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.0.name == other.0.name
    }
}
impl Eq for Row {}
impl std::hash::Hash for Row {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl Call {
    pub fn is<R: ir::OpRow>(&self) -> bool {
        self.def.0.name == R::DEF.name
    }
}

/// Things with numbers.
#[derive(Debug)]
pub(super) struct Table<T> {
    items: Vec<Arc<T>>,
    numbers: HashMap<Arc<T>, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { items: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Eq + std::hash::Hash> Table<T> {
    fn number(&mut self, item: Arc<T>) -> usize {
        if let Some(n) = self.numbers.get(&item) {
            return *n;
        }
        self.items.push(item.clone());
        self.numbers.insert(item, self.items.len() - 1);
        self.items.len() - 1
    }
}

/// What is known of every term of a class.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The type.
    pub ty: Type,
    /// The constant it is, if it is one.
    pub constant: Option<usize>,
    /// Where it comes from.
    pub loc: Loc,
    /// Whether a rule made it: no operation of the body has its value.
    pub made: bool,
}

/// What the nodes' numbers stand for.
#[derive(Debug, Default)]
pub(super) struct Tables {
    leaves: HashMap<Value, (TensorType, Loc)>,
    constants: Table<Tensor>,
    calls: Table<Call>,
    /// The location of the next new class, and whether a rule makes it.
    loc: Loc,
    made: bool,
}

impl Analysis<Node> for Tables {
    type Data = Known;

    fn make(egraph: &mut EGraph<Node, Tables>, node: &Node, _: Id) -> Known {
        let ty = infer(egraph, node).map_or(Type::None, Type::Tensor);
        let constant = if let Kind::Constant(n) = node.kind { Some(n) } else { None };
        let loc = match node.kind {
            Kind::Leaf(v) => egraph.analysis.leaves[&v].1.clone(),
            _ => egraph.analysis.loc.clone(),
        };
        let made = egraph.analysis.made;
        Known { ty, constant, loc, made }
    }

    fn merge(&mut self, a: &mut Known, b: Known) -> DidMerge {
        let learns = a.constant.is_none() && b.constant.is_some();
        let differs = a.constant != b.constant;
        a.constant = a.constant.or(b.constant);
        // An operation's own name goes before that of what it was made from.
        if a.made && !b.made {
            (a.loc, a.made) = (b.loc, false);
        }
        DidMerge(learns, differs)
    }
}

/// The type of a node; `None` if its operands do not fit.
fn infer(egraph: &EGraph<Node, Tables>, node: &Node) -> Option<TensorType> {
    let tables = &egraph.analysis;
    let operand = |i: usize| egraph[*node.children.get(i)?].data.ty.as_tensor();
    Some(match &node.kind {
        Kind::Leaf(v) => tables.leaves[v].0.clone(),
        Kind::Constant(n) => tables.constants.items[*n].ty().clone(),
        Kind::Reshape(shape) => {
            let x = operand(0)?;
            if !views::same_count(x.shape.as_ref()?, shape) {
                return None;
            }
            TensorType::ranked(shape.clone(), x.elem.clone())
        }
        Kind::Transpose(perm) => {
            let x = operand(0)?;
            let shape = perm.iter().map(|p| x.shape.as_ref()?.get(*p).copied()).collect::<Option<_>>()?;
            TensorType::ranked(shape, x.elem.clone())
        }
        Kind::Call(n) => {
            let call = &tables.calls.items[*n];
            if call.is::<ir::dialect::tfl::Quantize>() {
                return Some(operand(0)?.with_elem(call.elem.clone()));
            }
            let types = node.children.iter().map(|c| &egraph[*c].data.ty).collect();
            let constant = |c: &Id| egraph[*c].data.constant.map(|n| &*tables.constants.items[n]);
            let constants = node.children.iter().map(constant).collect();
            let types = InferCx::new(&call.props, types, constants).run(call.def.0).ok()?;
            types.first()?.as_tensor()?.with_elem(call.elem.clone())
        }
    })
}

/// A term to be added to the graph.
#[derive(Clone, Debug)]
pub(super) enum Term {
    /// A class of the graph.
    Is(Id),
    /// A constant.
    Constant(Tensor),
    /// Dimensions in another order.
    Transpose(Vec<usize>, Box<Term>),
    /// The same elements in another shape.
    Reshape(Vec<Dim>, Box<Term>),
    /// Any other operation.
    Call(Arc<Call>, Vec<Term>),
}

/// The e-graph of a region.
#[derive(Default)]
pub(super) struct Graph {
    pub egg: EGraph<Node, Tables>,
    /// Nodes that rules made, with the locations they come from.
    pub made: Vec<(Node, Loc)>,
}

impl Graph {
    /// Adds a value from outside.
    pub fn leaf(&mut self, v: Value, ty: &TensorType, loc: &Loc) -> Id {
        self.egg.analysis.leaves.insert(v, (ty.clone(), loc.clone()));
        self.egg.add(Node { kind: Kind::Leaf(v), children: Vec::new() })
    }
    /// Adds a constant.
    pub fn constant(&mut self, t: Tensor) -> Id {
        let n = self.egg.analysis.constants.number(Arc::new(t));
        self.egg.add(Node { kind: Kind::Constant(n), children: Vec::new() })
    }
    /// The number of an operation.
    pub fn call(&mut self, call: Arc<Call>) -> Kind {
        Kind::Call(self.egg.analysis.calls.number(call))
    }
    /// Adds a node that comes from `loc`; `None` if its operands do not fit.
    pub fn node(&mut self, kind: Kind, children: Vec<Id>, loc: &Loc) -> Option<Id> {
        let node = Node { kind, children };
        infer(&self.egg, &node)?;
        self.egg.analysis.loc = loc.clone();
        Some(self.egg.add(node))
    }
    /// Adds a term. Its views come from `view`, its other operations from `moved`.
    pub fn term(&mut self, term: Term, view: &Loc, moved: &Loc) -> Option<Id> {
        let (kind, children, loc) = match term {
            Term::Is(id) => return Some(id),
            Term::Constant(t) => return Some(self.constant(t)),
            Term::Transpose(perm, x) => (Kind::Transpose(perm), vec![self.term(*x, view, moved)?], view),
            Term::Reshape(shape, x) => (Kind::Reshape(shape), vec![self.term(*x, view, moved)?], view),
            Term::Call(call, xs) => {
                let xs = xs.into_iter().map(|x| self.term(x, view, moved)).collect::<Option<Vec<_>>>()?;
                (self.call(call), xs, moved)
            }
        };
        let node = Node { kind, children };
        if self.egg.lookup(node.clone()).is_none() {
            self.made.push((node.clone(), loc.clone()));
        }
        self.egg.analysis.made = true;
        let id = self.node(node.kind, node.children, loc);
        self.egg.analysis.made = false;
        id
    }

    pub fn known(&self, id: Id) -> &Known {
        &self.egg[id].data
    }
    /// The type of a class.
    pub fn ty(&self, id: Id) -> Option<&TensorType> {
        self.known(id).ty.as_tensor()
    }
    /// The dimensions of a class.
    pub fn shape(&self, id: Id) -> Option<&[Dim]> {
        self.ty(id)?.shape.as_deref()
    }
    /// The constant a class is.
    pub fn value(&self, id: Id) -> Option<&Tensor> {
        self.known(id).constant.map(|n| self.tensor(n))
    }
    /// The integers a class is.
    pub fn ints(&self, id: Id) -> Option<Vec<i64>> {
        self.value(id)?.to_i64()
    }
    /// The constant of a number.
    pub fn tensor(&self, n: usize) -> &Tensor {
        &self.egg.analysis.constants.items[n]
    }
    /// The operation of a number.
    pub fn called(&self, n: usize) -> &Arc<Call> {
        &self.egg.analysis.calls.items[n]
    }
    /// The nodes of a class.
    pub fn nodes(&self, id: Id) -> &[Node] {
        &self.egg[id].nodes
    }
    /// The operations of a class with their operands, but for views.
    pub fn calls(&self, id: Id) -> impl Iterator<Item = (&Arc<Call>, &[Id])> {
        self.nodes(id).iter().filter_map(|n| match n.kind {
            Kind::Call(c) => Some((self.called(c), &n.children[..])),
            _ => None,
        })
    }
}
