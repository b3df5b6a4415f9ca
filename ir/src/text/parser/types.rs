//! Types.

use std::sync::Arc;

use super::carried::wrong_type;
use super::{Meaning, Parser, Result};
use crate::text::lexer::Tok;
use crate::types::{Dim, Elem, FunctionType, Sign, TensorType, Type};

/// Builtin types that have no form of their own in the IR.
const CARRIED: &[&str] = &[
    "f4E2M1FN",
    "f6E2M3FN",
    "f6E3M2FN",
    "f8E3M4",
    "f8E4M3",
    "f8E4M3B11FNUZ",
    "f8E4M3FN",
    "f8E4M3FNUZ",
    "f8E5M2",
    "f8E5M2FNUZ",
    "f8E8M0FNU",
    "f80",
    "f128",
    "tf32",
];

/// `i8`, `si8`, `ui8`; those of widths that nothing computes with are carried whole.
pub(super) fn integer(name: &str) -> Option<Elem> {
    const WIDEST: u32 = (1 << 24) - 1;
    let (digits, sign) = match name.as_bytes() {
        [b's', b'i', ..] => (&name[2..], Sign::Signed),
        [b'u', b'i', ..] => (&name[2..], Sign::Unsigned),
        [b'i', ..] => (&name[1..], Sign::Signless),
        _ => return None,
    };
    let number = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let width: u32 = number.then_some(digits)?.parse().ok().filter(|w| *w <= WIDEST)?;
    Some(match u16::try_from(width) {
        Ok(w @ 1..) => Elem::Int(w, sign),
        _ => Elem::Opaque(name.into()),
    })
}

/// An element type that is one word.
fn word(name: &str) -> Option<Elem> {
    Some(match name {
        "f32" => Elem::F32,
        "f16" => Elem::F16,
        "bf16" => Elem::BF16,
        "f64" => Elem::F64,
        "index" => Elem::Index,
        _ if CARRIED.contains(&name) => Elem::Opaque(name.into()),
        _ => return integer(name),
    })
}

impl Parser<'_, '_> {
    /// Whether a type begins here.
    pub(super) fn at_type(&self) -> bool {
        match self.tok.kind {
            Tok::Bang | Tok::LParen => true,
            Tok::Bare => {
                let name = self.text(self.tok);
                matches!(name, "tensor" | "vector" | "tuple" | "complex" | "memref" | "none") || word(name).is_some()
            }
            _ => false,
        }
    }

    pub(super) fn ty(&mut self) -> Result<Type> {
        self.made += 1;
        self.deeper(|p| match p.tok.kind {
            Tok::LParen => p.function_type().map(|f| Type::Function(Arc::new(f))),
            Tok::Bang => p.dialect_type(),
            Tok::Bare => p.builtin_type(),
            _ => Err(p.expected("a type")),
        })
    }

    fn builtin_type(&mut self) -> Result<Type> {
        let name = self.text(self.tok);
        match name {
            "tensor" => self.tensor_type().map(Type::Tensor),
            "none" => {
                self.bump();
                Ok(Type::None)
            }
            "complex" => {
                self.bump();
                self.expect(Tok::Less, "'<' of a complex type")?;
                let part = self.elem()?;
                self.expect(Tok::Greater, "'>' of a complex type")?;
                Ok(Type::Scalar(Elem::Complex(Box::new(part))))
            }
            "tuple" => {
                self.bump();
                self.expect(Tok::Less, "'<' of a tuple type")?;
                let mut types = Vec::new();
                self.list(Tok::Greater, "',' or '>' in a tuple type", |p| {
                    types.push(p.ty()?);
                    Ok(())
                })?;
                Ok(Type::Tuple(types))
            }
            "vector" => self.vector_type(),
            "memref" => {
                let start = self.bump().start;
                if !self.at(Tok::Less) {
                    return Err(self.expected("'<' of a memref type"));
                }
                self.balanced(start).map(|text| Type::Opaque(text.into()))
            }
            _ => match word(name) {
                Some(elem) => {
                    self.bump();
                    Ok(Type::Scalar(elem))
                }
                None => Err(self.expected("a type")),
            },
        }
    }

    /// `(A, B) -> C`
    pub(super) fn function_type(&mut self) -> Result<FunctionType> {
        self.expect(Tok::LParen, "'(' of a function type")?;
        let mut inputs = Vec::new();
        self.list(Tok::RParen, "',' or ')' in a list of types", |p| {
            inputs.push(p.ty()?);
            Ok(())
        })?;
        self.expect(Tok::Arrow, "'->' of a function type")?;
        let mut results = Vec::new();
        if self.eat(Tok::LParen) {
            self.list(Tok::RParen, "',' or ')' in a list of types", |p| {
                results.push(p.ty()?);
                Ok(())
            })?;
        } else {
            results.push(self.ty()?);
        }
        Ok(FunctionType { inputs, results })
    }

