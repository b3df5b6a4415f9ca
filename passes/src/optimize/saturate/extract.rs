//! What terms cost, and a cheap choice among them.
//!
//! A term costs the bytes that its operations write and a constant for each operation; a reshape writes nothing, a constant takes its bytes
//! in the file. What is read twice is counted once. The cheapest choice of that kind is NP-hard to find. This one is built from the leaves up,
//! each class taking the node whose operations are fewest together, and from the original terms; both are then improved one class at a time.
//! It is never dearer than the original terms, but several classes that only pay off together may be missed.

use std::collections::HashMap;

use egg::Id;

use super::language::{Graph, Kind, Node};

/// Classes looked at while a region's choice is improved.
const BUDGET: usize = 1 << 22;

/// What a choice costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub operations: u64,
    pub bytes: u64,
}

impl Cost {
    /// What one node of a class costs.
    pub fn of(g: &Graph, class: Id, node: &Node) -> Cost {
        let bytes = || {
            let ty = g.ty(class);
            let count =
                ty.and_then(|t| t.shape.as_ref()).map_or(0, |s| s.iter().map(|d| d.unwrap_or(1) as u64).product());
            count * ty.and_then(|t| t.elem.byte_width()).unwrap_or(0) as u64
        };
        match node.kind {
            Kind::Leaf(_) => Cost::default(),
            Kind::Constant(n) => Cost { operations: 0, bytes: g.tensor(n).raw().len() as u64 },
            Kind::Reshape(_) => Cost { operations: 1, bytes: 0 },
            Kind::Transpose(_) | Kind::Call(_) => Cost { operations: 1, bytes: bytes() },
        }
    }
    /// As one number, an operation being worth some bytes.
    pub fn total(self, operation: u64) -> u64 {
        self.operations.saturating_mul(operation).saturating_add(self.bytes)
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        self.operations += other.operations;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// A node for each class.
pub(super) type Choice = HashMap<Id, Node>;

/// The nodes of the classes that roots need, operands first, and what they cost.
#[derive(Debug)]
pub(super) struct Chosen {
    pub nodes: Choice,
    pub cost: Cost,
}

/// One node of a class.
struct Term {
    node: Node,
    children: Vec<usize>,
    price: u64,
}

/// Chooses among the terms of a graph. Classes are counted from 0, in the order of their ids.
pub(super) struct Extractor<'g> {
    graph: &'g Graph,
    ids: Vec<Id>,
    terms: Vec<Vec<Term>>,
    roots: Vec<usize>,
    /// Classes that may still be looked at.
    left: usize,
}

/// Of each class the number of its term.
type Picks = Vec<Option<usize>>;

/// Picks with what they cost, and the classes that roots need, operands first.
#[derive(Clone)]
struct Picked {
    picks: Picks,
    cost: u64,
    order: Vec<usize>,
}

impl<'g> Extractor<'g> {
    /// Over the terms of `roots`, an operation being worth some bytes.
    pub fn new(graph: &'g Graph, roots: &[Id], operation: u64) -> Extractor<'g> {
        let mut ids: Vec<Id> = graph.egg.classes().map(|c| c.id).collect();
        ids.sort_unstable();
        let places: HashMap<Id, usize> = ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let term = |id: Id, node: &Node| Term {
            node: node.clone(),
            children: node.children.iter().map(|c| places[&graph.egg.find(*c)]).collect(),
            price: Cost::of(graph, id, node).total(operation),
        };
        let terms = ids.iter().map(|id| graph.nodes(*id).iter().map(|n| term(*id, n)).collect()).collect();
        let roots = roots.iter().map(|r| places[&graph.egg.find(*r)]).collect();
        Extractor { graph, ids, terms, roots, left: BUDGET }
    }

    /// A cheap choice, no dearer than the original one, and equal to it where that costs nothing.
    pub fn cheapest(mut self, original: &Choice) -> Option<Chosen> {
        let number = |(terms, id): (&Vec<Term>, &Id)| terms.iter().position(|t| original.get(id) == Some(&t.node));
        let own: Picks = self.terms.iter().zip(&self.ids).map(number).collect();
        let built = self.bottom_up();
        let as_it_is = own.iter().zip(&built).map(|(own, built)| own.or(*built)).collect();
        let from_own = self.picked(as_it_is).map(|p| self.improve(p));
        let from_built = self.picked(built).map(|p| self.improve(p));
        let best = [from_own, from_built].into_iter().flatten().reduce(|a, b| if b.cost < a.cost { b } else { a })?;
        let best = self.restore(best, &own);
        let mut chosen = Chosen { nodes: Choice::new(), cost: Cost::default() };
        for at in best.order {
            let node = &self.terms[at][best.picks[at]?].node;
            chosen.cost += Cost::of(self.graph, self.ids[at], node);
            chosen.nodes.insert(self.ids[at], node.clone());
        }
        Some(chosen)
    }

    fn picked(&mut self, picks: Picks) -> Option<Picked> {
        let (cost, order) = self.evaluate(&picks)?;
        Some(Picked { picks, cost, order })
    }

    /// The cost of picks, and the classes that roots need; `None` if they go in circles or the budget is spent.
    fn evaluate(&mut self, picks: &Picks) -> Option<(u64, Vec<usize>)> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Waits,
            Done,
        }
        let mut states = vec![State::New; self.ids.len()];
        let mut stack: Vec<usize> = self.roots.iter().rev().copied().collect();
        let mut order = Vec::new();
        let mut cost = 0u64;
        while let Some(at) = stack.last().copied() {
            let term = &self.terms[at][picks[at]?];
            match states[at] {
                State::Done => drop(stack.pop()),
                State::Waits => {
                    stack.pop();
                    states[at] = State::Done;
                    order.push(at);
                    cost = cost.saturating_add(term.price);
                }
                State::New => {
                    self.left = self.left.checked_sub(1)?;
                    states[at] = State::Waits;
                    if term.children.iter().any(|c| states[*c] == State::Waits) {
                        return None;
                    }
                    stack.extend(term.children.iter().rev().filter(|c| states[**c] == State::New));
                }
            }
        }
        Some((cost, order))
    }

