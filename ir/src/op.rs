//! One operation, one row: the declaration every layer reads.
//!
//! [`ops!`](crate::ops) turns rows into a struct of typed attributes and a static [`OpDef`] each, and the dialect's list of them.

use crate::attr::{Attr, Attrs};
use crate::body::Operation;
use crate::infer::InferFn;
use crate::rules::Rule;
use crate::tensor::Tensor;
use crate::types::{Elem, Sign, Type};

/// A set of element types an operand or a result may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElemSet(pub u32);

impl ElemSet {
    /// No restriction, not even to tensors.
    pub const ANY: ElemSet = ElemSet(u32::MAX);
    /// `f32`
    pub const F32: ElemSet = ElemSet(1);
    /// `f16`, `bf16`, `f64`
    pub const FX: ElemSet = ElemSet(2);
    /// `i1`
    pub const BOOL: ElemSet = ElemSet(4);
    /// `i8`
    pub const I8: ElemSet = ElemSet(8);
    /// `ui8`
    pub const U8: ElemSet = ElemSet(16);
    /// `i16`, `ui16`
    pub const I16: ElemSet = ElemSet(32);
    /// `i32`
    pub const I32: ElemSet = ElemSet(64);
    /// `i64`
    pub const I64: ElemSet = ElemSet(128);
    /// `ui32`, `ui64`
    pub const UX: ElemSet = ElemSet(256);
    /// Quantized types of 8 bits and fewer.
    pub const Q8: ElemSet = ElemSet(512);
    /// Quantized types of 16 bits.
    pub const Q16: ElemSet = ElemSet(1024);
    /// Quantized types of 32 and 64 bits: biases.
    pub const QBIAS: ElemSet = ElemSet(2048);
    /// Strings.
    pub const STR: ElemSet = ElemSet(4096);
    /// Everything else: complex numbers, resources, variants, 4-bit integers.
    pub const OTHER: ElemSet = ElemSet(8192);

    /// Both sets.
    pub const fn or(self, other: ElemSet) -> ElemSet {
        ElemSet(self.0 | other.0)
    }

    /// Whether a type is in the set. Types that are no tensors are only in [`ElemSet::ANY`].
    pub fn has(self, ty: &Type) -> bool {
        if self == ElemSet::ANY {
            return true;
        }
        let Some(elem) = ty.elem() else { return false };
        let one = match elem {
            Elem::F32 => ElemSet::F32,
            Elem::F16 | Elem::BF16 | Elem::F64 => ElemSet::FX,
            Elem::Int(1, _) => ElemSet::BOOL,
            Elem::Int(8, Sign::Unsigned) => ElemSet::U8,
            Elem::Int(8, _) => ElemSet::I8,
            Elem::Int(16, _) => ElemSet::I16,
            Elem::Int(32, Sign::Unsigned) | Elem::Int(64, Sign::Unsigned) => ElemSet::UX,
            Elem::Int(32, _) => ElemSet::I32,
            Elem::Int(64, _) => ElemSet::I64,
            Elem::Quant(q) if q.width <= 8 => ElemSet::Q8,
            Elem::Quant(q) if q.width <= 16 => ElemSet::Q16,
            Elem::Quant(_) => ElemSet::QBIAS,
            Elem::String => ElemSet::STR,
            _ => ElemSet::OTHER,
        };
        self.0 & one.0 != 0
    }
}

/// How many values an operand or result stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly one.
    One,
    /// One, which may be the `none` of `tfl.no_value`.
    Optional,
    /// Any number; at most one such in a list.
    Variadic,
}

/// An operand or a result of a row.
#[derive(Clone, Copy, Debug)]
pub struct ValueDef {
    /// The name, as upstream spells it.
    pub name: &'static str,
    /// What its elements may be.
    pub elems: ElemSet,
    /// How many values.
    pub arity: Arity,
}

/// An attribute of a row.
#[derive(Clone, Copy, Debug)]
pub struct AttrDef {
    /// The name, as upstream spells it.
    pub name: &'static str,
    /// The kind, for documentation.
    pub kind: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether an attribute is of the kind.
    pub check: fn(&Attr) -> bool,
    /// The default of builders.
    pub default: fn() -> Option<Attr>,
}

