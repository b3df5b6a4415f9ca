//! Representative data: samples by input name, behind a trait so that this crate reads no files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ir::{Dim, Elem, Tensor, TensorType};

/// Whole arrays by name.
pub type Arrays = BTreeMap<String, Tensor>;

/// An array that is read from its first element to its last.
pub struct Stream {
    /// Its type; the first axis counts samples.
    pub ty: TensorType,
    /// Its row-major elements.
    data: Box<dyn Read + Send>,
    /// Whether the bytes of each element come in reverse.
    reversed: bool,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stream").field(&self.ty).finish()
    }
}

impl From<Tensor> for Stream {
    fn from(t: Tensor) -> Stream {
        Stream { ty: t.ty().clone(), data: Box::new(Cursor::new(t.bytes())), reversed: false }
    }
}

/// Memory is asked for ahead of the data up to so many bytes: a header may promise anything.
const TRUSTED: usize = 64 << 20;

impl Stream {
    /// Row-major elements, the bytes of each little-endian or, if `reversed`, big-endian.
    pub fn new(ty: TensorType, data: impl Read + Send + 'static, reversed: bool) -> Stream {
        Stream { ty, data: Box::new(data), reversed }
    }

    /// The next `bytes` bytes, whole elements, little-endian. The error is a sentence.
    pub fn read(&mut self, bytes: usize) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(bytes.min(TRUSTED));
        self.data.by_ref().take(bytes as u64).read_to_end(&mut out).map_err(|e| e.to_string())?;
        if out.len() < bytes {
            return Err("it ends before its last element".into());
        }
        if self.reversed {
            out.chunks_exact_mut(self.ty.elem.byte_width().unwrap_or(1)).for_each(<[u8]>::reverse);
        }
        Ok(out)
    }
}

/// Arrays by name, to be read side by side.
pub type Streams = BTreeMap<String, Stream>;

/// Opens datasets.
pub trait Datasets: Sync {
    /// The arrays of a `.npz`, or of a `.npy` under the empty name; a directory of them is joined in name order.
    fn open(&self, path: &Path) -> Result<Streams, String>;
}

/// No dataset can be read.
#[derive(Debug, Default)]
pub struct NoDatasets;

impl Datasets for NoDatasets {
    fn open(&self, path: &Path) -> Result<Streams, String> {
        Err(format!("{}: this program reads no datasets", path.display()))
    }
}

