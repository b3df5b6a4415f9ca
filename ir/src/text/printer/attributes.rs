//! Types and attributes.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use super::constants;
use crate::attr::{Attr, Attrs, ResourceKey};
use crate::bytestr;
use crate::tensor::Tensor;
use crate::text::float;
use crate::types::{Elem, F64, QuantParams, QuantType, Sign, TensorType, Type};

/// Writes into one string; remembers the blobs that belong at the end of the file.
#[derive(Debug, Default)]
pub(in crate::text) struct Writer {
    pub(in crate::text) out: String,
    /// Constants of more elements are left out.
    pub(super) elide_larger_than: Option<usize>,
    /// The blobs of `dense_resource` attributes, in the order they were met.
    pub(super) blobs: Vec<(ResourceKey, Tensor)>,
    /// The types of many scales that were met, with the numbers of their aliases; where there are none, they are written out.
    pub(super) aliases: Option<HashMap<Arc<QuantType>, usize>>,
    /// The locations that were met, by what their aliases stand for, with the numbers of these.
    pub(super) locations: HashMap<String, usize>,
}

/// Scales of a type that are written in its place.
const SCALES_IN_PLACE: usize = 4;

impl Writer {
    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn write(&mut self, args: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = self.out.write_fmt(args);
    }

    /// Writes items with `, ` between them.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            each(self, item);
        }
    }

    // ---- names and strings ----

    /// A string in quotes; bytes that are not printable ASCII are escaped.
    pub(super) fn string(&mut self, text: &str) {
        self.out.push('"');
        for b in bytestr::to_bytes(text).iter() {
            match b {
                b'"' => self.push("\\22"),
                b'\\' => self.push("\\\\"),
                b' '..=b'~' => self.out.push(char::from(*b)),
                _ => self.write(format_args!("\\{b:02X}")),
            }
        }
        self.out.push('"');
    }

    /// A name, in quotes unless it is one to the lexer.
    pub(super) fn name(&mut self, name: &str) {
        let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$'));
        if bare { self.push(name) } else { self.string(name) }
    }

    pub(super) fn symbol(&mut self, name: &str) {
        self.out.push('@');
        self.name(name);
    }

    // ---- types ----

    pub(in crate::text) fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Tensor(t) => self.tensor_type(t),
            Type::Scalar(e) => self.elem(e),
            Type::Vector(shape, elem) => {
                self.push("vector<");
                for d in shape {
                    self.write(format_args!("{d}x"));
                }
                self.elem(elem);
                self.out.push('>');
            }
            Type::Function(f) => self.function_type(&f.inputs, &f.results),
            Type::Tuple(types) => {
                self.push("tuple<");
                self.list(types, Self::ty);
                self.out.push('>');
            }
            Type::None => self.push("none"),
            Type::Opaque(text) => self.push(text),
        }
    }

    pub(in crate::text) fn tensor_type(&mut self, t: &TensorType) {
        self.push("tensor<");
        match &t.shape {
            None => self.push("*x"),
            Some(shape) => {
                for d in shape {
                    match d {
                        Some(d) => self.write(format_args!("{d}x")),
                        None => self.push("?x"),
                    }
                }
            }
        }
        self.elem(&t.elem);
        if let Some(encoding) = &t.encoding {
            self.push(", ");
            self.attr(encoding);
        }
        self.out.push('>');
    }

    pub(super) fn function_type<'t>(
        &mut self,
        inputs: impl IntoIterator<Item = &'t Type>,
        results: impl IntoIterator<Item = &'t Type>,
    ) {
        self.out.push('(');
        self.list(inputs, Self::ty);
        self.push(") -> ");
        let results: Vec<&Type> = results.into_iter().collect();
        match results[..] {
            [one] if !matches!(one, Type::Function(_)) => self.ty(one),
            _ => {
                self.out.push('(');
                self.list(results, Self::ty);
                self.out.push(')');
            }
        }
    }

    pub(in crate::text) fn elem(&mut self, elem: &Elem) {
        match elem {
            Elem::Int(w, Sign::Signless) => self.write(format_args!("i{w}")),
            Elem::Int(w, Sign::Signed) => self.write(format_args!("si{w}")),
            Elem::Int(w, Sign::Unsigned) => self.write(format_args!("ui{w}")),
            Elem::Index => self.push("index"),
            Elem::F16 => self.push("f16"),
            Elem::BF16 => self.push("bf16"),
            Elem::F32 => self.push("f32"),
            Elem::F64 => self.push("f64"),
            Elem::Complex(e) => {
                self.push("complex<");
                self.elem(e);
                self.out.push('>');
            }
            Elem::Quant(q) => self.quant_or_alias(q),
            Elem::String => self.push("!tf_type.string"),
            Elem::Resource => self.push("!tf_type.resource"),
            Elem::Variant => self.push("!tf_type.variant"),
            Elem::Opaque(text) => self.push(text),
        }
    }

    fn quant_or_alias(&mut self, q: &Arc<QuantType>) {
        let Some(aliases) = self.aliases.as_mut().filter(|_| q.scales().len() > SCALES_IN_PLACE) else {
            return self.quant_type(q);
        };
        let next = aliases.len();
        let number = *aliases.entry(q.clone()).or_insert(next);
        self.write(format_args!("!quant{number}"));
    }

    /// The lines that define the aliases met.
    pub(super) fn alias_lines(&mut self) -> String {
        let mut all: Vec<_> = self.aliases.take().into_iter().flatten().collect();
        all.sort_by_key(|(_, number)| *number);
        let mut lines = Writer::default();
        for (q, number) in all {
            lines.write(format_args!("!quant{number} = "));
            lines.quant_type(&q);
            lines.out.push('\n');
        }
        lines.out
    }

    fn quant_type(&mut self, q: &QuantType) {
        let expressed = q.expressed.as_ref();
        if let QuantParams::Calibrated { min, max } = &q.params {
            self.push("!quant.calibrated<");
            self.elem(expressed.unwrap_or(&Elem::F32));
            self.out.push('<');
            self.double(*min);
            self.out.push(':');
            self.double(*max);
            return self.push(">>");
        }
        self.push(if q.params == QuantParams::Any { "!quant.any<" } else { "!quant.uniform<" });
        let storage = match (q.signed, q.marked) {
            (true, false) => "i",
            (false, false) => "u",
            (true, true) => "si",
            (false, true) => "ui",
        };
        self.write(format_args!("{storage}{}", q.width));
        if (q.min, q.max) != QuantType::default_range(q.signed, q.width) {
            self.write(format_args!("<{}:{}>", q.min, q.max));
        }
        if let Some(e) = expressed {
            self.out.push(':');
            self.elem(e);
        }
        match &q.params {
            QuantParams::Any | QuantParams::Calibrated { .. } => {}
            QuantParams::PerTensor { scale, zero_point } => {
                self.push(", ");
                self.scale(*scale, *zero_point);
            }
            QuantParams::PerAxis { axis, scales, zero_points } => {
                self.write(format_args!(":{axis}, {{"));
                for (i, (s, z)) in scales.iter().zip(zero_points).enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.scale(*s, *z);
                }
                self.out.push('}');
            }
            QuantParams::SubChannel { blocks, shape, scales, zero_points } => {
                self.push(":{");
                self.list(blocks, |w, (axis, size)| w.write(format_args!("{axis}:{size}")));
                self.push("}, ");
                let mut pairs = scales.iter().copied().zip(zero_points.iter().copied());
                self.nested('{', '}', shape, &mut |w| {
                    if let Some((s, z)) = pairs.next() {
                        w.scale(s, z);
                    }
                });
            }
        }
        self.out.push('>');
    }

    fn double(&mut self, x: F64) {
        float::write(&mut self.out, x.0, &Elem::F64);
    }

    fn scale(&mut self, scale: F64, zero_point: i64) {
        self.double(scale);
        if zero_point != 0 {
            self.write(format_args!(":{zero_point}"));
        }
    }

    /// Nested lists of the given shape; `each` writes one element.
    pub(super) fn nested(&mut self, open: char, close: char, shape: &[usize], each: &mut impl FnMut(&mut Self)) {
        match shape {
            [] => each(self),
            [n, inner @ ..] => {
                self.out.push(open);
                for i in 0..*n {
                    if i > 0 {
                        self.push(", ");
                    }
                    self.nested(open, close, inner, each);
                }
                self.out.push(close);
            }
        }
    }

    // ---- attributes ----

    pub(in crate::text) fn attr(&mut self, attr: &Attr) {
        match attr {
            Attr::Unit => self.push("unit"),
            Attr::Bool(b) => self.write(format_args!("{b}")),
            Attr::Int(v, elem) => {
                self.integer(*v, elem);
                self.push(" : ");
                self.elem(elem);
            }
            Attr::Float(v, elem) => {
                float::write(&mut self.out, v.0, elem);
                self.push(" : ");
                self.elem(elem);
            }
            Attr::Str(s) => self.string(s),
            Attr::Type(t) => self.ty(t),
            Attr::Array(items) => {
                self.out.push('[');
                self.list(items, Self::attr);
                self.out.push(']');
            }
            Attr::Dict(attrs) => self.dict(attrs),
            Attr::Symbol(path) => {
                for (i, name) in path.iter().enumerate() {
                    if i > 0 {
                        self.push("::");
                    }
                    self.symbol(name);
                }
            }
            Attr::Dense(t) => constants::dense(self, t),
            Attr::Resource(key, t) => constants::resource(self, key, t),
            Attr::Elided(ty) => {
                self.push("dense_resource<__elided__> : ");
                self.ty(ty);
            }
            Attr::DenseArray(elem, values) => self.dense_array(elem, values, |w, v| match elem {
                Elem::Int(1, _) => w.push(if v == 0 { "false" } else { "true" }),
                _ => w.integer(v, elem),
            }),
            Attr::DenseFloatArray(elem, values) => {
                self.dense_array(elem, values, |w, v| float::write(&mut w.out, v.0, elem));
            }
            Attr::Loc(loc) => self.location(loc),
            Attr::Opaque(text) => self.push(text),
        }
    }

    pub(super) fn integer(&mut self, v: i64, elem: &Elem) {
        match elem {
            Elem::Int(64, Sign::Unsigned) => self.write(format_args!("{}", v.cast_unsigned())),
            _ => self.write(format_args!("{v}")),
        }
    }

    fn dense_array<T: Copy>(&mut self, elem: &Elem, values: &[T], each: impl Fn(&mut Self, T)) {
        self.push("array<");
        self.elem(elem);
        if !values.is_empty() {
            self.push(": ");
        }
        self.list(values, |w, v| each(w, *v));
        self.out.push('>');
    }

    /// `{a = 1 : i32, b}`
    pub(super) fn dict(&mut self, attrs: &Attrs) {
        self.out.push('{');
        self.list(attrs.iter(), |w, (name, value)| {
            w.name(name);
            if *value != Attr::Unit {
                w.push(" = ");
                w.attr(value);
            }
        });
        self.out.push('}');
    }
}
