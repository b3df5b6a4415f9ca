//! Short forms of StableHLO's and CHLO's operations with regions.

use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attr;
use crate::body::{At, BlockId, Body, OpName, OpSpec, Region};
use crate::loc::Loc;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, Type};

/// The operations that may stand behind `applies`: of two operands, which may be exchanged.
const APPLIED: &[&str] = &["add", "and", "maximum", "minimum", "multiply", "or", "xor"];

/// An argument of a region: its name, type and place.
type Argument = (Token, Type, Loc);

impl<'s> Parser<'s, '_> {
    /// `stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1] : (types) -> type`, or with a region behind the type:
    /// `reducer(%2: type, %3: type) {…}`
    pub(super) fn reduce_form(&mut self, body: &mut Body, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        let mut inits = Vec::new();
        loop {
            self.expect(Tok::LParen, "'(' of a value that is reduced")?;
            draft.uses.push(self.value_use()?);
            self.expect_word("init")?;
            self.expect(Tok::Colon, "':' and the initial value")?;
            inits.push(self.value_use()?);
            self.expect(Tok::RParen, "')' behind an initial value")?;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        draft.uses.append(&mut inits);
        let applied =
            if self.eat_word("applies") { Some(self.expect(Tok::Bare, "the operation that reduces")?) } else { None };
        self.expect_word("across")?;
        self.labelled(&mut draft, "dimensions=i64s:dimensions")?;
        draft.spec.attrs = self.optional_dict()?;
        self.expect(Tok::Colon, "':' and the type of the operation")?;
        let ty = self.function_type()?;
        draft.typed(ty);
        let region = match applied {
            Some(applied) => self.applied(body, applied, &draft)?,
            None => {
                let args = self.reducer_arguments()?;
                self.region_of(body, args)?
            }
        };
        draft.spec.regions.push(region);
        Ok(draft)
    }

    /// The region that one operation of two scalars is.
    fn applied(&mut self, body: &mut Body, applied: Token, draft: &Draft<'s>) -> Result<Region> {
        let name = self.text(applied);
        if !name.strip_prefix("stablehlo.").is_some_and(|op| APPLIED.contains(&op)) {
            let text = format!("'{name}' is no operation of two values of 'stablehlo' that may be exchanged");
            return Err(self.syntax(applied.start, text));
        }
        let name = self.op_name(applied.start, name)?;
        let Some(elem) = draft.types.first().and_then(Type::elem).cloned() else {
            return Err(self.error(applied.start, "parse/type", "only tensors are reduced"));
        };
        let ty = Type::tensor(&[], elem);
        let place = self.place(applied.start);
        let (region, block) = new_region(body);
        let args = [0; 2].map(|_| body.add_arg(block, ty.clone(), place.clone()));
        let op = body.insert(At::End(block), OpSpec::new(name, place.clone()).operands(&args).results([ty]));
        let results = body.op(op).results().to_vec();
        self.end(body, block, place, applied.start, &results)?;
        Ok(region)
    }

    fn end(&mut self, body: &mut Body, block: BlockId, place: Loc, pos: usize, values: &[crate::Value]) -> Result<()> {
        let name: OpName = self.op_name(pos, "stablehlo.return")?;
        body.insert(At::End(block), OpSpec::new(name, place).operands(values));
        Ok(())
    }

    /// `reducer(%2: type, %4: type) (%3: type, %5: type)`: a value and what it is joined to, for each that is reduced. The region takes all
    /// values first.
    fn reducer_arguments(&mut self) -> Result<Vec<Argument>> {
        self.expect_word("reducer")?;
        let (mut values, mut joined) = (Vec::new(), Vec::new());
        while self.eat(Tok::LParen) {
            values.push(self.region_argument()?);
            self.expect(Tok::Comma, "',' and what the value is joined to")?;
            joined.push(self.region_argument()?);
            self.expect(Tok::RParen, "')' behind two arguments")?;
        }
        values.append(&mut joined);
        Ok(values)
    }

    fn region_argument(&mut self) -> Result<Argument> {
        let name = self.expect(Tok::Percent, "an argument")?;
        self.expect(Tok::Colon, "':' and the type of an argument")?;
        let ty = self.ty()?;
        Ok((name, ty, self.trailing_location(name.start)?))
    }

    /// `stablehlo.while(%2 = %0, %3 = %1) : type, type attributes {…} cond {…} do {…}`
    pub(super) fn while_form(&mut self, body: &mut Body, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        let mut names = Vec::new();
        self.expect(Tok::LParen, "'(' of a list of values")?;
        self.list(Tok::RParen, "',' or ')' in a list of values", |p| {
            names.push(p.expect(Tok::Percent, "an argument")?);
            p.expect(Tok::Equal, "'=' and the value it begins with")?;
            draft.uses.push(p.value_use()?);
            Ok(())
        })?;
        if !names.is_empty() {
            self.expect(Tok::Colon, "':' and the types of the values")?;
            self.types(&mut draft)?;
        }
        draft.spec.results.clone_from(&draft.types);
        if self.eat_word("attributes") {
            draft.spec.attrs = self.dict()?;
        }
        for word in ["cond", "do"] {
            self.expect_word(word)?;
            let args = names.iter().zip(&draft.types).map(|(name, ty)| (*name, ty.clone(), self.place(name.start)));
            let args = args.collect();
            let region = self.region_of(body, args)?;
            draft.spec.regions.push(region);
        }
        Ok(draft)
    }

    /// `chlo.scan(%0) inits (%1) dimension = 0 attributes {…} {…} : (types) -> types`
    pub(super) fn scan_form(&mut self, body: &mut Body, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        self.use_list(&mut draft)?;
        let inputs = draft.uses.len();
        self.expect_word("inits")?;
        self.use_list(&mut draft)?;
        let carries = draft.uses.len() - inputs;
        self.labelled(&mut draft, "dimension=i64:dimension")?;
        if self.eat_word("attributes") {
            draft.spec.attrs = self.dict()?;
        }
        let region = self.inline_region(body)?;
        draft.spec.regions.push(Region::Inline(region));
        self.expect(Tok::Colon, "':' and the type of the operation")?;
        let start = self.tok.start;
        let ty = self.function_type()?;
        let Some(outputs) = ty.results.len().checked_sub(carries) else {
            return Err(self.error(
                start,
                "parse/type",
                format!("there are {carries} values to carry, but fewer results"),
            ));
        };
        draft.typed(ty);
        for (property, first) in [("operandSegmentSizes", inputs), ("resultSegmentSizes", outputs)] {
            let sizes = [first, carries].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
            draft.spec.props.set(property, Attr::DenseArray(Elem::I32, sizes.to_vec()));
        }
        Ok(draft)
    }

    /// `(%0, %1)`
    fn use_list(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        self.expect(Tok::LParen, "'(' of a list of operands")?;
        self.list(Tok::RParen, "',' or ')' in a list of operands", |p| {
            draft.uses.push(p.value_use()?);
            Ok(())
        })
    }

    /// `{…}` with arguments that stand in front of it.
    fn region_of(&mut self, body: &mut Body, args: Vec<Argument>) -> Result<Region> {
        let region = body.add_region();
        let entry = body.add_block(region);
        self.region(body, region, Some(entry), |p, body| {
            for (name, ty, loc) in args {
                let v = body.add_arg(entry, ty, loc);
                p.define(name, 0, v)?;
            }
            Ok(())
        })?;
        Ok(Region::Inline(region))
    }

    /// `stablehlo.custom_call @target(%0) {…} : (types) -> types`
    pub(super) fn custom_call_form(&mut self, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        draft.spec.props.set("call_target_name", Attr::Str(self.symbol_name()?));
        self.use_list(&mut draft)?;
        draft.spec.attrs = self.optional_dict()?;
        self.stated_types(&mut draft)?;
        Ok(draft)
    }
}

fn new_region(body: &mut Body) -> (Region, BlockId) {
    let region = body.add_region();
    let block = body.add_block(region);
    (Region::Inline(region), block)
}

/// The type of the parts that a complex value is made of.
pub(super) fn real(ty: &Type) -> Option<Type> {
    match ty {
        Type::Tensor(t) => match &t.elem {
            Elem::Complex(part) => Some(Type::Tensor(t.with_elem((**part).clone()))),
            _ => None,
        },
        _ => None,
    }
}
