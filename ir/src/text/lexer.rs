//! Tokens of MLIR's text.
//!
//! Tokens are made one at a time, and the lexer can be set back to any place: `4x8xf32` is a dimension list to the parser and `4`, `x8xf32`
//! to the lexer.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    /// The end of the text.
    Eof,
    /// A character that starts no token, or a string without end.
    Error,
    /// `func.func`
    Bare,
    /// `@name`, `@"name"`
    At,
    /// `#name`, and the `#1` of `%0#1`
    Hash,
    /// `!name`
    Bang,
    /// `%0`
    Percent,
    /// `^bb0`
    Caret,
    /// `12`, `0xFF`
    Int,
    /// `1.0`, `1.0e-3`
    Float,
    /// `"text"`, quotes included
    Str,
    /// `->`
    Arrow,
    /// `:`
    Colon,
    /// `::`
    ColonColon,
    /// `,`
    Comma,
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `{`
    LBrace,
    /// `}`
    RBrace,
    /// `(`
    LParen,
    /// `)`
    RParen,
    /// `[`
    LSquare,
    /// `]`
    RSquare,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `?`
    Question,
    /// `{-#`
    FileStart,
    /// `#-}`
    FileEnd,
    /// `+`, `|`, `/`, `...`: inside the bodies of attributes that are carried whole.
    Other,
}

/// A token: its kind and the bytes it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Tok,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads tokens. `pos` may be set to any character boundary.
#[derive(Debug)]
pub(super) struct Lexer<'s> {
    src: &'s [u8],
    pub(super) pos: usize,
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

fn is_bare(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$')
}

fn is_suffix(b: u8) -> bool {
    is_bare(b) || b == b'-'
}

