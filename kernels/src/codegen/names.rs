//! C identifiers made of TensorFlow names.

use std::collections::HashSet;

/// Words that mean something in C, in its libraries or in generated functions.
const TAKEN: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "div",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "fabs",
    "fdim",
    "floor",
    "fma",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "gamma",
    "hypot",
    "index",
    "j0",
    "j1",
    "jn",
    "ldexp",
    "log",
    "log10",
    "log2",
    "memory",
    "modf",
    "pow",
    "remainder",
    "rint",
    "round",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "y0",
    "y1",
    "yn",
    "arena",
    "auto",
    "break",
    "case",
    "char",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "float",
    "for",
    "goto",
    "if",
    "in",
    "inline",
    "int",
    "long",
    "main",
    "out",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "status",
    "struct",
    "switch",
    "typedef",
    "union",
    "unsigned",
    "void",
    "volatile",
    "while",
];

/// Longer names keep their end.
const LONGEST: usize = 60;

/// The letters, digits and underscores of a name; others become one underscore.
pub(super) fn identifier(name: &str) -> String {
    let own = name.split(';').next().unwrap_or_default();
    let mut out = String::new();
    for c in own.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.ends_with('_') || out.is_empty() => {}
            _ => out.push('_'),
        }
    }
    let out = out.trim_end_matches('_');
    let out = out[out.len().saturating_sub(LONGEST)..].trim_start_matches('_');
    match out.chars().next() {
        None => "t".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("t{out}"),
        Some(_) => out.to_owned(),
    }
}

/// A comment's text: on one line, and without what opens or closes one.
pub(super) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() || c == '\\' { ' ' } else { c }).collect();
    line.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")
}

/// Gives each name once.
#[derive(Clone, Debug, Default)]
pub(super) struct Unique {
    taken: HashSet<String>,
}

impl Unique {
    /// Takes names out of use.
    pub(super) fn reserve<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        self.taken.extend(names.into_iter().map(str::to_owned));
    }

    /// A new identifier like `name`.
    pub(super) fn name(&mut self, name: &str) -> String {
        let base = identifier(name);
        let numbered = std::iter::once(base.clone()).chain((2..).map(|i| format!("{base}_{i}")));
        let free = numbered.filter(|n| !TAKEN.contains(&n.as_str()) && !self.taken.contains(n)).take(1);
        let found = free.last().unwrap_or(base);
        self.taken.insert(found.clone());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        assert_eq!(identifier("model/conv 1/Relu;model/bias"), "model_conv_1_Relu");
        assert_eq!(identifier("1x1"), "t1x1");
        assert_eq!(identifier("ü/"), "t");
        assert!(identifier(&"a/".repeat(99)).len() <= LONGEST);
    }

    #[test]
    fn names_are_given_once() {
        let mut names = Unique::default();
        assert_eq!(["x/y", "x:y", "while", "x_y"].map(|n| names.name(n)), ["x_y", "x_y_2", "while_2", "x_y_3"]);
    }

    #[test]
    fn comments_stay_closed() {
        assert_eq!(comment("a*/b\nc"), "a* /b c");
    }
}
