//! What a pass is: a name, a sentence, typed options, counters, and a function over a module or over each function.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ir::{Body, Failed, Loc, Module, Sink};

use crate::data::Datasets;

/// Counters of one pass, by name, in name order.
pub type Stats = BTreeMap<&'static str, u64>;

/// What a running pass may use beside the module.
pub struct Cx<'a> {
    /// Where diagnostics go.
    pub sink: &'a mut Sink,
    /// Counters of the pass that runs.
    pub stats: Stats,
    /// Reads representative datasets.
    pub datasets: &'a dyn Datasets,
    /// Is told about long work.
    pub progress: &'a dyn Progress,
}

impl Cx<'_> {
    /// Adds one to a counter.
    pub fn count(&mut self, what: &'static str) {
        *self.stats.entry(what).or_default() += 1;
    }
}

/// Is told how far long work is; a tool draws a bar, the library prints nothing.
pub trait Progress: Sync {
    /// `done` of `total` steps of `what` are done. May be called from any thread.
    fn step(&self, what: &str, done: usize, total: usize);
}

/// A [`Progress`] that nobody looks at.
#[derive(Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn step(&self, _: &str, _: usize, _: usize) {}
}

/// A configured pass.
pub trait Pass: Send + Sync {
    /// Its row.
    fn def(&self) -> &'static PassDef;
    /// The options, in the order of the row, printed as they are parsed; defaults left out.
    fn options(&self) -> Vec<(&'static str, String)>;
    /// Changes the module. An error is emitted into the sink.
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed>;
}

/// An option of a pass.
#[derive(Debug)]
pub struct OptionDef {
    /// The name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The kind of its value.
    pub kind: &'static str,
    /// Its default, as text.
    pub default: fn() -> String,
}

/// Makes a pass from (name, value) texts of options.
pub type MakePass = fn(&[(String, String)]) -> Result<Box<dyn Pass>, OptionError>;

/// The row of a pass.
pub struct PassDef {
    /// The name on the command line.
    pub name: &'static str,
    /// What it does; Markdown, the first line a sentence.
    pub doc: &'static str,
    /// Its options.
    pub options: &'static [OptionDef],
    /// An example: a module before the pass, and what it is changed to.
    pub example: &'static str,
    /// Makes the pass from option texts; the error says which option is wrong and why.
    pub make: MakePass,
}

impl std::fmt::Debug for PassDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassDef").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An option that does not exist or has a value of the wrong kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No such option.
    #[error("pass `{pass}` has no option `{name}`{hint}")]
    Unknown {
        /// The pass.
        pass: &'static str,
        /// The name given.
        name: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// The value is of another kind.
    #[error("option `{name}` of pass `{pass}` takes {kind}, not `{value}`")]
    Value {
        /// The pass.
        pass: &'static str,
        /// The option.
        name: &'static str,
        /// The kind it takes.
        kind: &'static str,
        /// The text given.
        value: String,
    },
}

/// A Rust type that is the value of an option.
pub trait OptionValue: Sized + PartialEq {
    /// How documentation calls it.
    const KIND: &'static str;
    /// Reads it.
    fn parse(text: &str) -> Option<Self>;
    /// Prints it so that [`OptionValue::parse`] reads the same.
    fn print(&self) -> String;
}

macro_rules! option_by_display {
    ($($ty:ty = $kind:literal),*) => {$(
        impl OptionValue for $ty {
            const KIND: &'static str = $kind;
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn print(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
option_by_display!(bool = "true or false", usize = "a count", f64 = "a number", String = "a text");

impl OptionValue for PathBuf {
    const KIND: &'static str = "a path";
    fn parse(text: &str) -> Option<Self> {
        Some(PathBuf::from(text))
    }
    fn print(&self) -> String {
        self.display().to_string()
    }
}

/// Texts separated by `;`, which a glob or a path of a list cannot hold.
impl OptionValue for Vec<String> {
    const KIND: &'static str = "texts separated by `;`";
    fn parse(text: &str) -> Option<Self> {
        Some(text.split(';').filter(|s| !s.is_empty()).map(str::to_owned).collect())
    }
    fn print(&self) -> String {
        self.join(";")
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    const KIND: &'static str = T::KIND;
    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Some)
    }
    fn print(&self) -> String {
        self.as_ref().map(T::print).unwrap_or_default()
    }
}

/// Runs a function over the body of every function of the module, with the function's location.
pub fn for_each_func(
    module: &mut Module,
    mut f: impl FnMut(&mut Body, &Loc) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let mut failed = None;
    for func in module.funcs() {
        let loc = module.body.op(func).loc.clone();
        if let Some(body) = module.func_body_mut(func)
            && let Err(e) = f(body, &loc)
        {
            failed = Some(e);
        }
        ir::module::sync_function_type(module.body.op_mut(func));
    }
    failed.map_or(Ok(()), Err)
}

/// Declares a pass: a struct of its options and its row.
///
/// The struct must have a method `run(&self, &mut Module, &mut Cx) -> Result<(), Failed>`.
#[macro_export]
macro_rules! pass {
    (
        $(#[doc = $doc:literal])*
        $name:literal = $pass:ident {
            options: { $($(#[doc = $odoc:literal])* $opt:ident : $oty:ty = $default:expr),* $(,)? },
            example: $example:expr $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $pass {
            $($(#[doc = $odoc])* pub $opt: $oty),*
        }
        impl Default for $pass {
            fn default() -> Self {
                $pass { $($opt: $default),* }
            }
        }
        impl $pass {
            /// The row.
            pub const DEF: &'static $crate::pass::PassDef = &$crate::pass::PassDef {
                name: $name,
                doc: concat!($($doc, "\n"),*),
                options: &[$($crate::pass::OptionDef {
                    name: stringify!($opt),
                    doc: concat!($($odoc, "\n"),*),
                    kind: <$oty as $crate::pass::OptionValue>::KIND,
                    default: || { let v: $oty = $default; $crate::pass::OptionValue::print(&v) },
                }),*],
                example: $example,
                make: |given| {
                    #[allow(unused_mut)]
                    let mut pass = $pass::default();
                    #[allow(unused_variables, reason = "a pass may have no options")]
                    for (name, value) in given {
                        match name.replace('-', "_").as_str() {
                            $(stringify!($opt) => {
                                pass.$opt = <$oty as $crate::pass::OptionValue>::parse(value).ok_or_else(|| {
                                    $crate::pass::OptionError::Value {
                                        pass: $name,
                                        name: stringify!($opt),
                                        kind: <$oty as $crate::pass::OptionValue>::KIND,
                                        value: value.clone(),
                                    }
                                })?;
                            })*
                            _ => {
                                let names: &[&str] = &[$(stringify!($opt)),*];
                                return Err($crate::pass::OptionError::Unknown {
                                    pass: $name,
                                    name: name.clone(),
                                    hint: $crate::pipeline::nearest(name, names.iter().copied()),
                                });
                            }
                        }
                    }
                    Ok(Box::new(pass))
                },
            };
        }
        impl $crate::pass::Pass for $pass {
            fn def(&self) -> &'static $crate::pass::PassDef {
                Self::DEF
            }
            fn options(&self) -> Vec<(&'static str, String)> {
                #[allow(unused_mut)]
                let mut out = Vec::new();
                let default = $pass::default();
                $(if self.$opt != default.$opt {
                    out.push((stringify!($opt), $crate::pass::OptionValue::print(&self.$opt)));
                })*
                let _ = default;
                out
            }
            fn run(&self, module: &mut ir::Module, cx: &mut $crate::pass::Cx<'_>) -> Result<(), ir::Failed> {
                $pass::run(self, module, cx)
            }
        }
    };
}
