//! Short forms that a table says everything of: a line for all operations that share a format.

use std::sync::Arc;

use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attr;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, Type};

/// Dialect, format and operations. A format is what stands behind the operation's name, in pieces; [`Parser::piece`] says what each of them is.
const FORMATS: &[(&str, &str, &str)] = &[
    ("arith", "% , % overflow {} :same", "addi muli shli subi"),
    ("arith", "% , % exact {} :same", "divsi divui shrsi shrui"),
    ("arith", "% , % {} :same", "andi ceildivsi ceildivui floordivsi maxsi maxui minsi minui ori remsi remui xori"),
    ("arith", "% , % fastmath {} :same", "addf divf maximumf maxnumf minimumf minnumf mulf remf subf"),
    ("arith", "% fastmath {} :same", "negf"),
    ("arith", "% , % {} :carry", "addui_extended"),
    ("arith", "% , % {} :twice", "mulsi_extended mului_extended"),
    ("arith", "cmpi , % , % {} :truth", "cmpi"),
    ("arith", "cmpf , % , % fastmath {} :truth", "cmpf"),
    ("arith", "% , % , % {} :select", "select"),
    ("arith", "% {} :cast", "bitcast extsi fptosi fptoui index_cast index_castui sitofp"),
    ("arith", "% nneg {} :cast", "extui uitofp"),
    ("arith", "% overflow {} :cast", "trunci"),
    ("arith", "% fastmath {} :cast", "extf"),
    ("arith", "% rounding fastmath {} :cast", "truncf"),
    ("arith", "% , % fastmath {} :scale", "scaling_extf"),
    ("arith", "% , % rounding fastmath {} :scale", "scaling_truncf"),
    ("arith", "{} value", "constant"),
    ("builtin", "%… :convert {}", "unrealized_conversion_cast"),
    ("cf", "%i1 , msg {}", "assert"),
    ("func", "symbol :result", "constant"),
    ("quant", "% {} :cast", "dcast qcast scast"),
    ("stablehlo", "%… {} :none", "return"),
    ("stablehlo", "name %… <{}> :same", "composite"),
    (
        "stablehlo",
        "%… {} :same",
        "abs add and bitcast_convert ceil convert cosine divide exponential floor log logistic maximum minimum multiply \
         negate not or power remainder reshape rsqrt sign sine sqrt subtract tanh xor",
    ),
    ("stablehlo", "{} %… :each", "optimization_barrier"),
    ("stablehlo", "{} value", "constant"),
];

/// Words that stand for a number, in the order of the numbers.
const CMPI: &[&str] = &["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"];
const CMPF: &[&str] = &[
    "false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno", "true",
];
const ROUNDING: &[&str] = &["to_nearest_even", "downward", "upward", "toward_zero", "to_nearest_away"];

/// The format of an operation's short form.
pub(super) fn format(name: &str) -> Option<&'static str> {
    let (dialect, op) = name.split_once('.')?;
    let row = FORMATS.iter().find(|(d, _, ops)| *d == dialect && ops.split(' ').any(|o| o == op));
    row.map(|(_, format, _)| *format)
}

