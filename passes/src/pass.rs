//! What a pass is: a name, a sentence, typed options, counters, and a function over a module or over each function.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;

use ir::{Body, Failed, Loc, Module, Sink};
use rayon::prelude::*;

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

/// What a pass sees at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The module: `run(&self, &mut Module, &mut Cx)`.
    Module,
    /// One function body, without its neighbours: `run(&self, &mut Body, &mut Cx)`. Functions run in parallel.
    Func,
}

impl Anchor {
    /// The operation, as pipelines write it.
    pub fn op(self) -> &'static str {
        match self {
            Anchor::Module => "builtin.module",
            Anchor::Func => "func.func",
        }
    }
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

/// Makes passes from (name, value) texts of options: one, or those a named pipeline stands for.
pub type MakePasses = fn(&[(String, String)]) -> Result<Vec<Box<dyn Pass>>, OptionError>;

/// The row of a pass, or of a pipeline with a name.
pub struct PassDef {
    /// The name on the command line.
    pub name: &'static str,
    /// What it does; Markdown, the first line a sentence.
    pub doc: &'static str,
    /// What it sees at once.
    pub anchor: Anchor,
    /// Its options.
    pub options: &'static [OptionDef],
    /// An example: a module before the pass, and what it is changed to.
    pub example: &'static str,
    /// Makes the passes from option texts; the error says which option is wrong and why.
    pub make: MakePasses,
}

impl std::fmt::Debug for PassDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassDef").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A struct whose fields are options, as [`options!`](crate::options) declares it.
pub trait Options: Default {
    /// The options, in order.
    const OPTIONS: &'static [OptionDef];
    /// Sets one by name, where `-` and `_` are the same; the error is `None` if there is none of that name, else the kind it takes.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Option<&'static OptionDef>>;
    /// Those that are not at their default, printed as they are parsed.
    fn given(&self) -> Vec<(&'static str, String)>;

    /// Reads (name, value) texts for the row called `pass`.
    fn read(pass: &'static str, given: &[(String, String)]) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for (name, value) in given {
            options.set(name, value).map_err(|def| match def {
                Some(def) => {
                    OptionError::Value { pass, name: def.name.replace('_', "-"), kind: def.kind, value: value.clone() }
                }
                None => {
                    let names: Vec<String> = Self::OPTIONS.iter().map(|o| o.name.replace('_', "-")).collect();
                    let hint = crate::pipeline::nearest(name, names.iter().map(String::as_str));
                    OptionError::Unknown { pass, name: name.clone(), hint }
                }
            })?;
        }
        Ok(options)
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
        name: String,
        /// The kind it takes.
        kind: &'static str,
        /// The text given.
        value: String,
    },
}

impl OptionError {
    /// The option it is about.
    pub fn option(&self) -> &str {
        match self {
            OptionError::Unknown { name, .. } | OptionError::Value { name, .. } => name,
        }
    }
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
        if text.is_empty() { Some(None) } else { T::parse(text).map(Some) }
    }
    fn print(&self) -> String {
        self.as_ref().map(T::print).unwrap_or_default()
    }
}

/// Runs a function over the body of every function of the module, with the function's location, one after another.
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

/// One function of a module, taken out to be changed on any thread.
struct Task {
    func: ir::OpId,
    body: Body,
    sink: Sink,
    stats: Stats,
    outcome: Result<Result<(), Failed>, Box<dyn Any + Send>>,
}

