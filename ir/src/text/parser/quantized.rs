//! Quantized types. What they hold is checked here as far as upstream does: ranges of storage, scales and calibration.

use std::sync::Arc;

use super::types::integer;
use super::{Parser, Result};
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, F64, QuantParams, QuantType, Sign, Type};

impl Parser<'_, '_> {
    /// `<i8<-127:127>:f32`, as all quantized types begin.
    fn storage(&mut self) -> Result<QuantType> {
        self.bump();
        self.expect(Tok::Less, "'<' of a quantized type")?;
        let tok = self.tok;
        let name = self.text(tok);
        // The dialect writes `u8` where builtin types say `ui8`.
        let storage = match name.strip_prefix('u') {
            Some(width) if !width.starts_with('i') => integer(&format!("ui{width}")),
            _ => integer(name),
        };
        let marked = name.starts_with("si") || name.starts_with("ui");
        let Some(Elem::Int(width @ 1..=32, sign)) = storage.filter(|_| tok.kind == Tok::Bare) else {
            return Err(self.expected("a storage type of at most 32 bits"));
        };
        self.bump();
        let signed = sign != Sign::Unsigned;
        let (lowest, highest) = QuantType::default_range(signed, width);
        let (min, max) = if self.eat(Tok::Less) {
            let min = self.int64()?;
            self.expect(Tok::Colon, "':' in a storage range")?;
            let max = self.int64()?;
            self.expect(Tok::Greater, "'>' of a storage range")?;
            if min < lowest || max > highest || min >= max {
                let text = format!("{min}:{max} is no range of {name}, which holds {lowest}:{highest}");
                return Err(self.error(tok.start, "parse/type", text));
            }
            (min, max)
        } else {
            (lowest, highest)
        };
        let expressed = if self.eat(Tok::Colon) { Some(self.expressed()?) } else { None };
        Ok(QuantType { signed, marked, width, min, max, expressed, params: QuantParams::Any })
    }

    pub(super) fn any_type(&mut self) -> Result<Type> {
        let q = self.storage()?;
        self.expect(Tok::Greater, "'>' of a quantized type")?;
        Ok(quantized(q))
    }

    pub(super) fn calibrated_type(&mut self) -> Result<Type> {
        self.bump();
        self.expect(Tok::Less, "'<' of a calibrated type")?;
        let expressed = Some(self.expressed()?);
        let start = self.tok.start;
        self.expect(Tok::Less, "'<' of a range")?;
        let min = F64(self.double()?);
        self.expect(Tok::Colon, "':' of a range")?;
        let max = F64(self.double()?);
        self.expect(Tok::Greater, "'>' of a range")?;
        self.expect(Tok::Greater, "'>' of a calibrated type")?;
        if min.0 >= max.0 {
            return Err(self.error(start, "parse/type", format!("{}:{} is no range", min.0, max.0)));
        }
        let params = QuantParams::Calibrated { min, max };
        Ok(quantized(QuantType { signed: true, marked: false, width: 0, min: 0, max: 0, expressed, params }))
    }

    pub(super) fn uniform_type(&mut self, name: Token) -> Result<Type> {
        let mut q = self.storage()?;
        let Some(expressed) = q.expressed.clone() else {
            return Err(self.error(name.start, "parse/type", "a uniform type states the type it expresses"));
        };
        let axes = if self.eat(Tok::Colon) { self.axes()? } else { Axes::None };
        self.expect(Tok::Comma, "',' before the scales")?;
        q.params = match axes {
            Axes::None => {
                let (scale, zero_point) = self.scale(&expressed)?;
                QuantParams::PerTensor { scale, zero_point }
            }
            Axes::One(axis) => {
                let (mut scales, mut zero_points) = (Vec::new(), Vec::new());
                self.expect(Tok::LBrace, "'{' of a list of scales")?;
                self.list(Tok::RBrace, "',' or '}' in a list of scales", |p| {
                    let (s, z) = p.scale(&expressed)?;
                    scales.push(s);
                    zero_points.push(z);
                    Ok(())
                })?;
                QuantParams::PerAxis { axis, scales, zero_points }
            }
            Axes::Blocks(blocks) => {
                let mut shape = Vec::new();
                let mut pairs = Vec::new();
                self.scales(&expressed, &mut shape, &mut pairs, 0)?;
                let (scales, zero_points) = pairs.into_iter().unzip();
                let shape = shape.into_iter().map(Option::unwrap_or_default).collect();
                QuantParams::SubChannel { blocks, shape, scales, zero_points }
            }
        };
        self.expect(Tok::Greater, "'>' of a quantized type")?;
        Ok(quantized(q))
    }

