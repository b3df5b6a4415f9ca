//! The text of attributes that list named values: `#tfl.external_buffer<group_name = "a", offset = 0>`.

use std::fmt::{self, Display, Formatter};

/// Named values, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(pub Vec<(String, Item)>);

/// A value of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `1`
    Int(i64),
    /// `[0, 1]`
    Ints(Vec<i64>),
    /// `"text"`
    Text(String),
    /// `DENSE`
    Word(String),
    /// `<…>, <…>`
    Records(Vec<Record>),
}

impl Record {
    /// With one more value.
    #[must_use]
    pub fn with(mut self, name: &str, item: Item) -> Record {
        self.0.push((name.to_owned(), item));
        self
    }

    /// With a list, unless it is empty.
    #[must_use]
    pub fn with_ints(self, name: &str, ints: Vec<i64>) -> Record {
        if ints.is_empty() { self } else { self.with(name, Item::Ints(ints)) }
    }

    /// The text of the attribute called `name`.
    pub fn to_attr(&self, name: &str) -> ir::Attr {
        ir::Attr::Opaque(format!("{name}<{self}>").into())
    }

    /// The values of an attribute called `name`; `None` if it is of another form.
    pub fn from_attr(attr: &ir::Attr, name: &str) -> Option<Record> {
        let ir::Attr::Opaque(text) = attr else { return None };
        let mut rest = Text(text.strip_prefix(name)?);
        let record = rest.record()?;
        rest.0.trim().is_empty().then_some(record)
    }

    fn get(&self, name: &str) -> Option<&Item> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, item)| item)
    }

    /// A number.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Item::Int(v) => Some(*v),
            _ => None,
        }
    }

    /// A list; one that is left out is empty.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.get(name) {
            Some(Item::Ints(v)) => Some(v),
            Some(_) => None,
            None => Some(&[]),
        }
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A keyword.
    pub fn word(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Item::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Records; some that are left out are none.
    pub fn records(&self, name: &str) -> Option<&[Record]> {
        match self.get(name) {
            Some(Item::Records(records)) => Some(records),
            Some(_) => None,
            None => Some(&[]),
        }
    }
}

impl Display for Record {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, (name, item)) in self.0.iter().enumerate() {
            write!(f, "{}{name} = {item}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Item::Int(v) => write!(f, "{v}"),
            Item::Ints(v) => write!(f, "[{}]", v.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
            Item::Text(text) => write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\22")),
            Item::Word(word) => f.write_str(word),
            Item::Records(records) => {
                let items: Vec<String> = records.iter().map(|r| format!("<{r}>")).collect();
                f.write_str(&items.join(", "))
            }
        }
    }
}

/// What is left of a text.
struct Text<'a>(&'a str);

impl Text<'_> {
    /// Takes a sign, if it is next.
    fn takes(&mut self, sign: char) -> bool {
        let rest = self.0.trim_start();
        match rest.strip_prefix(sign) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes the longest run of word characters; `None` if it is empty.
    fn word(&mut self) -> Option<String> {
        let rest = self.0.trim_start();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.-".contains(c))).unwrap_or(rest.len());
        self.0 = &rest[end..];
        (end > 0).then(|| rest[..end].to_owned())
    }

    fn record(&mut self) -> Option<Record> {
        if !self.takes('<') {
            return None;
        }
        let mut out = Record::default();
        if self.takes('>') {
            return Some(out);
        }
        loop {
            let name = self.word()?;
            if !self.takes('=') {
                return None;
            }
            let item = self.item()?;
            out.0.push((name, item));
            if self.takes('>') {
                return Some(out);
            }
            if !self.takes(',') {
                return None;
            }
        }
    }

    fn item(&mut self) -> Option<Item> {
        let rest = self.0.trim_start();
        if rest.starts_with('<') {
            return self.records();
        }
        if self.takes('[') {
            return self.ints();
        }
        if self.takes('"') {
            return self.text();
        }
        let word = self.word()?;
        Some(word.parse().map_or(Item::Word(word), Item::Int))
    }

    /// Records go on as long as one follows a comma.
    fn records(&mut self) -> Option<Item> {
        let mut out = vec![self.record()?];
        while self.0.trim_start().strip_prefix(',').is_some_and(|rest| rest.trim_start().starts_with('<')) {
            self.takes(',');
            out.push(self.record()?);
        }
        Some(Item::Records(out))
    }

    fn ints(&mut self) -> Option<Item> {
        let mut out = Vec::new();
        if self.takes(']') {
            return Some(Item::Ints(out));
        }
        loop {
            out.push(self.word()?.parse().ok()?);
            if self.takes(']') {
                return Some(Item::Ints(out));
            }
            if !self.takes(',') {
                return None;
            }
        }
    }

    fn text(&mut self) -> Option<Item> {
        let (mut out, mut escaped) = (String::new(), false);
        for (i, c) in self.0.char_indices() {
            match c {
                '"' if !escaped => {
                    self.0 = &self.0[i + 1..];
                    return Some(Item::Text(out.replace("\\22", "\"").replace("\\\\", "\\")));
                }
                _ => out.push(c),
            }
            escaped = c == '\\' && !escaped;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_return() {
        let inner =
            Record::default().with("format", Item::Word("SPARSE_CSR".into())).with("indices", Item::Ints(vec![]));
        let record = Record::default()
            .with("order", Item::Ints(vec![0, -1]))
            .with("dims", Item::Records(vec![inner.clone(), inner]))
            .with("name", Item::Text("a \"b\" \\c".into()))
            .with("size", Item::Int(-4));
        let attr = record.to_attr("#x.y");
        let text = r#"#x.y<order = [0, -1], dims = <format = SPARSE_CSR, indices = []>, <format = SPARSE_CSR, indices = []>, name = "a \22b\22 \\c", size = -4>"#;
        assert_eq!(attr, ir::Attr::Opaque(text.into()));
        assert_eq!(Record::from_attr(&attr, "#x.y"), Some(record));
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["#x", "#x<", "#x<a>", "#x<a = >", "#x<a = [1>", "#x<a = \"b>", "#x<a = 1> b", "#y<a = 1>"] {
            assert_eq!(Record::from_attr(&ir::Attr::Opaque(text.into()), "#x"), None, "{text}");
        }
    }
}
