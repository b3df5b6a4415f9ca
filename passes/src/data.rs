//! Representative data: samples by input name, behind a trait so that this crate reads no files.

use std::collections::BTreeMap;
use std::path::Path;

use ir::{Dim, Elem, Tensor, TensorType};

/// All values of some inputs; the first axis of each counts samples.
pub type Arrays = BTreeMap<String, Tensor>;

/// Reads a dataset.
pub trait Datasets: Sync {
    /// The arrays of a `.npz`, or of a `.npy` under the empty name; a directory of them is joined in name order.
    fn load(&self, path: &Path) -> Result<Arrays, String>;
}

/// No dataset can be read.
#[derive(Debug, Default)]
pub struct NoDatasets;

impl Datasets for NoDatasets {
    fn load(&self, path: &Path) -> Result<Arrays, String> {
        Err(format!("{}: this program reads no datasets", path.display()))
    }
}

/// Arrays in memory, whatever the path.
impl Datasets for Arrays {
    fn load(&self, _: &Path) -> Result<Arrays, String> {
        Ok(self.clone())
    }
}

/// A type as users write it: `float32 [?, 24, 24, 1]`.
pub fn describe(ty: &TensorType) -> String {
    let shape = match &ty.shape {
        Some(s) => shape_text(s),
        None => "of any shape".into(),
    };
    format!("{} {shape}", elem_name(&ty.elem))
}

/// `[?, 24, 24, 1]`
fn shape_text(shape: &[Dim]) -> String {
    let dims: Vec<String> = shape.iter().map(|d| d.map_or("?".into(), |d| d.to_string())).collect();
    format!("[{}]", dims.join(", "))
}

/// numpy's name of an element type.
pub fn elem_name(elem: &Elem) -> String {
    match elem {
        Elem::F32 => "float32".into(),
        Elem::F64 => "float64".into(),
        Elem::F16 => "float16".into(),
        Elem::Int(1, _) => "bool".into(),
        Elem::Int(w, ir::Sign::Unsigned) => format!("uint{w}"),
        Elem::Int(w, _) => format!("int{w}"),
        Elem::Quant(q) => elem_name(&q.storage()),
        other => format!("{other:?}"),
    }
}

/// A dataset cut into samples of a function's arguments.
#[derive(Clone, Debug)]
pub struct Samples {
    /// For each argument: all its values, the shape of one sample, its bytes.
    inputs: Vec<(Tensor, Vec<usize>, usize)>,
    len: usize,
    dropped: usize,
}

impl Samples {
    /// Cuts arrays for the inputs of a signature. A rank one above the input's means a stack of whole inputs; the same rank means rows to be
    /// cut to the input's batch, or to one where it is unknown.
    pub fn new(mut arrays: Arrays, names: &[String], types: &[TensorType]) -> Result<Samples, String> {
        if let ([name], [_]) = (names, &arrays.keys().collect::<Vec<_>>()[..])
            && let Some(only) = arrays.remove("")
        {
            arrays.insert(name.clone(), only);
        }
        if let Some(unknown) = arrays.keys().find(|k| !names.contains(k)) {
            return Err(format!("it has an array `{unknown}`, but no input is called so"));
        }
        let mut inputs = Vec::new();
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for (name, ty) in names.iter().zip(types) {
            let array = arrays.remove(name).ok_or_else(|| format!("it has no array for input `{name}`"))?;
            let array = cast(array, &ty.elem)
                .map_err(|found| format!("array `{name}` is {found}, but the input is {}", describe(ty)))?;
            let given = array.shape();
            let misfit = || format!("array `{name}` has shape {given:?}, but the input is {}", describe(ty));
            let want = ty.shape.as_ref().ok_or_else(misfit)?;
            let fits = |got: &[usize], want: &[Dim]| {
                got.len() == want.len() && got.iter().zip(want).all(|(g, w)| w.is_none_or(|w| w == *g))
            };
            let (sample, count, rest) = match given.split_first() {
                Some((n, one)) if one.len() == want.len() && fits(one, want) => (one.to_vec(), *n, 0),
                Some((n, one)) if given.len() == want.len() && fits(one, &want[1..]) => {
                    let batch = want[0].unwrap_or(1).max(1);
                    let mut sample = given.clone();
                    sample[0] = batch;
                    (sample, n / batch, n % batch)
                }
                _ => return Err(misfit()),
            };
            counts.push((count, rest));
            let bytes = sample.iter().product::<usize>() * array.ty().elem.byte_width().unwrap_or(1);
            inputs.push((array, sample, bytes));
        }
        let (len, dropped) = counts.first().copied().unwrap_or((0, 0));
        if counts.iter().any(|c| c.0 != len) {
            let all: Vec<String> = names.iter().zip(&counts).map(|(n, c)| format!("`{n}` {}", c.0)).collect();
            return Err(format!("its arrays differ in the number of samples: {}", all.join(", ")));
        }
        if len == 0 {
            return Err("it holds no sample".into());
        }
        Ok(Samples { inputs, len, dropped })
    }

