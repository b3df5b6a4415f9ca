//! The object graph: which tensor of the checkpoint a captured variable is.
//!
//! A signature's function is called with the variables it captures; `bound_inputs` names the object of each. The checkpoint holds an object
//! graph of its own, whose objects are found by walking both graphs along equal child names, and says under which key a variable is stored.

use std::collections::{BTreeMap, HashMap};

use prost::Message;

use crate::bundle::Bundle;
use crate::proto::{GraphDef, NodeDef, SavedObjectGraph, TrackableObjectGraph};
use crate::saved_model::{function_of, node_of};

/// The checkpoint's entry that holds its object graph.
const GRAPH: &str = "_CHECKPOINTABLE_OBJECT_GRAPH";
/// The attribute of a variable that is its value.
const VALUE: &str = "VARIABLE_VALUE";

/// Variable node of the main graph → name in the checkpoint, for every variable that a call of the main graph captures.
pub fn variables(graph: &GraphDef, objects: &SavedObjectGraph, bundle: &Bundle) -> BTreeMap<String, String> {
    let stored = bundle.string(GRAPH).ok().and_then(|b| TrackableObjectGraph::decode(b).ok());
    let Some(stored) = stored else { return BTreeMap::new() };
    let keys = keys(objects, &stored);
    let nodes: HashMap<&str, &NodeDef> = graph.node.iter().map(|n| (n.name.as_str(), n)).collect();
    let mut out = BTreeMap::new();
    for call in graph.node.iter().filter(|n| matches!(n.op.as_str(), "PartitionedCall" | "StatefulPartitionedCall")) {
        let Some(f) = function_of(call, "f").and_then(|f| objects.concrete_functions.get(f)) else { continue };
        // The captured values come behind the arguments.
        let inputs: Vec<&str> = call.input.iter().filter(|i| !i.starts_with('^')).map(|i| node_of(i)).collect();
        let captured = inputs.iter().rev().zip(f.bound_inputs.iter().rev());
        for (node, object) in captured {
            let is_variable = nodes.get(node).is_some_and(|n| n.op == "VarHandleOp");
            if let Some(key) = keys.get(object).filter(|_| is_variable) {
                out.insert((*node).to_owned(), key.clone());
            }
        }
    }
    out
}

/// Saved object → name in the checkpoint.
fn keys(objects: &SavedObjectGraph, stored: &TrackableObjectGraph) -> HashMap<i32, String> {
    let mut out = HashMap::new();
    let mut pairs = HashMap::from([(0, 0)]);
    let mut work = vec![(0, 0)];
    while let Some((saved, tracked)) = work.pop() {
        let at = |i: i32| usize::try_from(i).ok();
        let (Some(s), Some(t)) =
            (at(saved).and_then(|i| objects.nodes.get(i)), at(tracked).and_then(|i| stored.nodes.get(i)))
        else {
            continue;
        };
        if let Some(value) = t.attributes.iter().find(|a| a.name == VALUE) {
            out.insert(saved, value.checkpoint_key.clone());
        }
        for child in &s.children {
            let same = t.children.iter().find(|c| c.local_name == child.local_name);
            if let Some(c) = same.filter(|_| !pairs.contains_key(&child.node_id)) {
                pairs.insert(child.node_id, c.node_id);
                work.push((child.node_id, c.node_id));
            }
        }
    }
    out
}