    /// Of each class the term whose operations, counted once, are cheapest.
    fn bottom_up(&mut self) -> Picks {
        #[derive(Clone)]
        struct Best {
            term: usize,
            cost: u64,
            /// All classes it needs with their prices, in order.
            needs: Vec<(usize, u64)>,
        }
        let mut best: Vec<Option<Best>> = vec![None; self.ids.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for at in 0..self.ids.len() {
                for (k, term) in self.terms[at].iter().enumerate() {
                    // What its operands cost at least.
                    let least = term.children.iter().map(|c| best[*c].as_ref().map(|b| b.cost));
                    let Some(least) = least.collect::<Option<Vec<_>>>() else { continue };
                    let least = least.into_iter().max().unwrap_or(0).saturating_add(term.price);
                    if best[at].as_ref().is_some_and(|b| b.cost <= least) {
                        continue;
                    }
                    let needs =
                        term.children.iter().filter_map(|c| best[*c].as_ref()).flat_map(|b| b.needs.iter().copied());
                    let mut all: Vec<(usize, u64)> = needs.collect();
                    all.sort_unstable();
                    all.dedup_by_key(|(class, _)| *class);
                    let Err(own) = all.binary_search_by_key(&at, |(class, _)| *class) else { continue };
                    let Some(left) = self.left.checked_sub(all.len()) else { continue };
                    self.left = left;
                    all.insert(own, (at, term.price));
                    let cost = all.iter().fold(0u64, |sum, (_, price)| sum.saturating_add(*price));
                    if best[at].as_ref().is_none_or(|b| cost < b.cost) {
                        best[at] = Some(Best { term: k, cost, needs: all });
                        changed = true;
                    }
                }
            }
        }
        best.into_iter().map(|b| b.map(|b| b.term)).collect()
    }

    /// Picks another term for one class if that is cheaper, or no dearer where `equal`.
    fn switch(&mut self, now: &mut Picked, at: usize, k: usize, equal: bool) {
        let before = now.picks[at].replace(k);
        match self.evaluate(&now.picks) {
            Some((cost, order)) if cost < now.cost || equal && cost == now.cost => {
                (now.cost, now.order) = (cost, order);
            }
            _ => now.picks[at] = before,
        }
    }

    /// Picks another term for one class after another as long as that is cheaper.
    fn improve(&mut self, mut now: Picked) -> Picked {
        loop {
            let before = now.cost;
            for at in now.order.clone().into_iter().rev() {
                for k in 0..self.terms[at].len() {
                    // A term that costs more than all it could save cannot be cheaper.
                    if now.picks[at] != Some(k) && self.terms[at][k].price < now.cost {
                        self.switch(&mut now, at, k, false);
                    }
                }
            }
            if now.cost == before {
                return now;
            }
        }
    }

    /// Picks the original terms again where that is no dearer.
    fn restore(&mut self, mut now: Picked, own: &Picks) -> Picked {
        for at in now.order.clone().into_iter().rev() {
            if let Some(k) = own[at].filter(|k| now.picks[at] != Some(*k)) {
                self.switch(&mut now, at, k, true);
            }
        }
        now
    }
}
