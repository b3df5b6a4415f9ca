//! Locations: `loc("conv"("a.mlir":3:7))` in its place, or `loc(#loc2)`, whose alias stands behind the module.
//!
//! An alias is made of the aliases of its parts, which have lower numbers. Locations that are written alike have one.

use super::Writer;
use crate::loc::{Loc, LocKind};

impl Writer {
    /// `loc(…)`, with all its parts in their place.
    pub(in crate::text) fn location(&mut self, loc: &Loc) {
        self.push("loc(");
        self.whole(loc);
        self.out.push(')');
    }

    /// `loc(#loc2)`; the end of the text must tell which that is.
    pub(super) fn aliased_location(&mut self, loc: &Loc) {
        self.push("loc(");
        self.alias(loc);
        self.out.push(')');
    }

    /// The aliases of locations, each on a line: `#loc2 = loc("conv"(#loc1))`.
    pub(super) fn location_lines(&mut self) {
        let mut lines: Vec<(String, usize)> = std::mem::take(&mut self.locations).into_iter().collect();
        lines.sort_unstable_by_key(|(_, number)| *number);
        for (text, number) in lines {
            self.write(format_args!("#loc{number} = loc({text})\n"));
        }
    }

    fn whole(&mut self, loc: &Loc) {
        self.form(loc, Self::whole);
    }

    fn alias(&mut self, loc: &Loc) {
        if loc.kind().is_none() {
            return self.push("unknown");
        }
        let outer = std::mem::take(&mut self.out);
        self.form(loc, Self::alias);
        let text = std::mem::replace(&mut self.out, outer);
        let next = self.locations.len() + 1;
        let number = *self.locations.entry(text).or_insert(next);
        self.write(format_args!("#loc{number}"));
    }

    /// A location, whose parts are written by `part`.
    fn form(&mut self, loc: &Loc, part: fn(&mut Writer, &Loc)) {
        match loc.kind() {
            None => self.push("unknown"),
            Some(LocKind::File { file, line, col, end, .. }) => {
                self.string(file);
                self.write(format_args!(":{line}:{col}"));
                match end {
                    Some((l, c)) if l == line => self.write(format_args!(" to :{c}")),
                    Some((l, c)) => self.write(format_args!(" to {l}:{c}")),
                    None => {}
                }
            }
            Some(LocKind::Name(name, child)) => {
                self.string(name);
                if !matches!(child.kind(), None | Some(LocKind::File { implied: true, .. })) {
                    self.out.push('(');
                    part(self, child);
                    self.out.push(')');
                }
            }
            Some(LocKind::Fused(parts, metadata)) => {
                self.push("fused");
                if let Some(m) = metadata {
                    self.out.push('<');
                    self.attr(m);
                    self.out.push('>');
                }
                self.out.push('[');
                self.list(parts, part);
                self.out.push(']');
            }
            Some(LocKind::CallSite(callee, caller)) => {
                self.push("callsite(");
                part(self, callee);
                self.push(" at ");
                part(self, caller);
                self.out.push(')');
            }
        }
    }
}
