//! What no type can say about the tables.

use std::collections::BTreeSet;
use std::path::Path;

use ir::{QuantRule, Registry};
use quant_opt_tests::here;

#[test]
fn every_pass_has_a_case() {
    let folder = here("suite/passes");
    let cases: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let passes: BTreeSet<String> = passes::passes().iter().map(|p| p.name.to_owned()).collect();
    assert_eq!(passes, cases, "tests/suite/passes/NAME holds the cases of pass NAME");
}

#[test]
fn rows_name_each_thing_once_and_point_at_operands_that_exist() {
    let registry = Registry::standard();
    let mut names = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for op in registry.dialects().iter().flat_map(|d| d.ops) {
        assert!(names.insert(op.name), "{} is declared twice", op.name);
        assert!(!op.doc.trim().is_empty(), "{} is not documented", op.name);
        if let Some(code) = op.builtin {
            let shared = op.name == "tfl.basic_lstm";
            assert!(codes.insert(code) != shared, "{}: builtin {code} is taken", op.name);
        }
        if let QuantRule::Weighted { input, weight, bias, .. } = op.quant {
            for i in [Some(input), Some(weight), bias].into_iter().flatten() {
                assert!(i < op.operands.len(), "{} has no operand {i}", op.name);
            }
        }
    }
}

/// Operations that `tests/oracle/export.py` cannot compare with upstream's by themselves.
const PART_OF_A_MODULE: [(&str, &str); 11] = [
    ("tfl.if", "it has regions"),
    ("tfl.while", "it has regions"),
    ("tfl.call_once", "it names a function"),
    ("tfl.custom", "its code and options are the embedder's"),
    ("tfl.var_handle", "it makes a resource"),
    ("tfl.read_variable", "it takes a resource"),
    ("tfl.assign_variable", "it takes a resource"),
    ("tfl.hashtable", "it makes a resource"),
    ("tfl.hashtable_find", "it takes a resource"),
    ("tfl.hashtable_import", "it takes a resource"),
    ("tfl.hashtable_size", "it takes a resource"),
];

#[test]
fn every_operation_of_a_file_is_compared_with_upstream() {
    let cases = std::fs::read_dir(here("suite/eval")).unwrap().map(|e| e.unwrap().path());
    let cases: String = cases.filter(|p| p.extension().is_some_and(|e| e == "mlir")).map(|p| read(&p)).collect();
    let lines = read(&here("oracle/one_op.py"));
    for op in ir::dialect::tfl::TFL.ops.iter().filter(|op| op.builtin.is_some()) {
        let compared =
            cases.contains(&format!("\"{}\"(", op.name)) || lines.contains(&format!("\n{}(", &op.name["tfl.".len()..]));
        let excused = PART_OF_A_MODULE.iter().any(|(name, _)| *name == op.name);
        assert!(compared != excused, "tests/suite/eval/NAME.mlir is the case of an operation; {} has none", op.name);
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// `docs/*.md` as the tables have it; with `INSTA_UPDATE=always` it is written.
fn is_documented(file: &str, text: &str) {
    let path = here("../docs").join(file);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|v| v == "always") {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "docs/{file} is stale: run this test with INSTA_UPDATE=always");
}

#[test]
fn the_documents_are_those_of_the_tables() {
    is_documented("ops.md", &quant_opt::ops_markdown(&Registry::standard()));
    is_documented("passes.md", &quant_opt::passes_markdown(&passes::passes()));
}

#[test]
fn pass_options_are_documented() {
    for pass in passes::passes() {
        assert!(!pass.doc.trim().is_empty(), "{}", pass.name);
        assert!(pass.options.iter().all(|o| !o.doc.trim().is_empty()), "{}", pass.name);
    }
}
