//! Short forms of operations that the IR has no rows for: a table of their shapes.

use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attrs;
use crate::text::lexer::{Tok, Token};

/// What stands behind the name of an operation in its short form.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// `{…} dense<…> : type`: attribute `value`, and its type.
    Value,
    /// `%0, %1 {…} : type`, or a function type.
    Operands,
    /// `{…} %0, %1 : type, type`: results have the types of the operands.
    Same,
    /// `%0 {…} : type to type`
    Cast,
    /// `"name" %0 {…} : (types) -> types`: the string is the attribute of this name.
    Named(&'static str),
    /// `%0 {…} : type`, without results.
    End,
}

/// Dialects that upstream registers: which of their operations have which shape.
const SHAPES: &[(&str, Shape, &str)] = &[
    ("arith", Shape::Cast, "bitcast extf extsi extui fptosi fptoui index_cast sitofp truncf trunci uitofp"),
    (
        "arith",
        Shape::Operands,
        "addf addi andi divf divsi maximumf maxsi minimumf minsi mulf muli negf ori remsi subf subi xori",
    ),
    ("quant", Shape::Cast, "dcast qcast scast"),
    ("stablehlo", Shape::End, "return"),
    ("stablehlo", Shape::Named("name"), "composite"),
    (
        "stablehlo",
        Shape::Operands,
        "abs add and bitcast_convert ceil convert cosine divide exponential floor log logistic maximum minimum multiply \
         negate not or power remainder reshape rsqrt sign sine sqrt subtract tanh xor",
    ),
    ("stablehlo", Shape::Same, "optimization_barrier"),
    ("stablehlo", Shape::Value, "constant"),
];

/// The shape of an operation's short form.
pub(super) fn shape(name: &str) -> Option<Shape> {
    let (dialect, op) = name.split_once('.')?;
    let row = SHAPES.iter().find(|(d, _, ops)| *d == dialect && ops.split(' ').any(|o| o == op));
    row.map(|(_, shape, _)| *shape)
}

impl<'s> Parser<'s, '_> {
    /// The short form of an operation of [`SHAPES`].
    pub(super) fn shaped_form(&mut self, tok: Token, name: &'s str, shape: Shape) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, name)?;
        self.bump();
        let mut draft = Draft::new(name);
        match shape {
            Shape::Value => return self.value_form(draft),
            Shape::Operands => {
                self.uses(&mut draft)?;
                draft.spec.attrs = self.optional_dict()?;
                self.stated_types(&mut draft)?;
            }
            Shape::Same => {
                draft.spec.attrs = self.optional_dict()?;
                self.typed_uses(&mut draft, "':' and the types of the operands")?;
                draft.spec.results = draft.types.clone();
            }
            Shape::Cast => {
                draft.uses.push(self.value_use()?);
                draft.spec.attrs = self.optional_dict()?;
                self.expect(Tok::Colon, "':' and the type of the operand")?;
                draft.types.push(self.ty()?);
                self.expect_word("to")?;
                draft.spec.results.push(self.ty()?);
            }
            Shape::Named(attr) => {
                let name = self.attr()?;
                draft.spec.props.set(attr, name);
                if self.at(Tok::Percent) {
                    self.uses(&mut draft)?;
                }
                draft.spec.props = merged(draft.spec.props, self.optional_dict()?);
                self.stated_types(&mut draft)?;
            }
            Shape::End => {
                if self.at(Tok::Percent) {
                    self.uses(&mut draft)?;
                }
                draft.spec.attrs = self.optional_dict()?;
                if self.eat(Tok::Colon) {
                    self.types(&mut draft)?;
                }
            }
        }
        Ok(draft)
    }
}

/// Both lists; an attribute of both is the second one's.
fn merged(mut attrs: Attrs, more: Attrs) -> Attrs {
    for (name, value) in more.iter() {
        attrs.set(name.clone(), value.clone());
    }
    attrs
}
