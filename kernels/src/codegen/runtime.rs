//! The C functions that generated code calls: sections of the files in `c/`.
//!
//! A section begins with `/*@ name: other sections it needs */`. Only the sections that a model needs are written, in the order of the files.

use std::collections::{BTreeMap, BTreeSet};

const FILES: &[&str] = &[
    include_str!("c/base.c"),
    include_str!("c/fixed.c"),
    include_str!("c/convert.c"),
    include_str!("c/in_blocks.c"),
    include_str!("c/elementwise.c"),
    include_str!("c/window.c"),
    include_str!("c/sixteen.c"),
    include_str!("c/quads.c"),
    include_str!("c/packed_i8.c"),
    include_str!("c/joined_i8.c"),
    include_str!("c/weighted_codes.c"),
    include_str!("c/weighted_f32.c"),
    include_str!("c/hybrid.c"),
    include_str!("c/windows.c"),
    include_str!("c/rows.c"),
    include_str!("c/functions_i16.c"),
    include_str!("c/reduce.c"),
    include_str!("c/moves.c"),
];

/// A section of a file.
struct Section {
    name: &'static str,
    needs: Vec<&'static str>,
    text: &'static str,
}

fn sections() -> impl Iterator<Item = Section> {
    FILES.iter().flat_map(|file| file.split("/*@ ").skip(1)).map(|part| {
        let (head, text) = part.split_once(" */\n").unwrap_or((part, ""));
        let (name, needs) = head.split_once(": ").unwrap_or((head, ""));
        Section { name, needs: needs.split(' ').filter(|n| !n.is_empty()).collect(), text: text.trim_end() }
    })
}

/// Names that the runtime defines: those of functions, structs and macros.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let before = |line: &'static str| line.split('(').next()?.split_whitespace().last();
    let defines = |line: &str| ["static ", "struct ", "#define ", "typedef "].iter().any(|k| line.starts_with(k));
    FILES
        .iter()
        .flat_map(|f| f.lines())
        .filter(move |l| defines(l))
        .filter_map(move |l| before(l.trim_end_matches([' ', '{', ';'])))
        .map(|name| name.trim_start_matches('*'))
}

/// What of the runtime a model uses.
#[derive(Debug, Default)]
pub(super) struct Used {
    sections: BTreeSet<&'static str>,
    /// Functions made by a macro of a section, by section.
    instances: BTreeMap<&'static str, Vec<String>>,
}

impl Used {
    /// Asks for a section.
    pub(super) fn section(&mut self, name: &'static str) {
        self.sections.insert(name);
    }

    /// Asks for a function made by a macro of a section.
    pub(super) fn instance(&mut self, section: &'static str, text: String) {
        self.section(section);
        let made = self.instances.entry(section).or_default();
        if !made.contains(&text) {
            made.push(text);
        }
    }

    /// Whether `math.h` is among it.
    pub(super) fn libm(&self) -> bool {
        self.closure().contains("libm")
    }

    /// Everything asked for and what that needs.
    fn closure(&self) -> BTreeSet<&'static str> {
        let all: BTreeMap<&str, Section> = sections().map(|s| (s.name, s)).collect();
        let mut out = BTreeSet::new();
        let mut open: Vec<&'static str> = self.sections.iter().copied().chain(["base"]).collect();
        while let Some(name) = open.pop() {
            if out.insert(name) {
                open.extend(all.get(name).into_iter().flat_map(|s| s.needs.iter().copied()));
            }
        }
        out
    }

    /// The C text.
    pub(super) fn text(&self) -> String {
        let used = self.closure();
        let mut out = String::new();
        let mut last = Vec::new();
        for s in sections().filter(|s| used.contains(s.name)) {
            out.push_str(s.text);
            out.push_str("\n\n");
            for instance in self.instances.get(s.name).into_iter().flatten() {
                last.push(instance.as_str());
            }
        }
        // What macros make may call functions of any section.
        for instance in last {
            out.push_str(instance);
            out.push_str("\n\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_need_sections_in_front_of_them() {
        let mut seen = BTreeSet::new();
        for s in sections() {
            for n in &s.needs {
                assert!(seen.contains(n), "`{}` needs `{n}`, which does not stand before it", s.name);
            }
            assert!(seen.insert(s.name), "`{}` stands twice", s.name);
        }
    }
}
