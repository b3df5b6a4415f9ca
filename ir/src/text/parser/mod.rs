//! The parser: what all its parts share. Tokens, errors, aliases and blobs.
//!
//! One pass over the tokens finds the definitions of aliases and the blobs at the end of the file; so both may be used before they stand.
//! Then operations go straight into bodies. After an error reading goes on at the next operation.

use std::collections::HashMap;
use std::sync::Arc;

use super::ParseOptions;
use super::lexer::{Lexer, Tok, Token};
use crate::attr::Attr;
use crate::diag::{Diagnostic, Failed, Sink};
use crate::loc::{Loc, LocKind};
use crate::module::Module;
use crate::op::Registry;
use crate::types::Type;

mod attributes;
mod branches;
mod carried;
mod elements;
mod formats;
mod forms;
mod functions;
mod labelled;
mod locations;
mod loops;
mod operations;
mod quantized;
mod regions;
mod resources;
mod settle;
mod types;

use regions::Scope;
use resources::Blob;

/// Regions, attributes and types nest this deep; deeper ones are an error, not a stack overflow.
const MAX_DEPTH: usize = 128;

/// Errors of one text that are reported.
const MAX_ERRORS: usize = 64;

type Result<T> = std::result::Result<T, Failed>;

pub(super) fn parse(source: &str, options: &ParseOptions<'_>, sink: &mut Sink) -> Result<Module> {
    let mut p = Parser::new(source, options, sink);
    p.scan();
    let module = p.top();
    match p.first_error {
        Some(failed) => Err(failed),
        None => module,
    }
}

/// What an alias stands for.
#[derive(Clone, Debug)]
enum Meaning {
    Attr(Attr, Option<Type>),
    Type(Type),
}

/// A definition `#name = …` or `!name = …`.
#[derive(Debug)]
struct Alias {
    /// The `=`.
    at: Token,
    meaning: State,
}

#[derive(Debug)]
enum State {
    Unread,
    /// Being read: an alias that uses itself is an error.
    Reading,
    /// The meaning, the place behind the definition, and how many attributes and types it is made of.
    Read(Meaning, usize, usize),
    Broken(Failed),
}

struct Parser<'s, 'o> {
    src: &'s str,
    lexer: Lexer<'s>,
    /// The next token.
    tok: Token,
    /// The place behind the token before.
    last_end: usize,
    registry: &'o Registry,
    allow_unregistered: bool,
    sink: &'o mut Sink,
    first_error: Option<Failed>,
    errors: usize,
    file: Arc<str>,
    /// Starts of the lines.
    lines: Vec<usize>,
    /// By name with its `#` or `!`.
    aliases: HashMap<&'s str, Alias>,
    blobs: HashMap<String, Blob>,
    scopes: Vec<Scope<'s>>,
    depth: usize,
    /// How many attributes and types were made; aliases of aliases count in full.
    made: usize,
}

impl<'s, 'o> Parser<'s, 'o> {
    fn new(src: &'s str, options: &ParseOptions<'o>, sink: &'o mut Sink) -> Parser<'s, 'o> {
        let newlines = src.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let mut lexer = Lexer::new(src);
        let tok = lexer.next();
        Parser {
            src,
            lexer,
            tok,
            last_end: 0,
            registry: options.registry,
            allow_unregistered: options.allow_unregistered,
            sink,
            first_error: None,
            errors: 0,
            file: Arc::from(options.file),
            lines: std::iter::once(0).chain(newlines).collect(),
            aliases: HashMap::new(),
            blobs: HashMap::new(),
            scopes: Vec::new(),
            depth: 0,
            made: 0,
        }
    }

    // ---- tokens ----

