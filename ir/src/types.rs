//! Types: what a value or a typed attribute may be.
//!
//! The spelling of every type is MLIR's; see the printer in [`crate::text`]. Types are values: they are compared and hashed by content.

use std::sync::Arc;

use crate::attr::Attr;

/// A double that is compared and hashed by its bits, so that attributes and types can be too.
#[derive(Clone, Copy, Debug, Default)]
pub struct F64(pub f64);

impl PartialEq for F64 {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for F64 {}
impl std::hash::Hash for F64 {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}
impl From<f64> for F64 {
    fn from(x: f64) -> Self {
        F64(x)
    }
}

/// Signedness of an integer element type. MLIR's `i8` is signless, `si8` signed, `ui8` unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `iN`
    Signless,
    /// `siN`
    Signed,
    /// `uiN`
    Unsigned,
}

/// What one element of a tensor is; also the type of a scalar attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Elem {
    /// `iN`, `siN`, `uiN`; booleans are `i1`.
    Int(u16, Sign),
    /// `index`
    Index,
    /// `f16`
    F16,
    /// `bf16`
    BF16,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `complex<T>`
    Complex(Box<Elem>),
    /// A type of the `quant` dialect.
    Quant(Arc<QuantType>),
    /// `!tf_type.string`
    String,
    /// `!tf_type.resource`
    Resource,
    /// `!tf_type.variant`
    Variant,
    /// Any other element type, with its text (`f8E4M3FN`, `!tf_type.resource<tensor<3xf32>>`).
    Opaque(Arc<str>),
}

impl Elem {
    /// `i1`
    pub const BOOL: Elem = Elem::Int(1, Sign::Signless);
    /// `i8`
    pub const I8: Elem = Elem::Int(8, Sign::Signless);
    /// `ui8`
    pub const U8: Elem = Elem::Int(8, Sign::Unsigned);
    /// `i16`
    pub const I16: Elem = Elem::Int(16, Sign::Signless);
    /// `i32`
    pub const I32: Elem = Elem::Int(32, Sign::Signless);
    /// `i64`
    pub const I64: Elem = Elem::Int(64, Sign::Signless);

    /// Whether this is `f16`, `bf16`, `f32` or `f64`.
    pub fn is_float(&self) -> bool {
        matches!(self, Elem::F16 | Elem::BF16 | Elem::F32 | Elem::F64)
    }

    /// The quantized type, if it is one.
    pub fn quant(&self) -> Option<&Arc<QuantType>> {
        match self {
            Elem::Quant(q) => Some(q),
            _ => None,
        }
    }

    /// What is stored for one element: the storage integer of a quantized type, else the type itself.
    pub fn storage(&self) -> Elem {
        match self {
            Elem::Quant(q) => q.storage(),
            other => other.clone(),
        }
    }

    /// Width in bits of one stored element; `None` for strings, resources and unknown types. `i1` takes a byte of storage.
    pub fn bits(&self) -> Option<usize> {
        Some(match self {
            Elem::Int(1, _) => 8,
            Elem::Int(w, _) => usize::from(*w),
            Elem::Index => 64,
            Elem::F16 | Elem::BF16 => 16,
            Elem::F32 => 32,
            Elem::F64 => 64,
            Elem::Complex(e) => 2 * e.bits()?,
            Elem::Quant(q) => usize::from(q.width),
            Elem::String | Elem::Resource | Elem::Variant | Elem::Opaque(_) => return None,
        })
    }

    /// Bytes of one stored element, for types of whole bytes.
    pub fn byte_width(&self) -> Option<usize> {
        self.bits().filter(|b| b % 8 == 0).map(|b| b / 8)
    }
}