    /// The number of samples, one at least.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none; never so.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Rows at the end that fill no batch.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The arguments of sample `i`, which share the dataset's bytes.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, i: usize) -> Vec<Tensor> {
        assert!(i < self.len, "sample {i} of {}", self.len);
        self.inputs
            .iter()
            .map(|(all, shape, bytes)| {
                let ty = TensorType::of(shape, all.ty().elem.clone());
                let data = all.bytes().slice(i * bytes..(i + 1) * bytes);
                Tensor::new(ty, data).unwrap_or_else(|_| all.clone())
            })
            .collect()
    }
}

/// An array as an input's element type, if nothing is lost; else the name of its own type.
fn cast(array: Tensor, to: &Elem) -> Result<Tensor, String> {
    let from = array.ty().elem.clone();
    if from == *to || to.quant().is_some_and(|q| q.storage() == from) {
        let ty = array.ty().with_elem(to.clone());
        return array.retyped(ty).map_err(|e| e.to_string());
    }
    let refused = || elem_name(&from);
    let shape = array.shape();
    let lossless = |v: &[f64]| v.iter().all(|v| f64::from(*v as f32) == *v);
    match (to, &from) {
        (Elem::F32, Elem::F16 | Elem::F64 | Elem::Int(..)) => {
            let v = array.to_f64().ok_or_else(refused)?;
            if !lossless(&v) {
                return Err(format!("{} and holds values that float32 does not", refused()));
            }
            Ok(Tensor::f32(&shape, v.into_iter().map(|v| v as f32).collect()))
        }
        (Elem::Int(32, _), Elem::Int(..)) => {
            let v: Result<Vec<i32>, _> = array.to_i64().ok_or_else(refused)?.into_iter().map(i32::try_from).collect();
            Ok(Tensor::i32(&shape, v.map_err(|_| refused())?))
        }
        (Elem::Int(64, _), Elem::Int(..)) => Ok(Tensor::i64(&shape, array.to_i64().ok_or_else(refused)?)),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrays(shape: &[usize]) -> Arrays {
        let n = shape.iter().product();
        Arrays::from([("x".to_owned(), Tensor::f32(shape, (0..n).map(|v| v as f32).collect()))])
    }

    #[test]
    fn rows_are_cut_to_batches_and_stacks_to_inputs() {
        let names = ["x".to_owned()];
        let ty = TensorType::ranked(vec![None, Some(2)], Elem::F32);
        let s = Samples::new(arrays(&[3, 2]), &names, std::slice::from_ref(&ty)).unwrap();
        assert_eq!((s.len(), s.get(2)[0].shape()), (3, vec![1, 2]));
        assert_eq!(s.get(2)[0].as_f32().unwrap().as_ref(), [4.0, 5.0]);
        let s = Samples::new(arrays(&[3, 1, 2]), &names, std::slice::from_ref(&ty)).unwrap();
        assert_eq!((s.len(), s.get(1)[0].shape()), (3, vec![1, 2]));
        let two = TensorType::of(&[2, 2], Elem::F32);
        let s = Samples::new(arrays(&[5, 2]), &names, &[two]).unwrap();
        assert_eq!((s.len(), s.dropped()), (2, 1));
        let e = Samples::new(arrays(&[3, 4]), &names, std::slice::from_ref(&ty)).unwrap_err();
        assert_eq!(e, "array `x` has shape [3, 4], but the input is float32 [?, 2]");
        let e = Samples::new(arrays(&[3, 2]), &["y".to_owned()], &[ty]).unwrap_err();
        assert_eq!(e, "it has an array `x`, but no input is called so");
    }
}
