//! A wrapper that keeps patient data out of logs: it has no `Display`, `Debug` or `Serialize`.
//!
//! Code that must see the value says so with [`Phi::expose`], which is what a reviewer greps for.

/// Patient data. Compare and clone it freely; print it never.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Wraps a value that came from a document.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for a step that works on it. Never for a log, a metric or an error.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, by move.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Phi<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
