//! `tf-freeze-variables`: variables that nobody assigns are constants.

use std::collections::HashMap;

use ir::dialect::tf;
use ir::{At, Attr, Body, Builder, Diagnostic, Failed, Module, OpId, Tensor};

use crate::pass::{Cx, for_each_func};

crate::pass! {
    /// Replaces reads of variables by constants that share the variable's bytes, and drops the variables.
    "tf-freeze-variables" = FreezeVariables on module {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            "tf_saved_model.global_tensor"() {sym_name = "w", value = dense<2.0> : tensor<f32>, type = tensor<f32>} : () -> ()
            func.func @f() -> tensor<*xf32> {
              %0 = "tf.VarHandleOp"() {shared_name = "w"} : () -> tensor<!tf_type.resource>
              %1 = "tf.ReadVariableOp"(%0) : (tensor<!tf_type.resource>) -> tensor<*xf32>
              return %1 : tensor<*xf32>
            }
        "#,
        after: r#"
            func.func @f() -> tensor<f32> {
              %0 = arith.constant dense<2.0> : tensor<f32>
              return %0 : tensor<f32>
            }
        "#,
    }
}

impl FreezeVariables {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let globals: Vec<OpId> =
            module.ops().into_iter().filter(|o| module.body.op(*o).is::<tf::GlobalTensor>()).collect();
        let values: HashMap<String, Tensor> = globals
            .iter()
            .filter_map(|o| {
                let op = module.body.op(*o);
                Some((ir::module::sym_name(op)?.to_owned(), op.attr("value")?.as_tensor()?.clone()))
            })
            .collect();
        for_each_func(module, |body, _| {
            for id in body.walk() {
                let op = body.op(id);
                match op.name.as_str() {
                    "tf.AssignVariableOp" | "tf.AssignAddVariableOp" | "tf.AssignSubVariableOp" | "tf.Assign" => {
                        let text =
                            format!("it assigns variable `{}`; only inference can be converted", variable(body, id));
                        let d = Diagnostic::error("freeze/assigned", text).at(&op.loc);
                        return Err(cx.sink.error(d.help("export the model for serving, without training steps")));
                    }
                    "tf.ReadVariableOp" | "tf.VariableV2" | "tf.Variable" => {
                        let name = variable(body, id);
                        let Some(t) = values.get(&name).cloned() else {
                            let d = Diagnostic::error("freeze/no-value", format!("variable `{name}` has no value"));
                            return Err(cx.sink.error(d.at(&op.loc)));
                        };
                        let loc = op.loc.clone();
                        let c = Builder::new(body, At::Before(id), loc).constant(t);
                        let result = body.op(id).results()[0];
                        body.replace_all_uses(result, c);
                        body.erase(id);
                        cx.count("reads replaced");
                    }
                    _ => {}
                }
            }
            for id in body.walk().into_iter().rev() {
                let op = body.op(id);
                let unused = op.results().iter().all(|v| body.uses(*v).is_empty());
                if op.name.as_str() == "tf.VarHandleOp" && unused {
                    body.erase(id);
                }
            }
            Ok(())
        })?;
        for g in globals {
            module.body.erase(g);
        }
        Ok(())
    }
}

/// The name of the variable an operation is or reads.
fn variable(body: &Body, id: OpId) -> String {
    let mut op = body.op(id);
    for _ in 0..16 {
        if let Some(name) = op.attr("shared_name").and_then(Attr::as_str) {
            return name.to_owned();
        }
        match op.operands().first().and_then(|v| body.def_op(*v)) {
            Some(def) => op = body.op(def),
            None => break,
        }
    }
    op.loc.node().unwrap_or("(unnamed)").to_owned()
}