impl<'s> Parser<'s, '_> {
    /// The short form of an operation of [`FORMATS`].
    pub(super) fn formatted(&mut self, tok: Token, name: &str, format: &str) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, name)?;
        self.bump();
        let mut draft = Draft::new(name);
        for piece in format.split(' ') {
            self.piece(&mut draft, piece)?;
        }
        Ok(draft)
    }

    fn piece(&mut self, draft: &mut Draft<'s>, piece: &str) -> Result<()> {
        match piece {
            // An operand, one whose type is known, or any number of them.
            "%" => draft.uses.push(self.value_use()?),
            "%i1" => {
                draft.uses.push(self.value_use()?);
                draft.types.push(Type::Scalar(Elem::BOOL));
            }
            "%…" if self.at(Tok::Percent) => self.uses(draft)?,
            "%…" => {}
            "," => self.expect(Tok::Comma, "','").map(|_| ())?,
            // The attributes, or those that all are properties.
            "{}" => draft.spec.attrs = self.optional_dict()?,
            "<{}>" => {
                for (name, value) in self.optional_dict()?.iter() {
                    draft.spec.props.set(name.clone(), value.clone());
                }
            }
            // The constant that an operation makes, with its type.
            "value" => {
                let (value, ty) = self.constant_attr()?;
                draft.spec.props.set("value", value);
                draft.spec.results.push(ty);
            }
            "symbol" => {
                let symbol = self.symbol_attr()?;
                draft.spec.props.set("value", symbol);
            }
            // A property of this name: a string.
            "msg" | "name" => {
                let text = self.attr()?;
                draft.spec.props.set(piece, text);
            }
            "cmpi" => self.keyword(draft, "predicate", CMPI, Elem::I64)?,
            "cmpf" => self.keyword(draft, "predicate", CMPF, Elem::I64)?,
            // What may be left out.
            "rounding" if self.at(Tok::Bare) && ROUNDING.contains(&self.text(self.tok)) => {
                self.keyword(draft, "roundingmode", ROUNDING, Elem::I32)?;
            }
            "exact" if self.eat_word(piece) => drop(draft.spec.props.set("isExact", Attr::Unit)),
            "nneg" if self.eat_word(piece) => drop(draft.spec.props.set("nonNeg", Attr::Unit)),
            "fastmath" if self.eat_word(piece) => self.flags(draft, "fastmath", piece)?,
            "overflow" if self.eat_word(piece) => self.flags(draft, "overflowFlags", piece)?,
            "rounding" | "exact" | "nneg" | "fastmath" | "overflow" => {}
            _ => self.type_piece(draft, piece)?,
        }
        Ok(())
    }

    /// The piece that states the types.
    fn type_piece(&mut self, draft: &mut Draft<'s>, piece: &str) -> Result<()> {
        const COLON: &str = "':' and the type of the operation";
        if piece == ":none" {
            // The types of the operands, if there are any; no results.
            return if self.eat(Tok::Colon) { self.types(draft) } else { Ok(()) };
        }
        if piece == ":convert" {
            // The types of the operands, if there are any, and those of the results.
            if self.eat(Tok::Colon) {
                self.types(draft)?;
            }
            self.expect_word("to")?;
            return self.result_types(draft);
        }
        if piece == ":same" {
            // `(types) -> types`, or the one type of all operands and the result.
            return self.stated_types(draft);
        }
        self.expect(Tok::Colon, COLON)?;
        match piece {
            // The type of the operand and that of the result.
            ":cast" => {
                draft.types.push(self.ty()?);
                self.expect_word("to")?;
                draft.spec.results.push(self.ty()?);
            }
            // The types of both operands and that of the result.
            ":scale" => {
                self.types(draft)?;
                self.expect_word("to")?;
                draft.spec.results.push(self.ty()?);
            }
            // The types of the operands, which are those of the results.
            ":each" => {
                self.types(draft)?;
                draft.spec.results.clone_from(&draft.types);
            }
            // The type of the operands and the first result, and that of the second.
            ":carry" => {
                let ty = self.ty()?;
                self.expect(Tok::Comma, "',' and the type of the second result")?;
                draft.types = vec![ty.clone(); 2];
                draft.spec.results = vec![ty, self.ty()?];
            }
            // One type for two operands and two results.
            ":twice" => {
                let ty = self.ty()?;
                draft.types = vec![ty.clone(); 2];
                draft.spec.results = vec![ty; 2];
            }
            // The type of the operands; the result says for each element whether.
            ":truth" => {
                let start = self.tok.start;
                let ty = self.ty()?;
                let result = truth(&ty)
                    .ok_or_else(|| self.error(start, "parse/type", format!("values of type {ty} are not compared")))?;
                draft.types = vec![ty; 2];
                draft.spec.results.push(result);
            }
            // The type of the condition, unless that is `i1`, and the type of the others.
            ":select" => {
                let first = self.ty()?;
                let (condition, ty) = match self.eat(Tok::Comma) {
                    true => (first, self.ty()?),
                    false => (Type::Scalar(Elem::BOOL), first),
                };
                draft.types = vec![condition, ty.clone(), ty.clone()];
                draft.spec.results.push(ty);
            }
            // The type of the result.
            _ => draft.spec.results.push(self.ty()?),
        }
        Ok(())
    }

    fn result_types(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        loop {
            draft.spec.results.push(self.ty()?);
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    /// A word, or the same in quotes, that stands for a number.
    fn keyword(&mut self, draft: &mut Draft<'s>, prop: &str, words: &[&str], elem: Elem) -> Result<()> {
        let tok = self.tok;
        let word = if tok.kind == Tok::Str { self.unescape(tok)? } else { self.text(tok).to_owned() };
        let Some(number) = words.iter().position(|w| *w == word) else {
            return Err(self.expected(&format!("one of {}", words.join(", "))));
        };
        self.bump();
        draft.spec.props.set(prop, Attr::Int(number as i64, elem));
        Ok(())
    }

    /// `<nsw, nuw>`
    fn flags(&mut self, draft: &mut Draft<'s>, prop: &str, kind: &str) -> Result<()> {
        if !self.at(Tok::Less) {
            return Err(self.expected("'<' of a list of flags"));
        }
        let list = self.balanced(self.tok.start)?;
        draft.spec.props.set(prop, Attr::Opaque(Arc::from(format!("#arith.{kind}{list}"))));
        Ok(())
    }
}

/// The type of comparisons of values of a type.
fn truth(ty: &Type) -> Option<Type> {
    match ty {
        Type::Tensor(t) => Some(Type::Tensor(t.with_elem(Elem::BOOL))),
        Type::Vector(shape, _) => Some(Type::Vector(shape.clone(), Elem::BOOL)),
        Type::Scalar(_) => Some(Type::Scalar(Elem::BOOL)),
        _ => None,
    }
}