/// Scales and zero points: `real = scale * (stored - zero_point)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QuantParams {
    /// One pair for the whole tensor. The scale is positive and finite.
    PerTensor {
        /// Real value of one step.
        scale: F64,
        /// The stored value that means 0.
        zero_point: i64,
    },
    /// One pair for each index of dimension `axis`.
    PerAxis {
        /// The dimension the pairs run along, counted from 0.
        axis: usize,
        /// One scale an index.
        scales: Vec<F64>,
        /// One zero point an index.
        zero_points: Vec<i64>,
    },
    /// Blocks along several dimensions (`quant.uniform<i8:f32:{0:1, 1:2}, {{…}}>`).
    SubChannel {
        /// (dimension, block size) pairs.
        blocks: Vec<(usize, usize)>,
        /// Shape of the parameter arrays.
        shape: Vec<usize>,
        /// Row-major scales.
        scales: Vec<F64>,
        /// Row-major zero points.
        zero_points: Vec<i64>,
    },
    /// `!quant.any<…>`: storage known, parameters not.
    Any,
    /// `!quant.calibrated<f32<min:max>>`: a range, no storage yet.
    Calibrated {
        /// Lowest real value.
        min: F64,
        /// Highest real value.
        max: F64,
    },
}

/// A quantized element type: `!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuantType {
    /// Whether the storage integer is signed (`i8`) or not (`u8`).
    pub signed: bool,
    /// Whether it is written `si8` or `ui8`: to upstream another type of the same meaning.
    pub marked: bool,
    /// Bits of the storage integer.
    pub width: u16,
    /// Lowest stored value in use.
    pub min: i64,
    /// Highest stored value in use.
    pub max: i64,
    /// The real type it stands for, `f32` in TFLite; `None` in `!quant.any<i8>`.
    pub expressed: Option<Elem>,
    /// Scales and zero points.
    pub params: QuantParams,
}

impl QuantType {
    /// The widest range of a storage integer, which the printer leaves out.
    pub fn default_range(signed: bool, width: u16) -> (i64, i64) {
        let w = u32::from(width.clamp(1, 63));
        if signed { (-(1 << (w - 1)), (1 << (w - 1)) - 1) } else { (0, (1 << w) - 1) }
    }

    /// A per-tensor type over the full signed storage range, expressing `f32`.
    pub fn per_tensor(width: u16, scale: f64, zero_point: i64) -> QuantType {
        let (min, max) = Self::default_range(true, width);
        QuantType {
            signed: true,
            marked: false,
            width,
            min,
            max,
            expressed: Some(Elem::F32),
            params: QuantParams::PerTensor { scale: F64(scale), zero_point },
        }
    }

    /// A symmetric per-axis type (all zero points 0) over the full signed storage range, expressing `f32`.
    pub fn per_axis(width: u16, axis: usize, scales: Vec<f64>) -> QuantType {
        let zero_points = vec![0; scales.len()];
        let scales = scales.into_iter().map(F64).collect();
        QuantType { params: QuantParams::PerAxis { axis, scales, zero_points }, ..Self::per_tensor(width, 1.0, 0) }
    }

    /// The same type with another range of stored values, such as the narrow `-127..=127` of weights.
    pub fn with_range(self, min: i64, max: i64) -> QuantType {
        QuantType { min, max, ..self }
    }

    /// The integer that is stored.
    pub fn storage(&self) -> Elem {
        Elem::Int(self.width, if self.signed { Sign::Signless } else { Sign::Unsigned })
    }

    /// Scale and zero point, if there is one pair for the whole tensor.
    pub fn as_per_tensor(&self) -> Option<(f64, i64)> {
        match &self.params {
            QuantParams::PerTensor { scale, zero_point } => Some((scale.0, *zero_point)),
            _ => None,
        }
    }

    /// All scales: one per tensor, or one for each index of the axis; empty where there are none.
    pub fn scales(&self) -> Vec<f64> {
        match &self.params {
            QuantParams::PerTensor { scale, .. } => vec![scale.0],
            QuantParams::PerAxis { scales, .. } | QuantParams::SubChannel { scales, .. } => {
                scales.iter().map(|s| s.0).collect()
            }
            QuantParams::Any | QuantParams::Calibrated { .. } => Vec::new(),
        }
    }

    /// All zero points, as many as [`QuantType::scales`].
    pub fn zero_points(&self) -> Vec<i64> {
        match &self.params {
            QuantParams::PerTensor { zero_point, .. } => vec![*zero_point],
            QuantParams::PerAxis { zero_points, .. } | QuantParams::SubChannel { zero_points, .. } => {
                zero_points.clone()
            }
            QuantParams::Any | QuantParams::Calibrated { .. } => Vec::new(),
        }
    }

