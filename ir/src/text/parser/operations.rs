//! Operations: the generic form, and what every form ends with.

use super::attributes::Typed;
use super::regions::{Operand, Use};
use super::{MAX_ERRORS, Parser, Result};
use crate::attr::Attr;
use crate::body::{At, BlockId, Body, OpId, OpName, OpSpec, Region};
use crate::diag::Diagnostic;
use crate::dialect::builtin;
use crate::loc::Loc;
use crate::module::{self, Module};
use crate::op::Traits;
use crate::text::lexer::{Tok, Token};
use crate::types::{FunctionType, Type};

/// An operation that is read but not yet made.
pub(super) struct Draft<'s> {
    pub(super) spec: OpSpec,
    pub(super) uses: Vec<Use<'s>>,
    /// A type for each use.
    pub(super) types: Vec<Type>,
    pub(super) successors: Vec<Token>,
}

impl Draft<'_> {
    pub(super) fn new(name: OpName) -> Self {
        Draft { spec: OpSpec::new(name, Loc::UNKNOWN), uses: Vec::new(), types: Vec::new(), successors: Vec::new() }
    }

    /// With the types of operands and results.
    pub(super) fn typed(&mut self, ty: FunctionType) {
        self.types = ty.inputs;
        self.spec.results = ty.results;
    }
}

