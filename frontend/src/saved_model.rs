//! SavedModel directories and frozen graphs: which meta graph, which signatures, and where each variable's value is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::bundle::{Bundle, BundleError};
use crate::mapped::map;
use crate::objects;
use crate::proto::{AttrValue, FunctionDef, GraphDef, MetaGraphDef, NodeDef, SavedModel, SignatureDef, TensorInfo};

/// What to take of a model.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Signature keys; empty: `serving_default`, else the only one.
    pub signatures: Vec<String>,
    /// Tags of the meta graph; empty: `serve`.
    pub tags: Vec<String>,
    /// Inputs of a frozen graph, by node name; empty: its placeholders.
    pub input_arrays: Vec<String>,
    /// Outputs of a frozen graph, by node name; empty: the nodes nobody reads.
    pub output_arrays: Vec<String>,
}

/// Why a model cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system's reason.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The checkpoint.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// No such thing in the model.
    #[error("the model has no {what} `{name}`; it has {present}")]
    Absent {
        /// `signature` or `meta graph with tags`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        present: String,
    },
    /// The file does not make sense.
    #[error("{path} is no valid model: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
}

/// A model read into memory, or rather mapped.
#[derive(Debug)]
pub struct Model {
    pub(crate) path: PathBuf,
    pub(crate) graph: GraphDef,
    /// Chosen signatures by key.
    pub(crate) signatures: BTreeMap<String, SignatureDef>,
    pub(crate) bundle: Option<Bundle>,
    /// Variable node of the main graph → name (and slice) in the checkpoint.
    pub(crate) variables: BTreeMap<String, (String, String)>,
}

impl Model {
    /// Reads a SavedModel directory.
    pub fn saved_model(dir: &Path, options: &Options) -> Result<Model, ImportError> {
        let path = dir.join("saved_model.pb");
        if !path.exists() && dir.join("saved_model.pbtxt").exists() {
            let what = "text protobufs are not read; save it again without `as_text`".into();
            return Err(ImportError::Malformed { path: dir.join("saved_model.pbtxt"), what });
        }
        let data = map(&path).map_err(|source| ImportError::Io { path: path.clone(), source })?;
        let malformed = |what: String| ImportError::Malformed { path: path.clone(), what };
        let model = SavedModel::decode(data).map_err(|e| malformed(e.to_string()))?;
        let meta = choose_meta(model.meta_graphs, &options.tags)?;
        let graph = meta.graph_def.clone().ok_or_else(|| malformed("it has no graph".into()))?;
        let signatures = choose_signatures(&meta, &options.signatures)?;
        let prefix = dir.join("variables").join("variables");
        let bundle = match dir.join("variables/variables.index").exists() {
            true => Some(Bundle::open(&prefix)?),
            false => None,
        };
        let mut variables = restored(&graph, meta.saver_def.as_ref().map_or("", |s| s.restore_op_name.as_str()));
        if let (Some(objects), Some(bundle)) = (&meta.object_graph_def, &bundle) {
            for (node, key) in objects::variables(&graph, objects, bundle) {
                variables.entry(node).or_insert((key, String::new()));
            }
        }
        Ok(Model { path, graph, signatures, bundle, variables })
    }

    /// Reads a frozen graph. Its inputs and outputs are called by their nodes.
    pub fn frozen_graph(path: &Path, options: &Options) -> Result<Model, ImportError> {
        let data = map(path).map_err(|source| ImportError::Io { path: path.to_owned(), source })?;
        let malformed = |what: String| ImportError::Malformed { path: path.to_owned(), what };
        let graph = GraphDef::decode(data).map_err(|e| malformed(e.to_string()))?;
        if graph.node.is_empty() {
            return Err(malformed("it holds no graph".into()));
        }
        let info = |name: &String| (name.clone(), TensorInfo { name: format!("{name}:0"), ..Default::default() });
        let known = |names: &[String]| match names.iter().find(|n| !graph.node.iter().any(|node| node.name == **n)) {
            Some(n) => Err(malformed(format!("it has no node `{n}`"))),
            None => Ok(()),
        };
        known(&options.input_arrays)?;
        known(&options.output_arrays)?;
        let names = |f: &dyn Fn(&NodeDef) -> bool| -> Vec<String> {
            graph.node.iter().filter(|n| f(n)).map(|n| n.name.clone()).collect()
        };
        let inputs = match options.input_arrays.is_empty() {
            true => names(&|n| n.op == "Placeholder"),
            false => options.input_arrays.clone(),
        };
        let read: std::collections::BTreeSet<&str> =
            graph.node.iter().flat_map(|n| n.input.iter().map(|i| node_of(i))).collect();
        let outputs = match options.output_arrays.is_empty() {
            true => names(&|n| {
                !read.contains(n.name.as_str()) && !matches!(n.op.as_str(), "NoOp" | "Assert" | "Placeholder" | "Const")
            }),
            false => options.output_arrays.clone(),
        };
        let signature =
            SignatureDef { inputs: inputs.iter().map(info).collect(), outputs: outputs.iter().map(info).collect() };
        let signatures = BTreeMap::from([("serving_default".to_owned(), signature)]);
        Ok(Model { path: path.to_owned(), graph, signatures, bundle: None, variables: BTreeMap::new() })
    }
}

/// The node a reference names: without control mark and output number.
pub(crate) fn node_of(input: &str) -> &str {
    let name = input.strip_prefix('^').unwrap_or(input);
    name.split(':').next().unwrap_or(name)
}

