//! Attributes.

use std::sync::Arc;

use super::carried::wrong_attr;
use super::{Meaning, Parser, Result};
use crate::attr::{Attr, Attrs};
use crate::bytestr;
use crate::text::float;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, F64, Sign, TensorType, Type};

/// An attribute and, where its text states one, its type.
pub(super) type Typed = (Attr, Option<Type>);

impl Parser<'_, '_> {
    pub(super) fn attr(&mut self) -> Result<Attr> {
        self.typed_attr().map(|(a, _)| a)
    }

    pub(super) fn typed_attr(&mut self) -> Result<Typed> {
        self.made += 1;
        self.deeper(|p| {
            let attr = match p.tok.kind {
                Tok::Str => return p.string_attr(),
                Tok::Int | Tok::Float | Tok::Minus => return p.number_attr(),
                Tok::Hash => return p.dialect_attr(),
                Tok::Bare => return p.word_attr(),
                Tok::At => p.symbol_attr()?,
                Tok::LSquare => p.array_attr()?,
                Tok::LBrace => Attr::Dict(p.dict()?),
                _ if p.at_type() => Attr::Type(p.ty()?),
                _ => return Err(p.expected("an attribute")),
            };
            Ok((attr, None))
        })
    }

    /// An attribute that begins with a word.
    fn word_attr(&mut self) -> Result<Typed> {
        let tok = self.tok;
        let attr = match self.text(tok) {
            b @ ("true" | "false") => {
                self.bump();
                return Ok((Attr::Bool(b == "true"), Some(Type::Scalar(Elem::BOOL))));
            }
            "unit" => {
                self.bump();
                Attr::Unit
            }
            "loc" => Attr::Loc(self.location()?),
            "dense" => return self.dense_attr(),
            "dense_resource" => return self.resource_attr(),
            "sparse" => return self.sparse_attr(),
            "array" => self.dense_array()?,
            "affine_map" | "affine_set" | "strided" => {
                self.bump();
                self.carried(tok)?
            }
            "distinct" => self.distinct_attr()?,
            _ if self.at_type() => Attr::Type(self.ty()?),
            _ => return Err(self.expected("an attribute")),
        };
        Ok((attr, None))
    }

    /// An attribute in `<…>` whose text is kept.
    fn carried(&mut self, from: Token) -> Result<Attr> {
        if self.at(Tok::Less) { Ok(Attr::Opaque(self.balanced(from.start)?.into())) } else { Err(self.expected("'<'")) }
    }

    fn distinct_attr(&mut self) -> Result<Attr> {
        let start = self.bump();
        self.expect(Tok::LSquare, "'[' of a distinct attribute")?;
        self.expect(Tok::Int, "a number")?;
        self.expect(Tok::RSquare, "']' of a distinct attribute")?;
        self.carried(start)
    }

    /// `#alias`, `#dialect.name<…>`, `#dialect<…>`
    fn dialect_attr(&mut self) -> Result<Typed> {
        let tok = self.bump();
        let name = self.text(tok);
        if self.at(Tok::Less) && self.tok.start == tok.end {
            let text = self.balanced(tok.start)?;
            return self.known_attr(tok, text);
        }
        if name.contains('.') {
            return self.known_attr(tok, name.to_owned());
        }
        match self.alias(tok)? {
            Meaning::Attr(a, t) => Ok((a, t)),
            Meaning::Type(_) => Err(self.error(tok.start, "parse/alias", format!("'{name}' is no attribute"))),
        }
    }

    fn known_attr(&mut self, tok: Token, text: String) -> Result<Typed> {
        match wrong_attr(&text) {
            Some(wrong) => Err(self.error(tok.start, "parse/attribute", wrong)),
            None => self.carried_typed(text),
        }
    }

    // ---- strings and names ----

    /// `"text"`; one with a type is carried whole.
    fn string_attr(&mut self) -> Result<Typed> {
        let tok = self.bump();
        let text = self.unescape(tok)?;
        if self.at(Tok::Colon) {
            return self.carried_typed(Attr::Str(text.into()).to_string());
        }
        Ok((Attr::Str(text.into()), None))
    }

    /// An attribute that is carried whole, with the type that may stand behind it.
    fn carried_typed(&mut self, text: String) -> Result<Typed> {
        if !self.eat(Tok::Colon) {
            return Ok((Attr::Opaque(text.into()), None));
        }
        let ty = self.ty()?;
        Ok((Attr::Opaque(format!("{text} : {ty}").into()), Some(ty)))
    }