/// Arrays in memory, whatever the path.
impl Datasets for Arrays {
    fn open(&self, _: &Path) -> Result<Streams, String> {
        Ok(self.iter().map(|(name, t)| (name.clone(), t.clone().into())).collect())
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

/// One input of the samples.
#[derive(Debug)]
struct Input {
    name: String,
    values: Stream,
    /// Shape of one sample, and the element type it is given in.
    shape: Vec<usize>,
    elem: Elem,
}

/// A dataset cut into samples of a function's arguments, which come one after the other: only one is in memory.
#[derive(Debug)]
pub struct Samples {
    inputs: Vec<Input>,
    len: usize,
    dropped: usize,
    next: usize,
}

impl Samples {
    /// Cuts arrays for the inputs of a signature. A rank one above the input's means a stack of whole inputs; the same rank means rows to be
    /// cut to the input's batch, or to one where it is unknown.
    pub fn new(mut arrays: Streams, names: &[String], types: &[TensorType]) -> Result<Samples, String> {
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
            let values = arrays.remove(name).ok_or_else(|| format!("it has no array for input `{name}`"))?;
            if !casts(&values.ty.elem, &ty.elem) {
                let found = elem_name(&values.ty.elem);
                return Err(format!("array `{name}` is {found}, but the input is {}", describe(ty)));
            }
            let given = values.ty.static_shape().unwrap_or_default();
            let misfit = || format!("array `{name}` has shape {given:?}, but the input is {}", describe(ty));
            let want = ty.shape.as_ref().ok_or_else(misfit)?;
            let fits = |got: &[usize], want: &[Dim]| {
                got.len() == want.len() && got.iter().zip(want).all(|(g, w)| w.is_none_or(|w| w == *g))
            };
            let (shape, count, rest) = match given.split_first() {
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
            inputs.push(Input { name: name.clone(), values, shape, elem: ty.elem.clone() });
        }
        let (len, dropped) = counts.first().copied().unwrap_or((0, 0));
        if counts.iter().any(|c| c.0 != len) {
            let all: Vec<String> = names.iter().zip(&counts).map(|(n, c)| format!("`{n}` {}", c.0)).collect();
            return Err(format!("its arrays differ in the number of samples: {}", all.join(", ")));
        }
        if len == 0 {
            return Err("it holds no sample".into());
        }
        Ok(Samples { inputs, len, dropped, next: 0 })
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

    /// The type of each argument in every sample.
    pub fn types(&self) -> Vec<TensorType> {
        self.inputs.iter().map(|i| TensorType::of(&i.shape, i.elem.clone())).collect()
    }

    /// The next sample and its number; `None` behind the last. The error is a sentence.
    pub fn next_sample(&mut self) -> Result<Option<(usize, Vec<Tensor>)>, String> {
        if self.next == self.len {
            return Ok(None);
        }
        let number = self.next;
        let inputs = self.inputs.iter_mut().map(Input::next).collect::<Result<_, _>>();
        self.next += 1;
        inputs.map(|inputs| Some((number, inputs))).map_err(|e| format!("sample {number}: {e}"))
    }
}

impl Input {
    fn next(&mut self) -> Result<Tensor, String> {
        let given = TensorType::of(&self.shape, self.values.ty.elem.clone());
        let place = |e: String| format!("array `{}`: {e}", self.name);
        let width = given.elem.byte_width().unwrap_or(1);
        let bytes = given.num_elements().and_then(|n| n.checked_mul(width));
        let data = self.values.read(bytes.ok_or_else(|| place("it is too large".into()))?).map_err(place)?;
        let tensor = Tensor::new(given, data.into()).map_err(|e| place(e.to_string()))?;
        cast(tensor, &self.elem).map_err(place)
    }
}

/// Runs every sample on the threads of the current pool, each with a state of its own that `start` makes; gives the states. Of several errors
/// the one of the first sample is given; a sample that cannot be read has a sentence as its error.
pub fn on_every_sample<S: Send, E: From<String> + Send>(
    samples: Samples,
    start: impl Fn() -> S + Sync,
    run: impl Fn(&mut S, usize, Vec<Tensor>) -> Result<(), E> + Sync,
) -> Result<Vec<S>, E> {
    let total = samples.len();
    let (source, stop) = (Mutex::new(samples), AtomicBool::new(false));
    let work = || -> Result<Option<S>, (usize, E)> {
        let mut state = None;
        loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(state);
            }
            let taken = source.lock().map_or(Ok(None), |mut s| s.next_sample().map_err(|e| (s.next - 1, e.into())));
            let outcome = match taken {
                Ok(None) => return Ok(state),
                Ok(Some((i, inputs))) => run(state.get_or_insert_with(&start), i, inputs).map_err(|e| (i, e)),
                Err(e) => Err(e),
            };
            if let Err(e) = outcome {
                stop.store(true, Ordering::Relaxed);
                return Err(e);
            }
        }
    };
    // A single sample is run where the caller is, whose threads it may share.
    let outcomes = if total == 1 { vec![work()] } else { rayon::broadcast(|_| work()) };
    let (mut states, mut first) = (Vec::new(), None::<(usize, E)>);
    for outcome in outcomes {
        match outcome {
            Ok(state) => states.extend(state),
            Err(e) if first.as_ref().is_none_or(|f| e.0 < f.0) => first = Some(e),
            Err(_) => {}
        }
    }
    first.map_or(Ok(states), |(_, e)| Err(e))
}

/// Whether values of an element type may be given to an input of another, if nothing is lost.
fn casts(from: &Elem, to: &Elem) -> bool {
    from == to
        || to.quant().is_some_and(|q| q.storage() == *from)
        || match to {
            Elem::F32 => matches!(from, Elem::F16 | Elem::F64 | Elem::Int(..)),
            Elem::Int(32 | 64, _) => matches!(from, Elem::Int(..)),
            _ => false,
        }
}

/// An array as an input's element type. The error is a sentence: something would be lost.
fn cast(array: Tensor, to: &Elem) -> Result<Tensor, String> {
    let from = array.ty().elem.clone();
    if from == *to || to.quant().is_some_and(|q| q.storage() == from) {
        let ty = array.ty().with_elem(to.clone());
        return array.retyped(ty).map_err(|e| e.to_string());
    }
    let shape = array.shape();
    let lossy = || format!("it is {} and holds values that {} does not", elem_name(&from), elem_name(to));
    match to {
        Elem::F32 => {
            let v = array.to_f64().ok_or_else(lossy)?;
            // NaN stays NaN, and is reported where it does harm.
            let lossless = v.iter().all(|v| f64::from(*v as f32) == *v || v.is_nan());
            lossless.then(|| Tensor::f32(&shape, v.into_iter().map(|v| v as f32).collect())).ok_or_else(lossy)
        }
        Elem::Int(32, _) => {
            let v: Result<Vec<i32>, _> = array.to_i64().ok_or_else(lossy)?.into_iter().map(i32::try_from).collect();
            Ok(Tensor::i32(&shape, v.map_err(|_| lossy())?))
        }
        _ => Ok(Tensor::i64(&shape, array.to_i64().ok_or_else(lossy)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrays(shape: &[usize]) -> Streams {
        let n = shape.iter().product();
        Streams::from([("x".to_owned(), Tensor::f32(shape, (0..n).map(|v| v as f32).collect()).into())])
    }

    fn last(mut s: Samples) -> Tensor {
        let mut last = None;
        while let Some((_, mut sample)) = s.next_sample().unwrap() {
            last = sample.pop();
        }
        last.unwrap()
    }

    #[test]
    fn rows_are_cut_to_batches_and_stacks_to_inputs() {
        let names = ["x".to_owned()];
        let ty = TensorType::ranked(vec![None, Some(2)], Elem::F32);
        let s = Samples::new(arrays(&[3, 2]), &names, std::slice::from_ref(&ty)).unwrap();
        assert_eq!((s.len(), s.types()[0].static_shape()), (3, Some(vec![1, 2])));
        assert_eq!(last(s).as_f32().unwrap().as_ref(), [4.0, 5.0]);
        let s = Samples::new(arrays(&[3, 1, 2]), &names, std::slice::from_ref(&ty)).unwrap();
        assert_eq!((s.len(), last(s).shape()), (3, vec![1, 2]));
        let two = TensorType::of(&[2, 2], Elem::F32);
        let s = Samples::new(arrays(&[5, 2]), &names, &[two]).unwrap();
        assert_eq!((s.len(), s.dropped()), (2, 1));
        let e = Samples::new(arrays(&[3, 4]), &names, std::slice::from_ref(&ty)).unwrap_err();
        assert_eq!(e, "array `x` has shape [3, 4], but the input is float32 [?, 2]");
        let e = Samples::new(arrays(&[3, 2]), &["y".to_owned()], &[ty]).unwrap_err();
        assert_eq!(e, "it has an array `x`, but no input is called so");
    }

    #[test]
    fn each_sample_runs_once_and_the_first_error_counts() {
        let names = ["x".to_owned()];
        let ty = TensorType::of(&[1], Elem::F32);
        let samples = || Samples::new(arrays(&[50, 1]), &names, std::slice::from_ref(&ty)).unwrap();
        let states = on_every_sample(samples(), Vec::new, |seen, i, _| {
            seen.push(i);
            Ok::<_, String>(())
        });
        let mut all = states.unwrap().concat();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        let fails = |_: &mut (), i: usize, _| if i >= 7 { Err(format!("sample {i}")) } else { Ok(()) };
        assert_eq!(on_every_sample(samples(), || (), fails).unwrap_err(), "sample 7");
    }

    #[test]
    fn what_would_be_lost_is_an_error_of_its_sample() {
        let names = ["x".to_owned()];
        let wide = Tensor::i64(&[2, 1], vec![1, 1 << 40]);
        let streams = Streams::from([("x".to_owned(), wide.into())]);
        let mut s = Samples::new(streams, &names, &[TensorType::of(&[1], Elem::I32)]).unwrap();
        assert_eq!(s.next_sample().unwrap().unwrap().1[0], Tensor::i32(&[1], vec![1]));
        assert_eq!(
            s.next_sample().unwrap_err(),
            "sample 1: array `x`: it is int64 and holds values that int32 does not"
        );
    }
}