fn choose_meta(metas: Vec<MetaGraphDef>, tags: &[String]) -> Result<MetaGraphDef, ImportError> {
    let serve = ["serve".to_owned()];
    let wanted: std::collections::BTreeSet<&String> = if tags.is_empty() { &serve[..] } else { tags }.iter().collect();
    let tags_of = |m: &MetaGraphDef| m.meta_info_def.as_ref().map(|i| i.tags.clone()).unwrap_or_default();
    let at = metas.iter().position(|m| tags_of(m).iter().collect::<std::collections::BTreeSet<_>>() == wanted);
    let present = || metas.iter().map(|m| format!("`{}`", tags_of(m).join(","))).collect::<Vec<_>>().join(", ");
    match at {
        Some(i) => Ok(metas.into_iter().nth(i).unwrap_or_default()),
        None => Err(ImportError::Absent {
            what: "meta graph with tags",
            name: wanted.into_iter().cloned().collect::<Vec<_>>().join(","),
            present: present(),
        }),
    }
}

fn choose_signatures(meta: &MetaGraphDef, keys: &[String]) -> Result<BTreeMap<String, SignatureDef>, ImportError> {
    let all: BTreeMap<&String, &SignatureDef> =
        meta.signature_def.iter().filter(|(k, _)| k.as_str() != "__saved_model_init_op").collect();
    let default = "serving_default".to_owned();
    let wanted: Vec<String> = match (keys, all.len()) {
        ([], 1) => all.keys().map(|k| (*k).clone()).collect(),
        ([], _) => vec![default],
        (keys, _) => keys.to_vec(),
    };
    wanted
        .into_iter()
        .map(|k| match all.get(&k) {
            Some(s) => Ok((k, (*s).clone())),
            None => Err(ImportError::Absent {
                what: "signature",
                name: k,
                present: match all.is_empty() {
                    true => "none".into(),
                    false => all.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "),
                },
            }),
        })
        .collect()
}

/// Follows the restore operation: which variable node gets which tensor of the checkpoint.
fn restored(graph: &GraphDef, restore: &str) -> BTreeMap<String, (String, String)> {
    let main: BTreeMap<&str, &NodeDef> = graph.node.iter().map(|n| (n.name.as_str(), n)).collect();
    let mut out = BTreeMap::new();
    // TensorFlow 1: assignments that the restore node waits for, however deep.
    let mut work: Vec<&str> = vec![node_of(restore)];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(name) = work.pop() {
        let Some(node) = main.get(name).filter(|_| seen.insert(name)) else { continue };
        match node.op.as_str() {
            "Assign" | "AssignVariableOp" => {
                if let (Some(variable), Some(value)) = (node.input.first(), node.input.get(1))
                    && let Some(key) = restored_key(value, &main)
                {
                    out.insert(node_of(variable).to_owned(), key);
                }
            }
            "PartitionedCall" | "StatefulPartitionedCall" => {
                if let Some(f) = function_of(node, "f").and_then(|f| function(graph, f)) {
                    restored_in(f, node, &mut out);
                }
            }
            _ => work.extend(node.input.iter().map(|i| node_of(i))),
        }
    }
    out
}

/// TensorFlow 2: assignments in a function whose arguments are the variables.
fn restored_in(f: &FunctionDef, call: &NodeDef, out: &mut BTreeMap<String, (String, String)>) {
    let nodes: BTreeMap<&str, &NodeDef> = f.node_def.iter().map(|n| (n.name.as_str(), n)).collect();
    let args: Vec<&str> = f.signature.iter().flat_map(|s| s.input_arg.iter().map(|a| a.name.as_str())).collect();
    for node in f.node_def.iter().filter(|n| n.op == "AssignVariableOp") {
        let (Some(variable), Some(value)) = (node.input.first(), node.input.get(1)) else { continue };
        let at = args.iter().position(|a| *a == node_of(variable));
        if let Some(handle) = at.and_then(|i| call.input.get(i))
            && let Some(key) = restored_key(value, &nodes)
        {
            out.insert(node_of(handle).to_owned(), key);
        }
    }
}

/// The checkpoint name (and slice) of a value that comes from a `RestoreV2`.
fn restored_key(value: &str, nodes: &BTreeMap<&str, &NodeDef>) -> Option<(String, String)> {
    let mut value = value;
    for _ in 0..16 {
        let node = nodes.get(node_of(value))?;
        match node.op.as_str() {
            "Identity" | "Cast" | "Reshape" => value = node.input.first()?,
            "RestoreV2" => {
                let index = value.rsplit(':').next().and_then(|i| i.parse::<usize>().ok()).unwrap_or(0);
                let text = |i: usize| -> Option<String> {
                    let list = nodes.get(node_of(node.input.get(i)?))?.attr.get("value")?.tensor.as_deref()?;
                    let s = list.string_val.get(index).or_else(|| list.string_val.last())?;
                    String::from_utf8(s.to_vec()).ok()
                };
                return Some((text(1)?, text(2).unwrap_or_default()));
            }
            _ => return None,
        }
    }
    None
}

/// The function a call attribute names.
pub(crate) fn function_of<'n>(node: &'n NodeDef, attr: &str) -> Option<&'n str> {
    match node.attr.get(attr)? {
        AttrValue { func: Some(f), .. } => Some(&f.name),
        _ => None,
    }
}

/// A function of the library.
pub(crate) fn function<'g>(graph: &'g GraphDef, name: &str) -> Option<&'g FunctionDef> {
    graph.library.as_ref()?.function.iter().find(|f| f.signature.as_ref().is_some_and(|s| s.name == name))
}
