//! Why bytes cannot be read as a module.

/// Why bytes cannot be read as a module.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Another kind of file.
    #[error("not a TFLite file: the identifier `TFL3` is missing")]
    Identifier,
    /// No valid flatbuffer.
    #[error("damaged TFLite file: {0}")]
    Flatbuffer(String),
    /// Another version of the schema.
    #[error("the file has schema version {0}; version 3 is read")]
    Version(u32),
    /// A valid flatbuffer that is no valid model.
    #[error("damaged TFLite file: {0}")]
    Malformed(String),
    /// A valid model with parts that are not known here.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A model whose operations break their own rules.
    #[error("invalid model: {0}")]
    Invalid(String),
}

/// A result of reading.
pub(super) type Result<T> = std::result::Result<T, ReadError>;

/// The error of a valid flatbuffer that is no valid model.
pub(super) fn malformed<T>(what: impl Into<String>) -> Result<T> {
    Err(ReadError::Malformed(what.into()))
}