impl<'s> Lexer<'s> {
    pub(super) fn new(src: &'s str) -> Lexer<'s> {
        Lexer { src: src.as_bytes(), pos: 0 }
    }

    fn at(&self, i: usize) -> u8 {
        self.src.get(i).copied().unwrap_or(0)
    }

    /// The place behind the bytes from `from` on that `f` accepts.
    fn while_(&self, from: usize, f: impl Fn(u8) -> bool) -> usize {
        self.src[from..].iter().position(|b| !f(*b)).map_or(self.src.len(), |n| from + n)
    }

    fn skip_blanks(&mut self) {
        loop {
            self.pos = self.while_(self.pos, |b| b.is_ascii_whitespace());
            if self.at(self.pos) != b'/' || self.at(self.pos + 1) != b'/' {
                return;
            }
            self.pos = self.while_(self.pos, |b| b != b'\n');
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Token {
        self.skip_blanks();
        let start = self.pos;
        let (kind, end) = self.token(start);
        self.pos = end;
        Token { kind, start, end }
    }

    fn token(&self, start: usize) -> (Tok, usize) {
        let Some(&first) = self.src.get(start) else { return (Tok::Eof, start) };
        let second = self.at(start + 1);
        let one = |kind| (kind, start + 1);
        match first {
            b if is_name_start(b) => (Tok::Bare, self.while_(start, is_bare)),
            b'0'..=b'9' => self.number(start),
            b'"' => self.string(start),
            b'@' if second == b'"' => match self.string(start + 1) {
                (Tok::Str, end) => (Tok::At, end),
                error => error,
            },
            b'@' if is_name_start(second) => (Tok::At, self.while_(start + 1, is_bare)),
            b'#' if second == b'-' && self.at(start + 2) == b'}' => (Tok::FileEnd, start + 3),
            b'#' => self.suffixed(Tok::Hash, start),
            b'!' => self.suffixed(Tok::Bang, start),
            b'%' => self.suffixed(Tok::Percent, start),
            b'^' => self.suffixed(Tok::Caret, start),
            b'-' if second == b'>' => (Tok::Arrow, start + 2),
            b'-' => one(Tok::Minus),
            b':' if second == b':' => (Tok::ColonColon, start + 2),
            b':' => one(Tok::Colon),
            b',' => one(Tok::Comma),
            b'=' => one(Tok::Equal),
            b'<' => one(Tok::Less),
            b'>' => one(Tok::Greater),
            b'{' if second == b'-' && self.at(start + 2) == b'#' => (Tok::FileStart, start + 3),
            b'{' => one(Tok::LBrace),
            b'}' => one(Tok::RBrace),
            b'(' => one(Tok::LParen),
            b')' => one(Tok::RParen),
            b'[' => one(Tok::LSquare),
            b']' => one(Tok::RSquare),
            b'*' => one(Tok::Star),
            b'?' => one(Tok::Question),
            b'+' | b'|' | b'/' => one(Tok::Other),
            b'.' if second == b'.' && self.at(start + 2) == b'.' => (Tok::Other, start + 3),
            // The whole character, so that places stay on character boundaries.
            _ => (Tok::Error, self.while_(start + 1, |b| b & 0xC0 == 0x80)),
        }
    }

    /// `#`, `!`, `%` or `^` and a number or a name.
    fn suffixed(&self, kind: Tok, start: usize) -> (Tok, usize) {
        let end = match self.at(start + 1) {
            b if b.is_ascii_digit() => self.while_(start + 1, |b| b.is_ascii_digit()),
            b if is_suffix(b) => self.while_(start + 1, is_suffix),
            _ => return (Tok::Error, start + 1),
        };
        (kind, end)
    }

    fn number(&self, start: usize) -> (Tok, usize) {
        if self.at(start) == b'0' && self.at(start + 1) == b'x' && self.at(start + 2).is_ascii_hexdigit() {
            return (Tok::Int, self.while_(start + 2, |b| b.is_ascii_hexdigit()));
        }
        let digits = |from| self.while_(from, |b| b.is_ascii_digit());
        let end = digits(start);
        if self.at(end) != b'.' {
            return (Tok::Int, end);
        }
        let end = digits(end + 1);
        if !matches!(self.at(end), b'e' | b'E') {
            return (Tok::Float, end);
        }
        let sign = usize::from(matches!(self.at(end + 1), b'+' | b'-'));
        let exponent = end + 1 + sign;
        if self.at(exponent).is_ascii_digit() { (Tok::Float, digits(exponent)) } else { (Tok::Float, end) }
    }

    fn string(&self, start: usize) -> (Tok, usize) {
        let mut at = start + 1;
        loop {
            at = self.while_(at, |b| !matches!(b, b'"' | b'\\' | b'\n'));
            match self.at(at) {
                b'"' => return (Tok::Str, at + 1),
                // Behind an ASCII character a backslash may be skipped with it; behind another one it is an error the reader of the string reports.
                b'\\' if self.at(at + 1).is_ascii() && !matches!(self.at(at + 1), b'\n' | 0) => at += 2,
                _ => return (Tok::Error, at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(src: &str) -> Vec<(Tok, &str)> {
        let mut lexer = Lexer::new(src);
        std::iter::from_fn(|| Some(lexer.next()).filter(|t| t.kind != Tok::Eof))
            .map(|t| (t.kind, &src[t.start..t.end]))
            .collect()
    }

    #[test]
    fn names_numbers_and_strings() {
        assert_eq!(
            kinds(r#"%0#1 ^bb0 @a @"b c" #loc !quant.any -> "x\"y" // end"#),
            [
                (Tok::Percent, "%0"),
                (Tok::Hash, "#1"),
                (Tok::Caret, "^bb0"),
                (Tok::At, "@a"),
                (Tok::At, r#"@"b c""#),
                (Tok::Hash, "#loc"),
                (Tok::Bang, "!quant.any"),
                (Tok::Arrow, "->"),
                (Tok::Str, r#""x\"y""#),
            ]
        );
        assert_eq!(
            kinds("1 0xFF 1.5 1.e 2.0E-3 4x8"),
            [
                (Tok::Int, "1"),
                (Tok::Int, "0xFF"),
                (Tok::Float, "1.5"),
                (Tok::Float, "1."),
                (Tok::Bare, "e"),
                (Tok::Float, "2.0E-3"),
                (Tok::Int, "4"),
                (Tok::Bare, "x8"),
            ]
        );
    }

    #[test]
    fn what_is_no_token_is_an_error() {
        for src in ["\"abc", "\"a\nb\"", "é", "\"\\", "@1", "%", "&"] {
            assert_eq!(kinds(src)[0].0, Tok::Error, "{src:?}");
        }
    }
}
