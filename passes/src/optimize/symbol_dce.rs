//! `symbol-dce`: functions and other symbols that nobody refers to.

use ir::{Failed, Module};

use crate::pass::Cx;
use crate::symbols::SymbolUses;

crate::pass! {
    /// Removes private functions that no operation reachable from a public one refers to.
    "symbol-dce" = SymbolDce on module {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f() {
              return
            }
            func.func private @unused() {
              return
            }
        "#,
        after: r#"
            func.func @f() {
              return
            }
        "#,
    }
}

impl SymbolDce {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let unused = cx.analysis::<SymbolUses>(module).unreachable(module);
        if unused.is_empty() {
            cx.keep_analyses();
        }
        for id in unused {
            module.body.erase(id);
            cx.count("symbols removed");
        }
        Ok(())
    }
}
