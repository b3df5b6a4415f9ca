//! Whatever the IR holds comes back from its text.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::float;
use super::*;
use crate::attr::Attrs;
use crate::body::{At, Body, OpName, OpSpec, Region, Value};
use crate::bytestr;
use crate::loc::LocKind;
use crate::tensor::Tensor;
use crate::types::{Dim, F64, FunctionType, QuantParams, QuantType, Sign};

fn read(source: &str) -> Result<Module, String> {
    let mut sink = Sink::new();
    let registry = Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered: true, file: "t" };
    parse(source, &options, &mut sink).map_err(|_| format!("{:#?}\n{source}", sink.diagnostics()))
}

fn int_elem() -> impl Strategy<Value = Elem> {
    let width = prop_oneof![Just(8), Just(16), Just(32), Just(64)];
    let sign = prop_oneof![Just(Sign::Signless), Just(Sign::Signed), Just(Sign::Unsigned)];
    prop_oneof![(width, sign).prop_map(|(w, s)| Elem::Int(w, s)), Just(Elem::Index)]
}

fn float_elem() -> impl Strategy<Value = Elem> {
    prop_oneof![Just(Elem::F16), Just(Elem::BF16), Just(Elem::F32), Just(Elem::F64)]
}

/// A value of a float type: any bits.
fn float_of(elem: Elem) -> impl Strategy<Value = (F64, Elem)> {
    any::<u64>().prop_map(move |bits| {
        let mask = u64::MAX >> (64 - elem.bits().unwrap_or(64));
        (F64(float::from_bits(bits & mask, &elem)), elem.clone())
    })
}

/// The integer of a type that some bits are.
fn int_of(bits: i64, elem: &Elem) -> i64 {
    match elem {
        Elem::Int(w, Sign::Unsigned) => (bits.cast_unsigned() & u64::MAX >> (64 - w)).cast_signed(),
        Elem::Int(w, _) => bits << (64 - w) >> (64 - w),
        _ => bits,
    }
}

fn quant() -> impl Strategy<Value = Elem> {
    let pairs = vec((1e-9..1e3f64, -100..100i64), 1..4);
    (any::<[bool; 3]>(), prop_oneof![Just(4u16), Just(8), Just(16), Just(32)], pairs, 0..4usize).prop_map(
        |([signed, marked, narrow], width, pairs, kind)| {
            let (min, max) = QuantType::default_range(signed, width);
            let (scales, zero_points): (Vec<F64>, Vec<i64>) = pairs.into_iter().map(|(s, z)| (F64(s), z)).unzip();
            let params = match kind {
                0 => QuantParams::PerTensor { scale: scales[0], zero_point: zero_points[0] },
                1 => QuantParams::PerAxis { axis: 1, scales, zero_points },
                2 => {
                    let shape = vec![scales.len(), 1];
                    QuantParams::SubChannel { blocks: vec![(0, 1), (1, 4)], shape, scales, zero_points }
                }
                _ => QuantParams::Any,
            };
            let min = min + i64::from(narrow);
            Elem::Quant(Arc::new(QuantType { signed, marked, width, min, max, expressed: Some(Elem::F32), params }))
        },
    )
}

fn elem() -> impl Strategy<Value = Elem> {
    let other = prop_oneof![
        Just(Elem::String),
        Just(Elem::Variant),
        Just(Elem::Resource),
        Just(Elem::BOOL),
        Just(Elem::Opaque("f8E5M2".into())),
        Just(Elem::Opaque("!tf_type.resource<tensor<3x!tf_type.string>>".into())),
        float_elem().prop_map(|e| Elem::Complex(Box::new(e))),
    ];
    prop_oneof![int_elem(), float_elem(), quant(), other]
}

fn shape() -> impl Strategy<Value = Option<Vec<Dim>>> {
    prop::option::weighted(0.9, vec(prop::option::weighted(0.8, 0..5usize), 0..4))
}

/// An element type that stands alone.
fn bare(elem: Elem) -> Type {
    match elem {
        Elem::Opaque(text) if text.starts_with('!') => Type::Opaque(text),
        e => Type::Scalar(e),
    }
}

fn ty() -> impl Strategy<Value = Type> {
    let tensor = (shape(), elem()).prop_map(|(shape, elem)| Type::Tensor(TensorType { shape, elem, encoding: None }));
    let leaf = prop_oneof![
        4 => tensor,
        2 => elem().prop_map(bare),
        1 => Just(Type::None),
        1 => Just(Type::Opaque("!tfl.control".into())),
        1 => (vec(1..5usize, 1..3), float_elem()).prop_map(|(d, e)| Type::Vector(d, e)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let types = || vec(inner.clone(), 0..3);
        prop_oneof![
            types().prop_map(Type::Tuple),
            (types(), types()).prop_map(|(inputs, results)| Type::Function(Arc::new(FunctionType { inputs, results }))),
        ]
    })
}