impl<'s> Parser<'s, '_> {
    /// The whole text.
    pub(super) fn top(&mut self) -> Result<Module> {
        let mut body = Body::new();
        let entry = body.entry();
        self.push_frame();
        while !self.at(Tok::Eof) {
            let (start, depths) = (self.tok.start, self.depths());
            if let Err(failed) = self.top_item(&mut body, entry) {
                if self.errors >= MAX_ERRORS {
                    return Err(failed);
                }
                self.unwind(depths);
                self.recover(start);
            }
        }
        self.close_frame(&mut body);
        // A module that no text states stands in front of it, to upstream too.
        let place = || Loc::file(self.file.clone(), 0, 0);
        Ok(only_module(&mut body).unwrap_or_else(|| Module { body, loc: place(), ..Module::default() }))
    }

    fn top_item(&mut self, body: &mut Body, entry: BlockId) -> Result<()> {
        match self.tok.kind {
            Tok::Hash | Tok::Bang => self.alias_definition(),
            Tok::FileStart => {
                while !matches!(self.tok.kind, Tok::FileEnd | Tok::Eof) {
                    self.bump();
                }
                self.expect(Tok::FileEnd, "'#-}'").map(|_| ())
            }
            _ => self.operation(body, entry),
        }
    }

    /// `%0, %1:2 = operation loc(…)`
    pub(super) fn operation(&mut self, body: &mut Body, block: BlockId) -> Result<()> {
        let mut results = Vec::new();
        if self.at(Tok::Percent) {
            loop {
                let name = self.expect(Tok::Percent, "the name of a result")?;
                let count = if self.eat(Tok::Colon) { self.result_count()? } else { 1 };
                results.push((name, count));
                if !self.eat(Tok::Comma) {
                    break;
                }
            }
            self.expect(Tok::Equal, "'=' behind the names of results")?;
        }
        self.deeper(|p| p.named_operation(body, block, &results)).inspect_err(|failed| {
            for (name, count) in &results {
                self.define_broken(*name, *count, *failed);
            }
        })
    }

    fn result_count(&mut self) -> Result<u32> {
        let tok = self.expect(Tok::Int, "a number of results")?;
        match self.text(tok).parse() {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(self.syntax(tok.start, "expected a number of results, at least 1")),
        }
    }

    fn named_operation(&mut self, body: &mut Body, block: BlockId, results: &[(Token, u32)]) -> Result<()> {
        let start = self.tok.start;
        let mut draft = match self.tok.kind {
            Tok::Str => {
                let tok = self.bump();
                let name = self.unescape(tok)?;
                let name = self.op_name(tok.start, &name)?;
                self.generic(body, name)?
            }
            Tok::Bare => self.custom(body)?,
            _ => return Err(self.expected("an operation")),
        };
        draft.spec.loc = self.trailing_location(start)?;
        self.settle(start, &mut draft.spec)?;
        let id = self.make(body, block, draft, start)?;
        self.name_results(body, id, results, start)
    }

    /// The name of an operation, if it may stand here.
    pub(super) fn op_name(&mut self, pos: usize, name: &str) -> Result<OpName> {
        let resolved = self.registry.name(name);
        if resolved.def().is_some() || self.allow_unregistered {
            return Ok(resolved);
        }
        let d = Diagnostic::error("parse/unregistered", format!("operation '{name}' is in no registered dialect"));
        let d = match self.nearest(name) {
            Some(other) => d.help(format!("did you mean '{other}'?")),
            None => d.help("--allow-unregistered-dialect carries it whole"),
        };
        let place = self.place(pos);
        Err(self.emit(d.at(&place)))
    }

    /// The registered operation whose name is closest, if it is close.
    pub(super) fn nearest(&self, name: &str) -> Option<&'static str> {
        let ops = self.registry.dialects().iter().flat_map(|d| d.ops);
        ops.map(|def| (strsim::damerau_levenshtein(name, def.name), def.name))
            .filter(|(distance, _)| *distance <= 2)
            .min()
            .map(|(_, name)| name)
    }

    /// `(%0) [^bb1] <{properties}> ({regions}) {attributes} : (types) -> types`
    pub(super) fn generic(&mut self, body: &mut Body, name: OpName) -> Result<Draft<'s>> {
        let mut draft = Draft::new(name);
        self.expect(Tok::LParen, "'(' of a list of operands")?;
        self.list(Tok::RParen, "',' or ')' in a list of operands", |p| {
            draft.uses.push(p.value_use()?);
            Ok(())
        })?;
        if self.eat(Tok::LSquare) {
            self.list(Tok::RSquare, "',' or ']' in a list of blocks", |p| {
                draft.successors.push(p.expect(Tok::Caret, "the name of a block")?);
                Ok(())
            })?;
        }
        if self.eat(Tok::Less) {
            draft.spec.props = self.dict()?;
            self.expect(Tok::Greater, "'>' of a list of properties")?;
        }
        if self.eat(Tok::LParen) {
            let isolated = draft.spec.name.def().is_some_and(|d| d.traits.has(Traits::ISOLATED));
            self.list(Tok::RParen, "',' or ')' in a list of regions", |p| {
                let region = if isolated { p.own_body()? } else { Region::Inline(p.inline_region(body)?) };
                draft.spec.regions.push(region);
                Ok(())
            })?;
        }
        draft.spec.attrs = self.optional_dict()?;
        self.expect(Tok::Colon, "':' and the type of the operation")?;
        let ty = self.function_type()?;
        draft.typed(ty);
        Ok(draft)
    }

    /// `{…}` of an operation that is isolated from above.
    fn own_body(&mut self) -> Result<Region> {
        let mut inner = Body::without_blocks();
        self.isolated_region(&mut inner, None, |_, _| Ok(()))?;
        Ok(Region::Isolated(Box::new(inner)))
    }

    /// `%0`, `%0#1`
    pub(super) fn value_use(&mut self) -> Result<Use<'s>> {
        let tok = self.expect(Tok::Percent, "a value")?;
        let mut u = Use { name: self.text(tok), index: 0, pos: tok.start };
        if self.at(Tok::Hash) {
            let tok = self.bump();
            match self.text(tok)[1..].parse() {
                Ok(index) => u.index = index,
                Err(_) => return Err(self.syntax(tok.start, "expected the number of a result behind '#'")),
            }
        }
        Ok(u)
    }

    pub(super) fn make(&mut self, body: &mut Body, block: BlockId, draft: Draft<'s>, start: usize) -> Result<OpId> {
        let Draft { mut spec, uses, types, successors } = draft;
        if uses.len() != types.len() {
            let text = format!("{} operands are given, but the types of {}", uses.len(), types.len());
            return Err(self.error(start, "parse/type", text));
        }
        let operands: Vec<Operand<'s>> =
            uses.into_iter().zip(types).map(|(u, ty)| self.operand(body, u, ty)).collect::<Result<_>>()?;
        let known = operands.iter().map(|o| match o {
            Operand::Known(v) => Some(*v),
            Operand::Unknown(..) => None,
        });
        let known: Option<Vec<_>> = known.collect();
        let deferred = known.is_none();
        spec.operands = known.unwrap_or_default();
        let id = body.insert(At::End(block), spec);
        if deferred {
            self.defer_operands(id, operands);
        }
        if !successors.is_empty() {
            self.defer_successors(id, successors);
        }
        Ok(id)
    }

    fn name_results(&mut self, body: &Body, id: OpId, results: &[(Token, u32)], start: usize) -> Result<()> {
        let values = body.op(id).results();
        let named: u64 = results.iter().map(|(_, count)| u64::from(*count)).sum();
        if named != values.len() as u64 && !results.is_empty() {
            let text = format!("the operation has {} results, but {named} are named", values.len());
            return Err(self.error(start, "parse/type", text));
        }
        let mut values = values.iter();
        for (name, count) in results {
            for (index, v) in (0..*count).zip(&mut values) {
                self.define(*name, index, *v)?;
            }
        }
        Ok(())
    }

    /// An attribute that states a type.
    pub(super) fn constant_attr(&mut self) -> Result<(Attr, Type)> {
        let start = self.tok.start;
        let (attr, ty): Typed = self.typed_attr()?;
        match ty {
            Some(ty) => Ok((attr, ty)),
            None => Err(self.syntax(start, "expected a constant")),
        }
    }
}

/// The module a text is, if it is one and nothing else.
fn only_module(body: &mut Body) -> Option<Module> {
    let [only] = body.ops(body.entry())[..] else { return None };
    let op = body.op_mut(only);
    if !op.is::<builtin::ModuleOp>() || op.regions.len() != 1 {
        return None;
    }
    let name = module::sym_name(op).map(Into::into);
    let mut attrs = std::mem::take(&mut op.attrs);
    for (key, value) in op.props.iter().filter(|(key, _)| &***key != "sym_name") {
        attrs.set(key.clone(), value.clone());
    }
    let loc = op.loc.clone();
    match op.regions.pop()? {
        Region::Isolated(body) => Some(Module { name, attrs, body: *body, loc }),
        Region::Inline(_) => None,
    }
}
