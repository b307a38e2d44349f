use std::fmt;

use serde_json::{Map, Value};

use super::pattern::Pattern;

/// A claim, and what it must be.
#[derive(Debug, Clone)]
pub(super) struct ClaimRule {
    name: String,
    wanted: Wanted,
}

#[derive(Debug, Clone)]
enum Wanted {
    /// Anything but null and the empty text.
    Present,
    Text(Pattern),
    /// A number, or true or false.
    Exactly(Value),
}

impl ClaimRule {
    pub(super) fn parse(name: String, wanted: toml::Value) -> Result<Self, String> {
        let wrong = |why: &str| format!("{name}: {why}");
        let wanted = match wanted {
            toml::Value::String(star) if star == "*" => Wanted::Present,
            toml::Value::String(text) => Wanted::Text(Pattern::parse(text).map_err(|why| wrong(&why))?),
            toml::Value::Boolean(flag) => Wanted::Exactly(flag.into()),
            toml::Value::Integer(number) => Wanted::Exactly(number.into()),
            _ => {
                return Err(wrong(
                    "write a text, in which * is any characters, a whole number, true or false",
                ));
            }
        };
        Ok(Self { name, wanted })
    }

    pub(super) fn is_met(&self, claims: &Map<String, Value>) -> bool {
        match (&self.wanted, claims.get(&self.name)) {
            (_, None) => false,
            (Wanted::Present, Some(found)) => !found.is_null() && found != "",
            (Wanted::Text(pattern), Some(found)) => found.as_str().is_some_and(|text| pattern.matches(text)),
            (Wanted::Exactly(value), Some(found)) => value == found,
        }
    }
}

/// Completes a sentence that begins with "the claim".
impl fmt::Display for ClaimRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wanted {
            Wanted::Present => write!(f, "{} is missing", self.name),
            Wanted::Text(pattern) => write!(f, "{} is not {pattern}", self.name),
            Wanted::Exactly(value) => write!(f, "{} is not {value}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_with_their_type() {
        for (wanted, met, unmet) in [
            (r#""*""#, &[json!("x"), json!(0), json!(false), json!([])][..], &[json!(null), json!("")][..]),
            (r#""a*""#, &[json!("a"), json!("ab")], &[json!("b"), json!(["a"]), json!(null)]),
            ("5", &[json!(5)], &[json!("5"), json!(6), json!(true)]),
            ("-1", &[json!(-1)], &[json!(1)]),
            ("true", &[json!(true)], &[json!(false), json!("true"), json!(1)]),
        ] {
            let value: toml::Value = format!("v = {wanted}").parse::<toml::Table>().unwrap()["v"].clone();
            let rule = ClaimRule::parse("c".to_owned(), value).unwrap();
            let is_met = |value: &Value| rule.is_met(&Map::from_iter([("c".to_owned(), value.clone())]));
            assert!(met.iter().all(is_met) && !unmet.iter().any(is_met), "{wanted}");
            assert!(!rule.is_met(&Map::new()), "{wanted}");
        }
        for wrong in ["[]", "1.5", "{}", "\"\""] {
            let value: toml::Value =
                format!("v = {wanted}", wanted = wrong).parse::<toml::Table>().unwrap()["v"].clone();
            assert!(ClaimRule::parse("c".to_owned(), value).unwrap_err().starts_with("c: "), "{wrong}");
        }
    }
}
