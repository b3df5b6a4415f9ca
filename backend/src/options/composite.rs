//! The attributes of a composite operation: a FlexBuffer map in the file, a dictionary in the IR.
//!
//! Upstream's forms: booleans, integers, floats, texts, lists of these, and tensors under a key with a prefix.

use flexbuffers::{Builder, BuilderOptions, FlexBufferType, MapBuilder, Reader, VectorBuilder};
use ir::{Attr, Attrs, Elem, F64, Tensor, TensorType};

use crate::schema::tflite as fb;
use crate::types;

/// Stands before the key of a tensor.
const TENSOR: &str = "_TENSOR_V1_";
const SHAPE: &str = "TENSOR_SHAPE";
const TYPE: &str = "TENSOR_TYPE";
const DATA: &str = "TENSOR_DATA";
/// Lists in lists: no deeper than this.
const DEPTH: usize = 16;

/// How many values may still be read. Each takes a byte; damaged maps state lengths beyond all memory, or lists that hold one list many times.
struct Left(usize);

impl Left {
    fn take(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.checked_sub(count)?;
        Some(())
    }

    /// The items of a list.
    fn items<'b>(&mut self, list: &Node<'b>) -> Option<Vec<Node<'b>>> {
        let list = list.as_vector();
        self.take(list.len())?;
        Some(list.iter().collect())
    }
}

type Node<'b> = Reader<&'b [u8]>;

/// The dictionary of a map; `None` if the bytes are damaged or hold another form.
pub fn read(bytes: &[u8]) -> Option<Attrs> {
    if bytes.is_empty() {
        return Some(Attrs::new());
    }
    let map = Reader::get_root(bytes).ok()?.get_map().ok()?;
    let mut left = Left(bytes.len());
    left.take(map.len())?;
    let mut out = Attrs::new();
    for (key, value) in map.iter_keys().zip(map.iter_values()) {
        let (name, value) = match key.strip_prefix(TENSOR) {
            Some(name) => (name, Attr::Dense(read_tensor(&value, &mut left)?)),
            None => (key, read_value(&value, DEPTH, &mut left)?),
        };
        out.set(name, value);
    }
    Some(out)
}

fn read_value(value: &Node<'_>, depth: usize, left: &mut Left) -> Option<Attr> {
    let ty = value.flexbuffer_type();
    if ty.is_vector() && depth > 0 {
        let items = left.items(value)?;
        let items = items.iter().map(|v| read_value(v, depth - 1, left)).collect::<Option<Vec<Attr>>>();
        return items.map(Attr::Array);
    }
    match ty {
        FlexBufferType::Bool => Some(Attr::Bool(value.as_bool())),
        FlexBufferType::String | FlexBufferType::Key => value.get_str().ok().map(Attr::str),
        FlexBufferType::Float | FlexBufferType::IndirectFloat => Some(float(value.as_f64())),
        FlexBufferType::Int | FlexBufferType::IndirectInt => Some(Attr::i64(value.as_i64())),
        FlexBufferType::UInt | FlexBufferType::IndirectUInt => i64::try_from(value.as_u64()).ok().map(Attr::i64),
        _ => None,
    }
}

/// Of 32 bits, as upstream reads it, where that loses nothing.
fn float(v: f64) -> Attr {
    if f64::from(v as f32).to_bits() == v.to_bits() { Attr::f32(v as f32) } else { Attr::Float(F64(v), Elem::F64) }
}

fn read_tensor(value: &Node<'_>, left: &mut Left) -> Option<Tensor> {
    let map = value.get_map().ok()?;
    left.take(map.len())?;
    let of = |name: &str| map.index(name).ok();
    let shape = left.items(&of(SHAPE)?)?.iter().map(|d| usize::try_from(d.as_i64()).ok()).collect::<Option<Vec<_>>>();
    let ty = TensorType::of(&shape?, types::elem(fb::TensorType(i8::try_from(of(TYPE)?.as_i64()).ok()?))?);
    let data = left.items(&of(DATA)?)?;
    if ty.num_elements()? != data.len() {
        return None;
    }
    let bytes: Vec<u8> = match ty.elem {
        Elem::F32 => data.iter().flat_map(|v| v.as_f32().to_le_bytes()).collect(),
        Elem::I32 => data.iter().flat_map(|v| v.as_i32().to_le_bytes()).collect(),
        Elem::I64 => data.iter().flat_map(|v| v.as_i64().to_le_bytes()).collect(),
        _ => return None,
    };
    Tensor::new(ty, bytes.into()).ok()
}

