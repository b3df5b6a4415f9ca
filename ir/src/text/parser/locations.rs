//! Locations.

use super::{Parser, Result};
use crate::attr::Attr;
use crate::loc::{Loc, LocKind};
use crate::text::lexer::Tok;

impl Parser<'_, '_> {
    /// The location behind an operation or a block argument that begins at `start`; its place where none is written. A location that names
    /// nodes and no place gets this place with its first node.
    pub(super) fn trailing_location(&mut self, start: usize) -> Result<Loc> {
        if !self.at_word("loc") {
            return Ok(self.place(start));
        }
        let loc = self.location()?;
        if loc.text().is_some() { Ok(loc) } else { Ok(placed(&loc, &self.place(start)).unwrap_or(loc)) }
    }

    /// `loc(…)`
    pub(super) fn location(&mut self) -> Result<Loc> {
        self.expect_word("loc")?;
        self.expect(Tok::LParen, "'(' of a location")?;
        let loc = self.inner_location()?;
        self.expect(Tok::RParen, "')' of a location")?;
        Ok(loc)
    }

    fn inner_location(&mut self) -> Result<Loc> {
        self.made += 1;
        self.deeper(|p| match p.tok.kind {
            Tok::Str => p.named_or_file(),
            Tok::Hash => p.aliased(),
            Tok::Bare => match p.text(p.tok) {
                "unknown" => {
                    p.bump();
                    Ok(Loc::UNKNOWN)
                }
                "callsite" => p.call_site(),
                "fused" => p.fused(),
                "loc" => p.location(),
                _ => Err(p.expected("a location")),
            },
            _ => Err(p.expected("a location")),
        })
    }

    fn aliased(&mut self) -> Result<Loc> {
        let start = self.tok.start;
        match self.attr()? {
            Attr::Loc(loc) => Ok(loc),
            // A location of another dialect: debug information, which nothing here reads.
            Attr::Opaque(_) => Ok(Loc::UNKNOWN),
            _ => Err(self.error(start, "parse/alias", "this alias is no location")),
        }
    }

    /// `"name"`, `"name"(child)`, `"file":line:column`, `"file":line:column to line:column`
    fn named_or_file(&mut self) -> Result<Loc> {
        let tok = self.bump();
        let text = self.unescape(tok)?;
        if self.eat(Tok::LParen) {
            let child = self.inner_location()?;
            self.expect(Tok::RParen, "')' of a location")?;
            return Ok(Loc::new(LocKind::Name(text.into(), child)));
        }
        if !self.eat(Tok::Colon) {
            return Ok(Loc::name(text));
        }
        let line = self.number32()?;
        self.expect(Tok::Colon, "':' before a column")?;
        let col = self.number32()?;
        let end = if self.eat_word("to") {
            let line = if self.at(Tok::Int) { self.number32()? } else { line };
            self.expect(Tok::Colon, "':' before a column")?;
            Some((line, self.number32()?))
        } else {
            None
        };
        Ok(Loc::new(LocKind::File { file: text.into(), line, col, end, implied: false }))
    }

    fn number32(&mut self) -> Result<u32> {
        let tok = self.expect(Tok::Int, "a number")?;
        let text = self.text(tok);
        text.parse().map_err(|_| self.error(tok.start, "parse/literal", format!("{text} is no line or column")))
    }

    fn call_site(&mut self) -> Result<Loc> {
        self.bump();
        self.expect(Tok::LParen, "'(' of a call site")?;
        let callee = self.inner_location()?;
        self.expect_word("at")?;
        let caller = self.inner_location()?;
        self.expect(Tok::RParen, "')' of a call site")?;
        Ok(Loc::new(LocKind::CallSite(callee, caller)))
    }

    fn fused(&mut self) -> Result<Loc> {
        self.bump();
        let metadata = if self.eat(Tok::Less) {
            let m = self.attr()?;
            self.expect(Tok::Greater, "'>' behind the metadata of a fused location")?;
            Some(m)
        } else {
            None
        };
        self.expect(Tok::LSquare, "'[' of a fused location")?;
        let mut parts = Vec::new();
        self.list(Tok::RSquare, "',' or ']' in a fused location", |p| {
            parts.push(p.inner_location()?);
            Ok(())
        })?;
        Ok(Loc::new(LocKind::Fused(parts, metadata)))
    }
}

/// The same location with a place at the first name in it; `None` if there is no name.
fn placed(loc: &Loc, place: &Loc) -> Option<Loc> {
    Some(Loc::new(match loc.kind()? {
        LocKind::Name(name, child) => {
            LocKind::Name(name.clone(), if child.kind().is_none() { place.clone() } else { placed(child, place)? })
        }
        LocKind::Fused(parts, metadata) => {
            let mut parts = parts.clone();
            let (i, with) = parts.iter().enumerate().find_map(|(i, p)| Some((i, placed(p, place)?)))?;
            parts[i] = with;
            LocKind::Fused(parts, metadata.clone())
        }
        LocKind::CallSite(callee, caller) => match placed(callee, place) {
            Some(with) => LocKind::CallSite(with, caller.clone()),
            None => LocKind::CallSite(callee.clone(), placed(caller, place)?),
        },
        LocKind::File { .. } => return None,
    }))
}
