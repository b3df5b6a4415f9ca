//! No text makes the parser, the verifier or the printer panic, and what is printed is read as the same module.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quant_opt_ir::text::{ParseOptions, PrintOptions, parse, print};
use quant_opt_ir::{Module, Registry, Sink, verify};

fn read(source: &str, registry: &Registry) -> Option<Module> {
    let options = ParseOptions { registry, allow_unregistered: true, file: "fuzz.mlir" };
    parse(source, &options, &mut Sink::new()).ok()
}

fuzz_target!(|source: &str| {
    let registry = Registry::standard();
    let Some(module) = read(source, &registry) else { return };
    let _ = verify::verify_text(&module, &mut Sink::new());
    let options = PrintOptions::default();
    let printed = print(&module, &options);
    let again = read(&printed, &registry).expect("what is printed can be read");
    assert_eq!(print(&again, &options), printed);
});
