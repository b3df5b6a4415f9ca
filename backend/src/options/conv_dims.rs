//! What each dimension of a StableHLO convolution means: `#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>`.

use ir::Attr;

const OPEN: &str = "#stablehlo.conv<";

/// The dimensions of one of the three tensors: two that are special, and the spatial ones in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims {
    /// The batch; of the kernel, the input features.
    pub first: i64,
    /// The features; of the kernel, the output features.
    pub second: i64,
    /// Spatial dimensions.
    pub spatial: Vec<i64>,
}

/// The letters of the special dimensions of input, kernel and output.
const LETTERS: [(&str, &str); 3] = [("b", "f"), ("i", "o"), ("b", "f")];

/// The attribute of the dimensions of input, kernel and output; `None` if some dimension is missing.
pub fn to_attr(dims: &[Dims; 3]) -> Option<Attr> {
    let [input, kernel, output] = [0, 1, 2].map(|i| list(&dims[i], LETTERS[i]));
    Some(Attr::Opaque(format!("{OPEN}[{}]x[{}]->[{}]>", input?, kernel?, output?).into()))
}

fn list(dims: &Dims, (first, second): (&str, &str)) -> Option<String> {
    let mut out = vec![String::new(); dims.spatial.len() + 2];
    let mut put = |at: i64, text: String| {
        *out.get_mut(usize::try_from(at).ok()?)? = text;
        Some(())
    };
    put(dims.first, first.to_owned())?;
    put(dims.second, second.to_owned())?;
    for (i, d) in dims.spatial.iter().enumerate() {
        put(*d, i.to_string())?;
    }
    out.iter().all(|s| !s.is_empty()).then(|| out.join(", "))
}

/// The dimensions of input, kernel and output; `None` if the attribute is of another form.
pub fn from_attr(attr: &Attr) -> Option<[Dims; 3]> {
    let Attr::Opaque(text) = attr else { return None };
    let text: String = text.strip_prefix(OPEN)?.strip_suffix('>')?.split_whitespace().collect();
    let (input, rest) = text.split_once('x')?;
    let (kernel, output) = rest.split_once("->")?;
    Some([parse(input, LETTERS[0])?, parse(kernel, LETTERS[1])?, parse(output, LETTERS[2])?])
}

fn parse(text: &str, (first, second): (&str, &str)) -> Option<Dims> {
    let items: Vec<&str> = text.strip_prefix('[')?.strip_suffix(']')?.split(',').collect();
    let at = |item: &str| items.iter().position(|i| *i == item).and_then(|i| i64::try_from(i).ok());
    let spatial = (0..items.len().saturating_sub(2)).map(|i| at(&i.to_string())).collect::<Option<_>>()?;
    Some(Dims { first: at(first)?, second: at(second)?, spatial })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_return() {
        let nhwc = Dims { first: 0, second: 3, spatial: vec![1, 2] };
        let kernel = Dims { first: 2, second: 3, spatial: vec![0, 1] };
        let dims = [nhwc.clone(), kernel, nhwc];
        let attr = to_attr(&dims).unwrap();
        assert_eq!(attr, Attr::Opaque("#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>".into()));
        assert_eq!(from_attr(&attr), Some(dims));
        assert_eq!(from_attr(&Attr::Opaque("#stablehlo.conv<[b, f]x[0, i, o]>".into())), None);
        let twice = Dims { first: 0, second: 0, spatial: vec![] };
        assert_eq!(to_attr(&[twice.clone(), twice.clone(), twice]), None);
    }
}
