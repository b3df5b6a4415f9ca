//! Attributes: what is known about an operation at compile time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::loc::Loc;
use crate::tensor::Tensor;
use crate::types::{Elem, F64, Type};

/// An attribute. Attributes are compared and hashed by content, floats by their bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Attr {
    /// `unit`
    Unit,
    /// `true`, `false`
    Bool(bool),
    /// `1 : i32`; the bits of an unsigned 64-bit value are kept in the `i64`.
    Int(i64, Elem),
    /// `0.5 : f32`
    Float(F64, Elem),
    /// `"text"`; bytes that are no UTF-8 are kept as [`crate::bytestr`] has them.
    Str(Arc<str>),
    /// `f32`, `tensor<2xf32>`
    Type(Type),
    /// `[a, b]`
    Array(Vec<Attr>),
    /// `{a = 1 : i32}`
    Dict(Attrs),
    /// `@a::@b`
    Symbol(Vec<Arc<str>>),
    /// `dense<…> : tensor<…>`
    Dense(Tensor),
    /// `dense_resource<key> : tensor<…>` with its blob
    Resource(ResourceKey, Tensor),
    /// `dense_resource<__elided__> : tensor<…>`: the value was left out of the text.
    Elided(Type),
    /// `array<i32: 1, 2>`; the element type decides how the values are read.
    DenseArray(Elem, Vec<i64>),
    /// `array<f32: 1.0, 2.0>`
    DenseFloatArray(Elem, Vec<F64>),
    /// `loc(…)` as an attribute
    Loc(Loc),
    /// An attribute of another dialect, or a form carried whole, with its text.
    Opaque(Arc<str>),
}

/// What the blob of a `dense_resource` is called, and how it is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceKey {
    /// The key.
    pub name: Arc<str>,
    /// Bytes to whose multiples the blob is aligned; a power of two.
    pub alignment: u32,
    /// Whether an element of less than a byte has one of its own in the blob.
    pub spread: bool,
}

/// Laid out as the blobs that upstream makes.
impl From<&str> for ResourceKey {
    fn from(name: &str) -> ResourceKey {
        ResourceKey { name: name.into(), alignment: 64, spread: true }
    }
}

impl Attr {
    /// An `i32` attribute.
    pub fn i32(v: i32) -> Attr {
        Attr::Int(i64::from(v), Elem::I32)
    }
    /// An `i64` attribute.
    pub fn i64(v: i64) -> Attr {
        Attr::Int(v, Elem::I64)
    }
    /// An `f32` attribute.
    pub fn f32(v: f32) -> Attr {
        Attr::Float(F64(f64::from(v)), Elem::F32)
    }
    /// A string attribute.
    pub fn str(s: impl Into<Arc<str>>) -> Attr {
        Attr::Str(s.into())
    }
    /// A reference to a symbol of the same module.
    pub fn symbol(s: impl Into<Arc<str>>) -> Attr {
        Attr::Symbol(vec![s.into()])
    }
    /// An array of strings.
    pub fn strs<'a>(items: impl IntoIterator<Item = &'a str>) -> Attr {
        Attr::Array(items.into_iter().map(Attr::str).collect())
    }
    /// The integer, if it is one (booleans are not).
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Attr::Int(v, _) => Some(*v),
            _ => None,
        }
    }
    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Attr::Bool(b) => Some(*b),
            _ => None,
        }
    }
    /// The float, if it is one.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Attr::Float(v, _) => Some(v.0),
            _ => None,
        }
    }
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Attr::Str(s) => Some(s),
            _ => None,
        }
    }
    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<&[Attr]> {
        match self {
            Attr::Array(a) => Some(a),
            _ => None,
        }
    }
    /// The type, if it is a type attribute.
    pub fn as_type(&self) -> Option<&Type> {
        match self {
            Attr::Type(t) => Some(t),
            _ => None,
        }
    }
    /// The dictionary, if it is one.
    pub fn as_dict(&self) -> Option<&Attrs> {
        match self {
            Attr::Dict(d) => Some(d),
            _ => None,
        }
    }
    /// The root name of a symbol reference.
    pub fn as_symbol(&self) -> Option<&str> {
        match self {
            Attr::Symbol(path) => path.first().map(|s| &**s),
            _ => None,
        }
    }
    /// The constant, if it is dense or a resource.
    pub fn as_tensor(&self) -> Option<&Tensor> {
        match self {
            Attr::Dense(t) | Attr::Resource(_, t) => Some(t),
            _ => None,
        }
    }
    /// The integers of an array of integers or of a dense array.
    pub fn as_ints(&self) -> Option<Vec<i64>> {
        match self {
            Attr::Array(a) => a.iter().map(Attr::as_int).collect(),
            Attr::DenseArray(_, v) => Some(v.clone()),
            _ => None,
        }
    }
}

/// Named attributes, in name order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attrs(BTreeMap<Arc<str>, Attr>);

impl Attrs {
    /// No attributes.
    pub const fn new() -> Attrs {
        Attrs(BTreeMap::new())
    }
    /// The attribute of a name.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.0.get(name)
    }
    /// Sets an attribute and gives back the one it replaces.
    pub fn set(&mut self, name: impl Into<Arc<str>>, value: Attr) -> Option<Attr> {
        self.0.insert(name.into(), value)
    }
    /// The same attributes and one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: Attr) -> Attrs {
        self.set(name, value);
        self
    }
    /// Takes an attribute out.
    pub fn remove(&mut self, name: &str) -> Option<Attr> {
        self.0.remove(name)
    }
    /// All attributes, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Attr)> {
        self.0.iter()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<(Arc<str>, Attr)> for Attrs {
    fn from_iter<T: IntoIterator<Item = (Arc<str>, Attr)>>(iter: T) -> Self {
        Attrs(iter.into_iter().collect())
    }
}

