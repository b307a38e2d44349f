//! The part of Go's `text/template` that Fulcio's provider templates are written in: `.claim`, `index . "claim"`,
//! texts, `eq`, `ne`, `and`, `or`, `not`, parentheses, `if`, and trim markers. Everything else is refused when
//! the configuration is read.

mod parse;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::TokenError;

/// What a certificate's field is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template(Vec<Node>);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    Shown(Expression),
    If { condition: Expression, then: Vec<Self>, otherwise: Vec<Self> },
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    /// `.name`: an error if there is none.
    Claim(String),
    /// `index . "name"`: the empty text if there is none.
    Indexed(String),
    Literal(String),
    Call(Function, Vec<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Function {
    Eq,
    Ne,
    And,
    Or,
    Not,
}

/// What templates are filled with: the token's claims, over the configuration's defaults.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) claims: &'a Map<String, Value>,
    pub(crate) defaults: &'a BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Filled<'a> {
    Text(Cow<'a, str>),
    Truth(bool),
}

impl Template {
    /// A template, or without `{{` the name of a claim.
    ///
    /// # Errors
    /// With what is not understood.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("{{") {
            parse::nodes(text).map(Self)
        } else {
            Ok(Self(vec![Node::Shown(Expression::Claim(text.to_owned()))]))
        }
    }

    /// The text, filled in.
    pub(crate) fn fill(&self, values: Values<'_>) -> Result<String, TokenError> {
        let mut text = String::new();
        show(&self.0, values, &mut text)?;
        Ok(text)
    }

    /// The text, when every claim that always shows must be there and not empty: names are not made of nothing.
    pub(crate) fn fill_name(&self, values: Values<'_>) -> Result<String, TokenError> {
        for claim in self.0.iter().filter_map(Node::shown_claim) {
            if values.get(claim)?.is_none_or(|text| text.is_empty()) {
                return Err(TokenError::TemplateClaim(claim.to_owned()));
            }
        }
        self.fill(values)
    }
}

impl Node {
    fn shown_claim(&self) -> Option<&str> {
        match self {
            Self::Shown(Expression::Claim(name) | Expression::Indexed(name)) => Some(name),
            _ => None,
        }
    }
}

impl<'a> Values<'a> {
    /// A claim as text: numbers with all their digits. Nothing, lists and objects have no text.
    fn get(self, name: &str) -> Result<Option<Cow<'a, str>>, TokenError> {
        match self.claims.get(name) {
            Some(Value::String(text)) => Ok(Some(text.into())),
            Some(Value::Bool(truth)) => Ok(Some(truth.to_string().into())),
            Some(Value::Number(number)) => Ok(Some(match number.as_f64().filter(|_| number.is_f64()) {
                Some(float) => float.to_string().into(),
                None => number.to_string().into(),
            })),
            Some(_) => Err(TokenError::TemplateClaim(name.to_owned())),
            None => Ok(self.defaults.get(name).map(|text| text.as_str().into())),
        }
    }
}

impl Filled<'_> {
    fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Truth(truth) => *truth,
        }
    }
}

fn show(nodes: &[Node], values: Values<'_>, text: &mut String) -> Result<(), TokenError> {
    for node in nodes {
        match node {
            Node::Text(plain) => text.push_str(plain),
            Node::Shown(expression) => match evaluate(expression, values)? {
                Filled::Text(shown) => text.push_str(&shown),
                Filled::Truth(truth) => text.push_str(&truth.to_string()),
            },
            Node::If { condition, then, otherwise } => {
                let chosen = if evaluate(condition, values)?.is_true() { then } else { otherwise };
                show(chosen, values, text)?;
            }
        }
    }
    Ok(())
}

fn evaluate<'a>(expression: &'a Expression, values: Values<'a>) -> Result<Filled<'a>, TokenError> {
    Ok(match expression {
        Expression::Literal(text) => Filled::Text(text.into()),
        Expression::Claim(name) => {
            Filled::Text(values.get(name)?.ok_or_else(|| TokenError::TemplateClaim(name.clone()))?)
        }
        Expression::Indexed(name) => Filled::Text(values.get(name)?.unwrap_or_default()),
        Expression::Call(function, arguments) => call(*function, arguments, values)?,
    })
}

