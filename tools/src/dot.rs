//! A module as a graph for Graphviz.

use std::collections::HashMap;

use ir::{Body, Module, Value};
use petgraph::dot::Dot;
use petgraph::graph::{DiGraph, NodeIndex};

/// The operations of every function, and the values between them. Constants are left out.
pub fn dot(module: &Module) -> String {
    let mut graph: DiGraph<String, String> = DiGraph::new();
    for func in module.funcs() {
        if let Some(body) = module.body.op(func).body(0) {
            function(body, &mut graph);
        }
    }
    Dot::new(&graph).to_string()
}

fn function(body: &Body, graph: &mut DiGraph<String, String>) {
    let mut makers: HashMap<Value, NodeIndex> = HashMap::new();
    for v in body.args(body.entry()) {
        let name = body.loc(*v).node().unwrap_or("input").to_owned();
        makers.insert(*v, graph.add_node(name));
    }
    for id in body.walk() {
        let op = body.op(id);
        if op.name.def().is_some_and(ir::OpDef::is_constant) {
            continue;
        }
        let label = match op.loc.node() {
            Some(node) => format!("{}\n{node}", op.name.as_str()),
            None => op.name.as_str().to_owned(),
        };
        let at = graph.add_node(label);
        for v in op.operands() {
            if let Some(from) = makers.get(v) {
                graph.add_edge(*from, at, body.ty(*v).to_string());
            }
        }
        makers.extend(op.results().iter().map(|v| (*v, at)));
    }
}
