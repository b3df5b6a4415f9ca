//! Pieces of short forms that stand for one property: `dims = [0, 1]`, `type = RFFT`, `[0:4:2]`.

use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attr;
use crate::tensor::Tensor;
use crate::text::lexer::Tok;
use crate::types::Elem;

impl<'s> Parser<'s, '_> {
    /// `label=kind:property` or `kind:property`. A kind is that of an attribute, or the mnemonic of an enumeration of `stablehlo`.
    pub(super) fn labelled(&mut self, draft: &mut Draft<'s>, piece: &str) -> Result<()> {
        let (label, rest) = piece.split_once('=').map_or((None, piece), |(label, rest)| (Some(label), rest));
        if let Some(label) = label {
            self.expect_word(label)?;
            self.expect(Tok::Equal, "'=' and the value")?;
        }
        let (kind, property) = rest.split_once(':').unwrap_or((rest, rest));
        let value = match kind {
            "i32" => Attr::Int(self.int_value(&Elem::I32)?, Elem::I32),
            "i64" => Attr::i64(self.int64()?),
            "i64s" => Attr::DenseArray(Elem::I64, self.int64s()?),
            "text" => {
                let tok = self.expect(Tok::Str, "a string")?;
                Attr::str(self.unescape(tok)?)
            }
            "attr" => self.attr()?,
            mnemonic => {
                let word = self.expect(Tok::Bare, "a keyword")?;
                Attr::Opaque(format!("#stablehlo<{mnemonic} {}>", self.text(word)).into())
            }
        };
        draft.spec.props.set(property, value);
        Ok(())
    }

    /// `[1, 2]`
    fn int64s(&mut self) -> Result<Vec<i64>> {
        let mut out = Vec::new();
        self.expect(Tok::LSquare, "'[' of a list of numbers")?;
        self.list(Tok::RSquare, "',' or ']' in a list of numbers", |p| {
            out.push(p.int64()?);
            Ok(())
        })?;
        Ok(out)
    }

    /// `[0:4, 1:8:2]`: where a slice starts and ends, and its strides.
    pub(super) fn slice_ranges(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        let (mut starts, mut limits, mut strides) = (Vec::new(), Vec::new(), Vec::new());
        self.expect(Tok::LSquare, "'[' of the ranges of a slice")?;
        self.list(Tok::RSquare, "',' or ']' in the ranges of a slice", |p| {
            starts.push(p.int64()?);
            p.expect(Tok::Colon, "':' in a range")?;
            limits.push(p.int64()?);
            strides.push(if p.eat(Tok::Colon) { p.int64()? } else { 1 });
            Ok(())
        })?;
        for (name, values) in [("start_indices", starts), ("limit_indices", limits), ("strides", strides)] {
            draft.spec.props.set(name, Attr::DenseArray(Elem::I64, values));
        }
        Ok(())
    }

    /// `e5m10`: bits of an exponent and a mantissa.
    pub(super) fn float_format(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        let tok = self.tok;
        let parts = self.text(tok).strip_prefix('e').and_then(|t| t.split_once('m'));
        let Some((Ok(exponent), Ok(mantissa))) = parts.map(|(e, m)| (e.parse(), m.parse())) else {
            return Err(self.expected("the bits of an exponent and a mantissa, such as 'e5m10'"));
        };
        self.bump();
        draft.spec.props.set("exponent_bits", Attr::i32(exponent));
        draft.spec.props.set("mantissa_bits", Attr::i32(mantissa));
        Ok(())
    }

    /// `batching_dims = [0] x [0], contracting_dims = [2] x [1]`
    pub(super) fn dot_dimensions(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        let mut fields = Vec::new();
        let batching = self.at_word("batching_dims");
        if batching {
            self.dimension_pair("batching", &mut fields)?;
            self.expect(Tok::Comma, "',' and the dimensions that are contracted")?;
        }
        self.dimension_pair("contracting", &mut fields)?;
        draft
            .spec
            .props
            .set("dot_dimension_numbers", Attr::Opaque(format!("#stablehlo.dot<{}>", fields.join(", ")).into()));
        Ok(())
    }

    fn dimension_pair(&mut self, what: &str, fields: &mut Vec<String>) -> Result<()> {
        self.expect_word(&format!("{what}_dims"))?;
        self.expect(Tok::Equal, "'=' and two lists of dimensions")?;
        for side in ["lhs", "rhs"] {
            if side == "rhs" {
                self.expect_word("x")?;
            }
            let dims = self.int64s()?;
            // Upstream writes no empty lists.
            if !dims.is_empty() {
                fields.push(format!("{side}_{what}_dimensions = {dims:?}"));
            }
        }
        Ok(())
    }

    /// `, precision = [DEFAULT, HIGH], algorithm = <…>`, both of which may be left out.
    pub(super) fn precision(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        while self.eat(Tok::Comma) {
            if self.eat_word("algorithm") {
                self.expect(Tok::Equal, "'=' and an algorithm")?;
                if !self.at(Tok::Less) {
                    return Err(self.expected("'<' of an algorithm"));
                }
                let text = self.balanced(self.tok.start)?;
                draft.spec.props.set("algorithm", Attr::Opaque(format!("#stablehlo.dot_algorithm{text}").into()));
                return Ok(());
            }
            self.expect_word("precision")?;
            self.expect(Tok::Equal, "'=' and a list of precisions")?;
            self.expect(Tok::LSquare, "'[' of a list of precisions")?;
            let mut all = Vec::new();
            self.list(Tok::RSquare, "',' or ']' in a list of precisions", |p| {
                let word = p.expect(Tok::Bare, "a precision")?;
                all.push(Attr::Opaque(format!("#stablehlo<precision {}>", p.text(word)).into()));
                Ok(())
            })?;
            draft.spec.props.set("precision_config", Attr::Array(all));
        }
        Ok(())
    }

    /// `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`: which dimensions of a convolution are which.
    pub(super) fn convolution_dimensions(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        let mut text = String::new();
        for between in ["x", "->", ""] {
            if !self.at(Tok::LSquare) {
                return Err(self.expected("'[' of a list of dimensions"));
            }
            text += &self.balanced(self.tok.start)?;
            match between {
                "x" => self.expect_word("x")?,
                "->" => drop(self.expect(Tok::Arrow, "'->' and the dimensions of the result")?),
                _ => {}
            }
            text += between;
        }
        draft.spec.props.set("dimension_numbers", Attr::Opaque(format!("#stablehlo.conv<{text}>").into()));
        Ok(())
    }

    /// `{stride = [2, 2], pad = [[1, 1], [0, 0]], rhs_dilate = [1, 1], reverse = [false, false]}`
    pub(super) fn window(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        const LISTS: &[(&str, &str)] =
            &[("stride", "window_strides"), ("lhs_dilate", "lhs_dilation"), ("rhs_dilate", "rhs_dilation")];
        self.expect(Tok::LBrace, "'{' of a window")?;
        self.list(Tok::RBrace, "',' or '}' in a window", |p| {
            let word = p.tok;
            let name = p.text(word);
            p.bump();
            p.expect(Tok::Equal, "'=' and a list of numbers")?;
            let (property, value) = match name {
                "pad" => ("padding", p.padding()?),
                "reverse" => ("window_reversal", Attr::DenseArray(Elem::BOOL, p.flags_list()?)),
                _ => match LISTS.iter().find(|(label, _)| *label == name) {
                    Some((_, property)) => (*property, Attr::DenseArray(Elem::I64, p.int64s()?)),
                    None => return Err(p.syntax(word.start, format!("'{name}' is no part of a window"))),
                },
            };
            draft.spec.props.set(property, value);
            Ok(())
        })
    }

    /// `[[1, 1], [0, 0]]`
    fn padding(&mut self) -> Result<Attr> {
        let mut all = Vec::new();
        self.expect(Tok::LSquare, "'[' of a list of paddings")?;
        self.list(Tok::RSquare, "',' or ']' in a list of paddings", |p| {
            let start = p.tok.start;
            match p.int64s()?[..] {
                [low, high] => all.extend([low, high]),
                _ => return Err(p.syntax(start, "a padding has two numbers")),
            }
            Ok(())
        })?;
        Ok(Attr::Dense(Tensor::i64(&[all.len() / 2, 2], all)))
    }

    /// `[false, true]`, `[0, 1]`
    fn flags_list(&mut self) -> Result<Vec<i64>> {
        let mut all = Vec::new();
        self.expect(Tok::LSquare, "'[' of a list of flags")?;
        self.list(Tok::RSquare, "',' or ']' in a list of flags", |p| {
            let flag = if p.eat_word("true") {
                1
            } else if p.eat_word("false") {
                0
            } else {
                i64::from(p.int64()? != 0)
            };
            all.push(flag);
            Ok(())
        })?;
        Ok(all)
    }
}
