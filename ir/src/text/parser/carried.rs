//! Attributes and types of dialects that are carried whole: upstream knows which there are, and the keywords of enumerations.

/// Dialect, mnemonic, and the keywords behind it; without keywords, parameters stand behind it in `<…>`.
const ATTRS: &[(&str, &str, &str)] = &[
    ("arith", "fastmath", "<> none reassoc nnan ninf nsz arcp contract afn fast"),
    ("arith", "overflow", "<> none nsw nuw"),
    ("stablehlo", "axis_ref", ""),
    ("stablehlo", "bounds", ""),
    ("stablehlo", "channel_handle", ""),
    ("stablehlo", "comparison_direction", "EQ NE GE GT LE LT"),
    ("stablehlo", "comparison_type", "NOTYPE FLOAT TOTALORDER SIGNED UNSIGNED"),
    ("stablehlo", "conv", ""),
    ("stablehlo", "dot", ""),
    ("stablehlo", "dot_algorithm", ""),
    ("stablehlo", "fft_type", "FFT IFFT RFFT IRFFT"),
    ("stablehlo", "gather", ""),
    ("stablehlo", "mesh", ""),
    ("stablehlo", "mesh_axis", ""),
    ("stablehlo", "output_operand_alias", ""),
    ("stablehlo", "precision", "DEFAULT HIGH HIGHEST"),
    ("stablehlo", "replica_group_mesh_axes", ""),
    ("stablehlo", "result_accuracy", ""),
    ("stablehlo", "result_accuracy_mode", "<> DEFAULT HIGHEST TOLERANCE"),
    ("stablehlo", "rng_algorithm", "DEFAULT THREE_FRY PHILOX"),
    ("stablehlo", "rng_distribution", "UNIFORM NORMAL"),
    ("stablehlo", "scatter", ""),
    ("stablehlo", "sub_axis_info", ""),
    ("stablehlo", "transpose", "TRANSPOSE_INVALID NO_TRANSPOSE TRANSPOSE ADJOINT"),
    ("stablehlo", "type_extensions", ""),
    ("tfl", "const_bytes", ":"),
    ("tfl", "dimension_metadata", ""),
    ("tfl", "dimension_type_attr", "DENSE SPARSE_CSR"),
    ("tfl", "external_buffer", ""),
    ("tfl", "lstm_kernel_type_attr", "FULL BASIC"),
    ("tfl", "mirror_pad_attr", "REFLECT SYMMETRIC"),
    ("tfl", "sparsity_parameter", ""),
];

/// Dialect and mnemonics of its types.
const TYPES: &[(&str, &str)] = &[
    ("arith", ""),
    ("cf", ""),
    ("func", ""),
    ("quant", "any calibrated uniform"),
    ("stablehlo", "future token"),
    ("tfl", "control"),
];

/// What is wrong with an attribute `#dialect.mnemonic<…>` or `#dialect<mnemonic …>`.
pub(super) fn wrong_attr(text: &str) -> Option<String> {
    let (dialect, mnemonic, rest) = parts(text.strip_prefix('#')?)?;
    let known = ATTRS.iter().filter(|(d, ..)| *d == dialect).collect::<Vec<_>>();
    if known.is_empty() {
        // Dialects that have types only have no attributes.
        let closed = TYPES.iter().any(|(d, _)| *d == dialect);
        return closed.then(|| format!("the dialect '{dialect}' has no attributes"));
    }
    let Some((.., keywords)) = known.into_iter().find(|(_, m, _)| *m == mnemonic) else {
        return Some(format!("'{mnemonic}' is no attribute of the dialect '{dialect}'"));
    };
    let (bracketed, keywords) = match keywords.strip_prefix("<>") {
        Some(keywords) => (true, keywords.trim()),
        None => (keywords.is_empty(), *keywords),
    };
    if rest.starts_with('<') != bracketed {
        let form =
            if bracketed { format!("#{dialect}.{mnemonic}<…>") } else { format!("#{dialect}<{mnemonic} …>") };
        return Some(format!("this attribute is written {form}"));
    }
    if keywords.is_empty() || keywords == ":" {
        return None;
    }
    let known = |word: &str| keywords.split(' ').any(|k| k == word);
    let mut words = rest.split(['<', '>', ',', ' ', '|']).filter(|w| !w.is_empty()).peekable();
    if words.peek().is_some() && words.all(known) {
        return None;
    }
    Some(format!("expected one of {} behind '{mnemonic}'", keywords.replace(' ', ", ")))
}

/// What is wrong with a type `!dialect.mnemonic<…>` or `!dialect<mnemonic …>`.
pub(super) fn wrong_type(text: &str) -> Option<String> {
    let (dialect, mnemonic, _) = parts(text.strip_prefix('!')?)?;
    let (_, known) = TYPES.iter().find(|(d, _)| *d == dialect)?;
    let wrong = !known.split(' ').any(|m| m == mnemonic);
    wrong.then(|| format!("'{mnemonic}' is no type of the dialect '{dialect}'"))
}

/// Dialect, mnemonic, and what stands behind it.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(['.', '<'])?;
    let (dialect, rest) = text.split_at(end);
    let rest = match rest.strip_prefix('.') {
        Some(pretty) => pretty,
        None => rest.strip_prefix('<')?.strip_suffix('>')?.trim(),
    };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (mnemonic, rest) = rest.split_at(end);
    Some((dialect, mnemonic, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enumerations_have_keywords() {
        assert_eq!(wrong_attr("#stablehlo<precision HIGH>"), None);
        assert_eq!(wrong_attr("#stablehlo.conv<[b, 0]x[i, o]->[b, 0]>"), None);
        assert_eq!(wrong_attr("#arith.fastmath<nnan,ninf>"), None);
        assert_eq!(wrong_attr("#mine.anything<at all>"), None);
        assert!(wrong_attr("#stablehlo<precision BEST>").unwrap().contains("DEFAULT, HIGH, HIGHEST"));
        assert!(wrong_attr("#stablehlo.precision<HIGH>").unwrap().contains("#stablehlo<precision …>"));
        assert!(wrong_attr("#tfl<nothing 1>").is_some());
        assert!(wrong_attr("#quant.some<1>").is_some());
    }

    #[test]
    fn types_have_mnemonics() {
        assert_eq!(wrong_type("!tfl.control"), None);
        assert_eq!(wrong_type("!mine.type<1>"), None);
        assert!(wrong_type("!tfl.bogus").is_some());
    }
}
