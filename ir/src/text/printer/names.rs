//! Names of values and blocks: `%arg0` for the arguments of a region's first block, `%0` for all others, as upstream numbers them.

use std::fmt::Write;

use super::Writer;
use crate::body::{BlockId, Body, Region, RegionId, Value};

#[derive(Clone, Copy, Debug, Default)]
enum Name {
    #[default]
    None,
    Arg(u32),
    /// `%number`, or `%number#index` of several results.
    Result {
        number: u32,
        index: Option<u32>,
    },
}

/// The names in one isolated body.
#[derive(Debug, Default)]
pub(super) struct Names {
    values: Vec<Name>,
    blocks: Vec<(BlockId, u32)>,
}

#[derive(Clone, Copy, Default)]
struct Next {
    arg: u32,
    number: u32,
}

impl Names {
    pub(super) fn of(body: &Body) -> Names {
        let mut names = Names { values: vec![Name::None; body.num_values()], blocks: Vec::new() };
        names.region(body, body.root(), Next::default());
        names.blocks.sort_unstable();
        names
    }

    fn region(&mut self, body: &Body, region: RegionId, mut next: Next) {
        let mut nested = Vec::new();
        for (i, block) in body.blocks(region).iter().enumerate() {
            self.blocks.push((*block, i as u32));
            for arg in body.args(*block) {
                let counter = if i == 0 { &mut next.arg } else { &mut next.number };
                self.values[arg.index()] = match i {
                    0 => Name::Arg(*counter),
                    _ => Name::Result { number: *counter, index: None },
                };
                *counter += 1;
            }
            for id in body.ops(*block) {
                let op = body.op(id);
                let several = op.results().len() > 1;
                for (k, v) in op.results().iter().enumerate() {
                    let index = several.then_some(k as u32);
                    self.values[v.index()] = Name::Result { number: next.number, index };
                }
                next.number += u32::from(!op.results().is_empty());
                nested.extend(op.regions.iter().filter_map(|r| match r {
                    Region::Inline(r) => Some(*r),
                    Region::Isolated(_) => None,
                }));
            }
        }
        for r in nested {
            self.region(body, r, next);
        }
    }

    pub(super) fn write(&self, w: &mut Writer, v: Value) {
        match self.values.get(v.index()).copied().unwrap_or_default() {
            Name::Arg(n) => w.write(format_args!("%arg{n}")),
            Name::Result { number, index: None } => w.write(format_args!("%{number}")),
            Name::Result { number, index: Some(i) } => w.write(format_args!("%{number}#{i}")),
            // A value nothing in the body makes.
            Name::None => w.push("<<UNKNOWN SSA VALUE>>"),
        }
    }

    /// `%0 = `, `%0:2 = `
    pub(super) fn write_results(&self, w: &mut Writer, results: &[Value]) {
        let Some(first) = results.first() else { return };
        let Some(Name::Result { number, .. }) = self.values.get(first.index()) else { return };
        let _ = match results.len() {
            1 => write!(w.out, "%{number} = "),
            n => write!(w.out, "%{number}:{n} = "),
        };
    }

    pub(super) fn write_block(&self, w: &mut Writer, block: BlockId) {
        match self.blocks.binary_search_by_key(&block, |(b, _)| *b) {
            Ok(i) => w.write(format_args!("^bb{}", self.blocks[i].1)),
            Err(_) => w.push("^<<UNKNOWN BLOCK>>"),
        }
    }
}