/// Runs a pass over functions on the threads of the current pool. Diagnostics, counters and a panic come out as if one function had been
/// done after another.
pub fn over_funcs(
    module: &mut Module,
    cx: &mut Cx<'_>,
    run: impl Fn(&mut Body, &mut Cx<'_>) -> Result<(), Failed> + Sync,
) -> Result<(), Failed> {
    let mut tasks = Vec::new();
    for func in module.funcs() {
        let Some(body) = module.func_body_mut(func) else { continue };
        let body = std::mem::take(body);
        tasks.push(Task { func, body, sink: Sink::new(), stats: Stats::new(), outcome: Ok(Ok(())) });
    }
    let (datasets, progress) = (cx.datasets, cx.progress);
    tasks.par_iter_mut().for_each(|task| {
        let mut own = Cx { sink: &mut task.sink, stats: Stats::new(), datasets, progress };
        // The body goes back into its function even if the pass panics.
        task.outcome = catch_unwind(AssertUnwindSafe(|| run(&mut task.body, &mut own)));
        task.stats = own.stats;
    });
    let mut outcomes = Vec::new();
    for mut task in tasks {
        let func = module.body.op_mut(task.func);
        if let Some(body) = func.body_mut(0) {
            *body = task.body;
        }
        cx.sink.append(&mut task.sink);
        for (what, n) in task.stats {
            *cx.stats.entry(what).or_default() += n;
        }
        if task.outcome.is_ok() {
            ir::module::sync_function_type(func);
        }
        outcomes.push(task.outcome);
    }
    let mut failed = Ok(());
    for outcome in outcomes {
        failed = failed.and(outcome.unwrap_or_else(|panic| resume_unwind(panic)));
    }
    failed
}

/// Declares a struct whose public fields are options with defaults, and its [`Options`].
#[macro_export]
macro_rules! options {
    (
        $(#[doc = $doc:literal])*
        $name:ident { $($(#[doc = $odoc:literal])* $opt:ident : $oty:ty = $default:expr),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $odoc])* pub $opt: $oty),*
        }
        impl Default for $name {
            fn default() -> Self {
                $name { $($opt: $default),* }
            }
        }
        impl $crate::pass::Options for $name {
            const OPTIONS: &'static [$crate::pass::OptionDef] = &[$($crate::pass::OptionDef {
                name: stringify!($opt),
                doc: concat!($($odoc, "\n"),*),
                kind: <$oty as $crate::pass::OptionValue>::KIND,
                default: || { let v: $oty = $default; $crate::pass::OptionValue::print(&v) },
            }),*];
            #[allow(unused_variables, reason = "there may be no options")]
            fn set(&mut self, name: &str, value: &str) -> Result<(), Option<&'static $crate::pass::OptionDef>> {
                let name = name.replace('-', "_");
                let def = Self::OPTIONS.iter().find(|o| o.name == name);
                $(if name == stringify!($opt) {
                    self.$opt = <$oty as $crate::pass::OptionValue>::parse(value).ok_or(def)?;
                    return Ok(());
                })*
                Err(def)
            }
            #[allow(unused_mut, reason = "there may be no options")]
            fn given(&self) -> Vec<(&'static str, String)> {
                let mut out = Vec::new();
                let default = $name::default();
                $(if self.$opt != default.$opt {
                    out.push((stringify!($opt), $crate::pass::OptionValue::print(&self.$opt)));
                })*
                let _ = default;
                out
            }
        }
    };
}

/// Declares a pass: a struct of its options and its row.
///
/// The struct has a method `run`. A pass `on func` is given one function after another, on any thread:
/// `run(&self, &mut Body, &mut Cx) -> Result<(), Failed>`. A pass `on module` sees all: `run(&self, &mut Module, &mut Cx) -> …`.
#[macro_export]
macro_rules! pass {
    (
        $(#[doc = $doc:literal])*
        $name:literal = $pass:ident on $anchor:ident {
            options: { $($options:tt)* },
            example: $example:expr $(,)?
        }
    ) => {
        $crate::options! {
            $(#[doc = $doc])*
            $pass { $($options)* }
        }
        impl $pass {
            /// The row.
            pub const DEF: &'static $crate::pass::PassDef = &$crate::pass::PassDef {
                name: $name,
                doc: concat!($($doc, "\n"),*),
                anchor: $crate::__anchor!($anchor),
                options: <$pass as $crate::pass::Options>::OPTIONS,
                example: $example,
                make: |given| Ok(vec![Box::new(<$pass as $crate::pass::Options>::read($name, given)?)]),
            };
        }
        impl $crate::pass::Pass for $pass {
            fn def(&self) -> &'static $crate::pass::PassDef {
                Self::DEF
            }
            fn options(&self) -> Vec<(&'static str, String)> {
                $crate::pass::Options::given(self)
            }
            fn run(&self, module: &mut ir::Module, cx: &mut $crate::pass::Cx<'_>) -> Result<(), ir::Failed> {
                $crate::__run!($anchor $pass, self, module, cx)
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __anchor {
    (module) => {
        $crate::pass::Anchor::Module
    };
    (func) => {
        $crate::pass::Anchor::Func
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __run {
    (module $pass:ident, $self:expr, $module:expr, $cx:expr) => {
        $pass::run($self, $module, $cx)
    };
    (func $pass:ident, $self:expr, $module:expr, $cx:expr) => {
        $crate::pass::over_funcs($module, $cx, |body, cx| $pass::run($self, body, cx))
    };
}