/// The map of a dictionary; `None` if an attribute is of another form.
pub fn write(attrs: &Attrs) -> Option<Vec<u8>> {
    let mut builder = Builder::new(BuilderOptions::default());
    let mut map = builder.start_map();
    for (key, value) in attrs.iter() {
        match value {
            Attr::Bool(v) => map.push(key, *v),
            Attr::Int(v, _) => map.push(key, *v),
            Attr::Str(v) => map.push(key, &**v),
            Attr::Float(v, Elem::F32) => map.push(key, v.0 as f32),
            Attr::Float(v, _) => map.push(key, v.0),
            Attr::Array(items) => write_items(map.start_vector(key), items)?,
            Attr::Dense(tensor) | Attr::Resource(_, tensor) => {
                write_tensor(map.start_map(&format!("{TENSOR}{key}")), tensor)?;
            }
            _ => return None,
        }
    }
    map.end_map();
    Some(builder.take_buffer())
}

fn write_items(mut list: VectorBuilder<'_>, items: &[Attr]) -> Option<()> {
    for item in items {
        match item {
            Attr::Bool(v) => list.push(*v),
            Attr::Int(v, _) => list.push(*v),
            Attr::Str(v) => list.push(&**v),
            Attr::Float(v, Elem::F32) => list.push(v.0 as f32),
            Attr::Float(v, _) => list.push(v.0),
            Attr::Array(items) => write_items(list.start_vector(), items)?,
            _ => return None,
        }
    }
    list.end_vector();
    Some(())
}

fn write_tensor(mut map: MapBuilder<'_>, tensor: &Tensor) -> Option<()> {
    let ty = tensor.ty();
    let mut shape = map.start_vector(SHAPE);
    for d in ty.static_shape()? {
        shape.push(i64::try_from(d).ok()?);
    }
    shape.end_vector();
    map.push(TYPE, i64::from(types::tensor_type(&ty.elem)?.0));
    let mut data = map.start_vector(DATA);
    match ty.elem {
        Elem::F32 => tensor.to_f64()?.into_iter().for_each(|v| data.push(v as f32)),
        Elem::I32 | Elem::I64 => tensor.to_i64()?.into_iter().for_each(|v| data.push(v)),
        _ => return None,
    }
    data.end_vector();
    map.end_map();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_return() {
        let list = Attr::Array(vec![Attr::i64(1), Attr::str("x"), Attr::Array(vec![Attr::Bool(true)])]);
        let attrs = Attrs::new()
            .with("axis", Attr::i64(-1))
            .with("epsilon", Attr::f32(1e-6))
            .with("exact", Attr::Float(F64(0.1), Elem::F64))
            .with("list", list)
            .with("name", Attr::str("gelu"))
            .with("on", Attr::Bool(true))
            .with("t", Attr::Dense(Tensor::i32(&[2], vec![3, -4])))
            .with("u", Attr::Dense(Tensor::f32(&[1, 1], vec![0.5])));
        assert_eq!(read(&write(&attrs).unwrap()), Some(attrs));
        assert_eq!(write(&Attrs::new().with("a", Attr::Unit)), None);
    }

    #[test]
    fn damaged_maps_are_none() {
        let bytes = write(&Attrs::new().with("axis", Attr::i64(-1)).with("name", Attr::str("gelu"))).unwrap();
        for end in 1..bytes.len() {
            let _ = read(&bytes[..end]);
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[end] ^= 1 << bit;
                let _ = read(&damaged);
            }
        }
        assert_eq!(read(&[1]), None);
    }

    /// `{a = l}`, where l is a list of `count` times a list of `count` times a list …, of ones; each is stored once.
    fn nested(levels: u8, count: u8) -> Vec<u8> {
        const INT: u8 = 1 << 2;
        const LIST: u8 = 10 << 2;
        const MAP: u8 = 9 << 2;
        let mut bytes: Vec<u8> = vec![];
        let mut list = 0;
        for level in 0..levels {
            bytes.push(count);
            let at = bytes.len() as u8;
            bytes.extend((0..count).map(|i| if level == 0 { 1 } else { at + i - list }));
            bytes.extend((0..count).map(|_| if level == 0 { INT } else { LIST }));
            list = at;
        }
        // The key, the list of keys, the map and the root: what is stored elsewhere is the distance back to it.
        bytes.extend([b'a', 0, 1, 3]);
        let value = bytes.len() as u8 + 3;
        bytes.extend([1, 1, 1, value - list, LIST, 2, MAP, 1]);
        bytes
    }

    #[test]
    fn lists_that_hold_one_list_many_times_are_none() {
        let ones = Attr::Array(vec![Attr::i64(1); 2]);
        assert_eq!(read(&nested(2, 2)), Some(Attrs::new().with("a", Attr::Array(vec![ones; 2]))));
        assert_eq!(read(&nested(7, 15)), None);
    }

    #[test]
    fn lengths_beyond_the_bytes_are_none() {
        let mut bytes = nested(1, 2);
        let length = bytes.len() - 6;
        assert!(read(&bytes).is_some());
        bytes[length] = 200;
        assert_eq!(read(&bytes), None);
    }
}
