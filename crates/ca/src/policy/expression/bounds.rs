//! What an expression may contain, so that it ends soon and its mistakes are told before a request meets them.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue};

/// What expressions may look at.
const VARIABLES: [&str; 5] = ["issuer", "issuer_type", "san", "claims", "key"];
/// Names of types, for comparisons with `type(…)`.
const TYPES: [&str; 9] = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];
/// Functions; each takes time as its arguments are long.
const FUNCTIONS: [&str; 13] = [
    "bool",
    "contains",
    "double",
    "endsWith",
    "hasValue",
    "int",
    "matches",
    "orValue",
    "size",
    "startsWith",
    "string",
    "type",
    "uint",
];
/// How deep an expression may be nested: evaluation is recursive, on the stack of whoever handles the request.
const MAX_DEPTH: usize = 48;

/// Refuses expressions that are deep, that look at each value for each value, or that use unknown names. Gives the
/// patterns of `matches()`.
pub(super) fn check(expression: &IdedExpr) -> Result<Vec<&str>, String> {
    let mut scope = Scope::default();
    scope.check(expression, MAX_DEPTH)?;
    Ok(scope.patterns)
}

/// Where in an expression we are.
#[derive(Default)]
struct Scope<'a> {
    /// The variables of the macro around it.
    own: Vec<&'a str>,
    /// What `matches()` was given so far.
    patterns: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    fn check(&mut self, node: &'a IdedExpr, left: usize) -> Result<(), String> {
        let left =
            left.checked_sub(1).ok_or_else(|| format!("it is nested deeper than {MAX_DEPTH} levels"))?;
        match &node.expr {
            Expr::Unspecified | Expr::Struct(_) => Err("messages are not known here".to_owned()),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.check_name(name),
            Expr::Select(select) => self.check(&select.operand, left),
            Expr::List(list) => self.check_all(&list.elements, left),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => self.check_all([&entry.key, &entry.value], left),
                EntryExpr::StructField(field) => self.check(&field.value, left),
            }),
            Expr::Call(call) => self.check_call(call, left),
            Expr::Comprehension(comprehension) => self.check_macro(comprehension, left),
        }
    }

    fn check_all(
        &mut self,
        nodes: impl IntoIterator<Item = &'a IdedExpr>,
        left: usize,
    ) -> Result<(), String> {
        nodes.into_iter().try_for_each(|node| self.check(node, left))
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        if self.own.contains(&name) || VARIABLES.contains(&name) || TYPES.contains(&name) {
            return Ok(());
        }
        Err(format!("{name} is not known; there are {}", VARIABLES.join(", ")))
    }

    fn check_call(&mut self, call: &'a CallExpr, left: usize) -> Result<(), String> {
        let name = call.func_name.as_str();
        // The parser names operators by signs, `_&&_`.
        let is_operator = !name.starts_with(|first: char| first.is_ascii_alphabetic());
        if !is_operator && !FUNCTIONS.contains(&name) {
            return Err(format!("{name}() is not known; there are {}", FUNCTIONS.join(", ")));
        }
        if name == "matches" {
            // They are compiled with the policy, and a token must not bring one.
            let pattern = call.args.last().map(|last| &last.expr);
            let Some(Expr::Literal(LiteralValue::String(pattern))) = pattern else {
                return Err("the pattern of matches() must be written out".to_owned());
            };
            self.patterns.push(pattern.inner());
        }
        self.check_all(call.target.as_deref(), left)?;
        self.check_all(&call.args, left)
    }

    /// `all`, `exists`, `exists_one`, `map` and `filter` look at each part of a list once. Within each other they
    /// would do so for each part, and a token may have lists of any length.
    fn check_macro(&mut self, comprehension: &'a ComprehensionExpr, left: usize) -> Result<(), String> {
        if !self.own.is_empty() {
            return Err("a macro may not be in another one; matches() finds one of many texts".to_owned());
        }
        self.check_all([&comprehension.iter_range, &comprehension.accu_init], left)?;
        let second = comprehension.iter_var2.as_deref();
        self.own = [&*comprehension.iter_var, &comprehension.accu_var].into_iter().chain(second).collect();
        let inside = [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result];
        let checked = self.check_all(inside, left);
        self.own.clear();
        checked
    }
}
