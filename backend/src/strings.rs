//! String tensors: TFLite stores a count, the offset of each string and of the end, then the text; the IR a length and the text of each.

/// The IR's form in TFLite's. The error is a sentence.
pub fn to_tflite(data: &[u8]) -> Result<Vec<u8>, String> {
    let mut items: Vec<&[u8]> = Vec::new();
    let mut rest = data;
    while let Some((len, behind)) = rest.split_first_chunk::<4>() {
        let len = u32::from_le_bytes(*len) as usize;
        let (item, behind) = behind.split_at_checked(len).ok_or("a string constant is cut off")?;
        items.push(item);
        rest = behind;
    }
    let too_large = |_| "a string constant is too large".to_owned();
    let mut out = Vec::new();
    out.extend(u32::try_from(items.len()).map_err(too_large)?.to_le_bytes());
    let mut at = 4 * (items.len() + 2);
    for item in &items {
        out.extend(u32::try_from(at).map_err(too_large)?.to_le_bytes());
        at += item.len();
    }
    out.extend(u32::try_from(at).map_err(too_large)?.to_le_bytes());
    out.extend(items.concat());
    Ok(out)
}

/// TFLite's form in the IR's; `None` if it makes no sense.
pub fn from_tflite(data: &[u8]) -> Option<Vec<u8>> {
    let word = |i: usize| -> Option<usize> {
        let at = i.checked_mul(4)?;
        Some(u32::from_le_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize)
    };
    let count = word(0)?;
    if count > data.len() / 4 {
        return None;
    }
    let mut out = Vec::new();
    for i in 0..count {
        let item = data.get(word(1 + i)?..word(2 + i)?)?;
        out.extend(u32::try_from(item.len()).ok()?.to_le_bytes());
        out.extend(item);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        let ir = b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c";
        let file = to_tflite(ir).unwrap();
        assert_eq!(&file[..20], [3, 0, 0, 0, 20, 0, 0, 0, 22, 0, 0, 0, 22, 0, 0, 0, 23, 0, 0, 0]);
        assert_eq!(from_tflite(&file).unwrap(), ir);
        assert_eq!(from_tflite(&[9, 0, 0, 0]), None);
        assert!(to_tflite(b"\x09\0\0\0a").is_err());
    }
}
