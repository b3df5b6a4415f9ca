//! Every pass does what its example says.

use ir::{Registry, Tensor};
use quant_opt_passes as passes;

use passes::data::Arrays;
use passes::example;

/// Twelve samples of two numbers for input `x`.
fn samples() -> Arrays {
    let values = (0..24).map(|i| -1.0 + 2.0 * i as f32 / 23.0).collect();
    Arrays::from([("x".to_owned(), Tensor::f32(&[12, 2], values))])
}

#[test]
fn passes_do_what_their_examples_say() {
    let (registry, samples) = (Registry::standard(), samples());
    let wrong: Vec<String> =
        passes::known().into_iter().filter_map(|def| example::check(def, &registry, &samples).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

passes::pass! {
    /// Says one thing and does another.
    "liar" = Liar on func {
        options: {},
        expects: ANY, ensures: ANY,
        before: "func.func @f() { return }",
        after: "func.func @g() { return }",
    }
}

impl Liar {
    fn run(&self, _: &mut ir::Body, _: &mut passes::Cx<'_>) -> Result<(), ir::Failed> {
        Ok(())
    }
}

#[test]
fn a_wrong_example_is_told() {
    let error = example::check(Liar::DEF, &Registry::standard(), &samples()).unwrap_err();
    assert!(error.starts_with("`liar` gives\nmodule {\n  func.func @f()"), "{error}");
    assert!(error.contains("and not\nmodule {\n  func.func @g()"), "{error}");
}