/// What an operation promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits(pub u32);

impl Traits {
    /// Nothing.
    pub const NONE: Traits = Traits(0);
    /// No side effects: unused it may go, equal ones are one, constant operands make a constant.
    pub const PURE: Traits = Traits(1);
    /// Ends a block.
    pub const TERMINATOR: Traits = Traits(2);
    /// Its regions are bodies of their own.
    pub const ISOLATED: Traits = Traits(4);
    /// Defines a symbol, named by `sym_name`.
    pub const SYMBOL: Traits = Traits(8);
    /// Its value is attribute `value`.
    pub const CONSTANT: Traits = Traits(16);
    /// The two operands may be exchanged.
    pub const COMMUTATIVE: Traits = Traits(32);
    /// Applies one function to each element; operands broadcast.
    pub const ELEMENTWISE: Traits = Traits(64);
    /// Its region has no terminator (modules).
    pub const NO_TERMINATOR: Traits = Traits(128);
    /// Both: [`Traits::PURE`] and [`Traits::ELEMENTWISE`].
    pub const MAP: Traits = Traits(65);

    /// Both sets.
    pub const fn and(self, other: Traits) -> Traits {
        Traits(self.0 | other.0)
    }
    /// Whether all of `other` hold.
    pub const fn has(self, other: Traits) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How the int8 scheme treats an operation (TFLite quantization specification; the peer's `tfl_ops.td` interfaces).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QuantRule {
    /// No int8 form: stays float.
    Float,
    /// Every float operand and result has parameters of its own.
    Plain,
    /// All float operands and results share one pair of parameters.
    SameScale,
    /// Like `Plain`, but the results' parameters are fixed (of 8 bits).
    Fixed {
        /// Scale of every float result.
        scale: f64,
        /// Zero point of every float result.
        zero_point: i64,
    },
    /// A constant operand is a symmetric weight; a bias has the product of the two scales.
    Weighted {
        /// Index of the activation operand.
        input: usize,
        /// Index of the weight operand.
        weight: usize,
        /// Dimension of per-channel scales; `None` for one scale.
        axis: Option<usize>,
        /// Index of the bias operand.
        bias: Option<usize>,
    },
}

/// How the dynamic-range scheme treats an operation: which constant operand is stored as int8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DynamicRule {
    /// None.
    Float,
    /// The operation has a hybrid kernel that takes the int8 constant.
    Hybrid {
        /// Index of the weight operand.
        weight: usize,
        /// Dimension of per-channel scales; `None` for one scale.
        axis: Option<usize>,
        /// Whether `asymmetric_quantize_inputs` is set.
        asymmetric: bool,
    },
    /// The operation moves int8 values, and its result is dequantized.
    Move {
        /// Index of the constant operand.
        weight: usize,
    },
}

/// Computes an operation: its operands (`None` for an absent optional one) and the element types of its results give the results. The error
/// is a clause that follows "`node`: ".
pub type EvalFn = fn(&Operation, &[Option<Tensor>], &[Elem]) -> Result<Vec<Tensor>, String>;

/// What TFLite calls an operation that is none of its own.
#[derive(Clone, Copy, Debug)]
pub struct CustomCode {
    /// The name under which a runtime registers its kernel.
    pub code: &'static str,
    /// The bytes that the kernel is given to read its attributes from.
    pub options: fn(&Operation) -> Vec<u8>,
}

/// A row: all that is known of an operation.
#[derive(Debug)]
pub struct OpDef {
    /// The full name, such as `tfl.conv_2d`.
    pub name: &'static str,
    /// What it does; Markdown.
    pub doc: &'static str,
    /// Operands, in order.
    pub operands: &'static [ValueDef],
    /// Results, in order.
    pub results: &'static [ValueDef],
    /// What holds between them, as upstream's verifier has it.
    pub rules: &'static [Rule],
    /// Inherent attributes.
    pub attrs: &'static [AttrDef],
    /// Promises.
    pub traits: Traits,
    /// Result types from operands and attributes.
    pub infer: Option<InferFn>,
    /// The int8 scheme.
    pub quant: QuantRule,
    /// The dynamic-range scheme.
    pub dynamic: DynamicRule,
    /// `BuiltinOperator` value of the TFLite schema.
    pub builtin: Option<i32>,
    /// The runtime that brought version 1 of it, such as `1.14.0`.
    pub since: Option<&'static str>,
    /// How it stands in a TFLite file, if it is not one of the schema's.
    pub custom: Option<CustomCode>,
    /// Its kernel, if it is not one of this project's.
    pub eval: Option<EvalFn>,
}

