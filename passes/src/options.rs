//! Options of passes: public fields of a struct for a host, `{name=value}` for a pipeline text, and the one printed as the other.

use std::path::PathBuf;

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

/// A struct whose fields are options, as [`options!`](crate::options!) declares it.
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
        impl $crate::options::Options for $name {
            const OPTIONS: &'static [$crate::options::OptionDef] = &[$($crate::options::OptionDef {
                name: stringify!($opt),
                doc: concat!($($odoc, "\n"),*),
                kind: <$oty as $crate::options::OptionValue>::KIND,
                default: || { let v: $oty = $default; $crate::options::OptionValue::print(&v) },
            }),*];
            #[allow(unused_variables, reason = "there may be no options")]
            fn set(&mut self, name: &str, value: &str) -> Result<(), Option<&'static $crate::options::OptionDef>> {
                let name = name.replace('-', "_");
                let def = Self::OPTIONS.iter().find(|o| o.name == name);
                $(if name == stringify!($opt) {
                    self.$opt = <$oty as $crate::options::OptionValue>::parse(value).ok_or(def)?;
                    return Ok(());
                })*
                Err(def)
            }
            #[allow(unused_mut, reason = "there may be no options")]
            fn given(&self) -> Vec<(&'static str, String)> {
                let mut out = Vec::new();
                let default = $name::default();
                $(if self.$opt != default.$opt {
                    out.push((stringify!($opt), $crate::options::OptionValue::print(&self.$opt)));
                })*
                let _ = default;
                out
            }
        }
    };
}