/// A Rust type an operation's attribute is read into and written from; named in the rows of [`crate::ops!`].
pub trait AttrValue: Sized {
    /// How documentation calls the type.
    const KIND: &'static str;
    /// Whether the attribute may be left out.
    const OPTIONAL: bool = false;
    /// Reads the attribute; `None` if it is of another kind.
    fn from_attr(attr: &Attr) -> Option<Self>;
    /// Writes the attribute; `None` for an absent optional.
    fn to_attr(&self) -> Option<Attr>;
    /// The value of an absent attribute.
    fn absent() -> Option<Self> {
        None
    }
}

impl AttrValue for i32 {
    const KIND: &'static str = "i32";
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Int(v, Elem::I32) => i32::try_from(*v).ok(),
            _ => None,
        }
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::i32(*self))
    }
}
impl AttrValue for i64 {
    const KIND: &'static str = "i64";
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Int(v, Elem::I64) => Some(*v),
            _ => None,
        }
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::i64(*self))
    }
}
impl AttrValue for bool {
    const KIND: &'static str = "bool";
    fn from_attr(attr: &Attr) -> Option<Self> {
        attr.as_bool()
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Bool(*self))
    }
}
impl AttrValue for f32 {
    const KIND: &'static str = "f32";
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Float(v, Elem::F32) => Some(v.0 as f32),
            _ => None,
        }
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::f32(*self))
    }
}
impl AttrValue for Type {
    const KIND: &'static str = "type";
    fn from_attr(attr: &Attr) -> Option<Self> {
        attr.as_type().cloned()
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Type(self.clone()))
    }
}
impl AttrValue for Tensor {
    const KIND: &'static str = "elements";
    fn from_attr(attr: &Attr) -> Option<Self> {
        attr.as_tensor().cloned()
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Dense(self.clone()))
    }
}
impl AttrValue for Attr {
    const KIND: &'static str = "attribute";
    fn from_attr(attr: &Attr) -> Option<Self> {
        Some(attr.clone())
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(self.clone())
    }
}
impl AttrValue for Arc<str> {
    const KIND: &'static str = "string";
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Str(s) => Some(s.clone()),
            _ => None,
        }
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Str(self.clone()))
    }
}
/// An array of `i32`.
impl AttrValue for Vec<i32> {
    const KIND: &'static str = "array of i32";
    fn from_attr(attr: &Attr) -> Option<Self> {
        attr.as_ints()?.into_iter().map(|v| i32::try_from(v).ok()).collect()
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Array(self.iter().map(|v| Attr::i32(*v)).collect()))
    }
}
/// A dense array of `i64`.
impl AttrValue for Vec<i64> {
    const KIND: &'static str = "dense array of i64";
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::DenseArray(Elem::Int(64, _), values) => Some(values.clone()),
            _ => None,
        }
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::DenseArray(Elem::I64, self.clone()))
    }
}
/// An array of `f32`.
impl AttrValue for Vec<f32> {
    const KIND: &'static str = "array of f32";
    fn from_attr(attr: &Attr) -> Option<Self> {
        attr.as_array()?.iter().map(f32::from_attr).collect()
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Array(self.iter().map(|v| Attr::f32(*v)).collect()))
    }
}
impl<T: AttrValue> AttrValue for Option<T> {
    const KIND: &'static str = T::KIND;
    const OPTIONAL: bool = true;
    fn from_attr(attr: &Attr) -> Option<Self> {
        T::from_attr(attr).map(Some)
    }
    fn to_attr(&self) -> Option<Attr> {
        self.as_ref()?.to_attr()
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Declares an enum whose attribute is a string keyword.
#[macro_export]
macro_rules! keyword_attr {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            /// All keywords, in the order of the schema.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The keyword.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }
        impl $crate::attr::AttrValue for $name {
            const KIND: &'static str = concat!($($text, " "),*);
            fn from_attr(attr: &$crate::attr::Attr) -> Option<Self> {
                match attr.as_str()? { $($text => Some($name::$variant),)* _ => None }
            }
            fn to_attr(&self) -> Option<$crate::attr::Attr> {
                Some($crate::attr::Attr::str(self.as_str()))
            }
        }
    };
}

/// Declares an enum whose attribute is `#dialect<mnemonic KEYWORD>`.
#[macro_export]
macro_rules! opaque_attr {
    ($(#[$doc:meta])* $name:ident = $dialect:literal, $mnemonic:literal {
        $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            /// All keywords, in the order of the schema.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
        }
        impl $crate::attr::AttrValue for $name {
            const KIND: &'static str = concat!($($text, " "),*);
            fn from_attr(attr: &$crate::attr::Attr) -> Option<Self> {
                let $crate::attr::Attr::Opaque(text) = attr else { return None };
                match &**text {
                    $(concat!("#", $dialect, "<", $mnemonic, " ", $text, ">") => Some($name::$variant),)*
                    _ => None,
                }
            }
            fn to_attr(&self) -> Option<$crate::attr::Attr> {
                Some($crate::attr::Attr::Opaque(match self {
                    $($name::$variant => concat!("#", $dialect, "<", $mnemonic, " ", $text, ">").into(),)*
                }))
            }
        }
    };
}