impl OpDef {
    /// Whether it is a constant.
    pub fn is_constant(&self) -> bool {
        self.traits.has(Traits::CONSTANT)
    }
    /// Whether it has no side effects.
    pub fn is_pure(&self) -> bool {
        self.traits.has(Traits::PURE)
    }
    /// The part of the name before the dot.
    pub fn dialect(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }
}

impl PartialEq for OpDef {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for OpDef {}

/// The typed attributes of a row, as [`ops!`](crate::ops) makes them.
pub trait OpRow: Sized {
    /// The row.
    const DEF: &'static OpDef;
    /// Reads the attributes of an operation; `None` if one is missing or of another kind.
    fn read(op: &Operation) -> Option<Self>;
    /// Writes the attributes.
    fn write(&self) -> Attrs;
}

/// A named list of rows.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The part of the operations' names before the dot.
    pub name: &'static str,
    /// The rows.
    pub ops: &'static [&'static OpDef],
}

/// The dialects a text, a pass or a tool knows. A value, not a global: an embedding compiler adds its own.
#[derive(Clone, Debug)]
pub struct Registry {
    dialects: Vec<Dialect>,
    by_name: std::collections::HashMap<&'static str, &'static OpDef>,
}

impl Registry {
    /// No dialects.
    pub fn empty() -> Registry {
        Registry { dialects: Vec::new(), by_name: std::collections::HashMap::new() }
    }
    /// The dialects of this crate: `builtin`, `func`, `arith`, `cf`, `quantfork`, `tf`, `tf_saved_model`, `tfl`, `stablehlo`.
    pub fn standard() -> Registry {
        crate::dialect::ALL.iter().fold(Registry::empty(), |r, d| r.with(d))
    }
    /// With one more dialect.
    #[must_use]
    pub fn with(mut self, dialect: &Dialect) -> Registry {
        self.by_name.extend(dialect.ops.iter().map(|def| (def.name, *def)));
        self.dialects.push(*dialect);
        self
    }
    /// The row of a full name.
    pub fn op(&self, name: &str) -> Option<&'static OpDef> {
        self.by_name.get(name).copied()
    }
    /// The dialects, in the order they were added.
    pub fn dialects(&self) -> &[Dialect] {
        &self.dialects
    }
    /// The name of an operation, resolved to its row where there is one.
    pub fn name(&self, name: &str) -> crate::body::OpName {
        match self.op(name) {
            Some(def) => crate::body::OpName::Known(def),
            None => crate::body::OpName::Unknown(name.into()),
        }
    }
}