    /// The quantized dimension of a per-axis type.
    pub fn axis(&self) -> Option<usize> {
        match &self.params {
            QuantParams::PerAxis { axis, .. } => Some(*axis),
            _ => None,
        }
    }
}

/// One dimension: its size, or `None` where it is only known at run time (`?`).
pub type Dim = Option<usize>;

/// `tensor<1x?x3xf32>` or `tensor<*xf32>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// The dimensions, `None` where even the rank is unknown.
    pub shape: Option<Vec<Dim>>,
    /// What one element is.
    pub elem: Elem,
    /// The attribute behind the comma of `tensor<2xf32, #x>`.
    pub encoding: Option<Box<Attr>>,
}

impl TensorType {
    /// A tensor of known shape.
    pub fn of(shape: &[usize], elem: Elem) -> TensorType {
        TensorType { shape: Some(shape.iter().map(|d| Some(*d)).collect()), elem, encoding: None }
    }

    /// A tensor of known rank.
    pub fn ranked(shape: Vec<Dim>, elem: Elem) -> TensorType {
        TensorType { shape: Some(shape), elem, encoding: None }
    }

    /// A tensor of unknown rank.
    pub fn unranked(elem: Elem) -> TensorType {
        TensorType { shape: None, elem, encoding: None }
    }

    /// The number of dimensions, where it is known.
    pub fn rank(&self) -> Option<usize> {
        self.shape.as_ref().map(Vec::len)
    }

    /// The shape, if every dimension is known.
    pub fn static_shape(&self) -> Option<Vec<usize>> {
        self.shape.as_ref()?.iter().copied().collect()
    }

    /// The number of elements, if every dimension is known and the product fits.
    pub fn num_elements(&self) -> Option<usize> {
        self.shape.as_ref()?.iter().try_fold(1usize, |n, d| n.checked_mul((*d)?))
    }

    /// This type, with what is unknown of its shape taken from another of the same rank.
    #[must_use]
    pub fn or(&self, other: &TensorType) -> TensorType {
        let shape = match (&self.shape, &other.shape) {
            (Some(a), Some(b)) if a.len() == b.len() => Some(a.iter().zip(b).map(|(a, b)| a.or(*b)).collect()),
            (Some(a), _) => Some(a.clone()),
            (None, b) => b.clone(),
        };
        TensorType { shape, ..self.clone() }
    }

    /// The same shape with another element type.
    pub fn with_elem(&self, elem: Elem) -> TensorType {
        TensorType { elem, ..self.clone() }
    }
}

/// `(A, B) -> C`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionType {
    /// Types of the arguments.
    pub inputs: Vec<Type>,
    /// Types of the results.
    pub results: Vec<Type>,
}

/// The type of a value or of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A tensor.
    Tensor(TensorType),
    /// A bare element type, such as the `i32` of `1 : i32`.
    Scalar(Elem),
    /// `vector<4xf32>`
    Vector(Vec<usize>, Elem),
    /// A function type.
    Function(Arc<FunctionType>),
    /// `tuple<…>`
    Tuple(Vec<Type>),
    /// `none`
    None,
    /// A type of another dialect, with its text: `!tfl.control`, `!vhlo.tensor_v1<…>`.
    Opaque(Arc<str>),
}

impl Type {
    /// A tensor of known shape.
    pub fn tensor(shape: &[usize], elem: Elem) -> Type {
        Type::Tensor(TensorType::of(shape, elem))
    }

    /// The tensor type, if it is one.
    pub fn as_tensor(&self) -> Option<&TensorType> {
        match self {
            Type::Tensor(t) => Some(t),
            _ => None,
        }
    }

    /// The element type of a tensor.
    pub fn elem(&self) -> Option<&Elem> {
        self.as_tensor().map(|t| &t.elem)
    }
}

impl From<TensorType> for Type {
    fn from(t: TensorType) -> Type {
        Type::Tensor(t)
    }
}
