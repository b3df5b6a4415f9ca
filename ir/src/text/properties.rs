//! Whatever the IR holds comes back from its text.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::attr::Attrs;
use crate::body::{Body, OpId, Region, RegionId};
use crate::testing::{self, Choices, seeded};
use crate::verify::verify;

fn read(source: &str) -> Module {
    let mut sink = Sink::new();
    let registry = Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered: true, file: "t" };
    parse(source, &options, &mut sink).unwrap_or_else(|_| panic!("{:#?}\n{source}", sink.diagnostics()))
}

/// Makes one thing after the other until the bytes of a seed are used up.
fn many<T>(seed: u64, one: impl Fn(&mut Choices<'_>) -> T) -> Vec<T> {
    let bytes = seeded(seed);
    let mut c = Choices::new(&bytes);
    std::iter::from_fn(|| (!c.is_spent()).then(|| one(&mut c))).collect()
}

#[test]
fn types_come_back() {
    for t in (0..4).flat_map(|seed| many(seed, testing::ty)) {
        let m = Module { attrs: Attrs::new().with("x", Attr::Type(t)), ..Module::default() };
        assert_eq!(read(&print(&m, &PrintOptions::default())).attrs, m.attrs);
    }
}

#[test]
fn attributes_come_back() {
    for a in (0..8).flat_map(|seed| many(seed, testing::attr)) {
        let m = Module { attrs: Attrs::new().with("x", a), ..Module::default() };
        assert_eq!(read(&print(&m, &PrintOptions::default())).attrs, m.attrs);
    }
}

#[test]
fn modules_come_back() {
    for seed in 0..200 {
        let m = testing::module(&mut Choices::new(&seeded(seed)));
        for (generic, locations) in [(false, false), (true, false), (false, true), (true, true)] {
            let options = PrintOptions { generic, locations, elide_larger_than: None };
            let text = print(&m, &options);
            let again = read(&text);
            assert_eq!(print(&again, &options), text, "seed {seed}");
            let found = Comparison { locations }.modules(&m, &again);
            assert_eq!(found, Ok(()), "seed {seed}, {options:?}:\n{text}");
        }
    }
}

#[test]
fn random_modules_are_valid_and_full() {
    let mut names = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let m = testing::module(&mut Choices::new(&seeded(seed)));
        let mut sink = Sink::new();
        let text = || print(&m, &PrintOptions::default());
        assert!(verify(&m, &mut sink).is_ok(), "seed {seed}: {:#?}\n{}", sink.diagnostics(), text());
        collect(&m.body, &mut names);
    }
    assert!(names.len() > 110, "only {} operations are ever made: {names:?}", names.len());
    for name in ["builtin.module", "func.call", "tfl.if", "tfl.while", "tfl.pseudo_qconst", "cf.br", "test.op"] {
        assert!(names.contains(name), "{name} is never made");
    }
}

fn collect(body: &Body, names: &mut std::collections::BTreeSet<String>) {
    for id in body.walk() {
        let op = body.op(id);
        names.insert(op.name.as_str().to_owned());
        (0..op.regions.len()).filter_map(|i| op.body(i)).for_each(|inner| collect(inner, names));
    }
}

/// Compares what two modules hold, not which ids it has.
struct Comparison {
    locations: bool,
}

impl Comparison {
    fn modules(&self, a: &Module, b: &Module) -> Result<(), String> {
        same("module attributes", &a.attrs, &b.attrs)?;
        same("module name", &a.name, &b.name)?;
        self.bodies(&a.body, &b.body)
    }

    fn bodies(&self, a: &Body, b: &Body) -> Result<(), String> {
        self.regions((a, a.root()), (b, b.root()))
    }

    fn regions(&self, (a, ra): (&Body, RegionId), (b, rb): (&Body, RegionId)) -> Result<(), String> {
        let (blocks, others) = (a.blocks(ra), b.blocks(rb));
        same("number of blocks", &blocks.len(), &others.len())?;
        for (x, y) in blocks.iter().zip(others) {
            let types = |body: &Body, block| body.args(block).iter().map(|v| body.ty(*v).clone()).collect::<Vec<_>>();
            same("block arguments", &types(a, *x), &types(b, *y))?;
            let (ops, others) = (a.ops(*x), b.ops(*y));
            same("number of operations", &ops.len(), &others.len())?;
            for (i, j) in ops.iter().zip(&others) {
                self.operations((a, *i), (b, *j)).map_err(|e| format!("{}: {e}", a.op(*i).name.as_str()))?;
            }
        }
        Ok(())
    }

    fn operations(&self, (a, i): (&Body, OpId), (b, j): (&Body, OpId)) -> Result<(), String> {
        let (x, y) = (a.op(i), b.op(j));
        same("name", &x.name, &y.name)?;
        same("properties", &x.props, &y.props)?;
        same("attributes", &x.attrs, &y.attrs)?;
        let types =
            |body: &Body, values: &[crate::Value]| values.iter().map(|v| body.ty(*v).clone()).collect::<Vec<_>>();
        same("operand types", &types(a, x.operands()), &types(b, y.operands()))?;
        same("result types", &types(a, x.results()), &types(b, y.results()))?;
        let makers = |body: &Body, values: &[crate::Value]| {
            let name = |v: &crate::Value| body.def_op(*v).map(|op| body.op(op).name.as_str().to_owned());
            values.iter().map(name).collect::<Vec<_>>()
        };
        same("makers of operands", &makers(a, x.operands()), &makers(b, y.operands()))?;
        same("number of successors", &x.successors.len(), &y.successors.len())?;
        if self.locations {
            same("location", &x.loc.to_string(), &y.loc.to_string())?;
        }
        same("number of regions", &x.regions.len(), &y.regions.len())?;
        for regions in x.regions.iter().zip(&y.regions) {
            match regions {
                (Region::Inline(r), Region::Inline(s)) => self.regions((a, *r), (b, *s))?,
                (Region::Isolated(r), Region::Isolated(s)) => self.bodies(r, s)?,
                _ => return Err("one region is isolated".to_owned()),
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, a: &T, b: &T) -> Result<(), String> {
    if a == b { Ok(()) } else { Err(format!("{what}: {a:?} became {b:?}")) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn no_text_panics(words in vec(prop::sample::select(WORDS.to_vec()), 0..40)) {
        for source in [words.concat(), words.join(" ")] {
            let registry = Registry::standard();
            let options = ParseOptions { registry: &registry, allow_unregistered: true, file: "t" };
            let _ = parse(&source, &options, &mut Sink::new());
        }
    }
}
/// What texts are made of.
const WORDS: [&str; 60] = [
    "%0",
    ":2",
    "=",
    "\"a.b\"",
    "(",
    ")",
    "<{",
    "}>",
    "({",
    "})",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ":",
    ",",
    "->",
    "()",
    "\n",
    "^bb0",
    "#a",
    "!a",
    "@f",
    "func.func",
    "module",
    "return",
    "tfl.add",
    "arith.constant",
    "dense<",
    "tensor<",
    "2x",
    "?x",
    "*x",
    "i8",
    "f32",
    "i4",
    "0x1F",
    "-1",
    "1.5",
    "1e",
    "\"0x00\"",
    "\"",
    "\\",
    "loc(",
    "unknown",
    "fused",
    "callsite",
    " at ",
    "!quant.uniform<",
    "{-#",
    "#-}",
    "dialect_resources",
    "builtin",
    "array<",
    "dense_resource<",
    "complex<",
    "é",
    "//",
];
