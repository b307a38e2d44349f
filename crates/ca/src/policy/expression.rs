//! Conditions in CEL, the Common Expression Language, bounded: operators write them, but who has a token wrote the claims.

mod bounds;
mod patterns;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program, Value};
use serde_json::Value as Json;

use self::patterns::Patterns;
use super::PolicyRequest;

/// Longest expression.
const MAX_SOURCE: usize = 4096;
/// The parser and what it makes of the longest expression are recursive; this is enough for both.
const PARSER_STACK: usize = 64 << 20;
/// Most values in a token's claims, members and parts of lists counted: an expression may look at each of them.
const MAX_VALUES: usize = 1000;
/// The beginning of an evaluator's error that is kept; it may quote claims.
const MAX_ERROR: usize = 200;

static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A condition that was parsed and found to be bounded.
#[derive(Debug)]
pub(super) struct Expression {
    source: String,
    program: Program,
    patterns: Patterns,
}

/// What conditions look at. The claims are translated when the first one is evaluated.
pub(super) struct Facts<'a> {
    request: PolicyRequest<'a>,
    claims: OnceCell<Result<Value, String>>,
}

impl Expression {
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        if source.len() > MAX_SOURCE {
            return Err(format!("it is longer than {MAX_SOURCE} bytes"));
        }
        let text = source.to_owned();
        // The parser is generated and runs on a foreign runtime: on a thread of its own neither a panic nor deep
        // recursion takes the server with it when a policy is loaded again.
        let parser = std::thread::Builder::new().stack_size(PARSER_STACK).spawn(move || parse(&text));
        let parsed = parser.ok().and_then(|parser| parser.join().ok());
        let (program, patterns) = parsed.unwrap_or_else(|| Err("the parser failed on it".to_owned()))?;
        Ok(Self { source: source.to_owned(), program, patterns })
    }

    /// Whether it is true. Everything else but false is an error, and errors deny.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let mut context = facts.context()?;
        self.patterns.provide(&mut context).map_err(|error| error.to_string())?;
        // A panic of the evaluator is an error like its others.
        match catch_unwind(AssertUnwindSafe(|| self.program.execute(&context))) {
            Ok(Ok(Value::Bool(holds))) => Ok(holds),
            Ok(Ok(other)) => Err(format!("it is of type {}, and neither true nor false", other.type_of())),
            Ok(Err(error)) => Err(error.to_string().chars().take(MAX_ERROR).collect()),
            Err(_) => Err("the evaluator failed".to_owned()),
        }
    }
}

fn parse(source: &str) -> Result<(Program, Patterns), String> {
    let program = LANGUAGE.compile(source).map_err(|errors| {
        let first = errors.errors.first();
        first.map_or_else(String::new, |error| {
            format!("line {}, column {}: {}", error.pos.0, error.pos.1, error.msg)
        })
    })?;
    let patterns = Patterns::compile(bounds::check(program.expression())?)?;
    Ok((program, patterns))
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.trim())
    }
}

impl<'a> Facts<'a> {
    pub(super) const fn new(request: PolicyRequest<'a>) -> Self {
        Self { request, claims: OnceCell::new() }
    }

    /// The variables that [`bounds::VARIABLES`] names.
    fn context(&self) -> Result<Context<'static, 'static>, String> {
        let PolicyRequest { principal, key_algorithm } = self.request;
        let claims = || object(&principal.claims, &mut { MAX_VALUES });
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.add_variable_from_value("claims", self.claims.get_or_init(claims).clone()?);
        context.add_variable_from_value("issuer", principal.issuer.as_str());
        context.add_variable_from_value("issuer_type", principal.issuer_type.name());
        context.add_variable_from_value("san", principal.name.value());
        context.add_variable_from_value("key", key_algorithm);
        Ok(context)
    }
}

fn object(members: &serde_json::Map<String, Json>, left: &mut usize) -> Result<Value, String> {
    let members = members.iter().map(|(name, member)| Ok((name.clone(), value(member, left)?)));
    Ok(Value::Map(members.collect::<Result<HashMap<_, _>, String>>()?.into()))
}

/// Whole numbers are `int`, as operators write them; JSON has no types of numbers.
fn value(json: &Json, left: &mut usize) -> Result<Value, String> {
    *left = left.checked_sub(1).ok_or_else(|| format!("the claims have more than {MAX_VALUES} values"))?;
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(other)) => Value::Float(other),
            (None, None) => Value::Null,
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            Value::from(items.iter().map(|item| value(item, left)).collect::<Result<Vec<Value>, String>>()?)
        }
        Json::Object(members) => object(members, left)?,
    })
}

#[cfg(test)]
mod tests;
