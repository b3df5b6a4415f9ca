//! Why a kernel cannot compute.

/// Operands that do not fit each other, or values a kernel does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct KernelError {
    message: String,
}

impl KernelError {
    /// With one sentence.
    pub fn new(message: impl Into<String>) -> KernelError {
        KernelError { message: message.into() }
    }
}

/// What a kernel gives.
pub type Result<T> = std::result::Result<T, KernelError>;

/// `Err` with a sentence unless a condition holds.
pub fn ensure(condition: bool, message: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(KernelError::new(message())) }
}