    /// A type that may be the element of a tensor.
    pub(super) fn elem(&mut self) -> Result<Elem> {
        let start = self.tok.start;
        Ok(match self.ty()? {
            Type::Scalar(e) => e,
            Type::Opaque(text) => Elem::Opaque(text),
            t @ Type::Vector(..) => Elem::Opaque(t.to_string().into()),
            t => return Err(self.error(start, "parse/type", format!("{t} is no type of an element"))),
        })
    }

    // ---- shapes ----

    /// `4x?x`: the dimensions before an element type. They are read by bytes: to the lexer `x8xf32` is one word and `0x4` one number.
    fn dims(&mut self) -> Result<Vec<Dim>> {
        let bytes = self.src.as_bytes();
        let blank = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let mut dims = Vec::new();
        let mut at = self.tok.start;
        loop {
            let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            let (dim, end) = match bytes.get(at) {
                Some(b'?') => (None, at + 1),
                Some(_) if digits > 0 => match self.src[at..at + digits].parse::<i64>() {
                    Ok(n) => (usize::try_from(n).ok(), at + digits),
                    Err(_) => return Err(self.error(at, "parse/type", "this dimension is too large")),
                },
                _ => break,
            };
            let by = blank(end);
            if bytes.get(by) != Some(&b'x') {
                self.seek(by);
                return Err(self.expected("'x' behind a dimension"));
            }
            dims.push(dim);
            at = blank(by + 1);
        }
        self.seek(at);
        Ok(dims)
    }

    fn tensor_type(&mut self) -> Result<TensorType> {
        self.bump();
        self.expect(Tok::Less, "'<' of a tensor type")?;
        let shape = if self.eat(Tok::Star) {
            // The `x` begins the word of the element type.
            if !self.at(Tok::Bare) || !self.text(self.tok).starts_with('x') {
                return Err(self.expected("'x' behind '*'"));
            }
            self.seek(self.tok.start + 1);
            None
        } else {
            Some(self.dims()?)
        };
        let elem = self.elem()?;
        let encoding = if self.eat(Tok::Comma) { Some(Box::new(self.attr()?)) } else { None };
        self.expect(Tok::Greater, "'>' of a tensor type")?;
        Ok(TensorType { shape, elem, encoding })
    }

    fn vector_type(&mut self) -> Result<Type> {
        let start = self.bump();
        let open = self.tok;
        self.expect(Tok::Less, "'<' of a vector type")?;
        let dims = self.dims()?;
        if self.at(Tok::LSquare) {
            // Scalable dimensions: carried whole.
            self.seek(open.start);
            return self.balanced(start.start).map(|text| Type::Opaque(text.into()));
        }
        let elem = self.elem()?;
        self.expect(Tok::Greater, "'>' of a vector type")?;
        let sizes = dims.into_iter().collect::<Option<Vec<usize>>>();
        sizes
            .map(|s| Type::Vector(s, elem))
            .ok_or_else(|| self.error(start.start, "parse/type", "a vector type has no '?'"))
    }

    // ---- dialects ----

    /// `!alias`, `!quant.uniform<…>`, `!dialect.name<…>`, `!dialect<…>`
    fn dialect_type(&mut self) -> Result<Type> {
        let tok = self.tok;
        match self.text(tok) {
            "!quant.uniform" => return self.uniform_type(tok),
            "!quant.any" => return self.any_type(),
            "!quant.calibrated" => return self.calibrated_type(),
            _ => {}
        }
        self.bump();
        let body = self.at(Tok::Less) && self.tok.start == tok.end;
        let text = match (self.text(tok), body) {
            (name, false) if !name.contains('.') => {
                return match self.alias(tok)? {
                    Meaning::Type(t) => Ok(t),
                    Meaning::Attr(..) => Err(self.error(tok.start, "parse/alias", format!("'{name}' is no type"))),
                };
            }
            ("!tf_type.string", false) => return Ok(Type::Scalar(Elem::String)),
            ("!tf_type.resource", false) => return Ok(Type::Scalar(Elem::Resource)),
            ("!tf_type.variant", false) => return Ok(Type::Scalar(Elem::Variant)),
            (name, false) => name.to_owned(),
            (_, true) => self.balanced(tok.start)?,
        };
        match wrong_type(&text) {
            Some(wrong) => Err(self.error(tok.start, "parse/type", wrong)),
            None => Ok(Type::Opaque(text.into())),
        }
    }
}
