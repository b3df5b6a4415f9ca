//! What a pass is: a name, a sentence, typed options, counters, and a function over a module or over each function.

use std::collections::BTreeMap;
use std::sync::Arc;

use ir::{Failed, Module, Sink};

use crate::analysis::{Analyses, Analysis, AnalysisId};
use crate::data::{Datasets, NoDatasets};
pub use crate::example::Example;
pub use crate::funcs::{for_each_func, over_funcs};
pub use crate::groups::Groups;
pub use crate::options::{OptionDef, OptionError, OptionValue, Options};

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
    /// What is known of the module.
    pub analyses: Analyses,
}

impl<'a> Cx<'a> {
    /// Without datasets, and with nobody who looks at progress.
    pub fn new(sink: &'a mut Sink) -> Cx<'a> {
        let (stats, analyses) = (Stats::new(), Analyses::default());
        Cx { sink, stats, datasets: &NoDatasets, progress: &Quiet, analyses }
    }
    /// With a reader of datasets.
    #[must_use]
    pub fn with_datasets(self, datasets: &'a dyn Datasets) -> Cx<'a> {
        Cx { datasets, ..self }
    }
    /// With somebody who is told about long work.
    #[must_use]
    pub fn with_progress(self, progress: &'a dyn Progress) -> Cx<'a> {
        Cx { progress, ..self }
    }
    /// An analysis of the module, computed if it is not known.
    pub fn analysis<A: Analysis>(&mut self, module: &Module) -> Arc<A> {
        let (value, known) = self.analyses.get(module);
        self.count(if known { "(analyses reused)" } else { "(analyses computed)" });
        value
    }
    /// Says that the pass has changed nothing, so that analyses stay as they are.
    pub fn keep_analyses(&mut self) {
        self.analyses.keep_all();
    }
    /// Says that the pass has changed the module, and is going to ask for analyses again.
    pub fn forget_analyses(&mut self) {
        self.analyses.clear();
    }
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
    /// The operations it takes; a module that holds others is an error.
    pub expects: Groups,
    /// The operations it leaves, of those it takes and those it makes.
    pub ensures: Groups,
    /// The analyses that stay right although it changes the module.
    pub keeps: &'static [AnalysisId],
    /// A module before it and after it.
    pub example: Example,
    /// Makes the passes from option texts; the error says which option is wrong and why.
    pub make: MakePasses,
}

impl std::fmt::Debug for PassDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassDef").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Declares a pass: a struct of its options and its row.
///
/// The struct has a method `run`. A pass `on func` is given one function after another, on any thread:
/// `run(&self, &mut Body, &mut Cx) -> Result<(), Failed>`. A pass `on module` sees all: `run(&self, &mut Module, &mut Cx) -> …`.
///
/// `expects` and `ensures` are [`Groups`], joined by `|`. `before` and `after` are modules, which
/// [`example::check`](crate::example::check) compares; an `after` of `error: …` is the message of the pass. What may be left out: `given`,
/// the options of the example, and `keeps`, a list of the [analyses](crate::analysis) that the pass leaves right.
///
/// ```
/// use quant_opt_passes as passes;
/// passes::pass! {
///     /// Forgets where operations come from.
///     "strip-locations" = StripLocations on func {
///         options: {
///             /// What stands there instead.
///             name: String = String::new(),
///         },
///         expects: ANY, ensures: ANY,
///         before: "func.func @f() { return }",
///         after: "func.func @f() { return }",
///     }
/// }
/// impl StripLocations {
///     fn run(&self, body: &mut ir::Body, cx: &mut passes::Cx<'_>) -> Result<(), ir::Failed> {
///         for op in body.walk() {
///             body.op_mut(op).loc = ir::Loc::name(self.name.as_str());
///             cx.count("locations forgotten");
///         }
///         Ok(())
///     }
/// }
/// let pipeline = passes::Pipeline::new().then(StripLocations { name: "net".to_owned() });
/// assert_eq!(pipeline.text(), "strip-locations{name=net}");
/// ```
#[macro_export]
macro_rules! pass {
    (
        $(#[doc = $doc:literal])*
        $name:literal = $pass:ident on $anchor:ident {
            options: { $($options:tt)* },
            expects: $($takes:ident)|+, ensures: $($leaves:ident)|+,
            $(keeps: [$($keeps:ty),* $(,)?],)?
            $(given: $given:literal,)?
            before: $before:literal,
            after: $after:literal $(,)?
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
                expects: $crate::pass::Groups::NONE$(.or($crate::pass::Groups::$takes))+,
                ensures: $crate::pass::Groups::NONE$(.or($crate::pass::Groups::$leaves))+,
                keeps: &[$($(std::any::TypeId::of::<$keeps>),*)?],
                example: $crate::pass::Example { given: concat!($($given)?), before: $before, after: $after },
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

/// Re-exports the passes of a folder's files, and lists them.
macro_rules! passes {
    ($($module:ident::$pass:ident),* $(,)?) => {
        $(pub use $module::$pass;)*

        /// The passes of this module.
        pub const PASSES: &[&crate::pass::PassDef] = &[$($pass::DEF),*];
    };
}
pub(crate) use passes;