    /// The contents of a string, or of the string of an `@"…"`.
    pub(super) fn unescape(&mut self, tok: Token) -> Result<String> {
        let text = self.text(tok);
        let quoted = text.strip_prefix('@').unwrap_or(text);
        let Some(inner) = quoted.strip_prefix('"') else { return Ok(quoted.to_owned()) };
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        let mut out = Vec::with_capacity(inner.len());
        let mut parts = inner.split('\\');
        out.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
        while let Some(part) = parts.next() {
            let bytes = part.as_bytes();
            let (b, used) = match bytes {
                // `\\` splits into an empty part and the text behind it.
                [] => match parts.next() {
                    Some(next) => {
                        out.push(b'\\');
                        out.extend_from_slice(next.as_bytes());
                        continue;
                    }
                    None => return Err(self.syntax(tok.start, "a string ends within an escape")),
                },
                [b'"', ..] => (b'"', 1),
                [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => (hex_digit(*a) << 4 | hex_digit(*b), 2),
                [b'n', ..] => (b'\n', 1),
                [b't', ..] => (b'\t', 1),
                _ => return Err(self.syntax(tok.start, "unknown escape in a string")),
            };
            out.push(b);
            out.extend_from_slice(&bytes[used..]);
        }
        Ok(bytestr::from_bytes(&out).into_owned())
    }

    /// A symbol's own name: `@name`.
    pub(super) fn symbol_name(&mut self) -> Result<Arc<str>> {
        let tok = self.expect(Tok::At, "a symbol name")?;
        self.unescape(tok).map(Arc::from)
    }

    /// `@a::@b`
    pub(super) fn symbol_attr(&mut self) -> Result<Attr> {
        let mut path = vec![self.symbol_name()?];
        while self.eat(Tok::ColonColon) {
            path.push(self.symbol_name()?);
        }
        Ok(Attr::Symbol(path))
    }

    // ---- collections ----

    fn array_attr(&mut self) -> Result<Attr> {
        self.bump();
        let mut items = Vec::new();
        self.list(Tok::RSquare, "',' or ']' in an array", |p| {
            items.push(p.attr()?);
            Ok(())
        })?;
        Ok(Attr::Array(items))
    }

    /// `{a = 1 : i32, b}`
    pub(super) fn dict(&mut self) -> Result<Attrs> {
        self.expect(Tok::LBrace, "'{' of a list of attributes")?;
        let mut attrs = Attrs::new();
        self.list(Tok::RBrace, "',' or '}' in a list of attributes", |p| {
            if !matches!(p.tok.kind, Tok::Bare | Tok::Str) {
                return Err(p.expected("the name of an attribute"));
            }
            let tok = p.bump();
            let name = p.unescape(tok)?;
            let value = if p.eat(Tok::Equal) { p.attr()? } else { Attr::Unit };
            if attrs.set(name.as_str(), value).is_some() {
                return Err(p.syntax(tok.start, format!("attribute '{name}' is given twice")));
            }
            Ok(())
        })?;
        Ok(attrs)
    }

    /// `{…}` where it stands.
    pub(super) fn optional_dict(&mut self) -> Result<Attrs> {
        if self.at(Tok::LBrace) { self.dict() } else { Ok(Attrs::new()) }
    }

    /// `array<i32: 1, 2>`
    fn dense_array(&mut self) -> Result<Attr> {
        self.bump();
        self.expect(Tok::Less, "'<' of an array")?;
        let start = self.tok.start;
        let elem = match self.ty()? {
            Type::Scalar(e @ (Elem::Int(1 | 8 | 16 | 32 | 64, _) | Elem::F16 | Elem::BF16 | Elem::F32 | Elem::F64)) => {
                e
            }
            t => return Err(self.error(start, "parse/type", format!("{t} is no type of an array's elements"))),
        };
        let (mut ints, mut floats) = (Vec::new(), Vec::new());
        let mut item = |p: &mut Self| {
            if elem.is_float() {
                floats.push(F64(p.float_value(&elem)?));
            } else {
                ints.push(p.int_value(&elem)?);
            }
            Ok(())
        };
        if self.eat(Tok::Colon) {
            self.list(Tok::Greater, "',' or '>' in an array", &mut item)?;
        } else {
            self.expect(Tok::Greater, "':' or '>' of an array")?;
        }
        Ok(if elem.is_float() { Attr::DenseFloatArray(elem, floats) } else { Attr::DenseArray(elem, ints) })
    }

    // ---- numbers ----

    /// `1`, `-1 : i32`, `0.5 : f32`, `0x7FC00000 : f32`
    fn number_attr(&mut self) -> Result<Typed> {
        let (start, state) = (self.tok.start, (self.tok, self.lexer.pos, self.last_end));
        self.eat(Tok::Minus);
        if !matches!(self.tok.kind, Tok::Int | Tok::Float) {
            return Err(self.expected("a number"));
        }
        let default = if self.at(Tok::Int) { Elem::I64 } else { Elem::F64 };
        let text = &self.src[start..self.bump().end];
        let ty = if self.eat(Tok::Colon) { self.ty()? } else { Type::Scalar(default) };
        let behind = (self.tok, self.lexer.pos, self.last_end);
        let Type::Scalar(elem) = &ty else {
            return Err(self.error(start, "parse/type", format!("a number is of a scalar type, not {ty}")));
        };
        (self.tok, self.lexer.pos, self.last_end) = state;
        let attr = match elem {
            Elem::Int(1, Sign::Signless) => Attr::Bool(self.int_value(elem)? != 0),
            Elem::Int(1..=64, _) | Elem::Index => Attr::Int(self.int_value(elem)?, elem.clone()),
            e if e.is_float() => Attr::Float(F64(self.float_value(elem)?), elem.clone()),
            Elem::Int(..) | Elem::Opaque(_) => Attr::Opaque(format!("{text} : {ty}").into()),
            _ => return Err(self.error(start, "parse/type", format!("a number is not of type {ty}"))),
        };
        (self.tok, self.lexer.pos, self.last_end) = behind;
        Ok((attr, Some(ty)))
    }

    /// An integer of a type of at most 64 bits, sign-extended unless it is unsigned; of `i1` also `true` and `false`.
    pub(super) fn int_value(&mut self, elem: &Elem) -> Result<i64> {
        let (width, sign) = match elem {
            Elem::Int(w, s) => (u32::from((*w).clamp(1, 64)), *s),
            _ => (64, Sign::Signless),
        };
        if width == 1 && self.at(Tok::Bare) {
            return match self.text(self.tok) {
                word @ ("true" | "false") => {
                    self.bump();
                    Ok(i64::from(word == "true"))
                }
                _ => Err(self.expected("'true' or 'false'")),
            };
        }
        let start = self.tok.start;
        let negative = self.eat(Tok::Minus);
        let tok = self.expect(Tok::Int, "an integer")?;
        let text = self.text(tok);
        let magnitude = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        }
        .ok();
        let half = 1u64 << (width - 1);
        let fits = magnitude.is_some_and(|m| match (negative, sign) {
            (true, Sign::Unsigned) => m == 0,
            (true, _) => m <= half,
            (false, Sign::Signed) => m < half,
            (false, _) => m <= half - 1 + half,
        });
        let (Some(magnitude), true) = (magnitude, fits) else {
            let minus = if negative { "-" } else { "" };
            return Err(self.error(start, "parse/literal", format!("{minus}{text} does not fit type {elem}")));
        };
        let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
        let unused = 64 - width;
        Ok(match sign {
            Sign::Unsigned => bits.cast_signed(),
            _ if width == 1 => (bits & 1).cast_signed(),
            _ => (bits << unused).cast_signed() >> unused,
        })
    }

