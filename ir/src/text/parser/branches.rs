//! Branches to blocks, in their short forms.

use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attr;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, Type};

impl<'s> Parser<'s, '_> {
    /// `cf.br ^bb1(%0 : type)`
    pub(super) fn branch_form(&mut self, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        self.successor(&mut draft)?;
        draft.spec.attrs = self.optional_dict()?;
        Ok(draft)
    }

    /// `cf.cond_br %0 weights([1, 2]), ^bb1(%1 : type), ^bb2`
    pub(super) fn condition_form(&mut self, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        draft.uses.push(self.value_use()?);
        draft.types.push(Type::Scalar(Elem::BOOL));
        if self.eat_word("weights") {
            let weights = self.weights()?;
            draft.spec.props.set("branch_weights", Attr::DenseArray(Elem::I32, weights));
        }
        self.expect(Tok::Comma, "',' behind the condition")?;
        let yes = self.successor(&mut draft)?;
        self.expect(Tok::Comma, "',' between two blocks")?;
        let no = self.successor(&mut draft)?;
        draft.spec.attrs = self.optional_dict()?;
        draft.spec.props.set("operandSegmentSizes", Attr::DenseArray(Elem::I32, vec![1, yes, no]));
        Ok(draft)
    }

    /// `([1, 2])`
    fn weights(&mut self) -> Result<Vec<i64>> {
        let mut weights = Vec::new();
        self.expect(Tok::LParen, "'(' of a list of weights")?;
        self.expect(Tok::LSquare, "'[' of a list of weights")?;
        self.list(Tok::RSquare, "',' or ']' in a list of weights", |p| {
            weights.push(p.int_value(&Elem::I32)?);
            Ok(())
        })?;
        self.expect(Tok::RParen, "')' of a list of weights")?;
        Ok(weights)
    }

    /// `cf.switch %0 : i32, [default: ^bb1, 42: ^bb2(%1 : type)]`
    pub(super) fn switch_form(&mut self, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        draft.uses.push(self.value_use()?);
        self.expect(Tok::Colon, "':' and the type of the flag")?;
        let (start, ty) = (self.tok.start, self.ty()?);
        let Type::Scalar(flag @ Elem::Int(..)) = &ty else {
            return Err(self.error(start, "parse/type", format!("a switch is over an integer, not {ty}")));
        };
        draft.types.push(ty.clone());
        self.expect(Tok::Comma, "',' in front of the cases")?;
        self.expect(Tok::LSquare, "'[' of a list of cases")?;
        self.expect_word("default")?;
        self.expect(Tok::Colon, "':' behind a case")?;
        let default = self.successor(&mut draft)?;
        let (mut values, mut operands) = (Vec::new(), Vec::new());
        while self.eat(Tok::Comma) {
            values.push(self.int_value(flag)?);
            self.expect(Tok::Colon, "':' behind a case")?;
            operands.push(self.successor(&mut draft)?);
        }
        self.expect(Tok::RSquare, "',' or ']' in a list of cases")?;
        draft.spec.attrs = self.optional_dict()?;
        let segments = vec![1, default, operands.iter().sum()];
        let props = &mut draft.spec.props;
        if !values.is_empty() {
            let list = values.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            let text = format!("dense<[{list}]> : vector<{}x{flag}>", values.len());
            props.set("case_values", Attr::Opaque(text.into()));
        }
        props.set("case_operand_segments", Attr::DenseArray(Elem::I32, operands));
        props.set("operandSegmentSizes", Attr::DenseArray(Elem::I32, segments));
        Ok(draft)
    }

    /// `^bb1(%0, %1 : type, type)`: a block and the operands that are its arguments, which are counted.
    fn successor(&mut self, draft: &mut Draft<'s>) -> Result<i64> {
        draft.successors.push(self.expect(Tok::Caret, "the name of a block")?);
        let before = draft.uses.len();
        if self.eat(Tok::LParen) {
            self.typed_uses(draft, "':' and the types of a block's arguments")?;
            self.expect(Tok::RParen, "')' of a list of block arguments")?;
        }
        Ok((draft.uses.len() - before) as i64)
    }
}