    fn text(&self, tok: Token) -> &'s str {
        &self.src[tok.start..tok.end]
    }

    fn bump(&mut self) -> Token {
        let tok = self.tok;
        self.last_end = tok.end;
        self.tok = self.lexer.next();
        tok
    }

    /// Goes on reading at a place.
    fn seek(&mut self, pos: usize) {
        self.lexer.pos = pos;
        self.tok = self.lexer.next();
    }

    fn at(&self, kind: Tok) -> bool {
        self.tok.kind == kind
    }

    /// Whether the next token is this word.
    fn at_word(&self, word: &str) -> bool {
        self.at(Tok::Bare) && self.text(self.tok) == word
    }

    fn eat(&mut self, kind: Tok) -> bool {
        let hit = self.at(kind);
        if hit {
            self.bump();
        }
        hit
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let hit = self.at_word(word);
        if hit {
            self.bump();
        }
        hit
    }

    fn expect(&mut self, kind: Tok, what: &str) -> Result<Token> {
        if self.at(kind) { Ok(self.bump()) } else { Err(self.expected(what)) }
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(&format!("'{word}'"))) }
    }

    /// Items between brackets, with commas between them; the opening bracket is read already.
    fn list(&mut self, close: Tok, what: &str, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if self.eat(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(close) {
                return Ok(());
            }
            self.expect(Tok::Comma, what)?;
        }
    }

    // ---- errors ----

    fn place(&self, pos: usize) -> Loc {
        let line = self.lines.partition_point(|start| *start <= pos);
        let col = pos - self.lines[line - 1] + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (file, line, col) = (self.file.clone(), number(line), number(col));
        Loc::new(LocKind::File { file, line, col, end: None, implied: true })
    }

    fn emit(&mut self, d: Diagnostic) -> Failed {
        self.errors += 1;
        match self.first_error {
            // One text gets so many; what is wrong is known by then.
            Some(failed) if self.errors > MAX_ERRORS => failed,
            _ => {
                let failed = self.sink.error(d);
                *self.first_error.get_or_insert(failed)
            }
        }
    }

    fn error(&mut self, pos: usize, code: &'static str, message: impl Into<String>) -> Failed {
        let d = Diagnostic::error(code, message).at(&self.place(pos));
        self.emit(d)
    }

    fn syntax(&mut self, pos: usize, message: impl Into<String>) -> Failed {
        self.error(pos, "parse/syntax", message)
    }

    /// Something else was expected than the next token.
    fn expected(&mut self, what: &str) -> Failed {
        const SHOWN: usize = 40;
        let found = self.text(self.tok);
        let message = match self.tok.kind {
            Tok::Eof => format!("expected {what}, found the end of the text"),
            Tok::Error if found.starts_with(['"', '@']) => "expected '\"' at the end of the string".to_owned(),
            _ => match found.char_indices().nth(SHOWN) {
                None => format!("expected {what}, found '{found}'"),
                Some((cut, _)) => format!("expected {what}, found '{}…'", &found[..cut]),
            },
        };
        self.syntax(self.tok.start, message)
    }

    /// Runs `f` one level deeper.
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            let text = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(self.error(self.tok.start, "parse/depth", text));
        }
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }

    // ---- the scan ahead ----

    /// Finds the aliases and reads the blobs; then starts over.
    fn scan(&mut self) {
        let mut depth = 0usize;
        while !self.at(Tok::Eof) {
            let tok = self.bump();
            match tok.kind {
                Tok::LBrace | Tok::LParen | Tok::LSquare => depth += 1,
                Tok::RBrace | Tok::RParen | Tok::RSquare => depth = depth.saturating_sub(1),
                Tok::Hash | Tok::Bang if depth == 0 && self.at(Tok::Equal) => self.found_alias(tok),
                Tok::FileStart => {
                    // An error in here was emitted; the text around it is read all the same.
                    let _ = self.resources();
                }
                _ => {}
            }
        }
        self.seek(0);
        self.last_end = 0;
    }

    fn found_alias(&mut self, name: Token) {
        let at = self.tok;
        let alias = Alias { at, meaning: State::Unread };
        let text = self.text(name);
        if text.contains('.') {
            let text = format!("'{text}' is the name of a dialect's own; an alias has no '.'");
            self.error(name.start, "parse/alias", text);
        } else if self.aliases.insert(text, alias).is_some() {
            self.error(name.start, "parse/alias", format!("redefinition of alias '{text}'"));
        }
    }

    /// A definition in its place: it is read, if it is not yet, and passed over.
    fn alias_definition(&mut self) -> Result<()> {
        let name = self.bump();
        self.expect(Tok::Equal, "'=' in the definition of an alias")?;
        self.alias(name)?;
        if let Some(Alias { meaning: State::Read(_, end, _), .. }) = self.aliases.get(self.text(name)) {
            let end = *end;
            self.seek(end);
        }
        Ok(())
    }

    /// What an alias stands for; it is read at its first use.
    fn alias(&mut self, name: Token) -> Result<Meaning> {
        let text = self.text(name);
        let Some(alias) = self.aliases.get_mut(text) else {
            return Err(self.error(name.start, "parse/alias", format!("undefined alias '{text}'")));
        };
        let at = alias.at;
        match std::mem::replace(&mut alias.meaning, State::Reading) {
            State::Reading => {
                return Err(self.error(name.start, "parse/alias", format!("alias '{text}' is defined by itself")));
            }
            State::Broken(failed) => {
                alias.meaning = State::Broken(failed);
                return Err(failed);
            }
            State::Read(meaning, end, size) => {
                alias.meaning = State::Read(meaning.clone(), end, size);
                self.made += size;
                return self.within_reason(name.start).map(|()| meaning);
            }
            State::Unread => {}
        }
        let (tok, pos, last_end, made) = (self.tok, self.lexer.pos, self.last_end, self.made);
        self.seek(at.end);
        let meaning = self.deeper(|p| match text.starts_with('!') {
            true => p.ty().map(Meaning::Type),
            false => p.typed_attr().map(|(a, t)| Meaning::Attr(a, t)),
        });
        let state = match &meaning {
            Ok(m) => State::Read(m.clone(), self.last_end, self.made - made),
            Err(failed) => State::Broken(*failed),
        };
        (self.tok, self.lexer.pos, self.last_end) = (tok, pos, last_end);
        if let Some(alias) = self.aliases.get_mut(text) {
            alias.meaning = state;
        }
        meaning
    }

    /// Aliases of aliases can grow without bounds; a text that does is refused.
    fn within_reason(&mut self, pos: usize) -> Result<()> {
        const FLOOR: usize = 1 << 20;
        if self.made > FLOOR.max(self.src.len().saturating_mul(16)) {
            return Err(self.error(pos, "parse/alias", "the aliases stand for more than can be read"));
        }
        Ok(())
    }

    // ---- text that is carried whole ----

    /// The text from `from` to the end of the brackets that open at the next token, with the aliases in it written out.
    fn balanced(&mut self, from: usize) -> Result<String> {
        let open = self.tok.start;
        let mut lexer = Lexer::new(self.src);
        lexer.pos = open;
        let mut closers = Vec::new();
        let mut out = String::new();
        let mut copied = from;
        loop {
            let tok = lexer.next();
            let (here, length) = (self.src.as_bytes()[tok.start.min(self.src.len() - 1)], tok.end - tok.start);
            match (tok.kind, here) {
                (Tok::Eof, _) => return Err(self.syntax(open, "this bracket is never closed")),
                (Tok::LBrace | Tok::FileStart, _) => closers.push(b'}'),
                (Tok::LParen, _) => closers.push(b')'),
                (Tok::LSquare, _) => closers.push(b']'),
                // `<=` and `>=` compare, in an integer set.
                (Tok::Less | Tok::Greater, _)
                    if self.src[tok.end..].starts_with('=') && closers.last() == Some(&b')') => {}
                (Tok::Less, _) => closers.push(b'>'),
                (Tok::Greater | Tok::RBrace | Tok::RParen | Tok::RSquare, _) if closers.pop() != Some(here) => {
                    return Err(self.syntax(tok.start, "this closes a bracket that is not open"));
                }
                (Tok::Error, b'"' | b'@') => {
                    return Err(self.syntax(tok.start, "expected '\"' at the end of the string"));
                }
                (Tok::Hash | Tok::Bang, _) if length > 1 && self.aliases.contains_key(self.text(tok)) => {
                    out.push_str(&self.src[copied..tok.start]);
                    copied = tok.end;
                    match self.deeper(|p| p.alias(tok))? {
                        Meaning::Attr(a, _) => out.push_str(&a.to_string()),
                        Meaning::Type(t) => out.push_str(&t.to_string()),
                    }
                }
                _ => {}
            }
            if closers.is_empty() {
                out.push_str(&self.src[copied..tok.end]);
                self.seek(tok.end);
                self.last_end = tok.end;
                return Ok(out);
            }
        }
    }
}