    /// A float: a decimal number, rounded as upstream does it by way of a double, or the bits as a hexadecimal one.
    pub(super) fn float_value(&mut self, elem: &Elem) -> Result<f64> {
        let negative = self.eat(Tok::Minus);
        let tok = self.tok;
        let text = self.text(tok);
        let value = match tok.kind {
            Tok::Float => {
                let x: f64 = text.parse().unwrap_or(f64::NAN);
                let x = if negative { -x } else { x };
                float::from_bits(float::to_bits(x, elem), elem)
            }
            Tok::Int => match text.strip_prefix("0x").filter(|_| !negative) {
                Some(digits) => {
                    let bits = u64::from_str_radix(digits, 16).ok();
                    let room = elem.bits().unwrap_or(64);
                    match bits.filter(|b| room >= 64 || b >> room == 0) {
                        Some(bits) => float::from_bits(bits, elem),
                        None => {
                            return Err(self.error(
                                tok.start,
                                "parse/literal",
                                format!("{text} does not fit type {elem}"),
                            ));
                        }
                    }
                }
                None => return Err(self.expected("a number with a decimal point")),
            },
            _ => return Err(self.expected("a number")),
        };
        self.bump();
        Ok(value)
    }

    /// A number of a quantized type: any spelling.
    pub(super) fn double(&mut self) -> Result<f64> {
        let text = self.text(self.tok);
        match (self.tok.kind, text.starts_with("0x")) {
            (Tok::Int, false) => self.int64().map(|n| n as f64),
            _ => self.float_value(&Elem::F64),
        }
    }