fn call<'a>(
    function: Function,
    arguments: &'a [Expression],
    values: Values<'a>,
) -> Result<Filled<'a>, TokenError> {
    let mut arguments = arguments.iter().map(|argument| evaluate(argument, values));
    let Some(first) = arguments.next().transpose()? else { return Ok(Filled::Truth(false)) };
    match function {
        Function::Not => Ok(Filled::Truth(!first.is_true())),
        Function::Eq | Function::Ne => {
            let others = arguments.collect::<Result<Vec<_>, _>>()?;
            Ok(Filled::Truth(others.contains(&first) == (function == Function::Eq)))
        }
        // As in Go, the deciding argument itself, and what comes after it is not looked at.
        Function::And | Function::Or => arguments.try_fold(first, |last, next| {
            if last.is_true() == (function == Function::And) { next } else { Ok(last) }
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(template: &str, claims: Value) -> Result<String, TokenError> {
        let Value::Object(claims) = claims else { unreachable!() };
        let defaults = BTreeMap::from([("url".to_owned(), "https://ci".to_owned())]);
        Template::parse(template).unwrap().fill(Values { claims: &claims, defaults: &defaults })
    }

    #[test]
    fn what_templates_say() {
        let claims = json!({
            "a": "x", "n": 12_345_678_901_234_567_u64, "f": 2.0, "t": true, "e": "", "ci/k": "v", "url": "https://own",
        });
        for (template, expected) in [
            ("a", "x"),
            ("{{.url}}/{{ .a }}", "https://own/x"),
            ("{{ .n }} {{ .f }} {{ .t }}", "12345678901234567 2 true"),
            (r#"{{index . "ci/k"}}{{(index . "ci/k")}}{{index . "none"}}."#, "vv."),
            (r#"{{if eq .a "y" "x"}}1{{else}}2{{end}}"#, "1"),
            (r#"{{if ne .a "x"}}1{{else if .e}}2{{else}}3{{end}}"#, "3"),
            (r#"{{if and .a (not .e)}}1{{end}}{{or .e "z"}}{{and .e .none}}"#, "1z"),
            ("a {{- .a -}} b", "axb"),
            (r#"{{"\"}}"}}"#, "\"}}"),
            ("{{`raw`}}", "raw"),
        ] {
            assert_eq!(filled(template, claims.clone()).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn claims_that_have_no_text() {
        for claims in [json!({}), json!({ "a": null }), json!({ "a": ["x"] }), json!({ "a": { "b": "c" } })] {
            assert_eq!(filled("{{ .a }}", claims.clone()), Err(TokenError::TemplateClaim("a".into())));
            assert_eq!(filled("a", claims), Err(TokenError::TemplateClaim("a".into())));
        }
    }

    #[test]
    fn what_is_refused() {
        for template in [
            "{{",
            "{{ .a",
            "{{}}",
            "{{ .a.b }}",
            "{{ . }}",
            "{{ .a | printf }}",
            "{{ range .a }}{{ end }}",
            "{{ $x := .a }}",
            "{{ if .a }}",
            "{{ end }}",
            "{{ else }}",
            "{{ if }}{{ end }}",
            "{{ eq .a }}",
            "{{ not .a .b }}",
            "{{ index . }}",
            "{{ index .a \"b\" }}",
            "{{ (.a }}",
            "{{ .a) }}",
            "{{ \"a }}",
            "{{ template \"x\" }}",
            "{{/* note */}}",
            "{{if .a}}{{else}}{{else}}{{end}}",
            "{{ .a .b }}",
            "{{ 1 }}",
        ] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
        assert!(Template::parse(&"{{if .a}}".repeat(10_000)).is_err());
        assert!(Template::parse(&format!("{{{{{}.a{}}}}}", "(".repeat(9000), ")".repeat(9000))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_template_panics(template in "(\\{\\{|\\}\\}|if|else|end|eq|index| |\\.|\"|-|[a-z(é])*") {
            if let Ok(template) = Template::parse(&template) {
                let _ = template.fill(Values { claims: &Map::new(), defaults: &BTreeMap::new() });
            }
        }
    }
}