/// Declares the rows of a dialect.
///
/// An attribute `name(optional)` that is left out has its default. `rules: […],` behind `outs` lists [`Rule`]s. Behind `builtin`, `since: "2.4.0"`
/// names the runtime that brought it, and an embedder's rows may go on with `custom: Some(CustomCode {…})` and `eval: Some(function)`.
///
/// ```
/// use quant_opt_ir as ir;
/// ir::ops! {
///     /// An example dialect.
///     pub MINE = "mine";
///
///     /// Adds a number.
///     "mine.shift" = Shift {
///         ins: (x: F32),
///         outs: (y: F32),
///         attrs: (by: f32 = 0.0),
///         traits: MAP, infer: Some(ir::infer::same_as_first),
///         quant: Plain, dynamic: Float, builtin: None,
///     }
/// }
/// assert_eq!(MINE.ops[0].name, "mine.shift");
/// assert_eq!(Shift::default().by, 0.0);
/// ```
#[macro_export]
macro_rules! ops {
    (
        $(#[$ddoc:meta])* pub $list:ident = $dname:literal;
        $(
            $(#[doc = $doc:literal])*
            $name:literal = $row:ident {
                ins: ($($in_:ident : $iset:ident $($iarity:ident)?),* $(,)?),
                outs: ($($out:ident : $oset:ident $($oarity:ident)?),* $(,)?),
                $(rules: [$($rule:expr),* $(,)?],)?
                attrs: ($($attr:ident $(($may:ident))? : $aty:ty = $adefault:expr),* $(,)?),
                traits: $($tr:ident)|+, infer: $infer:expr,
                quant: $quant:ident $({ $($qf:ident : $qv:expr),* $(,)? })?,
                dynamic: $dynamic:ident $({ $($df:ident : $dv:expr),* $(,)? })?,
                builtin: $builtin:expr $(, since: $since:literal)? $(, custom: $custom:expr)? $(, eval: $eval:expr)? $(,)?
            }
        )*
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, PartialEq)]
            #[allow(non_snake_case, reason = "attribute names are upstream's")]
            pub struct $row {
                $(#[doc = concat!("Attribute `", stringify!($attr), "`.")] pub $attr: $aty),*
            }
            impl Default for $row {
                fn default() -> Self {
                    $row { $($attr: $adefault),* }
                }
            }
            impl $crate::op::OpRow for $row {
                const DEF: &'static $crate::op::OpDef = &$crate::op::OpDef {
                    name: $name,
                    doc: concat!($($doc, "\n"),*),
                    operands: &[$($crate::op::ValueDef {
                        name: stringify!($in_), elems: $crate::dialect::sets::$iset, arity: $crate::__arity!($($iarity)?),
                    }),*],
                    results: &[$($crate::op::ValueDef {
                        name: stringify!($out), elems: $crate::dialect::sets::$oset, arity: $crate::__arity!($($oarity)?),
                    }),*],
                    rules: {
                        #[allow(unused_imports, reason = "not every row has rules")]
                        use $crate::rules::{self, Rule::*};
                        &[$($($rule),*)?]
                    },
                    attrs: &[$($crate::op::AttrDef {
                        name: stringify!($attr),
                        kind: <$aty as $crate::attr::AttrValue>::KIND,
                        optional: <$aty as $crate::attr::AttrValue>::OPTIONAL $(|| $crate::__optional_attr!($may))?,
                        check: |a| <$aty as $crate::attr::AttrValue>::from_attr(a).is_some(),
                        default: || { let v: $aty = $adefault; $crate::attr::AttrValue::to_attr(&v) },
                    }),*],
                    traits: $crate::op::Traits(0 $(| $crate::op::Traits::$tr.0)+),
                    infer: $infer,
                    quant: $crate::op::QuantRule::$quant $({ $($qf: $qv),* })?,
                    dynamic: $crate::op::DynamicRule::$dynamic $({ $($df: $dv),* })?,
                    builtin: $builtin,
                    since: $crate::__optional!($(Some($since))?),
                    custom: $crate::__optional!($($custom)?),
                    eval: $crate::__optional!($($eval)?),
                };
                #[allow(unused_variables, reason = "not every row has attributes")]
                fn read(op: &$crate::body::Operation) -> Option<Self> {
                    Some($row {
                        $($attr: match op.attr(stringify!($attr)) {
                            Some(a) => <$aty as $crate::attr::AttrValue>::from_attr(a)?,
                            $(None if $crate::__optional_attr!($may) => $adefault,)?
                            None => <$aty as $crate::attr::AttrValue>::absent()?,
                        }),*
                    })
                }
                #[allow(unused_mut, reason = "not every row has attributes")]
                fn write(&self) -> $crate::attr::Attrs {
                    let mut attrs = $crate::attr::Attrs::new();
                    $(if let Some(a) = $crate::attr::AttrValue::to_attr(&self.$attr) {
                        attrs.set(stringify!($attr), a);
                    })*
                    attrs
                }
            }
        )*
        $(#[$ddoc])*
        pub const $list: $crate::op::Dialect = $crate::op::Dialect {
            name: $dname,
            ops: &[$(<$row as $crate::op::OpRow>::DEF),*],
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __optional {
    () => {
        None
    };
    ($given:expr) => {
        $given
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __optional_attr {
    (optional) => {
        true
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __arity {
    () => {
        $crate::op::Arity::One
    };
    (optional) => {
        $crate::op::Arity::Optional
    };
    (variadic) => {
        $crate::op::Arity::Variadic
    };
}
