use std::collections::HashMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, DeclarationError, ExecutionError};
use regex::{Regex, RegexBuilder};

/// Most memory that a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;

/// The patterns of an expression's `matches()`, compiled once. CEL's own function would compile its pattern for each text
/// that it looks at: milliseconds for each part of a list that a token brings.
#[derive(Debug)]
pub(super) struct Patterns(Arc<HashMap<String, Regex>>);

impl Patterns {
    pub(super) fn compile<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let compiled = patterns.into_iter().map(|pattern| {
            let regex = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build();
            let wrong = |error| format!("the pattern of matches() cannot be used: {error}");
            Ok((pattern.to_owned(), regex.map_err(wrong)?))
        });
        compiled.collect::<Result<_, String>>().map(|compiled| Self(Arc::new(compiled)))
    }

    /// Makes `matches()` known: `text.matches(pattern)` and `matches(text, pattern)`.
    pub(super) fn provide(&self, context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
        let patterns = Arc::clone(&self.0);
        context.add_function("matches", move |This(text): This<Arc<String>>, pattern: Arc<String>| {
            let unknown = || ExecutionError::function_error("matches", "the pattern was not written out");
            patterns.get(&**pattern).map(|pattern| pattern.is_match(&text)).ok_or_else(unknown)
        })
    }
}
