//! Analyses: what is computed from a module once and used by several passes, until one of them changes the module.
//!
//! A pass asks for an analysis with [`Cx::analysis`](crate::Cx::analysis). After a pass all are forgotten but those that its row names under
//! `keeps`; a pass that found nothing to do says so with [`Cx::keep_analyses`](crate::Cx::keep_analyses). `--verify-each` computes anew what
//! was kept, and reports a pass that kept what it changed.

use std::any::{Any, TypeId};
use std::sync::Arc;

use ir::Module;

/// What can be computed from a module alone.
pub trait Analysis: PartialEq + Send + Sync + 'static {
    /// What diagnostics call it.
    const NAME: &'static str;
    /// Computes it.
    fn of(module: &Module) -> Self;
}

/// The type of an analysis, as rows of passes name it.
pub type AnalysisId = fn() -> TypeId;

struct Entry {
    id: TypeId,
    name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
    is_current: fn(&dyn Any, &Module) -> bool,
}

/// The analyses of a module that are known.
#[derive(Default)]
pub struct Analyses {
    entries: Vec<Entry>,
    keep_all: bool,
}

impl Analyses {
    /// An analysis, and whether it was known.
    pub fn get<A: Analysis>(&mut self, module: &Module) -> (Arc<A>, bool) {
        let known = self.entries.iter().find(|e| e.id == TypeId::of::<A>());
        if let Some(value) = known.and_then(|e| e.value.clone().downcast::<A>().ok()) {
            return (value, true);
        }
        let value = Arc::new(A::of(module));
        let is_current = |value: &dyn Any, module: &Module| value.downcast_ref::<A>() == Some(&A::of(module));
        self.entries.push(Entry { id: TypeId::of::<A>(), name: A::NAME, value: value.clone(), is_current });
        (value, false)
    }

    /// The pass that runs has changed nothing.
    pub fn keep_all(&mut self) {
        self.keep_all = true;
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// A pass has run: forgets what it does not keep.
    pub fn retain(&mut self, kept: &[AnalysisId]) {
        if !std::mem::take(&mut self.keep_all) {
            self.entries.retain(|e| kept.iter().any(|id| id() == e.id));
        }
    }

    /// The name of an analysis that is not what the module has become.
    pub fn stale(&self, module: &Module) -> Option<&'static str> {
        self.entries.iter().find(|e| !(e.is_current)(&*e.value, module)).map(|e| e.name)
    }
}