    pub(super) fn int64(&mut self) -> Result<i64> {
        self.int_value(&Elem::Int(64, Sign::Signed))
    }

    // ---- constants ----

    /// `dense<…> : tensor<…>`
    fn dense_attr(&mut self) -> Result<Typed> {
        let start = self.bump().start;
        let open = self.expect(Tok::Less, "'<' of a constant")?;
        // The elements can be read only once their type is known.
        while !matches!(self.tok.kind, Tok::Greater | Tok::Eof | Tok::Error) {
            self.bump();
        }
        let close = self.expect(Tok::Greater, "'>' of a constant")?;
        let literal = open.end..close.start;
        let ty = self.stated_type("a constant")?;
        let attr = match &ty {
            Type::Tensor(t) if elements_known(t) => {
                let behind = (self.tok, self.lexer.pos, self.last_end);
                self.seek(literal.start);
                let tensor = self.elements(literal, t)?;
                (self.tok, self.lexer.pos, self.last_end) = behind;
                Attr::Dense(tensor)
            }
            Type::Tensor(_) | Type::Vector(..) | Type::Opaque(_) => {
                Attr::Opaque(format!("dense<{}> : {ty}", &self.src[literal]).into())
            }
            _ => return Err(self.error(start, "parse/type", format!("a constant is a tensor, not {ty}"))),
        };
        Ok((attr, Some(ty)))
    }

    /// `sparse<…> : tensor<…>`, carried whole.
    fn sparse_attr(&mut self) -> Result<Typed> {
        let start = self.bump();
        if !self.at(Tok::Less) {
            return Err(self.expected("'<'"));
        }
        let text = self.balanced(start.start)?;
        let ty = self.stated_type("a constant")?;
        Ok((Attr::Opaque(format!("{text} : {ty}").into()), Some(ty)))
    }

    /// `dense_resource<key> : tensor<…>`
    fn resource_attr(&mut self) -> Result<Typed> {
        self.bump();
        self.expect(Tok::Less, "'<' of a resource")?;
        if !matches!(self.tok.kind, Tok::Bare | Tok::Str) {
            return Err(self.expected("the key of a resource"));
        }
        let tok = self.bump();
        let key = self.unescape(tok)?;
        self.expect(Tok::Greater, "'>' of a resource")?;
        let ty = self.stated_type("a resource")?;
        let attr = match &ty {
            _ if key == "__elided__" => Attr::Elided(ty.clone()),
            Type::Tensor(t) => self.blob(tok, &key, t)?,
            _ => Attr::Opaque(format!("dense_resource<{}> : {ty}", self.text(tok)).into()),
        };
        Ok((attr, Some(ty)))
    }

    fn stated_type(&mut self, what: &str) -> Result<Type> {
        self.expect(Tok::Colon, &format!("':' and the type of {what}"))?;
        self.ty()
    }
}

/// Whether a tensor type has elements that the IR keeps as bytes.
fn elements_known(t: &TensorType) -> bool {
    fn known(elem: &Elem) -> bool {
        match elem {
            Elem::Int(w, _) => matches!(w, 1 | 2 | 4 | 8 | 16 | 32 | 64),
            Elem::Complex(part) => !matches!(**part, Elem::Complex(_)) && part.byte_width().is_some() && known(part),
            Elem::Index | Elem::String => true,
            e => e.is_float(),
        }
    }
    known(&t.elem)
}

fn hex_digit(b: u8) -> u8 {
    char::from(b).to_digit(16).unwrap_or(0) as u8
}