/// Any bytes, as an attribute keeps them.
fn text() -> impl Strategy<Value = Arc<str>> {
    vec(any::<u8>(), 0..12).prop_map(|b| bytestr::from_bytes(&b).into())
}

fn name() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![3 => "[a-z_][a-zA-Z0-9_.$]{0,6}".prop_map(Arc::from), 1 => "[ -~]{1,5}".prop_map(Arc::from)]
}

fn tensor() -> impl Strategy<Value = Tensor> {
    let elem = prop_oneof![
        int_elem(),
        float_elem(),
        Just(Elem::Int(4, Sign::Signless)),
        float_elem().prop_map(|e| Elem::Complex(Box::new(e))),
    ];
    (elem, vec(0..7usize, 0..4), any::<bool>(), any::<u64>()).prop_map(|(elem, shape, splat, seed)| {
        let ty = TensorType::of(&shape, elem);
        let bits = ty.elem.bits().unwrap_or(8);
        let count = ty.num_elements().unwrap_or(0);
        let whole = (count * bits).div_ceil(8);
        let size = if splat && count > 0 && bits >= 8 { bits / 8 } else { whole };
        let mut state = seed | 1;
        let mut data: Vec<u8> = (0..size)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        // The half of the last byte that no element has.
        if bits == 4 && count % 2 == 1 {
            data[size - 1] &= 0x0F;
        }
        Tensor::new(ty, data.into()).expect("the size fits")
    })
}

fn strings() -> impl Strategy<Value = Tensor> {
    vec(text(), 0..4).prop_map(|items| {
        let mut data = Vec::new();
        for s in &items {
            let bytes = bytestr::to_bytes(s);
            data.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            data.extend_from_slice(&bytes);
        }
        Tensor::new(TensorType::of(&[items.len()], Elem::String), data.into()).expect("strings have any size")
    })
}

fn location() -> impl Strategy<Value = Loc> {
    let leaf = prop_oneof![
        Just(Loc::UNKNOWN),
        (text(), 1..9u32, 1..9u32).prop_map(|(f, l, c)| Loc::file(f, l, c)),
        text().prop_map(Loc::name),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            (text(), inner.clone()).prop_map(|(n, child)| Loc::new(LocKind::Name(n, child))),
            (vec(inner.clone(), 1..3), prop::option::of(text().prop_map(Attr::Str)))
                .prop_map(|(parts, meta)| Loc::new(LocKind::Fused(parts, meta))),
            (inner.clone(), inner).prop_map(|(a, b)| Loc::new(LocKind::CallSite(a, b))),
        ]
    })
}

fn attr() -> impl Strategy<Value = Attr> {
    let leaf = Union::new([
        any::<bool>().prop_map(Attr::Bool).boxed(),
        (any::<i64>(), int_elem()).prop_map(|(v, e)| Attr::Int(int_of(v, &e), e)).boxed(),
        float_elem().prop_flat_map(float_of).prop_map(|(v, e)| Attr::Float(v, e)).boxed(),
        text().prop_map(Attr::Str).boxed(),
        ty().prop_map(Attr::Type).boxed(),
        vec(name(), 1..3).prop_map(Attr::Symbol).boxed(),
        prop_oneof![tensor(), strings()].prop_map(Attr::Dense).boxed(),
        (name(), tensor()).prop_map(|(k, t)| Attr::Resource((&*k).into(), t)).boxed(),
        tensor().prop_map(|t| Attr::Elided(Type::Tensor(t.ty().clone()))).boxed(),
        (int_elem().prop_filter("an array has no indices", |e| *e != Elem::Index), vec(any::<i64>(), 0..4))
            .prop_map(|(e, v)| Attr::DenseArray(e.clone(), v.into_iter().map(|v| int_of(v, &e)).collect()))
            .boxed(),
        location().prop_map(Attr::Loc).boxed(),
        Just(Attr::Opaque("#tfl<mirror_pad_attr REFLECT>".into())).boxed(),
    ]);
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Attr::Array),
            vec((name(), prop_oneof![4 => inner, 1 => Just(Attr::Unit)]), 0..4)
                .prop_map(|a| Attr::Dict(a.into_iter().collect())),
        ]
    })
}

fn attrs() -> impl Strategy<Value = Attrs> {
    vec((name(), attr()), 0..3).prop_map(|a| a.into_iter().collect())
}

