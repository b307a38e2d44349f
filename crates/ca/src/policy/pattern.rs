use std::fmt;

/// Longest pattern; the names that it is compared with are shorter.
const MAX_PATTERN: usize = 4096;

/// A text, or a pattern of texts: each `*` is any characters, also none. Case matters, and all of a text must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn parse(text: String) -> Result<Self, String> {
        match text.len() {
            0 => Err("it is empty".to_owned()),
            1..=MAX_PATTERN => Ok(Self(text)),
            _ => Err(format!("it is longer than {MAX_PATTERN} bytes")),
        }
    }

    /// In time that grows with the lengths, not with their product: no part is looked for twice.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut left) = text.strip_prefix(first) else { return false };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        for part in middle.split('*') {
            // The first place leaves most to the parts after it.
            let Some((_, after)) = left.split_once(part) else { return false };
            left = after;
        }
        left.ends_with(last)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_any_characters() {
        for (pattern, matching, other) in [
            ("a", &["a"][..], &["", "A", "ab", "ba"][..]),
            ("*", &["", "a", "*"], &[]),
            ("a*", &["a", "ab", "a*/é"], &["", "ba"]),
            ("*a", &["a", "aa", "ba"], &["", "ab"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("a*b*c", &["abc", "a-b-c", "abbcc", "abcbc"], &["ac", "acb", "abcd"]),
            ("a**c", &["ac", "abc"], &["a", "c"]),
            ("https://*.example/*", &["https://a.example/", "https://a/b.example/c"], &["https://a.example"]),
        ] {
            let pattern = Pattern::parse(pattern.to_owned()).unwrap();
            assert!(matching.iter().all(|text| pattern.matches(text)), "{pattern} {matching:?}");
            assert!(!other.iter().any(|text| pattern.matches(text)), "{pattern} {other:?}");
        }
        assert!(Pattern::parse(String::new()).is_err() && Pattern::parse("a".repeat(4097)).is_err());
    }

    proptest::proptest! {
        /// As a regular expression with `.*` for every star says.
        #[test]
        fn as_the_slow_way(pattern in "[ab*]{1,8}", text in "[ab]{0,10}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern.split_first(), text.split_first()) {
                    (None, _) => text.is_empty(),
                    (Some((b'*', rest)), _) => (0..=text.len()).any(|at| slow(rest, &text[at..])),
                    (Some((one, rest)), Some((other, after))) => one == other && slow(rest, after),
                    (Some(_), None) => false,
                }
            }
            let expected = slow(pattern.as_bytes(), text.as_bytes());
            proptest::prop_assert_eq!(Pattern::parse(pattern).unwrap().matches(&text), expected);
        }
    }
}
