use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest text that is kept to be searched for in part, in bytes.
const MAX_TERM: usize = 1024;
/// How many texts a server remembers as stored, before it forgets all and asks again.
const REMEMBERED: usize = 100_000;

/// A text that entries are found by in whole, by its key, and in part, through the list of all texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchTerm {
    /// A number for the kind of text, the caller's.
    pub field: i16,
    /// Lower-case.
    pub text: String,
}

/// What part of a text is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermPattern<'a> {
    /// How it begins.
    Prefix(&'a str),
    /// What is somewhere in it.
    Part(&'a str),
}

impl SearchTerm {
    /// A text; `None` if it is too long to be kept, or holds a NUL, which Postgres cannot store.
    pub fn new(field: i16, text: &str) -> Option<Self> {
        let is_kept = text.len() <= MAX_TERM && !text.contains('\0');
        is_kept.then(|| Self { field, text: text.to_lowercase() })
    }
}

/// Texts that are known to be stored: most entries bring none that is new.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownTerms(Arc<Mutex<HashSet<SearchTerm>>>);

impl KnownTerms {
    /// Those that may be new, sorted, so that two transactions that insert the same wait for each other in
    /// the same order.
    pub(crate) fn unknown<'a>(&self, terms: impl Iterator<Item = &'a SearchTerm>) -> Vec<SearchTerm> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unknown: Vec<SearchTerm> = terms.filter(|term| !known.contains(*term)).cloned().collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Remembers what is committed.
    pub(crate) fn remember(&self, committed: Vec<SearchTerm>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + committed.len() > REMEMBERED {
            known.clear();
        }
        known.extend(committed);
    }
}
