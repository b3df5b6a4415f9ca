//! Where an operation comes from: a TensorFlow node, a place in a text, or both.
//!
//! A fused location lists the value's own node first: the tensor bears that name.

use std::sync::Arc;

use crate::attr::Attr;

/// A location, MLIR's forms. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Loc(Option<Arc<LocKind>>);

/// The forms of a location.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum LocKind {
    /// `loc("file.mlir":3:7)`, or `loc("file.mlir":3:7 to 4:1)`
    File {
        /// File name.
        file: Arc<str>,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        col: u32,
        /// Line and column of the end, where one is stated.
        end: Option<(u32, u32)>,
        /// Whether no text says so: it is where something was read. Behind a name such a place is not written.
        implied: bool,
    },
    /// `loc("node/name")`, or `loc("name"(child))`
    Name(Arc<str>, Loc),
    /// `loc(fused[a, b])`, with metadata in `<…>`
    Fused(Vec<Loc>, Option<Attr>),
    /// `loc(callsite(callee at caller))`
    CallSite(Loc, Loc),
}

impl Loc {
    /// `loc(unknown)`
    pub const UNKNOWN: Loc = Loc(None);

    /// A location of a given form.
    pub fn new(kind: LocKind) -> Loc {
        Loc(Some(Arc::new(kind)))
    }

    /// A TensorFlow node.
    pub fn name(name: impl Into<Arc<str>>) -> Loc {
        Loc::new(LocKind::Name(name.into(), Loc::UNKNOWN))
    }

    /// A place in a text.
    pub fn file(file: impl Into<Arc<str>>, line: u32, col: u32) -> Loc {
        Loc::new(LocKind::File { file: file.into(), line, col, end: None, implied: false })
    }

    /// The fusion of several locations, the value's own first. Unknown ones and repetitions are left out; one alone stays itself.
    pub fn fused(locs: impl IntoIterator<Item = Loc>) -> Loc {
        let mut parts: Vec<Loc> = Vec::new();
        for loc in locs {
            let flat = match loc.kind() {
                Some(LocKind::Fused(inner, None)) => inner.clone(),
                Some(_) => vec![loc],
                None => vec![],
            };
            for l in flat {
                if !parts.contains(&l) {
                    parts.push(l);
                }
            }
        }
        match parts.len() {
            0 => Loc::UNKNOWN,
            1 => parts.remove(0),
            _ => Loc::new(LocKind::Fused(parts, None)),
        }
    }

    /// The form, `None` if unknown.
    pub fn kind(&self) -> Option<&LocKind> {
        self.0.as_deref()
    }

    /// The node whose value this is: the first name found.
    pub fn node(&self) -> Option<&str> {
        self.nodes().first().copied()
    }

    /// Every node name in the location, the value's own first.
    pub fn nodes(&self) -> Vec<&str> {
        let mut out = Vec::new();
        self.collect(&mut out);
        out
    }

    fn collect<'a>(&'a self, out: &mut Vec<&'a str>) {
        match self.kind() {
            Some(LocKind::Name(n, child)) => {
                out.push(n);
                child.collect(out);
            }
            Some(LocKind::Fused(parts, _)) => parts.iter().for_each(|p| p.collect(out)),
            Some(LocKind::CallSite(callee, caller)) => {
                callee.collect(out);
                caller.collect(out);
            }
            Some(LocKind::File { .. }) | None => {}
        }
    }

    /// The first place in a text: file, line, column.
    pub fn text(&self) -> Option<(&str, u32, u32)> {
        match self.kind()? {
            LocKind::File { file, line, col, .. } => Some((file, *line, *col)),
            LocKind::Name(_, child) => child.text(),
            LocKind::Fused(parts, _) => parts.iter().find_map(Loc::text),
            LocKind::CallSite(callee, caller) => callee.text().or_else(|| caller.text()),
        }
    }
}
