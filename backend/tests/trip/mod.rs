//! A text goes through a file and back.
#![allow(dead_code, reason = "each test file uses its own")]

use ir::text::{ParseOptions, PrintOptions};
use ir::{Registry, Sink};
use quant_opt_backend::{emit, read};

pub fn parse(text: &str) -> ir::Module {
    let (registry, mut sink) = (Registry::standard(), Sink::new());
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "test" };
    let module = ir::text::parse(text, &options, &mut sink);
    module.unwrap_or_else(|_| panic!("{:?}", sink.take()))
}

/// The text of the file of a text.
pub fn again(text: &str) -> String {
    let mut sink = Sink::new();
    let bytes = emit(&parse(text), &mut sink).unwrap_or_else(|_| panic!("{:?}\n{text}", sink.take()));
    let module = read(bytes.into()).unwrap_or_else(|e| panic!("{e}\n{text}")).module;
    ir::text::print(&module, &PrintOptions::default())
}

/// Each operation comes back as it was written, and a second trip changes nothing.
pub fn returns(body: &str) {
    let once = again(body);
    for line in body.lines().map(str::trim).filter(|l| l.starts_with('%') || l.starts_with('"')) {
        assert!(once.contains(line), "{line}\nis not in\n{once}");
    }
    assert_eq!(again(&once), once);
}

/// Why a text has no file.
pub fn refused(text: &str) -> String {
    let mut sink = Sink::new();
    assert!(emit(&parse(text), &mut sink).is_err(), "{text}");
    sink.take().remove(0).message
}
