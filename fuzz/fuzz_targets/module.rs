//! Every module that can be made from bytes is valid, and comes back from its text in both forms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quant_opt_ir::testing::{self, Choices};
use quant_opt_ir::text::{ParseOptions, PrintOptions, parse, print};
use quant_opt_ir::{Registry, Sink, verify};

fuzz_target!(|bytes: &[u8]| {
    let module = testing::module(&mut Choices::new(bytes));
    verify::verify(&module, &mut Sink::new()).expect("a module that was made is valid");
    let registry = Registry::standard();
    let read = ParseOptions { registry: &registry, allow_unregistered: true, file: "fuzz.mlir" };
    for generic in [false, true] {
        let options = PrintOptions { generic, locations: true, elide_larger_than: None };
        let text = print(&module, &options);
        let again = parse(&text, &read, &mut Sink::new()).expect("what is printed can be read");
        assert_eq!(print(&again, &options), text);
    }
});