/// How an operation is made: which values it uses, what it makes, and whether the operations behind it go into a region of it.
#[derive(Clone, Debug)]
struct Plan {
    name: &'static str,
    operands: Vec<prop::sample::Index>,
    results: Vec<Type>,
    props: Attrs,
    attrs: Attrs,
    loc: Loc,
    region: Vec<Plan>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let names = prop::sample::select(vec!["a.b", "tfl.add", "tfl.gather", "tf.Conv2D", "x"]);
    let values = (vec(any::<prop::sample::Index>(), 0..3), vec(ty(), 0..3));
    let leaf =
        (names, values, attrs(), attrs(), location()).prop_map(|(name, (operands, results), props, attrs, loc)| Plan {
            name,
            operands,
            results,
            props,
            attrs,
            loc,
            region: Vec::new(),
        });
    leaf.prop_recursive(2, 8, 3, |inner| {
        (inner.clone(), vec(inner, 0..3)).prop_map(|(plan, region)| Plan { region, ..plan })
    })
}

fn build(body: &mut Body, block: crate::body::BlockId, plans: &[Plan], visible: &mut Vec<Value>) {
    let registry = Registry::standard();
    let outer = visible.len();
    for p in plans {
        let operands: Vec<Value> =
            if visible.is_empty() { vec![] } else { p.operands.iter().map(|i| *i.get(visible)).collect() };
        let mut spec = OpSpec::new(registry.name(p.name), p.loc.clone()).operands(&operands).results(p.results.clone());
        spec.props = p.props.clone();
        spec.attrs = p.attrs.clone();
        if !p.region.is_empty() {
            let region = body.add_region();
            let inner = body.add_block(region);
            let arg = body.add_arg(inner, Type::None, p.loc.clone());
            visible.push(arg);
            build(body, inner, &p.region, visible);
            visible.pop();
            spec = spec.region(Region::Inline(region));
        }
        let id = body.insert(At::End(block), spec);
        visible.extend(body.op(id).results());
    }
    visible.truncate(outer);
}

fn module() -> impl Strategy<Value = Module> {
    (prop::option::of(name()), attrs(), vec((name(), vec(ty(), 0..3), vec(plan(), 0..4)), 0..3)).prop_map(
        |(name, attrs, funcs)| {
            let mut m = Module { name, attrs, ..Module::default() };
            for (name, inputs, plans) in funcs {
                let f = m.add_func(&name, FunctionType { inputs, results: vec![] }, Loc::name(name.clone()));
                let body = m.func_body_mut(f).expect("a new function has a body");
                let entry = body.entry();
                let mut visible = body.args(entry).to_vec();
                build(body, entry, &plans, &mut visible);
                body.insert(At::End(entry), OpSpec::new(OpName::Unknown("x.end".into()), Loc::UNKNOWN));
            }
            m
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn types_come_back(t in ty()) {
        let m = read(&format!("\"a.b\"() {{x = {t}}} : () -> ()")).map_err(TestCaseError::fail)?;
        prop_assert_eq!(m.body.op(m.ops()[0]).attr("x"), Some(&Attr::Type(t)));
    }

    #[test]
    fn attributes_come_back(a in attr()) {
        let m = Module { attrs: Attrs::new().with("x", a), ..Module::default() };
        let again = read(&print(&m, &PrintOptions::default())).map_err(TestCaseError::fail)?;
        prop_assert_eq!(again.attrs, m.attrs);
    }

    #[test]
    fn modules_come_back(m in module()) {
        for generic in [false, true] {
            let options = PrintOptions { generic, locations: false, elide_larger_than: None };
            let text = print(&m, &options);
            let again = read(&text).map_err(TestCaseError::fail)?;
            prop_assert_eq!(print(&again, &options), text);
            let located = PrintOptions { locations: true, ..options };
            let text = print(&again, &located);
            prop_assert_eq!(print(&read(&text).map_err(TestCaseError::fail)?, &located), text);
        }
    }

    #[test]
    fn no_text_panics(words in vec(prop::sample::select(WORDS.to_vec()), 0..40)) {
        let _ = read(&words.concat());
        let _ = read(&words.join(" "));
    }
}

/// What texts are made of.
const WORDS: [&str; 60] = [
    "%0",
    ":2",
    "=",
    "\"a.b\"",
    "(",
    ")",
    "<{",
    "}>",
    "({",
    "})",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ":",
    ",",
    "->",
    "()",
    "\n",
    "^bb0",
    "#a",
    "!a",
    "@f",
    "func.func",
    "module",
    "return",
    "tfl.add",
    "arith.constant",
    "dense<",
    "tensor<",
    "2x",
    "?x",
    "*x",
    "i8",
    "f32",
    "i4",
    "0x1F",
    "-1",
    "1.5",
    "1e",
    "\"0x00\"",
    "\"",
    "\\",
    "loc(",
    "unknown",
    "fused",
    "callsite",
    " at ",
    "!quant.uniform<",
    "{-#",
    "#-}",
    "dialect_resources",
    "builtin",
    "array<",
    "dense_resource<",
    "complex<",
    "é",
    "//",
];