    fn axes(&mut self) -> Result<Axes> {
        if !self.eat(Tok::LBrace) {
            return self.size().map(Axes::One);
        }
        let mut blocks = Vec::new();
        self.list(Tok::RBrace, "',' or '}' in a list of block sizes", |p| {
            let axis = p.size()?;
            p.expect(Tok::Colon, "':' before a block size")?;
            let start = p.tok.start;
            match p.size()? {
                0 => return Err(p.error(start, "parse/type", "a block of no elements")),
                size => blocks.push((axis, size)),
            }
            Ok(())
        })?;
        Ok(Axes::Blocks(blocks))
    }

    /// Nested lists of scales; `shape` gets the length of each level, which every list there must have.
    fn scales(
        &mut self,
        expressed: &Elem,
        shape: &mut Vec<Option<usize>>,
        out: &mut Vec<(F64, i64)>,
        level: usize,
    ) -> Result<()> {
        let start = self.expect(Tok::LBrace, "'{' of a list of scales")?;
        if shape.len() == level {
            shape.push(None);
        }
        let mut count = 0;
        self.list(Tok::RBrace, "',' or '}' in a list of scales", |p| {
            count += 1;
            // Scales stand at one level: the deepest of the first of them.
            let innermost = shape.len() == level + 1;
            if p.at(Tok::LBrace) && (!innermost || out.is_empty()) {
                return p.deeper(|p| p.scales(expressed, shape, out, level + 1));
            }
            if !innermost {
                return Err(p.expected("'{' of a list of scales"));
            }
            out.push(p.scale(expressed)?);
            Ok(())
        })?;
        if *shape[level].get_or_insert(count) == count {
            return Ok(());
        }
        Err(self.error(start.start, "parse/type", "the lists of scales differ in length"))
    }

    /// `0.5`, `0.5:-3`. A scale is positive, and of the type that is expressed.
    fn scale(&mut self, expressed: &Elem) -> Result<(F64, i64)> {
        let start = self.tok.start;
        let scale = F64(self.double()?);
        if let Some((least, most)) = positive(expressed)
            && !(least..=most).contains(&scale.0)
        {
            let text =
                format!("scale {:e} is not from {least:e} to {most:e}, as the type that it expresses is", scale.0);
            return Err(self.error(start, "parse/type", text));
        }
        let zero_point = if self.eat(Tok::Colon) { self.int64()? } else { 0 };
        Ok((scale, zero_point))
    }

    /// The type that is expressed: a float.
    fn expressed(&mut self) -> Result<Elem> {
        let start = self.tok.start;
        match self.elem()? {
            elem if elem.is_float() || matches!(elem, Elem::Opaque(_)) => Ok(elem),
            elem => {
                let text = format!("{} is no type of floats", Type::Scalar(elem));
                Err(self.error(start, "parse/type", text))
            }
        }
    }

    fn size(&mut self) -> Result<usize> {
        let start = self.tok.start;
        let n = self.int64()?;
        usize::try_from(n).map_err(|_| self.error(start, "parse/literal", format!("{n} is negative")))
    }
}

enum Axes {
    None,
    One(usize),
    Blocks(Vec<(usize, usize)>),
}

/// The least and the largest positive number of a type of floats.
fn positive(elem: &Elem) -> Option<(f64, f64)> {
    match elem {
        Elem::F16 => Some((2f64.powi(-24), 65504.0)),
        Elem::BF16 => Some((2f64.powi(-133), 255.0 * 2f64.powi(120))),
        Elem::F32 => Some((f64::from(f32::from_bits(1)), f64::from(f32::MAX))),
        Elem::F64 => Some((f64::from_bits(1), f64::MAX)),
        _ => None,
    }
}

fn quantized(q: QuantType) -> Type {
    Type::Scalar(Elem::Quant(Arc::new(q)))
}
